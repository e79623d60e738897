"""The life cycles, written out in full: every state × action × mover, allowed or not."""

import itertools

import pytest

from matcher.ground import lifecycle

MOVERS = ("owner", "company", "npo", "coordinator", "manager", "system")

# state: action → (target, who). What is not here is not allowed.
ORGANIZATION = {
    "draft": {"submit": ("submitted", "owner"), "deactivate": ("deactivated", "owner manager")},
    "submitted": {
        "verify": ("verified", "coordinator manager"),
        "return": ("returned", "coordinator manager"),
        "deactivate": ("deactivated", "owner manager"),
    },
    "returned": {"submit": ("submitted", "owner"), "deactivate": ("deactivated", "owner manager")},
    "verified": {
        "renew": ("verified", "coordinator manager"),
        "suspend": ("suspended", "manager"),
        "deactivate": ("deactivated", "owner manager"),
    },
    "suspended": {"reinstate": ("verified", "manager"), "deactivate": ("deactivated", "owner manager")},
    "deactivated": {},
}
POSTING = {
    "draft": {
        "submit": ("in_review", "owner"),
        "withdraw": ("withdrawn", "owner coordinator manager"),
    },
    "in_review": {
        "publish": ("open", "coordinator manager"),
        "return": ("returned", "coordinator manager"),
        "withdraw": ("withdrawn", "owner coordinator manager"),
    },
    "returned": {
        "submit": ("in_review", "owner"),
        "withdraw": ("withdrawn", "owner coordinator manager"),
    },
    "open": {
        "pause": ("paused", "owner system"),
        "fill": ("filled", "owner system"),
        "expire": ("expired", "system"),
        "renew": ("open", "owner"),
        "rework": ("draft", "owner"),
        "withdraw": ("withdrawn", "owner coordinator manager"),
    },
    "paused": {
        "resume": ("open", "owner system"),
        "fill": ("filled", "owner system"),
        "expire": ("expired", "system"),
        "renew": ("open", "owner"),
        "rework": ("draft", "owner"),
        "withdraw": ("withdrawn", "owner coordinator manager"),
    },
    "filled": {"rework": ("draft", "owner")},
    "expired": {"renew": ("open", "owner"), "rework": ("draft", "owner")},
    "withdrawn": {"rework": ("draft", "owner")},
}
PARTNERSHIP = {
    "recommended": {
        "accept": ("interest_one_side", "company npo"),
        "decline": ("declined", "company npo"),
        "withdraw": ("withdrawn", "coordinator manager"),
        "expire": ("expired", "system"),
    },
    "interest_one_side": {
        "accept": ("interest_both", "company npo"),
        "decline": ("declined", "company npo"),
        "revise": ("interest_one_side", "company npo"),
        "withdraw": ("withdrawn", "company npo"),
        "expire": ("expired", "system"),
    },
    "interest_both": {
        "revise": ("interest_one_side", "company npo"),
        "send_for_review": ("coordinator_review", "company npo system"),
        "withdraw": ("withdrawn", "company npo"),
        "expire": ("expired", "system"),
    },
    "coordinator_review": {
        "expire": ("expired", "system"),
        "approve": ("introduced", "coordinator manager"),
        "return": ("interest_both", "coordinator manager"),
        "refuse": ("refused", "coordinator manager"),
        "withdraw": ("withdrawn", "company npo"),
    },
    "introduced": {
        "meet": ("negotiation", "company npo"),
        "withdraw": ("withdrawn", "company npo coordinator manager"),
        "expire": ("expired", "system"),
    },
    "negotiation": {
        "begin_trial": ("trial", "system"),
        "draft_agreement": ("agreement_draft", "company npo"),
        "withdraw": ("withdrawn", "company npo coordinator manager"),
        "expire": ("expired", "system"),
    },
    "trial": {
        "adopt_trial": ("agreement_draft", "system"),
        "change_trial": ("negotiation", "system"),
        "stop_trial": ("withdrawn", "system"),
        "withdraw": ("withdrawn", "company npo coordinator manager"),
    },
    "agreement_draft": {
        "reopen_talks": ("negotiation", "company npo"),
        "submit_agreement": ("agreement_review", "system"),
        "withdraw": ("withdrawn", "company npo coordinator manager"),
        "expire": ("expired", "system"),
    },
    "agreement_review": {
        "confirm_agreement": ("agreed", "coordinator manager"),
        "return_agreement": ("agreement_draft", "coordinator manager"),
        "withdraw": ("withdrawn", "company npo coordinator manager"),
    },
    "agreed": {
        "start": ("running", "system"),
        "terminate": ("terminated", "company npo coordinator manager"),
    },
    "running": {
        "suspend": ("suspended", "company npo coordinator manager"),
        "end": ("ended", "system"),
        "terminate": ("terminated", "company npo coordinator manager"),
    },
    "suspended": {
        "end": ("ended", "system"),
        "resume": ("running", "company npo coordinator manager"),
        "terminate": ("terminated", "company npo coordinator manager"),
    },
    "ended": {"report": ("reported", "system")},
    "terminated": {"report": ("reported", "system")},
    "reported": {
        "conclude": ("evaluated", "coordinator manager"),
        "close_early": ("closed", "coordinator manager"),
    },
    "evaluated": {"close": ("closed", "coordinator manager")},
    "closed": {},
    "declined": {},
    "withdrawn": {},
    "expired": {},
    "refused": {},
}
TABLES = {"organization": ORGANIZATION, "posting": POSTING, "partnership": PARTNERSHIP}


def _every_case():
    for machine, table in TABLES.items():
        actions = sorted({action for row in table.values() for action in row})
        for state, action, mover in itertools.product(table, actions, MOVERS):
            target, who = table[state].get(action, (None, ""))
            yield machine, state, action, mover, target if mover in who.split() else None


@pytest.mark.parametrize(("machine", "state", "action", "mover", "target"), list(_every_case()))
def test_every_state_action_and_mover(machine, state, action, mover, target):
    move = lifecycle.find_move(machine, state, action)
    if target is None:
        assert move is None or mover not in move.by
        assert action not in lifecycle.available_actions(machine, state, frozenset({mover}))
    else:
        assert (move.target, mover in move.by) == (target, True)
        assert action in lifecycle.available_actions(machine, state, frozenset({mover}))


@pytest.mark.parametrize("machine", TABLES)
def test_every_state_has_a_label_and_a_row_here(machine):
    assert set(lifecycle.STATES[machine]) == set(TABLES[machine])


def test_the_table_names_no_move_twice():
    keys = [(move.machine, move.source, move.action) for move in lifecycle.TRANSITIONS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "action",
    [
        "return",
        "refuse",
        "suspend",
        "withdraw",
        "decline",
        "reinstate",
        "return_agreement",
        "terminate",
    ],
)
def test_moves_that_take_something_away_need_a_coded_reason(action):
    moves = [move for move in lifecycle.TRANSITIONS if move.action == action]
    assert moves
    assert all(move.reasons for move in moves)


@pytest.mark.parametrize(
    ("state", "company_agreed", "npo_agreed", "waiting"),
    [
        ("recommended", False, False, ("company", "npo")),
        ("interest_one_side", True, False, ("npo",)),
        ("interest_one_side", False, True, ("company",)),
        ("interest_both", True, True, ("company", "npo")),
        ("coordinator_review", True, True, ()),
        ("introduced", True, True, ()),
        ("negotiation", True, True, ()),
        ("trial", True, True, ()),
        ("agreement_draft", True, True, ()),
        ("agreement_review", True, True, ()),
        ("agreed", True, True, ()),
        ("running", True, True, ()),
        ("suspended", True, True, ()),
        ("ended", True, True, ()),
        ("terminated", True, True, ()),
        ("reported", True, True, ()),
        ("evaluated", True, True, ()),
        ("closed", True, True, ()),
        ("declined", True, False, ()),
        ("withdrawn", True, True, ()),
        ("expired", True, False, ()),
        ("refused", True, True, ()),
    ],
)
def test_who_is_asked_before_the_introduction(state, company_agreed, npo_agreed, waiting):
    assert lifecycle.asked(state, company_agreed=company_agreed, npo_agreed=npo_agreed) == waiting
