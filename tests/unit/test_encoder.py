"""The one door to models: the bundled one, any other folder, and what is refused."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from embeddings import encoder
from embeddings.encoder import ModelUnavailable, bundled_model_id, load_encoder, model_id_for, prompts_for


@pytest.fixture(scope="module")
def bundled():
    return load_encoder()


def test_the_model_id_is_known_without_loading_a_model_library():
    script = (
        "import sys; from embeddings.encoder import bundled_model_id; print(bundled_model_id()); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'faiss', 'sentence_transformers')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == bundled_model_id()
    assert bundled_model_id().startswith("enmusubi-words@")


def test_vectors_have_length_one_and_texts_without_words_are_zero(bundled):
    vectors = bundled.encode(["子ども食堂", "", "😀"])
    assert vectors.shape == (3, bundled.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1.0, 0.0, 0.0], abs=1e-5)


def test_what_means_the_same_in_other_words_is_nearer_than_what_does_not(bundled):
    cleaning, beach, kittens = bundled.encode(
        ["海岸の清掃に人手がほしい", "社員でビーチクリーンに参加したい", "子猫の里親を探しています"]
    )
    assert cleaning @ beach > cleaning @ kittens + 0.2


def test_encoding_is_the_same_alone_and_in_company(bundled):
    together = bundled.encode(["野菜を届けます", "会計を手伝います"])
    assert np.allclose(together[1], bundled.encode(["会計を手伝います"])[0], atol=1e-6)


def test_repeating_a_text_does_not_move_its_vector_far(bundled):
    once, stuffed = bundled.encode(["食材を子ども食堂に届けます。", "食材を子ども食堂に届けます。" * 100])
    assert once @ stuffed > 0.99


def test_any_other_folder_goes_through_the_same_door(bundled, tmp_path):
    shutil.copytree(encoder.MODEL_FOLDER, tmp_path / "town-model")
    other = load_encoder(str(tmp_path / "town-model"))
    assert other.model_id.startswith("town-model@")
    assert np.allclose(other.encode(["福祉"]), bundled.encode(["福祉"]), atol=1e-6)


def test_a_transformer_made_and_saved_here_is_read(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n福\n祉\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab=str(tmp_path / "vocab.txt"))
    config = BertConfig(
        vocab_size=7, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    parts = Transformer(str(tmp_path / "bert"))
    SentenceTransformer(modules=[parts, Pooling(16)]).save(str(tmp_path / "small"))
    small = load_encoder(str(tmp_path / "small"))
    assert small.dimensions == 16
    assert np.linalg.norm(small.encode(["福祉"])[0]) == pytest.approx(1.0, abs=1e-5)


@pytest.fixture
def altered(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    shutil.copytree(encoder.MODEL_FOLDER, folder)
    monkeypatch.setattr(encoder, "MODEL_FOLDER", folder)
    encoder._manifest.cache_clear()
    yield folder
    encoder._manifest.cache_clear()


@pytest.mark.parametrize("damage", ["flip", "missing", "no manifest"])
def test_a_bundled_model_that_was_altered_is_refused(altered, damage):
    weights = altered / "model.safetensors"
    if damage == "flip":
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)
    elif damage == "missing":
        weights.unlink()
    else:
        (altered / "manifest.json").unlink()
    with pytest.raises(ModelUnavailable):
        load_encoder()


def test_a_folder_that_brings_code_or_pickles_is_refused(tmp_path):
    folder = tmp_path / "theirs"
    shutil.copytree(encoder.MODEL_FOLDER, folder)
    (folder / "evil.py").write_text("raise SystemExit('ran')", encoding="utf-8")
    with pytest.raises(ModelUnavailable):
        load_encoder(str(folder))
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(ModelUnavailable, match="expected safetensors"):
        model_id_for(str(tmp_path / "pickled"))


def test_a_class_that_is_not_ours_is_not_trusted(tmp_path):
    folder = tmp_path / "foreign"
    shutil.copytree(encoder.MODEL_FOLDER, folder)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "os.path"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelUnavailable):
        load_encoder(str(folder))


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("intfloat/multilingual-e5-small", ("query: ", "passage: ")),
        ("cl-nagoya/ruri-v3-30m", ("検索クエリ: ", "検索文書: ")),
        ("cl-nagoya/ruri-small-v2", ("クエリ: ", "文章: ")),
        ("pkshatech/GLuCoSE-base-ja-v2", ("query: ", "passage: ")),
        (None, ("", "")),
    ],
)
def test_families_get_the_prompts_their_cards_ask_for(name, prompts):
    assert prompts_for(name) == prompts
