"""Pages of needs that several NPOs ask for together: the city proposes or takes back, each NPO answers."""

from flask import render_template, url_for

from matcher.ground import calendar
from matcher.postings import alike, joint, joint_reads
from matcher.postings import reads as posting_reads
from matcher.records import JointNeed, Need
from matcher.register import act
from webapp import access, clock, db, joint_text, live
from webapp.acts import ActPage, Page
from webapp.forms.joint import JointAnswerForm, JointForm, JointWithdrawalForm
from webapp.views import coordinator, npo


@coordinator.blueprint.route("/desk/needs/<public_id>/joint", methods=["GET", "POST"])
@access.allow("staff")
def need_joint(public_id: str) -> Page:
    """Propose to ask together, by this need."""
    session, actor = db.session(), access.actor()
    found = posting_reads.get_need(session, actor, public_id)
    form = JointForm(data={"version": str(found.version)})

    def ask(need: Need, banner: str) -> str:
        near = alike.others_like(session, live.index(), need, calendar.tokyo_date(clock.now()))
        considered = joint.considered(session, need, [one.need.public_id for one in near])
        form.offer_needs([one for one, why in considered if not why])
        return render_template(
            "postings/joint.html",
            need=need,
            form=form,
            banner=banner,
            unfit=[(one, joint_text.unfit(why)) for one, why in considered if why],
            is_open=joint.propose_joint.name in act.open_to(session, actor, need, clock.now()),
        )

    def late(need: Need) -> str:
        return joint_text.unproposable(joint.why_unproposable(session, need))

    return ActPage(
        deed=joint.propose_joint,
        form=form,
        record=found,
        find=lambda: posting_reads.get_need(session, actor, public_id),
        ask=ask,
        overtaken=late,
        gone=late,
        home=url_for("coordinator.need", public_id=public_id),
        answers=lambda: ((form.needs.data or [], form.note.data or ""), {}),
    ).answer()


@coordinator.blueprint.route("/desk/joint/<public_id>/withdraw", methods=["GET", "POST"])
@access.allow("staff")
def joint_withdraw(public_id: str) -> Page:
    """Take back a proposal that waits for answers."""
    session, actor = db.session(), access.actor()
    found = joint.get_joint(session, actor, public_id)
    form = JointWithdrawalForm(data={"version": str(found.version)})
    return ActPage(
        deed=joint.withdraw_joint,
        form=form,
        record=found,
        find=lambda: joint.get_joint(session, actor, public_id),
        ask=lambda found, banner: render_template(
            "postings/joint_withdraw.html",
            joint=found,
            form=form,
            banner=banner,
            days=joint_reads.waiting_days(found, clock.now()),
            is_open=act.open_to(session, actor, found, clock.now()),
        ),
        overtaken=joint_text.not_taken_back,
        gone=joint_text.not_taken_back,
        home=url_for("coordinator.need", public_id=found.need.public_id),
        answers=lambda: ((form.reason.data or "",), {}),
    ).answer()


@npo.blueprint.route("/joint/<public_id>", methods=["GET", "POST"])
@access.allow("npo")
def joint_need(public_id: str) -> Page:
    """Answer a proposal to ask together."""
    session, actor = db.session(), access.actor()
    found = joint.get_joint(session, actor, public_id)
    form = JointAnswerForm(data={"version": str(found.version)})
    own = joint.partner_of(found, actor)

    def late(found: JointNeed) -> str:
        return joint_text.late(joint.why_late(session, found, actor), joint.partner_of(found, actor))

    return ActPage(
        deed=joint.answer_joint,
        form=form,
        record=found,
        find=lambda: joint.get_joint(session, actor, public_id),
        ask=lambda found, banner: render_template(
            "npo/joint.html",
            joint=found,
            own=own,
            form=form,
            banner=banner,
            days=joint_reads.waiting_days(found, clock.now()),
            is_asked=act.open_to(session, actor, found, clock.now()),
        ),
        overtaken=late,
        gone=late,
        home=url_for("npo.need", public_id=own.need.public_id) if own else url_for("npo.needs"),
        answers=lambda: ((form.decision.data or "", form.reason.data or ""), {}),
    ).answer()
