"""A field of a profile is described once: whoever needs to know something of it asks the same table."""

import pytest
from sqlalchemy import inspect

from matcher.desk.lists import LISTS
from matcher.ground import profile
from matcher.imports.columns import COLUMNS
from matcher.records import CompanyProfile, NpoProfile, Organization
from webapp import organization_text
from webapp.desk_lists import saved_columns

KINDS = {"company": CompanyProfile, "npo": NpoProfile}
TABLES = {"company": "companies", "npo": "npos"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_described_field_has_a_column_and_is_described_once(kind):
    described = [one.code for one in profile.FIELDS[kind]]
    assert len(described) == len(set(described))
    held = {*inspect(Organization).columns.keys(), *inspect(KINDS[kind]).columns.keys()}
    assert set(described) <= held


@pytest.mark.parametrize("kind", KINDS)
def test_forms_imports_and_saved_lists_name_a_field_as_the_table_does(kind, app):
    columns = {one.code: one for one in COLUMNS[TABLES[kind]]}
    saved = {str(one.label) for one in saved_columns(LISTS["organizations"], {"kind": kind})}
    for one in profile.FIELDS[kind]:
        with app.test_request_context():
            assert str(organization_text.label(kind, one.code)) == one.label
        if one.is_imported:
            assert columns[one.code] is one
            assert one.code in {"name", "area", "fields", "corporate_number"} or one.heading in saved


def test_what_is_about_a_person_is_never_shown_to_other_members():
    for fields in profile.FIELDS.values():
        assert not [one.code for one in fields if one.is_personal and one.is_shown]
        assert {"representative", "contact_name", "email", "phone"} <= {
            one.code for one in fields if one.is_personal
        }
