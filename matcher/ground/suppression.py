"""Small cells are not published: who is behind a 1 or a 2 could be guessed. Pure."""

from collections.abc import Mapping
from typing import Final

#: People fewer than these are not counted in public.
SMALLEST: Final = 5


def suppress(cells: Mapping[str, float], smallest: int) -> dict[str, float | None]:
    """The cells of one breakdown, ``None`` where a value between 0 and ``smallest`` must not be shown.

    Zero is hidden, too: "none of them" says something about everybody. Because the total may be known, one
    hidden cell would be given away by the others, and so would several that together make less than
    ``smallest`` (0 and 0 of nothing): the next smallest cells are hidden with them until neither holds.
    """
    hidden = {name for name, value in cells.items() if value < smallest}
    shown = sorted((value, name) for name, value in cells.items() if name not in hidden)
    while hidden and shown and (len(hidden) == 1 or sum(cells[name] for name in hidden) < smallest):
        hidden.add(shown.pop(0)[1])
    return {name: None if name in hidden else value for name, value in cells.items()}
