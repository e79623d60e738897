"""``enmusubi match``: how good the ranking is, measured."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from embeddings.encoder import Encoder, ModelUnavailable, load_encoder
from matcher.db import Database
from matcher.errors import Invalid
from matcher.services import benchmark, evaluation, indexing
from webapp import clock, db
from webapp.config import Settings
from webapp.progress import progress


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


@command.command("evaluate")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--run-out", type=click.Path(dir_okay=False, path_type=Path), help="write the ranked ids here")
@click.option(
    "--also", "others", multiple=True, help="a further model by name or folder, alone and with words"
)
@click.option("--no-baselines", is_flag=True, help="rank with what serves the pages only")
@with_appcontext
def evaluate(folder: Path, run_out: Path | None, others: tuple[str, ...], no_baselines: bool) -> None:
    """Rank the organizations of FOLDER by the code that serves the pages, beside baselines.

    FOLDER holds companies.jsonl, npos.jsonl and, where known, partnerships.jsonl and judgments.jsonl (see
    docs/matching.md). The run file has a line {"query_id", "ranked_ids"} for each query. The database of this
    installation is neither read nor changed.
    """
    settings: Settings = current_app.config["SETTINGS"]
    try:
        texts = benchmark.read(folder)
        encoder = load_encoder(settings.embedding_model or None)
        further = {Path(name).name: load_encoder(name) for name in others}
    except Invalid as error:
        raise click.ClickException(str(error.facts.get("file", error))) from error
    except ModelUnavailable as error:
        raise click.ClickException(str(error)) from error
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{Path(scratch) / 'folder.sqlite3'}")
        with progress(f"Encoding with {encoder.model_id}") as step:
            shipped = benchmark.Shipped(database, texts, encoder, clock.now(), step=step)
        rankers: dict[str, benchmark.Ranker] = {shipped.name: shipped}
        if not no_baselines:
            rankers |= _baselines(texts, encoder, further)
        found = {}
        for name, ranker in rankers.items():
            found[name], ranked = benchmark.figures(name, ranker, texts.queries)
            if name == shipped.name and run_out is not None:
                _write_run(run_out, ranked)
        database.dispose()
    click.echo(
        f"{len(texts.companies):,} companies, {len(texts.npos):,} NPOs, {len(texts.queries):,} queries, "
        f"model {encoder.model_id}"
    )
    _print_table(list(found.values()))


def _baselines(
    texts: benchmark.Folder, encoder: Encoder, further: Mapping[str, Encoder]
) -> dict[str, benchmark.Ranker]:
    simple = benchmark.Baselines(texts)
    rankers = simple.rankers()
    for name, model in {"this model's vectors": encoder, **further}.items():
        rankers |= simple.with_vectors(name, model.encode)
    return rankers


def _write_run(path: Path, ranked: Mapping[tuple[str, str], Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for (query_id, _direction), ids in ranked.items():
            line = json.dumps({"query_id": query_id, "ranked_ids": list(ids)}, ensure_ascii=False)
            file.write(line + "\n")


def _print_table(found: Sequence[benchmark.Figures]) -> None:
    """Means with 95 % intervals, and what the first is ahead of each other over all tasks together."""
    measures = [name for name in benchmark.MEASURES if name in found[0].values]
    counts = [f"{len(found[0].values[name])} {name}" for name in measures]
    click.echo("queries of each measure: " + ", ".join(counts))
    click.echo(f"{'ranker':<30}" + "".join(f"{name:>22}" for name in measures) + f"{'shipped minus it':>26}")
    for figures in found:
        cells = []
        for measure in measures:
            mean, low, high = evaluation.interval(list(figures.values[measure].values()))
            cells.append(f"{f'{mean:.3f} ({low:.2f}-{high:.2f})':>22}")
        line = f"{figures.name:<30}{''.join(cells)}"
        if figures is not found[0] and any(task in figures.values for task in benchmark.TASKS):
            mean, low, high = benchmark.over_all_tasks(found[0], figures)
            line += f"{f'{mean:+.3f} ({low:+.3f} to {high:+.3f})':>26}"
        click.echo(line)


def _names(folder: Path) -> dict[str, str]:
    result = {}
    for kind, key in (("companies", "name"), ("needs", "title")):
        for line in (folder / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines():
            facts = json.loads(line)
            result[facts["id"]] = facts[key]
    return result
