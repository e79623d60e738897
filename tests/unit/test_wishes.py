"""A title that lists many wishes: only those that the other side names are met."""

import pytest

from embeddings.wishes import listed, met

SIX = "米、中古のパソコン、軽トラック、会計の分かる人、会場、寄付"


@pytest.mark.parametrize(
    ("sentence", "count"),
    [
        (SIX, 6),
        ("寝袋・防寒着・靴・手袋（男物LL、靴は27cmから）", 4),
        # One wish, however it is written.
        ("3,200行の記録を、地図に", 0),
        ("曲がったきゅうり、大きすぎた大根、歓迎です", 0),
        ("封入・組み立て・検品・シール貼りの発注", 0),
        ("冷凍・冷蔵品の引き取り便（週1回）", 0),
        ("型落ちでいいのでノートPC 8台", 0),
        (
            "はじめての方も、長く続けてくださる方も歓迎しますので見学だけでもどうぞお越しください、お茶も、お菓子もあります",
            0,
        ),
        ("", 0),
    ],
)
def test_a_list_is_told_from_one_wish(sentence, count):
    assert len(listed(sentence)) == count


@pytest.mark.parametrize(
    ("given", "wish"),
    [
        ("更新済みパソコン25台をお渡しします。", "中古のパソコン"),
        ("お米を毎月30kg、軽トラックでお届けします。", "米、軽トラック"),
        ("社員が清掃に伺います。", ""),
    ],
)
def test_of_many_wishes_those_that_are_named_are_met(given, wish):
    assert met(SIX, given) == wish
    assert met("夕ごはんの会で使うお米", given) == "夕ごはんの会で使うお米"
