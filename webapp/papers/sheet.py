"""案件の概要（引き継ぎ用）: where a case stands today – once it is closed, by the names of its closing."""

from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.cases import reads as case_reads
from matcher.cases import turns
from matcher.ground import lifecycle
from matcher.records import User
from matcher.work import reads as work_reads
from webapp import act_text
from webapp.papers import measured
from webapp.papers.paper import Ask, Paper, head


def _facts(ask: Ask) -> dict[str, Any]:
    case, session = ask.case, ask.session
    closed = ask.history.event(lifecycle.CLOSE, lifecycle.CLOSE_EARLY)

    def name(person: User | None) -> str:
        return ask.history.person(person.public_id, closed, person.name) if person else ""

    people = [person.public_id for person in (case.coordinator, case.deputy) if person is not None]
    return {
        **head(case, ask.history.on(closed, *people), ask.now),
        "state": case.state, "since": case.moved_at, "measured": measured.rows(ask, None),
        "coordinator": name(case.coordinator), "deputy": name(case.deputy),
        "steps": [
            {"side": step.side, "words": act_text.step(step), "until": step.until}
            for step in turns.steps(session, case, ask.now)
        ],
        "tasks": [
            {"side": task.side, "text": task.text, "due_on": task.due_on}
            for task in case_reads.tasks(session, case)
            if task.is_open
        ],
        "risks": [
            {"text": risk.text, "mitigation": risk.mitigation}
            for risk in work_reads.risks(session, case)
            if risk.is_open
        ],
        "meetings": [
            {"held_on": note.held_on, "people": note.people, "text": note.text, "next_step": note.next_step}
            for note in case_reads.meetings(session, case)[:3]
        ],
    }  # fmt: skip


PAPER: Final = Paper("sheet", _l("案件の概要（引き継ぎ用）"), 11, lambda _ask: True, _facts)
