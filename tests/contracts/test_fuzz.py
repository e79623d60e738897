"""Whatever is typed or put into an address: no answer of 500, none that takes long, nothing taken for another thing.

Every form of every role is found by opening every page of the contract's small town; each of its text, number
and day fields gets every awkward input in turn, with the other fields filled plausibly. What a field accepts
is compared with what the input means, by a table that no reader of ours has seen. Every query parameter of
every page gets the awkward inputs, too. The random part is drawn with a fixed seed.
"""

import os
import random
import re
import resource
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine
from wtforms import StringField, TextAreaField

from tests.conftest import NOW
from tests.contracts.expectations import EXPECTATIONS
from tests.contracts.test_routes import address, rules
from tests.contracts.world import ACTORS, World
from tests.edge_inputs import EDGE_INPUTS
from tests.web import pages
from webapp.forms.base import Form
from webapp.forms.values import AddressField, CountField, DayField, NumberField, QuantityField, YenField

POSTS = int(os.environ.get("FUZZ_POSTS", "200"))  #: ``make soak`` asks for 20,000 of each
GETS = int(os.environ.get("FUZZ_GETS", "200"))
SEED = 20261128
#: Seconds of processor time of one answer; ``make soak`` asks for 2, a plain test asks for no time.
LONGEST = float(os.environ.get("FUZZ_SECONDS", "inf"))

QUADRATIC = (
    "a" + "\u0315\u0300" * 40_000,
    "\u0300\u0315" * 60_000,
    "\u1100" * 30_000 + "\u1161" * 30_000,
    "((((" * 20_000,
    "a@" * 30_000,
    "0" * 90_000,
    "1," * 45_000,
    "https://" * 10_000,
    "。" * 90_000,
    "\u200d👨" * 20_000,
    " " * 90_000 + "x",
    "-" * 90_000,
)

#: what is typed → the number that it means; ``None``: it means none, and must be refused
NUMBERS: dict[str, float | None] = {
    "12": 12, "１２": 12, "1,234": 1234, "１，２３４": 1234, "0012": 12, "5千万": 50_000_000, "5千万円": 50_000_000,
    "3百万円": 3_000_000, "500千円": 500_000, "1億円": 100_000_000, "1億2,000万円": 120_000_000, "２万": 20_000,
    "千二百": 1200, "三十": 30, "12.5": 12.5, "１２．５": 12.5, "¥1,000": 1000, "￥1,000": 1000, "1000円": 1000,
    "約20": 20, "20くらい": 20, "20程度": 20, "2万5000": 25_000, "12.50": 12.5, " 12 ": 12, "　１２　": 12,
    "2万5": None, "2万5円": None, "1億5": None, "1億2000": None, "2千5": None, "20以上": None, "20未満": None,
    "1E5": None, "1e5": None, "1E+999999999": None, "1E-999999999": None, "NaN": None, "Infinity": None, "-inf": None,
    "0x10": None, "1_000": None, "1.2.3": None, "1,23": None, "12,34": None, "1,2345": None, "12 34": None,
    "20～30": None, "20-30": None, "20〜30人": None, "10から20": None, "5人34": None, "3/4": None, "½": None, "²": None,
    "--5": None, "5-": None, "+-5": None, "５億３億": None, "万": None, "円": None, "千千": None, "1万2億": None,
    "abc": None, "12abc": None, "十二人半": None, "1 000": None, "٣": None, "9" * 400: None, "1" * 5000: None,
    "0." + "1" * 3000: None, "1０": 10, "=1+1": None, "1;2": None, "1\n2": None, "12\u200b34": None,
}  # fmt: skip
DAYS: dict[str, date | None] = {
    "2027-03-31": date(2027, 3, 31), "2027/3/31": date(2027, 3, 31), "２０２７／３／３１": date(2027, 3, 31),
    "2027.3.31": date(2027, 3, 31), "2027年3月31日": date(2027, 3, 31), "令和9年3月31日": date(2027, 3, 31),
    "R9.3.31": date(2027, 3, 31), "令和９年３月３１日（水）": date(2027, 3, 31), "20270331": date(2027, 3, 31),
    "2027/4/15 0:00": date(2027, 4, 15), "2026-12-31 9:30": date(2026, 12, 31), "2027-04-15 0:00:00": date(2027, 4, 15),
    "2027-04-15T09:30": date(2027, 4, 15), "2027/10/1 0:00": date(2027, 10, 1), "2027/1/10 23:59": date(2027, 1, 10),
    "2027-02-29": None, "2027-02-30": None, "2027-13-01": None, "2027-00-10": None, "0000-01-01": None,
    "99999-01-01": None, "2027-3": None, "2027": None, "3/31": None, "令和100年1月1日": None, "昭和99年1月1日": None,
    "2027-03-31～2027-04-02": None, "2027-03-31から": None, "2027/4/1 5": None, "2027/4/1 5 0:00": None, "2027.3.31 10:00-12:00": None, "2027/3/31 13:00～14:00": None,
    "2027-03-31-1": None, "2027--03-31": None, "2027-03-31 25:00": None, "2027-03-31 9:99": None, "来週": None,
    "-1": None, "1E5": None, "2027-03-31xyz": None, "2027/4/15 0:00 まで": None, "9" * 4000: None,
    "2027年3月31日2": None, "20270331 12": None, "R9.3.31.4": None, "平成100年1月1日": None,
}  # fmt: skip
#: mail addresses as they are to be kept; ``None``: mail does not reach them
ADDRESSES: dict[str, str | None] = {
    "tanaka@example.jp": "tanaka@example.jp", "Tanaka@Example.JP": "tanaka@example.jp", "ｔａｎａｋａ＠ｅｘａｍｐｌｅ．ｊｐ": "tanaka@example.jp",
    "a+b@example.jp": "a+b@example.jp", "a..b@example.jp": None, "a.@example.jp": None, "田中@example.jp": None,
    "tanaka@例え.jp": None, "a@b": None, "a@example.jp, b@example.jp": None, "田中 <a@example.jp>": None, "a@": None,
    "@example.jp": None, "=?utf-8?q?a?=@example.jp": None, "a@example.jp\nBcc: b@example.jp": None, "a b@example.jp": None,
    "a@-example.jp": None, "a@example..jp": None, '"a"@example.jp': None, "a@[127.0.0.1]": None,
}  # fmt: skip
NUMERALS = {field.__name__ for field in (CountField, NumberField, QuantityField, YenField)}


@dataclass(frozen=True)
class Target:
    """One field of one form of one page, as one actor meets it."""

    actor: str
    path: str
    action: str
    name: str
    kind: str


@pytest.fixture
def world(tmp_path, sqlite_template) -> Iterator[World]:
    with time_machine.travel(NOW, tick=True):
        made = World(tmp_path, sqlite_template)
        made.app.config["WTF_CSRF_ENABLED"] = False
        yield made
        made.database.dispose()


class Watch:
    """The forms that a request has built, and how long it took."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.forms: list[Form] = []
        self.slow: list[tuple[float, str, str, str]] = []
        original = Form.__init__

        def noted(form: Form, *args: Any, **kwargs: Any) -> None:
            original(form, *args, **kwargs)
            self.forms.append(form)

        monkeypatch.setattr(Form, "__init__", noted)

    def ask(self, client: Any, method: str, path: str, values: Any = None, **more: Any) -> Any:
        """One request; its processor time is kept."""
        self.forms.clear()
        started = time.thread_time()
        answer = client.open(path, method=method, data=values, **more)
        spent = time.thread_time() - started
        if spent > 0.5:
            shown = max(values.items(), key=lambda pair: len(str(pair[1])))[1][:12] if values else ""
            self.slow.append((spent, method, path[:90], shown))
        return answer


def readable(world: World) -> list[tuple[str, str]]:
    """(actor, path) of every page that an actor may open."""
    found = []
    for endpoint, rows in EXPECTATIONS.items():
        for record, extra, methods in rows:
            for actor, letter in zip(ACTORS, methods.get("GET", ""), strict=False):
                if letter == "+" and "GET" in rules(world)[endpoint].methods:
                    found.append((actor, address(world, endpoint, record, extra)))
    return found


def plausible(found: pages.Form, forms: list[Form]) -> dict[str, Any]:
    """The values of a form as a browser has them, and something in each field that is empty."""
    values = dict(found.values)
    for form in forms:
        for field in form:
            if field.name not in found.fields or values.get(field.name):
                continue
            kind = type(field).__name__
            if hasattr(field, "iter_choices") and kind != "SelectMultipleField":
                options = [choice.value for choice in field.iter_choices() if choice.value]
                values[field.name] = options[0] if options else ""
            elif kind == DayField.__name__:
                values[field.name] = "2027-03-31"
            elif kind in NUMERALS:
                values[field.name] = "12"
            elif kind == AddressField.__name__:
                values[field.name] = "tanaka@example.jp"
            elif kind == "PairsField":
                values[field.name] = "男：3"
            elif kind in {"TextAreaField", "LinesField"}:
                values[field.name] = "見本の文です。"
            elif kind == "StringField":
                values[field.name] = "見本"
    return values


def targets(world: World, watch: Watch) -> dict[Target, dict[str, Any]]:
    """Every field into which somebody can type, with the values of the form around it."""
    found: dict[Target, dict[str, Any]] = {}
    for actor, path in readable(world):
        answer = watch.ask(world.browser(actor), "GET", path)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        page = pages.read(path, 200, answer.get_data(as_text=True))
        kinds = {field.name: field for form in watch.forms for field in form}
        for form in page.forms:
            if form.method != "post" or (form.action or "").endswith("/logout"):
                continue
            values = plausible(form, watch.forms)
            for name in dict.fromkeys(form.fields):
                kind = type(kinds[name]).__name__ if name in kinds else "unknown"
                if kind in {"FileField", "CSRFTokenField"} or name == "csrf_token":
                    continue
                found[Target(actor, path, form.action or path, name, kind)] = values
    return found


def inputs_for(kind: str) -> list[str]:
    """What is typed into a field of a kind."""
    common = [*EDGE_INPUTS, *QUADRATIC]
    if kind in NUMERALS:
        return [*NUMBERS, *common]
    if kind == DayField.__name__:
        return [*DAYS, *common]
    if kind == AddressField.__name__:
        return [*ADDRESSES, *common]
    return [*common, *NUMBERS, *DAYS, *ADDRESSES]


def plain(text: str) -> str:
    """Typed text without what may differ between what was typed and what is kept."""
    text = "".join(one for one in text if not "\ud800" <= one <= "\udfff")
    return re.sub(r"[\s\x00\-‐－―ー]", "", unicodedata.normalize("NFKC", text)).casefold()


def misread(form: Form, name: str, typed: str) -> str:
    """What is wrong with how an accepted field was understood; empty where nothing is."""
    field = form[name]
    kind, data = type(field).__name__, field.data
    if field.errors or data in (None, "", []):
        return ""
    meanings: dict[str, Any] = {}
    if kind in NUMERALS:
        meanings = NUMBERS
    elif kind == DayField.__name__:
        meanings = DAYS
    elif kind == AddressField.__name__:
        meanings = ADDRESSES
    if typed in meanings:
        return "" if meanings[typed] == data else f"{name}: {typed[:40]!r} became {data!r}"
    if type(field) in {StringField, TextAreaField} and len(typed) < 20_000:
        return "" if plain(str(data)) == plain(typed) else f"{name}: {typed[:40]!r} became {str(data)[:40]!r}"
    return ""


def test_no_form_falls_stalls_or_takes_one_thing_for_another(world, monkeypatch):
    watch, chance = Watch(monkeypatch), random.Random(SEED)
    found = targets(world, watch)
    todo = [(target, typed) for target in found for typed in inputs_for(target.kind)]
    chance.shuffle(todo)
    # Each field gets something before any gets everything.
    first = {target: (target, typed) for target, typed in todo}
    order = [*first.values(), *(one for one in todo if first[one[0]] is not one)]
    failed: list[str] = []
    wrong: list[str] = []
    statuses: Counter[int] = Counter()
    world.reset()
    for target, typed in order[:POSTS]:
        values = {**found[target], target.name: typed}
        try:
            answer = watch.ask(world.browser(target.actor), "POST", target.action, _sendable(values))
        except Exception as error:
            failed.append(f"{type(error).__name__} {target} {typed[:30]!r}")
            continue
        statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            failed.append(f"{answer.status_code} {target} {typed[:30]!r}")
        wrong += [
            f"{target.action} {line}"
            for form in watch.forms
            if target.name in form and (line := misread(form, target.name, _sendable(values)[target.name]))
        ]
        if answer.status_code in {200, 302, 303}:
            world.reset()
    _tell(f"{min(POSTS, len(order)):,} of {len(order):,} posts to {len(found)} fields", statuses, watch)
    assert not failed, "\n".join(failed)
    assert not wrong, "\n".join(sorted(set(wrong)))
    assert [one for one in watch.slow if one[0] > LONGEST] == []
    assert sum(statuses.values()) >= min(POSTS, len(order))


def _sendable(values: dict[str, Any]) -> dict[str, Any]:
    """As a browser sends it: half of a character becomes U+FFFD."""
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in values.items()
    }


def parameters(world: World, watch: Watch) -> list[str]:
    """Every name that stands after a ``?`` in a link or a GET form, or that a view asks for."""
    names = {"page", "q", "sort", "next"}
    for file in Path("webapp").rglob("*.py"):
        names |= set(re.findall(r'args\.get(?:list)?\(\s*"([^"]+)"', file.read_text(encoding="utf-8")))
    for actor, path in readable(world):
        answer = watch.ask(world.browser(actor), "GET", path)
        if answer.mimetype != "text/html":
            continue
        page = pages.read(path, answer.status_code, answer.get_data(as_text=True))
        for form in page.forms:
            if form.method == "get":
                names |= set(form.fields)
        for _text, link in page.links:
            names |= set(re.findall(r"[?&]([a-z_]+)=", link))
    return sorted(names)


def test_no_address_falls_or_stalls(world, monkeypatch):
    watch, chance = Watch(monkeypatch), random.Random(SEED)
    names, opened = parameters(world, watch), readable(world)
    typed = [
        text[:4_000]
        for text in (*EDGE_INPUTS, *QUADRATIC, *NUMBERS, *DAYS, "-1", "0", "99999999999999999999")
    ]
    typed = list(dict.fromkeys(typed))
    first = [(actor, path, name) for actor, path in opened for name in names]
    chance.shuffle(first)
    statuses: Counter[int] = Counter()
    failed = []
    done = 0
    world.reset()
    while done < GETS:
        actor, path, name = first[done % len(first)]
        text = chance.choice(typed)
        done += 1
        try:
            query = {name: text.encode("utf-8", "replace").decode()}
            answer = watch.ask(world.browser(actor), "GET", path.split("?")[0], query_string=query)
        except Exception as error:
            failed.append(f"{type(error).__name__} {actor} {path}?{name}={text[:30]!r}")
            continue
        statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            failed.append(f"{answer.status_code} {actor} {path}?{name}={text[:30]!r}")
    _tell(f"{done:,} addresses: {len(opened)} pages with {len(names)} parameters", statuses, watch)
    assert not failed, "\n".join(failed)
    assert [one for one in watch.slow if one[0] > LONGEST] == []


def _tell(what: str, statuses: Counter[int], watch: Watch) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{what}: {dict(sorted(statuses.items()))}; {memory} MB at most")
    for spent, method, path, shown in sorted(watch.slow, reverse=True)[:10]:
        print(f"  {spent:.2f} s {method} {path} {shown!r}")
