"""Pages for residents and first-time visitors: what is needed, how it works, and the fine print."""

import json
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher import migrations
from matcher.cases import takes, together
from matcher.city import cities
from matcher.ground import lifecycle
from matcher.ground.errors import Invalid, TooMany
from matcher.jobs import seen
from matcher.organizations import acts as organization_acts
from matcher.postings import finding, joint_reads, questions
from matcher.postings import reads as posting_reads
from matcher.register import findable, receipts
from matcher.results import comments, publication, stories
from matcher.suggestions import weights
from webapp import (
    access,
    asked,
    clock,
    context,
    db,
    frozen_pages,
    languages,
    live,
    papers,
    pdf,
    prints,
    sharing,
    sheets,
    text,
)
from webapp.books import published
from webapp.forms.finding import BrowseForm
from webapp.forms.public import CommentForm, PublishedForm
from webapp.worker import PIECE_NAMES

blueprint = Blueprint("public", __name__)

MOST_OPEN: Final = 2  #: residents' words that stand open; the others of a page are folded


@blueprint.get("/")
@access.allow("public")
def top() -> str | Response:
    """The first page."""
    if access.actor().is_authenticated and "top" not in request.args:
        return redirect(url_for(context.home_endpoint(access.actor())))
    session = db.session()
    newest = posting_reads.open_needs(session, {}, public=True).rows[:3]
    published = publication.published(session)
    return render_template(
        "public/top.html",
        newest=newest,
        figures={**posting_reads.figures(session), **publication.counts(published)},
        stories=stories.with_results(published[:3]),
        share={"url": sharing.address("public.top")},
        sealed="",
    )


@blueprint.post("/language")
@access.allow("public")
def language() -> Response:
    """Keep the language that somebody chose, and go back to the page."""
    answer = redirect(access.local_path(request.form.get("next")) or url_for("public.top"))
    wanted = request.form.get("language", "")
    if wanted in languages.offered():
        answer.set_cookie(
            languages.COOKIE, wanted, max_age=languages.KEEP_SECONDS, secure=request.is_secure,
            httponly=True, samesite="Lax",
        )  # fmt: skip
    return answer


@blueprint.get("/needs")
@access.allow("public")
def needs() -> str:
    """Open needs for everybody, without personal data."""
    session = db.session()
    form = BrowseForm(request.args)
    form.offer_choices(cities.get(session))
    found = finding.needs(
        session,
        live.index(),
        access.actor(),
        form.wanted,
        public=True,
        sort=form.sort.data or "newest",
        page=asked.page(),
    )
    return render_template("public/needs.html", form=form, found=found)


@blueprint.get("/needs/<public_id>")
@access.allow("public")
def need(public_id: str) -> str:
    """One open public need."""
    found = posting_reads.find_public_need(db.session(), public_id)
    if found is None:
        abort(404)
    return render_template(
        "public/need.html",
        need=found,
        rows=takes.of(db.session(), found),
        is_together=together.is_there(db.session(), access.actor(), found),
        answered=questions.answered(db.session(), found),
        together=joint_reads.asked_together(db.session(), found),
    )


@blueprint.get("/partnerships")
@access.allow("public")
def partnerships() -> str | Response:
    """The published partnerships, with filters, by district, and as Excel."""
    session = db.session()
    city = cities.get(session)
    form = PublishedForm(request.args)
    form.offer(city)
    everything = publication.published(session)
    rows = publication.matching(everything, form.conditions)
    if asked.word("format") == "xlsx":
        made = published.public_sheet(rows, city.section, clock.now())
        return sheets.download(made)
    return render_template(
        "public/partnerships.html",
        form=form,
        rows=stories.with_results(rows),
        wards=publication.by_area(everything),
        areas=city.area_labels,
    )


@blueprint.route("/partnerships/<public_id>", methods=["GET", "POST"])
@access.allow("public")
def partnership(public_id: str) -> str | Response | tuple[str, int]:
    """One published partnership, with residents' comments; anybody may write one."""
    session = db.session()
    case, found = publication.get_published(session, public_id)
    view = found.content["view"]
    form = CommentForm()
    banner, now = "", clock.now()
    here = url_for("public.partnership", public_id=public_id)
    if request.method == "POST" and receipts.earlier(session, access.actor(), form.form_id.data):
        return redirect(here)
    if form.validate_on_submit():
        try:
            # What only a machine fills in is thanked for and dropped.
            if not form.website.data:
                comments.comment(session, case, form.text.data, access.network(), now)
        except Invalid as error:
            form.take(error)
        except TooMany as error:
            banner = text.sentence(error.code, error.facts)
        else:
            flash(
                _(
                    "声を受け取りました。お送りいただき、ありがとうございます。市の担当が%(days)s営業日以内を目安に読み、載せるかどうかを決めます。載せるときは、回答とその理由を付けます。",
                    days=lifecycle.REVIEW_WORKING_DAYS,
                ),
                "success",
            )
            receipts.keep(session, access.actor(), form.form_id.data, here, now)
            return redirect(here)
    page = render_template(
        "public/partnership.html",
        case=case,
        title=view["title"],
        share=sharing.of_story(case, view),
        text=frozen_pages.published(view, publication.areas_of(session, case, found)),
        form=form,
        banner=banner,
        incidents=publication.public_incidents(session, case),
        comments=comments.shown_comments(session, case, asked.page()),
        MOST_OPEN=MOST_OPEN,
        hidden=comments.hidden_comments(session, case),
    )
    return page, 422 if form.errors else (429 if banner else 200)


@blueprint.get("/partnerships/<public_id>/picture.png")
@access.allow("public")
def picture(public_id: str) -> Response:
    """What other services show of a published partnership that somebody shares."""
    session = db.session()
    case, found = publication.get_published(session, public_id)
    city = sharing.city_of(session, case, found)
    return prints.picture(sharing.picture(found.content["view"], city.name))


@blueprint.get("/partnerships/<public_id>/poster.pdf")
@access.allow("public")
def poster(public_id: str) -> Response:
    """A page to hang up in a community hall: the paper that the parties of the case print, too."""
    session = db.session()
    case, _page = publication.get_published(session, public_id)
    _name, template, facts = papers.make(papers.Ask(session, access.actor(), case, clock.now()), "poster")
    return prints.paper(_("ポスター_%(title)s", title=facts["title"]), pdf.source(template, facts))


@blueprint.get("/about")
@access.allow("public")
def about() -> str:
    """How partners are suggested, and who decides."""
    session = db.session()
    return render_template(
        "public/about.html", weights=weights.serving(session, findable.serving_model(session)).shares
    )


@blueprint.get("/privacy")
@access.allow("public")
def privacy() -> str:
    """What is kept about people, and for what."""
    return render_template("public/privacy.html")


@blueprint.get("/terms")
@access.allow("public")
def terms() -> str:
    """The terms of use to which organizations agree."""
    return render_template("public/terms.html", version=organization_acts.TERMS_VERSION)


@blueprint.get("/accessibility")
@access.allow("public")
def accessibility() -> str:
    """How the pages can be used, and whom to tell where they cannot."""
    return render_template("public/accessibility.html")


@blueprint.get("/contact")
@access.allow("public")
def contact() -> str:
    """The section of the city that answers."""
    return render_template("public/contact.html")


@blueprint.get("/healthz")
@access.allow("public")
def healthz() -> Response:
    """200 when the first page can be served: the database answers and is migrated. How the worker is stands
    beside it and changes nothing, so that no load balancer takes the pages away for a late mail.
    """
    found = _worker_state()
    if found is None:
        return _as_json({"pages": "the database is not ready", "worker": "unknown"}, 503)
    return _as_json({"pages": "ok", **_health(found)}, 200)


@blueprint.get("/healthz/worker")
@access.allow("public")
def healthz_worker() -> Response:
    """503 when nobody was seen at a piece of the worker's work for minutes, or mail stands still."""
    found = _worker_state()
    if found is None:
        return _as_json({"worker": "unknown"}, 503)
    return _as_json(_health(found), 200 if found.is_well else 503)


def _worker_state() -> seen.State | None:
    try:
        if not migrations.is_current(db.database()):
            return None
        with db.database().read() as session:
            return seen.state(session, PIECE_NAMES)
    except Exception:
        return None


def _health(found: seen.State) -> dict[str, str | None]:
    late = found.mail.late_since
    return {
        "worker": "silent" if found.silent else "ok",
        "silent": ", ".join(found.silent),
        "since": found.silent_since.isoformat(timespec="seconds") if found.silent_since else None,
        "mail": "late" if late else "ok",
        "mail_since": late.isoformat(timespec="seconds") if late else None,
    }


def _as_json(facts: dict[str, str | None], status: int) -> Response:
    return Response(json.dumps(facts) + "\n", status, content_type="application/json; charset=utf-8")
