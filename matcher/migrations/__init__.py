"""Alembic migrations, numbered, reversible, independent of the models."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from matcher.ground.db import Database


def config(database: Database) -> Config:
    """The Alembic configuration of this package for one database; no ini file is needed."""
    result = Config()
    result.set_main_option("script_location", str(Path(__file__).parent))
    # Whoever migrates would rather wait for a service that is still running than fail.
    result.attributes["engine"] = database.engine.execution_options(patience_seconds=60.0)
    return result


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to ``revision``."""
    command.upgrade(config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to ``revision``."""
    command.downgrade(config(database), revision)


def current(database: Database) -> str | None:
    """The revision at which the database stands, ``None`` where it is empty."""
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def is_current(database: Database) -> bool:
    """Whether the database stands at the newest revision."""
    return current(database) == ScriptDirectory.from_config(config(database)).get_current_head()
