"""Districts that a text names: as places of activity, and not where a head office stands."""

import pytest

from embeddings.places import named

NAMES = ("中央", "港", "みずほ台", "北澪", "川端", "丘の上", "里山", "浜")


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ("港地区の倉庫で荷物をお渡しします。", {"港"}),
        ("宅配か、取りに行きます（川端・港・中央）", {"川端", "港", "中央"}),
        ("みずほ台で毎週開いています。", {"みずほ台"}),
        ("丘の上学区のお年寄りを訪ねます。", {"丘の上"}),
        ("北澪方面へ配達できます。", {"北澪"}),
        # Plain words are no districts.
        ("港の見える部屋で、里山の恵みを味わいます。", set()),
        ("浜のごみを拾います。空港へも行きます。", set()),
        ("丘の上の家で暮らしています。", set()),
        ("中央図書館の本を読みます。", set()),
        # A head office is where somebody sits; what is left out is no place.
        ("本社は川端地区にあります。", set()),
        ("本社は川端地区にあり、港地区で活動しています。", {"港"}),
        ("みずほ台に事務所を置いています。", set()),
        ("川端地区以外でお願いします。", set()),
        ("港地区へは伺えません。", set()),
        ("", set()),
    ],
)
def test_places_are_told_from_words_and_offices(said, places):
    assert named(said, NAMES) == places


def test_a_town_without_districts_has_no_places():
    assert named("港地区で活動しています。", ()) == frozenset()
