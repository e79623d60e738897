"""What notices and mails say: for each event the facts that it keeps, and the words that they fill in.

Kept is a code with facts (``Said``); the sentence is made when it is shown or sent (``sentences``). Plain text
that can be acted on without a link: each says what happened, the number, and what to do next.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from matcher.ground.calendar import TOKYO
from matcher.records import Need, Offer, Organization, Partnership


class Said(NamedTuple):
    """Something to be told: which words, and the facts (plain JSON) that fill them in."""

    code: str
    facts: dict[str, Any]


class Office(NamedTuple):
    """Who writes, and the telephone that helps."""

    city: str
    section: str
    phone: str


CITY: Final = "市の担当"  #: as the officials are spoken of, without さま

_CASE: Final = "案件番号：{number}\n企業：{company}\n団体：{npo}{need_line}\n支援の内容：{support}{amount}"
_POSTING: Final = "受付番号：{number}\n件名：{title}"
_WRITE_ANEW: Final = (
    "画面の「内容を直す」を押して、新しい期間を入力してください。市がもう一度確認してから公開します。"
)

_OFFICE: Final = (
    "―――\n{city} {section}\n電話：{phone}\n"
    "リンクが開けないときや、お心当たりがないときは、上の電話にお知らせください。"
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
            "市からご紹介したい相手があります（{number}）",
            "市の担当から、次の組み合わせをご提案します。\n\n" + _CASE + "\n\n推薦の理由：{reason}\n\n"
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
            "両者の合意がそろいましたので、市の担当が内容を確認します。いまは、していただくことはありません。",
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
            "ほかの候補も「おすすめ」の画面でご覧いただけます。",
        ),
        "case_withdrawn": (
            "案件が取り下げられました（{number}）",
            "{who_titled}がこの案件を取り下げました。\n\n" + _CASE + "\n\nしていただくことはありません。",
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
        # ── Organizations ────────────────────────────────────────────────────────────────────────────
        "organization_submitted": (
            "{kind}の登録の確認待ち（{who}）",
            "{who}から登録の申請が届きました。確認をお願いします。",
        ),
        "organization_verified": (
            "登録の確認が終わりました",
            "{who}さまの登録の確認が終わりました。\n\nこれから、{posting}の公開や、相手への申し出ができます。"
            "まず、ホームの画面の「次にすること」をご覧ください。",
        ),
        "organization_returned": (
            "登録の内容について確認のお願い",
            "次の点を直して、もう一度お送りください。入力された内容はそのまま残っています。\n\n{reason}",
        ),
        "organization_suspended": (
            "ご利用を一時停止しました",
            "市の判断で、{who}さまのご利用を一時停止しました。\n\n理由：{reason}\n\n"
            "ご意見やご事情は、市の担当にお知らせください。",
        ),
        "organization_reinstated": (
            "ご利用を再開しました",
            "{who}さまのご利用の一時停止を解除しました。これまでどおりお使いいただけます。",
        ),
        "organization_deactivated": (
            "利用を終了しました（{who}）",
            "{who}の利用を終了しました。公開中の内容は取り下げられ、ほかの利用者には表示されません。",
        ),
        "organization_identity_changed": (
            "確認済みの登録内容が変更されました（{who}）",
            "{who}が、名称・法人番号・代表者のいずれかを変更しました。内容をご確認ください。",
        ),
        # ── Accounts: to people who may not know the service ─────────────────────────────────────────
        "account_registered": (
            "メールアドレスの確認のお願い（{city}）",
            "{who}さま\n\n{city}の「縁むすび」に、{organization}の登録を受け付けました。\n"
            "次のアドレスを開き、パスワードを決めてください。{until_at}まで、1回だけ使えます。\n\n{link}\n\n"
            "パスワードを決めると、ログインしてプロフィールを書けるようになります。\n\n" + _OFFICE,
        ),
        "account_invited": (
            "利用の招待（{organization}）",
            "{who}さま\n\n{city}の「縁むすび」で、{organization}の一員として招待されました。\n"
            "次のアドレスを開き、パスワードを決めてください。{until_at}まで、1回だけ使えます。\n\n{link}\n\n" + _OFFICE,
        ),
        "account_known_already": (
            "すでに登録されています（{city}）",
            "{city}の「縁むすび」に、このメールアドレスで登録の申し込みがありましたが、すでに登録されています。\n"
            "次のアドレスからログインしてください。\n\n{login}\n\n"
            "パスワードを忘れたときは、次のアドレスから決め直せます。\n\n{forgot}\n\n" + _OFFICE,
        ),
        "password_link": (
            "パスワードの再設定（{city}）",
            "{who}さま\n\n{city}の「縁むすび」で、パスワードの再設定を受け付けました。\n"
            "次のアドレスを開き、新しいパスワードを決めてください。{until_at}まで、1回だけ使えます。\n\n{link}\n\n"
            "お心当たりがないときは、このメールを消してください。パスワードは変わりません。\n\n" + _OFFICE,
        ),
        "password_changed": (
            "パスワードが変更されました（{city}）",
            "{who}さま\n\n{city}の「縁むすび」のパスワードが変更され、ほかの端末はログアウトされました。\n"
            "ご自分で変更したときは、していただくことはありません。\n\n" + _OFFICE,
        ),
        "audit_head": (
            "操作の記録の控え（{on}）",
            "{city}の「縁むすび」の操作の記録（だれが、いつ、何をしたか）が、あとから書き換えられていないことを確かめるための控えです。\n"
            "次の1行は、{on}の時点の、最後の記録の番号と、改ざんを見つけるための値です。個人の情報は含みません。\n\n{line}\n\n"
            "このメールを消さずに保存してください。返信や手続きは要りません。\n"
            '記録を点検するときに、システムの担当がこの1行を使います（enmusubi audit verify --head "番号 値 値"）。\n'
            "毎日届くはずのこのメールが届かない日があれば、システムの担当にお知らせください。",
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


def posting_expiring(posting: Need | Offer, days_left: int, can_renew: bool) -> Said:
    """To the owner, 14 and 3 days before."""
    return _of_posting(
        "posting_expiring" if can_renew else "posting_expiring_at_its_end", posting, days=days_left
    )


def posting_expired(posting: Need | Offer, can_renew: bool) -> Said:
    """To the owner."""
    return _of_posting("posting_expired" if can_renew else "posting_expired_at_its_end", posting)


# ── Organizations ────────────────────────────────────────────────────────────────────────────────────


def organization_submitted(organization: Organization) -> Said:
    """To the coordinators."""
    return Said("organization_submitted", {"kind": organization.kind, "who": organization.name})


def organization_verified(organization: Organization) -> Said:
    """To its owners and editors."""
    posting = "offer" if organization.kind == "company" else "need"
    return Said("organization_verified", {"posting": posting, "who": organization.name})


def organization_returned(organization: Organization) -> Said:
    """To its owners and editors, with what to mend."""
    return Said("organization_returned", {"reason": organization.reason_text})


def organization_suspended(organization: Organization) -> Said:
    """To its owners and editors, with the reason."""
    return Said("organization_suspended", {"who": organization.name, "reason": organization.reason_text})


def organization_reinstated(organization: Organization) -> Said:
    """To its owners and editors."""
    return Said("organization_reinstated", {"who": organization.name})


def organization_deactivated(organization: Organization) -> Said:
    """To the coordinators when it leaves; to its owners and editors when the city ends its use."""
    return Said("organization_deactivated", {"who": organization.name})


def organization_identity_changed(organization: Organization) -> Said:
    """To the coordinators, when a verified organization changes its name, number or representative."""
    return Said("organization_identity_changed", {"who": organization.name})


# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────────
# These mails go to people who may not know the service; each says who sends it and what to do when one
# did not ask for it. The link is in plain text, and a telephone helps where links are stripped.


def account_registered(office: Office, who: str, organization: str, link: str, until: datetime) -> Said:
    """To somebody who registered an organization: the link that confirms the address."""
    return _of_office(
        "account_registered", office, who=who, organization=organization, link=link, until_at=_at(until)
    )


def account_invited(office: Office, who: str, organization: str, link: str, until: datetime) -> Said:
    """To a new member or new staff: the link that opens the account."""
    return _of_office(
        "account_invited", office, who=who, organization=organization, link=link, until_at=_at(until)
    )


def account_known_already(office: Office, login: str, forgot: str) -> Said:
    """To somebody who registered again with an address that has an account."""
    return _of_office("account_known_already", office, login=login, forgot=forgot)


def password_link(office: Office, who: str, link: str, until: datetime) -> Said:
    """To somebody who asked for a new password."""
    return _of_office("password_link", office, who=who, link=link, until_at=_at(until))


def password_changed(office: Office, who: str) -> Said:
    """To somebody whose password was changed, so that a thief cannot do it unseen."""
    return _of_office("password_changed", office, who=who)


def audit_head(city: str, on: date, line: str) -> Said:
    """To whoever keeps the heads of the audit record off the machine, once a day."""
    return Said("audit_head", {"city": city, "on": on.isoformat(), "line": line})


def _of_office(code: str, office: Office, **facts: Any) -> Said:
    return Said(code, {**office._asdict(), **facts})


def _at(moment: datetime) -> str:
    return moment.astimezone(TOKYO).isoformat(timespec="minutes")
