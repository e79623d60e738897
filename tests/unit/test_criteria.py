"""Skills, other offers, refusals and units: a ○ says only what holds, and no offer is denied."""

from dataclasses import replace

import pytest

from embeddings.hours import weekly
from matcher.suggestions import criteria, ranking
from matcher.suggestions.criteria import Elsewhere, Side
from matcher.suggestions.ranking import Texts

LAW = Side(("pro_bono",), skills=frozenset({"legal"}), is_open=True)
FOOD = Side(("food",), quantity=25, min_useful=10, unit="kg", is_open=True)


def support(company, npo):
    fit = ranking.fit(company, npo, Texts())
    (reason,) = (one for one in fit.reasons if one.code == "support")
    return reason.mark, reason.says, round(fit.parts["support"], 3)


@pytest.mark.parametrize(
    ("skills", "expected"),
    [
        ({"legal", "pr"}, ("○", "support_wanted", 1.0)),
        ({"planning"}, ("×", "skill_other", 0.1)),  # a carpenter for a question of law
        (set(), ("△", "skill_unknown", 0.6)),
    ],
)
def test_skills_are_compared(skills, expected):
    assert support(Side(("pro_bono",), skills=frozenset(skills), is_open=True), LAW) == expected


@pytest.mark.parametrize(("skills", "says"), [({"legal"}, "support_skills"), ({"it"}, "skill_other")])
def test_the_skills_of_a_profile_are_compared_too(skills, says):
    mark, said, value = support(Side(("pro_bono",), skills=frozenset(skills)), LAW)
    assert (mark, said) == ("○" if says == "support_skills" else "×", says)
    assert value <= criteria.PROFILE


def test_what_another_offer_gives_is_named_and_never_denied():
    rice = Elsewhere("food", "お米を毎月")
    for own in ((), ("place",), ("cash_donation",)):
        company = Side(own, is_open=bool(own), elsewhere=(rice,))
        assert support(company, FOOD) == ("○", "support_elsewhere", criteria.ELSEWHERE)
    welcome = replace(FOOD, support_types=("place", "food"))
    assert support(Side(elsewhere=(rice,)), welcome)[1] == "support_welcome_elsewhere"
    assert support(Side(elsewhere=(Elsewhere("goods_new", "机"),)), FOOD)[:2] == (
        "△",
        "support_instead_elsewhere",
    )


def test_the_offer_that_the_card_speaks_of_comes_first():
    company = Side(("food",), is_open=True, elsewhere=(Elsewhere("food", "別の食品"),))
    assert support(company, FOOD) == ("○", "support_wanted", 1.0)


def test_who_gives_no_money_is_not_asked_for_it():
    fee = Side(("membership",), is_open=True)
    refusing = Side(("pr",), is_open=True, refused={"membership": "お金は出せません。"})
    assert support(refusing, fee) == ("×", "support_refused", 0.0)
    assert support(replace(refusing, refused={"membership": ""}), fee) == ("×", "support_no_budget", 0.0)
    # An open offer of that very kind says more than the general refusal.
    offering = replace(refusing, elsewhere=(Elsewhere("membership", "賛助会員"),))
    assert support(offering, fee)[1] == "support_elsewhere"


@pytest.mark.parametrize(
    ("unit", "sizes", "mark", "says", "offered"),
    [
        ("箱", {}, "△", "quantity_units", 120),
        ("箱", {"箱": (10.0, "kg")}, "○", "quantity_enough", 1200.0),
        ("箱", {"箱": (0.1, "kg")}, "△", "quantity_part", 12.0),
        ("箱", {"箱": (0.05, "kg")}, "×", "quantity_too_little", 6.0),
        ("箱", {"箱": (12.0, "個")}, "△", "quantity_units", 120),
        ("kg", {"箱": (0.1, "kg")}, "○", "quantity_enough", 120),
    ],
)
def test_units_are_compared_or_said_to_differ(unit, sizes, mark, says, offered):
    company = Side(("food",), quantity=120, unit=unit, is_open=True, sizes=sizes)
    (reason,) = (one for one in ranking.fit(company, FOOD, Texts()).reasons if one.code == "quantity")
    assert (reason.mark, reason.says, reason.facts["offered"]) == (mark, says, offered)


def test_amounts_of_different_things_are_not_compared():
    company = Side(("place",), quantity=3, unit="回", is_open=True)
    assert not [one for one in ranking.fit(company, FOOD, Texts()).reasons if one.code == "quantity"]


def quantities(company, npo):
    reasons = ranking.fit(company, npo, Texts()).reasons
    return [(one.mark, one.says) for one in reasons if one.code == "quantity"]


PLACES = Side(("internship_job", "volunteer_hands"), quantity=6, unit="人", is_open=True)
BOOKS = Side(("goods_used", "goods_new", "pr"), quantity=12, unit="箱", is_open=True)


@pytest.mark.parametrize(
    ("company", "npo", "expected"),
    [
        # Sixty people for an afternoon are not sixty places to work.
        (Side(("volunteer_hands",), quantity=60, unit="人"), PLACES, []),
        (Side(("internship_job",), quantity=60, unit="人"), PLACES, [("○", "quantity_enough")]),
        # New ones stand in for used ones; where another offer has the used ones, that is what counts.
        (Side(("goods_new",), quantity=30, unit="箱"), BOOKS, [("○", "quantity_enough")]),
        (
            Side(("goods_new",), quantity=30, unit="箱", elsewhere=(Elsewhere("goods_used", "古本"),)),
            BOOKS,
            [],
        ),
        # What is only welcome is counted in units of its own: that they differ is no news.
        (Side(("goods_new",), quantity=30, unit="個"), BOOKS, []),
        (Side(("pr",), quantity=2, unit="回"), BOOKS, []),
        (Side(("goods_used",), quantity=30, unit="個"), BOOKS, [("△", "quantity_units")]),
    ],
)
def test_the_amount_of_a_need_is_of_what_it_asks_for_first(company, npo, expected):
    assert quantities(replace(company, is_open=True), npo) == expected


def test_what_a_profile_mentions_is_not_said_to_be_offered():
    translation = Side(("pro_bono",), skills=frozenset({"translation"}), is_open=True)
    helping = replace(translation, elsewhere=(Elsewhere("volunteer_hands"),))
    assert support(helping, LAW)[:2] == ("△", "support_instead_in_profile")
    welcome = replace(LAW, support_types=("place", "pro_bono"), skills=frozenset({"legal"}))
    assert support(helping, welcome)[:2] == ("△", "support_instead_of_welcome_in_profile")
    open_offer = replace(translation, elsewhere=(Elsewhere("volunteer_hands", "荷おろし"),))
    assert support(open_offer, LAW)[:2] == ("△", "support_instead_elsewhere")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({"areas": {"minato"}}, {"named": {"minato": "港"}}, ("○", "area_same")),
        ({"areas": {"kitamio"}}, {"named": {"minato": "港"}}, ("×", "area_other")),
        ({"areas": {"kitamio"}}, {"areas": {"citywide"}, "named": {"minato": "港"}}, ("△", "area_named")),
        ({"areas": {"minato"}}, {"areas": {"citywide"}, "named": {"minato": "港"}}, ("○", "area_same")),
        ({"areas": {"citywide"}}, {"areas": {"citywide"}, "named": {"minato": "港"}}, ("○", "area_same")),
        # What the field says exactly counts, whatever the text names.
        ({"areas": {"kitamio"}}, {"areas": {"kitamio"}, "named": {"minato": "港"}}, ("○", "area_same")),
        ({"areas": {"minato"}}, {"areas": {"kitamio"}, "named": {"minato": "港"}}, ("×", "area_other")),
        ({}, {"named": {"minato": "港"}}, None),
    ],
)
def test_a_district_that_a_text_names_counts_where_the_field_is_less_exact(ours, theirs, expected):
    company, npo = (
        Side(areas=frozenset(one.get("areas", ())), named=one.get("named", {})) for one in (ours, theirs)
    )
    for pair in ((company, npo), (npo, company)):
        said = [(one.mark, one.says) for one in ranking.fit(*pair, Texts()).reasons if one.code == "area"]
        assert said == ([expected] if expected else [])


def hours(said):
    found = weekly(said)
    return {"hours": found.hours, "hours_said": found.said} if found else {}


@pytest.mark.parametrize(
    ("given", "asked", "mark"),
    [
        ("日曜の昼間", "火曜か木曜の午前。", "△"),
        ("土日は貸せません。", "第3日曜の9時半〜12時", "△"),
        ("日曜の昼間", "土日祝です。", None),
        ("日曜の昼間", "軽トラックで2往復", None),
        ("いつでもどうぞ。", "火曜か木曜の午前。", None),
    ],
)
def test_hours_that_are_apart_are_said_with_the_words_of_both(given, asked, mark):
    company = Side(("vehicle_logistics",), is_open=True, **hours(given))
    npo = Side(("vehicle_logistics",), is_open=True, **hours(asked))
    fit = ranking.fit(company, npo, Texts())
    said = [reason for reason in fit.reasons if reason.code == "hours"]
    assert [(reason.mark, reason.facts) for reason in said] == (
        [] if mark is None else [(mark, {"company": given, "npo": asked})]
    )
    assert fit.parts["hours"] == (1.0 if mark is None else 0.0)


def test_nobody_gains_by_naming_hours_and_who_is_apart_loses():
    npo = Side(("place",), is_open=True, **hours("土曜の午前"))
    scores = [
        ranking.fit(Side(("place",), is_open=True, **hours(said)), npo, Texts()).score
        for said in ("", "毎日8時〜22時", "土曜の午前", "平日の夜のみ")
    ]
    assert scores[0] == scores[1] == scores[2] > scores[3]


def test_money_needs_no_hour():
    npo = Side(("cash_donation",), is_open=True, **hours("土曜の午前"))
    fit = ranking.fit(Side(("cash_donation",), is_open=True, **hours("平日の夜のみ")), npo, Texts())
    assert "hours" not in {reason.code for reason in fit.reasons}
    assert fit.parts["hours"] == 1.0
