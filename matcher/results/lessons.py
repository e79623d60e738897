"""学びと受け手の声: what was learned, who takes it up, and what those said for whom it was done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from matcher.cases import documents
from matcher.cases.act import BEGUN, SHARE, case_act
from matcher.ground import permissions, personal, vocabulary
from matcher.ground.errors import Invalid
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, Lesson, Organization, Partnership, Voice
from matcher.register.act import Done, Look, Words


@case_act(
    "add_voice", by=SHARE, open_in=BEGUN, home="evaluation",
    words=Words("受け手の声を記録する", "受け手の声を記録しました。", "受け手の声を記録しました"),
)  # fmt: skip
def add_voice(look: Look, beneficiary: str, people: int, method: str, text: str) -> Done:
    """Keep what those for whom it was done said: of a group, without anything that names a person (E10).

    Raises:
        Invalid: fewer than one person; an address or a telephone number in the text.
    """
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
        partnership_id=look.record.id, beneficiary=beneficiary, people=people, method=method.strip(),
        text=text.strip(), recorded_by_id=look.actor.user_id, recorded_at=look.now,
    )  # fmt: skip
    look.session.add(found)
    look.session.flush()
    return Done(found, {"voice": found.public_id})


@case_act(
    "add_lesson", by=SHARE, open_in=BEGUN, home="evaluation",
    words=Words("学びを書く", "学びを記録しました。", "学びを記録しました"),
)  # fmt: skip
def add_lesson(look: Look, text: str, is_public: bool) -> Done:
    """Write down what to do the same or otherwise next time (E9).

    Raises:
        Invalid: no text, or personal data in it.
    """
    if not text.strip():
        raise Invalid(text="required")
    if is_public and personal.found_in(text):
        raise Invalid(text="personal_data")
    found = Lesson(
        partnership_id=look.record.id, text=text.strip(), support_type=look.record.support_type,
        is_public=is_public, written_by_id=look.actor.user_id, written_at=look.now,
    )  # fmt: skip
    look.session.add(found)
    look.session.flush()
    return Done(found, {"lesson": found.public_id})


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
