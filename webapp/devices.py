"""Which people signed in by this browser before: a signed cookie that outlives the session.

It opens nothing. It only keeps what strangers try elsewhere from shutting its owner out (see
``matcher.register.throttle``); each person in it has an id of their own, under which the browser's own tries
are counted.
"""

import secrets
from collections.abc import Mapping
from typing import Final

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from matcher.records import User

LIVES_SECONDS: Final = 365 * 24 * 3600
MOST_PEOPLE: Final = 5  #: of a shared computer, the latest


def init(app: Flask) -> None:
    """Attach the cookie to the application."""
    app.after_request(_send)


def known() -> Mapping[str, str]:
    """Public id of a person → secret id of this browser for them; empty for a new or forged cookie."""
    try:
        found = _serializer().loads(request.cookies.get(_name(), "")[:4096], max_age=LIVES_SECONDS)
    except BadSignature:
        return {}
    return {str(person): str(device) for person, device in found.items()} if isinstance(found, dict) else {}


def remember(user: User) -> None:
    """Know this browser again when ``user`` signs in the next time."""
    others = {person: device for person, device in known().items() if person != user.public_id}
    device = known().get(user.public_id) or secrets.token_urlsafe(16)
    g.devices = dict([*others.items(), (user.public_id, device)][-MOST_PEOPLE:])


def _send(response: Response) -> Response:
    if "devices" in g and response.status_code < 400:
        response.set_cookie(
            _name(),
            str(_serializer().dumps(g.devices)),
            max_age=LIVES_SECONDS,
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
            httponly=True,
            samesite="Lax",
        )
    return response


def _name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-device"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="device")
