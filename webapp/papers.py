"""The papers that a case produces from its records: which there are, what stands in each, and as Excel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from matcher.agreements import contract, plans
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import steps
from matcher.ground import lifecycle, vocabulary
from matcher.ground.errors import NotFound
from matcher.ground.permissions import Actor
from matcher.records import AuditEvent, CaseDocument, EvaluationSheet, Partnership
from matcher.register import parties
from matcher.results import drafted, publication, ratings
from matcher.work import payments
from matcher.work import reads as work_reads
from webapp import bundle_text, change_text, filters, work_text
from webapp.drawing import logic
from webapp.sheets import Cell, Heading, Kind, Sheet


def _(text: str, **facts: Any) -> str:
    """``gettext`` with a type."""
    return str(gettext(text, **facts))


PAPERS: Final[Mapping[str, Any]] = {
    "trial": _l("お試しの計画"),
    "plan": _l("協働計画書"),
    "agreement": _l("協定書・契約書"),
    "interim": _l("中間報告書"),
    "suspension": _l("中断通知書"),
    "resumption": _l("再開通知書"),
    "termination": _l("途中終了通知書"),
    "final": _l("成果報告書"),
    "evaluation": _l("相互評価シート"),
    "payment": _l("成果連動支払い計算書"),
    "sheet": _l("案件の概要（引き継ぎ用）"),
}
#: A notice of what happened on the way, and the move that it is about.
_NOTICES: Final[Mapping[str, str]] = {
    "suspension": "suspend",
    "resumption": "resume",
    "termination": "terminate",
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
    kinds = {
        document.kind for document in case_reads.versions(session, case) if document.state != "withdrawn"
    }
    found = {"sheet"}
    found |= kinds & {"trial", "plan", "agreement"}
    if work_reads.reports(session, case):
        found.add("interim")
    if "outcome_report" in kinds:
        found.add("final")
    if case.state in {"reported", "evaluated", "closed"}:
        found.add("evaluation")
    if payments.contract(session, case) is not None:
        found.add("payment")
    found |= {
        paper for paper, action in _NOTICES.items() if case_reads.last_move(session, case, action) is not None
    }
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
    history = parties.History(session, case)
    facts: dict[str, Any] = {
        "title": str(PAPERS[paper]), "vocabulary": vocabulary, "work_text": work_text,
    }  # fmt: skip
    edition, template = "", f"{paper}.html"
    if paper in KINDS:
        versions = case_reads.versions(session, case, KINDS[paper])
        found = version_to_print(versions, number)
        facts |= _document(session, case, history, paper, versions, found)
        edition = "_" + _("第%(number)s版（%(state)s）", number=found.number, state=facts["state"])
    elif paper in _NOTICES:
        template, facts = "notice.html", facts | _notice(session, case, history, paper)
    elif paper == "interim":
        facts |= _interim(session, case, history, now)
    elif paper == "evaluation":
        facts |= _evaluation(session, actor, case, history, now)
    elif paper == "payment":
        facts |= _payment(session, case, history, now)
    else:
        facts |= _sheet(session, case, history, now)
    return f"{case.number}_{facts['title']}{edition}", template, facts


def _document(
    session: Session, case: Partnership, history: parties.History, paper: str,
    versions: Sequence[CaseDocument], found: CaseDocument,
) -> dict[str, Any]:  # fmt: skip
    before = _before(versions, found)
    facts: dict[str, Any] = {
        "document": found, "before": before, "state": state(found),
        "changes": _changes(session, history, before, found) if before is not None else [],
        **_frozen(case, history.shown_in(found), found.drafted_at),
    }  # fmt: skip
    if paper == "plan":
        # To the letter the same each time, so that the same paper is not laid out again.
        facts["drawing"] = logic_drawing(found.content, found.number, name="logic")
        facts["node_names"] = plans.nodes(found.content)
        facts["lessons"] = ratings.lessons_taken(session, case, found.content)
    if paper == "agreement":
        facts["plan"] = _plan_of(session, case, found)
        outcome = found.content.get("outcome") or {}
        facts["scheme"] = contract.Scheme.from_dict(outcome) if contract.Scheme.is_said(outcome) else None
        facts["title"] = filters.label_of(found.content["type"], vocabulary.AGREEMENT_TYPES)
    if paper == "final":
        accepted = history.event("accept_outcome_report", document=found.public_id)
        facts |= _measured(session, case, history, accepted if found.agreed_at else None)
        facts["termination"] = (
            case_reads.last_move(session, case, "terminate") if case.was_terminated else None
        )
    return facts


def _interim(session: Session, case: Partnership, history: parties.History, now: datetime) -> dict[str, Any]:
    """Every report with the parties of the day on which it was handed in; of today while one is open."""
    reports = work_reads.reports(session, case)
    is_whole = all(row.state in {"submitted", "accepted"} for row in reports)
    last = history.event("submit_report", "accept_report") if is_whole else None
    return {
        "reports": reports, "composed": drafted.of_reports(session, case, reports),
        "parties_of": {row.id: drafted.report_parties(history, row) for row in reports},
        **_frozen(case, history.on(last), last.at if last else now),
        **_measured(session, case, history, last),
    }  # fmt: skip


def _notice(session: Session, case: Partnership, history: parties.History, paper: str) -> dict[str, Any]:
    happened = case_reads.last_move(session, case, _NOTICES[paper])
    assert happened is not None, f"expected the move of {paper}, found none"
    rows = notice_rows(session, case, history, paper, happened)
    return {
        "rows": rows, "happened": happened,
        **_frozen(case, history.on(happened.event, happened.event.actor_id), happened.event.at),
    }  # fmt: skip


def _evaluation(
    session: Session, actor: Actor, case: Partnership, history: parties.History, now: datetime
) -> dict[str, Any]:
    rows = ratings.visible_sheets(actor, case, ratings.sheets(session, case))
    concluded = history.event("conclude")
    return {
        "sheets": {(row.rater, row.about): row for row in rows},
        "differences": ratings.differences(rows), "sides": ratings.PARTIES,
        **_frozen(case, history.on(concluded), concluded.at if concluded else now),
    }  # fmt: skip


def _payment(session: Session, case: Partnership, history: parties.History, now: datetime) -> dict[str, Any]:
    last = history.event("calculate_payment", "approve_payment", "record_paid")
    return {
        "deal": payments.contract(session, case), "rules": payments.rules(session, case),
        "payments": payments.all_of(session, case),
        **_frozen(case, history.on(last), last.at if last else now),
    }  # fmt: skip


def _sheet(session: Session, case: Partnership, history: parties.History, now: datetime) -> dict[str, Any]:
    """Where a case stands today – once it is closed, by the names of its closing."""
    closed = history.event("close", "close_early")
    people = [person.public_id for person in (case.coordinator, case.deputy) if person is not None]
    in_charge, deputy = (
        history.person(person.public_id, closed, person.name) if person is not None else ""
        for person in (case.coordinator, case.deputy)
    )
    return {
        **_frozen(case, history.on(closed, *people), now), **_measured(session, case, history, None),
        "case": case, "coordinator": in_charge, "deputy": deputy,
        "steps": steps.steps(session, case, now),
        "tasks": [task for task in case_reads.tasks(session, case) if task.done_at is None],
        "risks": [risk for risk in work_reads.risks(session, case) if risk.closed_at is None],
        "meetings": case_reads.meetings(session, case)[:3],
    }  # fmt: skip


@dataclass(frozen=True)
class _Case:
    """What a paper of a day may say of its case besides its records: nothing that is registered anew."""

    number: str
    starts_on: date | None
    ends_on: date | None
    was_terminated: bool


def _frozen(case: Partnership, named: parties.Parties, made_at: datetime) -> dict[str, Any]:
    """The head of a paper about a day: who the parties were on it. It joins no present registration and bears
    its own day, not the one on which it happens to be printed.
    """
    return {
        "case": _Case(case.number, case.starts_on, case.ends_on, case.was_terminated),
        "parties": named, "city": named.city, "doubts": work_text.doubts(named), "made_at": made_at,
    }  # fmt: skip


def _measured(
    session: Session, case: Partnership, history: parties.History, until: AuditEvent | None
) -> dict[str, Any]:
    return {
        "indicators": plans.indicators(session, case),
        "measured": plans.accepted(session, case, history, until),
    }


def notice_rows(
    session: Session, case: Partnership, history: parties.History, paper: str, happened: case_reads.Happened
) -> list[tuple[str, str]]:
    """(name, words) of what a notice of a pause, a resumption or an early end says, from the audit record.

    Of several pauses the newest is told. What came after it changes nothing: agreement and parties are those
    of its day.
    """
    event = happened.event
    named, agreement = history.on(event), case_reads.agreement_at(session, case, history, event)
    rows = [(_("案件番号"), case.number), (_("企業"), named.company.name), (_("団体"), named.npo.name)]
    if agreement is not None:
        rows += [
            (
                _("協定"),
                _("%(kind)s（第%(number)s版）",
                  kind=filters.label_of(agreement.content["type"], vocabulary.AGREEMENT_TYPES),
                  number=agreement.number),
            ),
            (
                _("協定の期間"),
                _("%(first)sから%(last)sまで",
                  first=filters.jdate(date.fromisoformat(agreement.content["from_on"]), False),
                  last=filters.jdate(date.fromisoformat(agreement.content["to_on"]), False)),
            ),
        ]  # fmt: skip
    side = work_text.side_name(named, happened.side)
    person = history.person(event.actor_id, event, happened.person)
    who = _("%(side)s　%(person)s", side=side, person=person) if person else side
    if paper == "suspension":
        rows += [
            (_("中断した日"), filters.jdate(event.at)), (_("申し出た者"), who),
            (_("理由"), filters.label_of(event.reason_code, vocabulary.PAUSE_REASONS)),
            (_("理由の説明"), event.reason_text),
        ]  # fmt: skip
        if until := _day(event.details.get("decide_by")):
            rows.append((_("続け方を決める日"), filters.jdate(until)))
    elif paper == "resumption":
        rows += [
            (_("再開した日"), filters.jdate(event.at)), (_("手続をした者"), who),
            (_("決めたこと"), event.reason_text),
        ]  # fmt: skip
        paused = history.event("suspend", before=event)
        if paused is not None:
            reason = filters.label_of(paused.reason_code, vocabulary.PAUSE_REASONS)
            rows.append((_("中断した日と理由"), f"{filters.jdate(paused.at)}（{reason}）"))
    else:
        rows += [
            (_("終了した日"), filters.jdate(event.at)), (_("申し出た者"), who),
            (_("理由"), filters.label_of(event.reason_code, vocabulary.TERMINATION_REASONS)),
            (_("理由の説明"), event.reason_text),
            (_("利用している人への知らせ方"), case.inform_plan),
        ]  # fmt: skip
    return [(name, words) for name, words in rows if words]


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


def _changes(
    session: Session, history: parties.History, before: CaseDocument, after: CaseDocument
) -> list[change_text.Row]:
    named = {public_id for row in (before, after) for public_id in row.content.get("lessons") or ()}
    old, new = history.content_of(before), history.content_of(after)
    return change_text.changes(old, new, ratings.lesson_texts(session, named))


def _plan_of(session: Session, case: Partnership, agreement: CaseDocument) -> CaseDocument | None:
    """The plan to which an agreement refers, also where another has come into force since."""
    number, sha256 = agreement.content.get("plan_number"), agreement.content.get("plan_sha256")
    numbered = [row for row in case_reads.versions(session, case, "plan") if row.number == number]
    return next((row for row in numbered if row.sha256 == sha256), numbered[0] if numbered else None)


def logic_drawing(content: Mapping[str, Any], number: int, name: str = "") -> Any:
    """The logic model of a plan as SVG."""
    nodes = [logic.Node(key, plans.kind_of(key), text) for key, text in plans.nodes(content).items()]
    links = [logic.Link(row["source"], row["target"], row["evidence"]) for row in content["links"]]
    return logic.logic_model(
        nodes, links, vocabulary.LOGIC_KINDS,
        title=_("ロジックモデル（計画 第%(number)s版）", number=number),
        description=_("左から右へ、資源から長期成果までのつながり"), name=name,
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


def ledger_sheets(session: Session, case: Partnership, now: datetime) -> list[Sheet]:
    """Contributions, measurements and payments of one case; who gave is named as when it was confirmed."""
    history = parties.History(session, case)
    section = history.lasting().city.section
    gifts: list[Sequence[Cell]] = [
        (
            row.given_on, work_text.side_name(history.of_gift(row), row.giver),
            vocabulary.support_label(row.support_type),
            row.quantity, row.unit, row.yen,
            filters.label_of(row.estimate_method, vocabulary.ESTIMATE_METHODS), row.estimate_note, row.note,
            filters.label_of(row.state, work_text.CONTRIBUTION_STATES),
        )
        for row in work_reads.contributions(session, case)
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
             Heading(_("金額の出し方"), 20), Heading(_("換算の説明"), 32), Heading(_("メモ"), 32),
             Heading(_("状態"), 18)),
            gifts,
        ),
        Sheet(
            _("測定_%(number)s", number=number), section, now,
            (Heading(_("指標"), 32), Heading(_("測定日"), 18, "day"), Heading(_("値"), 12, "number"),
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


#: sheet of a case's reports and evaluation → (its name, its columns); the rows are in ``_result_rows``.
_RESULTS: Final[Mapping[str, tuple[Any, tuple[tuple[Any, int, Kind], ...]]]] = {
    "reports": (
        _l("中間報告"),
        ((_l("期間の始まり"), 18, "day"), (_l("期間の終わり"), 18, "day"), (_l("期限"), 18, "day"),
         (_l("状態"), 18, "text"), (_l("団体の分"), 60, "text"), (_l("企業の分"), 60, "text"),
         (_l("うまくいかなかったこと"), 40, "text"), (_l("次の期間にすること"), 40, "text"),
         (_l("市のコメント"), 40, "text")),
    ),
    "outcome": (
        _l("成果報告"),
        ((_l("版"), 8, "number"), (_l("状態"), 12, "text"), (_l("項目"), 26, "text"),
         (_l("内容"), 80, "text"), (_l("もとになった記録"), 36, "text")),
    ),
    "evaluations": (
        _l("評価"),
        ((_l("評価した側"), 24, "text"), (_l("評価された側"), 24, "text"), (_l("項目"), 24, "text"),
         (_l("点数"), 8, "number"), (_l("話し合いのあと"), 12, "number"), (_l("話し合ったこと"), 50, "text"),
         (_l("ひとこと"), 50, "text")),
    ),
    "voices": (
        _l("受け手の声"),
        ((_l("だれの声"), 20, "text"), (_l("人数"), 8, "number"), (_l("聞き方"), 24, "text"),
         (_l("声"), 80, "text")),
    ),
    "lessons": (_l("学び"), ((_l("次に生かす学び"), 80, "text"), (_l("公開してよい"), 12, "text"))),
}  # fmt: skip


def result_sheets(session: Session, actor: Actor, case: Partnership, now: datetime) -> list[Sheet]:
    """Reports, evaluation, voices and lessons of one case, as far as ``actor`` may read them."""
    history = parties.History(session, case)
    section, rows = history.lasting().city.section, _result_rows(session, actor, case, history, now)
    return [
        Sheet(
            _("%(name)s_%(number)s", name=name, number=case.number), section, now,
            tuple(Heading(str(label), width, kind) for label, width, kind in columns), rows[key],
        )
        for key, (name, columns) in _RESULTS.items()
    ]  # fmt: skip


def _result_rows(
    session: Session, actor: Actor, case: Partnership, history: parties.History, now: datetime
) -> dict[str, list[Sequence[Cell]]]:
    sheets = ratings.visible_sheets(actor, case, ratings.sheets(session, case))
    raters = history.of("conclude")
    return {
        "reports": [
            (
                row.period_from, row.period_to, row.due_on,
                work_text.report_state(row, filters.tokyo_date(now)), row.npo_text, row.company_text,
                row.setbacks, row.next_step, row.review_text,
            )
            for row in work_reads.reports(session, case)
        ],
        "outcome": [
            (document.number, filters.label_of(document.state, work_text.DOCUMENT_STATES), *line)
            for document in case_reads.versions(session, case, "outcome_report")
            if document.state in {"draft", "agreed"}
            for line in _outcome_lines(document.content)
        ],
        "evaluations": [row for sheet in sheets for row in _evaluation_lines(raters, sheet)],
        "voices": [
            (filters.label_of(row.beneficiary, vocabulary.BENEFICIARIES), row.people, row.method, row.text)
            for row in ratings.voices(session, case)
        ],
        "lessons": [
            (row.text, _("はい") if row.is_public else _("いいえ"))
            for row in ratings.lessons(session, case)
        ],
    }  # fmt: skip


def _outcome_lines(content: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(what, text, record) of an outcome report: its sentences, then what people wrote."""
    sentence = str(work_text.FACTS["sentences"])
    found = [(sentence, row["text"], row["label"]) for row in content["sentences"]]
    return found + [(name, words, "") for name, words in work_text.facts_of(content)]


def _evaluation_lines(named: parties.Parties, sheet: EvaluationSheet) -> list[Sequence[Cell]]:
    who = sheet.evaluator or work_text.side_name(named, sheet.rater)
    about = work_text.side_name(named, sheet.about)
    if sheet.is_declined:
        return [(who, about, _("回答なし"), None, None, "", sheet.comment)]
    return [
        (
            who, about, filters.label_of(item, vocabulary.EVALUATION_ITEMS), score,
            sheet.final_scores.get(item), sheet.discussion.get(item, ""), sheet.comment if first else "",
        )
        for first, (item, score) in zip(
            (True, *(False,) * len(sheet.scores)), sheet.scores.items(), strict=False
        )
    ]  # fmt: skip


def evidence_sheets(
    rows: Sequence[tuple[Partnership, list[dict[str, Any]], list[dict[str, Any]]]],
    organization: str, year: int, now: datetime,
) -> list[Sheet]:  # fmt: skip
    """What a company gave and what came of it in one fiscal year, each row with its evidence file."""
    gifts: list[Sequence[Cell]] = [
        (
            case.number, gift["parties"].npo.name, gift["day"], gift["what"], gift["quantity"], gift["unit"],
            gift["yen"], gift["method"], gift["note"], gift["evidence"], gift["sha256"],
        )
        for case, given, _outcomes in rows
        for gift in given
    ]  # fmt: skip
    results: list[Sequence[Cell]] = [
        (
            case.number, row["parties"].npo.name, row["day"], row["name"], row["value"], row["unit"],
            row["baseline"], row["target"], _("達成") if row["reached"] else _("未達"), row["evidence"],
            row["sha256"],
        )
        for case, _given, outcomes in rows
        for row in outcomes
    ]  # fmt: skip
    note = (_("相手方が確認した実績と、確認済みの測定だけを載せています。"),)
    return [
        Sheet(
            _("提供した支援_%(year)s", year=filters.nendo(year)), organization, now,
            (Heading(_("案件番号"), 16), Heading(_("相手"), 28), Heading(_("日"), 18, "day"),
             Heading(_("支援の種類"), 24), Heading(_("量"), 12, "number"), Heading(_("単位"), 8),
             Heading(_("金額（換算額）"), 16, "number"), Heading(_("金額の出し方"), 20),
             Heading(_("換算の説明"), 32), Heading(_("根拠資料"), 28), Heading("sha256", 40)),
            gifts, notes=note,
        ),
        Sheet(
            _("成果_%(year)s", year=filters.nendo(year)), organization, now,
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


def everything_sheets(session: Session, actor: Actor, section: str, now: datetime) -> list[Sheet]:
    """Every case that the city has introduced, one sheet for each kind of record, also of those that ended
    on the way; and a sheet of the cases that came to nothing, with why.
    """
    cases = case_reads.all_cases(session)
    left = case_reads.left_cases(session)
    number = Heading(_("案件番号"), 16)
    rows: dict[str, list[Sequence[Cell]]] = {}
    heads: dict[str, tuple[str, Sequence[Heading]]] = {}
    for case in [*cases, *(case for case, was_introduced in left if was_introduced)]:
        for name, made in _case_records(session, actor, case, section, now):
            heads.setdefault(name, (name, made.columns))
            rows.setdefault(name, []).extend((case.number, *row) for row in made.rows)
    return [
        Sheet(
            _("案件"), section, now,
            (number, Heading(_("企業"), 28), Heading(_("団体"), 28), Heading(_("状態"), 24),
             Heading(_("支援の種類"), 24), Heading(_("協定"), 24), Heading(_("始まりの日"), 18, "day"),
             Heading(_("終わりの日"), 18, "day"), Heading(_("担当"), 14), Heading(_("公表"), 10)),
            [_case_row(session, case) for case in cases],
        ),
        Sheet(
            _("協働に至らなかった案件"), section, now,
            (number, Heading(_("企業"), 28), Heading(_("団体"), 28), Heading(_("状態"), 24),
             Heading(_("支援の種類"), 24), Heading(_("始めた日"), 18, "day"),
             Heading(_("終わった日"), 18, "day"), Heading(_("引き合わせ"), 12), Heading(_("理由"), 28),
             Heading(_("理由の説明"), 50)),
            [_left_row(case, was_introduced) for case, was_introduced in left],
        ),
        *(Sheet(name, section, now, (number, *columns), rows[name]) for name, columns in heads.values()),
    ]  # fmt: skip


def _case_row(session: Session, case: Partnership) -> Sequence[Cell]:
    history = parties.History(session, case)
    named, closed = history.lasting(), history.event("close", "close_early")
    person = case.coordinator
    return (
        case.number, named.company.name, named.npo.name,
        filters.label_of(case.state, lifecycle.STATES["partnership"]),
        vocabulary.support_label(case.support_type),
        filters.label_of(case.agreement_type, vocabulary.AGREEMENT_TYPES), case.starts_on, case.ends_on,
        history.person(person.public_id, closed, person.name) if person else "",
        _("公表中") if case.published_at else "",
    )  # fmt: skip


def _left_row(case: Partnership, was_introduced: bool) -> Sequence[Cell]:
    reasons = {
        code: label
        for row in lifecycle.TRANSITIONS
        if row.machine == "partnership" and row.target == case.state
        for code, label in (row.reasons or {}).items()
    }
    return (
        case.number, case.company.name, case.npo.name,
        filters.label_of(case.state, lifecycle.STATES["partnership"]),
        vocabulary.support_label(case.support_type), filters.tokyo_date(case.created_at),
        filters.tokyo_date(case.moved_at), _("した") if was_introduced else _("していない"),
        filters.label_of(case.reason_code, reasons), case.reason_text,
    )  # fmt: skip


def _case_records(
    session: Session, actor: Actor, case: Partnership, section: str, now: datetime
) -> list[tuple[str, Sheet]]:
    """(name, records of one case) in the order of the book's sheets."""
    gifts, values, paid = ledger_sheets(session, case, now)
    results = dict(zip(_RESULTS, result_sheets(session, actor, case, now), strict=True))
    return [
        (_("実績"), gifts), (_("測定"), values), (_("支払い"), paid),
        *((str(_RESULTS[key][0]), made) for key, made in results.items()),
        (_("リスク"), _risk_sheet(session, case, section, now)),
        (_("トラブル"), _incident_sheet(session, case, section, now)),
        (_("住民の声と市の回答"), _comment_sheet(session, actor, case, section, now)),
    ]  # fmt: skip


def _risk_sheet(session: Session, case: Partnership, section: str, now: datetime) -> Sheet:
    return Sheet(
        _("リスク"), section, now,
        (Heading(_("起こりうること"), 40), Heading(_("起こりやすさ"), 12), Heading(_("影響"), 10),
         Heading(_("備え"), 40), Heading(_("だれが"), 20), Heading(_("見直す日"), 18, "day"),
         Heading(_("閉じた日"), 18, "day"), Heading(_("結果"), 40)),
        [
            (
                row.text, filters.label_of(row.likelihood, vocabulary.LEVELS),
                filters.label_of(row.impact, vocabulary.LEVELS), row.mitigation,
                work_text.side_name(case, row.side), row.review_on,
                filters.tokyo_date(row.closed_at) if row.closed_at else None, row.closed_text,
            )
            for row in work_reads.risks(session, case)
        ],
    )  # fmt: skip


def _incident_sheet(session: Session, case: Partnership, section: str, now: datetime) -> Sheet:
    return Sheet(
        _("トラブル"), section, now,
        (Heading(_("起きた日"), 18, "day"), Heading(_("起きたこと"), 50), Heading(_("対応"), 50),
         Heading(_("住民に知らせた文"), 40), Heading(_("公表した日"), 18, "day"),
         Heading(_("解決した日"), 18, "day"), Heading(_("結果"), 40)),
        [
            (
                row.happened_on, row.text, row.measures, row.public_text,
                filters.tokyo_date(row.published_at) if row.published_at else None,
                filters.tokyo_date(row.resolved_at) if row.resolved_at else None, row.resolution,
            )
            for row in work_reads.incidents(session, case)
        ],
    )  # fmt: skip


def _comment_sheet(session: Session, actor: Actor, case: Partnership, section: str, now: datetime) -> Sheet:
    return Sheet(
        _("住民の声と市の回答"), section, now,
        (Heading(_("届いた日"), 18, "day"), Heading(_("住民の声"), 60), Heading(_("扱い"), 14),
         Heading(_("載せない理由"), 24), Heading(_("市の回答"), 60), Heading(_("回答の理由"), 40),
         Heading(_("回答した日"), 18, "day")),
        [
            (
                filters.tokyo_date(row.written_at), row.text,
                filters.label_of(row.state, work_text.COMMENT_STATES),
                filters.label_of(row.hide_reason or None, vocabulary.COMMENT_HIDE_REASONS), row.answer,
                row.answer_reason, filters.tokyo_date(row.answered_at) if row.answered_at else None,
            )
            for row in publication.comments_of(session, actor, case)
        ],
    )  # fmt: skip
