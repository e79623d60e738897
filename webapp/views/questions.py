"""Pages of questions on a need: asking one, and answering it for all."""

from flask import render_template, url_for
from flask_babel import gettext as _

from matcher.postings import questions
from matcher.postings import reads as posting_reads
from webapp import access, db
from webapp.acts import ActPage, Page
from webapp.forms.question import AskForm, TreatForm
from webapp.views import company, npo


@company.blueprint.route("/needs/<public_id>/ask", methods=["GET", "POST"])
@access.allow("company")
def need_ask(public_id: str) -> Page:
    """Ask something about a need."""

    def find() -> object:
        return posting_reads.get_need(db.session(), access.actor(), public_id)

    found, form = find(), AskForm()
    return ActPage(
        deed=questions.ask_question,
        form=form,
        record=found,
        find=find,
        ask=lambda need, banner: render_template(
            "company/need_ask.html", need=need, form=form, banner=banner
        ),
        overtaken=lambda _need: _("このニーズは、いまは質問を受け付けていません。"),
        home=url_for("company.need", public_id=public_id),
        answers=lambda: ((form.text.data or "",), {}),
    ).answer()


@npo.blueprint.route("/questions/<public_id>", methods=["GET", "POST"])
@access.allow("npo")
def question(public_id: str) -> Page:
    """Answer a question, put it with another one, or say why it is not answered."""
    session, actor = db.session(), access.actor()
    found = questions.get_question(session, actor, public_id)
    form = TreatForm(data={"version": str(found.version), "decision": "answer", "shown_text": found.text})
    form.offer_others(questions.others_of(session, found))
    return ActPage(
        deed=questions.treat_question,
        form=form,
        record=found,
        find=lambda: questions.get_question(session, actor, public_id),
        ask=lambda question, banner: render_template(
            "npo/question.html", question=question, form=form, banner=banner
        ),
        overtaken=lambda _question: _("この質問は、ほかの方が先に対応しました。"),
        home=url_for("npo.need", public_id=found.need.public_id, _anchor="questions"),
        answers=lambda: ((form.treatment,), {}),
    ).answer()
