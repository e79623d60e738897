"""Files that come with a form: looked at before the transaction, and never left behind without a row."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from matcher.cases import answering, files, uploads
from matcher.ground.errors import Invalid, Refused
from matcher.records import CaseFile, Contribution
from tests.web.pages import Page, visit
from tests.web.pages import send as fill
from tests.web.test_workspace_pages import Town

CSV = "日,人\r\n1,30\r\n".encode()


@pytest.fixture
def town(settings, travel) -> Iterator[Town]:
    found = Town(settings, travel)
    yield found
    found.records.dispose()


def send(town: Town, action: str, field: str, status: int, **values: object) -> Page:
    client, url = town.browser("npo"), f"{town.url}/do/{action}"
    typed = {field: (io.BytesIO(CSV), "記録.csv"), **values}
    return fill(client, visit(client, url), typed, status, content_type="multipart/form-data")


def add_file(town: Town, status: int = 302) -> Page:
    return send(town, "add_file", "file", status, purpose="evidence")


def kept(town: Town) -> tuple[int, int]:
    """How many files have a row, and how many lie in the store."""
    with town.records.read() as session:
        rows = session.scalar(select(func.count()).select_from(CaseFile)) or 0
    return rows, len([path for path in town.folder.rglob("*") if path.is_file()])


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """What happens while a file is being looked at."""
    look = files.Store._scan

    def scan(store: files.Store, path: Path) -> None:
        happens()
        look(store, path)

    monkeypatch.setattr(files.Store, "_scan", scan)


def test_a_file_is_taken_and_others_write_while_it_is_scanned(town, monkeypatch):
    town.live(lambda p: p.bring("running"))

    def somebody_writes() -> None:
        with town.records.write() as session:
            answering.send_message(
                session, town.partners.company_actor, town.partners.case, "いま届けました。", town.partners.at
            )

    meanwhile(monkeypatch, somebody_writes)
    add_file(town)
    assert kept(town) == (1, 1)


def test_a_file_brought_as_evidence_is_kept_with_what_it_proves(town):
    town.live(lambda p: p.bring("running"))
    day = town.partners.today
    send(
        town, "record_contribution", "new_evidence", 302,
        support_type="food", quantity="5", unit="kg", given_on=day.isoformat(),
    )  # fmt: skip
    with town.records.read() as session:
        assert (
            session.scalars(select(Contribution)).one().evidence_id
            == session.scalars(select(CaseFile.id)).one()
        )
    assert kept(town) == (1, 1)


def test_a_unit_typed_where_none_is_chosen_is_taken_and_said_once(town):
    town.live(lambda p: p.bring("running"))
    browser = town.browser("npo")
    typed = {
        "new_evidence": (io.BytesIO(CSV), "記録.csv"), "support_type": "food", "quantity": "約２０ｋｇ",
        "unit": "", "given_on": town.partners.today.isoformat(),
    }  # fmt: skip
    form = visit(browser, f"{town.url}/do/record_contribution")
    sent = fill(browser, form, typed, 302, content_type="multipart/form-data")
    page = visit(browser, sent.location or "")
    assert page.text.count("量・金額：「約２０ｋｇ」を「20kg」と読み取りました。") == 1
    assert page.text.count("単位：「約２０ｋｇ」から「kg」と読み取りました。") == 1
    with town.records.read() as session:
        found = session.scalars(select(Contribution)).one()
        assert (found.quantity, found.unit) == (20, "kg")


def test_a_form_that_is_not_filled_in_has_its_file_looked_at_by_nobody(town, monkeypatch):
    town.live(lambda p: p.bring("running"))
    meanwhile(monkeypatch, lambda: pytest.fail("expected no look at the file"))
    page = send(town, "record_contribution", "new_evidence", 422, quantity="5")
    assert page.form("/do/record_contribution").values["quantity"] == "5"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Invalid(file="file_infected"), 422, "安全の検査で問題が見つかった"),
        (Refused("scanner_away"), 409, "ファイルの安全を確かめる仕組みが動いていません"),
        (Refused("uploads_busy"), 409, "ほかのファイルを確認している"),
    ],
)
def test_a_file_that_is_not_taken_leaves_nothing_and_what_was_typed_stays(
    town,
    monkeypatch,
    error,
    status,
    words,
):
    town.live(lambda p: p.bring("running"))

    def fail() -> None:
        raise error

    meanwhile(monkeypatch, fail)
    day = town.partners.today.isoformat()
    page = send(
        town,
        "record_contribution",
        "new_evidence",
        status,
        support_type="food",
        quantity="5",
        unit="kg",
        given_on=day,
    )
    assert words in page.text
    assert page.form("/do/record_contribution").values["quantity"] == "5"
    assert kept(town) == (0, 0)


def test_a_case_that_has_moved_on_meanwhile_keeps_no_bytes(town, monkeypatch):
    town.live(lambda p: p.bring("negotiation"))

    def leave() -> None:
        with town.records.write() as session:
            p = town.partners
            answering.withdraw(
                session, p.npo_actor, session.merge(p.case), "plans_changed", "", p.at, version=None
            )

    meanwhile(monkeypatch, leave)
    add_file(town, 409)
    assert kept(town) == (0, 0)


def test_no_more_files_are_looked_at_together_than_there_are_places(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(files, "_places", files._Places(at_once=1, waiting=1))
    store = files.Store(tmp_path)
    with files._places.place():
        with pytest.raises(Refused, match="uploads_busy"):
            files.prepare(store, "記録.csv", CSV)
        with files._places._inside, pytest.raises(Refused, match="uploads_busy"):
            files.prepare(store, "記録.csv", CSV)
    files.prepare(store, "記録.csv", CSV)


def test_every_file_field_offers_what_is_taken(town):
    town.live(lambda p: p.bring("running"))
    found = {}
    for who, url in (
        ("npo", f"{town.url}/do/add_file"), ("npo", f"{town.url}/do/record_contribution"), ("coordinator", "/desk/imports"),
    ):  # fmt: skip
        for one in visit(town.browser(who), url).inputs:
            if one.get("type") == "file":
                found[url.rpartition("/")[2]] = one.get("accept")
    assert found == {
        "add_file": uploads.ACCEPT,
        "record_contribution": uploads.ACCEPT,
        "imports": ".csv,.txt,.tsv,.xlsx",
    }
