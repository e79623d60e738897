"""Migrations go up, down and up again, and leave exactly the models' tables."""

from datetime import timedelta

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from matcher import migrations
from matcher.agreements import plans
from matcher.records import Base, Membership, Notice, Organization, Payment, User
from matcher.register import folding, notices
from matcher.work import payments
from tests import factories, told
from tests.conftest import NOW
from tests.partners import Partners


def test_the_migrated_database_equals_the_models(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_go_down_and_up_again(database):
    migrations.downgrade(database, "base")
    migrations.upgrade(database)
    assert migrations.is_current(database)


def test_what_was_saved_before_is_found_in_any_kana_and_by_its_number(database):
    migrations.downgrade(database, "0012")
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO organization (public_id, version, kind, state, name, kana, corporate_number, area, address,"
            " website, representative, contact_department, contact_name, email, phone, visibility, reason_text,"
            " search_text, created_at, updated_at) VALUES ('a', 1, 'npo', 'verified', 'フードの会', '',"
            " '8999901300052', '', '', '', '', '', '', '', '', 'public', '', 'フ-ドの会 8999901300052',"
            " '2026-01-01', '2026-01-01')"
        )
    migrations.upgrade(database)
    with database.read() as session:
        (found,) = session.scalars(select(Organization))
        session.expunge(found)
    found.npo = None
    assert found.search_text.split() == folding.text_of_organization(found).split()


def test_everybody_keeps_the_organization_they_had(database):
    with database.write() as session:
        npo, company = factories.make_npo(session), factories.make_company(session)
        owner = factories.make_user(session, npo, organization_role="editor")
        invited = factories.make_user(session, company, name="招待 花子", status="invited")
        officer = factories.make_coordinator(session)
        factories.make_membership(session, owner, company, "viewer")
        notices.tell_organization(session, npo, *told.letter(), NOW)
        kept = {one.id: one.public_id for one in (owner, invited, officer)}
    migrations.downgrade(database, "0015")
    with database.read() as session:
        rows = session.execute(
            text("SELECT id, organization_id, organization_role FROM user_account ORDER BY id")
        )
        assert [tuple(row) for row in rows] == [
            (owner.id, npo.id, "editor"), (invited.id, company.id, "owner"), (officer.id, None, None),
        ]  # fmt: skip
    migrations.upgrade(database)
    with database.read() as session:
        seats = session.scalars(select(Membership).order_by(Membership.user_id)).all()
        assert [(one.user_id, one.organization_id, one.role, one.status, one.invited_name) for one in seats] == [
            (owner.id, npo.id, "editor", "active", ""), (invited.id, company.id, "owner", "invited", "招待 花子"),
        ]  # fmt: skip
        assert {one.id: one.public_id for one in session.scalars(select(User))} == kept
        assert [one.organization_id for one in session.scalars(select(Notice))] == [npo.id]


def test_an_earlier_payment_is_called_as_its_plan_called_it_then(database, tmp_path):
    with database.write() as session:
        case = Partners(session, NOW, tmp_path)
        case.contracted()
        case.at += timedelta(days=case.days)
        case.measure(case.only_indicator(), 31.0, case.ends_on)
        payments.calculate(session, case.coordinator, case.case, case.rule(), case.at)
        (row,) = plans.content(session, case.case)["indicators"]
        renamed = {**row, "name": "新しい名前"}
        key = renamed.pop("key")
        case.later(hours=1)
        plans.save_indicator(
            session, case.npo_actor, case.case, key, renamed, case.at, version=None, why_changed=case.why
        )
        case.accept("plan", *case.sides, case.coordinator)
        assert case.only_indicator().name == "新しい名前"
    migrations.downgrade(database, "0017")
    migrations.upgrade(database)
    with database.read() as session:
        (paid,) = session.scalars(select(Payment))
        assert paid.what == row["name"]
