"""What went wrong: told to the other parties, to residents where the city says so, resolved (R11)."""

from datetime import date
from typing import Final

from matcher.cases import span, talks
from matcher.cases.act import ALIVE, BEGUN, REVIEW, SHARE, case_act
from matcher.ground import personal
from matcher.ground.errors import Invalid
from matcher.records import Incident
from matcher.register.act import MOVED_ON, Done, Look, Told, Words

_REPORTED: Final = BEGUN | {"trial", "agreed"}


@case_act(
    "report_incident", by=SHARE, open_in=_REPORTED, home="progress",
    words=Words(
        "トラブルを報告する", "トラブルを三者に知らせました。", "トラブルを報告しました",
        explain="隠さずに、早く知らせてください。住民に知らせるかどうかは、市が別の文で判断します。",
        submit="三者に知らせる",
    ),
)  # fmt: skip
def report_incident(look: Look, happened_on: date, text: str, measures: str) -> Done:
    """Tell the other two parties what went wrong and what was done at once.

    Raises:
        Invalid: field → code.
    """
    wrong = {}
    if fault := span.fault_of_past(look, happened_on):
        wrong["happened_on"] = fault
    if not text.strip():
        wrong["text"] = "required"
    if not measures.strip():
        wrong["measures"] = "required"
    if wrong:
        raise Invalid(**wrong)
    found = Incident(
        partnership_id=look.record.id, happened_on=happened_on, text=text.strip(), measures=measures.strip(),
        reported_by_id=look.actor.user_id, reported_at=look.now,
    )  # fmt: skip
    look.session.add(found)
    look.session.flush()
    facts = {"who": talks.who(look.actor), "happened_on": happened_on.isoformat()}
    told = (Told(("others", "desk"), "incident", facts),)
    return Done(found, {"incident": found.public_id}, tells=told)


def _has_a_page(look: Look) -> str | None:
    return None if look.record.published_at is not None else "not_published"


@case_act(
    "publish_incident", by=REVIEW, open_in=ALIVE, item=Incident, guard=_has_a_page, home="progress",
    words=Words(
        "住民に知らせる", "公開ページに載せました。", "トラブルを公表しました", submit="公開ページに載せる"
    ),
)  # fmt: skip
def publish_incident(look: Look, public_text: str) -> Done:
    """Tell residents, in words of its own, on the public page of the case.

    Raises:
        Invalid: no text, or one that names persons.
    """
    if not public_text.strip():
        raise Invalid(public_text="required")
    if personal.found_in(public_text):
        raise Invalid(public_text="personal_data")
    incident = look.item
    incident.public_text, incident.published_at = public_text.strip(), look.now
    incident.published_by_id = look.actor.user_id
    # Residents may be told anew; the record keeps each text that they could read.
    return Done(
        details={"incident": incident.public_id}, text=incident.public_text,
        tells=(Told("others", "incident_public"),),
    )  # fmt: skip


def _still_open(look: Look) -> str | None:
    return None if look.item.is_open else MOVED_ON


@case_act(
    "resolve_incident", by=SHARE, open_in=ALIVE, item=Incident, guard=_still_open, home="progress",
    words=Words("対応の結果を書く", "対応の結果を記録しました。", "トラブルの対応の結果を記録しました"),
)  # fmt: skip
def resolve_incident(look: Look, text: str) -> Done:
    """Say how it ended and what prevents the next one.

    Raises:
        Invalid: not a word.
    """
    if not text.strip():
        raise Invalid(text="required")
    look.item.resolved_at, look.item.resolution = look.now, text.strip()
    facts = {"who": talks.who(look.actor), "happened_on": look.item.happened_on.isoformat()}
    told = Told(("others", "desk"), "incident_resolved", facts)
    return Done(details={"incident": look.item.public_id}, tells=(told,))
