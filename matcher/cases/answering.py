"""What the two sides say before the introduction: yes, no, taken back, other terms, a question."""

from typing import Final

from matcher.cases import beginning, documents, messages, takes, telling
from matcher.cases.beginning import Terms
from matcher.cases.stages import stage_act
from matcher.ground import calendar, lifecycle
from matcher.ground.errors import Invalid
from matcher.ground.permissions import SYSTEM
from matcher.records import Partnership
from matcher.register import snapshots, wording
from matcher.register.act import Also, Done, Look, Told, Words

MESSAGE_EXTENSION_DAYS: Final = 7  #: a question leaves the other side at least this long to answer
NOT_YOUR_TURN: Final = frozenset({"not_your_turn"})  #: nobody is offered what is the other side's to say


def obstacle_of_parties(case: Partnership) -> str | None:
    """``not_verified`` or ``need_closed`` where the two cannot go on together now."""
    if not (case.company.is_verified and case.npo.is_verified):
        return "not_verified"
    if case.need is not None and not case.need.is_current:
        return "need_closed"
    return None


def _side(look: Look) -> str:
    return "company" if look.record.side_of(look.actor.organization_id) == "company" else "npo"


def _is_asked(look: Look) -> bool:
    return _side(look) in look.record.asked


def _turn(look: Look) -> str | None:
    return None if _is_asked(look) else "not_your_turn"


@stage_act(
    move=lifecycle.ACCEPT, by="partnership.answer", hidden_by=NOT_YOUR_TURN, home="case",
    guard=lambda look: _turn(look) or obstacle_of_parties(look.record),
    words=Words(
        "進めたいと返事をする", "お返事を送りました。", "進めたいと返事をしました", submit="お返事を送る"
    ),
)  # fmt: skip
def accept(look: Look, answer: str, *, is_named: bool = False) -> Done:
    """One side says yes; when both have, the case goes to the city by itself.

    Args:
        is_named: the company lets itself be named beside others who fill the same need; its own to say.
    """
    case, side = look.record, _side(look)
    _agrees(look, side)
    if side == "company":
        case.is_named = is_named
    if answer.strip():
        messages.add(look.session, look.actor, case, answer, look.now)
        case.answer = answer.strip()
    told = Told("others", "accepted", {"by": side})
    if case.state == "recommended":
        return Done(case, tells=(told,))
    return Done(
        case, also=(Also(lifecycle.SEND_FOR_REVIEW, by=SYSTEM),), tells=(Told("desk", "for_review"), told)
    )


def _agrees(look: Look, side: str) -> None:
    setattr(look.record, f"{side}_agreed_at", look.now)
    setattr(look.record, f"{side}_contact_id", look.actor.user_id)


@stage_act(
    move=lifecycle.DECLINE, by="partnership.answer", guard=_turn, hidden_by=NOT_YOUR_TURN, home="case",
    words=Words(
        "今回は見送る", "今回は見送ることを、相手に知らせました。選んだ理由は相手に伝わりません。",
        "今回は見送りました", submit="見送ることを伝える",
    ),
)  # fmt: skip
def decline(look: Look, reason_code: str, reason_text: str) -> Done:
    """One side says no; the coded reason is for the city only.

    Raises:
        Invalid: no reason.
    """
    case, side = look.record, _side(look)
    agreed = case.npo_agreed_at if side == "company" else case.company_agreed_at
    # Who has not answered a recommendation yet need not hear a no; who asked or said yes must.
    city = ("desk",) if case.origin == "coordinator" else telling.city_if_on_it(case)
    whom = (*(() if agreed is None else ("others",)), *city)
    told = Told(whom, "declined", {"by": side})
    return Done(case, reason_code=reason_code, text=reason_text, tells=(told,))


def _asked_oneself(look: Look) -> str | None:
    """Who asked withdraws; who was asked declines."""
    is_asked = look.record.side_of(look.actor.organization_id) is not None and _is_asked(look)
    return "not_your_turn" if look.record.state == "interest_one_side" and is_asked else None


@stage_act(
    move=lifecycle.WITHDRAW, by="partnership.withdraw", guard=_asked_oneself, hidden_by=NOT_YOUR_TURN,
    home="case",
    words=Words(
        "取り下げる", "案件を取り下げました。", "案件を取り下げました", submit="取り下げる", is_grave=True
    ),
)  # fmt: skip
def withdraw(look: Look, reason_code: str, reason_text: str) -> Done:
    """A side takes back what it agreed to; a coordinator takes back a recommendation.

    Raises:
        Invalid: no reason.
    """
    case = look.record
    side = case.side_of(look.actor.organization_id) or "coordinator"
    was_with_city = case.state == "coordinator_review" or case.state in lifecycle.CASE_TALKS
    city = ("desk",) if was_with_city else telling.city_if_on_it(case)
    told = Told(("others", *city), "withdrawn", {"by": side})
    documents.drop_open(look.session, look.actor, case, look.now)
    return Done(case, reason_code=reason_code, text=reason_text, tells=(told,))


@stage_act(
    move=lifecycle.REVISE, by="partnership.answer", guard=_turn, hidden_by=NOT_YOUR_TURN, home="case",
    words=Words(
        "条件を変えて提案する", "内容を送りました。", "条件を変えて提案しました", submit="この内容を送る"
    ),
)  # fmt: skip
def revise(look: Look, terms: Terms, note: str) -> Done:
    """Answer the city's question or propose other terms.

    Changed terms need the other side's yes again; a mere supplement goes straight back to the city.

    Raises:
        Invalid: terms that cannot be meant; nothing changed where the other side waits; no word on nothing.
    """
    case, side = look.record, _side(look)
    before = beginning.terms_of(look.session, case)
    terms.check()
    joins = beginning.end_of_last(look.session, case)
    terms.check_days(calendar.tokyo_date(look.now), before, joins=joins)
    is_changed = before != terms
    if case.state == "interest_one_side" and not is_changed:
        raise Invalid(support_type="unchanged")
    if not is_changed and not note.strip():
        raise Invalid(note="required")
    if note.strip():
        messages.add(look.session, look.actor, case, note, look.now)
    if is_changed:
        beginning.check_taken(look.session, case, terms)
    if not is_changed:
        return Done(case, event=lifecycle.SEND_FOR_REVIEW, tells=(Told("desk", "for_review"),))
    case.support_type, case.quantity, case.unit = terms.support_type, terms.quantity, terms.unit
    case.period_from, case.period_to = terms.period_from, terms.period_to
    takes.keep(look.session, case, terms.part, terms.also)
    case.company_agreed_at = look.now if side == "company" else None
    case.npo_agreed_at = look.now if side == "npo" else None
    details = {"before": snapshots.terms(before), "after": snapshots.terms(terms)}
    told = Told(("others", *telling.city_if_on_it(case)), "revised", {"by": side})
    return Done(case, details, tells=(told,))


@stage_act(
    "send_message", event="message", by="partnership.message", open_in=lifecycle.CASE_OPEN, home="case",
    words=Words(
        "質問・連絡を送る", "質問・連絡を送りました。", "質問・連絡を送りました", submit="送る"
    ),
)  # fmt: skip
def send_message(look: Look, text: str) -> Done:
    """A question or an answer between the three parties; leaves at least a week to answer it.

    It changes nothing that others decide on, so it never comes too late.

    Raises:
        Invalid: nothing was written.
    """
    if not text.strip():
        raise Invalid(text="required")
    session, case, now = look.session, look.record, look.now
    message = messages.add(session, look.actor, case, text, now)
    extended = calendar.deadline(now, MESSAGE_EXTENSION_DAYS)
    if case.state in lifecycle.CASE_WORK:
        documents.touch(session, case, now)  # its dates are agreed upon; only silence starts anew
    elif case.deadline_at is not None and case.deadline_at < extended:
        case.deadline_at, case.reminders = extended, 0
    facts = {"author": look.actor.organization_name or wording.CITY}
    told = Told(("others", *telling.city_if_on_it(case)), "message", facts)
    return Done(message, is_kept=True, tells=(told,))
