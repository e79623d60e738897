"""The drafted letter to an organization worth inviting: to read, to print; nothing is sent from here."""

from typing import Any

from flask import current_app, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.alerts import prospects
from matcher.alerts.prospects import Invitable
from matcher.city import cities
from matcher.people import registration_codes
from webapp import access, clock, db, pdf
from webapp.labels import vocabulary
from webapp.views.coordinator import blueprint


@blueprint.get("/desk/invitations/<public_id>")
@access.allow("staff")
def invitation(public_id: str) -> str:
    """The letter as it would be printed, and why it is worth sending."""
    found = prospects.get(db.session(), access.actor(), public_id)
    return render_template("coordinator/invitation.html", found=found, letter=_letter(found))


@blueprint.get("/desk/invitations/<public_id>.pdf")
@access.allow("staff")
def invitation_paper(public_id: str) -> Response:
    """The letter to print."""
    letter = _letter(prospects.get(db.session(), access.actor(), public_id))
    return pdf.download(letter["title"], "invitation.html", letter)


def _letter(found: Invitable) -> dict[str, Any]:
    """Plain words of the letter. Of an offer, which only members read, it says no more than its kind."""
    session, now = db.session(), clock.now()
    city, posting = cities.get(session), found.posting
    support = vocabulary.support_label(posting.support_type)
    if posting.is_need:
        fits = _(
            "市内の%(organization)sが「%(title)s」（%(support)s）への協力を求めています。"
            "貴社のお力が合うのではないかと考え、ご案内します。",
            organization=posting.organization.name, title=posting.title, support=support,
        )  # fmt: skip
    else:
        fits = _(
            "市内に、「%(support)s」の支援を申し出ている企業があります。"
            "貴団体の活動に合うのではないかと考え、ご案内します。",
            support=support,
        )
    code = registration_codes.latest_usable(session, access.actor(), now)
    return {
        "title": str(_("「縁むすび」へのご登録のご案内")), "to": found.record.name, "fits": str(fits),
        "address": f"{current_app.config['SETTINGS'].public_url}{url_for('account.register')}",
        "code": registration_codes.readable(code) if code else "",
        "valid_on": code.valid_on if code else None, "made_at": now,
        "city": {"name": city.name, "section": city.section, "phone": city.phone},
    }  # fmt: skip
