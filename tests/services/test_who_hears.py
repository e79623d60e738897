"""Who hears of what is done to a case, beside those whom it asks for something."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from matcher.agreements import acts as agreement_acts
from matcher.agreements import course
from matcher.cases import answering, beginning, deciding, stages, talks, telling
from matcher.ground import calendar
from matcher.ground.errors import Refused
from matcher.ground.permissions import SYSTEM
from matcher.organizations import acts as organization_acts
from matcher.postings import acts as posting_acts
from matcher.postings import lasting
from matcher.records import AuditEvent, Notice, User
from matcher.register import audit, wording_work
from matcher.work import contributions, measurements
from tests import factories
from tests import told as tell
from tests.partners import Partners


class Ear:
    """Who heard of what since: name of an actor of ``Partners`` → codes of the notices."""

    def __init__(self, partners: Partners) -> None:
        self.partners = partners
        self.since = partners.session.scalar(select(func.coalesce(func.max(Notice.id), 0)))

    def heard(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        people = ("company_actor", "npo_actor", "coordinator", "colleague", "manager")
        names = {getattr(self.partners, name).user_id: name.removesuffix("_actor") for name in people}
        query = select(Notice).where(Notice.id > self.since).order_by(Notice.id)
        for notice in self.partners.session.scalars(query):
            found.setdefault(names[notice.user_id], []).append(notice.code)
        return found


@pytest.mark.parametrize(
    ("actor", "whom", "hear"),
    [
        ("npo_actor", ("others",), {"company"}),
        ("npo_actor", ("others", "city"), {"company", "coordinator"}),
        ("npo_actor", ("others", "desk"), {"company", "coordinator", "colleague", "manager"}),
        ("npo_actor", ("npo", "city"), {"coordinator"}),
        ("coordinator", ("others", "desk"), {"company", "npo"}),
        ("colleague", ("others",), {"company", "npo", "coordinator"}),
        ("colleague", ("others", "desk"), {"company", "npo", "coordinator"}),
        ("manager", ("npo",), {"npo"}),
        ("manager", ("company", "city"), {"company", "coordinator"}),
        ("colleague", ("desk",), {"coordinator"}),
        ("clock", ("others",), {"company", "npo"}),
        ("clock", ("desk",), {"coordinator", "colleague", "manager"}),
    ],
)
def test_everybody_named_hears_once_but_who_acts(partners, actor, whom, hear):
    partners.bring("negotiation")
    ear = Ear(partners)
    by = SYSTEM if actor == "clock" else getattr(partners, actor)
    said = wording_work.event(partners.case, "started")
    telling.tell(partners.session, by, partners.case, said, partners.at, *whom)
    assert ear.heard() == {name: ["started"] for name in hear}


def test_of_an_organization_hears_who_works_on_its_cases_now(partners, session):
    partners.bring("negotiation")
    editor, reader, gone, invited = (
        factories.make_user(session, partners.company, **facts)
        for facts in (
            {"organization_role": "editor"}, {"organization_role": "viewer"}, {}, {"status": "invited"},
        )
    )  # fmt: skip
    gone.memberships[0].ended_at = partners.at
    said = wording_work.event(partners.case, "started")
    telling.tell(session, partners.npo_actor, partners.case, said, partners.at, "company")
    people = (partners.company_user, editor, reader, gone, invited)
    hear = select(Notice.user_id).where(Notice.user_id.in_([one.id for one in people]))
    assert set(session.scalars(hear.where(Notice.code == "started"))) == {partners.company_user.id, editor.id}


def test_nobody_else_can_be_told(partners):
    partners.bring("negotiation")
    said = wording_work.event(partners.case, "started")
    with pytest.raises(ValueError, match="everybody"):
        telling.tell(partners.session, SYSTEM, partners.case, said, partners.at, "everybody")


def test_who_had_accepted_a_draft_hears_that_talks_go_on(partners, session):
    partners.bring("agreement_draft")
    partners.accept("agreement", partners.company_actor)
    ear = Ear(partners)
    agreement_acts.reopen_talks(session, partners.npo_actor, partners.case, "予算が変わった。", partners.at)
    assert ear.heard() == {"company": ["talks_reopened"]}
    assert "理由：予算が変わった。" in tell.notices(session, "相談に戻りました")[0].body


@pytest.mark.parametrize(
    ("actor", "hear"),
    [
        ("company_actor", {"npo": ["partner_left"], "coordinator": ["partner_left", "organization_deactivated"]}),
        ("manager", {"npo": ["partner_left"], "coordinator": ["partner_left"], "company": ["organization_deactivated"]}),
    ],
)  # fmt: skip
def test_partners_and_officials_hear_that_a_party_leaves(partners, session, actor, hear):
    partners.bring("running")
    ear = Ear(partners)
    organization_acts.deactivate(
        session, getattr(partners, actor), partners.company, "other", "解散する。", partners.at, version=None
    )
    heard = ear.heard()
    for name in ("colleague", "manager"):
        assert set(heard.pop(name, [])) <= {"organization_deactivated"}
    assert heard == hear
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "deactivate")).one()
    assert event.details["running_cases"] == [partners.case.public_id]


def test_whoever_measured_is_asked_to_mend_a_value_and_nobody_else(partners, session):
    partners.bring("running")
    partners.later(days=partners.days)
    value = partners.measure(partners.only_indicator(), 31.0, partners.ends_on, accept=False)
    ear = Ear(partners)
    partners.review(value, accepted=False)
    assert ear.heard() == {"company": ["measurement_back_other"], "npo": ["measurement_back"]}
    assert f"{partners.npo.name}が直して" in tell.notices(session, "差し戻されました")[0].body


def test_the_city_is_asked_to_mend_what_it_handed_in_for_others(partners, session):
    partners.introduce()
    partners.meet()
    partners.write_plan({"linked_to_payment": True, "measurer": "outside"})
    partners.draft_agreement(type="outcome_linked", outcome=partners.outcome(evaluator="company"))
    partners.sign()
    partners.confirm()
    partners.start()
    partners.later(days=partners.days)
    indicator = partners.only_indicator()
    value = measurements.submit_measurement(
        session, partners.coordinator, partners.case, indicator,
        measurements.Value(partners.ends_on, 31.0, evidence=partners.file()), partners.at,
    )  # fmt: skip
    session.refresh(value, ["indicator"])
    ear = Ear(partners)
    partners.review(value, partners.company_actor, accepted=False)
    assert ear.heard() == {"coordinator": ["measurement_back"], "npo": ["measurement_back_other"]}


@pytest.mark.parametrize("actor", ["colleague", "manager"])
def test_the_official_in_charge_hears_what_another_official_does(partners, session, actor):
    partners.bring("running")
    ear = Ear(partners)
    by = calendar.tokyo_date(partners.at) + timedelta(days=9)
    course.suspend(
        session, getattr(partners, actor), partners.case, "staff", "確かめる。", by, partners.at, version=None
    )
    assert ear.heard() == {name: ["suspended"] for name in ("company", "npo", "coordinator")}


def _assign(partners, person):
    user = partners.session.get(User, person.user_id)
    deciding.assign(partners.session, partners.manager, partners.case, user, partners.at, version=None)


def test_sides_and_both_officials_hear_of_another_official_in_charge(partners):
    partners.bring("running")
    ear = Ear(partners)
    _assign(partners, partners.colleague)
    hear = {"company": ["handover"], "npo": ["handover"]}
    assert ear.heard() == hear | {"coordinator": ["put_in_charge"], "colleague": ["put_in_charge"]}
    again = Ear(partners)
    _assign(partners, partners.colleague)
    assert again.heard() == {}


def _proposed(partners, **about):
    case = beginning.propose(
        partners.session, partners.company_actor, beginning.between(partners.company, partners.npo, **about),
        beginning.Terms("food"), "ぜひ。", partners.at,
    )  # fmt: skip
    partners.case = case
    return case


def test_sides_hear_who_is_the_first_in_charge(partners):
    _proposed(partners)
    ear = Ear(partners)
    _assign(partners, partners.colleague)
    assert ear.heard() == {"company": ["assigned"], "npo": ["assigned"], "colleague": ["put_in_charge"]}


@pytest.mark.parametrize("is_confirmed", [False, True])
@pytest.mark.parametrize(("actor", "hear"), [("coordinator", {"company", "npo"}), ("company_actor", {"npo"})])
def test_both_sides_hear_of_a_contribution_that_is_taken_back(partners, session, actor, hear, is_confirmed):
    partners.bring("running")
    gift = contributions.Gift("food", 20, "kg", calendar.tokyo_date(partners.at))
    entry = contributions.record_contribution(
        session, partners.company_actor, partners.case, gift, partners.at
    )
    if is_confirmed:
        contributions.confirm_contribution(session, partners.npo_actor, partners.case, entry, partners.at)
    ear = Ear(partners)
    contributions.cancel_contribution(
        session, getattr(partners, actor), partners.case, entry, "誤り。", partners.at, version=None
    )
    code = "contribution_gone" if is_confirmed else "contribution_back"
    assert ear.heard() == {name: [code] for name in hear}


def test_the_official_in_charge_hears_of_talks_without_a_word(partners, session):
    partners.bring("negotiation")
    for days, code in ((31, "stalled"), (40, "stall_ended")):
        partners.later(days=days)
        ear = Ear(partners)
        talks.end_stalled(session, partners.at)
        assert ear.heard() == {name: [code] for name in ("company", "npo", "coordinator")}


def test_who_recommended_a_pair_hears_that_nobody_answered(partners, session):
    pair = beginning.between(partners.company, partners.npo, need=partners.need)
    beginning.recommend(
        session, partners.coordinator, pair, beginning.Terms("food"), "local", "近い。", partners.at
    )
    partners.later(days=30)
    ear = Ear(partners)
    stages.expire_unanswered(session, partners.at)
    assert ear.heard() == {name: ["case_expired"] for name in ("company", "npo", "coordinator")}


def test_the_city_does_not_hear_of_what_two_had_among_themselves(partners, session):
    _proposed(partners)
    partners.later(days=30)
    ear = Ear(partners)
    stages.expire_unanswered(session, partners.at)
    assert ear.heard() == {name: ["case_expired"] for name in ("company", "npo")}


def test_who_recommended_a_pair_hears_that_a_colleague_takes_it_back(partners, session):
    pair = beginning.between(partners.company, partners.npo, need=partners.need)
    case = beginning.recommend(
        session, partners.coordinator, pair, beginning.Terms("food"), "local", "近い。", partners.at
    )
    ear = Ear(partners)
    answering.withdraw(session, partners.colleague, case, "mistake", "", partners.at, version=None)
    assert ear.heard() == {name: ["case_withdrawn"] for name in ("company", "npo", "coordinator")}


# ── What a case is about is closed ───────────────────────────────────────────────────────────────────


def _close(partners, how, posting):
    """The owner (or the city, or the clock) closes a need or an offer."""
    owner = partners.npo_actor if posting is partners.need else partners.company_actor
    session, at = partners.session, partners.at
    match how:
        case "fill":
            posting_acts.fill(session, owner, posting, at)
        case "rework":
            posting_acts.rework(session, owner, posting, at)
        case "withdraw":
            posting_acts.withdraw(session, owner, posting, "plans_changed", "", at, version=None)
        case "city":
            posting_acts.withdraw(session, partners.manager, posting, "mistake", "", at, version=None)
        case "clock":
            partners.later(days=1)
            posting.valid_until = calendar.tokyo_date(at)
            session.flush()
            lasting.expire_due(session, partners.at)


@pytest.mark.parametrize("how", ["fill", "rework", "withdraw", "city", "clock"])
def test_who_waits_for_an_answer_hears_that_the_need_is_closed(partners, session, how):
    case = _proposed(partners, need=partners.need)
    ear = Ear(partners)
    _close(partners, how, partners.need)
    assert (case.state, case.reason_code) == ("expired", "posting_gone")
    heard = ear.heard()
    assert heard.pop("company") == ["case_ended_with_posting"]
    assert "case_ended_with_posting" in heard.pop("npo", []) or how in {"fill", "rework", "withdraw"}
    assert heard == {}
    ((event, _doer), *_before) = audit.history(session, "partnership", case.public_id)
    assert event.actor_id is None
    assert event.details == {"posting": partners.need.public_id, "state": partners.need.state}


def test_the_notice_says_what_became_of_the_need(partners, session):
    _proposed(partners, need=partners.need)
    _close(partners, "fill", partners.need)
    ((_row, _subject, body),) = tell.notices(session, "ニーズが受付を終えたため、いったん終了しました")
    assert "もとになったニーズが受付を終えたため、この案件をいったん終了しました。" in body


def _agreed(partners):
    case = _proposed(partners, need=partners.need)
    answering.accept(partners.session, partners.npo_actor, case, "", partners.at, version=None)
    return case


@pytest.mark.parametrize("how", ["fill", "rework"])
def test_a_need_on_which_two_have_agreed_is_not_closed_before_the_city_decides(partners, how):
    case = _agreed(partners)
    with pytest.raises(Refused, match="case_agreed"):
        _close(partners, how, partners.need)
    assert (partners.need.state, case.state) == ("open", "coordinator_review")


def test_a_need_on_which_two_have_agreed_outlives_its_date_until_the_city_has_decided(partners, session):
    case = _agreed(partners)
    _close(partners, "clock", partners.need)
    assert (partners.need.state, case.state) == ("open", "coordinator_review")
    decision = deciding.Decision("明確。", conflict_of_interest=False, city_involved=False)
    deciding.approve(session, partners.coordinator, case, decision, partners.at, version=None)
    lasting.expire_due(session, partners.at)
    assert (partners.need.state, case.state) == ("expired", "introduced")


@pytest.mark.parametrize("how", ["withdraw", "city"])
def test_what_two_agreed_on_ends_with_the_need_and_the_desk_hears_of_it(partners, how):
    case = _agreed(partners)
    ear = Ear(partners)
    _close(partners, how, partners.need)
    assert case.state == "expired"
    told = {name for name, codes in ear.heard().items() if "case_ended_with_posting" in codes}
    desk = {"coordinator", "colleague", "manager"}
    assert told == ({"company"} | desk if how == "withdraw" else {"company", "npo"})


def test_an_introduced_case_goes_on_when_its_need_is_filled(partners):
    partners.bring("introduced")
    _close(partners, "fill", partners.need)
    assert partners.case.state == "introduced"


@pytest.mark.parametrize(
    ("asks", "state"), [("npo_actor", "expired"), ("company_actor", "interest_one_side")]
)
def test_of_an_offer_that_is_used_up_nobody_is_asked_any_more(partners, session, asks, state):
    offer = factories.make_offer(session, partners.company)
    pair = beginning.between(partners.company, partners.npo, offer=offer)
    case = beginning.propose(
        session, getattr(partners, asks), pair, beginning.Terms("food"), "ぜひ。", partners.at
    )
    _close(partners, "fill", offer)
    assert case.state == state
