"""Japanese text for searching and embedding: normal forms, sentences, words, hashes.

What people typed is stored as typed; these forms are copies for comparing. Nothing here raises on any
string, and repetition gains nothing: a sentence or word that is said again counts once.
"""

import hashlib
import re
import threading
import unicodedata
from typing import Any, Final

MAX_EMBED_CHARS: Final = 8_000  #: of a text, only so much is read; ten times the longest honest profile
MAX_SENTENCES: Final = 40
MAX_SENTENCE_CHARS: Final = 300
MAX_FOLD_CHARS: Final = 100_000

#: NFKC leaves these variants of the same character apart; names are written with either.
_ITAIJI: Final = str.maketrans(
    {
        "髙": "高", "﨑": "崎", "碕": "崎", "𠮷": "吉", "邉": "辺", "邊": "辺", "齋": "斎", "齊": "斉",
        "澤": "沢", "濵": "浜", "濱": "浜", "廣": "広", "國": "国", "學": "学", "櫻": "桜", "瀨": "瀬",
        "德": "徳", "縣": "県", "澁": "渋", "淵": "渕", "嶋": "島", "嶌": "島", "冨": "富", "惠": "恵",
        "桒": "桑", "眞": "真", "靜": "静", "藏": "蔵", "龍": "竜", "萬": "万", "壽": "寿", "榮": "栄",
    }
)  # fmt: skip
_COMPANY: Final = re.compile(r"\(株\)|株式会社")
_LIMITED: Final = re.compile(r"\(有\)|有限会社")
_DASHES: Final = re.compile(r"[-‐‑‒–—―−─━ー]+")
_WAVES: Final = re.compile(r"[~〜～]+")
_SPACES: Final = re.compile(r"\s+")
_END: Final = re.compile(r"(?<=[。．！？!?])|\n+")
_MARKS: Final = re.compile(r"([゛゜\u0300-\u036f])\1{2,}|[\u0300-\u036f]{3,}")


def normalize(text: str) -> str:
    """One spelling for comparing and embedding; idempotent.

    NFKC, hidden characters (category Cf, variation selectors, NUL, lone surrogates) removed, variant
    characters unified, white space collapsed. Long vowel marks stay: they are part of words.
    """
    # Twice: removing a hidden character can bring together what NFKC composes.
    return _normal(_normal(text[:MAX_FOLD_CHARS]))


def _normal(text: str) -> str:
    text = unicodedata.normalize("NFKC", _MARKS.sub("", text))
    text = "".join(
        " " if character in "\n\r\t\v\f" else character for character in text if _is_seen(character)
    )
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text).translate(_ITAIJI)).strip()


def _is_seen(character: str) -> bool:
    if character in "\n\r\t\v\f":
        return True
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return False
    return unicodedata.category(character) not in {"Cf", "Cc", "Cs", "Co", "Cn"}


def fold(text: str) -> str:
    """``normalize`` without case, with one spelling of 株式会社, dashes and waves: for searching by parts."""
    folded = normalize(text).casefold()
    folded = _COMPANY.sub("株式会社", folded)
    folded = _LIMITED.sub("有限会社", folded)
    return _WAVES.sub("~", _DASHES.sub("-", folded))


def sentences(text: str) -> list[str]:
    """The sentences of a text in their original wording, for quoting: at most 40 of at most 300 characters.

    A sentence that says the same again (after ``normalize``) is left out.
    """
    found: list[str] = []
    seen: set[str] = set()
    for part in _END.split(text[:MAX_EMBED_CHARS]):
        sentence = _visible(part)[:MAX_SENTENCE_CHARS]
        key = normalize(sentence).rstrip("。.!? ")
        if not key or key in seen:
            continue
        seen.add(key)
        found.append(sentence)
        if len(found) == MAX_SENTENCES:
            break
    return found


def _visible(text: str) -> str:
    return "".join(
        character
        for character in text
        if unicodedata.category(character) not in {"Cs", "Cc"} and not _is_bidi(character)
    ).strip()


def _is_bidi(character: str) -> bool:
    return "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"


_KEPT: Final = frozenset({"名詞", "動詞", "形容詞", "形状詞", "副詞"})
_DROPPED: Final = frozenset({"非自立可能", "数詞", "助動詞語幹"})
_local = threading.local()


def words(text: str) -> list[str]:
    """Content words in Sudachi's normalised form (子供 and こども are one), in order, repeats kept."""
    return [word for word, _parts in units(text)]


def units(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Content words with their parts: 子供達 with (子供, 達); a word that has no parts has only itself."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for morpheme in _tokenize(normalize(text)[:MAX_EMBED_CHARS]):
        kinds = morpheme.part_of_speech()
        if kinds[0] in _KEPT and kinds[1] not in _DROPPED and kinds[2] not in _DROPPED:
            parts = tuple(part.normalized_form() for part in morpheme.split(_local.short))
            found.append((morpheme.normalized_form(), parts))
    return found


def _tokenize(text: str) -> Any:
    # A tokenizer is not shared between threads; the dictionary behind it is loaded once.
    if not hasattr(_local, "tokenizer"):
        from sudachipy import Dictionary, SplitMode

        _local.tokenizer, _local.mode, _local.short = Dictionary().tokenizer(), SplitMode.C, SplitMode.A
    return _local.tokenizer.tokenize(text, _local.mode)


def digest(text: str) -> str:
    """sha256 of what is embedded, in hexadecimal: equal texts need no second encoding."""
    return hashlib.sha256(normalize(text).encode("utf-8", "ignore")).hexdigest()
