"""Two people, or two workers, at once on every decision point of a partnership. Real threads, both databases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.agreements import acts as agreement_acts
from matcher.agreements import course
from matcher.cases import answering, beginning, documents
from matcher.cases import reads as case_reads
from matcher.desk import handovers
from matcher.ground.db import Database
from matcher.ground.errors import MovedOn, Refused
from matcher.ground.permissions import Actor
from matcher.records import AuditEvent, Indicator, Partnership, Payment, PublicComment
from matcher.register import audit, officials
from matcher.results import (
    accepting,
    closing,
    comments,
    lessons,
    outcome_reports,
    publication,
    ratings,
    renewal,
)
from matcher.work import measurements, payments, reports
from matcher.work import reads as work_reads
from tests import factories
from tests.partners import SCORES, Partners
from tests.services.test_races import at_once

ROUNDS = 3  #: `make soak` runs 200

Act = Callable[[Session, Partnership, Partners], object]


@dataclass(frozen=True)
class Point:
    """A decision point: how a case gets there, what is done at once, and which audit events there may be.

    ``winners``: how many of the acts succeed; of ``events`` exactly ``count`` are recorded.
    """

    prepare: Callable[[Partners], object]
    acts: tuple[Act, ...]
    events: tuple[str, ...]
    winners: int = 1
    count: int = 1


def _accept(kind: str, who: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        draft = documents.find_draft(session, case, kind)
        if draft is None:
            raise MovedOn()
        actor: Actor = getattr(partners, who)
        accepting.accept_document(session, actor, case, draft, draft.sha256, partners.at)

    return act


def _both(kind: str) -> tuple[Act, ...]:
    return (_accept(kind, "npo_actor"), _accept(kind, "company_actor"))


def _draft_trial(partners: Partners) -> None:
    accept, partners.accept = partners.accept, lambda *_kinds: None  # type: ignore[method-assign]
    partners.introduce()
    partners.meet()
    partners.begin_trial()
    partners.accept = accept  # type: ignore[method-assign]


def _plan_drafted(partners: Partners) -> None:
    partners.bring("negotiation")
    partners.draft_plan()


def _agreement_drafted(partners: Partners) -> None:
    partners.bring("agreement_draft")


def _confirm(who: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        answer = agreement_acts.Confirmation(frozenset(agreement_acts.CHECKS), "確認した。")
        agreement_acts.confirm(
            session, getattr(partners, who), case, answer, partners.at, version=partners.seen
        )

    return act


def _return(session: Session, case: Partnership, partners: Partners) -> None:
    agreement_acts.return_(
        session, partners.coordinator, case, "money", "金額は？", partners.at, version=partners.seen
    )


def _withdraw(session: Session, case: Partnership, partners: Partners) -> None:
    answering.withdraw(session, partners.npo_actor, case, "resources", "", partners.at, version=partners.seen)


def _start(session: Session, _case: Partnership, partners: Partners) -> None:
    course.start_due(session, partners.at)


def _end(session: Session, _case: Partnership, partners: Partners) -> None:
    course.end_due(session, partners.at)


def _suspend(who: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        by = partners.ends_on
        course.suspend(
            session, getattr(partners, who), case, "staff", "休む。", by, partners.at, version=partners.seen
        )

    return act


def _resume(session: Session, case: Partnership, partners: Partners) -> None:
    course.resume(session, partners.company_actor, case, "続ける。", partners.at, version=partners.seen)


def _terminate(session: Session, case: Partnership, partners: Partners) -> None:
    course.terminate(
        session, partners.npo_actor, case, "staff", "終える。", "会で。", partners.at, version=partners.seen
    )


def _day_before(partners: Partners) -> None:
    partners.bring("agreed")
    partners.later(days=1)


def _last_day_over(partners: Partners) -> None:
    partners.bring("running")
    partners.later(days=partners.days + 1)


def _measured(partners: Partners) -> None:
    partners.bring("running")
    partners.later(days=partners.days)
    partners.measure(partners.only_indicator(), 30.0, partners.ends_on, accept=False)


def _review(who: str, accepted: bool) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        indicator = session.scalars(select(Indicator).where(Indicator.partnership_id == case.id)).one()
        waiting = measurements._measurements(session, indicator, partners.ends_on, "submitted")
        if not waiting:
            raise MovedOn()
        session.refresh(waiting[0], ["indicator"])
        measurements.review_measurement(
            session, getattr(partners, who), case, waiting[0], accepted, "見た。", partners.at, version=None
        )

    return act


def _reported_period(partners: Partners) -> None:
    partners.run_quarterly()
    partners.later(days=95)
    report = work_reads.reports(partners.session, partners.case)[0]
    for actor in partners.sides:
        facts = {"text": "届けた。", "setbacks": "雪。", "next_step": ""}
        reports.write_report(
            partners.session, actor, partners.case, report, facts, partners.at, submit=True, version=None
        )


def _review_report(who: str, accepted: bool) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        report = work_reads.reports(session, case)[0]
        reports.review_report(
            session, getattr(partners, who), case, report, accepted, "見た。", partners.at, version=None
        )

    return act


def _payable(partners: Partners) -> None:
    partners.contracted()
    partners.later(days=partners.days)
    partners.measure(partners.only_indicator(), 31.0, partners.ends_on)


def _calculated(partners: Partners) -> None:
    _payable(partners)
    payments.calculate(partners.session, partners.coordinator, partners.case, partners.rule(), partners.at)


def _approved(partners: Partners) -> None:
    _calculated(partners)
    found = payments.all_of(partners.session, partners.case)[0]
    payments.approve(partners.session, partners.manager, partners.case, found, partners.at, version=None)


def _calculate(who: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        rule = payments.rules(session, case)[0]
        payments.calculate(session, getattr(partners, who), case, rule, partners.at)

    return act


def _approve(session: Session, case: Partnership, partners: Partners) -> None:
    found = payments.all_of(session, case)[0]
    payments.approve(session, partners.manager, case, found, partners.at, version=None)


def _pay(who: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        found = payments.all_of(session, case)[0]
        day = found.approved_at.date() if found.approved_at else partners.today
        payments.record_paid(session, getattr(partners, who), case, found, day, partners.at, version=None)

    return act


def _outcome_drafted(partners: Partners) -> None:
    partners.bring("ended")
    partners.measure(partners.only_indicator(), 31.0, partners.ends_on)
    facts = {"sentences": [], "narrative": "続いた。", "setbacks": "雪。", "harm": "", "next_step": ""}
    outcome_reports.draft_report(
        partners.session, partners.npo_actor, partners.case, facts, partners.at, version=None
    )


def _rated(partners: Partners) -> None:
    partners.bring("reported")
    for actor in (*partners.sides, partners.coordinator):
        own = documents.side_of(actor, partners.case)
        for about in sorted(ratings.PARTIES, key=lambda side: side != own):
            ratings.rate(partners.session, actor, partners.case, about, SCORES, "", partners.at)


def _rate_self(session: Session, case: Partnership, partners: Partners) -> None:
    ratings.rate(session, partners.npo_actor, case, "npo", SCORES, "", partners.at)


def _conclude(who: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        ratings.conclude(
            session, getattr(partners, who), case, "そろった。", partners.at, version=partners.seen
        )

    return act


def _closable(partners: Partners) -> None:
    partners.bring("evaluated")
    lessons.add_lesson(partners.session, partners.npo_actor, partners.case, "学び", True, partners.at)
    publication.unpublish(
        partners.session, partners.npo_actor, partners.case, "private", "小さな会。", partners.at
    )


def _close(who: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        closing.close(session, getattr(partners, who), case, "済んだ。", partners.at, version=partners.seen)

    return act


def _renew(who: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        terms = beginning.Terms("food", 20, "kg")
        renewal.renew(session, getattr(partners, who), case, terms, "次の年も。", partners.at)

    return act


def _publication_drafted(partners: Partners) -> None:
    partners.bring("running")
    publication.draft(
        partners.session, partners.coordinator, partners.case, "題", "紹介", ["purpose"], partners.at,
        version=None,
    )  # fmt: skip
    partners.accept("publication", *partners.sides)


def _published(partners: Partners) -> None:
    partners.bring("running")
    partners.publish("purpose")
    comments.comment(
        partners.session, partners.case, "よい取り組みです。", partners.case.public_id, partners.at
    )


def _treat(who: str, decision: str) -> Act:
    def act(session: Session, case: Partnership, partners: Partners) -> None:
        found = session.scalars(select(PublicComment).where(PublicComment.partnership_id == case.id)).one()
        answer = {
            "decision": decision,
            "text": "ありがとう。",
            "reason": "記録のため。",
            "hide_reason": "abuse",
        }
        comments.treat_comment(
            session, getattr(partners, who), found, case, answer, partners.at, version=partners.seen_comment
        )

    return act


def _handover_planned(partners: Partners) -> None:
    partners.bring("running")
    users = {user.id: user for user in officials.active_staff(partners.session)}
    case = partners.case
    source = users[case.coordinator_id]
    target = next(user for user in users.values() if user.id != source.id and user.role == "coordinator")
    handovers.plan(
        partners.session, partners.manager, source, target, [case], partners.ends_on, partners.at, note=""
    )
    partners.later(days=partners.days + 1)


def _take_over(session: Session, _case: Partnership, partners: Partners) -> None:
    handovers.run_due(session, partners.at)


POINTS = {
    "trial accepted": Point(_draft_trial, _both("trial"), ("begin_trial",), winners=2),
    "plan accepted": Point(_plan_drafted, _both("plan"), ("accept_plan",), winners=2, count=2),
    "agreement signed": Point(_agreement_drafted, _both("agreement"), ("submit_agreement",), winners=2),
    "agreement confirmed or returned": Point(
        lambda p: p.bring("agreement_review"), (_confirm("manager"), _return),
        ("confirm_agreement", "return_agreement"),
    ),
    "agreement confirmed twice": Point(
        lambda p: p.bring("agreement_review"), (_confirm("manager"), _confirm("coordinator")),
        ("confirm_agreement",),
    ),
    "agreement confirmed or withdrawn": Point(
        lambda p: p.bring("agreement_review"), (_confirm("coordinator"), _withdraw),
        ("confirm_agreement", "withdraw"),
    ),
    "started by two workers": Point(_day_before, (_start, _start), ("start",), winners=2),
    "suspended by both": Point(
        lambda p: p.bring("running"), (_suspend("npo_actor"), _suspend("company_actor")), ("suspend",)
    ),
    "resumed or terminated": Point(
        lambda p: p.bring("suspended"), (_resume, _terminate), ("resume", "terminate")
    ),
    "ended by two workers": Point(_last_day_over, (_end, _end), ("end",), winners=2),
    "measurement accepted or sent back": Point(
        _measured, (_review("coordinator", True), _review("colleague", False)),
        ("accept_measurement", "return_measurement"),
    ),
    "report accepted or sent back": Point(
        _reported_period, (_review_report("coordinator", True), _review_report("colleague", False)),
        ("accept_report", "return_report"),
    ),
    "payment calculated twice": Point(
        _payable, (_calculate("coordinator"), _calculate("colleague")), ("calculate_payment",)
    ),
    "payment approved twice": Point(_calculated, (_approve, _approve), ("approve_payment",)),
    "payment paid twice": Point(_approved, (_pay("coordinator"), _pay("colleague")), ("record_paid",)),
    "outcome report accepted": Point(_outcome_drafted, _both("outcome_report"), ("report",), winners=2),
    "rated twice": Point(lambda p: p.bring("reported"), (_rate_self, _rate_self), ("rate",)),
    "evaluation concluded twice": Point(
        _rated, (_conclude("coordinator"), _conclude("colleague")), ("conclude",)
    ),
    "closed twice": Point(_closable, (_close("coordinator"), _close("colleague")), ("close",)),
    "renewed by both": Point(
        lambda p: p.bring("closed"), (_renew("npo_actor"), _renew("company_actor")), ("renew",)
    ),
    "published by two officials": Point(
        _publication_drafted,
        (_accept("publication", "coordinator"), _accept("publication", "colleague")), ("publish",),
    ),
    "comment shown or hidden": Point(
        _published, (_treat("coordinator", "show"), _treat("colleague", "hide")),
        ("show_comment", "hide_comment"),
    ),
    "handed over by two workers": Point(_handover_planned, (_take_over, _take_over), ("hand_over",), winners=2),
}  # fmt: skip


class _Runners(Partners):
    """Partners whose cases follow one another, each with a need of its own."""

    seen: int | None = None
    seen_comment: int | None = None

    def again(self, session: Session, now: datetime) -> None:
        """Begin with another case."""
        self.session, self.at = session, now
        # What was left of the last one must not be in the way of the next with the same partner.
        self.company, self.npo = factories.make_company(session), factories.make_npo(session)
        self.need = factories.make_need(session, self.npo)
        self.company_actor = factories.actor_for(factories.make_user(session, self.company), self.company)
        self.npo_actor = factories.actor_for(factories.make_user(session, self.npo), self.npo)


def race(database: Database, point: Point, rounds: int, now: datetime, folder: Path) -> None:
    """``rounds`` times: a fresh case is led to the point, the acts happen at once, what came of it is counted."""
    with database.write() as session:
        partners = _Runners(session, now, folder)
    for _round in range(rounds):
        with database.write() as session:
            partners.again(session, now)
            point.prepare(partners)
            session.flush()
            case_id, partners.seen = partners.case.public_id, partners.case.version
            partners.seen_comment = session.scalar(
                select(PublicComment.version).where(PublicComment.partnership_id == partners.case.id)
            )

        def run(act: Act, case_id: str = case_id) -> str:
            with database.write() as session:
                case = case_reads.get_case(session, partners.manager, case_id)
                act(session, case, partners)
            return "done"

        results = at_once(*[lambda act=act: run(act) for act in point.acts])
        assert sum(result == "done" for result in results) == point.winners, results
        assert all(isinstance(result, str | MovedOn | Refused) for result in results), results
        with database.read() as session:
            events = session.scalar(
                select(func.count())
                .select_from(AuditEvent)
                .where(AuditEvent.object_id == case_id, AuditEvent.action.in_(point.events))
            )
            assert events == point.count, (events, results)
            case = session.scalars(select(Partnership).where(Partnership.public_id == case_id)).one()
            paid = session.scalars(select(Payment).where(Payment.partnership_id == case.id)).all()
            assert len({row.rule_id for row in paid}) == len(paid)
    with database.read() as session:
        assert audit.verify(session)[1] is None


@pytest.mark.parametrize("name", POINTS)
def test_at_once_exactly_one_thing_happens(database, now, tmp_path, name):
    race(database, POINTS[name], ROUNDS, now, tmp_path)
