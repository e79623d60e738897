"""Forms of a running partnership: gifts, measurements, reports, risks, incidents, payments."""

from datetime import date
from typing import Any, Final

from matcher.agreements import indicators
from matcher.cases import documents
from matcher.ground import calendar
from matcher.postings import terms
from matcher.results import (
    drafted,
)
from matcher.work import contributions, incidents, measurements, payments, reports, risks
from matcher.work import reads as work_reads
from webapp.forms import work as work_forms
from webapp.views.asking.asked import Act, Ask, Given, evidence, fields, offer_files


def _contribution(ask: Ask) -> Given:
    form = ask.form
    gift = contributions.Gift(
        form.support_type.data, form.quantity.data or 0, form.unit.data or "", form.given_on.data,
        form.yen.data, form.estimate_method.data, form.estimate_note.data or "", form.note.data or "",
        evidence(ask),
    )  # fmt: skip
    return (gift,)


def _measure(ask: Ask) -> Given:
    form = ask.form
    value = measurements.Value(
        date.fromisoformat(form.measured_on.data), form.value.data, form.missing_reason.data or "",
        form.sample_size.data, dict(form.breakdown.data or ()), form.comment.data or "",
        evidence(ask),
    )  # fmt: skip
    return (value,)


def _prepare_measure(ask: Ask) -> None:
    offer_files(ask)
    ask.form.offer_days(ask.item, indicators.measuring_days(ask.session, ask.case, ask.item))
    if not ask.form.measured_on.data:
        due = indicators.due_measurements(ask.session, ask.case, ask.now)
        days = [day for indicator, day, _status in due if indicator.id == ask.item.id]
        ask.form.measured_on.data = days[0].isoformat() if days else None


def _reviewed(ask: Ask) -> Given:
    return ask.form.is_accepted, ask.form.text.data or ""


def _report(ask: Ask) -> Given:
    form = ask.form
    facts: dict[str, Any] = {
        name: (form[name].data or "") for name in ("text", "setbacks", "next_step") if name in form
    }
    facts["sentences"] = drafted.of_period(ask.session, ask.case, ask.item)
    return (facts,)


def _report_facts(ask: Ask) -> dict[str, Any]:
    side = documents.side_of(ask.actor, ask.case)
    text = getattr(ask.item, f"{side}_text", "")
    if not text:
        if side == "company":
            rows = drafted.of_company(ask.session, ask.case, ask.item)
        else:
            rows = [row["text"] for row in drafted.of_period(ask.session, ask.case, ask.item)]
        text = "\n".join(rows)
    setbacks = getattr(ask.item, reports.SETBACKS[side], "")
    return {"text": text, "setbacks": setbacks, "next_step": ask.item.next_step, "submit_now": "yes"}


def _prepare_report(ask: Ask) -> None:
    if documents.side_of(ask.actor, ask.case) == "company":
        ask.form.only_company()


def _risk(ask: Ask) -> Given:
    form, text = ask.form, ask.item.text if ask.item is not None else ask.form.text.data
    risk = risks.RiskFacts(
        text, int(form.likelihood.data), int(form.impact.data), form.mitigation.data, form.side.data,
        form.review_on.data,
    )  # fmt: skip
    return (risk,)


def _risk_facts(ask: Ask) -> dict[str, Any]:
    """The risk as it stands; the next day is chosen anew, for the old one is why one is here."""
    risk = ask.item
    still_to_come = risk.review_on is not None and risk.review_on > calendar.tokyo_date(ask.now)
    return {
        "likelihood": str(risk.likelihood), "impact": str(risk.impact), "mitigation": risk.mitigation,
        "side": risk.side, "review_on": risk.review_on if still_to_come else None,
    }  # fmt: skip


def _gift_facts(ask: Ask) -> dict[str, Any]:
    """Today; for the company also what it has still to give, which is what it records most often."""
    found: dict[str, Any] = {"given_on": calendar.tokyo_date(ask.now)}
    if documents.side_of(ask.actor, ask.case) != "company":
        return found
    promised = terms.Figures.of(ask.case)
    given = [
        (row.support_type, row.quantity, row.unit)
        for row in work_reads.given(ask.session, ask.case, "company")
    ]
    left = terms.remaining(promised, given)
    # Also where all is given or the rest is unknown: what comes next is hardly counted in nothing.
    return found | {"support_type": promised.support_type, "quantity": left, "unit": promised.unit}


FORMS: Final = (
    Act(
        contributions.record_contribution, work_forms.ContributionForm, _contribution, prepare=offer_files,
        prefill=_gift_facts,
    ),
    Act(contributions.confirm_contribution, work_forms.ConfirmForm),
    Act(
        contributions.cancel_contribution, work_forms.DropForm, fields("text")
    ),
    Act(
        measurements.submit_measurement, work_forms.MeasureForm, _measure, prepare=_prepare_measure
    ),
    Act(measurements.review_measurement, work_forms.ReviewForm, _reviewed),
    Act(
        reports.write_report, work_forms.ReportForm, _report, prefill=_report_facts, prepare=_prepare_report,
        named=lambda ask: {"submit": ask.form.submit_now.data == "yes"},
    ),
    Act(reports.review_report, work_forms.ReviewForm, _reviewed),
    Act(risks.add_risk, work_forms.RiskForm, _risk),
    Act(risks.change_risk, work_forms.ChangeRiskForm, _risk, prefill=_risk_facts),
    Act(risks.close_risk, work_forms.AnswerForm, fields("text")),
    Act(
        incidents.report_incident, work_forms.IncidentForm, fields("happened_on", "text", "measures")
    ),
    Act(
        incidents.publish_incident, work_forms.PublishIncidentForm, fields("public_text")
    ),
    Act(incidents.resolve_incident, work_forms.AnswerForm, fields("text")),
    Act(payments.calculate, work_forms.ConfirmForm),
    Act(payments.calculate_fixed, work_forms.ConfirmForm),
    Act(payments.approve, work_forms.ConfirmForm),
    Act(
        payments.record_paid, work_forms.PaidForm, fields("paid_on"),
        prefill=lambda ask: {"paid_on": calendar.tokyo_date(ask.now)},
    ),
)  # fmt: skip
