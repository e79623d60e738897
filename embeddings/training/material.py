"""The written training material: scenes (who fits whom, in whole texts), concept groups (in words), pairs."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
SCENES: Final = FOLDER / "scenes"
CONCEPTS: Final = FOLDER / "concepts.txt"
PAIRS: Final = FOLDER / "pairs"
ASIDE_PAIRS: Final = PAIRS / "aside"  #: of a further hand, to measure on

_PAIR_COLUMNS: Final = 5
_TEXTS: Final = {"company": 4, "npo": 4, "company_near": 1, "npo_near": 2}


@dataclass(frozen=True)
class Side:
    """What one side of a scene says: texts that fit, near misses that do not, words of the theme."""

    texts: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """Every company text fits every NPO text of the same scene; no near miss fits."""

    name: str
    company: Side = field(default_factory=Side)
    npo: Side = field(default_factory=Side)

    @property
    def everything(self) -> tuple[str, ...]:
        """All texts, and the words of each side as one text."""
        sides = (self.company, self.npo)
        return tuple(t for side in sides for t in (*side.texts, *side.near, "、".join(side.words)) if t)

    @property
    def theme(self) -> tuple[str, ...]:
        """The texts that say what it is about."""
        texts = (*self.company.texts, *self.npo.texts)
        return texts or ("、".join((*self.company.words, *self.npo.words)),)


def read_scenes(folder: Path = SCENES) -> list[Scene]:
    """All scenes in the order of their files.

    Raises:
        ValueError: naming file and line where something is missing or said twice.
    """
    scenes, ids = [], set()
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            row = json.loads(line)
            where = f"{path.name}, line {number}"
            for key, count in _TEXTS.items():
                if len(row[key]) < count or not all(isinstance(t, str) and t.strip() for t in row[key]):
                    raise ValueError(f"{where}: expected {count} texts in {key}, found {len(row[key])}")
            if row["id"] in ids:
                raise ValueError(f"{where}: {row['id']} comes twice")
            ids.add(row["id"])
            sides = {
                side: Side(tuple(row[side]), tuple(row[f"{side}_near"]), tuple(row["words"][side]))
                for side in ("company", "npo")
            }
            scenes.append(Scene(row["id"], sides["company"], sides["npo"]))
    return scenes


def read_concepts(path: Path = CONCEPTS) -> list[Scene]:
    """The concept groups as scenes without texts."""
    groups = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        company, bar, npo = line.partition("|")
        if not bar or not company.split() or not npo.split():
            raise ValueError(f"{path.name}, line {number}: expected words | words")
        groups.append(
            Scene(f"concept-{number}", Side(words=tuple(company.split())), Side(words=tuple(npo.split())))
        )
    return groups


@dataclass(frozen=True)
class Pair:
    """An offer that answers a need, and for each of them what only sounds like it."""

    give: str
    want: str
    near_give: str
    near_want: str
    hand: str  #: who wrote it: the name of its file

    @property
    def texts(self) -> tuple[str, str, str, str]:
        """All four, in the order of the file."""
        return self.give, self.want, self.near_give, self.near_want


def read_pairs(folder: Path = PAIRS) -> list[Pair]:
    """All pairs in the order of their files: tables with tabs, without headings, the last column a kind.

    Raises:
        ValueError: naming file and line where a text is missing.
    """
    pairs = []
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
                if len(row) != _PAIR_COLUMNS or not all(text.strip() for text in row):
                    raise ValueError(f"{path.name}, line {number}: expected four texts and a kind")
                give, want, near_give, near_want, _kind = (text.strip() for text in row)
                pairs.append(Pair(give, want, near_give, near_want, path.stem))
    return pairs
