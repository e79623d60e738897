"""Conditions of either side are set against what the other says, and are never a reason."""

import pytest

from matcher.records import CompanyProfile, Need, Offer, Organization
from matcher.suggestions import checks
from matcher.suggestions.checks import Said


def said(company, npo):
    return [(reason.mark, reason.says, dict(reason.facts)) for reason in checks.between(company, npo)]


def test_what_is_refused_stands_beside_what_is_asked_for():
    van = Said(("冷蔵・冷凍は不可。", "土日祝は運行しません。"), ())
    need = Said((), ("冷凍・冷蔵品の引き取り便（週1回）", "朝の便が助かります。"))
    assert said(van, need) == [
        ("△", "check_against_company", {"company": "冷蔵・冷凍は不可。", "npo": "冷凍・冷蔵品の引き取り便（週1回）"}),
        ("△", "check_company", {"conditions": ["土日祝は運行しません。"]}),
    ]  # fmt: skip


def test_what_there_is_enough_of_stands_beside_the_offer_of_it():
    bakery = Said((), ("その日に焼いたパンの残り、もらってください",))
    need = Said(("パンやお菓子はありがたいことに足りています。",), ())
    (reason,) = said(bakery, need)
    assert reason[:2] == ("△", "check_against_npo")
    assert reason[2]["npo"].startswith("パンやお菓子")


def test_a_condition_meets_the_sentence_that_speaks_of_the_same():
    frozen = Said(("-18℃以下の冷凍庫を自ら用意できること。",), ())
    need = Said((), ("冷凍庫は2台あります。", "毎週土曜に配ります。"))
    assert said(frozen, need) == [
        (
            "△",
            "check_both",
            {"company": "-18℃以下の冷凍庫を自ら用意できること。", "npo": "冷凍庫は2台あります。"},
        )
    ]


def test_a_common_day_or_number_alone_sets_nothing_against_anything():
    offer = Said(("土曜の午前のみ。", "10人以上。"), ())
    need = Said((), ("日曜に20人が集まります。",))
    assert [one[1] for one in said(offer, need)] == ["check_company"]


def test_notes_of_the_need_are_shown_as_what_to_answer():
    need = Said(("みずほ台第一集会所の勝手口。", "火曜か木曜の午前。"), ())
    ((mark, says, facts),) = said(Said((), ()), need)
    assert (mark, says) == ("△", "check_npo")
    assert set(facts["conditions"]) == {"みずほ台第一集会所の勝手口。", "火曜か木曜の午前。"}


def test_the_gravest_come_first_and_not_all_of_a_hundred():
    many = Said(("歓迎します。", *(f"条件{n}。" for n in range(100)), "冷凍車が必要です。"), ())
    ((_mark, _says, facts),) = said(many, Said((), ()))
    assert facts["conditions"][0] == "冷凍車が必要です。"
    assert len(facts["conditions"]) == checks.MOST


def test_a_note_that_refuses_something_is_still_told_to_everybody():
    note, refusal = "生徒の学校名・家庭の事情は聞かないでください。", "古着は受け取れません。"
    need = Need(title="お米", situation=refusal, wanted_change="", place_note="", safety_note=note)
    asked = checks.of_npo(Organization(), need)
    assert said(Said((), ("お米を届けます。",)), asked) == [("△", "check_npo", {"conditions": [note]})]


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        ("紹介料は一切いただきません。", "撮影は一切ご遠慮ください。", "check_company"),
        ("発電所の見学はできません。", "発電機の音がうるさい。", "check_company"),
        ("公共事業の関係者は対象外です。", "太陽光のある事業所がほしい。", "check_company"),
        ("飲酒は不可。", "用紙は持ち出し不可。", "check_company"),
        ("冷凍は積めません。", "冷凍庫を運びたい。", "check_against_company"),
        ("車は貸せません。", "荷物を運ぶ車がほしい。", "check_against_company"),
        ("パンは焼けません。", "パンフレットを刷りたい。", "check_company"),
        ("冬の工房は21時半に閉めます。水は出ません。", "9時半に集まる。", "check_company"),
        ("運転者の休憩を削る運行はしません。", "運転は会員がします。", "check_company"),
        ("屋根の上の仕事はできません。", "屋根の雨もりを直したい。", "check_against_company"),
    ],
)
def test_only_the_same_thing_is_set_against_a_refusal(ours, theirs, says):
    assert says in [one[1] for one in said(Said((ours,), ()), Said((), (theirs,)))]


def test_what_a_company_wants_nothing_to_do_with_is_told_as_such():
    company = Said((), (), no_go=("酒の席での募金。", "転売を前提としたお話。"))
    need = Said((), ("夏祭りでお酒を出します。",))
    assert said(company, need) == [
        ("△", "check_against_no_go", {"company": "酒の席での募金。", "npo": "夏祭りでお酒を出します。"}),
        ("△", "check_no_go", {"conditions": ["転売を前提としたお話。"]}),
    ]


def test_the_no_go_text_of_a_company_counts_for_its_offers_too():
    company = Organization(
        company=CompanyProfile(no_go="酒の席での募金。", business="", csr_policy="", volunteering="")
    )
    offer = Offer(title="会議室", description="", conditions="")
    assert checks.of_company(company, offer).no_go == ("酒の席での募金。",)
    assert checks.of_company(company, None).no_go == ("酒の席での募金。",)


def test_a_note_that_answers_a_condition_is_not_listed_again():
    company = Said(("土曜の保険が必要です。",), ())
    need = Said(("保険は会で加入。", "腕章をつけます。"), ("保険は会で加入。", "腕章をつけます。"))
    assert said(company, need) == [
        ("△", "check_both", {"company": "土曜の保険が必要です。", "npo": "保険は会で加入。"}),
        ("△", "check_npo", {"conditions": ["腕章をつけます。"]}),
    ]


def test_rain_that_is_no_matter_of_the_day_sets_nothing_against_a_weather_clause():
    assert [one[1] for one in said(Said(("雨天中止。",), ()), Said((), ("雨で崩れた石垣が6か所。",)))] == [
        "check_company"
    ]
