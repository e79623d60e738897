"""Questions on a need: a company asks, the NPO answers, and all who may see the need read both.

Who asked is known to the city alone, so that asking tells nobody of an interest. The NPO may word a question
anew before it is shown, or put it with another one; what was asked stays as it was typed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session, joinedload

from matcher.ground import calendar, limits, permissions, personal, vocabulary
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import Actor
from matcher.postings import drafts
from matcher.records import Mark, Need, Organization, Question
from matcher.register import act, audit, moves, notices, wording
from matcher.register.act import Done, Look, Told, Words

ANSWER_WORKING_DAYS: Final = 5  #: after so many a question without an answer stands on the desk


_TOLD: Final[Mapping[str, Callable[..., wording.Said]]] = {
    "question_asked": wording.question_asked,
    "question_answered": wording.question_answered,
    "question_merged": wording.question_merged,
    "question_refused": wording.question_refused,
}


class _QuestionWay:
    """See ``register.act.Way``."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Audit it: what is asked, with the question, for the NPO reads what happened to its need; what
        becomes of it, with the need.
        """
        asked, record = done.made, look.record
        need = record.need if isinstance(record, Question) else record
        about = ("question", asked.public_id) if record is need else ("need", need.public_id)
        audit.record(
            look.session, look.actor, event, *about, look.now,
            reason_code=done.reason_code, reason_text=done.text,
            details={"question": asked.public_id, "need": need.public_id},
        )  # fmt: skip

    def tell(self, look: Look, told: Told) -> None:
        """By notice and mail, each organization once."""
        record = look.record
        need = record.need if isinstance(record, Question) else record
        said = _TOLD[told.event](need, **told.facts)
        whom = {need.organization_id}
        if told.whom != "owner":
            whom = {record.asker_id} if told.whom == "asker" else _followers(look.session, record)
        for organization_id in sorted(whom):
            notices.tell_organization(
                look.session, organization_id, *said, look.now, about=("need", need.public_id)
            )


def _followers(session: Session, question: Question) -> set[int]:
    """Who asked it, or one that was put with it, and who saved the need."""
    merged = select(Question.asker_id).where(Question.merged_into_id == question.id)
    saved = select(Mark.organization_id).where(Mark.need_id == question.need_id, Mark.kind == "saved")
    return {question.asker_id, *session.scalars(merged), *session.scalars(saved)}


_WAY: Final = _QuestionWay()
_act = partial(act.act, way=_WAY)


def _closing(look: Look) -> str | None:
    """No question comes after the need's last day."""
    until = look.record.valid_until
    return "need_closed" if until is not None and until < calendar.tokyo_date(look.now) else None


def _writes_for_a_company(look: Look) -> bool:
    actor = look.actor
    return actor.organization_kind == "company" and actor.organization_role in {"owner", "editor"}


@_act(
    "ask_question", record=Need, by="posting.ask", who=_writes_for_a_company, open_in=frozenset({"open"}),
    guard=_closing, shown=lambda look: None,
    words=Words(
        "質問する", "質問を団体に送りました。回答は、このニーズの画面に表示されます。", "質問しました",
        submit="質問を送る",
    ),
)  # fmt: skip
def ask_question(look: Look, text: str) -> Done:
    """Ask; gives the ``Question``.

    Raises:
        Invalid: no text, too long, or personal data in it.
    """
    wrong = _fault(text)
    if wrong:
        raise Invalid(text=wrong)
    found = Question(
        need_id=look.record.id, asker_id=look.actor.organization_id or 0, asked_by_id=look.actor.user_id or 0,
        asked_at=look.now, text=text.strip(),
    )  # fmt: skip
    look.session.add(found)
    look.session.flush()
    return Done(made=found, tells=(Told("owner", "question_asked", {"text": found.text}),))


def _fault(text: str) -> str:
    if not text.strip():
        return "required"
    if limits.is_too_long(text, limits.NOTE):
        return "too_long"
    return "personal_data" if personal.found_in(text) else ""


@dataclass(frozen=True)
class Treatment:
    """What the NPO decided: ``answer`` with the words that are shown, ``merge`` into another question
    (``other``), or ``refuse`` with a coded reason.
    """

    decision: str
    shown_text: str = ""
    answer: str = ""
    other: str = ""
    refuse_reason: str = ""
    refuse_text: str = ""


@_act(
    "treat_question", record=Question, by="posting.answer", open_in=frozenset({"asked"}),
    guard=lambda look: drafts.lock_of(look.actor), shown=act.version_of_record,
    words=Words(
        "質問に回答する", "質問への対応を記録しました。", "質問に対応しました", submit="この内容で決定する"
    ),
)  # fmt: skip
def treat_question(look: Look, treatment: Treatment) -> Done:
    """Answer it for all, put it with another one of the same need, or say why it is not answered.

    Raises:
        Invalid: no answer, or personal data in what would be shown; no other question; no reason.
    """
    deed = {"answer": _answer, "merge": _merge, "refuse": _refuse}.get(treatment.decision)
    if deed is None:
        raise Invalid(decision="required")
    done = deed(look, treatment)
    look.record.answered_by_id, look.record.answered_at = look.actor.user_id, look.now
    return done


def _answer(look: Look, treatment: Treatment) -> Done:
    question = look.record
    words = {"shown_text": treatment.shown_text, "answer": treatment.answer}
    wrong = {name: fault for name, text in words.items() if (fault := _fault(text))}
    if wrong:
        raise Invalid(**wrong)
    moves.become(question, "answered")
    question.shown_text, question.answer = treatment.shown_text.strip(), treatment.answer.strip()
    facts = {"question": question.shown_text, "answer": question.answer}
    return Done(
        made=question, event="answer_question", tells=(Told("followers", "question_answered", facts),)
    )


def _merge(look: Look, treatment: Treatment) -> Done:
    question = look.record
    other = next((one for one in others_of(look.session, question) if one.public_id == treatment.other), None)
    if other is None:
        raise Invalid(other="required")
    moves.become(question, "merged")
    question.merged_into_id = other.id
    # What was put with this one goes along, so that its askers hear of the answer, too.
    for follower in look.session.scalars(select(Question).where(Question.merged_into_id == question.id)):
        follower.merged_into_id = other.id
    facts = {"asked": question.text, "question": other.shown_text or other.text}
    return Done(made=question, event="merge_question", tells=(Told("asker", "question_merged", facts),))


def _refuse(look: Look, treatment: Treatment) -> Done:
    question, code, text = look.record, treatment.refuse_reason, treatment.refuse_text.strip()
    if code not in vocabulary.QUESTION_REFUSE_REASONS:
        raise Invalid(refuse_reason="required")
    if code == "other" and not text:
        raise Invalid(refuse_text="required")
    moves.become(question, "refused")
    question.refuse_reason, question.refuse_text = code, text
    facts = {"asked": question.text, "reason_code": code, "reason": text}
    return Done(
        made=question, event="refuse_question", reason_code=code, text=text,
        tells=(Told("asker", "question_refused", facts),),
    )  # fmt: skip


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────


def answered(session: Session, need: Need) -> Sequence[Question]:
    """What all who may see the need read, in the order of the answers; who asked is not theirs to know."""
    return session.scalars(
        select(Question)
        .where(Question.need_id == need.id, Question.state == "answered")
        .order_by(Question.answered_at, Question.id)
    ).all()


def own_questions(session: Session, actor: Actor, need: Need) -> Sequence[Question]:
    """What the actor's company has asked and is not answered, oldest first."""
    return session.scalars(
        select(Question)
        .where(
            Question.need_id == need.id,
            Question.asker_id == (actor.organization_id or 0),
            Question.state != "answered",
        )
        .order_by(Question.id)
    ).all()


def asked(session: Session, actor: Actor, need: Need) -> Sequence[Question]:
    """All that wait for an answer, oldest first, for the NPO."""
    permissions.require(actor, "posting.answer", need)
    return session.scalars(
        select(Question).where(Question.need_id == need.id, Question.state == "asked").order_by(Question.id)
    ).all()


def with_askers(session: Session, actor: Actor, need: Need) -> Sequence[tuple[Question, Organization]]:
    """All questions on a need with who asked, oldest first, for the city."""
    permissions.require(actor, "desk.view")
    rows = session.execute(
        select(Question, Organization)
        .join(Organization, Organization.id == Question.asker_id)
        .where(Question.need_id == need.id)
        .order_by(Question.id)
    )
    return [(question, asker) for question, asker in rows]


def waiting(session: Session, actor: Actor) -> Sequence[Question]:
    """What waits for an answer on all needs of the actor's NPO, oldest first, each with its need."""
    found = session.scalars(
        select(Question)
        .join(Need, Need.id == Question.need_id)
        .where(Need.organization_id == (actor.organization_id or 0), Question.state == "asked")
        .options(joinedload(Question.need).joinedload(Need.organization))
        .order_by(Question.id)
    ).all()
    return [one for one in found if permissions.may(actor, treat_question.by, one)]


def answer_until(question: Question) -> date:
    """The last day before the question stands on the desk as late."""
    return calendar.add_working_days(calendar.tokyo_date(question.asked_at), ANSWER_WORKING_DAYS)


def get_question(session: Session, actor: Actor, public_id: str) -> Question:
    """One question on one of the actor's needs.

    Raises:
        NotFound
    """
    found = session.scalar(
        select(Question)
        .where(Question.public_id == public_id)
        .options(joinedload(Question.need).joinedload(Need.organization))
    )
    if found is None or not permissions.may(actor, "posting.answer", found):
        raise NotFound("question")
    return found


def others_of(session: Session, question: Question) -> Sequence[Question]:
    """The other questions of the same need with which it can be put, oldest first."""
    return session.scalars(
        select(Question)
        .where(
            Question.need_id == question.need_id,
            Question.id != question.id,
            Question.state.in_(("asked", "answered")),
        )
        .order_by(Question.id)
    ).all()


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """SQL: it has waited longer than the working days that the NPO is given."""
    day = calendar.tokyo_date(now)
    first = day - timedelta(days=1)
    while calendar.add_working_days(first, ANSWER_WORKING_DAYS) >= day:
        first -= timedelta(days=1)
    return and_(Question.state == "asked", Question.asked_at <= calendar.end_of_day(first))
