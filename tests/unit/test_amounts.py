"""What one box holds, and what a company refuses as a whole, as texts say it."""

import pytest

from embeddings import amounts
from matcher.suggestions import sides


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1箱10kgです。", {"箱": (10.0, "kg")}),
        ("一箱あたり約１０キロ", {"箱": (10.0, "kg")}),
        ("1袋（500g）", {"袋": (0.5, "kg")}),
        ("5kg入りの袋でお渡しします。", {"袋": (5.0, "kg")}),
        ("1ケースに24個", {"ケース": (24.0, "個")}),
        ("120箱あります。", {}),
        ("箱は自分で用意してください。", {}),
        ("1箱に0kg", {}),
        ("", {}),
    ],
)
def test_what_one_of_a_unit_holds(said, expected):
    assert dict(amounts.sizes(said)) == expected


@pytest.mark.parametrize(
    ("said", "kind", "is_refused"),
    [
        ("お金は出せません。", "cash_donation", True),
        ("うちは現金の寄附はいたしかねますが、人は出せます。", "membership", True),
        ("うちは現金の寄附はいたしかねますが、人は出せます。", "volunteer_hands", False),
        ("申し訳ないのですが、資金の援助はできません。", "sponsorship", True),
        ("寄付金の拠出については、社の方針によりお断りしております。", "cash_donation", True),
        ("金銭的なご支援は行っておりません。", "cash_donation", True),
        ("車も人も出せない。", "volunteer_hands", True),
        ("土日の会場は貸せません。", "place", False),
        ("名所の少ないまちでは、人を訪ねる旅しかない。", "volunteer_hands", False),
        ("お金の使い道は問いません。", "cash_donation", False),
        ("寄附をしています。", "cash_donation", False),
        ("", "cash_donation", False),
    ],
)
def test_a_kind_of_support_that_is_refused_as_a_whole(said, kind, is_refused):
    assert (kind in sides.refused_kinds(said)) == is_refused
