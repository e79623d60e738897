"""Which process does which piece of the worker's work: one at a time, taken over within a minute."""

import threading
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select, update

from matcher import clock as clockwork
from matcher.jobs import leases
from matcher.jobs import seen as queries_worker
from matcher.records import Embedding, Need
from matcher.register import findable
from matcher.suggestions import encoding
from tests import factories
from tests.conftest import NOW
from webapp import Settings
from webapp.worker import PIECE_NAMES, Piece, Worker

SECOND = timedelta(seconds=1)


def take(session, holder, now, *pieces, seen=None):
    return leases.take(session, holder, dict.fromkeys(pieces or ("mail",), seen), now)


def test_one_holder_at_a_time(session):
    assert take(session, "a", NOW) == {"mail"}
    assert take(session, "b", NOW + 5 * SECOND) == set()
    assert take(session, "b", NOW + 5 * SECOND, "mail", "clock") == {"clock"}


def test_a_holder_renews_and_another_takes_over_when_it_fell_silent(session):
    take(session, "a", NOW)
    assert take(session, "a", NOW + 15 * SECOND) == {"mail"}
    assert take(session, "b", NOW + 30 * SECOND) == set()
    assert take(session, "b", NOW + 15 * SECOND + leases.LEASE) == {"mail"}
    assert take(session, "a", NOW + 40 * SECOND) == set()


def test_what_a_killed_process_held_is_taken_within_a_minute():
    # Half of it is left for a new process to start, and for the model to load.
    assert timedelta(seconds=30) > leases.LEASE + leases.RENEWAL
    assert leases.LEASE >= 2 * leases.RENEWAL  # one renewal may fail


def test_what_is_given_back_is_free_at_once(session):
    take(session, "a", NOW)
    leases.give_back(session, "b", {"mail": None}, NOW)
    assert take(session, "b", NOW) == set()
    leases.give_back(session, "a", {"mail": None}, NOW)
    assert take(session, "b", NOW) == {"mail"}


def test_asking_first_tells_whether_there_is_anything_to_write(session):
    assert leases.may_take(session, "b", ["mail"], NOW)
    take(session, "a", NOW)
    session.flush()
    assert leases.may_take(session, "a", ["mail"], NOW)
    assert not leases.may_take(session, "b", ["mail"], NOW)
    assert leases.may_take(session, "b", ["mail"], NOW + leases.LEASE)


def test_a_piece_is_silent_when_no_round_was_finished_for_minutes(session):
    def silent(now):
        session.flush()
        return [one.piece for one in leases.sightings(session, ("mail", "clock"), now) if one.is_silent]

    assert silent(NOW) == ["mail", "clock"]
    take(session, "a", NOW, "mail", "clock")
    assert silent(NOW + leases.SILENCE) == []
    later = NOW + leases.SILENCE + SECOND
    # It renews its lease, but its round never ends: a thread that hangs is as good as none.
    take(session, "a", later, "clock", seen=NOW)
    take(session, "a", later, "mail", seen=later)
    assert silent(later) == ["clock"]
    first, _second = leases.sightings(session, ("mail", "clock"), later)
    assert (first.holder, first.seen_at) == ("a", later)
    assert leases.sightings(session, ("mail",), later + leases.LEASE)[0].holder == ""


def test_the_clock_is_the_databases(database):
    with database.read() as session:
        assert leases.database_time(session).utcoffset() == timedelta(0)


# ── Workers ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def settings(tmp_path, database):
    return Settings.from_environment(
        {
            "DATABASE_URL": database.url,
            "SECRET_KEY": "x" * 40,
            "VAR_FOLDER": str(tmp_path / "var"),
            "SENTENCE_ENCODER": "off",
        }
    )


class Work:
    """Pieces that note who did them; ``go`` lets a round end."""

    def __init__(self, *names):
        self.done, self.began = [], threading.Event()
        self.go = threading.Event()
        self.pieces = tuple(Piece(name, self._note(name), pause_seconds=0.01) for name in names)

    def _note(self, name):
        def work(worker, _now):
            self.began.set()
            self.go.wait(60)
            self.done.append((name, worker.holder))
            return False

        return work


def wait_until(condition):
    assert any(condition() or threading.Event().wait(0.02) for _ in range(3000))


def test_two_workers_never_do_the_same_piece(settings, database):
    work = Work("mail")
    work.go.set()
    first, second = (Worker(settings, database, work.pieces) for _ in range(2))
    first.start()
    wait_until(lambda: work.done)
    second.start()
    wait_until(lambda: len(work.done) > 20)
    assert {holder for _name, holder in work.done} == {first.holder}
    first.stop()
    given = len(work.done)
    second._take(["mail"])  # as its keeper does every few seconds
    wait_until(lambda: len(work.done) > given + 5)
    second.stop()
    assert {holder for _name, holder in work.done[given:]} == {second.holder}


def test_a_piece_that_hangs_does_not_stop_the_others_and_one_that_fails_neither(settings, database):
    work = Work("clock")
    work.go.set()
    hanging = Work("encode")

    def fail(_worker, _now):
        raise OSError("no")

    pieces = (*hanging.pieces, Piece("mail", fail, 0.01), *work.pieces)
    worker = Worker(settings, database, pieces)
    worker.start()
    assert hanging.began.wait(60)
    wait_until(lambda: len(work.done) > 5)
    assert hanging.done == []
    hanging.go.set()
    worker.stop()
    assert hanging.done == [("encode", worker.holder)]


def test_once_does_each_piece_in_order_and_leaves_what_another_holds(settings, database):
    work = Work("encode", "mail", "clock")
    work.go.set()
    worker = Worker(settings, database, work.pieces)
    with database.write() as session:
        take(session, "another", leases.database_time(session), "mail")
    assert not worker.once(NOW)
    assert [name for name, _holder in work.done] == ["encode", "clock"]
    assert not Worker(settings, database, work.pieces).once(NOW)  # given back: a second one may go on
    assert len(work.done) == 4


def test_a_round_without_end_loses_its_lease(settings, database, monkeypatch):
    monkeypatch.setattr("webapp.worker.STUCK_SECONDS", 0.0)
    work = Work("encode")
    worker = Worker(settings, database, work.pieces)
    worker.start()
    assert work.began.wait(60)
    assert worker._is_stuck("encode")
    work.go.set()
    worker.stop()


def test_a_piece_whose_rounds_all_fail_is_not_seen_at_work(settings, database):
    tried = []

    def fail(_worker, _now):
        tried.append(1)
        raise OSError("no")

    worker = Worker(settings, database, [Piece("mail", fail, 0.01)])
    with database.write() as session:
        take(session, "before", leases.database_time(session) - leases.SILENCE - SECOND)
    worker.start()
    wait_until(lambda: len(tried) > 3)
    worker.stop()
    with database.read() as session:
        (seen,) = leases.sightings(session, ["mail"], leases.database_time(session))
    assert seen.is_silent


def test_a_part_of_the_clock_that_fails_fails_its_round_after_the_others(settings, database, monkeypatch):
    done = []

    def broken(_session, _now):
        raise ValueError("one record")

    monkeypatch.setattr(clockwork, "_PIECES", (broken, lambda _session, _now: done.append(1) or 0))
    worker = Worker(settings, database)
    with pytest.raises(RuntimeError, match="broken"):
        worker._tick(NOW)
    assert done == [1]


class Tired:
    """An encoder that fails at more than a few texts at once."""

    model_id = "tired@1"

    def encode(self, texts, kind):
        if len(texts) > 4:
            raise MemoryError("too much at once")
        return np.array([[1.0, 0.0]] * len(texts), np.float32)


def test_a_batch_that_fails_is_told_though_each_of_its_texts_can_be_encoded(database):
    with database.write() as session:
        npo = factories.make_npo(session)
        for title in ("お米", "野菜"):
            factories.make_need(session, npo, title=title)
    encoding.add_missing_rows(database, "tired@1")
    failed = []
    encoding.encode_waiting(
        database, Tired(), NOW, on_failure=lambda row_id, error: failed.append((row_id, str(error)))
    )
    assert failed == [(None, "too much at once")]


def test_only_what_the_worker_will_encode_counts_as_waiting(settings, database):
    def waiting():
        with database.read() as session:
            ((_piece, found),) = queries_worker.state(session, ["encode"]).pieces
        return found.count

    def work(encoder):
        return worker._encode_with(encoder.model_id, lambda: encoder, NOW)

    with database.write() as session:
        npo = factories.make_npo(session)
        need = factories.make_need(session, npo, title="お米")
    worker = Worker(settings, database)
    assert waiting() == 0
    old, new = Choosy(), Choosy()
    old.model_id = "old@1"
    while work(old):
        pass
    assert waiting() == 0
    encoding.work_on(database, new.model_id)
    encoding.add_missing_rows(database, new.model_id)
    assert waiting() == 2  # the group and its need, while the old vectors serve
    while work(new):
        pass
    with database.write() as session:
        need = session.get(Need, need.id)
        need.title = "野菜"
        findable.touch(session, need)
    assert waiting() == 1
    while work(new):
        pass
    assert waiting() == 0


class Choosy:
    """An encoder that cannot read one text."""

    model_id = "choosy@1"

    def encode(self, texts, kind):
        if any("毒" in text for text in texts):
            raise ValueError("unreadable")
        return np.array([[1.0, 0.0] if text else [0.0, 0.0] for text in texts], np.float32)


def test_a_text_that_cannot_be_encoded_does_not_stop_the_others(database):
    with database.write() as session:
        npo = factories.make_npo(session)
        needs = [factories.make_need(session, npo, title=title) for title in ("毒", "お米")]
    encoding.add_missing_rows(database, "choosy@1")
    failed = []
    encoding.encode_waiting(database, Choosy(), NOW, on_failure=lambda row_id, _error: failed.append(row_id))
    with database.read() as session:
        assert findable.waiting_count(session, "choosy@1") == 0
        query = select(Embedding).where(Embedding.owner_type == "need").order_by(Embedding.owner_id)
        rows = {row.owner_id: row for row in session.scalars(query)}
    assert failed == [None, rows[needs[0].id].id]
    assert np.frombuffer(rows[needs[0].id].vector, np.float32).tolist() == [0.0, 0.0]
    assert np.frombuffer(rows[needs[1].id].vector, np.float32).tolist() == [1.0, 0.0]
    with database.write() as session:
        session.execute(update(Embedding).values(vector=None))
    with pytest.raises(ValueError, match="unreadable"):
        encoding.encode_waiting(database, Choosy(), NOW)


def test_every_piece_has_a_name_that_fits_the_table():
    assert len(set(PIECE_NAMES)) == len(PIECE_NAMES)
    assert all(len(name) <= 20 for name in PIECE_NAMES)
