"""いっしょに頼む on the pages of the city, of the NPOs, and of those who read what they ask for together."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from matcher.records import JointNeed, JointPartner, Need
from tests import factories
from tests.conftest import NOW
from tests.services.test_suggestions import encode
from tests.web.conftest import login_as
from tests.web.pages import send, visit

PROPOSE = "いっしょに頼むことを提案する"


class City:
    """Two NPOs that need vegetables, an official and a company."""

    def __init__(self, records, new_client):
        self.records = records
        with records.write() as session:
            self.npos = [factories.make_npo(session, name=f"団体{number}") for number in range(2)]
            self.needs = [
                factories.make_need(
                    session, npo, title=f"野菜{number}", quantity=20 + number, unit="kg", visibility="public"
                )
                for number, npo in enumerate(self.npos)
            ]
            people = [
                factories.make_coordinator(session), factories.make_user(session, factories.make_company(session)),
                *(factories.make_user(session, npo) for npo in self.npos),
            ]  # fmt: skip
        encode(records, NOW)
        self.official, self.company, self.first, self.second = (login_as(new_client(), one) for one in people)
        self.stranger = new_client()

    def propose(self):
        page = visit(self.official, f"/desk/needs/{self.needs[0].public_id}")
        form = visit(self.official, page.href(PROPOSE))
        values = {"needs": self.needs[1].public_id, "note": "まとめて頼めます。"}
        return send(self.official, form, values, button="提案を送る")

    def answer(self, browser, number, **values):
        page = visit(browser, f"/npo/needs/{self.needs[number].public_id}")
        form = visit(browser, page.href("提案を読んで返事をする"))
        assert "まとめて頼めます。" in form.text
        return send(browser, form, values, button="返事を送る")

    def kept(self, kind, number=0):
        with self.records.read() as session:
            one = select(Need).where(Need.id == self.needs[number].id) if kind is Need else select(kind)
            return session.scalars(one).one()


@pytest.fixture
def city(records, new_client):
    return City(records, new_client)


def test_from_the_desk_to_one_need_of_both(city):
    city.propose()
    assert (
        PROPOSE
        not in visit(city.official, f"/desk/needs/{city.needs[0].public_id}").text.split("これまで")[0]
    )
    city.answer(city.first, 0, decision="agree")
    assert "提案を読んで返事をする" not in visit(city.first, f"/npo/needs/{city.needs[0].public_id}").text
    assert "共同のニーズ" not in visit(city.company, f"/company/needs/{city.needs[0].public_id}").text
    city.answer(city.second, 1, decision="agree")
    assert (city.kept(Need).quantity, city.kept(Need, 1).state) == (41, "paused")
    for browser, path in (
        (city.official, "/desk/needs"), (city.first, "/npo/needs"), (city.company, "/company/needs"),
    ):  # fmt: skip
        page = visit(browser, f"{path}/{city.needs[0].public_id}")
        assert "共同のニーズ" in page.text
        assert "団体1" in page.text
    shown = visit(city.stranger, f"/needs/{city.needs[0].public_id}")
    assert "2団体がいっしょにお願いしています" in shown.text
    assert "団体1" not in shown.text


def test_who_declines_must_say_why(city):
    city.propose()
    page = visit(city.second, f"/npo/needs/{city.needs[1].public_id}")
    form = visit(city.second, page.href("提案を読んで返事をする"))
    again = send(city.second, form, {"decision": "decline"}, status=422, button="返事を送る")
    assert "見合わせる理由" in again.text
    city.answer(city.second, 1, decision="decline", reason="時期が合いません。")
    assert city.kept(JointNeed).state == "declined"
    assert "提案を読んで返事をする" not in visit(city.first, f"/npo/needs/{city.needs[0].public_id}").text


def test_the_city_takes_back_what_nobody_answers(city):
    city.propose()
    with city.records.write() as session:
        session.scalars(select(JointNeed)).one().proposed_at = NOW - timedelta(days=15)
    url = f"/npo/needs/{city.needs[1].public_id}"
    for browser, address in ((city.official, f"/desk/needs/{city.needs[1].public_id}"), (city.second, url)):
        assert "提案から15日たちました。2団体のお返事を待っています。" in visit(browser, address).text
    assert "提案を取り下げる" not in visit(city.second, url).text
    page = visit(city.official, f"/desk/needs/{city.needs[0].public_id}")
    form = visit(city.official, page.href("提案を取り下げる"))
    again = send(city.official, form, {}, status=422, button="提案を取り下げる")
    assert "それぞれのニーズは、これまでどおり続きます。" in again.text
    assert "#reason" in {address for _text, address in again.links}
    late = visit(city.second, visit(city.second, url).href("提案を読んで返事をする"))
    shown = send(city.official, again, {"reason": "お返事がそろわないため。"}, button="提案を取り下げる")
    assert "提案を取り下げ、団体にお知らせしました。" in visit(city.official, shown.location).text
    assert city.kept(JointNeed).state == "withdrawn"
    kept = send(city.second, late, {"decision": "agree"}, status=409, button="返事を送る")
    assert "この提案は、市が取り下げました。" in kept.text
    for browser, address in ((city.official, f"/desk/needs/{city.needs[0].public_id}"), (city.second, url)):
        page = visit(browser, address)
        assert "いっしょに頼むことの提案を取り下げました" in page.text
        assert "お返事がそろわないため。" in page.text
        assert "お返事を待っています" not in page.text
    assert visit(city.official, f"/desk/needs/{city.needs[0].public_id}").href(PROPOSE)


def test_an_answer_that_came_meanwhile_is_seen_before_a_proposal_is_taken_back(city):
    city.propose()
    page = visit(city.official, f"/desk/needs/{city.needs[0].public_id}")
    form = visit(city.official, page.href("提案を取り下げる"))
    city.answer(city.first, 0, decision="agree")
    values = {"reason": "お返事がそろわないため。"}
    again = send(city.official, form, values, status=409, button="提案を取り下げる")
    assert "団体からお返事がありました" in again.text
    send(city.official, again, values, button="提案を取り下げる")
    assert city.kept(JointNeed).state == "withdrawn"


@pytest.mark.parametrize(
    ("joint_state", "lead_state", "says"),
    [
        ("withdrawn", "open", "この提案は、先に取り下げられました。"),
        ("agreed", "open", "全員が賛成し、いっしょに頼むことになりました。"),
        ("declined", "open", "団体がお返事を見合わせとしたため、この提案は終わっています。"),
    ],
)
def test_who_takes_a_proposal_back_too_late_reads_why(city, joint_state, lead_state, says):
    city.propose()
    page = visit(city.official, f"/desk/needs/{city.needs[0].public_id}")
    form = visit(city.official, page.href("提案を取り下げる"))
    with city.records.write() as session:
        found = session.scalars(select(JointNeed)).one()
        found.state, session.get(Need, found.need_id).state = joint_state, lead_state
    late = send(city.official, form, {"reason": "お返事がないため。"}, status=409, button="提案を取り下げる")
    assert says in late.text
    assert "お返事がないため。" in late.text
    assert "お返事を待っています" not in late.text
    assert all("提案を取り下げる" not in form.buttons for form in late.forms)


LATE = [
    ({"state": "withdrawn"}, {}, "waiting", "この提案は、市が取り下げました。"),
    ({"state": "declined"}, {}, "waiting", "ほかの団体がお返事を見合わせとしたため、提案は終わりました。"),
    ({"state": "declined"}, {}, "declined", "貴団体からは、先に「見合わせ」のお返事が送られています。"),
    ({"state": "agreed"}, {}, "agreed", "貴団体のお返事も含めて全員が賛成し、いっしょに頼むことになりました。"),
    ({}, {}, "agreed", "貴団体からは、先に「賛成」のお返事が送られています。"),
    *(({}, {"state": state}, "waiting", "この間に、代表のニーズの公開が終わりました。いまはお返事を送れません。")
      for state in ("filled", "expired", "withdrawn")),
    *(({}, {"state": state}, "waiting", "いま公開されていません（書き直しているか、市が確認しています）。")
      for state in ("draft", "in_review", "returned")),
]  # fmt: skip


@pytest.mark.parametrize(("proposal", "lead", "answer", "says"), LATE)
def test_who_answers_too_late_reads_why_whether_sending_or_opening_it(city, proposal, lead, answer, says):
    city.propose()
    url = visit(city.second, f"/npo/needs/{city.needs[1].public_id}").href("提案を読んで返事をする")
    form = visit(city.second, url)
    with city.records.write() as session:
        found = session.scalars(select(JointNeed).options(selectinload(JointNeed.partners))).one()
        for record, changes in ((found, proposal), (session.get(Need, found.need_id), lead)):
            for name, value in changes.items():
                setattr(record, name, value)
        found.partners[1].answer = answer
    values = {"decision": "decline", "reason": "時期が合いません。"}
    late = send(city.second, form, values, status=409, button="返事を送る")
    assert says in late.text
    assert "時期が合いません。" in late.text
    assert all("返事を送る" not in form.buttons for form in late.forms)
    led_on = visit(city.second, url, 302)
    assert says in visit(city.second, led_on.location).text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"unit": "箱"}, "支援の種類か単位が変わり"), ({"support_type": "goods_new"}, "支援の種類か単位が変わり"),
        ({"quantity": 25}, "どれかのニーズの量か残りの量が変わり"),
    ],
)  # fmt: skip
def test_who_cannot_agree_any_more_reads_why_and_may_decline(city, changes, says):
    city.propose()
    url = visit(city.second, f"/npo/needs/{city.needs[1].public_id}").href("提案を読んで返事をする")
    form = visit(city.second, url)
    with city.records.write() as session:
        for name, value in changes.items():
            setattr(session.get(Need, city.needs[0].id), name, value)
    again = send(city.second, form, {"decision": "agree"}, status=409, button="返事を送る")
    assert says in again.text
    send(city.second, again, {"decision": "decline", "reason": "合いません。"}, button="返事を送る")
    assert city.kept(JointNeed).state == "declined"


TYPED = "配送が1回で済むようにしたいです。"


@pytest.mark.parametrize(
    ("meanwhile", "says"),
    [
        ("proposed", "いっしょに頼む提案がもうあります。"), ("agreed", "もうほかの団体といっしょに頼んでいます。"),
        ("paused", "このニーズの公開が止まっています。"),
    ],
)  # fmt: skip
def test_who_proposes_too_late_reads_why_and_keeps_what_was_typed(city, meanwhile, says):
    url = f"/desk/needs/{city.needs[0].public_id}/joint"
    form = visit(city.official, url)
    if meanwhile != "paused":
        city.propose()
    with city.records.write() as session:
        if meanwhile == "paused":
            session.get(Need, city.needs[0].id).state = "paused"
        else:
            session.scalars(select(JointNeed)).one().state = meanwhile
    values = {"needs": city.needs[1].public_id, "note": TYPED}
    late = send(city.official, form, values, status=409, button="提案を送る")
    assert says in late.text
    assert TYPED in late.text
    assert all("提案を送る" not in form.buttons for form in late.forms)
    assert says in visit(city.official, visit(city.official, url, 302).location).text


def test_a_need_that_has_only_changed_is_proposed_once_that_was_seen(city):
    form = visit(city.official, f"/desk/needs/{city.needs[0].public_id}/joint")
    with city.records.write() as session:
        session.get(Need, city.needs[0].id).contact_name = "佐藤"
    values = {"needs": city.needs[1].public_id, "note": TYPED}
    again = send(city.official, form, values, status=409, button="提案を送る")
    assert "この間に、このニーズが更新されました。" in again.text
    assert "もうあります。" not in again.text
    send(city.official, again, values, button="提案を送る")
    assert city.kept(JointNeed).note == TYPED


def bound_elsewhere(city):
    """Somebody else has proposed to ask for the second need together with another."""
    with city.records.write() as session:
        lead = factories.make_need(
            session, factories.make_npo(session), title="べつの野菜", quantity=5, unit="kg"
        )
        made = JointNeed(need_id=lead.id, note="べつに。", proposed_by_id=1, proposed_at=NOW)
        made.partners = [
            JointPartner(organization_id=one.organization_id, need_id=one.id, quantity=5, unit="kg")
            for one in (lead, city.needs[1])
        ]
        session.add(made)


def test_where_the_only_other_was_taken_meanwhile_what_was_typed_is_kept(city):
    form = visit(city.official, f"/desk/needs/{city.needs[0].public_id}/joint")
    bound_elsewhere(city)
    values = {"needs": city.needs[1].public_id, "note": TYPED}
    late = send(city.official, form, values, status=422, button="提案を送る")
    assert "この間に、選べるニーズがなくなりました。" in late.text
    assert TYPED in late.text
    assert all("提案を送る" not in form.buttons for form in late.forms)
    for page in (late, visit(city.official, f"/desk/needs/{city.needs[0].public_id}/joint")):
        assert "団体1：野菜1 いっしょに頼む提案に入っています。" in page.text
        assert page.href("野菜1") == f"/desk/needs/{city.needs[1].public_id}"
    table = visit(city.official, f"/desk/needs/{city.needs[0].public_id}").text
    assert "野菜1 いまは提案できません。いっしょに頼む提案に入っています。" in table


def test_who_chose_what_was_taken_meanwhile_reads_so_and_chooses_another(city):
    with city.records.write() as session:
        third = factories.make_need(
            session, factories.make_npo(session), title="野菜2", quantity=22, unit="kg", visibility="public"
        )
    encode(city.records, NOW)
    form = visit(city.official, f"/desk/needs/{city.needs[0].public_id}/joint")
    bound_elsewhere(city)
    values = {"needs": city.needs[1].public_id, "note": TYPED}
    again = send(city.official, form, values, status=422, button="提案を送る")
    assert "選んだニーズには、別のいっしょに頼む提案ができたか" in again.text
    assert "いっしょに頼むニーズを選んでください。" not in again.text
    send(city.official, again, {"needs": third.public_id, "note": TYPED}, button="提案を送る")


def test_the_city_finds_and_takes_back_what_waits_while_its_need_is_away(city):
    city.propose()
    with city.records.write() as session:
        session.get(Need, city.needs[0].id).state = "expired"
    for number in (0, 1):
        page = visit(city.official, f"/desk/needs/{city.needs[number].public_id}")
        assert "代表のニーズが公開されていないため、いまはお返事を送れません。" in page.text
        assert "この提案を取り下げるまで、どのニーズも、ほかの提案に加えられません。" in page.text
        assert PROPOSE not in [text for text, _url in page.links]
    assert "お返事を待っています" not in visit(city.second, f"/npo/needs/{city.needs[1].public_id}").text
    form = visit(city.official, page.href("提案を取り下げる"))
    send(city.official, form, {"reason": "公開が終わったため。"}, button="提案を取り下げる")
    assert city.kept(JointNeed).state == "withdrawn"


def test_what_waits_while_its_need_is_away_stands_on_the_desk_until_it_is_taken_back(city):
    name = "返事を送れないまま残っている、いっしょに頼む提案"
    city.propose()
    assert f"{name} 0件 なし" in visit(city.official, "/desk").text
    with city.records.write() as session:
        session.get(Need, city.needs[0].id).state = "draft"
    listed = visit(city.official, visit(city.official, "/desk").href(name))
    assert [text for text, _url in listed.links if "野菜" in text] == ["野菜0"]
    form = visit(city.official, visit(city.official, listed.href("野菜0")).href("提案を取り下げる"))
    assert "これまでどおり続きます" not in form.text
    send(city.official, form, {"reason": "公開が止まったため。"}, button="提案を取り下げる")
    assert f"{name} 0件 なし" in visit(city.official, "/desk").text
    told = visit(city.second, "/notices").text
    assert "公開が止まったため。" in told
    assert "これまでどおり続きます" not in told


def test_the_home_page_of_each_asks_for_its_answer_until_it_is_given(city):
    asks = "「野菜1」をいっしょに頼む提案に返事をする"
    assert asks not in visit(city.second, "/npo").text
    city.propose()
    home = visit(city.second, "/npo")
    assert asks in home.text
    assert "「野菜0」をいっしょに頼む提案に返事をする" in visit(city.first, "/npo").text
    assert "提案に返事をする" not in visit(city.company, "/company").text
    form = visit(city.second, home.href("提案を読む"))
    send(city.second, form, {"decision": "agree"}, button="返事を送る")
    assert asks not in visit(city.second, "/npo").text
    assert "提案に返事をする" in visit(city.first, "/npo").text


def test_a_proposal_names_a_need_and_says_why(city):
    page = visit(city.official, f"/desk/needs/{city.needs[0].public_id}/joint")
    again = send(city.official, page, {}, status=422, button="提案を送る")
    assert {"#needs", "#note"} <= {url for _text, url in again.links}


def test_where_nothing_is_alike_nothing_can_be_proposed(city):
    with city.records.write() as session:
        session.get(Need, city.needs[1].id).unit = "箱"
    page = visit(city.official, f"/desk/needs/{city.needs[0].public_id}/joint")
    assert "いっしょに頼めるニーズはありません" in page.text
