"""What has to be checked before two sides meet: the conditions of either, set against what the other says.

A condition, a refusal or a limit is never a reason for a pair. It is shown as one's own sentence, beside the
sentence of the other side that speaks of the same – cold chain, pick-up, numbers, days, papers –, or with the
remark that the other side does not say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from embeddings import text as texts
from embeddings.bearing import bearing
from embeddings.things import in_common, opens_with, things
from embeddings.topics import TOPICS, topics
from matcher.records import Need, Offer, Organization
from matcher.suggestions.criteria import Reason

MOST: Final = 6  #: so many of each kind are kept with a suggestion, the gravest first

#: Where both sides name one of these, that alone is worth setting side by side.
_ALWAYS: Final = frozenset({"cold", "form"})


@dataclass(frozen=True)
class Said:
    """What one side says that bears on a pair."""

    conditions: tuple[str, ...]  #: its conditions, refusals and limits
    sentences: tuple[str, ...]  #: all that it says
    notes: tuple[str, ...] = ()  #: of its conditions, those that it was asked for as such
    no_go: tuple[str, ...] = ()  #: what a company wants to have nothing to do with


def of_company(company: Organization, offer: Offer | None) -> Said:
    """The conditions of an offer, or of the profile where it alone is spoken of."""
    profile = company.company
    no_go = _split(profile.no_go) if profile is not None else ()
    if offer is not None:
        described = [*_split(offer.title), *_split(offer.description)]
        conditions = [*_split(offer.conditions), *_bounded(described, "giver")]
        return Said(tuple(conditions), (*described, *_split(offer.conditions)), no_go=no_go)
    if profile is None:
        return Said((), ())
    volunteering = _split(profile.volunteering)
    own = [*_split(profile.business), *_split(profile.csr_policy), *volunteering]
    return Said(tuple(_bounded(volunteering, "giver")), tuple(own), no_go=no_go)


def of_npo(npo: Organization, need: Need | None) -> Said:
    """What a need says of how it can be met, or the mission where there is no need."""
    if need is not None:
        told = [part for text in (need.title, need.situation, need.wanted_change) for part in _split(text)]
        notes = [part for text in (need.place_note, need.safety_note) for part in _split(text)]
        return Said((*_bounded(told, "asker"), *notes), (*told, *notes), tuple(notes))
    profile = npo.npo
    if profile is None:
        return Said((), ())
    told = [*_split(profile.mission), *_split(profile.activities)]
    return Said(tuple(_bounded(told, "asker")), tuple(told))


@lru_cache(maxsize=4_096)
def _split(text: str) -> tuple[str, ...]:
    return tuple(texts.sentences(text))


def _bounded(sentences: Iterable[str], speaker: str) -> list[str]:
    who = "giver" if speaker == "giver" else "asker"
    return [sentence for sentence in sentences if bearing(sentence, who)]


def between(company: Said, npo: Said) -> list[Reason]:
    """What has to be checked, the gravest first: contradictions, what meets, what the other does not say."""
    against: list[Reason] = []
    both: list[Reason] = []
    open_: list[str] = []
    for sentence in sorted(dict.fromkeys(company.conditions), key=_gravity):
        refuses = bearing(sentence, "giver") in {"refuses", "enough"}
        answer = _answer(sentence, npo.sentences, closely=refuses)
        facts = {"company": sentence, "npo": answer}
        if answer and refuses:
            against.append(Reason("check", "△", "check_against_company", facts))
        elif answer:
            both.append(Reason("check", "△", "check_both", facts))
        else:
            open_.append(sentence)
    apart = []
    for sentence in dict.fromkeys(company.no_go):
        if answer := _answer(sentence, npo.sentences, closely=True):
            facts = {"company": sentence, "npo": answer}
            against.append(Reason("check", "△", "check_against_no_go", facts))
        else:
            apart.append(sentence)
    notes = []
    for sentence in sorted(dict.fromkeys(npo.conditions), key=_gravity):
        answer = _answer(sentence, company.sentences, closely=True)
        does = bearing(sentence, "asker")
        if answer and does in {"enough", "refuses"}:
            facts = {"company": answer, "npo": sentence}
            against.append(Reason("check", "△", "check_against_npo", facts))
        elif sentence in npo.notes or does in {"", "limits", "weather"}:
            notes.append(sentence)
    found = [*against, *both][:MOST]
    if open_:
        found.append(Reason("check", "△", "check_company", {"conditions": open_[:MOST]}))
    if apart:
        found.append(Reason("check", "△", "check_no_go", {"conditions": apart[:MOST]}))
    shown = {str(reason.facts["npo"]) for reason in found if "npo" in reason.facts}
    if notes := [sentence for sentence in notes if sentence not in shown]:
        found.append(Reason("check", "△", "check_npo", {"conditions": notes[:MOST]}))
    return found


def _gravity(sentence: str) -> int:
    return min((TOPICS.index(topic) for topic in topics(sentence)), default=len(TOPICS))


def _answer(sentence: str, others: Sequence[str], *, closely: bool = False) -> str:
    """The sentence of the other side that speaks of the same, empty where there is none.

    Args:
        closely: a common subject or word is not enough, they have to speak of what the sentence is about.
    """
    spoken, tokens, about = topics(sentence), things(sentence), opens_with(sentence)
    best, most = "", 0.0
    for other in others:
        common = in_common(tokens, things(other))
        same = spoken & topics(other)
        if not (_is_about(other, about, common) if closely else common or same & _ALWAYS):
            continue
        worth = 2.0 * common + len(same)
        if worth > most:
            best, most = other, worth
    return best


def _is_about(other: str, about: str, common: int) -> bool:
    """Whether a sentence speaks of the thing ``about``, or has two things in common."""
    return common > 1 or (bool(about) and any(one.startswith(about) for one in things(other)))
