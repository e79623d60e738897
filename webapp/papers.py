"""The papers that a case produces from its records: which there are, what stands in each, and as Excel."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from matcher import lifecycle, vocabulary
from matcher.errors import NotFound
from matcher.models import CaseDocument, Partnership
from matcher.permissions import Actor
from matcher.services import casework, cities, drafts, evaluations, payments, plans
from webapp import bundle_text, change_text, drawings, filters, work_text
from webapp.sheets import Cell, Heading, Sheet


def _(text: str, **facts: Any) -> str:
    """``gettext`` with a type."""
    return str(gettext(text, **facts))


PAPERS: Final[Mapping[str, Any]] = {
    "trial": _l("お試しの計画"),
    "plan": _l("協働計画書"),
    "agreement": _l("協定書・契約書"),
    "interim": _l("中間報告書"),
    "final": _l("成果報告書"),
    "evaluation": _l("相互評価シート"),
    "payment": _l("成果連動支払い計算書"),
    "sheet": _l("案件の概要（引き継ぎ用）"),
}


#: paper → the kind of document of which it prints one version
KINDS: Final[Mapping[str, str]] = {
    "trial": "trial",
    "plan": "plan",
    "agreement": "agreement",
    "final": "outcome_report",
}


def available(session: Session, case: Partnership) -> dict[str, str]:
    """paper → its name, for what the records of the case can fill now."""
    kinds = {document.kind for document in casework.versions(session, case) if document.state != "withdrawn"}
    found = {"sheet"}
    found |= kinds & {"trial", "plan", "agreement"}
    if casework.reports(session, case):
        found.add("interim")
    if "outcome_report" in kinds:
        found.add("final")
    if case.state in {"reported", "evaluated", "closed"}:
        found.add("evaluation")
    if payments.contract(session, case) is not None:
        found.add("payment")
    return {paper: str(name) for paper, name in PAPERS.items() if paper in found}


def make(
    session: Session,
    actor: Actor,
    case: Partnership,
    paper: str,
    now: datetime,
    number: int | None = None,
) -> tuple[str, str, dict[str, Any]]:
    """(file name, template, facts) of a paper that is available.

    Args:
        number: of the version, for a paper that prints a document (``KINDS``).

    Raises:
        NotFound: there is no such version.
    """
    edition = ""
    facts: dict[str, Any] = {
        "case": case, "city": cities.get(session), "made_at": now, "title": str(PAPERS[paper]),
        "vocabulary": vocabulary, "work_text": work_text,
    }  # fmt: skip
    if paper in KINDS:
        versions = casework.versions(session, case, KINDS[paper])
        found = version_to_print(versions, number)
        before = _before(versions, found)
        facts["document"], facts["before"] = found, before
        facts["state"] = state(found)
        facts["changes"] = _changes(session, before, found) if before is not None else []
        edition = "_" + _("第%(number)s版（%(state)s）", number=found.number, state=facts["state"])
    if paper == "plan":
        facts["drawing"] = logic_drawing(found.content, found.number)
        facts["node_names"] = plans.nodes(found.content)
        facts["taken_up"] = evaluations.lesson_texts(session, found.content.get("lessons") or ())
    if paper == "agreement":
        facts["plan"] = _plan_of(session, case, found)
        facts["title"] = filters.label_of(found.content["type"], vocabulary.AGREEMENT_TYPES)
    if paper == "interim":
        facts["reports"] = casework.reports(session, case)
        facts["composed"] = {
            report.id: drafts.compose(session, case, report.period_from, report.period_to)
            for report in facts["reports"]
        }
    if paper in {"final", "interim", "sheet"}:
        facts["indicators"] = plans.indicators(session, case)
        facts["measured"] = plans.measurements(session, case)
    if paper == "evaluation":
        rows = evaluations.visible_sheets(actor, case, evaluations.sheets(session, case))
        facts["sheets"] = {(row.rater, row.about): row for row in rows}
        facts["differences"] = evaluations.differences(rows)
        facts["parties"] = evaluations.PARTIES
    if paper == "payment":
        facts["deal"] = payments.contract(session, case)
        facts["rules"] = payments.rules(session, case)
        facts["payments"] = payments.all_of(session, case)
    if paper == "sheet":
        facts["steps"] = casework.steps(session, case, now)
        facts["tasks"] = [task for task in casework.tasks(session, case) if task.done_at is None]
        facts["risks"] = [risk for risk in casework.risks(session, case) if risk.closed_at is None]
        facts["meetings"] = casework.meetings(session, case)[:3]
    return f"{case.number}_{facts['title']}{edition}", f"{paper}.html", facts


def version_to_print(versions: Sequence[CaseDocument], number: int | None) -> CaseDocument:
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
        return _("旧版") if document.agreed_at else _("旧案")
    return {"draft": _("案"), "agreed": _("有効"), "withdrawn": _("取り下げ")}[document.state]


def _before(versions: Sequence[CaseDocument], found: CaseDocument) -> CaseDocument | None:
    """The version that was in force before; drafts on the way to it bound nobody."""
    return next((row for row in versions if row.number < found.number and row.agreed_at), None)


def _changes(session: Session, before: CaseDocument, after: CaseDocument) -> list[change_text.Row]:
    named = {public_id for row in (before, after) for public_id in row.content.get("lessons") or ()}
    return change_text.changes(before.content, after.content, evaluations.lesson_texts(session, named))


def _plan_of(session: Session, case: Partnership, agreement: CaseDocument) -> CaseDocument | None:
    """The plan to which an agreement refers, also where another has come into force since."""
    number, sha256 = agreement.content.get("plan_number"), agreement.content.get("plan_sha256")
    numbered = [row for row in casework.versions(session, case, "plan") if row.number == number]
    return next((row for row in numbered if row.sha256 == sha256), numbered[0] if numbered else None)


def logic_drawing(content: Mapping[str, Any], number: int) -> Any:
    """The logic model of a plan as SVG."""
    nodes = [drawings.Node(key, plans.kind_of(key), text) for key, text in plans.nodes(content).items()]
    links = [drawings.Link(row["source"], row["target"], row["evidence"]) for row in content["links"]]
    return drawings.logic_model(
        nodes, links, vocabulary.LOGIC_KINDS,
        title=_("ロジックモデル（計画 第%(number)s版）", number=number),
        description=_("左から右へ、資源から長期成果までのつながり"),
    )  # fmt: skip


def bundle_facts(
    session: Session, content: Mapping[str, Any], case: Partnership, now: datetime
) -> dict[str, Any]:
    """What the PDF of a bundle prints: the same masked facts as the JSON beside it."""
    return {
        "content": content, "case": case, "city": cities.get(session), "made_at": now,
        "title": _("案件の記録一式"), "work_text": work_text, "bundle_text": bundle_text,
        "areas": cities.get(session).area_labels,
    }  # fmt: skip


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────────


def ledger_sheets(session: Session, case: Partnership, section: str, now: datetime) -> list[Sheet]:
    """Contributions, measurements and payments of one case."""
    gifts: list[Sequence[Cell]] = [
        (
            row.given_on, work_text.side_name(case, row.giver), vocabulary.support_label(row.support_type),
            row.quantity, row.unit, row.yen,
            filters.label_of(row.estimate_method, vocabulary.ESTIMATE_METHODS), row.note,
            filters.label_of(row.state, work_text.CONTRIBUTION_STATES),
        )
        for row in casework.contributions(session, case)
    ]  # fmt: skip
    measured = plans.measurements(session, case)
    values: list[Sequence[Cell]] = [
        (
            indicator.name, row.measured_on, row.value, indicator.unit, indicator.baseline, indicator.target,
            row.missing_reason, filters.label_of(row.state, work_text.MEASUREMENT_STATES),
        )
        for indicator in plans.indicators(session, case, retired=True)
        for row in measured.get(indicator.id, ())
    ]  # fmt: skip
    paid: list[Sequence[Cell]] = [
        (payments.label(row), row.fiscal_year, row.amount_yen, row.formula, row.paid_on)
        for row in payments.all_of(session, case)
    ]
    number = case.number
    return [
        Sheet(
            _("実績_%(number)s", number=number), section, now,
            (Heading(_("提供した日"), 18, "day"), Heading(_("提供した側"), 24),
             Heading(_("支援の種類"), 24), Heading(_("量"), 12, "number"), Heading(_("単位"), 8),
             Heading(_("金額（換算額）"), 16, "number"),
             Heading(_("金額の出し方"), 20), Heading(_("メモ"), 32), Heading(_("状態"), 18)),
            gifts,
        ),
        Sheet(
            _("測定_%(number)s", number=number), section, now,
            (Heading(_("指標"), 32), Heading(_("測る日"), 18, "day"), Heading(_("値"), 12, "number"),
             Heading(_("単位"), 8), Heading(_("はじめ"), 12, "number"), Heading(_("目標"), 12, "number"),
             Heading(_("測れなかった理由"), 32), Heading(_("状態"), 16)),
            values,
        ),
        Sheet(
            _("支払い_%(number)s", number=number), section, now,
            (Heading(_("支払いの内容"), 32), Heading(_("年度"), 10, "number"),
             Heading(_("金額（円）"), 16, "number"), Heading(_("計算"), 60),
             Heading(_("支払った日"), 18, "day")),
            paid,
        ),
    ]  # fmt: skip


def evidence_sheets(
    rows: Sequence[tuple[Partnership, list[dict[str, Any]], list[dict[str, Any]]]],
    organization: str, year: int, now: datetime,
) -> list[Sheet]:  # fmt: skip
    """What a company gave and what came of it in one fiscal year, each row with its evidence file."""
    gifts: list[Sequence[Cell]] = [
        (
            case.number, case.npo.name, gift["day"], gift["what"], gift["quantity"], gift["unit"],
            gift["yen"], gift["method"], gift["evidence"], gift["sha256"],
        )
        for case, given, _outcomes in rows
        for gift in given
    ]  # fmt: skip
    results: list[Sequence[Cell]] = [
        (
            case.number, case.npo.name, row["day"], row["name"], row["value"], row["unit"],
            row["baseline"], row["target"], _("達成") if row["reached"] else _("未達"), row["evidence"],
            row["sha256"],
        )
        for case, _given, outcomes in rows
        for row in outcomes
    ]  # fmt: skip
    note = (_("相手方が確認した実績と、受け入れられた測定だけを載せています。"),)
    return [
        Sheet(
            _("提供した支援_%(year)s年度", year=year), organization, now,
            (Heading(_("案件番号"), 16), Heading(_("相手"), 28), Heading(_("日"), 18, "day"),
             Heading(_("支援の種類"), 24), Heading(_("量"), 12, "number"), Heading(_("単位"), 8),
             Heading(_("金額（換算額）"), 16, "number"), Heading(_("金額の出し方"), 20),
             Heading(_("根拠資料"), 28), Heading("sha256", 40)),
            gifts, notes=note,
        ),
        Sheet(
            _("成果_%(year)s年度", year=year), organization, now,
            (Heading(_("案件番号"), 16), Heading(_("相手"), 28), Heading(_("測定日"), 18, "day"),
             Heading(_("指標"), 32), Heading(_("値"), 12, "number"), Heading(_("単位"), 8),
             Heading(_("はじめ"), 12, "number"), Heading(_("目標"), 12, "number"), Heading(_("結果"), 8),
             Heading(_("根拠資料"), 28), Heading("sha256", 40)),
            results, notes=note,
        ),
    ]  # fmt: skip


def public_sheet(rows: Sequence[tuple[Partnership, Mapping[str, Any]]], section: str, now: datetime) -> Sheet:
    """The published partnerships as a list: only what their pages show."""
    cells: list[Sequence[Cell]] = [
        (
            view["title"], view["company"], view["npo"], vocabulary.support_label(view["support_type"]),
            filters.labels_of(view["fields"], vocabulary.FIELD_SHORT),
            _day(view.get("agreement", {}).get("from_on")), _day(view.get("agreement", {}).get("to_on")),
            view["summary"],
        )
        for _case, view in rows
    ]  # fmt: skip
    return Sheet(
        _("協働の記録"), section, now,
        (Heading(_("題名"), 36), Heading(_("企業"), 28), Heading(_("団体"), 28),
         Heading(_("支援の種類"), 24), Heading(_("分野"), 24), Heading(_("始まりの日"), 18, "day"),
         Heading(_("終わりの日"), 18, "day"), Heading(_("紹介"), 60)),
        cells,
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def everything_sheets(session: Session, section: str, now: datetime) -> list[Sheet]:
    """All cases from the introduction on: one sheet each for cases, gifts, values, reports and payments."""
    cases = casework.all_cases(session)
    rows: list[Sequence[Cell]] = []
    gifts: list[Sequence[Cell]] = []
    values: list[Sequence[Cell]] = []
    reports: list[Sequence[Cell]] = []
    paid: list[Sequence[Cell]] = []
    states = lifecycle.STATES["partnership"]
    for case in cases:
        rows.append(
            (
                case.number, case.company.name, case.npo.name, filters.label_of(case.state, states),
                vocabulary.support_label(case.support_type),
                filters.label_of(case.agreement_type, vocabulary.AGREEMENT_TYPES), case.starts_on,
                case.ends_on, case.coordinator.name if case.coordinator else "",
                _("公表中") if case.published_at else "",
            )
        )  # fmt: skip
        made = ledger_sheets(session, case, section, now)
        gifts += [(case.number, *row) for row in made[0].rows]
        values += [(case.number, *row) for row in made[1].rows]
        paid += [(case.number, *row) for row in made[2].rows]
        reports += [
            (
                case.number, row.period_from, row.period_to, row.due_on,
                work_text.report_state(row, filters.tokyo_date(now)), row.npo_text, row.company_text,
                row.setbacks,
            )
            for row in casework.reports(session, case)
        ]  # fmt: skip
        heads = made
    number = Heading(_("案件番号"), 16)
    found = [
        Sheet(
            _("案件"), section, now,
            (number, Heading(_("企業"), 28), Heading(_("団体"), 28), Heading(_("状態"), 24),
             Heading(_("支援の種類"), 24), Heading(_("協定"), 24), Heading(_("始まりの日"), 18, "day"),
             Heading(_("終わりの日"), 18, "day"), Heading(_("担当"), 14), Heading(_("公表"), 10)),
            rows,
        )
    ]  # fmt: skip
    if cases:
        found += [
            Sheet(_("実績"), section, now, (number, *heads[0].columns), gifts),
            Sheet(_("測定"), section, now, (number, *heads[1].columns), values),
            Sheet(_("支払い"), section, now, (number, *heads[2].columns), paid),
            Sheet(
                _("中間報告"), section, now,
                (number, Heading(_("期間の始まり"), 18, "day"), Heading(_("期間の終わり"), 18, "day"),
                 Heading(_("期限"), 18, "day"), Heading(_("状態"), 18), Heading(_("団体の分"), 60),
                 Heading(_("企業の分"), 60), Heading(_("うまくいかなかったこと"), 40)),
                reports,
            ),
        ]  # fmt: skip
    return found
