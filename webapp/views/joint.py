"""Pages of needs that several NPOs ask for together: the city proposes or takes back, each NPO answers."""

from collections.abc import Mapping
from typing import Any, Final

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matcher.ground import calendar, vocabulary
from matcher.postings import alike, joint
from matcher.postings import reads as posting_reads
from matcher.records import JointNeed, Need
from matcher.register import act
from webapp import access, clock, db, live
from webapp.acts import ActPage, Page
from webapp.forms.joint import JointAnswerForm, JointForm, JointWithdrawalForm
from webapp.views import coordinator, npo

#: Why an answer comes too late (``joint.why_late``).
_LATE: Final[Mapping[str, Any]] = {
    "withdrawn": _l("この提案は、市が取り下げました。お返事は要りません。"),
    "declined": _l("この間に、ほかの団体がお返事を見合わせとしたため、提案は終わりました。お返事は要りません。"),
    "agreed": _l("この団体のお返事も含めて全員が賛成し、いっしょに頼むことになりました。"),
    "answered": _l("この団体からは、先に「%(answer)s」のお返事が送られています。"),
    "lead_over": _l("この間に、代表のニーズの公開が終わりました。お返事は、もう求めていません。"),
    "lead_away": _l("代表の団体が、ニーズを書き直しています。もう一度公開されると、お返事を送れます。"),
    "other_kind": _l(
        "提案のあとに、どれかのニーズの支援の種類か単位が変わり、量を合わせられなくなりました。"
        "賛成のお返事はできません。見合わせのお返事は送れます。"
    ),
    "elsewhere": _l(
        "提案のあとに、どれかのニーズに、別のいっしょに頼む提案ができました。"
        "賛成のお返事はできません。見合わせのお返事は送れます。"
    ),
    "meanwhile": _l(
        "この間に、ほかの団体からお返事がありました。下の内容を確かめて、もう一度送ってください。"
    ),
}


@coordinator.blueprint.route("/desk/needs/<public_id>/joint", methods=["GET", "POST"])
@access.allow("staff")
def need_joint(public_id: str) -> Page:
    """Propose to ask together, by this need."""
    session, actor = db.session(), access.actor()
    found = posting_reads.get_need(session, actor, public_id)
    near = alike.others_like(session, live.index(), found, calendar.tokyo_date(clock.now()))
    form = JointForm(data={"version": str(found.version)})
    form.offer_needs(joint.candidates(session, found, [one.need.public_id for one in near]))
    return ActPage(
        deed=joint.propose_joint,
        form=form,
        record=found,
        find=lambda: posting_reads.get_need(session, actor, public_id),
        ask=lambda need, banner: render_template("postings/joint.html", need=need, form=form, banner=banner),
        overtaken=_unproposable,
        gone=_unproposable,
        home=url_for("coordinator.need", public_id=public_id),
        answers=lambda: ((form.needs.data or [], form.note.data or ""), {}),
    ).answer()


def _unproposable(need: Need) -> str:
    if need.is_open:
        return _("いまは提案できません。このニーズには、いっしょに頼む提案がもうあります。")
    return _("いまは提案できません。このニーズの公開が止まっています。")


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
            days=joint.waiting_days(found, clock.now()),
            is_open=act.open_to(session, actor, found, clock.now()),
        ),
        overtaken=_overtaken,
        gone=_overtaken,
        home=url_for("coordinator.need", public_id=found.need.public_id),
        answers=lambda: ((form.reason.data or "",), {}),
    ).answer()


def _overtaken(found: JointNeed) -> str:
    says: str = _("この間に、団体からお返事がありました。最新の状況をご確認ください。")
    if found.is_withdrawn:
        says = _("この提案は、先に取り下げられました。")
    elif found.is_declined:
        says = _("団体がお返事を見合わせとしたため、この提案は終わっています。")
    elif found.is_agreed:
        says = _("この間に全員が賛成し、いっしょに頼むことになりました。")
    return says


@npo.blueprint.route("/joint/<public_id>", methods=["GET", "POST"])
@access.allow("npo")
def joint_need(public_id: str) -> Page:
    """Answer a proposal to ask together."""
    session, actor = db.session(), access.actor()
    found = joint.get_joint(session, actor, public_id)
    form = JointAnswerForm(data={"version": str(found.version)})
    own = joint.partner_of(found, actor)

    def late(found: JointNeed) -> str:
        answered = joint.partner_of(found, actor)
        answer = vocabulary.JOINT_ANSWERS[answered.answer] if answered else ""
        return str(_LATE[joint.why_late(session, found, actor)]) % {"answer": answer}

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
            days=joint.waiting_days(found, clock.now()),
            is_asked=act.open_to(session, actor, found, clock.now()),
        ),
        overtaken=late,
        gone=late,
        home=url_for("npo.need", public_id=own.need.public_id) if own else url_for("npo.needs"),
        answers=lambda: ((form.decision.data or "", form.reason.data or ""), {}),
    ).answer()
