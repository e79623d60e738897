"""Why two sides were suggested to each other, in words: whatever the ranking says has its sentence."""

from dataclasses import replace
from datetime import date
from itertools import product

from matcher.suggestions import ranking
from matcher.suggestions.ranking import Quote, Side, Texts
from webapp import reason_text

NEED = Side(("food", "cash_donation"), 1_200, 100, "kg", date(2026, 12, 1), date(2027, 3, 31),
            frozenset({"chuo"}), "onsite", frozenset({"13", "1"}), frozenset({"10", "2"}),
            frozenset({"children"}), is_open=True)  # fmt: skip


def said(company, npo=NEED, strength=0.9):
    """code → sentence of all that is said of a pair."""
    fit = ranking.fit(
        company, npo, Texts(sentences=strength), Quote("野菜が100%余ります", "野菜が足りません")
    )
    return [reason_text.reason_sentence(one) for one in ranking.reasons_as_dicts(fit)]


def test_reasons_are_said_with_names_figures_and_quotes():
    assert said(replace(NEED, quantity=50.5)) == [
        "企業の「野菜が100%余ります」と、団体の「野菜が足りません」が対応しています。",
        "団体が求める「食品」を、企業が提供できます。",
        "関心のある分野が同じです（保健・医療・福祉、子どもの健全育成）。",
        "支えたい相手が同じです（小中高生）。",
        "SDGsの目標2、目標10が共通しています。",
        "活動の地域が合っています。",
        "必要な期間のすべてで支援できます。",
        "提供できる量（50.5kg）は、最低必要な量（100kg）に届きません。",
    ]


def test_a_reason_of_before_codes_were_kept_has_its_own_sentence():
    kept = {"code": "area", "mark": "○", "text": "活動の地域が合っています（100%）。"}
    assert reason_text.reason_sentence(kept) == "活動の地域が合っています（100%）。"


def test_every_sentence_is_said_of_some_pair_and_none_is_missing():
    offers = (
        replace(
            NEED,
            support_types=kinds,
            quantity=quantity,
            areas=areas,
            mode=mode,
            period_from=first,
            period_to=None,
            fields=fields,
            is_open=is_open,
        )
        for kinds, quantity, (areas, mode), first, fields, is_open in product(
            [(), ("food",), ("cash_donation",), ("emergency",), ("sponsorship",), ("place",), ("pro_bono",)],
            [None, 50, 500, 5_000],
            [({"chuo"}, "onsite"), ({"hama"}, "onsite"), ({"hama"}, "remote")],
            [None, date(2026, 11, 1), date(2027, 1, 1), date(2028, 1, 1)],
            [frozenset(), frozenset({"13"}), frozenset({"7"})],
            [True, False],
        )
    )
    needs = [NEED, replace(NEED, mode="remote"), replace(NEED, mode="either", is_open=False)]
    used = set()
    for (offer, need), strength in product(product(offers, needs), (0.0, 0.9)):
        fit = ranking.fit(offer, need, Texts(sentences=strength), Quote("野菜", "夕食"))
        for kept in ranking.reasons_as_dicts(fit):
            if kept["says"] not in used:
                used.add(kept["says"])
                assert "%" not in reason_text.reason_sentence(kept)
    assert used == set(reason_text.SENTENCES)
