"""A case in Japanese words, as seen by whoever looks: steps, turns, history, what an action brings about.

The one place for these sentences; templates and the desk use them as ``case_text``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.cases import answering, beginning, discretion, documents, turns
from matcher.cases.reads import DOCUMENT_WORK
from matcher.ground import calendar, lifecycle, reasons
from matcher.ground.permissions import Actor
from matcher.records import AuditEvent, CaseMessage, Partnership
from matcher.register.doers import Doer
from webapp import act_text, doer_text, filters, work_text
from webapp.labels import gettext as _
from webapp.labels import said, vocabulary
from webapp.reason_text import reason_sentence

ORIGINS: Final[Mapping[str, Any]] = {"company": _l("申し出"), "npo": _l("依頼"), "coordinator": _l("推薦")}

#: What happened, where no act says it.
_EVENTS: Final[Mapping[str, Any]] = {
    lifecycle.EXPIRE: _l("いったん終了しました"),
    lifecycle.SEND_FOR_REVIEW: _l("市に確認を依頼しました"),
    "download": _l("決定時の記録をダウンロードしました"),
}

#: What is kept each time that a draft is saved.
_SAVINGS: Final = frozenset(f"draft_{kind}" for kind in DOCUMENT_WORK)

PARTS: Final[Mapping[str, Any]] = {
    "meaning": _l("文章の内容の近さ"),
    "words": _l("共通する言葉"),
    "sentences": _l("いちばん近い文どうしの近さ"),
    "mission": _l("団体の目的と企業の方針の近さ"),
    "support": _l("支援の種類"),
    "field": _l("活動の分野"),
    "beneficiaries": _l("支えたい相手"),
    "sdgs": _l("SDGsの目標"),
    "area": _l("地域"),
    "period": _l("期間"),
    "hours": _l("曜日と時間帯"),
    "quantity": _l("量・金額"),
    "contextual": _l("文脈をふまえた文章全体の近さ"),
    "maxsim": _l("文脈をふまえた文どうしの近さ（平均）"),
}


# ── Where it stands ──────────────────────────────────────────────────────────────────────────────────


def origin(case: Partnership) -> str:
    """申し出, 依頼 or 推薦."""
    return str(ORIGINS[case.origin])


def sent(case: Partnership) -> str:
    """What is said once it has begun."""
    return _begun(case.origin)


def _begun(origin: str) -> str:
    return _(beginning.propose.words.done, word=ORIGINS[origin])


def steps(case: Partnership) -> list[str]:
    """The way of a case, from the first word to the introduction."""
    return [origin(case), _("両者の合意"), _("市の確認"), _("引き合わせ")]


def state(case: Partnership, actor: Actor) -> str:
    """The present state in words, from the side of whoever looks."""
    word = origin(case)
    if case.state == "interest_one_side":
        side = case.side_of(actor.organization_id)
        if side is not None and side in case.asked:
            return _("%(word)s：お返事をお待ちしています", word=word)
        return _("%(word)s：お返事待ち", word=word)
    return filters.label_of(case.state, lifecycle.STATES["partnership"])


def party(case: Partnership, mover: str, actor: Actor) -> str:
    """「貴社」, 「貴団体」, the other side's name, or the city."""
    own = case.side_of(actor.organization_id)
    if mover == "company":
        return _("貴社") if own == "company" else case.company.name
    if mover == "npo":
        return _("貴団体") if own == "npo" else case.npo.name
    return _("市の担当")


def turn(case: Partnership, actor: Actor, steps: Iterable[turns.Step]) -> str:
    """Whose turn it is, in words, by what is to be done on the case; empty where nothing is."""
    return _("と").join(party(case, side, actor) for side in turns.whose(steps))


def is_own_turn(case: Partnership, actor: Actor, steps: Iterable[turns.Step]) -> bool:
    """Whether the case waits for whoever looks."""
    return documents.side_of(actor, case) in turns.whose(steps)


def outcome(case: Partnership) -> str:
    """What stands in the place of a turn where nobody has to answer; empty otherwise."""
    sentences = {
        "agreed": _("協定が結ばれました。始まりの日に、自動で実施中になります。"),
        "running": _("協働を実施しています。"),
        "closed": _("この案件は完了しました。"),
        "declined": _("今回は見送りとなり、この案件は終了しました。"),
        "withdrawn": _("取り下げられ、この案件は終了しました。"),
        "refused": _("市が承認しないこととし、この案件は終了しました。"),
    }
    return work_text.expired(case) if case.state == "expired" else sentences.get(case.state, "")


def advice(case: Partnership, actor: Actor, steps: Iterable[turns.Step]) -> str:
    """What the person who looks can do now, or why there is nothing to do."""
    mine = is_own_turn(case, actor, steps)
    if case.state in {"recommended", "interest_one_side"}:
        if mine:
            return _(
                "進めたいか、今回は見送るかをお返事ください。"
                "迷うときは質問を送れます。見送っても、不利になることはありません。"
            )
        if actor.is_staff:
            return _(
                "両者の返事がそろうと、市の確認に進みます。期限までに返事がないときは、自動で終了します。"
            )
        return _("相手のお返事を待っています。いま、お手続きは必要ありません。")
    if case.state == "interest_both":
        if actor.is_staff:
            return _("差し戻した点の補足を待っています。")
        return _("市の担当から、補足のお願いがあります。どちらからでも返事ができます。")
    if case.state == "coordinator_review":
        if mine:
            return _("両者が合意しました。内容を確かめて、承認・差し戻し・不承認のどれかを選んでください。")
        return _("両者の合意がそろい、市の担当が内容を確認しています。いま、お手続きは必要ありません。")
    if case.state == "refused":
        return _("内容を改めて、もう一度声をかけることができます。ご不明な点は市の担当にお尋ねください。")
    return _("事情が変わったときは、あらためて声をかけることができます。")


def action_label(case: Partnership, action: str) -> str:
    """The button of an action; a supplement after a return is not called a proposal."""
    if action == lifecycle.REVISE and case.state == "interest_both":
        return _("補足・変更して送る")
    return act_text.label(action)


def main_action(
    case: Partnership, actor: Actor, actions: Sequence[str], steps: Iterable[turns.Step]
) -> str | None:
    """The one action that carries the main button, ``None`` where it is not one's turn."""
    if not is_own_turn(case, actor, steps):
        return None
    return next(
        (action for action in (lifecycle.ACCEPT, lifecycle.REVISE, lifecycle.APPROVE) if action in actions),
        None,
    )


def terms(case: Any) -> str:
    """「食品 20kg」 of anything that has terms: a case, ``Terms``, a need or an offer."""
    amount = filters.quantity(case.quantity, case.unit)
    return f"{vocabulary.support_label(case.support_type)} {amount}".strip()


def period(case: Any) -> str:
    """「令和8年12月1日から令和9年3月31日まで」, or what of it is known."""
    first, last = filters.jdate(case.period_from, False), filters.jdate(case.period_to, False)
    if first and last:
        return _("%(first)sから%(last)sまで", first=first, last=last)
    if first:
        return _("%(first)sから", first=first)
    return _("%(last)sまで", last=last) if last else ""


def whole_period(case: Partnership) -> str:
    """The period of the agreement where there is one, else what was asked for."""
    if case.starts_on and case.ends_on:
        first, last = filters.jdate(case.starts_on, False), filters.jdate(case.ends_on, False)
        return _("%(first)sから%(last)sまで", first=first, last=last)
    return period(case)


# ── What an action brings about, for each of the three ───────────────────────────────────────────────


def consequences(case: Partnership, action: str, actor: Actor, now: datetime) -> list[tuple[str, str]]:
    """(who, what happens then) for the page that asks once more."""
    answer_by = filters.jmonthday(calendar.deadline(now, lifecycle.ANSWER_DAYS))
    both = _("%(company)sと%(npo)s", company=case.company.name, npo=case.npo.name)
    city = _("市")
    own = case.side_of(actor.organization_id)
    other = case.npo.name if own == "company" else case.company.name
    own_word = party(case, own or "coordinator", actor)
    if action == lifecycle.APPROVE:
        return [
            (both, _("お互いの担当者の連絡先が画面に表示され、承認のお知らせがメールでも届きます。")),
            (
                city,
                _(
                    "両者のプロフィール、ニーズ、組み合わせの理由、これまでの経過を、いまの内容のまま保存します。"
                    "あとから変えることはできません。"
                ),
            ),
        ]
    if action == lifecycle.RETURN:
        return [
            (
                both,
                _(
                    "下に書く文をそのまま読み、%(day)sまでに補足や変更ができます。連絡先はまだ表示されません。",
                    day=answer_by,
                ),
            ),
            (city, _("補足が届くともう一度「承認待ち」に入り、期限までに届かないときは自動で終了します。")),
        ]
    if action == lifecycle.REFUSE:
        return [
            (
                both,
                _(
                    "承認されなかったことと、下に書く文を読みます。連絡先は表示されません。"
                    "内容を改めて、もう一度声をかけることはできます。"
                ),
            ),
            (city, _("判断のもとになった記録を変更できない形で保存し、案件を終了します。")),
        ]
    if action == lifecycle.ACCEPT:
        next_step = (
            _(
                "両者の合意がそろい、市の担当が3営業日ほどで内容を確認します。"
                "連絡先は、市が承認したあとでお互いに表示されます。"
            )
            if len(case.asked) == 1
            else _("相手のお返事を待ちます。両方の合意がそろうと、市の確認に進みます。")
        )
        return [(other, _("進めたいとのお返事と、下のひとことが届きます。")), (own_word, next_step)]
    if action == lifecycle.DECLINE:
        return [
            (other, _("今回は見送りとなったことだけを知らせます。選んだ理由は伝わりません。")),
            (city, _("理由は、よりよい組み合わせを考えるために、市の担当だけが読みます。")),
        ]
    if action == lifecycle.WITHDRAW:
        return [
            (
                other if own else both,
                _("取り下げられたことだけを知らせます。選んだ理由は伝わりません。"),
            ),
            (own_word, _("この案件は終了します。あらためて声をかけることはできます。")),
        ]
    if action == lifecycle.REVISE:
        first = (other, _("条件を変えると、%(day)sまでに、もう一度お返事をお願いします。", day=answer_by))
        if case.state != "interest_both":
            return [first]
        return [first, (city, _("条件を変えず、補足だけを送るときは、そのまま市の確認に進みます。"))]
    if action == answering.send_message.name:
        others = _("ほかの参加者")
        return [(others, _("画面とメールで知らせます。お返事の期限は、少なくとも7日後まで延ばします。"))]
    return []


# ── History ──────────────────────────────────────────────────────────────────────────────────────────


def timeline(
    actor: Actor,
    case: Partnership,
    events: Iterable[tuple[AuditEvent, Doer | None]],
    messages: Iterable[CaseMessage],
    more: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Everything that happened, newest first, as ``components/timeline.html`` draws it.

    Args:
        more: public id of a record that events name → its text.
    """
    texts = {message.public_id: message.text for message in messages} | dict(more or {})
    seen = [(event, user) for event, user in events if discretion.may_see(actor, event)]
    return [
        {
            "at": event.at,
            "who": who(actor, case, user),
            "text": happened(event, case.origin),
            "reason": _reason(actor, event),
            "detail": _detail(case, event, texts),
        }
        for number, (event, user) in enumerate(seen)
        if number == 0 or not _is_same_saving(seen[number - 1][0], event)
    ]


def _is_same_saving(later: AuditEvent, event: AuditEvent) -> bool:
    """Whether both are savings of one draft by one person on one day; in a row, the last is told."""
    if event.action not in _SAVINGS or event.from_state is not None:
        return False
    saved = [
        (one.action, one.details.get("document"), one.actor_id, calendar.tokyo_date(one.at))
        for one in (later, event)
    ]
    return saved[0] == saved[1]


def who(actor: Actor, case: Partnership, user: Doer | None) -> str:
    """Who did it. People of the other side are named to members only after the introduction."""
    if user is None or user.organization is None:
        return doer_text.who(user)
    known = actor.is_staff or user.organization_id == actor.organization_id or case.was_introduced
    return doer_text.who(user) if known else user.organization


def overtaken(
    actor: Actor, case: Partnership, events: Sequence[tuple[AuditEvent, Doer | None]], now: datetime
) -> str:
    """「先に○○さんが14:32に承認しました。入力された内容は下に残しています。」"""
    newest = next(((event, user) for event, user in events if user is not None), None) or (
        events[0] if events else None
    )
    event, user = newest or (None, None)
    what = happened(event, case.origin) if event is not None else ""
    return doer_text.overtaken(actor, event, who(actor, case, user), what, now)


def happened(event: AuditEvent, began: str = "") -> str:
    """One event of a history, as ``event_words``; of what ended by itself also why."""
    if event.action == lifecycle.EXPIRE:
        return work_text.why_expired(
            event.reason_code, was_introduced=event.from_state in lifecycle.CASE_WORK
        )
    return event_words(event.action, began)


def event_words(action: str, began: str = "") -> str:
    """One step of a history; ``began`` is the origin of the case, where it is known."""
    if action == beginning.propose.name and began:
        return _begun(began)
    return act_text.event_words(action) or str(_EVENTS.get(action, action))


def _reason(actor: Actor, event: AuditEvent) -> str:
    # Why it ended by itself ``happened`` says.
    if event.action == lifecycle.EXPIRE or not discretion.may_read_reason(actor, event):
        return ""
    label = filters.label_of(event.reason_code, said(reasons.of_action("partnership", event.action)))
    return _("。").join(part for part in (label, event.reason_text) if part)


def _detail(case: Partnership, event: AuditEvent, texts: Mapping[str, str]) -> str:
    if event.action == answering.send_message.event:
        return texts.get(str(event.details.get("message")), "")
    named = next(
        (str(event.details[key]) for key in ("meeting", "task", "file", "risk") if key in event.details), ""
    )
    if named:
        return "\n".join(part for part in (texts.get(named, ""), act_text.risk_change(event.details)) if part)
    if event.action == beginning.propose.name:
        return case.message
    if event.action == lifecycle.REVISE:
        before, after = event.details.get("before"), event.details.get("after")
        if before and after:
            return _("変更前：%(before)s\n変更後：%(after)s", before=_kept(before), after=_kept(after))
    return ""


def _kept(facts: Mapping[str, Any]) -> str:
    """Terms as the audit keeps them (JSON)."""
    amount = filters.quantity(facts.get("quantity"), facts.get("unit"))
    days = "〜".join(filters.isoday(facts.get(key)) for key in ("period_from", "period_to")).strip("〜")
    return " ".join(
        part for part in (vocabulary.support_label(facts.get("support_type")), amount, days) if part
    )


# ── Reasons as they were shown ───────────────────────────────────────────────────────────────────────


def shown_reasons(kept: Iterable[Mapping[str, Any]], reader: str = "") -> dict[str, list[dict[str, Any]]]:
    """The kept reasons of a suggestion, sorted into ``pros``, ``cons`` and ``improvements``."""
    found: dict[str, list[dict[str, Any]]] = {"pros": [], "cons": [], "improvements": []}
    for reason in kept:
        entry = {
            "text": reason_sentence(reason, reader),
            "own_quote": reason.get("company") if reason.get("code") == "quote" else None,
            "other_quote": reason.get("npo") if reason.get("code") == "quote" else None,
        }
        group = "improvements" if reason.get("code") == "improve" else (
            "pros" if reason.get("mark") == "○" else "cons"
        )  # fmt: skip
        found[group].append(entry)
    return found
