"""What waits for the city's decision: its order, what comes next, what is marked, and what that costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from matcher.cases import deciding, stages
from matcher.cases import reads as case_reads
from matcher.desk import checks, queues, waiting
from matcher.ground import lifecycle, personal, vocabulary
from matcher.ground.errors import NotPermitted
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, CaseMessage, Organization, Partnership, PublicComment, User
from matcher.register import conflicts
from tests.conftest import NOW
from tests.factories import (
    actor_for,
    make_city,
    make_company,
    make_coordinator,
    make_membership,
    make_need,
    make_npo,
    make_offer,
    make_user,
)
from tests.services.test_desk import days_ago, make_case


class Office:
    """A coordinator, and cases that wait for a decision."""

    def __init__(self, session: Session) -> None:
        make_city(session)
        self.session = session
        self.desk: Actor = actor_for(make_coordinator(session))
        self.manager: Actor = actor_for(make_coordinator(session, role="manager"))
        self.company: Organization = make_company(session)
        self.npo: Organization = make_npo(session, name="ひだまりの会")
        self.user: User = make_user(session, self.company)

    def case(self, days: float, **changes: object) -> Partnership:
        """A case that has waited for so long, about a need of its own."""
        need = make_need(self.session, self.npo, title=f"{days}日前のニーズ")
        facts = {
            "moved_at": days_ago(days), "need_id": need.id, "period_from": need.period_from,
            "period_to": need.period_to,
        }  # fmt: skip
        return make_case(self.session, self.company, self.npo, self.user, **facts | changes)

    def around(self, case: Partnership, code: str = "cases") -> waiting.Line:
        """The queue as it stands beside a case."""
        return waiting.around(self.session, self.desk, code, case, NOW)

    def next(self, case: Partnership, code: str = "cases", actor: Actor | None = None) -> Partnership | None:
        """What is decided on after a case, which is then out of the queue."""
        place = waiting.place(code, case)
        case.state, case.moved_at = "introduced", NOW
        self.session.flush()
        return waiting.next_after(self.session, actor or self.desk, code, place)


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


def test_what_has_waited_longest_comes_first(office: Office):
    young, old, middle = office.case(1), office.case(9), office.case(4)
    line = office.around(middle)
    assert [row.public_id for row in line.rows] == [old.public_id, middle.public_id, young.public_id]
    assert [row.is_here for row in line.rows] == [False, True, False]
    assert (line.others, line.beyond) == (2, 0)
    assert (line.rows[0].about, line.rows[0].who) == ("9日前のニーズ", "ひだまりの会")


def test_after_a_decision_the_one_behind_it_is_next_and_after_the_last_the_first_that_was_left(
    office: Office,
):
    young, old, middle = office.case(1), office.case(9), office.case(4)
    assert office.next(middle) is young
    assert office.next(young) is old
    assert office.next(old) is None


def test_of_two_that_came_at_once_neither_is_passed_over(office: Office):
    one, other, third = (office.case(2) for _ in range(3))
    assert office.next(one) is other
    assert office.next(other) is third


def test_of_a_long_queue_the_part_around_the_record_stands_beside_it(office: Office):
    cases = [office.case(40 - number) for number in range(30)]
    ids = [case.public_id for case in cases]
    for place, first in ((0, 0), (1, 0), (15, 13), (29, 20)):
        line = office.around(cases[place])
        assert [row.public_id for row in line.rows] == ids[first : first + waiting.SHOWN], place
        assert (line.others, line.beyond) == (29, 20)


def test_what_has_been_decided_meanwhile_stands_in_no_queue(office: Office):
    case, other = office.case(3), office.case(2)
    case.state = "refused"
    office.session.flush()
    line = office.around(case)
    assert [(row.public_id, row.is_here) for row in line.rows] == [(other.public_id, False)]
    assert line.others == 1


def test_a_row_warns_of_what_somebody_should_look_at(office: Office):
    plain = office.case(1)
    more = office.case(1, quantity=999)
    late = office.case(30)
    marks = {row.public_id: row.needs_care for row in office.around(plain).rows}
    assert marks == {plain.public_id: False, more.public_id: True, late.public_id: True}
    office.npo.state = "suspended"
    office.session.flush()
    assert all(row.needs_care for row in office.around(plain).rows)


def test_what_was_compared_is_told_of_one_case(office: Office):
    case = office.case(1)

    def found() -> dict[str, str]:
        whole = case_reads.get_case(office.session, office.desk, case.public_id)
        talk = "\n".join(one.text for one in case_reads.messages_of_case(office.session, whole))
        both, hints = conflicts.on_both_sides(office.session, whole), personal.kinds_by({"talk": talk})
        told = checks.of_case(whole, NOW, on_both_sides=both, hints=hints)
        return {one.code: one.mark for one in told}

    assert set(found().values()) == {"yes"}
    person = make_user(office.session, office.npo)
    make_membership(office.session, person, office.company)
    office.session.add(
        CaseMessage(
            partnership_id=case.id, author_id=office.user.id, written_at=NOW, text="090-1234-5678へどうぞ"
        )
    )
    case.quantity = 500
    office.session.flush()
    assert found() == {
        "verified": "yes", "terms": "no", "in_time": "yes", "both_sides": "no", "personal": "no",
    }  # fmt: skip
    case.need_id = None
    office.session.flush()
    office.session.expire_all()
    assert found()["terms"] == "none"


def test_what_has_happened_since_the_city_gave_it_back(office: Office):
    case = office.case(1)
    whole = case_reads.get_case(office.session, office.desk, case.public_id)
    assert checks.since_returned(case_reads.history(office.session, whole)) == []
    deciding.return_(
        office.session,
        office.desk,
        whole,
        next(iter(vocabulary.CASE_RETURN_REASONS)),
        "量を教えてください。",
        NOW,
    )
    later = NOW + timedelta(hours=1)
    stages.enter(office.session, actor_for(office.user), whole, lifecycle.REVISE, later)
    since = checks.since_returned(case_reads.history(office.session, whole))
    assert [one.action for one, _doer in since] == [lifecycle.REVISE]


def test_an_agreement_for_managers_is_next_only_for_them(office: Office):
    first, second = (office.case(days, state="agreement_review") for days in (5, 4))
    for case, yen in ((first, 0), (second, 100_000_000)):
        office.session.add(
            CaseDocument(
                partnership_id=case.id, kind="agreement", number=1, state="draft", drafted_at=NOW,
                content={"money_city_yen": yen}, sha256="0" * 64, drafted_by_id=office.user.id,
            )
        )  # fmt: skip
    office.session.flush()
    assert office.around(first, "agreements").others == 1
    assert office.next(first, "agreements") is None
    assert office.next(first, "agreements", office.manager) is second


@pytest.mark.parametrize("code", sorted(waiting.KINDS))
def test_every_queue_is_the_one_that_the_desk_counts(office: Office, code: str):
    for number in range(3):
        at = days_ago(number + 1)
        office.case(number + 1)
        office.case(number + 1, state="agreement_review")
        make_npo(office.session, state="submitted", submitted_at=at)
        make_need(office.session, office.npo, state="in_review", submitted_at=at)
        make_offer(office.session, office.company, state="in_review", submitted_at=at)
        words = PublicComment(partnership_id=office.case(0, state="closed").id, text="よい取り組みです。",
                              state="waiting", written_at=at)  # fmt: skip
        office.session.add(words)
    office.session.flush()
    kind = waiting.KINDS[code]
    record = office.session.scalars(select(kind.record).where(kind.record.state == kind.state)).first()
    line = office.around(record, code)
    counted = {one.code: one.count for one in queues.queues(office.session, office.desk, NOW)}
    assert line.others + 1 == counted[code] == 3
    assert all(row.about for row in line.rows)
    assert [row.since for row in line.rows] == sorted(row.since for row in line.rows if row.since)


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """The statements of a session while the block runs."""
    seen: list[str] = []
    bind = session.get_bind()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(bind, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(bind, "before_cursor_execute", note)


@pytest.mark.parametrize("many", [2, 60])
def test_a_queue_costs_two_questions_however_long_it_is(office: Office, many: int):
    cases = [office.case(number + 1) for number in range(many)]
    office.session.flush()
    office.session.expire_all()
    case = case_reads.get_case(office.session, office.desk, cases[0].public_id)
    with counted(office.session) as asked:
        office.around(case)
    assert len(asked) == 2
    with counted(office.session) as asked:
        waiting.next_after(office.session, office.desk, "cases", waiting.place("cases", case))
    assert len(asked) == 1


def test_only_the_city_sees_a_queue(office: Office):
    case = office.case(1)
    with pytest.raises(NotPermitted):
        waiting.around(office.session, actor_for(office.user), "cases", case, NOW)
    with pytest.raises(NotPermitted):
        waiting.next_after(office.session, actor_for(office.user), "cases", waiting.place("cases", case))
