"""Which companies are proposed together for a need that none can fill alone."""

import pytest

from matcher.desk.bundles import Candidate, choose
from matcher.ground.parts import Part, Standing
from matcher.records import Offer, Organization

RICE = Standing(Part(1, "food", 100, "kg"))
ROOM = Standing(Part(2, "place", 3, "回"))
HELP = Standing(Part(3, "pro_bono"))


def candidate(key, score, support_type="food", quantity=50.0, unit="kg"):
    offer = Offer(id=key, support_type=support_type, quantity=quantity, unit=unit)
    return Candidate(Organization(id=key, name=str(key)), score, offer)


def bundle(rows, *candidates):
    found = choose(rows, candidates)
    if found is None:
        return None
    brings = [
        (one.company.id, [(part.place, amount) for part, amount in one.brings]) for one in found.members
    ]
    return brings, [(part.place, amount) for part, amount in found.missing]


@pytest.mark.parametrize(
    ("rows", "candidates", "expected"),
    [
        # One can do it alone: nothing is proposed.
        ([RICE], [candidate(1, 0.5, quantity=100), candidate(2, 0.9)], None),
        # Who can bring nothing makes no bundle, nor does one alone.
        ([RICE], [candidate(1, 0.9, unit="箱"), candidate(2, 0.8)], None),
        # Who brings more comes first; nobody brings more than is missing.
        (
            [RICE],
            [candidate(1, 0.8, quantity=30), candidate(2, 0.8, quantity=80)],
            ([(2, [(1, 80)]), (1, [(1, 20)])], []),
        ),
        # The fit weighs.
        (
            [RICE],
            [candidate(1, 0.9), candidate(2, 0.5), candidate(3, 0.8)],
            ([(1, [(1, 50)]), (3, [(1, 50)])], []),
        ),
        # Only what others have not taken yet is sought.
        (
            [Standing(RICE.part, decided=60)],
            [candidate(1, 0.9, quantity=30), candidate(2, 0.8, quantity=30)],
            ([(1, [(1, 30)]), (2, [(1, 10)])], []),
        ),
        # Each part counts; a whole is filled by an offer of its kind, and what nobody has stays missing.
        (
            [RICE, ROOM, HELP],
            [candidate(1, 0.9), candidate(2, 0.5, "place", 2, "回"), candidate(3, 0.7, "pro_bono", None, "")],
            ([(3, [(3, 1)]), (1, [(1, 50)]), (2, [(2, 2)])], [(1, 50), (2, 1)]),
        ),
        # Four at most.
        (
            [RICE],
            [candidate(key, 0.9, quantity=10) for key in range(1, 7)],
            ([(key, [(1, 10)]) for key in range(1, 5)], [(1, 60)]),
        ),
        ([], [candidate(1, 0.9)], None),
    ],
)  # fmt: skip
def test_few_companies_cover_much_of_what_is_missing(rows, candidates, expected):
    assert bundle(rows, *candidates) == expected


def test_a_company_stands_in_a_bundle_once():
    twice = candidate(1, 0.9)
    again = Candidate(twice.company, 0.8, Offer(id=9, support_type="food", quantity=40, unit="kg"))
    assert bundle([RICE], twice, again, candidate(2, 0.5, quantity=20)) == (
        [(1, [(1, 50)]), (2, [(1, 20)])], [(1, 30)],
    )  # fmt: skip
