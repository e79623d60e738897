"""What a card says in one line of what tells it from the others."""

import re

import pytest

from webapp import card_text, reason_text

FACTS = re.compile(r"%\((\w+)\)s")


def facts(sentence):
    return set(FACTS.findall(str(sentence)))


@pytest.mark.parametrize("says", card_text._REMARKS)
def test_every_remark_has_a_line_that_says_nothing_its_sentence_does_not(says):
    brief, sentence = str(reason_text.BRIEFLY[says]), str(reason_text.SENTENCES[says])
    assert facts(brief) <= facts(sentence)
    assert len(FACTS.sub("", brief)) < len(FACTS.sub("", sentence))
    assert len(FACTS.sub("", brief)) <= 24


def test_of_several_conditions_the_first_is_told_and_the_sentence_tells_all():
    kept = {
        "code": "check",
        "mark": "△",
        "says": "check_company",
        "conditions": ["冷蔵車が要ります。", "週1回です。"],
    }
    assert reason_text.briefly(kept) == "企業の条件「冷蔵車が要ります。」"
    assert "週1回です。" in reason_text.reason_sentence(kept)
    told = card_text.told([kept])
    assert (told.remark, len(told.cons)) == ("企業の条件「冷蔵車が要ります。」", 1)


def test_what_has_no_line_is_told_in_full():
    assert reason_text.briefly({"text": "前の文です。"}) == "前の文です。"
