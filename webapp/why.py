"""Why the two of a case fit, for whoever reads it: kept moments, and how it stands where the city decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from matcher.cases import fits
from matcher.ground.permissions import Actor
from matcher.records import Partnership
from webapp import db, fit_text


@dataclass(frozen=True)
class Why:
    """Why the two fit, as it was kept; and where the city is about to decide, as it stands now."""

    kept: Sequence[fit_text.Told]
    now: fit_text.Told | None


def of_case(actor: Actor, case: Partnership, *, is_deciding: bool) -> Why:
    """At the beginning for all three, at the decisions for the city, which alone reads what changed."""
    session = db.session()
    kept = [fits.facts(one) for one in fits.of(session, case)]
    if not actor.is_staff:
        begun = [one for one in kept if one["moment"] == "begun"]
        return Why(fit_text.told(begun, actor.organization_kind or ""), None)
    now = fit_text.now_told(fits.judged(session, case), kept) if is_deciding else None
    return Why(fit_text.told(kept), now)
