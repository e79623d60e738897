"""Every value that any page reads from its address × awkward values: an answer in words, never a 500."""

from typing import ClassVar
from urllib.parse import quote

import pytest
from werkzeug.datastructures import ImmutableMultiDict

from tests.contracts.expectations import EXPECTATIONS
from tests.contracts.test_routes import address
from tests.contracts.world import ACTORS, World

#: As they stand in an address, already quoted.
AWKWARD = (
    "",
    "0",
    "-1",
    "1" * 25,
    "9" * 5_000,
    "1E%2B999999999",
    "nan",
    "-inf",
    quote("１２"),
    quote("٣"),
    quote("²"),
    quote("あ" * 600),
    quote("a" + "\u0315\u0300" * 500),
    quote("🇯" * 300),
    "%ED%A0%80",
    "%ff%fe",
    "a%00b",
    "0001-01-01",
    "9999-12-31",
    "2026-13-40",
    quote("令和99年1月1日"),
    "%25_%5C'%22%3E%3Cb%3E",
    "..%2F..%2F",
)
#: Names that a function behind a page might take for its own, on every page.
FOREIGN = ("_anchor", "_external", "_scheme", "_method", "endpoint", "self", "public_id", "page", "sort")


class Noting(ImmutableMultiDict):
    """A query string that notes which of its names are asked for."""

    asked: ClassVar[set[str]] = set()

    def getlist(self, key, type=None):
        self.asked.add(key)
        return super().getlist(key, type) if type else super().getlist(key)

    def get(self, key, default=None, type=None):
        self.asked.add(key)
        return super().get(key, default, type) if type else super().get(key, default)

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key):
        self.asked.add(key)
        return super().__contains__(key)


@pytest.fixture(scope="module")
def world(served_world: World) -> World:
    return served_world


def pages():
    """(endpoint, record, other parts of the address, actor): one of each GET row that somebody may open."""
    for endpoint, rows in EXPECTATIONS.items():
        for record, extra, answers in rows:
            letters = answers.get("GET", "")
            if "+" in letters and not any(name.startswith("?") for name in extra):
                yield endpoint, record, extra, ACTORS[letters.rindex("+")]


PAGES = [
    pytest.param(*page, id=f"{page[0]}-{page[1]}-{'-'.join(map(str, page[2].values()))}") for page in pages()
]


@pytest.mark.parametrize(("endpoint", "record", "extra", "actor"), PAGES)
def test_no_value_of_an_address_is_an_error(world, monkeypatch, endpoint, record, extra, actor):
    monkeypatch.setattr(world.app.request_class, "parameter_storage_class", Noting)
    path = address(world, endpoint, record, extra)
    client = world.browser(actor)
    Noting.asked = set()
    assert client.get(path).status_code < 400
    names = sorted(Noting.asked | set(FOREIGN))
    for name in names:
        for value in AWKWARD if name in Noting.asked else AWKWARD[1:2]:
            answer = client.get(f"{path}?{name}={value}")
            assert answer.status_code < 500, (path, name, value[:40], answer.status_code)
            if answer.status_code >= 400:
                assert '<html lang="ja"' in answer.get_data(as_text=True), (path, name, value[:40])


def test_the_names_that_pages_read_are_found(world, monkeypatch):
    monkeypatch.setattr(world.app.request_class, "parameter_storage_class", Noting)
    Noting.asked = set()
    world.browser("manager").get("/desk/organizations")
    assert {"q", "page", "sort", "area", "kind"} <= Noting.asked


@pytest.mark.parametrize(
    "part", ["9" * 25, "9" * 5_000, quote("１"), quote("²"), "-1", "1e5", "a%00", "%ff", "x" * 5_000]
)
def test_no_part_of_a_path_is_an_error(world, part):
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint == "static" or not rule.arguments or "GET" not in rule.methods:
            continue
        for actor in ("manager", "company_a", "npo_a"):
            path = str(rule.rule)
            for _part in rule.arguments:
                path = path.replace(path[path.index("<") : path.index(">") + 1], part, 1)
            answer = world.browser(actor).get(path)
            assert answer.status_code < 500, path
