"""完了: what a case needs before it can be closed, and closing it."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.cases import decisions, documents, talks
from matcher.ground import permissions, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.records import Contribution, Partnership
from matcher.register import moves, wording_work
from matcher.results import publication, ratings
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
    if not any(after is None or lesson.written_at > after for lesson in ratings.lessons(session, case)):
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


def close(
    session: Session, actor: Actor, case: Partnership, text: str, now: datetime, *, version: int | None,
    money_note: str = "",
) -> None:  # fmt: skip
    """Close what is evaluated – or what ended early and is reported.

    Args:
        money_note: why less money is recorded than the agreement promises, where that is so.

    Raises:
        Invalid: no text; less money than promised, and no word on why (``money_note``).
        Refused: what ``obstacle`` says; ``evaluation_first`` where nothing ended early.
    """
    permissions.require(actor, "partnership.review", case)
    moves.check_version(session, case, version)
    talks.in_state(session, case, "evaluated", "reported")
    if case.state == "reported" and not case.was_terminated:
        raise Refused("evaluation_first")
    if not text.strip():
        raise Invalid(text="required")
    missing = obstacle(session, case, money_note)
    if missing == "money_short":
        raise Invalid(money_note="money_short")
    if missing:
        raise Refused(missing)
    money = [asdict(row) for row in contributions.promises(session, case)]
    bundle = decisions.freeze(
        session, actor, case, "close", text, now, money=money, money_note=money_note.strip()
    )
    action = "close" if case.state == "evaluated" else "close_early"
    details = {"bundle": bundle.public_id, "sha256": bundle.sha256}
    kept = "\n".join(part for part in (text.strip(), wording_work.money_note(money_note)) if part)
    talks.enter(session, actor, case, action, now, reason_text=kept, details=details)
    documents.tell_others(session, actor, case, wording_work.event(case, "closed"), now)
