"""Every field of a need and of an offer, in the order in which it is asked for. Pure.

All that is to be known of a field beside its column stands in its row: labels and limits of forms and pages, what
must be filled, imports, decisions, and the texts by which a need or an offer is found take it from here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from matcher.ground import limits, vocabulary
from matcher.ground.field import Field

Kind = Literal["need", "offer"]

_UNIT: Final = Field("unit", "単位", limit=10, examples=("kg", "回"))
_FROM: Final = Field(
    "period_from",
    "始まりの日",
    "date",
    aliases=("開始日", "いつから", "期間開始"),
    examples=("2027-01-10", ""),
)
_MODE: Final = Field("mode", "進め方", "code", vocabulary.MODES, ("現地・リモート", "実施方法"), needed=True, is_set=True,
                     examples=("現地で", "現地で"))  # fmt: skip
_SDGS: Final = Field("sdgs", "関係するSDGs", "codes", vocabulary.SDGS, ("SDGs", "SDGsの目標"))
_VALID_UNTIL: Final = Field("valid_until", "公開の期限", "date", aliases=("掲載期限", "有効期限", "いつまで公開するか"), needed=True,
                            examples=("2027-03-31", ""), hint="空欄は、今日から180日後（終わりの日が先なら、その日）")  # fmt: skip


def _title(*titles: str) -> Field:
    return Field("title", "件名", aliases=("タイトル", "題名", "ニーズ", "提供メニュー"), limit=limits.TITLE, required=True, needed=True,
                 examples=(titles[0], titles[1]), is_said=True, is_searched=True)  # fmt: skip


def _until(*, needed: bool) -> Field:
    return Field("period_to", "終わりの日", "date", aliases=("終了日", "いつまで", "期間終了"), needed=needed,
                 examples=("2027-03-31", "令和9年3月31日"))  # fmt: skip


#: The pages of the guided form of a need.
STEPS: Final[tuple[tuple[Field, ...], ...]] = (
    (
        _title("水曜の夕食に使う野菜がほしい", "会議に使える部屋を貸してください"),
        Field("situation", "いまの状況", aliases=("状況", "困っていること", "内容", "現状"), limit=limits.TEXT, required=True, needed=True,
              examples=("毎週30人分の夕食をつくりますが、野菜が足りません。", "毎月の会議の場所に困っています。"), is_said=True, is_searched=True),
        Field("wanted_change", "どう変えたいか", aliases=("変えたいこと", "期待する変化"), limit=limits.TEXT, needed=True,
              examples=("毎週かならず温かい食事を出せるようになります。", ""), is_said=True, is_searched=True),
    ),
    (
        Field("support_type", "いちばんほしい支援", "code", vocabulary.SUPPORT_LABELS, ("種類", "支援の種類", "ほしい支援"),
              required=True, needed=True, examples=("食品", "場所・会議室・土地・倉庫")),
        Field("quantity", "ほしい量", "number", aliases=("数量", "量", "金額"), examples=("20", "2")),
        _UNIT,
        Field("min_useful", "最低これだけあれば助かる量", "number", aliases=("最低量",)),
        Field("also_welcome", "ほかにも、あると助かる支援", "codes", vocabulary.SUPPORT_LABELS, ("ほかの支援",)),
        Field("skills", "求める技能（プロボノの場合）", "codes", vocabulary.PRO_BONO_SKILLS, ("求める技能", "技能", "出せる技能")),
    ),
    (
        _FROM,
        _until(needed=True),
        Field("urgency", "急ぎ具合", "code", vocabulary.URGENCIES, ("急ぎ", "緊急度"), is_set=True, examples=("3か月以内", "急がない")),
        Field("repeat", "回数", "code", vocabulary.REPEATS, ("継続",), is_set=True),
        Field("areas", "地域（小学校区）", "areas", aliases=("地域", "場所の地区", "対象地域", "地区"), needed=True, examples=("市全域", "市全域")),
        _MODE,
        Field("place_note", "場所や受け取り方の補足", aliases=("場所の補足",)),
        _VALID_UNTIL,
    ),
    (
        Field("fields", "活動の分野", "fields", aliases=("分野", "活動分野"), needed=True, examples=("子どもの健全育成", "まちづくり")),
        Field("beneficiaries", "だれのための支援か", "codes", vocabulary.BENEFICIARIES, ("支える相手", "対象", "対象者"), needed=True,
              examples=("小中高生", "地域の住民一般")),
        Field("beneficiary_number", "およその人数", "integer", aliases=("支える相手の人数", "対象人数"), unit="人"),
        Field("safety_contact", "企業の人が、子どもや配慮の必要な人と接しますか", "yes_no", aliases=("子どもや要配慮者と接するか", "接触の有無"),
              needed=True, examples=("はい", "いいえ")),
        Field("safety_note", "安全のために決めていること", aliases=("安全のための配慮",)),
        _SDGS,
    ),
    (
        Field("what_we_give", "企業にお返しできること", aliases=("企業へのお返し", "お返し")),
        Field("if_unmet", "支援が見つからないときは、どうしますか", aliases=("支援がないとどうなるか", "ないとどうなるか"), needed=True, is_shown=False),
        Field("contact_name", "窓口になる人の名前", limit=limits.TITLE, needed=True, is_imported=False, is_personal=True, is_shown=False),
        Field("visibility", "見せる相手", "code", vocabulary.VISIBILITIES, is_set=True, is_imported=False, is_shown=False),
    ),
)  # fmt: skip

_OFFER: Final = (
    _title("規格外の野菜を届けます", "会議室を夜間にお貸しします"),
    Field("description", "提供できる内容", aliases=("説明", "内容", "詳細"), limit=limits.TEXT, required=True, needed=True,
          examples=("形のふぞろいな野菜を毎週お渡しできます。", "本社2階の会議室（20人）です。"), is_said=True, is_searched=True),
    Field("support_type", "支援の種類", "code", vocabulary.SUPPORT_LABELS, ("種類",), required=True, needed=True,
          examples=("食品", "場所・会議室・土地・倉庫")),
    Field("quantity", "量", "number", aliases=("数量", "金額"), examples=("20", "2")),
    _UNIT,
    _FROM,
    _until(needed=False),
    Field("areas", "提供できる地域（小学校区）", "areas", aliases=("提供できる地域", "地域", "場所の地区", "対象地域", "地区"), needed=True,
          examples=("市全域", "市全域")),
    _MODE,
    Field("conditions", "条件", aliases=("提供の条件",)),
    Field("skills", "技能（プロボノの場合）", "codes", vocabulary.PRO_BONO_SKILLS, ("技能", "求める技能", "出せる技能")),
    Field("fields", "役立ててほしい分野", "fields", aliases=("分野", "活動分野"), examples=("子どもの健全育成", "まちづくり")),
    Field("beneficiaries", "支えたい人", "codes", vocabulary.BENEFICIARIES, ("支える相手", "対象", "対象者"),
          examples=("小中高生", "地域の住民一般")),
    _SDGS,
    _VALID_UNTIL,
)  # fmt: skip

#: Need or offer → its fields.
FIELDS: Final[Mapping[Kind, tuple[Field, ...]]] = MappingProxyType(
    {"need": tuple(one for step in STEPS for one in step), "offer": _OFFER}
)


def find(kind: Kind, code: str) -> Field:
    """The field of a need or an offer.

    Raises:
        KeyError: it has none of that name.
    """
    for one in FIELDS[kind]:
        if one.code == code:
            return one
    raise KeyError(code)
