"""The city decides whether to introduce the two: approves, returns or refuses; and who is in charge."""

from dataclasses import dataclass
from datetime import datetime

from matcher.cases import decisions, fits, takes, telling
from matcher.cases.answering import obstacle_of_parties
from matcher.cases.stages import stage_act
from matcher.ground import figures, lifecycle, permissions
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.records import DecisionBundle, Partnership, User
from matcher.register import audit, notices, officials, wording_work
from matcher.register.act import Done, Look, Told, Words


@dataclass(frozen=True)
class Decision:
    """The coordinator's answers at approval; ``conflict_of_interest`` must have been answered."""

    text: str
    conflict_of_interest: bool | None
    city_involved: bool
    consulted: str = ""


def _approval_obstacle(look: Look) -> str | Refused | None:
    """Who recommended a pair does not approve it when somebody else can (K9); both must still be able to, and
    what is taken of the need must still be missing.
    """
    case = look.record
    recommended_it = case.origin == "coordinator" and case.started_by_id == look.actor.user_id
    if recommended_it and officials.active_staff_count(look.session) > 1:
        return "own_recommendation"
    if (code := obstacle_of_parties(case)) is not None:
        return code
    if (short := takes.short(look.session, case)) is not None:
        return Refused("part_filled", missing=figures.number(short.missing), unit=short.part.unit)
    return None


@stage_act(
    move=lifecycle.APPROVE, by="partnership.decide", guard=_approval_obstacle, home="case",
    words=Words(
        "承認する", "承認しました。両者に連絡先を表示し、お知らせを送りました。", "承認しました",
        submit="承認する",
        decided="承認",
    ),
)  # fmt: skip
def approve(look: Look, decision: Decision) -> Done:
    """Introduce the two: contact data is released to both, and what was decided upon is frozen (X2).

    Raises:
        Invalid: an answer is missing (``text``, ``conflict_of_interest``, ``consulted``).
        Refused: ``conflict_of_interest``, ``manager_needed``.
    """
    case, missing = look.record, {}
    if not decision.text.strip():
        missing["text"] = "required"
    if decision.conflict_of_interest is None:
        missing["conflict_of_interest"] = "required"
    if decision.city_involved and not decision.consulted.strip():
        missing["consulted"] = "required"
    if missing:
        raise Invalid(**missing)
    if decision.conflict_of_interest:
        raise Refused("conflict_of_interest")
    if decision.city_involved and look.actor.role != "manager":
        raise Refused("manager_needed")
    bundle = _decided(look, lifecycle.APPROVE, decision)
    case.coordinator_id = case.coordinator_id or look.actor.user_id
    return Done(bundle, decisions.named(bundle), text=decision.text, tells=(Told("others", "approved"),))


@stage_act(
    move=lifecycle.RETURN, by="partnership.decide", home="case",
    words=Words(
        "差し戻す", "差し戻しました。両者にお知らせを送りました。", "補足を求めて差し戻しました",
        submit="差し戻す",
    ),
)  # fmt: skip
def return_(look: Look, reason_code: str, reason_text: str) -> Done:
    """Ask both sides for a supplement; the text says what would change the decision.

    Raises:
        Invalid: no reason, or no sentence.
    """
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    fits.keep(look.session, look.record, "decided", lifecycle.RETURN, look.now)
    told = (Told("others", "returned"),)
    return Done(look.record, reason_code=reason_code, text=reason_text, tells=told)


@stage_act(
    move=lifecycle.REFUSE, by="partnership.decide", home="case",
    words=Words(
        "不承認とする", "不承認としました。両者にお知らせを送りました。", "不承認としました",
        submit="不承認とする", is_grave=True,
        decided="不承認",
    ),
)  # fmt: skip
def refuse(look: Look, reason_code: str, reason_text: str) -> Done:
    """Do not approve; both sides read the reason and may ask again.

    Raises:
        Invalid: no reason, or no sentence.
    """
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    bundle = _decided(look, lifecycle.REFUSE, Decision(reason_text, None, city_involved=False))
    return Done(
        look.record, decisions.named(bundle), text=reason_text, reason_code=reason_code,
        tells=(Told("others", "refused"),),
    )  # fmt: skip


def _decided(look: Look, outcome: str, decision: Decision) -> DecisionBundle:
    case = look.record
    bundle = decisions.freeze_proposal(
        look.session, look.actor, case, outcome, decision.text, look.now,
        conflict_of_interest=decision.conflict_of_interest, city_involved=decision.city_involved,
        consulted=decision.consulted.strip(),
    )  # fmt: skip
    case.decided_by_id, case.decided_at = look.actor.user_id, look.now
    return bundle


@stage_act(
    "assign", by="partnership.assign", open_in=lifecycle.CASE_OPEN, home="case",
    words=Words(
        "担当者を決める", "担当者を決めました。", "担当者を決めました", submit="この担当者にする"
    ),
)  # fmt: skip
def assign(look: Look, coordinator: User) -> Done:
    """Name the coordinator in charge of the case (K16); all whom it concerns hear of it.

    Raises:
        Invalid: ``coordinator`` is nobody who works for the city now.
    """
    if not officials.serves(coordinator):
        raise Invalid(coordinator="required")
    case, before = look.record, look.session.get(User, look.record.coordinator_id or 0)
    case.coordinator_id = coordinator.id
    if before is not None and coordinator.id == before.id:
        return Done(details={"coordinator": coordinator.public_id})
    facts = {"what": coordinator.name}
    if before is not None and before.id != look.actor.user_id:
        text = wording_work.event(case, "put_in_charge", **facts)
        notices.tell_users(look.session, [before], *text, look.now, about=telling.about(case))
    return Done(
        details={"coordinator": coordinator.public_id},
        tells=(
            Told(("company", "npo"), "assigned" if before is None else "handover", facts),
            Told("city", "put_in_charge", facts),
        ),
    )


def download_note(actor: Actor, case: Partnership, bundle: DecisionBundle, now: datetime) -> audit.Note:
    """That a frozen decision is taken out of the service.

    Raises:
        NotFound: for whom there is no such case.
        NotPermitted: for others than staff.
    """
    permissions.require(actor, "partnership.decide", case)
    return audit.Note(
        actor, "download", "partnership", case.public_id, now,
        object_version=case.version, details={"bundle": bundle.public_id},
    )  # fmt: skip
