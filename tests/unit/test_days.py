"""Days: every day, hour and way of writing is read right, and everything else is refused."""

import random
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matcher.ground import days
from matcher.ground.typed import Unclear
from tests.edge_inputs import EDGE_INPUTS
from tests.unit.writers import CLOCKS, widen, write_day

FIRST, LAST = date(1868, 1, 1), date(2199, 12, 31)
DAYS = st.dates(FIRST, LAST)
TIMES = st.times().map(lambda at: at.replace(microsecond=0))
PICKS = st.integers(0, 2**32).map(random.Random)


def refused(text: str) -> str:
    with pytest.raises(Unclear) as unclear:
        days.read(text)
    return unclear.value.code


def test_every_day_of_the_range_is_read_in_some_way_with_some_hour() -> None:
    pick = random.Random(4)
    for place in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=place)
        text = write_day(day, pick)
        if pick.random() < 0.5:
            text += " " + pick.choice(CLOCKS)(time(pick.randrange(24), pick.randrange(60)))
        text = widen(text, pick)
        assert days.read(text).day == day, text


@given(DAYS, PICKS)
@settings(max_examples=400)
def test_every_way_of_writing_a_day_is_read_right(day: date, pick: random.Random) -> None:
    assert days.read(widen(write_day(day, pick), pick)) == days.Reading(day)


@given(DAYS, TIMES, st.sampled_from(CLOCKS), st.sampled_from([" ", "  ", "\u3000"]), PICKS)
@settings(max_examples=600)
def test_a_time_of_day_never_changes_the_day(day, at, clock, gap, pick) -> None:
    found = days.read(widen(write_day(day, pick) + gap + clock(at), pick))
    assert found.day == day


@given(
    st.dates(date(1900, 1, 1), LAST - timedelta(days=1)), TIMES, st.integers(-14 * 4, 14 * 4), st.booleans()
)
@example(date(1949, 5, 1), time(0), 37, True)
@settings(max_examples=400)
def test_a_moment_with_an_offset_is_a_day_of_tokyo(day, at, quarters, colon) -> None:
    zone = timezone(timedelta(minutes=15 * quarters))
    moment = datetime.combine(day, at, zone)
    text = moment.isoformat()
    text = text if colon else text[:-3] + text[-2:]
    # Tokyo had summer time from 1948 to 1951.
    expected = moment.astimezone(ZoneInfo("Asia/Tokyo")).date()
    assert days.read(text) == days.Reading(expected, "offset")
    if quarters == 0:
        assert days.read(text[:19] + "Z").day == expected


@given(DAYS, PICKS, st.data())
@settings(max_examples=400)
def test_white_space_put_in_anywhere_never_makes_another_day(day, pick, data) -> None:
    text = write_day(day, pick) + data.draw(st.sampled_from(["", " 0:00", " 9:30", " 15:00:00"]))
    place = data.draw(st.integers(0, len(text)))
    space = data.draw(st.sampled_from([" ", "\u3000", "\n", "\t", "\xa0"]))
    try:
        found = days.read(text[:place] + space + text[place:]).day
    except Unclear:
        return
    assert found == day


@given(
    DAYS,
    PICKS,
    st.sampled_from(
        [
            "まで",
            "頃",
            " 5",
            " 5 0:00",
            "x",
            "-1",
            "/1",
            ".",
            ":00",
            " 24:00",
            " 9:60",
            "（祝日）",
            "①",
            "²",
            "~",
        ]
    ),
)
@settings(max_examples=300)
def test_whatever_is_left_over_is_refused(day, pick, rest) -> None:
    text = write_day(day, pick)
    refused(text + rest)
    refused(rest + text)


@given(DAYS, PICKS, st.integers(1, 6))
def test_another_weekday_is_refused(day, pick, later) -> None:
    other = "月火水木金土日"[(day.weekday() + later) % 7]
    assert refused(f"{day.isoformat()}（{other}）") == "date_weekday"


TRICKY = st.text(
    alphabet=st.sampled_from("0123456789０１９-/.:年月日時分令和平成元RHS TZ+（水）ー−\u3000\n①²½٣一"),
    max_size=22,
)


@given(st.text(max_size=70) | TRICKY, PICKS)
@settings(max_examples=1500)
def test_any_text_is_read_alike_in_every_width_or_refused(text: str, pick: random.Random) -> None:
    answers = set()
    for one in (text, widen(text, pick), widen(text, random.Random(0))):
        try:
            answers.add(days.read(one).day)
        except Unclear as unclear:
            answers.add(unclear.code)  # type: ignore[arg-type]
    assert len(answers) == 1


@pytest.mark.parametrize("text", EDGE_INPUTS)
def test_awkward_texts_are_refused(text: str) -> None:
    refused(text)


def test_nothing_is_spent_on_a_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.ground.typed.unicodedata", None)  # so that looking at a character would fail
    assert refused("a" + "\u0315\u0300" * 100_000) == "value_too_long"
    assert refused(" " * 61) == "value_too_long"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024/4/15 0:00", date(2024, 4, 15)),
        ("2010/12/31 9:30", date(2010, 12, 31)),
        ("2024/10/1 0:00", date(2024, 10, 1)),
        ("2024-04-15 0:00:00", date(2024, 4, 15)),
        ("2018-04-02T15:00:00.000Z", date(2018, 4, 3)),
        ("2024-04-15T00:30:00+09:00", date(2024, 4, 15)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        # Written before the name of the new era was known.
        ("平成31年5月1日", date(2019, 5, 1)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        # The day on which an era ends bears both names.
        ("大正15年12月25日", date(1926, 12, 25)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("明治6年1月1日", date(1873, 1, 1)),
        ("R9.3.31", date(2027, 3, 31)),
        ("平31.4.30", date(2019, 4, 30)),
        ("２０２７年３月３１日（水）", date(2027, 3, 31)),
        ("2024/ 4/ 1", date(2024, 4, 1)),
        ("2027-03-31\u200b", date(2027, 3, 31)),
    ],
)
def test_days_as_programs_and_papers_write_them(text: str, day: date) -> None:
    assert days.read(text).day == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2024/4/1 5 0:00", "date"), ("2024/4/15:00", "date"), ("2024/4/150:00", "date"), ("2024/4/1 50:00", "date"),
        ("2024/4/15 25:00", "date"), ("2027/3-31", "date"), ("27/3/31", "date"), ("3/31/2027", "date"),
        ("2027-03", "date"), ("2027年3月", "date"), ("2027年3月31", "date"), ("昨年", "date"), ("45397", "date"),
        ("2027-03-31、2027-04-01", "date"), ("2027-03-31から", "date"), ("令和100年1月1日", "date"), ("2027-03-31T", "date"),
        ("2024-04-15T00:00:00+25:00", "date"), ("2024/4/15 13:00 PM", "date"), ("2024/4/15 午前9:00 PM", "date"),
        ("2027-02-30", "date_none"), ("2010-13-01", "date_none"), ("2100-02-29", "date_none"), ("2027-00-10", "date_none"),
        ("昭和65年1月1日", "date_era"), ("昭和64年1月8日", "date_era"), ("平成32年3月31日", "date_era"),
        ("令和元年4月30日", "date_era"), ("明治5年12月2日", "date_era"), ("昭和0年1月1日", "date_era"),
        ("2027-03-31（木）", "date_weekday"), ("0001-01-01", "date_year"), ("1867-12-31", "date_year"), ("2200-01-01", "date_year"),
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused_with_its_reason(text: str, code: str) -> None:
    assert refused(text) == code


@given(st.integers(20_000, 79_999), st.floats(0, 0.99))
def test_the_number_of_a_day_is_taken_where_excel_may_have_left_it(serial: int, part: float) -> None:
    day = date(1900, 3, 1) + timedelta(days=serial - 61)
    assert days.read_cell(str(serial)) == days.Reading(day, "serial")
    assert days.read_cell(f"{serial}.{int(part * 100):02d}").day == day
    refused(str(serial))


@pytest.mark.parametrize("text", ["19999", "80000", "1", "453970", "45397.", "45,397", "-45397"])
def test_other_numbers_are_no_days(text: str) -> None:
    with pytest.raises(Unclear):
        days.read_cell(text)


@given(TIMES, st.sampled_from([*CLOCKS[:2], *CLOCKS[3:]]), PICKS)
def test_times_of_day_are_read_right(at: time, clock, pick) -> None:
    found = days.read_time(widen(clock(at), pick))
    assert (found.hour, found.minute) == (at.hour, at.minute)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("午前12時", time(0)), ("午後12時", time(12)), ("12:30 am", time(0, 30)), ("12:30 pm", time(12, 30)),
        ("午後0時15分", time(12, 15)), ("午前11時59分", time(11, 59)), ("午後11時59分", time(23, 59)),
    ],
)  # fmt: skip
def test_midnight_and_noon_are_told_apart(text: str, at: time) -> None:
    assert days.read_time(text) == at


@pytest.mark.parametrize(
    "text", ["14:", "14:5", "25:00", "14:60", "1430", "二時", "14:30から", "14:30 15:30", "午後13時"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Unclear):
        days.read_time(text)


@pytest.mark.parametrize(
    "text", ["2027.3.31 10:00-12:00", "2027/3/31 10:00-12", "2027-03-31 10:00 -12", "2027/3/31 13:00ー14:00"]
)
def test_a_span_of_hours_moves_no_day(text: str) -> None:
    with pytest.raises(Unclear):
        days.read(text)


def test_an_offset_is_taken_where_programs_write_it() -> None:
    assert (
        days.read("2027-03-31 15:00:00+00:00").day == days.read("2027-03-31T15:00Z").day == date(2027, 4, 1)
    )


def test_the_number_of_a_day_counts_from_the_day_zero_of_its_book() -> None:
    assert days.read_cell("39083").day == date(2007, 1, 1)
    assert days.read_cell("39083", days.SERIAL_ZERO_1904).day == date(2011, 1, 2)
