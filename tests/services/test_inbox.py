"""What a person was told, by the record that it is about."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from matcher.ground.permissions import Actor
from matcher.records import Notice, User
from matcher.register import inbox, notices
from tests import told as tell
from tests.factories import actor_for, make_city, make_coordinator

CASE, NEED = ("partnership", "c" * 32), ("need", "d" * 32)


@pytest.fixture
def person(session: Session) -> User:
    make_city(session)
    return make_coordinator(session)


def acting(person: User) -> Actor:
    return actor_for(person)


def hears(session: Session, person: User, about: tuple[str, str], count: int, now: datetime) -> None:
    for number in range(count):
        notices.tell_users(session, [person], *tell.letter(f"{number}"), now, about=about)


def test_each_record_is_one_group_and_the_one_told_of_last_comes_first(
    session: Session, person: User, now: datetime
) -> None:
    hears(session, person, CASE, 5, now)
    hears(session, person, NEED, 2, now)
    hears(session, person, ("", ""), 2, now)
    hears(session, person, CASE, 1, now + timedelta(hours=1))
    found = inbox.groups(session, acting(person)).rows
    assert [(group.about, group.count, group.unread, group.more) for group in found] == [
        (CASE, 6, 6, 3), (("", ""), 1, 1, 0), (("", ""), 1, 1, 0), (NEED, 2, 2, 0),
    ]  # fmt: skip
    assert [notice.facts["reason"] for notice in found[0].latest] == ["0", "4", "3"]


def test_reading_one_record_leaves_the_others_and_what_others_were_told(
    session: Session, person: User, now: datetime
) -> None:
    other = make_coordinator(session)
    for user in (person, other):
        hears(session, user, CASE, 2, now)
        hears(session, user, NEED, 1, now)
    notices.mark_read(session, acting(person), CASE, now)
    assert [group.unread for group in inbox.groups(session, acting(person)).rows] == [1, 0]
    assert [group.unread for group in inbox.groups(session, acting(other)).rows] == [1, 2]


def test_every_record_and_every_notice_is_reached_in_pages(
    session: Session, person: User, now: datetime
) -> None:
    for number in range(inbox.GROUPS + 1):
        hears(session, person, ("need", f"{number:032}"), 1, now)
    hears(session, person, CASE, inbox.NOTICES + 1, now)
    listing = inbox.groups(session, acting(person))
    assert (listing.total, listing.pages, len(listing.rows)) == (inbox.GROUPS + 2, 2, inbox.GROUPS)
    rest = inbox.groups(session, acting(person), 2).rows
    assert [group.about for group in rest] == [("need", f"{1:032}"), ("need", f"{0:032}")]
    assert len(inbox.told_of(session, acting(person), *CASE).rows) == inbox.NOTICES
    (oldest,) = inbox.told_of(session, acting(person), *CASE, page=2).rows
    assert oldest.id == min(session.scalars(select(Notice.id).where(Notice.object_id == CASE[1])))


def test_a_page_costs_the_same_for_few_and_for_many(session: Session, person: User, now: datetime) -> None:
    seen: list[str] = []

    def asked() -> int:
        session.flush()
        seen.clear()
        event.listen(session.get_bind(), "before_cursor_execute", note)
        inbox.groups(session, acting(person))
        event.remove(session.get_bind(), "before_cursor_execute", note)
        return len(seen)

    def note(*given: object) -> None:
        seen.append(str(given[2]))

    hears(session, person, CASE, 1, now)
    few = asked()
    for number in range(15):
        hears(session, person, ("need", f"{number:032}"), 9, now)
    assert asked() == few == 3  # how many groups, the groups, their latest


def test_what_came_after_the_page_was_made_is_not_read(session: Session, person: User, now: datetime) -> None:
    hears(session, person, CASE, 1, now)
    hears(session, person, CASE, 1, now + timedelta(minutes=1))
    notices.mark_read(session, acting(person), CASE, now)
    (group,) = inbox.groups(session, acting(person)).rows
    assert (group.count, group.unread) == (2, 1)


def test_a_page_of_all_of_a_kind_reads_all_of_that_kind(
    session: Session, person: User, now: datetime
) -> None:
    hears(session, person, ("handover", "a" * 32), 1, now)
    hears(session, person, ("handover", "b" * 32), 1, now)
    hears(session, person, CASE, 1, now)
    notices.mark_read(session, acting(person), ("handover", ""), now)
    assert [group.unread for group in inbox.groups(session, acting(person)).rows] == [1, 0, 0]
