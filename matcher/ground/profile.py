"""Every field of the profile of a company or an NPO, in the sections in which it is asked for. Pure.

All that is to be known of a field beside its column stands in its row: forms and pages, imports, saved lists,
decisions, and the texts by which an organization is found take it from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from matcher.ground import limits, vocabulary
from matcher.ground.field import Field


@dataclass(frozen=True)
class Section:
    """One page of the profile; ``benefit``: what filling it in changes."""

    code: str
    label: str
    benefit: str
    fields: tuple[Field, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The names of its fields."""
        return tuple(one.code for one in self.fields)

    @property
    def needed(self) -> tuple[str, ...]:
        """Those that must be filled before the city is asked to verify."""
        return tuple(one.code for one in self.fields if one.needed)


def _named(
    name: str,
    kana: str,
    aliases: tuple[str, ...],
    one: tuple[str, str],
    other: tuple[str, str],
    samples: tuple[str, str],
) -> tuple[Field, ...]:
    return (
        Field("name", name, heading="名称", aliases=("名前", "名", *aliases), limit=limits.NAME, required=True, needed=True,
              examples=(one[0], other[0]), hint="登記や会則のとおりの名前", is_shown=False, is_searched=True,
              help="登記や会則のとおりに入力してください。", sample=samples[0]),
        Field("kana", kana, heading="フリガナ", aliases=("名称のフリガナ", "ふりがな", "カナ", "名称カナ", "よみ", "読み方"),
              limit=limits.READING, needed=True, examples=(one[1], other[1]), hint="一覧の並び順に使います",
              is_searched=True, help="一覧は、この読みの順に並びます。「カブシキガイシャ」などは省いてください。", sample=samples[1]),
    )  # fmt: skip


def _number(words: str) -> Field:
    return Field(
        "corporate_number", "法人番号", "number13", aliases=("法人番号13桁", "国税庁法人番号"), limit=limits.TITLE,
        needed=True, hint="13桁。法人格がないときは空欄", is_searched=True, help=words,
    )  # fmt: skip


_SEEN_IN_AGREEMENTS: Final = "ふだんは市の担当だけが見ます。協定の文面には記載され、相手方にも表示されます。"
_AREA: Final = Field(
    "area", "所在地の地区", "area", aliases=("地区", "小学校区", "所在地区", "校区"), needed=True,
    examples=("市全域", "市全域"), hint="選択肢のとおり", help="事務所がある小学校区です。ほかの利用者に表示されます。",
)  # fmt: skip
_ADDRESS: Final = Field(
    "address", "所在地（住所）", aliases=(
        "所在地", "住所", "事務所の所在地", "主たる事務所の所在地", "主たる事務所", "本社所在地", "本店所在地",
        "事務所所在地", "事業所所在地"), limit=limits.SHORT, needed=True, examples=("中央町1-2-3", "中央町4-5"),
    hint="事務所の住所。個人の自宅は書かないでください", is_shown=False, help=_SEEN_IN_AGREEMENTS,
)  # fmt: skip
_REPRESENTATIVE: Final = Field(
    "representative", "代表者の氏名", aliases=(
        "代表者", "代表者名", "代表者氏名", "理事長", "理事長名", "代表", "代表理事", "代表理事名", "代表理事の氏名", "会長"),
    limit=limits.TITLE, needed=True, is_personal=True, is_shown=False, help=_SEEN_IN_AGREEMENTS,
)  # fmt: skip
_WEBSITE: Final = Field(
    "website", "ウェブサイト", "url", aliases=("ホームページ", "URL", "HP", "サイト", "Webサイト"),
    limit=300, examples=("https://www.sample.example", ""), help="https:// または http:// から入力してください。",
)  # fmt: skip


def _contact(department: Field, visibility_help: str) -> Section:
    return Section("contact", "連絡の窓口", "市からの連絡に使います。相手に表示されるのは、協働を市が承認したあとです。", (
        department,
        Field("contact_name", "担当者の氏名", aliases=("担当者", "担当者名", "担当者氏名", "窓口担当者", "連絡担当者"),
              limit=limits.TITLE, needed=True, is_personal=True, is_shown=False),
        Field("email", "連絡用のメールアドレス", "email",
              aliases=("メールアドレス", "メール", "Eメール", "Email", "E-mail", "担当者メール", "担当者メールアドレス"),
              limit=254, needed=True, examples=("csr@sample.example", "info@sample.example"), is_personal=True, is_shown=False,
              help="市からの連絡と、承認された協働の相手への連絡先に使います。"),
        Field("phone", "電話番号", "phone", aliases=("電話", "TEL", "代表電話", "電話番号代表", "担当者電話番号"),
              limit=40, needed=True, examples=("0000-00-0001", "0000-00-0002"), hint="文字列として入力（先頭の0が消えないように）",
              is_personal=True, is_shown=False, help="日中につながる番号を入力してください。"),
        Field("visibility", "プロフィールを見られる人", "code", vocabulary.VISIBILITIES, ("公開範囲",), needed=True, is_set=True,
              hint="空欄は「だれでも見られる」", is_shown=False, help=visibility_help),
    ))  # fmt: skip


def _department(sample: str, words: str = "") -> Field:
    return Field("contact_department", "担当部署", aliases=("部署", "担当課"), limit=limits.TITLE,
                 examples=("総務部", "事務局"), is_personal=True, is_shown=False, help=words, sample=sample)  # fmt: skip


_COMPANY: Final = (
    Section("basic", "会社の基本", "市が登記の情報と照らし合わせ、「確認済み」とするために使います。", (
        *_named("会社名", "会社名のフリガナ", ("会社名", "企業名", "法人名", "商号", "事業者名", "事業所名"), ("サンプル商事株式会社", "サンプルショウジ"), ("有限会社サンプル工業", "サンプルコウギョウ"),
                ("株式会社みおフーズ", "ミオフーズ")),
        _number("13桁の番号です。全角の数字やハイフンが入っていても構いません。"),
        Field("industry", "業種", "code", vocabulary.INDUSTRIES, ("産業分類", "日本標準産業分類"), needed=True,
              examples=("卸売業、小売業", "製造業")),
        Field("employees_band", "従業員数", "code", vocabulary.EMPLOYEE_BANDS, ("従業員規模", "従業員"),
              examples=("21〜50人", "6〜20人")),
        _AREA, _ADDRESS, _REPRESENTATIVE, _WEBSITE,
    )),
    Section("business", "事業とCSR・ESGの考え",
            "この文章と、団体の文章の近さで「おすすめの団体」の順位が決まります。具体的に書くほど、合う理由もはっきりします。", (
        Field("business", "事業の内容", aliases=("事業内容", "業務内容", "会社概要"), limit=limits.TEXT, needed=True,
              examples=("市内の小売店に食品と日用品を卸しています。", "金属部品の加工と組立をしています。"), is_said=True, is_searched=True,
              help="どんなものを、だれのために、どこで作り、売り、届けているか。ふだんの言葉で書いてください。",
              sample="市内2か所の工場で、学校や病院に届ける惣菜と弁当を1日に約3,000食つくっています。配送車は6台あり、水曜と金曜は市内をひと回りします。"),
        Field("csr_policy", "CSR・ESGの考え方", aliases=("CSR", "ESG", "CSR方針", "社会貢献", "地域貢献", "CSR・ESG方針"),
              limit=limits.TEXT, needed=True, examples=("食品ロスを減らし、地域の子どもの食を支えたいと考えています。",
                                                        "ものづくりの楽しさを子どもたちに伝えたいです。"), is_said=True, is_searched=True,
              help="地域や社会のために大切にしていること、これから力を入れたいこと。決まった方針がなければ、担当者の思いでも構いません。",
              sample="形がふぞろいで出荷できない野菜を捨てずに生かしたい。地域の子どもが温かい食事をとれる場を、社員といっしょに支えたいと考えています。"),
        Field("expected_returns", "協働に期待すること", "codes", vocabulary.EXPECTED_RETURNS,
              examples=("地域の信頼", ""), help="あてはまるものをすべて選んでください。団体にも表示されます。"),
    )),
    Section("interest", "関わりたい分野・対象・地域",
            "分野・相手・地域が合う団体が上に並びます。分野が決まっていなくても、ほかの内容からおすすめします。", (
        Field("fields_undecided", "分野は決まっていない", "yes_no", is_imported=False, is_shown=False,
              help="決まっていなくても登録できます。分野を選ばず、文章や地域の近さからおすすめします。"),
        Field("fields", "関わりたい分野", "fields", aliases=("分野", "活動分野", "関心分野"),
              examples=("子どもの健全育成、環境の保全", "子どもの健全育成"), hint="いくつでも。「、」で区切る",
              help="あてはまるものをすべて選んでください。"),
        Field("beneficiaries", "力になりたい相手", "codes", vocabulary.BENEFICIARIES, ("対象", "対象者", "支援対象"),
              examples=("小中高生", ""), help="選ばなければ、どなたでも対象とします。"),
        Field("areas", "関わりたい地域", "areas", aliases=("地域", "対象地域", "活動地域"), needed=True, examples=("市全域", "市全域"),
              help="社員が通える範囲、届けられる範囲を選んでください。"),
        Field("sdgs", "SDGsの目標", "codes", vocabulary.SDGS, ("SDGs",), examples=("2、12", "4"),
              hint="番号でも名前でも", help="事業と結び付けたいものがあれば選んでください。"),
    )),
    Section("resources", "出せるもの・できないこと",
            "応じられないことを書いておくと、合わない依頼が届きにくくなります。技能を選ぶと、プロボノを求める団体に近づきます。", (
        Field("pro_bono_skills", "プロボノで出せる技能", "codes", vocabulary.PRO_BONO_SKILLS, ("技能", "プロボノ"),
              examples=("会計、広報", ""), help="社員が仕事の技能で手伝えるものを選んでください。"),
        Field("budget_band", "支援に使える年間の予算", "code", vocabulary.BUDGET_BANDS, ("予算",),
              examples=("10万円〜50万円", "決まっていない"), help="おおよその目安です。登録した団体に表示されます。"),
        Field("volunteering", "社員ボランティアの制度", aliases=("ボランティア制度",), is_said=True,
              help="休暇の制度、人数、曜日など。", sample="年に2日のボランティア休暇があります。平日の午後に5人ほどなら参加できます。"),
        Field("no_go", "応じられないこと・条件", aliases=("応じられないこと",),
              help="書いておくと、合わない依頼が届きにくくなります。", sample="現金の寄附はしていません。冷蔵が必要な食品の配送はできません。"),
        Field("no_go_fields", "応じられない分野", "fields", is_imported=False,
              help="選んだ分野だけで活動している団体は、おすすめに表示されません。"),
        Field("naming", "社名の公表", "code", vocabulary.NAMING, is_set=True, hint="空欄は「その都度相談」",
              help="団体がチラシや報告書に社名をのせるときの希望です。"),
        Field("past_partnerships", "これまでの連携", aliases=("連携実績", "協働実績"), limit=limits.TEXT,
              help="相手・年・内容が分かるように書いてください。", sample="令和5年度から、市内の子ども食堂に月1回、野菜を届けています。"),
    )),
    _contact(_department("総務部"),
             "プロフィールを見られるのは、市の確認が済んだ団体です。「自分たちから声をかけた相手だけ」を選ぶと、おすすめや一覧に出なくなり、"
             "こちらから声をかけた団体だけが見られます。"
             "どれを選んでも、担当者の氏名・電話番号・メールアドレス・住所は表示されません。協定を結ぶときだけ、所在地と代表者の氏名が協定の文面に記載され、相手方に表示されます。"),
)  # fmt: skip

_NPO: Final = (
    Section("basic", "団体の基本", "市が登記や会則と照らし合わせ、「確認済み」とするために使います。", (
        *_named("団体名", "団体名のフリガナ", ("団体名", "法人名", "団体", "NPO名", "団体の名称", "法人の名称"), ("特定非営利活動法人サンプルの会", "サンプルノカイ"), ("サンプル町内会", "サンプルチョウナイカイ"),
                ("特定非営利活動法人ひだまりの会", "ヒダマリノカイ")),
        _number("13桁の番号です。全角の数字やハイフンが入っていても構いません。法人でない団体は空のままにして、次の理由を選んでください。どちらか一方で足ります。"),
        Field("no_number_reason", "法人番号がない理由", "code", vocabulary.NO_NUMBER_REASONS,
              examples=("", "任意団体で法人格がない"), nothing="法人番号がある", is_shown=False,
              help="法人番号がないときだけ選んでください。法人番号と、どちらか一方で足ります。"),
        Field("org_type", "団体の種類", "code", vocabulary.ORG_TYPES, ("団体種別", "法人格", "種別", "法人種別"), needed=True,
              examples=("特定非営利活動法人", "自治会・町内会")),
        _AREA, _ADDRESS, _REPRESENTATIVE,
        Field("established_on", "設立した日", "date",
              aliases=("設立年月日", "設立日", "設立認証年月日", "認証年月日", "成立年月日"),
              examples=("2010-04-01", "平成5年4月1日")),
        _WEBSITE,
    )),
    Section("mission", "目的と活動",
            "この文章と、企業の方針の近さで「おすすめの企業」の順位が決まります。ニーズを出していないときも、企業に見つけてもらえます。", (
        Field("mission", "目的", aliases=("設立目的", "定款に記載された目的", "目的・理念", "ミッション"), limit=limits.TEXT, needed=True,
              examples=("子どもがひとりで夕食をとらない町をつくります。", "住みよい町をつくります。"), is_said=True, is_searched=True,
              help="なぜこの活動をしているのか。会則や定款の言葉でも、ふだんの言葉でも構いません。",
              sample="子どもがひとりで夕ごはんを食べなくてよい町にしたい。親が遅くまで働いていても、地域に「おかえり」と言う大人がいるようにします。"),
        Field("activities", "活動の内容", aliases=("活動内容", "事業内容", "活動", "主な活動"), limit=limits.TEXT, needed=True,
              examples=("毎週水曜に子ども食堂を開いています。", "防災訓練と見守りをしています。"), is_said=True, is_searched=True,
              help="いつ・どこで・だれに・何を。人数や回数があると、企業に伝わりやすくなります。個人が分かることは書かないでください。",
              sample="毎週水曜の夕方、集会所で約30人分の夕食をつくっています。手伝いの大人は8人です。"),
        Field("strengths", "企業に提供できるもの", aliases=("団体の強み", "提供できるもの", "strengths_offer"),
              limit=limits.TEXT, is_said=True, help="企業が協働して得られるもの。現場の知見、研修の場、地域とのつながりなど。",
              sample="新入社員の研修として、配膳や学習の見守りを受け入れています。地域の保護者の声をお伝えできます。"),
    )),
    Section("field", "分野・対象・地域", "分野・相手・地域が合う企業に、おすすめとして表示されます。", (
        Field("fields", "活動分野", "fields", aliases=("分野", "活動の分野", "特定非営利活動の種類", "活動の種類"), needed=True,
              examples=("子どもの健全育成、保健・医療・福祉", "地域安全"), hint="番号（1〜20）でも名前でも。「、」で区切る",
              help="特定非営利活動促進法の分野です。主なものを選んでください。"),
        Field("beneficiaries", "支えている相手", "codes", vocabulary.BENEFICIARIES, ("対象", "対象者", "支援対象"), needed=True,
              examples=("小中高生", "地域の住民一般"), help="だれのための活動か、あてはまるものをすべて選んでください。"),
        Field("areas", "活動している地域", "areas", aliases=("活動地域", "地域", "活動エリア", "対象地域"), needed=True,
              examples=("市全域", "市全域"), help="ふだん活動している小学校区を選んでください。"),
        Field("sdgs", "SDGsの目標", "codes", vocabulary.SDGS, ("SDGs",), examples=("1、2", "11"),
              help="活動と結び付くものがあれば選んでください。"),
    )),
    Section("capacity", "体制と情報公開",
            "公開している書類が2つ増えるごとに「情報開示レベル」が1つ上がり、企業が安心して声をかけられます。", (
        Field("staff_full_time", "常勤の職員", "integer", aliases=("常勤職員数", "常勤"), unit="人"),
        Field("staff_part_time", "非常勤の職員", "integer", aliases=("非常勤職員数", "非常勤"), unit="人"),
        Field("volunteers", "ボランティア", "integer", aliases=("ボランティア数",), examples=("12", "30"), unit="人",
              help="ふだん活動している人数です。"),
        Field("budget_band", "年間の予算規模", "code", vocabulary.NPO_BUDGET_BANDS, ("予算規模", "予算"),
              examples=("50万円〜300万円", "50万円未満")),
        Field("reach_number", "1年間に支えている人数", "integer", aliases=("支援人数",), unit="人",
              help="延べではなく、おおよその実人数を入力してください。"),
        Field("capacity", "受け入れの体制", aliases=("受け入れ体制",), help="連絡がつきやすい時間、打ち合わせができる曜日、決める人など。",
              sample="平日は19時以降と土曜に打ち合わせができます。お返事は代表が翌日までにします。"),
        Field("disclosure", "公開している書類", "codes", vocabulary.DISCLOSURE_ITEMS, ("情報公開",), needed=True,
              examples=("定款・会則、事業報告書", "定款・会則"),
              help="だれでも見られるようにしている書類を選んでください。2つごとに情報開示レベルが1つ上がります。まだないときは、市の担当にご相談ください。"),
    )),
    _contact(_department("事務局", "なければ空のままで構いません。"),
             "「だれでも」を選ぶと、公開中のニーズが団体名とともに市民向けのページにも出ます。「自分たちから声をかけた相手だけ」を選ぶと、"
             "おすすめや一覧に出なくなり、こちらから声をかけた企業だけが見られます。"
             "どれを選んでも、担当者の氏名・電話番号・メールアドレス・住所は表示されません。協定を結ぶときだけ、所在地と代表者の氏名が協定の文面に記載され、相手方に表示されます。"),
)  # fmt: skip

#: Kind of organization → the sections of its profile.
SECTIONS: Final[Mapping[str, tuple[Section, ...]]] = MappingProxyType({"company": _COMPANY, "npo": _NPO})
#: Kind of organization → its fields. What both have stands in both, perhaps under another label.
FIELDS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType(
    {
        kind: tuple(one for section in sections for one in section.fields)
        for kind, sections in SECTIONS.items()
    }
)


def find(kind: str, code: str) -> Field | None:
    """The field of a kind of organization, ``None`` where it has none of that name."""
    return next((one for one in FIELDS[kind] if one.code == code), None)


def text_limits() -> dict[str, int]:
    """Code → visible characters that a text may have; the same for both kinds."""
    texts = {"text", "url", "email", "phone"}
    return {one.code: one.limit for fields in FIELDS.values() for one in fields if one.kind in texts}
