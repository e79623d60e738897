"""An address as a QR code that a telephone reads from a poster."""

import io

import segno
from markupsafe import Markup


def code(address: str, title: str) -> Markup:
    """The code as SVG, black on white with its quiet zone; a quarter of it may be covered or torn off."""
    target = io.BytesIO()
    segno.make(address, error="q", micro=False).save(
        target, kind="svg", border=4, xmldecl=False, svgns=True, omitsize=True, title=title
    )
    return Markup(target.getvalue().decode())  # noqa: S704 - made of an address of our own
