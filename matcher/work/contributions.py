"""What both sides and the city gave: written down by the giver, confirmed by the other side (L15)."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.cases import documents, span, talks
from matcher.cases.act import BEGUN, SHARE, WORK, case_act
from matcher.ground import amounts, calendar, figures, lifecycle, vocabulary
from matcher.ground.errors import Invalid
from matcher.records import CaseFile, Contribution, Partnership, Payment
from matcher.register import moves
from matcher.register.act import MOVED_ON, Done, Look, Told, Words

_GIVEN: Final = BEGUN | {"trial"}


@dataclass(frozen=True)
class Gift:
    """What was given on one day. ``yen`` is an amount or an estimate; ``estimate_method`` says which.

    Where the quantity is itself in yen, ``yen`` is the same or ``None``.
    """

    support_type: str
    quantity: float
    unit: str
    given_on: date
    yen: int | None = None
    estimate_method: str = "none"
    estimate_note: str = ""
    note: str = ""
    evidence: CaseFile | None = None

    def faults(self, first: date, today: date) -> dict[str, str]:
        """Field → code. ``first``: the earliest day on which anything may have been given."""
        wrong = {}
        kind = vocabulary.SUPPORT_TYPES.get(self.support_type)
        if kind is None:
            wrong["support_type"] = "required"
        elif self.unit not in kind.units:
            wrong["unit"] = "required"
        if fault := amounts.fault(self.quantity, self.unit):
            wrong["quantity"] = fault
        if self.given_on > today:
            wrong["given_on"] = "in_future"
        elif self.given_on < first:
            wrong["given_on"] = "before_introduction"
        if self.yen is not None:
            if self.yen < 0:
                wrong["yen"] = "positive"
            elif not self.yen and self.estimate_method != "none" and not vocabulary.is_yen(self.unit):
                wrong["yen"] = "estimate_needs_yen"
            elif self.yen > amounts.MAX_YEN:
                wrong["yen"] = "amount_too_large"
            elif vocabulary.is_yen(self.unit) and self.yen != self.quantity:
                wrong["yen"] = "two_amounts"
            if self.estimate_method == "none":
                wrong["estimate_method"] = "how_estimated"
        elif self.estimate_method != "none" and not vocabulary.is_yen(self.unit):
            wrong["yen"] = "estimate_needs_yen"
        if self.estimate_method == "city_direct" and not self.estimate_note.strip():
            wrong["estimate_note"] = "required"
        return wrong


@case_act(
    "record_contribution", by=SHARE, open_in=_GIVEN, home="progress",
    words=Words(
        "実績を記録する", "実績を記録し、相手方に確認をお願いしました。", "実績を記録しました",
        explain="自社・自団体が提供したものを記録します。相手方が確認すると、報告に使えるようになります。",
        submit="記録する",
    ),
)  # fmt: skip
def record_contribution(look: Look, gift: Gift) -> Done:
    """Write down what one's own side gave; the other side confirms it.

    Raises:
        Invalid: field → code.
    """
    case = look.record
    wrong = gift.faults(span.first_day(look.session, case), calendar.tokyo_date(look.now))
    if not wrong and case.state == "trial" and vocabulary.is_money(gift.support_type, gift.unit):
        given = sum(_yen_of(row) for row in _money_given(look.session, case))
        if given + _yen_of(gift) > lifecycle.TRIAL_MONEY_YEN:
            wrong["quantity"] = "trial_too_dear"
    if wrong:
        raise Invalid(**wrong)
    facts = {name: getattr(gift, name) for name in asdict(gift) if name != "evidence"}
    found = Contribution(
        partnership_id=case.id, giver=documents.side_of(look.actor, case), state="recorded",
        evidence_id=gift.evidence.id if gift.evidence else None,
        recorded_by_id=look.actor.user_id, recorded_at=look.now, **facts,
    )  # fmt: skip
    look.session.add(found)
    look.session.flush()
    told = Told("others", "contribution", {"who": talks.who(look.actor), "what": _what(gift)})
    return Done(found, {"contribution": found.public_id}, tells=(told,))


def _what(gift: Gift | Contribution) -> str:
    return f"{vocabulary.support_label(gift.support_type)} {figures.number(gift.quantity)}{gift.unit}"


def _yen_of(gift: Gift | Contribution) -> int:
    """What a gift of money is worth: its amount, or its quantity where that is in yen."""
    if vocabulary.is_yen(gift.unit):
        return round(gift.quantity)
    return gift.yen or 0


def _money_given(session: Session, case: Partnership) -> list[Contribution]:
    rows = session.scalars(
        select(Contribution).where(Contribution.partnership_id == case.id, Contribution.state != "cancelled")
    )
    return [row for row in rows if vocabulary.is_money(row.support_type, row.unit)]


def _others_and_new(look: Look) -> str | None:
    if documents.side_of(look.actor, look.record) == look.item.giver:
        return "own_contribution"
    return None if look.item.state == "recorded" else MOVED_ON


@case_act(
    "confirm_contribution", by=WORK, open_in=_GIVEN, item=Contribution, guard=_others_and_new,
    home="progress", is_read_first=True,
    words=Words(
        "実績を確認する", "実績を確認しました。", "実績を確認しました",
        explain="下の実績のとおりであれば、確認してください。違うときは「質問・連絡」でお知らせください。",
        submit="このとおり確認した",
        step="相手方の実績を確かめる",
    ),
)  # fmt: skip
def confirm_contribution(look: Look) -> Done:
    """The other side says that it was so."""
    entry = look.item
    moves.become(entry, "confirmed")
    entry.confirmed_by_id, entry.confirmed_at = look.actor.user_id, look.now
    told = Told("others", "contribution_ok", {"who": talks.who(look.actor), "what": _what(entry)})
    return Done(details={"contribution": entry.public_id}, tells=(told,))


def _own_and_counting(look: Look) -> str | None:
    if documents.side_of(look.actor, look.record) != look.item.giver and not look.actor.is_staff:
        return "not_own_contribution"
    return None if look.item.state != "cancelled" else MOVED_ON


@case_act(
    "cancel_contribution", by=SHARE, open_in=_GIVEN, item=Contribution, guard=_own_and_counting,
    home="progress",
    words=Words(
        "実績を取り消す", "実績を取り消しました。", "実績を取り消しました", submit="実績を取り消す",
        is_grave=True,
    ),
)  # fmt: skip
def cancel_contribution(look: Look, reason: str) -> Done:
    """Take back a wrong entry; it stays readable and no longer counts.

    Raises:
        Invalid: no reason.
    """
    if not reason.strip():
        raise Invalid(text="required")
    entry = look.item
    event = "contribution_gone" if entry.state == "confirmed" else "contribution_back"
    told = Told("others", event, {"who": talks.who(look.actor), "what": _what(entry)})
    moves.become(entry, "cancelled")
    return Done(details={"contribution": entry.public_id}, text=reason, tells=(told,))


def totals(session: Session, case: Partnership) -> list[dict[str, Any]]:
    """What was given and confirmed, by side, kind, unit and the way in which its yen were found (E11).

    ``estimate_method`` is ``none`` and ``yen`` ``None`` for what has no amount, so that an amount always
    belongs to the whole quantity beside it. ``estimate_notes``: how a direct supply by the city was reckoned.
    """
    rows = session.scalars(
        select(Contribution)
        .where(Contribution.partnership_id == case.id, Contribution.state == "confirmed")
        .order_by(
            Contribution.giver, Contribution.support_type, Contribution.unit, Contribution.estimate_method,
            Contribution.id,
        )
    )  # fmt: skip
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        method = "none" if row.yen is None else row.estimate_method
        total = found.setdefault(
            (row.giver, row.support_type, row.unit, method),
            {"giver": row.giver, "support_type": row.support_type, "unit": row.unit,
             "estimate_method": method, "quantity": 0.0, "times": 0, "yen": None, "estimate_notes": []},
        )  # fmt: skip
        total["quantity"] = round(total["quantity"] + row.quantity, 2)
        total["times"] += 1
        if row.yen is not None:
            total["yen"] = (total["yen"] or 0) + row.yen
        if method == "city_direct" and row.estimate_note not in total["estimate_notes"]:
            total["estimate_notes"].append(row.estimate_note)
    return list(found.values())


@dataclass(frozen=True)
class Promise:
    """What a side promised in the agreement in force, and what of it is recorded, in whole yen."""

    side: str
    promised_yen: int
    recorded_yen: int
    by_outcome: bool = False  #: what is paid hangs on the outcome: to pay less for less is the contract kept

    @property
    def missing_yen(self) -> int:
        """By how much less is recorded than was promised."""
        return max(0, self.promised_yen - self.recorded_yen)

    @property
    def is_short(self) -> bool:
        """Whether somebody has to say why less came than was promised."""
        return self.missing_yen > 0 and not self.by_outcome


def promises(session: Session, case: Partnership) -> list[Promise]:
    """The money of the company and of the city: promised, and confirmed by the other side.

    Money is what is given as such, and what is recorded with the amount that was really paid for it; an
    estimated worth is none. What an outcome contract has paid is the city's money.
    """
    agreement = documents.find_agreed(session, case, "agreement")
    recorded = {"company": 0, "city": 0}
    rows = session.scalars(
        select(Contribution).where(
            Contribution.partnership_id == case.id,
            Contribution.state == "confirmed",
            Contribution.support_type.in_(vocabulary.SUPPORT_IN_MONEY)
            | (Contribution.estimate_method == "actual"),
            Contribution.giver.in_(recorded),
        )
    )
    for row in rows:
        counted = row.quantity if vocabulary.is_yen(row.unit) else 0
        recorded[row.giver] += row.yen if row.yen is not None else round(counted)
    paid = select(func.coalesce(func.sum(Payment.amount_yen), 0)).where(
        Payment.partnership_id == case.id, Payment.paid_on.is_not(None)
    )
    recorded["city"] += int(session.scalar(paid) or 0)
    content = agreement.content if agreement else {}
    by_outcome = bool(content.get("outcome"))
    return [
        Promise(side, int(content.get(f"money_{side}_yen") or 0), yen, side == "city" and by_outcome)
        for side, yen in recorded.items()
    ]
