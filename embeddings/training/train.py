"""Train the word vectors on scenes: what fits comes near, what only sounds alike is pushed away.

The loss is the library's MultipleNegativesRankingLoss (Henderson et al. 2017) in both directions: of each
scene in a batch, a company text must find its NPO text among those of all other scenes and its own near
miss, and the other way round. A batch never holds two scenes that the untrained vectors find alike, since
they may well fit each other too. Words that occur in the material get rows of their own, all others keep
sharing theirs; one linear map turns 300 dimensions into fewer. Both are held near where they began, so that
what the material does not speak of stays as it was.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings import text as texts
from embeddings.training.material import Scene, Side
from embeddings.wordtable import WordTable

Bag = list[tuple[int, float]]


@dataclass(frozen=True)
class Settings:
    """All numbers of a training run; see the model's README for how they were chosen."""

    dimensions: int = 256
    epochs: int = 30
    batch: int = 64
    alike: float = 0.6  #: scenes whose centres are nearer than this cosine never share a batch
    scale: float = 10.0  #: of the softmax
    rate: float = 2e-3  #: of the word rows
    map_rate: float = 2e-4  #: of the linear map
    hold: float = 2.0  #: how strongly rows are held where they began
    map_hold: float = 0.1
    drop: float = 0.15  #: share of words left out at random
    only_words: float = 0.2  #: how often some words of the theme stand for a text
    near_misses: float = 0.25  #: how often a scene's own near miss is among the wrong answers
    two_texts: float = 0.3  #: how often two texts of a side are read as one
    seeds: tuple[int, ...] = (0, 1, 2)  #: of the runs whose outcomes are averaged


def with_own_rows(table: WordTable, material: Sequence[Scene]) -> WordTable:
    """The same table, with a row of its own for every word that occurs in the material."""
    places = set()
    for scene in material:
        for text in scene.everything:
            for word in table.known_words(texts.for_embedding(text)):
                spellings = (word, texts.normalize(word), word.lower())
                places.add(next(p for p in map(table.words.place, spellings) if p is not None))
    own = sorted(places)
    vectors, rows = table.table.weight.detach(), table.words.rows.copy()
    if len(vectors) + len(own) > np.iinfo(rows.dtype).max:
        raise ValueError(f"expected at most {np.iinfo(rows.dtype).max} rows, found {len(vectors) + len(own)}")
    extra = vectors[torch.from_numpy(rows[own].astype(np.int64))]
    rows[own] = np.arange(len(vectors), len(vectors) + len(own))
    words = table.words.with_rows(rows)
    return WordTable(torch.cat([vectors, extra]), words, table.counts, table.common)


class _Reader:
    """Texts as bags of rows, read once; drawn with some words left out."""

    def __init__(self, table: WordTable, settings: Settings, seed: int) -> None:
        self._table = table
        self._settings = settings
        self._chance = random.Random(seed)  # noqa: S311 - to be repeated
        self._bags: dict[str, Bag] = {}

    def bag(self, text: str) -> Bag:
        if text not in self._bags:
            self._bags[text] = self._table.bag(texts.for_embedding(text))
        return self._bags[text]

    def draw(self, side: Side) -> Bag:
        """What a side may say: one text, two, or some of its words."""
        chance, settings = self._chance.random(), self._settings
        if not side.texts or chance < settings.only_words:
            most = min(len(side.words), 6)
            return self._thinned(
                ["、".join(self._chance.sample(side.words, self._chance.randint(min(2, most), most)))]
            )
        if chance < settings.only_words + settings.two_texts:
            return self._thinned(self._chance.sample(side.texts, 2))
        return self._thinned([self._chance.choice(side.texts)])

    def draw_near(self, side: Side, others: Sequence[Side]) -> Bag:
        """A near miss of a side; now and then, and where it has none, what another scene says."""
        if not side.near or self._chance.random() >= self._settings.near_misses:
            return self.draw(self._chance.choice(others))
        return self._thinned([self._chance.choice(side.near)])

    def _thinned(self, said: Sequence[str]) -> Bag:
        kept: dict[int, float] = {}
        for text in said:
            for row, weight in self.bag(text):
                if self._chance.random() >= self._settings.drop:
                    kept[row] = max(weight, kept.get(row, 0.0))
        return list(kept.items()) or self.bag(said[0])

    def batches(self, alike: NDArray[np.float32]) -> list[list[int]]:
        """All scenes in random order, in batches without two that are alike."""
        waiting = list(range(len(alike)))
        self._chance.shuffle(waiting)
        result = []
        while waiting:
            batch: list[int] = []
            rest = []
            for number in waiting:
                fits = len(batch) < self._settings.batch
                if fits and all(alike[number, other] < self._settings.alike for other in batch):
                    batch.append(number)
                else:
                    rest.append(number)
            result.append(batch)
            waiting = rest
        return [batch for batch in result if len(batch) >= self._settings.batch // 8]


def train(
    table: WordTable, material: Sequence[Scene], settings: Settings = Settings(), *, tell: Any = print
) -> WordTable:
    """A trained table of ``settings.dimensions``; the same numbers on every run of one machine.

    Args:
        table: with rows of their own for the words of the material, see ``with_own_rows``.
        tell: told one line of progress every ten epochs.
    """
    settings = settings or Settings()
    torch.use_deterministic_algorithms(True)
    first = table.table.weight.detach().clone()
    runs = []
    for seed in settings.seeds:
        with torch.no_grad():
            table.table.weight.copy_(first)
        runs.append(_run(table, material, settings, seed, tell))
    # All runs begin at the same place, so that their mean is a model too, and a steadier one (Wortsman et al.
    # 2022). float16 is what is saved.
    vectors = torch.stack([vectors for vectors, _common in runs]).mean(0).half().float()
    common = torch.stack([common for _vectors, common in runs]).mean(0)
    return WordTable(vectors, table.words, table.counts, common)


def _run(
    table: WordTable, material: Sequence[Scene], settings: Settings, seed: int, tell: Any
) -> tuple[Tensor, Tensor]:
    """Train ``table`` in place; gives vectors and common mean with the linear map folded in."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize

    torch.manual_seed(seed)
    reader = _Reader(table, settings, seed)
    mapping = Dense(
        table.get_embedding_dimension(),
        settings.dimensions,
        bias=False,
        activation_function=nn.Identity(),
    )
    mapping.linear.weight.data.copy_(_main_directions(table, material, settings.dimensions))
    model = SentenceTransformer(modules=[table, mapping, Normalize()], device="cpu")
    loss = MultipleNegativesRankingLoss(model, scale=settings.scale)
    rows, weights = table.table.weight, mapping.linear.weight
    first_rows, first_weights = rows.detach().clone(), weights.detach().clone()
    optimizer = torch.optim.Adam(
        [{"params": [rows], "lr": settings.rate}, {"params": [weights], "lr": settings.map_rate}]
    )
    alike = _alike(model, table, reader, material)
    companies, npos = [scene.company for scene in material], [scene.npo for scene in material]
    for epoch in range(1, settings.epochs + 1):
        total, steps = 0.0, 0
        for batch in reader.batches(alike):
            ours = table.features([reader.draw(companies[n]) for n in batch])
            theirs = table.features([reader.draw(npos[n]) for n in batch])
            near_theirs = table.features([reader.draw_near(npos[n], npos) for n in batch])
            near_ours = table.features([reader.draw_near(companies[n], companies) for n in batch])
            value = loss([ours, theirs, near_theirs], None) + loss([theirs, ours, near_ours], None)
            used = torch.unique(torch.cat([f["input_ids"] for f in (ours, theirs, near_theirs, near_ours)]))
            moved = (rows[used] - first_rows[used]).square().sum() / len(used)
            held = settings.hold * moved + settings.map_hold * (weights - first_weights).square().sum()
            optimizer.zero_grad()
            (value + held).backward()
            optimizer.step()
            total, steps = total + float(value.detach()), steps + 1
        if epoch % 10 == 0:
            tell(f"seed {seed}, epoch {epoch}: loss {total / max(steps, 1):.3f}")
    return _folded(table, weights.detach())


def _main_directions(table: WordTable, material: Sequence[Scene], count: int) -> Tensor:
    """(count, d) unit directions along which the texts of the material differ most."""
    said = [texts.for_embedding(text) for scene in material for text in scene.everything]
    with torch.no_grad():
        vectors = table(table.preprocess(said))["sentence_embedding"].numpy().astype(np.float64)
    _left, _values, directions = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    signs = np.sign(directions.sum(axis=1, keepdims=True))
    return torch.from_numpy((directions * signs)[:count].astype(np.float32))


def _alike(model: Any, table: WordTable, reader: _Reader, material: Sequence[Scene]) -> NDArray[np.float32]:
    """Cosines of the scenes' centres (n, n)."""
    themes = (table.features([reader.bag(text) for text in scene.theme]) for scene in material)
    with torch.no_grad():
        centres = torch.stack([model(theme)["sentence_embedding"].mean(0) for theme in themes])
    centres = nn.functional.normalize(centres, dim=1)
    alike: NDArray[np.float32] = (centres @ centres.T).numpy()
    return alike


def _folded(table: WordTable, mapping: Tensor) -> tuple[Tensor, Tensor]:
    """What does the same as the table followed by the linear map: both are linear."""
    keep = torch.eye(table.get_embedding_dimension())
    for direction in table.common[1:]:
        keep = keep - torch.outer(direction, direction) @ keep
    whole = keep.T @ mapping.T
    return table.table.weight.detach() @ whole, table.common[:1] @ whole
