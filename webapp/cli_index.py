"""``enmusubi index``: build, check and describe the vectors and the index."""

import click
from flask import current_app
from flask.cli import with_appcontext

from embeddings.encoder import ModelUnavailable, e5_model_id, load_e5, load_encoder, model_id_for
from matcher.ground.db import Database
from matcher.register import findable
from matcher.suggestions import contextual, encoding, indexing
from webapp import clock, db
from webapp.config import Settings
from webapp.progress import progress


@click.group("index")
def command() -> None:
    """Vectors and index: the database holds the truth, every process keeps a copy."""


def encode_all(database: Database, settings: Settings) -> int:
    """Encode everything that waits under the configured model, then let it serve; returns how many."""
    name = settings.embedding_model or None
    model_id = model_id_for(name)
    encoding.note_what_is_compared(database)
    encoding.add_missing_rows(database, model_id)
    with database.read() as session:
        total = findable.waiting_count(session, model_id)
    done = 0
    if total:
        encoder = load_encoder(name)
        with progress(f"Encoding {total:,} texts with {model_id}") as step:
            while count := encoding.encode_waiting(database, encoder, clock.now()):
                done += count
                step(done, total)
    encoding.serve(database, model_id)
    return done


def read_all(database: Database, settings: Settings) -> int:
    """Read everything that waits for the sentence encoder; returns how many."""
    if settings.sentence_encoder == "off":
        return 0
    contextual_id = e5_model_id()
    contextual.begin(database, contextual_id)
    with database.read() as session:
        total = findable.contextual_waiting_count(session)
    done = 0
    if total:
        encoder = load_e5()
        with progress(f"Reading {total:,} texts with {contextual_id}") as step:
            while count := contextual.encode_waiting(database, encoder):
                done += count
                step(done, total)
    return done


@command.command("rebuild")
@with_appcontext
def rebuild() -> None:
    """Encode all texts with the configured EMBEDDING_MODEL, switch to it, then read all in context.

    The old vectors serve until the new ones are complete.
    """
    settings: Settings = current_app.config["SETTINGS"]
    try:
        count = encode_all(db.database(), settings)
        read = read_all(db.database(), settings)
    except ModelUnavailable as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count:,} texts encoded; serving {model_id_for(settings.embedding_model or None)}")
    click.echo(f"{read:,} texts read by the sentence encoder")


@command.command("check")
@with_appcontext
def check() -> None:
    """Compare a freshly started index (from its snapshot, if there is one) with the database."""
    settings: Settings = current_app.config["SETTINGS"]
    live = indexing.LiveIndex(settings.index_folder)
    with db.database().read() as session:
        live.level(session)
        found = indexing.differences(session, live)
    for line in found[:50]:
        click.echo(line)
    if found:
        raise click.ClickException(f"expected no difference, found {len(found):,}")
    click.echo("The index equals the database.")


@command.command("status")
@with_appcontext
def status() -> None:
    """Say which model serves, how much is indexed and how much waits."""
    live = indexing.LiveIndex()
    with db.database().read() as session:
        live.level(session)
        serving = findable.serving_model(session)
        waiting = findable.waiting_count(session, serving) if serving else 0
        unread = findable.contextual_waiting_count(session)
    click.echo(f"serving: {serving or 'nothing yet'}; in context: {live.contextual_id or 'nothing yet'}")
    for owner_type, shelf in live.shelves.items():
        read = len(shelf.contextual) if shelf.contextual is not None else 0
        click.echo(f"{owner_type}: {len(shelf.vectors):,}, read in context: {read:,}")
    click.echo(f"waiting: {waiting:,}, to be read in context: {unread:,}")
