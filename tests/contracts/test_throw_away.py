"""Something new touches as few files as ``docs/house.md`` says: it is put into a copy of the program, and tried there.

The copy is links to the program; a file that is touched becomes one of its own, and what is tried there is a test.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
#: What is no part of the program, or would be found twice.
LEFT_OUT: Final = frozenset(
    {".git", ".venv", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)


@dataclass
class Copy:
    """A program that something is put into, and which files that touched."""

    folder: Path
    touched: set[str] = field(default_factory=set)

    def add(self, path: str, text: str, before: str = "") -> None:
        """Put ``text`` into a file, before its only ``before``, or at its end; the file may be new."""
        place = self.folder / path
        old = place.read_text(encoding="utf-8") if place.exists() else ""
        assert not before or old.count(before) == 1, (path, before)
        place.unlink(missing_ok=True)
        place.write_text(old.replace(before, text + before) if before else old + text, encoding="utf-8")
        self.touched.add(path)

    def hold(self, test: str) -> None:
        """Run a test in the copy; what it asserts, holds."""
        place = self.folder / "tests" / "web" / "test_thrown_in.py"
        place.write_text(test, encoding="utf-8")
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", str(place)],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": str(self.folder)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """The program, in links."""
    made = tmp_path / "program"
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.endswith(".egg-info")]
        here = made / Path(folder).relative_to(ROOT)
        here.mkdir()
        for name in files:
            (here / name).symlink_to(Path(folder, name))
    return Copy(made)


ACT: Final = '''

@case_act(
    "throw_a_party", by=SHARE, open_in=ALIVE, home="progress",
    words=Words(
        "お祝いをする", "お祝いをしました。", "お祝いをしました", explain="みんなで祝います。", submit="祝う"
    ),
)  # fmt: skip
def throw_a_party(_look: Look, text: str) -> Done:
    """Celebrate."""
    return Done(details={"text": text})
'''
ACT_TRIED: Final = """
from sqlalchemy import select

from matcher.ground.permissions import ANONYMOUS
from matcher.records import AuditEvent, Partnership
from matcher.register import act
from tests.web.pages import send, visit
from tests.web.test_workspace_pages import town
from webapp import audit_text


def test_a_new_act_is_there(town):
    town.live(lambda partners: partners.bring("running"))
    browser = town.browser("npo")
    page = visit(browser, f"{town.url}/progress")
    asked = visit(browser, page.href("お祝いをする"))
    assert "みんなで祝います。" in asked.text and "祝う" in asked.text
    empty = send(browser, asked, {"text": ""}, status=422, action="/do/throw_a_party")
    assert 'id="text-error"' in empty.html
    done = send(browser, asked, {"text": "乾杯。"}, action="/do/throw_a_party")
    assert "お祝いをしました。" in visit(browser, done.location).text
    assert send(browser, asked, {"text": "乾杯。"}, action="/do/throw_a_party").location == done.location
    assert "お祝いをしました" in visit(browser, town.url).text
    with town.records.read() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "throw_a_party")).all()
        assert [event.details["text"] for event in events] == ["乾杯。"]
    with town.app.test_request_context():
        assert audit_text.action(events[0]) == "お祝いをした"
    desk = town.browser("coordinator")
    assert "お祝いをする" in visit(desk, f"{town.url}/progress").text
    assert "throw_a_party" in {one.name for one in act.of(Partnership)}
"""


def test_an_act_of_a_case_is_its_room_and_its_form(copy: Copy) -> None:
    copy.add("matcher/work/risks.py", ACT)
    copy.add(
        "webapp/views/asking/running.py",
        '    Act(risks.throw_a_party, work_forms.AnswerForm, fields("text")),\n',
        before="    Act(risks.add_risk,",
    )  # fmt: skip
    copy.hold(ACT_TRIED)
    assert len(copy.touched) == 2


PAPER: Final = '''"""お祝いの案内: nothing but the number of the case."""

from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.papers.paper import Paper

PAPER: Final = Paper(
    "party", _l("お祝いの案内"), 99, lambda ask: True, lambda ask: {"number": ask.case.number}
)
'''
PAPER_TRIED: Final = """
from tests.web.pages import visit
from tests.web.test_workspace_pages import town
from webapp import clock, papers, pdf


def test_a_new_paper_is_there(town):
    town.live(lambda partners: partners.bring("running"))
    assert "お祝いの案内" in visit(town.browser("npo"), f"{town.url}/files").text
    with town.app.test_request_context():
        ask = papers.Ask(town.partners.session, town.partners.npo_actor, town.partners.case, clock.now(), None)
        name, template, facts = papers.make(ask, "party")
        assert name == f"{town.partners.case.number}_お祝いの案内"
        assert f"祝：{town.partners.case.number}" in pdf.source(template, facts)
"""


def test_a_paper_is_its_module_and_its_template(copy: Copy) -> None:
    copy.add("webapp/papers/party.py", PAPER)
    copy.add("webapp/templates/pdf/party.html", "<p>祝：{{ number }}</p>")
    copy.hold(PAPER_TRIED)
    assert len(copy.touched) == 2


DESK_LIST: Final = '''"""お祝いの一覧: cases, by the kind of support."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.desk.lists.listing import Column, Conditions, DeskList, Filter, Listing, Row, equal, listed
from matcher.ground import vocabulary
from matcher.ground.permissions import Actor
from matcher.records import Partnership


def find(
    session: Session, _actor: Actor, conditions: Conditions, _now: datetime, *, sort: str, page: int | None
) -> Listing:
    """All cases."""
    query = select(Partnership, Partnership.moved_at).where(*equal(conditions, Partnership, "support_type"))
    return listed(session, query, conditions, Partnership, page, [Partnership.id])


PARTIES: Final = DeskList(
    "parties", "お祝いの一覧", "お祝いする案件です。", "お祝いする案件はありません", find,
    (Filter("support_type", "支援の種類", vocabulary.SUPPORT_LABELS),),
    (Column("祝う案件", lambda row: row.record.number, link=True),),
    "cases.show", menu="お祝い", place=7,
)
'''
DESK_LIST_TRIED: Final = """
import pytest
from sqlalchemy import select

from matcher.records import AuditEvent
from tests.web.pages import visit
from tests.web.test_workspace_pages import town
from webapp import audit_text
from webapp.desk_lists import Entry


def test_a_new_list_is_there(town):
    town.live(lambda partners: partners.bring("running"))
    number, mine = town.partners.case.number, town.partners.case.support_type
    other = "food" if mine != "food" else "place"
    desk = town.browser("coordinator")
    page = visit(desk, visit(desk, "/desk").href("お祝い"))
    assert page.h1 == ["お祝いの一覧"] and "お祝いする案件です。" in page.text
    assert page.href(number).endswith(town.partners.case.public_id)
    assert number in visit(desk, f"/desk/parties?support_type={mine}").text
    none = visit(desk, f"/desk/parties?support_type={other}").text
    assert number not in none and "お祝いする案件はありません" in none
    saved = desk.get(f"/desk/parties.csv?support_type={mine}").get_data(as_text=True)
    assert "祝う案件" in saved and number in saved
    assert number not in desk.get(f"/desk/parties.csv?support_type={other}").get_data(as_text=True)
    assert desk.get("/desk/parties.xlsx").status_code in {200, 303}
    for who in ("npo", "company"):
        for address in ("/desk/parties", "/desk/parties.csv", "/desk/parties.xlsx"):
            assert town.browser(who).get(address).status_code == 404
    with town.records.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "export")).first()
        with town.app.test_request_context():
            assert audit_text.target(Entry(event, None)) == "お祝いの一覧"
"""


def test_a_list_of_the_desk_is_its_module(copy: Copy) -> None:
    copy.add("matcher/desk/lists/parties.py", DESK_LIST)
    copy.hold(DESK_LIST_TRIED)
    assert len(copy.touched) == 1


SUPPORT: Final = """    SupportType("pets", "動物のお世話", ("頭", "泊"), "犬を3頭、2泊", beside={"volunteer_hands": 0.5}),
    SupportType("coins", "小銭の寄附", ("袋",), "小銭を5袋", is_money=True),
"""
SUPPORT_TRIED: Final = """
from datetime import date

from matcher.city.cities import UNKNOWN
from matcher.ground import vocabulary
from matcher.imports import cells, columns
from matcher.suggestions import ranking
from tests.web.pages import send, visit
from tests.web.test_posting_pages import town


def test_a_new_kind_of_support_is_there(town):
    begun = send(town.owner, visit(town.owner, "/npo/needs"), button="ニーズを書く")
    address = begun.location.rsplit("/step/", 1)[0]
    page = visit(town.owner, f"{address}/step/2")
    assert {"pets", "coins"} <= set(page.form().choices["support_type"])
    asked = {"support_type": "pets", "quantity": "3"}
    refused = send(town.owner, page, asked | {"unit": "食"}, button="保存して次へ", status=422)
    assert "この支援の種類で使える単位（頭、泊）から選んでください。" in refused.text
    send(town.owner, page, asked | {"unit": "頭"}, button="保存して次へ")
    assert "動物のお世話 3頭" in visit(town.owner, f"{address}/check").text
    for who, list_page in (("officer", "/company/suggestions"), ("city", "/desk/needs")):
        assert "pets" in visit(town.browsers[who], list_page).form().choices["support_type"], who
    assert "動物のお世話（例：犬を3頭、2泊）" in visit(town.stranger, "/about").text


def test_it_is_imported_counted_and_compared():
    known = {column.code: column for column in columns.COLUMNS["needs"]}
    assert cells.read(known["support_type"], "動物のお世話", UNKNOWN).value == "pets"
    assert cells.read(known["quantity"], "3泊", UNKNOWN).unit == "泊"
    assert columns.choices(known["also_welcome"], UNKNOWN)["coins"] == "小銭の寄附"
    assert vocabulary.is_money("coins", "袋") and not vocabulary.is_money("pets", "頭")

    def fit(given):
        offer = ranking.Side(support_types=(given,), is_open=True)
        sides = offer, ranking.Side(support_types=("pets",), is_open=True)
        return ranking.fit(*sides, ranking.Texts()).parts["support"]

    assert (fit("pets"), fit("volunteer_hands"), fit("food")) == (1, 0.5, 0)
"""


def test_a_kind_of_support_is_one_row(copy: Copy) -> None:
    copy.add("matcher/ground/vocabulary.py", SUPPORT, before='    SupportType("network",')
    copy.hold(SUPPORT_TRIED)
    assert len(copy.touched) == 1


FIELD_RECORD: Final = '    mascot: Mapped[str] = mapped_column(Text, default="")\n'
FIELD_MIGRATION: Final = '''"""Ask companies for their mascot."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("company_profile") as batch:
        batch.add_column(sa.Column("mascot", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("company_profile") as batch:
        batch.drop_column("mascot")
'''
FIELD_ROW: Final = """        Field("mascot", "会社のマスコット", aliases=("キャラクター",), limit=limits.TITLE, needed=True, is_said=True, is_searched=True,
              help="名前を書いてください。", sample="みおぴよ"),
"""
FIELD_TRIED: Final = """
from sqlalchemy import select

from matcher.imports.columns import recognise
from matcher.records import CompanyProfile
from matcher.register import findable
from tests.web.pages import send, visit
from tests.web.test_organization_pages import change, desk, stored, town
from webapp import decision_text


def test_a_new_field_is_there(town, records):
    change(records, town.company, state="draft")
    assert "まだの項目：会社のマスコット" in visit(town.officer, "/profile").text
    page = visit(town.officer, "/profile/business")
    assert "会社のマスコット※必須 名前を書いてください。 例みおぴよ" in page.text
    refused = send(town.officer, page, {"mascot": "あ" * 61}, 422, action="/business")
    assert "60文字までで入力してください。いまは61文字です。" in refused.text
    send(town.officer, page, {"mascot": "さんま太郎"}, action="/business")
    change(records, town.company, state="verified")
    found = stored(records, town.company)
    assert found.company.mascot == "さんま太郎"
    assert "さんま太郎" in findable.text_of(found)
    shown = visit(town.officer, f"/organizations/{town.company.public_id}")
    assert "会社のマスコット さんま太郎" in shown.text
    read = visit(town.coordinator, desk(town.company))
    assert "会社のマスコット さんま太郎" in read.text
    assert "事業とCSR・ESGの考え：会社のマスコット" in read.text
    assert town.company.name in visit(town.coordinator, "/desk/organizations?q=さんま太郎").text
    assert town.company.name not in visit(town.coordinator, "/desk/organizations?q=さんま次郎").text


def test_it_is_saved_and_imported(town, records):
    with records.write() as session:
        session.scalars(select(CompanyProfile)).one().mascot = "さんま太郎"
    saved = town.coordinator.get("/desk/organizations.csv?kind=company").get_data(as_text=True)
    assert "会社のマスコット" in saved and "さんま太郎" in saved
    template = town.coordinator.get("/desk/imports/templates/companies.csv").get_data(as_text=True)
    assert "会社のマスコット" in template
    assert recognise("companies", "キャラクター").code == "mascot"
    assert decision_text.names({"business": ""})["mascot"] == "会社のマスコット"
"""


def test_a_field_of_a_profile_is_its_column_its_migration_and_its_row(copy: Copy) -> None:
    newest = max(path.name[:4] for path in (ROOT / "matcher/migrations/versions").glob("[0-9]*.py"))
    copy.add(
        "matcher/records/organization.py",
        FIELD_RECORD,
        before='    no_go: Mapped[str] = mapped_column(Text, default="")\n',
    )
    copy.add("matcher/migrations/versions/9999_ask_for_mascots.py", FIELD_MIGRATION.format(newest=newest))
    copy.add("matcher/ground/profile.py", FIELD_ROW, before='        Field("expected_returns",')
    copy.hold(FIELD_TRIED)
    assert len(copy.touched) == 3
