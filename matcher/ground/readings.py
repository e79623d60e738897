"""Reads how a name is pronounced (フリガナ), or refuses it. Pure; forms and imports alike.

Taken: kana of either script in any width, with long marks, middle dots and spaces. Names are sorted and found
by it; a letter or a character whose sound nobody wrote helps in neither.
"""

import re
from typing import Final

from embeddings.normal import nfkc
from matcher.ground.typed import Unclear

#: ひらがな → カタカナ, with the marks of repetition.
_KATAKANA: Final = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_HALF: Final = re.compile("[\uff61-\uff9f]+")
_READING: Final = re.compile("[ァ-ヺヽヾー・ \u3000]*")


def read(text: str) -> str:
    """The reading in full-width カタカナ, so that one sorts and looks like another.

    Raises:
        Unclear: ``kana``, something else stands in it.
    """
    wide = _HALF.sub(lambda found: nfkc(found[0]), text).translate(_KATAKANA)
    if not _READING.fullmatch(wide):
        raise Unclear("kana", text)
    return wide
