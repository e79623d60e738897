"""Forms of what came of it: report, ratings, lessons, the public page, the end, the next period."""

from typing import Any, Final

from flask import url_for

from matcher.cases import beginning, together
from matcher.ground import calendar
from matcher.postings import terms
from matcher.results import (
    closing,
    drafted,
    lessons,
    outcome_reports,
    publication,
    ratings,
    renewal,
)
from matcher.work import contributions
from webapp.forms import results as results_forms
from webapp.forms import work as work_forms
from webapp.views.asking.asked import Act, Ask, Given, fields, written


def _outcome_report(ask: Ask) -> Given:
    form = ask.form
    facts = {
        "sentences": [row.as_dict() for row in drafted.compose(ask.session, ask.case)],
        "narrative": form.narrative.data, "setbacks": form.setbacks.data, "harm": form.harm.data or "",
        "next_step": form.next_step.data or "",
    }  # fmt: skip
    return (facts,)


def _publication_facts(ask: Ask) -> dict[str, Any]:
    content = written(ask)
    if not content:
        return {"fields": ["purpose", "agreement", "indicators", "report", "setbacks"]}
    view = content["view"]
    return {"title": view["title"], "summary": view["summary"], "fields": content["fields"]}


def _prepare_close(ask: Ask) -> None:
    if not any(row.is_short for row in contributions.promises(ask.session, ask.case)):
        ask.form.drop_money_note()


def next_period(ask: Ask) -> terms.Beginning:
    """What the form for the next period begins with."""
    case, of = ask.case, terms.Figures.of
    return terms.begin_renewal(
        of(case), of(case.need) if case.need else None, of(case.offer) if case.offer else None,
        beginning.end_of_period(case), calendar.tokyo_date(ask.now),
    )  # fmt: skip


FORMS: Final = (
    Act(
        outcome_reports.draft_report, results_forms.OutcomeReportForm, _outcome_report, prefill=written
    ),
    Act(
        ratings.rate, results_forms.RateForm, lambda ask: (ask.form.scores, ask.form.comment.data or "")
    ),
    Act(ratings.decline, work_forms.DropForm, fields("text")),
    Act(
        ratings.discuss, results_forms.DiscussForm,
        lambda ask: (ask.key, int(ask.form.score.data), ask.form.text.data),
    ),
    Act(
        ratings.add_third_party, results_forms.ThirdPartyForm,
        lambda ask: (ask.form.evaluator.data, ask.form.scores, ask.form.comment.data or ""),
    ),
    Act(
        lessons.add_voice, results_forms.VoiceForm, fields("beneficiary", "people", "method", "text")
    ),
    Act(
        together.name_company, results_forms.NameForm, fields("is_named"),
        prefill=lambda ask: {"is_named": ask.case.is_named},
    ),
    Act(lessons.add_lesson, results_forms.LessonForm, fields("text", "is_public")),
    Act(ratings.conclude, results_forms.CloseForm, fields("text")),
    Act(
        publication.draft, results_forms.PublicationForm,
        lambda ask: (ask.form.title.data, ask.form.summary.data, ask.form.fields.data or []),
        prefill=_publication_facts,
    ),
    Act(
        publication.unpublish, results_forms.UnpublishForm, fields("reason_code", "reason_text")
    ),
    Act(
        closing.close, results_forms.CloseCaseForm, fields("text"), prepare=_prepare_close,
        named=lambda ask: {
            "money_note": (ask.form.money_note.data or "") if "money_note" in ask.form else ""
        },
    ),
    Act(
        renewal.renew, results_forms.RenewForm, lambda ask: (ask.form.terms, ask.form.message.data),
        prefill=lambda ask: next_period(ask).values,
        leads_to=lambda made: url_for("cases.show", public_id=made.public_id),
    ),
)  # fmt: skip
