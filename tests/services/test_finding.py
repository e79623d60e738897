"""An organization is found in whatever script its name, and in whatever form its number, is typed."""

import pytest

from matcher.desk.lists import LISTS
from matcher.ground.permissions import ANONYMOUS
from matcher.imports.known import Known
from matcher.organizations import identity, profile, reads
from matcher.people import staff
from matcher.postings import finding
from matcher.postings import reads as posting_reads
from matcher.records import Partnership
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


def test_how_many_others_have_shown_interest_is_counted_without_whom_one_only_asked(session, now):
    factories.make_city(session)
    npo = factories.make_npo(session)
    need = factories.make_need(session, npo)
    companies = [factories.make_company(session) for _ in range(5)]
    offer = factories.make_offer(session, companies[0])
    ways = (
        ("company", "interest_one_side"), ("npo", "interest_one_side"), ("npo", "coordinator_review"),
        ("coordinator", "recommended"), ("company", "declined"),
    )  # fmt: skip
    user = factories.make_user(session, npo)
    for number, (company, (origin, state)) in enumerate(zip(companies, ways, strict=True)):
        session.add(
            Partnership(
                number=f"E-{number}",
                company_id=company.id,
                npo_id=npo.id,
                need_id=need.id,
                offer_id=offer.id if number == 1 else None,
                origin=origin,
                state=state,
                support_type="food",
                started_by_id=user.id,
                created_at=now,
                moved_at=now,
            )
        )
    session.flush()
    seen = [
        factories.actor_for(factories.make_user(session, one), one)
        for one in (companies[0], companies[1], npo)
    ]
    assert [finding.interested(session, one, [need]) for one in seen] == [
        {need.id: 1},
        {need.id: 2},
        {need.id: 2},
    ]
    assert finding.interested(session, ANONYMOUS, [need]) == {}
    # The NPO asked about the offer: seen by another NPO, it is one.
    other = factories.actor_for(factories.make_user(session, factories.make_npo(session)))
    assert finding.interested(session, other, [offer]) == {offer.id: 1}
