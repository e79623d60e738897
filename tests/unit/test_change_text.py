"""What differs between two versions of a document: every changed fact is a row with its words before and after."""

import pytest

from matcher.ground import vocabulary
from tests.partners import INDICATOR
from webapp import change_text, public_text

FIRST = {"key": "I1", **INDICATOR, "measure_on": ["2027-03-31"]}
PLAN = {
    "purpose": "夕食を囲む",
    "logic": {"resource": ["食品"], "activity": ["配送", "調理"], "early": ["温かい夕食"]},
    "links": [{"source": "resource0", "target": "activity0", "evidence": "hypothesis", "assumption": ""}],
    "indicators": [FIRST],
    "milestones": [{"text": "ふり返り", "on": "2027-01-10"}, {"text": "試食会", "on": "2027-02-01"}],
    "lessons": ["a" * 32],
}
RULE = {
    "key": "P1", "indicator": "I1", "cap_yen": 300_000, "shape": "threshold", "points": [[30, 300_000]],
    "measured_on": "2027-03-31", "fiscal_year": 2026, "direction": "up", "floor_yen": 0, "rounding": 1,
}  # fmt: skip
CONTRACT = {
    "provider": "npo", "evaluator": "city", "budget_cap_yen": 500_000, "rules": [RULE], "fixed": {},
    "year_limits": {},
}  # fmt: skip
VIEW = {
    "title": "夕食を囲む", "summary": "毎週の夕食会。", "company": "店", "npo": "会", "support_type": "food",
    "fields": [3], "areas": [],
}  # fmt: skip


def plan(**facts):
    return {**PLAN, **facts}


def changed(**facts):
    """The rows of a plan whose only indicator has other facts."""
    return change_text.changes(PLAN, plan(indicators=[{**FIRST, **facts}]))


@pytest.mark.parametrize(
    ("fact", "value", "label", "before", "after"),
    [
        ("name", "月に来る子ども", "指標の名前", "週に来る子どもの数", "月に来る子ども"),
        ("definition", "延べ人数", "定義", "1週間に来た子どもの実人数", "延べ人数"),
        ("kind", "output", "種類", "成果（アウトカム）", "結果（アウトプット）"),
        ("unit", "件", "単位", "人", "件"),
        ("direction", "down", "望ましい変化の向き", "増えるほどよい", "減るほどよい"),
        ("baseline", 21.0, "基準値", "20人", "21人"),
        ("baseline_on", "2026-12-01", "基準値を測った日（測る日）", "（なし）", "令和8年12月1日"),
        ("target", 25.0, "目標の値", "30人", "25人"),
        ("target_on", "2027-03-31", "目標の日", "（なし）", "令和9年3月31日"),
        ("method", "self_report", "測り方", "記録の集計", "自己申告・アンケート"),
        ("measure_on", ["2027-04-30"], "測る日", "令和9年3月31日", "令和9年4月30日"),
        ("measurer", "company", "だれが測るか", "団体", "企業"),
        ("evidence", "名簿", "根拠になる資料", "受付の記録", "名簿"),
        ("axis", "area", "内訳の分け方", "年代", "地区"),
        ("min_cell", 10, "内訳を非表示にする数", "5未満", "10未満"),
        ("linked_to_payment", True, "支払いとの連動", "連動させない", "連動させる"),
        ("is_public", False, "実績の公表", "公表してよい", "公表しない"),
        ("shared", "K-1", "市の共通指標", "（なし）", "K-1"),
        ("node", "early0", "ロジックモデルのどれを測るか", "（なし）", "温かい夕食"),
    ],
)
def test_every_changed_fact_of_an_indicator_is_a_row(fact, value, label, before, after):
    rows = changed(**{fact: value})
    assert (label, before, after) in [(name.split("：")[-1], old, new) for name, old, new in rows]
    assert all(name.startswith("指標I1「") for name, _old, _new in rows)


def test_every_fact_that_a_plan_keeps_of_an_indicator_is_compared():
    kept = set(FIRST) - {"key"}
    other = {
        "name": "別", "definition": "別", "unit": "件", "kind": "output", "direction": "down", "baseline": 1.0,
        "baseline_on": "2026-12-01", "target": 1.0, "target_on": "2026-12-01", "method": "other",
        "measurer": "city", "evidence": "別", "axis": "sex", "min_cell": 10, "linked_to_payment": True,
        "is_public": False, "shared": "K", "measure_on": ["2026-12-01"],
    }  # fmt: skip
    assert set(other) == kept
    assert [fact for fact in kept if not changed(**{fact: other[fact]})] == []


def test_an_indicator_that_came_or_went_is_told_with_all_its_facts():
    second = {**FIRST, "key": "I2", "name": "二つ目", "definition": "別の定義"}
    ((name, before, after),) = change_text.changes(PLAN, plan(indicators=[FIRST, second]))
    assert (name, before) == ("指標I2「二つ目」（追加）", "（なし）")
    assert "別の定義" in after
    assert "受付の記録" in after
    ((name, before, after),) = change_text.changes(plan(indicators=[FIRST, second]), PLAN)
    assert (name, after) == ("指標I2「二つ目」（取りやめ）", "（なし）")
    assert "別の定義" in before


def test_entries_of_the_logic_model_are_matched_by_their_keys_also_in_plans_without_them():
    logic = {
        "resource": [{"key": "resource0", "text": "食品と車"}],
        "activity": [{"key": "activity1", "text": "調理"}, {"key": "activity0", "text": "配送"}],
        "early": [{"key": "early1", "text": "笑顔"}],
    }
    rows = change_text.changes(PLAN, plan(logic=logic))
    assert rows == [
        ("ロジックモデル・資源（変更）", "食品", "食品と車"),
        ("ロジックモデル・活動（並び順）", "配送、調理", "調理、配送"),
        ("ロジックモデル・初期成果（取りやめ）", "温かい夕食", "（なし）"),
        ("ロジックモデル・初期成果（追加）", "（なし）", "笑顔"),
    ]


def test_a_plan_that_only_got_keys_has_not_changed():
    keyed = {
        kind: [{"key": f"{kind}{place}", "text": text} for place, text in enumerate(texts)]
        for kind, texts in PLAN["logic"].items()
    }
    assert change_text.changes(PLAN, plan(logic=keyed)) == []


def test_a_link_that_came_went_or_became_surer_is_a_row_each():
    other = {"source": "activity0", "target": "early0", "evidence": "proven", "assumption": "食べると続く"}
    rows = change_text.changes(PLAN, plan(links=[other]))
    assert rows == [
        ("つながり「食品」→「配送」（取りやめ）", "確かさ：仮説", "（なし）"),
        (
            "つながり「配送」→「温かい夕食」（追加）",
            "（なし）",
            "確かさ：実証されている\nそう考える理由：食べると続く",
        ),
    ]
    surer = [{**PLAN["links"][0], "evidence": "proven"}]
    assert change_text.changes(PLAN, plan(links=surer)) == [
        ("つながり「食品」→「配送」：確かさ", "仮説", "実証されている")
    ]


def test_milestones_are_told_one_by_one():
    steps = [
        {"text": "ふり返り", "on": "2027-01-20"},
        {"text": "試食と見学の会", "on": "2027-02-01"},
        {"text": "報告会", "on": "2027-03-01"},
    ]
    assert change_text.changes(PLAN, plan(milestones=steps)) == [
        ("節目（変更）", "令和9年1月10日 ふり返り", "令和9年1月20日 ふり返り"),
        ("節目（変更）", "令和9年2月1日 試食会", "令和9年2月1日 試食と見学の会"),
        ("節目（追加）", "（なし）", "令和9年3月1日 報告会"),
    ]
    assert change_text.changes(PLAN, plan(milestones=PLAN["milestones"][:1])) == [
        ("節目（取りやめ）", "令和9年2月1日 試食会", "（なし）")
    ]


def test_lessons_are_told_with_their_texts():
    texts = {"a" * 32: "前の週に決める。", "b" * 32: "土曜の朝に運ぶ。"}
    assert change_text.changes(PLAN, plan(lessons=["b" * 32]), texts) == [
        ("生かす学び（取りやめ）", "前の週に決める。", "（なし）"),
        ("生かす学び（追加）", "（なし）", "土曜の朝に運ぶ。"),
    ]


@pytest.mark.parametrize(
    ("fact", "value", "label", "before", "after"),
    [
        ("indicator", "I2", "指標", "I1", "I2"),
        ("points", [[31, 300_000]], "値と金額", "30以上：300,000円", "31以上：300,000円"),
        ("cap_yen", 200_000, "上限額", "300,000円", "200,000円"),
        ("floor_yen", 1_000, "下限額", "（なし）", "1,000円"),
        ("rounding", 1000, "端数の切り捨て", "1円未満", "1,000円未満"),
        ("measured_on", "2027-04-30", "支払いのもとになる測定の日", "令和9年3月31日", "令和9年4月30日"),
        ("fiscal_year", 2027, "支払う年度", "令和8年度", "令和9年度"),
    ],
)
def test_every_changed_fact_of_a_payment_rule_is_a_row(fact, value, label, before, after):
    rows = change_text.changes(
        {"outcome": CONTRACT}, {"outcome": {**CONTRACT, "rules": [{**RULE, fact: value}]}}
    )
    assert rows == [(f"支払いの条件P1：{label}", before, after)]


def test_the_frame_of_a_contract_is_told_line_by_line():
    after = {**CONTRACT, "budget_cap_yen": 600_000, "fixed": {"2026": 100_000}, "rules": []}
    rows = change_text.changes({"outcome": CONTRACT}, {"outcome": after})
    assert ("支払いの上限額", "500,000円", "600,000円") in rows
    assert ("令和8年度の固定部分", "（なし）", "100,000円") in rows
    assert [name for name, _old, new in rows if new == "（なし）"] == ["支払いの条件P1（取りやめ）"]


def test_what_a_public_page_would_show_otherwise_is_told_part_by_part():
    report = {"narrative": "続いた。", "next_step": ""}
    before = {"fields": ["purpose"], "view": {**VIEW, "purpose": "夕食を囲む"}}
    after = {"fields": ["report"], "view": {**VIEW, "title": "夕食の会", "report": report}}
    assert change_text.changes(before, after) == [
        ("公表する項目（取りやめ）", "目的と計画", "（なし）"),
        ("公表する項目（追加）", "（なし）", "成果報告の本文"),
        ("公開ページ・題名", "夕食を囲む", "夕食の会"),
        ("公開ページ・目的", "夕食を囲む", "（なし）"),
        ("公開ページ・成果報告", "（なし）", "続いた。"),
    ]


def test_a_new_value_on_a_public_page_is_told_with_its_day_and_cells():
    row = {
        "name": "人数", "definition": "実人数", "unit": "人", "direction": "up", "kind": "outcome",
        "baseline": 20.0, "target": 30.0, "is_retired": False, "points": [],
    }  # fmt: skip
    point = {"on": "2027-03-31", "value": 31.0, "breakdown": {"小学生": 21.0, "中学生": None}}
    ((name, before, after),) = change_text.changes(
        {"view": {**VIEW, "indicators": [row]}},
        {"view": {**VIEW, "indicators": [{**row, "points": [point]}]}},
    )
    assert name == "公開ページ・指標の目標と実績「人数」：測定の結果"
    assert (before, after) == ("（なし）", "令和9年3月31日：31人（小学生：21、中学生：少数のため非表示）")


def test_every_part_that_can_be_published_has_words():
    view = {
        **VIEW,
        "fiscal_year": 2026,
        "agreement": {"type": "memorandum", "from_on": "2026-12-01", "to_on": "2027-03-31"},
        "contributions": [
            {"giver": "npo", "support_type": "food", "quantity": 5.0, "unit": "kg", "times": 2, "yen": 900}
        ],
        "payments": [{"what": "人数", "yen": 300_000, "formula": "", "fiscal_year": 2026}],
        "setbacks": "雪の日。",
        "evaluation": {
            "scores": [
                {
                    "rater": "npo", "about": "city", "declined": False,
                    "scores": dict.fromkeys(vocabulary.EVALUATION_ITEMS, 4),
                },
                {"rater": "company", "about": "city", "declined": True, "scores": {}},
            ],
            "remaining": [],
        },
        "voices": [{"beneficiary": "children", "people": 9, "text": "おいしい。"}],
        "lessons": ["前の週に決める。"],
        "milestones": PLAN["milestones"],
        "logic": {"columns": PLAN["logic"], "links": PLAN["links"]},
    }  # fmt: skip
    rows = change_text.changes({"view": VIEW}, {"view": view})
    words = "\n".join(f"{name}｜{after}" for name, _before, after in rows)
    assert "{" not in words, "no raw record may be shown"
    for said in ("覚書\n令和8年12月1日から", "5kg（2回） 900円", "人数：300,000円", "進み具合の管理 4", "回答なし",
                 "おいしい。", "前の週に決める。", "試食会", "つながり「食品」→「配送」"):  # fmt: skip
        assert said in words
    assert change_text.changes({"view": view}, {"view": view}) == []


def test_published_links_keep_their_reasons_where_they_were_not_shown():
    logic = {
        "columns": PLAN["logic"],
        "links": [{**PLAN["links"][0], "assumption": "人手があれば続く"}],
    }
    assert public_text.public_links(logic) == ["食品 → 配送（仮説）"]
    assert public_text.public_links({**logic, "with_reasons": True}) == [
        "食品 → 配送（仮説）：人手があれば続く"
    ]
