"""What an organization does to its own needs and offers on their pages: begin, save, send, move, take down.

Both kinds go the same way; how their pages are drawn says the view of their side.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import abort, flash, redirect, render_template, request
from flask_babel import gettext as _

from matcher.ground.permissions import Actor
from matcher.organizations import reads as organization_reads
from matcher.postings import acts as posting_acts
from matcher.postings import drafts as posting_drafts
from matcher.postings import reads as posting_reads
from matcher.records import Need, Offer, Organization
from matcher.register import act, receipts
from webapp import access, clock, db, posting_text
from webapp.acts import ActPage, FormPage, Page
from webapp.forms.base import Form
from webapp.forms.posting import WithdrawForm

Posted = TypeVar("Posted", Need, Offer)
#: Draws a page: the record, and what stood in the way.
Draw = Callable[[Any, str], str]
Find = Callable[[], Any]


def need(public_id: str) -> Need:
    """One's own need; another's is not found."""
    return _own(posting_reads.get_need(db.session(), access.actor(), public_id))


def offer(public_id: str) -> Offer:
    """The same of an offer."""
    return _own(posting_reads.get_offer(db.session(), access.actor(), public_id))


def _own(found: Posted) -> Posted:
    if found.organization_id != access.actor().organization_id:
        abort(404)
    return found


def open_acts(found: Need | Offer) -> tuple[str, ...]:
    """What can be done to it now, for the buttons of its page."""
    return act.open_to(db.session(), access.actor(), found, clock.now())


def begin(
    new: Callable[[db.Session, Actor, Organization, datetime], Need | Offer], written: Callable[[str], str]
) -> Page:
    """Begin a draft once, however often it is asked for; ``written`` says where one goes on writing it."""
    session, actor, form = db.session(), access.actor(), Form()
    if (earlier := receipts.earlier(session, actor, form.form_id.data)) is not None:
        return redirect(earlier)
    if not form.validate():
        abort(400)
    found = new(session, actor, organization_reads.own_organization(session, actor), clock.now())
    location = written(found.public_id)
    receipts.keep(session, actor, form.form_id.data, location, clock.now())
    return redirect(location)


def save(
    form: Form, find: Find, draw: Draw, do: Callable[[Any], Any], onward: Callable[[Any], str], says: str = ""
) -> Page:
    """A page of the text; it may also be put aside as a draft. ``onward`` is by what ``do`` made."""
    found = find()
    is_put_aside = request.form.get("action") == "save"
    return FormPage(form=form, record=found, find=find, ask=draw, overtaken=posting_text.overtaken).save(
        lambda: do(found), onward, says=_("下書きに保存しました。") if is_put_aside else says
    )


def send(find: Find, draw: Callable[..., str], home: str, sent: str) -> Page:
    """Check what was written, then send it to the city."""
    found = find()
    form = Form(data={"version": found.version})

    def ask(found: Any, banner: str) -> str:
        problems = posting_drafts.problems(found, clock.now())
        return draw(
            found,
            form=form,
            problems={
                name: posting_text.problem(posting_drafts.kind_of(found), name, code)
                for name, code in problems.items()
            },
            banner=banner or _stale(form),
            hints=posting_drafts.personal_data_hints(found),
            refused=form.is_submitted(),
        )

    def closed(found: Any) -> Page:
        if form.is_submitted():
            flash(posting_text.overtaken(found), "warning")
        return redirect(home)

    return ActPage(
        deed=posting_acts.submit,
        form=form,
        record=found,
        find=find,
        ask=ask,
        overtaken=posting_text.overtaken,
        home=home,
        said_elsewhere=posting_text.labels(posting_drafts.kind_of(found)),
        says=lambda _found: "",
        closed=closed,
        leads_to=lambda _made: sent,
    ).answer()


def _stale(form: Form) -> str:
    """What is said of a form in which there is nothing to fill in."""
    words = _("画面を開いてから時間がたっています。内容を確かめて、もう一度送ってください。")
    return str(words) if form.errors else ""


def move(find: Find, action: str, draw: Draw, home: str, onward: str = "") -> Page:
    """A move of one click, from its page."""
    form, found = Form(), find()
    return ActPage(
        deed=act.get(type(found), action),
        form=form,
        record=found,
        find=find,
        ask=lambda found, banner: draw(found, banner or _stale(form)),
        overtaken=posting_text.overtaken,
        home=home,
        leads_to=lambda _made: onward,
    ).answer()


def withdraw(find: Find, home: str) -> Page:
    """Take it down, with a reason."""
    found = find()
    form = WithdrawForm(data={"version": found.version})
    return ActPage(
        deed=posting_acts.withdraw,
        form=form,
        record=found,
        find=find,
        ask=lambda found, banner: render_template(
            "postings/withdraw.html", posting=found, form=form, back=home, banner=banner
        ),
        overtaken=posting_text.overtaken,
        home=home,
        answers=lambda: ((form.reason_code.data or "", form.reason_text.data or ""), {}),
    ).answer()
