"""One door to sentence-transformers: which model, by which id, with which prompts.

A model is named by a folder or a hub name; its id carries the sha256 of its files, so that vectors of
different models can never be mixed. Only safetensors are read, and no code that comes with a model runs.
"""

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from embeddings.text import for_embedding

Floats = NDArray[np.float32]
Kind = Literal["query", "document"]

MODEL_FOLDER: Final = Path(__file__).parent / "model"
E5_FOLDER: Final = Path(__file__).parent / "e5"
BUNDLED_NAME: Final = "enmusubi-words"
E5_NAME: Final = "multilingual-e5-small-ja"
E5_PROMPT: Final = "query: "  #: before both sides of a pair: neither is a question to the other
#: What texts of this field have in common, by that model: where its vectors of a kind of text lie before any
#: are known (``matcher/suggestions/indexing.py``).
E5_MIDDLE: Final = "middle.json"
#: What it learned of offers and needs beside the public weights (``training/tune_e5.py``): two thin matrices
#: for each matrix that changed, which are added where it is loaded.
E5_TUNED: Final = "tuned.safetensors"
MANIFEST: Final = "manifest.json"
WORD_TABLE: Final = "embeddings.wordtable.WordTable"
NORMALIZE: Final = "sentence_transformers.base.modules.normalize.Normalize"

#: What makes a model, and is fetched of a hub name: weights, settings, words. No pickles, no code.
_PARTS: Final = ("*.safetensors", "*.json", "*.txt", "*.model")
_PICKLES: Final = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".npy", ".joblib"})
RETRY_SECONDS: Final = 300.0  #: a hub that could not be reached is not asked again for so long

#: What published model families want before a text (their model cards say so): query, document.
_PROMPTS: Final[Mapping[str, tuple[str, str]]] = {
    "e5": ("query: ", "passage: "),
    "ruri-v3": ("検索クエリ: ", "検索文書: "),
    "ruri": ("クエリ: ", "文章: "),
    "glucose": ("query: ", "passage: "),
}


class ModelUnavailable(Exception):
    """The model is missing, altered, or in a form that is not read: search falls back to words."""


class Encoder:
    """A loaded model: texts in, vectors of length one out."""

    def __init__(self, model: Any, model_id: str, prompts: tuple[str, str] = ("", "")) -> None:
        self._model = model
        self._prompts = dict(zip(("query", "document"), prompts, strict=True))
        self.model_id = model_id
        self.dimensions = int(model.get_embedding_dimension())

    def encode(self, texts: Sequence[str], kind: Kind = "document", *, progress: bool = False) -> Floats:
        """Texts → (n, d) float32, each row of length one, or zero where the model knows no word of it."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        prepared = [for_embedding(text) for text in texts]
        vectors: Floats = self._model.encode(
            [f"{self._prompts[kind]}{text}" for text in prepared],
            batch_size=64,
            convert_to_numpy=True,
            show_progress_bar=progress,
        ).astype(np.float32)
        vectors[[not text for text in prepared]] = 0  # a prompt alone has a vector, but says nothing
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        units: Floats = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-9)
        return units


class WordsOnly:
    """Stands in where no model can be had: knows no meaning, so that only words in common count."""

    model_id = "words-only"
    dimensions = 1

    def encode(self, texts: Sequence[str], kind: Kind = "document", *, progress: bool = False) -> Floats:
        """Zero vectors (n, 1)."""
        return np.zeros((len(texts), 1), np.float32)


def load_encoder(name: str | None = None) -> Encoder:
    """Load the bundled model (``None``) or any other sentence-transformers name or folder.

    Raises:
        ModelUnavailable: it cannot be had, was altered, or has no safetensors.
    """
    folder = MODEL_FOLDER if name is None else _folder_of(name)
    if name is None:
        _check_bundled(folder)
    return Encoder(_loaded(folder), model_id_for(name), prompts_for(name))


def load_e5(threads: int | None = None, folder: Path = E5_FOLDER) -> Encoder:
    """Load the bundled sentence encoder, which reads words in their context; some 50 times the work.

    Args:
        threads: how many may work on a batch; as many as there are processors when ``None``.
        folder: where another build of it stands.

    Raises:
        ModelUnavailable: it is missing or was altered.
    """
    _check_bundled(folder)
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    model = _loaded(folder)
    if (folder / E5_TUNED).exists():
        _add_tuning(model, folder / E5_TUNED)
    return Encoder(model, e5_model_id(folder), (E5_PROMPT, E5_PROMPT))


def _add_tuning(model: Any, path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    thin = {key: part.float() for key, part in load_file(path).items()}
    matrices = dict(model[0].auto_model.named_parameters())
    with torch.no_grad():
        for name in {key.rpartition(".")[0] for key in thin}:
            up, down, scale = (thin[f"{name}.{part}"] for part in ("up", "down", "scale"))
            matrices[name] += (up.T * scale) @ down


def _loaded(folder: Path) -> Any:
    _check_harmless(folder)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from safetensors import SafetensorError

    unreadable = (OSError, ValueError, ImportError, RuntimeError, KeyError, TypeError, AttributeError)
    try:
        return _load_ours(folder) if _is_ours(folder) else _load_theirs(folder)
    except (*unreadable, SafetensorError) as error:
        raise ModelUnavailable(
            f"expected a readable model in {folder.name}, found {type(error).__name__}: {error}"
        ) from error


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds our own module and nothing but: as bundled, or trained from it."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        return [module["type"] for module in modules] == [WORD_TABLE, NORMALIZE]
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _load_ours(folder: Path) -> Any:
    # The library would ask to trust all code that the folder names, since our module is not one of its own.
    # Both modules are known here, so that no such trust is needed.
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.normalize import Normalize

    from embeddings.wordtable import WordTable

    paths = [module["path"] for module in json.loads((folder / "modules.json").read_text(encoding="utf-8"))]
    modules = [
        WordTable.load(str(folder), subfolder=paths[0]),
        Normalize.load(str(folder), subfolder=paths[1]),
    ]
    return SentenceTransformer(modules=modules, device="cpu")


def _load_theirs(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(
        str(folder),
        device="cpu",
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
        local_files_only=True,
    )


def _check_harmless(folder: Path) -> None:
    """Refuse a folder with code, or with pickled weights where safetensors are missing beside them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    safe = {path.parent for path in files if path.suffix == ".safetensors"}
    if not safe:
        raise ModelUnavailable(f"expected safetensors in {folder.name}, found none")
    for path in files:
        if path.suffix == ".py" or (path.suffix in _PICKLES and path.parent not in safe):
            raise ModelUnavailable(
                f"expected safetensors and no code in {folder.name}, found {path.relative_to(folder)}"
            )


#: hub name → when it could not be had, and why
_missed: dict[str, tuple[float, str]] = {}


def _folder_of(name: str) -> Path:
    """The folder of a model: as named, or the hub library's own copy, fetched if it is not there yet."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    when, why = _missed.get(name, (-RETRY_SECONDS, ""))
    if time.monotonic() - when < RETRY_SECONDS:
        raise ModelUnavailable(why)
    from huggingface_hub import snapshot_download

    for local in (True, False):
        try:
            return Path(snapshot_download(name, allow_patterns=list(_PARTS), local_files_only=local))
        except (OSError, ValueError) as error:
            why = (
                f"expected the model {name} as a folder or a hub name, found {type(error).__name__}: {error}"
            )
    _missed[name] = (time.monotonic(), why)
    raise ModelUnavailable(why)


def prompts_for(name: str | None) -> tuple[str, str]:
    """The query and document prompts of a model family, by its name; empty where none is known."""
    base = Path(name).name.lower() if name else ""
    return next((prompts for family, prompts in _PROMPTS.items() if family in base), ("", ""))


def bundled_model_id() -> str:
    """The id of the bundled model, from its manifest; imports no model library."""
    return f"{BUNDLED_NAME}@{_short(_manifest(MODEL_FOLDER)['files'])}"


def e5_model_id(folder: Path = E5_FOLDER) -> str:
    """The id of the bundled sentence encoder, from its manifest; imports no model library.

    Raises:
        ModelUnavailable: it is not there.
    """
    return f"{E5_NAME}@{_short(_manifest(folder)['files'])}"


def middle_of(model_id: str | None, dimensions: int) -> Floats:
    """What all texts have in common by the bundled sentence encoder (d,); zero for any other model."""
    with suppress(ModelUnavailable):
        if model_id == e5_model_id():
            return _e5_middle()
    return np.zeros(dimensions, np.float32)


@cache
def _e5_middle() -> Floats:
    return np.array(json.loads((E5_FOLDER / E5_MIDDLE).read_text(encoding="utf-8")), np.float32)


def model_id_for(name: str | None) -> str:
    """The id under which the vectors of a model are kept: its name and the sha256 of its files.

    A hub name that was never fetched is fetched.

    Raises:
        ModelUnavailable: a folder without safetensors, or a hub name that cannot be had.
    """
    if name is None:
        return bundled_model_id()
    folder = _folder_of(name)
    _check_harmless(folder)
    files = sorted(path for pattern in _PARTS for path in folder.rglob(pattern) if path.name != MANIFEST)
    hashes = {path.relative_to(folder).as_posix(): _sha256_once(path) for path in files}
    shown = folder.name if folder == Path(name).expanduser() else name
    return f"{shown}@{_short(hashes)}"


@lru_cache(maxsize=8)
def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"expected the manifest of the bundled {folder.name}, found none that can be read"
        ) from error
    return found


def _check_bundled(folder: Path) -> None:
    for name, expected in _manifest(folder)["files"].items():
        path = folder / name
        if not path.exists() or _sha256(path) != expected:
            raise ModelUnavailable(
                f"expected {name} of the bundled {folder.name} as its manifest says, found another"
            )


def write_manifest(folder: Path) -> None:
    """Record the sha256 of every file of a model folder (used when the model is built)."""
    files = {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST and path.suffix not in {".md", ".txt"}
    }
    (folder / MANIFEST).write_text(json.dumps({"files": files}, indent=1) + "\n", encoding="utf-8")
    _manifest.cache_clear()


def _short(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()[:12]


def _sha256_once(path: Path) -> str:
    # The worker asks for the id each second, and weights may be a gigabyte.
    facts = path.stat()
    return _sha256_of_version(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=256)
def _sha256_of_version(path: Path, _changed_ns: int, _size: int) -> str:
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
