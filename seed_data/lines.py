"""The texts of the invented city as they are kept: one JSON object a line."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from matcher.agreements import contract
from matcher.ground import calendar
from matcher.records import CompanyProfile, NpoProfile

Facts = Mapping[str, Any]


def read(folder: Path, kind: str) -> Iterator[Facts]:
    """The lines of one kind."""
    for line in (folder / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


ORGANIZATION_KEYS = (
    "name", "kana", "corporate_number", "no_number_reason", "area", "address", "website", "representative",
    "contact_department", "contact_name", "email", "phone", "visibility",
)  # fmt: skip
_COMPANY_KEYS = (
    "industry", "employees_band", "business", "csr_policy", "fields", "sdgs", "beneficiaries", "areas",
    "pro_bono_skills", "expected_returns", "budget_band", "volunteering", "past_partnerships", "no_go",
    "naming",
)  # fmt: skip
_NPO_KEYS = (
    "org_type", "mission", "activities", "fields", "sdgs", "beneficiaries", "areas", "staff_full_time",
    "staff_part_time", "volunteers", "budget_band", "reach_number", "capacity", "disclosure",
)  # fmt: skip


def present(line: Facts, names: Iterable[str]) -> dict[str, Any]:
    """What the line says of these."""
    return {name: line[name] for name in names if line.get(name) is not None}


def company_profile(line: Facts) -> CompanyProfile:
    """The profile that a line describes."""
    return CompanyProfile(
        **present(line, _COMPANY_KEYS), fields_undecided=not line["fields"], no_go_fields=[]
    )


def npo_profile(line: Facts) -> NpoProfile:
    """The profile that a line describes."""
    return NpoProfile(
        **present(line, _NPO_KEYS),
        strengths=line.get("strengths_offer") or "",
        established_on=date.fromisoformat(line["established_on"]) if line.get("established_on") else None,
    )


def day_of(text: str | None, shift: timedelta) -> date | None:
    """A day of the texts, moved along with the city."""
    return date.fromisoformat(text) + shift if text else None


def money(outcome: Facts, shift: timedelta) -> Facts:
    """What an agreement pays by outcomes, on the days that move along.

    A day of the file stands for its fiscal year: of a measurement, or for which a fixed part is paid. A year
    may pay no more than all that.
    """
    fixed: Counter[int] = Counter()
    for day, yen in outcome["fixed"].items():  # the end of March of two years can lie in one, by a leap day
        fixed[fiscal_year(day, shift)] += yen
    limits = Counter(fixed)
    rules = []
    for rule in outcome["rules"]:
        year = fiscal_year(rule["measured_on"], shift)
        limits[year] += rule["cap_yen"]
        day = date.fromisoformat(rule["measured_on"]) + shift
        found = contract.Rule.from_dict({**rule, "measured_on": day.isoformat(), "fiscal_year": year})
        rules.append(found.as_dict())
    by_year = {
        name: {str(year): yen for year, yen in sorted(parts.items())}
        for name, parts in (("fixed", fixed), ("year_limits", limits))
    }
    return {**outcome, **by_year, "rules": rules}


def fiscal_year(day: str, shift: timedelta) -> int:
    """The fiscal year in which a day of the file lies, once it has moved along."""
    return calendar.fiscal_year(date.fromisoformat(day) + shift)
