"""Japanese text for searching and embedding: normal forms, sentences, words, hashes.

What people typed is stored as typed; these forms are copies for comparing. Nothing here raises on any
string, and repetition gains nothing: a sentence, or three words in a row, said again counts once.
"""

import hashlib
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final

from embeddings.normal import nfkc

MAX_EMBED_CHARS: Final = 8_000  #: of a text, only so much is read; ten times the longest honest profile
MAX_SENTENCES: Final = 40
MAX_SENTENCE_CHARS: Final = 300
MAX_FOLD_CHARS: Final = 100_000

#: NFKC leaves these variants of the same character apart; names are written with either.
_ITAIJI: Final = str.maketrans(
    {
        "髙": "高", "﨑": "崎", "碕": "崎", "𠮷": "吉", "邉": "辺", "邊": "辺", "齋": "斎", "齊": "斉",
        "澤": "沢", "濵": "浜", "濱": "浜", "廣": "広", "國": "国", "學": "学", "櫻": "桜", "瀨": "瀬",
        "德": "徳", "縣": "県", "澁": "渋", "渕": "淵", "嶋": "島", "嶌": "島", "冨": "富", "惠": "恵",
        "桒": "桑", "眞": "真", "靜": "静", "藏": "蔵", "龍": "竜", "萬": "万", "壽": "寿", "榮": "栄",
        "會": "会", "圓": "円", "條": "条", "黑": "黒", "增": "増", "鄕": "郷", "舘": "館", "栁": "柳",
        "𣘺": "橋", "𡈽": "土", "鷗": "鴎", "實": "実", "豐": "豊", "應": "応", "與": "与", "淸": "清",
    }
)  # fmt: skip
_COMPANY: Final = re.compile(r"\(株\)|株式会社")
_LIMITED: Final = re.compile(r"\(有\)|有限会社")
_DASHES: Final = re.compile(r"[-‐‑‒–—―−─━ー]+")
_WAVES: Final = re.compile(r"[~〜～]+")
_SPACES: Final = re.compile(r"\s+")
#: A sentence ends at its marks, unless a quotation ends there too; 「１．」 and a ? in an address end none.
_END: Final = re.compile(
    r"(?<=[。！？])(?![。！？!?」』）)])|(?<=[!?])(?=\s|[^\x00-\x7f。！？」』）])|(?<=[^\d０-９]．)|[\r\n]+"
)
#: Two to thirty characters said three times or more in a row.
_AGAIN: Final = re.compile(r"(\S.{1,29}?)(?:\s*\1){2,}")
_MARKS: Final = re.compile(r"([゛゜\u0300-\u036f])\1{2,}|[\u0300-\u036f]{3,}")


def normalize(text: str) -> str:
    """One spelling for comparing and embedding; idempotent.

    NFKC, hidden characters (category Cf, variation selectors, NUL, lone surrogates) removed, variant
    characters unified, white space collapsed. Long vowel marks stay: they are part of words.
    """
    return _settled(_normal, text[:MAX_FOLD_CHARS])


def _settled(step: Callable[[str], str], text: str) -> str:
    # Removing a hidden character can bring together what NFKC composes, and folding ß gives two letters of
    # which an accent takes the second: go on until nothing changes. Three rounds were the most ever needed.
    for _round in range(8):
        changed = step(text)
        if changed == text:
            break
        text = changed
    return text


def _normal(text: str) -> str:
    text = nfkc(_MARKS.sub("", text)).translate(_SEEN)
    return _SPACES.sub(" ", nfkc(text).translate(_ITAIJI)).strip()


class _Seen(dict[int, int | None]):
    """For ``str.translate``: what is not seen goes, line ends become spaces. Filled as characters come."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        self[code] = (ord(" ") if character in "\n\r\t\v\f" else code) if _is_seen(character) else None
        return self[code]


_SEEN: Final = _Seen()


def _is_seen(character: str) -> bool:
    if character in "\n\r\t\v\f":
        return True
    code = ord(character)
    if 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return False
    return unicodedata.category(character) not in {"Cf", "Cc", "Cs", "Co", "Cn"}


def fold(text: str) -> str:
    """``normalize`` without case, with one spelling of 株式会社, dashes and waves: for searching by parts."""
    folded = _settled(lambda part: _normal(part.casefold()), text[:MAX_FOLD_CHARS])
    folded = _COMPANY.sub("株式会社", folded)
    folded = _LIMITED.sub("有限会社", folded)
    return _WAVES.sub("~", _DASHES.sub("-", folded))


def sentences(text: str) -> list[str]:
    """The sentences of a text in their original wording, for quoting: at most 40 of at most 300 characters.

    A sentence that says the same again (after ``normalize``) is left out.
    """
    said = (_visible(part)[:MAX_SENTENCE_CHARS] for part in _END.split(text[:MAX_EMBED_CHARS]))
    return list(islice(_once(said), MAX_SENTENCES))


def for_embedding(text: str) -> str:
    """What a model is given: the first 8,000 characters of the normal form, nothing said twice in it.

    Idempotent: a mark or a repetition that only the normal form shows (｡, or ? before a hidden character)
    counts like any other.
    """
    return _settled(_said_once, text[:MAX_EMBED_CHARS])


def _said_once(text: str) -> str:
    parts = (normalize(part) for part in _END.split(text))
    return "\n".join(_AGAIN.sub(r"\1", part) for part in _once(parts))[:MAX_EMBED_CHARS]


def _once(parts: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for part in parts:
        key = normalize(part).rstrip("。.!? ")
        if key and key not in seen:
            seen.add(key)
            yield part


def _visible(text: str) -> str:
    return "".join(
        " " if character in "\t\v\f" else character
        for character in text
        if character in "\t\v\f"
        or (unicodedata.category(character) not in {"Cs", "Cc"} and not _is_bidi(character))
    ).strip()


def _is_bidi(character: str) -> bool:
    return "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"


_KEPT: Final = frozenset({"名詞", "動詞", "形容詞", "形状詞", "副詞"})
_DROPPED: Final = frozenset({"非自立可能", "数詞", "助動詞語幹"})
_local = threading.local()


def words(text: str) -> list[str]:
    """Content words for counting words in common, in order: the shortest units, in normalised form.

    子供 and こども are one, and 食品卸会社 is 食品, 卸, 会社: measured, short units find more partners than
    compounds. What is said again counts once, as in ``units``.
    """
    return [morpheme.normalized_form() for morpheme in _content(text, short=True)]


def units(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Content words as long as the dictionary has them, with their parts: 規格外 with (規格, 外).

    A word without parts has none. A word may come again, but not right after itself, and not as the end of
    three words in a row that stood there before: lists of keywords copied many times count once.
    """
    return [
        (morpheme.normalized_form(), tuple(part.normalized_form() for part in morpheme.split(_local.short)))
        for morpheme in _content(text, short=False)
    ]


#: Words of grammar: without these two texts would be alike for being in English.
_ENGLISH: Final = frozenset(
    re.findall(
        "[a-z]+",
        "a about after all also an and any are as at be because been but by can could did do does each "
        "few for from had has have he her here his how i if in into is it its just like many may me more "
        "most much my need no not of on one or other our out over she should so some such than that the "
        "their them then there these they this those to too up us very want was we were what when where "
        "which while who will with would you your ",
    )
)


#: Of these words every text is full, and none by itself says what is meant; hiragana, as they are compared.
_PARTICLES: Final = frozenset(
    [
        *"がをにへとのはもでやかねよなてた、。・-~,.!?", "から", "まで", "より", "など", "だけ",
        "では", "には", "とは", "です", "ます", "する", "した", "ください",
    ]
)  # fmt: skip


def says_nothing(word: str) -> bool:
    """Whether a folded word is a particle or a mark alone, so that a search for it would find everything."""
    return word in _PARTICLES


_JOINING: Final = frozenset({"助詞", "助動詞"})


def nouns_of_sentence(text: str) -> list[str]:
    """Of a text with particles the nouns as they stand there: お米を分けてほしい → 米.

    Empty where nothing joins its words: a name or a compound (子ども食堂) is one thing.
    """
    found = [
        (one.surface(), one.part_of_speech()) for one in _tokenize(normalize(text)[:MAX_EMBED_CHARS], True)
    ]
    if not any(kinds[0] in _JOINING for _surface, kinds in found):
        return []
    return [surface for surface, kinds in found if kinds[0] == "名詞" and _is_content(kinds)]


def _is_content(kinds: Sequence[str]) -> bool:
    return kinds[0] in _KEPT and kinds[1] not in _DROPPED and kinds[2] not in _DROPPED


def _content(text: str, *, short: bool) -> Iterator[Any]:
    runs: set[tuple[str, ...]] = set()
    before: tuple[str, ...] = ()
    for morpheme in _tokenize(normalize(text)[:MAX_EMBED_CHARS], short):
        if not _is_content(morpheme.part_of_speech()):
            continue
        word = morpheme.normalized_form()
        if morpheme.surface().lower() in _ENGLISH:
            continue
        run = (*before[-2:], word)
        if run in runs or before[-1:] == (word,):
            before = run
            continue
        if len(run) == 3:
            runs.add(run)
        before = run
        yield morpheme


def _tokenize(text: str, short: bool) -> Any:
    # A tokenizer is not shared between threads; the dictionary behind it is read once.
    if not hasattr(_local, "tokenizer"):
        from sudachipy import SplitMode

        _local.tokenizer, _local.short = _dictionary().tokenizer(mode=SplitMode.C), SplitMode.A
    return _local.tokenizer.tokenize(text, _local.short) if short else _local.tokenizer.tokenize(text)


@cache
def _dictionary() -> Any:
    from sudachipy import Dictionary

    return Dictionary()


def digest(text: str) -> str:
    """sha256 of what is embedded, in hexadecimal: equal texts need no second encoding."""
    return hashlib.sha256(normalize(text).encode("utf-8", "ignore")).hexdigest()
