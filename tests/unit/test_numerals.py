"""Numbers: every amount in every mixture of units, digits and widths is read right, and the rest is refused."""

import random
import re
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.ground import numerals, vocabulary
from matcher.ground.typed import Unclear
from tests.edge_inputs import EDGE_INPUTS
from tests.unit.writers import widen, write_number

PICKS = st.integers(0, 2**32).map(random.Random)
UNITS = sorted({*vocabulary.SUPPORT_UNITS, *vocabulary.INDICATOR_UNITS})
#: All sizes alike, and often round, as amounts are.
AMOUNTS = st.builds(
    lambda digits, zeros: min(int(digits) * 10**zeros, 10**12),
    st.text("0123456789", min_size=1, max_size=12).filter(lambda digits: int(digits) > 0),
    st.integers(0, 11),
)
#: 「2万5」 and 「1億2000」 are said for 25,000 and 120,000,000, too: the place of what stands last is open.
_ONE = "[1-9一壱二弐三参四五六七八九]"
OPEN = re.compile(rf"千{_ONE}(?:[万萬億兆]|$)|[万萬億兆]{_ONE}$|[億兆][^万萬億兆]+$")
#: 「二三人」 says two or three, and 23 as well.
EITHER = re.compile(
    r"(?<![〇一二三四五六七八九])(?:一二|二三|三四|四五|五六|六七|七八|八九)(?![〇一二三四五六七八九])"
)


def written_plainly(value: int, pick: random.Random) -> str:
    """``value`` in a writing that leaves nothing open."""
    while OPEN.search(
        plain := unicodedata.normalize("NFKC", text := write_number(value, pick))
    ) or EITHER.search(plain):
        pass
    return text


def refused(text: str, units=(), **bounds) -> str:
    with pytest.raises(Unclear) as unclear:
        numerals.read(text, units, **bounds)
    return unclear.value.code


@given(AMOUNTS, PICKS, st.sampled_from(["", "円"]), st.sampled_from(["", " "]))
@settings(max_examples=3000)
def test_every_amount_is_read_right_in_every_mixture_of_units_and_widths(value, pick, unit, gap) -> None:
    written = write_number(value, pick)
    text = widen(written + (gap + unit if unit else ""), pick)
    plain = unicodedata.normalize("NFKC", written)
    if EITHER.search(plain) or OPEN.search(plain):
        code = "number_range" if EITHER.search(plain) else "number"
        assert refused(text, ["円"], below=10**12 + 1) == code
        return
    found = numerals.read(text, ["円"], below=10**12 + 1)
    assert (found.value, found.unit) == (value, unit), text


def test_every_number_below_ten_thousand_is_read_in_every_way() -> None:
    pick = random.Random(7)
    for value in range(1, 10_000):
        for text in {write_number(value, pick) for _ in range(4)}:
            assert OPEN.search(text) or EITHER.search(text) or numerals.read(text).value == value, text


@given(st.decimals(0, 10**11, places=4, allow_nan=False), PICKS)
def test_decimals_are_exact(value: Decimal, pick: random.Random) -> None:
    for text in (str(value), f"{value:,}"):
        assert numerals.read(widen(text, pick)).value == value
    assert refused(f"{value}1") == "decimals"


@given(AMOUNTS.filter(lambda value: value < 10**12), PICKS, st.sampled_from(["-", "−", "▲", "△", "－"]))
def test_below_zero_only_where_the_field_allows_it(value, pick, sign) -> None:
    text = sign + written_plainly(value, pick)
    assert numerals.read(text, least=-(10**12)).value == -value
    assert refused(text) == "negative"


@given(AMOUNTS.filter(lambda value: value < 10**12), PICKS, st.sampled_from(UNITS))
@settings(max_examples=500)
def test_a_unit_is_taken_where_the_field_knows_it_and_refused_elsewhere(value, pick, unit) -> None:
    text = widen(written_plainly(value, pick) + unit, pick)
    found = numerals.read(text, UNITS)
    assert (found.value, found.unit) == (value, unit)
    refused(text, [other for other in UNITS if not unit.endswith(other)])


LEFTOVERS = ["以上", "以内", "余り", "～30", "-30", "〜", "/4", ".2.3", "abc", "羽", "x", "(税込)", "、5", ",5", "e5", "E+9", "_000", "²", "½", "①",
             "円円", " 5", "台5", "くらい以上", "から20", "+1", "×2", "%%"]  # fmt: skip


@given(AMOUNTS, PICKS, st.sampled_from(LEFTOVERS))
@settings(max_examples=600)
def test_whatever_is_left_over_is_refused(value, pick, rest) -> None:
    refused(widen(write_number(value, pick) + rest, pick), ["円", "人", "台", "%"], below=10**30)


@pytest.mark.parametrize(
    "text",
    ["約30人", "およそ30人", "30人くらい", "３０人ぐらい", "30人程度", "30ほど", "30 人前後", "約30人ほど"],
)
def test_words_for_about_are_reported(text: str) -> None:
    found = numerals.read(text, ["人"])
    assert (found.value, found.is_about) == (30, True)


@given(
    AMOUNTS,
    AMOUNTS,
    PICKS,
    st.sampled_from(["～", "〜", "-", "－", "ー", "~", "から", " ", "、", "/", "と", "・", "人", "円"]),
)
@settings(max_examples=400)
def test_two_numbers_are_not_one(one, other, pick, between) -> None:
    text = widen(write_number(one, pick) + between + write_number(other, pick), pick)
    refused(text, ["円", "人"], below=10**30)


TRICKY = st.text(
    alphabet=st.sampled_from("0123456789０５,，.．千百十万億兆一二〇壱円人 \u3000約-−▲¥￥\\%eE_²①½٣ー"),
    max_size=14,
)


@given(st.text(max_size=70) | TRICKY, PICKS)
@settings(max_examples=2500)
def test_any_text_is_read_alike_in_every_width_or_refused(text: str, pick: random.Random) -> None:
    answers = set()
    for one in (text, widen(text, pick), widen(text, random.Random(0))):
        try:
            answers.add(numerals.read(one, ["円", "人", "%"], least=-(10**12)))
        except Unclear as unclear:
            answers.add(unclear.code)
    assert len(answers) == 1


@given(TRICKY)
@settings(max_examples=1500)
def test_what_is_read_and_written_out_again_is_the_same(text: str) -> None:
    try:
        found = numerals.read(text, ["円", "人", "%"], least=-(10**12))
    except Unclear:
        return
    assert (
        numerals.read(f"{found.value.normalize():,f}{found.unit}", ["円", "人", "%"], least=-(10**12)).value
        == found.value
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5千万円", 50_000_000), ("1億円", 100_000_000), ("3百万円", 3_000_000), ("500千円", 500_000), ("1億2,000万", 120_000_000),
        ("千二百", 1200), ("一億二千万円", 120_000_000), ("〇", 0), ("壱万弐千参百円", 12_300), ("1.5億", 150_000_000),
        ("25百万円", 25_000_000), ("1,234百万円", 1_234_000_000), ("￥１，０００", 1000), ("\\5,000", 5000), ("¥1,000円", 1000),
        ("二〇〇", 200), ("二四", 24), ("一二三", 123), ("１２人", 12), ("12名", 12), ("0千円", 0), ("007", 7), ("1億2,000.5万円", 120_005_000), ("十", 10), ("3千500", 3500),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text: str, value: int) -> None:
    assert numerals.read(text, ["円", "人"]).value == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,00", "number"), ("12,34", "number"), ("1,2345", "number"), (",100", "number"), ("1、200", "number"), ("1 200", "number"),
        ("12人34", "number"), ("20～30", "number_range"), ("20-30", "number_range"), ("5～10名", "number_range"), ("20人から30人", "number_range"),
        ("二三人", "number_range"), ("四五十人", "number_range"), ("3/4", "number"), ("1.2.3", "number"), ("１２３abc", "number_unit"), ("約", "number_near"), ("以上", "number_near"),
        ("20人以上", "number_near"), ("20羽", "number_unit"), ("1e5", "number"), ("1E+999999999", "number"), ("1_000", "number"),
        ("NaN", "number"), ("Infinity", "number"), ("½", "number"), ("10²", "number"), ("①", "number"), ("٣", "number"), ("", "number"),
        ("万円", "number"), ("千千", "number"), ("1万2億", "number"), ("1万2万", "number"), ("1億20000万", "number"), ("1.5億2000万", "number"),
        ("2万5", "number"), ("1億2000", "number"), ("2千5", "number"), ("12百", "number"), ("十二百", "number"), ("1二", "number"), (".5", "number"), ("5.", "number"), ("¥", "number"), ("円", "number"),
        ("0x10", "number"), ("1億 2000万", "number"), ("+5", "number"), ("-5", "negative"), ("1兆", "too_large"), ("9" * 60, "too_large"),
        ("9" * 61, "value_too_long"), ("0.00001", "decimals"), ("1." + "0" * 50 + "1億", "decimals"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_its_reason(text: str, code: str) -> None:
    assert refused(text, ["円", "人"]) == code


def test_about_is_reported_and_whole_numbers_have_no_decimals() -> None:
    assert numerals.read("約20").is_about
    assert numerals.read("およそ千人", ["人"]) == numerals.Number(Decimal(1000), "人", True, True)
    assert refused("2.5", decimals=0) == "integer"
    assert numerals.read("1.5億", decimals=0).value == 150_000_000


@pytest.mark.parametrize(
    ("text", "decimals", "code"),
    [
        ("1.000", 0, "number_dot"), ("1.000", 2, "number_dot"), ("4.000", 4, "number_dot"), ("120.000円", 0, "number_dot"),
        ("１．０００", 0, "number_dot"), ("1,200.000", 4, "number_dot"), ("1.000万", 0, "number_dot"), ("-1.000", 4, "number_dot"),
        ("約1.000人", 0, "number_dot"), ("1.0", 0, "integer"), ("12.00", 0, "integer"), ("5.0円", 0, "integer"),
        ("2.50", 1, "decimals"), ("1.0000", 2, "decimals"), ("1.500", 2, "decimals"), ("3.00000", 4, "decimals"),
    ],
)  # fmt: skip
def test_no_digit_behind_a_dot_is_dropped(text: str, decimals: int, code: str) -> None:
    assert refused(text, ["円", "人"], decimals=decimals, least=-100) == code


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [("2.50", 2, "2.5"), ("1.0000", 4, "1"), ("1.500", 4, "1.5"), ("1,000", 0, "1000"), ("1.0億", 0, "1e8"), ("10.0001", 4, "10.0001")],
)  # fmt: skip
def test_digits_that_the_field_takes_are_read(text: str, decimals: int, value: str) -> None:
    assert numerals.read(text, ["円"], decimals=decimals).value == Decimal(value)


@pytest.mark.parametrize("unit", ["か所", "箇所", "カ所", "ヶ所", "ヵ所", "ケ所"])
def test_places_are_counted_in_every_spelling(unit: str) -> None:
    assert numerals.read(f"15{unit}", ["か所"]) == numerals.Number(Decimal(15), "か所")
    assert refused(f"15{unit}", ["回"]) == "number_unit"


def test_a_yen_sign_is_none_of_something_else() -> None:
    assert refused("¥20", ["人"]) == "number"
    assert refused("¥20人", ["人", "円"]) == "number"


@pytest.mark.parametrize("text", EDGE_INPUTS)
def test_awkward_texts_are_refused(text: str) -> None:
    refused(text, UNITS)


def test_nothing_is_spent_on_a_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.ground.typed.unicodedata", None)  # so that looking at a character would fail
    assert refused("1" + "\u0315\u0300" * 100_000) == "value_too_long"
