"""Somebody who serves two organizations switches on a phone: by touch, by keyboard, and without scripts."""

import pytest
from sqlalchemy import select

from matcher.people import signing_in
from matcher.records import Organization
from matcher.register import notices
from tests import told as tell
from tests.browser.conftest import WIDTHS
from tests.factories import make_membership
from webapp import clock

NAME = "株式会社みなと中央食品加工流通サービス協同組合連合会"


@pytest.fixture(scope="module")
def second(demo) -> str:
    """The demo's person of an NPO serves a company with a long name, too; returns the NPO's name."""
    with demo.database.write() as session:
        person = signing_in.demo_user(session, "npo")
        own = person.seats[0].organization
        company = session.scalars(
            select(Organization).where(Organization.kind == "company", Organization.state == "verified")
        ).first()
        assert company is not None
        company.name = NAME
        make_membership(session, person, company, now=clock.now())
        notices.tell_organization(session, company, *tell.letter(), clock.now())
        return own.name


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, *WIDTHS])
@pytest.mark.parametrize("javascript", [True, False])
def test_one_switches_in_the_header_on_any_screen(visitor, second, width, javascript):
    person = visitor("npo", width=width, javascript=javascript)
    link = person.page.locator("header .account-switch")
    if second not in person.page.inner_text("header"):  # the last width ended in the other name
        link.focus()
        person.page.keyboard.press("Enter")
        person.press(person.page.get_by_role("button", name="切り替える"))
    box = link.bounding_box()
    assert box is not None
    assert box["height"] >= 24  # WCAG 2.2, target size
    assert not javascript or person.faults() == []
    link.focus()
    person.page.keyboard.press("Enter")
    person.page.wait_for_url("**/account/organizations")
    assert not javascript or person.faults() == []
    button = person.page.locator("main form", has_text=NAME).get_by_role("button")
    button.focus()
    person.page.keyboard.press("Enter")
    person.page.wait_for_url("**/company")
    assert NAME in person.page.inner_text("header")
    assert f"「{NAME}」に切り替えました。" in person.page.inner_text("main")
    assert not javascript or person.faults() == []
