"""A case can be brought to every state of its life by the services alone."""

import pytest

from matcher.ground import lifecycle
from matcher.register import audit


@pytest.mark.parametrize("state", lifecycle.CASE_WORK)
def test_every_state_is_reached(partners, session, state):
    partners.bring(state)
    assert audit.verify(session)[1] is None


def test_an_outcome_linked_contract_runs(partners):
    assert partners.contracted().state == "running"
