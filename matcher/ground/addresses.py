"""Reads a mail address that mail really reaches, or refuses it. Pure; one rule for everybody who types one.

Mail is sent without SMTPUTF8, so nothing but ASCII arrives. Dots that no standard allows (a..b@, a.@), which
two carriers once gave out, are refused as well: mail servers differ about them.
"""

import re
from typing import Final

from email_validator import EmailNotValidError, validate_email

from matcher.ground.typed import Unclear, plain

LIMIT: Final = 254
#: Standards allow them; mail servers refuse them: other programs take them for routes, pipes and options.
_REFUSED: Final = re.compile(r"^-|[!%|].*@|\.[^.@]$")


def read(text: str) -> str:
    """The address in the one spelling in which it is stored and compared: half-width, lower case.

    The part before the @ is lowered too: phones capitalise the first letter, and no mail server in use
    tells two people apart by it. Whether the address exists shows when a mail arrives.

    Raises:
        Unclear: ``email`` (no address, or more than one), ``email_letters`` (not only ASCII), ``email_dots``,
            or ``value_too_long``.
    """
    typed = plain(text, LIMIT)
    if not typed.isascii():
        is_one = typed.count("@") == 1 and not set("、,(") & set(typed)
        raise Unclear("email_letters" if is_one else "email", text)
    typed = typed.lower()
    local = typed.rpartition("@")[0]
    if local and (local[0] == "." or local[-1] == "." or ".." in local):
        raise Unclear("email_dots", text)
    # An encoded word: mail programs would decode it, and the mail would reach somebody else.
    if "=?" in typed or _REFUSED.search(typed):
        raise Unclear("email", text)
    try:
        found = validate_email(
            typed,
            check_deliverability=False,
            strict=True,
            allow_smtputf8=False,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
        )
    except EmailNotValidError:
        raise Unclear("email", text) from None
    return str(found.ascii_email).lower()


def folded(text: str) -> str:
    """What of a typed address is looked up; never raises. What is no address is found nowhere."""
    try:
        return read(text)
    except Unclear:
        return text[:LIMIT].strip().lower()
