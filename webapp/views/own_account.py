"""One's own account: name, password, signed-in browsers, notices."""

from flask import abort, current_app, flash, g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.ground.errors import Invalid, MovedOn
from matcher.people import (
    accounts,
    choosing,
    closing,
    memberships,
    sessions,
)
from matcher.records import Membership
from matcher.register import inbox, notices
from webapp import access, asked, clock, context, db, notice_text, noticed, text
from webapp.forms import account as forms
from webapp.views.account import Page, blueprint, page


@blueprint.route("/account", methods=["GET", "POST"])
@access.allow("signed_in")
def settings() -> Page:
    """Name, notices, password and signed-in browsers."""
    session, actor = db.session(), access.actor()
    user = accounts.own_account(session, actor)
    form = forms.SettingsForm(data={"name": user.name, "notify": user.notify, "version": user.version})
    banner = ""
    if form.validate_on_submit():
        try:
            accounts.change_settings(
                session,
                actor,
                name=form.name.data,
                notify=form.notify.data,
                now=clock.now(),
                version=form.shown_version,
            )
        except MovedOn:
            form.version.data, banner = user.version, text.sentence("moved_on")
        else:
            flash(_("変更を保存しました。"), "success")
            return redirect(url_for("account.settings"))
    here = access.session_id()
    browsers = [
        {
            "agent": _agent_words(row.user_agent),
            "seen": row.last_seen_at,
            "here": sessions.is_same_session(row, here),
        }
        for row in sessions.list_sessions(session, actor)
    ]
    return page(
        "settings", form, banner, user=user, sessions=browsers, several=bool(actor.elsewhere),
        offered=sum(one.is_offered for one in user.memberships),
        idle_minutes=current_app.config["SETTINGS"].session_idle_minutes,
    )  # fmt: skip


@blueprint.get("/account/organizations")
@access.allow("member")
def organizations() -> Page:
    """In whose name one works, and what one has been offered."""
    user = accounts.own_account(db.session(), access.actor())
    offered = [one for one in user.memberships if one.is_offered]
    return page("organizations", seats=user.seats, offered=offered, labels=forms)


@blueprint.post("/account/organizations/<public_id>/join")
@access.allow("member")
def join(public_id: str) -> Response:
    """Confirm what an organization has offered, and go on in its name."""
    membership = _offer(public_id)
    memberships.confirm(db.session(), membership.user, membership, clock.now(), g.request_id)
    access.act_as(membership.user, public_id)
    flash(
        _("「%(organization)s」への参加を確かめました。", organization=membership.organization.name),
        "success",
    )
    return redirect(context.home_url(access.actor()))


@blueprint.post("/account/organizations/<public_id>/decline")
@access.allow("member")
def decline(public_id: str) -> Response:
    """Do not take what an organization has offered."""
    membership = _offer(public_id)
    memberships.decline(db.session(), access.actor(), membership, clock.now())
    flash(_(memberships.decline.words.done, organization=membership.organization.name), "success")
    return redirect(url_for("account.organizations"))


def _offer(public_id: str) -> Membership:
    return memberships.get_offer(db.session(), access.actor(), public_id)


@blueprint.route("/account/close", methods=["GET", "POST"])
@access.allow("member")
def close() -> Page:
    """Ask once more, then end all memberships and close one's own account."""
    session, actor = db.session(), access.actor()
    user = accounts.own_account(session, actor)
    form = forms.CloseForm(data={"version": user.version})
    if form.validate_on_submit():
        closing.close_own(session, actor, user, clock.now(), version=form.shown_version)
        access.sign_out()
        flash(_(closing.close_own.words.done), "success")
        return redirect(url_for("account.login"))
    served = [one.organization.name for one in user.memberships if one.is_current]
    return page(
        "close", form, user=user, own=True, held=(), seat_name="", ends_account=True, served=served,
        label=closing.close_own.words.button,
        here=url_for("account.close"), back=url_for("account.settings"),
    )  # fmt: skip


@blueprint.route("/account/password", methods=["GET", "POST"])
@access.allow("signed_in")
def password() -> Page:
    """Change one's own password."""
    actor, now, form = access.actor(), clock.now(), forms.ChangePasswordForm()
    with db.reading() as session:
        user, city = accounts.own_account(session, actor), cities.get(session)
    if form.validate_on_submit():
        try:
            # Counted before anything is worked out: estimating a password takes long, too.
            with db.aside() as counting:
                credentials = choosing.admit_password_change(counting, actor, now)
            stored = choosing.new_password_hash(user, form.password.data, city)
            choosing.check_present_password(credentials, form.current.data)
        except Invalid as error:
            form.take(error)
        else:
            here = access.session_id() or ""
            choosing.change_password(db.session(), actor, credentials, stored, here, now)
            flash(_("パスワードを変更しました。ほかの端末はログアウトされました。"), "success")
            return redirect(url_for("account.settings"))
    return page("password", form, user=user)


@blueprint.post("/account/sessions/end")
@access.allow("signed_in")
def end_sessions() -> Response:
    """Sign out everywhere but here."""
    sessions.end_other_sessions(db.session(), access.actor(), access.session_id() or "", clock.now())
    flash(_("ほかの端末をログアウトしました。"), "success")
    return redirect(url_for("account.settings"))


# ── Notices ─────────────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/notices", endpoint="notices")
@access.allow("signed_in")
def list_notices() -> Page:
    """What happened, by the record that it is about; the latest first."""
    listing = inbox.groups(db.session(), access.actor(), asked.page())
    return page("notices", listing=listing, headed=[notice_text.headed(group) for group in listing.rows])


@blueprint.get("/notices/<object_type>/<object_id>")
@access.allow("signed_in")
def notices_of(object_type: str, object_id: str) -> Page:
    """All that one was told of a record."""
    listing = inbox.told_of(db.session(), access.actor(), object_type, object_id, asked.page())
    if not listing.total:
        abort(404)
    told = [notice_text.line(notice) for notice in listing.rows]
    return page(
        "notices_of", listing=listing, told=told, title=notice_text.title(listing.rows[0]),
        url=noticed.url_of(object_type, object_id),
    )  # fmt: skip


@blueprint.post("/notices/<object_type>/<object_id>/read")
@access.allow("signed_in")
def read_notices_of(object_type: str, object_id: str) -> Response:
    """Note that all of one record were read."""
    session, actor = db.session(), access.actor()
    if not inbox.told_of(session, actor, object_type, object_id).total:
        abort(404)
    notices.mark_read(session, actor, (object_type, object_id), clock.now())
    return redirect(url_for("account.notices"))


@blueprint.post("/notices/read")
@access.allow("signed_in")
def read_notices() -> Response:
    """Note that all were read."""
    notices.mark_all_read(db.session(), access.actor(), clock.now())
    return redirect(url_for("account.notices"))


def _agent_words(agent: str) -> str:
    """「Windows の Edge」: enough to recognise one's own browser, nothing more."""
    systems = (("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"))
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    system = next(
        (name for mark, name in (*systems, ("Mac OS", "Mac"), ("Linux", "Linux")) if mark in agent), ""
    )
    browser = next((name for mark, name in browsers if mark in agent), "")
    if system and browser:
        return str(_("%(system)sの%(browser)s", system=system, browser=browser))
    return system or browser or str(_("不明な端末"))
