"""An organization is found in whatever script its name, and in whatever form its number, is typed."""

import pytest

from matcher.desk.lists import LISTS
from matcher.imports.known import Known
from matcher.organizations import identity, profile, reads
from matcher.people import staff
from matcher.postings import reads as posting_reads
from matcher.register import folding
from tests import factories
from tests.conftest import NOW

NUMBER = "8999901300052"
#: What people type for 「フードバンクさくら」, カナ フードバンクサクラ, 8999901300052.
TYPED = [
    "フードバンク", "ふーどばんく", "ﾌｰﾄﾞﾊﾞﾝｸ", "サクラ", "さくら", "ｻｸﾗ", "ふーど サクラ",
    NUMBER, "8-9999-0130-0052", "８９９９９０１３０００５２", "８－９９９９－０１３０－００５２", "8ー9999ー0130ー0052",
    "T8999901300052", "Ｔ８９９９９０１３０００５２", "t8-9999-0130-0052", "8 9999 0130 0052", "9999-0130", "T8999",
]  # fmt: skip
OTHERS = ["フードバンクきく", "8-9999-0130-0053", "T9999", "ハ"]


@pytest.fixture
def bank(session):
    factories.make_city(session)
    company = factories.make_company(
        session, name="フードバンクさくら", kana="フードバンクサクラ", corporate_number=NUMBER
    )
    factories.make_offer(session, company)
    factories.make_user(session, company, name="海野")
    other = factories.make_company(
        session, name="海の家", kana="ウミノイエ", corporate_number="1000000000009"
    )
    for one in (company, other):
        one.search_text = folding.text_of_organization(one)
    session.flush()
    return company


def searches(session, actor):
    """Each place where organizations are looked for: words → names."""

    def listed(name):
        fetch = LISTS[name].fetch
        return lambda words: [row.record.name for row in fetch(session, actor, {"q": words}, NOW).rows]

    return {
        "desk": listed("organizations"),
        "picker": lambda words: [one.name for one in reads.verified_organizations(session, "company", words)],
        "offers": lambda words: [
            one.organization.name for one in posting_reads.open_offers(session, {"q": words}).rows
        ],
        "members": lambda words: [
            one.organization.name for one in staff.search_members(session, actor, words, page=1, size=9)[0]
        ],
    }


@pytest.mark.parametrize("where", ["desk", "picker", "offers", "members"])
def test_names_and_numbers_are_found_as_people_type_them(session, bank, where):
    actor = factories.actor_for(factories.make_user(session, role="manager"))
    found = searches(session, actor)[where]
    assert {words: found(words) for words in TYPED} == {words: [bank.name] for words in TYPED}
    assert {words: found(words) for words in OTHERS} == {words: [] for words in OTHERS}


def test_a_number_keeps_its_dashes_apart_from_other_numbers():
    assert folding.terms("中央1-2-3 03-1234-5678 ハッピー") == ["中央1-2-3", "03-1234-5678", "はっぴ-"]


@pytest.mark.parametrize("typed", ["8ー9999ー0130ー0052", "T8－9999－0130－0052", " 8999 9013 00052"])
def test_a_number_is_stored_as_thirteen_digits_whatever_its_dashes(typed):
    assert profile.normal_number(typed) == NUMBER


def test_a_double_is_seen_in_another_spelling(session, bank):
    for name in ("ふーどばんくサクラ", "ﾌｰﾄﾞﾊﾞﾝｸさくら"):
        other = factories.make_company(session, name=name, phone="", email="", website="")
        assert list(reads.lookalikes(session, other, limit=1)) == [bank]
        other.name = "別の会社"
        session.flush()


def test_an_import_asks_where_only_the_kana_differs_and_knows_an_owner_in_any(session, bank):
    known = Known(session, "companies")
    assert known.same_organization(identity.Identity("フードバンクサクラ"))[0] == "name_maybe"
    assert known.same_organization(identity.Identity("名前違い", NUMBER))[0] == "number_known"
    assert known.owners[folding.folded("ふーどばんくサクラ")][0][0] == bank.id


def test_names_in_two_kana_are_never_taken_for_one_without_asking():
    one, other = identity.Identity("さくら会", area="chuo"), identity.Identity("サクラ会", area="chuo")
    assert identity.compare(one, other) == "maybe"
    assert identity.compare(one, one) == "same"
    assert identity.compare(one, identity.Identity("サクラ会", area="hama")) == "other"
