"""The desk: what waits and since when, what the lists hold, who was suggested, who did what."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.desk import noted, unseen, watches
from matcher.desk import queues as desk
from matcher.desk.lists import LISTS
from matcher.desk.lists import listing as lists
from matcher.ground.errors import NotPermitted
from matcher.ground.permissions import Actor
from matcher.records import (
    AuditEvent,
    CaseMessage,
    Need,
    Offer,
    Organization,
    Partnership,
    ShownList,
    ShownSuggestion,
    User,
)
from matcher.register import audit
from tests.conftest import NOW
from tests.factories import (
    actor_for,
    make_city,
    make_company,
    make_coordinator,
    make_need,
    make_npo,
    make_offer,
    make_user,
)

_serial = iter(range(1, 10**6))


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def make_case(
    session: Session, company: Organization, npo: Organization, user: User, **changes: Any
) -> Partnership:
    """A case that waits for the city."""
    facts: dict[str, Any] = {
        "number": f"E-2026-{next(_serial):04d}", "company_id": company.id, "npo_id": npo.id, "origin": "company",
        "state": "coordinator_review", "support_type": "food", "quantity": 20, "unit": "kg",
        "started_by_id": user.id, "created_at": NOW, "moved_at": NOW,
    }  # fmt: skip
    case = Partnership(**facts | changes)
    session.add(case)
    session.flush()
    return case


def show(
    session: Session,
    viewer: Organization,
    *candidates: Organization,
    need: Need | None = None,
    offer: Offer | None = None,
) -> list[ShownSuggestion]:
    """A shown list of ``viewer``."""
    shown = ShownList(
        organization_id=viewer.id, shown_at=NOW, model_id="m", index_version=1, weights_version="w"
    )
    session.add(shown)
    session.flush()
    cards = [
        ShownSuggestion(
            shown_list_id=shown.id, rank=rank, candidate_id=one.id, need_id=need.id if need else None,
            offer_id=offer.id if offer else None, score=0.5, parts={}, reasons=[],
        )
        for rank, one in enumerate(candidates, start=1)
    ]  # fmt: skip
    session.add_all(cards)
    session.flush()
    return cards


@pytest.fixture
def officer(session: Session) -> User:
    make_city(session)
    return make_coordinator(session)


@pytest.fixture
def actor(officer: User) -> Actor:
    return actor_for(officer)


def names(listing: lists.Listing) -> list[str]:
    return [row.record.name for row in listing.rows]


def titles(listing: lists.Listing) -> list[str]:
    return [row.record.title for row in listing.rows]


# ── What waits ───────────────────────────────────────────────────────────────────────────────────────


def test_the_promise_counts_working_days_in_tokyo() -> None:
    # NOW is Tuesday 24 November; Monday was a holiday. Three working days after Wednesday 18: Tuesday 24.
    assert watches.promise_limit(NOW) == datetime(2026, 11, 17, 14, 59, 59, tzinfo=UTC)
    # On the next day Wednesday's has become late.
    assert watches.promise_limit(NOW + timedelta(days=1)) == datetime(2026, 11, 18, 14, 59, 59, tzinfo=UTC)


def test_queues_say_how_many_since_when_and_how_many_are_late(
    session: Session, officer: User, actor: Actor
) -> None:
    company = make_company(session, state="submitted", submitted_at=days_ago(8))
    npo = make_npo(session, state="submitted", submitted_at=days_ago(1))
    verified = make_npo(session)
    make_need(session, verified, state="in_review", submitted_at=days_ago(3))
    make_need(session, verified, state="open")
    make_offer(session, company, state="in_review", submitted_at=days_ago(2))
    make_case(session, company, npo, officer, moved_at=days_ago(9))
    found = {queue.code: queue for queue in desk.queues(session, actor, NOW)}
    assert [queue.code for queue in found.values()] == [
        "organizations", "needs", "offers", "cases", "agreements", "comments", "questions", "at_rest", "to_read", "to_accept",
        "to_pay", "to_conclude", "overdue", "incidents", "over", "quiet",
    ]  # fmt: skip
    assert (found["organizations"].count, found["organizations"].oldest) == (2, days_ago(8))
    assert found["organizations"].late == 1
    assert (found["needs"].count, found["needs"].oldest, found["needs"].late) == (1, days_ago(3), 0)
    assert (found["offers"].count, found["offers"].late) == (1, 0)
    assert (found["cases"].count, found["cases"].late) == (1, 1)
    # Waiting for the city beyond its promise is standing still, too.
    assert (found["over"].count, found["over"].oldest) == (1, days_ago(9))


def test_an_empty_desk_says_nothing_waits(session: Session, actor: Actor) -> None:
    assert {(q.count, q.oldest, q.late) for q in desk.queues(session, actor, NOW)} == {(0, None, 0)}


def test_a_case_stands_still_after_thirty_days_without_a_word(
    session: Session, officer: User, actor: Actor
) -> None:
    company, npo = make_company(session), make_npo(session)
    need = [make_need(session, npo, title=f"ニーズ{n}") for n in range(5)]
    common: dict[str, Any] = {"moved_at": days_ago(31), "state": "interest_both"}
    silent = make_case(session, company, npo, officer, need_id=need[0].id, **common)
    spoken = make_case(session, company, npo, officer, need_id=need[1].id, **common)
    session.add(CaseMessage(partnership_id=spoken.id, author_id=officer.id, written_at=days_ago(2), text="."))
    make_case(
        session, company, npo, officer, need_id=need[2].id, moved_at=days_ago(29), state="interest_both"
    )
    make_case(session, company, npo, officer, need_id=need[3].id, moved_at=days_ago(90), state="declined")
    introduced = make_case(
        session, company, npo, officer, need_id=need[4].id, moved_at=days_ago(40), state="introduced"
    )
    session.flush()
    by_age = LISTS["cases"].fetch(session, actor, {"state": "interest_both"}, NOW, sort="age")
    assert [row.moved for row in by_age.rows] == [days_ago(2), days_ago(29), days_ago(31)]
    stalled = LISTS["cases"].fetch(session, actor, {"late": "over"}, NOW)
    assert [row.record.id for row in stalled.rows] == [silent.id]
    quiet = LISTS["cases"].fetch(session, actor, {"late": "quiet"}, NOW)
    assert [row.record.id for row in quiet.rows] == [introduced.id]
    queues = {queue.code: queue.count for queue in desk.queues(session, actor, NOW)}
    assert (queues["over"], queues["quiet"]) == (1, 1)


def test_needs_and_organizations_that_nobody_was_shown_stand_on_the_desk(
    session: Session, actor: Actor
) -> None:
    company = make_company(session, verified_at=days_ago(5))
    shown_npo, hidden = make_npo(session), make_npo(session, verified_at=days_ago(9))
    make_npo(session, state="submitted")
    seen = make_need(session, shown_npo, title="見せたニーズ")
    old = make_need(session, hidden, title="古い", published_at=days_ago(20))
    make_need(session, hidden, title="新しい", published_at=days_ago(2))
    make_need(session, hidden, title="下書き", state="draft")
    show(session, company, shown_npo, need=seen)
    total, needs = unseen.needs(session, actor)
    assert (total, [need.title for need in needs]) == (2, [old.title, "新しい"])
    total, organizations = unseen.organizations(session, actor)
    assert (total, [one.id for one in organizations]) == (2, [hidden.id, company.id])
    assert titles(LISTS["needs"].fetch(session, actor, {"late": "never"}, NOW)) == ["古い", "新しい"]
    assert names(LISTS["organizations"].fetch(session, actor, {"late": "never"}, NOW)) == [
        hidden.name,
        company.name,
    ]


def test_deadlines_of_the_coming_week_stand_in_order(session: Session, officer: User, actor: Actor) -> None:
    today = date(2026, 11, 24)
    company, npo = make_company(session), make_npo(session)
    make_need(session, npo, title="七日目", valid_until=today + timedelta(days=7))
    make_need(session, npo, title="八日目", valid_until=today + timedelta(days=8))
    make_need(session, npo, title="きのう", valid_until=today - timedelta(days=1))
    make_offer(session, company, title="今日まで", valid_until=today)
    make_case(session, company, npo, officer, state="interest_one_side", deadline_at=days_ago(-2))
    for_the_city = make_need(session, npo, title="市を待つ", valid_until=today + timedelta(days=30))
    make_case(
        session, company, npo, officer, state="coordinator_review", deadline_at=days_ago(-4),
        need_id=for_the_city.id,
    )  # fmt: skip
    make_npo(session, name="更新の会", verification_expires_on=today + timedelta(days=3))
    found = desk.deadlines(session, actor, NOW)
    assert [(one.kind, one.on.day) for one in found] == [
        ("offer", 24), ("answer", 26), ("verification", 27), ("approval", 28), ("need", 1),
    ]  # fmt: skip


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────


def test_organizations_are_filtered_by_every_condition(session: Session, actor: Actor) -> None:
    first = make_company(
        session, name="みお青果", area="hama", search_text="みお青果 野菜", profile={"fields": ["13"]}
    )
    make_offer(session, first, support_type="food")
    make_company(
        session, name="待つ会社", state="submitted", submitted_at=days_ago(9), profile={"fields": ["7"]}
    )
    make_npo(session, name="浜の会", area="chuo", profile={"areas": ["hama"], "fields": ["7", "13"]})
    for conditions, expected in (
        ({"kind": "company"}, {"みお青果", "待つ会社"}),
        ({"state": "submitted"}, {"待つ会社"}),
        ({"area": "hama"}, {"みお青果", "浜の会"}),
        ({"field": "7"}, {"待つ会社", "浜の会"}),
        ({"field": "3"}, set()),
        ({"support_type": "food"}, {"みお青果"}),
        ({"q": "ﾔｻｲ"}, set()),
        ({"q": "野菜"}, {"みお青果"}),
        ({"q": "%"}, set()),
        ({"late": "over"}, {"待つ会社"}),
        ({"kind": "npo", "field": "13"}, {"浜の会"}),
    ):
        listing = LISTS["organizations"].fetch(session, actor, conditions, NOW)
        assert (set(names(listing)), listing.total) == (expected, len(expected)), conditions


def test_what_waits_for_the_city_stands_first_and_the_oldest_before_it(
    session: Session, actor: Actor
) -> None:
    npo = make_npo(session)
    make_need(session, npo, title="公開", published_at=days_ago(50))
    make_need(session, npo, title="新しい", state="in_review", submitted_at=days_ago(1))
    make_need(session, npo, title="古い", state="in_review", submitted_at=days_ago(4))
    make_need(session, npo, title="済み", state="withdrawn", updated_at=days_ago(90))
    assert titles(LISTS["needs"].fetch(session, actor, {}, NOW)) == ["古い", "新しい", "公開", "済み"]


def test_lists_are_sorted_by_what_stands_in_the_column(session: Session, actor: Actor) -> None:
    a, b = make_npo(session, name="い", kana="アイ"), make_npo(session, name="ろ", kana="ロウ")
    first = make_need(session, a, title="一", valid_until=date(2027, 1, 1), published_at=days_ago(3))
    make_need(session, b, title="二", valid_until=None, published_at=days_ago(9), number=None)
    company = make_company(session)
    show(session, company, a, need=first)
    for sort, expected in (
        ("name", ["一", "二"]),
        ("-name", ["二", "一"]),
        ("age", ["一", "二"]),
        ("-age", ["二", "一"]),
        ("until", ["一", "二"]),
        ("-until", ["一", "二"]),  # what has no date stays at the end, both ways
        ("-count", ["一", "二"]),
        ("count", ["二", "一"]),
    ):
        listing = LISTS["needs"].fetch(session, actor, {}, NOW, sort=sort)
        assert titles(listing) == expected, sort
    assert [row.count for row in LISTS["needs"].fetch(session, actor, {}, NOW, sort="-count").rows] == [1, 0]


def test_a_page_past_the_end_is_the_last_page(session: Session, actor: Actor) -> None:
    npo = make_npo(session)
    for number in range(lists.PAGE_SIZE + 3):
        make_need(session, npo, title=f"{number:03d}")
    second = LISTS["needs"].fetch(session, actor, {}, NOW, sort="title", page=99)
    assert (second.page, second.pages, second.first, second.last, second.total) == (2, 2, 51, 53, 53)
    assert titles(second) == ["050", "051", "052"]
    whole = LISTS["needs"].fetch(session, actor, {}, NOW, sort="title", page=None)
    assert len(whole.rows) == 53


def test_chosen_rows_alone_can_be_had(session: Session, actor: Actor) -> None:
    npo = make_npo(session)
    needs = [make_need(session, npo, title=title) for title in "あいう"]
    chosen = ",".join((needs[2].public_id, needs[0].public_id, "none"))
    listing = LISTS["needs"].fetch(session, actor, {"selected": chosen}, NOW, sort="title", page=None)
    assert titles(listing) == ["あ", "う"]


def test_cases_are_found_by_number_names_and_who_is_in_charge(
    session: Session, officer: User, actor: Actor
) -> None:
    company = make_company(session, search_text="みお青果", area="hama")
    npo = make_npo(session, search_text="ひだまりの会")
    need = make_need(session, npo, search_text="水曜の野菜", fields=["13"])
    mine = make_case(session, company, npo, officer, need_id=need.id, coordinator_id=officer.id)
    other = make_case(session, company, npo, officer, support_type="place", state="introduced")
    for conditions, expected in (
        ({"q": mine.number.lower()}, {mine.id}),
        ({"q": "ひだまり"}, {mine.id, other.id}),
        ({"q": "みお 水曜"}, {mine.id}),
        ({"mine": "1"}, {mine.id}),
        ({"state": "introduced"}, {other.id}),
        ({"support_type": "place"}, {other.id}),
        ({"field": "13"}, {mine.id}),
        ({"area": "hama"}, {mine.id, other.id}),
        ({"late": "running"}, {mine.id}),
    ):
        listing = LISTS["cases"].fetch(session, actor, conditions, NOW)
        assert {row.record.id for row in listing.rows} == expected, conditions


@pytest.mark.parametrize(
    ("sort", "names"), [("name", ["い", "ろ", "あ", "は"]), ("-name", ["ろ", "い", "は", "あ"])]
)
def test_names_without_a_reading_come_at_the_end_by_name(
    session: Session, actor: Actor, sort: str, names: list[str]
) -> None:
    for name, kana in (("は", ""), ("ろ", "ロウ"), ("あ", ""), ("い", "アイ")):
        make_npo(session, name=name, kana=kana)
    found = LISTS["organizations"].fetch(session, actor, {}, NOW, sort=sort).rows
    assert [row.record.name for row in found] == names


def test_unknown_sorts_and_conditions_do_no_harm(session: Session, actor: Actor) -> None:
    make_need(session, make_npo(session))
    for fetch in (
        LISTS["organizations"].fetch,
        LISTS["needs"].fetch,
        LISTS["offers"].fetch,
        LISTS["cases"].fetch,
    ):
        fetch(
            session, actor, {"late": "x", "nonsense": "1", "q": ".*+?[( %_\\ '"}, NOW, sort="-drop", page=-5
        )


# ── Exposure ─────────────────────────────────────────────────────────────────────────────────────────


def test_exposure_counts_cards_viewers_readings_and_choices(
    session: Session, officer: User, actor: Actor
) -> None:
    one, two = make_company(session), make_company(session)
    often, never = make_npo(session, name="よく出る会"), make_npo(session, name="出ない会")
    card = show(session, one, often)[0]
    show(session, one, often)
    show(session, two, often)
    member = actor_for(make_user(session, one), one)
    noted.note_opened(session, member, card.public_id, NOW)
    noted.note_opened(session, member, card.public_id, NOW + timedelta(days=1))
    noted.note_opened(session, actor, card.public_id, NOW)
    make_case(session, one, often, officer, shown_suggestion_id=card.id)
    listing = LISTS["exposure"].fetch(session, actor, {"kind": "npo"}, NOW)
    found = [(row.record.name, row.shown, row.viewers, row.opened, row.chosen) for row in listing.rows]
    assert found == [("出ない会", 0, 0, 0, 0), ("よく出る会", 3, 2, 1, 1)]
    assert never.name == "出ない会"
    assert card.opened_at == NOW
    companies, npos = unseen.spread(session, actor)
    assert (companies.kind, companies.verified, companies.never, companies.most) == ("company", 2, 2, 0)
    assert (npos.verified, npos.never, npos.shown, npos.middle, npos.most) == (2, 1, 3, 1.5, 3)


def test_only_who_was_shown_a_card_counts_as_having_read_it(session: Session, actor: Actor) -> None:
    viewer, other, candidate = make_company(session), make_company(session), make_npo(session)
    card = show(session, viewer, candidate)[0]
    noted.note_opened(session, actor_for(make_user(session, other), other), card.public_id, NOW)
    noted.note_opened(session, actor, card.public_id, NOW)
    noted.note_opened(session, actor, "no such card", NOW)
    assert card.opened_at is None


# ── Exports and the record ───────────────────────────────────────────────────────────────────────────


def test_an_export_is_noted_with_what_was_asked_but_not_what_was_typed(
    session: Session, actor: Actor
) -> None:
    conditions = {"state": "open", "q": "山田 花子", "area": ""}
    audit.write(session, noted.export_note(actor, "needs", 12, conditions, NOW))
    event = session.scalars(select(AuditEvent)).one()
    assert (event.action, event.object_type, event.object_id) == ("export", "list", "needs")
    assert event.details == {
        "count": 12, "format": "xlsx", "conditions": {"state": "open", "q": "typed"},
    }  # fmt: skip


def test_the_record_is_filtered_by_object_action_person_and_day(session: Session, officer: User) -> None:
    manager = make_user(session, role="manager", name="宇野 佳代子")
    npo = make_npo(session, name="ひだまりの会", search_text="ひだまりの会")
    need = make_need(session, npo, number="N-2026-0042")
    audit.record(session, actor_for(officer), "verify", "organization", npo.public_id, days_ago(3))
    audit.record(session, actor_for(manager), "publish", "need", need.public_id, days_ago(1))
    audit.record(session, actor_for(manager), "export", "list", "needs", NOW)
    reader = actor_for(manager)

    def actions(**conditions: str) -> list[str]:
        return [row.event.action for row in LISTS["audit"].fetch(session, reader, conditions, NOW).rows]

    assert actions() == ["export", "publish", "verify"]
    assert actions(object_type="need") == ["publish"]
    assert actions(object_id=npo.public_id) == ["verify"]
    assert actions(action="export") == ["export"]
    assert actions(q="宇野") == ["export", "publish"]
    assert actions(q="n-2026-0042") == ["publish"]
    assert actions(q="ひだまり") == ["verify"]
    assert actions(since="2026-11-23") == ["export", "publish"]
    assert actions(until="2026-11-21") == ["verify"]
    titles = {row.event.action: row.title for row in LISTS["audit"].fetch(session, reader, {}, NOW).rows}
    assert titles == {"export": "", "publish": need.title, "verify": "ひだまりの会"}
    operator = actor_for(make_user(session, role="operator"))
    # The operator runs the machine and does not read what cases are about.
    assert {row.title for row in LISTS["audit"].fetch(session, operator, {}, NOW).rows} == {""}


def test_only_those_who_may_see_the_desk_see_it(session: Session, officer: User) -> None:
    company = make_company(session)
    member = actor_for(make_user(session, company), company)
    operator = actor_for(make_user(session, role="operator"))
    for actor in (Actor(), member, operator):
        with pytest.raises(NotPermitted):
            desk.queues(session, actor, NOW)
        for fetch in (
            LISTS["organizations"].fetch, LISTS["needs"].fetch, LISTS["offers"].fetch, LISTS["cases"].fetch, LISTS["exposure"].fetch,
        ):  # fmt: skip
            with pytest.raises(NotPermitted):
                fetch(session, actor, {}, NOW)
        with pytest.raises(NotPermitted):
            noted.export_note(actor, "needs", 1, {}, NOW)
    for actor in (Actor(), member, actor_for(officer)):
        with pytest.raises(NotPermitted):
            LISTS["audit"].fetch(session, actor, {}, NOW)


def test_cases_are_sorted_by_their_next_day(session: Session, officer: User, actor: Actor) -> None:
    company, npo = make_company(session), make_npo(session)
    for days in (5, 2, 9):
        need = make_need(session, npo)
        make_case(
            session, company, npo, officer, need_id=need.id, state="interest_one_side",
            deadline_at=days_ago(-days),
        )  # fmt: skip
    rising = LISTS["cases"].fetch(session, actor, {}, NOW, sort="until")
    assert [row.due for row in rising.rows] == [date(2026, 11, 26), date(2026, 11, 29), date(2026, 12, 3)]
