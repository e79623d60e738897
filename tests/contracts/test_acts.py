"""Everything that people can do to a record: which act, in which state, by whom. Written out in ``acts.csv``.

A row names a record, an act, a state, and by a letter each who may (``ACTORS``). Whoever is not named is refused
by the act itself, not only by its missing button.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import MagicMock

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Mapper, Session, joinedload, selectinload

from matcher.cases import reads as case_reads
from matcher.cases.beginning import Terms, between
from matcher.ground import calendar, lifecycle, vocabulary
from matcher.ground.errors import MovedOn, NotFound, NotPermitted, Refused
from matcher.ground.permissions import ANONYMOUS, Actor
from matcher.organizations import reads as organization_reads
from matcher.people import accounts
from matcher.postings import questions
from matcher.postings import reads as posting_reads
from matcher.records import (
    Handover,
    ImportBatch,
    JointNeed,
    JointPartner,
    Mail,
    Membership,
    Need,
    Offer,
    Organization,
    Partnership,
    PublicComment,
    Question,
    RegistrationCode,
    User,
    YearPlan,
)
from matcher.records.base import Base
from matcher.register.act import Look
from matcher.register.act import act as declare
from matcher.register.act import find as declared_as
from matcher.register.act import of as declared_of
from tests import factories
from tests.conftest import NOW
from tests.contracts import house
from tests.partners import Partners
from webapp import act_text
from webapp.views import cases, work_acts

TABLE: Final = Path(__file__).with_name("acts.csv")
#: Two owners, editors and viewers, another company, the city's people, and somebody who is not signed in.
ACTORS: Final = {
    "C": "owner of the company", "c": "its editor", "v": "its viewer",
    "N": "owner of the NPO", "n": "its editor", "w": "its viewer",
    "x": "owner of another company", "k": "coordinator", "m": "manager", "o": "operator", "-": "nobody",
}  # fmt: skip
#: kind → the reader that loads what an act of it needs
_READERS: Final = {
    "case": case_reads.get_case, "need": posting_reads.get_need, "offer": posting_reads.get_offer,
    "organization": organization_reads.get_organization,
    "question": lambda session, _actor, public_id: session.scalar(
        select(Question).where(Question.public_id == public_id).options(joinedload(Question.need))
    ),
    "joint": lambda session, _actor, public_id: session.scalar(
        select(JointNeed).where(JointNeed.public_id == public_id).options(
            joinedload(JointNeed.need), selectinload(JointNeed.partners)
        )
    ),
}  # fmt: skip
#: Acts of which each outcome, or each kind of text, is an event of its own.
_WITH_EVENTS: Final = {"review_measurement", "review_report", "accept_document", "drop_document"}
_REFUSALS: Final = (NotFound, NotPermitted, MovedOn, Refused)

TODAY: Final = calendar.tokyo_date(NOW)

Record = (
    Partnership | Need | Offer | Organization | Membership | User
    | PublicComment | Question | Handover | RegistrationCode | ImportBatch | YearPlan | Mail
)  # fmt: skip


@dataclass(frozen=True)
class Deed:
    """One act of a kind of record: who may, and doing it with whatever is typed."""

    may: Callable[[Session, Actor, Any], bool]
    do: Callable[[Session, Actor, Any], object]


def _work(name: str) -> Deed:
    row = work_acts.ACTS[name]

    def may(session: Session, actor: Actor, case: Partnership) -> bool:
        return work_acts.may(session, actor, case, name, NOW)

    def do(session: Session, actor: Actor, case: Partnership) -> object:
        item = (MagicMock(),) if row.deed.item is not None else ()
        return row.deed(session, actor, case, *item, NOW)

    return Deed(may, do)


def _declared(kind: type, name: str, *typed: Any, **named: Any) -> Deed:
    """A declared act of a kind of record."""
    one = declared_as(kind, name)
    assert one is not None, name
    deed = one

    def may(session: Session, actor: Actor, record: Record) -> bool:
        return deed.may(Look(session, actor, record, NOW))

    def do(session: Session, actor: Actor, record: Record) -> object:
        return deed(session, actor, record, *typed, NOW, version=None, **named)

    return Deed(may, do)


_CHECKED: Final = dict.fromkeys(vocabulary.CHECKLIST_COMPANY, ("yes", ""))
_REASON: Final = ("other", "都合。")
_POSTING: Final = {
    "submit": _declared(Need, "submit"),
    "publish": _declared(Need, "publish"),
    "return": _declared(Need, "return", *_REASON),
    "pause": _declared(Need, "pause"),
    "resume": _declared(Need, "resume"),
    "fill": _declared(Need, "fill"),
    "rework": _declared(Need, "rework"),
    "renew": _declared(Need, "renew"),
    "withdraw": _declared(Need, "withdraw", *_REASON),
}
DEEDS: Final[Mapping[str, Mapping[str, Deed]]] = {
    "case": {
        "propose": _declared(Partnership, "propose", Terms("food", 10.0, "kg"), "。"),
        "recommend": _declared(Partnership, "recommend", Terms("food", 10.0, "kg"), "local", "。"),
        **{f"work: {name}": _work(name) for name in work_acts.ACTS},
        "accept": _declared(Partnership, "accept", ""),
        "decline": _declared(Partnership, "decline", "capacity", ""),
        "withdraw": _declared(Partnership, "withdraw", *_REASON),
        "revise": _declared(Partnership, "revise", Terms("food", 10.0, "kg"), "。"),
        "approve": _declared(Partnership, "approve", MagicMock()),
        "return": _declared(Partnership, "return", *_REASON),
        "refuse": _declared(Partnership, "refuse", *_REASON),
        "send_message": _declared(Partnership, "send_message", "。"),
        "assign": _declared(Partnership, "assign", MagicMock()),
    },
    "need": {**_POSTING, "ask_question": _declared(Need, "ask_question", "。"), "propose_joint": _declared(Need, "propose_joint", (), "")},
    "offer": _POSTING,
    "organization": {
        "submit": _declared(Organization, "submit", declared=True, agreed=True),
        "verify": _declared(Organization, "verify", _CHECKED),
        "renew": _declared(Organization, "renew", _CHECKED),
        "return": _declared(Organization, "return", {}, *_REASON),
        "suspend": _declared(Organization, "suspend", *_REASON),
        "reinstate": _declared(Organization, "reinstate", *_REASON),
        "deactivate": _declared(Organization, "deactivate", *_REASON),
    },
    "membership": {
        "decline_membership": _declared(Membership, "decline_membership"),
        "change_role": _declared(Membership, "change_role", "viewer"),
        "mail_link": _declared(Membership, "mail_link", "http://x.example"),
        "leave": _declared(Membership, "leave"),
        "remove_member": _declared(Membership, "remove_member"),
    },
    "account": {
        "mail_link": _declared(User, "mail_link", "http://x.example"),
        "close_own": _declared(User, "close_own"),
        "close_account": _declared(User, "close_account"),
    },
    "comment": {"treat_comment": _declared(PublicComment, "treat_comment", MagicMock(), {"decision": ""})},
    "question": {"treat_question": _declared(Question, "treat_question", questions.Treatment(""))},
    "joint": {
        "answer_joint": _declared(JointNeed, "answer_joint", "", ""),
        "withdraw_joint": _declared(JointNeed, "withdraw_joint", ""),
    },
    "handover": {"cancel_handover": _declared(Handover, "cancel_handover")},
    "registration code": {"end_registration_code": _declared(RegistrationCode, "end_registration_code")},
    "upload": {"discard": _declared(ImportBatch, "discard")},
    "plan": {"adopt_plan": _declared(YearPlan, "adopt_plan", ())},
    "mail": {
        "send_mail_again": _declared(Mail, "send_mail_again"),
        "settle_mail": _declared(Mail, "settle_mail"),
    },
}  # fmt: skip


#: kind → what is kept of it
_RECORDS: Final[Mapping[str, type[Base]]] = {
    "case": Partnership, "need": Need, "offer": Offer, "organization": Organization, "membership": Membership,
    "account": User, "comment": PublicComment, "handover": Handover, "registration code": RegistrationCode,
    "upload": ImportBatch, "plan": YearPlan, "mail": Mail, "question": Question,
    "joint": JointNeed,
}  # fmt: skip


class Stage:
    """A company and an NPO with a need, an offer and a case, everybody who may come, every state."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, partners = session, Partners(session, NOW, folder)
        partners.bring("running")
        self.records: dict[str, Record] = {
            "case": partners.case, "need": partners.need,
            "offer": factories.make_offer(session, partners.company), "organization": partners.company,
        }  # fmt: skip
        user = accounts.by_id(session, partners.company_actor.user_id)
        assert user is not None
        # The need of the case is filled by its agreement.
        self.other_need = factories.make_need(session, partners.npo)
        of_city = {
            "comment": PublicComment(
                partnership_id=partners.case.id, text="声", written_at=NOW, state="waiting"
            ),
            "handover": Handover(
                from_user_id=user.id, to_user_id=user.id, effective_on=TODAY, cases=[],
                planned_by_id=user.id, planned_at=NOW,
            ),
            "registration code": RegistrationCode(
                code="ABCD2345", valid_on=TODAY, most_uses=9, made_at=NOW
            ),
            "upload": ImportBatch(
                kind="npos", filename="名簿.csv", uploaded_by_id=user.id, uploaded_at=NOW, rows=[], problems=[]
            ),
            "plan": YearPlan(
                asked_by_id=user.id, asked_at=NOW, settings={}, inputs={}, result={}, without_floors={}, whys={}
            ),
            "question": Question(
                need_id=partners.need.id, asker_id=partners.company.id, asked_by_id=user.id, asked_at=NOW, text="。"
            ),
            "joint": JointNeed(
                need_id=self.other_need.id, proposed_by_id=user.id, proposed_at=NOW, note="。",
                partners=[JointPartner(organization_id=partners.npo.id, need_id=self.other_need.id)],
            ),
            "mail": Mail(key="m-1", to="gone@x.example", subject="件名", body="文", created_at=NOW, send_after=NOW),
        }  # fmt: skip
        session.add_all(of_city.values())
        self.records |= {"membership": user.memberships[0], "account": user, **of_city}
        self.company, self.npo = partners.company, partners.npo
        other = factories.make_company(session)
        company, npo = partners.company_actor, partners.npo_actor
        self.actors = {
            "C": company, "c": replace(company, organization_role="editor"),
            "v": replace(company, organization_role="viewer"),
            "N": npo, "n": replace(npo, organization_role="editor"), "w": replace(npo, organization_role="viewer"),
            "x": factories.actor_for(factories.make_user(session, other), other),
            "k": partners.colleague, "m": partners.manager,
            "o": factories.actor_for(factories.make_coordinator(session, role="operator")), "-": ANONYMOUS,
        }  # fmt: skip
        assert list(self.actors) == list(ACTORS)
        session.commit()

    def situations(self) -> Iterator[tuple[str, str, Record]]:
        """(kind, state, record in that state), a case that is asked for also by who asked."""
        yield "case", lifecycle.CASE_NOT_BEGUN, between(self.company, self.npo, need=self.other_need)
        for kind, record in self.records.items():
            self.reload(kind, record)
            for name, changes in _states(kind):
                for key, value in changes.items():
                    setattr(record, key, value)
                yield kind, name, record
            self.session.rollback()

    def reload(self, kind: str, record: Record) -> None:
        """What belongs to the record is gone with what was undone."""
        if kind in _READERS:
            _READERS[kind](self.session, self.actors["m"], record.public_id)  # type: ignore[union-attr]
        elif kind in {"membership", "account"}:
            accounts.by_id(self.session, self.actors["C"].user_id)


#: Of what has no row in the table of life-cycles: how it stands, by name.
_STANDINGS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "membership": {
        "invited": {"began_at": None}, "active": {"began_at": NOW}, "ended": {"ended_at": NOW},
    },
    "account": {state: {"status": state} for state in ("invited", "active", "deactivated")},
    "comment": {state: {"state": state} for state in lifecycle.WITHIN["comment"]},
    "question": {state: {"state": state} for state in vocabulary.QUESTION_STATES},
    "joint": {state: {"state": state} for state in ("proposed", "agreed", "declined", "withdrawn")},
    "handover": {"planned": {}, "done": {"done_at": NOW}, "cancelled": {"cancelled_at": NOW}},
    "registration code": {
        "coming": {"valid_on": TODAY + timedelta(days=1)}, "open": {"valid_on": TODAY},
        "used_up": {"uses": 9}, "over": {"valid_on": TODAY - timedelta(days=1)}, "ended": {"ended_at": NOW},
    },
    "upload": {"waiting": {}, "confirmed": {"confirmed_at": NOW}, "discarded": {"discarded_at": NOW}},
    "plan": {"waiting": {}, "solved": {"solved_at": NOW}, "failed": {"failure": "plan_locked"}},
    "mail": {
        "waiting": {}, "undeliverable": {"given_up_at": NOW}, "settled": {"settled_at": NOW},
        "sent": {"given_up_at": None, "settled_at": None, "sent_at": NOW},
    },
}  # fmt: skip


def _states(kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if kind in _STANDINGS:
        yield from _STANDINGS[kind].items()
        return
    machine = {"case": "partnership", "organization": "organization"}.get(kind, "posting")
    for state in lifecycle.STATES[machine]:  # type: ignore[index]
        yield from _variants(kind, state)


def _variants(kind: str, state: str) -> list[tuple[str, dict[str, Any]]]:
    if (kind, state) == ("organization", "verified"):
        first = TODAY + timedelta(days=lifecycle.VERIFICATION_RENEW_DAYS)
        return [
            (state, {"state": state, "verification_expires_on": first + timedelta(days=1)}),
            (f"{state} (about to end)", {"state": state, "verification_expires_on": first}),
        ]
    if kind != "case":
        return [(state, {"state": state})]
    agreed = {"company_agreed_at": NOW, "npo_agreed_at": NOW, "agreement_type": "outcome_linked"}
    if state == "recommended":
        return [(state, {"state": state, "company_agreed_at": None, "npo_agreed_at": None})]
    if state == "interest_one_side":
        return [
            (f"{state} (company asks)", {"state": state, **agreed, "npo_agreed_at": None}),
            (f"{state} (NPO asks)", {"state": state, **agreed, "company_agreed_at": None}),
        ]
    if state == "reported":
        return [
            (state, {"state": state, **agreed, "was_terminated": False}),
            (f"{state} (ended early)", {"state": state, **agreed, "was_terminated": True}),
        ]
    if state == "running":
        return [
            (state, {"state": state, **agreed}),
            (f"{state} (nothing paid by outcome)", {"state": state, **agreed, "agreement_type": "mou"}),
        ]
    return [(state, {"state": state, **agreed})]


@pytest.fixture
def stage(session: Session, tmp_path: Path) -> Stage:
    """See ``Stage``."""
    return Stage(session, tmp_path)


Row = tuple[str, str, str, str]


def drawn(stage: Stage) -> list[Row]:
    """(kind, act, letters, states in which those may), as the program has it."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for kind, state, record in stage.situations():
        with stage.session.no_autoflush:
            for act, deed in DEEDS[kind].items():
                who = "".join(
                    letter for letter, actor in stage.actors.items() if deed.may(stage.session, actor, record)
                )
                if who:
                    rows.setdefault((kind, act, who), []).append(state)
    order = {name: place for place, name in enumerate((kind, act) for kind in DEEDS for act in DEEDS[kind])}
    return [
        (*key, "; ".join(states)) for key, states in sorted(rows.items(), key=lambda row: order[row[0][:2]])
    ]


def written() -> list[Row]:
    """The same as it is written."""
    with TABLE.open(encoding="utf-8", newline="") as rows:
        found = [tuple(row) for row in csv.reader(rows)]
    return found[1:]  # type: ignore[return-value]


def test_everybody_may_do_what_is_written_and_nothing_else(stage: Stage) -> None:
    assert drawn(stage) == written()


def test_every_act_of_every_record_is_written() -> None:
    acts = {(kind, act) for kind, act, _who, _states in written()}
    assert acts == {(kind, act) for kind in DEEDS for act in DEEDS[kind]}
    house.declared()  # loads every room
    declared = {
        (kind, one.name) for kind in map(_record_of, Base.registry.mappers) for one in declared_of(kind)
    }
    assert {(_RECORDS[kind], act.removeprefix("work: ")) for kind, act in acts} == declared


def _record_of(mapper: Mapper[Any]) -> type[Base]:
    found: type[Base] = mapper.class_
    return found


def test_a_declared_act_has_words_and_a_form() -> None:
    for kind in (
        Need,
        Offer,
        Organization,
        Membership,
        User,
        Handover,
        RegistrationCode,
        ImportBatch,
        YearPlan,
        Mail,
    ):
        assert list(declared_of(kind))
        assert all(one.words.button and one.words.done and one.words.happened for one in declared_of(kind))
    beginning = [one for one in declared_of(Partnership) if one.home == "beginning"]
    assert {one.name for one in beginning} == {"propose", "recommend"}
    begun = [one for one in declared_of(Partnership) if one.home == "case"]
    assert {one.name for one in begun} == set(cases.ACTS)
    assert all(one.words.button and one.words.done and one.words.happened for one in [*beginning, *begun])
    declared = [one for one in declared_of(Partnership) if one not in beginning and one not in begun]
    assert declared
    for one in declared:
        assert one.words.button, one.name
        assert one.words.done, one.name
        # A review accepts or returns, each kind of text is accepted by itself: these have words of their own.
        assert act_text.event_words(one.event) or one.name in _WITH_EVENTS, one.name
        assert work_acts.ACTS[one.name].deed is one
        assert one.does.__doc__, one.name


def test_an_act_is_declared_once() -> None:
    (first, *_others) = declared_of(Partnership)
    again = declare(
        first.name, record=Partnership, by=first.by, open_in=first.open_in, words=first.words, way=first.way
    )
    with pytest.raises(ValueError, match="found a second"):
        again(first.does)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_may_not_is_refused_by_the_act_itself(stage: Stage) -> None:
    allowed = {
        (kind, act, state, letter)
        for kind, act, who, states in written()
        for state in states.split("; ")
        for letter in who
    }
    session, tried, done = stage.session, 0, []
    for kind, state, record in stage.situations():
        session.flush()
        if state != lifecycle.CASE_NOT_BEGUN:
            stage.reload(kind, record)
        for act, deed in DEEDS[kind].items():
            for letter, actor in stage.actors.items():
                if (kind, act, state, letter) in allowed:
                    continue
                tried += 1
                point = session.begin_nested()
                try:
                    deed.do(session, actor, record)
                except _REFUSALS:
                    pass
                except Exception as error:
                    done.append((kind, act, state, letter, repr(error)[:80]))
                else:
                    done.append((kind, act, state, letter, "done"))
                point.rollback()
                if state != lifecycle.CASE_NOT_BEGUN:
                    stage.reload(kind, record)
    assert done == [], sorted({one[:2] + one[4:] for one in done})
    assert tried > 5_000, tried
