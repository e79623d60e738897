"""What leaves the site with a published partnership: its address, words and picture for other services."""

from collections.abc import Mapping
from typing import Any, Final

import regex
from flask import current_app, url_for

from matcher.records import CaseDocument, Partnership
from matcher.register import parties
from matcher.results import stories
from webapp import frozen
from webapp.db import Session
from webapp.drawing import wrapping

WORDS: Final = 110  #: other services cut what is longer, in the middle of a word
WIDTH, HEIGHT = 1200, 630  #: the size of a picture that all of them take
#: With what joins several into one; ©, ™ and digits are letters.
_EMOJI: Final = regex.compile(
    r"(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)[\uFE0F\u200D\p{Emoji_Modifier}\U000E0020-\U000E007F]*"
)


def address(endpoint: str, **values: Any) -> str:
    """The whole address of a page, as it is known outside."""
    return f"{current_app.config['SETTINGS'].public_url}{url_for(endpoint, **values)}"


def of_story(case: Partnership, view: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the head of the page of a published partnership."""
    return {
        "url": address("public.partnership", public_id=case.public_id),
        "picture": address("public.picture", public_id=case.public_id),
        "description": wrapping.cut(view["summary"], WORDS),
    }


def city_of(session: Session, case: Partnership, page: CaseDocument) -> parties.Office:
    """The city as it was called when the text of a page was written."""
    history = parties.History(session, case)
    return history.on(history.event("draft_publication", document=page.public_id)).city


def picture(view: Mapping[str, Any], city_name: str) -> str:
    """The source of its picture: a page of 1200 × 630, from its frozen text and the city's name of then."""
    facts = {
        "title": printed(view["title"]),
        "view": {name: view[name] for name in ("company", "npo", "fields", "support_type")},
        "result": stories.result(view),
        "city": {"name": city_name},
        "width": WIDTH,
        "height": HEIGHT,
        "size": size_of(printed(view["title"]), (12, 15, 28, 44)),
    }
    return str(frozen.render("pdf/picture.html", facts))


def printed(text: str) -> str:
    """A text as a picture or a poster bears it: without emoji, for which a server seldom has letters.

    A box with a cross in it says nothing; a text of nothing but emoji is left as it is.
    """
    return " ".join(_EMOJI.sub("", text).split()) or text


def size_of(text: str, steps: tuple[int, ...]) -> int:
    """How large a text may stand: 0 where it is at most as wide as the first step, then 1, and so on."""
    wide = wrapping.width_of(text)
    return sum(wide > step for step in steps)
