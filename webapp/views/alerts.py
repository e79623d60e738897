"""What is new and fits: the list, how one wants to hear of it, saved conditions, stopping it from a mail."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.alerts import choosing, reads, searches
from matcher.city import cities
from matcher.ground.errors import Invalid
from webapp import access, alert_text, clock, db
from webapp.forms import alerts as forms
from webapp.forms.finding import BrowseForm, as_typed

blueprint = Blueprint("alerts", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get("/fits")
@access.allow("member")
def index() -> Page:
    """新しく合うもの: what is new to the person and still stands, the best first."""
    session = db.session()
    fresh = reads.unseen(session, access.actor())
    return render_template("alerts/index.html", fresh=fresh, searches=reads.names_of(session, fresh))


@blueprint.post("/fits/seen")
@access.allow("member")
def seen() -> Response:
    """Note that all were seen."""
    reads.mark_seen(db.session(), access.actor(), clock.now())
    flash(_("すべて確認済みにしました。"), "success")
    return redirect(url_for("alerts.index"))


@blueprint.route("/account/alerts", methods=["GET", "POST"])
@access.allow("member")
def settings() -> Page:
    """From which fit on one hears, how often by mail, and the saved conditions."""
    session, actor = db.session(), access.actor()
    seat = choosing.own_seat(session, actor)
    form = forms.AlertsForm(data={"bar": seat.alert_bar, "rhythm": seat.alert_rhythm})
    if form.validate_on_submit():
        choosing.change(session, actor, bar=form.bar.data, rhythm=form.rhythm.data, now=clock.now())
        flash(_("変更を保存しました。"), "success")
        return redirect(url_for("alerts.settings"))
    kept = searches.own(session, actor)
    page = render_template(
        "alerts/settings.html", form=form, searches=[(one, _in_words(one.conditions)) for one in kept],
        hits=searches.hits_of(session, kept),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.route("/searches/new", methods=["GET", "POST"])
@access.allow("member")
def search_new() -> Page:
    """Keep the conditions of the address under a name."""
    session, actor, browsed = db.session(), access.actor(), _browse(request.args)
    words = [f"{one.label}：{one.words}" for one in browsed.in_words]
    form = forms.SearchNameForm(data={"name": "、".join(words)[: searches.NAME]})
    if form.validate_on_submit():
        try:
            searches.save(session, actor, form.name.data, browsed.wanted.as_dict(), clock.now())
        except Invalid as error:
            form.take(error)
        else:
            flash(_("条件を保存しました。新しく合うものが公開されると、お知らせします。"), "success")
            return redirect(url_for("alerts.settings"))
    asked: dict[str, Any] = {**browsed.conditions}
    here = url_for("alerts.search_new", **asked)
    return _named(form, words, here, _("条件を保存する"), is_empty=not browsed.conditions)


@blueprint.route("/searches/<public_id>", methods=["GET", "POST"])
@access.allow("member")
def search(public_id: str) -> Page:
    """Give saved conditions another name."""
    session, actor = db.session(), access.actor()
    found = searches.get(session, actor, public_id)
    form = forms.SearchNameForm(data={"name": found.name})
    if form.validate_on_submit():
        searches.rename(session, actor, found, form.name.data, clock.now())
        flash(_("変更を保存しました。"), "success")
        return redirect(url_for("alerts.settings"))
    here = url_for("alerts.search", public_id=public_id)
    return _named(form, _in_words(found.conditions), here, _("条件の名前を変える"))


def _named(
    form: forms.SearchNameForm, words: list[str], here: str, heading: str, *, is_empty: bool = False
) -> Page:
    """``is_empty``: there is nothing to keep, and the way to the list takes the place of the form."""
    page = render_template(
        "alerts/search.html", form=form, words=words, here=here, heading=heading, is_empty=is_empty
    )
    return page, 422 if form.errors else 200


@blueprint.post("/searches/<public_id>/<any(pause, resume, delete):action>")
@access.allow("member")
def search_act(public_id: str, action: str) -> Response:
    """Let it rest, let it find again, or forget it."""
    session, actor = db.session(), access.actor()
    found = searches.get(session, actor, public_id)
    do, said = {
        "pause": (searches.pause, _("「%(name)s」のお知らせを止めました。", name=found.name)),
        "resume": (searches.resume, _("「%(name)s」のお知らせを再開しました。", name=found.name)),
        "delete": (searches.delete, _("「%(name)s」を消しました。", name=found.name)),
    }[action]
    do(session, actor, found, clock.now())
    flash(said, "success")
    return redirect(url_for("alerts.settings"))


@blueprint.route("/alerts/stop/<token>", methods=["GET", "POST"])
@access.allow("public")
def stop(token: str) -> Page:
    """Stop a digest from its mail without signing in: a page with one button, or a mail program's click."""
    wanted = alert_text.read(current_app.config["SETTINGS"].secret_key, token)
    if wanted is None:
        abort(404)
    session = db.session()
    found = choosing.find_stop(session, *wanted)
    if found is not None and request.method == "POST":
        choosing.stop(session, *found, clock.now(), g.request_id)
        db.keep()  # the answer is a page: a mail program follows no redirect
    return render_template("alerts/stop.html", found=found, is_done=request.method == "POST", token=token)


def _browse(conditions: Any) -> BrowseForm:
    form = BrowseForm(conditions)
    form.offer_choices(cities.get(db.session()))
    if access.actor().organization_kind == "npo":
        form.ask_for_offers()
    return form


def _in_words(conditions: Any) -> list[str]:
    return [f"{one.label}：{one.words}" for one in _browse(as_typed(conditions)).in_words]
