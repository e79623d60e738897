"""次の期間: the next case of the same two, and the periods of a partnership as a chain (L11)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.cases import beginning
from matcher.cases.act import WORK, case_act
from matcher.ground import calendar, lifecycle
from matcher.records import Partnership
from matcher.register.act import Done, Look, Words


def may_renew(case: Partnership) -> bool:
    """Whether the next period may begin: from the outcome report on, so that no gap arises.

    A case without a need of its own – every renewed one is – occupies its pair until it is closed.
    """
    return case.is_completed or (case.is_reported and case.need_id is not None)


@dataclass(frozen=True)
class Chain:
    """The periods before and after one case, each nearest first; the years since the first began."""

    before: tuple[Partnership, ...]
    after: tuple[Partnership, ...]
    since: int | None  #: fiscal year in which the first agreement began


def chain(session: Session, case: Partnership) -> Chain:
    """The periods of one partnership around ``case``, as far as renewals link them (L11)."""
    before: list[Partnership] = []
    at: Partnership | None = case
    while at is not None and at.renewed_from_id is not None:
        at = session.get(Partnership, at.renewed_from_id)
        if at is not None:
            before.append(at)
    after: list[Partnership] = []
    newest = [case.id]
    while newest:
        rows = session.scalars(
            select(Partnership).where(Partnership.renewed_from_id.in_(newest)).order_by(Partnership.id)
        ).all()
        after += rows
        newest = [row.id for row in rows]
    starts = [one.starts_on for one in (*before, case) if one.starts_on is not None]
    return Chain(tuple(before), tuple(after), calendar.fiscal_year(min(starts)) if starts else None)


@case_act(
    "renew", by=WORK, open_in=lifecycle.CASE_REPORTED, when=may_renew,
    words=Words(
        "次の期間の案件を作る", "次の期間の案件を始めました。", "次の期間の案件を作成しました",
        explain="前の期間の学びを引き継いで、同じ相手との新しい案件を始めます。相手の返事のあと、市が確認します。",
        submit="この内容で相手に送る",
    ),
)  # fmt: skip
def renew(look: Look, terms: beginning.Terms, message: str) -> Done:
    """Begin the next period with the same partner: a new case that knows its predecessor (L11, N14).

    Raises:
        Refused, Invalid: as for any beginning.
    """
    case = look.record
    terms.check_days(calendar.tokyo_date(look.now), joins=beginning.end_of_period(case))
    new = beginning.propose(
        look.session, look.actor, beginning.between(case.company, case.npo), terms, message, look.now
    )
    new.renewed_from_id, new.year_number = case.id, case.year_number + 1
    look.session.flush()
    return Done(new, {"case": new.public_id})
