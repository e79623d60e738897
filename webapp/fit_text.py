"""Why the two of a case fit, in words: as kept at its beginning and at each decision, and what changed.

Read from plain facts (``cases/fits.facts``), so that a page, a frozen decision and a paper say the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.cases.fits import Judged
from matcher.suggestions import ranking
from webapp import act_text, case_text, filters
from webapp.labels import gettext as _
from webapp.reason_text import reason_sentence

_UNKNOWN: Final[Mapping[str, Any]] = {
    "not_encoded": _l(
        "このとき、文章の読み取りがまだ済んでいなかったため、適合度と理由は計算していません。あとから計算し直すことはありません。"
    ),
    "no_index": _l(
        "このとき、文章を比べる用意がまだできていなかったため、適合度と理由は計算していません。あとから計算し直すことはありません。"
    ),
}
_COMPARED: Final[Mapping[str, Any]] = {
    "offer": _l("企業の提供メニュー"),
    "company": _l("企業のプロフィール"),
    "need": _l("団体のニーズ"),
    "npo": _l("団体のプロフィール"),
}
_SIDES: Final[Mapping[str, Any]] = {"company": _l("企業"), "npo": _l("団体")}


@dataclass(frozen=True)
class Told:
    """How the two fitted at one moment."""

    title: str
    at: datetime | None
    unknown: str  #: why there is no score, in a sentence
    level: str
    score: float
    pros: Sequence[Mapping[str, Any]]
    cons: Sequence[Mapping[str, Any]]
    improvements: Sequence[Mapping[str, Any]]
    parts: Sequence[tuple[str, str]]
    compared: Sequence[tuple[str, str]]
    changes: Sequence[str]  #: since the beginning
    number: str
    computed_by: str


def told(kept: Sequence[Mapping[str, Any]], reader: str = "") -> list[Told]:
    """What was kept of a case, oldest first, each with what is otherwise than at the beginning; said to a
    company, an NPO, or to all alike.
    """
    begun = next((one for one in kept if one["moment"] == "begun"), None)
    return [_told(one, begun if one is not begun else None, reader) for one in kept]


def now_told(judged: Judged, kept: Sequence[Mapping[str, Any]]) -> Told:
    """How the two fit now, beside what was kept."""
    begun = next((one for one in kept if one["moment"] == "begun"), None)
    return _told(asdict(judged) | {"moment": "now"}, begun)


def rows(kept: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of one moment, for a paper."""
    one = told([kept])[0]
    found = [
        (_("とき"), _("%(what)s（%(at)s）", what=one.title, at=filters.jdatetime(one.at))),
        (_("適合度"), one.unknown or _score(kept)),
        (_("合う点"), _lines(one.pros)),
        (_("確かめる点"), _lines(one.cons)),
        *one.compared,
        (_("計算に使ったもの"), one.computed_by),
    ]
    return [(name, words) for name, words in found if words]


def _lines(reasons: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(str(one["text"]) for one in reasons)


def _told(kept: Mapping[str, Any], begun: Mapping[str, Any] | None, reader: str = "") -> Told:
    sorted_reasons = case_text.shown_reasons(kept["reasons"], reader)
    at = kept.get("computed_at")
    return Told(
        title=_title(kept),
        at=datetime.fromisoformat(at) if at else None,
        unknown=str(_UNKNOWN.get(kept["unknown"], "")),
        level=ranking.level(kept["score"] or 0.0),
        score=kept["score"] or 0.0,
        pros=sorted_reasons["pros"],
        cons=sorted_reasons["cons"],
        improvements=sorted_reasons["improvements"],
        parts=[
            (filters.label_of(code, case_text.PARTS), f"{value:.2f}") for code, value in kept["parts"].items()
        ],
        compared=[(str(_COMPARED[text["kind"]]), text["title"]) for text in kept["texts"].values()],
        changes=_changes(begun, kept) if begun is not None else [],
        number=kept.get("public_id", ""),
        computed_by=_("モデル %(model)s、索引 %(index)s、重み %(weights)s", model=kept["model_id"],
            index=kept["index_version"], weights=kept["weights_version"]) if kept["model_id"] else "",
    )  # fmt: skip


def _title(kept: Mapping[str, Any]) -> str:
    if kept["moment"] == "begun":
        return _("案件が始まったとき")
    if kept["moment"] == "now":
        return _("いま")
    return _("市の決定のとき：%(what)s", what=act_text.event_words(kept["event"]) or kept["event"])


def _score(kept: Mapping[str, Any]) -> str:
    level = {"high": _("高"), "middle": _("中"), "low": _("低")}[ranking.level(kept["score"])]
    return _("%(level)s（%(score)s）", level=level, score=f"{kept['score']:.2f}")


def _changes(begun: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    """What is otherwise than at the beginning; nothing where either is not known."""
    if begun["unknown"] or kept["unknown"]:
        return []
    found = []
    if round(begun["score"], 2) != round(kept["score"], 2):
        found.append(_("適合度：%(before)s → %(after)s", before=_score(begun), after=_score(kept)))
    for side, label in _SIDES.items():
        before, after = begun["texts"][side], kept["texts"][side]
        if before["public_id"] != after["public_id"]:
            found.append(
                _(
                    "%(side)sの比べた文章：%(before)s → %(after)s", side=label,
                    before=before["title"], after=after["title"],
                )
            )  # fmt: skip
        elif before["sha256"] != after["sha256"]:
            found.append(
                _("%(side)sの文章が書き直されました（%(title)s）。", side=label, title=after["title"])
            )
    if (begun["model_id"], begun["weights_version"]) != (kept["model_id"], kept["weights_version"]):
        found.append(_("計算のしかた（モデルまたは重み）が変わりました。"))
    before, after = _marked(begun["reasons"]), _marked(kept["reasons"])
    come, gone = ([one for one in one_side if one not in other] for one_side, other in (
        (after, before), (before, after),
    ))  # fmt: skip
    found += [_("加わった点：%(mark)s %(reason)s", mark=mark, reason=words) for mark, words in come]
    found += [_("なくなった点：%(mark)s %(reason)s", mark=mark, reason=words) for mark, words in gone]
    return found


def _marked(reasons: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(one["mark"], reason_sentence(one)) for one in reasons if one.get("mark")]
