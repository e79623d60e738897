"""On a phone: a need of the demo city that asks for two things, wherever it stands."""

from collections.abc import Callable

from sqlalchemy import select

from matcher.records import Need, Organization
from tests.browser.conftest import Demo, Visitor


def test_what_else_a_need_asks_for_is_read_on_a_phone(visitor: Callable[..., Visitor], demo: Demo) -> None:
    with demo.database.read() as session:
        need, npo = session.execute(
            select(Need.public_id, Organization.public_id)
            .join(Organization, Organization.id == Need.organization_id)
            .where(Need.title == "灯ろうの和紙と、絵を描く子どもたちの場所")
        ).one()
    officer, company = visitor("coordinator", width=375), visitor("company", width=375)
    for person, path in (
        (officer, "/desk/needs?q=灯ろうの和紙"), (company, f"/organizations/{npo}"),
        (company, "/company/needs?q=子どもたちが絵を描く場所"), (company, f"/company/needs/{need}"),
        (officer, f"/desk/needs/{need}"),
    ):  # fmt: skip
        person.go(path)
        assert person.faults() == [], path
        assert person.page.get_by_text("灯ろうの和紙と、絵を描く子どもたちの場所").count(), path
    for person, path in ((officer, "/desk/needs?q=灯ろうの和紙"), (company, f"/organizations/{npo}")):
        person.go(path)
        assert "8箱（ほかに1つ）" in person.page.inner_text("main"), path
