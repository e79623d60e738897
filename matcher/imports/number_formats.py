"""What a number in a workbook says to whoever looks at it: 50 in the format #,##0"万円" says 50万円. Pure.

The syntax is that of ECMA-376 Part 1, 18.8.31: sections for numbers above and below zero, placeholders for
digits, literal text in quotes or behind a backslash, % and commas that scale. Days are not read here.
"""

import re
from decimal import Decimal
from typing import Final

_SECTION: Final = re.compile(r'(?:"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|[^;"\\])+')
#: A literal, in quotes or behind a backslash; what only makes room, colours or conditions; or a sign.
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?:\$(?P<currency>[^\]-]*)[^\]]*|[^\]]*)\]|(?P<plain>.)',
    re.S,
)
_DIGITS: Final = frozenset("0#?.,")
MAX_CODE: Final = 255  #: letters of a format; Excel keeps no longer one


def shown(value: float, code: str) -> str | None:
    """The number with the words, the % and the scale that its format ``code`` puts around it, not rounded.

    ``None`` where the format adds nothing that counts. A scale that no word names is marked with ≒, for what
    stands on the sheet is not what was typed. A code longer than ``MAX_CODE`` is no format.
    """
    if code == "General" or len(code) > MAX_CODE:
        return None
    sections = _SECTION.findall(re.sub(r"E[+-]0+", "", code))
    has_own = value < 0 and len(sections) > 1
    section = sections[1] if has_own else sections[0] if sections else ""
    before, after, placeholders = "", "", ""
    for token in _TOKEN.finditer(section):
        plain, literal = token["plain"], token["quoted"] or token["escaped"] or token["currency"] or ""
        if plain and plain in _DIGITS:
            placeholders += plain
        elif placeholders:
            after += literal or (plain or "")
        else:
            before += literal or (plain or "")
    scale = len(placeholders) - len(placeholders.rstrip(","))
    has_words = any(sign.isalpha() for sign in before + after)
    if not (has_words or scale or "%" in after):
        return None
    number = Decimal(repr(value)) * (100 if "%" in after else 1) / 1000**scale
    number = abs(number) if has_own else number
    if scale and not has_words:
        return f"≒{number:f}"
    whole = (
        f"{number.quantize(Decimal(1)):f}" if number == number.to_integral() else f"{number.normalize():f}"
    )
    return f"{before.strip()}{whole}{after.strip()}"
