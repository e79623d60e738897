"""How much each address takes: every POST route × its limit, and every field × texts without an end."""

import io

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import FileField, StringField

import embeddings.normal
import webapp.forms.desk
from tests.contracts.expectations import EXPECTATIONS
from tests.contracts.test_routes import address
from tests.contracts.world import ACTORS
from tests.edge_inputs import HEAPED
from tests.unit.test_normal import longest_heap
from webapp import bodies
from webapp.forms import (
    account,
    agreement,
    alerts,
    base,
    case,
    desk_work,
    finding,
    imports,
    joint,
    organization,
    plan,
    plans,
    posting,
    public,
    question,
    results,
    suggestion,
    talks,
    work,
)

#: The only addresses that take a file.
FILES = {
    ("imports.upload", ""),
    ("moved.act", "contribution"),
    ("work.act", "add_file"),
    ("work.act", "record_contribution"),
    ("work.act", "submit_measurement"),
}


POSTS = [
    pytest.param(endpoint, record, extra, answers["POST"], id=f"{endpoint}-{extra.get('action', '')}")
    for endpoint, rows in EXPECTATIONS.items()
    for record, extra, answers in {str(row[1].get("action")): row for row in reversed(rows)}.values()
    if "POST" in answers
]


def expected(endpoint: str, extra: dict[str, object], letters: str) -> int:
    """The limit of an address, from what it is for."""
    if (endpoint, str(extra.get("action", ""))) in FILES:
        return 6 * 1024 * 1024
    if endpoint in {"account.login", "account.enter_demo"}:
        return 1024 * 1024  # they carry what somebody typed who was signed out
    return 64 * 1024 if letters[0] != "L" else 1024 * 1024


@pytest.mark.parametrize(("endpoint", "record", "extra", "letters"), POSTS)
def test_every_address_takes_what_it_needs_and_no_more(world, endpoint, record, extra, letters):
    most = 1024 * 1024 if endpoint == "account.logout" else expected(endpoint, extra, letters)
    client = world.browser(ACTORS[max(letters.rfind("+"), 0)])
    path = address(world, endpoint, record, extra)
    form = "application/x-www-form-urlencoded"
    for kind in (form, "multipart/form-data; boundary=x"):
        refused = client.post(path, data=b"a" * (most + 1), content_type=kind)
        assert refused.status_code == 413
        html = refused.get_data(as_text=True)
        assert {6 * 1024**2: "6MB", 1024**2: "100,000文字", 64 * 1024: "7,000文字"}[most] in html
        assert "ブラウザの「戻る」" in html
    # A body of unsaid length is not cut where the limit is, either.
    unsaid = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    for size, over in ((most + 1, True), (most, False)):
        answer = client.post(
            path,
            input_stream=io.BytesIO(b"text=" + b"a" * (size - 5)),
            content_type=form,
            environ_overrides=unsaid,
        )
        assert (answer.status_code == 413) is over
        assert answer.status_code < 500
    world.reset()


def test_a_form_of_endless_fields_is_not_taken_apart(world, monkeypatch):
    client = world.browser("anonymous")
    assert client.post("/login", data=b"a&" * 5_501, content_type=bodies._URLENCODED).status_code == 413
    assert client.post("/login", data=b"a&" * 5_499, content_type=bodies._URLENCODED).status_code == 422
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    many = client.post(
        "/login", data=part * 600 + b"--x--\r\n", content_type="multipart/form-data; boundary=x"
    )
    assert many.status_code == 413


def test_a_hundred_thousand_letters_of_japanese_fit_where_people_write():
    assert len("%E3%81%82" * 100_000) + 100_000 < bodies.TEXT


# ── Fields ──


def all_forms(kind=base.Form):
    """Every form of the application that can be sent."""
    for found in kind.__subclasses__():
        if found.__module__.startswith("webapp."):
            yield found
        yield from all_forms(found)


FORMS = sorted({base.Form, *all_forms()}, key=lambda form: (form.__module__, form.__name__))


def test_the_forms_are_found():
    modules = {form.__module__ for form in FORMS}
    assert modules == {
        module.__name__
        for module in (
            account, agreement, alerts, base, case, desk_work, finding, imports, joint, organization, plan, plans, posting, public,
            question, results, suggestion, talks, work, webapp.forms.desk,
        )
    }  # fmt: skip
    assert len(FORMS) > 90


def filled(app, form, text):
    """The form as it is when every field of it was sent as ``text``."""
    with app.test_request_context("/", method="POST"):
        names = list(form(formdata=None, meta={"csrf": False})._fields)
        return form(formdata=MultiDict(dict.fromkeys(names, text)), meta={"csrf": False})


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.__module__}.{form.__name__}")
def test_nothing_without_an_end_is_read_normalized_or_lost(world, monkeypatch, form):
    seen: list[str] = []

    class Watched:
        @staticmethod
        def normalize(kind, text):
            seen.append(text)
            return text

    monkeypatch.setattr(embeddings.normal, "unicodedata", Watched)
    for text in ("あ" * 100_000, *HEAPED):
        seen.clear()
        with world.app.test_request_context("/", method="POST"):
            sent = filled(world.app, form, text)
            for field in sent:
                if isinstance(field, FileField):
                    continue
                assert field.process_errors, field.name
                assert field.raw_data == [text]
                if isinstance(field, StringField) and field.type != "_Secret":
                    assert field._value() == text or field.type == "HiddenField", field.name
        # What is kept to be shown again is put into its normal form, whole, with no heap in what is sorted.
        assert all(longest_heap(one) <= 4 * embeddings.normal.MAX_MARKS for one in seen)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.__module__}.{form.__name__}")
def test_no_number_or_day_breaks_a_field(world, form):
    """What a field cannot read it says; WTForms takes only ``ValueError`` for that."""
    numbers = (
        "1E+999999999", "1E-999999999", "-1E+999999999", "9" * 5_000, "0." + "0" * 5_000 + "1", "NaN", "sNaN", "-Infinity",
        "²", "٣", "1_000", "0x10", "--1", "1e", "あ：1E+999999999", "1E+999999999：1", "NaN：NaN", "あ：1E+999999999：い",
        "0000-00-00", "0001-01-01", "9999-12-31", "99999-01-01", "2026-02-30", "令和0年0月0日", "令和99年12月31日", "R9.3.31 x",
        "79999", "2026-04-01 あ",
    )  # fmt: skip
    for text in numbers:
        sent = filled(world.app, form, text)
        with world.app.test_request_context("/", method="POST"):
            for field in sent:
                str(field.data)
