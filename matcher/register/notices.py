"""Who hears of what: notices on the screen and mails in the outbox, in the transaction of the cause.

What is told stands in ``wording.py``, as codes and facts; how it is said, in ``sentences.py``; what becomes
of a mail, in ``outbox.py``. A mail is readable without its link (closed networks strip links), so it always
carries the number, the names and what to do next.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from matcher.ground.calendar import TOKYO
from matcher.ground.errors import TooFast, TooMany
from matcher.ground.permissions import Actor
from matcher.records import Mail, Membership, Municipality, Notice, Organization, User
from matcher.register import officials, throttle

DIGEST_HOUR = 8  #: Tokyo time at which digests go out
DIGESTS: Final = ("daily", "weekly", "biweekly")  #: how often a person may have notices gathered


def tell_users(
    session: Session,
    users: Iterable[User],
    code: str,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    about: tuple[str, str] = ("", ""),
    organization_id: int | None = None,
) -> None:
    """Put a notice on each person's screen, and mail it as they chose (at once, gathered or not).

    Args:
        about: object type and public id that the notice leads to.
        organization_id: for which organization they hear of it; ``None`` for the city.
    """
    for user in users:
        if user.status != "active":
            continue
        _keep_pace(session, now)
        notice = Notice(
            user_id=user.id,
            created_at=now,
            code=code,
            facts=dict(facts),
            object_type=about[0],
            object_id=about[1],
            mailed=user.notify not in DIGESTS,
            organization_id=organization_id,
        )
        session.add(notice)
        session.flush()
        if user.notify == "at_once":
            send_mail(session, user.email, code, facts, now, key=f"notice-{notice.id}", notice=notice)


def tell_organization(
    session: Session,
    organization: Organization | int,
    code: str,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    about: tuple[str, str] = ("", ""),
) -> None:
    """Tell every active owner and editor of an organization."""
    organization_id = organization if isinstance(organization, int) else organization.id
    users = session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.organization_id == organization_id,
            Membership.role.in_(("owner", "editor")),
            Membership.began_at.is_not(None),
            Membership.ended_at.is_(None),
            User.status == "active",
        )
        .order_by(User.id)
    )
    tell_users(session, users.all(), code, facts, now, about=about, organization_id=organization_id)


def gather_on_screen(
    session: Session, user: User, code: str, facts: Mapping[str, Any], now: datetime, *,
    about: tuple[str, str], organization_id: int,
) -> None:  # fmt: skip
    """Put a notice that counts (``count``) on a person's screen; what comes on the same day is added to it.

    Never mailed: what is gathered like this has a digest of its own.
    """
    today = now.astimezone(TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
    earlier = session.scalar(
        select(Notice)
        .where(
            Notice.user_id == user.id,
            Notice.organization_id == organization_id,
            Notice.code == code,
            Notice.created_at >= today,
        )
        .order_by(Notice.id.desc())
        .limit(1)
    )
    if earlier is not None:
        earlier.facts = {**facts, "count": facts["count"] + earlier.facts["count"]}
        earlier.read_at, earlier.created_at = None, now
        return
    session.add(
        Notice(
            user_id=user.id, created_at=now, code=code, facts=dict(facts), object_type=about[0],
            object_id=about[1], mailed=True, organization_id=organization_id,
        )
    )  # fmt: skip


def tell_staff(
    session: Session, code: str, facts: Mapping[str, Any], now: datetime, *, about: tuple[str, str] = ("", "")
) -> None:
    """Tell the coordinators and managers on the screen, and the section's shared mailbox once."""
    users = session.scalars(select(User).where(officials.serve())).all()
    _keep_pace(session, now)
    first: Notice | None = None
    for user in users:
        notice = Notice(
            user_id=user.id, created_at=now, code=code, facts=dict(facts),
            object_type=about[0], object_id=about[1], mailed=True,
        )  # fmt: skip
        session.add(notice)
        first = first or notice
    session.flush()
    city = session.get(Municipality, 1)
    if city is not None and city.email and first is not None:
        send_mail(session, city.email, code, facts, now, key=f"staff-{first.id}", notice=first)


def send_mail(
    session: Session,
    to: str,
    code: str,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    key: str,
    notice: Notice | None = None,
) -> None:
    """Put one mail into the outbox; a second one with the same ``key`` is not made.

    Args:
        notice: what it tells of, so that it may wait for others and go with them; anything else goes at once.
    """
    if session.scalar(select(func.count()).select_from(Mail).where(Mail.key == key)):
        return
    _keep_pace(session, now)
    session.add(
        Mail(key=key, to=to, code=code, facts=dict(facts), created_at=now, send_after=now, notice=notice)
    )


def pace(session: Session, actor: Actor) -> None:
    """Let what ``actor`` tells others in this session count as one act of theirs, however many hear of it."""
    kind = "tell_staff" if actor.is_staff or actor.role == "operator" else "tell"
    session.info["paced"] = (kind, actor.user_public_id)


def _keep_pace(session: Session, now: datetime) -> None:
    """Refuse to disturb others for somebody who acts faster than people do; the clock is not paced."""
    kind, person = session.info.pop("paced", (None, None))
    if kind is None or person is None:
        return
    try:
        throttle.admit(session, kind, now, person=person)
    except TooMany as error:
        raise TooFast(error.facts["minutes"]) from error


def make_digests(session: Session, now: datetime) -> int:
    """Gather unmailed notices into one mail for each person and organization – daily, on Mondays, or on every
    other Monday; returns how many mails. A round that came late still holds only what was written before its
    hour.
    """
    rows = session.execute(
        select(Notice, User, Organization)
        .join(User, User.id == Notice.user_id)
        .outerjoin(Organization, Organization.id == Notice.organization_id)
        .where(
            Notice.mailed.is_(False),
            User.status == "active",
            # Who changed to mails at once meanwhile gets what was promised with the next daily round.
            or_(
                *(
                    and_(User.notify == notify, Notice.created_at < digest_time(notify, now))
                    for notify in DIGESTS
                ),
                and_(User.notify == "at_once", Notice.created_at < digest_time("daily", now)),
            ),
        )
        .order_by(Notice.user_id, Notice.id)
    ).all()
    gathered: dict[tuple[int, int | None], tuple[User, Organization | None, list[Notice]]] = {}
    for notice, user, organization in rows:
        gathered.setdefault((user.id, notice.organization_id), (user, organization, []))[2].append(notice)
        notice.mailed = True
    day = now.astimezone(TOKYO)
    for user, body, notices in gathered.values():
        facts: dict[str, Any] = {
            "notices": [[notice.code, notice.facts, notice.subject, notice.body] for notice in notices]
        }
        key = f"digest-{user.public_id}-{day:%Y%m%d}"
        if body is not None:
            facts["organization"] = {"public_id": body.public_id, "name": body.name}
            key += f"-{body.id}"
        send_mail(session, user.email, "digest", facts, now, key=key)
    return len(gathered)


def drop_gathered(session: Session, user: User) -> None:
    """What was gathered for a mail is on the screen only: the person wants no mail any more."""
    session.execute(
        update(Notice).where(Notice.user_id == user.id, Notice.mailed.is_(False)).values(mailed=True)
    )


def digest_time(notify: str, now: datetime) -> datetime:
    """When the latest round of a kind went out, or should have: 8:00 in Tokyo, weekly ones on a Monday."""
    local = now.astimezone(TOKYO)
    latest = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    if latest > local:
        latest -= timedelta(days=1)
    if notify != "daily":
        latest -= timedelta(days=latest.weekday())
    # Weeks are counted from the calendar's beginning, not in the year: no year ends with two in a row.
    if notify == "biweekly" and latest.toordinal() // 7 % 2:
        latest -= timedelta(days=7)
    return latest


def unread_counts(session: Session, actor: Actor) -> Mapping[int | None, int]:
    """How many notices the signed-in person has not opened, by the id of the organization they are for."""
    if actor.user_id is None:
        return {}
    query = select(Notice.organization_id, func.count()).group_by(Notice.organization_id)
    rows = session.execute(query.where(Notice.user_id == actor.user_id, Notice.read_at.is_(None)))
    return {row[0]: row[1] for row in rows}


def mark_all_read(session: Session, actor: Actor, now: datetime) -> None:
    """Note that the person has seen all notices on the page."""
    session.execute(update(Notice).where(own(actor), Notice.read_at.is_(None)).values(read_at=now))


def mark_read(session: Session, actor: Actor, about: tuple[str, str], now: datetime) -> None:
    """Note that the person has seen what was told of one record until ``now``: object type and public id, or
    of all records of a type where the id is empty.
    """
    object_type, object_id = about
    told = of_record(object_type, object_id) if object_id else Notice.object_type == object_type
    query = update(Notice).where(own(actor), told, Notice.created_at <= now, Notice.read_at.is_(None))
    session.execute(query.values(read_at=now))


def of_record(object_type: str, object_id: str) -> ColumnElement[bool]:
    """Told of one record."""
    return and_(Notice.object_type == object_type, Notice.object_id == object_id)


def own(actor: Actor) -> ColumnElement[bool]:
    """Told to the signed-in person, for the organization in whose name one is."""
    return and_(
        Notice.user_id == (actor.user_id or 0),
        Notice.organization_id.is_not_distinct_from(actor.organization_id),
    )
