"""The line for what takes long: one job for many askers, people in turn, limits, and what a kill leaves."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from matcher.ground.errors import NotFound, NotPermitted
from matcher.ground.permissions import ANONYMOUS
from matcher.jobs import leases
from matcher.jobs import tickets as jobs
from matcher.records import Job, Ticket
from matcher.records.base import new_public_id
from tests.conftest import NOW
from tests.factories import actor_for, make_coordinator

LATER = NOW + leases.LEASE + timedelta(seconds=1)


def people(session, count):
    return [actor_for(make_coordinator(session)) for _ in range(count)]


def ask(session, actor, key, kind="paper", now=NOW):
    return jobs.ask(
        session, actor, kind, key, now, public_id=new_public_id(), title=f"{key}.pdf", address=f"/papers/{key}"
    )  # fmt: skip


def done_in_order(session, now=NOW, holder="one"):
    """The keys in the order in which somebody who works alone does them."""
    keys = []
    while (job := jobs.take(session, "press", holder, now)) is not None:
        keys.append(job.key)
        jobs.finish(session, job.id, holder, now)
    return keys


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────


def test_fifty_who_ask_for_the_same_have_fifty_tickets_for_one_job(session):
    asked = [ask(session, actor, "same") for actor in people(session, 50)]
    assert len({ticket.public_id for ticket in asked}) == 50
    assert session.scalar(select(func.count()).select_from(Job)) == 1
    assert done_in_order(session) == ["same"]


def test_who_asks_twice_keeps_the_first_ticket(session):
    (actor,) = people(session, 1)
    first = ask(session, actor, "a")
    assert ask(session, actor, "a").public_id == first.public_id
    assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_what_has_ended_is_made_anew(session):
    (actor,) = people(session, 1)
    first = ask(session, actor, "a")
    done_in_order(session)
    again = ask(session, actor, "a")
    assert again.job_id != first.job_id
    assert jobs.find_newest(session, "paper", "a").state == "waiting"


def test_one_person_has_a_few_jobs_waiting_and_others_are_not_refused(session):
    busy, other = people(session, 2)
    for number in range(jobs.MOST_WAITING):
        ask(session, busy, f"a{number}")
    with pytest.raises(jobs.Crowded) as refused:
        ask(session, busy, "one too many")
    assert refused.value.facts["count"] == jobs.MOST_WAITING
    assert [ticket.title for ticket in jobs.waiting_of(session, busy)] == [f"a{n}.pdf" for n in range(5)]
    ask(session, other, "b")
    ask(session, busy, "list", kind="import")  # another lane
    done_in_order(session)
    ask(session, busy, "now there is room")


def test_nobody_who_is_not_signed_in_stands_in_line(session):
    with pytest.raises(NotPermitted):
        ask(session, ANONYMOUS, "a")


def test_the_address_may_hold_all_that_was_searched_for(session):
    (actor,) = people(session, 1)
    address = "/desk/cases.xlsx?q=" + "%E3%81%82" * 200
    ticket = jobs.ask(
        session, actor, "book", "a", NOW, public_id=new_public_id(), title="a.xlsx", address=address
    )  # fmt: skip
    session.refresh(ticket)
    assert ticket.address == address


def test_a_ticket_is_found_only_by_its_person(session):
    mine, other = people(session, 2)
    ticket = ask(session, mine, "a")
    assert jobs.get_ticket(session, mine, ticket.public_id).job.key == "a"
    for stranger in (other, ANONYMOUS):
        with pytest.raises(NotFound):
            jobs.get_ticket(session, stranger, ticket.public_id)


# ── Whose turn it is ─────────────────────────────────────────────────────────────────────────────────


def test_people_take_turns_however_many_one_of_them_asked_for(session):
    first, second, third = people(session, 3)
    for number in range(4):
        ask(session, first, f"a{number}")
    assert jobs.take(session, "press", "one", NOW).key == "a0"
    ask(session, second, "b0")
    ask(session, second, "b1")
    ask(session, third, "c0")
    jobs.finish(session, jobs.find_alive(session, "paper", "a0").id, "one", NOW)
    assert done_in_order(session) == ["b0", "c0", "a1", "b1", "a2", "a3"]


def test_the_place_counts_what_is_done_before(session):
    first, second = people(session, 2)
    tickets = [ask(session, first, f"a{number}") for number in range(3)]
    late = ask(session, second, "b")
    jobs.take(session, "press", "one", NOW)
    places = [jobs.place(session, ticket.job, NOW) for ticket in (*tickets, late)]
    assert places == [0, 2, 3, 1]


def test_a_job_that_comes_while_the_line_is_read_is_no_trouble(database):
    with database.write() as session:
        first, second = people(session, 2)
        ask(session, first, "a")

    asked = []

    def come(state):
        asked.append(state)
        if len(asked) == 2:
            with database.write() as other:
                ask(other, second, "b")

    with database.read() as session:
        event.listen(session, "do_orm_execute", come)
        assert [job.key for job in jobs.line(session, "press", NOW)[1]] == ["a"]
    with database.read() as session:
        assert [job.key for job in jobs.line(session, "press", NOW)[1]] == ["a", "b"]


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)), max_size=30),
    st.dictionaries(st.integers(0, 4), st.integers(0, 9)),
)
def test_everything_asked_for_is_done_once_and_nobody_twice_while_another_has_had_no_turn(waiting, served):
    waiting = list(dict.fromkeys(waiting))
    order = jobs.in_turn(waiting, served)
    assert sorted(order) == sorted({job for job, _person in waiting})
    if len({job for job, _person in waiting}) < len(waiting):
        return  # shared jobs serve several people at once
    owner = dict(waiting)
    new = [person for person in {owner[job] for job in order} if person not in served]
    before = [owner[job] for job in order[: len(new)]]
    assert sorted(before) == sorted(new), "who never had a turn comes before everybody's second"


# ── Doing ────────────────────────────────────────────────────────────────────────────────────────────


def test_of_one_lane_one_job_is_done_at_a_time(session):
    (actor,) = people(session, 1)
    ask(session, actor, "a")
    ask(session, actor, "b")
    ask(session, actor, "list", kind="import")
    assert jobs.take(session, "press", "one", NOW).key == "a"
    assert jobs.take(session, "press", "two", NOW) is None
    assert not jobs.is_open(session, "press", NOW)
    assert jobs.take(session, "import", "two", NOW).key == "list"


def test_a_job_whose_holder_was_killed_is_taken_again_and_the_first_holder_has_lost_it(session):
    first, second = people(session, 2)
    ask(session, first, "a")
    ask(session, second, "b")
    job = jobs.take(session, "press", "killed", NOW)
    jobs.renew(session, job.id, "killed", NOW + timedelta(seconds=5), {"done": 7})
    assert not jobs.is_open(session, "press", LATER)
    much_later = LATER + timedelta(seconds=5)
    assert jobs.is_open(session, "press", much_later)
    assert jobs.place(session, job, much_later) == 0
    again = jobs.take(session, "press", "next", much_later)
    assert (again.key, again.details) == ("a", {"done": 7})
    for late in (jobs.renew, jobs.finish, jobs.give_back):
        with pytest.raises(jobs.Lost):
            late(session, job.id, "killed", much_later)
    jobs.finish(session, again.id, "next", much_later)
    assert done_in_order(session, much_later) == ["b"]


@pytest.mark.parametrize("end", ["killed", "given back"])
def test_a_job_that_takes_its_process_along_is_given_up_and_the_next_is_done(session, end):
    (actor,) = people(session, 1)
    ask(session, actor, "deadly")
    ask(session, actor, "good")
    at = NOW
    for _ in range(jobs.MOST_TRIES):
        job = jobs.take(session, "press", "one", at)
        assert job.key == "deadly"
        if end == "given back":
            jobs.give_back(session, job.id, "one", at)
        at += leases.LEASE + timedelta(seconds=1)
    assert jobs.take(session, "press", "one", at).key == "good"
    deadly = jobs.find_newest(session, "paper", "deadly")
    assert (deadly.state, deadly.error) == ("failed", "gave_up")


def test_only_what_has_waited_is_open_to_those_who_have_patience(session):
    (actor,) = people(session, 1)
    ask(session, actor, "list", kind="import")
    assert jobs.is_open(session, "import", NOW)
    patience = timedelta(seconds=10)
    assert not jobs.is_open(session, "import", NOW, patience)
    assert jobs.is_open(session, "import", NOW + patience, patience)


def test_what_ended_long_ago_is_forgotten_with_its_tickets(session):
    (actor,) = people(session, 1)
    ask(session, actor, "old")
    done_in_order(session)
    fresh = ask(session, actor, "fresh", now=NOW + jobs.KEEP)
    assert jobs.sweep(session, NOW + jobs.KEEP) == 0
    assert jobs.sweep(session, NOW + jobs.KEEP + timedelta(seconds=1)) == 1
    assert [ticket.public_id for ticket in session.scalars(select(Ticket))] == [fresh.public_id]
