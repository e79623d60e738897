"""Any folder of texts: read with clear complaints, ranked by the serving code, measured beside baselines."""

import json

import numpy as np
import pytest

from embeddings.encoder import WordsOnly, load_encoder
from matcher.ground import vocabulary
from matcher.ground.db import Database
from matcher.ground.errors import Invalid
from matcher.suggestions.judging import figures, folders, measures, rankers
from matcher.suggestions.ranking import CONTEXTUAL
from tests.factories import NOW

COMPANIES = {
    "c1": ("青果を卸す会社です。形の悪い野菜や余った果物を、必要な家庭へ届けたいと考えています。", "大阪府"),
    "c2": ("パソコンの賃貸と修理の会社です。返却された端末を整備して、学びの場へ譲ります。", "東京都"),
    "c3": ("警備と交通誘導の会社です。通学路に立つ社員の時間を提供できます。", ""),
}
NPOS = {
    "n1": ("夕方に子ども食堂を開いています。野菜や果物が足りず、献立が偏っています。", "大阪府"),
    "n2": ("塾に通えない中学生に勉強を教える教室です。貸し出すパソコンを探しています。", "東京都"),
    "n3": ("登下校の見守りを続けています。朝の交差点に立つ人が足りません。", ""),
    "n4": ("干潟の野鳥を数える会です。望遠鏡を探しています。", ""),
}


def write(folder, name, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def texts(tmp_path):
    """A folder in the published format."""
    for name, records in (("companies", COMPANIES), ("npos", NPOS)):
        rows = [{"id": k, "name": k, "text": t, "region": r} for k, (t, r) in records.items()]
        write(tmp_path, f"{name}.jsonl", rows)
    pairs = (("c1", "n1"), ("c2", "n2"), ("c3", "n3"))
    write(tmp_path, "partnerships.jsonl", [{"company_id": c, "npo_id": n} for c, n in pairs])
    candidates = [{"id": "n1", "grade": 3}, {"id": "n4", "grade": 0}, {"id": "n2", "grade": 1}]
    write(
        tmp_path,
        "judgments.jsonl",
        [
            {
                "query_id": "q1", "direction": "company_to_npo", "query_text": "余った野菜と果物をお渡しします。",
                "query_region": "大阪府", "candidates": candidates,
            }
        ],
    )  # fmt: skip
    return tmp_path


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture
def shipped(texts, tmp_path_factory, encoder):
    folder = folders.read(texts)
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('folder') / 'folder.sqlite3'}")
    yield rankers.Shipped(database, folder, encoder, NOW), folder
    database.dispose()


def test_the_serving_code_ranks_a_folder(shipped):
    ranker, folder = shipped
    reached, ranked = figures.figures("shipped", ranker, folder.queries)
    assert ranked["c1", "company_to_npo"][0] == "n1"
    assert ranked["n2", "npo_to_company"][0] == "c2"
    assert ranked["q1", "company_to_npo"][0] == "n1"
    assert sorted(ranked["q1", "company_to_npo"]) == ["n1", "n2", "n4"]
    assert reached.values["c→n MRR@10"] == {(c, "company_to_npo"): 1.0 for c in COMPANIES}
    assert reached.values["graded MRR@10"]["q1", "company_to_npo"] == 1.0
    assert not any("?" in key for ids in ranked.values() for key in ids)


def test_a_region_counts_as_the_area(shipped):
    ranker, folder = shipped
    query = next(q for q in folder.queries if q.id == "c1")
    fits = ranker.fits(query)
    assert fits["n1"].parts["area"] == 1.0
    assert fits["n2"].parts["area"] == 0.0
    assert "area" not in fits["n3"].parts
    assert set(fits["n1"].parts) == {"meaning", "words", "sentences", "area"}


@pytest.mark.parametrize("region", sorted(vocabulary.NO_PLACE))
def test_a_region_that_is_no_place_counts_for_nothing(texts, tmp_path_factory, region):
    """全国 stood for the whole city, which fits everybody, and 不明 for a place of that name."""
    for name, records in (("companies", COMPANIES), ("npos", NPOS)):
        write(
            texts,
            f"{name}.jsonl",
            [{"id": k, "name": k, "text": t, "region": region} for k, (t, _r) in records.items()],
        )
    folder = folders.read(texts)
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('nowhere') / 'folder.sqlite3'}")
    ranker = rankers.Shipped(database, folder, WordsOnly(), NOW)
    query = next(q for q in folder.queries if q.id == "c1")
    assert all("area" not in fit.parts for fit in ranker.fits(query).values())
    database.dispose()


class Initials:
    """A sentence encoder that knows a text by its first letter alone: of no use, but other than the table."""

    model_id = "initials@1"

    def encode(self, texts, kind):
        return np.eye(16, dtype=np.float32)[[ord(text[0]) % 16 for text in texts]]


def test_what_a_sentence_encoder_adds_can_be_left_out_again(shipped, texts, tmp_path_factory, encoder):
    plain, folder = shipped
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('read') / 'folder.sqlite3'}")
    read = rankers.Shipped(database, folder, encoder, NOW, sentence_encoder=Initials())
    for query in folder.queries:
        assert all(fit.parts.keys() >= CONTEXTUAL for fit in read.fits(query).values())
        assert read.without(*CONTEXTUAL)(query) == plain(query)
    scores = {q.id: {key: fit.score for key, fit in read.fits(q).items()} for q in folder.queries}
    assert scores != {q.id: {key: fit.score for key, fit in plain.fits(q).items()} for q in folder.queries}
    database.dispose()


def test_baselines_run_on_the_same_texts(texts, encoder):
    folder = folders.read(texts)
    simple = rankers.Baselines(folder)
    compared = simple.rankers() | simple.with_vectors("vectors", encoder.encode)
    found = {name: figures.figures(name, ranker, folder.queries)[0] for name, ranker in compared.items()}
    assert set(found) == {
        "random", "text length", "character-bigram TF-IDF", "Sudachi-word TF-IDF", "Sudachi-word BM25",
        "vectors", "vectors + words",
    }  # fmt: skip
    assert found["character-bigram TF-IDF"].values["c→n MRR@10"]["c1", "company_to_npo"] == 1.0
    mean, low, high = figures.over_all_tasks(found["vectors"], found["random"])
    assert low <= mean <= high


def test_a_folder_without_partnerships_lets_everybody_ask(texts):
    (texts / "partnerships.jsonl").unlink()
    (texts / "judgments.jsonl").unlink()
    folder = folders.read(texts)
    assert {query.id for query in folder.queries} == COMPANIES.keys() | NPOS.keys()
    assert not any(query.grades for query in folder.queries)


@pytest.mark.parametrize(
    ("name", "line", "complaint"),
    [
        ("companies.jsonl", "{", "companies.jsonl, line 4"),
        ("npos.jsonl", '{"id": "n9"}', "npos.jsonl, line 5: text missing"),
        ("npos.jsonl", '{"id": "c1", "text": "同じ番号"}', "ids that companies.jsonl has too"),
        ("partnerships.jsonl", '{"company_id": "c1"}', "partnerships.jsonl, line 4: npo_id missing"),
        (
            "judgments.jsonl",
            '{"query_id": "q", "direction": "sideways", "query_text": "", "candidates": []}',
            "row 2: direction 'sideways'",
        ),
        ("companies.jsonl", "[1]", "companies.jsonl, line 4"),
    ],
)
def test_what_cannot_be_read_is_named(texts, name, line, complaint):
    with (texts / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(Invalid) as caught:
        folders.read(texts)
    assert complaint in caught.value.facts["file"]


def test_half_a_surrogate_pair_is_left_out(texts):
    with (texts / "companies.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "c9", "text": "子ども\\ud83d食堂"}\n')
    assert folders.read(texts).companies["c9"].text == "子ども食堂"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(Invalid) as caught:
        folders.read(tmp_path)
    assert "companies.jsonl" in caught.value.facts["file"]


def test_measures_are_what_their_definitions_say():
    queries = (
        folders.Query("a", "company_to_npo", "", "", {"x": 3, "y": 3}),
        folders.Query("b", "npo_to_company", "", "", {"x": 3}),
        folders.Query("c", "company_to_npo", "", "", {"x": 2, "y": 1, "z": 0}, ("x", "y", "z")),
    )
    order = {"a": ["n", "x", *"bcdefghijk", "y"], "b": ["x"], "c": ["y", "x", "z"]}
    reached, _ranked = figures.figures("fixed", lambda query: order[query.id], queries)
    assert reached.values["c→n MRR@10"] == {("a", "company_to_npo"): 0.5}
    assert reached.values["Recall@10"] == {("a", "company_to_npo"): 0.5, ("b", "npo_to_company"): 1.0}
    assert reached.values["hit@1"] == {("a", "company_to_npo"): 0.0, ("b", "npo_to_company"): 1.0}
    assert reached.values["graded MRR@10"] == {("c", "company_to_npo"): 0.5}
    assert reached.values["graded nDCG@10"]["c", "company_to_npo"] == pytest.approx(measures.ndcg([1, 2, 0]))
