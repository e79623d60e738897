"""Pages as A4 PDF: an HTML template of its own, laid out by the press (see ``making``)."""

from collections.abc import Mapping
from typing import Any, Final

from werkzeug.wrappers import Response

from webapp import frozen, layout, making

#: What not every paper bears in its head: a case, a version, and what no record proves.
_UNSAID: Final[Mapping[str, Any]] = {"case": None, "document": None, "doubts": ""}


def source(template: str, facts: Mapping[str, Any]) -> str:
    """The HTML of a template under ``pdf/``: all that the press is given, made of plain values alone."""
    return str(frozen.render(f"pdf/{template}", {**_UNSAID, **facts}))


def download(name: str, template: str, facts: Mapping[str, Any]) -> Response:
    """The PDF as an attachment called ``name``, at once or as soon as it is made."""
    making.begin()
    return making.deliver("paper", layout.paper_source(source(template, facts)), f"{name}.pdf")
