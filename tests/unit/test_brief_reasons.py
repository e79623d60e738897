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


@pytest.mark.parametrize("says", card_text._REMARKS)
def test_what_a_side_says_is_left_with_it(says):
    brief, sentence = str(reason_text.BRIEFLY[says]), str(reason_text.SENTENCES[says])
    if "としています。" in sentence:
        assert any(words in brief for words in ("としています。", "とあります。"))


def test_a_line_names_what_it_speaks_of_as_the_sentence_does():
    brief = {says: str(line) for says, line in reason_text.BRIEFLY.items()}
    # A field of refusals and of conditions: what stands there may be either.
    for says in ("check_no_go", "check_against_no_go"):
        assert brief[says].startswith("応じられないこと・条件")
        assert "応じられないこと・条件" in str(reason_text.SENTENCES[says])
    # An NPO that has enough of something has made no condition.
    assert "条件" not in brief["check_against_npo"]
    assert "どちらか" in brief["skill_unknown"], "one of the two may have named some"
    for says in ("quantity_part", "quantity_too_little"):
        assert brief[says].startswith("提供は、")


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


def test_hours_that_are_apart_stand_in_the_cell_of_time_unless_the_periods_are():
    hours = {"code": "hours", "mark": "△", "says": "hours_other", "company": "日曜の昼", "npo": "火曜の朝"}
    for period, shown in ((None, "partly"), ("○", "partly"), ("△", "partly"), ("×", "no")):
        kept = [{"code": "period", "mark": period, "says": "period_other"}] if period else []
        (cell,) = (one for one in card_text.told([*kept, hours]).cells if one.label == "時期")
        assert cell.value == shown
