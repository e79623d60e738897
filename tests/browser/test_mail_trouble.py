"""What only shows on a bad day: a silent worker's notice, and the list of mails that did not arrive."""

import pytest

from matcher.register import notices, outbox
from tests import told as tell
from tests.browser.conftest import WIDTHS
from webapp import clock


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_desk_of_a_bad_day_can_be_read_and_worked_on(demo, visitor, width):
    now = clock.now()
    with demo.database.write() as session:
        notices.send_mail(session, "demo-npo@demo.example", *tell.letter(), now, key=f"bad-day-{width}")
        notices.send_mail(session, f"gone-{width}@people.example", *tell.letter(), now, key=f"gone-{width}")
        session.flush()
        for mail in outbox.lease(session, now, limit=1000):
            outbox.note_failure(session, mail.id, "address", "SMTPRecipientsRefused 550", now)
    person = visitor("manager", width=width)
    person.go("/desk")
    text = person.page.inner_text("main")
    assert "メールの送信が止まっています" in text  # the demo of the tests has no worker
    assert "届かなかったメール" in text
    assert person.faults() == []
    before = person.page.get_by_role("button", name="伝えた（対応済みにする）").count()
    person.press(person.page.get_by_role("button", name="伝えた（対応済みにする）").first)
    assert person.page.get_by_role("button", name="伝えた（対応済みにする）").count() == before - 1
    person.go("/staff?q=demo-npo")
    assert "メールが届いていません" in person.page.inner_text("main")
    assert person.faults() == []
