"""A small town with one of everything, for the tests that go over every route."""

import hashlib
import shutil
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from matcher.agreements import definitions
from matcher.alerts import searches
from matcher.cases import answering, beginning, deciding, files, talks
from matcher.cases.beginning import Terms
from matcher.cases.deciding import Decision
from matcher.desk import handovers
from matcher.ground import calendar, vocabulary
from matcher.ground.db import Database
from matcher.people import accounts, registration_codes, sessions
from matcher.records import (
    EvaluationSheet,
    ImportBatch,
    Job,
    JointNeed,
    JointPartner,
    Mail,
    Organization,
    PeriodReport,
    Prospect,
    Question,
    ShownList,
    ShownSuggestion,
    Ticket,
    User,
)
from matcher.register import notices, officials, outbox
from matcher.results import comments
from matcher.work import contributions, incidents, payments, risks
from tests import factories
from tests import told as tell
from tests.conftest import NOW
from tests.partners import Partners
from webapp import Settings, alert_text, create_app

#: In this order in every row of the expectation. Who serves the A's beside their B (``GUESTS``) gets in the name of
#: the B what everybody of the B gets.
ACTORS = ("anonymous", "company_a", "company_b", "npo_a", "npo_b", "coordinator", "manager", "operator")
GUESTS = ("company_b", "npo_b")


_DEFINITION = {
    "code": "KODOMO-1", "name": "来た子どもの数", "definition": "実人数", "unit": "人", "kind": "outcome",
    "direction": "up", "method": "records", "evidence": "名簿", "field": None, "is_active": True,
}  # fmt: skip


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
            # The tests may take as long as they like: the worker is seen, and no mail waits.
            factories.let_worker_be_seen(session, NOW + timedelta(days=1))
            session.execute(update(Mail).where(Mail.given_up_at.is_(None)).values(sent_at=NOW))
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
                "SENTENCE_ENCODER": "off",
            }
        )
        return create_app(settings)

    @staticmethod
    def _undeliverable(session) -> int:
        notices.send_mail(session, "gone@people.example", *tell.letter(), NOW, key="notice-gone")
        session.flush()
        (mail,) = outbox.lease(session, NOW)
        outbox.note_failure(session, mail.id, "address", "SMTPRecipientsRefused 550", NOW)
        return mail.id

    def _fill(self, session) -> None:
        factories.make_city(session, is_demo=False)
        self.ids["mail"] = self._undeliverable(session)
        sides: dict[str, Organization] = {}
        for name in ("a", "b"):
            sides[f"company_{name}"] = factories.make_company(session)
            sides[f"npo_{name}"] = factories.make_npo(session)
        for name, organization in sides.items():
            self.people[name] = factories.make_user(session, organization)
            self.ids[name] = organization.public_id
        # Who serves the A's, too, and works in the name of a B.
        for name in ("company_b", "npo_b"):
            guest = factories.make_user(session, sides[name])
            for other in ("company_a", "npo_a"):
                factories.make_membership(session, guest, sides[other])
            self.people[f"{name}_guest"] = guest
        for role in ("coordinator", "manager", "operator"):
            self.people[role] = factories.make_coordinator(session, role=role)
        self.actors = {
            name: factories.actor_for(person, sides.get(name.removesuffix("_guest")))
            for name, person in self.people.items()
        }
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
        actors = self.actors
        case = beginning.propose(
            session,
            actors["company_a"],
            beginning.between(company, npo, need=need, offer=offer),
            Terms("food"),
            "ぜひ。",
            NOW,
        )
        second = factories.make_need(session, npo)
        decided = beginning.propose(
            session,
            actors["company_a"],
            beginning.between(company, npo, need=second),
            Terms("food"),
            "ぜひ。",
            NOW,
        )
        answering.accept(session, actors["npo_a"], decided, "", NOW, version=None)
        decision = Decision("明確である。", conflict_of_interest=False, city_involved=False)
        bundle = deciding.approve(session, actors["coordinator"], decided, decision, NOW, version=None)
        self._work(session, actors, company, npo)
        self._made(session)
        shown = self._shown(session, company, npo, need.id)
        shown_need = self._shown(session, npo, company, need.id, to_need=True)
        pending = User(
            email="pending@people.example", name="招待中", role="member", status="invited", created_at=NOW,
            memberships=[],
        )  # fmt: skip
        session.add(pending)
        factories.make_membership(session, pending, company, "editor", offered=True)
        session.flush()
        batch = ImportBatch(
            kind="companies", filename="list.csv", uploaded_by_id=self.people["coordinator"].id, uploaded_at=NOW,
            rows=[], problems=[],
        )  # fmt: skip
        session.add(batch)
        session.flush()
        question = Question(
            need_id=need.id, asker_id=sides["company_a"].id, asked_by_id=self.people["company_a"].id,
            asked_at=NOW, text="何時ごろがよいですか。",
        )  # fmt: skip
        session.add(question)
        session.flush()
        proposed = JointNeed(
            need_id=need.id, proposed_by_id=self.people["coordinator"].id, proposed_at=NOW, note="まとめて頼めます。",
            partners=[JointPartner(organization_id=sides["npo_a"].id, need_id=need.id)],
        )  # fmt: skip
        session.add(proposed)
        session.flush()
        self.ids |= {
            "joint": proposed.public_id,
            "batch": batch.public_id,
            "plan": factories.make_year_plan(session, self.people["coordinator"], need, offer).public_id,
            "need": need.public_id, "question": question.public_id, "draft_need": draft.public_id, "offer": offer.public_id,
            "draft_offer": draft_offer.public_id, "review_need": review.public_id,
            "review_offer": review_offer.public_id, "case": case.public_id, "decided": decided.public_id,
            "bundle": bundle.public_id, "shown": shown.public_id, "shown_need": shown_need.public_id,
            "colleague": pending.public_id, "nothing": "0" * 32,
        }  # fmt: skip
        self._alerts(session, need)

    def _alerts(self, session, need) -> None:
        """Conditions that company A's person keeps, the link that stops its digest, and whom to invite."""
        actor = self.actors["company_a"]
        self.ids["saved_search"] = searches.save(
            session, actor, "食品", {"support_type": "food"}, NOW
        ).public_id
        stop = alert_text.Stop(actor.user_public_id, actor.organization_public_id, "")
        self.ids["stop_link"] = alert_text.token(self.app.config["SETTINGS"].secret_key, stop)
        unserved = factories.make_company(session)
        session.add(
            Prospect(
                organization_id=unserved.id,
                owner_type="need",
                owner_id=need.id,
                score=0.7,
                why={},
                found_at=NOW,
            )
        )
        self.ids["unserved"] = unserved.public_id

    def _work(self, session, actors, company, npo) -> None:
        """A running outcome-linked case of A with A, with a record of every kind, and published."""
        partners = Partners.__new__(Partners)
        partners.session, partners.at, partners.days = session, NOW - timedelta(days=30), 20
        partners.company, partners.npo, partners.need = company, npo, factories.make_need(session, npo)
        partners.company_actor, partners.npo_actor = actors["company_a"], actors["npo_a"]
        partners.coordinator, partners.manager = actors["coordinator"], actors["manager"]
        partners.store = files.Store(self.app.config["SETTINGS"].files_folder)
        partners.today = calendar.tokyo_date(partners.at)
        partners.starts_on = partners.today + timedelta(days=1)
        case = partners.contracted()
        partners.later(days=20)
        indicator = partners.only_indicator()
        measurement = partners.measure(indicator, 31.0, partners.ends_on)
        payment = payments.calculate(session, partners.coordinator, case, partners.rule(), partners.at)
        gift = contributions.Gift("food", 5, "kg", partners.today)
        contribution = contributions.record_contribution(
            session, partners.company_actor, case, gift, partners.at
        )
        risk = risks.RiskFacts("雪", 2, 2, "前日に決める", "npo")
        day, at = partners.today, partners.at
        task = talks.add_task(session, partners.npo_actor, case, "測る", "npo", calendar.tokyo_date(at), at)
        incident = incidents.report_incident(
            session, partners.npo_actor, case, day, "指を切った。", "手当て。", at
        )
        report = PeriodReport(
            partnership_id=case.id, period_from=day, period_to=partners.ends_on, due_on=partners.ends_on, state="open"
        )  # fmt: skip
        sheet = EvaluationSheet(
            partnership_id=case.id, rater="npo", about="npo", scores=dict.fromkeys(vocabulary.EVALUATION_ITEMS, 3),
            comment="", rated_by_id=partners.npo_actor.user_id, rated_at=at,
        )  # fmt: skip
        session.add_all((report, sheet))
        partners.publish("purpose")
        comment = comments.comment(session, case, "よい取り組みです。", "network", at)
        definition = definitions.save_definition(session, partners.coordinator, _DEFINITION, at)
        draft = partners.draft_agreement(
            type="outcome_linked",
            outcome=partners.outcome(),
            method="週に1回届ける。",
            why_changed="増やす。",
        )
        staff = {user.id: user for user in officials.active_staff(session)}
        handover = handovers.plan(
            session, partners.manager, staff[partners.coordinator.user_id], staff[partners.manager.user_id], [case],
            calendar.tokyo_date(NOW) + timedelta(days=9), at,
        )  # fmt: skip
        code = registration_codes.make(
            session, partners.coordinator, valid_on=calendar.tokyo_date(NOW), most_uses=10, now=NOW
        )
        self.ids |= {
            "registration_code": code.public_id,
            "worked": case.public_id, "indicator": indicator.public_id, "measurement": measurement.public_id,
            "payment": payment.public_id, "contribution": contribution.public_id, "task": task.public_id,
            "risk": risks.add_risk(session, partners.npo_actor, case, risk, at).public_id,
            "incident": incident.public_id, "report": report.public_id, "sheet": sheet.public_id,
            "comment": comment.public_id, "definition": definition.public_id, "draft_agreement": draft.public_id,
            "payment_rule": partners.rule().public_id, "file": partners.file().public_id,
            "handover": handover.public_id,
        }  # fmt: skip

    def _made(self, session) -> None:
        """A paper that waits for company A, and a disclosure bundle that the coordinator had made."""
        asked = {
            "ticket": ("paper", "company_a", "", ""),
            "bundle_ticket": ("bundle", "coordinator", "partnership", self.ids["worked"]),
        }
        folder = self.app.config["SETTINGS"].papers_folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, (kind, who, about, record) in asked.items():
            key = hashlib.sha256(name.encode()).hexdigest()
            job = Job(
                kind=kind,
                lane="press",
                key=key,
                state="done",
                asked_at=NOW,
                details={"masks": []},
                finished_at=NOW,
            )
            made = Ticket(
                job=job, user_id=self.people[who].id,
                organization_id=self.actors[who].organization_id, asked_at=NOW, title="書類", address="/", object_type=about,
                object_id=record,
            )  # fmt: skip
            session.add(made)
            session.flush()
            self.ids[name] = made.public_id
            (folder / f"{key}.zip").write_bytes(b"PK")

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
            known = session.scalars(select(User).where(User.id == person.id).options(accounts.loaded())).one()
            return sessions.start_session(session, known, NOW)

    def reset(self) -> None:
        """Put the records back as they were; not under the hands of one who still makes a paper."""
        assert self.app.extensions["runner"].rest(60)
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
                cookie["organization"] = self.actors[name].organization_public_id
        return client
