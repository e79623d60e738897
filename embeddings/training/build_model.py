"""Rebuild the bundled model: ``python -m embeddings.training.build_model``.

Source of the vectors: chiVe (Works Applications, Apache-2.0) as the package ``ja-ginza`` (MIT) carries them:
480,443 Sudachi normal forms mapped onto 20,000 vectors of 300 dimensions. The package is fetched as a wheel
and read directly; its own dependencies are not needed.

Rarity is counted in the invented demo texts and in the training material, smoothed by the order of the
package's words, which is that of their frequency in the web corpus from which chiVe was made. The mean and
the first principal direction of those texts are removed. Then the vectors are trained on the material (see
``train``). All randomness has a fixed seed.
"""

import argparse
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import torch

from embeddings import text as texts
from embeddings.bags import Counts, WordList
from embeddings.encoder import MODEL_FOLDER, write_manifest
from embeddings.training.material import read_concepts, read_scenes
from embeddings.training.train import train, with_own_rows
from embeddings.wordtable import WordTable

PACKAGE = "ja-ginza==5.3.0"
SEED_FILES = ("companies.jsonl", "offers.jsonl", "npos.jsonl", "needs.jsonl")
DIRECTIONS = 1  #: principal directions removed besides the mean
_TEXT_KEYS = (
    "business", "csr_policy", "volunteering", "mission", "activities", "strengths_offer", "title",
    "description", "conditions", "situation", "wanted_change", "what_we_give",
)  # fmt: skip


def main() -> None:
    """Build into ``embeddings/model`` (or another folder) and print what was built."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="a ja-ginza wheel that is already here")
    parser.add_argument("--seed", type=Path, default=Path("seed_data"), help="folder of the demo texts")
    parser.add_argument("--out", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--untrained", type=Path, help="also save the model as it is before training, here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ranked, vectors = read_vectors(arguments.wheel or _download(Path(folder)))
    material = [*read_scenes(), *read_concepts()]
    documents = [*read_documents(arguments.seed)]
    documents += [texts.for_embedding(text) for scene in material for text in scene.theme]
    base = untrained(ranked, vectors, documents)
    if arguments.untrained is not None:
        save(base, arguments.untrained)
    own = with_own_rows(base, material)
    print(
        f"{len(ranked):,} words, {len(own.table.weight):,} vectors; {len(documents):,} texts counted, "
        f"{len(material):,} scenes and concept groups to learn from"
    )
    save(train(own, material), arguments.out)


def _download(folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        PACKAGE,
    ]
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command
    return next(folder.glob("*.whl"))


def read_vectors(wheel: Path) -> tuple[list[tuple[str, int]], np.ndarray]:
    """(word, row), the most frequent first, and the (20,000, 300) float32 table of a ja-ginza wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name: name for name in archive.namelist() if "/vocab/" in name}
        row_of_hash = list(_unpack_map(archive.read(names["key2row"])))
        strings = json.loads(archive.read(names["strings.json"]))
        vectors = np.load(BytesIO(archive.read(names["vectors"])), allow_pickle=False)
    word_of_hash = {murmur64(word.encode()): word for word in strings if word.strip()}
    ranked = [(word_of_hash[name], row) for name, row in row_of_hash if name in word_of_hash]
    # Should a later package order its words otherwise, rarity would be silently wrong.
    if [word for word, _row in ranked[:10]] != [*"の、てにだたがはを", "為る"]:
        raise SystemExit(f"expected words by frequency, found {ranked[:10]}")
    return ranked, vectors


def _unpack_map(data: bytes) -> Iterator[tuple[int, int]]:
    """The (key, value) pairs of a msgpack map of unsigned integers, all that spaCy writes here."""
    position, (count,) = 5, struct.unpack_from(">I", data, 1)
    sizes = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}

    def integer() -> int:
        nonlocal position
        tag = data[position]
        position += 1
        if tag < 0x80:
            return tag
        form = sizes[tag]
        (value,) = struct.unpack_from(form, data, position)
        position += struct.calcsize(form)
        return int(value)

    for _ in range(count):
        yield integer(), integer()


_M64, _MULTIPLIER = (1 << 64) - 1, 0xC6A4A7935BD1E995


def murmur64(data: bytes, seed: int = 1) -> int:
    """MurmurHash64A (Austin Appleby, public domain), the hash by which spaCy names its strings."""
    value = seed ^ (len(data) * _MULTIPLIER & _M64)
    whole = len(data) // 8 * 8
    for (block,) in struct.iter_unpack("<Q", data[:whole]):
        block = block * _MULTIPLIER & _M64
        block ^= block >> 47
        block = block * _MULTIPLIER & _M64
        value = (value ^ block) * _MULTIPLIER & _M64
    tail = data[whole:]
    if tail:
        value = (value ^ int.from_bytes(tail, "little")) * _MULTIPLIER & _M64
    value ^= value >> 47
    value = value * _MULTIPLIER & _M64
    return value ^ (value >> 47)


def read_documents(folder: Path) -> Iterator[str]:
    """The texts of the demo city, one for each organization, need and offer."""
    for path in (folder / name for name in SEED_FILES):
        for line in path.read_text(encoding="utf-8").splitlines():
            facts = json.loads(line)
            text = "\n".join(facts[key] for key in _TEXT_KEYS if isinstance(facts.get(key), str))
            if text:
                yield texts.for_embedding(text)


def untrained(ranked: list[tuple[str, int]], vectors: np.ndarray, documents: list[str]) -> WordTable:
    """The table of the package with rarity and common directions counted in ``documents``."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    # Through float16, so that what is measured here is what is saved.
    table, words = torch.from_numpy(unit.astype(np.float16).astype(np.float32)), WordList.of(ranked)

    plain = WordTable(table, words, Counts(0, {}))
    holders = Counter(word for document in documents for word in set(plain.known_words(document)))
    counts = Counts(len(documents), holders)

    plain = WordTable(table, words, counts)
    with torch.no_grad():
        sums = plain(plain.preprocess(documents))["sentence_embedding"].numpy().astype(np.float64)
    mean = sums.mean(axis=0)
    _left, _values, directions = np.linalg.svd(sums - mean, full_matrices=False)
    # The sign of a singular vector is arbitrary: fix it.
    kept = directions[:DIRECTIONS] * np.sign(directions[:DIRECTIONS].sum(axis=1, keepdims=True))
    common = torch.from_numpy(np.vstack([mean, kept]).astype(np.float32))
    return WordTable(table, words, counts, common)


def save(table: WordTable, folder: Path) -> None:
    """Write a table as a sentence-transformers folder with its manifest."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize

    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*"):
        if path.is_file() and path.suffix in {".safetensors", ".json", ".z"}:
            path.unlink()
    model = SentenceTransformer(modules=[table, Normalize()], device="cpu")
    model.save(str(folder), create_model_card=False)
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)  # the library writes them for their owner only
    write_manifest(folder)


if __name__ == "__main__":
    main()
