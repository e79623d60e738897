"""Runs migrations on the engine that ``matcher.migrations`` hands over."""

from alembic import context

from matcher.records import Base

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    # SQLite changes a table by dropping and copying it, which would take along whatever hangs on its rows.
    plain = connection.connection.dbapi_connection if connection.dialect.name == "sqlite" else None
    if plain is not None:
        plain.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
            if plain is not None and (lost := plain.execute("PRAGMA foreign_key_check").fetchall()):
                raise RuntimeError(f"expected every reference to lead to a row, found {lost[:5]}")
    finally:
        if plain is not None:
            plain.execute("PRAGMA foreign_keys=ON")
