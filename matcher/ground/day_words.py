"""Days as Japanese papers say them: eras, fiscal years, periods."""

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True)
class Era:
    """An era: how it is written, from which day on, and until which day papers may say so."""

    name: str
    short: str
    letter: str
    spoken: tuple[str, ...]  #: in Latin letters
    first: date
    last: date

    @property
    def before(self) -> int:
        """The western year before its first."""
        return self.first.year - 1


#: Newest first. Where one ends and the next begins both names are right, as in the registers. 平成 runs to
#: the end of its 31st year, since papers of before 1 April 2019 say so; from 平成32年 on it is a slip.
ERAS: Final = (
    Era("令和", "令", "r", ("reiwa",), date(2019, 5, 1), date.max),
    Era("平成", "平", "h", ("heisei",), date(1989, 1, 8), date(2019, 12, 31)),
    Era("昭和", "昭", "s", ("shouwa", "showa"), date(1926, 12, 25), date(1989, 1, 7)),
    Era("大正", "大", "t", ("taishou", "taisho"), date(1912, 7, 30), date(1926, 12, 25)),
    Era("明治", "明", "m", ("meiji",), date(1868, 1, 25), date(1912, 7, 30)),
)


def era_year(day: date) -> str:
    """「令和8」, 「令和元」; the western year before Meiji."""
    for era in ERAS:
        if day >= era.first:
            year = day.year - era.before
            return f"{era.name}{'元' if year == 1 else year}"
    return str(day.year)


def jday(day: date) -> str:
    """「令和8年11月23日」."""
    return f"{era_year(day)}年{day.month}月{day.day}日"


def period(first: date, last: date) -> str:
    """「令和8年4月1日〜9月30日」; the last day bears its year only where that is another one."""
    end = jday(last)
    return f"{jday(first)}〜{end.removeprefix(f'{era_year(first)}年')}"


def nendo(year: int) -> str:
    """「令和8年度」 from a fiscal year.

    It bears the era that holds on 1 May, so 2019 is 令和元年度 as the state itself called it.
    """
    return f"{era_year(date(year, 5, 1))}年度"
