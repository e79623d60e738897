"""What is said of proposals to ask together is said in the language of who reads it."""

import flask_babel
import pytest
from flask import Flask
from flask_babel import Babel

from matcher.records import JointPartner
from webapp import joint_text


@pytest.fixture(autouse=True)
def request_context():
    app = Flask(__name__)
    Babel(app, default_locale="ja")
    with app.test_request_context("/"):
        yield


def test_an_answer_is_named_in_the_language_of_who_reads_it(monkeypatch):
    own = JointPartner(answer="declined")
    assert joint_text.late("answered", own) == "貴団体からは、先に「見合わせ」のお返事が送られています。"
    monkeypatch.setattr(flask_babel, "gettext", {"見合わせ": "declined"}.get)
    assert "「declined」" in joint_text.late("answered", own)
