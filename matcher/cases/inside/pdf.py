"""Scripts, launches and files inside a PDF."""

import contextlib
import re
import zlib
from collections.abc import Iterator
from typing import Final

from matcher.ground.errors import Invalid


def _pdf_name(name: str) -> bytes:
    """A pattern for ``name``, any of its characters written as ``#4a``."""
    letters = []
    for char in name:
        code = "".join(f"[{digit}{digit.upper()}]" for digit in f"{ord(char):02x}")
        letters.append(f"(?:{char}|#{code})")
    return "".join(letters).encode()


_SPACE: Final = rb"\x00\t\n\f\r "
_BOUNDARY: Final = rb"(?=[" + _SPACE + rb"()<>\[\]{}/%]|\Z)"
#: Three bytes are met by chance in a scanned page; /JS counts where a script or a reference to one follows.
_SCRIPT: Final = rb"[" + _SPACE + rb"]*(?:[(%]|<[" + _SPACE + rb"<>0-9A-Fa-f]|[0-9][0-9%" + _SPACE + rb"])"
#: The first letters once more in front: what consists of slashes is gone through three times as fast.
_ACTIVE_IN_PDF: Final = re.compile(
    rb"/(?=[JLE#])(?:"
    + rb"|".join(
        [_pdf_name(name) + _BOUNDARY for name in ("JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles")]
        + [_pdf_name("JS") + _BOUNDARY + _SCRIPT]
    )
    + rb")"
)
_OBJECT_STREAM: Final = re.compile(rb"/" + _pdf_name("ObjStm") + _BOUNDARY)
_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
#: Object streams hold what is no stream itself: pictures and pages of text are not in them. What programs
#: write has some thousands of bytes a page, a hundred objects a stream.
MAX_OBJECTS: Final = 8 * 1024 * 1024
MAX_STREAMS: Final = 10_000
_STEP: Final = 4096  #: bytes that are unpacked at a time, and that unpacking in vain counts


def check(content: bytes) -> None:
    """Refuse what runs when the file is opened; at most ``MAX_OBJECTS`` bytes are unpacked.

    Raises:
        Invalid: ``file`` is "file_type", "file_active" or "file_bomb".
    """
    if b"%%EOF" not in content[-2048:]:
        raise Invalid(file="file_type")
    if _ACTIVE_IN_PDF.search(content):
        raise Invalid(file="file_active")
    if any(_ACTIVE_IN_PDF.search(objects) for objects in _packed_objects(content)):
        raise Invalid(file="file_active")


def _packed_objects(content: bytes) -> Iterator[bytes]:
    """The deflated object streams, unpacked; what is packed or encrypted otherwise is not looked into.

    Of a damaged one, what comes out before the damage: that is what readers show, too. Each is followed to
    the end that its packing has, not to the word "endstream", which may stand within; the next is looked for
    within it, too, as a comment may look like the beginning of one.
    """
    position, left, count = 0, MAX_OBJECTS, 0
    while found := _OBJECT_STREAM.search(content, position):
        start = _STREAM.search(content, found.end())
        if start is None:
            return
        position, count = start.end(), count + 1
        if count > MAX_STREAMS:
            raise Invalid(file="file_bomb")
        objects, left = _inflated(memoryview(content)[position:], left)
        yield objects


def _inflated(packed: memoryview, left: int) -> tuple[bytes, int]:
    """What comes out, and what is left of the bytes that may; what goes in counts where it is more."""
    unpacker, pieces, place = zlib.decompressobj(), list[bytes](), 0
    while place < len(packed) and not unpacker.eof:
        given = packed[place : place + _STEP]
        before = unpacker.copy()
        try:
            piece = unpacker.decompress(given, _STEP)
        except zlib.error:
            rest = list(_up_to_the_damage(before, given))
            left -= _STEP + 16 * len(rest)  # a byte at a time takes longer
            pieces += rest
            break
        taken = len(given) - len(unpacker.unconsumed_tail) - len(unpacker.unused_data)
        place += taken
        left -= max(len(piece), taken)
        if left < 0:
            break
        pieces.append(piece)
    if left < 0:
        raise Invalid(file="file_bomb")
    return b"".join(pieces), left


def _up_to_the_damage(unpacker: "zlib._Decompress", packed: memoryview) -> Iterator[bytes]:
    with contextlib.suppress(zlib.error):
        for place in range(len(packed)):
            yield unpacker.decompress(packed[place : place + 1], _STEP)
