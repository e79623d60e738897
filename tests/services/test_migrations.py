"""Migrations go up, down and up again, and leave exactly the models' tables."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from matcher import migrations
from matcher.records import Base


def test_the_migrated_database_equals_the_models(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_go_down_and_up_again(database):
    migrations.downgrade(database, "base")
    migrations.upgrade(database)
    assert migrations.is_current(database)
