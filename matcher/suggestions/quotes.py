"""The pair of sentences that carried the similarity, for the few suggestions that are shown."""

from functools import cache

from embeddings.pairs import Sentences, closest_pair
from matcher.records import Embedding
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.ranking import Quote


def between(live: LiveIndex, company_row: Embedding, npo_row: Embedding) -> Quote | None:
    """The closest pair of sentences of two encoded texts: the one that counts in their score."""
    shelf = live.shelves.get(npo_row.owner_type) or next(iter(live.shelves.values()), None)
    if shelf is None:
        return None
    ours, theirs = (Sentences.stored(row.sentence_vectors, row.words) for row in (company_row, npo_row))
    pair = closest_pair(ours, theirs, cache(shelf.words.idf))
    return Quote(company_row.sentences[pair[0]], npo_row.sentences[pair[1]]) if pair else None
