"""``enmusubi match show``: who is suggested to whom and why, for people and for scripts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from matcher import migrations
from matcher.ground.db import Database
from matcher.records import Need, Organization
from matcher.suggestions import indexing, shortlist, suggest
from matcher.suggestions.explaining import Suggestion
from webapp import db
from webapp.reason_text import reason_sentence

Asker = Organization | Need
_Asker = TypeVar("_Asker", Organization, Need)
_LEVELS: Final = {"high": _l("高"), "middle": _l("中"), "low": _l("低")}


@click.command("show")
@click.option("--company", "company_name", help="the NPOs for this company, by its name or id")
@click.option("--need", "need_title", help="the companies for this open need, by its title or id")
@click.option("--all", "everybody", is_flag=True, help="every verified company and every open need")
@click.option("--top", default=shortlist.SHOWN, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="one object a line, for scripts")
@with_appcontext
def show(company_name: str | None, need_title: str | None, everybody: bool, top: int, as_json: bool) -> None:
    """List the best partners with their reasons, as they are ranked; nothing is recorded.

    The places that a page keeps for newcomers are not given here: what is listed is the ranking itself.
    """
    if sum((company_name is not None, need_title is not None, everybody)) != 1:
        raise click.UsageError("expected one of --company NAME, --need TITLE or --all")
    live = indexing.LiveIndex()
    with current_database().read() as session:
        live.level(session)
        if not live.is_ready:
            raise click.ClickException("nothing is encoded yet: run `enmusubi index rebuild`")
        for asker in askers(session, company_name, need_title):
            found = _ranked(session, live, asker, top)
            if as_json:
                for one in found:
                    click.echo(json.dumps(_object(asker, one), ensure_ascii=False))
            else:
                _print(asker, found)


def current_database() -> Database:
    """The database of this installation, its tables present.

    Raises:
        ClickException: it has to be upgraded first.
    """
    database = db.database()
    if not migrations.is_current(database):
        raise click.ClickException("the database is not of this version: run `enmusubi db upgrade` first")
    return database


def askers(session: Session, company_name: str | None, need_title: str | None) -> Iterator[Asker]:
    """Those who ask, their profiles loaded.

    Raises:
        ClickException: none is of that name, or several are.
    """
    companies = (
        select(Organization)
        .where(Organization.kind == "company", Organization.state == "verified")
        .options(joinedload(Organization.company))
        .order_by(Organization.id)
    )
    needs = (
        select(Need)
        .join(Organization, Organization.id == Need.organization_id)
        .where(Need.state == "open", Organization.state == "verified")
        .options(joinedload(Need.organization).joinedload(Organization.npo))
        .order_by(Need.id)
    )
    if company_name is not None:
        by_name = (Organization.name == company_name) | (Organization.public_id == company_name)
        yield _only(list(session.scalars(companies.where(by_name))), "verified company", company_name)
    elif need_title is not None:
        by_title = (Need.title == need_title) | (Need.public_id == need_title)
        yield _only(list(session.scalars(needs.where(by_title))), "open need", need_title)
    else:
        yield from session.scalars(companies).all()
        yield from session.scalars(needs).all()


def _only(found: Sequence[_Asker], what: str, name: str) -> _Asker:
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.ClickException(f"expected a {what} named {name}, found none")
    ids = ", ".join(one.public_id for one in found)
    raise click.ClickException(
        f"expected one {what} named {name}, found {len(found)}: name one by its id ({ids})"
    )


def _ranked(session: Session, live: indexing.LiveIndex, asker: Asker, top: int) -> list[Suggestion]:
    if isinstance(asker, Need):
        return suggest.for_need(session, live, asker, limit=top)
    return suggest.for_company(session, live, asker, limit=top)


def _object(asker: Asker, one: Suggestion) -> dict[str, Any]:
    """One suggestion as scripts read it."""
    company, npo = (one.candidate, asker.organization) if isinstance(asker, Need) else (asker, one.candidate)
    return {
        "asker": _name(asker),
        "rank": one.rank,
        "score": round(one.fit.score, 4),
        "level": one.fit.level,
        "company": company.name,
        "npo": npo.name,
        "need": one.need.title if one.need else None,
        "offer": one.offer.title if one.offer else None,
        "reasons": [_reason(kept) for kept in one.reasons],
    }


def _reason(kept: Mapping[str, Any]) -> dict[str, Any]:
    found = {"code": kept["code"], "mark": kept["mark"], "text": reason_sentence(kept)}
    if kept["code"] == "quote":
        found |= {side: kept[side] for side in ("company", "npo") if side in kept}
    return found


def _print(asker: Asker, found: list[Suggestion]) -> None:
    click.echo(f"■ {_name(asker)}")
    if not found:
        click.echo("  " + _("おすすめはありません。"))
    for one in found:
        about = (
            one.offer.title if isinstance(asker, Need) and one.offer else one.need.title if one.need else ""
        )
        click.echo(
            f"{one.rank:>3} {one.fit.score:.2f} {_LEVELS[one.fit.level]} {one.candidate.name}　{about}"
        )
        for kept in one.reasons:
            click.echo(f"      {kept['mark'] or '→'} {reason_sentence(kept)}")


def _name(asker: Asker) -> str:
    return asker.title if isinstance(asker, Need) else asker.name
