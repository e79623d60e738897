"""However a case begins, and whenever the city decides on it, why its two fit is kept with it as it was then."""

import ast
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from matcher.cases import answering, beginning, deciding, fits
from matcher.cases import reads as case_reads
from matcher.cases.beginning import Terms
from matcher.ground.db import Database
from matcher.records import CaseFit, DecisionBundle, Embedding, Partnership
from matcher.register import findable, snapshots
from matcher.results import renewal
from matcher.suggestions import pairs, suggest
from tests import factories
from tests.services.test_suggestions import ENCODER, Town, encode, factories_get, need_of

TERMS = Terms("food", 10, "kg")
DECISION = deciding.Decision("ふさわしい。", conflict_of_interest=False, city_involved=False)


@pytest.fixture
def town(database, now):
    found = Town(database, now)
    pairs.judge_with(database, found.live)
    return found


def begin(session, town, act=None, *, topic="野菜", offer=None):
    """A case of the company about a need, asked for or recommended."""
    company, need = factories_get(session, town.company), need_of(session, town, topic)
    npo = factories_get(session, town.npos[topic])
    between = beginning.between(company, npo, need=need, offer=offer)
    if act is beginning.recommend:
        return act(session, town.coordinator, between, TERMS, "expertise", "合うため。", town.now)
    actor = town.director if act == "npo" else town.person
    return beginning.propose(session, actor, between, TERMS, "お願いします。", town.now)


def kept(session, case):
    return [(one.moment, one.event, one.unknown) for one in fits.of(session, case)]


@pytest.mark.parametrize("act", [None, "npo", beginning.recommend], ids=["company", "npo", "city"])
def test_every_beginning_keeps_the_reasons_of_its_pair_at_that_moment(town, act):
    with town.database.write() as session:
        case = begin(session, town, act)
    with town.database.read() as session:
        found = fits.begun(session, case)
        company = town.reload(session, town.company)
        card = suggest.fit_pair(session, town.live, company, need_of(session, town, "野菜"))
        scored = suggest.score_pair(session, town.live, company, need_of(session, town, "野菜"))
        assert (scored.score, scored.parts) == (card.fit.score, card.fit.parts)
        assert found.unknown == ""
        assert found.score == pytest.approx(card.fit.score, abs=1e-3)
        assert found.parts == {code: pytest.approx(value, abs=1e-3) for code, value in card.fit.parts.items()}
        assert found.reasons == card.reasons
        assert found.model_id == ENCODER.model_id
        assert found.texts["company"]["title"] == "野菜"
        assert found.event == ("recommend" if act is beginning.recommend else "propose")


def test_the_offer_that_the_case_names_speaks_for_the_company(town, now):
    with town.database.write() as session:
        other = factories.make_offer(session, town.company, title="清掃", description="清掃を手伝います。")
    encode(town.database, now)
    with town.database.write() as session:
        case = begin(session, town, offer=session.merge(other))
        best = begin(session, town, topic="清掃")
    with town.database.read() as session:
        assert fits.begun(session, case).texts["company"]["title"] == "清掃"
        assert fits.begun(session, best).texts["company"]["title"] == "清掃"
        assert fits.begun(session, case).score < fits.begun(session, best).score


def test_what_is_not_encoded_yet_is_said_and_never_filled_in(town, now):
    with town.database.write() as session:
        for row in session.scalars(select(Embedding).where(Embedding.owner_type == "need")):
            row.vector = None
        case = begin(session, town)
        assert kept(session, case) == [("begun", "propose", "not_encoded")]
    with town.database.write() as session:
        for row in session.scalars(select(Embedding).where(Embedding.owner_type == "need")):
            row.text_sha256 = findable.texts.digest(findable.text_of(need_of(session, town, "野菜")))
    encode(town.database, now)
    with town.database.write() as session:
        found = fits.begun(session, case)
        assert (found.unknown, found.score, found.reasons) == ("not_encoded", None, [])


def test_a_process_without_an_index_says_so(database, now):
    town = Town(database, now)
    with database.write() as session:
        case = begin(session, town)
        assert kept(session, case) == [("begun", "propose", "no_index")]


def decided(session, town):
    """Begun and said yes to."""
    case = begin(session, town)
    answering.accept(session, town.director, case, "", town.now, version=None)
    return case


@pytest.mark.parametrize("event", ["approve", "refuse", "return"])
def test_every_decision_before_the_introduction_keeps_them_too(town, event):
    with town.database.write() as session:
        case = decided(session, town)
        if event == "approve":
            deciding.approve(session, town.coordinator, case, DECISION, town.now, version=None)
        else:
            act = deciding.refuse if event == "refuse" else deciding.return_
            act(
                session, town.coordinator, case, next(iter(act.reasons)), "足りない。", town.now, version=None
            )
        assert kept(session, case) == [("begun", "propose", ""), ("decided", event, "")]
        bundles = case_reads.decision_bundles(session, case)
        assert [one.bundle_id for one in fits.of(session, case)][1:] == [one.id for one in bundles] or [None]
        for bundle in bundles:
            assert [one["moment"] for one in bundle.content["fits"]] == ["begun", "decided"]
            assert (
                bundle.content["fits"]
                == snapshots.plain({"fits": [fits.facts(one) for one in fits.of(session, case)]})["fits"]
            )
            assert snapshots.sha256(bundle.content) == bundle.sha256


def test_texts_that_changed_in_between_stand_both_as_they_were(town, now):
    with town.database.write() as session:
        case = decided(session, town)
        need = need_of(session, town, "野菜")
        need.situation, need.title = "音楽の先生が足りません。", "音楽のこと"
        findable.touch(session, need)
    encode(town.database, now)
    with town.database.write() as session:
        case = case_reads.get_case(session, town.coordinator, case.public_id)
        deciding.approve(session, town.coordinator, case, DECISION, now, version=None)
    with town.database.read() as session:
        begun, later = fits.of(session, case)
        assert begun.score > later.score
        assert begun.texts["npo"]["title"] == "野菜のこと"
        assert later.texts["npo"]["title"] == "音楽のこと"
        assert begun.texts["npo"]["sha256"] != later.texts["npo"]["sha256"]


def test_a_need_that_is_no_longer_found_is_still_compared(town):
    with town.database.write() as session:
        case = decided(session, town)
        need = need_of(session, town, "野菜")
        need.visibility = "approached"
        findable.touch(session, need)
    with town.database.write() as session:
        town.live.level(session)
        assert need.id not in town.live.shelves["need"]
        found = case_reads.get_case(session, town.coordinator, case.public_id)
        assert fits.judged(session, found).score == pytest.approx(fits.begun(session, found).score, abs=0.05)


# ── Enumerated ───────────────────────────────────────────────────────────────────────────────────────


def calls(name):
    """(module, function) of the program that calls something of this name."""
    found = set()
    for path in [*Path("matcher").rglob("*.py"), *Path("webapp").rglob("*.py")]:
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                        found.add((str(path), function.name))
    return found


def test_every_way_in_which_a_case_begins_comes_past_where_they_are_kept():
    """A case is begun by ``moves.begin``, and kept by ``_begin``; a decision is frozen by ``_kept``."""
    begins = {place for place in calls("begin") if place[0] == "matcher/cases/beginning.py"}
    assert begins == {("matcher/cases/beginning.py", name) for name in ("propose", "recommend")}
    assert begins == calls("_begin")
    assert {place[0] for place in calls("Partnership")} == {"matcher/cases/beginning.py"}
    assert {place[0] for place in calls("DecisionBundle")} == {"matcher/cases/decisions.py"}
    assert renewal.beginning is beginning


def test_every_case_and_every_decision_of_the_invented_city_has_its_row(lived_city, tmp_path):
    """Lived through two years by the services: recommendations, proposals, every kind of decision."""
    shutil.copy(lived_city, tmp_path / "city.db")
    database = Database(f"sqlite:///{tmp_path}/city.db")
    with database.read() as session:
        rows = session.execute(select(CaseFit.moment, CaseFit.partnership_id, CaseFit.bundle_id)).all()
        cases, bundles = session.scalars(select(Partnership.id)), session.scalars(select(DecisionBundle.id))
        begun = [case for moment, case, _bundle in rows if moment == "begun"]
        assert sorted(begun) == sorted(cases)
        assert {bundle for moment, _case, bundle in rows if moment == "decided"} - {None} == set(bundles)
        assert len(set(session.scalars(select(CaseFit.event)))) >= 8
    database.dispose()
