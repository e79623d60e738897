"""協定・協働契約: from the draft to the confirmed agreement, its changes, and how it starts and ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, joinedload

from matcher.agreements import clauses, contract, plans
from matcher.cases import decisions, documents, talks
from matcher.ground import calendar, lifecycle, permissions, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import (
    CaseDocument,
    Indicator,
    Organization,
    Partnership,
    Payment,
    PaymentRule,
    PeriodReport,
)
from matcher.register import moves, notices, snapshots, wording, wording_work

#: What every agreement says, in the order in which it is printed.
TEXTS: Final = (
    "purpose", "method", "roles_company", "roles_npo", "roles_city", "costs", "rights", "privacy",
    "publication", "termination",
)  # fmt: skip
#: A change of one of these needs the city's yes as well.
CITY_FIELDS: Final = frozenset(
    {"type", "from_on", "to_on", "frequency", "money_company_yen", "money_city_yen", "city_is_party",
     "publication", "outcome"}
)  # fmt: skip
CHECKS: Final = ("period", "money", "indicators", "publication")
REPORT_DUE_DAYS: Final = 30  #: after the end of its period a report is due
MOST_DAYS: Final = 366 * 5  #: an agreement runs for five years at most, then it is renewed
_MONTHS: Final[Mapping[str, int]] = {"quarterly": 3, "half_yearly": 6, "yearly": 12}


# ── Writing and accepting ────────────────────────────────────────────────────────────────────────────


def draft(
    session: Session,
    actor: Actor,
    case: Partnership,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    version: int | None,
    why_changed: str = "",
) -> CaseDocument:
    """Write the agreement, or a change of the one in force. ``outcome`` is ``payment.Contract`` as JSON.

    Raises:
        Invalid: field → code. Refused: ``amendment_open``, ``no_plan``, ``rule_paid``.
        MovedOn: another stretch of the case's life, or somebody else wrote meanwhile.
    """
    permissions.require(actor, "partnership.work", case)
    talks.in_state(session, case, "negotiation", "agreement_draft", *plans.RUNNING)
    plan = documents.find_agreed(session, case, "plan")
    if facts.get("type") not in vocabulary.AGREEMENT_TYPES:
        raise Invalid(type="required")
    in_force = documents.find_agreed(session, case, "agreement") if case.state in plans.RUNNING else None
    if case.state in plans.RUNNING:
        if documents.find_draft(session, case, "plan") is not None:
            raise Refused("amendment_open")
        if not why_changed.strip():
            raise Invalid(why_changed="required")
    elif plan is None:
        raise Refused("no_plan")
    wrong = faults(facts)
    if wrong:
        raise Invalid(**wrong)
    content = {**facts, "plan_number": plan.number if plan else 0, "plan_sha256": plan.sha256 if plan else ""}
    needs_city = False
    if in_force is not None:
        plain = snapshots.plain(content)
        changed = {key for key, _before, _after in documents.differences(in_force.content, plain)}
        needs_city = bool(changed & CITY_FIELDS)
        _rules_unpaid(session, case, content)
    if content.get("outcome"):
        _rules_measured(content, plan)
    found = documents.save(
        session, actor, case, "agreement", content, now,
        version=version, why_changed=why_changed, needs_city=needs_city,
    )  # fmt: skip
    if case.state == "negotiation":
        trial = documents.find_draft(session, case, "trial")
        if trial is not None:
            trial.state = "withdrawn"
        talks.enter(session, actor, case, "draft_agreement", now, details={"document": found.public_id})
    text = wording_work.event(case, "agreement_draft", who=talks.who(actor))
    documents.tell_others(session, actor, case, text, now)
    return found


def faults(facts: Mapping[str, Any]) -> dict[str, str]:
    """Field → code of what an agreement lacks."""
    wrong = {name: "required" for name in TEXTS if not str(facts.get(name) or "").strip()}
    if not facts.get("city_is_party"):
        wrong.pop("roles_city", None)
    # Agreements of the time before this article lack it altogether; who is asked for it writes it.
    if "liability" in facts and not str(facts["liability"] or "").strip():
        wrong["liability"] = "required"
    wrong |= {
        name: "blank_left" for name in (*TEXTS, "liability") if clauses.BLANK in str(facts.get(name) or "")
    }
    first, last = facts.get("from_on"), facts.get("to_on")
    for name, day in (("from_on", first), ("to_on", last)):
        if not isinstance(day, date):
            wrong[name] = "required"
    if isinstance(first, date) and isinstance(last, date):
        if last <= first:
            wrong["to_on"] = "before_start"
        elif (last - first).days > MOST_DAYS:
            wrong["to_on"] = "agreement_too_long"
    if facts.get("frequency") not in vocabulary.REPORT_FREQUENCIES:
        wrong["frequency"] = "required"
    for name in ("money_company_yen", "money_city_yen"):
        if not 0 <= int(facts.get(name) or 0) <= contract.MAX_YEN:
            wrong[name] = "positive"
    for name in ("signer_company", "signer_npo"):
        if not str(facts.get(name) or "").strip():
            wrong[name] = "required"
    if facts.get("type") == "outcome_linked":
        outcome = facts.get("outcome")
        if not outcome:
            wrong["outcome"] = "required"
        else:
            # The rules are written one by one, after the frame; acceptance asks for them.
            found = contract.Contract.from_dict(outcome).faults()
            wrong |= {name: code for name, code in found.items() if name != "rules"}
    return wrong


def acceptance_obstacle(session: Session, case: Partnership, now: datetime) -> str | None:
    """Why no side can accept the draft yet: the code of the refusal, or ``None``."""
    plan = documents.find_agreed(session, case, "plan")
    if plan is None or not plans.has_outcome(plan.content):
        return "no_outcome_indicator"
    open_plan = documents.find_draft(session, case, "plan")
    if open_plan is not None:
        return "plan_open"
    for side in (case.company, case.npo):
        if side.state != "verified":
            return "not_verified"
        expires = side.verification_expires_on
        if case.state not in plans.RUNNING and expires and expires < calendar.tokyo_date(now):
            return "verification_expired"
    found = documents.find_draft(session, case, "agreement")
    if found is not None and found.content.get("plan_sha256") != plan.sha256:
        return "plan_changed"
    outcome = found.content.get("outcome") if found is not None else None
    if outcome and contract.Contract.from_dict(outcome).faults():
        return "no_rules"
    return None


def accepted_by_both(session: Session, case: Partnership, agreement: CaseDocument, now: datetime) -> None:
    """Both representatives have signed: the first time it goes to the city, a change comes into force."""
    if case.state in plans.RUNNING:
        _put_in_force(session, case, agreement, now)
        text = wording_work.event(case, "amended", what="協定", number=agreement.number)
        documents.tell_others(session, SYSTEM, case, text, now, staff=True)
        return
    details = {"document": agreement.public_id, "sha256": agreement.sha256}
    talks.enter(session, SYSTEM, case, "submit_agreement", now, details=details)
    review_by = calendar.add_working_days(calendar.tokyo_date(now), lifecycle.REVIEW_WORKING_DAYS)
    case.deadline_at = calendar.end_of_day(review_by)
    session.flush()
    text = wording_work.event(case, "agreement_review")
    notices.tell_staff(session, *text, now, about=("partnership", case.public_id))


def reopen_talks(
    session: Session, actor: Actor, case: Partnership, reason: str, now: datetime, *, version: int | None
) -> None:
    """Lay the draft aside and talk again."""
    permissions.require(actor, "partnership.work", case)
    if not reason.strip():
        raise Invalid(text="required")
    found = documents.find_draft(session, case, "agreement")
    if found is not None:
        documents.withdraw(session, actor, case, found, reason, now)
    talks.enter(session, actor, case, "reopen_talks", now, version=version, reason_text=reason)


# ── The city confirms ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Confirmation:
    """What the city looked at before it confirmed an agreement."""

    checked: frozenset[str]
    text: str


def confirm(
    session: Session, actor: Actor, case: Partnership, answer: Confirmation, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Confirm what both have signed; contract rows and report dates are made, the decision is frozen.

    Raises:
        Invalid: ``checks`` not all answered, no ``text``.
        Refused: ``manager_needed`` (city a party, or much public money), ``not_verified``, …
        MovedOn: another official was faster.
    """
    permissions.require(actor, "partnership.review", case)
    moves.check_version(session, case, version)
    talks.in_state(session, case, "agreement_review")
    wrong = {}
    if not answer.checked.issuperset(CHECKS):
        wrong["checked"] = "all_checks"
    if not answer.text.strip():
        wrong["text"] = "required"
    if wrong:
        raise Invalid(**wrong)
    agreement = documents.find_draft(session, case, "agreement")
    if agreement is None:
        raise moves.moved_on(session, case)
    if needs_manager(agreement.content) and actor.role != "manager":
        raise Refused("manager_needed")
    obstacle = acceptance_obstacle(session, case, now)
    if obstacle:
        raise Refused(obstacle)
    bundle = decisions.freeze(
        session, actor, case, "confirm_agreement", answer.text, now, checks=sorted(answer.checked)
    )
    agreement.city_accepted_at, agreement.city_accepted_by_id = now, actor.user_id
    _put_in_force(session, case, agreement, now)
    details = {"document": agreement.public_id, "bundle": bundle.public_id, "sha256": bundle.sha256}
    talks.enter(session, actor, case, "confirm_agreement", now, reason_text=answer.text, details=details)
    text = wording_work.event(
        case, "agreement_confirmed", until=wording.day(calendar.end_of_day(case.starts_on or now.date()))
    )
    documents.tell_others(session, actor, case, text, now)


def return_(
    session: Session, actor: Actor, case: Partnership, reason_code: str, reason_text: str, now: datetime,
    *, version: int | None,
) -> None:  # fmt: skip
    """Ask for another draft; what was signed stays readable as an older version."""
    permissions.require(actor, "partnership.review", case)
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    moves.check_version(session, case, version)
    talks.in_state(session, case, "agreement_review")
    details = _frozen(session, actor, case, "return_agreement", reason_text, now, return_reason=reason_code)
    talks.enter(
        session, actor, case, "return_agreement", now,
        version=version, reason_code=reason_code, reason_text=reason_text, details=details,
    )  # fmt: skip
    agreement = documents.find_draft(session, case, "agreement")
    if agreement is not None:
        content = dict(agreement.content)
        agreement.state = "superseded"
        session.flush()
        # The sides go on from the text they had; their acceptance belongs to the old version.
        documents.save(session, SYSTEM, case, "agreement", content, now)
    text = wording_work.event(case, "agreement_returned", what=reason_text.strip())
    documents.tell_others(session, actor, case, text, now)


def needs_manager(content: Mapping[str, Any]) -> bool:
    """Whether this agreement is the manager's to confirm: the city is a party, or much public money, what an
    outcome-linked contract may pay included.
    """
    outcome = content.get("outcome") or {}
    public_yen = int(content.get("money_city_yen") or 0) + int(outcome.get("budget_cap_yen") or 0)
    return bool(content.get("city_is_party")) or public_yen > lifecycle.MANAGER_MONEY_YEN


def _put_in_force(session: Session, case: Partnership, agreement: CaseDocument, now: datetime) -> None:
    documents.put_in_force(session, case, agreement, now)
    content = agreement.content
    case.agreement_type = content["type"]
    case.starts_on, case.ends_on = (
        date.fromisoformat(content["from_on"]),
        date.fromisoformat(content["to_on"]),
    )
    session.flush()
    _keep_reports(session, case, content["frequency"])
    _keep_rules(session, case, agreement)


# ── Rows made from an agreement ──────────────────────────────────────────────────────────────────────


def report_periods(first: date, last: date, frequency: str) -> list[tuple[date, date]]:
    """The periods to be reported on the way; the last stretch belongs to the outcome report."""
    months = _MONTHS.get(frequency)
    found: list[tuple[date, date]] = []
    if months is None:
        return found
    start, count = first, 1
    while True:
        following = calendar.add_months(first, months * count)
        if following > last:
            return found
        found.append((start, following - timedelta(days=1)))
        start, count = following, count + 1


def _keep_reports(session: Session, case: Partnership, frequency: str) -> None:
    assert case.starts_on is not None
    assert case.ends_on is not None
    kept = {
        row.due_on: row
        for row in session.scalars(select(PeriodReport).where(PeriodReport.partnership_id == case.id))
    }
    wanted = {
        last + timedelta(days=REPORT_DUE_DAYS): (first, last)
        for first, last in report_periods(case.starts_on, case.ends_on, frequency)
    }
    begun = {
        due_on for due_on, row in kept.items() if row.state != "open" or row.npo_text or row.company_text
    }
    untouched = kept.keys() - begun
    for due_on in untouched - wanted.keys():
        session.delete(kept[due_on])
    # What has been written stays; the next period then begins where the last one written ends.
    written = [kept[due_on].period_to for due_on in begun]
    for due_on, (first, last) in wanted.items():
        begin = max([first, *(day + timedelta(days=1) for day in written if first <= day < last)])
        if due_on not in kept:
            session.add(
                PeriodReport(
                    partnership_id=case.id, period_from=begin, period_to=last, due_on=due_on, state="open"
                )
            )
        elif due_on in untouched:
            kept[due_on].period_from, kept[due_on].period_to = begin, last
    session.flush()


def _paid_keys(session: Session, case: Partnership) -> set[str]:
    return set(
        session.scalars(
            select(PaymentRule.key)
            .join(Payment, Payment.rule_id == PaymentRule.id)
            .where(PaymentRule.partnership_id == case.id)
        )
    )


def _rules_unpaid(session: Session, case: Partnership, content: Mapping[str, Any]) -> None:
    """A rule by which an amount was calculated cannot be changed any more."""
    wanted = {rule["key"]: rule for rule in (content.get("outcome") or {}).get("rules", ())}
    rows = {
        row.key: row
        for row in session.scalars(select(PaymentRule).where(PaymentRule.partnership_id == case.id))
    }
    for key in _paid_keys(session, case):
        if wanted.get(key) != rows[key].terms:
            raise Refused("rule_paid")
    fixed = (content.get("outcome") or {}).get("fixed", {})
    paid_parts = session.scalars(
        select(Payment).where(Payment.partnership_id == case.id, Payment.fixed_year.is_not(None))
    )
    if any(int(fixed.get(str(row.fixed_year)) or 0) != row.amount_yen for row in paid_parts):
        raise Refused("rule_paid")


def _rules_measured(content: Mapping[str, Any], plan: CaseDocument | None) -> None:
    """Each rule can be calculated, and rests on an indicator of the plan that is linked to payment and
    measured on that day.
    """
    known = {found["key"]: found for found in (plan.content["indicators"] if plan else ())}
    for rule in content["outcome"]["rules"]:
        wrong = contract.Rule.from_dict(rule).faults()
        if wrong:
            raise Invalid(**wrong)
        indicator = known.get(rule["indicator"])
        if indicator is None or not indicator["linked_to_payment"]:
            raise Invalid(rules="not_linked")
        if rule["measured_on"] not in indicator["measure_on"]:
            raise Invalid(rules="not_measured_then")


def _keep_rules(session: Session, case: Partnership, agreement: CaseDocument) -> None:
    wanted = {rule["key"]: rule for rule in (agreement.content.get("outcome") or {}).get("rules", ())}
    rows = {
        row.key: row
        for row in session.scalars(select(PaymentRule).where(PaymentRule.partnership_id == case.id))
    }
    ids = {
        row.key: row.id
        for row in session.scalars(select(Indicator).where(Indicator.partnership_id == case.id))
    }
    paid = _paid_keys(session, case)
    for key, terms in wanted.items():
        rule = contract.Rule.from_dict(terms)
        row = rows.get(key)
        if row is None:
            row = PaymentRule(partnership_id=case.id, key=key)
            session.add(row)
        elif key in paid:
            continue
        row.agreement_number, row.indicator_id, row.cap_yen = (
            agreement.number,
            ids[rule.indicator],
            rule.cap_yen,
        )
        row.terms, row.measured_on, row.fiscal_year = terms, rule.measured_on, rule.fiscal_year
        row.is_retired = False
    for key, row in rows.items():
        if key not in wanted:
            row.is_retired = True
    session.flush()


# ── Running, pausing, ending ─────────────────────────────────────────────────────────────────────────


def suspend(
    session: Session, actor: Actor, case: Partnership, reason_code: str, reason_text: str,
    decide_by: date, now: datetime, *, version: int | None,
) -> None:  # fmt: skip
    """Pause a running partnership, with the date by which it is decided how it goes on.

    Raises:
        Invalid: ``decide_by`` past, more than half a year away, or after the agreement's end; no reason.
    """
    permissions.require(actor, "partnership.share", case)
    today = calendar.tokyo_date(now)
    if not today <= decide_by <= today + timedelta(days=183):
        raise Invalid(decide_by="within_half_year")
    if case.ends_on is not None and decide_by > case.ends_on:
        raise Invalid(decide_by="after_end")
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    moves.check_version(session, case, version)
    talks.in_state(session, case, "running")
    frozen = _frozen(
        session, actor, case, "suspend", reason_text, now, pause_reason=reason_code, decide_by=decide_by
    )
    case.decide_by = decide_by
    talks.enter(
        session, actor, case, "suspend", now,
        reason_code=reason_code, reason_text=reason_text,
        details={"decide_by": decide_by.isoformat(), **frozen},
    )  # fmt: skip
    case.deadline_at = calendar.end_of_day(decide_by)
    session.flush()
    text = wording_work.event(
        case, "suspended", who=talks.who(actor), what=reason_text.strip(), until=wording.day(case.deadline_at)
    )
    documents.tell_others(session, actor, case, text, now, staff=True)


def resume(
    session: Session, actor: Actor, case: Partnership, text: str, now: datetime, *, version: int | None
) -> None:
    """Go on after a pause; one sentence says what was decided.

    Raises:
        Refused: ``not_verified``: a party that the city has suspended cannot go on.
    """
    permissions.require(actor, "partnership.share", case)
    if not text.strip():
        raise Invalid(text="required")
    if case.company.state != "verified" or case.npo.state != "verified":
        raise Refused("not_verified")
    moves.check_version(session, case, version)
    talks.in_state(session, case, "suspended")
    details = _frozen(session, actor, case, "resume", text, now)
    case.decide_by = None
    talks.enter(session, actor, case, "resume", now, reason_text=text, details=details)
    notice = wording_work.event(case, "resumed", who=talks.who(actor))
    documents.tell_others(session, actor, case, notice, now, staff=True)


def terminate(
    session: Session, actor: Actor, case: Partnership, reason_code: str, reason_text: str,
    inform_plan: str, now: datetime, *, version: int | None,
) -> None:  # fmt: skip
    """End early, with the reason and who tells those for whom it was done.

    Raises:
        Invalid: no reason, or nobody tells the beneficiaries.
    """
    permissions.require(actor, "partnership.review" if actor.is_staff else "partnership.sign", case)
    wrong = {}
    if not reason_text.strip():
        wrong["reason_text"] = "required"
    if not inform_plan.strip():
        wrong["inform_plan"] = "required"
    if wrong:
        raise Invalid(**wrong)
    moves.check_version(session, case, version)
    talks.in_state(session, case, "agreed", *plans.RUNNING)
    details = _frozen(
        session,
        actor,
        case,
        "terminate",
        reason_text,
        now,
        termination_reason=reason_code,
        inform_plan=inform_plan,
    )
    talks.enter(
        session, actor, case, "terminate", now,
        reason_code=reason_code, reason_text=reason_text, details=details,
    )  # fmt: skip
    case.was_terminated, case.inform_plan, case.decide_by = True, inform_plan.strip(), None
    case.deadline_at = calendar.deadline(now, REPORT_DUE_DAYS)
    for kind in ("plan", "agreement"):
        found = documents.find_draft(session, case, kind)
        if found is not None:
            found.state = "withdrawn"
    session.flush()
    text = wording_work.event(
        case,
        "terminated",
        who=talks.who(actor),
        what=reason_text.strip(),
        until=wording.day(case.deadline_at),
    )
    documents.tell_others(session, actor, case, text, now, staff=True)


def _frozen(
    session: Session, actor: Actor, case: Partnership, outcome: str, text: str, now: datetime, **facts: Any
) -> dict[str, Any]:
    """What the audit event names where it is the city that decides; the sides decide for themselves."""
    if not actor.is_staff:
        return {}
    return decisions.named(decisions.freeze(session, actor, case, outcome, text, now, **facts))


def start_due(session: Session, now: datetime, limit: int = 100) -> int:
    """Begin what is agreed once its first day has come – unless the city has suspended a party (L8)."""
    today = calendar.tokyo_date(now)
    done = 0
    verified = Partnership.company.has(state="verified") & Partnership.npo.has(state="verified")
    # Who was told that it cannot start does not hold up the others.
    due = _due("agreed").where(Partnership.starts_on <= today, verified | (Partnership.reminders == 0))
    for case in session.scalars(due.limit(limit)).all():
        if case.company.state != "verified" or case.npo.state != "verified":
            if not case.reminders:
                session.execute(update(Partnership).where(Partnership.id == case.id).values(reminders=1))
                text = wording_work.event(case, "start_blocked")
                documents.tell_others(session, SYSTEM, case, text, now, staff=True)
                done += 1
            continue
        talks.enter(session, SYSTEM, case, "start", now)
        documents.tell_others(session, SYSTEM, case, wording_work.event(case, "started"), now, staff=True)
        done += 1
    return done


def end_due(session: Session, now: datetime, limit: int = 100) -> int:
    """End what is running, or stands still, once its last day is over."""
    today = calendar.tokyo_date(now)
    cases = session.scalars(_due(*plans.RUNNING).where(Partnership.ends_on < today).limit(limit)).all()
    for case in cases:
        event = "ended_suspended" if case.state == "suspended" else "ended"
        talks.enter(session, SYSTEM, case, "end", now)
        case.deadline_at, case.decide_by = calendar.deadline(now, REPORT_DUE_DAYS), None
        for kind in ("plan", "agreement"):
            found = documents.find_draft(session, case, kind)
            if found is not None:
                found.state = "withdrawn"
        session.flush()
        text = wording_work.event(case, event, until=wording.day(case.deadline_at))
        documents.tell_others(session, SYSTEM, case, text, now, staff=True)
    return len(cases)


def _due(*states: str) -> Select[Partnership]:
    return (
        select(Partnership)
        .where(Partnership.state.in_(states))
        .options(
            joinedload(Partnership.company).joinedload(Organization.company),
            joinedload(Partnership.npo).joinedload(Organization.npo),
        )
        .order_by(Partnership.id)
    )
