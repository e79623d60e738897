"""What one box, bag or case holds, where a text says so: so that 120箱 can stand beside 25kg."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from embeddings import text as texts

_HOLDER: Final = r"(箱|ケース|袋|個|缶|本|台|食|パック|セット)"
_HELD: Final = r"(\d+(?:\.\d+)?)\s*(kg|キロ|g|グラム|個|食|本|枚|袋|人分)"
#: 「1箱10kg」「一箱あたり約10キロ」「1袋に5個」
_ONE: Final = re.compile(
    rf"(?:1|一|ひと)\s*{_HOLDER}(?:あたり|当たり|につき|に|は|が|で|＝|=|[（(:：])?\s*(?:約|およそ|おおむね|だいたい)?\s*{_HELD}"
)
#: 「10kg入りの箱」「5kg袋」
_OF: Final = re.compile(rf"{_HELD}\s*(?:入り|入|詰め)?(?:の)?\s*{_HOLDER}")
_GRAMS: Final = {"g": 0.001, "グラム": 0.001, "kg": 1.0, "キロ": 1.0}


@lru_cache(maxsize=16_384)
def sizes(said: str) -> Mapping[str, tuple[float, str]]:
    """Unit → how much of what one of it holds, as the text first says; weights in kg."""
    found: dict[str, tuple[float, str]] = {}
    text = texts.normalize(said)
    ones = [(m.group(1), m.group(2), m.group(3)) for m in _ONE.finditer(text)]
    ones += [(m.group(3), m.group(1), m.group(2)) for m in _OF.finditer(text)]
    for holder, amount, unit in ones:
        if holder != unit and float(amount) > 0:
            held = (float(amount) * _GRAMS[unit], "kg") if unit in _GRAMS else (float(amount), unit)
            found.setdefault(holder, held)
    return MappingProxyType(found)
