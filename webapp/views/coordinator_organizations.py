"""The city's check of organizations: the application, the checklist, and what only a manager does."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.ground import lifecycle, permissions
from matcher.ground.errors import DomainError, Invalid, MovedOn, Refused
from matcher.ground.permissions import Actor
from matcher.organizations import acts as organization_acts
from matcher.organizations import profile as organization_profile
from matcher.organizations import reads as organization_reads
from matcher.records import Organization
from matcher.register import act, audit
from webapp import access, clock, db, organization_text, text
from webapp.forms import organization as forms
from webapp.views.coordinator import blueprint

Page = Response | str | tuple[str, int]


@blueprint.route("/desk/organizations/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def organization(public_id: str) -> Page:
    """The whole application with contacts, checklist and history; verify it or give it back."""
    session, actor = db.session(), access.actor()
    found = organization_reads.get_organization(session, actor, public_id)
    form = forms.review_form(found)
    if request.method == "GET":
        return _page(session, actor, found, form)
    permissions.require(actor, "organization.review", found)
    action = "verify" if request.form.get("action") == "verify" else "return"
    if action not in act.open_to(session, actor, found, clock.now()):
        return _overtaken(session, actor, found, form)
    is_valid = form.validate()
    if (action == "return" and not form.check_return()) or not is_valid:
        return _page(session, actor, found, form), 422
    try:
        _decide(session, actor, found, action, form)
    except (Invalid, Refused, MovedOn, db.Overtaken) as error:
        db.undo()
        return _not_done(session, actor, public_id, form, error)
    flash(str(_DONE[action]) % {"name": found.name}, "success")
    return redirect(url_for("coordinator.organization", public_id=public_id))


def _decide(session: db.Session, actor: Actor, found: Organization, action: str, form: Any) -> None:
    now, version = clock.now(), form.shown_version
    if action == "verify":
        organization_acts.verify(session, actor, found, form.answers, now, version=version)
        return
    organization_acts.return_(
        session,
        actor,
        found,
        form.answers,
        form.reason_code.data,
        form.reason_text.data,
        now,
        version=version,
    )


def _page(session: db.Session, actor: Actor, found: Organization, form: Any, **facts: Any) -> str:
    city = cities.get(session)
    access.note_contacts(found)
    return render_template(
        "coordinator/organization.html",
        organization=found,
        form=form,
        questions=organization_acts.checklist(found),
        actions=act.open_to(session, actor, found, clock.now()),
        parts=[
            (part, organization_text.rows(found, part, city))
            for part in organization_profile.SECTIONS[found.kind]
        ],
        facts=organization_text.check_facts(found),
        lookalikes=organization_reads.lookalikes(session, found),
        rounds=organization_reads.checklist_rounds(session, found),
        cases=case_reads.open_cases_of(session, found),
        level=organization_profile.disclosure_level(found),
        events=organization_text.timeline(found, audit.history(session, "organization", found.public_id)),
        **facts,
    )


def _not_done(session: db.Session, actor: Actor, public_id: str, form: Any, error: Exception) -> Page:
    """The page again, with what was typed and what stood in the way."""
    found = organization_reads.get_organization(session, actor, public_id)
    if isinstance(error, Invalid):
        form.take(error)
        return _page(session, actor, found, form), 422
    if isinstance(error, Refused):
        return _page(session, actor, found, form, banner=_sentence(error)), 409
    return _overtaken(session, actor, found, form)


def _overtaken(session: db.Session, actor: Actor, found: Organization, form: Any) -> Page:
    form.version.data = found.version  # the next send is over what the banner tells
    events = audit.history(session, "organization", found.public_id)
    banner = organization_text.overtaken(actor, events, clock.now())
    return _page(session, actor, found, form, banner=banner, is_overtaken=True), 409


def _sentence(error: DomainError) -> str:
    return text.sentence(error.code, error.facts)


# ── What only a manager does ─────────────────────────────────────────────────────────────────────────


class _Act:
    """One act with a recorded reason: its permission, service and words."""

    def __init__(self, permission: str, service: Callable[..., None], title: Any) -> None:
        self.permission, self.service, self.title = permission, service, title


_ACTS: Final[Mapping[str, _Act]] = MappingProxyType(
    {
        "suspend": _Act("organization.suspend", organization_acts.suspend, _l("利用を停止する")),
        "reinstate": _Act("organization.suspend", organization_acts.reinstate, _l("利用停止を解除する")),
        "deactivate": _Act("organization.deactivate", organization_acts.deactivate, _l("利用を終了させる")),
    }
)
_DONE: Final[Mapping[str, Any]] = {
    "verify": _l("%(name)sを確認済みとし、お知らせを送りました。"),
    "return": _l("%(name)sに差し戻し、お知らせを送りました。"),
    "suspend": _l("%(name)sの利用を停止し、お知らせを送りました。"),
    "reinstate": _l("%(name)sの利用停止を解除し、お知らせを送りました。"),
    "deactivate": _l("%(name)sの利用を終了しました。"),
}


@blueprint.route(
    "/desk/organizations/<public_id>/<any(" + ",".join(_ACTS) + "):action>", methods=["GET", "POST"]
)
@access.allow("manager")
def organization_act(public_id: str, action: str) -> Page:
    """Suspend, reinstate or end the use, after a look at the running cases."""
    session, actor = db.session(), access.actor()
    found = organization_reads.get_organization(session, actor, public_id)
    permissions.require(actor, _ACTS[action].permission, found)
    form = _act_form(found, action)
    if action not in act.open_to(session, actor, found, clock.now()):
        if request.method == "GET":
            abort(404)
        return _act_overtaken(session, actor, found, action, form)
    if form.validate_on_submit():
        try:
            _ACTS[action].service(
                session,
                actor,
                found,
                form.reason_code.data,
                form.reason_text.data,
                clock.now(),
                version=form.shown_version,
            )
        except (Invalid, Refused, MovedOn, db.Overtaken) as error:
            db.undo()
            return _act_not_done(session, actor, public_id, action, form, error)
        flash(str(_DONE[action]) % {"name": found.name}, "success")
        return redirect(url_for("coordinator.organization", public_id=public_id))
    return _act_page(session, found, action, form), 422 if form.errors else 200


def _act_form(found: Organization, action: str) -> Any:
    form = forms.DecisionForm(data={"version": found.version})
    rows = (row for row in lifecycle.TRANSITIONS if row.machine == "organization" and row.action == action)
    form.offer_reasons(next(row.reasons or {} for row in rows))
    return form


def _act_page(session: db.Session, found: Organization, action: str, form: Any, banner: str = "") -> str:
    return render_template(
        "coordinator/organization_act.html",
        organization=found,
        form=form,
        action=action,
        title=_ACTS[action].title,
        cases=case_reads.open_cases_of(session, found),
        banner=banner,
    )


def _act_not_done(
    session: db.Session, actor: Actor, public_id: str, action: str, form: Any, error: Exception
) -> Page:
    found = organization_reads.get_organization(session, actor, public_id)
    if isinstance(error, Invalid):
        form.take(error)
        return _act_page(session, found, action, form), 422
    if isinstance(error, Refused):
        return _act_page(session, found, action, form, _sentence(error)), 409
    return _act_overtaken(session, actor, found, action, form)


def _act_overtaken(session: db.Session, actor: Actor, found: Organization, action: str, form: Any) -> Page:
    form.version.data = found.version
    events = audit.history(session, "organization", found.public_id)
    return _act_page(
        session, found, action, form, organization_text.overtaken(actor, events, clock.now())
    ), 409
