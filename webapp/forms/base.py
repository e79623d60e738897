"""What every form shares: limits on what is typed, cleaned text, the hidden fields, errors from the domain.

Typed text is kept as typed (NFC, line ends unified); nothing is folded before it is stored. How long it is
comes first: nothing that is longer than people write is read, normalized or otherwise worked on, whatever
the field; it is shown again with a sentence beside it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple

from flask import flash, g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    Field,
    FileField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import Optional, StopValidation

from embeddings.normal import nfc
from matcher.ground import errors, limits
from matcher.ground.typed import seen
from matcher.register import receipts
from webapp import kept, text
from webapp.forms.needed import asked_for
from webapp.labels import said

#: What a field may hold that names no limit: a number, a code, a day, or a few lines.
_UNNAMED: Final = limits.MESSAGE
NO_VERSION: Final = -1
_MOST_VALUES: Final = 1_000  #: boxes that one may tick, unless the field says otherwise (``most_values``)


def clean(value: Any) -> Any:
    """Stored form of typed text: NFC, LF line ends, no NUL, no surrounding white space; what cannot be seen
    is no text.
    """
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return seen(nfc(value))


def choices(labels: Mapping[str, Any], none: Any = None) -> list[SelectChoice]:
    """The options of a list of labels; ``none`` is the label of choosing nothing."""
    first = [] if none is None else [SelectChoice("", none)]
    return [*first, *(SelectChoice(code, label) for code, label in labels.items())]


class _WholeLabels:
    """Options are said in the language of who opens the form: here, and nowhere else. Given as a mapping, at
    any time, they are code → label.

    WTForms takes the values of a mapping for groups unless all of them are plain ``str``; a translated label
    is none, and its letters became the options.
    """

    @property
    def choices(self) -> Any:
        """The options one by one."""
        found = super().choices  # type: ignore[misc]
        if found is None:
            return None
        listed = choices(found) if isinstance(found, Mapping) else map(SelectChoice.from_input, found)
        return [replace(one, label=said(one.label)) for one in listed]

    @choices.setter
    def choices(self, value: Any) -> None:
        SelectField.choices.fset(self, value)


@cache
def _with_whole_labels(kind: type[Field]) -> type[Field]:
    return type(kind.__name__, (_WholeLabels, kind), {})


def too_long(typed: str, limit: int) -> str:
    """How much shorter it must be, in a sentence."""
    count = limits.length(typed)
    if count <= limit:
        return str(_("文字に重ねた記号が多すぎます。記号を減らして入力してください。"))
    return str(_("%(limit)s文字までで入力してください。いまは%(count)s文字です。", limit=limit, count=count))


class Within:
    """At most so many characters, counted as people count; the counter on the page reads the same limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.field_flags = {"maxlength": limit}

    def __call__(self, _form: Any, field: Field) -> None:
        """Refuse what is longer, and say by how much."""
        if limits.is_too_long(field.data or "", self.limit):
            raise ValidationError(too_long(field.data, self.limit))


def _guarded(field: Field) -> Callable[[list[Any]], None]:
    """How ``field`` reads what was sent, once it is known to be of a length that people write."""
    read: Callable[[list[Any]], None] = field.process_formdata

    def process_formdata(sent: list[Any]) -> None:
        if len(sent) > getattr(field, "most_values", _MOST_VALUES):
            read([])
            raise ValueError(_("一度に選べる数を超えています。分けて送ってください。"))
        limit = field.flags.maxlength or _UNNAMED
        refused = next((one for one in sent if isinstance(one, str) and limits.is_beyond(one, limit)), None)
        if refused is None:
            read(sent)
            return
        read([])
        if type(field).process_formdata in {StringField.process_formdata, TextAreaField.process_formdata}:
            field.data = refused  # shown again as it was typed; the other kinds of field show ``raw_data``
        raise ValueError(too_long(refused, limit))

    return process_formdata


def _unread(_form: Any, field: Field) -> None:
    """What could not be read is said once, and not asked for or checked any further."""
    if field.process_errors:
        raise StopValidation


class Form(FlaskForm):  # type: ignore[misc]
    """Base of all forms. ``version`` is the record's version as shown, ``form_id`` stops double sends."""

    version = HiddenField()
    form_id = HiddenField(default=receipts.new_form_id)

    class Meta:
        """All fields are read within limits, all string fields are cleaned and all lists of options are read
        the same way.
        """

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """A page to which its writer came back after signing in is filled with what was typed."""
            typed = kept.typed()
            found = super().wrap_formdata(form, formdata)  # type: ignore[misc]
            return typed if found is None and typed is not None else found

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """Add the limit before everything, ``clean`` as the first filter of every field, and
            ``_WholeLabels`` to every select.
            """
            filters = [clean, *unbound_field.kwargs.get("filters", [])]
            if issubclass(unbound_field.field_class, SelectField):
                kind = _with_whole_labels(unbound_field.field_class)
                unbound_field = UnboundField(kind, *unbound_field.args, **unbound_field.kwargs)
            field = unbound_field.bind(form=form, filters=filters, **options)
            field.process_formdata = _guarded(field)
            field.validators = (_unread, *field.validators)
            return field

    @classmethod
    def takes_file(cls) -> bool:
        """Whether a file may come with it."""
        found = (getattr(cls, name) for name in dir(cls) if not name.startswith("_"))
        kinds = (field.field_class for field in found if isinstance(field, UnboundField))
        return any(issubclass(kind, FileField) for kind in kinds)

    #: What is said of an empty field that the domain asks for, where there is more to say than that.
    when_empty: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    is_repeatable = False  #: whether sending it twice does no more than sending it once
    is_overtaken = False  #: whether somebody was faster, as the page says then

    def validate_form_id(self, field: Field) -> None:
        """Without the number that the page gave it, a form could be taken twice; the next send has one."""
        if not self.is_repeatable and not receipts.is_form_id(str((field.raw_data or [""])[0])):
            field.data = receipts.new_form_id()
            raise ValidationError(_("もう一度送ってください。"))

    def validate_version(self, field: Field) -> None:
        """Over a record with a version nothing is typed unseen; the next send says what is seen now."""
        if field.object_data and not re.fullmatch(r"[0-9]{1,15}|[0-9a-f]{64}", self.shown):
            field.data = str(field.object_data)
            raise ValidationError(_("もう一度送ってください。"))

    def validate(self, extra_validators: Any = None) -> bool:
        """As every form; what was read from words is said on the page that follows, once: what comes with a
        file is read before the file is looked at, and again before it is saved.
        """
        is_valid = bool(super().validate(extra_validators))
        if is_valid:
            said = g.setdefault("readings_said", set())
            for field in self:
                reading = getattr(field, "reading", "")
                if reading and (field.name, reading) not in said:
                    said.add((field.name, reading))
                    flash(f"{field.label.text}：{reading}", "information")
        return is_valid

    @property
    def shown(self) -> str:
        """What the page says it had shown, as it was sent; empty where nothing was."""
        return str((self.version.raw_data or [""])[0])

    @property
    def shown_version(self) -> int:
        """The version of the record over which the person typed.

        Who does not say what they saw counts as overtaken: ``NO_VERSION`` is the version of no record.
        """
        return int(self.shown) if re.fullmatch(r"[0-9]{1,15}", self.shown) else NO_VERSION

    @property
    def typed_words(self) -> list[tuple[str, str]]:
        """What a person put in: label and value in the words of the page; without hidden and empty fields."""
        return [(field.label.text, words) for field in self if (words := _in_words(field))]

    def take(self, error: errors.Invalid) -> None:
        """Put the domain's field errors beside their fields."""
        for name, code in error.facts.items():
            if name in self:
                field = self[name]
                said = text.field_sentence(code) if code != "required" else self.when_empty.get(name)
                field.errors = [*field.errors, str(said or asked_for(field))]


class Condition(NamedTuple):
    """One chosen condition of a list: the field's name and label, and the choice as it is read."""

    name: str
    label: str
    words: str


class ConditionsForm(Form):
    """What narrows a list. Sent by GET; a code that is not on the list is no condition, and is named."""

    class Meta(Form.Meta):
        """Nothing is changed, so no token is needed."""

        csrf = False

    #: Fields that order the list rather than narrow it.
    orders: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.shown_fields:  # what cannot be read is refused without a send, too
            field.errors = list(field.process_errors)

    @property
    def shown_fields(self) -> list[Any]:
        """The fields as they stand on the page."""
        return [field for field in self if field.name not in {"version", "form_id"}]

    @property
    def conditions(self) -> dict[str, str]:
        """The chosen conditions: name → code, or typed text."""
        chosen = {field.name: _typed(field) for field in self._narrowing if not field.errors}
        return {
            name: value for name, value in chosen.items() if value and value in _options(self[name], value)
        }

    @property
    def in_words(self) -> list[Condition]:
        """The chosen conditions as they are read."""
        return [
            Condition(name, self[name].label.text, _as_read(self[name], value))
            for name, value in self.conditions.items()
        ]

    @property
    def not_used(self) -> list[tuple[str, str]]:
        """What was sent and narrows nothing: the label of its field, and why, with what to do."""
        return [(field.label.text, why) for field in self.shown_fields if (why := _why_not_used(field))]

    @property
    def _narrowing(self) -> list[Any]:
        return [field for field in self.shown_fields if field.name not in self.orders]


def _typed(field: Field) -> str:
    """What was chosen, as text; a number that is 0 was typed as well."""
    return "" if field.data is None else str(field.data)


def _why_not_used(field: Field) -> str:
    typed = _typed(field)
    if typed:  # what is too long in a field for words is said beside it
        is_known = typed in _options(field, typed)
        return "" if is_known else str(_("表示されている中から選び直してください。"))
    return str(field.errors[0]) if field.errors and field.process_errors else ""


def _as_read(field: Field, value: str) -> str:
    return getattr(field, "in_words", "") or str(_options(field, value)[value])


def _options(field: Field, typed: str) -> dict[str, Any]:
    """code → label of a field with a list; in a field for words, whatever is typed stands for itself."""
    if isinstance(field, SelectField):
        return {str(choice.value): choice.label for choice in field.iter_choices()}
    return {typed: typed}


class SearchForm(ConditionsForm):
    """Conditions and words to look for. Too many are refused beside the field, and none is looked for."""

    q = StringField(_l("キーワード"), validators=[Optional(), Within(limits.SHORT)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.q.validate(self)

    @property
    def words(self) -> str:
        """What to look for; empty where it was refused."""
        return "" if self.q.errors else (self.q.data or "")


def _in_words(field: Field) -> str:
    if field.type in {"HiddenField", "CSRFTokenField", "FileField"} or not field.raw_data:
        return ""
    labels = (
        {choice.value: str(choice.label) for choice in field.iter_choices()}
        if hasattr(field, "choices")
        else {}
    )
    return "、".join(labels.get(str(typed), str(typed)) for typed in field.raw_data if typed)
