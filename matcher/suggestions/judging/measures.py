"""How good the shipped ranking is on graded pairs, beside simple baselines in the same run.

Grades run from 0 (no fit) to 3 (meets the stated need). The measure is nDCG@10 with gain 2^grade − 1
(Järvelin and Kekäläinen 2002; Burges 2005); intervals are 95 % percentile bootstraps over queries.
"""

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from embeddings import text as texts
from embeddings.lexical import WordIndex
from matcher.ground.errors import Invalid
from matcher.records import Need, Offer, Organization
from matcher.register.findable import text_of
from matcher.suggestions import suggest
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.ranking import Quote

CUTOFF = 10
RESAMPLES = 2000


@dataclass(frozen=True)
class Judgement:
    """One graded pair: a company and a need, asked from the side of ``query``."""

    query: str
    candidate: str
    grade: int
    reason: str
    judge: str = ""


@dataclass(frozen=True)
class Result:
    """One ranker: nDCG@10 of every query, their mean, and the 95 % interval of the mean."""

    name: str
    by_query: Mapping[str, float]
    low: float
    high: float

    @property
    def mean(self) -> float:
        """Mean over queries."""
        return float(np.mean(list(self.by_query.values())))


def read_judgements(text: str) -> list[Judgement]:
    """Read ``query,candidate,grade,reason`` (with a header).

    Raises:
        Invalid: naming the row that cannot be read.
    """
    found = []
    for number, row in _rows(text, ","):
        try:
            found.append(Judgement(row["query"], row["candidate"], int(row["grade"]), row["reason"]))
        except (KeyError, TypeError, ValueError):
            raise Invalid(row=str(number)) from None
    return found


def read_pool(text: str) -> list[Judgement]:
    """Read ``judge, asker, candidate, grade, why`` (tabs, with a header).

    Raises:
        Invalid: naming the row that cannot be read.
    """
    found = []
    for number, row in _rows(text, "\t"):
        try:
            grade = int(row["grade"])
            found.append(Judgement(row["asker"], row["candidate"], grade, row["why"] or "", row["judge"]))
        except (KeyError, TypeError, ValueError):
            raise Invalid(row=str(number)) from None
    return found


def read_quotes(text: str) -> dict[tuple[str, str, str], str]:
    """Read ``need, company, npo, mark`` (tabs, with a header): need and both sentences → 1, 0 or r.

    Raises:
        Invalid: naming the row that cannot be read.
    """
    found = {}
    for number, row in _rows(text, "\t"):
        mark = row.get("mark")
        if mark not in {"0", "1", "r"} or not (row.get("company") and row.get("npo")):
            raise Invalid(row=str(number))
        found[row.get("need", ""), row["company"], row["npo"]] = mark
    return found


def compare(
    session: Session,
    live: LiveIndex,
    judgements: Sequence[Judgement],
    companies: Mapping[str, Organization],
    needs: Mapping[str, Need],
    seed: int = 0,
) -> list[Result]:
    """The shipped ranking and the baselines on the same pairs; the shipped one is first."""
    pair_of = {judgement: _pair(judgement) for judgement in judgements}
    offers = _offers(session)
    company_text = {
        key: "\n".join([text_of(company), *(text_of(offer) for offer in offers.get(company.id, ()))])
        for key, company in companies.items()
    }
    need_text = {key: "\n".join([text_of(need), text_of(need.organization)]) for key, need in needs.items()}
    words = _overlap(company_text, need_text, texts.words)
    bigrams = _overlap(company_text, need_text, _bigrams)
    rankers: dict[str, Callable[[str, str], float]] = {
        "shipped": lambda c, n: suggest.score_pair(session, live, companies[c], needs[n]).score,
        "words TF-IDF": words,
        "character-bigram TF-IDF": bigrams,
        "text length": lambda c, n: float(len(company_text[c]) + len(need_text[n])),
    }
    return [
        _judge(name, ranker, judgements, pair_of, np.random.default_rng(seed))
        for name, ranker in rankers.items()
    ]


def paired_difference(a: Result, b: Result, seed: int = 0) -> tuple[float, float, float]:
    """Mean of a − b over queries with its 95 % bootstrap interval."""
    values = np.array([a.by_query[query] - b.by_query[query] for query in a.by_query])
    low, high = _interval(values, np.random.default_rng(seed))
    return float(values.mean()), low, high


def gain(grades: Sequence[int], cutoff: int = CUTOFF) -> float:
    """Discounted cumulative gain of grades in ranked order."""
    return sum((2.0**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:cutoff]))


def ndcg(grades: Sequence[int], cutoff: int = CUTOFF) -> float:
    """nDCG of grades in ranked order; 0 where nothing is relevant."""
    best = gain(sorted(grades, reverse=True), cutoff)
    return gain(grades, cutoff) / best if best else 0.0


def _pair(judgement: Judgement) -> tuple[str, str]:
    first, second = judgement.query, judgement.candidate
    return (first, second) if first.startswith("c") else (second, first)


def _offers(session: Session) -> dict[int, list[Offer]]:
    result: dict[int, list[Offer]] = {}
    for offer in session.scalars(select(Offer).where(Offer.state == "open").order_by(Offer.id)):
        result.setdefault(offer.organization_id, []).append(offer)
    return result


def _bigrams(text: str) -> list[str]:
    folded = texts.fold(text).replace(" ", "")
    return [folded[place : place + 2] for place in range(len(folded) - 1)]


def _overlap(
    left: Mapping[str, str], right: Mapping[str, str], split: Callable[[str], list[str]]
) -> Callable[[str, str], float]:
    index = WordIndex()
    bags = {key: _bag(split(text)) for key, text in {**left, **right}.items()}
    for number, key in enumerate(bags):
        index.upsert(number, bags[key])
    return lambda a, b: index.similarity(bags[a], bags[b])


def _bag(words: Sequence[str]) -> dict[str, int]:
    bag: dict[str, int] = {}
    for word in words:
        bag[word] = bag.get(word, 0) + 1
    return bag


def _judge(
    name: str,
    ranker: Callable[[str, str], float],
    judgements: Sequence[Judgement],
    pair_of: Mapping[Judgement, tuple[str, str]],
    random: np.random.Generator,
) -> Result:
    by_query: dict[str, list[tuple[float, str, int]]] = {}
    for judgement in judgements:
        score = ranker(*pair_of[judgement])
        by_query.setdefault(judgement.query, []).append((-score, judgement.candidate, judgement.grade))
    values = {
        query: ndcg([grade for _score, _candidate, grade in sorted(rows)])
        for query, rows in by_query.items()
        if any(grade > 0 for *_rest, grade in rows)
    }
    low, high = _interval(np.array(list(values.values())), random)
    return Result(name, values, low, high)


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """The mean of values with its 95 % percentile bootstrap interval."""
    array = np.array(values, dtype=np.float64)
    low, high = _interval(array, np.random.default_rng(seed))
    return float(array.mean()), low, high


def _interval(
    values: "np.ndarray[tuple[int], np.dtype[np.float64]]", random: np.random.Generator
) -> tuple[float, float]:
    picks = random.integers(0, len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[picks].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def demo_records(
    session: Session, names: Mapping[str, str]
) -> tuple[dict[str, Organization], dict[str, Need]]:
    """The records behind the ids of the demo files: ``names`` maps id → name of company or title of need."""
    organizations = session.scalars(
        select(Organization).options(joinedload(Organization.company), joinedload(Organization.npo))
    ).all()
    needs = session.scalars(
        select(Need).options(joinedload(Need.organization).joinedload(Organization.npo))
    ).all()
    by_name = {organization.name: organization for organization in organizations}
    by_title = {need.title: need for need in needs}
    return (
        {key: by_name[name] for key, name in names.items() if key.startswith("c") and name in by_name},
        {key: by_title[name] for key, name in names.items() if key.startswith("d") and name in by_title},
    )


def demo_offer_texts(
    session: Session, offers: Sequence[Mapping[str, str]], companies: Mapping[str, Organization]
) -> dict[str, str]:
    """The texts of the demo offers by their ids in the demo files (``id``, ``company``, ``title``)."""
    owners = {company.id: key for key, company in companies.items()}
    loaded = {
        (owners[offer.organization_id], offer.title): text_of(offer)
        for offer in session.scalars(select(Offer))
        if offer.organization_id in owners
    }
    return {
        facts["id"]: loaded[facts["company"], facts["title"]]
        for facts in offers
        if (facts["company"], facts["title"]) in loaded
    }


# ── Quotes ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Reason:
    """Which sentences a judge marked as the reason why two fit, by record and position."""

    company: str
    need: str
    company_sentences: frozenset[tuple[str, int]]
    need_sentences: frozenset[tuple[str, int]]


def read_reasons(text: str) -> list[Reason]:
    """Read ``company, need, company_sentences, npo_sentences`` (tabs, with a header).

    A sentence is named ``record.position``, its position in ``embeddings.text.sentences`` from 0.

    Raises:
        Invalid: naming the row that cannot be read.
    """
    found = []
    for number, row in _rows(text, "\t"):
        try:
            marked = [
                frozenset(
                    (record, int(place))
                    for record, _dot, place in (label.rpartition(".") for label in row[key].split(","))
                )
                for key in ("company_sentences", "npo_sentences")
            ]
            found.append(Reason(row["company"], row["need"], marked[0], marked[1]))
        except (KeyError, AttributeError, ValueError):
            raise Invalid(row=str(number)) from None
    return found


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The number of each row, as a spreadsheet counts, and its cells by heading.

    Raises:
        Invalid: naming the row that is no row of a table (a cell larger than csv takes).
    """
    number = 1
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter), 2):
            yield number, row
    except csv.Error:
        raise Invalid(row=str(number + 1)) from None


def quotes_right(
    reasons: Sequence[Reason],
    quote_of: Callable[[str, str], Quote | None],
    text_by_id: Mapping[str, str],
) -> list[tuple[bool, bool]]:
    """For each marked pair, whether the quoted sentence of the company and of the NPO was marked.

    Args:
        quote_of: what is quoted for (company, need).
        text_by_id: the text of every record that the marks name.
    """
    said = {key: texts.sentences(text) for key, text in text_by_id.items()}
    result = []
    for reason in reasons:
        quote = quote_of(reason.company, reason.need)
        ours, theirs = (
            # Marks on conditions, which are not compared, are beyond the text.
            {said[record][place] for record, place in marks if place < len(said[record])}
            for marks in (reason.company_sentences, reason.need_sentences)
        )
        result.append((quote.company in ours, quote.npo in theirs) if quote else (False, False))
    return result
