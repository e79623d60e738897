"""前回を引き継ぐ: what is over is asked for, or offered, again, as a draft that follows it.

Everything is taken over – texts, amounts, further parts, conditions –, the days a year later; the city reads
it anew. Of what several NPOs asked for together, each takes over its own share.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import calendar, lifecycle, permissions
from matcher.ground import posting as fields
from matcher.ground.errors import Refused
from matcher.ground.permissions import Actor
from matcher.postings import drafts, joint_reads, need_parts, terms
from matcher.postings.drafts import Posted
from matcher.records import Need
from matcher.register import folding

REMIND: Final = timedelta(days=31)  #: before the day on which it began a year ago
_SHOWN: Final = 3
_DATES: Final = ("period_from", "period_to", "valid_until")


def may_take_over(actor: Actor, before: Posted) -> bool:
    """Whether it is over, and one of the actor's organization, for which the actor writes."""
    may_write = permissions.may(actor, "organization.edit", before.organization)
    return before.is_over and may_write and not drafts.is_locked(actor)


def take_over(session: Session, actor: Actor, before: Posted, now: datetime) -> Posted:
    """A draft with all that ``before`` says; one that was taken over and still waits is taken up again.

    Days are the same day of the next year – of the first year in which it is not over yet; 28 February for
    the 29th –, and the publication lasts as that of a new text.

    Raises:
        Refused: ``not_over``, or the organization is locked.
    """
    if not may_take_over(actor, before):
        drafts.require(actor, "organization.edit", before.organization)
        raise Refused("not_over")
    kind = type(before)
    waiting = session.scalar(
        select(kind)
        .where(kind.follows_id == before.id, kind.state.in_(lifecycle.POSTING_EDITABLE))
        .order_by(kind.id.desc())
        .limit(1)
    )
    if waiting is not None:
        return waiting
    today = calendar.tokyo_date(now)
    said = {one.code: getattr(before, one.code) for one in fields.FIELDS[drafts.kind_of(before)]}
    copied: dict[str, Any] = {
        name: list(value) if isinstance(value, list) else value
        for name, value in said.items()
        if name not in _DATES
    }
    first, last = moved((before.period_from, before.period_to), today)
    until = terms.latest_publication(today + lifecycle.RENEWAL, last)
    made = kind(
        organization_id=before.organization_id, organization=before.organization, follows_id=before.id,
        state="draft", created_at=now, updated_at=now, period_from=first, period_to=last, valid_until=until,
        **copied,
    )  # fmt: skip
    if isinstance(made, Need):
        made.steps_done = len(fields.STEPS)
        if (own := joint_reads.share_of(session, before.id)) is not None:
            made.quantity = own
    further = need_parts.further(session, before) if isinstance(before, Need) else ()
    made.search_text = folding.text_of_posting(made, further)
    drafts.begun(session, actor, made, now, "take_over", follows=before.public_id)
    if isinstance(made, Need):
        need_parts.keep(session, made, further)
    return made


def moved(period: tuple[date | None, date | None], today: date) -> tuple[date | None, date | None]:
    """A period by as many whole years (at least one) as it takes until it is not over. Open ends stay."""
    last = period[1] or period[0]
    years = 1
    while last is not None and calendar.years_later(last, years) < today:
        years += 1
    first, end = (None if day is None else calendar.years_later(day, years) for day in period)
    return first, end


def followers(session: Session, postings: Iterable[Posted]) -> dict[int, Posted]:
    """Id of what was taken over → the latest that follows it and was not withdrawn."""
    by_id = {one.id: one for one in postings}
    if not by_id:
        return {}
    kind: Any = type(next(iter(by_id.values())))
    rows = session.scalars(
        select(kind).where(kind.follows_id.in_(by_id), kind.state != "withdrawn").order_by(kind.id)
    )
    return {one.follows_id: one for one in rows}


def forerunner(session: Session, posting: Posted) -> Posted | None:
    """前回: of which it was taken over."""
    return session.get(type(posting), posting.follows_id) if posting.follows_id else None


def due(own: Sequence[Posted], today: date) -> list[Posted]:
    """Of all of one's own: what is over, began a year ago in the month that comes, and was not taken over."""
    taken = {one.follows_id for one in own if one.state != "withdrawn"}
    coming = [
        (began, one.id, one)
        for one in own
        if one.state in {"filled", "expired"}
        and one.id not in taken
        and (began := one.period_from) is not None
        and today <= calendar.years_later(began, 1) <= today + REMIND
    ]
    return [one for _began, _id, one in sorted(coming, key=lambda row: row[:2])][:_SHOWN]
