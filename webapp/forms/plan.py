"""Forms of the plan: its purpose, logic model, indicators and milestones."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    SelectField,
    SelectMultipleField,
    ValidationError,
)
from wtforms.validators import Optional

from matcher.ground import days, limits, vocabulary
from matcher.ground.typed import Unclear
from matcher.records import IndicatorDefinition, Lesson
from webapp.forms.base import Form, choices
from webapp.forms.fields import (
    CHOOSE,
    DaysField,
    LinesField,
    day,
    line,
    number,
    pick,
    radio,
    why_changed,
    words,
)
from webapp.forms.needed import Needed
from webapp.forms.values import Typed


class PurposeForm(Form):
    """What the partnership is for, and which lessons it takes up."""

    purpose = words(
        _l("協働の目的"),
        limits.MESSAGE,
        hint=_l("だれの、どんな状態を、いつまでに、どう変えたいかを書いてください。"),
        rows=5,
    )
    lessons = SelectMultipleField(_l("生かす学び"), choices=[], validators=[Optional()])
    why_changed = why_changed()

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
    why_changed = why_changed()


class LinkForm(Form):
    """An arrow of the logic model with what it rests on."""

    source = SelectField(_l("どこから"), choices=[], validators=[Needed()])
    target = SelectField(_l("どこへ"), choices=[], validators=[Needed()])
    evidence = radio(_l("つながりの確かさ"), vocabulary.EVIDENCE_LEVELS)
    assumption = words(_l("そう考える理由"), need=False, rows=2)
    why_changed = why_changed()

    def offer(self, nodes: Mapping[str, str]) -> None:
        """Let the person choose among the entries."""
        self.source.choices = choices(nodes, CHOOSE)
        self.target.choices = choices(nodes, CHOOSE)

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
    direction = pick(_l("望ましい変化の向き"), vocabulary.INDICATOR_DIRECTIONS, need=False)
    method = pick(_l("測り方"), vocabulary.INDICATOR_METHODS, need=False)
    baseline = number(
        _l("基準値"),
        need=False,
        hint=_l(
            "まだ測っていないときは空欄にして、次の欄に測る予定の日を入力してください。どちらか一方で足ります。"
        ),
    )
    baseline_on = day(
        _l("基準値を測った日（まだのときは、測る予定の日）"),
        need=False,
        hint=_l("「基準値」と、どちらか一方で足ります。"),
    )
    target = number(_l("目標の値"))
    target_on = day(_l("目標の日"), need=False)
    measure_on = DaysField(
        _l("測る日"),
        validators=[Typed(_l("測る日を1つ以上入力してください。"))],
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
    why_changed = why_changed()

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
    why_changed = why_changed()

    def validate_milestones(self, field: Field) -> None:
        """Each line begins with a day, and with no span of days."""
        self.found = []
        for part in field.data or ():
            first, *rest = part.split(maxsplit=1)
            try:
                read = days.read(first)
            except Unclear:
                read = None
            if read is None or read.beside or not rest:
                raise ValidationError(
                    _("「%(text)s」は「日付 内容」の形で入力してください。", text=part[:20])
                )
            if days.goes_on(rest[0]):
                raise ValidationError(_(
                    "「%(text)s」は、日付のあとが「〜」「から」などで始まり、期間のように読めます。"
                    "節目は1日で入力し、期間は内容の中に書いてください（例 2027-06-30 合宿（7月2日まで））。",
                    text=part[:20],
                ))  # fmt: skip
            self.found.append({"text": rest[0], "on": read.day.isoformat()})


class DropPartForm(Form):
    """Nothing to fill in before the agreement; while it runs, why the plan or the agreement is changed."""

    why_changed = why_changed()


def _iso(value: date | None) -> str | None:
    return value.isoformat() if value else None
