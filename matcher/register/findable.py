"""What can be found by meaning: the text of a record, and that it waits to be encoded."""

from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from embeddings import bearing
from embeddings import text as texts
from matcher.ground import posting, profile
from matcher.records import Counter, Embedding, Need, Offer, Organization
from matcher.register import numbers

Owner = Need | Offer | Organization


def type_of(owner: Owner) -> str:
    """The owner type of a record in the embedding table."""
    if isinstance(owner, Need):
        return "need"
    if isinstance(owner, Offer):
        return "offer"
    return owner.kind


def text_of(owner: Owner) -> str:
    """All that a record says of what is given or wanted; an organization's profile must be loaded."""
    held: Any = owner
    if isinstance(owner, Organization):
        fields = profile.FIELDS[owner.kind]
        held = owner.company if owner.kind == "company" else owner.npo
    else:
        fields = posting.FIELDS["need" if isinstance(owner, Need) else "offer"]
    parts = [getattr(held, one.code) for one in fields if one.is_said] if held is not None else []
    return "\n".join(part for part in parts if part.strip())


def compared_text_of(owner: Owner) -> str:
    """What of the text is compared by meaning: what is given or wanted, without refusals and limits.

    A text of nothing else is compared as it is.
    """
    said = text_of(owner)
    speaker = speaker_of(owner)
    kept = [sentence for sentence in texts.sentences(said) if bearing.speaks(sentence, speaker)]
    return "\n".join(kept) or said


def speaker_of(owner: Owner) -> bearing.Speaker:
    """Whether the record speaks for one who gives or one who asks."""
    return "asker" if type_of(owner) in {"need", "npo"} else "giver"


def is_findable(owner: Owner, organization: Organization) -> bool:
    """Whether other members may find the record. Pages check again in SQL when they show it."""
    if isinstance(owner, Organization):
        return owner.is_listed
    return owner.is_listed and organization.is_listed


def serving_model(session: Session) -> str | None:
    """The id of the model whose vectors are served, ``None`` before the first encoding."""
    row = numbers.peek(session, "index")
    return row.text or None if row is not None else None


def worked_model(session: Session) -> str | None:
    """The id of the model under which the worker encodes: the one that serves, or the one being built."""
    rows = session.scalars(select(Counter).where(Counter.name.in_(("encoding", "index"))))
    known = {row.name: row.text for row in rows}
    return known["encoding"] if "encoding" in known else known.get("index") or None


def contextual_model(session: Session) -> str | None:
    """The id of the sentence encoder whose vectors are served beside, ``None`` where none ever worked."""
    row = numbers.peek(session, "contextual")
    return row.text or None if row is not None else None


def touch(session: Session, owner: Owner) -> None:
    """Note in this transaction that the text or the findability of ``owner`` changed.

    Rows of every model are brought up, so that a model being built stays in step too. Where no model
    serves yet, the worker's first run makes all rows.
    """
    session.flush()
    organization = (
        owner if isinstance(owner, Organization) else session.get(Organization, owner.organization_id)
    )
    if organization is None:
        return
    if isinstance(owner, Organization):
        _load_profile(session, owner)
    digest, active = texts.digest(compared_text_of(owner)), is_findable(owner, organization)
    rows = session.scalars(
        select(Embedding).where(Embedding.owner_type == type_of(owner), Embedding.owner_id == owner.id)
    ).all()
    model_id = serving_model(session)
    stale = [row for row in rows if row.text_sha256 != digest or row.active != active]
    missing = model_id is not None and all(row.model_id != model_id for row in rows)
    if not stale and not missing:
        return
    version = numbers.raise_version(session)
    for row in stale:
        if row.text_sha256 != digest:
            row.text_sha256, row.vector, row.sentence_vectors = digest, None, None
            row.contextual_model_id, row.contextual_vector, row.contextual_sentence_vectors = None, None, None
        row.active, row.version = active, version
    if missing:
        assert model_id is not None
        session.add(_row(owner, model_id, digest, active, version))


def stir(session: Session, owner: Owner) -> None:
    """Note in this transaction that what is compared of ``owner`` changed, though not its text: whoever
    follows the versions looks at it again.
    """
    rows = session.scalars(
        select(Embedding).where(Embedding.owner_type == type_of(owner), Embedding.owner_id == owner.id)
    ).all()
    if rows:
        version = numbers.raise_version(session)
        for row in rows:
            row.version = version


def _load_profile(session: Session, owner: Organization) -> None:
    session.scalar(
        select(Organization)
        .where(Organization.id == owner.id)
        .options(joinedload(Organization.company), joinedload(Organization.npo))
    )


def _row(owner: Owner, model_id: str, digest: str, active: bool, version: int) -> Embedding:
    return Embedding(
        owner_type=type_of(owner),
        owner_id=owner.id,
        model_id=model_id,
        text_sha256=digest,
        active=active,
        version=version,
    )


def waiting_count(session: Session, model_id: str) -> int:
    """How many texts wait to be encoded."""
    query = select(func.count()).select_from(Embedding)
    return session.scalar(query.where(Embedding.model_id == model_id, Embedding.vector.is_(None))) or 0


def awaits_context(model_id: str, contextual_id: str) -> tuple[ColumnElement[bool], ...]:
    """What is true of rows that a sentence encoder has not read yet; they are encoded by words before."""
    own = Embedding.contextual_model_id
    # Written so that an index finds the few: the worker asks each second.
    waits = or_(own.is_(None), own < contextual_id, own > contextual_id)
    return Embedding.model_id == model_id, Embedding.vector.is_not(None), waits


def contextual_waiting_count(session: Session) -> int:
    """How many texts wait to be read by the sentence encoder; none where none ever worked."""
    model_id, contextual_id = worked_model(session), contextual_model(session)
    if not model_id or not contextual_id:
        return 0
    query = select(func.count()).select_from(Embedding).where(*awaits_context(model_id, contextual_id))
    return session.scalar(query) or 0
