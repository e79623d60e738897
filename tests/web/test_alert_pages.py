"""The pages of what is new: the list, how one hears of it, saved conditions, and the link of a mail that stops it."""

import email
import re
from datetime import timedelta
from email import policy

import pytest
from sqlalchemy import select

from matcher.alerts import choosing, digests, searches
from matcher.city import cities
from matcher.people import accounts
from matcher.records import (
    AuditEvent,
    Hit,
    Mail,
    Membership,
    Need,
    NeedPart,
    Organization,
    Partnership,
    Prospect,
    SavedSearch,
    ShownList,
    ShownSuggestion,
)
from matcher.register import notices, outbox, wording
from tests import factories
from tests.conftest import NOW
from tests.web.conftest import login_as
from tests.web.pages import post, send, visit
from webapp import alert_text, mail
from webapp.filters import brief_name

WHY = {"code": "support", "mark": "○", "says": "support_wanted", "wanted": "food", "given": "food"}


@pytest.fixture
def town(records):
    """A company with its owner, an NPO with its own, a need that is new to the company and an offer to the NPO."""
    with records.write() as session:
        town = {"company": factories.make_company(session), "npo": factories.make_npo(session)}
        town["owner"] = factories.make_user(session, town["company"])
        town["director"] = factories.make_user(session, town["npo"])
        town["need"] = factories.make_need(session, town["npo"])
        town["offer"] = factories.make_offer(session, town["company"])
        for user, side, kind, number, need in (
            ("owner", "company", "need", town["need"].id, None),
            ("director", "npo", "offer", town["offer"].id, town["need"].id),
            ("director", "npo", "company", town["company"].id, town["need"].id),
        ):
            session.add(
                Hit(
                    user_id=town[user].id, organization_id=town[side].id, owner_type=kind, owner_id=number,
                    need_id=need, score=0.81, why=WHY, found_at=NOW - timedelta(days=8),
                )
            )  # fmt: skip
        session.flush()
        notices.gather_on_screen(
            session, town["owner"], *wording.fits_found(town["company"], 1), NOW,
            about=("hits", town["company"].public_id), organization_id=town["company"].id,
        )  # fmt: skip
    return town


def test_the_home_page_the_notice_and_the_list_show_what_is_new_until_it_is_marked_as_seen(client, town):
    login_as(client, town["owner"])
    home = visit(client, "/company")
    assert "水曜の夕食に使う野菜がほしい" in [text for text, _url in home.links]
    assert visit(client, "/notices").href("詳しく見る（新しく合うもの）") == "/fits"
    page = visit(client, home.href("新しく合うものをすべて見る"))
    assert "団体が求める「食品」を、貴社が提供できます。" in page.text
    assert "適合度 高（0.81）" in page.text.replace("適合度 高 （", "適合度 高（")
    assert page.href("水曜の夕食に使う野菜がほしい") == f"/company/needs/{town['need'].public_id}"
    send(client, page, action="/fits/seen")
    assert "新しく合うものはありません" in visit(client, "/fits").text
    assert "新しく合うものをすべて見る" not in visit(client, "/company").text


@pytest.mark.parametrize("person", ["owner", "director"])
def test_the_list_stands_in_the_menu_whether_anything_is_new_or_not(client, town, person):
    page = visit(login_as(client, town[person]), "/profile")
    menu = page.html.split('class="menu"')[1].split("</details>")[0]
    assert re.search(r'href="/fits">\s*新しく合うもの', menu)
    send(client, visit(client, "/fits"), action="/fits/seen")
    assert visit(client, page.href("新しく合うもの")).h1 == ["新しく合うもの"]


def test_an_npo_sees_offers_and_companies_beside_its_own_need(client, town):
    login_as(client, town["director"])
    page = visit(client, visit(client, "/npo").href("新しく合うものをすべて見る"))
    assert page.href("規格外の野菜を届けます") == f"/npo/offers/{town['offer'].public_id}"
    assert page.href(town["company"].name) == f"/organizations/{town['company'].public_id}"
    assert page.text.count("こちらのニーズ：水曜の夕食に使う野菜がほしい") == 2


def test_how_one_hears_is_chosen_from_the_settings(client, records, town):
    login_as(client, town["owner"])
    page = visit(client, visit(client, "/account").href("新しく合うもののお知らせと、保存した条件"))
    assert (page.form("/account/alerts").values["bar"], page.form("/account/alerts").values["rhythm"]) == (
        "high",
        "weekly",
    )
    send(client, page, {"bar": "middle", "rhythm": "daily"}, action="/account/alerts")
    with records.read() as session:
        seat = session.scalars(select(Membership).where(Membership.user_id == town["owner"].id)).one()
        assert (seat.alert_bar, seat.alert_rhythm) == ("middle", "daily")
    post(client, "/account/alerts", {"bar": "everything", "rhythm": "daily"}, status=422)


@pytest.mark.parametrize(("person", "path"), [("owner", "/company/needs"), ("director", "/npo/offers")])
def test_conditions_are_saved_from_the_list_then_named_paused_and_deleted(
    client, records, town, person, path
):
    login_as(client, town[person])
    label = "この条件を保存する（新しいものをお知らせします）"
    assert label not in visit(client, path).text
    page = visit(client, visit(client, f"{path}?support_type=food&area=chuo&sort=closing").href(label))
    assert "支援の種類：食品、地域：中央" in page.text
    name = page.form("/searches/new").values["name"]
    assert name == "支援の種類：食品、地域：中央"
    send(client, page, {"name": ""}, 422, action="/searches/new")
    send(client, page, {"name": "中央の食品"}, action="/searches/new")
    send(client, page, {"name": "中央の食品"}, action="/searches/new")
    with records.read() as session:
        (kept,) = session.scalars(select(SavedSearch))
        assert (kept.name, kept.conditions) == ("中央の食品", {"support_type": "food", "area": "chuo"})
    page = visit(client, "/account/alerts")
    send(
        client,
        visit(client, page.href("名前を変える")),
        {"name": "食品"},
        action=f"/searches/{kept.public_id}",
    )
    send(client, page, action="/pause")
    assert "停止中" in visit(client, "/account/alerts").text
    send(client, visit(client, "/account/alerts"), action="/resume")
    send(client, visit(client, "/account/alerts"), action="/delete")
    assert "保存した条件はありません" in visit(client, "/account/alerts").text


@pytest.mark.parametrize(
    ("path", "person", "words"),
    [("/company/needs", "owner", "5kgまで"), ("/npo/offers", "director", "5kg以上")],
)
def test_an_amount_is_saved_with_its_unit(client, records, town, path, person, words):
    login_as(client, town[person])
    page = visit(
        client, visit(client, f"{path}?amount=5kg").href("この条件を保存する（新しいものをお知らせします）")
    )
    assert words in page.form("/searches/new").values["name"]
    send(client, page, {"name": "量"}, action="/searches/new")
    with records.read() as session:
        (kept,) = session.scalars(select(SavedSearch))
        assert kept.conditions == {"amount": "5", "unit": "kg"}
    assert words in visit(client, "/account/alerts").text


def test_nothing_is_saved_without_a_condition_and_a_strangers_search_is_not_found(client, records, town):
    with records.write() as session:
        other = accounts.actor_of(accounts.by_id(session, town["director"].id))
        kept = searches.save(session, other, "野菜", {"q": "野菜"}, NOW)
    login_as(client, town["owner"])
    page = post(client, "/searches/new", {"name": "なし"}, status=422)
    assert "保存する条件がありません" in page.text
    page = visit(client, "/searches/new?area=nowhere")
    assert page.href("条件を選ぶ") == "/company/needs"
    assert "条件の名前" not in page.text  # no form that can only be refused
    assert "この条件を保存する" in visit(client, "/company/needs?q=野菜").text
    assert "この条件を保存する" not in visit(client, "/company/needs?q=の").text
    visit(client, f"/searches/{kept.public_id}", status=404)
    post(client, f"/searches/{kept.public_id}/delete", status=404)


@pytest.fixture
def further(records, town):
    """The need asks for a kitchen, too, and a saved search has found it by that."""
    with records.write() as session:
        person = accounts.actor_of(accounts.by_id(session, town["owner"].id))
        kept = searches.save(session, person, "場所", {"support_type": "place"}, NOW)
        session.flush()
        session.scalars(select(Hit).where(Hit.user_id == town["owner"].id)).one().search_id = kept.id
        for place, kind, what in ((2, "place", "調理の場所"), (3, "pro_bono", "")):
            amount = {"quantity": 3, "unit": "回"} if kind == "place" else {"quantity": None, "unit": ""}
            session.add(
                NeedPart(need_id=town["need"].id, place=place, support_type=kind, what=what, **amount)
            )
        return kept.id


MET = "「ほかにも必要なもの」のうち、条件に合うもの：場所・会議室・土地・倉庫（調理の場所）"


def test_what_was_found_by_a_further_part_says_by_which(client, records, town, further):
    login_as(client, town["owner"])
    for path in ("/fits", "/company"):
        page = visit(client, path)
        assert MET in page.text, path
        assert "（ほかに2つ）" in page.text
    with records.write() as session:
        session.get(SavedSearch, further).conditions = {"support_type": "food"}
    for path in ("/fits", "/company"):
        page = visit(client, path)
        assert "ほかにも必要なもの" not in page.text
        assert "（ほかに2つ）" in page.text
    with records.write() as session:
        session.delete(session.get(SavedSearch, further))
    assert "ほかにも必要なもの" not in visit(client, "/fits").text


# ── The mail ─────────────────────────────────────────────────────────────────────────────────────────


def digest(records, settings, town):
    """The digest of the owner as it is sent, and its facts."""
    with records.write() as session:
        person = accounts.actor_of(accounts.by_id(session, town["owner"].id))
        kept = searches.save(session, person, "野菜の\u3000条件", {"q": "野菜"}, NOW)
        session.flush()
        second = factories.make_need(session, town["npo"], title="お米がほしい", also_welcome=[])
        session.add(
            Hit(
                user_id=town["owner"].id, organization_id=town["company"].id, owner_type="need", owner_id=second.id,
                search_id=kept.id, score=0.0, why={}, found_at=NOW - timedelta(days=8),
            )
        )  # fmt: skip
    with records.write() as session:
        assert digests.make(session, NOW) == 2
    with records.write() as session:
        row = next(one for one in outbox.lease(session, NOW) if one.to == town["owner"].email)
        written = mail.compose(row, cities.get(session), settings, NOW)
        return email.message_from_bytes(written, policy=policy.default), row.facts, written


def test_the_mail_says_what_by_which_condition_and_how_to_stop_it(records, settings, town):
    message, facts, written = digest(records, settings, town)
    body = message.get_content().replace("\r\n", "\n")
    assert message["Subject"] == "【縁むすび】新しく合うニーズのお知らせ（2件）"
    assert "1. 水曜の夕食に使う野菜がほしい\n" in body
    assert f"{town['npo'].name}／中央／2026年12月1日から2027年3月31日まで／適合度 高\n" in body
    assert "合う点：団体が求める「食品」を、貴社が提供できます。\n" in body
    base, company = settings.public_url, town["company"].public_id
    assert f"{base}/as/{company}?next=/company/needs/{town['need'].public_id}\n" in body
    assert "お知らせの条件：登録の内容に合うもの（適合度が「高」）、保存した条件「野菜の 条件」" in body
    url = alert_text.stop_url(facts, settings)
    # A mail program reads the header as it stands: one address, neither folded nor encoded.
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in written
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in written
    assert url in body


def test_the_mail_says_by_which_further_part(records, settings, town, further):
    message, _facts, _written = digest(records, settings, town)
    body = message.get_content().replace("\r\n", "\n")
    assert body.count(f"   {MET}　3回\n") == 1


def test_of_a_part_of_which_some_is_taken_the_mail_tells_as_the_screen_does_what_is_left(
    client, records, settings, town, further
):
    with records.write() as session:
        session.add(
            Partnership(
                number="E-2026-0901", company_id=factories.make_company(session).id, npo_id=town["npo"].id,
                need_id=town["need"].id, origin="npo", state="introduced", started_by_id=town["director"].id,
                support_type="place", quantity=1, unit="回", part=2, created_at=NOW, moved_at=NOW,
            )
        )  # fmt: skip
    left = f"{MET}　3回（あと2回）"
    login_as(client, town["owner"])
    assert left.replace("\u3000", " ") in visit(client, "/fits").text
    message, facts, _written = digest(records, settings, town)
    assert f"   {left}\n" in message.get_content().replace("\r\n", "\n")
    for one in facts["listed"]:
        one.pop("taken")
    assert f"   {MET}　3回\n" in alert_text.letter(facts, settings)[1], "as it was told before"


def path_of(url, settings):
    """The path of an address of ours."""
    assert url.startswith(settings.public_url)
    return url.removeprefix(settings.public_url)


def test_one_click_stops_it_without_a_page_a_token_or_signing_in(client, records, settings, town):
    _message, facts, _written = digest(records, settings, town)
    path = path_of(alert_text.stop_url(facts, settings), settings)
    asked = visit(client, path)
    with records.read() as session:
        assert (
            session.scalars(
                select(Membership.alert_rhythm).where(Membership.user_id == town["owner"].id)
            ).one()
            == "weekly"
        )
    assert asked.form(path).buttons == ["止める"]
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with records.read() as session:
        assert (
            session.scalars(
                select(Membership.alert_rhythm).where(Membership.user_id == town["owner"].id)
            ).one()
            == "none"
        )
        events = [row for row in session.scalars(select(AuditEvent)) if row.action == "change_alerts"]
        assert [row.actor_id for row in events] == [town["owner"].public_id]


def test_the_link_of_a_search_stops_that_search_alone_from_its_page(client, records, settings, town):
    message, _facts, _written = digest(records, settings, town)
    (url,) = re.findall(r"「野菜の 条件」のお知らせを止める：(\S+)", message.get_content())
    page = visit(client, path_of(url, settings))
    assert "野菜の 条件" in page.text
    done = send(client, page, {}, 200, button="止める")
    assert "止めました" in done.h1[0]
    with records.read() as session:
        assert session.scalars(select(SavedSearch.is_paused)).one()
        assert (
            session.scalars(
                select(Membership.alert_rhythm).where(Membership.user_id == town["owner"].id)
            ).one()
            == "weekly"
        )


def test_what_is_not_signed_by_us_is_not_found_and_what_is_gone_is_stopped_already(
    client, records, settings, town
):
    stop = alert_text.Stop(town["owner"].public_id, town["company"].public_id, "")
    forged = alert_text.token("another secret", stop)
    assert client.get(f"/alerts/stop/{forged}").status_code == 404
    assert client.post(f"/alerts/stop/{forged}").status_code == 404
    gone = alert_text.token(settings.secret_key, stop._replace(search="0" * 32))
    assert "すでに止まっています" in visit(client, f"/alerts/stop/{gone}").text
    with records.read() as session:
        assert choosing.find_stop(session, *stop) is not None


# ── The desk, and a need without an answer ───────────────────────────────────────────────────────────


@pytest.fixture
def official(client, records):
    with records.write() as session:
        user = factories.make_coordinator(session)
    return login_as(client, user)


def prospect(records, town, kind, organization, **changes):
    """An organization that nobody serves, and what of the town it fits."""
    with records.write() as session:
        made = organization(session, **changes)
        session.add(
            Prospect(
                organization_id=made.id,
                owner_type=kind,
                owner_id=town[kind].id,
                score=0.77,
                why=WHY,
                found_at=NOW,
            )
        )
        return made


def test_the_desk_lists_whom_to_invite_with_the_letter_drafted(official, records, town):
    company = prospect(records, town, "need", factories.make_company)
    page = visit(official, visit(official, "/desk/organizations").href("招待したい団体・企業"))
    assert "水曜の夕食に使う野菜がほしい" in page.text
    assert "団体が求める「食品」を、企業が提供できます。" in page.text
    letter = visit(official, page.href(brief_name(company.name)))
    assert f"{company.name} 御中" in letter.text.replace("\u3000", " ")
    assert (
        f"市内の{town['npo'].name}が「水曜の夕食に使う野菜がほしい」（食品）への協力を求めています。"
        in letter.text
    )
    assert "https://enmusubi.city.miohara.example/register" in letter.text
    answer = official.get(letter.href("印刷用のPDF"))
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert official.get("/desk/invitations.csv").get_data(as_text=True).count(company.name) == 1
    with records.read() as session:
        assert session.scalars(select(Mail)).all() == []


def test_a_letter_names_no_company_whose_offer_only_members_read(official, records, town):
    npo = prospect(records, town, "offer", factories.make_npo)
    letter = visit(official, f"/desk/invitations/{npo.public_id}")
    said = letter.text.split("お送りする文書の案")[1]
    assert "市内に、「食品」の支援を申し出ている企業があります。" in said
    assert town["company"].name not in said
    assert "規格外の野菜" not in said


def test_nobody_is_invited_who_is_served_or_to_what_does_not_stand_or_is_not_public(official, records, town):
    company = prospect(records, town, "need", factories.make_company)
    for changes in ({"visibility": "members"}, {"state": "paused"}):
        with records.write() as session:
            need = session.get(Need, town["need"].id)
            before = {name: getattr(need, name) for name in changes}
            for name, value in changes.items():
                setattr(need, name, value)
        visit(official, f"/desk/invitations/{company.public_id}", status=404)
        with records.write() as session:
            for name, value in before.items():
                setattr(session.get(Need, town["need"].id), name, value)
    assert brief_name(company.name) in visit(official, "/desk/invitations").text
    with records.write() as session:
        factories.make_user(session, session.get(Organization, company.id), status="invited")
    assert brief_name(company.name) not in visit(official, "/desk/invitations").text


def test_the_page_of_a_need_says_what_would_help_and_leads_to_the_edit(client, records, town):
    with records.write() as session:
        need = session.get(Need, town["need"].id)
        need.quantity, need.published_at = None, NOW - timedelta(days=30)
        for number in range(3):
            company = factories.make_company(session)
            session.add(
                ShownList(
                    organization_id=company.id, shown_at=NOW, model_id="m", index_version=1, weights_version="w",
                    items=[
                        ShownSuggestion(
                            rank=1, candidate_id=need.organization_id, need_id=need.id, score=0.5, parts={}, reasons=[],
                            opened_at=NOW - timedelta(days=number),
                        )
                    ],
                )
            )  # fmt: skip
    login_as(client, town["director"])
    page = visit(client, f"/npo/needs/{need.public_id}")
    assert "3社が詳しく読みましたが、申し出がありません" in page.text
    assert "必要な量が書かれていません。" in page.text
    assert send(client, page, button="「ほしい量」を直す").location == f"/npo/needs/{need.public_id}/step/2"
    assert "申し出がありません" not in visit(client, f"/npo/needs/{need.public_id}").text
