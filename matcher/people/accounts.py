"""Who may sign in, and how an account begins, changes and ends.

Sessions are rows: the cookie holds a random id, the row its hash, and deleting the row signs the browser
out. Every act is audited in its own transaction, without addresses and without names.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from embeddings.normal import nfkc
from matcher.city import cities
from matcher.ground import addresses, permissions
from matcher.ground.errors import Invalid, NotFound, NotPermitted, Refused, TooMany
from matcher.ground.permissions import Actor
from matcher.ground.typed import Unclear
from matcher.people import open_work, passwords
from matcher.records import (
    AccountRequest,
    CompanyProfile,
    Mail,
    Notice,
    NpoProfile,
    OneTimeLink,
    Organization,
    User,
    UserSession,
)
from matcher.register import audit, moves, notices, parties, throttle, wording

Purpose = Literal["activate", "reset"]

#: A session row is written at most this often, so that reading pages stays reading.
TOUCH_EVERY: Final = timedelta(minutes=1)
#: How long a link from a mail can be used.
LINK_LIVES: Final[dict[Purpose, timedelta]] = {"activate": timedelta(days=7), "reset": timedelta(hours=2)}

ORGANIZATION_ROLES: Final = ("owner", "editor", "viewer")
STAFF_ROLES: Final = ("coordinator", "manager", "operator")
NOTIFY: Final = ("at_once", *notices.DIGESTS, "none")

#: What stands in place of a name whose bearer left (O6); the public id keeps the history readable.
LEFT: Final = "退会した利用者"


def actor_of(user: User, request_id: str = "") -> Actor:
    """The actor for ``user``, whose organization must be loaded."""
    organization = user.organization
    return Actor(
        role=user.role,  # type: ignore[arg-type]
        user_id=user.id,
        user_public_id=user.public_id,
        name=user.name,
        organization_id=organization.id if organization else None,
        organization_public_id=organization.public_id if organization else None,
        organization_kind=organization.kind if organization else None,
        organization_name=organization.name if organization else "",
        organization_state=organization.state if organization else "",
        organization_role=user.organization_role,
        request_id=request_id,
    )


# ── Sessions ─────────────────────────────────────────────────────────────────────────────────────────


def find_session_user(
    session: Session, session_id: str, now: datetime, *, idle_minutes: int, hours: int
) -> User | None:
    """The active user behind a cookie's session id, with the organization loaded.

    Args:
        idle_minutes: a browser that was silent for longer is signed out.
        hours: a session ends this long after it began, however busy it is.
    """
    user: User | None = session.scalar(
        select(User)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.id_hash == _hash(session_id),
            UserSession.last_seen_at > now - timedelta(minutes=idle_minutes),
            UserSession.created_at > now - timedelta(hours=hours),
        )
        .options(joinedload(User.organization))
    )
    return user if user is not None and _may_sign_in(user) else None


def needs_touch(session: Session, session_id: str, now: datetime) -> bool:
    """Whether the row's "last seen" is old enough to be written again."""
    seen = session.scalar(select(UserSession.last_seen_at).where(UserSession.id_hash == _hash(session_id)))
    return seen is not None and now - seen >= TOUCH_EVERY


def touch_session(session: Session, session_id: str, now: datetime) -> None:
    """Note that the browser is still in use."""
    session.execute(
        update(UserSession).where(UserSession.id_hash == _hash(session_id)).values(last_seen_at=now)
    )


def start_session(
    session: Session, user: User, now: datetime, *, user_agent: str = "", request_id: str = ""
) -> str:
    """Sign a browser in under a new random id, which is returned for its cookie and stored only as a hash."""
    session_id = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            id_hash=_hash(session_id),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            user_agent=" ".join(user_agent.split())[:200],
        )
    )
    # Written past the version column: a login must not make a colleague's open form outdated.
    session.execute(
        update(User)
        .where(User.id == user.id)
        .values(last_login_at=now)
        .execution_options(synchronize_session=False)
    )
    audit.record(session, actor_of(user, request_id), "login", "user", user.public_id, now)
    return session_id


def end_session(session: Session, actor: Actor, session_id: str, now: datetime) -> None:
    """Sign one browser out."""
    session.execute(delete(UserSession).where(UserSession.id_hash == _hash(session_id)))
    audit.record(session, actor, "logout", "user", actor.user_public_id or "", now)


def end_other_sessions(session: Session, actor: Actor, session_id: str, now: datetime) -> None:
    """Sign the person out everywhere but in this browser."""
    session.execute(
        delete(UserSession).where(
            UserSession.user_id == actor.user_id, UserSession.id_hash != _hash(session_id)
        )
    )
    audit.record(session, actor, "end_other_sessions", "user", actor.user_public_id or "", now)


def list_sessions(session: Session, actor: Actor) -> Sequence[UserSession]:
    """The browsers in which the person is signed in, the latest used first."""
    return session.scalars(
        select(UserSession)
        .where(UserSession.user_id == actor.user_id)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id_hash)
    ).all()


def is_same_session(row: UserSession, session_id: str | None) -> bool:
    """Whether ``row`` is the session of the browser that holds ``session_id``."""
    return session_id is not None and secrets.compare_digest(row.id_hash, _hash(session_id))


def end_all_sessions(session: Session, user: User) -> None:
    """Sign ``user`` out everywhere; part of an act that is audited itself."""
    session.execute(delete(UserSession).where(UserSession.user_id == user.id))


# ── Signing in ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Credentials:
    """What a login is checked against and how it was counted; of one shape, account or not."""

    user_id: int | None
    user_public_id: str
    password_hash: str | None
    email: str
    network: str
    counted_as: str = "login"
    scopes: Mapping[str, str] = field(default_factory=dict)


def admit_login(
    session: Session, email: str, network: str, now: datetime, devices: Mapping[str, str] | None = None
) -> Credentials:
    """Count a login and fetch what to check it against.

    Committed before ``authenticate`` hashes, so that many tries at once cannot pass the throttle
    together, and so that nobody waits for the write lock while a password is hashed.

    Args:
        devices: who signed in by this browser before (public id → its secret id), from its signed cookie.
            What others try from elsewhere does not keep such a person out; nor does it on a network from
            which the account signed in lately.

    Raises:
        TooMany: from this network or for this address, known or not.
    """
    email = addresses.folded(email)
    user = _by_email(session, email)
    is_usual = throttle.is_usual(session, now, account=email, network=network)
    device = (devices or {}).get(user.public_id) if user is not None else None
    kind, scopes = "login", {"account": email, "network": network}
    if device is not None:
        kind, scopes = "login_device", {"device": f"{email} {device}"}
    elif is_usual:
        scopes = {"pair": throttle.pair(email, network), "network": network}
    throttle.admit(session, kind, now, **scopes)
    if user is None or not _may_sign_in(user):
        return Credentials(None, "", None, email, network, kind, scopes)
    return Credentials(user.id, user.public_id, user.password_hash, email, network, kind, scopes)


def authenticate(
    session: Session, credentials: Credentials, password: str, now: datetime, request_id: str = ""
) -> User | None:
    """The user, if the password is right; ``None`` in every other case, which look alike from outside.

    The password is hashed before ``session`` is used for the first time. A second factor belongs between
    this and ``start_session``.
    """
    right = passwords.matches(credentials.password_hash, password)
    renewed = passwords.hashed(password) if right and _is_outdated(credentials) else None
    user = _by_id(session, credentials.user_id)
    if not right or user is None or not _may_sign_in(user):
        who = Actor(request_id=request_id)
        audit.record(session, who, "login_failed", "user", credentials.user_public_id, now)
        return None
    throttle.forgive(session, credentials.counted_as, **credentials.scopes)
    throttle.note_usual(session, now, account=credentials.email, network=credentials.network)
    if renewed is not None:
        user.password_hash = renewed
    return user


def _is_outdated(credentials: Credentials) -> bool:
    return passwords.is_outdated(credentials.password_hash or "")


def demo_user(session: Session, role: str) -> User:
    """The person of the demo city as whom one may enter without a password.

    Raises:
        NotFound: this is no demo city, or it has nobody in this role.
    """
    user = _by_email(session, f"demo-{role}@demo.example") if cities.get(session).is_demo else None
    if user is None or not _may_sign_in(user):
        raise NotFound("user")
    return user


def _by_email(session: Session, email: str) -> User | None:
    found: User | None = session.scalar(
        select(User).where(User.email == email).options(joinedload(User.organization))
    )
    return found


def _by_id(session: Session, user_id: int | None) -> User | None:
    found: User | None = session.scalar(
        select(User).where(User.id == (user_id or 0)).options(joinedload(User.organization))
    )
    return found


def _may_sign_in(user: User) -> bool:
    return user.status == "active" and (user.organization is None or user.organization.state != "deactivated")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# ── How an account begins ────────────────────────────────────────────────────────────────────────────


def register_organization(
    session: Session,
    *,
    kind: str,
    organization_name: str,
    name: str,
    email: str,
    now: datetime,
    network: str,
    request_id: str = "",
) -> None:
    """Take a registration (N1); ``answer_request`` begins the organization and mails the link.

    The answer is the same whether or not the address has an account, and takes the same work; only its
    mailbox learns which.

    Raises:
        TooMany: from this network.
    """
    content = {"kind": kind, "organization_name": organization_name, "name": name}
    _take_request(session, "register", email, content, now, network, request_id)


def request_reset(session: Session, *, email: str, now: datetime, network: str, request_id: str = "") -> None:
    """Take the wish for a link with which to choose a new password; ``answer_request`` mails it.

    The answer and its work are the same whether or not the address has an account.

    Raises:
        TooMany: from this network.
    """
    _take_request(session, "reset", email, {}, now, network, request_id)


def has_requests(session: Session, now: datetime) -> bool:
    """Whether anything waits for ``answer_requests``."""
    return session.scalar(select(AccountRequest.id).where(AccountRequest.due_at <= now).limit(1)) is not None


def answer_requests(
    session: Session, now: datetime, public_url: str, on_failure: Callable[[Exception], None] | None = None
) -> int:
    """Answer what waits by mail; returns how many.

    Args:
        on_failure: hears of a request that cannot be answered; it is tried again later, and the others go on.
    """
    rows = session.scalars(
        select(AccountRequest).where(AccountRequest.due_at <= now).order_by(AccountRequest.id).limit(20)
    ).all()
    for row in rows:
        try:
            with session.begin_nested():
                _answer(session, row, now, public_url)
                session.delete(row)
        except Exception as error:
            if on_failure is None:
                raise
            on_failure(error)
            row.failures += 1
            row.due_at = now + timedelta(minutes=min(60, row.failures**2))
    return len(rows)


def _take_request(
    session: Session, kind: str, email: str, content: dict[str, str], now: datetime, network: str,
    request_id: str,
) -> None:  # fmt: skip
    email = addresses.folded(email)
    throttle.admit(session, kind, now, account=email, network=network)
    waiting = session.scalars(
        select(AccountRequest.content).where(AccountRequest.kind == kind, AccountRequest.email == email)
    )
    if content in waiting.all():
        return  # a second click
    session.add(
        AccountRequest(
            kind=kind, email=email, content=content, asked_at=now, due_at=now, request_id=request_id
        )
    )
    session.flush()


def _answer(session: Session, row: AccountRequest, now: datetime, public_url: str) -> None:
    try:
        throttle.admit(session, f"{row.kind}_mail", now, account=row.email)
    except TooMany:
        return  # the links of the last mails still work
    user, who = _by_email(session, row.email), Actor(request_id=row.request_id)
    if row.kind == "reset":
        if user is not None and user.status != "deactivated":
            purpose = _purpose(user)
            audit.record(session, who, f"{purpose}_link", "user", user.public_id, now)
            _mail_link(session, user, purpose, now, public_url, keep_earlier=True)
    elif user is not None:
        _mail_to_known(session, user, now, public_url)
    else:
        _begin_organization(session, who, row.email, row.content, now, public_url)


def _begin_organization(
    session: Session, who: Actor, email: str, content: Mapping[str, str], now: datetime, public_url: str
) -> None:
    kind, name = content["kind"], content["name"]
    organization = Organization(
        kind=kind, name=content["organization_name"], contact_name=name, email=email,
        created_at=now, updated_at=now,
    )  # fmt: skip
    if kind == "company":
        organization.company = CompanyProfile()
    else:
        organization.npo = NpoProfile()
    user = User(email=email, name=name, role="member", organization_role="owner", created_at=now)
    user.organization = organization
    session.add_all([organization, user])
    session.flush()
    audit.record(
        session, who, "register", "organization", organization.public_id, now,
        to_state=organization.state, details={"kind": kind},
    )  # fmt: skip
    audit.record(session, who, "register", "user", user.public_id, now, to_state=user.status)
    _mail_link(session, user, "activate", now, public_url, welcome=True)


def invite_member(
    session: Session, actor: Actor, *, email: str, name: str, role: str, now: datetime, public_url: str
) -> User:
    """Open an account in the actor's organization and mail its activation link (O10).

    Raises:
        Invalid: the address has an account already or is none that mail reaches, or the role is none of an
            organization.
        TooMany: the organization invited more people today than it can know.
    """
    organization = session.get(Organization, actor.organization_id or 0)
    permissions.require(actor, "members.manage", organization)
    if role not in ORGANIZATION_ROLES:
        raise Invalid(role="required")
    own = str(actor.organization_id)
    throttle.admit(session, "invite", now, person=own)
    # Asked before it is known whether the address has an account, so that the refusal does not tell.
    throttle.require_room(session, "invite_taken", now, person=own)
    user = User(email=_address(email), name=name, role="member", organization_role=role, created_at=now)
    user.organization = organization
    if _by_email(session, user.email) is not None:
        throttle.admit(session, "invite_taken", now, person=own)
    _open(session, actor, user, now)
    _mail_link(session, user, "activate", now, public_url)
    return user


def open_staff_account(
    session: Session, actor: Actor, *, email: str, name: str, role: str, now: datetime
) -> User:
    """Open an account for city staff without a mail: the command line prints the link instead.

    Only operators (and the command line) make operators.

    Raises:
        Invalid: the address has an account already or is none that mail reaches, or the role is none that
            ``actor`` may give.
    """
    permissions.require(actor, "staff.manage")
    if role not in staff_roles(actor):
        raise Invalid(role="required")
    user = User(email=_address(email), name=name, role=role, created_at=now)
    user.organization = None
    return _open(session, actor, user, now)


def create_staff(
    session: Session, actor: Actor, *, email: str, name: str, role: str, now: datetime, public_url: str
) -> User:
    """Open an account for city staff and mail its activation link.

    Raises:
        Invalid: as ``open_staff_account``.
    """
    user = open_staff_account(session, actor, email=email, name=name, role=role, now=now)
    _mail_link(session, user, "activate", now, public_url)
    return user


def staff_roles(actor: Actor) -> tuple[str, ...]:
    """The staff roles that ``actor`` may give."""
    if actor.role in {"operator", "system"}:
        return STAFF_ROLES
    return ("coordinator", "manager") if actor.role == "manager" else ()


def _address(typed: str) -> str:
    try:
        return addresses.read(typed)
    except Unclear as unclear:
        raise Invalid(email=unclear.code) from None


def _open(session: Session, actor: Actor, user: User, now: datetime) -> User:
    if _by_email(session, user.email) is not None:
        raise Invalid(email="account_exists")
    session.add(user)
    session.flush()
    audit.record(
        session, actor, "invite", "user", user.public_id, now,
        to_state=user.status, details={"role": user.organization_role or user.role},
    )  # fmt: skip
    return user


# ── Links from mails, passwords ──────────────────────────────────────────────────────────────────────


def issue_link(session: Session, actor: Actor, user: User, now: datetime, public_url: str) -> str:
    """A link with which ``user`` chooses a password: to begin if invited, to reset if active.

    For the command line, which shows it instead of mailing it.

    Raises:
        Refused: the account is deactivated.
    """
    permissions.require(actor, "staff.manage")
    purpose = _purpose(user)
    audit.record(session, actor, f"{purpose}_link", "user", user.public_id, now)
    return _new_link(session, user, purpose, now, public_url)


def send_link(session: Session, actor: Actor, public_id: str, now: datetime, public_url: str) -> User:
    """Mail such a link: an administrator helps somebody who cannot sign in (O10)."""
    user = get_account(session, actor, public_id)
    if user.organization is None or actor.role != "member":
        permissions.require(actor, "staff.manage")
    else:
        permissions.require(actor, "members.manage", user.organization)
    purpose = _purpose(user)
    audit.record(session, actor, f"{purpose}_link", "user", user.public_id, now)
    _mail_link(session, user, purpose, now, public_url)
    return user


def find_link_user(session: Session, purpose: Purpose, token: str, now: datetime) -> User | None:
    """Whose link this is, or ``None`` if it was used, has expired or never existed."""
    row = _link(session, purpose, token, now)
    return None if row is None else _by_id(session, row.user_id)


def new_password_hash(user: User, password: str, city: cities.City) -> str:
    """What is stored of a new password; made before the transaction that stores it, for it takes long.

    Raises:
        Invalid: the password is refused.
    """
    about = [user.name, user.email, city.name, city.kana]
    if user.organization is not None:
        about += [user.organization.name, user.organization.kana or ""]
    code = passwords.problem(password, about)
    if code is not None:
        raise Invalid(password=code)
    return passwords.hashed(password)


def activate(session: Session, token: str, password_hash: str, now: datetime, request_id: str = "") -> User:
    """Begin an invited account with the password of ``new_password_hash``.

    Raises:
        NotFound: the link was used, has expired or never existed.
    """
    user = _use_link(session, "activate", token, password_hash, now)
    user.status = "active"
    session.flush()
    audit.record(
        session, actor_of(user, request_id), "activate", "user", user.public_id, now,
        from_state="invited", to_state="active",
    )  # fmt: skip
    return user


def reset(session: Session, token: str, password_hash: str, now: datetime, request_id: str = "") -> User:
    """Take the password of ``new_password_hash`` by a mailed link; all browsers are signed out.

    Raises:
        NotFound: the link was used, has expired or never existed.
    """
    user = _use_link(session, "reset", token, password_hash, now)
    audit.record(session, actor_of(user, request_id), "reset_password", "user", user.public_id, now)
    _mail_changed(session, user, now)
    return user


def admit_password_change(session: Session, actor: Actor, now: datetime) -> Credentials:
    """Count a try and fetch what the present password is checked against; committed before it is checked.

    Raises:
        TooMany: too many wrong ones.
    """
    user = _own(session, actor)
    scopes = {"person": user.public_id}
    throttle.admit(session, "password", now, **scopes)
    return Credentials(user.id, user.public_id, user.password_hash, user.email, "", "password", scopes)


def check_present_password(credentials: Credentials, password: str) -> None:
    """Without a session, for it takes long.

    Raises:
        Invalid: it is not the present password.
    """
    if not passwords.matches(credentials.password_hash, password):
        raise Invalid(current="password_wrong")


def change_password(
    session: Session,
    actor: Actor,
    credentials: Credentials,
    password_hash: str,
    session_id: str,
    now: datetime,
) -> None:
    """Take a new password once the present one was checked; every other browser is signed out.

    Raises:
        MovedOn: the password was changed meanwhile.
    """
    user = _own(session, actor)
    if user.password_hash != credentials.password_hash:
        raise moves.moved_on(session, user)
    throttle.forgive(session, credentials.counted_as, **credentials.scopes)
    user.password_hash = password_hash
    session.execute(
        delete(UserSession).where(UserSession.user_id == user.id, UserSession.id_hash != _hash(session_id))
    )
    _drop_links(session, user)
    session.flush()
    audit.record(session, actor, "change_password", "user", user.public_id, now)
    _mail_changed(session, user, now)


def _purpose(user: User) -> Purpose:
    if user.status == "deactivated":
        raise Refused("account_closed")
    return "activate" if user.status == "invited" else "reset"


def _link(session: Session, purpose: Purpose, token: str, now: datetime) -> OneTimeLink | None:
    found: OneTimeLink | None = session.scalar(
        select(OneTimeLink).where(
            OneTimeLink.token_hash == _hash(token),
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
    )
    return found


def _use_link(session: Session, purpose: Purpose, token: str, password_hash: str, now: datetime) -> User:
    user = find_link_user(session, purpose, token, now)
    if user is None or user.status != ("invited" if purpose == "activate" else "active"):
        raise NotFound("link")
    user.password_hash = password_hash
    end_all_sessions(session, user)
    _drop_links(session, user)
    session.flush()
    return user


def _drop_links(session: Session, user: User) -> None:
    # A used link is a link that is gone; older ones in the same mailbox must not work either.
    session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user.id))


def _new_link(
    session: Session, user: User, purpose: Purpose, now: datetime, public_url: str, *,
    keep_earlier: bool = False,
) -> str:  # fmt: skip
    # Where anybody may ask, a new link must not take away the one that the person is about to use.
    if not keep_earlier:
        _drop_links(session, user)
    token = secrets.token_urlsafe(32)
    session.add(
        OneTimeLink(
            token_hash=_hash(token),
            purpose=purpose,
            user_id=user.id,
            created_at=now,
            expires_at=now + LINK_LIVES[purpose],
        )
    )
    session.flush()
    return f"{public_url}/{purpose}/{token}"


def _mail_link(
    session: Session, user: User, purpose: Purpose, now: datetime, public_url: str, *, welcome: bool = False,
    keep_earlier: bool = False,
) -> None:  # fmt: skip
    city = cities.get(session)
    office = wording.Office(city.name, city.section, city.phone)
    link = _new_link(session, user, purpose, now, public_url, keep_earlier=keep_earlier)
    until = now + LINK_LIVES[purpose]
    body = user.organization.name if user.organization else f"{city.name} {city.section}"
    if purpose == "reset":
        said = wording.password_link(office, user.name, link, until)
    elif welcome:
        said = wording.account_registered(office, user.name, body, link, until)
    else:
        said = wording.account_invited(office, user.name, body, link, until)
    notices.send_mail(session, user.email, *said, now, key=f"link-{secrets.token_hex(16)}")


def _mail_to_known(session: Session, user: User, now: datetime, public_url: str) -> None:
    if user.status == "invited":
        _mail_link(session, user, "activate", now, public_url, welcome=True, keep_earlier=True)
        return
    city = cities.get(session)
    office = wording.Office(city.name, city.section, city.phone)
    said = wording.account_known_already(office, f"{public_url}/login", f"{public_url}/reset")
    notices.send_mail(session, user.email, *said, now, key=f"known-{secrets.token_hex(16)}")


def _mail_changed(session: Session, user: User, now: datetime) -> None:
    city = cities.get(session)
    office = wording.Office(city.name, city.section, city.phone)
    said = wording.password_changed(office, user.name)
    notices.send_mail(session, user.email, *said, now, key=f"password-{secrets.token_hex(16)}")


# ── Changing and ending an account ───────────────────────────────────────────────────────────────────


def get_account(session: Session, actor: Actor, public_id: str) -> User:
    """An account that ``actor`` may see: of the own organization, any for those who manage staff.

    Raises:
        NotFound
    """
    user: User | None = session.scalar(
        select(User).where(User.public_id == public_id).options(joinedload(User.organization))
    )
    own = user is not None and user.organization_id is not None
    own = own and user is not None and user.organization_id == actor.organization_id
    if user is None or not (own or permissions.may(actor, "staff.manage")):
        raise NotFound("user")
    return user


def own_account(session: Session, actor: Actor) -> User:
    """The signed-in person's account, with the organization."""
    return _own(session, actor)


def find_by_email(session: Session, email: str) -> User | None:
    """The account with this address, for the command line."""
    return _by_email(session, addresses.folded(email))


def list_members(session: Session, actor: Actor) -> Sequence[User]:
    """The accounts of the actor's organization that are not closed, owners first."""
    permissions.require(actor, "members.view", session.get(Organization, actor.organization_id or 0))
    found = session.scalars(
        select(User).where(User.organization_id == actor.organization_id, User.status != "deactivated")
    ).all()
    rank = {role: place for place, role in enumerate(ORGANIZATION_ROLES)}
    return sorted(
        found, key=lambda user: (rank.get(user.organization_role or "", 9), user.created_at, user.id)
    )


def list_staff(session: Session, actor: Actor) -> Sequence[User]:
    """The city's own accounts that are not closed."""
    permissions.require(actor, "staff.manage")
    return session.scalars(
        select(User)
        .where(User.role != "member", User.status != "deactivated")
        .order_by(User.role, User.created_at, User.id)
    ).all()


def search_members(
    session: Session, actor: Actor, text: str, *, page: int, size: int
) -> tuple[Sequence[User], int, int]:
    """Members of all organizations by name, address or organization: one page, how many in all, which page.

    A page past the last is the last.
    """
    permissions.require(actor, "staff.manage")
    query = select(User).join(User.organization).where(User.status != "deactivated")
    wanted = nfkc(text).strip()
    if wanted:
        query = query.where(
            or_(
                *(
                    column.icontains(wanted, autoescape=True)
                    for column in (User.name, User.email, Organization.name)
                )
            )
        )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = max(1, min(page, -(-total // size)))
    rows = session.scalars(
        query.options(joinedload(User.organization))
        .order_by(Organization.name, User.created_at, User.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return rows.all(), total, page


def change_settings(
    session: Session, actor: Actor, *, name: str, notify: str, now: datetime, version: int | None = None
) -> User:
    """Change one's own name and how one hears of things (O9).

    Raises:
        Invalid: an unknown way of being notified.
        MovedOn: changed in another window since it was shown.
    """
    user = _own(session, actor)
    moves.check_version(session, user, version)
    if notify not in NOTIFY:
        raise Invalid(notify="required")
    changed = [
        field for field, value in (("name", name), ("notify", notify)) if getattr(user, field) != value
    ]
    if not changed:
        return user
    user.name, user.notify = name, notify
    if notify == "none":
        notices.drop_gathered(session, user)
    session.flush()
    audit.record(
        session,
        actor,
        "change_settings",
        "user",
        user.public_id,
        now,
        details={"fields": changed, "notify": notify},
    )
    return user


def change_member_role(
    session: Session, actor: Actor, public_id: str, role: str, now: datetime, *, version: int | None = None
) -> User:
    """Make a member owner, editor or viewer; the member signs in anew with the new rights.

    Raises:
        Refused: nobody would be left as owner.
        MovedOn: the account was changed since it was shown.
    """
    user = get_account(session, actor, public_id)
    permissions.require(actor, "members.manage", user.organization)
    moves.check_version(session, user, version)
    if role not in ORGANIZATION_ROLES:
        raise Invalid(role="required")
    before = user.organization_role
    if before == role:
        return user
    if before == "owner":
        _keep_an_owner(session, user)
    user.organization_role = role
    session.flush()
    end_all_sessions(session, user)
    audit.record(
        session, actor, "change_role", "user", user.public_id, now,
        object_version=user.version, details={"from": before, "to": role},
    )  # fmt: skip
    return user


def deactivate_user(
    session: Session, actor: Actor, public_id: str, now: datetime, *, version: int | None = None
) -> User:
    """Close an account and remove the personal data in it (O6); the history keeps the public id.

    Members may leave by themselves, owners close those of their organization, managers and operators any
    but their own.

    Raises:
        Refused: the last owner of an organization, one's own staff account, or ``open_work``: an official who
            holds cases, with how many.
        MovedOn: the account was changed since it was shown.
    """
    user = get_account(session, actor, public_id)
    _require_may_close(actor, user)
    moves.check_version(session, user, version)
    if user.status == "deactivated":
        raise moves.moved_on(session, user)
    if user.organization_role == "owner":
        _keep_an_owner(session, user)
    held = open_work.of(session, user)
    if held:
        raise Refused("open_work", count=len(held))
    before = user.status
    _forget_person(session, user)
    user.status, user.deactivated_at = "deactivated", now
    session.flush()
    audit.record(
        session, actor, "deactivate", "user", user.public_id, now,
        object_version=user.version, from_state=before, to_state="deactivated",
    )  # fmt: skip
    return user


def _own(session: Session, actor: Actor) -> User:
    user = _by_id(session, actor.user_id)
    if user is None:
        raise NotFound("user")
    return user


def _require_may_close(actor: Actor, user: User) -> None:
    if user.organization is None or actor.role != "member":
        permissions.require(actor, "staff.manage")
        if user.id == actor.user_id:
            raise Refused("own_account")
        if user.role == "operator" and actor.role == "manager":
            raise NotPermitted("staff.manage")
    elif user.id != actor.user_id:
        permissions.require(actor, "members.manage", user.organization)


def _keep_an_owner(session: Session, leaving: User) -> None:
    organization = leaving.organization
    if organization is None or organization.state in {"draft", "deactivated"}:
        return  # nobody depends yet, or any more, on somebody being there
    others = session.scalar(
        select(func.count())
        .select_from(User)
        .where(
            User.organization_id == leaving.organization_id,
            User.organization_role == "owner",
            User.status == "active",
            User.id != leaving.id,
        )
    )
    if not others:
        raise Refused("last_owner")


def _forget_person(session: Session, user: User) -> None:
    end_all_sessions(session, user)
    _drop_links(session, user)
    session.execute(delete(Notice).where(Notice.user_id == user.id))
    session.execute(delete(Mail).where(Mail.to == user.email))
    user.name = LEFT
    parties.forget(session, user)
    user.email = f"{user.public_id}@left.invalid"
    user.password_hash = None
    user.last_login_at = None
