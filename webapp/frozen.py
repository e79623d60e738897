"""Renders what was accepted, decided or published: from plain values, in a place where there is nothing else.

Its templates know words, figures and addresses, but neither the city as it is called today, nor who asks, nor
any record. A record among the facts is an error here, not a name that somebody finds wrong in ten years; and
so is a fact that was not given.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, Final

from flask import Flask, current_app, has_request_context, url_for
from jinja2 import Environment
from markupsafe import Markup

from webapp import (
    bundle_text,
    case_text,
    contract_text,
    db,
    document_text,
    drawing,
    fit_text,
    party_text,
    public_text,
    work_text,
)
from webapp.labels import lifecycle, vocabulary

_LEAVES: Final = (str, int, float, date, type(None))  #: bool is an int, Markup a str, a moment a date
#: Of the names that every template knows: words of Flask-Babel and parts of Jinja.
_SHARED: Final = ("_", "gettext", "ngettext", "pgettext", "npgettext", "range", "namespace")


def init(app: Flask) -> None:
    """Prepare the place."""
    place = app.jinja_env.overlay()
    place.globals = {name: app.jinja_env.globals[name] for name in _SHARED} | {
        "url_for": url_for, "v": vocabulary, "lifecycle": lifecycle, "draw": drawing,
        "work_text": work_text, "case_text": case_text, "bundle_text": bundle_text, "party_text": party_text,
        "document_text": document_text, "contract_text": contract_text, "public_text": public_text,
        "fit_text": fit_text,
    }  # fmt: skip
    app.extensions["frozen"] = place


def render(template: str, facts: Mapping[str, Any]) -> Markup:
    """A template that is given these facts and nothing else.

    Raises:
        TypeError: something among the facts is no plain value.
    """
    require_plain(facts)
    if has_request_context():
        db.settle()  # as before every template: no page is made under the write lock
    place: Environment = current_app.extensions["frozen"]
    return Markup(place.get_template(template).render(**facts))  # noqa: S704 - escaped where it was made


def require_plain(value: Any, where: str = "facts") -> None:
    """Let plain values pass: words, numbers, days, and frozen dataclasses, mappings and sequences of them.

    Raises:
        TypeError: says where something else was found.
    """
    if isinstance(value, _LEAVES):
        return
    if isinstance(value, Mapping):
        for key, part in value.items():
            require_plain(key, f"a key of {where}")
            require_plain(part, f"{where}[{key!r}]")
    elif isinstance(value, list | tuple | set | frozenset):
        for place, part in enumerate(value):
            require_plain(part, f"{where}[{place}]")
    elif is_dataclass(value) and vars(type(value))["__dataclass_params__"].frozen:
        for part in fields(value):
            require_plain(getattr(value, part.name), f"{where}.{part.name}")
    else:
        raise TypeError(f"expected plain values, found {type(value).__name__} at {where}")
