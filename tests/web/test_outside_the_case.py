"""Whoever is outside a case sees exactly what was published: pages, PDF, Excel, JSON and mail searched for secrets.

Everything private that the case holds carries the same mark; the published page is written out in full.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from matcher.agreements import indicators, plans
from matcher.cases import answering, documents, talks, trials
from matcher.ground.db import Database
from matcher.records import (
    CaseDocument,
    CaseFile,
    CaseTask,
    Contribution,
    DecisionBundle,
    EvaluationSheet,
    Incident,
    Indicator,
    Mail,
    Measurement,
    Notice,
    Payment,
    PaymentRule,
    PeriodReport,
    Risk,
    User,
)
from matcher.results import comments, lessons, outcome_reports, publication, ratings
from matcher.work import contributions, incidents, reports, risks
from tests import factories
from tests import told as tell
from tests.conftest import NOW
from tests.partners import SCORES, TEXTS, Partners
from tests.web.conftest import login_as
from tests.web.pages import visit
from webapp import create_app

MARK = "ひみつ"
SECRETS = (MARK, "himitsu", "0000-77-7777", "654321", "654,321", "98765", "98,765")
PUBLIC = (
    "夕食を囲む", "毎週の夕食会。", "目的と計画", "公開の目的", "週に来る子どもの数", "前の週に決める。",
    "作業中に軽いけががありました。", "よい取り組みですね。", "ありがとうございます。", "三者で決めたため。",
    "公開の節目", "非掲載 1件：人を傷つける内容のため 1件",
)  # fmt: skip


class Town(Partners):
    """The case with a secret in every field, a second company and a second NPO, and everybody's browser."""

    def fill(self) -> None:
        """Live the case to its closing and publish a part of it."""
        session = self.session
        for organization in (self.company, self.npo):
            organization.contact_name, organization.phone = f"{MARK}担当", "0000-77-7777"
            organization.email = f"himitsu-{organization.id}@secret.example"
            organization.contact_department = f"{MARK}課"
        self.introduce()
        talks.record_meeting(
            session, self.npo_actor, self.case,
            talks.Meeting(self.today, f"{MARK}出席", f"{MARK}面談", f"{MARK}次", NOW + timedelta(days=3), f"{MARK}場所"),
            self.at,
        )  # fmt: skip
        talks.add_task(session, self.npo_actor, self.case, f"{MARK}約束", "npo", self.today, self.at)
        answering.send_message(session, self.npo_actor, self.case, f"{MARK}連絡", self.at)
        trial = trials.TrialPlan(
            f"{MARK}試し", f"{MARK}内容", self.today, self.today + timedelta(days=9), 1000, f"{MARK}条件"
        )
        trials.draft_trial(session, self.npo_actor, self.case, trial, self.at, version=None)
        self.accept("trial")
        trials.draft_trial_result(
            session, self.npo_actor, self.case, "adopt", f"{MARK}学", self.at, version=None
        )
        self.accept("trial_result")
        plans.write_purpose(session, self.npo_actor, self.case, "公開の目的", self.at, version=None)
        self.indicator(linked_to_payment=True, evidence=f"{MARK}根拠")
        self.indicator(name=f"{MARK}指標", definition=f"{MARK}定義", is_public=False)
        self.accept("plan")
        texts = {name: f"{MARK}{name}" for name in TEXTS}
        self.draft_agreement(
            **texts, type="outcome_linked", frequency="quarterly", money_company_yen=654321,
            signer_company=f"{MARK}代表", signer_npo=f"{MARK}理事", outcome=self.outcome(),
        )  # fmt: skip
        self.sign()
        self.confirm()
        self.start()
        gift = contributions.Gift("food", 5, "kg", self.today, 654321, "market", f"{MARK}換算", f"{MARK}メモ")
        entry = contributions.record_contribution(session, self.company_actor, self.case, gift, self.at)
        contributions.confirm_contribution(session, self.npo_actor, self.case, entry, self.at, version=None)
        direct = contributions.Gift(
            "food", 1, "kg", self.today, 98765, "city_direct", f"{MARK}直接", f"{MARK}メモ"
        )
        entry = contributions.record_contribution(session, self.npo_actor, self.case, direct, self.at)
        contributions.confirm_contribution(
            session, self.company_actor, self.case, entry, self.at, version=None
        )
        plans.write_milestones(
            session, self.npo_actor, self.case,
            [{"on": self.ends_on.isoformat(), "text": "公開の節目"}], self.at,
            version=None, why_changed=f"{MARK}変更の理由",
        )  # fmt: skip
        self.accept("plan")
        risk = risks.RiskFacts(f"{MARK}リスク", 2, 2, f"{MARK}備え", "npo")
        risks.add_risk(session, self.npo_actor, self.case, risk, self.at)
        self._finish()

    def _finish(self) -> None:
        """Report, measure, rate, publish a part."""
        session = self.session
        self.later(days=95)
        report = session.scalars(select(PeriodReport)).first()
        for actor in self.sides:
            facts = {"text": f"{MARK}報告", "setbacks": f"{MARK}困難", "next_step": f"{MARK}次"}
            reports.write_report(session, actor, self.case, report, facts, self.at, submit=True, version=None)
        reports.review_report(
            session, self.coordinator, self.case, report, True, f"{MARK}受付", self.at, version=None
        )
        self.later(days=6)
        self.end()
        first, second = indicators.of(session, self.case)
        cells = {"未就学": 2.0, "小学生": 21.0, "中学生": 8.0}
        self.measure(
            first,
            31.0,
            self.ends_on,
            breakdown=cells,
            comment=f"{MARK}所見",
            evidence=self.file(f"{MARK}.csv"),
        )
        self.measure(second, 98765.0, self.ends_on)
        facts = {
            "sentences": [], "narrative": f"{MARK}成果", "setbacks": f"{MARK}失敗", "harm": f"{MARK}害",
            "next_step": f"{MARK}次",
        }  # fmt: skip
        outcome_reports.draft_report(session, self.npo_actor, self.case, facts, self.at, version=None)
        self.accept("outcome_report")
        for actor in (*self.sides, self.coordinator):
            own = documents.side_of(actor, self.case)
            for about in sorted(ratings.PARTIES, key=lambda side: side != own):
                ratings.rate(session, actor, self.case, about, SCORES, f"{MARK}評価", self.at)
        ratings.add_third_party(
            session, self.coordinator, self.case, f"{MARK}大学", SCORES, f"{MARK}第三", self.at
        )
        ratings.conclude(session, self.coordinator, self.case, f"{MARK}まとめ", self.at, version=None)
        lessons.add_voice(
            session, self.npo_actor, self.case, "children", 9, f"{MARK}聞", f"{MARK}声", self.at
        )
        lessons.add_lesson(session, self.npo_actor, self.case, "前の週に決める。", True, self.at)
        lessons.add_lesson(session, self.npo_actor, self.case, f"{MARK}学び", False, self.at)
        self.publish("purpose", "agreement", "indicators", "lessons")
        incident = incidents.report_incident(
            session, self.npo_actor, self.case, self.today, f"{MARK}事故", f"{MARK}対応", self.at
        )
        incidents.publish_incident(
            session,
            self.coordinator,
            self.case,
            incident,
            "作業中に軽いけががありました。",
            self.at,
            version=None,
        )
        for number, (text, decision) in enumerate(
            (("よい取り組みですね。", "show"), (f"{MARK}中傷", "hide"), (f"{MARK}まだ", ""))
        ):
            found = comments.comment(session, self.case, text, f"network-{number}", self.at)
            answer = {
                "decision": decision,
                "text": "ありがとうございます。",
                "reason": "三者で決めたため。",
                "hide_reason": "abuse",
            }
            if decision:
                comments.treat_comment(
                    session, self.coordinator, found, self.case, answer, self.at, version=None
                )


@pytest.fixture
def town(settings, travel, tmp_path: Path) -> Iterator[tuple[Town, Database, dict]]:
    app = create_app(settings)
    records: Database = app.extensions["database"]
    with records.write() as session:
        town = Town(session, NOW, Path(settings.files_folder))
        others = [factories.make_company(session), factories.make_npo(session)]
        outsiders = {organization.kind: factories.make_user(session, organization) for organization in others}
        factories.make_need(session, others[1])
        town.fill()
    travel.move_to(town.at)
    browsers = {"anonymous": app.test_client()}
    for name, user in outsiders.items():
        browsers[name] = login_as(app.test_client(), user)
    yield town, records, browsers
    records.dispose()


def text_of(answer) -> str:
    """What a person or a program can read in an answer: markup and unpacked files included."""
    kind = answer.content_type or ""
    if "pdf" in kind:
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    if "sheet" in kind or "zip" in kind:
        with zipfile.ZipFile(io.BytesIO(answer.data)) as found:
            return "".join(found.read(name).decode("utf-8", "replace") for name in found.namelist())
    return unescape(answer.get_data(as_text=True))


def links_from(client, starts: tuple[str, ...]) -> dict[str, str]:
    """Every address within reach of ``starts`` with what it says."""
    found: dict[str, str] = {}
    waiting = list(starts)
    while waiting:
        path = waiting.pop(0)
        if path in found or "/static/" in path or path.count("?") > 1 or len(found) > 400:
            continue
        answer = client.get(path)
        assert answer.status_code < 500, path
        found[path] = text_of(answer)
        if "html" in (answer.content_type or ""):
            for href in re.findall(r'href="([^"]+)"', answer.get_data(as_text=True)):
                target = urldefrag(unescape(href))[0]
                if target.startswith("/"):
                    waiting.append(target)
                elif target.startswith("?"):
                    waiting.append(urlsplit(path).path + target)
    return found


STARTS = {
    "anonymous": ("/", "/partnerships", "/needs"),
    "company": ("/company", "/partnerships", "/company/evidence", "/cases", "/notices"),
    "npo": ("/npo", "/partnerships", "/cases", "/notices"),
}


@pytest.mark.parametrize("who", STARTS)
def test_nothing_within_reach_of_an_outsider_holds_a_secret(town, who):
    _town, _records, browsers = town
    pages = links_from(browsers[who], STARTS[who])
    assert any("夕食を囲む" in text for text in pages.values())
    assert len(pages) > 12
    leaks = [(path, secret) for path, text in pages.items() for secret in SECRETS if secret in text]
    assert leaks == []


@pytest.mark.parametrize("who", STARTS)
def test_every_address_of_the_case_is_closed_to_an_outsider(town, who):
    partners, records, browsers = town
    client, case_id = browsers[who], partners.case.public_id
    with records.read() as session:
        models = (
            CaseDocument, CaseFile, CaseTask, Contribution, DecisionBundle, EvaluationSheet, Incident, Indicator,
            Measurement, Payment, PaymentRule, PeriodReport, Risk,
        )  # fmt: skip
        items = [row.public_id for model in models for row in session.scalars(select(model)).all()]
    app = client.application
    tried = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/cases/<public_id>"):
            continue
        places = [name for name in rule.arguments if name != "public_id"]
        for item in items if any(name.endswith("_id") for name in places) else [""]:
            values = {"public_id": case_id} | {name: item for name in places if name.endswith("_id")}
            for word in _words(rule, places):
                with app.test_request_context():
                    path = app.url_map.bind("").build(rule.endpoint, values | word)
                for method in rule.methods & {"GET", "POST"}:
                    answer = client.open(
                        path + (f"?item={items[0]}" if "/do/" in path else ""), method=method
                    )
                    if answer.status_code in {301, 308}:  # an address of before, whosever the case is
                        answer = client.open(answer.location, method=method)
                    assert answer.status_code in {302, 400, 403, 404}, (method, path, answer.status_code)
                    if answer.status_code == 302:
                        assert "/login" in answer.location, (path, answer.location)
                    assert not any(secret in text_of(answer) for secret in SECRETS), path
                    tried += 1
    assert tried > 150


def _words(rule, places) -> list[dict[str, str]]:
    """The values of the parts of an address that are one of a list."""
    for name in places:
        converter = rule._converters[name]
        if hasattr(converter, "regex") and "|" in converter.regex:
            found = [word.replace("\\", "") for word in converter.regex.strip("(?:)").split("|")]
            return [{name: word} for word in found]
    return [{}]


def test_mail_and_notices_to_outsiders_hold_no_secret(town):
    partners, records, _browsers = town
    with records.read() as session:
        inside = {partners.company.id, partners.npo.id}
        outside = [
            user.id
            for user in session.scalars(select(User).options(selectinload(User.memberships)))
            if user.role == "member" and inside.isdisjoint(one.organization_id for one in user.memberships)
        ]
        assert len(outside) == 2
        addresses = {user.email for user in session.scalars(select(User).where(User.id.in_(outside)))}
        told: dict[bool, list[str]] = {True: [], False: []}
        for one in (*session.scalars(select(Notice)), *session.scalars(select(Mail))):
            is_outside = one.to in addresses if isinstance(one, Mail) else one.user_id in outside
            told[is_outside].append("".join(tell.of(one)[1:]))
        assert any(secret in text for text in told[False] for secret in SECRETS), "insiders do hear of them"
        assert [text for text in told[True] for secret in SECRETS if secret in text] == []


def test_the_published_page_says_what_was_chosen_and_nothing_else(town):
    partners, _records, browsers = town
    page = visit(browsers["anonymous"], f"/partnerships/{partners.case.public_id}")
    for words in PUBLIC[:2] + PUBLIC[3:]:
        assert words in page.text, words
    for absent in (
        "双方が出し合ったもの",
        "成果報告",
        "うまくいかなかったこと",
        "相互評価",
        "受け手の声",
        "支払い",
        "計画・協定の変更",
        "中間報告",
        "第三者評価",
    ):
        assert absent not in page.text, absent
    assert "少数のため非表示" in page.text
    assert re.search(r"小学生.{0,3}21", page.text)
    assert not re.search(r"中学生.{0,3}8(?!\d)", page.text), "the complement would give the small cell away"
    assert "未就学2" not in page.text


def test_what_is_public_is_this_and_no_more(town):
    partners, records, _browsers = town
    with records.read() as session:
        case, page = publication.get_published(session, partners.case.public_id)
        view = page.content["view"]
        assert set(view) == {
            "title", "summary", "company", "npo", "support_type", "fields", "areas", "fiscal_year", "purpose",
            "milestones", "agreement", "indicators", "lessons",
        }  # fmt: skip
        assert [row["name"] for row in view["indicators"]] == ["週に来る子どもの数"]
        assert view["indicators"][0]["points"][0]["breakdown"] == {
            "未就学": None,
            "小学生": 21.0,
            "中学生": None,
        }
        assert view["lessons"] == ["前の週に決める。"]
        assert [row.text for row in comments.shown_comments(session, case).rows] == ["よい取り組みですね。"]
