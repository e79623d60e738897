"""Profiles: one's own as a task list, its sections, the application to the city, and others' profiles."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from matcher.cases import beginning
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.ground import permissions
from matcher.ground.profile import SECTIONS
from matcher.organizations import acts as organization_acts
from matcher.organizations import profile as organization_profile
from matcher.organizations import readings
from matcher.organizations import reads as organization_reads
from matcher.postings import need_parts
from matcher.postings import reads as posting_reads
from matcher.records import Organization
from matcher.register import act
from matcher.results import lessons
from webapp import access, clock, db, organization_text
from webapp.acts import ActPage, FormPage, Page
from webapp.forms import organization as forms
from webapp.forms.base import Form
from webapp.labels import said

blueprint = Blueprint("organization", __name__)
blueprint.record_once(lambda setup: setup.app.jinja_env.globals.update(organization_text=organization_text))

# ── One's own profile ────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/profile")
@access.allow("member")
def profile() -> Page:
    """The own profile as a task list, and where the city's check stands."""
    organization = _own()
    return render_template(
        "organization/profile.html",
        organization=organization,
        tasks=organization_text.tasks(organization),
        actions=act.open_to(db.session(), access.actor(), organization, clock.now()),
        is_locked=organization.is_locked,
        is_complete=organization_profile.is_complete(organization),
        level=organization_profile.disclosure_level(organization),
        readings=readings.of_organization(db.session(), access.actor(), organization, clock.now()),
    )


@blueprint.route("/profile/<code>", methods=["GET", "POST"])
@access.allow("member")
def section(code: str) -> Page:
    """One section of the profile; whoever saves second keeps what they typed."""
    session, organization = db.session(), _own()
    part = organization_profile.section(organization, code)
    if part is None:
        abort(404)
    permissions.require(access.actor(), "organization.edit", organization)
    form = forms.section_form(organization, part, cities.get(session))

    def save() -> None:
        organization_profile.save_section(
            session, access.actor(), organization, code, form.values(part), clock.now(),
            version=form.shown_version,
        )  # fmt: skip

    return FormPage(
        form=form,
        record=organization,
        find=_own,
        ask=lambda organization, banner: render_template(
            "organization/section.html",
            organization=organization,
            part=part,
            form=form,
            looks=forms.looks,
            saved=organization_text.rows(organization, part, cities.get(session)),
            banner=banner,
        ),
        overtaken=organization_text.overtaken,
    ).save(
        save,
        lambda _made: url_for("organization.profile"),
        _("「%(section)s」を保存しました。", section=said(part.label)),
    )


def _own() -> Organization:
    return organization_reads.own_organization(db.session(), access.actor())


# ── Asking the city ──────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/profile/submit", methods=["GET", "POST"])
@access.allow("member")
def submit() -> Page:
    """All answers to check, the declarations, and the application."""
    organization = _own()
    form = forms.SubmitForm(data={"version": organization.version})
    if organization.kind != "company":
        del form.taxes
    return ActPage(
        deed=organization_acts.submit,
        form=form,
        record=organization,
        find=_own,
        ask=lambda organization, banner: _submit_page(organization, form, banner),
        overtaken=organization_text.overtaken,
        home=url_for("organization.submitted"),
        answers=lambda: ((), {"declared": form.declared.data, "agreed": form.agreed.data}),
        says=lambda _organization: "",
        closed=_nothing_to_submit,
    ).answer()


def _nothing_to_submit(organization: Organization) -> Page:
    """A second click, or an old link: what was sent first counts."""
    if organization.is_submitted:
        return redirect(url_for("organization.submitted"))
    flash(_("いまは、市に確認を申請する必要はありません。"), "warning")
    return redirect(url_for("organization.profile"))


def _submit_page(organization: Organization, form: Form, banner: str) -> str:
    city = cities.get(db.session())
    return render_template(
        "organization/submit.html",
        organization=organization,
        form=form,
        tasks=organization_text.tasks(organization),
        parts=[
            (part, organization_text.rows(organization, part, city)) for part in SECTIONS[organization.kind]
        ],
        is_complete=organization_profile.is_complete(organization),
        banner=banner,
    )


@blueprint.get("/profile/submitted")
@access.allow("member")
def submitted() -> Page:
    """The application was received: what happens next, and by when."""
    organization = _own()
    if not organization.is_submitted:
        return redirect(url_for("organization.profile"))
    return render_template("organization/submitted.html", organization=organization)


# ── Leaving ──────────────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/profile/leave", methods=["GET", "POST"])
@access.allow("member")
def leave() -> Page:
    """End the use of the service, with one coded reason."""
    organization, deed = _own(), organization_acts.deactivate
    form = forms.LeaveForm(data={"version": organization.version})
    form.offer_reasons(deed.reasons)

    def left(_organization: Organization) -> str:
        access.sign_out()  # its accounts open no page from now on
        return str(_("利用を終了し、公開中の内容を取り下げました。ご利用ありがとうございました。"))

    return ActPage(
        deed=deed,
        form=form,
        record=organization,
        find=_own,
        ask=lambda organization, banner: render_template(
            "organization/leave.html",
            organization=organization,
            form=form,
            cases=case_reads.open_cases_of(db.session(), organization),
            banner=banner,
        ),
        overtaken=organization_text.overtaken,
        home=url_for("organization.profile"),
        answers=lambda: ((form.reason_code.data, form.reason_text.data or ""), {}),
        says=left,
        closed=lambda _organization: redirect(url_for("organization.profile")),
        leads_to=lambda _made: url_for("account.login"),
    ).answer()


# ── As others see it ─────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/organizations/<public_id>")
@access.allow("case_party")
def show(public_id: str) -> Page:
    """The profile as other members may see it: no personal data, and never the contact."""
    session, actor = db.session(), access.actor()
    organization = organization_reads.get_organization(session, actor, public_id)
    city = cities.get(session)
    parts = [
        (part, organization_text.shown_rows(organization, part, city)) for part in SECTIONS[organization.kind]
    ]
    needs = posting_reads.open_needs_of(session, actor, organization)
    return render_template(
        "organization/show.html",
        organization=organization,
        parts=[(part, rows) for part, rows in parts if rows],
        level=organization_profile.disclosure_level(organization),
        needs=needs,
        further=need_parts.counts(session, needs),
        offers=posting_reads.open_offers_of(session, organization),
        lessons=lessons.lessons_of(session, organization),
        is_own=actor.organization_id == organization.id,
        may_propose=beginning.may_approach(session, actor, organization, clock.now()),
    )
