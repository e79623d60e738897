"""A small town with one of everything, for the tests that go over every route."""

import shutil
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from matcher.db import Database
from matcher.models import ImportBatch, Organization, ShownList, ShownSuggestion, User
from matcher.services import accounts, partnerships
from matcher.services.partnerships import Decision, Terms
from tests import factories
from tests.conftest import NOW
from webapp import Settings, create_app

#: In this order in every row of the expectation.
ACTORS = ("anonymous", "company_a", "company_b", "npo_a", "npo_b", "coordinator", "manager", "operator")


class World:
    """The application, its people's browsers, and the ids of its records."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.file, self.master = folder / "world.db", folder / "master.db"
        shutil.copy(template, self.file)
        self.app = self._application(folder)
        self.database: Database = self.app.extensions["database"]
        self.people: dict[str, User] = {}
        self.ids: dict[str, str] = {}
        with self.database.write() as session:
            self._fill(session)
        self.cookies = {name: self._sign_in(person) for name, person in self.people.items()}
        self.database.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.file}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.file, self.master)

    def _application(self, folder: Path) -> Flask:
        settings = Settings.from_environment(
            {
                "DATABASE_URL": f"sqlite:///{self.file}",
                "SECRET_KEY": "only-for-tests-" + "x" * 32,
                "VAR_FOLDER": str(folder),
                "WORKER": "off",
            }
        )
        return create_app(settings)

    def _fill(self, session) -> None:
        factories.make_city(session, is_demo=False)
        sides: dict[str, Organization] = {}
        for name in ("a", "b"):
            sides[f"company_{name}"] = factories.make_company(session)
            sides[f"npo_{name}"] = factories.make_npo(session)
        for name, organization in sides.items():
            self.people[name] = factories.make_user(session, organization)
            self.ids[name] = organization.public_id
        for role in ("coordinator", "manager", "operator"):
            self.people[role] = factories.make_coordinator(session, role=role)
        company, npo = sides["company_a"], sides["npo_a"]
        need, draft = (
            factories.make_need(session, npo),
            factories.make_need(session, npo, state="draft", number=None),
        )
        offer = factories.make_offer(session, company)
        draft_offer = factories.make_offer(session, company, state="draft", number=None)
        review, review_offer = (
            factories.make_need(session, npo, state="in_review"),
            factories.make_offer(session, company, state="in_review"),
        )
        actors = {name: factories.actor_for(self.people[name], sides.get(name)) for name in self.people}
        case = partnerships.propose(
            session, actors["company_a"], company, npo, Terms("food"), "ぜひ。", NOW, need=need, offer=offer
        )
        second = factories.make_need(session, npo)
        decided = partnerships.propose(
            session, actors["company_a"], company, npo, Terms("food"), "ぜひ。", NOW, need=second
        )
        partnerships.accept(session, actors["npo_a"], decided, "", NOW, version=None)
        decision = Decision("明確である。", conflict_of_interest=False, city_involved=False)
        bundle = partnerships.approve(session, actors["coordinator"], decided, decision, NOW, version=None)
        shown = self._shown(session, company, npo, need.id)
        shown_need = self._shown(session, npo, company, need.id, to_need=True)
        pending = User(
            email="pending@people.example", name="招待中", role="member", organization_id=company.id,
            organization_role="editor", status="invited", created_at=NOW,
        )  # fmt: skip
        session.add(pending)
        session.flush()
        batch = ImportBatch(
            kind="companies", filename="list.csv", uploaded_by_id=self.people["coordinator"].id, uploaded_at=NOW,
            rows=[], problems=[],
        )  # fmt: skip
        session.add(batch)
        session.flush()
        self.ids |= {
            "batch": batch.public_id,
            "need": need.public_id, "draft_need": draft.public_id, "offer": offer.public_id,
            "draft_offer": draft_offer.public_id, "review_need": review.public_id,
            "review_offer": review_offer.public_id, "case": case.public_id, "decided": decided.public_id,
            "bundle": bundle.public_id, "shown": shown.public_id, "shown_need": shown_need.public_id,
            "colleague": pending.public_id, "nothing": "0" * 32,
        }  # fmt: skip

    def _shown(self, session, viewer, candidate, need_id, *, to_need=False) -> ShownSuggestion:
        shown = ShownList(
            organization_id=viewer.id, need_id=need_id if to_need else None, shown_at=NOW, model_id="m@1",
            index_version=1, weights_version="w",
        )  # fmt: skip
        session.add(shown)
        session.flush()
        item = ShownSuggestion(
            shown_list_id=shown.id, rank=1, candidate_id=candidate.id, need_id=need_id, score=0.5, parts={},
            reasons=[],
        )  # fmt: skip
        session.add(item)
        session.flush()
        return item

    def _sign_in(self, person: User) -> str:
        with self.database.write() as session:
            known = session.scalars(
                select(User).where(User.id == person.id).options(joinedload(User.organization))
            ).one()
            return accounts.start_session(session, known, NOW)

    def reset(self) -> None:
        """Put the records back as they were."""
        self.database.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.file}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.master, self.file)

    def browser(self, name: str) -> FlaskClient:
        """The browser of one of ``ACTORS``."""
        client = self.app.test_client()
        if name != "anonymous":
            with client.session_transaction() as cookie:
                cookie["_user_id"] = self.cookies[name]
                cookie["_fresh"] = True
        return client
