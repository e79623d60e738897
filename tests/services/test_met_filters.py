"""One rule in three readings: whether a part of a need meets what is looked for, as SQL asks it of a list, as
cards say by which part a need was found, and as suggestions ask it of a text as it stands.
"""

from itertools import count, product
from typing import Any

from sqlalchemy import and_, select, true
from sqlalchemy.orm import Session

from matcher.cases import takes
from matcher.postings import finding, wanted
from matcher.records import CaseTake, Need, NeedPart, Organization, Partnership, User
from matcher.suggestions.conditions import Filters, facts_of_posting
from tests import factories
from tests.conftest import NOW

KINDS = ("", "food", "goods_new", "place", "cash_donation")
AMOUNTS = (
    (None, ""),
    (10.0, "kg"),
    (40.0, "kg"),
    (99.99, "kg"),
    (100.0, "kg"),
    (3.0, "回"),
    (5.0, "円"),
    (5.0, "円/年"),
)
#: Everything that a part is asked for: a kind, an amount, both or neither.
LOOKED_FOR = [
    Filters(support_type=kind, amount=amount, unit=unit) for kind, (amount, unit) in product(KINDS, AMOUNTS)
]
#: What the first part of a need says.
SAID: dict[str, dict[str, Any]] = {
    "counted": {"support_type": "food", "quantity": 100, "unit": "kg"},
    "little is useful": {"support_type": "food", "quantity": 100, "unit": "kg", "min_useful": 10},
    "only what is useful": {"support_type": "food", "quantity": None, "unit": "kg", "min_useful": 40},
    "without an amount": {"support_type": "place", "quantity": None, "unit": ""},
    "others are welcome": {"support_type": "food", "quantity": 40, "unit": "kg", "also_welcome": ["goods_new", "place"]},
    "by the year": {"support_type": "cash_donation", "quantity": 5, "unit": "円/年"},
}  # fmt: skip
#: What companies take: (place, kind, amount, unit, whether it is agreed upon).
TAKEN: dict[str, tuple[tuple[int, str, float | None, str, bool], ...]] = {
    "nothing": (),
    "some is talked about": ((1, "food", 60, "kg", False),),
    "all is talked about": ((1, "food", 100, "kg", False), (2, "place", 3, "回", False)),
    "all is agreed upon": ((1, "food", 100, "kg", True), (2, "place", 3, "回", True), (3, "goods_new", None, "", True)),
    "a whole is talked about": ((1, "place", None, "", False), (3, "goods_new", None, "", False)),
    "in another unit": ((1, "food", 100, "食", True), (2, "place", 3, "時間", True)),
}  # fmt: skip


_serial = count(1)


def made(session: Session, npo: Organization, said: str) -> Need:
    """A need that says it."""
    return factories.make_need(session, npo, **{"also_welcome": []} | SAID[said])


def take(session: Session, need: Need, users: list[User], taken: str) -> None:
    """Companies, each of a user, take so much of its parts."""
    for user, (place, kind, amount, unit, is_agreed) in zip(users, TAKEN[taken], strict=False):
        terms = {"support_type": kind, "quantity": amount, "unit": unit}
        case = Partnership(
            number=f"E-{next(_serial)}", company_id=user.memberships[0].organization_id, npo_id=need.organization_id, need_id=need.id,
            origin="company", state="agreed" if is_agreed else "negotiation", created_at=NOW, moved_at=NOW,
            started_by_id=user.id, part=1, **terms if place == 1 else {"support_type": "volunteer"},
        )  # fmt: skip
        session.add(case)
        session.flush()
        if place > 1:
            session.add(CaseTake(partnership_id=case.id, place=place, **terms))


def in_sql(session: Session) -> dict[int, tuple[bool, ...]]:
    """Key of a need → which of all that is looked for it meets."""
    met = (and_(true(), *wanted.met(filters, Need)) for filters in LOOKED_FOR)
    return {key: tuple(map(bool, found)) for key, *found in session.execute(select(Need.id, *met))}


def test_what_one_part_says_is_met_in_all_three(session: Session) -> None:
    npo = factories.make_npo(session)
    needs = {said: made(session, npo, said) for said in SAID}
    listed = in_sql(session)
    for said, need in needs.items():
        (row,) = takes.of(session, need)
        facts = facts_of_posting(need)
        on_cards = tuple(finding._meets(filters, row, need) for filters in LOOKED_FOR)
        in_suggestions = tuple(filters.are_met(facts, asked=True) for filters in LOOKED_FOR)
        assert listed[need.id] == on_cards == in_suggestions, said
        assert set(on_cards) == {True, False}


def test_what_is_missing_of_several_parts_is_met_in_sql_and_in_python(session: Session) -> None:
    npo = factories.make_npo(session)
    users = [factories.make_user(session, factories.make_company(session)) for _one in range(3)]
    needs = {(said, taken): made(session, npo, said) for said, taken in product(SAID, TAKEN)}
    for (_said, taken), need in needs.items():
        session.add(
            NeedPart(need_id=need.id, place=2, support_type="place", quantity=3, unit="回", min_useful=1)
        )
        session.add(NeedPart(need_id=need.id, place=3, support_type="goods_new"))
        take(session, need, users, taken)
    session.flush()
    listed, standing = in_sql(session), takes.standing(session, needs.values())
    for (said, taken), need in needs.items():
        met = [any(finding._meets(one, row, need) for row in standing[need.id]) for one in LOOKED_FOR]
        # Who asks for nothing finds what is taken as well.
        assert listed[need.id][1:] == tuple(met[1:]), (said, taken)
