"""The coordinator's pages: the desk, lists that filter and sort, files that equal them, who may not."""

import ast
import csv
import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from matcher.ground import lifecycle
from matcher.ground.db import Database
from matcher.records import (
    AuditEvent,
    Handover,
    ImportBatch,
    Incident,
    Membership,
    Need,
    Offer,
    Organization,
    Partnership,
    PublicComment,
    RegistrationCode,
    ShownList,
    ShownSuggestion,
    User,
    YearPlan,
)
from matcher.register.act import of as declared_of
from tests.conftest import NOW
from tests.factories import make_company, make_coordinator, make_need, make_npo, make_offer, make_user
from tests.services.test_desk import make_case
from tests.web.conftest import login_as
from tests.web.pages import Page, visit
from webapp import audit_text

LISTS = ("organizations", "needs", "offers", "cases", "exposure")


@dataclass
class Office:
    """The city's staff, a company and an NPO with a need and a case; a browser each."""

    records: Database
    browsers: dict[str, FlaskClient]
    ids: dict[str, str]

    def __getattr__(self, name: str) -> FlaskClient:
        return self.browsers[name]

    def events(self, action: str) -> list[AuditEvent]:
        with self.records.read() as session:
            query = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
            return list(session.scalars(query))


@pytest.fixture
def office(records: Database, new_client: Callable[[], FlaskClient]) -> Office:
    with records.write() as session:
        company = make_company(
            session, name="みお青果", kana="ミオセイカ", verified_at=NOW - timedelta(days=3)
        )
        npo = make_npo(session, name="ひだまりの会", kana="ヒダマリ", verified_at=NOW - timedelta(days=4))
        make_npo(
            session,
            name="<b>待つ</b>会",
            kana="マツカイ",
            state="submitted",
            submitted_at=NOW - timedelta(days=8),
        )
        need = make_need(
            session, npo, title="=水曜の野菜", search_text="水曜の野菜", published_at=NOW - timedelta(days=2)
        )
        make_need(
            session, npo, title="布団がほしい", state="in_review", submitted_at=NOW, support_type="goods_new"
        )
        make_offer(session, company)
        users = {
            "coordinator": make_coordinator(session, name="佐久間 みのり"),
            "manager": make_user(session, role="manager", name="宇野 佳代子"),
            "operator": make_user(session, role="operator"),
            "company": make_user(session, company),
            "npo": make_user(session, npo),
        }
        case = make_case(session, company, npo, users["company"], need_id=need.id)
        browsers = {name: new_client() for name in users}
        ids = {"need": need.public_id, "case": case.public_id, "npo": npo.public_id}
        company_id, npo_id = company.id, npo.id
        shown = ShownList(
            organization_id=company_id, shown_at=NOW, model_id="m", index_version=1, weights_version="w"
        )
        session.add(shown)
        session.flush()
        session.add(
            ShownSuggestion(
                shown_list_id=shown.id, rank=1, candidate_id=npo_id, need_id=need.id, score=0.5, parts={}, reasons=[],
            )
        )  # fmt: skip
    for name, user in users.items():
        login_as(browsers[name], user)
    return Office(records, {**browsers, "stranger": new_client()}, ids)


def test_the_desk_answers_what_is_to_be_done_today(office: Office) -> None:
    page = visit(office.coordinator, "/desk")
    assert page.h1 == ["今日の仕事"]
    assert "団体・企業の確認 1件 8日 1件" in page.text
    assert "ニーズの確認 1件 今日 なし" in page.text
    assert "協働の承認 1件 今日 なし" in page.text
    assert "動きが止まっている案件 0件 なし" in page.text
    assert page.href("団体・企業の確認") == "/desk/organizations?state=submitted"
    assert "公開中のニーズは、どれも1社以上のおすすめに出ています。" in page.text
    assert page.href("みお青果")  # never suggested
    assert "団体 1件 0件 1回 1回 1回" in page.text


def test_a_queue_leads_to_its_rows(office: Office) -> None:
    url = visit(office.coordinator, "/desk").href("ニーズの確認")
    page = visit(office.coordinator, url)
    assert "布団がほしい" in page.text
    assert "=水曜の野菜" not in page.text


def test_every_count_of_the_desk_is_the_number_of_rows_behind_it(office: Office) -> None:
    with office.records.write() as session:
        company = session.scalars(select(Organization).where(Organization.kind == "company")).one()
        npo = session.scalars(select(Organization).where(Organization.name == "ひだまりの会")).one()
        user = session.scalars(select(User).where(User.role == "coordinator")).one()
        make_offer(session, company, state="in_review", submitted_at=NOW)
        for number in range(2):
            make_need(session, npo, title=f"誰にも{number}", published_at=NOW)
        long_ago = NOW - timedelta(days=60)
        for state, moved in (
            ("coordinator_review", NOW), ("agreement_review", NOW), ("interest_one_side", long_ago),
            ("negotiation", long_ago), ("running", NOW), ("running", NOW),
        ):  # fmt: skip
            need = make_need(session, npo, state="filled")
            case = make_case(
                session, company, npo, user, state=state, moved_at=moved, touched_at=moved, need_id=need.id
            )
        for state in ("waiting", "waiting", "shown", "hidden"):
            session.add(PublicComment(partnership_id=case.id, text=state, written_at=NOW, state=state))
        session.add(
            Incident(
                partnership_id=case.id, happened_on=NOW.date(), text="けが", measures="休む",
                reported_by_id=user.id, reported_at=NOW,
            )
        )  # fmt: skip
    desk = visit(office.coordinator, "/desk").html
    row = r'<th scope="row"><a href="([^"]+)">([^<]+)</a></th>\s*<td[^>]*>(?:<[^>]*>|\s)*([\d,]+)件'
    more = r'<a href="([^"]+)">(([\d,]+)件を一覧で見る)</a>'
    counted = [found for pattern in (row, more) for found in re.findall(pattern, desk)]
    assert len(counted) >= 10
    for url, label, count in counted:
        listed = visit(office.coordinator, html.unescape(url)).html.partition("<tbody>")[2]
        assert listed.partition("</tbody>")[0].count("<tr>") == int(count), (label, url)


def test_the_desk_leads_from_an_unseen_need_to_the_recommendation_that_it_names(office: Office) -> None:
    with office.records.write() as session:
        npo = session.scalars(select(Organization).where(Organization.name == "ひだまりの会")).one()
        make_need(session, npo, title="本棚", published_at=NOW)
    desk = visit(office.coordinator, "/desk")
    assert "「推薦する企業を選ぶ」から、市が組み合わせを両者に推薦できます。" in desk.text
    page = visit(office.coordinator, desk.href("推薦する企業を選ぶ（本棚）"))
    assert page.h1 == ["推薦する企業を選ぶ"]
    assert "選んだ相手：ひだまりの会" in page.text


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_and_its_rows_lead_on(office: Office, name: str) -> None:
    page = visit(office.coordinator, f"/desk/{name}")
    targets = {
        "organizations": f"/desk/organizations/{office.ids['npo']}", "needs": f"/desk/needs/{office.ids['need']}",
        "cases": f"/cases/{office.ids['case']}", "exposure": f"/desk/organizations/{office.ids['npo']}",
    }  # fmt: skip
    if name in targets:
        assert targets[name] in [url for _text, url in page.links]
    assert "<b>待つ</b>" not in page.html


def test_filters_narrow_the_list_and_stay_in_the_form(office: Office) -> None:
    page = visit(office.coordinator, "/desk/needs?state=open&q=野菜")
    assert "=水曜の野菜" in page.text
    assert "布団" not in page.text
    form = page.form("/desk/needs")
    assert (form.values["state"], form.values["q"]) == ("open", "野菜")
    assert page.href("条件を外す") == "/desk/needs"
    # Where the browser runs programs, a chosen condition applies at once; the button stays for the others.
    assert 'hx-trigger="change"' in page.html
    for part in ("listed", "listed-line", "listed-tools"):
        assert f'id="{part}"' in page.html
    assert "この条件で表示" in page.text


def test_a_list_is_narrowed_by_the_year_of_its_numbers(office: Office) -> None:
    for name in ("cases", "needs", "offers"):
        everything = visit(office.coordinator, f"/desk/{name}")
        this_year = visit(office.coordinator, f"/desk/{name}?year=2026")
        assert "令和8年度" in this_year.text
        assert this_year.html.count("<tr>") == everything.html.count("<tr>") > 1
        before = visit(office.coordinator, f"/desk/{name}?year=2025")
        assert "はありません" in before.text
        assert visit(office.coordinator, f"/desk/{name}?year=%25").html.count("<tr>") > 1


def test_an_empty_list_says_what_to_do(office: Office) -> None:
    page = visit(office.coordinator, "/desk/offers?q=どこにもない言葉")
    assert "条件に合う提供メニューはありません" in page.text
    assert page.href("条件を外す") == "/desk/offers"


def test_headers_sort_both_ways_and_keep_the_filter(office: Office) -> None:
    page = visit(office.coordinator, "/desk/organizations?kind=npo")
    url = page.href("名称△")
    assert "kind=npo" in url
    assert "sort=name" in url
    rising = visit(office.coordinator, url)
    assert rising.text.index("ひだまりの会") < rising.text.index("待つ")
    falling = visit(office.coordinator, rising.href("名称▲"))
    assert falling.text.index("待つ") < falling.text.index("ひだまりの会")


def test_codes_that_do_not_exist_count_as_no_condition(office: Office) -> None:
    page = visit(office.coordinator, "/desk/needs?state=nonsense&area=nowhere&page=99999&sort=-x")
    assert "2件" in page.text


# ── Files ────────────────────────────────────────────────────────────────────────────────────────────


def rows_on(page: Page) -> list[list[str]]:
    """What stands in the cells of the list, as a reader sees them."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.rows: list[list[str]] = []
            self.cell: list[str] | None = None

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag == "tr":
                self.rows.append([])
            if tag in {"td", "th"} and dict(attrs).get("class") != "select-cell":
                self.cell = []

        def handle_endtag(self, tag: str) -> None:
            if tag in {"td", "th"} and self.cell is not None:
                self.rows[-1].append("".join(self.cell).strip())
                self.cell = None

        def handle_data(self, data: str) -> None:
            if self.cell is not None:
                self.cell.append(data)

    reader = Reader()
    reader.feed(page.html[page.html.rindex("<tbody>") : page.html.rindex("</tbody>")])
    return reader.rows


def rows_in(content: bytes) -> list[list[str]]:
    """What Excel shows in the cells below the header."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return [[_seen(cell) for cell in row] for row in sheet.iter_rows(min_row=6)]


def _seen(cell: Any) -> str:
    value, shape = cell.value, cell.number_format
    if value is None:
        return ""
    if "ggge" in shape:
        return f"令和{value.year - 2018}年{value.month}月{value.day}日"
    if "今日" in shape:
        return "今日" if value == 0 else f"{value}日"
    if shape == "#,##0.##":
        return f"{value:,}"
    return str(value).removeprefix("'")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", ["", "?sort=name", "?sort=-age&area=chuo"])
def test_a_saved_list_is_the_list_on_the_screen(office: Office, name: str, query: str) -> None:
    page = visit(office.coordinator, f"/desk/{name}{query}")
    url = next(url for text, url in page.links if text.startswith("この一覧をExcelで保存"))
    answer = office.coordinator.get(url)
    assert answer.status_code == 200
    shown = rows_on(page)
    saved = rows_in(answer.data)
    if name == "organizations":
        # Behind the columns of the screen stands what an import takes beside them.
        assert len(saved[0]) > len(shown[0])
        saved = [row[: len(shown[0])] for row in saved]
    assert saved == shown
    assert len(shown) >= 1


def test_the_file_bears_its_title_day_and_conditions(office: Office) -> None:
    answer = office.coordinator.get("/desk/needs.xlsx?state=open")
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    disposition = answer.headers["Content-Disposition"]
    assert "attachment" in disposition
    assert (
        "filename*=UTF-8''%E3%83%8B%E3%83%BC%E3%82%BA%E3%81%AE%E4%B8%80%E8%A6%A7_20261124.xlsx" in disposition
    )
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    assert [sheet[f"A{row}"].value for row in (1, 2, 3)] == [
        "ニーズの一覧",
        "作成日：令和8年11月24日（火）　作成課：澪原市市民協働推進課　1件",
        "条件：状態：公開中",
    ]
    assert sheet["B6"].value == "'=水曜の野菜"
    assert sheet["B6"].data_type == "s"


def test_chosen_rows_alone_are_saved(office: Office) -> None:
    page = visit(office.coordinator, "/desk/needs")
    form = page.form("/desk/needs.xlsx")
    assert "選んだものだけExcelで保存" in form.buttons
    answer = office.coordinator.get("/desk/needs.xlsx", query_string={"selected": [office.ids["need"]]})
    assert [row[1] for row in rows_in(answer.data)] == ["=水曜の野菜"]


def test_csv_comes_in_both_encodings(office: Office) -> None:
    for charset, codec in (("utf-8", "utf-8-sig"), ("cp932", "cp932")):
        answer = office.coordinator.get(f"/desk/organizations.csv?charset={charset}&kind=company")
        lines = list(csv.reader(io.StringIO(answer.data.decode(codec))))
        assert lines[1][:3] == ["みお青果", "企業", "確認済み"]
    assert office.coordinator.get("/desk/organizations.csv?charset=utf-7").status_code == 404


def test_every_saved_list_leaves_a_line_in_the_record(office: Office) -> None:
    office.coordinator.get("/desk/needs.xlsx?state=open&q=野菜")
    office.manager.get("/desk/audit.xlsx")
    first, second = office.events("export")
    assert (first.object_id, first.details["count"]) == ("needs", 1)
    assert first.details["conditions"] == {"state": "open", "q": "typed"}
    assert (second.object_id, second.role) == ("audit", "manager")


# ── The record, and who may not ──────────────────────────────────────────────────────────────────────


def test_the_record_names_who_did_what_to_what(office: Office) -> None:
    office.coordinator.get("/desk/needs.xlsx")
    page = visit(office.manager, "/desk/audit")
    assert "佐久間 みのり 担当職員 一覧をファイルに保存した ニーズの一覧" in page.text
    assert visit(office.operator, "/desk/audit?action=export&object_type=list").status == 200
    assert page.href("操作の記録") == "/desk/audit"


def test_a_day_of_the_record_is_read_as_everywhere_and_one_that_cannot_be_read_is_named(
    office: Office,
) -> None:
    office.coordinator.get("/desk/needs.xlsx")
    for since in ("令和8年11月1日", "2026/11/01", "２０２６-11-01"):
        page = visit(office.manager, f"/desk/audit?since={since}&until=2026-11-01")
        assert "この日から：2026-11-01" in page.text
        assert "一覧をファイルに保存した" not in page.text
    for name, label in (("since", "この日から"), ("until", "この日まで")):
        for typed in ("2026-13-45", "きのう", "0001-01-01"):
            page = visit(office.manager, f"/desk/audit?{name}={typed}")
            assert "次の条件は使っていません。" in page.text
            assert re.findall(f"{label}：(?:日付として|その日付は|年が)", page.text)
            assert page.text.count(f"{label}：") == 1  # among what narrows the list it does not stand
            assert typed not in page.href("CSV（UTF-8）")


#: function → which of its arguments names the action
_ACTION_PLACES = {"audit.record": 2, "audit.Note": 1, "documents.note": 3, "note": 3}


def test_every_action_in_the_services_has_its_words() -> None:
    recorded = {move.action for move in lifecycle.TRANSITIONS}
    for path in Path("matcher").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = _ACTION_PLACES.get(ast.unparse(call.func)) if isinstance(call, ast.Call) else None
            if place is not None and isinstance(call.args[place], ast.Constant):
                recorded.add(call.args[place].value)
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"Done", "Also"}:
                recorded |= _events_of(call)
    recorded |= {
        deed.event for kind in RECORDS for deed in declared_of(kind) if deed.name not in OF_ITS_PARTS
    }
    assert {"login", "export", "import", "publish", "approve", "edit_profile"} <= recorded
    assert {"add_risk", "close_risk", "return_report", "set_baseline"} <= recorded
    silent = {
        one
        for one in recorded - set(audit_text.ACTIONS)
        if all(audit_text.done(name, one) == one for name in RECORDS.values())
    }
    assert not silent


#: Kinds of records to which acts are done, and how the record calls them; acts that keep an event of each outcome, or of each kind of text.
RECORDS = {
    Need: "need", Offer: "offer", Organization: "organization", Partnership: "partnership",
    User: "user", Membership: "user", Handover: "handover", RegistrationCode: "registration_code",
    ImportBatch: "importbatch", YearPlan: "yearplan",
}  # fmt: skip
OF_ITS_PARTS = {"review_measurement", "review_report", "accept_document", "drop_document"}


def _events_of(call: ast.Call) -> set[str]:
    """The names under which what an act brought about is kept."""
    (named,) = [one.value for one in call.keywords if one.arg == "event"] or [None]
    if named is None and ast.unparse(call.func) != "Done":
        named = call.args[0]
    found = {} if named is None else {one.value for one in ast.walk(named) if isinstance(one, ast.Constant)}
    return {value for value in found if isinstance(value, str)}


PAGES = (
    "/desk",
    *(f"/desk/{name}" for name in LISTS),
    *(f"/desk/{name}.xlsx" for name in LISTS),
    "/desk/needs.csv",
)


@pytest.mark.parametrize("url", PAGES)
def test_members_and_the_operator_do_not_find_the_desk(office: Office, url: str) -> None:
    for name in ("company", "npo", "operator"):
        assert office.browsers[name].get(url).status_code == 404
    answer = office.stranger.get(url)
    assert answer.status_code == 302
    assert "/login" in answer.headers["Location"]


@pytest.mark.parametrize("url", ["/desk/audit", "/desk/audit.xlsx"])
def test_the_record_is_for_managers_and_operators(office: Office, url: str) -> None:
    for name in ("company", "npo", "coordinator"):
        assert office.browsers[name].get(url).status_code == 404
    assert office.stranger.get(url).status_code == 302
    assert office.manager.get(url).status_code == 200
    assert office.operator.get(url).status_code == 200


def test_the_exposure_page_shows_who_is_seen_by_group(office: Office) -> None:
    page = visit(office.coordinator, "/desk/exposure")
    for words in (
        "この90日の偏り",
        "規模で見る",
        "市の確認からの期間で見る",
        "分野で見る",
        "地区で見る",
        "記入なし",
    ):
        assert words in page.html
    assert "5件に1件は" in page.html
    assert office.browsers["company"].get("/desk/exposure").status_code == 404
