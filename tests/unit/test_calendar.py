"""Days as a Japanese town hall counts them."""

from datetime import UTC, date, datetime

import pytest

from matcher.ground import calendar, day_words, days
from matcher.people import passwords


def test_a_deadline_ends_with_the_day_in_tokyo():
    evening = datetime(2026, 11, 23, 14, 59, 59, tzinfo=UTC)  # 23:59:59 in Tokyo
    assert calendar.deadline(evening, 0) == evening
    assert calendar.deadline(datetime(2026, 11, 23, 15, 0, tzinfo=UTC), 0).date() == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 24), True),
        (date(2026, 11, 23), False),  # 勤労感謝の日
        (date(2026, 11, 22), False),  # Sunday
        (date(2026, 12, 28), True),
        (date(2026, 12, 29), False),
        (date(2027, 1, 3), False),
        (date(2027, 1, 4), True),
        (date(2028, 2, 29), True),
    ],
)
def test_working_days(day, working):
    assert calendar.is_working_day(day) is working


def test_three_working_days_over_the_year_end():
    assert calendar.add_working_days(date(2026, 12, 28), 3) == date(2027, 1, 6)


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2026, 12, 10), 3, date(2027, 3, 9)),
        (date(2026, 12, 1), 3, date(2027, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),  # there is no 30 February: its last day
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 6, date(2027, 6, 30)),
        (date(2027, 3, 31), 12, date(2028, 3, 30)),
    ],
)
def test_a_period_of_months_ends_before_the_day_of_its_number(first, months, last):
    assert calendar.last_of_months(first, months) == last


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        (datetime(2027, 3, 31, 14, 59, tzinfo=UTC), 2026),
        (datetime(2027, 3, 31, 15, 0, tzinfo=UTC), 2027),
        (date(2028, 2, 29), 2027),
    ],
)
def test_the_fiscal_year_turns_at_midnight_in_tokyo(moment, year):
    assert calendar.fiscal_year(moment) == year


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        (date(2026, 4, 1), date(2026, 9, 30), "令和8年4月1日〜9月30日"),
        (date(2026, 10, 1), date(2027, 3, 31), "令和8年10月1日〜令和9年3月31日"),
        (date(2019, 4, 1), date(2019, 9, 30), "平成31年4月1日〜令和元年9月30日"),
    ],
)
def test_a_period_repeats_the_year_only_where_it_changes(first, last, written):
    assert day_words.period(first, last) == written


def test_every_way_of_writing_an_era_is_read_as_the_same_day():
    for era in day_words.ERAS:
        day = date(era.before + 9, 3, 31)
        assert day_words.jday(day) == f"{era.name}9年3月31日"
        for name in (era.name, era.short, era.letter):
            assert days.read(f"{name}9.3.31").day == day
        for name in (era.name, *era.spoken, era.letter):
            assert passwords._ERA.sub(passwords._western, f"{name}9.3.31") == f"{day.year}-3-31"


def test_a_fiscal_year_is_written_in_its_era():
    years = (2018, 2019, 2026, 2027)
    assert [day_words.nendo(year) for year in years] == ["平成30年度", "令和元年度", "令和8年度", "令和9年度"]
