"""Who serves: asked of a person and of the database alike."""

import pytest
from sqlalchemy.orm import Session

from matcher.people import accounts
from matcher.register import officials
from tests import factories


@pytest.mark.parametrize("status", ["invited", "active", "deactivated"])
@pytest.mark.parametrize("role", [*accounts.STAFF_ROLES, "member"])
def test_a_person_serves_exactly_where_the_list_of_officials_has_them(
    session: Session, role: str, status: str
) -> None:
    person = factories.make_coordinator(session, role=role)
    person.status = status
    session.flush()
    serves = status == "active" and role in {"coordinator", "manager"}
    assert officials.serves(person) is serves
    assert (person in officials.active_staff(session)) is serves
    assert officials.active_staff_count(session) == serves
