"""Lists of suggestions a page at a time: the first ten as ever, then everybody else who comes into question.

The first page scores the most promising alone; for those that follow all are scored, so that everybody is on
one page and nobody on two.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from matcher.records import Need, Organization
from matcher.suggestions import explaining, suggest
from matcher.suggestions.conditions import Filters
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.shortlist import SHOWN, Shortlist

_EVERYBODY: Final = 10_000  #: more than come into question for any list


def for_company(
    session: Session, live: LiveIndex, company: Organization, filters: Filters, page: int, now: datetime
) -> Shortlist:
    """A page of ``suggest.for_company``; beyond the last, the last."""
    found = _page(
        lambda most, when: suggest.for_company(
            session, live, company, filters=filters, limit=most, quoted=False, now=when
        ),
        page,
        now,
    )
    explaining.explain(session, live, found, company, None)
    return found


def for_need(
    session: Session, live: LiveIndex, need: Need, filters: Filters, page: int, now: datetime
) -> Shortlist:
    """A page of ``suggest.for_need``; beyond the last, the last."""
    found = _page(
        lambda most, when: suggest.for_need(
            session, live, need, filters=filters, limit=most, quoted=False, now=when
        ),
        page,
        now,
    )
    explaining.explain(session, live, found, None, need.organization)
    return found


def _page(lists: Callable[[int, datetime | None], Shortlist], page: int, now: datetime) -> Shortlist:
    """``lists`` makes the first so many, with the newcomers' places at the given time."""
    first = lists(SHOWN, now)
    page = min(page, first.pages)
    if page == 1:
        return first
    shown = {item.candidate.id for item in first}
    # Who gave way to a newcomer on the first page follows on the second.
    rest = [item for item in lists(_EVERYBODY, None) if item.candidate.id not in shown]
    found = Shortlist(rest[(page - 2) * SHOWN : (page - 1) * SHOWN])
    found.near, found.fitting, found.page = first.near, first.fitting, page
    found.weights_version = first.weights_version
    for rank, item in enumerate(found, start=found.first):
        item.rank = rank
    return found
