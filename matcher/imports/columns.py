"""Which columns an import knows, and by what names. Pure; how a cell is read stands in ``import_cells``.

Labels are those of the screens; codes and the names that registers commonly use are accepted as well.
Columns that hold people's homes are known by name, so that they are dropped and not merely unknown (T17).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from embeddings.text import fold
from matcher.city.cities import City
from matcher.ground import limits, profile, vocabulary
from matcher.ground.profile import ValueKind

Kind = Literal["companies", "npos", "needs", "offers"]


@dataclass(frozen=True)
class Column:
    """One column: code, label, how a cell is read, by what other names it is known, what belongs in it."""

    code: str
    label: str
    kind: ValueKind = "text"
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    limit: int = limits.NOTE
    required: bool = False
    examples: tuple[str, str] = ("", "")
    hint: str = ""
    is_personal: bool = False  #: about a person: only for those who may see how to reach the organization


def _columns_of(kind: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            one.code, one.heading or one.label, one.kind, one.labels, (*one.aliases, one.label), one.limit,
            one.required, one.examples, one.hint, one.is_personal,
        )
        for one in profile.FIELDS[kind]
        if one.is_imported
    )  # fmt: skip


_COMPANY: Final = _columns_of("company")
_NPO: Final = _columns_of("npo")


def _posting(owner: str, owner_aliases: tuple[str, ...], titles: tuple[str, str]) -> tuple[Column, ...]:
    return (
        Column("owner", owner, aliases=("名称", *owner_aliases), limit=limits.SHORT, examples=("登録済みの名称", "登録済みの名称"),
               hint="登録されている名前のとおり。法人番号があれば空欄でもよい"),
        Column("owner_number", "法人番号", "number13", aliases=(f"{owner}の法人番号", "団体の法人番号", "企業の法人番号")),
        Column("title", "件名", aliases=("タイトル", "題名", "ニーズ", "提供メニュー"), limit=limits.TITLE, required=True,
               examples=titles),
    )  # fmt: skip


_TERMS: Final = (
    Column("support_type", "支援の種類", "code", vocabulary.SUPPORT_LABELS, ("種類", "ほしい支援", "いちばんほしい支援"),
           required=True, examples=("食品", "場所・会議室・土地・倉庫")),
    Column("quantity", "量", "number", aliases=("数量", "ほしい量", "金額"), examples=("20", "2")),
    Column("unit", "単位", limit=10, examples=("kg", "回")),
    Column("period_from", "始まりの日", "date", aliases=("開始日", "いつから", "期間開始"), examples=("2027-01-10", "")),
    Column("period_to", "終わりの日", "date", aliases=("終了日", "いつまで", "期間終了"), examples=("2027-03-31", "令和9年3月31日")),
    Column("areas", "地域", "areas", aliases=("場所の地区", "対象地域", "地区"), examples=("市全域", "市全域")),
    Column("mode", "進め方", "code", vocabulary.MODES, ("現地・リモート", "実施方法"), examples=("現地で", "現地で")),
    Column("fields", "活動分野", "fields", aliases=("分野",), examples=("子どもの健全育成", "まちづくり")),
    Column("sdgs", "SDGsの目標", "codes", vocabulary.SDGS, ("SDGs",)),
    Column("beneficiaries", "支える相手", "codes", vocabulary.BENEFICIARIES, ("対象", "対象者"),
           examples=("小中高生", "地域の住民一般")),
    Column("skills", "求める技能", "codes", vocabulary.PRO_BONO_SKILLS, ("技能", "出せる技能")),
    Column("valid_until", "公開の期限", "date", aliases=("掲載期限", "有効期限"), examples=("2027-03-31", ""),
           hint="空欄は、きょうから180日後（終わりの日が先なら、その日）"),
)  # fmt: skip

_NEED: Final = (
    *_posting("団体名", ("団体", "NPO", "法人名"), ("水曜の夕食に使う野菜がほしい", "会議に使える部屋を貸してください")),
    Column("situation", "いまの状況", aliases=("状況", "困っていること", "内容", "現状"), limit=limits.TEXT, required=True,
           examples=("毎週30人分の夕食をつくりますが、野菜が足りません。", "毎月の会議の場所に困っています。")),
    Column("wanted_change", "どう変えたいか", aliases=("変えたいこと", "期待する変化"), limit=limits.TEXT,
           examples=("毎週かならず温かい食事を出せるようになります。", "")),
    *_TERMS,
    Column("min_useful", "最低これだけあれば助かる量", "number", aliases=("最低量",)),
    Column("also_welcome", "ほかにも、あると助かる支援", "codes", vocabulary.SUPPORT_LABELS, ("ほかの支援",)),
    Column("urgency", "急ぎ", "code", vocabulary.URGENCIES, ("緊急度",), examples=("3か月以内", "急がない")),
    Column("repeat", "回数", "code", vocabulary.REPEATS, ("継続",)),
    Column("place_note", "場所の補足"),
    Column("beneficiary_number", "支える相手の人数", "integer", aliases=("対象人数",)),
    Column("safety_contact", "子どもや要配慮者と接するか", "yes_no", aliases=("接触の有無",), examples=("はい", "いいえ")),
    Column("safety_note", "安全のための配慮"),
    Column("what_we_give", "企業へのお返し", aliases=("お返し",)),
    Column("if_unmet", "支援がないとどうなるか", aliases=("ないとどうなるか",)),
)  # fmt: skip

_OFFER: Final = (
    *_posting("企業名", ("会社名", "企業", "法人名"), ("規格外の野菜を届けます", "会議室を夜間にお貸しします")),
    Column("description", "説明", aliases=("内容", "詳細"), limit=limits.TEXT, required=True,
           examples=("形のふぞろいな野菜を毎週お渡しできます。", "本社2階の会議室（20人）です。")),
    *_TERMS,
    Column("conditions", "条件", aliases=("提供の条件",)),
)  # fmt: skip

COLUMNS: Final[Mapping[Kind, tuple[Column, ...]]] = MappingProxyType(
    {"companies": _COMPANY, "npos": _NPO, "needs": _NEED, "offers": _OFFER}
)

#: Rows whose name begins like this are the template's examples.
EXAMPLE_MARK: Final = "（例）"
HELP_SHEET: Final = "書き方"  #: of our own templates, beside the sheet that is filled in
LISTS_SHEET: Final = "選択肢"  #: likewise

_PEOPLE: Final = "(代表者?|代表理事|理事長?|監事|役員|会長|副会長|社長|取締役|事務局長|担当者?|窓口|職員|社員|会員|発起人|設立者|申請者|責任者|代理人)"
_PERSONAL: Final = re.compile(
    "自宅|私宅|個人|現住所|居住|本籍|生年月日|生まれ|年齢|性別|続柄|マイナンバー|口座|顔写真|国籍"
    "|役員名簿|役員一覧|役員氏名|理事一覧|社員名簿|会員名簿|^役員|^理事$|^監事$|^理事氏名|^監事氏名"
    f"|{_PEOPLE}の?(住所|所在地|居所|郵便|〒|電話|携帯|tel|fax|連絡先)|携帯"
)


def of_organizations(kind: Literal["company", "npo", ""]) -> Sequence[Column]:
    """The columns of companies or of NPOs, or (empty) those that mean the same for both."""
    if kind:
        return _COMPANY if kind == "company" else _NPO
    theirs = {(column.code, column.label) for column in _NPO}
    return [column for column in _COMPANY if (column.code, column.label) in theirs]


def header_key(text: str) -> str:
    """What of a column's name is compared: no brackets, spaces, or marks of what is compulsory."""
    return re.sub(r"[\s()\[\]「」【】・/:*※_.,、-]|必須|任意", "", fold(text))


def is_personal(header: str) -> bool:
    """Whether a column of this name holds people's homes or other data about them that we never take."""
    return _PERSONAL.search(header_key(header)) is not None


def recognise(kind: Kind, header: str) -> Column | None:
    """The column that a header means, by label, code or a common name; ``None`` where it means none."""
    key = header_key(header)
    if not key or key in {header_key(word) for word in ("役員", "理事", "監事")}:
        return None
    for column in COLUMNS[kind]:
        if key in (header_key(word) for word in (column.label, column.code, *column.aliases)):
            return column
    return None


def distance(column: Column, header: str) -> int:
    """How far a header that means ``column`` is from its label: 0 says the same, others by the common names."""
    key = header_key(header)
    own = (column.code, column.label, *re.split("[（）]", column.label))
    if key in (header_key(word) for word in own):
        return 0
    return 1 + [header_key(word) for word in column.aliases].index(key)


def choices(column: Column, city: City) -> Mapping[str, str]:
    """Code → label of what may stand in a column of this kind; empty where anything may."""
    if column.kind in {"area", "areas"}:
        return city.area_labels
    if column.kind == "fields":
        return {code: vocabulary.FIELD_SHORT[code] for code in city.fields}
    return column.labels


def examples(kind: Kind) -> Sequence[list[str]]:
    """The two example rows of a template, marked so that they are not imported."""
    columns = COLUMNS[kind]
    marked = "name" if kind in {"companies", "npos"} else "title"
    return [
        [(EXAMPLE_MARK if one.code == marked else "") + one.examples[place] for one in columns]
        for place in (0, 1)
    ]
