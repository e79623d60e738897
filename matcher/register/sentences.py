"""The sentence of a notice or a mail, made of its code and facts when it is shown or sent."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from matcher.ground import figures
from matcher.ground.vocabulary import (
    CAUSE_EDITS,
    CAUSES,
    ORGANIZATION_KINDS,
    QUESTION_REFUSE_REASONS,
    SUGGESTED,
    WITHDRAW_REASONS,
    support_label,
)
from matcher.records import Mail, Notice
from matcher.register import wording, wording_registration, wording_work

Translate = Callable[[str], str]  #: a text of a catalogue in the reader's language

_WORDS: Final = {**wording.WORDS, **wording_registration.WORDS, **wording_work.WORDS}
_MARK: Final = "【縁むすび】"
#: fact → its code → words
_CODES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "origin": {"company": "申し出", "npo": "依頼", "coordinator": "推薦"},
        "posting": {"need": "ニーズ", "offer": "提供メニュー"},
        "became": {
            "filled": "受付を終えた",
            "withdrawn": "取り下げられた",
            "draft": "書き直されることになった",
            "expired": "公開の期限を迎えた",
        },
        "kind": ORGANIZATION_KINDS,
        "document": {"plan": "協働計画", "agreement": "協定"},
    }
)
_NEAR: Final = {"need": SUGGESTED["npo"], "offer": SUGGESTED["company"]}
_LEVELS: Final = {"high": "適合度 高", "middle": "適合度 中"}
_CONDITIONS: Final = {
    "high": "登録の内容に合うもの（適合度が「高」）",
    "middle": "登録の内容に合うもの（適合度が「中」以上）",
}
_WORK_CASE: Final = "案件番号：{number}\n企業：{company}\n団体：{npo}"
_DIGEST: Final = "お知らせのまとめ（{count}件）"
_BUNDLE: Final = "新しいお知らせ（{count}件）"


def say(code: str, facts: Mapping[str, Any], translate: Translate = str) -> tuple[str, str]:
    """Subject (one line, with the service's name) and body.

    Raises:
        KeyError: no words for the code, or a fact of the words is missing.
    """
    if code == "digest":
        told = [
            said(kind, known, old_subject, old_body, translate)
            for kind, known, old_subject, old_body in facts["notices"]
        ]
        return _gathered(_DIGEST, told, translate)
    if code in wording_work.EVENTS:
        parts = [translate(part) for part in wording_work.EVENTS[code]]
        known = _Loose(_spoken(facts["facts"], translate))
        subject, first, what_to_do = (part.format_map(known) for part in parts)
        case = translate(_WORK_CASE).format_map(facts)
        return _headed(f"{subject}（{facts['number']}）"), f"{first}\n\n{case}\n\n{what_to_do}"
    words = _WORDS[code]
    spoken = _spoken(facts, translate)
    subject, body = (translate(part).format_map(spoken) for part in words)
    return _headed(subject), body


def said(
    code: str, facts: Mapping[str, Any], subject: str, body: str, translate: Translate = str
) -> tuple[str, str]:
    """As ``say``; what was written before codes were kept has its own ``subject`` and ``body``."""
    return say(code, facts, translate) if code else (subject, body)


def bundle(told: Sequence[tuple[str, str]], translate: Translate = str) -> tuple[str, str]:
    """Subject and body of one mail that tells several things at once; a single one stays as it is."""
    return told[0] if len(told) == 1 else _gathered(_BUNDLE, told, translate)


def _gathered(head: str, told: Sequence[tuple[str, str]], translate: Translate) -> tuple[str, str]:
    subject = translate(head).format(count=len(told))
    return _headed(subject), "\n\n".join(f"■ {one}\n{body}" for one, body in told)


def of(row: Notice | Mail, translate: Translate = str) -> tuple[str, str]:
    """Subject and body of a notice or a mail."""
    return said(row.code, row.facts, row.subject, row.body, translate)


def _headed(subject: str) -> str:
    # A line break in a name must not become a mail header.
    return _MARK + " ".join(subject.split())


class _Loose(dict[str, Any]):
    """An event's words may name a fact that this event of it lacks."""

    def __missing__(self, key: str) -> str:
        return ""


def _spoken(facts: Mapping[str, Any], translate: Translate) -> dict[str, Any]:
    """The facts in words, and what is put together of several."""
    found = dict(facts)
    for name, labels in _CODES.items():
        if name in facts:
            found[name] = translate(labels[facts[name]])
    if facts.get("until"):
        found["until"] = _day(date.fromisoformat(facts["until"]), translate)
    if "until_at" in facts:
        moment = datetime.fromisoformat(facts["until_at"])
        found["until_at"] = translate("{day}{hour}時{minute:02d}分").format(
            day=_day(moment.date(), translate), hour=moment.hour, minute=moment.minute
        )
    if "document" in facts:
        found["what"] = found["document"]
    if "happened_on" in facts:
        found["what"] = _day(date.fromisoformat(facts["happened_on"]), translate)
    if facts.get("meeting_on"):
        day = _day(date.fromisoformat(facts["meeting_on"]), translate)
        meeting = translate("次の面談：{day}").format(day=day)
        found["what"] = "\n".join(part for part in (facts["what"], meeting) if part)
    if "on" in facts:
        on = date.fromisoformat(facts["on"])
        found["on"] = translate("{year}年{day}").format(year=on.year, day=_day(on, translate))
    if "posting" in facts:
        found["near"] = translate(_NEAR[facts["posting"]])
    for name in ("who", "checker"):
        if facts.get(name) == wording.CITY:
            found[name] = translate(wording.CITY)
    if "who" in facts:
        is_city = facts["who"] == wording.CITY
        found["who_titled"] = found["who"] if is_city else translate("{who}さま").format(who=facts["who"])
    if "support_type" in facts:
        found |= _case(facts, translate)
    if "reason_code" in facts:
        label = translate(WITHDRAW_REASONS.get(facts["reason_code"], ""))
        found["withdrawal"] = "\n".join(part for part in (label, facts["reason"]) if part)
    if "refuse_code" in facts:
        label = translate(QUESTION_REFUSE_REASONS[facts["refuse_code"]])
        found["refusal"] = "\n".join(part for part in (label, facts["reason"]) if part)
    if "cases" in facts:
        found |= _handover(facts, translate)
    if "listed" in facts:
        found |= _digest_of_fits(facts, translate)
    if "causes" in facts:
        told = (f"・{translate(CAUSES[code])}{translate(CAUSE_EDITS[code])}" for code in facts["causes"])
        found["causes_said"] = "\n".join(told)
    return found


def _day(day: date, translate: Translate) -> str:
    return translate("{month}月{day}日").format(month=day.month, day=day.day)


def _case(facts: Mapping[str, Any], translate: Translate) -> dict[str, str]:
    quantity, title = facts["quantity"], facts["need_title"]
    need = translate("ニーズ：{title}（{number}）").format(title=title, number=facts["need_number"])
    return {
        "support": translate(support_label(facts["support_type"])),
        "amount": "" if quantity is None else f"　{figures.number(quantity)}{translate(facts['unit'])}",
        "need_line": f"\n{need}" if facts["need_number"] else "",
    }


def _handover(facts: Mapping[str, Any], translate: Translate) -> dict[str, str]:
    lines = [f"・{number}　{company}・{npo}" for number, company, npo in facts["cases"]]
    if more := facts["count"] - len(lines):
        lines.append(translate("ほか{count}件").format(count=more))
    none = translate("なし")
    stands_in = none
    if facts.get("deputy"):
        stands_in = translate("{who}さん").format(who=facts["deputy"])
    elif facts.get("deputy_is_unable"):
        stands_in = translate("なし（予定していた人は、いま担当できません）")
    return {
        "case_lines": "\n".join(lines), "stands_in": stands_in, "note_or_none": facts["note"] or none,
    }  # fmt: skip


def _digest_of_fits(facts: Mapping[str, Any], translate: Translate) -> dict[str, str]:
    """What is listed, and by which condition it was found; ``said_why``, ``said_part`` and ``url`` come with
    the mail.
    """
    items = []
    for number, one in enumerate(facts["listed"], 1):
        lines = [one["title"] or translate("{organization}（企業の紹介）").format(**one)]
        about = [
            one["organization"] if one["title"] else "", "・".join(one["areas"]), _period(one, translate),
            translate(_LEVELS[one["level"]]) if one["level"] in _LEVELS else "",
        ]  # fmt: skip
        lines.append("／".join(part for part in about if part))
        if one["own_need"]:
            lines.append(translate("こちらのニーズ：{own_need}").format(**one))
        if one.get("said_why"):
            lines.append(translate("合う点：{said_why}").format(**one))
        if one.get("said_part"):
            lines.append(translate("「ほかにも必要なもの」のうち、条件に合うもの：{said_part}").format(**one))
        lines.append(one.get("url", ""))
        items.append(f"{number}. " + "\n   ".join(line for line in lines if line))
    if more := facts["count"] - len(items):
        items.append(translate("ほか{count}件").format(count=more))
    conditions = [translate(_CONDITIONS[facts["bar"]])] if facts["bar"] in _CONDITIONS else []
    kept = translate("保存した条件「{name}」")
    conditions += [kept.format(name=one["name"]) for one in facts["searches"]]
    return {"items": "\n\n".join(items), "condition": translate("、").join(conditions)}


def _period(facts: Mapping[str, Any], translate: Translate) -> str:
    said = {"from": "{day}から", "to": "{day}まで"}
    parts = []
    for name, words in said.items():
        if facts[name]:
            on = date.fromisoformat(facts[name])
            day = translate("{year}年{day}").format(year=on.year, day=_day(on, translate))
            parts.append(translate(words).format(day=day))
    return "".join(parts)
