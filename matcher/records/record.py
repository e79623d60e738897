"""What the service keeps about itself: audit, revisions, notices, mail, counters, vectors, imports."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matcher.records.base import Base, Identified
from matcher.records.organization import Organization


class AuditEvent(Base):
    """監査記録: append-only (triggers refuse UPDATE and DELETE) and chained by hash."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_object", "object_type", "object_id"),)

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[str | None] = mapped_column(String(32), comment="public id of the user")
    actor_organization_id: Mapped[str | None] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(20), comment="role used, or system")
    action: Mapped[str] = mapped_column(String(40))
    object_type: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[str] = mapped_column(String(32), comment="public id")
    object_version: Mapped[int | None]
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str | None] = mapped_column(String(20))
    reason_code: Mapped[str | None] = mapped_column(String(30))
    reason_text: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="ids and codes, no personal data")
    request_id: Mapped[str] = mapped_column(String(32), default="")
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    seal: Mapped[str | None] = mapped_column(
        String(80), comment="key id and HMAC of the hash; null before seals began"
    )


class Identity(Base):
    """Who a party to cases was, from one audit event on until its next row: what papers of a day print.

    Written in the transaction of the first event on a case that finds the registration changed, and never
    changed afterwards – except that the name of a person whose account was closed is removed.
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("subject", "subject_key", "since_event"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(12), comment="organization, city or user")
    subject_key: Mapped[str] = mapped_column(String(32), comment="public id; city: city")
    since_event: Mapped[int] = mapped_column(
        BigInteger, comment="number of the audit event; 0: since before what is recorded"
    )
    facts: Mapped[dict[str, Any]] = mapped_column(info={"pii": True})
    unproved: Mapped[list[str]] = mapped_column(
        default=list, comment="facts that no record proves for that time; they are those of kept_at"
    )
    kept_at: Mapped[datetime]


class Counter(Base):
    """A number that only rises: receipt numbers, index versions, the audit chain's head.

    Writing transactions are serial, so numbers become visible in the order in which they were given.
    """

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)
    text: Mapped[str] = mapped_column(
        String(120), default="", comment="audit: hash of the newest event; index: the serving model's id"
    )


class Revision(Base):
    """A text as it stood when it was submitted, edited by staff, or published."""

    __tablename__ = "revision"
    __table_args__ = (Index("ix_revision_owner", "owner_type", "owner_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_type: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    number: Mapped[int]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]


class Notice(Base):
    """お知らせ on the screen, for one person."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_user_id_read_at", "user_id", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(40), default="", comment="which words; empty in old rows")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict, info={"pii": True})
    subject: Mapped[str] = mapped_column(String(200), default="", comment="of rows before codes were kept")
    body: Mapped[str] = mapped_column(Text, default="")
    object_type: Mapped[str] = mapped_column(String(30), default="", comment="what it is about")
    object_id: Mapped[str] = mapped_column(String(32), default="", comment="public id")
    read_at: Mapped[datetime | None]
    mailed: Mapped[bool] = mapped_column(default=False, comment="in a mail, or not to be mailed")
    organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organization.id"), comment="in whose name the person is told; none for the city"
    )

    organization: Mapped[Organization | None] = relationship(lazy="raise")


class Mail(Base):
    """Outbox: written in the transaction that causes it, sent by the worker, at least once.

    Of those that tell of a notice, several to one address go as one.
    """

    __tablename__ = "mail"
    __table_args__ = (
        Index("ix_mail_sent_at_send_after", "sent_at", "send_after"),
        Index("ix_mail_given_up_at", "given_up_at"),
        Index("ix_mail_to_sent_at", "to", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True, comment="idempotency key and Message-ID")
    to: Mapped[str] = mapped_column(String(254), info={"pii": True})
    code: Mapped[str] = mapped_column(String(40), default="", comment="which words; empty in old rows")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict, info={"pii": True})
    subject: Mapped[str] = mapped_column(String(200), default="", comment="of rows before codes were kept")
    body: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    send_after: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(300), default="")
    failure: Mapped[str] = mapped_column(String(20), default="", comment="why the last try failed, as a code")
    given_up_at: Mapped[datetime | None] = mapped_column(comment="undeliverable since then")
    settled_at: Mapped[datetime | None] = mapped_column(comment="when staff had told the person otherwise")
    notice_id: Mapped[int | None] = mapped_column(
        ForeignKey("notice.id", ondelete="SET NULL"), index=True, comment="what it tells of; may be bundled"
    )
    carrier_id: Mapped[int | None] = mapped_column(
        ForeignKey("mail.id", ondelete="SET NULL"), index=True, comment="the mail that it goes in"
    )

    notice: Mapped[Notice | None] = relationship(lazy="raise")
    carried: Mapped[list["Mail"]] = relationship(lazy="raise", order_by="Mail.id")

    @property
    def public_id(self) -> str:
        """As which the audit record knows it, where nobody's account has its address."""
        return str(self.id)

    @property
    def state(self) -> str:
        """waiting, sent, undeliverable, or settled: the person was told otherwise."""
        if self.settled_at is not None:
            return "settled"
        if self.given_up_at is not None:
            return "undeliverable"
        return "waiting" if self.sent_at is None else "sent"


class Lease(Base):
    """Which process does one piece of the worker's work, and when it last finished a round of it."""

    __tablename__ = "lease"

    piece: Mapped[str] = mapped_column(String(20), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80), comment="host, process and a random part")
    until: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(comment="when a round was last finished")


class Embedding(Base):
    """The truth about vectors. A row without ``vector`` waits for the worker.

    The contextual vectors come later, of the bundled sentence encoder whatever ``model_id`` is.

    ``version`` comes from the counter ``index`` and is raised in the transaction that changed the text
    or its visibility; processes replay the rows newer than what they have applied.
    """

    __tablename__ = "embedding"
    __table_args__ = (
        Index("ix_embedding_version", "version"),
        Index("ix_embedding_contextual_model_id", "contextual_model_id", "model_id"),
        UniqueConstraint("owner_type", "owner_id", "model_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_type: Mapped[str] = mapped_column(String(10), comment="need, offer, npo or company")
    owner_id: Mapped[int]
    model_id: Mapped[str] = mapped_column(String(120))
    version: Mapped[int] = mapped_column(BigInteger)
    active: Mapped[bool] = mapped_column(comment="whether it may be found at all")
    text_sha256: Mapped[str] = mapped_column(String(64))
    sentences: Mapped[list[str]] = mapped_column(default=list, comment="original wording, for quoting")
    words: Mapped[list[dict[str, int]]] = mapped_column(
        default=list, comment="per sentence: normalised word → count"
    )
    vector: Mapped[bytes | None] = mapped_column(LargeBinary, comment="float32, the whole text")
    sentence_vectors: Mapped[bytes | None] = mapped_column(LargeBinary, comment="float16, (sentences, d)")
    contextual_model_id: Mapped[str | None] = mapped_column(
        String(120), comment="the sentence encoder of the following vectors; none while the text waits for it"
    )
    contextual_vector: Mapped[bytes | None] = mapped_column(
        LargeBinary, deferred=True, deferred_group="contextual", comment="float16, the whole text"
    )
    contextual_sentence_vectors: Mapped[bytes | None] = mapped_column(
        LargeBinary, deferred=True, deferred_group="contextual", comment="float16, (sentences, d)"
    )
    encoded_at: Mapped[datetime | None]


class Receipt(Base):
    """A form that was already taken: a double click or a resend gets the first answer again."""

    __tablename__ = "receipt"

    key: Mapped[str] = mapped_column(String(64), primary_key=True, comment="sha256 of user and form id")
    created_at: Mapped[datetime]
    location: Mapped[str] = mapped_column(String(300))


class ImportBatch(Identified, Base):
    """An uploaded sheet between preview and confirmation; nothing else is saved before that."""

    __tablename__ = "import_batch"

    kind: Mapped[str] = mapped_column(String(20), comment="companies, npos, needs or offers")
    filename: Mapped[str] = mapped_column(String(200))
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime]
    rows: Mapped[list[dict[str, Any]]]
    problems: Mapped[list[dict[str, Any]]]
    dropped_columns: Mapped[list[str]] = mapped_column(default=list)
    confirmed_at: Mapped[datetime | None]
    discarded_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any]] = mapped_column(default=dict, comment="codes and counts, no row")

    @property
    def state(self) -> str:
        """waiting, confirmed or discarded."""
        if self.discarded_at is not None:
            return "discarded"
        return "waiting" if self.confirmed_at is None else "confirmed"

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has confirmed or discarded it yet."""
        return self.state == "waiting"
