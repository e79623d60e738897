"""What the forms of a case begin with: where need and offer meet, with the figures of both beside the fields.

The case in hand: an offer of 120 boxes for a year, a need of 50 kilograms in two weeks.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from matcher.agreements import acts as agreement_acts
from matcher.cases import documents
from matcher.ground.db import Database
from matcher.records import Contribution, DecisionBundle, Organization, ShownList, ShownSuggestion
from tests.conftest import NOW
from tests.factories import make_company, make_coordinator, make_need, make_npo, make_offer, make_user
from tests.web.conftest import login_as
from tests.web.pages import Page, post, send, visit
from tests.web.test_case_pages import GOOD, Town
from tests.web.test_case_records import Workplace
from webapp import create_app, filters

TODAY, TWO_WEEKS = "2026-11-24", "2026-12-08"
HELLO = "お惣菜をお届けできます。"
UNITS = "提供は120箱、ニーズは50kgです。単位が違うため、量を相談して入力してください。"


@dataclass
class Pair(Town):
    """The case in hand, with what one side or the other may change of it."""

    @property
    def query(self) -> str:
        """The need and the offer, as addresses name them."""
        return f"need={self.need.public_id}&offer={self.offer.public_id}"

    def suggestion(self, viewer: str) -> str:
        """A suggestion that was shown to one side; its address."""
        asker, other = (self.company, self.npo) if viewer == "firm" else (self.npo, self.company)
        with self.records.write() as session:
            shown = ShownSuggestion(
                rank=1, candidate_id=other.id, need_id=self.need.id, offer_id=self.offer.id, score=0.8,
                parts={}, reasons=[],
            )  # fmt: skip
            session.add(
                ShownList(
                    viewer_id=self.users[viewer].id, organization_id=asker.id, shown_at=NOW, model_id="m",
                    index_version=1, weights_version="w", items=[shown],
                )
            )  # fmt: skip
            session.flush()
            return shown.public_id


@pytest.fixture
def pair(records: Database, new_client: Callable[[], FlaskClient]) -> Callable[..., Pair]:
    """Makes the two sides: ``pair(offer={"quantity": 20, "unit": "kg"})``."""

    def make(need: dict[str, Any] | None = None, offer: dict[str, Any] | None = None) -> Pair:
        wanted: dict[str, Any] = {
            "quantity": 50, "unit": "kg", "min_useful": 30, "period_from": date(2026, 11, 24),
            "period_to": date(2026, 12, 8),
        }  # fmt: skip
        given: dict[str, Any] = {
            "quantity": 120, "unit": "箱", "period_from": date(2026, 11, 1), "period_to": date(2027, 10, 31),
        }  # fmt: skip
        with records.write() as session:
            company, npo = (
                make_company(session, name="みお食品株式会社"),
                make_npo(session, name="ひだまりの会"),
            )
            asked = make_need(session, npo, **wanted | (need or {}))
            offered = make_offer(session, company, **given | (offer or {}))
            users = {
                "firm": make_user(session, company), "group": make_user(session, npo),
                "desk": make_coordinator(session), "colleague": make_coordinator(session),
            }  # fmt: skip
        browsers = {name: login_as(new_client(), user) for name, user in users.items()}
        return Pair(records, company, npo, asked, offered, users, browsers)

    return make


#: way into a case → whose browser, address
WAYS: dict[str, tuple[str, Callable[[Pair], str]]] = {
    "company, from the list of needs and an offer": (
        "firm", lambda p: f"/cases/new?organization={p.npo.public_id}&{p.query}",
    ),
    "company, from a suggestion": (
        "firm", lambda p: f"/cases/new?organization={p.npo.public_id}&suggestion={p.suggestion('firm')}",
    ),
    "NPO, from a suggestion for its need": (
        "group", lambda p: f"/cases/new?organization={p.company.public_id}&{p.query}"
        f"&suggestion={p.suggestion('group')}",
    ),
    "NPO, from an offer, about its need": ("group", lambda p: f"/cases/new?{p.query}"),
    "coordinator": ("desk", lambda p: f"/desk/recommend?{p.query}"),
}  # fmt: skip


def begins(page: Page) -> tuple[str, ...]:
    values = page.form(button=None, action="/new" if "/new" in page.url else "/recommend").values
    return tuple(values[name] for name in ("support_type", "quantity", "unit", "period_from", "period_to"))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_into_a_case_begins_where_both_meet(pair, way):
    town = pair()
    who, address = WAYS[way]
    page = visit(town.browsers[who], address(town))
    assert begins(page) == ("food", "", "", TODAY, TWO_WEEKS)
    assert UNITS in page.text
    for figure in ("50kg（最低30kg）", "120箱まで", "令和8年11月24日から12月8日まで", "令和8年11月1日から"):
        assert figure in page.text.replace("令和8年12月8日", "12月8日"), figure


@pytest.mark.parametrize("way", ["company, from the list of needs and an offer", "coordinator"])
def test_another_offer_begins_anew_and_keeps_the_words(pair, way):
    town = pair(offer={"quantity": 20, "unit": "kg"})
    with town.records.write() as session:
        company = session.get(Organization, town.company.id)
        other = make_offer(session, company, support_type="volunteer_hands", quantity=3, unit="人").public_id
    who, address = WAYS[way]
    page = visit(town.browsers[who], address(town))
    field = "message" if "/new" in page.url else "reason_text"
    typed = {field: "どうぞ", "offer": other, "quantity": "abc", "action": "begin"}
    assert begins(page)[1] == "20"
    again = send(
        town.browsers[who], page, typed, 200, button="選び直したニーズ・提供メニューに、量と期間を合わせる"
    )
    assert begins(again) == ("", "", "", "2026-12-01", TWO_WEEKS)
    values = again.form(button="選び直したニーズ・提供メニューに、量と期間を合わせる").values
    assert (values[field], values["offer"]) == ("どうぞ", other)
    assert "読み取れません" not in again.text


#: need, offer → begins with
BROTHERS = [
    ({}, {"quantity": 120, "unit": "kg"}, ("food", "50", "kg", TODAY, TWO_WEEKS), ""),
    ({}, {"quantity": 20, "unit": "kg"}, ("food", "20", "kg", TODAY, TWO_WEEKS), "最低の量（30kg）に届きません"),
    ({}, {"quantity": None, "unit": ""}, ("food", "50", "kg", TODAY, TWO_WEEKS), ""),
    (
        {"quantity": None, "unit": "", "min_useful": None}, {}, ("food", "", "", TODAY, TWO_WEEKS),
        "提供メニューは120箱までです",
    ),
    (
        {"period_from": date(2026, 11, 1), "period_to": date(2026, 12, 1)},
        {"period_from": date(2026, 12, 2), "period_to": None},
        ("food", "", "", "", ""), "期間が重なる日はありません",
    ),
    (
        {"support_type": "cash_donation", "quantity": 50_000, "unit": "円", "min_useful": None},
        {"support_type": "cash_donation", "quantity": 1_000_000, "unit": "円"},
        ("cash_donation", "50000", "円", TODAY, TWO_WEEKS), "",
    ),
    (
        {"support_type": "cash_donation", "quantity": 500_000, "unit": "円", "min_useful": None},
        {"support_type": "cash_donation", "quantity": 100_000, "unit": "円"},
        ("cash_donation", "100000", "円", TODAY, TWO_WEEKS), "",
    ),
    ({}, {"support_type": "training", "quantity": 3, "unit": "回"}, ("", "", "", TODAY, TWO_WEEKS), "種類が異なります"),
    (
        {"also_welcome": ["vehicle_logistics"]},
        {"support_type": "vehicle_logistics", "quantity": 3, "unit": "回"},
        ("vehicle_logistics", "", "", TODAY, TWO_WEEKS), "「あると助かる」",
    ),
    ({"repeat": "continuing"}, {"unit": "kg"}, ("food", "50", "kg", TODAY, TWO_WEEKS), "1回あたりか全部の合計か"),
]  # fmt: skip


@pytest.mark.parametrize(("need", "offer", "expected", "said"), BROTHERS)
def test_its_brothers(pair, need, offer, expected, said):
    town = pair(need, offer)
    for who, address in (WAYS["NPO, from an offer, about its need"], WAYS["coordinator"]):
        page = visit(town.browsers[who], address(town))
        assert begins(page) == expected
        assert said in page.text


def test_an_offer_alone_is_not_asked_for_as_a_whole(pair):
    town = pair()
    page = visit(town.group, f"/cases/new?offer={town.offer.public_id}")
    assert begins(page) == ("food", "", "", TODAY, "2027-10-31")
    assert "必要な量が書かれていないため" in page.text
    assert "50kg（最低30kg）" in page.text  # of the need that may be chosen


def test_what_goes_beyond_is_shown_to_be_confirmed_and_not_refused(pair):
    town = pair(offer={"unit": "kg"})
    form = visit(town.firm, f"/cases/new?organization={town.npo.public_id}&{town.query}")
    quiet = send(town.firm, form, {"message": HELLO, "action": "check"}, 200)
    assert "次の点を確かめてください" not in quiet.text
    typed = {"message": HELLO, "quantity": "120", "period_to": "2027-10-31", "action": "check"}
    check = send(town.firm, form, typed, 200)
    assert "ニーズ（50kg）より70kg多い量です。" in check.text
    assert "ニーズの期間（令和8年11月24日から12月8日まで）より遅くまで続きます。" in check.text.replace(
        "から令和8年12月8日", "から12月8日"
    )
    sent = send(town.firm, check, {"action": "send"})
    assert "より70kg多い" in visit(town.firm, sent.location or "").text
    case = town.case()
    assert (case.quantity, case.period_to) == (120, date(2027, 10, 31))

    # Whoever says yes, and the city, have the figures side by side.
    for step, browser in (("/accept", town.group), ("", town.group)):
        page = visit(browser, town.url + step)
        assert "ニーズ・提供メニュー・案件で違うところ" in page.text, step
        assert "より70kg多い" in page.text, step
    counter = visit(town.group, f"{town.url}/revise")
    assert counter.form(action="/revise").values["quantity"] == "120"  # what is proposed is what is changed
    assert "50kg（最低30kg）" in counter.text
    assert "より70kg多い" in counter.text
    post(town.group, f"{town.url}/accept", {"version": str(town.case().version)})
    for step in ("", "/approve", "/return", "/refuse"):
        page = visit(town.desk, town.url + step)
        assert "支援の内容の比較" in page.text, step
        assert "量 違い" in page.text, step
        assert "より70kg多い" in page.text, step
    send(town.desk, visit(town.desk, f"{town.url}/approve"), GOOD, action="/approve")
    assert town.case().state == "introduced"


def test_what_agrees_is_not_said_again(pair):
    town = pair(
        need={"min_useful": None},
        offer={"quantity": None, "unit": "", "period_from": None, "period_to": None},
    )
    form = visit(town.firm, f"/cases/new?organization={town.npo.public_id}&{town.query}")
    check = send(town.firm, form, {"message": HELLO, "action": "check"}, 200)
    send(town.firm, check, {"action": "send"})
    page = visit(town.group, f"{town.url}/accept")
    assert "違うところ" not in page.text
    assert "次の点を確かめてください" not in page.text


# ── After the introduction ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def place(settings, travel, tmp_path: Path) -> Iterator[Workplace]:
    app = create_app(settings)
    records: Database = app.extensions["database"]
    with records.write_session() as session:
        found = Workplace(session, NOW, Path(settings.files_folder))
        found.app, found.traveller, found.records = app, travel, records
        yield found
    records.dispose()


def agreed_terms(place: Workplace, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(place.case, name, value)
    place.need.quantity, place.need.unit = 50, "kg"
    place.need.period_from, place.need.period_to = date(2026, 11, 24), date(2026, 12, 8)


@pytest.mark.parametrize(
    ("first", "last", "begins_on", "ends_on"),
    [
        (date(2026, 11, 24), date(2026, 12, 8), TODAY, TWO_WEEKS),
        (date(2026, 11, 1), date(2026, 12, 8), TODAY, TWO_WEEKS),
        (date(2026, 12, 1), date(2027, 11, 30), "2026-12-01", "2027-02-28"),
        (None, None, TODAY, ""),
    ],
)
def test_a_trial_begins_in_the_agreed_period(place, first, last, begins_on, ends_on):
    place.bring("negotiation")
    agreed_terms(place, period_from=first, period_to=last)
    place.settle()
    page = visit(place.open("npo"), place.url("/do/write_trial"))
    values = page.form(action="/do/write_trial").values
    assert (values["from_on"], values["to_on"]) == (begins_on, ends_on)
    assert values["content"] == "食品　20kg"
    assert "50kg" in page.text
    assert "令和8年12月8日まで" in page.text or "12月8日まで" in page.text


def test_an_agreement_begins_with_what_was_agreed_and_shows_what_was_asked_for(place):
    place.bring("negotiation")
    place.write_plan()
    agreed_terms(place, quantity=120, period_from=date(2026, 11, 1), period_to=date(2027, 10, 31))
    place.settle()
    page = visit(place.open("company"), place.url("/do/write_agreement"))
    values = page.form(action="/do/write_agreement").values
    assert (values["from_on"], values["to_on"]) == (TODAY, "2027-10-31")
    for figure in ("50kg", "120kg"):
        assert figure in page.text


def test_both_consents_and_the_citys_show_the_figures_side_by_side(place):
    place.bring("agreement_draft")
    agreed_terms(place, quantity=120)
    document = documents.find_draft(place.session, place.case, "agreement").public_id
    place.settle()
    for who in ("company", "npo"):
        page = visit(place.open(who), place.url(f"/do/accept_document?item={document}"))
        assert "ニーズ・提供メニュー・案件で違うところ" in page.text
        assert "より70kg多い" in page.text
        assert "より遅くまで続きます" in page.text  # the agreement's own days
    place.sign()
    place.settle()
    page = visit(place.open("manager"), place.url("/do/confirm_agreement"))
    assert "この組み合わせの理由" in page.text
    assert "期間 違い" in page.text
    assert "より遅くまで続きます" in page.text


def test_what_the_city_decides_on_stands_beside_its_decision_and_is_kept_with_it(place):
    def words_in(found: list[str]) -> str:
        return " ".join(re.sub(r"<[^>]*>", " ", " ".join(found)).split())

    def basis(page: Page) -> str:
        return words_in(
            re.findall(r'<section class="section" aria-labelledby="basis">.*?</section>', page.html, re.S)
        )

    def beside_the_ticks(page: Page) -> str:
        return words_in(re.findall(r'<div class="tick">.*?</dl>', page.html, re.S))

    place.bring("negotiation")
    hidden = {"name": "食事を断った回数", "is_public": False, "direction": "down", "target": 0.0}
    place.write_plan({"linked_to_payment": True, "target_on": place.ends_on.isoformat()}, hidden)
    outcome = place.outcome(year_limits={"2026": 450_000})
    place.draft_agreement(type="outcome_linked", outcome=outcome, money_city_yen=400_000)
    place.sign()
    place.settle()
    manager = place.open("manager")
    page = visit(manager, place.url("/do/confirm_agreement"))
    said = beside_the_ticks(page)
    facts = (
        "始まりの日", "企業が負担する金額 0円", "市が負担する金額 400,000円", "支払いの上限額 500,000円",
        "令和8年度の限度額 450,000円", "支払いの条件P1", "上限額300,000円", "I1：週に来る子どもの数 20人 → 目標 30人",
        f"目標の日：{filters.isoday(place.ends_on.isoformat())}", "支払いに連動", "公表の範囲 publicationの定め",
        "実績を公表する指標 週に来る子どもの数 実績を公表しない指標 食事を断った回数",
    )  # fmt: skip
    for words in facts:
        assert words in said, words
    assert beside_the_ticks(visit(manager, place.url("/do/return_agreement"))) == said
    answer = {"checked": list(agreement_acts.CHECKS), "text": "確認した。"}
    send(manager, page, answer, action="/do/confirm_agreement")
    with place.records.read() as session:
        found = session.scalars(select(DecisionBundle).order_by(DecisionBundle.id.desc()).limit(1)).one()
    kept = basis(visit(manager, place.url(f"/decisions/{found.public_id}")))
    for words in facts:
        assert words in kept, words


def test_the_next_gift_begins_with_what_is_left(place):
    assert next_gift(place, (5, "confirmed"), (3, "recorded"), (9, "cancelled")) == ("12", "kg")


def test_what_comes_after_all_is_given_is_counted_like_the_promise(place):
    assert next_gift(place, (20, "confirmed")) == ("", "kg")


def next_gift(place, *given: tuple[float, str]) -> tuple[str, str]:
    """(amount, unit) with which the form of the next gift begins, after these in kg."""
    place.bring("running")
    for quantity, state in given:
        place.session.add(
            Contribution(
                partnership_id=place.case.id, giver="company", support_type="food", quantity=quantity,
                unit="kg", given_on=place.today, state=state, recorded_by_id=place.company_user.id,
                recorded_at=place.at,
            )
        )  # fmt: skip
    place.settle()
    page = visit(place.open("company"), place.url("/do/record_contribution"))
    values = page.form(action="/do/record_contribution").values
    return values["quantity"], values["unit"]


def test_a_renewal_follows_the_last_period_and_shows_its_figures(place):
    place.bring("closed")
    place.settle()
    page = visit(place.open("npo"), place.url("/do/renew"))
    values = page.form(action="/do/renew").values
    after = max(place.ends_on.toordinal() + 1, place.at.date().toordinal())
    assert values["period_from"] == date.fromordinal(after).isoformat()
    assert values["period_to"] in {"", place.need.period_to.isoformat()}
    assert "前の期間の量は20kgでした" in page.text
    assert "この案件" in page.text


def test_a_renewal_after_an_early_end_need_not_wait_for_the_last_day_agreed_on(place):
    place.bring("closed")
    place.case.was_terminated, place.case.ends_on = True, place.at.date() + timedelta(days=90)
    place.settle()
    page = visit(place.open("npo"), place.url("/do/renew"))
    assert page.form(action="/do/renew").values["period_from"] == place.at.date().isoformat()
