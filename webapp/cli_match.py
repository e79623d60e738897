"""``enmusubi match``: who is suggested to whom, and how good the ranking is, measured."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from embeddings.encoder import Encoder, ModelUnavailable, load_e5, load_encoder
from matcher.ground.db import Database
from matcher.ground.errors import DomainError, Invalid, Refused
from matcher.ground.permissions import SYSTEM
from matcher.register import findable
from matcher.suggestions import indexing, suggest, weights
from matcher.suggestions.judging import figures, fitting, folders, pools, rankers
from matcher.suggestions.judging import measures as evaluation
from matcher.suggestions.ranking import CONTEXTUAL, Weights
from webapp import cli_files, cli_pool, cli_show, clock
from webapp.cli_pool import names_in, pool_records
from webapp.cli_show import current_database
from webapp.config import Settings
from webapp.drawing import charts
from webapp.progress import progress


@click.group("match")
def command() -> None:
    """Show and measure the ranking."""


command.add_command(cli_show.show)
command.add_command(cli_pool.pool)


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
    names = names_in(judgements.parent)
    pairs = cli_files.table_of(evaluation.read_judgements, judgements)
    live = indexing.LiveIndex()
    with current_database().read() as session:
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


@command.command("quotes")
@click.argument(
    "marks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("seed_data/reasons.tsv"),
)
@with_appcontext
def quotes(marks: Path) -> None:
    """How often the quoted sentences are those that a judge marked as the reason, on the demo city."""
    folder = marks.parent
    names = names_in(folder)
    live = indexing.LiveIndex()
    with current_database().read() as session:
        live.level(session)
        companies, needs = evaluation.demo_records(session, names)
        known = {key: findable.text_of(record) for key, record in (companies | needs).items()}
        known |= evaluation.demo_offer_texts(session, _lines(folder / "offers.jsonl"), companies)
        reasons = [
            r
            for r in cli_files.table_of(evaluation.read_reasons, marks)
            if {r.company, r.need} <= known.keys()
        ]
        right = evaluation.quotes_right(
            reasons,
            lambda company, need: suggest.fit_pair(session, live, companies[company], needs[need]).quote,
            known,
        )
    both, ours, theirs = ([*map(all, right)], [c for c, _n in right], [n for _c, n in right])
    click.echo(f"{len(reasons)} marked pairs, model {live.model_id}")
    for name, hits in (("both sentences", both), ("the company's", ours), ("the NPO's", theirs)):
        mean, low, high = evaluation.interval([float(hit) for hit in hits])
        click.echo(f"{name:<16}{mean:.2f} ({low:.2f} to {high:.2f})")


@command.command("fit")
@click.option(
    "--judgements", "files", multiple=True, help="graded pairs of the demo city, which must be loaded",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)  # fmt: skip
@click.option(
    "--folder", "folders", multiple=True, help="a folder of texts with judgments.jsonl",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)  # fmt: skip
@click.option(
    "--pool", "read_lists", multiple=True, help="lists graded with the whole pool in view (match pool draw)",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)  # fmt: skip
@click.option("--recorded", is_flag=True, help="introductions, declines and passes of this installation")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="write the weights here")
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="draw the calibration here (SVG)"
)
@click.option("--adopt", is_flag=True, help="let them serve here, if they are better on pairs held aside")
@click.option("--reason", default="", help="why, for the audit record")
@with_appcontext
def fit(
    files: tuple[Path, ...],
    folders: tuple[Path, ...],
    read_lists: tuple[Path, ...],
    recorded: bool,
    out: Path | None,
    plot: Path | None,
    adopt: bool,
    reason: str,
) -> None:
    """Fit the weights of the ranking to labelled pairs, and compare them with those that serve.

    Nothing changes without --adopt, and with it only where the new weights are better on pairs whose
    organizations they have not seen.
    """
    settings: Settings = current_app.config["SETTINGS"]
    pairs: list[fitting.Labelled] = []
    sources = []
    live = indexing.LiveIndex()
    with current_database().read() as session:
        live.level(session)
        before = weights.serving(session, live.model_id)
        for path in files:
            pairs += _graded(session, live, path)
            sources.append(path.name)
        for path in read_lists:
            grades = pools.grades_of(cli_files.table_of(evaluation.read_pool, path))
            pairs += pools.labelled(session, live, grades, *pool_records(session, path.parent))
            sources.append(path.name)
        if recorded:
            pairs += fitting.recorded(session)
            sources.append("recorded outcomes")
    model_id = live.model_id or ""
    try:
        for folder in folders:
            encoder = load_encoder(settings.embedding_model or None)
            model_id = model_id or encoder.model_id
            with _shipped(folder, encoder, _sentence_encoder(settings)) as (shipped, texts):
                pairs += _judged(shipped, texts, folder.name)
            sources.append(folder.name)
        source = f"{len(pairs)} pairs of {', '.join(sources)}"
        fitted = fitting.fit_weights(pairs, source, model_id)
        comparison = fitting.compare(pairs, before)
    except DomainError as error:
        raise click.ClickException(_said(error)) from error
    _print_fit(fitted, before, comparison)
    if out is not None:
        cli_files.write(out, json.dumps(fitted.as_dict(), ensure_ascii=False, indent=1) + "\n")
    if plot is not None:
        steps = comparison.new.calibration()
        cli_files.write(
            plot,
            charts.calibration(steps, "Calibration on pairs held aside", "score shown", "share judged good"),
        )
    if adopt:
        try:
            with current_database().write() as session:
                fitting.adopt(session, SYSTEM, fitted, comparison, reason, clock.now())
        except Refused as error:
            raise click.ClickException(f"not adopted: {_said(error)}") from error
        click.echo(f"adopted: {fitted.version}")


def _said(error: DomainError) -> str:
    """What is wrong, as a sentence."""
    match error.code:
        case "too_few_pairs":
            return "expected at least {wanted} labelled pairs, found {found}".format(**error.facts)
        case "not_better":
            return "on pairs held aside they are not better than the weights that serve"
        case "reason_required":
            return "expected --reason, some words for the audit record, found none"
    return "; ".join(f"{name}: {value}" for name, value in error.facts.items()) or error.code


def _graded(session: Session, live: indexing.LiveIndex, path: Path) -> list[fitting.Labelled]:
    companies, needs = evaluation.demo_records(session, names_in(path.parent))
    found = []
    for pair in cli_files.table_of(evaluation.read_judgements, path):
        company, need = sorted((pair.query, pair.candidate))
        if company in companies and need in needs:
            scored = suggest.score_pair(session, live, companies[company], needs[need])
            npo = str(needs[need].organization_id)
            found.append(fitting.Labelled(company, npo, pair.query, scored.parts, pair.grade))
    return found


def _judged(shipped: rankers.Shipped, texts: folders.Folder, name: str) -> list[fitting.Labelled]:
    found = []
    for query in texts.queries:
        if query.is_judged:
            key = f"{name} {query.id}"
            for candidate, fit in shipped.fits(query).items():
                asks = query.direction == "company_to_npo"
                company, npo = (key, f"{name} {candidate}") if asks else (f"{name} {candidate}", key)
                found.append(fitting.Labelled(company, npo, key, fit.parts, query.grades[candidate]))
    return found


def _print_fit(fitted: Weights, before: Weights, comparison: fitting.Comparison) -> None:
    click.echo(f"{fitted.source}; model {fitted.model_id}")
    click.echo(f"{'signal':<16}{'weight':>8}{'center':>8}{'share':>8}{'serving':>9}")
    for code, share in fitted.shares.items():
        part, old = fitted.parts[code], before.parts.get(code)
        click.echo(
            f"{code:<16}{part.weight:>8.3f}{part.center:>8.3f}{share:>8.0%}{old.weight if old else 0:>9.3f}"
        )
    click.echo(f"{'bias':<16}{fitted.bias:>8.3f}")
    new, old_trial = comparison.new, comparison.serving
    click.echo(f"held aside by organization: {len(new.pairs)} pairs, {len(new.ndcg)} queries")
    for name, trial in (("fitted", new), ("serving", old_trial)):
        mean = sum(trial.ndcg.values()) / max(len(trial.ndcg), 1)
        click.echo(
            f"{name:<16}log loss {trial.log_losses.mean():.3f}, nDCG@10 {mean:.3f}, "
            f"calibration error {trial.calibration_error:.3f}"
        )
    for name, (mean, low, high) in (
        ("log loss gain", comparison.log_loss),
        ("nDCG@10 gain", comparison.ndcg),
    ):
        click.echo(f"{name:<16}{mean:+.3f} ({low:+.3f} to {high:+.3f})")
    for score, share, count in new.calibration():
        click.echo(f"  shown {score:.2f}: {share:.0%} of {count} were good")
    click.echo("better than what serves" if comparison.is_better else "not better than what serves")


def _sentence_encoder(settings: Settings) -> Encoder | None:
    return None if settings.sentence_encoder == "off" else load_e5()


@contextmanager
def _shipped(
    folder: Path, encoder: Encoder, sentence_encoder: Encoder | None
) -> Iterator[tuple[rankers.Shipped, folders.Folder]]:
    """The ranking over a folder's texts, in a database that is thrown away."""
    texts = folders.read(folder)
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{Path(scratch) / 'folder.sqlite3'}")
        with progress(f"Encoding with {encoder.model_id}") as step:
            shipped = rankers.Shipped(
                database, texts, encoder, clock.now(), sentence_encoder=sentence_encoder, step=step
            )
        yield shipped, texts
        database.dispose()


@command.command("evaluate")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--run-out", type=click.Path(dir_okay=False, path_type=Path), help="write the ranked ids here")
@click.option(
    "--also", "others", multiple=True, help="a further model by name or folder, alone and with words"
)
@click.option("--no-baselines", is_flag=True, help="rank with what serves the pages only")
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="draw all tasks together here (SVG)"
)
@with_appcontext
def evaluate(
    folder: Path, run_out: Path | None, others: tuple[str, ...], no_baselines: bool, plot: Path | None
) -> None:
    """Rank the organizations of FOLDER by the code that serves the pages, beside baselines.

    FOLDER holds companies.jsonl, npos.jsonl and, where known, partnerships.jsonl and judgments.jsonl (see
    docs/matching.md). The run file has a line {"query_id", "ranked_ids"} for each query. The database of this
    installation is neither read nor changed.
    """
    settings: Settings = current_app.config["SETTINGS"]
    try:
        encoder = load_encoder(settings.embedding_model or None)
        further = {Path(name).name: load_encoder(name) for name in others}
        sentence_encoder = _sentence_encoder(settings)
        with _shipped(folder, encoder, sentence_encoder) as (shipped, texts):
            compared: dict[str, folders.Ranker] = {shipped.name: shipped}
            if not no_baselines:
                if sentence_encoder is not None:
                    further["the sentence encoder's vectors"] = sentence_encoder
                    compared |= _steps(shipped)
                compared |= _baselines(texts, encoder, further)
            found = []
            for name, ranker in compared.items():
                reached, ranked = figures.figures(name, ranker, texts.queries)
                found.append(reached)
                if name == shipped.name and run_out is not None:
                    _write_run(run_out, ranked)
    except Invalid as error:
        raise click.ClickException(str(error.facts.get("file", error))) from error
    except ModelUnavailable as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{len(texts.companies):,} companies, {len(texts.npos):,} NPOs, {len(texts.queries):,} queries, "
        f"model {encoder.model_id}"
    )
    _print_table(found)
    if plot is not None:
        rows = [
            (
                reached.name,
                *evaluation.interval([x for task in figures.TASKS for x in reached.values[task].values()]),
            )
            for reached in found
        ]
        cli_files.write(plot, charts.bars(rows, "MRR@10 and nDCG@10, mean over all queries"))


def _steps(shipped: rankers.Shipped) -> dict[str, folders.Ranker]:
    """What serves, with less of what the sentence encoder says."""
    return {
        "without the sentence encoder": shipped.without(*CONTEXTUAL),
        "with whole texts only": shipped.without("maxsim"),
        "with sentences only": shipped.without("contextual"),
    }


def _baselines(
    texts: folders.Folder, encoder: Encoder, further: Mapping[str, Encoder]
) -> dict[str, folders.Ranker]:
    simple = rankers.Baselines(texts)
    found = simple.rankers()
    for name, model in {"this model's vectors": encoder, **further}.items():
        found |= simple.with_vectors(name, model.encode)
    return found


def _write_run(path: Path, ranked: Mapping[tuple[str, str], Sequence[str]]) -> None:
    lines = (
        json.dumps({"query_id": query_id, "ranked_ids": list(ids)}, ensure_ascii=False) + "\n"
        for (query_id, _direction), ids in ranked.items()
    )
    cli_files.write(path, "".join(lines))


def _print_table(found: Sequence[figures.Figures]) -> None:
    """Means with 95 % intervals, and what the first is ahead of each other over all tasks together."""
    measures = [name for name in figures.MEASURES if name in found[0].values]
    counts = [f"{len(found[0].values[name])} {name}" for name in measures]
    click.echo("queries of each measure: " + ", ".join(counts))
    click.echo(f"{'ranker':<30}" + "".join(f"{name:>22}" for name in measures) + f"{'shipped minus it':>26}")
    for reached in found:
        cells = []
        for measure in measures:
            mean, low, high = evaluation.interval(list(reached.values[measure].values()))
            cells.append(f"{f'{mean:.3f} ({low:.2f}-{high:.2f})':>22}")
        line = f"{reached.name:<30}{''.join(cells)}"
        if reached is not found[0] and any(task in reached.values for task in figures.TASKS):
            mean, low, high = figures.over_all_tasks(found[0], reached)
            line += f"{f'{mean:+.3f} ({low:+.3f} to {high:+.3f})':>26}"
        click.echo(line)


def _lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in cli_files.text_of(path).splitlines()]
