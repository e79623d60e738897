"""Folders of texts to measure a ranking on: companies, NPOs, known partnerships, graded judgments.

Four files in JSON Lines: ``companies.jsonl`` and ``npos.jsonl`` (``id``, ``name``, ``text``, ``region``),
``partnerships.jsonl`` (``company_id``, ``npo_id``) and ``judgments.jsonl`` (``query_id``, ``direction``,
``query_text``, ``query_region``, ``candidates`` of ``id``, ``grade``); the last two may be missing.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from matcher.ground.errors import Invalid

Direction = Literal["company_to_npo", "npo_to_company"]
Ranker = Callable[["Query"], Sequence[str]]

DIRECTIONS: Final[tuple[Direction, ...]] = ("company_to_npo", "npo_to_company")
RELEVANT: Final = 2  #: from this grade on a judged candidate counts as good


@dataclass(frozen=True)
class Record:
    """One organization of a folder."""

    id: str
    name: str
    text: str
    region: str


@dataclass(frozen=True)
class Query:
    """One question: who asks, among whom, and what is known to be right."""

    id: str
    direction: Direction
    text: str
    region: str
    grades: Mapping[str, int]  #: id → grade; partners that really were have 3
    candidates: tuple[str, ...] = ()  #: only these are ranked; all of the other side when empty

    @property
    def is_judged(self) -> bool:
        """Whether its candidates were graded, rather than known from a partnership."""
        return bool(self.candidates)


@dataclass(frozen=True)
class Folder:
    """What a folder holds."""

    companies: Mapping[str, Record]
    npos: Mapping[str, Record]
    queries: tuple[Query, ...]


def read(folder: Path) -> Folder:
    """Read a folder.

    Without ``partnerships.jsonl`` every organization asks, with nothing known to be right.

    Raises:
        Invalid: naming the file and the line that cannot be read.
    """
    companies, npos = _records(folder, "companies.jsonl"), _records(folder, "npos.jsonl")
    if companies.keys() & npos.keys():
        raise Invalid(file="npos.jsonl: ids that companies.jsonl has too")
    return Folder(
        companies, npos, (*_partner_queries(folder, companies, npos), *_judged(folder, companies, npos))
    )


def _lines(folder: Path, name: str, keys: Collection[str]) -> list[dict[str, Any]]:
    rows = []
    try:
        written = (folder / name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(file=f"{name}: {error}") from error
    for number, line in enumerate(written.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            missing = keys - row.keys()
        except (ValueError, AttributeError) as error:
            raise Invalid(file=f"{name}, line {number}: {error}") from error
        if missing:
            raise Invalid(file=f"{name}, line {number}: {', '.join(sorted(missing))} missing")
        rows.append(row)
    return rows


def _records(folder: Path, name: str) -> dict[str, Record]:
    rows = _lines(folder, name, {"id", "text"})
    return {
        str(row["id"]): Record(
            str(row["id"]),
            _storable(row.get("name") or row["id"]),
            _storable(row["text"]),
            str(row.get("region") or "").strip(),
        )
        for row in rows
    }


def _storable(text: Any) -> str:
    """Without halves of surrogate pairs, which JSON may hold and no database takes."""
    return str(text).encode("utf-8", "ignore").decode()


def _partner_queries(
    folder: Path, companies: Mapping[str, Record], npos: Mapping[str, Record]
) -> list[Query]:
    partners: dict[tuple[Direction, str], dict[str, int]] = {}
    if (folder / "partnerships.jsonl").exists():
        for row in _lines(folder, "partnerships.jsonl", {"company_id", "npo_id"}):
            company, npo = str(row["company_id"]), str(row["npo_id"])
            if company in companies and npo in npos:
                partners.setdefault(("company_to_npo", company), {})[npo] = 3
                partners.setdefault(("npo_to_company", npo), {})[company] = 3
    else:
        partners = {("company_to_npo", company): {} for company in companies}
        partners |= {("npo_to_company", npo): {} for npo in npos}
    return [
        Query(asker, direction, record.text, record.region, grades)
        for (direction, asker), grades in sorted(partners.items())
        for record in [companies[asker] if direction == "company_to_npo" else npos[asker]]
    ]


def _judged(folder: Path, companies: Mapping[str, Record], npos: Mapping[str, Record]) -> list[Query]:
    if not (folder / "judgments.jsonl").exists():
        return []
    result = []
    keys = {"query_id", "direction", "query_text", "candidates"}
    for number, row in enumerate(_lines(folder, "judgments.jsonl", keys), start=1):
        side = {"company_to_npo": npos, "npo_to_company": companies}.get(row["direction"])
        if side is None:
            raise Invalid(file=f"judgments.jsonl, row {number}: direction {row['direction']!r}")
        try:
            grades = {str(c["id"]): int(c.get("grade") or 0) for c in row["candidates"] if c["id"] in side}
        except (TypeError, KeyError, ValueError) as error:
            raise Invalid(file=f"judgments.jsonl, row {number}: candidates") from error
        text, region = _storable(row["query_text"]), str(row.get("query_region") or "").strip()
        result.append(Query(str(row["query_id"]), row["direction"], text, region, grades, tuple(grades)))
    return result
