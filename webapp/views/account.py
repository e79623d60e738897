"""Signing in and out, one's own account, the members of an organization, the city's staff."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.ground import permissions
from matcher.ground.errors import Invalid, MovedOn, TooFast, TooMany
from matcher.people import accounts, open_work
from matcher.records import Notice, User
from matcher.register import notices, outbox, receipts, sentences
from webapp import access, asked, bodies, clock, context, db, demo, devices, kept, text
from webapp.forms import account as forms
from webapp.forms.base import Form, SearchForm
from webapp.text import MAIL_FAILURES

blueprint = Blueprint("account", __name__)

Page = Response | tuple[str, int]

MEMBERS_PER_PAGE = 50


def _page(template: str, form: Any = None, banner: str = "", **facts: Any) -> Page:
    refused = form is not None and form.errors
    page = render_template(f"account/{template}.html", form=form, banner=banner, **facts)
    return page, 409 if banner else (422 if refused else 200)


def _public_url() -> str:
    """The configured address, never the request's Host header: it goes into mails (T13)."""
    return str(current_app.config["SETTINGS"].public_url)


def _enter(user: User) -> None:
    """Sign this browser in as ``user`` under a new id; an earlier session of it ends."""
    now, session, earlier = clock.now(), db.session(), access.session_id()
    if earlier is not None:
        accounts.end_session(session, access.actor(), earlier, now)
    agent = request.headers.get("User-Agent", "")
    access.sign_in(
        accounts.start_session(session, user, now, user_agent=agent, request_id=g.request_id), user
    )


# ── Signing in and out ───────────────────────────────────────────────────────────────────────────────


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
            credentials = accounts.admit_login(
                counting, form.email.data, access.network(), now, devices.known()
            )
        user = accounts.authenticate(db.session(), credentials, form.password.data, now, g.request_id)
        if user is not None:
            devices.remember(user)
            _enter(user)
            return _go_on(wanted)
        db.keep()  # the failed try stays in the audit
        form.password.errors = [_("メールアドレスまたはパスワードが違います。もう一度入力してください。")]
    return _page("login", form, next=wanted, sealed=kept.carried())


@blueprint.post("/logout")
@access.allow("signed_in")
def logout() -> Response:
    """Sign this browser out."""
    accounts.end_session(db.session(), access.actor(), access.session_id() or "", clock.now())
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
    _enter(accounts.demo_user(session, role))
    return _go_on()


def _go_on(wanted: str | None = None) -> Page:
    """Go on after signing in: to what was being filled in, to the page that was asked for, or home."""
    sealed, actor = kept.carried(), access.actor()
    found = kept.opened(sealed, actor) if sealed else None
    if found is not None:
        db.keep()
        return _page("kept", kept=found, sealed=sealed)
    if sealed:
        kept.say_gone()
    return redirect(access.local_path(wanted) or context.home_url(actor))


# ── Registering, links from mails ────────────────────────────────────────────────────────────────────


@blueprint.route("/register", methods=["GET", "POST"])
@access.allow("public")
def register() -> Page:
    """Begin an organization; the rest follows once the address is confirmed."""
    form = forms.RegisterForm()
    if form.validate_on_submit():
        if not form.homepage.data:
            accounts.register_organization(
                db.session(),
                kind=form.kind.data,
                organization_name=form.organization_name.data,
                name=form.name.data,
                email=form.email.data,
                now=clock.now(),
                network=access.network(),
                request_id=g.request_id,
            )
        return redirect(url_for("account.register_sent"))
    return _page("register", form)


@blueprint.get("/register/sent")
@access.allow("public")
def register_sent() -> Page:
    """Look into your mailbox; the same whether or not the address was known."""
    return _page("register_sent")


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
        accounts.request_reset(
            db.session(),
            email=form.email.data,
            now=clock.now(),
            network=access.network(),
            request_id=g.request_id,
        )
        return redirect(url_for("account.forgot_sent"))
    return _page("forgot", form)


@blueprint.get("/reset/sent")
@access.allow("public")
def forgot_sent() -> Page:
    """Look into your mailbox; the same whether or not the address was known."""
    return _page("forgot_sent")


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@access.allow("public")
def reset(token: str) -> Page:
    """Choose a new password."""
    return _choose_password("reset", token)


def _choose_password(purpose: accounts.Purpose, token: str) -> Page:
    now, form = clock.now(), forms.PasswordForm()
    with db.reading() as session:
        user, city = accounts.find_link_user(session, purpose, token, now), cities.get(session)
    if user is None:
        return render_template("account/link_gone.html", purpose=purpose), 404
    if form.validate_on_submit():
        act = accounts.activate if purpose == "activate" else accounts.reset
        try:
            stored = accounts.new_password_hash(user, form.password.data, city)
        except Invalid as error:
            form.take(error)
        else:
            devices.remember(act(db.session(), token, stored, now, g.request_id))
            flash(_("パスワードを設定しました。ログインしてください。"), "success")
            return redirect(url_for("account.login"))
    return _page("choose_password", form, purpose=purpose, user=user, token=token)


# ── One's own account ────────────────────────────────────────────────────────────────────────────────


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
    sessions = [
        {
            "agent": _agent_words(row.user_agent),
            "seen": row.last_seen_at,
            "here": accounts.is_same_session(row, here),
        }
        for row in accounts.list_sessions(session, actor)
    ]
    return _page("settings", form, banner, user=user, sessions=sessions)


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
                credentials = accounts.admit_password_change(counting, actor, now)
            stored = accounts.new_password_hash(user, form.password.data, city)
            accounts.check_present_password(credentials, form.current.data)
        except Invalid as error:
            form.take(error)
        else:
            here = access.session_id() or ""
            accounts.change_password(db.session(), actor, credentials, stored, here, now)
            flash(_("パスワードを変更しました。ほかの端末はログアウトされました。"), "success")
            return redirect(url_for("account.settings"))
    return _page("password", form, user=user)


@blueprint.post("/account/sessions/end")
@access.allow("signed_in")
def end_sessions() -> Response:
    """Sign out everywhere but here."""
    accounts.end_other_sessions(db.session(), access.actor(), access.session_id() or "", clock.now())
    flash(_("ほかの端末をログアウトしました。"), "success")
    return redirect(url_for("account.settings"))


# ── Other people's accounts ──────────────────────────────────────────────────────────────────────────


@blueprint.get("/account/members")
@access.allow("member")
def members() -> Page:
    """The people of one's own organization."""
    return _page("members", people=accounts.list_members(db.session(), access.actor()), labels=forms)


@blueprint.route("/account/members/invite", methods=["GET", "POST"])
@access.allow("member")
def invite() -> Page:
    """Invite a person into one's own organization."""
    permissions.require(access.actor(), "members.manage")
    form = forms.InviteForm()
    if form.validate_on_submit():
        try:
            accounts.invite_member(
                db.session(),
                access.actor(),
                email=form.email.data,
                name=form.name.data,
                role=form.role.data,
                now=clock.now(),
                public_url=_public_url(),
            )
        except Invalid as error:
            db.keep()  # the counted try, lest addresses be tried out here
            form.take(error)
        except (TooMany, TooFast) as error:
            form.email.errors = [text.sentence(error.code, error.facts)]
        else:
            flash(_("%(name)sさんに招待のメールを送りました。", name=form.name.data), "success")
            return redirect(url_for("account.members"))
    return _page("invite", form)


@blueprint.get("/staff")
@access.allow("account_admin")
def staff() -> Page:
    """The city's staff, and the members of all organizations."""
    session, actor = db.session(), access.actor()
    search = SearchForm(request.args)
    people, total, page = accounts.search_members(
        session, actor, search.words, page=asked.page(), size=MEMBERS_PER_PAGE
    )
    colleagues = accounts.list_staff(session, actor)
    return _page(
        "staff",
        staff=colleagues,
        people=people,
        unreached=outbox.unreached(session, [one.email for one in (*colleagues, *people)]),
        total=total,
        page=page,
        pages=max(1, -(-total // MEMBERS_PER_PAGE)),
        first=(page - 1) * MEMBERS_PER_PAGE + 1,
        last=min(page * MEMBERS_PER_PAGE, total),
        search=search,
        labels=forms,
    )


@blueprint.route("/staff/invite", methods=["GET", "POST"])
@access.allow("account_admin")
def invite_staff() -> Page:
    """Open an account for a colleague."""
    actor, form = access.actor(), forms.StaffForm()
    form.role.choices = [(role, forms.STAFF_MEANINGS[role]) for role in accounts.staff_roles(actor)]
    if form.validate_on_submit():
        try:
            accounts.create_staff(
                db.session(),
                actor,
                email=form.email.data,
                name=form.name.data,
                role=form.role.data,
                now=clock.now(),
                public_url=_public_url(),
            )
        except Invalid as error:
            form.take(error)
        else:
            flash(_("%(name)sさんに招待のメールを送りました。", name=form.name.data), "success")
            return redirect(url_for("account.staff"))
    return _page("invite_staff", form)


@blueprint.route("/account/people/<public_id>", methods=["GET", "POST"])
@access.allow("signed_in")
def person(public_id: str) -> Page:
    """One account: its owner's role, a new link by mail, closing it."""
    session, actor = db.session(), access.actor()
    user = accounts.get_account(session, actor, public_id)
    form = forms.RoleForm(data={"role": user.organization_role, "version": user.version})
    banner = ""
    if form.validate_on_submit():
        try:
            accounts.change_member_role(
                session, actor, public_id, form.role.data, clock.now(), version=form.shown_version
            )
        except MovedOn:
            form.version.data, banner = user.version, text.sentence("moved_on")
        else:
            flash(_("%(name)sさんの役割を変更しました。", name=user.name), "success")
            return redirect(_people_url())
    return _page(
        "person",
        form,
        banner,
        user=user,
        labels=forms,
        list_url=_people_url(),
        unreached=outbox.unreached(session, [user.email]).get(user.email),
        failures=MAIL_FAILURES,
    )


@blueprint.post("/account/people/<public_id>/link")
@access.allow("signed_in")
def person_link(public_id: str) -> Response:
    """Mail the person a link for choosing a password, once for each time the page was opened."""
    session, actor, now, form = db.session(), access.actor(), clock.now(), Form()
    here = url_for("account.person", public_id=public_id)
    if receipts.earlier(session, actor, form.form_id.data) is not None:
        return redirect(here)
    accounts.get_account(session, actor, public_id)
    if not form.validate():
        abort(400)
    user = accounts.send_link(session, actor, public_id, now, _public_url())
    receipts.keep(session, actor, form.form_id.data, here, now)
    flash(_("%(name)sさんに、パスワードを決めるためのメールを送りました。", name=user.name), "success")
    return redirect(here)


@blueprint.route("/account/people/<public_id>/close", methods=["GET", "POST"])
@access.allow("signed_in")
def person_close(public_id: str) -> Page:
    """Ask once more, then close the account."""
    session, actor = db.session(), access.actor()
    user = accounts.get_account(session, actor, public_id)
    own = user.public_id == actor.user_public_id
    held = open_work.of(session, user)
    form = forms.CloseForm(data={"version": user.version})
    if not held and form.validate_on_submit():
        accounts.deactivate_user(session, actor, public_id, clock.now(), version=form.shown_version)
        flash(_("アカウントを停止し、個人の情報を消しました。"), "success")
        if not own:
            return redirect(_people_url())
        access.sign_out()
        flash(_("退会の手続きが終わりました。ご利用ありがとうございました。"), "success")
        return redirect(url_for("account.login"))
    banner = text.sentence("open_work", {"count": len(held)}) if held and form.is_submitted() else ""
    return _page("close", form, banner, user=user, own=own, held=held, list_url=_people_url())


def _people_url() -> str:
    return url_for("account.members" if access.actor().role == "member" else "account.staff")


# ── Notices ──────────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/notices", endpoint="notices")
@access.allow("signed_in")
def list_notices() -> Page:
    """What happened, newest first."""
    found = notices.list_notices(db.session(), access.actor())
    return _page("notices", notices=[(one, *sentences.of(one, _), _about_url(one)) for one in found])


@blueprint.post("/notices/read")
@access.allow("signed_in")
def read_notices() -> Response:
    """Note that all were read."""
    notices.mark_all_read(db.session(), access.actor(), clock.now())
    return redirect(url_for("account.notices"))


def _about_url(notice: Notice) -> str | None:
    """The page of the record that a notice is about, for whoever is asking; ``None`` if there is none."""
    actor = access.actor()
    side = "coordinator" if actor.is_staff else actor.organization_kind or ""
    endpoint = {
        ("partnership", side): "cases.show",
        ("need", "npo"): "npo.need",
        ("need", "company"): "company.need",
        ("need", "coordinator"): "coordinator.need",
        ("offer", "company"): "company.offer",
        ("offer", "npo"): "npo.offer",
        ("offer", "coordinator"): "coordinator.offer",
        ("handover", "coordinator"): "desk_work.handover",
        ("organization", "coordinator"): "coordinator.organization",
        ("organization", "npo"): "organization.profile",
        ("organization", "company"): "organization.profile",
    }.get((notice.object_type, side))
    if endpoint is None or endpoint not in current_app.view_functions or not notice.object_id:
        return None
    if endpoint in {"organization.profile", "desk_work.handover"}:
        return url_for(endpoint)
    return url_for(endpoint, public_id=notice.object_id)


def _agent_words(agent: str) -> str:
    """「Windows の Edge」: enough to recognise one's own browser, nothing more."""
    systems = (("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"))
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    system = next(
        (name for mark, name in (*systems, ("Mac OS", "Mac"), ("Linux", "Linux")) if mark in agent), ""
    )
    browser = next((name for mark, name in browsers if mark in agent), "")
    if system and browser:
        return str(_("%(system)s の %(browser)s", system=system, browser=browser))
    return system or browser or str(_("不明な端末"))
