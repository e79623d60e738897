"""The pages of a need that several companies fill: written in parts, taken in parts, shown with what is missing."""

import pytest
from sqlalchemy import select

from matcher.cases import answering, beginning, deciding
from matcher.cases.beginning import Terms
from matcher.cases.deciding import Decision
from matcher.postings import need_parts
from matcher.records import CaseTake, Contribution, Need, NeedPart, Organization, Partnership
from matcher.register import folding
from tests import factories
from tests.conftest import NOW
from tests.web import test_case_pages
from tests.web.conftest import login_as
from tests.web.pages import post, send, visit

HELLO, propose_url = test_case_pages.HELLO, test_case_pages.propose_url
town = test_case_pages.town
GOOD = Decision("条件が明確である。", conflict_of_interest=False, city_involved=False)
PART = {
    "part_2_support_type": "place",
    "part_2_what": "調理の場所",
    "part_2_quantity": "3",
    "part_2_unit": "回",
}


def introduce(town, terms, *, name="さきがけ工業", is_named=False, state=""):
    """Another company takes something of the need; it is introduced, or as far as ``state``."""
    with town.records.write() as session:
        need = session.get(Need, town.need.id)
        npo = session.get(Organization, town.npo.id)
        company = factories.make_company(session, name=name)
        user = factories.make_user(session, company)
        member, other = factories.actor_for(user, company), factories.actor_for(town.users["group"], npo)
        pair = beginning.between(company, npo, need=need)
        case = beginning.propose(session, member, pair, terms, "ぜひ。", NOW, is_named=is_named)
        answering.accept(session, other, case, "", NOW, version=None)
        case = session.scalars(select(Partnership).where(Partnership.id == case.id)).one()
        deciding.approve(
            session, factories.actor_for(town.users["desk"]), case, GOOD, NOW, version=case.version
        )
        if state:
            case.state = state
        return case.id, user


@pytest.fixture
def big(town):
    """A need of 100 kg."""
    with town.records.write() as session:
        session.get(Need, town.need.id).quantity = 100
    return town


def add_part(town, place=2, support_type="place", quantity=3, unit="回", what="調理の場所"):
    with town.records.write() as session:
        session.add(
            NeedPart(
                need_id=town.need.id, place=place, support_type=support_type, what=what, quantity=quantity, unit=unit
            )
        )  # fmt: skip


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def draft(town):
    with town.records.write() as session:
        session.get(Need, town.need.id).state = "draft"
    return town, f"/npo/needs/{town.need.public_id}"


def test_what_else_is_needed_is_written_without_scripts_and_shown(draft):
    town, url = draft
    page = visit(town.group, f"{url}/step/2")
    send(town.group, page, {**PART, "action": "next"})
    with town.records.read() as session:
        (part,) = need_parts.further(session, session.get(Need, town.need.id))
        assert (part.place, part.support_type, part.what, part.quantity, part.unit) == (
            2,
            "place",
            "調理の場所",
            3,
            "回",
        )
    again = visit(town.group, f"{url}/step/2")
    assert again.form(button="保存して次へ").values["part_2_what"] == "調理の場所"
    for address in (f"{url}/check", url):
        assert "場所・会議室・土地・倉庫（調理の場所） 3回" in visit(town.group, address).text


def test_a_part_with_an_impossible_unit_keeps_what_was_typed(draft):
    town, url = draft
    page = visit(town.group, f"{url}/step/2")
    refused = send(town.group, page, {**PART, "part_2_unit": "kg", "action": "next"}, 422)
    assert "この支援の種類で使える単位（時間、㎡、回、日）から選んでください。" in refused.text
    assert refused.form(button="保存して次へ").values["part_2_what"] == "調理の場所"


def test_a_part_is_taken_out_by_emptying_it(draft):
    town, url = draft
    add_part(town)
    page = visit(town.group, f"{url}/step/2")
    emptied = dict.fromkeys(PART, "") | {"part_2_min_useful": "", "action": "next"}
    send(town.group, page, emptied)
    with town.records.read() as session:
        assert need_parts.further(session, session.get(Need, town.need.id)) == ()


# ── Taking ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_proposal_begins_with_what_is_missing_and_takes_no_more(big):
    introduce(big, Terms("food", 60, "kg"))
    with big.records.write() as session:
        session.get(type(big.offer), big.offer.id).quantity = 80
    form = visit(big.firm, propose_url(big))
    assert form.form(action="/new").values["quantity"] == "40"
    assert "100kgのうち60kgを相談しています。あと40kg" in form.text
    typed = {"message": HELLO, "quantity": "41", "action": "send"}
    refused = send(big.firm, form, typed, 422)
    assert "残りは40kgになりました。" in refused.text
    assert refused.form(action="/new").values["quantity"] == "41"
    assert refused.form(action="/new").values["message"] == HELLO
    send(big.firm, refused, {"quantity": "40", "action": "send"})
    assert big.case().quantity == 40


def test_nobody_writes_about_a_need_of_which_nothing_is_missing(big):
    introduce(big, Terms("food", 100, "kg"))
    assert "このニーズは、必要なものがそろいました。" in visit(big.firm, propose_url(big)).text


def test_parts_are_taken_through_the_page_that_checks(big):
    add_part(big)
    add_part(big, 3, "pro_bono", None, "", "チラシづくり")
    form = visit(big.firm, propose_url(big))
    typed = {
        "message": HELLO, "part": "2", "support_type": "place", "quantity": "2", "unit": "回", "take_1": "30",
        "whole_3": "y", "is_named": "y", "action": "check",
    }  # fmt: skip
    check = send(big.firm, form, typed, 200)
    for words in ("場所・会議室・土地・倉庫（調理の場所） 3回", "食品 30kg", "出してよい"):
        assert words in check.text, words
    send(big.firm, check, {"action": "send"})
    case = big.case()
    assert (case.part, case.support_type, case.quantity, case.is_named) == (2, "place", 2, True)
    with big.records.read() as session:
        rows = session.scalars(select(CaseTake).where(CaseTake.partnership_id == case.id)).all()
        assert [(row.place, row.quantity, row.unit) for row in rows] == [(1, 30, "kg"), (3, None, "")]
    assert "食品 30kg" in visit(big.group, big.url).text
    revise = visit(big.group, f"{big.url}/revise").form(action="/revise").values
    assert (revise["part"], revise["take_1"], revise["whole_3"]) == ("2", "30", ["y"])


def test_of_a_need_with_one_part_nobody_is_asked_for_parts(big):
    form = visit(big.firm, propose_url(big)).form(action="/new").values
    assert not [name for name in form if name.startswith(("part", "take_", "whole_"))]


def test_the_city_reads_why_it_cannot_introduce_another(big):
    post(
        big.firm,
        propose_url(big),
        {"support_type": "food", "quantity": "60", "unit": "kg", "message": HELLO, "action": "send"},
    )
    post(big.group, f"{big.url}/accept", {"version": str(big.case().version)})
    waiting = big.url
    introduce(big, Terms("food", 70, "kg"))
    visit(big.desk, f"{waiting}/approve", 302)
    assert "残りの量は30kgになりました。" in visit(big.desk, waiting).text


# ── What is missing, and who fills it ────────────────────────────────────────────────────────────────


def test_what_is_missing_stands_wherever_the_need_does(big):
    introduce(big, Terms("food", 60, "kg"), state="agreed")
    need = big.need.public_id
    for browser, url, words in (
        (big.group, f"/npo/needs/{need}", "100kgのうち60kgが決まりました。あと40kg"),
        (big.firm, f"/company/needs/{need}", "100kgのうち60kgが決まりました。あと40kg"),
        (big.desk, f"/desk/needs/{need}", "100kgのうち60kgが決まりました。あと40kg"),
        (big.firm, f"/needs/{need}", "100kgのうち60kgが決まりました。あと40kg"),
        (big.group, "/npo", "あと40kg（100kgのうち）"),
        (big.group, "/npo/needs", "あと40kg（100kgのうち）"),
        (big.firm, "/company/needs", "あと40kg（100kgのうち）"),
        (big.firm, "/needs", "あと40kg（100kgのうち）"),
    ):
        assert words in visit(browser, url).text, url


@pytest.fixture
def shared(big, new_client):
    """Three companies fill the need: one named and agreed, one unnamed and agreed, one that only talks."""
    first, user = introduce(big, Terms("food", 60, "kg"), name="名乗る会社", is_named=True, state="running")
    introduce(big, Terms("food", 20, "kg"), name="名乗らない会社", state="agreed")
    introduce(big, Terms("food", 10, "kg"), name="相談中の会社", is_named=True)
    with big.records.write() as session:
        session.add(
            Contribution(
                partnership_id=first, giver="company", state="confirmed", support_type="food", quantity=25, unit="kg",
                given_on=NOW.date(), recorded_by_id=user.id, recorded_at=NOW,
            )
        )  # fmt: skip
    return big, login_as(new_client(), user), f"/together/{big.need.public_id}"


ALL = {"名乗る会社", "名乗らない会社", "相談中の会社"}


@pytest.mark.parametrize(
    ("who", "named"),
    [
        ("group", ALL),
        ("desk", ALL),
        ("taker", {"名乗る会社", "相談中の会社"}),
        ("stranger", {"名乗る会社"}),
        ("nobody", {"名乗る会社"}),
    ],
)
def test_who_fills_a_need_is_named_with_consent_only(shared, new_client, who, named):
    town, taker, url = shared
    browser = {"taker": taker, "nobody": new_client()}.get(who) or getattr(town, who)
    page = visit(browser, url)
    assert {name for name in ALL if name in page.text} == named
    assert ("企業1社" in page.text) == ("名乗らない会社" not in named)
    assert "25kg" in page.text
    assert ("10kgを相談しています" in page.text) == (who in {"group", "desk", "taker"})


def test_the_shared_page_is_led_to_from_the_need_and_the_case(shared):
    town, taker, url = shared
    need = town.need.public_id
    with town.records.read() as session:
        case = session.scalars(select(Partnership.public_id).order_by(Partnership.id)).first()
    for browser, address in (
        (town.group, f"/npo/needs/{need}"), (town.firm, f"/company/needs/{need}"), (town.desk, f"/desk/needs/{need}"),
        (taker, f"/cases/{case}"),
    ):  # fmt: skip
        assert url in visit(browser, address).html, address


def test_there_is_no_shared_page_of_one_case_nor_in_public_of_what_is_not_public(big, new_client):
    url = f"/together/{big.need.public_id}"
    introduce(big, Terms("food", 60, "kg"), is_named=True, state="agreed")
    visit(big.group, url, 404)
    introduce(big, Terms("food", 20, "kg"))
    visit(big.group, url)
    visit(new_client(), url)
    with big.records.write() as session:
        session.get(Need, big.need.id).visibility = "members"
    visit(big.group, url)
    visit(new_client(), url, 404)
    visit(big.stranger, url, 404)


def test_a_company_says_yes_to_a_recommendation_with_or_without_its_name(big):
    with big.records.write() as session:
        case = beginning.recommend(
            session, factories.actor_for(big.users["desk"]),
            beginning.between(session.get(Organization, big.company.id), session.get(Organization, big.npo.id),
                              need=session.get(Need, big.need.id)),
            Terms("food", 20, "kg"), "local", "近いため。", NOW,
        )  # fmt: skip
        assert case.is_named is False
    assert "is_named" not in visit(big.group, f"{big.url}/accept").form(action="/accept").values
    send(big.firm, visit(big.firm, f"{big.url}/accept"), {"is_named": "y"}, action="/accept")
    assert big.case().is_named


def test_a_company_takes_its_name_back_whenever_it_likes(shared):
    town, taker, url = shared
    with town.records.read() as session:
        case = session.scalars(select(Partnership.public_id).order_by(Partnership.id)).first()
    assert "名乗る会社" in visit(town.stranger, url).text
    page = visit(taker, f"/cases/{case}/do/name_company")
    assert page.form(button="保存する").values["is_named"] == ["y"]
    send(taker, page, {"is_named": []}, button="保存する")
    visit(town.stranger, url, 404)  # nobody is left who lets itself be named


@pytest.mark.parametrize("state", ["suspended", "deactivated", "returned", "submitted"])
def test_who_left_or_was_stopped_is_named_no_more_and_its_amount_still_counts(shared, new_client, state):
    town, taker, url = shared
    with town.records.write() as session:
        companies = {one.name: one for one in session.scalars(select(Organization)) if one.name in ALL}
        companies["相談中の会社"].state = state
        session.scalars(
            select(Partnership).where(Partnership.company_id == companies["名乗らない会社"].id)
        ).one().is_named = True
        companies["名乗らない会社"].name = "残る会社"
    assert "相談中の会社" not in visit(taker, url).text
    with town.records.write() as session:
        session.scalars(select(Organization).where(Organization.name == "名乗る会社")).one().state = state
    browsers = [town.stranger, new_client()]
    for page in [visit(browser, url) for browser in browsers]:
        assert "名乗る会社" not in page.text
        assert {"企業1社", "残る会社", "60kg", "25kg"} <= {
            word for word in ("企業1社", "残る会社", "60kg", "25kg") if word in page.text
        }
    assert all("名乗る会社" in visit(browser, url).text for browser in (town.group, town.desk))
    with town.records.write() as session:
        session.scalars(select(Organization).where(Organization.name == "残る会社")).one().state = state
    for browser in browsers:
        visit(browser, url, 404)  # nobody is left who may be named


def test_what_is_taken_besides_is_counted_in_the_unit_of_its_part(big):
    add_part(big)
    form = visit(big.firm, propose_url(big))
    typed = {"message": HELLO, "quantity": "20", "take_2": "2時間", "action": "send"}
    refused = send(big.firm, form, typed, 422)
    assert "回で数えた量を入力してください。" in refused.text
    send(big.firm, refused, {"take_2": "2回", "action": "send"})
    with big.records.read() as session:
        assert [(row.place, row.quantity) for row in session.scalars(select(CaseTake))] == [(2, 2)]


def test_a_list_finds_a_need_by_a_further_part_and_says_where(big):
    add_part(big)
    with big.records.write() as session:
        need = session.get(Need, big.need.id)
        need.search_text = folding.text_of_posting(need, need_parts.further(session, need))
    for browser, url in ((big.firm, "/company/needs"), (big.stranger, "/needs")):
        found = visit(browser, f"{url}?q=調理の場所")
        assert big.need.title in found.text
        assert "見つかった場所：ほかにも必要なもの" in found.text
        for asked, is_found in (("support_type=place", True), ("support_type=place&amount=2回", False)):
            assert (big.need.title in visit(browser, f"{url}?{asked}").text) is is_found, asked
    introduce(big, Terms("place", 3, "回", part=2))
    assert big.need.title not in visit(big.firm, "/company/needs?support_type=place").text
    assert big.need.title in visit(big.firm, "/company/needs?support_type=food").text


def test_how_much_else_is_needed_stands_on_the_desk_and_on_the_page_of_the_npo(big):
    npo = f"/organizations/{big.npo.public_id}"
    for browser, url in ((big.desk, "/desk/needs"), (big.firm, npo)):
        assert "ほかに" not in visit(browser, url).text
    add_part(big)
    add_part(big, 3, "pro_bono", None, "")
    for browser, url in (
        (big.desk, "/desk/needs"), (big.desk, "/desk/needs?support_type=place"), (big.firm, npo), (big.stranger, npo),
    ):  # fmt: skip
        assert "100kg（ほかに2つ）" in visit(browser, url).text, url
    assert big.need.title not in visit(big.desk, "/desk/needs?support_type=cash_donation").text
    with big.records.write() as session:
        session.get(Need, big.need.id).quantity = None
    assert "ほかに2つ" in visit(big.firm, npo).text


@pytest.mark.parametrize("part", ["abc", "1.5", "２", "9", ""])
def test_a_part_that_the_need_does_not_have_begins_with_what_is_missing(big, part):
    add_part(big)
    form = visit(big.firm, propose_url(big))
    begun = send(big.firm, form, {"message": HELLO, "part": part, "action": "begin"}, 200)
    values = begun.form(action="/new").values
    assert (values["support_type"], values["unit"], values["message"]) == ("food", "kg", HELLO)
    refused = send(big.firm, form, {"message": HELLO, "part": part, "action": "send"}, 422 if part else 302)
    assert big.count(Partnership) == (0 if part else 1), refused.text


def test_a_part_that_a_company_takes_cannot_be_taken_out(big):
    add_part(big)
    introduce(big, Terms("food", 60, "kg", also=((2, 3),)))
    with big.records.write() as session:
        session.get(Need, big.need.id).state = "draft"
    page = visit(big.group, f"/npo/needs/{big.need.public_id}/step/2")
    emptied = dict.fromkeys(PART, "") | {"part_2_min_useful": "", "quantity": "120", "action": "next"}
    refused = send(big.group, page, emptied, 422)
    assert "企業が引き受けた分（相談中を含みます）があります。" in refused.text
    assert refused.form(button="保存して次へ").values["quantity"] == "120"
    with big.records.read() as session:
        need = session.get(Need, big.need.id)
        assert (need.quantity, len(need_parts.further(session, need))) == (100, 1)
