"""The bench of an agreement that both have signed: what it says beside each check, and the decisions."""

from typing import Any, Final

from flask import render_template

from matcher.agreements import acts as agreement_acts
from matcher.cases import decisions, documents, talks
from matcher.cases import reads as case_reads
from matcher.desk import checks
from matcher.register import frozen, parties
from webapp import basis_text, bench, case_text, party_text, terms_text, text, why
from webapp.views.asking.asked import Ask
from webapp.views.work_acts import ACTS

#: What is decided here, in the order in which it stands on the bench.
DECISIONS: Final = (agreement_acts.confirm, agreement_acts.return_)


def page(ask: Ask, banner: str) -> str:
    """Both decisions with their forms; the one that was asked for is open."""
    session, actor, case = ask.session, ask.actor, ask.case
    agreement = documents.find_draft(session, case, "agreement")
    content = agreement.content if agreement else {}
    obstacle = agreement_acts.confirm.obstacle(ask.look)
    columns = terms_text.columns(case.need, case.offer, case)
    history = parties.History(session, case)
    return render_template(
        "bench/agreement.html",
        case=case,
        form=ask.form,
        opened=ask.action,
        forms={deed.name: _form(ask, deed.name) for deed in DECISIONS},
        obstacle=text.sentence(obstacle.code, obstacle.facts) if obstacle else "",
        banner=banner,
        beside=basis_text.beside(decisions.laid_before(session, case)),
        columns=[*columns, terms_text.agreement_column(content)] if content else columns,
        unlike=terms_text.differences(case, case.need, case.offer, content or None),
        unverified=talks.unverified(case),
        articles=basis_text.articles(content),
        version=frozen.version(history, agreement) if agreement else None,
        plan=documents.find_agreed(session, case, "plan"),
        events=case_text.timeline(
            actor, case, case_reads.history(session, case), case_reads.messages_of_case(session, case)
        ),
        why=why.of_case(actor, case, is_deciding=True),
        checks=checks.known_of_agreement(case, ask.now),
        queue=bench.queue("agreements", case),
        party_text=party_text,
    )


def _form(ask: Ask, name: str) -> Any:
    if name == ask.action:
        return bench.part(ask.form, name)
    deed = ACTS[name].deed
    found: Any = ACTS[name].form(formdata=None, data={"version": deed.shown(ask.look)})
    if deed.reasons:
        found.offer_reasons(deed.reasons)
    return bench.part(found, name)
