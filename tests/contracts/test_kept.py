"""Every form of every page, sent by somebody who has been signed out: what was typed comes back to them alone."""

from html import unescape
from urllib.parse import urlsplit

import pytest

from tests.contracts.test_routes import address
from tests.contracts.test_sent_once import filled, pages, traces
from tests.contracts.world import ACTORS, World
from tests.web.pages import read
from webapp import kept

WORDS = "半時間かけて書いた言葉です"

#: Pages of which at least one form must have been filled in, so that the test proves something.
FILLED = {
    "company_a": {"cases.show", "work.act", "company.offer_edit"},
    "npo_a": {"cases.show", "work.act", "npo.need_step"},
    "coordinator": {"desk_work.indicator", "work.act"},
    "manager": {"account.invite_staff", "coordinator.organization_act"},
}


@pytest.fixture(scope="module")
def guarded(served_world):
    """With the tokens of its forms."""
    served_world.app.config["WTF_CSRF_ENABLED"] = True
    return served_world


def browser(world: World, actor: str):
    """Signed in as by the login page."""
    client = world.browser(actor)
    with world.app.test_request_context(), client.session_transaction() as cookie:
        cookie["csrf_token"] = kept.secret_for(world.actors[actor])
    return client


def written(form, kinds: dict[str, str]) -> dict[str, object]:
    """The form with words in each field for words."""
    values = filled(form)
    return {
        name: f"{WORDS}「{name}」" if kinds.get(name) in {"text", "textarea"} else value
        for name, value in values.items()
    }


def forms_of(world: World, actor: str, client):
    """(endpoint, address, what is typed) of every form for words of every page of ``actor``."""
    for endpoint, record, extra in pages(actor):
        path = address(world, endpoint, record, extra)
        answer = client.get(path)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        page = read(path, 200, answer.get_data(as_text=True))
        kinds = {
            one.get("name", ""): "textarea" if one["tag"] == "textarea" else one.get("type", "text")
            for one in page.inputs
            if one["tag"] in {"input", "textarea"}
        }
        for form in page.forms:
            secret = kept.SECRET_FIELDS & set(form.fields)
            if form.method != "post" or secret or urlsplit(form.action or path).path == "/login":
                continue
            values = written(form, kinds) | {"csrf_token": form.values["csrf_token"]}
            if any(WORDS in str(value) for value in values.values()):
                yield endpoint, form.action or path, values


@pytest.mark.parametrize("actor", ACTORS[1:])
def test_what_was_typed_comes_back_to_its_writer_alone(guarded, actor):
    world, seen, alone, all_of_them = guarded, set(), 0, 0
    world.reset()
    client = browser(world, actor)
    other = browser(world, "npo_b" if actor != "npo_b" else "npo_a")
    for endpoint, url, values in forms_of(world, actor, client):
        before = traces(world)
        signed_out = world.app.test_client().post(url, data=values)
        assert signed_out.status_code == 401, (url, signed_out.status_code)
        html = signed_out.get_data(as_text=True)
        assert WORDS not in html
        form = read(url, 401, html).form(action="/login")
        sealed = form.values[kept.FIELD]
        back = with_token(client, url, sealed)
        assert back.status_code in {200, 409}, (url, back.status_code)
        shown = unescape(back.get_data(as_text=True))
        for name, value in values.items():
            if WORDS in str(value):
                assert str(value) in shown, (url, name)
        alone += "入力した内容（1）" in shown
        foreign = with_token(other, url, sealed)
        assert WORDS not in foreign.get_data(as_text=True), url
        assert traces(world) == before, url
        seen.add(endpoint)
        all_of_them += 1
    assert FILLED.get(actor, set()) <= seen, seen
    # Where a page does not show what was typed, the words stand by themselves: seldom.
    assert alone <= max(4, all_of_them // 5)


def with_token(client, url: str, sealed: str):
    """The button 「入力した画面に戻る」."""
    page = read("/about", 200, client.get("/about").get_data(as_text=True))
    token = page.form(action="/logout").values["csrf_token"]
    return client.post(url, data={"csrf_token": token, kept.FIELD: sealed})
