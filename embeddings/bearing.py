"""What a sentence does: says what one gives or wants, or refuses, limits, or says that there is enough.

Words and vectors do not see it: 「冷凍は積めません」 is as near to 「冷凍品を運ぶ車」 as an offer is.
So what is compared and quoted leaves these sentences out, and the pages set them against the other side.
A giver's negation at the end of a clause refuses; an asker's mostly says what is missing, and refuses only
by what it denies. A negation before a noun tells of that noun (「出荷できない野菜」) and refuses nothing.

Read by rules over endings; nothing is trained. Where they err they err towards saying less: a sentence
wrongly left out is not quoted, one wrongly kept would be a false reason.
"""

import re
from functools import lru_cache
from typing import Final, Literal

from embeddings.normal import nfkc

Speaker = Literal["giver", "asker"]
#: "" says something · refuses · enough: satisfied, not needed · limits · weather: what happens in rain
Bearing = Literal["", "refuses", "enough", "limits", "weather"]

#: Where a clause ends after a predicate; before anything else it modifies a noun.
_CLAUSE_END: Final = (
    r"(?=$|[。、，．,.！!…‥・）)」』\s;；：:/／]|が|けれ|けど|ので|のです|んです|んで|のは|ため|から|し[、,]"
    r"|とのこと|との事|旨|です|でした|でござ|ものの|場合|よう|ということ|ゆえ|上に|[♪☆★※🙏💦😅]"
    r"|ことに(?:し|なっ|なり|いた|決め)|方針|決まり|きまり|(?:もの)?と(?:決め|お考え|思って|ご承知|ご理解|いたし|させ)|のが(?:実|正直|現))"
)
_NOT: Final = (
    r"(?:(?:ま|ら|き|せ|れ|え|け|べ|め|ね|げ|て|で|し|い)(?:せん|へん|ん)(?:でした)?|ない|なかった|無い|無かった"
    r"|ぬ|かねます|かねる|かねて(?:い|お)?(?:ます|ります|る)|兼ねます|(?<=[るうくすつむぐぶ])まい)"
)
_DENIED: Final = re.compile(
    rf"{_NOT}{_CLAUSE_END}|(?:行わ|せ|出さ|貸さ|受け|応じ|扱わ|含ま|認め|渡さ|送ら|載せ|預から|承ら)ず(?=[、。]|$|に[、。])"
)
#: 「ません」 also ends 「すみません」 and invitations (「使いませんか」); 「なければなりません」 obliges.
_NOT_DENIED: Final = re.compile(
    r"(?:す(?:み|い)ません|申し訳(?:ござい|あり)ません|(?:ません|ない)(?:でしょう)?か|(?:なけれ|なき)[ばゃ][^。、]{0,4}(?:なり|いけ)ません"
    r"|かもしれ(?:ません|ない)|(?:では|でも|に|と)?(?:過言|珍しく|少なく)[^。、]{0,3}(?:ません|ない)"
    r"|(?:だけ|のみ|ばかり|に限ったこと|に限った話|目的)(?:で)?は(?:あり|ござい)?(?:ません|ない)"
    r"|(?:くだら|つまら|さりげ|何気|なにげ|だらし|もったい|とんでも|仕方|しかた|やむを得|せわし|はか|あぶ|危|きた|汚|少|すく|幼|切|せつ|拙|情け"
    r"|申し訳|限り|絶え間|惜しみ|しのび|忍び)ない|(?:だけ|ばかり)[^。、]{0,10}つもりは(?:あり)?(?:ません|ない)"
    r"|(?<!対象)(?<!向け)(?<!直接の寄[付附])(?:で|じゃ)は?(?:あり|ござい)?(?:ません|ない)|じゃない|に(?:は|も)?なりません|(?:と|なん|なんて)は?(?:言|申し|い)い?ません"
    r"|(?:起き|起こり|起こら|続き|続か|減り|減ら|売れ|待たせ|見え)(?:ません|ない))"
)
#: The troubles of others, one after the other (「入れない、字が小さい、重い。」), or what is only conceded.
_TROUBLES: Final = re.compile(r"[^はも。]*ない、[^はも。]*い。?|[^。、]*(?:ません|ない)(?:が|けど|けれど)。?")
#: What cannot be without something else asks for it, and refuses nothing.
_DEMANDS: Final = re.compile(
    r"(?:ないと|なければ|なくては|ねば)[^。、]{0,16}(?:ません|ない)(?=ので|ため|から|です|[。、]|$)"
)
#: What a giver denies without refusing: no charge, no condition, no difference, no trouble.
_WAIVED: Final = re.compile(
    r"(?:(?:問|構|かま)(?:い|わ)|(?:限|要|い|かか|掛か|取|(?<!っ)と|変わ|困|決ま|分か|わか|終わ)(?:り|ら)|(?:急|いそ)[ぎが]|(?:問題|必要|支障|差し支え|遠慮|心配|気兼ね|制限|指定"
    r"|条件|定め|決まり|義務|負担|費用|料金|期限|経験|資格|予約)(?:は|も|が|に)?(?:特に|いっさい|一切|とくに)?(?:あり|ござい|要り|いり|要ら|いら|し)?"
    r"|(?:代|費|料|金|礼)(?:は|も|を)?(?:一切|いっさい)?(?:いただき|頂き|頂戴し|いただか|求め|取り|請求し)|いただき|頂き|頂戴し"
    r"|(?:求め|惜しみ|惜しま|妥協し|負け|忘れ|離し|離さ|あきらめ|諦め|やめ|断り|断ら|断りし))(?:せん|ません|ない|なく)?$"
)

#: A cross where a word would stand, but no measure (3×4) and no partnership (A×B).
_CROSS: Final = r"[×✕✖❌](?=\s*(?:$|[)）。、,/]))"
_SHORT: Final = 100
#: In a short sentence; a long one of several parts says more than it denies.
_ENGLISH_NOT: Final = re.compile(
    r"(?i:\b(?:do|does|can|will|are|is|am)(?:\s+not|n['’]t)\s+(?!charge|ask|mind|require|only)"
    r"|\bcannot\b|\bunable\s+to\b|\bno\s+\w+(?:\s+\w+)?\s+(?:allowed|accepted|please)\b)"
)

#: What is not done where it is said of giving; of other things the same words tell something else.
_GIVING: Final = (
    r"(?:提供|寄[付附]|貸し?出し?|派遣|参加|支援|協力|配達|配送|受け?入れ)(?:予定)?(?:は|を|も|については)[^。、]{0,8}"
    r"(?:見送(?:らせ|り(?:ます|です|とさせ)|って(?:い|お)り?ます)|休止(?:し(?:て(?:い|お)り?)?ます|いたし|中(?:です|。|$))"
    r"|控えて(?:い|お)り?ます|辞退(?:し|いたし|致し|させ|申し)|未定(?:です|。|$))"
    r"|(?:提供|販売|寄[付附]|派遣|お渡し|お貸し)しておらず|勘弁|堪忍|(?:出さ|貸さ|渡さ)ん(?=[。、]|$)"
)
#: Said by either side of what it does not do.
_REFUSED: Final = re.compile(
    r"不可(?!欠|能性|思議|分|避|視|侵|逆|と(?:な|さ)|な[^。、]{0,3}[^\W。、])|(?<!不)可能ではな|(?:お断り|おことわり)(?:し(?:ます|て(?:い|お)|ており)|する|いたし|致し|させ|申し|です|。|$)"
    r"|(?<!ご)(?<!お)遠慮(?:いただ|頂|願|くだ|下さ|し(?:ます|て)|いたし|させ)|ご遠慮(?:いただ|頂|願|くだ|下さ|ねが|を)|お控え|控えさせて|見合わせ(?:て|ます|る|と)"
    r"|対象外|対応外|取(?:り)?扱(?:い)?外|範囲外|適用外|(?<![A-Za-z])NG(?![A-Za-zァ-ヴ])|(?:は|が|も|、)(?:ダメ|だめ|駄目)(?!ー|ージ|に|元|もと)|禁止|厳禁|(?:お?受け|お?引き?受け|お?貸し|対応|いた|致)し?(?:いた|致)?し?かね"
    rf"|{_CROSS}|手(?:一杯|いっぱい)|手が回(?:り|ら)|余裕(?:は|が|も)?(?:あり|ござい)?(?:ません|な[いく])|お控え|(?:は|も)控え(?:ます|て(?:い|お)り?)"
    r"|在庫(?:は|が|も)?(?:なし|無し|ゼロ|あり?ません|ござい|がな|切れ)|配り終え|(?:終わ|なくな)ってしま(?:い|っ)|(?<!こわがら)(?<!怖がら)(?<!心配し)(?<!気にし)(?<!遠慮し)(?<!無理し)ないで(?:くだ|下|ほし|いただ)"
    r"|(?:見学|体験|実習|受け?入れ?|提供|貸し?出し?|配達|教室|募集|対応|寄[付附])[^。]{0,8}(?:お休み|休み|とりやめ|取り?やめ|取り?止め|中断)|はちょっと(?:…|‥|・・|\.\.+|。|$)"
    rf"|無理(?:です|だ|や)?{_CLAUSE_END}|(?:は|が|も|、|には)(?:ちょっと|少し|少々|なかなか|やや|正直|かなり|とても|大変)?(?:難しい|むずかしい|困難|厳しい|きびしい|無理)(?:です|でござ|と(?:思|存|考)|ため|ので|だ|状況|かと|$|{_CLAUSE_END})|ご容赦|御容赦|お許し"
    r"|(?:受付|受入れ?|受け入れ|募集|申込み?|提供|応募)(?:を|は)?(?:[^。、]{0,6})?(?:休止|停止|終了|中止|締め?切|打ち切|止め(?:て|ます)|いっぱい|満員|満枠)"
    rf"|{_GIVING}|休ませて(?:くだ|下|いただ|もら)|(?:は|が)(?:苦手|不得手)(?:です|なので|。|$)|(?:は|が)得意(?:で|じゃ)は?(?:あり|ござい)?(?:ません|ない)(?:。|$)"
    r"|(?:売り?切れ|在庫切れ|品切れ|満室|満員|定員に達)(?:です|まし|て)"
)
_EXCEPT: Final = re.compile(
    r"(?:以外|を除(?:く|き|い|け)|は除(?:く|き|い)|(?:の)?場合を除|に限(?:り|る|ら(?:せ|れ)|定)|先着\d|と限らせ|限定(?:で|と|です|の)|(?:のみ|だけ)(?:の|を)?"
    r"(?:対象|受付|対応|受け付け|取り扱|お受け|ご利用|可))"
    r"|(?:平日|土日|土日祝|土曜日?|日曜日?|午前中?|午後|夜間|市内|区内|会員|法人)のみ"
    r"|(?:が|を|は)[^。、]{0,6}条件(?:です|と|に|。|$)|(?:間|以内|以外|まで|範囲|上限|のみ|だけ)[でに]お願い|(?:さん|様|団体|会員|登録|方|人)(?:だけ|のみ)[にへがと]"
    r"|(?:事前|前日|\d+日前|予約|申し?込み?|届け?出|許可|登録)[^。、]{0,12}(?:が|は)?(?:必要|要り|いり)(?!ませ|あり)|要予約|要申込|予約制|完全予約|(?:上限|限度)(?:を|は|が|\d|と|です|。|$)"
    r"|以外(?:の[^。、]{1,10})?(?:でしたら|であれば|なら|に応じ|で相談|でご?相談)|(?:は|を)除(?:き|く|い)|着払い|(?:実費|ガソリン代|燃料代|材料代)(?:は|を|だけ)"
    r"|[^。、]{1,20}(?:が|を)対象(?:です|と|。|$)"
    r"|別途[^。、]{0,6}(?:料金|費用|実費|送料|代)[^。、]{0,4}(?:頂戴し|いただき|頂き|申し受け|かかり)ます"
)
_LIMIT_END: Final = re.compile(
    r"(?:まで|のみ|だけ|以内|以下|未満|以上|限り|かぎり|限定|上限|先着|程度まで|を上限)(?:です|で(?:す)?|でお願い(?:し|いた)?(?:ます|します|致します)?"
    r"|となり?ます|と(?:いた)?します|とさせて(?:いただ|頂)[^。]*|になります|可|可能)?(?:[（(][^）)]*[）)])?[。.!！]?$"
)
_ENOUGH: Final = re.compile(
    r"(?:足り|間に合っ|間にあっ|まにあっ|満ち足り|行き渡っ|行きわたっ|揃っ|そろっ|充足し|確保でき|確保し|手配でき|手配済)(?:て)?(?:い)?(?:ます|まし|おります|ており|る|た|てる|み)"
    rf"(?:よ|ね|とも)?{_CLAUSE_END}|足りとる|足りとり|足ります{_CLAUSE_END}|(?<!でも)(?<!で)(?:十分|充分|じゅうぶん)(?:に|な[^。、]{{0,8}}が)?"
    r"(?:あり|ござい|です|足り|いただ|頂い|集ま|確保|間に合|揃|そろ|です)|(?:もう|すでに|既に)[^。、]{0,16}(?:あり(?:ます|まし)|ござい|いただい|頂い"
    r"|決ま(?:り|っ)|見つか|持って|届いて|そろ|揃)|不要(?:です|だ|。|、|$|で|に(?!な)|になりま|と(?!な))|(?:いり|要り)ません|(?:いら|要ら)(?:ない|ん)(?:です|。|、|$|よ|ので|が)"
    r"|必要(?:は|が|も|と)?(?:特に)?(?:あり|ござい|して(?:い|お)?り?)?(?:ません|ない)|(?<!半端で)(?<!ので)(?<!でも)(?:結構|けっこう)(?:です|でござ)"
    r"|(?:確保でき|揃い|そろい)ました(?:。|$|ので|ため)|(?:もう|すでに|既に)[^。、]{0,16}(?:いただき|頂き|頂戴し)ました(?:。|$)"
    r"|募集[はをも]?(?:終了|停止|締め?切り?)(?:し|いたし|致し|です|。|$)|(?:締め?切り|締め切らせていただき)ました(?:。|$)"
    r"|満員(?:です|になりました|御礼)(?:。|$)|お気持ちだけ"
    rf"|間に合います|余って(?:い|お)?(?:ます|ります)|余って(?:い)?る{_CLAUSE_END}|辞退|ご放念|行き(?:渡|わた)りました|(?:もう|今は|今のところ|当面)[^。]{{0,20}}大丈夫"
    r"|(?<!課題)(?<!問題)(?<!こと)(?<!仕事)(?<!悩み)(?<!相談)(?<!声)(?:は|も)(?:もう)?(?:たくさん|沢山|山ほど)(?:あり|ござい|いただ|頂|届)|(?:は|も)[^。、]{0,6}(?:見つかりました|終わりました)(?:。|$|ので)"
    r"|(?:は|も)もう(?:いい|よろし|十分|充分|要ら|いら)|(?:に|には|は)(?:特に|とくに)?困って(?:い|お)り?ません|(?:の|は)(?:募集|受付)(?:は|を)?終わ(?:り|っ)|(?<![a-z])(?i:no\s+longer\s+need|have\s+enough)"
)
#: Of a giver: 「十分あります」 and 「余っています」 are offers.
_GIVER_ENOUGH: Final = re.compile(
    rf"(?:足り|間に合っ|間にあっ|まにあっ|行き渡っ)て(?:い|お)?(?:ます|ります|る){_CLAUSE_END}|足りとる|足りとり"
)
_ASKER_REFUSES: Final = re.compile(
    rf"(?:お断り|おことわり)(?=です|し(?:て(?:い|お)り?ます|ます)|いたし|致し|申し|させて|[。、！]|$)|(?:ご遠慮|御遠慮|ご容赦|お控え|対象外とし|受け付けて(?:い|お)|受付停止|辞退|勘弁|堪忍)"
    rf"|(?<!ご)(?<!お)遠慮(?:し(?:ます|て)|いたし|致し|申し|させ)|不可(?:です|。|$|と(?:し|さ)|でお願い)|(?<![A-Za-z])NG(?![A-Za-zァ-ヴ])|{_CROSS}"
    rf"|(?<![でにと])(?:は|も)(?:ちょっと|少し|正直)?困り(?:ます|ません)?{_CLAUSE_END}|はちょっと(?:…|‥|・・|\.\.+|。|$)|(?:やめ|控え)て(?:くだ|下|ほし|いただ)|(?<!こわがら)(?<!怖がら)(?<!心配し)(?<!気にし)(?<!遠慮し)(?<!無理し)ないで(?:くだ|下|ほし|いただ)"
    rf"|ないことに(?:し|なっ|いた)|(?:搬入|納品|受け?取り|受け?入れ|引き?取り|見学|撮影|持ち?込み|訪問|面会|返却|お返し|掲載|公開|配送|貸し?出し?)(?:は|も|には)(?:お受け)?(?:でき|いたし|致し|し)?(?:て(?:い|お)り?)?(?:ません|かね)"
    rf"|お(?:受け取り|預かり|引き取り)(?:は|も)?(?:でき|いたし|致し|し)?(?:ません|かね)|お?受け(?:は)?(?:し|でき|いたし|致し|付け|つけ)(?:て(?:い|お)り?)?ません|(?:望み|希望し(?:て(?:い|お)り?)?)ません"
    rf"|(?:取り?やめ|取り?止め|見合わせ)(?:て(?:い|お)り?ます|ます|とさせ)|"
    rf"(?<!が)(?:受け取れ|うけとれ|引き取れ|配れ|もらえ|受け入れられ|預かれ|置け|飾れ|保管でき|対応でき|用意でき|(?<!い)出せ|払え|負担でき|貸せ|お返しでき|約束でき"
    rf"|応じられ|応じ|お受けでき|お受けし|受けられ|お受けいたし)(?:ません|ない|かねます|かねる){_CLAUSE_END}"
    rf"|(?:受け取り|引き取り|受け入れ|受け|預かり|応じ|対応し)かね(?:ます|る){_CLAUSE_END}"
    rf"|(?:求めて|望んで|考えて|お願いして|募集して|必要として|希望して|欲しいわけで|ほしいわけで|つもりで?|予定で?)(?:い|は|も|は今|お)*(?:あり|り)?(?:ません|ない)"
    rf"{_CLAUSE_END}"
)
#: Where the sentence goes on to wish, what it denied before is why.
_WISHED: Final = re.compile(
    r"、[^。、]*(?:たい(?:の?です)?|(?:ほ|欲)しい(?:の?です)?|探して(?:い|お)り?ます)[。！]?$"
)
_ASKER_LIMITS: Final = re.compile(
    r"(?:の)?場合(?:を|は)除(?:く|き)|に限(?:り(?:ます|。|$)|る(?:。|$)|らせ|定)|限定(?:です|とし|。|$|で(?:お願い|す|募集))|以外(?:は|の方は)[^。]{0,12}(?:不可|ません|ない|遠慮|お断)"
    r"|以外(?:で|に|を|のもの|の品|の物)?(?:お願い|でしたら|であれば|なら|を?希望|。|$)|(?:は|を)除(?:い|き)て?(?:くだ|下|いただ|平日|土|、|。|$)|を除く"
    r"|(?:は|も|のは)[^。]{0,16}\d[^。、]{0,6}まで(?:です|でお願い|とさせ|と(?:し|いた)|。|$)|(?:平日|土日祝?|土曜日?|日曜日?|午前中?|午後|夜間)(?:のみ|だけ)(?:です|でお願い|となり|。|$)"
    r"|(?:以内|以上|以下|未満)の(?:もの|物|品|方)(?:だけ|のみ|に限|でお願い|を希望|なら)"
)
_WEATHER: Final = re.compile(
    r"(?:雨|荒天|悪天|台風|警報|雪|強風|暴風|天候)[^。]{0,20}(?:中止(?!に(?:な[るっ])|が|続き)|順延|延期|休み|お休み|行いません|取り?やめ|取り?止め|見送)[^。]{0,18}(?:。|$|[）)])"
)
#: Nothing but days, hours and numbers: it says when, and not what.
_WHEN: Final = re.compile(
    r"(?:[月火水木金土日]曜日?|平日|土日祝?|週末|祝日?|午前中?|午後|朝|昼|夜|夕方|毎[日週月年朝晩]|今月|来月|年末|年始|通年"
    r"|第?[0-9一二三四五六七八九十百]+(?:時|分|日|月|回|年|週|人|名|曜|半|度|期)*|[月火水木金土日]|から|まで|[〜~ー―-]|と|の|か|や|は|に|ごろ|頃|だけ"
    r"|ほど|くらい|前後|以降|間|です|中|半|[、。・,.:（）()\s])+"
)
_QUOTED: Final = re.compile(r"[「『“][^「」『』“”]*[」』”]")
#: Read closely only what has something of these; most sentences have none.
_WORTH_READING: Final = re.compile(
    r"ません|へん|ない|無い|なかった|ぬ|かね|兼ね|まい|不可|断|ことわ|辞|勘弁|見送|未定|別途|さん|おらず|遠慮|控え|見合わせ|外|NG|ダメ|だめ|駄目|禁|難し|むずかし|困難|厳し|無理|容赦|許し|止|停|終了|締|打ち切|切れ"
    r"|満|定員|気持ち|以|除|限|かぎり|のみ|だけ|まで|上限|先着|足り|間に|まにあ|揃|そろ|充|確保|手配|十分|じゅうぶん|もう|すでに|既に|不要|いり|要り|いら|要ら|必要|結構|けっこう|余|辞退|放念|せん|ず|雨|荒天|天候|雪|警報|台風|風|[×✕✖❌]|堪忍|困|休|やめ|止め|条件|予約|要予|登録|対象|着払|実費|代だけ|代は|代を|大丈夫|たくさん|沢山|山ほど|もう|行き|見つか|ちょっと|手が|手一|手い|苦手|得|余裕|在庫|終わ|終え|しま|お願い|間で|のが|\b[Nn]o\b|\bnot\b|n['’]t|annot|nable|マセン|ナイ|longer|enough"
)


#: Predicates that are typed in katakana, as on slips and by old machines: there the whole sentence is.
_TYPED_ENDING: Final = re.compile(
    r"(?:マセン|マス|マシタ|デス|ナイ|クダサイ|タイ)(?=$|[。、，．,.！!\s]|ガ|カ|ノデ)"
)
_TYPED_NOT: Final = re.compile(r"[ァ-ヴー]{0,2}(?:マセン|カネマス)")
_HIRAGANA: Final = re.compile("[ぁ-ゖ]")
_AS_HIRAGANA: Final = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


@lru_cache(maxsize=65_536)
def bearing(sentence: str, speaker: Speaker) -> Bearing:
    """What ``sentence`` does, said by who gives (a company) or who asks (an NPO)."""
    said = _without_quoted(_spelled(nfkc(sentence).strip()))
    if _WHEN.fullmatch(said):
        return "limits"
    if not _WORTH_READING.search(said):
        return ""
    if _WEATHER.search(said):
        return "weather"
    if len(said) <= _SHORT and _ENGLISH_NOT.search(said):
        return "refuses"
    if speaker == "asker":
        if _ENOUGH.search(said):
            return "enough"
        if _ASKER_REFUSES.search(said) and not _WISHED.search(said):
            return "refuses"
        return "limits" if _ASKER_LIMITS.search(said) else ""
    if _DEMANDS.search(said):
        return "limits"
    if _REFUSED.search(said) or _denies(said):
        return "refuses"
    if _GIVER_ENOUGH.search(said):
        return "enough"
    return "limits" if _EXCEPT.search(said) or _LIMIT_END.search(said) else ""


def _spelled(said: str) -> str:
    """The sentence with its grammar in hiragana: 「ﾊｲﾀﾂﾊ ｼﾏｾﾝ」 refuses as 「配達はしません」 does."""
    if _TYPED_ENDING.search(said) and not _HIRAGANA.search(said):
        return said.translate(_AS_HIRAGANA)
    return _TYPED_NOT.sub(lambda found: found.group().translate(_AS_HIRAGANA), said)


def _without_quoted(said: str) -> str:
    """The sentence without what somebody else is quoted to say in it; one that is all quotation stays."""
    rest = _QUOTED.sub("", said)
    return rest if len(rest) > 4 else said


def _denies(said: str) -> bool:
    """Whether a giver's clause ends with a negation that is no waiver, no invitation and no idiom."""
    if _TROUBLES.fullmatch(said):
        return False
    for found in _DENIED.finditer(said):
        around = said[max(0, found.start() - 14) : found.end() + 6]
        if any(
            found.start() <= at.end() + max(0, found.start() - 14) <= found.end() + 6
            for at in _NOT_DENIED.finditer(around)
        ):
            continue
        if _WAIVED.search(said[max(0, found.start() - 18) : found.end()]):
            continue
        return True
    return False


def speaks(sentence: str, speaker: Speaker) -> bool:
    """Whether the sentence says what is given or wanted: only these are compared and quoted."""
    return bearing(sentence, speaker) == ""
