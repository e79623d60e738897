"""What was said of a pair is said again only while nothing has changed that it follows from."""

import shutil

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from embeddings.encoder import load_encoder
from matcher.ground import parts
from matcher.ground.db import Database
from matcher.records import (
    Counter,
    Municipality,
    Need,
    Offer,
    Organization,
    Partnership,
    RankingWeights,
    User,
)
from matcher.register import findable
from matcher.suggestions import pages, quotes, ranking, reasoned, suggest
from matcher.suggestions.conditions import NO_FILTERS
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.near import Search
from tests.conftest import NOW
from tests.services.test_suggestion_pages import need_of
from tests.services.test_suggestions import encode


@pytest.fixture(scope="module")
def demo(lived_city, tmp_path_factory):
    path = tmp_path_factory.mktemp("reasoned") / "demo.db"
    shutil.copy(lived_city, path)
    database = Database(f"sqlite:///{path}")
    encode(database, NOW, load_encoder())
    yield database
    database.dispose()


@pytest.fixture
def counted(monkeypatch):
    """How many pairs were scored, and of how many sentences were looked for, since it was cleared."""
    found = []
    fit, quoted = ranking.fit, quotes.quotes_of

    def noted(live, pairs):
        pairs = list(pairs)
        found.extend(["quoted"] * len(pairs))
        return quoted(live, pairs)

    monkeypatch.setattr(ranking, "fit", lambda *a, **k: found.append("scored") or fit(*a, **k))
    monkeypatch.setattr(quotes, "quotes_of", noted)
    return found


def company_of(session):
    return session.scalars(
        select(Organization)
        .where(Organization.kind == "company", Organization.state == "verified")
        .where(Organization.id.in_(select(Offer.organization_id).where(Offer.state == "open")))
        .order_by(Organization.id)
        .options(joinedload(Organization.company))
    ).first()


ASKERS = [(company_of, pages.for_company), (need_of, pages.for_need)]


def said(found):
    """What a page says; what one text is measured alone differs from one of ten in the ninth figure."""
    return [
        (
            one.candidate.id, one.need and one.need.id, one.offer and one.offer.id, round(one.fit.score, 6),
            one.reasons, one.quote and (one.quote.company, one.quote.npo), one.sides,
        )
        for one in found
    ]  # fmt: skip


@pytest.mark.parametrize(("asker", "page_of"), ASKERS)
def test_a_page_asked_for_again_says_the_same_without_comparing(demo, counted, asker, page_of):
    live = LiveIndex()
    with demo.read() as session:
        live.level(session)
        first = said(page_of(session, live, asker(session), NO_FILTERS, 1, NOW))
    assert counted
    counted.clear()
    with demo.read() as session:
        live.level(session)
        again = page_of(session, live, asker(session), NO_FILTERS, 1, NOW)
        assert said(again) == first
        assert counted == []
        # The records themselves are those of this session: what was kept speaks of them by their numbers.
        assert all(one.candidate in session for one in again)
        assert all(one.offer is None or one.offer in session for one in again)
    assert len(live.told) <= len(first) + 2


def _title(session, shown):
    for one in shown:
        one.need.title = f"{one.need.title}。ただし、冷蔵で運べる方に限ります。"


def _note(session, shown):
    for one in shown:
        one.need.safety_note = "冷蔵で運べる方に限ります。"


def _amount(session, shown):
    for one in shown:
        one.need.quantity, one.need.unit = 2 * one.offer.quantity, one.offer.unit


def _taken(session, shown):
    """Of each need a case takes nearly all: what is left of it is a sum over cases, and stands in no record of it."""
    user = session.scalars(select(User.id)).first()
    for place, need in enumerate({one.need for one in shown}):
        session.add(
            Partnership(
                number=f"E-2026-9{place:03}", company_id=_elsewhere(session, shown), npo_id=need.organization_id,
                need_id=need.id, origin="npo", state="introduced", started_by_id=user, support_type=need.support_type,
                quantity=need.quantity - 0.5, unit=need.unit, part=parts.FIRST, created_at=NOW, moved_at=NOW,
            )
        )  # fmt: skip


def _elsewhere(session, shown):
    """A company that is not among them."""
    there = {one.candidate.id for one in shown} | {one.offer.organization_id for one in shown}
    return session.scalars(
        select(Organization.id).where(Organization.kind == "company", Organization.id.not_in(there))
    ).first()


def _companies(session, shown):
    return session.scalars(
        select(Organization)
        .where(Organization.id.in_({one.offer.organization_id for one in shown}))
        .options(joinedload(Organization.company))
    ).all()


def _no_go(session, shown):
    for company in _companies(session, shown):
        company.company.no_go = "".join(f"{one.need.title}には応じられません。" for one in shown)


def _areas(session, shown):
    for company in _companies(session, shown):
        company.company.areas = ["outside"]
        for offer in session.scalars(select(Offer).where(Offer.organization_id == company.id)):
            offer.areas = []


def _condition(session, shown):
    for one in shown:
        one.offer.conditions = "冷蔵車で取りに来られる方に限ります。"


def _offer(session, shown):
    """Of each company all that it offers, that of which no card speaks as well."""
    for company in _companies(session, shown):
        for offer in session.scalars(select(Offer).where(Offer.organization_id == company.id)):
            offer.title = "別の名前にしたメニュー"


def _weights(session, shown):
    numbers = Search(session, LiveIndex(), []).weights.as_dict()
    for one in (numbers, numbers["by_words"]):
        one["bias"] += 0.1
    session.add(
        RankingWeights(
            model_id=findable.serving_model(session), version_name="x", numbers=numbers, evidence={}, reason="x",
            adopted_at=NOW,
        )
    )  # fmt: skip


def _district(session, shown):
    row = session.get_one(Municipality, 1)
    # A word that the texts say is the name of a district now.
    row.areas = {**row.areas, "chuo": shown[0].need.title[:4]}


@pytest.mark.parametrize(
    "change",
    [
        _title, _note, _amount, _taken, _no_go, _areas, _condition, _offer, _weights, _district,
    ],
)  # fmt: skip
@pytest.mark.parametrize(("asker", "page_of"), ASKERS)
def test_what_changes_counts_on_the_next_page_without_a_word_to_the_index(
    demo, counted, asker, page_of, change
):
    live = LiveIndex()
    with demo.write() as session:
        live.level(session)
        asking = asker(session)
        for _time in range(2):
            shown = page_of(session, live, asking, NO_FILTERS, 1, NOW)
        change(session, [one for one in shown if one.need and one.offer])
        session.flush()
        counted.clear()
        found = said(page_of(session, live, asking, NO_FILTERS, 1, NOW))
        assert "scored" in counted
        anew = LiveIndex()
        anew.level(session)
        now = said(page_of(session, anew, asking, NO_FILTERS, 1, NOW))
        # Whom a page shows follows the index; what is said of them does not wait for it.
        both = {one[:3] for one in found} & {one[:3] for one in now}
        assert len(both) > len(now) / 2
        assert all(one in now for one in found if one[:3] in both)
        session.rollback()


# ── Where there is no need, or no offer ──────────────────────────────────────────────────────────────────

LIMIT = "冷蔵で運べる方に限ります。"


def an_npo(session, *more):
    return session.scalars(
        select(Organization)
        .where(Organization.kind == "npo", Organization.state == "verified", *more)
        .order_by(Organization.id)
        .options(joinedload(Organization.npo))
    ).first()


def by_mission(session, live):
    """NPOs that a company finds by their mission: all that they ask for was met."""
    company = company_of(session)
    there = [one.candidate.id for one in pages.for_company(session, live, company, NO_FILTERS, 1, NOW)][:3]
    session.execute(update(Need).where(Need.organization_id.in_(there)).values(state="fulfilled"))
    return lambda: suggest.for_company(session, live, company, among=there)


def by_profile(session, live):
    """Companies that a need finds by their profile alone: what they offered is withdrawn."""
    need = need_of(session)
    there = [one.candidate.id for one in pages.for_need(session, live, need, NO_FILTERS, 1, NOW)][:3]
    session.execute(update(Offer).where(Offer.organization_id.in_(there)).values(state="withdrawn"))
    return lambda: suggest.for_need(session, live, need, among=there)


def for_npo(session, live):
    npo = an_npo(session)
    return lambda: suggest.for_npo(session, live, npo)


def for_offer(session, live):
    offer = session.scalars(
        select(Offer)
        .where(Offer.organization_id == company_of(session).id, Offer.state == "open")
        .options(joinedload(Offer.organization).joinedload(Organization.company))
    ).first()
    return lambda: suggest.for_offer(session, live, offer)


def _missions(session, shown):
    for one in shown:
        one.candidate.npo.mission += LIMIT


def _own_mission(session, _shown):
    an_npo(session).npo.activities += LIMIT


def _profiles(session, shown):
    for one in shown:
        one.candidate.company.volunteering += LIMIT


def _own_conditions(session, shown):
    shown[0].offer.conditions += LIMIT


def _their_place(session, shown):
    for one in shown:
        one.need.place_note += LIMIT


@pytest.mark.parametrize(
    ("asked", "change"),
    [
        (by_mission, _missions), (by_mission, lambda session, shown: _no_go_of(company_of(session), shown)),
        (by_profile, _profiles), (for_npo, _profiles), (for_npo, _own_mission),
        (for_offer, _own_conditions), (for_offer, _their_place),
    ],
    ids=[
        "the mission of an NPO shown by it", "the profile that asks", "the profile of a company shown by it",
        "the profile of a company that an NPO finds", "the mission that asks", "the offer that asks",
        "the need that an offer finds",
    ],
)  # fmt: skip
def test_what_changes_counts_where_no_need_or_no_offer_is_spoken_of(demo, counted, asked, change):
    live = LiveIndex()
    with demo.write() as session:
        live.level(session)
        ask = asked(session, live)
        first = said(ask())
        shown = list(ask())
        counted.clear()
        assert said(ask()) == first
        assert counted == []
        assert shown
        assert all(one.need is None or asked is not by_mission for one in shown)
        assert all(one.offer is None or asked is not by_profile for one in shown)
        change(session, shown)
        session.flush()
        found = said(ask())
        assert counted.count("scored") > 0
        assert found != first
        live.told = reasoned.Forgetting(reasoned.PAIRS)
        assert found == said(ask())
        session.rollback()


def _no_go_of(company, shown):
    company.company.no_go = "".join(one.candidate.npo.mission for one in shown)


# ── What is kept ─────────────────────────────────────────────────────────────────────────────────────────


PERSONAL = ("representative", "contact_name", "email", "phone")


@pytest.mark.parametrize(("asker", "page_of"), ASKERS)
def test_nothing_personal_is_kept_and_a_new_telephone_number_changes_nothing(demo, counted, asker, page_of):
    live = LiveIndex()
    with demo.write() as session:
        live.level(session)
        asking = asker(session)
        for time in range(2):
            counted.clear()
            shown = page_of(session, live, asking, NO_FILTERS, 1, NOW)
            sides = {one.candidate for one in shown} | {getattr(asking, "organization", asking)}
            for one in sides:
                for name in PERSONAL:
                    setattr(one, name, f"personal {time}")
            for need in {one.need for one in shown if one.need}:
                need.contact_name = f"personal {time}"
            session.flush()
        assert counted == []
        assert len(live.told) >= len(shown) > 0
        assert "personal" not in repr([vars(one) for one in live.told._kept.values()])
        session.rollback()


def test_of_what_two_sides_say_a_digest_is_kept(demo):
    live = LiveIndex()
    with demo.read() as session:
        live.level(session)
        pages.for_company(session, live, company_of(session), NO_FILTERS, 1, NOW)
    assert {len(one.because) for one in live.told._kept.values()} == {16}


@pytest.mark.parametrize(("asker", "page_of"), ASKERS)
def test_a_text_that_waits_to_be_read_is_not_quoted_as_it_was(demo, counted, asker, page_of):
    live = LiveIndex()
    with demo.write() as session:
        live.level(session)
        asking = asker(session)
        page = page_of(session, live, asking, NO_FILTERS, 1, NOW)
        # Of who asks nothing is found while it waits: what waits is the other side's.
        own = asking if isinstance(asking, Organization) else asking.organization
        texts = [text for one in page for text in (one.need, one.offer) if text is not None]
        text = next(text for text in texts if text.organization_id != own.id)
        text.title = "まったく別のことを書きました。"
        findable.touch(session, text)
        session.flush()
        counted.clear()
        live.level(session)
        found = said(page_of(session, live, asking, NO_FILTERS, 1, NOW))
        assert found
        assert "scored" in counted
        anew = LiveIndex()
        anew.level(session)
        assert found == said(page_of(session, anew, asking, NO_FILTERS, 1, NOW))
        session.rollback()


def test_nothing_is_kept_while_the_index_is_behind(demo):
    live = LiveIndex()
    with demo.write() as session:
        live.level(session)
        session.scalars(select(Counter).where(Counter.name == "index")).one().value += 1
        session.flush()
        assert pages.for_company(session, live, company_of(session), NO_FILTERS, 1, NOW)
        assert len(live.told) == len(live.asked) == 0
        session.rollback()


def test_another_state_forgets_all_and_no_more_than_so_many_are_kept():
    held = reasoned.Forgetting(2)
    for key in ("first", "second"):
        held.put("one state", key, key)
    assert held.get("one state", "first") == "first"
    held.put("one state", "third", "third")
    assert [held.get("one state", key) for key in ("first", "second", "third")] == ["first", None, "third"]
    assert held.get("another", "first") is None
    held.put("another", "fourth", "fourth")
    assert len(held) == 1
    assert held.get("one state", "first") is None
