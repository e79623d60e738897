"""協定書・契約書, one version of it, with the plan to which it refers."""

from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.agreements import contract
from matcher.ground import vocabulary
from matcher.register import frozen
from webapp import filters
from webapp.papers import version
from webapp.papers.paper import Ask, Paper


def _facts(ask: Ask) -> dict[str, Any]:
    facts = version.facts(ask, "agreement")
    content = facts["document"].content
    outcome = content.get("outcome") or {}
    return {
        **facts, "plan": _plan(ask, content),
        "scheme": contract.Scheme.from_dict(outcome) if contract.Scheme.is_said(outcome) else None,
        "title": filters.label_of(content["type"], vocabulary.AGREEMENT_TYPES),
    }  # fmt: skip


def _plan(ask: Ask, content: Any) -> frozen.Version | None:
    """The plan to which an agreement refers, also where another has come into force since."""
    numbered = [row for row in ask.versions("plan") if row.number == content.get("plan_number")]
    exact = (row for row in numbered if row.sha256 == content.get("plan_sha256"))
    found = next(exact, numbered[0] if numbered else None)
    return frozen.version(ask.history, found) if found is not None else None


PAPER: Final = Paper(
    "agreement", _l("協定書・契約書"), 3, lambda ask: ask.has("agreement"), _facts, prints="agreement"
)
