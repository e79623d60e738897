"""``enmusubi match pool``: draw lists for reading, and measure the ranking on what was read."""

import csv
import io
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from matcher.records import Need, Organization
from matcher.register.findable import text_of
from matcher.suggestions import indexing, suggest
from matcher.suggestions.judging import fitting, measures, pools
from webapp import cli_files
from webapp.cli_show import askers, current_database

HEADINGS: Final = ("judge", "asker", "candidate", "grade", "why", "asker_text", "candidate_text")


@click.group("pool")
def pool() -> None:
    """Judge lists with the whole pool beside them."""


@pool.command("draw")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--askers", "count", default=40, show_default=True, type=click.IntRange(1))
@click.option("--candidates", default=40, show_default=True, type=click.IntRange(2), help="for each asker")
@click.option("--seed", default=0, show_default=True)
@with_appcontext
def draw(out: Path, count: int, candidates: int, seed: int) -> None:
    """Draw askers and candidates at random into OUT (a table with tabs), without scores, for grading by hand.

    Half of the askers are companies, half are needs; half of the candidates come from the head of the full
    ranking, half from the rest that no page would show.
    """
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be kept secret
    live = indexing.LiveIndex()
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter="\t", lineterminator="\n")
    writer.writerow(HEADINGS)
    with current_database().read() as session:
        live.level(session)
        everybody = list(askers(session, None, None))
        companies = [one for one in everybody if isinstance(one, Organization)]
        needs = [one for one in everybody if isinstance(one, Need)]
        groups: tuple[Sequence[Organization | Need], ...] = (companies, needs)
        for group in groups:
            for asker in chance.sample(group, min(count // 2, len(group))):
                others = _others(session, live, asker)
                for key in pools.draw(list(others), candidates, chance):
                    writer.writerow(("", asker.public_id, key, "", "", text_of(asker), others[key]))
    cli_files.write(out, table.getvalue())


def _others(session: Session, live: indexing.LiveIndex, asker: Organization | Need) -> dict[str, str]:
    """All candidates of an asker, best first, with their texts."""
    if isinstance(asker, Need):
        ranked = suggest.for_need(session, live, asker, limit=10_000, quoted=False)
        return {one.candidate.public_id: text_of(one.candidate) for one in ranked}
    ranked = suggest.for_company(session, live, asker, limit=10_000, quoted=False)
    return {one.need.public_id: text_of(one.need) for one in ranked if one.need}


@pool.command("judge")
@click.argument(
    "graded",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("seed_data/pool.tsv"),
)
@with_appcontext
def judge(graded: Path) -> None:
    """Measure the lists as they are now on what was graded with the whole pool in view.

    Records are named by their ids, those of the invented city also by the ids of its files. Prints nDCG@10
    with its 95 % interval, how many good partners the lists missed, and how true the score is.
    """
    rows = cli_files.table_of(measures.read_pool, graded)
    live = indexing.LiveIndex()
    with current_database().read() as session:
        live.level(session)
        companies, needs = pool_records(session, graded.parent)
        lists = pools.read(session, live, pools.grades_of(rows), companies, needs)
    if not lists:
        raise click.ClickException("expected graded askers that are loaded here, found none")
    for name, some in (
        ("companies", [one for one in lists if one.asker in companies]),
        ("needs", [one for one in lists if one.asker in needs]),
        ("all", lists),
    ):
        _print(name, some)
    for score, share, count in pools.calibration(lists):
        click.echo(f"  shown {score:.2f}: {share:.0%} of {count} were good")


def names_in(folder: Path) -> dict[str, str]:
    """Id → name of the companies and needs of an invented city's files; empty where there are none."""
    found: dict[str, str] = {}
    for kind, key in (("companies", "name"), ("needs", "title")):
        path = folder / f"{kind}.jsonl"
        lines = cli_files.text_of(path).splitlines() if path.exists() else []
        found |= {facts["id"]: facts[key] for facts in map(json.loads, lines)}
    return found


def _print(name: str, lists: list[pools.Read]) -> None:
    values = [one.ndcg for one in lists]
    if not values:
        return
    mean, low, high = measures.interval(values)
    good = sum(grade >= fitting.GOOD for one in lists for _key, _score, grade in one.shown)
    missed = sum(one.places_missed for one in lists)
    top = sum(grade == 3 for one in lists for _key, grade in one.missed)
    click.echo(
        f"{name:<10}{len(lists):>4} lists  nDCG@10 {mean:.3f} ({low:.3f} to {high:.3f})  "
        f"good shown {good / len(lists):.1f} of ten, good missed {missed} (of grade 3: {top})"
    )


def pool_records(session: Session, folder: Path) -> tuple[dict[str, Organization], dict[str, Need]]:
    """Companies and needs by their ids, and by those of the invented city's files beside the grades."""
    everybody = list(askers(session, None, None))
    companies = {one.public_id: one for one in everybody if isinstance(one, Organization)}
    needs = {one.public_id: one for one in everybody if isinstance(one, Need)}
    names = names_in(folder)
    by_name = {company.name: company for company in companies.values()}
    by_title = {need.title: need for need in needs.values()}
    companies |= {key: by_name[name] for key, name in names.items() if name in by_name}
    needs |= {key: by_title[name] for key, name in names.items() if name in by_title}
    return companies, needs


@pool.command("quotes")
@click.argument(
    "judged",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("seed_data/quotes.tsv"),
)
@with_appcontext
def quotes(judged: Path) -> None:
    """How many of the quotes that the lists show now were judged to carry the fit (need, company, npo, mark).

    Counts every pair of sentences once, however many cards quote it; those that nobody judged are counted
    apart.
    """
    marks = cli_files.table_of(measures.read_quotes, judged)
    live = indexing.LiveIndex()
    shown: set[tuple[str, str, str]] = set()
    cards = 0
    with current_database().read() as session:
        live.level(session)
        for asker in askers(session, None, None):
            rank = suggest.for_need if isinstance(asker, Need) else suggest.for_company
            for one in rank(session, live, asker):  # type: ignore[arg-type]
                cards += 1
                if one.reasons[0]["says"] == "quote_close" and one.need:
                    shown.add((one.need.title, one.reasons[0]["company"], one.reasons[0]["npo"]))
    known = [marks[key] for key in shown if key in marks]
    click.echo(f"{cards} cards show {len(shown)} different quotes; {len(known)} of them were judged")
    for mark, said in (("1", "carry the fit"), ("0", "do not"), ("r", "refuse or limit")):
        click.echo(f"  {said:<16}{known.count(mark):>4}  {known.count(mark) / max(len(known), 1):.2f}")
