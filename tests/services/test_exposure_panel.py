"""The fairness panel: hand-counted figures by size, age, field and district; for staff only."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from matcher.cases import reads as case_reads
from matcher.desk import exposure
from matcher.desk.lists import LISTS
from matcher.ground import lifecycle
from matcher.ground.errors import NotPermitted
from matcher.records import Partnership, ShownList, ShownSuggestion
from tests import factories


@pytest.fixture
def shown(database, now):
    """Four NPOs; the first is shown eight times, the second once, one card is old, one stood on a new place."""
    with database.write() as session:
        factories.make_city(session)
        company = factories.make_company(session)
        user = factories.make_user(session, company)
        npos = [
            factories.make_npo(
                session, verified_at=now - timedelta(days=days), area=area,
                profile={"fields": fields, "budget_band": band},
            )
            for days, area, fields, band in (
                (400, "chuo", ["13", "1"], "10m-50m"), (400, "hama", ["13"], "-500k"),
                (100, "hama", ["7"], "-500k"), (10, "chuo", [], ""),
            )
        ]  # fmt: skip

        def card(npo, when, **facts):
            row = ShownList(
                organization_id=company.id, shown_at=when, model_id="m", index_version=1, weights_version="w"
            )
            session.add(row)
            session.flush()
            made = ShownSuggestion(
                shown_list_id=row.id, rank=1, candidate_id=npo.id, score=0.5, parts={}, reasons=[], **facts
            )
            session.add(made)
            session.flush()
            return made

        first = [card(npos[0], now - timedelta(days=n)) for n in range(8)]
        first[0].opened_at = now
        card(npos[3], now, is_newcomer=True)
        card(npos[1], now - timedelta(days=91))
        session.add(
            Partnership(
                number="P-1", company_id=company.id, npo_id=npos[0].id, state="introduced", origin="company",
                shown_suggestion_id=first[0].id, support_type="food", started_by_id=user.id, created_at=now,
                moved_at=now, version=1,
            )
        )  # fmt: skip
        for number, state in enumerate(("declined", "refused"), start=2):
            session.add(
                Partnership(
                    number=f"P-{number}", company_id=company.id, npo_id=npos[0].id, state=state,
                    origin="company", shown_suggestion_id=first[0].id, support_type="food",
                    started_by_id=user.id, created_at=now, moved_at=now, version=1,
                    decided_at=now if state == "refused" else None,
                )
            )  # fmt: skip
        coordinator = factories.actor_for(factories.make_coordinator(session))
        member = factories.actor_for(user, company)
    return coordinator, member


def test_the_panel_counts_by_hand(database, now, shown):
    with database.read() as session:
        companies, npos = exposure.panel(session, shown[0], now)
    assert (companies.kind, companies.cards, npos.cards) == ("company", 0, 9)
    assert npos.top_share == 1.0
    assert npos.is_narrow
    size = {group.code: group for group in npos.dimensions["size"]}
    assert list(size) == ["-500k", "10m-50m", "-"]
    # Of the three cases that began on one card one came to an introduction; the card counts once.
    assert (size["10m-50m"].cards, size["10m-50m"].opened, size["10m-50m"].cases) == (8, 1, 3)
    assert size["10m-50m"].introduced == 1
    assert size["10m-50m"].cards_share == pytest.approx(8 / 9)
    assert (size["10m-50m"].mark, size["-500k"].mark) == ("many", "few")
    assert (size["-"].cards, size["-"].newcomer_cards) == (1, 1)
    age = {group.code: group.cards for group in npos.dimensions["age"]}
    assert age == {"new": 1, "year": 0, "old": 8}
    field = {group.code: (group.organizations, group.cards) for group in npos.dimensions["field"]}
    assert field == {"1": (1, 8), "7": (1, 0), "13": (2, 8), "-": (1, 1)}
    area = {group.code: group.mark for group in npos.dimensions["area"]}
    assert area == {"chuo": "", "hama": "few"}


def test_an_empty_city_has_an_empty_panel(database, now):
    with database.write() as session:
        factories.make_city(session)
        coordinator = factories.actor_for(factories.make_coordinator(session))
    with database.read() as session:
        panels = exposure.panel(session, coordinator, now)
    assert [(one.cards, one.top_share, one.is_narrow) for one in panels] == [(0, 0.0, False)] * 2


def test_members_are_refused(database, now, shown):
    with database.read() as session, pytest.raises(NotPermitted):
        exposure.panel(session, shown[1], now)


def test_the_list_says_how_many_came_to_an_introduction(database, now, shown):
    with database.read() as session:
        rows = (
            LISTS["exposure"].fetch(session, shown[0], {"kind": "npo"}, now, sort="-introduced", page=1).rows
        )
    assert (rows[0].shown, rows[0].chosen, rows[0].introduced) == (8, 3, 1)
    assert [row.introduced for row in rows] == [1, 0, 0, 0]


def test_who_was_introduced_is_asked_of_many_as_of_one(session, now):
    """In every state, decided or not."""
    company, npo = factories.make_company(session), factories.make_npo(session)
    user = factories.make_user(session, company)
    for state in lifecycle.STATES["partnership"]:
        for decided_at in (None, now):
            session.add(
                Partnership(
                    number=f"{state}{decided_at is None}"[:20], company_id=company.id, npo_id=npo.id,
                    need_id=factories.make_need(session, npo).id, state=state, origin="npo",
                    support_type="food", started_by_id=user.id, created_at=now, moved_at=now,
                    decided_at=decided_at,
                )
            )  # fmt: skip
    session.flush()
    asked = set(session.scalars(select(Partnership.id).where(case_reads.WAS_INTRODUCED)))
    cases = session.scalars(select(Partnership)).all()
    assert asked == {case.id for case in cases if case.was_introduced}
    assert 0 < len(asked) < len(cases)
