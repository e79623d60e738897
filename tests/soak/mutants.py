"""Faults put into the program on purpose, one at a time: for each of them some test must fail.

    python -m tests.soak.mutants            all of ``mutant_table.py``
    python -m tests.soak.mutants mail turn  those whose rule or file holds one of the words

The working tree is copied and never touched. Each test that noticed a fault must pass without it, which is asked of
all of them at the end. What lives is a rule that no test holds: write the test. Two programs that do the same are no
fault: such a row is taken out of the table.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.util import cache_from_source
from pathlib import Path
from shutil import copyfile
from typing import Final

from tests.soak.mutant_table import MUTANTS, Mutant, Tests

ROOT: Final = Path(__file__).parents[2]
#: Of one run; what hangs with a fault in it was noticed.
MOST_SECONDS: Final = 600
#: One process and one database, in one order and with the same made-up values each time.
_PYTEST: Final = (
    "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:randomly", "-n", "0", "-p", "no:cacheprovider",
    "--hypothesis-seed=0",
)  # fmt: skip
#: A test that failed, without its parameters.
_FOUND: Final = re.compile(r"^(?:FAILED|ERROR) ([^\s\[]+::[^\s\[]+).*", re.M)
#: What pytest answers: all passed, some failed. Anything else says nothing about the rule.
_PASSED, _FAILED, _HUNG = 0, 1, -1


def copy_of_the_tree(into: Path) -> Path:
    """What git knows of the working tree, or would, as it stands now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            copyfile(ROOT / name, into / name)
    return into


def pytest(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on the copy.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``MOST_SECONDS``.
    """
    return subprocess.run(
        [sys.executable, *_PYTEST, f"--basetemp={tree.parent / 'tests'}", *arguments],
        cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, timeout=MOST_SECONDS,
        capture_output=True, check=False, text=True,
    )  # fmt: skip


def run(tree: Path, tests: Tests) -> tuple[int, str]:
    """Run a selection until a test fails: what pytest answers, and which test it was."""
    names = f"({tests.names}) and not postgresql" if tests.names else "not postgresql"
    try:
        done = pytest(tree, "-x", *tests.files, "-k", names)
    except subprocess.TimeoutExpired:
        return _HUNG, f"not done within {MOST_SECONDS} s"
    said = _FOUND.search(done.stdout)
    return done.returncode, said[0].partition(" ")[2][:200] if said else done.stdout.strip()[-300:]


def with_fault(tree: Path, mutant: Mutant) -> tuple[str, str]:
    """What became of a mutant – ``killed``, ``lived``, ``stale`` or ``broken`` – and by what."""
    path = tree / mutant.file
    right = path.read_text(encoding="utf-8") if path.is_file() else ""
    if right.count(mutant.old) != 1:
        return "stale", f"expected the text once in {mutant.file}, found it {right.count(mutant.old)} times"
    _write(path, right.replace(mutant.old, mutant.new))
    try:
        code, said = run(tree, mutant.tests)
    finally:
        _write(path, right)
    if code == _PASSED:
        return "lived", f"{mutant.file}: {mutant.old.strip().splitlines()[0]}"
    # Where not even the tests could be read, nothing is known of the rule.
    return "killed" if code in {_FAILED, _HUNG} else "broken", said


def _write(path: Path, text: str) -> None:
    """Python takes a file of the same length and second for the one that it has compiled."""
    path.write_text(text, encoding="utf-8")
    Path(cache_from_source(str(path))).unlink(missing_ok=True)


def try_all(tree: Path, mutants: Sequence[Mutant]) -> Counter[str]:
    """Try one after another and say what became of each; returns how many became what."""
    found: Counter[str] = Counter()
    noticed: dict[str, list[str]] = {}
    for number, mutant in enumerate(mutants, start=1):
        begun = time.monotonic()
        word, said = with_fault(tree, mutant)
        found[word] += 1
        if word == "killed":
            noticed.setdefault(re.split(r"\[| - ", said)[0], []).append(mutant.rule)
        print(
            f"{number:3} {word:6} {mutant.rule} ({time.monotonic() - begun:.0f} s)\n           {said}",
            flush=True,
        )
    for test in failing_by_themselves(tree, [test for test in noticed if "::" in test]):
        for rule in noticed[test]:
            found["killed"], found["broken"] = found["killed"] - 1, found["broken"] + 1
            print(f"    broken {rule}\n           {test} fails without the fault, too")
    return found


def failing_by_themselves(tree: Path, tests: Sequence[str]) -> list[str]:
    """Those of the tests that fail without any fault, so that their failing proves nothing."""
    if not tests:
        return []
    done = pytest(tree, "-k", "not postgresql", *tests)
    failing = _FOUND.findall(done.stdout)
    if done.returncode != _PASSED and not failing:
        raise RuntimeError(f"expected the tests to run without a fault, found {done.stdout[-2000:]}")
    return [test for test in tests if test in failing]


def chosen(words: Iterable[str]) -> list[Mutant]:
    """The mutants whose rule or file holds one of the words; all, without any."""
    wanted = [word.lower() for word in words]
    return [
        one for one in MUTANTS
        if not wanted or any(word in f"{one.rule} {one.file}".lower() for word in wanted)
    ]  # fmt: skip


def main() -> int:
    """Returns 1 unless all were killed."""
    begun, mutants = time.monotonic(), chosen(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        (tree := Path(folder) / "tree").mkdir()
        found = try_all(copy_of_the_tree(tree), mutants)
    counts = ", ".join(f"{count} {word}" for word, count in sorted(found.items()))
    print(f"\n{len(mutants)} mutants: {counts or 'none'}; {(time.monotonic() - begun) / 60:.1f} minutes")
    return 0 if found["killed"] == len(mutants) > 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
