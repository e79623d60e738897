"""相互評価: self then mutual rating, what differs is talked about, and the evaluation is concluded.

Nobody sees how others rated before having rated themselves; what then differs by two or more is talked
about, and a difference that remains stays visible.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.cases import decisions, documents, talks
from matcher.cases.act import REVIEW, SHARE, case_act
from matcher.ground import lifecycle, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.permissions import Actor
from matcher.records import EvaluationSheet, Partnership
from matcher.register.act import Done, Look, Told, Words, version_of_record

PARTIES: Final = ("company", "npo", "city")
_REPORTED: Final = frozenset({"reported"})


def sheets(session: Session, case: Partnership) -> list[EvaluationSheet]:
    """Every sheet of the case, in the order of writing."""
    return list(
        session.scalars(
            select(EvaluationSheet)
            .where(EvaluationSheet.partnership_id == case.id)
            .order_by(EvaluationSheet.id)
        )
    )


def visible_sheets(
    actor: Actor, case: Partnership, found: Iterable[EvaluationSheet]
) -> list[EvaluationSheet]:
    """What ``actor`` may read: one's own, and the others' once one has rated oneself (or all is done)."""
    found = list(found)
    side = documents.side_of(actor, case)
    own = any(sheet.rater == side and sheet.about == side for sheet in found)
    if own or case.state in {"evaluated", "closed"}:
        return found
    return [sheet for sheet in found if sheet.rater == side]


def _ratable(look: Look) -> str | None:
    side = documents.side_of(look.actor, look.record)
    written = {sheet.about for sheet in sheets(look.session, look.record) if sheet.rater == side}
    if look.item not in PARTIES:
        return None  # which is said beside the field
    if look.item in written:
        return "rated_already"
    return "self_first" if look.item != side and side not in written else None


@case_act(
    "rate", by=SHARE, open_in=_REPORTED, item=str, guard=_ratable, home="evaluation",
    words=Words(
        "評価を書く", "評価を記録しました。", "評価を記録しました",
        explain="「%(who)s」についての評価です。5段階で選んでください。記録した評価は、あとから変えられません。ただし、2点以上の差がある項目は、話し合ったうえで点数を見直せます。",
        submit="この評価を記録する",
        step="評価を書く",
    ),
)  # fmt: skip
def rate(look: Look, scores: Mapping[str, int], comment: str) -> Done:
    """Rate oneself, then the other two (the item), on the five items of the sheet; it is written once.

    Raises:
        Invalid: an item without a score from 1 to 5.
    """
    about = look.item
    if about not in PARTIES:
        raise Invalid(about="required")
    wrong = _unscored(scores)
    if wrong:
        raise Invalid(**wrong)
    side = documents.side_of(look.actor, look.record)
    found = EvaluationSheet(
        partnership_id=look.record.id, rater=side, about=about,
        scores={item: scores[item] for item in vocabulary.EVALUATION_ITEMS}, comment=comment.strip(),
        rated_by_id=look.actor.user_id, rated_at=look.now,
    )  # fmt: skip
    look.session.add(found)
    look.session.flush()
    facts = {"who": talks.who(look.actor)}
    tells = (Told(("others", "desk"), "rated", facts),) if about == side else ()
    return Done(found, {"sheet": found.public_id, "about": about}, tells=tells)


def _unscored(scores: Mapping[str, int]) -> dict[str, str]:
    return {item: "required" for item in vocabulary.EVALUATION_ITEMS if scores.get(item) not in range(1, 6)}


def _left(look: Look) -> list[str]:
    side = documents.side_of(look.actor, look.record)
    written = {sheet.about for sheet in sheets(look.session, look.record) if sheet.rater == side}
    return [about for about in PARTIES if about not in written]


@case_act(
    "decline_rating", by=SHARE, open_in=_REPORTED, home="evaluation",
    guard=lambda look: None if _left(look) else "rated_already",
    words=Words(
        "評価を辞退する", "評価を辞退したことを記録しました。", "評価を辞退しました",
        explain="まだ書いていない評価を、すべて「回答なし」とします。理由も記録に残ります。",
        submit="評価を辞退する",
    ),
)  # fmt: skip
def decline(look: Look, reason: str) -> Done:
    """Decline to answer what one has not answered yet; the reason stays with it.

    Raises:
        Invalid: no reason.
    """
    if not reason.strip():
        raise Invalid(text="required")
    for about in _left(look):
        look.session.add(
            EvaluationSheet(
                partnership_id=look.record.id, rater=documents.side_of(look.actor, look.record), about=about,
                scores={}, comment=reason.strip(), is_declined=True, rated_by_id=look.actor.user_id,
                rated_at=look.now,
            )
        )  # fmt: skip
    told = Told(("others", "desk"), "rating_declined", {"who": talks.who(look.actor)})
    return Done(text=reason, tells=(told,))


@dataclass(frozen=True)
class Difference:
    """One item on which a party sees itself otherwise than it is seen."""

    sheet: EvaluationSheet
    item: str
    self_score: int
    score: int

    @property
    def is_open(self) -> bool:
        """Whether it has not been talked about."""
        return self.item not in self.sheet.discussion

    @property
    def remains(self) -> bool:
        """Whether the two still differ as much after the talk."""
        final = self.sheet.final_scores.get(self.item, self.score)
        return abs(int(final) - self.self_score) >= lifecycle.DIFFERENCE


def differences(found: Iterable[EvaluationSheet]) -> list[Difference]:
    """The items that differ by two or more between a party's own rating and another's of it (E6)."""
    found = list(found)
    own = {sheet.about: sheet for sheet in found if sheet.rater == sheet.about and not sheet.is_declined}
    return [
        Difference(sheet, item, own[sheet.about].scores[item], sheet.scores[item])
        for sheet in found
        if sheet.rater in PARTIES
        and sheet.rater != sheet.about
        and not sheet.is_declined
        and sheet.about in own
        for item in vocabulary.EVALUATION_ITEMS
        if abs(own[sheet.about].scores[item] - sheet.scores[item]) >= lifecycle.DIFFERENCE
    ]


def _discussable(look: Look) -> str | None:
    """Only who rated may change the score, and only where two differ."""
    if documents.side_of(look.actor, look.record) != look.item.rater:
        return "not_rater"
    found = differences(sheets(look.session, look.record))
    return None if any(one.sheet is look.item for one in found) else "no_difference"


@case_act(
    "discuss", by=SHARE, open_in=_REPORTED, item=EvaluationSheet, guard=_discussable, home="evaluation",
    is_read_first=True,
    words=Words(
        "話し合いを記録する", "話し合いを記録しました。", "評価の差について記録しました",
        explain="「%(item)s」の評価の差について、話し合ったことを記録します。",
        step="差のある評価について話し合い、記録する",
    ),
)  # fmt: skip
def discuss(look: Look, item: str, score: int, text: str) -> Done:
    """Note what was said about one differing item, and the rater's score after it (it may stay).

    Raises:
        Refused: ``no_difference``. Invalid: no score, no text.
    """
    sheet = look.item
    found = differences(sheets(look.session, look.record))
    if not any(one.sheet is sheet and one.item == item for one in found):
        raise Refused("no_difference")
    wrong = {}
    if score not in range(1, 6):
        wrong["score"] = "required"
    if not text.strip():
        wrong["text"] = "required"
    if wrong:
        raise Invalid(**wrong)
    sheet.discussion = {**sheet.discussion, item: text.strip()}
    sheet.final_scores = {**sheet.final_scores, item: score}
    told = Told(("others", "city"), "discussed", {"who": talks.who(look.actor)})
    return Done(details={"sheet": sheet.public_id, "item": item}, tells=(told,))


def _outside_rated(look: Look) -> str | None:
    found = sheets(look.session, look.record)
    return "rated_already" if any(sheet.rater == "third_party" for sheet in found) else None


@case_act(
    "rate_third_party", by=REVIEW, open_in=_REPORTED | {"evaluated"},
    guard=_outside_rated, home="evaluation",
    words=Words("第三者評価を記録する", "第三者評価を記録しました。", "第三者評価を記録しました"),
)  # fmt: skip
def add_third_party(look: Look, evaluator: str, scores: Mapping[str, int], comment: str) -> Done:
    """Keep what an outside evaluator said (E7); optional, once.

    Raises:
        Invalid: an item without a score, nobody named.
    """
    wrong = _unscored(scores)
    if not evaluator.strip():
        wrong["evaluator"] = "required"
    if wrong:
        raise Invalid(**wrong)
    found = EvaluationSheet(
        partnership_id=look.record.id, rater="third_party", about="whole", scores=dict(scores),
        comment=comment.strip(), evaluator=evaluator.strip(), rated_by_id=look.actor.user_id,
        rated_at=look.now,
    )  # fmt: skip
    look.session.add(found)
    look.session.flush()
    return Done(found, {"sheet": found.public_id}, tells=(Told("others", "third_party_rated"),))


def conclusion_obstacle(session: Session, case: Partnership) -> str | None:
    """Why the evaluation cannot be concluded yet: ``ratings_open``, ``differences_open``, or ``None``."""
    found = sheets(session, case)
    written = {(sheet.rater, sheet.about) for sheet in found}
    if any((rater, about) not in written for rater in PARTIES for about in PARTIES):
        return "ratings_open"
    if any(difference.is_open for difference in differences(found)):
        return "differences_open"
    return None


@case_act(
    lifecycle.CONCLUDE, by=REVIEW, open_in=_REPORTED, shown=version_of_record,
    guard=lambda look: conclusion_obstacle(look.session, look.record),
    words=Words(
        "評価をまとめる", "評価をまとめました。", "評価のまとめを確定しました",
        explain="三者の評価をまとめ、残った差も含めて、変更できない形で保存します。", submit="まとめる",
        step="評価をまとめる", decided="評価のまとめ",
    ),
)  # fmt: skip
def conclude(look: Look, text: str) -> Done:
    """The evaluation is complete: frozen as it stands, with what remains different.

    Raises:
        Invalid: no text.
    """
    if not text.strip():
        raise Invalid(text="required")
    session, actor, case, now = look.session, look.actor, look.record, look.now
    ratings = [
        {"rater": sheet.rater, "about": sheet.about, "scores": sheet.scores, "final": sheet.final_scores,
         "declined": sheet.is_declined}
        for sheet in sheets(session, case)
    ]  # fmt: skip
    bundle = decisions.freeze(session, actor, case, lifecycle.CONCLUDE, text, now, ratings=ratings)
    talks.enter(
        session, actor, case, lifecycle.CONCLUDE, now, reason_text=text, details=decisions.named(bundle)
    )
    return Done(is_kept=True, tells=(Told("others", "evaluated"),))
