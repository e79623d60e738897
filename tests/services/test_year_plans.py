"""The year's plan over records: what is gathered, what is kept, what is adopted and told to nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from matcher.ground.errors import Invalid, MovedOn, NotPermitted, Refused
from matcher.jobs import tickets
from matcher.planning import acts, gathering, reads, running, solving
from matcher.planning.gathering import Settings
from matcher.planning.task import Plan, Task
from matcher.records import AuditEvent, Job, Mail, Mark, Notice, Partnership, RecommendationDraft, YearPlan
from matcher.suggestions.indexing import LiveIndex
from tests import factories
from tests.services.test_suggestions import encode
from webapp import runner, worker


class Board:
    """A city with two NPOs that need vegetables and two companies that have some."""

    def __init__(self, database, now):
        self.database, self.now, self.live = database, now, LiveIndex()
        with database.write() as session:
            factories.make_city(session)
            self.coordinator = factories.actor_for(factories.make_coordinator(session))
            self.npos = [factories.make_npo(session), factories.make_npo(session)]
            self.companies = [factories.make_company(session), factories.make_company(session)]
            self.member = factories.actor_for(
                factories.make_user(session, self.companies[0]), self.companies[0]
            )
            self.needs = [
                factories.make_need(session, npo, title=f"野菜がほしい{place}", quantity=50, min_useful=10)
                for place, npo in enumerate(self.npos)
            ]
            self.offers = [
                factories.make_offer(session, company, title=f"野菜を届けます{place}", quantity=amount)
                for place, (company, amount) in enumerate(zip(self.companies, (20, 60), strict=True))
            ]

    def gather(self, settings=None, **options):
        """The task of now."""
        encode(self.database, self.now)
        with self.database.read() as session:
            self.live.level(session)
            return gathering.gather(session, self.live, settings or Settings(), self.now, **options)

    def ask(self, settings=None, actor=None, **options) -> str:
        """Ask for a plan; its public id."""
        with self.database.write() as session:
            plan = acts.ask(
                session, actor or self.coordinator, settings or Settings(), self.now,
                title="案", address=lambda key: f"/plans/{key}", **options,
            )  # fmt: skip
            return plan.public_id

    def run(self, watch=lambda: None) -> None:
        """Do what the worker does."""
        encode(self.database, self.now)
        with self.database.write() as session:
            job = tickets.take(session, "plan", "worker", self.now)
        running.run(self.database, self.live, job, watch, lambda: self.now)
        with self.database.write() as session:
            tickets.finish(session, job.id, "worker", self.now)

    def plan(self, session, public_id) -> YearPlan:
        """One plan."""
        return reads.get(session, self.coordinator, public_id)

    def solved(self, settings=None, **options) -> str:
        """Ask and run."""
        public_id = self.ask(settings, **options)
        self.run()
        return public_id

    def key(self, need: int, offer: int) -> tuple[str, str]:
        """A pair by places."""
        return self.needs[need].public_id, self.offers[offer].public_id

    def change(self, act):
        """Run ``act(session)`` in a transaction."""
        with self.database.write() as session:
            return act(session)


@pytest.fixture
def board(database, now):
    return Board(database, now)


def codes(gathered, board, need, offer):
    """Why a pair is no candidate."""
    return [one.code for one in gathered.ruled if (one.part, one.source) == board.key(need, offer)]


# ── Gathering ────────────────────────────────────────────────────────────────────────────────────────


def test_all_open_needs_and_offers_are_planned_with_their_amounts(board):
    task = board.gather().task
    assert {(part.key, part.quantity, part.least) for part in task.parts} == {
        (need.public_id, 50, 10) for need in board.needs
    }
    assert [source.quantity for source in task.sources] == [20, 60]
    assert {pair.key for pair in task.pairs} == {board.key(a, b) for a in (0, 1) for b in (0, 1)}
    assert all(pair.is_measured and not pair.is_whole for pair in task.pairs)
    assert task.most_of_company == {one.public_id: 3 for one in board.companies}
    assert task.most_of_npo == {one.public_id: 3 for one in board.npos}


def test_what_is_taken_of_a_need_is_not_planned_again(board):
    with board.database.write() as session:
        for place, (need, amount) in enumerate(zip(board.needs, (45, 50), strict=True)):
            session.add(
                Partnership(
                    number=f"E-2026-70{place:02d}", company_id=factories.make_company(session).id,
                    npo_id=need.organization_id, need_id=need.id, origin="company", state="introduced",
                    support_type="food", quantity=amount, unit="kg", started_by_id=board.coordinator.user_id,
                    created_at=board.now, moved_at=board.now,
                )
            )  # fmt: skip
    task = board.gather().task
    assert [(part.key, part.quantity, part.least) for part in task.parts] == [
        (board.needs[0].public_id, 5, None)
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"unit": "箱"}, "other_unit"),
        ({"support_type": "place", "unit": "日"}, "other_support"),
        ({"period_from": None, "period_to": None, "areas": ["hama"]}, "other_area"),
    ],
)
def test_what_cannot_meet_is_ruled_out_with_why(board, changes, code):
    def change(session):
        offer = session.merge(board.offers[1])
        for name, value in changes.items():
            setattr(offer, name, value)

    board.change(change)
    found = board.gather()
    assert codes(found, board, 0, 1) == [code]
    assert board.key(0, 1) not in {pair.key for pair in found.task.pairs}


def test_periods_that_do_not_overlap_are_ruled_out(board):
    later = board.needs[0].period_to + timedelta(days=30)

    def change(session):
        offer = session.merge(board.offers[1])
        offer.period_from, offer.period_to = later, later + timedelta(days=30)

    board.change(change)
    assert codes(board.gather(), board, 0, 1) == ["other_period"]


def test_what_fits_less_than_fairly_is_no_candidate(board, monkeypatch):
    monkeypatch.setattr(gathering.ranking, "MIDDLE", 1.1)
    assert codes(board.gather(), board, 0, 1) == ["below_bar"]


def test_a_company_that_has_passed_on_an_npo_is_not_planned_with_it(board):
    board.change(
        lambda session: session.add(
            Mark(
                organization_id=board.companies[1].id, target_id=board.npos[0].id, kind="passed",
                marked_by_id=board.member.user_id, marked_at=board.now,
            )
        )
    )  # fmt: skip
    found = board.gather()
    assert codes(found, board, 0, 1) == ["passed"]
    assert codes(found, board, 1, 1) == []


def test_who_serves_both_sides_keeps_them_apart(board):
    def serve_both(session):
        person = factories.make_user(session, session.merge(board.companies[1]))
        factories.make_membership(session, person, session.merge(board.npos[0]))

    board.change(serve_both)
    assert codes(board.gather(), board, 0, 1) == ["on_both_sides"]


def test_an_open_case_and_an_unlisted_side_are_not_planned_again(board):
    def change(session):
        session.merge(board.npos[1]).visibility = "approached"
        factories_case(session, board, 0, 1)

    board.change(change)
    task = board.gather().task
    assert {pair.key for pair in task.pairs} == {board.key(0, 0)}
    assert task.most_of_npo == {board.npos[0].public_id: 2}


def factories_case(session, board, need, offer):
    """An open case that waits for the NPO's answer."""
    session.add(
        Partnership(
            number="E-1", state="recommended", origin="coordinator", company_id=board.companies[offer].id,
            npo_id=board.npos[need].id, need_id=board.needs[need].id, support_type="food",
            started_by_id=board.coordinator.user_id, created_at=board.now, moved_at=board.now,
        )
    )  # fmt: skip


def test_floors_and_caps_become_groups_of_who_is_meant(board):
    board.change(lambda session: setattr(session.merge(board.needs[1]), "areas", ["hama"]))
    found = board.gather(Settings(newcomers=9, of_each_district=1, most_of_field=1)).task.groups
    shown = {group.code: (set(group.members), group.at_least, group.at_most) for group in found}
    one, other = (need.public_id for need in board.needs)
    assert shown == {
        "newcomers": ({one.public_id for one in board.companies}, 2, None),
        "district:chuo": ({one}, 1, None),
        "district:hama": ({other}, 1, None),
        "field:13": ({one, other}, 0, 1),
    }


# ── Solving ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_plan_is_made_by_the_worker_and_kept_with_what_it_was_made_from(board):
    public_id = board.ask(Settings(of_each_district=2))
    with board.database.read() as session:
        assert board.plan(session, public_id).state == "waiting"
    board.run()
    with board.database.read() as session:
        plan = board.plan(session, public_id)
        assert plan.is_solved
        found, task = Plan.of(plan.result), Task.of(plan.inputs)
        assert solving.solve(task).chosen == found.chosen
        assert sum(row.amount for row in found.chosen) == 80
        assert Plan.of(plan.without_floors).chosen
        assert (plan.model_id, plan.index_version) == (board.live.model_id, board.live.applied_version)
        assert (len(plan.weights_version), len(plan.sha256)) == (12, 64)
        events = session.scalars(select(AuditEvent.action).where(AuditEvent.object_id == public_id)).all()
        assert events == ["ask_plan", "solve_plan"]


def test_a_job_that_is_done_again_leaves_the_plan_as_it_is(board):
    public_id = board.solved()
    with board.database.read() as session:
        before = board.plan(session, public_id).sha256
        job = session.scalar(select(Job).where(Job.key == public_id))
    board.change(lambda session: setattr(session.merge(board.needs[1]), "state", "withdrawn"))
    running.run(board.database, board.live, job, lambda: None, lambda: board.now)
    with board.database.read() as session:
        assert board.plan(session, public_id).sha256 == before


def test_what_is_fixed_and_ruled_out_holds_in_the_next_plan(board):
    first = board.solved()
    locked, forbidden = [board.key(1, 0)], [board.key(1, 1)]
    with board.database.read() as session:
        based_on = board.plan(session, first)
    second = board.solved(based_on=based_on, locked=locked, forbidden=forbidden)
    with board.database.read() as session:
        plan = board.plan(session, second)
        chosen = {row.key for row in Plan.of(plan.result).chosen}
        assert (plan.based_on_id, reads.fixed(plan, "locked")) == (based_on.id, set(locked))
    assert board.key(1, 0) in chosen
    assert board.key(1, 1) not in chosen


def test_what_is_locked_stays_a_candidate_though_it_would_be_ruled_out(board):
    board.change(lambda session: setattr(session.merge(board.offers[1]), "areas", ["hama"]))
    found = board.gather(locked=frozenset({board.key(0, 1)}))
    assert board.key(0, 1) in {pair.key for pair in found.task.pairs}
    assert found.task.locked == {board.key(0, 1)}


def test_locks_that_cannot_stand_together_fail_the_plan_with_a_sentence(board):
    def change(session):
        for need in board.needs:
            kept = session.merge(need)
            kept.quantity = kept.min_useful = None

    board.change(change)
    public_id = board.ask(locked=[board.key(0, 0), board.key(1, 0)])
    with pytest.raises(solving.Unsolvable):
        board.run()
    with board.database.read() as session:
        plan = board.plan(session, public_id)
        assert (plan.state, plan.failure) == ("failed", "plan_locked")


def test_the_holder_is_heard_of_while_a_plan_is_made(board, monkeypatch):
    monkeypatch.setattr(running.leases, "RENEWAL", timedelta(milliseconds=1))
    heard = []
    board.ask()
    board.run(lambda: heard.append(1))
    assert heard


def test_who_has_lost_the_job_still_keeps_what_was_found_first(board, monkeypatch):
    monkeypatch.setattr(running.leases, "RENEWAL", timedelta(milliseconds=1))
    heard = []

    def lost():
        heard.append(1)
        raise tickets.Lost

    public_id = board.ask()
    board.run(lost)
    with board.database.read() as session:
        assert board.plan(session, public_id).is_solved
    assert heard


def test_every_lane_has_a_piece_of_the_worker_and_a_runner():
    assert set(tickets.LANES.values()) == set(runner.LANES)
    assert set(runner.LANES) <= set(worker.PIECE_NAMES)


def test_needs_without_a_partner_say_why(board):
    board.change(lambda session: setattr(session.merge(board.needs[1]), "unit", "箱"))
    public_id = board.solved()
    with board.database.read() as session:
        why = board.plan(session, public_id).whys[board.needs[1].public_id]
    assert why["code"] == "other_unit"
    assert why["facts"]["other"] in {offer.public_id for offer in board.offers}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (Settings(most_of_company=0), "most_of_company"), (Settings(newcomers=101), "newcomers"),
        (Settings(of_each_district=-1), "of_each_district"), (Settings(most_of_field=0), "most_of_field"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused(board, settings, field):
    with pytest.raises(Invalid, match=f"'{field}': 'plan_places'"):
        board.ask(settings)


def test_a_pair_is_not_fixed_and_ruled_out_at_once(board):
    with pytest.raises(Invalid, match="locked_and_forbidden"):
        board.ask(locked=[board.key(0, 0)], forbidden=[board.key(0, 0)])


def test_members_neither_ask_nor_read(board):
    with pytest.raises(NotPermitted):
        board.ask(actor=board.member)
    public_id = board.ask()
    with board.database.read() as session, pytest.raises(NotPermitted):
        reads.get(session, board.member, public_id)


# ── Adopting ─────────────────────────────────────────────────────────────────────────────────────────


def test_adopting_drafts_the_chosen_rows_and_sends_nothing(board):
    public_id = board.solved()
    with board.database.write() as session:
        plan = board.plan(session, public_id)
        row = Plan.of(plan.result).chosen[0]
        assert acts.adopt(session, board.coordinator, plan, [row.key, ("0" * 32, "1" * 32)], board.now) == 1
        assert acts.adopt(session, board.coordinator, plan, [row.key], board.now) == 0
    with board.database.read() as session:
        (draft,) = session.scalars(select(RecommendationDraft)).all()
        assert draft.quantity == row.amount
        for kind in (Partnership, Notice, Mail):
            assert session.scalar(select(func.count()).select_from(kind)) == 0
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "adopt_plan")).all()
        assert [event.details for event in events] == [{"drafts": 1}]


def test_a_draft_knows_the_case_that_came_of_it(board):
    public_id = board.solved()
    with board.database.write() as session:
        plan = board.plan(session, public_id)
        acts.adopt(session, board.coordinator, plan, [Plan.of(plan.result).chosen[0].key], board.now)
        (one,) = reads.drafts(session, board.coordinator, plan)
        assert one.case is None
        need = [need.id for need in board.needs].index(one.draft.need_id)
        offer = [offer.id for offer in board.offers].index(one.draft.offer_id)
        factories_case(session, board, need, offer)
        session.flush()
        (one,) = reads.drafts(session, board.coordinator, plan)
        assert one.case.number == "E-1"


def test_only_rows_of_a_made_plan_are_adopted(board):
    public_id = board.ask()
    with board.database.write() as session, pytest.raises(MovedOn):
        acts.adopt(session, board.coordinator, board.plan(session, public_id), [board.key(0, 0)], board.now)
    board.run()
    with board.database.write() as session, pytest.raises(Refused, match="plan_nothing_chosen"):
        acts.adopt(
            session, board.coordinator, board.plan(session, public_id), [("0" * 32, "1" * 32)], board.now
        )
