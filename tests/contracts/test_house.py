"""The house is as ``docs/house.md`` draws it: its rooms, and its floors in the order that import-linter holds."""

import re
import tomllib
from pathlib import Path

ROW = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.MULTILINE)
BESIDE = {"migrations"}  #: no floor: it is run, not imported


def drawn() -> dict[int, set[str]]:
    """Floor → its rooms, as drawn."""
    found: dict[int, set[str]] = {}
    for floor, room in ROW.findall(Path("docs/house.md").read_text(encoding="utf-8")):
        found.setdefault(int(floor), set()).add(room)
    return found


def test_every_room_is_drawn_and_every_drawn_room_is_there() -> None:
    there = {
        path.stem
        for path in Path("matcher").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }
    assert set().union(*drawn().values()) == there - BESIDE


def test_the_floors_are_those_that_are_held() -> None:
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        one for one in settings["tool"]["importlinter"]["contracts"] if one["name"] == "the floors of matcher"
    )
    held = [
        {room.strip().removeprefix("matcher.") for room in floor.split("|")} for floor in contract["layers"]
    ]
    assert held == [rooms for _floor, rooms in sorted(drawn().items(), reverse=True)]


def test_what_the_page_names_is_there() -> None:
    text = Path("docs/house.md").read_text(encoding="utf-8").split("## Where does")[1]
    named = set(re.findall(r"`((?:webapp/)?\w+/(?:\w+\.py)?)`", text))
    assert named
    assert [one for one in sorted(named) if not (Path(one).exists() or Path("matcher", one).exists())] == []
