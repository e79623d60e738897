"""One row of an upload: its cells as values, and what is to be said of the record that it describes."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import String, inspect

from embeddings import text as texts
from matcher.city.cities import City
from matcher.ground import calendar, lifecycle, limits, names, numerals, readings
from matcher.ground import posting as posting_fields
from matcher.ground.field import Field
from matcher.ground.typed import Unclear
from matcher.imports import cells as import_cells
from matcher.imports.columns import COLUMNS, Kind
from matcher.imports.findings import Problem
from matcher.imports.known import Known, identity
from matcher.organizations import profile as organization_profile
from matcher.organizations.identity import known_as
from matcher.postings import drafts as posting_drafts
from matcher.postings import terms
from matcher.records import CompanyProfile, Need, NpoProfile, Offer, Organization

_MODELS: Final[Mapping[Kind, tuple[Any, ...]]] = {
    "companies": (Organization, CompanyProfile),
    "npos": (Organization, NpoProfile),
    "needs": (Need,),
    "offers": (Offer,),
}


#: What a person or an organization is called.
_NAMES: Final = ("name", "contact_name", "representative")
_TYPED: Final = frozenset({"text", "url", "email", "phone"})


def parse(
    kind: Kind, number: int, cells: Mapping[str, str], city: City, day_zero: date
) -> tuple[dict[str, Any], list[Problem]]:
    """The values of a row, and what is wrong with its cells or was read from words.

    Args:
        day_zero: from which the workbook counts its days.
    """
    values: dict[str, Any] = {}
    units: dict[str, str] = {}
    problems: list[Problem] = []
    for column in COLUMNS[kind]:
        text = cells.get(column.code, "")
        try:
            cell = import_cells.read(column, text, city, day_zero)
        except Unclear as unclear:
            problems.append(Problem(number, column.heading, unclear.code, unclear.part[:40]))
            continue
        value = cell.value
        if cell.note:
            problems.append(Problem(number, column.heading, cell.note, text[:40], "note", cell.read))
        if cell.unit:
            units[column.code] = cell.unit
        if value is None and column.required:
            problems.append(Problem(number, column.heading, "required"))
        elif isinstance(value, str) and column.kind in _TYPED and _is_too_long(kind, column, value):
            problems.append(Problem(number, column.heading, "too_long", value[:20] + "…"))
        elif isinstance(value, str) and any("\ue000" <= character <= "\uf8ff" for character in value):
            # 外字: each office draws its own characters there, so others see an empty box.
            problems.append(Problem(number, column.heading, "gaiji", value[:40], "note"))
        values[column.code] = value
    return values, problems + _take_unit(kind, number, values, units)


def _take_unit(kind: Kind, number: int, values: dict[str, Any], units: Mapping[str, str]) -> list[Problem]:
    """A unit behind an amount is that of its column, or takes its place where this is empty."""
    if kind not in {"needs", "offers"}:
        return []
    measured = {code: unit for code, unit in units.items() if code in {"quantity", "min_useful"}}
    if not values.get("unit") and "quantity" in measured:
        values["unit"] = measured["quantity"]
    return [
        Problem(number, label_of(kind, code), "unit_differs", unit)
        for code, unit in measured.items()
        if not numerals.same_unit(unit, values.get("unit") or "")
    ]


def _is_too_long(kind: Kind, column: Field, value: str) -> bool:
    return limits.is_too_long(value, column.limit) or len(value) > _column_length(kind, column.code)


@cache
def _column_length(kind: Kind, code: str) -> float:
    """People count graphemes, a database column counts code points."""
    for model in _MODELS[kind]:
        columns = inspect(model).columns
        if code in columns:
            length = getattr(columns[code].type, "length", None)
            return length if isinstance(columns[code].type, String) and length else float("inf")
    return float("inf")


def label_of(kind: Kind, code: str) -> str:
    """The heading of a column."""
    return next(one.heading for one in COLUMNS[kind] if one.code == code)


def _number_problem(kind: Kind, number: int, code: str, values: dict[str, Any]) -> list[Problem]:
    typed = values.get(code)
    values[code] = organization_profile.normal_number(typed)
    if values[code] is None or organization_profile.is_corporate_number(values[code]):
        return []
    values[code] = None
    return [Problem(number, label_of(kind, code), "corporate_number", str(typed)[:40])]


def check_organization(
    kind: Kind, row: dict[str, Any], known: Known, now: datetime, *, is_read: bool
) -> list[Problem]:
    """What is wrong with a company or an NPO as a whole; its values are brought into the kept form. Only
    where its cells could be read (``is_read``) the same further down is a double.
    """
    number, values = row["row"], row["values"]
    problems = _number_problem(kind, number, "corporate_number", values)
    for code, read in (("kana", readings.read), *((name, names.read) for name in _NAMES)):
        typed = values.get(code) or ""
        try:
            values[code] = (read(typed) or None) if typed else None
        except Unclear as unclear:
            problems.append(Problem(number, label_of(kind, code), unclear.code, typed[:40]))
    website = values.get("website")
    if website and not organization_profile.is_web_address(website):
        # Registers often leave the scheme away; everything else is asked for. Of 「http://a@b.example」 no
        # second scheme makes an address.
        host = re.split("[:/?#]", website)[0]
        if "." in host and organization_profile.is_web_address(f"https://{website}"):
            values["website"] = f"https://{website}"
        else:
            problems.append(Problem(number, label_of(kind, "website"), "url", website[:40]))
    founded = values.get("established_on")
    if founded and not organization_profile.is_founding_day(
        date.fromisoformat(founded), calendar.tokyo_date(now)
    ):
        problems.append(Problem(number, label_of(kind, "established_on"), "in_future", founded))
    if problems or not values.get("name"):
        return problems
    me = identity(values)
    found = known.same_organization(me)
    if found is not None and found[0] != "name_maybe":
        column = "corporate_number" if found[0] == "number_known" else "name"
        return [*problems, Problem(number, label_of(kind, column), found[0], found[1].name[:40], "duplicate")]
    if found is not None:
        row["beside"] = asdict(found[1])
        problems.append(Problem(number, label_of(kind, "name"), "name_maybe", me.name[:40], "doubt"))
    if is_read:
        known.add_organization(me)
    told = "business" if kind == "companies" else "mission"
    other = "csr_policy" if kind == "companies" else "activities"
    if not values.get(told) and not values.get(other):
        problems.append(Problem(number, label_of(kind, told), "no_text", level="note"))
    if kind == "npos" and not values["corporate_number"] and not values.get("no_number_reason"):
        values["no_number_reason"] = (
            "unincorporated" if values.get("org_type") in {"nini", "jichikai"} else None
        )
    return problems


def check_posting(
    kind: Kind, number: int, values: dict[str, Any], known: Known, now: datetime, *, is_read: bool
) -> list[Problem]:
    """The same of a need or an offer, whose owner is looked for among the known."""
    problems = _number_problem(kind, number, "owner_number", values)
    if problems:
        return problems
    owner = _owner(values, known)
    if isinstance(owner, str):
        wrong = values.get("owner") or values.get("owner_number") or ""
        return [*problems, Problem(number, label_of(kind, "owner"), owner, str(wrong)[:40])]
    key, name, _state = owner
    told = _about_owner(kind, number, values, name, known)
    if told is not None and told.level == "error":
        return [told]
    notes = [told] if told is not None else []
    values |= {"owner_id": key, "owner": name}
    if not values.get("valid_until"):
        last = values.get("period_to")
        until = terms.latest_publication(
            calendar.tokyo_date(now) + lifecycle.RENEWAL, date.fromisoformat(last) if last else None
        )
        values["valid_until"] = until.isoformat()
    values["mode"] = values.get("mode") or "either"
    posting = posting_of(kind, values, now)
    for code, wrong in posting_drafts.check(posting, now).items():
        found = "" if values.get(code) is None else str(values[code])[:40]
        code_of = "unit_unfit" if (code, wrong) == ("unit", "required") and found else wrong
        problems.append(Problem(number, label_of(kind, code), code_of, found))
    title = (key, texts.fold(values.get("title") or ""))
    if not problems and title in known.titles:
        return [Problem(number, label_of(kind, "title"), "title_known", values["title"][:40], "duplicate")]
    if problems or not is_read:
        return notes + problems
    known.titles.add(title)
    if lacking := posting_drafts.missing(posting):
        words = "、".join(
            posting_fields.find(posting_drafts.kind_of(posting), code).label for code in lacking
        )
        problems.append(Problem(number, words, "incomplete", level="note"))
    return notes + problems


def _owner(values: Mapping[str, Any], known: Known) -> tuple[int, str, str] | str:
    if values.get("owner_number"):
        return known.owner_numbers.get(values["owner_number"]) or "owner_unknown"
    found = known.owners.get(known_as(values.get("owner") or ""), [])
    if not found:
        return "owner_unknown" if values.get("owner") else "required"
    return found[0] if len(found) == 1 else "owner_ambiguous"


def _about_owner(
    kind: Kind, number: int, values: Mapping[str, Any], name: str, known: Known
) -> Problem | None:
    """What is to be said of an owner who was found by number, where the row does not say the same name.

    The number decides; but a name that is another one, or that of somebody else, says that one of the two is
    a slip, and which one only a person can tell.
    """
    typed = str(values.get("owner") or "")
    said, registered = known_as(typed), known_as(name)
    if said == registered:
        return None
    is_close = (said in registered or registered in said) and said not in known.owners
    code, level = ("owner_differs", "note") if is_close else ("owner_contradicts", "error")
    code = code if typed else "owner_by_number"
    return Problem(number, label_of(kind, "owner"), code, typed[:40], level, name)


def posting_of(kind: Kind, values: Mapping[str, Any], now: datetime) -> Need | Offer:
    """The need or offer that a row describes, as a draft that nobody has kept yet."""
    facts = facts_of(kind, values)
    model = Need if kind == "needs" else Offer
    posting = model(organization_id=values["owner_id"], state="draft", created_at=now, updated_at=now)
    for name, value in facts.items():
        if hasattr(model, name) and value is not None:
            setattr(posting, name, value)
    posting.areas, posting.fields = facts.get("areas") or [], facts.get("fields") or []
    posting.beneficiaries, posting.unit = facts.get("beneficiaries") or [], facts.get("unit") or ""
    return posting


def facts_of(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with real dates, as the models have them."""
    dates = {one.code for one in COLUMNS[kind] if one.kind == "date"}
    return {
        name: date.fromisoformat(value) if name in dates and value else value
        for name, value in values.items()
    }
