"""That the worker stands still, or a mail never arrives, is seen: by monitoring, the operator, the staff."""

import errno
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from flask import url_for
from sqlalchemy import delete, select

from matcher.jobs import leases
from matcher.records import AuditEvent, Lease, Mail, User
from matcher.register import notices, outbox
from tests import factories
from tests import told as tell
from tests.conftest import NOW
from tests.web.conftest import login_as
from tests.web.pages import visit
from webapp import mail, worker
from webapp.cli import main

NAMES = [piece.name for piece in worker.PIECES]

MINUTE = timedelta(minutes=1)


@pytest.fixture
def people(records):
    with records.write() as session:
        npo = factories.make_npo(session, name="ひだまり")
        return {
            "coordinator": factories.make_user(session),
            "manager": factories.make_user(session, role="manager"),
            "operator": factories.make_user(session, role="operator"),
            "owner": factories.make_user(session, npo, name="花子"),
        }


def see(records, *pieces, now):
    with records.write() as session:
        leases.take(session, "other", dict.fromkeys(pieces, now), now)


def test_the_pages_are_well_though_no_worker_is_seen_and_monitoring_can_tell(client, records, travel):
    assert client.get("/healthz").json["worker"] == "ok"
    assert client.get("/healthz/worker").status_code == 200
    travel.shift(leases.SILENCE + MINUTE)
    for path, status in (("/healthz", 200), ("/healthz/worker", 503)):
        answer = client.get(path)
        assert (answer.status_code, answer.json["worker"]) == (status, "silent")
        assert answer.json["since"] == NOW.isoformat()
    assert client.get("/healthz").json["pages"] == "ok"
    see(records, *(piece for piece in NAMES if piece != "mail"), now=NOW + leases.SILENCE + MINUTE)
    assert client.get("/healthz/worker").json["silent"] == "mail"
    see(records, "mail", now=NOW + leases.SILENCE + MINUTE)
    assert client.get("/healthz/worker").status_code == 200


def test_a_worker_that_was_never_there_is_silent(client, records):
    with records.write() as session:
        session.execute(delete(Lease))
    answer = client.get("/healthz/worker")
    assert (answer.status_code, answer.json["worker"], answer.json["since"]) == (503, "silent", None)


@pytest.mark.parametrize("name", ["", "files", "papers", "traces"])
def test_that_no_file_can_be_kept_is_told(client, records, travel, settings, monkeypatch, name):
    at_work = worker.Worker(settings, records, [one for one in worker.PIECES if one.name == "folders"])
    at_work.once(NOW)
    assert not list(settings.folder.rglob("*.probe*"))
    travel.shift(leases.SILENCE + MINUTE)
    see(records, *(piece for piece in NAMES if piece != "folders"), now=NOW + leases.SILENCE + MINUTE)
    if name:
        shutil.rmtree(settings.folder / name)
        (settings.folder / name).touch()
    else:
        monkeypatch.setattr(Path, "write_bytes", _full)
    at_work = worker.Worker(settings, records, at_work.pieces)
    at_work.once(NOW)
    answer = client.get("/healthz/worker")
    assert (answer.status_code, answer.json["silent"]) == (503, "folders")
    assert client.get("/healthz").status_code == 200


def _full(_path, _content):
    raise OSError(errno.ENOSPC, "full")


def test_mail_that_stands_still_is_told_though_the_worker_lives(client, records, travel):
    with records.write() as session:
        notices.send_mail(session, "a@x.example", *tell.letter(), NOW, key="notice-1")
    assert client.get("/healthz/worker").status_code == 200
    travel.shift(outbox.LATE)
    with records.write() as session:
        factories.let_worker_be_seen(session, NOW + outbox.LATE)
    answer = client.get("/healthz/worker")
    assert (answer.status_code, answer.json["worker"], answer.json["mail"]) == (503, "ok", "late")
    assert answer.json["mail_since"] == NOW.isoformat()
    assert client.get("/healthz").status_code == 200


def test_health_is_told_without_the_write_lock(client, records):
    with records.write():
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz/worker").status_code == 200


@pytest.mark.parametrize(
    ("role", "pages"),
    [("coordinator", ["/desk"]), ("manager", ["/desk", "/staff", "/desk/audit"]), ("operator", ["/staff"])],
)
def test_who_can_have_it_mended_reads_that_mail_stands_still(client, people, travel, role, pages, records):
    login_as(client, people[role])
    for page in pages:
        assert "止まっています" not in visit(client, page).text
    with records.write() as session:
        notices.send_mail(session, "a@x.example", *tell.letter(), NOW, key="notice-1")
    travel.shift(6 * MINUTE)
    for page in pages:
        text = visit(client, page).text
        assert "メールの送信が止まっています" in text
        assert "1通が送信を待っています" in text
    see(records, "mail", now=NOW + 6 * MINUTE)
    for page in pages:
        assert "裏側の処理が止まっています" in visit(client, page).text
    login_as(client, people["owner"])
    assert "止まっています" not in visit(client, "/npo").text


def give_up(records, address, key="notice-1"):
    with records.write() as session:
        notices.send_mail(session, address, *tell.letter(), NOW, key=key)
        session.flush()
        (mail,) = outbox.lease(session, NOW)
        outbox.note_failure(session, mail.id, "address", "SMTPRecipientsRefused 550", NOW)
        return mail.id


def test_the_desk_says_whom_a_mail_did_not_reach_and_what_to_do(client, people, records):
    login_as(client, people["coordinator"])
    assert "届かなかったメール" not in visit(client, "/desk").text
    mail_id = give_up(records, people["owner"].email)
    page = visit(client, "/desk")
    for words in (
        "届かなかったメール",
        "花子",
        "ひだまり",
        "登録の内容について確認のお願い",
        "このアドレスがありません",
    ):
        assert words in page.text
    assert client.post(f"/desk/mails/{mail_id}/settled").status_code == 400  # no token
    client.application.config["WTF_CSRF_ENABLED"] = False
    client.post(f"/desk/mails/{mail_id}/settled")
    for again in ("settled", "again"):  # a second click, or a colleague who was faster
        assert client.post(f"/desk/mails/{mail_id}/{again}").status_code == 302
        assert "このメールは、すでに対応済みです。" in visit(client, "/desk").text
    assert "届かなかったメール" not in visit(client, "/desk").text
    with records.read() as session:
        actions = list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))
    assert actions[-2:] == ["give_up_mail", "settle_mail"]


def test_it_is_sent_again_on_demand_but_a_link_is_not(client, people, records):
    login_as(client, people["manager"])
    client.application.config["WTF_CSRF_ENABLED"] = False
    mail_id = give_up(records, people["owner"].email)
    assert "もう一度送る" in visit(client, "/desk").text
    client.post(f"/desk/mails/{mail_id}/again")
    with records.read() as session:
        assert session.get(Mail, mail_id).given_up_at is None
        outbox_is_due = outbox.has_due(session, NOW)
    assert outbox_is_due
    with records.write() as session:
        session.execute(delete(Mail))
    link = give_up(records, people["owner"].email, "link-1")
    assert "もう一度送る" not in visit(client, "/desk").text
    answer = client.post(f"/desk/mails/{link}/again")
    assert answer.status_code == 409
    assert "新しいリンクを送ってください" in answer.text


def test_the_persons_page_and_the_list_say_that_mail_does_not_arrive(client, people, records):
    login_as(client, people["manager"])
    url = f"/account/people/{people['owner'].public_id}"
    assert "届いていません" not in visit(client, url).text + visit(client, "/staff").text
    give_up(records, people["owner"].email)
    assert "この方にメールが届いていません" in visit(client, url).text
    assert visit(client, "/staff").text.count("メールが届いていません") == 1


def test_the_operators_command_says_it_and_exits_with_1(app, records, travel, capsys, monkeypatch, people):
    monkeypatch.setattr("webapp.create_app", lambda: app)
    give_up(records, people["owner"].email)

    def run():
        with pytest.raises(SystemExit) as ended:
            main(["status"])
        return ended.value.code, capsys.readouterr()

    code, told = run()
    assert code == 0
    assert [line.split("\t")[:2] for line in told.out.splitlines()] == [
        *([piece, "ok"] for piece in NAMES), ["undeliverable", "1 mails"],
    ]  # fmt: skip
    travel.shift(6 * MINUTE)
    code, told = run()
    assert code == 1
    assert f"found silent: {', '.join(NAMES)}" in told.err
    assert "@" not in told.out + told.err


def test_a_mail_names_the_page_of_what_it_tells(settings, app, client, records, people):
    with records.write() as session:
        for about in (("partnership", "c" * 32), ("need", "d" * 32)):
            user = session.get_one(User, people["owner"].id)
            notices.tell_users(session, [user], *tell.letter(), NOW, about=about)
    assert mail.send_due(records, settings, NOW) == 1
    (letter,) = settings.mail_folder.glob("*.eml")
    links = re.findall(rf"^{re.escape(settings.public_url)}(/\S+)", letter.read_text(), re.MULTILINE)
    with app.test_request_context():
        assert links == [url_for("cases.show", public_id="c" * 32), url_for("account.notices")]
