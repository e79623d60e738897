"""An organization in Japanese words: the names of its fields, what filling them changes, its state, its
history. The one place for these sentences; templates use them as ``organization_text``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.city.cities import City
from matcher.ground import calendar, lifecycle, profile, reasons
from matcher.ground.field import Field
from matcher.ground.permissions import Actor
from matcher.ground.profile import Section
from matcher.organizations import acts as organization_acts
from matcher.organizations import profile as organization_profile
from matcher.records import AuditEvent, ChecklistAnswer, Organization
from matcher.register import act, audit
from matcher.register.doers import Doer
from webapp import access, clock, db, doer_text, filters
from webapp.labels import gettext as _
from webapp.labels import said, vocabulary

#: What happened, where no act says it.
_EVENTS: Final[Mapping[str, Any]] = {
    "register": _l("登録を始めました"),
    "import": _l("取り込みで登録しました"),
    "edit_profile": _l("プロフィールを変更しました"),
}
# ── Fields and values ────────────────────────────────────────────────────────────────────────────────


def label(kind: str, name: str) -> Any:
    """The name of a profile field, as a company or an NPO reads it."""
    return _l(described(kind, name).label)


def described(kind: str, name: str) -> Field:
    """What is to be known of a profile field of a company or an NPO."""
    found = profile.find(kind, name)
    if found is None:
        raise KeyError(name)
    return found


def kind_word(organization: Organization) -> str:
    """企業 or 団体."""
    return _("企業") if organization.kind == "company" else _("団体")


def disclosure_level(organization: Organization) -> int:
    """See ``organizations.profile``."""
    return organization_profile.disclosure_level(organization)


def value(organization: Organization, name: str, city: City) -> str | list[str]:
    """The value of a profile field in words; empty where nothing was filled in."""
    found = organization_profile.value_of(organization, name)
    if isinstance(found, bool):
        return _("はい") if found else ""
    if isinstance(found, date):
        return filters.jdate(found, False)
    if isinstance(found, int):
        unit = described(organization.kind, name).unit
        return filters.number(found) + (_(unit) if unit else "")
    labels = _labels_of(organization.kind, name, city)
    if isinstance(found, list):
        return [filters.label_of(code, labels or {}) for code in found]
    return filters.label_of(found, labels) if labels and found else str(found or "")


def _labels_of(kind: str, name: str, city: City) -> Mapping[str, str] | None:
    field_labels = {code: vocabulary.FIELD_SHORT[code] for code in city.fields}
    if city.field20:
        field_labels["20"] = city.field20
    found = described(kind, name)
    return {
        "area": city.area_labels,
        "areas": city.area_labels,
        "fields": field_labels,
        "sdgs": {code: f"{code} {text}" for code, text in vocabulary.SDGS.items()},
    }.get(name if name == "sdgs" else found.kind) or (said(found.labels) if found.labels else None)


def choices_of(kind: str, name: str, city: City) -> Mapping[str, str]:
    """Code → label of what can be chosen in a field."""
    return _labels_of(kind, name, city) or {}


@dataclass(frozen=True)
class Row:
    """One line of a summary. ``link`` is set where the value is an address that may be opened."""

    name: str
    label: str
    value: str | list[str]
    link: str | None = None


def rows(organization: Organization, part: Section, city: City) -> list[Row]:
    """All fields of a section, for its own members and for the city."""
    return [_row(organization, name, city) for name in part.codes if not _is_idle(organization, name)]


def shown_rows(organization: Organization, part: Section, city: City) -> list[Row]:
    """What other members see of a section: neither personal data nor what was left empty."""
    found = [_row(organization, one.code, city) for one in part.fields if one.is_shown]
    if part.code == "interest" and organization.company and organization.company.fields_undecided:
        undecided = Row("fields", str(label("company", "fields")), _("決まっていない（ご提案を歓迎します）"))
        found = [undecided, *(row for row in found if row.name != "fields")]
    return [row for row in found if row.value]


def _row(organization: Organization, name: str, city: City) -> Row:
    words = value(organization, name, city)
    link = words if name == "website" and organization_profile.is_web_address(str(words)) else None
    return Row(name, str(label(organization.kind, name)), words, str(link) if link else None)


def _is_idle(organization: Organization, name: str) -> bool:
    """Questions that the other answers settle: no reason is needed beside a number."""
    if name == "no_number_reason":
        return bool(organization.corporate_number)
    if name == "fields" and organization.kind == "company":
        return bool(organization_profile.value_of(organization, "fields_undecided"))
    return name == "fields_undecided" and not organization_profile.value_of(organization, name)


# ── How complete it is ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Task:
    """One section on the task list: ``missing``: required fields that are still empty → their names."""

    code: str
    label: str
    benefit: str
    missing: Mapping[str, str]
    is_started: bool

    @property
    def status(self) -> str:
        """The completeness mark in words."""
        if self.missing:
            return _("あと%(count)s項目", count=len(self.missing))
        return _("入力済み") if self.is_started else _("未記入（任意）")

    @property
    def tone(self) -> str:
        """The tone of the mark; it only repeats what the words say."""
        if self.missing:
            return "attention"
        return "good" if self.is_started else "neutral"


def tasks(organization: Organization) -> list[Task]:
    """The sections of the profile with what is still missing in each.

    What every profile has from the start says nothing about whether somebody filled in the section.
    """
    return [
        Task(
            part.code,
            said(part.label),
            said(part.benefit),
            {
                name: str(label(organization.kind, name))
                for name in organization_profile.missing(organization, part)
            },
            any(
                organization_profile.value_of(organization, one.code) for one in part.fields if not one.is_set
            ),
        )
        for part in profile.SECTIONS[organization.kind]
    ]


# ── Where it stands ──────────────────────────────────────────────────────────────────────────────────


def state(organization: Organization, now: datetime) -> str:
    """The state in words; a verification that has run out is said as such."""
    if organization.has_lapsed(now):
        return _("確認の期限切れ")
    return filters.label_of(organization.state, lifecycle.STATES["organization"])


def review_by(organization: Organization) -> date | None:
    """The day by which the city has promised to answer."""
    if organization.submitted_at is None:
        return None
    return calendar.add_working_days(
        calendar.tokyo_date(organization.submitted_at), lifecycle.REVIEW_WORKING_DAYS
    )


def promise(organization: Organization, now: datetime) -> str:
    """By when the city answers, and what to do once that day has passed."""
    day = review_by(organization)
    if day is not None and day < calendar.tokyo_date(now):
        return _(
            "市の担当が内容を確認しています。予定より時間がかかっています。お急ぎのときは、市の担当にお問い合わせください。"
        )
    return _("市の担当が内容を確認しています。%(day)sまでにお知らせします。", day=filters.jmonthday(day))


def next_step(organization: Organization, actor: Actor, now: datetime) -> str:
    """What happens next, and who does it."""
    lacking = not organization_profile.is_complete(organization)
    is_owner = actor.organization_role == "owner"
    first = _("提供メニュー") if organization.kind == "company" else _("ニーズ")
    if organization.is_being_written:
        if lacking:
            return _(
                "下の「※必須」の項目がそろうと、市に確認を申請できます。確認が済むまでは、相手の情報の閲覧や申し出はできません。"
            )
        if not is_owner:
            return _("必須の項目がそろいました。管理者の方が、市に確認を申請してください。")
        if organization.is_returned:
            return _("直し終えたら、もう一度市に確認を申請してください。")
        return _("必須の項目がそろいました。内容を確かめて、市に確認を申請してください。")
    if organization.is_submitted:
        return promise(organization, now) + _("その間も、%(first)sの下書きを書けます。", first=first)
    if organization.is_verified:
        if organization.has_lapsed(now):
            return _(
                "確認の有効期限が過ぎています。新しい協働を始める前に、市の担当に確認の更新をご相談ください。"
            )
        return (
            _(
                "市の確認が済んでいます（%(day)sまで有効）。名称・法人番号・代表者を変更すると、市の担当に知らせが届きます。",
                day=filters.jdate(organization.verification_expires_on, False),
            )
            if organization.verification_expires_on
            else _("市の確認が済んでいます。")
        )
    if organization.is_suspended:
        return _(
            "市が利用を一時停止しています。公開中の内容はほかの利用者に表示されません。ご事情は市の担当にお知らせください。"
        )
    return _("利用を終了しています。再び利用するときは、市の担当にご相談ください。")


def return_reason(organization: Organization) -> str:
    """The coded reason of the latest return or suspension, in words."""
    reasons = {
        "returned": vocabulary.ORGANIZATION_RETURN_REASONS,
        "suspended": vocabulary.SUSPEND_REASONS,
    }.get(organization.state, {})
    return filters.label_of(organization.reason_code, reasons)


# ── The city's check ─────────────────────────────────────────────────────────────────────────────────


def check_facts(organization: Organization) -> list[tuple[str, str, str]]:
    """(label, fact, yes | partly | no) of what the machine can tell about an application."""
    facts: list[tuple[str, str, str]] = []
    number = organization.corporate_number
    if number is None:
        reason = filters.label_of(organization.no_number_reason, vocabulary.NO_NUMBER_REASONS)
        text = _("番号なし（理由：%(reason)s）", reason=reason) if reason else _("番号も理由も未記入です。")
        facts.append((_("法人番号"), text, "partly" if reason else "no"))
    elif organization_profile.is_corporate_number(number):
        facts.append((_("法人番号"), _("%(number)s（検査用数字は正しい）", number=number), "yes"))
    else:
        facts.append((_("法人番号"), _("%(number)s（検査用数字が合いません）", number=number), "no"))
    matches = organization_profile.mail_matches_website(organization)
    if matches is None:
        facts.append((_("メールとサイト"), _("どちらかが未記入のため、比べられません。"), "partly"))
    elif matches:
        facts.append((_("メールとサイト"), _("同じドメインです。"), "yes"))
    else:
        facts.append(
            (_("メールとサイト"), _("ドメインが違います。本人の確認は電話などで行ってください。"), "partly")
        )
    if organization.declared_at:
        sworn = (
            _(
                "%(day)sに、暴力団等でないことと、市税の滞納がないことを誓約・申告",
                day=filters.jdate(organization.declared_at),
            )
            if organization.kind == "company"
            else _("%(day)sに、暴力団等でないことを誓約", day=filters.jdate(organization.declared_at))
        )
        facts.append((_("誓約・申告"), sworn, "yes"))
        facts.append(
            (_("利用規約への同意"), _("%(version)s版", version=organization.terms_version or "―"), "yes")
        )
    else:
        facts.append((_("誓約・申告"), _("まだありません。"), "no"))
    lacking = [task.label for task in tasks(organization) if task.missing]
    if lacking:
        facts.append(
            (_("必須の項目"), _("未記入があります：%(sections)s", sections="、".join(lacking)), "no")
        )
    else:
        facts.append((_("必須の項目"), _("そろっています。"), "yes"))
    return facts


def answers(organization: Organization, given: Iterable[ChecklistAnswer]) -> list[tuple[str, str, str]]:
    """(question, answer, comment) of one earlier round; a question no longer asked is shown by its code."""
    questions = organization_acts.checklist(organization)
    return [
        (
            said(questions.get(one.item, one.item)),
            filters.label_of(one.answer, vocabulary.ANSWERS),
            one.comment,
        )
        for one in given
    ]


def lacking(organization: Organization, given: Iterable[ChecklistAnswer]) -> list[tuple[str, str, str]]:
    """The same of what was wanting in that round."""
    return answers(organization, [one for one in given if one.answer == "no"])


# ── History ──────────────────────────────────────────────────────────────────────────────────────────

History = Sequence[tuple[AuditEvent, Doer | None]]


def timeline(organization: Organization, events: History) -> list[dict[str, Any]]:
    """What happened to the organization itself, newest first; who saved or passed it is not part of it."""
    return [
        {
            "at": event.at,
            "who": doer_text.who(user),
            "text": _event(event.action),
            "reason": _reason(event),
            "detail": _detail(organization, event),
        }
        for event, user in events
        if _event(event.action)
    ]


def overtaken(organization: Organization) -> str:
    """「先に○○さんが14:32に承認しました。入力された内容は下に残しています。」"""
    actor, now = access.actor(), clock.now()
    events = audit.history(db.session(), "organization", organization.public_id)
    event, user = next(((one, user) for one, user in events if _event(one.action)), (None, None))
    what = _event(event.action) if event is not None else ""
    return doer_text.overtaken(actor, event, doer_text.who(user), what, now)


def _event(action: str) -> str:
    """What happened; empty for what is no part of its history."""
    deed = act.by_event(Organization, action)
    return _(deed.words.happened) if deed is not None else str(_EVENTS.get(action, ""))


def _reason(event: AuditEvent) -> str:
    labels = said(reasons.of_action("organization", event.action))
    word = filters.label_of(event.reason_code, labels)
    return _("。").join(part for part in (word, event.reason_text) if part)


def _detail(organization: Organization, event: AuditEvent) -> str:
    if event.action != "edit_profile":
        return ""
    part = organization_profile.section(organization, str(event.details.get("section")))
    known = [name for name in event.details.get("fields", []) if part is not None and name in part.codes]
    if part is None or not known:
        return ""
    names = _("、").join(str(label(organization.kind, name)) for name in known)
    return _("%(section)s：%(fields)s", section=said(part.label), fields=names)
