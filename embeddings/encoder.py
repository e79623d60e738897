"""One door to sentence-transformers: which model, by which id, with which prompts.

A model is named by a folder or a hub name; its id carries the sha256 of its weights, so that vectors of
different models can never be mixed. Only safetensors are read, and no code that comes with a model runs.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Kind = Literal["query", "document"]

MODEL_FOLDER: Final = Path(__file__).parent / "model"
BUNDLED_NAME: Final = "enmusubi-words"
MANIFEST: Final = "manifest.json"
WORD_TABLE: Final = "embeddings.wordtable.WordTable"

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
        prompt = self._prompts[kind]
        vectors: Floats = self._model.encode(
            [f"{prompt}{text}" for text in texts],
            batch_size=64,
            convert_to_numpy=True,
            show_progress_bar=progress,
        ).astype(np.float32)
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
    model_id = model_id_for(name)
    if name is None:
        _check_bundled()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(
            str(MODEL_FOLDER) if name is None else name,
            device="cpu",
            trust_remote_code=_is_ours(MODEL_FOLDER if name is None else Path(name)),
            model_kwargs={} if name is None else {"use_safetensors": True},
            local_files_only=name is None or Path(name).exists(),
        )
    except (OSError, ValueError, ImportError, RuntimeError, KeyError) as error:
        raise ModelUnavailable(
            f"expected a readable model {name!r}, found {type(error).__name__}: {error}"
        ) from error
    return Encoder(model, model_id, prompts_for(name))


def _is_ours(folder: Path) -> bool:
    """Whether the only foreign class a folder names is our own ``WordTable``, and it brings no code.

    The library asks for trust for every class that is not its own, also for ones installed here.
    """
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    foreign = {m["type"] for m in modules if not m["type"].startswith("sentence_transformers.")}
    return foreign == {WORD_TABLE} and not any(folder.rglob("*.py"))


def prompts_for(name: str | None) -> tuple[str, str]:
    """The query and document prompts of a model family, by its name; empty where none is known."""
    base = Path(name).name.lower() if name else ""
    return next((prompts for family, prompts in _PROMPTS.items() if family in base), ("", ""))


def bundled_model_id() -> str:
    """The id of the bundled model, from its manifest; imports no model library."""
    return f"{BUNDLED_NAME}@{_short(_manifest()['files'])}"


def model_id_for(name: str | None) -> str:
    """The id under which the vectors of a model are kept: its name and the sha256 of its weights.

    Raises:
        ModelUnavailable: a folder without safetensors.
    """
    if name is None:
        return bundled_model_id()
    folder = Path(name)
    if not folder.exists():
        return f"{name}@hub"  # a hub name: the library's own cache decides the revision
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        raise ModelUnavailable(f"expected safetensors in {folder.name}, found none")
    return f"{folder.name}@{_short({str(f.relative_to(folder)): _sha256(f) for f in files})}"


@cache
def _manifest() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((MODEL_FOLDER / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            "expected the bundled model's manifest, found none that can be read"
        ) from error
    return found


def _check_bundled() -> None:
    for name, expected in _manifest()["files"].items():
        path = MODEL_FOLDER / name
        if not path.exists() or _sha256(path) != expected:
            raise ModelUnavailable(
                f"expected {name} of the bundled model as its manifest says, found another"
            )


def write_manifest(folder: Path) -> None:
    """Record the sha256 of every file of a model folder (used when the model is built)."""
    files = {
        str(path.relative_to(folder)): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST and path.suffix not in {".md", ".txt"}
    }
    (folder / MANIFEST).write_text(json.dumps({"files": files}, indent=1) + "\n", encoding="utf-8")


def _short(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()[:12]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
