"""みんなでかなえる: the page that all who fill one need share."""

from flask import render_template

from matcher.cases import together
from webapp import access, db
from webapp.views.cases import blueprint


@blueprint.get("/together/<public_id>")
@access.allow("public")
def need_together(public_id: str) -> str:
    """Who gives what to one need; whoever takes no part reads what is public of it."""
    return render_template("cases/together.html", found=together.get(db.session(), access.actor(), public_id))
