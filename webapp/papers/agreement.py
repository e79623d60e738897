"""協定書・契約書, one version of it, with the plan to which it refers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from matcher.agreements import contract
from matcher.ground import vocabulary
from matcher.register import frozen
from webapp import filters
from webapp.papers import version
from webapp.papers.paper import Ask, Paper

#: type of agreement → what it calls itself; every other is 「この契約」
_DEEDS: Final = {"memorandum": "この覚書", "donation": "この合意書", "pro_bono": "この合意書"}


@dataclass(frozen=True)
class Article:
    """One article: its text, or which part of the paper says in tables what stands in it."""

    number: int
    name: str
    text: str = ""
    part: str = ""  #: payment, scheme or measuring


def _facts(ask: Ask) -> dict[str, Any]:
    facts = version.facts(ask, "agreement")
    said = facts["said"]
    outcome = said["outcome"] or {}
    scheme = contract.Scheme.from_dict(outcome) if contract.Scheme.is_said(outcome) else None
    return {
        **facts, "plan": _plan(ask, said), **terms(said, scheme),
        "title": filters.label_of(said["type"], vocabulary.AGREEMENT_TYPES),
    }  # fmt: skip


def terms(said: Mapping[str, Any], scheme: contract.Scheme | None) -> dict[str, Any]:
    """What the paper asks for of an agreement's terms: what it calls itself, and its articles as numbered."""
    written = enumerate(_articles(said, has_scheme=scheme is not None), start=1)
    return {
        "deed": _DEEDS.get(said["type"], "この契約"), "scheme": scheme,
        "articles": [Article(number, *article) for number, article in written],
    }  # fmt: skip


def _articles(said: Mapping[str, Any], *, has_scheme: bool) -> Iterator[tuple[str, str, str]]:
    """Name, text and part of the articles that this agreement has, in their order."""
    texts = {
        "目的": said["purpose"], "進め方": said["method"],
        "甲の役割": said["roles_company"], "乙の役割": said["roles_npo"],
    }  # fmt: skip
    if said["city_is_party"]:
        texts["丙の役割"] = said["roles_city"]
    texts["期間"] = f"{filters.isoday(said['from_on'])}から{filters.isoday(said['to_on'])}までとする。"
    texts["費用の分担"] = "\n".join((said["costs"], *_money(said)))
    if said["liability"]:
        texts["責任の分担"] = said["liability"]
    texts |= {
        "権利の帰属": said["rights"], "個人情報の扱い": said["privacy"], "中間報告": _interim(said),
        "公表": said["publication"], "解除・終了": said["termination"],
    }  # fmt: skip
    for name, text in texts.items():
        yield name, text, ""
    if said["outcome"]:
        yield "成果に応じた支払い", "", "payment"
        if has_scheme:
            yield "契約のしくみ", "", "scheme"
    yield "成果の測定", "", "measuring"


def _city(said: Mapping[str, Any]) -> str:
    return "丙" if said["city_is_party"] else "市"


def _money(said: Mapping[str, Any]) -> Iterator[str]:
    for who, yen in (("甲", said["money_company_yen"]), (_city(said), said["money_city_yen"])):
        if yen:
            yield f"{who}が負担する金額：{filters.yen(yen)}"


def _interim(said: Mapping[str, Any]) -> str:
    if said["frequency"] == "none":
        return "中間報告は求めない。"
    often = filters.label_of(said["frequency"], vocabulary.REPORT_FREQUENCIES)
    return f"甲及び乙は、{often}に、中間報告を{_city(said)}に提出する。"


def _plan(ask: Ask, said: Mapping[str, Any]) -> frozen.Version | None:
    """The plan to which an agreement refers, also where another has come into force since."""
    numbered = [row for row in ask.versions("plan") if row.number == said["plan_number"]]
    exact = (row for row in numbered if row.sha256 == said.get("plan_sha256"))
    found = next(exact, numbered[0] if numbered else None)
    return frozen.version(ask.history, found) if found is not None else None


PAPER: Final = Paper(
    "agreement", _l("協定書・契約書"), 3, lambda ask: ask.has("agreement"), _facts, prints="agreement"
)
