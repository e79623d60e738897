"""Which needs ask for much the same: of one's own – a double, or what is asked for every year –, and of other
organizations, with which the city may propose to ask together (M7).

Never a reason to refuse anything: two NPOs may need the same and go their own ways, and so may two needs
of one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from embeddings import text as texts
from embeddings import typed
from embeddings.pairs import Sentences, closest_pair
from matcher.ground import lifecycle
from matcher.postings import terms
from matcher.records import Embedding, Need, Organization
from matcher.register import findable
from matcher.suggestions import conditions
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.near import rows_of

Floats = NDArray[np.float32]

#: From this cosine of both texts on, two needs of one organization ask for the same: of 24 needs of the demo
#: city that were written anew in other words all reach it, of 136 other pairs of the same kind of support or
#: of the same organization 12 (seed_data/alike.tsv; chosen on one half, the other agrees).
OWN: Final = 0.55
#: And from this one on with the first sentence of a need that is being written, of whatever kind: of the same
#: 24 it reaches it each time, with 7 of 32 other needs of the same organizations. Chosen on these 24, none
#: held aside.
TYPED: Final = 0.40
#: And two of different organizations might be asked for together: of 28 pairs above it 16 could, as read one
#: by one; of 90 below it, down to nothing in common, 10.
OTHERS: Final = 0.50
SHOWN: Final = 5
_SHOWN_WHILE_TYPED: Final = 3
_NEAR: Final = 50  #: so many of all needs are looked at
_WAITING: Final = frozenset({"open", "paused", "in_review"})


@dataclass(frozen=True)
class Alike:
    """A need that asks for much the same, the cosine of both texts, and the two sentences that are closest
    (this one's, the other's; empty where none is close).
    """

    need: Need
    likeness: float
    sentences: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Own:
    """What is like a need among the other needs of its own organization."""

    doubles: Sequence[Alike] = ()  #: open or on their way, for the same time
    repeats: Sequence[Alike] = ()  #: over, or for a time before: what is asked for again

    def __bool__(self) -> bool:
        return bool(self.doubles or self.repeats)


@dataclass(frozen=True, eq=False)
class _Read:
    """A need as the model that serves reads it."""

    vector: Floats
    parts: Sequence[str]
    sentences: Sentences


def own_like(session: Session, live: LiveIndex, need: Need, today: date) -> Own:
    """The other needs of its organization: same kind of support, nearest first.

    What it follows is known to be its forerunner and is left out. Empty where meaning is not known.
    """
    others = session.scalars(
        select(Need)
        .where(
            Need.organization_id == need.organization_id,
            Need.id.not_in((need.id, need.follows_id or 0)),
            Need.support_type == need.support_type,
            Need.state.in_(_WAITING | lifecycle.POSTING_ENDED),
        )
        .options(joinedload(Need.organization))
        .order_by(Need.id)
    ).all()
    doubles, repeats = [], []
    for one in _near(session, live, need, others, OWN):
        is_before = bool(one.need.period_to and need.period_from and one.need.period_to < need.period_from)
        if one.need.state in lifecycle.POSTING_ENDED or is_before:
            repeats.append(one)
        elif _overlap(need, one.need, today):
            doubles.append(one)
    return Own(doubles, repeats)


def own_typed(session: Session, live: LiveIndex, need: Need, said: str) -> list[Need]:
    """The other needs of its organization that stand or are on their way to it, by the first sentence of what
    is typed of a new one so far, nearest first; the newest where nothing is typed. Its kind and time are not
    known yet.

    Empty where meaning is not known.
    """
    others = session.scalars(
        select(Need)
        .where(
            Need.organization_id == need.organization_id, Need.id != need.id, Need.state.in_(_WAITING)
        )
        .options(joinedload(Need.organization))
        .order_by(Need.updated_at.desc(), Need.id.desc())
    ).all()  # fmt: skip
    if not said.strip():
        return list(others[:_SHOWN_WHILE_TYPED])
    read = typed.reader_of(live.model_id) if live.knows_meaning else None
    # The title, where there is one; whole texts are near to more (see ``TYPED``).
    first = next(iter(texts.sentences(said)), "")
    vector = read(first) if read is not None and others else None
    if vector is None:
        return []
    known = _read(session, live, others)
    likeness = {one.id: float(vector @ known[one.id].vector) for one in others if one.id in known}
    near = [one for one in others if likeness.get(one.id, 0.0) >= TYPED]
    return sorted(near, key=lambda one: -likeness[one.id])[:_SHOWN_WHILE_TYPED]


def others_like(session: Session, live: LiveIndex, need: Need, today: date) -> list[Alike]:
    """Open needs of other organizations: same kind of support, overlapping period, nearest first.

    Empty where meaning is not known.
    """
    shelf, read = live.shelves.get("need"), _read(session, live, [need]).get(need.id)
    if shelf is None or read is None:
        return []
    nearest, _cosines = shelf.vectors.search(
        read.vector, _NEAR, exact=lambda wanted: live.vectors_of(session, "need", wanted)
    )
    found = session.scalars(
        select(Need)
        .join(Organization, Organization.id == Need.organization_id)
        .where(
            Need.id.in_(nearest.tolist()),
            Need.organization_id != need.organization_id,
            Need.support_type == need.support_type,
            *conditions.listed_needs(),
        )
        .options(joinedload(Need.organization))
    ).all()
    overlapping = [one for one in found if _overlap(need, one, today)]
    return _near(session, live, need, overlapping, OTHERS)


def _near(session: Session, live: LiveIndex, need: Need, others: Sequence[Need], bar: float) -> list[Alike]:
    """Those of ``others`` from ``bar`` on, each with the sentences that are closest."""
    if not others:
        return []
    read = _read(session, live, [need, *others])
    if need.id not in read:
        return []
    shelf = live.shelves.get("need")
    idf: Callable[[str], float] = cache(shelf.words.idf) if shelf is not None else lambda _word: 1.0
    own = read[need.id]
    rows = [
        Alike(one, likeness, _closest(own, read[one.id], idf))
        for one in others
        if one.id in read and (likeness := float(own.vector @ read[one.id].vector)) >= bar
    ]
    return sorted(rows, key=lambda row: (-row.likeness, row.need.id))[:SHOWN]


def _closest(own: _Read, other: _Read, idf: Callable[[str], float]) -> tuple[str, str]:
    pair = closest_pair(own.sentences, other.sentences, idf)
    return ("", "") if pair is None or pair[2] <= 0 else (own.parts[pair[0]], other.parts[pair[1]])


def _read(session: Session, live: LiveIndex, needs: Sequence[Need]) -> dict[int, _Read]:
    """Need id → as it is read: from its row where that is of today's text, else at once.

    A draft and what is being read by the city have no row that follows their text. What cannot be read, or
    says nothing, is left out.
    """
    if not live.knows_meaning:
        return {}
    rows = rows_of(session, live, [("need", one.id) for one in needs])
    read = typed.reader_of(live.model_id)
    found: dict[int, _Read] = {}
    for need in needs:
        one: _Read | None
        text, row = findable.compared_text_of(need), rows.get(("need", need.id))
        if row is not None and row.text_sha256 == texts.digest(text):
            one = _of_row(row)
        else:
            one = _at_once(text, read) if read is not None else None
        if one is not None and one.vector.any():
            found[need.id] = one
    return found


def _of_row(row: Embedding) -> _Read:
    sentences = Sentences.stored(row.sentence_vectors, row.words)
    return _Read(np.frombuffer(row.vector or b"", np.float32), row.sentences, sentences)


def _at_once(text: str, read: Callable[[str], Floats | None]) -> _Read | None:
    vector = read(text)
    if vector is None:
        return None
    parts = texts.sentences(text)
    vectors = _stacked([read(part) for part in parts], vector.shape[0])
    words: list[Mapping[str, int]] = [Counter(texts.words(part)) for part in parts]
    return _Read(vector, parts, Sentences(vectors, words))


def _stacked(vectors: Iterable[Floats | None], dimensions: int) -> Floats:
    """(n, d); what says nothing is a row of zeros."""
    rows: list[Any] = [np.zeros(dimensions, np.float32) if one is None else one for one in vectors]
    return np.stack(rows) if rows else np.empty((0, dimensions), np.float32)


def _overlap(one: Need, other: Need, today: date) -> bool:
    periods = ((one.period_from, one.period_to), (other.period_from, other.period_to))
    return not terms.overlap(periods, today)[2]
