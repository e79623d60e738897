"""What is quoted of an offer and a need, against what a judge marked as the reason, and against really taking
sentences away.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from embeddings import text as texts
from embeddings.encoder import load_encoder
from embeddings.lexical import WordIndex
from embeddings.pairs import Sentences, closeness
from matcher.records import Embedding, Need, Offer
from matcher.suggestions import quotes, ranking
from matcher.suggestions.judging import measures

SEED = Path("seed_data")


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def joined(facts, *keys):
    return "\n".join(str(facts[key]) for key in keys if str(facts.get(key) or "").strip())


class Judge:
    """All texts that the marks name, encoded; the same steps as behind the pages, without a database."""

    def __init__(self):
        self.encoder = load_encoder()
        self.text, self.of_company, self.posting = {}, {}, {}
        for facts in lines(SEED / "companies.jsonl"):  # the marks name them too
            self.text[facts["id"]] = joined(facts, "business", "csr_policy", "volunteering")
        for facts in lines(SEED / "offers.jsonl"):
            self.text[facts["id"]] = joined(facts, "title", "description")
            self.of_company.setdefault(facts["company"], []).append(facts["id"])
            self.posting[facts["id"]] = Offer(title=facts["title"], support_type=facts["support_type"])
        for facts in lines(SEED / "needs.jsonl"):
            self.text[facts["id"]] = joined(facts, "title", "situation", "wanted_change")
            self.posting[facts["id"]] = Need(title=facts["title"])
        self.said, self.index = {}, WordIndex()
        for number, text in enumerate(self.text.values()):
            self.index.upsert(number, self.bag(text))

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

    def best_offer(self, company, need):
        offers = self.of_company.get(company, ())
        return max(offers, key=lambda key: self.score(self.text[key], self.text[need]), default=None)

    def row(self, key, kind):
        """The row of the embedding table, as the worker fills it."""
        said = self.say(self.text[key])[1]
        return Embedding(
            owner_type=kind, sentences=texts.sentences(self.text[key]), words=list(said.words),
            sentence_vectors=said.vectors.astype(np.float16).tobytes(),
        )  # fmt: skip

    def quote(self, offer, need):
        """What ``quotes_of`` quotes, by the table of words alone."""
        live = SimpleNamespace(shelves={"need": SimpleNamespace(words=self.index)}, contextual_id=None)
        ours = (self.posting[offer], self.row(offer, "offer"))
        (found,) = quotes.quotes_of(live, [(ours, (self.posting[need], self.row(need, "need")))])
        return found


@pytest.fixture(scope="module")
def judge():
    return Judge()


def test_quotes_are_far_more_often_the_marked_reason_than_chance(judge):
    def quote(company, need):
        offer = judge.best_offer(company, need)
        return offer and judge.quote(offer, need)

    marked = measures.read_reasons((SEED / "reasons.tsv").read_text())
    pairs = [one for one in marked if quote(one.company, one.need)]
    right = measures.quotes_right(pairs, quote, judge.text)
    assert len(right) >= 80
    # The title of a need is mostly marked; of an offer's sentences one in four is. What is reached stands in
    # docs/matching.md.
    assert np.mean([npo for _company, npo in right]) > 0.90
    assert np.mean([all(pair) for pair in right]) > 0.40
    by_chance = [share_marked(one, judge.best_offer(one.company, one.need), judge) for one in pairs]
    assert np.mean([company for company, _npo in right]) > 1.5 * np.mean(by_chance)


def share_marked(reason, offer, judge):
    """How many of the sentences of an offer a judge marked."""
    count = len(texts.sentences(judge.text[offer]))
    return sum(record == offer and place < count for record, place in reason.company_sentences) / count


def test_taking_the_quoted_sentences_away_lowers_the_score_most(judge):
    """Sentences are really removed and the rest encoded anew; one side at a time, and both."""
    hits = {"company": 0, "npo": 0}
    above_middle, tried = 0, 0
    for reason in measures.read_reasons((SEED / "reasons.tsv").read_text()):
        offer = judge.best_offer(reason.company, reason.need)
        quote = offer and judge.quote(offer, reason.need)
        if not quote:
            continue
        company_text, npo_text = judge.text[offer], judge.text[reason.need]
        ours, theirs = texts.sentences(company_text), texts.sentences(npo_text)
        if min(len(ours), len(theirs)) < 3 or quote.npo not in theirs:
            continue
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
    assert tried >= 80
    assert above_middle / tried > 0.65
    assert hits["company"] / tried > 0.35
    assert hits["npo"] / tried > 0.35
