"""What the papers share that print one version of a text that several accepted."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from matcher.ground.errors import NotFound
from matcher.records import CaseDocument
from matcher.register import frozen
from matcher.results import lessons
from webapp import change_text, document_text
from webapp.papers.paper import Ask, head


def facts(ask: Ask, kind: str) -> dict[str, Any]:
    """The version, what it says and changes, and its head.

    Raises:
        NotFound: there is no such version.
    """
    versions = ask.versions(kind)
    found = to_print(versions, ask.number)
    version = frozen.version(ask.history, found)
    # Drafts on the way to it bound nobody.
    before = next((row for row in versions if row.number < found.number and row.agreed_at), None)
    return {
        "document": version, "said": document_text.said(version), "state": state(found),
        "before": before.number if before else None,
        "changes": _changes(ask, before, found) if before is not None else [],
        **head(ask.case, ask.history.shown_in(found), found.drafted_at),
    }  # fmt: skip


def to_print(versions: Sequence[CaseDocument], number: int | None) -> CaseDocument:
    """The version with this number; without one that in force, else the open draft, else the newest.

    Raises:
        NotFound: no such version, or it was withdrawn before anybody was bound by it.
    """
    printable = [row for row in versions if row.state != "withdrawn"]
    if number is not None:
        printable = [row for row in printable if row.number == number]
    for wanted in ("agreed", "draft"):
        for row in printable:
            if row.state == wanted:
                return row
    if not printable:
        raise NotFound("paper")
    return printable[0]


def state(document: CaseDocument) -> str:
    """What a printed version is: only one of them binds anybody."""
    if document.state == "superseded":
        return str(_("旧版") if document.agreed_at else _("旧案"))
    words = {"draft": _("案"), "agreed": _("有効"), "withdrawn": _("取り下げ")}
    return str(words[document.state])


def _changes(ask: Ask, before: CaseDocument, after: CaseDocument) -> list[change_text.Row]:
    named = {public_id for row in (before, after) for public_id in row.content.get("lessons") or ()}
    old, new = ask.history.content_of(before), ask.history.content_of(after)
    return change_text.changes(old, new, lessons.lesson_texts(ask.session, named))
