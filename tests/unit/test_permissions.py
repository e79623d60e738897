"""Who may do what: the whole table written out a second time, and the edges of standing."""

import pytest

from matcher.ground import permissions
from matcher.ground.errors import NotFound, NotPermitted
from matcher.ground.permissions import ANONYMOUS, SYSTEM, Actor

STAFF = ("coordinator", "manager")
OWN = ("owner", "editor", "viewer")
WRITE = ("owner", "editor")

EXPECTED = {
    "organization.view": (*OWN, *STAFF, "other if listed"),
    "organization.edit": WRITE,
    "organization.submit": ("owner",),
    "organization.review": STAFF,
    "organization.suspend": ("manager",),
    "organization.deactivate": ("owner", "manager"),
    "organization.contact": (*OWN, *STAFF),
    "members.view": OWN,
    "members.manage": ("owner",),
    "account.own": OWN,
    "posting.view": (*OWN, *STAFF, "other if listed"),
    "posting.edit": WRITE,
    "posting.ask": ("other if listed",),
    "posting.answer": WRITE,
    "posting.submit": WRITE,
    "posting.review": STAFF,
    "posting.rework": WRITE,
    "posting.pause": WRITE,
    "posting.fill": WRITE,
    "posting.renew": WRITE,
    "posting.withdraw": (*WRITE, *STAFF),
    "suggestions.view": (*OWN, *STAFF),
    "suggestions.mark": WRITE,
    "partnership.view": (*OWN, *STAFF),
    "partnership.propose": WRITE,
    "partnership.answer": WRITE,
    "partnership.withdraw": (*WRITE, *STAFF),
    "partnership.message": (*WRITE, *STAFF),
    "partnership.decide": STAFF,
    "partnership.assign": STAFF,
    "partnership.work": WRITE,
    "partnership.share": (*WRITE, *STAFF),
    "partnership.sign": ("owner",),
    "partnership.review": STAFF,
    "partnership.pay": ("manager",),
    "partnership.export": STAFF,
    "desk.view": STAFF,
    "desk.recommend": STAFF,
    "desk.import": STAFF,
    "desk.export": STAFF,
    "desk.handover": STAFF,
    "desk.indicators": STAFF,
    "desk.comments": STAFF,
    "desk.mail": STAFF,
    "desk.registration": STAFF,
    "staff.manage": ("manager", "operator"),
    "audit.view": ("manager", "operator"),
}


class Thing:
    """A record of organization 1."""

    party_ids = (1,)

    def __init__(self, *, listed: bool) -> None:
        self.is_listed = listed


def member(role: str, organization: int = 1, state: str = "verified") -> Actor:
    """A member of an organization."""
    return Actor(
        role="member",
        user_id=9,
        organization_id=organization,
        organization_role=role,
        organization_state=state,
    )


ACTORS = {
    "owner": member("owner"),
    "editor": member("editor"),
    "viewer": member("viewer"),
    "other": member("owner", 2),
    "coordinator": Actor(role="coordinator", user_id=3),
    "manager": Actor(role="manager", user_id=4),
    "operator": Actor(role="operator", user_id=5),
    "anonymous": ANONYMOUS,
}


def test_the_expectation_covers_the_whole_table():
    assert set(EXPECTED) == set(permissions.PERMISSIONS)


@pytest.mark.parametrize("action", EXPECTED)
@pytest.mark.parametrize("name", ACTORS)
@pytest.mark.parametrize("listed", [True, False])
def test_every_action_and_standing(action, name, listed):
    expected = name in EXPECTED[action] or (listed and f"{name} if listed" in EXPECTED[action])
    assert permissions.may(ACTORS[name], action, Thing(listed=listed)) == expected


def test_a_member_whose_organization_is_not_verified_sees_no_others():
    unverified = member("owner", 2, state="submitted")
    assert not permissions.may(unverified, "posting.view", Thing(listed=True))


def test_what_one_may_not_see_is_not_found_and_what_one_sees_is_not_permitted():
    with pytest.raises(NotFound):
        permissions.require(ACTORS["other"], "posting.edit", Thing(listed=False))
    with pytest.raises(NotPermitted):
        permissions.require(ACTORS["other"], "posting.edit", Thing(listed=True))
    with pytest.raises(NotPermitted):
        permissions.require(ACTORS["viewer"], "posting.edit", Thing(listed=False))


def test_the_clock_may_do_whatever_a_rule_asks_of_it():
    assert permissions.may(SYSTEM, "posting.pause", Thing(listed=False))


def test_an_unknown_action_is_a_mistake_in_the_code():
    with pytest.raises(KeyError):
        permissions.may(ANONYMOUS, "posting.eat", None)
