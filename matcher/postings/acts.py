"""What people do to a need or an offer: sent to the city, read by it, open until filled or withdrawn."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from matcher.cases import reads as case_reads
from matcher.cases import stages
from matcher.ground import calendar, lifecycle
from matcher.ground.errors import Invalid
from matcher.ground.permissions import SYSTEM
from matcher.postings import drafts, need_parts, revisions, terms
from matcher.records import Need, Offer
from matcher.register import act, findable, moves, notices, numbers, wording
from matcher.register.act import Also, Done, Look, Told, Words

_TOLD: Final[Mapping[str, Callable[..., wording.Said]]] = {
    "submitted": wording.posting_submitted,
    "published": wording.posting_published,
    "returned": wording.posting_returned,
    "withdrawn_by_city": wording.posting_withdrawn_by_city,
}


class _PostingWay:
    """See ``register.act.Way``."""

    def keep(self, look: Look, event: str, done: Done) -> None:
        """Move it; what was submitted, or corrected by its reader, can be shown later."""
        moves.move(
            look.session, look.actor, look.record, event, look.now,
            reason_code=done.reason_code, reason_text=done.text, details=dict(done.details),
        )  # fmt: skip
        if event == lifecycle.SUBMIT or done.details.get("corrected"):
            revisions.keep(look.session, look.record, look.actor, look.now)
        if event not in {lifecycle.SUBMIT, lifecycle.RETURN}:
            findable.touch(look.session, look.record)
        if not look.record.is_current:
            stages.end_about(look.session, look.actor, look.record, look.now)

    def tell(self, look: Look, told: Told) -> None:
        """By notice and mail."""
        posting = look.record
        text = _TOLD[told.event](posting, **told.facts)
        about = (drafts.kind_of(posting), posting.public_id)
        if told.whom == "desk":
            notices.tell_staff(look.session, *text, look.now, about=about)
        else:
            notices.tell_organization(look.session, posting.organization_id, *text, look.now, about=about)


_act = partial(act.act, record=(Need, Offer), way=_PostingWay())


@_act(
    move=lifecycle.SUBMIT, by="posting.submit", guard=lambda look: drafts.lock_of(look.actor),
    words=Words("市に送る", "市に送りました。", "市に送りました"),
)  # fmt: skip
def submit(look: Look) -> Done:
    """Send to the city for reading; gives the receipt number.

    Raises:
        Invalid: the missing or impossible fields.
    """
    posting = look.record
    wrong = drafts.problems(posting, look.now)
    if wrong:
        raise Invalid(**wrong)
    if posting.number is None:
        series = "N" if isinstance(posting, Need) else "T"
        posting.number = numbers.receipt_number(look.session, series, look.now)
    posting.submitted_at = look.now
    return Done(tells=(Told("desk", "submitted", {"organization": posting.organization.name}),))


@_act(
    move=lifecycle.PUBLISH, by="posting.review",
    guard=lambda look: None if look.record.organization.is_verified else "not_verified",
    words=Words("公開する", "「%(title)s」を公開しました。", "公開しました"),
)  # fmt: skip
def publish(look: Look, *, edits: Mapping[str, str] | None = None) -> Done:
    """Open it to the other members, with the corrections that the reader made, if any.

    Raises:
        Invalid: what must be filled was emptied, or a value cannot be meant.
    """
    posting = look.record
    further = need_parts.further(look.session, posting) if isinstance(posting, Need) else ()
    # The guard of X7 holds for all needs of this NPO, also for one that was read meanwhile.
    is_busy = isinstance(posting, Need) and case_reads.is_busy(look.session, posting.organization_id)
    # Asked before anything changes, so that the move writes all of it at once.
    changed = drafts.correct(posting, edits or {}, look.now, further)
    posting.published_at, posting.expiry_notices = look.now, 0
    posting.pause_cause = "capacity" if is_busy else None
    return Done(
        details={"corrected": changed},
        also=(Also(lifecycle.PAUSE, {"cause": "capacity"}, by=SYSTEM),) if is_busy else (),
        tells=(Told("owner", "published", {"corrected": bool(changed)}),),
    )


@_act(
    move=lifecycle.RETURN, by="posting.review",
    words=Words("差し戻す", "「%(title)s」を差し戻しました。", "差し戻しました"),
)  # fmt: skip
def return_(_look: Look, reason_code: str, reason_text: str) -> Done:
    """Give it back with a coded reason and a sentence that says what to mend.

    Raises:
        Invalid: no reason, or no sentence.
    """
    if not reason_text.strip():
        raise Invalid(reason_text="required")
    return Done(reason_code=reason_code, text=reason_text, tells=(Told("owner", "returned"),))


@_act(
    move=lifecycle.PAUSE, by="posting.pause", guard=lambda look: drafts.lock_of(look.actor),
    words=Words("受付を休止する", "受付を休止しました。いつでも再開できます。", "受付を休止しました"),
)  # fmt: skip
def pause(look: Look) -> Done:
    """Stop taking proposals for a while."""
    look.record.pause_cause = "owner"
    return Done()


def _resumption_obstacle(look: Look) -> str | None:
    """``expired`` when its date has passed (renew it), ``period_over`` when its last day has, too;
    ``answer_first`` while the capacity guard holds.
    """
    posting, today = look.record, calendar.tokyo_date(look.now)
    if lock := drafts.lock_of(look.actor):
        return lock
    if posting.valid_until is not None and posting.valid_until < today:
        return terms.renewal_obstacle(posting, today) or "expired"
    return _waiting_answers(look)


@_act(
    move=lifecycle.RESUME, by="posting.pause", guard=_resumption_obstacle,
    words=Words("受付を再開する", "受付を再開しました。", "受付を再開しました"),
)  # fmt: skip
def resume(look: Look) -> Done:
    """Take proposals again."""
    look.record.pause_cause = None
    return Done()


def _renewal_obstacle(look: Look) -> str | None:
    """What ``terms.renewal_obstacle`` finds; ``answer_first`` while the capacity guard holds."""
    today = calendar.tokyo_date(look.now)
    return drafts.lock_of(look.actor) or terms.renewal_obstacle(look.record, today) or _waiting_answers(look)


@_act(
    move=lifecycle.RENEW, by="posting.renew", guard=_renewal_obstacle, hidden_by=terms.RENEWAL_OBSTACLES,
    words=Words("公開を延長する", "公開の期限を延長しました。", "公開の期限を延長しました"),
)  # fmt: skip
def renew(look: Look) -> Done:
    """One click: valid for at least another half year but never beyond its own last day, open again where
    it had expired.
    """
    posting = look.record
    posting.valid_until = terms.renewed_until(posting, calendar.tokyo_date(look.now))
    posting.expiry_notices, posting.pause_cause = 0, None
    return Done()


def _unsettled(look: Look) -> str | None:
    """Two have agreed on it, and the city has not decided yet: with the need their case would end."""
    is_agreed = isinstance(look.record, Need) and case_reads.is_agreed_upon(look.session, look.record)
    return drafts.lock_of(look.actor) or ("case_agreed" if is_agreed else None)


@_act(
    move=lifecycle.FILL, by="posting.fill", guard=_unsettled,
    words=Words("受付を終える", "受付を終え、公開を終了しました。", "受付を終えました"),
)  # fmt: skip
def fill(_look: Look) -> Done:
    """The need is met (or the offer used up); whoever waits for an answer about it hears that none comes."""
    return Done()


@_act(
    move=lifecycle.REWORK, by="posting.rework", guard=_unsettled,
    words=Words(
        "内容を直す", "下書きに戻しました。直したあと、もう一度市に送ってください。", "下書きに戻しました"
    ),
)  # fmt: skip
def rework(look: Look) -> Done:
    """Take a published text back as a draft; the city reads it again before it is open. What waits about it
    ends as when it is filled.
    """
    look.record.pause_cause = None
    return Done()


@_act(
    move=lifecycle.WITHDRAW, by="posting.withdraw",
    words=Words("取り下げる", "取り下げました。", "取り下げました"),
)  # fmt: skip
def withdraw(look: Look, reason_code: str, reason_text: str) -> Done:
    """Take it down, by its owner or by the city; what waits about it ends.

    Raises:
        Invalid: no reason.
    """
    told = (Told("owner", "withdrawn_by_city"),) if look.actor.is_staff else ()
    return Done(reason_code=reason_code, text=reason_text, tells=told)


def _waiting_answers(look: Look) -> str | None:
    """Whether the NPO has as many unanswered proposals as it is asked to bear (X7)."""
    posting = look.record
    is_busy = isinstance(posting, Need) and case_reads.is_busy(look.session, posting.organization_id)
    return "answer_first" if is_busy else None
