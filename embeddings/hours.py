"""On which days of the week, and at what hours, a text says that something can happen.

Read are days (土曜, 火・木, 月曜から金曜, 平日), hours (17:30〜20:00, 20時以降, 夜9時まで) and parts of the
day (午前, 夜). A clause that says both counts before clauses that say one; days of one clause and hours of
another are put together. What a text rules out (土日は貸せません, 水曜定休) is taken off. What is said of
something else – by when to answer, when one meets to talk – is not read, and neither are dates. Read wide:
two texts that are found to be apart are apart, two that meet may still have to talk.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from embeddings import text as texts

_DAYS: Final = "月火水木金土日"
_WEEK: Final = frozenset(range(7))
_DAY: Final = frozenset(range(24))
_NAMED_DAYS: Final = {
    "平日": frozenset(range(5)), "土日": frozenset((5, 6)), "週末": frozenset((5, 6)),
    "休日": frozenset((5, 6)), "祝日": frozenset((6,)),
    "毎日": _WEEK, "毎朝": _WEEK, "毎晩": _WEEK, "毎夕": _WEEK, "年中無休": _WEEK,
}  # fmt: skip
#: From the first to before the second hour. Wide: who says 朝 of eight and who says it of ten may still meet.
_PARTS: Final = {
    "早朝": (4, 9), "朝": (4, 11), "午前": (6, 13), "日中": (8, 18), "昼": (9, 17), "午後": (12, 19),
    "夕方": (15, 20), "夕": (15, 20), "夜": (17, 24), "晩": (17, 24), "深夜": (21, 24),
}  # fmt: skip
_LAST_OF_PART: Final = {
    "午後": 12,
    "夜": 12,
    "晩": 12,
    "夕方": 12,
    "夕": 12,
    "昼": 6,
}  #: below it, 12 are added
_LONG: Final = 4  #: hours that something lasts of which only the beginning is said, at most

_NOT_HOUR: Final = "(?![間点期給代])"
_ANY_PART: Final = "午前|午後|早朝|夕方|朝|昼|夕|夜|晩"
_TO: Final = r"\s*(?:ごろ|頃)?\s*(?:から|[~\-－ー―–→])\s*(?:翌)?"


def _hour(name: str) -> str:
    """An hour with the part of the day before it and the minutes behind it, each a group."""
    minutes = rf"(?:時{_NOT_HOUR}(?P<{name}_past>半|[1-5]\d分?)?(?:00分?)?|:(?:00|(?P<{name}_minutes>\d\d)))"
    return rf"(?:(?P<{name}_part>{_ANY_PART})の?)?(?<!\d)(?P<{name}>\d{{1,2}}){minutes}"


_BEFORE: Final = "(?=[午朝昼夕夜毎開限定])"  #: what may follow days at once
_ONE: Final = rf"(?:第[\d一二三四五・、,]+)?[{_DAYS}](?:曜日?)?"
_TOKENS: Final = re.compile(
    "|".join(
        (
            rf"(?P<span>(?<![\d今本毎])[{_DAYS}](?:曜日?)?(?:から|[~\-－ー―–])[{_DAYS}](?:曜日?|(?![一-龥々])|{_BEFORE}))",
            rf"(?P<list>(?<![一-龥々]){_ONE}(?:(?:[・、,/とか]|または|もしくは){_ONE})+(?![一-龥々ァ-ヴー])"
            rf"|(?<![一-龥々]){_ONE}(?:[・、,/とか]{_ONE})+{_BEFORE})",
            rf"(?P<pack>(?<![一-龥々\d])[{_DAYS}]{{2,5}}(?=の|のみ|だけ|午|曜))",
            rf"(?P<day>[{_DAYS}]曜日?)",
            rf"(?P<bracket>(?<=\()[{_DAYS}](?=[)・]))",
            rf"(?P<named>(?<!定){'|(?<!定)'.join(_NAMED_DAYS)})",
            rf"(?:{_hour('start')}{_TO}{_hour('end')})",
            rf"(?:(?:(?P<short_part>{_ANY_PART})の?)?(?<!\d)(?P<short>\d{{1,2}})(?:半)?{_TO}{_hour('stop')})",
            rf"(?:{_hour('at')}(?P<how>以降|から|[~]|まで|前)?)",
            r"(?P<part>早朝|深夜|朝(?![食ご市礼日刊])|午前|(?<!当)日中|昼(?![食ごめ夜休飯])|午後|夕方|夕(?![食ご飯刊涼])"
            r"|(?<![昼今])夜(?![勤逃食中学店])|(?<!一)晩(?![ごめ年]))",
        )
    )
)
_SHARP: Final = re.compile(r"\d時|\d:\d\d")
_WAVES: Final = str.maketrans({"〜": "~", "～": "~"})
_KANJI: Final = re.compile(r"[一二三四五六七八九十]{1,3}(?=時(?!間))")
#: What is said of when to ask, answer or come to an end is not when something happens.
_ASIDE: Final = re.compile(
    r"まで(?:に|の(?:連絡|予約))|前[のに]週|前日|前もって|返事|返信|連絡|電話|面談|打ち?合わ?せ|相談は|問い?合わ?せ|受付|予約"
    r"|施錠|消灯|締め?切|(?:曜|日|末|夜|朝|前|後|時)でも"
)
#: Not of what is lacking (足りません, いません), waived (構いません) or asked (ありませんか).
_NOT: Final = re.compile(
    r"定休|[はが・]お?休み|(?:市場|店|工場|会社)の休み|休業|不可|(?<![りい])(?<!しれ)(?<!すみ)ません(?!か)"
    r"|(?:でき|られ|出せ|貸せ|行け|使え|伺え)ない|難し|無理|お断り|埋まっ|ふさが"
)
_ONLY: Final = re.compile(r"なら|に限|のみ(?!は)|だけ(?!は)|しか|以外は(?:不可|[^。]*ません)")
#: What is left out of what is named beside it: 平日（水曜を除く）, 祝日以外の平日.
_BUT: Final = re.compile(
    rf"\([^()]*(?:除|以外|休)[^()]*\)|(?:{_ONE}[・、と]?|{'|'.join(_NAMED_DAYS)})+(?:を除[くき]|以外(?!は(?:不可|[^。]*ません)))"
)
#: A part of the day by itself tells when something happens only where it is said as that; elsewhere it is
#: part of a story (停電の夜を越せる電源, 朝の勉強会).
_TELLING: Final = re.compile(
    rf"(?:{_ANY_PART}|日中|深夜|毎[朝晩夕])[の間]*"
    r"(?:のみ|だけ|なら|限定|に限|しか|可|利用|貸|が?空|に(?:取り|受け|渡|配|集ま|使|来)|に?$)"
)
_CLAUSES: Final = re.compile(r"[。;]|ただし|但し|が、|けど、|、(?=[^、]*は[^、]*)")


@dataclass(frozen=True)
class Weekly:
    """The hours of a week that a text names, and the sentences in which it does."""

    hours: int  #: a bit for each, Monday's first hour first; never 0
    said: tuple[str, ...]


@dataclass(frozen=True)
class _Clause:
    days: frozenset[int]
    hours: frozenset[int]
    is_ruled_out: bool
    sentence: str

    @property
    def cells(self) -> int:
        return _cells(self.days or _WEEK, self.hours or _DAY)


@lru_cache(maxsize=16_384)
def weekly(said: str) -> Weekly | None:
    """The hours of the week that a text names, wide rather than narrow; ``None`` where it names none."""
    clauses = list(_read(said))
    out = [clause for clause in clauses if clause.is_ruled_out]
    named = [clause for clause in clauses if not clause.is_ruled_out]
    whole = [clause for clause in named if clause.days and clause.hours]
    if whole:
        cells, used = _any(clause.cells for clause in whole), whole
    else:
        days = [clause for clause in named if clause.days]
        hours = [clause for clause in named if clause.hours]
        cells = _any(one.cells for one in days) if days else ~0
        cells &= _any(one.cells for one in hours) if hours else ~0
        cells, used = cells & _cells(_WEEK, _DAY), [*days, *hours]
    cells &= ~_any(clause.cells for clause in out)
    if not clauses or not cells:
        return None
    return Weekly(cells, tuple(dict.fromkeys(clause.sentence for clause in (*used, *out))))


def _any(cells: Iterable[int]) -> int:
    found = 0
    for some in cells:
        found |= some
    return found


def _cells(days: frozenset[int], hours: frozenset[int]) -> int:
    return sum(1 << (day * 24 + hour) for day in days for hour in hours)


def _read(said: str) -> Iterator[_Clause]:
    for sentence in texts.sentences(said):
        whole = _KANJI.sub(_in_digits, texts.normalize(sentence).translate(_WAVES))
        left_out = [one for one in _BUT.findall(whole) if not _ONLY.search(one)]
        for one in left_out:
            whole = whole.replace(one, "")
        for clause in left_out if not _ASIDE.search(whole) else ():
            days, hours = _named(clause)
            if days or hours:
                yield _Clause(days, hours, True, sentence)
        for clause in _CLAUSES.split(whole):
            if _ASIDE.search(clause):
                continue
            days, hours = _named(clause)
            if not days and not _SHARP.search(clause) and not _TELLING.search(clause):
                continue
            if days or hours:
                yield _Clause(days, hours, bool(_NOT.search(clause)) and not _ONLY.search(clause), sentence)


def _named(clause: str) -> tuple[frozenset[int], frozenset[int]]:
    """The days and the hours that a clause names."""
    days: set[int] = set()
    hours: set[int] = set()
    for token in _TOKENS.finditer(clause):
        if not days or token["named"] != "毎日":  # 平日毎日
            days |= _days_of(token)
        hours |= _hours_of(token)
    return frozenset(days), frozenset(hours)


def _in_digits(found: re.Match[str]) -> str:
    tens, is_ten, ones = found.group().rpartition("十")
    digits = {numeral: value for value, numeral in enumerate("一二三四五六七八九", 1)}
    return str((digits.get(tens, 1) * 10 if is_ten else 0) + digits.get(ones, 0))


def _days_of(token: re.Match[str]) -> frozenset[int]:
    said = token.groupdict()
    if said["named"]:
        return _NAMED_DAYS[said["named"]]
    found = said["span"] or said["list"] or said["pack"] or said["day"] or said["bracket"]
    if not found:
        return frozenset()
    days = [_DAYS.index(one) for one in re.sub("曜日?", "", found) if one in _DAYS]
    if not said["span"]:
        return frozenset(days)
    first, last = days
    return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))


def _hours_of(token: re.Match[str]) -> frozenset[int]:
    said = token.groupdict()
    if said["part"]:
        return frozenset(range(*_PARTS[said["part"]]))
    if said["named"] in {"毎朝", "毎晩", "毎夕"}:
        return frozenset(range(*_PARTS[said["named"][1]]))
    if said["at"]:
        return _around(_clock(said["at"], said["at_part"]), said["how"])
    first, part = said["start"] or said["short"], said["start_part"] or said["short_part"]
    if not first:
        return frozenset()
    start = _clock(first, part)
    end = _clock(said["end"] or said["stop"], said["end_part"] or said["stop_part"])
    if any(said[name] for name in ("end_past", "end_minutes", "stop_past", "stop_minutes")):
        end += 1  # until half past three is until four
    if end <= start:  # 夜7時から9時, 午後1時〜3時, 21時〜翌1時
        end = end + 12 if end < 12 and start < end + 12 else 24
    return frozenset(range(start, min(max(end, start + 1), 24)))


def _clock(hour: str, part: str | None) -> int:
    told = int(hour)
    if part and told < _LAST_OF_PART.get(part, 0):
        told += 12
    return min(told, 23)


def _around(hour: int, how: str | None) -> frozenset[int]:
    """The hours that are meant by one: until it, from it on, or about it."""
    if how == "以降":
        return frozenset(range(hour, 24))
    if how in {"まで", "前"}:
        return frozenset(range(max(0, hour - _LONG), hour + 1))
    if how:
        return frozenset(range(hour, min(24, hour + _LONG)))
    return frozenset(range(max(0, hour - 1), min(24, hour + 2)))
