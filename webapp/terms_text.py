"""The figures of need, offer, case and agreement in Japanese words, side by side, and where they differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.ground import parts
from matcher.postings import terms
from matcher.records import Need, Offer, Partnership
from webapp import filters
from webapp.labels import gettext as _
from webapp.labels import vocabulary

_WHOSE: Final[Mapping[str, Any]] = {"need": _l("ニーズ"), "offer": _l("提供メニュー")}


@dataclass(frozen=True)
class Column:
    """What one record says, in words; empty where it says nothing."""

    label: str
    title: str
    support: str
    amount: str
    period: str
    quantity: str = ""  #: the bare amount, by which records are compared


def columns(need: Need | None, offer: Offer | None, case: Partnership | None = None) -> list[Column]:
    """The need's, the offer's and the case's own figures, as far as there are such records."""
    place = case.part if case else parts.FIRST
    found = [_column(need, _("ニーズ"), place)] if need else []
    found += [_column(offer, _("提供メニュー"))] if offer else []
    return found + ([_column(case, _("この案件"))] if case else [])


def _column(record: Any, label: str, place: int = parts.FIRST) -> Column:
    figures = terms.Figures.of(record).beside_part(place)
    quantity = amount = filters.quantity(figures.quantity, figures.unit)
    if isinstance(record, Offer) and amount:
        amount = _("%(amount)sまで", amount=amount)
    if figures.min_useful is not None:
        least = filters.quantity(figures.min_useful, figures.unit)
        amount = _("%(amount)s（最低%(least)s）", amount=amount or _("量は書かれていません"), least=least)
    if figures.repeat != "once":
        repeat = filters.label_of(figures.repeat, vocabulary.REPEATS)
        amount = _("%(amount)s、%(repeat)s", amount=amount or _("量は書かれていません"), repeat=repeat)
    return Column(
        label, getattr(record, "title", ""),
        vocabulary.support_label(figures.support_type) if figures.support_type else "", amount,
        period(figures.period_from, figures.period_to), quantity,
    )  # fmt: skip


def agreement_column(content: Mapping[str, Any]) -> Column:
    """What an agreement's text says of money and time."""
    yen = [
        f"{who}{filters.yen(content[name])}"
        for name, who in (("money_company_yen", _("企業")), ("money_city_yen", _("市")))
        if content.get(name)
    ]
    money = "、".join(yen)
    return Column(_("協定"), "", "", money, period(*_days(content)), money)


def rows_that_differ(found: Iterable[Column]) -> list[tuple[str, list[str]]]:
    """(what, the words of each column) for what is not said alike by all that say something of it."""
    rows = list(found)
    every = (
        (_("支援の種類"), [(one.support, one.support) for one in rows]),
        (_("量"), [(one.amount, one.quantity) for one in rows]),
        (_("期間"), [(one.period, one.period) for one in rows]),
    )
    return [
        (label, [words for words, _said in pairs])
        for label, pairs in every
        if len({said for _words, said in pairs if said}) > 1
    ]


def period(first: date | None, last: date | None) -> str:
    """「令和8年12月1日から令和9年3月31日まで」, or what of it is known."""
    begins, ends = filters.jdate(first, False), filters.jdate(last, False)
    if begins and ends:
        return _("%(first)sから%(last)sまで", first=begins, last=ends)
    if begins:
        return _("%(first)sから", first=begins)
    return _("%(last)sまで", last=ends) if ends else ""


def sentences(notes: Iterable[terms.Note]) -> list[str]:
    """What is to be said of a beginning or of typed terms."""
    return [_sentence(note.code, note.facts) for note in notes]


def differences(
    entered: Any, need: Need | None, offer: Offer | None, agreement: Mapping[str, Any] | None = None
) -> list[str]:
    """Where ``entered`` (anything with terms) goes beyond the need or the offer, one sentence each.

    The days of ``agreement``, an agreement's text, stand for those of ``entered``.
    """
    of = terms.Figures.of
    figures = of(entered)
    if agreement is not None:
        first, last = _days(agreement)
        figures = replace(figures, period_from=first, period_to=last)
    asked = of(need).beside_part(entered.part) if need else None
    found = terms.differences(figures, asked, of(offer) if offer else None)
    return sentences(found)


def _days(agreement: Mapping[str, Any]) -> tuple[date | None, date | None]:
    kept = [agreement.get(name) for name in ("from_on", "to_on")]
    first, last = (date.fromisoformat(day) if day else None for day in kept)
    return first, last


def _sentence(code: str, facts: Mapping[str, Any]) -> str:
    """One note as a sentence.

    Raises:
        KeyError: a note without words.
    """
    words = _types(facts) if code in _TYPE_NOTES else _amounts(facts)
    words |= {
        "whose": str(_WHOSE.get(facts.get("whose", ""), "")),
        "repeat": filters.label_of(facts.get("repeat"), vocabulary.REPEATS),
        "period": period(facts.get("first"), facts.get("last")),
    }
    return str(NOTES[code]) % words


def _types(facts: Mapping[str, Any]) -> dict[str, str]:
    names = ("need", "offer", "entered", "said")
    return {name: vocabulary.support_label(facts[name]) for name in names if name in facts}


def _amounts(facts: Mapping[str, Any]) -> dict[str, str]:
    """Each amount with its unit; those of the need and the offer bear the unit's name before them."""
    units = {
        "need": "need_unit", "offer": "offer_unit", "entered": "entered_unit", "quantity": "unit",
        "said": "unit", "by": "unit", "least": "need_unit" if "need_unit" in facts else "unit",
    }  # fmt: skip
    return {name: filters.quantity(facts.get(name), facts.get(unit)) for name, unit in units.items()}


_TYPE_NOTES: Final = frozenset({"also_welcome", "stands_for", "unrelated_types", "other_type"})

NOTES: Final[Mapping[str, Any]] = {
    # What a form begins with.
    "also_welcome": _l(
        "提供メニューは「%(offer)s」です。ニーズで「あると助かる」とされている支援です（いちばんの希望は「%(need)s」）。"
    ),
    "stands_for": _l(
        "ニーズは「%(need)s」、提供メニューは「%(offer)s」です。代わりになるかどうかを相談してください。"
    ),
    "unrelated_types": _l(
        "ニーズは「%(need)s」、提供メニューは「%(offer)s」で、種類が異なります。支援の種類を選んでください。"
    ),
    "units_differ": _l(
        "提供は%(offer)s、ニーズは%(need)sです。単位が違うため、量を相談して入力してください。"
    ),
    "only_offered": _l(
        "提供メニューは%(quantity)sまでです。必要な量が書かれていないため、量を相談して入力してください。"
    ),
    "counted_apart": _l(
        "ニーズの量（%(need)s）は、選んだ支援の種類ではそのまま使えません。量を相談して入力してください。"
    ),
    "begins_below_least": _l(
        "提供できる量は、ニーズの最低の量（%(least)s）に届きません。ほかの支援との組み合わせを相談してください。"
    ),
    "repeats": _l("ニーズは「%(repeat)s」です。量が1回あたりか全部の合計かを、メッセージに書いてください。"),
    "no_overlap": _l(
        "今日から先で、ここに示した期間が重なる日はありません。期間を相談して入力してください。"
    ),
    "of_last_period": _l("前の期間の量は%(quantity)sでした。次の期間に必要な量に直してください。"),
    # What was typed.
    "other_type": _l("%(whose)sの種類は「%(said)s」です。入力した種類は「%(entered)s」です。"),
    "other_unit": _l("%(whose)sは%(said)s、入力した量は%(entered)sで、単位が違います。"),
    "more": _l("%(whose)s（%(said)s）より%(by)s多い量です。"),
    "below_least": _l("ニーズの最低の量（%(least)s）に届かない量です。"),
    "outside": _l("%(whose)sの期間（%(period)s）に入っていません。"),
    "starts_earlier": _l("%(whose)sの期間（%(period)s）より早く始まります。"),
    "ends_later": _l("%(whose)sの期間（%(period)s）より遅くまで続きます。"),
}
