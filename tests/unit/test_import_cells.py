"""Cells as registers and people write them."""

from typing import Any

import pytest

from matcher.city.cities import City
from matcher.ground.field import Field
from matcher.ground.typed import Unclear
from matcher.imports import cells
from matcher.imports.cells import read
from matcher.imports.columns import COLUMNS, Kind, choices, examples, is_personal, recognise

CITY = City(areas={"chuo": "中央", "hama": "浜", "satoyama": "里山"})


def column(kind: Kind, code: str) -> Field:
    return next(one for one in COLUMNS[kind] if one.code == code)


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        ("fields", "子どもの健全育成、保健・医療・福祉", ["13", "1"]),
        ("fields", "保健、医療又は福祉の増進を図る活動\n13 子どもの健全育成、7", ["1", "13", "7"]),
        ("fields", "１，１３；７", ["1", "13", "7"]),
        ("fields", "第1号、第13号", ["1", "13"]),
        ("sdgs", "目標2、12", ["2", "12"]),
        ("sdgs", "飢餓をゼロに", ["2"]),
        ("sdgs", "4.質の高い教育をみんなに、2. 飢餓をゼロに", ["4", "2"]),
        ("areas", "中央・浜", ["chuo", "hama"]),
        ("areas", "市全域", ["citywide"]),
        ("area", "中央小学校区", "chuo"),
        ("area", "hama", "hama"),
        ("org_type", "特定非営利活動法人（認定申請中）", "npo"),
        ("beneficiaries", "小中高生、ひとり暮らしの高齢者", ["children", "elderly_alone"]),
        ("disclosure", "定款・会則/事業報告書", ["charter", "activity_report"]),
        ("budget_band", "50万円~300万円", "500k-3m"),
        ("org_type", "nini", "nini"),
        ("org_type", "任意団体・市民活動団体", "nini"),
        ("established_on", "2010/4/1", "2010-04-01"),
        ("established_on", "平成元年4月1日", "1989-04-01"),
        ("established_on", "S60.4.1", "1985-04-01"),
        ("established_on", "令和８年１１月２４日（火）", "2026-11-24"),
        ("established_on", "40000", "2009-07-06"),
        ("established_on", "20100401", "2010-04-01"),
        ("volunteers", "１２人", 12),
        ("volunteers", "1,200", 1200),
        ("phone", "０９０－１２３４－５６７８", "090-1234-5678"),
        ("mission", "'=1+1をたのしむ会", "=1+1をたのしむ会"),
        *(("mission", dash, None) for dash in ("－", "−", "─", "—", "ー", "--", "－－－", "Ｎ／Ａ")),
        ("established_on", "−", None),
        ("phone", "---", None),
        ("fields", "なし", []),
    ],
)
def test_a_cell_is_read_as_it_was_meant(code: str, text: str, value: Any) -> None:
    assert read(column("npos", code), text, CITY).value == value


@pytest.mark.parametrize(
    ("kind", "code", "text", "wrong", "part"),
    [
        ("npos", "fields", "子どもの健全育成、こども", "choice", "こども"),
        ("npos", "fields", "21", "choice", "21"),
        ("npos", "area", "どこか", "choice", "どこか"),
        ("npos", "area", "浜辺", "choice", "浜辺"),
        ("companies", "industry", "建設業 製造業", "choice", "建設業 製造業"),
        ("npos", "established_on", "昨年", "date", ""),
        ("npos", "established_on", "2010-13-01", "date_none", ""),
        ("npos", "volunteers", "たくさん", "number", "たくさん"),
        ("npos", "volunteers", "2.5", "integer", "2.5"),
        ("npos", "phone", "312345678", "phone_zero", "312345678"),
        ("npos", "email", "a@b", "email", "a@b"),
        ("npos", "email", "a@b.example, c@d.example", "email", "a@b.example, c@d.example"),
        ("npos", "phone", "電話なし", "phone", "電話なし"),
        ("npos", "mission", "#REF!", "excel_error", "#REF!"),
        ("npos", "address", "〃", "ditto", "〃"),
        ("npos", "representative", "同上", "ditto", "同上"),
        ("npos", "mission", "≒1234.6", "number_rounded", "≒1234.6"),
        ("npos", "phone", "≒12.5%", "number_rounded", "≒12.5%"),
        ("npos", "mission", "#計算式!", "formula_unsaved", ""),
        ("npos", "mission", "#SPILL!", "excel_error", "#SPILL!"),
        ("npos", "mission", "#####", "not_shown", "#####"),
        ("npos", "mission", "#結合!", "merged", ""),
        ("npos", "sdgs", "４．２", "choice", "4.2"),
        ("npos", "sdgs", "1、4.a", "choice", "a"),
        ("npos", "fields", "1," * 400 + "1", "too_long", "1," * 400 + "1"),
        ("needs", "safety_contact", "たぶん", "yes_no", "たぶん"),
        ("needs", "quantity", "-5", "negative", "-5"),
    ],
)
def test_a_cell_that_cannot_be_meant_says_why(
    kind: Kind, code: str, text: str, wrong: str, part: str
) -> None:
    with pytest.raises(Unclear) as unclear:
        read(column(kind, code), text, CITY)
    assert unclear.value.code == wrong
    if part:
        assert unclear.value.part == part


@pytest.mark.parametrize(
    "header",
    ["代表者住所", "代表者の住所", "役員の自宅住所", "理事長自宅電話", "役員名簿", "生年月日", "携帯電話", "監事 住所",
     "代表者（住所）", "担当者の住所", "【個人】住所", "設立者の所在地", "理事"],
)  # fmt: skip
def test_columns_that_hold_peoples_homes_are_known_as_such(header: str) -> None:
    assert is_personal(header)
    assert recognise("npos", header) is None


@pytest.mark.parametrize(
    ("header", "code"),
    [("名称", "name"), ("団体名（必須）", "name"), ("※ 法人番号", "corporate_number"), ("住所", "address"), ("name", "name"),
     ("主たる事務所の所在地", "address"), ("ＴＥＬ", "phone"), ("代表者氏名", "representative"), ("活動分野", "fields"),
     ("corporate_number", "corporate_number"), ("備考", None), ("", None)],
)  # fmt: skip
def test_columns_are_known_by_label_code_and_common_names(header: str, code: str | None) -> None:
    found = recognise("npos", header)
    assert (found.code if found else None) == code


@pytest.mark.parametrize("kind", list(COLUMNS))
def test_no_name_means_two_columns_and_every_label_finds_itself(kind: Kind) -> None:
    for one in COLUMNS[kind]:
        assert recognise(kind, one.label) == one
        assert recognise(kind, one.code) == one
        assert not is_personal(one.label)


@pytest.mark.parametrize("kind", list(COLUMNS))
def test_the_examples_of_every_template_are_read_without_complaint(kind: Kind) -> None:
    for row in examples(kind):
        for one, text in zip(COLUMNS[kind], row, strict=True):
            read(one, text, CITY)


def test_every_choice_of_every_column_can_be_written_as_label_and_as_code() -> None:
    for columns in COLUMNS.values():
        for one in columns:
            for code, label in choices(one, CITY).items():
                expected = [code] if one.kind in {"codes", "areas", "fields"} else code
                assert read(one, label, CITY).value == expected, (one.code, label)
                assert read(one, code, CITY).value == expected, (one.code, code)


@pytest.mark.parametrize(
    ("text", "value"),
    [("なし", False), ("無し", False), ("無", False), ("あり", True), ("－", None), ("", None)],
)
def test_none_is_an_answer_where_yes_or_no_is_asked(text: str, value: bool | None) -> None:
    assert read(column("needs", "safety_contact"), text, CITY).value is value


def test_the_words_of_a_list_are_looked_up_by_their_beginning() -> None:
    known, words = cells._known(tuple(choices(column("npos", "fields"), CITY).items()))
    assert sorted(word for found in words.values() for word in found) == sorted(known)
    assert all(word.startswith(first) for first, found in words.items() for word in found)


@pytest.mark.parametrize("kind", ["code", "codes", "number", "integer", "date", "yes_no", "email", "phone"])
def test_no_cell_but_a_text_is_read_however_long_it_is(kind, monkeypatch):
    """Reading a cell may cost the square of its length: 「a@……@」, lists of codes without an end."""
    monkeypatch.setattr(cells, "fold", lambda text: pytest.fail("read"))
    monkeypatch.setattr(cells.phones, "plain", lambda text, limit: pytest.fail("read"))
    with pytest.raises(Unclear) as refused:
        read(Field("x", "x", kind=kind), "a@" + "." * 100_000 + "@", CITY)
    assert refused.value.code == "too_long"
