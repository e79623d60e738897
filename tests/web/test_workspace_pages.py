"""The workspace of a case on the screens of its three parties: what has ended, and what the clock asks for."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.test import TestResponse

from matcher.agreements import plans
from matcher.cases import answering, beginning, deciding, stages, talks, trials
from matcher.cases import reads as case_reads
from matcher.desk import handovers
from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.organizations import acts as organization_acts
from matcher.records import AuditEvent, User
from matcher.register import officials
from matcher.results import renewal
from matcher.work import contributions, payments, reports, risks
from matcher.work import reads as work_reads
from tests.conftest import NOW
from tests.partners import Partners
from tests.web.conftest import login_as
from tests.web.pages import post, send, visit
from webapp import create_app, filters
from webapp.views import work_acts

SECTIONS = ("plan", "agreement", "progress", "evaluation", "publication", "files")


class Town:
    """A case that lives in the application's database, and a browser for each of its people."""

    def __init__(self, settings, travel) -> None:
        self.app = create_app(settings)
        self.records: Database = self.app.extensions["database"]
        self.folder = Path(settings.files_folder)
        self.travel = travel
        self.partners: Partners

    def live(self, life: Callable[[Partners], object]) -> None:
        """Let the partners live up to where the test begins; the clock follows."""
        with self.records.write() as session:
            self.partners = Partners(session, NOW, self.folder)
            life(self.partners)
        self.travel.move_to(self.partners.at)

    def browser(self, who: str) -> FlaskClient:
        """The browser of ``company``, ``npo``, ``coordinator``, ``colleague`` or ``manager``."""
        actor = getattr(
            self.partners,
            who if hasattr(self.partners, who) and who not in {"company", "npo"} else f"{who}_actor",
        )
        with self.records.read() as session:
            user = session.get(User, actor.user_id)
        return login_as(self.app.test_client(), user)

    @property
    def url(self) -> str:
        """The page of the case."""
        return f"/cases/{self.partners.case.public_id}"


@pytest.fixture
def town(settings, travel) -> Iterator[Town]:
    found = Town(settings, travel)
    yield found
    found.records.dispose()


def stop_trial(p: Partners) -> None:
    """A trial with a file, ended by both with a lesson."""
    p.bring("trial")
    p.file()
    trials.draft_trial_result(
        p.session, p.npo_actor, p.case, "stop", "雪の日は届けない。", p.at, version=None
    )
    p.accept("trial_result")


def let_expire(p: Partners) -> None:
    """Talks that fall silent for two months."""
    p.bring("negotiation")
    p.file()
    talks.end_stalled(p.session, p.later(days=31))
    talks.end_stalled(p.session, p.later(days=40))
    assert p.case.state == "expired"


def withdraw_introduced(p: Partners) -> None:
    """A side goes after the introduction."""
    p.bring("negotiation")
    p.file()
    answering.withdraw(p.session, p.npo_actor, p.case, "plans_changed", "", p.at, version=None)


# ── What has been left stays readable ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("life", [stop_trial, let_expire, withdraw_introduced])
@pytest.mark.parametrize("who", ["company", "npo", "coordinator"])
def test_a_case_that_was_left_after_the_introduction_stays_readable(town, life, who):
    town.live(life)
    browser = town.browser(who)
    page = visit(browser, town.url)
    assert "終了した案件です" in page.html
    assert re.findall(r'class="step step-(\w+)"', page.html) == ["left", *["undone"] * 4]
    assert "ここで終了" in page.html
    assert f"{town.url}/do/" not in page.html
    for section in SECTIONS:
        inside = visit(browser, f"{town.url}/{section}")
        assert inside.status == 200
        assert f"{town.url}/do/" not in inside.html, section
    files = visit(browser, f"{town.url}/files")
    assert browser.get(files.href("記録.csv")).status_code == 200
    assert browser.get(f"{town.url}/papers/sheet.pdf").status_code == 200
    assert browser.get(f"{town.url}/ledger.xlsx").status_code == 200
    assert browser.get(f"{town.url}/calendar.ics").status_code == 404


def test_the_page_of_a_stopped_trial_says_how_it_ended_and_what_was_learned(town):
    town.live(stop_trial)
    page = visit(town.browser("npo"), town.url)
    assert "両者で「やめる」と決め" in page.html
    assert "雪の日は届けない。" in page.html
    assert town.partners.company.phone not in page.html
    assert "雪の日は届けない。" in visit(town.browser("npo"), f"{town.url}/evaluation").html


def test_an_act_on_a_case_that_was_left_comes_too_late(town):
    town.live(stop_trial)
    browser = town.browser("npo")
    assert browser.get(f"{town.url}/do/record_meeting").status_code == 302
    answer = browser.post(f"{town.url}/do/record_meeting", data={"people": "佐藤"})
    assert answer.status_code in {400, 409}
    draft = browser.get(f"{town.url}/do/write_trial_result")
    assert draft.headers["Location"].endswith(town.url)


def test_an_open_draft_of_a_case_that_was_left_offers_no_acceptance(town):
    def life(p: Partners) -> None:
        p.bring("trial")
        trials.draft_trial_result(p.session, p.npo_actor, p.case, "adopt", "続ける。", p.at, version=None)
        answering.withdraw(p.session, p.npo_actor, p.case, "plans_changed", "", p.at, version=None)

    town.live(life)
    browser = town.browser("company")
    page = visit(browser, f"{town.url}/agreement")
    document = visit(browser, page.href("お試しのまとめ 第1版"))
    assert "この内容に同意する" not in document.html
    assert "取り下げる" not in document.html


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("do/meeting", "do/record_meeting"),
        ("do/rule?key=P1", "do/save_rule?key=P1"),
        ("message", "send_message"),
    ],
)
def test_who_kept_an_old_address_of_an_act_is_led_on(town: Town, old: str, new: str) -> None:
    town.live(lambda partners: partners.bring("negotiation"))
    answer = town.browser("company").get(f"{town.url}/{old}")
    assert (answer.status_code, answer.location) == (301, f"{town.url}/{new}")


def test_a_form_left_open_over_an_update_is_sent_on_with_what_was_typed(town: Town) -> None:
    town.live(lambda partners: partners.bring("negotiation"))
    browser = town.browser("company")

    def sent(old: str, new: str, **typed: str) -> TestResponse:
        values = visit(browser, f"{town.url}/{new}").form(action=f"/{new}").values | typed
        answer = browser.post(f"{town.url}/{old}", data=values)
        assert (answer.status_code, answer.location) == (308, f"{town.url}/{new}")
        return browser.post(answer.location, data=values)  # as browsers do by themselves

    typed = {"people": "山田、佐藤", "text": "次は工場で会う。"}
    refused = sent("do/meeting", "do/record_meeting", **typed)
    assert refused.status_code == 422
    assert "次は工場で会う。" in refused.get_data(as_text=True)
    day = calendar.tokyo_date(town.partners.at).isoformat()
    assert sent("do/meeting", "do/record_meeting", **typed, held_on=day).status_code == 302
    assert sent("message", "send_message", text="何時に伺いましょうか。").status_code == 302
    case = visit(browser, town.url).text
    assert "次は工場で会う。" in case
    assert "何時に伺いましょうか。" in case


def before_introduction(action: str) -> Callable[[Partners], None]:
    """A case that never came to an introduction."""

    def life(p: Partners) -> None:
        p.case = beginning.propose(
            p.session,
            p.company_actor,
            beginning.between(p.company, p.npo, need=p.need),
            beginning.Terms("food"),
            "ぜひ。",
            p.at,
        )
        if action == "decline":
            answering.decline(p.session, p.npo_actor, p.case, "timing", "", p.at, version=None)
        elif action == "withdraw":
            answering.withdraw(p.session, p.company_actor, p.case, "plans_changed", "", p.at, version=None)
        elif action == "expire":
            stages.expire_unanswered(p.session, p.later(days=30))
        elif action == "refuse":
            answering.accept(p.session, p.npo_actor, p.case, "", p.at, version=None)
            deciding.refuse(p.session, p.coordinator, p.case, "conflict", "重なる。", p.at, version=None)

    return life


@pytest.mark.parametrize("action", ["", "decline", "withdraw", "expire", "refuse"])
def test_a_case_that_was_never_introduced_has_no_workspace_but_is_exported(town, action):
    town.live(before_introduction(action))
    assert town.browser("npo").get(f"{town.url}/files").status_code == 404
    browser = town.browser("coordinator")
    page = visit(browser, town.url)
    assert "終了した案件です" not in page.html
    form = visit(browser, page.href("記録一式を保存する（情報公開請求・監査用）"))
    made = visit(browser, send(browser, form, action="export").location)
    answer = browser.get(made.href("保存する"))
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert sorted(name.rsplit(".")[-1] for name in packed.namelist()) == ["json", "pdf"]


def test_an_export_is_no_sign_of_life(town):
    town.live(lambda p: p.bring("negotiation"))
    town.travel.shift(timedelta(days=10))
    browser = town.browser("coordinator")
    made = send(browser, visit(browser, f"{town.url}/export"), action="export").location
    assert browser.get(visit(browser, made).href("保存する")).status_code == 200
    with town.records.read() as session:
        case = session.merge(town.partners.case, load=True)
        session.refresh(case)
        assert talks.last_sign(case) == NOW


# ── A party that the city has stopped ────────────────────────────────────────────────────────────────


def with_stopped_party(life: Callable[[Partners], object]) -> Callable[[Partners], None]:
    """The manager suspends the company."""

    def then(p: Partners) -> None:
        life(p)
        organization_acts.suspend(
            p.session, p.manager, p.company, "trust", "調べるため。", p.at, version=None
        )

    return then


@pytest.mark.parametrize("life", [lambda p: p.bring("running"), before_introduction("")])
@pytest.mark.parametrize("who", ["company", "npo", "coordinator"])
def test_the_page_of_a_case_says_which_party_was_stopped(town, life, who):
    town.live(with_stopped_party(life))
    page = visit(town.browser(who), town.url)
    assert f"{town.partners.company.name}：利用停止中" in page.html
    assert "調べるため" not in page.html


def test_the_page_of_a_case_of_verified_parties_says_nothing_of_it(town):
    town.live(lambda p: p.bring("running"))
    assert "いまは進められないことがあります" not in visit(town.browser("npo"), town.url).html


# ── Handover ─────────────────────────────────────────────────────────────────────────────────────────


def with_much_open(p: Partners) -> None:
    """More promises and risks than a cell holds."""
    p.bring("running")
    for number in range(6):
        talks.add_task(p.session, p.npo_actor, p.case, f"約束{number}", "npo", None, p.at)
    for number in range(5):
        risk = risks.RiskFacts(f"リスク{number}", 2, 2, "備える", "npo")
        risks.add_risk(p.session, p.npo_actor, p.case, risk, p.at)


def test_the_handover_page_says_what_it_does_not_show_and_what_each_case_is_about(town):
    town.live(with_much_open)
    page = visit(town.browser("coordinator"), "/desk/handover")
    assert page.html.count("ほか2件") == 2
    assert "約束3" in page.html
    assert "約束4" not in page.html
    assert "食品 20kg" in page.html
    assert "令和8年11月25日から令和9年3月5日まで" in page.html


def test_all_cases_of_a_person_are_ticked_and_one_at_least_is_needed(town):
    town.live(lambda p: p.bring("running"))
    browser = town.browser("coordinator")
    form = visit(browser, "/desk/handover").form(button="この内容で引き継ぎを決める")
    assert form.values["cases"] == [town.partners.case.public_id]
    with town.records.read() as session:
        colleague = session.get(User, town.partners.colleague.user_id).public_id
    values = {**form.values, "to_user": colleague, "effective_on": "2026-12-01", "cases": []}
    page = post(browser, "/desk/handover", values, status=422)
    assert "引き継ぐ案件を1件以上選んでください。" in page.html
    everybody = visit(browser, "/desk/handover?person=all").form(button="この内容で引き継ぎを決める")
    assert "cases" not in everybody.values


def test_a_handover_says_whether_it_happened_or_will_and_is_planned_once_a_day(town):
    town.live(lambda p: p.bring("running"))
    browser = town.browser("coordinator")
    with town.records.read() as session:
        colleague = session.get(User, town.partners.colleague.user_id)
    form = visit(browser, "/desk/handover").form(button="この内容で引き継ぎを決める")
    later = calendar.tokyo_date(town.partners.at) + timedelta(days=9)
    values = {**form.values, "to_user": colleague.public_id, "effective_on": later.isoformat()}
    post(browser, "/desk/handover", values)
    told = visit(browser, "/desk/handover").html
    assert f"{filters.jdate(later)}に、1件の担当が{colleague.name}さんに変わります" in told
    values["form_id"] = (
        visit(browser, "/desk/handover").form(button="この内容で引き継ぎを決める").values["form_id"]
    )
    again = post(browser, "/desk/handover", values, status=422)
    assert "同じ日に、もう引き継ぎの予定がある案件が含まれています。" in again.html
    assert later.isoformat() in again.html
    values = {**values, "effective_on": calendar.tokyo_date(town.partners.at).isoformat()}
    post(browser, "/desk/handover", values)
    assert f"1件の担当が{colleague.name}さんに変わりました" in visit(browser, "/desk/handover").html


def test_the_handover_paper_holds_the_note_and_what_each_case_is_about(town):
    def life(p: Partners) -> None:
        with_much_open(p)
        users = {user.id: user for user in officials.active_staff(p.session)}
        handovers.plan(
            p.session, p.coordinator, users[p.coordinator.user_id], users[p.colleague.user_id], [p.case],
            calendar.tokyo_date(p.at) + timedelta(days=5), p.at, note="鍵は総務にあります。",
        )  # fmt: skip

    town.live(life)
    answer = town.browser("coordinator").get("/desk/handover.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    for words in ("鍵は総務にあります。", "食品", "約束5", "リスク4", "令和9年3月5日"):
        assert words in text.replace("\n", ""), words


def test_a_handover_that_cannot_happen_says_so_and_can_be_cancelled(town):
    def life(p: Partners) -> None:
        p.bring("running")
        users = {user.id: user for user in officials.active_staff(p.session)}
        handovers.plan(
            p.session, p.coordinator, users[p.coordinator.user_id], users[p.colleague.user_id], [p.case],
            calendar.tokyo_date(p.at) + timedelta(days=1), p.at,
        )  # fmt: skip
        users[p.colleague.user_id].status = "deactivated"
        handovers.run_due(p.session, p.later(days=1))

    town.live(life)
    page = visit(town.browser("coordinator"), "/desk/handover")
    assert "引き継げません" in page.html
    assert "取り消す" in page.html
    assert "/desk/handover" in [url for _text, url in visit(town.browser("coordinator"), "/notices").links]


# ── A second look at a risk ──────────────────────────────────────────────────────────────────────────


def test_a_risk_is_weighed_anew_from_the_step_and_the_history_says_what_changed(town):
    def life(p: Partners) -> None:
        p.bring("running")
        day = calendar.tokyo_date(p.at) + timedelta(days=3)
        facts = risks.RiskFacts("雪で届かない", 2, 2, "前日に決める", "npo", day)
        risks.add_risk(p.session, p.npo_actor, p.case, facts, p.at)

    town.live(life)
    browser = town.browser("npo")
    page = visit(browser, town.url)
    link = page.href("リスク「雪で届かない」を見直す")
    form = visit(browser, link).form("change_risk")
    assert (form.values["likelihood"], form.values["mitigation"]) == ("2", "前日に決める")
    assert "text" not in form.values
    send(browser, visit(browser, link), {"likelihood": "3", "review_on": "2027-02-01"}, action="change_risk")
    page = visit(browser, town.url)
    assert "起こりやすさ：中 → 大" in page.html
    assert "リスク「雪で届かない」を見直す" not in page.html


# ── The next period ──────────────────────────────────────────────────────────────────────────────────


def test_who_renews_arrives_at_the_new_case_and_both_name_each_other(town):
    town.live(lambda p: p.bring("evaluated"))
    browser, old = town.browser("npo"), town.url
    page = visit(browser, visit(browser, old).href("次の期間の案件を作る"))
    answer = send(browser, page, {"message": "次の年も。"}, action="renew")
    new = answer.location
    assert new not in {None, old}
    assert visit(browser, new).href(town.partners.case.number) == old
    page = visit(browser, old)
    assert "前の年度の協働" not in page.html
    assert "次の協働" in page.html
    assert new in [url for _text, url in page.links]
    assert "令和8年度から続く協働の2期目" in visit(browser, new).html


def test_the_plan_page_of_the_next_period_shows_what_is_carried_over_until_it_is_saved(town):
    def life(p: Partners) -> None:
        p.bring("closed")
        new = renewal.renew(p.session, p.npo_actor, p.case, beginning.Terms("food"), "次の年も。", p.at)
        answering.accept(p.session, p.company_actor, new, "", p.at, version=None)
        decision = deciding.Decision("続ける。", conflict_of_interest=False, city_involved=False)
        deciding.approve(p.session, p.coordinator, new, decision, p.at, version=None)
        p.case = case_reads.get_case(p.session, p.coordinator, new.public_id)
        meeting = talks.Meeting(calendar.tokyo_date(p.at), "佐藤", "続ける。")
        talks.record_meeting(p.session, p.npo_actor, p.case, meeting, p.at)

    town.live(life)
    browser = town.browser("npo")
    page = visit(browser, f"{town.url}/plan")
    assert "前の期間の計画を写しています" in page.html
    assert "夕食を囲む" in page.html
    assert "週に来る子どもの数" in page.html
    send(browser, visit(browser, page.href("目的を直す")), action="write_purpose")
    page = visit(browser, f"{town.url}/plan")
    assert "前の期間の計画を写しています" not in page.html
    assert "週に来る子どもの数" in page.html


# ── Steps lead to where they are done ────────────────────────────────────────────────────────────────


def with_value(**contract: object) -> Callable[[Partners], None]:
    """An outcome-linked contract whose value waits to be checked."""

    def life(p: Partners) -> None:
        p.contracted(**contract)
        p.end()
        p.measure(p.only_indicator(), 31.0, p.ends_on, accept=False)

    return life


def with_accepted_value(p: Partners) -> None:
    """The same, accepted; a fixed part is due as well."""
    p.contracted(fixed={str(calendar.fiscal_year(p.at)): 100_000})
    p.end()
    p.measure(p.only_indicator(), 31.0, p.ends_on)


def test_the_city_goes_from_each_payment_step_to_its_page(town):
    town.live(with_accepted_value)
    coordinator, manager = town.browser("coordinator"), town.browser("manager")
    for words in ("「週に来る子どもの数」の支払額を計算する", "令和8年度の固定部分の支払額を計算する"):
        form = visit(coordinator, visit(coordinator, town.url).href(words))
        assert "固定部分" not in words or "100,000円" in form.text, "what one decides on stands beside it"
        send(coordinator, form, action=form.url.split("?")[0].rsplit("/", 1)[-1])
    what, approve = "「週に来る子どもの数」の支払いを承認する（管理職）", f"{town.url}/payment"
    page = visit(coordinator, town.url)
    assert what in page.text
    assert what not in [label for label, _url in page.links], "a coordinator approves nothing"
    assert visit(manager, town.url).href(what) == approve
    assert "支払いを承認する</a>" not in visit(coordinator, approve).html
    for _each in range(2):
        page = visit(manager, approve)
        send(manager, visit(manager, page.href("支払いを承認する")), action="approve_payment")
    form = visit(
        coordinator,
        visit(coordinator, town.url).href("「令和8年度の固定部分」を支払い、支払った日を記録する"),
    )
    send(coordinator, form, action="record_paid")
    assert "支払い、支払った日を記録する" in visit(coordinator, town.url).html


@pytest.mark.parametrize(
    ("evaluator", "asked", "others"),
    [("company", "company", ("npo",)), ("city", "coordinator", ("npo", "company"))],
)
def test_only_who_checks_a_value_is_led_to_its_review(town, evaluator, asked, others):
    town.live(with_value(evaluator=evaluator))
    browser = town.browser(asked)
    step = visit(browser, town.url).href("「週に来る子どもの数」の測定の結果を確かめる")
    assert visit(browser, step).status == 200
    assert "review_measurement" in visit(browser, f"{town.url}/progress").html
    for name in others:
        assert "review_measurement" not in visit(town.browser(name), f"{town.url}/progress").html


@pytest.mark.parametrize(
    ("who", "is_offered"),
    [("npo_actor", True), ("editor", False), ("coordinator", True), ("colleague", True)],
)
def test_ending_early_is_offered_to_those_alone_who_may_sign(town: Town, who: str, is_offered: bool) -> None:
    town.live(lambda p: p.bring("running"))
    actor = town.partners.npo_actor if who == "editor" else getattr(town.partners, who)
    if who == "editor":
        actor = replace(actor, organization_role="editor")
    with town.records.read() as session:
        assert work_acts.may(session, actor, town.partners.case, "terminate", NOW) is is_offered


def test_who_calculates_alone_is_told_before_and_reads_after_who_may_approve(town):
    def life(p: Partners) -> None:
        p.contracted()
        p.end()
        p.measure(p.only_indicator(), 31.0, p.ends_on)

    town.live(life)
    manager, desk = town.browser("manager"), town.browser("coordinator")
    asked = visit(manager, visit(manager, f"{town.url}/payment").href("支払額を計算する"))
    assert "ご自身が計算すると、承認できる人がいなくなります。" in asked.text
    assert "承認できる人がいなくなります" not in visit(desk, asked.url).text
    send(manager, asked, {}, action="/do/calculate")
    page = visit(manager, f"{town.url}/payment")
    assert "支払いを承認する" not in page.text
    assert "承認できる管理職がいません。" in page.text


def test_a_form_whose_act_cannot_be_done_says_why_instead_of_opening(town):
    town.live(lambda p: p.contracted())
    desk = town.browser("coordinator")
    with town.records.read() as session:
        rule = payments.rules(session, town.partners.case)[0].public_id
    answer = desk.get(f"{town.url}/do/calculate?item={rule}")
    assert answer.status_code == 302
    assert "先に測定の結果を確認してください。" in visit(desk, answer.headers["Location"]).text


def test_who_confirms_a_value_sees_its_evidence_parts_and_sample_beside_the_decision(town):
    def life(p: Partners) -> None:
        p.bring("ended")
        p.measure(
            p.only_indicator(), 14.0, p.ends_on, accept=False, sample_size=20,
            breakdown={"小学生": 9.0, "中学生": 5.0},
        )  # fmt: skip

    town.live(life)
    desk = town.browser("coordinator")
    page = visit(desk, visit(desk, f"{town.url}/progress").href("測定の結果を確かめる（週に来る子どもの数）"))
    for words in ("記録の集計", "小学生：9人", "中学生：5人", "記録.csv"):
        assert words in page.text, words
    assert desk.get(page.href("記録.csv")).status_code == 200


def test_who_pays_for_a_value_sees_it_and_its_evidence_beside_the_decision(town):
    town.live(with_accepted_value)
    desk = town.browser("coordinator")
    calculate = visit(desk, visit(desk, town.url).href("「週に来る子どもの数」の支払額を計算する"))
    send(desk, calculate, action="calculate")
    manager = town.browser("manager")
    approve = visit(manager, visit(manager, f"{town.url}/payment").href("支払いを承認する"))
    for page in (calculate, approve):
        for words in ("31人", filters.jdate(town.partners.ends_on), "記録.csv"):
            assert words in page.text, words
        assert desk.get(page.href("記録.csv")).status_code == 200


def test_who_confirms_a_gift_sees_its_evidence_beside_the_decision(town):
    def life(p: Partners) -> None:
        p.bring("running")
        gift = contributions.Gift(
            "food", 5, "kg", calendar.tokyo_date(p.at), evidence=p.file("納品書.csv", by=p.company_actor)
        )
        contributions.record_contribution(p.session, p.company_actor, p.case, gift, p.at)

    town.live(life)
    npo = town.browser("npo")
    page = visit(npo, visit(npo, f"{town.url}/progress").href("確かめる（食品 5kg）"))
    assert npo.get(page.href("納品書.csv")).status_code == 200


# ── What is next, what is offered, what is a draft ───────────────────────────────────────────────────


@pytest.mark.parametrize("section", SECTIONS)
def test_every_part_of_a_case_says_what_is_next(town, section):
    town.live(lambda p: p.bring("negotiation"))
    page = visit(town.browser("npo"), f"{town.url}/{section}")
    assert "次にすること" in page.text
    links = [url for words, url in page.links if words == "協働計画を書く（お試しから始めることもできます）"]
    assert links == ([] if section == "plan" else [f"{town.url}/plan"]), "no link leads to its own page"
    assert "協働計画を書く（お試しから始めることもできます）" in page.text
    assert "次にすること" not in visit(town.browser("coordinator"), f"{town.url}/{section}").text


def test_a_time_typed_with_the_day_of_the_next_meeting_is_not_dropped(town: Town) -> None:
    town.live(lambda p: p.bring("negotiation"))
    browser = town.browser("npo")
    day = calendar.tokyo_date(town.partners.at).isoformat()
    typed = {"people": "山田", "text": "話した。", "held_on": day, "next_on": "2026-12-25 14:00"}
    page = visit(browser, f"{town.url}/do/record_meeting")
    refused = send(browser, page, typed, 422, action="/do/record_meeting")
    assert "時刻は「次の面談の時刻」に入力してください。" in refused.text
    assert refused.form(action="/do/record_meeting").values["next_on"] == "2026-12-25 14:00"
    given = typed | {"next_on": "2026-12-25", "next_time": "14:00"}
    send(browser, refused, given, action="/do/record_meeting")
    assert re.search("12月25日.{0,6}14(:|時)", visit(browser, town.url).text)


def test_before_the_first_meeting_the_plan_page_leads_to_its_note_instead_of_asking_for_a_purpose(town):
    town.live(lambda p: p.bring("introduced"))
    page = visit(town.browser("npo"), f"{town.url}/plan")
    assert page.href("面談の記録を書く") == f"{town.url}/do/record_meeting"
    assert "目的から書きはじめてください" not in page.text


def test_a_half_written_plan_is_offered_for_completion_and_not_for_consent(town):
    def begin(p: Partners) -> None:
        p.bring("negotiation")
        p.indicator(kind="output")
        plans.write_purpose(p.session, p.npo_actor, p.case, "夕食を囲む", p.at, version=None)

    town.live(begin)
    for who, part in (("company", town.url), ("npo", town.url), ("npo", f"{town.url}/plan")):
        page = visit(town.browser(who), part)
        assert page.href("計画に、成果（アウトカム）の指標を加える") == f"{town.url}/do/save_indicator"
        assert "同意するかを決める" not in page.text
    assert "成果（アウトカム）の指標が1つ以上必要です" in visit(town.browser("npo"), f"{town.url}/plan").text
    read = visit(town.browser("npo"), visit(town.browser("npo"), f"{town.url}/plan").href("案を読む"))
    assert "この内容に同意する" not in read.text
    assert "いまは同意できません" in read.text


def test_an_evaluation_that_is_not_complete_has_no_button_to_conclude_it(town):
    town.live(lambda p: p.bring("reported"))
    page = visit(town.browser("coordinator"), f"{town.url}/evaluation")
    assert "評価をまとめるには：三者の評価がそろうこと" in page.text
    assert f"{town.url}/do/conclude" not in page.html


@pytest.mark.parametrize(
    ("state", "ready", "button"),
    [
        ("reported", Partners.rate_alike, "評価をまとめる"),
        ("evaluated", Partners.make_closable, "案件を完了する"),
    ],
)
def test_what_nothing_hinders_any_longer_has_its_button(town, state, ready, button):
    def life(p: Partners) -> None:
        p.bring(state)
        ready(p)

    town.live(life)
    page = visit(town.browser("coordinator"), f"{town.url}/evaluation")
    assert (button, f"{town.url}/do/{'conclude' if state == 'reported' else 'close'}") in page.links


def test_a_part_of_a_report_that_is_not_handed_in_is_marked_as_a_draft(town):
    def write(p: Partners) -> None:
        p.run_quarterly()
        found = work_reads.reports(p.session, p.case)[0]
        p.at = calendar.end_of_day(found.period_to) + timedelta(hours=1)
        words = {"text": "届いた。", "setbacks": "特になし。"}
        for actor, is_handed_in in ((p.npo_actor, True), (p.company_actor, False)):
            reports.write_report(
                p.session, actor, p.case, found, words, p.at, submit=is_handed_in, version=None
            )

    town.live(write)
    page = visit(town.browser("npo"), f"{town.url}/progress")
    assert page.text.count("下書き") == 1
    assert re.search(r"下書き.*?届いた", page.text.split("企業の分")[-1], re.DOTALL)


def test_where_one_has_read_a_gift_the_step_leads_to_its_confirmation(town):
    def life(partners):
        partners.bring("running")
        gift = contributions.Gift("food", 5, "kg", calendar.tokyo_date(partners.at))
        contributions.record_contribution(
            partners.session, partners.company_actor, partners.case, gift, partners.at, version=None
        )

    town.live(life)
    npo = town.browser("npo")
    assert visit(npo, town.url).href("相手方の実績を確かめる") == f"{town.url}/progress"
    page = visit(npo, visit(npo, f"{town.url}/progress").href("相手方の実績を確かめる"))
    assert page.h1 == ["実績を確認する"]
    send(npo, page, action="/do/confirm_contribution")
    assert "相手方の実績を確かめる" not in visit(npo, f"{town.url}/progress").text


def test_savings_of_one_draft_in_a_row_are_one_line_of_the_history(town):
    def life(partners):
        partners.bring("negotiation")
        for who, purpose in (
            (partners.npo_actor, "一"), (partners.npo_actor, "二"), (partners.npo_actor, "三"),
            (partners.company_actor, "四"), (partners.npo_actor, "五"),
        ):  # fmt: skip
            partners.at += timedelta(minutes=5)
            plans.write_purpose(partners.session, who, partners.case, purpose, partners.at, version=None)
        partners.at += timedelta(days=1)
        plans.write_purpose(
            partners.session, partners.npo_actor, partners.case, "六", partners.at, version=None
        )
        saved = select(AuditEvent).where(AuditEvent.action == "draft_plan").order_by(AuditEvent.id)
        times.extend(filters.jdatetime(event.at) for event in partners.session.scalars(saved))

    times: list[str] = []
    town.live(life)
    page = visit(town.browser("npo"), town.url).text
    told = re.findall(r"(\S+) 協働計画の案", page)
    assert told == [times[place] for place in (5, 4, 3, 2)]
