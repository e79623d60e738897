"""Importing in the browser: template, upload, preview, confirm or discard."""

import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import openpyxl
import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from matcher.ground.db import Database
from matcher.imports import checking, headings, tables
from matcher.imports.columns import COLUMNS
from matcher.imports.findings import Checked
from matcher.jobs import tickets
from matcher.records import ImportBatch, Job, Need, Organization
from tests.factories import make_company, make_coordinator, make_npo, make_user
from tests.web.conftest import login_as
from tests.web.pages import Page, csrf_token, post, read, send, visit
from webapp import clock
from webapp.views import imports

GOOD = (
    "会社名,地区,事業内容,代表者住所\r\nみお青果,中央,野菜の卸売です。,浜1-2-3\r\n浜の店,浜,小売です。,\r\n"
)
BAD = "会社名,地区,電話番号\r\n,どこか,312345678\r\n<script>alert(1)</script>,中央,\r\n"


@dataclass
class Office:
    """A coordinator and others at their browsers."""

    records: Database
    browsers: dict[str, FlaskClient]

    def __getattr__(self, name: str) -> FlaskClient:
        return self.browsers[name]

    def count(self, model: type) -> int:
        with self.records.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def office(records: Database, new_client: Callable[[], FlaskClient]) -> Office:
    with records.write() as session:
        company, npo = make_company(session), make_npo(session)
        users = {
            "coordinator": make_coordinator(session),
            "colleague": make_coordinator(session),
            "operator": make_user(session, role="operator"),
            "company": make_user(session, company),
            "npo": make_user(session, npo),
        }
        browsers = {name: new_client() for name in users}
    for name, user in users.items():
        login_as(browsers[name], user)
    return Office(records, {**browsers, "stranger": new_client()})


def upload(
    client: FlaskClient,
    content: bytes,
    name: str = "名簿.csv",
    kind: str = "companies",
    status: int = 302,
    form_id: str = "",
) -> Page:
    values = {
        "csrf_token": csrf_token(client),
        "form_id": form_id or uuid.uuid4().hex,
        "kind": kind,
        "file": (io.BytesIO(content), name),
    }
    answer = client.post("/desk/imports", data=values, content_type="multipart/form-data")
    page = read(
        "/desk/imports", answer.status_code, answer.get_data(as_text=True), answer.headers.get("Location")
    )
    assert answer.status_code == status, page.text[:300]
    return page


def preview(client: FlaskClient, content: bytes, **options: str) -> Page:
    location = upload(client, content, **options).location  # type: ignore[arg-type]
    assert location
    return visit(client, location)


def test_an_upload_shows_what_it_holds_and_registers_nothing(office: Office) -> None:
    page = preview(office.coordinator, GOOD.encode("cp932"))
    assert page.h1 == ["取り込みの確認"]
    assert "まだ何も登録されていません" in page.text
    assert "みお青果" in page.text
    assert "「代表者住所」" in page.text
    assert "浜1-2-3" not in page.html
    assert office.count(Organization) == 2


def test_confirming_registers_and_leads_to_the_list(office: Office) -> None:
    page = preview(office.coordinator, GOOD.encode())
    form = page.form("/confirm")
    assert form.values["state"] == "submitted"
    done = send(office.coordinator, page, action="/confirm")
    assert done.location == page.url
    result = visit(office.coordinator, page.url)
    assert result.h1 == ["取り込みの結果"]
    assert "2件を登録しました" in result.text
    listed = visit(office.coordinator, result.href("一覧で確かめる"))
    assert "みお青果" in listed.text
    assert "市の確認待ち" in listed.text
    assert office.count(Organization) == 4


def test_a_second_click_registers_nothing_twice(office: Office) -> None:
    page = preview(office.coordinator, GOOD.encode())
    send(office.coordinator, page, action="/confirm")
    send(office.coordinator, page, action="/confirm")
    assert "すでに確定または取りやめになっています" in visit(office.coordinator, page.url).text
    assert office.count(Organization) == 4


def test_many_rows_are_saved_by_the_worker_while_their_page_tells_how_far_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 1)
    page = preview(office.coordinator, GOOD.encode())
    send(office.coordinator, page, action="/confirm")
    assert office.count(Organization) == 2
    answer = office.coordinator.get(page.url)
    assert answer.headers["Refresh"]
    running = visit(office.coordinator, page.url)
    assert running.h1 == ["登録しています"]
    assert "2件のうち0件まで進みました" in running.text
    assert not any("/imports/" in (form.action or "") for form in running.forms), "nothing to press meanwhile"
    assert "Refresh" not in office.coordinator.get(running.href("自動の更新を止める")).headers
    assert "登録の途中" in visit(office.colleague, "/desk/imports").text
    post(office.colleague, f"{page.url}/discard")
    assert "いま登録しているところです" in visit(office.colleague, page.url).text
    send(office.coordinator, page, action="/confirm")  # a second click
    runner = office.coordinator.application.extensions["runner"]
    assert runner.once("import", clock.now())
    assert not runner.once("import", clock.now())
    assert "2件を登録しました" in visit(office.coordinator, page.url).text
    assert office.count(Organization) == 4


def test_rows_that_no_worker_saves_are_saved_for_whoever_looks(
    office: Office, monkeypatch: pytest.MonkeyPatch, travel: time_machine.Traveller
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 1)
    page = preview(office.coordinator, GOOD.encode())
    send(office.coordinator, page, action="/confirm")
    travel.shift(imports.WORKER_PATIENCE)
    office.coordinator.get(page.url)
    runner = office.coordinator.application.extensions["runner"]
    with office.records.read() as session:
        job = session.scalars(select(Job)).one()
    assert runner.wait(job.id, 60).state == "done"
    assert "2件を登録しました" in visit(office.coordinator, page.url).text


def test_an_import_that_broke_off_says_how_far_it_came_and_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 1)
    page = preview(office.coordinator, GOOD.encode())
    send(office.coordinator, page, action="/confirm")
    with office.records.write() as session:
        job = session.scalars(select(Job)).one()
        job.state, job.error, job.finished_at = "failed", "gave_up", clock.now()
    broken = visit(office.coordinator, page.url)
    assert "登録が途中で止まりました" in broken.text
    send(office.coordinator, broken, action="/confirm")
    assert office.coordinator.application.extensions["runner"].once("import", clock.now())
    assert "2件を登録しました" in visit(office.coordinator, page.url).text


def test_discarding_leaves_nothing_behind(office: Office) -> None:
    page = preview(office.coordinator, GOOD.encode())
    send(office.coordinator, page, action="/discard")
    assert "この取り込みは取りやめました" in visit(office.coordinator, page.url).text
    with office.records.read() as session:
        assert session.scalars(select(ImportBatch)).one().rows == []
    assert office.count(Organization) == 2


def test_errors_say_row_column_what_and_how_to_mend(office: Office) -> None:
    page = preview(office.coordinator, BAD.encode())
    assert "2行目 名称 要修正 空欄です 必ず入力してください。" in page.text
    assert "2行目 所在地の地区 要修正 どこか 選択肢にない言葉です" in page.text
    assert "2行目 電話番号 要修正 312345678 先頭の0が消えています" in page.text
    assert "<script>alert(1)</script>" not in page.html
    assert "1件を登録する" in page.text
    report = office.coordinator.get(f"{page.url}/report.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(report.data)).worksheets[0]
    assert [cell.value for cell in sheet[6]][:3] == [2, "名称", "要修正"]


def test_a_file_without_a_good_row_offers_nothing_to_confirm(office: Office) -> None:
    page = preview(office.coordinator, "会社名,地区\r\n,どこか\r\n".encode())
    assert not any("/confirm" in (form.action or "") for form in page.forms)
    assert any("/discard" in (form.action or "") for form in page.forms)


def test_an_unreadable_file_is_refused_beside_its_field(office: Office) -> None:
    for content, name, words in (
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "a.xls", "古い形式（.xls）"),
        (b"%PDF-1.7 ...", "a.pdf", "Excel（.xlsx）またはCSV"),
        (b"a" * (5 * 1024 * 1024 + 1), "a.csv", "5MBを超えています"),
        ("日付,天気\n1,2".encode(), "a.csv", "必要な列が見つかりません：「名称」"),
        (b"", "a.csv", "何も書かれていません"),
    ):
        page = upload(office.coordinator, content, name, status=422)
        assert words in page.text, name
        assert page.title.startswith("エラー：")
    page = post(office.coordinator, "/desk/imports", {}, status=422)
    assert "「取り込むもの」を選んでください。" in page.text
    assert "ファイルを選んでください。" in page.text
    assert office.count(ImportBatch) == 0


def test_of_two_sends_at_once_one_is_kept_and_both_lead_to_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_file, form_id, answers = checking.check_file, uuid.uuid4().hex, []

    def slowly(*given: Any) -> Any:
        checked = check_file(*given)
        if not answers:
            answers.append(None)  # the second comes while the first is being read
            answers[0] = upload(second, GOOD.encode(), form_id=form_id).location
        return checked

    second = office.coordinator.application.test_client()
    with office.coordinator.session_transaction() as known, second.session_transaction() as same:
        same.update(known)
    monkeypatch.setattr(checking, "check_file", slowly)
    assert upload(office.coordinator, GOOD.encode(), form_id=form_id).location == answers[0]
    assert office.count(ImportBatch) == 1


def test_a_refusal_waits_for_nobody_who_writes(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    page = preview(office.coordinator, GOOD.encode())
    monkeypatch.setattr(tickets, "MOST_WAITING", 0)
    begun: list[bool] = []

    def note(connection: Any) -> None:
        begun.append(not connection.get_execution_options().get("read_only"))

    event.listen(office.records.engine, "begin", note)
    upload(office.coordinator, b"nothing", status=422)
    post(office.coordinator, f"{page.url}/confirm", {"state": "nowhere"}, status=422)
    assert not any(begun)
    post(office.coordinator, f"{page.url}/confirm", {"state": "submitted"}, status=429)
    assert begun.count(True) == 1  # the place in line that was asked for
    event.remove(office.records.engine, "begin", note)


def test_a_far_too_big_upload_is_turned_away(office: Office) -> None:
    upload(office.coordinator, b"a" * (7 * 1024 * 1024), "a.csv", status=413)


@pytest.mark.parametrize("kind", list(COLUMNS))
def test_the_template_filled_in_can_be_sent_back(office: Office, kind: str) -> None:
    answer = office.coordinator.get(f"/desk/imports/templates/{kind}.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["入力", "書き方", "選択肢"]
    sheet = book["入力"]
    assert [cell.value for cell in sheet[1]] == [column.heading for column in COLUMNS[kind]]  # type: ignore[index]
    values = [str(cell.value or "").removeprefix("（例）") for cell in sheet[2]]
    if kind in {"needs", "offers"}:
        with office.records.write() as session:
            (make_npo if kind == "needs" else make_company)(session, name=values[0])
    for place, value in enumerate(values, start=1):
        sheet.cell(row=4, column=place, value=value)
    target = io.BytesIO()
    book.save(target)
    page = preview(office.coordinator, target.getvalue(), name="ひな形.xlsx", kind=kind)
    assert "1件を登録する" in page.text
    assert "要修正" not in page.text
    send(office.coordinator, page, action="/confirm")
    assert "1件を登録しました" in visit(office.coordinator, page.url).text


def test_the_csv_template_is_passed_over_when_it_comes_back_as_it_was(office: Office) -> None:
    for charset in ("utf-8", "cp932"):
        answer = office.coordinator.get(f"/desk/imports/templates/npos.csv?charset={charset}")
        page = preview(office.coordinator, answer.data, kind="npos")
        assert "ファイルの行0行" in page.text
        assert "登録できる行がありません" in page.text


def test_the_list_we_saved_ourselves_is_recognised_row_by_row(office: Office) -> None:
    answer = office.coordinator.get("/desk/organizations.xlsx?kind=company")
    page = preview(office.coordinator, answer.data, name="一覧.xlsx")
    assert "登録済みの行1行" in page.text


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_saved_list_holds_all_that_an_import_takes_and_reads_back_the_same(
    office: Office, form: str
) -> None:
    answer = office.coordinator.get(f"/desk/organizations.{form}?kind=company")
    with office.records.read() as session:
        company = session.scalar(select(Organization).where(Organization.kind == "company"))
        known = {
            name: getattr(company, name) for name in ("name", "kana", "address", "contact_name", "phone")
        }
    checked = headings.read_under(found := Checked("companies"), tables.read(f"a.{form}", answer.data))
    rows = [cells for _number, cells in checked[0]]
    assert {name: rows[0][name] for name in known} == {name: value or "" for name, value in known.items()}
    assert known["contact_name"], "expected a contact to come back"
    assert {one.code for one in COLUMNS["companies"]} == set(rows[0])
    assert set(found.unknown) == {"区分", "状態", "おすすめ回数", "経過日数"}


def test_a_saved_list_of_both_kinds_has_what_means_the_same_for_both(office: Office) -> None:
    answer = office.coordinator.get("/desk/organizations.csv")
    assert "連絡用のメールアドレス" in answer.text
    assert "事業の内容" not in answer.text


def test_colleagues_see_each_others_uploads(office: Office) -> None:
    page = preview(office.coordinator, GOOD.encode())
    assert "名簿.csv" in visit(office.colleague, "/desk/imports").text
    assert visit(office.colleague, page.url).h1 == ["取り込みの確認"]


def test_nobody_else_finds_the_imports(office: Office) -> None:
    page = preview(office.coordinator, GOOD.encode())
    urls = ("/desk/imports", page.url, f"{page.url}/report.xlsx", "/desk/imports/templates/npos.xlsx")
    for name in ("company", "npo", "operator"):
        for url in urls:
            assert office.browsers[name].get(url).status_code == 404
        for url in (f"{page.url}/confirm", f"{page.url}/discard", "/desk/imports"):
            post(office.browsers[name], url, {"state": "verified"}, status=404)
    assert office.stranger.get(page.url).status_code == 302
    assert office.count(Organization) == 2
    assert office.coordinator.get("/desk/imports/templates/secrets.xlsx").status_code == 404
    assert office.coordinator.get("/desk/imports/" + "0" * 32).status_code == 404


def test_a_state_that_is_not_offered_is_refused(office: Office) -> None:
    page = preview(office.coordinator, GOOD.encode())
    post(office.coordinator, f"{page.url}/confirm", {"state": "suspended"}, status=422)
    assert office.count(Organization) == 2


def test_errors_are_shown_first_and_all_of_them_are_in_the_report(office: Office) -> None:
    lines = [f"会{place}" for place in range(600)]
    content = (
        "会社名,地区,設立\r\n"
        + "".join(f"{line},中央,\r\n" for line in lines)
        + ",中央,\r\n会の名,どこか,\r\n"
    )
    page = preview(office.coordinator, content.encode())
    assert "要修正2件、確認601件" in page.text
    assert page.text.index("602行目 名称 要修正 空欄です") < page.text.index("2行目 事業の内容 確認")
    assert "残りの確認403件は、Excelで保存した一覧にあります。" in page.text
    report = office.coordinator.get(f"{page.url}/report.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(report.data)).worksheets[0]
    rows = [[cell.value for cell in row][:3] for row in sheet.iter_rows(min_row=6)]
    assert rows[:2] == [[602, "名称", "要修正"], [603, "所在地の地区", "要修正"]]
    assert len([row for row in rows if row[2] == "確認"]) == 601


def test_what_was_read_from_words_is_shown_before_it_is_saved(office: Office) -> None:
    with office.records.write() as session:
        make_npo(session, name="体験の貯金箱")
    content = (
        "団体名,件名,いまの状況,支援の種類,量,単位,終わりの日,公開の期限\r\n"
        "体験の貯金箱,見本1,状況です。,寄附,5千万円,円,2027/6/25 9:00,2027/3/31 0:00\r\n"
    )
    page = preview(office.coordinator, content.encode("cp932"), kind="needs")
    assert "5千万円 「50,000,000円」と読み取りました" in page.text
    assert "2027/6/25 9:00 「令和9年6月25日（金）」と読み取りました（時刻は読み込みません）" in page.text
    assert "1件を登録する" in page.text
    send(office.coordinator, page, action="/confirm")
    with office.records.read() as session:
        need = session.scalars(select(Need).where(Need.title == "見本1")).one()
    assert (need.quantity, need.unit, need.period_to) == (50_000_000, "円", date(2027, 6, 25))


def test_the_official_decides_whether_a_possible_duplicate_is_another(office: Office) -> None:
    with office.records.write() as session:
        make_company(
            session, name="株式会社見本", area="citywide", address="A町1", corporate_number="8999900000001"
        )
    content = "名称,法人番号,所在地,地区\r\n株式会社見本,7999900000002,C町3,市全域\r\n株式会社見本,,B町2,市全域\r\n株式会社見本,,D町4,市全域\r\n"
    page = preview(office.coordinator, content.encode())
    assert "判断が必要な行2行" in page.text
    choice = "3行目「株式会社見本」（法人番号なし、市全域、B町2） ― 似ているもの：「株式会社見本」（法人番号8999900000001、市全域、A町1）"
    assert choice in page.text
    assert "3行目 名称 要判断 株式会社見本" in page.text
    post(office.coordinator, f"{page.url}/confirm", {"state": "submitted", "others": ["2"]}, status=422)
    post(office.coordinator, f"{page.url}/confirm", {"state": "submitted", "others": ["4"]})
    with office.records.read() as session:
        found = session.scalars(select(Organization.address).where(Organization.name == "株式会社見本")).all()
    assert sorted(found) == ["A町1", "C町3", "D町4"]
    assert "2件を登録しました" in visit(office.coordinator, page.url).text


def test_all_rows_of_the_longest_file_can_be_decided(office: Office) -> None:
    with office.records.write() as session:
        make_company(session, name="株式会社見本", area="citywide", corporate_number="8999900000001")
    rows = [f"株式会社見本,B町{place}" for place in range(tables.MAX_ROWS)]
    page = preview(office.coordinator, "\r\n".join(["名称,所在地", *rows]).encode())
    others = [str(2 + place) for place in range(tables.MAX_ROWS)]
    post(office.coordinator, f"{page.url}/confirm", {"state": "submitted", "others": others})
    with office.records.read() as session:
        assert len(session.scalars(select(Job.details)).one()["others"]) == tables.MAX_ROWS


def test_only_doubtful_rows_can_be_decided_as_well(office: Office) -> None:
    with office.records.write() as session:
        make_company(session, name="株式会社見本", area="citywide", corporate_number="8999900000001")
    page = preview(office.coordinator, "名称,所在地\r\n株式会社見本,B町2\r\n".encode())
    assert "1件を登録する" not in page.text
    send(office.coordinator, page, {"others": "2"}, action="/confirm")
    assert "1件を登録しました" in visit(office.coordinator, page.url).text


def test_columns_taken_as_one_and_files_that_contradict_themselves_are_told(office: Office) -> None:
    page = preview(office.coordinator, "会社名,住所,所在地\r\n甲,1-1,\r\n乙,,2-2\r\n".encode())
    assert "次の列は同じ項目のため、1つにまとめて読み込みました：「住所」と「所在地」" in page.text
    page = upload(office.coordinator, "会社名,住所,所在地\r\n甲,1-1,2-2\r\n".encode(), status=422)
    assert "「住所」と「所在地」は同じ項目の列ですが、2行目で内容が違います" in page.text
    page = upload(
        office.coordinator, "会社名,代表者,,住所\r\n,役職,氏名,\r\n甲,社長,山田,1\r\n".encode(), status=422
    )
    assert "C列に内容がありますが、1行目に列の名前がありません" in page.text


def send_without_number(client: FlaskClient) -> Page:
    """An upload that is refused although every field of it is right."""
    values = {
        "csrf_token": csrf_token(client),
        "kind": "companies",
        "file": (io.BytesIO(GOOD.encode()), "a.csv"),
    }
    answer = client.post("/desk/imports", data=values, content_type="multipart/form-data")
    assert answer.status_code == 422
    return read("/desk/imports", 422, answer.get_data(as_text=True), None)


def test_a_refused_file_is_asked_for_again_and_what_was_chosen_stays(office: Office) -> None:
    page = upload(office.coordinator, "花,鳥\r\na,b\r\n".encode(), status=422)
    asked = "入力された内容は残っています。ファイルはもう一度選んでください。次の項目を直して"
    assert asked in page.text
    assert "選んでください。次のことを確かめて" in send_without_number(office.coordinator).text
    assert "1行目の「花」、「鳥」を列の名前として読みました" in page.text


def test_sheets_that_were_not_read_are_named(office: Office) -> None:
    book = openpyxl.Workbook()
    for row in (["会社名", "事業内容"], ["みお青果", "野菜の卸売です。"]):
        book.active.append(row)
    book.create_sheet("続き").append(["浜の店"])
    target = io.BytesIO()
    book.save(target)
    page = preview(office.coordinator, target.getvalue(), name="名簿.xlsx")
    assert "次のシートは読み込みませんでした" in page.text
    assert "「続き」" in page.text


def test_what_a_workbook_hides_is_named_before_anything_is_saved(office: Office) -> None:
    book = openpyxl.Workbook()
    for number in range(30):
        book.active.append(
            [f"店{number}", "小売です。", "03-1234-5678"] if number else ["会社名", "事業内容", "電話番号"]
        )
    for number in (3, 5, 6, 7, *range(9, 28, 2)):
        book.active.row_dimensions[number].hidden = True
    book.active.column_dimensions["C"].hidden = True
    book.create_sheet("内部").append(["会社名"])
    book["内部"].sheet_state = "hidden"
    target = io.BytesIO()
    book.save(target)
    page = preview(office.coordinator, target.getvalue(), name="名簿.xlsx")
    rows = "3行目、5〜7行目、9行目、11行目、13行目、15行目、17行目、19行目、21行目、23行目など"
    assert f"表示されていない行が14行あります（{rows}）。" in page.text
    assert "表示されていない列があります：「電話番号」" in page.text
    assert "表示されていないシートがあります：「内部」" in page.text
    assert "フィルターは解除してから" in page.text
