"""A case from the first word to the introduction, and every guard on the way."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from matcher.cases import answering, beginning, deciding, stages
from matcher.cases import reads as case_reads
from matcher.cases.beginning import Terms
from matcher.cases.deciding import Decision
from matcher.ground import calendar
from matcher.ground.errors import Invalid, MovedOn, NotFound, Refused
from matcher.records import AuditEvent, Mail, Notice
from matcher.register import audit
from matcher.register.act import Look, open_to
from tests import factories
from tests import told as tell

FOOD = Terms("food", 20, "kg")
GOOD = Decision(
    "地域の子どもの食を支える内容で、条件も明確である。", conflict_of_interest=False, city_involved=False
)


class Town:
    """One company, one NPO with a need, two coordinators and a manager."""

    def __init__(self, session):
        factories.make_city(session)
        self.session = session
        self.company = factories.make_company(session)
        self.npo = factories.make_npo(session)
        self.need = factories.make_need(session, self.npo)
        self.offer = factories.make_offer(session, self.company)
        self.company_actor = self._member(self.company)
        self.npo_actor = self._member(self.npo)
        self.coordinator = factories.actor_for(factories.make_coordinator(session))
        self.colleague = factories.actor_for(factories.make_coordinator(session))
        self.manager = factories.actor_for(factories.make_coordinator(session, role="manager"))

    def _member(self, organization):
        return factories.actor_for(factories.make_user(self.session, organization), organization)

    def offer_made(self, now, **changes):
        facts = {"need": self.need, "offer": self.offer} | changes
        return beginning.propose(
            self.session,
            self.company_actor,
            beginning.between(self.company, self.npo, **facts),
            FOOD,
            "お手伝いしたいです。",
            now,
        )

    def agreed(self, now):
        case = self.offer_made(now)
        return answering.accept(
            self.session, self.npo_actor, case, "お願いします。", now, version=case.version
        )


@pytest.fixture
def town(session):
    return Town(session)


def test_an_offer_that_both_want_is_introduced_by_the_city(town, session, now):
    case = town.offer_made(now)
    assert (case.state, case.asked) == ("interest_one_side", ("npo",))
    assert not case_reads.may_see_contacts(town.npo_actor, case)
    answering.accept(session, town.npo_actor, case, "お願いします。", now, version=case.version)
    assert (case.state, case.asked) == ("coordinator_review", ())
    bundle = deciding.approve(session, town.coordinator, case, GOOD, now, version=case.version)
    assert case.state == "introduced"
    assert case_reads.may_see_contacts(town.npo_actor, case)
    assert bundle.content["need"]["title"] == town.need.title
    assert town.company.email not in str(bundle.content)
    moves = [event.action for event, _ in audit.history(session, "partnership", case.public_id)]
    assert moves == ["approve", "send_for_review", "accept", "message", "propose"]
    assert audit.verify(session)[1] is None


def test_the_npo_may_ask_first(town, session, now):
    case = beginning.propose(
        session,
        town.npo_actor,
        beginning.between(town.company, town.npo, need=town.need),
        FOOD,
        "ご相談できますか。",
        now,
    )
    assert (case.origin, case.asked) == ("npo", ("company",))


def test_a_recommendation_needs_both_and_another_coordinator(town, session, now):
    case = beginning.recommend(
        session,
        town.coordinator,
        beginning.between(town.company, town.npo, need=town.need),
        FOOD,
        "local",
        "地域が同じで量も合うため",
        now,
    )
    assert case.asked == ("company", "npo")
    answering.accept(session, town.npo_actor, case, "", now, version=None)
    assert (case.state, case.asked) == ("interest_one_side", ("company",))
    answering.accept(session, town.company_actor, case, "", now, version=None)
    with pytest.raises(Refused, match="own_recommendation"):
        deciding.approve(session, town.coordinator, case, GOOD, now, version=None)
    deciding.approve(session, town.colleague, case, GOOD, now, version=None)


def test_a_lone_coordinator_may_approve_what_they_recommended(session, now):
    town = Town(session)
    for other in (town.colleague, town.manager):
        session.get(factories.User, other.user_id).status = "deactivated"
    case = beginning.recommend(
        session,
        town.coordinator,
        beginning.between(town.company, town.npo),
        FOOD,
        "local",
        "量が合うため",
        now,
    )
    answering.accept(session, town.npo_actor, case, "", now, version=None)
    answering.accept(session, town.company_actor, case, "", now, version=None)
    deciding.approve(session, town.coordinator, case, GOOD, now, version=None)


def test_of_two_officials_the_other_one_approves(session, now):
    town = Town(session)
    session.get(factories.User, town.manager.user_id).status = "deactivated"
    case = beginning.recommend(
        session,
        town.coordinator,
        beginning.between(town.company, town.npo),
        FOOD,
        "local",
        "量が合うため",
        now,
    )
    for side in (town.npo_actor, town.company_actor):
        answering.accept(session, side, case, "", now, version=None)
    with pytest.raises(Refused, match="own_recommendation"):
        deciding.approve(session, town.coordinator, case, GOOD, now, version=None)
    deciding.approve(session, town.colleague, case, GOOD, now, version=None)


def test_only_what_belongs_to_the_two_is_put_into_their_case(town, session, now):
    stranger = factories.make_offer(session, factories.make_company(session))
    with pytest.raises(Refused, match="offer_closed"):
        town.offer_made(now, offer=stranger)
    with pytest.raises(Refused, match="need_closed"):
        town.offer_made(now, need=factories.make_need(session, factories.make_npo(session)))


def test_a_need_that_the_capacity_guard_paused_stands_in_no_ones_way(town, session, now):
    case = town.offer_made(now)
    town.need.state, town.need.pause_cause = "paused", "capacity"
    answering.accept(session, town.npo_actor, case, "", now, version=case.version)
    town.need.state, town.need.pause_cause = "paused", "capacity"
    assert deciding.approve.obstacle(Look(session, town.coordinator, case, now)) is None
    deciding.approve(session, town.coordinator, case, GOOD, now, version=None)
    assert case.state == "introduced"


def test_who_never_answered_a_recommendation_does_not_hear_of_the_others_no(town, session, now):
    def told(actor):
        return session.scalar(select(func.count()).where(Notice.user_id == actor.user_id))

    for has_answered in (False, True):
        case = beginning.recommend(
            session,
            town.coordinator,
            beginning.between(town.company, factories.make_npo(session)),
            FOOD,
            "local",
            "近い",
            now,
        )
        npo = factories.actor_for(factories.make_user(session, case.npo), case.npo)
        if has_answered:
            answering.accept(session, town.company_actor, case, "", now, version=None)
        before = told(town.company_actor)
        answering.decline(session, npo, case, "timing", "", now, version=None)
        assert told(town.company_actor) - before == has_answered


def test_why_a_side_withdrew_is_told_to_the_city_alone(town, session, now):
    case = town.agreed(now)
    answering.withdraw(session, town.npo_actor, case, "other", "相手の評判が気になる", now, version=None)
    assert not [one for one in (*tell.mails(session), *tell.notices(session)) if "評判" in one.body]
    event = audit.history(session, "partnership", case.public_id)[0][0]
    assert (event.action, event.reason_code, event.reason_text) == (
        "withdraw",
        "other",
        "相手の評判が気になる",
    )


def test_the_same_pair_and_need_has_one_open_case(town, session, now):
    case = town.offer_made(now)
    with pytest.raises(Refused, match="case_exists") as refused:
        town.offer_made(now)
    assert refused.value.facts == {"number": case.number}
    answering.decline(session, town.npo_actor, case, "timing", "", now, version=case.version)
    assert town.offer_made(now).state == "interest_one_side"


def test_three_unanswered_proposals_pause_an_npo_until_it_answers(town, session, now):
    cases = []
    for _ in range(3):
        company = factories.make_company(session)
        actor = factories.actor_for(factories.make_user(session, company), company)
        cases.append(
            beginning.propose(
                session, actor, beginning.between(company, town.npo, need=town.need), FOOD, "ぜひ。", now
            )
        )
    assert (town.need.state, town.need.pause_cause) == ("paused", "capacity")
    with pytest.raises(Refused, match="npo_busy"):
        beginning.propose(
            session, town.company_actor, beginning.between(town.company, town.npo), FOOD, "ぜひ。", now
        )
    answering.decline(session, town.npo_actor, cases[0], "capacity", "", now, version=None)
    assert (town.need.state, town.need.pause_cause) == ("open", None)


def test_fourteen_days_of_silence_end_a_case_kindly_after_three_reminders(town, session, now):
    case = town.offer_made(now)
    reminded = 0
    for day in range(1, 15):
        reminded += stages.remind_waiting(session, now + timedelta(days=day))
        assert stages.expire_unanswered(session, now + timedelta(days=day)) == 0
    assert reminded == 3
    assert stages.expire_unanswered(session, now + timedelta(days=15)) == 1
    assert case.state == "expired"
    newest = session.scalar(select(Notice).order_by(Notice.id.desc()).limit(1))
    assert "どちらの評価にも影響しません" in tell.of(newest).body


def test_the_second_coordinator_hears_who_was_faster(town, session, now):
    case = town.agreed(now)
    seen = case.version
    deciding.approve(session, town.coordinator, case, GOOD, now, version=seen)
    with pytest.raises(MovedOn) as late:
        deciding.refuse(session, town.colleague, case, "scope", "対象外のため", now, version=seen)
    assert (late.value.facts["by"], late.value.facts["action"]) == (town.coordinator.name, "approve")


@pytest.mark.parametrize(
    ("decision", "refusal"),
    [
        (Decision("", False, False), Invalid),
        (Decision("理由", None, False), Invalid),
        (Decision("理由", False, True), Invalid),
        (Decision("理由", True, False), Refused),
        (Decision("理由", False, True, "財政課に確認した"), Refused),
    ],
)
def test_an_approval_without_its_answers_is_refused(town, session, now, decision, refusal):
    case = town.agreed(now)
    with pytest.raises(refusal):
        deciding.approve(session, town.coordinator, case, decision, now, version=case.version)
    assert case.state == "coordinator_review"


def test_a_manager_approves_where_the_city_is_involved(town, session, now):
    case = town.agreed(now)
    decision = Decision("理由", False, True, "財政課に確認した")
    deciding.approve(session, town.manager, case, decision, now, version=case.version)
    assert case.state == "introduced"


def test_a_suspended_organization_cannot_be_introduced(town, session, now):
    case = town.agreed(now)
    town.company.state = "suspended"
    with pytest.raises(Refused, match="not_verified"):
        deciding.approve(session, town.coordinator, case, GOOD, now, version=case.version)


def test_a_returned_case_goes_back_to_the_city_with_a_supplement(town, session, now):
    case = town.agreed(now)
    deciding.return_(
        session, town.coordinator, case, "conditions", "受け渡しの場所を教えてください。", now, version=None
    )
    assert case.state == "interest_both"
    answering.revise(session, town.npo_actor, case, FOOD, "公民館の裏口です。", now, version=case.version)
    assert case.state == "coordinator_review"


def test_changed_terms_need_the_other_sides_yes_again(town, session, now):
    case = town.agreed(now)
    deciding.return_(
        session, town.coordinator, case, "conditions", "量を確かめてください。", now, version=None
    )
    answering.revise(
        session, town.company_actor, case, Terms("food", 10, "kg"), "", now, version=case.version
    )
    assert (case.state, case.asked, case.quantity) == ("interest_one_side", ("npo",), 10)
    answering.accept(session, town.npo_actor, case, "", now, version=case.version)
    assert case.state == "coordinator_review"


def test_a_stranger_does_not_learn_that_a_case_exists(town, session, now):
    case = town.offer_made(now)
    other = factories.make_company(session)
    stranger = factories.actor_for(factories.make_user(session, other), other)
    with pytest.raises(NotFound):
        case_reads.get_case(session, stranger, case.public_id)
    with pytest.raises(NotFound):
        answering.decline(session, stranger, case, "timing", "", now, version=None)


def test_who_asked_cannot_answer_for_the_other_side(town, session, now):
    case = town.offer_made(now)
    with pytest.raises(Refused, match="not_your_turn"):
        answering.accept(session, town.company_actor, case, "", now, version=None)
    with pytest.raises(Refused, match="not_your_turn"):
        answering.decline(session, town.company_actor, case, "timing", "", now, version=None)


def test_a_decline_needs_a_coded_reason_that_only_the_city_reads(town, session, now):
    case = town.offer_made(now)
    with pytest.raises(Invalid):
        answering.decline(session, town.npo_actor, case, "no such reason", "", now, version=None)
    answering.decline(session, town.npo_actor, case, "capacity", "人手が足りません", now, version=None)
    told = [one.body for one in tell.mails(session, "", Mail.to == _mail_of(session, town.company_actor))]
    assert told
    assert not any("人手が足りません" in body for body in told)


def _mail_of(session, actor):
    return session.get(factories.User, actor.user_id).email


def test_a_question_leaves_a_week_to_answer(town, session, now):
    case = town.offer_made(now)
    late = now + timedelta(days=13)
    answering.send_message(session, town.npo_actor, case, "配送の曜日を教えてください。", late)
    assert case.deadline_at > late + timedelta(days=6)


def test_a_question_puts_the_deadline_off_by_a_week_and_never_brings_it_nearer(town, session, now):
    case = town.offer_made(now)
    early = case.deadline_at
    answering.send_message(session, town.npo_actor, case, "曜日を教えてください。", now)
    assert case.deadline_at == early
    late = now + timedelta(days=13)
    case.reminders = 2
    answering.send_message(session, town.npo_actor, case, "時刻も教えてください。", late)
    assert case.deadline_at == calendar.deadline(late, 7)
    assert case.reminders == 0


def test_the_city_writes_of_itself_without_a_title_and_of_others_with_one(town, session, now):
    case = beginning.recommend(
        session,
        town.coordinator,
        beginning.between(town.company, town.npo),
        FOOD,
        "local",
        "地域が同じため",
        now,
    )
    answering.send_message(session, town.coordinator, case, "ご検討ください。", now)
    answering.send_message(session, town.npo_actor, case, "配送の曜日を教えてください。", now)
    answering.withdraw(session, town.coordinator, case, "other", "準備が必要なため。", now, version=None)
    told = "\n".join(f"{mail.subject}\n{mail.body}" for mail in tell.mails(session))
    assert f"【縁むすび】市の担当からの連絡（{case.number}）" in told
    assert f"【縁むすび】{town.npo.name}さまからの連絡（{case.number}）" in told
    assert "市の担当がこの案件を取り下げました。" in told
    assert "市の担当さま" not in told


def test_every_move_has_exactly_one_audit_event(town, session, now):
    before = session.scalar(select(func.count()).select_from(AuditEvent))
    town.offer_made(now)
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == before + 1


def test_what_each_of_the_three_can_do_follows_the_state_and_the_turn(town, session, now):
    def can(case):
        actors = (town.company_actor, town.npo_actor, town.coordinator)
        return tuple(" ".join(open_to(session, actor, case, now, "case")) for actor in actors)

    staff = "send_message assign"
    case = town.offer_made(now)
    assert can(case) == ("withdraw send_message", "accept decline revise send_message", staff)
    answering.accept(session, town.npo_actor, case, "", now, version=None)
    assert can(case) == ("withdraw send_message", "withdraw send_message", f"approve return refuse {staff}")
    deciding.return_(session, town.coordinator, case, "conditions", "量は？", now, version=None)
    assert can(case) == ("withdraw revise send_message", "withdraw revise send_message", staff)
    answering.revise(session, town.npo_actor, case, FOOD, "20kgです。", now, version=None)
    deciding.approve(session, town.coordinator, case, GOOD, now, version=None)
    assert can(case) == ("withdraw send_message", "withdraw send_message", f"withdraw {staff}")
    viewer = factories.make_user(session, town.npo, organization_role="viewer")
    assert open_to(session, factories.actor_for(viewer, town.npo), case, now, "case") == ()


def test_what_has_ended_is_open_to_nothing_and_a_recommendation_to_both_sides(town, session, now):
    case = beginning.recommend(
        session,
        town.coordinator,
        beginning.between(town.company, town.npo),
        FOOD,
        "local",
        "地域が同じため",
        now,
    )
    assert open_to(session, town.company_actor, case, now, "case") == ("accept", "decline", "send_message")
    assert open_to(session, town.coordinator, case, now, "case") == ("withdraw", "send_message", "assign")
    found = deciding.approve.obstacle(Look(session, town.coordinator, case, now))
    assert found is not None
    assert found.code == "own_recommendation"
    assert deciding.approve.obstacle(Look(session, town.colleague, case, now)) is None
    answering.decline(session, town.npo_actor, case, "timing", "", now, version=None)
    for actor in (town.company_actor, town.npo_actor, town.coordinator):
        assert open_to(session, actor, case, now, "case") == ()


def test_a_reminder_leaves_the_version_alone(town, session, now):
    case = town.offer_made(now)
    version = case.version
    assert stages.remind_waiting(session, now + timedelta(days=8)) == 1
    session.flush()
    assert (case.version, case.reminders) == (version, 1)


# ── The days of what is asked for ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", ["propose", "recommend", "revise"])
@pytest.mark.parametrize(
    ("first", "last", "wrong"),
    [
        (None, date(2026, 11, 24), {"period_to": "in_past"}),
        (None, date(2026, 11, 25), None),
        (date(2028, 11, 26), None, {"period_from": "agreement_from_far"}),
        (date(2028, 11, 25), None, None),
        (date(1868, 1, 1), None, {"period_from": "long_past"}),
        (date(2026, 4, 1), date(2027, 3, 31), None),
        (date(2027, 1, 1), date(2032, 1, 6), {"period_to": "agreement_too_long"}),
        (date(2027, 1, 1), date(2032, 1, 5), None),
        (None, date(2199, 12, 31), {"period_to": "agreement_too_long"}),
        (
            date(1868, 1, 1),
            date(2199, 12, 31),
            {"period_from": "long_past", "period_to": "agreement_too_long"},
        ),
    ],
)
def test_a_case_is_asked_for_days_that_can_be_meant(town, session, now, way, first, last, wrong):
    pair = beginning.between(town.company, town.npo, need=town.need)
    terms = Terms("food", 20, "kg", first, last)
    standing = town.offer_made(now) if way == "revise" else None

    def ask():
        if way == "propose":
            return beginning.propose(session, town.company_actor, pair, terms, "ぜひ。", now)
        if way == "recommend":
            return beginning.recommend(session, town.coordinator, pair, terms, "local", "近い。", now)
        return answering.revise(session, town.npo_actor, standing, terms, "", now, version=standing.version)

    if wrong is None:
        assert ask().period_to == last
    else:
        with pytest.raises(Invalid) as refusal:
            ask()
        assert refusal.value.facts == wrong


def test_days_that_stand_already_are_not_asked_again(town, session, now):
    case = town.offer_made(now)
    case.period_from, case.period_to = date(2019, 4, 1), date(2026, 11, 20)
    session.flush()
    terms = Terms("food", 10, "kg", case.period_from, case.period_to)
    answering.revise(session, town.npo_actor, case, terms, "", now, version=case.version)
    assert case.quantity == 10


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        (Terms("volunteer_hands", 0.5, "人"), "amount_not_whole"),
        (Terms("goods_new", 0.5, "台"), "amount_not_whole"),
        (Terms("volunteer_hands", 0.5, "時間"), None),
        (Terms("cash_donation", 1000.5, "円"), "amount_not_whole"),
        (Terms("volunteer_hands", 10.0**8, "人"), "amount_too_large"),
        (Terms("volunteer_hands", 10.0**8 - 1, "人"), None),
        (Terms("cash_donation", 10.0**10 + 1, "円"), "amount_too_large"),
        (Terms("cash_donation", 10.0**10, "円"), None),
        (Terms("volunteer_hands", 0.0, "人"), "positive"),
    ],
)
def test_an_amount_of_a_case_is_one_that_can_be_given(town, session, now, terms, wrong):
    pair = beginning.between(town.company, town.npo, need=town.need)
    if wrong is None:
        case = beginning.propose(session, town.company_actor, pair, terms, "ぜひ。", now)
        assert case.quantity == terms.quantity
    else:
        with pytest.raises(Invalid) as refusal:
            beginning.propose(session, town.company_actor, pair, terms, "ぜひ。", now)
        assert refusal.value.facts == {"quantity": wrong}
