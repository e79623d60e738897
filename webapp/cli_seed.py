"""``enmusubi seed``: load the invented demo city into an empty database, encoded and ready."""

from contextlib import suppress
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from embeddings.encoder import ModelUnavailable, e5_model_id, load_encoder
from matcher.cases.files import Store
from matcher.ground.errors import Refused
from matcher.suggestions import contextual
from seed_data import city as seed_city
from seed_data import vectors, visits
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
    settings = current_app.config["SETTINGS"]
    with progress("Living through two years of the demo city") as step:
        try:
            store = Store(settings.files_folder, settings.antivirus_command)
            encoder = load_encoder(settings.embedding_model or None)
            seed_city.load(database, folder, clock.now(), step, store=store, encoder=encoder)
        except Refused as error:
            raise click.ClickException(str(error)) from error
    encode_all(database, settings)
    if settings.sentence_encoder != "off":
        with suppress(ModelUnavailable):  # the worker says so
            contextual.begin(database, e5_model_id())
            contextual.fill_known(database, e5_model_id(), vectors.read(folder, e5_model_id()))
    visits.load(database, clock.now())
    click.echo("The demo city is loaded.")
