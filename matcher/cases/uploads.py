"""Decides whether an uploaded attachment may be kept, and in which form.

The extension, the first bytes and the inside must agree; what could run, call out or unpack to too much is
refused. Images are drawn anew, so neither places nor anything hidden behind the pixels is kept.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from embeddings.normal import nfc
from matcher.cases.inside import images, office, pdf
from matcher.ground import vocabulary
from matcher.ground.errors import Invalid

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_UNPACKED: Final = 50 * 1024 * 1024
MAX_NAME: Final = 120

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "png": "image/png",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "xlsx": f"{_OFFICE}spreadsheetml.sheet",
        "docx": f"{_OFFICE}wordprocessingml.document",
        "pptx": f"{_OFFICE}presentationml.presentation",
        "csv": "text/csv",
    }
)

#: What a browser offers to choose from. Without HEIC in it, an iPhone hands its photos over as JPEG.
ACCEPT: Final = ",".join([*(f".{extension}" for extension in KINDS), *dict.fromkeys(KINDS.values())])

#: The pictures of phones (HEIC, HEIF, AVIF), by the brand in their first box, whatever their name is.
_HEIF: Final = re.compile(rb"....ftyp(?:hei[cxms]|hev[cxms]|mif[12]|msf1|avi[fs])", re.DOTALL)
#: What Python reads from single bytes that Shift_JIS does not have.
_NOT_SHIFT_JIS: Final = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
_ZIP: Final = b"PK\x03\x04"
_MAGIC: Final = {
    "pdf": b"%PDF",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff",
    "jpeg": b"\xff\xd8\xff",
    "xlsx": _ZIP,
    "docx": _ZIP,
    "pptx": _ZIP,
    "csv": b"",
}

#: What must not stand before the real extension. "見積.xlsx.pdf" is what printing to PDF makes, and may.
_RUNS: Final = re.compile(
    r"ade|adp|apk|app|application|appx|asp|aspx|bat|cgi|chm|cmd|com|command|cpl|desktop|dll|dmg|docm|dotm|"
    r"exe|gadget|hta|htm|html|img|inf|ins|iqy|iso|jar|js|jse|jsp|lnk|mjs|msc|msi|msix|msp|mst|one|phar|"
    r"php|phtml|pif|pl|potm|ppam|ppsm|pptm|ps1|ps1xml|psm1|py|rb|reg|scf|scr|sct|sh|shtml|sldm|slk|svg|"
    r"swf|sys|url|vb|vbe|vbs|vhd|vhdx|wsc|wsf|wsh|xhtml|xht|xla|xlam|xll|xlsb|xlsm|xltm|7z|cab|gz|rar|tar|"
    r"tgz|zip"
)


@dataclass(frozen=True)
class Checked:
    """A file that may be kept: its name for people, its media type, its bytes and their SHA-256 (hex)."""

    name: str
    media_type: str
    content: bytes
    sha256: str


def check(name: str, content: bytes) -> Checked:
    """Take an uploaded file apart far enough to keep it; ``content`` may differ from what came (images).

    At most ``MAX_BYTES`` bytes, before and after. An image is its first frame, upright, without metadata.

    Raises:
        Invalid: ``file`` is "file_required" (no bytes), "file_too_large", "file_type" (extension unknown,
            doubled or not what the bytes are), "file_heic" (a phone's picture format), "file_bomb" (unpacks
            to too much, encrypted or nested), "file_picture" (too many pixels, or drawn too often),
            "file_active" (holds what runs), "file_remote" (loads from elsewhere when opened) or
            "file_broken" (cannot be opened).
    """
    if not content:
        raise Invalid(file="file_required")
    if len(content) > MAX_BYTES:
        raise Invalid(file="file_too_large")
    if _HEIF.match(content):
        raise Invalid(file="file_heic")
    shown, extension = _clean_name(name)
    if not content.startswith(_MAGIC[extension]):
        raise Invalid(file="file_type")
    if extension == "pdf":
        pdf.check(content)
    elif extension == "csv":
        _check_csv(content)
    elif extension in office.MAIN_PART:
        office.check(extension, content, MAX_UNPACKED)
    else:
        content = images.drawn_anew("PNG" if extension == "png" else "JPEG", content, MAX_BYTES)
    return Checked(shown, KINDS[extension], content, hashlib.sha256(content).hexdigest())


# ── The name ─────────────────────────────────────────────────────────────────────────────────────────


def _clean_name(name: str) -> tuple[str, str]:
    """The name as people see it and its extension in small letters, both after cleaning."""
    # No file system has longer names; the end decides, and normalizing endless marks would take minutes.
    leaf = re.split(r"[/\\]", name)[-1][-1_000:]
    leaf = re.sub(r"\s", " ", leaf)
    leaf = "".join(char for char in leaf if unicodedata.category(char) not in {"Cc", "Cf", "Cs"})
    leaf = re.sub(r'[<>:"|?*]', "_", nfc(leaf))
    leaf = re.sub(r" +", " ", leaf).strip()
    stem, _, ending = leaf.rpartition(".")
    extension = ending.lower()
    if extension not in KINDS:
        raise Invalid(file="file_type")
    kept = stem.strip(". ")[: MAX_NAME - len(ending) - 1].rstrip(". ") or vocabulary.NO_FILE_NAME
    # Cutting the name must not make an extension of its own, either.
    inner = {part.strip().lower() for whole in (stem, kept) for part in whole.split(".")[1:]}
    if any(_RUNS.fullmatch(part) for part in inner):
        raise Invalid(file="file_type")
    return f"{kept}.{ending}", extension


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────


def _check_csv(content: bytes) -> None:
    # The second byte of a Shift_JIS character is never below 0x40, so bytes can be looked at undecoded.
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", content):
        raise Invalid(file="file_type")
    if any(content.startswith(magic) for magic in _MAGIC.values() if magic):
        raise Invalid(file="file_type")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp932")
        except UnicodeDecodeError:
            raise Invalid(file="file_broken") from None
        if _NOT_SHIFT_JIS.search(text):
            raise Invalid(file="file_broken") from None
