"""``enmusubi match``: how good the ranking is, measured."""

import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from matcher.services import evaluation, indexing
from webapp import db


@click.group("match")
def command() -> None:
    """Measure the ranking."""


@command.command("judge")
@click.argument(
    "judgements",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("seed_data/judgements.csv"),
)
@with_appcontext
def judge(judgements: Path) -> None:
    """Grade the shipped ranking on graded pairs of the demo city (query,candidate,grade,reason).

    The demo city must be loaded. Prints nDCG@10 with 95 % intervals, and the paired difference to each
    baseline of the same run.
    """
    names = _names(judgements.parent)
    pairs = evaluation.read_judgements(judgements)
    live = indexing.LiveIndex()
    with db.database().read() as session:
        live.level(session)
        companies, needs = evaluation.demo_records(session, names)
        known = [p for p in pairs if {p.query, p.candidate} <= companies.keys() | needs.keys()]
        results = evaluation.compare(session, live, known, companies, needs)
    if len(known) < len(pairs):
        click.echo(f"{len(pairs) - len(known)} pairs name records that are not loaded; they are left out")
    shipped = results[0]
    click.echo(f"{len(known)} pairs, {len(shipped.by_query)} queries, model {live.model_id}")
    click.echo(f"{'ranker':<26}{'nDCG@10':>8}{'95 % interval':>18}{'shipped minus it':>26}")
    for result in results:
        line = f"{result.name:<26}{result.mean:>8.3f}{f'{result.low:.3f} to {result.high:.3f}':>18}"
        if result is not shipped:
            mean, low, high = evaluation.paired_difference(shipped, result)
            line += f"{f'{mean:+.3f} ({low:+.3f} to {high:+.3f})':>26}"
        click.echo(line)


def _names(folder: Path) -> dict[str, str]:
    result = {}
    for kind, key in (("companies", "name"), ("needs", "title")):
        for line in (folder / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines():
            facts = json.loads(line)
            result[facts["id"]] = facts[key]
    return result
