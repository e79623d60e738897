"""成果報告・相互評価: report, self then mutual rating, voices, lessons, and the next period.

Nobody sees how others rated before having rated themselves; what then differs by two or more is talked
about, and a difference that remains stays visible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from matcher.agreements import plans
from matcher.cases import beginning, decisions, documents, talks
from matcher.ground import calendar, lifecycle, permissions, personal, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import CaseDocument, EvaluationSheet, Lesson, Organization, Partnership, Voice
from matcher.register import moves, wording, wording_work

PARTIES: Final = ("company", "npo", "city")


# ── The outcome report ───────────────────────────────────────────────────────────────────────────────


def draft_report(
    session: Session, actor: Actor, case: Partnership, facts: Mapping[str, Any], now: datetime,
    *, version: int | None,
) -> CaseDocument:  # fmt: skip
    """Write the outcome report for both to accept.

    Args:
        facts: ``sentences`` (each with its source), ``narrative``, ``setbacks``, ``harm``, ``next_step``.

    Raises:
        Invalid: no narrative, or nothing on what did not work.
        Refused: ``measurements_open``: an indicator has neither an accepted value nor a reason.
    """
    permissions.require(actor, "partnership.work", case)
    talks.in_state(session, case, "ended", "terminated")
    wrong = {name: "required" for name in ("narrative", "setbacks") if not str(facts.get(name) or "").strip()}
    if wrong:
        raise Invalid(**wrong)
    if not case.was_terminated and unmeasured(session, case):
        raise Refused("measurements_open")
    found = documents.save(session, actor, case, "outcome_report", facts, now, version=version)
    text = wording_work.event(case, "outcome_draft", who=talks.who(actor))
    documents.tell_others(session, actor, case, text, now)
    return found


def unmeasured(session: Session, case: Partnership) -> list[str]:
    """The names of the indicators without any accepted measurement (a reason counts as one)."""
    rows = plans.measurements(session, case)
    return [
        indicator.name
        for indicator in plans.indicators(session, case)
        if not any(
            row.state == "accepted" and not indicator.is_start(row.measured_on)
            for row in rows.get(indicator.id, ())
        )
    ]


def accept_report(session: Session, case: Partnership, report: CaseDocument, now: datetime) -> None:
    """Both have accepted the report: evaluation begins."""
    talks.in_state(session, case, "ended", "terminated")
    documents.put_in_force(session, case, report, now)
    talks.enter(session, SYSTEM, case, "report", now, details={"document": report.public_id})
    case.deadline_at = calendar.deadline(now, lifecycle.RATE_DAYS)
    session.flush()
    text = wording_work.event(case, "reported", until=wording.day(case.deadline_at))
    documents.tell_others(session, SYSTEM, case, text, now, staff=True)


# ── Rating ───────────────────────────────────────────────────────────────────────────────────────────


def sheets(session: Session, case: Partnership) -> list[EvaluationSheet]:
    """Every sheet of the case, in the order of writing."""
    return list(
        session.scalars(
            select(EvaluationSheet)
            .where(EvaluationSheet.partnership_id == case.id)
            .order_by(EvaluationSheet.id)
        )
    )


def visible_sheets(
    actor: Actor, case: Partnership, found: Iterable[EvaluationSheet]
) -> list[EvaluationSheet]:
    """What ``actor`` may read: one's own, and the others' once one has rated oneself (or all is done)."""
    found = list(found)
    side = documents.side_of(actor, case)
    own = any(sheet.rater == side and sheet.about == side for sheet in found)
    if own or case.state in {"evaluated", "closed"}:
        return found
    return [sheet for sheet in found if sheet.rater == side]


def rate(
    session: Session, actor: Actor, case: Partnership, about: str, scores: Mapping[str, int], comment: str,
    now: datetime,
) -> EvaluationSheet:  # fmt: skip
    """Rate oneself, then the other two, on the five items; a sheet is written once.

    Raises:
        Invalid: an item without a score from 1 to 5.
        Refused: ``self_first``, ``rated_already``.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, "reported")
    if about not in PARTIES:
        raise Invalid(about="required")
    wrong = {item: "required" for item in vocabulary.EVALUATION_ITEMS if scores.get(item) not in range(1, 6)}
    if wrong:
        raise Invalid(**wrong)
    side = documents.side_of(actor, case)
    written = {sheet.about for sheet in sheets(session, case) if sheet.rater == side}
    if about in written:
        raise Refused("rated_already")
    if about != side and side not in written:
        raise Refused("self_first")
    found = EvaluationSheet(
        partnership_id=case.id, rater=side, about=about,
        scores={item: scores[item] for item in vocabulary.EVALUATION_ITEMS}, comment=comment.strip(),
        rated_by_id=actor.user_id, rated_at=now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "rate", now, details={"sheet": found.public_id, "about": about})
    if about == side:
        text = wording_work.event(case, "rated", who=talks.who(actor))
        documents.tell_others(session, actor, case, text, now, staff=True)
    return found


def decline(session: Session, actor: Actor, case: Partnership, reason: str, now: datetime) -> None:
    """Decline to answer what one has not answered yet; the reason stays with it.

    Raises:
        Invalid: no reason. Refused: ``rated_already``: nothing is left to decline.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, "reported")
    if not reason.strip():
        raise Invalid(text="required")
    side = documents.side_of(actor, case)
    written = {sheet.about for sheet in sheets(session, case) if sheet.rater == side}
    left = [about for about in PARTIES if about not in written]
    if not left:
        raise Refused("rated_already")
    for about in left:
        session.add(
            EvaluationSheet(
                partnership_id=case.id, rater=side, about=about, scores={}, comment=reason.strip(),
                is_declined=True, rated_by_id=actor.user_id, rated_at=now,
            )
        )  # fmt: skip
    session.flush()
    documents.note(session, actor, case, "decline_rating", now, text=reason)


@dataclass(frozen=True)
class Difference:
    """One item on which a party sees itself otherwise than it is seen."""

    sheet: EvaluationSheet
    item: str
    self_score: int
    score: int

    @property
    def is_open(self) -> bool:
        """Whether it has not been talked about."""
        return self.item not in self.sheet.discussion

    @property
    def remains(self) -> bool:
        """Whether the two still differ as much after the talk."""
        final = self.sheet.final_scores.get(self.item, self.score)
        return abs(int(final) - self.self_score) >= lifecycle.DIFFERENCE


def differences(found: Iterable[EvaluationSheet]) -> list[Difference]:
    """The items that differ by two or more between a party's own rating and another's of it (E6)."""
    found = list(found)
    own = {sheet.about: sheet for sheet in found if sheet.rater == sheet.about and not sheet.is_declined}
    return [
        Difference(sheet, item, own[sheet.about].scores[item], sheet.scores[item])
        for sheet in found
        if sheet.rater in PARTIES
        and sheet.rater != sheet.about
        and not sheet.is_declined
        and sheet.about in own
        for item in vocabulary.EVALUATION_ITEMS
        if abs(own[sheet.about].scores[item] - sheet.scores[item]) >= lifecycle.DIFFERENCE
    ]


def discuss(
    session: Session, actor: Actor, case: Partnership, sheet: EvaluationSheet, item: str, score: int,
    text: str, now: datetime, *, version: int | None,
) -> None:  # fmt: skip
    """Note what was said about one differing item, and the rater's score after it (it may stay).

    Raises:
        Refused: ``not_rater``: only who rated may change the score. ``no_difference``.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, "reported")
    if documents.side_of(actor, case) != sheet.rater:
        raise Refused("not_rater")
    if not any(found.sheet is sheet and found.item == item for found in differences(sheets(session, case))):
        raise Refused("no_difference")
    wrong = {}
    if score not in range(1, 6):
        wrong["score"] = "required"
    if not text.strip():
        wrong["text"] = "required"
    if wrong:
        raise Invalid(**wrong)
    if version is not None and version != sheet.version:
        raise moves.moved_on(session, case)
    sheet.discussion = {**sheet.discussion, item: text.strip()}
    sheet.final_scores = {**sheet.final_scores, item: score}
    session.flush()
    documents.note(session, actor, case, "discuss", now, details={"sheet": sheet.public_id, "item": item})


def add_third_party(
    session: Session, actor: Actor, case: Partnership, evaluator: str, scores: Mapping[str, int],
    comment: str,    now: datetime,
) -> EvaluationSheet:  # fmt: skip
    """Keep what an outside evaluator said (E7); optional, once."""
    permissions.require(actor, "partnership.review", case)
    talks.in_state(session, case, "reported", "evaluated")
    wrong = {item: "required" for item in vocabulary.EVALUATION_ITEMS if scores.get(item) not in range(1, 6)}
    if not evaluator.strip():
        wrong["evaluator"] = "required"
    if wrong:
        raise Invalid(**wrong)
    if any(sheet.rater == "third_party" for sheet in sheets(session, case)):
        raise Refused("rated_already")
    found = EvaluationSheet(
        partnership_id=case.id, rater="third_party", about="whole", scores=dict(scores),
        comment=comment.strip(), evaluator=evaluator.strip(), rated_by_id=actor.user_id, rated_at=now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "rate_third_party", now, details={"sheet": found.public_id})
    return found


# ── Voices and lessons ───────────────────────────────────────────────────────────────────────────────


def add_voice(
    session: Session, actor: Actor, case: Partnership, beneficiary: str, people: int, method: str, text: str,
    now: datetime,
) -> Voice:  # fmt: skip
    """Keep what those for whom it was done said: of a group, without anything that names a person (E10).

    Raises:
        Invalid: fewer than one person; an address or a telephone number in the text.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, *lifecycle.CASE_BEGUN)
    wrong = {}
    if beneficiary not in vocabulary.BENEFICIARIES:
        wrong["beneficiary"] = "required"
    if not 1 <= people < 10**7:
        wrong["people"] = "positive"
    for name, value in (("method", method), ("text", text)):
        if not value.strip():
            wrong[name] = "required"
        elif personal.found_in(value):
            wrong[name] = "personal_data"
    if wrong:
        raise Invalid(**wrong)
    found = Voice(
        partnership_id=case.id, beneficiary=beneficiary, people=people, method=method.strip(),
        text=text.strip(), recorded_by_id=actor.user_id, recorded_at=now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "add_voice", now, details={"voice": found.public_id})
    return found


def add_lesson(
    session: Session, actor: Actor, case: Partnership, text: str, is_public: bool, now: datetime
) -> Lesson:
    """Write down what to do the same or otherwise next time (E9).

    Raises:
        Invalid: no text, or personal data in it.
    """
    permissions.require(actor, "partnership.share", case)
    talks.in_state(session, case, *lifecycle.CASE_BEGUN)
    if not text.strip():
        raise Invalid(text="required")
    if is_public and personal.found_in(text):
        raise Invalid(text="personal_data")
    found = Lesson(
        partnership_id=case.id, text=text.strip(), support_type=case.support_type, is_public=is_public,
        written_by_id=actor.user_id, written_at=now,
    )  # fmt: skip
    session.add(found)
    session.flush()
    documents.note(session, actor, case, "add_lesson", now, details={"lesson": found.public_id})
    return found


def lessons(session: Session, case: Partnership) -> Sequence[Lesson]:
    """The lessons of one case."""
    return session.scalars(select(Lesson).where(Lesson.partnership_id == case.id).order_by(Lesson.id)).all()


def lessons_of(
    session: Session, *organizations: Organization, limit: int = 10
) -> Sequence[tuple[Lesson, Partnership]]:
    """What these organizations have learned, newest first: what they made public, and of two also what
    they learned with each other.
    """
    ids = [organization.id for organization in organizations]
    query = (
        select(Lesson, Partnership)
        .join(Partnership, Partnership.id == Lesson.partnership_id)
        .where(
            Partnership.company_id.in_(ids) | Partnership.npo_id.in_(ids),
            (Partnership.company_id.in_(ids) & Partnership.npo_id.in_(ids))
            | (Lesson.is_public.is_(True) & Partnership.published_at.is_not(None)),
        )
        .order_by(Lesson.id.desc())
    )
    found = []
    for lesson, case in session.execute(query):
        # Public is what all three accepted on a page, not what one of them would like to be.
        if {case.company_id, case.npo_id} <= set(ids) or lesson.text in _published_lessons(session, case):
            found.append((lesson, case))
        if len(found) == limit:
            break
    return found


def _published_lessons(session: Session, case: Partnership) -> Sequence[str]:
    page = documents.find_agreed(session, case, "publication")
    return page.content["view"].get("lessons", ()) if page is not None else ()


def lessons_taken(session: Session, case: Partnership, plan: Mapping[str, Any]) -> list[Lesson]:
    """The lessons that a plan of the case has taken up, in the order in which they were written.

    Only those of a partnership of one of the two: no others are offered to their plans.
    """
    rows = session.scalars(
        select(Lesson)
        .join(Partnership, Partnership.id == Lesson.partnership_id)
        .where(Lesson.public_id.in_(plan.get("lessons") or ()), _shares_a_side(case))
        .order_by(Lesson.id)
    )
    return list(rows)


def lesson_uses(
    session: Session, actor: Actor, case: Partnership
) -> dict[str, list[tuple[Partnership, CaseDocument]]]:
    """public id of a lesson → the plans in force that took it up, of cases that ``actor`` may see (E9)."""
    rows = session.execute(
        select(Partnership, CaseDocument)
        .join(CaseDocument, CaseDocument.partnership_id == Partnership.id)
        .where(CaseDocument.kind == "plan", CaseDocument.state == "agreed", _shares_a_side(case))
        .order_by(Partnership.id)
    )
    found: dict[str, list[tuple[Partnership, CaseDocument]]] = {}
    for other, plan in rows:
        if permissions.may(actor, "partnership.view", other):
            for public_id in plan.content.get("lessons", ()):
                found.setdefault(public_id, []).append((other, plan))
    return found


def _shares_a_side(case: Partnership) -> ColumnElement[bool]:
    return or_(Partnership.company_id == case.company_id, Partnership.npo_id == case.npo_id)


def lesson_texts(session: Session, public_ids: Iterable[str]) -> dict[str, str]:
    """public id → text of the lessons that a plan takes up."""
    wanted = select(Lesson.public_id, Lesson.text).where(Lesson.public_id.in_(list(public_ids)))
    return {row.public_id: row.text for row in session.execute(wanted)}


def voices(session: Session, case: Partnership) -> Sequence[Voice]:
    """The voices of one case."""
    return session.scalars(select(Voice).where(Voice.partnership_id == case.id).order_by(Voice.id)).all()


# ── Concluding, going on ─────────────────────────────────────────────────────────────────────────────


def conclusion_obstacle(session: Session, case: Partnership) -> str | None:
    """Why the evaluation cannot be concluded yet: ``ratings_open``, ``differences_open``, or ``None``."""
    found = sheets(session, case)
    written = {(sheet.rater, sheet.about) for sheet in found}
    if any((rater, about) not in written for rater in PARTIES for about in PARTIES):
        return "ratings_open"
    if any(difference.is_open for difference in differences(found)):
        return "differences_open"
    return None


def conclude(
    session: Session, actor: Actor, case: Partnership, text: str, now: datetime, *, version: int | None
) -> None:
    """The evaluation is complete: frozen as it stands, with what remains different.

    Raises:
        Refused: ``ratings_open``, ``differences_open``.
    """
    permissions.require(actor, "partnership.review", case)
    moves.check_version(session, case, version)
    talks.in_state(session, case, "reported")
    if not text.strip():
        raise Invalid(text="required")
    obstacle = conclusion_obstacle(session, case)
    if obstacle:
        raise Refused(obstacle)
    ratings = [
        {"rater": sheet.rater, "about": sheet.about, "scores": sheet.scores, "final": sheet.final_scores,
         "declined": sheet.is_declined}
        for sheet in sheets(session, case)
    ]  # fmt: skip
    bundle = decisions.freeze(session, actor, case, "conclude", text, now, ratings=ratings)
    details = {"bundle": bundle.public_id, "sha256": bundle.sha256}
    talks.enter(session, actor, case, "conclude", now, reason_text=text, details=details)
    documents.tell_others(session, actor, case, wording_work.event(case, "evaluated"), now)


def may_renew(case: Partnership) -> bool:
    """Whether the next period may begin: from the outcome report on, so that no gap arises.

    A case without a need of its own – every renewed one is – occupies its pair until it is closed.
    """
    if case.state in {"reported", "evaluated"}:
        return case.need_id is not None
    return case.state == "closed"


@dataclass(frozen=True)
class Chain:
    """The periods before and after one case, each nearest first; the years since the first began."""

    before: tuple[Partnership, ...]
    after: tuple[Partnership, ...]
    since: int | None  #: fiscal year in which the first agreement began


def chain(session: Session, case: Partnership) -> Chain:
    """The periods of one partnership around ``case``, as far as renewals link them (L11)."""
    before: list[Partnership] = []
    at: Partnership | None = case
    while at is not None and at.renewed_from_id is not None:
        at = session.get(Partnership, at.renewed_from_id)
        if at is not None:
            before.append(at)
    after: list[Partnership] = []
    newest = [case.id]
    while newest:
        rows = session.scalars(
            select(Partnership).where(Partnership.renewed_from_id.in_(newest)).order_by(Partnership.id)
        ).all()
        after += rows
        newest = [row.id for row in rows]
    starts = [one.starts_on for one in (*before, case) if one.starts_on is not None]
    return Chain(tuple(before), tuple(after), calendar.fiscal_year(min(starts)) if starts else None)


def renew(
    session: Session, actor: Actor, case: Partnership, terms: beginning.Terms, message: str, now: datetime
) -> Partnership:
    """Begin the next period with the same partner: a new case that knows its predecessor (L11, N14).

    Raises:
        MovedOn: it is too early (``may_renew``). Refused, Invalid: as for any beginning.
    """
    permissions.require(actor, "partnership.work", case)
    if not may_renew(case):
        raise moves.moved_on(session, case)
    new = beginning.propose(session, actor, case.company, case.npo, terms, message, now)
    new.renewed_from_id, new.year_number = case.id, case.year_number + 1
    session.flush()
    documents.note(session, actor, case, "renew", now, details={"case": new.public_id})
    return new
