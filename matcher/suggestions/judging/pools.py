"""Lists judged with the whole pool beside them: what was shown, and what was missed.

Grading chosen pairs says nothing of those that were never near a list. Here a judge reads everything on the
other side for one asker, without scores, and grades it from 0 to 3; what is not listed is 0.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from matcher.records import Need, Organization
from matcher.suggestions import candidates, conditions, shortlist, suggest
from matcher.suggestions.explaining import Suggestion
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.judging import measures
from matcher.suggestions.judging.fitting import GOOD, Labelled

Grades = Mapping[str, Mapping[str, int]]  #: asker → candidate → grade, zeros left out


@dataclass(frozen=True)
class Read:
    """What was read of one asker: its list beside the grades of the whole pool."""

    asker: str
    shown: tuple[tuple[str, float, int], ...]  #: candidate, score and grade, best first
    missed: tuple[tuple[str, int], ...]  #: good partners that are not in the list, by their best need
    pool: tuple[int, ...]  #: the grade of every partner in the whole pool

    @property
    def ndcg(self) -> float:
        """nDCG@10 against the best list that the whole pool allows."""
        ideal = measures.gain(sorted(self.pool, reverse=True))
        return measures.gain([grade for _key, _score, grade in self.shown]) / ideal if ideal else 0.0

    @property
    def places_missed(self) -> int:
        """How many of the missed ones would have had a place among ten."""
        good = sum(grade >= GOOD for _candidate, _score, grade in self.shown)
        return min(measures.CUTOFF, good + len(self.missed)) - good


def grades_of(rows: Sequence[measures.Judgement]) -> Grades:
    """The grades of several judges as one: the mean over those who read the asker, rounded half down.

    Args:
        rows: with the judge's name in ``judge``.
    """
    readers: dict[str, set[str]] = {}
    said: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        readers.setdefault(row.query, set()).add(row.judge)
        said.setdefault((row.query, row.candidate), []).append(row.grade)
    grades: dict[str, dict[str, int]] = {}
    for (asker, candidate), given in said.items():
        mean = sum(given) / len(readers[asker])
        grades.setdefault(asker, {})[candidate] = int(np.ceil(mean - 0.5))
    return grades


#: Of each list so many are learned from: all that a page or the next ones may show, not the crowd behind.
LEARNED: Final = 60


def labelled(
    session: Session,
    live: LiveIndex,
    grades: Grades,
    companies: Mapping[str, Organization],
    needs: Mapping[str, Need],
) -> list[Labelled]:
    """The head of every judged asker's full ranking with what its readers said: 0 where they named nobody."""
    found = []
    for asker, listed in _lists(session, live, grades, companies, needs, LEARNED):
        for key, one in listed:
            # What has no need is graded nowhere: readers saw needs and companies.
            if asker in companies and one.need is None:
                continue
            company, npo = (
                (companies[asker].id, one.candidate.id)
                if asker in companies
                else (one.candidate.id, needs[asker].organization_id)
            )
            found.append(Labelled(str(company), str(npo), asker, one.fit.parts, grades[asker].get(key, 0)))
    return found


def read(
    session: Session,
    live: LiveIndex,
    grades: Grades,
    companies: Mapping[str, Organization],
    needs: Mapping[str, Need],
) -> list[Read]:
    """The list of every judged asker beside its grades; askers that are not loaded are left out.

    Whom a hard condition rules out (mostly: it has a case with the asker already) is neither shown nor
    missed, and a partner counts once, by the best of its needs, as in a list.
    """
    found = []
    for asker, listed in _lists(session, live, grades, companies, needs, shortlist.SHOWN):
        given = grades[asker]
        best = _partners(session, asker, given, companies, needs)
        rows = tuple((key, one.fit.score, given.get(key, 0)) for key, one in listed)
        good = {one.candidate.id for key, one in listed if given.get(key, 0) >= GOOD}
        missed = [(key, grade) for owner, (key, grade) in best.items() if grade >= GOOD and owner not in good]
        missed.sort(key=lambda one: (-one[1], one[0]))
        found.append(Read(asker, rows, tuple(missed), tuple(grade for _key, grade in best.values())))
    return found


def _partners(
    session: Session,
    asker: str,
    given: Mapping[str, int],
    companies: Mapping[str, Organization],
    needs: Mapping[str, Need],
) -> dict[int, tuple[str, int]]:
    """Who may be introduced to an asker: organization → the best graded key of it, and that grade."""
    if asker in companies:
        company = companies[asker]
        ids = {needs[key].id: key for key in given if key in needs}
        marks = conditions.marks_of(session, company.id)
        keys = candidates.for_company(session, company, marks, conditions.NO_FILTERS, list(ids), []).postings
        open_to = [(needs[ids[key]].organization_id, ids[key]) for key in keys]
    else:
        need = needs[asker]
        ids = {companies[key].id: key for key in given if key in companies}
        marks = conditions.marks_of(session, need.organization_id)
        found = candidates.for_npo(
            session, need.organization, need, marks, conditions.NO_FILTERS, [], list(ids)
        )
        open_to = [(key, ids[key]) for key in found.alone]
    best: dict[int, tuple[str, int]] = {}
    for owner, key in open_to:
        if owner not in best or given[key] > best[owner][1]:
            best[owner] = (key, given[key])
    return best


def _lists(
    session: Session,
    live: LiveIndex,
    grades: Grades,
    companies: Mapping[str, Organization],
    needs: Mapping[str, Need],
    limit: int,
) -> Iterator[tuple[str, list[tuple[str, Suggestion]]]]:
    """Each judged asker that is loaded, with its list: the key of who is suggested (empty where it has none),
    and the suggestion.
    """
    key_of_company = {company.id: key for key, company in companies.items()}
    key_of_need = {need.id: key for key, need in needs.items()}
    for asker in sorted(grades):
        if asker in companies:
            listed = suggest.for_company(session, live, companies[asker], limit=limit, quoted=False)
            yield asker, [(key_of_need.get(one.need.id, "") if one.need else "", one) for one in listed]
        elif asker in needs:
            listed = suggest.for_need(session, live, needs[asker], limit=limit, quoted=False)
            yield asker, [(key_of_company.get(one.candidate.id, ""), one) for one in listed]


def calibration(lists: Sequence[Read], bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean score, share of good ones, how many) of all that was shown, by equal steps of the score."""
    shown = [(score, grade >= GOOD) for one in lists for _candidate, score, grade in one.shown]
    steps: dict[int, list[tuple[float, bool]]] = {}
    for score, good in shown:
        steps.setdefault(min(int(score * bins), bins - 1), []).append((score, good))
    return [
        (float(np.mean([s for s, _g in rows])), float(np.mean([g for _s, g in rows])), len(rows))
        for _step, rows in sorted(steps.items())
    ]


def draw(ranked: Sequence[str], count: int, chance: random.Random) -> list[str]:
    """Candidates to be read: half from the head of the full ranking, half from the rest, in no order.

    Args:
        ranked: all candidates, best first.
        count: how many; all of them where there are no more.
    """
    if count >= len(ranked):
        return chance.sample(list(ranked), len(ranked))
    head = list(ranked[: 2 * measures.CUTOFF])
    some = chance.sample(head, min(count // 2, len(head)))
    some += chance.sample(list(ranked[len(head) :]), min(count - len(some), len(ranked) - len(head)))
    return chance.sample(some, len(some))
