"""The city's library of indicators (E12): shared definitions that a plan may take."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from matcher.ground import permissions
from matcher.ground.errors import Invalid, MovedOn
from matcher.ground.permissions import Actor
from matcher.records import CaseDocument, IndicatorDefinition, Partnership
from matcher.register import audit


def library(session: Session, *, active_only: bool = True) -> list[IndicatorDefinition]:
    """The shared indicators, by code."""
    query = select(IndicatorDefinition).order_by(IndicatorDefinition.code)
    if active_only:
        query = query.where(IndicatorDefinition.is_active.is_(True))
    return list(session.scalars(query))


def library_uses(session: Session) -> dict[str, int]:
    """code → in how many plans in force the shared indicator is used."""
    contents = session.scalars(
        select(CaseDocument.content).where(CaseDocument.kind == "plan", CaseDocument.state == "agreed")
    )
    found: dict[str, int] = {}
    for content in contents:
        for code in {row.get("shared") for row in content["indicators"]} - {None, ""}:
            found[code] = found.get(code, 0) + 1
    return found


def library_for(
    session: Session, case: Partnership
) -> tuple[list[IndicatorDefinition], list[IndicatorDefinition]]:
    """The shared indicators of the case's own fields, then the others; both by code.

    The fields are the need's, else the NPO's (which must be loaded with its profile).
    """
    profile = case.npo.npo
    chosen = case.need.fields if case.need else (profile.fields if profile else ())
    fields = {str(code) for code in chosen}
    rows = library(session)
    own = [row for row in rows if str(row.field) in fields]
    return own, [row for row in rows if str(row.field) not in fields]


def save_definition(
    session: Session,
    actor: Actor,
    facts: Mapping[str, Any],
    now: datetime,
    *,
    definition: IndicatorDefinition | None = None,
    version: int | None = None,
) -> IndicatorDefinition:
    """Add a shared indicator, or change one; plans that took it keep what they took.

    Raises:
        Invalid: something is missing, or the code is taken.
    """
    permissions.require(actor, "desk.indicators")
    wrong = {
        name: "required" for name in ("code", "name", "definition") if not str(facts.get(name) or "").strip()
    }
    taken = select(IndicatorDefinition.id).where(IndicatorDefinition.code == facts.get("code"))
    if definition is not None:
        taken = taken.where(IndicatorDefinition.id != definition.id)
    if session.scalar(select(exists(taken))):
        wrong["code"] = "code_taken"
    if wrong:
        raise Invalid(**wrong)
    if definition is None:
        definition = IndicatorDefinition(**facts, changed_at=now)
        session.add(definition)
        action = "add_definition"
    else:
        if version is not None and version != definition.version:
            raise MovedOn()
        for name, value in facts.items():
            setattr(definition, name, value)
        definition.changed_at, action = now, "change_definition"
    session.flush()
    audit.record(
        session, actor, action, "indicatordefinition", definition.public_id, now,
        object_version=definition.version, details={"code": definition.code},
    )  # fmt: skip
    return definition
