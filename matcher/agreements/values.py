"""What a value of an indicator can be, by its unit and by what its name and definition say of it. Pure.

Asked of starts, targets, measured values and their parts, and of the values by which is paid.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from embeddings.normal import nfkc
from matcher.ground import vocabulary

_KANJI: Final = re.compile("[一二三四五六七八九]")
_FULL_MARKS: Final = re.compile(r"(?<!\d)(\d{1,4})点[をが]?(?:満点|最高)|満点[はが]?(\d{1,4})点")
_RANGE: Final = re.compile(
    r"(?<![\d~〜-])(\d{1,3})点?(?:から|[~〜-])(\d{1,4})(?=点|段階|の\d+段階|まで|で[答聞評表つ]|[。、）)]|$)"
)
_STEPS: Final = re.compile(r"(?<!第)(?<!\d)(\d{1,2})(?:段階|件法|点法|点尺度|ポイント尺度)")
#: A scale of one question does not bound the sum of several.
_SUM: Final = re.compile(r"合計|総点|(?<!満)足し|\d問|\d項目|\d科目")
#: What speaks of a part of a whole, which is never more than the whole …
_SHARE: Final = re.compile("割合|のうち|占め|(?:参加|出席|回答|継続|定着|利用|認知|普及|満足)[率度]")
#: … unless it is compared with an earlier time or an aim, or is a rate that counts beyond it.
_COMPARED: Final = re.compile(
    "増減|増加率|減少率|変化[率量]|伸び|(?:前[年月期回]|昨年|目標|計画|当初|基準)(?:度|同[月期])?(?:対?比|値?との比)"
    "|対前[年月期]|と比べた|達成率|充足率|稼働率|倍率|に対する|を100と"
)
#: What is counted is never less than nothing; how much it grew can be, and money that is left over.
_BALANCE: Final = re.compile(
    "増減|純増|増加[数量]|減少[数量]|変化[量率数]|変化(?=。)|伸び|差引|差し引き|[とのた]差"
)
_LEFT_OVER: Final = re.compile("収支|損益|利益|余剰|差額")
_MEAN: Final = re.compile(
    "平均(?!気温|台|寿命|年齢|余命)|中央値|換算"
    "|(?:[1人回件日週月年校]|世帯|会場|教室|か所|箇所|団体|家庭)(?:あたり|当たり|当り)|割ったもの"
)


def fault(value: float, unit: str, name: str, definition: str) -> str | None:
    """Why an indicator of that unit, name and definition cannot have ``value``: ``above_scale``,
    ``below_scale``, ``above_whole``, ``value_below_zero`` or ``value_not_whole``; or ``None``.

    Where the words leave it open, the value passes: no honest one may be refused.
    """
    said = re.sub(r"\s+", "", nfkc(f"{name}。{definition}。"))
    said = _KANJI.sub(lambda digit: f"{unicodedata.numeric(digit[0]):.0f}", said)
    is_balance = bool(_BALANCE.search(said) or (vocabulary.is_yen(unit) and _LEFT_OVER.search(said)))
    scale = _scale(said) if unit == vocabulary.POINTS else None
    if scale is not None:
        least, most = scale
        if value > most:
            return "above_scale"
        if value < least and not is_balance:
            return "below_scale" if least > 0 else "value_below_zero"
        return None
    if unit == vocabulary.PERCENT:
        is_compared = bool(_COMPARED.search(said))
        if value > 100 and _SHARE.search(said) and not is_compared:
            return "above_whole"
        return "value_below_zero" if value < 0 and not (is_compared or is_balance) else None
    if value < 0 and unit != vocabulary.POINTS and not is_balance:
        return "value_below_zero"
    is_half = value % 1 and unit in vocabulary.WHOLE_UNITS
    return "value_not_whole" if is_half and not _MEAN.search(said) else None


def first_fault(numbers: Iterable[float], unit: str, name: str, definition: str) -> str | None:
    """The first ``fault`` of several values of one indicator."""
    return next(filter(None, (fault(number, unit, name, definition) for number in numbers)), None)


def _scale(said: str) -> tuple[int, int] | None:
    """The least and the highest value of a scale that an indicator names itself; full marks before steps."""
    if _SUM.search(said):
        return None
    if marks := [int(one or other) for one, other in _FULL_MARKS.findall(said)]:
        return 0, max(marks)
    ranges = [(int(least), int(most)) for least, most in _RANGE.findall(said) if int(least) < int(most)]
    if ranges:
        return min(least for least, _most in ranges), max(most for _least, most in ranges)
    steps = [int(count) for count in _STEPS.findall(said)]
    return (0, max(steps)) if steps else None
