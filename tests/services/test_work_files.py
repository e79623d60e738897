"""Files of a case, and how its official hands it over."""

import pytest
from sqlalchemy import select

from matcher.cases import documents, files
from matcher.desk import handovers
from matcher.ground import calendar
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted, Refused
from matcher.records import (
    AuditEvent,
    Partnership,
)
from matcher.register import audit, officials
from tests import factories
from tests.services.agreeing import DAY, hand_over, reason, task, upload


def test_a_file_lies_under_a_random_name_in_versions_and_its_readers_are_known(partners, session):
    partners.bring("running")
    first = upload()(partners)
    second = files.add_file(
        session, partners.company_actor, partners.case, first,
        files.prepare(partners.store, "記録2.csv", "日,人\r\n2,31\r\n".encode()), "evidence", partners.at,
    )  # fmt: skip
    assert (second.series, second.number) == (first.series, 2)
    assert "記録" not in first.stored_name
    assert partners.store.read(first.stored_name).endswith(b"30\r\n")
    audit.write(session, files.reading_note(partners.company_actor, partners.case, first, partners.at))
    readers = [(who.name, who.organization_id) for _at, who in files.readings(session, partners.case, first)]
    assert readers == [(partners.company_user.name, partners.company.id)]


@pytest.mark.parametrize("end", ["rollback", "commit"])
def test_the_bytes_of_a_file_stay_only_with_their_row(partners, session, end):
    partners.bring("running")
    session.commit()
    path = partners.store.path(upload()(partners).stored_name)
    session.begin_nested().rollback()
    assert path.exists()
    session.begin_nested().commit()
    getattr(session, end)()
    session.rollback()
    assert path.exists() == (end == "commit")


def test_a_file_of_another_case_is_not_found(partners, session):
    partners.bring("running")
    with pytest.raises(NotFound):
        files.get(session, partners.case, "0" * 32)
    with pytest.raises(NotFound):
        documents.get(session, partners.case, "0" * 32)
    with pytest.raises(NotFound):
        partners.store.read("0" * 32)


def test_there_is_an_end_to_files(partners, monkeypatch):
    partners.bring("running")
    monkeypatch.setattr(files, "MOST_FILES", 1)
    upload()(partners)
    with pytest.raises(Refused, match="too_many_files"):
        upload()(partners)


@pytest.mark.parametrize(
    ("script", "error", "code"),
    [
        ("exit 0", None, ""),
        ("exit 1", Invalid, "file_infected"),
        ("exit 2", Refused, "scanner_away"),
        (None, Refused, "scanner_away"),
    ],
)
def test_what_the_scanner_says_counts(partners, tmp_path, script, error, code):
    path = tmp_path / "scan.sh"
    if script is not None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    partners.bring("running")
    partners.store = files.Store(tmp_path / "scanned", str(path))
    if error is None:
        upload()(partners)
    else:
        with pytest.raises(error, match=code):
            upload()(partners)
    assert list((tmp_path / "scanned").rglob("*.part")) == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"cases": []}, "cases:required"),
        ({"to_user": "from"}, "to_user:same_person"),
        ({"to_user": "operator"}, "to_user:required"),
        ({"deputy": "to"}, "deputy:same_person"),
        ({"effective_on": -1}, "effective_on:over_already"),
        ({"effective_on": 733}, "effective_on:handover_far"),
    ],
)
def test_a_handover_that_cannot_be_is_refused(partners, session, facts, code):
    partners.bring("running")
    users = {user.id: user for user in officials.active_staff(session)}
    people = {
        "from": users[partners.coordinator.user_id], "to": users[partners.colleague.user_id],
        "operator": factories.make_coordinator(session, role="operator"),
    }  # fmt: skip
    values = {
        name: people.get(value, value) if isinstance(value, str) else value for name, value in facts.items()
    }
    if "effective_on" in values:
        values["effective_on"] = calendar.tokyo_date(partners.at) + values["effective_on"] * DAY
    partners.today = calendar.tokyo_date(partners.at)
    with pytest.raises(Invalid) as caught:
        hand_over(partners, **values)
    assert code in reason(caught.value)


def test_a_case_is_handed_over_once_on_a_day(partners, session):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    first = hand_over(partners)
    with pytest.raises(Invalid) as caught:
        hand_over(partners)
    assert "cases:handed_over_already" in reason(caught.value)
    assert handovers.planned(session) == [first]
    hand_over(partners, effective_on=partners.today + 6 * DAY)
    handovers.cancel(session, partners.coordinator, first, partners.at)
    hand_over(partners)


def test_only_the_city_hands_over(partners):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    with pytest.raises(NotPermitted):
        hand_over(partners, actor=partners.npo_actor)
    with pytest.raises(NotPermitted):
        handovers.sheets(partners.session, partners.npo_actor, None, partners.at)
    found = hand_over(partners)
    with pytest.raises(NotPermitted):
        handovers.cancel(partners.session, partners.npo_actor, found, partners.at)


def test_the_case_changes_hands_on_its_day_with_a_stand_in(partners, session):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    found = hand_over(partners)
    assert handovers.run_due(session, partners.later(days=4)) == 0
    assert handovers.run_due(session, partners.later(days=1)) == 1
    session.refresh(partners.case, ["coordinator_id", "deputy_id"])
    assert partners.case.coordinator_id == partners.colleague.user_id
    assert partners.case.deputy_id == partners.manager.user_id
    with pytest.raises(MovedOn):
        handovers.cancel(session, partners.coordinator, found, partners.at)
    assert "hand_over" in set(session.scalars(select(AuditEvent.action)))


def test_a_cancelled_handover_does_not_happen(partners, session):
    partners.bring("running")
    partners.today = calendar.tokyo_date(partners.at)
    found = hand_over(partners)
    handovers.cancel(session, partners.coordinator, found, partners.at)
    assert handovers.run_due(session, partners.later(days=9)) == 0
    with pytest.raises(MovedOn):
        handovers.cancel(session, partners.coordinator, found, partners.at)


def test_the_handover_sheet_tells_what_is_open(partners, session):
    partners.bring("negotiation")
    task(text="冷凍庫を測る")(partners)
    sheet = handovers.sheets(session, partners.coordinator, None, partners.at)[0]
    assert [promise.text for promise in sheet.promises] == ["冷凍庫を測る"]
    assert {step.kind for step in sheet.steps} >= {"write_plan"}
    assert session.scalars(select(Partnership)).one().number == sheet.case.number
