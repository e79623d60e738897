"""Reading contact data leaves one event a person, organization and day, which the organization can read."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from matcher.ground.errors import NotFound
from matcher.organizations import readings
from matcher.records import AuditEvent
from matcher.register import audit
from tests.factories import actor_for, make_company, make_coordinator, make_npo, make_user


def _note(session, actor, organizations, now, **where):
    """As a page does: what was not kept today is."""
    for note in readings.notes(actor, readings.unnoted(session, actor, organizations, now), now, **where):
        audit.write(session, note)


def _count(session):
    return session.scalar(select(func.count()).select_from(AuditEvent))


@pytest.fixture
def sides(session):
    company, npo = make_company(session), make_npo(session)
    return company, npo, make_user(session, company), make_user(session, npo), make_coordinator(session)


def test_one_event_a_person_organization_and_day_in_tokyo(session, sides, now):
    company, npo, person, _member, desk = sides
    reader = actor_for(person, company)
    for _time in range(3):
        _note(session, reader, [company, npo], now, page="cases.show", network="f" * 64)
    assert _count(session) == 1  # one's own is not counted
    event = session.scalars(select(AuditEvent)).one()
    assert (event.action, event.actor_id, event.object_id) == (
        "read_contact",
        person.public_id,
        npo.public_id,
    )
    assert event.details == {"page": "cases.show", "network": "f" * 16}
    _note(session, actor_for(desk), [company, npo], now, page="cases.show", network="")
    assert _count(session) == 3
    _note(session, reader, [npo], now + timedelta(hours=13), page="x", network="")  # 23:00 the same day
    assert _count(session) == 3
    _note(session, reader, [npo], now + timedelta(hours=14), page="x", network="")
    assert _count(session) == 4


def test_the_organization_reads_who_of_others_read_it(session, sides, now):
    company, npo, person, member, desk = sides
    _note(session, actor_for(person, company), [npo], now, page="cases.show", network="")
    _note(session, actor_for(desk), [npo, company], now + timedelta(minutes=1), page="x", network="")
    own = actor_for(member, npo)
    later = now + timedelta(days=1)
    readers = [
        (who.name, who.organization) for _at, who in readings.of_organization(session, own, npo, later)
    ]
    assert readers == [(desk.name, None), (person.name, company.name)]
    with pytest.raises(NotFound):
        readings.of_organization(session, own, company, later)
    assert readings.of_organization(session, own, npo, now + timedelta(days=400)) == []
