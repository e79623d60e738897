"""The workspace of a case: what its papers, sheets and pages say about what happened in it."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from openpyxl import load_workbook
from pypdf import PdfReader

from matcher.agreements import course, definitions
from matcher.cases import trials
from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.records import User
from matcher.results import comments, lessons, outcome_reports, publication, ratings
from matcher.work import contributions, incidents, risks
from matcher.work import reads as work_reads
from tests.conftest import NOW
from tests.partners import SCORES, Partners
from tests.web.conftest import login_as
from tests.web.pages import send, visit
from webapp import create_app


class Workplace(Partners):
    """A case with everybody's browser; ``settle`` keeps what was done and sets the clock to it."""

    def settle(self) -> None:
        """From here on, the browsers look."""
        self.session.commit()
        self.traveller.move_to(self.at)

    def open(self, who: str) -> FlaskClient:
        """The browser of ``company``, ``npo``, ``coordinator`` or ``manager``."""
        ids = {
            "company": self.company_user.id, "npo": self.npo_user.id,
            "coordinator": self.coordinator.user_id, "manager": self.manager.user_id,
        }  # fmt: skip
        with self.records.read() as session:
            found = session.get(User, ids[who])
        assert found is not None
        return login_as(self.app.test_client(), found)

    def url(self, rest: str = "") -> str:
        """The address of a page of the case."""
        return f"/cases/{self.case.public_id}{rest}"

    def paper(self, name: str, who: str = "npo", status: int = 200) -> str:
        """The text of one of its papers."""
        answer = self.open(who).get(self.url(f"/papers/{name}.pdf"))
        assert answer.status_code == status
        if status != 200:
            return ""
        pages = PdfReader(io.BytesIO(answer.data)).pages
        assert all(round(float(page.mediabox.height)) == 842 for page in pages), "A4"
        return "".join(page.extract_text() for page in pages).replace("\n", "")


@pytest.fixture
def place(settings, travel, tmp_path: Path) -> Iterator[Workplace]:
    app = create_app(settings)
    records: Database = app.extensions["database"]
    with records.write_session() as session:
        found = Workplace(session, NOW, Path(settings.files_folder))
        found.app, found.traveller, found.records = app, travel, records
        yield found
    records.dispose()


# ── Papers about a pause and an early end ────────────────────────────────────────────────────────────


def test_a_pause_its_end_and_an_early_end_have_papers_once_they_happened(place):
    place.bring("suspended")
    place.settle()
    assert "中断通知書（PDF）" in visit(place.open("npo"), place.url()).text
    place.paper("resumption", status=404)
    place.paper("termination", status=404)
    said = place.paper("suspension")
    for words in ("中断通知書", "決裁欄", "人手が足りない", "続け方を決める日", place.npo.name, "以上"):
        assert words in said, words


def test_the_newest_of_several_pauses_is_told_and_why_it_went_on(place):
    place.bring("suspended")
    course.resume(place.session, place.company_actor, place.case, "人がそろった。", place.at, version=None)
    place.settle()
    said = place.paper("resumption")
    assert "人がそろった。" in said
    assert "中断した日と理由" in said
    by = calendar.tokyo_date(place.at) + timedelta(days=9)
    course.suspend(
        place.session, place.coordinator, place.case, "disaster", "大雪のため。", by, place.later(days=1),
        version=None,
    )  # fmt: skip
    place.settle()
    said = place.paper("suspension")
    assert "大雪のため。" in said
    assert "人手が足りない。" not in said
    said = place.paper("resumption")
    assert "人手が足りない" in said
    assert "大雪のため。" not in said, "the later pause is not the one that ended"


def test_an_early_end_keeps_its_reason_in_the_case_and_in_the_report(place):
    place.bring("terminated")
    facts = {"sentences": [], "narrative": "途中まで。", "setbacks": "人手。", "harm": "", "next_step": ""}
    outcome_reports.draft_report(place.session, place.npo_actor, place.case, facts, place.at, version=None)
    place.accept("outcome_report")
    assert place.case.state == "reported"
    place.settle()
    assert "人手が足りない：続けられない。" in visit(place.open("company"), place.url()).text
    for paper in ("final", "termination"):
        assert "続けられない。" in place.paper(paper), paper
    assert "会で伝える。" in place.paper("termination")


# ── The scheme of an outcome-linked contract ─────────────────────────────────────────────────────────

SIB = {
    "scheme": "sib", "intermediary": "協働推進財団",
    "funders": [{"name": "澪原信用金庫", "principal_yen": 3_000_000, "terms": "支払いの翌月に元本から返す"}],
    "sounding_note": "令和8年6月に3者から聞いた。",
}  # fmt: skip


def test_a_sib_is_told_on_the_page_and_on_both_papers(place):
    place.contracted(**SIB)
    place.settle()
    said = visit(place.open("coordinator"), place.url("/payment")).text
    assert "ここでは計算しません" in said
    for words in (said, place.paper("payment"), place.paper("agreement")):
        for part in (
            "ソーシャル・インパクト・ボンド",
            "協働推進財団",
            "澪原信用金庫",
            "3,000,000円",
            "3者から聞いた",
        ):
            assert part in words, part


def test_a_contract_without_a_scheme_is_a_pfs_without_funders(place):
    place.contracted()
    place.settle()
    said = visit(place.open("npo"), place.url("/payment")).text
    assert "成果連動型民間委託契約方式（PFS）" in said
    assert "資金提供者" not in said
    assert "契約のしくみ" not in place.paper("agreement"), "nothing is printed that nobody signed"


def test_the_form_takes_a_scheme_and_shows_it_again(place):
    place.contracted()
    place.settle()
    npo = place.open("npo")
    page = visit(npo, place.url("/do/write_agreement"))
    send(npo, page, {"scheme": "sib", "why_changed": "SIBにする。"}, 422, action="/do/write_agreement")
    funders = "澪原信用金庫：３，０００，０００円:翌月に返す"
    values = {"scheme": "sib", "funders": funders, "wtp_note": "1人2万円。", "why_changed": "SIBにする。"}
    send(npo, page, values, action="/do/write_agreement")
    page = visit(npo, place.url("/do/write_agreement"))
    again = page.form("/do/write_agreement").values
    assert (again["scheme"], again["wtp_note"]) == ("sib", "1人2万円。")
    assert again["funders"] == "澪原信用金庫：3000000：翌月に返す"
    broken = {"funders": "澪原信用金庫：たくさん", "why_changed": "SIBにする。"}
    assert "の形で入力してください" in send(npo, page, broken, 422, action="/do/write_agreement").text


# ── Money promised and recorded ──────────────────────────────────────────────────────────────────────


def test_a_shortage_stands_beside_the_promise_and_the_form_asks_why(place):
    place.introduce()
    place.meet()
    place.write_plan()
    place.draft_agreement(money_company_yen=100_000)
    for step in ("sign", "confirm", "start", "end", "report", "evaluate"):
        getattr(place, step)()
    lessons.add_lesson(place.session, place.npo_actor, place.case, "前の週に決める。", True, place.at)
    publication.unpublish(place.session, place.npo_actor, place.case, "private", "小さな会。", place.at)
    place.settle()
    city = place.open("coordinator")
    for section in ("/progress", "/evaluation"):
        assert "約束した金額と記録された金額" in visit(city, place.url(section)).text
    page = visit(city, place.url("/do/close"))
    refused = send(city, page, {"text": "済んだ。"}, 422, action="/do/close")
    assert "協定で約束した金額より少ない理由を入力してください" in refused.text
    send(city, refused, {"text": "済んだ。", "money_note": "物に替わった。"}, action="/do/close")
    assert "約束した金額との差の理由：物に替わった。" in visit(city, place.url()).text


def test_where_nothing_is_short_the_form_does_not_ask(place):
    place.bring("evaluated")
    lessons.add_lesson(place.session, place.npo_actor, place.case, "前の週に決める。", True, place.at)
    publication.unpublish(place.session, place.npo_actor, place.case, "private", "小さな会。", place.at)
    place.settle()
    assert (
        "money_note" not in visit(place.open("coordinator"), place.url("/do/close")).form("/do/close").fields
    )


# ── Frozen decisions ─────────────────────────────────────────────────────────────────────────────────


def test_a_frozen_pause_is_listed_and_told_in_words(place):
    place.bring("running")
    indicator = place.only_indicator()
    by = calendar.tokyo_date(place.at) + timedelta(days=9)
    place.later(days=1)
    course.suspend(
        place.session, place.coordinator, place.case, "disaster", "大雪のため。", by, place.at, version=None
    )
    place.settle()
    city = place.open("coordinator")
    page = visit(city, place.url())
    [address] = [href for label, href in page.links if label.startswith("中断（")]
    said = visit(city, address).text
    for words in ("災害・感染症", "大雪のため。", "有効な計画と協定", "続け方を決める日"):
        assert words in said, words
    assert "disaster" not in said
    assert indicator.name in said


# ── Sentences and the records they rest on ───────────────────────────────────────────────────────────


def reported(place):
    """A case with something of each kind that reports speak of, and its first quarter reported."""
    place.days = 200
    place.introduce()
    place.meet()
    place.write_plan({"measure_on": [(place.starts_on + timedelta(days=60)).isoformat()]})
    place.draft_agreement(frequency="quarterly")
    for step in ("sign", "confirm", "start"):
        getattr(place, step)()
    gift = contributions.Gift("food", 5, "kg", place.today)
    entry = contributions.record_contribution(place.session, place.company_actor, place.case, gift, place.at)
    entry.given_on = place.starts_on
    contributions.confirm_contribution(
        place.session, place.npo_actor, place.case, entry, place.at, version=None
    )
    incidents.report_incident(
        place.session, place.npo_actor, place.case, calendar.tokyo_date(place.at), "けが", "手当て", place.at
    )
    place.later(days=95)
    place.measure(place.only_indicator(), 31.0, place.starts_on + timedelta(days=60))
    report = work_reads.reports(place.session, place.case)[0]
    place.settle()
    for who in ("npo", "company"):
        browser = place.open(who)
        address = place.url(f"/do/write_report?item={report.public_id}")
        page = visit(browser, address)
        values = {"text": "続けた。", "submit_now": "yes"} | ({"setbacks": "雪。"} if who == "npo" else {})
        send(browser, page, values, action="/do/write_report")
    return report


def test_what_a_company_says_did_not_work_is_asked_and_shown(place):
    report = reported(place)
    place.session.refresh(report)
    report.state, report.company_submitted_at = "open", None
    place.settle()
    browser = place.open("company")
    page = visit(browser, place.url(f"/do/write_report?item={report.public_id}"))
    assert "うまくいかなかったこと" in page.text
    assert "次の期間にすること" not in page.text
    send(
        browser, page, {"text": "続けた。", "setbacks": "車が足りない。", "submit_now": "yes"},
        action="/do/write_report",
    )  # fmt: skip
    for who in ("npo", "company", "coordinator"):
        assert "うまくいかなかったこと：車が足りない。" in visit(place.open(who), place.url("/progress")).text
    again = visit(place.open("coordinator"), place.url(f"/do/review_report?item={report.public_id}"))
    assert "うまくいかなかったこと（企業） 車が足りない。" in again.text


def test_every_sentence_leads_to_the_record_that_it_rests_on(place):
    reported(place)
    browser = place.open("coordinator")
    for section in ("/evaluation", "/progress"):
        page = visit(browser, place.url(section))
        leads = [href for label, href in page.links if label.startswith(("実績 ", "測定 ", "トラブル "))]
        assert len(leads) == 3, section
        for lead in leads:
            address, _mark, anchor = lead.partition("#")
            assert anchor in visit(browser, address).ids, lead
    page = visit(browser, place.url("/evaluation"))
    assert [href for label, href in page.links if label == "覚書 第1版"]


def test_a_submitted_report_says_for_ever_what_the_records_said_then(place):
    report = reported(place)
    assert "食品を1回、合わせて5kg" in place.paper("interim")
    entry = work_reads.contributions(place.session, place.case)[0]
    contributions.cancel_contribution(
        place.session, place.company_actor, place.case, entry, "誤り", place.at, version=None
    )
    place.settle()
    assert "食品を1回、合わせて5kg" in place.paper("interim")
    again = visit(place.open("coordinator"), place.url(f"/do/review_report?item={report.public_id}"))
    assert "食品を1回、合わせて5kg" in again.text


def test_a_report_sent_back_is_composed_anew(place):
    report = reported(place)
    city = place.open("coordinator")
    page = visit(city, place.url(f"/do/review_report?item={report.public_id}"))
    send(city, page, {"decision": "send_back", "text": "月ごとに。"}, action="/do/review_report")
    entry = work_reads.contributions(place.session, place.case)[0]
    contributions.cancel_contribution(
        place.session, place.company_actor, place.case, entry, "誤り", place.at, version=None
    )
    place.settle()
    assert "合わせて5kg" not in place.paper("interim")


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────────


def cells(browser, address):
    """sheet → rows of what a workbook says."""
    answer = browser.get(address)
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.data))
    return {page.title: [list(row) for row in page.iter_rows(values_only=True)] for page in book}


def flat(rows):
    return " ".join(str(cell) for row in rows for cell in row if cell is not None)


def test_reports_and_evaluation_of_a_case_are_saved_as_excel(place):
    place.bring("closed")
    evaluation = place.case.number
    place.settle()
    found = cells(place.open("npo"), place.url("/results.xlsx"))
    assert list(found) == [
        f"{name}_{evaluation}" for name in ("中間報告", "成果報告", "評価", "受け手の声", "学び")
    ]
    assert "続いた。" in flat(found[f"成果報告_{evaluation}"])
    assert "前の週に決める。" in flat(found[f"学び_{evaluation}"])
    assert len(found[f"評価_{evaluation}"]) == 5 + 9 * 5, "nine sheets of five items under the title"


def test_the_workbook_hides_ratings_as_the_page_does(place):
    place.bring("reported")
    ratings.rate(place.session, place.npo_actor, place.case, "npo", SCORES, "ひみつ", place.at)
    place.settle()
    address = place.url("/results.xlsx")
    name = f"評価_{place.case.number}"
    assert "ひみつ" in flat(cells(place.open("npo"), address)[name])
    for who in ("company", "coordinator"):
        assert "ひみつ" not in flat(cells(place.open(who), address)[name])


def test_the_whole_city_is_saved_with_every_kind_of_record(place):
    place.bring("closed")
    place.settle()
    found = cells(place.open("coordinator"), "/desk/partnerships.xlsx")
    assert list(found) == [
        "案件", "協働に至らなかった案件", "実績", "測定", "支払い", "中間報告", "成果報告", "評価",
        "受け手の声", "学び", "リスク", "トラブル", "住民の声と市の回答",
    ]  # fmt: skip
    number = place.case.number
    for name in ("案件", "測定", "成果報告", "評価", "学び"):
        assert any(row[0] == number for row in found[name]), name


def test_risks_trouble_voices_and_residents_words_are_in_the_book_of_the_city(place):
    place.bring("running")
    session, case = place.session, place.case
    risk = risks.RiskFacts("大雪", 2, 3, "前日に決める", "npo")
    risks.add_risk(session, place.npo_actor, case, risk, place.at)
    incidents.report_incident(session, place.npo_actor, case, place.today, "けが", "手当て", place.at)
    lessons.add_voice(session, place.npo_actor, case, "children", 9, "聞き取り", "楽しい", place.at)
    place.publish("purpose")
    word = comments.comment(session, case, "よい取り組みですね。", "network", place.at)
    answer = {"decision": "show", "text": "ありがとうございます。", "reason": "三者で決めた。"}
    comments.treat_comment(session, place.coordinator, word, case, answer, place.at, version=None)
    place.settle()
    found = cells(place.open("coordinator"), "/desk/partnerships.xlsx")
    for name, words in (
        ("リスク", ("大雪", "前日に決める")), ("トラブル", ("けが", "手当て")), ("受け手の声", ("楽しい",)),
        ("住民の声と市の回答", ("よい取り組みですね。", "ありがとうございます。", "掲載")),
    ):  # fmt: skip
        for part in words:
            assert part in flat(found[name]), (name, part)


def stopped_after_a_trial(place):
    place.bring("trial")
    gift = contributions.Gift("food", 5, "kg", place.today)
    entry = contributions.record_contribution(place.session, place.company_actor, place.case, gift, place.at)
    contributions.confirm_contribution(
        place.session, place.npo_actor, place.case, entry, place.at, version=None
    )
    trials.draft_trial_result(
        place.session, place.npo_actor, place.case, "stop", "人手が足りない。", place.at, version=None
    )
    place.accept("trial_result")
    assert place.case.state == "withdrawn"
    place.settle()


def test_a_case_that_ended_with_its_trial_is_in_the_book_with_its_gifts(place):
    stopped_after_a_trial(place)
    found = cells(place.open("coordinator"), "/desk/partnerships.xlsx")
    assert place.case.number not in flat(found["案件"])
    [row] = [row for row in found["協働に至らなかった案件"] if row[0] == place.case.number]
    assert (row[3], row[7]) == ("取り下げ", "した")
    assert place.case.number in flat(found["実績"])


def test_what_a_company_gave_on_trial_counts_for_its_esg_sheet(place):
    stopped_after_a_trial(place)
    said = visit(place.open("company"), "/company/evidence").text
    assert place.case.number in said
    assert "5kg" in said


# ── Calendar ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("state", "words"),
    [("trial", "お試しの終わりの日"), ("suspended", "続け方を決める日"), ("ended", "成果報告の期限")],
)
def test_what_is_to_be_decided_stands_in_the_calendar(place, state, words):
    place.bring(state)
    place.settle()
    answer = place.open("npo").get(place.url("/calendar.ics"))
    said = Calendar.from_ical(answer.data)
    [event] = [row for row in said.walk("VEVENT") if words in str(row["summary"])]
    until = {
        "trial": place.today + timedelta(days=30), "suspended": place.case.decide_by,
        "ended": calendar.tokyo_date(place.case.deadline_at or place.at),
    }[state]  # fmt: skip
    assert event["dtstart"].dt == until


# ── Shared indicators ────────────────────────────────────────────────────────────────────────────────


def test_a_plan_is_offered_its_fields_indicators_first_and_keeps_its_choice(place):
    place.introduce()
    place.meet()
    for code, field in (("A-1", 1), ("K-1", 13), ("Z-1", None)):
        facts = {
            "code": code, "name": "人数", "definition": "実人数", "unit": "人", "kind": "outcome",
            "direction": "up", "method": "records", "evidence": "名簿", "field": field, "is_active": True,
        }  # fmt: skip
        definitions.save_definition(place.session, place.coordinator, facts, place.at)
    place.settle()
    npo = place.open("npo")
    page = visit(npo, place.url("/do/save_indicator"))
    offered = re.findall(r"<option value=\"([0-9a-f]+)\">([^<]+)</option>", page.html)
    assert [label for _value, label in offered[:3]] == [
        "K-1 人数（この案件の分野）", "A-1 人数（保健・医療・福祉）", "Z-1 人数（分野を問わない）"
    ]  # fmt: skip
    values = {
        "definition_id": offered[0][0], "baseline": "3", "target": "9", "measure_on": "2027-03-31",
        "measurer": "npo",
    }  # fmt: skip
    send(npo, page, values, action="/do/save_indicator")
    again = visit(npo, place.url("/do/save_indicator?key=I1"))
    send(npo, again, {"target": "10"}, action="/do/save_indicator")
    assert "共通指標 K-1" in visit(npo, place.url("/plan")).text
    said = visit(place.open("coordinator"), "/desk/indicators").text
    assert "使っている計画" in said


def test_only_the_company_is_offered_what_it_came_to_give(place):
    place.bring("running")
    place.settle()
    for who, offered in (("company", "20"), ("npo", "")):
        page = visit(place.open(who), place.url("/do/record_contribution"))
        assert page.form(action="/do/record_contribution").values["quantity"] == offered, who


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("yen", {"yen": "5万", "quantity": "3"}, "「量・金額」と同じ金額を入力するか"),
        ("given_on", {"given_on": "2001-01-01"}, "市が引き合わせた日"),
        ("quantity", {"quantity": "99999999999", "support_type": "food", "unit": "食"}, "数が大きすぎます"),
        ("quantity", {"quantity": "2.5", "support_type": "food", "unit": "食"}, "この単位では、整数で"),
    ],
)
@pytest.mark.parametrize("who", ["company", "coordinator"])
def test_a_gift_that_cannot_be_is_refused_at_its_field(place, who, field, typed, words):
    place.bring("running")
    place.settle()
    browser, action = place.open(who), "/do/record_contribution"
    form = visit(browser, place.url(action))
    gift = {
        "support_type": "cash_donation", "quantity": "50000", "unit": "円", "given_on": place.today.isoformat(),
        "estimate_method": "actual",
    }  # fmt: skip
    page = send(browser, form, gift | typed, 422, action=action)
    assert words in page.text
    assert page.form(action=action).values[field] == typed[field]
