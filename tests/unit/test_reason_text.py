"""Why two sides were suggested to each other, in words: whatever the ranking says has its sentence."""

import re
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from matcher.alerts import searches
from matcher.postings import finding
from matcher.postings.wanted import Wanted
from matcher.suggestions import checks, explaining, ranking
from matcher.suggestions.checks import Said
from matcher.suggestions.criteria import Elsewhere
from matcher.suggestions.ranking import Quote, Side, Texts
from webapp import reason_text

NEED = Side(("food", "cash_donation"), 1_200, 100, "kg", date(2026, 12, 1), date(2027, 3, 31),
            frozenset({"chuo"}), "onsite", frozenset({"13", "1"}), frozenset({"10", "2"}),
            frozenset({"children"}), is_open=True)  # fmt: skip


def said(company, npo=NEED, strength=0.9):
    """code → sentence of all that is said of a pair."""
    fit = ranking.fit(company, npo, Texts(sentences=strength))
    quote = ranking.quote_reason(Quote("野菜が100%余ります", "野菜が足りません"), replace(fit, score=0.9))
    fit = explaining.explained(fit, (company, npo), quote, ())
    return [reason_text.reason_sentence(one) for one in ranking.reasons_as_dicts(fit)]


def test_reasons_are_said_with_names_figures_and_quotes():
    assert said(replace(NEED, quantity=50.5)) == [
        "企業の「野菜が100%余ります」と、団体の「野菜が足りません」が対応しています。",
        "団体が求める「食品」を、企業が提供できます。",
        "提供できる量（50.5kg）は、最低必要な量（100kg）に届きません。",
        "必要な期間を通して支援できます。",
        "活動の地域が合っています。",
        "関心のある分野が同じです（保健・医療・福祉、子どもの健全育成）。",
        "支えたい相手が同じです（小中高生）。",
        "SDGsの目標2、目標10が共通しています。",
        "足りない分は、ほかの支援と組み合わせると満たせます。",
    ]


@pytest.mark.parametrize(
    ("reader", "sentence", "brief"),
    [
        ("", "団体は「雨天は中止」としています。企業の文章には「屋外」とあります。", "団体は「雨天は中止」としています。"),
        ("company", "団体は「雨天は中止」としています。貴社の文章には「屋外」とあります。", "団体は「雨天は中止」としています。"),
        ("npo", "貴団体は「雨天は中止」としています。企業の文章には「屋外」とあります。", "貴団体は「雨天は中止」としています。"),
    ],
)  # fmt: skip
def test_each_reads_of_itself_as_who_is_spoken_to(reader, sentence, brief):
    kept = {"code": "check", "mark": "△", "says": "check_against_npo", "npo": "雨天は中止", "company": "屋外"}
    assert reason_text.reason_sentence(kept, reader) == sentence
    assert reason_text.briefly(kept, reader) == brief


def test_no_sentence_says_a_side_but_as_its_reader_is_told():
    for sentences in (reason_text.SENTENCES, reason_text.BRIEFLY):
        assert [code for code, text in sentences.items() if re.search("企業|団体", str(text))] == []


def test_a_reason_of_before_codes_were_kept_has_its_own_sentence():
    kept = {"code": "area", "mark": "○", "text": "活動の地域が合っています（100%）。"}
    assert reason_text.reason_sentence(kept) == "活動の地域が合っています（100%）。"


#: Sentences of reasons that are no longer given; records keep them.
OF_BEFORE = {"field_other", "quote_far"}


def test_every_sentence_is_said_of_some_pair_and_none_is_missing():
    elsewhere = (
        Elsewhere("food", "お米を毎月"),
        Elsewhere("cash_donation", "寄附"),
        Elsewhere("goods_new", "机"),
    )
    offers = [
        replace(
            NEED,
            support_types=kinds,
            quantity=quantity,
            unit=unit,
            areas=areas,
            mode=mode,
            period_from=first,
            period_to=None,
            fields=fields,
            is_open=is_open,
            elsewhere=others,
            refused=refused,
            skills=skills,
            hours=0b01, hours_said=("平日の夜のみ。",),
        )
        for kinds, (quantity, unit), (areas, mode), (first, fields), is_open, others, refused, skills in product(
            [(), ("food",), ("cash_donation",), ("emergency",), ("sponsorship",), ("place",), ("pro_bono",)],
            [(None, "kg"), (50, "kg"), (500, "kg"), (5_000, "kg"), (5, "箱")],
            [(frozenset({"chuo"}), "onsite"), (frozenset({"hama"}), "onsite"), (frozenset(), "remote"),
             (frozenset({"hama"}), "remote")],
            [(None, frozenset()), (date(2026, 11, 1), frozenset({"13"})), (date(2027, 1, 1), frozenset({"7"})),
             (date(2028, 1, 1), frozenset({"7"}))],
            [True, False],
            [(), *((one,) for one in elsewhere)],
            [{}, {"food": ""}, {"food": "食品は出せません。"}],
            [frozenset(), frozenset({"pr"})],
        )
    ]  # fmt: skip
    needs = [
        NEED,
        replace(NEED, mode="remote", quantity=None, hours=0b10, hours_said=("日曜の朝。",)),
        replace(NEED, mode="either", is_open=False),
        replace(NEED, areas=frozenset({"citywide"}), named={"kita": "北"}),
        replace(NEED, support_types=("pro_bono",), skills=frozenset({"pr"})),
        replace(NEED, support_types=("pro_bono",), skills=frozenset({"it"})),
        replace(NEED, support_types=("pro_bono",), quantity=None),
    ]
    used = set()
    for offer, need in product(offers[::7] + offers[3::11], needs):
        company, npo = Said(("雨天中止。", "箱は自分で。"), (), no_go=("転売。",)), Said(("火曜の朝。",), ())
        fit = ranking.fit(offer, need, Texts())
        fair = replace(fit, score=0.9)
        quote = ranking.quote_reason(Quote("野菜", "夕食", 0.9 if offer.quantity else 0.0), fair)
        for kept in ranking.reasons_as_dicts(
            explaining.explained(fit, (offer, need), quote, checks.between(company, npo))
        ):
            if kept["says"] not in used:
                used.add(kept["says"])
                assert "%" not in reason_text.reason_sentence(kept)
    for company, npo in (
        (Said(("冷凍は積めません。",), ()), Said((), ("冷凍品がほしい。",))),
        (Said(("冷凍庫を用意すること。",), ()), Said((), ("冷凍庫があります。",))),
        (Said((), (), no_go=("酒の席",)), Said((), ("お酒を出します。",))),
        (Said((), ("パンがあります。",)), Said(("パンは足りています。",), ())),
    ):
        for reason in checks.between(company, npo):
            kept = {"code": reason.code, "says": reason.says, **reason.facts}
            used.add(reason.says)
            assert "%" not in reason_text.reason_sentence(kept)
    for found in (finding.Why(("title",)), finding.Why(sentence="100%の野菜。")):
        kept = searches.reason(Wanted("野菜"), found)
        used.add(kept["says"])
        assert "野菜" in reason_text.reason_sentence(kept)
    used.add("talk")
    assert used == set(reason_text.SENTENCES) - OF_BEFORE


def test_what_fits_in_all_points_still_says_what_would_help():
    fit = ranking.fit(NEED, NEED, Texts())
    quote = ranking.quote_reason(Quote("野菜", "野菜"), replace(fit, score=0.9))
    explained = explaining.explained(fit, (NEED, NEED), quote, ())
    assert [reason.says for reason in explained.improvements] == ["talk"]
