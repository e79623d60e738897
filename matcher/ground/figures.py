"""Numbers as Japanese texts write them: grouped, exact, never in powers of ten. Pure."""

from decimal import Decimal
from fractions import Fraction


def number(value: int | float | Decimal | Fraction) -> str:
    """「1,200」, 「2.5」, 「1,234,567.5」: grouped, without trailing zeros.

    A fraction that has no end is written to ten digits after the point.
    """
    if isinstance(value, Fraction):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        value = round(exact, 10)
    text = f"{Decimal(str(value)):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def typed(value: float | Decimal) -> str:
    """The same without grouping, as one types it: what is read back is the very number."""
    return number(value).replace(",", "")
