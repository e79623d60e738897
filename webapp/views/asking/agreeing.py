"""Forms of the plan and the agreement, of accepting them, and of what becomes of them."""

from typing import Any, Final

from matcher.agreements import acts as agreement_acts
from matcher.agreements import clauses, contract, course, definitions, logic_models, plans
from matcher.cases import documents
from matcher.ground import calendar, figures, vocabulary
from matcher.ground.errors import NotFound
from matcher.postings import terms
from matcher.results import (
    accepting,
    lessons,
)
from webapp.forms import agreement as agreement_forms
from webapp.forms import plan as plan_forms
from webapp.forms import work as work_forms
from webapp.forms.case import ExplainedForm
from webapp.views.asking.asked import Act, Ask, Given, amending, days, fields, written


def _plan_content(ask: Ask) -> dict[str, Any]:
    return plans.content(ask.session, ask.case)


def _offer_lessons(ask: Ask) -> None:
    rows = lessons.lessons_of(ask.session, ask.case.company, ask.case.npo)
    ask.form.offer([lesson for lesson, _case in rows])


def _link(ask: Ask) -> Given:
    form = ask.form
    link = {
        "source": form.source.data, "target": form.target.data, "evidence": form.evidence.data,
        "assumption": form.assumption.data or "",
    }  # fmt: skip
    return (link,)


def _indicator_facts(ask: Ask) -> dict[str, Any]:
    for row in _plan_content(ask)["indicators"]:
        if row["key"] == ask.key:
            shared = {known.code: known.public_id for known in definitions.library(ask.session)}
            return days(dict(row), "baseline_on", "target_on") | {
                "min_cell": str(row["min_cell"]), "definition_id": shared.get(row.get("shared") or "", ""),
            }  # fmt: skip
    if ask.key:
        raise NotFound("indicator")
    return {}


def _offer_indicator(ask: Ask) -> None:
    plan = _plan_content(ask)
    kept = {row["key"]: row["min_cell"] for row in plan["indicators"]}
    own, others = definitions.library_for(ask.session, ask.case)
    ask.form.offer(own, others, logic_models.nodes(plan), kept.get(ask.key))


def _agreement_facts(ask: Ask) -> dict[str, Any]:
    content = days(written(ask), "from_on", "to_on")
    if not content:
        plan = documents.find_agreed(ask.session, ask.case, "plan")
        first, last = terms.begin_agreement(terms.Figures.of(ask.case), calendar.tokyo_date(ask.now))
        return {
            **clauses.clauses(ask.key),
            "type": ask.key if ask.key in vocabulary.AGREEMENT_TYPES else "",
            "purpose": plan.content["purpose"] if plan else "",
            "from_on": first,
            "to_on": last,
            "signer_company": ask.case.company.representative,
            "signer_npo": ask.case.npo.representative,
        }
    if "liability" not in content:
        content["liability"] = clauses.clauses(content["type"])["liability"]
    outcome = content.pop("outcome", None) or {}
    content |= {name: outcome.get(name) for name in ("provider", "evaluator", "budget_cap_yen")}
    content |= {name: outcome.get(name) for name in contract.SCHEME_FIELDS}
    for name in ("fixed", "year_limits"):
        content[name] = [(year, amount) for year, amount in sorted(outcome.get(name, {}).items())]
    return content


def _offer_linked(ask: Ask) -> None:
    plan = documents.find_agreed(ask.session, ask.case, "plan")
    rows = plan.content["indicators"] if plan else []
    ask.form.offer([row for row in rows if row["linked_to_payment"]])


def _rule_facts(ask: Ask) -> dict[str, Any]:
    for row in agreement_acts.rules_written(ask.session, ask.case):
        if row["key"] == ask.key:
            points = [(figures.typed(value), yen) for value, yen in row["points"]]
            return days(dict(row), "measured_on") | {
                "points": points, "rounding": str(row["rounding"]), "fiscal_year": str(row["fiscal_year"]),
            }  # fmt: skip
    return {}


FORMS: Final = (
    amending(
        plans.write_purpose, plan_forms.PurposeForm,
        lambda ask: (ask.form.purpose.data, ask.form.lessons.data or []), prefill=_plan_content,
        prepare=_offer_lessons,
    ),
    amending(
        plans.write_logic, plan_forms.LogicForm,
        lambda ask: ({kind: ask.form[kind].data or [] for kind in vocabulary.LOGIC_KINDS},),
        prefill=lambda ask: {
            kind: list(column.values()) for kind, column in logic_models.columns(_plan_content(ask)).items()
        },
    ),
    amending(
        plans.save_link, plan_forms.LinkForm, _link,
        prepare=lambda ask: ask.form.offer(logic_models.nodes(_plan_content(ask))),
    ),
    amending(plans.remove_link, plan_forms.DropPartForm),
    amending(
        plans.save_indicator, plan_forms.IndicatorForm, lambda ask: (ask.form.facts,),
        prefill=_indicator_facts, prepare=_offer_indicator,
    ),
    amending(plans.remove_indicator, plan_forms.DropPartForm),
    amending(
        plans.write_milestones, plan_forms.MilestonesForm, lambda ask: (ask.form.found,),
        prefill=lambda ask: {
            "milestones": [f"{row['on']} {row['text']}" for row in _plan_content(ask)["milestones"]]
        },
    ),
    Act(
        accepting.accept_document, work_forms.ConfirmForm, lambda ask: (ask.form.shown,)
    ),
    Act(accepting.drop_document, work_forms.DropForm, fields("text")),
    amending(
        agreement_acts.draft, agreement_forms.AgreementForm,
        lambda ask: (ask.form.facts(agreement_acts.rules_written(ask.session, ask.case)),),
        prefill=_agreement_facts,
    ),
    amending(
        agreement_acts.save_rule, agreement_forms.RuleForm, lambda ask: (ask.form.rule(ask.key),),
        prefill=_rule_facts, prepare=_offer_linked,
    ),
    amending(agreement_acts.drop_rule, plan_forms.DropPartForm),
    Act(agreement_acts.reopen_talks, work_forms.DropForm, fields("text")),
    Act(
        agreement_acts.confirm, agreement_forms.ConfirmAgreementForm,
        lambda ask: (
            agreement_acts.Confirmation(frozenset(ask.form.checked.data), ask.form.text.data),
        ),
    ),
    Act(
        agreement_acts.return_, ExplainedForm, fields("reason_code", "reason_text")
    ),
    Act(
        course.suspend, agreement_forms.SuspendForm, fields("reason_code", "reason_text", "decide_by")
    ),
    Act(course.resume, agreement_forms.ResumeForm, fields("text")),
    Act(
        course.terminate, agreement_forms.TerminateForm, fields("reason_code", "reason_text", "inform_plan")
    ),
)  # fmt: skip
