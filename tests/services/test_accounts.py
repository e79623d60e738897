"""How accounts begin, change and end; on both databases."""

import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, selectinload

from matcher.ground import permissions
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted, Refused, TooMany
from matcher.ground.permissions import Actor
from matcher.people import (
    accounts,
    beginning,
    choosing,
    closing,
    links,
    memberships,
    passwords,
    sessions,
    signing_in,
    staff,
)
from matcher.records import (
    AccountRequest,
    Attempt,
    AuditEvent,
    Mail,
    Notice,
    OneTimeLink,
    Organization,
    User,
    UserSession,
)
from matcher.register import audit, notices, throttle
from tests import told as tell
from tests.factories import (
    actor_for,
    make_city,
    make_company,
    make_coordinator,
    make_membership,
    make_npo,
    make_user,
)

GOOD = "紫陽花と古い灯台の地図帳"
OTHER = "turnip lantern gravel 41 orbit"
HASH_OF_GOOD, HASH_OF_OTHER = passwords.hashed(GOOD), passwords.hashed(OTHER)
URL = "https://enmusubi.city.miohara.example"
IDLE = {"idle_minutes": 30, "hours": 12}


def last_link(session: Session) -> str:
    body = tell.mails(session)[-1].body
    return re.findall(rf"{URL}/(?:activate|reset)/(\S+)", body)[0]


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def member(session: Session, role: str = "owner", **changes: object) -> tuple[User, Organization, Actor]:
    npo = make_npo(session)
    user = make_user(session, npo, organization_role=role, password_hash=passwords.hashed(GOOD), **changes)
    return user, npo, actor_for(user, npo)


def log_in(session: Session, email: str, password: str, now: datetime, network: str = "n1") -> User | None:
    return signing_in.authenticate(
        session, signing_in.admit_login(session, email, network, now), password, now
    )


def register(session: Session, now: datetime, email: str = "new@npo.example", network: str = "n1") -> None:
    beginning.register_organization(
        session, kind="npo", organization_name="浜のごはん会", name="海野 渚", email=email, now=now,
        network=network,
    )  # fmt: skip
    beginning.answer_requests(session, now, URL)


def ask_reset(session: Session, email: str, now: datetime, network: str = "n") -> None:
    beginning.request_reset(session, email=email, now=now, network=network)
    beginning.answer_requests(session, now, URL)


# ── Sessions ──


def test_a_session_is_found_by_the_cookies_id_and_stored_only_as_its_hash(
    session: Session, now: datetime
) -> None:
    user, npo, _ = member(session)
    known = accounts.own_account(session, actor_for(user, npo))
    session_id = sessions.start_session(session, known, now)
    found = sessions.find_session_user(session, session_id, now, **IDLE)
    assert found is not None
    assert found.id == user.id
    assert accounts.actor_of(found).organization_name == npo.name
    assert session_id not in session.scalars(select(UserSession.id_hash)).all()
    assert len(session_id) >= 43  # 256 random bits
    assert sessions.find_session_user(session, "another", now, **IDLE) is None


def test_a_session_ends_after_thirty_silent_minutes_and_after_twelve_hours(
    session: Session, now: datetime
) -> None:
    _user, _, actor = member(session)
    session_id = sessions.start_session(session, accounts.own_account(session, actor), now)
    late = now + timedelta(minutes=29)
    assert sessions.find_session_user(session, session_id, late, **IDLE)
    assert sessions.needs_touch(session, session_id, late)
    assert sessions.find_session_user(session, session_id, now + timedelta(minutes=30), **IDLE) is None
    for minutes in range(20, 12 * 60, 20):
        sessions.touch_session(session, session_id, now + timedelta(minutes=minutes))
    end = now + timedelta(hours=12)
    assert sessions.find_session_user(session, session_id, end - timedelta(minutes=1), **IDLE)
    assert sessions.find_session_user(session, session_id, end, **IDLE) is None


def test_touching_waits_a_minute_so_that_reading_stays_reading(session: Session, now: datetime) -> None:
    _, _, actor = member(session)
    session_id = sessions.start_session(session, accounts.own_account(session, actor), now)
    assert not sessions.needs_touch(session, session_id, now + timedelta(seconds=59))
    assert sessions.needs_touch(session, session_id, now + timedelta(seconds=60))


def test_ending_other_sessions_keeps_this_browser(session: Session, now: datetime) -> None:
    _, _, actor = member(session)
    user = accounts.own_account(session, actor)
    here, there = (sessions.start_session(session, user, now) for _ in range(2))
    sessions.end_other_sessions(session, actor, here, now)
    assert sessions.find_session_user(session, here, now, **IDLE)
    assert sessions.find_session_user(session, there, now, **IDLE) is None
    assert [sessions.is_same_session(row, here) for row in sessions.list_sessions(session, actor)] == [True]


def test_members_of_a_deactivated_organization_are_signed_out(session: Session, now: datetime) -> None:
    user, npo, actor = member(session)
    session_id = sessions.start_session(session, accounts.own_account(session, actor), now)
    npo.state = "deactivated"
    session.flush()
    assert sessions.find_session_user(session, session_id, now, **IDLE) is None
    assert log_in(session, user.email, GOOD, now) is None


# ── Signing in ──


def test_the_right_password_signs_in_in_any_width_and_case_of_the_address(
    session: Session, now: datetime
) -> None:
    npo = make_npo(session)
    user = make_user(
        session,
        npo,
        email="nagisa@npo.example",
        password_hash=passwords.hashed("ｈａｍａｂｅ to 1000 no kai"),
    )
    assert log_in(session, " Nagisa@NPO.example ", "hamabe to 1000 no kai", now) is user
    assert log_in(session, "ｎａｇｉｓａ＠npo.example", "hamabe to 1000 no kai", now) is user
    assert log_in(session, "nagisa@npo.example", "Hamabe to 1000 no kai", now) is None


@pytest.mark.parametrize("who", ["unknown", "wrong password", "invited", "deactivated"])
def test_every_failed_login_looks_the_same_and_is_audited_without_the_address(
    session: Session, now: datetime, who: str
) -> None:
    user, _, _ = member(
        session, status={"invited": "invited", "deactivated": "deactivated"}.get(who, "active")
    )
    email = "nobody@npo.example" if who == "unknown" else user.email
    assert log_in(session, email, "wrong" if who == "wrong password" else GOOD, now) is None
    event = session.scalars(select(AuditEvent)).one()
    assert (event.action, event.actor_id, event.role) == ("login_failed", None, "anonymous")
    assert event.object_id == (user.public_id if who == "wrong password" else "")
    assert email not in repr(vars(event))


def test_the_eleventh_try_from_one_network_is_refused_for_a_quarter_of_an_hour(
    session: Session, now: datetime
) -> None:
    user, _, _ = member(session)
    for number in range(10):
        assert log_in(session, user.email, "wrong", now + timedelta(minutes=number)) is None
    with pytest.raises(TooMany) as refused:
        log_in(session, user.email, GOOD, now + timedelta(minutes=10))
    assert refused.value.facts["minutes"] == 5
    assert log_in(session, user.email, GOOD, now + timedelta(minutes=15)) is user


def _guess_from_everywhere(session: Session, email: str, now: datetime, networks: int = 60) -> int:
    """Ten wrong passwords from each of many networks; returns how many were looked at."""
    looked_at = 0
    for number in range(networks):
        for _ in range(10):
            try:
                signing_in.admit_login(session, email, f"bot{number}", now)
            except TooMany:
                break
            looked_at += 1
    return looked_at


def test_strangers_cannot_shut_a_person_out_of_a_known_browser_or_network(
    session: Session, now: datetime
) -> None:
    user, _, _ = member(session)
    assert log_in(session, user.email, GOOD, now, network="office") is user
    assert _guess_from_everywhere(session, user.email, now) == 100
    # A browser that was never seen, from a network that was never seen, waits.
    with pytest.raises(TooMany):
        log_in(session, user.email, GOOD, now, network="elsewhere")
    assert log_in(session, user.email, GOOD, now, network="office") is user
    known = {user.public_id: "browser-1"}
    found = signing_in.admit_login(session, user.email, "train", now, known)
    assert signing_in.authenticate(session, found, GOOD, now) is user
    # Neither opens the way for the strangers again.
    assert _guess_from_everywhere(session, user.email, now) == 0
    # The day after the same number, no more.
    assert _guess_from_everywhere(session, user.email, now + timedelta(days=1)) == 100


def test_an_unknown_address_is_shut_to_strangers_after_as_many_tries(session: Session, now: datetime) -> None:
    assert _guess_from_everywhere(session, "nobody@npo.example", now) == 100


def test_a_known_browser_and_a_usual_network_have_limits_of_their_own(
    session: Session, now: datetime
) -> None:
    user, _, _ = member(session)
    assert log_in(session, user.email, GOOD, now, network="office") is user
    known = {user.public_id: "browser-1"}
    for minute in (0, 20, 40, 60, 80):
        for _ in range(10):
            signing_in.admit_login(session, user.email, "n9", now + timedelta(minutes=minute), known)
        with pytest.raises(TooMany):
            signing_in.admit_login(session, user.email, "n9", now + timedelta(minutes=minute), known)
    with pytest.raises(TooMany) as refused:
        signing_in.admit_login(session, user.email, "n9", now + timedelta(minutes=100), known)
    assert refused.value.code == "too_many_today"
    for minute in (0, 20, 40):
        for _ in range(10):
            signing_in.admit_login(session, user.email, "office", now + timedelta(minutes=minute))
    with pytest.raises(TooMany):
        signing_in.admit_login(session, user.email, "office", now + timedelta(minutes=60))


def test_a_browser_known_for_one_person_is_a_stranger_for_another(session: Session, now: datetime) -> None:
    user, npo, _ = member(session)
    other = make_user(session, npo, password_hash=passwords.hashed(GOOD))
    _guess_from_everywhere(session, other.email, now)
    with pytest.raises(TooMany):
        signing_in.admit_login(session, other.email, "n1", now, {user.public_id: "browser-1"})


def test_a_usual_network_is_forgotten_after_a_month(session: Session, now: datetime) -> None:
    user, _, _ = member(session)
    assert log_in(session, user.email, GOOD, now, network="office") is user
    later = now + timedelta(days=31)
    throttle.sweep(session, later)
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0
    _guess_from_everywhere(session, user.email, later)
    with pytest.raises(TooMany):
        log_in(session, user.email, GOOD, later, network="office")


def test_an_address_without_account_is_throttled_just_the_same(session: Session, now: datetime) -> None:
    for _ in range(10):
        assert log_in(session, "nobody@npo.example", "wrong", now) is None
    with pytest.raises(TooMany):
        log_in(session, "nobody@npo.example", "wrong", now)


def test_one_network_may_fail_fifty_times_over_all_addresses(session: Session, now: datetime) -> None:
    for number in range(50):
        signing_in.admit_login(session, f"a{number}@npo.example", "n1", now)
    with pytest.raises(TooMany):
        signing_in.admit_login(session, "b@npo.example", "n1", now)
    signing_in.admit_login(session, "b@npo.example", "n2", now)


def test_successes_do_not_use_up_the_networks_tries(session: Session, now: datetime) -> None:
    user, _, _ = member(session)
    for _ in range(60):
        signing_in.authenticate(session, signing_in.admit_login(session, user.email, "n1", now), GOOD, now)
    counted = select(func.count()).where(Attempt.kind == "login")
    assert session.scalar(counted) == 0


def test_the_throttle_keeps_neither_addresses_nor_networks_in_plain(session: Session, now: datetime) -> None:
    signing_in.admit_login(session, "nagisa@npo.example", "192.0.2.7", now)
    kept = repr(session.execute(select(Attempt.kind, Attempt.key)).all())
    assert "nagisa" not in kept
    assert "192.0.2.7" not in kept


@pytest.mark.usefixtures("hashed_as_kept")
def test_an_outdated_hash_is_renewed_at_login(session: Session, now: datetime) -> None:
    from argon2 import PasswordHasher

    user, _, _ = member(session)
    user.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    session.flush()
    assert log_in(session, user.email, GOOD, now) is user
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(user.password_hash, GOOD)


@pytest.mark.usefixtures("hashed_as_kept")
def test_an_unknown_address_takes_as_long_as_a_wrong_password(session: Session, now: datetime) -> None:
    """Welch's t over interleaved timings; the bound is wide, a skipped hash would give hundreds."""
    user, _, _ = member(session)
    known = signing_in.Credentials(user.id, user.public_id, user.password_hash, user.email, "n")
    unknown = signing_in.Credentials(None, "", None, "nobody@npo.example", "n")
    times: dict[bool, list[float]] = {True: [], False: []}
    passwords.matches(None, "warm up")
    for _ in range(100):
        for is_known, credentials in ((True, known), (False, unknown)):
            begun = time.perf_counter()
            passwords.matches(credentials.password_hash, "wrong")
            times[is_known].append(time.perf_counter() - begun)
    medians = [statistics.median(values) for values in times.values()]
    trimmed = [sorted(values)[:80] for values in times.values()]
    spread = sum(statistics.variance(values) / len(values) for values in trimmed) ** 0.5
    t = abs(statistics.mean(trimmed[0]) - statistics.mean(trimmed[1])) / spread
    assert t < 20 or abs(medians[0] / medians[1] - 1) < 0.1, (t, medians)


# ── How an account begins ──


def test_registering_makes_a_draft_organization_whose_owner_activates_once(
    session: Session, now: datetime
) -> None:
    make_city(session)
    register(session, now)
    npo = session.scalars(select(Organization)).one()
    user = session.scalars(select(User).options(selectinload(User.memberships))).one()
    assert (npo.kind, npo.state, npo.name, npo.contact_name) == ("npo", "draft", "浜のごはん会", "海野 渚")
    (seat,) = user.memberships
    assert (user.status, user.role, seat.role, user.password_hash) == (
        "invited",
        "member",
        "owner",
        None,
    )
    token = last_link(session)
    found = links.find_link_user(session, "activate", token, now)
    assert found is user
    assert links.find_link_user(session, "reset", token, now) is None
    choosing.activate(session, token, HASH_OF_GOOD, now)
    assert user.status == "active"
    assert log_in(session, "new@npo.example", GOOD, now) is user
    with pytest.raises(NotFound):
        choosing.activate(session, token, HASH_OF_OTHER, now)
    assert actions(session) == ["register", "register", "activate"]


def test_an_activation_link_lives_seven_days(session: Session, now: datetime) -> None:
    register(session, now)
    token = last_link(session)
    assert links.find_link_user(session, "activate", token, now + timedelta(days=7, seconds=-1))
    with pytest.raises(NotFound):
        choosing.activate(session, token, HASH_OF_GOOD, now + timedelta(days=7))


def test_staff_and_who_registers_what_is_theirs_already_are_told_so_in_the_mailbox(
    session: Session, now: datetime
) -> None:
    user, npo, _ = member(session)
    npo.name = "浜のごはん会"
    officer = make_coordinator(session)
    for email in (user.email, officer.email):
        register(session, now, email=email)
    assert session.scalars(select(Organization)).all() == [npo]
    mails = session.scalars(select(Mail).order_by(Mail.id)).all()
    assert [mail.to for mail in mails] == [user.email, officer.email]
    assert all("すでに登録されています" in tell.of(mail).subject for mail in mails)


def test_registering_again_before_activation_sends_a_new_link_and_leaves_the_old(
    session: Session, now: datetime
) -> None:
    register(session, now)
    old = last_link(session)
    register(session, now)
    assert session.scalar(select(func.count()).select_from(Organization)) == 1
    newest = last_link(session)
    assert newest != old
    # Anybody may have asked again; that must not take away the link which the person is about to use.
    choosing.activate(session, old, HASH_OF_GOOD, now)
    assert links.find_link_user(session, "activate", newest, now) is None


def test_a_thousand_registrations_from_one_network_leave_ten(session: Session, now: datetime) -> None:
    refused = 0
    for number in range(1000):
        try:
            register(session, now, email=f"a{number}@npo.example")
        except TooMany:
            refused += 1
    assert refused == 990
    assert session.scalar(select(func.count()).select_from(Organization)) == 10
    assert session.scalar(select(func.count()).select_from(Mail)) == 10


def test_an_owner_invites_members_and_others_do_not(session: Session, now: datetime) -> None:
    make_city(session)
    _, npo, owner = member(session)
    memberships.invite_member(
        session, owner, email="Two@npo.example", name="二人目", role="editor", now=now, public_url=URL
    )
    invited = choosing.activate(session, last_link(session), HASH_OF_GOOD, now)
    (seat,) = invited.seats
    assert (seat.organization_id, seat.role, invited.email) == (
        npo.id,
        "editor",
        "two@npo.example",
    )
    for role in ("editor", "viewer"):
        actor = actor_for(make_user(session, npo, organization_role=role), npo)
        with pytest.raises(NotPermitted):
            memberships.invite_member(
                session, actor, email="x@npo.example", name="x", role="viewer", now=now, public_url=URL
            )
    with pytest.raises(Invalid) as refused:
        memberships.invite_member(
            session, owner, email="two@npo.example", name="x", role="viewer", now=now, public_url=URL
        )
    assert refused.value.facts == {"email": "member_already"}


@pytest.mark.parametrize(
    ("role", "may_make"),
    [
        ("coordinator", set()),
        ("manager", {"coordinator", "manager"}),
        ("operator", {"coordinator", "manager", "operator"}),
        ("system", {"coordinator", "manager", "operator"}),
    ],
)
def test_who_makes_which_staff(session: Session, now: datetime, role: str, may_make: set[str]) -> None:
    actor = permissions.SYSTEM if role == "system" else actor_for(make_coordinator(session, role=role))
    made = set()
    for wanted in ("coordinator", "manager", "operator", "member", "system"):
        try:
            staff.create_staff(
                session,
                actor,
                email=f"{wanted}@city.example",
                name="職員",
                role=wanted,
                now=now,
                public_url=URL,
            )
            made.add(wanted)
        except (Invalid, NotPermitted):
            pass
    assert made == may_make


# ── Links and passwords ──


def test_a_reset_works_once_within_two_hours_and_ends_all_sessions(session: Session, now: datetime) -> None:
    user, _, actor = member(session)
    session_id = sessions.start_session(session, accounts.own_account(session, actor), now)
    ask_reset(session, user.email, now)
    token = last_link(session)
    assert links.find_link_user(session, "reset", token, now + timedelta(hours=2)) is None
    choosing.reset(session, token, HASH_OF_OTHER, now + timedelta(minutes=119))
    assert sessions.find_session_user(session, session_id, now, **IDLE) is None
    assert log_in(session, user.email, OTHER, now) is user
    with pytest.raises(NotFound):
        choosing.reset(session, token, HASH_OF_GOOD, now)
    assert "パスワードが変更されました" in tell.mails(session)[-1].subject


def test_asking_for_a_reset_for_nobody_sends_nothing(session: Session, now: datetime) -> None:
    ask_reset(session, "nobody@npo.example", now)
    assert session.scalars(select(Mail)).all() == []
    assert session.scalars(select(OneTimeLink)).all() == []


def test_somebody_invited_who_asks_for_a_reset_gets_the_activation_again(
    session: Session, now: datetime
) -> None:
    register(session, now)
    ask_reset(session, "new@npo.example", now)
    assert choosing.activate(session, last_link(session), HASH_OF_GOOD, now).status == "active"


def test_nobody_can_use_up_anothers_resets(session: Session, now: datetime) -> None:
    user, _, _ = member(session)
    ask_reset(session, user.email, now, "own")
    own = last_link(session)
    for number in range(30):
        ask_reset(session, user.email, now + timedelta(minutes=number), f"n{number}")
    mails = session.scalars(select(Mail).where(Mail.to == user.email)).all()
    assert len(mails) == 3  # the mailbox is not flooded either
    later = now + timedelta(minutes=45)
    ask_reset(session, user.email, later, "own")
    assert links.find_link_user(session, "reset", own, later) is user
    assert links.find_link_user(session, "reset", last_link(session), later) is user


def test_one_network_may_ask_for_three_resets_of_an_address_and_twenty_of_all(
    session: Session, now: datetime
) -> None:
    for _ in range(3):
        ask_reset(session, "nobody@npo.example", now)
    with pytest.raises(TooMany):
        ask_reset(session, "nobody@npo.example", now)
    for number in range(17):
        ask_reset(session, f"a{number}@npo.example", now)
    with pytest.raises(TooMany):
        ask_reset(session, "b@npo.example", now)


@contextmanager
def work_of(session: Session) -> Iterator[list[str]]:
    """The statements and the hashing of tokens while the block runs."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_more):  # type: ignore[no-untyped-def]
        seen.append(statement)

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    before, sessions.digest = sessions.digest, lambda secret: seen.append("hash") or before(secret)
    try:
        yield seen
    finally:
        sessions.digest = before
        event.remove(engine, "before_cursor_execute", note)


def test_asking_is_the_same_work_whoever_has_the_address(session: Session, now: datetime) -> None:
    """What differs is done by the worker, where nobody outside can measure it."""
    make_city(session)
    kinds = {
        "unknown": "nobody@npo.example",
        "known": member(session)[0].email,
        "invited": member(session, status="invited")[0].email,
        "closed": member(session, status="deactivated")[0].email,
        "of a suspended organization": "",
    }
    suspended, npo, _ = member(session)
    npo.state = "suspended"
    kinds["of a suspended organization"] = suspended.email
    session.flush()
    done: dict[str, dict[str, list[str]]] = {"reset": {}, "register": {}, "login": {}}
    for who, email in kinds.items():
        session.expunge_all()
        with work_of(session) as done["reset"][who]:
            beginning.request_reset(session, email=email, now=now, network="n1")
        with work_of(session) as done["register"][who]:
            beginning.register_organization(
                session, kind="npo", organization_name="会", name="名", email=email, now=now, network="n2"
            )
        with work_of(session) as done["login"][who]:
            signing_in.admit_login(session, email, "n3", now)
    for act, by_kind in done.items():
        assert len(by_kind["known"]) > 4, act
        for who, statements in by_kind.items():
            assert statements == by_kind["known"], (act, who)
    assert session.scalars(select(Mail)).all() == []
    beginning.answer_requests(session, now, URL)
    assert session.scalar(select(func.count()).select_from(Mail)) == 8


def test_a_request_that_cannot_be_answered_waits_and_the_others_go_on(
    session: Session, now: datetime
) -> None:
    make_city(session)
    beginning.register_organization(
        session, kind="npo", organization_name="会", name="名", email="a@npo.example", now=now, network="n"
    )
    broken = session.scalars(select(AccountRequest)).one()
    broken.content = {}
    beginning.register_organization(
        session, kind="npo", organization_name="会", name="名", email="b@npo.example", now=now, network="n"
    )
    failed: list[Exception] = []
    beginning.answer_requests(session, now, URL, failed.append)
    assert [type(one) for one in failed] == [KeyError]
    assert session.scalars(select(Mail.to)).all() == ["b@npo.example"]
    assert not beginning.has_requests(session, now)
    assert beginning.has_requests(session, now + timedelta(minutes=1))


def test_an_organization_learns_of_three_addresses_a_day_that_they_have_an_account(
    session: Session, now: datetime
) -> None:
    make_city(session)
    _, _, owner = member(session)
    for number in range(3):
        with pytest.raises(Invalid):
            memberships.invite_member(
                session, owner, email=owner_email(session), name="x", role="viewer",
                now=now + timedelta(minutes=number), public_url=URL,
            )  # fmt: skip
    for email in (owner_email(session), "free@npo.example"):
        with pytest.raises(TooMany):
            memberships.invite_member(
                session, owner, email=email, name="x", role="viewer", now=now, public_url=URL
            )


def owner_email(session: Session) -> str:
    return session.scalars(select(User.email).order_by(User.id)).first() or ""


def test_a_link_is_stored_only_as_its_hash(session: Session, now: datetime) -> None:
    register(session, now)
    token = last_link(session)
    assert len(token) >= 43
    assert session.scalars(select(OneTimeLink.token_hash)).all() != [token]


def test_changing_the_password_needs_the_present_one_and_ends_the_other_browsers(
    session: Session, now: datetime
) -> None:
    user, _, actor = member(session)
    known = accounts.own_account(session, actor)
    here, there = (sessions.start_session(session, known, now) for _ in range(2))
    credentials = choosing.admit_password_change(session, actor, now)
    with pytest.raises(Invalid) as refused:
        choosing.check_present_password(credentials, "wrong")
    assert refused.value.facts == {"current": "password_wrong"}
    choosing.check_present_password(credentials, GOOD)
    choosing.change_password(session, actor, credentials, HASH_OF_OTHER, here, now)
    with pytest.raises(MovedOn):
        choosing.change_password(session, actor, credentials, HASH_OF_GOOD, here, now)
    assert sessions.find_session_user(session, here, now, **IDLE)
    assert sessions.find_session_user(session, there, now, **IDLE) is None
    assert log_in(session, user.email, OTHER, now) is user


ABOUT = ["海野 渚", "nagisa.umino@npo.example", "浜のごはん会", "澪原市", "みおはらし"]

#: code → passwords that it refuses
REFUSED = {
    "password_short": ["短い", "elevenchars", "たていすかんなにらせち"],
    "password_long": ["x" * 257],
    "password_common": [
        "password1234", "Password1234!!", "P@ssw0rd2026", "123456789012", "qwertyuiop123", "1qaz2wsx3edc",
        "enmusubi2026", "EnMusubi-2026", "ｅｎｍｕｓｕｂｉ２０２６", "パスワード1234567", "iloveyou1234",
        "administrator", "いろはにほへとちりぬるを", "irohanihohetochirinuruwo", "arigatougozaimasu", "drowssap4321",
        "konnichiwa2026", "yamadahanako1985", "satoutarou1990", "zaq12wsxcde3", "!qaz\"wsx#edc", "Welcome2026!!",
        "kodomoshokudou2026", "sunshine-2026", "1234qwerasdfzxcv", "たていすかんなにらせちとし",
    ],
    "password_walk": ["0123456789ab", "abcdefghijklm", "asdfghjkl;:]", "09012345678901"],
    "password_date": [
        "sakura20260401", "2026年4月1日2026", "令和8年11月28日生まれ", "reiwa8nen4gatsu1nichi", "19850401-0401",
        "20260401-20250331", "平成元年12月31日です", "s600401h010401",
    ],
    "password_repeat": [
        "passwordpassword", "aaaaaaaaaaaa", "abcabcabcabcabc", "sakurasakura!", "ぱすわーどぱすわーど12",
        "ありがとうありがとう99", "縁むすび縁むすび2026", "おかあさんおかあさんおか", "Tokyo2020Tokyo2020", "aiueoaiueo123",
    ],
    "password_own": [
        "nagisa.umino1", "浜のごはん会2026!!", "uminonagisa2026", "umino-nagisa-2026", "gohankai浜のごはん会",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("password", "code"), [(password, code) for code, found in REFUSED.items() for password in found]
)
def test_passwords_that_are_tried_first_are_refused_with_the_reason(password: str, code: str) -> None:
    assert passwords.problem(password, ABOUT) == code


@pytest.mark.parametrize(
    "password",
    [
        GOOD, OTHER, "correct horse battery staple", "kjhgf8s7d6f5", "zzqxvbplmtrw", "夏の夜に川端を歩いて帰る",
        "sakura kaede momiji ajisai to watashi", "x7" * 4 + "q9Lm2#vRtY", "あ" + "か7ろ2む9へ4ぬ1ゆ" * 8, "382940175562",
        "ringo no ki ni noboru saru", "m7Kq2-Vx9Lr-Tb4Wn", "blue kettle under stairs",
    ],
)  # fmt: skip
def test_long_passwords_of_any_composition_are_taken(password: str) -> None:
    assert passwords.problem(password, ABOUT) is None


@pytest.mark.parametrize("typed", ["............", "。" * 12, "ー" * 20, "・-・-・-・-・-・-", "~" * 256])
def test_marks_alone_are_no_password(typed: str) -> None:
    assert passwords.problem(typed, ABOUT) == "password_repeat"


@pytest.mark.parametrize("typed", ["a" * 256, "4@8({[<369 1!|70$5+%2" * 12, "﷽" * 256, "ab" * 128, "し" * 48])
def test_only_so_much_of_a_password_is_estimated(monkeypatch, typed: str) -> None:  # type: ignore[no-untyped-def]
    seen: list[int] = []
    estimate = passwords._estimate
    monkeypatch.setattr(
        passwords, "_estimate", lambda text, own: seen.append(len(text)) or estimate(text[:4], own)
    )
    passwords.problem(typed, ABOUT)
    assert 0 < max(seen) <= passwords.LOOKED_AT
    assert len(seen) <= 6


def test_what_one_person_is_called_does_not_weaken_anothers_password() -> None:
    assert passwords.problem("umibe-gohan-nagisa", ["umibe gohan nagisa"]) == "password_own"
    assert passwords.problem("umibe-gohan-nagisa", []) is None


@pytest.mark.usefixtures("hashed_as_kept")
def test_passwords_are_hashed_with_argon2id_at_the_documented_cost() -> None:
    stored = passwords.hashed(GOOD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(stored, GOOD)
    assert not passwords.matches(stored, GOOD + " ")
    assert not passwords.matches("not a hash", GOOD)


# ── Changing and ending an account ──


def test_the_last_owner_stays_owner_until_there_is_another(session: Session, now: datetime) -> None:
    user, npo, owner = member(session)
    make_user(session, npo, organization_role="owner", status="invited")
    make_user(session, npo, organization_role="editor")
    elsewhere = make_npo(session)
    for facts in ({"offered": True}, {"ended_at": now}):  # has not said yes; has left
        make_membership(session, make_user(session, elsewhere), npo, "owner", **facts)
    with pytest.raises(Refused, match="last_owner"):
        memberships.change_role(
            session, owner, memberships.get(session, owner, user.public_id), "viewer", now
        )
    with pytest.raises(Refused, match="last_owner"):
        closing.leave(session, owner, memberships.get(session, owner, user.public_id), now)
    second = make_user(session, npo, organization_role="editor")
    memberships.change_role(session, owner, memberships.get(session, owner, second.public_id), "owner", now)
    closing.leave(session, owner, memberships.get(session, owner, user.public_id), now)
    assert user.status == "deactivated"


def test_a_new_role_signs_the_member_out(session: Session, now: datetime) -> None:
    _, npo, owner = member(session)
    editor = make_user(session, npo, organization_role="editor")
    known = accounts.own_account(session, actor_for(editor, npo))
    session_id = sessions.start_session(session, known, now)
    memberships.change_role(session, owner, memberships.get(session, owner, editor.public_id), "viewer", now)
    assert sessions.find_session_user(session, session_id, now, **IDLE) is None
    assert session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first().details == {  # type: ignore[union-attr]
        "from": "editor", "to": "viewer",
    }  # fmt: skip


def test_a_role_changed_over_an_outdated_page_is_refused_with_who_was_faster(
    session: Session, now: datetime
) -> None:
    user, npo, owner = member(session)
    editor = make_user(session, npo, organization_role="editor")
    shown = editor.memberships[0].version
    memberships.change_role(
        session, owner, memberships.get(session, owner, editor.public_id), "viewer", now, version=shown
    )
    with pytest.raises(MovedOn) as refused:
        memberships.change_role(
            session, owner, memberships.get(session, owner, editor.public_id), "owner", now, version=shown
        )
    assert refused.value.facts["by"] == user.name


def test_a_login_does_not_outdate_a_form_about_the_person(session: Session, now: datetime) -> None:
    user, _, actor = member(session)
    sessions.start_session(session, accounts.own_account(session, actor), now)
    session.refresh(user)
    assert user.version == 1
    assert user.last_login_at == now


def test_closing_an_account_removes_the_person_and_keeps_the_history(session: Session, now: datetime) -> None:
    _, npo, owner = member(session)
    leaving = make_user(session, npo, organization_role="editor", email="leaving@npo.example", name="去る人")
    actor = actor_for(leaving, npo)
    session_id = sessions.start_session(session, accounts.own_account(session, actor), now)
    notices.tell_users(session, [leaving], *tell.letter(), now)
    closing.remove(session, owner, memberships.get(session, owner, leaving.public_id), now)
    session.flush()
    session.refresh(leaving)
    assert (leaving.name, leaving.status, leaving.password_hash) == ("退会した利用者", "deactivated", None)
    assert leaving.email == f"{leaving.public_id}@left.invalid"
    assert sessions.find_session_user(session, session_id, now, **IDLE) is None
    for model in (Notice, Mail, OneTimeLink, UserSession):
        assert session.scalar(select(func.count()).select_from(model)) == 0
    events = session.scalars(select(AuditEvent).where(AuditEvent.object_id == leaving.public_id)).all()
    assert [event.action for event in events] == ["login", "deactivate"]
    assert audit.verify(session) == (len(actions(session)), None)
    # The address is free again.
    memberships.invite_member(
        session, owner, email="leaving@npo.example", name="戻る人", role="viewer", now=now, public_url=URL
    )


def test_who_may_close_whose_account(session: Session, now: datetime) -> None:
    def outcome(actor: Actor, target: User) -> str:
        try:
            with session.begin_nested():
                if actor.role != "member":
                    user = accounts.get_account(session, actor, target.public_id)
                    closing.close_account(session, actor, user, now)
                else:
                    end = closing.leave if actor.user_id == target.id else closing.remove
                    end(session, actor, memberships.get(session, actor, target.public_id), now)
                raise Refused("would have worked")
        except (Refused, NotFound, NotPermitted) as error:
            return error.code

    npo, company = make_npo(session), make_company(session)
    people = {role: make_user(session, npo, organization_role=role) for role in ("owner", "editor", "viewer")}
    stranger = make_user(session, company)
    staff = {role: make_coordinator(session, role=role) for role in ("coordinator", "manager", "operator")}
    done, hidden, refused = "would have worked", "not_found", "not_permitted"
    table = {
        ("owner", "editor"): done, ("owner", "stranger"): hidden, ("owner", "coordinator"): hidden,
        ("editor", "viewer"): refused, ("editor", "editor"): done, ("viewer", "viewer"): done,
        ("viewer", "owner"): refused, ("coordinator", "editor"): hidden, ("coordinator", "coordinator"): hidden,
        ("manager", "editor"): done, ("manager", "coordinator"): done, ("manager", "operator"): refused,
        ("manager", "manager"): "own_account", ("operator", "manager"): done, ("operator", "operator"): "own_account",
    }  # fmt: skip
    everybody = {**people, **staff, "stranger": stranger}
    actors = {who: actor_for(one, npo if who in people else None) for who, one in everybody.items()}
    found = {(who, whom): outcome(actors[who], everybody[whom]) for who, whom in table}
    assert found == table


def test_settings_keep_name_and_notification(session: Session, now: datetime) -> None:
    user, _, actor = member(session)
    accounts.change_settings(session, actor, name="新しい名前", notify="daily", now=now)
    assert (user.name, user.notify) == ("新しい名前", "daily")
    with pytest.raises(Invalid):
        accounts.change_settings(session, actor, name="名前", notify="hourly", now=now)


def test_members_are_found_by_name_address_and_organization(session: Session, now: datetime) -> None:
    npo = make_npo(session, name="100%縁側の会")
    make_user(session, npo, name="窓口 太郎")
    make_user(session, make_company(session), name="広報 花子")
    manager = actor_for(make_coordinator(session, role="manager"))
    for text, count in (("", 2), ("太郎", 1), ("100%", 1), ("%", 1), ("people.example", 2), ("いない", 0)):
        assert staff.search_members(session, manager, text, page=1, size=50)[1] == count, text
    with pytest.raises(NotPermitted):
        staff.search_members(session, actor_for(make_coordinator(session)), "", page=1, size=50)


def test_demo_people_exist_only_in_a_demo_city(session: Session, now: datetime) -> None:
    city = make_city(session, is_demo=True)
    user = make_user(session, make_npo(session), email="demo-npo@demo.example")
    assert signing_in.demo_user(session, "npo") is user
    with pytest.raises(NotFound):
        signing_in.demo_user(session, "operator")
    city.is_demo = False
    session.flush()
    with pytest.raises(NotFound):
        signing_in.demo_user(session, "npo")
