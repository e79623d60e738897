"""Where need and offer meet, as written tables: types, units, periods, and what goes beyond."""

import itertools
from datetime import date, timedelta

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from matcher.ground import calendar, vocabulary
from matcher.postings import terms
from matcher.postings.terms import Figures, Note
from webapp import terms_text

TODAY = date(2026, 11, 24)


def day(days: int | None) -> date | None:
    return None if days is None else TODAY + timedelta(days=days)


def codes(notes: tuple[Note, ...]) -> list[str]:
    return [note.code for note in notes]


def test_the_whole_offer_is_not_asked_for_a_small_need():
    need = Figures("food", 50, "kg", day(0), day(14), 30)
    offer = Figures("food", 120, "箱", day(-30), day(335))
    found = terms.begin(need, offer, TODAY)
    assert (found.quantity, found.unit) == (None, "")
    assert (found.period_from, found.period_to) == (day(0), day(14))
    assert found.support_type == "food"
    assert found.notes == (
        Note("units_differ", {"need": 50, "need_unit": "kg", "offer": 120, "offer_unit": "箱"}),
    )


#: need from, to; offer from, to (days from today, None is open) → begins with, and whether there is none
PERIODS: list[tuple[tuple[int | None, ...], tuple[int | None, int | None, bool]]] = [
    ((10, 20, 30, 40), (None, None, True)),  # before
    ((30, 40, 10, 20), (None, None, True)),  # after
    ((10, 30, 20, 40), (20, 30, False)),  # overlapping
    ((20, 40, 10, 30), (20, 30, False)),
    ((10, 40, 20, 30), (20, 30, False)),  # the offer inside the need
    ((20, 30, 10, 40), (20, 30, False)),  # the need inside the offer
    ((10, 20, 10, 20), (10, 20, False)),  # equal
    ((10, 20, 20, 30), (20, 20, False)),  # one day in common
    ((10, 20, 21, 30), (None, None, True)),  # the day after
    ((None, None, 10, 20), (10, 20, False)),  # open
    ((10, 20, None, None), (10, 20, False)),
    ((None, 20, 10, None), (10, 20, False)),
    ((10, None, None, 20), (10, 20, False)),
    ((10, None, 20, None), (20, None, False)),
    ((None, 20, None, 30), (None, 20, False)),
    ((None, None, None, None), (None, None, False)),
    ((20, None, None, 10), (None, None, True)),
    ((-20, 20, -10, 365), (0, 20, False)),  # begun already: from today
    ((-20, None, -10, None), (0, None, False)),
    ((-20, -1, -30, 365), (None, None, True)),  # over
    ((None, -1, None, None), (None, None, True)),
    ((-20, 0, None, None), (0, 0, False)),  # today is the last day
    ((None, 0, None, 365), (None, 0, False)),
]


@pytest.mark.parametrize(("periods", "expected"), PERIODS)
def test_the_period_is_the_overlap_from_today_on(periods, expected):
    need = Figures("food", None, "", day(periods[0]), day(periods[1]))
    offer = Figures("food", None, "", day(periods[2]), day(periods[3]))
    first, last, is_empty = expected
    found = terms.begin(need, offer, TODAY)
    assert (found.period_from, found.period_to) == (day(first), day(last))
    assert ("no_overlap" in codes(found.notes)) is is_empty


DAYS = st.none() | st.integers(-40, 40).map(day)


@given(DAYS, DAYS, DAYS, DAYS)
def test_no_day_is_proposed_that_one_of_both_excludes(a, b, c, d):
    first, last, is_empty = terms.overlap([(a, b), (c, d)], TODAY)
    for one in (one for one in (first, last) if one is not None):
        assert one >= TODAY
        assert all(begin is None or begin <= one for begin in (a, c) if one is first)
        assert all(end is None or one <= end for end in (b, d))
    assert not (first and last) or first <= last
    if is_empty:
        assert (first, last) == (None, None)


#: need, offer (amount, unit) of food → amount, unit, notes
AMOUNTS = [
    ((50, "kg"), (120, "kg"), 50, "kg", []),
    ((50, "kg"), (20, "kg"), 20, "kg", []),
    ((50, "kg"), (50, "kg"), 50, "kg", []),
    ((50, "kg"), (120, "箱"), None, "", ["units_differ"]),
    ((50, "食"), (50, "個"), None, "", ["units_differ"]),
    ((50, "kg"), (None, ""), 50, "kg", []),
    ((None, ""), (120, "箱"), None, "", ["only_offered"]),
    ((None, ""), (None, ""), None, "", []),
]


@pytest.mark.parametrize(("wanted", "offered", "quantity", "unit", "said"), AMOUNTS)
def test_the_amount_is_the_smaller_one_in_the_needs_unit(wanted, offered, quantity, unit, said):
    found = terms.begin(Figures("food", *wanted), Figures("food", *offered), TODAY)
    assert (found.quantity, found.unit, codes(found.notes)) == (quantity, unit, said)


@pytest.mark.parametrize(
    ("need_type", "offer_type"), itertools.product(vocabulary.SUPPORT_TYPES, vocabulary.SUPPORT_TYPES)
)
@pytest.mark.parametrize("welcome", [False, True])
def test_every_pair_of_types_begins_with_what_may_be_sent(need_type, offer_type, welcome):
    need_units, offer_units = (vocabulary.SUPPORT_TYPES[one].units for one in (need_type, offer_type))
    for need_unit, offer_unit in itertools.product(need_units, offer_units):
        need = Figures(need_type, 50, need_unit, also_welcome=(offer_type,) if welcome else ())
        found = terms.begin(need, Figures(offer_type, 120, offer_unit), TODAY)
        close = vocabulary.complement(need_type, offer_type) > 0
        if need_type == offer_type:
            assert found.support_type == need_type
        elif welcome:
            assert (found.support_type, codes(found.notes)[0]) == (offer_type, "also_welcome")
        elif close:
            assert (found.support_type, codes(found.notes)[0]) == (need_type, "stands_for")
        else:
            assert (found.support_type, codes(found.notes)[0]) == ("", "unrelated_types")
        is_known = close and need_unit == offer_unit
        if found.quantity is None:
            assert found.unit == ""
            # Of a kind that is still to be chosen, nothing is said of amounts.
            assert codes(found.notes)[-1] in (
                {"units_differ", "counted_apart"} if found.support_type else {"unrelated_types"}
            )
            assert not is_known or need_unit not in vocabulary.SUPPORT_TYPES[found.support_type].units
        else:
            assert (found.quantity, found.unit, is_known) == (50, need_unit, True)
            assert found.unit in vocabulary.SUPPORT_TYPES[found.support_type].units


def test_the_least_useful_amount_and_repetition_are_said():
    need = Figures("food", 50, "kg", min_useful=30, repeat="continuing")
    found = terms.begin(need, Figures("food", 20, "kg"), TODAY)
    assert (found.quantity, codes(found.notes)) == (20, ["repeats", "begins_below_least"])
    assert codes(terms.begin(need, Figures("food", 40, "kg"), TODAY).notes) == ["repeats"]


def test_one_record_alone_gives_no_amount_that_nobody_asked_for():
    offer = Figures("food", 120, "箱", day(-30), day(335))
    alone = terms.begin(None, offer, TODAY)
    assert (alone.support_type, alone.quantity, alone.period_from, alone.period_to) == (
        "food", None, TODAY, day(335),
    )  # fmt: skip
    assert codes(alone.notes) == ["only_offered"]
    need = Figures("food", 50, "kg", day(3), day(17))
    assert terms.begin(need, None, TODAY).values == {
        "support_type": "food", "quantity": 50, "unit": "kg", "period_from": day(3), "period_to": day(17),
    }  # fmt: skip
    assert terms.begin(None, None, TODAY) == terms.Beginning()


def test_what_a_form_begins_with_goes_beyond_neither_record():
    for periods, _expected in PERIODS:
        for wanted, offered, *_rest in AMOUNTS:
            need = Figures("food", *wanted, day(periods[0]), day(periods[1]))
            offer = Figures("food", *offered, day(periods[2]), day(periods[3]))
            begun = Figures.of(terms.begin(need, offer, TODAY))
            assert set(codes(terms.differences(begun, need, offer))) <= {"other_unit"}


NEED = Figures("food", 50, "kg", day(0), day(14), 30, ("goods_new",))
OFFER = Figures("food", 120, "kg", day(-10), day(300))
#: what is typed → what is to be confirmed
BEYOND = [
    (Figures("food", 50, "kg", day(0), day(14)), []),
    (Figures("food", 120, "kg", day(0), day(14)), [("more", "need")]),
    (Figures("food", 200, "kg", day(0), day(14)), [("more", "need"), ("more", "offer")]),
    (Figures("food", 20, "kg", day(0), day(14)), [("below_least", "need")]),
    (Figures("food", 120, "箱", day(0), day(14)), [("other_unit", "need"), ("other_unit", "offer")]),
    (Figures("food", 50, "kg", day(-1), day(14)), [("starts_earlier", "need")]),
    (Figures("food", 50, "kg", day(0), day(15)), [("ends_later", "need")]),
    (Figures("food", 50, "kg", day(15), day(20)), [("outside", "need")]),
    (Figures("food", 50, "kg", day(-9), day(-1)), [("outside", "need")]),
    (
        Figures("food", 50, "kg", day(-20), day(400)),
        [("starts_earlier", "need"), ("ends_later", "need"), ("starts_earlier", "offer"), ("ends_later", "offer")],
    ),
    (Figures("food", 50, "kg", None, day(15)), [("ends_later", "need")]),
    (Figures("food"), []),
    (Figures("goods_new", 3, "個"), [("other_unit", "need"), ("other_type", "offer"), ("other_unit", "offer")]),
    (Figures("training", 3, "回"), [("other_type", "need"), ("other_type", "offer")]),
]  # fmt: skip


@pytest.mark.parametrize(("entered", "expected"), BEYOND)
def test_what_goes_beyond_need_or_offer_is_to_be_confirmed(entered, expected):
    found = terms.differences(entered, NEED, OFFER)
    assert [(note.code, note.facts["whose"]) for note in found] == expected


def test_how_much_more_is_said_to_the_gram():
    (note,) = terms.differences(Figures("food", 120, "kg"), NEED, None)
    assert note.facts["by"] == 70
    (note,) = terms.differences(Figures("food", 50.1, "kg"), NEED, None)
    assert note.facts["by"] == 0.1


#: Three months by the calendar are not always as many days.
LONGEST = (calendar.last_of_months(TODAY, 3) - TODAY).days
#: case from, to → the trial's days
TRIALS = [
    ((None, None), (0, None)),
    ((0, 14), (0, 14)),
    ((7, 21), (7, 21)),
    ((-30, 14), (0, 14)),
    ((0, 335), (0, LONGEST)),
    ((0, LONGEST), (0, LONGEST)),
    ((0, LONGEST + 1), (0, LONGEST)),
    ((-30, -1), (None, None)),
]


@pytest.mark.parametrize(("agreed", "expected"), TRIALS)
def test_a_trial_lies_in_the_agreed_period(agreed, expected):
    case = Figures("food", 50, "kg", day(agreed[0]), day(agreed[1]))
    assert terms.begin_trial(case, TODAY) == (day(expected[0]), day(expected[1]))


def test_an_agreement_begins_with_what_both_agreed_on_but_not_in_the_past():
    assert terms.begin_agreement(Figures(period_from=day(-5), period_to=day(9)), TODAY) == (day(0), day(9))
    assert terms.begin_agreement(Figures(period_from=day(5), period_to=day(9)), TODAY) == (day(5), day(9))
    assert terms.begin_agreement(Figures(period_from=day(-9), period_to=day(-1)), TODAY) == (None, None)


CASE = Figures("food", 120, "kg", day(-100), day(-1))
#: need, offer, last day of the agreement → from, to, amount
RENEWALS = [
    (None, None, -1, (0, None, 120)),
    (None, None, 10, (11, None, 120)),
    (Figures("food", 50, "kg", day(-100), day(60)), None, -1, (0, 60, 50)),
    (Figures("food", 50, "kg", day(-100), day(-1)), None, -1, (0, None, 120)),  # the need is over
    (
        Figures("food", 50, "kg", day(-100), day(60)),
        Figures("food", 80, "kg", None, day(30)),
        10,
        (11, 30, 50),
    ),
    (Figures("food", 9, "箱", None, None), None, -1, (0, None, 120)),
]


@pytest.mark.parametrize(("need", "offer", "ended", "expected"), RENEWALS)
def test_the_next_period_follows_the_last_and_ends_with_what_still_lasts(need, offer, ended, expected):
    found = terms.begin_renewal(CASE, need, offer, day(ended), TODAY)
    assert (found.period_from, found.period_to, found.quantity) == (
        day(expected[0]), day(expected[1]), expected[2],
    )  # fmt: skip
    assert "of_last_period" in codes(found.notes)


#: gifts of a promise of 50 kg → what is left
GIFTS = [
    ([], 50),
    ([("food", 20, "kg")], 30),
    ([("food", 20, "kg"), ("food", 10, "kg"), ("place", 3, "回")], 20),
    ([("food", 50, "kg")], None),
    ([("food", 60, "kg")], None),
    ([("food", 3, "箱")], None),
]


@pytest.mark.parametrize(("given_so_far", "left"), GIFTS)
def test_the_next_gift_begins_with_what_is_left(given_so_far, left):
    assert terms.remaining(Figures("food", 50, "kg"), given_so_far) == left
    assert terms.remaining(Figures("food"), given_so_far) is None


def test_publication_ends_with_what_is_published():
    assert terms.latest_publication(day(180), day(14)) == day(14)
    assert terms.latest_publication(day(180), day(200)) == day(180)
    assert terms.latest_publication(day(180), None) == day(180)


def test_every_note_is_a_whole_sentence():
    least, repeated = Figures("food", 50, "kg", min_useful=30), Figures("food", 50, "kg", repeat="continuing")
    welcome = Figures("food", 50, "kg", day(1), day(2), also_welcome=("place",))
    beginnings = [
        terms.begin(least, Figures("food", 20, "kg"), TODAY),
        terms.begin(repeated, Figures("food", 20, "箱"), TODAY),
        terms.begin(welcome, Figures("place", 20, "回", day(5), day(6)), TODAY),
        terms.begin(least, Figures("training", 20, "回"), TODAY),
        terms.begin(least, Figures("goods_new", 20, "箱"), TODAY),
        terms.begin(None, Figures("food", 20, "箱"), TODAY),
        terms.begin_renewal(CASE, None, None, None, TODAY),
    ]
    notes = [note for beginning in beginnings for note in beginning.notes]
    notes += [note for entered, _said in BEYOND for note in terms.differences(entered, NEED, OFFER)]
    assert {note.code for note in notes} == set(terms_text.NOTES)
    app = Flask(__name__)
    Babel(app, default_locale="ja")
    with app.test_request_context():
        said = terms_text.sentences(notes)
    assert all(sentence.endswith("。") or sentence.endswith("）。") for sentence in said)
    assert not [sentence for sentence in said if "%(" in sentence or "「」" in sentence or "（）" in sentence]
    assert "提供は20箱、ニーズは50kgです。単位が違うため、量を相談して入力してください。" in said
