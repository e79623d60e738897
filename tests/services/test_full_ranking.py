"""The ten that are shown are the ten best of everybody, though only a few are looked at closely."""

import random
import shutil
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from embeddings.encoder import load_encoder
from matcher.city import cities
from matcher.ground.db import Database
from matcher.records import (
    CompanyProfile,
    Counter,
    Embedding,
    Need,
    NpoProfile,
    Offer,
    Organization,
    RankingWeights,
)  # fmt: skip
from matcher.register import findable
from matcher.suggestions import candidates, contextual, indexing, measured, promise, reaching, suggest
from matcher.suggestions.conditions import Filters
from matcher.suggestions.indexing import LiveIndex
from tests.conftest import NOW
from tests.services.test_suggestions import encode

SUPPORT = ("food", "goods_used", "volunteer_hands", "pro_bono", "venue", "money_donation")
AREAS = ("chuo", "hama", "citywide")


def readings(database, seed):
    """Vectors in context for all texts but every ninth, invented: what they say is of no matter here."""
    chance = np.random.default_rng(seed)
    with database.read() as session:
        rows = session.execute(select(Embedding.text_sha256, Embedding.sentences)).all()
    known = {}
    for place, (digest, said) in enumerate(rows):
        if place % 9:
            vectors = chance.normal(size=(1 + len(said), 16)) + 1.5
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            halves = vectors.astype(np.float16)
            known[digest] = (halves[0].tobytes(), halves[1:].tobytes())
    contextual.begin(database, "invented@1")
    contextual.fill_known(database, "invented@1", known)


def shuffle(database, seed):
    """Another city of the same people: facts and sentences of one go to others."""
    chance = random.Random(seed)
    with database.write() as session:
        for model in (CompanyProfile, NpoProfile):
            for one in session.scalars(select(model)):
                one.areas = chance.sample(AREAS, chance.randint(0, 2))
                one.fields = chance.sample(["1", "2", "13"], chance.randint(0, 2))
        postings = [*session.scalars(select(Need)), *session.scalars(select(Offer))]
        texts = [(one.situation if isinstance(one, Need) else one.description) for one in postings]
        for one in postings:
            one.areas, one.support_type = chance.sample(AREAS, chance.randint(0, 2)), chance.choice(SUPPORT)
            one.quantity, one.unit = chance.choice((None, 5.0, 40.0)), chance.choice(("箱", "人"))
            one.period_from = chance.choice((None, date(2026, 1, 1) + timedelta(chance.randint(0, 700))))
            one.period_to = chance.choice((None, date(2027, 12, 1) + timedelta(chance.randint(0, 300))))
            said = "".join(chance.sample(texts, 2))[:400]
            setattr(one, "situation" if isinstance(one, Need) else "description", said)
            owner = session.get(Organization, one.organization_id)
            findable.touch(session, one)
            assert owner is not None


@pytest.fixture(scope="module", params=["demo", "shuffled", "words alone"])
def city(request, lived_city, tmp_path_factory):
    path = tmp_path_factory.mktemp("full") / "demo.db"
    shutil.copy(lived_city, path)
    database = Database(f"sqlite:///{path}")
    if request.param == "shuffled":
        encode(database, NOW, load_encoder())
        shuffle(database, 11)
    encode(database, NOW, load_encoder())
    if request.param != "words alone":
        readings(database, 5)
    yield database
    database.dispose()


@pytest.fixture(autouse=True)
def few_at_a_time(monkeypatch):
    """In a city of hundreds, as in one of ten thousands: most are never looked at closely."""
    monkeypatch.setattr(reaching, "STEP", 4)
    monkeypatch.setattr(reaching, "TIGHTENED", 40)
    monkeypatch.setattr(reaching, "SHARPENED", 12)
    for module in (reaching, candidates):
        monkeypatch.setattr(module, "NEAR", 12)


def askers(session):
    companies = session.scalars(
        select(Organization)
        .where(Organization.kind == "company", Organization.state == "verified")
        .options(joinedload(Organization.company))
    ).all()
    needs = session.scalars(
        select(Need)
        .where(Need.state == "open")
        .options(joinedload(Need.organization).joinedload(Organization.npo))
    ).all()
    return companies[::6], needs[::15]


def brute(session, live, rank, asker, filters):
    """Everybody, each looked at closely."""
    kind = "npo" if rank is suggest.for_company else "company"
    everybody = session.scalars(select(Organization.id).where(Organization.kind == kind)).all()
    return rank(session, live, asker, among=everybody, filters=filters, limit=len(everybody), quoted=False)


@pytest.mark.parametrize(
    ("filters", "judged"),
    [(Filters(), promise.JUDGED), (Filters(area="chuo"), promise.JUDGED), (Filters(), 3)],
)
def test_the_ten_are_the_ten_best_of_everybody(city, monkeypatch, filters, judged):
    monkeypatch.setattr(promise, "JUDGED", judged)
    live, looked = LiveIndex(), []
    close = promise.Pool.scores
    monkeypatch.setattr(
        promise.Pool, "scores", lambda pool, rows: looked.append(len(rows)) or close(pool, rows)
    )
    everybody = 0
    with city.read() as session:
        live.level(session)
        companies, needs = askers(session)
        for rank, asking in ((suggest.for_company, companies), (suggest.for_need, needs)):
            for asker in asking:
                found = rank(session, live, asker, filters=filters, limit=5, quoted=False)
                right = brute(session, live, rank, asker, filters)
                everybody += len(right)
                assert [(one.candidate.id, one.need, one.offer) for one in found] == [
                    (one.candidate.id, one.need, one.offer) for one in right[:5]
                ]
                scores = [one.fit.score for one in right[:5]]
                assert [one.fit.score for one in found] == pytest.approx(scores, abs=1e-6)
    if judged != 3 and filters == Filters():  # what was not judged, or meets no filter, lowers no ceiling
        assert 0 < sum(looked) < 0.7 * everybody


def test_no_ceiling_lies_below_the_score(city):
    live = LiveIndex()
    with city.read() as session:
        live.level(session)
        companies, needs = askers(session)
        for company in companies[:8]:
            search = suggest._search_of_company(session, live, company)
            for pool in suggest._pools_for_company(session, search, company, search.sources):
                check_ceilings(pool)
        for need in needs[:8]:
            owners = [("need", need.id, None), ("npo", need.organization_id, None)]
            search = suggest.Search(session, live, owners)
            for pool in suggest._pools_for_npo(
                session, search, need.organization, need, search.source("need")
            ):
                check_ceilings(pool)


def check_ceilings(pool):
    rows = np.flatnonzero(pool.ceilings > -np.inf)
    if not rows.size:
        return
    before, scores = pool.ceilings[rows].copy(), pool.scores(rows)
    pool.tighten(rows)
    assert (before + reaching.MARGIN >= scores).all()
    assert (pool.ceilings[rows] + reaching.MARGIN >= scores).all()
    tight = pool.ceilings[rows].copy()
    assert (tight < before - 1e-3).any()
    pool.sharpen(rows)
    assert (pool.ceilings[rows] + reaching.MARGIN >= scores).all()
    assert (pool.ceilings[rows] <= tight).all()


def test_beyond_what_is_ranked_in_full_the_near_ones_are(city, monkeypatch):
    monkeypatch.setattr(indexing, "FULL_UP_TO", 10)
    live = LiveIndex()
    with city.read() as session:
        live.level(session)
        companies, needs = askers(session)
        assert live.table(session, "need", {}) is None
        assert suggest.for_company(session, live, companies[0], limit=5)
        assert suggest.for_need(session, live, needs[0], limit=5)


def test_what_records_say_follows_the_index(city):
    """A profile that changes counts at the next request, and an offer that ends is denied to its company's others."""
    live = LiveIndex()
    with city.read() as session:
        live.level(session)
        before = live.table(session, "company", {})
    with city.write() as session:
        company = session.scalars(
            select(Organization)
            .where(Organization.id.in_(before.ids.tolist()), Organization.state == "verified")
            .options(joinedload(Organization.company))
        ).first()
        company.company.areas = ["hama"] if company.company.areas != ["hama"] else ["chuo"]
        findable.stir(session, company)
        number, areas = company.id, frozenset(company.company.areas)
    with city.read() as session:
        live.level(session)
        table = live.table(session, "company", {})
    row = int(np.searchsorted(table.ids, number))
    assert table.sayings["area"][table.places["area"][row]].areas == areas
    assert table is not before


def keys(found):
    return [(one.candidate.id, one.need, one.offer) for one in found]


def test_no_condition_is_kept_with_what_was_measured_and_other_weights_measure_anew(city, monkeypatch):
    live, made = LiveIndex(), []
    measure = promise.Pool._measured
    monkeypatch.setattr(
        promise.Pool, "_measured", lambda pool, mission: made.append(pool) or measure(pool, mission)
    )
    with city.write() as session:
        live.level(session)
        for side, rank in enumerate((suggest.for_company, suggest.for_need)):
            asker = askers(session)[side][0]
            savepoint = session.begin_nested()

            def listed(rank=rank, asker=asker):
                found = keys(rank(session, live, asker, limit=5, quoted=False))
                assert found == keys(brute(session, live, rank, asker, Filters())[:5])
                return found

            made.clear()
            before = listed()
            assert len(made) == 2
            # Whatever becomes of one of them without a word to the index, it is not suggested again.
            session.get_one(Organization, before[0][0]).visibility = "approached"
            session.flush()
            assert before[0][0] not in {number for number, _need, _offer in listed()}
            assert len(made) == 2
            profile = asker.company if rank is suggest.for_company else asker
            profile.areas = ["hama"] if profile.areas != ["hama"] else ["chuo"]
            session.flush()
            listed()
            assert len(made) == 4
            serving = suggest.Search(session, live, []).weights
            numbers = serving.as_dict() | {"bias": serving.bias + 0.1}
            numbers["parts"] = {code: part | {"weight": 1.0} for code, part in numbers["parts"].items()}
            session.add(
                RankingWeights(
                    model_id=live.model_id,
                    version_name="x",
                    numbers=numbers,
                    evidence={},
                    reason="x",
                    adopted_at=NOW,
                )
            )
            session.flush()
            listed()
            assert len(made) == 6
            savepoint.rollback()


def test_nothing_measured_is_kept_while_the_index_is_behind(city):
    live = LiveIndex()
    with city.write() as session:
        live.level(session)
        company = askers(session)[0][0]
        suggest.for_company(session, live, company, limit=5, quoted=False)
        table = live.table(session, "need", cities.get(session).areas)
        assert len(table.measured) == 1
        session.scalars(select(Counter).where(Counter.name == "index")).one().value += 1
        company.company.areas = ["hama"] if company.company.areas != ["hama"] else ["chuo"]
        session.flush()
        suggest.for_company(session, live, company, limit=5, quoted=False)
        assert len(table.measured) == 1
        session.rollback()


def test_what_was_measured_for_the_last_who_asked_is_kept_within_bounds(monkeypatch):
    def one():
        return measured.Measured(np.ones(9, bool), np.ones((9, 2), bool), np.ones((9, 2)))

    held = measured.Remembered()
    first, second, third = one(), one(), one()
    monkeypatch.setattr(measured, "KEPT_BYTES", 2 * first.nbytes)
    held.put("first", first)
    held.put("second", second)
    assert held.get("first") is first
    held.put("third", third)
    assert [held.get(key) for key in ("first", "second", "third")] == [first, None, third]
    monkeypatch.setattr(measured, "KEPT", 1)
    held.put("second", second)
    assert len(held) == 1
