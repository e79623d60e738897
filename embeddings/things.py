"""What a sentence names, by its kanji and katakana: whether two sentences speak of the same thing.

Cruder and a hundred times faster than words: it tells that 「冷凍は積めません」 speaks of what
「冷凍品の引き取り便」 asks for.
"""

import re
from functools import lru_cache
from typing import Final

from embeddings.text import normalize

_RUNS: Final = re.compile(r"[一-龥々]{2,}|[ァ-ヴー]{2,}|[A-Za-z]{3,}")
#: Words that stand in half of all texts and set nothing against anything.
_COMMON: Final = frozenset(
    re.findall(
        "..",
        "団体企業当社活動地域支援提供利用場合対象必要可能以上以内以外一回毎月毎週年間月間時間午前午後平日"
        "土日希望相談参加市内今年来年去年自分一人二人全員担当連絡確認使用予定開催実施方法本人皆様毎日毎年"
        "今回当日前日最初最後一緒問題理由",
    )
)


@lru_cache(maxsize=65_536)
def things(said: str) -> frozenset[str]:
    """Pairs of kanji, whole katakana and Latin words of a text, without those that every text has."""
    found: set[str] = set()
    for run in _RUNS.findall(normalize(said)):
        if "一" <= run[0] <= "龥" or run[0] == "々":
            found |= {run[place : place + 2] for place in range(len(run) - 1)}
        else:
            found.add(run)
    return frozenset(found - _COMMON)
