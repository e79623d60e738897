"""Who may do what to which record: one table for all roles, pure.

Acts enforce it with ``require``; pages ask the same question with ``may``. Lists are narrowed by the same
actor in the ``reads`` of each room.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, Protocol

from matcher.ground.errors import NotFound, NotPermitted

Role = Literal["anonymous", "member", "coordinator", "manager", "operator", "system"]


#: The roles of city staff who handle cases (the operator runs the machine and does not).
OFFICIALS: Final = ("coordinator", "manager")


@dataclass(frozen=True)
class Seat:
    """Another organization in whose name the same person may act, after having switched to it."""

    organization_id: int
    public_id: str
    name: str


@dataclass(frozen=True)
class Actor:
    """Who is asking, in the name of one organization or of the city. Built by the web, the command line
    or the clock.

    ``elsewhere``: where else the person may act. ``has_served``: ids of all other organizations that the
    person serves or has left.
    """

    role: Role = "anonymous"
    user_id: int | None = None
    user_public_id: str | None = None
    name: str = ""
    organization_id: int | None = None
    organization_public_id: str | None = None
    organization_kind: str | None = None
    organization_name: str = ""
    organization_state: str = ""
    organization_role: str | None = None
    request_id: str = ""
    elsewhere: tuple[Seat, ...] = ()
    has_served: frozenset[int] = frozenset()

    @property
    def is_authenticated(self) -> bool:
        """Whether a person has signed in."""
        return self.role not in {"anonymous", "system"}

    @property
    def is_staff(self) -> bool:
        """City staff who handle cases."""
        return self.role in OFFICIALS


ANONYMOUS: Final = Actor()
SYSTEM: Final = Actor(role="system")


class Record(Protocol):
    """What the table needs to know of a record."""

    @property
    def party_ids(self) -> tuple[int, ...]:
        """Ids of the organizations whose own it is."""
        ...

    @property
    def is_listed(self) -> bool:
        """Whether other members may see it."""
        ...


# Standing of an actor towards a record, from nearest to farthest.
_OWNER, _EDITOR, _VIEWER = "owner", "editor", "viewer"
_OTHER, _ANON = "other_member", "anonymous"
_COORD, _MANAGER, _OPERATOR, _SYSTEM = "coordinator", "manager", "operator", "system"

_WRITE = frozenset({_OWNER, _EDITOR})
_READ = frozenset({_OWNER, _EDITOR, _VIEWER})
_STAFF = frozenset(OFFICIALS)


@dataclass(frozen=True)
class Rule:
    """``always``: standings that may at any time; ``listed``: further ones while the record is listed."""

    always: frozenset[str]
    listed: frozenset[str] = frozenset()


PERMISSIONS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        # Organization and profile
        "organization.view": Rule(_READ | _STAFF, frozenset({_OTHER})),
        "organization.edit": Rule(_WRITE),
        "organization.submit": Rule(frozenset({_OWNER})),
        "organization.review": Rule(_STAFF),
        "organization.suspend": Rule(frozenset({_MANAGER})),
        "organization.deactivate": Rule(frozenset({_OWNER, _MANAGER})),
        "organization.contact": Rule(_READ | _STAFF),
        "members.view": Rule(_READ),
        "members.manage": Rule(frozenset({_OWNER})),
        # One's own account: whose it is, the act says
        "account.own": Rule(_READ),
        # Needs and offers
        "posting.view": Rule(_READ | _STAFF, frozenset({_OTHER})),
        # Questions: by whom else the need is seen, and by whose need it is
        "posting.ask": Rule(frozenset(), frozenset({_OTHER})),
        "posting.answer": Rule(_WRITE),
        "posting.edit": Rule(_WRITE),
        "posting.submit": Rule(_WRITE),
        "posting.review": Rule(_STAFF),
        "posting.rework": Rule(_WRITE),
        "posting.pause": Rule(_WRITE),
        "posting.fill": Rule(_WRITE),
        "posting.renew": Rule(_WRITE),
        "posting.withdraw": Rule(_WRITE | _STAFF),
        # Suggestions: asked of the organization in whose name one looks
        "suggestions.view": Rule(_READ | _STAFF),
        "suggestions.mark": Rule(_WRITE),
        # Partnership cases
        "partnership.view": Rule(_READ | _STAFF),
        "partnership.propose": Rule(_WRITE),
        "partnership.answer": Rule(_WRITE),
        "partnership.withdraw": Rule(_WRITE | _STAFF),
        "partnership.message": Rule(_WRITE | _STAFF),
        "partnership.decide": Rule(_STAFF),
        "partnership.assign": Rule(_STAFF),
        # After the introduction: records of the work, binding acceptance, the city's own part
        "partnership.work": Rule(_WRITE),
        "partnership.share": Rule(_WRITE | _STAFF),
        "partnership.sign": Rule(frozenset({_OWNER})),
        "partnership.review": Rule(_STAFF),
        "partnership.pay": Rule(frozenset({_MANAGER})),
        "partnership.export": Rule(_STAFF),
        # Without a record
        "desk.view": Rule(_STAFF),
        "desk.recommend": Rule(_STAFF),
        "desk.import": Rule(_STAFF),
        "desk.export": Rule(_STAFF),
        "desk.handover": Rule(_STAFF),
        "desk.indicators": Rule(_STAFF),
        "desk.comments": Rule(_STAFF),
        "desk.mail": Rule(_STAFF),
        "desk.registration": Rule(_STAFF),
        "staff.manage": Rule(frozenset({_MANAGER, _OPERATOR})),
        "audit.view": Rule(frozenset({_MANAGER, _OPERATOR})),
    }
)


def standing(actor: Actor, record: Record | None) -> str:
    """How ``actor`` stands towards ``record``: one of the words of the table."""
    if actor.role == "member":
        own = record is None or actor.organization_id in record.party_ids
        return (actor.organization_role or _VIEWER) if own else _OTHER
    return actor.role


def may(actor: Actor, action: str, record: Record | None = None) -> bool:
    """Whether ``actor`` may do ``action`` to ``record`` (``None``: no particular record).

    Raises:
        KeyError: the action is not in the table.
    """
    rule = PERMISSIONS[action]
    if actor.role == "system":
        return True
    found = standing(actor, record)
    if found in rule.always:
        return True
    # A suspended or unverified organization sees its own records only.
    unverified = actor.role == "member" and actor.organization_state != "verified"
    return found in rule.listed and record is not None and record.is_listed and not unverified


def require(actor: Actor, action: str, record: Record | None = None) -> None:
    """Let pass or refuse.

    Raises:
        NotFound: the actor may not even know of the record.
        NotPermitted: the actor sees the record but may not do this.
    """
    if may(actor, action, record):
        return
    if record is not None:
        view = action.split(".", maxsplit=1)[0] + ".view"
        if view in PERMISSIONS and not may(actor, view, record):
            raise NotFound(action.split(".", maxsplit=1)[0])
    raise NotPermitted(action)
