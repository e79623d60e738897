"""One request for an act on a case after the introduction, and what the forms of several acts share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import current_app

from matcher.cases import documents, files
from matcher.ground.errors import Invalid
from matcher.ground.permissions import Actor
from matcher.records import (
    CaseDocument,
    CaseFile,
    Partnership,
)
from matcher.register import act
from matcher.register.act import Look
from webapp.db import Session
from webapp.forms.base import Form


@dataclass
class Ask:
    """One request for one act: who asks, about which case and record, with which form."""

    row: "Act"
    session: Session
    actor: Actor
    case: Partnership
    now: datetime
    item: Any = None
    key: str = ""
    form: Any = None
    upload: files.Prepared | None = None

    @property
    def deed(self) -> act.Act:
        """The act as it is declared."""
        return self.row.deed

    @property
    def action(self) -> str:
        """Its name."""
        return self.deed.name

    @property
    def look(self) -> Look:
        """Who asks, before which case and item; a part that a key names is the item of its act."""
        item = self.key if self.deed.item is str else self.item
        return Look(self.session, self.actor, self.case, self.now, item)

    @property
    def draft(self) -> CaseDocument | None:
        """The open draft of the document that the action writes."""
        kind = self.deed.writes
        return documents.find_draft(self.session, self.case, kind) if kind else None

    @property
    def why_changed(self) -> str:
        """Why what is in force is being changed, where the form asks for it."""
        return (self.form.why_changed.data or "") if "why_changed" in self.form else ""


Given = tuple[Any, ...]


@dataclass(frozen=True)
class Act:
    """How one asks for an act: its form, and what of the form the act is given (``answers``, ``named``).

    Permission, states, words and all else stand in its declaration (``deed``). ``prefill`` and ``prepare``
    say what the form begins with and offers. ``leads_to`` names the page of what was made, where one goes on
    there.
    """

    deed: act.Act
    form: type[Form]
    answers: Callable[[Ask], Given] = field(default=lambda ask: ())
    named: Callable[[Ask], Mapping[str, Any]] = field(default=lambda ask: {})
    prefill: Callable[[Ask], dict[str, Any]] = field(default=lambda ask: {})
    prepare: Callable[[Ask], None] = field(default=lambda ask: None)
    leads_to: Callable[[Any], str | None] = field(default=lambda made: None)


def amending(
    deed: act.Act, form: type[Form], answers: Callable[[Ask], Given] = lambda ask: (), **more: Any
) -> Act:
    """The same of what may change a plan or an agreement in force, with the reason for it."""
    return Act(deed, form, answers, named=lambda ask: {"why_changed": ask.why_changed}, **more)


def prepare_amendment(ask: Ask) -> None:
    """A plan or an agreement in force is changed for a reason: asked for once, then shown as it was given."""
    if "why_changed" not in ask.form:
        return
    if not ask.case.is_running:
        del ask.form.why_changed
    elif ask.draft is not None and ask.form.why_changed.raw_data is None:
        ask.form.why_changed.data = ask.draft.why_changed


def store() -> files.Store:
    """Where the files of cases lie."""
    settings = current_app.config["SETTINGS"]
    return files.Store(settings.files_folder, settings.antivirus_command)


def prepare_upload(form: Form) -> files.Prepared:
    """Look at the file that came with a form; slow, so before the transaction.

    Raises:
        Invalid: it cannot be taken, named by the field that it came in. Refused: not now.
    """
    field = next(field for field in form if field.type == "FileField" and has_file(field))
    try:
        return files.prepare(store(), field.data.filename, field.data.read())
    except Invalid as error:
        raise Invalid(**{field.name: str(error.facts.get("file", "required"))}) from error


def has_file(field: Any) -> bool:
    """Whether a file was chosen in a file field."""
    return bool(field.data and getattr(field.data, "filename", ""))


def evidence(ask: Ask) -> CaseFile | None:
    """The file that was added with the form, else the one that was chosen."""
    if ask.upload is not None:
        upload = ask.upload
        added: CaseFile = files.add_file(ask.session, ask.actor, ask.case, None, upload, "evidence", ask.now)
        return added
    if has_file(ask.form.new_evidence):
        raise Invalid(new_evidence="file_required")  # not looked at, since the form was not ready then
    chosen = ask.form.evidence.data
    return files.get(ask.session, ask.case, chosen) if chosen else None


def offer_files(ask: Ask) -> None:
    """Let the person choose among the files of the case."""
    ask.form.offer_files(files.of_case(ask.session, ask.case))


def written(ask: Ask) -> dict[str, Any]:
    """What the form begins with: the open draft, else the version in force."""
    kind = ask.deed.writes
    found = ask.draft or documents.find_agreed(ask.session, ask.case, kind)
    return dict(found.content) if found else {}


def days(content: dict[str, Any], *names: str) -> dict[str, Any]:
    """The content of a text with its days as days."""
    return content | {name: date.fromisoformat(content[name]) for name in names if content.get(name)}


def fields(*names: str) -> Callable[[Ask], Given]:
    """What stands in these fields of the form."""
    return lambda ask: tuple(ask.form[name].data for name in names)
