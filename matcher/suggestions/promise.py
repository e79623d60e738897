"""How well every record of a kind fits, as far as memory tells: what is known of its score, and its ceiling.

Known are the texts as wholes and the facts; sentences lie in the database. They are worth at most what
their signals can give, so that whoever cannot reach the best even with that need not be read
(``reaching.py``). Scores are meant before the logistic function, which keeps their order.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embeddings import pairs
from matcher.suggestions import criteria, ranking
from matcher.suggestions.asked import Source
from matcher.suggestions.criteria import Side
from matcher.suggestions.facts import Table
from matcher.suggestions.indexing import Shelf
from matcher.suggestions.measured import Measured
from matcher.suggestions.near import UNKNOWN, Search, said_closely, scaled
from matcher.suggestions.ranking import Part, Weights

Ids = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

JUDGED: Final = 500  #: of more different sayings a judge hears only those whose records may be among the best
_CLOSE: Final = {"sentences": ranking.SENTENCES_SCALE, "maxsim": ranking.MAXSIM_SCALE}


@dataclass(frozen=True)
class Asker:
    """Who asks, by each of its texts, and what it says beside each."""

    sources: Sequence[Source]
    sides: Sequence[Side]
    is_company: bool


class Pool:
    """All records of one kind with what is known of their scores for one who asks."""

    def __init__(
        self, search: Search, asker: Asker, owner_type: str, table: Table, mission: Source | None,
        without: Ids | None = None,
    ):  # fmt: skip
        """
        Args:
            mission: the asker's profile, where it is compared with that of each record's organization.
            without: organizations that come into question by something else.
        """
        self.owner_type, self.table = owner_type, table
        self.is_asked = asker.is_company  #: whether the records ask, rather than give
        self._search, self._asker = search, asker
        self._unheard = [code for code in criteria.CODES if len(table.sayings[code]) > JUDGED]
        key = _key(search, asker, mission)
        found = table.measured.get(key) if key is not None else None
        if found is None:
            found = self._measured(mission)
            if key is not None:
                table.measured.put(key, found)
        self._held, self._read, self._known = found, found.read, found.known
        #: what each of the other signals can add at most (n, sources)
        self._most_of: dict[str, Numbers] = {
            code: np.zeros(self._read.shape) + self._of(_most(code)) for code in (*_CLOSE, *self._unheard)
        }
        most = sum(self._most_of.values(), start=self._known)
        self.ceilings: Numbers = most.max(axis=1)
        #: the open ones that other members may find
        self.is_findable: Flags = search.live.shelves[owner_type].words.holds(table.ids)
        self.ceilings[~self.is_findable] = -np.inf
        if without is not None:
            self.ceilings[np.isin(table.owners, without)] = -np.inf

    def _measured(self, mission: Source | None) -> Measured:
        search, asker, table = self._search, self._asker, self.table
        speaks, signals = _texts(search, asker, self.owner_type, table)
        self._read = ~np.isnan(signals["contextual"])
        if mission is not None and np.any(self._of(lambda weights: _part(weights, "mission").weight)):
            of_owner = "npo" if asker.is_company else "company"
            signals["mission"] = _missions(search, of_owner, table.owners, mission)[:, None]
        known: Numbers = np.zeros(self._read.shape) + self._of(lambda weights: weights.bias)
        for code, values in signals.items():
            known += self._worth(code, values)
        everybody = np.arange(len(table.ids))
        for code in criteria.CODES:
            if code not in self._unheard:
                known += self._worth(code, self._judged(code, everybody))
        return Measured(speaks, self._read, known)

    def tighten(self, rows: NDArray[np.int64]) -> None:
        """Lower the ceilings of some rows by what their sentences can give at most."""
        self._most_of["sentences"][rows] = _filled(self._held.sentences, rows, self._said_at_most)
        self._lower(rows)

    def sharpen(self, rows: NDArray[np.int64]) -> None:
        """Lower them by what the sentence encoder makes of their sentences, which is in the database."""
        self._most_of["maxsim"][rows] = _filled(self._held.maxsim, rows, self._meant_at_most)
        self._lower(rows)

    def scores(self, rows: NDArray[np.int64]) -> Numbers:
        """The scores (n,) of the records in some rows of the table, with all that counts."""
        return _filled(self._held.scores, rows, self._scored)

    def _said_at_most(self, rows: NDArray[np.int64]) -> Numbers:
        table, shelf = self.table, self._search.live.shelves[self.owner_type]
        result = self._most_of["sentences"][rows]
        lengths = table.starts[rows + 1] - table.starts[rows]
        speaking = np.flatnonzero(lengths)
        rows, lengths = rows[speaking], lengths[speaking]
        owner = np.repeat(np.arange(len(rows)), lengths)
        first = np.cumsum(lengths) - lengths
        places = np.arange(len(owner)) - first[owner] + table.starts[rows][owner]
        said = table.said
        codes, scales = said.codes[places].astype(np.float32), said.scales[places]
        highest = np.full((len(rows), len(self._asker.sources)), np.nan)
        for column, source in enumerate(self._asker.sources):
            asked = source.sentences
            if not len(asked) or not len(rows):
                continue
            cosines = (asked.vectors @ codes.T) * scales + said.slacks[places]
            words = shelf.words.overlaps(asked.words, table.ids[rows]).T[:, owner]
            close = pairs.highest(asked, cosines, said.fullness[places], words)
            highest[:, column] = np.maximum.reduceat(close, first)
        result[speaking] = self._worth("sentences", scaled(highest, ranking.SENTENCES_SCALE), rows)
        return result

    def _meant_at_most(self, rows: NDArray[np.int64]) -> Numbers:
        measured = self._search.maxsims(self.owner_type, self.table.ids[rows].tolist(), self._asker.sources)
        return self._worth("maxsim", scaled(measured, ranking.MAXSIM_SCALE), rows)

    def _lower(self, rows: NDArray[np.int64]) -> None:
        most = sum((values[rows] for values in self._most_of.values()), start=self._known[rows])
        self.ceilings[rows] = np.minimum(self.ceilings[rows], most.max(axis=1))

    def _scored(self, rows: NDArray[np.int64]) -> Numbers:
        known = self._known[rows]
        for code in self._unheard:
            known = known + self._worth(code, self._judged(code, rows), rows)
        ids = self.table.ids[rows].tolist()
        close = self._search.closely(self.owner_type, ids, self._asker.sources)
        values = np.full((len(_CLOSE), *known.shape), np.nan)
        for place, number in enumerate(ids):
            for column, source in enumerate(self._asker.sources):
                found = close.get((number, source), UNKNOWN)
                said = said_closely(found, bool(self._held.speaks[rows[place]]))
                values[:, place, column] = [np.nan if one is None else one for one in (said, found.maxsim)]
        if self._search.live.knows_meaning:
            for measured, (code, scale) in zip(values, _CLOSE.items(), strict=True):
                known = known + self._worth(code, scaled(measured, scale), rows)
        best: Numbers = known.max(axis=1)
        return best

    def _judged(self, code: str, rows: NDArray[np.int64]) -> Numbers:
        """What a judge makes of some records beside each text of the asker; nan where it cannot say."""
        places, sayings = self.table.places[code][rows], self.table.sayings[code]
        if len(sayings) <= JUDGED:
            heard = [self.table.heard(code, side, self.is_asked)[places] for side in self._asker.sides]
            return np.stack(heard, axis=1)
        judged = np.full((len(rows), len(self._asker.sides)), np.nan)
        for column, side in enumerate(self._asker.sides):
            read = criteria.read_of(code, side)
            for row, place in enumerate(places.tolist()):
                pair = (read, sayings[place]) if self.is_asked else (sayings[place], read)
                value = criteria.value_of(code, *pair)
                judged[row, column] = np.nan if value is None else value
        return judged

    def _worth(self, code: str, values: Numbers, rows: NDArray[np.int64] | None = None) -> Numbers:
        """What values (n, sources) of a signal add to the scores of some rows; nothing where unknown."""
        weight = self._of(lambda weights: _part(weights, code).weight, rows)
        center = self._of(lambda weights: _part(weights, code).center, rows)
        worth: Numbers = np.nan_to_num(weight * (values - center), nan=0.0)
        return worth

    def _of(
        self, number: Callable[[Weights], float], rows: NDArray[np.int64] | None = None
    ) -> Numbers | float:
        """A number of the weights that serve for each pair, read in context or not."""
        chosen = self._read if rows is None else self._read[rows]
        by_words = number(self._search.weights.by_words or self._search.weights)
        read = number(self._search.weights)
        if not chosen.any():
            return by_words
        result: Numbers | float = read if chosen.all() else np.where(chosen, read, by_words)
        return result


def _filled(
    held: Numbers, rows: NDArray[np.int64], measure: Callable[[NDArray[np.int64]], Numbers]
) -> Numbers:
    """What is held of some rows, those not measured yet measured and held first."""
    missing = rows[np.isnan(held[rows].reshape(len(rows), -1)).any(axis=1)]
    if missing.size:
        held[missing] = measure(missing)
    return held[rows]


def _key(search: Search, asker: Asker, mission: Source | None) -> Hashable | None:
    """On what all that is measured depends, beside the table; ``None`` while the index is not level."""
    state = search.level
    if state is None:
        return None
    sides = tuple(criteria.key_of(side) for side in asker.sides)
    texts = tuple(source.digest for source in asker.sources)
    return state, search.weights.version, asker.is_company, sides, texts, mission and mission.digest


_NOTHING: Final = Part(0.0, 0.0)


def _part(weights: Weights, code: str) -> Part:
    return weights.parts.get(code, _NOTHING)


def _most(code: str) -> Callable[[Weights], float]:
    """The most that a signal can add, whatever its value is and whether it is known."""

    def most(weights: Weights) -> float:
        part = _part(weights, code)
        return max(0.0, part.weight * (1 - part.center), -part.weight * part.center)

    return most


def _texts(search: Search, asker: Asker, owner_type: str, table: Table) -> tuple[Flags, dict[str, Numbers]]:
    """Which records say anything, and the signals of whole texts (n, sources); nan where unknown."""
    shelf, sources = search.live.shelves[owner_type], asker.sources
    unknown = np.full((len(table.ids), len(sources)), np.nan)
    meaning = shelf.vectors.cosines(table.ids, np.stack([one.vector for one in sources])).astype(np.float64)
    speaks = ~np.isnan(meaning[:, 0])
    meaning[~speaks] = -1.0
    words = np.stack([shelf.words.all_scores(one.bag, table.ids) for one in sources], axis=1)
    signals = {"words": scaled(words.astype(np.float64), ranking.WORDS_SCALE), "contextual": unknown}
    if search.live.knows_meaning:
        signals["meaning"] = scaled(meaning, ranking.MEANING_SCALE)
        signals["contextual"] = _in_context(search, shelf, owner_type, table.ids, sources)
    return speaks, signals


def _in_context(
    search: Search, shelf: Shelf, owner_type: str, ids: Ids, sources: Sequence[Source]
) -> Numbers:
    result = np.full((len(ids), len(sources)), np.nan)
    read = [(column, one.read.vector) for column, one in enumerate(sources) if one.read is not None]
    if shelf.contextual is None or not read:
        return result
    vectors = np.stack([vector for _column, vector in read])
    cosines = shelf.contextual.cosines(ids, vectors, search.middle(owner_type, vectors.shape[1]))
    result[:, [column for column, _vector in read]] = scaled(
        cosines.astype(np.float64), ranking.CONTEXTUAL_SCALE
    )
    return result


def _missions(search: Search, owner_type: str, owners: Ids, profile: Source) -> Numbers:
    """How near the asker's profile is to that of each record's organization (n,); nan where unknown."""
    shelf = search.live.shelves.get(owner_type)
    if shelf is None:
        return np.full(len(owners), np.nan)
    ids, places = np.unique(owners, return_inverse=True)
    values = scaled(shelf.words.all_scores(profile.bag, ids).astype(np.float64), ranking.WORDS_SCALE)
    if search.live.knows_meaning:
        meaning = shelf.vectors.cosines(ids, profile.vector[None, :])[:, 0].astype(np.float64)
        meaning = scaled(np.nan_to_num(meaning, nan=-1.0), ranking.MEANING_SCALE)
        values = (values + meaning) / 2
    values[~shelf.words.holds(ids)] = np.nan
    result: Numbers = values[places]
    return result
