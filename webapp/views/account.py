"""Signing in and out, registering, choosing a password by a link; the blueprint of all pages of accounts."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.ground.errors import Invalid
from matcher.people import (
    accounts,
    beginning,
    choosing,
    links,
    memberships,
    registration_codes,
    sessions,
    signing_in,
)
from matcher.records import Membership, User
from webapp import access, asked, bodies, clock, context, db, demo, devices, kept
from webapp.forms import account as forms
from webapp.forms.base import Form

blueprint = Blueprint("account", __name__)

Page = Response | tuple[str, int]


def page(template: str, form: Any = None, banner: str = "", **facts: Any) -> Page:
    refused = form is not None and form.errors
    page = render_template(f"account/{template}.html", form=form, banner=banner, **facts)
    return page, 409 if banner else (422 if refused else 200)


def public_url() -> str:
    """The configured address, never the request's Host header: it goes into mails (T13)."""
    return str(current_app.config["SETTINGS"].public_url)


def _enter(user: User) -> None:
    """Sign this browser in as ``user`` under a new id; an earlier session of it ends."""
    now, session, earlier = clock.now(), db.session(), access.session_id()
    if earlier is not None:
        sessions.end_session(session, access.actor(), earlier, now)
    agent = request.headers.get("User-Agent", "")
    access.sign_in(
        sessions.start_session(session, user, now, user_agent=agent, request_id=g.request_id), user
    )


# ── Signing in and out ──────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/login", methods=["GET", "POST"])
@access.allow("public", body=bodies.TEXT)
def login() -> Page:
    """Sign in with address and password."""
    wanted, asked_anew = request.args.get("next"), kept.carried() and "email" not in request.form
    form = forms.LoginForm(formdata=None) if asked_anew else forms.LoginForm()
    if request.method == "GET" and access.actor().is_authenticated:
        return redirect(access.local_path(wanted) or context.home_url(access.actor()))
    if not asked_anew and form.validate_on_submit():
        now = clock.now()
        with db.aside() as counting:
            credentials = signing_in.admit_login(
                counting, form.email.data, access.network(), now, devices.known()
            )
        user = signing_in.authenticate(db.session(), credentials, form.password.data, now, g.request_id)
        if user is not None:
            devices.remember(user)
            _enter(user)
            return _go_on(wanted)
        db.keep()  # the failed try stays in the audit
        form.password.errors = [_("メールアドレスまたはパスワードが違います。もう一度入力してください。")]
    return page("login", form, next=wanted, sealed=kept.carried(), had_files=False)


@blueprint.post("/logout")
@access.allow("signed_in")
def logout() -> Response:
    """Sign this browser out."""
    sessions.end_session(db.session(), access.actor(), access.session_id() or "", clock.now())
    access.sign_out()
    flash(_("ログアウトしました。"), "success")
    return redirect(url_for("account.login"))


@blueprint.post("/demo/enter")
@access.allow("public", body=bodies.TEXT)
def enter_demo() -> Page:
    """Enter as one of the demo city's people."""
    session, role = db.session(), request.form.get("role", "")
    if role not in demo.ROLES or not demo.is_on(cities.get(session)):
        abort(404)
    _enter(signing_in.demo_user(session, role))
    return _go_on()


@blueprint.post("/account/switch")
@access.allow("signed_in", body=bodies.TEXT)
def switch() -> Page:
    """Go on in the name of another organization: with what was being filled in, or at its home."""
    session, public_id = db.session(), request.form.get("organization", "")
    user = accounts.own_account(session, access.actor())
    seat = memberships.choose(session, user, public_id, clock.now())
    access.act_as(user, public_id)
    flash(_("「%(organization)s」に切り替えました。", organization=seat.organization.name), "success")
    return _go_on(request.form.get("next"))


@blueprint.get("/as/<public_id>")
@access.allow("signed_in")
def open_as(public_id: str) -> Page:
    """Open a page in the name of the organization to which a mail was written, if one serves it."""
    user = accounts.own_account(db.session(), access.actor())
    access.act_as(user, public_id)
    return _go_on(request.args.get("next"))


def _go_on(wanted: str | None = None) -> Page:
    """Go on after signing in: to what was being filled in, to the page that was asked for, or home."""
    sealed, actor = kept.carried(), access.actor()
    if sealed and (seat := kept.other_name(actor, sealed)) is not None:
        access.act_as(accounts.own_account(db.session(), actor), seat.public_id)
        actor = access.actor()
    found = kept.opened(sealed, actor) if sealed else None
    if found is not None:
        db.keep()
        return page("kept", kept=found, sealed=sealed)
    if sealed:
        kept.say_gone()
    return redirect(access.local_path(wanted) or context.home_url(actor))


# ── Registering, links from mails ───────────────────────────────────────────────────────────────────────


@blueprint.route("/register", methods=["GET", "POST"])
@access.allow("public")
def register() -> Page:
    """Begin an organization; the rest follows once the address is confirmed.

    A link for one side leads here with its ``kind`` chosen.
    """
    form = forms.RegisterForm(data={"kind": asked.word("kind")})
    if form.validate_on_submit():
        try:
            if not form.homepage.data:
                _take_registration(form)
        except Invalid as error:
            form.take(error)
        else:
            return redirect(url_for("account.register_sent"))
    return page("register", form)


def _take_registration(form: forms.RegisterForm) -> None:
    now, code, network = clock.now(), form.registration_code.data or "", access.network()
    if code:
        with db.aside() as counting:
            wrong = registration_codes.refusal(counting, code, now, network=network)
        if wrong:
            raise Invalid(registration_code=wrong)
    beginning.register_organization(
        db.session(),
        kind=form.kind.data,
        organization_name=form.organization_name.data,
        name=form.name.data,
        email=form.email.data,
        now=now,
        network=network,
        code=code,
        request_id=g.request_id,
    )


@blueprint.get("/register/sent")
@access.allow("public")
def register_sent() -> Page:
    """Look into your mailbox; the same whether or not the address was known."""
    return page("register_sent")


@blueprint.route("/activate/<token>", methods=["GET", "POST"])
@access.allow("public")
def activate(token: str) -> Page:
    """Choose the first password."""
    return _choose_password("activate", token)


@blueprint.route("/reset", methods=["GET", "POST"])
@access.allow("public")
def forgot() -> Page:
    """Ask for a link with which to choose a new password."""
    form = forms.ForgotForm()
    if form.validate_on_submit():
        beginning.request_reset(
            db.session(),
            email=form.email.data,
            now=clock.now(),
            network=access.network(),
            request_id=g.request_id,
        )
        return redirect(url_for("account.forgot_sent"))
    return page("forgot", form)


@blueprint.get("/reset/sent")
@access.allow("public")
def forgot_sent() -> Page:
    """Look into your mailbox; the same whether or not the address was known."""
    return page("forgot_sent")


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@access.allow("public")
def reset(token: str) -> Page:
    """Choose a new password."""
    return _choose_password("reset", token)


def _choose_password(purpose: links.Purpose, token: str) -> Page:
    now, form = clock.now(), forms.PasswordForm()
    with db.reading() as session:
        user, city = links.find_link_user(session, purpose, token, now), cities.get(session)
        offered = links.find_offer(session, token, now) if purpose == "activate" else None
    if user is None:
        return render_template("account/link_gone.html", purpose=purpose), 404
    if offered is not None and user.is_active:
        return _join(token, offered)
    if form.validate_on_submit():
        act = choosing.activate if purpose == "activate" else choosing.reset
        try:
            stored = choosing.new_password_hash(user, form.password.data, city)
        except Invalid as error:
            form.take(error)
        else:
            devices.remember(act(db.session(), token, stored, now, g.request_id))
            flash(_("パスワードを設定しました。ログインしてください。"), "success")
            return redirect(url_for("account.login"))
    return page("choose_password", form, purpose=purpose, user=user, token=token)


def _join(token: str, offered: Membership) -> Page:
    """Confirm what another organization offered; the password stays as it is."""
    form = Form()
    if form.validate_on_submit():
        membership = memberships.join(db.session(), token, clock.now(), g.request_id)
        name = membership.organization.name
        if access.actor().user_id != membership.user_id:
            flash(
                _("「%(organization)s」への参加を確かめました。ログインしてください。", organization=name),
                "success",
            )
            return redirect(url_for("account.login"))
        access.act_as(membership.user, membership.organization.public_id)
        flash(_("「%(organization)s」への参加を確かめました。", organization=name), "success")
        return redirect(context.home_url(access.actor()))
    return page("join", form, offered=offered, token=token, labels=forms)
