"""Reads a telephone number that can be dialled as it stands, or refuses it. Pure; forms and imports alike.

Taken: a number with its area code in any width and with any dashes or brackets (00-0000-0000) or dots, one of
another country with its +, TEL and its like before it, and an extension or 代表 behind it.
"""

import re
from typing import Final

from matcher.ground.typed import DASHES, Unclear, narrow, plain

LIMIT: Final = 40

_BEHIND: Final = re.compile(r"\s*\(?(?:代表?|(?:内線|ext\.?)[: ]?\s*[0-9]{1,6})\)?$", re.IGNORECASE)
#: What papers write before a number; it says no more than the name of the field.
_BEFORE: Final = re.compile(r"(?:tel|電話(?:番号)?|[☎℡])[.: ]*(?=[+(0-9])", re.IGNORECASE)
#: Of Japan: ten digits; eleven of mobile and IP telephones and of 0800. Written in at most four groups.
_DOMESTIC: Final = re.compile(r"0[5-9]0[0-9]{8}|0(?![5-9]0)[0-9]{9}")
_NUMBER: Final = re.compile(r"\+?\(?[0-9]+(?:[-() ]{1,2}[0-9]+)*")


def read(text: str) -> str:
    """The number as it is stored: half-width, with plain hyphens.

    Raises:
        Unclear: ``phone`` (no number, a part of one, or several), ``phone_zero`` (the 0 at its beginning was
            lost, as spreadsheets lose it), or ``value_too_long``.
    """
    typed = re.sub(r"(?<=[0-9])\.(?=[0-9])", "-", plain(text, LIMIT).translate(DASHES))
    if found := _BEFORE.match(typed):
        typed = typed[found.end() :]
    number = _BEHIND.sub("", typed)
    digits = "".join(character for character in number if character in "0123456789")
    if re.fullmatch(r"[1-9][0-9]{8,9}", number):
        raise Unclear("phone_zero", text)
    is_balanced = number.count("(") == number.count(")")
    # +81 090-… is dialled in no country; a 0 that is left out there stands in brackets.
    abroad = re.sub(r"[-() ]", "", number.replace("(0)", ""))
    if abroad.startswith("+810") or not (_NUMBER.fullmatch(number) and is_balanced):
        raise Unclear("phone", text)
    if number.startswith("+"):
        is_whole = 8 <= len(digits) <= 15
    else:
        is_whole = bool(_DOMESTIC.fullmatch(digits)) and len(re.findall(r"[0-9]+", number)) <= 4
    if not is_whole:
        raise Unclear("phone", text)
    return typed


def dialled(text: str) -> str:
    """What a telephone dials: the digits of the first number in ``text``, in any width and with any dashes,
    with the + of another country and without an extension; empty where there is none. Also for numbers from
    before they were read.
    """
    found = _NUMBER.search(re.sub(r"\s*([-()])\s*", r"\1", narrow(text).translate(DASHES)))
    number = found[0] if found else ""
    if number.startswith("+"):
        number = number.replace("(0)", "")  # dialled from inside the country only
    return re.sub(r"[^0-9+]", "", number)
