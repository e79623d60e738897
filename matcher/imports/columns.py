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
from matcher.ground import limits, vocabulary

Kind = Literal["companies", "npos", "needs", "offers"]
CellKind = Literal[
    "text", "code", "codes", "area", "areas", "fields", "number", "integer", "date", "yes_no", "number13",
    "url", "email", "phone",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column: code, label, how a cell is read, by what other names it is known, what belongs in it."""

    code: str
    label: str
    kind: CellKind = "text"
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    limit: int = limits.NOTE
    required: bool = False
    examples: tuple[str, str] = ("", "")
    hint: str = ""
    is_personal: bool = False  #: about a person: only for those who may see how to reach the organization


def _organization(name_aliases: tuple[str, ...], names: tuple[str, str]) -> tuple[Column, ...]:
    return (
        Column("name", "名称", aliases=("名前", "名", *name_aliases), limit=limits.TITLE, required=True,
               examples=names, hint="登記や会則のとおりの名前"),
        Column("kana", "フリガナ", aliases=("名称のフリガナ", "ふりがな", "カナ", "名称カナ", "よみ", "読み方"),
               limit=limits.SHORT, examples=("サンプルショウジ", "サンプルノカイ"), hint="一覧の並び順に使います"),
        Column("corporate_number", "法人番号", "number13", aliases=("法人番号13桁", "国税庁法人番号"),
               hint="13桁。法人格がないときは空欄"),
        Column("area", "所在地の地区", "area", aliases=("地区", "小学校区", "所在地区", "校区"),
               examples=("市全域", "市全域"), hint="選択肢のとおり"),
        Column("address", "所在地（住所）", aliases=(
            "所在地", "住所", "事務所の所在地", "主たる事務所の所在地", "主たる事務所", "本社所在地", "本店所在地",
            "事務所所在地", "事業所所在地"), limit=limits.SHORT, examples=("中央町1-2-3", "中央町4-5"),
               hint="事務所の住所。個人の自宅は書かないでください"),
        Column("website", "ウェブサイト", "url", aliases=("ホームページ", "URL", "HP", "サイト", "Webサイト"),
               limit=300, examples=("https://www.sample.example", "")),
        Column("representative", "代表者の氏名", aliases=("代表者", "代表者名", "代表者氏名", "理事長", "理事長名", "代表", "代表理事", "代表理事名", "代表理事の氏名", "会長"),
               limit=limits.TITLE, is_personal=True),
        Column("contact_department", "担当部署", aliases=("部署", "担当課"), limit=limits.TITLE,
               examples=("総務部", "事務局"), is_personal=True),
        Column("contact_name", "担当者の氏名", aliases=("担当者", "担当者名", "担当者氏名", "窓口担当者", "連絡担当者"),
               limit=limits.TITLE, is_personal=True),
        Column("email", "連絡用のメールアドレス", "email",
               aliases=("メールアドレス", "メール", "Eメール", "Email", "E-mail", "担当者メール", "担当者メールアドレス"),
               limit=254, examples=("csr@sample.example", "info@sample.example"), is_personal=True),
        Column("phone", "電話番号", "phone", aliases=("電話", "TEL", "代表電話", "電話番号代表", "担当者電話番号"),
               limit=40, examples=("0000-00-0001", "0000-00-0002"), hint="文字列として入力（先頭の0が消えないように）", is_personal=True),
        Column("visibility", "プロフィールを見られる人", "code", vocabulary.VISIBILITIES, ("公開範囲",),
               hint="空欄は「だれでも見られる」"),
    )  # fmt: skip


_COMPANY: Final = (
    *_organization(("会社名", "企業名", "法人名", "商号", "事業者名", "事業所名"), ("サンプル商事株式会社", "有限会社サンプル工業")),
    Column("industry", "業種", "code", vocabulary.INDUSTRIES, ("産業分類", "日本標準産業分類"),
           examples=("卸売業、小売業", "製造業")),
    Column("employees_band", "従業員数", "code", vocabulary.EMPLOYEE_BANDS, ("従業員規模", "従業員"),
           examples=("21〜50人", "6〜20人")),
    Column("business", "事業の内容", aliases=("事業内容", "業務内容", "会社概要"), limit=limits.TEXT,
           examples=("市内の小売店に食品と日用品を卸しています。", "金属部品の加工と組立をしています。")),
    Column("csr_policy", "CSR・ESGの考え方", aliases=("CSR", "ESG", "CSR方針", "社会貢献", "地域貢献", "CSR・ESG方針"),
           limit=limits.TEXT, examples=("食品ロスを減らし、地域の子どもの食を支えたいと考えています。",
                                        "ものづくりの楽しさを子どもたちに伝えたいです。")),
    Column("fields", "関わりたい分野", "fields", aliases=("分野", "活動分野", "関心分野"),
           examples=("子どもの健全育成、環境の保全", "子どもの健全育成"), hint="いくつでも。「、」で区切る"),
    Column("sdgs", "SDGsの目標", "codes", vocabulary.SDGS, ("SDGs",), examples=("2、12", "4"),
           hint="番号でも名前でも"),
    Column("beneficiaries", "力になりたい相手", "codes", vocabulary.BENEFICIARIES, ("対象", "対象者", "支援対象"),
           examples=("小中高生", "")),
    Column("areas", "関わりたい地域", "areas", aliases=("地域", "対象地域", "活動地域"), examples=("市全域", "市全域")),
    Column("pro_bono_skills", "プロボノで出せる技能", "codes", vocabulary.PRO_BONO_SKILLS, ("技能", "プロボノ"),
           examples=("会計、広報", "")),
    Column("expected_returns", "協働に期待すること", "codes", vocabulary.EXPECTED_RETURNS,
           examples=("地域の信頼", "")),
    Column("budget_band", "支援に使える年間の予算", "code", vocabulary.BUDGET_BANDS, ("予算",),
           examples=("10万円〜50万円", "決まっていない")),
    Column("volunteering", "社員ボランティアの制度", aliases=("ボランティア制度",)),
    Column("past_partnerships", "これまでの連携", aliases=("連携実績", "協働実績"), limit=limits.TEXT),
    Column("no_go", "応じられないこと・条件", aliases=("応じられないこと",)),
    Column("naming", "社名の公表", "code", vocabulary.NAMING, hint="空欄は「その都度相談」"),
)  # fmt: skip

_NPO: Final = (
    *_organization(("団体名", "法人名", "団体", "NPO名", "団体の名称", "法人の名称"), ("特定非営利活動法人サンプルの会", "サンプル町内会")),
    Column("no_number_reason", "法人番号がない理由", "code", vocabulary.NO_NUMBER_REASONS,
           examples=("", "任意団体で法人格がない")),
    Column("org_type", "団体の種類", "code", vocabulary.ORG_TYPES, ("団体種別", "法人格", "種別", "法人種別"),
           examples=("特定非営利活動法人", "自治会・町内会")),
    Column("established_on", "設立した日", "date",
           aliases=("設立年月日", "設立日", "設立認証年月日", "認証年月日", "成立年月日"),
           examples=("2010-04-01", "平成5年4月1日")),
    Column("mission", "目的", aliases=("設立目的", "定款に記載された目的", "目的・理念", "ミッション"), limit=limits.TEXT,
           examples=("子どもがひとりで夕食をとらない町をつくります。", "住みよい町をつくります。")),
    Column("activities", "活動の内容", aliases=("活動内容", "事業内容", "活動", "主な活動"), limit=limits.TEXT,
           examples=("毎週水曜に子ども食堂を開いています。", "防災訓練と見守りをしています。")),
    Column("strengths", "企業に提供できるもの", aliases=("団体の強み", "提供できるもの", "strengths_offer"),
           limit=limits.TEXT),
    Column("fields", "活動分野", "fields", aliases=("分野", "活動の分野", "特定非営利活動の種類", "活動の種類"),
           examples=("子どもの健全育成、保健・医療・福祉", "地域安全"), hint="番号（1〜20）でも名前でも。「、」で区切る"),
    Column("sdgs", "SDGsの目標", "codes", vocabulary.SDGS, ("SDGs",), examples=("1、2", "11")),
    Column("beneficiaries", "支えている相手", "codes", vocabulary.BENEFICIARIES, ("対象", "対象者", "支援対象"),
           examples=("小中高生", "地域の住民一般")),
    Column("areas", "活動している地域", "areas", aliases=("活動地域", "地域", "活動エリア", "対象地域"),
           examples=("市全域", "市全域")),
    Column("staff_full_time", "常勤の職員", "integer", aliases=("常勤職員数", "常勤")),
    Column("staff_part_time", "非常勤の職員", "integer", aliases=("非常勤職員数", "非常勤")),
    Column("volunteers", "ボランティア", "integer", aliases=("ボランティア数",), examples=("12", "30")),
    Column("budget_band", "年間の予算規模", "code", vocabulary.NPO_BUDGET_BANDS, ("予算規模", "予算"),
           examples=("50万円〜300万円", "50万円未満")),
    Column("reach_number", "1年間に支えている人数", "integer", aliases=("支援人数",)),
    Column("capacity", "受け入れの体制", aliases=("受け入れ体制",)),
    Column("disclosure", "公開している書類", "codes", vocabulary.DISCLOSURE_ITEMS, ("情報公開",),
           examples=("定款・会則、事業報告書", "定款・会則")),
)  # fmt: skip


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
