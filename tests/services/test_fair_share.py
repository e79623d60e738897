"""Newcomers get a bounded share that anyone can draw again; the record says how."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from matcher.ground import calendar
from matcher.records import ShownList, ShownSuggestion
from matcher.register import findable
from matcher.suggestions import newcomers, ranking, shown_lists, suggest
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.newcomers import Draw, places_of
from tests import factories
from tests.services.test_suggestions import encode, factories_get

SCORES = [0.9 - place * 0.03 for place in range(15)]


def show(database, now, ids, when, fresh=()):
    """Cards of earlier lists, so that these organizations are no longer unseen; all but ``fresh`` long verified."""
    with database.write() as session:
        viewer = factories.make_company(session)
        made = [
            factories.make_npo(session, verified_at=now - timedelta(days=10 if n in fresh else 400)).id
            for n in range(1, 16)
        ]
        shown = ShownList(
            organization_id=viewer.id, shown_at=when, model_id="m", index_version=1, weights_version="w"
        )
        session.add(shown)
        session.flush()
        for rank, number in enumerate(ids, start=1):
            session.add(
                ShownSuggestion(
                    shown_list_id=shown.id, rank=rank, candidate_id=made[number - 1], score=0.5, parts={},
                    reasons=[],
                )
            )  # fmt: skip
        return viewer, made


def test_a_draw_is_repeated_from_what_is_kept():
    draw = Draw(seed=42, pool={5: 0.4, 9: 0.6, 12: 0.31}, places=2)
    assert Draw.of(draw.as_dict()) == draw
    assert Draw.of(draw.as_dict()).chosen == draw.chosen
    assert len(draw.chosen) == 2


def test_chances_are_in_proportion_to_the_score():
    first = Counter(Draw(seed, {1: 0.8, 2: 0.4}, 1).chosen[0] for seed in range(3000))
    assert first[1] / first[2] == pytest.approx(2.0, rel=0.15)


def test_drawn_ones_stand_at_the_end_of_each_five():
    assert places_of(10, 2) == [4, 9]
    assert places_of(10, 1) == [9]
    assert places_of(5, 1) == [4]
    assert places_of(10, 0) == []


def test_only_the_unseen_that_fit_fairly_well_are_drawn(database, now):
    viewer, made = show(database, now, range(1, 13), now - timedelta(days=30))
    # Of those never shown (13, 14, 15) the last two fit too little.
    scores = [score if place < 13 else ranking.MIDDLE - 0.01 for place, score in enumerate(SCORES)]
    ranked = list(zip(made, scores, strict=True))
    with database.read() as session:
        draw = newcomers.draw(session, viewer, 0, ranked, 10, now)
    assert list(draw.pool) == [made[12]]
    assert draw.chosen == [made[12]]


def test_a_list_that_shows_newcomers_by_itself_needs_no_draw(database, now):
    viewer, made = show(database, now, range(1, 11), now - timedelta(days=30), fresh={2, 7})
    ranked = list(zip(made, SCORES, strict=True))
    with database.read() as session:
        assert newcomers.draw(session, viewer, 0, ranked, 10, now).places == 0


def test_what_was_shown_long_ago_or_today_does_not_count_as_seen(database, now):
    viewer, made = show(database, now, range(1, 16), now - timedelta(days=91))
    ranked = list(zip(made, SCORES, strict=True))
    with database.read() as session:
        assert newcomers._shown_lately(session, made, now) == set()
        # All are unseen, so that the list shows newcomers by itself.
        assert newcomers.draw(session, viewer, 0, ranked, 10, now).places == 0


def test_a_list_of_yesterday_that_was_written_today_counts(database, now):
    _viewer, made = show(database, now, [1], now - newcomers.WINDOW - timedelta(days=2))
    start = now.astimezone(calendar.TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
    later = (timedelta(minutes=1), -timedelta(minutes=1), timedelta(hours=2))
    with database.write() as session:
        viewer = factories.make_company(session)
        for number, when in enumerate(later, start=2):
            shown = ShownList(
                organization_id=viewer.id, shown_at=start + when, model_id="m", index_version=1,
                weights_version="w",
            )  # fmt: skip
            session.add(shown)
            session.flush()
            session.add(
                ShownSuggestion(
                    shown_list_id=shown.id, rank=1, candidate_id=made[number - 1], score=0.5, parts={},
                    reasons=[],
                )
            )  # fmt: skip
    with database.read() as session:
        assert newcomers._shown_lately(session, made, now) == {made[2]}


@pytest.fixture
def city(database, now):
    """One company, twelve NPOs with a need of one topic; eleven were shown last month."""
    with database.write() as session:
        factories.make_city(session)
        old = now - timedelta(days=400)
        company = factories.make_company(
            session, profile={"business": "野菜の卸売です。", "csr_policy": "野菜を無駄にしません。"}
        )
        npos = []
        for number in range(12):
            npo = factories.make_npo(session, verified_at=old, profile={"mission": f"野菜の会{number}です。"})
            factories.make_need(
                session, npo, title=f"野菜{number}", situation="野菜が足りません。" + "海" * number
            )
            npos.append(npo.id)
        person = factories.actor_for(factories.make_user(session, company), company)
    encode(database, now)
    live = LiveIndex()
    with database.read() as session:
        live.level(session)
        plain = [
            item.candidate.id
            for item in suggest.for_company(session, live, factories_get(session, company), limit=12)
        ]
    with database.write() as session:
        shown = ShownList(
            organization_id=company.id, shown_at=now - timedelta(days=30), model_id="m", index_version=1,
            weights_version="w",
        )  # fmt: skip
        session.add(shown)
        session.flush()
        for rank, number in enumerate(plain[:11], start=1):
            session.add(
                ShownSuggestion(
                    shown_list_id=shown.id, rank=rank, candidate_id=number, score=0.5, parts={}, reasons=[]
                )
            )
    return company, person, live, plain


def test_the_unseen_one_gets_the_last_place_and_the_record_says_so(database, now, city):
    company, person, live, plain = city
    with database.write() as session:
        asker = factories_get(session, company)
        found = suggest.for_company(session, live, asker, limit=10, now=now)
        if min(item.fit.score for item in found) < ranking.MIDDLE:
            pytest.fail("expected candidates that fit fairly well")
        assert [item.candidate.id for item in found] == [*plain[:9], plain[11]]
        assert [item.is_newcomer for item in found] == [False] * 9 + [True]
        record = shown_lists.record(session, live, person, asker, found, now)
        list_id = record.id
    with database.read() as session:
        kept = session.get(ShownList, list_id)
        cards = session.scalars(
            select(ShownSuggestion)
            .where(ShownSuggestion.shown_list_id == list_id)
            .order_by(ShownSuggestion.rank)
        ).all()
        drawn = [card.candidate_id for card in cards if card.is_newcomer]
        assert drawn == Draw.of(kept.draw).chosen == [plain[11]]


def test_a_list_opened_twice_on_a_day_is_the_same(database, now, city):
    company, person, live, _plain = city
    lists = []
    for _ in range(2):
        with database.write() as session:
            asker = factories_get(session, company)
            found = suggest.for_company(session, live, asker, limit=10, now=now)
            shown_lists.record(session, live, person, asker, found, now)
            lists.append([item.candidate.id for item in found])
    assert lists[0] == lists[1]


def test_without_a_day_nothing_is_drawn(database, city):
    company, _person, live, plain = city
    with database.read() as session:
        findable.serving_model(session)
        found = suggest.for_company(session, live, factories_get(session, company), limit=10)
    assert found.draw is None
    assert [item.candidate.id for item in found] == plain[:10]
