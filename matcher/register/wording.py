"""The Japanese sentences that notices and mails carry: (subject, body) by event.

Plain text that can be acted on without a link; each body says what happened, the number, and what to do
next. Screen texts stand in templates; these are here because services write the outbox.
"""

from datetime import datetime

from matcher.ground.calendar import TOKYO
from matcher.ground.vocabulary import WITHDRAW_REASONS, support_label
from matcher.records import Need, Offer, Organization, Partnership

Text = tuple[str, str]

_ORIGINS = {"company": "申し出", "npo": "依頼", "coordinator": "推薦"}
_SIDES = {"company": "企業", "npo": "団体", "coordinator": "市の担当"}


def day(moment: datetime | None) -> str:
    """「11月30日」 in Tokyo."""
    if moment is None:
        return ""
    local = moment.astimezone(TOKYO)
    return f"{local.month}月{local.day}日"


def origin_word(case: Partnership) -> str:
    """申し出, 依頼 or 推薦: how this case began."""
    return _ORIGINS[case.origin]


def _with_title(name: str) -> str:
    """「みどり商店さま」; the city's own staff are spoken of without さま."""
    return name if name == _SIDES["coordinator"] else f"{name}さま"


def _about(case: Partnership) -> str:
    amount = "" if case.quantity is None else f"　{case.quantity:,.15g}{case.unit}"
    need = f"\nニーズ：{case.need.title}（{case.need.number}）" if case.need is not None else ""
    return (
        f"案件番号：{case.number}\n企業：{case.company.name}\n団体：{case.npo.name}{need}"
        f"\n支援の内容：{support_label(case.support_type)}{amount}"
    )


def case_started(case: Partnership) -> Text:
    """To the side that is asked."""
    asker = case.company.name if case.origin == "company" else case.npo.name
    word = origin_word(case)
    return (
        f"【縁むすび】{asker}さまから{word}が届きました（{case.number}）",
        f"{asker}さまから{word}が届きました。\n\n{_about(case)}\n\n{case.message}\n\n"
        f"{day(case.deadline_at)}までに、縁むすびの「案件」の画面でお返事をお願いします。"
        "お受けになるか、見送るかを選べます。見送っても、不利になることはありません。",
    )


def case_recommended(case: Partnership) -> Text:
    """To both sides."""
    return (
        f"【縁むすび】市からご紹介したい相手があります（{case.number}）",
        f"市の担当から、次の組み合わせをご提案します。\n\n{_about(case)}\n\n推薦の理由：{case.recommend_text}\n\n"
        f"{day(case.deadline_at)}までに、縁むすびの「案件」の画面でお返事をお願いします。"
        "お受けになるかどうかは、それぞれのお考えで決めていただけます。",
    )


def case_accepted(case: Partnership, by: str) -> Text:
    """To the other side, when one side of a case has said yes."""
    name = case.company.name if by == "company" else case.npo.name
    if case.state == "interest_one_side":
        next_step = f"{day(case.deadline_at)}までに、「案件」の画面でお返事をお願いします。"
    else:
        next_step = (
            "両者の合意がそろいましたので、市の担当が内容を確認します。いまは、していただくことはありません。"
        )
    return (
        f"【縁むすび】{name}さまから「進めたい」とのお返事がありました（{case.number}）",
        f"{name}さまから、進めたいとのお返事がありました。\n\n{_about(case)}\n\n{next_step}",
    )


def case_for_review(case: Partnership) -> Text:
    """To the coordinators."""
    return (
        f"【縁むすび】協働の承認待ち（{case.number}）",
        f"両者が合意しました。内容の確認をお願いします。\n\n{_about(case)}",
    )


def case_revised(case: Partnership, by: str) -> Text:
    """To the other side, when the terms were changed."""
    name = case.company.name if by == "company" else case.npo.name
    return (
        f"【縁むすび】条件の変更についてお返事をお願いします（{case.number}）",
        f"{name}さまが支援の内容を変更しました。\n\n{_about(case)}\n\n"
        f"{day(case.deadline_at)}までに、「案件」の画面で変更後の内容をご確認ください。",
    )


def case_message(case: Partnership, author: str) -> Text:
    """To everybody else on the case."""
    return (
        f"【縁むすび】{_with_title(author)}からの連絡（{case.number}）",
        f"案件に新しい連絡があります。「案件」の画面でお読みください。\n\n{_about(case)}",
    )


def case_declined(case: Partnership, by: str) -> Text:
    """To the side that hears no. The coded reason stays with the city."""
    name = case.company.name if by == "company" else case.npo.name
    return (
        f"【縁むすび】今回は見送りとなりました（{case.number}）",
        f"{name}さまから、今回は見送りたいとのお返事がありました。\n\n{_about(case)}\n\n"
        "事情が変わったときは、あらためて声をかけることができます。ほかの候補も「おすすめ」の画面でご覧いただけます。",
    )


def case_withdrawn(case: Partnership, by: str) -> Text:
    """To the other side."""
    name = {"company": case.company.name, "npo": case.npo.name}.get(by, _SIDES["coordinator"])
    return (
        f"【縁むすび】案件が取り下げられました（{case.number}）",
        f"{_with_title(name)}がこの案件を取り下げました。\n\n{_about(case)}\n\nしていただくことはありません。",
    )


def case_reminder(case: Partnership, days_left: int) -> Text:
    """To the side whose turn it is."""
    return (
        f"【縁むすび】お返事の期限まであと{days_left}日です（{case.number}）",
        f"お返事をお待ちしています。期限は{day(case.deadline_at)}です。\n\n{_about(case)}\n\n"
        "「案件」の画面から、お受けになるか見送るかを選べます。迷われているときは、質問を送ることもできます。",
    )


def case_expired(case: Partnership) -> Text:
    """To both sides."""
    return (
        f"【縁むすび】お返事の期限が過ぎたため、いったん終了しました（{case.number}）",
        f"期限までにお返事がそろわなかったため、この案件をいったん終了しました。どちらの評価にも影響しません。\n\n"
        f"{_about(case)}\n\nご希望があれば、あらためて声をかけることができます。",
    )


def case_approved(case: Partnership) -> Text:
    """To both sides, with the release of contact data (read on the screen, not in the mail)."""
    return (
        f"【縁むすび】協働が承認されました（{case.number}）",
        f"市がこの組み合わせを承認しました。\n\n{_about(case)}\n\n"
        "「案件」の画面に、お互いの担当者の連絡先を表示しています。まず一度、面談の日時をご相談ください。",
    )


def case_returned(case: Partnership) -> Text:
    """To both sides: what would change the decision."""
    return (
        f"【縁むすび】案件の内容について確認のお願い（{case.number}）",
        f"市の担当から、次の点の補足をお願いします。\n\n{case.reason_text}\n\n{_about(case)}\n\n"
        f"{day(case.deadline_at)}までに、どちらからでも「案件」の画面で補足または変更ができます。",
    )


def case_refused(case: Partnership) -> Text:
    """To both sides, with the reason."""
    return (
        f"【縁むすび】協働は承認されませんでした（{case.number}）",
        f"市はこの組み合わせを承認しないこととしました。\n\n理由：{case.reason_text}\n\n{_about(case)}\n\n"
        "内容を改めて、もう一度申し出ることができます。ご不明な点は市の担当にお尋ねください。",
    )


def whose_turn(case: Partnership) -> str:
    """「団体」「企業と団体」: in words, whom the case waits for; empty where nobody."""
    return "と".join(_SIDES[mover] for mover in case.waiting_on if mover in _SIDES)


# ── Needs and offers ─────────────────────────────────────────────────────────────────────────────────


def _posting_word(posting: Need | Offer) -> str:
    return "ニーズ" if isinstance(posting, Need) else "提供メニュー"


def _posting(posting: Need | Offer) -> str:
    return f"受付番号：{posting.number}\n件名：{posting.title}"


def posting_submitted(posting: Need | Offer, organization: str) -> Text:
    """To the coordinators."""
    word = _posting_word(posting)
    return (
        f"【縁むすび】{word}の確認待ち（{posting.number}）",
        f"{organization}から{word}が届きました。内容の確認をお願いします。\n\n{_posting(posting)}",
    )


def posting_published(posting: Need | Offer, *, corrected: bool) -> Text:
    """To the owner."""
    word = _posting_word(posting)
    note = "\n\n市の担当が表現の一部を整えました。画面で内容をご確認ください。" if corrected else ""
    other = "近い企業" if isinstance(posting, Need) else "近い団体のニーズ"
    return (
        f"【縁むすび】{word}を公開しました（{posting.number}）",
        f"市の確認が終わり、{word}を公開しました。\n\n{_posting(posting)}{note}\n\n"
        f"ホームの画面から、{other}をご覧いただけます。",
    )


def posting_returned(posting: Need | Offer) -> Text:
    """To the owner, with what to mend."""
    return (
        f"【縁むすび】{_posting_word(posting)}について確認のお願い（{posting.number}）",
        f"次の点を直して、もう一度お送りください。書いていただいた内容はそのまま残っています。\n\n"
        f"{posting.reason_text}\n\n{_posting(posting)}",
    )


def _withdrawal(posting: Need | Offer) -> str:
    label = WITHDRAW_REASONS.get(posting.reason_code or "", "")
    return "\n".join(part for part in (label, posting.reason_text) if part)


def posting_withdrawn_by_city(posting: Need | Offer) -> Text:
    """To the owner."""
    return (
        f"【縁むすび】{_posting_word(posting)}の公開を終了しました（{posting.number}）",
        f"市の判断で公開を終了しました。\n\n理由：{_withdrawal(posting)}\n\n{_posting(posting)}\n\n"
        "ご不明な点は市の担当にお尋ねください。",
    )


def posting_expiring(posting: Need | Offer, days_left: int, can_renew: bool) -> Text:
    """To the owner, 14 and 3 days before."""
    how = "続けるときは、画面の「公開を延長する」を押してください。"
    if not can_renew:
        how = (
            "公開は、終わりの日までです。続けるときは、画面の「内容を直す」を押して、新しい期間を入力してください。"
            "市がもう一度確認してから公開します。"
        )
    return (
        f"【縁むすび】{_posting_word(posting)}の公開はあと{days_left}日です（{posting.number}）",
        f"公開の期限が近づいています。{how}\n\n{_posting(posting)}",
    )


def posting_expired(posting: Need | Offer, can_renew: bool) -> Text:
    """To the owner."""
    how = "画面の「公開を延長する」を押すと、もう一度公開できます。"
    if not can_renew:
        how = (
            "もう一度公開するときは、画面の「内容を直す」を押して、新しい期間を入力してください。"
            "市がもう一度確認してから公開します。"
        )
    return (
        f"【縁むすび】{_posting_word(posting)}の公開期限が過ぎました（{posting.number}）",
        f"公開の期限が過ぎたため、表示を終了しました。内容は残っています。\n\n{_posting(posting)}\n\n{how}",
    )


# ── Organizations ────────────────────────────────────────────────────────────────────────────────────


def organization_submitted(organization: Organization) -> Text:
    """To the coordinators."""
    word = "企業" if organization.kind == "company" else "団体"
    return (
        f"【縁むすび】{word}の登録の確認待ち（{organization.name}）",
        f"{organization.name}から登録の申請が届きました。確認をお願いします。",
    )


def organization_verified(organization: Organization) -> Text:
    """To its owners and editors."""
    step = "提供メニュー" if organization.kind == "company" else "ニーズ"
    return (
        "【縁むすび】登録の確認が終わりました",
        f"{organization.name}さまの登録の確認が終わりました。\n\n"
        f"これから、{step}の公開や、相手への申し出ができます。まず、ホームの画面の「次にすること」をご覧ください。",
    )


def organization_returned(organization: Organization) -> Text:
    """To its owners and editors, with what to mend."""
    return (
        "【縁むすび】登録の内容について確認のお願い",
        f"次の点を直して、もう一度お送りください。入力された内容はそのまま残っています。\n\n{organization.reason_text}",
    )


def organization_suspended(organization: Organization) -> Text:
    """To its owners and editors, with the reason."""
    return (
        "【縁むすび】ご利用を一時停止しました",
        f"市の判断で、{organization.name}さまのご利用を一時停止しました。\n\n理由：{organization.reason_text}\n\n"
        "ご意見やご事情は、市の担当にお知らせください。",
    )


def organization_reinstated(organization: Organization) -> Text:
    """To its owners and editors."""
    return (
        "【縁むすび】ご利用を再開しました",
        f"{organization.name}さまのご利用の一時停止を解除しました。これまでどおりお使いいただけます。",
    )


def organization_deactivated(organization: Organization) -> Text:
    """To the coordinators when it leaves; to its owners and editors when the city ends its use."""
    return (
        f"【縁むすび】利用を終了しました（{organization.name}）",
        f"{organization.name}の利用を終了しました。公開中の内容は取り下げられ、ほかの利用者には表示されません。",
    )


def organization_identity_changed(organization: Organization) -> Text:
    """To the coordinators, when a verified organization changes its name, number or representative."""
    return (
        f"【縁むすび】確認済みの登録内容が変更されました（{organization.name}）",
        f"{organization.name}が、名称・法人番号・代表者のいずれかを変更しました。内容をご確認ください。",
    )


# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────────
# These mails go to people who may not know the service; each says who sends it and what to do when one
# did not ask for it. The link is in plain text, and a telephone helps where links are stripped.


def office(city: str, section: str, phone: str) -> str:
    """The last lines of a mail to somebody who may not know the service."""
    return f"―――\n{city} {section}\n電話：{phone}\nリンクが開けないときや、お心当たりがないときは、上の電話にお知らせください。"


def account_registered(city: str, office: str, name: str, organization: str, link: str, until: str) -> Text:
    """To somebody who registered an organization: the link that confirms the address."""
    return (
        f"【縁むすび】メールアドレスの確認のお願い（{city}）",
        f"{name}さま\n\n{city}の「縁むすび」に、{organization}の登録を受け付けました。\n"
        f"次のアドレスを開き、パスワードを決めてください。{until}まで、1回だけ使えます。\n\n{link}\n\n"
        f"パスワードを決めると、ログインしてプロフィールを書けるようになります。\n\n{office}",
    )


def account_invited(city: str, office: str, name: str, organization: str, link: str, until: str) -> Text:
    """To a new member or new staff: the link that opens the account."""
    return (
        f"【縁むすび】利用の招待（{organization}）",
        f"{name}さま\n\n{city}の「縁むすび」で、{organization}の一員として招待されました。\n"
        f"次のアドレスを開き、パスワードを決めてください。{until}まで、1回だけ使えます。\n\n{link}\n\n{office}",
    )


def account_known_already(city: str, office: str, login: str, forgot: str) -> Text:
    """To somebody who registered again with an address that has an account."""
    return (
        f"【縁むすび】すでに登録されています（{city}）",
        f"{city}の「縁むすび」に、このメールアドレスで登録の申し込みがありましたが、すでに登録されています。\n"
        f"次のアドレスからログインしてください。\n\n{login}\n\n"
        f"パスワードを忘れたときは、次のアドレスから決め直せます。\n\n{forgot}\n\n{office}",
    )


def password_link(city: str, office: str, name: str, link: str, until: str) -> Text:
    """To somebody who asked for a new password."""
    return (
        f"【縁むすび】パスワードの再設定（{city}）",
        f"{name}さま\n\n{city}の「縁むすび」で、パスワードの再設定を受け付けました。\n"
        f"次のアドレスを開き、新しいパスワードを決めてください。{until}まで、1回だけ使えます。\n\n{link}\n\n"
        f"お心当たりがないときは、このメールを消してください。パスワードは変わりません。\n\n{office}",
    )


def password_changed(city: str, office: str, name: str) -> Text:
    """To somebody whose password was changed, so that a thief cannot do it unseen."""
    return (
        f"【縁むすび】パスワードが変更されました（{city}）",
        f"{name}さま\n\n{city}の「縁むすび」のパスワードが変更され、ほかの端末はログアウトされました。\n"
        f"ご自分で変更したときは、していただくことはありません。\n\n{office}",
    )


def audit_head(city: str, day: str, line: str) -> Text:
    """To whoever keeps the heads of the audit record off the machine, once a day."""
    return (
        f"【縁むすび】操作の記録の控え（{day}）",
        f"{city}の「縁むすび」の操作の記録（だれが、いつ、何をしたか）が、あとから書き換えられていないことを確かめるための控えです。\n"
        f"次の1行は、{day}の時点の、最後の記録の番号と、改ざんを見つけるための値です。個人の情報は含みません。\n\n{line}\n\n"
        "このメールを消さずに保存してください。返信や手続きは要りません。\n"
        '記録を点検するときに、システムの担当がこの1行を使います（enmusubi audit verify --head "番号 値 値"）。\n'
        "毎日届くはずのこのメールが届かない日があれば、システムの担当にお知らせください。",
    )
