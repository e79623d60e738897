"""Who hears of each act, seen by doing it: written out in ``hears.csv``.

A row names a record, an act and, for each who may do it, by a letter each who gets a notice (``PEOPLE``): ``nobody``
needs a reason, ``-`` is who may not. Scenes are set with one person for each letter; the official in charge is ``k``.
"""

import csv
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from matcher.agreements import acts as agreement_acts
from matcher.agreements import contract, plans
from matcher.cases import answering, beginning, deciding, documents, files, talks, trials
from matcher.cases.beginning import Terms
from matcher.ground import calendar, vocabulary
from matcher.ground.db import Database
from matcher.ground.errors import MovedOn, NotFound, NotPermitted, Refused
from matcher.ground.permissions import Actor
from matcher.postings import joint, questions
from matcher.postings import reads as posting_reads
from matcher.postings.questions import Treatment
from matcher.records import (
    EvaluationSheet,
    JointNeed,
    Need,
    Notice,
    Offer,
    Organization,
    Partnership,
    PeriodReport,
    PublicComment,
    Question,
    User,
)
from matcher.records.base import Base
from matcher.register import act
from matcher.register.untold import UNTOLD
from matcher.results import comments, lessons, publication, ratings
from matcher.work import contributions, incidents, measurements, payments, reports, risks
from tests import factories
from tests.conftest import NOW
from tests.partners import INDICATOR, SCORES, Partners
from webapp.views import cases, work_acts  # noqa: F401 – their acts are declared with them

TABLE: Final = Path(__file__).with_name("hears.csv")
#: letter → name of an actor of ``Partners``; in this order in every cell.
PEOPLE: Final = {
    "C": "company_actor", "N": "npo_actor", "k": "coordinator", "o": "colleague", "m": "manager",
}  # fmt: skip
#: Who does it, a column each: both sides, the official in charge, another one who manages.
DOERS: Final = ("C", "N", "k", "m")
NOBODY: Final = "nobody"
_REFUSALS: Final = (NotFound, NotPermitted, MovedOn, Refused)

Hall = Callable[[], AbstractContextManager[Partners]]
#: What was set up: the record and what the act is given besides, which may hang on who does it.
Set = tuple[Any, Callable[[Actor], tuple[Any, ...]]]
Scene = Callable[[Partners], Set]


def at(state: str, *given: Any, after: Callable[[Partners], Any] | None = None) -> Scene:
    """A case in a state; ``given`` are values, or made from the partners where they are functions. What ``after``
    returns is given first.
    """

    def scene(p: Partners) -> Set:
        if state:
            p.bring(state)
        first = () if after is None else (after(p),)
        first = tuple(one for one in first if one is not None)
        return p.case, lambda by: (*first, *(one(p, by) if callable(one) else one for one in given))

    return scene


def _contracted(p: Partners, *, calculated: bool = False, approved: bool = False, fixed: bool = False) -> Any:
    """A contract with its measured rule; its payment where it is calculated (by the colleague)."""
    year = str(calendar.fiscal_year(p.ends_on))
    p.contracted(**({"fixed": {year: 1000}} if fixed else {}))
    p.later(days=p.days)
    p.measure(p.only_indicator(), 31.0, p.ends_on)
    if fixed:
        return year
    if not calculated:
        return p.rule()
    found = payments.calculate(p.session, p.colleague, p.case, p.rule(), p.at)
    if approved:
        payments.approve(p.session, p.manager, p.case, found, p.at)
    return found


def _measured(p: Partners) -> Any:
    p.later(days=p.days)
    return p.measure(p.only_indicator(), 31.0, p.ends_on, accept=False)


def _all_measured(p: Partners) -> None:
    p.measure(p.only_indicator(), 31.0, p.ends_on)


def _gift(p: Partners) -> contributions.Gift:
    return contributions.Gift("food", 5, "kg", calendar.tokyo_date(p.at))


def _given(p: Partners) -> Any:
    return contributions.record_contribution(p.session, p.company_actor, p.case, _gift(p), p.at)


def _reporting(*submitted: str) -> Callable[[Partners], Any]:
    """The first interim report once its period is over, with the parts of these sides submitted."""

    def prepare(p: Partners) -> Any:
        p.days = 120
        p.run_quarterly()
        report = p.session.scalars(select(PeriodReport).order_by(PeriodReport.id)).first()
        assert report is not None
        p.later(days=(report.period_to - calendar.tokyo_date(p.at)).days + 1)
        for side in submitted:
            by = getattr(p, f"{side}_actor")
            reports.write_report(p.session, by, p.case, report, _PART, p.at, submit=True)
        return report

    return prepare


_PART: Final = {"text": "届けた。", "setbacks": "雪の日。", "next_step": ""}
_RISK: Final = risks.RiskFacts("雪", 2, 2, "前日に決める", "npo")
_MEETING: Final = talks.Meeting(NOW.date(), "佐藤、鈴木", "月に2回届ける。")
_TERMS: Final = Terms("food", 10.0, "kg")
_REASON: Final = ("other", "都合。")


def _risk(p: Partners) -> Any:
    return risks.add_risk(p.session, p.npo_actor, p.case, _RISK, p.at)


def _incident(p: Partners) -> Any:
    return incidents.report_incident(
        p.session, p.npo_actor, p.case, p.today, "指を切った。", "手当て。", p.at
    )


def _planned(p: Partners) -> None:
    """An open draft of a plan, with an indicator and an arrow."""
    p.indicator()
    lines = {"activity": ["届ける"], "early": ["続く"]}
    plans.write_logic(p.session, p.npo_actor, p.case, lines, p.at, version=None)
    link = {"source": "activity0", "target": "early0", "evidence": "hypothesis", "assumption": ""}
    plans.save_link(p.session, p.npo_actor, p.case, link, p.at, version=None)


def _ruled(p: Partners) -> None:
    """An open draft of an outcome-linked agreement with a rule."""
    p.introduce()
    p.meet()
    p.write_plan({"linked_to_payment": True})
    p.draft_agreement(type="outcome_linked", outcome=p.outcome())


def _drafted(kind: str) -> Callable[[Partners], Any]:
    return lambda p: documents.find_draft(p.session, p.case, kind)


def _hash(p: Partners, _by: Actor) -> str:
    (draft,) = (
        one for kind in ("plan", "agreement") if (one := documents.find_draft(p.session, p.case, kind))
    )
    return draft.sha256


def _once_accepted(p: Partners) -> Any:
    """The draft of an agreement, which the company has accepted."""
    p.accept("agreement", p.company_actor)
    return documents.find_draft(p.session, p.case, "agreement")


def _differing(p: Partners) -> Any:
    """What the NPO says of the company, far from what the company says of itself."""
    for by, about, score in (
        (p.company_actor, "company", 1),
        (p.npo_actor, "npo", 4),
        (p.npo_actor, "company", 4),
    ):
        ratings.rate(p.session, by, p.case, about, dict.fromkeys(SCORES, score), "", p.at)
    return p.session.scalars(
        select(EvaluationSheet).where(EvaluationSheet.rater == "npo", EvaluationSheet.about == "company")
    ).one()


def _all_rated(p: Partners) -> None:
    for by in (*p.sides, p.coordinator):
        own = documents.side_of(by, p.case)
        for about in sorted(ratings.PARTIES, key=lambda side: side != own):
            ratings.rate(p.session, by, p.case, about, SCORES, "", p.at)


def _published(p: Partners) -> Any:
    found = _incident(p)
    p.publish("purpose")
    return found


def _to_close(p: Partners) -> None:
    lessons.add_lesson(p.session, p.npo_actor, p.case, "前の週に決める。", True, p.at)
    publication.unpublish(p.session, p.npo_actor, p.case, "private", "小さな会のため。", p.at)


def _asked(p: Partners) -> None:
    """The company has proposed; the official is in charge of it already."""
    pair = beginning.between(p.company, p.npo, need=p.need)
    p.case = beginning.propose(p.session, p.company_actor, pair, _TERMS, "ぜひ。", p.at)
    p.case.coordinator_id = p.coordinator.user_id
    p.session.flush()


def _agreed(p: Partners) -> None:
    _asked(p)
    answering.accept(p.session, p.npo_actor, p.case, "", p.at, version=None)


def _recommended(p: Partners) -> None:
    pair = beginning.between(p.company, p.npo, need=p.need)
    p.case = beginning.recommend(p.session, p.coordinator, pair, _TERMS, "local", "近い。", p.at)


def _pair(*given: Any) -> Scene:
    return lambda p: (beginning.between(p.company, p.npo, need=p.need), lambda _by: given)


_DECISION: Final = deciding.Decision("条件が明確。", conflict_of_interest=False, city_involved=False)
_CONFIRMED: Final = agreement_acts.Confirmation(frozenset(agreement_acts.CHECKS), "確認した。")


def _facts_of_indicator(p: Partners, _by: Actor) -> dict[str, Any]:
    return {**INDICATOR, "measure_on": [p.ends_on.isoformat()]}


def _trial(p: Partners, _by: Actor) -> trials.TrialPlan:
    return trials.TrialPlan(
        "確かめる", "2回届ける", p.today, p.today + timedelta(days=30), 1000, "けがのとき"
    )


def _own(p: Partners, by: Actor) -> User | None:
    return p.session.get(User, by.user_id)


def _colleague(p: Partners, _by: Actor) -> User | None:
    return p.session.get(User, p.colleague.user_id)


def _value(p: Partners, _by: Actor) -> measurements.Value:
    return measurements.Value(p.ends_on, 31.0, evidence=p.file())


def _upload(p: Partners, _by: Actor) -> Any:
    return files.prepare(p.store, "記録.csv", "回,人\r\n1,30\r\n".encode())


def _rule(p: Partners, _by: Actor) -> contract.Rule:
    return contract.Rule.from_dict(p.outcome()["rules"][0])


def _indicator_due(p: Partners) -> Any:
    p.later(days=p.days)
    return p.only_indicator()


def _terms_of_agreement(p: Partners, _by: Actor) -> dict[str, Any]:
    return p.agreement_facts()


def _with_plan(p: Partners) -> None:
    p.introduce()
    p.meet()
    p.write_plan()


def _half_a_month(p: Partners, _by: Actor) -> Any:
    return calendar.tokyo_date(p.at) + timedelta(days=15)


_WORK_SCENES: Final[Mapping[str, Scene]] = {
    "record_meeting": at("introduced", _MEETING),
    "add_task": at("running", "地図を渡す", "npo", None),
    "finish_task": at(
        "running", after=lambda p: talks.add_task(p.session, p.npo_actor, p.case, "測る", "npo", None, p.at)
    ),
    "name_contact": at("running", _own),
    "write_purpose": at("negotiation", "夕食を囲む"),
    "write_logic": at("negotiation", {"activity": ["届ける"]}, after=_planned),
    "write_milestones": at("negotiation", [], after=_planned),
    "save_link": at(
        "negotiation", {"source": "activity0", "target": "early0", "evidence": "hypothesis", "assumption": "続く"},
        after=_planned,
    ),
    "drop_link": at("negotiation", "activity0-early0", after=_planned),
    "save_indicator": at("negotiation", "", _facts_of_indicator, after=_planned),
    "drop_indicator": at("negotiation", "I1", after=_planned),
    "write_agreement": at("", _terms_of_agreement, after=_with_plan),
    "save_rule": at("", "P1", _rule, after=_ruled),
    "drop_rule": at("", "P1", after=_ruled),
    "reopen_talks": at("agreement_draft", "予算が変わった。"),
    "confirm_agreement": at("agreement_review", _CONFIRMED),
    "return_agreement": at("agreement_review", *_REASON),
    "write_trial": at("negotiation", _trial),
    "write_trial_result": at("trial", "adopt", "続けられる。"),
    "add_voice": at("running", "children", 12, "会のあとに聞いた。", "楽しい。"),
    "name_company": at("running", True),
    "add_lesson": at("running", "前の週に決める。", False),
    "rate": at("reported", lambda p, by: documents.side_of(by, p.case), SCORES, ""),
    "decline_rating": at("reported", "人手が足りない。"),
    "discuss": at("reported", "teamwork", 3, "話した。", after=_differing),
    "rate_third_party": at("reported", "大学の先生", SCORES, ""),
    "conclude": at("reported", "そろった。", after=_all_rated),
    "record_contribution": at("running", lambda p, _by: _gift(p)),
    "confirm_contribution": at("running", after=_given),
    "cancel_contribution": at("running", "誤り。", after=_given),
    "calculate": at("", after=_contracted),
    "calculate_fixed": at("", after=lambda p: _contracted(p, fixed=True)),
    "approve_payment": at("", after=lambda p: _contracted(p, calculated=True)),
    "record_paid": at(
        "", lambda p, _by: calendar.tokyo_date(p.at),
        after=lambda p: _contracted(p, calculated=True, approved=True),
    ),
    "write_publication": at("running", "夕食を囲む", "毎週の夕食会。", ("purpose",)),
    "unpublish": at("running", "private", "小さな会のため。"),
    "close": at("evaluated", "済んだ。", after=_to_close),
    "write_outcome_report": at(
        "ended",
        {"sentences": [], "narrative": "続いた。", "setbacks": "雪の日。", "harm": "", "next_step": ""},
        after=_all_measured,
    ),
    "submit_measurement": at("running", _value, after=_indicator_due),
    "review_measurement": at("running", True, "確かめた。", after=_measured),
    "write_report": at("", _PART, after=_reporting()),
    "review_report": at("", True, "", after=_reporting("npo", "company")),
    "add_risk": at("running", _RISK),
    "change_risk": at("running", _RISK, after=_risk),
    "close_risk": at("running", "済んだ。", after=_risk),
    "suspend": at("running", "staff", "人手が足りない。", _half_a_month),
    "resume": at("suspended", "人がそろった。"),
    "terminate": at("running", "staff", "続けられない。", "会で伝える。"),
    "renew": at("closed", _TERMS, "次の年も。"),
    "accept_document": at("agreement_draft", _hash, after=_drafted("agreement")),
    "drop_document": at("negotiation", "考え直す。", after=lambda p: (_planned(p), _drafted("plan")(p))[1]),
    "add_file": at("running", None, _upload, "evidence"),
    "report_incident": at("running", NOW.date(), "指を切った。", "手当て。"),
    "publish_incident": at("running", "けががありました。", after=_published),
    "resolve_incident": at("running", "手袋を用意した。", after=_incident),
    "propose": _pair(_TERMS, "ぜひ。"),
    "recommend": _pair(_TERMS, "local", "近い。"),
    "accept": at("", "", after=_asked),
    "decline": at("", "capacity", "", after=_asked),
    "withdraw": at("negotiation", *_REASON),
    "revise": at("", Terms("food", 20.0, "kg"), "。", after=_asked),
    "send_message": at("running", "。"),
    "approve": at("", _DECISION, after=_agreed),
    "return": at("", *_REASON, after=_agreed),
    "refuse": at("", *_REASON, after=_agreed),
    "assign": at("running", _colleague),
}  # fmt: skip
#: Of an act that tells others by what comes of it: further rows.
_OUTCOMES: Final[Mapping[str, Scene]] = {
    "accept_document: last of both": at("agreement_draft", _hash, after=_once_accepted),
    "accept: recommended": at("", "", after=_recommended),
    "withdraw: recommended": at("", *_REASON, after=_recommended),
    "withdraw: with the city": at("", *_REASON, after=_agreed),
    "review_measurement: sent back": at("running", False, "根拠がない。", after=_measured),
    "review_report: sent back": at("", False, "足りない。", after=_reporting("npo", "company")),
    "write_report: last of both": at("", _PART, after=_reporting("npo")),
}  # fmt: skip


def _organization(state: str, *given: Any, **named: Any) -> Scene:
    """The company, which has a running case."""

    def scene(p: Partners) -> Set:
        p.bring("running")
        p.company.state, p.company.corporate_number = state, "1234567890123"
        p.company.verification_expires_on = p.today
        p.session.flush()
        return p.company, lambda _by: given

    return scene


def _posting(kind: type, state: str, *given: Any) -> Scene:
    """The NPO's need, or an offer of the company, about which the other side has asked."""

    def scene(p: Partners) -> Set:
        posting = p.need if kind is Need else factories.make_offer(p.session, p.company)
        by = p.company_actor if kind is Need else p.npo_actor
        about = {"need": posting} if kind is Need else {"offer": posting}
        if state in {"open", "paused"}:
            pair = beginning.between(p.company, p.npo, **about)
            beginning.propose(p.session, by, pair, _TERMS, "ぜひ。", p.at)
        posting.state = state
        p.session.flush()
        read = posting_reads.get_need if kind is Need else posting_reads.get_offer
        return read(p.session, p.manager, posting.public_id), lambda _by: given

    return scene


_CHECKED: Final = dict.fromkeys(vocabulary.CHECKLIST_COMPANY, ("yes", ""))
_ORGANIZATION_SCENES: Final[Mapping[str, Scene]] = {
    "submit": _organization("draft"),
    "verify": _organization("submitted", _CHECKED),
    "renew": _organization("verified", _CHECKED),
    "return": _organization("submitted", {}, *_REASON),
    "suspend": _organization("verified", *_REASON),
    "reinstate": _organization("suspended", *_REASON),
    "deactivate": _organization("verified", *_REASON),
}


def _posting_scenes(kind: type) -> Mapping[str, Scene]:
    given: Mapping[str, tuple[str, tuple[Any, ...]]] = {
        "submit": ("draft", ()), "publish": ("in_review", ()), "return": ("in_review", _REASON),
        "pause": ("open", ()), "resume": ("paused", ()), "renew": ("open", ()), "fill": ("open", ()),
        "rework": ("open", ()), "withdraw": ("open", _REASON),
    }  # fmt: skip
    return {name: _posting(kind, state, *typed) for name, (state, typed) in given.items()}


def _commented(answer: Mapping[str, str]) -> Scene:
    """A case on whose page a resident has written."""

    def scene(p: Partners) -> Set:
        p.bring("running")
        return comments.comment(p.session, p.case, "よい取り組み。", "n", p.at), lambda _by: (p.case, answer)

    return scene


_COMMENT_SCENES: Final[Mapping[str, Scene]] = {
    "treat_comment": _commented({"decision": "show", "text": "ありがとう。", "reason": "記録のため。"}),
    "treat_comment: kept back": _commented({"decision": "hide", "hide_reason": "abuse"}),
}


def _questioned(make: Callable[[Partners, Question], Treatment]) -> Scene:
    """The company has asked something about the NPO's need, twice."""

    def scene(p: Partners) -> Set:
        posting_reads.get_need(p.session, p.manager, p.need.public_id)
        for text in ("何曜日ですか。", "何時ごろですか。"):
            found = questions.ask_question(p.session, p.company_actor, p.need, text, p.at)
        other = p.session.scalars(select(Question).where(Question.id != found.id)).one()
        record = questions.get_question(p.session, p.npo_actor, found.public_id)
        return record, lambda _by: (make(p, other),)

    return scene


_QUESTION_SCENES: Final[Mapping[str, Scene]] = {
    "treat_question": _questioned(lambda _p, _other: Treatment("answer", "何時ですか。", "3時です。")),
    "treat_question: merged": _questioned(lambda _p, other: Treatment("merge", other=other.public_id)),
    "treat_question: refused": _questioned(lambda _p, _other: Treatment("refuse", refuse_reason="said")),
}


def _joint(decision: str, *, is_last: bool = False) -> Scene:
    """The city has proposed to the NPO, and to two more, to ask together."""

    def scene(p: Partners) -> Set:
        read = posting_reads.get_need(p.session, p.manager, p.need.public_id)
        others = [factories.make_need(p.session, factories.make_npo(p.session)) for _number in range(2)]
        named = [one.public_id for one in others]
        made = joint.propose_joint(p.session, p.colleague, read, named, "まとめて頼めます。", p.at)
        record = joint.get_joint(p.session, p.npo_actor, made.public_id)
        if is_last:
            for partner in record.partners[1:]:
                partner.answer = "agreed"
            p.session.flush()
        return record, lambda _by: (decision, "都合により。" if decision == "decline" else "")

    return scene


def _taken_back(p: Partners) -> Set:
    """The city takes the same back before anybody has answered."""
    record, _answer = _joint("agree")(p)
    return record, lambda _by: ("お返事がそろわないため。",)


def _proposed(p: Partners) -> Set:
    other = factories.make_need(p.session, factories.make_npo(p.session))
    read = posting_reads.get_need(p.session, p.manager, p.need.public_id)
    return read, lambda _by: ([other.public_id], "まとめて頼めます。")


_JOINT_SCENES: Final[Mapping[str, Scene]] = {
    "answer_joint": _joint("agree"),
    "answer_joint: last of all": _joint("agree", is_last=True),
    "answer_joint: declined": _joint("decline"),
    "withdraw_joint": _taken_back,
}

SCENES: Final[Mapping[tuple[str, str], Scene]] = {
    (kind, name): scene
    for kind, scenes in {
        "case": {**_WORK_SCENES, **_OUTCOMES}, "organization": _ORGANIZATION_SCENES,
        "need": {**_posting_scenes(Need), "ask_question": _posting(Need, "open", "何時ごろがよいですか。"),
                 "propose_joint": _proposed},
        "offer": _posting_scenes(Offer),
        "comment": _COMMENT_SCENES, "question": _QUESTION_SCENES, "joint": _JOINT_SCENES,
    }.items()
    for name, scene in scenes.items()
}  # fmt: skip
_KINDS: Final = {
    "case": Partnership, "organization": Organization, "need": Need, "offer": Offer, "comment": PublicComment,
    "question": Question, "joint": JointNeed,
}  # fmt: skip
#: What an act is asked besides, by name.
_NAMED: Final = {
    ("organization", "submit"): {"declared": True, "agreed": True},
    ("case", "write_report"): {"submit": True}, ("case", "write_report: last of both"): {"submit": True},
}  # fmt: skip


@pytest.fixture
def hall(sqlite_template: Path, tmp_path: Path) -> Hall:
    """Partners in an empty city, as often as one enters it."""

    @contextmanager
    def enter() -> Iterator[Partners]:
        path = tmp_path / "hall.db"
        shutil.copy(sqlite_template, path)
        database = Database(f"sqlite:///{path}")
        with database.write_session() as session:
            yield Partners(session, NOW, tmp_path / "files")
        database.dispose()

    return enter


def drawn(hall: Hall, kind: str, name: str) -> list[str]:
    """For each of ``DOERS`` the letters of those who hear of it; ``-`` where it is not theirs to do.

    A scene serves all who may not, and one who may.
    """
    found = dict.fromkeys(DOERS, "")
    while waiting := [doer for doer in DOERS if not found[doer]]:
        with hall() as partners:
            scene = SCENES[kind, name](partners)
            for doer in waiting:
                found[doer] = _heard(partners, kind, name, scene, getattr(partners, PEOPLE[doer]))
                if found[doer] != "-":
                    break
    return list(found.values())


def _heard(partners: Partners, kind: str, name: str, scene: Set, by: Actor) -> str:
    """The letters of those who hear of it when ``by`` does it."""
    session, (record, given) = partners.session, scene
    deed, typed = act.get(_KINDS[kind], name.split(":", maxsplit=1)[0]), given(by)
    try:
        deed.require(act.Look(session, by, record, partners.at, typed[0] if deed.item is not None else None))
    except _REFUSALS:
        return "-"
    since = session.scalar(select(func.coalesce(func.max(Notice.id), 0)))
    deed(session, by, record, *typed, partners.at, **_NAMED.get((kind, name), {}))
    told = set(session.scalars(select(Notice.user_id).where(Notice.id > since)))
    letters = {getattr(partners, actor).user_id: letter for letter, actor in PEOPLE.items()}
    assert told <= letters.keys()
    return "".join(letter for user_id, letter in letters.items() if user_id in told) or NOBODY


Row = tuple[str, ...]


def written() -> list[Row]:
    """(record, act, what is heard when each of ``DOERS`` does it, why somebody tells nobody)."""
    with TABLE.open(encoding="utf-8", newline="") as rows:
        return [tuple(row) for row in csv.reader(rows)][1:]


@pytest.mark.parametrize("row", written(), ids=lambda row: f"{row[0]}-{row[1]}")
def test_an_act_is_heard_by_whom_it_is_written(row: Row, hall: Hall) -> None:
    kind, name, *cells, why = row
    assert drawn(hall, kind, name) == cells
    assert set(cells) != {"-"}, "nobody may do it in this scene"
    assert bool(why) == (NOBODY in cells), "who tells nobody says why, and nobody else"


def test_every_declared_act_is_written_and_no_other() -> None:
    rows = {(kind, name) for kind, name, *_cells in written()}
    assert rows == set(SCENES)
    declared = {(kind, one.name) for kind, record in _KINDS.items() for one in act.of(record)}
    assert {(kind, name.split(":")[0]) for kind, name in rows} == declared


def test_who_does_what_is_not_written_can_tell_nobody() -> None:
    kinds = {mapper.class_ for mapper in Base.registry.mappers} - set(_KINDS.values())
    others = [one for kind in kinds for one in act.of(kind)]
    assert {one.name for one in others} >= {"change_role", "close_account", "cancel_handover"}
    assert all(one.way is UNTOLD for one in others)
