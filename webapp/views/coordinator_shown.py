"""A list of suggestions as it was shown, for the city: by its record number, whole."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.city import cities
from matcher.desk import shown
from matcher.ground.errors import NotFound
from matcher.suggestions import ranking
from webapp import access, asked, db
from webapp.forms.finding import FilterForm, as_typed
from webapp.views.coordinator import blueprint


@blueprint.get("/desk/shown")
@access.allow("staff")
def shown_lists() -> str | Response:
    """Ask for a record number, and lead to its list."""
    number = shown.number_of(asked.word("number"))
    if not number:
        return render_template("coordinator/shown_find.html", number="", is_unknown=False)
    try:
        shown.whole(db.session(), access.actor(), number)
    except NotFound:
        return render_template("coordinator/shown_find.html", number=request.args["number"], is_unknown=True)
    return redirect(url_for("coordinator.shown", public_id=number))


@blueprint.get("/desk/shown/<public_id>", endpoint="shown")
@access.allow("staff")
def shown_list(public_id: str) -> str:
    """All its cards with rank, score, parts and reasons; filters, draw and versions."""
    found = shown.whole(db.session(), access.actor(), public_id)
    cards = [(card, ranking.level(card.item.score)) for card in found.cards]
    return render_template("coordinator/shown.html", found=found, cards=cards, conditions=_conditions(found))


def _conditions(found: shown.Whole) -> list[str]:
    """By what the list was narrowed; a code that the city has no more is shown rather than lost."""
    typed = as_typed(found.shown.filters)
    form = FilterForm(typed)
    form.offer_choices(cities.get(db.session()))
    if found.organization.kind == "npo":
        form.ask_for_offers()
    known = {one.name: one.words for one in form.in_words}
    return [known.get(name, code) for name, code in typed.items()]
