"""Vector search gives known neighbours; a snapshot is trusted only byte for byte."""

import random
import subprocess
import sys
import threading

import numpy as np
import pytest

from embeddings.index import IndexDamaged, VectorIndex


@pytest.fixture
def index():
    result = VectorIndex(4)
    vectors = np.eye(4, dtype=np.float32)
    result.upsert(np.array([10, 20, 30, 40]), vectors)
    return result


def unit(*values):
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def test_the_nearest_come_first_with_their_cosines(index):
    ids, scores = index.search(unit(3, 4, 0, 0), 2)
    assert ids.tolist() == [20, 10]
    assert scores.tolist() == pytest.approx([0.8, 0.6])


def test_ties_are_ordered_by_id(index):
    assert index.search(unit(1, 1, 1, 1), 4)[0].tolist() == [10, 20, 30, 40]


def test_only_the_allowed_are_found_and_as_many_as_there_are(index):
    ids, _scores = index.search(unit(1, 0, 0, 0), 3, np.array([30, 40, 20]))
    assert ids.tolist() == [20, 30, 40]
    assert index.search(unit(1, 0, 0, 0), 3, np.array([], dtype=np.int64))[0].tolist() == []


def test_an_upsert_replaces_and_a_removal_forgets(index):
    index.upsert(np.array([10]), unit(0, 0, 0, 1)[None, :])
    index.remove(np.array([40, 99]))
    assert len(index) == 3
    assert sorted(index.ids().tolist()) == [10, 20, 30]
    assert index.search(unit(0, 0, 0, 1), 1)[0].tolist() == [10]
    with pytest.raises(KeyError):
        index.vectors(np.array([40]))


def test_wrong_shapes_are_refused_with_what_was_found(index):
    with pytest.raises(ValueError, match=r"expected vectors \(1, 4\), found \(1, 3\)"):
        index.upsert(np.array([1]), np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match="expected a vector of 4, found 3"):
        index.search(np.zeros(3, np.float32), 1)


def test_equal_vectors_are_ordered_by_id_also_where_the_list_is_cut():
    index = VectorIndex(4)
    ids = list(range(100))
    random.Random(3).shuffle(ids)
    for number in ids:
        index.upsert(np.array([number]), unit(1, 0, 0, 0)[None, :])
    index.upsert(np.array([200]), unit(1, 1, 0, 0)[None, :])
    assert index.search(unit(1, 0, 0, 0), 5)[0].tolist() == [0, 1, 2, 3, 4]
    among = np.array([200, 90, 7, 40, 41])
    assert index.search(unit(1, 0, 0, 0), 2, among)[0].tolist() == [7, 40]
    assert index.search(unit(1, 1, 0, 0), 2, among)[0].tolist() == [200, 7]


@pytest.mark.parametrize("k", [1, 7, 50, 500])
@pytest.mark.parametrize("share", [0.01, 0.2, 1.0])
def test_search_equals_sorting_all_cosines(k, share):
    random_numbers = np.random.default_rng(5)
    vectors = random_numbers.normal(size=(400, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = VectorIndex(16)
    index.upsert(np.arange(400), vectors)
    allowed = np.flatnonzero(random_numbers.random(400) <= share)
    query = vectors[0]
    ids, scores = index.search(query, k, allowed)
    assert len(ids) == min(k, len(allowed))
    expected = sorted(allowed.tolist(), key=lambda number: (-float(vectors[number] @ query), number))[:k]
    assert ids.tolist() == expected
    assert scores.tolist() == pytest.approx([float(vectors[number] @ query) for number in expected], abs=1e-5)


def test_an_id_given_twice_keeps_its_last_vector():
    index = VectorIndex(4)
    index.upsert(np.array([1, 2, 1]), np.eye(4, dtype=np.float32)[:3])
    assert len(index) == 2
    assert index.vectors(np.array([1]))[0].tolist() == [0, 0, 1, 0]
    assert index.vectors(np.array([], dtype=np.int64)).shape == (0, 4)


def test_numbers_that_are_none_are_refused(index):
    with pytest.raises(ValueError, match="expected finite numbers"):
        index.upsert(np.array([1]), np.full((1, 4), np.nan, np.float32))
    with pytest.raises(ValueError, match="expected finite numbers"):
        index.search(np.array([np.inf, 0, 0, 0], np.float32), 1)


def test_an_empty_index_finds_nothing():
    assert VectorIndex(4).search(unit(1, 0, 0, 0), 5)[0].tolist() == []


def test_a_snapshot_comes_back_as_it_was(index, tmp_path):
    index.save(tmp_path, 7, "model@1")
    loaded, version = VectorIndex.load(tmp_path, "model@1")
    assert version == 7
    assert loaded.vectors(np.array([20, 10])).tolist() == index.vectors(np.array([20, 10])).tolist()


def test_another_models_snapshot_is_refused(index, tmp_path):
    index.save(tmp_path, 7, "model@1")
    with pytest.raises(IndexDamaged, match="expected model model@2"):
        VectorIndex.load(tmp_path, "model@2")


@pytest.mark.parametrize("seed", range(90))
def test_any_damage_to_any_file_is_noticed(index, tmp_path, seed):
    index.save(tmp_path, 7, "model@1")
    chance = random.Random(seed)
    path = chance.choice(sorted(tmp_path.iterdir()))
    data = bytearray(path.read_bytes())
    damage = chance.choice(["flip", "cut", "empty", "missing", "swap"])
    if damage == "flip":
        place = chance.randrange(len(data))
        data[place] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
    elif damage == "cut":
        path.write_bytes(data[: chance.randrange(1, len(data))])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "missing":
        path.unlink()
    else:
        other = VectorIndex(4)
        other.upsert(np.array([10, 20, 30, 40]), np.eye(4, dtype=np.float32)[::-1].copy())
        other.save(tmp_path / "other", 7, "model@1")
        (codes,) = tmp_path.glob("codes-*.bin")
        codes.write_bytes(next((tmp_path / "other").glob("codes-*.bin")).read_bytes())
    with pytest.raises(IndexDamaged):
        VectorIndex.load(tmp_path, "model@1")


def test_every_single_bit_of_the_manifest_counts(index, tmp_path):
    index.save(tmp_path, 17, "model@1")
    path = tmp_path / "manifest.json"
    written = path.read_bytes()
    for place in range(len(written)):
        for bit in (1, 8):
            changed = bytearray(written)
            changed[place] ^= bit
            path.write_bytes(changed)
            with pytest.raises(IndexDamaged):
                VectorIndex.load(tmp_path, "model@1")
    path.write_bytes(written)
    assert VectorIndex.load(tmp_path, "model@1")[1] == 17


WRITER = """
import sys
import numpy as np
from pathlib import Path
from embeddings.index import VectorIndex
index = VectorIndex(64)
print("ready", flush=True)
for version in range(1, 100_000):
    index.upsert(np.array([version % 500]), np.full((1, 64), version, np.float32))
    index.save(Path(sys.argv[1]), version, "model@1")
"""


def test_a_writer_killed_at_any_moment_leaves_a_good_snapshot(tmp_path):
    chance, good = random.Random(0), 0
    for _round in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
        ) as writer:
            writer.stdout.readline()
            # Not a wait for something: the moment of the kill is what is drawn.
            writer_lives = threading.Event()
            writer_lives.wait(chance.uniform(0.01, 0.15))
            writer.kill()
        if not (tmp_path / "manifest.json").exists():  # killed before it had written one
            continue
        loaded, version = VectorIndex.load(tmp_path, "model@1")
        good += 1
        assert loaded.vectors(np.array([version % 500]))[0].tolist() == [float(version)] * 64
        assert len(loaded) == min(version, 500)
    assert good >= 1


def test_searches_and_upserts_from_many_threads_do_not_disturb_each_other():
    index, errors = VectorIndex(8), []
    vectors = np.eye(8, dtype=np.float32)

    def write(start):
        for number in range(200):
            index.upsert(np.array([start + number % 20]), vectors[number % 8][None, :])
            index.remove(np.array([start + (number + 7) % 20]))

    def read():
        try:
            for number in range(200):
                index.search(vectors[number % 8], 5)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100)]
    threads += [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize("seed", range(12))
def test_any_history_of_changes_finds_what_sorting_finds_in_bytes_too(seed):
    """With the vectors compared again, an index of bytes finds what an exact one finds."""
    chance = np.random.default_rng(seed)
    exact, coded, held = VectorIndex(32), VectorIndex(32, exact_up_to=20), {}
    for step in range(400):
        number = int(chance.integers(0, 90))
        if chance.random() < 0.3:
            for index in (exact, coded):
                index.remove(np.array([number]))
            held.pop(number, None)
        else:
            vector = chance.normal(size=32).astype(np.float32)
            held[number] = vector / np.linalg.norm(vector)
            for index in (exact, coded):
                index.upsert(np.array([number]), held[number][None, :])
        assert len(exact) == len(coded) == len(held)
        if step % 23 == 0 and held:
            query = chance.normal(size=32).astype(np.float32)
            query /= np.linalg.norm(query)
            among = np.array(sorted(held))[:: 1 + step % 2]
            again = lambda ids: np.stack([held[int(number)] for number in ids])  # noqa: E731
            wanted, cosines = exact.search(query, 10, among)
            found, scores = coded.search(query, 10, among, exact=again)
            assert found.tolist() == wanted.tolist()
            assert scores.tolist() == pytest.approx(cosines.tolist(), abs=1e-6)
    assert not coded.is_exact
    assert sorted(coded.ids().tolist()) == sorted(held)
    everyone = np.array(sorted(held))
    assert np.abs(coded.vectors(everyone) - exact.vectors(everyone)).max() < 0.51 / 254 + 0.5


def test_an_index_of_bytes_comes_back_from_its_snapshot(tmp_path):
    chance = np.random.default_rng(0)
    vectors = chance.normal(size=(300, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = VectorIndex(16, exact_up_to=100)
    index.upsert(np.arange(300), vectors)
    index.remove(np.arange(0, 300, 7))
    index.save(tmp_path, 5, "model@1")
    loaded, version = VectorIndex.load(tmp_path, "model@1")
    assert (version, loaded.is_exact, len(loaded)) == (5, False, len(index))
    assert loaded.search(vectors[1], 20)[0].tolist() == index.search(vectors[1], 20)[0].tolist()
    loaded.upsert(np.array([0]), vectors[:1])
    assert loaded.search(vectors[0], 1)[0].tolist() == [0]


@pytest.mark.parametrize("exact_up_to", [1000, 0])
def test_the_mean_follows_every_change(exact_up_to, tmp_path):
    chance = np.random.default_rng(1)
    index, held = VectorIndex(16, exact_up_to), {}
    for _ in range(300):
        number = int(chance.integers(0, 40))
        if chance.random() < 0.3:
            index.remove(np.array([number]))
            held.pop(number, None)
        else:
            vector = chance.normal(size=16).astype(np.float32)
            held[number] = vector / np.linalg.norm(vector) / 2
            index.upsert(np.array([number]), held[number][None, :])
    expected = np.sum(list(held.values()), axis=0) / (len(held) + 5)
    assert np.allclose(index.mean(5), expected, atol=2e-3)
    index.save(tmp_path, 1, "model@1")
    assert np.allclose(
        VectorIndex.load(tmp_path, "model@1", exact_up_to)[0].mean(5), index.mean(5), atol=1e-6
    )
    assert not VectorIndex(16).mean(5).any()
