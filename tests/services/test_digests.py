"""How often a person hears by mail: at once, every day, on Mondays, on every other Monday, or never."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from matcher.ground.calendar import TOKYO
from matcher.people import accounts
from matcher.records import Mail, Notice
from matcher.register import notices
from tests import factories, told

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=TOKYO)
#: Rounds of a fortnight; week 53 of 2026 lies between the last two.
FORTNIGHTS = [datetime(2026, 12, day, 8, 0, tzinfo=TOKYO) for day in (7, 21)] + [
    datetime(2027, 1, 4, 8, 0, tzinfo=TOKYO)
]


@pytest.fixture
def person(session):
    """Makes an owner of a company who hears as ``notify`` says."""
    factories.make_city(session)

    def make(notify):
        return factories.make_user(session, factories.make_company(session), notify=notify)

    return make


def tell(session, user, at, text="お知らせ"):
    """One notice."""
    notices.tell_users(session, [user], *told.letter(text), at)


def mails(session):
    """What is in the outbox, as subjects."""
    session.flush()
    return [mail.subject for mail in told.mails(session)]


@pytest.mark.parametrize(
    ("notify", "count"), [("at_once", 1), ("none", 0), *((name, 0) for name in notices.DIGESTS)]
)
def test_only_who_hears_at_once_has_a_mail_at_once(session, person, notify, count):
    tell(session, person(notify), MONDAY)
    assert len(mails(session)) == count
    assert len(session.scalars(select(Notice)).all()) == 1


@pytest.mark.parametrize(
    ("notify", "written", "sent"),
    [
        ("daily", MONDAY - timedelta(hours=1), MONDAY),
        ("daily", MONDAY, MONDAY + DAY),
        ("weekly", MONDAY - timedelta(minutes=1), MONDAY),
        ("weekly", MONDAY, MONDAY + 7 * DAY),
        ("biweekly", FORTNIGHTS[0] - 13 * DAY, FORTNIGHTS[0]),
        ("biweekly", FORTNIGHTS[0], FORTNIGHTS[1]),
        ("biweekly", FORTNIGHTS[1], FORTNIGHTS[2]),
        ("biweekly", FORTNIGHTS[2] - DAY, FORTNIGHTS[2]),
        ("biweekly", FORTNIGHTS[2], FORTNIGHTS[2] + 14 * DAY),
    ],
)
def test_what_is_gathered_goes_out_at_its_hour_and_not_before(session, person, notify, written, sent):
    tell(session, person(notify), written)
    hour = written
    while hour < sent:
        assert notices.make_digests(session, hour) == 0
        hour += timedelta(hours=6)
    assert notices.make_digests(session, sent - timedelta(seconds=1)) == 0
    assert notices.make_digests(session, sent) == 1
    assert notices.make_digests(session, sent + timedelta(hours=1)) == 0
    assert mails(session) == ["【縁むすび】お知らせのまとめ（1件）"]


def test_one_mail_holds_all_that_was_gathered(session, person):
    user = person("weekly")
    for number in range(3):
        tell(session, user, MONDAY + number * DAY, f"その{number}")
    notices.make_digests(session, MONDAY + 7 * DAY)
    (mail,) = session.scalars(select(Mail))
    assert mail.to == user.email
    assert all(f"その{number}" in told.of(mail).body for number in range(3))


def test_a_round_that_comes_late_holds_what_was_written_before_its_hour(session, person):
    user = person("weekly")
    tell(session, user, MONDAY - DAY, "先週")
    tell(session, user, MONDAY + DAY, "今週")
    assert notices.make_digests(session, MONDAY + 2 * DAY) == 1
    (mail,) = session.scalars(select(Mail))
    assert ("先週" in told.of(mail).body, "今週" in told.of(mail).body) == (True, False)


def change(session, user, notify, at):
    """Choose another way to hear."""
    accounts.change_settings(session, factories.actor_for(user), name=user.name, notify=notify, now=at)


def test_who_changes_to_at_once_gets_what_was_gathered_the_next_morning(session, person):
    user = person("biweekly")
    tell(session, user, MONDAY)
    change(session, user, "at_once", MONDAY + timedelta(hours=1))
    assert notices.make_digests(session, MONDAY + DAY) == 1


def test_who_wants_no_mail_any_more_gets_none_also_not_later(session, person):
    user = person("daily")
    tell(session, user, MONDAY)
    change(session, user, "none", MONDAY + timedelta(hours=1))
    assert notices.make_digests(session, MONDAY + 7 * DAY) == 0
    change(session, user, "daily", MONDAY + 7 * DAY)
    assert notices.make_digests(session, MONDAY + 14 * DAY) == 0
