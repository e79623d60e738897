"""The drawings that stand where a partnership has no photograph: one a group of fields, all in one line.

They lie as files under ``static/img/scenes``, with a ground of their own, so that they are safe on any paper;
the thread on which everything stands leaves each at the height at which it enters the next.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

WIDTH, HEIGHT = 640, 320
#: field of activity of the NPO law → drawing
SCENES: Final[Mapping[str, str]] = {
    "1": "care", "2": "learning", "3": "community", "4": "community", "5": "farm", "6": "culture",
    "7": "nature", "8": "disaster", "9": "disaster", "10": "together", "11": "together", "12": "together",
    "13": "children", "14": "digital", "15": "digital", "16": "work", "17": "work", "18": "work",
    "19": "bundle", "20": "bundle",
}  # fmt: skip
OTHER: Final = "bundle"
#: Where food is shared, children sit at a table; otherwise somebody plays with them and listens.
_BY_SUPPORT: Final[Mapping[str, Mapping[str, str]]] = {"children": {"food": "children"}}
_WITHOUT: Final[Mapping[str, str]] = {"children": "play"}
NAMES: Final = frozenset({*SCENES.values(), *_WITHOUT.values(), OTHER})
_FOLDER: Final = Path(__file__).parents[1] / "static" / "img"


def scene(fields: Iterable[object], support_type: str = "") -> str:
    """The drawing of a partnership: of its first field, and of what was given where that makes a scene."""
    found = next((SCENES[str(code)] for code in fields if str(code) in SCENES), OTHER)
    return _BY_SUPPORT.get(found, {}).get(support_type, _WITHOUT.get(found, found))


def path(name: str) -> str:
    """Where a drawing lies among the static files."""
    return f"img/scenes/{name}.svg"


@lru_cache(maxsize=32)
def inline(name: str) -> Markup:
    """A drawing as a part of a paper, which may ask for nothing outside itself.

    Raises:
        KeyError: there is no such drawing.
    """
    if name not in NAMES:
        raise KeyError(name)
    return Markup((_FOLDER / "scenes" / f"{name}.svg").read_text(encoding="utf-8"))  # noqa: S704 - our own file
