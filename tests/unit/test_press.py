"""The press: a process of its own with low priority that is started again when it fell."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webapp import layout, press
from webapp.press import Broke, Press, Shelf

SLOW = "import sys, time\nprint(1, file=sys.stderr)\nfor _ in sys.stdin: time.sleep(60)\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "papers")


@pytest.fixture(scope="module")
def machine():
    made = Press()
    yield made
    made._end()


def lay_out(machine: Press, shelf: Shelf, html: str, watch=lambda: None, every: float = 5) -> str:
    key = shelf.put("paper", layout.paper_source(html))
    return machine.lay_out("paper", shelf.source("paper", key), shelf.path("paper", key), watch, every)


def test_the_same_source_has_one_place_and_another_kind_or_text_another(shelf: Shelf) -> None:
    first = shelf.put("paper", [b"a", b"b"])
    assert shelf.put("paper", [b"ab"]) == first
    assert len({first, shelf.put("paper", [b"abc"]), shelf.put("book", [b"ab"])}) == 3
    assert {path.stat().st_mode & 0o077 for path in shelf.folder.iterdir()} == {0}


def test_a_paper_is_laid_out_beside_us_with_low_priority(machine: Press, shelf: Shelf) -> None:
    assert lay_out(machine, shelf, "<p>日本語</p>") == ""
    (made,) = shelf.folder.glob("*.pdf")
    assert made.read_bytes().startswith(b"%PDF")
    assert made.stat().st_mode & 0o077 == 0
    assert machine._process is not None
    assert os.getpriority(os.PRIO_PROCESS, machine._process.pid) >= layout.NICE


def test_the_press_gets_none_of_our_secrets(monkeypatch, machine: Press, shelf: Shelf) -> None:
    machine._end()
    monkeypatch.setenv("SECRET_KEY", "a secret of the pages")
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:password@host/name")
    assert lay_out(machine, shelf, "<p>1</p>") == ""
    assert machine._process is not None
    given = Path(f"/proc/{machine._process.pid}/environ").read_bytes()
    assert b"secret of the pages" not in given
    assert b"password" not in given


@pytest.mark.parametrize("address", ["https://example.com/a.css", "file:///etc/passwd"])
def test_a_document_that_asks_for_something_outside_is_a_mistake_and_not_made(
    machine: Press, shelf: Shelf, address: str
) -> None:
    html = f'<link rel="stylesheet" href="{address}"><img src="{address}"><p>これだけ</p>'
    assert lay_out(machine, shelf, html) == "paper_broken"
    assert not list(shelf.folder.glob("*.pdf"))


def test_a_press_that_fell_is_started_again(machine: Press, shelf: Shelf) -> None:
    assert lay_out(machine, shelf, "<p>1</p>") == ""
    assert machine._process is not None
    os.kill(machine._process.pid, signal.SIGKILL)
    machine._process.wait()
    assert lay_out(machine, shelf, "<p>2</p>") == ""


def test_a_press_that_is_killed_at_work_or_too_slow_is_said_to_have_broken(
    monkeypatch, tmp_path: Path, shelf: Shelf
) -> None:
    program = tmp_path / "slow.py"
    program.write_text(SLOW)
    monkeypatch.setattr(press.layout, "__file__", str(program))
    slow = Press(seconds=0.1)
    with pytest.raises(Broke):
        lay_out(slow, shelf, "<p>1</p>", every=0.1)
    assert slow._process is None, "it does not go on in the background"
    falling = Press()

    def kill() -> None:
        assert falling._process is not None
        falling._process.kill()

    with pytest.raises(Broke):
        lay_out(falling, shelf, "<p>2</p>", kill, every=0.1)


def test_who_lost_the_job_ends_the_press(monkeypatch, tmp_path: Path, shelf: Shelf) -> None:
    program = tmp_path / "slow.py"
    program.write_text(SLOW)
    monkeypatch.setattr(press.layout, "__file__", str(program))
    machine = Press()

    def lost() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        lay_out(machine, shelf, "<p>1</p>", lost, every=0.1)
    assert machine._process is None


def test_a_broken_source_is_an_error_of_the_paper_and_the_next_is_made(machine: Press, shelf: Shelf) -> None:
    key = shelf.put("book", [b"no JSON at all\n"])
    found = machine.lay_out("book", shelf.source("book", key), shelf.path("book", key), lambda: None, 5)
    assert found == "paper_broken"
    assert not shelf.holds("book", key)
    assert lay_out(machine, shelf, "<p>good</p>") == ""


def test_the_layouter_is_loaded_by_the_program_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, webapp.layout; print('weasyprint' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
