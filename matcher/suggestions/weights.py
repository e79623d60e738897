"""Which weights serve: the last adopted for the serving model, or the shipped ones."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.records import RankingWeights
from matcher.suggestions.ranking import Weights, shipped_weights


def serving(session: Session, model_id: str | None) -> Weights:
    """The weights last adopted for a model, or else the shipped ones."""
    row = session.scalar(
        select(RankingWeights)
        .where(RankingWeights.model_id == (model_id or ""))
        .order_by(RankingWeights.id.desc())
        .limit(1)
    )
    return Weights.of(row.numbers) if row is not None else shipped_weights()
