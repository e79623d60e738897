"""Which districts of a municipality a text names as where something happens.

Many districts bear a plain word for a name (中央, 港, 里山): such a name counts where the text treats it as
a place – 「港地区」「川端・港・中央」 –, a longer one by itself. Where a head office stands, or what is left
out, is no place of activity.
"""

import re
from functools import lru_cache
from typing import Final

from embeddings import text as texts
from embeddings.bearing import bearing

#: A name of so many characters is no everyday word, unless it is written with hiragana in it (丘の上).
_TELLING: Final = 3
_AFTER: Final = (
    r"(?=小学校|中学校|学区|校区|地区|地域|町内|エリア|方面|周辺|界隈|一帯|近辺|支所|公民館|集会所)"
)
_OFFICE: Final = re.compile(r"本社|本店|本部|事務所|所在|登記|創業|出身|生まれ")
_LEFT_OUT: Final = r"(?!(?:小学校区|学区|校区|地区|地域|方面|エリア)?(?:以外|を除|は除|は対象外|の外))"
_CLAUSES: Final = re.compile(r"[、,。]")


@lru_cache(maxsize=16_384)
def named(said: str, names: tuple[str, ...]) -> frozenset[str]:
    """Those of ``names`` that the text names as a place where something happens."""
    whole = texts.normalize(said)
    # Most texts have none of the names in them: what costs more need not be asked of those.
    if not any(name in whole for name in names):
        return frozenset()
    found: set[str] = set()
    for sentence in texts.sentences(said):
        normal = texts.normalize(sentence)
        patterns = [(name, pattern) for name, pattern in _patterns(names) if name in normal]
        if not patterns or bearing(sentence, "giver") == "refuses":
            continue
        for clause in _CLAUSES.split(normal):
            if not _OFFICE.search(clause):
                found |= {name for name, pattern in patterns if pattern.search(clause)}
    return frozenset(found)


@lru_cache(maxsize=16)
def _patterns(names: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    any_name = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return tuple((name, _pattern(name, any_name)) for name in names)


def _pattern(name: str, any_name: str) -> re.Pattern[str]:
    alone = rf"(?<![一-龥々ァ-ヴーぁ-ん]){re.escape(name)}{_LEFT_OUT}"
    other = rf"(?:{any_name})"
    listed = rf"{re.escape(name)}[・/]{other}(?![一-龥々])"
    listed += rf"|(?<![一-龥々]){other}[・/]{re.escape(name)}(?![一-龥々])"
    is_telling = len(name) >= _TELLING and not re.fullmatch(r"[一-龥々]*[のがつ][一-龥々]*", name)
    ways = [rf"(?<![一-龥々]){re.escape(name)}{_LEFT_OUT}{_AFTER}", listed]
    if is_telling:
        ways.append(rf"{alone}(?![一-龥々ァ-ヴー])")
    return re.compile("|".join(ways))
