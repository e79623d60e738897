"""Loads the invented demo city by living through it: every record is made by the services, at its time.

So the demo's histories, audit chain and frozen decisions are of the same kind as real ones. The texts are
in ``seed_data``; this module only knows in which order a town does things.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from matcher.cases import fits
from matcher.cases.files import Store
from matcher.city import cities
from matcher.ground import calendar
from matcher.ground.db import Database
from matcher.ground.errors import Refused
from matcher.ground.permissions import Actor
from matcher.records import (
    Mail,
    Municipality,
    Notice,
    Partnership,
    User,
)
from matcher.suggestions import encoding, pairs
from matcher.suggestions.encoding import Encoder
from matcher.suggestions.indexing import LiveIndex
from seed_data import lines
from seed_data.cases import Cases
from seed_data.lines import Facts, day_of
from seed_data.postings import Postings
from seed_data.residents import Residents
from seed_data.work import Teller


@dataclass(order=True)
class _Event:
    at: datetime
    order: int
    act: Callable[[datetime], None] = field(compare=False)
    is_of_case: bool = field(compare=False, default=False)  #: it may keep why the two fit


class Town:
    """The demo city while it is being lived through."""

    def __init__(
        self, session: Session, folder: Path, now: datetime, store: Store, encoder: Encoder | None = None
    ) -> None:
        """``encoder``: what reads the texts as they are written, so that cases keep their reasons."""
        self.session = session
        self.encoder = encoder
        if encoder is not None:
            encoding.serve_within(session, encoder.model_id)
            session.info[fits.JUDGE] = pairs.judge_by(LiveIndex())
        self.now = now
        self.facts: dict[str, Any] = json.loads((folder / "city.json").read_text(encoding="utf-8"))
        # The texts were written as of one day; loaded later, the whole city moves along by whole weeks.
        age = calendar.tokyo_date(now) - date.fromisoformat(self.facts["as_of"])
        self.shift = max(timedelta(0), timedelta(weeks=age.days // 7))
        self.lines = {
            kind: list(lines.read(folder, kind))
            for kind in ("companies", "npos", "needs", "offers", "cases", "stories")
        }
        self.residents = Residents(session, self.facts["demo"])
        self.postings = Postings(session, self.residents, now, self.shift)
        self.cases = Cases(session, self.residents, self.postings, self.shift)
        self.teller = Teller(session, store, self.shift, self._party)
        self._events: list[_Event] = []

    def live(self, step: Callable[[int, int], None] | None = None) -> None:
        """Live through everything, in the order of time; ``step(done, total)`` is told of progress."""
        cities.put(self.session, self.facts["municipality"], is_demo=True)
        self._plan()
        events = sorted(self._events)
        for done, event in enumerate(events, start=1):
            if event.is_of_case and self.encoder is not None:
                encoding.encode_at_once(self.session, self.encoder, event.at)
            event.act(event.at)
            if step is not None:
                step(done, len(events))
        self._settle()

    # ── Planning ─────────────────────────────────────────────────────────────────────────────────

    def _at(self, moment: datetime, act: Callable[[datetime], None], *, is_of_case: bool = False) -> None:
        if moment >= self.now:
            moment = self.now - timedelta(minutes=5)
        self._events.append(_Event(moment, len(self._events), act, is_of_case))

    def _plan(self) -> None:
        start = datetime(2025, 4, 7, 0, 30, tzinfo=UTC)
        self._at(start - timedelta(days=6), self.residents.make_staff)
        state_of = {
            name: state for state, names in self.facts["organization_states"].items() for name in names
        }
        everyone = [("company", line) for line in self.lines["companies"]]
        everyone += [("npo", line) for line in self.lines["npos"]]
        first_case = self._first_uses("company", "npo")
        for place, (kind, line) in enumerate(everyone):
            state = state_of.get(line["id"], "verified")
            joined = start + timedelta(days=(place * 37) % 300, minutes=place * 7 % 400)
            if line["id"] in first_case:
                joined = min(joined, first_case[line["id"]] - timedelta(days=40))
            if state in {"draft", "submitted", "returned"}:
                joined = self.now - timedelta(days=9 - place % 5, hours=place % 7)
            self._plan_organization(kind, line, state, joined)
        for place, line in enumerate(self.lines["needs"] + self.lines["offers"]):
            self._plan_posting(line, place)
        for line in self.lines["cases"]:
            self._plan_case(line)
        officer, indicators = self.residents.officer, self.facts["indicators"]
        self._at(start, lambda at: self.teller.library(indicators, officer(), at))
        for story in self.lines["stories"]:
            for step in story["steps"]:
                self._plan_story_step(story["case"], step)

    def _plan_story_step(self, key: str, step: Facts) -> None:
        self._at(
            self._moment(step["at"]),
            lambda at: self.teller.tell(self.cases.begun[key], step, at),
            is_of_case=True,
        )

    def _party(self, case: Partnership, side: str) -> Actor:
        """Who acts on a case: the owner of a side, the officer in charge, or the manager."""
        if side in {"company", "npo"}:
            return self.residents.owner_of(case.company_id if side == "company" else case.npo_id)
        return self.residents.officer(2 if side == "manager" else 1)

    def _plan_organization(self, kind: str, line: Facts, state: str, joined: datetime) -> None:
        self._at(joined, lambda at: self.residents.register(kind, line, at))
        key = line["id"]
        if state == "draft":
            return
        self._at(joined + timedelta(days=1), lambda at: self.residents.submit(key, at))
        if state == "submitted":
            return
        if state == "returned":
            self._at(joined + timedelta(days=2), lambda at: self.residents.return_(key, at))
            return
        self._at(joined + timedelta(days=3), lambda at: self.residents.verify(key, at))
        if state == "suspended":
            self._at(self.now - timedelta(days=20), lambda at: self.residents.suspend(key, at))

    def _plan_posting(self, line: Facts, place: int) -> None:
        status, key = line["status"], line["id"]
        ends = day_of(line.get("valid_until") or line.get("period_to"), self.shift)
        published = self.now - timedelta(days=8 + (place * 29) % 150, minutes=place % 300)
        if status == "expired" and ends is not None:
            published = min(published, calendar.end_of_day(ends) - timedelta(days=60))
        first = self._first_uses("need", "offer").get(key)
        if first is not None:
            published = min(published, first - timedelta(days=10))
        if status in {"draft", "in_review", "returned"}:
            published = self.now - timedelta(days=place % 6, hours=3 + place % 5)
        if status == "draft":
            self._at(published, lambda at: self.postings.write(line, at))
            return
        self._at(published - timedelta(days=2), lambda at: self.postings.write(line, at))
        submitted = published if status == "in_review" else published - timedelta(days=1)
        self._at(submitted, lambda at: self.postings.submit(key, at))
        if status == "in_review":
            return
        if status == "returned":
            self._at(published, lambda at: self.postings.return_(key, at))
            return
        self._at(published, lambda at: self.postings.publish(key, at))
        later = {
            "paused": self.postings.pause,
            "filled": self.postings.fill,
            "expired": self.postings.expire,
            "withdrawn": self.postings.withdraw,
        }.get(status)
        if later is not None:
            last = max((at for at in self._uses(key)), default=published)
            ended = max(published, last) + timedelta(days=5)
            if status == "expired" and ends is not None:
                ended = max(ended, calendar.end_of_day(ends) + timedelta(minutes=10))
            self._at(ended, lambda at: later(key, at))

    def _first_uses(self, *roles: str) -> dict[str, datetime]:
        """When each organization, need or offer first stands in a case."""
        first: dict[str, datetime] = {}
        for line in self.lines["cases"]:
            for key in (line.get(role) for role in roles):
                if key:
                    at = self._moment(line["at"])
                    first[key] = min(first.get(key, at), at)
        return first

    def _uses(self, key: str) -> Iterator[datetime]:
        for line in self.lines["cases"]:
            if key in (line.get("need"), line.get("offer")):
                yield from (self._moment(step["at"]) for step in ({"at": line["at"]}, *line["steps"]))

    def _plan_case(self, line: Facts) -> None:
        self._at(self._moment(line["at"]), lambda at: self.cases.begin(line, at), is_of_case=True)
        for step in line["steps"]:
            self._at(
                self._moment(step["at"]),
                lambda at, step=step: self.cases.step(line["id"], step, at),  # type: ignore[misc]
                is_of_case=True,
            )

    def _moment(self, text: str) -> datetime:
        """``2026-10-03T14:30`` in Tokyo time, as UTC, moved along with the city."""
        moment = datetime.fromisoformat(text).replace(tzinfo=calendar.TOKYO)
        return moment.astimezone(UTC) + self.shift

    def _settle(self) -> None:
        """What was mailed in the past has been sent; what is two weeks old has been read."""
        self.session.flush()
        self.session.execute(delete(Mail))
        self.session.execute(
            update(Notice)
            .where(Notice.created_at < self.now - timedelta(days=14))
            .values(read_at=Notice.created_at, mailed=True)
        )
        self.session.execute(update(Notice).values(mailed=True))


def is_empty(session: Session) -> bool:
    """Whether nothing was ever entered: the only database into which the demo city may be loaded."""
    return session.get(Municipality, 1) is None and not session.scalar(select(func.count()).select_from(User))


def load(
    database: Database,
    folder: Path,
    now: datetime,
    step: Callable[[int, int], None] | None = None,
    *,
    store: Store | None = None,
    encoder: Encoder | None = None,
) -> None:
    """Load the demo city into an empty database, in one transaction.

    Args:
        encoder: reads the texts as they are written; without one its cases do not know why the two fit.
        store: where the files of its cases go; without one they are kept nowhere that lasts.

    Raises:
        Refused: ``not_empty`` where there are records already.
    """
    with database.write() as session:
        if not is_empty(session):
            raise Refused("not_empty")
        with tempfile.TemporaryDirectory() as nowhere:
            Town(session, folder, now, store or Store(Path(nowhere)), encoder).live(step)
