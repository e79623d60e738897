"""How the two of one case fit now: what ``cases/fits.py`` keeps at its beginning and at every decision."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from embeddings import text as texts
from matcher.cases import fits
from matcher.cases.fits import Judge, Judged
from matcher.ground.db import Database
from matcher.records import Need, Offer, Organization, Partnership
from matcher.register.findable import Owner, text_of, type_of
from matcher.suggestions import suggest, weights
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.near import rows_of


def judge_with(database: Database, live: LiveIndex) -> None:
    """Let what begins and is decided in the sessions of ``database`` keep its reasons, by this index."""
    database.carry(fits.JUDGE, judge_by(live))


def judge_by(live: LiveIndex) -> Judge:
    """What computes how the two of a case fit, by an index that is brought level first."""

    def judge(session: Session, case: Partnership) -> Judged:
        live.level(session)
        return _judged(session, live, case)

    return judge


def is_read(session: Session, live: LiveIndex, posting: Need | Offer) -> bool:
    """Whether the text of a need or an offer is encoded, so that it can be compared."""
    return bool(rows_of(session, live, [(type_of(posting), posting.id)]))


def _judged(session: Session, live: LiveIndex, case: Partnership) -> Judged:
    sides = {
        one.id: one
        for one in session.scalars(
            select(Organization)
            .where(Organization.id.in_(case.party_ids))
            .options(joinedload(Organization.company), joinedload(Organization.npo))
        )
    }
    company, npo = sides[case.company_id], sides[case.npo_id]
    need = session.scalar(
        select(Need).where(Need.id == (case.need_id or 0)).options(joinedload(Need.organization))
    )
    offer = session.get(Offer, case.offer_id) if case.offer_id else None
    computed_by: dict[str, Any] = {
        "model_id": live.model_id or "",
        "index_version": live.applied_version,
        "weights_version": weights.serving(session, live.model_id).version,
    }
    if not live.is_ready:
        return Judged("no_index")
    found = suggest.fit_case(session, live, company, npo, need, offer)
    if found is None:
        return Judged("not_encoded", texts=_texts(offer or company, need or npo), **computed_by)
    return Judged(
        score=round(found.fit.score, 4),
        parts={code: round(value, 4) for code, value in found.fit.parts.items()},
        reasons=found.reasons,
        texts=_texts(found.offer or company, need or npo),
        **computed_by,
    )


def _texts(ours: Owner, theirs: Owner) -> Mapping[str, Any]:
    return {
        side: {
            "kind": type_of(owner),
            "public_id": owner.public_id,
            "title": owner.name if isinstance(owner, Organization) else owner.title,
            "sha256": texts.digest(text_of(owner)),
        }
        for side, owner in (("company", ours), ("npo", theirs))
    }
