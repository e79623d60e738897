"""The ``enmusubi`` command: accounts, audit and database here, the rest in ``webapp/cli_*.py``.

Those modules are imported only when their command is used (or its line of help is shown), so that
nobody waits for a model to load in order to add a user. Each has one click command named ``command``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TextIO, TypeVar

import click
from flask import Flask, current_app
from flask.cli import AppGroup, ScriptInfo, with_appcontext
from rich.console import Console
from sqlalchemy.orm import Session

from matcher import migrations
from matcher.desk import steps
from matcher.ground.db import Database
from matcher.ground.errors import DomainError, Invalid
from matcher.ground.permissions import SYSTEM
from matcher.ground.typed import Unclear
from matcher.people import accounts, closing, staff
from matcher.records import User
from matcher.register import audit
from webapp import cli_files, clock, folders, text, value_text

_Value = TypeVar("_Value")

#: command → module that holds it as ``command``
MODULES = {
    "city": "webapp.cli_city",
    "seed": "webapp.cli_seed",
    "import": "webapp.cli_import",
    "index": "webapp.cli_index",
    "match": "webapp.cli_match",
    "registration-code": "webapp.cli_registration_code",
    "worker": "webapp.cli_worker",
    "status": "webapp.cli_status",
}


class _Enmusubi(AppGroup):
    """The main group; commands of other modules are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands that this installation has."""
        present = [name for name, module in MODULES.items() if find_spec(module) is not None]
        return sorted([*super().list_commands(ctx), *present])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported if it is one of ``MODULES``."""
        module = MODULES.get(cmd_name)
        if module is None or find_spec(module) is None:
            return super().get_command(ctx, cmd_name)
        found: click.Command = import_module(module).command
        return found


@click.group("enmusubi", cls=_Enmusubi, context_settings={"help_option_names": ["-h", "--help"]})
def enmusubi() -> None:
    """Run and maintain Enmusubi. Settings come from the environment (see README)."""


def main(args: list[str] | None = None) -> Any:
    """Entry point of the console command; the application is built when a command needs it."""
    folders.begin_private()
    return enmusubi.main(args=args, prog_name="enmusubi", obj=ScriptInfo(create_app=_create_app))


def _create_app() -> Flask:
    from webapp import create_app
    from webapp.config import ConfigurationError

    try:
        return create_app()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


def database() -> Database:
    """The configured database, for commands."""
    found: Database = current_app.extensions["database"]
    return found


@contextmanager
def writing() -> Iterator[Session]:
    """One writing transaction; a refusal becomes one line on stderr and exit status 1."""
    try:
        with database().write() as session:
            yield session
    except DomainError as error:
        raise click.ClickException(said(error)) from None


def said(error: DomainError) -> str:
    """A refusal as the pages say it, and its code for scripts."""
    if isinstance(error, Invalid):
        return " ".join(f"{text.field_sentence(code)} ({name}: {code})" for name, code in error.facts.items())
    if error.code in text.SENTENCES:
        return f"{text.sentence(error.code, error.facts)} ({error.code})"
    return error.code


def read_typed(option: str, read: Callable[[str], _Value], typed: str) -> _Value:
    """The value of an option by the reader that forms use; a usage error with its sentence otherwise."""
    try:
        return read(typed)
    except Unclear as unclear:
        raise click.BadParameter(value_text.sentence(unclear), param_hint=option) from None


@contextmanager
def working(what: str) -> Iterator[None]:
    """A moving sign beside ``what`` on a terminal; nothing at all where the output is kept."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────────


@enmusubi.group(cls=AppGroup)
def user() -> None:
    """Make, list, help and close accounts."""


@user.command("create")
@click.option("--email", required=True, help="Address to sign in with.")
@click.option("--name", required=True, help="Name shown to others.")
@click.option(
    "--role", required=True, type=click.Choice(accounts.STAFF_ROLES), help="What the person may do."
)
@with_appcontext
def create_user(email: str, name: str, role: str) -> None:
    """Open an account for city staff and print the link with which they choose a password.

    The link works once, for 7 days. It is not mailed.
    """
    with writing() as session:
        made = staff.open_staff_account(session, SYSTEM, email=email, name=name, role=role, now=clock.now())
        link = staff.issue_link(session, SYSTEM, made, clock.now(), _public_url())
    click.echo(link)


@user.command("list")
@click.option("--all", "everybody", is_flag=True, help="Members of organizations too.")
@with_appcontext
def list_users(everybody: bool) -> None:
    """List staff accounts: role, status, address, name, separated by tabs; with --all also, a line for each
    organization that a person serves, its members, and then its name.
    """
    with database().read() as session:
        for one in staff.list_staff(session, SYSTEM):
            click.echo("\t".join((one.role, one.status, one.email, one.name)))
        members = staff.search_members(session, SYSTEM, "", page=1, size=1_000_000)[0] if everybody else ()
        for seat in members:
            facts = (seat.role, seat.status, seat.user.email, seat.name, seat.organization.name)
            click.echo("\t".join(facts))


@user.command("reset-link")
@click.argument("email")
@with_appcontext
def reset_link(email: str) -> None:
    """Print a link with which EMAIL chooses a new password: once, within 2 hours (7 days if invited)."""
    with writing() as session:
        found = _get_user(session, email)
        link = staff.issue_link(session, SYSTEM, found, clock.now(), _public_url())
    click.echo(link)


@user.command("deactivate")
@click.argument("email")
@click.confirmation_option(prompt="The name and the address are removed for good. Go on?")
@with_appcontext
def deactivate_user(email: str) -> None:
    """Close the account of EMAIL, sign it out and remove its personal data."""
    with writing() as session:
        found = _get_user(session, email)
        closing.close_account(session, SYSTEM, found, clock.now())
    click.echo(f"deactivated {found.public_id}")


def _get_user(session: Session, email: str) -> User:
    found = accounts.find_by_email(session, email)
    if found is None:
        raise click.ClickException("expected the address of an account, found none with this one")
    return found


def _public_url() -> str:
    return str(current_app.config["SETTINGS"].public_url)


# ── Audit ────────────────────────────────────────────────────────────────────────────────────────────


@enmusubi.group("audit", cls=AppGroup)
def audit_group() -> None:
    """Check the record of who did what."""


@audit_group.command("verify")
@click.option("--head", "typed", multiple=True, help="A head kept before: 'NUMBER HASH SEAL'.")
@click.option(
    "--heads", "file", type=click.File(encoding="utf-8"), help="A file of kept heads, such as heads.log."
)
@with_appcontext
def verify_audit(typed: tuple[str, ...], file: TextIO | None) -> None:
    """Walk the whole chain of hashes and seals, and look up kept heads; print the head as it stands.

    Exits with 1 and names the first row that does not hold. Heads that were kept are looked up in any case
    where VAR_FOLDER/audit/heads.log has them; copies from another machine are worth more (--heads).
    """
    kept = _kept_heads(typed, file)
    with database().read() as session, working("Verifying the audit record"):
        count, broken = audit.verify(session)
        head, lost = None, None
        if broken is None:
            head, lost = audit.newest(session), next(audit.lost(session, kept), None)
    if broken is not None:
        raise click.ClickException(
            f"audit event {broken.event_id} does not hold ({broken.why}); {count} events before it do"
        )
    if lost is not None:
        raise click.ClickException(f"the kept head {lost[0].number} is not in the present record ({lost[1]})")
    click.echo(f"{count} audit events hold")
    if kept:
        click.echo(f"{len(kept)} kept heads are in the record")
    if head is not None:
        click.echo(str(head))


def _lines(opened: TextIO) -> list[str]:
    try:
        found = opened.read(cli_files.MOST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(
            f"kept heads: expected a text in UTF-8 that can be read, found {opened.name} "
            f"({type(error).__name__})"
        ) from None
    if len(found) > cli_files.MOST:
        raise click.ClickException(f"kept heads: expected less, found {opened.name}")
    return found.splitlines()


def _kept_heads(typed: tuple[str, ...], file: TextIO | None) -> list[audit.Head]:
    lines = list(typed)
    if file is not None:
        lines += _lines(file)
    own = current_app.config["SETTINGS"].audit_heads
    if own.exists():
        lines += cli_files.text_of(own).splitlines()
    try:
        return [audit.read_head(line) for line in lines if line.strip()]
    except ValueError as error:
        raise click.ClickException(f"kept head: {error}") from None


# ── Database ─────────────────────────────────────────────────────────────────────────────────────────


@enmusubi.group("db", cls=AppGroup)
def db_group() -> None:
    """Bring the database to the version of this program."""


def _keep_steps(base: Database) -> None:
    """What is to be done on each case, by the rules of this program; a hundred cases a transaction."""
    after: int | None = 0
    while after is not None:
        with base.write() as session:
            after = steps.derive_all(session, after)


@db_group.command("upgrade")
@click.argument("revision", default="head")
@with_appcontext
def upgrade(revision: str) -> None:
    """Apply the migrations up to REVISION (default: all)."""
    with working("Upgrading the database"):
        migrations.upgrade(database(), revision)
        if migrations.is_current(database()):
            with database().write() as session:
                audit.begin_sealing(session, clock.now())
            _keep_steps(database())
    click.echo(f"the database stands at {migrations.current(database()) or 'nothing'}")


@db_group.command("downgrade")
@click.argument("revision")
@click.confirmation_option(prompt="Tables and columns newer than REVISION are dropped. Go on?")
@with_appcontext
def downgrade(revision: str) -> None:
    """Take the migrations back to REVISION ("base": all of them)."""
    with working("Downgrading the database"):
        migrations.downgrade(database(), revision)
    click.echo(f"the database stands at {migrations.current(database()) or 'nothing'}")


@db_group.command("status")
@with_appcontext
def status() -> None:
    """Say at which migration the database stands; exit with 1 unless it is the newest."""
    click.echo(f"the database stands at {migrations.current(database()) or 'nothing'}")
    if not migrations.is_current(database()):
        raise click.ClickException("expected the newest migration; run: enmusubi db upgrade")


if __name__ == "__main__":
    main()
