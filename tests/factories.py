"""Plain factories for tests: each makes one valid record and flushes it."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from matcher.ground.permissions import Actor
from matcher.jobs import leases
from matcher.people import accounts
from matcher.planning.gathering import Settings
from matcher.planning.task import Chosen, Pair, Part, Plan, Source, Task
from matcher.records import (
    CompanyProfile,
    Membership,
    Municipality,
    Need,
    NpoProfile,
    Offer,
    Organization,
    User,
    YearPlan,
)
from tests.conftest import NOW
from webapp.worker import PIECE_NAMES

FIRST_SERIAL = 100  #: smaller ones are of those who are named alike in every test (``remembered``)
_serial = iter(range(FIRST_SERIAL, 10**9))


def make_city(session: Session, **changes: Any) -> Municipality:
    """The invented municipality."""
    facts: dict[str, Any] = {
        "id": 1, "name": "澪原市", "kana": "みおはらし", "section": "市民協働推進課", "phone": "0000-00-1000",
        "email": "kyodo@city.miohara.example", "areas": {"chuo": "中央", "hama": "浜", "satoyama": "里山"},
        "field20": "", "is_demo": True,
    }  # fmt: skip
    city = Municipality(**facts | changes)
    session.add(city)
    session.flush()
    return city


def _organization(session: Session, kind: str, now: datetime, changes: dict[str, Any]) -> Organization:
    number = next(_serial)
    facts: dict[str, Any] = {
        "kind": kind, "state": "verified", "name": f"{'株式会社みお' if kind == 'company' else '縁側の会'}{number}",
        "kana": "ミオ", "area": "chuo", "address": "澪原市中央町1-2-3", "representative": "代表 花子",
        "contact_name": "窓口 太郎", "email": f"info{number}@org.example", "phone": f"0000-00-{number % 10000:04d}",
        "created_at": now, "updated_at": now, "verified_at": now,
    }  # fmt: skip
    organization = Organization(**facts | changes)
    session.add(organization)
    return organization


def make_company(
    session: Session, now: datetime = NOW, profile: dict[str, Any] | None = None, **changes: Any
) -> Organization:
    """A verified company with a filled profile."""
    organization = _organization(session, "company", now, changes)
    facts: dict[str, Any] = {
        "industry": "E", "employees_band": "21-50", "business": "市内で惣菜と弁当を製造しています。",
        "csr_policy": "食品ロスを減らし、地域の子どもの食を支えたいと考えています。", "fields": ["13"],
        "areas": ["citywide"], "budget_band": "undecided",
    }  # fmt: skip
    organization.company = CompanyProfile(**facts | (profile or {}))
    session.flush()
    return organization


def make_npo(
    session: Session, now: datetime = NOW, profile: dict[str, Any] | None = None, **changes: Any
) -> Organization:
    """A verified NPO with a filled profile."""
    organization = _organization(session, "npo", now, changes)
    facts: dict[str, Any] = {
        "org_type": "npo", "mission": "子どもがひとりで夕食をとらない町をつくります。",
        "activities": "毎週水曜に子ども食堂を開いています。", "fields": ["13"], "areas": ["chuo"],
        "beneficiaries": ["children"], "disclosure": ["charter", "activity_report"],
    }  # fmt: skip
    organization.npo = NpoProfile(**facts | (profile or {}))
    session.flush()
    return organization


def _posting(changes: dict[str, Any], now: datetime) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "number": f"X-2026-{next(_serial):04d}", "state": "open", "support_type": "food", "quantity": 20, "unit": "kg",
        "period_from": date(2026, 12, 1), "period_to": date(2027, 3, 31), "areas": ["chuo"], "mode": "onsite",
        "fields": ["13"], "beneficiaries": ["children"], "valid_until": now.date() + timedelta(days=120),
        "created_at": now, "updated_at": now, "published_at": now, "submitted_at": now,
    }  # fmt: skip
    return facts | changes


def make_need(session: Session, npo: Organization, now: datetime = NOW, **changes: Any) -> Need:
    """An open need of ``npo``."""
    facts = {
        "title": "水曜の夕食に使う野菜がほしい", "situation": "毎週30人分の夕食をつくりますが、野菜と米が足りません。",
        "wanted_change": "毎週かならず温かい食事を出せるようになります。", "steps_done": 5, "if_unmet": "回数を減らします。",
        "safety_contact": False, "contact_name": "窓口 太郎",
    }  # fmt: skip
    need = Need(organization_id=npo.id, **_posting(facts | changes, now))
    session.add(need)
    session.flush()
    return need


def make_offer(session: Session, company: Organization, now: datetime = NOW, **changes: Any) -> Offer:
    """An open offer of ``company``."""
    facts = {
        "title": "規格外の野菜を届けます",
        "description": "形のふぞろいな野菜を毎週20kgほどお渡しできます。",
    }
    offer = Offer(organization_id=company.id, **_posting(facts | changes, now))
    session.add(offer)
    session.flush()
    return offer


def make_user(
    session: Session, organization: Organization | None = None, now: datetime = NOW, **changes: Any
) -> User:
    """An active member of ``organization``, or staff when there is none."""
    number = next(_serial)
    facts: dict[str, Any] = {
        "email": f"user{number}@people.example", "name": f"利用者{number}",
        "role": "member" if organization else "coordinator", "status": "active", "created_at": now,
    }  # fmt: skip
    role = changes.pop("organization_role", "owner")
    user = User(**facts | changes, memberships=[])
    session.add(user)
    if organization is not None:
        make_membership(session, user, organization, role, now, offered=user.status == "invited")
    session.flush()
    return user


def make_membership(
    session: Session, user: User, organization: Organization, role: str = "owner", now: datetime = NOW, *,
    offered: bool = False, **changes: Any,
) -> Membership:  # fmt: skip
    """That ``user`` serves ``organization``, too; or is only asked to."""
    facts = {"invited_name": user.name if offered else "", "began_at": None if offered else now}
    membership = Membership(
        user=user, organization=organization, role=role, created_at=now, **facts | changes
    )
    session.add(membership)
    session.flush()
    return membership


def make_coordinator(session: Session, **changes: Any) -> User:
    """An active coordinator."""
    return make_user(session, None, **changes)


def actor_for(user: User, organization: Organization | None = None) -> Actor:
    """The actor whom the web layer would build for ``user``, also where their organization is closed."""
    if organization is not None and organization.state == "deactivated":
        seat = next(one for one in user.memberships if one.organization_id == organization.id)
        return Actor(
            role=user.role,  # type: ignore[arg-type]
            user_id=user.id, user_public_id=user.public_id, name=user.name, organization_id=organization.id,
            organization_public_id=organization.public_id, organization_kind=organization.kind,
            organization_name=organization.name, organization_state=organization.state,
            organization_role=seat.role,
        )  # fmt: skip
    return accounts.actor_of(user, organization.id if organization else None)


def let_worker_be_seen(session: Session, now: datetime = NOW) -> None:
    """As if a worker had just done a round of every piece."""
    leases.take(session, "tests", dict.fromkeys(PIECE_NAMES, now), now)
    leases.give_back(session, "tests", dict.fromkeys(PIECE_NAMES, now), now)


def make_year_plan(
    session: Session, person: User, need: Need, offer: Offer, now: datetime = NOW, **changes: Any
) -> YearPlan:
    """A plan that was made, of one row."""
    pair = Pair(need.public_id, offer.public_id, 0.8, is_measured=True)
    task = Task((Part(need.public_id, "npo", 20.0),), (Source(offer.public_id, "firm", 20.0),), (pair,))
    plan = Plan((Chosen(*pair.key, 0.8, 1.0, 20.0),), 0.0, 0.1).as_dict()
    facts: dict[str, Any] = {
        "asked_by_id": person.id, "asked_at": now, "settings": Settings().as_dict(), "inputs": task.as_dict(),
        "result": plan, "without_floors": plan, "whys": {}, "solved_at": now,
    }  # fmt: skip
    made = YearPlan(**facts | changes)
    session.add(made)
    session.flush()
    return made
