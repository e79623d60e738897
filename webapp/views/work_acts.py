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
from matcher.agreements import clauses, contract, plans
from matcher.cases import documents, files, talks, trials
from matcher.ground import calendar, figures, lifecycle, permissions, vocabulary
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import Actor
from matcher.people import accounts
from matcher.postings import terms
from matcher.records import (
    CaseDocument,
    CaseFile,
    EvaluationSheet,
    Partnership,
)
from matcher.register import act
from matcher.register.act import Look
from matcher.results import accepting, closing, drafted, publication, ratings
from matcher.work import contributions, incidents, measurements, payments, reports, risks
from matcher.work import reads as work_reads
from webapp import terms_text
from webapp.db import Session
from webapp.forms import agreeing
from webapp.forms import work as forms
from webapp.forms.base import Form
from webapp.forms.case import ExplainedForm

WORK: Final = frozenset(lifecycle.CASE_WORK)
ALIVE: Final = WORK - {"closed"}
RUNNING: Final = frozenset({"running", "suspended"})
BEGUN: Final = frozenset(lifecycle.CASE_BEGUN)
_PLANNING: Final = frozenset((*plans.BEFORE, *plans.RUNNING))


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
    def draft(self) -> CaseDocument | None:
        """The open draft of the document that the action writes."""
        kind = ACTS[self.action].writes
        return documents.find_draft(self.session, self.case, kind) if kind else None

    @property
    def look(self) -> Look:
        """Who asks, before which case and item; a part that a key names is the item of its act."""
        deed = ACTS[self.action].deed
        item = self.key if deed is not None and deed.item is str else self.item
        return Look(self.session, self.actor, self.case, self.now, item)

    @property
    def version(self) -> int:
        """The version over which the person typed."""
        version: int = self.form.shown_version
        return version

    @property
    def why_changed(self) -> str:
        """Why what is in force is being changed, where the form asks for it."""
        return (self.form.why_changed.data or "") if "why_changed" in self.form else ""


Run = Callable[[Ask], object]
Given = tuple[Any, ...]


@dataclass(frozen=True)
class Act:
    """One action. ``item``: the kind of record that it is about. ``writes``: the document it drafts.

    ``prepare`` offers choices and prefills; ``reasons`` stand in the life-cycle table under ``move``.
    ``leads_to`` names the page of what the service has made, where that is where one goes on.
    """

    form: type[Form]
    run: Run = field(default=lambda ask: None)
    permission: str = ""
    states: frozenset[str] = frozenset()
    item: type[Any] | None = None
    writes: str = ""
    prefill: Callable[[Ask], dict[str, Any]] = field(default=lambda ask: {})
    prepare: Callable[[Ask], None] = field(default=lambda ask: None)
    move: str = ""
    leads_to: Callable[[Any], str | None] = field(default=lambda made: None)
    deed: act.Act | None = None
    answers: Callable[[Ask], Given] = field(default=lambda ask: ())
    named: Callable[[Ask], Mapping[str, Any]] = field(default=lambda ask: {})


def _form_of(
    deed: act.Act, form: type[Form], answers: Callable[[Ask], Given] = lambda ask: (), **more: Any
) -> Act:
    """The form of a declared act, which says itself who may do it, when, and to what; and how what was filled
    in becomes what the act is given.
    """
    return Act(
        form, permission=deed.by, states=deed.open_in, item=deed.item, writes=deed.writes,
        deed=deed, answers=answers, **more,
    )  # fmt: skip


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
    kind = ACTS[ask.action].writes
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


def _save_part(part: str, read: Callable[[Ask], Any]) -> Run:
    def run(ask: Ask) -> object:
        return plans.save_part(
            ask.session, ask.actor, ask.case, part, read(ask), ask.now,
            version=ask.version, why_changed=ask.why_changed,
        )  # fmt: skip

    return run


def _purpose(ask: Ask) -> object:
    form = ask.form
    plans.save_part(
        ask.session, ask.actor, ask.case, "purpose", form.purpose.data, ask.now,
        version=ask.version, why_changed=ask.why_changed,
    )  # fmt: skip
    return plans.save_part(
        ask.session, ask.actor, ask.case, "lessons", form.lessons.data or [], ask.now,
        version=None, why_changed=ask.why_changed,
    )  # fmt: skip


def _offer_lessons(ask: Ask) -> None:
    rows = ratings.lessons_of(ask.session, ask.case.company, ask.case.npo)
    ask.form.offer([lesson for lesson, _case in rows])


def _link(ask: Ask) -> object:
    form = ask.form
    link = {
        "source": form.source.data, "target": form.target.data, "evidence": form.evidence.data,
        "assumption": form.assumption.data or "",
    }  # fmt: skip
    return plans.save_link(
        ask.session, ask.actor, ask.case, link, ask.now, version=ask.version, why_changed=ask.why_changed
    )


def _drop_link(ask: Ask) -> object:
    return plans.remove_link(
        ask.session, ask.actor, ask.case, ask.key, ask.now, version=ask.version, why_changed=ask.why_changed
    )


def _indicator(ask: Ask) -> object:
    return plans.save_indicator(
        ask.session, ask.actor, ask.case, ask.form.facts, ask.now,
        key=ask.key or None, version=ask.version, why_changed=ask.why_changed,
    )  # fmt: skip


def _indicator_facts(ask: Ask) -> dict[str, Any]:
    for row in _plan_content(ask)["indicators"]:
        if row["key"] == ask.key:
            shared = {known.code: known.public_id for known in plans.library(ask.session)}
            return _days(dict(row), "baseline_on", "target_on") | {
                "min_cell": str(row["min_cell"]), "definition_id": shared.get(row.get("shared") or "", ""),
            }  # fmt: skip
    if ask.key:
        raise NotFound("indicator")
    return {}


def _offer_indicator(ask: Ask) -> None:
    plan = _plan_content(ask)
    kept = {row["key"]: row["min_cell"] for row in plan["indicators"]}
    own, others = plans.library_for(ask.session, ask.case)
    ask.form.offer(own, others, plans.nodes(plan), kept.get(ask.key))


def _drop_indicator(ask: Ask) -> object:
    return plans.remove_indicator(
        ask.session, ask.actor, ask.case, ask.key, ask.now, version=ask.version, why_changed=ask.why_changed
    )


# ── Agreement ────────────────────────────────────────────────────────────────────────────────────────


def rules_written(ask: Ask) -> list[dict[str, Any]]:
    """The payment rules of the open draft, else of the agreement in force."""
    outcome = _content_of(ask, "agreement").get("outcome") or {}
    return list(outcome.get("rules", ()))


def _content_of(ask: Ask, kind: str) -> dict[str, Any]:
    found = documents.find_draft(ask.session, ask.case, kind) or documents.find_agreed(
        ask.session, ask.case, kind
    )
    return dict(found.content) if found else {}


def _agreement(ask: Ask) -> object:
    form = ask.form
    return agreement_acts.draft(
        ask.session, ask.actor, ask.case, form.facts(rules_written(ask)), ask.now,
        version=ask.version, why_changed=ask.why_changed,
    )  # fmt: skip


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


def _rule(ask: Ask) -> object:
    return _save_rules(
        ask, lambda rows: [*_without(rows, ask.key), ask.form.rule(_rule_key(rows, ask.key)).as_dict()]
    )


def _drop_rule(ask: Ask) -> object:
    return _save_rules(ask, lambda rows: _without(rows, ask.key))


def _without(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["key"] != key]


def _rule_key(rows: list[dict[str, Any]], key: str) -> str:
    taken = {row["key"] for row in rows}
    if key and key not in taken:
        raise NotFound("rule")
    return key or next(f"P{n}" for n in range(1, 1000) if f"P{n}" not in taken)


def _save_rules(ask: Ask, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> object:
    content = _days(_content_of(ask, "agreement"), "from_on", "to_on")
    if not content.get("outcome"):
        raise NotFound("contract")
    rows = change(list(content["outcome"].get("rules", ())))
    content["outcome"] = {**content["outcome"], "rules": sorted(rows, key=lambda row: row["key"])}
    return agreement_acts.draft(
        ask.session, ask.actor, ask.case, content, ask.now,
        version=ask.version, why_changed=ask.why_changed,
    )  # fmt: skip


def _offer_linked(ask: Ask) -> None:
    plan = documents.find_agreed(ask.session, ask.case, "plan")
    rows = plan.content["indicators"] if plan else []
    ask.form.offer([row for row in rows if row["linked_to_payment"]])


def _rule_facts(ask: Ask) -> dict[str, Any]:
    for row in rules_written(ask):
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


def _outcome_report(ask: Ask) -> object:
    form = ask.form
    facts = {
        "sentences": [row.as_dict() for row in drafted.compose(ask.session, ask.case)],
        "narrative": form.narrative.data, "setbacks": form.setbacks.data, "harm": form.harm.data or "",
        "next_step": form.next_step.data or "",
    }  # fmt: skip
    return ratings.draft_report(ask.session, ask.actor, ask.case, facts, ask.now, version=ask.version)


def _rate(ask: Ask) -> object:
    return ratings.rate(
        ask.session, ask.actor, ask.case, ask.key, ask.form.scores, ask.form.comment.data or "", ask.now
    )


def _discuss(ask: Ask) -> None:
    ratings.discuss(
        ask.session, ask.actor, ask.case, ask.item, ask.key, int(ask.form.score.data), ask.form.text.data,
        ask.now, version=ask.version,
    )  # fmt: skip


def _publication(ask: Ask) -> object:
    form = ask.form
    return publication.draft(
        ask.session, ask.actor, ask.case, form.title.data, form.summary.data, form.fields.data or [],
        ask.now, version=ask.version,
    )  # fmt: skip


def _publication_facts(ask: Ask) -> dict[str, Any]:
    content = _content(ask)
    if not content:
        return {"fields": ["purpose", "agreement", "indicators", "report", "setbacks"]}
    view = content["view"]
    return {"title": view["title"], "summary": view["summary"], "fields": content["fields"]}


def _close(ask: Ask) -> None:
    form = ask.form
    closing.close(
        ask.session, ask.actor, ask.case, form.text.data, ask.now, version=ask.version,
        money_note=(form.money_note.data or "") if "money_note" in form else "",
    )  # fmt: skip


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


def renewal(ask: Ask) -> terms.Beginning:
    """What the form for the next period begins with."""
    case, of = ask.case, terms.Figures.of
    return terms.begin_renewal(
        of(case), of(case.need) if case.need else None, of(case.offer) if case.offer else None,
        case.ends_on or case.period_to, calendar.tokyo_date(ask.now),
    )  # fmt: skip


def _of_document(ask: Ask) -> None:
    accepting.accept_document(ask.session, ask.actor, ask.case, ask.item, ask.form.shown, ask.now)


def _simple(service: Callable[..., object], *names: str) -> Run:
    """A service that takes session, actor, case, some fields of the form, now, and the version shown."""
    return lambda ask: service(
        ask.session, ask.actor, ask.case, *(ask.form[name].data for name in names), ask.now,
        version=ask.version,
    )  # fmt: skip


_SHARE, _WORK, _REVIEW = "partnership.share", "partnership.work", "partnership.review"

ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "meeting": _form_of(talks.record_meeting, forms.MeetingForm, _meeting),
        "task": _form_of(talks.add_task, forms.TaskForm, _fields("text", "side", "due_on")),
        "finish_task": _form_of(talks.finish_task, forms.ConfirmForm),
        "contact": _form_of(talks.name_contact, forms.ContactForm, _contact, prepare=_offer_people),
        "file": _form_of(files.add_file, forms.FileForm, _upload),
        "trial": _form_of(trials.draft_trial, forms.TrialForm, _trial, prefill=_trial_facts),
        "trial_result": _form_of(
            trials.draft_trial_result, forms.TrialResultForm, _fields("outcome", "learned"), prefill=_content
        ),
        "plan": Act(
            agreeing.PurposeForm, _purpose, _WORK, _PLANNING, writes="plan", prefill=_plan_content,
            prepare=_offer_lessons,
        ),
        "logic": Act(
            agreeing.LogicForm,
            _save_part("logic", lambda ask: {k: ask.form[k].data or [] for k in vocabulary.LOGIC_KINDS}),
            _WORK, _PLANNING, writes="plan",
            prefill=lambda ask: {
                kind: list(column.values()) for kind, column in plans.columns(_plan_content(ask)).items()
            },
        ),
        "link": Act(
            agreeing.LinkForm, _link, _WORK, _PLANNING, writes="plan",
            prepare=lambda ask: ask.form.offer(plans.nodes(_plan_content(ask))),
        ),
        "drop_link": Act(agreeing.DropPartForm, _drop_link, _WORK, _PLANNING, writes="plan"),
        "indicator": Act(
            agreeing.IndicatorForm, _indicator, _WORK, _PLANNING, writes="plan", prefill=_indicator_facts,
            prepare=_offer_indicator,
        ),
        "drop_indicator": Act(agreeing.DropPartForm, _drop_indicator, _WORK, _PLANNING, writes="plan"),
        "milestones": Act(
            agreeing.MilestonesForm, _save_part("milestones", lambda ask: ask.form.found), _WORK, _PLANNING,
            writes="plan",
            prefill=lambda ask: {
                "milestones": [f"{row['on']} {row['text']}" for row in _plan_content(ask)["milestones"]]
            },
        ),
        "accept_document": Act(forms.ConfirmForm, _of_document, "partnership.view", WORK, item=CaseDocument),
        "drop_document": Act(
            agreeing.DropForm,
            lambda ask: accepting.drop_document(
                ask.session, ask.actor, ask.case, ask.item, ask.form.text.data, ask.now, version=ask.version
            ),
            _SHARE, WORK, item=CaseDocument,
        ),
        "agreement": Act(
            agreeing.AgreementForm, _agreement, _WORK,
            frozenset({"negotiation", "agreement_draft", *plans.RUNNING}), writes="agreement",
            prefill=_agreement_facts,
        ),
        "rule": Act(
            agreeing.RuleForm, _rule, _WORK, frozenset({"negotiation", "agreement_draft", *plans.RUNNING}),
            writes="agreement", prefill=_rule_facts, prepare=_offer_linked,
        ),
        "drop_rule": Act(
            agreeing.DropPartForm, _drop_rule, _WORK, frozenset({"agreement_draft", *plans.RUNNING}),
            writes="agreement",
        ),
        "reopen_talks": Act(
            agreeing.DropForm,
            _simple(agreement_acts.reopen_talks, "text"),
            _WORK,
            frozenset({"agreement_draft"}),
        ),
        "confirm_agreement": Act(
            agreeing.ConfirmAgreementForm,
            lambda ask: agreement_acts.confirm(
                ask.session, ask.actor, ask.case,
                agreement_acts.Confirmation(frozenset(ask.form.checked.data), ask.form.text.data), ask.now,
                version=ask.version,
            ),
            _REVIEW, frozenset({"agreement_review"}),
        ),
        "return_agreement": Act(
            ExplainedForm, _simple(agreement_acts.return_, "reason_code", "reason_text"), _REVIEW,
            frozenset({"agreement_review"}), move="return_agreement",
        ),
        "suspend": Act(
            agreeing.SuspendForm, _simple(agreement_acts.suspend, "reason_code", "reason_text", "decide_by"),
            _SHARE, frozenset({"running"}), move="suspend",
        ),
        "resume": Act(
            agreeing.ResumeForm, _simple(agreement_acts.resume, "text"), _SHARE, frozenset({"suspended"})
        ),
        "terminate": Act(
            agreeing.TerminateForm,
            _simple(agreement_acts.terminate, "reason_code", "reason_text", "inform_plan"),
            _SHARE, frozenset({"agreed", *plans.RUNNING}), move="terminate",
        ),
        "contribution": _form_of(
            contributions.record_contribution, forms.ContributionForm, _contribution, prepare=_offer_files,
            prefill=_gift_facts,
        ),
        "confirm_contribution": _form_of(contributions.confirm_contribution, forms.ConfirmForm),
        "cancel_contribution": _form_of(
            contributions.cancel_contribution, agreeing.DropForm, _fields("text")
        ),
        "measure": _form_of(
            measurements.submit_measurement, forms.MeasureForm, _measure, prepare=_prepare_measure
        ),
        "review_measurement": _form_of(measurements.review_measurement, forms.ReviewForm, _reviewed),
        "report": _form_of(
            reports.write_report, forms.ReportForm, _report, prefill=_report_facts, prepare=_prepare_report,
            named=lambda ask: {"submit": ask.form.submit_now.data == "yes"},
        ),
        "review_report": _form_of(reports.review_report, forms.ReviewForm, _reviewed),
        "risk": _form_of(risks.add_risk, forms.RiskForm, _risk),
        "change_risk": _form_of(risks.change_risk, forms.ChangeRiskForm, _risk, prefill=_risk_facts),
        "close_risk": _form_of(risks.close_risk, forms.AnswerForm, _fields("text")),
        "incident": _form_of(
            incidents.report_incident, forms.IncidentForm, _fields("happened_on", "text", "measures")
        ),
        "publish_incident": _form_of(
            incidents.publish_incident, forms.PublishIncidentForm, _fields("public_text")
        ),
        "resolve_incident": _form_of(incidents.resolve_incident, forms.AnswerForm, _fields("text")),
        "calculate": _form_of(payments.calculate, forms.ConfirmForm),
        "calculate_fixed": _form_of(payments.calculate_fixed, forms.ConfirmForm),
        "approve_payment": _form_of(payments.approve, forms.ConfirmForm),
        "paid": _form_of(
            payments.record_paid, forms.PaidForm, _fields("paid_on"),
            prefill=lambda ask: {"paid_on": calendar.tokyo_date(ask.now)},
        ),
        "outcome_report": Act(
            forms.OutcomeReportForm, _outcome_report, _WORK, frozenset({"ended", "terminated"}),
            writes="outcome_report", prefill=_content,
        ),
        "rate": Act(forms.RateForm, _rate, _SHARE, frozenset({"reported"})),
        "decline_rating": Act(
            agreeing.DropForm,
            lambda ask: ratings.decline(
                ask.session, ask.actor, ask.case, ask.form.text.data, ask.now
            ),
            _SHARE, frozenset({"reported"}),
        ),
        "discuss": Act(
            forms.DiscussForm, _discuss, _SHARE, frozenset({"reported"}), item=EvaluationSheet
        ),
        "third_party": Act(
            forms.ThirdPartyForm,
            lambda ask: ratings.add_third_party(
                ask.session, ask.actor, ask.case, ask.form.evaluator.data, ask.form.scores,
                ask.form.comment.data or "", ask.now,
            ),
            _REVIEW, frozenset({"reported", "evaluated"}),
        ),
        "voice": Act(
            forms.VoiceForm,
            lambda ask: ratings.add_voice(
                ask.session, ask.actor, ask.case, ask.form.beneficiary.data, ask.form.people.data,
                ask.form.method.data, ask.form.text.data, ask.now,
            ),
            _SHARE, BEGUN,
        ),
        "lesson": Act(
            forms.LessonForm,
            lambda ask: ratings.add_lesson(
                ask.session, ask.actor, ask.case, ask.form.text.data, bool(ask.form.is_public.data), ask.now
            ),
            _SHARE, BEGUN,
        ),
        "conclude": Act(
            forms.CloseForm, _simple(ratings.conclude, "text"), _REVIEW, frozenset({"reported"})
        ),
        "publication": Act(
            forms.PublicationForm, _publication, _SHARE, frozenset(publication.MAY_PUBLISH),
            writes="publication", prefill=_publication_facts,
        ),
        "unpublish": Act(
            forms.UnpublishForm,
            lambda ask: publication.unpublish(
                ask.session, ask.actor, ask.case, ask.form.reason_code.data, ask.form.reason_text.data,
                ask.now,
            ),
            _SHARE, frozenset(publication.MAY_PUBLISH),
            prepare=lambda ask: ask.form.offer_reasons(vocabulary.PUBLISH_REFUSALS),
        ),
        "close": Act(
            forms.CloseCaseForm, _close, _REVIEW, frozenset({"evaluated", "reported"}),
            prepare=_prepare_close,
        ),
        "renew": Act(
            forms.RenewForm,
            lambda ask: ratings.renew(
                ask.session, ask.actor, ask.case, ask.form.terms, ask.form.message.data, ask.now
            ),
            _WORK, frozenset({"reported", "evaluated", "closed"}),
            prefill=lambda ask: renewal(ask).values,
            leads_to=lambda made: url_for("cases.show", public_id=made.public_id),
        ),
    }
)  # fmt: skip


def may(
    session: Session, actor: Actor, case: Partnership, action: str, now: datetime, item: Any = None
) -> bool:
    """Whether the action is open to ``actor`` now, to this item of the case if one is given."""
    row = ACTS[action]
    if row.deed is not None:
        return row.deed.may(Look(session, actor, case, now, item))
    if case.state not in row.states or not permissions.may(actor, row.permission, case):
        return False
    if action == "terminate" and not actor.is_staff:
        return permissions.may(actor, "partnership.sign", case)
    if action == "close" and case.state == "reported":
        return case.was_terminated
    if action == "renew":
        return ratings.may_renew(case)
    return True


def obstacle(ask: Ask) -> str | None:
    """What stands against an action that is open: a code, or ``None``."""
    deed = ACTS[ask.action].deed
    return deed.obstacle(ask.look) if deed is not None else None


def do(ask: Ask) -> act.Done:
    """Do it with what the form says, which is read once it is clear that it may be done."""
    row = ACTS[ask.action]
    if row.deed is None:
        return act.Done(row.run(ask))
    return row.deed.perform(ask.look, lambda: (row.answers(ask), row.named(ask)), ask.form.shown)


def reasons(case: Partnership, move: str) -> Mapping[str, str]:
    """The coded reasons of a move, also where the present state no longer allows it."""
    row = lifecycle.find_move("partnership", case.state, move)
    rows = [row] if row else [
        found for found in lifecycle.TRANSITIONS if found.machine == "partnership" and found.action == move
    ]  # fmt: skip
    return rows[0].reasons or {}
