"""What is tried on the way to an agreement, and the states from which; used by the tests of talks, plans and agreements."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from matcher.agreements import acts as agreement_acts
from matcher.agreements import course, logic_models, plans
from matcher.cases import documents, files, talks, trials
from matcher.desk import handovers
from matcher.ground import calendar
from matcher.ground.errors import DomainError, Invalid
from matcher.records import (
    CaseDocument,
    Handover,
)
from matcher.register import officials
from matcher.results import accepting
from tests import factories
from tests.partners import Partners

Try = Callable[[Partners], object]


DAY = timedelta(days=1)


def reason(error: DomainError) -> str:
    """What a refusal says: the code, or ``field:code`` of what was typed."""
    if isinstance(error, Invalid):
        return " ".join(f"{name}:{code}" for name, code in sorted(error.facts.items()))
    return error.code


def editor(p: Partners, side: str = "npo"):
    """Somebody of a side who may write but does not represent it."""
    organization = p.npo if side == "npo" else p.company
    return factories.actor_for(
        factories.make_user(p.session, organization, organization_role="editor"), organization
    )


def viewer(p: Partners):
    """Somebody of the NPO who may only read."""
    return factories.actor_for(factories.make_user(p.session, p.npo, organization_role="viewer"), p.npo)


def outsider(p: Partners):
    """A member of another company."""
    other = factories.make_company(p.session)
    return factories.actor_for(factories.make_user(p.session, other), other)


def meet(actor: str = "npo_actor", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        values = {"held_on": p.today, "people": "佐藤", "text": "話した。"} | facts
        values = {name: value(p) if callable(value) else value for name, value in values.items()}
        return talks.record_meeting(p.session, _who(p, actor), p.case, talks.Meeting(**values), p.at)

    return act


def _who(p: Partners, actor: str):
    return {"viewer": viewer, "outsider": outsider, "editor": editor}.get(actor, lambda p: getattr(p, actor))(
        p
    )


def task(
    actor: str = "npo_actor",
    text: str = "測る",
    side: str = "npo",
    due: Callable[[Partners], date] | None = None,
) -> Try:
    return lambda p: talks.add_task(
        p.session, _who(p, actor), p.case, text, side, due(p) if due else None, p.at
    )


def milestone(day: Callable[[Partners], date]) -> Try:
    return lambda p: plans.write_milestones(
        p.session, p.npo_actor, p.case, [{"text": "会う", "on": day(p).isoformat()}], p.at,
        version=None, why_changed=p.why,
    )  # fmt: skip


def finish_task(actor: str = "npo_actor", *, twice: bool = False, stale: bool = False) -> Try:
    def act(p: Partners) -> object:
        found = talks.add_task(p.session, p.npo_actor, p.case, "測る", "npo", None, p.at)
        if twice:
            talks.finish_task(p.session, p.npo_actor, p.case, found, p.at, version=None)
        version = found.version - 1 if stale else None
        return talks.finish_task(p.session, _who(p, actor), p.case, found, p.at, version=version)

    return act


def name_contact(actor: str = "npo_actor", person: str = "npo_user") -> Try:
    return lambda p: talks.name_contact(p.session, _who(p, actor), p.case, getattr(p, person), p.at)


def trial(actor: str = "npo_actor", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        plan = trials.TrialPlan("確かめる", "届ける", p.today, p.today + 30 * DAY, 1000, "けが")
        changed = {key: value(p) if callable(value) else value for key, value in facts.items()}
        return trials.draft_trial(
            p.session, _who(p, actor), p.case, replace(plan, **changed), p.at, version=None
        )

    return act


def trial_result(actor: str = "npo_actor", outcome: str = "adopt", learned: str = "学んだ") -> Try:
    return lambda p: trials.draft_trial_result(
        p.session, _who(p, actor), p.case, outcome, learned, p.at, version=None
    )


def save_plan(actor: str = "npo_actor", version: int | None = None, why: str | None = None) -> Try:
    return lambda p: plans.write_purpose(
        p.session, _who(p, actor), p.case, "別の目的", p.at,
        version=version, why_changed=p.why if why is None else why,
    )  # fmt: skip


def whole_plan(p: Partners) -> None:
    p.draft_plan()


def indicator(**facts: Any) -> Try:
    return lambda p: p.indicator(**facts)


def drop_indicator(p: Partners) -> object:
    return plans.remove_indicator(p.session, p.npo_actor, p.case, "I1", p.at, version=None, why_changed=p.why)


def many_indicators(p: Partners) -> None:
    for _number in range(plans.MOST + 1):
        p.indicator()


def accept(kind: str, actor: str, sha256: str = "") -> Try:
    def act(p: Partners) -> object:
        draft = documents.find_draft(p.session, p.case, kind)
        assert draft is not None
        return accepting.accept_document(
            p.session, _who(p, actor), p.case, draft, sha256 or draft.sha256, p.at
        )

    return act


def after(*steps: Try) -> Try:
    """One after the other; only the last may fail."""

    def act(p: Partners) -> object:
        for step in steps[:-1]:
            step(p)
        p.session.flush()
        return steps[-1](p)

    return act


def drop(kind: str, text: str = "やめる", actor: str = "npo_actor") -> Try:
    def act(p: Partners) -> object:
        draft = documents.find_draft(p.session, p.case, kind)
        assert draft is not None
        return accepting.drop_document(p.session, _who(p, actor), p.case, draft, text, p.at, version=None)

    return act


def agree(actor: str = "npo_actor", why: str = "", **facts: Any) -> Try:
    def act(p: Partners) -> object:
        changed = {key: value(p) if callable(value) else value for key, value in facts.items()}
        return p.draft_agreement(by=_who(p, actor), why_changed=why, **changed)

    return act


def reopen(text: str = "もう一度", actor: str = "npo_actor", version: int | None = None) -> Try:
    return lambda p: agreement_acts.reopen_talks(
        p.session, _who(p, actor), p.case, text, p.at, version=version
    )


def confirm(
    actor: str = "manager", *, checks: int = 4, text: str = "確認", version: int | None = None
) -> Try:
    answer = agreement_acts.Confirmation(frozenset(agreement_acts.CHECKS[:checks]), text)
    return lambda p: agreement_acts.confirm(p.session, _who(p, actor), p.case, answer, p.at, version=version)


def give_back(actor: str = "coordinator", text: str = "金額は？", version: int | None = None) -> Try:
    return lambda p: agreement_acts.return_(
        p.session, _who(p, actor), p.case, "money", text, p.at, version=version
    )


def suspend(actor: str = "npo_actor", days: int = 30, text: str = "休む", version: int | None = None) -> Try:
    return lambda p: course.suspend(
        p.session, _who(p, actor), p.case, "staff", text, calendar.tokyo_date(p.at) + days * DAY, p.at,
        version=version,
    )  # fmt: skip


def resume(actor: str = "npo_actor", text: str = "続ける", version: int | None = None) -> Try:
    return lambda p: course.resume(p.session, _who(p, actor), p.case, text, p.at, version=version)


def terminate(
    actor: str = "npo_actor", text: str = "終える", inform: str = "会で伝える", version: int | None = None
) -> Try:
    return lambda p: course.terminate(
        p.session, _who(p, actor), p.case, "staff", text, inform, p.at, version=version
    )


def upload(actor: str = "npo_actor", name: str = "記録.csv", purpose: str = "evidence") -> Try:
    return lambda p: files.add_file(
        p.session,
        _who(p, actor),
        p.case,
        None,
        files.prepare(p.store, name, "日,人\r\n1,30\r\n".encode()),
        purpose,
        p.at,
    )


def city_suspends(p: Partners) -> None:
    p.npo.state = "suspended"


def verification_ends(p: Partners) -> None:
    p.company.verification_expires_on = p.today - DAY


def two_years_pass(p: Partners) -> None:
    p.later(days=731)


def change_plan(p: Partners) -> None:
    plans.write_purpose(p.session, p.npo_actor, p.case, "変えた目的", p.at, version=None, why_changed=p.why)


def change_and_accept_plan(p: Partners) -> None:
    change_plan(p)
    p.accept("plan")


def only_output_indicator(p: Partners) -> None:
    """A plan of the time in which one could be accepted without an outcome indicator."""
    p.introduce()
    p.meet()
    p.draft_plan({"kind": "output"})
    draft = documents.find_draft(p.session, p.case, "plan")
    assert draft is not None
    plans.put_in_force(p.session, p.case, draft, p.at)
    p.draft_agreement()


def linked(p: Partners) -> None:
    """An outcome-linked agreement as a draft."""
    p.introduce()
    p.meet()
    p.write_plan({"linked_to_payment": True})
    p.draft_agreement(type="outcome_linked", outcome=p.outcome())


def with_city_as_party(p: Partners) -> None:
    p.introduce()
    p.meet()
    p.write_plan()
    p.draft_agreement(city_is_party=True, roles_city="支払う", money_city_yen=1)
    p.sign()


def with_much_public_money(p: Partners) -> None:
    p.introduce()
    p.meet()
    p.write_plan()
    p.draft_agreement(money_city_yen=1_000_001)
    p.sign()


def amended(p: Partners) -> None:
    """Running, with a change of the agreement on the table."""
    p.bring("running")
    p.draft_agreement(why_changed="増やすため。", method="週に1回")


def amended_plan(p: Partners) -> None:
    """Running, with a change of the plan on the table."""
    p.bring("running")
    change_plan(p)


def write_logic(p: Partners, **lines: list[str]) -> dict[str, dict[str, str]]:
    """Save the logic model as the form does, and say which line has which key."""
    found = plans.write_logic(p.session, p.npo_actor, p.case, lines, p.at, version=None, why_changed=p.why)
    return logic_models.columns(found.content)


def draw(p: Partners, source: str, target: str, **facts: str) -> CaseDocument:
    link = {"source": source, "target": target, "evidence": "hypothesis", "assumption": "", **facts}
    return plans.save_link(p.session, p.npo_actor, p.case, link, p.at, version=None, why_changed=p.why)


def hand_over(p: Partners, **facts: Any) -> Handover:
    """The coordinator in charge hands the case to a colleague."""
    users = {user.id: user for user in officials.active_staff(p.session)}
    values = {
        "from_user": users[p.coordinator.user_id], "to_user": users[p.colleague.user_id], "cases": [p.case],
        "effective_on": p.today + 5 * DAY, "deputy": users[p.manager.user_id],
    } | facts  # fmt: skip
    deputy = values.pop("deputy")
    actor = values.pop("actor", p.coordinator)
    return handovers.plan(p.session, actor, *values.values(), p.at, deputy=deputy, note="資料は棚")
