"""What a published page tells residents, and how the workspace leads to a page that is true to the end."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import select

from matcher.agreements import plans
from matcher.cases import documents
from matcher.cases import reads as case_reads
from matcher.ground import vocabulary
from matcher.ground.db import Database
from matcher.records import CaseDocument, Organization, User
from matcher.results import comments, lessons, ratings
from matcher.work import contributions, reports
from matcher.work import reads as work_reads
from tests.conftest import NOW
from tests.partners import SCORES, Partners
from tests.web.conftest import login_as
from tests.web.pages import send, visit
from webapp import create_app


class Town(Partners):
    """A case that is told to its end, and the browsers of a resident and of the three parties."""

    def tell(self) -> None:
        """Reported quarterly (once sent back), changed once, measured, rated, with a lesson taken up."""
        session = self.session
        self.run_quarterly()
        for gift in (
            contributions.Gift("food", 5, "kg", self.today, 4000, "market", "1kg 800円"),
            contributions.Gift("food", 5, "kg", self.today, 9000, "city_direct", "職員3時間の人件費"),
        ):
            entry = contributions.record_contribution(session, self.company_actor, self.case, gift, self.at)
            contributions.confirm_contribution(
                session, self.npo_actor, self.case, entry, self.at, version=None
            )
        self.lesson = lessons.add_lesson(
            session, self.npo_actor, self.case, "前の週に量を決める。", True, self.at
        )
        self.publish("purpose")
        plans.write_purpose(
            session, self.npo_actor, self.case, "昼食を囲む", [self.lesson.public_id], self.at,
            version=None, why_changed="夜は来られない家庭が多いため。",
        )  # fmt: skip
        self.accept("plan")
        self.later(days=95)
        self.hand_in("5回届けた。")
        self.review_quarter(accepted=False, text="人数も書いてください。")
        self.hand_in("5回、延べ90人に届けた。")
        self.review_quarter(accepted=True)
        self.later(days=6)
        self.end()
        self.report()
        ratings.add_third_party(
            session, self.coordinator, self.case, "澪原大学", {**SCORES, "outcome": 2}, "", self.at
        )
        self.evaluate()

    def hand_in(self, text: str) -> None:
        """Both sides write and submit the first periodic report."""
        report = work_reads.reports(self.session, self.case)[0]
        for actor in self.sides:
            facts = {"text": text, "setbacks": "雪で1回休んだ。", "next_step": ""}
            reports.write_report(
                self.session, actor, self.case, report, facts, self.at, submit=True, version=None
            )

    def review_quarter(self, *, accepted: bool, text: str = "") -> None:
        """The city looks at it."""
        report = work_reads.reports(self.session, self.case)[0]
        reports.review_report(
            self.session, self.coordinator, self.case, report, accepted, text, self.at, version=None
        )


@pytest.fixture
def town(settings, travel, tmp_path: Path) -> Iterator[tuple[Town, Database, dict]]:
    app = create_app(settings)
    records: Database = app.extensions["database"]
    with records.write() as session:
        town = Town(session, NOW, Path(settings.files_folder))
        town.tell()
        coordinator = session.get(User, town.coordinator.user_id)
        users = {"npo": town.npo_user, "company": town.company_user, "coordinator": coordinator}
    travel.move_to(town.at)
    browsers = {"resident": app.test_client()}
    for name, user in users.items():
        browsers[name] = login_as(app.test_client(), user)
    yield town, records, browsers
    records.dispose()


def publish(town: Town, records: Database, *fields: str) -> str:
    """A new page with these fields, accepted by all three; its address."""
    with records.write() as session:
        town.session = session
        town.case = case_reads.get_case(session, town.coordinator, town.case.public_id)
        town.publish(*fields)
        return f"/partnerships/{town.case.public_id}"


def test_residents_read_how_it_went_what_was_changed_and_what_an_outsider_said(town):
    partners, records, browsers = town
    address = publish(partners, records, *vocabulary.PUBLIC_FIELDS)
    page = visit(browsers["resident"], address)
    for words in (
        "計画・協定の変更", "夜は来られない家庭が多いため。", "協働計画（第2版）",
        "中間報告", "5回、延べ90人に届けた。", "雪で1回休んだ。",
        "第三者評価：澪原大学（5点満点）",
        "4,000円市価・相場", "9,000円市が直接行った場合の費用：職員3時間の人件費",
    ):  # fmt: skip
        assert words in page.text, words
    assert "13,000円" not in page.text, "amounts found in two ways make no sum"
    assert "5回届けた。" not in page.text, "what was sent back is no report"
    assert not re.search(r"20\d\d-\d\d-\d\d", page.text), "days are written as people read them"


def test_a_page_frozen_before_amounts_named_their_way_is_still_read(town):
    partners, records, browsers = town
    address = publish(partners, records, "contributions", "money")
    with records.write() as session:
        page = session.scalars(
            select(CaseDocument).where(CaseDocument.kind == "publication", CaseDocument.state == "agreed")
        ).one()
        rows = [
            {
                "giver": "company",
                "support_type": "food",
                "unit": "kg",
                "quantity": 10.0,
                "times": 2,
                "yen": 500,
            }
        ]
        page.content = {**page.content, "view": {**page.content["view"], "contributions": rows}}
    assert "500円" in visit(browsers["resident"], address).text


def test_a_resident_hears_what_happens_with_the_words_and_how_many_are_not_shown(town):
    partners, records, browsers = town
    address = publish(partners, records, "purpose")
    page = visit(browsers["resident"], address)
    for words in ("3営業日以内が目安です", "回答する理由を付けて", "件数と理由だけを"):
        assert words in page.text, words
    assert "非掲載" not in page.text
    send(browsers["resident"], page, {"text": "続けてほしいです。"}, button="送る")
    assert "3営業日以内を目安に読み、載せるかどうかを決めます" in visit(browsers["resident"], address).text
    with records.write() as session:
        case = case_reads.get_case(session, partners.coordinator, partners.case.public_id)
        for text, reason in (("悪口", "abuse"), ("宣伝", "advertisement"), ("中傷", "abuse")):
            found = comments.comment(session, case, text, reason + text, partners.at)
            answer = {"decision": "hide", "hide_reason": reason}
            comments.treat_comment(
                session, partners.coordinator, found, case, answer, partners.at, version=None
            )
    page = visit(browsers["resident"], address)
    assert "非掲載 3件：人を傷つける内容のため 2件、宣伝のため 1件" in page.text
    assert not any(text in page.text for text in ("悪口", "中傷", "続けてほしいです。"))


def test_the_city_is_led_to_a_page_that_says_less_than_what_is_known(town):
    partners, records, browsers = town
    case = f"/cases/{partners.case.public_id}"
    home = visit(browsers["coordinator"], case)
    step = "公開ページを最新の内容にする（目的と計画、成果報告のあとの、公表する項目の見直し）"
    page = visit(browsers["coordinator"], home.href(step))
    assert "公開ページの内容が古くなっています" in page.text
    refused = browsers["coordinator"].get(f"{case}/do/close")
    assert refused.status_code == 302
    page = visit(browsers["coordinator"], refused.headers["Location"])
    assert "公開ページの内容が古くなっています" in page.text
    publish(partners, records, "purpose", "report", "evaluation")
    assert "公開ページの内容が古くなっています" not in visit(browsers["npo"], f"{case}/publication").text
    closing = visit(browsers["coordinator"], f"{case}/do/close")
    send(browsers["coordinator"], closing, {"text": "済んだ。"}, action="/close")
    assert "公表する内容を選ぶ" in visit(browsers["npo"], f"{case}/publication").text, (
        "also once it is closed"
    )
    with records.write() as session:
        session.scalars(
            select(Organization).where(Organization.id == partners.npo.id)
        ).one().name = "新しい名"
    assert "企業・団体・分野・地区" in visit(browsers["npo"], f"{case}/publication").text


def test_a_telephone_number_in_a_report_is_named_with_its_field_and_nothing_is_lost(town):
    partners, records, browsers = town
    with records.write() as session:
        report = documents.find_agreed(session, partners.case, "outcome_report")
        report.content = {**report.content, "narrative": "連絡は 042-000-1234 の佐藤へ。"}
    typed = {"title": "昼食を囲む", "summary": "毎週の昼食会。", "fields": ["purpose", "report"]}
    address = f"/cases/{partners.case.public_id}/do/write_publication"
    page = send(browsers["npo"], visit(browsers["npo"], address), typed, 409)
    assert "公表する項目（成果報告の本文）の文に、メールアドレスや電話番号のような" in page.text
    assert page.form().values["summary"] == "毎週の昼食会。"
    assert page.form().values["fields"] == ["purpose", "report"]


@pytest.mark.parametrize("who", ["npo", "company", "coordinator"])
def test_what_was_sent_back_is_read_beside_what_the_city_said(town, who):
    partners, _records, browsers = town
    page = visit(browsers[who], f"/cases/{partners.case.public_id}/progress")
    for words in ("前の版", "第1版", "5回届けた。", "人数も書いてください。"):
        assert words in page.text, words


def test_amounts_in_the_workspace_say_how_they_were_found(town):
    partners, _records, browsers = town
    page = visit(browsers["npo"], f"/cases/{partners.case.public_id}/progress")
    for words in ("4,000円市価・相場", "9,000円市が直接行った場合の費用：職員3時間の人件費"):
        assert page.text.count(words) == 2, f"{words}: in the sum and in its row"
    assert "13,000円" not in page.text
    own = visit(browsers["company"], f"/cases/{partners.case.public_id}/progress")
    asked = [url for _text, url in own.links if "/do/cancel_contribution" in url]
    pages = " ".join(visit(browsers["company"], url).text for url in asked)
    assert "4,000円（市価・相場：1kg 800円）" in pages


def test_a_plan_says_what_it_learned_and_a_lesson_where_it_is_used(town):
    partners, _records, browsers = town
    case = f"/cases/{partners.case.public_id}"
    used = f"案件{partners.case.number} 協働計画 第2版"
    for section in ("plan", "evaluation"):
        page = visit(browsers["company"], f"{case}/{section}")
        assert page.text.count("前の週に量を決める。") == 1
        assert "生かす学び" in visit(browsers["company"], page.href(used)).text
    paper = browsers["company"].get(f"{case}/papers/plan.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.data)).pages)
    assert "生かす学び" in text
    assert "前の週に量を決める" in "".join(text.split())


def test_the_esg_sheet_shows_how_an_amount_was_reckoned(town):
    partners, _records, browsers = town
    page = visit(browsers["company"], "/company/evidence?year=2026")
    assert "市価・相場：1kg 800円" in page.text
    assert "市が直接行った場合の費用：職員3時間の人件費" in page.text
    paper = browsers["company"].get("/company/evidence?year=2026&format=pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.data)).pages)
    assert "職員3時間の人件費" in "".join(text.split())
    for address in (
        "/company/evidence?year=2026&format=xlsx",
        f"/cases/{partners.case.public_id}/ledger.xlsx",
    ):
        book = load_workbook(io.BytesIO(browsers["company"].get(address).data))
        cells = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
        assert {"換算の説明", "職員3時間の人件費", "1kg 800円"} <= cells
