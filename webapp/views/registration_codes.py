"""The desk's page of codes for registration evenings, and the poster of one."""

from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.ground.errors import Invalid, MovedOn
from matcher.people import registration_codes as codes
from matcher.register import receipts
from webapp import access, clock, db, pdf, text
from webapp.forms import desk_work as forms

blueprint = Blueprint("registration_codes", __name__)

Page = Response | tuple[str, int]


@blueprint.route("/desk/registration-codes", methods=["GET", "POST"])
@access.allow("staff")
def index() -> Page:
    """The codes, and a form for a new one."""
    session, actor, now = db.session(), access.actor(), clock.now()
    form = forms.RegistrationCodeForm()
    here = url_for("registration_codes.index")
    if form.is_submitted() and receipts.earlier(session, actor, form.form_id.data):
        return redirect(here)
    if form.validate_on_submit():
        try:
            made = codes.make(
                session, actor, valid_on=form.valid_on.data, most_uses=form.most_uses.data, now=now
            )
        except Invalid as error:
            form.take(error)
        else:
            receipts.keep(session, actor, form.form_id.data, here, now)
            flash(_("登録会のコード %(code)s を作りました。", code=codes.readable(made)), "success")
            return redirect(here)
    rows = [(row, codes.readable(row), codes.standing(row, now)) for row in codes.listed(session, actor)]
    page = render_template("coordinator/registration_codes.html", form=form, rows=rows, end=codes.end.words)
    return page, 422 if form.errors else 200


@blueprint.post("/desk/registration-codes/<public_id>/end")
@access.allow("staff")
def end(public_id: str) -> Response:
    """Let nobody register with it any more."""
    session, actor = db.session(), access.actor()
    try:
        codes.end(session, actor, codes.get(session, actor, public_id), clock.now())
    except MovedOn:
        flash(text.field_sentence("done_already"), "warning")
    else:
        flash(_(codes.end.words.done), "success")
    return redirect(url_for("registration_codes.index"))


@blueprint.get("/desk/registration-codes/<public_id>.pdf")
@access.allow("staff")
def poster(public_id: str) -> Response:
    """One page to hang up at the evening."""
    session = db.session()
    found = codes.get(session, access.actor(), public_id)
    facts = _poster(codes.readable(found), found.valid_on, cities.get(session), clock.now())
    return pdf.download(facts["title"], "registration_code.html", facts)


def _poster(code: str, valid_on: Any, city: cities.City, now: datetime) -> dict[str, Any]:
    return {
        "title": str(_("団体・企業の登録のご案内")), "code": code, "valid_on": valid_on, "made_at": now,
        "address": f"{current_app.config['SETTINGS'].public_url}{url_for('account.register')}",
        "city": {"name": city.name, "section": city.section, "phone": city.phone},
    }  # fmt: skip
