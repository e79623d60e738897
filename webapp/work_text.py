"""The workspace of a case in Japanese words: its sections, how it stands, amounts and drawings."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.agreements import logic_models
from matcher.records import CaseDocument, Indicator, Measurement, Partnership, PeriodReport
from matcher.work import reports
from webapp import filters
from webapp.drawing import logic as drawn
from webapp.labels import gettext as _
from webapp.labels import vocabulary

REPORT_STATES: Final[Mapping[str, Any]] = {
    "not_yet": _l("まだ先です"),
    "due": _l("提出の時期です"),
    "overdue": _l("期限を過ぎています"),
    "submitted": _l("市の確認待ち"),
    "sent_back": _l("差し戻し"),
    "accepted": _l("確認済み"),
}
MEASUREMENT_STATES: Final[Mapping[str, Any]] = {
    "submitted": _l("確認待ち"),
    "sent_back": _l("差し戻し"),
    "accepted": _l("確認済み"),
    "superseded": _l("差し替え前"),
}
VERDICTS: Final[Mapping[str, Any]] = {
    "reached": _l("達成"),
    "missed": _l("未達"),
    "open": _l("目標の日はこれから"),
}
COMMENT_STATES: Final[Mapping[str, Any]] = {
    "waiting": _l("確認待ち"),
    "shown": _l("掲載"),
    "hidden": _l("載せない"),
}
CONTRIBUTION_STATES: Final[Mapping[str, Any]] = {
    "recorded": _l("相手方の確認待ち"),
    "confirmed": _l("確認済み"),
    "cancelled": _l("取り消し"),
}

#: kind of record that a drafted sentence rests on → section of the case where it stands.
SOURCES: Final[Mapping[str, str]] = {
    "contribution": "progress",
    "measurement": "progress",
    "report": "progress",
    "incident": "progress",
    "payment": "payment",
}
SECTIONS: Final[Mapping[str, Any]] = {
    "plan": _l("計画と指標"),
    "agreement": _l("協定"),
    "progress": _l("実績と報告"),
    "payment": _l("支払い"),
    "evaluation": _l("評価と学び"),
    "publication": _l("公表"),
    "files": _l("ファイル"),
}


def steps() -> list[str]:
    """The way of a case from the introduction on."""
    return [_("引き合わせ・相談"), _("計画・協定"), _("実施"), _("成果報告・評価"), _("完了")]


def ending(case: Partnership, trial_result: CaseDocument | None) -> str:
    """How a case that is over has ended; empty while it goes on."""
    if case.state == "closed":
        return _("この案件は完了しました。")
    if case.state == "withdrawn" and trial_result is not None and trial_result.content["outcome"] == "stop":
        return _("お試しのあと、両者で「やめる」と決め、この案件を終了しました。")
    if case.state == "withdrawn":
        return _("引き合わせのあとで取り下げられ、この案件は終了しました。")
    return expired(case) if case.state == "expired" else ""


def expired(case: Partnership) -> str:
    """How a case has ended by itself."""
    what = why_expired(case.reason_code, was_introduced=case.was_introduced)
    return _("%(what)s。どちらの評価にも影響しません。", what=what)


def why_expired(reason_code: str | None, *, was_introduced: bool) -> str:
    """The same in a history; what ended before reasons were kept says by where it stood why it ended."""
    why = vocabulary.EXPIRY_REASONS[reason_code or ("silent" if was_introduced else "unanswered")]
    return _("%(why)s、いったん終了しました", why=why)


def report_state(report: Any, today: date) -> str:
    """A periodic report's state in words."""
    return str(REPORT_STATES[reports.status(report, today)])


def report_parts(report: PeriodReport) -> list[str]:
    """What both sides say in a periodic report; what is not handed in is marked."""
    npo, company = (_("（下書き）") if side in report.drafts else "" for side in ("npo", "company"))
    said = (
        (npo, report.npo_text), (company, report.company_text), (npo, report.setbacks),
        (company, report.company_setbacks), (npo, report.next_step),
    )  # fmt: skip
    return [f"{mark}{text}" if text else "" for mark, text in said]


def amount_of(yen: int | None, method: str, notes: Sequence[str] = ()) -> str:
    """「16,800円（時間単価：…）」: an amount is not said without how it was found (E11)."""
    if yen is None:
        return _("換算しない")
    how = filters.label_of(method, vocabulary.ESTIMATE_METHODS)
    why = _("、").join(note for note in notes if note)
    return f"{filters.yen(yen)}{_('（')}{how}{_('：') if why else ''}{why}{_('）')}"


def page_parts(parts: Sequence[str]) -> list[str]:
    """The parts of a public page that are outdated, in words."""
    return [str(vocabulary.PAGE_PARTS[part]) for part in parts]


def points(indicator: Indicator, rows: Sequence[Measurement]) -> list[tuple[date, float]]:
    """The course of an indicator for its chart; where it starts is the chart's own line."""
    return [
        (row.measured_on, row.value)
        for row in rows
        if row.value is not None and not indicator.is_start(row.measured_on)
    ]


def short_day(day: date) -> str:
    """「2027/3/31」 on an axis."""
    return f"{day.year}/{day.month}/{day.day}"


def plan_drawing(content: Mapping[str, Any], number: int, name: str = "") -> Any:
    """The logic model of a plan as SVG."""
    nodes = [
        drawn.Node(key, logic_models.kind_of(key), text) for key, text in logic_models.nodes(content).items()
    ]
    links = [drawn.Link(row["source"], row["target"], row["evidence"]) for row in content["links"]]
    return drawn.logic_model(
        nodes, links, vocabulary.LOGIC_KINDS,
        title=_("ロジックモデル（計画 第%(number)s版）", number=number),
        description=_("左から右へ、資源から長期成果までのつながり"), name=name,
    )  # fmt: skip
