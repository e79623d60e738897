"""What the first lists of an organization need, measured and said before they are asked for: then it is kept
(``measured.py``, ``reasoned.py``) when they are.
"""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher.city import cities
from matcher.records import Need, Organization
from matcher.suggestions import suggest
from matcher.suggestions.indexing import LiveIndex

NEEDS: Final = 3  #: of an NPO, for so many of its open needs, the last written first
_MEASURED: Final = {"company": ("need", "npo"), "npo": ("offer", "company")}


def measure(session: Session, live: LiveIndex, organization_id: int) -> None:
    """Measure for the lists of an organization, by asking for them; nothing where nothing would be kept."""
    one = session.scalar(
        select(Organization)
        .where(Organization.id == organization_id)
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    )
    if one is None or not one.is_verified:
        return
    districts = cities.get(session).areas
    if any(live.table(session, kind, districts) is None for kind in _MEASURED[one.kind]):
        return
    if one.kind == "company":
        suggest.for_company(session, live, one)
        return
    needs = (
        select(Need)
        .where(Need.organization_id == one.id, Need.state == "open")
        .order_by(Need.updated_at.desc(), Need.id.desc())
        .options(joinedload(Need.organization).joinedload(Organization.npo))
        .limit(NEEDS)
    )
    for need in session.scalars(needs).all():
        suggest.for_need(session, live, need)
