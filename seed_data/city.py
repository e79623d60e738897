"""Loads the invented demo city by living through it: every record is made by the services, at its time.

So the demo's histories, audit chain and frozen decisions are of the same kind as real ones. The texts are
in ``seed_data``; this module only knows in which order a town does things.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from matcher.cases import acts as case_acts
from matcher.cases.files import Store
from matcher.city import cities
from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.ground.errors import Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.organizations import acts as organization_acts
from matcher.people import accounts
from matcher.postings import acts as posting_acts
from matcher.postings import terms
from matcher.records import (
    CompanyProfile,
    Mail,
    Municipality,
    Need,
    Notice,
    NpoProfile,
    Offer,
    Organization,
    Partnership,
    User,
)
from matcher.register import audit, folding
from seed_data.work import Teller

Facts = Mapping[str, Any]

_STAFF = (
    ("coordinator", "demo-coordinator@demo.example", "佐久間 みのり"),
    ("coordinator", "coordinator2@demo.example", "長谷部 透"),
    ("manager", "demo-manager@demo.example", "宇野 佳代子"),
    ("operator", "operator@demo.example", "運用 担当"),
)


@dataclass(order=True)
class _Event:
    at: datetime
    order: int
    act: Callable[[datetime], None] = field(compare=False)


class Town:
    """The demo city while it is being lived through."""

    def __init__(self, session: Session, folder: Path, now: datetime, store: Store) -> None:
        self.session = session
        self.now = now
        self.facts: dict[str, Any] = json.loads((folder / "city.json").read_text(encoding="utf-8"))
        # The texts were written as of one day; loaded later, the whole city moves along by whole weeks.
        age = calendar.tokyo_date(now) - date.fromisoformat(self.facts["as_of"])
        self.shift = max(timedelta(0), timedelta(weeks=age.days // 7))
        self.lines = {
            kind: list(_lines(folder, kind))
            for kind in ("companies", "npos", "needs", "offers", "cases", "stories")
        }
        self.teller = Teller(session, store, self.shift, self._party)
        self.organizations: dict[str, Organization] = {}
        self.people: dict[str, User] = {}
        self.staff: list[User] = []
        self.postings: dict[str, Need | Offer] = {}
        self.cases: dict[str, Partnership] = {}
        self._events: list[_Event] = []

    def live(self, step: Callable[[int, int], None] | None = None) -> None:
        """Live through everything, in the order of time; ``step(done, total)`` is told of progress."""
        cities.put(self.session, self.facts["municipality"], is_demo=True)
        self._plan()
        events = sorted(self._events)
        for done, event in enumerate(events, start=1):
            event.act(event.at)
            if step is not None:
                step(done, len(events))
        self._settle()

    # ── Planning ─────────────────────────────────────────────────────────────────────────────────

    def _at(self, moment: datetime, act: Callable[[datetime], None]) -> None:
        if moment >= self.now:
            moment = self.now - timedelta(minutes=5)
        self._events.append(_Event(moment, len(self._events), act))

    def _plan(self) -> None:
        start = datetime(2025, 4, 7, 0, 30, tzinfo=UTC)
        self._at(start - timedelta(days=6), self._make_staff)
        state_of = {
            name: state for state, names in self.facts["organization_states"].items() for name in names
        }
        everyone = [("company", line) for line in self.lines["companies"]]
        everyone += [("npo", line) for line in self.lines["npos"]]
        first_case = self._first_uses("company", "npo")
        for place, (kind, line) in enumerate(everyone):
            state = state_of.get(line["id"], "verified")
            joined = start + timedelta(days=(place * 37) % 300, minutes=place * 7 % 400)
            if line["id"] in first_case:
                joined = min(joined, first_case[line["id"]] - timedelta(days=40))
            if state in {"draft", "submitted", "returned"}:
                joined = self.now - timedelta(days=9 - place % 5, hours=place % 7)
            self._plan_organization(kind, line, state, joined)
        for place, line in enumerate(self.lines["needs"] + self.lines["offers"]):
            self._plan_posting(line, place)
        for line in self.lines["cases"]:
            self._plan_case(line)
        self._at(start, lambda at: self.teller.library(self.facts["indicators"], self._officer(), at))
        for story in self.lines["stories"]:
            for step in story["steps"]:
                self._plan_story_step(story["case"], step)

    def _plan_story_step(self, key: str, step: Facts) -> None:
        self._at(self._moment(step["at"]), lambda at: self.teller.tell(self.cases[key], step, at))

    def _party(self, case: Partnership, side: str) -> Actor:
        """Who acts on a case: the owner of a side, the officer in charge, or the manager."""
        if side in {"company", "npo"}:
            wanted = case.company_id if side == "company" else case.npo_id
            names = {found.id: name for name, found in self.organizations.items()}
            return self._member(names[wanted])
        return self._officer(2 if side == "manager" else 1)

    def _plan_organization(self, kind: str, line: Facts, state: str, joined: datetime) -> None:
        self._at(joined, lambda at: self._register(kind, line, at))
        key = line["id"]
        if state == "draft":
            return
        self._at(joined + timedelta(days=1), lambda at: self._submit_organization(key, at))
        if state == "submitted":
            return
        if state == "returned":
            self._at(joined + timedelta(days=2), lambda at: self._return_organization(key, at))
            return
        self._at(joined + timedelta(days=3), lambda at: self._verify_organization(key, at))
        if state == "suspended":
            self._at(self.now - timedelta(days=20), lambda at: self._suspend_organization(key, at))

    def _plan_posting(self, line: Facts, place: int) -> None:
        status, key = line["status"], line["id"]
        ends = self._day(line.get("valid_until") or line.get("period_to"))
        published = self.now - timedelta(days=8 + (place * 29) % 150, minutes=place % 300)
        if status == "expired" and ends is not None:
            published = min(published, calendar.end_of_day(ends) - timedelta(days=60))
        first = self._first_uses("need", "offer").get(key)
        if first is not None:
            published = min(published, first - timedelta(days=10))
        if status in {"draft", "in_review", "returned"}:
            published = self.now - timedelta(days=place % 6, hours=3 + place % 5)
        if status == "draft":
            self._at(published, lambda at: self._write(line, at))
            return
        self._at(published - timedelta(days=2), lambda at: self._write(line, at))
        submitted = published if status == "in_review" else published - timedelta(days=1)
        self._at(submitted, lambda at: self._submit_posting(key, at))
        if status == "in_review":
            return
        if status == "returned":
            self._at(published, lambda at: self._return_posting(key, at))
            return
        self._at(published, lambda at: self._publish(key, at))
        later = {
            "paused": self._pause,
            "filled": self._fill,
            "expired": self._expire,
            "withdrawn": self._withdraw_posting,
        }.get(status)
        if later is not None:
            last = max((at for at in self._uses(key)), default=published)
            ended = max(published, last) + timedelta(days=5)
            if status == "expired" and ends is not None:
                ended = max(ended, calendar.end_of_day(ends) + timedelta(minutes=10))
            self._at(ended, lambda at: later(key, at))

    def _first_uses(self, *roles: str) -> dict[str, datetime]:
        """When each organization, need or offer first stands in a case."""
        first: dict[str, datetime] = {}
        for line in self.lines["cases"]:
            for key in (line.get(role) for role in roles):
                if key:
                    at = self._moment(line["at"])
                    first[key] = min(first.get(key, at), at)
        return first

    def _uses(self, key: str) -> Iterator[datetime]:
        for line in self.lines["cases"]:
            if key in (line.get("need"), line.get("offer")):
                yield from (self._moment(step["at"]) for step in ({"at": line["at"]}, *line["steps"]))

    def _plan_case(self, line: Facts) -> None:
        self._at(self._moment(line["at"]), lambda at: self._begin(line, at))
        for step in line["steps"]:
            self._at(self._moment(step["at"]), lambda at, step=step: self._step(line["id"], step, at))  # type: ignore[misc]

    # ── Living: accounts and organizations ───────────────────────────────────────────────────────

    def _make_staff(self, at: datetime) -> None:
        for role, email, name in _STAFF:
            user = User(
                email=email,
                name=name,
                role=role,
                organization=None,
                status="active",
                created_at=at,
                notify="none",
            )
            self.session.add(user)
            self.session.flush()
            self.staff.append(user)
            audit.record(self.session, SYSTEM, "create", "user", user.public_id, at, details={"role": role})

    def _register(self, kind: str, line: Facts, at: datetime) -> None:
        organization = Organization(
            kind=kind,
            state="draft",
            created_at=at,
            updated_at=at,
            **_present(line, _ORGANIZATION_KEYS),
        )
        if kind == "company":
            organization.company = _company_profile(line)
        else:
            organization.npo = _npo_profile(line)
        organization.search_text = folding.text_of_organization(organization)
        self.session.add(organization)
        self.session.flush()
        demo = {name: key for key, name in self.facts["demo"].items()}.get(line["id"])
        email = f"demo-{demo}@demo.example" if demo else f"{line['id']}@demo.example"
        user = User(
            email=email,
            name=line["contact_name"] or line["representative"],
            role="member",
            organization_id=organization.id,
            organization_role="owner",
            status="active",
            created_at=at,
        )
        self.session.add(user)
        self.session.flush()
        self.organizations[line["id"]], self.people[line["id"]] = organization, user
        audit.record(
            self.session, self._member(line["id"]), "register", "organization", organization.public_id, at,
            to_state="draft",
        )  # fmt: skip

    def _member(self, key: str) -> Actor:
        user, organization = self.people[key], self.organizations[key]
        return Actor(
            role="member",
            user_id=user.id,
            user_public_id=user.public_id,
            name=user.name,
            organization_id=organization.id,
            organization_public_id=organization.public_id,
            organization_kind=organization.kind,
            organization_name=organization.name,
            organization_state=organization.state,
            organization_role="owner",
        )

    def _officer(self, place: int = 0) -> Actor:
        return accounts.actor_of(self.staff[place])

    def _submit_organization(self, key: str, at: datetime) -> None:
        organization = self.organizations[key]
        try:
            organization_acts.submit(
                self.session, self._member(key), organization, at, declared=True, agreed=True, version=None
            )
        except Refused:
            # A thin profile that was entered at the counter: the city asked for the rest later.
            organization.state, organization.submitted_at, organization.declared_at = "submitted", at, at
            organization.terms_version = organization_acts.TERMS_VERSION
            audit.record(
                self.session, self._officer(), "submit", "organization", organization.public_id, at,
                from_state="draft", to_state="submitted", details={"entered_by": "city"},
            )  # fmt: skip

    def _verify_organization(self, key: str, at: datetime) -> None:
        organization = self.organizations[key]
        answers = dict.fromkeys(organization_acts.checklist(organization), ("yes", ""))
        if organization.corporate_number is None:
            answers["number"] = ("yes", "任意団体のため番号なし。会則で確認。")
        organization_acts.verify(self.session, self._officer(), organization, answers, at, version=None)

    def _return_organization(self, key: str, at: datetime) -> None:
        organization_acts.return_(
            self.session, self._officer(), self.organizations[key], {}, "documents",
            "会則または定款の写しを確認できませんでした。窓口または郵送でご提出ください。", at, version=None,
        )  # fmt: skip

    def _suspend_organization(self, key: str, at: datetime) -> None:
        organization_acts.suspend(
            self.session, self._officer(2), self.organizations[key], "operation",
            "代表者と連絡が取れない状態が続いているため。連絡が取れ次第、解除を検討。", at, version=None,
        )  # fmt: skip

    # ── Living: needs and offers ─────────────────────────────────────────────────────────────────

    def _write(self, line: Facts, at: datetime) -> None:
        owner = line.get("npo") or line["company"]
        organization = self.organizations[owner]
        model = Need if "npo" in line else Offer
        posting = model(
            organization_id=organization.id,
            organization=organization,
            state="draft",
            created_at=at,
            updated_at=at,
        )
        for name, value in line.items():
            if name not in {"id", "npo", "company", "status"} and value is not None:
                setattr(posting, name, self._day(value) if name in _DATES else value)
        ends = posting.valid_until or posting.period_to or self.now.date() + timedelta(days=200)
        until = min(ends, at.date() + timedelta(days=posting_acts.MAX_VALID_DAYS - 5))
        posting.valid_until = terms.latest_publication(until, posting.period_to)
        if isinstance(posting, Need):
            posting.steps_done = 5 if line["status"] != "draft" else 3
            posting.contact_name = posting.contact_name or organization.contact_name
            posting.visibility = (
                "approached" if organization.visibility == "approached" else posting.visibility
            )
        posting.search_text = folding.text_of_posting(posting)
        self.session.add(posting)
        self.session.flush()
        self.postings[line["id"]] = posting
        kind = posting_acts.kind_of(posting)
        audit.record(
            self.session, self._member(owner), "create", kind, posting.public_id, at, to_state="draft"
        )

    def _owner(self, key: str) -> Actor:
        posting = self.postings[key]
        owner = next(
            name for name, found in self.organizations.items() if found.id == posting.organization_id
        )
        return self._member(owner)

    def _submit_posting(self, key: str, at: datetime) -> None:
        posting = self.postings[key]
        if isinstance(posting, Need):
            # Some wrote on a phone at night and left the last page open; it was asked for by telephone.
            posting.if_unmet = posting.if_unmet or "電話で確認：無理のない範囲で続けます。"
            posting.safety_contact = bool(posting.safety_contact)
        posting_acts.submit(self.session, self._owner(key), posting, at, version=None)

    def _publish(self, key: str, at: datetime) -> None:
        posting_acts.publish(self.session, self._officer(), self.postings[key], at, version=None)

    def _return_posting(self, key: str, at: datetime) -> None:
        posting_acts.return_(
            self.session, self._officer(1), self.postings[key], "quantity",
            "必要な量と時期を、分かる範囲で書き足してください。だいたいの数で構いません。", at, version=None,
        )  # fmt: skip

    def _pause(self, key: str, at: datetime) -> None:
        posting_acts.pause(self.session, self._owner(key), self.postings[key], at, version=None)

    def _fill(self, key: str, at: datetime) -> None:
        if self.postings[key].state in {"open", "paused"}:
            posting_acts.fill(self.session, self._owner(key), self.postings[key], at, version=None)

    def _expire(self, _key: str, at: datetime) -> None:
        posting_acts.expire_due(self.session, at)

    def _withdraw_posting(self, key: str, at: datetime) -> None:
        posting_acts.withdraw(
            self.session, self._owner(key), self.postings[key], "plans_changed", "", at, version=None
        )

    # ── Living: cases ────────────────────────────────────────────────────────────────────────────

    def _begin(self, line: Facts, at: datetime) -> None:
        company, npo = self.organizations[line["company"]], self.organizations[line["npo"]]
        need = self.postings.get(line.get("need") or "")
        offer = self.postings.get(line.get("offer") or "")
        terms = case_acts.Terms(
            line["support_type"],
            line.get("quantity"),
            line.get("unit") or "",
            self._day(line.get("period_from")),
            self._day(line.get("period_to")),
        )
        about: dict[str, Any] = {"need": need, "offer": offer}
        if line["origin"] == "coordinator":
            self.cases[line["id"]] = case_acts.recommend(
                self.session, self._officer(line.get("officer", 0)), company, npo, terms,
                line["reason_code"], line["message"], at, **about,
            )  # fmt: skip
        else:
            actor = self._member(line["company"] if line["origin"] == "company" else line["npo"])
            self.cases[line["id"]] = case_acts.propose(
                self.session, actor, company, npo, terms, line["message"], at, **about
            )

    def _step(self, key: str, step: Facts, at: datetime) -> None:
        case, session = self.cases[key], self.session
        by = step.get("by", "coordinator")
        officer = self._officer(step.get("officer", 1 if by == "coordinator" else 2))
        names = {found.id: name for name, found in self.organizations.items()}
        sides = {"company": case.company_id, "npo": case.npo_id}
        actor = self._member(names[sides[by]]) if by in sides else officer
        code, text = step.get("reason_code", ""), step.get("text", "")
        match step["action"]:
            case "accept":
                case_acts.accept(session, actor, case, text, at, version=None)
            case "decline":
                case_acts.decline(session, actor, case, code, text, at, version=None)
            case "withdraw":
                case_acts.withdraw(session, actor, case, code, text, at, version=None)
            case "message":
                case_acts.send_message(session, actor, case, text, at)
            case "revise":
                terms = case_acts.Terms(
                    step.get("support_type", case.support_type), step.get("quantity", case.quantity),
                    step.get("unit", case.unit), case.period_from, case.period_to,
                )  # fmt: skip
                case_acts.revise(session, actor, case, terms, text, at, version=None)
            case "approve":
                decision = case_acts.Decision(
                    text, conflict_of_interest=False, city_involved=by == "manager",
                    consulted=step.get("consulted", ""),
                )  # fmt: skip
                case_acts.approve(session, actor, case, decision, at, version=None)
            case "return":
                case_acts.return_(session, actor, case, code, text, at, version=None)
            case "refuse":
                case_acts.refuse(session, actor, case, code, text, at, version=None)
            case "expire":
                case_acts.expire_unanswered(session, at)
            case unknown:
                raise ValueError(f"expected a known action in case {key}, found {unknown!r}")

    def _day(self, text: str | None) -> date | None:
        return date.fromisoformat(text) + self.shift if text else None

    def _moment(self, text: str) -> datetime:
        """``2026-10-03T14:30`` in Tokyo time, as UTC, moved along with the city."""
        moment = datetime.fromisoformat(text).replace(tzinfo=calendar.TOKYO)
        return moment.astimezone(UTC) + self.shift

    def _settle(self) -> None:
        """What was mailed in the past has been sent; what is two weeks old has been read."""
        self.session.flush()
        self.session.execute(delete(Mail))
        self.session.execute(
            update(Notice)
            .where(Notice.created_at < self.now - timedelta(days=14))
            .values(read_at=Notice.created_at, mailed=True)
        )
        self.session.execute(update(Notice).values(mailed=True))


def is_empty(session: Session) -> bool:
    """Whether nothing was ever entered: the only database into which the demo city may be loaded."""
    return session.get(Municipality, 1) is None and not session.scalar(select(func.count()).select_from(User))


def load(
    database: Database,
    folder: Path,
    now: datetime,
    step: Callable[[int, int], None] | None = None,
    *,
    store: Store | None = None,
) -> None:
    """Load the demo city into an empty database, in one transaction.

    Args:
        store: where the files of its cases go; without one they are kept nowhere that lasts.

    Raises:
        Refused: ``not_empty`` where there are records already.
    """
    with database.write() as session:
        if not is_empty(session):
            raise Refused("not_empty")
        with tempfile.TemporaryDirectory() as nowhere:
            Town(session, folder, now, store or Store(Path(nowhere))).live(step)


def _lines(folder: Path, kind: str) -> Iterator[Facts]:
    for line in (folder / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


_ORGANIZATION_KEYS = (
    "name", "kana", "corporate_number", "no_number_reason", "area", "address", "website", "representative",
    "contact_department", "contact_name", "email", "phone", "visibility",
)  # fmt: skip
_COMPANY_KEYS = (
    "industry", "employees_band", "business", "csr_policy", "fields", "sdgs", "beneficiaries", "areas",
    "pro_bono_skills", "expected_returns", "budget_band", "volunteering", "past_partnerships", "no_go",
    "naming",
)  # fmt: skip
_NPO_KEYS = (
    "org_type", "mission", "activities", "fields", "sdgs", "beneficiaries", "areas", "staff_full_time",
    "staff_part_time", "volunteers", "budget_band", "reach_number", "capacity", "disclosure",
)  # fmt: skip
_DATES = frozenset({"period_from", "period_to", "valid_until"})


def _present(line: Facts, names: Iterable[str]) -> dict[str, Any]:
    return {name: line[name] for name in names if line.get(name) is not None}


def _company_profile(line: Facts) -> CompanyProfile:
    return CompanyProfile(
        **_present(line, _COMPANY_KEYS), fields_undecided=not line["fields"], no_go_fields=[]
    )


def _npo_profile(line: Facts) -> NpoProfile:
    return NpoProfile(
        **_present(line, _NPO_KEYS),
        strengths=line.get("strengths_offer") or "",
        established_on=date.fromisoformat(line["established_on"]) if line.get("established_on") else None,
    )
