"""Imports in Japanese words: what is wrong with a row and how to mend it, and what the templates say."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.city.cities import City
from matcher.ground import lifecycle
from matcher.ground.field import Field
from matcher.imports import columns as import_columns
from matcher.imports.cells import READINGS
from matcher.imports.columns import COLUMNS, Kind
from matcher.imports.tables import Unreadable
from webapp import filters, sheets, text, value_text
from webapp.labels import gettext as _

KINDS: Final[Mapping[str, Any]] = {
    "companies": _l("企業"),
    "npos": _l("団体"),
    "needs": _l("ニーズ"),
    "offers": _l("提供メニュー"),
}
LEVELS: Final[Mapping[str, Any]] = {
    "error": _l("要修正"),
    "doubt": _l("要判断"),
    "duplicate": _l("登録済み"),
    "note": _l("確認"),
}
TONES: Final[Mapping[str, str]] = {
    "error": "attention",
    "doubt": "attention",
    "duplicate": "neutral",
    "note": "waiting",
}

#: code → what it is, and how to mend it
PROBLEMS: Final[Mapping[str, tuple[Any, Any]]] = {
    **value_text.PROBLEMS,
    "decimals": (_l("小数が細かすぎます"), _l("小数第2位までの数にしてください。")),
    "required": (_l("空欄です"), _l("必ず入力してください。")),
    "unit_unfit": (
        _l("支援の種類に合う単位ではありません"),
        _l("ひな形の「選択肢」にある、その支援の種類の単位にしてください。"),
    ),
    "choice": (
        _l("選択肢にない言葉です"),
        _l("ひな形の「選択肢」にある言葉か番号にしてください。いくつかあるときは「、」で区切ります。"),
    ),
    "ditto": (_l("上の行と同じという印です"), _l("上の行と同じ内容を、この行にも入力してください。")),
    "yes_no": (_l("「はい」か「いいえ」で読み取れません"), _l("「はい」または「いいえ」にしてください。")),
    "phone_zero": (
        _l("先頭の0が消えています"),
        _l("Excelのセルを「文字列」にして、0から入力し直してください。"),
    ),
    "url": (
        _l("ウェブサイトのアドレスの形ではありません"),
        _l("https:// で始まり、利用者名（@）の入らないアドレスにするか、空欄にしてください。"),
    ),
    "corporate_number": (
        _l("法人番号の数字が正しくありません"),
        _l("13桁の数字を確かめてください。Excelで桁が変わっていないかもご確認ください。"),
    ),
    "too_long": (_l("長すぎます"), _l("文字数を減らしてください。")),
    "excel_error": (_l("Excelの計算エラーです"), _l("計算式を直すか、値を入力し直してください。")),
    "not_shown": (
        _l("「####」と表示されていて、内容が分かりません"),
        _l("Excelで内容が見えるようにするか、値を入力し直してください。"),
    ),
    "number_rounded": (
        _l("シートに表示されている数と、セルに入っている数が違います"),
        _l("表示のとおりの数を入力し直すか、すべての桁が見える表示形式にしてください。"),
    ),
    "number_day": (
        _l("数ではなく、日付として表示されています"),
        _l("セルの表示形式を「標準」にして、数を入力し直してください。"),
    ),
    "date_part": (
        _l("年・月・日のどれかがありません"),
        _l("年・月・日のすべてを入力してください。Excelでは、すべてが見える表示形式にしてください。"),
    ),
    "merged": (
        _l("ほかのセルと結合されています"),
        _l("Excelでセルの結合を解除し、1つずつ入力してください。"),
    ),
    "formula_unsaved": (
        _l("計算式の結果がファイルに保存されていません"),
        _l("ファイルをExcelで開いて保存し直すか、値を入力してください。"),
    ),
    "in_future": (_l("これから来る日付です"), _l("今日までの日付にしてください。")),
    "number_known": (
        _l("同じ法人番号が登録済みか、上の行にあります"),
        _l("登録済みの内容は変わりません。直したいときは、その団体・企業の画面で直してください。"),
    ),
    "name_known": (
        _l("同じ名称と地区のものが登録済みか、上の行にあります"),
        _l("別の団体・企業のときは、それぞれの法人番号か所在地（住所）を入力してください。"),
    ),
    "name_maybe": (
        _l("同じ名称と地区のものが登録済みか、上の行にあり、同じものか分かりません"),
        _l("別の団体・企業のときは、登録する前に「別のものとして登録する行」で選んでください。"),
    ),
    "not_a_row": (
        _l("名称ではなく、注記や合計のようです"),
        _l("注記のときは、そのままで構いません（登録しません）。名称のときは、ほかの列も入力してください。"),
    ),
    "long_row": (
        _l("見出しより列が多く、どの列の内容か分かりません"),
        _l(
            '区切りの文字が内容に入っているときは、そのセルを「"」で囲んでください。余分な区切りは消してください。'
        ),
    ),
    "read_number": (
        _l("%(read)sと読み取りました"),
        _l("違うときは、正しい数を、数字だけで入力してください。"),
    ),
    "read_day": (
        _l("%(read)sと読み取りました（時刻は読み込みません）"),
        _l("違うときは、正しい日付を、西暦の「年-月-日」で入力してください。"),
    ),
    "title_known": (
        _l("同じ件名が登録済みか、上の行にあります"),
        _l("別の内容のときは、件名を変えてください。"),
    ),
    "owner_unknown": (
        _l("登録されている名称・法人番号に見つかりません"),
        _l("先に団体・企業を登録するか、登録されている名称のとおりに直してください。"),
    ),
    "owner_by_number": (
        _l("法人番号から、%(read)sと読み取りました"),
        _l("違うときは、法人番号を直してください。"),
    ),
    "owner_differs": (
        _l("登録されている名称と違います。法人番号から、%(read)sと読み取りました"),
        _l("違うときは、名称か法人番号を直してください。"),
    ),
    "owner_contradicts": (
        _l("法人番号は%(read)sのもので、名称と合いません"),
        _l("名称か法人番号を直してください。法人番号が正しいときは、名称を空欄にしても取り込めます。"),
    ),
    "owner_ambiguous": (
        _l("同じ名称が2つ以上登録されています"),
        _l("法人番号の列を加えて、どちらかを示してください。"),
    ),
    "amount_too_large": (_l("大きすぎる数です"), _l("けたと単位を確かめてください。")),
    "amount_not_whole": (_l("この単位では、整数だけを使えます"), _l("整数にするか、単位を直してください。")),
    "more_than_quantity": (_l("ほしい量より多くなっています"), _l("量より少ない数にしてください。")),
    "before_start": (_l("始まりの日より前です"), _l("始まりの日より後の日付にしてください。")),
    "in_the_past": (_l("過ぎた日付です"), _l("今日より後の日付にしてください。")),
    "unlikely_date": (_l("10年以上離れた日付です"), _l("年を確かめて、正しい日付にしてください。")),
    "too_far": (_l("400日より先です"), _l("今日から400日以内の日付にしてください。")),
    "outlives_itself": (_l("終わりの日より後です"), _l("終わりの日までの日付にしてください。")),
    "gaiji": (
        _l("外字が含まれています"),
        _l("ほかの端末では表示できません。「髙」「﨑」などの通常の文字か、かなに直してください。"),
    ),
    "no_text": (
        _l("活動や事業の文章がありません"),
        _l("このまま登録できますが、おすすめに出にくくなります。あとで書き足せます。"),
    ),
    "incomplete": (
        _l("公開に必要な項目が空欄です"),
        _l("「市の確認待ち」として登録します。団体・企業のプロフィールで分かるものは補います。"),
    ),
}
#: Where a column stands that no heading names.
PLACES: Final[Mapping[str, Any]] = {
    "nameless": _l("%(column)s列（名前なし）"),
    "beyond": _l("%(column)s列から右（%(most)s列まで読み込めます）"),
}
MOST_OF_ROWS: Final = 10  #: rows, or spans of rows, that are named one by one
MOST_OF_NAME: Final = 12  #: characters of what was read as the name of a column
#: Of imports confirmed before readings were kept with them.
_WAS_READ: Final = _l("数か日付として読み取りました")


def what(problem: Mapping[str, Any]) -> str:
    """What is wrong."""
    read = problem.get("read") or ""
    if problem["code"] in READINGS and not read:
        return str(_WAS_READ)
    if problem["code"] == "read_day" and read:
        read = filters.jdate(date.fromisoformat(read))
    return str(PROBLEMS[problem["code"]][0]) % {"read": _("「%(read)s」", read=read)}


def mend(problem: Mapping[str, Any]) -> str:
    """How to mend it; of a value that was understood, how that very value is written plainly."""
    words = str(PROBLEMS[problem["code"]][1])
    read = problem.get("read") or ""
    if problem["code"] not in READINGS or not read:
        return words
    plain = read if problem["code"] == "read_day" else "".join(re.findall(r"[\d.-]", read))
    shown = filters.jdate(date.fromisoformat(read), False) if problem["code"] == "read_day" else read
    return words + _("（%(read)sは「%(plain)s」と書きます）", read=shown, plain=plain)


def refusal(error: Unreadable) -> str:
    """Why a file as a whole cannot be taken."""
    facts = dict(error.facts)
    if "columns" in facts:
        two = error.code == "file_two_columns"
        facts["columns"] = together(facts["columns"]) if two else _quoted(facts["columns"], _("、"))
    if "found" in facts:
        short = [name if len(name) <= MOST_OF_NAME else f"{name[:MOST_OF_NAME]}…" for name in facts["found"]]
        facts["found"] = _quoted(short, _("、")) + (_("など") if facts["more"] else "")
    return text.sentence(error.code, facts)


def together(names: str | Sequence[str]) -> str:
    """「電話番号」と「TEL」, the columns that were read as one; earlier uploads kept the words."""
    return names if isinstance(names, str) else _quoted(names, _("と"))


def hidden(result: Mapping[str, Any]) -> list[str]:
    """What the workbook holds without showing it, one sentence each for rows, columns and sheets."""
    numbers = result.get("hidden_rows") or []
    found = []
    if numbers:
        found.append(
            _(
                "表示されていない行が%(count)s行あります（%(rows)s）。",
                count=filters.number(len(numbers)),
                rows=_rows(numbers),
            )
        )
    if names := result.get("hidden_columns"):
        found.append(_("表示されていない列があります：%(names)s", names=_quoted(names, _("、"))))
    if names := result.get("hidden_sheets"):
        found.append(_("表示されていないシートがあります：%(names)s", names=_quoted(names, _("、"))))
    return found


def _rows(numbers: Sequence[int]) -> str:
    """「5行目、7〜9行目など」, at most ``MOST_OF_ROWS`` of them."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    said = [
        _("%(row)s行目", row=first) if first == last else _("%(first)s〜%(last)s行目", first=first, last=last)
        for first, last in spans[:MOST_OF_ROWS]
    ]
    return _("、").join(said) + (_("など") if len(spans) > MOST_OF_ROWS else "")


def unread(found: str | Mapping[str, Any]) -> str:
    """A column that was not read: its heading, or where it stands; earlier uploads kept the words."""
    return found if isinstance(found, str) else str(PLACES[found["code"]]) % found


def _quoted(names: Iterable[str], joint: str) -> str:
    return joint.join(_("「%(name)s」", name=name) for name in names)


def counted(problems: Sequence[Mapping[str, Any]]) -> str:
    """「要修正2件、確認600件」: how many remarks there are of each kind, those to be mended first."""
    found = Counter(problem["level"] for problem in problems)
    return "、".join(
        _("%(label)s%(count)s件", label=label, count=filters.number(found[level]))
        for level, label in LEVELS.items()
        if found[level]
    )


def doubtful(rows: Sequence[Mapping[str, Any]], city: City) -> dict[str, str]:
    """The rows that may name what is there already: row number → both entries in words."""
    return {
        str(row["row"]): _(
            "%(row)s行目「%(name)s」%(facts)s ― 似ているもの：「%(other)s」%(others)s",
            row=row["row"],
            name=row["values"]["name"],
            facts=_facts(row["values"].get("corporate_number"), row["values"], city),
            other=row["beside"]["name"],
            others=_facts(row["beside"]["number"], row["beside"], city),
        )
        for row in rows
        if "beside" in row
    }


def _facts(number: str | None, facts: Mapping[str, Any], city: City) -> str:
    area = filters.label_of(facts.get("area") or "", city.area_labels)
    parts = [
        _("法人番号%(number)s", number=number) if number else _("法人番号なし"),
        area,
        facts.get("address"),
    ]
    return _("（%(facts)s）", facts="、".join(part for part in parts if part))


def exported(column: Field, value: Any, city: City) -> sheets.Cell:
    """A value of a record as a sheet has it that may be imported again."""
    labels = import_columns.choices(column, city)
    if isinstance(value, list):
        return filters.labels_of(value, labels)
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    if isinstance(value, int | float | date):
        return value
    return filters.label_of(value or None, labels)


def shown(column: Field, value: Any, city: City) -> str:
    """A value of the preview, with labels for codes."""
    labels = import_columns.choices(column, city)
    if column.kind == "date" and value:
        return filters.jdate(date.fromisoformat(value), False)
    if isinstance(value, list):
        return filters.labels_of(value, labels)
    if isinstance(value, bool):
        return _("はい") if value else _("いいえ")
    if isinstance(value, int | float):
        return filters.number(value)
    text = filters.label_of(value, labels) if labels else str(value or "")
    return text if len(text) <= 60 else text[:60] + "…"


def state_labels(kind: str) -> Mapping[str, str]:
    """The words for the states of this kind of record."""
    return lifecycle.STATES["organization" if kind in {"companies", "npos"} else "posting"]


def state_choices(states: Sequence[str]) -> dict[str, str]:
    """In which state imported records begin, as the coordinator chooses it."""
    meanings = {
        "submitted": _("市の確認待ち（1件ずつ確認してから、ほかの人に見えるようにする）"),
        "verified": _("確認済み（市がすでに持っている名簿など、確認の終わったものに限る）"),
        "in_review": _("市の確認待ち（1件ずつ読んでから公開する）"),
        "open": _("公開中（内容の確認が終わっているものに限る。空欄のあるものは、市の確認待ちになる）"),
    }
    return {state: meanings[state] for state in states}


def report(
    filename: str, problems: Sequence[Mapping[str, Any]], city: City, made_at: datetime
) -> sheets.Sheet:
    """The problems of an upload as a sheet, to be worked through beside the file."""
    return sheets.Sheet(
        title=_("取り込みの確認結果"),
        section=f"{city.name}{city.section}",
        made_at=made_at,
        columns=[
            sheets.Heading(_("行"), 8, "number"),
            sheets.Heading(_("列"), 22),
            sheets.Heading(_("結果"), 14),
            sheets.Heading(_("入力された内容"), 26),
            sheets.Heading(_("どこが合わないか"), 34),
            sheets.Heading(_("直し方"), 50),
        ],
        rows=[
            [
                one["row"], one["column"], str(LEVELS[one["level"]]), one["value"], what(one), mend(one),
            ]
            for one in problems
        ],
        conditions=_("ファイル：%(name)s", name=filename),
    )  # fmt: skip


# ── Templates to fill in ─────────────────────────────────────────────────────────────────────────────


def template_sheet(kind: Kind, city: City, made_at: datetime) -> sheets.Sheet:
    """The empty sheet with its examples, as plain CSV has it."""
    return sheets.Sheet(
        title=_("%(kind)sの取り込みひな形", kind=KINDS[kind]),
        section=f"{city.name}{city.section}",
        made_at=made_at,
        columns=[sheets.Heading(column.heading, _width(column)) for column in COLUMNS[kind]],
        rows=import_columns.examples(kind),
    )


def template_workbook(kind: Kind, city: City, made_at: datetime) -> bytes:
    """The sheet to fill in with drop-down lists, and beside it what belongs where."""
    columns = COLUMNS[kind]
    lists = [
        (column.heading, list(import_columns.choices(column, city).values()))
        for column in columns
        if import_columns.choices(column, city)
    ]
    return sheets.form_workbook(
        template_sheet(kind, city, made_at),
        required=[column.heading for column in columns if column.required],
        single=[column.heading for column in columns if column.kind in {"code", "area"}],
        lists=lists,
        help_title=import_columns.HELP_SHEET,
        help_columns=(_("列"), _("必須"), _("書き方"), _("例")),
        help_rows=[
            (
                column.heading,
                _("必須") if column.required else "",
                _hint(column),
                "／".join(filter(None, column.examples)),
            )
            for column in columns
        ],
        lists_title=import_columns.LISTS_SHEET,
        notes=[
            _("「入力」の表の3行目から入力してください。（例）と書いた行は取り込みません。"),
            _("列の順番は変えても構いません。使わない列は空欄のままか、消しても構いません。"),
            _("役員や担当者の自宅の住所・電話番号・生年月日は書かないでください。書いてあっても取り込みません。"),
        ],
    )  # fmt: skip


def _width(column: Field) -> int:
    return 40 if column.limit > 500 else 24 if column.kind in {"codes", "areas", "fields"} else 18


def _hint(column: Field) -> str:
    if column.hint:
        return column.hint
    return {
        "code": _("「選択肢」から1つ"),
        "area": _("「選択肢」から1つ"),
        "codes": _("「選択肢」からいくつでも。「、」で区切る"),
        "areas": _("「選択肢」からいくつでも。「、」で区切る"),
        "fields": _("「選択肢」からいくつでも。「、」で区切る"),
        "number": _("数字。「1,500」「5千万」も読み取る"),
        "integer": _("数字（整数）。「1,500」「12人」も読み取る"),
        "date": _("「2027-03-31」または「令和9年3月31日」"),
        "yes_no": _("「はい」または「いいえ」"),
    }.get(column.kind, _("%(count)s文字まで", count=column.limit))
