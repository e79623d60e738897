"""Forms of the workspace: from the meeting note to the closing of a case.

Each field carries its hint as ``description`` and its example in ``render_kw``; one template draws them all.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    Field,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Optional

from matcher import calendar, import_cells, limits, payment, vocabulary
from matcher.models import CaseFile, Indicator, IndicatorDefinition, Lesson, User
from matcher.services.cities import City
from webapp import filters
from webapp.forms.base import Form
from webapp.forms.case import DayField, QuantityField, ReasonForm, TermsForm, Within, choices

_CHOOSE: Final = _l("選んでください")
_SIDES: Final[Mapping[str, Any]] = {
    "company": _l("企業"),
    "npo": _l("団体"),
    "city": _l("市"),
    "both": _l("両者"),
}
_REQUIRED: Final = _l("入力してください。")
#: axis of an indicator → (how its breakdown is typed, an example)
_BREAKDOWNS: Final[Mapping[str, tuple[Any, Any]]] = {
    "age": (_l("計画で決めた内訳です。「年代：値」を1行に1つずつ書いてください。"), _l("小学生：14")),
    "area": (_l("計画で決めた内訳です。「地区：値」を1行に1つずつ書いてください。"), _l("中央地区：14")),
    "sex": (_l("計画で決めた内訳です。「性別：値」を1行に1つずつ書いてください。"), _l("女性：14")),
    "other": (_l("計画で決めた内訳です。「区分：値」を1行に1つずつ書いてください。"), _l("親子：14")),
    "": (_l("計画では内訳を求めていません。分かるときだけ「区分：値」を書いてください。"), _l("小学生：14")),
}  # fmt: skip


# ── Fields ───────────────────────────────────────────────────────────────────────────────────────────


def words(
    label: Any,
    limit: int = limits.NOTE,
    *,
    need: bool = True,
    hint: Any = "",
    example: Any = "",
    rows: int = 4,
) -> TextAreaField:
    """A text of several lines."""
    return TextAreaField(
        label,
        validators=[DataRequired(_REQUIRED) if need else Optional(), Within(limit)],
        description=hint,
        render_kw={"example": example, "rows": rows},
    )


def line(
    label: Any, limit: int = limits.SHORT, *, need: bool = True, hint: Any = "", example: Any = ""
) -> StringField:
    """A text of one line."""
    return StringField(
        label,
        validators=[DataRequired(_REQUIRED) if need else Optional(), Within(limit)],
        description=hint,
        render_kw={"example": example},
    )


def _within_reach(_form: Form, field: Field) -> None:
    """No day before 1868 or after 2199: a slip of the finger, and past what calendars can reckon with."""
    if field.data is not None and not 1868 <= field.data.year <= 2199:
        raise ValidationError(_("年が離れすぎています。年をもう一度ご確認ください。"))


def day(label: Any, *, need: bool = True, hint: Any = "", example: Any = "2027-03-31") -> DayField:
    """A day."""
    first = InputRequired(_l("日付を入力してください。")) if need else Optional()
    return DayField(
        label,
        validators=[first, _within_reach],
        description=hint,
        render_kw={"example": example},
    )


def pick(label: Any, labels: Mapping[str, Any], *, need: bool = True, hint: Any = "") -> SelectField:
    """One of a list."""
    return SelectField(
        label,
        choices=choices(labels, _CHOOSE if need else _l("指定しない")),
        validators=[DataRequired(_l("選んでください。"))] if need else [Optional()],
        description=hint,
    )


def radio(label: Any, labels: Mapping[str, Any], *, hint: Any = "") -> RadioField:
    """One of a few."""
    return RadioField(
        label,
        choices=choices(labels),
        validators=[InputRequired(_l("選んでください。"))],
        description=hint,
    )


class NumberField(QuantityField):
    """A number with up to four decimals, full-width digits taken, also below zero."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number.

        Raises:
            ValueError: it is none, or far too large.
        """
        typed = unicodedata.normalize("NFKC", (valuelist or [""])[0] or "").strip().replace(",", "")
        self.data = None
        if typed:
            self.data = _number(typed.rstrip("%"))


class YenField(QuantityField):
    """Whole yen."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the amount.

        Raises:
            ValueError: it is no whole number of yen.
        """
        typed = unicodedata.normalize("NFKC", (valuelist or [""])[0] or "").strip()
        typed = typed.replace(",", "").removesuffix("円").removeprefix("¥")
        self.data = None
        if not typed:
            return
        if not typed.isdecimal() or len(typed) > 12:
            raise ValueError(_("金額は、1円単位の数字で入力してください。"))
        self.data = int(typed)


def number(label: Any, *, need: bool = True, hint: Any = "", example: Any = "") -> NumberField:
    """A number."""
    first = InputRequired(_l("数字を入力してください。")) if need else Optional()
    return NumberField(label, validators=[first], description=hint, render_kw={"example": example})


def money(label: Any, *, need: bool = False, hint: Any = "", example: Any = "") -> YenField:
    """An amount of money."""
    first = InputRequired(_l("金額を入力してください。")) if need else Optional()
    return YenField(label, validators=[first], description=hint, render_kw={"example": example})


class LinesField(TextAreaField):  # type: ignore[misc]
    """One entry a line; empty lines are dropped. ``data`` is a list."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Split the lines.

        Raises:
            ValueError: too many lines, or one too long.
        """
        typed = (valuelist or [""])[0].replace("\r", "")
        self.data = [part.strip() for part in typed.split("\n") if part.strip()]
        if len(self.data) > 20:
            raise ValueError(_("20行までで入力してください。"))
        if any(limits.is_too_long(part, limits.SHORT) for part in self.data):
            raise ValueError(_("1行は%(limit)s文字までで入力してください。", limit=limits.SHORT))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(str(part) for part in self.data or ())


class DaysField(LinesField):
    """Days, one a line or separated by commas; ``data`` is a sorted list of ISO days."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the days.

        Raises:
            ValueError: one of them is no day.
        """
        typed = re.split(r"[\n,、，]", (valuelist or [""])[0].replace("\r", ""))
        found = set()
        self.data = []
        for part in typed:
            if not part.strip():
                continue
            try:
                read = import_cells.read_day(part.strip())
            except import_cells.Unclear:
                read = None
            if read is None:
                raise ValueError(
                    _("「%(text)s」は日付として読み取れません（例：2027-03-31）。", text=part.strip()[:20])
                )
            found.add(read.isoformat())
        if len(found) > 60:
            raise ValueError(_("日付は60個までにしてください。"))
        self.data = sorted(found)


class PairsField(TextAreaField):  # type: ignore[misc]
    """「名前：数字」, one a line; ``data`` is a list of (name, number)."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the pairs.

        Raises:
            ValueError: a line is not of that form.
        """
        self.data = []
        typed = [part.strip() for part in (valuelist or [""])[0].splitlines() if part.strip()]
        if len(typed) > 20:
            raise ValueError(_("20行までで入力してください。"))
        found: list[tuple[str, float]] = []
        for part in typed:
            name, colon, value = unicodedata.normalize("NFKC", part).rpartition(":")
            if not colon or not name.strip():
                raise ValueError(_("「%(text)s」は「名前：数字」の形で入力してください。", text=part[:20]))
            found.append((name.strip(), _number(value.strip().replace(",", "").rstrip("円%"))))
        self.data = found

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(f"{name}：{value:.15g}" for name, value in self.data or ())


class FundersField(TextAreaField):  # type: ignore[misc]
    """「名称：出資額：返済の条件」, one funder a line; ``data`` as the contract keeps them."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the funders.

        Raises:
            ValueError: a line is not of that form, too long, or there are too many.
        """
        self.data = []
        typed = [part.strip() for part in (valuelist or [""])[0].splitlines() if part.strip()]
        if len(typed) > 20:
            raise ValueError(_("20行までで入力してください。"))
        for part in typed:
            name, _first, rest = part.replace(":", "：").partition("：")
            amount, _second, terms = rest.partition("：")
            yen = unicodedata.normalize("NFKC", amount).strip().replace(",", "").removesuffix("円")
            if not (name.strip() and terms.strip() and yen.isdecimal() and len(yen) <= 12):
                raise ValueError(
                    _("「%(text)s」は「名称：出資額：返済の条件」の形で入力してください。", text=part[:20])
                )
            if limits.is_too_long(part, limits.NOTE):
                raise ValueError(_("1行は%(limit)s文字までで入力してください。", limit=limits.NOTE))
            self.data.append({"name": name.strip(), "principal_yen": int(yen), "terms": terms.strip()})

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(f"{row['name']}：{row['principal_yen']}：{row['terms']}" for row in self.data or ())


def _number(typed: str) -> float:
    try:
        value = Decimal(typed)
    except InvalidOperation:
        raise ValueError(_("「%(text)s」は数字として読み取れません。", text=typed[:20])) from None
    if not value.is_finite() or abs(value) >= 10**11:
        raise ValueError(_("大きすぎる数です。けたをもう一度ご確認ください。"))
    if value != round(value, 4):
        raise ValueError(_("数字は小数第4位までで入力してください。"))
    return float(value)


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
        validators=[Optional()],
        description=_l(
            "PDF、画像、Excel・Word・PowerPoint、CSV。5MBまで。ここで選ぶと、上の欄のファイルより優先します。"
        ),
    )


def _why_changed() -> TextAreaField:
    """The last field of whatever opens or goes on with a change of what is in force; gone otherwise."""
    return words(
        _l("変える理由"),
        hint=_l("実施中の計画・協定を変えるための案になります。相手方と市も読みます。"),
        rows=2,
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

    def validate_next_time(self, field: Field) -> None:
        """A time of day needs its day."""
        if not field.data:
            return
        if not re.fullmatch(r"([01]?\d|2[0-3])[:時]([0-5]\d)?分?", unicodedata.normalize("NFKC", field.data)):
            raise ValidationError(_("時刻は「14:30」の形で入力してください。"))
        if self.next_on.data is None:
            raise ValidationError(_("次の面談の日も入力してください。"))

    @property
    def next_at(self) -> datetime | None:
        """The moment of the next meeting, noon where no time was given."""
        if self.next_on.data is None:
            return None
        typed = unicodedata.normalize("NFKC", self.next_time.data or "12:00").replace("時", ":")
        hour, _colon, minute = typed.rstrip("分").partition(":")
        return datetime.combine(self.next_on.data, time(int(hour), int(minute or 0)), calendar.TOKYO)


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
        self.person.choices = choices({user.public_id: user.name for user in people}, _CHOOSE)


class FileForm(Form):
    """A file of the case."""

    file = FileField(
        _l("ファイル"),
        description=_l(
            "PDF、画像（PNG・JPEG）、Excel・Word・PowerPoint、CSV。5MBまで。マクロ入りのものは追加できません。"
        ),
    )
    purpose = radio(_l("何のファイルですか"), vocabulary.FILE_PURPOSES)

    def validate_file(self, field: Field) -> None:
        """Something must have been chosen."""
        if not field.data or not getattr(field.data, "filename", ""):
            raise ValidationError(_("ファイルを選んでください。"))


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


# ── Plan ─────────────────────────────────────────────────────────────────────────────────────────────


class PurposeForm(Form):
    """What the partnership is for, and which lessons it takes up."""

    purpose = words(
        _l("協働の目的"),
        limits.MESSAGE,
        hint=_l("だれの、どんな状態を、いつまでに、どう変えたいかを書いてください。"),
        rows=5,
    )
    lessons = SelectMultipleField(_l("生かす学び"), choices=[], validators=[Optional()])
    why_changed = _why_changed()

    def offer(self, found: Iterable[Lesson]) -> None:
        """Let the person take up lessons of earlier partnerships."""
        self.lessons.choices = choices({lesson.public_id: lesson.text for lesson in found})


class LogicForm(Form):
    """The columns of the logic model, one entry a line."""

    resource = LinesField(
        _l("資源"),
        description=_l("1行に1つずつ書いてください。"),
        render_kw={"example": _l("社員の作業時間、冷蔵車")},
    )
    activity = LinesField(_l("活動"), render_kw={"example": _l("月2回の配送、調理の手伝い")})
    output = LinesField(
        _l("結果（どれだけ行ったか）"), render_kw={"example": _l("年24回の夕食会、延べ600食")}
    )
    early = LinesField(_l("初期成果"), render_kw={"example": _l("子どもが週に1度、温かい夕食を食べる")})
    middle = LinesField(_l("中期成果"), render_kw={"example": _l("保護者が相談できる相手を持つ")})
    long = LinesField(_l("長期成果"), render_kw={"example": _l("地域で孤立する家庭が減る")})
    why_changed = _why_changed()


class LinkForm(Form):
    """An arrow of the logic model with what it rests on."""

    source = SelectField(_l("どこから"), choices=[], validators=[DataRequired(_l("選んでください。"))])
    target = SelectField(_l("どこへ"), choices=[], validators=[DataRequired(_l("選んでください。"))])
    evidence = radio(_l("つながりの確かさ"), vocabulary.EVIDENCE_LEVELS)
    assumption = words(_l("そう考える理由"), need=False, rows=2)
    why_changed = _why_changed()

    def offer(self, nodes: Mapping[str, str]) -> None:
        """Let the person choose among the entries."""
        self.source.choices = choices(nodes, _CHOOSE)
        self.target.choices = choices(nodes, _CHOOSE)

    def validate_target(self, field: Field) -> None:
        """An arrow leads somewhere else."""
        if field.data and field.data == self.source.data:
            raise ValidationError(_("「どこから」と違うものを選んでください。"))


class IndicatorForm(Form):
    """指標."""

    definition_id = SelectField(
        _l("市の共通指標から選ぶ"),
        choices=[],
        validators=[Optional()],
        description=_l(
            "共通指標を選び、下の名前・定義・単位・測り方を空欄にすると、共通指標の内容が入ります。"
        ),
    )
    name = line(_l("指標の名前"), need=False, example=_l("夕食会に続けて来た子どもの人数"))
    node = SelectField(
        _l("ロジックモデルのどれを測るか"),
        choices=[],
        validators=[Optional()],
        description=_l("ロジックモデルに書いた成果や結果から選べます。"),
    )
    definition = words(
        _l("定義（何を数えるか）"),
        need=False,
        example=_l("月2回以上を3か月続けて来た小中学生の実人数。"),
        rows=3,
    )
    kind = pick(_l("種類"), vocabulary.INDICATOR_KINDS, need=False)
    unit = pick(_l("単位"), {unit: unit for unit in vocabulary.INDICATOR_UNITS}, need=False)
    direction = pick(_l("よい方向"), vocabulary.INDICATOR_DIRECTIONS, need=False)
    method = pick(_l("測り方"), vocabulary.INDICATOR_METHODS, need=False)
    baseline = number(
        _l("はじめの値"),
        need=False,
        hint=_l("まだ測っていないときは空欄にして、次の欄に測る予定の日を入力してください。"),
    )
    baseline_on = day(_l("はじめの値を測った日（まだのときは、測る予定の日）"), need=False)
    target = number(_l("目標の値"))
    target_on = day(_l("目標の日"), need=False)
    measure_on = DaysField(
        _l("測る日"),
        validators=[InputRequired(_l("測る日を1つ以上入力してください。"))],
        description=_l("1行に1日ずつ書いてください。"),
        render_kw={"example": "2027-03-31"},
    )
    measurer = pick(_l("だれが測るか"), vocabulary.MEASURERS)
    evidence = words(_l("根拠になる資料"), need=False, example=_l("参加者名簿（氏名を除いた集計）"), rows=2)
    axis = pick(
        _l("内訳の分け方"),
        vocabulary.AXES,
        need=False,
        hint=_l("選ぶと、測定のときにこの分け方で内訳をたずねます。"),
    )
    min_cell = SelectField(
        _l("内訳を非表示にする数"),
        choices=choices({"5": _l("5未満"), "10": _l("10未満")}),
        default="5",
        description=_l("内訳の数がこれより少ないときは、公開ページで「少数のため非表示」と表示します。"),
    )
    linked_to_payment = BooleanField(_l("支払いに連動させる"))
    is_public = BooleanField(_l("実績を公表してよい"), default=True)
    why_changed = _why_changed()

    def offer(
        self,
        own: Iterable[IndicatorDefinition],
        others: Iterable[IndicatorDefinition],
        nodes: Mapping[str, str],
        min_cell: int | None = None,
    ) -> None:
        """Let the person take an entry of the city's library (those of the case's own fields come first), and
        name an entry of the logic model.

        ``min_cell`` is that of the indicator as it stands: a limit that is not on the list is kept.
        """
        self.node.choices = choices(nodes, _l("指定しない"))
        if min_cell is not None and str(min_cell) not in {"5", "10"}:
            kept = {str(min_cell): _("%(count)s未満", count=min_cell)}
            self.min_cell.choices = [*choices(kept), *self.min_cell.choices]
        own, others = list(own), list(others)
        self.known = {row.public_id: row for row in (*own, *others)}
        labels: dict[str, Any] = {}
        for row in (*own, *others):
            about = (
                _("この案件の分野")
                if row in own
                else vocabulary.FIELD_SHORT.get(str(row.field), _("分野を問わない"))
            )
            labels[row.public_id] = f"{row.code} {row.name}（{about}）"
        self.definition_id.choices = choices(labels, _l("使わない（自分で書く）"))

    @property
    def facts(self) -> dict[str, Any]:
        """The indicator as the plan keeps it."""
        shared = getattr(self, "known", {}).get(self.definition_id.data or "")
        facts: dict[str, Any] = {
            name: (getattr(self, name).data or (getattr(shared, name) if shared else ""))
            for name in ("name", "definition", "kind", "unit", "direction", "method", "evidence")
        }
        facts |= {
            "baseline": self.baseline.data,
            "baseline_on": _iso(self.baseline_on.data),
            "target": self.target.data,
            "target_on": _iso(self.target_on.data),
            "measure_on": self.measure_on.data or [],
            "measurer": self.measurer.data,
            "axis": self.axis.data or "",
            "min_cell": int(self.min_cell.data or 5),
            "linked_to_payment": bool(self.linked_to_payment.data),
            "is_public": bool(self.is_public.data),
            "definition": facts["definition"],
            "shared": shared.code if shared else "",
        }
        # Left out where nothing is chosen, as in every plan written before indicators could name an entry.
        return facts | ({"node": self.node.data} if self.node.data else {})


class MilestonesForm(Form):
    """節目: one a line, with its day."""

    milestones = LinesField(
        _l("節目"),
        description=_l("1行に「日付 内容」の順で書いてください。"),
        render_kw={"example": _l("2027-06-30 中間のふり返りの会"), "rows": 8},
    )
    why_changed = _why_changed()

    def validate_milestones(self, field: Field) -> None:
        """Each line begins with a day."""
        self.found = []
        for part in field.data or ():
            first, _space, rest = unicodedata.normalize("NFKC", part).partition(" ")
            try:
                read = import_cells.read_day(first)
            except import_cells.Unclear:
                read = None
            if read is None or not rest.strip():
                raise ValidationError(
                    _("「%(text)s」は「日付 内容」の形で入力してください。", text=part[:20])
                )
            self.found.append({"text": rest.strip(), "on": read.isoformat()})


class DropPartForm(Form):
    """Nothing to fill in before the agreement; while it runs, why the plan or the agreement is changed."""

    why_changed = _why_changed()


class DropForm(Form):
    """Why something is taken back."""

    text = words(_l("理由"), rows=3)


# ── Agreement ────────────────────────────────────────────────────────────────────────────────────────


class AgreementForm(Form):
    """協定・協働契約. The texts stand in the order in which they are printed."""

    type = pick(_l("文書の種類"), vocabulary.AGREEMENT_TYPES)
    purpose = words(_l("目的"), limits.MESSAGE)
    method = words(_l("進め方"), limits.MESSAGE)
    roles_company = words(_l("企業の役割"), limits.MESSAGE)
    roles_npo = words(_l("団体の役割"), limits.MESSAGE)
    city_is_party = BooleanField(_l("市も当事者になる"))
    roles_city = words(
        _l("市の役割"), limits.MESSAGE, need=False, hint=_l("市が当事者になるときは必ず書いてください。")
    )
    costs = words(_l("費用の分担"), limits.MESSAGE)
    money_company_yen = money(_l("企業が負担する金額"))
    money_city_yen = money(_l("市が負担する金額"), hint=_l("100万円を超えるときは、管理職が確認します。"))
    liability = words(
        _l("責任の分担（損害が生じたときの負担）"),
        limits.MESSAGE,
        hint=_l("けがや物の損害が起きたときに、だれが負担するかを書いてください。"),
        rows=3,
    )
    rights = words(_l("権利の帰属"), limits.MESSAGE, example=_l("つくった資料は両者が自由に使える。"), rows=2)
    privacy = words(
        _l("個人情報の扱い"),
        limits.MESSAGE,
        example=_l("参加者の氏名は団体だけが持ち、企業には渡さない。"),
        rows=2,
    )
    from_on = day(_l("始まりの日"))
    to_on = day(_l("終わりの日"))
    frequency = pick(_l("中間報告"), vocabulary.REPORT_FREQUENCIES)
    publication = words(
        _l("公表の範囲"),
        limits.MESSAGE,
        example=_l("目的・指標・成果報告を市の公開ページで公表する。"),
        rows=2,
    )
    termination = words(_l("解除・終了の条件"), limits.MESSAGE, rows=2)
    signer_company = line(_l("企業の代表者（役職と氏名）"))
    signer_npo = line(_l("団体の代表者（役職と氏名）"))
    signer_city = line(_l("市の代表者（役職と氏名）"), need=False)
    # Only for PFS. Each rule has its own page; these are the frame.
    provider = pick(_l("成果連動：事業を行う側"), {"npo": _l("団体"), "company": _l("企業")}, need=False)
    evaluator = pick(
        _l("成果連動：測定を確かめる側"),
        {"city": _l("市"), "company": _l("企業"), "npo": _l("団体")},
        need=False,
    )
    budget_cap_yen = money(_l("成果連動：支払いの上限額（全体）"))
    fixed = PairsField(
        _l("成果連動：固定部分"),
        description=_l("「年度（西暦）：金額」を1行に1つずつ。"),
        render_kw={"example": "2027：500000"},
    )
    year_limits = PairsField(
        _l("成果連動：年度ごとの限度額"),
        description=_l("債務負担行為の限度額など。「年度（西暦）：金額」を1行に1つずつ。"),
        render_kw={"example": "2027：3000000"},
    )
    why_changed = _why_changed()

    scheme = pick(
        _l("成果連動：しくみ"),
        vocabulary.OUTCOME_SCHEMES,
        need=False,
        hint=_l("指定しないときは、PFSとします。"),
    )
    commissioner = line(_l("成果連動：発注者"), need=False, hint=_l("空けておくと「市」とします。"))
    intermediary = line(_l("成果連動：中間支援組織"), need=False)
    funders = FundersField(
        _l("成果連動：資金提供者（SIBのとき）"),
        description=_l(
            "「名称：出資額：返済の条件」を1行に1つずつ。返済は言葉で記録するだけで、このサービスでは計算しません。"
        ),
        render_kw={
            "example": _l("みおはら信用金庫：3000000：成果に応じた支払いを受けた月の翌月に、元本から返す")
        },
    )
    legal_basis = line(
        _l("成果連動：根拠となる法令・要綱"), need=False, example=_l("市の成果連動型契約の実施要綱")
    )
    wtp_note = words(
        _l("成果連動：支払意思額（WTP）の考え方"),
        need=False,
        hint=_l("成果1単位にいくらまで支払うかを、どう決めたかを書いてください。"),
        rows=3,
    )
    sounding_note = words(
        _l("成果連動：事前の意見聴取（サウンディング）の記録"),
        need=False,
        hint=_l("いつ、どこに、何を聞き、条件にどう生かしたかを書いてください。"),
        rows=3,
    )

    def validate_roles_city(self, field: Field) -> None:
        """Compulsory where the city is a party."""
        if self.city_is_party.data and not field.data:
            raise ValidationError(_("市の役割を入力してください。"))

    def facts(self, rules: list[dict[str, Any]]) -> dict[str, Any]:
        """The agreement as the service takes it; ``rules`` are those written so far."""
        names = (
            "type", "purpose", "method", "roles_company", "roles_npo", "roles_city", "costs", "liability",
            "rights", "privacy", "publication", "termination", "from_on", "to_on", "frequency",
            "signer_company", "signer_npo", "signer_city",
        )  # fmt: skip
        found: dict[str, Any] = {name: getattr(self, name).data or "" for name in names}
        found["city_is_party"] = bool(self.city_is_party.data)
        found["money_company_yen"] = self.money_company_yen.data or 0
        found["money_city_yen"] = self.money_city_yen.data or 0
        found["outcome"] = None
        if self.type.data == "outcome_linked":
            found["outcome"] = {
                "provider": self.provider.data or "",
                "evaluator": self.evaluator.data or "",
                "budget_cap_yen": self.budget_cap_yen.data or 0,
                "rules": rules,
                "fixed": {str(year): int(amount) for year, amount in self.fixed.data or ()},
                "year_limits": {str(year): int(amount) for year, amount in self.year_limits.data or ()},
                # What was left empty is left out, so that an amendment does not seem to change it.
                **{
                    name: getattr(self, name).data
                    for name in payment.SCHEME_FIELDS
                    if getattr(self, name).data
                },
            }
        return found

    def _years(self, field: Field) -> None:
        for year, _amount in field.data or ():
            if not re.fullmatch(r"20\d\d", str(year)):
                raise ValidationError(_("年度は「2027」の形で入力してください。"))

    validate_fixed = _years
    validate_year_limits = _years


class RuleForm(Form):
    """支払いの条件: a row of the payment table."""

    indicator = SelectField(_l("指標"), choices=[], validators=[DataRequired(_l("選んでください。"))])
    shape = radio(_l("支払い方"), vocabulary.PAYMENT_SHAPES)
    points = PairsField(
        _l("値と金額"),
        description=_l(
            "1行に1つずつ「値：金額」の形で書いてください。「表」は段階ごとに1行、「直線」は下限と上限の2行、「基準」は1行、「単価」は「数え始める値：1単位の金額」の1行です。"
        ),
        render_kw={"example": _l("79：0 と 87：4880000"), "rows": 6},
    )
    cap_yen = money(_l("上限額"), need=True)
    floor_yen = money(_l("下限額"), hint=_l("基準に届いたときの最低額があれば入れてください。"))
    rounding = SelectField(_l("端数の切り捨て"), choices=choices(vocabulary.ROUNDINGS), default="1")
    measured_on = day(_l("支払いのもとになる測定の日"))
    fiscal_year = line(_l("支払う年度（西暦）"), 4, example="2027")
    why_changed = _why_changed()

    def offer(self, found: Iterable[Mapping[str, Any]]) -> None:
        """Let the person choose among the plan's indicators that are linked to payment."""
        self.directions = {row["key"]: row["direction"] for row in found}
        self.indicator.choices = choices({row["key"]: row["name"] for row in found}, _CHOOSE)

    def validate_fiscal_year(self, field: Field) -> None:
        """A year with four digits."""
        if not re.fullmatch(r"20\d\d", unicodedata.normalize("NFKC", field.data or "")):
            raise ValidationError(_("年度は「2027」の形で入力してください。"))

    def validate_points(self, field: Field) -> None:
        """Each line is a value and whole yen."""
        try:
            self.read = tuple((_number(str(name)), round(amount)) for name, amount in field.data or ())
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def rule(self, key: str) -> payment.Rule:
        """The rule as the contract keeps it."""
        return payment.Rule(
            key=key, indicator=self.indicator.data, cap_yen=int(self.cap_yen.data or 0),
            shape=self.shape.data,
            points=self.read, measured_on=self.measured_on.data or date.max,
            fiscal_year=int(unicodedata.normalize("NFKC", self.fiscal_year.data)),
            direction="down" if self.directions.get(self.indicator.data) == "down" else "up",
            floor_yen=int(self.floor_yen.data or 0), rounding=int(self.rounding.data or 1),
        )  # fmt: skip


class ConfirmAgreementForm(Form):
    """What the city looked at."""

    checked = SelectMultipleField(
        _l("確かめたこと"),
        choices=choices(
            {
                "period": _l("期間が適切である"),
                "money": _l("金額・予算の裏づけがある"),
                "indicators": _l("指標が測れて、目的に合っている"),
                "publication": _l("公表の範囲が決まっている"),
            }
        ),
        validators=[InputRequired(_l("すべてを確かめて、選んでください。"))],
    )
    text = words(_l("確認の理由"), hint=_l("市の記録として残ります。"))


class SuspendForm(ReasonForm):
    """中断."""

    decide_by = day(_l("続け方を決める日"), hint=_l("半年以内の日にしてください。"))


class ResumeForm(Form):
    """再開."""

    text = words(_l("決めたこと"), rows=3)


class TerminateForm(ReasonForm):
    """途中終了."""

    inform_plan = words(
        _l("利用している人への知らせ方"),
        hint=_l("だれが、だれに、いつまでに知らせるかを書いてください。"),
        example=_l("団体の代表が、来週の夕食会で参加家庭に直接伝える。"),
        rows=3,
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
        from matcher.services.partnerships import Terms

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
    sample_size = number(_l("対象の人数・件数"), need=False)
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
        self.measured_on.choices = choices(labels, _CHOOSE)
        hint, example = _BREAKDOWNS.get(indicator.axis, _BREAKDOWNS[""])
        self.breakdown.description, self.breakdown.render_kw = hint, {"example": example, "rows": 4}


class ReviewForm(Form):
    """Accept, or send back with a sentence."""

    decision = radio(_l("判断"), {"accept": _l("確認済みとする"), "return": _l("差し戻す")})
    text = words(_l("相手に伝えること"), need=False, hint=_l("差し戻すときは必ず書いてください。"), rows=3)


class ReportForm(Form):
    """One's own part of a periodic report."""

    text = words(_l("この期間に行ったことと成果"), limits.TEXT, need=False, rows=8)
    setbacks = words(
        _l("うまくいかなかったこと"),
        limits.MESSAGE,
        need=False,
        hint=_l("なければ「特になし」と書いてください。"),
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
    people = number(_l("何人に聞きましたか"))
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


class CommentForm(Form):
    """住民の声."""

    text = words(
        _l("ご意見・ご感想"),
        limits.NOTE,
        hint=_l("お名前や連絡先など、個人が分かることは書かないでください。"),
    )
    website = StringField(_l("ここには何も入力しないでください"), validators=[Optional()])


class PublishedForm(Form):
    """しぼりこみ of the public list."""

    class Meta(Form.Meta):
        """A search in the address needs no token."""

        csrf = False

    state = pick(
        _l("段階"),
        {"running": _l("実施中"), "finished": _l("終了・成果報告あり")},
        need=False,
    )
    field = pick(_l("分野"), {str(code): label for code, label in vocabulary.FIELD_SHORT.items()}, need=False)
    area = SelectField(_l("地区"), choices=[], validators=[Optional()])
    year = SelectField(_l("始まった年度"), choices=[], validators=[Optional()])

    def offer(self, city: City) -> None:
        """The city's districts, and the years that there can be."""
        self.area.choices = choices(city.area_labels, _l("指定しない"))
        years = {str(year): filters.nendo(year) for year in range(2035, 2019, -1)}
        self.year.choices = choices(years, _l("指定しない"))

    @property
    def conditions(self) -> dict[str, str]:
        """What was chosen, and can be chosen."""
        found = {}
        for name in ("state", "field", "area", "year"):
            item = getattr(self, name)
            known = {choice.value for choice in item.iter_choices()}
            found[name] = item.data if item.data in known else ""
        return found


class TreatCommentForm(Form):
    """市の回答."""

    decision = radio(_l("どうしますか"), {"show": _l("回答をつけて載せる"), "hide": _l("載せない")})
    text = words(_l("市の回答"), limits.MESSAGE, need=False)
    reason = words(_l("そのように回答する理由"), limits.MESSAGE, need=False, rows=3)
    hide_reason = pick(_l("載せない理由"), vocabulary.COMMENT_HIDE_REASONS, need=False)


class DefinitionForm(Form):
    """共通指標."""

    code = line(_l("記号"), 20, example="CH-01")
    name = line(_l("名前"))
    definition = words(_l("定義"))
    unit = pick(_l("単位"), {unit: unit for unit in vocabulary.INDICATOR_UNITS})
    kind = pick(_l("種類"), vocabulary.INDICATOR_KINDS)
    direction = pick(_l("よい方向"), vocabulary.INDICATOR_DIRECTIONS)
    method = pick(_l("測り方"), vocabulary.INDICATOR_METHODS)
    evidence = words(_l("根拠になる資料"), need=False, rows=2)
    field = pick(
        _l("活動の分野"), {str(code): label for code, label in vocabulary.FIELD_SHORT.items()}, need=False
    )
    is_active = BooleanField(_l("計画で選べるようにする"), default=True)

    @property
    def facts(self) -> dict[str, Any]:
        """The entry as the service takes it."""
        names = ("code", "name", "definition", "unit", "kind", "direction", "method", "evidence")
        found: dict[str, Any] = {name: getattr(self, name).data or "" for name in names}
        found["field"] = int(self.field.data) if self.field.data else None
        found["is_active"] = bool(self.is_active.data)
        return found


class HandoverForm(Form):
    """引き継ぎ."""

    from_user = SelectField(
        _l("前任（いまの担当者）"), choices=[], validators=[DataRequired(_l("選んでください。"))]
    )
    to_user = SelectField(
        _l("後任（新しい担当者）"), choices=[], validators=[DataRequired(_l("選んでください。"))]
    )
    deputy = SelectField(_l("代理（不在のとき）"), choices=[], validators=[Optional()])
    effective_on = day(_l("引き継ぐ日"), example="2027-04-01")
    note = words(_l("後任への申し送り"), limits.TEXT, need=False, rows=5)
    cases = SelectMultipleField(
        _l("引き継ぐ案件"),
        choices=[],
        validators=[DataRequired(_l("引き継ぐ案件を1件以上選んでください。"))],
        description=_l("引き継がない案件は、チェックを外してください。"),
    )

    def offer(self, staff: Iterable[User], cases: Mapping[str, str]) -> None:
        """Let the person choose among colleagues and cases."""
        labels = {user.public_id: user.name for user in staff}
        self.from_user.choices = choices(labels, _CHOOSE)
        self.to_user.choices = choices(labels, _CHOOSE)
        self.deputy.choices = choices(labels, _l("置かない"))
        self.cases.choices = choices(cases)


class ExportForm(Form):
    """墨消し."""

    masks = SelectMultipleField(
        _l("黒く塗るもの（墨消し）"),
        choices=choices(
            {
                "people": _l("人の名前"),
                "contacts": _l("メールアドレスと電話番号"),
                "messages": _l("やり取りと面談記録の本文"),
                "money": _l("金額"),
            }
        ),
        validators=[Optional()],
        default=["people", "contacts"],
    )


def _iso(value: date | None) -> str | None:
    return value.isoformat() if value else None
