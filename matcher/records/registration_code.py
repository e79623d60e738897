"""Codes with which a city lets a registration evening through."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from matcher.records.base import Base, Identified


class RegistrationCode(Identified, Base):
    """登録会のコード: given out for one day, and for so many registrations."""

    __tablename__ = "registration_code"

    code: Mapped[str] = mapped_column(String(8), unique=True, comment="as it is typed, without its dash")
    valid_on: Mapped[date] = mapped_column(comment="a day in Tokyo")
    most_uses: Mapped[int]
    uses: Mapped[int] = mapped_column(default=0)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
