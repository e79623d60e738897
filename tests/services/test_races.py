"""Two people at once: exactly one wins, the other hears who was faster. Real threads, both databases."""

import threading

import pytest
from sqlalchemy import func, select

from matcher.cases import answering, beginning, deciding
from matcher.cases import reads as case_reads
from matcher.cases.beginning import Terms
from matcher.cases.deciding import Decision
from matcher.ground.errors import MovedOn
from matcher.ground.permissions import Actor
from matcher.organizations import reads as organization_reads
from matcher.postings import reads as posting_reads
from matcher.records import AuditEvent, DecisionBundle, Partnership
from matcher.register import audit
from tests import factories
from tests.services.test_partnerships import Town

ROUNDS = 10  # `make soak` runs 200
GOOD = Decision("条件が明確である。", conflict_of_interest=False, city_involved=False)


def at_once(*acts):
    """Run all acts in threads that start together; returns their results or errors, in order."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        barrier.wait()
        try:
            results[place] = act()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def decide(database, actor: Actor, public_id: str, version: int, now, how: str):
    """One coordinator's click, over the version that they saw."""
    with database.write() as session:
        case = case_reads.get_case(session, actor, public_id)
        if how == "approve":
            deciding.approve(session, actor, case, GOOD, now, version=version)
        else:
            deciding.refuse(session, actor, case, "scope", "対象外のため", now, version=version)
    return how


def race_of_decisions(database, rounds, now):
    """``rounds`` cases, each decided by two coordinators at once."""
    with database.write() as session:
        town = Town(session)
        coordinators = (town.coordinator, town.colleague)
        ready = []
        for _ in range(rounds):
            company = factories.make_company(session)
            need = factories.make_need(session, town.npo)
            member = factories.actor_for(factories.make_user(session, company), company)
            terms = Terms("food", 20, "kg")
            case = beginning.propose(
                session, member, beginning.between(company, town.npo, need=need), terms, "ぜひ。", now
            )
            answering.accept(session, town.npo_actor, case, "", now, version=None)
            ready.append((case.public_id, case.version))
    for place, (public_id, version) in enumerate(ready):
        second = "approve" if place % 2 else "refuse"
        results = at_once(
            lambda: decide(database, coordinators[0], public_id, version, now, "approve"),  # noqa: B023
            lambda: decide(database, coordinators[1], public_id, version, now, second),  # noqa: B023
        )
        winners = [result for result in results if isinstance(result, str)]
        losers = [result for result in results if isinstance(result, Exception)]
        assert len(winners) == 1, results
        assert isinstance(losers[0], MovedOn), results
        assert losers[0].facts["by"] in {actor.name for actor in coordinators}
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(DecisionBundle)) == rounds
        decided = (
            select(func.count()).select_from(AuditEvent).where(AuditEvent.action.in_(("approve", "refuse")))
        )
        assert session.scalar(decided) == rounds
        assert audit.verify(session)[1] is None


def race_of_proposals(database, rounds, now):
    """``rounds`` times: a company and an NPO begin the same case at once."""
    with database.write() as session:
        town = Town(session)
        pairs = []
        for _ in range(rounds):
            company, npo = factories.make_company(session), factories.make_npo(session)
            need = factories.make_need(session, npo)
            actors = [
                factories.actor_for(factories.make_user(session, organization), organization)
                for organization in (company, npo)
            ]
            pairs.append((company.public_id, npo.public_id, need.public_id, actors))
        staff = town.coordinator

    def begin(actor, company_id, npo_id, need_id):
        with database.write() as session:
            company = organization_reads.get_organization(session, staff, company_id)
            npo = organization_reads.get_organization(session, staff, npo_id)
            need = posting_reads.get_need(session, staff, need_id)
            beginning.propose(
                session, actor, beginning.between(company, npo, need=need), Terms("food"), "ぜひ。", now
            )
        return "begun"

    for company_id, npo_id, need_id, actors in pairs:
        results = at_once(
            lambda: begin(actors[0], company_id, npo_id, need_id),  # noqa: B023
            lambda: begin(actors[1], company_id, npo_id, need_id),  # noqa: B023
        )
        assert sorted(str(type(result).__name__) for result in results) == ["Refused", "str"], results
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Partnership)) == rounds


def test_of_two_coordinators_deciding_at_once_exactly_one_wins(database, now):
    race_of_decisions(database, ROUNDS, now)


def test_of_two_sides_beginning_the_same_case_exactly_one_begins_it(database, now):
    race_of_proposals(database, ROUNDS, now)


def test_the_database_itself_refuses_a_second_open_case(session, now):
    town = Town(session)
    case = town.offer_made(now)
    twin = Partnership(
        number="E-2026-9999", company_id=case.company_id, npo_id=case.npo_id, need_id=case.need_id, origin="npo",
        state="interest_one_side", support_type="food", started_by_id=case.started_by_id, created_at=now, moved_at=now,
    )  # fmt: skip
    session.add(twin)
    with pytest.raises(Exception, match=r"(?i)unique"):
        session.flush()
