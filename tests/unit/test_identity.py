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
