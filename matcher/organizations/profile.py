"""The profile of a company or an NPO: what must and what must not stand in its sections, saving one."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from stdnum.exceptions import ValidationError
from stdnum.jp import cn

from embeddings.text import normalize
from matcher.cases import documents
from matcher.ground import (
    addresses,
    calendar,
    limits,
    names,
    permissions,
    phones,
    profile,
    readings,
    vocabulary,
)
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.ground.profile import SECTIONS, Section
from matcher.ground.typed import DASHES, Unclear
from matcher.records import Organization
from matcher.records.base import column_length
from matcher.register import audit, findable, folding, moves, notices, parties, wording_registration

#: Visible characters that each text may have; forms show and check the same numbers.
TEXT_LIMITS: Final[Mapping[str, int]] = profile.text_limits()


_READERS: Final[Mapping[str, Callable[[str], str]]] = {
    "name": names.read, "contact_name": names.read, "representative": names.read,
    "email": addresses.read, "phone": phones.read,
    "kana": readings.read,
}  # fmt: skip


def section(organization: Organization, code: str) -> Section | None:
    """The section of that code for this kind of organization, ``None`` where there is none."""
    return next((part for part in SECTIONS[organization.kind] if part.code == code), None)


def value_of(organization: Organization, name: str) -> Any:
    """The value of a profile field, wherever it is kept."""
    return getattr(_holder(organization, name), name)


def missing(organization: Organization, part: Section) -> tuple[str, ...]:
    """The required fields of a section that are still empty."""
    empty = tuple(name for name in part.needed if value_of(organization, name) in (None, "", []))
    if organization.kind == "npo" and organization.no_number_reason:
        # A group without legal personality has no number and gives the reason instead.
        empty = tuple(name for name in empty if name != "corporate_number")
    return empty


def completeness(organization: Organization) -> dict[str, int]:
    """Section code → how many required fields are still empty (0: complete)."""
    return {part.code: len(missing(organization, part)) for part in SECTIONS[organization.kind]}


def is_complete(organization: Organization) -> bool:
    """Whether no required field is empty, so that the city can be asked to verify it."""
    return not any(completeness(organization).values())


def disclosure_level(organization: Organization) -> int:
    """情報開示レベル 0 to 4 of an NPO: one for every two items that it makes public."""
    if organization.kind != "npo" or organization.npo is None:
        return 0
    known = [item for item in organization.npo.disclosure if item in vocabulary.DISCLOSURE_ITEMS]
    return len(set(known)) // 2


def save_section(
    session: Session,
    actor: Actor,
    organization: Organization,
    code: str,
    values: Mapping[str, Any],
    now: datetime,
    *,
    version: int | None,
) -> None:
    """Save one section of the own profile.

    What is missing is asked for at submission; what the city has read must not become empty afterwards.

    Raises:
        Invalid: field → code (``required``, ``too_long``, ``corporate_number``, ``taken``, ``url``,
            ``in_future``, ``decided``, or what is wrong with the mail address or the telephone number).
        MovedOn: somebody else has saved since.
        Refused: ``profile_locked`` while suspended or after leaving.
    """
    permissions.require(actor, "organization.edit", organization)
    if organization.is_locked:
        raise Refused("profile_locked")
    moves.check_version(session, organization, version)
    part = section(organization, code)
    if part is None:
        raise Invalid(section="required")
    taken = {name: values[name] for name in part.codes if name in values}
    if "corporate_number" in taken:
        taken["corporate_number"] = normal_number(taken["corporate_number"])
        if taken["corporate_number"]:
            taken["no_number_reason"] = None  # the number answers the question
    before = {name: value_of(organization, name) for name in taken}
    problems = {}
    for name, read in _READERS.items():
        try:
            taken |= {name: read(taken[name])} if taken.get(name) else {}
        except Unclear as unclear:
            problems[name] = unclear.code
    problems |= _emptied(organization, part, before, taken)
    problems |= _problems(session, organization, taken, calendar.tokyo_date(now))
    if problems:
        raise Invalid(**problems)
    for name, value in taken.items():
        setattr(_holder(organization, name), name, value)
    changed = sorted(name for name in taken if before[name] != taken[name])
    organization.updated_at = now
    organization.search_text = folding.text_of_organization(organization)
    session.flush()
    audit.record(
        session, actor, "edit_profile", "organization", organization.public_id, now,
        object_version=organization.version, details={"section": code, "fields": changed},
    )  # fmt: skip
    findable.touch(session, organization)
    if organization.is_listed and changed:
        findable.stir(session, organization)
    if set(parties.FACTS) & set(changed):
        documents.redraw(session, now, organization)
    if organization.state == "verified" and {"name", "corporate_number", "representative"} & set(changed):
        text = wording_registration.organization_identity_changed(organization)
        notices.tell_staff(session, *text, now, about=("organization", organization.public_id))


def normal_number(text: str | None) -> str | None:
    """13 digits from what was typed; empty is ``None``.

    Full width, hyphens and spaces are accepted, and so is the T that stands before the number where it
    serves as the registration number of an invoice issuer.
    """
    digits = "".join(one for one in normalize(text or "").translate(DASHES) if one.isalnum())
    if len(digits) == 14 and digits[0] in "Tt":
        digits = digits[1:]
    return digits or None


def is_corporate_number(number: str) -> bool:
    """Whether the 13 digits carry the right check digit (国税庁, 法人番号の指定)."""
    try:
        cn.validate(number)
    except ValidationError:
        return False
    return True


def is_web_address(text: str) -> bool:
    """Whether ``text`` is an address that a page may link to: http or https, with a host, without a
    user's name before it, in one word.
    """
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port  # a port that no computer has raises
    except ValueError:
        return False
    one_word = not any(character.isspace() or not character.isprintable() for character in text)
    # 「http://bank.example@evil.example」 leads to evil.example, whatever stands before the @.
    has_user = "@" in parts.netloc
    return parts.scheme.lower() in {"http", "https"} and bool(host) and one_word and not has_user


def is_founding_day(day: date, today: date) -> bool:
    """Whether something can have been founded on ``day``: it has come."""
    return day <= today


def mail_matches_website(organization: Organization) -> bool | None:
    """Whether the mail address belongs to the website's domain, ``None`` where one of them is missing.

    A hint that whoever applies may act for the organization; many small groups use a free mail service.
    """
    if not is_web_address(organization.website) or "@" not in organization.email:
        return None
    host = (urlsplit(organization.website).hostname or "").lower().removeprefix("www.")
    domain = organization.email.rsplit("@", maxsplit=1)[1].lower()
    return domain == host or domain.endswith(f".{host}") or host.endswith(f".{domain}")


def _emptied(
    organization: Organization, part: Section, before: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, str]:
    """What must not be taken away: the name ever, required fields once the city was asked to verify."""
    kept = {"name"} if organization.is_being_written else {"name", *part.needed}
    gone = {name for name in kept & values.keys() if values[name] in (None, "", []) and before[name]}
    if organization.kind == "npo" and values.get("no_number_reason"):
        gone.discard("corporate_number")
    return dict.fromkeys(gone, "required")


def _problems(
    session: Session, organization: Organization, values: Mapping[str, Any], today: date
) -> dict[str, str]:
    problems = {
        name: "too_long"
        for name, value in values.items()
        if isinstance(value, str) and (
            limits.is_too_long(value, TEXT_LIMITS.get(name, limits.TEXT))
            # People count graphemes, a database column counts code points.
            or len(value) > _column_length(organization, name)
        )
    }  # fmt: skip
    number = values.get("corporate_number")
    if number is not None:
        if not is_corporate_number(number):
            problems["corporate_number"] = "corporate_number"
        elif session.scalar(
            select(func.count())
            .select_from(Organization)
            .where(Organization.corporate_number == number, Organization.id != organization.id)
        ):
            problems["corporate_number"] = "taken"
    website = values.get("website")
    if website and not is_web_address(website):
        problems["website"] = "url"
    if values.get("fields_undecided") and values.get("fields"):
        # A slip that only the person can mend.
        problems["fields_undecided"] = "decided"
    founded = values.get("established_on")
    if founded and not is_founding_day(founded, today):
        problems["established_on"] = "in_future"
    return problems


def _column_length(organization: Organization, name: str) -> float:
    return column_length(type(_holder(organization, name)), name)


def _holder(organization: Organization, name: str) -> Any:
    if hasattr(Organization, name):
        return organization
    return organization.company if organization.kind == "company" else organization.npo
