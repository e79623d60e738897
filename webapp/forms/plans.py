"""Forms of the year's plan: what the city wants of it, and the rows that are fixed, ruled out or adopted."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.validators import Optional

from matcher.planning.gathering import MOST_PLACES, Settings
from webapp.forms.base import Form, choices
from webapp.forms.values import CountField, Typed

_BETWEEN = "-"  #: between the public ids of a need and an offer


def key_of(need: str, offer: str) -> str:
    """A pair as a box names it."""
    return f"{need}{_BETWEEN}{offer}"


def _count(label: Any, hint: Any, *, need: bool = True) -> CountField:
    first = Typed() if need else Optional()
    return CountField(label, validators=[first], description=hint, units=(), most=MOST_PLACES)


class PlanForm(Form):
    """年間の組み合わせ案の条件."""

    most_of_company = _count(
        _l("1社が新しく始める件数の上限"),
        _l("1つの企業に、これより多くの組み合わせを割り当てません。"),
    )
    newcomers = _count(
        _l("しばらく紹介のない企業の数（下限）"),
        _l(
            "90日以内に確認が済んだ企業と、90日以上だれにも紹介されていない企業を、少なくともこの数だけ入れます。"
        ),
    )
    of_each_district = _count(
        _l("地区ごとのニーズの数（下限）"),
        _l("どの地区のニーズにも、少なくともこの数だけ相手を見つけます。"),
    )
    most_of_field = _count(
        _l("分野ごとのニーズの数（上限）"),
        _l("1つの分野にかたよらないようにします。空欄なら上限を設けません。"), need=False,
    )  # fmt: skip

    @property
    def settings(self) -> Settings:
        """What was typed, as the planning takes it."""
        return Settings(
            self.most_of_company.data,
            self.newcomers.data,
            self.of_each_district.data,
            self.most_of_field.data,
        )


def _boxes(label: Any) -> SelectMultipleField:
    return SelectMultipleField(label, choices=[], validators=[Optional()])


class EditForm(PlanForm):
    """The same over a plan that was made, with a box for each of its rows."""

    locked = _boxes(_l("固定"))
    forbidden = _boxes(_l("外す"))
    chosen = _boxes(_l("下書き"))

    def offer_rows(self, rows: Mapping[str, str], others: Mapping[str, str]) -> None:
        """Let the person choose among the rows of the plan, and go on ruling out ``others``."""
        self.locked.choices = choices(rows)
        self.chosen.choices = choices(rows)
        self.forbidden.choices = choices({**rows, **others})

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """What was ticked: (public id of the need, of the offer)."""
        found = (key.split(_BETWEEN) for key in self[name].data or ())
        return [(need, offer) for need, offer in found]
