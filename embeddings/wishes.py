"""A text that lists many wishes, and which of them another meets; the others count for nothing."""

import re
from typing import Final

from embeddings import text as texts

#: From so many on they are wishes of their own; fewer are mostly examples of one (「胡瓜、大根、歓迎です」).
_MANY: Final = 4
_LONGEST: Final = 24  #: characters; what is longer is told, not listed
_NOTE: Final = re.compile(r"[（(][^（）()]*[）)]")
_BETWEEN: Final = re.compile(r"[、・／]|(?<!\d)[，,/](?!\d)|(?:と、|および|及び|ならびに|並びに)")


def listed(sentence: str) -> tuple[str, ...]:
    """The wishes of a sentence that lists four and more, in order; empty for any other sentence."""
    parts = tuple(part.strip(" 　。.！!") for part in _BETWEEN.split(_NOTE.sub("", sentence)))
    parts = tuple(part for part in parts if part)
    if "・" in sentence and parts and "の" in parts[-1]:
        return ()  # 「封入・組み立て・シール貼りの発注」: all of them are of one thing
    return parts if len(parts) >= _MANY and all(len(part) <= _LONGEST for part in parts) else ()


def met(sentence: str, given: str) -> str:
    """What ``given`` meets of ``sentence``: of a list only the wishes that it names, else all of it."""
    wishes = listed(sentence)
    if not wishes:
        return sentence
    words = set(texts.words(given))
    return "、".join(wish for wish in wishes if words.intersection(texts.words(wish)))
