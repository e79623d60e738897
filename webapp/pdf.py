"""Pages as A4 PDF: an HTML template of its own, laid out by WeasyPrint with a Japanese font. Asks nobody."""

from typing import Any

from flask import render_template
from werkzeug.wrappers import Response

from matcher.errors import Refused
from webapp import sheets

#: Everything is in the template; a document that asks for anything else is a mistake of ours.
_NOTHING_OUTSIDE = "expected a document without outside parts, found"


def render(template: str, **facts: Any) -> bytes:
    """The PDF of a template under ``pdf/``. WeasyPrint is imported here: it takes half a second.

    Raises:
        Refused: ``no_pdf_library`` where the machine lacks Pango.
    """
    try:
        from weasyprint import HTML
    except OSError as error:
        raise Refused("no_pdf_library") from error

    html = render_template(f"pdf/{template}", **facts)
    content: bytes = HTML(string=html, url_fetcher=_refuse).write_pdf(
        pdf_variant="pdf/ua-1", custom_metadata=False
    )
    return content


def download(name: str, template: str, **facts: Any) -> Response:
    """The PDF as an attachment called ``name``."""
    return sheets.attachment(render(template, **facts), f"{name}.pdf", "application/pdf")


def _refuse(url: str, *_rest: Any, **_more: Any) -> dict[str, Any]:
    raise ValueError(f"{_NOTHING_OUTSIDE} {url!r}")
