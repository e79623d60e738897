"""Reads what a person or an organization is called, or refuses it. Pure.

Names stand in mails that the city sends. What a mail program shows as a link would be sent in the city's name
to whomever anybody likes, so no name holds an address.
"""

import re
from typing import Final

from embeddings.normal import nfkc
from matcher.ground.typed import Unclear

#: What mail programs and telephones make a link of. After one Latin letter only the usual endings of a domain
#: count, and 「Co.Ltd」 never: 「J.POP」 is a name.
_ADDRESS: Final = re.compile(
    r"""
      :[/\\]{2} | @ | \bwww\. | \b(?:tel|sms|mailto|data|javascript):
    | (?<![a-z0-9-]) (?: (?!co\.(?:ltd|inc)) [a-z0-9-]{2,} [.。] [a-z]{2,} | [a-z0-9-] [.。] [a-z]{2,} / )
    | \b [a-z0-9] [.。] (?:jp|com|net|org|info|biz|xyz) \b
    | [^\W\d_a-z] \. [a-z]{2,}
    | [^\W\d_] \. [\u0400-\u04ff]{2,}
    | (?<!\d) \d{1,3} (?: \. \d{1,3} ){3} (?!\d)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def read(text: str) -> str:
    """The name as it was typed.

    Raises:
        Unclear: ``name_address``, an address of a page or of a mailbox stands in it.
    """
    if _ADDRESS.search(nfkc(text)):
        raise Unclear("name_address", text)
    return text
