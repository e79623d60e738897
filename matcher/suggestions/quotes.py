"""The pair of sentences that carried the similarity, for the few suggestions that are shown."""

from collections.abc import Iterable
from functools import cache

from embeddings.pairs import Sentences, closest_pair
from matcher.records import Embedding
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.ranking import Quote


def between(live: LiveIndex, pairs: Iterable[tuple[Embedding, Embedding]]) -> list[Quote | None]:
    """The closest pair of sentences of each company's text with an NPO's, which counts in their score."""
    idf = {kind: cache(shelf.words.idf) for kind, shelf in live.shelves.items()}
    found: list[Quote | None] = []
    for ours, theirs in pairs:
        rarity = idf.get(theirs.owner_type) or next(iter(idf.values()), None)
        pair = rarity and closest_pair(_said(ours), _said(theirs), rarity)
        found.append(Quote(ours.sentences[pair[0]], theirs.sentences[pair[1]]) if pair else None)
    return found


def _said(row: Embedding) -> Sentences:
    return Sentences.stored(row.sentence_vectors, row.words)
