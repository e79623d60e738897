"""Addresses of before: who kept one is led on; so is a form that was left open over an update, with what was
typed in it, for its fields are those of today.
"""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from matcher.agreements import acts as agreement_acts
from matcher.agreements import plans
from matcher.cases import answering, files, talks, trials
from matcher.register.act import Act
from matcher.results import lessons, outcome_reports, publication, ratings
from matcher.work import contributions, incidents, measurements, payments, reports, risks
from webapp import access
from webapp.views import work_acts

blueprint = Blueprint("moved", __name__)

#: What an act of a case was called in addresses → the act
_ACTS: Final[Mapping[str, Act]] = {
    "agreement": agreement_acts.draft,
    "contact": talks.name_contact,
    "contribution": contributions.record_contribution,
    "file": files.add_file,
    "incident": incidents.report_incident,
    "indicator": plans.save_indicator,
    "lesson": lessons.add_lesson,
    "link": plans.save_link,
    "logic": plans.write_logic,
    "measure": measurements.submit_measurement,
    "meeting": talks.record_meeting,
    "milestones": plans.write_milestones,
    "outcome_report": outcome_reports.draft_report,
    "paid": payments.record_paid,
    "plan": plans.write_purpose,
    "publication": publication.draft,
    "report": reports.write_report,
    "risk": risks.add_risk,
    "rule": agreement_acts.save_rule,
    "task": talks.add_task,
    "third_party": ratings.add_third_party,
    "trial": trials.draft_trial,
    "trial_result": trials.draft_trial_result,
    "voice": lessons.add_voice,
}


def _body(action: str, **_rest: str) -> int:
    return work_acts.body(_ACTS[action].name)


@blueprint.route("/cases/<public_id>/do/<any(" + ",".join(_ACTS) + "):action>", methods=["GET", "POST"])
@access.allow("case_party", body=_body)
def act(public_id: str, action: str) -> Response:
    """The page of an act."""
    return _led_on(url_for("work.act", public_id=public_id, action=_ACTS[action].name))


@blueprint.route("/cases/<public_id>/message", methods=["GET", "POST"])
@access.allow("case_party")
def message(public_id: str) -> Response:
    """The page of a question."""
    return _led_on(url_for("cases.act", public_id=public_id, action=answering.send_message.name))


def _led_on(address: str) -> Response:
    asked = request.query_string.decode("ascii", "replace")
    # A form is sent on as it is (308); nothing of it is read here.
    return redirect(f"{address}?{asked}" if asked else address, 308 if request.method == "POST" else 301)
