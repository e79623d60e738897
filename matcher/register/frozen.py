"""What was accepted, as it is shown and printed: plain values out of the frozen text, never a record.

Whatever renders a text that was accepted, decided or published is handed these values and nothing that could
be asked for more (``webapp/frozen.py`` refuses anything else).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from matcher.records import CaseDocument
from matcher.register import snapshots
from matcher.register.parties import History, Parties


@dataclass(frozen=True)
class Version:
    """One version of a text that several accept.

    Args:
        content: as it is kept under ``sha256``; also the parties that it names.
        parties: whom both parties read in it (``History.shown_in``).
    """

    public_id: str
    kind: str
    number: int
    state: str
    content: Mapping[str, Any]
    parties: Parties
    sha256: str
    why_changed: str
    needs_city: bool
    drafted_at: datetime
    agreed_at: datetime | None
    company_accepted_at: datetime | None
    npo_accepted_at: datetime | None
    city_accepted_at: datetime | None

    @property
    def is_draft(self) -> bool:
        """Whether it is still on the table."""
        return self.state == "draft"


def version(history: History, document: CaseDocument) -> Version:
    """A version as plain values; what they hold does not change with the record."""
    return Version(
        public_id=document.public_id,
        kind=document.kind,
        number=document.number,
        state=document.state,
        content=snapshots.plain(document.content),
        parties=history.shown_in(document),
        sha256=document.sha256,
        why_changed=document.why_changed,
        needs_city=document.needs_city,
        drafted_at=document.drafted_at,
        agreed_at=document.agreed_at,
        company_accepted_at=document.company_accepted_at,
        npo_accepted_at=document.npo_accepted_at,
        city_accepted_at=document.city_accepted_at,
    )
