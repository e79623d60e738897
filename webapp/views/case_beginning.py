"""The pages on which a case begins: 申し出, 依頼 and 推薦."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, request, url_for

from matcher.cases import beginning, fits, takes
from matcher.desk import partners
from matcher.ground import calendar, parts, permissions, personal
from matcher.ground.errors import NotFound
from matcher.ground.parts import Standing
from matcher.ground.permissions import Actor
from matcher.organizations import reads as organization_reads
from matcher.planning import reads as plans
from matcher.postings import reads as posting_reads
from matcher.postings import terms
from matcher.records import Need, Offer, Organization, Partnership, ShownSuggestion
from matcher.register.act import Act, Look
from matcher.suggestions import shown_lists
from webapp import access, asked, clock, db, fit_text, live, partner_text, terms_text, text
from webapp.acts import ActPage, Answers, Page
from webapp.forms import case as forms
from webapp.forms.base import Form, SearchForm
from webapp.views.cases import blueprint


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

    def case(self, form: Any) -> Partnership:
        """The case as it would begin."""
        return beginning.between(self.company, self.npo, shown=self.shown, **self.chosen(form))


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


def _begun_form(
    pair: _Pair, kind: type[Form], because: Callable[[_Pair, Need | None, Offer | None], dict[str, Any]]
) -> tuple[Any, dict[str, Any]]:
    """The form as it begins, was typed, or begins anew with what was chosen instead; the figures of both
    records beside it.
    """
    need, offer = _named_posting(pair)
    named = {
        "need": need.public_id if need else asked.word("need"),
        "offer": offer.public_id if offer else asked.word("offer"),
    }
    row = _row(need, asked.number("part", parts.FIRST, parts.MOST))
    begun = _beginning(need, offer, row)
    about = {"part": str(row.part.place)} if row else {}
    form: Any = kind(data={**named, **about, **begun.values, **because(pair, need, offer)})
    form.offer_choices(pair.needs.values(), pair.offers.values())
    chosen = pair.chosen(form)
    rows = takes.of(db.session(), chosen["need"]) if chosen["need"] else ()
    is_company = access.actor().organization_id == pair.company.id
    form.offer_parts(rows, asks_for_name=is_company and kind is forms.ProposeForm)
    if _begins_anew():
        begun = _beginning(**chosen, row=_row(chosen["need"], form.place))
        form.begin_with(begun.values)
    others = [found for found in pair.needs.values() if found is not chosen["need"]]
    more = [found for found in pair.offers.values() if found is not chosen["offer"]]
    beside = {
        "rows": rows,
        "columns": terms_text.columns(chosen["need"], chosen["offer"]),
        "more": [terms_text.columns(one, None)[0] for one in others]
        + [terms_text.columns(None, one)[0] for one in more],
        "notes": terms_text.sentences(begun.notes) if request.method == "GET" or _begins_anew() else [],
    }
    return form, beside


def _begins_anew() -> bool:
    """Whether the terms are asked for again, of the need and the offer that were chosen on the page."""
    return request.form.get("action") == "begin"


def _row(need: Need | None, place: int | None) -> Standing | None:
    """The part of a need of which the terms begin: the one that is named, else the first that is missing."""
    if need is None:
        return None
    rows = takes.of(db.session(), need)
    named = (row for row in rows if row.part.place == place)
    return next(named, None) or next((row for row in rows if not row.is_taken), rows[0])


def _beginning(need: Need | None, offer: Offer | None, row: Standing | None) -> terms.Beginning:
    """Of both records; the amount is that of the plan of the year from which the city recommends them.

    Args:
        row: the part of the need that it is about.
    """
    begun = terms.begin(
        terms.Figures.of(need).of_part(row) if need and row else None,
        terms.Figures.of(offer) if offer else None,
        calendar.tokyo_date(clock.now()),
    )
    actor = access.actor()
    if need is None or offer is None or begun.quantity is None or not actor.is_staff:
        return begun
    return replace(begun, quantity=plans.drafted_amount(db.session(), actor, need, offer) or begun.quantity)


def _hindrance(look: Look, deed: Act, form: Any) -> str:
    """Why this pair cannot begin now, said before anybody writes; empty where it can."""
    for field, kind, owner, codes in (
        (form.need, Need, look.record.npo, beginning.NEED_CLOSED),
        (form.offer, Offer, look.record.company, beginning.OFFER_CLOSED),
    ):
        if why := posting_reads.why_closed(look.session, look.actor, owner, kind, field.data or ""):
            return text.sentence(codes[why])
    found = deed.obstacle(look)
    return text.sentence(found.code, found.facts) if found else ""


def _page(
    deed: Act, kind: type[Form], find: Callable[[], _Pair], answers: Callable[[Any], Answers],
    template: str, check: str = "",
    because: Callable[[_Pair, Need | None, Offer | None], dict[str, Any]] = lambda pair, need, offer: {},
) -> Page:  # fmt: skip
    """Ask, and begin a case once, however often the form is sent.

    Args:
        because: what the form begins with besides the terms.
        check: the template that shows what was written once more, before it is sent.
    """
    pair = find()
    form, beside = _begun_form(pair, kind, because)

    def draw(template: str, case: Partnership, **more: Any) -> str:
        is_npo = case.side_of(access.actor().organization_id) == "npo"
        own, other = (case.npo, case.company) if is_npo else (case.company, case.npo)
        if deed is beginning.recommend:
            more["fit"] = fit_text.now_told(fits.judged(db.session(), case), [])
            more["past"] = [
                (one, partner_text.state(one))
                for one in partners.between(db.session(), case.company, case.npo)
            ]
        return render_template(template, case=case, own=own, other=other, form=form, **more)

    def ask(case: Partnership, banner: str) -> str:
        return draw(template, case, beside=beside, banner=banner)

    def before(look: Look) -> Page | None:
        hindrance, wanted = _hindrance(look, deed, form), request.form.get("action", "check")
        if request.method == "GET" or _begins_anew() or (check and wanted == "edit"):
            return ask(look.record, hindrance)
        is_valid = form.validate()
        if hindrance:
            return ask(look.record, hindrance), 409
        if check and is_valid and wanted != "send":
            unlike = terms_text.differences(form.terms, look.record.need, look.record.offer)
            return draw(
                check, look.record, unlike=unlike, hints=personal.kinds_by({"message": form.message.data})
            )
        return None

    def closed(case: Partnership) -> Page:
        page = ask(case, _hindrance(Look(db.session(), access.actor(), case, clock.now()), deed, form))
        return page if request.method == "GET" else (page, 409)

    return ActPage(
        deed=deed,
        form=form,
        record=pair.case(form),
        find=lambda: find().case(form),
        ask=ask,
        overtaken=lambda case: "",
        shown=lambda case: "",
        home="",
        answers=lambda: answers(form),
        says=lambda case: "",
        closed=closed,
        leads_to=lambda case: url_for("cases.sent", public_id=case.public_id),
        before=before,
    ).answer()


@blueprint.route("/cases/new", methods=["GET", "POST"])
@access.allow("member")
def propose() -> Page:
    """申し出 by a company, 依頼 by an NPO: write, check, send."""
    live.prepare()
    actor = access.actor()

    def find() -> _Pair:
        own = organization_reads.own_organization(db.session(), actor)
        permissions.require(actor, beginning.propose.by, own)
        other = _other_side(actor)
        return _pair(actor, own, other) if own.kind == "company" else _pair(actor, other, own)

    return _page(
        beginning.propose,
        forms.ProposeForm,
        find,
        lambda form: (
            (form.terms, form.message.data),
            {"first_step": form.first_step.data or "", "is_named": "is_named" in form and form.is_named.data},
        ),
        "cases/propose.html",
        check="cases/propose_check.html",
    )


@blueprint.route("/desk/recommend", methods=["GET", "POST"])
@access.allow("staff")
def recommend() -> Page:
    """推薦 by the city: choose a company, an NPO, the terms and the reason that both read."""
    live.prepare()
    actor = access.actor()
    company, npo = _recommended(actor, "company"), _recommended(actor, "npo")
    if company is None or npo is None:
        return _choose(company, npo)
    named = (company.public_id, npo.public_id)

    def find() -> _Pair:
        found = (organization_reads.get_organization(db.session(), actor, one) for one in named)
        return _pair(actor, *found)

    return _page(
        beginning.recommend,
        forms.RecommendForm,
        find,
        lambda form: ((form.terms, form.reason_code.data, form.reason_text.data), {}),
        "cases/recommend.html",
        because=_recommended_because,
    )


def _recommended_because(pair: _Pair, need: Need | None, offer: Offer | None) -> dict[str, Any]:
    """The reason with which a recommendation begins, for the city to make its own: what speaks for it."""
    if request.method == "POST":
        return {}
    session, today = db.session(), calendar.tokyo_date(clock.now())
    case = beginning.between(pair.company, pair.npo, need=need, offer=offer)
    found = fits.judged(session, case)
    codes = {reason["says"] for reason in found.reasons if reason["mark"] == "○"}
    past = partners.between(session, pair.company, pair.npo)
    return {
        "reason_code": partners.likely_reason(past, codes, need.period_from if need else None, today) or None,
        "reason_text": partner_text.drafted(found.reasons),
    }


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
    """Begin with a need or an offer and choose among whom it fits; or search for the side that is missing."""
    session, actor = db.session(), access.actor()
    kind = "company" if company is None else "npo"
    search = SearchForm(request.args)
    found, about = None, _posting_named(actor)
    if isinstance(about, Need) and about.is_current:
        found = partners.of_need(session, actor, live.index(), about)
    elif isinstance(about, Offer) and about.is_current:
        found = partners.of_offer(session, actor, live.index(), about)
    is_bare = company is None and npo is None
    return render_template(
        "cases/recommend_choose.html",
        kind=kind,
        search=search,
        company=company,
        npo=npo,
        about=about,
        candidates=partner_text.candidates(found),
        needs=partners.waiting_needs(session, actor, search.words) if is_bare else [],
        found=organization_reads.verified_organizations(session, kind, search.words),
    )


def _posting_named(actor: Actor) -> Need | Offer | None:
    """The need or the offer from which the recommendation begins."""
    if asked.word("need"):
        return posting_reads.get_need(db.session(), actor, asked.word("need"))
    return posting_reads.get_offer(db.session(), actor, asked.word("offer")) if asked.word("offer") else None
