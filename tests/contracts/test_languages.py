"""Every word that a person reads can be looked up in a catalogue, and a new language is one folder."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from flask_babel import Domain
from jinja2 import Environment, nodes

from tests.contracts.world import World
from tests.web.conftest import login_as
from webapp import create_app, languages

JAPANESE = re.compile(r"[\u3041-\u30fa\u30fd-\u30ff\u4e00-\u9fff]")
LOOKED_UP = {"_", "_l", "gettext", "lazy_gettext", "ngettext"}
#: Where Japanese stands without being looked up, and why.
PAPERS = "an official paper of the town hall is written in Japanese"
DATES = "dates, weekdays and units as the Japanese calendar writes them"
FILES = "the name of a file, or the number format of a sheet"
LATER = "looked up where it is shown (`_(label)`)"
EXCEPT = {
    "webapp/templates/pdf/": PAPERS, "webapp/papers/": PAPERS, "webapp/drawing/": PAPERS, "webapp/ical.py": DATES,
    "webapp/filters.py": DATES, "webapp/layout.py": FILES, "webapp/sheets.py": FILES,
    "webapp/views/work_files.py": FILES, "webapp/views/desk_work.py": FILES, "webapp/context.py": LATER,
    "webapp/bodies.py": LATER, "webapp/mail.py": "a mail is Japanese until its reader has a language",
    "webapp/buffered.py": "said before the application runs", "webapp/forms/work.py": DATES,
    "webapp/forms/results.py": DATES,
    "webapp/audit_text.py": "an ending that is cut off", "webapp/asked_text.py": "endings of labels",
    "webapp/notice_text.py": "the service's name",
}  # fmt: skip
ROOT = Path(__file__).parents[2]


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of a module that are neither looked up nor a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spared = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and call.args:
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if name in LOOKED_UP:
                spared |= {id(node) for node in ast.walk(call.args[0])}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spared:
            yield node.lineno, node.value


def _written(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of a template that are not looked up."""
    tree = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(path.read_text("utf-8"))
    spared: set[int] = set()
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in LOOKED_UP and call.args:
            first = call.args[0]
            spared |= {id(first), *(id(one) for one in first.find_all(nodes.Const))}
    for data in tree.find_all(nodes.TemplateData):
        yield data.lineno, data.data
    for const in tree.find_all(nodes.Const):
        if isinstance(const.value, str) and id(const) not in spared:
            yield const.lineno, const.value


def test_every_word_of_the_screens_is_looked_up():
    found = []
    for path in sorted((ROOT / "webapp").rglob("*")):
        name = str(path.relative_to(ROOT))
        if path.suffix not in {".py", ".html"} or any(name.startswith(one) for one in EXCEPT):
            continue
        texts = _literals(path) if path.suffix == ".py" else _written(path)
        found += [f"{name}:{line} {text.strip()[:40]}" for line, text in texts if JAPANESE.search(text)]
    assert found == []


@pytest.mark.parametrize("place", EXCEPT)
def test_an_exception_is_still_one(place):
    paths = [path for path in (ROOT / "webapp").rglob("*") if str(path.relative_to(ROOT)).startswith(place)]
    texts = [
        text
        for path in paths
        if path.suffix in {".py", ".html"}
        for _line, text in (_literals(path) if path.suffix == ".py" else _written(path))
    ]
    assert any(JAPANESE.search(text) for text in texts)


def test_a_catalogue_is_extracted_from_pages_forms_and_the_lists_of_the_rules():
    methods, options = parse_mapping_cfg((ROOT / "babel.cfg").open(encoding="utf-8"))
    found = {
        message
        for _name, _line, message, _comments, _context in extract_from_dir(
            str(ROOT), methods, options, keywords={"_": None, "_l": None, "gettext": None},
            directory_filter=lambda path: {"webapp", "matcher"} & set(Path(path).relative_to(ROOT).parts),
        )
    }  # fmt: skip
    for message in (
        "お知らせ",
        "パスワード",
        "食品",
        "申し出中（相手の返事待ち）",
        "リスクを書く",
        "ご利用を再開しました",
    ):
        assert message in found, message


@pytest.fixture
def english(world: World, tmp_path, monkeypatch):
    """The application with a folder of a few English words."""
    folder = tmp_path / "translations"
    catalogue = Catalog(locale="en")
    for japanese, words in (("ニーズの一覧", "Needs"), ("食品", "Food"), ("表示する言語", "Language")):
        catalogue.add(japanese, words)
    place = folder / "en" / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(languages, "FOLDER", folder)
    app = create_app(world.app.config["SETTINGS"])
    yield app
    app.extensions["database"].dispose()


def test_a_language_is_one_folder(english):
    client = english.test_client()
    page = client.get("/needs").get_data(as_text=True)
    assert '<html lang="ja">' in page
    assert ">English</button>" in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    for wanted, status in (("en", 302), ("xx", 302)):
        answer = client.post(
            "/language", data={"csrf_token": token, "language": wanted, "next": "/needs?sort=newest"}
        )
        assert (answer.status_code, answer.location) == (status, "/needs?sort=newest")
    page = client.get("/needs").get_data(as_text=True)
    assert '<html lang="en">' in page
    assert re.search(r"<h1[^>]*>(<[^>]*>)*Needs<", page)
    assert ">Food<" in page, "labels of the closed lists, too"


def test_the_catalogue_is_looked_for_once_a_page(english, monkeypatch):
    looked = []
    found = Domain.get_translations
    monkeypatch.setattr(Domain, "get_translations", lambda domain: looked.append(1) or found(domain))
    page = english.test_client().get("/needs", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "Needs" in page
    assert len(looked) == 1


def test_a_browser_that_prefers_the_language_gets_it_and_nobody_is_led_away(english):
    client = english.test_client()
    page = client.get("/needs", headers={"Accept-Language": "en-GB,en;q=0.9"}).get_data(as_text=True)
    assert '<html lang="en">' in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    for foreign in ("https://evil.example/", "//evil.example", "/desk", "needs", ""):
        answer = client.post("/language", data={"csrf_token": token, "language": "en", "next": foreign})
        assert answer.location == "/", foreign


def test_nothing_is_offered_where_there_is_one_language(world):
    page = world.browser("anonymous").get("/needs").get_data(as_text=True)
    assert "表示する言語" not in page


def test_a_form_that_somebody_opened_in_another_language_is_japanese_for_the_next(english, world):
    client = login_as(english.test_client(), world.people["coordinator"])
    for language, words in (("en", "Food"), ("ja", "食品")):
        client.set_cookie(languages.COOKIE, language)
        page = client.get("/desk/needs").get_data(as_text=True)
        assert f">{words}</option>" in page, language
