"""The pages on which a case begins: 申し出, 依頼 and 推薦."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from matcher.cases import beginning
from matcher.ground import calendar, permissions
from matcher.ground.errors import DomainError, NotFound, Refused, TooFast
from matcher.ground.permissions import Actor
from matcher.organizations import reads as organization_reads
from matcher.postings import reads as posting_reads
from matcher.postings import terms
from matcher.records import Need, Offer, Organization, Partnership, ShownSuggestion
from matcher.register import receipts
from matcher.suggestions import shown_lists
from webapp import access, asked, clock, db, terms_text, text
from webapp.forms import case as forms
from webapp.forms.base import Form, SearchForm
from webapp.views.cases import blueprint

Page = Response | str | tuple[str, int]


def _refusal(error: DomainError) -> str:
    return text.sentence(error.code, error.facts)


@dataclass
class _Pair:
    """The two sides of a case that is about to begin, and what it may be about."""

    company: Organization
    npo: Organization
    needs: dict[str, Need]
    offers: dict[str, Offer]
    shown: ShownSuggestion | None

    def chosen(self, form: Any) -> dict[str, Any]:
        """The need and the offer that the form names."""
        return {"need": self.needs.get(form.need.data), "offer": self.offers.get(form.offer.data)}


def _pair(actor: Actor, company: Organization, npo: Organization) -> _Pair:
    return _Pair(
        company,
        npo,
        {need.public_id: need for need in posting_reads.open_needs_of(db.session(), actor, npo)},
        {offer.public_id: offer for offer in posting_reads.open_offers_of(db.session(), company)},
        _shown(actor),
    )


def _shown(actor: Actor) -> ShownSuggestion | None:
    """The suggestion that led here; a case can begin without one, so a stale one is only dropped."""
    try:
        return shown_lists.get(db.session(), actor, asked.word("suggestion"))
    except NotFound:
        return None


def _other_side(actor: Actor) -> Organization:
    """Who is asked: named by themselves, by their need, or by their offer.

    Raises:
        NotFound: nobody of the other kind is named whom the actor may see.
    """
    found = None
    if asked.word("organization"):
        found = organization_reads.get_organization(db.session(), actor, asked.word("organization"))
    elif asked.word("need") and actor.organization_kind == "company":
        need = posting_reads.get_need(db.session(), actor, asked.word("need"))
        found = organization_reads.get_organization(db.session(), actor, need.organization.public_id)
    elif asked.word("offer") and actor.organization_kind == "npo":
        offer = posting_reads.get_offer(db.session(), actor, asked.word("offer"))
        found = organization_reads.get_organization(db.session(), actor, offer.organization.public_id)
    if found is None or found.kind == actor.organization_kind:
        raise NotFound("organization")
    return found


def _named_posting(pair: _Pair) -> tuple[Need | None, Offer | None]:
    """The need and the offer that led here: named by the address, else those of the suggestion."""
    need, offer = pair.needs.get(asked.word("need")), pair.offers.get(asked.word("offer"))
    if pair.shown is not None:
        needs = {found.id: found for found in pair.needs.values()}
        offers = {found.id: found for found in pair.offers.values()}
        need = need or needs.get(pair.shown.need_id or 0)
        offer = offer or offers.get(pair.shown.offer_id or 0)
    return need, offer


def _begun_form(pair: _Pair, kind: type[Form]) -> tuple[Any, dict[str, Any]]:
    """The form as it begins, was typed, or begins anew with what was chosen instead; the figures of both
    records beside it.
    """
    need, offer = _named_posting(pair)
    begun = _beginning(need, offer)
    named = {"need": need.public_id if need else "", "offer": offer.public_id if offer else ""}
    form: Any = kind(data={**named, **begun.values})
    form.offer_choices(pair.needs.values(), pair.offers.values())
    chosen = pair.chosen(form)
    if _begins_anew():
        begun = _beginning(**chosen)
        form.begin_with(begun.values)
    others = [found for found in pair.needs.values() if found is not chosen["need"]]
    more = [found for found in pair.offers.values() if found is not chosen["offer"]]
    beside = {
        "columns": terms_text.columns(chosen["need"], chosen["offer"]),
        "more": [terms_text.columns(one, None)[0] for one in others]
        + [terms_text.columns(None, one)[0] for one in more],
        "notes": terms_text.sentences(begun.notes) if request.method == "GET" or _begins_anew() else [],
    }
    return form, beside


def _begins_anew() -> bool:
    """Whether the terms are asked for again, of the need and the offer that were chosen on the page."""
    return request.form.get("action") == "begin"


def _beginning(need: Need | None, offer: Offer | None) -> terms.Beginning:
    return terms.begin(
        terms.Figures.of(need) if need else None,
        terms.Figures.of(offer) if offer else None,
        calendar.tokyo_date(clock.now()),
    )


def _hindrance(pair: _Pair, form: Any, origin: str) -> str:
    """Why this pair cannot begin now, said before anybody writes; empty where it can."""
    try:
        beginning.check_possible(db.session(), pair.company, pair.npo, origin=origin, **pair.chosen(form))
    except Refused as refused:
        return _refusal(refused)
    return ""


@blueprint.route("/cases/new", methods=["GET", "POST"])
@access.allow("member")
def propose() -> Page:
    """申し出 by a company, 依頼 by an NPO: write, check, send."""
    actor = access.actor()
    own = organization_reads.own_organization(db.session(), actor)
    permissions.require(actor, "partnership.propose", own)
    other = _other_side(actor)
    company, npo = (own, other) if own.kind == "company" else (other, own)
    pair = _pair(actor, company, npo)
    form, beside = _begun_form(pair, forms.ProposeForm)
    if request.method == "POST":
        earlier = receipts.earlier(db.session(), actor, form.form_id.data)
        if earlier:
            return redirect(earlier)
    hindrance = _hindrance(pair, form, own.kind)
    facts = {"own": own, "other": other, "form": form, "banner": hindrance, **pair.chosen(form)}
    facts["beside"] = beside
    wanted = request.form.get("action", "check")
    if request.method == "GET" or wanted == "edit" or _begins_anew():
        return render_template("cases/propose.html", **facts)
    if not form.validate() or hindrance:
        return render_template("cases/propose.html", **facts), 409 if hindrance else 422
    if wanted != "send":
        unlike = terms_text.differences(form.terms, **pair.chosen(form))
        return render_template("cases/propose_check.html", **facts, unlike=unlike)
    try:
        return _begun(
            actor,
            form,
            lambda now: beginning.propose(
                db.session(),
                actor,
                company,
                npo,
                form.terms,
                form.message.data,
                now,
                shown=pair.shown,
                first_step=form.first_step.data or "",
                **pair.chosen(form),
            ),
        )
    except TooFast as error:
        return render_template("cases/propose.html", **facts | {"banner": _refusal(error)}), 409


def _begun(actor: Actor, form: Any, begin: Callable[[datetime], Partnership]) -> Response:
    """Begin a case once, however often the form is sent."""
    now = clock.now()
    case = begin(now)
    location = url_for("cases.sent", public_id=case.public_id)
    receipts.keep(db.session(), actor, form.form_id.data, location, now)
    return redirect(location)


@blueprint.route("/desk/recommend", methods=["GET", "POST"])
@access.allow("staff")
def recommend() -> Page:
    """推薦 by the city: choose a company, an NPO, the terms and the reason that both read."""
    actor = access.actor()
    company, npo = _recommended(actor, "company"), _recommended(actor, "npo")
    if company is None or npo is None:
        return _choose(company, npo)
    pair = _pair(actor, company, npo)
    form, beside = _begun_form(pair, forms.RecommendForm)
    if request.method == "POST":
        earlier = receipts.earlier(db.session(), actor, form.form_id.data)
        if earlier:
            return redirect(earlier)
    hindrance = _hindrance(pair, form, "coordinator")
    if _begins_anew():
        return render_template("cases/recommend.html", pair=pair, form=form, banner=hindrance, beside=beside)
    if form.validate_on_submit() and not hindrance:
        try:
            return _begun(
                actor,
                form,
                lambda now: beginning.recommend(
                    db.session(),
                    actor,
                    company,
                    npo,
                    form.terms,
                    form.reason_code.data,
                    form.reason_text.data,
                    now,
                    shown=pair.shown,
                    **pair.chosen(form),
                ),
            )
        except TooFast as error:
            hindrance = _refusal(error)
    refused = 409 if hindrance else 422
    page = render_template("cases/recommend.html", pair=pair, form=form, banner=hindrance, beside=beside)
    return page, refused if request.method == "POST" else 200


def _recommended(actor: Actor, kind: str) -> Organization | None:
    """The side that the address names: itself, or through its need or offer."""
    named = asked.word(kind)
    posting = asked.word("need" if kind == "npo" else "offer")
    if not named and posting:
        get = posting_reads.get_need if kind == "npo" else posting_reads.get_offer
        named = get(db.session(), actor, posting).organization.public_id
    if not named:
        return None
    found = organization_reads.get_organization(db.session(), actor, named)
    if found.kind != kind:
        raise NotFound("organization")
    return found


def _choose(company: Organization | None, npo: Organization | None) -> Page:
    """Search for the side that is still missing."""
    kind = "company" if company is None else "npo"
    search = SearchForm(request.args)
    return render_template(
        "cases/recommend_choose.html",
        kind=kind,
        search=search,
        company=company,
        npo=npo,
        found=organization_reads.verified_organizations(db.session(), kind, search.words),
    )
