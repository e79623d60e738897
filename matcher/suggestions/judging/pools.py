"""Lists judged with the whole pool beside them: what was shown, and what was missed.

Grading chosen pairs says nothing of those that were never near a list. Here a judge reads everything on the
other side for one asker, without scores, and grades it from 0 to 3; what is not listed is 0.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from matcher.records import Need, Organization
from matcher.suggestions import suggest
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.judging import measures
from matcher.suggestions.judging.fitting import GOOD, Labelled

Grades = Mapping[str, Mapping[str, int]]  #: asker → candidate → grade, zeros left out


@dataclass(frozen=True)
class Read:
    """What was read of one asker: its list beside the grades of the whole pool."""

    asker: str
    shown: tuple[tuple[str, float, int], ...]  #: candidate, score and grade, best first
    missed: tuple[tuple[str, int], ...]  #: good ones that are not in the list
    pool: tuple[int, ...]  #: the grades of the whole pool, zeros left out

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
    key_of_company = {company.id: key for key, company in companies.items()}
    key_of_need = {need.id: key for key, need in needs.items()}
    found = []
    for asker, given in sorted(grades.items()):
        if asker in companies:
            company = companies[asker]
            for one in suggest.for_company(session, live, company, limit=LEARNED, quoted=False):
                if one.need is not None:
                    grade = given.get(key_of_need.get(one.need.id, ""), 0)
                    found.append(
                        Labelled(str(company.id), str(one.candidate.id), asker, one.fit.parts, grade)
                    )
        elif asker in needs:
            need = needs[asker]
            for one in suggest.for_need(session, live, need, limit=LEARNED, quoted=False):
                grade = given.get(key_of_company.get(one.candidate.id, ""), 0)
                found.append(
                    Labelled(str(one.candidate.id), str(need.organization_id), asker, one.fit.parts, grade)
                )
    return found


def read(
    session: Session,
    live: LiveIndex,
    grades: Grades,
    companies: Mapping[str, Organization],
    needs: Mapping[str, Need],
) -> list[Read]:
    """The list of every judged asker beside its grades; askers that are not loaded are left out."""
    key_of_company = {company.id: key for key, company in companies.items()}
    key_of_need = {need.id: key for key, need in needs.items()}
    found = []
    for asker, given in sorted(grades.items()):
        if asker in companies:
            lists = suggest.for_company(session, live, companies[asker], quoted=False)
            shown = [(key_of_need.get(one.need.id, "") if one.need else "", one.fit.score) for one in lists]
        elif asker in needs:
            lists = suggest.for_need(session, live, needs[asker], quoted=False)
            shown = [(key_of_company.get(one.candidate.id, ""), one.fit.score) for one in lists]
        else:
            continue
        listed = {candidate for candidate, _score in shown}
        missed = [(key, grade) for key, grade in given.items() if grade >= GOOD and key not in listed]
        rows = tuple((candidate, score, given.get(candidate, 0)) for candidate, score in shown)
        missed.sort(key=lambda one: (-one[1], one[0]))
        found.append(Read(asker, rows, tuple(missed), tuple(given.values())))
    return found


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
