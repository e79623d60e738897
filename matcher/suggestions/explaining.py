"""Why a pair is suggested, for the few that are shown: quotes, what to check, what would help."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session, undefer_group

from matcher.records import Need, Offer, Organization
from matcher.suggestions import checks, improving, quotes, ranking
from matcher.suggestions.criteria import Reason, Side
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.near import rows_of
from matcher.suggestions.ranking import Fit, Quote
from matcher.suggestions.reasoned import Told


@dataclass
class Suggestion:
    """One card: the organization on the other side, what it is about, and how well it fits."""

    candidate: Organization
    need: Need | None
    offer: Offer | None
    fit: Fit
    sides: tuple[Side, Side]  #: what the company and the NPO say of themselves
    quote: Quote | None = None
    saved: bool = False
    rank: int = 0
    also_welcome: str = ""  #: the support asked for by the filters, where the need names it second
    is_newcomer: bool = False  #: on a place kept for those whom nobody has seen
    public_id: str = ""  #: of the shown suggestion, once recorded
    told: Told | None = None  #: what is said of it, where that is kept

    @property
    def left_of_need(self) -> float | None:
        """What of the need's amount nobody has taken yet, where somebody has taken some of it."""
        asked = self.sides[1].quantity
        return asked if self.need is not None and asked != self.need.quantity else None

    @property
    def reasons(self) -> list[dict[str, Any]]:
        """The reasons as they are shown and kept."""
        return ranking.reasons_as_dicts(self.fit)


def explain(
    session: Session,
    live: LiveIndex,
    suggestions: Sequence[Suggestion],
    company: Organization | None,
    npo: Organization | None,
) -> None:
    """Add to each suggestion its quotes, what has to be checked, and what would help.

    Args:
        company, npo: the side that all suggestions share; the other is each one's candidate.
    """
    for one in suggestions:
        if one.told is not None and one.told.explained is not None:
            one.fit, one.quote = one.told.explained
    untold = [one for one in suggestions if one.told is None or one.told.explained is None]
    _quote(session, live, untold)
    for one in untold:
        giver, asker = company or one.candidate, npo or one.candidate
        to_check = checks.between(checks.of_company(giver, one.offer), checks.of_npo(asker, one.need))
        quoted = ranking.quote_reason(one.quote, one.fit)
        if any(reason.says.startswith("check_against") for reason in to_check):
            quoted = None  # one refuses what the other speaks of: no sentence carries that
        one.fit = explained(one.fit, one.sides, quoted, to_check)
        if one.told is not None:
            one.told.explained = one.fit, one.quote


def _quote(session: Session, live: LiveIndex, suggestions: Sequence[Suggestion]) -> None:
    """Give those that speak of an offer and a need their quote; nothing is read for the others."""
    about = [(one, one.offer, one.need) for one in suggestions if one.offer and one.need]
    keys = [key for _one, offer, need in about for key in (("offer", offer.id), ("need", need.id))]
    rows = rows_of(session, live, keys, undefer_group("contextual"))
    read = [
        (one, ((offer, rows["offer", offer.id]), (need, rows["need", need.id])))
        for one, offer, need in about
        if ("offer", offer.id) in rows and ("need", need.id) in rows
    ]
    found = quotes.quotes_of(live, [texts for _one, texts in read])
    for (one, _texts), quote in zip(read, found, strict=True):
        one.quote = quote


def explained(fit: Fit, sides: tuple[Side, Side], quoted: Reason | None, to_check: Sequence[Reason]) -> Fit:
    """The fit with all that is said of it; there is always something that would help.

    Args:
        quoted: the reason that quotes both sides, ``None`` where no two sentences carry the fit.
    """
    # What is not quoted is said not to be: the score then rests on the conditions.
    reasons = (quoted or Reason("quote", "△", "quote_none"), *fit.reasons, *to_check)
    helps = list(improving.improvements(*sides, fit.reasons))
    if quoted is None:
        helps.append(Reason("improve", "", "say_more"))
    if any(reason.says == "check_company" for reason in to_check):
        helps.append(Reason("improve", "", "answer_condition"))
    if not helps:
        helps.append(Reason("improve", "", "talk"))
    return Fit(fit.score, fit.parts, reasons, tuple(helps))
