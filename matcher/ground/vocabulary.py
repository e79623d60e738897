"""The closed lists of the service: each code with its official or agreed Japanese label.

Pure data and look-ups; nothing here touches the database. A new support type, reason or
beneficiary is one line here: forms, filters, exports and the ranking follow from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

Labels = Mapping[str, str]


def _labels(pairs: dict[str, str]) -> Labels:
    return MappingProxyType(pairs)


@dataclass(frozen=True)
class SupportType:
    """One kind of support: all that is to be known of it.

    Args:
        units: in which people count it.
        is_money: whether it is given as money, whatever its unit.
        beside: other kinds that can partly stand for it, and it for them: how far, below 1. A pair stands
            with one of the two.
    """

    code: str
    label: str
    units: tuple[str, ...]
    example: str
    is_money: bool = False
    beside: Mapping[str, float] = field(default_factory=dict)


#: A legal form as people shorten it before a name or behind it → written out; ㈱ and ㈲ are folded before.
LEGAL_FORMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("npo法人", "(特非)", "(特)", "(npo)", "(npo法人)"), "特定非営利活動法人"),
        **dict.fromkeys(("認定npo法人", "(認特非)", "(認定npo)", "(認定npo法人)"), "認定特定非営利活動法人"),
        "(一社)": "一般社団法人",
        "(公社)": "公益社団法人",
        "(一財)": "一般財団法人",
        "(公財)": "公益財団法人",
        "(福)": "社会福祉法人",
        "(社福)": "社会福祉法人",
        "(学)": "学校法人",
        "(医)": "医療法人",
        "(宗)": "宗教法人",
        "(同)": "合同会社",
        "(資)": "合資会社",
        "(名)": "合名会社",
        "(農)": "農事組合法人",
        "(労協)": "労働者協同組合",
    }
)
#: A legal form written out → as a narrow column shortens it.
BRIEF_FORMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "認定特定非営利活動法人": "(認特非)",
        "特定非営利活動法人": "(特非)",
        "一般社団法人": "(一社)",
        "公益社団法人": "(公社)",
        "一般財団法人": "(一財)",
        "公益財団法人": "(公財)",
        "社会福祉法人": "(社福)",
        "農事組合法人": "(農)",
        "労働者協同組合": "(労協)",
        "株式会社": "㈱",
        "有限会社": "㈲",
        "合同会社": "(同)",
    }
)
COMPANIES_LIMITED: Final = ("株式会社", "有限会社")
#: What the authority grants to an NPO corporation, written before its form.
NPO_GRANTED: Final = ("特例認定", "仮認定", "認定")

#: 特定非営利活動促進法 別表. Number 20 stands only where an ordinance fills it (see Municipality).
FIELDS: Final = _labels(
    {
        "1": "保健、医療又は福祉の増進を図る活動",
        "2": "社会教育の推進を図る活動",
        "3": "まちづくりの推進を図る活動",
        "4": "観光の振興を図る活動",
        "5": "農山漁村又は中山間地域の振興を図る活動",
        "6": "学術、文化、芸術又はスポーツの振興を図る活動",
        "7": "環境の保全を図る活動",
        "8": "災害救援活動",
        "9": "地域安全活動",
        "10": "人権の擁護又は平和の推進を図る活動",
        "11": "国際協力の活動",
        "12": "男女共同参画社会の形成の促進を図る活動",
        "13": "子どもの健全育成を図る活動",
        "14": "情報化社会の発展を図る活動",
        "15": "科学技術の振興を図る活動",
        "16": "経済活動の活性化を図る活動",
        "17": "職業能力の開発又は雇用機会の拡充を支援する活動",
        "18": "消費者の保護を図る活動",
        "19": "前各号に掲げる活動を行う団体の運営又は活動に関する連絡、助言又は援助の活動",
        "20": "前各号に掲げる活動に準ずる活動として都道府県又は指定都市の条例で定める活動",
    }
)

#: Short names for chips, filters and Excel columns, where the wording of the law is too long.
FIELD_SHORT: Final = _labels(
    {
        "1": "保健・医療・福祉",
        "2": "社会教育",
        "3": "まちづくり",
        "4": "観光",
        "5": "農山漁村・中山間",
        "6": "学術・文化・芸術・スポーツ",
        "7": "環境の保全",
        "8": "災害救援",
        "9": "地域安全",
        "10": "人権・平和",
        "11": "国際協力",
        "12": "男女共同参画",
        "13": "子どもの健全育成",
        "14": "情報化社会",
        "15": "科学技術",
        "16": "経済活動の活性化",
        "17": "職業能力・雇用",
        "18": "消費者の保護",
        "19": "団体の支援",
        "20": "条例で定める活動",
    }
)

SDGS: Final = _labels(
    {
        "1": "貧困をなくそう",
        "2": "飢餓をゼロに",
        "3": "すべての人に健康と福祉を",
        "4": "質の高い教育をみんなに",
        "5": "ジェンダー平等を実現しよう",
        "6": "安全な水とトイレを世界中に",
        "7": "エネルギーをみんなに そしてクリーンに",
        "8": "働きがいも経済成長も",
        "9": "産業と技術革新の基盤をつくろう",
        "10": "人や国の不平等をなくそう",
        "11": "住み続けられるまちづくりを",
        "12": "つくる責任 つかう責任",
        "13": "気候変動に具体的な対策を",
        "14": "海の豊かさを守ろう",
        "15": "陸の豊かさも守ろう",
        "16": "平和と公正をすべての人に",
        "17": "パートナーシップで目標を達成しよう",
    }
)

_SUPPORT: Final = (
    SupportType(
        "cash_donation",
        "寄附",
        ("円",),
        "遊具の買い替えに30万円",
        is_money=True,
        beside={"membership": 0.6, "sponsorship": 0.6, "fundraising_cobrand": 0.6, "corp_furusato": 0.4},
    ),
    SupportType(
        "corp_furusato",
        "企業版ふるさと納税を通じた支援",
        ("円",),
        "市の居場所づくり事業に100万円",
        is_money=True,
    ),
    SupportType("membership", "法人会員・賛助会員", ("円/年",), "年会費2万円の賛助会員を5社", is_money=True),
    SupportType(
        "sponsorship",
        "協賛・イベント共催",
        ("円", "件"),
        "秋の音楽会への協賛10万円",
        is_money=True,
        beside={"membership": 0.4, "pr": 0.4, "fundraising_cobrand": 0.5},
    ),
    SupportType(
        "contract",
        "業務委託・商品やサービスの購入",
        ("円", "件"),
        "記念品の焼き菓子を200個購入",
        is_money=True,
        beside={"internship_job": 0.3, "sponsorship": 0.3},
    ),
    SupportType(
        "goods_new",
        "物品・資材・機材（新品）",
        ("個", "台", "箱"),
        "折りたたみ机を10台",
        beside={"goods_used": 0.7, "it_data": 0.4, "cash_donation": 0.4, "emergency": 0.4},
    ),
    SupportType(
        "goods_used",
        "物品・資材・機材（中古品）",
        ("個", "台", "箱"),
        "使い終えたノートパソコン5台",
        beside={"it_data": 0.4},
    ),
    SupportType(
        "food",
        "食品",
        ("kg", "食", "箱", "個"),
        "毎週、野菜を20kg",
        beside={"cash_donation": 0.3, "goods_new": 0.4, "emergency": 0.4},
    ),
    SupportType(
        "place",
        "場所・会議室・土地・倉庫",
        ("時間", "㎡", "回", "日"),
        "土曜の午前に会議室を月2回",
        beside={"emergency": 0.3},
    ),
    SupportType(
        "vehicle_logistics",
        "車両・運搬・配送",
        ("回", "台", "日"),
        "月1回、2トントラックでの運搬",
        beside={"emergency": 0.4},
    ),
    SupportType(
        "volunteer_hands",
        "社員ボランティア（作業）",
        ("人", "時間"),
        "海岸清掃に20人",
        beside={"secondment": 0.3, "vehicle_logistics": 0.3, "emergency": 0.4},
    ),
    SupportType(
        "pro_bono",
        "プロボノ（専門技能）",
        ("時間", "人", "件"),
        "会計ソフトの導入を20時間",
        beside={
            "it_data": 0.6,
            "training": 0.5,
            "secondment": 0.5,
            "pr": 0.4,
            "network": 0.4,
            "volunteer_hands": 0.2,
        },
    ),
    SupportType("secondment", "人材派遣・出向・役員就任", ("人月", "人"), "事務局を手伝う社員を3か月"),
    SupportType(
        "training",
        "研修・講師・出前授業",
        ("回", "時間"),
        "消費者教育の出前授業を3回",
        beside={"internship_job": 0.3, "network": 0.3},
    ),
    SupportType("internship_job", "職場体験・実習・雇用", ("人", "日"), "若者の職場体験を4人"),
    SupportType(
        "pr", "広報協力（社内報・店頭・SNS・印刷）", ("回", "部", "か所"), "店頭へのチラシ設置を15か所"
    ),
    SupportType(
        "it_data", "IT機器・ソフト・クラウド・データ分析", ("台", "時間", "件"), "名簿管理の仕組みづくり"
    ),
    SupportType(
        "research_field",
        "実証フィールド・共同研究・商品開発",
        ("件",),
        "見守り機器の実証実験",
        beside={"it_data": 0.4, "place": 0.3},
    ),
    SupportType(
        "fundraising_cobrand",
        "寄付付き商品・募金・ポイント寄付",
        ("円", "件"),
        "店頭募金箱の設置",
        is_money=True,
    ),
    SupportType("network", "人脈紹介・専門家紹介", ("件",), "弁護士や社労士の紹介"),
    SupportType("emergency", "災害時の協力", ("件", "回"), "災害時の炊き出し用の鍋と燃料"),
)
SUPPORT_TYPES: Final[Mapping[str, SupportType]] = MappingProxyType({s.code: s for s in _SUPPORT})
SUPPORT_LABELS: Final = _labels({found.code: found.label for found in _SUPPORT})
#: In what support is counted, over all types.
SUPPORT_UNITS: Final = frozenset(unit for found in _SUPPORT for unit in found.units)
#: Of these nobody gives a half; half a day, a month of work, a box or an hour one may.
WHOLE_SUPPORT: Final = frozenset({"人", "件", "回", "食", "個", "部", "台", "か所"})
#: Kinds of support that are money; they must be confirmed before a case can be closed.
SUPPORT_IN_MONEY: Final = frozenset(found.code for found in _SUPPORT if found.is_money)
#: Patterns: how texts call what they refuse to give (「お金は出せません」) → the kinds of support refused.
REFUSED_SUPPORT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "お金|金銭|現金|資金|金銭的|寄附|寄付|寄附金|寄付金|協賛|協賛金|会費|金": SUPPORT_IN_MONEY
        - {"contract"},
        "人手|人(?!を)|社員(?!を)|従業員|人員|ボランティア|労力": frozenset(
            {"volunteer_hands", "secondment"}
        ),
        "場所|会場|部屋|会議室|土地|建物|スペース": frozenset({"place"}),
        "車|車両|トラック|運搬|配送|配達|送迎|輸送": frozenset({"vehicle_logistics"}),
        "食品|食べ物|食料": frozenset({"food"}),
        "物|物品|品物|製品|商品": frozenset({"goods_new", "goods_used"}),
    }
)
#: (one kind, another) → how far one can stand for the other, in both directions.
COMPLEMENTS: Final[Mapping[tuple[str, str], float]] = MappingProxyType(
    {
        pair: share
        for found in _SUPPORT
        for other, share in found.beside.items()
        for pair in ((found.code, other), (other, found.code))
    }
)

BENEFICIARIES: Final = _labels(
    {
        "infants": "乳幼児・子育て家庭",
        "children": "小中高生",
        "youth": "若者（おおむね15歳から39歳）",
        "school_refusal": "不登校・ひきこもりの人",
        "single_parent": "ひとり親家庭",
        "pregnant": "妊産婦",
        "elderly": "高齢者",
        "elderly_alone": "ひとり暮らしの高齢者",
        "carers": "介護者・ヤングケアラー",
        "disability": "障害のある人",
        "illness": "難病・病気のある人と家族",
        "addiction": "依存症の人と家族",
        "poverty": "生活に困っている人",
        "homeless": "住まいを失った人",
        "foreign": "外国籍・外国にルーツのある住民",
        "refugee": "難民・避難してきた人",
        "lgbtq": "LGBTQ＋の人",
        "victims": "DV・虐待・犯罪の被害を受けた人",
        "rehabilitation": "立ち直りを目指す人（更生保護）",
        "isolation": "孤独・孤立の状態にある人、自死遺族",
        "disaster": "被災した人",
        "jobseekers": "仕事を探している人・働きづらさのある人",
        "women": "女性",
        "residents": "地域の住民一般",
        "groups": "市民活動団体",
        "animals": "動物",
        "nature": "自然環境・生態系",
        "culture": "文化財・文化",
    }
)

PRO_BONO_SKILLS: Final = _labels(
    {
        "pr": "広報",
        "it": "IT",
        "accounting": "会計",
        "legal": "法務",
        "design": "デザイン",
        "hr": "人事",
        "research": "調査",
        "planning": "企画",
        "translation": "翻訳",
    }
)

#: 日本標準産業分類 大分類 (A–T).
INDUSTRIES: Final = _labels(
    {
        "A": "農業、林業",
        "B": "漁業",
        "C": "鉱業、採石業、砂利採取業",
        "D": "建設業",
        "E": "製造業",
        "F": "電気・ガス・熱供給・水道業",
        "G": "情報通信業",
        "H": "運輸業、郵便業",
        "I": "卸売業、小売業",
        "J": "金融業、保険業",
        "K": "不動産業、物品賃貸業",
        "L": "学術研究、専門・技術サービス業",
        "M": "宿泊業、飲食サービス業",
        "N": "生活関連サービス業、娯楽業",
        "O": "教育、学習支援業",
        "P": "医療、福祉",
        "Q": "複合サービス事業",
        "R": "サービス業（他に分類されないもの）",
        "S": "公務（他に分類されるものを除く）",
        "T": "分類不能の産業",
    }
)

EMPLOYEE_BANDS: Final = _labels(
    {"1-5": "1〜5人", "6-20": "6〜20人", "21-50": "21〜50人", "51-300": "51〜300人", "301-": "301人以上"}
)
BUDGET_BANDS: Final = _labels(
    {
        "none": "資金の支援は考えていない",
        "-100k": "10万円未満",
        "100k-500k": "10万円〜50万円",
        "500k-1m": "50万円〜100万円",
        "1m-": "100万円以上",
        "undecided": "決まっていない",
    }
)
NPO_BUDGET_BANDS: Final = _labels(
    {
        "-500k": "50万円未満",
        "500k-3m": "50万円〜300万円",
        "3m-10m": "300万円〜1,000万円",
        "10m-50m": "1,000万円〜5,000万円",
        "50m-": "5,000万円以上",
    }
)
#: How long ago an organization was verified.
VERIFIED_SINCE: Final = _labels(
    {"new": "確認から90日以内", "year": "確認から1年以内", "old": "確認から1年を超える"}
)
ORG_TYPES: Final = _labels(
    {
        "npo": "特定非営利活動法人",
        "nintei": "認定NPO法人",
        "tokurei": "特例認定NPO法人",
        "shadan": "一般社団法人（非営利型）",
        "zaidan": "一般財団法人（非営利型）",
        "koeki_shadan": "公益社団法人",
        "koeki_zaidan": "公益財団法人",
        "shafuku": "社会福祉法人",
        "nini": "任意団体・市民活動団体",
        "jichikai": "自治会・町内会",
        "coop": "協同組合・労働者協同組合",
        "other": "その他",
    }
)
#: What an NPO makes public about itself; the count gives the disclosure level.
DISCLOSURE_ITEMS: Final = _labels(
    {
        "charter": "定款・会則",
        "activity_report": "事業報告書",
        "financial": "活動計算書・決算書",
        "balance": "貸借対照表・財産目録",
        "officers": "役員名簿",
        "plan": "事業計画・予算",
        "audit": "監査報告",
        "leaflet": "パンフレット・ウェブサイト",
    }
)
EXPECTED_RETURNS: Final = _labels(
    {
        "trust": "地域の信頼",
        "staff_growth": "社員の成長",
        "pr": "広報",
        "business": "事業の機会",
        "recruiting": "採用",
        "report": "CSR・ESG報告",
    }
)
NAMING: Final = _labels(
    {"public": "社名を公表してよい", "ask": "その都度相談", "anonymous": "公表を望まない"}
)
URGENCIES: Final = _labels({"now": "1か月以内に必要", "soon": "3か月以内", "normal": "急がない"})
REPEATS: Final = _labels({"once": "1回だけ", "continuing": "続けて（1年以内）", "multi_year": "複数年"})
MODES: Final = _labels({"onsite": "現地で", "remote": "リモートで", "either": "どちらでも"})
VISIBILITIES: Final = _labels(
    {
        "public": "だれでも見られる",
        "members": "登録した企業・団体だけが見られる",
        "approached": "自分たちから声をかけた相手だけが見られる",
    }
)
NO_NUMBER_REASONS: Final = _labels(
    {"unincorporated": "任意団体で法人格がない", "applying": "法人の設立手続き中", "other": "その他"}
)

#: Two pseudo areas stand beside the districts that each municipality lists for itself.
AREA_CITYWIDE: Final = "citywide"
AREA_OUTSIDE: Final = "outside"
#: Regions of texts that say nothing of where: a whole country, a way of meeting, or that it is not known.
NO_PLACE: Final = frozenset({"全国", "国内", "海外", "世界", "オンライン", "リモート", "不明", "未定"})
#: Beside the districts of the municipality.
AREAS_BEYOND: Final = _labels({AREA_CITYWIDE: "市全域", AREA_OUTSIDE: "市外"})

ORGANIZATION_STATES: Final = _labels(
    {
        "draft": "登録の準備中",
        "submitted": "市の確認待ち",
        "returned": "差し戻し",
        "verified": "確認済み",
        "suspended": "利用停止中",
        "deactivated": "利用終了",
    }
)

POSTING_STATES: Final = _labels(
    {
        "draft": "下書き",
        "in_review": "市の確認待ち",
        "returned": "差し戻し",
        "open": "公開中",
        "paused": "受付を休止中",
        "filled": "受付終了",
        "expired": "期限切れ",
        "withdrawn": "取り下げ",
    }
)

CASE_STATES: Final = _labels(
    {
        "recommended": "市からの推薦（両者の返事待ち）",
        "interest_one_side": "申し出中（相手の返事待ち）",
        "interest_both": "両者合意（内容の補足中）",
        "coordinator_review": "市の確認中",
        "introduced": "引き合わせ済み",
        "negotiation": "相談中",
        "trial": "お試し中",
        "agreement_draft": "協定の作成中",
        "agreement_review": "協定を市が確認中",
        "agreed": "協定締結（開始待ち）",
        "running": "実施中",
        "suspended": "中断中",
        "ended": "期間終了（成果報告の作成中）",
        "terminated": "途中終了（成果報告の作成中）",
        "reported": "成果報告済み（評価中）",
        "evaluated": "評価済み",
        "closed": "完了",
        "declined": "見送り",
        "withdrawn": "取り下げ",
        "expired": "期限切れで終了",
        "refused": "不承認",
    }
)

PASS_REASONS: Final = _labels(
    {
        "timing": "時期が合わない",
        "quantity": "量・金額が合わない",
        "skill": "技能が合わない",
        "field": "分野が違う",
        "distance": "場所が遠い",
        "information": "情報が足りない",
        "capacity": "受け入れる体制がない",
        "already": "すでにほかと連携している",
        "policy": "方針に合わない",
        "other": "その他",
    }
)
#: Why a need may have been read and not answered: what several said who passed, and what it leaves unsaid.
CAUSES: Final = _labels(
    {
        "timing": "時期が合わないという企業が複数ありました。",
        "quantity": "量や金額が合わないという企業が複数ありました。",
        "skill": "求める技能が合わないという企業が複数ありました。",
        "field": "分野が違うという企業が複数ありました。",
        "distance": "場所が遠いという企業が複数ありました。",
        "information": "判断するための情報が足りないという企業が複数ありました。",
        "no_quantity": "必要な量が書かれていません。",
        "no_period": "必要な期間が書かれていません。",
        "vague_title": "件名だけでは、何が必要なのかが伝わりにくいようです。",
        "no_return": "企業へのお返しが書かれていません。",
    }
)
#: The edit that would help, for each of them.
CAUSE_EDITS: Final = _labels(
    {
        "timing": "期間に幅をもたせられるときは、広げてみてください。",
        "quantity": "一部だけでも役に立つときは、「最低これだけあれば助かる量」を書いてみてください。",
        "skill": "なくてもよい技能を外し、その場で教えられることを書いてみてください。",
        "field": "分野の選び方を見直してみてください。",
        "distance": "リモートでお願いできる部分があるときは、進め方を「どちらでも」にしてみてください。",
        "information": "いまの状況と、支援でどう変わるかを、数字を入れて書いてみてください。",
        "no_quantity": "おおよその量を書くと、企業が判断しやすくなります。",
        "no_period": "始まりと終わりの目安を書いてみてください。",
        "vague_title": "「何が、どのくらい、何のために」を件名に入れてみてください。",
        "no_return": "活動の報告や見学など、できることを書いてみてください。",
    }
)
NEED_RETURN_REASONS: Final = _labels(
    {
        "personal_data": "個人が分かる情報が含まれている",
        "unclear": "内容が分かりにくい",
        "quantity": "量・期間・場所がはっきりしない",
        "safety": "安全の確保について確かめたい",
        "scope": "このサービスの対象外",
        "duplicate": "同じ内容がすでに公開されている",
        "other": "その他",
    }
)
ORGANIZATION_RETURN_REASONS: Final = _labels(
    {
        "number": "法人番号・名称が登記と一致しない",
        "documents": "確認できる書類が足りない",
        "contact": "連絡先を確認できない",
        "mission": "活動内容が分かりにくい",
        "declaration": "誓約の内容を確かめたい",
        "other": "その他",
    }
)
SUSPEND_REASONS: Final = _labels(
    {
        "trust": "信用・倫理",
        "finance": "財務",
        "operation": "運営",
        "compliance": "法令順守",
        "safety": "安全・虐待防止",
        "other": "その他",
    }
)
CASE_RETURN_REASONS: Final = _labels(
    {
        "conditions": "支援の内容・量・期間を具体的にしてほしい",
        "safety": "安全の確保について確かめたい",
        "roles": "役割・費用の分担を確かめたい",
        "documents": "確認できる資料が足りない",
        "other": "その他",
    }
)
CASE_REFUSE_REASONS: Final = _labels(
    {
        "conflict": "利益相反のおそれがある",
        "scope": "このサービスの対象外",
        "political_religious": "政治・宗教の活動に当たる",
        "safety": "安全を確保できない",
        "eligibility": "登録の要件を満たさなくなった",
        "other": "その他",
    }
)
WITHDRAW_REASONS: Final = _labels(
    {
        "plans_changed": "予定が変わった",
        "resources": "資金・人手が足りなくなった",
        "other_partner": "ほかの相手が見つかった",
        "conditions": "条件が合わなかった",
        "mistake": "間違えて送った",
        "other": "その他",
    }
)
#: Why a case ended by itself; what ended before reasons were kept lacks one.
EXPIRY_REASONS: Final = _labels(
    {
        "unanswered": "お返事の期限が過ぎたため",
        "silent": "長いあいだ動きがなかったため",
        "posting_gone": "もとになったニーズまたは提供メニューの受付が終わったため",
    }
)
AGREEMENT_RETURN_REASONS: Final = _labels(
    {
        "period": "期間を確かめたい",
        "money": "金額・予算を確かめたい",
        "indicators": "指標を具体的にしてほしい",
        "publication": "公表する範囲を確かめたい",
        "roles": "役割・責任の分担を確かめたい",
        "other": "その他",
    }
)

PAUSE_REASONS: Final = _labels(
    {
        "staff": "人手が足りない",
        "money": "資金の見通しが立たない",
        "safety": "安全を確かめるため",
        "disaster": "災害・感染症",
        "partner": "相手方の事情",
        "other": "その他",
    }
)

TERMINATION_REASONS: Final = _labels(
    {
        "money": "資金が続かない",
        "staff": "人手が足りない",
        "policy": "方針が変わった",
        "trust": "信頼関係を保てない",
        "disaster": "災害・感染症",
        "fewer_people": "対象となる人が減った",
        "other": "その他",
    }
)

AGREEMENT_TYPES: Final = _labels(
    {
        "memorandum": "覚書",
        "commission": "協働契約（委託型）",
        "shared_cost": "協働契約（負担金型）",
        "subsidy": "協働契約（補助型）",
        "co_hosting": "協働契約（共催型）",
        "donation": "寄附・協賛の合意書",
        "pro_bono": "プロボノの合意書",
        "outcome_linked": "成果連動型の契約（PFS）",
    }
)

#: Which report dates an agreement asks for.
REPORT_FREQUENCIES: Final = _labels(
    {"none": "中間報告は求めない", "quarterly": "3か月ごと", "half_yearly": "半年ごと", "yearly": "1年ごと"}
)

LOGIC_KINDS: Final = _labels(
    {
        "resource": "資源",
        "activity": "活動",
        "output": "結果",
        "early": "初期成果",
        "middle": "中期成果",
        "long": "長期成果",
    }
)
EVIDENCE_LEVELS: Final = _labels(
    {"proven": "実証されている", "precedent": "先行事例がある", "hypothesis": "仮説"}
)
INDICATOR_KINDS: Final = _labels(
    {
        "outcome": "成果（アウトカム）",
        "output": "結果（アウトプット）",
        "process": "進め方",
        "satisfaction": "満足度",
    }
)
INDICATOR_DIRECTIONS: Final = _labels(
    {"up": "増えるほどよい", "down": "減るほどよい", "keep": "いまの水準を保つ"}
)
INDICATOR_UNITS: Final = ("人", "件", "回", "%", "時間", "kg", "食", "円", "点")
POINTS: Final = "点"  #: the unit of a scale
PERCENT: Final = "%"
TIMES: Final = "回"  #: the unit of what is counted by its occasions
COUNTED_UNITS: Final = frozenset(INDICATOR_UNITS) - {PERCENT, POINTS}  #: of which parts add up to the whole
WHOLE_UNITS: Final = frozenset({"人", "件", "回", "食"})  #: there is no half of them, but in a mean
INDICATOR_METHODS: Final = _labels(
    {
        "before_after": "前後の比較",
        "control": "対照群との比較",
        "time_series": "時系列",
        "self_report": "自己申告・アンケート",
        "records": "記録の集計",
        "other": "その他",
    }
)
MEASURERS: Final = _labels({"company": "企業", "npo": "団体", "city": "市", "outside": "外部の評価者"})
AXES: Final = _labels({"age": "年代", "area": "地区", "sex": "性別", "other": "その他の内訳"})

TRIAL_OUTCOMES: Final = _labels(
    {"adopt": "続ける（協定に進む）", "change": "変える（相談に戻る）", "stop": "やめる"}
)

OUTCOME_SCHEMES: Final = _labels(
    {
        "pfs": "成果連動型民間委託契約方式（PFS）",
        "sib": "ソーシャル・インパクト・ボンド（SIB）",
    }
)
PAYMENT_SHAPES: Final = _labels(
    {
        "table": "表（段階ごとの金額）",
        "linear": "直線（下限から上限まで比例）",
        "threshold": "基準を満たせば全額",
        "per_unit": "1単位ごとの単価",
    }
)
#: What an outcome-linked contract is tried out with.
SCENARIOS: Final = _labels(
    {
        "none": "改善なし",
        "half": "目標の半分",
        "target": "目標どおり",
        "beyond": "目標を大きく上回る",
        "own": "入力した値",
    }
)
ROUNDINGS: Final = _labels(
    {"1": "1円未満", "100": "100円未満", "1000": "1,000円未満", "10000": "10,000円未満"}
)

EVALUATION_ITEMS: Final = _labels(
    {
        "teamwork": "協働の進め方・相乗効果",
        "progress": "進み具合の管理",
        "method": "手法の妥当性",
        "satisfaction": "受け手の満足",
        "outcome": "成果・効果",
    }
)
SCORES: Final = _labels(
    {"5": "5 とてもよい", "4": "4 よい", "3": "3 ふつう", "2": "2 改善が必要", "1": "1 よくない"}
)
LEVELS: Final = _labels({"1": "小", "2": "中", "3": "大"})
ESTIMATE_METHODS: Final = _labels(
    {
        "actual": "実際の支払額",
        "market": "市価・相場",
        "hourly": "時間単価",
        "city_direct": "市が直接行った場合の費用",
        "none": "金額に換算しない",
    }
)
FILE_PURPOSES: Final = _labels(
    {
        "evidence": "実績・測定の根拠資料",
        "agreement": "署名した協定書・契約書",
        "minutes": "打ち合わせの資料",
        "report": "報告の資料",
        "other": "その他",
    }
)
PUBLISH_REFUSALS: Final = _labels(
    {
        "private": "個人や取引先が分かるため",
        "early": "公表には早いため",
        "agreement": "公表しない約束のため",
        "other": "その他",
    }
)
JOINT_ANSWERS: Final = _labels({"waiting": "返事待ち", "agreed": "賛成", "declined": "見合わせ"})
QUESTION_STATES: Final = _labels(
    {
        "asked": "回答待ち",
        "answered": "回答済み",
        "merged": "ほかの質問にまとめました",
        "refused": "回答しません",
    }
)
#: Why a question on a need is not answered.
QUESTION_REFUSE_REASONS: Final = _labels(
    {
        "said": "ニーズの本文に書いてあるため",
        "unrelated": "このニーズと関係がないため",
        "personal": "個人が分かる内容のため",
        "unknown": "いまは決まっておらず、答えられないため",
        "other": "その他",
    }
)
COMMENT_HIDE_REASONS: Final = _labels(
    {
        "personal": "個人が分かる内容のため",
        "abuse": "人を傷つける内容のため",
        "advertisement": "宣伝のため",
        "unrelated": "この協働と関係がないため",
        "other": "その他",
    }
)
#: What a party may choose to publish, field by field (R3); nothing else of a case ever leaves it.
PUBLIC_FIELDS: Final = _labels(
    {
        "purpose": "目的と計画",
        "agreement": "協定の種類と期間",
        "changes": "計画・協定の変更の経過（変えた理由も）",
        "logic": "ロジックモデル",
        "indicators": "指標の目標と実績（公開とした指標だけ）",
        "contributions": "双方が出し合ったもの（種類ごとの合計）",
        "money": "金額（支払いと換算額）",
        "interim": "受け付けた中間報告（うまくいかなかったことも）",
        "report": "成果報告の本文",
        "setbacks": "うまくいかなかったこと",
        "evaluation": "相互評価と第三者評価の点数（差が残ったものも）",
        "lessons": "次に生かす学び",
        "voices": "受け手の声",
    }
)
#: The parts of a public page that can be outdated, in short: its fields, what stands on every page, and the
#: choice itself where it was made before there was an outcome.
PAGE_PARTS: Final = _labels(
    {
        **{code: label.split("（")[0] for code, label in PUBLIC_FIELDS.items()},
        "frame": "企業・団体・分野・地区",
        "outcome": "成果報告のあとの、公表する項目の見直し",
    }
)

#: A small first step that one may offer with the first word (C15): nothing is promised beyond it.
FIRST_STEPS: Final = _labels(
    {
        "meet": "1時間ほど、会って話す",
        "visit": "活動の場を見学する",
        "once": "1回だけ、小さく試してみる",
    }
)

FIRST_STEP: Final = "はじめの一歩：{step}"  #: as the first promise of a case says it
RECOMMEND_REASONS: Final = _labels(
    {
        "expertise": "専門性が分かっている",
        "local": "地域に根ざしている",
        "new_method": "新しい手法",
        "time": "時期が迫っている",
        "nurture": "地域の団体の育成",
        "continuity": "これまでの継続",
        "other": "その他",
    }
)

#: The coordinator's verification checklist, by kind of organization; each answered yes, no or n/a.
CHECKLIST_COMPANY: Final = _labels(
    {
        "number": "法人番号と名称・所在地が、公表されている情報と一致する",
        "agent": "申請者がこの企業を代表して手続きできる立場にある",
        "declaration": "暴力団排除の誓約がある",
        "business": "事業内容が確認できる（ウェブサイト・会社案内など）",
        "tax": "税の滞納がない旨の申告がある",
    }
)
CHECKLIST_NPO: Final = _labels(
    {
        "number": "法人番号と名称・所在地が一致する（ない場合は理由が妥当である）",
        "agent": "申請者がこの団体を代表して手続きできる立場にある",
        "declaration": "暴力団排除の誓約がある",
        "charter": "定款・会則を確認した",
        "report": "直近の事業報告を確認した",
        "mission": "活動内容がこのサービスの目的に合う（政治・宗教を主な目的としない）",
    }
)
ANSWERS: Final = _labels({"yes": "はい", "no": "いいえ", "na": "該当なし"})

ORGANIZATION_KINDS: Final = _labels({"company": "企業", "npo": "団体"})
SUGGESTED: Final = _labels({"company": "おすすめの団体", "npo": "おすすめの企業"})  #: to whom
#: What the desk narrows its list of cases to.
CASE_WATCHES: Final = _labels(
    {
        "over": "動きが止まっている",
        "quiet": "引き合わせのあと30日動きがない",
        "running": "引き合わせの前の手続き中",
        "at_work": "引き合わせのあと進行中",
        "city": "市の番になっている",
        "to_read": "報告・測定が確認待ち",
        "to_accept": "変更・公表の同意待ち",
        "to_pay": "支払いの承認・記録待ち",
        "to_conclude": "評価・完了の手続き待ち",
        "overdue": "中間報告の期限が過ぎている",
        "risk": "大きいリスクがある",
        "incidents": "対応中のトラブルがある",
    }
)
CASE_MARKS: Final = _labels(
    {"overdue": "報告の遅れ", "risk": "大きいリスク", "incidents": "対応中のトラブル"}
)
#: To what something was done, as the record of it names the kind.
AUDIT_OBJECTS: Final = _labels(
    {
        "organization": "団体・企業",
        "need": "ニーズ",
        "offer": "提供メニュー",
        "partnership": "案件",
        "user": "利用者",
        "importbatch": "取り込み",
        "list": "一覧の保存",
        "casefile": "案件のファイル",
        "handover": "引き継ぎ",
        "yearplan": "年間の組み合わせ案",
        "indicatordefinition": "共通指標",
        "municipality": "自治体",
        "audit": "操作の記録",
        "mail": "メール",
        "question": "ニーズへの質問",
        "contact": "連絡先",
    }
)

#: Stands in a cell whose formula was never calculated, as Excel's own errors stand in theirs.
UNSAVED: Final = "#計算式!"
#: Stands in a cell that is merged with another one and shows its text.
MERGED: Final = "#結合!"
#: What stands where there is no name: of a city that was not set up, of its section, of a person who left, of
#: a file that is all ending.
NO_CITY: Final = "（自治体名が未設定です）"
NO_SECTION: Final = "担当課"
LEFT: Final = "退会した利用者"
NO_FILE_NAME: Final = "ファイル"


def label(labels: Labels, code: str | None) -> str:
    """The Japanese label of ``code``; an unknown or empty code is shown as itself, never hidden."""
    if not code:
        return ""
    return labels.get(code, code)


def support_label(code: str | None) -> str:
    """The Japanese label of a support type code; an unknown code is shown as itself."""
    return label(SUPPORT_LABELS, code)


def complement(need_type: str, offer_type: str) -> float:
    """How far an offer of one type meets a need of another: 1 for the same, 0 where unrelated."""
    return 1.0 if need_type == offer_type else COMPLEMENTS.get((need_type, offer_type), 0.0)


def is_yen(unit: str) -> bool:
    """Whether a quantity in this unit is itself an amount (円, 円/年)."""
    return unit.startswith("円")


def is_money(support_type: str, unit: str) -> bool:
    """Whether what is given is money: by its kind, or by the unit in which it is counted."""
    return support_type in SUPPORT_IN_MONEY or is_yen(unit)
