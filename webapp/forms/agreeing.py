"""Forms of what the sides agree on: the plan with its indicators, the agreement with its payment rules."""

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
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Optional

from matcher.agreements import contract
from matcher.ground import days, limits, numerals, vocabulary
from matcher.ground.typed import Unclear
from matcher.records import IndicatorDefinition, Lesson
from webapp import value_text
from webapp.forms.base import Form
from webapp.forms.case import ReasonForm, choices
from webapp.forms.fields import (
    CHOOSE,
    DaysField,
    FundersField,
    LinesField,
    YenPairsField,
    day,
    line,
    money,
    number,
    pick,
    radio,
    words,
)
from webapp.forms.values import NumberField, Typed, read_number


def _why_changed() -> TextAreaField:
    """The last field of whatever opens or goes on with a change of what is in force; gone otherwise."""
    return words(
        _l("変更の理由"),
        hint=_l("実施中の計画・協定を変えるための案になります。相手方と市も読みます。"),
        rows=2,
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
            first, *rest = part.split(maxsplit=1)
            try:
                read = days.read(first)
            except Unclear:
                read = None
            if read is None or not rest:
                raise ValidationError(
                    _("「%(text)s」は「日付 内容」の形で入力してください。", text=part[:20])
                )
            self.found.append({"text": rest[0], "on": read.day.isoformat()})


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
    fixed = YenPairsField(
        _l("成果連動：固定部分"),
        description=_l("「年度（西暦）：金額」を1行に1つずつ。"),
        render_kw={"example": "2027：500000"},
    )
    year_limits = YenPairsField(
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
                "fixed": {str(_read_year(year)): yen for year, yen in self.fixed.data or ()},
                "year_limits": {str(_read_year(year)): yen for year, yen in self.year_limits.data or ()},
                # What was left empty is left out, so that an amendment does not seem to change it.
                **{
                    name: getattr(self, name).data
                    for name in contract.SCHEME_FIELDS
                    if getattr(self, name).data
                },
            }
        return found

    def _years(self, field: Field) -> None:
        """One amount a year, in whatever way the year is written."""
        known = set()
        for typed, _amount in field.data or ():
            year = _read_year(typed)
            if year in known:
                raise ValidationError(_("%(year)s年度が2つあります。1つにしてください。", year=year))
            known.add(year)

    validate_fixed = _years
    validate_year_limits = _years


class RuleForm(Form):
    """支払いの条件: a row of the payment table."""

    indicator = SelectField(_l("指標"), choices=[], validators=[DataRequired(_l("選んでください。"))])
    shape = radio(_l("支払い方"), vocabulary.PAYMENT_SHAPES)
    points = YenPairsField(
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
        self.indicator.choices = choices({row["key"]: row["name"] for row in found}, CHOOSE)

    def validate_fiscal_year(self, field: Field) -> None:
        """A year with four digits."""
        self.year = _read_year(field.data or "")

    def validate_points(self, field: Field) -> None:
        """Each line is a value and whole yen."""
        try:
            self.read = tuple(
                (float(read_number(name, NumberField.units, NumberField.bounds).value), yen)
                for name, yen in field.data or ()
            )
        except Unclear as unclear:
            raise ValidationError(value_text.sentence(unclear)) from None

    def rule(self, key: str) -> contract.Rule:
        """The rule as the contract keeps it."""
        return contract.Rule(
            key=key, indicator=self.indicator.data, cap_yen=int(self.cap_yen.data or 0),
            shape=self.shape.data,
            points=self.read, measured_on=self.measured_on.data or date.max,
            fiscal_year=self.year,
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

    reason_text = words(_l("理由の説明"), rows=3)
    decide_by = day(_l("続け方を決める日"), hint=_l("半年以内の日にしてください。"))


class ResumeForm(Form):
    """再開."""

    text = words(_l("決めたこと"), rows=3)


class TerminateForm(ReasonForm):
    """途中終了."""

    reason_text = words(_l("理由の説明"), rows=3)
    inform_plan = words(
        _l("利用している人への知らせ方"),
        hint=_l("だれが、だれに、いつまでに知らせるかを書いてください。"),
        example=_l("団体の代表が、来週の夕食会で参加家庭に直接伝える。"),
        rows=3,
    )


def _iso(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _read_year(typed: str) -> int:
    """A fiscal year of this century, 2027.

    Raises:
        ValidationError
    """
    try:
        year = int(numerals.read(typed, decimals=0).value)
    except Unclear:
        year = 0
    if not 2000 <= year <= 2099:
        raise ValidationError(_("年度は「2027」の形で入力してください。"))
    return year
