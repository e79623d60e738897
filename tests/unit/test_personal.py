"""What names a person is found in a text, and blackened where asked."""

import pytest

from matcher.services.personal import MASK, found_in, masked


@pytest.mark.parametrize(
    "text",
    [
        "連絡は taro@people.example まで", "ｔａｒｏ＠people.example", "電話 090-1234-5678", "０９０−１２３４−５６７８",
        "0312345678です", "03(1234)5678", "03ー1234ー5678", "090 1234 5678",
    ],
)  # fmt: skip
def test_an_address_or_a_number_is_found(text):
    assert found_in(text)


@pytest.mark.parametrize(
    "text",
    ["2026年4月1日から2027年3月31日まで", "1,200,000円", "12,162人のうち3,119人", "平日10時から16時", "9月", "E-2026-0012",
     "1234567890123", "29e0123456781f3c", "@きょう"],
)  # fmt: skip
def test_years_amounts_and_numbers_of_cases_are_not(text):
    assert not found_in(text)
    assert MASK not in masked(text)


def test_names_are_blackened_with_blanks_between_their_parts():
    names = frozenset({"髙橋 久美", "髙橋"})
    assert masked("髙橋　久美さんと髙 橋さん", names) == f"{MASK}さんと{MASK}さん"


def test_a_name_of_one_letter_is_left():
    assert masked("林の中", frozenset({"林"})) == "林の中"


def test_contacts_stay_where_only_names_are_asked_for():
    assert masked("佐藤 090-1234-5678", frozenset({"佐藤"}), contacts=False) == f"{MASK} 090-1234-5678"
    assert masked("佐藤 a@b.example", frozenset()) == f"佐藤 {MASK}"
