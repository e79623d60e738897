"""What is near to typed words in meaning: one bar and one reading of the words, for what a search finds now
and for what a kept search is told of later.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from embeddings import typed
from embeddings.pairs import Sentences
from matcher.suggestions.indexing import LiveIndex, Shelf
from matcher.suggestions.near import rows_of

#: The cosine from which on a text is near to typed words. Read over the demo city's 170 needs by 26 queries:
#: above it nearly all has to do with the words (パソコン: eight), below it little (宇宙旅行: none).
BAR: Final = 0.25


@dataclass(frozen=True, eq=False)
class Meaning:
    """Typed words as the model that serves reads them, beside the texts of one kind."""

    live: LiveIndex
    kind: str
    shelf: Shelf
    vector: NDArray[np.float32]

    @classmethod
    def of(cls, live: LiveIndex, kind: str, words: str) -> Self | None:
        """``None`` where no word is known, the model cannot be read by pages, or there is no such text."""
        read, shelf = typed.reader_of(live.model_id), live.shelves.get(kind)
        vector = read(words) if read is not None and words else None
        return None if vector is None or shelf is None else cls(live, kind, shelf, vector)

    def nearest(self, session: Session, reach: int) -> list[int]:
        """Ids of what is near, the nearest first; only the ``reach`` nearest of all are looked at."""
        ids, cosines = self.shelf.vectors.search(
            self.vector, reach, exact=lambda wanted: self.live.vectors_of(session, self.kind, wanted)
        )
        return [int(number) for number in ids[cosines >= BAR]]

    def near_among(self, session: Session, ids: Collection[int]) -> set[int]:
        """Those of ``ids`` that are near."""
        known = np.array(sorted(number for number in ids if number in self.shelf), dtype=np.int64)
        if not known.size:
            return set()
        cosines = self.live.vectors_of(session, self.kind, known) @ self.vector
        return {int(number) for number in known[cosines >= BAR]}

    def sentences(self, session: Session, ids: Iterable[int]) -> dict[int, str]:
        """Id → the sentence of it that is nearest to the words; who has no encoded sentence is left out."""
        found = {}
        rows = rows_of(session, self.live, [(self.kind, number) for number in ids])
        for (_kind, number), row in rows.items():
            vectors = Sentences.stored(row.sentence_vectors, row.words).vectors
            if len(vectors):
                found[number] = row.sentences[int(np.argmax(vectors @ self.vector))]
        return found
