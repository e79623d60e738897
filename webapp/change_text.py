"""What differs between two versions of a document, in Japanese words: one row for each thing that differs.

A row is (name, before, after). Indicators, payment rules, arrows and entries of the logic model are matched
by their keys, so that a changed definition is not mistaken for another indicator.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.agreements import logic_models
from matcher.cases import documents
from webapp import contract_text, document_text, filters, party_text
from webapp.labels import gettext as _
from webapp.labels import vocabulary

Row = tuple[str, str, str]


#: What a public page shows, in the order of the page.
_VIEW: Final[Mapping[str, Any]] = {
    "title": _l("題名"),
    "summary": _l("紹介文"),
    "company": _l("企業"),
    "npo": _l("団体"),
    "support_type": _l("支援の種類"),
    "fields": _l("分野"),
    "areas": _l("地域"),
    "agreement": _l("協定の種類と期間"),
    "purpose": _l("目的"),
    "milestones": _l("節目"),
    "indicators": _l("指標の目標と実績"),
    "contributions": _l("双方が出し合ったもの"),
    "payments": _l("成果に応じた支払い"),
    "report": _l("成果報告"),
    "setbacks": _l("うまくいかなかったこと"),
    "evaluation": _l("三者の評価"),
    "voices": _l("受け手の声"),
    "lessons": _l("次に生かす学び"),
}


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], lessons: Mapping[str, str] | None = None
) -> list[Row]:
    """Every difference between two contents of one kind of document, in the order of reading.

    Args:
        lessons: public id → text of the lessons that a plan may name.
    """
    found: list[Row] = []
    for key, old, new in documents.differences(before, after):
        if key == "logic":
            found += _entries(before, after)
        elif key == "links":
            found += _links(before, after)
        elif key == "indicators":
            found += _indicators(before, after)
        elif key == "milestones":
            found += _milestones(old or (), new or ())
        elif key == "lessons":
            found += _listed(_("生かす学び"), old or (), new or (), _lesson_words(lessons or {}))
        elif key == "fields":
            found += _listed(_("公表する項目"), old or (), new or (), _public_field)
        elif key == "outcome" and not isinstance(old or new, str):
            found += _contract(old or {}, new or {})
        elif key == "view":
            found += _view(old or {}, new or {})
        elif key == "parties":
            found += _parties(old or {}, new or {})
        elif key not in document_text.HIDDEN:
            found.append(
                (
                    document_text.name(key, old, new),
                    document_text.value(key, old),
                    document_text.value(key, new),
                )
            )
    return [(name, old or _("（なし）"), new or _("（なし）")) for name, old, new in found]


def _parties(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    """Who is named otherwise; ``parties.History.content_of`` knows it of texts that do not say it."""
    old, new = dict(party_text.party_facts(before)), dict(party_text.party_facts(after))
    return [
        (name, old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys((*new, *old))
        if old.get(name, "") != new.get(name, "")
    ]


def _added(name: str) -> str:
    return _("%(name)s（追加）", name=name)


def _dropped(name: str) -> str:
    return _("%(name)s（取りやめ）", name=name)


def _listed(name: str, before: Iterable[Any], after: Iterable[Any], words: Callable[[Any], str]) -> list[Row]:
    """What left a plain list, and what came to it."""
    old, new = list(before), list(after)
    return [
        *((_dropped(name), words(entry), "") for entry in old if entry not in new),
        *((_added(name), "", words(entry)) for entry in new if entry not in old),
    ]


def _public_field(code: Any) -> str:
    return filters.label_of(code, vocabulary.PUBLIC_FIELDS)


def _lesson_words(lessons: Mapping[str, str]) -> Callable[[Any], str]:
    return lambda public_id: lessons.get(str(public_id)) or _("（これまでの協働の学び）")


def _matched(
    before: Mapping[str, Any], after: Mapping[str, Any], name: Callable[[Any], str],
    facts: Callable[[Any], Sequence[tuple[str, str]]],
) -> list[Row]:  # fmt: skip
    """Rows of things with keys: taken out, changed (a row for each fact), added."""
    found: list[Row] = []
    for key, old in before.items():
        if key not in after:
            found.append((_dropped(name(old)), _lines(facts(old)), ""))
            continue
        was, is_now = dict(facts(old)), dict(facts(after[key]))
        for fact in dict.fromkeys((*is_now, *was)):
            if was.get(fact, "") != is_now.get(fact, ""):
                label = _("%(name)s：%(fact)s", name=name(after[key]), fact=fact)
                found.append((label, was.get(fact, ""), is_now.get(fact, "")))
    found += [(_added(name(new)), "", _lines(facts(new))) for key, new in after.items() if key not in before]
    return found


def _lines(facts: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{name}{_('：')}{words}" for name, words in facts if words)


# ── Plan ─────────────────────────────────────────────────────────────────────────────────────────────


def _entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    found: list[Row] = []
    old, new = logic_models.columns(before), logic_models.columns(after)
    for kind, label in vocabulary.LOGIC_KINDS.items():
        name = _("ロジックモデル・%(kind)s", kind=label)
        was, is_now = old[kind], new[kind]
        found += [(_dropped(name), text, "") for key, text in was.items() if key not in is_now]
        found += [
            (_("%(name)s（変更）", name=name), text, is_now[key])
            for key, text in was.items()
            if key in is_now and is_now[key] != text
        ]
        found += [(_added(name), "", text) for key, text in is_now.items() if key not in was]
        kept, order = [key for key in was if key in is_now], [key for key in is_now if key in was]
        if kept != order:
            joined = [_("、").join(is_now[key] for key in keys) for keys in (kept, order)]
            found.append((_("%(name)s（並び順）", name=name), joined[0], joined[1]))
    return found


def _links(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    names = {**logic_models.nodes(before), **logic_models.nodes(after)}
    old, new = (
        {logic_models.link_key(row): row for row in plan.get("links") or ()} for plan in (before, after)
    )

    def between(row: Mapping[str, Any]) -> str:
        return _(
            "つながり「%(source)s」→「%(target)s」",
            source=names.get(row["source"], row["source"]),
            target=names.get(row["target"], row["target"]),
        )

    def facts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [
            (_("確かさ"), filters.label_of(row["evidence"], vocabulary.EVIDENCE_LEVELS)),
            (_("そう考える理由"), row.get("assumption") or ""),
        ]

    return _matched(old, new, between, facts)


def _indicators(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    names = {**logic_models.nodes(before), **logic_models.nodes(after)}
    old, new = ({row["key"]: row for row in plan.get("indicators") or ()} for plan in (before, after))
    return _matched(
        old, new,
        lambda row: _("指標%(key)s「%(name)s」", key=row["key"], name=row["name"]),
        lambda row: document_text.indicator_facts(row, names),
    )  # fmt: skip


def _milestones(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The same text on another day, or another text on the same day, is a change; all else came or went."""
    old = [row for row in before if row not in after]
    new = [row for row in after if row not in before]
    found: list[Row] = []
    for same in ("text", "on"):
        for row in tuple(old):
            match = next((other for other in new if other[same] == row[same]), None)
            if match is not None:
                old.remove(row)
                new.remove(match)
                found.append((_("節目（変更）"), _milestone(row), _milestone(match)))
    found += [(_dropped(_("節目")), _milestone(row), "") for row in old]
    return found + [(_added(_("節目")), "", _milestone(row)) for row in new]


def _milestone(row: Mapping[str, Any]) -> str:
    return document_text.value("milestones", [row])


# ── Agreement ────────────────────────────────────────────────────────────────────────────────────────


def _contract(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Row]:
    label = document_text.name("outcome")
    if not old or not new:
        return [(label, document_text.value("outcome", old), document_text.value("outcome", new))]
    was, is_now = dict(contract_text.contract_frame(old)), dict(contract_text.contract_frame(new))
    found = [
        (fact, was.get(fact, ""), is_now.get(fact, ""))
        for fact in dict.fromkeys((*is_now, *was))
        if was.get(fact, "") != is_now.get(fact, "")
    ]
    rules = [{row["key"]: row for row in kept.get("rules") or ()} for kept in (old, new)]
    return found + _matched(
        rules[0], rules[1],
        lambda row: _("支払いの条件%(key)s", key=row["key"]),
        contract_text.rule_facts,
    )  # fmt: skip


# ── Public page ──────────────────────────────────────────────────────────────────────────────────────


def _view(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Row]:
    found: list[Row] = []
    for key, label in _VIEW.items():
        old, new = before.get(key), after.get(key)
        if (old or None) == (new or None):
            continue
        name = _("公開ページ・%(part)s", part=label)
        if key == "indicators":
            found += _public_indicators(name, old or (), new or ())
        else:
            found.append((name, _public(key, old), _public(key, new)))
    logic = [
        {"logic": found_logic["columns"], "links": found_logic["links"]} if found_logic else {}
        for found_logic in (before.get("logic"), after.get("logic"))
    ]
    if logic[0] != logic[1]:
        rows = [*_entries(logic[0], logic[1]), *_links(logic[0], logic[1])]
        found += [(_("公開ページ・%(part)s", part=name), old, new) for name, old, new in rows]
    return found


def _public_indicators(name: str, before: Sequence[Any], after: Sequence[Any]) -> list[Row]:
    old, new = ({row["name"]: row for row in rows} for rows in (before, after))
    return _matched(
        old, new,
        lambda row: _("%(part)s「%(name)s」", part=name, name=row["name"]),
        lambda row: [
            (_("定義"), row["definition"]),
            (_("基準値"), filters.quantity(row["baseline"], row["unit"])),
            (_("目標の値"), filters.quantity(row["target"], row["unit"])),
            (_("途中で変わった指標"), _("はい") if row.get("is_retired") else ""),
            (_("測定の結果"), "\n".join(_point(point, row["unit"]) for point in row["points"])),
        ],
    )  # fmt: skip


def _point(point: Mapping[str, Any], unit: str) -> str:
    value = filters.quantity(point["value"], unit) if point["value"] is not None else _("測定できず")
    cells = _("、").join(
        f"{cell}{_('：')}{filters.number(part) if part is not None else _('少数のため非表示')}"
        for cell, part in point["breakdown"].items()
    )
    day = filters.isoday(point["on"])
    return (
        _("%(day)s：%(value)s（%(cells)s）", day=day, value=value, cells=cells)
        if cells
        else _("%(day)s：%(value)s", day=day, value=value)
    )


def _public(key: str, kept: Any) -> str:
    """One part of a public page in words."""
    if not kept:
        return ""
    if key == "support_type":
        return vocabulary.support_label(kept)
    if key == "fields":
        return filters.labels_of(kept, vocabulary.FIELD_SHORT)
    if key == "areas":
        return _("、").join(kept)
    if key == "agreement":
        first, last = (date.fromisoformat(kept[name]) for name in ("from_on", "to_on"))
        return "\n".join(
            (
                filters.label_of(kept["type"], vocabulary.AGREEMENT_TYPES),
                _(
                    "%(first)sから%(last)sまで",
                    first=filters.jdate(first, False),
                    last=filters.jdate(last, False),
                ),
            )
        )
    if key == "milestones":
        return document_text.value("milestones", kept)
    if key == "report":
        return "\n".join(part for part in (kept["narrative"], kept.get("next_step")) if part)
    if key == "lessons":
        return "\n".join(kept)
    if key == "voices":
        return "\n".join(row["text"] for row in kept)
    if key == "contributions":
        return "\n".join(_gift(row) for row in kept)
    if key == "payments":
        return "\n".join(f"{row['what']}{_('：')}{filters.yen(row['yen'])}" for row in kept)
    if key == "evaluation":
        return "\n".join(_scores(row) for row in kept["scores"])
    return str(kept)


def _gift(row: Mapping[str, Any]) -> str:
    words = _(
        "%(who)s：%(what)s %(sum)s（%(times)s回）",
        who=filters.label_of(row["giver"], party_text.SIDES),
        what=vocabulary.support_label(row["support_type"]),
        sum=_("金額は公表しない")
        if row["quantity"] is None
        else filters.quantity(row["quantity"], row["unit"]),
        times=row["times"],
    )
    return f"{words} {filters.yen(row['yen'])}" if "yen" in row else words


def _scores(row: Mapping[str, Any]) -> str:
    given = (
        _("回答なし")
        if row["declined"]
        else _("、").join(
            f"{label} {row['scores'].get(item, '')}" for item, label in vocabulary.EVALUATION_ITEMS.items()
        )
    )
    return _(
        "%(about)sについて（%(who)sによる）：%(given)s",
        about=filters.label_of(row["about"], party_text.SIDES),
        who=filters.label_of(row["rater"], party_text.SIDES),
        given=given,
    )
