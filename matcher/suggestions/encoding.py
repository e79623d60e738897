"""Keeps the embedding table in step with the texts: what waits is encoded, in batches, by whoever works.

``register/findable.touch`` notes what has to be encoded in the transaction that changed it. Pages never
encode, and never import the model.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from embeddings import text as texts
from matcher.ground.db import Database
from matcher.records import Embedding, Need, Offer, Organization
from matcher.register import numbers
from matcher.register.findable import Owner, _row, compared_text_of, is_findable, touch

Floats = NDArray[np.float32]
#: row id, digest, vector, sentences, their words, their vectors
Encoded = tuple[int, str, bytes, list[str], list[dict[str, int]], bytes]

OWNER_TYPES: Final = ("need", "offer", "npo", "company")
BATCH: Final = 64  #: texts encoded between two short transactions


class Encoder(Protocol):
    """What this module needs of ``embeddings.encoder.Encoder``."""

    @property
    def model_id(self) -> str:
        """The name under which its vectors are kept."""
        ...

    def encode(self, texts: Sequence[str], kind: Literal["query", "document"]) -> Floats:
        """Texts → (n, d) float32, rows of length one (zero where nothing is known)."""
        ...


def work_on(database: Database, model_id: str) -> None:
    """Note that the worker encodes under ``model_id`` from now on."""
    with database.write() as session:
        numbers.counter(session, "encoding").text = model_id


def add_missing_rows(database: Database, model_id: str) -> int:
    """Make a waiting row for every record that has none under ``model_id``; returns how many."""
    made = 0
    for owner_type in OWNER_TYPES:
        while True:
            with database.write() as session:
                owners = session.scalars(_without_row(owner_type, model_id).limit(500)).all()
                if not owners:
                    break
                version = numbers.raise_version(session)
                for owner in owners:
                    organization = owner if isinstance(owner, Organization) else owner.organization
                    digest = texts.digest(compared_text_of(owner))
                    session.add(_row(owner, model_id, digest, is_findable(owner, organization), version))
                made += len(owners)
    return made


def note_what_is_compared(database: Database) -> None:
    """Let every text wait of which something else is compared than when it was encoded: the rules that leave
    refusals and limits out change with the program, and no record is touched then.
    """
    for owner_type in OWNER_TYPES:
        last = 0
        while True:
            query, key = _owners(owner_type)
            with database.write() as session:
                owners = session.scalars(query.where(key > last).order_by(key).limit(500)).all()
                for owner in owners:
                    touch(session, owner)
                    last = owner.id
            if not owners:
                break


def _without_row(owner_type: str, model_id: str) -> Select[Any]:
    query, key = _owners(owner_type)
    has_row = select(Embedding.id).where(
        Embedding.owner_type == owner_type, Embedding.owner_id == key, Embedding.model_id == model_id
    )
    return query.where(~has_row.exists()).order_by(key)


def _owners(owner_type: str) -> tuple[Select[Any], Any]:
    """All records of a type, and their key."""
    if owner_type in {"npo", "company"}:
        query = (
            select(Organization)
            .where(Organization.kind == owner_type)
            .options(joinedload(Organization.company), joinedload(Organization.npo))
        )
        return query, Organization.id
    model: Any = Need if owner_type == "need" else Offer
    return select(model).options(joinedload(model.organization)), model.id


def encode_waiting(
    database: Database,
    encoder: Encoder,
    now: datetime,
    limit: int = BATCH,
    on_failure: Callable[[int | None, Exception], None] | None = None,
) -> int:
    """Encode up to ``limit`` waiting texts; returns how many. No transaction is open while encoding.

    A text that changed meanwhile keeps waiting: its row is filled only if the hash is still the same.

    Args:
        on_failure: hears of a batch that cannot be encoded (``None``), whose texts are then tried one by one,
            and of a row whose text cannot be; it is kept as if it said nothing, and the others go on. Without
            it the failure is raised.
    """
    with database.read() as session:
        work = _waiting(session, encoder.model_id, limit)
    if not work:
        return 0
    try:
        encoded = list(_encode(encoder, work))
    except Exception as error:
        if on_failure is None:
            raise
        on_failure(None, error)
        encoded = [_encode_alone(encoder, one, on_failure) for one in work]
    with database.write() as session:
        _fill(session, encoded, now)
    return len(encoded)


def encode_at_once(session: Session, encoder: Encoder, now: datetime) -> None:
    """Encode all that waits within a transaction that nobody waits for: of who lives through a whole city in
    one. Its texts must have been noted since ``serve_within``.
    """
    session.flush()
    while work := _waiting(session, encoder.model_id, BATCH):
        _fill(session, list(_encode(encoder, work)), now)
        session.flush()


def _waiting(session: Session, model_id: str, limit: int) -> list[tuple[int, str, str]]:
    """(row id, digest, text) of what waits, what has waited longest first."""
    rows = session.scalars(
        select(Embedding)
        .where(Embedding.model_id == model_id, Embedding.vector.is_(None))
        .order_by(Embedding.version, Embedding.id)
        .limit(limit)
    ).all()
    return [(row.id, row.text_sha256, compared_text_of(_owner(session, row))) for row in rows]


def _fill(session: Session, encoded: Sequence[Encoded], now: datetime) -> None:
    version = numbers.raise_version(session)
    for row_id, digest, vector, sentences, words, sentence_vectors in encoded:
        row = session.get(Embedding, row_id)
        if row is None or row.text_sha256 != digest:
            continue
        row.vector, row.sentence_vectors = vector, sentence_vectors
        row.sentences, row.words = sentences, words
        row.version, row.encoded_at = version, now


def _owner(session: Session, row: Embedding) -> Owner:
    owner: Owner | None
    if row.owner_type == "need":
        owner = session.get(Need, row.owner_id)
    elif row.owner_type == "offer":
        owner = session.get(Offer, row.owner_id)
    else:
        owner = session.scalar(
            select(Organization)
            .where(Organization.id == row.owner_id)
            .options(joinedload(Organization.company), joinedload(Organization.npo))
        )
    if owner is None:
        raise LookupError(f"expected the {row.owner_type} {row.owner_id} of embedding {row.id}, found none")
    return owner


def _encode(encoder: Encoder, work: Sequence[tuple[int, str, str]]) -> Iterator[Encoded]:
    """(row id, digest, text) → with the vector, the sentences, their words and their vectors."""
    said = [texts.sentences(text) for _row_id, _digest, text in work]
    everything = [part for (*_row, text), parts in zip(work, said, strict=True) for part in (text, *parts)]
    matrix = encoder.encode(everything, "document").astype(np.float32)
    start = 0
    for (row_id, digest, _text), parts in zip(work, said, strict=True):
        words = [_counts(texts.words(part)) for part in parts]
        vectors = matrix[start + 1 : start + 1 + len(parts)].astype(np.float16)
        yield row_id, digest, matrix[start].tobytes(), parts, words, vectors.tobytes()
        start += 1 + len(parts)


def _encode_alone(
    encoder: Encoder, one: tuple[int, str, str], on_failure: Callable[[int | None, Exception], None]
) -> Encoded:
    try:
        (encoded,) = _encode(encoder, [one])
    except Exception as error:
        on_failure(one[0], error)
        (encoded,) = _encode(encoder, [(one[0], one[1], "")])
    return encoded


def _counts(words: Sequence[str]) -> dict[str, int]:
    result: dict[str, int] = {}
    for word in words:
        result[word] = result.get(word, 0) + 1
    return result


def serve(database: Database, model_id: str) -> None:
    """Let ``model_id`` serve from now on; called when all its vectors are there."""
    with database.write() as session:
        serve_within(session, model_id)


def serve_within(session: Session, model_id: str) -> None:
    """The same in a transaction that goes on: what is written in it from now on is noted for this model."""
    row = numbers.counter(session, "index")
    if row.text != model_id:
        row.text = model_id
        row.value += 1
