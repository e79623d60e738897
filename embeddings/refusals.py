"""Which sentence of a giver refuses a thing as a whole (「お金は出せません」)."""

import re
from functools import lru_cache
from typing import Final

from embeddings import text as texts
from embeddings.bearing import bearing

_OPENING: Final = (
    r"(?:(?:ただし|但し|なお|また|当社|弊社|当店|当方|うち|わたし(?:ども|たち)|私(?:ども|たち|共)?|申し訳[^、]*|残念ながら|いまは|今は|現在)"
    r"(?:として|から|に|で)?(?:は|も|の|が)?[、,]?)*"
)
_AID: Final = (
    r"(?:そのもの|だけ)?(?:的)?(?:の|での|による|的な)?(?:ご)?"
    r"(?:支援|援助|提供|拠出|寄附|寄付|協力|負担|派遣|貸し出し|貸出|参加)?"
)
_OF_IT: Final = r"(?:は|も|を|が|について(?:は|も)|に(?:は|つきまして(?:は|も)))"


@lru_cache(maxsize=65_536)
def refusing(said: str, words: str) -> str:
    """The first sentence of ``said`` that refuses what ``words`` (a pattern) name, empty where none does.

    A clause that begins with the thing and ends with a refusal does; one that refuses it under a condition
    (「土日の会場は貸せません」) is a limit.
    """
    named = re.compile(rf"^{_OPENING}(?:[^、は]{{1,6}}も)*(?:{words}){_AID}{_OF_IT}")
    for sentence, clauses in _clauses(said):
        if any(named.search(clause) for clause in clauses):
            return sentence
    return ""


@lru_cache(maxsize=16_384)
def _clauses(said: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The sentences that refuse something, each with its refusing clauses."""
    found = []
    for sentence in texts.sentences(said):
        # 「寄附については、お断りしています」: what is spoken of goes with what is said of it.
        joined = re.sub(r"(?<=は|も)[、,]", "", texts.normalize(sentence))
        clauses = tuple(part for part in re.split(r"[、,。]", joined) if bearing(part, "giver") == "refuses")
        if clauses:
            found.append((sentence, clauses))
    return tuple(found)
