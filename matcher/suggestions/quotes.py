"""The pair of sentences that is quoted as the reason: where two really answer each other, and nowhere else.

Quoted is what an offer gives beside what a need asks for in its title; a profile or a story says too
little. Of 2,094 pairs of sentences on cards of the invented city, judged by reading, every tenth carried the
fit: so most cards quote nobody, and say so.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embeddings import text as texts
from embeddings import wishes
from embeddings.pairs import Sentences, closeness
from matcher.records import Embedding, Need, Offer
from matcher.suggestions.indexing import LiveIndex, units_from
from matcher.suggestions.ranking import Quote

Numbers = NDArray[np.float64]

#: Beside words and vectors of words, which count one: the cosine of the sentence encoder, and for each side
#: that the sentence is its title, which names what is given or wanted. Chosen on one half of those pairs.
CONTEXT_SHARE: Final = 0.7
TITLE: Final = 0.1


#: Help in a disaster is a kind that names no thing: any two of it look alike.
_NAMELESS: Final = frozenset({"emergency"})


def quotes_of(
    live: LiveIndex, pairs: Iterable[tuple[tuple[Offer, Embedding], tuple[Need, Embedding]]]
) -> list[Quote | None]:
    """The sentence of an offer that answers the title of a need best, with how surely it does.

    The rows' contextual columns must be loaded; without them words alone decide.
    """
    idf = {kind: cache(shelf.words.idf) for kind, shelf in live.shelves.items()}
    found: list[Quote | None] = []
    for (offer, ours), (need, theirs) in pairs:
        rarity = idf.get(theirs.owner_type) or next(iter(idf.values()), None)
        a, b = _said(ours), _said(theirs)
        asked = np.flatnonzero(_titles(theirs, need.title))
        if rarity is None or not len(a) or not asked.size or offer.support_type in _NAMELESS:
            found.append(None)
            continue
        strength = closeness(a, b, rarity) + CONTEXT_SHARE * _in_context(live, ours, theirs)
        strength += TITLE * (_titles(ours, offer.title)[:, None] + 1)
        strength = strength[:, asked]
        row, column = divmod(int(np.argmax(np.round(strength, 6))), strength.shape[1])
        sentence = theirs.sentences[int(asked[column])]
        # Of a title that lists many wishes, those that the offer does not name correspond to nothing.
        wish = wishes.met(sentence, f"{offer.title}\n{ours.sentences[row]}")
        found.append(Quote(ours.sentences[row], wish, float(strength[row, column])) if wish else None)
    return found


def _said(row: Embedding) -> Sentences:
    return Sentences.stored(row.sentence_vectors, row.words)


def _titles(row: Embedding, title: str) -> Numbers:
    """One where a sentence is of the title."""
    named = set(texts.sentences(title))
    return np.array([sentence in named for sentence in row.sentences], np.float64)


def _in_context(live: LiveIndex, ours: Embedding, theirs: Embedding) -> Numbers:
    """Cosines (n, m) of the sentences by the sentence encoder; zero where either was not read yet."""
    sides = []
    for row in (ours, theirs):
        stored = row.contextual_sentence_vectors
        if stored is None or row.contextual_model_id != live.contextual_id:
            return np.zeros((len(ours.sentences), len(theirs.sentences)))
        vectors = np.frombuffer(stored, np.float16).astype(np.float32).reshape(len(row.sentences), -1)
        sides.append(units_from(live.middle(row.owner_type, vectors.shape[1]), vectors))
    return (sides[0] @ sides[1].T).astype(np.float64)
