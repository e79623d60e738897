"""The pages of a case on which its plan and its agreement are read, changed, tried out and printed."""

import io
from pathlib import Path

import pytest
from pypdf import PdfReader

from matcher.agreements import acts as agreement_acts
from matcher.agreements import plans
from matcher.cases import documents
from matcher.ground import vocabulary
from tests.conftest import NOW
from tests.partners import Partners
from tests.web.conftest import login_as
from tests.web.pages import send, visit
from webapp import create_app


class Desk:
    """A case in one state, and the browsers of its three parties."""

    def __init__(self, app, travel, folder: Path) -> None:
        self.app, self.travel, self.folder = app, travel, folder
        self.records = app.extensions["database"]

    def open(self, lead) -> "Desk":
        """``lead`` brings the case where the test wants it."""
        with self.records.write() as session:
            partners = Partners(session, NOW, self.folder)
            lead(partners)
            self.id = partners.case.public_id
            self.at = partners.at
            self.npo_user, self.company_user = partners.npo_user, partners.company_user
            self.partners = partners
        self.travel.move_to(self.at)
        self.npo = login_as(self.app.test_client(), self.npo_user)
        self.company = login_as(self.app.test_client(), self.company_user)
        return self

    def path(self, rest: str) -> str:
        return f"/cases/{self.id}/{rest}"

    def document(self, kind: str, state: str = "draft"):
        """The open draft of a kind, or the version in force."""
        with self.records.read() as session:
            find = documents.find_draft if state == "draft" else documents.find_agreed
            found = find(session, self.partners.case, kind)
            assert found is not None
            return found

    def paper(self, rest: str, status: int = 200) -> str:
        """What a PDF says, without white space."""
        answer = self.npo.get(self.path(f"papers/{rest}"))
        assert answer.status_code == status
        if status != 200:
            return ""
        pages = PdfReader(io.BytesIO(answer.data)).pages
        return "".join("".join(page.extract_text() for page in pages).split())


@pytest.fixture
def desk(settings, travel, tmp_path):
    app = create_app(settings)
    yield Desk(app, travel, tmp_path / "files")
    app.extensions["database"].dispose()


def with_logic(p: Partners) -> None:
    """In talks, with a plan of which every part is written."""
    p.bring("negotiation")
    plans.write_purpose(p.session, p.npo_actor, p.case, "夕食を囲む", p.at, version=None)
    lines = {"activity": ["配送する", "調理する"], "early": ["温かい夕食を食べる"]}
    plans.write_logic(p.session, p.npo_actor, p.case, lines, p.at, version=None)
    link = {"source": "activity0", "target": "early0", "evidence": "proven", "assumption": "続けて来るため"}
    plans.save_link(p.session, p.npo_actor, p.case, link, p.at, version=None)
    p.indicator(node="early0")


def running_with_logic(p: Partners) -> None:
    """The same, accepted and running."""
    with_logic(p)
    p.accept("plan")
    p.draft_agreement()
    p.sign()
    p.confirm()
    p.start()


# ── Plan ─────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_accepts_a_plan_reads_all_of_it(desk):
    desk.open(with_logic)
    page = visit(desk.company, desk.path(f"documents/{desk.document('plan').public_id}"))
    for said in ("1週間に来た子どもの実人数", "記録の集計", "受付の記録", "年代", "5未満", "公表してよい",
                 "連動させない", "温かい夕食を食べる", "配送する → 温かい夕食を食べる（実証されている）：続けて来るため"):  # fmt: skip
        assert said in page.text


def test_a_changed_definition_is_seen_where_it_is_accepted(desk):
    desk.open(lambda p: p.bring("running"))
    page = visit(desk.npo, desk.path("do/save_indicator?key=I1"))
    send(
        desk.npo,
        page,
        {"definition": "延べ人数", "why_changed": "数え方を改めるため。"},
        action="/do/save_indicator",
    )
    page = visit(desk.company, desk.path(f"documents/{desk.document('plan').public_id}"))
    assert "定義1週間に来た子どもの実人数延べ人数" in "".join(page.text.split())
    assert "数え方を改めるため。" in page.text


@pytest.mark.parametrize(
    "form", ["write_purpose", "write_logic", "save_link", "drop_link?key=activity0-early0", "save_indicator?key=I1",
             "drop_indicator?key=I1", "write_milestones"]
)  # fmt: skip
def test_every_form_that_changes_a_running_plan_asks_why_at_its_field(desk, form):
    desk.open(running_with_logic)
    page = visit(desk.npo, desk.path(f"do/{form}"))
    values = {"source": "activity1", "target": "early0", "evidence": "proven"} if form == "save_link" else {}
    refused = send(desk.npo, page, values, status=422, action=f"/do/{form.split('?')[0]}")
    assert 'id="why_changed-error"' in refused.html
    sent = {**values, "why_changed": "実情に合わせるため。"}
    send(desk.npo, visit(desk.npo, desk.path(f"do/{form}")), sent, action=f"/do/{form.split('?')[0]}")
    again = visit(desk.npo, desk.path("do/write_logic"))
    assert again.form(action="/do/write_logic").values["why_changed"] == "実情に合わせるため。"


@pytest.mark.parametrize(
    "form",
    [
        "write_purpose",
        "write_logic",
        "save_link",
        "save_indicator",
        "write_milestones",
        "drop_indicator?key=I1",
    ],
)
def test_a_plan_that_is_not_in_force_needs_no_reason(desk, form):
    desk.open(with_logic)
    assert "why_changed" not in visit(desk.npo, desk.path(f"do/{form}")).html


@pytest.mark.parametrize(
    "line", ["2027-01-21 〜2027-01-25 会議", "2027-01-21 から会議", "2027-01-21 - 25日 会議"]
)
def test_a_milestone_is_one_day(desk, line):
    desk.open(with_logic)
    page = visit(desk.npo, desk.path("do/write_milestones"))
    refused = send(desk.npo, page, {"milestones": line}, 422, action="/do/write_milestones")
    assert "期間のように読めます" in refused.text
    assert line in refused.form(action="/do/write_milestones").values["milestones"]


@pytest.mark.parametrize("text", ["からくり人形の会", "までに中間の報告を出す", "よりみちの会"])
def test_a_milestone_may_begin_with_a_word_that_only_looks_like_a_span(desk, text):
    desk.open(with_logic)
    page = visit(desk.npo, desk.path("do/write_milestones"))
    send(desk.npo, page, {"milestones": f"2027-01-21 {text}"}, action="/do/write_milestones")
    assert desk.document("plan").content["milestones"] == [{"text": text, "on": "2027-01-21"}]


@pytest.mark.parametrize("form", ["write_agreement", "save_rule", "save_rule?key=P1", "drop_rule?key=P1"])
def test_every_form_that_changes_a_running_agreement_asks_why_at_its_field(desk, form):
    desk.open(lambda p: p.contracted())
    page = visit(desk.npo, desk.path(f"do/{form}"))
    refused = send(desk.npo, page, status=422, action=f"/do/{form.split('?')[0]}")
    assert 'id="why_changed-error"' in refused.html


def test_a_payment_rule_opens_an_amendment_of_a_running_agreement(desk):
    desk.open(lambda p: p.contracted())
    page = visit(desk.npo, desk.path("do/save_rule?key=P1"))
    send(desk.npo, page, {"cap_yen": "200000", "why_changed": "財源が減ったため。"}, action="/do/save_rule")
    draft = desk.document("agreement")
    assert (draft.why_changed, draft.content["outcome"]["rules"][0]["cap_yen"]) == (
        "財源が減ったため。",
        200_000,
    )
    page = visit(desk.company, desk.path(f"documents/{draft.public_id}"))
    assert "上限額300,000円200,000円" in "".join(page.text.split())
    assert visit(desk.npo, desk.path("do/save_rule?key=P1")).form(action="/do/save_rule").values[
        "why_changed"
    ] == ("財源が減ったため。")


def test_a_limit_that_is_not_on_the_list_is_kept_when_something_else_is_changed(desk):
    def lead(p: Partners) -> None:
        p.bring("negotiation")
        p.indicator(min_cell=3)

    desk.open(lead)
    page = visit(desk.npo, desk.path("do/save_indicator?key=I1"))
    send(desk.npo, page, {"name": "来た人の数"}, action="/do/save_indicator")
    (row,) = desk.document("plan").content["indicators"]
    assert (row["name"], row["min_cell"]) == ("来た人の数", 3)


def test_an_arrow_can_be_taken_out_after_one_has_seen_which(desk):
    desk.open(with_logic)
    page = visit(desk.npo, desk.path("plan"))
    ask = visit(desk.npo, next(url for _text, url in page.links if "do/drop_link" in url))
    assert "配送する → 温かい夕食を食べる（実証されている）：続けて来るため" in ask.text
    send(desk.npo, ask, action="/do/drop_link")
    assert desk.document("plan").content["links"] == []


def test_the_logic_form_shows_the_lines_and_keeps_their_arrows(desk):
    desk.open(with_logic)
    page = visit(desk.npo, desk.path("do/write_logic"))
    assert page.form(action="/do/write_logic").values["activity"].strip() == "配送する\n調理する"
    send(desk.npo, page, {"activity": "献立を決める\n配送する\n調理する"}, action="/do/write_logic")
    page = visit(desk.npo, desk.path("plan"))
    assert "配送する → 温かい夕食を食べる" in page.text


def test_the_way_of_breaking_a_value_down_is_told_where_it_is_typed(desk):
    desk.open(lambda p: p.bring("running"))
    page = visit(desk.npo, desk.path("progress"))
    form = visit(desk.npo, next(url for _text, url in page.links if "do/submit_measurement" in url))
    assert "「年代：値」" in form.text
    assert "内訳の分け方：年代" in visit(desk.npo, desk.path("plan")).text


# ── Papers ───────────────────────────────────────────────────────────────────────────────────────────


def amended(p: Partners) -> None:
    """An agreement in force, and a change of it on the table."""
    p.bring("running")
    p.draft_agreement(method="週に1回届ける。", why_changed="増やすため。")


def test_the_agreement_in_force_is_printed_while_a_change_is_on_the_table(desk):
    desk.open(amended)
    now, draft, named = (desk.paper(f"agreement.pdf{ask}") for ask in ("", "?version=2", "?version=1"))
    assert "第1版（有効）" in now
    assert "週に1回届ける。" not in now
    assert "第2版（案）" in draft
    assert "週に1回届ける。" in draft
    assert "前の版（第1版）からの変更" in draft
    assert named == now


@pytest.mark.parametrize("ask", ["agreement.pdf?version=9", "agreement.pdf?version=x", "agreement.pdf?version=-1",
                                 "sheet.pdf?version=1"])  # fmt: skip
def test_a_version_that_there_is_not_is_not_found(desk, ask):
    desk.open(amended)
    desk.paper(ask, 404)


def test_what_was_withdrawn_is_not_printed(desk):
    def lead(p: Partners) -> None:
        amended(p)
        draft = documents.find_draft(p.session, p.case, "agreement")
        documents.withdraw(p.session, p.npo_actor, p.case, draft, "やめる。", p.at)

    desk.open(lead)
    desk.paper("agreement.pdf?version=2", 404)
    assert "第1版（有効）" in desk.paper("agreement.pdf")


def test_a_version_that_was_in_force_is_told_from_a_draft_that_never_was(desk):
    def lead(p: Partners) -> None:
        p.bring("negotiation")
        p.draft_plan()
        p.accept("plan", p.npo_actor)
        p.indicator(name="二つ目")
        p.accept("plan")
        p.draft_agreement()
        p.indicator(name="三つ目")
        p.accept("plan")

    desk.open(lead)
    assert "第1版（旧案）" in desk.paper("plan.pdf?version=1")
    assert "第2版（旧版）" in desk.paper("plan.pdf?version=2")
    assert "第3版（有効）" in desk.paper("plan.pdf")


def test_an_agreement_is_printed_with_the_plan_to_which_it_refers(desk):
    def lead(p: Partners) -> None:
        p.bring("running")
        p.indicator(name="あとから加えた指標")
        p.accept("plan", *p.sides, p.coordinator)

    desk.open(lead)
    printed = desk.paper("agreement.pdf")
    assert "協働計画（第1版）" in printed
    assert "週に来る子どもの数" in printed
    assert "あとから加えた指標" not in printed
    assert "あとから加えた指標" in desk.paper("plan.pdf")


def test_every_version_is_printed_from_the_list_of_versions(desk):
    desk.open(amended)
    urls = [url for _text, url in visit(desk.npo, desk.path("agreement")).links if "agreement.pdf" in url]
    assert urls == [desk.path("papers/agreement.pdf?version=2"), desk.path("papers/agreement.pdf?version=1")]


def test_a_printed_plan_holds_its_arrows_and_all_facts_of_its_indicators(desk):
    desk.open(with_logic)
    printed = desk.paper("plan.pdf")
    for said in (
        "配送する→温かい夕食を食べる（実証されている）：続けて来るため",
        "受付の記録",
        "内訳の分け方年代",
        "5未満",
    ):
        assert said in printed


# ── Agreement ────────────────────────────────────────────────────────────────────────────────────────


def planned(p: Partners) -> None:
    """The plan is accepted, nothing of the agreement is written."""
    p.bring("negotiation")
    p.write_plan()


WORDS = {
    "commission": ("再委託", "検査", "著作権"), "shared_cost": ("割合", "精算"), "co_hosting": ("収支", "保険"),
    "subsidy": ("補助金交付要綱", "目的以外に使って", "返還"), "donation": ("使いみち", "受領証"),
    "pro_bono": ("時間を上限", "漏らさない", "成果物"), "memorandum": ("原因をつくった側",),
    "outcome_linked": ("成果指標", "支払条件", "第三者", "個人のデータ"),
}  # fmt: skip


@pytest.mark.parametrize("code", vocabulary.AGREEMENT_TYPES)
def test_each_type_of_agreement_begins_with_articles_of_its_own(desk, code):
    desk.open(planned)
    page = visit(desk.npo, desk.path("do/write_agreement"))
    page = visit(desk.npo, page.href(vocabulary.AGREEMENT_TYPES[code]))
    values = page.form(action="/do/write_agreement").values
    assert values["type"] == code
    text = "".join(str(value) for value in values.values())
    assert [word for word in WORDS[code] if word not in text] == []
    for name in ("costs", "liability", "rights", "privacy", "publication", "termination"):
        assert values[name].strip(), name


def test_a_blank_of_the_articles_is_filled_before_it_is_saved(desk):
    desk.open(planned)
    page = visit(desk.npo, desk.path("do/write_agreement?key=shared_cost"))
    filled = {"roles_company": "届ける", "roles_npo": "配る", "from_on": "2026-12-01", "to_on": "2027-03-31",
              "frequency": "none", "signer_company": "佐藤", "signer_npo": "鈴木", "purpose": "夕食"}  # fmt: skip
    refused = send(desk.npo, page, filled, status=422, action="/do/write_agreement")
    assert 'id="costs-error"' in refused.html
    costs = "企業50％、団体50％の割合で負担する。"
    send(desk.npo, page, {**filled, "costs": costs}, action="/do/write_agreement")
    printed = desk.paper("agreement.pdf")
    assert "（責任の分担）" in printed
    assert costs in printed


def test_an_agreement_from_before_the_article_of_liability_is_printed_without_it(desk):
    def lead(p: Partners) -> None:
        p.introduce()
        p.meet()
        p.write_plan()
        facts = p.agreement_facts()
        del facts["liability"]
        agreement_acts.draft(p.session, p.npo_actor, p.case, facts, p.at, version=None)

    desk.open(lead)
    assert "責任の分担" not in desk.paper("agreement.pdf")
    values = visit(desk.npo, desk.path("do/write_agreement")).form(action="/do/write_agreement").values
    assert "原因をつくった側" in values["liability"]


# ── Trying the payment out before signing ────────────────────────────────────────────────────────────


def outcome_drafted(p: Partners) -> None:
    """An outcome-linked agreement as a draft: 300,000 yen once 30 children come, or 1,000 for each beyond 20."""
    p.introduce()
    p.meet()
    p.write_plan({"linked_to_payment": True}, {"linked_to_payment": True, "name": "年の回数"})
    first = p.outcome()["rules"][0]
    second = {
        **first,
        "key": "P2",
        "indicator": "I2",
        "shape": "per_unit",
        "points": [[20, 1000]],
        "cap_yen": 90_000,
    }
    p.draft_agreement(type="outcome_linked", outcome=p.outcome(first, second, fixed={"2026": 5_000}))


def test_a_drafted_contract_is_tried_out_before_anybody_signs(desk):
    desk.open(outcome_drafted)
    page = visit(desk.company, visit(desk.company, desk.path("agreement")).href("この条件で支払額を試算する"))
    said = "".join(page.text.split())
    assert "協定の案による試算です" in said
    assert "目標どおり30→300,000円30→10,000円5,000円315,000円" in said
    assert "支払額を計算する" not in said
    assert desk.path("payment") in [url for _text, url in page.links]


def test_a_value_of_ones_own_stands_under_the_rule_for_which_it_was_typed(desk):
    desk.open(outcome_drafted)
    said = "".join(visit(desk.npo, desk.path("payment?P2=50")).text.split())
    assert "入力した値なし50→30,000円5,000円35,000円" in said


def test_a_value_that_the_indicator_cannot_have_is_refused_on_every_page(desk):
    desk.open(outcome_drafted)
    tried = visit(desk.npo, desk.path("payment?P2=-3"))
    assert "0より小さい値にはなりません。" in tried.text
    assert "入力した値" not in "".join(tried.text.split())
    page = visit(desk.npo, desk.path("do/save_rule?key=P1"))
    refused = send(desk.npo, page, {"points": "30.5：300000"}, status=422, action="/do/save_rule")
    assert 'id="points-error"' in refused.html
    assert "30.5：300000" in refused.html
    assert "人数・件数・回数・食数は整数で" in refused.text


def test_a_draft_without_usable_rules_says_so(desk):
    def lead(p: Partners) -> None:
        p.introduce()
        p.meet()
        p.write_plan({"linked_to_payment": True})
        p.draft_agreement(type="outcome_linked", outcome={**p.outcome(), "rules": []})

    desk.open(lead)
    assert "支払いの条件がまだないため、試算できません。" in visit(desk.npo, desk.path("payment")).text


def test_a_rule_whose_indicator_left_the_plan_does_not_stop_the_others(desk):
    def lead(p: Partners) -> None:
        outcome_drafted(p)
        plans.remove_indicator(p.session, p.npo_actor, p.case, "I2", p.at, version=None)
        p.accept("plan")

    desk.open(lead)
    said = "".join(visit(desk.npo, desk.path("payment")).text.split())
    assert "目標どおり30→300,000円5,000円305,000円" in said


def test_a_running_contract_shows_its_payments_and_tries_its_amendment_out_when_asked(desk):
    def lead(p: Partners) -> None:
        p.contracted()
        rule = {**p.outcome()["rules"][0], "points": [[30, 200_000]]}
        p.draft_agreement(type="outcome_linked", outcome=p.outcome(rule), why_changed="財源のため。")

    desk.open(lead)
    page = visit(desk.npo, desk.path("payment"))
    assert "協定の案による試算です" not in page.text
    tried = visit(desk.npo, page.href("協定の変更の案で試算する"))
    assert "目標どおり30→200,000円" in "".join(tried.text.split())
    assert tried.form(button=None).values["of"] == "draft"


def test_a_rule_that_cannot_be_calculated_is_refused_at_its_field(desk):
    desk.open(outcome_drafted)
    page = visit(desk.npo, desk.path("do/save_rule?key=P1"))
    refused = send(desk.npo, page, {"points": ""}, status=422, action="/do/save_rule")
    assert 'id="points-error"' in refused.html


def test_a_value_of_a_payment_table_is_in_the_unit_of_its_indicator(desk):
    desk.open(outcome_drafted)
    page = visit(desk.npo, desk.path("do/save_rule?key=P1"))
    refused = send(desk.npo, page, {"points": "三十%：300000"}, status=422, action="/do/save_rule")
    assert 'id="points-error"' in refused.html
    assert "単位の欄が違います" in refused.text
