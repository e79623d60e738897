"""What is done to a case, in Japanese words: what happened, what is next, and the pages that ask."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask import url_for
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from matcher.agreements import acts as agreement_acts
from matcher.agreements import plans
from matcher.cases import talks, turns
from matcher.ground import day_words
from matcher.records import (
    CaseDocument,
    CaseFile,
    CaseTask,
    Contribution,
    Incident,
    Indicator,
    Measurement,
    Partnership,
    Payment,
    PaymentRule,
    PeriodReport,
    Risk,
)
from matcher.register import act
from matcher.results import closing as closing_acts
from matcher.results import lessons, publication
from matcher.work import measurements, reports, risks
from webapp import contract_text, document_text, filters, party_text, work_text
from webapp.labels import gettext as _
from webapp.labels import vocabulary

#: audit action → what happened, where no act says it; each ends in 「しました」.
EVENTS: Final[Mapping[str, Any]] = {
    "meet": _l("相談を開始しました"),
    "accept_trial": _l("お試しの計画に同意しました"),
    "drop_trial": _l("お試しの計画の案を取り消しました"),
    "begin_trial": _l("お試しを開始しました"),
    "accept_trial_result": _l("お試しのまとめに同意しました"),
    "drop_trial_result": _l("お試しのまとめの案を取り消しました"),
    "adopt_trial": _l("お試しを終え、協定の作成に移行しました"),
    "change_trial": _l("お試しを終え、相談を再開しました"),
    "stop_trial": _l("お試しを終え、案件を終了しました"),
    "accept_plan": _l("協働計画に同意しました"),
    "drop_plan": _l("協働計画の案を取り消しました"),
    "accept_agreement": _l("協定の案に同意しました"),
    "drop_agreement": _l("協定の案を取り消しました"),
    "submit_agreement": _l("協定の案を市に提出しました"),
    "start": _l("協働を開始しました"),
    "end": _l("協働の期間が終了しました"),
    "accept_measurement": _l("測定の結果を確認しました"),
    "return_measurement": _l("測定の結果を差し戻しました"),
    "set_baseline": _l("指標の基準値を記録しました"),
    "submit_report": _l("中間報告（両者の分）を提出しました"),
    "accept_report": _l("中間報告を確認しました"),
    "return_report": _l("中間報告を差し戻しました"),
    "accept_outcome_report": _l("成果報告に同意しました"),
    "drop_outcome_report": _l("成果報告の案を取り消しました"),
    "report": _l("成果報告を確定しました"),
    "accept_publication": _l("公表の案に同意しました"),
    "drop_publication": _l("公表の案を取り消しました"),
    publication.PUBLISHED: _l("公表しました"),
    "close_early": _l("案件を完了としました"),
    "hand_over": _l("市の担当者を変更しました"),
    "comment": _l("住民の声を受領しました"),
    "show_comment": _l("住民の声に回答しました"),
    "hide_comment": _l("住民の声を非表示にしました"),
    "export_case": _l("記録一式を保存しました"),
}

#: What is to be done, where it is not one act: that has its words itself.
_STEPS: Final[Mapping[str, Any]] = {
    "answer": _l("進めたいか、今回は見送るかを返事する"),
    "supplement": _l("市の担当からのお願いに答えて、内容を補う"),
    "decide": _l("内容を確かめて、承認・差し戻し・不承認のどれかを選ぶ"),
    "write_plan": _l("協働計画を書く（お試しから始めることもできます）"),
    "decide_suspension": _l("中断のあとの続け方を決める"),
    "accept_trial": _l("お試しの計画を確かめて、同意する"),
    "accept_trial_result": _l("お試しのまとめを確かめて、同意する"),
    "accept_plan": _l("協働計画の案を確かめて、同意する"),
    "accept_agreement": _l("協定の案を確かめて、同意する"),
    "accept_outcome_report": _l("成果報告の案を確かめて、同意する"),
    "accept_publication": _l("公表する内容の見本を確かめて、同意する"),
    "no_purpose": _l("計画に、協働の目的を書く"),
    "no_outcome_indicator": _l("計画に、成果（アウトカム）の指標を加える"),
    "plan_changed": _l("協定の案を、いまの計画に合わせて保存し直す"),
    "no_rules": _l("協定の案に、上限額に収まる支払いの条件を加える"),
    "not_verified": _l("市の確認が済んでいない登録を確かめて、進め方を両者に伝える"),
    "text_outdated": _l("終わりの日を過ぎた案を、新しい日で書き直す"),
    agreement_acts.OVER: _l("終わりの日を過ぎた協定の案を差し戻す"),
    agreement_acts.EXPIRED: _l("確認の有効期限が過ぎた登録を、その登録のページで確かめて更新する"),
    "meet": _l("面談をして、記録を書く"),
    "measure": _l("「%(about)s」を測って、結果を提出する"),
    "measurements_open": _l("成果報告を書く（先に、%(about)sの測定の結果がそろう必要があります）"),
    "review_risk": _l("リスク「%(about)s」を見直す"),
    "measure_baseline": _l("「%(about)s」の基準値を測って、結果を提出する"),
    "unpaid": _l("支払いを済ませる"),
    "uncalculated": _l("支払額を計算する"),
    "money_unconfirmed": _l("お金の実績の確認を両者にお願いする"),
    "no_lesson": _l("学びを書く"),
    "not_published_yet": _l("公開ページを公表するか、公表しない理由を記録する"),
    "publication_outdated": _l("公開ページを最新の内容にする（%(about)s）"),
    "money_short": _l("約束した金額との差の理由を書いて、案件を完了する"),
}

#: The same → (act that it is done by, or section of the case where one begins)
_STEP_LINKS: Final[Mapping[str, tuple[str, str]]] = {
    "write_plan": ("section", "plan"),
    "decide_suspension": ("section", "agreement"),
    "no_purpose": ("act", plans.write_purpose.name),
    "no_outcome_indicator": ("act", plans.save_indicator.name),
    "plan_changed": ("act", agreement_acts.draft.name),
    "no_rules": ("section", "agreement"),
    "not_verified": ("section", "agreement"),
    agreement_acts.EXPIRED: ("section", "agreement"),
    agreement_acts.OVER: ("act", agreement_acts.return_.name),
    "meet": ("act", talks.record_meeting.name),
    "measure": ("act", measurements.submit_measurement.name),
    "measurements_open": ("section", "progress"),
    "review_risk": ("act", risks.change_risk.name),
    "measure_baseline": ("act", measurements.submit_measurement.name),
    "unpaid": ("section", "payment"),
    "uncalculated": ("section", "payment"),
    "money_unconfirmed": ("section", "progress"),
    "no_lesson": ("act", lessons.add_lesson.name),
    "not_published_yet": ("section", "publication"),
    "publication_outdated": ("section", "publication"),
    "money_short": ("act", closing_acts.close.name),
}


def label(action: str) -> str:
    """The button of an action, and the heading of its page."""
    return _(act.get(Partnership, action).words.button)


def step(found: turns.Step) -> str:
    """What is to be done, in words."""
    about, deed = found.about, act.find(Partnership, found.kind)
    if deed is not None and deed.item is PeriodReport:
        first, last = about.split("/")
        about = day_words.period(date.fromisoformat(first), date.fromisoformat(last))
    elif found.kind == "publication_outdated":
        about = filters.labels_of(about.split(","), vocabulary.PAGE_PARTS)
    elif found.kind == "measurements_open":
        about = _("、").join(_("「%(name)s」", name=name) for name in about.split("\n"))
    return _(deed.words.step, about=about) if deed is not None else str(_STEPS[found.kind]) % {"about": about}


def step_link(found: turns.Step, here: str = "") -> tuple[str, str, str]:
    """(``act``, ``section`` or ``document``; name; item) of the page where a step is done.

    Args:
        here: the section that is being read; where one has read it, the step leads on to its act.
    """
    if found.kind.startswith("accept_") or found.kind == "text_outdated":
        return ("document", "", found.item)
    deed = act.find(Partnership, found.kind)
    if deed is None:
        kind, name = _STEP_LINKS[found.kind]
    else:
        kind, name = (
            ("section", deed.home) if deed.is_read_first and deed.home != here else ("act", deed.name)
        )
    return (kind, name, found.item if kind == "act" else "")


def event_words(action: str) -> str | None:
    """What happened, where it is an event of the workspace."""
    if action in EVENTS:
        return str(EVENTS[action])
    deed = act.by_event(Partnership, action)
    return _(deed.words.happened) if deed is not None and deed.words.happened else None


def risk_change(details: Mapping[str, Any]) -> str:
    """What a second look at a risk has changed, one fact a line; empty where nothing or no risk."""
    before, after = details.get("before"), details.get("after")
    if "risk" not in details or not before or not after:
        return ""
    names = {
        "likelihood": _("起こりやすさ"), "impact": _("影響"), "mitigation": _("備え"),
        "side": _("だれが備えるか"), "review_on": _("次に見直す日"),
    }  # fmt: skip
    words = {"likelihood": vocabulary.LEVELS, "impact": vocabulary.LEVELS, "side": party_text.SIDES}
    lines = []
    for key, name in names.items():
        if before.get(key) != after.get(key):
            old, new = (
                filters.label_of(str(kept), words[key])
                if key in words and kept
                else document_text.value(key, kept) or _("なし")
                for kept in (before.get(key), after.get(key))
            )
            lines.append(_("%(name)s：%(before)s → %(after)s", name=name, before=old, after=new))
    return "\n".join(lines)


def explain(action: str, case: Partnership, key: str) -> str:
    """The sentence under the heading of an action's page; ``key`` names the part that it is about."""
    words = act.get(Partnership, action).words
    if not words.explain:
        return ""
    return _(
        words.explain, who=party_text.side_name(case, key), item=vocabulary.EVALUATION_ITEMS.get(key, "")
    )


def writes(kind: str) -> str:
    """The act that writes a kind of document, or begins it."""
    return next(deed.name for deed in act.of(Partnership) if deed.writes == kind)


def submit_label(action: str) -> str:
    """The button that does it."""
    own = act.get(Partnership, action).words.submit
    return _(own) if own else _("保存する")


def is_grave(action: str) -> bool:
    """Whether its button warns."""
    return act.get(Partnership, action).words.is_grave


def _evidence_link(case: Partnership, item: Measurement | Contribution) -> list[Markup]:
    """The file on which it rests, to be opened beside the decision."""
    file = item.evidence
    if file is None:
        return []
    address = url_for("work.file", public_id=case.public_id, file_id=file.public_id)
    return [Markup('<a href="{}">{}</a>').format(address, file.name)]


def measured_facts(case: Partnership, measured: Measurement) -> list[tuple[str, Any]]:
    """(name, words) of what was measured, and of what shows it."""
    indicator, unit = measured.indicator, measured.indicator.unit
    on = _("基準値を測った日") if indicator.is_start(measured.measured_on) else _("測定日")
    return [
        (_("指標"), indicator.name),
        (on, filters.jdate(measured.measured_on)),
        (
            _("値"),
            filters.quantity(measured.value, unit) if measured.value is not None else measured.missing_reason,
        ),
        (_("測り方"), filters.label_of(indicator.method, vocabulary.INDICATOR_METHODS)),
        (_("対象の人数・件数"), filters.number(measured.sample_size) if measured.sample_size else _("なし")),
        (
            _("内訳"),
            [f"{name}{_('：')}{filters.quantity(part, unit)}" for name, part in measured.breakdown.items()]
            or _("なし"),
        ),
        (_("根拠資料"), _evidence_link(case, measured) or _("なし")),
        (_("説明"), measured.comment or _("なし")),
    ]


def item_facts(action: str, case: Partnership, item: Any) -> list[tuple[str, Any]]:
    """(name, words) of the record that an action is about, so that one sees what one decides on."""
    if isinstance(item, Contribution):
        amount = filters.quantity(item.quantity, item.unit)
        return [
            (_("提供した側"), party_text.side_name(case, item.giver)),
            (_("内容"), f"{vocabulary.support_label(item.support_type)} {amount}"),
            (_("日"), filters.jdate(item.given_on)),
            (_("金額（換算額）"), work_text.amount_of(item.yen, item.estimate_method, (item.estimate_note,))),
            (_("根拠資料"), _evidence_link(case, item) or _("なし")),
            (_("メモ"), item.note or _("なし")),
        ]
    if isinstance(item, Measurement):
        return measured_facts(case, item)
    if isinstance(item, Indicator):
        axis = filters.label_of(item.axis, vocabulary.AXES)
        found = [(_("指標"), item.name), (_("定義"), item.definition), (_("単位"), item.unit)]
        return [*found, (_("内訳の分け方"), axis)] if axis else found
    if isinstance(item, PeriodReport):
        found = [(_("期間"), reports.period_words(item)), (_("期限"), filters.jdate(item.due_on))]
        if action == "review_report":
            found += [
                (_("企業の分"), item.company_text),
                (_("団体の分"), item.npo_text),
                (_("うまくいかなかったこと（団体）"), item.setbacks),
                (_("うまくいかなかったこと（企業）"), item.company_setbacks or _("なし")),
                (_("次の期間にすること"), item.next_step or _("なし")),
            ]
        if item.review_text:
            found.append((_("市からのお願い"), item.review_text))
        return found
    if isinstance(item, Payment):
        found = [(_("支払額"), filters.yen(item.amount_yen)), (_("計算"), contract_text.formula(item))]
        if item.rule is not None:
            found.append((_("条件"), contract_text.rule(item.rule.terms)))
        return found if item.measurement is None else found + measured_facts(case, item.measurement)
    if isinstance(item, PaymentRule):
        return [(_("条件"), contract_text.rule(item.terms))]
    if isinstance(item, Risk | CaseTask):
        return [(_("内容"), item.text)]
    if isinstance(item, Incident):
        return [(_("起きたこと"), item.text), (_("対応"), item.measures)]
    if isinstance(item, CaseFile):
        return [(_("差し替えるファイル"), item.name)]
    if isinstance(item, CaseDocument):
        return [
            (_("文書"), f"{document_text.DOCUMENTS[item.kind]} {_('第%(number)s版', number=item.number)}")
        ]
    return []


def nobody_approves() -> str:
    """Before the only manager calculates what nobody else could approve."""
    return _(
        "ご自身が計算すると、承認できる人がいなくなります。計算した本人は承認できないため、ほかの職員が計算するか、もう1人の管理職の利用登録を済ませてから計算してください。"
    )


def closing(code: str) -> str:
    """What is missing before a case can be closed."""
    if code == "publication_outdated":
        return _("公開ページを最新の内容にする")
    return str(_STEPS[code])
