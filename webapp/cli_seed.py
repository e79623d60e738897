"""``enmusubi seed``: load the invented demo city into an empty database, encoded and ready."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from matcher.cases.files import Store
from matcher.ground.errors import Refused
from seed_data import city as seed_city
from seed_data import visits
from webapp import clock, db
from webapp.cli_index import encode_all
from webapp.progress import progress


@click.command("seed")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("seed_data"),
    show_default=True,
    help="Folder with city.json and the texts.",
)
@click.option("--if-empty", is_flag=True, help="Do nothing, quietly, where there are records already.")
@with_appcontext
def command(folder: Path, if_empty: bool) -> None:
    """Load the invented demo city. Refused where the database holds any record."""
    database = db.database()
    with database.read() as session:
        if not seed_city.is_empty(session):
            if if_empty:
                return
            raise click.ClickException("expected an empty database, found records; nothing was changed")
    with progress("Living through two years of the demo city") as step:
        try:
            settings = current_app.config["SETTINGS"]
            store = Store(settings.files_folder, settings.antivirus_command)
            seed_city.load(database, folder, clock.now(), step, store=store)
        except Refused as error:
            raise click.ClickException(str(error)) from error
    encode_all(database, current_app.config["SETTINGS"])
    visits.load(database, clock.now())
    click.echo("The demo city is loaded.")
