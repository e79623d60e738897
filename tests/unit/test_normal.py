"""Normal forms: equal to Unicode's for all writing, and no work that grows with the square of the text."""

import re
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import embeddings.normal
from embeddings.normal import MAX_MARKS, nfc, nfkc
from embeddings.text import digest, fold, for_embedding, normalize
from matcher.cases import uploads
from matcher.ground import addresses, days, personal
from matcher.ground.errors import Invalid
from matcher.ground.typed import Unclear
from matcher.imports import tables
from matcher.people import passwords
from tests.edge_inputs import HEAPED
from webapp.forms.base import clean

ROOT = Path(__file__).parents[2]


@given(st.text())
def test_writing_gets_unicodes_own_normal_forms(text):
    assert nfc(text) == unicodedata.normalize("NFC", text)
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


@given(st.text(st.sampled_from("aかｶﾊ\u3099\uff9e\u0301\u0315\u0300\u0344가\u1100\u1161¨ﷺ"), max_size=200))
def test_normalizing_twice_changes_nothing_whatever_was_typed(text):
    for form in (nfc, nfkc):
        assert form(form(text)) == form(text)


@given(st.text(st.sampled_from("\u0315\u0300\u3099\u302a\uff9e"), min_size=MAX_MARKS + 1, max_size=300))
def test_marks_that_are_no_writing_stay_as_they_were_typed(marks):
    assert nfc(f"か{marks}が") == f"か{marks}が"
    assert nfkc(f"ｶﾞ{'x'}{marks}①") == f"ガx{marks}1"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("か\u3099き\u3099", "がぎ"),  # as macOS names files
        ("葛\U000e0100飾区", "葛\U000e0100飾区"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        ("ﾊﾟｿｺﾝ", "ﾊﾟｿｺﾝ"),
        ("Z" + "\u0301" * MAX_MARKS, "\u0179" + "\u0301" * (MAX_MARKS - 1)),
    ],
)
def test_what_people_type_is_stored_in_one_spelling(typed, stored):
    assert nfc(typed) == stored
    assert clean(f"  {typed}\r\n") == stored


def test_whatever_is_sorted_behind_a_letter_counts_as_a_mark():
    """No character outside the class of marks begins, in either form, with one that is sorted."""
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if 0xD800 <= code <= 0xDFFF or embeddings.normal._ENDLESS.fullmatch(character * (MAX_MARKS + 1)):
            continue
        for form in ("NFD", "NFKD"):
            assert unicodedata.combining(unicodedata.normalize(form, character)[0]) == 0, hex(code)


def test_only_one_module_normalizes():
    found = [
        str(path.relative_to(ROOT))
        for folder in ("embeddings", "matcher", "webapp")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if re.search(r"unicodedata\s*\.\s*(is_)?normalize|from unicodedata import", path.read_text())
    ]
    assert found == ["embeddings/normal.py"]


def longest_heap(text: str) -> int:
    """The longest row of characters that a normal form has to sort."""
    longest = run = 0
    for character in text:
        parts = unicodedata.normalize("NFKD", character)
        run = run + len(parts) if unicodedata.combining(parts[0]) else 0
        longest = max(longest, run)
    return longest


@pytest.fixture
def heaps(monkeypatch):
    """The longest row of marks in anything that is given to ``unicodedata.normalize`` from now on."""
    seen: list[int] = [0]

    class Watched:
        @staticmethod
        def normalize(form: str, text: str) -> str:
            seen.append(longest_heap(text))
            return unicodedata.normalize(form, text)

    monkeypatch.setattr(embeddings.normal, "unicodedata", Watched)
    return seen


def _file_name(text: str) -> None:
    with pytest.raises(Invalid):
        uploads.check(text + ".pdf", b"nothing")


def _address(text: str) -> None:
    with pytest.raises(Unclear):
        addresses.read(text)


def _day(text: str) -> None:
    with pytest.raises(Unclear):
        days.read(text)


@pytest.mark.parametrize("text", HEAPED, ids=range(len(HEAPED)))
@pytest.mark.parametrize(
    "way",
    [
        clean, tables.clean, normalize, fold, for_embedding, digest, personal.found_in, personal.masked,
        _address, passwords.problem, _file_name,
        _day,
    ],
)  # fmt: skip
def test_no_way_in_sorts_more_marks_than_writing_has(heaps, way, text):
    way(text)
    assert max(heaps) <= 4 * MAX_MARKS  # a mark is at most a few in its long form
