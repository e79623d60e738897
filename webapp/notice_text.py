"""What one was told, for a list: a line for each record, and a line for each notice of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from matcher.records import Notice
from matcher.register import sentences
from matcher.register.inbox import Group
from webapp import access, noticed
from webapp.labels import gettext as _

_MARK = "【縁むすび】"
_OWN = {"organization": _l("登録とプロフィール"), "hits": _l("新しく合うもの"), "handover": _l("引き継ぎ")}


@dataclass(frozen=True)
class Line:
    """One notice."""

    row: Notice
    subject: str
    body: str


@dataclass(frozen=True)
class Headed:
    """All that was told of one record, under what it is."""

    group: Group
    title: str
    number: str  #: of a case, a need or an offer
    lines: Sequence[Line]
    url: str | None


def headed(group: Group) -> Headed:
    """A group in words, in the reader's language."""
    newest = group.latest[0]
    number = str(newest.facts.get("number", ""))
    lines = [line(notice) for notice in group.latest]
    return Headed(group, title(newest) or lines[0].subject, number, lines, noticed.url_of(*group.about))


def line(notice: Notice) -> Line:
    """A notice in words: its subject without the service's name, and all of it."""
    subject, body = sentences.of(notice, _)
    subject = subject.removeprefix(_MARK)
    return Line(notice, subject.removesuffix(f"（{notice.facts.get('number', '')}）"), body)


def title(notice: Notice) -> str:
    """What a notice is about, as it was called then; empty where it is about no record."""
    facts, actor = notice.facts, access.actor()
    if notice.object_type == "partnership" and {"company", "npo"} <= facts.keys():
        if actor.organization_kind == "company":
            return str(facts["npo"])
        if actor.organization_kind == "npo":
            return str(facts["company"])
        return _("%(company)s × %(npo)s", company=facts["company"], npo=facts["npo"])
    if facts.get("title"):
        return str(facts["title"])
    if notice.object_type == "organization" and actor.is_staff and facts.get("who"):
        return str(facts["who"])
    return str(_OWN.get(notice.object_type, ""))
