"""The quoted pair against what a judge marked as the reason, and against really taking sentences away."""

import json
from pathlib import Path

import numpy as np
import pytest

from embeddings import text as texts
from embeddings.encoder import load_encoder
from embeddings.lexical import WordIndex
from embeddings.pairs import Sentences, closeness, closest_pair
from matcher.suggestions import ranking
from matcher.suggestions.judging import measures

SEED = Path("seed_data")
HELDOUT = Path("embeddings/training/heldout")


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def joined(facts, *keys):
    return "\n".join(str(facts[key]) for key in keys if str(facts.get(key) or "").strip())


class Judge:
    """All texts that the marks name, encoded; the same steps as behind the pages, without a database."""

    def __init__(self):
        self.encoder = load_encoder()
        self.text, self.of_company = {}, {}
        for facts in lines(SEED / "companies.jsonl"):
            self.put(facts["id"], joined(facts, "business", "csr_policy", "volunteering"), facts["id"])
        for facts in lines(SEED / "offers.jsonl"):
            self.put(facts["id"], joined(facts, "title", "description", "conditions"), facts["company"])
        for facts in lines(SEED / "needs.jsonl"):
            self.text[facts["id"]] = joined(facts, "title", "situation", "wanted_change")
        self.said, self.index = {}, WordIndex()
        for number, text in enumerate(self.text.values()):
            self.index.upsert(number, self.bag(text))

    def put(self, key, text, company):
        self.text[key] = text
        self.of_company.setdefault(company, []).append(key)

    @staticmethod
    def bag(text):
        words = texts.words(text)
        return {word: words.count(word) for word in words}

    def say(self, text):
        if text not in self.said:
            sentences = texts.sentences(text)
            vectors = self.encoder.encode([text, *sentences])
            self.said[text] = (
                vectors[0],
                Sentences(vectors[1:], [self.bag(sentence) for sentence in sentences]),
            )
        return self.said[text]

    def score(self, company_text, npo_text):
        (a, ours), (b, theirs) = self.say(company_text), self.say(npo_text)
        words = self.index.similarity(self.bag(company_text), self.bag(npo_text))
        close = float(closeness(ours, theirs, self.index.idf).max(initial=0.0))
        fit = ranking.fit(ranking.Side(), ranking.Side(), ranking.Texts(float(a @ b), words, close))
        return fit.score

    def quote(self, company_text, npo_text):
        pair = closest_pair(self.say(company_text)[1], self.say(npo_text)[1], self.index.idf)
        return pair and ranking.Quote(
            texts.sentences(company_text)[pair[0]], texts.sentences(npo_text)[pair[1]]
        )


@pytest.fixture(scope="module")
def judge():
    return Judge()


def test_quotes_are_far_more_often_the_marked_reason_than_chance(judge):
    def of_demo(company, need):
        asked = judge.text[need]
        best = max(judge.of_company[company], key=lambda key: judge.score(judge.text[key], asked))
        return judge.quote(judge.text[best], asked)

    demo = measures.read_reasons((SEED / "reasons.tsv").read_text())
    right = measures.quotes_right(demo, of_demo, judge.text)
    world = {
        facts["id"]: facts["text"]
        for name in ("companies", "npos")
        for facts in lines(HELDOUT / f"{name}.jsonl")
    }
    told = measures.read_reasons((HELDOUT / "reasons.tsv").read_text())
    right += measures.quotes_right(told, lambda c, n: judge.quote(world[c], world[n]), world)
    assert len(right) >= 100
    # Chance finds both in 6 % of the demo pairs. What is reached stands in docs/matching.md.
    assert np.mean([all(pair) for pair in right]) > 0.40
    assert np.mean([npo for _company, npo in right]) > 0.60


def test_taking_the_quoted_sentences_away_lowers_the_score_most(judge):
    """Sentences are really removed and the rest encoded anew; one side at a time, and both."""
    hits = {"company": 0, "npo": 0}
    above_middle, tried = 0, 0
    for reason in measures.read_reasons((SEED / "reasons.tsv").read_text())[:40]:
        company_text, npo_text = judge.text[reason.company], judge.text[reason.need]
        ours, theirs = texts.sentences(company_text), texts.sentences(npo_text)
        if min(len(ours), len(theirs)) < 3:
            continue
        quote = judge.quote(company_text, npo_text)
        i, j = ours.index(quote.company), theirs.index(quote.npo)

        def without(said, place):
            return "\n".join(sentence for n, sentence in enumerate(said) if n != place)

        without_ours = [judge.score(without(ours, n), npo_text) for n in range(len(ours))]
        without_theirs = [judge.score(company_text, without(theirs, n)) for n in range(len(theirs))]
        hits["company"] += int(np.argmin(without_ours) == i)
        hits["npo"] += int(np.argmin(without_theirs) == j)
        both = judge.score(without(ours, i), without(theirs, j))
        others = [
            judge.score(without(ours, a), without(theirs, b))
            for a in range(len(ours)) for b in range(len(theirs)) if (a, b) != (i, j)
        ]  # fmt: skip
        above_middle += int(both <= np.median(others))
        tried += 1
    assert tried >= 25
    assert above_middle / tried > 0.8
    assert hits["company"] / tried > 0.5
    assert hits["npo"] / tried > 0.5
