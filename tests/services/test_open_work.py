"""What an official still holds keeps the account open until it is handed over."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from matcher.desk import handovers
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import SYSTEM
from matcher.people import accounts, closing, open_work
from matcher.records import Partnership, User
from matcher.work import payments
from tests.factories import actor_for, make_coordinator


@pytest.fixture
def leaving(session):
    """A coordinator who moves to another section."""
    return make_coordinator(session, name="異動する人", email="idou@city.example")


def give(partners, **facts) -> Partnership:
    """The running case with these people, as it is then read."""
    case = partners.bring("running")
    partners.session.execute(update(Partnership).where(Partnership.id == case.id).values(**facts))
    partners.session.refresh(case)
    return case


def close(session, person, now, actor=SYSTEM):
    with session.begin_nested():
        found = accounts.by_public_id(session, person.public_id)
        closing.close_account(session, actor, found, now)
        return found


def hand_over(partners, from_user, to_user, *, deputy=None, on=None):
    cases = handovers.open_cases(partners.session, from_user)
    day = on or partners.at.date() + timedelta(days=1)
    return handovers.plan(
        partners.session, partners.manager, from_user, to_user, cases, day, partners.at, deputy=deputy
    )


def user_of(partners, actor) -> User:
    return partners.session.get(User, actor.user_id)


def test_an_account_with_cases_in_charge_is_not_closed_before_they_are_handed_over(
    partners, session, leaving
):
    case = give(partners, coordinator_id=leaving.id)
    assert [one.id for one in open_work.of(session, leaving).in_charge] == [case.id]
    for actor in (SYSTEM, partners.manager):  # the command line and the page
        with pytest.raises(Refused, match="open_work"):
            close(session, leaving, partners.at, actor)
    hand_over(partners, leaving, user_of(partners, partners.colleague))
    with pytest.raises(Refused, match="open_work"):  # until the day has come
        close(session, leaving, partners.at)
    handovers.run_due(session, partners.at + timedelta(days=3))
    session.expire_all()
    assert close(session, leaving, partners.at).status == "deactivated"


def test_a_deputy_is_replaced_first_while_who_is_in_charge_stays(partners, session, leaving):
    keeper = user_of(partners, partners.coordinator)
    case = give(partners, coordinator_id=keeper.id, deputy_id=leaving.id)
    assert [one.id for one in open_work.of(session, leaving).as_deputy] == [case.id]
    with pytest.raises(Refused, match="open_work"):
        close(session, leaving, partners.at)
    with pytest.raises(Invalid, match="same_person"):
        hand_over(partners, keeper, keeper, deputy=leaving)
    hand_over(partners, keeper, keeper)
    handovers.run_due(session, partners.at + timedelta(days=3))
    session.refresh(case)
    assert (case.coordinator_id, case.deputy_id) == (keeper.id, None)
    assert close(session, leaving, partners.at).status == "deactivated"


@pytest.mark.parametrize("place", ["successor", "deputy"])
def test_who_is_named_in_a_planned_handover_stays_until_it_is_taken_back(partners, session, leaving, place):
    keeper, colleague = user_of(partners, partners.coordinator), user_of(partners, partners.colleague)
    give(partners, coordinator_id=keeper.id)
    people = (leaving, None) if place == "successor" else (colleague, leaving)
    planned = hand_over(partners, keeper, people[0], deputy=people[1])
    assert open_work.of(session, leaving).expected == [planned]
    with pytest.raises(Refused, match="open_work"):
        close(session, leaving, partners.at)
    handovers.cancel(session, partners.manager, planned, partners.at)
    assert close(session, leaving, partners.at).status == "deactivated"


@pytest.fixture
def manager(session):
    """Another manager, who leaves."""
    return make_coordinator(session, role="manager", name="異動する管理職", email="idou-kanri@city.example")


def calculated(partners, by) -> Partnership:
    """A case with a calculated payment that waits for its approval."""
    case = partners.contracted()
    partners.later(days=partners.days)
    partners.measure(partners.only_indicator(), 31.0, partners.ends_on)
    payments.calculate(partners.session, by, case, partners.rule(), partners.at)
    return case


def test_the_last_manager_who_may_approve_a_payment_stays_until_it_is_approved(partners, session, manager):
    """Who calculated it may not approve it, so of two managers one is the last."""
    case = calculated(partners, partners.manager)
    assert [one.id for one in open_work.of(session, manager).only_theirs] == [case.id]
    with pytest.raises(Refused, match="open_work"):
        close(session, manager, partners.at)
    assert not open_work.of(session, user_of(partners, partners.manager)).only_theirs
    (payment,) = payments.all_of(session, case)
    payments.approve(session, actor_for(manager), case, payment, partners.at, version=None)
    assert close(session, manager, partners.at).status == "deactivated"


def test_another_manager_lets_one_leave(partners, session, manager):
    calculated(partners, partners.coordinator)
    assert close(session, manager, partners.at).status == "deactivated"
    with pytest.raises(Refused, match="open_work"):
        close(session, user_of(partners, partners.manager), partners.at)


@pytest.mark.parametrize(("money_yen", "stays"), [(1_000_001, True), (1_000_000, False)])
def test_the_last_manager_stays_for_an_agreement_that_a_manager_confirms(partners, session, money_yen, stays):
    partners.introduce()
    partners.meet()
    partners.write_plan()
    partners.draft_agreement(money_city_yen=money_yen)
    last = user_of(partners, partners.manager)
    assert not open_work.of(session, last).only_theirs
    partners.sign()
    assert [one.id for one in open_work.of(session, last).only_theirs] == [partners.case.id] * stays


def test_cases_that_are_over_keep_nobody(partners, session, leaving):
    give(partners, coordinator_id=leaving.id, state="closed")
    assert not open_work.of(session, leaving)
    assert close(session, leaving, partners.at).status == "deactivated"
