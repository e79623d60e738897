"""What a picture or a poster bears of a text."""

import pytest

from webapp import sharing


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("髙﨑さん𠮷野辻󠄀の会", "髙﨑さん𠮷野辻󠄀の会"),
        ("夕ごはん🍚👨‍👩‍👧‍👦に❤️🇯🇵一品👍🏽", "夕ごはんに一品"),
        ("©みお™ 1️⃣ ①②㈱ №3", "©みお™ 1️⃣ ①②㈱ №3"),
        ("🍚🍚", "🍚🍚"),
    ],
)
def test_a_picture_bears_every_letter_of_a_name_and_no_boxes_for_emoji(text, printed):
    assert sharing.printed(text) == printed
