"""What names a person is found and blackened; amounts, days and numbers of cases are not."""

import re
import unicodedata

import pytest

from matcher.ground import personal
from matcher.ground.personal import MASK, found_in, masked

PERSONAL = [
    "info@org.example",
    "INFO.taro+case@mail.city.example",
    "ｉｎｆｏ＠ｏｒｇ．ｅｘａｍｐｌｅ",
    "090-1234-5678",
    "09012345678",
    "03-1234-5678",
    "0120-123-456",
    "050 1234 5678",
    "0422(12)3456",
    "０９０－１２３４－５６７８",
    "０９０１２３４５６７８",
    "090‐1234‐5678",
    "090−1234−5678",
    "０９０ー１２３４ー５６７８",
    "090―1234―5678",
    "090–1234–5678",
    "090~1234~5678",
    "090.1234.5678",
    "090・1234・5678",
    "090/1234/5678",
    "(03)1234-5678",
    "（０３）１２３４－５６７８",
    "090 - 1234 - 5678",
    "090\u200b-1234\u200b-5678",
    "03の1234の5678",
    "〇九〇-一二三四-五六七八",
    "+81 90-1234-5678",
    "+81-(0)90-1234-5678",
    "＋８１９０１２３４５６７８",
    "0081-90-1234-5678",
    "+1 (212) 555-0100",
    "電話33-1111",
    "TEL:33-1111",
    "℡ 0422-12-3456",
    "内線234",
    "内線：５６７",
    "info[at]org.example",
    "info@例え.example",
    "山田@org.example",
    "info @ org.example",
    "info(アット)org.example",
    "info@org。example",
    "TEL：(1234)5678",
    "でんわ 1234-5678",
    "090_1234_5678",
    "090,1234,5678",
    "81-90-1234-5678",
]
PLAIN = [
    "",
    "毎週20kgの野菜を届けた。",
    "2026年4月1日から2027年3月31日まで",
    "2026-04-01",
    "2026-04-01T10:30:00+09:00",
    "2,441,000円",
    "1000000円",
    "0円",
    "0.05%",
    "10:00〜18:00",
    "案件 P-2026-0001",
    "2026-04-01 100人が参加した。",
    "P-2026-0001 2026年度",
    "参加者は延べ120人、うち小学生 85人",
    "法人番号 1234567890123",
    "a0312345678f",
    "2026-04-01 1000000円",
    "2026/04/01 10000000000円",
    "電話を3台借りた。",
    "電話は100件、FAXは20件",
    "電話代12,000円",
    "内線電話を使う。",
    "0から9までの数字",
    "1丁目の集会所",
    "@みんな",
    "0.1 0.2 0.3 0.4 0.5",
    "01/04/2026~31/03/2027",
    "04/01/2026 10:00",
    "01,02,03,04,05,06,07",
    "0,1,2,3,4,5,6,7,8,9",
]


@pytest.mark.parametrize("text", PERSONAL)
def test_an_address_or_a_telephone_number_is_found_and_blackened(text):
    assert found_in(f"連絡先 {text} まで")
    assert masked(f"連絡先 {text} まで") == f"連絡先 {MASK} まで"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("花沢町1-2", ("address",)), ("2丁目3", ("address",)), ("090-1234-5678", ("phone",)),
        ("info@org.example 電話 03-1234-5678 花沢町１－２", ("phone", "email", "address")), ("1丁目", ()),
    ],
)  # fmt: skip
def test_who_reads_a_text_is_told_what_kind_it_holds(text, kinds):
    assert personal.kinds_in(text) == kinds


def test_a_house_number_may_be_published():
    assert not found_in("花沢町1-2の集会所")


@pytest.mark.parametrize("text", PLAIN)
def test_amounts_days_and_numbers_are_left_alone(text):
    assert not found_in(text)
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "2,441,000円", "１００万円", "3億5,000万円", "1万2千円", "十五万円", "二〇〇円", "0円", "1.5億 円", "500 円",
        "¥12,000", "￥ 12,000", "100 000円",
    ],
)  # fmt: skip
def test_an_amount_within_a_sentence_is_blackened_where_money_is(text):
    assert masked(f"計{text}を支払う。", money=True) == f"計{MASK}円を支払う。"
    assert MASK not in masked(f"計{text}を支払う。")


@pytest.mark.parametrize(
    "text",
    [
        "市内一円で行う。",
        "円滑に進めた。",
        "円卓を3台借りた。",
        "2026年度は120人。",
        "3 月、円形広場",
        "第1回",
    ],
)
def test_what_is_no_amount_stays_where_money_is_blackened(text):
    assert masked(text, money=True) == unicodedata.normalize("NFKC", text)


def test_only_the_address_is_blackened_and_not_the_sentence_around_it():
    assert masked("連絡はinfo@org.exampleへお願いします。") == f"連絡は{MASK}へお願いします。"


def test_every_one_of_several_is_blackened():
    assert masked("a@b.example と 03-1234-5678 と c@d.example") == f"{MASK} と {MASK} と {MASK}"


@pytest.mark.parametrize("written", ["代表 花子", "代表花子", "代表　花子", "代 表 花 子", "代表\n花子"])
def test_a_name_is_blackened_however_it_is_spaced(written):
    assert masked(f"{written}さんに聞いた。", frozenset({"代表 花子"})) == f"{MASK}さんに聞いた。"
    assert masked(f"{written}さんに聞いた。", frozenset({"代表花子"})) == f"{MASK}さんに聞いた。"


def test_a_name_in_full_width_letters_is_blackened():
    assert masked("Ｔａｒｏと話した。", frozenset({"Taro"})) == f"{MASK}と話した。"


def test_the_longer_of_two_names_goes_first():
    assert masked("佐藤花子と佐藤", frozenset({"佐藤", "佐藤花子"})) == f"{MASK}と{MASK}"


def test_a_name_is_taken_as_letters_and_not_as_a_pattern():
    assert masked("A.B.とAxBx", frozenset({"A.B."})) == f"{MASK}とAxBx"


@pytest.mark.parametrize("name", ["", " ", "林", "林 "])
def test_a_single_letter_blackens_nothing(name):
    assert masked("林業と林さん", frozenset({name})) == "林業と林さん"


def test_names_alone_leave_contacts_readable():
    text = "窓口 太郎 03-1234-5678"
    assert masked(text, frozenset({"窓口 太郎"}), contacts=False) == f"{MASK} 03-1234-5678"
    assert masked(text) == f"窓口 太郎 {MASK}"


def test_a_long_row_of_letters_is_read_once_and_not_from_each_letter_on():
    """Where a search may begin decides what 100,000 letters cost: once the row, or once a letter."""
    row = "a" * 1_000
    assert [personal._MAIL.match(row + "@x.example", place) is not None for place in (0, 1, 500)] == [
        True, False, False,
    ]  # fmt: skip
    assert masked(f"{row}@x.example、b@y.example") == f"{MASK}、{MASK}"
    assert not found_in("a" * 100_000)


@pytest.mark.parametrize("kind", ["phone", "address"])
def test_every_repetition_has_a_bound(kind):
    """What may repeat without end is read anew from each place: 95 s for a row of 100,000 zeros."""
    pattern = re.sub(r"\\.|\[[^\]]*\]", "", personal._KINDS[kind].pattern)
    assert not set("*+") & set(pattern)
    assert not re.search(r"\{\d+,\}", pattern)
