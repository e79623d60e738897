"""A field of an organization, a need or an offer has one label, wherever people read it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask

from matcher.city.cities import UNKNOWN
from matcher.desk.lists import LISTS
from matcher.ground import posting, profile
from matcher.imports.columns import COLUMNS
from matcher.postings import finding
from matcher.records import CompanyProfile, Need, NpoProfile, Offer, Organization
from matcher.register import snapshots
from webapp import decision_text, organization_text, posting_text
from webapp.desk_lists import saved_columns
from webapp.forms import case as case_forms
from webapp.forms import organization as organization_forms
from webapp.forms import posting as posting_forms

FIELDS: Final = {**profile.FIELDS, **posting.FIELDS}
RECORDS: Final = {
    "company": Organization(kind="company", company=CompanyProfile()),
    "npo": Organization(kind="npo", npo=NpoProfile()),
    "need": Need(),
    "offer": Offer(),
}
#: (field, label) → why it is called so there
DIFFERENT: Final = {
    ("name", "名称"): "tables hold companies and NPOs side by side",
    ("kana", "フリガナ"): "as the name",
    ("area", "地区"): "lists call what they are narrowed by as their filter does",
    ("areas", "地区"): "as the area",
    ("fields", "分野"): "lists hold companies and NPOs side by side",
    ("support_type", "支援の種類"): "lists call it as the filter of all records does",
}
Said = tuple[str, str, str]  #: kind of record, field, label
_ROW: Final = re.compile(
    r'(?:summary_row|cell)\(_\("([^"]+)"\),\s*(company|npo|organization|need|offer|posting)\.(\w+)'
)


class Trace:
    """Whatever is asked of it, it notes by which names."""

    def __init__(self, path: tuple[str, ...] = ()) -> None:
        self.path = path

    def __getattr__(self, name: str) -> "Trace":
        return Trace((*self.path, name))


def in_forms() -> Iterator[Said]:
    for kind, sections in profile.SECTIONS.items():
        for part in sections:
            form = organization_forms.section_form(RECORDS[kind], part, UNKNOWN)
            yield from ((kind, code, form[code].label.text) for code in part.codes)
    forms = {"need": (*posting_forms.NEED_FORMS, posting_forms.ReviewForm), "offer": (posting_forms.OfferForm, posting_forms.ReviewForm)}  # fmt: skip
    for kind, kinds in forms.items():
        yield from ((kind, field.name, field.label.text) for one in kinds for field in one())


def in_tables() -> Iterator[Said]:
    kinds = {"companies": "company", "npos": "npo", "needs": "need", "offers": "offer"}
    yield from ((kinds[kind], one.code, one.heading) for kind, columns in COLUMNS.items() for one in columns)
    lists = {"organizations": ("company", "npo"), "needs": ("need",), "offers": ("offer",)}
    for name, whose in lists.items():
        for kind in whose:
            for column in saved_columns(LISTS[name], {"kind": kind}):
                row = column.value(Trace())
                if isinstance(row, tuple):  # what an import takes beside the columns of the screen
                    yield kind, row[0].code, column.label
                elif (
                    isinstance(row, Trace) and row.path[:1] == ("record",) and "organization" not in row.path
                ):
                    yield kind, row.path[-1], column.label


def in_decisions() -> Iterator[Said]:
    for kind, record in RECORDS.items():
        contents = [snapshots.facts_of(record)]
        if isinstance(record, Organization):
            contents.append(snapshots.facts_of(record.company or record.npo))
        for content in contents:
            yield from (
                (kind, code, label) for code, label in decision_text.names(content).items() if code in content
            )


def in_words() -> Iterator[Said]:
    for kind in ("need", "offer"):
        yield from ((kind, code, label) for code, label in posting_text.labels(kind).items())
    for kind, fields in profile.FIELDS.items():
        yield from ((kind, one.code, organization_text.label(kind, one.code)) for one in fields)


def in_template(text: str) -> Iterator[Said]:
    for label, record, code in _ROW.findall(text):
        kinds = {"organization": ("company", "npo"), "posting": ("need", "offer")}.get(record, (record,))
        yield from ((kind, code, label) for kind in kinds)


def in_templates() -> Iterator[Said]:
    for path in sorted(Path("webapp/templates").rglob("*.html")):
        yield from in_template(path.read_text(encoding="utf-8"))


PLACES: Final = (in_forms, in_tables, in_decisions, in_words, in_templates)


def others(said: Iterator[Said]) -> set[Said]:
    """What is called otherwise than its row says."""
    labels = {(kind, one.code): one.label for kind, fields in FIELDS.items() for one in fields}
    known = {(kind, code, str(label)) for kind, code, label in said if (kind, code) in labels}
    return {one for one in known if one[2] != labels[one[:2]]}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_field_has_one_label(place: Any, app: Flask) -> None:
    with app.test_request_context():
        found = others(place())
    assert {one for one in found if one[1:] not in DIFFERENT} == set()


def test_every_other_label_is_still_read_somewhere(app: Flask) -> None:
    with app.test_request_context():
        found = {one[1:] for place in PLACES for one in others(place())}
    assert DIFFERENT.keys() - found == set()


def test_a_label_of_its_own_in_a_template_is_found() -> None:
    text = '{{ summary_row(_("困っていること"), need.situation) }}{{ cell(_("件名"), offer.title) }}'
    assert others(in_template(text)) == {("need", "situation", "困っていること")}


def test_what_is_agreed_is_called_in_forms_as_in_decisions(app: Flask) -> None:
    with app.test_request_context():
        form = case_forms.TermsForm()
        asked = {field.name: str(field.label.text) for field in form if field.name in decision_text.FACTS}
        kept = {name: str(decision_text.FACTS[name]) for name in asked}
    asked.pop("version")
    assert {"support_type", "quantity", "unit", "period_from", "period_to"} == asked.keys()
    assert asked == {name: kept[name] for name in asked}


def test_fields_are_called_by_their_names_only_where_one_is_named(monkeypatch):
    def called(*_given):
        raise AssertionError("every row of a list would call all fields by their names")

    monkeypatch.setattr(posting_text, "labels", called)
    assert posting_text.why("need", None) == posting_text.why("need", finding.Why()) == ""
