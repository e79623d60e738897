"""What all records share: naming of constraints, UTC times, random public ids."""

import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    inspect,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on both databases; SQLite itself keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected an aware datetime, found naive {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: Yen and head counts up to the limits of the forms, beyond 32 bits.
BIG: Final = BigInteger().with_variant(Integer, "sqlite")


def typed(length: int) -> Text:
    """The type of a short text that people type, about ``length`` characters.

    Its length is checked by the forms, which count as people count; PostgreSQL would count code points and
    refuse a name written with variation selectors (葛󠄀) long before.
    """
    return Text().with_variant(String(length), "sqlite")


class Base(DeclarativeBase):
    """The declarative base; relationships are loaded explicitly (``lazy="raise"``)."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        list[dict[str, int]]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
    }


def column_length(kind: type[Base], name: str) -> float:
    """How many code points a column holds: sixty characters as people count them can be many more."""
    held = inspect(kind).columns[name].type
    return held.length if isinstance(held, String) and held.length is not None else float("inf")


def new_public_id() -> str:
    """A random id of 128 bits in 32 hexadecimal characters, safe in an address and not guessable."""
    return secrets.token_hex(16)


class Identified:
    """Internal integer key for joins; random ``public_id`` for addresses."""

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)


class Versioned:
    """Optimistic lock: the second of two people to save sees that somebody was faster."""

    version: Mapped[int] = mapped_column(nullable=False, default=1)

    # mypy cannot type a declared_attr dict of a mixin column; SQLAlchemy documents this form.
    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}
