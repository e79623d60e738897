"""A reading of a name is kana, in one script and width, or it is refused."""

import pytest

from matcher.ground import readings
from matcher.ground.typed import Unclear


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ひだまりのかい・ゔぃ", "ヒダマリノカイ・ヴィ"), ("ﾋﾀﾞﾏﾘﾉｶｲ", "ヒダマリノカイ"), ("ﾊﾟｰｸ ﾉ ｶｲ", "パーク ノ カイ"),
        ("ミンナノイエ　サクラ", "ミンナノイエ　サクラ"), ("いすゞ", "イスヾ"), ("", ""),
    ],
)  # fmt: skip
def test_kana_of_any_script_and_width_becomes_katakana(typed: str, read: str) -> None:
    assert readings.read(typed) == read


@pytest.mark.parametrize(
    "typed", ["みんな家", "123", "１２３", "NPO法人", "ＮＰＯ", "ア\u200bイ", "ア、イ", "😀"]
)
def test_whatever_is_no_kana_is_refused(typed: str) -> None:
    with pytest.raises(Unclear, match="kana"):
        readings.read(typed)
