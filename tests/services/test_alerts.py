"""What is new reaches whom it fits: once a person, above their bar, on the screen and in a digest of their rhythm."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import joinedload

from matcher.alerts import choosing, digests, matching, reads, searches
from matcher.cases import beginning
from matcher.cases.beginning import Terms
from matcher.ground.calendar import TOKYO
from matcher.ground.errors import Invalid, NotFound
from matcher.organizations import profile
from matcher.people import accounts, forgetting
from matcher.postings import acts as posting_acts
from matcher.postings import nearness
from matcher.records import (
    AuditEvent,
    Hit,
    Mail,
    Membership,
    Need,
    Notice,
    Organization,
    Prospect,
    SavedSearch,
    User,
)
from matcher.register import findable, folding
from matcher.suggestions import encoding, ranking, shown_lists, suggest
from matcher.suggestions.indexing import LiveIndex
from tests import factories, told
from tests.services.test_suggestions import ENCODER, TOPICS, encode, factories_get
from webapp.reason_text import reason_sentence

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=TOKYO)


class Town:
    """A company of vegetables and an NPO; nothing is published before a test publishes it."""

    def __init__(self, database, now):
        self.database, self.now, self.live = database, now, LiveIndex()
        with database.write() as session:
            factories.make_city(session)
            self.npo = factories.make_npo(session)
            self.director = factories.make_user(session, self.npo)
            self.company, self.person = self.a_company(session)
            factories.make_coordinator(session)
        encode(database, now)
        self.match()

    def a_company(self, session, **changes):
        """A company that fits needs of vegetables, and its owner."""
        company = factories.make_company(
            session,
            profile={"business": "野菜の卸売です。", "csr_policy": "野菜を無駄にしません。"},
            **changes,
        )
        offer = factories.make_offer(
            session, company, title="野菜", description="野菜を届けます。", published_at=self.now - 60 * DAY
        )
        findable.touch(session, company)
        findable.touch(session, offer)
        return company, factories.make_user(session, company)

    def match(self, now=None, limit=matching.BATCH):
        """What the worker does: encode what waits, then match until nothing is left; how many rounds."""
        while encoding.encode_waiting(self.database, ENCODER, now or self.now):
            pass
        rounds = 1
        while matching.match_new(self.database, self.live, now or self.now, limit):
            rounds += 1
        return rounds

    def publish(self, count=1, topic="野菜", **changes):
        """Open needs, matched; their ids."""
        with self.database.write() as session:
            npo = session.get(Organization, self.npo.id)
            made = []
            for number in range(count):
                facts = {
                    "title": f"{topic}のこと{number}", "situation": f"{topic}で困っています。",
                    "wanted_change": f"{topic}が届くようになる。",
                }  # fmt: skip
                made.append(factories.make_need(session, npo, **facts | changes))
                made[-1].search_text = folding.text_of_posting(made[-1])
                findable.touch(session, made[-1])
            ids = [one.id for one in made]
        self.match()
        return ids

    def hits(self, user=None):
        """What a person was told: (kind, id)."""
        with self.database.read() as session:
            found = session.scalars(
                select(Hit).where(Hit.user_id == (user or self.person).id).order_by(Hit.id)
            )
            return [(hit.owner_type, hit.owner_id) for hit in found]

    def notices(self, user=None):
        """The notices of a person about what fits, in words."""
        with self.database.read() as session:
            found = told.notices(
                session, "", Notice.user_id == (user or self.person).id, Notice.code == "fits_found"
            )
            return [one.subject.replace("【縁むすび】", "") for one in found]

    def digest(self, at=MONDAY):
        """The digests written at a time, as facts."""
        with self.database.write() as session:
            digests.make(session, at)
        with self.database.read() as session:
            return [
                (mail.to, mail.facts)
                for mail in session.scalars(select(Mail).where(Mail.code == "fits_digest"))
            ]

    def digest_count(self, at):
        """How many digests are written at a time."""
        return self.change(lambda session: digests.make(session, at))

    def change(self, act):
        """Run ``act(session)`` in a transaction."""
        with self.database.write() as session:
            return act(session)

    def actor(self, user=None):
        """The actor of a person."""
        with self.database.read() as session:
            return _actor(session, user or self.person)


@pytest.fixture
def town(database, now, monkeypatch):
    # What the invented encoder measures is no probability: what is about the same thing is a high fit here.
    monkeypatch.setattr(ranking, "HIGH", 0.5)
    return Town(database, now)


def test_a_new_need_is_told_once_to_those_whom_it_fits(town):
    (need,) = town.publish()
    assert town.hits() == [("need", need)]
    assert town.notices() == ["新しく合うニーズが1件あります"]
    assert town.notices(town.director) == []
    town.change(lambda session: session.get(Need, need).__setattr__("situation", "野菜がもっと要ります。"))
    town.change(lambda session: findable.touch(session, session.get(Need, need)))
    town.match()
    assert town.hits() == [("need", need)]
    assert town.notices() == ["新しく合うニーズが1件あります"]


def test_what_does_not_fit_is_not_told(town):
    town.publish(topic="音楽", support_type="funds", fields=["1"], areas=["hama"], beneficiaries=[])
    assert town.hits() == []
    assert town.notices() == []


@pytest.mark.parametrize(
    ("bar", "high", "count"), [("high", 0.5, 1), ("high", 0.999, 0), ("middle", 0.999, 1), ("none", 0.5, 0)]
)
def test_the_bar_is_each_persons_own(town, monkeypatch, bar, high, count):
    monkeypatch.setattr(ranking, "HIGH", high)
    town.change(
        lambda session: choosing.change(session, town.actor(), bar=bar, rhythm="weekly", now=town.now)
    )
    town.publish()
    assert len(town.hits()) == count


def test_a_pass_a_case_and_a_no_go_keep_it_from_the_company(town):
    def prepare(session):
        npo = factories_get(session, town.npo)
        taking, taker = town.a_company(session)
        passing, passer = town.a_company(session)
        refusing, _ = town.a_company(session)
        factories_get(session, refusing).company.no_go_fields = ["13"]
        need = factories.make_need(
            session, npo, title="野菜のこと", situation="野菜で困っています。", wanted_change="野菜。"
        )
        findable.touch(session, need)
        people = {
            one.id: factories.actor_for(person, one) for one, person in ((taking, taker), (passing, passer))
        }
        beginning.propose(
            session,
            people[taking.id],
            beginning.between(taking, npo, need=need),
            Terms("food"),
            "ぜひ。",
            town.now,
        )
        shown_lists.mark(session, people[passing.id], npo, need, "passed", town.now, reason_code="timing")
        return {taking.id, passing.id, refusing.id}

    with town.database.write() as session:
        barred = prepare(session)
    town.match()
    with town.database.read() as session:
        told_to = set(session.scalars(select(Hit.organization_id).where(Hit.owner_type == "need")))
    assert town.company.id in told_to
    assert not told_to & barred


def test_a_need_for_approached_ones_only_is_told_to_nobody(town):
    town.publish(visibility="approached")
    assert town.hits() == []


def test_what_was_published_long_ago_is_no_news(town):
    town.publish(published_at=town.now - matching.NEWS - timedelta(minutes=1))
    assert town.hits() == []
    assert len(town.publish(published_at=town.now - matching.NEWS)) == len(town.hits()) == 1


def test_viewers_and_those_who_left_hear_nothing(town):
    def more(session):
        company = session.get(Organization, town.company.id)
        viewer = factories.make_user(session, company, organization_role="viewer")
        gone = factories.make_user(session, company)
        session.scalars(select(Membership).where(Membership.user_id == gone.id)).one().ended_at = town.now
        return viewer, gone, factories.make_user(session, company, organization_role="editor")

    with town.database.write() as session:
        viewer, gone, editor = more(session)
    town.publish()
    assert [len(town.hits(one)) for one in (viewer, gone, editor)] == [0, 0, 1]


def test_a_thousand_at_once_bring_one_notice_a_person_in_bounded_rounds(town, monkeypatch):
    monkeypatch.setattr(ranking, "HIGH", 0.4)  # a word that all of them say speaks little for any
    with town.database.write() as session:
        town.a_company(session)
    town.match()
    with town.database.write() as session:
        npo = session.get(Organization, town.npo.id)
        for number in range(120):
            need = factories.make_need(
                session,
                npo,
                title=f"野菜のこと{number}",
                situation="野菜で困っています。",
                wanted_change="野菜。",
            )
            findable.touch(session, need)
    while encoding.encode_waiting(town.database, ENCODER, town.now):
        pass
    seen = []
    event.listen(
        town.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2].split()[0])
    )
    assert matching.match_new(town.database, town.live, town.now)
    first = len(town.hits())
    assert first == matching.BATCH
    writes = [word for word in seen if word in {"INSERT", "UPDATE", "DELETE"}]
    assert len(writes) < 10  # hits in a few statements, a notice a person, and how far it is
    assert town.match() == 2  # what is left of it, a round of the rest
    assert len(town.hits()) == 120
    assert town.notices() == ["新しく合うニーズが120件あります"]
    assert town.digest(MONDAY - DAY) == []
    assert [facts["count"] for _to, facts in town.digest()] == [120, 120]
    assert all(len(facts["listed"]) == digests.LISTED for _to, facts in town.digest())


def test_one_notice_a_day_counts_on_and_is_unread_again(town):
    town.publish()
    town.change(lambda session: session.execute(update(Notice).values(read_at=town.now)))
    town.publish(2)
    assert town.notices() == ["新しく合うニーズが3件あります"]
    with town.database.read() as session:
        assert session.scalars(select(Notice.read_at).where(Notice.code == "fits_found")).all() == [None]
    town.now += DAY
    town.publish()
    assert town.notices() == ["新しく合うニーズが3件あります", "新しく合うニーズが1件あります"]


# ── The digest ───────────────────────────────────────────────────────────────────────────────────────


def test_the_digest_says_five_and_counts_the_rest_once(town):
    town.publish(7)
    assert town.digest(MONDAY - timedelta(seconds=1)) == []
    ((to, facts),) = town.digest()
    assert to == town.person.email
    assert (len(facts["listed"]), facts["count"]) == (5, 7)
    assert {one["level"] for one in facts["listed"]} == {"high"}
    assert all(one["why"]["mark"] == "○" for one in facts["listed"])
    assert len(town.digest(MONDAY + 7 * DAY)) == 1


def _actor(session, user):
    return accounts.actor_of(accounts.by_id(session, user.id))


def _withdraw(session, town, need):
    person = _actor(session, town.director)
    posting_acts.withdraw(session, person, _loaded(session, need), "other", "なくなった。", town.now)


def _pause(session, town, need):
    person = _actor(session, town.director)
    posting_acts.pause(session, person, _loaded(session, need), town.now)


def _propose(session, town, need):
    company = factories_get(session, town.company)
    person = _actor(session, town.person)
    between = beginning.between(company, factories_get(session, town.npo), need=session.get(Need, need))
    beginning.propose(session, person, between, Terms("food"), "ぜひ。", town.now)


def _pass(session, town, need):
    person = _actor(session, town.person)
    shown_lists.mark(
        session, person, session.get(Organization, town.npo.id), session.get(Need, need), "passed", town.now,
        reason_code="timing",
    )  # fmt: skip


def _hide(session, town, need):
    session.get(Organization, town.npo.id).visibility = "approached"


def _see(session, town, need):
    reads.mark_seen(session, _actor(session, town.person), town.now)


def _loaded(session, need):
    return session.scalars(select(Need).where(Need.id == need).options(joinedload(Need.organization))).one()


@pytest.mark.parametrize("act", [_withdraw, _pause, _propose, _pass, _hide, _see])
def test_what_does_not_stand_any_more_is_left_out_and_nothing_new_is_no_mail(town, act):
    (need,) = town.publish()
    town.change(lambda session: act(session, town, need))
    assert town.digest() == []
    other = town.publish(title="野菜の箱") if act is not _hide else []
    assert [one["title"] for _to, facts in town.digest(MONDAY + 7 * DAY) for one in facts["listed"]] == [
        "野菜の箱"
    ] * len(other)


@pytest.mark.parametrize(
    ("rhythm", "hours"), [("daily", [22]), ("weekly", [142]), ("biweekly", [310]), ("none", [])]
)
def test_the_rhythm_is_ones_own(town, rhythm, hours):
    town.change(
        lambda session: choosing.change(session, town.actor(), bar="high", rhythm=rhythm, now=town.now)
    )
    town.publish()
    found = [hour for hour in range(0, 400, 2) if town.digest_count(town.now + timedelta(hours=hour))]
    assert found == hours


# ── Profiles, offers, and the mirror ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("was_shown", [False, True])
def test_a_new_company_is_told_what_it_fits_and_nothing_that_it_was_shown(town, was_shown):
    (need,) = town.publish()
    with town.database.write() as session:
        newcomer, person = town.a_company(session)
        company, live = factories_get(session, newcomer), town.live
        found = suggest.for_company(session, live, factories_get(session, town.company))
        assert [one.need.id for one in found if one.need] == [need]
        actor = accounts.actor_of(accounts.by_id(session, person.id))
        if was_shown:
            shown_lists.record(session, live, actor, company, found, town.now)
    town.match()
    assert town.hits(person) == ([] if was_shown else [("need", need)])


def test_facts_of_a_profile_that_are_no_text_are_looked_at_again(town):
    (need,) = town.publish(fields=["13"])
    town.change(lambda session: session.execute(update(Hit).values(owner_id=0)))
    with town.database.write() as session:
        company = factories_get(session, town.company)
        before = dict(company.company.__dict__)
        profile.save_section(
            session,
            _actor(session, town.person),
            company,
            "interest",
            {"areas": ["chuo"]},
            town.now,
            version=None,
        )
        assert before["areas"] != ["chuo"]
    town.match()
    assert ("need", need) in town.hits()


def test_an_npo_hears_of_a_new_offer_and_a_new_company_that_fits_its_need(town):
    (need,) = town.publish()
    with town.database.write() as session:
        company = session.get(Organization, town.company.id)
        offer = factories.make_offer(session, company, title="野菜", description="野菜をたくさん届けます。")
        findable.touch(session, offer)
    town.match()
    (kind, number) = town.hits(town.director)[-1]
    assert (kind, number) == ("offer", offer.id)
    assert town.notices(town.director)[-1].startswith("新しく合う提供メニュー")
    with town.database.read() as session:
        hit = session.scalars(select(Hit).where(Hit.owner_type == "offer")).one()
        assert hit.need_id == need
        fresh = reads.unseen(session, _actor(session, town.director))
        assert [(one.offer.id, one.need.id) for one in fresh if one.offer] == [(offer.id, need)]
    town.change(lambda session: _withdraw(session, town, need))
    with town.database.read() as session:
        assert reads.unseen(session, _actor(session, town.director)) == []


def test_an_npo_without_an_open_need_hears_of_no_offer(town):
    with town.database.write() as session:
        offer = factories.make_offer(
            session, session.get(Organization, town.company.id), title="野菜", description="野菜。"
        )
        findable.touch(session, offer)
    town.match()
    assert town.hits(town.director) == []


# ── Saved searches ───────────────────────────────────────────────────────────────────────────────────


def save(town, conditions, name="野菜の条件", user=None):
    """A saved search of a person."""
    return town.change(
        lambda session: searches.save(
            session, _actor(session, user or town.person), name, conditions, town.now
        )
    )


def no_alert(town):
    """The person hears only of saved searches."""
    town.change(
        lambda session: choosing.change(session, town.actor(), bar="none", rhythm="weekly", now=town.now)
    )


def test_a_saved_search_tells_what_meets_it_and_its_name_stands_in_the_mail(town):
    no_alert(town)
    save(town, {"support_type": "funds"}, "資金")
    save(town, {"q": "音楽会"}, "音楽")
    town.publish(topic="清掃")
    assert town.hits() == []
    (need,) = town.publish(topic="清掃", support_type="funds", unit="円")
    assert town.hits() == [("need", need)]
    ((_to, facts),) = town.digest()
    assert ([one["name"] for one in facts["searches"]], facts["bar"]) == (["資金"], "")


@pytest.fixture
def typed_meaning(monkeypatch):
    """Typed words are read by the invented encoder; its own name cannot be read by pages."""

    def read(words):
        vector = ENCODER.encode([words], "text")[0]
        return vector if any(topic in words for topic in TOPICS) else None

    monkeypatch.setattr(nearness.typed, "reader_of", lambda _model_id: read)


def whys(town):
    """Title → what its hit says to the person."""
    with town.database.read() as session:
        rows = session.execute(
            select(Need.title, Hit.why)
            .join(Need, Need.id == Hit.owner_id)
            .where(Hit.user_id == town.person.id, Hit.owner_type == "need")
        )
        return {title: reason_sentence(why) if why else "" for title, why in rows}


def test_saved_words_are_met_by_part_of_a_word_or_by_meaning_and_the_hit_says_which(town, typed_meaning):
    no_alert(town)
    save(town, {"q": "生野菜 サラダ"}, "サラダ")
    town.publish(topic="清掃")
    assert town.hits() == []
    town.publish(topic="野菜")
    town.publish(title="サラダと生野菜の日", topic="清掃")
    assert whys(town) == {
        "野菜のこと0": "「生野菜 サラダ」に意味が近い文があります（「野菜のこと0」）。",
        "サラダと生野菜の日": "「生野菜 サラダ」の言葉に合いました。",
    }


def test_what_is_near_in_meaning_must_meet_the_conditions_as_well(town, typed_meaning):
    no_alert(town)
    save(town, {"q": "生野菜 サラダ", "support_type": "funds"}, "資金で野菜")
    town.publish(topic="野菜")
    town.publish(topic="野菜", visibility="approached", support_type="funds", unit="円")
    town.publish(topic="清掃", support_type="funds", unit="円")
    assert town.hits() == []
    (need,) = town.publish(topic="野菜", support_type="funds", unit="円")
    assert town.hits() == [("need", need)]


def test_without_a_model_that_pages_can_read_only_words_meet_a_saved_search(town):
    no_alert(town)
    save(town, {"q": "生野菜 サラダ"}, "サラダ")
    town.publish(topic="野菜")
    assert town.hits() == []


def test_ones_own_offer_and_need_meet_no_search_of_ones_own(town, typed_meaning):
    no_alert(town)
    save(town, {"q": "生野菜 サラダ"}, "企業")
    save(town, {"q": "生野菜 サラダ"}, "団体", user=town.director)
    with town.database.write() as session:
        company = session.get(Organization, town.company.id)
        offer = factories.make_offer(session, company, title="野菜", description="野菜。")
        offer.search_text = folding.text_of_posting(offer)
        findable.touch(session, offer)
    (need,) = town.publish()
    assert town.hits() == [("need", need)]
    assert ("need", need) not in town.hits(town.director)
    assert ("offer", offer.id) in town.hits(town.director)


def test_what_a_saved_search_finds_by_meaning_is_mailed_once_with_why(town, typed_meaning):
    no_alert(town)
    save(town, {"q": "生野菜 サラダ"}, "サラダ")
    (need,) = town.publish()
    town.change(lambda session: findable.touch(session, session.get(Need, need)))
    town.match()
    ((_to, facts),) = town.digest()
    assert [reason_sentence(one["why"]) for one in facts["listed"]] == [
        "「生野菜 サラダ」に意味が近い文があります（「野菜のこと0」）。"
    ]
    assert town.digest_count(MONDAY + timedelta(days=7)) == 0


def test_a_search_that_was_forgotten_while_it_was_asked_tells_nothing(town):
    no_alert(town)
    gone, rests, stays = (save(town, {"q": word}, word) for word in ("野菜", "困って", "のこと"))
    with town.database.write() as session:
        (need,) = [factories.make_need(session, session.get(Organization, town.npo.id))]
        met = [searches.Met(one, "need", need.id, {}) for one in (gone, rests, stays)]
        me = _actor(session, town.person)
        searches.delete(session, me, searches.get(session, me, gone.public_id), town.now)
        searches.pause(session, me, searches.get(session, me, rests.public_id), town.now)
        assert [one.search.name for one in searches.still_kept(session, met)] == ["のこと"]


def test_ten_searches_tell_one_need_once_in_one_mail(town):
    for number in range(10):
        save(
            town,
            {"support_type": "food", "q": "のこと", "mode": "onsite", "field": "13"}
            | ({"area": "chuo"} if number else {}),
            f"条件{number}",
        )
    save(town, {"q": "野菜"}, "ことば")
    (need,) = town.publish()
    assert town.hits() == [("need", need)]
    assert len(town.digest()) == 1


def test_a_paused_search_finds_nothing_and_a_resumed_one_what_comes_after(town):
    no_alert(town)
    kept = save(town, {"q": "野菜"})
    town.change(
        lambda session: searches.pause(session, town.actor(), session.get(SavedSearch, kept.id), town.now)
    )
    town.publish()
    town.change(
        lambda session: searches.resume(session, town.actor(), session.get(SavedSearch, kept.id), town.now)
    )
    assert town.hits() == []
    assert len(town.publish()) == len(town.hits()) == 1


def test_what_the_company_will_not_support_meets_no_search(town):
    no_alert(town)
    save(town, {"q": "野菜"})
    town.change(lambda session: setattr(factories_get(session, town.company).company, "no_go_fields", ["13"]))
    town.publish()
    assert town.hits() == []


def test_searches_are_bounded_named_and_ones_own(town):
    with town.database.write() as session:
        me, other = _actor(session, town.person), _actor(session, town.director)
        first = searches.save(session, me, "一", {"q": "一"}, town.now)
        assert searches.save(session, me, "同じ", {"q": "一"}, town.now) is first
        for wrong in ("", "あ" * (searches.NAME + 1)):
            with pytest.raises(Invalid):
                searches.save(session, me, wrong, {"q": "二"}, town.now)
        with pytest.raises(Invalid):
            searches.save(session, me, "なし", {}, town.now)
        with pytest.raises(NotFound):
            searches.get(session, other, first.public_id)
        for number in range(searches.MOST - 1):
            searches.save(session, me, "次", {"q": f"次{number}"}, town.now)
        with pytest.raises(Invalid):
            searches.save(session, me, "多い", {"q": "多い"}, town.now)
        searches.rename(session, me, first, "別の名前", town.now)
        searches.delete(session, me, first, town.now)
        assert len(searches.own(session, me)) == searches.MOST - 1
        actions = set(session.scalars(select(AuditEvent.action)))
        assert {"save_search", "rename_search", "delete_search"} <= actions


# ── Stopping, leaving, inviting ──────────────────────────────────────────────────────────────────────


def test_a_link_stops_one_search_or_all_mail_and_is_audited(town):
    kept = save(town, {"q": "野菜"})
    with town.database.write() as session:
        user, body, search = choosing.find_stop(
            session, town.person.public_id, town.company.public_id, kept.public_id
        )
        choosing.stop(session, user, body, search, town.now)
        assert session.get(SavedSearch, kept.id).is_paused
        user, body, search = choosing.find_stop(session, town.person.public_id, town.company.public_id, "")
        choosing.stop(session, user, body, search, town.now)
        choosing.stop(session, user, body, search, town.now)
        assert choosing.find_stop(session, town.person.public_id, town.npo.public_id, "") is None
        assert choosing.find_stop(session, town.person.public_id, town.company.public_id, "0" * 32) is None
    town.publish()
    assert town.digest() == []
    with town.database.read() as session:
        actions = [
            one
            for one in session.scalars(select(AuditEvent.action))
            if one in {"pause_search", "change_alerts"}
        ]
    assert actions == ["pause_search", "change_alerts"]


def test_what_was_found_without_a_mail_is_not_mailed_when_mails_are_wanted_again(town):
    town.change(
        lambda session: choosing.change(session, town.actor(), bar="high", rhythm="none", now=town.now)
    )
    town.publish()
    town.change(
        lambda session: choosing.change(session, town.actor(), bar="high", rhythm="daily", now=town.now)
    )
    assert town.digest(MONDAY + 7 * DAY) == []


def test_who_wants_no_mail_at_all_gets_no_digest(town):
    town.change(lambda session: setattr(session.get(User, town.person.id), "notify", "none"))
    town.publish()
    assert (town.digest(), len(town.hits())) == ([], 1)


def test_leaving_forgets_what_was_saved_and_found(town):
    save(town, {"q": "野菜"})
    town.publish()
    with town.database.write() as session:
        seat = session.scalars(select(Membership).where(Membership.user_id == town.person.id)).one()
        forgetting.end(session, seat, town.now)
    with town.database.read() as session:
        assert session.scalars(select(SavedSearch)).all() == []
    assert town.hits() == []


def test_an_organization_that_nobody_serves_is_kept_for_an_invitation_once(town):
    with town.database.write() as session:
        company = factories.make_company(
            session, profile={"business": "野菜の卸売です。", "csr_policy": "野菜。"}
        )
        offer = factories.make_offer(
            session, company, title="野菜", description="野菜を届けます。", published_at=town.now - 60 * DAY
        )
        asked = factories.make_company(
            session, profile={"business": "野菜の卸売です。", "csr_policy": "野菜。"}
        )
        factories.make_user(session, asked, status="invited")
        for one in (company, offer, asked):
            findable.touch(session, one)
    town.match()
    (need,) = town.publish()
    town.change(lambda session: findable.touch(session, session.get(Need, need)))
    town.match()
    with town.database.read() as session:
        found = session.scalars(select(Prospect)).all()
        assert [(one.organization_id, one.owner_type, one.owner_id) for one in found] == [
            (company.id, "need", need)
        ]
