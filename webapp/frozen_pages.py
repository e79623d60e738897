"""What pages show of a text that was accepted, decided or published: rendered from plain values alone.

A page sets it into its own frame, with its heading and buttons; what stands inside knows no record.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from matcher.agreements import acts as agreements
from matcher.agreements import logic_models
from matcher.cases import decisions
from matcher.register.frozen import Version
from matcher.register.parties import Parties
from matcher.results import publication, stories
from webapp import basis_text, change_text, document_text, frozen, party_text, work_text

_OWN_PAGE: Final = 2  #: the level of headings of a published text on a page of its own


def document(
    version: Version,
    case_id: str,
    *,
    changes: Sequence[change_text.Row],
    lessons: Sequence[str],
    areas: Mapping[str, str],
) -> Markup:
    """What one version of a document says and changes, and who has accepted it.

    Args:
        case_id: public id of the case, for links to the records on which its sentences rest.
        lessons: the texts of the lessons that a plan takes up.
        areas: the city's districts as they were called that day.
    """
    return frozen.render(
        "frozen/document.html",
        {
            "document": version, "case_id": case_id, "changes": changes, "areas": areas,
            "doubts": party_text.doubts(version.parties),
            "sentences": version.content.get("sentences"),
            **_story(version), "plan": None, **(_plan(version, lessons) if version.kind == "plan" else {}),
        },
    )  # fmt: skip


def _story(version: Version) -> dict[str, Any]:
    """A public page as it is shown before it is accepted."""
    if version.kind != "publication":
        return {"view": None, "story": None, "opened": False}
    view = version.content["view"]
    return {"view": publication.whole(view), "story": stories.told(view), "opened": True}


def _plan(version: Version, lessons: Sequence[str]) -> dict[str, Any]:
    """A plan as it is read before it is accepted: nothing of it is summed up."""
    content = document_text.said(version)
    nodes = logic_models.nodes(content)
    return {
        "plan": content, "node_names": nodes, "arrows": document_text.links(content), "lessons": lessons,
        "drawing": work_text.plan_drawing(content, version.number) if nodes else None,
    }  # fmt: skip


def report(version: Version, case_id: str) -> Markup:
    """What an accepted outcome report says; ``case_id`` as for ``document``."""
    return frozen.render("frozen/report.html", {"said": document_text.said(version), "case_id": case_id})


def ratings(
    sheets: Mapping[tuple[str, str], Mapping[str, Any]], named: Parties, sides: Sequence[str]
) -> Markup:
    """What the ``sides`` have rated each other, by the names of one day."""
    return frozen.render("frozen/ratings.html", {"sheets": sheets, "parties": named, "sides": sides})


def evidence(facts: Mapping[str, Any]) -> Markup:
    """What a company gave and what came of it in one year: the facts of the paper."""
    return frozen.render("frozen/evidence.html", {"rows": facts["rows"]})


def published(view: Mapping[str, Any], areas: Mapping[str, str], level: int = 2) -> Markup:
    """A published partnership; its headings begin at ``level``. On a page of the case nothing is folded."""
    facts = {
        "view": publication.whole(view), "story": stories.told(view), "areas": areas, "level": level,
        "opened": level > _OWN_PAGE,
    }  # fmt: skip
    return frozen.render("frozen/published.html", facts)


def decision(content: Mapping[str, Any], areas: Mapping[str, str]) -> Markup:
    """What a decision rested on; of an agreement first what was to be checked."""
    kept = decisions.whole(content)
    is_of_agreement = kept["outcome"] in {agreements.confirm.event, agreements.return_.event}
    found = basis_text.basis(kept["documents"]) if is_of_agreement else []
    return frozen.render("frozen/decision.html", {"content": kept, "areas": areas, "basis": found})
