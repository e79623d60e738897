"""Profiles in sections, the check digit, and the city's recorded verification; on both databases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.jp import cn

from matcher.cases import answering, beginning
from matcher.cases import reads as case_reads
from matcher.ground import calendar, limits, permissions, vocabulary
from matcher.ground.errors import Invalid, MovedOn, NotFound, NotPermitted, Refused
from matcher.ground.permissions import Actor
from matcher.ground.profile import SECTIONS
from matcher.organizations import acts as organization_acts
from matcher.organizations import profile as organization_profile
from matcher.organizations import reads as organization_reads
from matcher.people import beginning as registering
from matcher.postings import reads as posting_reads
from matcher.records import AuditEvent, Embedding, Mail, Notice, Organization
from matcher.register import audit, folding, numbers
from matcher.register.act import Look
from tests import told as tell
from tests.factories import (
    actor_for,
    make_city,
    make_company,
    make_coordinator,
    make_need,
    make_npo,
    make_offer,
    make_user,
)

NUMBER = "1999901300001"  # 法人番号 with the right check digit, from an invented range
OTHER_NUMBER = "9999901300002"


def owner_of(session: Session, organization: Organization, role: str = "owner") -> Actor:
    return actor_for(make_user(session, organization, organization_role=role), organization)


def coordinator(session: Session) -> Actor:
    return actor_for(make_coordinator(session, name="市川 正"))


def manager(session: Session) -> Actor:
    return actor_for(make_coordinator(session, role="manager"))


def draft_npo(session: Session, **changes: Any) -> Organization:
    return make_npo(
        session, **({"state": "draft", "corporate_number": NUMBER, "verified_at": None} | changes)
    )


def submitted_npo(session: Session, now: datetime) -> Organization:
    npo = draft_npo(session)
    organization_acts.submit(
        session, owner_of(session, npo), npo, now, declared=True, agreed=True, version=npo.version
    )
    return npo


def save(session: Session, organization: Organization, code: str, now: datetime, **values: Any) -> None:
    actor = owner_of(session, organization)
    organization_profile.save_section(
        session, actor, organization, code, values, now, version=organization.version
    )


def all_yes(organization: Organization) -> dict[str, tuple[str, str]]:
    return dict.fromkeys(organization_acts.checklist(organization), ("yes", ""))


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


# ── Sections ──


def test_every_profile_field_of_a_section_exists_and_required_ones_belong_to_it(session: Session) -> None:
    for organization in (make_company(session), make_npo(session)):
        for part in SECTIONS[organization.kind]:
            assert set(part.needed) <= set(part.codes)
            for name in part.codes:
                organization_profile.value_of(organization, name)


def test_completeness_counts_the_required_fields_that_are_empty(session: Session) -> None:
    company = make_company(session, state="draft", kana="", address="", corporate_number=None)
    assert organization_profile.completeness(company) == {
        "basic": 3, "business": 0, "interest": 0, "resources": 0, "contact": 0,
    }  # fmt: skip
    basic = organization_profile.section(company, "basic")
    assert basic is not None
    assert organization_profile.missing(company, basic) == ("kana", "corporate_number", "address")


def test_a_company_is_complete_without_choosing_a_field(session: Session, now: datetime) -> None:
    company = make_company(session, state="draft", corporate_number=NUMBER)
    save(session, company, "interest", now, fields=[], fields_undecided=True, areas=["citywide"])
    assert sum(organization_profile.completeness(company).values()) == 0
    organization_acts.submit(
        session, owner_of(session, company), company, now, declared=True, agreed=True, version=None
    )
    assert company.state == "submitted"


def test_a_half_filled_section_is_saved(session: Session, now: datetime) -> None:
    npo = draft_npo(session, kana="")
    save(session, npo, "mission", now, mission="", activities="月に2回、海岸のごみを拾います。")
    assert npo.npo is not None
    assert npo.npo.activities == "月に2回、海岸のごみを拾います。"
    assert organization_profile.completeness(npo)["mission"] == 1


def test_saving_names_section_and_fields_in_the_audit_but_not_what_was_typed(
    session: Session, now: datetime
) -> None:
    npo = draft_npo(session)
    save(session, npo, "contact", now, contact_name="渚 海野", phone=npo.phone, email=npo.email)
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event is not None
    assert (event.action, event.details) == (
        "edit_profile",
        {"section": "contact", "fields": ["contact_name"]},
    )


def test_only_the_fields_of_the_section_are_taken(session: Session, now: datetime) -> None:
    npo = draft_npo(session)
    save(session, npo, "mission", now, mission="新しい目的", state="verified", kind="company", name="別の名")
    assert (npo.state, npo.kind) == ("draft", "npo")
    assert npo.name != "別の名"


def test_a_profile_is_checked_for_sense(session: Session, now: datetime) -> None:
    npo = draft_npo(session)
    today = calendar.tokyo_date(now)
    save(session, npo, "basic", now, kana="ひだまりのかい・ゔぃ", established_on=today)
    assert npo.npo is not None
    assert (npo.kana, npo.npo.established_on) == ("ヒダマリノカイ・ヴィ", today)
    with pytest.raises(Invalid) as error:
        save(session, npo, "basic", now, established_on=today + timedelta(days=1))
    assert dict(error.value.facts) == {"established_on": "in_future"}
    with pytest.raises(Invalid) as error:
        save(session, npo, "basic", now, kana="みんな家")
    assert dict(error.value.facts) == {"kana": "kana"}
    save(session, npo, "contact", now, phone="００００－００－１２３４")
    assert npo.phone == "0000-00-1234"
    with pytest.raises(Invalid) as error:
        save(session, npo, "contact", now, phone="電話なし", email="x")
    assert dict(error.value.facts) == {"phone": "phone", "email": "email"}


def test_a_viewer_and_a_stranger_cannot_save(session: Session, now: datetime) -> None:
    npo = draft_npo(session)
    viewer = owner_of(session, npo, "viewer")
    with pytest.raises(NotPermitted):
        organization_profile.save_section(
            session, viewer, npo, "mission", {"mission": "x"}, now, version=None
        )
    stranger = owner_of(session, make_company(session))
    with pytest.raises(NotFound):
        organization_profile.save_section(
            session, stranger, npo, "mission", {"mission": "x"}, now, version=None
        )


def test_who_saves_over_an_older_version_is_told_who_was_faster(session: Session, now: datetime) -> None:
    npo = draft_npo(session)
    shown = npo.version
    first = actor_for(make_user(session, npo, name="海野 渚"), npo)
    organization_profile.save_section(
        session, first, npo, "mission", {"mission": "先の文"}, now, version=shown
    )
    with pytest.raises(MovedOn) as error:
        organization_profile.save_section(
            session, owner_of(session, npo), npo, "mission", {"mission": "後の文"}, now, version=shown
        )
    assert error.value.facts["by"] == "海野 渚"
    assert npo.npo is not None
    assert npo.npo.mission == "先の文"


def test_a_suspended_or_closed_profile_stands_as_it_is(session: Session, now: datetime) -> None:
    for state in ("suspended", "deactivated"):
        npo = make_npo(session, state=state)
        with pytest.raises(Refused, match="profile_locked"):
            save(session, npo, "mission", now, mission="書き換え")


def test_what_the_city_has_verified_cannot_become_empty(session: Session, now: datetime) -> None:
    npo = make_npo(session, corporate_number=NUMBER)
    with pytest.raises(Invalid) as error:
        save(session, npo, "basic", now, name=npo.name, address="", corporate_number=None)
    assert dict(error.value.facts) == {"address": "required", "corporate_number": "required"}


def test_a_verified_profile_with_old_gaps_can_still_be_improved(session: Session, now: datetime) -> None:
    npo = make_npo(session, kana="", corporate_number=None)
    save(session, npo, "basic", now, name=npo.name, kana="", address="澪原市浜1-1", corporate_number=None)
    assert npo.address == "澪原市浜1-1"


def test_the_city_hears_when_a_verified_name_changes(session: Session, now: datetime) -> None:
    make_city(session)
    make_coordinator(session)
    npo = make_npo(session)
    save(session, npo, "basic", now, name="新しい名の会")
    subjects = [one.subject for one in tell.notices(session)]
    assert subjects == ["【縁むすび】確認済みの登録内容が変更されました（新しい名の会）"]
    save(session, npo, "mission", now, mission="目的を少し直しました。")
    assert len(list(session.scalars(select(Notice)))) == 1


def test_a_text_is_too_long_as_people_count(session: Session, now: datetime) -> None:
    npo = draft_npo(session)
    save(session, npo, "mission", now, mission="葛\U000e0100" * 2000)
    with pytest.raises(Invalid) as error:
        save(session, npo, "mission", now, mission="あ" * 2001, activities="あ" * 100_000)
    assert dict(error.value.facts) == {"mission": "too_long", "activities": "too_long"}


def test_few_but_huge_characters_are_kept_whole_or_refused_before_the_database_refuses_them(
    session: Session, now: datetime
) -> None:
    npo = draft_npo(session)
    save(session, npo, "basic", now, name="会" + "👨‍👩‍👧‍👦" * 119)
    assert npo.name == "会" + "👨‍👩‍👧‍👦" * 119
    with pytest.raises(Invalid) as error:
        save(session, npo, "basic", now, name="会" + "👨‍👩‍👧‍👦" * 120, representative="長" + "👨‍👩‍👧‍👦" * 20)
    assert dict(error.value.facts) == {"name": "too_long", "representative": "too_long"}


def test_an_organization_never_loses_its_name(session: Session, now: datetime) -> None:
    npo = draft_npo(session)
    with pytest.raises(Invalid) as error:
        save(session, npo, "basic", now, name="")
    assert dict(error.value.facts) == {"name": "required"}


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("https://hoshi.example", True),
        ("http://hoshi.example/会/?a=1#b", True),
        ("HTTPS://HOSHI.EXAMPLE", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt://hoshi.example/%0aalert(1)", False),
        ("data:text/html,x", False),
        ("https://", False),
        ("https:hoshi.example", False),
        ("//hoshi.example", False),
        ("hoshi.example", False),
        ("https://hoshi.example javascript:alert(1)", False),
        ("https://hoshi.example\nx", False),
        ("https://[::1", False),
        ("ftp://hoshi.example", False),
        ("http://a@evil.example", False),
        ("https://bank.example:x@evil.example/", False),
        ("https://hoshi.example/@hoshi", True),
        ("", False),
    ],
)
def test_only_web_addresses_may_be_linked_to(address: str, is_good: bool) -> None:
    assert organization_profile.is_web_address(address) is is_good


def test_a_mail_address_is_compared_with_the_domain_of_the_website(session: Session) -> None:
    npo = make_npo(session, website="https://www.hoshi.example/about", email="a@hoshi.example")
    assert organization_profile.mail_matches_website(npo) is True
    npo.email = "a@free-mail.example"
    assert organization_profile.mail_matches_website(npo) is False
    npo.website = ""
    assert organization_profile.mail_matches_website(npo) is None


def test_two_published_documents_make_one_level_of_disclosure(session: Session) -> None:
    levels = []
    for items in ([], ["charter"], ["charter", "plan"], ["charter"] * 4, list("abcdef")):
        levels.append(organization_profile.disclosure_level(make_npo(session, profile={"disclosure": items})))
    assert levels == [0, 0, 1, 0, 0]
    everything = list(vocabulary.DISCLOSURE_ITEMS)
    assert organization_profile.disclosure_level(make_npo(session, profile={"disclosure": everything})) == 4
    assert organization_profile.disclosure_level(make_company(session)) == 0


# ── Corporate number ──


def test_the_number_is_taken_in_full_width_with_hyphens_and_as_an_invoice_number() -> None:
    for typed in ("1999901300001", "１９９９９０１３００００１", "1-9999-0130-0001", "1－9999－0130－0001",
                  " 1 9999 0130 0001 ", "T1999901300001", "Ｔ１９９９９０１３００００１"):  # fmt: skip
        assert organization_profile.normal_number(typed) == NUMBER, typed
    assert organization_profile.normal_number("") is None
    assert organization_profile.normal_number("　－　") is None
    assert organization_profile.normal_number(None) is None


def test_the_check_digit_of_the_corporate_number_is_checked() -> None:
    body = NUMBER[1:]
    for digit in "0123456789":
        assert organization_profile.is_corporate_number(digit + body) is (digit == NUMBER[0])
    assert cn.calc_check_digit(body) == NUMBER[0]
    for wrong in ("199990130000", "19999013000011", "19999013000o1", "一九九九九〇一三〇〇〇〇一"):
        assert not organization_profile.is_corporate_number(wrong)


def test_a_wrong_or_taken_number_is_refused_beside_its_field(session: Session, now: datetime) -> None:
    make_company(session, corporate_number=OTHER_NUMBER)
    npo = draft_npo(session, corporate_number=None)
    for typed, code in (("2999901300001", "corporate_number"), ("9-9999-0130-0002", "taken")):
        with pytest.raises(Invalid) as error:
            save(session, npo, "basic", now, name=npo.name, corporate_number=typed)
        assert dict(error.value.facts) == {"corporate_number": code}
    save(session, npo, "basic", now, name=npo.name, corporate_number="１-9999-0130-0001")
    assert npo.corporate_number == NUMBER


def test_an_npo_without_number_gives_a_reason_and_a_number_takes_its_place(
    session: Session, now: datetime
) -> None:
    npo = draft_npo(session, corporate_number=None)
    assert organization_profile.completeness(npo)["basic"] == 1
    save(session, npo, "basic", now, name=npo.name, no_number_reason="unincorporated")
    assert organization_profile.completeness(npo)["basic"] == 0
    save(
        session, npo, "basic", now, name=npo.name, corporate_number=NUMBER, no_number_reason="unincorporated"
    )
    assert (npo.corporate_number, npo.no_number_reason) == (NUMBER, None)


def test_a_company_has_no_way_around_its_number(session: Session, now: datetime) -> None:
    company = make_company(session, state="draft", corporate_number=None, no_number_reason="other")
    assert organization_profile.completeness(company)["basic"] == 1
    with pytest.raises(Refused, match="profile_incomplete"):
        organization_acts.submit(
            session, owner_of(session, company), company, now, declared=True, agreed=True, version=None
        )


# ── Application ──


def test_an_application_keeps_who_when_which_terms_and_the_hash_of_what_was_sent(
    session: Session, now: datetime
) -> None:
    make_city(session)
    make_coordinator(session)
    npo = submitted_npo(session, now)
    assert (npo.state, npo.submitted_at, npo.declared_at) == ("submitted", now, now)
    assert npo.terms_version == organization_acts.TERMS_VERSION
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "submit")).one()
    assert event.details["terms"] == organization_acts.TERMS_VERSION
    assert len(event.details["sha256"]) == 64
    assert [notice.subject for notice in tell.notices(session)] == [
        f"【縁むすび】団体の登録の確認待ち（{npo.name}）"
    ]
    assert session.scalars(select(Mail.to)).all() == ["kyodo@city.miohara.example"]


def test_an_application_needs_both_ticks_a_complete_profile_and_the_owner(
    session: Session, now: datetime
) -> None:
    npo = draft_npo(session, kana="", profile={"disclosure": []})
    actor = owner_of(session, npo)
    with pytest.raises(Invalid) as unticked:
        organization_acts.submit(session, actor, npo, now, declared=False, agreed=False, version=None)
    assert dict(unticked.value.facts) == {"declared": "required", "agreed": "required"}
    with pytest.raises(Refused) as refused:
        organization_acts.submit(session, actor, npo, now, declared=True, agreed=True, version=None)
    assert refused.value.facts == {"sections": "団体の基本、体制と情報公開"}
    editor = owner_of(session, npo, "editor")
    with pytest.raises(NotPermitted):
        organization_acts.submit(session, editor, npo, now, declared=True, agreed=True, version=None)
    assert npo.state == "draft"


def test_an_application_is_sent_once(session: Session, now: datetime) -> None:
    npo = submitted_npo(session, now)
    with pytest.raises(MovedOn):
        organization_acts.submit(
            session, owner_of(session, npo), npo, now, declared=True, agreed=True, version=None
        )
    assert actions(session).count("submit") == 1


# ── The city's check ──


def test_verification_keeps_all_answers_and_lasts_three_years(session: Session, now: datetime) -> None:
    npo, actor = submitted_npo(session, now), coordinator(session)
    answers = all_yes(npo) | {"report": ("na", "設立1年目のため")}
    organization_acts.verify(session, actor, npo, answers, now, version=npo.version)
    assert (npo.state, npo.verified_at) == ("verified", now)
    assert npo.verification_expires_on == date(2029, 11, 24)
    [(given, who)] = organization_reads.checklist_rounds(session, npo)
    assert who.name == "市川 正"
    assert {one.item: (one.answer, one.comment) for one in given} == answers
    assert {one.round for one in given} == {1}


@pytest.mark.parametrize(
    ("moment", "expires"),
    [
        (datetime(2028, 2, 28, 15, 0, tzinfo=UTC), date(2031, 2, 28)),  # 29 February in Tokyo already
        (datetime(2028, 2, 28, 14, 59, tzinfo=UTC), date(2031, 2, 28)),
        (datetime(2027, 3, 31, 14, 59, 59, tzinfo=UTC), date(2030, 3, 31)),
        (datetime(2027, 3, 31, 15, 0, tzinfo=UTC), date(2030, 4, 1)),
    ],
)
def test_the_expiry_is_a_day_in_tokyo_and_29_february_becomes_the_28th(
    session: Session, now: datetime, moment: datetime, expires: date
) -> None:
    npo = submitted_npo(session, now)
    organization_acts.verify(session, coordinator(session), npo, all_yes(npo), moment, version=None)
    assert npo.verification_expires_on == expires


def test_the_city_verifies_once_more_what_is_about_to_end_or_has_ended(
    session: Session, now: datetime
) -> None:
    today, city = calendar.tokyo_date(now), coordinator(session)
    for left, may in ((91, False), (90, True), (0, True), (-1, True), (-400, True)):
        npo = make_npo(session, verification_expires_on=today + timedelta(days=left))
        since = npo.verified_at
        assert organization_acts.renew.may(Look(session, city, npo, now)) is may
        if not may:
            with pytest.raises(MovedOn):
                organization_acts.renew(session, city, npo, all_yes(npo), now, version=None)
            continue
        with pytest.raises(Invalid):
            organization_acts.renew(session, city, npo, {}, now, version=None)
        with pytest.raises(Refused, match="checklist_no"):
            organization_acts.renew(
                session, city, npo, all_yes(npo) | {"charter": ("no", "会則が古い")}, now, version=None
            )
        session.expire(npo)
        organization_acts.renew(session, city, npo, all_yes(npo), now, version=None)
        assert (npo.state, npo.verification_expires_on) == ("verified", date(2029, 11, 24))
        assert npo.verified_at == since
        assert not npo.has_lapsed(now)
        assert not organization_acts.renew.may(Look(session, city, npo, now))


def test_only_the_city_verifies_once_more(session: Session, now: datetime) -> None:
    npo = make_npo(session, verification_expires_on=calendar.tokyo_date(now))
    with pytest.raises(NotPermitted):
        organization_acts.renew(session, owner_of(session, npo), npo, all_yes(npo), now, version=None)


def test_verification_needs_every_answer(session: Session, now: datetime) -> None:
    npo = submitted_npo(session, now)
    answers = all_yes(npo) | {"agent": ("perhaps", "")}
    del answers["charter"]
    with pytest.raises(Invalid) as error:
        organization_acts.verify(session, coordinator(session), npo, answers, now, version=None)
    assert dict(error.value.facts) == {"agent": "required", "charter": "required"}


def test_a_no_needs_a_comment_and_is_returned_not_verified(session: Session, now: datetime) -> None:
    npo, actor = submitted_npo(session, now), coordinator(session)
    with pytest.raises(Invalid) as error:
        organization_acts.verify(
            session, actor, npo, all_yes(npo) | {"charter": ("no", " ")}, now, version=None
        )
    assert dict(error.value.facts) == {"charter_comment": "required"}
    answers = all_yes(npo) | {"charter": ("no", "会則が届いていない")}
    with pytest.raises(Refused, match="checklist_no"):
        organization_acts.verify(session, actor, npo, answers, now, version=None)
    assert npo.state == "submitted"


def test_a_return_tells_what_to_mend_and_the_next_round_is_a_new_one(session: Session, now: datetime) -> None:
    make_city(session)
    npo, actor = submitted_npo(session, now), coordinator(session)
    organization_acts.return_(
        session, actor, npo, {"charter": ("no", "会則が届いていない")}, "documents", "会則をお送りください。",
        now, version=npo.version,
    )  # fmt: skip
    assert (npo.state, npo.reason_code, npo.reason_text) == (
        "returned",
        "documents",
        "会則をお送りください。",
    )
    owner = owner_of(session, npo)
    told = tell.notices(session, "確認のお願い")
    assert len(told) == 1
    assert "会則をお送りください。" in told[0].body
    organization_acts.submit(session, owner, npo, now, declared=True, agreed=True, version=None)
    organization_acts.verify(session, actor, npo, all_yes(npo), now, version=None)
    rounds = organization_reads.checklist_rounds(session, npo)
    assert [given[0].round for given, _who in rounds] == [2, 1]
    assert [(one.item, one.answer) for one in rounds[1][0]] == [("charter", "no")]


def test_a_return_needs_a_known_reason_and_a_sentence(session: Session, now: datetime) -> None:
    npo, actor = submitted_npo(session, now), coordinator(session)
    for code, text, expected in (
        ("documents", "　", {"reason_text": "required"}),
        ("made_up", "直してください。", {"reason_code": "required"}),
    ):
        with pytest.raises(Invalid) as error:
            organization_acts.return_(session, actor, npo, {}, code, text, now, version=None)
        assert dict(error.value.facts) == expected


def test_of_two_coordinators_the_second_is_told(session: Session, now: datetime) -> None:
    npo, shown = submitted_npo(session, now), 2
    assert npo.version == shown
    organization_acts.verify(session, coordinator(session), npo, all_yes(npo), now, version=shown)
    with pytest.raises(MovedOn) as error:
        organization_acts.return_(
            session, coordinator(session), npo, {}, "documents", "会則がありません。", now, version=shown
        )
    assert (error.value.facts["by"], error.value.facts["action"]) == ("市川 正", "verify")


def test_members_cannot_verify_themselves(session: Session, now: datetime) -> None:
    npo = submitted_npo(session, now)
    with pytest.raises(NotPermitted):
        organization_acts.verify(session, owner_of(session, npo), npo, all_yes(npo), now, version=None)


# ── Suspension ──


def serving(session: Session) -> None:
    """Let a model serve, so that touched records get their rows."""
    numbers.counter(session, "index").text = "model@1"


def is_findable(session: Session, kind: str, owner_id: int) -> bool | None:
    return session.scalar(
        select(Embedding.active).where(Embedding.owner_type == kind, Embedding.owner_id == owner_id)
    )


def test_a_suspension_hides_profile_needs_and_offers_at_once_and_reinstating_shows_them(
    session: Session, now: datetime
) -> None:
    serving(session)
    npo, company = make_npo(session), make_company(session)
    need, offer = make_need(session, npo), make_offer(session, company)
    city, visitor = manager(session), owner_of(session, make_company(session))
    assert posting_reads.get_need(session, visitor, need.public_id) is need
    for organization in (npo, company):
        organization_acts.suspend(session, city, organization, "safety", "確認中のため。", now, version=None)
    assert (npo.state, is_findable(session, "need", need.id), is_findable(session, "npo", npo.id)) == (
        "suspended", False, False,
    )  # fmt: skip
    assert is_findable(session, "offer", offer.id) is False
    with pytest.raises(NotFound):
        posting_reads.get_need(session, visitor, need.public_id)
    with pytest.raises(NotFound):
        organization_reads.get_organization(session, visitor, npo.public_id)
    host = owner_of(session, npo)
    assert posting_reads.get_need(session, host, need.public_id) is need  # one's own stays readable
    organization_acts.reinstate(session, city, npo, "safety", "確認が取れたため。", now, version=None)
    assert is_findable(session, "need", need.id) is True
    assert posting_reads.get_need(session, visitor, need.public_id) is need


def test_only_a_manager_suspends_with_a_reason_and_running_cases_are_recorded(
    session: Session, now: datetime
) -> None:
    npo, company = make_npo(session), make_company(session)
    case = beginning.propose(
        session,
        owner_of(session, company),
        beginning.between(company, npo),
        beginning.Terms("food", 20, "kg"),
        "どうぞ",
        now,
    )
    with pytest.raises(NotPermitted):
        organization_acts.suspend(session, coordinator(session), npo, "safety", "理由", now, version=None)
    with pytest.raises(Invalid):
        organization_acts.suspend(session, manager(session), npo, "safety", " ", now, version=None)
    with pytest.raises(Invalid):
        organization_acts.suspend(session, manager(session), npo, "mood", "理由", now, version=None)
    organization_acts.suspend(session, manager(session), npo, "safety", "連絡が取れない", now, version=None)
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "suspend")).one()
    assert event.details == {"running_cases": [case.public_id]}
    assert [one.public_id for one in case_reads.open_cases_of(session, npo)] == [case.public_id]


# ── Leaving ──


def test_leaving_withdraws_every_posting_and_hides_the_profile(session: Session, now: datetime) -> None:
    serving(session)
    npo = make_npo(session)
    states = ("open", "draft", "in_review", "paused", "filled")
    needs = [make_need(session, npo, state=state) for state in states]
    organization_acts.deactivate(
        session, owner_of(session, npo), npo, "plans_changed", "", now, version=npo.version
    )
    assert npo.state == "deactivated"
    assert [need.state for need in needs] == ["withdrawn"] * 4 + ["filled"]
    assert is_findable(session, "need", needs[0].id) is False
    assert is_findable(session, "npo", npo.id) is False
    assert audit.verify(session)[1] is None


def test_nobody_leaves_while_somebody_waits_for_an_answer(session: Session, now: datetime) -> None:
    npo, company = make_npo(session), make_company(session)
    giver = owner_of(session, company)
    case = beginning.propose(
        session, giver, beginning.between(company, npo), beginning.Terms("food", 20, "kg"), "どうぞ", now
    )
    with pytest.raises(Refused) as error:
        organization_acts.deactivate(session, owner_of(session, npo), npo, "resources", "", now, version=None)
    assert (error.value.code, error.value.facts["count"]) == ("cases_undecided", 1)
    answering.withdraw(session, giver, case, "mistake", "", now, version=case.version)
    organization_acts.deactivate(session, owner_of(session, npo), npo, "resources", "", now, version=None)
    assert npo.state == "deactivated"


def test_leaving_needs_the_owner_and_a_reason(session: Session, now: datetime) -> None:
    npo = make_npo(session)
    make_need(session, npo)
    with pytest.raises(NotPermitted):
        organization_acts.deactivate(
            session, owner_of(session, npo, "editor"), npo, "resources", "", now, version=None
        )
    for code in ("", "made_up", "other"):
        with pytest.raises(Invalid):
            organization_acts.deactivate(session, owner_of(session, npo), npo, code, "", now, version=None)
        session.rollback()
        npo = make_npo(session)
        make_need(session, npo)


def test_a_manager_may_end_the_use_and_the_organization_is_told(session: Session, now: datetime) -> None:
    npo = make_npo(session)
    owner = make_user(session, npo)
    organization_acts.deactivate(session, manager(session), npo, "other", "解散の届け出", now, version=None)
    assert [notice.user_id for notice in session.scalars(select(Notice))] == [owner.id]


# ── What the coordinator is shown ──


def test_possible_doubles_share_a_name_a_telephone_a_mail_or_a_website(session: Session) -> None:
    one = make_npo(session, name="浜の会", phone="0000-00-7777", website="https://hama.example")
    same_phone = make_npo(session, kana="ア", phone="0000-00-7777")
    same_name = make_company(session, kana="イ", name="浜の会")
    make_npo(session, website="")
    assert list(organization_reads.lookalikes(session, one)) == [same_phone, same_name]


def test_a_double_is_seen_behind_another_way_to_write_its_legal_form(session: Session) -> None:
    one, other, third = (
        make_npo(session, name=name, kana="", phone="", email="", website="")
        for name in ("特定非営利活動法人みなと食堂", "（特非）　みなと食堂", "一般社団法人みなと食堂")
    )
    for found in (one, other, third):
        found.search_text = folding.text_of_organization(found)
    assert list(organization_reads.lookalikes(session, one)) == [other]
    assert list(organization_reads.lookalikes(session, other)) == [one]
    assert list(organization_reads.lookalikes(session, third)) == []


def test_suspended_members_see_no_other_profile(session: Session, now: datetime) -> None:
    company, npo = make_company(session), make_npo(session)
    organization_acts.suspend(session, manager(session), company, "trust", "確認中", now, version=None)
    assert not permissions.may(owner_of(session, company), "organization.view", npo)


def test_a_profile_only_for_those_approached_is_seen_by_them_alone(session: Session, now: datetime) -> None:
    npo = make_npo(session, visibility="approached")
    company, other = make_company(session), make_company(session)
    approached, stranger = owner_of(session, company), owner_of(session, other)
    with pytest.raises(NotFound):
        organization_reads.get_organization(session, approached, npo.public_id)
    beginning.propose(
        session,
        owner_of(session, npo),
        beginning.between(company, npo),
        beginning.Terms("food", 20, "kg"),
        "お願いします",
        now,
    )
    assert organization_reads.get_organization(session, approached, npo.public_id) is npo
    with pytest.raises(NotFound):
        organization_reads.get_organization(session, stranger, npo.public_id)


def test_nothing_moves_without_its_audit_event(session: Session, now: datetime) -> None:
    npo = submitted_npo(session, now)
    organization_acts.verify(session, coordinator(session), npo, all_yes(npo), now, version=None)
    later = now + timedelta(days=1)
    organization_acts.suspend(session, manager(session), npo, "operation", "連絡なし", later, version=None)
    organization_acts.reinstate(session, manager(session), npo, "operation", "連絡あり", later, version=None)
    organization_acts.deactivate(session, owner_of(session, npo), npo, "resources", "", later, version=None)
    moved = [
        (event.action, event.from_state, event.to_state)
        for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        if event.object_type == "organization"
    ]
    assert moved == [
        ("submit", "draft", "submitted"),
        ("verify", "submitted", "verified"),
        ("suspend", "verified", "suspended"),
        ("reinstate", "suspended", "verified"),
        ("deactivate", "verified", "deactivated"),
    ]
    assert audit.verify(session) == (5, None)


# ── Names as long as registers have them ──

LONG = "特定非営利活動法人" + "葛\U000e0100" * 111  # 120 characters, of which many are two code points


def test_a_name_of_120_characters_is_taken_from_registration_to_profile(
    session: Session, now: datetime
) -> None:
    make_city(session)
    registering.register_organization(
        session, kind="npo", organization_name=LONG, name="山田", email="long@x.example", now=now, network="n"
    )
    registering.answer_requests(session, now, "http://x.example")
    session.flush()
    found = session.scalars(select(Organization).where(Organization.email == "long@x.example")).one()
    session.expire(found)
    assert (found.name, limits.length(found.name)) == (LONG, limits.NAME)


@pytest.mark.parametrize(("extra", "problems"), [(0, {}), (1, {"name": "too_long"})])
def test_profile_and_registration_share_one_limit(
    session: Session, now: datetime, extra: int, problems: dict[str, str]
) -> None:
    npo = make_npo(session)
    values = {"name": "あ" * (limits.NAME + extra), "kana": "ア" * limits.READING}
    if problems:
        with pytest.raises(Invalid) as refused:
            save(session, npo, "basic", now, **values)
        assert refused.value.facts == problems
    else:
        save(session, npo, "basic", now, **values)
        assert (npo.name, npo.kana) == (values["name"], values["kana"])
