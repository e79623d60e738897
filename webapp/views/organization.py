"""Profiles: one's own as a task list, its sections, the application to the city, and others' profiles."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.ground import permissions, vocabulary
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.ground.permissions import Actor
from matcher.organizations import acts as organization_acts
from matcher.organizations import profile as organization_profile
from matcher.organizations import readings
from matcher.organizations import reads as organization_reads
from matcher.organizations.profile import Section
from matcher.postings import reads as posting_reads
from matcher.records import Organization
from matcher.register import act, audit
from matcher.results import lessons
from webapp import access, clock, db, organization_text, text
from webapp.forms import organization as forms
from webapp.labels import said

blueprint = Blueprint("organization", __name__)
blueprint.record_once(lambda setup: setup.app.jinja_env.globals.update(organization_text=organization_text))

Page = Response | str | tuple[str, int]


# ── One's own profile ────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/profile")
@access.allow("member")
def profile() -> Page:
    """The own profile as a task list, and where the city's check stands."""
    organization = organization_reads.own_organization(db.session(), access.actor())
    return render_template(
        "organization/profile.html",
        organization=organization,
        tasks=organization_text.tasks(organization),
        actions=act.open_to(db.session(), access.actor(), organization, clock.now()),
        is_locked=organization.state in organization_profile.LOCKED,
        level=organization_profile.disclosure_level(organization),
        readings=readings.of_organization(db.session(), access.actor(), organization, clock.now()),
    )


@blueprint.route("/profile/<code>", methods=["GET", "POST"])
@access.allow("member")
def section(code: str) -> Page:
    """One section of the profile; whoever saves second keeps what they typed."""
    session, actor = db.session(), access.actor()
    organization = organization_reads.own_organization(session, actor)
    part = organization_profile.section(organization, code)
    if part is None:
        abort(404)
    permissions.require(actor, "organization.edit", organization)
    form = forms.section_form(organization, part, cities.get(session))
    if form.validate_on_submit():
        try:
            organization_profile.save_section(
                session, actor, organization, code, form.values(part), clock.now(), version=form.shown_version
            )
        except (Invalid, Refused, MovedOn, db.Overtaken) as error:
            db.undo()
            return _not_saved(session, actor, part, form, error)
        flash(_("「%(section)s」を保存しました。", section=said(part.label)), "success")
        return redirect(url_for("organization.profile"))
    return _section_page(session, organization, part, form), 422 if form.errors else 200


def _section_page(
    session: db.Session, organization: Organization, part: Section, form: Any, **facts: Any
) -> str:
    return render_template(
        "organization/section.html",
        organization=organization,
        part=part,
        form=form,
        benefit=organization_text.tasks(organization)[_place(organization, part)].benefit,
        saved=organization_text.rows(organization, part, cities.get(session)),
        **facts,
    )


def _place(organization: Organization, part: Section) -> int:
    return organization_profile.SECTIONS[organization.kind].index(part)


def _not_saved(session: db.Session, actor: Actor, part: Section, form: Any, error: Exception) -> Page:
    """The section again, with what was typed and what stood in the way."""
    organization = organization_reads.own_organization(session, actor)
    if isinstance(error, Invalid):
        form.take(error)
        return _section_page(session, organization, part, form), 422
    if isinstance(error, Refused):
        banner = text.sentence(error.code, error.facts)
        return _section_page(session, organization, part, form, banner=banner), 409
    form.version.data = organization.version  # the next send is over what the banner tells
    banner = _overtaken(session, actor, organization)
    return _section_page(session, organization, part, form, banner=banner, is_overtaken=True), 409


def _overtaken(session: db.Session, actor: Actor, organization: Organization) -> str:
    events = audit.history(session, "organization", organization.public_id)
    return organization_text.overtaken(actor, events, clock.now())


# ── Asking the city ──────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/profile/submit", methods=["GET", "POST"])
@access.allow("member")
def submit() -> Page:
    """All answers to check, the declarations, and the application."""
    session, actor = db.session(), access.actor()
    organization = organization_reads.own_organization(session, actor)
    permissions.require(actor, "organization.submit", organization)
    if "submit" not in act.open_to(session, actor, organization, clock.now()):
        return _nothing_to_submit(organization)
    form = forms.SubmitForm(data={"version": organization.version})
    if organization.kind != "company":
        del form.taxes
    if form.validate_on_submit():
        try:
            organization_acts.submit(
                session,
                actor,
                organization,
                clock.now(),
                declared=form.declared.data,
                agreed=form.agreed.data,
                version=form.shown_version,
            )
        except (Refused, MovedOn, db.Overtaken) as error:
            db.undo()
            return _not_submitted(session, actor, form, error)
        return redirect(url_for("organization.submitted"))
    return _submit_page(session, organization, form), 422 if form.errors else 200


def _nothing_to_submit(organization: Organization) -> Response:
    """A second click, or an old link: what was sent first counts."""
    if organization.state == "submitted":
        return redirect(url_for("organization.submitted"))
    flash(_("いまは、市に確認を申請する必要はありません。"), "warning")
    return redirect(url_for("organization.profile"))


def _submit_page(session: db.Session, organization: Organization, form: Any, banner: str = "") -> str:
    city = cities.get(session)
    return render_template(
        "organization/submit.html",
        organization=organization,
        form=form,
        tasks=organization_text.tasks(organization),
        parts=[
            (part, organization_text.rows(organization, part, city))
            for part in organization_profile.SECTIONS[organization.kind]
        ],
        is_complete=not any(organization_profile.completeness(organization).values()),
        banner=banner,
    )


def _not_submitted(session: db.Session, actor: Actor, form: Any, error: Exception) -> Page:
    organization = organization_reads.own_organization(session, actor)
    if "submit" not in act.open_to(session, actor, organization, clock.now()):
        return _nothing_to_submit(organization)
    if isinstance(error, Refused):
        banner = text.sentence(error.code, error.facts)
    else:
        banner = _overtaken(session, actor, organization)
    form.version.data = organization.version
    return _submit_page(session, organization, form, banner), 409


@blueprint.get("/profile/submitted")
@access.allow("member")
def submitted() -> Page:
    """The application was received: what happens next, and by when."""
    organization = organization_reads.own_organization(db.session(), access.actor())
    if organization.state != "submitted":
        return redirect(url_for("organization.profile"))
    return render_template("organization/submitted.html", organization=organization)


# ── Leaving ──────────────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/profile/leave", methods=["GET", "POST"])
@access.allow("member")
def leave() -> Page:
    """End the use of the service, with one coded reason."""
    session, actor = db.session(), access.actor()
    organization = organization_reads.own_organization(session, actor)
    permissions.require(actor, "organization.deactivate", organization)
    if "deactivate" not in act.open_to(session, actor, organization, clock.now()):
        return redirect(url_for("organization.profile"))
    form = forms.LeaveForm(data={"version": organization.version})
    form.offer_reasons(vocabulary.WITHDRAW_REASONS)
    facts: dict[str, Any] = {"organization": organization, "form": form}
    if form.validate_on_submit():
        try:
            organization_acts.deactivate(
                session,
                actor,
                organization,
                form.reason_code.data,
                form.reason_text.data or "",
                clock.now(),
                version=form.shown_version,
            )
        except (Invalid, Refused, MovedOn, db.Overtaken) as error:
            db.undo()
            return _not_left(session, actor, form, error)
        access.sign_out()  # its accounts open no page from now on
        flash(_("利用を終了し、公開中の内容を取り下げました。ご利用ありがとうございました。"), "success")
        return redirect(url_for("account.login"))
    return _leave_page(session, **facts), 422 if form.errors else 200


def _leave_page(session: db.Session, organization: Organization, form: Any, banner: str = "") -> str:
    cases = case_reads.open_cases_of(session, organization)
    return render_template(
        "organization/leave.html", organization=organization, form=form, cases=cases, banner=banner
    )


def _not_left(session: db.Session, actor: Actor, form: Any, error: Exception) -> Page:
    organization = organization_reads.own_organization(session, actor)
    if isinstance(error, Invalid):
        form.take(error)
        return _leave_page(session, organization, form), 422
    form.version.data = organization.version
    if isinstance(error, Refused):
        banner = text.sentence(error.code, error.facts)
    else:
        banner = _overtaken(session, actor, organization)
    return _leave_page(session, organization, form, banner), 409


# ── As others see it ─────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/organizations/<public_id>")
@access.allow("case_party")
def show(public_id: str) -> Page:
    """The profile as other members may see it: no personal data, and never the contact."""
    session, actor = db.session(), access.actor()
    organization = organization_reads.get_organization(session, actor, public_id)
    city = cities.get(session)
    parts = [
        (part, organization_text.shown_rows(organization, part, city))
        for part in organization_profile.SECTIONS[organization.kind]
    ]
    return render_template(
        "organization/show.html",
        organization=organization,
        parts=[(part, rows) for part, rows in parts if rows],
        level=organization_profile.disclosure_level(organization),
        needs=posting_reads.open_needs_of(session, actor, organization),
        offers=posting_reads.open_offers_of(session, organization),
        lessons=lessons.lessons_of(session, organization),
        is_own=actor.organization_id == organization.id,
        may_propose=_may_propose(actor, organization),
    )


def _may_propose(actor: Actor, organization: Organization) -> bool:
    """Whether the button to begin a case has any chance: both verified, of different kinds."""
    return (
        actor.role == "member"
        and permissions.may(actor, "partnership.propose")
        and actor.organization_state == organization.state == "verified"
        and actor.organization_kind != organization.kind
    )
