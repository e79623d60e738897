"""The year's plan as an official asks for it, reads it, edits it and drafts recommendations from it."""

import io
import re
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import func, select

from matcher.planning import explaining, reads
from matcher.planning.task import Plan
from matcher.records import Job, Notice, Partnership, RecommendationDraft, YearPlan
from tests import factories
from tests.conftest import NOW
from tests.services.test_suggestions import encode
from tests.web.conftest import login_as
from tests.web.pages import post, send, visit
from webapp import clock, plan_text, text

HERE = "/desk/plans"


class City:
    """Two NPOs that need vegetables, two companies that have some, and an official at the desk."""

    def __init__(self, client, records, app):
        self.client, self.records, self.app = client, records, app
        with records.write() as session:
            official = factories.make_user(session)
            self.needs = [
                factories.make_need(
                    session, factories.make_npo(session), title=f"野菜がほしい{place}", quantity=50
                )
                for place in (1, 2)
            ]
            self.offers = [
                factories.make_offer(
                    session, factories.make_company(session), title=f"野菜を届けます{amount}", quantity=amount
                )
                for amount in (20, 60)
            ]
        login_as(client, official)
        encode(records, NOW)

    def made(self, **typed) -> str:
        """Ask on the page and let the worker do it; where the plan is."""
        page = send(self.client, visit(self.client, HERE), typed, action=HERE)
        self.app.extensions["runner"].once("plan", clock.now())
        return page.location or page.url

    def plan(self) -> YearPlan:
        """The newest."""
        with self.records.read() as session:
            return session.scalars(select(YearPlan).order_by(YearPlan.id.desc())).first()

    def key(self, need: int, offer: int) -> str:
        """A row as its boxes name it."""
        return f"{self.needs[need].public_id}-{self.offers[offer].public_id}"

    def rows(self) -> set[str]:
        """The rows of the newest plan."""
        return {f"{row['part']}-{row['source']}" for row in self.plan().result["chosen"]}


@pytest.fixture
def city(client, records, app):
    return City(client, records, app)


def test_a_plan_is_asked_for_waited_for_and_read(city):
    where = send(city.client, visit(city.client, HERE), {}, action=HERE).location
    waiting = city.client.get(where)
    assert "計算中です" in waiting.text
    assert waiting.headers["Refresh"]
    assert "Refresh" not in city.client.get(f"{where}?still=1").headers
    city.app.extensions["runner"].once("plan", clock.now())
    page = visit(city.client, where)
    assert "組み合わせ（3件）" in page.text
    assert "2件を合わせて" in page.text
    assert "／50kg" in page.text
    assert "下限・上限を付けない案との比較" in page.text
    assert "公開中のニーズ2件のうち2件に、3件の組み合わせで" in page.text
    assert "これ以上よい組み合わせはありません" in page.text
    assert "その差は" not in page.text
    assert visit(city.client, HERE).text.count("できました") == 1


def test_a_plan_that_waits_too_long_for_the_worker_is_made_by_this_process(city, travel):
    where = send(city.client, visit(city.client, HERE), {}, action=HERE).location
    travel.shift(timedelta(seconds=11))
    visit(city.client, where)
    with city.records.read() as session:
        job = session.scalars(select(Job)).one()
    assert city.app.extensions["runner"].wait(job.id, 60).state == "done"
    assert city.plan().is_solved


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"most_of_company": "0"}, "100までの数を入力してください"),
        ({"newcomers": ""}, "を入力してください。"),
        ({"most_of_field": "0"}, "100までの数を入力してください"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_their_field(city, typed, message):
    page = send(city.client, visit(city.client, HERE), typed, 422, action=HERE)
    assert message in page.text
    assert city.plan() is None


def test_what_is_ticked_is_fixed_or_left_out_when_it_is_solved_again(city):
    where = city.made()
    out = sorted(city.rows())[0]
    page = visit(city.client, where)
    again = send(city.client, page, {"forbidden": [out], "action": "solve"}, action=where)
    city.app.extensions["runner"].once("plan", clock.now())
    assert again.location != where
    assert out not in city.rows()
    kept = visit(city.client, again.location)
    assert "外したままにするもの" in kept.text
    both = sorted(city.rows())[0]
    refused = send(
        city.client,
        kept,
        {"locked": [both], "forbidden": [both], "action": "solve"},
        422,
        action=again.location,
    )
    assert "どちらか一方にだけ" in refused.text


def test_adopting_makes_drafts_that_open_the_recommendation_with_the_planned_amount(city):
    where = city.made()
    wide = city.offers[1].public_id
    row = next(one for one in city.plan().result["chosen"] if one["source"] == wide)
    assert row["amount"] < 50  # less than the need and the offer would say by themselves
    key = f"{row['part']}-{row['source']}"
    nothing = send(city.client, visit(city.client, where), {"action": "adopt"}, action=where)
    assert "1つ以上選んでください" in visit(city.client, nothing.location).text
    send(city.client, visit(city.client, where), {"chosen": [key], "action": "adopt"}, action=where)
    page = visit(city.client, where)
    assert "推薦の下書きを作りました。まだだれにも送っていません。" in page.text
    assert "推薦の下書き（1件）" in page.text
    with city.records.read() as session:
        assert session.scalar(select(func.count()).select_from(RecommendationDraft)) == 1
        assert session.scalar(select(func.count()).select_from(Partnership)) == 0
        assert session.scalar(select(func.count()).select_from(Notice)) == 0
    title = next(need.title for need in city.needs if need.public_id == row["part"])
    form = visit(city.client, page.href(f"推薦の画面を開く（{title}）")).form()
    assert float(form.values["quantity"]) == row["amount"]


def test_the_plan_comes_as_a_workbook_and_that_is_recorded(city):
    where = city.made()
    answer = city.client.get(f"{where}.xlsx")
    sheets = openpyxl.load_workbook(io.BytesIO(answer.data))
    first, rest = sheets.worksheets
    assert {cell.value for cell in first["E"]} >= {"野菜を届けます20", "野菜を届けます60"}
    assert rest.title


def test_a_need_without_a_partner_says_why(city, records):
    with records.write() as session:
        session.merge(city.needs[0]).unit = "箱"
    page = visit(city.client, city.made())
    assert "相手のいないニーズ（1件）" in page.text
    assert "量の数え方（単位）が違います" in page.text


def test_a_plan_that_may_not_be_the_best_says_by_how_much(city, records):
    where = city.made()
    with records.write() as session:
        plan = session.scalars(select(YearPlan)).one()
        plan.result = {**plan.result, "gap": 0.004}
    page = visit(city.client, where)
    assert "その差は最大0.4％です" in page.text
    assert "これ以上よい" not in page.text


def test_many_rows_are_folded_by_kind_and_what_is_left_out_by_reason(city, records):
    with records.write() as session:
        for place in range(13):
            kind, unit = ("food", "kg") if place % 2 else ("goods_new", "個")
            asked = {"support_type": kind, "unit": unit, "quantity": 5}
            factories.make_need(session, factories.make_npo(session), title=f"ほしい{place}", **asked)
            factories.make_offer(session, factories.make_company(session), title=f"届けます{place}", **asked)
        factories.make_need(session, factories.make_npo(session), title="相手のいないもの", unit="箱")
    encode(records, NOW)
    where = city.made()
    rows = plan_text.rows(Plan.of(city.plan().result), *named(city, records))
    assert len(rows) > 12
    kinds = plan_text.by_kind(rows)
    assert [kind.heading for kind in kinds] == ["物品・資材・機材（新品）", "食品"]
    assert sum(kind.count for kind in kinds) == len(rows)
    page = visit(city.client, where)
    folds = re.findall(r'<details class="fold"( open)?>\s*<summary>([^<]+)', page.html)
    assert ("", "食品") in folds
    assert ("", "物品・資材・機材（新品）") in folds
    assert (" open", "量の単位が違う") in folds  # one alone is read at once
    both = {"locked": [kinds[0].rows[0].key], "forbidden": [kinds[0].rows[0].key], "action": "solve"}
    refused = send(city.client, page, both, 422, action=where)
    assert re.search(r'<details class="fold" open>\s*<summary>' + re.escape(kinds[0].heading), refused.html)


def named(city, records):
    """Needs and offers of the newest plan."""
    with records.read() as session:
        inputs = city.plan().inputs
        return reads.named(session, [one["key"] for name in ("parts", "sources") for one in inputs[name]])


def test_a_plan_that_failed_says_so(city, records):
    city.made()
    with records.write() as session:
        plan = session.scalars(select(YearPlan)).one()
        plan.failure, plan.solved_at = "plan_locked", None
    assert "同時にすべては入れられません" in visit(city.client, f"{HERE}/{plan.public_id}").text


def test_every_reason_has_a_sentence_with_its_facts(app):
    """The codes that the source names are those that are worded."""
    named = set(re.findall(r'Why\(\s*"(\w+)"', Path(explaining.__file__).read_text(encoding="utf-8")))
    gathering = Path(explaining.__file__).with_name("gathering.py").read_text(encoding="utf-8")
    ruled = set(re.findall(r'return "(\w+)"', gathering)) | set(re.findall(r': "(other_\w+)"', gathering))
    ruled |= set(re.findall(r'"(below_bar)"', gathering))
    assert named | ruled == set(plan_text.WHYS) == set(plan_text.WHY_HEADINGS)
    solving = Path(explaining.__file__).with_name("solving.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(plan_\w+)"', solving)) <= set(text.SENTENCES)


def test_a_double_send_asks_once(city):
    page = visit(city.client, HERE)
    for _time in range(2):
        send(city.client, page, {}, action=HERE)
    with city.records.read() as session:
        assert session.scalar(select(func.count()).select_from(YearPlan)) == 1


def test_members_do_not_find_it(city, new_client, records):
    with records.write() as session:
        company = factories.make_company(session)
        member = factories.make_user(session, company)
    post(login_as(new_client(), member), HERE, {}, 404)


def test_the_page_of_a_need_names_those_of_others_that_are_alike(city, records):
    page = visit(city.client, f"/desk/needs/{city.needs[0].public_id}")
    assert "いっしょに頼めるかもしれません" in page.text
    assert city.needs[1].title in page.text
    offer = visit(city.client, f"/desk/offers/{city.offers[0].public_id}")
    assert "いっしょに頼めるかもしれません" not in offer.text
