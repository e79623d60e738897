"""Every form of every page, sent without the version or the number that the page gave it, or three times.

The same form is sent whole as well, so that a refusal is known to come from what was left out.
"""

import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from matcher.records import AccountRequest, AuditEvent, Mail
from tests.contracts.expectations import EXPECTATIONS
from tests.contracts.test_routes import address
from tests.contracts.world import ACTORS, World
from tests.web.pages import read

_DAY = re.compile(r"(_on|_from|_to|_until|_by)$")


def pages(actor: str):
    """(endpoint, address parts) of every page that somebody may open."""
    for endpoint, rows in EXPECTATIONS.items():
        for record, extra, answers in rows:
            if dict(zip(ACTORS, answers.get("GET", ""), strict=False)).get(actor) == "+":
                yield endpoint, record, extra


def filled(form) -> dict[str, object]:
    """What a person would send: what stands there, and something in every empty field."""
    values = dict(form.values)
    for name, choices in form.choices.items():
        values[name] = values.get(name) or next((one for one in choices if one), "")
    # Traps for machines, what is hidden, and what only the city gives out.
    left = {"website", "homepage", "version", "form_id", "csrf_token", "registration_code"}
    for name in set(form.fields) - left:
        if values.get(name) == "" and name == "email":
            values[name] = "neu@example.jp"
        elif values.get(name) == "" and name not in form.choices:
            values[name] = (
                "2027-03-31"
                if _DAY.search(name)
                else ("1" if "yen" in name or "quantity" in name else "試し")
            )
    # A form with a check before it is sent: what was checked is what stands there.
    return values | ({"action": "send"} if form.action.startswith("/cases/new") else {})


def traces(world: World) -> tuple[int, ...]:
    """How much was done so far: events in the record, mails, and registrations that wait for their mail."""
    with world.database.read() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(kind)) or 0
            for kind in (AuditEvent, Mail, AccountRequest)
        )


def send(
    world: World, actor: str, url: str, values: dict[str, object], times: int = 1
) -> tuple[int, tuple[int, ...]]:
    """The last status, and what was done by sending it so often on untouched records."""
    world.reset()
    before = traces(world)
    for _time in range(times):
        status = world.browser(actor).post(url, data=values).status_code
        assert status < 500, (url, status)
    after = traces(world)
    return status, tuple(one - other for one, other in zip(after, before, strict=True))


#: What is said to those who send what no page gave them.
STALE = "画面を開いてから時間がたっています"
#: What is rightly done each time: signing in and out, and taking a case away as a file, which the record notes.
EACH_TIME = re.compile(r"/login|/logout|/account/sessions/end|/cases/[0-9a-f]{32}/export")


#: Pages of which at least one form must have been sent whole, so that the refusals prove something.
SENT = {
    "anonymous": {"account.register", "public.partnership"},
    "company_a": {
        "cases.act",
        "cases.propose",
        "work.act",
        "company.offers",
        "company.offer_edit",
        "company.need_pass",
    },
    "company_b": {"company.offers", "public.partnership"},
    "npo_a": {"cases.act", "cases.propose", "work.act", "npo.needs", "npo.need_step", "npo.need_check"},
    "npo_b": {"npo.needs", "public.partnership"},
    "coordinator": {"cases.act", "cases.recommend", "desk_work.indicator", "imports.show", "work.act"},
    "manager": {"cases.act", "coordinator.organization_act", "account.person_close", "work.act"},
    "operator": {"account.person"},
}


def without(values: dict[str, object], name: str, bad: str | None) -> dict[str, object]:
    """The same with ``bad`` under ``name``, or with nothing."""
    rest = {one: value for one, value in values.items() if one != name}
    return rest if bad is None else rest | {name: bad}


@pytest.mark.parametrize("actor", ACTORS)
def test_nothing_is_done_over_what_nobody_saw_and_nothing_is_done_twice(world, actor):
    sent = set()
    for endpoint, record, extra in pages(actor):
        world.reset()
        path = address(world, endpoint, record, extra)
        answer = world.browser(actor).get(path)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        for form in read(path, 200, answer.get_data(as_text=True)).forms:
            url = form.action or path
            if (
                form.method == "post"
                and not EACH_TIME.fullmatch(urlsplit(url).path)
                and check(world, actor, url, filled(form))
            ):
                sent.add(endpoint)
    assert SENT[actor] <= sent


def check(world: World, actor: str, url: str, values: dict[str, object]) -> bool:
    """Whether the form did something when it was sent whole; if so, what it does when something is missing."""
    world.reset()
    shown = world.browser(actor).post(url, data=values).get_data(as_text=True)
    assert STALE not in shown, f"{url}: the page gave what it does not take: {values}"
    _status, done = send(world, actor, url, values)
    if not any(done):
        return False  # refused for what was filled in, or nothing that leaves a trace
    assert "form_id" in values, url
    assert send(world, actor, url, values, times=3)[1] == done, url
    for bad in (None, "x", "9" * 40) if values.get("version") else ():
        status, did = send(world, actor, url, without(values, "version", bad))
        assert not any(did), (url, bad, status)
        assert status in {409, 422}, (url, bad, status)
    for bad in (None, "あ" * 32):
        _status, did = send(world, actor, url, without(values, "form_id", bad), times=3)
        # What is taken away, as by closing an account, is done as well as what is added.
        assert all(abs(one) <= abs(most) for one, most in zip(did, done, strict=True)), (url, bad)
    return True
