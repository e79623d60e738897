"""Images are drawn anew: neither places nor anything hidden behind the pixels is kept."""

import io
import re
from typing import TYPE_CHECKING, Final

from matcher.ground.errors import Invalid

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS: Final = 40_000_000
MAX_SCANS: Final = 100  #: passes of a progressive JPEG; cameras and programs write about ten


def drawn_anew(kind: str, content: bytes, most: int) -> bytes:
    """The first frame, upright and encoded again in at most ``most`` bytes; ``kind`` is "PNG" or "JPEG".

    Raises:
        Invalid: ``file`` is "file_bomb", "file_broken" or "file_too_large".
    """
    from PIL import Image, ImageFile  # noqa: PLC0415 – loaded only where images come in

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    # WeasyPrint lets truncated images pass in the whole process, from its import on.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    if kind == "JPEG" and _scans(content) > MAX_SCANS:
        raise Invalid(file="file_bomb")
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Invalid(file="file_bomb")
            image.load()
            return _encoded(kind, _bare(kind, image), most)
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid(file="file_bomb") from None
    except Exception as error:
        # Whatever a broken or hostile image makes the decoder raise, to the person it is a broken file.
        raise Invalid(file="file_broken") from error


def _scans(content: bytes) -> int:
    """How many passes a JPEG takes: each is drawn over the whole image, however few bytes it has."""
    count, position = 0, 2
    marker = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
    while (found := marker.search(content, position)) and found[1] != b"\xd9":
        count += found[1] == b"\xda"
        length = 0 if found[1] in {b"\x01", b"\xd8"} else int.from_bytes(content[found.end() :][:2], "big")
        position = found.end() + length
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
