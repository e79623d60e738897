"""Mail addresses: what is accepted is reached by mail, and one rule holds for everybody."""

import random
import smtplib
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.ground import addresses
from matcher.ground.typed import Unclear
from tests.edge_inputs import EDGE_INPUTS
from tests.unit.writers import widen

PICKS = st.integers(0, 2**32).map(random.Random)

#: Addresses that no mail reaches, or that reach somebody else; every way in refuses them.
UNREACHABLE = {
    "山田@example.jp": "email_letters",
    "user@例え.jp": "email_letters",
    "a\u0301@example.jp": "email_letters",
    "=?utf-8?q?a?=@example.jp": "email",
    "＝？utf-8？q？a？＝@example.jp": "email",
    "a..b@docomo.ne.jp": "email_dots",
    "a.@docomo.ne.jp": "email_dots",
    ".a@ezweb.ne.jp": "email_dots",
    "a b@example.jp": "email",
    "-x@example.jp": "email",
    "|cat@example.jp": "email",
    "a!b%c@example.jp": "email",
    "a@example.c": "email",
    "a@example.jp b@example.jp": "email",
    "a@example.jp,b@example.jp": "email",
    "a@example.jp;b@example.jp": "email",
    "a@b@example.jp": "email",
    "山田 <a@example.jp>": "email_letters",
    "Yamada <a@example.jp>": "email",
    "<a@example.jp>": "email",
    "mailto:a@example.jp": "email",
    '"a b"@example.jp': "email",
    "a@[127.0.0.1]": "email",
    "a@localhost": "email",
    "a@example": "email",
    "a@-example.jp": "email",
    "a@exa_mple.jp": "email",
    "@example.jp": "email",
    "a@": "email",
    "a": "email",
    "山田": "email",
    "a@example.jp\nBcc: b@example.jp": "email",
    "a@example.jp\r\nBcc: b@example.jp": "email",
    "a@example.jp\x00": "email",
    "a@example。jp": "email_letters",
    "a@example.jp、b@example.jp": "email",
    "a@example.jp，ｂ＠example.jp": "email",
    "a@example.jp；山田@example.jp": "email",
    "info@example.jp（代表）": "email",
    "山田@example.jp、": "email",
    "a" * 65 + "@example.jp": "email",
    "a@" + "b" * 250 + ".jp": "value_too_long",
}


class Postman(smtplib.SMTP):
    """Notes to whom a message would go, as the sending code works that out."""

    def __init__(self) -> None:
        super().__init__()
        self.reached: list[str] = []

    def ehlo_or_helo_if_needed(self) -> None:
        """There is nobody to greet."""

    def sendmail(self, from_addr: Any, to_addrs: Any, *_args: Any, **_options: Any) -> dict[Any, Any]:  # type: ignore[override]
        """Note the receivers."""
        self.reached = [smtplib.quoteaddr(one) for one in to_addrs]
        return {}


def reached(address: str) -> list[str]:
    message = EmailMessage()
    message["From"] = "city@example.jp"
    message["To"] = address
    message.set_content("x")
    postman = Postman()
    postman.send_message(message)
    return postman.reached


@pytest.mark.parametrize(("text", "code"), list(UNREACHABLE.items()))
def test_an_address_that_no_mail_reaches_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(Unclear) as unclear:
        addresses.read(text)
    assert unclear.value.code == code


LOCALS = st.text(
    alphabet=st.sampled_from("abcXYZ019.!#$%&'*+-/=?^_`{|}~\"(),:;<>@[\\] \t山"), min_size=1, max_size=12
)


@given(
    (LOCALS | st.sampled_from(["=?utf-8?b?YQ==?=", "a=?x", "?=a"])).map(lambda local: f"{local}@example.jp")
    | st.emails(),
    PICKS,
)
@settings(max_examples=1500)
def test_what_is_accepted_is_what_mail_is_sent_to(text: str, pick: random.Random) -> None:
    try:
        address = addresses.read(text)
    except Unclear:
        return
    assert reached(address) == [f"<{address}>"]
    assert addresses.read(address) == address
    assert address == text.strip().lower()
    assert addresses.read(widen(text, pick)) == address


@given(
    st.text(max_size=300)
    | st.text(alphabet=st.sampled_from("a@.＠Ａ。=?\n\r, <>\u200b例\u0301"), max_size=20),
    PICKS,
)
@settings(max_examples=1500)
def test_any_text_is_read_alike_in_every_width_or_refused(text: str, pick: random.Random) -> None:
    answers = set()
    for one in (text, widen(text, pick)):
        try:
            answers.add((addresses.read(one), ""))
        except Unclear as unclear:
            answers.add(("", unclear.code))
        addresses.folded(one)
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("text", "address"),
    [("Ｋａｃｈｏ＠Ｃｉｔｙ．Example", "kacho@city.example"), ("　a.b+c@docomo.ne.jp\n", "a.b+c@docomo.ne.jp"),
     ("a@xn--r8jz45g.jp", "a@xn--r8jz45g.jp"), ("\u202aa_b@example.jp\u202c", "a_b@example.jp")],
)  # fmt: skip
def test_addresses_are_kept_in_one_spelling(text: str, address: str) -> None:
    assert addresses.read(text) == address
    assert addresses.folded(text) == address


@pytest.mark.parametrize("text", EDGE_INPUTS)
def test_awkward_texts_are_refused(text: str) -> None:
    with pytest.raises(Unclear):
        addresses.read(text)


def test_nothing_is_spent_on_a_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.ground.typed.unicodedata", None)  # so that looking at a character would fail
    with pytest.raises(Unclear, match="value_too_long"):
        addresses.read("a" + "\u0315\u0300" * 100_000)
    assert len(addresses.folded("a" + "\u0315\u0300" * 100_000)) == addresses.LIMIT
