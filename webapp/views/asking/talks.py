"""Forms of talks: meetings, promises, who is in charge, files, the trial."""

from typing import Any, Final

from matcher.cases import files, talks, trials
from matcher.ground import calendar
from matcher.ground.errors import Invalid
from matcher.people import memberships
from matcher.postings import terms
from webapp import terms_text
from webapp.forms import talks as talks_forms
from webapp.forms import work as work_forms
from webapp.views.asking.asked import Act, Ask, Given, days, fields, written


def _upload(ask: Ask) -> Given:
    if ask.upload is None:
        raise Invalid(file="file_required")
    return ask.upload, ask.form.purpose.data


def _meeting(ask: Ask) -> Given:
    form = ask.form
    meeting = talks.Meeting(
        form.held_on.data, form.people.data, form.text.data, form.next_step.data or "", form.next_at,
        form.next_place.data or "",
    )  # fmt: skip
    return (meeting,)


def _contact(ask: Ask) -> Given:
    people = {one.user.public_id: one.user for one in memberships.list_members(ask.session, ask.actor)}
    return (people[ask.form.person.data],)


def _offer_people(ask: Ask) -> None:
    people = memberships.list_members(ask.session, ask.actor)
    ask.form.offer([one.user for one in people if one.is_current])


def _trial(ask: Ask) -> Given:
    form = ask.form
    plan = trials.TrialPlan(
        form.goal.data, form.content.data, form.from_on.data, form.to_on.data, form.money_yen.data or 0,
        form.stop_when.data, form.roles.data or "",
    )  # fmt: skip
    return (plan,)


def _trial_facts(ask: Ask) -> dict[str, Any]:
    content = days(written(ask), "from_on", "to_on")
    if content:
        return content
    first, last = terms.begin_trial(terms.Figures.of(ask.case), calendar.tokyo_date(ask.now))
    (agreed,) = terms_text.columns(None, None, ask.case)
    given = "　".join(one for one in (agreed.support, agreed.quantity) if one)
    return {"from_on": first, "to_on": last, "content": given}


FORMS: Final = (
    Act(talks.record_meeting, talks_forms.MeetingForm, _meeting),
    Act(talks.add_task, talks_forms.TaskForm, fields("text", "side", "due_on")),
    Act(talks.finish_task, work_forms.ConfirmForm),
    Act(talks.name_contact, talks_forms.ContactForm, _contact, prepare=_offer_people),
    Act(files.add_file, talks_forms.FileForm, _upload),
    Act(trials.draft_trial, talks_forms.TrialForm, _trial, prefill=_trial_facts),
    Act(
        trials.draft_trial_result, talks_forms.TrialResultForm, fields("outcome", "learned"), prefill=written
    ),
)  # fmt: skip
