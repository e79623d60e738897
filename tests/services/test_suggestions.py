"""Suggestions in both directions: found as soon as encoded, gone as soon as withdrawn, recorded as shown."""

import numpy as np
import pytest
from sqlalchemy import select

from embeddings.encoder import WordsOnly
from matcher.cases import beginning
from matcher.cases.beginning import Terms
from matcher.ground import vocabulary
from matcher.ground.errors import Invalid, NotFound
from matcher.postings import acts as posting_acts
from matcher.records import Embedding, Offer, Partnership, ShownSuggestion
from matcher.register import findable
from matcher.suggestions import encoding, indexing, shown_lists, suggest
from matcher.suggestions.conditions import Filters
from matcher.suggestions.indexing import LiveIndex
from tests import factories

TOPICS = ("野菜", "清掃", "会計", "音楽")


class TopicEncoder:
    """A fake encoder whose meaning is known: one dimension for each topic word that a text contains."""

    model_id = "topics@1"
    dimensions = len(TOPICS) + 1

    def encode(self, texts, kind):
        vectors = np.array([[topic in text for topic in TOPICS] + [0.1] for text in texts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


ENCODER = TopicEncoder()


def encode(database, now, encoder=ENCODER):
    """What the worker does: make rows, encode all that waits, let the model serve."""
    encoding.add_missing_rows(database, encoder.model_id)
    while encoding.encode_waiting(database, encoder, now):
        pass
    encoding.serve(database, encoder.model_id)


class Town:
    """One company that gives vegetables; NPOs that need vegetables, cleaning, and music."""

    def __init__(self, database, now):
        self.database, self.now = database, now
        self.live = LiveIndex()
        with database.write() as session:
            factories.make_city(session)
            self.company = factories.make_company(
                session, profile={"business": "野菜の卸売です。", "csr_policy": "野菜を無駄にしません。"}
            )
            self.offer = factories.make_offer(
                session, self.company, title="野菜", description="野菜を届けます。"
            )
            self.npos, self.needs = {}, {}
            for topic in ("野菜", "清掃", "音楽"):
                npo = factories.make_npo(session, profile={"mission": f"{topic}の会です。", "activities": ""})
                self.npos[topic] = npo
                self.needs[topic] = factories.make_need(
                    session,
                    npo,
                    title=f"{topic}のこと",
                    situation=f"{topic}で困っています。",
                    wanted_change="よくなる。",
                )
            self.person = factories.actor_for(factories.make_user(session, self.company), self.company)
            self.director = factories.actor_for(
                factories.make_user(session, self.npos["野菜"]), self.npos["野菜"]
            )
            self.coordinator = factories.actor_for(factories.make_coordinator(session))
        encode(database, now)

    def titles(self, live=None, **options):
        """The titles of the needs suggested to the company, in order."""
        live = live or self.live
        with self.database.read() as session:
            live.level(session)
            company = self.reload(session, self.company)
            return [
                s.need.title if s.need else s.candidate.name
                for s in suggest.for_company(session, live, company, **options)
            ]

    def reload(self, session, organization):
        """The organization with its profile."""
        return factories_get(session, organization)

    def propose(self, session, now):
        """The company proposes for the need of vegetables."""
        sides = self.reload(session, self.company), self.reload(session, self.npos["野菜"])
        about = beginning.between(*sides, need=need_of(session, self, "野菜"))
        return beginning.propose(session, self.person, about, Terms("food"), "ぜひ。", now)

    def change(self, act):
        """Run ``act(session)`` in a transaction."""
        with self.database.write() as session:
            return act(session)


def factories_get(session, organization):
    from sqlalchemy.orm import joinedload

    from matcher.records import Organization

    return session.scalar(
        select(Organization)
        .where(Organization.id == organization.id)
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    )


@pytest.fixture
def town(database, now):
    return Town(database, now)


def need_of(session, town, topic):
    from sqlalchemy.orm import joinedload

    from matcher.records import Need

    return session.scalar(
        select(Need).where(Need.id == town.needs[topic].id).options(joinedload(Need.organization))
    )


def test_the_need_that_means_the_same_comes_first_with_its_sentences_quoted(town):
    assert town.titles()[0] == "野菜のこと"
    with town.database.read() as session:
        found = suggest.for_company(session, town.live, town.reload(session, town.company))
    assert found[0].quote.company in {"野菜", "野菜を届けます。"}
    assert "野菜" in found[0].quote.npo
    assert found[0].fit.score > found[1].fit.score


def test_a_new_need_is_there_once_encoded_in_every_process_and_gone_at_once_when_withdrawn(town, now):
    processes = [LiveIndex(), LiveIndex(), town.live]
    assert all("清掃と野菜" not in town.titles(live) for live in processes)
    npo = town.change(lambda session: factories.make_npo(session))

    def post(session):
        need = factories.make_need(
            session, npo, title="清掃と野菜", situation="野菜と清掃。", wanted_change=""
        )
        need.organization = session.merge(npo)
        findable.touch(session, need)
        town.needs["new"] = need

    town.change(post)
    assert all("清掃と野菜" not in town.titles(live) for live in processes)
    encoding.encode_waiting(town.database, ENCODER, now)
    assert all("清掃と野菜" in town.titles(live) for live in processes)

    def withdraw(session):
        need = need_of(session, town, "new")
        posting_acts.withdraw(session, town.coordinator, need, "mistake", "", now, version=None)

    town.change(withdraw)
    assert all("清掃と野菜" not in town.titles(live) for live in processes)


def test_a_changed_text_is_found_by_its_new_meaning(town, now):
    def change(session):
        offer = session.get(type(town.offer), town.offer.id)
        offer.title, offer.description = "清掃", "清掃に行きます。"
        company = town.reload(session, town.company)
        company.company.business = company.company.csr_policy = "清掃の会社です。"
        findable.touch(session, offer)
        findable.touch(session, company)

    town.change(change)
    encode(town.database, now)
    assert town.titles()[0] == "清掃のこと"


def test_a_suspended_npos_need_is_not_shown_even_before_the_index_knows(town):
    town.titles()

    def suspend(session):
        town.reload(session, town.npos["野菜"]).state = "suspended"

    town.change(suspend)
    assert "野菜のこと" not in town.titles()


def test_an_npo_without_an_open_need_is_suggested_by_its_mission(town):
    def fill(session):
        need_of(session, town, "野菜").state = "filled"

    town.change(fill)
    assert town.npos["野菜"].name in town.titles()


def test_who_wants_to_be_seen_only_by_those_it_approached_is_not_suggested(town):
    def hide(session):
        town.reload(session, town.npos["野菜"]).visibility = "approached"

    town.change(hide)
    assert "野菜のこと" not in town.titles()
    with town.database.read() as session:
        town.live.level(session)
        need = need_of(session, town, "野菜")
        assert suggest.for_need(session, town.live, need)[0].candidate.id == town.company.id


def test_a_passed_need_is_not_suggested_again_until_the_mark_is_taken_back(town, now):
    def mark(session):
        target = town.reload(session, town.npos["野菜"])
        need = need_of(session, town, "野菜")
        shown_lists.mark(session, town.person, target, need, "passed", now, reason_code="timing")

    town.change(mark)
    assert "野菜のこと" not in town.titles()
    town.change(
        lambda session: shown_lists.unmark(
            session, town.person, town.reload(session, town.npos["野菜"]), need_of(session, town, "野菜"), now
        )
    )
    assert "野菜のこと" in town.titles()


def test_a_pass_on_an_organization_holds_for_all_its_needs(town, now):
    def mark(session):
        npo = town.reload(session, town.npos["野菜"])
        factories.make_need(session, npo, title="野菜をもう一度", situation="野菜で困っています。")
        shown_lists.mark(session, town.person, npo, None, "passed", now, reason_code="timing")

    town.change(mark)
    encode(town.database, now)
    assert not [title for title in town.titles() if "野菜" in title]


@pytest.mark.parametrize(("fields", "is_shown"), [(["2"], False), (["2", "13"], True), (["13"], True)])
def test_a_field_that_a_company_rules_out_rules_out_only_what_has_no_other_field(town, fields, is_shown):
    def choose(session):
        town.reload(session, town.company).company.no_go_fields = ["2"]
        need_of(session, town, "野菜").fields = fields

    town.change(choose)
    assert ("野菜のこと" in town.titles()) is is_shown


@pytest.mark.parametrize(
    ("code", "note", "field"),
    [("hm", "", "reason_code"), ("other", " \n", "note"), ("other", "休業中", None)],
)
def test_a_pass_needs_a_reason_of_the_list_and_another_reason_its_words(town, now, code, note, field):
    def mark(session):
        npo = town.npos["野菜"]
        shown_lists.mark(session, town.person, npo, None, "passed", now, reason_code=code, note=note)

    if field is None:
        town.change(mark)
        return
    with pytest.raises(Invalid) as refused:
        town.change(mark)
    assert refused.value.facts == {field: "required"}


@pytest.mark.parametrize("asker", ["company", "need"])
def test_a_pair_that_already_has_a_case_is_not_suggested_until_it_comes_to_nothing(town, now, asker):
    def suggested():
        with town.database.read() as session:
            town.live.level(session)
            if asker == "company":
                found = suggest.for_company(session, town.live, town.reload(session, town.company))
                return town.npos["野菜"].id in [item.candidate.id for item in found]
            found = suggest.for_need(session, town.live, need_of(session, town, "野菜"))
            return town.company.id in [item.candidate.id for item in found]

    assert suggested()
    case = town.change(lambda session: town.propose(session, now))
    assert not suggested()
    town.change(lambda session: setattr(session.get(Partnership, case.id), "state", "declined"))
    assert suggested()


def test_filters_are_hard_conditions(town):
    assert town.titles(filters=Filters(field="7")) == []
    assert "野菜のこと" in town.titles(filters=Filters(field="13", area="chuo", support_type="food"))


def test_what_is_of_the_whole_city_is_found_in_each_district(town):
    def widen(session):
        need = need_of(session, town, "野菜")
        need.areas = [vocabulary.AREA_CITYWIDE]
        findable.stir(session, need)

    assert town.titles(filters=Filters(area="hama")) == []
    town.change(widen)
    assert town.titles(filters=Filters(area="hama")) == ["野菜のこと"]


def test_what_a_need_only_names_as_also_welcome_is_said_on_its_card(town):
    def widen(session):
        need_of(session, town, "野菜").also_welcome = ["training"]

    town.change(widen)
    with town.database.read() as session:
        town.live.level(session)
        company = town.reload(session, town.company)
        for asked, said in (("training", "training"), ("food", ""), ("", "")):
            found = suggest.for_company(session, town.live, company, filters=Filters(support_type=asked))
            assert {item.also_welcome for item in found if item.need.title == "野菜のこと"} == {said}


def test_a_company_without_any_field_still_gets_suggestions(town):
    def undecided(session):
        company = town.reload(session, town.company)
        company.company.fields, company.company.fields_undecided = [], True

    town.change(undecided)
    assert town.titles()[0] == "野菜のこと"


def test_what_was_shown_is_kept_as_it_was_shown(town, now):
    with town.database.write() as session:
        town.live.level(session)
        company = town.reload(session, town.company)
        found = suggest.for_company(session, town.live, company)
        shown = shown_lists.record(session, town.live, town.person, company, found, now)
        assert (shown.model_id, shown.index_version) == ("topics@1", town.live.applied_version)
        public_id, score = found[0].public_id, found[0].fit.score
    with town.database.read() as session:
        kept = shown_lists.get(session, town.person, public_id)
        assert kept.rank == 1
        assert kept.score == pytest.approx(score, abs=1e-4)
        assert kept.reasons[0]["code"] == "quote"
        assert shown_lists.get(session, town.coordinator, public_id).id == kept.id
        with pytest.raises(NotFound):
            shown_lists.get(session, town.director, public_id)


def test_without_a_model_words_still_find_partners(town, now):
    encode(town.database, now, WordsOnly())
    live = LiveIndex()
    assert town.titles(live)[0] == "野菜のこと"
    assert not live.knows_meaning


def test_a_new_model_takes_over_only_when_all_its_vectors_are_there(town, now):
    class Other(TopicEncoder):
        model_id = "topics@2"

    other = Other()
    encoding.add_missing_rows(town.database, other.model_id)
    encoding.encode_waiting(town.database, other, now, limit=2)
    town.titles()
    assert town.live.model_id == "topics@1"
    encode(town.database, now, other)
    town.titles()
    assert town.live.model_id == "topics@2"


def test_of_a_need_with_six_wishes_the_card_quotes_the_one_that_is_met(town, now):
    def quoted():
        encode(town.database, now)
        with town.database.read() as session:
            town.live.level(session)
            company, need = town.reload(session, town.company), need_of(session, town, "野菜")
            card = suggest.fit_pair(session, town.live, company, need)
            return card.quote and card.quote.npo, [
                reason.says for reason in card.fit.reasons if reason.mark == "○"
            ]

    def list_six(title):
        def change(session):
            need = need_of(session, town, "野菜")
            need.title, need.situation, need.support_type = title, "いろいろ足りません。", "place"
            need.also_welcome = ["food", "goods_used", "vehicle_logistics"]
            findable.touch(session, need)

        return change

    town.change(list_six("会場、中古のパソコン、野菜、軽トラック、会計の人、寄付"))
    quote, held = quoted()
    assert quote == "野菜"
    # Vegetables are welcome, not what is asked for first: nothing says that the others are met.
    assert "support_welcome" in held
    assert not {"quote_close", "support_wanted", "quantity_enough"} & set(held)
    town.change(list_six("会場、中古のパソコン、軽トラック、会計の人、寄付"))
    assert quoted()[0] is None


def test_a_district_named_in_a_text_counts_where_the_field_says_citywide(town):
    def area_of_vegetables():
        with town.database.read() as session:
            town.live.level(session)
            company, need = town.reload(session, town.company), need_of(session, town, "野菜")
            card = suggest.fit_pair(session, town.live, company, need)
            return [(one.mark, one.says) for one in card.fit.reasons if one.code == "area"]

    def citywide(session):
        need_of(session, town, "野菜").areas = [vocabulary.AREA_CITYWIDE]
        session.get(Offer, town.offer.id).areas = ["chuo"]
        town.reload(session, town.company).company.areas = ["chuo"]

    def named(session):
        need = need_of(session, town, "野菜")
        need.place_note = "里山地区の集会所です。"
        findable.stir(session, need)

    town.change(citywide)
    assert area_of_vegetables() == [("○", "area_same")]
    town.change(named)
    assert area_of_vegetables() == [("△", "area_named")]


def test_texts_wait_again_where_the_rules_of_what_is_compared_have_changed(town, now):
    """The program is newer than the vectors: whoever rebuilds gets them all of one kind."""
    encode(town.database, now, TopicEncoder())

    def waiting():
        with town.database.read() as session:
            return findable.waiting_count(session, "topics@1")

    encoding.note_what_is_compared(town.database)
    assert waiting() == 0

    def by_older_rules(session):
        row = session.scalar(select(Embedding).where(Embedding.owner_type == "need").order_by(Embedding.id))
        row.text_sha256 = findable.texts.digest("別の規則で選ばれた文章")

    town.change(by_older_rules)
    encoding.note_what_is_compared(town.database)
    assert waiting() == 1


def test_an_index_from_a_snapshot_equals_the_database(town, now, tmp_path):
    first = LiveIndex(tmp_path)
    town.titles(first)
    first.save_snapshot()

    def change(session):
        need = need_of(session, town, "音楽")
        need.state = "paused"
        findable.touch(session, need)

    town.change(change)
    for damage in (False, True):
        if damage:
            (data,) = (tmp_path / "need").glob("codes-*.bin")
            data.write_bytes(data.read_bytes()[:-3])
        restarted = LiveIndex(tmp_path)
        with town.database.read() as session:
            restarted.level(session)
            assert indexing.differences(session, restarted) == []
            assert len(restarted.shelves["need"].vectors) == 2


def test_a_text_that_changes_while_it_is_encoded_keeps_waiting(town, now):
    def edit(session):
        need = need_of(session, town, "音楽")
        need.situation = "音楽と会計で困っています。"
        findable.touch(session, need)

    class Slow(TopicEncoder):
        def encode(self, texts, kind):
            if not Slow.done:
                Slow.done = True
                town.change(lambda session: edit_again(session))
            return super().encode(texts, kind)

    Slow.done = False

    def edit_again(session):
        need = need_of(session, town, "音楽")
        need.situation = "清掃で困っています。"
        findable.touch(session, need)

    town.change(edit)
    encoding.encode_waiting(town.database, Slow(), now)
    with town.database.read() as session:
        row = session.scalar(
            select(Embedding).where(
                Embedding.owner_type == "need", Embedding.owner_id == town.needs["音楽"].id
            )
        )
        assert row.vector is None
    encoding.encode_waiting(town.database, ENCODER, now)
    with town.database.read() as session:
        assert findable.waiting_count(session, "topics@1") == 0


def test_showing_records_exposure_for_every_card(town, now):
    with town.database.write() as session:
        town.live.level(session)
        company = town.reload(session, town.company)
        found = suggest.for_company(session, town.live, company)
        shown_lists.record(session, town.live, town.person, company, found, now)
        assert len(session.scalars(select(ShownSuggestion)).all()) == len(found) == 3
