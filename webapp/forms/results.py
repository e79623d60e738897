"""Forms of what came of a partnership: its report, ratings, lessons, the public page, the end."""

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    SelectMultipleField,
)
from wtforms.validators import InputRequired, Optional

from matcher.ground import limits, vocabulary
from webapp.forms.base import Form, choices
from webapp.forms.case import ReasonForm, TermsForm
from webapp.forms.fields import (
    count,
    line,
    pick,
    radio,
    words,
)


class OutcomeReportForm(Form):
    """成果報告: what people add to the sentences made from records."""

    narrative = words(
        _l("成果のまとめ"), limits.TEXT, hint=_l("上の文に加えて、伝えたいことを書いてください。"), rows=8
    )
    setbacks = words(
        _l("うまくいかなかったこと"), limits.MESSAGE, hint=_l("なければ「特になし」と書いてください。")
    )
    harm = words(_l("悪い影響や心配なこと"), limits.MESSAGE, need=False)
    next_step = words(_l("これから"), limits.MESSAGE, need=False)
    is_confirmed = BooleanField(
        _l("上の文が記録のとおりであることを確かめました"),
        validators=[InputRequired(_l("記録を確かめて、選んでください。"))],
    )


class RateForm(Form):
    """Five items from 1 to 5."""

    teamwork = radio(_l("協働の進め方・相乗効果"), vocabulary.SCORES)
    progress = radio(_l("進み具合の管理"), vocabulary.SCORES)
    method = radio(_l("手法の妥当性"), vocabulary.SCORES)
    satisfaction = radio(_l("受け手の満足"), vocabulary.SCORES)
    outcome = radio(_l("成果・効果"), vocabulary.SCORES)
    comment = words(_l("ひとこと"), need=False, rows=3)

    @property
    def scores(self) -> dict[str, int]:
        """item → score."""
        return {item: int(getattr(self, item).data) for item in vocabulary.EVALUATION_ITEMS}


class ThirdPartyForm(RateForm):
    """第三者評価."""

    evaluator = line(
        _l("評価した人・組織"),
        hint=_l("評価の点数を公表するときは、この名前も載ります。個人の場合は、所属や肩書きで書けます。"),
    )


class DiscussForm(Form):
    """What was said about an item on which two differ."""

    score = radio(
        _l("話し合ったあとの点数"),
        vocabulary.SCORES,
        hint=_l("変えなくても構いません。差が残っても、そのまま記録します。"),
    )
    text = words(_l("話し合ったこと"), rows=3)


class VoiceForm(Form):
    """受け手の声."""

    beneficiary = pick(_l("だれの声ですか"), vocabulary.BENEFICIARIES)
    people = count(_l("何人に聞きましたか"), ("人",))
    method = line(_l("聞き方"), example=_l("無記名のアンケート"))
    text = words(_l("声"), limits.MESSAGE, hint=_l("個人が分かることは書かないでください。"))


class LessonForm(Form):
    """学び."""

    text = words(
        _l("次に生かす学び"), limits.NOTE, example=_l("受け取りは平日の昼より、土曜の朝のほうが続けやすい。")
    )
    is_public = BooleanField(_l("両者のプロフィールと公開ページに載せてよい"))


class NameForm(Form):
    """Whether the company is named beside others who fill the same need."""

    is_named = BooleanField(_l("会社の名前を出してよい"))


class PublicationForm(Form):
    """公表する内容."""

    title = line(_l("公開ページの題名"), limits.TITLE, example=_l("規格外野菜で毎週の夕食会を支える"))
    summary = words(
        _l("紹介文"),
        limits.NOTE,
        hint=_l("はじめて読む人に、何をしてどうなったかが伝わるように書いてください。"),
    )
    fields = SelectMultipleField(
        _l("公表する項目"),
        choices=choices(vocabulary.PUBLIC_FIELDS),
        validators=[Optional()],
        description=_l("選ばなかった項目は、公開ページにもファイルにも載りません。"),
    )


class UnpublishForm(ReasonForm):
    """公表しないことにする."""

    reason_text = words(_l("理由の説明"), rows=3)


class CloseForm(Form):
    """A sentence for the city's record."""

    text = words(_l("市の記録に残すこと"), rows=3)


class CloseCaseForm(CloseForm):
    """The same at the very end, with a word on money that did not come."""

    money_note = words(
        _l("約束した金額より記録された金額が少ない理由"),
        need=False,
        hint=_l("「実績と報告」にある約束と記録の表を確かめてください。書いた理由は、完了の記録に残ります。"),
        rows=3,
    )

    def drop_money_note(self) -> None:
        """All that was promised is recorded: there is nothing to explain."""
        del self.money_note


class RenewForm(TermsForm):
    """次の期間."""

    message = words(_l("相手へのメッセージ"), limits.MESSAGE, rows=5)
