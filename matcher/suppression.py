"""Small cells are not published: who is behind a 1 or a 2 could be guessed. Pure."""

from collections.abc import Mapping


def suppress(cells: Mapping[str, float], smallest: int) -> dict[str, float | None]:
    """The cells of one breakdown, ``None`` where a value between 0 and ``smallest`` must not be shown.

    Zero is hidden, too: "none of them" says something about everybody. Where exactly one cell would be
    hidden, the next smallest is hidden with it, because the total would give the first one away.
    """
    hidden = {name for name, value in cells.items() if value < smallest}
    if len(hidden) == 1 and len(cells) > 1:
        rest = sorted((value, name) for name, value in cells.items() if name not in hidden)
        hidden.add(rest[0][1])
    return {name: None if name in hidden else value for name, value in cells.items()}
