"""Three partnerships from the introduction to their closing, in a real browser, on both databases.

Everything is done on the pages; only time is moved. With ``KEEP_PAPERS`` set to a folder, every PDF of the
stories is kept there, to be looked at as pages.
"""

import io
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader
from sqlalchemy import select

from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.records import AuditEvent, Partnership, Payment, User
from matcher.register import audit
from tests.browser.conftest import Demo, Visitor
from tests.conftest import NOW
from tests.partners import Partners
from webapp import Settings, clock

EVIDENCE = "日,人\r\n1,30\r\n".encode()


class Story:
    """A case that the city has introduced, its three people, and a clock that the story moves."""

    def __init__(
        self, database: Database, folder: Path, browser: Browser, name: str,
        bring: Callable[[Partners], object] = Partners.introduce,
    ) -> None:  # fmt: skip
        self.now = NOW
        with database.write() as session:
            partners = Partners(session, NOW, folder / "files")
            for user, role in (
                (partners.company_user, "company"),
                (partners.npo_user, "npo"),
                (session.get(User, partners.coordinator.user_id), "coordinator"),
                (session.get(User, partners.manager.user_id), "manager"),
            ):
                user.email = f"demo-{role}@demo.example"
            bring(partners)
            self.now = partners.at
            self.number, self.id = partners.case.number, partners.case.public_id
            self.company, self.npo = partners.company.name, partners.npo.name
        url = database.url.replace("postgresql+psycopg", "postgresql")
        self.demo = Demo(
            Settings.from_environment(
                {
                    "DATABASE_URL": url,
                    "VAR_FOLDER": str(folder),
                    "SECRET_KEY": "only-for-tests-" + "x" * 32,
                    "DEMO_MODE": "true",
                    "WORKER": "off",
                    "SENTENCE_ENCODER": "off",
                }
            )
        )
        self.database, self.browser, self.name = database, browser, name
        self.people: dict[str, Visitor] = {}
        for role, width in (("npo", 375), ("company", 1280), ("coordinator", 1280), ("manager", 1280)):
            context = browser.new_context(viewport={"width": width, "height": 900}, locale="ja-JP")
            context.set_default_timeout(15_000)
            self.people[role] = Visitor(context, self.demo)
            self.people[role].enter(role)

    def stop(self) -> None:
        """Close the browsers and the server."""
        for person in self.people.values():
            person.page.context.close()
        self.demo.stop()

    def day(self, days: int = 0) -> str:
        """The story's present day, or one ``days`` later, as it is typed."""
        return (calendar.tokyo_date(self.now) + timedelta(days=days)).isoformat()

    def later(self, days: int) -> None:
        """Time passes, the worker works, everybody signs in again."""
        self.now += timedelta(days=days)
        self.demo.work()
        for role, person in self.people.items():
            person.page.context.clear_cookies()
            person.enter(role)

    @property
    def state(self) -> str:
        """In which state the case is."""
        with self.database.read() as session:
            return session.scalars(select(Partnership.state).where(Partnership.public_id == self.id)).one()

    def open(self, role: str, section: str = "") -> Visitor:
        """Somebody opens a part of the workspace."""
        person = self.people[role]
        person.go(f"/cases/{self.id}" + (f"/{section}" if section else ""))
        return person

    def do(self, role: str, section: str, button: str, nth: int = 0, **fields: object) -> Visitor:
        """Open a section, follow the button or link to the page of an action, fill it in and send it."""
        person = self.open(role, section)
        page = person.page
        person.press(page.locator("main").get_by_role("link", name=button, exact=True).nth(nth))
        self.fill(person, **fields)
        own = "main form.section" if self.scope(person) == "main" else self.scope(person)
        person.press(page.locator(f"{own} button[type=submit]").first)
        text = page.inner_text("main")
        assert page.locator(".error-summary").count() == 0, text
        assert f"/cases/{self.id}/do/" not in page.url, text  # the city is led on to the next that waits
        return person

    def scope(self, person: Visitor) -> str:
        """Where the form stands: on the bench of the city each decision has its own."""
        bench = "main details.bench-act[open]"
        return bench if person.page.locator(bench).count() else "main"

    def fill(self, person: Visitor, **fields: object) -> None:
        """Type, choose and tick what the form asks for."""
        for name, value in fields.items():
            found = person.page.locator(f'{self.scope(person)} [name="{name}"]')
            kind = found.first.evaluate("node => node.tagName + ':' + (node.type || '')")
            if kind == "SELECT:select-one":
                found.select_option(str(value))
            elif kind in {"INPUT:radio", "INPUT:checkbox"} and value is not True:
                for one in value if isinstance(value, list) else [value]:
                    person.tick(name, one)
            elif kind == "INPUT:checkbox":
                found.check()
            elif kind == "INPUT:file":
                found.set_input_files({"name": str(value), "mimeType": "text/csv", "buffer": EVIDENCE})
            else:
                found.fill(str(value))

    def accept(self, kind: str, *roles: str) -> None:
        """Each of ``roles`` reads the open draft and accepts it."""
        section = {"publication": "publication", "outcome_report": "evaluation"}.get(kind)
        for role in roles:
            person = self.open(role, section or ("plan" if kind == "plan" else "agreement"))
            if kind in {"trial", "trial_result", "outcome_report"}:
                person = self.open(role)
                person.press(person.page.locator(".step-lines a").filter(has_text="同意する").first)
            else:
                person.press(person.page.get_by_role("link", name="案を読んで、同意するかを決める"))
            assert person.faults() == []
            person.press(person.page.get_by_role("button", name="この内容に同意する"))
            assert "同意しました。" in person.page.inner_text("body"), person.page.inner_text("main")

    def rate_all(self, scores: dict[str, dict[str, int]]) -> None:
        """Everybody rates themselves, then the other two; ``scores``: rater → about → one score for all."""
        items = ("teamwork", "progress", "method", "satisfaction", "outcome")
        order = {"npo": "npo", "company": "company", "coordinator": "city"}
        for role, side in order.items():
            for about in sorted(order.values(), key=lambda one: one != side):
                person = self.open(role, "evaluation")
                person.press(person.page.locator(f'main a[href*="/do/rate"][href*="key={about}"]').first)
                self.fill(
                    person, **dict.fromkeys(items, scores[side][about]), comment="ありがとうございます。"
                )
                person.press(person.page.locator("main form.section button[type=submit]").first)
                assert "評価を記録しました。" in person.page.inner_text("body")

    def publish(self, *fields: str) -> None:
        """The coordinator chooses, all three preview and accept, a resident reads."""
        self.do(
            "coordinator", "publication", "公表する内容を選ぶ",
            title="夕食を囲む", summary="企業と団体が夕食会を支えました。", fields=list(fields),
        )  # fmt: skip
        self.accept("publication", "company", "npo", "coordinator")
        context = self.browser.new_context(viewport={"width": 375, "height": 800}, locale="ja-JP")
        resident = Visitor(context, self.demo)
        resident.go("/partnerships")
        resident.press(resident.page.get_by_role("link", name="夕食を囲む").first)
        assert resident.faults() == []
        assert self.company in resident.page.inner_text("main")
        context.close()

    def papers(self) -> dict[str, str]:
        """Every PDF that the coordinator finds on the case: name → text."""
        person = self.open("coordinator")
        links = person.page.locator('a[href*="/papers/"]')
        found = {}
        for place in range(links.count()):
            href = links.nth(place).get_attribute("href") or ""
            answer = person.page.context.request.get(self.demo.url + href)
            assert answer.status == 200
            name = href.rsplit("/", 1)[1].removesuffix(".pdf")
            pages = PdfReader(io.BytesIO(answer.body())).pages
            assert all(round(float(page.mediabox.height)) == 842 for page in pages)
            found[name] = "".join(page.extract_text() for page in pages).replace("\n", "")
            if kept := os.environ.get("KEEP_PAPERS"):
                Path(kept).mkdir(parents=True, exist_ok=True)
                (Path(kept) / f"{self.name}-{name}.pdf").write_bytes(answer.body())
        return found

    def close(self) -> None:
        """A lesson, the conclusion, the end."""
        self.do("npo", "evaluation", "学びを書く", text="届く量は前の週に決める。", is_public=True)
        self.do("coordinator", "evaluation", "評価をまとめる", text="三者の評価がそろった。")


def begin(
    monkeypatch: pytest.MonkeyPatch, database: Database, folder: Path, browser: Browser, name: str,
    bring: Callable[[Partners], object] = Partners.introduce,
) -> Story:  # fmt: skip
    """A story whose time is the application's time."""
    found = Story.__new__(Story)
    found.now = NOW
    monkeypatch.setattr(clock, "now", lambda: found.now)
    found.__init__(database, folder, browser, name, bring)  # type: ignore[misc]
    return found


@pytest.fixture
def story(
    database: Database, tmp_path: Path, chromium: Browser, monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Story]:  # fmt: skip
    name = re.sub(r"\W+", "-", request.node.name)
    found = begin(monkeypatch, database, tmp_path, chromium, name)
    yield found
    found.stop()


def indicator(story: Story, **facts: object) -> None:
    """The NPO adds an indicator to the plan."""
    story.do(
        "npo", "plan", "指標を加える",
        **{
            "name": "来た子どもの数", "definition": "1回に来た子どもの実人数", "kind": "outcome", "unit": "人",
            "direction": "up", "method": "records", "baseline": 20, "target": 30, "measurer": "npo",
            "evidence": "受付の記録", **facts,
        },
    )  # fmt: skip


def plan(story: Story, *indicators: dict[str, object]) -> None:
    """Purpose, logic model, an arrow, indicators, a milestone; both accept."""
    story.do("npo", "plan", "目的を書く", purpose="子どもがひとりで夕食をとらない町にする。")
    story.do(
        "npo", "plan", "ロジックモデルを書く", resource="食品", activity="届ける", output="食数",
        early="温かい夕食を食べる",
    )  # fmt: skip
    story.do(
        "npo", "plan", "つながりを加える", source="activity0", target="output0", evidence="proven",
        assumption="届けた分だけ出せる",
    )  # fmt: skip
    for facts in indicators:
        indicator(story, **facts)
    story.do("npo", "plan", "節目を書く", milestones=f"{story.day(3)} はじめての配送")
    assert story.people["npo"].faults() == []
    story.accept("plan", "npo", "company")


def agreement(story: Story, role: str = "company", **facts: object) -> None:
    """One side writes the agreement; the standard clauses are there already."""
    story.do(
        role, "agreement", "協定の案を書く",
        **{
            "method": "月に2回届ける。", "roles_company": "選んで届ける。", "roles_npo": "受け取って出す。",
            "frequency": "none", "signer_company": "代表取締役 佐藤", "signer_npo": "理事長 鈴木", **facts,
        },
    )  # fmt: skip


def confirm(story: Story, role: str = "coordinator") -> None:
    """The city looks at four things and confirms."""
    story.do(
        role, "agreement", "協定を確認する", checked=["period", "money", "indicators", "publication"],
        text="期間、金額、指標、公表の範囲を確かめた。",
    )  # fmt: skip


def measure(story: Story, nth: int, value: object, file: str, *, accept: bool = True) -> None:
    """The NPO hands in a value with its file, the city looks at it; the day that is due stands there."""
    person = story.open("npo", "progress")
    person.press(person.page.get_by_role("link", name=re.compile("測定の結果を提出する")).nth(nth))
    story.fill(person, value=value, new_evidence=file)
    person.press(person.page.locator("main form.section button[type=submit]").first)
    assert "測定の結果を提出しました。" in person.page.inner_text("body"), person.page.inner_text("main")
    if accept:
        review(story, "accept")


def review(story: Story, decision: str, text: str = "資料と合う。") -> None:
    """The coordinator looks at the value that waits."""
    person = story.open("coordinator", "progress")
    person.press(person.page.get_by_role("link", name=re.compile("測定の結果を確かめる")).first)
    story.fill(person, decision=decision, text=text)
    person.press(person.page.locator("main form.section button[type=submit]").first)
    assert "判断を相手方に知らせました。" in person.page.inner_text("body"), person.page.inner_text("main")


def report(story: Story) -> None:
    """The NPO writes the outcome report over sentences made from records; both accept."""
    person = story.do(
        "npo", "", "成果報告を書く", narrative="毎週続けることができた。", setbacks="雪の日は休んだ。",
        is_confirmed=True,
    )  # fmt: skip
    assert person.faults() == []
    story.accept("outcome_report", "npo", "company")
    assert story.state == "reported"


def meet(story: Story) -> None:
    """The NPO's director writes three lines on the phone."""
    person = story.do(
        "npo", "", "面談の記録を書く", held_on=story.day(), people="佐藤、鈴木", text="月に2回届けることにした。",
        next_step="冷凍庫を測る。", next_on=story.day(7), next_time="14:30", next_place="集会所",
    )  # fmt: skip
    assert story.state == "negotiation"
    assert person.faults() == []


def test_a_small_donation_of_goods_with_a_trial(story: Story) -> None:
    meet(story)
    story.do(
        "company", "", "お試しの計画を書く", goal="届け方を確かめる。", content="2回だけ届けてみる。",
        from_on=story.day(), to_on=story.day(30), stop_when="冷凍できないとき。",
    )  # fmt: skip
    story.accept("trial", "npo", "company")
    assert story.state == "trial"
    story.later(20)
    story.do(
        "npo", "agreement", "お試しのまとめを書く", outcome="adopt", learned="前の週に量を決めるとよい。"
    )
    story.accept("trial_result", "npo", "company")
    assert story.state == "agreement_draft"
    last = story.day(60)
    plan(story, {"measure_on": last})
    agreement(story, type="donation", from_on=story.day(1), to_on=last)
    story.accept("agreement", "company", "npo")
    assert story.state == "agreement_review"
    confirm(story)
    story.later(2)
    assert story.state == "running"
    story.do(
        "company", "progress", "実績を記録する", support_type="food", quantity="20", unit="kg",
        given_on=story.day(), yen="14000", estimate_method="market", estimate_note="1kg 700円",
    )  # fmt: skip
    person = story.open("npo", "progress")
    person.press(person.page.get_by_role("link", name=re.compile("確かめる")).first)
    person.press(person.page.locator("main form.section button[type=submit]").first)
    assert "実績を確認しました。" in person.page.inner_text("body")
    story.later(60)
    assert story.state == "ended"
    measure(story, 0, 31, "記録.csv")
    report(story)
    story.rate_all(
        {rater: dict.fromkeys(("npo", "company", "city"), 4) for rater in ("npo", "company", "city")}
    )
    story.close()
    story.publish("purpose", "agreement", "indicators", "contributions", "report", "lessons")
    papers = story.papers()
    assert set(papers) >= {"plan", "agreement", "final", "evaluation", "sheet", "trial"}
    assert "20kg" in papers["final"]
    assert story.number in papers["agreement"]
    story.do("coordinator", "", "案件を完了する", text="済んだ。")
    assert story.state == "closed"
    with story.database.read() as session:
        assert audit.verify(session)[1] is None


def test_two_years_of_skills_and_money_with_an_amendment_a_late_report_and_a_pause(story: Story) -> None:
    meet(story)
    last, half = story.day(700), story.day(350)
    plan(story, {"measure_on": f"{half}\n{last}"})
    agreement(
        story, type="pro_bono", from_on=story.day(1), to_on=last, frequency="yearly",
        money_company_yen="200000",
    )  # fmt: skip
    story.accept("agreement", "npo", "company")
    confirm(story)
    story.later(2)
    assert story.state == "running"
    story.do(
        "company", "progress", "実績を記録する", support_type="cash_donation", quantity="200000", unit="円",
        given_on=story.day(), yen="200000", estimate_method="actual",
    )  # fmt: skip
    story.do(
        "npo",
        "progress",
        "実績を記録する",
        support_type="training",
        quantity="1",
        unit="回",
        given_on=story.day(),
    )
    for role in ("npo", "company"):
        person = story.open(role, "progress")
        person.press(person.page.get_by_role("link", name=re.compile("確かめる")).first)
        person.press(person.page.locator("main form.section button[type=submit]").first)
        assert "実績を確認しました。" in person.page.inner_text("body")

    # The amendment: half a year longer and more money; both sign again and the city says yes.
    longer = story.day(880)
    person = story.open("npo", "agreement")
    person.press(person.page.get_by_role("link", name="協定を変更する案を書く"))
    story.fill(person, to_on=longer, money_company_yen="300000", why_changed="もう半年続けるため。")
    person.press(person.page.locator("main form.section button[type=submit]").first)
    assert "300,000円" in person.page.inner_text("main")
    assert person.faults() == []
    story.accept("agreement", "npo", "company", "coordinator")
    assert "第2版" in story.open("company", "agreement").page.inner_text("main")

    # The report comes late: the worker has reminded, the page says so, and it can still be handed in.
    story.later(410)
    assert "過ぎて" in story.open("npo", "progress").page.inner_text("main")
    for role in ("npo", "company"):
        person = story.open(role, "progress")
        person.press(person.page.get_by_role("link", name=re.compile("中間報告を書く")).first)
        assert person.faults() == []
        facts = {"text": "毎月相談した。"} | ({"setbacks": "報告が遅れた。"} if role == "npo" else {})
        story.fill(person, **facts, submit_now="yes")
        person.press(person.page.locator("main form.section button[type=submit]").first)
        assert "中間報告を提出しました。" in person.page.inner_text("body"), person.page.inner_text("main")
    person = story.open("coordinator", "progress")
    person.press(person.page.get_by_role("link", name=re.compile("中間報告を確かめる")).first)
    story.fill(person, decision="accept")
    person.press(person.page.locator("main form.section button[type=submit]").first)
    reports = story.open("company", "progress").page.locator("section[aria-labelledby=reports]")
    assert "確認済み" in reports.inner_text()
    measure(story, 0, 26, "1年目.csv")

    # A pause, with the day on which it is decided how to go on.
    story.do(
        "npo", "agreement", "中断する", reason_code="staff", reason_text="担当が休むため。",
        decide_by=story.day(30),
    )  # fmt: skip
    assert story.state == "suspended"
    assert "中断しています" in story.open("company").page.inner_text("main")
    story.later(20)
    story.do("company", "agreement", "再開する", text="代わりの担当と続ける。")
    assert story.state == "running"

    story.later(460)
    assert story.state == "ended"
    measure(story, 0, 33, "2年目.csv")
    report(story)
    level = {rater: dict.fromkeys(("npo", "company", "city"), 4) for rater in ("npo", "company", "city")}
    level["npo"]["city"] = 2
    story.rate_all(level)
    person = story.open("npo", "evaluation")
    assert person.faults() == []
    for _item in range(5):
        person = story.open("npo", "evaluation")
        person.press(person.page.get_by_role("link", name=re.compile("話し合いを記録する")).first)
        story.fill(person, score=3, text="返事の遅れを話し合った。")
        person.press(person.page.locator("main form.section button[type=submit]").first)
    story.close()
    story.publish(
        "purpose", "agreement", "indicators", "contributions", "money", "report", "setbacks", "evaluation"
    )
    papers = story.papers()
    assert "300,000円" in papers["agreement"]
    assert "200,000円" in papers["agreement"], "the change from the version before stands on it"
    assert "代わりの担当と続ける。" in papers["resumption"]
    assert set(papers) >= {"plan", "agreement", "interim", "suspension", "final", "evaluation", "sheet"}
    story.do(
        "coordinator", "", "約束した金額との差の理由を書いて、案件を完了する", text="済んだ。",
        money_note="2年目の分は、社員の時間に替えた。",
    )  # fmt: skip
    assert story.state == "closed"
    story.do("company", "", "次の期間の案件を作る", message="次の年もお願いします。")
    with story.database.read() as session:
        renewed = session.scalars(select(Partnership).where(Partnership.renewed_from_id.is_not(None))).one()
        assert (renewed.state, renewed.year_number) == ("interest_one_side", 2)
        assert audit.verify(session)[1] is None


def test_an_outcome_linked_contract_with_one_target_missed_is_paid_to_the_yen(story: Story) -> None:
    meet(story)
    last = story.day(120)
    year = calendar.fiscal_year(calendar.tokyo_date(NOW) + timedelta(days=120))
    linked = {"linked_to_payment": True, "measure_on": last}
    plan(
        story,
        {**linked, "name": "続けて来た割合", "unit": "%", "baseline": 58, "target": 75},
        {**linked, "name": "家で学ぶ割合", "unit": "%", "baseline": 22, "target": 45},
        {**linked, "name": "進路が決まった人", "baseline": 12, "target": 16},
    )
    agreement(
        story, role="npo", type="outcome_linked", from_on=story.day(1), to_on=last, city_is_party=True,
        roles_city="確かめて支払う。", money_city_yen="1500000", signer_city="市長", provider="npo",
        evaluator="city", budget_cap_yen="1500000", fixed=f"{year}：100000", year_limits=f"{year}：1500000",
    )  # fmt: skip
    person = story.open("npo", "agreement")
    assert "支払いの条件が1つ以上必要です" in person.page.inner_text("main")
    for key, shape, points, cap, rounding in (
        ("I1", "table", "62：300000\n68：450000\n75：600000", 600_000, 1),
        ("I2", "linear", "30：0\n45：500000", 500_000, 1000),
        ("I3", "per_unit", "12：75000", 300_000, 1),
    ):
        story.do(
            "npo", "agreement", "支払いの条件を加える", indicator=key, shape=shape, points=points, cap_yen=cap,
            rounding=rounding, measured_on=last, fiscal_year=year,
        )  # fmt: skip
    assert story.people["npo"].faults() == []
    story.accept("agreement", "npo", "company")
    assert story.open("coordinator", "agreement").page.get_by_text("管理職が確認します").count() == 1
    confirm(story, "manager")
    story.later(2)
    assert story.state == "running"
    person = story.open("company", "payment")
    assert person.faults() == []
    story.fill(person, **{"P1": 71.4, "P2": 37.3, "P3": 15})
    person.press(person.page.get_by_role("button", name="この値で計算してみる"))
    # 450,000 + 500,000 × 7.3 ÷ 15 = 243,333 → 243,000 + 3 × 75,000 + the fixed 100,000
    assert "1,018,000円" in person.page.inner_text("main")
    story.later(121)
    assert story.state == "ended"
    measure(story, 0, 71.4, "出席.csv", accept=False)
    review(story, "send_back", "夏の分を足してください。")
    measure(story, 0, 69.2, "出席2.csv")
    measure(story, 1, 27.5, "家庭学習.csv")
    measure(story, 2, 15, "進路.csv")
    for _round in range(4):
        person = story.open("coordinator", "payment")
        person.press(
            person.page.get_by_role("link", name=re.compile("支払額を計算する|固定部分を計算する")).first
        )
        person.press(person.page.locator("main form.section button[type=submit]").first)
        assert "支払額を計算しました。" in person.page.inner_text("body"), person.page.inner_text("main")
    with story.database.read() as session:
        amounts = sorted(session.scalars(select(Payment.amount_yen)))
    assert amounts == [0, 100_000, 225_000, 450_000]
    assert story.state == "ended", "a missed target moves nothing"
    report(story)
    story.rate_all(
        {rater: dict.fromkeys(("npo", "company", "city"), 4) for rater in ("npo", "company", "city")}
    )
    story.close()
    story.publish("purpose", "logic", "indicators", "money", "report")
    person = story.open("coordinator")
    approving = person.page.locator("main").get_by_text(re.compile("の支払いを承認する")).first
    approving.wait_for(state="attached")  # among what waits for others: a coordinator approves nothing
    for _round in range(4):
        person = story.open("manager", "payment")
        person.press(person.page.get_by_role("link", name=re.compile("支払いを承認する")).first)
        person.press(person.page.locator("main form.section button[type=submit]").first)
        assert "支払いを承認しました。" in person.page.inner_text("body"), person.page.inner_text("main")
    while (
        links := story.open("coordinator", "payment").page.get_by_role(
            "link", name=re.compile("支払った日を記録する")
        )
    ).count():
        person = story.people["coordinator"]
        person.press(links.first)
        person.press(person.page.locator("main form.section button[type=submit]").first)
        assert "支払いを記録しました。" in person.page.inner_text("body"), person.page.inner_text("main")
    papers = story.papers()
    assert "775,000円" in papers["payment"]
    assert "届きませんでした" in papers["final"]
    assert set(papers) >= {"plan", "agreement", "payment", "final", "evaluation", "sheet"}
    person = story.open("coordinator")
    person.page.locator("main").get_by_role("link", name="公開ページを最新の内容にする（金額）").wait_for()
    story.publish("purpose", "logic", "indicators", "money", "report")
    story.do("coordinator", "", "案件を完了する", text="精算した。")
    assert story.state == "closed"
    with story.database.read() as session:
        actions = set(session.scalars(select(AuditEvent.action)))
        assert {"calculate_payment", "approve_payment", "record_paid", "close"} <= actions
        assert audit.verify(session)[1] is None
