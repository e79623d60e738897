"""The digest of what is new as it is mailed: reasons in words, addresses, and the links that stop it.

A link that stops it is signed, so that who has the mail needs no password (RFC 8058), and names a person, an
organization and perhaps one saved search; it can do nothing else.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from itsdangerous import BadSignature, Signer

from matcher.ground.parts import Part, Standing
from matcher.register import sentences
from webapp import parts_text
from webapp.config import Settings
from webapp.labels import gettext as _
from webapp.reason_text import reason_sentence

CODE: Final = "fits_digest"
_SALT: Final = "stop-alerts"
_PAGES: Final = {
    "need": "/company/needs/{public_id}",
    "offer": "/npo/offers/{public_id}",
    "company": "/organizations/{public_id}",
}
_READERS: Final = {"need": "company", "offer": "npo", "company": "npo"}  #: who is told of which


class Stop(NamedTuple):
    """What a link stops: all mail of what is new, or one saved search; as public ids."""

    person: str
    organization: str
    search: str


def token(secret: str, stop: Stop) -> str:
    """The signed form that stands in an address."""
    return Signer(secret, salt=_SALT).sign("-".join(stop)).decode()


def read(secret: str, signed: str) -> Stop | None:
    """What a link stops; ``None`` where it was not signed by us."""
    try:
        return Stop(*Signer(secret, salt=_SALT).unsign(signed).decode().split("-"))
    except BadSignature:
        return None


def stop_url(facts: Mapping[str, Any], settings: Settings, search: str = "") -> str:
    """The address that stops a digest, or one search."""
    stop = Stop(facts["person"], facts["organization"]["public_id"], search)
    return f"{settings.public_url}/alerts/stop/{token(settings.secret_key, stop)}"


def letter(facts: Mapping[str, Any], settings: Settings) -> tuple[str, str]:
    """Subject and body."""
    home = f"{settings.public_url}/as/{facts['organization']['public_id']}?next="
    listed = [
        one
        | {
            "said_why": reason_sentence(one["why"], _READERS[one["kind"]]) if one["why"] else "",
            "said_part": parts_text.met(_part(one)) if one.get("part") else "",
            "url": home + _PAGES[one["kind"]].format(public_id=one["public_id"]),
        }
        for one in facts["listed"]
    ]
    subject, body = sentences.say(CODE, {**facts, "listed": listed})
    lines = [
        _("すべて見る：%(url)s", url=f"{home}/fits"),
        _("受け取り方を変える：%(url)s", url=f"{home}/account/alerts"),
    ]
    lines += [
        _(
            "「%(name)s」のお知らせを止める：%(url)s",
            name=one["name"],
            url=stop_url(facts, settings, one["public_id"]),
        )
        for one in facts["searches"]
    ]
    lines.append(_("このお知らせのメールをすべて止める：%(url)s", url=stop_url(facts, settings)))
    return subject, f"{body}\n\n" + "\n".join(lines)


def _part(one: Mapping[str, Any]) -> Standing:
    """The further part that was met; mails of before what is taken was kept tell all of it."""
    return Standing(Part(0, **one["part"]), **one.get("taken", {}))


def headers(facts: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """By which a mail program stops it with one click (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{stop_url(facts, settings)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
