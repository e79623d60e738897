"""The parties of a case in Japanese words: who they are, and which facts of them no record proves."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.records import Partnership
from matcher.register import parties
from webapp import filters
from webapp.labels import gettext as _

SIDES: Final[Mapping[str, Any]] = {
    "company": _l("企業"),
    "npo": _l("団体"),
    "city": _l("市"),
    "both": _l("両者"),
    "third_party": _l("第三者"),
    "whole": _l("協働の全体"),
    "outside": _l("外部の評価者"),
}

#: What stands on papers of a party.
_PARTY: Final[Mapping[str, Any]] = {
    "name": _l("名称"),
    "kana": _l("フリガナ"),
    "corporate_number": _l("法人番号"),
    "address": _l("所在地"),
    "representative": _l("代表者"),
    "section": _l("担当課"),
}


def side_name(case: Partnership | parties.Parties, side: str) -> str:
    """The name of a party: of the case as it is registered now, or of the parties of a day."""
    names = {"company": case.company.name, "npo": case.npo.name}
    return names.get(side) or str(SIDES.get(side, side))


def party_facts(found: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """(side and fact, words) of the parties that a text names, without what is empty."""
    return [
        (_("%(side)sの%(fact)s", side=SIDES[side], fact=label), found[side][key])
        for side in ("company", "npo", "city")
        for key, label in _PARTY.items()
        if found.get(side, {}).get(key)
    ]


def doubts(found: parties.Parties) -> str:
    """Which facts of the parties no record proves for the day of a paper, and of which day they are; else
    nothing.
    """
    return _doubts((doubt.side, doubt.facts, doubt.seen_on) for doubt in found.doubts)


def doubts_of(kept: Sequence[Mapping[str, Any]]) -> str:
    """The same of the records of a case as they are disclosed."""
    return _doubts((row["side"], row["facts"], date.fromisoformat(row["seen_on"])) for row in kept)


def _doubts(found: Iterable[tuple[str, Iterable[str], date]]) -> str:
    days: dict[date, list[str]] = {}
    for side, facts, seen_on in found:
        names = days.setdefault(seen_on, [])
        if side != "person":
            names += (_("%(side)sの%(fact)s", side=SIDES[side], fact=_PARTY[fact]) for fact in facts)
        elif (person := _("記載した人の氏名")) not in names:
            names.append(person)
    return " ".join(
        _(
            "%(what)sは、%(day)s時点の登録によるものです（その当時の登録は記録から確かめられませんでした）。",
            what=_("・").join(names),
            day=filters.jdate(day, False),
        )
        for day, names in days.items()
    )
