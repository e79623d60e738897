"""Screens call each thing by its one name: no word stands on them that ``docs/words.md`` has retired."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from jinja2 import Environment, nodes

ROOT: Final = Path(__file__).parents[2]
GLOSSARY: Final = ROOT / "docs" / "words.md"
#: | retired | instead | where it may stand, and why |; a word between slashes is a pattern.
_ROW: Final = re.compile(
    r"^\| (?P<word>[^|]+?) \| (?P<instead>[^|]+?) \| (?P<where>[^|]*?) ?\|$", re.MULTILINE
)
_PLACE: Final = re.compile(r"`((?:webapp|matcher)/[^`]*)`")


def _retired(text: str) -> dict[str, tuple[str, ...]]:
    """Retired word → the files and folders in which it may stand."""
    table = text.split("## Retired words")[1]
    rows = {
        row["word"].replace("\\|", "|"): tuple(_PLACE.findall(row["where"])) for row in _ROW.finditer(table)
    }
    return {word: places for word, places in rows.items() if word not in {"Retired", "---"}}


RETIRED: Final = _retired(GLOSSARY.read_text(encoding="utf-8"))


def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(word[1:-1] if word.startswith("/") else re.escape(word))


def _said_by_template(source: str) -> Iterator[tuple[int, str]]:
    tree = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(source)
    for data in tree.find_all(nodes.TemplateData):
        for at, line in enumerate(data.data.split("\n")):
            yield data.lineno + at, line.strip()
    for const in tree.find_all(nodes.Const):
        if isinstance(const.value, str):
            yield const.lineno, const.value


def _said_by_module(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    spared = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spared:
            yield node.lineno, node.value


def _said() -> Iterator[tuple[str, int, str]]:
    """Every text that the program can say: file, line, text."""
    for folder in ("webapp", "matcher"):
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in {".py", ".html"} and "/migrations/" not in name:
                say = _said_by_module if path.suffix == ".py" else _said_by_template
                yield from ((name, line, text) for line, text in say(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def said() -> list[tuple[str, int, str]]:
    return list(_said())


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_stands_on_no_screen(said: list[tuple[str, int, str]], word: str) -> None:
    pattern = _pattern(word)
    found = [(name, f"{name}:{line} {text[:60]}") for name, line, text in said if pattern.search(text)]
    assert [where for name, where in found if not name.startswith(RETIRED[word] or ("-",))] == []
    gone = [place for place in RETIRED[word] if not any(name.startswith(place) for name, _where in found)]
    assert gone == [], f"expected {word} to have no exception that is none any more"


def test_what_is_retired_is_found_where_it_is_said_and_only_there() -> None:
    page = '{# あなた #}<p>{{ _("あなたの番です") }}</p>\n<p>あなた</p>'
    assert [line for line, text in _said_by_template(page) if "あなた" in text] == [2, 1]
    module = '"""あなた"""\n# あなた\nX = _l("あなた")\n'
    assert [line for line, text in _said_by_module(module) if "あなた" in text] == [3]
    assert len(RETIRED) > 20


def test_every_file_that_the_glossary_names_is_there() -> None:
    named = re.findall(r"`((?:webapp|matcher)/[^`]+)`", GLOSSARY.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []
