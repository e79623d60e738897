"""Nobody but the service's own user can read what it keeps, from the first command on."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from webapp import folders
from webapp.config import Settings

ROOT = Path(__file__).parents[2]


def _open_to_others(folder: Path) -> list[str]:
    return [
        f"{path.relative_to(folder)} {path.stat().st_mode & 0o777:o}"
        for path in (folder, *folder.rglob("*"))
        if path.stat().st_mode & 0o077
    ]


@pytest.fixture
def wide_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def _environment(tmp_path: Path, **more: str) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "WORKER"}}
    return {**given, "VAR_FOLDER": str(tmp_path / "var"), **more}


def _run(environment: dict[str, str], *args: str) -> None:
    code = "import sys; from webapp.cli import main; main(sys.argv[1:])"
    subprocess.run(
        [sys.executable, "-c", code, *args], env=environment, cwd=ROOT, check=True, capture_output=True
    )


def test_commands_on_a_fresh_folder_leave_nothing_open(tmp_path, wide_umask):
    environment = _environment(tmp_path)
    _run(environment, "db", "upgrade")
    _run(environment, "user", "create", "--email", "a@city.example", "--name", "x", "--role", "manager")
    _run(environment, "worker", "--once")
    assert (tmp_path / "var" / "enmusubi.db").exists()
    assert (tmp_path / "var" / "audit" / "heads.log").exists()
    assert _open_to_others(tmp_path / "var") == []


def test_a_served_folder_has_nothing_open(tmp_path, wide_umask):
    environment = _environment(tmp_path, PORT="0", WORKER="thread")
    _run(environment, "db", "upgrade")
    with subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "python:webapp.server", "wsgi:app"],
        env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        try:
            address = next(
                line.split("Listening at: ")[1].split()[0] for line in server.stderr if "Listening" in line
            )
            for _try in range(100):
                try:
                    urllib.request.urlopen(f"{address}/login", timeout=5).read()
                    break
                except OSError:
                    time.sleep(0.1)
            assert _open_to_others(tmp_path / "var") == []
        finally:
            server.terminate()
            server.stderr.close()


def test_what_an_earlier_version_left_open_is_closed_at_start(tmp_path, wide_umask):
    var = tmp_path / "var"
    for name in ("files/ab", "index", "mail", "audit", "papers"):
        (var / name).mkdir(parents=True)
    for name in ("files/ab/abcd", "index/vectors", "mail/000001.eml", "audit/heads.log", "secret_key"):
        (var / name).write_text("s" * 40)
    (tmp_path / "secret").write_text("not ours")
    (var / "link").symlink_to(tmp_path / "secret")
    elsewhere = tmp_path / "db" / "town.db"
    elsewhere.parent.mkdir()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{elsewhere}{suffix}").touch()
    settings = Settings.from_environment(
        {"VAR_FOLDER": str(var), "DATABASE_URL": f"sqlite:///{elsewhere}", "SECRET_KEY": "k" * 40}
    )
    folders.protect(settings)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o644
    (var / "link").unlink()
    assert _open_to_others(var) == []
    assert all(
        Path(f"{elsewhere}{suffix}").stat().st_mode & 0o777 == 0o600 for suffix in ("", "-wal", "-shm")
    )
