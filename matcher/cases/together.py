"""みんなでかなえる: one need and all who fill it, on one page – who gives what, and what came of it.

The case of each stays its own. Who takes part is named with its consent only, and only while the city vouches
for it; the NPO and the city know each of its cases, and a company itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from matcher.cases import takes
from matcher.cases.act import WORK, case_act
from matcher.ground import lifecycle, parts
from matcher.ground.errors import NotFound
from matcher.ground.parts import Part, Standing
from matcher.ground.permissions import Actor
from matcher.records import Contribution, Need, Organization, Partnership
from matcher.register.act import Done, Look, Words, version_of_record

LEAST: Final = 2  #: so many cases make a page of their own


@case_act(
    "name_company", by=WORK, open_in=lifecycle.CASE_WORK, home="publication",
    who=lambda look: look.record.side_of(look.actor.organization_id) == "company",
    when=lambda case: case.need_id is not None, shown=version_of_record,
    words=Words(
        "会社の名前を出すかを決める", "会社の名前を出すかどうかを記録しました。",
        "会社の名前を出すかどうかを決めました",
        explain="1つのニーズを何社かでかなえるとき、「みんなでかなえる」のページに会社の名前を出すかどうかを決めます。いつでも変えられます。出さないときは「企業1社」と表示します。",
    ),
)  # fmt: skip
def name_company(look: Look, is_named: bool) -> Done:
    """The company lets itself be named on the page of all who fill the need, or no longer does."""
    look.record.is_named = is_named
    return Done(look.record, {"is_named": is_named})


@dataclass(frozen=True)
class Share:
    """What one company takes of one part. ``name`` is empty where it is not to be said."""

    name: str
    part: Part
    quantity: float | None
    unit: str
    is_decided: bool
    given: float  #: what is recorded and confirmed of it, in its unit


@dataclass(frozen=True)
class Together:
    """One need as those who fill it see it."""

    need: Need
    rows: tuple[Standing, ...]
    shares: tuple[Share, ...]
    companies: int


def get(session: Session, actor: Actor, public_id: str) -> Together:
    """The page of one need, for the NPO, the companies that take part, the city, and – of a public need, once
    one of them has an agreement and lets itself be named – for everybody, who read of agreements only.

    Raises:
        NotFound: there is no such page for ``actor``.
    """
    need = session.scalar(
        select(Need).where(Need.public_id == public_id).options(joinedload(Need.organization))
    )
    cases = _cases(session, need) if need is not None else []
    if need is None or not _may_see(session, actor, need, cases):
        raise NotFound("need")
    is_inside = _is_inside(actor, need, cases)
    told = [case for case in cases if is_inside or case.state in takes.DECIDED]
    knows_all = actor.is_staff or actor.organization_id == need.organization_id
    named = {
        case.id: case.company.name
        for case in told
        if knows_all or _is_named(case) or case.company_id == actor.organization_id
    }
    taken = [one for one in takes.taken(session, [need.id])[need.id] if one.case_id in {c.id for c in told}]
    rows = parts.standing(takes.parts_of(session, [need])[need.id], taken)
    given = _given(session, told)
    known = {row.part.place: row.part for row in rows}
    shares = tuple(
        Share(
            named.get(one.case_id, ""), known[one.place], one.quantity, one.unit, one.is_decided,
            given.get((one.case_id, one.support_type, one.unit), 0.0),
        )
        for one in sorted(taken, key=lambda one: (one.place, one.case_id))
        if one.place in known
    )  # fmt: skip
    return Together(need, rows, shares, len(told))


def is_there(session: Session, actor: Actor, need: Need) -> bool:
    """Whether ``actor`` finds a page of those who fill ``need``."""
    return _may_see(session, actor, need, _cases(session, need))


def _cases(session: Session, need: Need) -> Sequence[Partnership]:
    return session.scalars(
        select(Partnership)
        .where(
            Partnership.need_id == need.id,
            Partnership.state.in_(lifecycle.CASE_WORK),
            Partnership.was_terminated.is_(False),
        )
        .options(joinedload(Partnership.company))
        .order_by(Partnership.id)
    ).all()


def _is_inside(actor: Actor, need: Need, cases: Sequence[Partnership]) -> bool:
    if actor.role != "member":
        return actor.is_staff
    return actor.organization_id in {need.organization_id, *(case.company_id for case in cases)}


def _may_see(session: Session, actor: Actor, need: Need, cases: Sequence[Partnership]) -> bool:
    if len(cases) < LEAST:
        return False
    return _is_inside(actor, need, cases) or (
        need.visibility == "public"
        and need.is_as_read
        and any(_is_named(case) and case.state in takes.DECIDED for case in cases)
        and _is_public(session, need)
    )


def _is_named(case: Partnership) -> bool:
    """Its company lets itself be named, and has not left or been stopped since."""
    return case.is_named and case.company.is_verified


def _is_public(session: Session, need: Need) -> bool:
    npo = session.get_one(Organization, need.organization_id)
    return npo.is_verified and npo.visibility == "public"


def _given(session: Session, cases: Sequence[Partnership]) -> dict[tuple[int, str, str], float]:
    """(case, support type, unit) → what its company gave and the NPO has confirmed."""
    rows = session.execute(
        select(
            Contribution.partnership_id, Contribution.support_type, Contribution.unit,
            func.sum(Contribution.quantity),
        )
        .where(
            Contribution.partnership_id.in_([case.id for case in cases]),
            Contribution.state == "confirmed",
            Contribution.giver == "company",
        )
        .group_by(Contribution.partnership_id, Contribution.support_type, Contribution.unit)
    )  # fmt: skip
    return {(case, kind, unit): round(float(total), 2) for case, kind, unit, total in rows}
