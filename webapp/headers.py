"""Security headers on every answer, with a CSP nonce per request."""

import secrets
from typing import Final

from flask import Flask, Response, current_app, g, request

from webapp import assets

#: For what people brought and take away again: should a browser show it after all, nothing in it acts.
DOWNLOAD: Final = "sandbox; default-src 'none'"


def nonce() -> str:
    """The CSP nonce of this request."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    value: str = g.csp_nonce
    return value


def policy() -> str:
    """The content security policy: nothing but our own origin."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce()}'; style-src 'self'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _is_download(response: Response) -> bool:
    return response.headers.get("Content-Disposition", "").startswith("attachment")


def init(app: Flask) -> None:
    """Attach the headers to the application."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = DOWNLOAD if _is_download(response) else policy()
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if request.endpoint != "static" or response.status_code >= 400:
        headers["Cache-Control"] = "no-store"
    elif assets.is_current(request.view_args, request.args.get("v")):
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if current_app.config["SETTINGS"].https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
