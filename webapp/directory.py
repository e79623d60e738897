"""The directory of organizations that want to be found: one page for both sides, each seeing the other."""

from typing import Literal

from flask import render_template, request

from matcher.city import cities
from matcher.organizations import reads as organization_reads
from matcher.postings import finding
from webapp import access, asked, db, live
from webapp.forms.finding import DirectoryForm


def page(kind: Literal["company", "npo"], template: str) -> str:
    """The organizations of a kind, with or without something open, for verified members."""
    session, actor = db.session(), access.actor()
    form = DirectoryForm(request.args)
    form.offer_choices(cities.get(session))
    own = organization_reads.own_organization(session, actor)
    found = None
    if own.is_verified:
        found = finding.organizations(session, live.index(), actor, kind, form.wanted, page=asked.page())
    return render_template(template, form=form, found=found, own=own)
