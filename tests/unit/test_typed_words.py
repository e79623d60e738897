"""Typed words get the vector that the bundled model would give them, without its library."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seed_data
from embeddings import typed
from embeddings.encoder import bundled_model_id, load_encoder

SHORT = [
    "お米を分けてほしい",
    "子ども食堂 野菜",
    "ｺﾄﾞﾓ食堂",
    "㈱さくら",
    "NPO",
    "寄附 寄付 キフ",
    "パソコンの使い方",
    "ゴミ拾い",
]
SILENT = ["", "のにを", "・・・", "\ud800", "8-9999-0130-0052"]


def texts():
    """Short texts as they are typed, and 42 titles of the invented city."""
    lines = (Path(seed_data.__file__).parent / "needs.jsonl").read_text(encoding="utf-8").splitlines()
    return [*SHORT, *(json.loads(line)["title"] for line in lines[:42])]


def test_fifty_texts_have_the_vector_of_the_model():
    wanted = load_encoder().encode(texts(), "query")
    read = typed.reader_of(bundled_model_id())
    found = np.stack([read(text) for text in texts()])
    assert len(found) == 50
    assert np.abs(found - wanted).max() < 1e-5


@pytest.mark.parametrize("text", SILENT)
def test_what_says_nothing_has_no_vector(text):
    assert typed.reader_of(bundled_model_id())(text) is None


def test_of_another_model_only_words_count():
    assert typed.reader_of("words-only") is None
    assert typed.reader_of(None) is None


def test_no_model_library_is_loaded_for_it():
    lines = (
        "import sys; from embeddings import typed; from embeddings.encoder import bundled_model_id",
        "assert typed.reader_of(bundled_model_id())('野菜') is not None",
        "print({'torch', 'sentence_transformers', 'faiss'} & set(sys.modules))",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "set()", done.stderr
