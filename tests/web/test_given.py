"""A page is given all that it asks for: a missing name is an error, never an empty place or a no."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from jinja2 import Environment, UndefinedError, nodes

from matcher.register.frozen import Version
from matcher.register.parties import Parties
from webapp import context, errors
from webapp.papers.paper import OfCase

TEMPLATES: Final = Path("webapp/templates")
#: What macros and loops have by themselves.
_OWN: Final = frozenset({"caller", "loop", "super", "self"})


@pytest.mark.parametrize(
    "asked",
    [
        "{{ unsaid }}", "{% if unsaid %}{% endif %}", "{{ 'yes' if thing.unsaid else 'no' }}",
        "{% for one in thing.unsaid %}{% endfor %}", "{% if 1 in thing['unsaid'] %}{% endif %}",
        "{% if unsaid == 1 %}{% endif %}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["page", "frozen"])
def test_what_was_not_given_is_not_taken_for_a_no(app, place, asked):
    environment: Environment = app.jinja_env if place == "page" else app.extensions["frozen"]
    with pytest.raises(UndefinedError, match="unsaid"):
        environment.from_string(asked).render(thing={"said": 1})


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 500, 503])
def test_an_error_page_needs_nothing_of_the_error(app, status):
    with app.test_request_context("/"):
        page, said = errors.page_of(status)[:2]
    assert said == status
    assert "</html>" in page


# ── Read in the texts: also where no test goes ───────────────────────────────────────────────────────


@cache
def _tree(name: str) -> nodes.Template:
    environment = Environment(autoescape=True)
    return environment.parse((TEMPLATES / name).read_text(encoding="utf-8"))


def _known(name: str) -> set[str]:
    """The names that a template gives itself, anywhere in it."""
    tree = _tree(name)
    found = {one.name for one in tree.find_all(nodes.Name) if one.ctx != "load"}
    found |= {one.name for one in tree.find_all(nodes.Macro)}
    found |= {one.target for one in tree.find_all(nodes.Import)}
    for one in tree.find_all(nodes.FromImport):
        found |= {part if isinstance(part, str) else part[1] for part in one.names}
    return found


def _asked(name: str) -> set[str]:
    """The names that a template, its frame and its pieces ask of the page that uses them."""
    tree, known = _tree(name), _known(name) | _OWN
    found = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "load"}
    for one in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        if isinstance(one.template, nodes.Const) and getattr(one, "with_context", True):
            found |= _asked(one.template.value)
    return found - known


def _templates() -> list[str]:
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


#: What draws a page: where it looks for its template, and what it gives by itself.
_DRAWS: Final = {"render_template": ("{}", set()), "page": ("account/{}.html", {"form", "banner"})}


def _pages() -> Iterator[tuple[str, str, set[str]]]:
    """(where, template, names given) of every page that is drawn by its name with each fact by its own."""
    for path in sorted(Path("webapp").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(call.func, "id", "") if isinstance(call, ast.Call) else ""
            if not isinstance(call, ast.Call) or name not in _DRAWS:
                continue
            place, by_itself = _DRAWS[name]
            given = {fact.arg for fact in call.keywords}
            if call.args and isinstance(call.args[0], ast.Constant) and None not in given:
                template = place.format(call.args[0].value)
                yield f"{path}:{call.lineno}", template, {str(one) for one in given} | by_itself


def test_every_page_is_given_what_its_template_asks_for(app):
    with app.test_request_context("/"):
        told: dict[str, object] = {}
        app.update_template_context(told)
    everywhere = set(app.jinja_env.globals) | set(told)
    pages = list(_pages())
    assert len(pages) > 60
    missing = {
        (where, template): sorted(_asked(template) - everywhere - given) for where, template, given in pages
    }
    assert not {page: names for page, names in missing.items() if names}


#: As what papers and versions of texts know who and what they are about.
_VALUES: Final = {"document": Version, "parties": Parties, "case": OfCase}


def test_frozen_values_are_asked_for_what_they_have():
    asked = [
        (name, f"{one.node.name}.{one.attr}", hasattr(kind, one.attr) or one.attr in kind.__annotations__)
        for name in _templates()
        if name.startswith(("frozen/", "pdf/"))
        for one in _tree(name).find_all(nodes.Getattr)
        if isinstance(one.node, nodes.Name) and one.node.name not in _known(name)
        and (kind := _VALUES.get(one.node.name)) is not None
    ]  # fmt: skip
    assert len(asked) > 50
    assert not [(name, words) for name, words, has in asked if not has]


def test_what_is_imported_without_its_page_asks_nothing_of_it(app):
    everywhere = set(app.jinja_env.globals) | set(app.extensions["frozen"].globals)
    missing = {
        (name, one.template.value): sorted(_asked(one.template.value) - everywhere)
        for name in _templates()
        for one in _tree(name).find_all((nodes.Import, nodes.FromImport))
        if not one.with_context
    }
    assert len(missing) > 100
    assert not {piece: names for piece, names in missing.items() if names}


def test_a_page_may_leave_its_frame_unsaid(app):
    with app.test_request_context("/"):
        page = app.jinja_env.from_string('{% extends "layouts/base.html" %}{% set heading = "題" %}')
        told: dict[str, object] = {}
        app.update_template_context(told)
        assert told.keys() >= context.FRAME.keys()
        assert "<h1>" in page.render(told)
