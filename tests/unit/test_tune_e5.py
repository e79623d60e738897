"""How the sentence encoder is tuned, on a small stand-in, and that what is bundled was learned of the material."""

import json
from dataclasses import asdict, replace

import pytest

from embeddings.encoder import E5_FOLDER, E5_TUNED, load_e5, write_manifest
from embeddings.training.material import ASIDE_PAIRS, Pair, read_pairs
from embeddings.training.tune_e5 import Settings, Tuning, pairs_sha256

LETTERS = "机米車宿歌花川山森海空星雪月火木"
SMALL = Settings(upper=1, rank=4, epochs=80, batch=8, rate=2e-2, longest=16)


@pytest.fixture
def folder(tmp_path):
    """A transformer of two layers, with the modules of the bundled one."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", ":", "要", "近", *LETTERS]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    import torch

    torch.manual_seed(0)
    BertModel(config).save_pretrained(tmp_path / "bert")
    BertTokenizerFast(vocab=str(tmp_path / "vocab.txt")).save_pretrained(tmp_path / "bert")
    made = tmp_path / "e5"
    modules = [Transformer(str(tmp_path / "bert")), Pooling(16), Normalize()]
    SentenceTransformer(modules=modules).save(str(made))
    write_manifest(made)
    return made


def pairs():
    """A letter answers the next one; the same letter only sounds like it."""
    following = LETTERS[1:] + LETTERS[0]
    return [Pair(a, f"要{b}", f"近{b}", f"要{a}", "hand") for a, b in zip(LETTERS, following, strict=True)]


def test_what_answers_comes_nearer_than_what_only_sounds_alike(folder):
    tuning = Tuning(folder, SMALL, pairs())
    before, losses = tuning.measure(pairs()), []
    tuning.run(pairs(), lambda _epoch, loss, _tuning: losses.append(loss))
    after = tuning.measure(pairs())
    assert losses[-1] < losses[0]
    assert all(after[way] > before[way] + 0.2 for way in ("give to want", "want to give"))
    assert tuning.measure([]) == {}


def test_two_runs_learn_the_same(folder):
    learned = []
    for _run in range(2):
        tuning = Tuning(folder, replace(SMALL, epochs=2), pairs())
        tuning.run(pairs(), lambda *_told: None)
        tuning.write(folder)
        learned.append((folder / E5_TUNED).read_bytes())
    assert learned[0] == learned[1]


def test_the_loaded_model_reads_as_the_tuned_one_and_has_another_id(folder):
    plain = load_e5(folder=folder)
    tuning = Tuning(folder, SMALL, pairs())
    tuning.run(pairs(), lambda *_told: None)
    tuning.write(folder)
    tuned = load_e5(folder=folder)
    texts = [pair.want for pair in pairs()]
    for layer in tuning._upper:
        layer.eval()
    wanted = tuning._vectors(texts).detach().numpy()
    near, far = ((model.encode(texts, "query") * wanted).sum(axis=1) for model in (tuned, plain))
    assert near.min() > 0.999  # what was learned is kept as bytes
    assert far.max() < 0.99
    assert tuned.model_id != plain.model_id


def test_the_bundled_tuning_was_learned_of_the_material_as_it_is():
    from safetensors import safe_open

    with safe_open(E5_FOLDER / E5_TUNED, "numpy") as file:
        told = json.loads(file.metadata()["learned"])
        matrices = {name.rpartition(".")[0] for name in file.keys()}  # noqa: SIM118 - not a mapping
    assert told["pairs"] == pairs_sha256()
    assert told["settings"] == asdict(Settings())
    assert {name.split(".")[2] for name in matrices} == {str(layer) for layer in range(6, 12)}


def test_the_material_is_whole_and_nobody_repeats_another():
    assert len({pair.hand for pair in read_pairs()}) == 10
    read = read_pairs() + read_pairs(ASIDE_PAIRS)
    for side in ("give", "want"):
        said = [getattr(pair, side) for pair in read]
        assert len(set(said)) == len(said)


def test_nothing_that_is_measured_on_is_among_the_material():
    measured = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in (E5_FOLDER.parent.parent / "seed_data", E5_FOLDER.parent / "training" / "heldout")
        for path in folder.glob("*.jsonl")
    )
    said = [text for pair in read_pairs() + read_pairs(ASIDE_PAIRS) for text in (pair.give, pair.want)]
    assert [text for text in said if len(text) > 12 and text in measured] == []


@pytest.mark.parametrize("line", ["a\tb\tc\td", "a\tb\t \td\tfood", "a\tb\tc\td\te\tf"])
def test_an_incomplete_line_is_named(tmp_path, line):
    (tmp_path / "hand.tsv").write_text(f"a\tb\tc\td\tfood\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"hand\.tsv, line 2"):
        read_pairs(tmp_path)
