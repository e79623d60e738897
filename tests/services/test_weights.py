"""Adopted weights: only better ones, with a reason, audited, for their model alone; labels from what people did."""

import pytest
from sqlalchemy import select

from matcher.ground.errors import Refused
from matcher.ground.permissions import SYSTEM
from matcher.records import AuditEvent, Mark, Partnership, RankingWeights, ShownList, ShownSuggestion
from matcher.suggestions import weights
from matcher.suggestions.judging import fitting
from matcher.suggestions.judging.fitting import Comparison, Trial
from matcher.suggestions.ranking import Part, Weights, shipped_weights
from tests import factories

FITTED = Weights(-1.0, {"meaning": Part(5.0, 0.3)}, "made", "m@1")
NOTHING = Trial((), ())
BETTER = Comparison(NOTHING, NOTHING, (0.1, 0.05, 0.2), (0.01, -0.01, 0.02))


def test_better_weights_serve_their_model_from_then_on(database, now):
    with database.write() as session:
        assert weights.serving(session, "m@1") == shipped_weights()
        fitting.adopt(session, SYSTEM, FITTED, BETTER, "今年度の記録に合わせる", now)
    with database.read() as session:
        assert weights.serving(session, "m@1").version == FITTED.version
        assert weights.serving(session, "m@2") == shipped_weights()
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "adopt")).one()
        assert (event.object_id, event.from_state) == (FITTED.version, shipped_weights().version)
        assert event.reason_text == "今年度の記録に合わせる"


@pytest.mark.parametrize(
    ("comparison", "reason"),
    [
        (Comparison(NOTHING, NOTHING, (0.1, -0.01, 0.2), (0.1, 0.0, 0.2)), "理由"),
        (Comparison(NOTHING, NOTHING, (0.1, 0.05, 0.2), (-0.1, -0.2, -0.01)), "理由"),
        (BETTER, "  "),
    ],
)
def test_weights_that_are_not_better_or_without_reason_are_refused(database, now, comparison, reason):
    with pytest.raises(Refused), database.write() as session:
        fitting.adopt(session, SYSTEM, FITTED, comparison, reason, now)
    with database.read() as session:
        assert session.scalars(select(RankingWeights)).all() == []
        assert session.scalars(select(AuditEvent).where(AuditEvent.action == "adopt")).all() == []


def test_labels_come_from_decisions_and_from_passes_because_of_fit(database, now):
    with database.write() as session:
        factories.make_city(session)
        company = factories.make_company(session)
        user = factories.make_user(session, company)
        shown = ShownList(
            organization_id=company.id, viewer_id=user.id, shown_at=now, model_id="m@1", index_version=1,
            weights_version="w",
        )  # fmt: skip
        session.add(shown)
        session.flush()
        cards = []
        for rank in range(1, 7):
            npo = factories.make_npo(session)
            card = ShownSuggestion(
                shown_list_id=shown.id, rank=rank, candidate_id=npo.id, score=0.5, parts={"meaning": rank / 10},
                reasons=[],
            )  # fmt: skip
            session.add(card)
            cards.append(card)
        session.flush()
        for card, state in zip(cards[:3], ("introduced", "declined", "withdrawn"), strict=True):
            session.add(
                Partnership(
                    number=f"P-{card.rank}", company_id=company.id, npo_id=card.candidate_id, state=state,
                    shown_suggestion_id=card.id, origin="company", support_type="food", started_by_id=user.id,
                    created_at=now, moved_at=now, version=1,
                )
            )  # fmt: skip
        for card, reason in zip(cards[3:], ("field", "already", "distance"), strict=True):
            session.add(
                Mark(
                    organization_id=company.id, target_id=card.candidate_id, kind="passed", reason_code=reason,
                    marked_by_id=user.id, marked_at=now,
                )
            )  # fmt: skip
    with database.read() as session:
        found = {pair.parts["meaning"]: pair.is_good for pair in fitting.recorded(session)}
    assert found == {0.1: True, 0.2: False, 0.4: False, 0.6: False}
