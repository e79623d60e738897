"""Whatever puts a notice or a mail before others is paced by who acts, however many hear of it."""

import pytest
from sqlalchemy import func, select

from matcher.ground.errors import TooFast
from matcher.ground.permissions import SYSTEM
from matcher.records import Attempt, Notice
from matcher.register import notices
from tests import told as tell
from tests.factories import actor_for, make_city, make_company, make_coordinator, make_npo, make_user


@pytest.fixture
def town(session):
    make_city(session)
    make_coordinator(session)
    company, npo = make_company(session), make_npo(session)
    users = [make_user(session, npo) for _ in range(3)]
    return actor_for(make_user(session, company), company), npo, users


TELLINGS = {
    "users": lambda session, town, now: notices.tell_users(session, town[2], *tell.letter(), now),
    "organization": lambda session, town, now: notices.tell_organization(
        session, town[1], *tell.letter(), now
    ),
    "staff": lambda session, town, now: notices.tell_staff(session, *tell.letter(), now),
    "mail": lambda session, town, now: notices.send_mail(
        session, "a@b.example", *tell.letter(), now, key=str(id(object()))
    ),
}


@pytest.mark.parametrize("telling", list(TELLINGS.values()), ids=list(TELLINGS))
def test_each_way_of_telling_is_refused_after_the_burst(session, town, now, telling):
    for number in range(12):
        notices.pace(session, town[0])
        notices.send_mail(session, "a@b.example", *tell.letter(), now, key=f"k{number}")
    notices.pace(session, town[0])
    with pytest.raises(TooFast) as refused:
        telling(session, town, now)
    assert refused.value.facts["minutes"] == 1
    assert session.scalar(select(func.count()).select_from(Notice)) == 0


def test_one_act_counts_once_however_many_hear_of_it(session, town, now):
    notices.pace(session, town[0])
    for telling in TELLINGS.values():
        telling(session, town, now)
    assert session.scalar(select(func.count()).where(Attempt.kind == "tell")) == 1


def test_nobody_is_paced_where_nobody_acts(session, town, now):
    for number in range(50):
        notices.send_mail(session, "a@b.example", *tell.letter(), now, key=f"k{number}")
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0
    notices.pace(session, SYSTEM)
    notices.send_mail(session, "a@b.example", *tell.letter(), now, key="last")
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_staff_publishing_one_after_another_have_more_room(session, town, now):
    desk = actor_for(make_coordinator(session))
    for number in range(60):
        notices.pace(session, desk)
        notices.send_mail(session, "a@b.example", *tell.letter(), now, key=f"k{number}")
    notices.pace(session, desk)
    with pytest.raises(TooFast):
        notices.send_mail(session, "a@b.example", *tell.letter(), now, key="last")
