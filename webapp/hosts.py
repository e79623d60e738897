"""For which host names this service answers; any other is refused with 400, in words.

Without ``TRUSTED_HOSTS`` that is every well-formed one.

Flask's own check raises again while the error page is made, since every address on that page asks for the
host. So the header is looked at once, before Flask sees it: a foreign one is marked and replaced by our own
name, and the request is refused as its first step.
"""

import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask, abort, g, request

from matcher.ground.permissions import ANONYMOUS
from webapp.config import Settings

#: Monitoring asks by address or as localhost; the answer is one word and names nothing.
EVERYWHERE: Final = "/healthz"

_MARK: Final = "enmusubi.foreign_host"
_HOST: Final = re.compile(
    r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9._-]{0,252}[a-z0-9_])?\.?)(:[0-9]{1,5})?", re.ASCII
)

_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def init(app: Flask, settings: Settings) -> None:
    """Attach the check; it must come before all others, and inside of what reads a proxy's headers."""
    trusted = [name for name in map(_name, settings.trusted_hosts.split(",")) if name]
    app.wsgi_app = _marking(app.wsgi_app, trusted)  # type: ignore[method-assign, assignment]
    app.before_request(_refuse)


def _marking(application: _Application, trusted: list[str]) -> _Application:
    def marked(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # HTTP/1.0 sends none; then it is the address on which we listen.
        host = environ.get("HTTP_HOST", environ.get("SERVER_NAME", "")).lower()
        if _is_trusted(_name(host), trusted):
            environ["HTTP_HOST"] = host  # names have no case; comparing them later has
        else:
            environ[_MARK] = True
            environ["HTTP_HOST"] = trusted[0].lstrip(".") if trusted else "localhost"
        return application(environ, start_response)

    return marked


def _refuse() -> None:
    if request.environ.get(_MARK) and request.path != EVERYWHERE:
        g.actor, g.request_id, g.foreign_host = ANONYMOUS, secrets.token_hex(8), True
        abort(400)


def _name(typed: str) -> str:
    """A host as it is compared: lower case, without port and final dot, addresses in one form; or ""."""
    typed = typed.strip().lower()
    suffix, typed = typed[:1] == ".", typed.removeprefix(".")
    if not typed.isascii():
        try:
            typed = typed.encode("idna").decode()
        except UnicodeError:
            return ""
    found = _HOST.fullmatch(typed)
    if found is None or not 1 <= int((found[2] or ":1")[1:]) <= 65535:
        return ""
    name = found[1].removesuffix(".")
    if name.startswith("["):
        try:
            name = f"[{ipaddress.IPv6Address(name[1:-1])}]"
        except ValueError:
            return ""
    return f".{name}" if suffix else name


def _is_trusted(name: str, trusted: list[str]) -> bool:
    if not name or name.startswith("."):
        return False
    return not trusted or any(
        name == known.lstrip(".") or (known.startswith(".") and name.endswith(known)) for known in trusted
    )
