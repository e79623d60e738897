"""Which states exist, who moves a record from one to the next, and which moves need a reason.

Pure tables, readable from top to bottom. Guards that need other records (capacity, verification,
conflict of interest) stand in the services; the states themselves change nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal

from matcher.ground import vocabulary as v

Machine = Literal["organization", "posting", "partnership"]

#: Who moves. ``owner`` is the organization a record belongs to; ``company`` and ``npo`` are the two
#: sides of a partnership; ``system`` is the clock or a rule.
Mover = Literal["owner", "company", "npo", "coordinator", "manager", "system"]

ANSWER_DAYS: Final = 14  #: an unanswered proposal expires kindly after this many days (X7)
REMIND_DAYS: Final = (7, 3, 1)  #: days left at which the side whose turn it is hears of it
EXPIRY_NOTICE_DAYS: Final = (14, 3)  #: days before a need or offer expires at which its owner hears
REVIEW_WORKING_DAYS: Final = 3  #: what the city promises for reviews
STALL_DAYS: Final = 30  #: an open case without movement for this long stands on the desk
UNANSWERED_LIMIT: Final = 3  #: unanswered proposals that an NPO is asked to bear at once (X7)
VERIFICATION_YEARS: Final = 3  #: as the JCNE evaluation: after this, a warning and no new agreement
VERIFICATION_RENEW_DAYS: Final = 90  #: before its last day, from when on the city may check anew
RENEWAL: Final = timedelta(days=180)  #: what one click adds to a need or offer


@dataclass(frozen=True)
class Move:
    """One allowed move. ``reasons`` is the code list that the mover must choose from, if any."""

    machine: Machine
    action: str
    source: str
    target: str
    by: tuple[Mover, ...]
    reasons: Mapping[str, str] | None = None


def _moves(
    machine: Machine,
    action: str,
    sources: str,
    target: str,
    by: tuple[Mover, ...],
    reasons: Mapping[str, str] | None = None,
) -> tuple[Move, ...]:
    return tuple(Move(machine, action, source, target, by, reasons) for source in sources.split())


STATES: Final[Mapping[Machine, v.Labels]] = MappingProxyType(
    {"organization": v.ORGANIZATION_STATES, "posting": v.POSTING_STATES, "partnership": v.CASE_STATES}
)

#: States of an organization in which its members read and change nothing.
ORGANIZATION_LOCKED: Final = frozenset({"suspended", "deactivated"})
#: Case states in which nobody waits for anything any more.
CASE_EXITS: Final = frozenset({"declined", "withdrawn", "expired", "refused", "closed"})
#: Of a case that nobody has begun yet: two sides that somebody looks at. None is ever kept in it.
CASE_NOT_BEGUN: Final = "not_begun"
#: Case states that occupy the pair: no second case for the same pair and need beside these.
CASE_OPEN: Final = frozenset(STATES["partnership"]) - CASE_EXITS
#: States of a need or offer in which its text is as the city read it.
POSTING_READ: Final = frozenset({"open", "paused", "filled", "expired"})
#: In which it may be changed by its owner.
POSTING_EDITABLE: Final = frozenset({"draft", "returned"})
#: In which it still stands: suggestions are made for it, and cases about it go on.
POSTING_CURRENT: Final = frozenset({"open", "paused"})
#: In which it is over: it may be asked for or offered again.
POSTING_ENDED: Final = frozenset({"filled", "expired", "withdrawn"})
#: Why nobody can be approached about a need or an offer that is not open, by its state.
POSTING_CLOSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "paused": "paused",
        **dict.fromkeys(("draft", "in_review", "returned"), "rewritten"),
        **dict.fromkeys(sorted(POSTING_ENDED), "ended"),
    }
)
#: The order in which a case's way is drawn on the screen.
CASE_STEPS: Final = ("interest_one_side", "interest_both", "coordinator_review", "introduced")
#: What follows the introduction, as drawn: several states stand on one step.
WORK_STEPS: Final[tuple[tuple[str, ...], ...]] = (
    ("introduced", "negotiation", "trial"),
    ("agreement_draft", "agreement_review", "agreed"),
    ("running", "suspended"),
    ("ended", "terminated", "reported"),
    ("evaluated", "closed"),
)


def case_step(state: str) -> int | None:
    """On which of ``CASE_STEPS`` a case stands; ``None`` where it is on none of them (any more)."""
    state = "interest_one_side" if state == "recommended" else state
    return CASE_STEPS.index(state) if state in CASE_STEPS else None


def work_step(state: str) -> int | None:
    """On which of ``WORK_STEPS`` a case stands; ``None`` where it is on none of them (any more)."""
    return next((number for number, states in enumerate(WORK_STEPS) if state in states), None)


#: After the introduction: the three parties work on one case, contact data is released.
CASE_WORK: Final = frozenset(state for step in WORK_STEPS for state in step)
#: Talks that came to nothing end here; so may a case that was never introduced.
CASE_LEFT: Final = frozenset({"withdrawn", "expired"})
#: Before the agreement is confirmed: either side may still go, and silence ends the case.
CASE_TALKS: Final = frozenset({"introduced", "negotiation", "trial", "agreement_draft", "agreement_review"})
#: The partnership has begun and has not ended, also while it is interrupted.
CASE_RUNNING: Final = ("running", "suspended")
#: The partnership has begun: contributions, measurements and reports are kept.
CASE_BEGUN: Final = frozenset({"running", "suspended", "ended", "terminated", "reported", "evaluated"})

#: Its agreement stands: about to begin, running or interrupted.
CASE_CURRENT: Final = frozenset({"agreed", "running", "suspended"})
#: What came of it is reported: all three rate it.
CASE_REPORTED: Final = frozenset({"reported", "evaluated", "closed"})

TERMS_MOST_DAYS: Final = 366 * 5  #: a period runs for five years at most, then comes the next one
TERMS_LEAD_DAYS: Final = 366 * 2  #: and begins within two years
TRIAL_MONTHS: Final = 3  #: a trial lasts no longer (X8)
TRIAL_MONEY_YEN: Final = 50_000  #: and moves no more money than this
RATE_DAYS: Final = 30  #: within which all three are asked to have rated
#: state → days before its date at which those hear of it whose turn it is; once more when it has passed.
REMIND_BEFORE: Final[Mapping[str, int]] = MappingProxyType(
    {"trial": 7, "suspended": 3, "ended": 3, "terminated": 3, "reported": 3}
)
STALL_END_DAYS: Final = 60  #: talks without a word for this long end kindly
MANAGER_MONEY_YEN: Final = 1_000_000  #: public money above this is the manager's to confirm
DIFFERENCE: Final = 2  #: scores this far apart are talked about, others are not (E6)

#: The moves by name: an act that is one of them is called so, too, and so is what is kept of it.
SUBMIT: Final = "submit"
VERIFY: Final = "verify"
RETURN: Final = "return"
SUSPEND: Final = "suspend"
REINSTATE: Final = "reinstate"
DEACTIVATE: Final = "deactivate"
PUBLISH: Final = "publish"
PAUSE: Final = "pause"
RESUME: Final = "resume"
FILL: Final = "fill"
EXPIRE: Final = "expire"
REWORK: Final = "rework"
RENEW: Final = "renew"
WITHDRAW: Final = "withdraw"
ACCEPT: Final = "accept"
DECLINE: Final = "decline"
REVISE: Final = "revise"
SEND_FOR_REVIEW: Final = "send_for_review"
APPROVE: Final = "approve"
REFUSE: Final = "refuse"
MEET: Final = "meet"
BEGIN_TRIAL: Final = "begin_trial"
ADOPT_TRIAL: Final = "adopt_trial"
CHANGE_TRIAL: Final = "change_trial"
STOP_TRIAL: Final = "stop_trial"
DRAFT_AGREEMENT: Final = "draft_agreement"
REOPEN_TALKS: Final = "reopen_talks"
SUBMIT_AGREEMENT: Final = "submit_agreement"
CONFIRM_AGREEMENT: Final = "confirm_agreement"
RETURN_AGREEMENT: Final = "return_agreement"
START: Final = "start"
END: Final = "end"
TERMINATE: Final = "terminate"
REPORT: Final = "report"
CONCLUDE: Final = "conclude"
CLOSE: Final = "close"
CLOSE_EARLY: Final = "close_early"

_STAFF: Final[tuple[Mover, ...]] = ("coordinator", "manager")
_SIDES: Final[tuple[Mover, ...]] = ("company", "npo")

TRANSITIONS: Final[tuple[Move, ...]] = (
    # Organization: verification is a recorded checklist; only a manager suspends.
    *_moves("organization", SUBMIT, "draft returned", "submitted", ("owner",)),
    *_moves("organization", VERIFY, "submitted", "verified", _STAFF),
    *_moves("organization", RENEW, "verified", "verified", _STAFF),
    *_moves("organization", RETURN, "submitted", "returned", _STAFF, v.ORGANIZATION_RETURN_REASONS),
    *_moves("organization", SUSPEND, "verified", "suspended", ("manager",), v.SUSPEND_REASONS),
    *_moves("organization", REINSTATE, "suspended", "verified", ("manager",), v.SUSPEND_REASONS),
    *_moves(
        "organization",
        DEACTIVATE,
        "draft submitted returned verified suspended",
        "deactivated",
        ("owner", "manager"),
        v.WITHDRAW_REASONS,
    ),
    # Need and offer share one machine.
    *_moves("posting", SUBMIT, "draft returned", "in_review", ("owner",)),
    *_moves("posting", PUBLISH, "in_review", "open", _STAFF),
    *_moves("posting", RETURN, "in_review", "returned", _STAFF, v.NEED_RETURN_REASONS),
    *_moves("posting", PAUSE, "open", "paused", ("owner", "system")),
    *_moves("posting", RESUME, "paused", "open", ("owner", "system")),
    # By itself once all of a need is agreed upon.
    *_moves("posting", FILL, "open paused", "filled", ("owner", "system")),
    *_moves("posting", EXPIRE, "open paused", "expired", ("system",)),
    # A published text was read by the city, so it is reworked as a draft and read again.
    *_moves("posting", REWORK, "open paused filled expired withdrawn", "draft", ("owner",)),
    *_moves("posting", RENEW, "open paused expired", "open", ("owner",)),
    *_moves(
        "posting",
        WITHDRAW,
        "draft in_review returned open paused",
        "withdrawn",
        ("owner", *_STAFF),
        v.WITHDRAW_REASONS,
    ),
    # Partnership, from the first word to the introduction.
    *_moves("partnership", ACCEPT, "recommended", "interest_one_side", _SIDES),
    *_moves("partnership", ACCEPT, "interest_one_side", "interest_both", _SIDES),
    *_moves("partnership", DECLINE, "recommended interest_one_side", "declined", _SIDES, v.PASS_REASONS),
    *_moves(
        "partnership",
        WITHDRAW,
        "interest_one_side interest_both coordinator_review",
        "withdrawn",
        _SIDES,
        v.WITHDRAW_REASONS,
    ),
    *_moves("partnership", WITHDRAW, "recommended", "withdrawn", _STAFF, v.WITHDRAW_REASONS),
    # Nobody has answered in time, or what it is about is closed: then also what only waits for the city.
    *_moves(
        "partnership",
        EXPIRE,
        "recommended interest_one_side interest_both coordinator_review",
        "expired",
        ("system",),
        v.EXPIRY_REASONS,
    ),
    # Changed terms go back to the other side; a mere supplement goes straight to the city.
    *_moves("partnership", REVISE, "interest_one_side interest_both", "interest_one_side", _SIDES),
    *_moves("partnership", SEND_FOR_REVIEW, "interest_both", "coordinator_review", (*_SIDES, "system")),
    *_moves("partnership", APPROVE, "coordinator_review", "introduced", _STAFF),
    *_moves("partnership", RETURN, "coordinator_review", "interest_both", _STAFF, v.CASE_RETURN_REASONS),
    *_moves("partnership", REFUSE, "coordinator_review", "refused", _STAFF, v.CASE_REFUSE_REASONS),
    # From the first meeting to the agreement. What both must accept is moved by the system, once the
    # second of them has accepted the same text.
    *_moves("partnership", MEET, "introduced", "negotiation", _SIDES),
    *_moves("partnership", BEGIN_TRIAL, "negotiation", "trial", ("system",)),
    *_moves("partnership", ADOPT_TRIAL, "trial", "agreement_draft", ("system",)),
    *_moves("partnership", CHANGE_TRIAL, "trial", "negotiation", ("system",)),
    *_moves("partnership", STOP_TRIAL, "trial", "withdrawn", ("system",)),
    *_moves("partnership", DRAFT_AGREEMENT, "negotiation", "agreement_draft", _SIDES),
    *_moves("partnership", REOPEN_TALKS, "agreement_draft", "negotiation", _SIDES),
    *_moves("partnership", SUBMIT_AGREEMENT, "agreement_draft", "agreement_review", ("system",)),
    *_moves("partnership", CONFIRM_AGREEMENT, "agreement_review", "agreed", _STAFF),
    *_moves(
        "partnership",
        RETURN_AGREEMENT,
        "agreement_review",
        "agreement_draft",
        _STAFF,
        v.AGREEMENT_RETURN_REASONS,
    ),
    *_moves(
        "partnership",
        WITHDRAW,
        "introduced negotiation trial agreement_draft agreement_review",
        "withdrawn",
        (*_SIDES, *_STAFF),
        v.WITHDRAW_REASONS,
    ),
    *_moves(
        "partnership",
        EXPIRE,
        "introduced negotiation agreement_draft",
        "expired",
        ("system",),
        v.EXPIRY_REASONS,
    ),
    # The partnership. "Target missed" is no move: paying less for less is the contract at work.
    *_moves("partnership", START, "agreed", "running", ("system",)),
    *_moves("partnership", SUSPEND, "running", "suspended", (*_SIDES, *_STAFF), v.PAUSE_REASONS),
    *_moves("partnership", RESUME, "suspended", "running", (*_SIDES, *_STAFF)),
    # A pause does not outlast its agreement: with the last day both report, also on why it stood still.
    *_moves("partnership", END, "running suspended", "ended", ("system",)),
    *_moves(
        "partnership",
        TERMINATE,
        "agreed running suspended",
        "terminated",
        (*_SIDES, *_STAFF),
        v.TERMINATION_REASONS,
    ),
    *_moves("partnership", REPORT, "ended terminated", "reported", ("system",)),
    *_moves("partnership", CONCLUDE, "reported", "evaluated", _STAFF),
    *_moves("partnership", CLOSE, "evaluated", "closed", _STAFF),
    # What ended early is reported in short and may be closed without an evaluation.
    *_moves("partnership", CLOSE_EARLY, "reported", "closed", _STAFF),
)

#: What stands within an act of another record: kind → state → the states that may follow.
WITHIN: Final[Mapping[str, Mapping[str, frozenset[str]]]] = MappingProxyType(
    {
        "account": {
            "invited": frozenset({"active", "deactivated"}), "active": frozenset({"deactivated"}),
        },
        "comment": dict.fromkeys(("waiting", "shown", "hidden"), frozenset({"shown", "hidden"})),
        "contribution": {
            "recorded": frozenset({"confirmed", "cancelled"}), "confirmed": frozenset({"cancelled"}),
        },
        "document": {
            "draft": frozenset({"agreed", "superseded", "withdrawn"}), "agreed": frozenset({"superseded"}),
        },
        "joint_need": {"proposed": frozenset({"agreed", "declined", "withdrawn"})},
        "measurement": {
            "submitted": frozenset({"accepted", "sent_back", "superseded"}),
            **dict.fromkeys(("accepted", "sent_back"), frozenset({"superseded"})),
        },
        "question": {"asked": frozenset({"answered", "merged", "refused"})},
        "report": {
            **dict.fromkeys(("open", "sent_back"), frozenset({"submitted"})),
            "submitted": frozenset({"accepted", "sent_back"}),
        },
    }
)  # fmt: skip

_TABLE: Final[Mapping[tuple[Machine, str, str], Move]] = MappingProxyType(
    {(move.machine, move.source, move.action): move for move in TRANSITIONS}
)

#: The moves with which a case is over, for good or not.
CASE_ENDINGS: Final = frozenset(
    move.action for move in TRANSITIONS if move.machine == "partnership" and move.target in CASE_EXITS
)


def find_move(machine: Machine, state: str, action: str) -> Move | None:
    """The row of the table for this action in this state, or ``None`` where it is not allowed."""
    return _TABLE.get((machine, state, action))


def available_actions(machine: Machine, state: str, movers: frozenset[Mover]) -> tuple[str, ...]:
    """The actions open to somebody who counts as any of ``movers``, in the order of the table."""
    return tuple(
        move.action
        for move in TRANSITIONS
        if move.machine == machine and move.source == state and movers.intersection(move.by)
    )


def asked(state: str, *, company_agreed: bool, npo_agreed: bool) -> tuple[Mover, ...]:
    """The sides on whose answer a case waits before the introduction, empty where on nobody's."""
    if state in {"recommended", "interest_one_side"}:
        company: tuple[Mover, ...] = () if company_agreed else ("company",)
        npo: tuple[Mover, ...] = () if npo_agreed else ("npo",)
        return company + npo
    return _SIDES if state == "interest_both" else ()
