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


def test_the_bundled_model_is_small_complete_and_told_about():
    files = [path for path in encoder.MODEL_FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40_000_000
    recorded = json.loads((encoder.MODEL_FOLDER / "manifest.json").read_text())["files"]
    present = {path.relative_to(encoder.MODEL_FOLDER).as_posix() for path in files}
    assert present - {"README.md", "LICENSE-ja-ginza.txt", "manifest.json"} == recorded.keys()
    told = (encoder.MODEL_FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(name in told for name in ("chiVe", "Apache License 2.0", "ja-ginza", "MIT License"))


def test_the_bundled_model_is_a_sentence_transformers_model(bundled):
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(str(encoder.MODEL_FOLDER), device="cpu", trust_remote_code=True)
    assert np.allclose(plain.encode(["海岸の清掃"]), bundled.encode(["海岸の清掃"]), atol=1e-6)


def test_hidden_characters_change_no_vector(bundled):
    plain, hidden = bundled.encode(["福祉の店を手伝う", "福\u200b祉の\u2060店を\u202e手伝う\ufe0f"])
    assert np.allclose(plain, hidden, atol=1e-6)


def test_stuffing_a_text_with_keywords_brings_it_no_nearer_to_everything(bundled):
    wanted = bundled.encode(["子ども食堂に野菜を届けてほしい"])[0]
    honest = "子ども食堂に野菜を届けます。"
    stuffed = "子ども食堂 野菜 届ける " * 100
    a, b = bundled.encode([honest, honest + stuffed])
    assert b @ wanted <= a @ wanted + 0.05


def test_a_hundred_thousand_characters_are_encoded(bundled):
    vectors = bundled.encode(["福祉と教育。" * 16_000, "山" * 100_000, "\ud800\x00"])
    assert np.isfinite(vectors).all()
    assert vectors[2].tolist() == [0.0] * bundled.dimensions


def test_any_other_folder_goes_through_the_same_door(bundled, tmp_path):
    shutil.copytree(encoder.MODEL_FOLDER, tmp_path / "town-model")
    other = load_encoder(str(tmp_path / "town-model"))
    assert other.model_id.startswith("town-model@")
    assert np.allclose(other.encode(["福祉"]), bundled.encode(["福祉"]), atol=1e-6)


@pytest.fixture(scope="module")
def transformer(tmp_path_factory):
    """A transformer of one layer, made and saved here, in a folder named as an E5 model."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("made")
    letters = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "福", "祉", "query", "passage", ":"]
    (folder / "vocab.txt").write_text("\n".join(letters) + "\n", encoding="utf-8")
    config = BertConfig(
        vocab_size=10, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    SentenceTransformer(modules=[Transformer(str(folder / "bert")), Pooling(16)]).save(
        str(folder / "tiny-e5")
    )
    return folder / "tiny-e5"


def test_a_transformer_made_and_saved_here_is_read(transformer):
    small = load_encoder(str(transformer))
    assert small.dimensions == 16
    assert small.model_id == model_id_for(str(transformer))
    vectors = small.encode(["福祉", "", "\u200b"])
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1.0, 0.0, 0.0], abs=1e-5)


def test_queries_and_documents_get_the_prompts_of_their_family(transformer):
    from sentence_transformers import SentenceTransformer

    small, plain = load_encoder(str(transformer)), SentenceTransformer(str(transformer), device="cpu")
    expected = plain.encode(["query: 福祉", "passage: 福祉"], normalize_embeddings=True)
    assert np.allclose(small.encode(["福祉"], "query"), expected[:1], atol=1e-5)
    assert np.allclose(small.encode(["福祉"], "document"), expected[1:], atol=1e-5)
    assert not np.allclose(expected[0], expected[1], atol=1e-3)


def test_a_static_model_made_and_saved_here_is_read(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "福祉": 1, "教育": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    weights = np.array([[0, 0], [3, 4], [0, 2]], dtype=np.float32)
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)]).save(
        str(tmp_path / "static")
    )
    static = load_encoder(str(tmp_path / "static"))
    assert static.encode(["福祉", "教育"]).tolist() == [pytest.approx([0.6, 0.8]), pytest.approx([0, 1])]


def test_other_weights_have_another_id(transformer, tmp_path):
    changed = tmp_path / "tiny-e5"
    shutil.copytree(transformer, changed)
    weights = next(changed.rglob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert model_id_for(str(changed)).startswith("tiny-e5@")
    assert model_id_for(str(changed)) != model_id_for(str(transformer))


def test_cut_weights_are_refused(transformer, tmp_path):
    shutil.copytree(transformer, tmp_path / "cut")
    weights = next((tmp_path / "cut").rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(ModelUnavailable, match="expected a readable model in cut"):
        load_encoder(str(tmp_path / "cut"))


def test_pickled_weights_beside_safetensors_are_not_read_and_alone_are_refused(transformer, tmp_path):
    both = tmp_path / "both"
    shutil.copytree(transformer, both)
    weights = next(both.rglob("*.safetensors"))
    weights.with_name("pytorch_model.bin").write_bytes(b"not even a pickle")
    assert load_encoder(str(both)).dimensions == 16
    (both / "1_Pooling" / "pytorch_model.bin").write_bytes(b"not even a pickle")
    with pytest.raises(ModelUnavailable, match=r"found 1_Pooling/pytorch_model\.bin"):
        load_encoder(str(both))


def test_code_that_a_model_names_elsewhere_is_not_fetched(transformer, tmp_path):
    named = tmp_path / "named"
    shutil.copytree(transformer, named)
    config = next(path for path in named.rglob("config.json") if "model_type" in path.read_text())
    facts = json.loads(config.read_text())
    facts["auto_map"] = dict.fromkeys(("AutoConfig", "AutoModel"), "someone/else--modeling.Model")
    facts["model_type"] = "someones-own"
    config.write_text(json.dumps(facts))
    with pytest.raises(ModelUnavailable):
        load_encoder(str(named))


def test_a_hub_name_that_cannot_be_had_is_not_asked_for_again_at_once(monkeypatch):
    import huggingface_hub

    asked = []

    def unreachable(name, *, local_files_only, **_options):
        asked.append((name, local_files_only))
        raise OSError("no such host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    for _again in range(3):
        with pytest.raises(ModelUnavailable, match="no such host"):
            load_encoder("someone/nowhere")
    assert asked == [("someone/nowhere", True), ("someone/nowhere", False)]


def test_a_hub_name_is_served_from_its_fetched_copy(transformer, monkeypatch):
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda name, **_options: str(transformer))
    found = load_encoder("someone/tiny-e5")
    assert found.model_id.startswith("someone/tiny-e5@")
    assert found.model_id.split("@")[1] == model_id_for(str(transformer)).split("@")[1]


@pytest.fixture
def altered(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    shutil.copytree(encoder.MODEL_FOLDER, folder)
    monkeypatch.setattr(encoder, "MODEL_FOLDER", folder)
    encoder._manifest.cache_clear()
    yield folder
    encoder._manifest.cache_clear()


@pytest.mark.parametrize("damage", ["flip", "missing", "no manifest", "swapped settings"])
def test_a_bundled_model_that_was_altered_is_refused(altered, damage):
    weights = altered / "model.safetensors"
    if damage == "flip":
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)
    elif damage == "missing":
        weights.unlink()
    elif damage == "swapped settings":
        (altered / "wordtable_config.json").write_text('{"texts": 1, "holders": {}}', encoding="utf-8")
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
