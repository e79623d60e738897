"""Other people's accounts: the members of an organization, the city's staff."""

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.ground import permissions
from matcher.ground.errors import Invalid, MovedOn, TooFast, TooMany
from matcher.people import (
    accounts,
    closing,
    memberships,
    open_work,
    staff,
)
from matcher.records import Membership, User
from matcher.register import act, outbox, receipts
from matcher.register.act import Act
from webapp import access, asked, clock, context, db, mail_text, text
from webapp.forms import account as forms
from webapp.forms.base import Form, SearchForm
from webapp.views.account import Page, blueprint, page, public_url

MEMBERS_PER_PAGE = 50


@blueprint.get("/account/members")
@access.allow("member")
def members() -> Page:
    """The people of one's own organization."""
    return page("members", people=memberships.list_members(db.session(), access.actor()), labels=forms)


@blueprint.route("/account/members/invite", methods=["GET", "POST"])
@access.allow("member")
def invite() -> Page:
    """Invite a person into one's own organization."""
    permissions.require(access.actor(), "members.manage")
    form = forms.InviteForm()
    if form.validate_on_submit():
        try:
            memberships.invite_member(
                db.session(),
                access.actor(),
                email=form.email.data,
                name=form.name.data,
                role=form.role.data,
                now=clock.now(),
                public_url=public_url(),
            )
        except Invalid as error:
            db.keep()  # the counted try, lest addresses be tried out here
            form.take(error)
        except (TooMany, TooFast) as error:
            form.email.errors = [text.sentence(error.code, error.facts)]
        else:
            flash(_("%(name)sさんに招待のメールを送りました。", name=form.name.data), "success")
            return redirect(url_for("account.members"))
    return page("invite", form)


@blueprint.get("/staff", endpoint="staff")
@access.allow("account_admin")
def list_staff() -> Page:
    """The city's staff, and the members of all organizations."""
    session, actor = db.session(), access.actor()
    search = SearchForm(request.args)
    people, total, number = staff.search_members(
        session, actor, search.words, page=asked.page(), size=MEMBERS_PER_PAGE
    )
    colleagues = staff.list_staff(session, actor)
    return page(
        "staff",
        staff=colleagues,
        people=people,
        unreached=outbox.unreached(
            session, [*(one.email for one in colleagues), *(one.user.email for one in people)]
        ),
        total=total,
        page=number,
        pages=max(1, -(-total // MEMBERS_PER_PAGE)),
        first=(number - 1) * MEMBERS_PER_PAGE + 1,
        last=min(number * MEMBERS_PER_PAGE, total),
        search=search,
        labels=forms,
    )


@blueprint.route("/staff/invite", methods=["GET", "POST"])
@access.allow("account_admin")
def invite_staff() -> Page:
    """Open an account for a colleague."""
    actor, form = access.actor(), forms.StaffForm()
    form.role.choices = [(role, forms.STAFF_MEANINGS[role]) for role in staff.staff_roles(actor)]
    if form.validate_on_submit():
        try:
            staff.create_staff(
                db.session(),
                actor,
                email=form.email.data,
                name=form.name.data,
                role=form.role.data,
                now=clock.now(),
                public_url=public_url(),
            )
        except Invalid as error:
            form.take(error)
        else:
            flash(_("%(name)sさんに招待のメールを送りました。", name=form.name.data), "success")
            return redirect(url_for("account.staff"))
    return page("invite_staff", form)


@blueprint.route("/account/people/<public_id>", methods=["GET", "POST"])
@access.allow("signed_in")
def person(public_id: str) -> Page:
    """One account: its role in the organization, a new link by mail, the end of it."""
    session, actor = db.session(), access.actor()
    seat, user = _found(public_id)
    form = forms.RoleForm(data={"role": seat.role, "version": seat.version} if seat is not None else {})
    banner = ""
    if seat is not None and form.validate_on_submit():
        try:
            memberships.change_role(
                session, actor, seat, form.role.data, clock.now(), version=form.shown_version
            )
        except MovedOn:
            form.version.data, banner = seat.version, text.sentence("moved_on")
        else:
            flash(_(memberships.change_role.words.done, name=seat.name), "success")
            return redirect(_people_url())
    ending = _ending(seat, user)
    return page(
        "person", form, banner, user=user, seat=seat, labels=forms, deeds=memberships, list_url=_people_url(),
        actions=act.open_to(session, actor, seat or user, clock.now()), ending=ending.name,
        served=[seat] if seat is not None else [one for one in user.memberships if one.ended_at is None],
        unreached=outbox.unreached(session, [user.email]).get(user.email), failures=mail_text.FAILURES,
    )  # fmt: skip


@blueprint.post("/account/people/<public_id>/link")
@access.allow("signed_in")
def person_link(public_id: str) -> Response:
    """Mail the person a link for choosing a password, once for each time the page was opened."""
    session, actor, now, form = db.session(), access.actor(), clock.now(), Form()
    here = url_for("account.person", public_id=public_id)
    if receipts.earlier(session, actor, form.form_id.data) is not None:
        return redirect(here)
    seat, user = _found(public_id)
    if not form.validate():
        abort(400)
    if seat is not None:
        memberships.send_link(session, actor, seat, public_url(), now)
    else:
        staff.send_link(session, actor, user, public_url(), now)
    receipts.keep(session, actor, form.form_id.data, here, now)
    name = user.name if seat is None else seat.name
    flash(_(memberships.send_link.words.done, name=name), "success")
    return redirect(here)


@blueprint.route("/account/people/<public_id>/close", methods=["GET", "POST"])
@access.allow("signed_in")
def person_close(public_id: str) -> Page:
    """Ask once more, then end the membership in the organization, or, for the city, close the account."""
    session, actor = db.session(), access.actor()
    seat, user = _found(public_id)
    own = user.public_id == actor.user_public_id
    held = open_work.of(session, user)
    deed = _ending(seat, user)
    ends_account = seat is None or (own and closing.ends_account(seat))
    record = seat or user
    form = forms.CloseForm(data={"version": record.version})
    if not held and form.validate_on_submit():
        deed(session, actor, record, clock.now(), version=form.shown_version)
        done, onward = deed, _people_url()
        if own and user.is_active:
            access.act_as(user)
            onward = context.home_url(access.actor())
        elif own:
            access.sign_out()
            done, onward = closing.close_own, url_for("account.login")
        flash(_(done.words.done, organization=actor.organization_name), "success")
        return redirect(onward)
    banner = text.sentence("open_work", {"count": len(held)}) if held and form.is_submitted() else ""
    return page(
        "close", form, banner, user=user, own=own, held=held, seat_name="" if seat is None else seat.name,
        ends_account=ends_account,
        label=(closing.close_own if own and ends_account else deed).words.button,
        served=[one.organization.name for one in ([seat] if seat is not None else user.seats)],
        here=url_for("account.person_close", public_id=public_id),
        back=url_for("account.settings") if own else _people_url(),
    )  # fmt: skip


def _ending(seat: Membership | None, user: User) -> Act:
    """The act that ends the use: of the account, of one's own membership, of another's."""
    if seat is None:
        return closing.close_account
    return closing.leave if user.public_id == access.actor().user_public_id else closing.remove


def _found(public_id: str) -> tuple[Membership | None, User]:
    """The account, and the membership in one's own organization where one asks as its member."""
    session, actor = db.session(), access.actor()
    if actor.role == "member":
        seat = memberships.get(session, actor, public_id)
        return seat, seat.user
    return None, accounts.get_account(session, actor, public_id)


def _people_url() -> str:
    return url_for("account.members" if access.actor().role == "member" else "account.staff")
