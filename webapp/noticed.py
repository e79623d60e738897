"""Where a notice leads, and that whoever opened the record has seen what was told of it."""

from typing import Final

from flask import Flask, current_app, g, request, url_for
from werkzeug.wrappers import Response

from matcher.register import notices
from webapp import access, clock, traces

#: object type → whoever is told → the page of the record
_PAGES: Final = {
    "partnership": {"company": "cases.show", "npo": "cases.show", "coordinator": "cases.show"},
    "need": {"npo": "npo.need", "company": "company.need", "coordinator": "coordinator.need"},
    "offer": {"npo": "npo.offer", "company": "company.offer", "coordinator": "coordinator.offer"},
    "organization": {
        "npo": "organization.profile", "company": "organization.profile",
        "coordinator": "coordinator.organization",
    },
    "handover": {"coordinator": "desk_work.handover"},
    "hits": {"npo": "alerts.index", "company": "alerts.index"},
}  # fmt: skip
#: Pages that are one's own: their address names no record.
_OWN: Final = frozenset({"organization.profile", "desk_work.handover", "alerts.index"})
_TYPES: Final = {page: kind for kind, pages in _PAGES.items() for page in pages.values()}


def init(app: Flask) -> None:
    """Note after each page of a record that what was told of it was seen."""
    app.after_request(_note)


def url_of(object_type: str, object_id: str) -> str | None:
    """The page of a record for whoever is asking; ``None`` where they have none."""
    endpoint = _PAGES.get(object_type, {}).get(_side())
    if endpoint is None or endpoint not in current_app.view_functions:
        return None
    if endpoint in _OWN:
        return url_for(endpoint)
    return url_for(endpoint, public_id=object_id) if object_id else None


def _side() -> str:
    actor = access.actor()
    return "coordinator" if actor.is_staff else actor.organization_kind or ""


def _note(response: Response) -> Response:
    kind = _TYPES.get(request.endpoint or "")
    if kind is None or request.method != "GET" or response.status_code != 200 or not g.get("unread"):
        return response  # a page that is not whole counts nothing unread
    actor = access.actor()
    if not g.unread.get(actor.organization_id):
        return response
    # A page that is one's own is of all that one hears of its kind.
    object_id = "" if request.endpoint in _OWN else str((request.view_args or {}).get("public_id", ""))
    about, now = (kind, object_id), clock.now()
    name = f"noticed:{actor.user_public_id}:{actor.organization_id}:{kind}:{object_id}"
    traces.leave(name, lambda later: notices.mark_read(later, actor, about, now))
    return response
