"""The second reading of each text: by a sentence encoder, behind the fast table of words.

Whoever is at work reads first what people are likely to look at; a text that changed waits again
(``register/findable.touch``). A pair that was not read yet is compared by words alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from matcher.ground.db import Database
from matcher.records import Embedding, Membership, Need, Offer
from matcher.register import numbers
from matcher.register.findable import awaits_context, compared_text_of, contextual_model, worked_model
from matcher.suggestions.encoding import Encoder, _owner

BATCH: Final = 16  #: texts read between two short transactions: some seconds, with their sentences

#: row id, sha256 of its text, the text, its sentences
Work = tuple[int, str, str, Sequence[str]]
#: sha256 of a text → its vector and those of its sentences, as they are kept
Known = Mapping[str, tuple[bytes, bytes]]


def serving(session: Session) -> str | None:
    """The id of the sentence encoder whose vectors serve, ``None`` where none ever worked."""
    return contextual_model(session)


def begin(database: Database, contextual_id: str) -> None:
    """Let the vectors of a sentence encoder serve from now on; those of another one serve no more."""
    with database.read() as session:
        if contextual_model(session) == contextual_id:
            return
    with database.write() as session:
        numbers.counter(session, "contextual").text = contextual_id


def encode_waiting(
    database: Database,
    encoder: Encoder,
    limit: int = BATCH,
    on_failure: Callable[[int, Exception], None] | None = None,
) -> int:
    """Read up to ``limit`` waiting texts; returns how many. No transaction is open while encoding.

    Args:
        on_failure: hears of a row whose text cannot be read; it is kept as if it said nothing. Without it the
            failure is raised.
    """
    with database.read() as session:
        work = _waiting(session, encoder.model_id, limit)
    if not work:
        return 0
    try:
        read = list(_read(encoder, work))
    except Exception:
        if on_failure is None:
            raise
        read = [_read_alone(encoder, one, on_failure) for one in work]
    _keep(database, encoder.model_id, read)
    return len(read)


def fill_known(database: Database, contextual_id: str, known: Known) -> int:
    """Give waiting texts vectors that were made before; returns how many."""
    filled, last = 0, 0
    while True:
        with database.read() as session:
            model_id = worked_model(session) or ""
            rows = session.execute(
                select(Embedding.id, Embedding.text_sha256, Embedding.sentences)
                .where(*awaits_context(model_id, contextual_id), Embedding.id > last)
                .order_by(Embedding.id)
                .limit(500)
            ).all()
        if not rows:
            return filled
        last = rows[-1].id
        found = [(key, digest, *known[digest]) for key, digest, _said in rows if digest in known]
        _keep(database, contextual_id, found)
        filled += len(found)


def _waiting(session: Session, contextual_id: str, limit: int) -> list[Work]:
    """What is read next: first what people look at, and of that the shortest beside each other."""
    waits = awaits_context(worked_model(session) or "", contextual_id)
    for condition in _in_turn():
        rows = session.scalars(
            select(Embedding).where(*waits, *condition).order_by(Embedding.version, Embedding.id).limit(limit)
        ).all()
        if rows:
            return [
                (row.id, row.text_sha256, compared_text_of(_owner(session, row)), row.sentences)
                for row in rows
            ]
    return []


def _in_turn() -> Iterator[tuple[ColumnElement[bool], ...]]:
    # Registers bring organizations by the hundred thousand: who has an account or something open comes first.
    is_posting = Embedding.owner_type.in_(("need", "offer"))
    at_work = select(Membership.organization_id).union(
        select(Need.organization_id).where(Need.state == "open"),
        select(Offer.organization_id).where(Offer.state == "open"),
    )
    yield Embedding.active.is_(True), is_posting
    yield Embedding.active.is_(True), Embedding.owner_id.in_(at_work)
    yield (Embedding.active.is_(True),)
    yield ()


def _read(encoder: Encoder, work: Sequence[Work]) -> Iterator[tuple[int, str, bytes, bytes]]:
    everything = list(dict.fromkeys(part for *_row, text, said in work for part in (text, *said)))
    place = {part: row for row, part in enumerate(everything)}
    # The library sorts by length itself, so that little is padded.
    matrix = encoder.encode(everything, "query").astype(np.float16)
    for row_id, digest, text, said in work:
        vectors = matrix[[place[part] for part in said]] if said else matrix[:0]
        yield row_id, digest, matrix[place[text]].tobytes(), vectors.tobytes()


def _read_alone(
    encoder: Encoder, one: Work, on_failure: Callable[[int, Exception], None]
) -> tuple[int, str, bytes, bytes]:
    try:
        (read,) = _read(encoder, [one])
    except Exception as error:
        on_failure(one[0], error)
        nothing = np.zeros((1 + len(one[3]), len(encoder.encode([""], "query")[0])), np.float16)
        read = (one[0], one[1], nothing[0].tobytes(), nothing[1:].tobytes())
    return read


def _keep(database: Database, contextual_id: str, read: Sequence[tuple[int, str, bytes, bytes]]) -> None:
    """A text that changed meanwhile keeps waiting: its row is filled only if the hash is still the same."""
    if not read:
        return
    with database.write() as session:
        version = numbers.raise_version(session)
        for row_id, digest, vector, sentence_vectors in read:
            session.execute(
                update(Embedding)
                .where(Embedding.id == row_id, Embedding.text_sha256 == digest, Embedding.vector.is_not(None))
                .values(
                    contextual_model_id=contextual_id,
                    contextual_vector=vector,
                    contextual_sentence_vectors=sentence_vectors,
                    version=version,
                )
            )


def vectors_of(session: Session, contextual_id: str) -> dict[str, tuple[bytes, bytes]]:
    """What ``fill_known`` takes: all vectors that an encoder made here, by the sha256 of their texts."""
    rows = session.execute(
        select(
            Embedding.text_sha256, Embedding.contextual_vector, Embedding.contextual_sentence_vectors
        ).where(Embedding.contextual_model_id == contextual_id)
    )
    return {
        digest: (vector, said) for digest, vector, said in rows if vector is not None and said is not None
    }
