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
    r"|とのこと|との事|旨|です|でした|でござ|ものの|場合|よう|ということ|ゆえ|上に|[♪☆★※🙏💦😅])"
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
    r"|申し訳|限り|絶え間|惜しみ)ない)"
)
#: What a giver denies without refusing: no charge, no condition, no difference, no trouble.
_WAIVED: Final = re.compile(
    r"(?:(?:問|構|かま)(?:い|わ)|(?:限|要|い|かか|掛か|取|(?<!っ)と|変わ|困|決ま|分か|わか|終わ)(?:り|ら)|(?:問題|必要|支障|差し支え|遠慮|心配|気兼ね|制限|指定"
    r"|条件|定め|決まり|義務|負担|費用|料金|期限|経験|資格|予約)(?:は|も|が|に)?(?:特に|いっさい|一切|とくに)?(?:あり|ござい|要り|いり|要ら|いら|し)?"
    r"|(?:代|費|料|金|礼)(?:は|も|を)?(?:一切|いっさい)?(?:いただき|頂き|頂戴し|いただか|求め|取り|請求し)|いただき|頂き|頂戴し"
    r"|(?:求め|惜しみ|惜しま|妥協し|負け|忘れ|離し|離さ|あきらめ|諦め|やめ|断り|断ら|断りし))(?:せん|ません|ない|なく)?$"
)

#: What is not done where it is said of giving; of other things the same words tell something else.
_GIVING: Final = (
    r"(?:提供|寄[付附]|貸し?出し?|派遣|参加|支援|協力|配達|配送|受け?入れ)(?:予定)?(?:は|を|も|については)[^。、]{0,8}"
    r"(?:見送(?:らせ|り(?:ます|です|とさせ)|って(?:い|お)り?ます)|休止(?:し(?:て(?:い|お)り?)?ます|いたし|中(?:です|。|$))"
    r"|控えて(?:い|お)り?ます|辞退(?:し|いたし|致し|させ|申し)|未定(?:です|。|$))"
    r"|(?:提供|販売|寄[付附]|派遣|お渡し|お貸し)しておらず|勘弁(?:くだ|下さ|願)|(?:出さ|貸さ|渡さ)ん(?=[。、]|$)"
)
#: Said by either side of what it does not do.
_REFUSED: Final = re.compile(
    r"不可(?!欠|能性|思議|分|避|視|侵|逆|と(?:な|さ)|な[^。、]{0,3}[^\W。、])|(?<!不)可能ではな|(?:お断り|おことわり)(?:し(?:ます|て(?:い|お)|ており)|する|いたし|致し|させ|申し|です|。|$)"
    r"|(?<!ご)(?<!お)遠慮(?:いただ|頂|願|くだ|下さ|し(?:ます|て)|いたし|させ)|ご遠慮(?:いただ|頂|願|くだ|下さ|ねが|を)|お控え|控えさせて|見合わせ(?:て|ます|る)"
    r"|対象外|対応外|取(?:り)?扱(?:い)?外|範囲外|適用外|(?<![A-Za-z])NG(?![A-Za-z])|(?:は|が|も|、)(?:ダメ|だめ|駄目)(?!ー|ージ|に|元|もと)|禁止|厳禁|お?受け(?:いた)?し?かね"
    rf"|無理(?:です|だ|や)?{_CLAUSE_END}|(?:は|が|も|、|には)(?:難しい|むずかしい|困難|厳しい|無理)(?:です|でござ|と(?:思|存|考)|ため|ので|だ|状況|かと|$|{_CLAUSE_END})|ご容赦|御容赦|お許し"
    r"|(?:受付|受入れ?|受け入れ|募集|申込み?|提供|応募)(?:を|は)?(?:[^。、]{0,6})?(?:休止|停止|終了|中止|締め?切|打ち切|止め(?:て|ます)|いっぱい|満員|満枠)"
    rf"|{_GIVING}"
    r"|(?:売り?切れ|在庫切れ|品切れ|満室|満員|定員に達)(?:です|まし|て)"
)
_EXCEPT: Final = re.compile(
    r"(?:以外|を除(?:く|き|い|け)|は除(?:く|き|い)|(?:の)?場合を除|に限(?:り|る|ら(?:せ|れ)|定)|と限らせ|限定(?:で|と|です|の)|(?:のみ|だけ)(?:の|を)?"
    r"(?:対象|受付|対応|受け付け|取り扱|お受け|ご利用|可))"
    r"|(?:平日|土日|土日祝|土曜日?|日曜日?|午前中?|午後|夜間|市内|区内|会員|法人)のみ"
    r"|別途[^。、]{0,6}(?:料金|費用|実費|送料|代)[^。、]{0,4}(?:頂戴し|いただき|頂き|申し受け|かかり)ます"
)
_LIMIT_END: Final = re.compile(
    r"(?:まで|のみ|だけ|以内|以下|未満|以上|限り|かぎり|限定|上限|先着|程度まで|を上限)(?:です|で(?:す)?|でお願い(?:し|いた)?(?:ます|します|致します)?"
    r"|となり?ます|と(?:いた)?します|とさせて(?:いただ|頂)[^。]*|になります|可|可能)?(?:[（(][^）)]*[）)])?[。.!！]?$"
)
_ENOUGH: Final = re.compile(
    r"(?:足り|間に合っ|間にあっ|満ち足り|揃っ|そろっ|充足し|確保でき|確保し|手配でき|手配済)(?:て)?(?:い)?(?:ます|まし|おります|ており|る|た|てる|み)"
    rf"(?:よ|ね|とも)?{_CLAUSE_END}|足りとる|足りとり|足ります{_CLAUSE_END}|(?:十分|充分|じゅうぶん)(?:に|な[^。、]{{0,8}}が)?"
    r"(?:あり|ござい|です|足り|いただ|頂い|集ま|確保|間に合|揃|そろ|です)|(?:もう|すでに|既に)[^。、]{0,16}(?:あり(?:ます|まし)|ござい|いただい|頂い"
    r"|決ま(?:り|っ)|見つか|持って|届いて|そろ|揃)|不要(?:です|だ|。|、|$|で|に|と)|(?:いり|要り)ません|(?:いら|要ら)(?:ない|ん)(?:です|。|、|$|よ|ので|が)"
    r"|必要(?:は|が|も|と)?(?:特に)?(?:あり|ござい|して(?:い|お)?り?)?(?:ません|ない)|(?<!半端で)(?<!ので)(?<!でも)(?:結構|けっこう)(?:です|でござ)"
    r"|(?:確保でき|揃い|そろい)ました(?:。|$|ので|ため)|(?:もう|すでに|既に)[^。、]{0,16}(?:いただき|頂き|頂戴し)ました(?:。|$)"
    r"|募集[はをも]?(?:終了|停止|締め?切り?)(?:し|いたし|致し|です|。|$)|(?:締め?切り|締め切らせていただき)ました(?:。|$)"
    r"|満員(?:です|になりました|御礼)(?:。|$)|お気持ちだけ(?:いただ|頂)"
    r"|間に合います|余って(?:い|お)?(?:ます|ります|る)|辞退|ご放念"
)
_ASKER_REFUSES: Final = re.compile(
    rf"(?:お断り|おことわり|ご遠慮|御遠慮|ご容赦|お控え|対象外とし|受け付けて(?:い|お)|受付停止|辞退)(?!が減|の電話|を減)|は不可(?:です|。|$|と(?:し|さ))|"
    rf"(?:受け取れ|引き取れ|もらえ|受け入れられ|預かれ|置け|飾れ|保管でき|対応でき|用意でき|(?<!い)出せ|払え|負担でき|貸せ|お返しでき|約束でき"
    rf"|応じられ|応じ|お受けでき|お受けし|受けられ|お受けいたし)(?:ません|ない|かねます|かねる){_CLAUSE_END}"
    rf"|(?:受け取り|引き取り|受け入れ|預かり)かね(?:ます|る){_CLAUSE_END}"
    rf"|(?:求めて|望んで|考えて|お願いして|募集して|必要として|希望して|欲しいわけで|ほしいわけで|つもりで?|予定で?)(?:い|は|も|は今|お)*(?:あり|り)?(?:ません|ない)"
    rf"{_CLAUSE_END}"
)
_ASKER_LIMITS: Final = re.compile(
    r"(?:の)?場合(?:を|は)除(?:く|き)|に限(?:り(?:ます|。|$)|る(?:。|$)|らせ|定)|限定(?:です|とし|。|$)|以外(?:は|の方は)[^。]{0,12}(?:不可|ません|ない|遠慮|お断)"
)
_WEATHER: Final = re.compile(
    r"(?:雨|荒天|悪天|台風|警報|雪|強風|暴風|天候)[^。]{0,20}(?:中止|順延|延期|休み|お休み|行いません|取りやめ|見送)"
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
    r"|満|定員|気持ち|以|除|限|のみ|だけ|まで|上限|先着|足り|間に|揃|そろ|充|確保|手配|十分|じゅうぶん|もう|すでに|既に|不要|いり|要り|いら|要ら|必要|結構|けっこう|余|辞退|放念|せん|ず|雨|荒天|天候|雪|警報|台風|風"
)


@lru_cache(maxsize=65_536)
def bearing(sentence: str, speaker: Speaker) -> Bearing:
    """What ``sentence`` does, said by who gives (a company) or who asks (an NPO)."""
    said = _without_quoted(nfkc(sentence).strip())
    if _WHEN.fullmatch(said):
        return "limits"
    if not _WORTH_READING.search(said):
        return ""
    if _WEATHER.search(said):
        return "weather"
    if speaker == "asker":
        if _ENOUGH.search(said):
            return "enough"
        if _ASKER_REFUSES.search(said):
            return "refuses"
        return "limits" if _ASKER_LIMITS.search(said) else ""
    if _REFUSED.search(said) or _denies(said):
        return "refuses"
    return "limits" if _EXCEPT.search(said) or _LIMIT_END.search(said) else ""


def _without_quoted(said: str) -> str:
    """The sentence without what somebody else is quoted to say in it; one that is all quotation stays."""
    rest = _QUOTED.sub("", said)
    return rest if len(rest) > 4 else said


def _denies(said: str) -> bool:
    """Whether a giver's clause ends with a negation that is no waiver, no invitation and no idiom."""
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
