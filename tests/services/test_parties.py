"""Who the parties were on the day of an act: in texts, in what other acts freeze, and in older databases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from matcher import migrations
from matcher.agreements import course, plans
from matcher.cases import documents, trials
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import disclosure
from matcher.ground import calendar, vocabulary
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.organizations import profile as organization_profile
from matcher.people import accounts, closing, memberships
from matcher.records import (
    AuditEvent,
    CaseDocument,
    DecisionBundle,
    Identity,
    Municipality,
    Notice,
    Partnership,
    User,
)
from matcher.register import audit, parties, snapshots
from matcher.results import accepting, drafted, esg, publication
from matcher.work import contributions
from tests import factories
from tests import told as tell
from tests.conftest import NOW
from tests.partners import Partners


class Renaming(Partners):
    """A case whose company and city can be registered otherwise."""

    def rename(self, name: str, **more: Any) -> None:
        """The company changes its registration by its own form."""
        organization_profile.save_section(
            self.session,
            self.company_actor,
            self.company,
            "basic",
            {"name": name, **more},
            self.at,
            version=None,
        )

    def draft(self, kind: str) -> CaseDocument:
        """The open draft."""
        found = documents.find_draft(self.session, self.case, kind)
        assert found is not None
        return found

    @property
    def history(self) -> parties.History:
        """The parties on the days of the case's acts."""
        return parties.History(self.session, self.case)

    def said(self, document: CaseDocument) -> str:
        """How the company is called in a text."""
        return str(document.content["parties"]["company"]["name"])


@pytest.fixture
def town(session, tmp_path: Path) -> Renaming:
    return Renaming(session, NOW, tmp_path)


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_accepted_text_carries_its_parties_under_its_hash(town):
    town.bring("closed")
    kept = town.session.scalars(select(CaseDocument)).all()
    assert {row.kind for row in kept} == {"plan", "agreement", "outcome_report"}
    for row in kept:
        named = row.content["parties"]
        assert named["company"]["name"] == town.company.name
        assert named["npo"]["representative"] == "代表 花子"
        assert named["npo"]["address"] == "澪原市中央町1-2-3"
        assert named["city"] == {"name": "澪原市", "section": "市民協働推進課"}
        assert row.sha256 == snapshots.sha256(row.content)


def test_a_draft_that_nobody_has_accepted_is_written_anew_with_another_hash(town):
    town.introduce()
    town.meet()
    town.draft_plan()
    draft = town.draft("plan")
    was, edition = draft.sha256, draft.edition
    town.rename("みお食品株式会社")
    assert town.draft("plan").id == draft.id
    assert town.said(draft) == "みお食品株式会社"
    assert draft.sha256 != was
    assert draft.sha256 == snapshots.sha256(draft.content)
    assert draft.edition != edition
    with pytest.raises(MovedOn):
        accepting.accept_document(town.session, town.npo_actor, town.case, draft, was, town.at)


def test_what_one_side_has_accepted_becomes_an_older_version(town):
    town.introduce()
    town.meet()
    town.begin_trial()
    trials.draft_trial_result(
        town.session, town.npo_actor, town.case, "adopt", "早めに。", town.at, version=None
    )
    first = town.draft("trial_result")
    town.accept("trial_result", town.npo_actor)
    told = len(town.session.scalars(select(Notice)).all())
    town.rename("みお食品株式会社")
    second = town.draft("trial_result")
    assert (first.state, first.number, second.number) == ("superseded", 1, 2)
    assert first.npo_accepted_at is not None
    assert second.npo_accepted_at is None
    assert town.said(first) != town.said(second) == "みお食品株式会社"
    assert second.drafted_by_id == first.drafted_by_id
    notices = town.session.scalars(select(Notice).order_by(Notice.id)).all()[told:]
    assert any("第2版として書き直しました" in tell.of(notice).body for notice in notices)
    town.accept("trial_result")
    assert town.case.state == "agreement_draft"


def test_what_both_sides_have_accepted_waits_for_the_city_as_they_accepted_it(town):
    town.bring("agreement_review")
    draft = town.draft("agreement")
    was = (draft.sha256, town.said(draft))
    town.rename("みお食品株式会社")
    assert (town.draft("agreement").sha256, town.said(town.draft("agreement"))) == was
    town.confirm()
    assert town.case.state == "agreed"
    assert town.history.of_document(draft).company.name == was[1]


def test_a_text_that_names_a_party_otherwise_is_not_accepted(town):
    """Also where the registration was changed past the service."""
    town.introduce()
    town.meet()
    plans.write_purpose(town.session, town.npo_actor, town.case, "夕食", town.at, version=None)
    town.company.name = "みお食品株式会社"
    draft = town.draft("plan")
    with pytest.raises(Refused, match="parties_changed"):
        accepting.accept_document(town.session, town.npo_actor, town.case, draft, draft.sha256, town.at)
    plans.write_purpose(town.session, town.npo_actor, town.case, "夕食", town.at, version=None)
    town.indicator()
    town.accept("plan")
    assert town.said(draft) == "みお食品株式会社"


def test_drafts_that_were_begun_before_texts_named_their_parties_can_be_accepted(town):
    town.introduce()
    town.meet()
    town.draft_plan()
    draft = town.draft("plan")
    draft.content = {key: part for key, part in draft.content.items() if key != "parties"}
    draft.sha256 = snapshots.sha256(draft.content)
    was = draft.sha256
    town.rename("みお食品株式会社")
    assert draft.sha256 == was
    town.accept("plan")
    assert town.history.of_document(draft).company.name == "みお食品株式会社"


def test_a_public_page_and_sentences_that_are_still_drafts_take_the_new_name(town):
    town.bring("running")
    old = town.company.name
    publication.draft(town.session, town.coordinator, town.case, "題", "文", [], town.at, version=None)
    town.rename("みお食品株式会社")
    view = town.draft("publication").content["view"]
    assert (view["company"], view["npo"]) == ("みお食品株式会社", town.npo.name)
    sentences = [row.text for row in drafted.compose(town.session, town.case)]
    assert sentences[0].startswith(f"みお食品株式会社と{town.npo.name}は、")
    assert not any(old in row for row in sentences)


def test_sentences_of_a_draft_report_open_with_the_new_name_and_nothing_else_is_touched(town):
    before = parties.Parties(parties.Party("水"), parties.Party("会"), parties.Office())
    after = parties.Parties(parties.Party("みず"), parties.Party("会"), parties.Office())
    rows = [
        {"text": words} for words in ("水と会は、続けた。", "水は、水を配った。", "「水は、」と書かれた。")
    ]
    found = documents._renamed({"sentences": rows, "narrative": "水は、よい。"}, before, after)
    texts = [row["text"] for row in found["sentences"]]
    assert texts == ["みずと会は、続けた。", "みずは、水を配った。", "「水は、」と書かれた。"]
    assert found["narrative"] == "水は、よい。"


def test_another_name_of_the_city_is_audited_and_written_into_open_drafts(town):
    town.introduce()
    town.meet()
    plans.write_purpose(town.session, town.npo_actor, town.case, "夕食", town.at, version=None)
    facts = {
        "name": "澪原市",
        "section": "まちづくり課",
        "phone": "0000-00-1001",
        "email": "a@b.example",
        "areas": {"chuo": "中央", "hama": "浜", "satoyama": "里山"},
    }
    cities.change(town.session, facts, town.at)
    assert town.draft("plan").content["parties"]["city"]["section"] == "まちづくり課"
    event = town.session.scalars(select(AuditEvent).where(AuditEvent.action == "change_city")).one()
    assert event.details == {
        "fields": ["section", "phone", "email", "is_demo", "kana"],
        "section": ["市民協働推進課", "まちづくり課"],
    }  # fmt: skip
    assert audit.verify(town.session)[1] is None
    cities.change(town.session, facts, town.at)  # nothing is new
    cities.change(town.session, {**facts, "phone": "0000-00-9999"}, town.at)
    found = town.session.scalars(select(AuditEvent).where(AuditEvent.action == "change_city")).all()
    assert [row.details for row in found[1:]] == [{"fields": ["phone"]}]


def _newest(session: Session) -> AuditEvent:
    return session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()


def test_a_district_keeps_the_name_of_the_day_and_none_in_use_goes(town):
    town.introduce()
    city = town.session.get_one(Municipality, 1)
    facts = {"name": city.name, "section": city.section, "phone": city.phone, "email": city.email}
    before = _newest(town.session)
    cities.change(town.session, {**facts, "areas": {"chuo": "新中央", "hama": "浜"}}, town.at)
    between = _newest(town.session)
    assert "satoyama" not in cities.areas_on(town.session, between)  # nobody is there
    cities.change(town.session, {**facts, "areas": {"chuo": "中央町", "hama": "浜"}}, town.at)
    days = (before, between, _newest(town.session), None)
    found = [cities.areas_on(town.session, day)["chuo"] for day in days]
    assert found == ["中央", "新中央", "中央町", "中央町"]
    with pytest.raises(Invalid) as refused:
        cities.change(town.session, {**facts, "areas": {"hama": "浜"}}, town.at)
    assert refused.value.facts == {"areas.chuo": "in_use"}
    assert "chuo" in cities.get(town.session).areas


def test_a_draft_that_is_redrawn_is_signed_by_who_represents_its_party_now(town):
    town.contracted()
    town.draft_agreement(
        signer_company=town.company.representative, signer_npo="理事 ほかの人", why_changed="増やす。"
    )
    town.rename("みお食品株式会社", representative="新任 次郎")
    content = town.draft("agreement").content
    assert content["parties"]["company"]["representative"] == content["signer_company"] == "新任 次郎"
    assert content["signer_npo"] == "理事 ほかの人"


# ── What other acts freeze ───────────────────────────────────────────────────────────────────────────


def test_acts_are_told_apart_though_they_bear_the_same_time(town):
    town.bring("running")
    first = town.company.name
    gifts = []
    for name in (first, "みお食品株式会社", "みおフーズ"):
        if name != town.company.name:
            town.rename(name)
        gift = contributions.Gift("food", 5, "kg", calendar.tokyo_date(town.at))
        entry = contributions.record_contribution(town.session, town.company_actor, town.case, gift, town.at)
        contributions.confirm_contribution(
            town.session, town.npo_actor, town.case, entry, town.at, version=None
        )
        gifts.append(entry)
    town.company.name = "あとで"
    history = town.history
    names = [history.of("confirm_contribution", contribution=row.public_id).company.name for row in gifts]
    assert names == [first, "みお食品株式会社", "みおフーズ"]
    assert history.present.company.name == "あとで"
    first_day, last_day = calendar.tokyo_date(town.at), calendar.tokyo_date(town.at)
    ((_case, given, _outcomes),) = esg.evidence(town.session, town.company.id, first_day, last_day)
    assert [row["parties"].company.name for row in given] == names
    # What was confirmed last names a heading, whichever way it is listed and whether it is a gift or an outcome.
    for rows in ((given[::-1], []), (given[:1], given[1:])):
        assert esg.named_last([(town.case, *rows)]).company.name == names[-1]


def test_a_decision_after_a_rename_knows_the_new_name_and_the_earlier_one_keeps_the_old(town):
    town.bring("running")
    old = town.company.name
    course.suspend(
        town.session, town.npo_actor, town.case, "staff", "人手。",
        calendar.tokyo_date(town.at) + timedelta(days=9), town.at, version=None,
    )  # fmt: skip
    town.rename("みお食品株式会社", representative="新任 次郎")
    course.resume(town.session, town.company_actor, town.case, "戻った。", town.at, version=None)
    paused, resumed = (town.history.of(action).company for action in ("suspend", "resume"))
    assert (paused.name, paused.representative) == (old, "代表 花子")
    assert (resumed.name, resumed.representative) == ("みお食品株式会社", "新任 次郎")


def test_what_is_known_of_a_party_is_kept_once_for_each_change(town):
    town.bring("closed")
    rows = town.session.scalars(select(Identity).where(Identity.subject != "user")).all()
    assert sorted((row.subject, row.subject_key) for row in rows) == sorted(
        [("city", "city"), ("organization", town.company.public_id), ("organization", town.npo.public_id)]
    )
    assert all(row.unproved == [] for row in rows)


def test_the_name_of_who_has_left_is_removed_from_what_papers_print(town):
    town.bring("suspended")
    name = town.npo_user.name
    event = town.history.event("suspend")
    assert town.history.person(town.npo_user.public_id, event, "") == name
    owner = factories.make_user(town.session, town.npo)
    by = factories.actor_for(owner, town.npo)
    seat = memberships.get(town.session, by, town.npo_user.public_id)
    closing.remove(town.session, by, seat, town.at)
    assert town.history.person(town.npo_user.public_id, event, "") == vocabulary.LEFT
    kept = town.session.scalars(select(Identity).where(Identity.subject == "user")).all()
    assert name not in [row.facts["name"] for row in kept]


def test_a_disclosed_case_blackens_representatives_of_every_day(town):
    town.bring("agreed")
    town.rename("みお食品株式会社", representative="新任 次郎")
    town.start()
    plain = disclosure.gather(town.session, town.coordinator, town.case, [], town.at)
    assert plain["documents"][0]["parties"]["company"]["representative"] == "代表 花子"
    masked = disclosure.gather(town.session, town.coordinator, town.case, ["people"], town.at)
    assert "花子" not in str(masked)
    assert "次郎" not in str(masked)


# ── Older databases ──────────────────────────────────────────────────────────────────────────────────


class Older(Renaming):
    """A case of the time before texts named their parties, with two renamings of its company.

    ``first`` was accepted before the first, and decided upon by the city; ``second`` between the two without a
    word of the city; ``third`` after the second.
    """

    def live(self) -> None:
        self.bring("running")
        self.names = [self.company.name]
        self.versions = [documents.find_agreed(self.session, self.case, "agreement")]
        for number, name in enumerate(("みお食品株式会社", "みおフーズ"), start=1):
            self.rename(name, address=f"新町{number}", representative=f"代表 {number}")
            self.draft_agreement(method=f"月に{number}回。", why_changed="増やす。")
            self.accept("agreement")
            self.names.append(name)
            self.versions.append(documents.find_agreed(self.session, self.case, "agreement"))
        self.session.commit()

    def forget_parties(self) -> None:
        """As it was stored then: no text names its parties."""
        for row in self.session.scalars(select(CaseDocument)):
            row.content = {key: part for key, part in row.content.items() if key != "parties"}
            row.sha256 = snapshots.sha256(row.content)
        self.session.commit()

    def known(self) -> list[tuple[Any, ...]]:
        """What is kept of identities, but for the time of keeping."""
        self.session.expire_all()
        rows = self.session.scalars(
            select(Identity).order_by(Identity.subject, Identity.subject_key, Identity.since_event)
        )
        return [(row.subject, row.subject_key, row.since_event, row.facts, row.unproved) for row in rows]


@pytest.fixture
def older(database, tmp_path: Path) -> Iterator[Older]:
    with database.write_session() as session:
        found = Older(session, NOW, tmp_path)
        found.live()
        found.forget_parties()
        yield found


def _again(database, older: Older) -> None:
    older.session.commit()
    migrations.downgrade(database, "0004")
    migrations.upgrade(database)
    older.session.expire_all()
    public_id = older.session.scalars(select(Partnership.public_id)).one()
    older.case = case_reads.get_case(older.session, older.coordinator, public_id)
    older.session.refresh(older.company, ["company"])


def test_an_older_database_is_frozen_by_what_its_record_proves(database, older):
    hashes = [(row.public_id, row.sha256, row.content) for row in older.session.scalars(select(CaseDocument))]
    _again(database, older)
    first, second, third = (older.history.of_document(row) for row in older.versions)

    assert first.company.name == older.names[0]  # the city's decisions of that time show it
    assert first.company.address == "澪原市中央町1-2-3"
    # Frozen decisions hold no personal data, so nothing proves who represented the company.
    assert [(doubt.side, doubt.facts) for doubt in first.doubts] == [
        ("company", ("representative",)), ("city", ("name", "section")),
    ]  # fmt: skip
    assert first.company.representative == "代表 2"

    # Nobody decided anything between the two renamings.
    assert second.company.name == older.names[2]
    assert {doubt.side: doubt.facts for doubt in second.doubts}["company"] == (
        "name",
        "address",
        "representative",
    )

    assert (third.company.name, third.company.representative) == (older.names[2], "代表 2")
    assert [doubt.side for doubt in third.doubts] == ["city"]
    for named in (first, second, third):
        assert named.npo.name == older.npo.name
        assert "npo" not in {doubt.side for doubt in named.doubts}

    now = older.session.scalars(select(CaseDocument)).all()
    assert [(row.public_id, row.sha256, row.content) for row in now] == hashes


def test_the_migration_goes_down_and_up_again_and_finds_the_same(database, older):
    _again(database, older)
    known = older.known()
    _again(database, older)
    assert older.known() == known
    older.session.refresh(older.company, ["company"])
    older.rename("さらに改名")
    assert older.history.of_document(older.versions[2]).company.name == older.names[2]


def test_a_decision_that_was_altered_proves_nothing(database, older):
    for row in older.session.scalars(select(DecisionBundle)).all():
        forged = {**row.content, "company": {**row.content["company"], "name": "にせもの"}}
        older.session.execute(
            update(DecisionBundle)
            .where(DecisionBundle.id == row.id)
            .values(content=forged, sha256=snapshots.sha256(forged))
        )
    _again(database, older)
    first = older.history.of_document(older.versions[0])
    assert first.company.name == older.names[2]
    assert "name" in {doubt.side: doubt.facts for doubt in first.doubts}["company"]


def test_what_is_done_after_the_migration_is_proved(database, older):
    _again(database, older)
    gift = contributions.Gift("food", 5, "kg", calendar.tokyo_date(older.at))
    entry = contributions.record_contribution(older.session, older.company_actor, older.case, gift, older.at)
    contributions.confirm_contribution(
        older.session, older.npo_actor, older.case, entry, older.at, version=None
    )
    assert older.history.of("confirm_contribution", contribution=entry.public_id).doubts == ()


def test_the_name_of_who_may_have_changed_it_is_not_proved(database, older):
    user = older.session.get_one(User, older.company_actor.user_id)
    other = older.session.get_one(User, older.npo_actor.user_id)
    accounts.change_settings(
        older.session, older.company_actor, name="改めた 名", notify=user.notify, now=older.at
    )
    changed = older.session.scalars(select(AuditEvent).where(AuditEvent.action == "change_settings")).one()
    assert changed.details["fields"] == ["name"]
    _again(database, older)
    rows = older.session.scalars(select(Identity).where(Identity.subject == "user")).all()
    unproved = {row.subject_key: row.unproved for row in rows}
    assert (unproved[user.public_id], unproved[other.public_id]) == (["name"], [])
    event = older.history.event("accept_agreement")
    assert ("person", ("name",)) in [
        (doubt.side, doubt.facts) for doubt in older.history.on(event, user.public_id, other.public_id).doubts
    ]


def test_an_empty_older_database_migrates(database):
    migrations.downgrade(database, "0004")
    migrations.upgrade(database)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM identity")).scalar() == 0


@pytest.mark.parametrize(
    ("wrong", "facts"),
    [
        ({"phone": "でんわ"}, {"phone": "phone"}), ({"phone": "1"}, {"phone": "phone"}), ({"name": "市" * 61}, {"name": "too_long"}),
        ({"name": {"a": 1}}, {"name": "required"}), ({"areas": ["ab", "cd"]}, {"areas": "required"}),
        ({"areas": {"a": 1}}, {"areas": "required"}), ({"kana": ["ア"]}, {"kana": "required"}), ({"section": " "}, {"section": "required"}),
    ],
)  # fmt: skip
def test_a_city_file_is_read_right_or_refused_with_the_key(session: Session, now, wrong, facts) -> None:
    good = {
        "name": "澪原市",
        "section": "課",
        "phone": "0000-00-1000",
        "email": "a@city.example",
        "areas": {"chuo": "中央"},
    }
    with pytest.raises(Invalid) as refused:
        cities.put(session, {**good, **wrong}, is_demo=False)
    assert refused.value.facts == facts
