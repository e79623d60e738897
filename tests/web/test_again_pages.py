"""前回を引き継ぐ on the pages of an NPO and of a company."""

from datetime import date

import pytest
from sqlalchemy import select

from matcher.postings import alike
from matcher.records import Need, Offer, Organization
from tests import factories
from tests.conftest import NOW
from tests.services.test_suggestions import ENCODER, encode
from tests.web.conftest import login_as
from tests.web.pages import send, visit

AGAIN = "前回を引き継ぐ"
TAKEN = "前回の内容を引き継いだ下書きです"


class Town:
    """A need and an offer of last winter that are over, and who writes for their owners."""

    def __init__(self, records, new_client):
        self.records = records
        last = {
            "state": "expired", "period_from": date(2025, 12, 1), "period_to": date(2026, 3, 31),
            "valid_until": date(2026, 3, 31),
        }  # fmt: skip
        with records.write() as session:
            self.npo, self.company = factories.make_npo(session), factories.make_company(session)
            self.need = factories.make_need(session, self.npo, title="冬の野菜", **last)
            self.offer = factories.make_offer(session, self.company, title="冬の大根", **last)
            people = [
                factories.make_user(session, self.npo), factories.make_user(session, self.company),
                factories.make_user(session, self.npo, organization_role="viewer"),
            ]  # fmt: skip
        self.director, self.officer, self.viewer = (login_as(new_client(), one) for one in people)

    def drafts(self, kind):
        with self.records.read() as session:
            return session.scalars(select(kind).where(kind.state == "draft")).all()


@pytest.fixture
def town(records, new_client):
    return Town(records, new_client)


@pytest.mark.parametrize("where", ["/npo", "/npo/needs", "/npo/needs/{}"])
def test_a_need_of_last_year_is_taken_over_in_one_click_from_home_list_and_its_page(town, where):
    page = visit(town.director, where.format(town.need.public_id))
    begun = send(town.director, page, button=AGAIN)
    (draft,) = town.drafts(Need)
    assert begun.location == f"/npo/needs/{draft.public_id}/step/1"
    assert (draft.title, draft.follows_id) == ("冬の野菜", town.need.id)
    send(town.director, page, button=AGAIN)  # the same page, clicked twice
    assert len(town.drafts(Need)) == 1
    for path in ("", "/step/1", "/step/5", "/check"):
        shown = visit(town.director, f"/npo/needs/{draft.public_id}{path}")
        assert TAKEN in shown.text
        for step, field in ((3, "period_from"), (2, "quantity"), (5, "contact_name")):
            assert f"/npo/needs/{draft.public_id}/step/{step}#{field}" in shown.html
    after = visit(town.director, where.format(town.need.public_id))
    assert AGAIN not in [button for form in after.forms for button in form.buttons]
    assert ("引き継いだもの：冬の野菜" in after.text) == (where != "/npo")


@pytest.mark.parametrize("where", ["/company", "/company/offers", "/company/offers/{}"])
def test_an_offer_of_last_year_is_taken_over_in_the_same_way(town, where):
    page = visit(town.officer, where.format(town.offer.public_id))
    begun = send(town.officer, page, button=AGAIN)
    (draft,) = town.drafts(Offer)
    assert begun.location == f"/company/offers/{draft.public_id}/edit"
    assert (draft.title, draft.period_from) == ("冬の大根", date(2026, 12, 1))
    for path in ("", "/edit", "/check"):
        assert TAKEN in visit(town.officer, f"/company/offers/{draft.public_id}{path}").text
    assert AGAIN not in [
        button
        for form in visit(town.officer, where.format(town.offer.public_id)).forms
        for button in form.buttons
    ]


def test_the_history_says_that_it_was_taken_over(town):
    send(town.director, visit(town.director, "/npo/needs"), button=AGAIN)
    (draft,) = town.drafts(Need)
    page = visit(town.director, f"/npo/needs/{draft.public_id}")
    assert "前回を引き継いで書き始めました" in page.text


def test_who_only_reads_and_what_goes_on_have_no_such_button(town):
    for path in ("", "/needs", f"/needs/{town.need.public_id}"):
        page = visit(town.viewer, f"/npo{path}")
        assert AGAIN not in [button for form in page.forms for button in form.buttons]
    with town.records.write() as session:
        session.get(Organization, town.npo.id).state = "suspended"
    for path in ("", "/needs", f"/needs/{town.need.public_id}"):
        page = visit(town.director, f"/npo{path}")
        assert AGAIN not in [button for form in page.forms for button in form.buttons]
    with town.records.write() as session:
        session.get(Organization, town.npo.id).state = "verified"
        session.get(Need, town.need.id).state = "paused"
    for path in ("", "/needs", f"/needs/{town.need.public_id}"):
        page = visit(town.director, f"/npo{path}")
        assert AGAIN not in [button for form in page.forms for button in form.buttons]


def test_home_reminds_only_in_the_month_before(town):
    assert "去年の今ごろのニーズ" in visit(town.director, "/npo").text
    assert "去年の今ごろの提供メニュー" in visit(town.officer, "/company").text
    with town.records.write() as session:
        session.get(Need, town.need.id).period_from = date(2026, 3, 1)
    assert "去年の今ごろのニーズ" not in visit(town.director, "/npo").text


@pytest.fixture
def anew(town, monkeypatch):
    """A draft that asks once more for what is over, written anew and read at once."""
    monkeypatch.setattr(
        alike.typed, "reader_of", lambda _model_id: lambda said: ENCODER.encode([said], "text")[0]
    )
    with town.records.write() as session:
        found = factories.make_need(session, session.merge(town.npo), title="今年の野菜", state="draft")
    encode(town.records, NOW)
    return f"/npo/needs/{found.public_id}"


def test_what_was_typed_is_saved_before_it_is_taken_over(town, anew):
    page = visit(town.director, f"{anew}/step/5")
    form = page.form(action="/step/5")
    assert form.buttons == [
        "保存して確認へ",
        "下書きに保存して終わる",
        f"保存して{AGAIN}",
    ]  # Enter presses the first
    assert AGAIN not in [button for one in page.forms for button in one.buttons]
    typed = {"what_we_give": "会報に載せます。", "action": f"again-{town.need.public_id}"}
    begun = send(town.director, page, typed, action="/step/5")
    written, taken = sorted(town.drafts(Need), key=lambda one: one.id)
    assert begun.location == f"/npo/needs/{taken.public_id}/step/1"
    assert (written.title, written.what_we_give) == ("今年の野菜", "会報に載せます。")
    assert (taken.title, taken.follows_id) == ("冬の野菜", town.need.id)
    assert "書いていた下書きを保存しました。" in visit(town.director, begun.location).text


def test_what_cannot_be_saved_is_kept_on_the_page_and_nothing_is_taken_over(town, anew):
    typed = {
        "what_we_give": "あ" * 2_000,
        "contact_name": "新しい人",
        "action": f"again-{town.need.public_id}",
    }
    refused = send(town.director, visit(town.director, f"{anew}/step/5"), typed, 422, action="/step/5")
    kept = refused.form(action="/step/5").values
    assert (kept["what_we_give"], kept["contact_name"]) == (typed["what_we_give"], "新しい人")
    assert "文字までで入力してください。" in refused.text
    assert [one.title for one in town.drafts(Need)] == ["今年の野菜"]


def test_what_is_taken_over_from_the_form_is_ones_own_and_over(town, anew):
    with town.records.write() as session:
        goes_on = factories.make_need(session, session.merge(town.npo), title="いまの野菜")
        others = factories.make_need(session, factories.make_npo(session), title="よその", state="expired")
    page = visit(town.director, f"{anew}/step/5")
    for need, status in ((goes_on, 409), (others, 404)):
        typed = {"what_we_give": "会報", "action": f"again-{need.public_id}"}
        answered = send(town.director, page, typed, status, action="/step/5")
        assert [one.what_we_give for one in town.drafts(Need)] == [""]
        if status == 409:
            assert "引き継げるのは、公開が終わったものだけです。" in answered.text
            assert answered.form(action="/step/5").values["what_we_give"] == "会報"


def test_who_wrote_it_anew_is_offered_to_take_it_over_and_keeps_what_was_written(town, anew):
    page = visit(town.director, f"{anew}/check")
    assert "前回のニーズがあります" in page.text
    send(town.director, page, button=AGAIN)
    assert {one.title for one in town.drafts(Need)} == {"今年の野菜", "冬の野菜"}
    (taken,) = [one for one in town.drafts(Need) if one.follows_id]
    assert "前回のニーズがあります" not in visit(town.director, f"/npo/needs/{taken.public_id}/check").text
