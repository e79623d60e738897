"""One person serves several organizations: one account, a membership for each, each act in the name of one."""

import re
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.cases import answering, beginning, deciding
from matcher.cases.beginning import Terms
from matcher.cases.deciding import Decision
from matcher.ground import permissions, vocabulary
from matcher.ground.errors import Invalid, NotFound, Refused
from matcher.ground.permissions import Actor
from matcher.people import (
    accounts,
    choosing,
    closing,
    memberships,
    passwords,
    sessions,
    signing_in,
    staff,
)
from matcher.people import beginning as requests
from matcher.records import AuditEvent, Mail, Membership, Notice, Organization, Partnership, User
from matcher.register import conflicts, inbox, notices
from tests import told as tell
from tests.factories import (
    actor_for,
    make_city,
    make_company,
    make_coordinator,
    make_need,
    make_npo,
    make_user,
)  # fmt: skip

GOOD = "紫陽花と古い灯台の地図帳"
STORED = passwords.hashed(GOOD)
URL = "https://enmusubi.city.miohara.example"


class Two:
    """Somebody who owns an NPO, and an owner of a company that would like them, too."""

    def __init__(self, session: Session) -> None:
        make_city(session)
        self.session = session
        self.npo, self.company = (
            make_npo(session, name="浜のごはん会"),
            make_company(session, name="みお食品"),
        )
        self.person = make_user(session, self.npo, name="海野 渚", password_hash=STORED)
        self.owner = actor_for(make_user(session, self.company), self.company)

    def invite(self, now: datetime, email: str = "", role: str = "editor") -> str:
        """The company invites; returns the token of the mail."""
        memberships.invite_member(
            self.session, self.owner, email=email or self.person.email, name="うみの", role=role, now=now,
            public_url=URL,
        )  # fmt: skip
        return self.token

    @property
    def token(self) -> str:
        """Of the newest mail with a link."""
        return re.findall(rf"{URL}/activate/(\S+)", tell.mails(self.session)[-1].body)[0]

    def join(self, now: datetime, role: str = "editor") -> None:
        """The person serves both."""
        memberships.join(self.session, self.invite(now, role=role), now)

    def leave(self, organization: Organization, now: datetime) -> None:
        """The person does not serve it any more."""
        actor = self.acting(organization)
        closing.leave(self.session, actor, memberships.get(self.session, actor, self.person.public_id), now)

    def acting(self, organization: Organization) -> Actor:
        """The person, in the name of one."""
        user = accounts.by_id(self.session, self.person.id)
        assert user is not None
        return accounts.actor_of(user, organization.id)


@pytest.fixture
def two(session: Session) -> Two:
    return Two(session)


def test_an_invited_address_with_an_account_gets_a_membership_once_it_is_confirmed(
    two: Two, session: Session, now: datetime
) -> None:
    token = two.invite(now)
    assert [one.organization_id for one in two.person.seats] == [two.npo.id]
    membership = memberships.join(session, token, now)
    assert {one.organization_id for one in two.person.seats} == {two.npo.id, two.company.id}
    assert (membership.role, membership.began_at) == ("editor", now)
    with pytest.raises(NotFound):
        memberships.join(session, token, now)
    assert session.scalars(select(User).where(User.email == two.person.email)).all() == [two.person]
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "join")).one()
    assert event.actor_organization_id == two.company.public_id


def test_an_inviter_sees_the_same_whether_or_not_the_address_has_an_account(
    two: Two, session: Session, now: datetime
) -> None:
    for email in (two.person.email, "nobody@npo.example"):
        two.invite(now, email)
    rows = [one for one in memberships.list_members(session, two.owner) if one.is_offered]
    assert {(one.name, one.status, one.role, one.invited_name) for one in rows} == {
        ("うみの", "invited", "editor", "うみの")
    }
    for one in rows:
        memberships.send_link(
            session, two.owner, memberships.get(session, two.owner, one.user.public_id), URL, now
        )
    assert {mail.row.to for mail in tell.mails(session)} == {two.person.email, "nobody@npo.example"}
    for one in rows:
        closing.remove(session, two.owner, memberships.get(session, two.owner, one.user.public_id), now)
    assert not [one for one in memberships.list_members(session, two.owner) if one.is_offered]
    session.refresh(two.person)
    assert (two.person.name, two.person.status) == ("海野 渚", "active")


def test_city_staff_and_members_of_the_organization_are_not_invited(
    two: Two, session: Session, now: datetime
) -> None:
    officer = make_coordinator(session)
    with pytest.raises(Invalid) as refused:
        two.invite(now, officer.email)
    assert refused.value.facts == {"email": "account_exists"}
    two.join(now)
    with pytest.raises(Invalid) as refused:
        two.invite(now)
    assert refused.value.facts == {"email": "member_already"}


def test_a_second_organization_is_registered_by_the_same_address(
    two: Two, session: Session, now: datetime
) -> None:
    for _ in range(2):
        requests.register_organization(
            session,
            kind="company",
            organization_name="渚商店",
            name="海野",
            email=two.person.email,
            now=now,
            network="n",
        )
        requests.answer_requests(session, now, URL)
    shop = session.scalars(select(Organization).where(Organization.name == "渚商店")).one()
    assert "渚商店の登録を受け付けました" in tell.mails(session)[-1].body
    assert [one.organization_id for one in two.person.seats] == [two.npo.id]
    memberships.join(session, two.token, now)
    assert two.acting(shop).organization_role == "owner"
    assert shop.state == "draft"


def test_somebody_who_has_not_begun_confirms_each_membership_by_its_own_link(
    two: Two, session: Session, now: datetime
) -> None:
    first = two.invite(now, "new@npo.example")
    npo_owner = two.acting(two.npo)
    memberships.invite_member(
        session, npo_owner, email="new@npo.example", name="新人", role="viewer", now=now, public_url=URL
    )
    second = two.token
    user = choosing.activate(session, first, STORED, now)
    assert [one.organization_id for one in user.seats] == [two.company.id]
    with pytest.raises(NotFound):
        choosing.activate(session, second, STORED, now)
    memberships.join(session, second, now)
    assert {one.organization_id for one in user.seats} == {two.company.id, two.npo.id}


def test_one_acts_in_the_name_of_one_organization_and_not_of_the_other(
    two: Two, session: Session, now: datetime
) -> None:
    two.join(now, "viewer")
    need = make_need(session, two.npo, state="draft")
    assert permissions.may(two.acting(two.npo), "posting.edit", need)
    as_company = two.acting(two.company)
    assert not permissions.may(as_company, "posting.view", need)
    assert (as_company.organization_role, [one.name for one in as_company.elsewhere]) == (
        "viewer",
        ["浜のごはん会"],
    )
    stranger = actor_for(make_user(session, make_npo(session)))
    assert accounts.actor_of(two.person, stranger.organization_id).organization_id in {
        two.npo.id,
        two.company.id,
    }


def test_notices_and_digests_are_of_one_organization(two: Two, session: Session, now: datetime) -> None:
    two.join(now)
    two.person.notify = "daily"
    for organization in (two.npo, two.company, two.company):
        notices.tell_organization(session, organization, *tell.letter(organization.name), now)
    as_npo, as_company = two.acting(two.npo), two.acting(two.company)
    assert notices.unread_counts(session, as_npo) == {two.npo.id: 1, two.company.id: 2}
    (group,) = inbox.groups(session, as_npo).rows
    assert "浜のごはん会" in tell.of(group.latest[0]).body
    notices.mark_all_read(session, as_npo, now)
    assert notices.unread_counts(session, as_company) == {two.company.id: 2}
    session.query(Mail).delete()
    tomorrow = datetime(now.year, now.month, now.day + 1, 12, tzinfo=now.tzinfo)
    notices.make_digests(session, tomorrow)
    mails = session.scalars(select(Mail).where(Mail.to == two.person.email)).all()
    assert sorted(mail.facts["organization"]["name"] for mail in mails) == ["みお食品", "浜のごはん会"]


def test_leaving_one_keeps_the_account_and_leaving_the_last_closes_it(
    two: Two, session: Session, now: datetime
) -> None:
    two.join(now)
    case = Partnership(
        number="E-1", company_id=two.company.id, npo_id=two.npo.id, origin="company", support_type="food",
        started_by_id=two.person.id, created_at=now, moved_at=now, company_contact_id=two.person.id, state="introduced",
    )  # fmt: skip
    session.add(case)
    notices.tell_organization(session, two.company, *tell.letter("会社"), now)
    notices.tell_organization(session, two.npo, *tell.letter("団体"), now)
    two.leave(two.company, now)
    session.refresh(case)
    assert (two.person.status, two.person.name, case.company_contact_id) == ("active", "海野 渚", None)
    left = session.scalars(select(Notice).where(Notice.user_id == two.person.id)).all()
    assert [one.organization_id for one in left] == [two.npo.id]
    with pytest.raises(Refused, match="last_owner"):
        two.leave(two.npo, now)
    make_user(session, two.npo)
    two.leave(two.npo, now)
    assert (two.person.status, two.person.name) == ("deactivated", vocabulary.LEFT)


def test_closing_the_account_ends_all_and_leaves_no_organization_without_owner(
    two: Two, session: Session, now: datetime
) -> None:
    two.join(now)
    with pytest.raises(Refused, match="last_owner"):
        closing.close_own(session, two.acting(two.company), two.person, now)
    make_user(session, two.npo)
    closing.close_own(session, two.acting(two.company), two.person, now)
    rows = session.scalars(select(Membership).where(Membership.user_id == two.person.id)).all()
    assert [one.ended_at for one in rows] == [now, now]
    assert two.person.status == "deactivated"


def test_who_left_a_closed_organization_signs_in_for_the_other(
    two: Two, session: Session, now: datetime
) -> None:
    two.join(now)
    two.npo.state = "deactivated"
    session.flush()
    credentials = signing_in.admit_login(session, two.person.email, "n", now)
    user = signing_in.authenticate(session, credentials, GOOD, now)
    assert user is two.person
    session_id = sessions.start_session(session, user, now)
    found = sessions.find_session_user(session, session_id, now, idle_minutes=30, hours=12)
    assert found is not None
    assert accounts.actor_of(found).organization_id == two.company.id
    two.company.state = "deactivated"
    session.flush()
    assert sessions.find_session_user(session, session_id, now, idle_minutes=30, hours=12) is None


def test_staff_see_every_membership_and_close_the_whole_account(
    two: Two, session: Session, now: datetime
) -> None:
    two.join(now)
    make_user(session, two.npo)
    manager = actor_for(make_coordinator(session, role="manager"))
    rows, total, _page = staff.search_members(session, manager, "海野", page=1, size=50)
    assert (total, {one.organization.name for one in rows}) == (2, {"浜のごはん会", "みお食品"})
    closing.close_account(session, manager, two.person, now)
    assert staff.search_members(session, manager, "海野", page=1, size=50)[1] == 0


# ── Both sides of a case ──


def propose(two: Two, actor: Actor, now: datetime) -> Partnership:
    need = make_need(two.session, two.npo)
    return beginning.propose(
        two.session, actor, beginning.between(two.company, two.npo, need=need), Terms("food"), "ぜひ。", now
    )


def test_nobody_acts_for_both_sides_of_a_case(two: Two, session: Session, now: datetime) -> None:
    two.join(now)
    case = propose(two, two.acting(two.company), now)
    as_npo = two.acting(two.npo)
    for deed, given in ((answering.accept, ("はい。",)), (answering.send_message, ("質問です。",))):
        with pytest.raises(Refused, match="other_side"):
            deed(session, as_npo, case, *given, now, version=case.version)
    colleague = actor_for(make_user(session, two.npo), two.npo)
    answering.accept(session, colleague, case, "はい。", now, version=case.version)
    assert case.state == "coordinator_review"


def test_who_has_left_one_side_does_not_act_for_the_other_either(
    two: Two, session: Session, now: datetime
) -> None:
    two.join(now)
    case = propose(two, two.acting(two.company), now)
    two.leave(two.company, now)
    with pytest.raises(Refused, match="other_side"):
        answering.accept(session, two.acting(two.npo), case, "はい。", now, version=case.version)


def test_who_has_done_nothing_for_the_other_side_acts_freely(
    two: Two, session: Session, now: datetime
) -> None:
    two.join(now)
    case = propose(two, two.owner, now)
    answering.accept(session, two.acting(two.npo), case, "はい。", now, version=case.version)
    assert case.state == "coordinator_review"


def test_the_city_sees_who_serves_both_sides_and_its_decision_keeps_it(
    two: Two, session: Session, now: datetime
) -> None:
    two.join(now)
    case = propose(two, two.owner, now)
    assert list(conflicts.on_both_sides(session, case)) == [two.person]
    begun = session.scalars(select(AuditEvent).where(AuditEvent.action == "propose")).one()
    assert begun.details["on_both_sides"] == [two.person.public_id]
    answering.accept(session, two.acting(two.npo), case, "はい。", now, version=case.version)
    officer = actor_for(make_coordinator(session))
    decision = Decision("明確である。", conflict_of_interest=False, city_involved=False)
    bundle = deciding.approve(session, officer, case, decision, now, version=case.version)
    assert bundle.content["decision"]["on_both_sides"] == [two.person.public_id]
