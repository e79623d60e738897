"""Whoever leaves a page is asked before what they have typed is lost."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path("webapp/templates")
#: Forms in which nothing stands that one would type again with pains.
UNGUARDED = {
    "account/forgot.html": "one address",
    "account/login.html": "an address and a secret",
    "account/password.html": "secrets, which no browser keeps",
    "imports/index.html": "a file, which is chosen again",
    "work/export.html": "boxes over a file to save",
}
_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)


def typed_forms(html: str) -> list[str]:
    """The forms that are sent by POST and have a field of their own; the opening tag of each."""
    found = []
    for form in _FORM.findall(html):
        tag = form[: form.index("{{ hidden_fields")] if "{{ hidden_fields" in form else form[:400]
        if 'method="post"' in tag and re.search(r"\b(field|branching)\(|<textarea", form):
            found.append(tag)
    return found


def unguarded(html: str) -> bool:
    """Whether one of them asks nothing."""
    return any("data-guard" not in tag for tag in typed_forms(html))


def test_every_form_in_which_one_writes_asks_before_it_is_left():
    found = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if unguarded(path.read_text(encoding="utf-8"))
    }
    assert found == set(UNGUARDED)


@pytest.mark.parametrize(("guard", "expected"), [("", True), (" data-guard", False)])
def test_a_form_without_it_is_found(guard, expected):
    form = (
        '<form method="post" action="/a" novalidate%s>{{ hidden_fields(form) }}{{ field(form.note) }}</form>'
    )
    assert unguarded(form % guard) is expected
