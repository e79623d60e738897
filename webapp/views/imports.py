"""Imports for city staff: template, upload, preview with what is wrong row by row, confirm or discard."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.city.cities import City
from matcher.ground.errors import MovedOn, Refused
from matcher.imports import acts as import_acts
from matcher.imports import checking, saving
from matcher.imports.columns import COLUMNS
from matcher.imports.tables import Unreadable
from matcher.jobs import tickets
from matcher.records import ImportBatch
from matcher.register import receipts
from webapp import access, asked, bodies, clock, db, import_text, making, sheets, text
from webapp.forms.imports import ConfirmForm, UploadForm

blueprint = Blueprint("imports", __name__)
blueprint.record_once(lambda setup: setup.app.jinja_env.globals.update(import_text=import_text))

Page = Response | str | tuple[str, int]

PREVIEW_ROWS = 10
SHOWN_PROBLEMS = 200  #: on the page, those to be mended first; the report has them all
AT_ONCE = 200  #: rows that this process registers itself, in a few seconds
WORKER_PATIENCE = timedelta(seconds=10)  #: more rows wait so long for the worker, before this process does it


@blueprint.get("/desk/imports")
@access.allow("staff")
def index() -> Page:
    """Templates, the upload, and what was imported lately."""
    return _index(UploadForm())


@blueprint.post("/desk/imports")
@access.allow("staff", body=bodies.FILE)
def upload() -> Page:
    """Read a file and show what it holds; nothing of it is registered yet."""
    form = UploadForm()
    actor, now = access.actor(), clock.now()
    with db.reading() as session:
        earlier = receipts.earlier(session, actor, form.form_id.data)
    if earlier is not None:
        return redirect(earlier)
    if not form.validate_on_submit():
        return _index(form)
    name = form.file.data.filename or ""
    try:
        with db.reading() as session:
            checked = checking.check_file(session, actor, form.kind.data, name, form.file.data.read(), now)
    except Unreadable as error:
        form.file.errors = [import_text.refusal(error)]
        return _index(form)
    session = db.session()
    # Asked again: while the file was read, the second send of a double click may have been quicker.
    earlier = receipts.earlier(session, actor, form.form_id.data)
    if earlier is not None:
        return redirect(earlier)
    batch = import_acts.keep(session, actor, name, checked, now)
    kept = url_for("imports.show", public_id=batch.public_id)
    receipts.keep(session, actor, form.form_id.data, kept, now)
    return redirect(kept)


def _index(form: UploadForm) -> Page:
    db.settle()
    session = db.session()
    page = render_template(
        "imports/index.html", form=form, batches=import_acts.recent(session, access.actor()),
        running=tickets.alive_keys(session, "import"),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@blueprint.get("/desk/imports/<public_id>")
@access.allow("staff")
def show(public_id: str) -> Page:
    """What an upload holds, what is wrong with it, and the choice to register or discard it."""
    batch = import_acts.get_batch(db.session(), access.actor(), public_id)
    return _show(batch, _confirm_form(batch, cities.get(db.session())))


@blueprint.post("/desk/imports/<public_id>/confirm")
@access.allow("staff", body=bodies.TEXT)
def confirm(public_id: str) -> Page:
    """Have the rows that can be taken registered; a few are by the time that the page is there."""
    # The rows are saved in transactions of their own, so this request must not hold one itself.
    with db.database().read() as session:
        batch, city = import_acts.get_batch(session, access.actor(), public_id), cities.get(session)
    form = _confirm_form(batch, city)
    if not form.validate_on_submit():
        return _show(batch, form)
    here = url_for("imports.show", public_id=public_id)
    try:
        with db.aside() as session:
            ticket = import_acts.ask_to_save(
                session, access.actor(), public_id, form.state.data, clock.now(), here, form.decided
            )
    except Refused as error:
        flash(text.sentence(error.code, error.facts), "warning")
        return redirect(here)
    if len(batch.rows) <= AT_ONCE:
        making.runner().nudge("import", clock.now())
        making.wait_for(ticket)
    return redirect(here)


@blueprint.post("/desk/imports/<public_id>/discard")
@access.allow("staff")
def discard(public_id: str) -> Page:
    """Throw the upload away."""
    batch = import_acts.get_batch(db.session(), access.actor(), public_id)
    try:
        import_acts.discard(db.session(), access.actor(), batch, clock.now())
    except (Refused, MovedOn) as error:
        code = error.code if isinstance(error, Refused) else "import_closed"
        flash(text.sentence(code, error.facts), "warning")
        return redirect(url_for("imports.show", public_id=public_id))
    flash(_(import_acts.discard.words.done), "success")
    return redirect(url_for("imports.index"))


@blueprint.get("/desk/imports/<public_id>/report.xlsx")
@access.allow("staff")
def report(public_id: str) -> Response:
    """What is wrong with an upload, as a sheet."""
    batch = import_acts.get_batch(db.session(), access.actor(), public_id)
    city = cities.get(db.session())
    return sheets.download(import_text.report(batch.filename, batch.problems, city, clock.now()))


@blueprint.get("/desk/imports/templates/<kind>.<any(xlsx, csv):form>")
@access.allow("staff")
def template(kind: str, form: str) -> Response:
    """An empty sheet to fill in."""
    if kind not in COLUMNS:
        abort(404)
    city, now = cities.get(db.session()), clock.now()
    empty = import_text.template_sheet(kind, city, now)  # type: ignore[arg-type]
    if form == "csv":
        return sheets.download(empty, "csv", asked.word("charset"))
    content = import_text.template_workbook(kind, city, now)  # type: ignore[arg-type]
    return sheets.attachment(content, f"{empty.title}.xlsx", sheets.XLSX)


def _confirm_form(batch: ImportBatch, city: City) -> ConfirmForm:
    form = ConfirmForm()
    form.offer_states(saving.STATES[batch.kind])
    form.offer_others(import_text.doubtful(batch.rows, city))
    return form


def _show(batch: ImportBatch, form: Any) -> Page:
    db.settle()
    columns = [column for column in COLUMNS[batch.kind] if _is_used(batch, column.code)]  # type: ignore[index]
    is_open = batch.is_waiting
    job = tickets.find_newest(db.session(), "import", batch.public_id) if is_open else None
    is_running = job is not None and job.finished_at is None
    is_still = "still" in request.args
    page = render_template(
        "imports/show.html",
        batch=batch,
        form=form,
        columns=columns,
        rows=[] if is_running else batch.rows[:PREVIEW_ROWS],
        shown=batch.problems[:SHOWN_PROBLEMS],
        hidden=batch.problems[SHOWN_PROBLEMS:],
        is_waiting=is_open and not is_running,
        job=job,
        is_running=is_running,
        is_still=is_still,
        discard=import_acts.discard.words,
        failure=text.sentence(job.error) if job is not None and job.error else "",
        preview=PREVIEW_ROWS,
    )
    answer = make_response(page, 422 if form.errors else 200)
    if is_running:
        making.runner().nudge("import", clock.now(), WORKER_PATIENCE)
        if not is_still:
            answer.headers["Refresh"] = str(making.REFRESH_SECONDS)
    return answer


def _is_used(batch: ImportBatch, code: str) -> bool:
    return any(row["values"].get(code) not in (None, "", []) for row in batch.rows[:PREVIEW_ROWS])
