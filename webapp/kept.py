"""What was typed is not lost when its writer is signed out: it comes back after signing in, to nobody else.

It travels, encrypted, in a hidden field of the pages between; nothing of it is stored. Every token of a form
carries a mark of who opened the form, so that this is known of a browser that has lost its cookie, too. The
form is opened again with the words in it and never sent by itself. Files and secrets do not travel.
"""

import base64
import hmac
import json
import re
import secrets
import zlib
from dataclasses import dataclass
from typing import Any, Final

import flask
from cryptography.fernet import Fernet, InvalidToken
from flask import Flask, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import escape
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response

from embeddings.normal import nfc
from matcher.ground.permissions import ANONYMOUS, Actor, Seat
from matcher.ground.typed import seen
from webapp import bodies, clock

FIELD: Final = "kept"  #: the hidden field in which it travels
LIVES_SECONDS: Final = 24 * 3600
#: Fields that are typed anew each time; no page carries what was typed in them.
SECRET_FIELDS: Final = frozenset({"password", "current", "again"})

_HIDDEN: Final = frozenset({"csrf_token", "form_id", "version"})
_SECRET_LENGTH: Final = 40  #: of a session's secret, before the mark
_ARRIVED: Final = "arrived"  #: in the session, until the next page
_MOST_ARRIVED: Final = 3  #: of what several tabs send at once: a cookie has little room
_LONGEST_ADDRESS: Final = 300
_SPARE_BYTES: Final = 4 * 1024  #: of a body, for the other fields of the pages between
_CODE: Final = re.compile(r"[0-9A-Za-z_.:-]*")


@dataclass(frozen=True)
class Kept:
    """What was sent to an address of ours, and the mark of who had opened the form."""

    url: str
    fields: list[tuple[str, str]]
    opener: str
    had_files: bool

    @property
    def words(self) -> list[str]:
        """What a person wrote, without codes, numbers and days."""
        return [seen(nfc(value)) for name, value in self.fields if name not in _HIDDEN and not is_code(value)]


def init(app: Flask) -> None:
    """Open forms again with what was kept; after whatever says who is asking and checks the token."""
    app.before_request(_come_back)
    app.after_request(_make_sure)
    app.after_request(_note_arrival)


def is_code(value: str) -> bool:
    """Whether it is what a page gave – a choice, a number, a day – rather than words."""
    return _CODE.fullmatch(value) is not None


# ── Who opened a form ────────────────────────────────────────────────────────────────────────────────


def mark_session(actor: Actor) -> None:
    """Let the tokens of all forms that this browser opens from now on say, to us alone, who opened them and
    in whose name; a form of another name is then none of this session, until its writer has switched back.
    """
    known = str(flask.session.get("csrf_token", ""))
    if known[_SECRET_LENGTH:] != _mark(actor):
        flask.session["csrf_token"] = secret_for(actor, known[:_SECRET_LENGTH])
        g.pop("csrf_token", None)  # the one that was made in this request for who was here before


def secret_for(actor: Actor, known: str = "") -> str:
    """The secret of a session – a new one, or ``known`` – with the mark of its person and organization."""
    fresh = secrets.token_hex(_SECRET_LENGTH // 2)
    return (known if len(known) == _SECRET_LENGTH else fresh) + _mark(actor)


def _mark(actor: Actor) -> str:
    return _mark_of(actor.user_public_id, actor.organization_public_id) if actor.is_authenticated else ""


def _mark_of(person: str | None, organization: str | None) -> str:
    return _keyed(f"opener:{person}:{organization or ''}").hex()[:20]


def browser_key(session_id: str, actor: Actor) -> str:
    """With what the browser of this session seals what is being typed (``static/js/keep.js``): nobody else is
    given it, nor anybody any more once the session has ended.
    """
    return base64.b64encode(_keyed(f"typed:{session_id}:{actor.organization_public_id or ''}")).decode()


def arrived() -> str:
    """The addresses to which was sent what has been taken since the last page, said once."""
    return " ".join(flask.session.pop(_ARRIVED, []))


def _note_arrival(response: Response) -> Response:
    """What was taken leads on; so does some of what was not, with a warning or for want of a session."""
    if request.method != "POST" or response.status_code not in {302, 303} or carried():
        return response
    is_warned = any(category == "warning" for category, _words in flask.session.get("_flashes", ()))
    here = iri_to_uri(request.full_path.rstrip("?"))
    if g.get("actor", ANONYMOUS).is_authenticated and not is_warned and len(here) <= _LONGEST_ADDRESS:
        flask.session[_ARRIVED] = [*flask.session.get(_ARRIVED, []), here][-_MOST_ARRIVED:]
    return response


def other_name(actor: Actor, sealed: str = "") -> Seat | None:
    """In whose name else ``actor`` opened the form that was sent, or whose words are in ``sealed``."""
    found = _unsealed(sealed) if sealed else None
    opener = found.opener if found is not None else "" if sealed else _opener()
    for seat in actor.elsewhere:
        if opener and hmac.compare_digest(opener, _mark_of(actor.user_public_id, seat.public_id)):
            return seat
    return None


def _opener() -> str | None:
    """The mark in the token that was sent; ``None`` where the token is not one of ours."""
    serializer = URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="wtf-csrf-token")
    try:
        secret = serializer.loads(request.form.get("csrf_token", ""))
    except (BadSignature, HTTPException):
        return None
    return secret[_SECRET_LENGTH:] if isinstance(secret, str) else None


# ── Keeping ──────────────────────────────────────────────────────────────────────────────────────────


def ticket(actor: Actor) -> str:
    """What was sent in this request, sealed for the pages between; empty where nothing was typed, or where
    ``actor``, who is asking, is signed in and did not open the form.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    opener = _opener() if request.method == "POST" else None
    if actor.is_authenticated:
        mine = opener == _mark(actor) or other_name(actor) is not None
    else:
        mine = bool(opener) or getattr(view, "audience", None) == "public"
    fields = typed_fields() if opener is not None and mine else []
    if all(name in _HIDDEN or not value for name, value in fields):
        return ""
    here = request.full_path.rstrip("?")
    files = any(upload.filename for upload in request.files.values())
    content = json.dumps([here, fields, opener, files], ensure_ascii=False).encode(errors="replace")
    sealed = _fernet().encrypt_at_time(zlib.compress(content), int(clock.now().timestamp())).decode()
    room = min(bodies.limit_of(view, request.view_args or {}), bodies.TEXT) - _SPARE_BYTES
    return sealed if len(sealed) <= room else ""


def is_strangers() -> bool:
    """Whether nobody was signed in where the form was opened."""
    return _opener() == ""


def typed_fields() -> list[tuple[str, str]]:
    """The fields of a POST as they came; none where one of them is secret or they could not be read."""
    if request.method != "POST":
        return []
    try:
        fields = list(request.form.items(multi=True))
    except (HTTPException, OSError):
        return []
    if any(name in SECRET_FIELDS for name, _value in fields):
        return []
    return [(name, value) for name, value in fields if name not in {"csrf_token", FIELD}]


def carried() -> str:
    """The sealed words that came with this request from one of the pages between."""
    return request.form.get(FIELD, "") if request.method == "POST" else ""


def opened(sealed: str, actor: Actor) -> Kept | None:
    """What was sealed within the last day, if ``actor`` had opened the form, in the same name."""
    found = _unsealed(sealed)
    return found if found is not None and hmac.compare_digest(found.opener, _mark(actor)) else None


def _unsealed(sealed: str) -> Kept | None:
    try:
        content = _fernet().decrypt_at_time(sealed, LIVES_SECONDS, int(clock.now().timestamp()))
    except (InvalidToken, ValueError):
        return None
    url, fields, opener, had_files = json.loads(zlib.decompress(content))
    return Kept(url, [(name, value) for name, value in fields], opener, had_files)


def say_gone() -> None:
    """Say on the next page that what was kept cannot be shown to whoever is asking."""
    flash(_("残してあった入力内容は、期限が切れたか、別の方のものだったため、お見せできません。"), "warning")


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_keyed("kept")))


def _keyed(what: str) -> bytes:
    return hmac.new(str(current_app.config["SECRET_KEY"]).encode(), what.encode(), "sha256").digest()


# ── Coming back ──────────────────────────────────────────────────────────────────────────────────────


def typed() -> "MultiDict[str, str] | None":
    """What the forms of this page are filled with, if their writer came back to it."""
    found: Kept | None = g.get("came_back")
    return None if found is None else MultiDict(found.fields)


def _come_back() -> Any:
    """Answer the button of a page between as if the page had been opened: nothing is sent."""
    sealed = carried()
    if not sealed or request.endpoint in {"account.login", "account.enter_demo", "account.switch"}:
        return None
    here = request.full_path.rstrip("?")
    found = opened(sealed, g.actor)
    if found is None or found.url != here:
        flash(
            _("残してあった入力内容は、期限が切れたか、別の方のものだったため、お見せできません。"), "warning"
        )
        return redirect(here if _page_rule() else url_for("public.top"))
    rule = _page_rule()
    if rule is None:
        return _said_again(found)
    said = _("入力した内容を戻しました。まだ保存されていません。確かめてから、もう一度送ってください。")
    flash(said + (_("ファイルは、もう一度選んでください。") if found.had_files else ""), "information")
    g.came_back, request.method = found, "GET"
    request.url_rule, request.view_args = rule
    return None


def _page_rule() -> Any:
    """The rule and arguments of the page at the address to which was sent; ``None`` where there is none."""
    try:
        return current_app.create_url_adapter(request).match(request.path, "GET", return_rule=True)  # type: ignore[union-attr]
    except HTTPException:
        return None


def _make_sure(response: Response) -> Response:
    """Where the page does not show all the words – the case moved on –, show them by themselves."""
    found: Kept | None = g.get("came_back")
    if found is None:
        return response
    html = response.get_data(as_text=True) if response.status_code == 200 else ""
    if html and all(
        str(escape(line.strip())) in html for words in found.words for line in words.splitlines()
    ):
        return response
    response.headers.pop("Location", None)
    response.status_code, response.mimetype = 200, "text/html"
    response.set_data(_said_again(found))
    return response


def _said_again(found: Kept) -> str:
    return render_template("account/kept.html", kept=found, sealed="")
