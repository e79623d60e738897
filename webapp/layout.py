"""Lays out papers and tables: HTML as PDF, cells as an Excel workbook, both in a zip. Asks nobody.

It is the program of the press (see ``webapp.press``), too, so that neither WeasyPrint nor a big workbook
holds up a process that answers people: it runs in an interpreter of its own, with low priority and limits on
time and memory, and imports nothing else of ours.
"""

import gc
import io
import json
import os
import resource
import select
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import xlsxwriter

NICE: Final = 10
CPU_SECONDS: Final = 120  #: for one paper
MEMORY: Final = 2 * 1024 * 1024 * 1024
IDLE_SECONDS: Final = 600  #: a press without work ends

# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────

#: Everything is in the document; one that asks for anything else is a mistake of ours.
_NOTHING_OUTSIDE: Final = "expected a document without outside parts, found"


def pdf(html: str) -> bytes:
    """An HTML document as A4 PDF.

    Raises:
        OSError: the machine lacks Pango.
    """
    from weasyprint import HTML  # takes a second, and is wanted in the press alone

    content: bytes = HTML(string=html, url_fetcher=_refuse).write_pdf(
        pdf_variant="pdf/ua-1", custom_metadata=False
    )
    return content


def picture(html: str) -> bytes:
    """An HTML document of one page as PNG, a pixel for each CSS pixel of its size.

    Made by way of a PDF: so it has the lines, the fonts and the fallbacks for rare letters that papers have.
    """
    import pypdfium2  # as above

    document = pypdfium2.PdfDocument(pdf(html))
    image = document[0].render(scale=96 / 72).to_pil()
    target = io.BytesIO()
    # 128 colours are enough for flat areas and the edges of letters, and halve what a telephone must load.
    image.convert("RGB").quantize(128).save(target, "PNG", optimize=True)
    document.close()
    return target.getvalue()


def _refuse(url: str, *_rest: Any, **_more: Any) -> dict[str, Any]:
    raise ValueError(f"{_NOTHING_OUTSIDE} {url!r}")


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────────

#: What stands in a column, as on the screen but sortable: a real date in Japanese years, a number of days.
FORMATS: Final[Mapping[str, str]] = {
    "text": "@",
    "number": "#,##0.##",
    "day": '[$-411]ggge"年"m"月"d"日"',
    "days": '[=0]"今日";0"日"',
}

Plain = str | int | float | date | None
_TOP: Final = 4  #: title, maker and conditions stand above the header


@dataclass(frozen=True)
class Page:
    """What stands around the rows of one worksheet; every text is written as it is, never as a formula."""

    name: str
    title: str
    made: str
    conditions: str
    columns: list[tuple[str, int, str]]  #: label, width, key of ``FORMATS``
    notes: list[str]
    footer: str


def workbook(title: str, company: str, pages: Iterable[tuple[Page, Iterable[Iterable[Plain]]]]) -> bytes:
    """An .xlsx file: title lines, frozen header, filters, and a set-up for A4 landscape."""
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": FORMATS["day"],
    }
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": title, "company": company})
        for page, rows in pages:
            _write(book, page, rows)
    return target.getvalue()


def _write(book: Any, page: Page, rows: Iterable[Iterable[Plain]]) -> None:
    sheet = book.add_worksheet(page.name)
    font = {"font_name": "游ゴシック", "font_size": 10, "valign": "top"}
    title = book.add_format({**font, "bold": True, "font_size": 14})
    small = book.add_format({**font, "font_size": 9})
    head = book.add_format({**font, "bold": True, "border": 1, "bg_color": "#E8F1FE", "text_wrap": True})
    shapes = {
        kind: book.add_format({**font, "border": 1, "text_wrap": kind == "text", "num_format": shape})
        for kind, shape in FORMATS.items()
    }
    sheet.write_string(0, 0, page.title, title)
    sheet.write_string(1, 0, page.made, small)
    sheet.write_string(2, 0, page.conditions, small)
    for place, (label, width, _kind) in enumerate(page.columns):
        sheet.set_column(place, place, width)
        sheet.write_string(_TOP, place, label, head)
    last = _TOP
    for last, values in enumerate(rows, start=_TOP + 1):
        for place, ((_label, _width, kind), value) in enumerate(zip(page.columns, values, strict=True)):
            _put(sheet, last, place, value, shapes[kind], shapes["text"])
    for row, note in enumerate(page.notes, start=last + 2):
        sheet.write_string(row, 0, note, small)
    sheet.freeze_panes(_TOP + 1, 1)
    sheet.autofilter(_TOP, 0, max(last, _TOP + 1), max(len(page.columns) - 1, 0))
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_TOP)
    sheet.set_footer(f"&L&9{page.footer}&R&9&P / &N")


def _put(sheet: Any, row: int, place: int, value: Plain, shape: Any, text_shape: Any) -> None:
    if value is None or value == "":
        sheet.write_blank(row, place, None, shape)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), shape)  # noqa: DTZ001
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value, shape)
    else:
        sheet.write_string(row, place, value, text_shape)


# ── Sources: what is given to the press, in a file ───────────────────────────────────────────────────


def paper_source(html: str) -> Iterator[bytes]:
    """The source of a PDF."""
    yield html.encode()


def book_source(
    title: str, company: str, pages: Iterable[tuple[Page, Iterable[Iterable[Plain]]]]
) -> Iterator[bytes]:
    """The source of a workbook. A line a row: writing a whole table as JSON would hold up everybody."""
    yield _line({"title": title, "company": company})
    for page, rows in pages:
        yield _line(asdict(page))
        for values in rows:
            yield _line([{"day": one.isoformat()} if isinstance(one, date) else one for one in values])


def bundle_source(texts: Mapping[str, str], papers: Mapping[str, str]) -> Iterator[bytes]:
    """The source of a zip: name → text that is kept as it is, name → HTML that becomes a PDF."""
    yield _line({"texts": dict(texts), "papers": dict(papers)})


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _paper(source: Path) -> bytes:
    return pdf(source.read_text(encoding="utf-8"))


def _picture(source: Path) -> bytes:
    return picture(source.read_text(encoding="utf-8"))


def _book(source: Path) -> bytes:
    with source.open(encoding="utf-8") as lines:
        head = json.loads(next(lines))
        following: list[Any] = [json.loads(next(lines))]

        def rows() -> Iterator[list[Plain]]:
            for line in lines:
                value = json.loads(line)
                if isinstance(value, dict):
                    following.append(value)
                    return
                yield [date.fromisoformat(one["day"]) if isinstance(one, dict) else one for one in value]

        def pages() -> Iterator[tuple[Page, Iterator[list[Plain]]]]:
            while following:
                yield Page(**following.pop()), rows()

        return workbook(head["title"], head["company"], pages())


def _bundle(source: Path) -> bytes:
    parts = json.loads(source.read_bytes())
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts["texts"].items():
            packed.writestr(name, text)
        for name, html in parts["papers"].items():
            packed.writestr(name, pdf(html))
    return target.getvalue()


#: kind of a job → how its source becomes a file
_MAKERS: Final = {"paper": _paper, "picture": _picture, "book": _book, "bundle": _bundle}


# ── The program of the press ─────────────────────────────────────────────────────────────────────────


def _lay_out(kind: str, source: Path, target: Path) -> str:
    """The code of an error, empty where ``target`` now holds what was asked for."""
    try:
        content = _MAKERS[kind](source)
    except OSError as error:
        # cffi says so where a library of the machine is missing.
        return "no_pdf_library" if "library" in str(error) else "paper_broken"
    except MemoryError:
        return "paper_too_large"
    except Exception:
        # Whatever the layouter stumbles over, to the person it is a paper that could not be made.
        return "paper_broken"
    fresh = target.with_suffix(f".{os.getpid()}")
    with fresh.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.rename(target)
    return ""


def main() -> None:
    """Lay out what stands on standard input, a JSON list a line, and answer each with a line."""
    os.umask(0o077)
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    orders, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    while select.select([orders], [], [], IDLE_SECONDS)[0]:
        line = orders.readline()
        if not line:
            return
        kind, source, target = json.loads(line)
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime) + 1
        # Also where nobody watches any more: past this the kernel ends the process.
        resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_SECONDS, resource.RLIM_INFINITY))
        answers.write(json.dumps(_lay_out(kind, Path(source), Path(target))) + "\n")
        answers.flush()
        gc.collect()


if __name__ == "__main__":
    main()
