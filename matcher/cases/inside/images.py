"""Images are drawn anew: neither places nor anything hidden behind the pixels is kept."""

import io
import re
from typing import TYPE_CHECKING, Final

from matcher.ground.errors import Invalid

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS: Final = 40_000_000
MAX_SCANS: Final = 100  #: passes of a progressive JPEG; cameras and programs write about ten
MAX_DRAWN: Final = 600_000_000  #: pixels times passes: the largest picture in fifteen


def drawn_anew(kind: str, content: bytes, most: int) -> bytes:
    """The first frame, upright and encoded again in at most ``most`` bytes; ``kind`` is "PNG" or "JPEG".

    Raises:
        Invalid: ``file`` is "file_picture" (too many pixels, or drawn too often), "file_broken" or
            "file_too_large".
    """
    from PIL import Image, ImageFile  # noqa: PLC0415 – loaded only where images come in

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    # WeasyPrint lets truncated images pass in the whole process, from its import on.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    scans = _scans(content) if kind == "JPEG" else 1
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as image:
            pixels = image.width * image.height
            if pixels > MAX_PIXELS or scans > MAX_SCANS or pixels * scans > MAX_DRAWN:
                raise Invalid(file="file_picture")
            image.load()
            return _encoded(kind, _bare(kind, image), most)
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid(file="file_picture") from None
    except Exception as error:
        # Whatever a broken or hostile image makes the decoder raise, to the person it is a broken file.
        raise Invalid(file="file_broken") from error


def _scans(content: bytes) -> int:
    """How many passes a JPEG takes: each is drawn over the whole image, however few bytes it has."""
    count, position = 0, 2
    # One FF, not a run of them: a run that no marker ends would be searched again from each of its bytes.
    marker = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
    while (found := marker.search(content, position)) and found[1] != b"\xd9":
        count += found[1] == b"\xda"
        position = found.end()
        if found[1] not in {b"\x01", b"\xd8"}:
            position += int.from_bytes(content[position : position + 2], "big")
    return count


def _bare(kind: str, image: "Image.Image") -> "Image.Image":
    """The loaded image, upright, in a mode its format keeps, and without anything but pixels."""
    from PIL import ImageOps  # noqa: PLC0415

    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:
        # Cameras write damaged EXIF, too; the picture is then kept as it lies.
        image.info.pop("exif", None)
    result = image
    if kind == "JPEG" and image.mode not in {"L", "RGB"}:
        result = image.convert("RGB")
    elif "transparency" in image.info and image.mode in {"1", "L", "P", "RGB"}:
        result = image.convert("RGBA")
    result.info = {}
    return result


def _encoded(kind: str, image: "Image.Image", most: int) -> bytes:
    attempts = [{"quality": 90}, {"quality": 75}] if kind == "JPEG" else [{}, {"compress_level": 9}]
    for options in attempts:
        target = io.BytesIO()
        image.save(target, kind, **options)
        if target.tell() <= most:
            return target.getvalue()
    raise Invalid(file="file_too_large")
