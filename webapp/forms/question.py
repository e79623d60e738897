"""Forms of questions on a need: asking one, and what the NPO does with it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField
from wtforms.validators import Optional

from matcher.ground import limits, vocabulary
from matcher.postings.questions import Treatment
from matcher.records import Question
from webapp.forms.base import Form, choices
from webapp.forms.fields import radio, words


class AskForm(Form):
    """質問する."""

    text = words(
        _l("質問"), limits.NOTE,
        hint=_l("お名前や連絡先など、個人が分かることは書かないでください。質問と回答は、このニーズを見られる人すべてに表示されます。"),
        example=_l("野菜は、何曜日の何時ごろにお届けするとよいですか。"),
    )  # fmt: skip


class TreatForm(Form):
    """質問への対応; which of its fields are needed hangs on what is decided."""

    when_empty: ClassVar[Mapping[str, Any]] = {
        "shown_text": _l("公開する質問の文を入力してください。"),
        "answer": _l("回答を入力してください。"),
        "other": _l("まとめる先の質問を選んでください。"),
        "refuse_reason": _l("回答しない理由を選んでください。"),
        "refuse_text": _l("「その他」を選んだときは、理由の説明を入力してください。"),
    }

    decision = radio(
        _l("対応"),
        {
            "answer": _l("回答して、公開する"),
            "merge": _l("同じ内容のほかの質問にまとめる"),
            "refuse": _l("回答しない"),
        },
    )
    shown_text = words(
        _l("公開する質問の文"), limits.NOTE, need=False,
        hint=_l("読みやすく書き直せます。もとの質問は、そのまま残ります。"),
    )  # fmt: skip
    answer = words(
        _l("回答"), limits.NOTE, need=False, example=_l("水曜日の午後3時から5時の間にお願いします。")
    )
    other = SelectField(_l("まとめる先の質問"), choices=[], validators=[Optional()], validate_choice=False)
    refuse_reason = RadioField(
        _l("回答しない理由"), choices=choices(vocabulary.QUESTION_REFUSE_REASONS), validators=[Optional()],
        validate_choice=False,
    )  # fmt: skip
    refuse_text = words(
        _l("理由の説明"),
        limits.NOTE,
        need=False,
        hint=_l("質問した企業に届きます。「その他」を選んだときは必ず書いてください。"),
    )

    def offer_others(self, others: Sequence[Question]) -> None:
        """The questions into which it can be put; without any, that is no way to answer."""
        found: dict[str, Any] = {one.public_id: one.shown_text or one.text for one in others}
        self.other.choices = choices(found, _l("選んでください"))
        if not found:
            self.decision.choices = [one for one in self.decision.choices if one.value != "merge"]

    @property
    def treatment(self) -> Treatment:
        """What was decided."""
        typed = {name: self[name].data or "" for name in Treatment.__dataclass_fields__}
        return Treatment(**typed)
