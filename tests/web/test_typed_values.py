"""One reader of days, one of numbers, one of addresses: for every form, the imports and the command line."""

import importlib
import io
import json
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import wtforms
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from wtforms.fields.core import UnboundField

import webapp.forms
from matcher.city.cities import City
from matcher.ground import addresses, days, numerals, phones, profile
from matcher.ground.db import Database
from matcher.ground.field import Field
from matcher.ground.permissions import SYSTEM
from matcher.ground.typed import Unclear
from matcher.imports import cells, checking, tables
from matcher.imports.columns import COLUMNS
from matcher.records import AccountRequest, Organization, User
from tests.factories import make_coordinator, make_npo, make_user
from tests.unit.test_addresses import UNREACHABLE
from tests.web.conftest import login_as
from tests.web.pages import csrf_token, post
from tests.web.test_cli import environment, run
from webapp import value_text
from webapp.forms import agreement, base, fields, organization, values
from webapp.forms.base import Form

__all__ = ["environment"]  # the fixture

READERS: dict[Any, Any] = {
    values.DayField: (days, "read"), fields.DaysField: (days, "read"),
    values.QuantityField: (numerals, "read"), values.NumberField: (numerals, "read"),
    values.YenField: (numerals, "read"), values.CountField: (numerals, "read"),
    fields.PairsField: (numerals, "read"), fields.YenPairsField: (numerals, "read"),
    fields.FundersField: (numerals, "read"), values.AddressField: (addresses, "read"),
    values.PhoneField: (phones, "read"),
}  # fmt: skip
#: Texts that leave no mark on a page.
UNSEEN = [
    "\u200b", "\u3164", "\ufeff", "\u2060", "\u00ad", "\u2800", "\u180e", "\u115f\u1160", "\uffa0", "\u200d\ufe0f",
    "\x01\x7f", "\u00a0", "\u2028", "\u034f", "\U000e0020", " \u200b\u3000\u2060 ",
]  # fmt: skip
#: Fields of plain text, of files and of choices: nothing is read from them.
PLAIN = {
    "StringField", "TextAreaField", "HiddenField", "LinesField", "FileField", "_Secret", "BooleanField",
    "SelectField", "SelectMultipleField", "RadioField", "RowsField",
    "_DayCondition", "_AmountCondition",  # read as the fields that they are made of
}  # fmt: skip
LINES = {"PairsField": "名：%s", "YenPairsField": "2027：%s", "FundersField": "名：%s：返す"}


def forms() -> Iterator[type[Form]]:
    for module in pkgutil.iter_modules(webapp.forms.__path__):
        importlib.import_module(f"webapp.forms.{module.name}")
    for kind, sections in profile.SECTIONS.items():
        for section in sections:
            organization.form_of(kind, section.code)  # made when it is first asked for
    waiting: list[type[Form]] = [Form]
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        yield found


def used_fields() -> set[type[wtforms.Field]]:
    return {
        value.field_class
        for form in forms()
        for value in vars(form).values()
        if isinstance(value, UnboundField)
    }


def test_no_form_has_a_field_that_reads_values_in_its_own_way() -> None:
    used = used_fields()
    assert set(READERS) <= used
    assert {field.__name__ for field in used - set(READERS)} <= PLAIN


def bound(field: type[wtforms.Field], typed: str) -> wtforms.Field:
    class One(wtforms.Form):
        value = field("値")

    return One(MultiDict({"value": LINES.get(field.__name__, "%s") % typed})).value


@pytest.mark.parametrize("field", READERS, ids=lambda field: field.__name__)
def test_every_field_of_a_value_asks_the_reader(
    app: Flask, monkeypatch: pytest.MonkeyPatch, field: Any
) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise Unclear("value_too_long", "asked")

    module, name = READERS[field]
    monkeypatch.setattr(module, name, refuse)
    with app.test_request_context():
        errors = bound(field, "20").process_errors
    assert "長すぎます" in errors[0]


@pytest.mark.parametrize(
    ("kind", "module", "name"),
    [
        ("number", numerals, "read"),
        ("integer", numerals, "read"),
        ("date", days, "read"),
        ("email", addresses, "read"),
        ("phone", phones, "read"),
    ],
)
def test_every_column_of_a_value_asks_the_same_reader(
    monkeypatch: pytest.MonkeyPatch, kind: str, module: Any, name: str
) -> None:
    columns = [one for kinds in COLUMNS.values() for one in kinds if one.kind == kind]
    assert columns

    def refuse(*_args: Any, **_options: Any) -> None:
        raise Unclear("value_too_long", "asked")

    monkeypatch.setattr(module, name, refuse)
    for one in columns:
        with pytest.raises(Unclear) as unclear:
            cells.read(one, "あ", City())
        assert unclear.value.part == "asked"


TYPED = [
    "20",
    "５千万円",
    "500千円",
    "1億2,000万",
    "千二百",
    "約20",
    "20～30",
    "1,00",
    "12人34",
    "-5",
    "2.5",
    "1e5",
    "20箱",
    "3/4",
    "0.001",
    "4.000",
    "1.500",
]


@pytest.mark.parametrize("typed", TYPED)
def test_a_form_and_an_import_read_an_amount_alike(app: Flask, typed: str) -> None:
    column = Field("quantity", "量", "number")
    try:
        cell = cells.read(column, typed, City())
        expected: Any = (cell.value, cell.unit)
    except Unclear as unclear:
        expected = unclear
    with app.test_request_context():
        field = bound(values.QuantityField, typed)
        if isinstance(expected, Unclear):
            assert field.process_errors == [value_text.sentence(expected)]
            assert field._value() == typed
        else:
            assert (field.data, field.unit) == expected


@pytest.mark.parametrize("field", [field for field in READERS if READERS[field][0] is numerals])
def test_a_dot_for_a_comma_is_refused_in_every_field(app: Flask, field: Any) -> None:
    with app.test_request_context():
        assert "「1,000」のように「,」で" in bound(field, "120.000").process_errors[0]


def test_an_import_reads_a_whole_number_of_json_and_refuses_a_dot_for_a_comma() -> None:
    column = next(one for one in COLUMNS["npos"] if one.code == "volunteers")
    assert cells.read(column, checking._said(12.0), City()).value == 12
    assert checking._said(0.1) == "0.1"
    with pytest.raises(Unclear) as unclear:
        cells.read(column, "1.000", City())
    assert unclear.value.code == "number_dot"


def test_a_field_says_what_it_read_where_that_is_not_plain(app: Flask) -> None:
    with app.test_request_context():
        assert (
            bound(values.QuantityField, "5千万円").reading
            == "「5千万円」を「50,000,000円」と読み取りました。"
        )
        assert (
            bound(values.DayField, "2024/4/15 9:30").reading
            == "「2024/4/15 9:30」を「令和6年4月15日（月）」と読み取りました。"
        )
        assert bound(values.QuantityField, "1,200").reading == ""
        assert bound(values.DayField, "令和6年4月15日").reading == ""
        assert bound(fields.YenPairsField, "50万円").data == [("2027", 500_000)]


@pytest.mark.parametrize("typed", ["0.5", "1e3", "約5万", "-3", "5万人"])
def test_yen_are_whole_and_exact(app: Flask, typed: str) -> None:
    with app.test_request_context():
        for field in (values.YenField, fields.YenPairsField, fields.FundersField):
            assert bound(field, typed).process_errors, field


@pytest.mark.parametrize("field", READERS, ids=lambda field: field.__name__)
def test_a_form_that_was_sent_without_its_fields_is_no_fault(app: Flask, field: Any) -> None:
    class One(wtforms.Form):
        value = field("値")

    with app.test_request_context():
        form = One(MultiDict())
        assert form.validate()
        assert (form.value.data or None, form.value.reading) == (None, "")
        if issubclass(field, fields.PairsField):
            assert not form.value.typed_units


@pytest.mark.parametrize("blank", ["", " ", "\u3000", " \n", *UNSEEN])
@pytest.mark.parametrize(
    "made",
    [
        fields.day, fields.number, fields.money, fields.words, fields.line,
        lambda label, need: values.address(label),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_no_value(app: Flask, made: Any, blank: str) -> None:
    class One(Form):
        value = made("値", need=True)

    with app.test_request_context():
        form = One(MultiDict({"value": blank, "form_id": "0" * 32}))
        assert not form.validate()
        assert "入力してください" in form.value.errors[0]


@pytest.mark.parametrize("blank", UNSEEN)
def test_a_line_that_cannot_be_seen_is_no_entry(app: Flask, blank: str) -> None:
    with app.test_request_context():
        assert bound(fields.LinesField, f"一つ目\n{blank}\n二つ目").data == ["一つ目", "二つ目"]
        assert bound(fields.DaysField, f"2027-03-31\n{blank}").data == ["2027-03-31"]

        class One(wtforms.Form):
            pairs = fields.PairsField("値")
            funders = fields.FundersField("値")

        form = One(MultiDict({"pairs": f"{blank}：3", "funders": f"名：5円：{blank}"}))
        assert form.pairs.process_errors
        assert form.funders.process_errors


def test_what_is_seen_is_kept_as_it_was_typed() -> None:
    for typed in (
        "👨\u200d👩\u200d👧",
        "☎\ufe0f",
        "葛\U000e0100飾区",
        "あ\u200bい",
        "−",
        "・",
        "\ue000",
        "!",
    ):
        assert base.clean(typed) == tables.clean(typed) == typed


def test_a_name_that_stands_twice_is_refused_and_not_lost(app: Flask) -> None:
    class One(wtforms.Form):
        value = fields.PairsField("値")

    with app.test_request_context():
        form = One(MultiDict({"value": "小学生：14\n小学生: 3"}))
        assert "「小学生」が2つあります" in form.value.process_errors[0]


@pytest.mark.parametrize("name", ["fixed", "year_limits"])
def test_a_year_that_stands_twice_in_two_writings_is_refused_and_not_lost(app: Flask, name: str) -> None:
    with app.test_request_context():
        form = agreement.AgreementForm(MultiDict({name: "2027：500000\n２０２７：300000"}))
        form.validate()
        assert form[name].errors == ["2027年度が2つあります。1つにしてください。"]


# ── What cannot be seen, and names: every way in ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("\u3164", "入力してください"), ("１・", "名前として使えません"),
        ("さと\u202eう", "文字の並ぶ向きを変える"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_at_every_door(
    records: Database, doors: dict[str, FlaskClient], typed: str, told: str
) -> None:
    for who, url, form in (
        ("stranger", "/register", {"kind": "npo", "organization_name": typed, "name": "山田", "email": "a@b.jp"}),
        ("stranger", "/register", {"kind": "npo", "organization_name": "山の会", "name": typed, "email": "a@b.jp"}),
        ("owner", "/account/members/invite", {"role": "editor", "name": typed, "email": "a@b.jp"}),
        ("manager", "/staff/invite", {"role": "coordinator", "name": typed, "email": "a@b.jp"}),
        ("owner", "/profile/basic", {"name": typed, "version": "1"}),
    ):  # fmt: skip
        assert told in post(doors[who], url, form, 422).text, url
    for kind in ("npos", "companies"):
        heading = next(one.heading for one in COLUMNS[kind] if one.code == "name")
        content = f"{heading},電話番号\r\n{typed},03-1234-5678\r\n".encode()
        with records.read() as session:
            checked = checking.check_file(session, SYSTEM, kind, "a.csv", content, datetime.now(UTC))
        wanted = "required" if typed == "\u3164" else "name_"
        assert not checked.rows
        assert any(problem.code.startswith(wanted) for problem in checked.problems)


@pytest.mark.parametrize("typed", ["\u200b", "1", "\u202eA"])
def test_the_command_line_refuses_such_names_as_well(environment: dict[str, str], typed: str) -> None:
    run(environment, "db", "upgrade")
    made = ("user", "create", "--email", "kacho@city.example", "--role", "manager", "--name")
    assert "name: " in run(environment, *made, typed, status=1).stderr
    assert run(environment, "user", "list").stdout == ""


# ── Addresses: every way in ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def doors(records: Database, new_client: Callable[[], FlaskClient]) -> dict[str, FlaskClient]:
    with records.write() as session:
        npo = make_npo(session, name="浜のごはん会", email="old@npo.example")
        owner, manager = make_user(session, npo), make_coordinator(session, role="manager")
    return {
        "owner": login_as(new_client(), owner), "manager": login_as(new_client(), manager), "stranger": new_client(),
    }  # fmt: skip


#: One of each kind; which reasons there are is tested beside the reader.
SAMPLE = ["山田@example.jp", "user@例え.jp", "=?utf-8?q?a?=@example.jp", "a..b@docomo.ne.jp", "a.@docomo.ne.jp",
          "a@example.jp,b@example.jp", "Yamada <a@example.jp>", "a@" + "b" * 250 + ".jp"]  # fmt: skip


@pytest.mark.parametrize("typed", SAMPLE)
def test_an_address_that_no_mail_reaches_is_refused_at_every_door(
    records: Database, doors: dict[str, FlaskClient], typed: str
) -> None:
    sentence = value_text.PROBLEMS[UNREACHABLE[typed]][0]
    person = {"name": "山田", "email": typed}
    for who, url, form in (
        ("stranger", "/register", {"kind": "npo", "organization_name": "里山の会", **person}),
        ("stranger", "/reset", {"email": typed}),
        ("owner", "/account/members/invite", {"role": "editor", **person}),
        ("manager", "/staff/invite", {"role": "coordinator", **person}),
        ("owner", "/profile/contact", {"email": typed, "visibility": "public"}),
    ):
        page = post(doors[who], url, form, 422)
        assert str(sentence) in page.text, url
        assert page.form(action=url if url != "/profile/contact" else "/contact").values["email"] == typed, (
            url
        )
    content = f'団体名,連絡用のメールアドレス\r\n里山の会,"{typed}"\r\n'.encode()
    sent = doors["manager"].post(
        "/desk/imports",
        data={
            "csrf_token": csrf_token(doors["manager"]),
            "form_id": "0" * 32,
            "kind": "npos",
            "file": (io.BytesIO(content), "a.csv"),
        },
    )
    shown = doors["manager"].get(sent.headers["Location"]).get_data(as_text=True)
    assert str(sentence) in shown
    assert "登録できる行がありません" in shown
    with records.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 2
        assert session.scalars(select(Organization.email)).all() == ["old@npo.example"]


def test_the_command_line_refuses_such_addresses_as_well(environment: dict[str, str], tmp_path: Path) -> None:
    run(environment, "db", "upgrade")
    made = ("user", "create", "--name", "課長", "--role", "manager", "--email")
    for typed in ("山田@example.jp", "a..b@docomo.ne.jp", "=?utf-8?q?a?=@example.jp"):
        assert UNREACHABLE[typed] in run(environment, *made, typed, status=1).stderr
        facts = {
            "name": "市",
            "section": "課",
            "phone": "0000-00-1000",
            "email": typed,
            "areas": {"a": "中央"},
        }
        (tmp_path / "city.json").write_text(json.dumps(facts), encoding="utf-8")
        refused = run(environment, "city", str(tmp_path / "city.json"), status=1)
        assert f"email: {UNREACHABLE[typed]}" in refused.stderr
    assert run(environment, "user", "list").stdout == ""


def test_an_address_typed_in_full_width_is_kept_and_found_as_one(
    records: Database, doors: dict[str, FlaskClient]
) -> None:
    form = {
        "kind": "npo",
        "organization_name": "里山の会",
        "name": "山田",
        "email": "Ｓａｔｏ＠Ｓａｔｏｙａｍａ．Example",
    }
    post(doors["stranger"], "/register", form)
    with records.read() as session:
        assert session.scalars(select(AccountRequest.email)).one() == "sato@satoyama.example"
