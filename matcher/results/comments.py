"""Residents' words on a public page, read by the city before anybody else, and its answers (R4, R7)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import case as either
from sqlalchemy import select, true
from sqlalchemy.orm import Session, joinedload

from matcher.cases import telling
from matcher.ground import lifecycle, limits, permissions, personal, vocabulary
from matcher.ground.errors import Invalid, NotFound
from matcher.ground.permissions import ANONYMOUS, Actor
from matcher.records import Partnership, PublicComment
from matcher.register import act, audit, moves, paging, throttle, wording_work
from matcher.register.act import Done, Look, Told, Words


def comment(session: Session, case: Partnership, text: str, network: str, now: datetime) -> PublicComment:
    """Take a resident's words; nobody but the city reads them before it has looked.

    Args:
        network: where it comes from, as a keyed hash; only for the rate limit, never stored with the text.

    Raises:
        Invalid: no text, too long, or personal data in it. TooMany: too often from one network.
    """
    if not text.strip():
        raise Invalid(text="required")
    if limits.is_too_long(text, limits.NOTE):
        raise Invalid(text="too_long")
    if personal.found_in(text):
        raise Invalid(text="personal_data")
    throttle.admit(session, "comment", now, account=case.public_id, network=network)
    found = PublicComment(partnership_id=case.id, text=text.strip(), written_at=now, state="waiting")
    session.add(found)
    session.flush()
    audit.record(
        session,
        ANONYMOUS,
        "comment",
        "partnership",
        case.public_id,
        now,
        details={"comment": found.public_id},
    )
    telling.tell(session, ANONYMOUS, case, wording_work.event(case, "comment"), now, "desk")
    return found


PER_PAGE: Final = 50


def shown_comments(session: Session, case: Partnership, page: int = 1) -> paging.Listing:
    """What the public page shows, newest first."""
    query = (
        select(PublicComment)
        .where(PublicComment.partnership_id == case.id, PublicComment.state == "shown")
        .order_by(PublicComment.id.desc())
    )
    return paging.page_of(session, query, page, PER_PAGE).of_first()


def hidden_comments(session: Session, case: Partnership) -> list[tuple[str, int]]:
    """(coded reason, how many) of the words that the city has read and does not show (R7)."""
    found = session.scalars(
        select(PublicComment.hide_reason).where(
            PublicComment.partnership_id == case.id, PublicComment.state == "hidden"
        )
    ).all()
    return [(reason, found.count(reason)) for reason in vocabulary.COMMENT_HIDE_REASONS if reason in found]


def comments_of(session: Session, actor: Actor, case: Partnership) -> Sequence[PublicComment]:
    """Every comment on one case, oldest first, also what was kept back: for the city."""
    permissions.require(actor, "desk.comments")
    return session.scalars(
        select(PublicComment).where(PublicComment.partnership_id == case.id).order_by(PublicComment.id)
    ).all()


def comments_to_read(session: Session, actor: Actor, state: str = "", page: int = 1) -> paging.Listing:
    """(comment, case) of what waits for the city, the longest first: unread words, then shown ones without
    an answer; then the rest, the newest first.

    Args:
        state: only those that stand so, where it is a state of a comment.
    """
    permissions.require(actor, "desk.comments")
    is_answered = (PublicComment.state != "waiting") & (
        (PublicComment.state != "shown") | PublicComment.answered_at.is_not(None)
    )
    query = (
        select(PublicComment, Partnership)
        .join(Partnership, Partnership.id == PublicComment.partnership_id)
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
        .where(PublicComment.state == state if state in lifecycle.WITHIN["comment"] else true())
        .order_by(
            (PublicComment.state != "waiting"),
            is_answered,
            either((is_answered, -PublicComment.id), else_=PublicComment.id),
        )
    )
    return paging.page_of(session, query, page, PER_PAGE)


def get_comment(session: Session, actor: Actor, public_id: str) -> tuple[PublicComment, Partnership]:
    """One comment with its case, for the city.

    Raises:
        NotFound
    """
    permissions.require(actor, "desk.comments")
    row = session.execute(
        select(PublicComment, Partnership)
        .join(Partnership, Partnership.id == PublicComment.partnership_id)
        .where(PublicComment.public_id == public_id)
        .options(joinedload(Partnership.company), joinedload(Partnership.npo))
    ).first()
    if row is None:
        raise NotFound("comment")
    return row[0], row[1]


class _CommentWay:
    """See ``register.act.Way``: what is done to a comment happens on its case, which is given beside it."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Audit it; the case stays as silent as it was."""
        audit.record(
            look.session, look.actor, event, "partnership", look.item.public_id, look.now,
            reason_code=done.reason_code, reason_text=done.text, details=dict(done.details),
        )  # fmt: skip

    def tell(self, look: Look, told: Told) -> None:
        """By notice and mail."""
        said = wording_work.event(look.item, told.event)
        telling.tell(look.session, look.actor, look.item, said, look.now, *told.to)


@act.act(
    "treat_comment", record=PublicComment, item=Partnership, way=_CommentWay(), by="desk.comments",
    whose=lambda look: None, open_in=frozenset({"waiting", "shown", "hidden"}), shown=act.version_of_record,
    words=Words("この対応で決定する", "住民の声への対応を記録しました。"),
)  # fmt: skip
def treat_comment(look: Look, answer: Mapping[str, str]) -> Done:
    """Show a comment with the city's answer and its reason, or keep it back with a coded reason.

    Args:
        answer: ``decision`` (``show`` or ``hide``), ``text`` and ``reason`` of the answer, ``hide_reason``,
            ``hide_text``.

    Raises:
        Invalid: shown without an answer or its reason, or with personal data in them; hidden without a
            reason, or for another one that is not said.
    """
    found, wrong = look.record, {}
    if answer.get("decision") == "show":
        for name in ("text", "reason"):
            if not answer.get(name, "").strip():
                wrong[name] = "required"
            elif personal.found_in(answer[name]):
                wrong[name] = "personal_data"
    elif answer.get("decision") == "hide":
        if answer.get("hide_reason") not in vocabulary.COMMENT_HIDE_REASONS:
            wrong["hide_reason"] = "required"
        elif answer["hide_reason"] == "other" and not answer.get("hide_text", "").strip():
            wrong["hide_text"] = "required"
    else:
        wrong["decision"] = "required"
    if wrong:
        raise Invalid(**wrong)
    show = answer["decision"] == "show"
    moves.become(found, "shown" if show else "hidden")
    found.hide_reason = "" if show else answer["hide_reason"]
    found.moderated_by_id, found.moderated_at = look.actor.user_id, look.now
    if show:
        found.answer, found.answer_reason = answer["text"].strip(), answer["reason"].strip()
        found.answered_by_id, found.answered_at = look.actor.user_id, look.now
    return Done(
        event="show_comment" if show else "hide_comment",
        reason_code=found.hide_reason or None,
        text="" if show else answer.get("hide_text", "").strip(),
        details={"comment": found.public_id},
        tells=(Told("others", "comment_answered"),) if show else (),
    )
