"""The lists of the desk, each a module of its own, found by themselves.

A module here that declares a ``DeskList`` gives it its page, its files, its place in the navigation and its
name in the record.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from matcher.desk.lists.listing import DeskList


def _found() -> dict[str, DeskList]:
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    lists = [one for module in modules for one in vars(module).values() if isinstance(one, DeskList)]
    return {one.name: one for one in sorted(lists, key=lambda one: one.place)}


#: name in addresses → list, in the order of the navigation
LISTS: Final[Mapping[str, DeskList]] = _found()
