"""Which line of a logic model is which old one put right, and what finding that out may cost."""

from difflib import SequenceMatcher

from matcher.agreements import logic_models, plans
from matcher.ground import limits


def keys(texts, *old):
    return logic_models._matched(list(texts), {f"k{place}": text for place, text in enumerate(old)})


def test_a_line_keeps_its_key_when_it_is_put_right_or_moved():
    assert keys(
        ["月2回の配送と調理の手伝い", "新しい資源"], "相談の場を開く", "月2回の配送、調理の手伝い"
    ) == ["k1", None]
    assert keys(["相談の場を開く", "冷蔵車"], "冷蔵車", "相談の場を開く") == ["k1", "k0"]


def test_lines_are_compared_letter_by_letter_only_with_the_few_most_alike(monkeypatch):
    """Twenty lines of one letter against twenty cost a second a column where each is compared with each."""
    compared = []

    class Counted(SequenceMatcher):
        def ratio(self):
            compared.append((len(self.a), len(self.b)))
            return super().ratio()

    monkeypatch.setattr(logic_models, "SequenceMatcher", Counted)
    old = ["あ" * (limits.SHORT - 1) + chr(0x4E00 + place) for place in range(plans.MOST)]
    new = ["あ" * (limits.SHORT - 1) + chr(0x5E00 + place) for place in range(plans.MOST)]
    assert sorted(filter(None, keys(new, *old)))
    assert len(compared) <= plans.MOST * 3
    heaped = ["か" + "\u3099\u302a" * 1_000 + str(place) for place in range(plans.MOST)]
    compared.clear()
    assert keys([text + "x" for text in heaped], *heaped) == [None] * plans.MOST
    assert compared == []
