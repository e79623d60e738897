"""What would help a pair: what either side could add or settle, from the reasons of its fit. Pure."""

from collections.abc import Iterable
from typing import Any

from matcher.suggestions.criteria import Reason, Side


def improvements(company: Side, npo: Side, reasons: Iterable[Reason]) -> Iterable[Reason]:
    """What either side could add or settle so that they fit better, or are known to; most useful first."""
    found = {reason.says for reason in reasons}
    first = npo.support_types[0] if npo.support_types else ""
    if found & {"support_not_offered", "support_other", "support_in_profile", "support_skills"}:
        yield _improvement("offer_support", wanted=first)
    if "skill_unknown" in found:
        yield _improvement("say_skills" if company.skills else "say_own_skills")
    if not npo.is_open:
        yield _improvement("publish_need")
    if "quantity_units" in found:
        yield _improvement("say_unit", unit=npo.unit)
    if found & {"quantity_part", "quantity_too_little"}:
        yield _improvement("combine")
    if found & {"period_part", "period_other"}:
        yield _improvement("settle_period")
    if "hours_other" in found:
        yield _improvement("settle_hours")
    if found & {"area_other", "area_company_remote", "area_npo_remote", "area_named"}:
        yield _improvement("settle_area")
    if company.is_open and npo.is_open and not (company.period_from or company.period_to):
        yield _improvement("say_period")
    if company.is_open and npo.is_open and company.quantity is None and npo.quantity is not None:
        yield _improvement("say_quantity")
    if company.is_open and npo.is_open and npo.quantity is None and company.quantity is not None:
        yield _improvement("say_needed_quantity")
    if not company.fields:
        yield _improvement("choose_fields")
    if not (company.areas or company.named) or not (npo.areas or npo.named):
        yield _improvement("say_area")


def _improvement(says: str, **facts: Any) -> Reason:
    return Reason("improve", "", says, facts)
