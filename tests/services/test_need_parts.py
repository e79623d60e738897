"""Several companies fill one need: what is missing of its parts, and the last of it taken by two at once."""

from itertools import product

import pytest
from sqlalchemy import select, update

from matcher.cases import answering, beginning, deciding, takes
from matcher.cases import reads as case_reads
from matcher.cases.beginning import Terms
from matcher.cases.deciding import Decision
from matcher.ground import parts
from matcher.ground.errors import Invalid, Refused
from matcher.ground.parts import Part
from matcher.postings import acts, again, drafts, finding, need_parts, reads
from matcher.postings.wanted import Wanted
from matcher.records import AuditEvent, CaseTake, Need, NeedPart, Notice, Partnership
from matcher.register import folding
from matcher.suggestions.conditions import Filters
from matcher.suggestions.indexing import LiveIndex
from tests import factories
from tests.services.test_partnerships import Town
from tests.services.test_races import at_once

GOOD = Decision("条件が明確である。", conflict_of_interest=False, city_involved=False)
FOOD = Part(1, "food", 100, "kg")


@pytest.fixture
def town(session):
    found = Town(session)
    found.need = factories.make_need(session, found.npo, quantity=100)
    return found


def wants(town, now, terms, need=None):
    """A new company that wants to give something of the need; the NPO says yes."""
    company = factories.make_company(town.session)
    member = factories.actor_for(factories.make_user(town.session, company), company)
    pair = beginning.between(company, town.npo, need=need or town.need)
    case = beginning.propose(town.session, member, pair, terms, "ぜひ。", now)
    answering.accept(town.session, town.npo_actor, case, "", now, version=None)
    return case


def introduced(town, now, terms, need=None):
    case = wants(town, now, terms, need)
    deciding.approve(town.session, town.coordinator, case, GOOD, now, version=case.version)
    return case


def missing(town, need=None):
    return [one.missing for one in takes.of(town.session, need or town.need)]


def add_part(town, place=2, support_type="place", quantity=3.0, unit="回", **more):
    town.session.add(
        NeedPart(need_id=town.need.id, place=place, support_type=support_type, quantity=quantity, unit=unit, **more)
    )  # fmt: skip
    town.session.flush()


# ── The rule ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "decided", "talked", "left"),
    [
        ([], 0, 0, 100),
        ([("food", 60, "kg", True)], 60, 0, 40),
        ([("food", 60, "kg", True), ("food", 30, "kg", False)], 60, 30, 10),
        ([("food", 60, "食", True)], 0, 0, 100),  # counted in another way
        ([("place", 60, "kg", True)], 0, 0, 100),  # of another kind
        ([("food", None, "", True)], 0, 0, 100),  # how much is still talked about
        ([("food", 120, "kg", True)], 120, 0, 0),
        ([("food", 33.3, "kg", True), ("food", 66.7, "kg", True)], 100, 0, 0),
    ],
)
def test_what_is_missing_is_what_was_asked_for_less_what_is_taken(given, decided, talked, left):
    rows = [parts.Taken(1, kind, amount, unit, is_decided) for kind, amount, unit, is_decided in given]
    (found,) = parts.standing([FOOD], rows)
    assert (found.decided, found.talked, found.missing) == (decided, talked, left)
    assert found.is_filled == (decided >= 100)


def test_a_part_without_an_amount_is_filled_by_one_and_not_held_by_who_only_talks():
    whole = Part(1, "place")
    (found,) = parts.standing([whole], [parts.Taken(1, "place", 3, "回", is_decided=False)])
    assert (found.missing, found.is_filled) == (1, False)
    (found,) = parts.standing([whole], [parts.Taken(1, "place", 3, "回", is_decided=True)])
    assert (found.missing, found.is_filled) == (0, True)


# ── What is taken ────────────────────────────────────────────────────────────────────────────────────


def test_a_proposal_holds_nothing_and_an_introduction_does_until_the_case_ends(town, session, now):
    case = wants(town, now, Terms("food", 60, "kg"))
    assert missing(town) == [100]
    deciding.approve(session, town.coordinator, case, GOOD, now, version=case.version)
    assert missing(town) == [40]
    answering.withdraw(session, town.npo_actor, case, "other_partner", "", now, version=case.version)
    assert missing(town) == [100]


def test_a_case_takes_of_further_parts_besides_its_own_terms(town, session, now):
    add_part(town)
    add_part(town, 3, "pro_bono", None, "")
    case = introduced(town, now, Terms("food", 60, "kg", also=((2, 2), (3, None))))
    assert missing(town) == [40, 1, 1]  # a whole is not held by who only talks about it
    assert takes.further(session, case) == ((2, 2), (3, None))


def test_terms_can_be_of_another_part_than_the_first(town, now):
    add_part(town)
    introduced(town, now, Terms("place", 3, "回", part=2))
    assert missing(town) == [100, 0]


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        (Terms("food", 41, "kg"), {"quantity": "more_than_missing"}),
        (Terms("food", 40, "kg"), None),
        (Terms("food", 41, "食"), None),
        (Terms("food", 10, "kg", also=((2, 1),)), {"take_2": "more_than_missing"}),
        (Terms("food", 10, "kg", also=((4, 1),)), {"take_4": "required"}),
        (Terms("food", 10, "kg", also=((1, 1),)), {"take_1": "required"}),
        (Terms("food", 10, "kg", also=((2, 0),)), {"take_2": "positive"}),
        (Terms("food", 10, "kg", also=((3, 1.5),)), {"take_3": "amount_not_whole"}),
        (Terms("food", 10, "kg", also=((3, float("nan")),)), {"take_3": "positive"}),
        (Terms("food", 10, "kg", also=((3, 10.0**12),)), {"take_3": "amount_too_large"}),
        (Terms("food", 10, "kg", part=5), {"part": "required"}),
    ],
)
def test_no_more_is_taken_than_others_have_left(town, now, terms, wrong):
    add_part(town)
    add_part(town, 3)
    introduced(town, now, Terms("food", 60, "kg", also=((2, 3),)))
    if wrong is None:
        wants(town, now, terms)
        return
    with pytest.raises(Invalid) as refused:
        wants(town, now, terms)
    assert refused.value.facts == wrong


def test_more_than_is_asked_for_may_be_offered_where_nobody_has_taken_anything(town, now):
    introduced(town, now, Terms("food", 150, "kg"))
    assert missing(town) == [0]


def test_nobody_is_asked_about_a_need_of_which_nothing_is_missing(town, now):
    introduced(town, now, Terms("food", 100, "kg"))
    with pytest.raises(Refused) as refused:
        wants(town, now, Terms("food", 1, "kg"))
    assert refused.value.code == "need_taken"


def test_other_terms_are_held_to_what_others_have_left(town, session, now):
    case = wants(town, now, Terms("food", 30, "kg"))
    introduced(town, now, Terms("food", 60, "kg"))
    deciding.return_(
        session, town.coordinator, case, "conditions", "量を確かめてください。", now, version=None
    )
    with pytest.raises(Invalid) as refused:
        answering.revise(session, town.npo_actor, case, Terms("food", 41, "kg"), "", now, version=None)
    assert refused.value.facts == {"quantity": "more_than_missing"}
    answering.revise(session, town.npo_actor, case, Terms("food", 40, "kg"), "", now, version=None)
    assert case.quantity == 40


def test_the_city_introduces_nobody_beyond_what_is_missing(town, session, now):
    late = wants(town, now, Terms("food", 60, "kg"))
    introduced(town, now, Terms("food", 70, "kg"))
    with pytest.raises(Refused) as refused:
        deciding.approve(session, town.coordinator, late, GOOD, now, version=None)
    assert (refused.value.code, refused.value.facts) == ("part_filled", {"missing": "30", "unit": "kg"})


def race_for_the_last(database, rounds, now):
    """``rounds`` times: two coordinators introduce two companies that both take the last 40 kg."""
    with database.write() as session:
        town = Town(session)
        coordinators = (town.coordinator, town.colleague)
        ready = []
        for _ in range(rounds):
            need = factories.make_need(session, town.npo, quantity=100)
            introduced(town, now, Terms("food", 60, "kg"), need)
            cases = [wants(town, now, Terms("food", 40, "kg"), need) for _ in range(2)]
            ready.append((need.id, [(case.public_id, case.version) for case in cases]))

    def approve(actor, public_id, version):
        with database.write() as session:
            case = case_reads.get_case(session, actor, public_id)
            deciding.approve(session, actor, case, GOOD, now, version=version)
        return "approved"

    for need_id, (one, other) in ready:
        results = at_once(
            lambda: approve(coordinators[0], *one),  # noqa: B023
            lambda: approve(coordinators[1], *other),  # noqa: B023
        )
        refused = [result for result in results if isinstance(result, Refused)]
        assert (results.count("approved"), len(refused)) == (1, 1), results
        assert (refused[0].code, refused[0].facts["missing"]) == ("part_filled", "0")
        with database.read() as session:
            assert takes.of(session, session.get(Need, need_id))[0].missing == 0


def test_of_two_who_take_the_last_of_a_need_at_once_exactly_one_gets_it(database, now):
    race_for_the_last(database, 6, now)


# ── The end ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_need_closes_by_itself_with_the_agreement_that_fills_it(partners, session):
    partners.bring("agreement_review")
    need = partners.case.need
    assert need.state == "open"
    partners.confirm()
    assert need.state == "filled"
    event = session.scalars(
        select(AuditEvent).where(AuditEvent.object_id == need.public_id, AuditEvent.action == "fill")
    ).one()
    assert (event.role, event.details["case"]) == ("system", partners.case.public_id)
    assert "need_filled" in session.scalars(select(Notice.code)).all()


def test_a_need_stays_open_while_a_part_of_it_is_missing(partners, session):
    partners.bring("agreement_review")
    need = partners.case.need
    session.add(NeedPart(need_id=need.id, place=2, support_type="place", quantity=3, unit="回"))
    session.flush()
    partners.confirm()
    assert need.state == "open"
    assert [one.missing for one in takes.of(session, need)] == [0, 3]


def test_a_filled_need_stays_while_two_others_wait_for_the_city_about_it(partners, session):
    partners.bring("agreement_review")
    need = partners.case.need
    need.quantity, need.unit = None, ""
    waiting = wants(partners, partners.at, Terms("food"), need)
    partners.confirm()
    assert (need.state, waiting.state) == ("open", "coordinator_review")
    assert parts.is_filled(takes.of(session, need))


def test_what_is_broken_off_is_missing_again(partners, session):
    partners.bring("agreed")
    assert takes.of(session, partners.case.need)[0].missing == 0
    partners.case.was_terminated = True
    session.flush()
    assert takes.of(session, partners.case.need)[0].missing == partners.case.need.quantity


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────


def saved(town, now, *further):
    town.need.state = "draft"
    drafts.save_need_step(town.session, town.npo_actor, town.need, 2, {}, now, version=None, further=further)


FURTHER = (Part(2, "place", 3, "回", what="調理の場所"), Part(4, "pro_bono"))


@pytest.mark.parametrize("stood", [(), FURTHER])
@pytest.mark.parametrize("written", [None, (), FURTHER, FURTHER[1:]])
@pytest.mark.parametrize("step", [1, 2])
def test_a_need_is_written_once_a_save_with_or_without_parts(town, session, now, stood, written, step):
    need, typed = town.need, {"title": "米と野菜", "quantity": 50}
    saved(town, now, *stood)
    need.steps_done = 0
    session.flush()
    shown = need.version
    drafts.save_need_step(session, town.npo_actor, need, step, typed, now, version=shown, further=written)
    session.flush()
    assert need.version == shown + 1
    edit = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert edit.object_version == need.version
    assert need.search_text == folding.text_of_posting(need, need_parts.further(session, need))
    assert need_parts.further(session, need) == (stood if written is None else written)


@pytest.mark.parametrize("stood", [(), FURTHER])
def test_a_need_is_published_and_taken_over_in_one_write(town, session, now, stood):
    need = town.need
    saved(town, now, *stood)
    need.state = "in_review"
    session.flush()
    shown = need.version
    official = factories.actor_for(factories.make_coordinator(session))
    need = reads.get_need(session, official, need.public_id)
    acts.publish(session, official, need, now, version=shown, edits={"title": "米と野菜を"})
    session.flush()
    assert (need.version, need.state) == (shown + 1, "open")
    assert need.search_text == folding.text_of_posting(need, stood)
    need.state = "expired"
    made = again.take_over(session, town.npo_actor, need, now)
    session.flush()
    assert made.version == 1
    assert made.search_text == folding.text_of_posting(made, stood)
    assert need_parts.further(session, made) == stood


def test_further_parts_are_kept_in_their_place_and_taken_out(town, session, now):
    kept = (Part(2, "place", 3, "回", what="調理の場所"), Part(4, "pro_bono"))
    saved(town, now, *kept)
    assert need_parts.further(session, town.need) == kept
    edit = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert edit.details == {"fields": ["parts"]}
    saved(town, now, kept[1])
    assert need_parts.further(session, town.need) == kept[1:]


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        (Part(2, "", 3, "回"), {"part_2_support_type": "required"}),
        (Part(2, "place", 3, "kg"), {"part_2_unit": "required"}),
        (Part(3, "food", 0, "kg"), {"part_3_quantity": "positive"}),
        (Part(3, "food", 5, "kg", 6), {"part_3_min_useful": "more_than_quantity"}),
        (Part(3, "food", 5, "kg", what="長" * 61), {"part_3_what": "too_long"}),
        (
            Part(
                3, "food", 5, "kg", what="\N{CLOWN FACE}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH JOINER}" * 60
            ),
            {"part_3_what": "too_long"},
        ),
    ],
)
def test_a_part_that_cannot_be_meant_is_refused_beside_its_field(town, now, part, wrong):
    with pytest.raises(Invalid) as refused:
        saved(town, now, part)
    assert refused.value.facts == wrong


@pytest.mark.parametrize(
    ("values", "written", "wrong"),
    [
        ({}, (), {"part_2_support_type": "part_taken"}),
        ({}, (Part(2, "place", 3, "日"),), {"part_2_support_type": "part_taken"}),
        ({}, (Part(2, "goods_new", 3, "個"),), {"part_2_support_type": "part_taken"}),
        ({"unit": "食"}, (Part(2, "place", 3, "回"),), {"support_type": "part_taken"}),
    ],
)
def test_what_companies_take_remains_what_it_was_when_a_need_is_written_anew(
    town, now, values, written, wrong
):
    hold_and_rework(town, now)
    with pytest.raises(Invalid) as refused:
        rewrite(town, now, values, written)
    assert refused.value.facts == wrong


def test_amounts_and_words_of_what_companies_take_may_be_written_anew(town, now):
    hold_and_rework(town, now)
    rewrite(town, now, {"quantity": 200}, (Part(2, "place", 5, "回", what="集会所"), Part(3, "pro_bono")))
    assert missing(town) == [140, 2, 1]


def hold_and_rework(town, now):
    add_part(town)
    introduced(town, now, Terms("food", 60, "kg", also=((2, 3),)))
    town.need.state = "draft"
    town.session.flush()


def rewrite(town, now, values, written):
    drafts.save_need_step(
        town.session, town.npo_actor, town.need, 2, values, now, version=None, further=written
    )


# ── Looking for it ───────────────────────────────────────────────────────────────────────────────────


def is_found(town, words="", **filters):
    looked_for = Wanted(words, Filters(**filters))
    rows = reads.open_needs(town.session, looked_for.as_dict(), public=False).rows
    return town.need in rows


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"support_type": "place"}, True),
        ({"support_type": "food"}, True),
        ({"support_type": "pro_bono"}, True),
        ({"support_type": "cash_donation"}, False),
        ({"support_type": "place", "amount": 3.0, "unit": "回"}, True),
        ({"support_type": "place", "amount": 2.0, "unit": "回"}, False),
        ({"support_type": "place", "amount": 100.0, "unit": "kg"}, False),  # of two parts
        ({"support_type": "pro_bono", "amount": 9.0, "unit": "時間"}, False),  # it says no amount
        ({"amount": 3.0, "unit": "回"}, True),
        ({"amount": 100.0, "unit": "kg"}, True),
        ({"amount": 99.0, "unit": "kg"}, False),
    ],
)
def test_a_need_is_found_by_the_kind_and_the_amount_of_any_part(town, filters, found):
    add_part(town)
    add_part(town, 3, "pro_bono", None, "")
    assert is_found(town, **filters) is found


def test_of_a_kind_that_is_only_welcome_as_well_no_amount_is_known(town):
    town.need.also_welcome = ["goods_new", "place"]
    town.session.flush()
    assert is_found(town, support_type="goods_new")
    for amount, unit in ((100.0, "kg"), (5.0, "箱")):  # the first is that of the food
        assert not is_found(town, support_type="goods_new", amount=amount, unit=unit), unit
    add_part(town)
    assert is_found(town, support_type="place", amount=3.0, unit="回")  # a part says how much of it
    assert not is_found(town, support_type="place", amount=100.0, unit="kg")


def test_a_part_of_which_little_is_useful_is_found_by_that(town):
    add_part(town, min_useful=1)
    assert is_found(town, support_type="place", amount=1.0, unit="回")
    assert not is_found(town, support_type="place", amount=0.5, unit="回")


def test_a_need_is_found_by_what_is_missing_and_not_by_what_companies_take(town, now):
    add_part(town)
    add_part(town, 3, "pro_bono", None, "")
    case = introduced(town, now, Terms("food", 60, "kg", also=((2, 1), (3, None))))
    assert is_found(town, support_type="food", amount=40.0, unit="kg")
    assert not is_found(town, support_type="food", amount=39.0, unit="kg")
    assert is_found(town, support_type="place", amount=2.0, unit="回")
    assert is_found(town, support_type="pro_bono")  # who only talks about a whole does not hold it
    case.state = "agreed"
    town.session.flush()
    assert not is_found(town, support_type="pro_bono")
    introduced(town, now, Terms("place", 2, "回", part=2))
    assert not is_found(town, support_type="place")
    assert is_found(town, support_type="food")
    case.was_terminated = True
    town.session.flush()
    assert is_found(town, support_type="place", amount=1.0, unit="回")
    assert is_found(town, support_type="pro_bono")


AMOUNTS, STATES = (None, 33.33, 0.1), ("coordinator_review", "negotiation", "agreed")


@pytest.mark.parametrize("wanted", [100.0, 33.33, 33.43, None])
def test_what_is_missing_in_sql_is_what_is_missing_in_the_rule(town, session, now, wanted):
    """Of the first part and of a further one, whatever kind and amount cases take of them."""
    town.need.quantity, town.need.unit = wanted, "kg" if wanted else ""
    add_part(town, 2, "food", town.need.quantity, town.need.unit)
    cases = [wants(town, now, Terms("food")) for _amount in AMOUNTS]
    session.add_all([CaseTake(partnership_id=case.id, place=2, support_type="food") for case in cases])
    session.flush()
    seen = set()
    for state, kind in product(STATES, ("food", "goods_new", "cash_donation")):
        for table, key in ((Partnership, Partnership.id), (CaseTake, CaseTake.partnership_id)):
            for case, amount in zip(cases, AMOUNTS, strict=True):
                values = {"support_type": kind, "quantity": amount, "unit": "kg" if amount else ""}
                session.execute(update(table).where(key == case.id).values(**values))
        session.execute(update(Partnership).values(state=state))
        session.expire_all()
        first = session.scalar(select(takes.left(Need)).where(Need.id == town.need.id))
        further = session.scalar(select(takes.left(NeedPart)).where(NeedPart.need_id == town.need.id))
        for found, rule in zip((first, further), missing(town), strict=True):
            assert max(0.0, round(float(found), 2)) == rule, (state, kind)
            assert (float(found) > takes.SOME) == (rule > 0)
            seen.add(rule)
    assert len(seen) == 2, seen


def test_a_kept_search_is_met_by_a_need_of_which_any_part_meets_it(town, session, now):
    add_part(town)

    def hits(**filters):
        looked_for = Wanted(filters=Filters(**filters))
        return set(finding.meeting(session, LiveIndex(), "need", [town.need.id], looked_for))

    assert hits(support_type="place", amount=3.0, unit="回") == {town.need.id}
    assert hits(support_type="place", amount=2.0, unit="回") == set()
    introduced(town, now, Terms("place", 3, "回", part=2))
    assert hits(support_type="place") == set()


@pytest.mark.parametrize(
    ("looked_for", "place"),
    [
        ({"support_type": "food"}, None), ({"support_type": "goods_new"}, None), ({"q": "野菜"}, None),
        ({"support_type": "place"}, 2), ({"support_type": "place", "amount": "3", "unit": "回"}, 2),
        ({"amount": "3", "unit": "回"}, 2), ({"amount": "100", "unit": "kg"}, None),
        ({"support_type": "pro_bono"}, 3), ({"support_type": "goods_new", "amount": "2", "unit": "箱"}, 4),
        ({"q": "調理の場所"}, 2), ({"q": "場所 プロボノ"}, 2), ({"q": "野菜 調理"}, None), ({}, None),
        ({"support_type": "place", "q": "野菜"}, 2), ({"area": "chuo", "q": "調理"}, 2),
    ],
)  # fmt: skip
def test_of_a_need_that_a_search_has_found_it_is_known_by_which_part(town, looked_for, place):
    town.need.also_welcome = ["goods_new"]
    add_part(town, what="調理の場所")
    add_part(town, 3, "pro_bono", None, "")
    add_part(town, 4, "goods_new", 5.0, "箱", min_useful=2)
    town.need.search_text = folding.text_of_posting(town.need, need_parts.further(town.session, town.need))
    assert is_found(town, looked_for.get("q", ""), **vars(Wanted.of(looked_for).filters))
    rows = takes.of(town.session, town.need)
    met = finding.part_met(Wanted.of(looked_for), town.need, rows)
    assert (met.part.place if met else None) == place


def test_a_part_that_companies_have_taken_is_not_the_one_that_is_met(town, now):
    add_part(town, 2, "food", 5.0, "kg")
    looked_for = Wanted(filters=Filters(support_type="food"))
    assert finding.part_met(looked_for, town.need, takes.of(town.session, town.need)) is None
    introduced(town, now, Terms("food", 100, "kg"))
    assert finding.part_met(looked_for, town.need, takes.of(town.session, town.need)).part.place == 2


def test_a_word_finds_what_a_further_part_says(town, session, now):
    assert not is_found(town, "調理の場所")
    saved(town, now, Part(2, "place", 3, "回", what="調理の場所"))
    town.need.state = "open"
    session.flush()
    assert is_found(town, "調理の場所")
    assert is_found(town, "会議室")
    town.need.state = "in_review"
    acts.publish(session, town.coordinator, town.need, now, version=None, edits={"title": "夏休みの昼ごはん"})
    assert is_found(town, "夏休みの昼ごはん 調理の場所")
    again_ = again.take_over(session, town.npo_actor, _over(town), now)
    assert "調理の場所" in again_.search_text
    town.need.state = "draft"
    session.flush()
    saved(town, now)
    assert "調理の場所" not in town.need.search_text


def _over(town):
    town.need.state = "expired"
    town.session.flush()
    return town.need
