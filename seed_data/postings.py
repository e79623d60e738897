"""The needs and offers of the invented city: written, published, paused and ended."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from matcher.ground.parts import Part
from matcher.ground.permissions import Actor
from matcher.postings import acts as posting_acts
from matcher.postings import drafts as posting_drafts
from matcher.postings import lasting as posting_lasting
from matcher.postings import need_parts, terms
from matcher.records import Need, Offer
from matcher.register import audit, folding
from seed_data.lines import Facts, day_of
from seed_data.residents import Residents

_DATES = frozenset({"period_from", "period_to", "valid_until"})


class Postings:
    """What was written so far, by the keys of the texts."""

    def __init__(self, session: Session, residents: Residents, now: datetime, shift: timedelta) -> None:
        self.session = session
        self.residents = residents
        self.now = now
        self.shift = shift
        self.written: dict[str, Need | Offer] = {}

    def write(self, line: Facts, at: datetime) -> None:
        """A need or an offer is written."""
        owner = line.get("npo") or line["company"]
        organization = self.residents.organizations[owner]
        model = Need if "npo" in line else Offer
        posting = model(
            organization_id=organization.id,
            organization=organization,
            state="draft",
            created_at=at,
            updated_at=at,
        )
        for name, value in line.items():
            if name not in {"id", "npo", "company", "status", "parts"} and value is not None:
                setattr(posting, name, day_of(value, self.shift) if name in _DATES else value)
        ends = posting.valid_until or posting.period_to or self.now.date() + timedelta(days=200)
        until = min(ends, at.date() + timedelta(days=posting_drafts.MAX_VALID_DAYS - 5))
        posting.valid_until = terms.latest_publication(until, posting.period_to)
        if isinstance(posting, Need):
            posting.steps_done = 5 if line["status"] != "draft" else 3
            posting.contact_name = posting.contact_name or organization.contact_name
            posting.visibility = (
                "approached" if organization.visibility == "approached" else posting.visibility
            )
        parts = [Part(**part) for part in line.get("parts") or ()]
        posting.search_text = folding.text_of_posting(posting, parts)
        self.session.add(posting)
        self.session.flush()
        if isinstance(posting, Need):
            need_parts.keep(self.session, posting, parts)
        self.written[line["id"]] = posting
        kind = posting_drafts.kind_of(posting)
        by = self.residents.member(owner)
        audit.record(self.session, by, "create", kind, posting.public_id, at, to_state="draft")

    def _owner(self, key: str) -> Actor:
        return self.residents.owner_of(self.written[key].organization_id)

    def submit(self, key: str, at: datetime) -> None:
        """The profile is handed in."""
        posting = self.written[key]
        if isinstance(posting, Need):
            # Some wrote on a phone at night and left the last page open; it was asked for by telephone.
            posting.if_unmet = posting.if_unmet or "電話で確認：無理のない範囲で続けます。"
            posting.safety_contact = bool(posting.safety_contact)
        posting_acts.submit(self.session, self._owner(key), posting, at, version=None)

    def publish(self, key: str, at: datetime) -> None:
        """The city publishes it."""
        posting_acts.publish(self.session, self.residents.officer(), self.written[key], at, version=None)

    def return_(self, key: str, at: datetime) -> None:
        """The city asks for more."""
        posting_acts.return_(
            self.session, self.residents.officer(1), self.written[key], "quantity",
            "必要な量と時期を、分かる範囲で書き足してください。だいたいの数で構いません。", at, version=None,
        )  # fmt: skip

    def pause(self, key: str, at: datetime) -> None:
        """It is paused."""
        posting_acts.pause(self.session, self._owner(key), self.written[key], at, version=None)

    def fill(self, key: str, at: datetime) -> None:
        """It has found what it was looking for."""
        if self.written[key].state in {"open", "paused"}:
            posting_acts.fill(self.session, self._owner(key), self.written[key], at, version=None)

    def expire(self, _key: str, at: datetime) -> None:
        """Time takes it away."""
        posting_lasting.expire_due(self.session, at)

    def withdraw(self, key: str, at: datetime) -> None:
        """It is withdrawn."""
        posting_acts.withdraw(
            self.session, self._owner(key), self.written[key], "plans_changed", "", at, version=None
        )
