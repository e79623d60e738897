"""Drafts of texts that several accept: nobody overwrites what they have not seen."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from matcher.agreements import acts as agreement_acts
from matcher.cases import documents
from matcher.ground.errors import MovedOn
from matcher.results import accepting
from tests.conftest import NOW
from tests.partners import Partners


@pytest.fixture
def partners(session: Session, tmp_path: Path) -> Partners:
    found = Partners(session, NOW, tmp_path)
    found.introduce()
    found.meet()
    found.write_plan()
    return found


def write(partners: Partners, text: str, seen: int | None, by: str = "npo_actor") -> int:
    """Write the agreement over what was seen; the edition that then stands."""
    facts = partners.agreement_facts(purpose=text)
    return agreement_acts.draft(
        partners.session, getattr(partners, by), partners.case, facts, partners.at, version=seen
    ).edition


def test_the_second_of_two_who_begin_a_draft_sees_that_there_is_one(partners: Partners) -> None:
    write(partners, "A", 0)
    with pytest.raises(MovedOn):
        write(partners, "B", 0, by="company_actor")
    draft = documents.find_draft(partners.session, partners.case, "agreement")
    assert draft is not None
    assert draft.content["purpose"] == "A"


def test_the_second_of_two_who_change_a_draft_sees_that_it_changed(partners: Partners) -> None:
    seen = write(partners, "A", 0)
    write(partners, "B", seen)
    with pytest.raises(MovedOn):
        write(partners, "C", seen, by="company_actor")


def test_a_form_over_an_accepted_text_does_not_pass_for_its_successor(partners: Partners) -> None:
    seen = write(partners, "A", 0)
    partners.accept("agreement", partners.company_actor)
    accepted = documents.find_draft(partners.session, partners.case, "agreement")
    assert accepted is not None
    newest = write(partners, "B", accepted.edition, by="company_actor")
    with pytest.raises(MovedOn):
        write(partners, "A2", seen)
    assert write(partners, "C", newest) == newest + 1


def test_a_draft_is_not_withdrawn_over_words_that_were_not_seen(partners: Partners) -> None:
    partners.draft_agreement()
    partners.sign()
    partners.confirm()
    partners.start()
    draft = partners.draft_agreement(why_changed="量が増えたため", method="週に2回")
    seen = draft.edition
    partners.draft_agreement(why_changed="量が増えたため", method="週に3回")
    for version in (seen, seen - 1):
        with pytest.raises(MovedOn):
            accepting.drop_document(
                partners.session, partners.company_actor, partners.case, draft, "やめる", partners.at,
                version=version,
            )  # fmt: skip
    accepting.drop_document(
        partners.session, partners.company_actor, partners.case, draft, "やめる", partners.at,
        version=draft.edition,
    )  # fmt: skip
    assert draft.state == "withdrawn"
