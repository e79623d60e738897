"""The one page of an act: ask, do, or say why not – with what was typed, and who was faster.

A view says which act, with which form, and how its page is drawn; what may be done stands with the act.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.ground import permissions
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.register import receipts
from matcher.register.act import MOVED_ON, Act, Look
from webapp import access, clock, db, text
from webapp.forms.base import Form

Page = Response | str | tuple[str, int]
Answers = tuple[Sequence[Any], Mapping[str, Any]]

#: What stands in the way of what is done: what was filled in, a rule, somebody who was faster.
NOT_DONE = (Invalid, Refused, MovedOn, db.Overtaken)


@dataclass(frozen=True, kw_only=True)
class FormPage:
    """One form over one record, as somebody opens or sends it.

    Args:
        record: as it was read for this request; ``find`` reads it as it is now.
        ask: draws the page: the record, and what stood in the way (empty where nothing did).
        overtaken: who was faster, in a sentence.
        shown: what the form shows of the record, by which one sees that it has changed since.
        said_elsewhere: fields beside the form's of which the page itself says what is wrong.
    """

    form: Form
    record: Any
    find: Callable[[], Any]
    ask: Callable[[Any, str], str]
    overtaken: Callable[[Any], str]
    shown: Callable[[Any], str] = lambda record: str(record.version)
    said_elsewhere: Container[str] = frozenset()

    def save(self, do: Callable[[], Any], onward: Callable[[Any], str], says: str = "") -> Page:
        """Ask, or keep what was filled in: a text that may be saved again and again.

        ``onward`` says where one goes on by what ``do`` made.
        """
        if not self.form.is_submitted():
            return self.ask(self.record, "")
        if not self.form.validate():
            return self.ask(self.record, ""), 422
        try:
            made = do()
        except NOT_DONE as error:
            return self.not_done(error)
        if says:
            flash(says, "success")
        return redirect(onward(made))

    def not_done(self, error: Exception) -> Page:
        """The page again, with what was typed and what stood in the way; nothing of it is written."""
        db.undo()
        record = self.find()
        if isinstance(error, Invalid):
            self.form.take(error)
            unplaced = (
                text.field_sentence(code)
                for name, code in error.facts.items()
                if name not in self.form and name not in self.said_elsewhere
            )
            return self.ask(record, " ".join(unplaced)), 422
        if isinstance(error, Refused):
            return self._over(record, text.sentence(error.code, error.facts))
        return self.late(record)

    def late(self, record: Any) -> Page:
        """Somebody was faster; what was typed is kept."""
        self.form.is_overtaken = True
        return self._over(record, self.overtaken(record))

    def _over(self, record: Any, banner: str) -> Page:
        self.form.version.data = self.shown(record)  # the next send is over what the banner tells
        return self.ask(record, banner), 409


@dataclass(frozen=True, kw_only=True)
class ActPage(FormPage):
    """One act on one record.

    Args:
        deed: the act.
        home: the page of the record.
        item: what of the record, or beside it, the act is about.
        answers: what was filled in, as the act takes it.
        says: what one reads once it is done, where that is not the act's own word; empty says nothing.
        closed: what is shown where the act is not open (any more), if not ``_closed``.
        gone: what reads who opens the page of an act that is not open (any more).
        leads_to: where one goes on by what was made, where that is not ``home``.
        before: what is answered before it is asked or done: that it cannot be done now, a page to check.
    """

    deed: Act
    home: str
    item: Callable[[], Any] = lambda: None
    answers: Callable[[], Answers] = lambda: ((), {})
    says: Callable[[Any], str] | None = None
    closed: Callable[[Any], Page] | None = None
    gone: Callable[[Any], str] = lambda record: _(
        "この操作は、いまはできません。最新の状況をご確認ください。"
    )
    leads_to: Callable[[Any], str | None] = lambda made: None
    before: Callable[[Look], Page | None] = lambda look: None

    def answer(self) -> Page:
        """Ask, or do it once, however often it is sent.

        Raises:
            NotFound, NotPermitted: for whom there is no such record or act.
        """
        session, actor, record = db.session(), access.actor(), self.record
        permissions.require(actor, self.deed.by, record)
        is_sent = request.method == "POST"
        if is_sent and (earlier := receipts.earlier(session, actor, self.form.form_id.data)):
            return redirect(earlier)
        if not self._is_open(record):
            return self._closed(record)
        look = Look(session, actor, record, clock.now(), self.item())
        if (page := self.before(look)) is not None:
            return page
        if not is_sent:
            found = self.deed.obstacle(look)
            return self._refused(found) if found else self.ask(record, "")
        if not self.form.validate():
            return self.ask(record, ""), 422
        try:
            done = self.deed.perform(look, self.answers, version=self.form.shown)
        except NOT_DONE as error:
            return self.not_done(error)
        onward = self.leads_to(done.made) or self.home
        receipts.keep(session, actor, self.form.form_id.data, onward, look.now)
        words = self.deed.words
        sentence = self.says(record) if self.says else _(words.saved if done.is_quiet else words.done)
        if sentence:
            flash(sentence, "success")
        return redirect(onward)

    def late(self, record: Any) -> Page:
        """The same; the act may be gone with it."""
        return super().late(record) if self._is_open(record) else self._closed(record)

    def _is_open(self, record: Any) -> bool:
        """Whether it can be done to the record at all; what stands against it is said as it is found."""
        return self.deed.may(Look(db.session(), access.actor(), record, clock.now()))

    def _closed(self, record: Any) -> Page:
        """The act is gone: who followed an old link is led on, what was typed is kept."""
        if self.closed is not None:
            return self.closed(record)
        if request.method == "POST":
            return super().late(record)
        flash(self.gone(record), "warning")
        return redirect(self.home)

    def _refused(self, found: Refused) -> Page:
        if found.code == MOVED_ON:
            return self._closed(self.record)
        flash(text.sentence(found.code, found.facts), "warning")
        return redirect(self.home)
