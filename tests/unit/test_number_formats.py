"""A number in a workbook is read as it is shown, or as it was typed where its format adds nothing."""

import pytest

from matcher.imports.number_formats import shown


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (50, '#,##0"万円"', "50万円"), (50, '#,##0"千円"', "50千円"), (1.5, '0.0"億円"', "1.5億円"), (8, '"令和"0"年"', "令和8年"),
        (0.5, "0%", "50%"), (0.125, "0.0%", "12.5%"), (50, r"0\人", "50人"), (1_234_567, '#,##0,"千円"', "1234.567千円"),
        (1_234_567, "#,##0,", "≒1234.567"), (2_500_000, "0.0,,", "≒2.5"), (-3, '0"円";"マイナス"0"円"', "マイナス3円"),
        (50, '[Red]#,##0"万円";[Blue]-#,##0"万円"', "50万円"), (50, '[$円-411]#,##0', "円50"), (0, '0"人"', "0人"),
    ],
)  # fmt: skip
def test_words_and_scales_of_a_format_belong_to_the_number(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    "code",
    ["General", "0", "0.00", "#,##0", "#,##0_);(#,##0)", "¥#,##0", '"¥"#,##0;[Red]"¥"-#,##0', "0.00E+00", "# ?/?", "@", "",
     "[$¥-411]#,##0", '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ '],
)  # fmt: skip
def test_a_format_that_adds_nothing_leaves_the_number_as_it_was_typed(code: str) -> None:
    assert shown(1234.5, code) is None
    assert shown(-1234.5, code) is None


@pytest.mark.parametrize("one", ["$[", '"', "[", "0", "\\", "あ"])
def test_a_format_longer_than_excel_keeps_is_none(one: str) -> None:
    assert shown(50, one * 200_000 + '0"人"') is None
    assert shown(50, '0"' + "人" * 252 + '"') == "50" + "人" * 252
