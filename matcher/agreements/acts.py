"""協定・協働契約: from the draft to the agreement that the city has confirmed, and its changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from matcher.agreements import clauses, contract, periods, plans, rules
from matcher.cases import beginning, decisions, documents, span, talks, telling, turns
from matcher.cases.act import REVIEW, WORK, case_act
from matcher.ground import amounts, calendar, lifecycle, vocabulary
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import SYSTEM, Actor
from matcher.postings import filling
from matcher.records import CaseDocument, Partnership
from matcher.register import moves, snapshots, wording, wording_work
from matcher.register.act import MOVED_ON, Done, Look, Told, Words, version_of_record

#: What every agreement says, in the order in which it is printed.
TEXTS: Final = (
    "purpose", "method", "roles_company", "roles_npo", "roles_city", "costs", "rights", "privacy",
    "publication", "termination",
)  # fmt: skip
#: What an agreement may leave out; those of the time before liability was asked for lack it.
UNSAID: Final[Mapping[str, Any]] = {
    "roles_city": "", "city_is_party": False, "costs": "", "money_company_yen": 0, "money_city_yen": 0,
    "liability": "", "outcome": None, "signer_city": "", "plan_number": 0,
}  # fmt: skip
#: A change of one of these needs the city's yes as well.
CITY_FIELDS: Final = frozenset(
    {"type", "from_on", "to_on", "frequency", "money_company_yen", "money_city_yen", "city_is_party",
     "publication", "outcome"}
)  # fmt: skip
EXPIRED: Final = "verification_expired"
OVER: Final = "agreement_over"  #: what both have signed ended while the city was to confirm it
CHECKS: Final = ("period", "money", "indicators", "publication")


# ── Writing and accepting ────────────────────────────────────────────────────────────────────────────


def _draftable(look: Look) -> str | None:
    """It rests on a plan that both have accepted; of plan and agreement in force one is changed at a time."""
    session, case = look.session, look.record
    if case.state in plans.RUNNING:
        return "amendment_open" if documents.find_draft(session, case, "plan") is not None else None
    return "no_plan" if documents.find_agreed(session, case, "plan") is None else None


@case_act(
    "write_agreement", event=lifecycle.DRAFT_AGREEMENT, by=WORK,
    open_in=frozenset({"negotiation", "agreement_draft", *plans.RUNNING}), writes="agreement",
    guard=_draftable, home="agreement",
    words=Words(
        "協定の案を書く", "協定の案を保存し、相手方に知らせました。", "協定の案を作成しました",
        explain="両者の代表が同意すると、市が内容を確認します。計画と登録の内容をもとにした文を、あらかじめ入れてあります。",
        submit="保存して相手に知らせる",
        step="協定の案を書く",
    ),
)  # fmt: skip
def draft(look: Look, facts: Mapping[str, Any], *, why_changed: str = "") -> Done:
    """Write the agreement, or a change of the one in force. ``outcome`` is ``payment.Contract`` as JSON.

    Raises:
        Invalid: field → code. Refused: ``rule_paid``.
    """
    return _write(look, facts, why_changed)


@case_act(
    "save_rule", event=lifecycle.DRAFT_AGREEMENT, by=WORK,
    open_in=frozenset({"negotiation", "agreement_draft", *plans.RUNNING}), writes="agreement", item=str,
    guard=_draftable, home="agreement",
    words=Words(
        "支払いの条件を書く", "支払いの条件を保存しました。",
        explain="支払いの条件は数字の表として残し、計算のしかたを言葉で示します。",
    ),
)  # fmt: skip
def save_rule(look: Look, rule: contract.Rule, *, why_changed: str = "") -> Done:
    """Add a rule to the draft, or change the one whose key is the item.

    Raises:
        NotFound: there is none. Else as ``draft``.
    """
    rows = rules_written(look.session, look.record)
    taken = {row["key"] for row in rows}
    if look.item and look.item not in taken:
        raise NotFound("rule")
    key = look.item or next(f"P{n}" for n in range(1, 1000) if f"P{n}" not in taken)
    rest = [row for row in rows if row["key"] != key]
    return _write_rules(look, [*rest, replace(rule, key=key).as_dict()], why_changed)


@case_act(
    "drop_rule", event=lifecycle.DRAFT_AGREEMENT, by=WORK,
    open_in=frozenset({"agreement_draft", *plans.RUNNING}),
    writes="agreement", item=str, guard=_draftable, home="agreement",
    words=Words(
        "支払いの条件を外す", "支払いの条件を外しました。",
        explain="この支払いの条件を、協定の案から外します。", submit="条件を外す",
    ),
)  # fmt: skip
def drop_rule(look: Look, *, why_changed: str = "") -> Done:
    """Take the rule whose key is the item out of the draft."""
    rest = [row for row in rules_written(look.session, look.record) if row["key"] != look.item]
    return _write_rules(look, rest, why_changed)


def content(session: Session, case: Partnership) -> dict[str, Any]:
    """The open draft's content, else that of the agreement in force, else nothing."""
    found = documents.find_draft(session, case, "agreement") or documents.find_agreed(
        session, case, "agreement"
    )
    return dict(found.content) if found else {}


def rules_written(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """The payment rules of the open draft, else of the agreement in force."""
    return list((content(session, case).get("outcome") or {}).get("rules", ()))


def _write_rules(look: Look, rows: list[dict[str, Any]], why_changed: str) -> Done:
    kept = content(look.session, look.record)
    if not kept.get("outcome"):
        raise NotFound("contract")
    days = {name: date.fromisoformat(kept[name]) for name in ("from_on", "to_on")}
    outcome = {**kept["outcome"], "rules": sorted(rows, key=lambda row: str(row["key"]))}
    return _write(look, {**kept, **days, "outcome": outcome}, why_changed)


def _write(look: Look, facts: Mapping[str, Any], why_changed: str) -> Done:
    session, actor, case, now = look.session, look.actor, look.record, look.now
    plan = documents.find_agreed(session, case, "plan")
    is_change = case.state in plans.RUNNING
    wrong = {} if facts.get("type") in vocabulary.AGREEMENT_TYPES else {"type": "required"}
    if is_change and not why_changed.strip():
        wrong["why_changed"] = "required"
    in_force = documents.find_agreed(session, case, "agreement") if is_change else None
    wrong = wrong or faults(facts) or _faults_of_days(look, facts, in_force)
    if wrong:
        raise Invalid(**wrong)
    said = {**facts, "plan_number": plan.number if plan else 0, "plan_sha256": plan.sha256 if plan else ""}
    needs_city = False
    if in_force is not None:
        changed = {row[0] for row in documents.differences(in_force.content, snapshots.plain(said))}
        needs_city = bool(changed & CITY_FIELDS)
        rules.require_unpaid(session, case, said)
    if said.get("outcome"):
        rules.require_measured(said, plan)
    if case.state == "negotiation":
        found = documents.write(session, actor, case, "agreement", said, now)
        documents.drop_open(session, actor, case, now, "trial")
        details = documents.named(found)
        talks.enter(session, actor, case, lifecycle.DRAFT_AGREEMENT, now, details=details)
    else:
        found = documents.save(
            session, actor, case, "agreement", said, now, why_changed=why_changed, needs_city=needs_city
        )
    told = Told("others", "agreement_draft", {"who": talks.who(actor)})
    return Done(found, is_kept=True, tells=(told,))


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
        elif (last - first).days > lifecycle.TERMS_MOST_DAYS:
            wrong["to_on"] = "agreement_too_long"
    if facts.get("frequency") not in vocabulary.REPORT_FREQUENCIES:
        wrong["frequency"] = "required"
    for name in ("money_company_yen", "money_city_yen"):
        if not 0 <= int(facts.get(name) or 0) <= amounts.MAX_YEN:
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


def _faults_of_days(look: Look, facts: Mapping[str, Any], in_force: CaseDocument | None) -> dict[str, str]:
    """Field → code of days that cannot be meant now; those of the agreement in force are not asked again."""
    case, today, wrong = look.record, calendar.tokyo_date(look.now), {}
    kept = in_force.content if in_force is not None else {}
    first, last = facts["from_on"], facts["to_on"]
    if first.isoformat() != kept.get("from_on"):
        before = beginning.end_of_last(look.session, case)
        earliest = [span.first_day(look.session, case)]
        if before is not None:  # the next period may join the one before
            earliest.append(before + timedelta(days=1))
        if kept and date.fromisoformat(kept["from_on"]) <= today:
            wrong["from_on"] = "agreement_begun"
        elif first < min(earliest):
            wrong["from_on"] = "agreement_from_early"
        elif first > today + timedelta(days=lifecycle.TERMS_LEAD_DAYS):
            wrong["from_on"] = "agreement_from_far"
    if last <= today and last.isoformat() != kept.get("to_on"):
        wrong["to_on"] = "in_past"
    return wrong


def acceptance_obstacle(session: Session, case: Partnership, now: datetime) -> str | None:
    """Why no side can accept the draft yet: the code of the refusal, or ``None``."""
    code = draft_obstacle(session, case)
    if code is not None or case.state in plans.RUNNING:
        return code
    today = calendar.tokyo_date(now)
    return next((code for last, code in verified_until(case) if last < today), None)


def verified_until(case: Partnership) -> list[tuple[date, str]]:
    """(last day, code of the refusal from the next day on) of the verifications that it rests on."""
    days = (side.verification_expires_on for side in (case.company, case.npo))
    return [(day, EXPIRED) for day in days if day is not None]


def draft_obstacle(session: Session, case: Partnership) -> str | None:
    """The same, whatever day it is: what is to be done first."""
    plan = documents.find_agreed(session, case, "plan")
    if documents.find_draft(session, case, "plan") is not None:
        return "plan_open"
    if plan is None or not plans.has_outcome(plan.content):
        return "no_outcome_indicator"
    if talks.unverified(case):
        return "not_verified"
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
        text = wording_work.event(case, "amended", document="agreement", number=agreement.number)
        telling.tell(session, SYSTEM, case, text, now, "others", "desk")
        return
    details = {"document": agreement.public_id, "sha256": agreement.sha256}
    talks.enter(session, SYSTEM, case, lifecycle.SUBMIT_AGREEMENT, now, details=details)
    review_by = calendar.add_working_days(calendar.tokyo_date(now), lifecycle.REVIEW_WORKING_DAYS)
    case.deadline_at = calendar.end_of_day(review_by)
    session.flush()
    text = wording_work.event(case, "agreement_review")
    telling.tell(session, SYSTEM, case, text, now, "desk")


@case_act(
    lifecycle.REOPEN_TALKS, by=WORK, open_in=frozenset({"agreement_draft"}), shown=version_of_record,
    words=Words("相談に戻る", "相談に戻りました。", "相談を再開しました", submit="相談に戻る"),
)  # fmt: skip
def reopen_talks(look: Look, reason: str) -> Done:
    """Lay the draft aside and talk again.

    Raises:
        Invalid: no reason.
    """
    if not reason.strip():
        raise Invalid(text="required")
    session, actor, case, now = look.session, look.actor, look.record, look.now
    found = documents.find_draft(session, case, "agreement")
    if found is not None:
        documents.withdraw(session, actor, case, found, reason, now)
    talks.enter(session, actor, case, lifecycle.REOPEN_TALKS, now, reason_text=reason)
    told = Told("others", "talks_reopened", {"who": talks.who(actor), "what": reason.strip()})
    return Done(is_kept=True, tells=(told,))


# ── The city confirms ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Confirmation:
    """What the city looked at before it confirmed an agreement."""

    checked: frozenset[str]
    text: str


def _confirmable(look: Look) -> str | None:
    agreement = documents.find_draft(look.session, look.record, "agreement")
    if agreement is None:
        return MOVED_ON
    if agreement.needs_manager and look.actor.role != "manager":
        return "manager_needed"
    if date.fromisoformat(agreement.content["to_on"]) < calendar.tokyo_date(look.now):
        return OVER
    return acceptance_obstacle(look.session, look.record, look.now)


@case_act(
    lifecycle.CONFIRM_AGREEMENT, by=REVIEW, open_in=frozenset({"agreement_review"}), guard=_confirmable,
    shown=version_of_record,
    words=Words(
        "協定を確認する", "協定を確認しました。両者に知らせました。", "協定を確認しました",
        explain="確認すると協定が有効になり、始まりの日に自動で実施中になります。判断のもとになった記録は、変更できない形で保存します。",
        submit="確認して締結とする",
        step="協定を確認する", decided="協定の確認",
    ),
)  # fmt: skip
def confirm(look: Look, answer: Confirmation) -> Done:
    """Confirm what both have signed; contract rows and report dates are made, the decision is frozen.

    Raises:
        Invalid: not everything was ``checked``, no ``text``.
    """
    wrong = {}
    if not answer.checked.issuperset(CHECKS):
        wrong["checked"] = "all_checks"
    if not answer.text.strip():
        wrong["text"] = "required"
    if wrong:
        raise Invalid(**wrong)
    session, actor, case, now = look.session, look.actor, look.record, look.now
    agreement = documents.find_draft(session, case, "agreement")
    assert agreement is not None
    bundle = decisions.freeze(
        session, actor, case, lifecycle.CONFIRM_AGREEMENT, answer.text, now, checks=sorted(answer.checked)
    )
    agreement.city_accepted_at, agreement.city_accepted_by_id = now, actor.user_id
    _put_in_force(session, case, agreement, now)
    details = {"document": agreement.public_id, **decisions.named(bundle)}
    talks.enter(
        session, actor, case, lifecycle.CONFIRM_AGREEMENT, now, reason_text=answer.text, details=details
    )
    filling.close_if_filled(session, case, now)
    until = wording.day(calendar.end_of_day(case.starts_on or now.date()))
    return Done(is_kept=True, tells=(Told("others", "agreement_confirmed", {"until": until}),))


def is_for(session: Session, step: turns.Step, actor: Actor, case: Partnership) -> bool:
    """Whether a step of the actor's side is the actor's; what binds the city's money a manager confirms."""
    if step.kind == confirm.name and actor.role != "manager":
        agreement = documents.find_draft(session, case, "agreement")
        if agreement is not None and agreement.needs_manager:
            return False
    return turns.is_for(step, actor, case)


@case_act(
    lifecycle.RETURN_AGREEMENT, by=REVIEW, open_in=frozenset({"agreement_review"}), shown=version_of_record,
    reasons=vocabulary.AGREEMENT_RETURN_REASONS,
    words=Words(
        "協定の案を差し戻す", "差し戻しました。両者に知らせました。", "協定の案を差し戻しました",
        explain="企業と団体に、理由をこのまま伝えます。案を直したあと、もう一度、両者に同意していただきます。",
        submit="差し戻す",
        decided="協定の案の差し戻し",
    ),
)  # fmt: skip
def return_(look: Look, reason_code: str, reason_text: str) -> Done:
    """Ask for another draft; what was signed stays readable as an older version.

    Raises:
        Invalid: no reason.
    """
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    session, actor, case, now = look.session, look.actor, look.record, look.now
    bundle = decisions.freeze(
        session, actor, case, lifecycle.RETURN_AGREEMENT, reason_text, now, return_reason=reason_code
    )
    talks.enter(
        session, actor, case, lifecycle.RETURN_AGREEMENT, now,
        reason_code=reason_code, reason_text=reason_text, details=decisions.named(bundle),
    )  # fmt: skip
    agreement = documents.find_draft(session, case, "agreement")
    if agreement is not None:
        signed = dict(agreement.content)
        moves.become(agreement, "superseded")
        session.flush()
        # The sides go on from the text they had; their acceptance belongs to the old version.
        documents.save(session, SYSTEM, case, "agreement", signed, now)
    return Done(is_kept=True, tells=(Told("others", "agreement_returned", {"what": reason_text.strip()}),))


def _put_in_force(session: Session, case: Partnership, agreement: CaseDocument, now: datetime) -> None:
    documents.put_in_force(session, case, agreement, now)
    said = agreement.content
    case.agreement_type = said["type"]
    case.starts_on, case.ends_on = (date.fromisoformat(said[name]) for name in ("from_on", "to_on"))
    session.flush()
    periods.keep_reports(session, case, said["frequency"])
    rules.keep(session, case, agreement)
