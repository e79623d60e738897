"""Vector search gives known neighbours; a snapshot is trusted only byte for byte."""

import random
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


@pytest.mark.parametrize("seed", range(60))
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
        path.write_bytes(data[: chance.randrange(len(data))])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "missing":
        path.unlink()
    else:
        other = VectorIndex(4)
        other.upsert(np.array([10, 20, 30, 40]), np.eye(4, dtype=np.float32)[::-1].copy())
        other.save(tmp_path / "other", 7, "model@1")
        (tmp_path / "vectors.faiss").write_bytes((tmp_path / "other" / "vectors.faiss").read_bytes())
    try:
        loaded, version = VectorIndex.load(tmp_path, "model@1")
    except IndexDamaged:
        return
    # A flipped bit in white space of the manifest changes nothing that is read.
    assert version == 7
    assert loaded.vectors(np.array([10, 40])).tolist() == index.vectors(np.array([10, 40])).tolist()


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
