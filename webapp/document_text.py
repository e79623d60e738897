"""What the texts of a case say, in Japanese words: the names of their facts, and their values."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.agreements import acts as agreements
from matcher.agreements import logic_models, plans
from matcher.ground import personal
from matcher.records import CaseDocument
from matcher.register.frozen import Version
from matcher.results import outcome_reports
from webapp import contract_text, filters
from webapp.labels import gettext as _
from webapp.labels import vocabulary

DOCUMENTS: Final[Mapping[str, Any]] = {
    "trial": _l("お試しの計画"),
    "trial_result": _l("お試しのまとめ"),
    "plan": _l("協働計画"),
    "agreement": _l("協定・協働契約"),
    "outcome_report": _l("成果報告"),
    "publication": _l("公表する内容"),
}
DOCUMENT_STATES: Final[Mapping[str, Any]] = {
    "draft": _l("案"),
    "agreed": _l("有効"),
    "superseded": _l("前の版"),
    "withdrawn": _l("取り下げ"),
}

#: Names of the facts of a document, in the order in which it is read.
FACTS: Final[Mapping[str, Any]] = {
    "goal": _l("確かめたいこと"),
    "content": _l("すること"),
    "from_on": _l("始まりの日"),
    "to_on": _l("終わりの日"),
    "money_yen": _l("やり取りする金額"),
    "roles": _l("役割"),
    "stop_when": _l("すぐにやめる条件"),
    "outcome": _l("これからの進め方"),
    "learned": _l("学んだこと"),
    "purpose": _l("目的"),
    "logic": _l("ロジックモデル"),
    "links": _l("つながり"),
    "indicators": _l("指標"),
    "milestones": _l("節目"),
    "lessons": _l("生かす学び"),
    "type": _l("文書の種類"),
    "method": _l("進め方"),
    "roles_company": _l("企業の役割"),
    "roles_npo": _l("団体の役割"),
    "roles_city": _l("市の役割"),
    "city_is_party": _l("市も当事者になる"),
    "costs": _l("費用の分担"),
    "money_company_yen": _l("企業が負担する金額"),
    "money_city_yen": _l("市が負担する金額"),
    "liability": _l("責任の分担"),
    "rights": _l("権利の帰属"),
    "privacy": _l("個人情報の扱い"),
    "frequency": _l("中間報告"),
    "publication": _l("公表の範囲"),
    "termination": _l("解除・終了の条件"),
    "signer_company": _l("企業の代表者"),
    "signer_npo": _l("団体の代表者"),
    "signer_city": _l("市の代表者"),
    "plan_number": _l("もとになる計画の版"),
    "narrative": _l("成果のまとめ"),
    "sentences": _l("記録から作った文"),
    "setbacks": _l("うまくいかなかったこと"),
    "harm": _l("悪い影響や心配なこと"),
    "next_step": _l("これから"),
    "fields": _l("公表する項目"),
    "view": _l("公開ページの内容"),
}

#: An agreement is read in the order in which it is printed.
_AGREEMENT: Final = (
    "type", "purpose", "method", "from_on", "to_on", "roles_company", "roles_npo", "roles_city",
    "city_is_party", "costs", "money_company_yen", "money_city_yen", "liability", "outcome", "rights",
    "privacy", "frequency", "publication", "termination", "signer_company", "signer_npo", "signer_city",
    "plan_number",
)  # fmt: skip
_CODES: Final[Mapping[str, Mapping[str, Any]]] = {
    "outcome": vocabulary.TRIAL_OUTCOMES,
    "type": vocabulary.AGREEMENT_TYPES,
    "frequency": vocabulary.REPORT_FREQUENCIES,
}

#: Facts that a page shows in a form of its own, or not at all.
HIDDEN: Final = frozenset({"plan_sha256", "view", "sentences", "parties"})

#: kind → what a text of this kind may leave out
_UNSAID: Final[Mapping[str, Mapping[str, Any]]] = {
    "plan": plans.EMPTY, "agreement": agreements.UNSAID, "outcome_report": outcome_reports.UNSAID,
}  # fmt: skip


def said(version: Version) -> dict[str, Any]:
    """What a version says, with what it leaves out."""
    return {**_UNSAID.get(version.kind, {}), **version.content}


def facts(document: CaseDocument) -> list[tuple[str, str]]:
    """(name, value in words) of what a document says, in the order of reading, without the empty."""
    return facts_of(document.content)


def facts_of(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same of a frozen content."""
    order = _AGREEMENT if "termination" in content else tuple(FACTS)
    keys = [key for key in order if key in content and key not in HIDDEN]
    found = [(name(key, content[key]), value(key, content[key])) for key in keys if key != "links"]
    if content.get("links"):
        found.append((name("links"), "\n".join(links(content))))
    return [(label, words) for label, words in found if words]


def name(key: str, *kept: Any) -> str:
    """The name of a fact; what a trial came to and what an outcome is paid share one key."""
    if key == "outcome" and not any(isinstance(found, str) for found in kept):
        return _("成果連動の支払い")
    return str(FACTS.get(key, key))


def value(key: str, kept: Any) -> str:
    """One fact of a document in words; lists one entry a line."""
    if kept is None or kept in ("", [], {}):
        return ""
    if kept == personal.MASK:
        return personal.MASK
    if isinstance(kept, bool):
        return _("はい") if kept else _("いいえ")
    if key == "fields":
        return filters.labels_of(kept, vocabulary.PUBLIC_FIELDS)
    if key == "outcome" and isinstance(kept, Mapping):
        return contract_text.contract(kept)
    if key in _CODES:
        return filters.label_of(kept, _CODES[key])
    if key.endswith("_yen"):
        return filters.yen(kept)
    if key.endswith("_on"):
        return filters.jdate(date.fromisoformat(kept), False)
    if key == "logic":
        return "\n".join(f"{name}：{_('、').join(texts)}" for name, texts in logic_columns(kept))
    if key == "indicators":
        return "\n".join(indicator(row) for row in kept)
    if key == "milestones":
        return "\n".join(
            f"{filters.jdate(date.fromisoformat(row['on']), False)} {row['text']}" for row in kept
        )
    if key == "lessons":
        return _("%(count)s件", count=len(kept))
    if key == "plan_number":
        return _("第%(number)s版", number=kept)
    return str(kept)


def logic_columns(logic: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """(name of the column, its entries) of a logic model, as a plan or a public page keeps it."""
    return [
        (str(vocabulary.LOGIC_KINDS[kind]), list(column.values()))
        for kind, column in logic_models.columns({"logic": logic}).items()
        if column
    ]


def link(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """An arrow of a logic model in one sentence; ``names`` are the texts of the entries."""
    words = _(
        "%(source)s → %(target)s（%(level)s）",
        source=names.get(row["source"], row["source"]),
        target=names.get(row["target"], row["target"]),
        level=filters.label_of(row["evidence"], vocabulary.EVIDENCE_LEVELS),
    )
    return _("%(link)s：%(why)s", link=words, why=row["assumption"]) if row.get("assumption") else words


def links(plan: Mapping[str, Any]) -> list[str]:
    """Every arrow of a plan's logic model in words."""
    names = logic_models.nodes(plan)
    return [link(row, names) for row in plan.get("links") or ()]


def indicator(row: Mapping[str, Any]) -> str:
    """An indicator of a plan in one line."""
    return _(
        "%(name)s（%(kind)s）：基準値 %(course)s",
        name=row["name"],
        kind=filters.label_of(row["kind"], vocabulary.INDICATOR_KINDS),
        course=course(row),
    )


def indicator_facts(row: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name, words) of everything that a plan says of one indicator, without the empty.

    Args:
        names: the texts of the plan's logic model, by their keys.
    """
    unit = row["unit"]
    start = filters.quantity(row["baseline"], unit) if row["baseline"] is not None else _("まだ測っていない")
    axis = filters.label_of(row.get("axis"), vocabulary.AXES)
    found = [
        (_("指標の名前"), row["name"]),
        (_("ロジックモデルのどれを測るか"), names.get(row.get("node") or "", "")),
        (_("定義"), row["definition"]),
        (_("種類"), filters.label_of(row["kind"], vocabulary.INDICATOR_KINDS)),
        (_("単位"), unit),
        (_("望ましい変化の向き"), filters.label_of(row["direction"], vocabulary.INDICATOR_DIRECTIONS)),
        (_("基準値"), start),
        (_("基準値を測った日（測る日）"), filters.isoday(row.get("baseline_on"))),
        (_("目標の値"), filters.quantity(row["target"], unit)),
        (_("目標の日"), filters.isoday(row.get("target_on"))),
        (_("測り方"), filters.label_of(row["method"], vocabulary.INDICATOR_METHODS)),
        (_("測る日"), _("、").join(filters.isoday(day) for day in row["measure_on"])),
        (_("だれが測るか"), filters.label_of(row["measurer"], vocabulary.MEASURERS)),
        (_("根拠になる資料"), row.get("evidence") or ""),
        (_("内訳の分け方"), axis or _("内訳は求めない")),
        (_("内訳を非表示にする数"), _("%(count)s未満", count=row.get("min_cell", 5))),
        (_("支払いとの連動"), _("連動させる") if row.get("linked_to_payment") else _("連動させない")),
        (_("実績の公表"), _("公表してよい") if row.get("is_public") else _("公表しない")),
        (_("市の共通指標"), row.get("shared") or ""),
    ]
    return [(label, words) for label, words in found if words]


def course(row: Mapping[str, Any]) -> str:
    """「58% → 目標 75%」: where an indicator starts and where it is to go."""
    start = row["baseline"]
    unit = row["unit"]
    before = (
        _("%(value)s%(unit)s", value=filters.number(start), unit=unit)
        if start is not None
        else _("未測定（%(day)sに測る）", day=filters.jdate(date.fromisoformat(row["baseline_on"]), False))
    )
    return _(
        "%(before)s → 目標 %(target)s%(unit)s",
        before=before,
        target=filters.number(row["target"]),
        unit=unit,
    )
