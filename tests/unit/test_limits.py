"""Lengths are those that people see, and counting them takes no longer than reading them."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from matcher.ground import limits

_PARTS = "aあ\u0301\u200d🇯🇵👨🏽\u0600\u3099\uff9eำ\u1100\u1161\u11a8\r\n\ufe0f\U000e0100\u0903"


@given(st.text(st.sampled_from(_PARTS)))
def test_characters_are_unicodes_grapheme_clusters(text):
    assert limits.length(text) == len(regex.findall(r"\X", text))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("葛\U000e0100飾区", 3), ("👨‍👩‍👧‍👦と🇯🇵と👍🏽", 5), ("か\u3099", 1), ("ﾊﾟ", 1), ("🇯🇵🇯", 2),
        ("a\r\nb", 3), ("Z" + "\u0301\u0323" * 500, 1),
    ],
)  # fmt: skip
def test_what_looks_like_one_character_counts_once(text, length):
    assert limits.length(text) == length


def test_a_row_of_flags_is_counted_in_pairs_and_not_back_to_its_beginning_each_time():
    """The engine's own cluster takes 26 s for these; what is given to it must not be a row of flags."""
    assert limits.length("🇯" * 100_001) == 50_001
    assert limits._GRAPHEME.match("🇯" * 100_000, 50_000).end() == 50_002


def test_what_is_beyond_all_writing_is_too_long_without_being_counted(monkeypatch):
    monkeypatch.setattr(limits, "length", lambda text: pytest.fail("counted"))
    assert limits.is_too_long("あ" * 2_001, 100)
    assert not limits.is_too_long("あ" * 100, 100)
