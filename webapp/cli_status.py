"""``enmusubi status``: whether the worker works and mail goes out, for the operator and for monitoring."""

from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from matcher.ground.db import Database
from matcher.jobs import leases, seen
from webapp.worker import PIECE_NAMES


@click.command("status")
@with_appcontext
def command() -> None:
    """Say of each piece of the worker's work who does it, when it was last seen and what waits.

    Exits with 1 when a piece was not seen for minutes, or mail stands still.
    """
    database: Database = current_app.extensions["database"]
    with database.read() as session:
        found = seen.state(session, PIECE_NAMES)
        now = leases.database_time(session)
    for one, waiting in found.pieces:
        parts = [
            one.piece,
            "silent" if one.is_silent else "ok",
            f"seen {_ago(one.seen_at, now)}",
            f"by {one.holder}" if one.holder else "by nobody",
        ]
        if waiting is not None:
            oldest = f", the oldest from {_ago(waiting.oldest, now)}" if waiting.oldest else ""
            parts.append(f"{waiting.count} waiting{oldest}")
        click.echo("\t".join(parts))
    click.echo(f"undeliverable\t{found.mail.undeliverable} mails")
    if found.silent:
        raise click.ClickException(
            f"expected every piece to be seen within {_minutes(leases.SILENCE.total_seconds())}, "
            f"found silent: {', '.join(found.silent)}"
        )
    if found.mail.late_since is not None:
        raise click.ClickException(
            f"expected mail to go out, the oldest is from {_ago(found.mail.late_since, now)}"
        )


def _ago(then: datetime | None, now: datetime) -> str:
    if then is None:
        return "never"
    seconds = max(0.0, (now - then).total_seconds())
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{_minutes(seconds)} ago"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:,.0f} min"
