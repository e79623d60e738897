"""Forms of a running partnership: gifts, measurements, reports, risks, incidents, or a mere word."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    Field,
    SelectField,
    ValidationError,
)
from wtforms.validators import Optional

from matcher.cases import uploads
from matcher.ground import limits, numerals, vocabulary
from matcher.ground.typed import Unclear
from matcher.records import CaseFile, Indicator
from webapp import filters, value_text
from webapp.forms.base import Form, choices
from webapp.forms.case import TermsForm
from webapp.forms.fields import (
    CHOOSE,
    SIDES,
    PairsField,
    count,
    day,
    money,
    number,
    radio,
    taking,
    words,
)
from webapp.forms.needed import Needed

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
        description=_l(
            "この案件にすでにあるファイルから選べます。新しく追加するときは、次の欄だけで足ります。"
        ),
    )


def _new_evidence() -> FileField:
    return FileField(
        _l("根拠資料を新しく追加する"),
        render_kw=taking(uploads.ACCEPT),
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


class ConfirmForm(Form):
    """Nothing to fill in: one button after having read."""


class DropForm(Form):
    """Why something is taken back."""

    text = words(_l("理由"), rows=3)


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

    measured_on = SelectField(_l("どの日の測定ですか"), choices=[], validators=[Needed()])
    value = number(
        _l("測った値"), need=False, hint=_l("この欄と「測れなかった理由」は、どちらか一方で足ります。")
    )
    missing_reason = words(
        _l("測れなかった理由"),
        need=False,
        hint=_l("値がないときだけ書いてください。「測った値」と、どちらか一方で足ります。"),
        rows=2,
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
            + (_("（基準値）") if indicator.is_start(day) else "")
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

    decision = radio(_l("判断"), {"accept": _l("確認済みとする"), "send_back": _l("差し戻す")})
    text = words(_l("相手に伝えること"), need=False, hint=_l("差し戻すときは必ず書いてください。"), rows=3)

    @property
    def is_accepted(self) -> bool:
        """What was decided."""
        return bool(self.decision.data == "accept")


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
        """What comes next is the NPO's to say, and the company need not say what did not work."""
        self.setbacks.description = _l("なければ「特になし」と書いてください。")
        del self.next_step


class RiskForm(Form):
    """リスク."""

    text = words(_l("起こりうること"), rows=2)
    likelihood = radio(_l("起こりやすさ"), vocabulary.LEVELS)
    impact = radio(_l("起きたときの影響"), vocabulary.LEVELS)
    mitigation = words(_l("備え"), rows=2)
    side = radio(_l("だれが備えるか"), SIDES)
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

    paid_on = day(
        _l("支払った日"),
        hint=_l(
            "出納整理期間（翌年度の5月31日まで）のあとに過年度支出として支払ったときも、支払った日を入力してください。"
        ),
    )
