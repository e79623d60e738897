"""協働計画: purpose, logic model, indicators, milestones – a text that both sides accept, then records.

A plan is edited part by part as an open draft. Once accepted, its indicators become the rows that are
measured; what they were before stands in the older versions.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from embeddings.normal import nfkc
from matcher.cases import documents, talks
from matcher.cases.act import WORK, case_act
from matcher.ground import calendar, limits, vocabulary
from matcher.ground.errors import Invalid, NotFound, Refused
from matcher.ground.permissions import SYSTEM
from matcher.records import (
    AuditEvent,
    CaseDocument,
    CaseTask,
    Indicator,
    Measurement,
    Partnership,
    PaymentRule,
)
from matcher.register import act, parties, wording_work
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
RUNNING: Final = ("running", "suspended")
MEASURE_DAYS: Final = 14  #: days before a day of measuring from which on it is somebody's step
MOST: Final = 20  #: indicators, milestones, and lines of a logic model's column
#: From this likeness on (0 to 1, SequenceMatcher) a new line is an old one put right, and keeps its arrows.
LIKE: Final = 0.6
_SCALE: Final = re.compile(r"(\d{1,4})(?:段階|点満点|件法)")
_COMPARED: Final = 3  #: old lines with which a new one is compared letter by letter

_INDICATOR_FIELDS: Final = (
    "name", "definition", "unit", "kind", "direction", "baseline", "target", "method", "measurer",
    "evidence", "measure_on", "axis", "min_cell", "linked_to_payment", "is_public",
)  # fmt: skip


def content(session: Session, case: Partnership) -> dict[str, Any]:
    """The open draft's content, else the plan in force, else what is carried over, else an empty plan."""
    found = documents.find_draft(session, case, "plan") or documents.find_agreed(session, case, "plan")
    return {**EMPTY, **(found.content if found else carried_over(session, case))}


def carried_over(session: Session, case: Partnership) -> dict[str, Any]:
    """The plan of the period before, as a beginning for this one; empty where there was none (L11).

    Purpose, logic model and indicators stay; each indicator begins at its last accepted value and is
    measured on the same days of the coming years. Milestones and lessons are chosen anew. Nothing is
    written until somebody saves a part.
    """
    before = session.get(Partnership, case.renewed_from_id) if case.renewed_from_id else None
    plan = documents.find_agreed(session, before, "plan") if before is not None else None
    if before is None or plan is None:
        return {}
    today = calendar.tokyo_date(case.created_at)
    last = _last_values(session, before)
    return {name: plan.content[name] for name in ("purpose", "logic", "links")} | {
        "indicators": [_carried(row, last.get(row["key"]), today) for row in plan.content["indicators"]]
    }


def _last_values(session: Session, case: Partnership) -> dict[str, Measurement]:
    """indicator key → its latest accepted value."""
    rows = session.execute(
        select(Indicator.key, Measurement)
        .join(Indicator, Indicator.id == Measurement.indicator_id)
        .where(
            Indicator.partnership_id == case.id,
            Measurement.state == "accepted",
            Measurement.value.is_not(None),
        )
        .order_by(Measurement.measured_on, Measurement.id)
    )
    return {row.key: row.Measurement for row in rows}


def _carried(row: Mapping[str, Any], last: Measurement | None, today: date) -> dict[str, Any]:
    days = [date.fromisoformat(text) for text in row["measure_on"]]
    years = 1
    while days and _years_later(max(days), years) <= today:
        years += 1
    shifted = [_years_later(day, years) for day in days]
    found = {**row, "measure_on": [day.isoformat() for day in shifted if day > today]}
    if row.get("target_on"):
        found["target_on"] = _years_later(date.fromisoformat(row["target_on"]), years).isoformat()
    if last is not None:
        found |= {"baseline": last.value, "baseline_on": last.measured_on.isoformat()}
    elif row["baseline"] is None and row.get("baseline_on"):
        found["baseline_on"] = _years_later(date.fromisoformat(row["baseline_on"]), years).isoformat()
    return found


def _years_later(day: date, years: int) -> date:
    last_of_february = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if last_of_february else day.day)


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


@_plan_act("plan", Words("目的を書く", "計画の案を保存しました。", "協働計画の案を作成しました"))
def write_purpose(
    look: Look, purpose: str, lessons: Sequence[str] | None = None, *, why_changed: str = ""
) -> Done:
    """What the partnership is for, and the lessons (by their public ids) that it takes up."""
    kept = content(look.session, look.record)["lessons"] if lessons is None else list(lessons)
    return _write(look, {"purpose": purpose, "lessons": kept}, why_changed)


@_plan_act(
    "logic",
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
    keyed = _keyed(lines, content(session, case), in_force.content if in_force else EMPTY)
    return _write(look, {"logic": keyed}, why_changed)


@_plan_act("milestones", Words("節目を書く", "計画の案を保存しました。"))
def write_milestones(look: Look, milestones: Iterable[Mapping[str, str]], *, why_changed: str = "") -> Done:
    """The milestones, each with its ``text`` and its day (``on``)."""
    return _write(look, {"milestones": list(milestones)}, why_changed)


@_plan_act("link", Words("つながりを加える", "つながりを加えました。"))
def save_link(look: Look, link: Mapping[str, str], *, why_changed: str = "") -> Done:
    """Draw an arrow (``source``, ``target``, ``evidence``, ``assumption``), or change the one there is.

    Raises:
        Invalid: it leads to a column before the one from which it comes.
    """
    order = list(vocabulary.LOGIC_KINDS)
    if order.index(kind_of(link["target"])) < order.index(kind_of(link["source"])):
        raise Invalid(target="runs_backwards")
    rest = [row for row in content(look.session, look.record)["links"] if link_key(row) != link_key(link)]
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
    rest = [row for row in written if link_key(row) != look.item]
    if len(rest) == len(written):
        raise NotFound("link")
    return _write(look, {"links": rest}, why_changed)


@_plan_act("indicator", Words("指標を書く", "指標を保存しました。"), item=str)
def save_indicator(look: Look, facts: Mapping[str, Any], *, why_changed: str = "") -> Done:
    """Add an indicator to the draft, or change the one whose key is the item.

    Raises:
        Invalid: what is missing or cannot be meant, field → code. Without a baseline there must be the
            date by which it is measured.
    """
    session, case, key = look.session, look.record, look.item
    indicators = [dict(found) for found in content(session, case)["indicators"]]
    if key and all(found["key"] != key for found in indicators):
        raise NotFound("indicator")
    wrong = indicator_faults(facts)
    if not key and len(indicators) >= MOST:
        wrong.setdefault("name", "too_many")
    if wrong:
        raise Invalid(**wrong)
    if not key:
        taken = {str(found["key"]) for found in indicators} | set(_used_keys(session, case))
        number = next(n for n in range(1, 1000) if f"I{n}" not in taken)
        indicators.append({"key": f"I{number}", **facts})
    else:
        indicators = [{"key": key, **facts} if found["key"] == key else found for found in indicators]
    return _write(look, {"indicators": indicators}, why_changed)


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
    is_change = case.state in RUNNING
    if is_change and not (why_changed.strip() or (known is not None and known.why_changed)):
        raise Invalid(why_changed="required")
    new = {**content(session, case), **parts}
    if {"logic", "links"} & parts.keys():
        new = _without_dangling(new)
    needs_city = False
    if is_change:
        _keep_paying(session, case, new["indicators"])
        in_force = documents.find_agreed(session, case, "plan")
        before = in_force.content if in_force else EMPTY
        needs_city = _measured(new["indicators"]) != _measured(before["indicators"])
    found = documents.save(
        session, actor, case, "plan", new, look.now, why_changed=why_changed, needs_city=needs_city
    )
    # Once a version: a plan is written in a dozen small steps, and each would be a mail.
    is_new = known is None or found.id != known.id
    told = (Told("others", "plan_draft", {"who": talks.who(actor)}),) if is_new else ()
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


def indicator_faults(facts: Mapping[str, Any]) -> dict[str, str]:
    """Field → code of what an indicator lacks (domain 6.3)."""
    wrong = {name: "required" for name in ("name", "definition", "evidence") if not str(facts[name]).strip()}
    for name, allowed in (
        ("kind", vocabulary.INDICATOR_KINDS),
        ("direction", vocabulary.INDICATOR_DIRECTIONS),
        ("method", vocabulary.INDICATOR_METHODS),
        ("measurer", vocabulary.MEASURERS),
        ("unit", vocabulary.INDICATOR_UNITS),
    ):
        if facts[name] not in allowed:
            wrong[name] = "required"
    if facts["target"] is None:
        wrong["target"] = "required"
    if facts["baseline"] is None and not facts["baseline_on"]:
        wrong["baseline_on"] = "baseline_or_date"
    if not facts["measure_on"]:
        wrong["measure_on"] = "required"
    most = _top_of_scale(facts)
    for name in ("baseline", "target"):
        if most is not None and facts[name] is not None and facts[name] > most:
            wrong[name] = "above_scale"
    return wrong


def _top_of_scale(facts: Mapping[str, Any]) -> int | None:
    """The highest value of a scale that the indicator names itself, as 「5段階」 or 「100点満点」."""
    if facts["unit"] != "点":
        return None
    named = _SCALE.search(nfkc(f"{facts['name']} {facts['definition']}"))
    return int(named.group(1)) if named else None


def columns(plan: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """kind → (key → text) of a plan's logic model.

    Until entries had keys of their own a column was a bare list of texts; there the key is kind and place.
    """
    found: dict[str, dict[str, str]] = {}
    for kind in vocabulary.LOGIC_KINDS:
        entries = (plan.get("logic") or {}).get(kind) or ()
        found[kind] = {
            f"{kind}{place}" if isinstance(entry, str) else entry["key"]: entry
            if isinstance(entry, str)
            else entry["text"]
            for place, entry in enumerate(entries)
        }
    return found


def nodes(plan: Mapping[str, Any]) -> dict[str, str]:
    """key → text of every entry of a plan's logic model, column by column."""
    return {key: text for column in columns(plan).values() for key, text in column.items()}


def kind_of(key: str) -> str:
    """The column in which the entry with this key stands."""
    return key.rstrip("0123456789")


def link_key(link: Mapping[str, str]) -> str:
    """What an arrow is called: there is one between two entries in one direction."""
    return f"{link['source']}-{link['target']}"


def _keyed(lines: Mapping[str, Iterable[str]], plan: Mapping[str, Any], in_force: Mapping[str, Any]) -> Any:
    """The lines of each column with the keys that they had; a key that was ever used is not given again."""
    before, agreed = columns(plan), columns(in_force)
    found = {}
    for kind in vocabulary.LOGIC_KINDS:
        texts, old = list(lines.get(kind, ())), before[kind]
        keys = _matched(texts, old)
        number = 1 + max((_number(key) for key in (*old, *agreed[kind])), default=-1)
        for place, key in enumerate(keys):
            if key is None:
                keys[place], number = f"{kind}{number}", number + 1
        found[kind] = dict(zip(keys, texts, strict=True))
    if found == before and all(list(found[kind]) == list(before[kind]) for kind in found):
        return plan["logic"]  # Nothing has changed, so the text and its hash stay as they were.
    return {
        kind: [{"key": key, "text": text} for key, text in column.items()] for kind, column in found.items()
    }


def _matched(texts: list[str], old: Mapping[str, str]) -> list[str | None]:
    """For each line the key of the old line that says the same, else of the one most like it, else None."""
    free = dict(old)
    keys: list[str | None] = []
    for text in texts:
        same = next((key for key, was in free.items() if _folded(was) == _folded(text)), None)
        keys.append(same)
        if same is not None:
            del free[same]
    likeness = sorted(
        (-ratio, place, key)
        for place, taken in enumerate(keys)
        if taken is None
        for key, ratio in _alike(texts[place], free)
    )
    for negative, place, key in likeness:
        if -negative >= LIKE and keys[place] is None and key in free:
            keys[place] = key
            del free[key]
    return keys


def _alike(text: str, old: Mapping[str, str]) -> list[tuple[str, float]]:
    """The old lines that have most characters in common with a new one, with their likeness.

    Comparing two lines costs the product of their lengths, so it is done for a few and for no endless line.
    """
    new = _folded(text)
    lines = {key: line for key, was in old.items() if len(line := _folded(was)) <= 2 * limits.SHORT}
    if len(new) > 2 * limits.SHORT:
        return []
    pairs = [(key, SequenceMatcher(None, line, new, autojunk=False)) for key, line in lines.items()]
    pairs.sort(key=lambda one: -one[1].quick_ratio())
    return [(key, pair.ratio()) for key, pair in pairs[:_COMPARED] if pair.quick_ratio() >= LIKE]


def _folded(text: str) -> str:
    return "".join(nfkc(text).split())


def _number(key: str) -> int:
    return int(key.removeprefix(kind_of(key)) or 0)


def _without_dangling(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan without arrows from or to entries that are gone; their indicators belong to none."""
    known = nodes(plan)
    kept = [link for link in plan["links"] if link["source"] in known and link["target"] in known]
    indicators = [
        row if row.get("node", "") in {"", *known} else {**row, "node": ""} for row in plan["indicators"]
    ]
    return {**plan, "links": kept, "indicators": indicators}


def _measured(indicators: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What an indicator measures; which entry of the logic model it belongs to is the sides' own matter."""
    return [{name: value for name, value in row.items() if name != "node"} for row in indicators]


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
    _keep_indicators(session, case, plan)
    _keep_milestones(session, case, plan, now)
    name = "amended" if case.state in RUNNING else "plan_agreed"
    text = wording_work.event(case, name, what="協働計画", number=plan.number)
    documents.tell_others(session, SYSTEM, case, text, now, staff=case.state in RUNNING)


def _used_keys(session: Session, case: Partnership) -> list[str]:
    return list(session.scalars(select(Indicator.key).where(Indicator.partnership_id == case.id)))


def _keep_indicators(session: Session, case: Partnership, plan: CaseDocument) -> None:
    rows = {
        row.key: row for row in session.scalars(select(Indicator).where(Indicator.partnership_id == case.id))
    }
    wanted = plan.content["indicators"]
    for position, facts in enumerate(wanted):
        row = rows.get(facts["key"])
        if row is None:
            row = Indicator(partnership_id=case.id, key=facts["key"])
            session.add(row)
        row.position, row.plan_number, row.is_retired = position, plan.number, False
        for name in _INDICATOR_FIELDS:
            setattr(row, name, facts.get(name))
        row.baseline_on, row.target_on = _day(facts.get("baseline_on")), _day(facts.get("target_on"))
        if row.baseline is None and row.baseline_on is not None and row.id is not None:
            # The plan still says 「未測定」; what was measured since is not forgotten with an amendment.
            row.baseline = _measured_baseline(session, row.id, row.baseline_on)
    kept = {facts["key"] for facts in wanted}
    for key, row in rows.items():
        row.is_retired = key not in kept
    session.flush()


def _measured_baseline(session: Session, indicator_id: int, day: date) -> float | None:
    return session.scalar(
        select(Measurement.value)
        .where(
            Measurement.indicator_id == indicator_id,
            Measurement.measured_on == day,
            Measurement.state == "accepted",
        )
        .order_by(Measurement.id.desc())
        .limit(1)
    )


def _keep_milestones(session: Session, case: Partnership, plan: CaseDocument, now: datetime) -> None:
    old = session.scalars(
        select(CaseTask).where(
            CaseTask.partnership_id == case.id, CaseTask.is_milestone.is_(True), CaseTask.done_at.is_(None)
        )
    )
    done = set(
        session.scalars(
            select(CaseTask.text).where(
                CaseTask.partnership_id == case.id,
                CaseTask.is_milestone.is_(True),
                CaseTask.done_at.is_not(None),
            )
        )
    )
    for task in old:
        session.delete(task)
    session.flush()
    for step in plan.content["milestones"]:
        if step["text"] not in done:
            session.add(
                CaseTask(
                    partnership_id=case.id, is_milestone=True, text=step["text"], side="both",
                    due_on=_day(step.get("on")), created_by_id=plan.drafted_by_id, created_at=now,
                )
            )  # fmt: skip
    session.flush()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────


def indicators(session: Session, case: Partnership, *, retired: bool = False) -> list[Indicator]:
    """The indicators in force, in the order of the plan; with ``retired`` also those no longer in it."""
    query = select(Indicator).where(Indicator.partnership_id == case.id)
    if not retired:
        query = query.where(Indicator.is_retired.is_(False))
    return list(session.scalars(query.order_by(Indicator.is_retired, Indicator.position)))


def measurements(session: Session, case: Partnership) -> dict[int, list[Measurement]]:
    """indicator id → its measurements, oldest date first, superseded ones included."""

    rows = session.scalars(
        select(Measurement)
        .join(Indicator, Indicator.id == Measurement.indicator_id)
        .where(Indicator.partnership_id == case.id)
        .options(
            contains_eager(Measurement.indicator),
            joinedload(Measurement.evidence),
            joinedload(Measurement.submitted_by),
            joinedload(Measurement.reviewed_by),
        )
        .order_by(Measurement.measured_on, Measurement.id)
    )
    found: dict[int, list[Measurement]] = {}
    for row in rows:
        found.setdefault(row.indicator_id, []).append(row)
    return found


def accepted(
    session: Session, case: Partnership, history: parties.History, until: AuditEvent | None
) -> dict[int, list[Measurement]]:
    """indicator id → its accepted measurements, oldest date first: those of now, or as they were ``until`` an
    event.
    """
    rows = measurements(session, case)
    if until is None:
        return {key: [row for row in kept if row.state == "accepted"] for key, kept in rows.items()}
    return {
        # Of two that were accepted for one day the later one stood.
        key: list({row.measured_on: row for row in kept if _was_accepted(history, row, until)}.values())
        for key, kept in rows.items()
    }


def _was_accepted(history: parties.History, row: Measurement, until: AuditEvent) -> bool:
    return history.event("accept_measurement", before=until, measurement=row.public_id) is not None


def asks_baseline(session: Session, case: Partnership, indicator: Indicator) -> bool:
    """Whether the plan in force leaves the baseline of an indicator to be measured on its day."""
    plan = documents.find_agreed(session, case, "plan")
    if indicator.baseline_on is None or plan is None:
        return False
    found = next((row for row in plan.content["indicators"] if row["key"] == indicator.key), None)
    return found is not None and found["baseline"] is None


def measuring_days(session: Session, case: Partnership, indicator: Indicator) -> list[date]:
    """The days for which a value can be handed in, in order: those of the plan, and the baseline's own.

    Before the partnership runs there is nothing to measure but where it starts.
    """
    days = {date.fromisoformat(text) for text in indicator.measure_on} if case.state != "agreed" else set()
    if indicator.baseline_on is not None and asks_baseline(session, case, indicator):
        days.add(indicator.baseline_on)
    return sorted(days)


def waiting_days(indicator: Indicator, state: str) -> list[date]:
    """The days on which a case in ``state`` is to measure; the baseline's only while there is none."""
    days = {date.fromisoformat(text) for text in indicator.measure_on} if state != "agreed" else set()
    if indicator.baseline is None and indicator.baseline_on is not None:
        days.add(indicator.baseline_on)
    return sorted(days)


def unmeasured(session: Session, case: Partnership) -> list[tuple[Indicator, date]]:
    """(indicator, day) of what is to be measured, sooner or later, and has not been handed in; by the day."""
    rows = measurements(session, case)
    found = []
    for indicator in indicators(session, case):
        handed_in = {
            row.measured_on for row in rows.get(indicator.id, ()) if row.state in {"submitted", "accepted"}
        }
        found += [(indicator, day) for day in waiting_days(indicator, case.state) if day not in handed_in]
    return sorted(found, key=lambda row: row[1])


def due_measurements(session: Session, case: Partnership, now: datetime) -> list[tuple[Indicator, date, str]]:
    """(indicator, day, ``due`` or ``overdue``) of what is to be measured by now."""
    today = calendar.tokyo_date(now)
    return [
        (indicator, day, "overdue" if day < today else "due")
        for indicator, day in unmeasured(session, case)
        if (day - today).days <= MEASURE_DAYS
    ]
