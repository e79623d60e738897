"""A list of options given as a mapping, at any time and with translated labels, is code → label."""

import flask_babel
import pytest
from flask import Flask, request
from flask_babel import Babel
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, RadioField, SelectField, SelectMultipleField, StringField

from webapp.forms.base import ConditionsForm, Form, choices

LABELS = {"": _l("すべて"), "food": "食品", "place": _l("場所")}
WHOLE = [("", "すべて"), ("food", "食品"), ("place", "場所")]


@pytest.fixture(autouse=True)
def request_context():
    app = Flask(__name__)
    app.secret_key = "only-for-tests"
    Babel(app, default_locale="ja")
    with app.test_request_context("/?one=food&two=zzz&q=ほし"):
        yield


@pytest.mark.parametrize("kind", [SelectField, RadioField, SelectMultipleField])
@pytest.mark.parametrize("late", [False, True])
def test_each_option_has_its_whole_label(kind, late):
    class Choosing(Form):
        one = kind("種類", choices=[] if late else LABELS)

    form = Choosing()
    if late:
        form.one.choices = LABELS
    assert [(choice.value, str(choice.label)) for choice in form.one.iter_choices()] == WHOLE
    assert form.one.type == kind.__name__


@pytest.mark.parametrize("kind", [SelectField, RadioField, SelectMultipleField])
@pytest.mark.parametrize("given", [{"food": "食品"}, choices({"food": "食品"})])
def test_an_option_is_said_in_the_language_of_who_opens_the_form(kind, given, monkeypatch):
    class Choosing(Form):
        one = kind("種類", choices=given)

    monkeypatch.setattr(flask_babel, "gettext", {"食品": "Food"}.get)
    assert [(choice.value, choice.label) for choice in Choosing().one.iter_choices()] == [("food", "Food")]


def test_conditions_are_said_and_what_is_not_on_the_list_is_named():

    class Narrowing(ConditionsForm):
        orders = ("sort",)
        q = StringField("言葉")
        one = SelectField("種類", choices=LABELS, default="")
        two = SelectField("場所", choices=LABELS, default="")
        sort = SelectField("並び順", choices={"newest": _l("新しい順")}, default="newest")

    form = Narrowing(request.args)
    assert form.conditions == {"q": "ほし", "one": "food"}
    assert [tuple(one) for one in form.in_words] == [("q", "言葉", "ほし"), ("one", "種類", "食品")]
    assert form.not_used == [("場所", "表示されている中から選び直してください。")]


def test_a_number_that_is_nought_is_a_condition_as_well():
    class Narrowing(ConditionsForm):
        count = IntegerField("人数")
        other = IntegerField("回数")

    form = Narrowing(MultiDict({"count": "0"}))
    assert form.conditions == {"count": "0"}
    assert form.not_used == []
