"""What becomes of the mails in the outbox: due, on their way, delayed, sent, or undeliverable and told so.

A mail server that is away is no mail's fault and only delays. What its recipient's server refuses for good,
or what cannot be written at all, is given up and shown to the staff until they have told the person
otherwise.

What tells of notices comes at most once in a quarter of an hour to one address: the first at once, and what
comes meanwhile in one mail after it. Each stays a row of its own; which go together is decided when they are
taken, and undone by a refusal. Only after a crash do they go again as they were, since they may have arrived.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final, Literal

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from matcher.ground import permissions
from matcher.ground.errors import NotFound
from matcher.ground.permissions import SYSTEM, Actor
from matcher.records import Mail, Membership, Municipality, Notice, User
from matcher.register import act, audit
from matcher.register.act import Done, Look, Words
from matcher.register.untold import UNTOLD

LEASE: Final = timedelta(minutes=5)  #: a mail that was taken comes back after this; a batch is far shorter
BATCH: Final = 20
QUARTER: Final = timedelta(minutes=15)  #: from one mail that tells of notices to the next of one address
LATE: Final = timedelta(minutes=15)  #: mails that have waited for this long are said to stand still

#: Why a try failed:
#: ``server`` – ours was not reached; ``broken`` – it hung up on this mail, or refused us; ``policy`` – a
#: refusal that may be our set-up's fault; ``delayed`` – the recipient's says later; ``address`` – it knows no
#: such mailbox; ``content`` – it does not take this mail; ``unwritable`` – no mail can be made of it, for
#: example of such an address.
Failure = Literal["server", "broken", "policy", "delayed", "address", "content", "unwritable"]


@dataclass(frozen=True)
class Limit:
    """When a mail is given up: both must be reached."""

    tries: int = 0
    days: int = 0


#: What is not in here (``server``, ``broken``) is tried for ever.
_LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "address": Limit(),
        "content": Limit(),
        "unwritable": Limit(tries=8),
        "delayed": Limit(tries=8, days=3),
        "policy": Limit(tries=8, days=3),
    }
)
#: Failures that are not the recipient's, so that mail as a whole may stand still.
_OURS: Final = ("", "server", "broken", "policy")

_WAITS: Final = (Mail.sent_at.is_(None), Mail.given_up_at.is_(None))
_FAILED: Final = (Mail.given_up_at.is_not(None), Mail.settled_at.is_(None))


# ── Sending ──────────────────────────────────────────────────────────────────────────────────────────


def _held(now: datetime) -> ColumnElement[bool]:
    """Whether a mail waits for the quarter of an hour after the last, or for one that is on its way."""
    other = aliased(Mail)
    sent = other.sent_at > now - QUARTER
    on_its_way = and_(other.sent_at.is_(None), other.given_up_at.is_(None), other.leased_until.is_not(None))
    return and_(
        Mail.notice_id.is_not(None),
        exists().where(
            other.to == Mail.to, other.notice_id.is_not(None), other.id != Mail.id, or_(sent, on_its_way)
        ),
    )


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    is_free = or_(Mail.leased_until.is_(None), Mail.leased_until < now)
    return (*_WAITS, Mail.carrier_id.is_(None), Mail.send_after <= now, is_free, ~_held(now))


def has_due(session: Session, now: datetime) -> bool:
    """Whether there is anything to lease; reading first spares the write lock."""
    return session.scalar(select(Mail.id).where(*_due(now)).limit(1)) is not None


def lease(session: Session, now: datetime, limit: int = BATCH) -> list[Mail]:
    """Take mails that are due, each with what it carries; after a crash they come back (at least once)."""
    taken: dict[int, Mail] = {}
    for mail in session.scalars(select(Mail).where(*_due(now)).order_by(Mail.id).limit(limit)).all():
        if mail.carrier_id is not None:
            continue
        has_crashed = mail.leased_until is not None
        mail.leased_until = now + LEASE
        taken[mail.id] = mail
        if mail.notice_id is not None and not has_crashed and not _goes_alone(mail):
            _take_along(session, mail)
    session.flush()
    found = session.scalars(
        select(Mail)
        .where(Mail.id.in_(list(taken)))
        .options(
            joinedload(Mail.notice).joinedload(Notice.organization),
            selectinload(Mail.carried).options(joinedload(Mail.notice).joinedload(Notice.organization)),
        )
        .order_by(Mail.id)
        .execution_options(populate_existing=True)
    ).all()
    for mail in found:
        for one in letters(mail):
            one.attempts += 1
    session.flush()
    return list(found)


def _take_along(session: Session, mail: Mail) -> None:
    """Let everything else that waits for the same person go in this mail."""
    others = select(Mail).where(
        Mail.to == mail.to,
        Mail.id != mail.id,
        Mail.notice_id.is_not(None),
        Mail.leased_until.is_(None),
        *_WAITS,
    )
    for other in session.scalars(others):
        if not _goes_alone(other):
            other.carrier_id = mail.id


def _goes_alone(mail: Mail) -> bool:
    """Whether the mail itself may be what was wrong, so that it must not spoil others again."""
    return mail.failure in {"content", "unwritable"} or (mail.failure == "broken" and mail.attempts > 2)


def letters(mail: Mail) -> list[Mail]:
    """What goes out in a mail, oldest first: itself and what it carries."""
    return sorted((mail, *mail.carried), key=lambda one: one.id)


def _together(session: Session, mail_ids: Iterable[int]) -> Sequence[Mail]:
    ids = list(mail_ids)
    together = or_(Mail.id.in_(ids), Mail.carrier_id.in_(ids))
    return session.scalars(select(Mail).where(together, *_WAITS).order_by(Mail.id)).all()


def release(session: Session, mail_ids: Iterable[int]) -> None:
    """Put back mails whose turn did not come in their batch; that was no try."""
    for mail in _together(session, mail_ids):
        mail.leased_until, mail.carrier_id = None, None
        mail.attempts -= 1


def note_sent(session: Session, mail_id: int, now: datetime) -> None:
    """Note that a mail was taken by the server."""
    for mail in _together(session, [mail_id]):
        mail.leased_until, mail.sent_at, mail.last_error, mail.failure = None, now, "", ""
        _forget_link(mail)


def note_failure(session: Session, mail_id: int, failure: Failure, error: str, now: datetime) -> None:
    """Note why a mail did not go out, and when to try again – after 1, 4, 9 … minutes, at most an hour, ten
    minutes where only the server is away – or that it is given up.

    Args:
        error: the class of the error and the answer's code; never what the server or the mail says.
    """
    mails = _together(session, [mail_id])
    for mail in mails:
        mail.leased_until, mail.carrier_id, mail.failure, mail.last_error = None, None, failure, error[:300]
        limit = _LIMITS.get(failure)
        if len(mails) > 1 and _goes_alone(mail):
            limit = None  # which of them it was is found by sending each alone
        if limit and mail.attempts >= limit.tries and now - mail.created_at >= timedelta(days=limit.days):
            mail.given_up_at = now
            _forget_link(mail)
            _record(session, SYSTEM, "give_up_mail", mail, now)
            continue
        longest = 10 if failure in {"server", "broken"} else 60
        mail.send_after = now + timedelta(minutes=min(longest, mail.attempts**2))


def _forget_link(mail: Mail) -> None:
    if mail.key.startswith("link-"):
        # A link that opens an account must not stay readable in the outbox.
        mail.body, mail.facts = "", mail.facts | {"link": ""}


def has_text(mail: Mail) -> bool:
    """Whether what it says is still kept."""
    return bool(mail.facts or mail.body) and mail.facts.get("link") != ""


def _record(session: Session, actor: Actor, action: str, mail: Mail, now: datetime) -> None:
    user = session.scalar(select(User).where(User.email == mail.to))
    audit.record(
        session, actor, action, "user" if user else "mail", user.public_id if user else str(mail.id), now,
        details={"mail": mail.id, "failure": mail.failure},
    )  # fmt: skip


# ── What was given up ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Undeliverable:
    """An address that mails do not reach: the newest of them, how many, and whose it is, if known.

    ``is_office``: it is the mailbox that the section shares.
    """

    mail: Mail
    count: int
    user: User | None
    is_office: bool

    @property
    def can_be_sent_again(self) -> bool:
        """Whether its text is still there; a link is not kept."""
        return has_text(self.mail)


def undeliverable(session: Session, actor: Actor, limit: int = 50) -> tuple[int, Sequence[Undeliverable]]:
    """Addresses with mails that were given up and not yet settled: how many, and the newest of them.

    Raises:
        NotPermitted: for others than staff.
    """
    permissions.require(actor, "desk.mail")
    groups = session.execute(
        select(func.max(Mail.id), func.count())
        .where(*_FAILED)
        .group_by(Mail.to)
        .order_by(func.max(Mail.id).desc())
    ).all()
    if not groups:
        return 0, ()
    shown = {row[0]: row[1] for row in groups[:limit]}
    rows = session.execute(
        select(Mail, User, Municipality.id)
        .outerjoin(User, User.email == Mail.to)
        .outerjoin(Municipality, Municipality.email == Mail.to)
        .options(selectinload(User.memberships).joinedload(Membership.organization))
        .where(Mail.id.in_(list(shown)))
        .order_by(Mail.id.desc())
    ).all()
    return len(groups), [
        Undeliverable(mail, shown[mail.id], user, is_office=city is not None) for mail, user, city in rows
    ]


def unreached(session: Session, addresses: Collection[str]) -> Mapping[str, Mail]:
    """Those of ``addresses`` that mails do not reach, each with the newest mail given up."""
    mails = session.scalars(select(Mail).where(Mail.to.in_(list(addresses)), *_FAILED).order_by(Mail.id))
    return {mail.to: mail for mail in mails}


def get(session: Session, actor: Actor, mail_id: int) -> Mail:
    """One mail.

    Raises:
        NotPermitted, NotFound
    """
    permissions.require(actor, "desk.mail")
    found = session.get(Mail, mail_id)
    if found is None:
        raise NotFound("mail")
    return found


_mail_act = partial(
    act.act, record=Mail, way=UNTOLD, by="desk.mail", whose=lambda look: None,
    state_of=lambda look: look.record.state, open_in=frozenset({"undeliverable"}), shown=lambda look: None,
)  # fmt: skip


@_mail_act(
    "send_mail_again",
    guard=lambda look: None if any(map(has_text, _failed_like(look))) else "mail_link_gone",
    words=Words(
        "もう一度送る", "もう一度送ります。届かなければ、また「届かなかったメール」に出ます。",
        "届かなかったメールをもう一度送りました",
    ),
)  # fmt: skip
def send_again(look: Look) -> Done:
    """Give this mail and those before it to the same address one more try; a link must be made anew."""
    kept = [mail for mail in _failed_like(look) if has_text(mail)]
    for mail in kept:
        mail.given_up_at, mail.send_after = None, look.now
    _record(look.session, look.actor, "send_mail_again", kept[-1], look.now)
    return Done(is_kept=True)


@_mail_act(
    "settle_mail",
    words=Words(
        "伝えた（対応済みにする）", "対応済みとして記録しました。", "届かなかったメールを対応済みにしました"
    ),
)  # fmt: skip
def settle(look: Look) -> Done:
    """Note that the person was told otherwise, of this mail and those before it to the same address: what
    was given up since then nobody has seen.
    """
    mails = _failed_like(look)
    for mail in mails:
        mail.settled_at = look.now
    _record(look.session, look.actor, "settle_mail", mails[-1], look.now)
    return Done(is_kept=True)


def _failed_like(look: Look) -> Sequence[Mail]:
    shown = look.record
    alike = select(Mail).where(Mail.to == shown.to, Mail.id <= shown.id, *_FAILED)
    return look.session.scalars(alike.order_by(Mail.id)).all()


# ── How the outbox stands ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Standing:
    """How many mails wait since when, since when mail stands still, how many were given up."""

    waiting: int
    oldest: datetime | None
    late_since: datetime | None
    undeliverable: int


def standing(session: Session, now: datetime) -> Standing:
    """How the outbox stands. What only a recipient's server delays does not count as standing still."""
    is_late = (Mail.failure.in_(_OURS), Mail.created_at <= now - LATE, ~_held(now - LATE))
    count, first = func.count(Mail.id), func.min(Mail.created_at)
    # One statement of four: each finds its mails by an index.
    waiting, oldest, late, failed = session.execute(
        select(
            select(count).where(*_WAITS).scalar_subquery(),
            select(first).where(*_WAITS).scalar_subquery(),
            select(first).where(*_WAITS, *is_late).scalar_subquery(),
            select(count).where(*_FAILED).scalar_subquery(),
        )
    ).one()
    return Standing(waiting, oldest, late, failed)
