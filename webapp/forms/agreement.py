"""Forms of the agreement with its payment rules, and of what becomes of it."""

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
from wtforms.validators import InputRequired

from matcher.agreements import contract
from matcher.ground import limits, numerals, vocabulary
from matcher.ground.typed import Unclear
from webapp import value_text
from webapp.forms.base import Form, choices
from webapp.forms.case import ReasonForm
from webapp.forms.fields import (
    CHOOSE,
    FundersField,
    YenPairsField,
    day,
    line,
    money,
    pick,
    radio,
    why_changed,
    words,
)
from webapp.forms.needed import Needed
from webapp.forms.values import NumberField, read_number


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
    why_changed = why_changed()

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

    indicator = SelectField(_l("指標"), choices=[], validators=[Needed()])
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
    why_changed = why_changed()

    def offer(self, found: Iterable[Mapping[str, Any]]) -> None:
        """Let the person choose among the plan's indicators that are linked to payment."""
        self.directions = {row["key"]: row["direction"] for row in found}
        self.units = {row["key"]: row["unit"] for row in found}
        self.indicator.choices = choices({row["key"]: row["name"] for row in found}, CHOOSE)

    def validate_fiscal_year(self, field: Field) -> None:
        """A year with four digits."""
        self.year = _read_year(field.data or "")

    def validate_points(self, field: Field) -> None:
        """Each line is a value, in the unit of the indicator, and whole yen."""
        unit, found = self.units.get(self.indicator.data), []
        try:
            for name, yen in field.data or ():
                read = read_number(name, NumberField.units, NumberField.bounds)
                if unit is not None and not numerals.same_unit(read.unit, unit):
                    raise Unclear("unit_differs")
                field.reading += value_text.reading_of_number(name, read)
                found.append((float(read.value), yen))
        except Unclear as unclear:
            raise ValidationError(value_text.sentence(unclear)) from None
        self.read = tuple(found)

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
