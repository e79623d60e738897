"""The second reading of each text: behind the fast one, in order of who is looked at, kept in step like the first."""

import json
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from embeddings import text
from embeddings.encoder import E5_FOLDER, ModelUnavailable, e5_model_id, load_e5, middle_of
from matcher.ground.errors import Refused
from matcher.records import Embedding, Offer
from matcher.register import findable
from matcher.suggestions import contextual, indexing, suggest
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.judging import fitting
from matcher.suggestions.judging.fitting import Labelled
from matcher.suggestions.ranking import CONTEXTUAL, shipped_weights
from seed_data import vectors
from tests import factories
from tests.services.test_suggestions import TopicEncoder, encode, need_of, town  # noqa: F401
from webapp import Settings, case_text, worker
from webapp.worker import Worker

#: What it alone knows to be the same.
MEANINGS = (("野菜",), ("清掃",), ("音楽", "合唱"), ("会計", "帳簿"))


class ContextEncoder:
    """A fake sentence encoder, whose vectors all lie close together, as those of real ones do."""

    model_id = "context@1"

    def __init__(self):
        self.read = []

    def encode(self, texts, kind):
        assert kind == "query"
        self.read += texts
        rows = [[any(word in text for word in words) for words in MEANINGS] + [0.3] for text in texts]
        vectors = np.array(rows, dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def read_all(database, encoder=None):
    """What the worker does."""
    encoder = encoder or ContextEncoder()
    contextual.begin(database, encoder.model_id)
    while contextual.encode_waiting(database, encoder, limit=3):
        pass


def fits(town, live=None):  # noqa: F811
    """The parts of the score by the title of the need."""
    live = live or town.live
    with town.database.read() as session:
        live.level(session)
        found = suggest.for_company(session, live, town.reload(session, town.company))
        return {item.need.title: item.fit for item in found if item.need}


def waiting(database):
    with database.read() as session:
        return findable.contextual_waiting_count(session)


def rows(database, *where):
    with database.read() as session:
        return session.scalars(select(Embedding).where(*where).order_by(Embedding.id)).all()


def test_a_pair_is_compared_in_context_once_both_sides_were_read(town):  # noqa: F811
    before = fits(town)
    assert not any(fit.parts.keys() & CONTEXTUAL for fit in before.values())
    read_all(town.database)
    after = fits(town)
    assert all(fit.parts.keys() >= CONTEXTUAL for fit in after.values())
    assert after["野菜のこと"].parts["contextual"] > after["音楽のこと"].parts["contextual"] + 0.5
    assert after["野菜のこと"].parts["maxsim"] > after["音楽のこと"].parts["maxsim"]


def test_what_was_not_read_counts_neither_way_and_has_weights_of_its_own(town):  # noqa: F811
    read_all(town.database)
    town.change(
        lambda session: [
            setattr(row, "contextual_model_id", None)
            for row in session.scalars(select(Embedding).where(Embedding.owner_type == "need"))
        ]
    )
    weights = shipped_weights()
    for fit in fits(town, LiveIndex()).values():
        assert not fit.parts.keys() & CONTEXTUAL
        assert fit.score == weights.by_words.score(fit.parts)


def test_what_only_the_sentence_encoder_finds_is_found(town, now):  # noqa: F811
    """Neither a word nor a meaning of the table in common, and many that are nearer by those."""

    def post(session):
        npo = factories.make_npo(session, profile={"mission": "別の会です。", "activities": ""})
        for number in range(5):
            factories.make_need(session, npo, title=f"別件{number}", situation="別件。", wanted_change="")
        profile = {"business": "野菜と合唱をします。", "csr_policy": ""}
        return factories.make_company(session, profile=profile).id

    company_id = town.change(post)
    encode(town.database, now)

    def found():
        live = LiveIndex()
        with town.database.read() as session:
            live.level(session)
            search = suggest.Search(session, live, [("company", company_id, None)])
            return search.nearest("need", search.sources, 3)

    assert town.needs["音楽"].id not in found()
    read_all(town.database)
    assert town.needs["音楽"].id in found()


def test_a_changed_text_waits_again_and_is_unknown_until_then(town, now):  # noqa: F811
    read_all(town.database)
    assert waiting(town.database) == 0

    def change(session):
        need = need_of(session, town, "音楽")
        need.situation = "野菜で困っています。"
        findable.touch(session, need)

    before = fits(town)["音楽のこと"].parts["contextual"]
    town.change(change)
    encode(town.database, now)
    assert waiting(town.database) == 1
    assert "contextual" not in fits(town)["音楽のこと"].parts
    read_all(town.database)
    assert fits(town)["音楽のこと"].parts["contextual"] > before


def test_a_text_that_changes_while_it_is_read_keeps_waiting(town, now):  # noqa: F811
    class Slow(ContextEncoder):
        def encode(self, texts, kind):
            # A transaction that stayed open while reading would hold this one up.
            town.change(edit)
            return super().encode(texts, kind)

    def edit(session):
        need = need_of(session, town, "音楽")
        need.situation = "清掃で困っています。"
        findable.touch(session, need)

    contextual.begin(town.database, Slow.model_id)
    assert contextual.encode_waiting(town.database, Slow(), limit=50) == 4  # the needs and the offer
    changed = (Embedding.owner_type == "need", Embedding.owner_id == town.needs["音楽"].id)
    assert [row.contextual_model_id for row in rows(town.database, *changed)] == [None]
    encode(town.database, now)
    read = [row.owner_id for row in rows(town.database, Embedding.contextual_model_id.is_not(None))]
    assert len(read) == 3


def test_who_is_looked_at_is_read_first(town, now):  # noqa: F811
    def bring(session):
        for number in range(4):
            factories.make_npo(session, name=f"名簿の会{number}", profile={"mission": f"名簿{number}。"})
        member = factories.make_npo(session, name="使う会", profile={"mission": "使う会。"})
        factories.make_user(session, member)
        factories.make_npo(session, name="下書き", state="draft", profile={"mission": "下書き。"})

    town.change(bring)
    encode(town.database, now)
    encoder = ContextEncoder()
    read_all(town.database, encoder)
    place = {text: encoder.read.index(text) for text in encoder.read}
    register = [place[text] for text in place if "名簿" in text]
    needs = [place[text] for text in place if "困っています" in text]
    user, draft = (min(place[text] for text in place if said in text) for said in ("使う会", "下書き"))
    assert max(needs) < user < min(register) <= max(register) < draft


def test_a_text_that_cannot_be_read_holds_nothing_up(town):  # noqa: F811
    class Choosy(ContextEncoder):
        def encode(self, texts, kind):
            if any("音楽" in text for text in texts):
                raise ValueError("expected no music, found some")
            return super().encode(texts, kind)

    contextual.begin(town.database, Choosy.model_id)
    failed = []
    while contextual.encode_waiting(
        town.database, Choosy(), on_failure=lambda row, _error: failed.append(row)
    ):
        pass
    assert waiting(town.database) == 0
    assert len(failed) == 2  # the need and the NPO
    found = fits(town)
    assert "contextual" not in found["音楽のこと"].parts
    assert "contextual" in found["野菜のこと"].parts
    town.change(
        lambda session: [setattr(r, "contextual_model_id", None) for r in session.scalars(select(Embedding))]
    )
    with pytest.raises(ValueError, match="found some"):
        contextual.encode_waiting(town.database, Choosy())


@pytest.mark.parametrize("damage", [False, True])
def test_an_index_from_a_snapshot_equals_the_database(town, now, tmp_path, damage):  # noqa: F811
    read_all(town.database)
    first = LiveIndex(tmp_path)
    fits(town, first)
    first.save_snapshot()

    def change(session):
        for topic in ("音楽", "清掃"):
            need = need_of(session, town, topic)
            if topic == "音楽":
                need.state = "paused"
            else:
                need.situation = "清掃と会計。"
            findable.touch(session, need)

    town.change(change)
    encode(town.database, now)
    if damage:
        (data,) = (tmp_path / "need" / "contextual").glob("codes-*.bin")
        data.write_bytes(data.read_bytes()[:-3])
    restarted = LiveIndex(tmp_path)
    with town.database.read() as session:
        restarted.level(session)
        assert indexing.differences(session, restarted) == []
        assert len(restarted.shelves["need"].vectors) == 2
        assert len(restarted.shelves["need"].contextual) == 1


def test_a_difference_of_contextual_vectors_is_found(town):  # noqa: F811
    read_all(town.database)
    fits(town)
    shelf = town.live.shelves["need"]
    number = int(shelf.contextual.ids()[0])
    shelf.contextual.upsert(np.array([number]), np.ones((1, len(MEANINGS) + 1), np.float32))
    shelf.contextual.remove(shelf.contextual.ids()[1:2])
    with town.database.read() as session:
        found = indexing.differences(session, town.live)
    assert len(found) == 2
    assert all("contextual" in line for line in found)


def test_vectors_of_another_sentence_encoder_are_never_compared(town):  # noqa: F811
    class Other(ContextEncoder):
        model_id = "context@2"

    read_all(town.database)
    fits(town)
    contextual.begin(town.database, Other.model_id)
    assert not any(fit.parts.keys() & CONTEXTUAL for fit in fits(town).values())
    assert town.live.shelves["need"].contextual is None
    read_all(town.database, Other())
    assert all(fit.parts.keys() >= CONTEXTUAL for fit in fits(town).values())


def test_vectors_made_before_are_taken_for_the_same_text_and_model_only(town, now, tmp_path):  # noqa: F811
    read_all(town.database)
    with town.database.read() as session:
        made = contextual.vectors_of(session, ContextEncoder.model_id)
    vectors.write(tmp_path, ContextEncoder.model_id, made)
    known = vectors.read(tmp_path, ContextEncoder.model_id)
    assert known == made
    assert vectors.read(tmp_path, "another@1") == {}
    assert vectors.read(tmp_path / "nowhere", ContextEncoder.model_id) == {}
    before = {row.id: row.contextual_model_id for row in rows(town.database)}

    def forget(session):
        for row in session.scalars(select(Embedding)):
            row.contextual_model_id = row.contextual_vector = row.contextual_sentence_vectors = None
        need = need_of(session, town, "音楽")
        need.situation = "会計で困っています。"
        findable.touch(session, need)

    town.change(forget)
    encode(town.database, now)
    filled = contextual.fill_known(town.database, ContextEncoder.model_id, known)
    assert filled == len(before) - 1
    assert waiting(town.database) == 1


# ── The worker ───────────────────────────────────────────────────────────────────────────────────────


def at_work(town, tmp_path, monkeypatch, **more):  # noqa: F811
    settings = Settings.from_environment(
        {
            "DATABASE_URL": town.database.url, "SECRET_KEY": "x" * 40, "VAR_FOLDER": str(tmp_path / "var"),
            "SENTENCE_ENCODER": "bundled", **more,
        }
    )  # fmt: skip
    encoder = ContextEncoder()
    monkeypatch.setattr(worker, "load_e5", lambda threads: encoder)
    monkeypatch.setattr(worker, "e5_model_id", lambda: encoder.model_id)
    return Worker(settings, town.database), encoder


def test_the_worker_reads_what_waits_when_all_is_found_by_words(town, now, tmp_path, monkeypatch):  # noqa: F811
    at, encoder = at_work(town, tmp_path, monkeypatch)

    def change(session):
        need = need_of(session, town, "音楽")
        need.situation = "清掃で困っています。"
        findable.touch(session, need)

    town.change(change)
    assert not at._read_in_context(now)
    assert not encoder.read
    encode(town.database, now)
    while at._read_in_context(now):
        pass
    assert waiting(town.database) == 0
    assert encoder.read


def test_the_worker_reads_nothing_where_it_is_switched_off(town, now, tmp_path, monkeypatch):  # noqa: F811
    at, encoder = at_work(town, tmp_path, monkeypatch, SENTENCE_ENCODER="off")
    assert not at._read_in_context(now)
    assert not encoder.read


def test_a_missing_sentence_encoder_is_told_once(town, now, tmp_path, monkeypatch):  # noqa: F811
    at, _encoder = at_work(town, tmp_path, monkeypatch)
    told = []

    def missing(threads):
        raise ModelUnavailable("expected it, found none")

    monkeypatch.setattr(worker, "load_e5", missing)
    monkeypatch.setattr(worker.log, "error", lambda event, **_facts: told.append(event))
    assert not at._read_in_context(now)
    assert not at._read_in_context(now)
    assert told == ["model_unavailable"]
    assert fits(town)


# ── The bundled one ──────────────────────────────────────────────────────────────────────────────────


def test_the_vectors_of_the_demo_city_are_those_of_the_bundled_model():
    """A sample, read anew: the only test that loads it."""
    known = vectors.read(Path("seed_data"), e5_model_id())
    assert known, "expected vectors of the bundled model, found those of another: python -m seed_data.vectors"
    encoder, compared = load_e5(), 0
    for line in Path("seed_data/offers.jsonl").read_text(encoding="utf-8").splitlines():
        facts = json.loads(line)
        words = {key: facts.get(key) or "" for key in ("title", "description", "conditions")}
        said = findable.compared_text_of(Offer(**words))
        found = known.get(text.digest(said))
        if found is not None and compared < 3:
            compared += 1
            read = encoder.encode([said, *text.sentences(said)], "query")
            kept = (
                np.frombuffer(found[0] + found[1], np.float16).reshape(-1, read.shape[1]).astype(np.float32)
            )
            assert (read * kept).sum(axis=1).min() > 0.995
            assert read[0] @ middle_of(encoder.model_id, 384) > 0.0
    assert compared == 3


def test_pages_know_the_sentence_encoder_by_its_manifest_alone():
    assert e5_model_id().startswith("multilingual-e5-small-ja@")
    assert np.linalg.norm(middle_of(e5_model_id(), 384)) == pytest.approx(0.57, abs=0.02)
    assert not middle_of("another@1", 5).any()
    assert (E5_FOLDER / "middle.json").exists()


# ── Weights ──────────────────────────────────────────────────────────────────────────────────────────


def labelled(number, *, read):
    good = number % 3 == 0
    parts = {"meaning": 0.6 if good else 0.2 + number % 5 / 10, "words": 0.3}
    if read:
        parts |= {"contextual": 0.8 if good else 0.3, "maxsim": 0.5}
    return Labelled(f"c{number % 17}", f"n{number % 23}", f"q{number % 7}", parts, 3 if good else 0)


def test_pairs_that_were_not_read_have_weights_of_their_own():
    fitted = fitting.fit_weights([labelled(n, read=True) for n in range(200)], "made up", "m@1")
    assert fitted.parts.keys() >= CONTEXTUAL
    assert fitted.parts["contextual"].weight >= fitting.FLOORS["contextual"]
    assert fitted.by_words is not None
    assert not fitted.by_words.parts.keys() & CONTEXTUAL
    alone = fitting.fit_weights([labelled(n, read=False) for n in range(200)], "made up", "m@1")
    assert alone == fitted.by_words
    with pytest.raises(Refused):
        fitting.fit_weights([labelled(n, read=True) for n in range(20)], "made up", "m@1")


def test_every_signal_has_a_name_on_the_pages():
    assert set(case_text.PARTS) == set(fitting.PARTS) == set(shipped_weights().parts)
