"""What the search in the head found, in words: a line for each hit, with where it leads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for
from flask_babel import lazy_gettext as _l

from matcher.looking.everything import Hits
from matcher.postings.finding import Why
from matcher.records import Need, Organization, Partnership
from webapp import access, case_text, posting_text
from webapp.labels import gettext as _
from webapp.labels import vocabulary

_HEADINGS: Final = {
    "case": _l("案件"), "own_need": _l("自分のニーズ"), "own_offer": _l("自分の提供メニュー"),
    "need": _l("ニーズ"), "offer": _l("提供メニュー"), "npo": _l("団体"), "company": _l("企業"),
    "organization": _l("団体・企業"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One hit."""

    title: str
    caption: str
    url: str
    why: str = ""  #: where the words stand, or the sentence that is near


@dataclass(frozen=True)
class Section:
    """The hits of one kind."""

    heading: str
    lines: Sequence[Line]
    near: Sequence[Line]
    total: int
    more: int
    url: str | None  #: of the list with the same words, where it takes any


def section(hits: Hits, words: str) -> Section:
    """What was found of one kind, for whoever is asking."""
    return Section(
        str(_HEADINGS[hits.kind]),
        [_line(hits.kind, one, hits.why.get(one.id)) for one in hits.rows],
        [_line(hits.kind, one, hits.why.get(one.id)) for one in hits.near],
        hits.total,
        hits.more,
        _list_url(hits.kind, words),
    )


def _list_url(kind: str, words: str) -> str | None:
    if access.actor().is_staff:
        listed = {"case": "cases", "need": "needs", "offer": "offers", "organization": "organizations"}
        return url_for(f"coordinator.{listed[kind]}", q=words)
    page = {
        "need": f"{_side()}.needs", "offer": "npo.offers", "npo": "company.npos", "company": "npo.companies",
    }.get(kind)  # fmt: skip
    return url_for(page, q=words) if page else None


def _side() -> str:
    actor = access.actor()
    return "coordinator" if actor.is_staff else actor.organization_kind or "public"


def _line(kind: str, one: Any, why: Why | None) -> Line:
    if isinstance(one, Partnership):
        return _case(one)
    if isinstance(one, Organization):
        page = "coordinator.organization" if access.actor().is_staff else "organization.show"
        caption = str(vocabulary.ORGANIZATION_KINDS[one.kind]) if kind == "organization" else ""
        found = posting_text.why_organization(one, why)
        return Line(one.name, caption, url_for(page, public_id=one.public_id), found)
    page = {"own_need": "npo.need", "own_offer": "company.offer"}.get(kind, f"{_side()}.{kind}")
    whose = "" if kind.startswith("own") else one.organization.name
    parts = (one.number, whose, str(vocabulary.support_label(one.support_type)))
    found = posting_text.why("need" if isinstance(one, Need) else "offer", why)
    return Line(one.title, _joined(parts), url_for(page, public_id=one.public_id), found)


def _case(case: Partnership) -> Line:
    actor = access.actor()
    sides = {"company": case.npo.name, "npo": case.company.name}
    title = sides.get(actor.organization_kind or "") or _(
        "%(company)s × %(npo)s", company=case.company.name, npo=case.npo.name
    )
    about = case.need.title if case.need is not None else case_text.terms(case)
    parts = (case.number, about, case_text.state(case, actor))
    return Line(title, _joined(parts), url_for("cases.show", public_id=case.public_id))


def _joined(parts: Iterable[str]) -> str:
    return _("・").join(part for part in parts if part)
