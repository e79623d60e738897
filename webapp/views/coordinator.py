"""The coordinator's desk: what is to be done today, the lists, who was suggested how often, the record.

The pages of one organization, need or offer are registered on the same blueprint by their own modules.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.desk import exposure, noted, queues, unseen
from matcher.desk.lists import LISTS
from matcher.desk.lists.listing import PAGE_SIZE, DeskList
from matcher.ground.errors import MovedOn
from matcher.register import outbox
from matcher.register.act import Act
from webapp import access, asked, clock, db, desk_lists, mail_text, making, sheets, text, traces
from webapp.desk_lists import Setting
from webapp.forms import desk as forms

blueprint = Blueprint("coordinator", __name__)

#: Where each queue of the desk leads.
_QUEUES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "organizations": ("organizations", {"state": "submitted"}),
    "needs": ("needs", {"state": "in_review"}),
    "offers": ("offers", {"state": "in_review"}),
    "cases": ("cases", {"state": "coordinator_review"}),
    "agreements": ("cases", {"state": "agreement_review"}),
    "comments": ("", {"state": "waiting"}),
    "questions": ("questions", {"late": "yes"}),
    "at_rest": ("needs", {"late": "at_rest"}),
    **{code: ("cases", {"late": code}) for code in queues.WATCHED},
}
#: Where a deadline leads, if not to a case.
_DEADLINE_PAGES: Final = {
    "need": "coordinator.need",
    "offer": "coordinator.offer",
    "verification": "coordinator.organization",
}


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"detail_url": desk_lists.detail_url}


@blueprint.get("/desk", endpoint="desk")
@access.allow("staff")
def today() -> str:
    """What must I do today?"""
    session, actor, now = db.session(), access.actor(), clock.now()
    waiting = [(queue, _queue_url(queue.code)) for queue in queues.queues(session, actor, now)]
    needs_total, needs = unseen.needs(session, actor)
    never_total, never = unseen.organizations(session, actor)
    return render_template(
        "coordinator/desk.html",
        queues=waiting,
        unpromised=queues.UNPROMISED,
        needs=needs,
        needs_total=needs_total,
        never=never,
        never_total=never_total,
        deadlines=queues.deadlines(session, actor, now),
        deadline_pages=_DEADLINE_PAGES,
        spread=unseen.spread(session, actor),
        undeliverable=outbox.undeliverable(session, actor),
        mail_acts=outbox,
        failures=mail_text.FAILURES,
    )


@blueprint.post("/desk/mails/<int(max=2147483647):mail_id>/again")
@access.allow("staff")
def send_mail_again(mail_id: int) -> Response:
    """Give what was given up to an address one more try."""
    return _treat_mail(outbox.send_again, mail_id)


@blueprint.post("/desk/mails/<int(max=2147483647):mail_id>/settled")
@access.allow("staff")
def settle_mail(mail_id: int) -> Response:
    """Note that the person was told otherwise."""
    return _treat_mail(outbox.settle, mail_id)


def _treat_mail(deed: Act, mail_id: int) -> Response:
    session, actor = db.session(), access.actor()
    mail = outbox.get(session, actor, mail_id)
    try:
        deed(session, actor, mail, clock.now())
    except MovedOn:
        flash(text.sentence("mail_done"), "warning")
    else:
        flash(_(deed.words.done), "success")
    return redirect(url_for("coordinator.desk", _anchor="mails"))


def _queue_url(code: str) -> str:
    name, conditions = _QUEUES[code]
    return url_for(f"coordinator.{name}" if name else "desk_work.comments", **conditions)


def _exposure_panels() -> dict[str, Any]:
    panels = exposure.panel(db.session(), access.actor(), clock.now())
    return {"panels": panels, "ages": exposure.AGES}


#: list → the page around it, where that is not the plain one, and what else stands there
_AROUND: Final[Mapping[str, tuple[str, Callable[[], dict[str, Any]]]]] = {
    "organizations": ("coordinator/organizations.html", dict),
    "exposure": ("coordinator/exposure.html", _exposure_panels),
}
#: what one must be allowed to do → audience of a page
_AUDIENCES: Final = {"desk.view": "staff", "audit.view": "account_admin"}


def _serve(wanted: DeskList) -> None:
    """The page of a list and, exactly as it is filtered and sorted there, its files."""
    allowed = access.allow(_AUDIENCES[wanted.seen])

    @blueprint.get(f"/desk/{wanted.name}", endpoint=wanted.name)
    @allowed
    def page() -> str:
        return _list_page(wanted)

    @blueprint.get(f"/desk/{wanted.name}.<any(xlsx, csv):form>", endpoint=f"{wanted.name}_file")
    @allowed
    def file(form: str) -> Response:
        return _file(wanted, form)


def _list_page(wanted: DeskList) -> str:
    template, more = _AROUND.get(wanted.name, ("coordinator/list.html", dict))
    setting, form = _setting(), _filter_form(wanted)
    conditions, sort = form.conditions, asked.word("sort") or wanted.default_sort
    listing = wanted.fetch(
        db.session(),
        access.actor(),
        conditions,
        setting.now,
        sort=sort,
        page=asked.page(),
    )
    return render_template(
        template,
        **more(),
        wanted=wanted,
        listing=listing,
        columns=wanted.columns,
        lists=desk_lists,
        filter=form,
        conditions=conditions,
        sort=sort,
        setting=setting,
        here=f"coordinator.{wanted.name}",
        file_url=lambda form, **more: _file_url(wanted, form, conditions, sort, **more),
    )


def _file_url(wanted: DeskList, form: str, conditions: dict[str, str], sort: str, **more: str) -> str:
    values: dict[str, Any] = {**conditions, **more, "sort": sort}
    return url_for(f"coordinator.{wanted.name}_file", form=form, **values)


def _file(wanted: DeskList, form: str) -> Response:
    if kept := making.fetched():
        return kept
    setting, filter_form = _setting(), _filter_form(wanted)
    conditions = filter_form.conditions
    if wanted.label is not None and (selected := asked.several("selected", PAGE_SIZE)):
        conditions["selected"] = ",".join(selected)
    sort = asked.word("sort") or wanted.default_sort
    charset = asked.word("charset") or "utf-8"
    if charset not in {"utf-8", "cp932"}:
        abort(404)
    first = wanted.fetch(db.session(), access.actor(), conditions, setting.now, sort=sort, page=1)
    columns = desk_lists.saved_columns(wanted, conditions)
    if first.total * len(columns) > making.MOST_CELLS:
        making.begin()  # a big one is gathered by one request at a time
    listing = wanted.fetch(db.session(), access.actor(), conditions, setting.now, sort=sort, page=None)
    # No list leaves the house without its line in the record (T20).
    note = noted.export_note(
        access.actor(), wanted.name, len(listing.rows), conditions, setting.now, form=form
    )
    sheet = desk_lists.as_sheet(
        wanted,
        columns,
        listing,
        setting,
        filter_form.conditions_in_words,
        selected="selected" in conditions,
    )
    if form == "xlsx":
        return making.book(sheets.file_name(sheet, form), sheet, note=note)
    answer = sheets.download(sheet, form, charset)
    traces.leave_note(note)
    return answer


def _setting() -> Setting:
    return Setting(cities.get(db.session()), access.actor(), clock.now())


def _filter_form(wanted: DeskList) -> Any:
    form = forms.form_of(wanted.name)(request.args, prefix="")
    form.offer_choices(cities.get(db.session()))
    return form


for _one in LISTS.values():
    _serve(_one)
