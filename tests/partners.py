"""Two organizations, the city's people, and a case that can be brought to any state of its life."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from matcher.agreements import acts as agreement_acts
from matcher.agreements import course, indicators, plans
from matcher.cases import answering, beginning, deciding, documents, files, talks, trials
from matcher.cases import reads as case_reads
from matcher.ground import calendar
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, CaseFile, Indicator, Measurement, Partnership
from matcher.results import accepting, closing, lessons, outcome_reports, publication, ratings
from matcher.work import measurements, payments
from tests import factories
from tests.remembered import Beginning

INDICATOR: Mapping[str, Any] = {
    "name": "週に来る子どもの数", "definition": "1週間に来た子どもの実人数", "unit": "人", "kind": "outcome",
    "direction": "up", "baseline": 20.0, "baseline_on": None, "target": 30.0, "target_on": None,
    "method": "records", "measurer": "npo", "evidence": "受付の記録", "axis": "age", "min_cell": 5,
    "linked_to_payment": False, "is_public": True, "shared": "",
}  # fmt: skip
TEXTS = {
    name: f"{name}の定め"
    for name in (
        "purpose", "method", "roles_company", "roles_npo", "costs", "liability", "rights", "privacy", "publication",
        "termination",
    )
}  # fmt: skip
SCORES = dict.fromkeys(("teamwork", "progress", "method", "satisfaction", "outcome"), 4)
CSV = "回,人\r\n1,30\r\n".encode()


class Partners:
    """``bring(state)`` leads the case there; ``at`` is the time of the latest step and moves along.

    The agreement runs from the day after the first day for ``days`` days.
    """

    #: Who was not made here, but beside others, goes every way on foot.
    _beginning: Beginning | None = None

    def __init__(self, session: Session, now: datetime, folder: Path) -> None:
        self.session, self.at = session, now
        self._beginning = Beginning(session)
        with self._beginning.named_alike():
            factories.make_city(session)
            self.company, self.npo = factories.make_company(session), factories.make_npo(session)
            self.need = factories.make_need(session, self.npo)
            self.company_user = factories.make_user(session, self.company)
            self.npo_user = factories.make_user(session, self.npo)
            self.company_actor = factories.actor_for(self.company_user, self.company)
            self.npo_actor = factories.actor_for(self.npo_user, self.npo)
            self.coordinator = factories.actor_for(factories.make_coordinator(session))
            self.colleague = factories.actor_for(factories.make_coordinator(session))
            self.manager = factories.actor_for(factories.make_coordinator(session, role="manager"))
        self.store = files.Store(folder)
        self.today = calendar.tokyo_date(now)
        self.starts_on, self.days = self.today + timedelta(days=1), 100
        self.case: Partnership = None  # type: ignore[assignment]

    @property
    def sides(self) -> tuple[Actor, Actor]:
        """The NPO's and the company's owner."""
        return self.npo_actor, self.company_actor

    @property
    def why(self) -> str:
        """Why the plan is changed, where the partnership runs."""
        return "実情に合わせるため。" if self.case.state in plans.RUNNING else ""

    @property
    def ends_on(self) -> date:
        """The last day of the agreement."""
        return self.starts_on + timedelta(days=self.days)

    def later(self, **period: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(**period)
        return self.at

    def bring(self, state: str) -> Partnership:
        """Lead the case to ``state``, the shortest way."""
        way = {
            "introduced": ("introduce",),
            "negotiation": ("introduce", "meet"),
            "trial": ("introduce", "meet", "begin_trial"),
            "agreement_draft": ("introduce", "meet", "write_plan", "draft_agreement"),
            "agreement_review": ("introduce", "meet", "write_plan", "draft_agreement", "sign"),
            "agreed": ("introduce", "meet", "write_plan", "draft_agreement", "sign", "confirm"),
        }
        running = (*way["agreed"], "start")
        way |= {
            "running": running,
            "suspended": (*running, "suspend"),
            "terminated": (*running, "terminate"),
            "ended": (*running, "end"),
            "reported": (*running, "end", "report"),
            "evaluated": (*running, "end", "report", "evaluate"),
            "closed": (*running, "end", "report", "evaluate", "close"),
        }
        # Files are kept beside the database, so who measures goes on foot.
        on_foot = way[state].index("report") if "report" in way[state] else len(way[state])
        self._lead(*way[state][:on_foot])
        for step in way[state][on_foot:]:
            getattr(self, step)()
        assert self.case.state == state, self.case.state
        return self.case

    def _lead(self, *steps: str | tuple[str, tuple[Any, ...], Mapping[str, Any]]) -> None:
        """Take these steps, each a name or (name, arguments, named ones), or write what was written on them."""

        def go() -> tuple[str, datetime]:
            for step in steps:
                name, given, named = (step, (), {}) if isinstance(step, str) else step
                getattr(self, name)(*given, **named)
            return self.case.public_id, self.at

        if self._beginning is None:
            go()
            return
        people = (*self.sides, self.coordinator, self.colleague, self.manager)
        begun = (self.at, self.starts_on, self.days, self.company.id, self.npo.id, *people)
        public_id, self.at = self._beginning.lead(self.session, repr((steps, begun)), go)
        if self.case is None:
            self.case = case_reads.get_case(self.session, self.coordinator, public_id)

    # ── Steps ────────────────────────────────────────────────────────────────────────────────────

    def introduce(self) -> None:
        """Both want it, the city has approved."""
        case = beginning.propose(
            self.session,
            self.company_actor,
            beginning.between(self.company, self.npo, need=self.need),
            beginning.Terms("food", 20, "kg"),
            "お手伝いしたいです。",
            self.at,
        )
        answering.accept(self.session, self.npo_actor, case, "お願いします。", self.at, version=None)
        decision = deciding.Decision("条件が明確。", conflict_of_interest=False, city_involved=False)
        deciding.approve(self.session, self.coordinator, case, decision, self.at, version=None)
        self.session.flush()
        self.case = case_reads.get_case(self.session, self.coordinator, case.public_id)

    def meet(self) -> None:
        """The first meeting."""
        meeting = talks.Meeting(self.today, "佐藤、鈴木", "月に2回届ける。")
        talks.record_meeting(self.session, self.npo_actor, self.case, meeting, self.at)

    def begin_trial(self) -> None:
        """A month on trial, accepted by both."""
        plan = trials.TrialPlan(
            "届け方を確かめる", "2回届ける", self.today, self.today + timedelta(days=30), 1000, "けがのとき"
        )
        trials.draft_trial(self.session, self.npo_actor, self.case, plan, self.at, version=None)
        self.accept("trial")

    def write_plan(self, *indicators: Mapping[str, Any]) -> None:
        """A plan with one outcome indicator (or those given), accepted by both."""
        self.draft_plan(*indicators)
        self.accept("plan")

    def draft_plan(self, *indicators: Mapping[str, Any]) -> None:
        """The same plan, not yet accepted."""
        plans.write_purpose(self.session, self.npo_actor, self.case, "夕食を囲む", self.at, version=None)
        for facts in indicators or ({},):
            self.indicator(**facts)

    def indicator(self, **facts: Any) -> CaseDocument:
        """Add an indicator that is measured on the last day, unless ``facts`` say otherwise."""
        row = {**INDICATOR, "measure_on": [self.ends_on.isoformat()], **facts}
        found: CaseDocument = plans.save_indicator(
            self.session, self.npo_actor, self.case, "", row, self.at, version=None, why_changed=self.why
        )
        return found

    def agreement_facts(self, **facts: Any) -> dict[str, Any]:
        """A memorandum without periodic reports."""
        return {
            **TEXTS, "type": "memorandum", "from_on": self.starts_on, "to_on": self.ends_on,
            "frequency": "none", "roles_city": "", "city_is_party": False, "money_company_yen": 0,
            "money_city_yen": 0, "signer_company": "代表取締役 佐藤", "signer_npo": "理事長 鈴木",
            "signer_city": "", "outcome": None, **facts,
        }  # fmt: skip

    def draft_agreement(
        self, *, by: Actor | None = None, why_changed: str = "", **facts: Any
    ) -> CaseDocument:
        """Write the agreement, or a change of it."""
        return agreement_acts.draft(
            self.session, by or self.npo_actor, self.case, self.agreement_facts(**facts), self.at,
            version=None, why_changed=why_changed,
        )  # fmt: skip

    def sign(self) -> None:
        """Both representatives accept the draft of the agreement."""
        self.accept("agreement")

    def confirm(self, by: Actor | None = None) -> None:
        """The city confirms the agreement."""
        answer = agreement_acts.Confirmation(frozenset(agreement_acts.CHECKS), "確認した。")
        agreement_acts.confirm(self.session, by or self.manager, self.case, answer, self.at, version=None)

    def start(self) -> None:
        """The first day comes."""
        self.later(days=1)
        course.start_due(self.session, self.at)

    def run_quarterly(self) -> None:
        """From the first word to the first day of a partnership that reports each quarter."""
        drafted = ("draft_agreement", (), {"frequency": "quarterly"})
        self._lead("introduce", "meet", "write_plan", drafted, "sign", "confirm", "start")

    def suspend(self) -> None:
        """A pause of a month."""
        by = calendar.tokyo_date(self.at) + timedelta(days=30)
        course.suspend(
            self.session, self.npo_actor, self.case, "staff", "人手が足りない。", by, self.at, version=None
        )

    def terminate(self) -> None:
        """The end before its time."""
        course.terminate(
            self.session, self.npo_actor, self.case, "staff", "続けられない。", "会で伝える。", self.at,
            version=None,
        )  # fmt: skip

    def end(self) -> None:
        """The day after the last day."""
        self.later(days=self.days + 1)
        course.end_due(self.session, self.at)

    def report(self) -> None:
        """Every indicator measured, the report accepted by both."""
        for indicator in indicators.of(self.session, self.case):
            for day in indicator.measure_on:
                self.measure(indicator, 31.0, date.fromisoformat(day))
        facts = {
            "sentences": [],
            "narrative": "続いた。",
            "setbacks": "雪の日。",
            "harm": "",
            "next_step": "",
        }
        outcome_reports.draft_report(self.session, self.npo_actor, self.case, facts, self.at, version=None)
        self.accept("outcome_report")

    def evaluate(self) -> None:
        """All three rate all three alike, and the city concludes."""
        self.rate_alike()
        ratings.conclude(self.session, self.coordinator, self.case, "そろった。", self.at, version=None)

    def rate_alike(self) -> None:
        """All three rate all three alike."""
        for actor in (*self.sides, self.coordinator):
            own = documents.side_of(actor, self.case)
            for about in sorted(ratings.PARTIES, key=lambda side: side != own):
                ratings.rate(self.session, actor, self.case, about, SCORES, "", self.at)

    def close(self) -> None:
        """A lesson, a reason not to publish, and the end."""
        self.make_closable()
        closing.close(self.session, self.coordinator, self.case, "済んだ。", self.at, version=None)

    def make_closable(self) -> None:
        """A lesson, and a reason not to publish: nothing is missing for the end."""
        lessons.add_lesson(self.session, self.npo_actor, self.case, "前の週に決める。", True, self.at)
        publication.unpublish(self.session, self.npo_actor, self.case, "private", "小さな会のため。", self.at)

    # ── Pieces ───────────────────────────────────────────────────────────────────────────────────

    def accept(self, kind: str, *actors: Actor) -> None:
        """Both sides (or ``actors``) accept the open draft of a kind."""
        for actor in actors or self.sides:
            draft = documents.find_draft(self.session, self.case, kind)
            assert draft is not None, kind
            accepting.accept_document(self.session, actor, self.case, draft, draft.sha256, self.at)

    def file(self, name: str = "記録.csv", content: bytes = CSV, by: Actor | None = None) -> CaseFile:
        """A file of the case."""
        return files.add_file(
            self.session,
            by or self.npo_actor,
            self.case,
            None,
            files.prepare(self.store, name, content),
            "evidence",
            self.at,
        )

    def measure(
        self, indicator: Indicator, value: float | None, day: date, *, accept: bool = True, **facts: Any
    ) -> Measurement:
        """The NPO hands a value in, with a file; the coordinator accepts it."""
        evidence = facts.pop("evidence", None) or self.file()
        found = measurements.submit_measurement(
            self.session, self.npo_actor, self.case, indicator,
            measurements.Value(day, value, evidence=evidence, **facts), self.at,
        )  # fmt: skip
        self.session.refresh(found, ["indicator"])
        if accept:
            self.review(found)
        return found

    def review(self, found: Measurement, by: Actor | None = None, *, accepted: bool = True) -> None:
        """The city (or ``by``) looks at a value."""
        measurements.review_measurement(
            self.session, by or self.coordinator, self.case, found, accepted, "確かめた。", self.at,
            version=None,
        )  # fmt: skip

    def only_indicator(self) -> Indicator:
        """The first indicator in force."""
        return indicators.of(self.session, self.case)[0]

    def publish(
        self, *fields: str, title: str = "夕食を囲む", summary: str = "毎週の夕食会。"
    ) -> CaseDocument:
        """Publish these fields; all three parties accept."""
        draft = publication.draft(
            self.session, self.coordinator, self.case, title, summary, fields, self.at, version=None
        )
        self.accept("publication", *self.sides, self.coordinator)
        return draft

    # ── Outcome-linked ───────────────────────────────────────────────────────────────────────────

    def outcome(self, *rules: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
        """An outcome-linked contract over indicator I1, paid by one threshold, unless told otherwise."""
        rule = {
            "key": "P1", "indicator": "I1", "cap_yen": 300_000, "shape": "threshold", "points": [[30, 300_000]],
            "measured_on": self.ends_on.isoformat(), "fiscal_year": calendar.fiscal_year(self.ends_on),
            "direction": "up", "floor_yen": 0, "rounding": 1,
        }  # fmt: skip
        return {
            "provider": "npo", "evaluator": "city", "budget_cap_yen": 500_000,
            "rules": list(rules) or [rule], "fixed": {}, "year_limits": {}, **facts,
        }  # fmt: skip

    def contracted(self, **facts: Any) -> Partnership:
        """A running outcome-linked contract; ``facts`` change its ``outcome``."""
        planned = ("write_plan", ({"linked_to_payment": True},), {})
        drafted = ("draft_agreement", (), {"type": "outcome_linked", "outcome": self.outcome(**facts)})
        self._lead("introduce", "meet", planned, drafted, "sign", "confirm", "start")
        return self.case

    def rule(self) -> Any:
        """The first payment rule in force."""
        return payments.rules(self.session, self.case)[0]
