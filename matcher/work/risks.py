"""Risks: what may go wrong and what is done about it, looked at again on its day (L14)."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from matcher.cases import span, talks, telling
from matcher.cases.act import ALIVE, SHARE, case_act
from matcher.ground import calendar
from matcher.ground.errors import Invalid
from matcher.records import Risk
from matcher.register import snapshots
from matcher.register.act import MOVED_ON, Done, Look, Told, Words

RISK_DAYS: Final = 7  #: days before a risk is to be looked at again at which it is somebody's step
#: What of a risk is weighed anew when it is looked at again.
_WEIGHED: Final = ("likelihood", "impact", "mitigation", "side", "review_on")


@dataclass(frozen=True)
class RiskFacts:
    """A risk as it is written down: ``likelihood`` and ``impact`` from 1 to 3."""

    text: str
    likelihood: int
    impact: int
    mitigation: str
    side: str
    review_on: date | None = None

    def faults(self) -> dict[str, str]:
        """Field → code."""
        wrong = {name: "required" for name in ("text", "mitigation") if not getattr(self, name).strip()}
        for name in ("likelihood", "impact"):
            if getattr(self, name) not in {1, 2, 3}:
                wrong[name] = "required"
        if self.side not in talks.SIDES:
            wrong["side"] = "required"
        return wrong


def _fault_of_review(look: Look, facts: RiskFacts) -> dict[str, str]:
    """The next look is to come, while there is something to look at."""
    if facts.review_on is None:
        return {}
    if facts.review_on <= calendar.tokyo_date(look.now):
        return {"review_on": "in_past"}
    fault = span.fault_of_plan(look, facts.review_on)
    return {"review_on": fault} if fault else {}


def _still_open(look: Look) -> str | None:
    return None if look.item.is_open else MOVED_ON


@case_act(
    "add_risk", by=SHARE, open_in=ALIVE, home="progress",
    words=Words("リスクを書く", "リスクを記録しました。", "リスクを記録しました"),
)  # fmt: skip
def add_risk(look: Look, risk: RiskFacts) -> Done:
    """Write a risk down with what is done about it.

    Raises:
        Invalid: field → code.
    """
    wrong = risk.faults() | _fault_of_review(look, risk)
    if wrong:
        raise Invalid(**wrong)
    found = Risk(
        partnership_id=look.record.id, created_by_id=look.actor.user_id, created_at=look.now, **asdict(risk)
    )
    look.session.add(found)
    look.session.flush()
    return Done(found, {"risk": found.public_id}, tells=_told(look, "risk_added", found))


@case_act(
    "change_risk", by=SHARE, open_in=ALIVE, item=Risk, guard=_still_open, home="progress",
    words=Words(
        "リスクを見直す", "リスクの見直しを記録しました。", "リスクを見直しました",
        explain="いまの起こりやすさと影響、備え、次に見直す日を選び直してください。変わりがなくても、見直したことが残ります。",
    ),
)  # fmt: skip
def change_risk(look: Look, facts: RiskFacts) -> Done:
    """Look at a risk again: how likely and grave it is now, what is done about it, by whom, when next.

    What it says stays: another risk is written down anew. The audit keeps before and after, also where
    nothing has changed – that somebody looked is worth knowing.

    Raises:
        Invalid: field → code; a next day that is not to come.
    """
    wrong = facts.faults() | _fault_of_review(look, facts)
    wrong.pop("text", None)
    if wrong:
        raise Invalid(**wrong)
    before = _weighed(look.item)
    for name in _WEIGHED:
        setattr(look.item, name, getattr(facts, name))
    details = {"risk": look.item.public_id, "before": before, "after": _weighed(look.item)}
    return Done(details=details, tells=_told(look, "risk_changed", look.item))


def _weighed(risk: Risk) -> dict[str, Any]:
    return snapshots.plain({name: getattr(risk, name) for name in _WEIGHED})


@case_act(
    "close_risk", by=SHARE, open_in=ALIVE, item=Risk, guard=_still_open, home="progress",
    words=Words(
        "リスクを解消済みにする", "リスクを解消済みにしました。", "リスクを解消しました",
        submit="解消済みにする",
    ),
)  # fmt: skip
def close_risk(look: Look, text: str) -> Done:
    """Close a risk with what became of it.

    Raises:
        Invalid: no word on it.
    """
    if not text.strip():
        raise Invalid(text="required")
    look.item.closed_at, look.item.closed_text = look.now, text.strip()
    return Done(details={"risk": look.item.public_id}, tells=_told(look, "risk_closed", look.item))


def _told(look: Look, event: str, risk: Risk) -> tuple[Told, ...]:
    facts = {"who": talks.who(look.actor), "what": risk.text[:60]}
    return (Told(telling.with_side(risk.side), event, facts),)
