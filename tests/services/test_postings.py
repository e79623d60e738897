"""Needs and offers: steps, submission, the city's reading, every move, expiry, capacity; both databases."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher import clock as clockwork
from matcher.cases import answering, beginning
from matcher.cases.beginning import Terms
from matcher.ground import calendar, lifecycle
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted, Refused
from matcher.ground.permissions import Actor
from matcher.postings import acts as posting_acts
from matcher.postings import drafts as posting_drafts
from matcher.postings import lasting as posting_lasting
from matcher.postings import reads as posting_reads
from matcher.postings import revisions as posting_revisions
from matcher.records import AuditEvent, Embedding, Mail, Mark, Need, Notice, Offer, Organization, Revision
from matcher.register import findable, folding, numbers
from matcher.register.act import open_to
from tests import told as tell
from tests.factories import (
    actor_for,
    make_city,
    make_company,
    make_coordinator,
    make_need,
    make_npo,
    make_offer,
    make_user,
)

STEPS: tuple[dict[str, Any], ...] = (
    {"title": "夏休みの昼ごはんに使う米", "situation": "毎日20人分をつくります。", "wanted_change": "休まず続けられます。"},
    {"support_type": "food", "quantity": 30.0, "unit": "kg", "min_useful": 10.0, "also_welcome": ["cash_donation"]},
    {
        "period_from": date(2026, 12, 1), "period_to": date(2027, 3, 31), "urgency": "3months", "repeat": "once",
        "areas": ["chuo"], "mode": "onsite", "valid_until": date(2027, 3, 1),
    },
    {"fields": ["13"], "beneficiaries": ["children"], "beneficiary_number": 20, "safety_contact": True},
    {"what_we_give": "活動報告", "if_unmet": "日数を減らします。", "contact_name": "海野 渚", "visibility": "public"},
)  # fmt: skip
OFFER: dict[str, Any] = {
    "title": "古いノートパソコン", "description": "初期化して10台お渡しします。", "support_type": "goods_used",
    "quantity": 10.0, "unit": "台", "areas": ["citywide"], "mode": "onsite", "valid_until": date(2027, 3, 1),
}  # fmt: skip


class Town:
    """One NPO, one company and the city, with the people who act."""

    def __init__(self, session: Session) -> None:
        self.session = session
        make_city(session)
        self.npo = make_npo(session, name="浜のごはん会")
        self.company = make_company(session, name="株式会社みおフーズ")
        self.director = make_user(session, self.npo, name="海野 渚")
        self.owner = actor_for(self.director, self.npo)
        self.officer = actor_for(make_user(session, self.company, name="髙橋 誠"), self.company)
        self.city = actor_for(make_coordinator(session, name="市川 正"))

    def draft(self, now: datetime) -> Need:
        need = posting_drafts.new_need(self.session, self.owner, self.npo, now)
        for step, values in enumerate(STEPS, start=1):
            posting_drafts.save_need_step(
                self.session, self.owner, need, step, values, now, version=need.version
            )
        return need

    def submitted(self, now: datetime) -> Need:
        need = self.draft(now)
        posting_acts.submit(self.session, self.owner, need, now, version=need.version)
        return need

    def published(self, now: datetime) -> Need:
        need = self.submitted(now)
        posting_acts.publish(self.session, self.city, need, now, version=need.version)
        return need

    def subjects(self) -> list[str]:
        """What the director has heard, oldest first."""
        return [one.subject for one in tell.notices(self.session, "", Notice.user_id == self.director.id)]

    def last_event(self, record: Need | Offer) -> AuditEvent:
        found = self.session.scalar(
            select(AuditEvent)
            .where(AuditEvent.object_id == record.public_id)
            .order_by(AuditEvent.id.desc())
            .limit(1)
        )
        assert found is not None
        return found

    def proposals(self, count: int, now: datetime) -> list[Any]:
        """So many companies that wait for the NPO's answer."""
        cases = []
        for _ in range(count):
            company = make_company(self.session)
            officer = actor_for(make_user(self.session, company), company)
            terms = Terms(support_type="food")
            cases.append(
                beginning.propose(
                    self.session,
                    officer,
                    beginning.between(company, self.npo),
                    terms,
                    "お手伝いできます。",
                    now,
                )
            )
        return cases


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


def is_findable(session: Session, record: Need | Offer) -> bool:
    rows = session.scalars(
        select(Embedding.active).where(
            Embedding.owner_type == findable.type_of(record), Embedding.owner_id == record.id
        )
    ).all()
    return any(rows)


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────


def test_each_page_saves_and_counts_as_done(town: Town, now: datetime) -> None:
    need = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    assert (need.state, need.number, need.steps_done) == ("draft", None, 0)
    posting_drafts.save_need_step(town.session, town.owner, need, 2, STEPS[1], now, version=need.version)
    assert (need.steps_done, need.quantity, need.unit) == (2, 30, "kg")
    posting_drafts.save_need_step(town.session, town.owner, need, 1, STEPS[0], now, version=need.version)
    assert need.steps_done == 2
    assert town.last_event(need).details == {"fields": ["situation", "title", "wanted_change"]}


def test_a_page_saves_only_its_own_fields(town: Town, now: datetime) -> None:
    need = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    smuggled = {
        "title": "件名",
        "state": "open",
        "number": "N-1",
        "organization_id": town.company.id,
        "quantity": 5,
    }
    posting_drafts.save_need_step(town.session, town.owner, need, 1, smuggled, now, version=None)
    assert (need.title, need.state, need.number, need.quantity) == ("件名", "draft", None, None)
    assert need.organization_id == town.npo.id


def test_a_second_click_on_write_takes_up_the_untouched_draft(town: Town, now: datetime) -> None:
    first = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    assert posting_drafts.new_need(town.session, town.owner, town.npo, now) is first
    colleague = actor_for(make_user(town.session, town.npo, organization_role="editor"), town.npo)
    assert posting_drafts.new_need(town.session, colleague, town.npo, now) is not first
    later = now + timedelta(minutes=1)
    posting_drafts.save_need_step(town.session, town.owner, first, 1, {"title": ""}, later, version=None)
    assert posting_drafts.new_need(town.session, town.owner, town.npo, now) is not first


def test_a_new_text_begins_with_what_the_profile_says(town: Town, now: datetime) -> None:
    need = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    found = posting_drafts.prefilled(need, town.npo, now)
    assert found["areas"] == ["chuo"]
    assert found["fields"] == ["13"]
    assert found["contact_name"] == "窓口 太郎"
    assert found["valid_until"] == calendar.tokyo_date(now) + lifecycle.RENEWAL
    need.areas = ["hama"]
    assert "areas" not in posting_drafts.prefilled(need, town.npo, now)
    offer = posting_drafts.new_offer(town.session, town.officer, town.company, now)
    assert "contact_name" not in posting_drafts.prefilled(offer, town.company, now)


@pytest.mark.parametrize(
    ("step", "values", "problem"),
    [
        (1, {"title": "あ" * 61}, {"title": "too_long"}),
        (1, {"title": "👨‍👩‍👧‍👦" * 60}, {"title": "too_long"}),
        (1, {"situation": "あ" * 2001}, {"situation": "too_long"}),
        (1, {"situation": "あ" * 100_000}, {"situation": "too_long"}),
        (2, {"support_type": "magic"}, {"support_type": "required"}),
        (2, {"support_type": "food", "quantity": 5.0, "unit": "円"}, {"unit": "required"}),
        (2, {"support_type": "food", "min_useful": 5.0, "unit": ""}, {"unit": "required"}),
        (2, {"support_type": "food", "quantity": 0.0, "unit": "kg"}, {"quantity": "positive"}),
        (2, {"support_type": "food", "quantity": 1e12, "unit": "kg"}, {"quantity": "amount_too_large"}),
        (2, {"support_type": "food", "quantity": 0.5, "unit": "食"}, {"quantity": "amount_not_whole"}),
        (2, {"support_type": "food", "min_useful": 0.5, "unit": "食"}, {"min_useful": "amount_not_whole"}),
        (
            2,
            {"support_type": "food", "quantity": 5.0, "min_useful": 6.0, "unit": "kg"},
            {"min_useful": "more_than_quantity"},
        ),
        (
            3,
            {"period_from": date(2027, 4, 1), "period_to": date(2027, 3, 1)},
            {"period_to": "before_start"},
        ),
        (3, {"period_to": date(2026, 11, 23)}, {"period_to": "in_the_past"}),
        (3, {"period_to": date(9999, 1, 1)}, {"period_to": "unlikely_date"}),
        (3, {"period_from": date(1, 1, 1)}, {"period_from": "unlikely_date"}),
        (3, {"valid_until": date(2026, 11, 23)}, {"valid_until": "in_the_past"}),
        (3, {"valid_until": date(2028, 1, 1)}, {"valid_until": "too_far"}),
    ],
)
def test_what_cannot_be_meant_is_refused_beside_its_field(
    town: Town, now: datetime, step: int, values: dict[str, Any], problem: dict[str, str]
) -> None:
    need = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    with pytest.raises(Invalid) as refused:
        posting_drafts.save_need_step(town.session, town.owner, need, step, values, now, version=None)
    assert refused.value.facts == problem


def test_an_offer_of_half_a_person_is_refused(town: Town, now: datetime) -> None:
    offer = posting_drafts.new_offer(town.session, town.officer, town.company, now)
    halves = {"support_type": "volunteer_hands", "quantity": 0.5, "unit": "人"}
    with pytest.raises(Invalid) as refused:
        posting_drafts.save_offer(town.session, town.officer, offer, halves, now, version=None)
    assert refused.value.facts == {"quantity": "amount_not_whole"}
    posting_drafts.save_offer(town.session, town.officer, offer, halves | {"unit": "時間"}, now, version=None)
    assert offer.quantity == 0.5


def test_sixty_characters_are_counted_as_people_count_them(town: Town, now: datetime) -> None:
    need = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    title = "葛󠄀" * 60  # two code points each, one character to the eye
    posting_drafts.save_need_step(town.session, town.owner, need, 1, {"title": title}, now, version=None)
    town.session.expire(need)
    assert need.title == title


def test_a_form_filled_in_over_an_older_version_names_who_was_faster(town: Town, now: datetime) -> None:
    need = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    shown = need.version
    posting_drafts.save_need_step(town.session, town.owner, need, 1, STEPS[0], now, version=shown)
    with pytest.raises(MovedOn) as moved:
        posting_drafts.save_need_step(town.session, town.owner, need, 1, STEPS[0], now, version=shown)
    assert (moved.value.facts["by"], moved.value.facts["action"]) == ("海野 渚", "edit")


def test_only_the_organization_itself_writes(town: Town, now: datetime) -> None:
    need = town.published(now)
    viewer = actor_for(make_user(town.session, town.npo, organization_role="viewer"), town.npo)
    neighbour_npo = make_npo(town.session)
    neighbour = actor_for(make_user(town.session, neighbour_npo), neighbour_npo)
    for actor in (viewer, neighbour, town.officer, town.city):
        with pytest.raises(NotPermitted):
            posting_acts.pause(town.session, actor, need, now, version=None)
    draft = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    with pytest.raises(NotFound):  # a foreign draft does not exist
        posting_drafts.save_need_step(town.session, neighbour, draft, 1, STEPS[0], now, version=None)


def test_a_suspended_organization_only_reads_its_own(town: Town, now: datetime) -> None:
    need = town.published(now)
    locked = Actor(**{**vars(town.owner), "organization_state": "suspended"})
    for act in (
        posting_acts.pause,
        posting_acts.renew,
        posting_acts.fill,
        posting_acts.rework,
    ):
        with pytest.raises(Refused) as refused:
            act(town.session, locked, need, now, version=None)
        assert refused.value.code == "organization_locked"
    draft = make_need(town.session, town.npo, state="draft")
    with pytest.raises(Refused, match="organization_locked"):
        posting_acts.submit(town.session, locked, draft, now, version=None)
    with pytest.raises(Refused):
        posting_drafts.new_need(town.session, locked, town.npo, now)
    assert need.state == "open"


# ── Submission and reading ───────────────────────────────────────────────────────────────────────────


def test_submission_names_every_missing_field(town: Town, now: datetime) -> None:
    need = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    with pytest.raises(Invalid) as refused:
        posting_acts.submit(town.session, town.owner, need, now, version=None)
    assert dict(refused.value.facts) == dict.fromkeys(
        [name for name in posting_drafts.NEED_REQUIRED if name != "mode"], "required"
    )
    offer = posting_drafts.new_offer(town.session, town.officer, town.company, now)
    with pytest.raises(Invalid):
        posting_acts.submit(town.session, town.officer, offer, now, version=None)


def test_a_draft_that_waited_too_long_is_asked_for_new_dates(town: Town, now: datetime) -> None:
    need = town.draft(now)
    later = now + timedelta(days=150)
    assert posting_drafts.problems(need, later) == {"period_to": "in_the_past", "valid_until": "in_the_past"}
    with pytest.raises(Invalid):
        posting_acts.submit(town.session, town.owner, need, later, version=None)


def test_submitting_gives_a_number_and_tells_the_city(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    assert need.state == "in_review"
    assert need.number is not None
    assert need.number.startswith("N-2026-")
    assert need.submitted_at == now
    assert town.session.scalar(select(func.count()).select_from(Revision)) == 1
    mail = town.session.scalar(select(Mail).where(Mail.to == "kyodo@city.miohara.example"))
    assert mail is not None
    assert need.number in tell.of(mail).subject
    assert "浜のごはん会" in tell.of(mail).body


def test_an_offer_goes_the_same_way(town: Town, now: datetime) -> None:
    offer = posting_drafts.new_offer(town.session, town.officer, town.company, now)
    posting_drafts.save_offer(
        town.session, town.officer, offer, OFFER | {"state": "open"}, now, version=offer.version
    )
    assert offer.state == "draft"
    posting_acts.submit(town.session, town.officer, offer, now, version=offer.version)
    assert offer.number is not None
    assert offer.number.startswith("T-2026-")
    posting_acts.publish(town.session, town.city, offer, now, version=offer.version)
    assert offer.state == "open"
    assert offer in posting_reads.open_offers(town.session, {}).rows


def test_the_number_stays_through_return_and_resubmission(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    number = need.number
    posting_acts.return_(
        town.session, town.city, need, "quantity", "量を書き足してください。", now, version=need.version
    )
    assert (need.state, need.reason_code) == ("returned", "quantity")
    assert town.subjects()[-1].startswith("【縁むすび】ニーズについて確認のお願い")
    posting_drafts.save_need_step(
        town.session, town.owner, need, 2, STEPS[1] | {"quantity": 40.0}, now, version=need.version
    )
    posting_acts.submit(town.session, town.owner, need, now, version=need.version)
    assert need.number == number
    assert posting_revisions.changes_since_read(town.session, need) == [("quantity", 30, 40)]


def test_returning_needs_a_coded_reason_and_a_sentence(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    for code, sentence in (("unclear", " "), ("because", "直してください。"), ("", "直してください。")):
        with pytest.raises(Invalid):
            posting_acts.return_(town.session, town.city, need, code, sentence, now, version=need.version)
    assert need.state == "in_review"


def test_publishing_opens_it_to_others_at_once(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    assert need not in posting_reads.open_needs(town.session, {}, public=True).rows
    posting_acts.publish(town.session, town.city, need, now, version=need.version)
    assert need in posting_reads.open_needs(town.session, {}, public=True).rows
    assert posting_reads.get_need(town.session, town.officer, need.public_id) is need
    assert town.subjects()[-1].startswith("【縁むすび】ニーズを公開しました")


def test_the_citys_corrections_are_kept_and_said(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    edits = {
        "title": "夏休みの昼ごはんに使うお米",
        "situation": need.situation,
        "state": "filled",
        "reason_text": "x",
    }
    posting_acts.publish(town.session, town.city, need, now, version=need.version, edits=edits)
    assert (need.title, need.state) == ("夏休みの昼ごはんに使うお米", "open")
    assert town.last_event(need).details == {"corrected": ["title"]}
    assert "表現の一部を整えました" in tell.notices(town.session)[-1].body
    assert "お米" in need.search_text


def test_a_correction_cannot_empty_a_compulsory_text(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    with pytest.raises(Invalid) as refused:
        posting_acts.publish(
            town.session, town.city, need, now, version=None, edits={"title": "", "place_note": ""}
        )
    assert refused.value.facts == {"title": "required"}


def test_nothing_of_an_unverified_organization_is_published(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    town.npo.state = "submitted"
    with pytest.raises(Refused) as refused:
        posting_acts.publish(town.session, town.city, need, now, version=None)
    assert refused.value.code == "not_verified"


def test_of_two_readers_the_second_hears_of_the_first(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    shown = need.version
    posting_acts.publish(town.session, town.city, need, now, version=shown)
    other = actor_for(make_coordinator(town.session))
    with pytest.raises(MovedOn) as moved:
        posting_acts.return_(town.session, other, need, "unclear", "直してください。", now, version=shown)
    assert (moved.value.facts["by"], moved.value.facts["action"]) == ("市川 正", "publish")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("電話は０９０－１２３４－５６７８です", ("phone",)),
        ("0120(11)2222まで", ("phone",)),
        ("連絡は taro＠example.jp へ", ("email",)),
        ("中央町1-2-3の田中さん宅", ("address",)),
        ("三丁目二番の空き家", ("address",)),
        ("2026年度に30人、月2万円、2-3回", ()),
        ("令和8年12月01日の10時30分から", ()),
    ],
)
def test_personal_data_is_pointed_out_to_the_reader(town: Town, text: str, kinds: tuple[str, ...]) -> None:
    hints = posting_drafts.personal_data_hints(make_need(town.session, town.npo, situation=text))
    assert hints == ({"situation": kinds} if kinds else {})


# ── Moves ────────────────────────────────────────────────────────────────────────────────────────────


def make_posting(session: Session, kind: str, town: Town, state: str) -> Need | Offer:
    if kind == "need":
        need = make_need(session, town.npo, state=state)
        return posting_reads.get_need(session, town.owner, need.public_id)
    offer = make_offer(session, town.company, state=state)
    return posting_reads.get_offer(session, town.officer, offer.public_id)


def act(session: Session, actor: Actor, action: str, posting: Need | Offer, now: datetime) -> None:
    """Do one move by its name, with a reason where one is asked for."""
    if action == "return":
        posting_acts.return_(
            session, actor, posting, "unclear", "直してください。", now, version=posting.version
        )
    elif action == "withdraw":
        posting_acts.withdraw(session, actor, posting, "plans_changed", "", now, version=posting.version)
    else:
        getattr(posting_acts, action)(session, actor, posting, now, version=posting.version)


@pytest.mark.parametrize("kind", ["need", "offer"])
@pytest.mark.parametrize(
    "action", ["submit", "publish", "return", "pause", "resume", "renew", "fill", "rework", "withdraw"]
)
def test_every_move_is_made_where_the_table_has_it_and_nowhere_else(
    town: Town, now: datetime, kind: str, action: str
) -> None:
    session = town.session
    own = town.owner if kind == "need" else town.officer
    for state in lifecycle.STATES["posting"]:
        row = lifecycle.find_move("posting", state, action)
        for actor, mover in ((own, "owner"), (town.city, "coordinator")):
            posting = make_posting(session, kind, town, state)
            if row is not None and mover in row.by:
                act(session, actor, action, posting, now)
                event = town.last_event(posting)
                assert posting.state == row.target
                assert (event.action, event.from_state, event.to_state) == (action, state, row.target)
            else:
                with pytest.raises((MovedOn, NotPermitted)):
                    act(session, actor, action, posting, now)
                assert posting.state == state


def test_pausing_hides_and_resuming_shows_again(town: Town, now: datetime) -> None:
    need = town.published(now)
    posting_acts.pause(town.session, town.owner, need, now, version=need.version)
    assert (need.state, need.pause_cause) == ("paused", "owner")
    with pytest.raises(NotFound):
        posting_reads.get_need(town.session, town.officer, need.public_id)
    posting_acts.resume(town.session, town.owner, need, now, version=need.version)
    assert (need.state, need.pause_cause) == ("open", None)


def test_what_is_past_its_date_is_renewed_not_resumed(town: Town, now: datetime) -> None:
    need = town.published(now)
    posting_acts.pause(town.session, town.owner, need, now, version=need.version)
    later = now + timedelta(days=120)
    with pytest.raises(Refused) as refused:
        posting_acts.resume(town.session, town.owner, need, later, version=need.version)
    assert refused.value.code == "expired"
    posting_acts.renew(town.session, town.owner, need, later, version=need.version)
    assert (need.state, need.valid_until) == ("open", need.period_to)


@pytest.mark.parametrize(
    ("period_to", "until"),
    [
        (None, date(2027, 5, 23)),
        (date(2027, 12, 31), date(2027, 5, 23)),
        (date(2027, 5, 22), date(2027, 5, 22)),
        (date(2026, 11, 25), date(2026, 11, 25)),
    ],
)
@pytest.mark.parametrize("make", ["need", "offer"])
def test_renewing_never_outlives_the_last_day(town: Town, now: datetime, make, period_to, until) -> None:
    facts = {"period_from": None, "period_to": period_to, "valid_until": date(2026, 11, 24)}
    if make == "need":
        posting, actor = make_need(town.session, town.npo, **facts), town.owner
    else:
        posting = make_offer(town.session, town.company, **facts)
        actor = actor_for(make_user(town.session, town.company), town.company)
    posting_acts.renew(town.session, actor, posting, now, version=posting.version)
    assert posting.valid_until == until


def test_what_is_over_cannot_be_renewed(town: Town, now: datetime) -> None:
    need = make_need(town.session, town.npo, period_from=None, period_to=date(2026, 11, 23))
    with pytest.raises(Refused) as refused:
        posting_acts.renew(town.session, town.owner, need, now, version=need.version)
    assert refused.value.code == "period_over"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"valid_until": date(2027, 5, 23)}, date(2026, 12, 8)),  # what the page itself proposed
        ({"valid_until": date(2026, 12, 1)}, date(2026, 12, 1)),
        ({"valid_until": date(2027, 1, 10)}, "outlives_itself"),
    ],
)
def test_a_need_is_not_published_beyond_its_last_day(town: Town, now: datetime, typed, kept) -> None:
    need = posting_drafts.new_need(town.session, town.owner, town.npo, now)
    assert posting_drafts.prefilled(need, town.npo, now)["valid_until"] == date(2027, 5, 23)
    values = {"period_to": date(2026, 12, 8), **typed}
    if kept == "outlives_itself":
        with pytest.raises(Invalid) as refused:
            posting_drafts.save_need_step(
                town.session, town.owner, need, 3, values, now, version=need.version
            )
        assert refused.value.facts == {"valid_until": "outlives_itself"}
        return
    posting_drafts.save_need_step(town.session, town.owner, need, 3, values, now, version=need.version)
    assert need.valid_until == kept


@pytest.mark.parametrize(
    ("period_to", "valid_until", "obstacle"),
    [
        (date(2026, 11, 30), date(2026, 11, 30), "shown_to_its_end"),
        (date(2026, 11, 30), date(2027, 12, 1), "shown_to_its_end"),  # a row from before the rule
        (None, date(2027, 12, 1), "lasts_longer"),
        (date(2026, 11, 23), date(2026, 11, 23), "period_over"),
    ],
)
def test_what_renewing_would_add_nothing_to_is_neither_offered_nor_done(
    town: Town, now: datetime, period_to, valid_until, obstacle
) -> None:
    need = make_need(town.session, town.npo, period_from=None, period_to=period_to, valid_until=valid_until)
    assert "renew" not in open_to(town.session, town.owner, need, now)
    with pytest.raises(Refused) as refused:
        posting_acts.renew(town.session, town.owner, need, now, version=need.version)
    assert refused.value.code == obstacle
    assert need.valid_until == valid_until


def test_mails_ask_only_for_what_is_possible(town: Town, now: datetime) -> None:
    make_need(
        town.session, town.npo, period_from=None, period_to=date(2026, 11, 26), valid_until=date(2026, 11, 26)
    )
    posting_lasting.remind_expiring(town.session, now)
    posting_lasting.expire_due(town.session, now + timedelta(days=3))
    bodies = [one.body for one in tell.notices(town.session, "", Notice.user_id == town.director.id)]
    assert len(bodies) == 2
    for body in bodies:
        assert "「公開を延長する」" not in body
        assert "「内容を直す」" in body


def test_nothing_is_shown_beyond_its_own_last_day(town: Town, now: datetime) -> None:
    need = make_need(town.session, town.npo, period_from=None, period_to=date(2026, 11, 23))
    assert posting_lasting.expire_due(town.session, now) == 1
    assert need.state == "expired"


def test_an_older_draft_beyond_its_last_day_is_not_submitted(town: Town, now: datetime) -> None:
    need = town.draft(now)
    need.valid_until = date(2027, 4, 1)
    with pytest.raises(Invalid) as refused:
        posting_acts.submit(town.session, town.owner, need, now, version=None)
    assert refused.value.facts == {"valid_until": "outlives_itself"}


def test_what_is_over_is_not_sent_from_resuming_to_renewing(town: Town, now: datetime) -> None:
    yesterday = date(2026, 11, 23)
    need = make_need(
        town.session, town.npo, state="paused", period_from=None, period_to=yesterday, valid_until=yesterday
    )
    with pytest.raises(Refused) as refused:
        posting_acts.resume(town.session, town.owner, need, now, version=need.version)
    assert refused.value.code == "period_over"


def test_a_reworked_text_is_hidden_and_read_again(town: Town, now: datetime) -> None:
    need = town.published(now)
    posting_acts.rework(town.session, town.owner, need, now, version=need.version)
    assert need.state == "draft"
    with pytest.raises(NotFound):
        posting_reads.get_need(town.session, town.officer, need.public_id)
    posting_drafts.save_need_step(
        town.session, town.owner, need, 4, {"fields": ["13", "7"]}, now, version=need.version
    )
    posting_acts.submit(town.session, town.owner, need, now, version=need.version)
    assert posting_revisions.changes_since_read(town.session, need) == [("fields", ["13"], ["13", "7"])]


def test_a_partner_does_not_read_what_the_city_has_not(town: Town, now: datetime) -> None:
    need = town.published(now)
    terms = Terms(support_type="food")
    beginning.propose(
        town.session,
        town.officer,
        beginning.between(town.company, town.npo, need=need),
        terms,
        "お手伝いできます。",
        now,
    )
    posting_acts.fill(town.session, town.owner, need, now, version=need.version)
    assert posting_reads.get_need(town.session, town.officer, need.public_id) is need
    posting_acts.rework(town.session, town.owner, need, now, version=need.version)
    with pytest.raises(NotFound):
        posting_reads.get_need(town.session, town.officer, need.public_id)


def test_withdrawing_needs_a_reason_and_other_needs_words(town: Town, now: datetime) -> None:
    need = town.published(now)
    for code, sentence in (("", ""), ("whim", ""), ("other", "")):
        with pytest.raises(Invalid):
            posting_acts.withdraw(town.session, town.owner, need, code, sentence, now, version=need.version)
    posting_acts.withdraw(
        town.session, town.owner, need, "other", "会を閉じます。", now, version=need.version
    )
    assert (need.state, need.reason_text) == ("withdrawn", "会を閉じます。")


def test_the_city_taking_it_down_says_why(town: Town, now: datetime) -> None:
    need = town.published(now)
    posting_acts.withdraw(
        town.session, town.city, need, "mistake", "電話で依頼がありました。", now, version=need.version
    )
    notice = town.session.scalar(select(Notice).order_by(Notice.id.desc()).limit(1))
    assert notice is not None
    assert "間違えて送った" in tell.of(notice).body
    assert "電話で依頼がありました。" in tell.of(notice).body


def test_what_is_open_is_to_be_encoded_and_what_is_not_is_gone_at_once(town: Town, now: datetime) -> None:
    numbers.counter(town.session, "index").text = "some-model"
    need = town.submitted(now)
    assert not is_findable(town.session, need)
    posting_acts.publish(town.session, town.city, need, now, version=need.version)
    assert is_findable(town.session, need)
    for hide, show in (("pause", "resume"), ("fill", None)):
        act(town.session, town.owner, hide, need, now)
        assert not is_findable(town.session, need)
        if show:
            act(town.session, town.owner, show, need, now)
            assert is_findable(town.session, need)


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────


def test_owners_hear_at_fourteen_and_at_three_days_and_once_each(town: Town, now: datetime) -> None:
    need = make_need(town.session, town.npo, valid_until=calendar.tokyo_date(now) + timedelta(days=15))
    heard = []
    for day in range(16):
        at = now + timedelta(days=day)
        posting_lasting.remind_expiring(town.session, at)
        posting_lasting.remind_expiring(town.session, at)
        heard.append(len(town.subjects()))
    assert heard == [0] + [1] * 11 + [2] * 4
    assert "あと14日" in town.subjects()[0]
    assert "あと3日" in town.subjects()[1]
    assert need.expiry_notices == 2


def test_a_short_notice_is_one_notice(town: Town, now: datetime) -> None:
    make_need(town.session, town.npo, valid_until=calendar.tokyo_date(now) + timedelta(days=2))
    assert posting_lasting.remind_expiring(town.session, now) == 1
    assert posting_lasting.remind_expiring(town.session, now + timedelta(days=1)) == 0


def test_a_reminder_outdates_no_form(town: Town, now: datetime) -> None:
    need = make_need(town.session, town.npo, valid_until=calendar.tokyo_date(now) + timedelta(days=3))
    shown = need.version
    assert posting_lasting.remind_expiring(town.session, now) == 1
    town.session.expire(need)
    assert (need.version, need.expiry_notices) == (shown, 2)
    posting_acts.renew(town.session, town.owner, need, now, version=shown)
    assert need.expiry_notices == 0


def test_those_already_told_do_not_keep_others_from_being_told(town: Town, now: datetime) -> None:
    today = calendar.tokyo_date(now)
    for _ in range(3):
        make_need(town.session, town.npo, valid_until=today + timedelta(days=2), expiry_notices=2)
    make_offer(town.session, town.company, valid_until=today + timedelta(days=2), expiry_notices=2)
    make_need(town.session, town.npo, valid_until=today + timedelta(days=14), state="paused")
    make_offer(town.session, town.company, valid_until=today + timedelta(days=10))
    assert posting_lasting.remind_expiring(town.session, now, limit=2) == 2


def test_drafts_and_closed_texts_are_not_reminded_of(town: Town, now: datetime) -> None:
    for state in ("draft", "in_review", "returned", "filled", "expired", "withdrawn"):
        make_need(town.session, town.npo, state=state, valid_until=calendar.tokyo_date(now))
    assert posting_lasting.remind_expiring(town.session, now) == 0
    assert posting_lasting.expire_due(town.session, now + timedelta(days=30)) == 0


def test_the_last_day_counts_to_its_end_in_japan(town: Town, now: datetime) -> None:
    need = make_need(town.session, town.npo, valid_until=date(2026, 11, 24))
    evening = datetime(2026, 11, 24, 14, 59, tzinfo=now.tzinfo)  # 23:59 in Tokyo
    assert posting_lasting.expire_due(town.session, evening) == 0
    assert posting_lasting.expire_due(town.session, evening + timedelta(minutes=2)) == 1
    assert need.state == "expired"
    assert town.subjects()[-1].startswith("【縁むすび】ニーズの公開期限が過ぎました")
    assert town.last_event(need).role == "system"


def test_an_expired_text_is_open_again_with_one_click(town: Town, now: datetime) -> None:
    offer = make_offer(town.session, town.company, valid_until=calendar.tokyo_date(now))
    later = now + timedelta(days=2)
    assert posting_lasting.expire_due(town.session, later) == 1
    with pytest.raises(MovedOn):
        posting_acts.resume(town.session, town.officer, make_offer(town.session, town.company, state="expired"), later, version=None)  # fmt: skip
    posting_acts.renew(town.session, town.officer, offer, later, version=offer.version)
    assert offer.state == "open"
    assert posting_lasting.expire_due(town.session, later) == 0


# ── Capacity (X7) ────────────────────────────────────────────────────────────────────────────────────


def test_at_three_unanswered_proposals_needs_pause_and_cannot_be_resumed(town: Town, now: datetime) -> None:
    need = make_need(town.session, town.npo)
    town.proposals(lifecycle.UNANSWERED_LIMIT, now)
    assert (need.state, need.pause_cause) == ("paused", "capacity")
    for again in (posting_acts.resume, posting_acts.renew):
        with pytest.raises(Refused) as refused:
            again(town.session, town.owner, need, now, version=need.version)
        assert refused.value.code == "answer_first"


def test_answering_opens_them_again_but_not_what_the_owner_paused(town: Town, now: datetime) -> None:
    open_need = make_need(town.session, town.npo)
    resting = make_need(town.session, town.npo, state="paused", pause_cause="owner")
    cases = town.proposals(3, now)
    answering.decline(town.session, town.owner, cases[0], "timing", "", now, version=None)
    assert (open_need.state, open_need.pause_cause) == ("open", None)
    assert (resting.state, resting.pause_cause) == ("paused", "owner")
    posting_acts.resume(town.session, town.owner, resting, now, version=None)
    assert resting.state == "open"


def test_a_need_read_while_the_npo_is_busy_waits_too(town: Town, now: datetime) -> None:
    need = town.submitted(now)
    cases = town.proposals(3, now)
    posting_acts.publish(town.session, town.city, need, now, version=need.version)
    assert (need.state, need.pause_cause) == ("paused", "capacity")
    answering.decline(town.session, town.owner, cases[0], "timing", "", now, version=None)
    assert need.state == "open"


def test_a_need_that_expired_while_paused_for_capacity_can_be_renewed_later(
    town: Town, now: datetime
) -> None:
    need = make_need(town.session, town.npo, valid_until=calendar.tokyo_date(now))
    town.proposals(3, now)
    later = now + timedelta(days=20)
    clockwork.tick(_TickOn(town.session), later)  # type: ignore[arg-type]
    assert need.state == "expired"
    posting_acts.renew(town.session, town.owner, need, later, version=None)
    assert need.state == "open"


class _TickOn:
    """A database whose writing sessions are this test's."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def write(self) -> "_TickOn":
        return self

    def __enter__(self) -> Session:
        return self.session

    def __exit__(self, *_error: object) -> None:
        self.session.flush()


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────


def titles(rows: Any) -> set[str]:
    return {row.title for row in rows}


def test_only_open_needs_of_verified_npos_are_listed(town: Town) -> None:
    session = town.session
    make_need(session, town.npo, title="公開")
    make_need(session, town.npo, title="会員だけ", visibility="members")
    make_need(session, town.npo, title="声をかけた相手だけ", visibility="approached")
    for state in lifecycle.STATES["posting"]:
        if state != "open":
            make_need(session, town.npo, title=state, state=state)
    for state in ("draft", "submitted", "returned", "suspended", "deactivated"):
        make_need(session, make_npo(session, state=state), title=f"未確認 {state}")
    make_need(session, make_npo(session, visibility="members"), title="会員だけの団体")
    make_need(session, make_npo(session, visibility="approached"), title="見せない団体")
    assert titles(posting_reads.open_needs(session, {}, public=True).rows) == {"公開"}
    members = posting_reads.open_needs(session, {}, public=False).rows
    assert titles(members) == {"公開", "会員だけ", "会員だけの団体"}


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"field": "1"}, {"福祉"}),
        ({"field": "13"}, {"食堂"}),
        ({"support_type": "pro_bono"}, {"福祉"}),
        ({"area": "hama"}, {"福祉", "市全域"}),
        ({"beneficiary": "elderly"}, {"福祉"}),
        ({"sdg": "2"}, {"食堂"}),
        ({"mode": "remote"}, {"福祉"}),
        ({"field": "1", "support_type": "food"}, set()),
        ({"q": "福祉"}, {"福祉"}),
        ({"q": "ㇷ"}, set()),
        ({"q": "%"}, set()),
        ({"q": "_"}, set()),
    ],
)
def test_filters_narrow_the_list(town: Town, conditions: dict[str, str], found: set[str]) -> None:
    session = town.session
    needs = [
        make_need(session, town.npo, title="食堂", sdgs=["2"]),
        make_need(
            session, town.npo, title="福祉", fields=["1", "11"], support_type="pro_bono", areas=["hama"],
            beneficiaries=["elderly"], mode="either",
        ),
        make_need(session, town.npo, title="市全域", fields=["7"], areas=["citywide"]),
    ]  # fmt: skip
    for need in needs:
        need.search_text = folding.text_of_posting(need)
    session.flush()
    assert titles(posting_reads.open_needs(session, conditions, public=True).rows) == found


def test_only_what_says_every_word_is_found_and_particles_say_nothing(town: Town, now: datetime) -> None:
    for number, title in enumerate(("傘と自転車", "紙芝居の楽譜", "布団", "紙芝居に自転車", "自転車だけ")):
        need = make_need(town.session, town.npo, title=title, published_at=now + timedelta(days=number))
        need.search_text = folding.text_of_posting(need)
    town.session.flush()

    def found(words: str, sort: str = "newest") -> list[str]:
        rows = posting_reads.open_needs(town.session, {"q": words}, public=True, sort=sort).rows
        return [row.title for row in rows]

    assert found("紙芝居 自転車") == ["紙芝居に自転車"]
    assert found("自転車　紙芝居　楽譜") == []
    assert found("自転車を貸してほしい") == found("の に 自転車 を") == found("自転車")
    assert found("自転車と紙芝居がほしい") == ["紙芝居に自転車"]
    assert found("の に を") == found("、") == []
    assert found("自転車") == ["自転車だけ", "紙芝居に自転車", "傘と自転車"]
    assert found("浴衣 提灯") == []


def test_lists_come_in_pages_of_twenty_and_out_of_range_is_the_last(town: Town, now: datetime) -> None:
    for number in range(41):
        make_need(
            town.session, town.npo, title=f"{number}", published_at=now + timedelta(minutes=number),
            valid_until=date(2027, 1, 1) + timedelta(days=number),
        )  # fmt: skip
    first = posting_reads.open_needs(town.session, {}, public=True)
    assert (first.total, first.pages, first.first, first.last) == (41, 3, 1, 20)
    assert first.rows[0].title == "40"
    last = posting_reads.open_needs(town.session, {}, public=True, sort="closing", page=99)
    assert [row.title for row in last.rows] == ["40"]


def test_a_saved_need_that_is_rewritten_shows_nothing_of_its_draft(town: Town, now: datetime) -> None:
    need = make_need(town.session, town.npo)
    user = town.officer.user_id
    town.session.add(
        Mark(organization_id=town.company.id, target_id=town.npo.id, need_id=need.id, kind="saved",
             marked_by_id=user, marked_at=now)
    )  # fmt: skip
    town.session.flush()
    (row,) = posting_reads.saved(town.session, town.officer)
    assert (row.need, row.closed) == (need, "")
    for state, closed in (
        ("draft", "rewritten"), ("in_review", "rewritten"), ("paused", "paused"), ("withdrawn", "ended"),
    ):  # fmt: skip
        need.state = state
        (row,) = posting_reads.saved(town.session, town.officer)
        assert (row.need, row.closed) == (None, closed)
    town.npo.state = "suspended"
    need.state = "paused"
    (row,) = posting_reads.saved(town.session, town.officer)
    assert row.closed == "ended", "nothing is said of an organization that one may not see"


def test_who_is_listed_nowhere_is_read_by_those_whom_it_approached(town: Town, now: datetime) -> None:
    session = town.session
    hidden = make_npo(session, visibility="approached")
    need = make_need(session, hidden)
    director = actor_for(make_user(session, hidden), hidden)
    stranger = make_company(session)
    outside = actor_for(make_user(session, stranger), stranger)
    for actor in (town.officer, outside):
        with pytest.raises(NotFound):
            posting_reads.get_need(session, actor, need.public_id)
    beginning.propose(
        session,
        director,
        beginning.between(town.company, hidden),
        Terms("food", 20, "kg"),
        "お願いします",
        now,
    )
    assert posting_reads.get_need(session, town.officer, need.public_id) is need
    with pytest.raises(NotFound):
        posting_reads.get_need(session, outside, need.public_id)
    for state in ("paused", "in_review", "draft"):
        need.state = state
        with pytest.raises(NotFound):
            posting_reads.get_need(session, town.officer, need.public_id)
    need.state, hidden.state = "open", "suspended"
    with pytest.raises(NotFound):
        posting_reads.get_need(session, town.officer, need.public_id)


def test_an_organization_sees_only_its_own_drafts(town: Town, now: datetime) -> None:
    posting_drafts.new_need(town.session, town.owner, town.npo, now)
    other = make_npo(town.session)
    neighbour = actor_for(make_user(town.session, other), other)
    assert len(posting_reads.own_needs(town.session, town.owner)) == 1
    assert posting_reads.own_needs(town.session, neighbour) == []


def test_states_count_organizations_as_they_are(town: Town, now: datetime) -> None:
    assert isinstance(town.npo, Organization)
    figures = posting_reads.figures(town.session)
    assert figures == {"needs": 0, "under_way": 0, "introduced": 0}
    need = town.published(now)
    terms = Terms(support_type="food")
    beginning.propose(
        town.session,
        town.officer,
        beginning.between(town.company, town.npo, need=need),
        terms,
        "お手伝いできます。",
        now,
    )
    assert posting_reads.figures(town.session) == {"needs": 1, "under_way": 1, "introduced": 0}
