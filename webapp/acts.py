"""The one page of an act: ask, do, or say why not – with what was typed, and who was faster.

A view says which act, with which form, and how its page is drawn; what may be done stands with the act.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.ground import permissions
from matcher.ground.errors import Invalid, MovedOn, Refused
from matcher.register import receipts
from matcher.register.act import Act, Look
from webapp import access, clock, db, text
from webapp.forms.base import Form

Page = Response | str | tuple[str, int]
Answers = tuple[Sequence[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class ActPage:
    """One act on one record, as somebody opens or sends its page.

    Args:
        find: reads the record as it is now.
        ask: draws the page: the record, and what stood in the way (empty where nothing did).
        home: the page of the record.
        overtaken: who was faster, in a sentence.
        answers: what was filled in, as the act takes it.
        says: what one reads once it is done, where that is not the act's own word; empty says nothing.
        is_valid: whether what was filled in can be taken.
        closed: what is shown where the act is not open (any more), if not ``_closed``.
        leads_to: where one goes on, where that is not ``home``.
    """

    deed: Act
    form: Form
    find: Callable[[], Any]
    ask: Callable[[Any, str], str]
    home: str
    overtaken: Callable[[Any], str]
    answers: Callable[[], Answers] = lambda: ((), {})
    says: Callable[[Any], str] | None = None
    is_valid: Callable[[], bool] | None = None
    closed: Callable[[Any], Page] | None = None
    leads_to: str = ""

    def answer(self) -> Page:
        """Ask, or do it once, however often it is sent.

        Raises:
            NotFound, NotPermitted: for whom there is no such record or act.
        """
        session, actor, record = db.session(), access.actor(), self.find()
        permissions.require(actor, self.deed.by, record)
        is_sent, onward = request.method == "POST", self.leads_to or self.home
        if is_sent and (earlier := receipts.earlier(session, actor, self.form.form_id.data)):
            return redirect(earlier)
        look = Look(session, actor, record, clock.now())
        if not self.deed.may(look):
            return self._closed(record)
        if not is_sent:
            code = self.deed.obstacle(look)
            return self._refused(code) if code else self.ask(record, "")
        if not (self.is_valid or self.form.validate)():
            return self.ask(record, ""), 422
        try:
            self.deed.perform(look, self.answers, version=self.form.shown_version)
        except (Invalid, Refused, MovedOn, db.Overtaken) as error:
            db.undo()
            return self._not_done(error)
        receipts.keep(session, actor, self.form.form_id.data, onward, look.now)
        if sentence := self.says(record) if self.says else _(self.deed.words.done):
            flash(sentence, "success")
        return redirect(onward)

    def _not_done(self, error: Exception) -> Page:
        """The page again, with what was typed and what stood in the way."""
        record = self.find()
        if isinstance(error, Invalid):
            self.form.take(error)
            return self.ask(record, ""), 422
        if isinstance(error, Refused):
            self.form.version.data = str(record.version)
            return self.ask(record, text.sentence(error.code, error.facts)), 409
        if not self.deed.may(Look(db.session(), access.actor(), record, clock.now())):
            return self._closed(record)
        return self._overtaken(record)

    def _closed(self, record: Any) -> Page:
        """The act is gone: who followed an old link is led on, what was typed is kept."""
        if self.closed is not None:
            return self.closed(record)
        if request.method == "POST":
            return self._overtaken(record)
        flash(_("この操作は、いまはできません。最新の状況をご確認ください。"), "warning")
        return redirect(self.home)

    def _overtaken(self, record: Any) -> Page:
        self.form.version.data = str(record.version)  # the next send is over what the banner tells
        return self.ask(record, self.overtaken(record)), 409

    def _refused(self, code: str) -> Page:
        flash(text.sentence(code), "warning")
        return redirect(self.home)
