"""What becomes of an organization: verified by the city with a checklist, returned, stopped, leaving."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from matcher.cases import reads as case_reads
from matcher.cases import telling
from matcher.ground import calendar, lifecycle, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.ground.profile import SECTIONS
from matcher.organizations.profile import missing
from matcher.records import ChecklistAnswer, Need, Offer, Organization, Partnership
from matcher.register import (
    act,
    findable,
    moves,
    notices,
    snapshots,
    wording,
    wording_registration,
    wording_work,
)
from matcher.register.act import Done, Look, Told, Words

TERMS_VERSION: Final = "2026-10"  #: version of the terms of use that an organization agrees to

#: Cases in these states must be brought to an end before an organization leaves.
_UNDECIDED_CASES: Final = ("recommended", "interest_one_side", "interest_both", "coordinator_review")

_TOLD: Final[Mapping[str, Callable[[Organization], wording.Said]]] = {
    "submitted": wording_registration.organization_submitted,
    "verified": wording_registration.organization_verified,
    "renewed": wording_registration.organization_renewed,
    "returned": wording_registration.organization_returned,
    "suspended": wording_registration.organization_suspended,
    "reinstated": wording_registration.organization_reinstated,
    "deactivated": wording_registration.organization_deactivated,
}


class _OrganizationWay:
    """See ``register.act.Way``."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Move it; its state decides whether it, its needs and its offers may be found."""
        moves.move(
            look.session, look.actor, look.record, event, look.now,
            reason_code=done.reason_code, reason_text=done.text, details=dict(done.details),
        )  # fmt: skip
        if event not in {lifecycle.SUBMIT, lifecycle.RETURN}:
            _made_findable(look.session, look.record)

    def tell(self, look: Look, told: Told) -> None:
        """By notice and mail."""
        text, about = _TOLD[told.event](look.record), ("organization", look.record.public_id)
        if told.whom == "desk":
            notices.tell_staff(look.session, *text, look.now, about=about)
        else:
            notices.tell_organization(look.session, look.record, *text, look.now, about=about)


_act = partial(act.act, record=Organization, way=_OrganizationWay())


def checklist(organization: Organization) -> Mapping[str, str]:
    """The questions the coordinator answers for this kind of organization."""
    return vocabulary.CHECKLIST_COMPANY if organization.kind == "company" else vocabulary.CHECKLIST_NPO


@_act(
    move=lifecycle.SUBMIT, by="organization.submit",
    words=Words("市に確認を申請する", "市に確認を申請しました。", "市に確認を申請しました"),
)  # fmt: skip
def submit(look: Look, *, declared: bool, agreed: bool) -> Done:
    """Ask the city to verify, with the declaration (暴力団排除) and the terms of use.

    Raises:
        Invalid: ``declared`` or ``agreed`` was not ticked.
        Refused: ``profile_incomplete`` with the ``sections`` that lack something.
    """
    organization = look.record
    unticked = {name: "required" for name, on in (("declared", declared), ("agreed", agreed)) if not on}
    if unticked:
        raise Invalid(**unticked)
    lacking = [part.label for part in SECTIONS[organization.kind] if missing(organization, part)]
    if lacking:
        raise Refused("profile_incomplete", sections="、".join(lacking))
    organization.submitted_at = organization.declared_at = look.now
    organization.terms_version = TERMS_VERSION
    content = snapshots.sha256(snapshots.organization(organization))
    return Done(details={"terms": TERMS_VERSION, "sha256": content}, tells=(Told("desk", "submitted"),))


@_act(
    move=lifecycle.VERIFY, by="organization.review",
    words=Words(
        "確認済みにする", "%(name)sを確認済みとし、お知らせを送りました。", "確認済みとしました"
    ),
)  # fmt: skip
def verify(look: Look, answers: Mapping[str, tuple[str, str]]) -> Done:
    """Accept after the checklist: item → (yes | no | na, comment).

    Raises:
        Invalid: ``<item>``: an answer is missing; ``<item>_comment``: *no* without a comment.
        Refused: ``checklist_no`` when an item was answered *no*: something is to be mended first.
    """
    _checked(look, answers)
    look.record.verified_at = look.now
    return Done(tells=(Told("owner", "verified"),))


def _lasts(look: Look) -> str | None:
    """Its verification goes on for longer than the months in which it is renewed: somebody was faster."""
    last, today = look.record.verification_expires_on, calendar.tokyo_date(look.now)
    is_due = last is not None and last - timedelta(days=lifecycle.VERIFICATION_RENEW_DAYS) <= today
    return None if is_due else act.MOVED_ON


@_act(
    move=lifecycle.RENEW, by="organization.review", guard=_lasts, hidden_by=frozenset({act.MOVED_ON}),
    words=Words(
        "確認を更新する", "%(name)sの確認を更新し、お知らせを送りました。", "確認を更新しました"
    ),
)  # fmt: skip
def renew(look: Look, answers: Mapping[str, tuple[str, str]]) -> Done:
    """Verify once more what has been verified so long ago that it ends, with the same checklist; it then
    lasts from today. Since when it is here stays as it was.

    Raises:
        As ``verify``.
    """
    _checked(look, answers)
    return Done(tells=(Told("owner", "renewed"),))


def _checked(look: Look, answers: Mapping[str, tuple[str, str]]) -> None:
    _keep_answers(look, answers, complete=True)
    if any(answer == "no" for answer, _comment in answers.values()):
        raise Refused("checklist_no")
    look.record.verification_expires_on = verified_until(calendar.tokyo_date(look.now))


def verified_until(day: date) -> date:
    """The last day of a verification that is given on ``day``."""
    year = day.year + lifecycle.VERIFICATION_YEARS
    return day.replace(year=year, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=year)


@_act(
    move=lifecycle.RETURN, by="organization.review",
    words=Words("差し戻す", "%(name)sに差し戻し、お知らせを送りました。", "差し戻しました"),
)  # fmt: skip
def return_(look: Look, answers: Mapping[str, tuple[str, str]], reason_code: str, reason_text: str) -> Done:
    """Give the application back with a coded reason and what to mend; answers so far are kept.

    Raises:
        Invalid: no reason, or nothing that says what to mend.
    """
    _explained(reason_text)
    _keep_answers(look, answers, complete=False)
    return Done(reason_code=reason_code, text=reason_text, tells=(Told("owner", "returned"),))


@_act(
    move=lifecycle.SUSPEND, by="organization.suspend",
    words=Words(
        "利用を停止する", "%(name)sの利用を停止し、お知らせを送りました。", "利用を停止しました"
    ),
)  # fmt: skip
def suspend(look: Look, reason_code: str, reason_text: str) -> Done:
    """Stop an organization (manager only); its running cases are listed in the audit event, and the
    partners and officials of these cases hear of it (not of the reason).

    Raises:
        Invalid: no reason, or no sentence on it.
    """
    _explained(reason_text)
    running = _tell_partners(look, "partner_suspended")
    return Done(
        reason_code=reason_code, text=reason_text,
        details={"running_cases": [case.public_id for case in running]},
        tells=(Told("owner", "suspended"),),
    )  # fmt: skip


@_act(
    move=lifecycle.REINSTATE, by="organization.suspend",
    words=Words(
        "利用停止を解除する", "%(name)sの利用停止を解除し、お知らせを送りました。", "利用停止を解除しました"
    ),
)  # fmt: skip
def reinstate(look: Look, reason_code: str, reason_text: str) -> Done:
    """End a suspension (manager only).

    Raises:
        Invalid: no reason, or no sentence on it.
    """
    _explained(reason_text)
    _tell_partners(look, "partner_reinstated")
    return Done(reason_code=reason_code, text=reason_text, tells=(Told("owner", "reinstated"),))


@_act(
    move=lifecycle.DEACTIVATE, by="organization.deactivate",
    words=Words("利用を終了させる", "%(name)sの利用を終了しました。", "利用を終了しました"),
)  # fmt: skip
def deactivate(look: Look, reason_code: str, reason_text: str) -> Done:
    """End the use of the service (owner, or a manager for a group that no longer exists).

    Its needs and offers are withdrawn with the same reason. Introduced cases stay, so that both sides
    find their history; the partners and officials of those that run hear of it.

    Raises:
        Invalid: no reason.
        Refused: ``cases_undecided`` with their ``count``: somebody still waits for an answer.
    """
    waiting = look.session.scalar(
        select(func.count())
        .select_from(Partnership)
        .where(
            (Partnership.company_id == look.record.id) | (Partnership.npo_id == look.record.id),
            Partnership.state.in_(_UNDECIDED_CASES),
        )
    )
    if waiting:
        raise Refused("cases_undecided", count=waiting)
    running = _tell_partners(look, "partner_left")
    return Done(
        reason_code=reason_code, text=reason_text,
        details={
            "withdrawn": _withdraw_postings(look, reason_code, reason_text),
            "running_cases": [case.public_id for case in running],
        },
        tells=(Told("owner" if look.actor.is_staff else "desk", "deactivated"),),
    )  # fmt: skip


def _explained(reason_text: str) -> None:
    if not reason_text.strip():
        raise Invalid(reason_text="required")


def _keep_answers(look: Look, answers: Mapping[str, tuple[str, str]], *, complete: bool) -> None:
    organization = look.record
    items = checklist(organization)
    problems = {
        f"{item}_comment": "required"
        for item in items
        if answers.get(item, ("", ""))[0] == "no" and not answers[item][1].strip()
    }
    if complete:
        problems |= {
            item: "required" for item in items if answers.get(item, ("", ""))[0] not in vocabulary.ANSWERS
        }
    if problems:
        raise Invalid(**problems)
    newest = look.session.scalar(
        select(func.max(ChecklistAnswer.round)).where(ChecklistAnswer.organization_id == organization.id)
    )
    for item, (answer, comment) in answers.items():
        if item in items and answer in vocabulary.ANSWERS:
            look.session.add(
                ChecklistAnswer(
                    organization_id=organization.id,
                    round=(newest or 0) + 1,
                    item=item,
                    answer=answer,
                    comment=comment.strip(),
                    answered_by_id=look.actor.user_id,
                    answered_at=look.now,
                )
            )


def _tell_partners(look: Look, event: str) -> Sequence[Partnership]:
    """The organization's open cases, whose other side and officials hear of it."""
    session, organization, now = look.session, look.record, look.now
    running = case_reads.open_cases_of(session, organization)
    for case in running:
        partner = "npo" if case.side_of(organization.id) == "company" else "company"
        text = wording_work.event(case, event, what=organization.name)
        telling.tell(session, look.actor, case, text, now, partner, "city")
    return running


def _withdraw_postings(look: Look, reason_code: str, reason_text: str) -> list[str]:
    withdrawn = [
        posting
        for posting in _own_postings(look.session, look.record)
        if lifecycle.WITHDRAW in moves.available(look.actor, posting)
    ]
    for posting in withdrawn:
        moves.move(
            look.session, look.actor, posting, lifecycle.WITHDRAW, look.now,
            reason_code=reason_code, reason_text=reason_text,
        )  # fmt: skip
        findable.touch(look.session, posting)
    return [posting.public_id for posting in withdrawn]


def _made_findable(session: Session, organization: Organization) -> None:
    findable.touch(session, organization)
    for posting in _own_postings(session, organization):
        if posting.state == "open":
            findable.touch(session, posting)


def _own_postings(session: Session, organization: Organization) -> list[Need | Offer]:
    return [
        *session.scalars(select(Need).where(Need.organization_id == organization.id).order_by(Need.id)),
        *session.scalars(select(Offer).where(Offer.organization_id == organization.id).order_by(Offer.id)),
    ]
