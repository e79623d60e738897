"""Reads what a person or an organization is called, or refuses it. Pure.

Names stand in mails that the city sends. What a mail program shows as a link would be sent in the city's name
to whomever anybody likes, so no name holds an address. Whom a name means is read from its letters, as
they stand: figures and signs alone name nobody, and no mark turns a name around on the page.
"""

import re
from typing import Final

import regex

from embeddings.normal import nfkc
from matcher.ground.typed import Unclear

#: What mail programs and telephones make a link of. After one Latin letter, and after what is short for a
#: word (Dr.Stretch, FC.TOKYO), only the usual endings of a domain count: 「J.POP」 is a name. An @ without a
#: domain behind it leads nowhere.
_ADDRESS: Final = re.compile(
    r"""
      :[/\\]{2} | @ [^\s@]* [.。] [^\s@] | (?<![a-z0-9-]) (?: www\. | (?:tel|sms|mailto|data|javascript): )
    | (?<![a-z0-9-]) (?: (?!(?:co|corp|dr|fc|inc|jr|ltd|mr|mrs|ms|mt|no|sc|st|vol)\.)
                         [a-z0-9-]{2,} [.。] [a-z]{2,} | [a-z0-9-] [.。] [a-z]{2,} / )
    | (?<![a-z0-9-]) [a-z0-9-]++ [.。] (?:jp|com|net|org|info|biz|xyz) (?![a-z0-9-])
    | [^\W\d_a-z] \. [a-z]{2,}
    | [^\W\d_] \. [\u0400-\u04ff]{2,}
    | (?<!\d) \d{1,3} (?: \. \d{1,3} ){3} (?!\d)
    """,
    re.IGNORECASE | re.VERBOSE,
)

#: Of what Unicode calls letters, not the fillers that nobody sees and the marks that only lengthen or repeat.
_LETTER: Final = regex.compile(r"[\p{L}\p{Nl}\p{Co}--\p{Lm}--\p{Default_Ignorable_Code_Point}]", regex.V1)
_TURNED: Final = regex.compile(r"[\u200E\u200F\u061C\u202A-\u202E\u2066-\u2069]")


def read(text: str) -> str:
    """The name as it was typed.

    Raises:
        Unclear: ``name_address``, an address of a page or of a mailbox stands in it; ``name_turned``, a mark
            that changes the direction of writing; ``name_letters``, no letter at all.
    """
    if _TURNED.search(text):
        raise Unclear("name_turned", text)
    if not _LETTER.search(text):
        raise Unclear("name_letters", text)
    if _ADDRESS.search(nfkc(text)):
        raise Unclear("name_address", text)
    return text
