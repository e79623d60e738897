"""Forms of talks: meetings, promises, files, the trial."""

from collections.abc import Iterable
from datetime import datetime, time

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    Field,
    SelectField,
    ValidationError,
)

from matcher.cases import uploads
from matcher.ground import calendar, days, limits, vocabulary
from matcher.ground.typed import Unclear
from matcher.records import User
from webapp import value_text
from webapp.forms.base import Form, choices
from webapp.forms.fields import (
    CHOOSE,
    SIDES,
    day,
    line,
    money,
    radio,
    taking,
    words,
)
from webapp.forms.needed import Needed


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

    def validate_next_on(self, field: Field) -> None:
        """The time of day has a field of its own."""
        if field.data is not None and days.read(field.raw_data[0]).beside:
            raise ValidationError(_("日付だけを入力し、時刻は「次の面談の時刻」に入力してください。"))

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
    side = radio(_l("だれが"), SIDES)
    due_on = day(_l("いつまでに"), need=False)


class ContactForm(Form):
    """Who speaks for one's own side in this case."""

    person = SelectField(_l("この案件の担当者"), choices=[], validators=[Needed()])

    def offer(self, people: Iterable[User]) -> None:
        """Let the person choose among colleagues."""
        self.person.choices = choices({user.public_id: user.name for user in people}, CHOOSE)


class FileForm(Form):
    """A file of the case."""

    file = FileField(
        _l("ファイル"),
        render_kw=taking(uploads.ACCEPT),
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
