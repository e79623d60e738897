"""What residents read of a partnership, in words and drawings."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from matcher.agreements import logic_models
from webapp import document_text
from webapp.drawing import logic as drawn
from webapp.labels import gettext as _
from webapp.labels import vocabulary


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
