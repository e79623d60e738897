"""The measures of the house: how long its modules are, in how many places one fact stands, where rules and words are.

``make house`` prints them. A measure that is not there yet stands with the figure of today (``SO_FAR``), which may
only get better: whoever betters it writes the new figure down, and takes the row out once the goal is reached.
"""

import ast
import re
import statistics
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from pkgutil import walk_packages
from typing import Final

from matcher.records.base import Base
from matcher.register import act

PACKAGES: Final = ("embeddings", "matcher", "seed_data", "webapp")
LONG, LONGISH, WIDE = 450, 350, 160
#: Modules that are lists of words or of what was agreed on paper, and what a program wrote.
LISTS: Final = ("ground/vocabulary.py", "migrations/versions/")
#: Modules of ``matcher`` whose business is words that are said, and the headings that files bear.
WORDS: Final = re.compile(
    r"(vocabulary|sentences|ground/(profile|posting)|wording\w*|words|labels|clauses|imports/columns)\.py$"
)
#: Modules that read what people write: what stands in them is looked for in Japanese texts and never said.
READS: Final = re.compile(
    r"(ground/(numerals|days|typed|personal)|imports/(cells|day_formats|number_formats))\.py$"
)
#: What is given to these is said to people, and looked up where it is shown; or it is looked for.
SAID: Final = frozenset({"Words", "DeskList", "Filter", "Column", "Section", "compile"})
_JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_IN_TAGS: Final = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_RULE_IN_TAGS: Final = re.compile(
    r"\bselect\b.+\bfrom\b.+\bwhere\b|([._](state|status)|\bstatus) (==|!=|in|not in) |attr\(\"(state|status)\"|timedelta|\.days\b"
    r"|today *[-+]|now *[-+]|[^:]//"
)

#: What does not hold yet, as it stands today.
SO_FAR: Final[dict[str, float]] = {}


@dataclass(frozen=True)
class Measure:
    """One measure: what was found, what it must be (at most, or at least), and where it fails."""

    name: str
    found: float
    goal: float
    where: tuple[str, ...] = ()
    at_least: bool = False

    @property
    def bound(self) -> float:
        """The goal, or until it is reached what has been reached so far."""
        return SO_FAR.get(self.name, self.goal)

    @property
    def holds(self) -> bool:
        """Whether it is at least as good as it must be now."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    @property
    def is_better(self) -> bool:
        """Whether ``SO_FAR`` says less than was reached."""
        return self.holds and self.name in SO_FAR and self.found != self.bound

    def __str__(self) -> str:
        sign, rest = "≥" if self.at_least else "≤", f" (so far {self.bound:g})" if self.name in SO_FAR else ""
        return f"{'  ' if self.holds else '✗ '}{self.name}: {self.found:g}, goal {sign} {self.goal:g}{rest}"


# ── What is read ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class House:
    """The tree that is measured."""

    root: Path = Path()

    def modules(self, *packages: str) -> dict[str, str]:
        """Path → source of the modules of ``packages`` (or of all)."""
        return {
            path.relative_to(self.root).as_posix(): path.read_text(encoding="utf-8")
            for package in packages or PACKAGES
            for path in sorted((self.root / package).rglob("*.py"))
        }

    def templates(self) -> dict[str, str]:
        """Path → text of the templates."""
        return {
            path.relative_to(self.root).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted((self.root / "webapp/templates").rglob("*.*"))
        }


# ── Lengths ──────────────────────────────────────────────────────────────────────────────────────────


def lengths(house: House) -> Iterator[Measure]:
    """How long modules and the lines of templates are."""
    lines = {
        path: text.count("\n")
        for path, text in house.modules().items()
        if text.strip() and not any(one in path for one in LISTS)
    }
    long = sorted((path for path, count in lines.items() if count > LONG), key=lambda path: -lines[path])
    yield Measure(f"modules over {LONG} lines", len(long), 0, tuple(f"{path} {lines[path]}" for path in long))
    yield Measure("longest module, in lines", max(lines.values()), LONG)
    yield Measure("median module, in lines", statistics.median(lines.values()), 120)
    short = sum(count < LONGISH for count in lines.values()) / len(lines) * 100
    yield Measure(f"modules under {LONGISH} lines, in %", round(short, 1), 95, at_least=True)
    wide = tuple(
        f"{path}:{number}"
        for path, text in house.templates().items()
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > WIDE
    )
    yield Measure(f"lines of templates over {WIDE} characters", len(wide), 0, wide)


# ── One act is one thing ─────────────────────────────────────────────────────────────────────────────


def literals(text: str) -> set[str]:
    """The string literals of a module."""
    return {
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def declared() -> set[str]:
    """The names of all declared acts."""
    for package in ("matcher", "webapp"):
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            if ".migrations." not in module.name:
                import_module(module.name)
    return {one.name for kind in Base.registry.mappers for one in act.of(kind.class_)}


def acts(house: House, names: set[str] | None = None) -> Iterator[Measure]:
    """In how many files of the program the name of an act stands as a literal (another thing of the same name
    counts, too: nobody who looks for the act can tell).
    """
    told = {path: literals(text) for path, text in house.modules("matcher", "webapp").items()}
    places = {
        name: tuple(path for path, said in told.items() if name in said) for name in names or declared()
    }
    spread = sorted(places, key=lambda name: -len(places[name]))
    yield Measure("files an act stands in, median", statistics.median(map(len, places.values())), 2)
    yield Measure(
        "files an act stands in, most", len(places[spread[0]]), 3,
        tuple(f"{name}: {', '.join(places[name])}" for name in spread if len(places[name]) > 3),
    )  # fmt: skip


# ── Rules and words in their place ───────────────────────────────────────────────────────────────────


def _is_rule(node: ast.AST) -> bool:
    """A state compared with whatever it may be, or days reckoned."""
    if isinstance(node, ast.Compare):
        return any(
            isinstance(one, ast.Attribute) and one.attr in {"state", "status"}
            for one in (node.left, *node.comparators)
        )
    return isinstance(node, ast.BinOp) and any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "timedelta"
        for one in (node.left, node.right)
    )


def rules(house: House) -> Iterator[Measure]:
    """What a program sees of rules that stand where only pages should be."""
    views = {
        path: text for path, text in house.modules("webapp").items() if "/views/" in path or "/pages/" in path
    }
    found = tuple(
        f"{path}:{node.lineno}"  # type: ignore[attr-defined]
        for path, text in views.items()
        for node in ast.walk(ast.parse(text))
        if _is_rule(node)
    )
    yield Measure("rules in views", len(found), 0, found)
    told = tuple(
        f"{path}:{text.count(chr(10), 0, tag.start()) + 1}"
        for path, text in house.templates().items()
        for tag in _IN_TAGS.finditer(text)
        if _RULE_IN_TAGS.search(tag.group())
    )
    yield Measure("rules in templates", len(told), 0, told)


def _said(tree: ast.AST) -> Iterator[ast.Constant]:
    """String literals, without docstrings and what is given to ``SAID``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SAID:
            continue
        if isinstance(node, ast.keyword) and node.arg == "comment":
            continue  # of a column: said to whoever reads the tables
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node
        yield from _said(node)


def words(house: House) -> Iterator[Measure]:
    """Japanese in ``matcher`` that no list of words holds."""
    found = tuple(
        f"{path}:{node.lineno}"
        for path, text in house.modules("matcher").items()
        if not WORDS.search(path) and not READS.search(path) and "migrations/" not in path
        for node in _said(ast.parse(text))
        if _JAPANESE.search(str(node.value))
    )
    yield Measure("Japanese literals in matcher outside words", len(found), 0, found)


# ── What is used is declared ─────────────────────────────────────────────────────────────────────────


def _imported(text: str) -> set[str]:
    return {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    } - {""}


def _plain(distribution: str) -> str:
    return distribution.lower().replace("_", "-")


def dependencies(house: House) -> Iterator[Measure]:
    """Whether what is imported is declared among what running needs."""
    project = tomllib.loads((house.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {_plain(re.split(r"[\[<>=~! ]", one)[0]) for one in project["dependencies"]}
    sellers = {name: set(map(_plain, found)) for name, found in metadata.packages_distributions().items()}
    missing = tuple(
        f"{path}: {name}"
        for path, text in house.modules().items()
        for name in sorted(_imported(text) - sys.stdlib_module_names - set(PACKAGES))
        if not sellers.get(name, {name}) & wanted
    )
    yield Measure("imports that are not declared", len(missing), 0, missing)


MEASURES: Final[tuple[Callable[[House], Iterator[Measure]], ...]] = (
    lengths, acts, rules, words, dependencies,
)  # fmt: skip


def measured(house: House | None = None) -> list[Measure]:
    """Every measure of the tree."""
    return [one for measure in MEASURES for one in measure(house or House())]


def main() -> int:
    """Print every measure, and where one fails or may be written down better."""
    found = measured()
    for one in found:
        print(one)
        if not one.holds or "-v" in sys.argv:
            print("".join(f"      {place}\n" for place in one.where), end="")
        if one.is_better:
            print(f"      better than SO_FAR says: write {one.found:g}")
    return 0 if all(one.holds for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
