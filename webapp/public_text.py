"""What residents read of a partnership, in words and drawings."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from matcher.agreements import logic_models
from matcher.results import stories
from webapp import document_text, filters
from webapp.drawing import logic as drawn
from webapp.drawing import short_course
from webapp.labels import gettext as _
from webapp.labels import vocabulary

QUOTED: Final = 80  #: characters of a voice that stand large


def public_links(logic: Mapping[str, Any]) -> list[str]:
    """The arrows of a published logic model in words; their reasons where all three have seen them."""
    rows = logic["links"]
    if not logic.get("with_reasons"):
        rows = [{**row, "assumption": ""} for row in rows]
    return document_text.links({"logic": logic["columns"], "links": rows})


def public_state(state: str) -> str:
    """A state as residents read it."""
    words = {
        "agreed": _("まもなく始まります"),
        "running": _("実施中"),
        "suspended": _("中断中"),
        "ended": _("終了（成果をまとめています）"),
        "terminated": _("途中で終了"),
        "reported": _("終了（評価中）"),
        "evaluated": _("終了"),
        "closed": _("終了"),
    }
    return words.get(state, "")


def public_points(row: Mapping[str, Any]) -> list[tuple[date, float]]:
    """The course of a published indicator for its chart."""
    return [
        (date.fromisoformat(point["on"]), point["value"])
        for point in row["points"]
        if point["value"] is not None
    ]


def public_logic(logic: Mapping[str, Any]) -> Any:
    """The published logic model as SVG."""
    nodes = [
        drawn.Node(key, logic_models.kind_of(key), text)
        for key, text in logic_models.nodes({"logic": logic["columns"]}).items()
    ]
    links = [drawn.Link(row["source"], row["target"], row["evidence"]) for row in logic["links"]]
    return drawn.logic_model(
        nodes,
        links,
        vocabulary.LOGIC_KINDS,
        title=_("ロジックモデル"),
        description=_("左から右へ、資源から長期成果までのつながり"),
    )


# ── A story ──────────────────────────────────────────────────────────────────────────────────────────


def story_dot(dot: stories.Dot, result: stories.Result | None) -> tuple[str, str]:
    """A day of a story: what it is, and what happened on it."""
    if dot.kind == "measured" and result is not None:
        return _("測定"), _("%(name)s：%(now)s", name=result.name, now=amount(result.now, result.unit))
    words = {"start": _("はじまり"), "milestone": _("節目"), "end": _("期間の終わり")}
    return words.get(dot.kind, ""), dot.text


def story_result(result: stories.Result) -> str:
    """What the large figure means, as a sentence."""
    facts = {
        "name": result.name, "now": amount(result.now, result.unit), "day": short_course.month(result.on),
        "start": "" if result.start is None else amount(result.start, result.unit),
    }  # fmt: skip
    if not result.is_known_from_start:
        return _("「%(name)s」は、%(day)sに%(now)sでした。", **facts)
    if result.course == "same":
        return _("「%(name)s」は、はじめの%(start)sから変わらず、%(day)sに%(now)sでした。", **facts)
    return _("「%(name)s」が、はじめの%(start)sから、%(day)sには%(now)sになりました。", **facts)


def story_course(result: stories.Result) -> str:
    """How the figure stands to its target; also that it went the other way, or not at all."""
    facts = {
        "target": "" if result.target is None else amount(result.target, result.unit),
        "missing": "" if result.missing is None else amount(result.missing, unit_between(result.unit)),
    }
    if result.course == "reached":
        return _("目標の%(target)sに届きました。", **facts)
    if result.direction == "keep":
        return (
            _("保つことを目指した%(target)sとは違っています。", **facts) if result.target is not None else ""
        )
    if result.course == "worse":
        worse = _("望んだ向きとは逆に動きました。")
        return worse + _("目標は%(target)sです。", **facts) if result.target is not None else worse
    if result.target is None:
        return ""
    return _("目標の%(target)sまで、あと%(missing)sです。", **facts)


def story_hand(row: Mapping[str, Any]) -> tuple[str, str]:
    """What one side gave of one kind: the amount, and the kind with how often."""
    if row["quantity"] is None:
        return "", _("%(what)s（金額は公表していません）", what=vocabulary.support_label(row["support_type"]))
    kind = vocabulary.support_label(row["support_type"])
    is_told = row["unit"] == vocabulary.TIMES or (row["times"] or 0) <= 1
    often = kind if is_told else _("%(what)s（%(count)s回）", what=kind, count=row["times"])
    return amount(row["quantity"], row["unit"]), often


def story_voice(voice: Mapping[str, Any]) -> str:
    """Whose voice it is."""
    who = filters.label_of(voice["beneficiary"], vocabulary.BENEFICIARIES)
    if voice["people"] is None:
        return _("%(who)s（人数は少数のため非表示）", who=who)
    return _("%(who)s %(count)s人", who=who, count=filters.number(voice["people"]))


def is_long_voice(voice: Mapping[str, Any]) -> bool:
    """Whether it is read as a text rather than looked at as a quotation."""
    return len(voice["text"]) > QUOTED


def story_setback(setback: stories.Setback, view: Mapping[str, Any]) -> str:
    """Who said when what did not work; empty where it is said of the whole."""
    if setback.until is None:
        return ""
    day = filters.jdate(setback.until, False)
    if not setback.who:
        return _("%(day)sまでの中間報告から", day=day)
    return _("%(day)sまでの中間報告から（%(who)s）", day=day, who=view[setback.who])


def short_chart(row: Mapping[str, Any]) -> Any:
    """The course of a published indicator, drawn for a phone."""
    return short_course.short_course(
        public_points(row),
        baseline=row["baseline"],
        target=row["target"],
        unit=row["unit"],
        title=row["name"],
    )


def amount(value: float, unit: str) -> str:
    """「51人」, 「71.4%」."""
    return filters.quantity(value, unit)


def unit_between(unit: str) -> str:
    """The unit of a difference: between two shares lie points."""
    return _("ポイント") if unit == vocabulary.PERCENT else unit
