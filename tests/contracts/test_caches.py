"""No cache grows with what people type: what is kept for ever takes no argument."""

import functools
import importlib
import inspect
import pkgutil

import pytest

import embeddings
import matcher
import webapp

#: Their own main programs, or what needs packages of the tests.
_SKIPPED = ("embeddings.training", "matcher.migrations.versions", "matcher.migrations.env")


#: Keyed by kinds, columns and field classes of our own.
_OUR_OWN_NAMES = {"matcher.imports.rows._column_length", "webapp.forms.base._with_whole_labels"}

_CACHED = type(functools.cache(lambda: None))


def _modules():
    for package in (embeddings, matcher, webapp):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.startswith(_SKIPPED) and found.name != "webapp.server":
                yield importlib.import_module(found.name)


def _cached():
    for module in _modules():
        for name, value in vars(module).items():
            if isinstance(value, _CACHED) and value.__module__ == module.__name__:
                yield f"{module.__name__}.{name}", value


@pytest.mark.parametrize(("name", "function"), list(_cached()))
def test_a_cache_has_a_limit_or_only_one_entry(name, function):
    if function.cache_parameters()["maxsize"] is None and name not in _OUR_OWN_NAMES:
        assert not inspect.signature(function.__wrapped__).parameters, name


#: Names of a module that are filled while it runs, each with what bounds it.
_FILLED = {
    "embeddings.encoder._missed": "names of models, which only the settings give",
    "embeddings.text._SEEN": "characters, of which there are so many",
    "webapp.prints._broken": "what could not be made: at most ``MOST_BROKEN``, then begun anew",
}


def test_no_module_keeps_an_open_dictionary():
    found = set()
    for module in _modules():
        for name, value in vars(module).items():
            if isinstance(value, dict | set) and not value and not name.startswith("__"):
                found.add(f"{module.__name__}.{name}")
    assert found <= set(_FILLED)
