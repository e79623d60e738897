"""Forms of needs that several NPOs ask for together: the city proposes or takes back, each NPO answers."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField

from matcher.ground import limits
from matcher.records import Need
from webapp.filters import quantity
from webapp.forms.base import Form
from webapp.forms.fields import radio, words
from webapp.forms.needed import Needed


class JointForm(Form):
    """いっしょに頼むことの提案."""

    needs = SelectMultipleField(
        _l("いっしょに頼むニーズ"), choices=[], validators=[Needed()],
        validate_choice=False, description=_l("1団体につき1件まで選べます。"),
    )  # fmt: skip
    note = words(
        _l("団体への説明"), limits.NOTE,
        example=_l("どちらも中古のパソコンをお探しです。まとめて頼むと、企業も配送を1回で済ませられます。"),
    )  # fmt: skip

    def offer_needs(self, needs: Sequence[Need]) -> None:
        """The needs with which it can be asked for."""
        self.needs.choices = [
            (one.public_id, f"{one.organization.name}：{one.title}（{quantity(one.quantity, one.unit)}）")
            for one in needs
        ]


class JointAnswerForm(Form):
    """提案への返事."""

    decision = radio(_l("返事"), {"agree": _l("賛成する"), "decline": _l("見合わせる")})
    reason = words(
        _l("見合わせる理由"), limits.NOTE, need=False,
        hint=_l("見合わせるときに書いてください。市と、提案を受けたほかの団体に伝わります。"),
    )  # fmt: skip


class JointWithdrawalForm(Form):
    """提案の取り下げ."""

    reason = words(
        _l("取り下げる理由"), limits.NOTE,
        example=_l("お返事がそろわないまま、受け取りの時期が近づいたため。"),
        hint=_l("提案を受けたすべての団体に、そのまま伝わります。"),
    )  # fmt: skip
