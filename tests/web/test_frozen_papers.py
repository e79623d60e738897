"""Renaming a party changes no character of what was accepted, decided, published or printed before."""

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import Text, inspect, select
from sqlalchemy.orm import Session

from matcher.agreements import course, indicators, plans
from matcher.cases import answering, documents, files, trials
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.organizations import profile as organization_profile
from matcher.records import (
    CaseDocument,
    CaseTask,
    CompanyProfile,
    DecisionBundle,
    Identity,
    Municipality,
    Need,
    NpoProfile,
    Offer,
    Organization,
    Partnership,
    PeriodReport,
    User,
)
from matcher.register import audit, snapshots
from matcher.results import closing, drafted, lessons
from matcher.work import contributions, payments, reports
from tests import factories
from tests.conftest import NOW
from tests.web.pages import send, visit
from tests.web.test_case_records import Workplace
from webapp import Settings, create_app, frozen, papers, pdf

NEW = {
    "name": "あおば改名", "kana": "アオバカイメイ", "corporate_number": "7000012050002",
    "address": "遠見県別府市新町9-9-9", "representative": "新任 次郎",
}  # fmt: skip


class Lived(Workplace):
    """A case that went through every stage, and one that ended early; both with everybody's browser."""

    def live(self) -> None:
        """From the first word to the closing."""
        self.introduce()
        self.meet()
        self.begin_trial()
        trials.draft_trial_result(
            self.session, self.npo_actor, self.case, "adopt", "前の週に決める。", self.at, version=None
        )
        self.accept("trial_result")
        self.write_plan({"linked_to_payment": True})
        self.draft_agreement(
            type="outcome_linked", outcome=self.outcome(), frequency="quarterly", city_is_party=True,
            roles_city="場所を貸す。", signer_city="澪原市長 市 太郎",
        )  # fmt: skip
        self.sign()
        self.confirm()
        self.start()
        gift = contributions.Gift("food", 5, "kg", calendar.tokyo_date(self.at))
        entry = contributions.record_contribution(self.session, self.company_actor, self.case, gift, self.at)
        contributions.confirm_contribution(
            self.session, self.npo_actor, self.case, entry, self.at, version=None
        )
        self.suspend()
        course.resume(self.session, self.company_actor, self.case, "人手が戻った。", self.at, version=None)
        self.draft_agreement(
            type="outcome_linked", outcome=self.outcome(), frequency="quarterly", city_is_party=True,
            roles_city="場所を貸す。", signer_city="澪原市長 市 太郎", method="週に2回届ける。", why_changed="増やす。",
        )  # fmt: skip
        self.accept("agreement")
        self.later(days=self.days)
        self._report_period()
        self.later(days=1)
        course.end_due(self.session, self.at)
        self.report()
        payments.calculate(self.session, self.coordinator, self.case, self.rule(), self.at)
        (payment,) = payments.all_of(self.session, self.case)
        payments.approve(self.session, self.manager, self.case, payment, self.at, version=None)
        payments.record_paid(
            self.session, self.coordinator, self.case, payment, calendar.tokyo_date(self.at), self.at, version=None
        )  # fmt: skip
        self.evaluate()
        lessons.add_lesson(self.session, self.npo_actor, self.case, "前の週に決める。", True, self.at)
        self.publish("purpose", "agreement", "indicators", "contributions", "money", "report", "setbacks",
                     "evaluation", "lessons", "changes", "interim")  # fmt: skip
        self._close()
        self.closed = self.case

    def live_shortly(self) -> None:
        """Another case, that the NPO ends early."""
        self.need = factories.make_need(self.session, self.npo)
        self.today = calendar.tokyo_date(self.at)
        self.starts_on = self.today + timedelta(days=1)
        self.bring("terminated")
        self.ended_early = self.case

    def talk_in_vain(self) -> None:
        """A third case, that ends before there is an agreement."""
        self.need = factories.make_need(self.session, self.npo)
        self.today = calendar.tokyo_date(self.at)
        self.bring("negotiation")
        answering.withdraw(
            self.session, self.npo_actor, self.case, "other", "人手が足りない。", self.at, version=None
        )
        self.in_vain = self.case

    def _report_period(self) -> None:
        report = self.session.scalars(
            select(PeriodReport).where(PeriodReport.partnership_id == self.case.id)
        ).first()
        assert report is not None
        for actor in self.sides:
            facts = {"text": "届けた。", "setbacks": "雪の日。", "next_step": "",
                     "sentences": drafted.of_period(self.session, self.case, report)}  # fmt: skip
            reports.write_report(
                self.session, actor, self.case, report, facts, self.at, submit=True, version=None
            )
        reports.review_report(
            self.session, self.coordinator, self.case, report, True, "よい。", self.at, version=None
        )

    def _close(self) -> None:
        closing.close(self.session, self.coordinator, self.case, "済んだ。", self.at, version=None)

    # ── Everything that is frozen ────────────────────────────────────────────────────────────────

    def everything(self) -> dict[str, str]:
        """Name → what it says, of every frozen page, paper, list and file."""
        found: dict[str, str] = {}
        desk, npo, company = self.open("coordinator"), self.open("npo"), self.open("company")
        for case in (self.closed, self.ended_early):
            url = f"/cases/{case.public_id}"
            with self.records.read() as session:
                rows = session.scalars(
                    select(CaseDocument).where(CaseDocument.partnership_id == case.id)
                ).all()
                kept = session.scalars(
                    select(DecisionBundle).where(DecisionBundle.partnership_id == case.id)
                ).all()
            for row in rows:
                page = f"{url}/documents/{row.public_id}"
                found[f"page {case.number} {row.kind} {row.number}"] = _main(visit(npo, page).html)
            for bundle in kept:
                page = f"{url}/decisions/{bundle.public_id}"
                found[f"decision {case.number} {bundle.public_id}"] = _main(visit(desk, page).html)
                found[f"decision file {bundle.public_id}"] = desk.get(f"{page}/file").text
            found |= self._papers(case)
            # The head of a list of an open case names the section of the day on which it is made.
            books = {name: _cells(npo.get(f"{url}/{name}.xlsx").data) for name in ("ledger", "results")}
            for name, cells in books.items():
                kept_cells = cells if case is self.closed else re.sub("作成課：[^　]*", "", cells)
                found[f"{name} {case.number}"] = kept_cells
            asked = send(desk, visit(desk, f"{url}/export"), action=f"{url}/export")
            exported = desk.get(visit(desk, asked.location).href("保存する"))
            with zipfile.ZipFile(io.BytesIO(exported.data)) as packed:
                content = json.loads(packed.read(f"{case.number}.json"))
            found[f"disclosed {case.number}"] = json.dumps(
                [content["documents"], content["decisions"], content["report_versions"]], ensure_ascii=False
            )
        cells = _cells(desk.get("/desk/partnerships.xlsx").data).split("\n")
        for case in (self.closed, self.in_vain):
            found[f"everything {case.number}"] = "\n".join(
                line for line in cells if line.startswith(case.number)
            )
        url = f"/cases/{self.closed.public_id}"
        for section in ("plan", "agreement", "progress", "payment"):
            # The way back to the case calls it as it is called now.
            found[f"section {section}"] = _main(visit(npo, f"{url}/{section}").html).split("</nav>", 1)[1]
        found["evaluation"] = _main(visit(npo, f"{url}/evaluation").html).split("<h2")[-1]
        found["calendar"] = npo.get(f"{url}/calendar.ics").text
        found["public page"] = _main(
            visit(self.app.test_client(), f"/partnerships/{self.closed.public_id}").html
        )
        # Its filter and the numbers by district go by the districts of today.
        listed = _main(visit(self.app.test_client(), "/partnerships").html).split('id="wards"')[0]
        found["public list"] = re.sub("<option.*?</option>", "", listed, flags=re.DOTALL)
        found["public Excel"] = "\n".join(
            line for line in _cells(self.app.test_client().get("/partnerships?format=xlsx").data).split("\n")
            if "夕食を囲む" in line
        )  # fmt: skip
        found["evidence page"] = _main(visit(company, "/company/evidence?year=2026").html)
        found["evidence Excel"] = _cells(company.get("/company/evidence?year=2026&format=xlsx").data)
        for name, address in {
            "agreement": f"{url}/papers/agreement.pdf?version=1", "final": f"{url}/papers/final.pdf",
            "evaluation": f"{url}/papers/evaluation.pdf", "evidence": "/company/evidence?year=2026&format=pdf",
        }.items():  # fmt: skip
            pages = PdfReader(io.BytesIO((company if name == "evidence" else npo).get(address).data)).pages
            found[f"PDF {name}"] = "".join(page.extract_text() for page in pages)
        # Its head says who made it today; the sums are of what was confirmed and agreed.
        found["PDF evidence"] = re.sub("作成課：.*", "", found["PDF evidence"])
        return found

    def _papers(self, case: Any) -> dict[str, str]:
        """The HTML of every paper as it is given to be laid out, each version of each document."""
        found: dict[str, str] = {}
        with self.app.test_request_context(), self.records.read() as session:
            known = case_reads.get_case(session, self.npo_actor, case.public_id)
            wanted: list[tuple[str, int | None]] = [
                (paper, None) for paper in papers.available(self.ask(session, known)) if paper != "sheet"
            ]
            if known.state == "closed":
                wanted.append(("sheet", None))
            wanted += [
                (paper, row.number)
                for kind, paper in papers.PRINTS.items()
                for row in case_reads.versions(session, known, kind)
            ]
            for paper, number in wanted:
                name, template, facts = papers.make(self.ask(session, known, number), paper)
                found[f"paper {name} {paper} {number}"] = pdf.source(template, facts)
        return found

    def ask(self, session: Session, case: Partnership, number: int | None = None) -> papers.Ask:
        """What the NPO asks for a paper with."""
        return papers.Ask(session, self.npo_actor, case, self.at, number)

    # ── A case whose plan and agreement are changed after things were accepted ───────────────────

    def live_on(self) -> None:
        """It runs on after a value was paid for, a report accepted, a page published."""
        self.introduce()
        self.meet()
        self.middle = self.starts_on + timedelta(days=10)
        days = {"measure_on": [self.middle.isoformat(), self.ends_on.isoformat()]}
        self.write_plan(
            {**days, "linked_to_payment": True},
            {**days, "name": "手伝った人の数"},
            {**days, "name": "家で食べた日", "baseline": None, "baseline_on": self.starts_on.isoformat()},
        )
        self.amend_agreement("月に2回届ける。")
        self.sign()
        self.confirm()
        self.start()
        self.later(days=20)
        for indicator in indicators.of(self.session, self.case):
            self.measure(indicator, 31.0, self.middle)
        payments.calculate(self.session, self.coordinator, self.case, self.rule(), self.at)
        (payment,) = payments.all_of(self.session, self.case)
        payments.approve(self.session, self.manager, self.case, payment, self.at, version=None)
        payments.record_paid(
            self.session, self.coordinator, self.case, payment, calendar.tokyo_date(self.at), self.at, version=None
        )  # fmt: skip
        self.later(days=75)
        self._report_period()
        self.publish("purpose", "agreement", "indicators", "money", "interim")

    def amend_agreement(self, method: str, **facts: Any) -> None:
        """Draft an agreement that pays once for what is measured in the middle."""
        rule = {**self.outcome()["rules"][0], "measured_on": self.middle.isoformat(),
                "fiscal_year": calendar.fiscal_year(self.middle)}  # fmt: skip
        self.draft_agreement(
            type="outcome_linked", outcome=self.outcome(rule, **facts), frequency="quarterly", method=method,
            why_changed=self.why,
        )  # fmt: skip

    def amend(self) -> None:
        """An indicator is called otherwise and aims higher, one goes, one comes, one gets its baseline."""
        paid, dropped, unmeasured = indicators.of(self.session, self.case)
        self.measure(unmeasured, 12.0, self.starts_on)
        (said, *_others) = plans.content(self.session, self.case)["indicators"]
        facts = {**said, "name": "新しい名前", "unit": "回", "direction": "down", "baseline": 90.0,
                 "target": 80.0}  # fmt: skip
        del facts["key"]
        because = {"version": None, "why_changed": self.why}
        plans.save_indicator(self.session, self.npo_actor, self.case, paid.key, facts, self.at, **because)
        plans.remove_indicator(self.session, self.npo_actor, self.case, dropped.key, self.at, **because)
        self.indicator(name="別の指標")
        self.accept("plan", *self.sides, self.coordinator)
        self.amend_agreement("週に2回届ける。", budget_cap_yen=400_000, fixed={"2027": 50_000})
        self.accept("agreement", *self.sides, self.manager)
        agreement = documents.find_agreed(self.session, self.case, "agreement")
        assert agreement is not None
        assert agreement.number == 2

    def accepted(self) -> dict[str, list[str]]:
        """Name → the lines that were accepted, decided, paid or published."""
        url, found = self.url(), {}
        npo, company, desk = (self.open(who) for who in ("npo", "company", "coordinator"))
        with self.app.test_request_context(), self.records.read() as session:
            case = case_reads.get_case(session, self.npo_actor, self.case.public_id)
            wanted = [("interim", None), ("payment", None), ("plan", 1), ("agreement", 1)]
            for paper, number in wanted:
                _name, template, facts = papers.make(self.ask(session, case, number), paper)
                # Of a version also stands whether it is the one in force.
                found[paper] = [pdf.source(template, facts).replace("有効", "旧版")]
            kept = session.scalars(select(DecisionBundle).where(DecisionBundle.partnership_id == case.id))
            pages = [f"{url}/decisions/{bundle.public_id}" for bundle in kept]
        for page in pages:
            found[page] = [_main(visit(desk, page).html), desk.get(f"{page}/file").text]
        for paper in ("interim", "payment"):
            read = PdfReader(io.BytesIO(npo.get(f"{url}/papers/{paper}.pdf").data))
            found[f"PDF {paper}"] = [page.extract_text() for page in read.pages]
        rows = _cells(npo.get(f"{url}/ledger.xlsx").data).split("\n")
        found["ledger"] = [row for row in rows if not row.startswith("作成日")]  # the head counts them
        found["evidence page"] = [_main(visit(company, "/company/evidence?year=2026").html)]
        found["evidence Excel"] = [_cells(company.get("/company/evidence?year=2026&format=xlsx").data)]
        read = PdfReader(io.BytesIO(company.get("/company/evidence?year=2026&format=pdf").data))
        found["evidence PDF"] = [page.extract_text() for page in read.pages]
        found["public page"] = [_main(visit(self.app.test_client(), f"/partnerships/{case.public_id}").html)]
        asked = send(desk, visit(desk, f"{url}/export"), action=f"{url}/export")
        packed = zipfile.ZipFile(io.BytesIO(desk.get(visit(desk, asked.location).href("保存する")).data))
        content = json.loads(packed.read(f"{case.number}.json"))
        # That a version was replaced is said of it; what it says stays.
        found["disclosed"] = [
            json.dumps(row, ensure_ascii=False)
            for row in (*content["measurements"], *content["payments"], *content["decisions"],
                        *(row["content"] for row in content["documents"]))
        ]  # fmt: skip
        return found

    def rename_everybody(self) -> None:
        """Both sides by their own form, the city by its command, a person past the service."""
        for actor, organization in ((self.company_actor, self.company), (self.npo_actor, self.npo)):
            self.session.refresh(organization, ["company" if organization is self.company else "npo"])
            number = NEW["corporate_number"] if organization is self.company else "9000012050009"
            part = NEW | {"name": f"{NEW['name']}{organization.kind}", "corporate_number": number}
            organization_profile.save_section(
                self.session, actor, organization, "basic", part, self.at, version=None
            )
        city = self.session.get_one(Municipality, 1)
        facts = {"name": "新澪原市", "section": "まちづくり課", "phone": city.phone, "email": city.email,
                 "areas": {code: f"新{label}" for code, label in city.areas.items()}}  # fmt: skip
        cities.change(self.session, facts, self.at)
        for person in self.session.scalars(select(User)):
            person.name = f"改姓{person.id}"
        self.session.commit()

    def rewrite_what_was_asked_and_offered(self) -> None:
        """Every word of needs, offers, promises and profiles, how much, where and for what."""
        rows = [
            row
            for kind in (Need, Offer, CaseTask, CompanyProfile, NpoProfile)
            for row in self.session.scalars(select(kind))
        ]
        for row in rows:
            for column in inspect(type(row)).columns:
                is_text = isinstance(column.type, Text) or column.key in {"title", "text"}
                if is_text and getattr(row, column.key):
                    setattr(row, column.key, "改名：書き直し")
            for name, value in {"quantity": 999, "fields": ["17"], "sdgs": ["17"], "areas": ["hama"]}.items():
                if hasattr(row, name):
                    setattr(row, name, value)
        assert {type(row) for row in rows} >= {Need, CompanyProfile, NpoProfile}
        self.session.commit()


def _main(html: str) -> str:
    """A page without the frame that every page has, and without what differs from one visit to the next."""
    crumbs = html.find('<nav class="breadcrumb"')
    page = html[crumbs if crumbs > 0 else html.index("<main") : html.index("</main>")]
    return re.sub(r'value="[^"]*"', "", page)


def _cells(book: bytes) -> str:
    found = load_workbook(io.BytesIO(book))
    return "\n".join(
        "|".join(str(value) for value in row)
        for sheet in found.worksheets
        for row in sheet.iter_rows(values_only=True)
    )


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """The application on both databases."""
    return Settings.from_environment(
        {
            "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
            "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "VAR_FOLDER": str(tmp_path / "var"),
            "BASE_URL": "https://enmusubi.city.miohara.example",
            "WORKER": "off",
        }
    )


@pytest.fixture
def place(settings, travel, tmp_path: Path) -> Iterator[Lived]:
    app = create_app(settings)
    records: Database = app.extensions["database"]
    with records.write_session() as session:
        found = Lived(session, NOW, Path(settings.files_folder))
        found.app, found.traveller, found.records = app, travel, records
        yield found
    records.dispose()


def test_renaming_everybody_and_rewriting_what_was_asked_changes_no_character_of_what_is_frozen(place):
    place.live()
    place.live_shortly()
    place.talk_in_vain()
    place.settle()
    before = place.everything()
    place.rename_everybody()
    place.rewrite_what_was_asked_and_offered()
    after = place.everything()
    assert before.keys() == after.keys()
    kinds = {name.split(" ")[0] for name in before}
    assert {
        "page",
        "decision",
        "paper",
        "ledger",
        "results",
        "public",
        "evidence",
        "everything",
        "PDF",
    } <= kinds
    assert {"trial", "plan", "agreement", "interim", "suspension", "resumption", "termination", "final",
            "evaluation", "payment", "sheet", "poster"} == {name.split(" ")[-2] for name in before if name.startswith("paper")}  # fmt: skip
    for name, text in before.items():
        assert after[name] == text, name
        assert "改名" not in text
    named = [name for name, text in before.items() if "株式会社みお" in text]
    assert len(named) > 20, named


def test_what_is_over_names_people_and_organizations_as_they_were_called_then(place):
    place.bring("negotiation")
    file = place.file(by=place.company_actor)
    audit.write(place.session, files.reading_note(place.coordinator, place.case, file, place.at))
    place.settle()

    def told() -> tuple[str, str]:
        desk = place.open("coordinator")
        history = _main(visit(desk, place.url()).html).split('id="history"')[1].split("</section>")[0]
        table = _main(visit(desk, place.url("/files")).html).split("<table")[1].split("</table>")[0]
        return history, table

    place.rename_everybody()
    assert all("改姓" in text for text in told()), "while it goes on, people are called as they are now"
    answering.withdraw(place.session, place.npo_actor, place.case, "other", "人手。", place.at, version=None)
    place.settle()
    history, table = told()
    assert table.count("改姓") == 0
    newest, *older = history.split("</li>")
    assert "改名npo 改姓" in newest
    assert not any("改姓" in line or "改名" in line for line in older)
    assert "株式会社みお" in "".join(older)
    for person in place.session.scalars(select(User)):
        person.name = f"再{person.name}"
    place.session.commit()
    assert told() == (history, table)


def test_amending_plan_and_agreement_changes_nothing_of_what_was_accepted(place):
    place.live_on()
    place.settle()
    before = place.accepted()
    place.amend()
    place.settle()
    after = place.accepted()
    assert before.keys() <= after.keys()
    for name, lines in before.items():
        # Something new may stand beside it: a value that was accepted since.
        assert [line for line in lines if line not in after[name]] == [], name
    for name in (
        "interim",
        "PDF interim",
        "payment",
        "ledger",
        "evidence page",
        "evidence Excel",
        "disclosed",
    ):
        assert "週に来る子どもの数" in "".join(after[name]), name
    assert "手伝った人の数" in after["interim"][0]
    assert "達成" in after["evidence page"][0]
    assert "新しい名前" in visit(place.open("npo"), place.url("/progress")).text


def test_no_book_names_a_party_but_by_its_day():
    """The sheets of a case get names from ``parties``, as papers get theirs: never from the case itself."""
    for path in (
        *Path("webapp/books").glob("*.py"),
        Path("webapp/ical.py"),
        *Path("webapp/papers").glob("*.py"),
    ):
        if path.stem == "handover":  # what is handed over is what stands today
            continue
        live = [
            f"{path}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute) and node.attr in {"company", "npo"} and ast.unparse(node.value).endswith("case")
        ]  # fmt: skip
        assert not live, live


def test_a_change_of_a_party_stands_among_the_changes_of_a_text(place):
    place.bring("running")
    old = place.company.name
    part = {"name": "みお食品株式会社", "address": "澪原市浜町5"}
    organization_profile.save_section(
        place.session, place.company_actor, place.company, "basic", part, place.at, version=None
    )
    draft = place.draft_agreement(why_changed="名称が変わったため。")
    place.settle()
    page = visit(place.open("npo"), place.url(f"/documents/{draft.public_id}")).text
    assert f"企業の名称{old}みお食品株式会社" in page
    assert "企業の所在地澪原市中央町1-2-3澪原市浜町5" in page
    place.accept("agreement")
    place.settle()
    printed = {}
    for number in (1, 2):
        answer = place.open("npo").get(place.url(f"/papers/agreement.pdf?version={number}"))
        pages = PdfReader(io.BytesIO(answer.data)).pages
        printed[number] = "".join(page.extract_text() for page in pages).replace("\n", "")
    assert f"{old}（以下「甲」という。）" in printed[1]
    assert "みお食品" not in printed[1]
    assert "みお食品株式会社（以下「甲」という。）" in printed[2]
    assert "甲　澪原市浜町5" in printed[2]


def test_a_frozen_draft_is_still_offered_for_consent(place):
    place.bring("running")
    draft = place.draft_agreement(why_changed="週に2回にするため。")
    place.settle()
    page = place.url(f"/documents/{draft.public_id}")
    for side in ("npo", "company"):
        assert "この内容に同意する" in visit(place.open(side), page).text
    place.accept("agreement")
    place.settle()
    assert "この内容に同意する" not in visit(place.open("npo"), page).text


def test_seats_and_representatives_are_read_in_agreements_only(place):
    place.bring("reported")
    personal = [
        place.npo.address,
        place.npo.representative,
        place.company.address,
        place.company.representative,
    ]
    rows = place.session.scalars(select(CaseDocument)).all()
    kept = [(row.kind, row.public_id, row.content["parties"]["npo"]["address"]) for row in rows]
    assert {address for _kind, _id, address in kept} == {place.npo.address}  # under the hash
    place.settle()
    shown: dict[str, set[str]] = {}
    for kind, public_id, _address in kept:
        page = visit(place.open("company"), place.url(f"/documents/{public_id}")).text
        shown.setdefault(kind, set()).update(one for one in personal if one in page)
    assert shown.pop("agreement") == set(personal)
    assert {"plan", "outcome_report"} <= shown.keys()
    assert set().union(*shown.values()) == set()
    for paper in ("plan", "final"):
        assert not [one for one in personal if one in place.paper(paper)], paper
    assert all(one in place.paper("agreement") for one in personal)


# ── What no record proves ────────────────────────────────────────────────────────────────────────────


def test_a_paper_says_which_names_no_record_proves(place):
    place.bring("agreed")
    for row in place.session.scalars(select(Identity)):
        if row.subject == "organization" and row.subject_key == place.company.public_id:
            row.unproved = ["name", "representative"]
    agreement = place.session.scalars(select(CaseDocument).where(CaseDocument.kind == "agreement")).one()
    agreement.content = {key: part for key, part in agreement.content.items() if key != "parties"}
    agreement.sha256 = snapshots.sha256(agreement.content)
    place.settle()
    words = (
        "企業の名称・企業の代表者は、令和8年11月24日時点の登録によるものです"
        "（その当時の登録は記録から確かめられませんでした）。"
    )
    assert words in place.paper("agreement")
    assert words in visit(place.open("npo"), place.url(f"/documents/{agreement.public_id}")).text
    assert "確かめられませんでした" not in place.paper("plan")


def test_a_notice_says_that_no_record_proves_the_name_of_who_asked(place):
    place.bring("suspended")
    for row in place.session.scalars(select(Identity).where(Identity.subject == "user")):
        row.unproved = ["name"]
    place.settle()
    assert "記載した人の氏名は、令和8年11月24日時点の登録によるものです" in place.paper("suspension")


# ── That the kind does not come back ─────────────────────────────────────────────────────────────────


def test_a_paper_is_handed_plain_values_only(place):
    place.live()
    place.settle()
    with place.app.test_request_context(), place.records.read() as session:
        known = case_reads.get_case(session, place.npo_actor, place.closed.public_id)
        made = [
            papers.make(place.ask(session, known), paper)
            for paper in papers.available(place.ask(session, known))
        ]
        assert len(made) > 8
        for _name, _template, facts in made:
            frozen.require_plain(facts)
        before = [pdf.source(template, facts) for _name, template, facts in made]
        session.close()
        # Whatever it says it was handed: there is nothing left that could be asked.
        assert [pdf.source(template, facts) for _name, template, facts in made] == before


@pytest.mark.parametrize(
    "wrap",
    [lambda record: {"case": record}, lambda record: {"rows": [({"case": record},)]},
     lambda record: {"sheets": {("npo", "npo"): record}}, lambda record: {"ask": lambda: record},
     lambda record: {"happened": case_reads.Happened(record, "npo", "")}],
    ids=["itself", "in a row", "under a pair", "behind a call", "in a value"],
)  # fmt: skip
@pytest.mark.parametrize("kind", [Partnership, Organization, Municipality, User, CaseDocument])
def test_a_record_among_the_facts_is_refused(place, kind, wrap):
    with place.app.test_request_context(), pytest.raises(TypeError, match="expected plain values"):
        pdf.source("trial.html", wrap(kind()))


def test_a_value_that_could_still_be_changed_is_refused():
    @dataclass
    class Loose:
        name: str

    with pytest.raises(TypeError, match="found Loose at facts"):
        frozen.require_plain({"said": Loose("米")})


def test_a_fact_that_was_not_given_is_not_taken_for_a_no(place):
    said = {"sentences": [], "narrative": "米を届けた。", "setbacks": "なし。", "harm": ""}
    with place.app.app_context():
        assert "これから" not in frozen.render("frozen/report.html", {"said": {**said, "next_step": ""}})
        with pytest.raises(UndefinedError, match="next_step"):
            frozen.render("frozen/report.html", {"said": said})


def test_what_is_frozen_is_rendered_where_there_is_neither_city_nor_actor(place):
    known = set(place.app.extensions["frozen"].globals)
    assert not known & {"city", "actor", "g", "request", "session", "config", "may", "now", "case"}
    with place.app.test_request_context():
        assert not callable(place.app.extensions["frozen"].globals.get("get_flashed_messages"))


def test_nothing_but_the_frozen_place_renders_a_paper():
    found = [
        str(path)
        for path in Path(frozen.__file__).parent.rglob("*.py")
        if re.search(r"""render_template\(\s*f?["']pdf/""", path.read_text(encoding="utf-8"))
    ]
    assert found == []
