"""Codes for registration evenings: many people register from one network, which is limited otherwise.

A code holds for one day in Tokyo and for as many registrations as the city chose. Those that do not exist are
counted by network, and beyond the limit right ones are refused too, so that guessing tells nothing. To let a
right one through then would tell whoever guesses on; instead a new code of the city lets everybody try again.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.ground import calendar, permissions
from matcher.ground.errors import Invalid, NotFound, TooMany
from matcher.ground.permissions import Actor
from matcher.ground.typed import DASHES, narrow
from matcher.records import RegistrationCode
from matcher.register import act, audit, throttle
from matcher.register.act import Done, Look, Words
from matcher.register.untold import UNTOLD

CHARACTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  #: without those that are taken for one another
LENGTH: Final = 8
USUAL_USES, MOST_USES = 100, 1000
AHEAD: Final = timedelta(days=90)  #: how long before its day a code may be made
_SHOWN: Final = 50
_UNKNOWN: Final = "registration_code_wrong"

Standing = Literal["coming", "open", "used_up", "ended", "over"]


def listed(session: Session, actor: Actor) -> Sequence[RegistrationCode]:
    """The codes of the latest days, the last day first.

    Raises:
        NotPermitted
    """
    permissions.require(actor, "desk.registration")
    newest = RegistrationCode.valid_on.desc(), RegistrationCode.id.desc()
    return session.scalars(select(RegistrationCode).order_by(*newest).limit(_SHOWN)).all()


def latest_usable(session: Session, actor: Actor, now: datetime) -> RegistrationCode | None:
    """The code that an invitation may name: one that can be used, or whose day comes.

    Raises:
        NotPermitted
    """
    return next((one for one in listed(session, actor) if standing(one, now) in {"open", "coming"}), None)


def get(session: Session, actor: Actor, public_id: str) -> RegistrationCode:
    """One code.

    Raises:
        NotPermitted, NotFound
    """
    permissions.require(actor, "desk.registration")
    found = session.scalar(select(RegistrationCode).where(RegistrationCode.public_id == public_id))
    if found is None:
        raise NotFound("registration_code")
    return found


def make(
    session: Session, actor: Actor, *, valid_on: date, most_uses: int, now: datetime
) -> RegistrationCode:
    """A new code for a day; networks from which wrong ones were typed may try again.

    Raises:
        NotPermitted
        Invalid: ``valid_on`` is over or far away; ``most_uses`` is none or too many.
    """
    permissions.require(actor, "desk.registration")
    today = calendar.tokyo_date(now)
    wrong = {}
    if not today <= valid_on <= today + AHEAD:
        wrong["valid_on"] = "registration_day"
    if not 1 <= most_uses <= MOST_USES:
        wrong["most_uses"] = "registration_uses"
    if wrong:
        raise Invalid(**wrong)
    made = RegistrationCode(
        code="".join(secrets.choice(CHARACTERS) for _place in range(LENGTH)),
        valid_on=valid_on, most_uses=most_uses, made_by_id=actor.user_id, made_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    throttle.lift(session, "register_code")
    audit.record(
        session, actor, "make_registration_code", "registration_code", made.public_id, now,
        details={"valid_on": valid_on.isoformat(), "most_uses": most_uses},
    )  # fmt: skip
    return made


@act.act(
    "end_registration_code", record=RegistrationCode, way=UNTOLD, by="desk.registration",
    whose=lambda look: None,
    state_of=lambda look: standing(look.record, look.now), open_in=frozenset({"coming", "open"}),
    words=Words(
        "終える", "登録会のコードを終えました。このコードでは、もう登録できません。",
        "登録会のコードを終えました",
    ),
)  # fmt: skip
def end(look: Look) -> Done:
    """Let nobody register with a code any more."""
    look.record.ended_at = look.now
    return Done(details={"uses": look.record.uses})


def standing(code: RegistrationCode, now: datetime) -> Standing:
    """Whether a code can be used, and if not, why."""
    today = calendar.tokyo_date(now)
    if code.ended_at is not None:
        return "ended"
    if today > code.valid_on:
        return "over"
    if code.uses >= code.most_uses:
        return "used_up"
    return "open" if today == code.valid_on else "coming"


def readable(code: RegistrationCode) -> str:
    """The code as it is shown: ``ABCD-EFGH``."""
    return f"{code.code[: LENGTH // 2]}-{code.code[LENGTH // 2 :]}"


def refusal(session: Session, typed: str, now: datetime, *, network: str) -> str:
    """Why a typed code is not taken, as a code of a sentence; empty where it is.

    One that does not exist is counted; one that is used up or over was given to whoever types it.
    """
    try:
        throttle.require_room(session, "register_code", now, network=network)
    except TooMany:
        return "registration_code_wait"
    try:
        usable(session, typed, now)
    except Invalid as error:
        why = str(error.facts["registration_code"])
        if why == _UNKNOWN:
            throttle.admit(session, "register_code", now, network=network)
        return why
    return ""


def find(session: Session, typed: str) -> RegistrationCode | None:
    """The code that was typed, whether or not it can be used."""
    # People divide it as it is printed; anything else that it does not hold makes it another one.
    code = re.sub(r"[\s-]", "", narrow(typed).translate(DASHES)).upper()
    return session.scalar(select(RegistrationCode).where(RegistrationCode.code == code))


def usable(session: Session, typed: str, now: datetime) -> RegistrationCode:
    """The code that was typed, in any width and case, with or without its dash.

    Raises:
        Invalid: there is none, or it cannot be used now.
    """
    found = find(session, typed)
    if found is None:
        raise Invalid(registration_code=_UNKNOWN)
    if (stands := standing(found, now)) != "open":
        raise Invalid(registration_code=f"registration_code_{stands}")
    return found
