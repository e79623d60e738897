"""What every page knows without asking: the city, the actor, the navigation, the unread notices."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, current_app, g, request, url_for
from flask_babel import gettext as _

from matcher.city import cities
from matcher.desk.lists import LISTS
from matcher.ground import permissions
from matcher.ground.vocabulary import SUGGESTED
from matcher.jobs import seen
from matcher.postings import again
from matcher.register import notices
from webapp import access, clock, db, headers, kept
from webapp.labels import lifecycle, vocabulary
from webapp.worker import PIECE_NAMES


def _lists(seen: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one.menu, f"coordinator.{one.name}") for one in LISTS.values() if one.menu and one.seen == seen
    )


#: audience → (label, endpoint, prefix of endpoints under it)
_NAVIGATION = {
    "public": (
        ("ニーズの一覧", "public.needs"),
        ("協働の記録", "public.partnerships"),
        ("しくみ", "public.about"),
    ),
    "company": (
        ("ホーム", "company.home"),
        (SUGGESTED["company"], "suggestions.for_company"),
        ("新しく合うもの", "alerts.index"),
        ("ニーズを探す", "company.needs"),
        ("団体を探す", "company.npos"),
        ("提供メニュー", "company.offers"),
        ("案件", "cases.index"),
        ("プロフィール", "organization.profile"),
    ),
    "npo": (
        ("ホーム", "npo.home"),
        ("ニーズ", "npo.needs"),
        ("新しく合うもの", "alerts.index"),
        ("提供メニューを探す", "npo.offers"),
        ("企業を探す", "npo.companies"),
        ("案件", "cases.index"),
        ("プロフィール", "organization.profile"),
    ),
    "staff": (
        ("今日の仕事", "coordinator.desk"),
        *_lists("desk.view"),
        ("組み合わせ案", "plans.index"),
        ("引き継ぎ", "desk_work.handover"),
        ("住民の声", "desk_work.comments"),
        ("共通指標", "desk_work.indicators"),
        ("取り込み", "imports.index"),
    ),
    "operator": (("利用者", "account.staff"), *_lists("audit.view")),
}

#: What a page may leave unsaid of its frame (``layouts/``): templates set it, views give it.
FRAME: Final[Mapping[str, Any]] = {"caption": "", "lead": "", "breadcrumb": (), "width": "wide", "form": None}
#: Where it is said that the worker stands still.
_WATCHING = frozenset({"coordinator.desk", "account.staff", "coordinator.audit"})


def init(app: Flask) -> None:
    """Attach the context to the application."""
    app.jinja_env.globals.update(v=vocabulary, lifecycle=lifecycle)
    app.jinja_env.tests["to_take_over"] = lambda posting: again.may_take_over(access.actor(), posting)
    app.context_processor(_context)


def home_endpoint(actor: permissions.Actor) -> str:
    """The first page of whoever is asking."""
    if actor.is_staff:
        return "coordinator.desk"
    if actor.role == "operator":
        return "account.staff"
    return {"company": "company.home", "npo": "npo.home"}.get(actor.organization_kind or "", "public.top")


def home_url(actor: permissions.Actor) -> str:
    """Where whoever is asking begins."""
    endpoint = home_endpoint(actor)
    return url_for(endpoint) if endpoint in current_app.view_functions else "/"


def _context() -> dict[str, Any]:
    actor = g.get("actor", permissions.ANONYMOUS)
    return {
        **FRAME,
        "actor": actor,
        "city": _city(),
        "navigation": _navigation(actor),
        "unread_notices": _unread(actor).get(actor.organization_id, 0),
        "unread_elsewhere": {
            seat.organization_id: _unread(actor).get(seat.organization_id, 0) for seat in actor.elsewhere
        },
        "csp_nonce": headers.nonce(),
        "browser_key": _browser_key(actor),
        "arrived": kept.arrived,
        "now": clock.now(),
        "may": lambda action, record=None: permissions.may(access.actor(), action, record),
        "home_url": home_url(actor),
        "worker_trouble": _worker_trouble(actor),
    }


def _browser_key(actor: permissions.Actor) -> str:
    session_id = access.session_id() if actor.is_authenticated else None
    return kept.browser_key(session_id, actor) if session_id else ""


def _city() -> cities.City:
    if "city" not in g:
        try:
            g.city = cities.get(db.session())
        except Exception:  # an error page must render even when the database is away
            g.city = cities.UNKNOWN
    found: cities.City = g.city
    return found


def _unread(actor: permissions.Actor) -> Mapping[int | None, int]:
    if "unread" not in g:
        try:
            g.unread = notices.unread_counts(db.session(), actor)
        except Exception:
            g.unread = {}
    counts: Mapping[int | None, int] = g.unread
    return counts


def _worker_trouble(actor: permissions.Actor) -> seen.State | None:
    """How the worker is, if it is not well, on the first pages of those who can have it mended."""
    if request.endpoint not in _WATCHING or not (actor.is_staff or actor.role == "operator"):
        return None
    try:
        found = seen.state(db.session(), PIECE_NAMES)
    except Exception:  # as above
        return None
    return None if found.is_well else found


def _navigation(actor: permissions.Actor) -> list[dict[str, Any]]:
    if actor.is_staff:
        group = "staff"
    elif actor.role == "operator":
        group = "operator"
    else:
        group = actor.organization_kind or "public"
    entries = _NAVIGATION[group]
    if actor.role == "manager":
        entries = (*entries, *_NAVIGATION["operator"])
    here = request.endpoint or ""
    return [
        {"label": _(label), "url": url_for(endpoint), "current": here == endpoint, "count": None}
        for label, endpoint in entries
        if endpoint in current_app.view_functions
    ]
