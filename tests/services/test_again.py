"""前回を引き継ぐ: what is over begins anew as a draft that follows it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import calendar
from matcher.ground import posting as fields
from matcher.ground.errors import NotFound, NotPermitted, Refused
from matcher.ground.parts import Part
from matcher.ground.permissions import Actor
from matcher.postings import acts, again, drafts, joint, need_parts, reads
from matcher.records import AuditEvent, Need, Offer
from tests import factories
from tests.conftest import NOW

TODAY = calendar.tokyo_date(NOW)


@dataclass
class Town:
    """An NPO and a company, each with somebody who writes."""

    session: Session
    npo_actor: Actor
    company_actor: Actor
    npo: Any
    company: Any

    def need(self, **changes: Any) -> Need:
        facts = {
            "state": "expired", "period_from": date(2025, 12, 1), "period_to": date(2026, 3, 31),
            "valid_until": date(2026, 3, 31), "areas": ["hama"], "fields": ["13"], "min_useful": 5,
            "also_welcome": ["cash_donation"], "place_note": "勝手口", "visibility": "members", "repeat": "continuing",
        }  # fmt: skip
        return factories.make_need(self.session, self.npo, organization=self.npo, **facts | changes)

    def take_over(self, before: Any) -> Any:
        actor = self.npo_actor if isinstance(before, Need) else self.company_actor
        return again.take_over(self.session, actor, before, NOW)

    def due(self) -> list[str]:
        return [one.title for one in again.due(reads.own_needs(self.session, self.npo_actor), TODAY)]


@pytest.fixture
def town(session: Session) -> Town:
    factories.make_city(session)
    npo, company = factories.make_npo(session), factories.make_company(session)
    people = [factories.make_user(session, one) for one in (npo, company)]
    return Town(session, *(factories.actor_for(one) for one in people), npo, company)


def test_a_need_is_taken_over_whole_a_year_later_as_a_draft_that_follows_it(town: Town) -> None:
    before = town.need()
    made = town.take_over(before)
    moved = {"period_from", "period_to", "valid_until"}
    for one in fields.FIELDS["need"]:
        if one.code not in moved:
            assert getattr(made, one.code) == getattr(before, one.code), one.code
    assert (made.period_from, made.period_to) == (date(2026, 12, 1), date(2027, 3, 31))
    assert made.valid_until == date(2027, 3, 31)
    assert (made.state, made.follows_id, made.number, made.published_at) == ("draft", before.id, None, None)
    assert made.id != before.id
    assert (before.state, before.period_from) == ("expired", date(2025, 12, 1))
    event = town.session.scalars(select(AuditEvent).where(AuditEvent.object_id == made.public_id)).one()
    assert (event.action, event.to_state, event.details) == (
        "take_over", "draft", {"follows": before.public_id},
    )  # fmt: skip
    made.areas.append("chuo")
    assert before.areas == ["hama"]


def test_further_parts_are_taken_over_at_their_places(town: Town) -> None:
    before = town.need()
    places = (Part(2, "place", 3, "回", 1, "調理の場所"), Part(4, "pro_bono", None, "", None, "チラシづくり"))
    need_parts.keep(town.session, before, places)
    made = town.take_over(before)
    assert need_parts.further(town.session, made) == places
    assert need_parts.further(town.session, before) == places
    need_parts.keep(town.session, made, ())
    assert need_parts.further(town.session, before) == places


def test_of_what_was_asked_for_together_each_takes_over_its_own_share(town: Town) -> None:
    lead = town.need(state="open", quantity=20, unit="kg", visibility="public", valid_until=date(2027, 3, 31))
    other_npo = factories.make_npo(town.session, name="ほかの団体")
    other = factories.make_need(town.session, other_npo, quantity=30, unit="kg", visibility="public")
    official = factories.actor_for(factories.make_coordinator(town.session))
    proposed = joint.propose_joint(
        town.session, official, lead, [other.public_id], "まとめて。", NOW, version=lead.version
    )
    second = factories.actor_for(factories.make_user(town.session, other_npo), other_npo)
    for actor in (town.npo_actor, second):
        found = joint.get_joint(town.session, actor, proposed.public_id)
        joint.answer_joint(town.session, actor, found, "agree", "", NOW)
    assert lead.quantity == 50
    lead.state = "expired"
    assert town.take_over(lead).quantity == 20


def test_what_was_taken_over_can_be_sent_as_it_is(town: Town) -> None:
    made = town.take_over(town.need())
    assert drafts.problems(made, NOW) == {}
    acts.submit(town.session, town.npo_actor, made, NOW, version=made.version)
    assert made.state == "in_review"


def test_an_offer_is_taken_over_with_its_open_end(town: Town) -> None:
    before = factories.make_offer(
        town.session, town.company, organization=town.company, state="filled", period_from=date(2025, 4, 1), period_to=None,
        conditions="受け取りに来られる団体。", quantity=30,
    )  # fmt: skip
    made = town.take_over(before)
    assert (made.period_from, made.period_to) == (date(2027, 4, 1), None)
    assert (made.conditions, made.quantity, made.title) == (before.conditions, 30, before.title)
    assert isinstance(made, Offer)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((date(2025, 12, 1), date(2026, 3, 31)), (date(2026, 12, 1), date(2027, 3, 31))),
        ((date(2024, 2, 29), date(2024, 2, 29)), (date(2027, 2, 28), date(2027, 2, 28))),
        ((date(2022, 6, 1), date(2022, 6, 30)), (date(2027, 6, 1), date(2027, 6, 30))),
        ((date(2026, 10, 1), date(2027, 9, 30)), (date(2027, 10, 1), date(2028, 9, 30))),
        ((None, TODAY.replace(year=2025)), (None, TODAY)),
        ((None, None), (None, None)),
    ],
)
def test_days_move_by_whole_years_until_they_are_not_over(before: Any, after: Any) -> None:
    assert again.moved(before, TODAY) == after


def test_a_second_click_takes_up_the_same_draft_and_a_sent_one_is_followed_anew(town: Town) -> None:
    before = town.need()
    made = town.take_over(before)
    assert town.take_over(before) is made
    acts.submit(town.session, town.npo_actor, made, NOW, version=made.version)
    town.session.flush()
    assert town.take_over(before) is not made


@pytest.mark.parametrize("state", ["draft", "in_review", "returned", "open", "paused"])
def test_only_what_is_over_is_taken_over(town: Town, state: str) -> None:
    with pytest.raises(Refused, match="not_over"):
        town.take_over(town.need(state=state))
    assert not again.may_take_over(town.npo_actor, town.need(state=state))


@pytest.mark.parametrize("state", ["filled", "expired", "withdrawn"])
def test_who_writes_for_its_owner_may_take_over_what_is_over(town: Town, state: str) -> None:
    before = town.need(state=state)
    assert again.may_take_over(town.npo_actor, before)
    assert town.take_over(before).follows_id == before.id


def test_nobody_takes_over_what_is_anothers_and_who_only_reads_takes_over_nothing(town: Town) -> None:
    before = town.need()
    other = factories.make_user(town.session, factories.make_npo(town.session))
    viewer = factories.make_user(town.session, town.npo, organization_role="viewer")
    for person in (other, viewer):
        with pytest.raises((NotFound, NotPermitted)):
            again.take_over(town.session, factories.actor_for(person), before, NOW)
        assert not again.may_take_over(factories.actor_for(person), before)
    town.npo.state = "suspended"
    town.session.flush()
    locked = factories.actor_for(factories.make_user(town.session, town.npo))
    with pytest.raises(Refused, match="organization_locked"):
        again.take_over(town.session, locked, before, NOW)
    assert not again.may_take_over(locked, before)


def test_the_latest_that_follows_is_known_by_what_it_follows(town: Town) -> None:
    before, alone = town.need(), town.need()
    first = town.take_over(before)
    assert again.followers(town.session, [before, alone]) == {before.id: first}
    assert again.forerunner(town.session, first) is before
    assert again.forerunner(town.session, before) is None
    first.state = "withdrawn"
    town.session.flush()
    assert again.followers(town.session, [before]) == {}
    assert again.followers(town.session, []) == {}


@pytest.mark.parametrize(
    ("began", "is_due"),
    [
        (date(2025, 11, 23), False),
        (date(2025, 11, 24), True),
        (date(2025, 12, 25), True),
        (date(2025, 12, 26), False),
        (date(2024, 12, 1), False),
        (None, False),
    ],
)
def test_one_is_reminded_in_the_month_before_last_years_first_day_comes_round(
    town: Town, began: Any, is_due: bool
) -> None:
    assert date(2026, 11, 24) == TODAY
    town.need(title="去年の今ごろ", period_from=began)
    assert town.due() == (["去年の今ごろ"] if is_due else [])


@pytest.mark.parametrize("state", ["open", "withdrawn", "draft"])
def test_what_goes_on_or_was_taken_back_reminds_nobody(town: Town, state: str) -> None:
    town.need(state=state)
    assert town.due() == []


def test_what_was_taken_over_reminds_nobody_any_more(town: Town) -> None:
    before = town.need(title="去年")
    assert town.due() == ["去年"]
    town.take_over(before)
    assert town.due() == []
