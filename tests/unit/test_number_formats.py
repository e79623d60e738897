"""A number in a workbook is read as it is shown, or as it was typed where its format adds nothing."""

import pytest

from matcher.imports.number_formats import shown, shown_text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (50, '#,##0"万円"', "50万円"), (50, '#,##0"千円"', "50千円"), (1.5, '0.0"億円"', "1.5億円"), (8, '"令和"0"年"', "令和8年"),
        (0.5, "0%", "50%"), (0.125, "0.0%", "12.5%"), (50, r"0\人", "50人"), (1_234_567, '#,##0,"千円"', "1234.567千円"),
        (1_234_567, "#,##0,", "≒1234.567"), (2_500_000, "0.0,,", "≒2.5"), (-3, '0"円";"マイナス"0"円"', "マイナス3円"),
        (1234, "¥#,##0", "¥1234"), (1234, '"¥"#,##0;[Red]"¥"-#,##0', "¥1234"), (1234, "[$¥-411]#,##0", "¥1234"),
        (1234, '_ [$￥-411]* #,##0_ ;_ [$￥-411]* -#,##0_ ', "￥1234"),
        (50, '[Red]#,##0"万円";[Blue]-#,##0"万円"', "50万円"), (50, '[$円-411]#,##0', "円50"), (0, '0"人"', "0人"),
    ],
)  # fmt: skip
def test_words_and_scales_of_a_format_belong_to_the_number(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    ("value", "code"),
    [
        *((1234, code) for code in ("0", "#,##0", "#,##0_);(#,##0)")),
        *((1234.5, code) for code in ("General", "0.00", "0.0", "0.00E+00", "# ?/?", "@", "", "#,##0.#")),
        (1234, '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ '), (1e300, "#,##0"), (12, "[Red]0;[Blue]-0"), (0.3, "0.0"), (0.1 + 0.2, "0.0"),
    ],
)  # fmt: skip
def test_a_format_that_adds_nothing_leaves_the_number_as_it_was_typed(value: float, code: str) -> None:
    assert shown(value, code) is None
    assert shown(-value, code) is None


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.6, "#,##0", "≒1234.6"), (0.5, "0", "≒0.5"), (0.4, "0", "≒0.4"), (2.25, "0.0", "≒2.25"), (1234.6, '#,##0"円"', "≒1234.6円"),
        (0.125, "0%", "≒12.5%"), (1234.5, "¥#,##0", "≒¥1234.5"), (-1234.5, "#,##0_);(#,##0)", "≒1234.5"), (1.55, '0.0"億円"', "≒1.55億円"),
    ],
)  # fmt: skip
def test_a_number_that_is_shown_rounded_is_marked(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (150, '[>100]"多数";0', "多数"), (50, '[>100]"多数";0"人"', "50人"), (1, '[=1]"あり";[=0]"なし";General', "あり"),
        (0, '[=1]"あり";[=0]"なし";General', "なし"), (7, '[=1]"あり";[=0]"なし"', "#####"), (50, '[<100]"少数";[>=100]"多数"', "少数"),
        (9800811, "[<=999]000;[<=9999]000-00;000-0000", "980-0811"), (980, "[<=999]000;[<=9999]000-00;000-0000", None),
        (312345678, "0000000000", "0312345678"), (312345678, r"[<=99999999]####-####;\(00\)\ ####-####", "(03) 1234-5678"),
        (0, ";;;", ""), (1234, ";;;", ""), (0, "#", ""), (0, "#,##0;-#,##0;", ""), (0, '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', "-"),
        (0, '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"??_ ;_ @_ ', "-"), (8, '"第"0"号"', "第8号"), (50, '"$"#,##0', "$50"), (50, "[$€-2] #,##0", "€50"),
        (50, '"△"#,##0', "△50"), (50, 'General"人"', "50人"), (1234.6, 'G/標準', None),
    ],
)  # fmt: skip
def test_what_a_format_shows_in_place_of_the_digits_or_between_them_is_read(
    value: float, code: str, text: str | None
) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    ("code", "text"),
    [("@", "見本"), ("General", "見本"), ("0", "見本"), ('@"様"', "見本様"), ('0;-0;0;"（株）"@', "（株）見本"), (";;;", ""), (";;;@", "見本")],
)  # fmt: skip
def test_a_text_is_read_with_the_words_of_its_format(code: str, text: str) -> None:
    assert shown_text("見本", code) == text


@pytest.mark.parametrize("one", ["$[", '"', "[", "0", "\\", "あ"])
def test_a_format_longer_than_excel_keeps_is_none(one: str) -> None:
    assert shown(50, one * 200_000 + '0"人"') is None
    assert shown(50, '0"' + "人" * 252 + '"') == "50" + "人" * 252
