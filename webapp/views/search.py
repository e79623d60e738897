"""One search for everybody, over what they may see."""

from flask import render_template, request

from matcher.looking import everything
from webapp import access, clock, db, hit_text, live
from webapp.forms.base import SearchForm
from webapp.views.public import blueprint


@blueprint.get("/search")
@access.allow("public")
def search() -> str:
    """Cases, needs, offers and organizations that say the words or are near to them."""
    form = SearchForm(request.args)
    found = everything.find(db.session(), live.index(), access.actor(), form.words, clock.now())
    sections = [hit_text.section(hits, form.words) for hits in found]
    return render_template("public/search.html", form=form, sections=sections)
