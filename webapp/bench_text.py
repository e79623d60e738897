"""The bench of the city in words: what was compared, what waits, and texts too long to stand open."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.city.cities import City
from matcher.desk.checks import Check
from matcher.ground import posting as postings
from matcher.ground import profile as profile_of
from matcher.postings import drafts
from matcher.records import Need, Offer, Organization
from matcher.register.act import Act
from webapp import filters, organization_text, posting_text
from webapp.fit_text import Told as Fit
from webapp.labels import gettext as _

Told = list[tuple[str, str]]

#: queue → its heading
QUEUES: Final[Mapping[str, Any]] = {
    "organizations": _l("確認を待つ団体・企業"),
    "needs": _l("確認を待つニーズ"),
    "offers": _l("確認を待つ提供メニュー"),
    "cases": _l("承認を待つ案件"),
    "agreements": _l("確認を待つ協定"),
    "comments": _l("確認を待つ住民の声"),
}
#: what was compared → how it stands
_CHECKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "verified": {
        "yes": _l("団体・企業の確認が済んでいます"),
        "no": _l("確認が済んでいない団体・企業があります"),
    },
    "terms": {
        "yes": _l("ニーズ・提供メニューの範囲内です"),
        "no": _l("ニーズ・提供メニューと違う条件があります"),
        "none": _l("比べるニーズ・提供メニューはありません"),
    },
    "in_time": {
        "yes": _l("確認の目安の日数以内です"),
        "no": _l("確認の目安の日数を過ぎています"),
        "none": _l("受付の日の記録はありません"),
    },
    "both_sides": {
        "yes": _l("両方に所属する人はいません"),
        "no": _l("企業と団体の両方に所属する人がいます"),
    },
    "personal": {
        "yes": _l("文章に連絡先は見当たりません"),
        "no": _l("連絡先に見える文字があります"),
    },
}
MARKS: Final[Mapping[str, str]] = {"yes": "○", "partly": "△", "no": "×", "none": "−"}
_ELSEWHERE: Final = frozenset({"title", "unit"})  #: at the head, and with the amount
_OPEN: Final = 140  #: letters of a text that stand open


def check(found: Check) -> str:
    """How one thing stands."""
    return str(_CHECKS[found.code][found.mark])


#: Of a profile, what is read before a decision; the rest is on its own page.
_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "company": ("industry", "employees_band", "area", "business", "csr_policy", "fields", "no_go"),
    "npo": ("org_type", "area", "mission", "activities", "fields", "disclosure"),
}


def profile(organization: Organization, city: City) -> list[tuple[str, str | list[str]]]:
    """(label, words) of a profile in short; without words where nothing was filled in."""
    kind, value = organization.kind, organization_text.value
    return [
        (str(organization_text.label(kind, name)), value(organization, name, city)) for name in _READ[kind]
    ]


#: question of the checklist → what of the application it is about
_ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("corporate_number", "no_number_reason", "name", "address"),
    "agent": ("representative", "contact_department", "contact_name"),
    "business": ("website",),
    "charter": ("disclosure",),
    "report": ("disclosure",),
}


def beside(organization: Organization, city: City) -> dict[str, str]:
    """Question of the checklist → what the application says of it, on a line; empty where it says nothing."""
    found = {
        item: [
            f"{organization_text.label(organization.kind, name)}{_('：')}{words}"
            for name in names
            if profile_of.find(organization.kind, name) is not None
            and (words := _joined(organization_text.value(organization, name, city)))
        ]
        for item, names in _ASKED.items()
    }
    if organization.declared_at:
        sworn = _("%(day)sに誓約・申告", day=filters.jdate(organization.declared_at))
        found |= {"declaration": [sworn], "tax": [sworn]}
    return {item: _("／").join(lines) for item, lines in found.items()}


def _joined(words: str | list[str]) -> str:
    return words if isinstance(words, str) else _("、").join(words)


def posting(found: Need | Offer, city: City) -> tuple[Told, Told]:
    """(label, words) of everything that a need or an offer says, its texts and the rest; without words where
    it says nothing.
    """
    kind = drafts.kind_of(found)
    labels = posting_text.labels(kind)
    texts: Told = []
    rest: Told = []
    for one in postings.FIELDS[kind]:
        value = getattr(found, one.code)
        if one.code in _ELSEWHERE:
            continue
        if value in (None, "", []):
            words = ""
        elif one.kind == "number":
            words = filters.quantity(value, found.unit)
        else:
            kept = value.isoformat() if isinstance(value, date) else value
            words = posting_text.plain(kind, one.code, kept, city)
        (texts if one.kind == "text" else rest).append((str(labels[one.code]), words))
    return texts, rest


def filled(rows: Collection[organization_text.Row]) -> str:
    """How much of a section is filled in."""
    return _("記入 %(filled)s／%(all)s", filled=sum(bool(row.value) for row in rows), all=len(rows))


def fit(one: Fit | None) -> str:
    """How the two fit, on one line."""
    if one is None or one.unknown:
        return _("計算していません")
    level = {"high": _("高"), "middle": _("中"), "low": _("低")}[one.level]
    words = _("適合度 %(level)s（%(score)s）", level=level, score=f"{one.score:.2f}")
    return _("%(fit)s、始まったときから変わりました", fit=words) if one.changes else words


def decided(number: str | None, deed: Act) -> str:
    """What was done, said on the page of the next one."""
    return _("%(number)s：%(done)s", number=number or "", done=_(deed.words.done))


def about(title: str) -> str:
    """What something is about, also where it is about nothing in particular."""
    return title or _("活動全体について")


def cut(text: str) -> tuple[str, str]:
    """(what stands open, what is folded) of a text: it is cut behind a sentence, else where it gets long."""
    if len(text) <= _OPEN * 3 // 2:
        return text, ""
    ends = [text.rfind(sign, 0, _OPEN) for sign in ("。", "\n")]
    end = max(ends) + 1 if max(ends) > _OPEN // 2 else _OPEN
    return text[:end].rstrip(), text[end:].lstrip()
