"""``enmusubi city``: set the municipality that runs this installation."""

import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from matcher.city import cities
from matcher.ground.errors import Invalid
from webapp import cli_files, clock, db
from webapp.cli import said


@click.command("city")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def command(file: Path) -> None:
    """Load name, section, telephone, shared mailbox and districts from a JSON FILE.

    The file is one object with the keys name, section, phone, email, areas (code → label) and, where there
    is one, kana and field20. The object may also stand under the key "municipality".
    """
    try:
        facts = json.loads(cli_files.text_of(file))
        facts = facts.get("municipality", facts)
        with db.database().write() as session:
            if cities.get(session).is_demo:
                raise click.ClickException("expected a database of a real municipality, found the demo city")
            cities.change(session, facts, clock.now())
    except (ValueError, AttributeError, RecursionError) as error:
        raise click.ClickException(f"expected a JSON object, found: {error}") from error
    except Invalid as error:
        raise click.ClickException(f"expected usable values for the keys: {said(error)}") from error
    click.echo(f"This installation is run by {facts['name']}.")
