"""Names and states in a narrow column: shorter, and never nothing."""

import pytest

from webapp import filters


@pytest.mark.parametrize(
    ("name", "brief"),
    [
        ("特定非営利活動法人みずほ台ほしのこ食堂", "(特非)みずほ台ほしのこ食堂"),
        ("認定特定非営利活動法人 フードバンク澪のわ", "(認特非)フードバンク澪のわ"),
        ("株式会社潮香フーズ", "㈱潮香フーズ"),
        ("荒磯土建株式会社", "荒磯土建㈱"),
        ("荒磯土建㈱", "荒磯土建㈱"),
        ("株式会社", "株式会社"),
        ("さくら堤のえんがわ", "さくら堤のえんがわ"),
        ("", ""),
    ],
)
def test_a_legal_form_is_shortened_before_and_behind_a_name(name, brief):
    assert filters.brief_name(name) == brief


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("申し出中（相手の返事待ち）", "申し出中"),
        ("完了", "完了"),
        ("Proposed (waiting)", "Proposed"),
        ("（仮）", "（仮）"),
    ],
)
def test_what_explains_a_state_stands_in_brackets(label, word):
    assert filters.before_bracket(label) == word
