"""掲示用のポスター: a published partnership on one page, for the board of a community hall."""

from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matcher.cases import documents
from matcher.city import cities
from matcher.results import stories
from webapp import public_text, sharing
from webapp.drawing import qr, wrapping
from webapp.papers.paper import Ask, Paper

SUMMARY: Final = 100  #: characters that stand on it; the page behind the code has all
VOICE: Final = 80
_WIDE: Final = 500  #: points that a line has
_HIGH: Final = 199.0  #: mm for the drawing and the words
_MOST, _LEAST = 100.0, 44.0  #: mm of the drawing
_SIZES: Final = (36, 31, 26, 22)  #: points of the title, the longer the smaller


def _is_ready(ask: Ask) -> bool:
    return (
        ask.case.published_at is not None
        and documents.find_agreed(ask.session, ask.case, "publication") is not None
    )


def _facts(ask: Ask) -> dict[str, Any]:
    """Of the text in force, and of the telephone at which the city answers today."""
    page = documents.find_agreed(ask.session, ask.case, "publication")
    assert page is not None
    view = page.content["view"]
    city = sharing.city_of(ask.session, ask.case, page)
    address = sharing.address("public.partnership", public_id=ask.case.public_id)
    published: datetime | None = ask.case.published_at
    story = stories.told(view)
    title = sharing.printed(view["title"])
    size = sharing.size_of(title, (16, 32, 46))
    summary = wrapping.cut(sharing.printed(view["summary"]), SUMMARY)
    voice = None
    if story.voice is not None:
        voice = {**story.voice, "text": wrapping.cut(sharing.printed(story.voice["text"]), VOICE)}
    texts = [
        (title, _SIZES[size] * 1.3, _SIZES[size]),
        (f"{view['company']}と{view['npo']}", 18, 12),
        (summary, 27, 13),
        (voice["text"] if voice else "", 32, 13.5),
    ]
    if story.result is not None:
        said = public_text.story_result(story.result) + public_text.story_course(story.result)
        texts += [(story.result.name, 24, 14), ("38 → 51", 80, 14), (said, 20, 12.5), ("", 40, 1)]
    return {
        "title": title, "size": size, "summary": summary,
        "drawing": round(min(_MOST, max(_LEAST, _HIGH - sum(_height(*text) for text in texts))), 1),
        "view": {name: view[name] for name in ("company", "npo", "fields", "support_type")},
        "result": story.result,
        "voice": voice,
        "address": address, "code": qr.code(address, str(_("協働の記録のアドレス"))), "published": published,
        "city": {"name": city.name, "section": city.section, "phone": cities.get(ask.session).phone},
    }  # fmt: skip


def _height(text: str, line: float, size: float) -> float:
    """How many mm a text takes: the height of its lines in points, and the size of its letters."""
    lines = -(-wrapping.width_of(text, 0.6) * size // _WIDE) or 0
    return lines * line * 25.4 / 72


PAPER: Final = Paper("poster", _l("掲示用のポスター"), 12, _is_ready, _facts)
