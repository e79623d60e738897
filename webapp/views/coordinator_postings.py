"""The city reads needs and offers: corrects, publishes, returns or takes down."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _

from matcher.cases import takes, together
from matcher.city import cities
from matcher.desk import bundles, checks, partners, passes, unseen
from matcher.ground import calendar, permissions
from matcher.postings import acts as posting_acts
from matcher.postings import alike, joint, joint_reads, questions
from matcher.postings import drafts as posting_drafts
from matcher.postings import reads as posting_reads
from matcher.postings import revisions as posting_revisions
from matcher.records import Need, Offer
from matcher.register import act, audit
from webapp import (
    access,
    asked,
    bench,
    bench_text,
    clock,
    compare_text,
    db,
    joint_text,
    live,
    partner_text,
    parts_text,
    posting_text,
)
from webapp.acts import ActPage, Page
from webapp.forms.posting import ReviewForm
from webapp.views.coordinator import blueprint

BEST: Final = 3  #: so many companies stand with each need that nobody has seen


@blueprint.route("/desk/needs/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def need(public_id: str) -> Page:
    """One need, to be read and decided upon."""
    return _review(
        lambda: posting_reads.get_need(db.session(), access.actor(), public_id), url_for("coordinator.needs")
    )


@blueprint.route("/desk/offers/<public_id>", methods=["GET", "POST"])
@access.allow("staff")
def offer(public_id: str) -> Page:
    """One offer, to be read and decided upon."""
    return _review(
        lambda: posting_reads.get_offer(db.session(), access.actor(), public_id),
        url_for("coordinator.offers"),
    )


@blueprint.get("/desk/unseen")
@access.allow("staff")
def unseen_needs() -> str:
    """Needs that nobody has been shown, each with the companies that fit it best."""
    session, actor, index = db.session(), access.actor(), live.index()
    listing = unseen.needs_page(session, actor, asked.page())
    return render_template(
        "coordinator/unseen.html",
        listing=listing,
        rows=[
            (need, partner_text.candidates(partners.of_need(session, actor, index, need, BEST)))
            for need in listing.rows
            if need.organization.is_verified
        ],
    )


@blueprint.get("/desk/needs/<public_id>/candidates")
@access.allow("staff")
def compare_for_need(public_id: str) -> str:
    """Two or three of the companies that fit a need, side by side."""
    return _compare(posting_reads.get_need(db.session(), access.actor(), public_id))


@blueprint.get("/desk/offers/<public_id>/candidates")
@access.allow("staff")
def compare_for_offer(public_id: str) -> str:
    """Two or three of the needs that fit an offer, side by side."""
    return _compare(posting_reads.get_offer(db.session(), access.actor(), public_id))


def _compare(posting: Need | Offer) -> str:
    wanted = dict.fromkeys(asked.several("one", compare_text.MOST + 1))
    candidates = partner_text.candidates(_candidates(posting)) if wanted else None
    cards = [card for card in candidates.cards if card.key in wanted] if candidates else []
    found = [_column(card, posting) for card in cards[: compare_text.MOST]]
    return render_template(
        "coordinator/compare.html",
        posting=posting,
        found=found,
        rows=compare_text.rows(found, cities.get(db.session())),
        too_many=len(cards) > compare_text.MOST,
    )


def _column(card: partner_text.Card, posting: Need | Offer) -> compare_text.Candidate:
    one, item = card.partner, card.partner.suggestion
    other = card.about
    kind = "coordinator.organization" if other is None else f"coordinator.{posting_drafts.kind_of(other)}"
    may_go_on = posting.is_open and permissions.may(access.actor(), "desk.recommend")
    return compare_text.Candidate(
        item.candidate.name,
        other.title if other is not None else item.candidate.name,
        url_for(kind, public_id=card.key),
        item.fit.level,
        item.fit.score,
        item.reasons,
        other,
        url_for(
            "cases.recommend", company=one.company.public_id, npo=one.npo.public_id,
            need=one.need.public_id if one.need else None, offer=one.offer.public_id if one.offer else None,
        )
        if may_go_on
        else "",
    )  # fmt: skip


_DEEDS: Final[Mapping[str, act.Act]] = MappingProxyType(
    {deed.name: deed for deed in (posting_acts.publish, posting_acts.return_, posting_acts.withdraw)}
)


def _review(find: Callable[[], Any], listing: str) -> Page:
    found, action = find(), request.form.get("action", "")
    form = ReviewForm(obj=None if request.method == "POST" else found)
    if request.method == "GET":
        form.version.data, form.reason_code.data, form.reason_text.data = str(found.version), None, ""
        return _page(found, form)
    if action not in _DEEDS:
        abort(400)
    deed = _DEEDS[action]
    decides = deed is not posting_acts.withdraw
    if not decides:
        form.ask_for_withdrawal()
    form.goes_back = deed is posting_acts.return_
    code = bench.CODES[posting_drafts.kind_of(found)]
    reason = form.reason_code.data or "", form.reason_text.data or ""
    return ActPage(
        deed=deed,
        form=form,
        record=found,
        find=find,
        ask=lambda found, banner: _page(found, form, banner),
        overtaken=posting_text.overtaken,
        home=listing,
        answers=lambda: ((), {"edits": form.corrections()}) if deed is posting_acts.publish else (reason, {}),
        says=lambda found: _done(deed, found),
        leads_to=bench.onward(code, found) if decides else lambda made: None,
    ).answer()


def _done(deed: act.Act, found: Need | Offer) -> str:
    if deed is posting_acts.withdraw:  # its owner takes it back, the city takes it off
        return str(_("「%(title)s」の公開を終了しました。", title=found.title))
    return str(_(deed.words.done, title=found.title))


def _page(found: Need | Offer, form: ReviewForm, banner: str = "") -> str:
    session = db.session()
    city, kind = cities.get(session), posting_drafts.kind_of(found)
    actions = act.open_to(session, access.actor(), found, clock.now())
    may_publish = found.organization.is_verified
    editable = [name for name in posting_drafts.STAFF_EDITABLE if hasattr(found, name)]
    is_mended = may_publish and posting_acts.publish.name in actions
    if posting_acts.publish.name not in actions:  # what is not being read can only be taken down
        form.ask_for_withdrawal()
    if isinstance(found, Need) and found.contact_name:
        access.note_contacts(found.organization)
    near = _candidates(found)
    rows = takes.of(session, found) if isinstance(found, Need) else ()
    is_read = posting_acts.return_.name in actions
    texts, told = bench_text.posting(found, city)
    beside = {
        "queue": bench.queue(bench.CODES[kind], found),
        "checks": checks.known_of_posting(found, clock.now()),
        "texts": texts,
        "told": [*told, *((_("ほかにも必要なもの"), parts_text.whole(row.part)) for row in rows[1:])],
    } if is_read else {}  # fmt: skip
    return render_template(
        "bench/posting.html" if is_read else "postings/review.html",
        **beside,
        posting=found,
        rows=rows,
        is_together=isinstance(found, Need) and together.is_there(session, access.actor(), found),
        kind=kind,
        form=form,
        banner=banner,
        hints=posting_drafts.personal_data_hints(found),
        actions=actions,
        editable=editable,
        hint_urls={name: f"#{name}" for name in editable} if is_mended else {},
        may_publish=may_publish,
        waiting_days=posting_reads.waiting_days(found, clock.now()),
        changes=[
            (
                posting_text.labels(kind)[name],
                posting_text.plain(kind, name, before, city),
                posting_text.plain(kind, name, now, city),
            )
            for name, before, now in posting_revisions.changes_since_read(session, found)
        ],
        typed=_typed(found, form) if banner else [],
        passes=passes.of_need(session, access.actor(), found) if isinstance(found, Need) else None,
        candidates=partner_text.candidates(near),
        bundle=_bundle(found, near),
        history=audit.history(session, kind, found.public_id),
        asked=questions.with_askers(session, access.actor(), found) if isinstance(found, Need) else (),
        **_joint(found),
        **_alike(found),
    )


def _joint(found: Need | Offer) -> dict[str, Any]:
    """With whom a need is asked for, or shall be, and where a proposal is taken back."""
    session, now = db.session(), clock.now()
    proposed = None
    if isinstance(found, Need):
        proposed = joint_reads.of_need(session, found) or joint_reads.at_rest(session, found)
    if proposed is None:
        return {"joint": None, "joint_days": 0, "withdraw_url": ""}
    is_open = joint.withdraw_joint.name in act.open_to(session, access.actor(), proposed, now)
    url = url_for("coordinator.joint_withdraw", public_id=proposed.public_id) if is_open else ""
    return {"joint": proposed, "joint_days": joint_reads.waiting_days(proposed, now), "withdraw_url": url}


def _alike(found: Need | Offer) -> dict[str, Any]:
    """Of a need that is read or stands: what is like it, of its own organization and of others."""
    if not isinstance(found, Need) or not (found.is_in_review or found.is_current):
        return {"own_alike": None, "others_alike": (), "unfit": {}}
    session, index, today = db.session(), live.index(), calendar.tokyo_date(clock.now())
    others = alike.others_like(session, index, found, today)
    considered = joint.considered(session, found, [one.need.public_id for one in others]) if others else []
    return {
        "own_alike": alike.own_like(session, index, found, today),
        "others_alike": others,
        "unfit": {one.public_id: joint_text.unfit(why) for one, why in considered if why},
    }


def _candidates(found: Need | Offer) -> partners.Found | None:
    """Whom it could be brought together with, while it stands."""
    if not found.is_current or not found.organization.is_verified:
        return None
    session, actor, index = db.session(), access.actor(), live.index()
    if isinstance(found, Need):
        return partners.of_need(session, actor, index, found)
    return partners.of_offer(session, actor, index, found)


def _bundle(found: Need | Offer, near: partners.Found | None) -> bundles.Bundle | None:
    """Several companies for an open need that none can fill alone."""
    if near is None or not isinstance(found, Need) or not found.is_open:
        return None
    return bundles.of_need(db.session(), access.actor(), live.index(), found, near)


def _typed(found: Need | Offer, form: ReviewForm) -> list[tuple[str, str]]:
    """What this person had written when somebody else was faster: (label, text)."""
    labels = posting_text.labels(posting_drafts.kind_of(found))
    written = [
        (labels[name], text) for name, text in form.corrections().items() if text != getattr(found, name, "")
    ]
    told = form.reason_text.data
    return [*written, (_("書いた人への説明"), told)] if told else written
