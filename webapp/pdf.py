"""Pages as A4 PDF: an HTML template of its own, laid out by the press (see ``making``)."""

from typing import Any

from flask import render_template
from werkzeug.wrappers import Response

from webapp import layout, making


def source(template: str, **facts: Any) -> str:
    """The HTML of a template under ``pdf/``: all that the press is given."""
    return render_template(f"pdf/{template}", **facts)


def download(name: str, template: str, **facts: Any) -> Response:
    """The PDF as an attachment called ``name``, at once or as soon as it is made."""
    making.begin()
    return making.deliver("paper", layout.paper_source(source(template, **facts)), f"{name}.pdf")
