"""A field left empty is asked for by its own label, by whether one types or chooses there."""

import pytest
from flask import Flask
from flask_babel import Babel

from webapp.asked_text import asked_for, named


@pytest.mark.parametrize(
    ("label", "is_chosen", "sentence"),
    [
        ("件名", False, "件名を入力してください。"),
        ("支援の種類", True, "支援の種類を選んでください。"),
        ("だれが", True, "「だれが」を選んでください。"),
        ("すること", False, "「すること」を入力してください。"),
        ("提供できる地域（小学校区）", True, "提供できる地域（小学校区）を選んでください。"),
        ("支援が見つからないときは、どうしますか", False, "「支援が見つからないときは、どうしますか」に答えてください。"),
        ("直近の事業報告を確認した", True, "「直近の事業報告を確認した」に答えてください。"),
        ("「会則」のメモ", False, "『「会則」のメモ』を入力してください。"),
    ],
)  # fmt: skip
def test_what_is_empty_is_asked_for_by_its_name(label: str, is_chosen: bool, sentence: str) -> None:
    app = Flask("words")
    Babel(app)
    with app.test_request_context():
        assert asked_for(label, is_chosen=is_chosen) == sentence
        assert named(label, sentence) == sentence if not sentence.startswith("『") else True


def test_a_sentence_that_does_not_name_its_field_is_named() -> None:
    app = Flask("words")
    Babel(app)
    with app.test_request_context():
        assert named("単位", "この支援の種類で使える単位から選んでください。").startswith("単位：この")
