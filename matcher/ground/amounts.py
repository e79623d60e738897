"""What an amount of support can be, wherever one is typed: given, asked for, offered, imported. Pure."""

from typing import Final

from matcher.ground import vocabulary

MAX_YEN: Final = 10**10
#: Of anything but money; nothing that is given comes near it.
_BEYOND: Final = 10**8


def fault(quantity: float, unit: str) -> str | None:
    """The code of what is wrong with an amount in a unit, or ``None``."""
    if not quantity > 0:
        return "positive"
    is_yen = vocabulary.is_yen(unit)
    if quantity > MAX_YEN if is_yen else quantity >= _BEYOND:
        return "amount_too_large"
    is_whole = is_yen or unit in vocabulary.WHOLE_SUPPORT
    return "amount_not_whole" if is_whole and quantity % 1 else None
