"""What a case gives to take away: files, papers, tables, a calendar, and all of it."""

import json
from datetime import date

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.cases import files
from matcher.cases import reads as case_reads
from matcher.city import cities
from matcher.desk import disclosure
from matcher.ground import calendar, day_words, permissions
from matcher.ground.errors import NotFound
from matcher.jobs import tickets
from matcher.organizations import reads as organization_reads
from matcher.results import esg
from webapp import (
    access,
    asked,
    clock,
    db,
    frozen_pages,
    ical,
    layout,
    making,
    papers,
    pdf,
    sheets,
    traces,
)
from webapp.books import evidence as evidence_book
from webapp.books import ledger as ledger_book
from webapp.books import results as results_book
from webapp.forms import desk_work as desk_forms
from webapp.papers import bundle as bundle_papers
from webapp.papers import evidence as evidence_papers
from webapp.views.asking import asked as asked_forms
from webapp.views.work import blueprint, facts, introduced_case
from webapp.views.work_sections import papers_of

Page = Response | str | tuple[str, int]


@blueprint.get("/cases/<public_id>/files/<file_id>")
@access.allow("case_party")
def file(public_id: str, file_id: str) -> Response:
    """A file as an attachment; who took it is kept."""
    case = introduced_case(public_id)
    found = files.get(db.session(), case, file_id)
    content = asked_forms.store().read(found.stored_name)
    traces.leave_note(files.reading_note(access.actor(), case, found, clock.now()))
    return sheets.attachment(content, found.name, found.media_type)


@blueprint.get("/cases/<public_id>/papers/<any(" + ",".join(papers.PAPERS) + "):paper>.pdf")
@access.allow("case_party")
def paper(public_id: str, paper: str) -> Response:
    """A paper made from the records of the case, as A4 PDF.

    ``?version=`` names the version of its document; without it the one in force is printed, else the draft.
    """
    case = introduced_case(public_id)
    if kept := making.fetched():
        return kept
    making.begin()
    return pdf.download(*papers.make(papers_of(case, _version_asked()), paper))


def _version_asked() -> int | None:
    if not request.args.get("version"):
        return None
    number = asked.number("version", 0, 99_999)
    if number is None:
        raise NotFound("paper")
    return number


@blueprint.get("/cases/<public_id>/calendar.ics")
@access.allow("case_party")
def calendar_file(public_id: str) -> Response:
    """Meetings and dates of the case for a calendar program (I6); what has been left has none any more."""
    session, case = db.session(), introduced_case(public_id)
    if case.was_left:
        raise NotFound("calendar")
    address = url_for("cases.show", public_id=case.public_id, _external=True)
    content = ical.of_case(session, case, address, clock.now())
    return sheets.attachment(content, f"{case.number}.ics", "text/calendar; charset=utf-8")


@blueprint.get("/cases/<public_id>/ledger.xlsx")
@access.allow("case_party")
def ledger(public_id: str) -> Response:
    """Contributions, measurements and payments of the case as Excel."""
    session, case = db.session(), introduced_case(public_id)
    if kept := making.fetched():
        return kept
    making.begin()
    made = ledger_book.ledger_sheets(session, case, clock.now())
    return making.book(f"{case.number}_実績.xlsx", *made)


@blueprint.get("/cases/<public_id>/results.xlsx")
@access.allow("case_party")
def results(public_id: str) -> Response:
    """Reports and evaluation of the case as Excel, as far as the one who looks may read them."""
    session, actor, case = db.session(), access.actor(), introduced_case(public_id)
    if kept := making.fetched():
        return kept
    making.begin()
    made = results_book.result_sheets(session, actor, case, clock.now())
    return making.book(f"{case.number}_報告と評価.xlsx", *made)


@blueprint.route("/cases/<public_id>/export", methods=["GET", "POST"])
@access.allow("staff")
def export(public_id: str) -> Page:
    """The whole case for 情報公開請求: PDF and JSON in one file, blackened as chosen; the audit keeps it.

    A request may ask for any case, also for one that was never introduced. What is asked for is gathered and
    frozen here; the file is made by the press and waits on this page for those who may ask for it.
    """
    actor, form = access.actor(), desk_forms.ExportForm()
    if form.validate_on_submit():
        return redirect(_order_bundle(public_id, form.masks.data or []))
    session = db.session()
    case = case_reads.get_case(session, actor, public_id)
    permissions.require(actor, "partnership.export", case)
    made = tickets.tickets_about(session, "bundle", "partnership", case.public_id)
    page = render_template(
        "work/export.html", **facts(actor, case), form=form, made=made, mask_labels=desk_forms.MASKS
    )
    return page, 422 if form.errors else 200


def _order_bundle(public_id: str, masks: list[str]) -> str:
    actor, now = access.actor(), clock.now()
    with db.database().read() as session:
        case = case_reads.get_case(session, actor, public_id)
        tickets.check_room(session, actor, "press")
        content = disclosure.gather(session, actor, case, masks, now)
        html = pdf.source("bundle.html", bundle_papers.facts(content, case.number, cities.get(session), now))
    parts = layout.bundle_source(
        {f"{case.number}.json": json.dumps(content, ensure_ascii=False, indent=1)},
        {f"{case.number}.pdf": html},
    )
    made = disclosure.details(content)
    return making.order(
        "bundle", parts, f"{case.number}.zip", ("partnership", public_id), made,
        lambda ticket: url_for("work.export_file", public_id=public_id, ticket_id=ticket),
        lambda session: disclosure.note(session, actor, case, made, now),
    )  # fmt: skip


@blueprint.get("/cases/<public_id>/exports/<ticket_id>.zip")
@access.allow("staff")
def export_file(public_id: str, ticket_id: str) -> Response:
    """A file made by ``export``, for all who might ask for it; that a colleague took it is kept, too."""
    session, actor = db.session(), access.actor()
    case = case_reads.get_case(session, actor, public_id)
    permissions.require(actor, "partnership.export", case)
    made = tickets.tickets_about(session, "bundle", "partnership", case.public_id)
    ticket = next((one for one in made if one.public_id == ticket_id), None)
    if ticket is None:
        raise NotFound("ticket")
    answer = making.send(ticket)
    if ticket.user_id != actor.user_id:
        traces.leave_note(disclosure.taken_note(actor, case, ticket.job.details, clock.now()))
    return answer


@blueprint.get("/company/evidence")
@access.allow("company")
def evidence() -> Page:
    """What the company gave and what came of it in one fiscal year (C11): page, PDF or Excel."""
    session, actor, now = db.session(), access.actor(), clock.now()
    if kept := making.fetched():
        return kept
    this_year = calendar.fiscal_year(now)
    year = asked.number("year", 2000, this_year) or this_year
    first, last = date(year, 4, 1), date(year + 1, 3, 31)
    organization = organization_reads.own_organization(session, actor)
    rows = esg.evidence(session, organization.id, first, last)
    named = esg.named_last(rows)
    own_name = named.company.name if named is not None else organization.name
    form = asked.word("format")
    if form == "xlsx":
        made = evidence_book.evidence_sheets(rows, own_name, year, now)
        return making.book(f"ESG実績_{day_words.nendo(year)}.xlsx", *made)
    said = evidence_papers.facts(rows, own_name, year, cities.get(session), now)
    if form == "pdf":
        return pdf.download(f"ESG実績_{day_words.nendo(year)}", "evidence.html", said)
    return render_template(
        "work/evidence.html", rows=said["rows"], text=frozen_pages.evidence(said), year=year,
        years=range(this_year, this_year - 5, -1),
    )  # fmt: skip
