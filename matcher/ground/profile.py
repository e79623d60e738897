"""Every field of the profile of a company or an NPO: all that is to be known of it beside its column. Pure.

Forms, imports, saved lists, decisions, and the texts by which an organization is found take it from here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from matcher.ground import limits, vocabulary

ValueKind = Literal[
    "text", "code", "codes", "area", "areas", "fields", "number", "integer", "date", "yes_no", "number13",
    "url", "email", "phone",
]  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field, named as the column that holds it.

    Args:
        label: as its people read it; ``heading`` names it in tables, where that is something else.
        kind: how what is typed is read; ``labels`` are what may be chosen.
        aliases: other names by which registers call it. examples, hint: for who fills in a table.
        limit: visible characters of a text.
        is_personal: about a person, or how to reach one: only for its own members and the city.
        is_shown: whether other members read it in the profile.
        is_said: whether it is part of the text that is compared by meaning, in the order of the table.
        is_searched: whether a search for words looks through it.
    """

    code: str
    label: str
    kind: ValueKind = "text"
    labels: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    limit: int = limits.NOTE
    required: bool = False
    examples: tuple[str, str] = ("", "")
    hint: str = ""
    heading: str = ""
    is_imported: bool = True
    is_personal: bool = False
    is_shown: bool = True
    is_said: bool = False
    is_searched: bool = False


def _organization(
    name: str, kana: str, name_aliases: tuple[str, ...], names: tuple[str, str]
) -> tuple[Field, ...]:
    return (
        Field("name", name, heading="名称", aliases=("名前", "名", *name_aliases), limit=limits.TITLE, required=True,
              examples=names, hint="登記や会則のとおりの名前", is_shown=False, is_searched=True),
        Field("kana", kana, heading="フリガナ", aliases=("名称のフリガナ", "ふりがな", "カナ", "名称カナ", "よみ", "読み方"),
              limit=limits.SHORT, examples=("サンプルショウジ", "サンプルノカイ"), hint="一覧の並び順に使います", is_searched=True),
        Field("corporate_number", "法人番号", "number13", aliases=("法人番号13桁", "国税庁法人番号"),
              hint="13桁。法人格がないときは空欄", is_searched=True),
        Field("area", "所在地の地区", "area", aliases=("地区", "小学校区", "所在地区", "校区"),
              examples=("市全域", "市全域"), hint="選択肢のとおり"),
        Field("address", "所在地（住所）", aliases=(
            "所在地", "住所", "事務所の所在地", "主たる事務所の所在地", "主たる事務所", "本社所在地", "本店所在地",
            "事務所所在地", "事業所所在地"), limit=limits.SHORT, examples=("中央町1-2-3", "中央町4-5"),
              hint="事務所の住所。個人の自宅は書かないでください", is_shown=False),
        Field("website", "ウェブサイト", "url", aliases=("ホームページ", "URL", "HP", "サイト", "Webサイト"),
              limit=300, examples=("https://www.sample.example", "")),
        Field("representative", "代表者の氏名", aliases=("代表者", "代表者名", "代表者氏名", "理事長", "理事長名", "代表", "代表理事", "代表理事名", "代表理事の氏名", "会長"),
              limit=limits.TITLE, is_personal=True, is_shown=False),
        Field("contact_department", "担当部署", aliases=("部署", "担当課"), limit=limits.TITLE,
              examples=("総務部", "事務局"), is_personal=True, is_shown=False),
        Field("contact_name", "担当者の氏名", aliases=("担当者", "担当者名", "担当者氏名", "窓口担当者", "連絡担当者"),
              limit=limits.TITLE, is_personal=True, is_shown=False),
        Field("email", "連絡用のメールアドレス", "email",
              aliases=("メールアドレス", "メール", "Eメール", "Email", "E-mail", "担当者メール", "担当者メールアドレス"),
              limit=254, examples=("csr@sample.example", "info@sample.example"), is_personal=True, is_shown=False),
        Field("phone", "電話番号", "phone", aliases=("電話", "TEL", "代表電話", "電話番号代表", "担当者電話番号"),
              limit=40, examples=("0000-00-0001", "0000-00-0002"), hint="文字列として入力（先頭の0が消えないように）", is_personal=True, is_shown=False),
        Field("visibility", "プロフィールを見られる人", "code", vocabulary.VISIBILITIES, ("公開範囲",),
              hint="空欄は「だれでも見られる」", is_shown=False),
    )  # fmt: skip


_COMPANY: Final = (
    *_organization("会社名", "会社名のフリガナ", ("会社名", "企業名", "法人名", "商号", "事業者名", "事業所名"), ("サンプル商事株式会社", "有限会社サンプル工業")),
    # Every company has a number; its form asks along with that of the NPOs.
    Field("no_number_reason", "法人番号がない理由", "code", vocabulary.NO_NUMBER_REASONS, is_imported=False, is_shown=False),
    Field("industry", "業種", "code", vocabulary.INDUSTRIES, ("産業分類", "日本標準産業分類"),
          examples=("卸売業、小売業", "製造業")),
    Field("employees_band", "従業員数", "code", vocabulary.EMPLOYEE_BANDS, ("従業員規模", "従業員"),
          examples=("21〜50人", "6〜20人")),
    Field("business", "事業の内容", aliases=("事業内容", "業務内容", "会社概要"), limit=limits.TEXT,
          examples=("市内の小売店に食品と日用品を卸しています。", "金属部品の加工と組立をしています。"), is_said=True, is_searched=True),
    Field("csr_policy", "CSR・ESGの考え方", aliases=("CSR", "ESG", "CSR方針", "社会貢献", "地域貢献", "CSR・ESG方針"),
          limit=limits.TEXT, examples=("食品ロスを減らし、地域の子どもの食を支えたいと考えています。",
                                        "ものづくりの楽しさを子どもたちに伝えたいです。"), is_said=True, is_searched=True),
    Field("fields", "関わりたい分野", "fields", aliases=("分野", "活動分野", "関心分野"),
          examples=("子どもの健全育成、環境の保全", "子どもの健全育成"), hint="いくつでも。「、」で区切る"),
    Field("fields_undecided", "分野は決まっていない", "yes_no", is_imported=False, is_shown=False),
    Field("sdgs", "SDGsの目標", "codes", vocabulary.SDGS, ("SDGs",), examples=("2、12", "4"),
          hint="番号でも名前でも"),
    Field("beneficiaries", "力になりたい相手", "codes", vocabulary.BENEFICIARIES, ("対象", "対象者", "支援対象"),
          examples=("小中高生", "")),
    Field("areas", "関わりたい地域", "areas", aliases=("地域", "対象地域", "活動地域"), examples=("市全域", "市全域")),
    Field("pro_bono_skills", "プロボノで出せる技能", "codes", vocabulary.PRO_BONO_SKILLS, ("技能", "プロボノ"),
          examples=("会計、広報", "")),
    Field("expected_returns", "協働に期待すること", "codes", vocabulary.EXPECTED_RETURNS,
          examples=("地域の信頼", "")),
    Field("budget_band", "支援に使える年間の予算", "code", vocabulary.BUDGET_BANDS, ("予算",),
          examples=("10万円〜50万円", "決まっていない")),
    Field("volunteering", "社員ボランティアの制度", aliases=("ボランティア制度",), is_said=True),
    Field("past_partnerships", "これまでの連携", aliases=("連携実績", "協働実績"), limit=limits.TEXT),
    Field("no_go", "応じられないこと・条件", aliases=("応じられないこと",)),
    Field("no_go_fields", "応じられない分野", "fields", is_imported=False),
    Field("naming", "社名の公表", "code", vocabulary.NAMING, hint="空欄は「その都度相談」"),
)  # fmt: skip

_NPO: Final = (
    *_organization("団体名", "団体名のフリガナ", ("団体名", "法人名", "団体", "NPO名", "団体の名称", "法人の名称"), ("特定非営利活動法人サンプルの会", "サンプル町内会")),
    Field("no_number_reason", "法人番号がない理由", "code", vocabulary.NO_NUMBER_REASONS,
          examples=("", "任意団体で法人格がない"), is_shown=False),
    Field("org_type", "団体の種類", "code", vocabulary.ORG_TYPES, ("団体種別", "法人格", "種別", "法人種別"),
          examples=("特定非営利活動法人", "自治会・町内会")),
    Field("established_on", "設立した日", "date",
          aliases=("設立年月日", "設立日", "設立認証年月日", "認証年月日", "成立年月日"),
          examples=("2010-04-01", "平成5年4月1日")),
    Field("mission", "目的", aliases=("設立目的", "定款に記載された目的", "目的・理念", "ミッション"), limit=limits.TEXT,
          examples=("子どもがひとりで夕食をとらない町をつくります。", "住みよい町をつくります。"), is_said=True, is_searched=True),
    Field("activities", "活動の内容", aliases=("活動内容", "事業内容", "活動", "主な活動"), limit=limits.TEXT,
          examples=("毎週水曜に子ども食堂を開いています。", "防災訓練と見守りをしています。"), is_said=True, is_searched=True),
    Field("strengths", "企業に提供できるもの", aliases=("団体の強み", "提供できるもの", "strengths_offer"),
          limit=limits.TEXT, is_said=True),
    Field("fields", "活動分野", "fields", aliases=("分野", "活動の分野", "特定非営利活動の種類", "活動の種類"),
          examples=("子どもの健全育成、保健・医療・福祉", "地域安全"), hint="番号（1〜20）でも名前でも。「、」で区切る"),
    Field("sdgs", "SDGsの目標", "codes", vocabulary.SDGS, ("SDGs",), examples=("1、2", "11")),
    Field("beneficiaries", "支えている相手", "codes", vocabulary.BENEFICIARIES, ("対象", "対象者", "支援対象"),
          examples=("小中高生", "地域の住民一般")),
    Field("areas", "活動している地域", "areas", aliases=("活動地域", "地域", "活動エリア", "対象地域"),
          examples=("市全域", "市全域")),
    Field("staff_full_time", "常勤の職員", "integer", aliases=("常勤職員数", "常勤")),
    Field("staff_part_time", "非常勤の職員", "integer", aliases=("非常勤職員数", "非常勤")),
    Field("volunteers", "ボランティア", "integer", aliases=("ボランティア数",), examples=("12", "30")),
    Field("budget_band", "年間の予算規模", "code", vocabulary.NPO_BUDGET_BANDS, ("予算規模", "予算"),
          examples=("50万円〜300万円", "50万円未満")),
    Field("reach_number", "1年間に支えている人数", "integer", aliases=("支援人数",)),
    Field("capacity", "受け入れの体制", aliases=("受け入れ体制",)),
    Field("disclosure", "公開している書類", "codes", vocabulary.DISCLOSURE_ITEMS, ("情報公開",),
          examples=("定款・会則、事業報告書", "定款・会則")),
)  # fmt: skip

#: Kind of organization → its fields. What both have stands in both, perhaps under another label.
FIELDS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType({"company": _COMPANY, "npo": _NPO})


def find(kind: str, code: str) -> Field | None:
    """The field of a kind of organization, ``None`` where it has none of that name."""
    return next((one for one in FIELDS[kind] if one.code == code), None)


def labels() -> Iterator[tuple[str, str]]:
    """(code, label) of the fields that are called the same wherever they are."""
    found: dict[str, set[str]] = {}
    for fields in FIELDS.values():
        for one in fields:
            found.setdefault(one.code, set()).add(one.label)
    return ((code, next(iter(names))) for code, names in found.items() if len(names) == 1)


def text_limits() -> dict[str, int]:
    """Code → visible characters that a text may have; the same for both kinds."""
    texts = {"text", "url", "email", "phone"}
    return {one.code: one.limit for fields in FIELDS.values() for one in fields if one.kind in texts}
