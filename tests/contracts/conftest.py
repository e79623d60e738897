"""The small town of the contracts, once for each module."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.conftest import NOW
from tests.contracts.world import World


@pytest.fixture(scope="module")
def served_world(tmp_path_factory, sqlite_template) -> Iterator[World]:
    """As people meet it."""
    with time_machine.travel(NOW, tick=True):
        made = World(tmp_path_factory.mktemp("world"), sqlite_template)
        yield made
        made.database.dispose()


@pytest.fixture(scope="module")
def world(served_world: World) -> World:
    """The same without the tokens of its forms, so that any post comes as far as its view."""
    served_world.app.config["WTF_CSRF_ENABLED"] = False
    return served_world
