"""The demo city's partnerships from the introduction on, lived through by the services like all the rest.

``seed_data/stories.jsonl`` says for each case what happened when; a few steps stand for several moves
(a plan or an agreement is drafted, accepted by both and confirmed).
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import acts as agreement_acts
from matcher.agreements import clauses, course, definitions, plans
from matcher.cases import documents, files, talks, trials
from matcher.cases import reads as case_reads
from matcher.desk import handovers
from matcher.ground import vocabulary
from matcher.ground.permissions import Actor
from matcher.records import (
    CaseFile,
    CaseTask,
    EvaluationSheet,
    Indicator,
    Measurement,
    Partnership,
    PublicComment,
)
from matcher.results import (
    accepting,
    closing,
    comments,
    drafted,
    lessons,
    outcome_reports,
    publication,
    ratings,
)
from matcher.work import contributions, incidents, measurements, payments, reports, risks
from matcher.work import reads as work_reads
from seed_data import lines
from seed_data.lines import Facts


class Teller:
    """Tells one step of a story at its time."""

    def __init__(
        self,
        session: Session,
        store: files.Store,
        shift: timedelta,
        actor: Callable[[Partnership, str], Actor],
    ) -> None:
        """Args: ``actor(case, "company" | "npo" | "city" | "manager")``; ``shift`` moves every day along."""
        self.session = session
        self.store = store
        self.shift = shift
        self.actor = actor

    def tell(self, case: Partnership, step: Facts, at: datetime) -> None:
        """Do what the step says.

        Raises:
            AttributeError: the step names no known action.
        """
        self.session.flush()
        found = case_reads.get_case(self.session, self.actor(case, "city"), case.public_id)
        try:
            getattr(self, f"_{step['action']}")(found, step, at)
        except Exception as error:
            error.add_note(f"in {found.company.name} × {found.npo.name} at {step['at']}: {step['action']}")
            raise
        self.session.flush()

    def library(self, rows: list[Facts], actor: Actor, at: datetime) -> None:
        """The city's shared indicators."""
        for row in rows:
            definitions.save_definition(self.session, actor, {"field": None, "is_active": True, **row}, at)

    # ── Talks ────────────────────────────────────────────────────────────────────────────────────

    def _meeting(self, case: Partnership, step: Facts, at: datetime) -> None:
        meeting = talks.Meeting(
            at.date(), step["people"], step["text"], step.get("next_step", ""),
            datetime.fromisoformat(step["next_at"]) + self.shift if step.get("next_at") else None,
            step.get("next_place", ""),
        )  # fmt: skip
        talks.record_meeting(self.session, self._by(case, step), case, meeting, at)

    def _task(self, case: Partnership, step: Facts, at: datetime) -> None:
        talks.add_task(
            self.session,
            self._by(case, step),
            case,
            step["text"],
            step["side"],
            self._day(step.get("due")),
            at,
        )

    def _milestone_done(self, case: Partnership, step: Facts, at: datetime) -> None:
        task = self.session.scalars(
            select(CaseTask)
            .where(CaseTask.partnership_id == case.id, CaseTask.done_at.is_(None))
            .order_by(CaseTask.due_on)
        ).first()
        if task is not None:
            talks.finish_task(self.session, self._by(case, step), case, task, at, version=None)

    def _trial(self, case: Partnership, step: Facts, at: datetime) -> None:
        plan = trials.TrialPlan(
            step["goal"], step["content"], self._need_day(step["from"]), self._need_day(step["to"]),
            step.get("yen", 0), step["stop_when"], step.get("roles", ""),
        )  # fmt: skip
        trials.draft_trial(self.session, self._by(case, step), case, plan, at, version=None)
        self._both_accept(case, "trial", at)

    def _trial_result(self, case: Partnership, step: Facts, at: datetime) -> None:
        trials.draft_trial_result(
            self.session, self._by(case, step), case, step["outcome"], step["learned"], at, version=None
        )
        if step.get("accepted", True):
            self._both_accept(case, "trial_result", at)

    # ── Plan and agreement ───────────────────────────────────────────────────────────────────────

    def _plan(self, case: Partnership, step: Facts, at: datetime) -> None:
        actor = self._by(case, step)
        content = step["plan"]
        logic = {kind: content.get("logic", {}).get(kind, []) for kind in vocabulary.LOGIC_KINDS}
        milestones = [
            {"text": text, "on": self._need_day(day).isoformat()}
            for day, text in content.get("milestones", [])
        ]
        links = [(plans.save_link, link) for link in content.get("links", [])]
        for write, value in (
            (plans.write_purpose, content["purpose"]),
            (plans.write_logic, logic),
            *links,
            (plans.write_milestones, milestones),
        ):
            write(self.session, actor, case, value, at, version=None, why_changed=step.get("why", ""))
        known = {row["name"]: row["key"] for row in plans.content(self.session, case)["indicators"]}
        for facts in content["indicators"]:
            row = {
                "baseline": None, "kind": "outcome", "direction": "up", "method": "records",
                "measurer": "npo", "axis": "", "min_cell": 5, "linked_to_payment": False, "is_public": True,
                "target_on": None, "baseline_on": None, "shared": "", **facts,
            }  # fmt: skip
            row["measure_on"] = [self._need_day(day).isoformat() for day in row["measure_on"]]
            for name in ("baseline_on", "target_on"):
                row[name] = self._need_day(row[name]).isoformat() if row[name] else None
            plans.save_indicator(
                self.session, actor, case, known.get(row["name"], ""), row, at,
                version=None, why_changed=step.get("why", ""),
            )  # fmt: skip
        if step.get("accepted", True):
            self._both_accept(case, "plan", at)
            draft = documents.find_draft(self.session, case, "plan")
            if draft is not None and draft.needs_city:
                self._accept(case, draft, self.actor(case, "city"), at)

    def _agreement(self, case: Partnership, step: Facts, at: datetime) -> None:
        facts = dict(step["agreement"])
        facts["from_on"], facts["to_on"] = self._need_day(facts.pop("from")), self._need_day(facts.pop("to"))
        if facts.get("outcome"):
            facts["outcome"] = lines.money(facts["outcome"], self.shift)
        facts = {
            "liability": clauses.clauses(facts["type"])["liability"],
            "outcome": None, "city_is_party": False, "roles_city": "", "money_company_yen": 0,
            "money_city_yen": 0, "frequency": "none", "signer_city": "",
            "signer_company": case.company.representative, "signer_npo": case.npo.representative, **facts,
        }  # fmt: skip
        agreement_acts.draft(
            self.session, self._by(case, step), case, facts, at, version=None, why_changed=step.get("why", "")
        )
        until = step.get("until", "confirmed")
        if until == "draft":
            return
        self._both_accept(case, "agreement", at)
        if case.state == "agreement_review" and until == "confirmed":
            signed = documents.find_draft(self.session, case, "agreement")
            officer = self.actor(case, "manager" if signed and signed.needs_manager else "city")
            answer = agreement_acts.Confirmation(frozenset(agreement_acts.CHECKS), step["confirm"])
            agreement_acts.confirm(self.session, officer, case, answer, at, version=None)
        draft = documents.find_draft(self.session, case, "agreement")
        if draft is not None and draft.needs_city and case.state in plans.RUNNING:
            self._accept(case, draft, self.actor(case, "city"), at)

    def _clock(self, _case: Partnership, _step: Facts, at: datetime) -> None:
        course.start_due(self.session, at)
        course.end_due(self.session, at)
        reports.remind_reports(self.session, at)
        handovers.run_due(self.session, at)

    def _suspend(self, case: Partnership, step: Facts, at: datetime) -> None:
        course.suspend(
            self.session, self._by(case, step), case, step["reason_code"], step["text"],
            self._need_day(step["decide_by"]), at, version=None,
        )  # fmt: skip

    def _resume(self, case: Partnership, step: Facts, at: datetime) -> None:
        course.resume(self.session, self._by(case, step), case, step["text"], at, version=None)

    def _terminate(self, case: Partnership, step: Facts, at: datetime) -> None:
        course.terminate(
            self.session, self._by(case, step), case, step["reason_code"], step["text"], step["inform"], at,
            version=None,
        )  # fmt: skip

    # ── Running ──────────────────────────────────────────────────────────────────────────────────

    def _file(self, case: Partnership, step: Facts, at: datetime) -> CaseFile:
        upload = files.prepare(self.store, step["name"], step["content"].encode())
        purpose, actor = step.get("purpose", "evidence"), self._by(case, step)
        found: CaseFile = files.add_file(self.session, actor, case, None, upload, purpose, at)
        return found

    def _gift(self, case: Partnership, step: Facts, at: datetime) -> None:
        """One or several gifts (``times``, ``every`` days apart), confirmed unless said otherwise.

        Their ``evidence`` is one file for all of them.
        """
        first = self._need_day(step["day"])
        evidence = self._file(case, step["evidence"] | {"by": step["by"]}, at) if "evidence" in step else None
        for number in range(step.get("times", 1)):
            on = first + timedelta(days=step.get("every", 7) * number)
            gift = contributions.Gift(
                step["support_type"], step["quantity"], step["unit"], on, step.get("yen"),
                step.get("method", "none"), step.get("method_note", ""), step.get("note", ""), evidence,
            )  # fmt: skip
            actor = self._by(case, step)
            entry = contributions.record_contribution(self.session, actor, case, gift, at)
            if step.get("confirmed", True):
                other = "npo" if entry.giver == "company" else "company"
                contributions.confirm_contribution(
                    self.session, self.actor(case, other), case, entry, at, version=None
                )

    def _measure(self, case: Partnership, step: Facts, at: datetime) -> None:
        indicator = self.session.scalars(
            select(Indicator).where(Indicator.partnership_id == case.id, Indicator.key == step["key"])
        ).one()
        evidence = self._file(case, step["evidence"] | {"by": step["by"]}, at) if "evidence" in step else None
        value = measurements.Value(
            self._need_day(step["on"]), step.get("value"), step.get("missing", ""), step.get("n"),
            step.get("breakdown", {}), step.get("comment", ""), evidence,
        )  # fmt: skip
        found = measurements.submit_measurement(
            self.session, self._by(case, step), case, indicator, value, at
        )
        if step.get("accepted", True):
            found = self._measurement(found)
            measurements.review_measurement(
                self.session, self.actor(case, "city"), case, found, True, "", at, version=None
            )

    def _measurement(self, found: Measurement) -> Measurement:
        return self.session.scalars(
            select(Measurement)
            .where(Measurement.id == found.id)
            .options(joinedload(Measurement.indicator))
            .execution_options(populate_existing=True)
        ).one()

    def _report(self, case: Partnership, step: Facts, at: datetime) -> None:
        rows = [row for row in work_reads.reports(self.session, case) if row.state in {"open", "sent_back"}]
        report = rows[0]
        sides = step.get("sides", ["npo", "company"])
        for side in sides:
            facts = {
                "text": step[side], "setbacks": step.get(reports.SETBACKS[side], ""),
                "next_step": step.get("next", ""),
                "sentences": drafted.of_period(self.session, case, report),
            }  # fmt: skip
            reports.write_report(
                self.session, self.actor(case, side), case, report, facts, at, submit=True, version=None
            )
        if step.get("review"):
            reports.review_report(
                self.session, self.actor(case, "city"), case, report, step["review"] == "accept",
                step.get("review_text", ""), at, version=None,
            )  # fmt: skip

    def _risk(self, case: Partnership, step: Facts, at: datetime) -> None:
        risk = risks.RiskFacts(
            step["text"], step["likelihood"], step["impact"], step["mitigation"], step["side"],
            self._day(step.get("review")),
        )  # fmt: skip
        risks.add_risk(self.session, self._by(case, step), case, risk, at)

    def _incident(self, case: Partnership, step: Facts, at: datetime) -> None:
        found = incidents.report_incident(
            self.session, self._by(case, step), case, self._need_day(step["day"]), step["text"],
            step["measures"], at,
        )  # fmt: skip
        if step.get("public"):
            incidents.publish_incident(
                self.session, self.actor(case, "city"), case, found, step["public"], at, version=None
            )
        if step.get("resolution"):
            incidents.resolve_incident(
                self.session, self._by(case, step), case, found, step["resolution"], at, version=None
            )

    def _pay(self, case: Partnership, step: Facts, at: datetime) -> None:
        officer, manager = self.actor(case, "city"), self.actor(case, "manager")
        if "fixed" in step:
            year = lines.fiscal_year(step["fixed"], self.shift)
            found = payments.calculate_fixed(self.session, officer, case, year, at)
        else:
            rule = next(row for row in payments.rules(self.session, case) if row.key == step["rule"])
            found = payments.calculate(self.session, officer, case, rule, at)
        if step.get("until", "paid") == "calculated":
            return
        found = next(row for row in payments.all_of(self.session, case) if row.id == found.id)
        payments.approve(self.session, manager, case, found, at, version=None)
        if step.get("until", "paid") == "paid":
            payments.record_paid(self.session, officer, case, found, at.date(), at, version=None)

    # ── Results ──────────────────────────────────────────────────────────────────────────────────

    def _outcome(self, case: Partnership, step: Facts, at: datetime) -> None:
        facts = {
            "sentences": [row.as_dict() for row in drafted.compose(self.session, case)],
            "narrative": step["narrative"], "setbacks": step["setbacks"], "harm": step.get("harm", ""),
            "next_step": step.get("next", ""),
        }  # fmt: skip
        outcome_reports.draft_report(self.session, self._by(case, step), case, facts, at, version=None)
        if step.get("accepted", True):
            self._both_accept(case, "outcome_report", at)

    def _rate(self, case: Partnership, step: Facts, at: datetime) -> None:
        """``scores``: rater → about → five numbers in the order of the items."""
        for rater, sheets in step["scores"].items():
            order = sorted(sheets, key=lambda about: about != rater)
            for about in order:
                scores = dict(zip(vocabulary.EVALUATION_ITEMS, sheets[about], strict=True))
                ratings.rate(
                    self.session, self.actor(case, rater), case, about, scores,
                    step.get("comments", {}).get(f"{rater}>{about}", ""), at,
                )  # fmt: skip

    def _discuss(self, case: Partnership, step: Facts, at: datetime) -> None:
        for row in ratings.differences(ratings.sheets(self.session, case)):
            key = f"{row.sheet.rater}>{row.sheet.about}:{row.item}"
            score, text = step["talks"].get(key, (row.score, step.get("default", "")))
            sheet: EvaluationSheet = row.sheet
            ratings.discuss(
                self.session,
                self.actor(case, sheet.rater),
                case,
                sheet,
                row.item,
                score,
                text,
                at,
                version=None,
            )

    def _conclude(self, case: Partnership, step: Facts, at: datetime) -> None:
        ratings.conclude(self.session, self.actor(case, "city"), case, step["text"], at, version=None)

    def _voice(self, case: Partnership, step: Facts, at: datetime) -> None:
        lessons.add_voice(
            self.session, self._by(case, step), case, step["beneficiary"], step["people"], step["method"],
            step["text"], at,
        )  # fmt: skip

    def _lesson(self, case: Partnership, step: Facts, at: datetime) -> None:
        lessons.add_lesson(
            self.session, self._by(case, step), case, step["text"], step.get("public", True), at
        )

    def _publish(self, case: Partnership, step: Facts, at: datetime) -> None:
        draft = publication.draft(
            self.session, self.actor(case, "city"), case, step["title"], step["summary"], step["fields"], at,
            version=None,
        )  # fmt: skip
        if step.get("accepted", True):
            self._both_accept(case, "publication", at)
            self._accept(case, draft, self.actor(case, "city"), at)

    def _unpublish(self, case: Partnership, step: Facts, at: datetime) -> None:
        publication.unpublish(self.session, self._by(case, step), case, step["reason_code"], step["text"], at)

    def _comment(self, case: Partnership, step: Facts, at: datetime) -> None:
        found: PublicComment = comments.comment(self.session, case, step["text"], f"demo-{at}", at)
        if step.get("answer"):
            answer = {"decision": "show", "text": step["answer"], "reason": step["reason"]}
            comments.treat_comment(
                self.session, self.actor(case, "city"), found, case, answer, at, version=None
            )

    def _close(self, case: Partnership, step: Facts, at: datetime) -> None:
        closing.close(self.session, self.actor(case, "city"), case, step["text"], at, version=None)

    # ── Shared ───────────────────────────────────────────────────────────────────────────────────

    def _by(self, case: Partnership, step: Facts) -> Actor:
        return self.actor(case, step.get("by", "npo"))

    def _both_accept(self, case: Partnership, kind: str, at: datetime) -> None:
        for side in ("npo", "company"):
            draft = documents.find_draft(self.session, case, kind)
            assert draft is not None, f"expected a draft of {kind} in {case.number}"
            self._accept(case, draft, self.actor(case, side), at)

    def _accept(self, case: Partnership, draft: Any, actor: Actor, at: datetime) -> None:
        accepting.accept_document(self.session, actor, case, draft, draft.sha256, at)

    def _day(self, text: str | None) -> date | None:
        return date.fromisoformat(text) + self.shift if text else None

    def _need_day(self, text: str) -> date:
        return date.fromisoformat(text) + self.shift
