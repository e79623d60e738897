"""Imports: checked row by row, saved only when confirmed, recognised when sent again."""

import io
import itertools
import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from stdnum.jp import cn

from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.ground.errors import Invalid, MovedOn, NotPermitted, Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.imports import acts as import_acts
from matcher.imports import checking, known, saving
from matcher.imports.columns import Kind
from matcher.imports.findings import Checked
from matcher.imports.tables import Unreadable
from matcher.jobs import leases, tickets
from matcher.organizations.identity import Identity, compare
from matcher.records import AuditEvent, Embedding, ImportBatch, Job, Need, Offer, Organization, Revision, User
from matcher.register import audit, numbers
from tests.conftest import NOW
from tests.edge_inputs import EDGE_INPUTS
from tests.factories import actor_for, make_city, make_company, make_coordinator, make_npo, make_user

NUMBER = "8999901000017"  # check digit holds; the range is not in use


def csv(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(lines).encode(encoding)


@pytest.fixture
def coordinator(database: Database) -> Actor:
    """A coordinator of the invented city, committed, so that chunks of their own can see them."""
    with database.write() as session:
        make_city(session)
        return actor_for(make_coordinator(session))


def check(database: Database, actor: Actor, kind: Any, content: bytes, name: str = "a.csv") -> Checked:
    with database.read() as session:
        return checking.check_file(session, actor, kind, name, content, NOW)


def upload(database: Database, actor: Actor, kind: Any, content: bytes) -> str:
    checked = check(database, actor, kind, content)
    with database.write() as session:
        return import_acts.keep(session, actor, "名簿.csv", checked, NOW).public_id


def count(database: Database, model: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_check_number_for_these_tests_holds() -> None:
    from stdnum.jp import cn

    assert cn.is_valid(NUMBER)


NPOS = csv(
    "市内団体名簿,,,,,,,",
    "団体名,フリガナ,法人番号,団体種別,地区,活動分野,設立年月日,目的,活動内容,代表者住所,備考",
    f'NPO法人ひだまり,ヒダマリ,{NUMBER},特定非営利活動法人,中央,"子どもの健全育成、3",平成20年4月1日,'
    "子どもの居場所をつくります。,毎週水曜に開いています。,中央町9-9,メモ",
    "北の会,キタノカイ,,任意団体・市民活動団体,里山,7,,里山を守ります。,月1回の手入れ。,里山1,",
    encoding="cp932",
)


def test_a_register_in_shift_jis_is_read_below_its_title(database: Database, coordinator: Actor) -> None:
    checked = check(database, coordinator, "npos", NPOS)
    assert checked.problems == []
    assert [row["row"] for row in checked.rows] == [3, 4]
    first = checked.rows[0]["values"]
    assert first["name"] == "NPO法人ひだまり"
    assert first["corporate_number"] == NUMBER
    assert (first["org_type"], first["area"], first["fields"]) == ("npo", "chuo", ["13", "3"])
    assert first["established_on"] == "2008-04-01"


def test_homes_are_dropped_named_and_nowhere_kept(database: Database, coordinator: Actor) -> None:
    public_id = upload(database, coordinator, "npos", NPOS)
    with database.read() as session:
        batch = import_acts.get_batch(session, coordinator, public_id)
        assert batch.dropped_columns == ["代表者住所"]
        assert batch.result["unknown"] == ["備考"]
        kept = json.dumps([batch.rows, batch.problems, batch.result], ensure_ascii=False)
    assert "中央町9-9" not in kept


def test_nothing_is_registered_before_somebody_confirms(database: Database, coordinator: Actor) -> None:
    public_id = upload(database, coordinator, "npos", NPOS)
    assert count(database, Organization) == 0
    result = import_acts.confirm(database, coordinator, public_id, "submitted", NOW)
    assert (result.saved, result.skipped) == (2, 0)
    with database.read() as session:
        query = select(Organization).options(joinedload(Organization.npo)).order_by(Organization.id)
        first, second = session.scalars(query).all()
        assert (first.state, first.submitted_at, first.verified_at) == ("submitted", NOW, None)
        assert first.npo is not None
        assert (first.npo.mission, first.npo.established_on) == (
            "子どもの居場所をつくります。",
            date(2008, 4, 1),
        )
        assert "npo法人ひだまり" in first.search_text
        assert (second.corporate_number, second.no_number_reason) == (None, "unincorporated")


def test_every_record_has_its_audit_event_and_the_chain_holds(database: Database, coordinator: Actor) -> None:
    public_id = upload(database, coordinator, "npos", NPOS)
    import_acts.confirm(database, coordinator, public_id, "submitted", NOW)
    with database.read() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        assert [event.action for event in events] == ["upload", "import", "import", "confirm"]
        ids = {one.public_id for one in session.scalars(select(Organization))}
        assert {event.object_id for event in events if event.action == "import"} == ids
        assert events[1].details == {"batch": public_id, "row": 3}
        assert events[3].details == {"kind": "npos", "state": "submitted", "saved": 2, "skipped": 0}
        assert audit.verify(session)[1] is None


def test_a_confirmed_upload_keeps_counts_but_no_rows(database: Database, coordinator: Actor) -> None:
    public_id = upload(database, coordinator, "npos", NPOS + "\r\n,,123".encode("cp932"))
    import_acts.confirm(database, coordinator, public_id, "submitted", NOW)
    with database.read() as session:
        batch = import_acts.get_batch(session, coordinator, public_id)
        assert (batch.rows, batch.confirmed_at) == ([], NOW)
        assert (batch.result["saved"], batch.result["errors"]) == (2, 1)
        assert {problem["value"] for problem in batch.problems} == {""}


def test_how_a_value_was_understood_is_still_said_after_confirming(
    database: Database, coordinator: Actor
) -> None:
    text = "団体名,法人番号,設立年月日,ボランティア\r\nはと会,,2010/12/31 9:30,3千人\r\n".encode()
    public_id = upload(database, coordinator, "npos", text)
    import_acts.confirm(database, coordinator, public_id, "submitted", NOW)
    with database.read() as session:
        batch = import_acts.get_batch(session, coordinator, public_id)
        read = [(one["code"], one["value"], one["read"]) for one in batch.problems if one["read"]]
    assert read == [
        ("read_day", "2010/12/31 9:30", "2010-12-31"),
        ("read_number", "3千人", "3,000人"),
    ]


def test_it_cannot_be_confirmed_or_discarded_twice(database: Database, coordinator: Actor) -> None:
    public_id = upload(database, coordinator, "npos", NPOS)
    import_acts.confirm(database, coordinator, public_id, "submitted", NOW)
    with pytest.raises(Refused, match="import_closed"):
        import_acts.confirm(database, coordinator, public_id, "submitted", NOW)
    with database.write() as session, pytest.raises(MovedOn):
        import_acts.discard(session, coordinator, import_acts.get_batch(session, coordinator, public_id), NOW)
    assert count(database, Organization) == 2


def test_an_import_that_broke_off_goes_on_where_it_stopped(database: Database, coordinator: Actor) -> None:
    public_id = upload(database, coordinator, "npos", NPOS)
    with database.read() as session:
        rows = import_acts.get_batch(session, coordinator, public_id).rows
    # The process died after the first row: the batch is not confirmed, the row is there.
    saving.save(database, coordinator, "npos", rows[:1], "submitted", NOW, about=public_id)
    result = import_acts.confirm(database, coordinator, public_id, "submitted", NOW)
    assert (result.saved, result.skipped) == (1, 1)
    assert count(database, Organization) == 2


def test_the_same_file_again_is_recognised_row_by_row(database: Database, coordinator: Actor) -> None:
    import_acts.confirm(database, coordinator, upload(database, coordinator, "npos", NPOS), "submitted", NOW)
    again = check(database, coordinator, "npos", NPOS)
    assert again.rows == []
    assert [(one.row, one.code, one.level) for one in again.problems] == [
        (3, "number_known", "duplicate"),
        (4, "name_known", "duplicate"),
    ]


def test_names_are_compared_as_people_write_them(database: Database, coordinator: Actor) -> None:
    with database.write() as session:
        make_company(session, name="株式会社髙﨑商店", area="chuo")
        make_npo(session, name="株式会社髙﨑商店", area="hama")
    checked = check(
        database, coordinator, "companies",
        csv("会社名,地区", "㈱高崎商店,中央", "(株)髙﨑商店,", "株式会社髙﨑商店,浜", "ﾐｵ商会,", "ミオ商会,浜"),
    )  # fmt: skip
    found = [(problem.row, problem.code) for problem in checked.problems if problem.level == "duplicate"]
    assert found == [(2, "name_known"), (3, "name_known"), (6, "name_known")]
    assert [row["row"] for row in checked.rows] == [4, 5]


def test_every_error_names_row_column_and_value(database: Database, coordinator: Actor) -> None:
    checked = check(
        database, coordinator, "npos",
        csv(
            "名称,法人番号,所在地の地区,電話番号,ウェブサイト,連絡用のメールアドレス,目的",
            "よい会,,中央,0000-00-0001,www.yoi.example,info@yoi.example,まちをよくします。",
            ",1234567890123,浜辺,312345678,javascript:alert(1),だれか,",
            f"{'長' * 121}の会,,中央,,,," + "あ" * 2001,
        ),
    )  # fmt: skip
    assert [row["row"] for row in checked.rows] == [2]
    assert checked.rows[0]["values"]["website"] == "https://www.yoi.example"
    errors = [(one.row, one.column, one.code, one.value) for one in checked.problems if one.level == "error"]
    assert errors == [
        (3, "名称", "required", ""),
        (3, "法人番号", "corporate_number", "1234567890123"),
        (3, "所在地の地区", "choice", "浜辺"),
        (3, "ウェブサイト", "url", "javascript:alert(1)"),
        (3, "連絡用のメールアドレス", "email", "だれか"),
        (3, "電話番号", "phone_zero", "312345678"),
        (4, "名称", "too_long", "長" * 20 + "…"),
        (4, "目的", "too_long", "あ" * 20 + "…"),
    ]


def test_examples_of_the_template_and_empty_rows_are_passed_over(
    database: Database, coordinator: Actor
) -> None:
    checked = check(
        database, coordinator, "companies", csv("会社名", "（例）サンプル商事", "", "  ", "みお工業")
    )
    assert (checked.total, [row["values"]["name"] for row in checked.rows]) == (1, ["みお工業"])


def test_a_file_of_another_kind_says_which_columns_are_missing(
    database: Database, coordinator: Actor
) -> None:
    with pytest.raises(Unreadable) as refused:
        check(database, coordinator, "needs", csv("日付,天気", "1月1日,晴れ"))
    assert refused.value.code == "file_columns"
    with pytest.raises(Unreadable) as refused:
        check(database, coordinator, "needs", csv("団体名,件名", "ひだまり,野菜"))
    assert refused.value.facts["columns"] == ["いまの状況", "いちばんほしい支援"]


def test_a_refusal_says_which_headings_were_read(database: Database, coordinator: Actor) -> None:
    with pytest.raises(Unreadable, match="file_columns") as refused:
        check(
            database,
            coordinator,
            "npos",
            csv("市の名簿", "けもの,とても長い名前のついている列,花,鳥,風,月", "a,b,c,d,e,f"),
        )
    assert refused.value.facts == {
        "columns": ["名称"], "line": 2, "found": ["けもの", "とても長い名前のついている列", "花", "鳥", "風"], "more": True,
    }  # fmt: skip
    with pytest.raises(Unreadable, match="file_columns") as refused:
        check(database, coordinator, "npos", csv("目的,フリガナ", "a,ア"))
    assert refused.value.facts == {
        "columns": ["名称"],
        "line": 1,
        "found": ["目的", "フリガナ"],
        "more": False,
    }


def test_a_file_without_a_row_of_headings_is_told_so(database: Database, coordinator: Actor) -> None:
    with pytest.raises(Unreadable, match=r"file_headless\b") as refused:
        check(database, coordinator, "npos", csv("8999901000017,北の会,2024-01-12", "7999901000018,南の会,"))
    assert refused.value.facts["found"] == ["8999901000017", "北の会", "2024-01-12"]


def test_every_row_counts_once(database: Database, coordinator: Actor) -> None:
    checked = check(
        database, coordinator, "npos",
        csv(
            "団体名,法人番号,地区,設立年月日,目的",
            f"北の会,{NUMBER},中央,,a",
            f"北の会,{NUMBER},中央,,a",
            f"北の会,{NUMBER},中央,これから,a",
            "北の会,,中央,,",
            "南の会,,浜,,",
        ),
    )  # fmt: skip
    counts = [len(checked.rows), len(checked.doubtful), *map(checked.count, ("error", "duplicate"))]
    assert (counts, checked.total) == ([2, 1, 1, 1], 5)


def test_rows_are_checked_for_sense(database: Database, coordinator: Actor) -> None:
    tomorrow = calendar.tokyo_date(NOW) + timedelta(days=1)
    checked = check(
        database, coordinator, "npos",
        csv(
            "団体名,フリガナ,設立年月日,電話番号,ウェブサイト,目的",
            f"北の会,きたのかい,{calendar.tokyo_date(NOW)},０３（１２３４）５６７８,,a",
            f"南の会,,{tomorrow},電話なし,http://a@evil.example,a",
            "西の会,,,\"03-1234-5678, 03-1234-5679\",b@evil.example,a",
        ),
    )  # fmt: skip
    assert [(row["values"]["kana"], row["values"]["phone"]) for row in checked.rows] == [
        ("キタノカイ", "03(1234)5678")
    ]
    assert sorted((one.row, one.code) for one in checked.problems) == [
        (3, "in_future"), (3, "phone"), (3, "url"), (4, "phone"), (4, "url"),
    ]  # fmt: skip


def test_what_a_workbook_holds_beside_what_is_read_is_told(database: Database, coordinator: Actor) -> None:
    book = openpyxl.Workbook()
    for row in (["団体名", "設立年月日", "目的"], ["北の会", 39083, "a"], ["南の会", "=1+1", "a"]):
        book.active.append(row)
    book.active["GS2"] = "x"
    book.create_sheet("続き").append(["東の会"])
    book.create_sheet("空")
    book.create_sheet("書き方").append(["列", "必須"])  # of our own template
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    target = io.BytesIO()
    book.save(target)
    checked = check(database, coordinator, "npos", target.getvalue(), "a.xlsx")
    assert [row["values"]["established_on"] for row in checked.rows] == ["2011-01-02"]
    assert ("error", 3, "設立した日", "formula_unsaved") in [
        (one.level, one.row, one.column, one.code) for one in checked.problems
    ]
    assert checked.sheets == ["続き"]
    assert checked.unknown == [{"code": "beyond", "column": "GS", "most": 200}]


def test_awkward_texts_are_kept_as_they_were_written(database: Database, coordinator: Actor) -> None:
    import csv as module
    import io

    target = io.StringIO()
    writer = module.writer(target)
    writer.writerow(["会社名", "地区", "事業内容"])
    for place, text in enumerate(EDGE_INPUTS):
        writer.writerow([f"会社{place}", "中央", text])
    content = target.getvalue().encode("utf-8", "replace")
    checked = check(database, coordinator, "companies", content)
    assert {one.code for one in checked.problems} <= {"too_long", "no_text"}
    result = saving.save(database, coordinator, "companies", checked.rows, "submitted", NOW)
    assert result.saved == len(checked.rows) > 20
    with database.read() as session:
        query = select(Organization).options(joinedload(Organization.company))
        kept = {one.name: one.company.business for one in session.scalars(query) if one.company}
    for row in checked.rows:
        assert kept[row["values"]["name"]] == (row["values"]["business"] or "")


def test_verified_registers_are_open_at_once_and_can_be_found(database: Database, coordinator: Actor) -> None:
    with database.write() as session:
        numbers.counter(session, "index").text = "a-model@000000000000"
    public_id = upload(database, coordinator, "npos", NPOS)
    import_acts.confirm(database, coordinator, public_id, "verified", NOW)
    with database.read() as session:
        first = session.scalars(select(Organization).order_by(Organization.id)).first()
        assert first is not None
        assert (first.state, first.verified_at, first.verification_expires_on) == (
            "verified",
            NOW,
            date(2029, 11, 24),
        )
        rows = session.scalars(select(Embedding)).all()
        assert {(row.owner_type, row.active, row.vector) for row in rows} == {("npo", True, None)}
        assert len(rows) == 2


def test_only_city_staff_import(database: Database, coordinator: Actor) -> None:
    with database.write() as session:
        company = make_company(session)
        member = actor_for(make_user(session, company), company)
        operator = actor_for(make_user(session, role="operator"))
    for actor in (member, operator, Actor()):
        with pytest.raises(NotPermitted):
            check(database, actor, "npos", NPOS)
        with pytest.raises(NotPermitted):
            saving.save(database, actor, "npos", [], "submitted", NOW)


def test_a_state_in_which_nothing_begins_is_refused(database: Database, coordinator: Actor) -> None:
    public_id = upload(database, coordinator, "npos", NPOS)
    with pytest.raises(Invalid):
        import_acts.confirm(database, coordinator, public_id, "suspended", NOW)
    assert count(database, Organization) == 0


def test_an_upload_that_nobody_came_back_to_is_emptied(database: Database, coordinator: Actor) -> None:
    old = upload(database, coordinator, "npos", NPOS)
    later = NOW + timedelta(days=8)
    with database.write() as session:
        checked = checking.check_file(session, coordinator, "npos", "a.csv", NPOS, later)
        import_acts.keep(session, coordinator, "a.csv", checked, later)
    with database.read() as session:
        assert session.scalar(select(ImportBatch.rows).where(ImportBatch.public_id == old)) == []
    with pytest.raises(Refused):
        import_acts.confirm(database, coordinator, old, "submitted", later)


def test_no_transaction_of_a_long_import_goes_on_for_longer_than_half_a_second(
    database: Database, coordinator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    pauses: list[float] = []
    # A row takes a sixteenth of a second.
    clock = SimpleNamespace(monotonic=lambda: next(ticks) / 16, sleep=pauses.append)
    monkeypatch.setattr(saving, "time", clock)
    lines = [f"会社{n},ｶｲｼｬ,中央,事業{n}を営んでいます。" for n in range(20)]
    checked = check(database, coordinator, "companies", csv("会社名,フリガナ,地区,事業内容", *lines))
    steps: list[tuple[int, int]] = []
    result = saving.save(
        database, coordinator, "companies", checked.rows, "submitted", NOW, step=lambda *at: steps.append(at)
    )
    assert result.saved == 20
    assert steps == [(7, 20), (14, 20), (20, 20)]
    assert pauses == [saving.PAUSE_SECONDS] * 2, "others write in between"


# ── Saving as a job ──────────────────────────────────────────────────────────────────────────────────

HOLDER = "one"


def ask_to_save(database: Database, actor: Actor, count: int, state: str = "submitted") -> str:
    """Put an upload of so many companies in line; returns its public id."""
    lines = [f"会社{n},ｶｲｼｬ,中央,事業{n}を営んでいます。" for n in range(count)]
    checked = check(database, actor, "companies", csv("会社名,フリガナ,地区,事業内容", *lines))
    with database.write() as session:
        batch = import_acts.keep(session, actor, "名簿.csv", checked, NOW)
        import_acts.ask_to_save(session, actor, batch.public_id, state, NOW, "/here")
        return batch.public_id


def take(database: Database, now: datetime = NOW, holder: str = HOLDER) -> Job | None:
    with database.write() as session:
        return tickets.take(session, "import", holder, now)


def test_a_confirmed_upload_waits_and_is_saved_in_the_name_of_who_confirmed_it(
    database: Database, coordinator: Actor
) -> None:
    public_id = ask_to_save(database, coordinator, 3)
    assert count(database, Organization) == 0
    import_acts.run(database, take(database), HOLDER, lambda: NOW)
    assert count(database, Organization) == 3
    with database.read() as session:
        batch = import_acts.get_batch(session, coordinator, public_id)
        assert (batch.rows, batch.result["saved"], batch.result["state"]) == ([], 3, "submitted")
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "confirm")).one()
        assert event.actor_id == coordinator.user_public_id


def test_an_import_that_was_killed_goes_on_where_it_stopped_and_counts_right(
    database: Database, coordinator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(
        saving, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 16, sleep=lambda _seconds: None)
    )
    public_id = ask_to_save(database, coordinator, 20)
    looks = itertools.count()

    def dying_clock() -> datetime:
        if next(looks) == 2:  # once at the start, once a transaction: within the second one
            raise KeyboardInterrupt
        return NOW

    with pytest.raises(KeyboardInterrupt):
        import_acts.run(database, take(database), HOLDER, dying_clock)
    assert count(database, Organization) == 7, "the transaction in which it was killed leaves nothing"
    later = NOW + leases.LEASE + timedelta(seconds=1)
    again = take(database, later, "two")
    assert again.details["done"] == 7
    import_acts.run(database, again, "two", lambda: later)
    assert count(database, Organization) == 20
    with database.read() as session:
        result = import_acts.get_batch(session, coordinator, public_id).result
    assert (result["saved"], result["skipped"]) == (20, 0)


def test_who_lost_an_import_to_another_saves_nothing_more(database: Database, coordinator: Actor) -> None:
    ask_to_save(database, coordinator, 3)
    first = take(database)
    later = NOW + leases.LEASE + timedelta(seconds=1)
    take(database, later, "two")
    with pytest.raises(tickets.Lost):
        import_acts.run(database, first, HOLDER, lambda: later)
    assert count(database, Organization) == 0


def test_an_import_killed_after_its_last_row_is_only_noted_as_done(
    database: Database, coordinator: Actor
) -> None:
    ask_to_save(database, coordinator, 3)
    import_acts.run(database, take(database), HOLDER, lambda: NOW)
    later = NOW + leases.LEASE + timedelta(seconds=1)
    import_acts.run(database, take(database, later, "two"), "two", lambda: later)
    assert count(database, Organization) == 3


def test_who_may_not_import_any_more_saves_nothing(database: Database, coordinator: Actor) -> None:
    ask_to_save(database, coordinator, 3)
    with database.write() as session:
        session.get(User, coordinator.user_id).role = "operator"
    with pytest.raises(NotPermitted):
        import_acts.run(database, take(database), HOLDER, lambda: NOW)
    assert count(database, Organization) == 0


def test_while_it_is_saved_an_upload_is_neither_discarded_nor_forgotten_nor_saved_in_another_state(
    database: Database, coordinator: Actor
) -> None:
    public_id = ask_to_save(database, coordinator, 3)
    with database.write() as session:
        batch = import_acts.get_batch(session, coordinator, public_id)
        with pytest.raises(Refused, match="import_running"):
            import_acts.discard(session, coordinator, batch, NOW)
        with pytest.raises(Refused, match="import_running"):
            import_acts.ask_to_save(session, coordinator, public_id, "verified", NOW, "/here")
        again = import_acts.ask_to_save(session, coordinator, public_id, "submitted", NOW, "/here")
        assert session.scalar(select(func.count()).select_from(Job)) == 1
        assert again.object_id == public_id
    much_later = NOW + timedelta(days=import_acts.KEEP_DAYS + 1)
    ask = check(database, coordinator, "companies", csv("会社名", "別の会社"))
    with database.write() as session:
        import_acts.keep(session, coordinator, "別.csv", ask, much_later)
        assert len(import_acts.get_batch(session, coordinator, public_id).rows) == 3


# ── Needs and offers ─────────────────────────────────────────────────────────────────────────────────

NEED_HEADER = (
    "団体名,件名,いまの状況,どう変えたいか,支援の種類,量,単位,終わりの日,地域,進め方,活動分野,支える相手,"
    "子どもや要配慮者と接するか,支援がないとどうなるか,公開の期限"
)
FULL = "ひだまりの会,野菜がほしい,足りません。,出せます。,食品,20,kg,2027-03-31,中央,現地で,13,小中高生,いいえ,減らします。,2027-03-31"


@pytest.fixture
def npo(database: Database, coordinator: Actor) -> Organization:
    with database.write() as session:
        return make_npo(session, name="ひだまりの会", contact_name="窓口 花子")


def test_complete_needs_can_be_opened_and_get_their_number(
    database: Database, coordinator: Actor, npo: Organization
) -> None:
    public_id = upload(database, coordinator, "needs", csv(NEED_HEADER, FULL))
    import_acts.confirm(database, coordinator, public_id, "open", NOW)
    with database.read() as session:
        need = session.scalars(select(Need)).one()
        assert (need.state, need.number, need.published_at) == ("open", "N-2026-0001", NOW)
        assert (need.organization_id, need.support_type, need.quantity, need.unit) == (
            npo.id,
            "food",
            20,
            "kg",
        )
        assert (need.contact_name, need.safety_contact, need.areas) == ("窓口 花子", False, ["chuo"])
        assert session.scalar(select(func.count()).select_from(Revision)) == 1


def test_needs_with_gaps_are_read_by_the_city_first_and_take_what_the_profile_knows(
    database: Database, coordinator: Actor, npo: Organization
) -> None:
    content = csv(
        "団体,件名,困っていること,種類", "ひだまりの会,机がほしい,こわれました。,物品・資材・機材（中古品）"
    )
    checked = check(database, coordinator, "needs", content)
    assert [(one.code, one.level) for one in checked.problems] == [("incomplete", "note")]
    saving.save(database, coordinator, "needs", checked.rows, "open", NOW)
    with database.read() as session:
        need = session.scalars(select(Need)).one()
        assert (need.state, need.published_at) == ("in_review", None)
        assert (need.fields, need.areas, need.beneficiaries) == (["13"], ["chuo"], ["children"])
        assert need.valid_until == date(2027, 5, 23)


def test_a_row_that_is_refused_makes_no_double_of_the_next(
    database: Database, coordinator: Actor, npo: Organization
) -> None:
    needs = csv(
        "団体名,件名,困っていること,種類,終わりの日", "ひだまりの会,机,こわれた。,食品,未定", "ひだまりの会,椅子,ない。,どれか,",
        *["ひだまりの会,机,こわれた。,食品,", "ひだまりの会,椅子,ない。,食品,"] * 2,
    )  # fmt: skip
    npos = csv("団体名,目的,電話番号", "浜の会,守る,12", *["浜の会,守る,00-0000-0001"] * 2)
    for kind, content, codes, taken in (
        ("needs", needs, {2: ["date"], 3: ["choice"], 4: ["incomplete"], 5: ["incomplete"], 6: ["title_known"],
                          7: ["title_known"]}, [4, 5]),
        ("npos", npos, {2: ["phone"], 4: ["name_known"]}, [3]),
    ):  # fmt: skip
        checked = check(database, coordinator, kind, content)
        assert [row["row"] for row in checked.rows] == taken
        found = {row: [one.code for one in checked.problems if one.row == row] for row in codes}
        assert found == codes
        assert {one.row for one in checked.problems} == codes.keys()


def test_needs_of_an_unknown_or_doubtful_group_are_refused(
    database: Database, coordinator: Actor, npo: Organization
) -> None:
    with database.write() as session:
        make_npo(session, name="同じ名の会", area="chuo")
        make_npo(session, name="同じ名の会", area="hama", corporate_number=NUMBER)
        make_company(session, name="会社の名")
    header = "団体名,法人番号,件名,困っていること,種類"
    checked = check(
        database, coordinator, "needs",
        csv(
            header, "どこにもない会,,机,机,食品", "同じ名の会,,机,机,食品", f",{NUMBER},机,机,食品", "会社の名,,机,机,食品",
            ",,机,机,食品", "ひだまりの会,,机,机,食品", "ひだまりの会,,ﾂｸｴ,机,食品", "ひだまりの会,,ツクエ,机,食品",
        ),
    )  # fmt: skip
    assert [(one.row, one.code) for one in checked.problems if one.level != "note"] == [
        (2, "owner_unknown"),
        (3, "owner_ambiguous"),
        (5, "owner_unknown"),
        (6, "required"),
        (9, "title_known"),
    ]
    assert [row["row"] for row in checked.rows] == [4, 7, 8]


@pytest.mark.parametrize(
    ("typed", "code", "level"),
    [
        ("みなとの会", "owner_contradicts", "error"), ("どこにもない会", "owner_contradicts", "error"),
        ("株式会社会社の名", "owner_contradicts", "error"), ("食堂", "owner_contradicts", "error"),
        ("NPO法人ほしのこ食堂", "owner_differs", "note"), ("ほしのこ", "owner_differs", "note"),
        ("", "owner_by_number", "note"), ("ほしのこ食堂", None, None), ("ﾎｼﾉｺ食堂", None, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["needs", "offers"])
def test_a_number_of_another_organization_than_the_name_is_not_taken_unseen(
    database: Database, coordinator: Actor, kind: Kind, typed: str, code: str | None, level: str | None
) -> None:
    with database.write() as session:
        make = make_npo if kind == "needs" else make_company
        make(session, name="ほしのこ食堂", corporate_number=NUMBER)
        for name in ("みなとの会", "食堂"):
            make(session, name=name)
    named = "団体名" if kind == "needs" else "企業名"
    told = "困っていること" if kind == "needs" else "内容"
    checked = check(
        database, coordinator, kind, csv(f"{named},法人番号,件名,{told},種類", f"{typed},{NUMBER},机,机,食品")
    )
    said = [one for one in checked.problems if one.code.startswith("owner_")]
    assert [(one.code, one.level, one.read) for one in said] == (
        [(code, level, "ほしのこ食堂")] if code else []
    )
    assert [row["values"]["owner"] for row in checked.rows] == ([] if level == "error" else ["ほしのこ食堂"])


def test_what_postings_refuse_imports_refuse_too(
    database: Database, coordinator: Actor, npo: Organization
) -> None:
    header = "団体名,件名,困っていること,種類,量,単位,始まりの日,終わりの日,公開の期限"
    checked = check(
        database, coordinator, "needs",
        csv(header, "ひだまりの会,机,机,食品,20,人,2027-03-31,2027-01-01,2026-01-01"),
    )  # fmt: skip
    assert {(one.column, one.code) for one in checked.problems} == {
        ("単位", "unit_unfit"), ("終わりの日", "before_start"), ("公開の期限", "in_the_past"),
    }  # fmt: skip


def test_an_imported_text_is_not_shown_beyond_its_last_day(
    database: Database, coordinator: Actor, npo: Organization
) -> None:
    header = "団体名,件名,困っていること,種類,終わりの日,公開の期限"
    checked = check(
        database, coordinator, "needs", csv(header, "ひだまりの会,机,机,食品,2027-01-31,2027-03-01")
    )  # fmt: skip
    assert [(one.column, one.code) for one in checked.problems] == [("公開の期限", "outlives_itself")]


def test_offers_come_in_the_same_way(database: Database, coordinator: Actor) -> None:
    with database.write() as session:
        company = make_company(session, name="みお青果")
    content = csv(
        "企業名,件名,説明,支援の種類,量,単位,進め方,公開の期限",
        "みお青果,野菜,毎週お渡しします。,food,20,kg,either,R9.3.31",
    )
    import_acts.confirm(database, coordinator, upload(database, coordinator, "offers", content), "open", NOW)
    with database.read() as session:
        offer = session.scalars(select(Offer)).one()
        assert (offer.organization_id, offer.state, offer.number) == (company.id, "open", "T-2026-0001")
        assert offer.valid_until == date(2027, 3, 31)


# ── Texts as JSONL ───────────────────────────────────────────────────────────────────────────────────


def test_a_collection_of_texts_becomes_profiles(database: Database, coordinator: Actor) -> None:
    lines = [
        {"id": "c1", "name": "企業 c1", "text": "監査法人の事務所。被災した農地の復旧に参加できる。会計の相談にも応じる。", "region": "福岡県"},
        {"id": "c2", "name": "企業 c2", "text": "一文だけ", "region": "中央"},
    ]  # fmt: skip
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    with database.read() as session:
        checked = checking.check_json_lines(session, SYSTEM, "companies", content, NOW)
    saving.save(database, SYSTEM, "companies", checked.rows, "verified", datetime(2024, 2, 29, tzinfo=UTC))
    with database.read() as session:
        query = select(Organization).options(joinedload(Organization.company)).order_by(Organization.id)
        first, second = session.scalars(query).all()
    assert first.company is not None
    assert second.company is not None
    assert first.company.business == "監査法人の事務所。"
    assert first.company.csr_policy == "被災した農地の復旧に参加できる。会計の相談にも応じる。"
    assert (first.area, first.address, first.company.fields_undecided) == ("outside", "福岡県", True)
    assert (second.company.business, second.company.csr_policy, second.area) == ("一文だけ", "", "chuo")
    assert first.verification_expires_on == date(2027, 2, 28)


def test_our_own_field_names_are_taken_from_jsonl_as_well(database: Database, coordinator: Actor) -> None:
    line = {
        "name": "ひだまりの会", "org_type": "nintei", "fields": ["13", "1"], "areas": ["citywide"], "volunteers": 12,
        "established_on": "2010-04-01", "mission": "居場所。", "strengths_offer": "子どもの声", "corporate_number": None,
    }  # fmt: skip
    with database.read() as session:
        checked = checking.check_json_lines(session, SYSTEM, "npos", json.dumps(line).encode(), NOW)
    assert checked.problems == []
    values = checked.rows[0]["values"]
    assert (values["org_type"], values["fields"], values["volunteers"]) == ("nintei", ["13", "1"], 12)
    assert values["strengths"] == "子どもの声"


def test_the_list_of_uploads_is_for_staff(session: Session) -> None:
    with pytest.raises(NotPermitted):
        import_acts.recent(session, Actor())


# ── Values: read right or refused ────────────────────────────────────────────────────────────────────


def problems(checked: Checked, level: str = "error") -> list[tuple[int, str, str]]:
    return [(one.row, one.code, one.value) for one in checked.problems if one.level == level]


def test_date_times_as_excel_writes_them_are_the_day_that_they_say(
    database: Database, coordinator: Actor
) -> None:
    content = csv(
        "団体名,設立年月日,目的",
        "見本一,2024/4/15 0:00,見本",
        "見本二,2010/12/31 9:30,見本",
        "見本三,2024/10/1 0:00,見本",
        "見本四,2024-04-15 0:00:00,見本",
        "見本五,2024/4/1 5 0:00,見本",
        "見本六,昭和65年1月1日,見本",
        "見本七,45397,見本",
        encoding="cp932",
    )
    checked = check(database, coordinator, "npos", content)
    assert [row["values"]["established_on"] for row in checked.rows] == [
        "2024-04-15", "2010-12-31", "2024-10-01", "2024-04-15", "2024-04-15",
    ]  # fmt: skip
    assert problems(checked) == [(6, "date", "2024/4/1 5 0:00"), (7, "date_era", "昭和65年1月1日")]
    # What a day does not say (a time), or does not show (a number), is told beside the row.
    assert problems(checked, "note") == [(3, "read_day", "2010/12/31 9:30"), (8, "read_day", "45397")]
    import_acts.confirm(
        database, coordinator, upload(database, coordinator, "npos", content), "submitted", NOW
    )
    with database.read() as session:
        saved = session.scalars(
            select(Organization).options(joinedload(Organization.npo)).order_by(Organization.id)
        )
        assert [
            one.npo.established_on.isoformat() for one in saved if one.npo and one.npo.established_on
        ] == [row["values"]["established_on"] for row in checked.rows]


def test_amounts_in_words_are_saved_as_they_were_meant(database: Database, coordinator: Actor) -> None:
    with database.write() as session:
        make_npo(session, name="体験の貯金箱")
    lines = [
        f'体験の貯金箱,見本{place},状況です。,寄附,"{amount}",{unit},2027/6/25 9:00,2027/3/31 0:00'
        for place, (amount, unit) in enumerate(
            [("5千万円", "円"), ("1億円", ""), ("3百万円", "円"), ("500千円", "円"), ("１，２００", "円"), ("約20万", "円"),
             ("5千万円～1億円", "円"), ("1,00", "円"), ("20箱", "円"), ("3/4", "円"), ("50羽", ""), ("0.001", "円")]
        )
    ]  # fmt: skip
    content = csv("団体名,件名,いまの状況,支援の種類,量,単位,終わりの日,公開の期限", *lines, encoding="cp932")
    checked = check(database, coordinator, "needs", content)
    assert [(row["values"]["quantity"], row["values"]["unit"]) for row in checked.rows] == [
        (50_000_000, "円"), (100_000_000, "円"), (3_000_000, "円"), (500_000, "円"), (1200, "円"), (200_000, "円"),
    ]  # fmt: skip
    assert [(code, value) for _row, code, value in problems(checked)] == [
        ("number_range", "5千万円～1億円"), ("number", "1,00"), ("unit_differs", "箱"), ("number", "3/4"),
        ("number_unit", "50羽"), ("decimals", "0.001"),
    ]  # fmt: skip
    read = {one.value: one.read for one in checked.problems if one.code == "read_number"}
    assert read["5千万円"] == "50,000,000円"
    assert read["約20万"] == "200,000"
    import_acts.confirm(
        database, coordinator, upload(database, coordinator, "needs", content), "in_review", NOW
    )
    with database.read() as session:
        saved = session.scalars(select(Need.quantity).order_by(Need.id)).all()
    assert saved == [50_000_000, 100_000_000, 3_000_000, 500_000, 1200, 200_000]


@pytest.mark.parametrize(
    ("kind", "heading"), [("needs", "団体名,件名,いまの状況"), ("offers", "企業名,件名,提供できる内容")]
)
def test_half_of_what_is_whole_is_refused(
    database: Database, coordinator: Actor, kind: str, heading: str
) -> None:
    with database.write() as session:
        (make_npo if kind == "needs" else make_company)(session, name="体験の貯金箱")
    lines = [
        f"体験の貯金箱,見本{place},説明です。,社員ボランティア（作業）,{amount},{unit}"
        for place, (amount, unit) in enumerate([("0.5", "人"), ("0.5", "時間"), ("100000000", "人")])
    ]
    checked = check(database, coordinator, kind, csv(f"{heading},支援の種類,量,単位", *lines))
    assert problems(checked) == [(2, "amount_not_whole", "0.5"), (4, "amount_too_large", "100000000")]


SAME_NAME = (
    "名称,法人番号,所在地,地区",
    "株式会社見本,8999900000001,A町1,市全域",
    "株式会社見本,7999900000002,B町2,市全域",
)


def test_two_legal_persons_with_one_name_are_both_imported(database: Database, coordinator: Actor) -> None:
    content = csv(*SAME_NAME, encoding="utf-8-sig")
    checked = check(database, coordinator, "companies", content)
    assert (len(checked.rows), checked.doubtful, checked.problems[0].level) == (2, [], "note")
    public_id = upload(database, coordinator, "companies", content)
    assert import_acts.confirm(database, coordinator, public_id, "submitted", NOW) == saving.Result(2, 0)
    again = check(database, coordinator, "companies", content)
    assert [code for _row, code, _value in problems(again, "duplicate")] == ["number_known", "number_known"]
    third = check(
        database, coordinator, "companies", csv(SAME_NAME[0], "株式会社見本,6999900000003,C町3,市全域")
    )
    assert len(third.rows) == 1


def test_a_possible_duplicate_is_left_to_the_official(database: Database, coordinator: Actor) -> None:
    with database.write() as session:
        make_company(
            session, name="株式会社見本", area="citywide", address="A町1", corporate_number="8999900000001"
        )
    content = csv(
        SAME_NAME[0],
        "株式会社見本,,B町2,市全域",
        "別の会社,,,",
        "株式会社見本,,C町3,市全域",
        "株式会社見本,,C町3,市全域",
    )
    checked = check(database, coordinator, "companies", content)
    assert [row["row"] for row in checked.rows] == [3]
    assert [row["row"] for row in checked.doubtful] == [2, 4]
    assert problems(checked, "duplicate") == [(5, "name_known", "株式会社見本")]
    assert checked.doubtful[0]["beside"]["number"] == "8999900000001"

    left = upload(database, coordinator, "companies", content)
    assert import_acts.confirm(database, coordinator, left, "submitted", NOW).saved == 1
    decided = upload(database, coordinator, "companies", content)
    assert import_acts.confirm(database, coordinator, decided, "submitted", NOW, others=[4, 99]).saved == 1
    with database.read() as session:
        found = session.execute(
            select(Organization.corporate_number, Organization.address).where(
                Organization.name == "株式会社見本"
            )
        ).all()
        assert sorted(tuple(one) for one in found if one[0] is None) == [(None, "C町3")]
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        assert event.details["others"] == [4]


def test_a_decided_row_is_not_saved_twice_after_an_interruption(
    database: Database, coordinator: Actor
) -> None:
    with database.write() as session:
        make_company(
            session, name="株式会社見本", area="citywide", address="A町1", corporate_number="8999900000001"
        )
    content = csv(SAME_NAME[0], "株式会社見本,,B町2,市全域", "株式会社見本,,C町3,市全域")
    public_id = upload(database, coordinator, "companies", content)
    with database.read() as session:
        rows = import_acts.get_batch(session, coordinator, public_id).rows
    saving.save(database, coordinator, "companies", rows[:1], "submitted", NOW, about=public_id)
    result = import_acts.confirm(database, coordinator, public_id, "submitted", NOW, others=[2, 3])
    assert (result.saved, result.skipped) == (1, 1)
    assert count(database, Organization) == 3


def test_errors_come_before_notes_and_every_one_is_kept(database: Database, coordinator: Actor) -> None:
    lines = [f"会{place},,中央" for place in range(3000)]
    lines[1500] = ",,中央"
    lines[2900] = "会の名,1234567890123,中央"
    content = csv("団体名,法人番号,地区", *lines)
    checked = check(database, coordinator, "npos", content)
    assert [(one.row, one.code) for one in checked.problems[:2]] == [
        (1502, "required"),
        (2902, "corporate_number"),
    ]
    with database.read() as session:
        batch = import_acts.get_batch(session, coordinator, upload(database, coordinator, "npos", content))
    levels = [one["level"] for one in batch.problems]
    assert levels == ["error"] * 2 + ["note"] * import_acts.MAX_NOTES
    assert batch.result["more_notes"] == 2998 - import_acts.MAX_NOTES
    every = [f",{place},中央" for place in range(2500)]
    worse = check(database, coordinator, "npos", csv("団体名,法人番号,地区", *every))
    with database.write() as session:
        kept = import_acts.keep(session, coordinator, "a.csv", worse, NOW)
        assert len(kept.problems) == 5000


@pytest.mark.parametrize("between", ["\t", ",", ";"])
def test_a_title_may_stand_above_whatever_divides_the_columns(
    database: Database, coordinator: Actor, between: str
) -> None:
    lines = [
        "市内団体名簿（令和8年、一部抜粋、案）",
        between.join(("団体名", "地区", "目的", "活動の内容")),
        between.join(("北の会", "中央", '"居場所をつくります。"', '"1, 2, 3; と数えます。"')),
        between.join(("南の会", "浜", "海を守ります。", "")),
    ]
    checked = check(database, coordinator, "npos", csv(*lines))
    assert problems(checked) == []
    assert [row["values"]["name"] for row in checked.rows] == ["北の会", "南の会"]
    assert checked.rows[0]["values"]["activities"] == "1, 2, 3; と数えます。"


def test_of_two_columns_of_one_meaning_the_filled_one_is_taken_or_the_file_refused(
    database: Database, coordinator: Actor
) -> None:
    head = "団体名,電話番号,電話番号,目的"
    checked = check(
        database,
        coordinator,
        "npos",
        csv(head, "北の会,,0000-00-0001,a", "南の会,0000-00-0002,,b", "西の会,0000-00-0003,0000-00-0003,c"),
    )
    assert [row["values"]["phone"] for row in checked.rows] == [
        "0000-00-0001",
        "0000-00-0002",
        "0000-00-0003",
    ]
    assert checked.merged == [["電話番号", "電話番号"]]
    with pytest.raises(Unreadable, match="file_two_columns") as refused:
        check(
            database, coordinator, "npos", csv("団体名,住所,所在地,目的", "北の会,,1-1,a", "南の会,2-2,3-3,b")
        )
    assert refused.value.facts == {"columns": ["住所", "所在地"], "line": 3}


def test_of_two_columns_that_differ_the_one_of_the_label_is_read_and_the_other_told(
    database: Database, coordinator: Actor
) -> None:
    lines = ["北の会,090-1,03-1234-5678,1-1,甲町,a", "南の会,,０３－１２３４－５６７９,2-2,2-2,b"]
    head = "団体名,担当者電話番号,電話番号,所在地,事務所所在地,目的"
    checked = check(database, coordinator, "npos", csv(head, *lines))
    assert [row["values"]["phone"] for row in checked.rows] == ["03-1234-5678", "03-1234-5679"]
    assert [row["values"]["address"] for row in checked.rows] == ["1-1", "2-2"]
    assert checked.unknown == ["担当者電話番号", "事務所所在地"]
    assert checked.merged == []
    # Neither is the label's own: the commoner name is nearer, in whatever order they stand.
    for order in (1, -1):
        head, row = (
            ",".join(one.split(",")[::order]) for one in ("会長,代表者名,団体名", "山田,鈴木,北の会")
        )
        checked = check(database, coordinator, "npos", csv(head, row))
        assert (checked.rows[0]["values"]["representative"], checked.unknown) == ("鈴木", ["会長"])


def test_what_differs_only_in_width_contradicts_nothing(database: Database, coordinator: Actor) -> None:
    row = "北の会,03-1234-5678,０３－１２３４－５６７８,03－1234－5678,a"
    checked = check(database, coordinator, "npos", csv("団体名,電話番号,電話番号,TEL,目的", row))
    assert [row["values"]["phone"] for row in checked.rows] == ["03-1234-5678"]
    assert checked.merged == [["電話番号", "電話番号", "TEL"]]


def test_of_two_names_in_a_record_the_label_is_read_and_the_same_twice_refused(
    database: Database, coordinator: Actor
) -> None:
    def read(*records: str) -> list[Any]:
        with database.read() as session:
            content = "\n".join(records).encode()
            checked = checking.check_json_lines(session, coordinator, "npos", content, NOW)
        return [row["values"]["phone"] for row in checked.rows]

    assert read(
        '{"name": "北の会", "担当者電話番号": "090-1", "電話番号": "03-1234-5678"}',
        '{"name": "南の会", "phone": "", "TEL": "03-1234-5679"}',
    ) == ["03-1234-5678", "03-1234-5679"]
    with pytest.raises(Unreadable, match="file_two_columns"):
        read('{"name": "北の会", "phone": "090-1", "電話番号": "03-1234-5678"}')


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        # A list of corporate numbers as it is offered, without a row of names.
        ("companies", ["1,8999900000100,12,0,2024-01-12,2023-12-27,特定非営利活動法人見本0,,301,東京都,港区,見本町0番地,,13,103,1050001",
                       "2,7999900000101,12,0,2024-01-12,2024-01-10,株式会社見本1,,301,東京都,港区,見本町1番地,,13,103,1050004"]),
        # The same with its official names, and another with English ones: not known (yet).
        ("companies", ["一連番号,法人番号,処理区分,商号又は名称,国内所在地（都道府県）,フリガナ", "1,8999900000100,12,見本,東京都,ミホン"]),
        ("companies", ["corporateID,corporateType,corporateName,corporateKana,location,moddate", "6999900000300,x,見本,ミホン,見本町,2018-04-02"]),
        # A heading of two rows: what stands below 「代表者」 is an office and not a person.
        ("npos", ["団体名,代表者,,所在地", ",役職,氏名,", "北の会,理事長,山田,1-1"]),
        ("npos", ["団体名,所在地,代表者,", ",,役職,氏名", "北の会,1-1,理事長,山田"]),
        ("npos", ["団体名,代表者,代表者,所在地", ",役職,氏名,", "北の会,理事長,山田,1-1"]),
        ("npos", ["団体名,代表者,,所在地", "北の会,理事長,山田,1-1"]),
    ],
)  # fmt: skip
def test_registers_whose_columns_nobody_named_are_refused_and_never_misread(
    database: Database, coordinator: Actor, kind: str, lines: list[str]
) -> None:
    with pytest.raises(Unreadable) as refused:
        check(database, coordinator, kind, csv(*lines))
    assert refused.value.code in {"file_columns", "file_headless", "file_headless_column", "file_two_columns"}


def test_foot_notes_are_no_organizations_and_nameless_columns_are_told(
    database: Database, coordinator: Actor
) -> None:
    notes = [
        "※この名簿は毎年更新します。", "（注）空欄は確認中", "注1 未確認", "備考：なし", "出典　市の名簿", "資料",
        "令和8年4月1日現在", "合計", "以上",
    ]  # fmt: skip
    names = ["注連縄保存会", "資料館友の会", "注文住宅の山田", "合計を考える会"]
    lines = [f"{note},," for note in notes]
    checked = check(
        database,
        coordinator,
        "npos",
        csv("団体名,地区,目的,", "北の会,中央,a,memo", *(f"{name},," for name in names), *lines),
    )
    assert [row["values"]["name"] for row in checked.rows] == ["北の会", *names]
    assert problems(checked) == [
        (3 + len(names) + place, "not_a_row", note) for place, note in enumerate(notes)
    ]
    assert checked.unknown == [{"code": "nameless", "column": "D"}]


def test_a_row_with_more_cells_than_the_heading_is_refused_and_no_cell_of_it_moved(
    database: Database, coordinator: Actor
) -> None:
    lines = ["北の会,千代田1,1番地,見守り", "南の会,1-1,見守り,,", '西の会,"千代田1,1番地",見守り']
    checked = check(database, coordinator, "npos", csv("団体名,所在地（住所）,目的", *lines))
    assert [row["values"]["name"] for row in checked.rows] == ["南の会", "西の会"]
    assert (problems(checked), checked.total) == ([(2, "long_row", "見守り")], 3)


def test_known_names_of_columns_decide_what_divides_a_file(database: Database, coordinator: Actor) -> None:
    rows = [f'"会{place}","子どもの居場所","1;2;3;4"' for place in range(10)]
    checked = check(database, coordinator, "npos", csv("名称,目的,SDGsの目標", *rows))
    assert [row["values"]["sdgs"] for row in checked.rows] == [["1", "2", "3", "4"]] * 10
    rows = [f"会{place}\tア,イ,ウ,エ,オ" for place in range(10)]
    checked = check(database, coordinator, "npos", csv("名称\t目的", *rows))
    assert [row["values"]["mission"] for row in checked.rows] == ["ア,イ,ウ,エ,オ"] * 10


def test_thousands_of_one_name_cost_no_more_than_thousands_of_others(
    database: Database, coordinator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def counting(one: Identity, other: Identity) -> str:
        compared.append(1)
        return compare(one, other)

    monkeypatch.setattr(known, "compare", counting)
    rows = 2000
    lines = [f"八幡会,{place}番地" for place in range(rows)]
    checked = check(database, coordinator, "npos", csv("団体名,住所", *lines))
    assert (len(checked.rows), len(checked.doubtful)) == (1, rows - 1)
    assert len(compared) <= rows * known.MOST_OF_ONE_NAME
    numbers = [stdnum_of(place) for place in range(rows)]
    compared.clear()
    checked = check(
        database, coordinator, "npos", csv("団体名,法人番号", *(f"八幡社,{number}" for number in numbers))
    )
    assert len(checked.rows) == rows
    assert len(compared) <= rows


def stdnum_of(place: int) -> str:
    """A number whose check digit holds."""
    body = f"{899_990_000_000 + place:012d}"
    return f"{cn.calc_check_digit(body)}{body}"


@pytest.mark.parametrize("row", ["A,,0463", "A,0463,"])
def test_of_two_columns_of_one_name_the_filled_one_is_read(
    database: Database, coordinator: Actor, row: str
) -> None:
    checked = check(
        database, coordinator, "npos", csv("名称,電話番号,電話番号", row.replace("0463", "0463-11-2222"))
    )
    assert [one["values"]["phone"] for one in checked.rows] == ["0463-11-2222"]
