"""``enmusubi registration-code``: the codes of registration evenings, for who runs the machine."""

import click
from flask.cli import AppGroup, with_appcontext

from matcher.ground import days, numerals
from matcher.ground.errors import Invalid, MovedOn
from matcher.ground.permissions import SYSTEM
from matcher.people import registration_codes as codes
from webapp import clock
from webapp.cli import database, read_typed, writing
from webapp.forms.values import read_number


@click.group("registration-code", cls=AppGroup)
def command() -> None:
    """Make, list and revoke the codes with which many people register from one network."""


@command.command("create")
@click.option("--day", required=True, help="The day in Japan on which it holds.")
@click.option(
    "--uses", default=str(codes.USUAL_USES), show_default=True, help="How many may register with it."
)
@with_appcontext
def create(day: str, uses: str) -> None:
    """Make a code and print it, and nothing else."""
    valid_on = read_typed("--day", days.read, day).day
    most = read_typed("--uses", lambda typed: read_number(typed, numerals.PEOPLE, {"decimals": 0}), uses)
    with writing() as session:
        made = codes.make(session, SYSTEM, valid_on=valid_on, most_uses=int(most.value), now=clock.now())
        code = codes.readable(made)
    click.echo(code)


@command.command("list")
@with_appcontext
def list_codes() -> None:
    """List the codes of the latest days: code, day, registrations, their limit, state, separated by tabs."""
    with database().read() as session:
        for row in codes.listed(session, SYSTEM):
            state = codes.standing(row, clock.now())
            facts = (codes.readable(row), row.valid_on.isoformat(), str(row.uses), str(row.most_uses), state)
            click.echo("\t".join(facts))


@command.command("revoke")
@click.argument("code")
@with_appcontext
def revoke(code: str) -> None:
    """Let nobody register with CODE any more; who has registered with it stays."""
    with writing() as session:
        found = codes.find(session, code)
        if found is None:
            raise click.ClickException("expected a code that was made, found none like this one")
        try:
            codes.end(session, SYSTEM, found, clock.now())
        except MovedOn:
            raise Invalid(code="done_already") from None
        readable = codes.readable(found)
    click.echo(f"revoked {readable}")
