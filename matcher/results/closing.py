"""完了: what a case needs before it can be closed, and closing it."""

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.cases import decisions, documents, talks
from matcher.cases.act import REVIEW, case_act
from matcher.ground import lifecycle, vocabulary
from matcher.ground.errors import Invalid
from matcher.records import Contribution, Partnership
from matcher.register import wording_work
from matcher.register.act import Done, Look, Told, Words, version_of_record
from matcher.results import lessons, publication
from matcher.work import contributions, payments


def obstacle(session: Session, case: Partnership, money_note: str = "") -> str | None:
    """Why the case cannot be closed yet (L10): the code of what is missing, or ``None``.

    Args:
        money_note: why less money is recorded than the agreement promises; without it ``money_short``.
    """
    unsettled = payments.unsettled(session, case)
    if unsettled:
        return unsettled
    unconfirmed = select(Contribution.id).where(
        Contribution.partnership_id == case.id,
        Contribution.state == "recorded",
        Contribution.support_type.in_(vocabulary.SUPPORT_IN_MONEY),
    )
    if session.scalar(select(unconfirmed.exists())):
        return "money_unconfirmed"
    trial = documents.find_agreed(session, case, "trial_result")
    # What a trial taught does not stand for what the partnership itself taught.
    after = trial.agreed_at if trial is not None else None
    if not any(after is None or lesson.written_at > after for lesson in lessons.lessons(session, case)):
        return "no_lesson"
    if case.published_at is None and not case.unpublished_reason:
        return "not_published_yet"
    # Whoever wants to leave a page as it is takes it off with a coded reason: a page that looks final and is
    # not would be worse than none.
    if publication.outdated(session, case):
        return "publication_outdated"
    if not money_note.strip() and any(row.is_short for row in contributions.promises(session, case)):
        return "money_short"
    return None


def _without_money(look: Look) -> str | None:
    """What is missing but for a word on money that did not come, which the form itself asks for."""
    missing = obstacle(look.session, look.record)
    return None if missing == "money_short" else missing


@case_act(
    lifecycle.CLOSE, by=REVIEW, open_in=frozenset({"evaluated", "reported"}), shown=version_of_record,
    when=lambda case: case.state == "evaluated" or case.was_terminated, guard=_without_money,
    words=Words(
        "案件を完了する", "案件を完了としました。", "案件を完了としました",
        explain="支払い・学び・公表がそろったことを確かめて、案件を完了とします。", submit="完了とする",
        step="案件を完了する", decided="完了",
    ),
)  # fmt: skip
def close(look: Look, text: str, *, money_note: str = "") -> Done:
    """Close what is evaluated – or what ended early and is reported.

    Args:
        money_note: why less money is recorded than the agreement promises, where that is so.

    Raises:
        Invalid: no text; less money than promised, and no word on why (``money_note``).
    """
    session, actor, case, now = look.session, look.actor, look.record, look.now
    if not text.strip():
        raise Invalid(text="required")
    if obstacle(session, case, money_note) is not None:
        raise Invalid(money_note="money_short")
    money = [asdict(row) for row in contributions.promises(session, case)]
    bundle = decisions.freeze(
        session, actor, case, lifecycle.CLOSE, text, now, money=money, money_note=money_note.strip()
    )
    action = lifecycle.CLOSE if case.state == "evaluated" else lifecycle.CLOSE_EARLY
    kept = "\n".join(part for part in (text.strip(), wording_work.money_note(money_note)) if part)
    talks.enter(session, actor, case, action, now, reason_text=kept, details=decisions.named(bundle))
    return Done(is_kept=True, tells=(Told("others", "closed"),))
