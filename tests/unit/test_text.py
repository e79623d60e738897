"""Normal forms of Japanese text, awkward kind included: nothing raises, repetition gains nothing."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from embeddings import text
from tests.edge_inputs import EDGE_INPUTS


@pytest.mark.parametrize("typed", EDGE_INPUTS)
def test_awkward_input_goes_through_every_function(typed):
    folded = text.fold(typed)
    assert text.normalize(text.normalize(typed)) == text.normalize(typed)
    assert text.fold(folded) == folded
    assert not any(unicodedata.category(character) in {"Cf", "Cs", "Cc"} for character in folded)
    text.words(typed)
    assert len(text.sentences(typed)) <= text.MAX_SENTENCES
    assert len(text.digest(typed)) == 64
    assert len(text.for_embedding(typed)) <= text.MAX_EMBED_CHARS
    assert text.for_embedding(text.for_embedding(typed)) == text.for_embedding(typed)


#: Characters that compose, decompose, fold to several, or hide between others.
TRAPS = list(
    "あゝ゛゜かは\u3099\u0301\u0323\u0300\u200b\ufe0f\U000e0100㈱()株式会社-ー~〜 \n\r\t\0\ud800髙İßſΣϐﬁ゙ﾊﾞ\u1100\u1161"
)


@given(st.text(max_size=300) | st.text(alphabet=st.sampled_from(TRAPS), max_size=25))
@example("?\x1b¡")  # the hidden character goes, and a sentence ends there
@example("助かる｡助かる")  # a half-width mark is one only in the normal form
@example("かはかはかは\nかは")  # the same only after it was said once
@settings(max_examples=300)
def test_normal_forms_are_idempotent_on_any_text(typed):
    assert text.normalize(text.normalize(typed)) == text.normalize(typed)
    assert text.fold(text.fold(typed)) == text.fold(typed)
    assert text.for_embedding(text.for_embedding(typed)) == text.for_embedding(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("㈱髙﨑商店", "株式会社高崎商店"),
        ("(株)髙﨑商店", "（株）高崎商店"),
        ("ﾊﾝｶｸｶﾅ", "ハンカクカナ"),
        ("か\u3099んばる", "がんばる"),
        ("葛\U000e0100飾区", "葛飾区"),
        ("福\u200b祉", "福祉"),
        ("ＮＰＯ法人", "npo法人"),
        ("１０〜２０kg", "10～20KG"),
        ("Ａ−Ｂ", "a‐b"),
        ("データ-ー―－–—−", "デ-タ-"),
        ("㈲渕上會館", "有限会社淵上会館"),
        ("𠮷野", "吉野"),
    ],
)
def test_spellings_that_people_mean_as_one_fold_to_one(one, other):
    assert text.fold(one) == text.fold(other)


def test_sentences_keep_their_wording_and_say_nothing_twice():
    typed = "野菜が足りません。　お米も㈱から！\n野菜が足りません。\nお願いします"
    assert text.sentences(typed) == ["野菜が足りません。", "お米も㈱から！", "お願いします"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("１．募集　野菜です。２．場所は？未定！", ["１．募集　野菜です。", "２．場所は？", "未定！"]),
        (
            "「手伝います。」と言う。本当ですか!?はい。",
            ["「手伝います。」と言う。", "本当ですか!?", "はい。"],
        ),
        ("https://x.example/?a=b です。OK! Go", ["https://x.example/?a=b です。", "OK!", "Go"]),
        ("一行目\r二行目\r\n三行\t目", ["一行目", "二行目", "三行 目"]),
        ("合計３．５トン．次の文．", ["合計３．５トン．", "次の文．"]),
        ("葛\U000e0100飾区の㈱です", ["葛\U000e0100飾区の㈱です"]),
        ("", []),
    ],
)
def test_sentences_end_where_people_end_them(typed, expected):
    assert text.sentences(typed) == expected


def test_many_and_long_sentences_are_cut():
    assert len(text.sentences("".join(f"{number}番目です。" for number in range(100)))) == text.MAX_SENTENCES
    assert [len(sentence) for sentence in text.sentences("長" * 1000)] == [text.MAX_SENTENCE_CHARS]


@pytest.mark.parametrize(
    ("stuffed", "once"),
    [
        ("食材を届けます。" * 100, "食材を届けます。"),
        ("子ども食堂 " * 100, "子ども食堂"),
        ("食材 寄付 食堂 " * 100 + "清掃", "食材 寄付 食堂 清掃"),
        ("食材\u200bを届けます。食材を届けます。", "食材を届けます。"),
    ],
)
def test_what_is_said_again_and_again_is_embedded_once(stuffed, once):
    assert text.for_embedding(stuffed) == once
    assert text.for_embedding(once) == once


def test_keywords_copied_many_times_stay_few_words():
    copied = text.words("食材・寄付・食堂・清掃、" * 100)
    assert len(copied) <= 6
    assert set(copied) == {"食材", "寄付", "食堂", "清掃"}
    assert text.words("福祉、福祉、福祉") == ["福祉"]


def test_honest_repetition_of_a_word_is_kept():
    assert text.words("食材を集め、食材を配ります").count("食材") == 2


def test_words_are_content_words_in_one_normal_form():
    assert text.words("引きこもりの若者") == [*text.words("ひきこもりのわかもの")[:1], "若者"]
    assert "福祉" in text.words("福祉の店")
    assert text.words("。、の は に") == []


def test_a_compound_brings_its_parts():
    assert ("子供達", ("子供", "達")) in text.units("子供たち")


def test_repeating_adds_nothing_to_the_sentences():
    once = "子ども食堂に食材を提供します。"
    assert text.sentences(once * 200) == text.sentences(once)


def test_equal_looking_texts_have_one_digest():
    assert text.digest("福\u200b祉　の店") == text.digest("福祉 の店")
    assert text.digest("福祉の店") != text.digest("福祉の点")


def test_a_hundred_thousand_characters_are_read():
    assert text.normalize("あ゙" * 50_000) == unicodedata.normalize("NFKC", "あ゙" * 50_000)
    assert text.fold("山" * 100_000) == "山" * 100_000
    assert set(text.words("福祉と教育。" * 20_000)) == {"福祉", "教育"}


def test_two_english_texts_have_no_words_of_grammar_in_common():
    ours = set(text.words("We offer a room for your meetings and we will help you with it."))
    theirs = set(text.words("You need volunteers who can walk with us and the dogs for two hours."))
    assert ours & theirs == set()
    assert "ルーム" in ours
