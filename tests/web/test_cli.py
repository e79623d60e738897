"""The ``enmusubi`` command, as an operator meets it: output, exit status, and what it does not import."""

import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.ground.permissions import SYSTEM
from matcher.people import passwords
from matcher.records import AuditEvent, User
from matcher.register import audit
from webapp import create_app
from webapp.config import ConfigurationError, Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of a fresh installation."""
    return {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'cli.db'}",
        "SECRET_KEY": "only-for-tests-" + "x" * 32,
        "VAR_FOLDER": str(tmp_path / "var"),
        "BASE_URL": "https://enmusubi.city.miohara.example",
        "WORKER": "off",
        "SENTENCE_ENCODER": "off",
    }


def run(environment: dict[str, str], *args: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    code = "import sys; from webapp.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, (args, done.stdout, done.stderr)
    return done


def test_an_operator_sets_up_a_database_and_the_first_staff_account(
    environment: dict[str, str], tmp_path: Path
) -> None:
    assert "the database stands at nothing" in run(environment, "db", "status", status=1).stdout
    run(environment, "db", "upgrade")
    run(environment, "db", "status")
    made = run(
        environment, "user", "create", "--email", "Kacho@city.example", "--name", "課長", "--role", "manager"
    )
    first = made.stdout.strip()
    assert first.startswith("https://enmusubi.city.miohara.example/activate/")
    assert made.stdout.count("\n") == 1  # nothing else, so that scripts can use it
    listed = run(environment, "user", "list").stdout
    assert listed == "manager\tinvited\tkacho@city.example\t課長\n"
    assert run(environment, "user", "reset-link", "kacho@city.example").stdout.strip() != first
    assert (
        "account_exists"
        in run(
            environment,
            "user",
            "create",
            "--email",
            "kacho@city.example",
            "--name",
            "x",
            "--role",
            "operator",
            status=1,
        ).stderr
    )
    assert "audit events hold" in run(environment, "audit", "verify").stdout
    run(environment, "user", "deactivate", "kacho@city.example", "--yes")
    assert run(environment, "user", "list").stdout == ""
    assert (
        "expected the address"
        in run(environment, "user", "reset-link", "kacho@city.example", status=1).stderr
    )
    database = Database(environment["DATABASE_URL"])
    with database.read() as session:
        assert session.scalars(select(User.name)).one() == "退会した利用者"
    database.dispose()
    assert not (tmp_path / "var" / "mail").exists()


def test_audit_verify_names_the_first_broken_row(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")
    for number in range(3):
        run(
            environment,
            "user",
            "create",
            "--email",
            f"a{number}@city.example",
            "--name",
            "x",
            "--role",
            "coordinator",
        )
    database = Database(environment["DATABASE_URL"])
    with database.write() as session:
        # Somebody with the file in hand drops the trigger first; the chain still tells.
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f'DROP TRIGGER "{name}"'))
        session.execute(text("UPDATE audit_event SET role = 'manager' WHERE id = 4"))
    database.dispose()
    told = run(environment, "audit", "verify", status=1).stderr
    assert "audit event 4 does not hold (content); 3 events before it do" in told


def test_audit_verify_prints_the_head_and_looks_for_one_that_was_kept(
    environment: dict[str, str], tmp_path: Path
) -> None:
    run(environment, "db", "upgrade")
    staff = ("user", "create", "--name", "x", "--role", "coordinator", "--email")
    run(environment, *staff, "a@city.example")
    head = run(environment, "audit", "verify").stdout.splitlines()[-1]
    run(environment, *staff, "b@city.example")
    told = run(environment, "audit", "verify", "--head", head).stdout.splitlines()
    assert "1 kept heads are in the record" in told
    assert told[-1] != head
    heads = tmp_path / "heads.txt"
    heads.write_text(f"2026-11-28T00:00:01+09:00 {head}\n\n{told[-1]}\n")
    assert "2 kept heads" in run(environment, "audit", "verify", "--heads", str(heads)).stdout
    number, rest = head.split(" ", 1)
    later = f"{int(number) + 9} {rest}"
    assert "absent" in run(environment, "audit", "verify", "--head", later, status=1).stderr
    assert (
        "expected 'number hash seal'"
        in run(environment, "audit", "verify", "--head", "12 ab", status=1).stderr
    )
    heads.write_bytes(b"\xff\xfe\n")
    told = run(environment, "audit", "verify", "--heads", str(heads), status=1).stderr
    assert f"expected a text in UTF-8 that can be read, found {heads}" in told
    other = {**environment, "AUDIT_KEY": "k" * 40}
    assert "event 1 does not hold (key)" in run(other, "audit", "verify", status=1).stderr


def test_a_key_that_is_missing_is_said_and_no_other_made(environment: dict[str, str], tmp_path: Path) -> None:
    run(environment, "db", "upgrade")
    run(environment, "user", "create", "--name", "x", "--role", "coordinator", "--email", "a@city.example")
    settings = Settings.from_environment(environment)
    settings.audit_key_file.rename(tmp_path / "kept")
    told = run(environment, "audit", "verify", status=1).stderr
    assert "AUDIT_KEY: expected the key that has sealed this database's audit record" in told
    assert "Traceback" not in told
    with pytest.raises(ConfigurationError, match="AUDIT_KEY"):
        create_app(Settings.from_environment(environment))
    assert not settings.audit_key_file.exists()
    (tmp_path / "kept").rename(settings.audit_key_file)
    assert "events hold" in run(environment, "audit", "verify").stdout


def test_an_upgrade_seals_what_was_recorded_before_there_were_seals(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")
    keyless = Database(environment["DATABASE_URL"])
    with keyless.write() as session:
        audit.record(session, SYSTEM, "publish", "need", "n1", datetime(2026, 11, 1, tzinfo=UTC))
    keyless.dispose()
    assert "(unsealed)" in run(environment, "audit", "verify", status=1).stderr
    run(environment, "db", "upgrade")
    assert "2 audit events hold" in run(environment, "audit", "verify").stdout


def test_a_wrong_setting_is_one_line_that_names_the_key(environment: dict[str, str]) -> None:
    told = run({**environment, "SECRET_KEY": "short"}, "user", "list", status=1).stderr
    assert told == "Error: SECRET_KEY: expected at least 32 characters, found fewer\n"


def test_help_is_english_and_needs_no_settings(environment: dict[str, str]) -> None:
    told = run({**environment, "SECRET_KEY": "short"}, "--help").stdout
    for command in ("audit", "db", "user"):
        assert command in told
    assert told.isascii()
    assert "Address to sign in with" in run(environment, "user", "create", "--help").stdout


def test_the_command_line_imports_no_model_and_no_index(environment: dict[str, str]) -> None:
    code = (
        "import sys; from webapp.cli import main\n"
        "try: main(['user', 'list', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'faiss', 'sentence_transformers', 'sudachipy', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")


def _in_reiwa(day: date) -> str:
    return f"令和{day.year - 2018}年{day.month}月{day.day}日"


def test_an_operator_makes_lists_and_revokes_a_registration_code(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")
    assert run(environment, "registration-code", "list").stdout == ""
    day = calendar.tokyo_date(datetime.now(UTC)) + timedelta(days=2)
    made = run(environment, "registration-code", "create", "--day", _in_reiwa(day), "--uses", "３０人").stdout
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}\n", made)  # nothing else, so that scripts can use it
    code = made.strip()
    listed = run(environment, "registration-code", "list").stdout
    assert listed == f"{code}\t{day.isoformat()}\t0\t30\tcoming\n"
    assert run(environment, "registration-code", "revoke", code.lower()).stdout == f"revoked {code}\n"
    assert run(environment, "registration-code", "list").stdout.endswith("\tended\n")
    again = run(environment, "registration-code", "revoke", code, status=1).stderr
    assert "done_already" in again
    database = Database(environment["DATABASE_URL"])
    with database.read() as session:
        kept = session.scalars(select(AuditEvent).where(AuditEvent.object_type == "registration_code")).all()
        assert [(one.action, one.role) for one in kept] == [
            ("make_registration_code", "system"), ("end_registration_code", "system"),
        ]  # fmt: skip
    database.dispose()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (
            ("create", "--day", "2020-01-01"),
            "今日から90日後までの日を入力してください。 (valid_on: registration_day)",
        ),
        (("create", "--day", "tomorrow"), "--day: 日付として読み取れません"),
        (("create", "--day", "2020-01-01", "--uses", "0"), "1から1000までの数を入力してください。"),
        (("create", "--day", "2020-01-01", "--uses", "1.000"), "--uses: 「1.000」のような書き方"),
        (("revoke", "ABCD-EFGH"), "expected a code that was made"),
    ],
)
def test_what_is_no_registration_code_is_refused_in_one_line(
    environment: dict[str, str], args: tuple[str, ...], told: str
) -> None:
    run(environment, "db", "upgrade")
    status = 2 if {"tomorrow", "1.000"} & set(args) else 1
    assert told in run(environment, "registration-code", *args, status=status).stderr


def test_a_fresh_installation_has_no_account_and_no_default_password(environment: dict[str, str]) -> None:
    run(environment, "db", "upgrade")
    assert run(environment, "user", "list", "--all").stdout == ""
    assert not passwords.matches(None, "")
