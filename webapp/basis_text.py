"""What the city decides on when it confirms or returns an agreement, in words: a part for each of its checks.

Read from the documents as the decision keeps them, before it is made and years later alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from webapp import contract_text, document_text, filters
from webapp.labels import gettext as _

Facts = list[tuple[str, str]]

#: Of an agreement, what stands beside the checks, and what is read before the rest.
_BESIDE: Final = frozenset(
    {
        "from_on",
        "to_on",
        "frequency",
        "money_company_yen",
        "money_city_yen",
        "costs",
        "outcome",
        "publication",
    }
)
_FIRST: Final = frozenset(
    {"type", "purpose", "method", "roles_company", "roles_npo", "roles_city", "city_is_party"}
)


def basis(documents: Iterable[Mapping[str, Any]]) -> list[tuple[str, Facts]]:
    """(check, facts) of the agreement on the table, with the indicators of the plan in force.

    Args:
        documents: as ``decisions.laid_before`` has them; without an agreement there is nothing to decide on.
    """
    names = {
        "period": _("期間"), "money": _("金額・予算"), "indicators": _("指標"),
        "publication": _("公表の範囲"),
    }  # fmt: skip
    return [(names[code], facts) for code, facts in beside(documents).items()]


def beside(documents: Iterable[Mapping[str, Any]]) -> dict[str, Facts]:
    """The same by the code of the check."""
    kept = {(row["kind"], row["state"]): row["content"] for row in documents}
    agreement = kept.get(("agreement", "draft")) or kept.get(("agreement", "agreed"))
    if agreement is None:
        return {}
    rows = kept.get(("plan", "agreed"), {}).get("indicators", ())
    return {
        "period": _said(agreement, "from_on", "to_on", "frequency"),
        "money": _money(agreement),
        "indicators": [(f"{row['key']}{_('：')}{row['name']}", _course(row)) for row in rows],
        "publication": [*_said(agreement, "publication"), *_published(rows)],
    }


def articles(agreement: Mapping[str, Any]) -> tuple[Facts, Facts]:
    """(what it is about, its further articles) of an agreement, without what stands beside the checks."""
    rest = {key: value for key, value in agreement.items() if key not in _BESIDE}
    first = {key: value for key, value in rest.items() if key in _FIRST}
    whole = document_text.facts_of(rest)
    begin = document_text.facts_of(first)
    return begin, [row for row in whole if row not in begin]


def _said(agreement: Mapping[str, Any], *keys: str) -> Facts:
    found = ((document_text.name(key), document_text.value(key, agreement.get(key))) for key in keys)
    return [(label, words) for label, words in found if words]


def _money(agreement: Mapping[str, Any]) -> Facts:
    sums = [
        (document_text.name(key), filters.yen(agreement.get(key) or 0))
        for key in ("money_company_yen", "money_city_yen")
    ]
    found = [*sums, *_said(agreement, "costs")]
    if outcome := agreement.get("outcome"):
        found += contract_text.contract_frame(outcome)
        rules = outcome.get("rules", ())
        found += [(_("支払いの条件%(key)s", key=row["key"]), contract_text.rule(row)) for row in rules]
    return found


def _course(row: Mapping[str, Any]) -> str:
    """From where to where and by when, how it bears on what is paid, and whether it is public."""
    lines = [document_text.course(row)]
    if row.get("target_on"):
        lines.append(_("目標の日：%(day)s", day=filters.isoday(row["target_on"])))
    if row.get("linked_to_payment"):
        lines.append(_("支払いに連動"))
    return "\n".join(lines)


def _published(rows: Sequence[Mapping[str, Any]]) -> Facts:
    """Which results become public, and which do not."""
    found = []
    for label, is_public in ((_("実績を公表する指標"), True), (_("実績を公表しない指標"), False)):
        names = [row["name"] for row in rows if bool(row.get("is_public")) is is_public]
        found.append((label, "\n".join(names) or _("なし")))
    return found
