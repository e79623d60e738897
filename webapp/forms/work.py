"""Forms of the workspace: meetings and trials, what happens while a partnership runs, and what came of it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    Field,
    SelectField,
    SelectMultipleField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Optional

from matcher.cases import uploads
from matcher.ground import calendar, days, limits, numerals, vocabulary
from matcher.ground.typed import Unclear
from matcher.records import CaseFile, Indicator, User
from webapp import filters, value_text
from webapp.forms.base import Form
from webapp.forms.case import ReasonForm, TermsForm, choices
from webapp.forms.fields import (
    CHOOSE,
    PairsField,
    count,
    day,
    line,
    money,
    number,
    pick,
    radio,
    words,
)

_SIDES: Final[Mapping[str, Any]] = {
    "company": _l("企業"),
    "npo": _l("団体"),
    "city": _l("市"),
    "both": _l("両者"),
}
#: axis of an indicator → (how its breakdown is typed, an example)
_BREAKDOWNS: Final[Mapping[str, tuple[Any, Any]]] = {
    "age": (_l("計画で決めた内訳です。「年代：値」を1行に1つずつ書いてください。"), _l("小学生：14")),
    "area": (_l("計画で決めた内訳です。「地区：値」を1行に1つずつ書いてください。"), _l("中央地区：14")),
    "sex": (_l("計画で決めた内訳です。「性別：値」を1行に1つずつ書いてください。"), _l("女性：14")),
    "other": (_l("計画で決めた内訳です。「区分：値」を1行に1つずつ書いてください。"), _l("親子：14")),
    "": (_l("計画では内訳を求めていません。分かるときだけ「区分：値」を書いてください。"), _l("小学生：14")),
}  # fmt: skip


def _evidence() -> SelectField:
    return SelectField(
        _l("根拠資料"),
        choices=[],
        validators=[Optional()],
        description=_l("この案件にすでにあるファイルから選べます。"),
    )


def _new_evidence() -> FileField:
    return FileField(
        _l("根拠資料を新しく追加する"),
        render_kw={"accept": uploads.ACCEPT},
        validators=[Optional()],
        description=_l(
            "PDF、画像、Excel・Word・PowerPoint、CSV。5MBまで。ここで選ぶと、上の欄のファイルより優先します。"
        ),
    )


class _WithFiles(Form):
    """A form that may name one of the case's files as evidence, or bring a new one, as its last fields."""

    def offer_files(self, found: Iterable[CaseFile]) -> None:
        """Let the person choose among the newest versions."""
        newest: dict[str, CaseFile] = {}
        for file in found:
            newest.setdefault(file.series, file)
        labels = {file.public_id: f"{file.name}（第{file.number}版）" for file in newest.values()}
        self.evidence.choices = choices(labels, _l("なし"))


# ── Talks ────────────────────────────────────────────────────────────────────────────────────────────


class MeetingForm(Form):
    """面談記録."""

    held_on = day(_l("面談の日"), example="2026-12-03")
    people = words(
        _l("出席した人"), limits.SHORT, example=_l("山田（みどり商店）、佐藤（ひだまりの会）"), rows=2
    )
    text = words(
        _l("話したこと"),
        limits.MESSAGE,
        hint=_l("3行ほどで構いません。決まったことと、決まらなかったことを書いてください。"),
        rows=5,
    )
    next_step = words(
        _l("次にすること"), need=False, example=_l("受け取りの曜日を団体で確かめて知らせる。"), rows=2
    )
    next_on = day(_l("次の面談の日"), need=False, hint=_l("入れると、カレンダーのファイルにも入ります。"))
    next_time = line(_l("次の面談の時刻"), 10, need=False, example="14:30")
    next_place = line(_l("次の面談の場所"), 200, need=False)
    at = time(12)

    def validate_next_time(self, field: Field) -> None:
        """A time of day needs its day."""
        if not field.data:
            return
        try:
            self.at = days.read_time(field.data)
        except Unclear as unclear:
            raise ValidationError(value_text.sentence(unclear)) from None
        if self.next_on.data is None:
            raise ValidationError(_("次の面談の日も入力してください。"))

    @property
    def next_at(self) -> datetime | None:
        """The moment of the next meeting, noon where no time was given."""
        if self.next_on.data is None:
            return None
        return datetime.combine(self.next_on.data, self.at, calendar.TOKYO)


class TaskForm(Form):
    """A promise."""

    text = words(_l("すること"), example=_l("受け取りに使う冷蔵庫の大きさを測る。"), rows=2)
    side = radio(_l("だれが"), _SIDES)
    due_on = day(_l("いつまでに"), need=False)


class ConfirmForm(Form):
    """Nothing to fill in: one button after having read."""


class ContactForm(Form):
    """Who speaks for one's own side in this case."""

    person = SelectField(
        _l("この案件の担当者"), choices=[], validators=[DataRequired(_l("選んでください。"))]
    )

    def offer(self, people: Iterable[User]) -> None:
        """Let the person choose among colleagues."""
        self.person.choices = choices({user.public_id: user.name for user in people}, CHOOSE)


class FileForm(Form):
    """A file of the case."""

    file = FileField(
        _l("ファイル"),
        render_kw={"accept": uploads.ACCEPT},
        description=_l(
            "PDF、画像（PNG・JPEG）、Excel・Word・PowerPoint、CSV。5MBまで。マクロ入りのものは追加できません。"
        ),
        validators=[FileRequired(_l("ファイルを選んでください。"))],
    )
    purpose = radio(_l("何のファイルですか"), vocabulary.FILE_PURPOSES)


class TrialForm(Form):
    """お試しの計画."""

    goal = words(
        _l("お試しで確かめたいこと"), example=_l("毎週の受け取りを、団体の人手で続けられるか。"), rows=2
    )
    content = words(_l("お試しですること"), limits.TEXT, rows=5)
    from_on = day(_l("始まりの日"))
    to_on = day(_l("終わりの日"), hint=_l("3か月以内にしてください。"))
    money_yen = money(_l("やり取りする金額"), hint=_l("5万円までです。ないときは空けておいてください。"))
    roles = words(_l("それぞれの役割"), need=False, rows=3)
    stop_when = words(
        _l("すぐにやめる条件"), example=_l("食品の温度管理ができないとき。けが人が出たとき。"), rows=2
    )


class TrialResultForm(Form):
    """お試しのまとめ."""

    outcome = radio(_l("これからどうしますか"), vocabulary.TRIAL_OUTCOMES)
    learned = words(
        _l("学んだこと"),
        limits.MESSAGE,
        hint=_l("うまくいったことも、いかなかったことも、次の協働の役に立ちます。"),
        rows=5,
    )


# ── Running ──────────────────────────────────────────────────────────────────────────────────────────


class ContributionForm(TermsForm, _WithFiles):
    """実績: what one's own side gave."""

    given_on = day(_l("提供した日"))
    note = words(_l("メモ"), need=False, rows=2)
    yen = money(
        _l("金額（換算額）"), hint=_l("お金のときは実額、物や時間のときは、分かれば換算額を入れてください。")
    )
    estimate_method = SelectField(
        _l("金額の出し方"), choices=choices(vocabulary.ESTIMATE_METHODS), default="none"
    )
    estimate_note = words(
        _l("換算のしかたの説明"),
        need=False,
        hint=_l("「市が直接行った場合の費用」のときは、計算のしかたと不確かさを必ず書いてください。"),
        rows=2,
    )

    evidence, new_evidence = _evidence(), _new_evidence()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.period_from
        del self.period_to

    @property
    def terms(self) -> Any:
        """Only type, amount and unit matter here."""
        from matcher.cases.beginning import Terms

        return Terms(self.support_type.data, self.quantity.data, self.unit.data or "")


class MeasureForm(_WithFiles):
    """測定の結果."""

    measured_on = SelectField(
        _l("どの日の測定ですか"), choices=[], validators=[DataRequired(_l("選んでください。"))]
    )
    value = number(_l("測った値"), need=False)
    missing_reason = words(
        _l("測れなかった理由"), need=False, hint=_l("値がないときだけ書いてください。"), rows=2
    )
    sample_size = count(_l("対象の人数・件数"), ("人", "件"), need=False)
    breakdown = PairsField(_l("内訳"))
    comment = words(_l("説明"), need=False, rows=3)

    evidence, new_evidence = _evidence(), _new_evidence()

    def offer_days(self, indicator: Indicator, days: Iterable[date]) -> None:
        """The dates that the plan names (the one on which only the baseline is measured says so), and how it
        wants the value broken down."""
        labels = {
            day.isoformat(): filters.isoday(day.isoformat())
            + (_("（はじめの値）") if indicator.is_start(day) else "")
            for day in days
        }
        self.measured_on.choices = choices(labels, CHOOSE)
        hint, example = _BREAKDOWNS.get(indicator.axis, _BREAKDOWNS[""])
        self.breakdown.description, self.breakdown.render_kw = hint, {"example": example, "rows": 4}
        self.measured_in = indicator.unit

    def validate_value(self, field: Field) -> None:
        """A unit that was typed is that of the indicator."""
        if not numerals.same_unit(field.unit, self.measured_in):
            raise ValidationError(value_text.sentence(Unclear("unit_differs")))

    def validate_breakdown(self, field: Field) -> None:
        """The parts are counted in the unit of the whole."""
        if not all(numerals.same_unit(unit, self.measured_in) for unit in field.typed_units):
            raise ValidationError(value_text.sentence(Unclear("unit_differs")))


class ReviewForm(Form):
    """Accept, or send back with a sentence."""

    decision = radio(_l("判断"), {"accept": _l("確認済みとする"), "return": _l("差し戻す")})
    text = words(_l("相手に伝えること"), need=False, hint=_l("差し戻すときは必ず書いてください。"), rows=3)


class ReportForm(Form):
    """One's own part of a periodic report."""

    text = words(
        _l("この期間に行ったことと成果"),
        limits.TEXT,
        need=False,
        hint=_l("提出するときは必ず書いてください。"),
        rows=8,
    )
    setbacks = words(
        _l("うまくいかなかったこと"),
        limits.MESSAGE,
        need=False,
        hint=_l("提出するときは必ず書いてください。なければ「特になし」と書いてください。"),
    )
    next_step = words(_l("次の期間にすること"), limits.MESSAGE, need=False)
    submit_now = radio(
        _l("保存のしかた"), {"yes": _l("提出する"), "no": _l("下書きとして保存する（まだ提出しない）")}
    )

    def only_company(self) -> None:
        """The company writes its own part in one text."""
        del self.setbacks
        del self.next_step


class RiskForm(Form):
    """リスク."""

    text = words(_l("起こりうること"), rows=2)
    likelihood = radio(_l("起こりやすさ"), vocabulary.LEVELS)
    impact = radio(_l("起きたときの影響"), vocabulary.LEVELS)
    mitigation = words(_l("備え"), rows=2)
    side = radio(_l("だれが備えるか"), _SIDES)
    review_on = day(_l("次に見直す日"), need=False)


class ChangeRiskForm(RiskForm):
    """The same risk, looked at again; what it says stays."""

    text = None


class IncidentForm(Form):
    """トラブルの報告."""

    happened_on = day(_l("起きた日"))
    text = words(_l("何が起きたか"), limits.MESSAGE, hint=_l("三者だけが読みます。"))
    measures = words(_l("すぐにしたこと、これからすること"), limits.MESSAGE)


class PublishIncidentForm(Form):
    """Words for residents."""

    public_text = words(
        _l("住民に知らせる文"),
        limits.MESSAGE,
        hint=_l("公開ページにこのまま載ります。個人が分かることは書かないでください。"),
    )


class AnswerForm(Form):
    """One sentence that says how it ended."""

    text = words(_l("結果"), rows=3)


class PaidForm(Form):
    """支払った日."""

    paid_on = day(_l("支払った日"))


# ── Results ──────────────────────────────────────────────────────────────────────────────────────────


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
