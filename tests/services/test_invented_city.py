"""The invented city lives through its two years on whatever day it is founded."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from embeddings import text
from embeddings.encoder import WordsOnly, e5_model_id
from matcher.agreements import contract
from matcher.ground.db import Database
from matcher.records import CaseFit, Need, Offer, Organization, Payment
from matcher.register import findable
from seed_data import city, lines, vectors

FOLDER = Path("seed_data")


def deals() -> list[lines.Facts]:
    """What the agreements of the stories pay by outcomes."""
    return [
        step["agreement"]["outcome"]
        for story in lines.read(FOLDER, "stories")
        for step in story["steps"]
        if step.get("agreement", {}).get("outcome")
    ]


@pytest.mark.parametrize("deal", deals())
def test_what_is_paid_by_outcomes_holds_in_every_week(deal: lines.Facts) -> None:
    spent = sum(deal["fixed"].values()) + sum(rule["cap_yen"] for rule in deal["rules"])
    for week in range(5 * 53):
        found = contract.Contract.from_dict(lines.money(deal, timedelta(weeks=week)))
        assert [rule.faults() for rule in found.rules] == [{}] * len(deal["rules"]), week
        assert found.faults() == {}, week
        assert found.most() == spent, week
        assert sum(found.year_limits.values()) == spent, week


@pytest.mark.parametrize("weeks", [1, 19])  # a measurement crosses the end of March; today does
def test_the_city_is_founded_in_any_week(
    sqlite_template: Path, tmp_path: Path, now: datetime, weeks: int
) -> None:
    (tmp_path / "city.db").write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{tmp_path}/city.db")
    city.load(database, FOLDER, now + timedelta(weeks=weeks), encoder=WordsOnly())
    with database.read() as session:
        # Whoever looks into its cases reads why their two fit: all of them, however they began.
        assert set(session.scalars(select(CaseFit.unknown))) == {""}
        assert all(session.scalars(select(CaseFit.reasons)))
        assert len(session.scalars(select(Payment)).all()) == 3
        # Vectors of its texts come with it, so that nobody waits for them.
        known = vectors.read(FOLDER, e5_model_id())
        whole = select(Organization).options(joinedload(Organization.company), joinedload(Organization.npo))
        for records in (select(Need), select(Offer), whole):
            read = {text.digest(findable.compared_text_of(one)) for one in session.scalars(records)}
            assert read <= known.keys()
    database.dispose()
