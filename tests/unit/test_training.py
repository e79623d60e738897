"""The training material is whole, and training does what it says: partners come near, on any run the same."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from embeddings.bags import Counts, WordList
from embeddings.training import material, train
from embeddings.training.material import Scene, Side
from embeddings.wordtable import WordTable
from matcher.ground import vocabulary

WORDS = ["野菜", "食堂", "子供", "端末", "学習", "教室", "警備", "登校", "見守り", "海岸", "清掃", "船"]
SMALL = replace(
    train.Settings(),
    dimensions=4,
    epochs=40,
    batch=8,
    alike=1.1,
    rate=0.02,
    hold=0.0,
    seeds=(0, 1),
    drop=0.0,
    two_texts=0.0,
)


def scene(name, company, npo):
    return Scene(name, Side((company,), (), (company,)), Side((npo,), (), (npo,)))


SCENES = [
    scene("a", "野菜", "食堂"), scene("b", "端末", "学習"), scene("c", "警備", "登校"), scene("d", "船", "海岸"),
]  # fmt: skip


def table():
    vectors = np.random.default_rng(3).normal(size=(len(WORDS), 6)).astype(np.float32)
    words = WordList.of([(word, row) for row, word in enumerate(WORDS)])
    return WordTable(torch.from_numpy(vectors), words, Counts(0, {}), torch.zeros(1, 6))


def cosine(found, a, b):
    with torch.no_grad():
        vectors = found(found.preprocess([a, b]))["sentence_embedding"]
    return float(torch.nn.functional.cosine_similarity(vectors[:1], vectors[1:]))


def test_the_scenes_are_whole_and_use_known_codes():
    scenes = material.read_scenes()
    assert len(scenes) >= 188  # sixteen pairs each: at least three thousand
    assert len({one.name for one in scenes}) == len(scenes)
    for path in sorted(material.SCENES.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert set(row["fields"]) <= set(vocabulary.FIELDS), row["id"]
            assert row["support"] in vocabulary.SUPPORT_TYPES, row["id"]
    assert len(material.read_concepts()) >= 300


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"npo": ["一つだけ"]}, "expected 4 texts in npo"),
        ({"company_near": [""]}, "company_near"),
        ({}, "comes twice"),
    ],
)
def test_a_scene_that_lacks_something_is_named(tmp_path, change, complaint):
    row = json.loads((material.SCENES / "core.jsonl").read_text(encoding="utf-8").splitlines()[0]) | change
    line = json.dumps(row, ensure_ascii=False) + "\n"
    (tmp_path / "made.jsonl").write_text(line if change else line * 2, encoding="utf-8")
    with pytest.raises(ValueError, match=complaint):
        material.read_scenes(tmp_path)


def test_a_concept_group_needs_both_sides(tmp_path):
    path = tmp_path / "concepts.txt"
    path.write_text("# 説明\n野菜 果物 | 食堂\n野菜だけ\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3: expected words"):
        material.read_concepts(path)


def test_words_of_the_material_get_rows_of_their_own_with_the_same_vectors():
    shared = table()
    shared.words.rows[:] = 0  # all words share one row
    own = train.with_own_rows(shared, SCENES)
    assert len(own.table.weight) == len(WORDS) + 8
    used = {int(own.words.rows[own.words.place(word)]) for word in ("野菜", "食堂", "端末", "学習")}
    assert len(used) == 4
    assert int(own.words.rows[own.words.place("教室")]) == 0
    assert torch.equal(own.table.weight[-1], shared.table.weight[0])


def test_partners_come_near_and_others_do_not():
    before = table()
    after = train.train(train.with_own_rows(before, SCENES), SCENES, SMALL, tell=lambda _line: None)
    assert after.get_embedding_dimension() == 4
    for one in SCENES:
        ours, theirs = one.company.texts[0], one.npo.texts[0]
        others = [cosine(after, ours, other.npo.texts[0]) for other in SCENES if other is not one]
        assert cosine(after, ours, theirs) > max(others) + 0.1


def test_training_gives_the_same_numbers_again():
    runs = [
        train.train(
            train.with_own_rows(table(), SCENES), SCENES, replace(SMALL, epochs=5), tell=lambda _l: None
        )
        for _ in range(2)
    ]
    assert torch.equal(runs[0].table.weight, runs[1].table.weight)


def test_the_folded_table_does_what_table_and_map_did():
    """Common directions and the map are linear: folded into the vectors they give the same text vectors."""
    chance = torch.Generator().manual_seed(0)
    direction = torch.nn.functional.normalize(torch.randn(1, 6, generator=chance), dim=1)
    common = torch.cat([torch.randn(1, 6, generator=chance), direction])
    whole = WordTable(table().table.weight.detach(), table().words, Counts(0, {}), common)
    mapping = torch.randn(4, 6, generator=chance)
    vectors, mean = train._folded(whole, mapping)
    folded = WordTable(vectors, whole.words, whole.counts, mean)
    said = ["野菜 食堂", "端末 学習 教室", "船"]
    with torch.no_grad():
        expected = whole(whole.preprocess(said))["sentence_embedding"] @ mapping.T
        found = folded(folded.preprocess(said))["sentence_embedding"]
    assert torch.allclose(expected, found, atol=1e-5)
