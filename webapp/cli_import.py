"""``enmusubi import``: organizations, needs and offers from CSV, Excel or JSONL, on the machine itself.

It checks and reports like the page does, and saves only after a yes (or ``--yes``).
"""

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from matcher.city import cities
from matcher.ground.errors import DomainError
from matcher.ground.permissions import SYSTEM
from matcher.imports import checking, saving, tables
from matcher.imports.columns import COLUMNS, Kind
from matcher.imports.findings import Checked
from matcher.imports.tables import Unreadable
from webapp import cli_files, clock, db, import_text
from webapp.cli import said
from webapp.cli_index import encode_all
from webapp.progress import progress

SHOWN = 50

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_format = click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "csv", "xlsx", "jsonl"]),
    default="auto",
    show_default=True,
    help="How FILE is written; auto goes by its name.",
)
_yes = click.option("--yes", is_flag=True, help="Save without asking.")
_skip = click.option("--skip-errors", is_flag=True, help="Save the good rows although others have errors.")
_others = click.option(
    "--same-name-is-another",
    "same_name",
    is_flag=True,
    help="Save the doubtful rows too, as others of the same name.",
)
_encode = click.option("--encode", is_flag=True, help="Encode the new texts now, not in the worker.")
_dry = click.option("--check", "only_check", is_flag=True, help="Report only, save nothing.")


@click.group("import", cls=AppGroup)
def command() -> None:
    """Import organizations, needs or offers; each row is checked, nothing is saved unasked."""


@command.command("organizations")
@_file
@click.option("--kind", type=click.Choice(["company", "npo"]), required=True, help="What FILE lists.")
@_format
@click.option(
    "--state",
    type=click.Choice(saving.STATES["companies"]),
    default="submitted",
    show_default=True,
    help="Where they begin: to be checked by the city, or already checked.",
)
@_yes
@_skip
@_others
@_encode
@_dry
@with_appcontext
def import_organizations(file: Path, kind: str, **options: Any) -> None:
    """Import companies or NPOs from FILE.

    JSONL holds one object a line, with our own field names, or only id, name, text and region.
    """
    _run("companies" if kind == "company" else "npos", file, **options)


def _postings_command(kind: Kind, name: str) -> None:
    @command.command(kind, help=f"Import {kind} from FILE; their {name} must be registered.")
    @_file
    @_format
    @click.option(
        "--state",
        type=click.Choice(saving.STATES[kind]),
        default="in_review",
        show_default=True,
        help="Where they begin; open only where nothing is missing.",
    )
    @_yes
    @_skip
    @_encode
    @_dry
    @with_appcontext
    def run(file: Path, **options: Any) -> None:
        _run(kind, file, **options)


_postings_command("needs", "NPOs")
_postings_command("offers", "companies")


@command.command("template")
@click.argument("kind", type=click.Choice(list(COLUMNS)))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def template(kind: Kind, file: Path) -> None:
    """Write an empty .xlsx sheet for KIND to FILE."""
    with db.database().read() as session:
        city = cities.get(session)
    cli_files.write(file, import_text.template_workbook(kind, city, clock.now()))
    click.echo(f"wrote {file}")


def _run(
    kind: Kind,
    file: Path,
    *,
    form: str,
    state: str,
    yes: bool,
    skip_errors: bool,
    encode: bool,
    same_name: bool = False,
    only_check: bool,
) -> None:
    checked = _check(kind, file, form)
    _report(checked)
    if only_check:
        raise SystemExit(1 if checked.count("error") else 0)
    if checked.count("error") and not skip_errors:
        raise click.ClickException(
            "expected rows without errors, nothing was saved; mend them or use --skip-errors"
        )
    rows = checked.rows + (checked.doubtful if same_name else [])
    if not rows:
        click.echo("nothing to save")
        return
    if not yes:
        click.confirm(f"Save {len(rows)} rows as {state}?", abort=True)
    try:
        with progress(f"Saving {len(rows)} rows") as step:
            result = saving.save(db.database(), SYSTEM, kind, rows, state, clock.now(), step=step)
    except DomainError as error:
        raise click.ClickException(said(error)) from None
    click.echo(f"saved {result.saved}, already there {result.skipped}")
    if encode:
        encode_all(db.database(), current_app.config["SETTINGS"])
    else:
        click.echo("they are suggested once the worker has encoded them")


def _check(kind: Kind, file: Path, form: str) -> Checked:
    content, now = cli_files.first_bytes(file, tables.MAX_BYTES), clock.now()
    suffix = file.suffix.lower().lstrip(".") if form == "auto" else form
    try:
        with db.database().read() as session:
            if suffix in {"jsonl", "json"}:
                return checking.check_json_lines(session, SYSTEM, kind, content, now)
            return checking.check_file(session, SYSTEM, kind, f"upload.{suffix}", content, now)
    except Unreadable as error:
        raise click.ClickException(import_text.refusal(error)) from None


def _report(checked: Checked) -> None:
    # What has to be mended is printed to the last row; of the rest only the number is told.
    needed = [problem for problem in checked.problems if problem.level in {"error", "doubt"}]
    others = [problem for problem in checked.problems if problem.level not in {"error", "doubt"}]
    for problem in needed + others[:SHOWN]:
        facts = vars(problem)
        click.echo(
            "\t".join(
                (
                    str(problem.row), str(import_text.LEVELS[problem.level]), problem.column, problem.value,
                    import_text.what(facts), import_text.mend(facts),
                )
            ),
            err=True,
        )  # fmt: skip
    if hidden := others[SHOWN:]:
        click.echo(f"… and {import_text.counted([vars(one) for one in hidden])}", err=True)
    for label, names in (
        ("dropped as personal", checked.dropped),
        ("unknown", map(import_text.unread, checked.unknown)),
        ("taken as one", map(import_text.together, checked.merged)),
    ):
        if said := ", ".join(names):
            click.echo(f"columns {label}: {said}", err=True)
    for sentence in import_text.hidden(vars(checked)):
        click.echo(sentence, err=True)
    if checked.sheets:
        click.echo(f"sheets not read: {', '.join(checked.sheets)}", err=True)
    click.echo(
        f"{checked.total} rows: {len(checked.rows)} ready, {checked.count('error')} with errors, "
        + (f"{len(checked.doubtful)} doubtful, " if checked.doubtful else "")
        + f"{checked.count('duplicate')} already there"
    )
