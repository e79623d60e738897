"""Tune the bundled sentence encoder: ``python -m embeddings.training.tune_e5``.

Read by the public model alone, a table for a lesson and children who write on the floor lie far apart, and
two notices about tables near. The material (``pairs``) says which offer answers which need in other words,
and which only sounds like it; several hands wrote it. Each matrix of the upper layers gets two thin ones
beside it (LoRA: Hu et al. 2021). Nothing else changes, so that the folder stays the ordinary model and what
was learned is one small file. The lower layers are read once and kept. The loss is the library's
MultipleNegativesRankingLoss (Henderson et al. 2017) in both directions, with the near misses of a batch among
the wrong answers.
"""

import argparse
import hashlib
import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings.encoder import E5_FOLDER, E5_PROMPT, E5_TUNED, write_manifest
from embeddings.text import for_embedding
from embeddings.training.build_e5 import write_middle
from embeddings.training.material import ASIDE_PAIRS, PAIRS, Pair, read_pairs

_READ_AT_ONCE: Final = 64
_ALIKE: Final = 8  #: batches among which pairs of like length are put together
_GAMMA: Final = torch.finfo(torch.float32).min


@dataclass(frozen=True)
class Settings:
    """All numbers of a run; see the model's README for how they were chosen."""

    upper: int = 6  #: layers that are tuned, counted from the last
    rank: int = 16
    epochs: int = 4
    batch: int = 32
    rate: float = 1e-3
    warm: float = 0.1  #: share of the steps in which the rate rises; then it falls to zero
    temperature: float = 0.05
    longest: int = 128  #: pieces of a text
    seed: int = 7


def main() -> None:
    """Tune ``embeddings/e5`` (or another folder) on all pairs, and print how it goes on those held aside."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=E5_FOLDER)
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    arguments = parser.parse_args()
    pairs, aside = read_pairs(), read_pairs(ASIDE_PAIRS)
    settings = Settings(epochs=arguments.epochs)

    def tell(epoch: int, loss: float, tuning: "Tuning") -> None:
        found = ", ".join(f"{name} {value:.3f}" for name, value in tuning.measure(aside).items())
        print(f"epoch {epoch}: loss {loss:.3f} {found}", flush=True)

    tuning = Tuning(arguments.out, settings, pairs + aside)
    tell(0, math.nan, tuning)
    tuning.run(pairs, tell)
    tuning.write(arguments.out)


class _Beside(nn.Module):  # type: ignore[misc]
    """A linear layer with two thin matrices beside it; at first they add nothing."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear
        self.down = nn.Parameter(torch.randn(rank, linear.in_features) / math.sqrt(linear.in_features))
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, states: Tensor) -> Tensor:
        """(…, in) → (…, out)."""
        result: Tensor = self.linear(states) + states @ self.down.T @ self.up.T
        return result


class Tuning:
    """One run: the lower layers' states of all texts, and the upper layers with what they learn."""

    def __init__(self, folder: Path, settings: Settings, pairs: Sequence[Pair]) -> None:
        from sentence_transformers import SentenceTransformer

        torch.manual_seed(settings.seed)
        torch.set_num_threads(
            1
        )  # the order of sums, and with it the outcome, does not depend on the machine's cores
        self._settings = settings
        self._chance = random.Random(settings.seed)  # noqa: S311 - to be repeated
        public: Any = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self._tokenizer = public.tokenizer
        model = public[0].auto_model.float().eval()
        model.requires_grad_(requires_grad=False)
        self._embed: Callable[..., Tensor] = model.embeddings
        layers = list(model.encoder.layer)
        self._lower, self._upper = layers[: -settings.upper], layers[-settings.upper :]
        self._states = self._read_below({text for pair in pairs for text in pair.texts})
        self._beside: dict[str, _Beside] = {}
        for number, layer in enumerate(self._upper, start=len(self._lower)):
            self._widen(layer, f"encoder.layer.{number}")

    def _widen(self, module: nn.Module, name: str) -> None:
        for key, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                self._beside[f"{name}.{key}.weight"] = _Beside(child, self._settings.rank)
                setattr(module, key, self._beside[f"{name}.{key}.weight"])
            else:
                self._widen(child, f"{name}.{key}")

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _read_below(self, texts: set[str]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        ordered = sorted(texts, key=lambda text: (len(text), text))
        for start in range(0, len(ordered), _READ_AT_ONCE):
            some = ordered[start : start + _READ_AT_ONCE]
            read = self._tokenizer(
                [f"{E5_PROMPT}{for_embedding(text)}" for text in some],
                padding=True, truncation=True, max_length=self._settings.longest, return_tensors="pt",
            )  # fmt: skip
            states = _through(self._lower, self._embed(input_ids=read["input_ids"]), read["attention_mask"])
            for text, row, mask in zip(some, states, read["attention_mask"], strict=True):
                found[text] = row[: int(mask.sum())].half().clone()
        return found

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        """Texts → (n, d), each of length one."""
        rows = [self._states[text].float() for text in texts]
        states = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        mask = nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True)
        states = _through(self._upper, states, mask)
        weights = mask.unsqueeze(-1)
        return nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)

    def run(self, pairs: Sequence[Pair], tell: Callable[[int, float, "Tuning"], None]) -> None:
        """Learn from ``pairs``; ``tell(epoch, mean loss, self)`` hears of each epoch."""
        ours = self._settings
        parameters = [part for beside in self._beside.values() for part in (beside.down, beside.up)]
        optimizer = torch.optim.AdamW(parameters, lr=ours.rate, weight_decay=0.01)
        steps = ours.epochs * (len(pairs) // ours.batch)
        rates = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda step: min(1.0, (step + 1) / (steps * ours.warm)) * max(0.0, (steps - step) / steps),
        )
        for epoch in range(1, ours.epochs + 1):
            losses = []
            for layer in self._upper:
                layer.train()
            for batch in self._batches(pairs):
                loss = self._loss(batch)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                rates.step()
                losses.append(loss.item())
            tell(epoch, float(np.mean(losses)), self)

    def _batches(self, pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
        """Pairs of like length together, so that little is padded, in an order of chance."""
        size = self._settings.batch
        order = self._chance.sample(list(pairs), len(pairs))
        batches = []
        for start in range(0, len(order), size * _ALIKE):
            alike = sorted(order[start : start + size * _ALIKE], key=lambda pair: len(pair.give + pair.want))
            batches += [alike[i : i + size] for i in range(0, len(alike) - size + 1, size)]
        yield from self._chance.sample(batches, len(batches))

    def _loss(self, batch: Sequence[Pair]) -> Tensor:
        vectors = self._vectors(
            [text for texts in zip(*(pair.texts for pair in batch), strict=True) for text in texts]
        )
        give, want, near_give, near_want = vectors.split(len(batch))
        own = torch.arange(len(batch))
        cross = nn.functional.cross_entropy
        temperature = self._settings.temperature
        return cross(give @ torch.cat([want, near_want]).T / temperature, own) + cross(
            want @ torch.cat([give, near_give]).T / temperature, own
        )

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def measure(self, pairs: Sequence[Pair]) -> dict[str, float]:
        """Mean reciprocal rank of the right answer among all answers and near misses, each way."""
        if not pairs:
            return {}
        for layer in self._upper:
            layer.eval()
        sides = [np.concatenate([self._vectors(part).numpy() for part in _parts(side)])
                 for side in zip(*(pair.texts for pair in pairs), strict=True)]  # fmt: skip
        give, want, near_give, near_want = sides
        return {
            "give to want": _mean_reciprocal_rank(give, np.concatenate([want, near_want])),
            "want to give": _mean_reciprocal_rank(want, np.concatenate([give, near_give])),
        }

    def write(self, folder: Path) -> None:
        """Write what was learned beside the model, and what the folder says of itself."""
        from safetensors.numpy import save_file

        thin: dict[str, NDArray[Any]] = {}
        for name, beside in sorted(self._beside.items()):
            up, up_scale = _as_bytes(beside.up.detach().numpy().T)
            down, down_scale = _as_bytes(beside.down.detach().numpy())
            thin |= {f"{name}.up": up, f"{name}.down": down, f"{name}.scale": up_scale * down_scale}
        facts = {"pairs": pairs_sha256(), "settings": asdict(self._settings)}
        # One entry: the library writes several in an order of chance.
        save_file(thin, folder / E5_TUNED, metadata={"learned": json.dumps(facts, sort_keys=True)})
        (folder / E5_TUNED).chmod(0o644)  # the library writes it for its owner only
        write_manifest(folder)
        write_middle(folder)


def _as_bytes(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rows (rank, n) as whole numbers up to 127, and what one of each row is worth (rank,)."""
    scale = np.maximum(np.abs(rows).max(axis=1), np.finfo(np.float32).tiny) / 127
    return np.ascontiguousarray(np.rint(rows / scale[:, None]), dtype=np.int8), scale.astype(np.float32)


def pairs_sha256() -> str:
    """One sha256 of all the material, kept with what was learned from it."""
    digest = hashlib.sha256()
    for path in sorted(PAIRS.glob("*.tsv")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _through(layers: Sequence[Any], states: Tensor, mask: Tensor) -> Tensor:
    """(n, pieces, d) through layers; ``mask`` (n, pieces) is zero where there is nothing."""
    hidden = (1.0 - mask[:, None, None, :].float()) * _GAMMA
    for layer in layers:
        result = layer(states, attention_mask=hidden)
        states = result[0] if isinstance(result, tuple) else result
    return states


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), _READ_AT_ONCE):
        yield texts[start : start + _READ_AT_ONCE]


def _mean_reciprocal_rank(asked: NDArray[np.float32], answers: NDArray[np.float32]) -> float:
    """The right answer of each row stands in the same row of ``answers`` (further rows are wrong)."""
    scores = (asked - asked.mean(axis=0)) @ (answers - answers.mean(axis=0)).T
    right = np.take_along_axis(scores, np.arange(len(asked))[:, None], axis=1)
    return float(np.mean(1 / ((scores > right).sum(axis=1) + 1)))


if __name__ == "__main__":
    main()
