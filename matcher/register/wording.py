"""What notices and mails say: for each event the facts that it keeps, and the words that they fill in.

Kept is a code with facts (``Said``); the sentence is made when it is shown or sent (``sentences``). Plain text
that can be acted on without a link: each says what happened, the number, and what to do next.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from matcher.ground.calendar import TOKYO
from matcher.records import Need, Offer, Organization, Partnership


class Said(NamedTuple):
    """Something to be told: which words, and the facts (plain JSON) that fill them in."""

    code: str
    facts: dict[str, Any]


CITY: Final = "市の担当"  #: as the officials are spoken of, without さま

_CASE: Final = "案件番号：{number}\n企業：{company}\n団体：{npo}{need_line}\n支援の内容：{support}{amount}"
_POSTING: Final = "受付番号：{number}\n件名：{title}"
_WRITE_ANEW: Final = (
    "画面の「内容を直す」を押して、新しい期間を入力してください。市がもう一度確認してから公開します。"
)

#: code → (subject, body); what stands in braces is a fact, in words (``sentences.say``).
WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        # ── Cases before the introduction ────────────────────────────────────────────────────────────
        "case_started": (
            "{asker}さまから{origin}が届きました（{number}）",
            "{asker}さまから{origin}が届きました。\n\n" + _CASE + "\n\n{message}\n\n"
            "{until}までに、縁むすびの「案件」の画面でお返事をお願いします。"
            "お受けになるか、見送るかを選べます。見送っても、不利になることはありません。",
        ),
        "case_recommended": (
            "市から推薦が届きました（{number}）",
            "市の担当が、次の組み合わせを推薦します。\n\n" + _CASE + "\n\n推薦の理由：{reason}\n\n"
            "{until}までに、縁むすびの「案件」の画面でお返事をお願いします。"
            "お受けになるかどうかは、それぞれのお考えで決めていただけます。",
        ),
        "case_accepted_first": (
            "{who}さまから「進めたい」とのお返事がありました（{number}）",
            "{who}さまから、進めたいとのお返事がありました。\n\n" + _CASE + "\n\n"
            "{until}までに、「案件」の画面でお返事をお願いします。",
        ),
        "case_accepted_both": (
            "{who}さまから「進めたい」とのお返事がありました（{number}）",
            "{who}さまから、進めたいとのお返事がありました。\n\n" + _CASE + "\n\n"
            "両者の合意がそろいましたので、市の担当が内容を確認します。いまは、お手続きは必要ありません。",
        ),
        "case_for_review": (
            "協働の承認待ち（{number}）",
            "両者が合意しました。内容の確認をお願いします。\n\n" + _CASE,
        ),
        "case_revised": (
            "条件の変更についてお返事をお願いします（{number}）",
            "{who}さまが支援の内容を変更しました。\n\n" + _CASE + "\n\n"
            "{until}までに、「案件」の画面で変更後の内容をご確認ください。",
        ),
        "case_message": (
            "{who_titled}からの連絡（{number}）",
            "案件に新しい連絡があります。「案件」の画面でお読みください。\n\n" + _CASE,
        ),
        "case_declined": (
            "今回は見送りとなりました（{number}）",
            "{who}さまから、今回は見送りたいとのお返事がありました。\n\n" + _CASE + "\n\n"
            "事情が変わったときは、あらためて声をかけることができます。"
            "ほかの相手も「おすすめ」の画面でご覧いただけます。",
        ),
        "case_withdrawn": (
            "案件が取り下げられました（{number}）",
            "{who_titled}がこの案件を取り下げました。\n\n" + _CASE + "\n\nお手続きは必要ありません。",
        ),
        "case_reminder": (
            "お返事の期限まであと{days}日です（{number}）",
            "お返事をお待ちしています。期限は{until}です。\n\n" + _CASE + "\n\n"
            "「案件」の画面から、お受けになるか見送るかを選べます。"
            "迷われているときは、質問を送ることもできます。",
        ),
        "case_expired": (
            "お返事の期限が過ぎたため、いったん終了しました（{number}）",
            "期限までにお返事がそろわなかったため、この案件をいったん終了しました。どちらの評価にも影響しません。\n\n"
            + _CASE + "\n\nご希望があれば、あらためて声をかけることができます。",
        ),
        "case_ended_with_posting": (
            "{posting}が{became}ため、いったん終了しました（{number}）",
            "もとになった{posting}が{became}ため、この案件をいったん終了しました。どちらの評価にも影響しません。\n\n"
            + _CASE + "\n\nお手続きは必要ありません。ほかの相手は「おすすめ」の画面でご覧いただけます。",
        ),
        "case_approved": (
            "協働が承認されました（{number}）",
            "市がこの組み合わせを承認しました。\n\n" + _CASE + "\n\n"
            "「案件」の画面に、お互いの担当者の連絡先を表示しています。まず一度、面談の日時をご相談ください。",
        ),
        "case_returned": (
            "案件の内容について確認のお願い（{number}）",
            "市の担当から、次の点の補足をお願いします。\n\n{reason}\n\n" + _CASE + "\n\n"
            "{until}までに、どちらからでも「案件」の画面で補足または変更ができます。",
        ),
        "case_refused": (
            "協働は承認されませんでした（{number}）",
            "市はこの組み合わせを承認しないこととしました。\n\n理由：{reason}\n\n" + _CASE + "\n\n"
            "内容を改めて、もう一度申し出ることができます。ご不明な点は市の担当にお尋ねください。",
        ),
        # ── Needs and offers ─────────────────────────────────────────────────────────────────────────
        "posting_submitted": (
            "{posting}の確認待ち（{number}）",
            "{who}から{posting}が届きました。内容の確認をお願いします。\n\n" + _POSTING,
        ),
        "posting_published": (
            "{posting}を公開しました（{number}）",
            "市の確認が終わり、{posting}を公開しました。\n\n" + _POSTING + "\n\n"
            "ホームの画面から、{near}をご覧いただけます。",
        ),
        "posting_published_corrected": (
            "{posting}を公開しました（{number}）",
            "市の確認が終わり、{posting}を公開しました。\n\n" + _POSTING + "\n\n"
            "市の担当が表現の一部を整えました。画面で内容をご確認ください。\n\n"
            "ホームの画面から、{near}をご覧いただけます。",
        ),
        "posting_returned": (
            "{posting}について確認のお願い（{number}）",
            "次の点を直して、もう一度お送りください。書いていただいた内容はそのまま残っています。\n\n{reason}\n\n"
            + _POSTING,
        ),
        "posting_withdrawn_by_city": (
            "{posting}の公開を終了しました（{number}）",
            "市の判断で公開を終了しました。\n\n理由：{withdrawal}\n\n" + _POSTING + "\n\n"
            "ご不明な点は市の担当にお尋ねください。",
        ),
        "joint_proposed": (
            "いっしょに頼むことの提案が届きました（{number}）",
            "市から、よく似たニーズのある団体といっしょに企業に頼むことの提案です。ニーズの画面から、賛成か見合わせるかを"
            "お返事ください。どちらでも、不利になることはありません。\n\n市から：{note}\n\n" + _POSTING,
        ),
        "joint_agreed": (
            "いっしょに頼むことになりました（{number}）",
            "全員が賛成したため、1件のニーズにまとめました。量は全員の分を合わせ、ほかの団体のニーズは受付を休止しました。"
            "\n\n" + _POSTING,
        ),
        "joint_declined": (
            "いっしょに頼むことは見合わせます（{number}）",
            "見合わせるとのお返事がありました。それぞれのニーズは、これまでどおり続きます。\n\n理由：{reason}\n\n"
            + _POSTING,
        ),
        "joint_withdrawn": (
            "いっしょに頼むことの提案を取り下げました（{number}）",
            "お返事がそろわなかったなどの理由により、市が提案を取り下げました。お返事は要りません。それぞれのニーズは、"
            "これまでどおり続きます。\n\n理由：{reason}\n\n" + _POSTING,
        ),
        "joint_withdrawn_at_rest": (
            "いっしょに頼むことの提案を取り下げました（{number}）",
            "代表のニーズが公開されていないあいだ、お返事を送れなくなっていた提案を、市が取り下げました。お返事は要りません。"
            "\n\n理由：{reason}\n\n" + _POSTING,
        ),
        "need_filled": (
            "ニーズがすべて満たされました（{number}）",
            "必要とされていたもののすべてについて、協定が結ばれました。新しい申し出の受付を終了しました。\n\n" + _POSTING
            + "\n\nどの企業が何を引き受けたかは、画面の「みんなでかなえる」でご覧いただけます。",
        ),
        "question_asked": (
            "ニーズに質問が届きました（{number}）",
            "企業から、ニーズについて質問が届きました。5営業日以内を目安に、ニーズの画面から回答してください。"
            "回答は、このニーズを見られる人すべてに表示されます。\n\n質問：{question}\n\n" + _POSTING,
        ),
        "question_answered": (
            "ニーズへの質問に回答がありました（{number}）",
            "質問された方と、このニーズを保存している方にお知らせします。\n\n"
            "質問：{question}\n回答：{answer}\n\n" + _POSTING,
        ),
        "question_merged": (
            "ご質問を、同じ内容の質問にまとめました（{number}）",
            "ご質問は、同じ内容のほかの質問とまとめて回答します。回答は、ニーズの画面に表示されます。\n\n"
            "いただいた質問：{asked}\nまとめた先の質問：{question}\n\n" + _POSTING,
        ),
        "question_refused": (
            "ご質問には回答しないこととしました（{number}）",
            "いただいた質問には、次の理由により回答しないこととしました。\n\n"
            "質問：{asked}\n理由：{refusal}\n\n" + _POSTING,
        ),
        "posting_expiring": (
            "{posting}の公開はあと{days}日です（{number}）",
            "公開の期限が近づいています。続けるときは、画面の「公開を延長する」を押してください。\n\n" + _POSTING,
        ),
        "posting_expiring_at_its_end": (
            "{posting}の公開はあと{days}日です（{number}）",
            "公開の期限が近づいています。公開は、終わりの日までです。続けるときは、" + _WRITE_ANEW + "\n\n"
            + _POSTING,
        ),
        "posting_expired": (
            "{posting}の公開期限が過ぎました（{number}）",
            "公開の期限が過ぎたため、表示を終了しました。内容は残っています。\n\n" + _POSTING + "\n\n"
            "画面の「公開を延長する」を押すと、もう一度公開できます。",
        ),
        "posting_expired_at_its_end": (
            "{posting}の公開期限が過ぎました（{number}）",
            "公開の期限が過ぎたため、表示を終了しました。内容は残っています。\n\n" + _POSTING + "\n\n"
            "もう一度公開するときは、" + _WRITE_ANEW,
        ),
        # ── What is new and fits ─────────────────────────────────────────────────────────────────────
        "fits_found": (
            "新しく合う{posting}が{count}件あります",
            "{organization_name}さまに合う新しい{posting}が見つかりました。「新しく合うもの」の画面でご覧いただけます。",
        ),
        "fits_digest": (
            "新しく合う{posting}のお知らせ（{count}件）",
            "{organization_name}さまに合う新しい{posting}が{count}件あります。\n\n{items}\n\n"
            "お知らせの条件：{condition}",
        ),
        "need_unanswered": (
            "読まれていますが、まだお声がかかっていません（{number}）",
            "紹介した企業は{shown}社、詳しく読んだ企業は{opened}社ですが、公開から{days}日のあいだ、"
            "申し出がありません。考えられる理由と、直すとよいところは次のとおりです。\n\n{causes_said}\n\n"
            + _POSTING + "\n\n"
            "画面の「内容を直す」から直せます。直したあと、もう一度市が確認します。",
        ),
    }
)  # fmt: skip


def day(moment: datetime | None) -> str:
    """The day of a moment in Tokyo as a fact (``2026-11-30``), said as 「11月30日」; empty where there is none."""
    return moment.astimezone(TOKYO).date().isoformat() if moment is not None else ""


# ── Cases before the introduction ────────────────────────────────────────────────────────────────────


def _of_case(code: str, case: Partnership, **facts: Any) -> Said:
    need = case.need
    return Said(
        code,
        {
            "number": case.number, "company": case.company.name, "npo": case.npo.name,
            "need_title": need.title if need is not None else "",
            "need_number": need.number if need is not None else "",
            "support_type": case.support_type, "quantity": case.quantity, "unit": case.unit,
        }
        | facts,
    )  # fmt: skip


def _side(case: Partnership, side: str) -> str:
    return case.company.name if side == "company" else case.npo.name


def case_started(case: Partnership) -> Said:
    """To the side that is asked."""
    asker = _side(case, case.origin)
    return _of_case(
        "case_started", case, asker=asker, origin=case.origin, message=case.message,
        until=day(case.deadline_at),
    )  # fmt: skip


def case_recommended(case: Partnership) -> Said:
    """To both sides."""
    return _of_case("case_recommended", case, reason=case.recommend_text, until=day(case.deadline_at))


def case_accepted(case: Partnership, by: str) -> Said:
    """To the other side, when one side of a case has said yes."""
    is_first = case.state == "interest_one_side"
    code = "case_accepted_first" if is_first else "case_accepted_both"
    return _of_case(code, case, who=_side(case, by), until=day(case.deadline_at))


def case_for_review(case: Partnership) -> Said:
    """To the coordinators."""
    return _of_case("case_for_review", case)


def case_revised(case: Partnership, by: str) -> Said:
    """To the other side, when the terms were changed."""
    return _of_case("case_revised", case, who=_side(case, by), until=day(case.deadline_at))


def case_message(case: Partnership, author: str) -> Said:
    """To everybody else on the case; ``author`` is an organization's name or ``CITY``."""
    return _of_case("case_message", case, who=author)


def case_declined(case: Partnership, by: str) -> Said:
    """To the side that hears no. The coded reason stays with the city."""
    return _of_case("case_declined", case, who=_side(case, by))


def case_withdrawn(case: Partnership, by: str) -> Said:
    """To the other side."""
    return _of_case("case_withdrawn", case, who=CITY if by == "coordinator" else _side(case, by))


def case_reminder(case: Partnership, days_left: int) -> Said:
    """To the side whose turn it is."""
    return _of_case("case_reminder", case, days=days_left, until=day(case.deadline_at))


def case_expired(case: Partnership) -> Said:
    """To both sides."""
    return _of_case("case_expired", case)


def case_ended_with(case: Partnership, posting: Need | Offer) -> Said:
    """To whom it waited for, and who waited; ``posting`` is what the case was about, as it stands now."""
    kind = "need" if isinstance(posting, Need) else "offer"
    return _of_case("case_ended_with_posting", case, posting=kind, became=posting.state)


def case_approved(case: Partnership) -> Said:
    """To both sides, with the release of contact data (read on the screen, not in the mail)."""
    return _of_case("case_approved", case)


def case_returned(case: Partnership) -> Said:
    """To both sides: what would change the decision."""
    return _of_case("case_returned", case, reason=case.reason_text, until=day(case.deadline_at))


def case_refused(case: Partnership) -> Said:
    """To both sides, with the reason."""
    return _of_case("case_refused", case, reason=case.reason_text)


# ── Needs and offers ─────────────────────────────────────────────────────────────────────────────────


def _of_posting(code: str, posting: Need | Offer, **facts: Any) -> Said:
    kind = "need" if isinstance(posting, Need) else "offer"
    return Said(code, {"posting": kind, "number": posting.number, "title": posting.title} | facts)


def posting_submitted(posting: Need | Offer, organization: str) -> Said:
    """To the coordinators."""
    return _of_posting("posting_submitted", posting, who=organization)


def posting_published(posting: Need | Offer, *, corrected: bool) -> Said:
    """To the owner."""
    return _of_posting("posting_published_corrected" if corrected else "posting_published", posting)


def posting_returned(posting: Need | Offer) -> Said:
    """To the owner, with what to mend."""
    return _of_posting("posting_returned", posting, reason=posting.reason_text)


def posting_withdrawn_by_city(posting: Need | Offer) -> Said:
    """To the owner."""
    code, text = posting.reason_code or "", posting.reason_text
    return _of_posting("posting_withdrawn_by_city", posting, reason_code=code, reason=text)


def joint_proposed(need: Need, note: str) -> Said:
    """To each NPO that is asked, about its own need."""
    return _of_posting("joint_proposed", need, note=note)


def joint_agreed(need: Need) -> Said:
    """To each of them, and to the coordinators."""
    return _of_posting("joint_agreed", need)


def joint_declined(need: Need, reason: str) -> Said:
    """To each of them, and to the coordinators."""
    return _of_posting("joint_declined", need, reason=reason)


def joint_withdrawn(need: Need, reason: str) -> Said:
    """To all who were asked: the city has taken its proposal back."""
    return _of_posting("joint_withdrawn", need, reason=reason)


def joint_withdrawn_at_rest(need: Need, reason: str) -> Said:
    """The same, while the need by which they would ask was away: that does not go on."""
    return _of_posting("joint_withdrawn_at_rest", need, reason=reason)


def need_filled(need: Need) -> Said:
    """To the owner, when all that a need asks for is agreed upon."""
    return _of_posting("need_filled", need)


def question_asked(need: Need, text: str) -> Said:
    """To the owner of the need; who asked is not said."""
    return _of_posting("question_asked", need, question=text)


def question_answered(need: Need, question: str, answer: str) -> Said:
    """To whoever asked it, and whoever saved the need."""
    return _of_posting("question_answered", need, question=question, answer=answer)


def question_merged(need: Need, asked: str, question: str) -> Said:
    """To whoever asked it."""
    return _of_posting("question_merged", need, asked=asked, question=question)


def question_refused(need: Need, asked: str, reason_code: str, reason: str) -> Said:
    """To whoever asked it."""
    return _of_posting("question_refused", need, asked=asked, refuse_code=reason_code, reason=reason)


def posting_expiring(posting: Need | Offer, days_left: int, can_renew: bool) -> Said:
    """To the owner, 14 and 3 days before."""
    return _of_posting(
        "posting_expiring" if can_renew else "posting_expiring_at_its_end", posting, days=days_left
    )


def posting_expired(posting: Need | Offer, can_renew: bool) -> Said:
    """To the owner."""
    return _of_posting("posting_expired" if can_renew else "posting_expired_at_its_end", posting)


# ── What is new and fits ─────────────────────────────────────────────────────────────────────────────


def fits_found(organization: Organization, count: int) -> Said:
    """To each person of an organization, once a day: how many needs (or offers) are new to it."""
    return Said("fits_found", _of_fits(organization) | {"count": count})


def fits_digest(organization: Organization, items: list[dict[str, Any]], count: int, **facts: Any) -> Said:
    """The mail of one rhythm: the best of what is new, and how many there are; ``webapp/alert_text.py`` says
    the items.
    """
    return Said("fits_digest", _of_fits(organization) | {"listed": items, "count": count} | facts)


def _of_fits(organization: Organization) -> dict[str, Any]:
    wanted = "need" if organization.kind == "company" else "offer"
    return {
        "posting": wanted, "organization_name": organization.name,
        "organization": {"public_id": organization.public_id, "name": organization.name},
    }  # fmt: skip


def need_unanswered(need: Need, shown: int, opened: int, days: int, causes: list[str]) -> Said:
    """To the owner, once: why it may have been read and not answered."""
    return _of_posting("need_unanswered", need, shown=shown, opened=opened, days=days, causes=causes)
