"""What takes long is made once, one after the other, and reaches whoever may have it and nobody else."""

import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select, update

from matcher.ground.permissions import Actor
from matcher.jobs import leases, tickets
from matcher.records import AuditEvent, Job, Membership, Organization, Ticket, User
from tests.conftest import NOW
from tests.factories import make_coordinator, make_npo, make_user
from tests.partners import Partners
from tests.web.conftest import login_as
from tests.web.pages import post, read, send, visit
from tests.web.test_locks import somebody_writes
from webapp import create_app, making
from webapp.press import KEEP, Broke


class SlowPress:
    """Lays out nothing, but when it is told to; what it was given is kept."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.orders: list[str] = []
        self.answers: list[str | Exception] = []

    def lay_out(self, kind, source, target, watch, every) -> str:
        self.orders.append(source.read_text())
        assert self.told.wait(30)
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            target.write_bytes(b"%PDF-made")
        return answer


class Town:
    """A running partnership, its people's browsers, and the press."""

    def __init__(self, settings, travel, app, session) -> None:
        self.partners = Partners(session, NOW, Path(settings.files_folder))
        self.partners.bring("running")
        self.staff = [make_coordinator(session) for _ in range(6)]
        session.commit()
        travel.move_to(self.partners.at)
        self.app, self.travel, self.settings = app, travel, settings
        self.records = app.extensions["database"]
        self.runner = app.extensions["runner"]
        self.press = SlowPress()
        self.runner.press = self.press

    def browser(self, user):
        with self.records.read() as session:
            known = session.get(User, getattr(user, "user_id", None) or user.id)
        return login_as(self.app.test_client(), known)

    @property
    def case(self) -> str:
        return f"/cases/{self.partners.case.public_id}"

    def paper(self, user, url="/desk/handover.pdf"):
        """Ask for a paper without waiting for it; the page on which one waits."""
        answer = self.browser(user).get(url)
        assert answer.status_code == 202, answer.status_code
        return answer

    def ticket(self, user) -> str:
        """The address of the newest ticket of somebody."""
        with self.records.read() as session:
            query = select(Ticket).where(Ticket.user_id == (getattr(user, "user_id", None) or user.id))
            return f"/making/{session.scalars(query.order_by(Ticket.id.desc())).first().public_id}"

    def count(self, model, *where) -> int:
        with self.records.read() as session:
            return session.scalar(select(func.count()).select_from(model).where(*where)) or 0

    def finish(self, patience: Callable[[], bool]) -> None:
        """Let the press go on until ``patience`` holds."""
        self.press.told.set()
        for _ in range(300):
            if patience():
                assert self.runner.rest(5), "what follows an end, such as forgetting the source, is done, too"
                return
            threading.Event().wait(0.02)
        raise AssertionError("expected the jobs to end")

    def all_ended(self) -> bool:
        return not self.count(Job, Job.finished_at.is_(None))


@pytest.fixture
def town(settings, travel, monkeypatch) -> Iterator[Town]:
    app = create_app(settings)
    with app.extensions["database"].write_session() as session:
        found = Town(settings, travel, app, session)
        monkeypatch.setattr(making, "WAIT_SECONDS", 0.0)
        yield found
    found.finish(found.all_ended)
    app.extensions["database"].dispose()


def rename(town, name: str) -> None:
    with town.records.write() as session:
        session.execute(update(Organization).where(Organization.id == town.partners.npo.id).values(name=name))


# ── The waiting page ─────────────────────────────────────────────────────────────────────────────────


def test_who_waits_sees_the_place_in_line_and_gets_the_paper_without_javascript(town):
    first, second = town.staff[:2]
    town.paper(first)
    answer = town.paper(second, f"/desk/handover.pdf?person={first.public_id}")
    assert answer.headers["Retry-After"] == "3"
    assert answer.headers["Refresh"] == f"3;url={town.ticket(second)}"
    page = visit(town.browser(second), town.ticket(second), 202)
    assert page.h1 == ["作成しています"]
    assert "順番は2番目です" in page.text
    assert "いま作成しています" in visit(town.browser(first), town.ticket(first), 202).text
    town.finish(town.all_ended)
    made = town.browser(second).get(town.ticket(second))
    there = f"/desk/handover.pdf?person={first.public_id}&ticket={town.ticket(second).rsplit('/')[-1]}"
    assert made.headers["Refresh"] == f"0;url={there}"
    assert visit(town.browser(second), town.ticket(second)).href("保存する") == there
    paper = town.browser(second).get(there)
    assert (paper.status_code, paper.data) == (200, b"%PDF-made")
    assert len(town.press.orders) == 2
    assert town.browser(first).get(there).status_code == 404, "a ticket is for one person"


def test_who_waited_gets_the_paper_although_a_record_changes_meanwhile(town):
    person = town.staff[0]
    town.paper(person)
    rename(town, "名の変わった会")
    town.finish(town.all_ended)
    made = visit(town.browser(person), town.ticket(person)).href("保存する")
    assert town.browser(person).get(made).data == b"%PDF-made"
    assert len(town.press.orders) == 1
    town.travel.shift(making.PAPER_STANDS + timedelta(seconds=1))
    town.browser(person).get(made)
    town.finish(town.all_ended)
    assert len(town.press.orders) == 2, "an old ticket leads to the paper of today"


def test_the_same_paper_is_the_same_to_the_letter(town):
    town.press.told.set()
    asked = ("plan", "agreement", "sheet", "interim")
    for _ in range(2):
        for name in asked:
            town.browser(town.partners.npo_user).get(f"{town.case}/papers/{name}.pdf")
        town.finish(town.all_ended)
    assert len(town.press.orders) == len(asked) - 1, "there is no interim report yet"


def test_the_page_can_be_kept_from_moving_by_itself(town):
    town.paper(town.staff[0])
    page = visit(town.browser(town.staff[0]), town.ticket(town.staff[0]), 202)
    still = town.browser(town.staff[0]).get(page.href("自動の更新を止める"))
    assert "Refresh" not in still.headers
    assert still.status_code == 202
    assert "自動の更新を始める" in still.get_data(as_text=True)


def test_a_request_that_waits_gets_the_paper_itself(town, monkeypatch):
    monkeypatch.setattr(making, "WAIT_SECONDS", 30.0)
    town.press.told.set()
    answer = town.browser(town.staff[0]).get("/desk/handover.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")


def test_who_has_just_asked_sees_within_a_second_that_it_is_being_made(town, monkeypatch):
    monkeypatch.setattr(making, "WAIT_SECONDS", 3.0)
    monkeypatch.setattr(making, "SOON", 1 / 3)
    waited: list[float] = []
    monkeypatch.setattr(town.runner, "wait", lambda _job, seconds: waited.append(seconds))
    answer = town.paper(town.staff[0])
    assert waited == [1.0]
    assert answer.headers["Refresh"] == f"1;url={town.ticket(town.staff[0])}"
    page = visit(town.browser(town.staff[0]), town.ticket(town.staff[0]), 202)
    assert page.h1 == ["作成しています"]
    assert waited == [1.0, 3.0], "who looks again sees the page already"


def test_links_to_what_is_made_say_so_when_they_are_pressed(town):
    page = town.browser(town.staff[0]).get("/desk/handover").get_data(as_text=True)
    assert '<a data-makes class="action-link" href="/desk/handover.pdf' in page
    assert 'data-making="作成しています"' in page


def test_no_more_than_a_few_requests_wait_at_a_time(town, monkeypatch):
    monkeypatch.setattr(making, "WAIT_SECONDS", 30.0)
    seats = town.app.extensions["seats"]
    for _ in range(making.WAITING_REQUESTS):
        assert seats.acquire(blocking=False)
    town.paper(town.staff[0])  # would wait for half a minute
    for _ in range(making.WAITING_REQUESTS):
        seats.release()


# ── Once, and only so often ──────────────────────────────────────────────────────────────────────────


def test_what_many_ask_for_is_made_once(town):
    for person in town.staff:
        town.paper(person)
    assert (town.count(Job), town.count(Ticket)) == (1, 6)
    town.finish(town.all_ended)
    for person in town.staff:
        assert town.browser(person).get("/desk/handover.pdf").data == b"%PDF-made"
    assert len(town.press.orders) == 1


def test_a_kept_paper_is_made_anew_when_a_record_changed_and_forgotten_when_nobody_wants_it(town):
    person = town.staff[0]
    town.paper(person)
    town.finish(town.all_ended)
    rename(town, "名の変わった会")
    assert town.browser(person).get("/desk/handover.pdf").status_code in {200, 202}
    town.finish(town.all_ended)
    assert len(town.press.orders) == 2
    folder = town.settings.papers_folder
    assert {path.suffix for path in folder.iterdir()} == {".pdf"}, "no source is left"
    for path in folder.iterdir():
        os.utime(path, (town.partners.at.timestamp(),) * 2)
    town.runner.sweep(town.partners.at + KEEP)
    assert len(list(folder.iterdir())) == 2
    town.runner.sweep(town.partners.at + KEEP + timedelta(hours=2))
    assert list(folder.iterdir()) == []


def test_one_person_is_told_when_enough_waits_and_others_go_on(town):
    busy = town.staff[0]
    for other in town.staff[:5]:
        town.paper(busy, f"/desk/handover.pdf?person={other.public_id}")
    answer = town.browser(busy).get("/desk/handover.pdf")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    page = read("/desk/handover.pdf", 429, answer.get_data(as_text=True))
    assert "お一人5件まで" in page.text
    # What waits in another lane is on the list, too, and is not among the five.
    with town.records.write() as session:
        tickets.ask(
            session,
            Actor(user_id=busy.id),
            "import",
            "k",
            NOW,
            public_id="f" * 32,
            title="取り込み",
            address="/x",
        )
    crowded = town.browser(busy).get("/desk/handover.pdf").get_data(as_text=True)
    assert "お一人5件まで" in crowded
    with town.records.write() as session:
        session.execute(update(Job).where(Job.kind == "import").values(state="done", finished_at=NOW))
    assert len([url for _text, url in page.links if url.startswith("/making/")]) == 5
    town.paper(town.staff[1])


# ── Failing ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_paper_that_fails_says_so_and_can_be_asked_for_again(town):
    person = town.staff[0]
    town.press.answers = ["paper_broken"]
    town.paper(person)
    failed_at = town.ticket(person)
    town.finish(town.all_ended)
    page = visit(town.browser(person), failed_at)
    assert page.h1 == ["作成できませんでした"]
    assert "紙面に並べられませんでした" in page.text
    assert "Refresh" not in town.browser(person).get(failed_at).headers
    again = town.browser(person).get(page.href("もう一度作成する"))
    assert again.status_code in {200, 202}
    town.finish(town.all_ended)
    assert town.browser(person).get("/desk/handover.pdf").data == b"%PDF-made"


def test_a_failure_that_is_known_at_once_is_no_file(town, monkeypatch):
    monkeypatch.setattr(making, "WAIT_SECONDS", 30.0)
    town.press.answers = ["no_pdf_library"]
    town.press.told.set()
    assert town.browser(town.staff[0]).get("/desk/handover.pdf").status_code == 409


def test_a_press_that_falls_is_tried_again_and_given_up_after_some_times(town):
    person = town.staff[0]
    town.press.answers = [Broke("fell"), "", *(Broke("fell"),) * tickets.MOST_TRIES]
    town.paper(person)
    town.finish(town.all_ended)
    assert town.browser(person).get("/desk/handover.pdf").data == b"%PDF-made"
    town.browser(person).get(f"/desk/handover.pdf?person={person.public_id}")
    town.finish(town.all_ended)
    assert "途中で止まってしまいました" in visit(town.browser(person), town.ticket(person)).text
    assert len(town.press.orders) == 2 + tickets.MOST_TRIES


def test_what_a_killed_process_left_is_made_for_whoever_looks(town):
    person = town.staff[0]
    town.paper(person)
    town.finish(town.all_ended)
    source = town.press.orders[0]
    with town.records.write() as session:
        job = session.scalars(select(Job)).one()
        job.state, job.finished_at, job.holder = "running", None, "killed"
        job.leased_until = town.partners.at + leases.LEASE
    shelf = town.runner.shelf
    shelf.path("paper", job.key).unlink()
    shelf.source("paper", job.key).write_text(source)
    assert town.browser(person).get(town.ticket(person)).status_code == 202
    assert len(town.press.orders) == 1, "the lease is respected"
    town.travel.shift(leases.LEASE)
    assert town.browser(person).get(town.ticket(person)).status_code in {200, 202}
    town.finish(town.all_ended)
    assert len(town.press.orders) == 2


# ── Who may have it ──────────────────────────────────────────────────────────────────────────────────


def test_a_paper_reaches_no_stranger_and_nobody_whose_access_is_lost(town):
    partners, url = town.partners, f"{town.case}/papers/sheet.pdf"
    own = partners.npo_user
    town.paper(own, url)
    ticket = town.ticket(own)
    town.finish(town.all_ended)
    assert town.browser(own).get(url).data == b"%PDF-made"
    with town.records.write() as session:
        other = make_npo(session)
        stranger = make_user(session, other)
    kept = next(path.stem for path in town.settings.papers_folder.glob("*.pdf"))
    for address in (url, ticket, f"{ticket}?still=1", f"/making/{kept}", f"/papers/{kept}.pdf"):
        assert town.browser(stranger).get(address).status_code == 404, address
        outside = town.app.test_client().get(address)
        assert outside.status_code in {302, 404}, address
        assert b"%PDF" not in outside.data
    with town.records.write() as session:
        session.execute(
            update(Membership).where(Membership.user_id == own.id).values(organization_id=other.id)
        )
    moved = town.browser(own)
    assert moved.get(url).status_code == 404
    assert moved.get(ticket).data.find(b"%PDF") == -1


def test_a_table_is_fetched_with_ones_own_ticket_on_its_own_page(town, monkeypatch):
    monkeypatch.setattr(making, "MOST_CELLS", -1)
    url = f"{town.case}/ledger.xlsx"
    town.paper(town.partners.npo_user, url)
    town.finish(town.all_ended)
    browser = town.browser(town.partners.npo_user)
    there = visit(browser, town.ticket(town.partners.npo_user)).href("保存する")
    assert there.startswith(f"{url}?ticket=")
    answer = browser.get(there)
    assert answer.data == b"%PDF-made"
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    assert browser.get(there.replace("ledger", "results")).status_code == 404
    assert town.browser(town.partners.company_user).get(there).status_code == 404


def test_the_book_of_everything_is_noted_once_however_often_one_looks(town, monkeypatch):
    monkeypatch.setattr(making, "MOST_CELLS", -1)
    person = town.staff[0]
    town.paper(person, "/desk/partnerships.xlsx")
    town.finish(town.all_ended)
    page = visit(town.browser(person), town.ticket(person))
    assert town.browser(person).get(page.href("保存する")).status_code == 200
    assert town.count(AuditEvent, AuditEvent.action == "export") == 1


@contextmanager
def somebody_prepares(town: Town) -> Iterator[None]:
    """Another request of this process prepares something."""
    town.app.extensions["preparing"].begin(-1)
    yield
    town.app.extensions["preparing"].end()


def test_a_big_list_that_meets_a_writer_is_noted_once_and_gathered_by_one_at_a_time(town, monkeypatch):
    monkeypatch.setattr(making, "MOST_CELLS", -1)
    monkeypatch.setattr(making, "ASK_SECONDS", 0.01)
    person, noted = town.staff[0], (AuditEvent, AuditEvent.action == "export")
    urls = ("/desk/partnerships.xlsx", "/desk/organizations.xlsx")
    browser = town.browser(person)
    with somebody_writes(town.records):
        for url in urls * 2:
            assert "Refresh" in browser.get(url).headers
    assert town.app.extensions["traces"].flush()
    assert town.count(*noted) == 0
    with somebody_prepares(town):
        for url in (*urls, "/desk/organizations.csv"):
            assert browser.get(url).status_code == 202
    for count, url in enumerate(urls, start=1):
        assert browser.get(url).status_code == 202
        assert town.count(*noted) == count
    town.finish(town.all_ended)
    for count, url in enumerate(urls, start=3):  # what is kept is taken once more
        assert browser.get(url).data == b"%PDF-made"
        assert town.app.extensions["traces"].flush()
        assert town.count(*noted) == count


# ── Disclosure ───────────────────────────────────────────────────────────────────────────────────────


def test_a_disclosure_is_frozen_when_asked_for_and_made_while_others_write(town):
    person, colleague = town.staff[:2]
    browser = town.browser(person)
    form = visit(browser, f"{town.case}/export")
    there = send(browser, form, {"masks": ["people"]}, action="export").location
    assert there == town.ticket(person)
    assert visit(browser, there, 202).h1 == ["作成しています"]
    with town.records.write() as session:  # nobody waits for the press
        session.execute(update(User).where(User.id == person.id).values(name="改名 花子"))
    parts = json.loads(town.press.orders[0])
    (name,) = parts["texts"]
    content = json.loads(parts["texts"][name])
    assert content["masks"] == ["people"]
    assert list(parts["papers"]) == [name.replace(".json", ".pdf")]
    town.finish(town.all_ended)
    assert browser.get(visit(browser, there).href("保存する")).data == b"%PDF-made"
    assert town.count(AuditEvent, AuditEvent.action == "export_case") == 1
    listed = visit(town.browser(colleague), f"{town.case}/export")
    assert "人の名前" in listed.text
    taken = town.browser(colleague).get(listed.href(f"保存する（{name.replace('.json', '.zip')}）"))
    assert taken.status_code == 200
    assert town.count(AuditEvent, AuditEvent.action == "export_case") == 2
    assert town.browser(town.partners.npo_user).get(taken.request.path).status_code == 404


def test_a_disclosure_for_which_there_is_no_room_leaves_no_trace(town):
    busy = town.staff[0]
    for other in town.staff[:5]:
        town.paper(busy, f"/desk/handover.pdf?person={other.public_id}")
    browser = town.browser(busy)
    post(browser, f"{town.case}/export", {"masks": "people"}, status=429)
    assert town.count(AuditEvent, AuditEvent.action == "export_case") == 0


# ── The real press ───────────────────────────────────────────────────────────────────────────────────


def test_a_real_bundle_and_a_real_book_come_from_the_press(settings, travel, monkeypatch):
    app = create_app(settings)
    records = app.extensions["database"]
    with records.write_session() as session:
        partners = Partners(session, NOW, Path(settings.files_folder))
        partners.bring("running")
        session.commit()
        travel.move_to(partners.at)
        with records.read() as reading:
            known = reading.get(User, partners.coordinator.user_id)
        browser = login_as(app.test_client(), known)
        case = f"/cases/{partners.case.public_id}"
        small = load_workbook(io.BytesIO(browser.get("/desk/partnerships.xlsx").data))
        monkeypatch.setattr(making, "MOST_CELLS", -1)
        browser.get("/desk/partnerships.xlsx")
        with records.read() as reading:
            ticket = reading.scalars(select(Ticket)).one()
        big = load_workbook(io.BytesIO(browser.get(ticket.address).data))
        assert [[[cell.value for cell in row] for row in sheet] for sheet in big] == [
            [[cell.value for cell in row] for row in sheet] for sheet in small
        ]
        there = send(browser, visit(browser, f"{case}/export"), action="export").location
        with zipfile.ZipFile(io.BytesIO(browser.get(visit(browser, there).href("保存する")).data)) as packed:
            assert [packed.read(name)[:4] for name in sorted(packed.namelist())][1] == b"%PDF"
    assert {path.stat().st_mode & 0o077 for path in settings.papers_folder.iterdir()} == {0}
    assert settings.papers_folder.stat().st_mode & 0o077 == 0
    records.dispose()


_ASKS = """
import sys, time_machine
from tests.web.conftest import login_as
from tests.factories import make_city, make_coordinator
from webapp import Settings, create_app, making
making.WAIT_SECONDS = 60.0
app = create_app(Settings.from_environment())
records = app.extensions["database"]
with records.write() as session:
    make_city(session, is_demo=False)
    person = make_coordinator(session)
answer = login_as(app.test_client(), person).get("/desk/handover.pdf")
print(answer.status_code, answer.data[:4].decode(), "weasyprint" in sys.modules)
"""


def test_the_process_that_answers_people_never_loads_the_layouter(settings):
    environment = {
        **os.environ, "DATABASE_URL": settings.database_url, "VAR_FOLDER": settings.var_folder,
        "SECRET_KEY": settings.secret_key, "WORKER": "off",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _ASKS], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["200", "%PDF", "False"], done.stderr[-2000:]


def test_those_who_find_something_prepared_come_again_one_after_the_other(monkeypatch):
    now = 1_000.0
    monkeypatch.setattr(making.time, "monotonic", lambda: now)
    preparing, told = making.Preparing(), []
    preparing.begin(0)
    for person in range(1, 51):
        told.append(refused(preparing, person))
    assert told[:15] == [*range(3, 16), 3, 4]
    assert max(told.count(second) for second in set(told)) <= 50 // 13 + 1
    now += 60
    assert refused(preparing, 51) == 3, "who comes alone waits no longer for those who were there before"


def refused(preparing: making.Preparing, person: int) -> int:
    with pytest.raises(making.Busy) as busy:
        preparing.begin(person)
    return busy.value.seconds


def test_who_asks_without_pause_keeps_nobody_from_a_turn(monkeypatch):
    now = 1_000.0
    monkeypatch.setattr(making.time, "monotonic", lambda: now)
    preparing, greedy, modest = making.Preparing(), 1, 2
    preparing.begin(greedy)
    waits = refused(preparing, modest)
    assert [refused(preparing, greedy) for _time in range(200)] == [4] * 200
    preparing.end()
    assert refused(preparing, greedy) == 4, "one turn while another waits"
    now += waits
    preparing.begin(modest)
    preparing.end()
    preparing.begin(greedy)
    preparing.end()
    preparing.begin(greedy)


def test_while_one_paper_is_prepared_the_next_comes_again_by_itself(town):
    preparing = town.app.extensions["preparing"]
    with somebody_prepares(town):
        answer = town.browser(town.staff[0]).get("/desk/handover.pdf")
        page = read("/desk/handover.pdf", answer.status_code, answer.get_data(as_text=True))
        assert (answer.status_code, page.h1) == (202, ["順番をお待ちください"])
        assert answer.headers["Refresh"] == "3"
        still = town.browser(town.staff[0]).get(page.href("自動の更新を止める"))
        assert (still.status_code, "Refresh" in still.headers) == (202, False)
        assert "順番が来ると、自動で" not in still.get_data(as_text=True)
        assert town.count(Job) == 0
        for url in ("ledger.xlsx", "results.xlsx"):
            town.paper(town.staff[0], f"{town.case}/{url}")
    town.paper(town.staff[0], page.href("もう一度試す"))
    assert not preparing.is_taken
    town.browser(town.partners.npo_user).get(f"{town.case}/papers/trial.pdf?version=99")
    assert not preparing.is_taken
