"""The people of the invented city: its officers, and its organizations with their owners."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.ground.errors import Refused
from matcher.ground.permissions import SYSTEM, Actor
from matcher.organizations import acts as organization_acts
from matcher.people import accounts
from matcher.records import Membership, Organization, User
from matcher.register import audit, folding
from seed_data.lines import ORGANIZATION_KEYS, Facts, company_profile, npo_profile, present

_STAFF = (
    ("coordinator", "demo-coordinator@demo.example", "佐久間 みのり"),
    ("coordinator", "coordinator2@demo.example", "長谷部 透"),
    ("manager", "demo-manager@demo.example", "宇野 佳代子"),
    ("operator", "operator@demo.example", "運用 担当"),
)


class Residents:
    """Who is there so far, by the keys of the texts."""

    def __init__(self, session: Session, demo: Mapping[str, str]) -> None:
        """``demo``: name of a demo account → key of its organization."""
        self.session = session
        self._demo = demo
        self.organizations: dict[str, Organization] = {}
        self.people: dict[str, User] = {}
        self.staff: list[User] = []

    def make_staff(self, at: datetime) -> None:
        """The people of the city."""
        for role, email, name in _STAFF:
            user = User(
                email=email,
                name=name,
                role=role,
                memberships=[],
                status="active",
                created_at=at,
                notify="none",
            )
            self.session.add(user)
            self.session.flush()
            self.staff.append(user)
            audit.record(self.session, SYSTEM, "create", "user", user.public_id, at, details={"role": role})

    def register(self, kind: str, line: Facts, at: datetime) -> None:
        """An organization and its owner register."""
        organization = Organization(
            kind=kind,
            state="draft",
            created_at=at,
            updated_at=at,
            **present(line, ORGANIZATION_KEYS),
        )
        if kind == "company":
            organization.company = company_profile(line)
        else:
            organization.npo = npo_profile(line)
        organization.search_text = folding.text_of_organization(organization)
        self.session.add(organization)
        self.session.flush()
        demo = {name: key for key, name in self._demo.items()}.get(line["id"])
        email = f"demo-{demo}@demo.example" if demo else f"{line['id']}@demo.example"
        user = User(
            email=email,
            name=line["contact_name"] or line["representative"],
            role="member",
            status="active",
            created_at=at,
        )
        self.session.add(user)
        self.session.add(
            Membership(user=user, organization=organization, role="owner", created_at=at, began_at=at)
        )
        self.session.flush()
        self.organizations[line["id"]], self.people[line["id"]] = organization, user
        audit.record(
            self.session, self.member(line["id"]), "register", "organization", organization.public_id, at,
            to_state="draft",
        )  # fmt: skip

    def member(self, key: str) -> Actor:
        """The owner of an organization."""
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

    def owner_of(self, organization_id: int) -> Actor:
        """The owner of an organization, by its key in the records."""
        return self.member(
            next(key for key, found in self.organizations.items() if found.id == organization_id)
        )

    def officer(self, place: int = 0) -> Actor:
        """One of the people of the city."""
        return accounts.actor_of(self.staff[place])

    def submit(self, key: str, at: datetime) -> None:
        """The profile is handed in."""
        organization = self.organizations[key]
        try:
            organization_acts.submit(
                self.session, self.member(key), organization, at, declared=True, agreed=True, version=None
            )
        except Refused:
            # A thin profile that was entered at the counter: the city asked for the rest later.
            organization.state, organization.submitted_at, organization.declared_at = "submitted", at, at
            organization.terms_version = organization_acts.TERMS_VERSION
            audit.record(
                self.session, self.officer(), "submit", "organization", organization.public_id, at,
                from_state="draft", to_state="submitted", details={"entered_by": "city"},
            )  # fmt: skip

    def verify(self, key: str, at: datetime) -> None:
        """The city has checked it."""
        organization = self.organizations[key]
        answers = dict.fromkeys(organization_acts.checklist(organization), ("yes", ""))
        if organization.corporate_number is None:
            answers["number"] = ("yes", "任意団体のため番号なし。会則で確認。")
        organization_acts.verify(self.session, self.officer(), organization, answers, at, version=None)

    def return_(self, key: str, at: datetime) -> None:
        """The city asks for more."""
        organization_acts.return_(
            self.session, self.officer(), self.organizations[key], {}, "documents",
            "会則または定款の写しを確認できませんでした。窓口または郵送でご提出ください。", at, version=None,
        )  # fmt: skip

    def suspend(self, key: str, at: datetime) -> None:
        """The city suspends it."""
        organization_acts.suspend(
            self.session, self.officer(2), self.organizations[key], "operation",
            "代表者と連絡が取れない状態が続いているため。連絡が取れ次第、解除を検討。", at, version=None,
        )  # fmt: skip
