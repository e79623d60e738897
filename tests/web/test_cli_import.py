"""``enmusubi import`` as an operator meets it: report, question, exit status."""

import json
import os
from pathlib import Path

import click
import pytest
from sqlalchemy import select

from matcher import migrations
from matcher.ground.db import Database
from matcher.records import Organization
from tests.factories import make_city, make_company, make_npo
from tests.web.test_cli import environment, run
from webapp import cli_files

__all__ = ["environment"]  # the fixture


@pytest.fixture
def database(environment: dict[str, str]) -> Database:
    found = Database(environment["DATABASE_URL"])
    migrations.upgrade(found)
    with found.write() as session:
        make_city(session)
    return found


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Organization.name).order_by(Organization.id)))


def test_texts_are_imported_after_a_report(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "companies.jsonl"
    lines = [
        {"id": f"c{n}", "name": f"企業 c{n}", "text": "会計事務所。相談に応じる。", "region": "東京都"}
        for n in (1, 2)
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    command = ("import", "organizations", str(file), "--kind", "company", "--state", "verified")
    looked = run(environment, *command, "--check")
    assert "2 rows: 2 ready, 0 with errors, 0 already there" in looked.stdout
    assert names(database) == []
    done = run(environment, *command, "--yes")
    assert "saved 2, already there 0" in done.stdout
    assert names(database) == ["企業 c1", "企業 c2"]
    again = run(environment, *command, "--yes")
    assert "0 ready, 0 with errors, 2 already there" in again.stdout
    assert "登録済み" in again.stderr
    run(environment, "audit", "verify")


def test_errors_stop_the_import_unless_it_is_told_otherwise(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "needs.csv"
    with database.write() as session:
        make_npo(session, name="ひだまりの会")
    rows = (
        "団体名,件名,困っていること,種類\r\nひだまりの会,机,机がない,食品\r\n知らない会,机,机がない,食品\r\n"
    )
    file.write_bytes(rows.encode("cp932"))
    refused = run(environment, "import", "needs", str(file), "--yes", status=1)
    assert "3\t要修正\t団体名\t知らない会\t登録されている名称・法人番号に見つかりません" in refused.stderr
    assert "nothing was saved" in refused.stderr
    done = run(environment, "import", "needs", str(file), "--yes", "--skip-errors")
    assert "saved 1" in done.stdout


def test_a_question_left_unanswered_saves_nothing(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("会社名\nみお工業\n", encoding="utf-8")
    run(environment, "import", "organizations", str(file), "--kind", "company", status=1)
    assert names(database) == []


def test_what_cannot_be_read_is_one_sentence(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("日付,天気\n1,2\n", encoding="utf-8")
    refused = run(environment, "import", "organizations", str(file), "--kind", "npo", "--yes", status=1)
    assert "必要な列が見つかりません：「名称」" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_template_can_be_written(environment: dict[str, str], database: Database, tmp_path: Path) -> None:
    run(environment, "import", "template", "npos", str(tmp_path / "npos.xlsx"))
    assert (tmp_path / "npos.xlsx").read_bytes().startswith(b"PK")


def test_every_error_is_printed_however_many_notes_there_are(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    lines = [f"会{place},中央" for place in range(300)] + [",中央", "会の名,どこか"]
    file.write_text("会社名,地区\n" + "\n".join(lines), encoding="utf-8")
    looked = run(environment, "import", "organizations", str(file), "--kind", "company", "--check", status=1)
    printed = looked.stderr.splitlines()
    assert [line.split("\t")[:3] for line in printed[:2]] == [
        ["302", "要修正", "名称"],
        ["303", "要修正", "所在地の地区"],
    ]
    assert "… and 確認251件" in looked.stderr


def test_a_doubtful_row_is_saved_only_when_told_so(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        make_company(session, name="株式会社見本", area="citywide", corporate_number="8999900000001")
    file = tmp_path / "a.csv"
    file.write_text("会社名,所在地\n株式会社見本,B町2\n", encoding="utf-8")
    command = ("import", "organizations", str(file), "--kind", "company", "--yes")
    left = run(environment, *command)
    assert "0 ready, 0 with errors, 1 doubtful, 0 already there" in left.stdout
    assert "要判断" in left.stderr
    assert "nothing to save" in left.stdout
    assert "saved 1" in run(environment, *command, "--same-name-is-another").stdout
    assert names(database) == ["株式会社見本", "株式会社見本"]


def test_a_path_that_cannot_be_written_is_said_in_one_line(
    environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    for path in (tmp_path / "nowhere" / "x.xlsx", Path("/dev/full")):
        refused = run(environment, "import", "template", "needs", str(path), status=1).stderr
        assert refused.startswith("Error: expected a path that can be written")
        assert refused.count("\n") == 1
    run(environment, "import", "template", "needs", str(tmp_path / "x.xlsx"))


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_of_a_file_no_more_is_read_than_the_limit(
    environment: dict[str, str], database: Database, tmp_path: Path, suffix: str
) -> None:
    endless, huge = tmp_path / f"endless.{suffix}", tmp_path / f"huge.{suffix}"
    endless.symlink_to("/dev/zero")
    with huge.open("wb") as file:
        file.truncate(64 * 1024**3)  # no memory would hold it, no disk does
    pipe = tmp_path / f"pipe.{suffix}"
    os.mkfifo(pipe)
    for path, told in ((endless, "regular file"), (pipe, "regular file"), (huge, "5MBを超えています")):
        refused = run(environment, "import", "needs", str(path), status=1).stderr
        assert told in refused
        assert refused.count("\n") == 1
    for path, told in ((endless, "regular file"), (huge, "at most 50 MB")):
        assert told in run(environment, "city", str(path), status=1).stderr


def test_kept_heads_are_read_within_a_limit(environment: dict[str, str], database: Database) -> None:
    assert "expected less" in run(environment, "audit", "verify", "--heads", "/dev/zero", status=1).stderr


def test_what_cannot_be_kept_or_found_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "sjis.txt").write_bytes("あ".encode("cp932"))
    for act, told in (
        (lambda: cli_files.write(tmp_path / "no" / "x", "a"), "No such file"),
        (lambda: cli_files.text_of(tmp_path / "none"), "No such file"),
        (lambda: cli_files.text_of(tmp_path), "found"),
        (lambda: cli_files.text_of(tmp_path / "sjis.txt"), "UTF-8"),
        (lambda: cli_files.text_of(tmp_path / "sjis.txt", 1), "at most"),
    ):
        with pytest.raises(click.ClickException) as refused:
            act()
        assert told in refused.value.message
    cli_files.write(tmp_path / "x", "縁\n")
    assert cli_files.text_of(tmp_path / "x") == "縁\n"
    assert cli_files.first_bytes(tmp_path / "x", 2) == "縁".encode()
