"""Words in lines and boxes: how wide Japanese text is, and where a line may end."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import regex

_UNFIT_XML = regex.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PIECES = regex.compile(r"[!-~]+|\X")
_NOT_FIRST: Final = frozenset(
    "、。,.,.・:;:;?!?!)」』】〕〉》)]}…ー〜～々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%％円"
)
_NOT_LAST: Final = frozenset("(「『【〔〈《([{")


def wrapped(text: str, ems: float, half: float = 0.5) -> list[str]:
    """The lines of a text at most ``ems`` wide: full-width is 1, half-width ``half``; never without a line.

    Words of half-width letters stay whole where they fit; a line begins with no closing mark and ends with
    no opening bracket where that can be helped.
    """
    lines: list[str] = []
    for paragraph in str(text).splitlines() or [""]:
        line: list[str] = []
        wide = 0.0
        for piece in _pieces(clean(paragraph).strip(), ems, half):
            if line and wide + width_of(piece, half) > ems:
                kept = len(line)
                while kept > 1 and len(line) - kept < 4 and _clings(line[kept - 1], [*line, piece][kept]):
                    kept -= 1
                if width_of("".join(line[kept:]), half) + width_of(piece, half) > ems:
                    kept = len(line)
                lines.append("".join(line[:kept]).rstrip())
                line = line[kept:]
                wide = width_of("".join(line), half)
            if line or not piece.isspace():
                line.append(piece)
                wide += width_of(piece, half)
        lines.append("".join(line).rstrip())
    return lines


def cut(text: str, ems: float) -> str:
    """The text on one line, its end left out where it is too wide."""
    line = clean(" ".join(str(text).split()))
    if width_of(line) <= ems:
        return line
    kept, wide = [], 1.0
    for cluster in regex.findall(r"\X", line):
        wide += width_of(cluster)
        if wide > ems:
            break
        kept.append(cluster)
    return "".join(kept) + "…"


def width_of(text: str, half: float = 0.5) -> float:
    """Width on the screen: full-width is 1, half-width ``half``, joining marks nothing."""
    if len(text) == 1:
        return _em(text, half)
    return sum(max(_em(character, half) for character in cluster) for cluster in regex.findall(r"\X", text))


@lru_cache(maxsize=4096)
def _em(character: str, half: float) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf", "Cc"}:
        return 0.0
    return 1.0 if unicodedata.east_asian_width(character) in "WFA" else half


def _pieces(text: str, ems: float, half: float) -> Iterable[str]:
    """Half-width words and single characters; a word that is longer than a line comes in letters."""
    for piece in _PIECES.findall(text):
        if len(piece) > 1 and piece.isascii() and width_of(piece, half) > ems:
            yield from piece
        else:
            yield piece


def _clings(before: str, after: str) -> bool:
    return before[-1] in _NOT_LAST or after[0] in _NOT_FIRST


def clean(text: str) -> str:
    """The plain text, be it lazy or Markup, without the characters that XML does not allow."""
    return str(_UNFIT_XML.sub("", str(text)))
