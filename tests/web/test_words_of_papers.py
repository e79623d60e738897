"""No paper, decision or export of the demo city shows a key or a code: people read words."""

import io
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import disclosure, handovers
from matcher.desk.lists.audit import Entry
from matcher.ground import lifecycle, reasons, vocabulary
from matcher.ground.db import Database
from matcher.ground.permissions import Actor
from matcher.records import (
    CompanyProfile,
    Need,
    NpoProfile,
    Offer,
    Organization,
    Partnership,
    ShownSuggestion,
    User,
)
from matcher.register import audit, parties, snapshots
from matcher.register import frozen as kept
from matcher.results import publication
from tests.conftest import NOW
from webapp import (
    Settings,
    audit_text,
    case_text,
    create_app,
    decision_text,
    frozen_pages,
    papers,
    pdf,
    sheets,
)
from webapp.books import everything
from webapp.papers import bundle as bundle_papers
from webapp.papers import handover as handover_papers

ADDRESS = re.compile(r"https?://\S+|[\w.+-]+@[\w.-]+|\b[0-9a-f]{12,64}\b")
KEY = re.compile(r"(?<![\w/])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?!\w)")
WORD = re.compile(r"(?<![\w/.-])[a-z]{3,}(?![\w/.-])")
#: Words that stand on papers in letters and are no codes: the name of the hash.
ALLOWED = {"sha"}


def codes() -> set[str]:
    """Every code of every vocabulary and of every life cycle."""
    tables: list[Any] = [part for part in vars(vocabulary).values() if isinstance(part, Mapping)]
    tables += lifecycle.STATES.values()
    return {key for table in tables for key in table if isinstance(key, str) and key.isascii()}


CODES = codes()


def bare(text: str) -> list[str]:
    """The keys and codes that stand in a text."""
    said = ADDRESS.sub(" ", text)
    return sorted({*KEY.findall(said), *(word for word in WORD.findall(said) if word in CODES - ALLOWED)})


def words_of(html: str) -> str:
    """What somebody reads of a page or paper."""
    html = re.sub(r"<(style|title)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", html)


@pytest.fixture(scope="module")
def town(lived_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Database]]:
    folder = tmp_path_factory.mktemp("words")
    shutil.copy(lived_city, folder / "demo.db")
    app = create_app(
        Settings.from_environment(
            {
                "DATABASE_URL": f"sqlite:///{folder}/demo.db", "SECRET_KEY": "only-for-tests-" + "x" * 32,
                "VAR_FOLDER": str(folder / "var"), "BASE_URL": "https://enmusubi.city.miohara.example",
                "WORKER": "off",
            }
        )
    )  # fmt: skip
    database: Database = app.extensions["database"]
    yield app, database
    database.dispose()


@pytest.fixture(scope="module")
def said(town: tuple[Flask, Database]) -> dict[str, str]:
    """Name → what is read, of every paper, version, decision, bundle, public page and book of the city."""
    app, database = town
    found: dict[str, str] = {}
    with app.test_request_context(), database.read() as session:
        user = session.scalars(select(User).where(User.role == "manager")).first()
        assert user is not None
        desk = Actor("manager", user.id, user.public_id, user.name)
        city = cities.get(session)
        for public_id in session.scalars(select(Partnership.public_id).order_by(Partnership.id)).all():
            case = case_reads.get_case(session, desk, public_id)
            for bundle in case_reads.decision_bundles(session, case):
                html = frozen_pages.decision(bundle.content, city.area_labels)
                found[f"decision {case.number} {bundle.content['outcome']}"] = words_of(html)
            events = audit.history(session, "partnership", public_id)
            lines = case_text.timeline(desk, case, events, [])
            found[f"timeline {case.number}"] = "\n".join(
                f"{line['text']}　{line.get('reason') or ''}" for line in lines
            )
            for event, person in events:
                entry = Entry(event, person)
                found[f"audit {case.number} {event.id}"] = "　".join(
                    (audit_text.action(event), audit_text.states(event), audit_text.reason(event),
                     audit_text.target(entry))
                )  # fmt: skip
            if not case.was_introduced:
                continue
            ask = papers.Ask(session, desk, case, NOW)
            for name in papers.available(ask):
                _file, template, facts = papers.make(ask, name)
                found[f"paper {case.number} {name}"] = words_of(pdf.source(template, facts))
            for row in case_reads.versions(session, case):
                version = kept.version(parties.History(session, case), row)
                html = frozen_pages.document(
                    version, public_id, changes=[], lessons=[], areas=city.area_labels
                )
                found[f"version {case.number} {row.kind} {row.number}"] = words_of(html)
            content = disclosure.gather(session, desk, case, (), NOW)
            facts = bundle_papers.facts(content, case.number, city, NOW)
            found[f"bundle {case.number}"] = words_of(pdf.source("bundle.html", facts))
        for case, view in publication.published(session):
            found[f"public {case.number}"] = words_of(frozen_pages.published(view, city.area_labels))
        rows = handovers.sheets(session, desk, None, NOW)
        notes = handovers.notes_on(session, [row.case for row in rows])
        facts = handover_papers.facts(rows, notes, "全員", city, NOW)
        found["handover"] = words_of(pdf.source("handover.html", facts))
        book = sheets.workbook(*everything.everything_sheets(session, desk, city.section, NOW))
        for sheet in load_workbook(io.BytesIO(book)).worksheets:
            cells = [
                str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
            ]
            found[f"book {sheet.title}"] = "\n".join(cells)
    return found


KINDS = ("decision", "paper", "version", "bundle", "public", "handover", "book", "timeline", "audit")


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_and_no_code_is_read(said: dict[str, str], kind: str) -> None:
    read = {name: text for name, text in said.items() if name.split(" ")[0] == kind}
    assert read
    found = {f"{word} on {name}" for name, text in read.items() for word in bare(text)}
    assert sorted(found) == []


RECORDS = (
    Partnership(), Organization(kind="company"), Organization(kind="npo"), CompanyProfile(), NpoProfile(), Need(), Offer(),
    ShownSuggestion(),
)  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_every_fact_that_a_decision_freezes_has_a_name(record: Any, app: Flask) -> None:
    kept_facts = snapshots.facts_of(record)
    with app.test_request_context():
        assert kept_facts.keys() - decision_text.names(kept_facts).keys() - {"public_id"} == set()


@pytest.mark.parametrize(
    "row", lifecycle.TRANSITIONS, ids=lambda row: f"{row.machine} {row.action} {row.source}"
)
def test_every_reason_of_a_move_is_known_by_what_was_done_and_by_the_state(row: lifecycle.Move) -> None:
    kind = "need" if row.machine == "posting" else row.machine
    for code, label in (row.reasons or {}).items():
        assert reasons.of_action(kind, row.action)[code] == label
        assert reasons.of_state(row.machine, row.target)[code] == label


@pytest.mark.parametrize(
    "bad", ["区分 outcome_linked", "contact_department：総務部", "理由 personal。", "状態　terminated"]
)
def test_the_check_finds_a_code(bad: str) -> None:
    assert bare(bad)


def test_the_check_lets_addresses_and_hashes_pass() -> None:
    assert bare("https://aoba.example/about_us aoba_kai@npo.example 0a1b2c3d4e5f6071") == []
