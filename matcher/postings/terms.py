"""Where a need and what is offered for it meet: what a form begins with, and how typed terms differ. Pure.

A default comes from both records or from neither. A need says how much is wanted and an offer how much there
is for everybody, so the amount of an offer alone is never filled in. What cannot be reckoned is left empty
and said. Notes are codes with facts; ``webapp/terms_text.py`` words them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from matcher.ground import calendar, lifecycle, parts, vocabulary
from matcher.ground.parts import Standing


@dataclass(frozen=True)
class Figures:
    """What one record says of type, amount and time; ``None`` and empty mean that it says nothing."""

    support_type: str = ""
    quantity: float | None = None
    unit: str = ""
    period_from: date | None = None
    period_to: date | None = None
    min_useful: float | None = None
    also_welcome: tuple[str, ...] = ()
    repeat: str = "once"

    @classmethod
    def of(cls, record: Any) -> "Figures":
        """The figures of a need, an offer, a case, or anything else that has terms."""
        return cls(
            record.support_type, record.quantity, record.unit or "", record.period_from, record.period_to,
            getattr(record, "min_useful", None), tuple(getattr(record, "also_welcome", None) or ()),
            getattr(record, "repeat", None) or "once",
        )  # fmt: skip

    def beside_part(self, place: int) -> "Figures":
        """A need's figures beside terms of one of its parts: with a further one only the days compare."""
        if place == parts.FIRST:
            return self
        return replace(self, support_type="", quantity=None, unit="", min_useful=None, also_welcome=())

    def of_part(self, row: Standing) -> "Figures":
        """Of a need's figures those of one of its parts; of what somebody has taken the rest is wanted."""
        part = row.part
        quantity = row.missing if row.is_counted and not row.is_untouched else part.quantity
        return replace(
            self, support_type=part.support_type, quantity=quantity, unit=part.unit,
            min_useful=part.min_useful if row.is_untouched else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Note:
    """One thing to be said beside the fields: a code and the facts of its sentence."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Beginning:
    """What a form begins with, and why some of it is empty."""

    support_type: str = ""
    quantity: float | None = None
    unit: str = ""
    period_from: date | None = None
    period_to: date | None = None
    notes: tuple[Note, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """The fields of a form that takes terms."""
        names = ("support_type", "quantity", "unit", "period_from", "period_to")
        return {name: getattr(self, name) for name in names}


# ── Beginning ────────────────────────────────────────────────────────────────────────────────────────


def begin(need: Figures | None, offer: Figures | None, today: date) -> Beginning:
    """What a form about ``need`` and ``offer`` (one of them, or neither, may be missing) begins with.

    The type is the need's, or the offer's where the need welcomes it too; of unrelated types, none. The
    amount is the smaller one in the need's unit. The period is the overlap of both from ``today`` on.
    """
    support_type, about_type = _meet_types(need, offer)
    quantity, unit, about_amount = _meet_amounts(need, offer, support_type)
    first, last, about_period = _meet_periods(need, offer, today)
    notes = (*about_type, *about_amount, *about_period)
    return Beginning(support_type, quantity, unit, first, last, notes)


def begin_trial(case: Figures, today: date) -> tuple[date | None, date | None]:
    """The days of a trial: the agreed period from ``today`` on, and of it no more than a trial may last."""
    first, last, is_empty = overlap([(case.period_from or today, case.period_to)], today)
    if is_empty or first is None:
        return None, None
    longest = calendar.last_of_months(first, lifecycle.TRIAL_MONTHS)
    return first, min(last, longest) if last is not None else None


def begin_agreement(case: Figures, today: date) -> tuple[date | None, date | None]:
    """The days of an agreement: what both sides agreed on, from ``today`` on."""
    first, last, _is_empty = overlap([(case.period_from, case.period_to)], today)
    return first, last


def begin_renewal(
    case: Figures, need: Figures | None, offer: Figures | None, ended_on: date | None, today: date
) -> Beginning:
    """The next period with the same partner: what was agreed, from the day after ``ended_on`` (or today).

    Need and offer limit it only while they last beyond that day; what is over asks for nothing any more.
    """
    first = max(today, ended_on + timedelta(days=1)) if ended_on else today
    live = [one for one in (need, offer) if one and not (one.period_to and one.period_to < first)]
    start, end, is_empty = overlap(
        [(first, None), *((one.period_from, one.period_to) for one in live)], first
    )
    notes = [Note("no_overlap")] if is_empty else []
    quantity = case.quantity
    limit = need.quantity if need is not None and need in live and need.unit == case.unit else None
    if (
        need is not None and quantity is not None and limit is not None
        and is_comparable(need.support_type, case.support_type)
    ):  # fmt: skip
        quantity = min(quantity, limit)
    if quantity is not None:
        notes.append(Note("of_last_period", {"quantity": case.quantity, "unit": case.unit}))
    return Beginning(case.support_type, quantity, case.unit, start, end, tuple(notes))


def remaining(promised: Figures, given: Iterable[tuple[str, float, str]]) -> float | None:
    """What of a promised amount has not been given yet; ``None`` where nothing is left or it cannot be told.

    ``given``: (type, amount, unit) of each gift. One that is counted in another way makes the rest unknown.
    """
    if promised.quantity is None:
        return None
    left = _exact(promised.quantity)
    for support_type, quantity, unit in given:
        if support_type != promised.support_type:
            continue
        if unit != promised.unit:
            return None
        left -= _exact(quantity)
    return float(left) if left > 0 else None


# ── Comparing what was typed ─────────────────────────────────────────────────────────────────────────


def differences(entered: Figures, need: Figures | None, offer: Figures | None) -> tuple[Note, ...]:
    """Where ``entered`` goes beyond the need or the offer: to be confirmed, not to be refused."""
    found: list[Note] = []
    for whose, record in (("need", need), ("offer", offer)):
        if record is not None:
            found += _type_difference(entered, whose, record)
            found += _amount_difference(entered, whose, record)
            found += _period_difference(entered, whose, record)
    return tuple(found)


def _type_difference(entered: Figures, whose: str, record: Figures) -> list[Note]:
    known = {record.support_type, *record.also_welcome}
    if not record.support_type or not entered.support_type or entered.support_type in known:
        return []
    facts = {"whose": whose, "entered": entered.support_type, "said": record.support_type}
    return [Note("other_type", facts)]


def _amount_difference(entered: Figures, whose: str, record: Figures) -> list[Note]:
    if entered.quantity is None or record.quantity is None:
        return []
    if not is_comparable(record.support_type, entered.support_type):
        return []
    facts = {"whose": whose, "entered": entered.quantity, "entered_unit": entered.unit}
    facts |= {"said": record.quantity, "unit": record.unit}
    if entered.unit != record.unit:
        return [Note("other_unit", facts)]
    if entered.quantity > record.quantity:
        return [Note("more", facts | {"by": float(_exact(entered.quantity) - _exact(record.quantity))})]
    if record.min_useful is not None and entered.quantity < record.min_useful:
        return [Note("below_least", facts | {"least": record.min_useful})]
    return []


def _period_difference(entered: Figures, whose: str, record: Figures) -> list[Note]:
    facts = {"whose": whose, "first": record.period_from, "last": record.period_to}
    is_before = entered.period_to and record.period_from and entered.period_to < record.period_from
    is_after = entered.period_from and record.period_to and entered.period_from > record.period_to
    if is_before or is_after:
        return [Note("outside", facts)]
    found = []
    if entered.period_from and record.period_from and entered.period_from < record.period_from:
        found.append(Note("starts_earlier", facts))
    if entered.period_to and record.period_to and entered.period_to > record.period_to:
        found.append(Note("ends_later", facts))
    return found


# ── Single rules ─────────────────────────────────────────────────────────────────────────────────────


def is_comparable(need_type: str, given_type: str) -> bool:
    """Whether amounts of both types count the same kind of thing, or one that stands for it."""
    return vocabulary.complement(need_type, given_type) > 0


def overlap(
    periods: Iterable[tuple[date | None, date | None]], today: date
) -> tuple[date | None, date | None, bool]:
    """First and last day that all ``periods`` have in common from ``today`` on, and whether there is none.

    An end that nobody names stays open (``None``); a beginning in the past becomes today.
    """
    rows = list(periods)
    firsts = [first for first, _last in rows if first]
    lasts = [last for _first, last in rows if last]
    first = max([*firsts, today]) if firsts else None
    last = min(lasts) if lasts else None
    if last is not None and (first or today) > last:
        return None, None, True
    return first, last, False


def latest_publication(wanted: date, period_to: date | None) -> date:
    """The last day on which a text is shown: as wanted, but never after the day on which it ends itself."""
    return min(wanted, period_to) if period_to else wanted


def renewed_until(posting: Any, today: date) -> date:
    """Until when a need or offer is shown once it is renewed: never shorter, never beyond its last day."""
    wanted = max(today + lifecycle.RENEWAL, posting.valid_until or today)
    return latest_publication(wanted, posting.period_to)


#: what ``renewal_obstacle`` finds
RENEWAL_OBSTACLES: Final = frozenset({"period_over", "shown_to_its_end", "lasts_longer"})


def renewal_obstacle(posting: Any, today: date) -> str | None:
    """Why renewing a need or offer is not possible (its last day) or adds nothing; ``None`` where it helps.

    ``period_over``: its last day has passed; ``shown_to_its_end``: it is shown until then; ``lasts_longer``:
    it is shown for at least as long as one renewal gives. The first two ask for a new period.
    """
    last, until = posting.period_to, posting.valid_until
    if last is not None and last < today:
        return "period_over"
    if posting.state == "expired" or until is None or until < renewed_until(posting, today):
        return None
    return "shown_to_its_end" if last is not None and until >= last else "lasts_longer"


def _meet_types(need: Figures | None, offer: Figures | None) -> tuple[str, list[Note]]:
    if need is None or not need.support_type:
        return (offer.support_type if offer else ""), []
    if offer is None or not offer.support_type or offer.support_type == need.support_type:
        return need.support_type, []
    facts = {"need": need.support_type, "offer": offer.support_type}
    if offer.support_type in need.also_welcome:
        return offer.support_type, [Note("also_welcome", facts)]
    if is_comparable(need.support_type, offer.support_type):
        return need.support_type, [Note("stands_for", facts)]
    return "", [Note("unrelated_types", facts)]


def _meet_amounts(
    need: Figures | None, offer: Figures | None, support_type: str
) -> tuple[float | None, str, list[Note]]:
    offered = offer.quantity if offer else None
    if need is None or need.quantity is None:
        if offer is None or offered is None:
            return None, "", []
        return None, "", [Note("only_offered", {"quantity": offered, "unit": offer.unit})]
    if not support_type:
        return None, "", []  # an amount of a kind that is still to be chosen
    facts = {"need": need.quantity, "need_unit": need.unit}
    given = offer.support_type if offer else need.support_type
    if not is_comparable(need.support_type, support_type) or not is_comparable(need.support_type, given):
        facts |= {"offer": offered, "offer_unit": offer.unit if offer else ""}
        return None, "", [Note("counted_apart", facts)]
    notes = [Note("repeats", {"repeat": need.repeat})] if need.repeat != "once" else []
    quantity = need.quantity
    if offer is not None and offered is not None:
        facts |= {"offer": offered, "offer_unit": offer.unit}
        if offer.unit != need.unit:
            return None, "", [Note("units_differ", facts), *notes]
        quantity = min(quantity, offered)
    if quantity <= 0 or need.unit not in _units(support_type):
        return None, "", [Note("counted_apart", facts), *notes]
    if need.min_useful is not None and quantity < need.min_useful:
        notes.append(Note("begins_below_least", facts | {"least": need.min_useful}))
    return quantity, need.unit, notes


def _meet_periods(
    need: Figures | None, offer: Figures | None, today: date
) -> tuple[date | None, date | None, list[Note]]:
    known = [one for one in (need, offer) if one is not None]
    first, last, is_empty = overlap(((one.period_from, one.period_to) for one in known), today)
    return first, last, [Note("no_overlap")] if is_empty else []


def _units(support_type: str) -> tuple[str, ...]:
    found = vocabulary.SUPPORT_TYPES.get(support_type)
    return found.units if found else ()


def _exact(amount: float) -> Fraction:
    """The number as it is written, not as binary digits hold it."""
    return Fraction(str(amount))
