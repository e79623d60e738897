"""いっしょに頼む: the city proposes to NPOs that need the same to ask together, and each of them answers.

Once all have agreed, the need by which they ask – of whom the city named – asks for the sum, and the others'
own needs rest. Who declines says why, and so does the city when it takes back what nobody answers; then all
goes on as it was.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, joinedload

from matcher.cases import takes
from matcher.ground import lifecycle, limits, permissions
from matcher.ground.errors import Invalid, MovedOn, NotFound
from matcher.ground.permissions import SYSTEM, Actor
from matcher.postings import drafts, joint_reads
from matcher.records import JointNeed, JointPartner, Need, Organization
from matcher.register import act, audit, findable, moves, notices, wording
from matcher.register.act import Done, Look, Told, Words
from matcher.suggestions import conditions

MOST: Final = 10  #: needs beside the one by which they ask

_TOLD: Final[Mapping[str, Callable[..., wording.Said]]] = {
    "joint_proposed": wording.joint_proposed,
    "joint_agreed": wording.joint_agreed,
    "joint_declined": wording.joint_declined,
    "joint_withdrawn": wording.joint_withdrawn,
    "joint_withdrawn_at_rest": wording.joint_withdrawn_at_rest,
}


class _JointWay:
    """See ``register.act.Way``."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Audit it with every need that it is about: each NPO reads it in the history of its own."""
        joint: JointNeed = done.made
        for partner in joint.partners:
            audit.record(
                look.session, look.actor, event, "need", partner.need.public_id, look.now,
                reason_text=done.text, details={"joint": joint.public_id} | dict(done.details),
            )  # fmt: skip

    def tell(self, look: Look, told: Told) -> None:
        """By notice and mail, each NPO about its own need; the desk about the one by which they ask."""
        joint = told.facts["joint"]
        assert isinstance(joint, JointNeed)
        facts = {name: value for name, value in told.facts.items() if name != "joint"}
        for partner in joint.partners if "partners" in told.to else ():
            said = _TOLD[told.event](partner.need, **facts)
            about = ("need", partner.need.public_id)
            notices.tell_organization(look.session, partner.organization_id, *said, look.now, about=about)
        if "desk" in told.to:
            about = ("need", joint.need.public_id)
            notices.tell_staff(look.session, *_TOLD[told.event](joint.need, **facts), look.now, about=about)


_act = partial(act.act, way=_JointWay())


def _taken(look: Look) -> str | None:
    """It is about to be asked for together, or is so already."""
    return act.MOVED_ON if joint_reads.bound(look.session, [look.record.id]) else None


@_act(
    "propose_joint", record=Need, by="posting.review", open_in=frozenset({"open"}), guard=_taken,
    hidden_by=frozenset({act.MOVED_ON}), shown=act.version_of_record,
    words=Words(
        "いっしょに頼むことを提案する", "団体に提案を送りました。全員の返事がそろうと、お知らせします。",
        "いっしょに頼むことを提案しました", submit="提案を送る",
    ),
)  # fmt: skip
def propose_joint(look: Look, needs: Sequence[str], note: str) -> Done:
    """Propose to ask for it together with some other needs; gives the ``JointNeed``.

    Raises:
        Invalid: no need, one with which it cannot be asked for, or no note.
    """
    lead: Need = look.record
    found = considered(look.session, lead, needs)
    others = [one for one, _why in found]
    wrong = {}
    if fault := _fault(needs, found):
        wrong["needs"] = fault
    if not note.strip():
        wrong["note"] = "required"
    elif limits.is_too_long(note, limits.NOTE):
        wrong["note"] = "too_long"
    if wrong:
        raise Invalid(**wrong)
    shares = _shares(look.session, lead, others)
    joint = JointNeed(
        need_id=lead.id, need=lead, note=note.strip(), proposed_by_id=look.actor.user_id or 0,
        proposed_at=look.now,
        partners=[
            JointPartner(
                organization_id=one.organization_id, need_id=one.id, need=one,
                quantity=shares[one.id], unit=one.unit,
            )
            for one in (lead, *others)
        ],
    )  # fmt: skip
    look.session.add(joint)
    look.session.flush()
    return Done(made=joint, tells=(Told("partners", "joint_proposed", {"joint": joint, "note": joint.note}),))


def _shares(session: Session, lead: Need, needs: Iterable[Need]) -> dict[int, float | None]:
    """need id → how much of it is asked for together: of the one by which they ask all that it says, as what
    companies take of it goes on; of others what nobody has taken.
    """
    rows = takes.standing(session, [one for one in needs if one.id != lead.id])
    left = {key: found[0].missing if found[0].is_counted else None for key, found in rows.items()}
    return {lead.id: lead.quantity, **left}


def _fault(chosen: Sequence[str], found: Sequence[tuple[Need, str]]) -> str:
    """What is wrong with the needs that were chosen, of which ``found`` are those that are there."""
    whys = {why for _one, why in found if why}
    if not found or len(found) < len(set(chosen)):
        return "required"
    if whys & joint_reads.STANDING:
        return "need_bound"
    if whys:
        return "need_unfit"
    if len({one.organization_id for one, _why in found}) < len(found):
        return "one_each"
    return "too_many_needs" if len(found) > MOST else ""


def considered(session: Session, need: Need, public_ids: Sequence[str]) -> list[tuple[Need, str]]:
    """Those of some needs that are another NPO's, each with why it cannot be asked for together with
    ``need``, as a code; empty where it can.

    In a proposal that waits for answers (``proposed``), or asked for with others (``agreed``); ``closed`` to
    others; of another kind or unit (``other_kind``); ``more_parts`` are needed, and would rest with it;
    ``taken``: nothing of it is missing.
    """
    rows = session.execute(
        select(Need, and_(*conditions.listed_needs()))
        .join(Organization, Organization.id == Need.organization_id)
        .where(Need.public_id.in_(list(public_ids)), Need.organization_id != need.organization_id)
        .options(joinedload(Need.organization))
        .order_by(Need.id)
    ).all()
    standing = takes.standing(session, [one for one, _is_listed in rows])
    bound = joint_reads.bound(session, standing)
    found = []
    for one, is_listed in rows:
        first, *further = standing[one.id]
        if one.id in bound:
            why = bound[one.id]
        elif not is_listed:
            why = "closed"
        elif (one.support_type, one.unit) != (need.support_type, need.unit):
            why = "other_kind"
        elif further:
            why = "more_parts"
        else:
            why = "taken" if first.is_taken else ""
        found.append((one, why))
    return found


def _is_asked(look: Look) -> bool:
    own = partner_of(look.record, look.actor)
    return own is not None and own.answer == "waiting"


@_act(
    "answer_joint", record=JointNeed, by="posting.answer", open_in=frozenset({"proposed"}), who=_is_asked,
    when=lambda joint: joint.need.is_current, shown=lambda look: None,
    guard=lambda look: drafts.lock_of(look.actor),
    words=Words("提案に返事をする", "返事を送りました。", "提案に返事をしました", submit="返事を送る"),
)  # fmt: skip
def answer_joint(look: Look, decision: str, reason: str) -> Done:
    """Agree, or decline and say why; with the last who agrees they ask together.

    Raises:
        Invalid: neither, or no reason.
        MovedOn: what they need cannot be asked for together any more; one may still decline.
    """
    joint: JointNeed = look.record
    reason = reason.strip()
    if decision not in {"agree", "decline"}:
        raise Invalid(decision="required")
    if decision == "decline" and not reason:
        raise Invalid(reason="required")
    if limits.is_too_long(reason, limits.NOTE):
        raise Invalid(reason="too_long")
    if decision == "agree" and _parted(look.session, joint):
        raise MovedOn
    own = partner_of(joint, look.actor)
    assert own is not None  # ``who`` has asked
    own.answer, own.reason = ("agreed", "") if decision == "agree" else ("declined", reason)
    own.answered_by_id, own.answered_at = look.actor.user_id, look.now
    if decision == "decline":
        moves.become(joint, "declined")
        joint.ended_at = look.now
        told = Told(("partners", "desk"), "joint_declined", {"joint": joint, "reason": reason})
        return Done(made=joint, event="decline_joint", text=reason, tells=(told,))
    # Several may answer at once: the version of the proposal rises with each, so that one is the last.
    joint.agreed += 1
    if any(one.answer != "agreed" for one in joint.partners):
        return Done(made=joint, event="agree_joint")
    return _begin_together(look, joint)


def _parted(session: Session, joint: JointNeed) -> str:
    """Why its needs cannot be added up any more, as a code: one is of another kind or unit now
    (``other_kind``), is asked for with others, too (``elsewhere``), asks for further things that nobody would
    ask for any more (``more_parts``), or for more or less than was proposed (``other_amount``); empty where
    they can.
    """
    lead, partners = joint.need, [one for one in joint.partners if one.need.is_current]
    needs = [one.need for one in partners]
    is_counted_anew = any(one.unit != one.need.unit for one in partners)
    if is_counted_anew or len({(one.support_type, one.unit) for one in (lead, *needs)}) > 1:
        return "other_kind"
    if joint_reads.bound(session, [one.id for one in needs], but=joint.id):
        return "elsewhere"
    parts = takes.parts_of(session, needs)
    if any(len(parts[one.id]) > 1 for one in needs if one.id != lead.id):
        return "more_parts"
    shares = _shares(session, lead, needs)
    return "other_amount" if any(one.quantity != shares[one.need_id] for one in partners) else ""


def _begin_together(look: Look, joint: JointNeed) -> Done:
    moves.become(joint, "agreed")
    lead = joint.need
    # Whoever's own need was met or taken back meanwhile agrees, but needs nothing any more.
    needing = [one for one in joint.partners if one.need.is_current]
    shares = [one.quantity for one in needing if one.quantity is not None]
    if shares:
        lead.quantity = sum(shares)
    findable.touch(look.session, lead)
    for need in (one.need for one in needing if one.need_id != lead.id):
        if need.is_open:
            need.pause_cause = "joint"
            moves.move(look.session, SYSTEM, need, lifecycle.PAUSE, look.now, details={"cause": "joint"})
            findable.touch(look.session, need)
        elif need.is_paused_by_capacity:  # it must not be open again by itself
            need.pause_cause = "joint"
    told = Told(("partners", "desk"), "joint_agreed", {"joint": joint})
    return Done(made=joint, event="agree_joint", details={"quantity": lead.quantity}, tells=(told,))


@_act(
    "withdraw_joint", record=JointNeed, by="posting.review", open_in=frozenset({"proposed"}),
    shown=act.version_of_record,
    words=Words(
        "提案を取り下げる", "提案を取り下げ、団体にお知らせしました。",
        "いっしょに頼むことの提案を取り下げました",
        submit="提案を取り下げる", is_grave=True,
    ),
)  # fmt: skip
def withdraw_joint(look: Look, reason: str) -> Done:
    """Take back a proposal that waits for answers, also while nobody can answer it because the need by which
    they ask is away: nobody is bound by it, whoever has agreed included.

    Raises:
        Invalid: no reason.
    """
    joint: JointNeed = look.record
    reason = reason.strip()
    if not reason:
        raise Invalid(reason="required")
    if limits.is_too_long(reason, limits.NOTE):
        raise Invalid(reason="too_long")
    event = "joint_withdrawn_at_rest" if joint.is_at_rest else "joint_withdrawn"
    moves.become(joint, "withdrawn")
    joint.ended_at = look.now
    told = Told("partners", event, {"joint": joint, "reason": reason})
    return Done(made=joint, text=reason, tells=(told,))


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────


def partner_of(joint: JointNeed, actor: Actor) -> JointPartner | None:
    """The actor's own part of it."""
    return next((one for one in joint.partners if one.organization_id == actor.organization_id), None)


def why_late(session: Session, joint: JointNeed, actor: Actor) -> str:
    """Why the answer of an NPO that was asked comes too late, or is not taken as it is, as a code.

    ``withdrawn`` by the city; ``declined`` by another NPO; ``agreed`` by all; ``answered`` by somebody else
    of its own; the need by which they ask is over (``lead_over``), or written anew and read by the city
    (``lead_away``); why its needs cannot be added up (``_parted``); ``meanwhile``: another NPO was faster.
    """
    own = partner_of(joint, actor)
    has_answered = own is not None and own.answer != "waiting"
    if joint.is_declined and has_answered and own is not None and own.answer == "declined":
        return "answered"
    if not joint.is_proposed:
        return joint.state
    if has_answered:
        return "answered"
    if not joint.need.is_current:
        return "lead_over" if joint.need.is_over else "lead_away"
    return _parted(session, joint) or "meanwhile"


def why_unproposable(session: Session, need: Need) -> str:
    """Why a proposal by this need comes too late, or is not taken as it is, as a code.

    ``closed``: others cannot be approached about it; it is in a proposal that waits for answers
    (``proposed``), or asked for with others (``agreed``); ``meanwhile``: it has changed, and what is proposed
    can be sent again.
    """
    if not need.is_open:
        return "closed"
    return joint_reads.bound(session, [need.id]).get(need.id, "meanwhile")


def get_joint(session: Session, actor: Actor, public_id: str) -> JointNeed:
    """A proposal to one's own NPO, with all who are asked; the city finds any.

    Raises:
        NotFound
    """
    found = session.scalar(joint_reads.loaded().where(JointNeed.public_id == public_id))
    acts = (answer_joint, withdraw_joint)
    if found is None or not any(permissions.may(actor, one.by, found) for one in acts):
        raise NotFound("joint_need")
    return found


def waiting(session: Session, actor: Actor) -> Sequence[JointPartner]:
    """What waits for the answer of the actor's NPO, the oldest proposal first, each with its own need."""
    if drafts.is_locked(actor):
        return ()
    rows = session.scalars(
        select(JointPartner)
        .join(JointNeed, JointNeed.id == JointPartner.joint_id)
        .join(Need, Need.id == JointNeed.need_id)
        .where(
            JointPartner.organization_id == (actor.organization_id or 0),
            JointPartner.answer == "waiting",
            *joint_reads.standing(),
        )
        .options(joinedload(JointPartner.joint), joinedload(JointPartner.need))
        .order_by(JointPartner.id)
    ).all()
    return [one for one in rows if permissions.may(actor, answer_joint.by, one.need)]
