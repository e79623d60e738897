"""Macros, embedded objects, fields and relations inside an Office file, and how much it unpacks to."""

import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from defusedxml.common import DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from matcher.ground.errors import Invalid

MAX_MEMBERS: Final = 2_000
MAX_ELEMENTS: Final = 3_000_000  #: of an Office file; a sheet of 100,000 rows and 10 columns has 2.2 million
MAX_LOOKED_INTO: Final = 600_000  #: of them formulas, fields, relations, parts of old drawings

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
MAIN_PART: Final = {
    "xlsx": "xl/workbook.xml",
    "docx": "word/document.xml",
    "pptx": "ppt/presentation.xml",
}
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


def check(extension: str, content: bytes, most: int) -> None:
    """Refuse what runs, loads from elsewhere, or unpacks to more than ``most`` bytes.

    Raises:
        Invalid: ``file`` is "file_type", "file_bomb", "file_active", "file_remote" or "file_broken".
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _check_directory(archive.infolist(), most)
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


def _check_directory(members: list[zipfile.ZipInfo], most: int) -> dict[str, zipfile.ZipInfo]:
    """The members by name in small letters; nothing is unpacked yet, and what passes is small unpacked."""
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > most:
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
    if MAIN_PART[extension] not in parts:
        # A document under the name of another kind is told apart from an archive that is none.
        other = any(main in parts for main in MAIN_PART.values())
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
