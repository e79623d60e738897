"""How dates, amounts, labels and typed text are worded on pages, and small questions templates ask.

Everything shown is in Asia/Tokyo; what comes in is an aware datetime or a plain date. This is the only
module that may build ``Markup``: each such function escapes what people typed before it adds a tag.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, current_app, request
from flask_babel import gettext
from jinja2 import StrictUndefined
from markupsafe import Markup, escape
from wtforms import Field
from wtforms.fields import (
    BooleanField,
    DateField,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.widgets import TextArea

from matcher.ground import day_words, figures, phones, vocabulary
from matcher.records import Mail
from matcher.register import sentences
from matcher.register.receipts import new_form_id
from webapp import clock
from webapp.asked_text import named
from webapp.card_text import compared, told
from webapp.labels import said
from webapp.reason_text import reason_sentence

TOKYO: Final = ZoneInfo("Asia/Tokyo")
_WEEKDAYS: Final = "月火水木金土日"
_DAYS_OF_A_YEAR: Final = 365

Moment = date | datetime
#: What a name says of its legal form is one word; the parser of phrases breaks some of them.
_LEGAL_FORM: Final = re.compile(
    "(?:(?:特例)?認定)?特定非営利活動法人|(?:特例)?認定NPO法人|NPO法人|(?:一般|公益)(?:社団|財団)法人|社会福祉法人|学校法人"
    "|医療法人|宗教法人|株式会社|有限会社|合同会社|合資会社|合名会社|(?:労働者)?協同組合|企業組合|有限責任事業組合"
)


def tokyo_date(value: Moment) -> date:
    """The calendar day in Tokyo on which ``value`` falls. Raises ValueError for a naive datetime."""
    return _in_tokyo(value).date() if isinstance(value, datetime) else value


def jdate(value: Moment | None, weekday: bool = True) -> str:
    """「令和8年11月23日（月）」; empty for None."""
    if value is None:
        return ""
    day = tokyo_date(value)
    text = day_words.jday(day)
    return f"{text}（{_WEEKDAYS[day.weekday()]}）" if weekday else text


def isoday(text: str | None) -> str:
    """A day kept as ISO text, as pages show it."""
    return jdate(date.fromisoformat(text), False) if text else ""


def jmonthday(value: Moment | None) -> str:
    """「11月23日（月）」; of another year than this one, with its year."""
    if value is None:
        return ""
    day = tokyo_date(value)
    if day.year != tokyo_date(clock.now()).year:
        return jdate(day)
    return f"{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


def jday_ahead(value: Moment | None) -> str:
    """「11月23日」 of the year that begins today, any other day with its year: where there is little room."""
    if value is None:
        return ""
    day = tokyo_date(value)
    is_near = 0 <= (day - tokyo_date(clock.now())).days < _DAYS_OF_A_YEAR
    return f"{day.month}月{day.day}日" if is_near else day_words.jday(day)


def jdatetime(value: datetime | None) -> str:
    """「令和8年11月23日（月）14時32分」; empty for None. Raises ValueError for a naive datetime."""
    if value is None:
        return ""
    local = _in_tokyo(value)
    return f"{jdate(local)}{local.hour}時{local.minute:02d}分"


def isodate(value: Moment | None) -> str:
    """What belongs in ``<time datetime>``: a day, or a moment with the offset of Tokyo."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _in_tokyo(value).isoformat(timespec="minutes")
    return value.isoformat()


def jday_brief(value: date) -> str:
    """「11月23日」 in a column of days; of another year than this one, with its year."""
    if value.year != tokyo_date(clock.now()).year:
        return jdate(value, False)
    return f"{value.month}月{value.day}日"


def jmoment_brief(value: datetime) -> str:
    """「11月23日14時32分」 in a column of moments; of another year than this one, with its year."""
    local = _in_tokyo(value)
    return f"{jday_brief(local.date())}{local.hour}時{local.minute:02d}分"


def brief_name(name: str) -> str:
    """「(特非)みお」 of 「特定非営利活動法人みお」: with its legal form, before or behind it, shortened."""
    for form, brief in vocabulary.BRIEF_FORMS.items():
        if name.startswith(form) and name != form:
            return brief + name.removeprefix(form).lstrip()
        if name.endswith(form) and name != form:
            return name.removesuffix(form).rstrip() + brief
    return name


def before_bracket(text: str) -> str:
    """「申し出中」 of 「申し出中（相手の返事待ち）」: a label without what explains it."""
    return re.split(r"\s*[（(]", text, maxsplit=1)[0] or text


def ago_days(value: Moment | None, now: datetime) -> int:
    """Whole calendar days in Tokyo from ``value`` to ``now``; negative when it lies ahead."""
    return 0 if value is None else (tokyo_date(now) - tokyo_date(value)).days


def days_left(value: Moment | None, now: datetime) -> int:
    """Calendar days until a deadline, 0 on its last day (it ends at 23:59:59 in Tokyo)."""
    return -ago_days(value, now)


def fiscal_year(value: Moment) -> int:
    """The 年度 (April to March) as a western year: 2027-03-31 belongs to 2026."""
    day = tokyo_date(value)
    return day.year if day.month >= 4 else day.year - 1


def nendo(value: Moment | int | None) -> str:
    """「令和8年度」 from a day or a fiscal year; empty for None."""
    if value is None:
        return ""
    return day_words.nendo(value if isinstance(value, int) else fiscal_year(value))


def yen(value: int | Decimal | float | None) -> str:
    """「1,234円」; empty for None."""
    return "" if value is None else f"{int(value):,}円"


def number(value: int | Decimal | float | None) -> str:
    """「1,200」, 「2.5」: grouped, without trailing zeros; empty for None."""
    return "" if value is None else figures.number(value)


def kilobytes(size_bytes: int) -> str:
    """「12KB」, begun ones counted whole."""
    return str(gettext("%(kb)sKB", kb=number(-(-size_bytes // 1024))))


def quantity(value: int | Decimal | float | None, unit: str | None = None) -> str:
    """「1,200食」; empty for None."""
    return "" if value is None else f"{number(value)}{unit or ''}"


def label_of(code: object, labels: Mapping[str, Any]) -> str:
    """The label of a code in the reader's language; a code from an older list is shown rather than lost."""
    if code is None:
        return ""
    return str(said(str(labels.get(str(code), code))))


def labels_of(codes: Iterable[object] | None, labels: Mapping[str, Any]) -> str:
    """Labels of several codes, joined by 「、」."""
    return "、".join(label_of(code, labels) for code in codes or ())


def nl2p(text: str | None) -> Markup:
    """Plain typed text as paragraphs: an empty line parts them, a single break stays a break."""
    return mark_quotes(text)


def budoux(text: str | None) -> Markup:
    """A heading that may break only between phrases (the class ``phrases`` keeps the rest together)."""
    if not text:
        return Markup("")
    # A word that already carries markup (a translated string with escaped names) is parsed as text.
    plain = text.unescape() if isinstance(text, Markup) else text
    phrases = (escape(phrase) for phrase in _whole(_phrase_parser()(plain)))
    return Markup('<span class="phrases">{}</span>').format(Markup("<wbr>").join(phrases))


def _whole(phrases: Sequence[str]) -> list[str]:
    """The phrases, with those joined between which a legal form (特定非営利活動法人) would be broken."""
    forms = _LEGAL_FORM.finditer("".join(phrases))
    inside = {place for form in forms for place in range(form.start() + 1, form.end())}
    found: list[str] = []
    place = 0
    for phrase in phrases:
        if place in inside:
            found[-1] += phrase
        else:
            found.append(phrase)
        place += len(phrase)
    return found


def mark_quotes(text: str | None, quotes: Iterable[str] = ()) -> Markup:
    """Plain typed text as paragraphs, in which the given sentences, word for word, are underlined.

    A quote never crosses a line break (sentences do not), so a mark stays inside its line.
    """
    wanted = sorted({quote.strip() for quote in quotes if quote and quote.strip()}, key=len, reverse=True)
    splitter = re.compile("(" + "|".join(re.escape(quote) for quote in wanted) + ")") if wanted else None
    paragraphs = re.split(r"\n[ \t\u3000]*\n+", _unix_lines(text).strip("\n"))
    return Markup().join(
        Markup("<p>{}</p>").format(
            Markup("<br>").join(_marked_line(line, splitter) for line in paragraph.split("\n"))
        )
        for paragraph in paragraphs
        if paragraph.strip()
    )


def field_kind(field: Field) -> str:
    """Which pattern of ``components/forms.html`` draws a WTForms field."""
    for kind, classes in _KINDS:
        if isinstance(field, classes):
            return kind
    return "textarea" if isinstance(field.widget, TextArea) else "input"


def field_reading(field: Field) -> str:
    """How the service has read what was typed, where fields say so; else empty."""
    return str(getattr(field, "reading", ""))


def url_with(**changes: object) -> str:
    """The address of this page with some query values replaced; None takes one away.

    Every change but that of ``page`` goes back to the first page.
    """
    values: dict[str, Any] = request.args.to_dict(flat=False)
    if "page" not in changes:
        values.pop("page", None)
    for name, value in changes.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    # Written behind the path and not given to ``url_for``, which takes some names for its own.
    path = current_app.url_for(request.endpoint or "", **(request.view_args or {}))
    return f"{path}?{urlencode(values, doseq=True)}" if values else path


def has_endpoint(name: str) -> bool:
    """Whether this installation has the page, so that the frame never links into nothing."""
    return name in current_app.view_functions


def mail_subject(mail: Mail) -> str:
    """The subject of a mail of the outbox."""
    return sentences.of(mail, gettext)[0]


def phone_link(phone: str | None) -> Markup:
    """A telephone number that dials when it is touched; a text without a number stays one."""
    number = phones.dialled(phone or "")
    return Markup('<a href="tel:{}">{}</a>').format(number, phone) if number else escape(phone or "")


def register(app: Flask) -> None:
    """Give every template the filters and questions of this module, and nothing that it was not given."""
    filters: tuple[Callable[..., Any], ...] = (
        jdate,
        isoday,
        jmonthday,
        jday_ahead,
        jdatetime,
        isodate,
        before_bracket,
        brief_name,
        ago_days,
        days_left,
        nendo,
        yen,
        number,
        kilobytes,
        quantity,
        label_of,
        labels_of,
        nl2p,
        budoux,
        mark_quotes,
        mail_subject,
        phone_link,
        reason_sentence,
        told,
        compared,
        named,
    )
    app.jinja_env.undefined = StrictUndefined  # what a page was not given is an error, never a no
    app.jinja_env.filters.update({f.__name__: f for f in filters})
    questions = (field_kind, field_reading, url_with, has_endpoint, fiscal_year, new_form_id)
    app.jinja_env.globals.update({f.__name__: f for f in questions})


_KINDS: Final[tuple[tuple[str, tuple[type, ...]], ...]] = (
    ("hidden", (HiddenField,)),
    ("radios", (RadioField,)),
    ("checkboxes", (SelectMultipleField,)),
    ("select", (SelectField,)),
    ("checkbox", (BooleanField,)),
    ("textarea", (TextAreaField,)),
    ("date", (DateField,)),
    ("file", (FileField,)),
)


def _in_tokyo(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"expected an aware datetime, found {value!r}")
    return value.astimezone(TOKYO)


def _marked_line(line: str, splitter: re.Pattern[str] | None) -> Markup:
    if splitter is None:
        return escape(line)
    # re.split with one group puts the quotes at the odd places.
    return Markup().join(
        Markup('<mark class="quote">{}</mark>').format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(splitter.split(line))
    )


def _unix_lines(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")


@cache
def _phrase_parser() -> Callable[[str], list[str]]:
    from budoux import load_default_japanese_parser  # loaded at the first heading, not at import

    return load_default_japanese_parser().parse
