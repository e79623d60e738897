"""From the running partnership to its closing: every guard, a row each."""

from datetime import date

import pytest

from matcher.cases import trials
from matcher.ground import calendar
from matcher.ground.errors import DomainError, Invalid, MovedOn, NotFound, NotPermitted, Refused
from tests.partners import Partners
from tests.services.agreeing import after, reason
from tests.services.results import (
    DAY,
    Try,
    all_rated,
    approve,
    approved,
    calculate,
    calculate_fixed,
    calculated,
    cancel_gift,
    cash,
    close,
    close_risk,
    close_risk_twice,
    comment,
    conclude,
    confirm_gift,
    contract_day,
    decline,
    differing,
    discuss,
    draft_page,
    export,
    give,
    given,
    incident,
    lesson,
    measured_day,
    outcome_report,
    pay,
    payable,
    plan_only_page,
    published,
    quarter_over,
    quarter_submitted,
    rate,
    renew,
    resolve,
    review,
    review_report,
    risk,
    stale_figures,
    submit,
    tell_residents,
    third,
    treat,
    uncalculated_closing,
    unconfirmed_money,
    unpaid_closing,
    unpublish,
    voice,
    waiting,
    waiting_contract,
    write,
)

GUARDS: list[tuple[str | Try, Try, type[DomainError], str]] = [
    # Contributions
    ("agreed", give(), MovedOn, "moved_on"),
    ("closed", give(), MovedOn, "moved_on"),
    ("running", give("viewer"), NotPermitted, "not_permitted"),
    ("running", give("outsider"), NotFound, "not_found"),
    ("running", give(support_type="love"), Invalid, "support_type:required"),
    ("running", give(unit="山"), Invalid, "unit:required"),
    ("running", give(quantity=0), Invalid, "quantity:positive"),
    ("running", give(given_on=date(2099, 1, 1)), Invalid, "given_on:in_future"),
    ("running", give(given_on=date(2001, 1, 1)), Invalid, "given_on:before_introduction"),
    ("trial", give(given_on=date(2001, 1, 1)), Invalid, "given_on:before_introduction"),
    ("running", give("coordinator", given_on=date(2001, 1, 1)), Invalid, "given_on:before_introduction"),
    ("running", give(quantity=99_999_999_999, unit="食"), Invalid, "quantity:amount_too_large"),
    ("running", give(quantity=float("nan")), Invalid, "quantity:positive"),
    ("running", give(quantity=float("inf")), Invalid, "quantity:amount_too_large"),
    ("running", give(quantity=2.5, unit="食"), Invalid, "quantity:amount_not_whole"),
    ("running", cash(2.5), Invalid, "quantity:amount_not_whole"),
    ("running", cash(10**10 + 1), Invalid, "quantity:amount_too_large"),
    ("running", cash(3, 50_000), Invalid, "yen:two_amounts"),
    ("running", cash(3, 0), Invalid, "yen:two_amounts"),
    ("running", cash(3, 50_000, support_type="membership", unit="円/年"), Invalid, "yen:two_amounts"),
    ("running", give(yen=10**10 + 1, estimate_method="actual"), Invalid, "yen:amount_too_large"),
    ("running", give(yen=-1, estimate_method="actual"), Invalid, "yen:positive"),
    ("running", give(yen=100), Invalid, "estimate_method:how_estimated"),
    ("running", give(estimate_method="market"), Invalid, "yen:estimate_needs_yen"),
    ("running", give(yen=0, estimate_method="market"), Invalid, "yen:estimate_needs_yen"),
    ("running", give(yen=100, estimate_method="city_direct"), Invalid, "estimate_note:required"),
    (given, confirm_gift("company_actor"), Refused, "own_contribution"),
    (given, confirm_gift("coordinator"), NotPermitted, "not_permitted"),
    (given, confirm_gift(version=0), MovedOn, "moved_on"),
    (given, after(confirm_gift(), confirm_gift()), MovedOn, "moved_on"),
    (after(given, Partners.end, Partners.report, Partners.evaluate, Partners.close), confirm_gift(), MovedOn, "moved_on"),
    (given, cancel_gift("npo_actor"), Refused, "not_own_contribution"),
    (given, cancel_gift("viewer"), NotPermitted, "not_permitted"),
    (given, cancel_gift(text=" "), Invalid, "text:required"),
    (given, cancel_gift(version=0), MovedOn, "moved_on"),
    (given, after(cancel_gift(), cancel_gift()), MovedOn, "moved_on"),
    (after(given, Partners.end, Partners.report, Partners.evaluate, Partners.close), cancel_gift(), MovedOn, "moved_on"),
    # Measurements
    ("agreement_draft", submit(file=False), MovedOn, "moved_on"),
    (measured_day, submit("viewer"), NotPermitted, "not_permitted"),
    (measured_day, submit("company_actor"), Refused, "not_measurer"),
    (measured_day, submit(value=None), Invalid, "value:value_or_reason"),
    (measured_day, submit(value=None), Invalid, "missing_reason:value_or_reason"),
    (measured_day, submit(measured_on=date(2026, 12, 1)), Invalid, "measured_on:not_in_plan"),
    ("running", submit(), Invalid, "measured_on:in_future"),
    (contract_day, submit(file=False), Invalid, "evidence:required"),
    (calculated, submit(), Refused, "measurement_paid"),
    (waiting, review("viewer"), NotPermitted, "not_permitted"),
    (waiting, review("outsider"), NotFound, "not_found"),
    (waiting, review("company_actor"), NotPermitted, "not_permitted"),
    (waiting, review(accepted=False, text=" "), Invalid, "text:required"),
    (waiting, review(version=0), MovedOn, "moved_on"),
    (waiting, after(review(), review()), MovedOn, "moved_on"),
    (after(measured_day, submit("coordinator")), review("coordinator"), Refused, "own_measurement"),
    # Periodic reports
    (quarter_over, write("viewer"), NotPermitted, "not_permitted"),
    (quarter_over, write("coordinator"), NotPermitted, "not_permitted"),
    (quarter_over, write(text=" "), Invalid, "text:required"),
    (quarter_over, write(setbacks=" "), Invalid, "setbacks:required"),
    (quarter_over, write(version=0), MovedOn, "moved_on"),
    (after(quarter_over, lambda p: p.later(days=-60)), write(), Refused, "too_early"),
    (quarter_submitted, write(), MovedOn, "moved_on"),
    (quarter_over, review_report(), MovedOn, "moved_on"),
    (quarter_submitted, review_report("npo_actor"), NotPermitted, "not_permitted"),
    (quarter_submitted, review_report(accepted=False), Invalid, "text:required"),
    (quarter_submitted, review_report(version=0), MovedOn, "moved_on"),
    # Risks and trouble
    ("running", risk("viewer"), NotPermitted, "not_permitted"),
    ("closed", risk(), MovedOn, "moved_on"),
    ("running", risk(text=" "), Invalid, "text:required"),
    ("running", risk(review_on=date(1990, 1, 1)), Invalid, "review_on:in_past"),
    ("running", risk(review_on=date(2199, 12, 31)), Invalid, "review_on:beyond_case"),
    ("running", risk(mitigation=" "), Invalid, "mitigation:required"),
    ("running", risk(likelihood=4), Invalid, "likelihood:required"),
    ("running", risk(impact=0), Invalid, "impact:required"),
    ("running", risk(side="sky"), Invalid, "side:required"),
    ("running", close_risk("viewer"), NotPermitted, "not_permitted"),
    ("running", close_risk(text=" "), Invalid, "text:required"),
    ("running", close_risk(stale=True), MovedOn, "moved_on"),
    ("running", close_risk_twice, MovedOn, "moved_on"),
    ("negotiation", incident(), MovedOn, "moved_on"),
    ("running", incident("viewer"), NotPermitted, "not_permitted"),
    ("running", incident(day=1), Invalid, "happened_on:in_future"),
    ("running", incident(day=-900), Invalid, "happened_on:before_case"),
    ("running", incident(text=" "), Invalid, "text:required"),
    ("running", incident(measures=" "), Invalid, "measures:required"),
    (after(published, incident()), tell_residents("npo_actor"), NotPermitted, "not_permitted"),
    (after(published, incident()), tell_residents(text=" "), Invalid, "public_text:required"),
    (after(published, incident()), tell_residents(version=0), MovedOn, "moved_on"),
    (given, after(incident(), tell_residents()), Refused, "not_published"),
    (given, after(incident(), resolve("viewer")), NotPermitted, "not_permitted"),
    (given, after(incident(), resolve(text=" ")), Invalid, "text:required"),
    (given, after(incident(), resolve(version=0)), MovedOn, "moved_on"),
    (given, after(incident(), resolve(), resolve()), MovedOn, "moved_on"),
    # Payment
    (waiting_contract, calculate(), Refused, "no_measurement"),
    (contract_day, after(submit(value=None, missing_reason="雪"), review(), calculate()), Refused, "no_measurement"),
    (payable, calculate("npo_actor"), NotPermitted, "not_permitted"),
    (calculated, calculate(), Refused, "paid_already"),
    (payable, calculate_fixed(), Refused, "no_fixed_part"),
    (payable, calculate_fixed("company_actor"), NotPermitted, "not_permitted"),
    ("running", calculate_fixed(), MovedOn, "moved_on"),
    (calculated, approve("coordinator"), NotPermitted, "not_permitted"),
    (after(payable, calculate("manager")), approve(), Refused, "own_calculation"),
    (calculated, approve(version=0), MovedOn, "moved_on"),
    (approved, approve(), MovedOn, "moved_on"),
    (calculated, pay(), Refused, "not_approved"),
    (approved, pay("npo_actor"), NotPermitted, "not_permitted"),
    (approved, pay(days=1), Invalid, "paid_on:in_future"),
    (approved, pay(days=-1), Invalid, "paid_on:before_approval"),
    (approved, pay(version=0), MovedOn, "moved_on"),
    (approved, after(pay(), pay()), MovedOn, "moved_on"),
    # The outcome report
    ("running", outcome_report(), MovedOn, "moved_on"),
    ("ended", outcome_report(), Refused, "measurements_open"),
    ("terminated", outcome_report("viewer"), NotPermitted, "not_permitted"),
    ("terminated", outcome_report("coordinator"), NotPermitted, "not_permitted"),
    ("terminated", outcome_report(narrative=" "), Invalid, "narrative:required"),
    ("terminated", outcome_report(setbacks=" "), Invalid, "setbacks:required"),
    # Rating
    ("ended", rate("npo_actor", "npo"), MovedOn, "moved_on"),
    ("reported", rate("viewer", "npo"), NotPermitted, "not_permitted"),
    ("reported", rate("npo_actor", "weather"), Invalid, "about:required"),
    ("reported", rate("npo_actor", "npo", outcome=6), Invalid, "outcome:required"),
    ("reported", rate("npo_actor", "company"), Refused, "self_first"),
    ("reported", after(rate("npo_actor", "npo"), rate("npo_actor", "npo")), Refused, "rated_already"),
    ("reported", decline(text=" "), Invalid, "text:required"),
    ("reported", decline("viewer"), NotPermitted, "not_permitted"),
    ("ended", decline(), MovedOn, "moved_on"),
    (all_rated, decline(), Refused, "rated_already"),
    (differing, discuss("company_actor"), Refused, "not_rater"),
    (differing, discuss("viewer"), NotPermitted, "not_permitted"),
    (differing, discuss(item="progress"), Refused, "no_difference"),
    (differing, discuss(score=0), Invalid, "score:required"),
    (differing, discuss(text=" "), Invalid, "text:required"),
    (differing, discuss(version=0), MovedOn, "moved_on"),
    ("running", third(), MovedOn, "moved_on"),
    ("reported", third("npo_actor"), NotPermitted, "not_permitted"),
    ("reported", third(evaluator=" "), Invalid, "evaluator:required"),
    ("reported", third(outcome=None), Invalid, "outcome:required"),
    ("reported", after(third(), third()), Refused, "rated_already"),
    ("negotiation", voice(), MovedOn, "moved_on"),
    ("running", voice("viewer"), NotPermitted, "not_permitted"),
    ("running", voice(beneficiary="friends"), Invalid, "beneficiary:required"),
    ("running", voice(people=0), Invalid, "people:positive"),
    ("running", voice(method=" "), Invalid, "method:required"),
    ("running", voice(text="090-1234-5678 の佐藤さん"), Invalid, "text:personal_data"),
    ("running", voice(method="taro@people.example に聞いた"), Invalid, "method:personal_data"),
    ("negotiation", lesson(), MovedOn, "moved_on"),
    ("running", lesson("viewer"), NotPermitted, "not_permitted"),
    ("running", lesson(text=" "), Invalid, "text:required"),
    ("running", lesson(text="090-1234-5678 へ"), Invalid, "text:personal_data"),
    # Concluding, closing, renewing
    ("reported", conclude(), Refused, "ratings_open"),
    (all_rated, conclude("npo_actor"), NotPermitted, "not_permitted"),
    (all_rated, conclude(text=" "), Invalid, "text:required"),
    (all_rated, conclude(version=0), MovedOn, "moved_on"),
    (all_rated, after(conclude(), conclude()), MovedOn, "moved_on"),
    (
        after(differing, rate("npo_actor", "city"), rate("company_actor", "npo"), rate("company_actor", "city"),
              rate("coordinator", "city"), rate("coordinator", "npo"), rate("coordinator", "company")),
        conclude(), Refused, "differences_open",
    ),
    ("evaluated", close(), Refused, "no_lesson"),
    ("evaluated", after(lesson(), close()), Refused, "not_published_yet"),
    (plan_only_page, close(), Refused, "publication_outdated"),
    (stale_figures, close(), Refused, "publication_outdated"),
    ("evaluated", after(lesson(), unpublish(), close("npo_actor")), NotPermitted, "not_permitted"),
    ("evaluated", after(lesson(), unpublish(), close(text=" ")), Invalid, "text:required"),
    ("evaluated", after(lesson(), unpublish(), close(version=0)), MovedOn, "moved_on"),
    ("ended", close(), MovedOn, "moved_on"),
    ("reported", after(lesson(), unpublish(), close()), MovedOn, "moved_on"),
    (unpaid_closing, close(), Refused, "unpaid"),
    (uncalculated_closing, close(), Refused, "uncalculated"),
    (unconfirmed_money, close(), Refused, "money_unconfirmed"),
    ("ended", renew(), MovedOn, "moved_on"),
    ("closed", renew("viewer"), NotPermitted, "not_permitted"),
    ("closed", renew("coordinator"), NotPermitted, "not_permitted"),
    # Publication and comments
    ("negotiation", draft_page(), MovedOn, "moved_on"),
    ("running", draft_page("viewer"), NotPermitted, "not_permitted"),
    ("running", draft_page(title=" "), Invalid, "title:required"),
    ("running", draft_page(summary=" "), Invalid, "summary:required"),
    ("running", draft_page(summary="090-1234-5678 へ"), Invalid, "summary:personal_data"),
    ("running", draft_page(fields=("purpose", "messages")), Invalid, "fields:required"),
    ("closed", draft_page("viewer"), NotPermitted, "not_permitted"),
    ("closed", draft_page("outsider"), NotFound, "not_found"),
    ("trial", draft_page(), MovedOn, "moved_on"),
    ("running", unpublish("viewer"), NotPermitted, "not_permitted"),
    ("running", unpublish(code="mood"), Invalid, "reason_code:required"),
    ("running", unpublish(text=" "), Invalid, "reason_text:required"),
    ("negotiation", unpublish(), MovedOn, "moved_on"),
    (published, comment(" "), Invalid, "text:required"),
    (published, comment("090-1234-5678 の佐藤"), Invalid, "text:personal_data"),
    (after(published, comment()), treat("npo_actor"), NotPermitted, "not_permitted"),
    (after(published, comment()), treat(decision="maybe"), Invalid, "decision:required"),
    (after(published, comment()), treat(text=" "), Invalid, "text:required"),
    (after(published, comment()), treat(reason=" "), Invalid, "reason:required"),
    (after(published, comment()), treat(decision="hide"), Invalid, "hide_reason:required"),
    (
        after(published, comment()), treat(decision="hide", hide_reason="other", hide_text=" "), Invalid, "hide_text:required",
    ),
    (after(published, comment()), treat(version=0), MovedOn, "moved_on"),
    ("running", export("npo_actor"), NotPermitted, "not_permitted"),
    ("running", export("outsider"), NotFound, "not_found"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "act", "error", "code"), GUARDS, ids=[f"{n}-{row[3]}" for n, row in enumerate(GUARDS)]
)
def test_what_must_not_be_is_refused_with_its_reason(partners, session, state, act, error, code):
    if callable(state):
        state(partners)
    else:
        partners.bring(state)
    session.flush()
    with pytest.raises(error) as caught:
        act(partners)
    assert code in reason(caught.value)


@pytest.mark.parametrize(
    "gift",
    [
        give(quantity=0.25, unit="kg"),
        give(quantity=2, unit="食", yen=900, estimate_method="market"),
        give(quantity=0.5, unit="箱"),
        give(support_type="place", quantity=1.5, unit="時間"),
        give(support_type="secondment", quantity=0.5, unit="人月"),
        give(support_type="sponsorship", quantity=1, unit="件", yen=50_000, estimate_method="actual"),
        cash(50_000),
        cash(50_000, 50_000),
        cash(20_000, 20_000, support_type="membership", unit="円/年"),
        cash(10**10, 10**10),
    ],
)
def test_what_can_be_given_is_taken(partners: Partners, gift: Try) -> None:
    partners.bring("running")
    gift(partners)


@pytest.mark.parametrize("state", ["trial", "running"])
def test_a_gift_counts_from_the_day_of_the_introduction(partners: Partners, state: str) -> None:
    """Also one that came before the agreement, and none that came before the two knew of one another."""
    first = calendar.tokyo_date(partners.at)
    partners.bring(state)
    partners.later(days=3)
    give(given_on=first)(partners)
    with pytest.raises(Invalid, match="before_introduction"):
        give(given_on=first - DAY)(partners)


def test_a_gift_counts_from_the_first_day_of_an_agreement_that_looks_back(partners: Partners) -> None:
    first = calendar.tokyo_date(partners.at)
    partners.bring("running")
    partners.case.starts_on = first - 5 * DAY
    give(given_on=first - 5 * DAY)(partners)
    with pytest.raises(Invalid, match="before_introduction"):
        give(given_on=first - 6 * DAY)(partners)


def test_a_gift_counts_from_the_first_day_of_a_trial_that_looks_back(partners: Partners) -> None:
    partners.bring("negotiation")
    first = partners.today - 5 * DAY
    plan = trials.TrialPlan("届け方を確かめる", "2回届ける", first, partners.today + DAY, 1000, "けがのとき")
    trials.draft_trial(partners.session, partners.npo_actor, partners.case, plan, partners.at, version=None)
    partners.accept("trial")
    give(given_on=first)(partners)
    with pytest.raises(Invalid, match="before_introduction"):
        give(given_on=first - DAY)(partners)
