"""The cases of the invented city until they are decided: asked for, answered, talked about, approved."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from matcher.cases import answering, beginning, deciding, stages
from matcher.records import Partnership
from seed_data.lines import Facts, day_of
from seed_data.postings import Postings
from seed_data.residents import Residents


class Cases:
    """What was begun so far, by the keys of the texts."""

    def __init__(self, session: Session, residents: Residents, postings: Postings, shift: timedelta) -> None:
        self.session = session
        self.residents = residents
        self.postings = postings
        self.shift = shift
        self.begun: dict[str, Partnership] = {}

    def begin(self, line: Facts, at: datetime) -> None:
        """Somebody asks, offers or recommends."""
        organizations = self.residents.organizations
        company, npo = organizations[line["company"]], organizations[line["npo"]]
        need = self.postings.written.get(line.get("need") or "")
        offer = self.postings.written.get(line.get("offer") or "")
        terms = beginning.Terms(
            line["support_type"],
            line.get("quantity"),
            line.get("unit") or "",
            day_of(line.get("period_from"), self.shift),
            day_of(line.get("period_to"), self.shift),
        )
        about: dict[str, Any] = {"need": need, "offer": offer}
        if line["origin"] == "coordinator":
            self.begun[line["id"]] = beginning.recommend(
                self.session,
                self.residents.officer(line.get("officer", 0)),
                beginning.between(company, npo, **about),
                terms,
                line["reason_code"],
                line["message"],
                at,
            )
        else:
            actor = self.residents.member(line["company"] if line["origin"] == "company" else line["npo"])
            self.begun[line["id"]] = beginning.propose(
                self.session, actor, beginning.between(company, npo, **about), terms, line["message"], at
            )

    def step(self, key: str, step: Facts, at: datetime) -> None:
        """What happens next in it."""
        case, session = self.begun[key], self.session
        by = step.get("by", "coordinator")
        officer = self.residents.officer(step.get("officer", 1 if by == "coordinator" else 2))
        sides = {"company": case.company_id, "npo": case.npo_id}
        actor = self.residents.owner_of(sides[by]) if by in sides else officer
        code, text = step.get("reason_code", ""), step.get("text", "")
        match step["action"]:
            case "accept":
                answering.accept(session, actor, case, text, at, version=None)
            case "decline":
                answering.decline(session, actor, case, code, text, at, version=None)
            case "withdraw":
                answering.withdraw(session, actor, case, code, text, at, version=None)
            case "message":
                answering.send_message(session, actor, case, text, at)
            case "revise":
                terms = beginning.Terms(
                    step.get("support_type", case.support_type), step.get("quantity", case.quantity),
                    step.get("unit", case.unit), case.period_from, case.period_to,
                )  # fmt: skip
                answering.revise(session, actor, case, terms, text, at, version=None)
            case "approve":
                decision = deciding.Decision(
                    text, conflict_of_interest=False, city_involved=by == "manager",
                    consulted=step.get("consulted", ""),
                )  # fmt: skip
                deciding.approve(session, actor, case, decision, at, version=None)
            case "return":
                deciding.return_(session, actor, case, code, text, at, version=None)
            case "refuse":
                deciding.refuse(session, actor, case, code, text, at, version=None)
            case "expire":
                stages.expire_unanswered(session, at)
            case unknown:
                raise ValueError(f"expected a known action in case {key}, found {unknown!r}")
