"""協働計画: purpose, logic model, indicators, milestones – a text that both sides accept, then records.

A plan is edited part by part as an open draft. Once accepted, its indicators become the rows that are
measured; what they were before stands in the older versions.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.agreements import carryover, indicators, logic_models
from matcher.cases import documents, span, talks, telling
from matcher.cases.act import WORK, case_act
from matcher.ground import calendar, lifecycle, vocabulary
from matcher.ground.errors import Invalid, NotFound, Refused
from matcher.ground.permissions import SYSTEM
from matcher.records import (
    CaseDocument,
    CaseTask,
    Indicator,
    Partnership,
    PaymentRule,
)
from matcher.register import act, wording_work
from matcher.register.act import Done, Look, Told, Words

EMPTY: Final[Mapping[str, Any]] = {
    "purpose": "",
    "logic": {kind: [] for kind in vocabulary.LOGIC_KINDS},
    "links": [],
    "indicators": [],
    "milestones": [],
    "lessons": [],
}
#: States in which a plan may be written; once the partnership runs, writing one is an amendment.
BEFORE: Final = ("negotiation", "trial", "agreement_draft")
RUNNING: Final = lifecycle.CASE_RUNNING
MOST: Final = 20  #: indicators, milestones, and lines of a logic model's column


def content(session: Session, case: Partnership) -> dict[str, Any]:
    """The open draft's content, else the plan in force, else what is carried over, else an empty plan."""
    found = documents.find_draft(session, case, "plan") or documents.find_agreed(session, case, "plan")
    return {**EMPTY, **(found.content if found else carryover.plan(session, case))}


def _writable(look: Look) -> str | None:
    """While a partnership runs, either its plan or its agreement is being changed."""
    is_amended = look.record.state in RUNNING and documents.find_draft(look.session, look.record, "agreement")
    return "amendment_open" if is_amended else None


def _plan_act(name: str, words: Words, **more: Any) -> Callable[[Callable[..., Done]], act.Act]:
    """One part of the open draft; ``why_changed`` says why, where the plan in force is being changed."""
    return case_act(
        name, event="draft_plan", by=WORK, open_in=frozenset((*BEFORE, *RUNNING)), writes="plan",
        guard=_writable, home="plan", words=words, **more,
    )  # fmt: skip


@_plan_act("write_purpose", Words("目的を書く", "計画の案を保存しました。", "協働計画の案を作成しました"))
def write_purpose(
    look: Look, purpose: str, lessons: Sequence[str] | None = None, *, why_changed: str = ""
) -> Done:
    """What the partnership is for, and the lessons (by their public ids) that it takes up."""
    kept = content(look.session, look.record)["lessons"] if lessons is None else list(lessons)
    return _write(look, {"purpose": purpose, "lessons": kept}, why_changed)


@_plan_act(
    "write_logic",
    Words(
        "ロジックモデルを書く", "計画の案を保存しました。",
        explain="行を直しても、つながりは残ります。行を消すと、その行からのつながりと、その行へのつながりも外れます。",
    ),
)  # fmt: skip
def write_logic(look: Look, lines: Mapping[str, Iterable[str]], *, why_changed: str = "") -> Done:
    """The logic model as kind → lines of text; each line keeps the key that it had, and the links of a line
    that is gone go with it (so does an indicator's reference to it).
    """
    session, case = look.session, look.record
    in_force = documents.find_agreed(session, case, "plan")
    keyed = logic_models.keyed(lines, content(session, case), in_force.content if in_force else EMPTY)
    return _write(look, {"logic": keyed}, why_changed)


@_plan_act("write_milestones", Words("節目を書く", "計画の案を保存しました。"))
def write_milestones(look: Look, milestones: Iterable[Mapping[str, str]], *, why_changed: str = "") -> Done:
    """The milestones, each with its ``text`` and its day (``on``).

    Raises:
        Invalid: a day before or beyond the case.
    """
    found = list(milestones)
    if fault := span.fault_within(look, (row["on"] for row in found)):
        raise Invalid(milestones=fault)
    return _write(look, {"milestones": found}, why_changed)


@_plan_act("save_link", Words("つながりを加える", "つながりを加えました。"))
def save_link(look: Look, link: Mapping[str, str], *, why_changed: str = "") -> Done:
    """Draw an arrow (``source``, ``target``, ``evidence``, ``assumption``), or change the one there is.

    Raises:
        Invalid: it leads to a column before the one from which it comes, or back to where it begins.
    """
    order = list(vocabulary.LOGIC_KINDS)
    if order.index(logic_models.kind_of(link["target"])) < order.index(logic_models.kind_of(link["source"])):
        raise Invalid(target="runs_backwards")
    rest = [
        row
        for row in content(look.session, look.record)["links"]
        if logic_models.link_key(row) != logic_models.link_key(link)
    ]
    if logic_models.leads_to(rest, link["target"], link["source"]):
        raise Invalid(target="runs_in_circle")
    return _write(look, {"links": [*rest, dict(link)]}, why_changed)


@_plan_act(
    "drop_link",
    Words(
        "つながりを外す", "つながりを計画の案から外しました。",
        explain="このつながりを、計画の案から外します。",
    ),
    item=str,
)  # fmt: skip
def remove_link(look: Look, *, why_changed: str = "") -> Done:
    """Take the arrow with this ``link_key`` (the item) out of the draft.

    Raises:
        NotFound: there is none.
    """
    written = content(look.session, look.record)["links"]
    rest = [row for row in written if logic_models.link_key(row) != look.item]
    if len(rest) == len(written):
        raise NotFound("link")
    return _write(look, {"links": rest}, why_changed)


@_plan_act("save_indicator", Words("指標を書く", "指標を保存しました。"), item=str)
def save_indicator(look: Look, facts: Mapping[str, Any], *, why_changed: str = "") -> Done:
    """Add an indicator to the draft, or change the one whose key is the item.

    Raises:
        Invalid: what is missing or cannot be meant, field → code. Without a baseline there must be the
            date by which it is measured.
    """
    session, case, key = look.session, look.record, look.item
    rows = [dict(found) for found in content(session, case)["indicators"]]
    if key and all(found["key"] != key for found in rows):
        raise NotFound("indicator")
    wrong = indicators.faults(facts) | _faults_of_days(look, facts)
    if not key and len(rows) >= MOST:
        wrong.setdefault("name", "too_many")
    if wrong:
        raise Invalid(**wrong)
    if not key:
        taken = {str(found["key"]) for found in rows} | set(indicators.used_keys(session, case))
        number = next(n for n in range(1, 1000) if f"I{n}" not in taken)
        rows.append({"key": f"I{number}", **facts})
    else:
        rows = [{"key": key, **facts} if found["key"] == key else found for found in rows]
    return _write(look, {"indicators": rows}, why_changed)


def _faults_of_days(look: Look, facts: Mapping[str, Any]) -> dict[str, str]:
    """Field → code of days of measuring and of the target that the case cannot see."""
    target_on = [facts["target_on"]] if facts["target_on"] else []
    days = {"measure_on": facts["measure_on"], "target_on": target_on}
    found = {name: span.fault_within(look, typed) for name, typed in days.items() if typed}
    return {name: code for name, code in found.items() if code is not None}


@_plan_act(
    "drop_indicator",
    Words(
        "指標を外す", "指標を計画の案から外しました。",
        explain="この指標を、計画の案から外します。測定した記録は残ります。", submit="指標を外す",
    ),
    item=str,
)  # fmt: skip
def remove_indicator(look: Look, *, why_changed: str = "") -> Done:
    """Take an indicator (the item) out of the draft; what was measured of it stays readable.

    Raises:
        NotFound: no such indicator. Refused: ``payment_linked``: an agreement in force pays by it.
    """
    before = content(look.session, look.record)["indicators"]
    rest = [found for found in before if found["key"] != look.item]
    if len(rest) == len(before):
        raise NotFound("indicator")
    return _write(look, {"indicators": rest}, why_changed)


def _write(look: Look, parts: Mapping[str, Any], why_changed: str) -> Done:
    """Write these parts of the open draft.

    Raises:
        Invalid: ``why_changed``: the plan in force is being changed, and nobody has said why.
        Refused: ``payment_linked``.
    """
    session, actor, case = look.session, look.actor, look.record
    known = documents.find_draft(session, case, "plan")
    was_whole = known is not None and obstacle(known.content) is None
    is_change = case.state in RUNNING
    if is_change and not (why_changed.strip() or (known is not None and known.why_changed)):
        raise Invalid(why_changed="required")
    new = {**content(session, case), **parts}
    if {"logic", "links"} & parts.keys():
        new = logic_models.without_dangling(new)
    needs_city = False
    if is_change:
        _keep_paying(session, case, new["indicators"])
        in_force = documents.find_agreed(session, case, "plan")
        before = in_force.content if in_force else EMPTY
        needs_city = _measured(new["indicators"]) != _measured(before["indicators"])
    found = documents.save(
        session, actor, case, "plan", new, look.now, why_changed=why_changed, needs_city=needs_city
    )
    # When it is begun, and when it can be accepted: a plan is written in a dozen small steps, and each would
    # be a mail.
    is_new = known is None or found.id != known.id
    name = ""
    if obstacle(new) is None:
        name = "plan_draft" if is_new or not was_whole else ""
    elif is_new:
        name = "plan_begun"
    told = (Told("others", name, {"who": talks.who(actor)}),) if name else ()
    return Done(found, is_kept=True, tells=told)


def _keep_paying(session: Session, case: Partnership, wanted: list[dict[str, Any]]) -> None:
    """What an agreement in force pays by stays in the plan, linked to payment, measured on its day."""
    known = {found["key"]: found for found in wanted}
    rules = session.execute(
        select(Indicator.key, PaymentRule.measured_on)
        .join(PaymentRule, PaymentRule.indicator_id == Indicator.id)
        .where(Indicator.partnership_id == case.id, PaymentRule.is_retired.is_(False))
    )
    for key, day in rules:
        found = known.get(key)
        if found is None or not found["linked_to_payment"] or day.isoformat() not in found["measure_on"]:
            raise Refused("payment_linked")


def _measured(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What an indicator measures; which entry of the logic model it belongs to is the sides' own matter."""
    return [{name: value for name, value in row.items() if name != "node"} for row in rows]


def obstacle(plan: Mapping[str, Any]) -> str | None:
    """What a plan lacks before anybody can accept it: the code of the refusal, or ``None``."""
    if not str(plan.get("purpose") or "").strip():
        return "no_purpose"
    return None if has_outcome(plan) else "no_outcome_indicator"


def has_outcome(plan: Mapping[str, Any]) -> bool:
    """Whether an agreement may rest on this plan: an outcome indicator with a baseline, or its date."""
    return any(
        found["kind"] == "outcome" and (found["baseline"] is not None or found["baseline_on"])
        for found in plan.get("indicators", ())
    )


def put_in_force(session: Session, case: Partnership, plan: CaseDocument, now: datetime) -> None:
    """Everybody has accepted: indicators and milestones become records."""
    talks.in_state(session, case, *BEFORE, *RUNNING)
    documents.put_in_force(session, case, plan, now)
    indicators.keep(session, case, plan)
    _keep_milestones(session, case, plan, now)
    name = "amended" if case.state in RUNNING else "plan_agreed"
    text = wording_work.event(case, name, document="plan", number=plan.number)
    whom = ("others", "desk") if case.state in RUNNING else ("others",)
    telling.tell(session, SYSTEM, case, text, now, *whom)


def _keep_milestones(session: Session, case: Partnership, plan: CaseDocument, now: datetime) -> None:
    rows = session.scalars(
        select(CaseTask).where(CaseTask.partnership_id == case.id, CaseTask.is_milestone.is_(True))
    ).all()
    done = {(task.text, task.due_on): calendar.tokyo_date(task.done_at) for task in rows if task.done_at}
    for task in rows:
        if task.done_at is None:
            session.delete(task)
    session.flush()
    steps = [(step["text"], _day(step.get("on"))) for step in plan.content["milestones"]]
    for text, on in steps:
        if (text, on) not in done and not _was_moved(text, on, done, steps):
            session.add(
                CaseTask(
                    partnership_id=case.id, is_milestone=True, text=text, side="both", due_on=on,
                    created_by_id=plan.drafted_by_id, created_at=now,
                )
            )  # fmt: skip
    session.flush()


def _was_moved(
    text: str,
    on: date | None,
    done: Mapping[tuple[str, date | None], date],
    steps: Collection[tuple[str, date | None]],
) -> bool:
    """Whether a milestone is one that was done, of which only the day was put right since. Several may say
    the same (ふり返りの会); what lies behind the day on which it was done is another one.
    """
    return any(
        text == known and (known, day) not in steps and (on is None or on <= at)
        for (known, day), at in done.items()
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
