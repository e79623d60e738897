"""The candidates for a need or an offer, as the city reads them, and how a recommendation begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matcher.desk.partners import Found, Load, Partner
from matcher.ground import lifecycle, reasons
from matcher.records import Mark, Need, Offer, Partnership
from webapp import card_text, filters
from webapp.labels import gettext as _
from webapp.labels import said as labels_of
from webapp.labels import vocabulary
from webapp.reason_text import reason_sentence


@dataclass(frozen=True)
class Card:
    """One candidate."""

    partner: Partner
    about: Need | Offer | None
    told: card_text.Told
    load: str
    past: Sequence[tuple[Partnership, str]]  #: with its state, or how it ended
    passes: Sequence[str]

    @property
    def key(self) -> str:
        """By which it is chosen: what it needs or offers, else the organization."""
        return (self.about or self.partner.suggestion.candidate).public_id


@dataclass(frozen=True)
class Candidates:
    """All of them, and what goes on about the need or the offer."""

    found: Found
    cards: Sequence[Card]
    own_load: str


def candidates(found: Found | None) -> Candidates | None:
    """The same in words; ``None`` where there is nothing to bring together."""
    if found is None:
        return None
    return Candidates(found, [_card(one) for one in found.partners], load(found.own))


def _card(one: Partner) -> Card:
    is_company = one.suggestion.candidate.id == one.company.id
    return Card(
        one,
        one.offer if is_company else one.need,
        card_text.told(one.suggestion.reasons),
        load(one.load),
        [(case, state(case)) for case in one.past],
        [passed(mark, one) for mark in one.passes],
    )


def load(found: Load) -> str:
    """What an organization has on its hands."""
    if found.most is None:
        return _(
            "進行中の案件%(cases)s件、お返事待ち%(waiting)s件",
            cases=found.open_cases,
            waiting=found.unanswered,
        )
    words = _(
        "進行中の案件%(cases)s件、お返事待ち%(waiting)s件（上限%(most)s件）", cases=found.open_cases,
        waiting=found.unanswered, most=found.most,
    )  # fmt: skip
    return words + (_("。いまは推薦できません") if found.is_full else "")


def state(case: Partnership) -> str:
    """Where a case stands, or how it ended and why."""
    label = filters.label_of(case.state, lifecycle.STATES["partnership"])
    if not case.is_over or not case.reason_code:
        return label
    why = filters.label_of(case.reason_code, labels_of(reasons.of_state("partnership", case.state)))
    return _("%(state)s（%(why)s）", state=label, why=why)


def passed(mark: Mark, one: Partner) -> str:
    """Who of the two did not want the other, and why."""
    who = one.company.name if mark.organization_id == one.company.id else one.npo.name
    why = filters.label_of(mark.reason_code, vocabulary.PASS_REASONS)
    return _(
        "%(day)sに%(who)sが見送りました（%(why)s）",
        day=filters.jdate(mark.marked_at, False),
        who=who,
        why=why,
    )


def drafted(kept: Sequence[Mapping[str, Any]]) -> str:
    """The words with which a recommendation begins: what speaks for the pair, without the quote."""
    return "".join(reason_sentence(one) for one in kept if one["mark"] == "○" and one["code"] != "quote")
