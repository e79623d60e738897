"""The bench of the city: what is decided on and the decisions on one page, then the next of the queue."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from wtforms import BooleanField, SelectMultipleField
from wtforms.fields.core import UnboundField

from matcher.agreements import acts as agreement_acts
from matcher.cases import documents
from matcher.ground import vocabulary
from matcher.records import AuditEvent, Need, Organization, Partnership, PublicComment, User
from tests.conftest import NOW
from tests.factories import make_company, make_need, make_npo, make_user
from tests.services.test_desk import make_case
from tests.web.pages import Page, send, visit
from tests.web.test_case_pages import GOOD, HELLO, Town, agree, town
from tests.web.test_home_pages import statements_of
from tests.web.test_prefilled_pages import Workplace, place
from webapp import filters
from webapp.views.cases import ACTS as CASE_ACTS
from webapp.views.work_acts import ACTS as WORK_ACTS

__all__ = ["place", "town"]

LIST = "/desk/cases?state=coordinator_review"
WHY = {"reason_text": "受け渡しの場所を教えてください。"}


def waiting_cases(town: Town, count: int, **changes: object) -> list[str]:
    """Addresses of cases that wait for the city, oldest first."""
    with town.records.write() as session:
        company, npo = session.get(Organization, town.company.id), session.get(Organization, town.npo.id)
        user = session.get(User, town.users["firm"].id)
        assert company
        assert npo
        assert user
        found = []
        for number in range(count):
            need = make_need(session, npo, title=f"{number + 1}番目に待つニーズ")
            at = NOW - timedelta(days=count - number)
            facts = {"need_id": need.id, "moved_at": at, "npo_agreed_at": at, "company_agreed_at": at}
            case = make_case(session, company, npo, user, **facts | changes)
            found.append(f"/cases/{case.public_id}")
    return found


def acts(page: Page) -> dict[str, str]:
    """The decisions of a bench: last part of the address → how its details begin."""
    found = re.findall(r'(<details class="bench-act[^>]*>)(.*?)</details>', page.html, re.DOTALL)
    named = ((re.search(r'action="[^"]*/([a-z_]+)"', body), tag) for tag, body in found)
    return {match[1]: tag for match, tag in named if match}


def test_one_page_shows_what_is_decided_on_and_every_decision(town: Town) -> None:
    agree(town)
    page = visit(town.desk, town.url)
    assert list(acts(page)) == ["approve", "return", "refuse", "send_message"]
    assert all('name="decision"' in tag and "open" not in tag for tag in acts(page).values())
    words = (
        town.need.title, town.need.situation, town.offer.description, HELLO, town.company.name, town.npo.name,
        "承認を待つ案件", "ほかに0件", "お互いの担当者の連絡先が画面に表示され",
    )  # fmt: skip
    for one in words:
        assert one in page.text, one
    for text in (town.need.situation, town.offer.description, HELLO):  # the history keeps the message besides
        assert page.html.count(text) <= 2, text


def test_what_is_folded_says_how_much_and_what_is_empty_is_counted(town: Town) -> None:
    agree(town)
    page = visit(town.desk, town.url)
    assert "未記入 1項目（応じられないこと・条件）" in page.text, page.text[-3000:]
    assert "未記入" not in re.sub(r"未記入 \d項目", "", page.text)


def test_a_long_text_is_cut_behind_a_sentence_and_nothing_of_it_is_lost(town: Town) -> None:
    long = "".join(f"{number}番目の文はこのように続きます。" for number in range(40))
    with town.records.write() as session:
        session.get(Need, town.need.id).situation = long  # type: ignore[union-attr]
    agree(town)
    page = visit(town.desk, town.url)
    assert "続きを読む" in page.text
    assert "".join(page.text.replace("続きを読む", "").split()).count("".join(long.split())) == 1


@pytest.mark.parametrize(
    ("action", "typed"),
    [
        ("approve", GOOD),
        ("return", {"reason_code": "conditions", **WHY}),
        ("refuse", {"reason_code": "scope", **WHY}),
    ],
)
def test_after_each_decision_the_next_of_the_queue_opens(
    town: Town, action: str, typed: dict[str, str]
) -> None:
    first, second, third = waiting_cases(town, 3)
    answered = send(town.desk, visit(town.desk, second), typed, action=f"/{action}")
    assert answered.location == third
    page = visit(town.desk, third)
    with town.records.read() as session:
        number = session.scalars(select(Partnership.number).order_by(Partnership.id)).all()[1]
    assert f"{number}：" in page.text
    assert "ほかに1件" in page.text
    assert send(town.desk, page, typed, action=f"/{action}").location == first
    assert send(town.desk, visit(town.desk, first), typed, action=f"/{action}").location == LIST
    visit(town.desk, LIST)


def test_who_sends_a_decision_twice_arrives_at_the_same_page(town: Town) -> None:
    first, second = waiting_cases(town, 2)
    page = visit(town.desk, first)
    for _time in range(2):
        assert send(town.desk, page, GOOD, action="/approve").location == second


def test_a_message_leaves_one_at_the_case(town: Town) -> None:
    first, _second = waiting_cases(town, 2)
    page = visit(town.desk, first)
    assert send(town.desk, page, {"text": "場所はどこですか。"}, action="/send_message").location == first


def test_what_is_refused_stands_open_with_what_was_typed_and_the_others_are_empty(town: Town) -> None:
    agree(town)
    page = visit(town.desk, town.url)
    again = send(town.desk, page, {**WHY}, 422, action="/return")
    opened = [name for name, tag in acts(again).items() if " open" in tag]
    assert opened == ["return"]
    assert again.form(action="/return").values["reason_text"] == WHY["reason_text"]
    assert again.form(action="/refuse").values["reason_text"] == ""
    assert again.form(action="/approve").values["text"] == ""
    assert "理由を選んでください。" in again.text
    assert ("理由を選んでください。", "#return-reason_code") in again.links
    assert "return-reason_code" in again.ids
    # The next send takes it, and so does that of another decision.
    send(town.desk, again, {"reason_code": "conditions"}, action="/return")


def test_what_was_typed_stays_beside_an_obstacle_that_came_meanwhile(town: Town) -> None:
    agree(town)
    page = visit(town.desk, town.url)
    with town.records.write() as session:
        session.get(Organization, town.npo.id).state = "suspended"  # type: ignore[union-attr]
    typed = GOOD | {"text": "支援の内容が明確なため。これは残ります。"}
    refused = send(town.desk, page, typed, action="/approve", status=409)
    assert "これは残ります。" in refused.html
    assert "bench-obstacle" in refused.html
    form = refused.form("/approve")
    assert form.values["conflict"] == GOOD["conflict"]


def test_the_contacts_of_a_case_are_read_once_a_visit(town: Town) -> None:
    agree(town)
    visit(town.desk, town.url)
    visit(town.desk, "/desk")
    with town.records.read() as session:
        read = session.scalars(select(AuditEvent).where(AuditEvent.action == "read_contact")).all()
    assert len(read) == len({(event.object_id, event.actor_id) for event in read}) > 0


def test_an_old_address_of_a_decision_opens_it_on_the_bench(town: Town) -> None:
    agree(town)
    for action in ("approve", "return", "refuse"):
        page = visit(town.desk, f"{town.url}/{action}")
        assert [name for name, tag in acts(page).items() if " open" in tag] == [action]


def test_what_differs_and_what_has_changed_stands_first(town: Town) -> None:
    agree(town)
    page = visit(town.desk, town.url)
    assert "差し戻したあとの補足・変更" not in page.text
    send(town.desk, page, {"reason_code": "conditions", **WHY}, action="/return")
    revise = visit(town.firm, f"{town.url}/revise")
    send(town.firm, revise, {"quantity": "90", "note": "駅前の倉庫でお渡しします。"}, action="/revise")
    send(town.group, visit(town.group, f"{town.url}/accept"), action="/accept")
    page = visit(town.desk, town.url)
    places = [
        page.text.index(words)
        for words in ("より70kg多い量です。", "差し戻したあとの補足・変更", "困っていること")
    ]
    assert places == sorted(places)
    assert "要確認：ニーズ・提供メニューと違う条件があります" in page.text


def test_members_see_no_queue_and_no_decision(town: Town) -> None:
    agree(town)
    for browser in (town.firm, town.group):
        page = visit(browser, town.url)
        assert not acts(page)
        assert "承認を待つ" not in page.text


@pytest.mark.parametrize("many", [2, 30])
def test_a_bench_asks_as_little_with_many_waiting_as_with_two(town: Town, many: int) -> None:
    address = waiting_cases(town, many)[0]
    visit(town.desk, address)
    with statements_of(town.records) as asked:
        visit(town.desk, address)
    assert len(asked) <= 36


def test_two_names_of_forty_letters_and_nothing_at_all(town: Town) -> None:
    with town.records.write() as session:
        company = make_company(
            session, name="株式会社" + "あ" * 36, profile={"business": "", "csr_policy": ""}
        )
        npo = make_npo(session, name="特定非営利活動法人" + "い" * 31)
        user = make_user(session, company)
        case = make_case(session, company, npo, user, quantity=None, unit="", number="E-2026-9999")
        public_id = case.public_id
    page = visit(town.desk, f"/cases/{public_id}")
    assert page.h1 == ["活動全体について"]
    assert "対象なし：比べるニーズ・提供メニューはありません" in page.text


# ── Agreements ──


def test_what_is_ticked_stands_beside_the_tick(place: Workplace) -> None:
    """Every box of every act by which the city decides is described by what it is about."""
    place.bring("agreement_review")
    place.settle()
    ticked = {
        name for name, row in {**CASE_ACTS, **WORK_ACTS}.items() if row.deed.words.decided and ticks(row)
    }
    assert ticked == {agreement_acts.confirm.name}
    page = visit(place.open("manager"), place.url(f"/do/{agreement_acts.confirm.name}"))
    boxes = [one for one in page.inputs if one.get("type") == "checkbox"]
    assert [one["value"] for one in boxes] == list(agreement_acts.CHECKS)
    said = {}
    for box in boxes:
        (found,) = re.findall(rf'id="{box["aria-describedby"]}">(.*?)</dl>', page.html, re.DOTALL)
        said[box["value"]] = " ".join(re.sub("<[^>]*>", " ", found).split())
    content = documents.find_draft(place.session, place.case, "agreement").content  # type: ignore[union-attr]
    assert filters.isoday(content["from_on"]) in said["period"]
    assert filters.isoday(content["to_on"]) in said["period"]
    assert "企業が負担する金額 0円" in said["money"]
    assert "市が負担する金額 0円" in said["money"]
    assert content["costs"] in said["money"] or not content["costs"]
    assert "週に来る子どもの数" in said["indicators"]
    assert content["publication"] in said["publication"]
    # Beside the tick, and nowhere else on the page.
    assert page.html.count(content["publication"]) == 1


def test_a_box_that_is_sent_back_stays_ticked_and_the_next_agreement_follows(place: Workplace) -> None:
    place.bring("agreement_review")
    place.settle()
    manager = place.open("manager")
    address = place.url(f"/do/{agreement_acts.confirm.name}")
    page = visit(manager, address)
    some = {"checked": ["period", "money"], "text": "確認した。"}
    again = send(manager, page, some, 422, action=f"/do/{agreement_acts.confirm.name}")
    assert again.form(action=f"/do/{agreement_acts.confirm.name}").values["checked"] == ["period", "money"]
    opened = [name for name, tag in acts(again).items() if " open" in tag]
    assert opened == [agreement_acts.confirm.name]
    typed = {
        "reason_code": next(iter(vocabulary.AGREEMENT_RETURN_REASONS)),
        "reason_text": "期間を直してください。",
    }
    sent = send(manager, again, typed, action=f"/do/{agreement_acts.return_.name}")
    assert sent.location == "/desk/cases?state=agreement_review"


def ticks(row: Any) -> bool:
    """Whether a form asks for boxes to be ticked."""
    kinds = (getattr(row.form, name) for name in dir(row.form) if not name.startswith("_"))
    boxes = (BooleanField, SelectMultipleField)
    return any(isinstance(one, UnboundField) and issubclass(one.field_class, boxes) for one in kinds)


# ── Organizations ──


def waiting_npos(town: Town, count: int) -> list[str]:
    """Addresses of NPOs that wait for the city, oldest first."""
    with town.records.write() as session:
        return [
            f"/desk/organizations/{one.public_id}"
            for one in (
                make_npo(
                    session, name=f"{number + 1}番目の会", state="submitted", verified_at=None,
                    submitted_at=NOW - timedelta(days=count - number), declared_at=NOW, website="",
                )
                for number in range(count)
            )
        ]  # fmt: skip


def test_an_application_is_decided_on_beside_its_queue_and_the_next_one_opens(town: Town) -> None:
    first, second, third = waiting_npos(town, 3)
    page = visit(town.desk, second)
    for words in ("確認を待つ団体・企業", "ほかに2件", "2番目の会", "誓約・申告"):
        assert words in page.text, words
    answers = dict.fromkeys(vocabulary.CHECKLIST_NPO, "yes") | {"action": "verify"}
    onward = send(town.desk, page, answers, button="確認済みにする")
    assert onward.location == third
    assert "2番目の会" in visit(town.desk, third).text  # what was done is said
    back = {"action": "return", "reason_code": next(iter(vocabulary.ORGANIZATION_RETURN_REASONS)), **WHY}
    assert send(town.desk, visit(town.desk, third), back, button="差し戻す").location == first
    assert send(town.desk, visit(town.desk, first), back, button="差し戻す").location == (
        "/desk/organizations?state=submitted"
    )


def test_what_is_said_of_a_question_stands_beside_it_and_what_is_empty_is_counted(town: Town) -> None:
    (address,) = waiting_npos(town, 1)
    page = visit(town.desk, address)
    hint = re.search(r'id="number-hint">([^<]*)', page.html)
    assert hint
    assert "団体名：1番目の会" in hint[1]
    assert "所在地（住所）：澪原市中央町1-2-3" in hint[1]
    assert "誓約・申告" in re.search(r'id="declaration-hint">([^<]*)', page.html)[1]  # type: ignore[index]
    assert re.search(r"未記入 \d項目（[^）]*ウェブサイト", page.text)
    assert "記入 " in page.text
    assert not re.search(r">\s*未記入\s*<", page.html)


def test_what_was_wanting_last_time_stands_first(town: Town) -> None:
    (address,) = waiting_npos(town, 1)
    wrong = {
        "charter": "no", "charter_comment": "会則が古い。", "action": "return",
        "reason_code": next(iter(vocabulary.ORGANIZATION_RETURN_REASONS)), **WHY,
    }  # fmt: skip
    send(town.desk, visit(town.desk, address), wrong, button="差し戻す")
    with town.records.write() as session:
        found = session.scalars(select(Organization).order_by(Organization.id.desc())).first()
        assert found
        found.state = "submitted"
    text = visit(town.desk, address).text
    assert "前回の確認：定款・会則を確認した → いいえ（会則が古い。）" in text
    assert text.index("前回の確認：") < text.index("団体名のフリガナ")


def test_a_refused_verification_keeps_the_answers_and_opens_what_was_pressed(town: Town) -> None:
    (address,) = waiting_npos(town, 1)
    page = visit(town.desk, address)
    some = {"number": "yes", "charter_comment": "写しを見た。"}
    again = send(town.desk, page, some | {"action": "return"}, 422, button="差し戻す")
    assert again.form(button="差し戻す").values["number"] == "yes"
    opened = re.findall(r'<details class="bench-(act|more)[^>]* open>', again.html)
    assert opened == ["more", "act"]  # the note that was written, and the decision that was sent


# ── Needs and offers ──


def waiting_needs(town: Town, count: int) -> list[str]:
    """Addresses of needs that wait for the city, oldest first."""
    with town.records.write() as session:
        npo = session.get(Organization, town.npo.id)
        assert npo
        return [
            f"/desk/needs/{one.public_id}"
            for one in (
                make_need(
                    session, npo, title=f"{number + 1}番目のニーズ", state="in_review", published_at=None,
                    submitted_at=NOW - timedelta(days=count - number), what_we_give="",
                )
                for number in range(count)
            )
        ]  # fmt: skip


def test_a_need_is_read_beside_its_queue_and_the_next_one_opens(town: Town) -> None:
    first, second, third = waiting_needs(town, 3)
    page = visit(town.desk, second)
    for words in ("確認を待つニーズ", "ほかに2件", "2番目のニーズ", "問題なし："):
        assert words in page.text, words
    assert send(town.desk, page, {"action": "publish"}, button="公開する").location == third
    back = {"action": "return", "reason_code": next(iter(vocabulary.NEED_RETURN_REASONS)), **WHY}
    assert send(town.desk, visit(town.desk, third), back, button="差し戻す").location == first
    done = send(town.desk, visit(town.desk, first), {"action": "publish"}, button="公開する")
    assert done.location == "/desk/needs?state=in_review"


def test_what_a_need_says_stands_once_and_what_it_lacks_is_counted(town: Town) -> None:
    (address,) = waiting_needs(town, 1)
    page = visit(town.desk, address)
    assert re.search(r"未記入 \d項目（[^）]*企業にお返しできること", page.text)
    assert not re.search(r">\s*未記入\s*<", page.html)
    assert "20kg" in page.text
    assert (
        page.text.count(town.need.wanted_change) == 2
    )  # to be read, and in the field where it can be mended


def test_a_refused_return_keeps_the_texts_that_could_be_mended(town: Town) -> None:
    (address,) = waiting_needs(town, 1)
    page = visit(town.desk, address)
    again = send(town.desk, page, {"title": "整えた件名", "action": "return"}, 422, button="差し戻す")
    assert again.form(button="差し戻す").values["title"] == "整えた件名"
    opened = re.findall(r'<details class="bench-act bench-act-(\w+)[^>]* open>', again.html)
    assert opened == ["secondary"]
    send(town.desk, again, {"action": "publish"}, button="公開する")
    assert "整えた件名" in visit(town.desk, address).text


# ── Residents' words ──


def test_a_residents_words_are_answered_beside_their_queue(place: Workplace) -> None:
    place.bring("running")
    for number in range(3):
        place.session.add(
            PublicComment(
                partnership_id=place.case.id, text=f"{number + 1}番目の声です。", state="waiting",
                written_at=place.at - timedelta(days=3 - number),
            )
        )  # fmt: skip
    place.settle()
    with place.records.read() as session:
        ids = session.scalars(select(PublicComment.public_id).order_by(PublicComment.written_at)).all()
    first, second, third = (f"/desk/comments/{one}" for one in ids)
    desk = place.open("coordinator")
    page = visit(desk, second)
    for words in ("確認を待つ住民の声", "ほかに2件", "2番目の声です。"):
        assert words in page.text, words
    lacking = send(desk, page, {"decision": "show"}, 422, action=second)
    assert (
        page.text.count("※必須") == 4
    )  # the answer and its reason, why it is not shown, and which of the two
    shown = {"decision": "show", "text": "ありがとうございます。", "reason": "市の考えを伝えるため。"}
    assert send(desk, lacking, shown, action=second).location == third
    hide = {"decision": "hide", "hide_reason": next(iter(vocabulary.COMMENT_HIDE_REASONS))}
    assert send(desk, visit(desk, third), hide, action=third).location == first
    assert send(desk, visit(desk, first), shown, action=first).location == "/desk/comments?state=waiting"
    # What was read before is changed without going on.
    assert send(desk, visit(desk, second), hide, action=second).location == "/desk/comments?state=waiting"
