"""What drafts itself from what was kept while an agreement ran."""

import pytest
from sqlalchemy import select

from matcher.agreements import indicators
from matcher.cases import reads as case_reads
from matcher.records import (
    Contribution,
    Incident,
    Indicator,
    Measurement,
    Payment,
)
from matcher.results import (
    drafted,
    esg,
    publication,
)
from matcher.work import contributions
from tests.services.results import DAY, approved, confirm_gift, give, incident, pay, review, waiting


def test_every_sentence_names_the_record_that_says_it(partners, session):
    approved(partners)
    pay()(partners)
    give()(partners)
    confirm_gift()(partners)
    incident()(partners)
    found = drafted.compose(session, partners.case)
    assert [row.source for row in found] == ["document", "contribution", "measurement", "payment", "incident"]
    known = {
        row.public_id
        for model in (Contribution, Measurement, Payment, Incident)
        for row in session.scalars(select(model))
    }
    known |= {row.public_id for row in case_reads.versions(session, partners.case)}
    assert all(row.source_id in known for row in found)


def test_what_is_not_confirmed_or_not_accepted_is_not_said(partners, session):
    waiting(partners)
    give()(partners)
    assert [row.source for row in drafted.compose(session, partners.case)] == ["document"]


def test_a_period_says_only_what_happened_in_it(partners, session):
    waiting(partners)
    review()(partners)
    later_ = partners.ends_on + DAY
    assert "measurement" not in {row.source for row in drafted.compose(session, partners.case, later_, None)}
    assert "measurement" in {
        row.source for row in drafted.compose(session, partners.case, None, partners.ends_on)
    }


@pytest.mark.parametrize(
    ("direction", "value", "reached"),
    [
        ("up", 30, True),
        ("up", 29.9, False),
        ("down", 30, True),
        ("down", 31, False),
        ("keep", 33, True),
        ("keep", 34, False),
    ],
)
def test_a_target_is_reached_in_its_own_direction(direction, value, reached):
    found = Indicator(name="n", unit="人", direction=direction, baseline=20.0, target=30.0)
    assert indicators.reached(found, value) == reached


def test_only_gifts_that_were_confirmed_and_not_taken_back_are_summed(partners, session):
    partners.bring("running")
    right, _waiting, wrong = (give(quantity=kilos)(partners) for kilos in (5.0, 20.0, 100.0))
    for entry in (right, wrong):
        contributions.confirm_contribution(session, partners.npo_actor, partners.case, entry, partners.at)
    contributions.cancel_contribution(
        session, partners.company_actor, partners.case, wrong, "重さを間違えた。", partners.at
    )
    (total,) = contributions.totals(session, partners.case)
    assert (total["quantity"], total["times"]) == (5.0, 1)
    page = publication.compose(session, partners.case, "題", "紹介", ["contributions"])
    assert [row["quantity"] for row in page["contributions"]] == [5.0]


def test_amounts_found_in_different_ways_are_not_added_up(partners, session):
    partners.bring("running")
    for facts in (
        {"yen": 1000, "estimate_method": "market"}, {"yen": 500, "estimate_method": "market", "quantity": 2.5},
        {"yen": 3000, "estimate_method": "city_direct", "estimate_note": "職員2時間分"}, {},
        {},
    ):  # fmt: skip
        entry = give(**facts)(partners)
        contributions.confirm_contribution(
            session, partners.npo_actor, partners.case, entry, partners.at, version=None
        )
    found = {row["estimate_method"]: row for row in contributions.totals(session, partners.case)}
    assert {
        method: (row["quantity"], row["times"], row["yen"], row["estimate_notes"])
        for method, row in found.items()
    } == {
        "market": (7.5, 2, 1500, []), "city_direct": (5.0, 1, 3000, ["職員2時間分"]), "none": (10.0, 2, None, []),
    }  # fmt: skip
    compose = publication.compose
    (whole,) = compose(session, partners.case, "題", "紹介", ["contributions"])["contributions"]
    assert whole == {
        "giver": "company",
        "support_type": "food",
        "unit": "kg",
        "quantity": 22.5,
        "times": 5,
    }, "where no money is shown, its ways are no business of the page"
    shown = compose(session, partners.case, "題", "紹介", ["contributions", "money"])["contributions"]
    assert {row["estimate_method"]: row.get("yen") for row in shown} == {
        "market": 1500,
        "city_direct": 3000,
        "none": None,
    }


def test_the_esg_sheet_says_how_an_amount_was_found(partners, session):
    partners.bring("running")
    give(yen=1400, estimate_method="market", estimate_note="1kg 280円")(partners)
    confirm_gift()(partners)
    ((_case, (row,), _outcomes),) = esg.evidence(
        session, partners.company.id, partners.today - DAY, partners.today + DAY
    )
    assert (row["yen"], row["method"], row["note"]) == (1400, "市価・相場", "1kg 280円")


def test_the_esg_sheet_names_what_the_company_gave_and_its_evidence(partners, session):
    partners.bring("running")
    give(evidence=None)(partners)
    confirm_gift()(partners)
    first, last = partners.today - DAY, partners.today + DAY
    rows = esg.evidence(session, partners.company.id, first, last)
    assert [(case.id, len(gifts)) for case, gifts, _outcomes in rows] == [(partners.case.id, 1)]
    assert esg.evidence(session, partners.npo.id, first, last) == []
    assert esg.evidence(session, partners.company.id, last + DAY, last + DAY) == []
