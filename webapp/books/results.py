"""Reports, evaluation, voices and lessons of one case, as far as the one who asks may read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from matcher.cases import reads as case_reads
from matcher.ground import lifecycle, vocabulary
from matcher.ground.permissions import Actor
from matcher.records import EvaluationSheet, Partnership
from matcher.register import parties
from matcher.results import lessons, ratings
from matcher.work import reads as work_reads
from webapp import document_text, filters, party_text, work_text
from webapp.labels import gettext as _
from webapp.sheets import Cell, Heading, Kind, Sheet

#: sheet of a case's reports and evaluation → (its name, its columns); the rows are in ``_result_rows``.
RESULTS: Final[Mapping[str, tuple[Any, tuple[tuple[Any, int, Kind], ...]]]] = {
    "reports": (
        _l("中間報告"),
        ((_l("期間の始まり"), 18, "day"), (_l("期間の終わり"), 18, "day"), (_l("期限"), 18, "day"),
         (_l("状態"), 18, "text"), (_l("団体の分"), 60, "text"), (_l("企業の分"), 60, "text"),
         (_l("うまくいかなかったこと（団体）"), 40, "text"),
         (_l("うまくいかなかったこと（企業）"), 40, "text"), (_l("次の期間にすること"), 40, "text"),
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
        for key, (name, columns) in RESULTS.items()
    ]  # fmt: skip


def _result_rows(
    session: Session, actor: Actor, case: Partnership, history: parties.History, now: datetime
) -> dict[str, list[Sequence[Cell]]]:
    sheets = ratings.visible_sheets(actor, case, ratings.sheets(session, case))
    raters = history.of(lifecycle.CONCLUDE)
    return {
        "reports": [
            (
                row.period_from, row.period_to, row.due_on,
                work_text.report_state(row, filters.tokyo_date(now)),
                *work_text.report_parts(row), row.review_text,
            )
            for row in work_reads.reports(session, case)
        ],
        "outcome": [
            (document.number, filters.label_of(document.state, document_text.DOCUMENT_STATES), *line)
            for document in case_reads.versions(session, case, "outcome_report")
            if document.state in {"draft", "agreed"}
            for line in _outcome_lines(document.content)
        ],
        "evaluations": [row for sheet in sheets for row in _evaluation_lines(raters, sheet)],
        "voices": [
            (filters.label_of(row.beneficiary, vocabulary.BENEFICIARIES), row.people, row.method, row.text)
            for row in lessons.voices(session, case)
        ],
        "lessons": [
            (row.text, _("はい") if row.is_public else _("いいえ"))
            for row in lessons.lessons(session, case)
        ],
    }  # fmt: skip


def _outcome_lines(content: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(what, text, record) of an outcome report: its sentences, then what people wrote."""
    sentence = str(document_text.FACTS["sentences"])
    found = [(sentence, row["text"], row["label"]) for row in content["sentences"]]
    return found + [(name, words, "") for name, words in document_text.facts_of(content)]


def _evaluation_lines(named: parties.Parties, sheet: EvaluationSheet) -> list[Sequence[Cell]]:
    who = sheet.evaluator or party_text.side_name(named, sheet.rater)
    about = party_text.side_name(named, sheet.about)
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
