"""On a phone: a proposal to ask together from the home page of an NPO to its being taken back by the city."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from matcher.people.signing_in import demo_user
from matcher.records import JointNeed, JointPartner, Membership, Need, User
from tests.browser.conftest import Demo, Visitor
from webapp import clock


def propose(demo: Demo) -> tuple[str, str]:
    """The city has proposed to the NPO of the demo and to another; gives the need of each."""
    with demo.database.write() as session:
        own = select(Membership.organization_id).where(Membership.user_id == demo_user(session, "npo").id)
        needs = select(Need).where(Need.state == "open").order_by(Need.id)
        first = session.scalars(needs.where(Need.organization_id.in_(own))).first()
        other = session.scalars(needs.where(Need.organization_id.not_in(own))).first()
        assert first is not None
        assert other is not None
        official = session.scalars(select(User.id).where(User.role == "coordinator")).first()
        assert official is not None
        session.add(
            JointNeed(
                need_id=first.id, proposed_by_id=official, note="配送が1回で済みます。",
                proposed_at=clock.now() - timedelta(days=15),
                partners=[
                    JointPartner(organization_id=one.organization_id, need_id=one.id, quantity=12, unit="kg")
                    for one in (first, other)
                ],
            )
        )  # fmt: skip
        return first.public_id, other.public_id


#: Cells of a few characters whose text stands on more than one line.
BROKEN = """() => [...document.querySelectorAll('td')].filter(cell => {
  const words = cell.innerText.trim(), range = document.createRange();
  range.selectNodeContents(cell);
  return words.length > 1 && words.length <= 8
    && new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1;
}).map(cell => cell.innerText.trim())"""


@pytest.fixture
def long_titles(demo: Demo) -> Iterator[str]:
    """A proposal between two needs of long titles; all is as before afterwards."""
    both = propose(demo)
    with demo.database.write() as session:
        needs = session.scalars(select(Need).where(Need.public_id.in_(both))).all()
        titles = {need.public_id: need.title for need in needs}
        for need in needs:
            need.title = "外国につながる子どもたちの学習支援教室で使う、机といすと辞書と教材"
        for one in session.scalars(select(JointPartner)):
            one.quantity, one.unit = 6, "日"
    yield both[0]
    with demo.database.write() as session:
        for need in session.scalars(select(Need).where(Need.public_id.in_(both))):
            need.title = titles[need.public_id]
        session.execute(update(JointNeed).values(state="withdrawn"))


def test_a_short_value_stands_on_one_line(visitor: Callable[..., Visitor], long_titles: str) -> None:
    for role, path in (("npo", f"/npo/needs/{long_titles}"), ("coordinator", f"/desk/needs/{long_titles}")):
        for width in (768, 1024, 1366):
            reader = visitor(role, width=width)
            reader.go(path)
            assert reader.page.get_by_text("返事待ち").count() >= 2
            assert reader.page.evaluate(BROKEN) == [], (role, width)
            assert reader.faults() == []


def test_what_nobody_answers_is_taken_back_on_a_phone(visitor: Callable[..., Visitor], demo: Demo) -> None:
    first, other = propose(demo)
    owner, officer = visitor("npo", width=375), visitor("coordinator", width=375)
    owner.go("/npo")
    assert owner.faults() == []
    owner.press(owner.page.get_by_role("link", name="提案を読む"))
    assert owner.page.get_by_text("提案から15日たちました。2団体のお返事を待っています。").is_visible()
    assert owner.faults() == []
    officer.go(f"/desk/needs/{other}")
    assert officer.faults() == []
    officer.press(officer.page.get_by_role("link", name="提案を取り下げる"))
    assert officer.faults() == []
    officer.press(officer.page.get_by_role("button", name="提案を取り下げる"))
    assert officer.faults() == []
    officer.page.fill("[name=reason]", "お返事がそろわないため。")
    officer.press(officer.page.get_by_role("button", name="提案を取り下げる"))
    assert officer.page.get_by_text("提案を取り下げ、団体にお知らせしました。").is_visible()
    owner.go(f"/npo/needs/{first}")
    assert owner.page.get_by_text("お返事がそろわないため。").is_visible()
    assert owner.faults() == []
    owner.go("/npo")
    assert owner.page.get_by_role("link", name="提案を読む").count() == 0
