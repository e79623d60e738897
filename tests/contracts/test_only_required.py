"""Every form of every page, sent with nothing but what is marked 「※必須」: it is taken, or it says at a field what it
wants, and never at one that is marked 「任意」 or not at all.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from tests.browser.controls import Control, Form, read
from tests.contracts.test_routes import address
from tests.contracts.test_sent_once import EACH_TIME, pages
from tests.contracts.world import ACTORS, World

REQUIRED = "※必須"
_DAY = re.compile(r"(_on|_from|_to|_until|_by)$")
#: Optional fields that a form wants on account of another answer (a reason 「その他」, a kind of support that is
#: counted, a value that could be measured) or of handing in what may lie as a draft.
DEMANDED = {
    ("work.act", "record_contribution"): {"quantity", "unit"},
    ("work.act", "submit_measurement"): {"missing_reason", "value"},
    ("work.act", "write_report"): {"setbacks", "text"},
    ("work.act", "terminate"): {"reason_text"},
}

#: What is chosen from a list on the page is asked for above it: which cases are handed over.
ASKED_ABOVE = {"/desk/handover"}


def answer(control: Control) -> list[str]:
    """What somebody sends who fills in no more than what is marked."""
    if control.kind in {"select", "radio", "checkbox", "select-multiple"}:
        if any(control.sent):
            return control.sent
        first = next((one.value for one in control.options if one.value), "")
        if REQUIRED in control.label and first:
            return [first]
        return [""] if control.kind == "select" else []
    if control.kind == "hidden" or control.value or REQUIRED not in control.label:
        return [control.value]
    if control.kind == "date" or _DAY.search(control.name):
        return ["2027-03-31"]
    if control.kind == "email" or control.name == "email":
        return ["neu@example.jp"]
    return ["1" if control.kind in {"numeric", "decimal", "number"} else "試しに書いた文"]


class _Reader(HTMLParser):
    """The names of the fields that are marked as wrong, and what each form's first button of a name sends."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: set[str] = set()
        self.buttons: list[dict[str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.buttons.append({})
        elif tag == "button" and values.get("name") and self.buttons:
            self.buttons[-1].setdefault(values["name"], [values.get("value", "")])
        if values.get("name") and values.get("aria-invalid") == "true":
            self.wrong.add(values["name"])


def demanded(form: Form, data: dict[str, list[str]], status: int, html: str) -> set[str] | None:
    """Of a form that was not taken: the fields that it wants though they are not marked; ``None`` if it says at no
    field what it wants.
    """
    if status != 422:
        assert status < 400 or status in {403, 404, 409}, status
        return set()
    wrong = _Reader(html).wrong & set(form.controls)
    if not wrong:
        return None
    return {
        name for name in wrong if not any(data.get(name, ())) and REQUIRED not in form.controls[name].label
    }


@pytest.mark.parametrize("actor", ACTORS)
def test_what_is_demanded_is_marked(world: World, actor: str) -> None:
    found, taken = [], 0
    for endpoint, record, extra in pages(actor):
        world.reset()
        path = address(world, endpoint, record, extra)
        page = world.browser(actor).get(path)
        if page.mimetype != "text/html" or page.status_code != 200:
            continue
        html = page.get_data(as_text=True)
        for form, buttons in zip(read(html).forms, _Reader(html).buttons, strict=True):
            url = form.action or path
            if form.method != "post" or EACH_TIME.fullmatch(urlsplit(url).path):
                continue
            data = buttons | {name: answer(one) for name, one in form.controls.items() if one.kind != "file"}
            world.reset()
            got = world.browser(actor).post(url, data=data)
            wants = demanded(form, data, got.status_code, got.get_data(as_text=True))
            taken += got.status_code < 400
            if wants is None and urlsplit(url).path in ASKED_ABOVE:
                continue
            if wants is None:
                found.append(f"{url} of {path} says at no field what it wants")
            elif wants - DEMANDED.get((endpoint, extra.get("action", "")), set()):
                found.append(f"{url} of {path} wants {sorted(wants)}, which it does not mark")
    assert taken
    assert found == []


def test_a_demand_without_a_mark_is_seen() -> None:
    html = (
        '<form method="post"><label for="a">名前任意</label><input id="a" name="a" aria-invalid="true">'
        '<label for="b">住所※必須</label><input id="b" name="b" aria-invalid="true"></form>'
    )
    (form,) = read(html).forms
    assert demanded(form, {"a": [""], "b": [""]}, 422, html) == {"a"}
    assert demanded(form, {"a": ["x"], "b": [""]}, 422, html) == set()
    assert demanded(form, {}, 422, html.replace("aria-invalid", "data-x")) is None
