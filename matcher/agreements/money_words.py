"""How an amount was calculated, in words: the sentences of the steps that ``contract.amount`` took."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from matcher.ground import day_words, figures

STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "units_up": "測定値{value}は、基準{first}を{units}単位上回る。{units}単位×{price_yen}",
        "units_down": "測定値{value}は、基準{first}を{units}単位下回る。{units}単位×{price_yen}",
        "no_unit_up": "測定値{value}は、基準{first}を上回る分が1単位に満たない",
        "no_unit_down": "測定値{value}は、基準{first}を下回る分が1単位に満たない",
        "missed_up": "測定値{value}は基準の{first}以上に届かない",
        "missed_down": "測定値{value}は基準の{first}以下に届かない",
        "between": (
            "測定値{value}は{low}（{low_yen}）と{high}（{high_yen}）の間。"
            "{low_yen}＋（{high_yen}−{low_yen}）×（{value}−{low}）÷（{high}−{low}）"
        ),
        "reached_up": "測定値{value}は{low}以上の段階（{low_yen}）",
        "reached_down": "測定値{value}は{low}以下の段階（{low_yen}）",
        "fixed": "契約で定めた{fiscal_year}の固定部分",
        "rounded": "{rounding_yen}未満を切り捨て",
        "floor": "下限額{floor_yen}を適用",
        "cap": "上限額{cap_yen}を適用",
        "paid": "支払額は{paid_yen}",
    }
)
_SENTENCE: Final = "{words}。"
_YEN: Final = "{amount}円"
_FIXED_PART: Final = "{fiscal_year}の固定部分"


def formula(steps: Iterable[Mapping[str, Any]], translate: Callable[[str], str] = str) -> str:
    """The steps of a calculation as sentences; ``translate`` looks a text up in the reader's language."""
    return "".join(
        translate(_SENTENCE).format(words=translate(STEPS[step["code"]]).format_map(_spoken(step, translate)))
        for step in steps
    )


def fixed_part(year: int) -> str:
    """「令和8年度の固定部分」."""
    return _FIXED_PART.format(fiscal_year=day_words.nendo(year))


def _spoken(step: Mapping[str, Any], translate: Callable[[str], str]) -> dict[str, str]:
    return {name: _figure(name, value, translate) for name, value in step.items() if name != "code"}


def _figure(name: str, value: int | float, translate: Callable[[str], str]) -> str:
    if name == "fiscal_year":
        return day_words.nendo(int(value))
    if name.endswith("_yen"):
        return translate(_YEN).format(amount=f"{value:,}")
    return figures.number(round(Decimal(repr(value)), 10))
