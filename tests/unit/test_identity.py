"""Whether two entries name one organization."""

import itertools

import pytest

from matcher.organizations.identity import Identity, compare

ONE, TWO = "8999900000001", "7999900000002"


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (("株式会社見本", ONE, "citywide", "A町1"), ("株式会社見本", TWO, "citywide", "B町2"), "other"),
        (("株式会社見本", ONE, "citywide", "A町1"), ("株式会社見本", TWO, "citywide", "A町1"), "other"),
        (("株式会社見本", ONE), ("別の名前", ONE), "same"),
        (("株式会社見本", ONE), ("株式会社見本", ""), "maybe"),
        (("株式会社見本", ONE, "chuo"), ("㈱見本", "", ""), "maybe"),
        (("株式会社見本", ONE, "chuo"), ("株式会社見本", "", "hama"), "other"),
        (("町内会", "", "chuo"), ("町内会", "", "chuo"), "same"),
        (("町内会", "", "chuo", "1-2"), ("町内会", "", "", ""), "same"),
        (("町内会", "", "chuo", "１－２"), ("町内会", "", "chuo", "1-2"), "same"),
        (("町内会", "", "chuo", "1-2"), ("町内会", "", "chuo", "3-4"), "maybe"),
        (("町内会", "", "chuo"), ("町内会", "", "hama"), "other"),
        (("甲", "", "chuo"), ("乙", "", "chuo"), "other"),
        *(
            ((short, ""), (full, ""), verdict)
            for short, full, verdict in (
                ("NPO法人みなと", "特定非営利活動法人みなと", "same"),
                ("ＮＰＯ法人　みなと", "(特非)みなと", "same"),
                ("みなと（特非）", "みなと特定非営利活動法人", "same"),
                ("（一社）みなと", "一般社団法人みなと", "same"),
                ("㈳みなと", "公益社団法人みなと", "other"),
                ("（福）みなと", "社会福祉法人 みなと", "same"),
                ("㈱みなと", "株式会社　みなと", "same"),
                ("みなと（株）", "株式会社みなと", "other"),
                ("認定NPO法人みなと", "NPO法人みなと", "maybe"),
                ("認定NPO法人みなと", "認定特定非営利活動法人みなと", "same"),
                ("NPO法人みなと", "一般社団法人みなと", "other"),
                ("みなと", "NPO法人みなと", "other"),
                ("港の(福)の会", "港の社会福祉法人の会", "other"),
            )
        ),
    ],
)  # fmt: skip
def test_two_entries_are_the_same_another_or_for_a_person_to_tell(one, other, verdict) -> None:
    assert compare(Identity(*one), Identity(*other)) == verdict


def test_the_verdict_does_not_depend_on_the_order_and_everything_is_itself() -> None:
    every = [
        Identity(name, number, area, address)
        for name, number, area, address in itertools.product(
            ("甲", "乙"), ("", ONE, TWO), ("", "a", "b"), ("", "1", "2")
        )
    ]
    for one, other in itertools.product(every, every):
        assert compare(one, other) == compare(other, one)
    assert all(compare(one, one) == "same" for one in every)
