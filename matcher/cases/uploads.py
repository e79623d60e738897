"""Decides whether an uploaded attachment may be kept, and in which form.

The extension, the first bytes and the inside must agree; what could run, call out or unpack to too much is
refused. Images are drawn anew, so neither places nor anything hidden behind the pixels is kept.
"""

import contextlib
import hashlib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from defusedxml.common import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from embeddings.normal import nfc
from matcher.ground.errors import Invalid

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_UNPACKED: Final = 50 * 1024 * 1024
MAX_MEMBERS: Final = 2_000
MAX_ELEMENTS: Final = 3_000_000  #: of an Office file; a sheet of 100,000 rows and 10 columns has 2.2 million
MAX_LOOKED_INTO: Final = 600_000  #: of them formulas, fields, relations, parts of old drawings
MAX_PIXELS: Final = 40_000_000
MAX_NAME: Final = 120
MAX_SCANS: Final = 100  #: passes of a progressive JPEG; cameras and programs write about ten

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
_OLE: Final = b"\xd0\xcf\x11\xe0"
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
_MAIN_PART: Final = {
    "xlsx": "xl/workbook.xml",
    "docx": "word/document.xml",
    "pptx": "ppt/presentation.xml",
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
            to too much, encrypted or nested), "file_active" (holds what runs), "file_remote" (loads from
            elsewhere when opened) or "file_broken" (cannot be opened).
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
        _check_pdf(content)
    elif extension == "csv":
        _check_csv(content)
    elif extension in _MAIN_PART:
        _check_office(extension, content)
    else:
        content = _drawn_anew("PNG" if extension == "png" else "JPEG", content)
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
    kept = stem.strip(". ")[: MAX_NAME - len(ending) - 1].rstrip(". ") or "ファイル"
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


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────


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
_STEP: Final = 4096  #: bytes that are unpacked at a time, and that unpacking in vain counts


def _check_pdf(content: bytes) -> None:
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
    position, left = 0, MAX_UNPACKED
    while found := _OBJECT_STREAM.search(content, position):
        start = _STREAM.search(content, found.end())
        if start is None:
            return
        position = start.end()
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


# ── Office ───────────────────────────────────────────────────────────────────────────────────────────

_ACTIVE_PART: Final = re.compile(
    r"vbaproject|vbadata|macrosheet|oleobject|(?:^|/)(?:activex|embeddings|externallinks)/"
)
_ACTIVE_TYPE: Final = re.compile(
    r"macroenabled|vbaproject|vbadata|macrosheet|oleobject|activex|externallink|x-msdownload"
)
_ACTIVE_RELATION: Final = re.compile(
    r"oleobject|package|externallink|externallinkpath|control|activexcontrolbinary|vbaproject|"
    r"xlmacrosheet|xlintlmacrosheet|afchunk"
)
#: A template on one's own disk (of Windows or a Mac) or beside the document is everyday and loads nothing; a
#: share is on somebody's server.
_OWN_DISK: Final = re.compile(
    r"(?:file:/{2,3})?[a-z](?::|%3a|\|)[\\/]"
    r"|file:(?://(?:localhost)?)?/(?![\\/]|.*(?:[\\/]|%2f|%5c){2}|%2f|%5c)"
    r"|(?![a-z][a-z0-9+.\-]*:|.*%(?:2f|3a|5c))[^\\/]+\Z",
    re.IGNORECASE,
)
_REMOTE: Final = re.compile(r"\s*(?:https?:|ftp:|file:|[\\/]{2})", re.IGNORECASE)
#: Word carries a field's instruction out, or asks to, when the document is opened.
_RUNNING_FIELD: Final = re.compile(r"\s*dde(?:auto)?\b", re.IGNORECASE)
_LOADING_FIELD: Final = re.compile(r"\s*(?:link|import|include(?:text|picture)?)\b", re.IGNORECASE)
_FIELD: Final = frozenset({"fldSimple", "fldChar", "instrText"})
_WORD: Final = 20  #: letters of an instruction; its first word tells what it does
#: Where Excel keeps formulas: cells, names, conditions of formats and entries, columns of tables.
_FORMULA: Final = frozenset(
    {"f", "definedName", "formula", "formula1", "formula2", "calculatedColumnFormula", "totalsRowFormula"}
)
_LOADING_FORMULA: Final = re.compile(r"\b(?:WEBSERVICE|_xlfn\.IMAGE)\s*\(", re.IGNORECASE)
_NESTED_NAME: Final = re.compile(r"\.(?:zip|7z|rar|gz|tgz|tar|bz2|xz|cab|jar|xlsx|docx|pptx)\Z")
_NESTED: Final = (_ZIP, b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_ENCRYPTED: Final = 0x1
#: Text is gathered of these alone; a field shows its result within.
_SPOKEN: Final = _FORMULA | {"instrText"}
_PIECE: Final = 64 * 1024  #: bytes that are parsed at a time
#: The parser keeps every open element, every name and a whole tag, however long, and gives each element the
#: address of its namespace along. What programs of an office write stays far below.
_MAX_DEPTH: Final = 1_000
_MAX_NAMES: Final = 20_000
_MAX_TAG: Final = 1024 * 1024
_MAX_NAMESPACE: Final = 300
_MAX_WORDS: Final = 1_000  #: pieces of one text, up to 8 KiB each; Excel ends a formula at 8,192 letters


@dataclass
class _Budget:
    """What may still be parsed of a file, all its parts together."""

    elements: int
    looked_into: int

    def spend(self, elements: int, looked_into: int) -> None:
        self.elements -= elements
        self.looked_into -= looked_into
        if self.elements < 0 or self.looked_into < 0:
            raise Invalid(file="file_bomb")


def _check_office(extension: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _check_directory(archive.infolist())
            _check_kind(extension, parts)
            budget = _Budget(MAX_ELEMENTS, MAX_LOOKED_INTO)
            for name, member in parts.items():
                if not member.is_dir():
                    _check_part(name, archive.read(member), budget)
    except Invalid:
        raise
    except Exception as error:
        # Whatever a broken or hostile archive makes the reader raise, to the person it is a broken file.
        raise Invalid(file="file_broken") from error


def _check_directory(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The members by name in small letters; nothing is unpacked yet, and what passes is small unpacked."""
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
        raise Invalid(file="file_bomb")
    parts: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise Invalid(file="file_bomb")
        if member.file_size > 1024 * 1024 and member.file_size > 200 * member.compress_size:
            raise Invalid(file="file_bomb")
        name = member.orig_filename.replace("\\", "/").lower()
        outside = name.startswith("/") or re.match("[a-z]:", name) or ".." in name.split("/")
        # A name twice, or other packing than Office knows: programs would not agree on what is inside.
        packed = member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
        if outside or packed or "\0" in name or name in parts:
            raise Invalid(file="file_broken")
        parts[name] = member
    if any(_ACTIVE_PART.search(name) for name in parts):
        raise Invalid(file="file_active")
    if any(_NESTED_NAME.search(name) for name in parts):
        raise Invalid(file="file_bomb")
    return parts


def _check_kind(extension: str, parts: Mapping[str, zipfile.ZipInfo]) -> None:
    if _MAIN_PART[extension] not in parts:
        # A document under the name of another kind is told apart from an archive that is none.
        other = any(main in parts for main in _MAIN_PART.values())
        raise Invalid(file="file_type" if other else "file_broken")
    if "[content_types].xml" not in parts or min(part.header_offset for part in parts.values()) != 0:
        raise Invalid(file="file_broken")


def _check_part(name: str, data: bytes, budget: _Budget) -> None:
    if data.startswith(_NESTED):
        raise Invalid(file="file_bomb")
    if data.startswith((_OLE, b"MZ")):
        raise Invalid(file="file_active")
    text = data.replace(b"\0", b"")  # UTF-16 hides nothing
    start = text[:1_000].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if (name.endswith((".xml", ".rels", ".vml")) or start.startswith(b"<")) and _DOCTYPE.search(text):
        raise Invalid(file="file_active")
    if name == "[content_types].xml":
        _check_types(data, budget)
    elif name.endswith(".rels"):
        _check_relations(data, budget)
    elif name.endswith(".vml"):
        _check_drawing(data, budget)
    elif name.endswith(".xml") or start.startswith(b"<"):
        # Whatever its name and its folder: relations may call any part the sheet or the text.
        _check_content(data, budget)


def _check_types(data: bytes, budget: _Budget) -> None:
    for _name, attributes, _text in _elements(data, budget):
        if _ACTIVE_TYPE.search(attributes.get("ContentType", "").lower()):
            raise Invalid(file="file_active")


def _check_relations(data: bytes, budget: _Budget) -> None:
    for _name, attributes, _text in _elements(data, budget):
        relation = attributes.get("Type", "").strip().lower().rpartition("/")[2]
        if _ACTIVE_RELATION.fullmatch(relation):
            raise Invalid(file="file_active")
        # Pictures, frames, films, templates, parts of the document: all are loaded on opening, but what
        # one has to click at.
        target = attributes.get("Target", "").strip()
        is_outside = attributes.get("TargetMode", "").strip().lower() == "external" or _REMOTE.match(target)
        own_template = relation == "attachedtemplate" and _OWN_DISK.match(target)
        if is_outside and relation != "hyperlink" and not own_template:
            raise Invalid(file="file_remote")


def _check_content(data: bytes, budget: _Budget) -> None:
    """What Excel calculates and what Word's fields do.

    A field's instruction stands in one attribute, or in pieces between two marks.
    """
    field = together = ""
    for name, attributes, text in _elements(data, budget, _FIELD | _FORMULA):
        if name in _FORMULA:
            if _LOADING_FORMULA.search(text):
                raise Invalid(file="file_remote")
            continue
        if name != "instrText":
            _check_instruction(field)
            field = ""
        written = text if name == "instrText" else _attribute(attributes, "instr")
        field, together = ((before + written).lstrip()[:_WORD] for before in (field, together))
    _check_instruction(field)
    _check_instruction(together)


def _attribute(attributes: Mapping[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.endswith(name)), "")


def _check_instruction(beginning: str) -> None:
    if _RUNNING_FIELD.match(beginning):
        raise Invalid(file="file_active")
    if _LOADING_FIELD.match(beginning):
        raise Invalid(file="file_remote")


def _check_drawing(data: bytes, budget: _Budget) -> None:
    for _name, attributes, _text in _elements(data, budget):
        if _REMOTE.match(attributes.get("src", "")):
            raise Invalid(file="file_remote")


def _elements(
    data: bytes, budget: _Budget, names: Collection[str] | None = None
) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """(name without namespace, attributes, text) of every element, or every one of ``names``.

    Parsed, so that no way of writing a character hides a word; in pieces and without a tree, so that the
    longest document costs no more memory than it has bytes.
    """
    found: list[tuple[str, Mapping[str, str], list[str]]] = []
    parser = DefusedXMLParser(target=object(), forbid_dtd=True)
    expat = parser.parser  # asked directly: a document has millions of elements
    depth = count = 0
    spoken = -1  # how deep the element lies whose text is gathered

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth, count, spoken
        count += 1
        depth += 1
        if depth > _MAX_DEPTH:
            raise Invalid(file="file_bomb")
        local = name.rpartition("}")[2]
        if names is None or local in names:
            words: list[str] = []
            found.append((local, attributes, words))
            if local in _SPOKEN:
                expat.CharacterDataHandler, spoken = words.append, depth

    def end(_name: str) -> None:
        nonlocal depth
        if depth == spoken:
            expat.CharacterDataHandler = None
        depth -= 1

    def space(_prefix: str | None, address: str | None) -> None:
        if len(address or "") > _MAX_NAMESPACE:
            raise Invalid(file="file_bomb")

    expat.ordered_attributes, expat.DefaultHandlerExpand = False, None
    expat.StartElementHandler, expat.EndElementHandler, expat.CharacterDataHandler = start, end, None
    expat.StartNamespaceDeclHandler = space
    try:
        for place in range(0, len(data), _PIECE):
            parser.feed(data[place : place + _PIECE])
            budget.spend(count, len(found) - 1 if found else 0)
            count = 0
            is_long = bool(found) and len(found[-1][2]) > _MAX_WORDS
            if is_long or len(expat.intern) > _MAX_NAMES or place - expat.CurrentByteIndex > _MAX_TAG:
                raise Invalid(file="file_bomb")
            # The last may still be getting its text.
            yield from ((name, attributes, "".join(words)) for name, attributes, words in found[:-1])
            del found[:-1]
        parser.close()
    except DTDForbidden:
        raise Invalid(file="file_active") from None
    yield from ((name, attributes, "".join(words)) for name, attributes, words in found)


# ── Images ───────────────────────────────────────────────────────────────────────────────────────────


def _drawn_anew(kind: str, content: bytes) -> bytes:
    """The first frame, upright and encoded again; ``kind`` is "PNG" or "JPEG"."""
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
            return _encoded(kind, _bare(kind, image))
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


def _encoded(kind: str, image: "Image.Image") -> bytes:
    attempts = [{"quality": 90}, {"quality": 75}] if kind == "JPEG" else [{}, {"compress_level": 9}]
    for options in attempts:
        target = io.BytesIO()
        image.save(target, kind, **options)
        if target.tell() <= MAX_BYTES:
            return target.getvalue()
    raise Invalid(file="file_too_large")
