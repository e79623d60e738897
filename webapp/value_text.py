"""Values that cannot be read, in Japanese words: what is wrong, and how to write it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.ground import figures
from matcher.ground.days import Reading
from matcher.ground.numerals import Number
from matcher.ground.typed import Unclear
from webapp import filters
from webapp.labels import gettext as _

#: code of a reader → what it is, and how to mend it
PROBLEMS: Final[Mapping[str, tuple[Any, Any]]] = {
    "value_too_long": (_l("長すぎます"), _l("余分な文字を消して、短くしてください。")),
    "date": (
        _l("日付として読み取れません"),
        _l("「2027-03-31」または「令和9年3月31日」の形で、1つだけ入力してください。"),
    ),
    "date_none": (_l("その日付はありません"), _l("年・月・日をもう一度ご確認ください。")),
    "date_era": (
        _l("その元号の期間にない日付です"),
        _l("元号と年をご確認いただくか、西暦で「2027-03-31」の形にしてください。"),
    ),
    "date_weekday": (_l("日付と曜日が合いません"), _l("正しい日付にするか、曜日を消してください。")),
    "date_year": (_l("年が離れすぎています"), _l("年をもう一度ご確認ください。")),
    "kana": (
        _l("カタカナやひらがなではない文字があります"),
        _l("読みを、カタカナかひらがなで入力してください。"),
    ),
    "name_address": (
        _l("名前の中に、ホームページやメールのアドレスがあります"),
        _l("アドレスを消して、名前だけを入力してください。"),
    ),
    "name_letters": (
        _l("数字や記号だけでは、名前として使えません"),
        _l("かな・漢字・アルファベットのある名前を入力してください。"),
    ),
    "name_turned": (
        _l("名前の中に、文字の並ぶ向きを変える、目に見えない記号があります"),
        _l("名前を、貼り付けずに入力し直してください。"),
    ),
    "time": (_l("時刻として読み取れません"), _l("「14:30」の形で入力してください。")),
    "number": (
        _l("数として読み取れません"),
        _l("「1500」「1,500」「5千万」のように、1つの数だけを入力してください。"),
    ),
    "number_range": (
        _l("数に幅があります"),
        _l("「20～30」ではなく「20」のように、1つの数だけを入力してください。"),
    ),
    "number_near": (
        _l("「以上」「約」などの言葉は、この欄では読み取れません"),
        _l("1つの数だけを入力し、言葉は説明の欄に書いてください。"),
    ),
    "number_unit": (
        _l("数のうしろに、この欄では使えない単位や言葉があります"),
        _l("数だけを入力してください。"),
    ),
    "number_dot": (
        _l("「1.000」のような書き方では、1か1,000か分かりません"),
        _l("千の区切りは「1,000」のように「,」で、小数は最後の0を除いて入力してください。"),
    ),
    "integer": (_l("整数ではありません"), _l("小数のない数字を入力してください（例：12）。")),
    "decimals": (_l("小数が細かすぎます"), _l("小数の桁を減らしてください。")),
    "negative": (_l("0より小さい数は入力できません"), _l("マイナスの付かない数を入力してください。")),
    "positive": (_l("0以下の数です"), _l("0より大きい数にしてください。")),
    "too_large": (_l("大きすぎる数です"), _l("けたをもう一度ご確認ください。")),
    "unit_missing": (_l("単位がありません"), _l("「20kg」のように、単位も入力してください。")),
    "unit_differs": (
        _l("数のうしろの単位と、単位の欄が違います"),
        _l("どちらかを直して、同じ単位にしてください。"),
    ),
    "phone": (
        _l("電話番号として読み取れません"),
        _l("市外局番から、1つだけ入力してください（例：00-0000-0000）。"),
    ),
    "phone_zero": (_l("先頭の0が消えています"), _l("0から入力し直してください。")),
    "email": (
        _l("メールアドレスの形になっていません"),
        _l("「@」の前後を確かめ、メールアドレスを1つだけ入力してください。"),
    ),
    "email_letters": (
        _l("日本語などの文字が入ったメールアドレスには、メールが届きません"),
        _l("英数字だけのメールアドレスを入力してください。"),
    ),
    "email_dots": (
        _l("「.」が続くか、「@」の直前や先頭に「.」があるため、メールが届かないことがあります"),
        _l("別のメールアドレスを入力してください。"),
    ),
}


def sentence(unclear: Unclear) -> str:
    """The sentence beside a field."""
    if unclear.decimals:
        return _("小数第%(decimals)s位までの数で入力してください。", decimals=unclear.decimals)
    what, mend = PROBLEMS[unclear.code]
    return _("%(what)s。%(mend)s", what=what, mend=mend)


def reading_of_number(typed: str, found: Number) -> str:
    """How a number was read, where that is not plain from what was typed; else empty."""
    if not (found.in_words or found.is_about):
        return ""
    return _(
        "「%(typed)s」を「%(read)s」と読み取りました。", typed=typed, read=number(found.value, found.unit)
    )


def reading_of_unit(typed: str, unit: str) -> str:
    """Which unit was taken from behind a number where none was chosen."""
    return _("「%(typed)s」から「%(unit)s」と読み取りました。", typed=typed, unit=unit)


def reading_of_day(typed: str, found: Reading) -> str:
    """How a day was read, where that is not plain from what was typed; else empty."""
    if not found.beside:
        return ""
    read = filters.jdate(found.day)
    return _("「%(typed)s」を「%(read)s」と読み取りました。", typed=typed, read=read)


def number(value: Decimal | float, unit: str = "") -> str:
    """A number as pages write it, with its unit."""
    return f"{figures.number(value)}{unit}"
