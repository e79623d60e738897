"""The page of an act on a case after the introduction: what stands beside its form, and its file."""

from collections.abc import Mapping
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from matcher.agreements import acts as agreement_acts
from matcher.agreements import logic_models, plans
from matcher.cases import documents, files
from matcher.cases import reads as case_reads
from matcher.ground import permissions, vocabulary
from matcher.ground.errors import Invalid, Refused
from matcher.records import Partnership
from matcher.register import officials, receipts
from matcher.register.act import Look
from matcher.results import accepting, drafted
from matcher.work import payments
from webapp import (
    access,
    act_text,
    asked,
    bench,
    bench_text,
    case_text,
    clock,
    contract_text,
    db,
    document_text,
    live,
    terms_text,
    why,
)
from webapp.acts import ActPage
from webapp.views import agreement_bench, work_acts
from webapp.views.asking import asked as asked_forms
from webapp.views.asking import results as results_forms
from webapp.views.asking.asked import Ask
from webapp.views.work import blueprint, facts, introduced_case
from webapp.views.work_acts import ACTS

Page = Response | str | tuple[str, int]


def _body(action: str, **_rest: str) -> int:
    return work_acts.body(action)


@blueprint.route("/cases/<public_id>/do/<any(" + ",".join(ACTS) + "):action>", methods=["GET", "POST"])
@access.allow("case_party", body=_body)
def act(public_id: str, action: str) -> Page:
    """One page for one action: ask, then do it. Whoever comes too late keeps what they typed.

    ``?item=`` names the record that the action is about, ``?key=`` a part of a document. A file is looked
    at before the transaction that names it.
    """
    live.prepare()
    upload, refused = _upload(public_id, action) if request.files else (None, None)
    try:
        return _act(public_id, action, upload, refused)
    finally:
        if upload is not None:
            upload.discard_unless_bound()


def _upload(public_id: str, action: str) -> tuple[files.Prepared | None, Invalid | Refused | None]:
    """The file of a form that may be sent and is filled in, ready to be named; or why it cannot be taken."""
    with db.reading() as session:
        ask = _asked(public_id, action)
        is_new = receipts.earlier(session, ask.actor, ask.form.form_id.data) is None
        if not (
            is_new and work_acts.may(session, ask.actor, ask.case, action, ask.now) and ask.form.validate()
        ):
            return None, None
        if not any(asked_forms.has_file(field) for field in ask.form if field.type == "FileField"):
            return None, None
        try:
            files.add_file.require(Look(session, ask.actor, ask.case, ask.now))
        except Refused as error:
            return None, error
    try:
        return asked_forms.prepare_upload(ask.form), None
    except (Invalid, Refused) as error:
        return None, error


def _asked(public_id: str, action: str) -> Ask:
    """What is asked, by somebody who may ask it, with the form as it came."""
    actor, session, case = access.actor(), db.session(), introduced_case(public_id)
    ask = Ask(ACTS[action], session, actor, case, clock.now(), key=asked.word("key", 40))
    permissions.require(actor, ask.deed.by, case)
    ask.item = _item(ask)
    ask.form = _form(ask)
    return ask


def _act(
    public_id: str, action: str, upload: files.Prepared | None, refused: Invalid | Refused | None
) -> Page:
    ask = _asked(public_id, action)
    ask.upload = upload

    def find() -> Partnership:
        ask.case = introduced_case(public_id)
        ask.item = _item(ask)
        return ask.case

    row = ask.row
    decides = row.deed in agreement_bench.DECISIONS
    page = ActPage(
        deed=row.deed,
        form=ask.form,
        record=ask.case,
        find=find,
        item=lambda: ask.look.item,
        ask=lambda _case, banner: _ask(ask, banner),
        overtaken=lambda _case: _overtaken(ask),
        shown=lambda _case: _version(ask),
        home=_back(ask),
        answers=lambda: (row.answers(ask), row.named(ask)),
        closed=lambda _case: _too_late(ask),
        leads_to=bench.onward("agreements", ask.case) if decides else row.leads_to,
        says=(lambda case: bench_text.decided(case.number, row.deed)) if decides else None,
    )
    return page.answer() if refused is None else page.not_done(refused)


def _item(ask: Ask) -> Any:
    """The record that the action is about.

    Raises:
        NotFound: none is named, or it is not of this case.
    """
    deed, named = ask.deed, asked.word("item", 40)
    if deed.item is None or deed.item is str or (not named and deed.may_lack_item):
        return None
    return case_reads.get_item(ask.session, ask.actor, ask.case, deed.item, named)


def _form(ask: Ask) -> Any:
    row = ask.row
    prefill = {} if request.method == "POST" else row.prefill(ask)
    found: Any = row.form(data={**prefill, "version": _version(ask)})
    ask.form = found
    row.prepare(ask)
    asked_forms.prepare_amendment(ask)
    if ask.deed.reasons:
        found.offer_reasons(ask.deed.reasons)
    return found


def _version(ask: Ask) -> str:
    """What the form is about, as it is shown."""
    shown = ask.deed.shown(ask.look)
    return "" if shown is None else str(shown)


def _back(ask: Ask) -> str:
    home = ask.deed.home
    if not home:
        return url_for("cases.show", public_id=ask.case.public_id)
    return url_for("work.section", public_id=ask.case.public_id, section=home)


def _ask(ask: Ask, banner: str) -> str:
    if ask.deed in agreement_bench.DECISIONS:
        return agreement_bench.page(ask, banner)
    return render_template(
        "work/act.html",
        **facts(ask.actor, ask.case),
        action=ask.action,
        form=ask.form,
        item=ask.item,
        key=ask.key,
        back=_back(ask),
        part=_part(ask),
        templates=_templates(ask),
        sentences=_sentences(ask),
        why=why.of_case(ask.actor, ask.case, is_deciding=True) if _is_decision(ask) else None,
        **_beside(ask),
        is_multipart=any(field.type == "FileField" for field in ask.form),
        banner=banner,
    )


#: Forms beside which the figures of need, offer and case stand, and pages on which they are agreed to.
_WITH_FIGURES: Final = frozenset(
    {
        "write_trial", "write_purpose", "save_indicator", "write_milestones", "write_agreement", "renew",
        "record_contribution",
    }
)  # fmt: skip
_CALCULATING: Final = frozenset({"calculate", "calculate_fixed"})
_AGREEING: Final = frozenset({"accept_document"})


def _beside(ask: Ask) -> dict[str, Any]:
    """What need, offer and case say, beside the form or the consent; and where they differ."""
    case = ask.case
    found: dict[str, Any] = {"warning": "", "columns": [], "notes": [], "compared": [], "unlike": []}
    if ask.action in _CALCULATING and not officials.approvers(ask.session, ask.actor.user_id):
        return found | {"warning": act_text.nobody_approves()}
    columns = terms_text.columns(case.need, case.offer, case)
    if ask.action in _AGREEING:
        agreement = ask.item.content if ask.item.kind == "agreement" else None
        return found | {
            "compared": columns + ([terms_text.agreement_column(agreement)] if agreement else []),
            "unlike": terms_text.differences(case, case.need, case.offer, agreement),
        }
    if ask.action not in _WITH_FIGURES:
        return found
    is_new = ask.action == "renew" and request.method == "GET"
    agreed = documents.find_agreed(ask.session, case, "agreement")
    return found | {
        "columns": columns + ([terms_text.agreement_column(agreed.content)] if agreed else []),
        "notes": terms_text.sentences(results_forms.next_period(ask).notes) if is_new else [],
    }


def _is_decision(ask: Ask) -> bool:
    """Whether the city decides by it, so that it is frozen."""
    is_consent = ask.deed is accepting.accept_document
    return ask.actor.is_staff and bool(is_consent or ask.deed.words.decided)


def _sentences(ask: Ask) -> list[dict[str, str]]:
    """What the records say, beside the form in which somebody reports or reads a report."""
    if ask.action == "write_outcome_report":
        return [row.as_dict() for row in drafted.compose(ask.session, ask.case)]
    if ask.action in {"write_report", "review_report"}:
        return drafted.of_reports(ask.session, ask.case, [ask.item])[ask.item.id]
    return []


def _templates(ask: Ask) -> Mapping[str, str]:
    """The types of agreement with whose articles one may begin, as long as nothing has been written."""
    if (
        ask.action != "write_agreement"
        or ask.draft
        or documents.find_agreed(ask.session, ask.case, "agreement")
    ):
        return {}
    return vocabulary.AGREEMENT_TYPES


def _part(ask: Ask) -> list[tuple[str, Any]]:
    """(name, words) of what the action is about besides its item: the part of a draft that it takes out, the
    value for which it pays.
    """
    if ask.deed is payments.calculate:
        measured = payments.basis(ask.session, ask.item)
        return act_text.measured_facts(ask.case, measured) if measured is not None else []
    if ask.deed is payments.calculate_fixed and ask.key.isdecimal():
        deal = payments.contract(ask.session, ask.case)
        return contract_text.fixed_part(deal, int(ask.key)) if deal is not None else []
    plan = plans.content(ask.session, ask.case) if ask.action in {"drop_link", "drop_indicator"} else {}
    if ask.action == "drop_link":
        return [
            (_("つながり"), words)
            for row, words in zip(plan["links"], document_text.links(plan), strict=True)
            if logic_models.link_key(row) == ask.key
        ]
    if ask.action == "drop_indicator":
        return [
            (_("指標"), document_text.indicator(row)) for row in plan["indicators"] if row["key"] == ask.key
        ]
    if ask.action == "drop_rule":
        rows = agreement_acts.rules_written(ask.session, ask.case)
        return [(_("条件"), contract_text.rule(row)) for row in rows if row["key"] == ask.key]
    return []


def _too_late(ask: Ask) -> Page:
    """The act is gone: where one would open its form one is led on, what was typed is shown."""
    if request.method != "POST":
        flash(_("この操作は、いまはできません。案件の最新の状況をご確認ください。"), "warning")
        return redirect(url_for("cases.show", public_id=ask.case.public_id))
    page = render_template(
        "work/too_late.html", **facts(ask.actor, ask.case), action=ask.action,
        typed=ask.form.typed_words, banner=_overtaken(ask),
    )  # fmt: skip
    return page, 409


def _overtaken(ask: Ask) -> str:
    events = case_reads.history(ask.session, ask.case)
    return case_text.overtaken(ask.actor, ask.case, events, ask.now)
