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


STATES: Final[Mapping[Machine, Mapping[str, str]]] = MappingProxyType(
    {
        "organization": MappingProxyType(
            {
                "draft": "登録の準備中",
                "submitted": "市の確認待ち",
                "returned": "差し戻し",
                "verified": "確認済み",
                "suspended": "利用停止中",
                "deactivated": "利用終了",
            }
        ),
        "posting": MappingProxyType(
            {
                "draft": "下書き",
                "in_review": "市の確認待ち",
                "returned": "差し戻し",
                "open": "公開中",
                "paused": "受付を休止中",
                "filled": "充足",
                "expired": "期限切れ",
                "withdrawn": "取り下げ",
            }
        ),
        "partnership": MappingProxyType(
            {
                "recommended": "市からの推薦（両者の返事待ち）",
                "interest_one_side": "申し出中（相手の返事待ち）",
                "interest_both": "両者合意（内容の補足中）",
                "coordinator_review": "市の確認中",
                "introduced": "引き合わせ済み",
                "negotiation": "相談中",
                "trial": "お試し中",
                "agreement_draft": "協定の作成中",
                "agreement_review": "協定を市が確認中",
                "agreed": "協定締結（開始待ち）",
                "running": "実施中",
                "suspended": "中断中",
                "ended": "期間終了（成果報告の作成中）",
                "terminated": "途中終了（成果報告の作成中）",
                "reported": "成果報告済み（評価中）",
                "evaluated": "評価済み",
                "closed": "完了",
                "declined": "見送り",
                "withdrawn": "取り下げ",
                "expired": "期限切れで終了",
                "refused": "不承認",
            }
        ),
    }
)

#: Case states in which nobody waits for anything any more.
CASE_EXITS: Final = frozenset({"declined", "withdrawn", "expired", "refused", "closed"})
#: Case states that occupy the pair: no second case for the same pair and need beside these.
CASE_OPEN: Final = frozenset(STATES["partnership"]) - CASE_EXITS
#: States of a need or offer in which its text is as the city read it.
POSTING_READ: Final = frozenset({"open", "paused", "filled", "expired"})
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
#: After the introduction: the three parties work on one case, contact data is released.
CASE_WORK: Final = frozenset(state for step in WORK_STEPS for state in step)
#: Talks that came to nothing end here; so may a case that was never introduced.
CASE_LEFT: Final = frozenset({"withdrawn", "expired"})
#: Before the agreement is confirmed: either side may still go, and silence ends the case.
CASE_TALKS: Final = frozenset({"introduced", "negotiation", "trial", "agreement_draft", "agreement_review"})
#: The partnership has begun: contributions, measurements and reports are kept.
CASE_BEGUN: Final = frozenset({"running", "suspended", "ended", "terminated", "reported", "evaluated"})

TRIAL_MONTHS: Final = 3  #: a trial lasts no longer (X8)
TRIAL_MONEY_YEN: Final = 50_000  #: and moves no more money than this
RATE_DAYS: Final = 30  #: within which all three are asked to have rated
#: state → days before its date at which all three hear of it; they hear once more when it has passed.
REMIND_BEFORE: Final[Mapping[str, int]] = MappingProxyType(
    {"trial": 7, "suspended": 3, "ended": 3, "terminated": 3, "reported": 3}
)
STALL_END_DAYS: Final = 60  #: talks without a word for this long end kindly
MANAGER_MONEY_YEN: Final = 1_000_000  #: public money above this is the manager's to confirm
DIFFERENCE: Final = 2  #: scores this far apart are talked about, others are not (E6)

_STAFF: Final[tuple[Mover, ...]] = ("coordinator", "manager")
_SIDES: Final[tuple[Mover, ...]] = ("company", "npo")

TRANSITIONS: Final[tuple[Move, ...]] = (
    # Organization: verification is a recorded checklist; only a manager suspends.
    *_moves("organization", "submit", "draft returned", "submitted", ("owner",)),
    *_moves("organization", "verify", "submitted", "verified", _STAFF),
    *_moves("organization", "return", "submitted", "returned", _STAFF, v.ORGANIZATION_RETURN_REASONS),
    *_moves("organization", "suspend", "verified", "suspended", ("manager",), v.SUSPEND_REASONS),
    *_moves("organization", "reinstate", "suspended", "verified", ("manager",), v.SUSPEND_REASONS),
    *_moves(
        "organization",
        "deactivate",
        "draft submitted returned verified suspended",
        "deactivated",
        ("owner", "manager"),
        v.WITHDRAW_REASONS,
    ),
    # Need and offer share one machine.
    *_moves("posting", "submit", "draft returned", "in_review", ("owner",)),
    *_moves("posting", "publish", "in_review", "open", _STAFF),
    *_moves("posting", "return", "in_review", "returned", _STAFF, v.NEED_RETURN_REASONS),
    *_moves("posting", "pause", "open", "paused", ("owner", "system")),
    *_moves("posting", "resume", "paused", "open", ("owner", "system")),
    *_moves("posting", "fill", "open paused", "filled", ("owner",)),
    *_moves("posting", "expire", "open paused", "expired", ("system",)),
    # A published text was read by the city, so it is reworked as a draft and read again.
    *_moves("posting", "rework", "open paused filled expired withdrawn", "draft", ("owner",)),
    *_moves("posting", "renew", "open paused expired", "open", ("owner",)),
    *_moves(
        "posting",
        "withdraw",
        "draft in_review returned open paused",
        "withdrawn",
        ("owner", *_STAFF),
        v.WITHDRAW_REASONS,
    ),
    # Partnership, from the first word to the introduction.
    *_moves("partnership", "accept", "recommended", "interest_one_side", _SIDES),
    *_moves("partnership", "accept", "interest_one_side", "interest_both", _SIDES),
    *_moves("partnership", "decline", "recommended interest_one_side", "declined", _SIDES, v.PASS_REASONS),
    *_moves(
        "partnership",
        "withdraw",
        "interest_one_side interest_both coordinator_review",
        "withdrawn",
        _SIDES,
        v.WITHDRAW_REASONS,
    ),
    *_moves("partnership", "withdraw", "recommended", "withdrawn", _STAFF, v.WITHDRAW_REASONS),
    *_moves("partnership", "expire", "recommended interest_one_side interest_both", "expired", ("system",)),
    # Changed terms go back to the other side; a mere supplement goes straight to the city.
    *_moves("partnership", "revise", "interest_one_side interest_both", "interest_one_side", _SIDES),
    *_moves("partnership", "send_for_review", "interest_both", "coordinator_review", (*_SIDES, "system")),
    *_moves("partnership", "approve", "coordinator_review", "introduced", _STAFF),
    *_moves("partnership", "return", "coordinator_review", "interest_both", _STAFF, v.CASE_RETURN_REASONS),
    *_moves("partnership", "refuse", "coordinator_review", "refused", _STAFF, v.CASE_REFUSE_REASONS),
    # From the first meeting to the agreement. What both must accept is moved by the system, once the
    # second of them has accepted the same text.
    *_moves("partnership", "meet", "introduced", "negotiation", _SIDES),
    *_moves("partnership", "begin_trial", "negotiation", "trial", ("system",)),
    *_moves("partnership", "adopt_trial", "trial", "agreement_draft", ("system",)),
    *_moves("partnership", "change_trial", "trial", "negotiation", ("system",)),
    *_moves("partnership", "stop_trial", "trial", "withdrawn", ("system",)),
    *_moves("partnership", "draft_agreement", "negotiation", "agreement_draft", _SIDES),
    *_moves("partnership", "reopen_talks", "agreement_draft", "negotiation", _SIDES),
    *_moves("partnership", "submit_agreement", "agreement_draft", "agreement_review", ("system",)),
    *_moves("partnership", "confirm_agreement", "agreement_review", "agreed", _STAFF),
    *_moves(
        "partnership",
        "return_agreement",
        "agreement_review",
        "agreement_draft",
        _STAFF,
        v.AGREEMENT_RETURN_REASONS,
    ),
    *_moves(
        "partnership",
        "withdraw",
        "introduced negotiation trial agreement_draft agreement_review",
        "withdrawn",
        (*_SIDES, *_STAFF),
        v.WITHDRAW_REASONS,
    ),
    *_moves("partnership", "expire", "introduced negotiation agreement_draft", "expired", ("system",)),
    # The partnership. "Target missed" is no move: paying less for less is the contract at work.
    *_moves("partnership", "start", "agreed", "running", ("system",)),
    *_moves("partnership", "suspend", "running", "suspended", (*_SIDES, *_STAFF), v.PAUSE_REASONS),
    *_moves("partnership", "resume", "suspended", "running", (*_SIDES, *_STAFF)),
    # A pause does not outlast its agreement: with the last day both report, also on why it stood still.
    *_moves("partnership", "end", "running suspended", "ended", ("system",)),
    *_moves(
        "partnership",
        "terminate",
        "agreed running suspended",
        "terminated",
        (*_SIDES, *_STAFF),
        v.TERMINATION_REASONS,
    ),
    *_moves("partnership", "report", "ended terminated", "reported", ("system",)),
    *_moves("partnership", "conclude", "reported", "evaluated", _STAFF),
    *_moves("partnership", "close", "evaluated", "closed", _STAFF),
    # What ended early is reported in short and may be closed without an evaluation.
    *_moves("partnership", "close_early", "reported", "closed", _STAFF),
)

_TABLE: Final[Mapping[tuple[Machine, str, str], Move]] = MappingProxyType(
    {(move.machine, move.source, move.action): move for move in TRANSITIONS}
)


def find_move(machine: Machine, state: str, action: str) -> Move | None:
    """The row of the table for this action in this state, or ``None`` where it is not allowed."""
    return _TABLE.get((machine, state, action))


def next_state(machine: Machine, state: str, action: str, by: Mover) -> str:
    """The state after ``action`` by ``by``.

    Raises:
        ValueError: the table has no such move for this mover.
    """
    move = find_move(machine, state, action)
    if move is None or by not in move.by:
        raise ValueError(f"expected a {machine} move, found {action!r} by {by!r} in state {state!r}")
    return move.target


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
