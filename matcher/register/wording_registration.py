"""What notices and mails about organizations and accounts say, and the mail with the head of the audit record.

Those about accounts go to people who may not know the service; each says who sends it and what to do when one
did not ask for it. The link is in plain text, and a telephone helps where links are stripped.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from matcher.ground.calendar import TOKYO
from matcher.records import Organization
from matcher.register.wording import Said


class Office(NamedTuple):
    """Who writes, and the telephone that helps."""

    city: str
    section: str
    phone: str


_OFFICE: Final = (
    "―――\n{city} {section}\n電話：{phone}\n"
    "リンクが開けないときや、お心当たりがないときは、上の電話にお知らせください。"
)

#: code → (subject, body), as in ``wording.WORDS``.
WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
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
        "organization_renewed": (
            "登録の確認を更新しました",
            "{who}さまの登録を市があらためて確かめ、確認の有効期限を{on}まで延ばしました。"
            "お手続きは必要ありません。",
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
        # ── Accounts ─────────────────────────────────────────────────────────────────────────────────────
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
        "membership_offered": (
            "利用の招待（{organization}）",
            "{who}さま\n\n{city}の「縁むすび」で、{organization}の一員として招待されました。\n"
            "次のアドレスを開き、参加するかどうかを選んでください。{until_at}まで使えます。\n\n{link}\n\n"
            "いまお使いのメールアドレスとパスワードのまま、画面の上で団体・企業を切り替えてお使いいただけます。\n\n"
            + _OFFICE,
        ),
        "organization_registered": (
            "登録の確認のお願い（{city}）",
            "{who}さま\n\n{city}の「縁むすび」に、このメールアドレスで{organization}の登録を受け付けました。\n"
            "次のアドレスを開き、ご自分の登録であることを確かめてください。{until_at}まで使えます。\n\n{link}\n\n"
            "いまお使いのメールアドレスとパスワードのまま、画面の上で団体・企業を切り替えてお使いいただけます。\n"
            "お心当たりがないときは、このメールを消してください。\n\n" + _OFFICE,
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
            "ご自分で変更したときは、お手続きは必要ありません。\n\n" + _OFFICE,
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


# ── Organizations ────────────────────────────────────────────────────────────────────────────────────


def organization_submitted(organization: Organization) -> Said:
    """To the coordinators."""
    return Said("organization_submitted", {"kind": organization.kind, "who": organization.name})


def organization_verified(organization: Organization) -> Said:
    """To its owners and editors."""
    posting = "offer" if organization.kind == "company" else "need"
    return Said("organization_verified", {"posting": posting, "who": organization.name})


def organization_renewed(organization: Organization) -> Said:
    """To its owners and editors, with the last day."""
    last = organization.verification_expires_on
    return Said("organization_renewed", {"who": organization.name, "on": last and last.isoformat()})


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


def account_registered(office: Office, who: str, organization: str, link: str, until: datetime) -> Said:
    """To somebody who registered an organization: the link that confirms the address."""
    return _with_link("account_registered", office, who, organization, link, until)


def account_invited(office: Office, who: str, organization: str, link: str, until: datetime) -> Said:
    """To a new member or new staff: the link that opens the account."""
    return _with_link("account_invited", office, who, organization, link, until)


def membership_offered(office: Office, who: str, organization: str, link: str, until: datetime) -> Said:
    """To somebody with an account whom another organization has invited: the link that confirms it."""
    return _with_link("membership_offered", office, who, organization, link, until)


def organization_registered(office: Office, who: str, organization: str, link: str, until: datetime) -> Said:
    """To somebody with an account who registered another organization: the link that confirms it."""
    return _with_link("organization_registered", office, who, organization, link, until)


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


def _with_link(code: str, office: Office, who: str, organization: str, link: str, until: datetime) -> Said:
    return _of_office(code, office, who=who, organization=organization, link=link, until_at=_at(until))


def _of_office(code: str, office: Office, **facts: Any) -> Said:
    return Said(code, {**office._asdict(), **facts})


def _at(moment: datetime) -> str:
    return moment.astimezone(TOKYO).isoformat(timespec="minutes")
