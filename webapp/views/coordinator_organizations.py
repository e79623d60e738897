"""The city's check of organizations: the application, the checklist, and what only a manager does."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _

from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import passes
from matcher.ground.profile import SECTIONS
from matcher.organizations import acts as organization_acts
from matcher.organizations import profile as organization_profile
from matcher.organizations import reads as organization_reads
from matcher.records import Organization
from matcher.register import audit
from matcher.register.act import Act, open_to
from webapp import access, bench, bench_text, clock, db, organization_text
from webapp.acts import ActPage, Answers, Page
from webapp.forms import organization as forms
from webapp.forms.base import Form
from webapp.views.coordinator import blueprint


@blueprint.route("/desk/organizations/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def organization(public_id: str) -> Page:
    """The whole application with contacts, checklist and history; verify it, once more where
    that ends, or give it back.
    """
    found = _find(public_id)
    form = forms.review_form(found)
    if request.method == "GET":
        return _page(found, form)
    deed = next((one for one in _READ if one.name == request.form.get("action")), organization_acts.return_)
    form.goes_back = deed is organization_acts.return_

    def answers() -> Answers:
        reason = (form.reason_code.data, form.reason_text.data) if form.goes_back else ()
        return (form.answers, *reason), {}

    # What was renewed stood in no queue: one stays at it.
    onward = None if deed is organization_acts.renew else bench.onward("organizations", found)
    return _act_page(
        deed, form, found, lambda found, banner: _page(found, form, banner), answers, leads_to=onward
    )


def _find(public_id: str) -> Organization:
    return organization_reads.get_organization(db.session(), access.actor(), public_id)


def _act_page(
    deed: Act, form: Form, found: Organization, ask: Callable[[Organization, str], str],
    answers: Callable[[], Answers], leads_to: Callable[[object], str] | None = None,
) -> Page:  # fmt: skip
    public_id = found.public_id
    return ActPage(
        deed=deed,
        form=form,
        record=found,
        find=lambda: _find(public_id),
        ask=ask,
        overtaken=organization_text.overtaken,
        home=url_for("coordinator.organization", public_id=public_id),
        answers=answers,
        leads_to=leads_to or (lambda made: None),
        says=lambda found: str(_(deed.words.done, name=found.name)),
    ).answer()


#: What is decided once the whole application has been read.
_READ: Final = (organization_acts.verify, organization_acts.renew)


def _page(found: Organization, form: Form, banner: str = "") -> str:
    session = db.session()
    city = cities.get(session)
    access.note_contacts(found)
    actions = open_to(session, access.actor(), found, clock.now())
    reviewing = form.is_overtaken or any(deed.name in actions for deed in _READ)
    beside = {
        "queue": bench.queue("organizations", found),
        "beside": bench_text.beside(found, city),
    } if reviewing else {}  # fmt: skip
    return render_template(
        "bench/organization.html" if reviewing else "coordinator/organization.html",
        **beside,
        organization=found,
        form=form,
        questions=organization_acts.checklist(found),
        actions=actions,
        parts=[(part, organization_text.rows(found, part, city)) for part in SECTIONS[found.kind]],
        facts=organization_text.check_facts(found),
        lookalikes=organization_reads.lookalikes(session, found),
        rounds=organization_reads.checklist_rounds(session, found),
        cases=case_reads.open_cases_of(session, found),
        passed_on=passes.on_organization(session, access.actor(), found),
        passed_by=passes.by_organization(session, access.actor(), found),
        level=organization_profile.disclosure_level(found),
        events=organization_text.timeline(found, audit.history(session, "organization", found.public_id)),
        banner=banner,
    )


# ── What only a manager does ─────────────────────────────────────────────────────────────────────────


_ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        deed.name: deed
        for deed in (organization_acts.suspend, organization_acts.reinstate, organization_acts.deactivate)
    }
)


@blueprint.route(
    "/desk/organizations/<public_id>/<any(" + ",".join(_ACTS) + "):action>", methods=["GET", "POST"]
)
@access.allow("manager")
def organization_act(public_id: str, action: str) -> Page:
    """Suspend, reinstate or end the use, after a look at the running cases."""
    found, deed = _find(public_id), _ACTS[action]
    if request.method == "GET" and action not in open_to(db.session(), access.actor(), found, clock.now()):
        abort(404)
    form = forms.DecisionForm(data={"version": found.version})
    form.offer_reasons(deed.reasons)

    def ask(found: Organization, banner: str) -> str:
        return render_template(
            "coordinator/organization_act.html",
            organization=found,
            form=form,
            action=action,
            title=_(deed.words.button),
            cases=case_reads.open_cases_of(db.session(), found),
            banner=banner,
        )

    return _act_page(deed, form, found, ask, lambda: ((form.reason_code.data, form.reason_text.data), {}))
