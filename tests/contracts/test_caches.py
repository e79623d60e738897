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
_OUR_OWN_NAMES = {"matcher.services.importing._column_length", "webapp.forms.base._with_whole_labels"}

_CACHED = type(functools.cache(lambda: None))


def _cached():
    for package in (embeddings, matcher, webapp):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if found.name.startswith(_SKIPPED) or found.name == "webapp.server":
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if isinstance(value, _CACHED) and value.__module__ == found.name:
                    yield f"{found.name}.{name}", value


@pytest.mark.parametrize(("name", "function"), list(_cached()))
def test_a_cache_has_a_limit_or_only_one_entry(name, function):
    if function.cache_parameters()["maxsize"] is None and name not in _OUR_OWN_NAMES:
        assert not inspect.signature(function.__wrapped__).parameters, name
