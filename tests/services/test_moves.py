"""The one way a record changes its state: who is not among the movers of a row changes nothing."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.ground import lifecycle
from matcher.ground.errors import Invalid, MovedOn
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import AuditEvent, Partnership
from matcher.register import moves
from tests.factories import (
    actor_for,
    make_city,
    make_company,
    make_coordinator,
    make_need,
    make_npo,
    make_user,
)


@pytest.fixture
def records(session: Session, now: datetime) -> dict[str, moves.Movable]:
    """One record of each machine, all of the same two parties."""
    make_city(session)
    npo, company = make_npo(session), make_company(session)
    need, person = make_need(session, npo), make_user(session, npo)
    case = Partnership(
        number="E-1", company_id=company.id, npo_id=npo.id, need_id=need.id, origin="npo", support_type="food",
        started_by_id=person.id, created_at=now, moved_at=now, state="interest_one_side",
    )  # fmt: skip
    session.add(case)
    session.flush()
    session.refresh(case, ["company", "npo"])
    return {"organization": npo, "posting": need, "partnership": case}


@pytest.fixture
def actors(session: Session, records: dict[str, moves.Movable]) -> list[Actor]:
    """Everybody who could try: both sides, a stranger, both kinds of officials and the clock."""
    case = records["partnership"]
    assert isinstance(case, Partnership)
    stranger = make_npo(session, name="べつの会")
    return [
        actor_for(make_user(session, case.npo), case.npo),
        actor_for(make_user(session, case.company), case.company),
        actor_for(make_user(session, stranger), stranger),
        actor_for(make_coordinator(session)),
        actor_for(make_coordinator(session, role="manager")),
        SYSTEM,
    ]


def test_who_is_not_a_mover_of_the_row_moves_nothing_and_leaves_no_event(
    session: Session, now: datetime, records: dict[str, moves.Movable], actors: list[Actor]
) -> None:
    tried = 0
    for row in lifecycle.TRANSITIONS:
        record = records[row.machine]
        for actor in actors:
            if moves.movers(actor, record) & set(row.by):
                continue
            record.state = row.source
            session.flush()
            before = session.scalar(select(func.count(AuditEvent.id)))
            reason = next(iter(row.reasons), None) if row.reasons else None
            with pytest.raises(MovedOn):
                moves.move(
                    session, actor, record, row.action, now, reason_code=reason, reason_text="理由です。"
                )
            assert (record.state, session.scalar(select(func.count(AuditEvent.id)))) == (row.source, before)
            tried += 1
    assert tried > len(lifecycle.TRANSITIONS)


def test_everybody_counts_as_what_they_are_to_the_record_and_a_stranger_as_nobody(
    records: dict[str, moves.Movable], actors: list[Actor]
) -> None:
    city = [{"coordinator"}, {"coordinator", "manager"}, {"system"}]
    found = {kind: [set(moves.movers(actor, record)) for actor in actors] for kind, record in records.items()}
    assert found == {
        "organization": [{"owner"}, set(), set(), *city],
        "posting": [{"owner"}, set(), set(), *city],
        "partnership": [{"npo"}, {"company"}, set(), *city],
    }


@pytest.mark.parametrize(("code", "text", "field"), [
    (None, "", "reason_code"), ("made_up", "", "reason_code"), ("other", " \u3000\n", "reason_text"),
])  # fmt: skip
def test_a_move_with_reasons_wants_one_of_the_list_and_words_for_any_other(
    session: Session,
    now: datetime,
    records: dict[str, moves.Movable],
    actors: list[Actor],
    code: str | None,
    text: str,
    field: str,
) -> None:
    row = next(
        one for one in lifecycle.TRANSITIONS if "coordinator" in one.by and "other" in (one.reasons or {})
    )
    record = records[row.machine]
    record.state = row.source
    session.flush()
    with pytest.raises(Invalid) as refused:
        moves.move(session, actors[3], record, row.action, now, reason_code=code, reason_text=text)
    assert refused.value.facts == {field: "required"}
    assert record.state == row.source
    moves.move(
        session, actors[3], record, row.action, now, reason_code="other", reason_text="雨がつづいたため。"
    )
    assert (record.state, record.reason_text) == (row.target, "雨がつづいたため。")
