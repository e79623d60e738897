"""What can be done on a case after the introduction: for each action its form, its permission, its service.

The views ask this table which buttons to show; the services enforce the same again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from flask import current_app, url_for

from matcher.agreements import acts as agreement_acts
from matcher.agreements import clauses, contract, course, definitions, plans
from matcher.cases import documents, files, talks, trials
from matcher.ground import calendar, figures, vocabulary
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import Actor
from matcher.people import accounts
from matcher.postings import terms
from matcher.records import (
    CaseDocument,
    CaseFile,
    Partnership,
)
from matcher.register import act
from matcher.register.act import Look
from matcher.results import (
    accepting,
    closing,
    drafted,
    lessons,
    outcome_reports,
    publication,
    ratings,
    renewal,
)
from matcher.work import contributions, incidents, measurements, payments, reports, risks
from matcher.work import reads as work_reads
from webapp import terms_text
from webapp.db import Session
from webapp.forms import agreeing
from webapp.forms import work as forms
from webapp.forms.base import Form
from webapp.forms.case import ExplainedForm


@dataclass
class Ask:
    """One request for one action: who asks, about which case and record, with which form."""

    session: Session
    actor: Actor
    case: Partnership
    action: str
    now: datetime
    item: Any = None
    key: str = ""
    form: Any = None
    upload: files.Prepared | None = None

    @property
    def deed(self) -> act.Act:
        """The act as it is declared."""
        return ACTS[self.action].deed

    @property
    def look(self) -> Look:
        """Who asks, before which case and item; a part that a key names is the item of its act."""
        item = self.key if self.deed.item is str else self.item
        return Look(self.session, self.actor, self.case, self.now, item)

    @property
    def draft(self) -> CaseDocument | None:
        """The open draft of the document that the action writes."""
        kind = self.deed.writes
        return documents.find_draft(self.session, self.case, kind) if kind else None

    @property
    def why_changed(self) -> str:
        """Why what is in force is being changed, where the form asks for it."""
        return (self.form.why_changed.data or "") if "why_changed" in self.form else ""


Given = tuple[Any, ...]


@dataclass(frozen=True)
class Act:
    """How one asks for an act: its form, and what of the form the act is given (``answers``, ``named``).

    Permission, states, words and all else stand in its declaration (``deed``). ``prefill`` and ``prepare``
    say what the form begins with and offers. ``leads_to`` names the page of what was made, where one goes on
    there.
    """

    deed: act.Act
    form: type[Form]
    answers: Callable[[Ask], Given] = field(default=lambda ask: ())
    named: Callable[[Ask], Mapping[str, Any]] = field(default=lambda ask: {})
    prefill: Callable[[Ask], dict[str, Any]] = field(default=lambda ask: {})
    prepare: Callable[[Ask], None] = field(default=lambda ask: None)
    leads_to: Callable[[Any], str | None] = field(default=lambda made: None)


def _amending(
    deed: act.Act, form: type[Form], answers: Callable[[Ask], Given] = lambda ask: (), **more: Any
) -> Act:
    """The same of what may change a plan or an agreement in force, with the reason for it."""
    return Act(deed, form, answers, named=lambda ask: {"why_changed": ask.why_changed}, **more)


def prepare_amendment(ask: Ask) -> None:
    """A plan or an agreement in force is changed for a reason: asked for once, then shown as it was given."""
    if "why_changed" not in ask.form:
        return
    if ask.case.state not in plans.RUNNING:
        del ask.form.why_changed
    elif ask.draft is not None and ask.form.why_changed.raw_data is None:
        ask.form.why_changed.data = ask.draft.why_changed


def store() -> files.Store:
    """Where the files of cases lie."""
    settings = current_app.config["SETTINGS"]
    return files.Store(settings.files_folder, settings.antivirus_command)


# ── Small helpers of the table ───────────────────────────────────────────────────────────────────────


def prepare_upload(form: Form) -> files.Prepared:
    """Look at the file that came with a form; slow, so before the transaction.

    Raises:
        Invalid: it cannot be taken, named by the field that it came in. Refused: not now.
    """
    field = next(field for field in form if field.type == "FileField" and has_file(field))
    try:
        return files.prepare(store(), field.data.filename, field.data.read())
    except Invalid as error:
        raise Invalid(**{field.name: str(error.facts.get("file", "required"))}) from error


def has_file(field: Any) -> bool:
    """Whether a file was chosen in a file field."""
    return bool(field.data and getattr(field.data, "filename", ""))


def _evidence(ask: Ask) -> CaseFile | None:
    """The file that was added with the form, else the one that was chosen."""
    if ask.upload is not None:
        upload = ask.upload
        added: CaseFile = files.add_file(ask.session, ask.actor, ask.case, None, upload, "evidence", ask.now)
        return added
    if has_file(ask.form.new_evidence):
        raise Invalid(new_evidence="file_required")  # not looked at, since the form was not ready then
    chosen = ask.form.evidence.data
    return files.get(ask.session, ask.case, chosen) if chosen else None


def _offer_files(ask: Ask) -> None:
    ask.form.offer_files(files.of_case(ask.session, ask.case))


def _content(ask: Ask) -> dict[str, Any]:
    """What the form begins with: the open draft, else the version in force."""
    kind = ask.deed.writes
    found = ask.draft or documents.find_agreed(ask.session, ask.case, kind)
    return dict(found.content) if found else {}


def _days(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return content | {name: date.fromisoformat(content[name]) for name in names if content.get(name)}


def _upload(ask: Ask) -> Given:
    if ask.upload is None:
        raise Invalid(file="file_required")
    return ask.upload, ask.form.purpose.data


def _meeting(ask: Ask) -> Given:
    form = ask.form
    meeting = talks.Meeting(
        form.held_on.data, form.people.data, form.text.data, form.next_step.data or "", form.next_at,
        form.next_place.data or "",
    )  # fmt: skip
    return (meeting,)


def _contact(ask: Ask) -> Given:
    people = {user.public_id: user for user in accounts.list_members(ask.session, ask.actor)}
    return (people[ask.form.person.data],)


def _offer_people(ask: Ask) -> None:
    people = accounts.list_members(ask.session, ask.actor)
    ask.form.offer([user for user in people if user.status == "active"])


def _trial(ask: Ask) -> Given:
    form = ask.form
    plan = trials.TrialPlan(
        form.goal.data, form.content.data, form.from_on.data, form.to_on.data, form.money_yen.data or 0,
        form.stop_when.data, form.roles.data or "",
    )  # fmt: skip
    return (plan,)


def _trial_facts(ask: Ask) -> dict[str, Any]:
    content = _days(_content(ask), "from_on", "to_on")
    if content:
        return content
    first, last = terms.begin_trial(terms.Figures.of(ask.case), calendar.tokyo_date(ask.now))
    (agreed,) = terms_text.columns(None, None, ask.case)
    given = "　".join(one for one in (agreed.support, agreed.quantity) if one)
    return {"from_on": first, "to_on": last, "content": given}


# ── Plan ─────────────────────────────────────────────────────────────────────────────────────────────


def _plan_content(ask: Ask) -> dict[str, Any]:
    return plans.content(ask.session, ask.case)


def _offer_lessons(ask: Ask) -> None:
    rows = lessons.lessons_of(ask.session, ask.case.company, ask.case.npo)
    ask.form.offer([lesson for lesson, _case in rows])


def _link(ask: Ask) -> Given:
    form = ask.form
    link = {
        "source": form.source.data, "target": form.target.data, "evidence": form.evidence.data,
        "assumption": form.assumption.data or "",
    }  # fmt: skip
    return (link,)


def _indicator_facts(ask: Ask) -> dict[str, Any]:
    for row in _plan_content(ask)["indicators"]:
        if row["key"] == ask.key:
            shared = {known.code: known.public_id for known in definitions.library(ask.session)}
            return _days(dict(row), "baseline_on", "target_on") | {
                "min_cell": str(row["min_cell"]), "definition_id": shared.get(row.get("shared") or "", ""),
            }  # fmt: skip
    if ask.key:
        raise NotFound("indicator")
    return {}


def _offer_indicator(ask: Ask) -> None:
    plan = _plan_content(ask)
    kept = {row["key"]: row["min_cell"] for row in plan["indicators"]}
    own, others = definitions.library_for(ask.session, ask.case)
    ask.form.offer(own, others, plans.nodes(plan), kept.get(ask.key))


# ── Agreement ────────────────────────────────────────────────────────────────────────────────────────


def _agreement_facts(ask: Ask) -> dict[str, Any]:
    content = _days(_content(ask), "from_on", "to_on")
    if not content:
        plan = documents.find_agreed(ask.session, ask.case, "plan")
        first, last = terms.begin_agreement(terms.Figures.of(ask.case), calendar.tokyo_date(ask.now))
        return {
            **clauses.clauses(ask.key),
            "type": ask.key if ask.key in vocabulary.AGREEMENT_TYPES else "",
            "purpose": plan.content["purpose"] if plan else "",
            "from_on": first,
            "to_on": last,
            "signer_company": ask.case.company.representative,
            "signer_npo": ask.case.npo.representative,
        }
    if "liability" not in content:
        content["liability"] = clauses.clauses(content["type"])["liability"]
    outcome = content.pop("outcome", None) or {}
    content |= {name: outcome.get(name) for name in ("provider", "evaluator", "budget_cap_yen")}
    content |= {name: outcome.get(name) for name in contract.SCHEME_FIELDS}
    for name in ("fixed", "year_limits"):
        content[name] = [(year, amount) for year, amount in sorted(outcome.get(name, {}).items())]
    return content


def _offer_linked(ask: Ask) -> None:
    plan = documents.find_agreed(ask.session, ask.case, "plan")
    rows = plan.content["indicators"] if plan else []
    ask.form.offer([row for row in rows if row["linked_to_payment"]])


def _rule_facts(ask: Ask) -> dict[str, Any]:
    for row in agreement_acts.rules_written(ask.session, ask.case):
        if row["key"] == ask.key:
            points = [(figures.typed(value), yen) for value, yen in row["points"]]
            return _days(dict(row), "measured_on") | {
                "points": points, "rounding": str(row["rounding"]), "fiscal_year": str(row["fiscal_year"]),
            }  # fmt: skip
    return {}


# ── Running ──────────────────────────────────────────────────────────────────────────────────────────


def _contribution(ask: Ask) -> Given:
    form = ask.form
    gift = contributions.Gift(
        form.support_type.data, form.quantity.data or 0, form.unit.data or "", form.given_on.data,
        form.yen.data, form.estimate_method.data, form.estimate_note.data or "", form.note.data or "",
        _evidence(ask),
    )  # fmt: skip
    return (gift,)


def _measure(ask: Ask) -> Given:
    form = ask.form
    value = measurements.Value(
        date.fromisoformat(form.measured_on.data), form.value.data, form.missing_reason.data or "",
        form.sample_size.data, dict(form.breakdown.data or ()), form.comment.data or "",
        _evidence(ask),
    )  # fmt: skip
    return (value,)


def _prepare_measure(ask: Ask) -> None:
    _offer_files(ask)
    ask.form.offer_days(ask.item, plans.measuring_days(ask.session, ask.case, ask.item))
    if not ask.form.measured_on.data:
        due = plans.due_measurements(ask.session, ask.case, ask.now)
        days = [day for indicator, day, _status in due if indicator.id == ask.item.id]
        ask.form.measured_on.data = days[0].isoformat() if days else None


def _reviewed(ask: Ask) -> Given:
    return ask.form.decision.data == "accept", ask.form.text.data or ""


def _fields(*names: str) -> Callable[[Ask], Given]:
    """What stands in these fields of the form."""
    return lambda ask: tuple(ask.form[name].data for name in names)


def _report(ask: Ask) -> Given:
    form = ask.form
    facts: dict[str, Any] = {
        name: (form[name].data or "") for name in ("text", "setbacks", "next_step") if name in form
    }
    facts["sentences"] = drafted.of_period(ask.session, ask.case, ask.item)
    return (facts,)


def _report_facts(ask: Ask) -> dict[str, Any]:
    side = documents.side_of(ask.actor, ask.case)
    text = getattr(ask.item, f"{side}_text", "")
    if not text:
        rows = [row["text"] for row in drafted.of_period(ask.session, ask.case, ask.item)]
        if side == "company":
            rows = [row for row in rows if row.startswith(ask.case.company.name)]
        text = "\n".join(rows)
    return {"text": text, "setbacks": ask.item.setbacks, "next_step": ask.item.next_step, "submit_now": "yes"}


def _prepare_report(ask: Ask) -> None:
    if documents.side_of(ask.actor, ask.case) == "company":
        ask.form.only_company()


def _risk(ask: Ask) -> Given:
    form, text = ask.form, ask.item.text if ask.item is not None else ask.form.text.data
    risk = risks.RiskFacts(
        text, int(form.likelihood.data), int(form.impact.data), form.mitigation.data, form.side.data,
        form.review_on.data,
    )  # fmt: skip
    return (risk,)


def _risk_facts(ask: Ask) -> dict[str, Any]:
    """The risk as it stands; the next day is chosen anew, for the old one is why one is here."""
    risk = ask.item
    still_to_come = risk.review_on is not None and risk.review_on > calendar.tokyo_date(ask.now)
    return {
        "likelihood": str(risk.likelihood), "impact": str(risk.impact), "mitigation": risk.mitigation,
        "side": risk.side, "review_on": risk.review_on if still_to_come else None,
    }  # fmt: skip


# ── Results ──────────────────────────────────────────────────────────────────────────────────────────


def _outcome_report(ask: Ask) -> Given:
    form = ask.form
    facts = {
        "sentences": [row.as_dict() for row in drafted.compose(ask.session, ask.case)],
        "narrative": form.narrative.data, "setbacks": form.setbacks.data, "harm": form.harm.data or "",
        "next_step": form.next_step.data or "",
    }  # fmt: skip
    return (facts,)


def _publication_facts(ask: Ask) -> dict[str, Any]:
    content = _content(ask)
    if not content:
        return {"fields": ["purpose", "agreement", "indicators", "report", "setbacks"]}
    view = content["view"]
    return {"title": view["title"], "summary": view["summary"], "fields": content["fields"]}


def _prepare_close(ask: Ask) -> None:
    if not any(row.is_short for row in contributions.promises(ask.session, ask.case)):
        ask.form.drop_money_note()


def _gift_facts(ask: Ask) -> dict[str, Any]:
    """Today; for the company also what it has still to give, which is what it records most often."""
    found: dict[str, Any] = {"given_on": calendar.tokyo_date(ask.now)}
    if documents.side_of(ask.actor, ask.case) != "company":
        return found
    promised = terms.Figures.of(ask.case)
    given = [
        (row.support_type, row.quantity, row.unit)
        for row in work_reads.contributions(ask.session, ask.case)
        if row.giver == "company" and row.state != "cancelled"
    ]
    left = terms.remaining(promised, given)
    unit = promised.unit if left is not None else ""
    return found | {"support_type": promised.support_type, "quantity": left, "unit": unit}


def next_period(ask: Ask) -> terms.Beginning:
    """What the form for the next period begins with."""
    case, of = ask.case, terms.Figures.of
    return terms.begin_renewal(
        of(case), of(case.need) if case.need else None, of(case.offer) if case.offer else None,
        case.ends_on or case.period_to, calendar.tokyo_date(ask.now),
    )  # fmt: skip


_FORMS: Final = (
        Act(talks.record_meeting, forms.MeetingForm, _meeting),
        Act(talks.add_task, forms.TaskForm, _fields("text", "side", "due_on")),
        Act(talks.finish_task, forms.ConfirmForm),
        Act(talks.name_contact, forms.ContactForm, _contact, prepare=_offer_people),
        Act(files.add_file, forms.FileForm, _upload),
        Act(trials.draft_trial, forms.TrialForm, _trial, prefill=_trial_facts),
        Act(
            trials.draft_trial_result, forms.TrialResultForm, _fields("outcome", "learned"), prefill=_content
        ),
        _amending(
            plans.write_purpose, agreeing.PurposeForm,
            lambda ask: (ask.form.purpose.data, ask.form.lessons.data or []), prefill=_plan_content,
            prepare=_offer_lessons,
        ),
        _amending(
            plans.write_logic, agreeing.LogicForm,
            lambda ask: ({kind: ask.form[kind].data or [] for kind in vocabulary.LOGIC_KINDS},),
            prefill=lambda ask: {
                kind: list(column.values()) for kind, column in plans.columns(_plan_content(ask)).items()
            },
        ),
        _amending(
            plans.save_link, agreeing.LinkForm, _link,
            prepare=lambda ask: ask.form.offer(plans.nodes(_plan_content(ask))),
        ),
        _amending(plans.remove_link, agreeing.DropPartForm),
        _amending(
            plans.save_indicator, agreeing.IndicatorForm, lambda ask: (ask.form.facts,),
            prefill=_indicator_facts, prepare=_offer_indicator,
        ),
        _amending(plans.remove_indicator, agreeing.DropPartForm),
        _amending(
            plans.write_milestones, agreeing.MilestonesForm, lambda ask: (ask.form.found,),
            prefill=lambda ask: {
                "milestones": [f"{row['on']} {row['text']}" for row in _plan_content(ask)["milestones"]]
            },
        ),
        Act(
            accepting.accept_document, forms.ConfirmForm, lambda ask: (ask.form.shown,)
        ),
        Act(accepting.drop_document, agreeing.DropForm, _fields("text")),
        _amending(
            agreement_acts.draft, agreeing.AgreementForm,
            lambda ask: (ask.form.facts(agreement_acts.rules_written(ask.session, ask.case)),),
            prefill=_agreement_facts,
        ),
        _amending(
            agreement_acts.save_rule, agreeing.RuleForm, lambda ask: (ask.form.rule(ask.key),),
            prefill=_rule_facts, prepare=_offer_linked,
        ),
        _amending(agreement_acts.drop_rule, agreeing.DropPartForm),
        Act(agreement_acts.reopen_talks, agreeing.DropForm, _fields("text")),
        Act(
            agreement_acts.confirm, agreeing.ConfirmAgreementForm,
            lambda ask: (
                agreement_acts.Confirmation(frozenset(ask.form.checked.data), ask.form.text.data),
            ),
        ),
        Act(
            agreement_acts.return_, ExplainedForm, _fields("reason_code", "reason_text")
        ),
        Act(
            course.suspend, agreeing.SuspendForm, _fields("reason_code", "reason_text", "decide_by")
        ),
        Act(course.resume, agreeing.ResumeForm, _fields("text")),
        Act(
            course.terminate, agreeing.TerminateForm, _fields("reason_code", "reason_text", "inform_plan")
        ),
        Act(
            contributions.record_contribution, forms.ContributionForm, _contribution, prepare=_offer_files,
            prefill=_gift_facts,
        ),
        Act(contributions.confirm_contribution, forms.ConfirmForm),
        Act(
            contributions.cancel_contribution, agreeing.DropForm, _fields("text")
        ),
        Act(
            measurements.submit_measurement, forms.MeasureForm, _measure, prepare=_prepare_measure
        ),
        Act(measurements.review_measurement, forms.ReviewForm, _reviewed),
        Act(
            reports.write_report, forms.ReportForm, _report, prefill=_report_facts, prepare=_prepare_report,
            named=lambda ask: {"submit": ask.form.submit_now.data == "yes"},
        ),
        Act(reports.review_report, forms.ReviewForm, _reviewed),
        Act(risks.add_risk, forms.RiskForm, _risk),
        Act(risks.change_risk, forms.ChangeRiskForm, _risk, prefill=_risk_facts),
        Act(risks.close_risk, forms.AnswerForm, _fields("text")),
        Act(
            incidents.report_incident, forms.IncidentForm, _fields("happened_on", "text", "measures")
        ),
        Act(
            incidents.publish_incident, forms.PublishIncidentForm, _fields("public_text")
        ),
        Act(incidents.resolve_incident, forms.AnswerForm, _fields("text")),
        Act(payments.calculate, forms.ConfirmForm),
        Act(payments.calculate_fixed, forms.ConfirmForm),
        Act(payments.approve, forms.ConfirmForm),
        Act(
            payments.record_paid, forms.PaidForm, _fields("paid_on"),
            prefill=lambda ask: {"paid_on": calendar.tokyo_date(ask.now)},
        ),
        Act(
            outcome_reports.draft_report, forms.OutcomeReportForm, _outcome_report, prefill=_content
        ),
        Act(
            ratings.rate, forms.RateForm, lambda ask: (ask.form.scores, ask.form.comment.data or "")
        ),
        Act(ratings.decline, agreeing.DropForm, _fields("text")),
        Act(
            ratings.discuss, forms.DiscussForm,
            lambda ask: (ask.key, int(ask.form.score.data), ask.form.text.data),
        ),
        Act(
            ratings.add_third_party, forms.ThirdPartyForm,
            lambda ask: (ask.form.evaluator.data, ask.form.scores, ask.form.comment.data or ""),
        ),
        Act(
            lessons.add_voice, forms.VoiceForm, _fields("beneficiary", "people", "method", "text")
        ),
        Act(lessons.add_lesson, forms.LessonForm, _fields("text", "is_public")),
        Act(ratings.conclude, forms.CloseForm, _fields("text")),
        Act(
            publication.draft, forms.PublicationForm,
            lambda ask: (ask.form.title.data, ask.form.summary.data, ask.form.fields.data or []),
            prefill=_publication_facts,
        ),
        Act(
            publication.unpublish, forms.UnpublishForm, _fields("reason_code", "reason_text")
        ),
        Act(
            closing.close, forms.CloseCaseForm, _fields("text"), prepare=_prepare_close,
            named=lambda ask: {
                "money_note": (ask.form.money_note.data or "") if "money_note" in ask.form else ""
            },
        ),
        Act(
            renewal.renew, forms.RenewForm, lambda ask: (ask.form.terms, ask.form.message.data),
            prefill=lambda ask: next_period(ask).values,
            leads_to=lambda made: url_for("cases.show", public_id=made.public_id),
        ),
)  # fmt: skip

#: name of an act → how one asks for it
ACTS: Final[Mapping[str, Act]] = MappingProxyType({row.deed.name: row for row in _FORMS})


def may(
    session: Session, actor: Actor, case: Partnership, action: str, now: datetime, item: Any = None
) -> bool:
    """Whether the action is open to ``actor`` now, to this item of the case if one is given."""
    return ACTS[action].deed.may(Look(session, actor, case, now, item))


def do(ask: Ask) -> act.Done:
    """Do it with what the form says, which is read once it is clear that it may be done."""
    row = ACTS[ask.action]
    return row.deed.perform(ask.look, lambda: (row.answers(ask), row.named(ask)), ask.form.shown)
