"""Questions on a need as a company, the NPO, residents and the city meet them on their pages."""

import re

import pytest

from matcher.register import folding
from tests.factories import make_company, make_coordinator, make_need, make_npo, make_user
from tests.web.conftest import login_as
from tests.web.pages import send, visit


@pytest.fixture
def town(records, new_client):
    with records.write() as session:
        npo = make_npo(session, name="浜のごはん会")
        companies = [make_company(session, name=name) for name in ("株式会社みおフーズ", "有限会社ほかの店")]
        need = make_need(session, npo, title="夏休みの米")
        need.search_text = folding.text_of_posting(need)
        people = {
            "owner": make_user(session, npo), "officer": make_user(session, companies[0], name="髙橋 誠"),
            "other": make_user(session, companies[1]), "city": make_coordinator(session),
        }  # fmt: skip
    found = {name: login_as(new_client(), user) for name, user in people.items()}
    return {**found, "stranger": new_client(), "need": need}


def ask(town, text="何時ごろに届けるとよいですか。", status=302):
    url = f"/company/needs/{town['need'].public_id}"
    page = visit(town["officer"], visit(town["officer"], url).href("このニーズについて質問する"))
    return send(town["officer"], page, {"text": text}, button="質問を送る", status=status)


def answer(town, status=302, **typed):
    page = visit(town["owner"], visit(town["owner"], f"/npo/needs/{town['need'].public_id}").href("回答する"))
    return send(town["owner"], page, typed, button="この内容で決定する", status=status)


def pages(town):
    number = town["need"].public_id
    return {
        "stranger": f"/needs/{number}", "officer": f"/company/needs/{number}", "other": f"/company/needs/{number}",
        "owner": f"/npo/needs/{number}", "city": f"/desk/needs/{number}",
    }  # fmt: skip


def test_an_answer_is_read_by_all_and_who_asked_by_the_city_alone(town):
    ask(town)
    seen = {who: visit(town[who], url).text for who, url in pages(town).items()}
    assert {who for who, text in seen.items() if "何時ごろに届ける" in text} == {"officer", "owner", "city"}
    answer(town, decision="answer", shown_text="いつ届けるとよいですか。", answer="水曜の3時です。")
    for who, url in pages(town).items():
        page = visit(town[who], url)
        assert "いつ届けるとよいですか。" in page.text, who
        assert "水曜の3時です。" in page.text, who
        if who in {"stranger", "other", "owner"}:
            assert "みおフーズ" not in page.html, who
            assert "髙橋" not in page.html, who
    assert "株式会社みおフーズ" in visit(town["city"], pages(town)["city"]).text
    assert "質問に回答しました" in visit(town["owner"], pages(town)["owner"]).text


def test_the_home_page_of_the_npo_asks_for_each_answer_until_it_is_given(town):
    ask(town)
    ask(town, "何曜日に届けるとよいですか。")
    home = visit(town["owner"], "/npo")
    assert "「夏休みの米」への質問に回答する" in home.text
    assert "（ほかに1件）" in home.text
    for _ in range(2):
        page = visit(town["owner"], visit(town["owner"], "/npo").href("質問を読む"))
        send(
            town["owner"],
            page,
            {"decision": "answer", "answer": "水曜の3時です。"},
            button="この内容で決定する",
        )
    assert "への質問に回答する" not in visit(town["owner"], "/npo").text


def test_personal_data_is_refused_at_the_field_and_what_was_typed_is_kept(town):
    page = ask(town, "090-1234-5678に電話をください。", status=422)
    assert page.form(button="質問を送る").values["text"].strip() == "090-1234-5678に電話をください。"
    ask(town)
    page = answer(town, 422, decision="answer", answer="taro@people.example へどうぞ。")
    assert "taro@people.example へどうぞ。" in page.html


@pytest.mark.parametrize(
    ("typed", "wrong", "says"),
    [
        ({"decision": "answer", "answer": ""}, "answer", "回答を入力してください。"),
        ({"decision": "answer", "answer": "3時", "shown_text": ""}, "shown_text", "公開する質問の文を"),
        ({"decision": "refuse"}, "refuse_reason", "回答しない理由を選んでください。"),
        ({"decision": "refuse", "refuse_reason": "other"}, "refuse_text", "理由の説明を入力してください。"),
        ({"decision": "merge", "other": ""}, "other", "まとめる先の質問を選んでください。"),
    ],
)
def test_what_the_chosen_answer_wants_is_marked_and_said_beside_its_field(town, typed, wrong, says):
    ask(town)
    ask(town, "何曜日に届けるとよいですか。")
    page = answer(town, 422, **typed)
    assert re.search(rf'id="{wrong}-error">.*?{says}', page.html, re.DOTALL)
    branches = re.findall(r'<div class="branch">(.*?)(?=<div class="branch">|</fieldset>\s*<div class="actions)',
        page.html, re.DOTALL)  # fmt: skip
    assert len(branches) == 3
    chosen = [one for one in branches if f'id="{wrong}-error"' in one]
    assert len(chosen) == 1
    assert re.search(r'type="radio"[^>]*name="decision"[^>]* checked', chosen[0])
    optional = [label for label, marker in re.findall(r">([^<>]+)<span class=\"optional\">(任意)", page.html)]
    assert optional == ["理由の説明"]


def test_a_refusal_is_read_with_its_reason_by_who_asked_and_by_nobody_else(town):
    ask(town)
    answer(town, decision="refuse", refuse_reason="other", refuse_text="市の窓口で伺います。")
    seen = {who for who, url in pages(town).items() if "市の窓口で伺います。" in visit(town[who], url).text}
    assert {"officer", "city"} <= seen
    assert not {"stranger", "other"} & seen


def test_a_second_question_may_be_put_with_the_first(town):
    ask(town)
    alone = visit(town["owner"], visit(town["owner"], "/npo").href("質問を読む"))
    assert set(alone.form(button="この内容で決定する").choices["decision"]) == {"answer", "refuse"}
    ask(town, "何曜日に届けるとよいですか。")
    page = visit(town["owner"], f"/npo/needs/{town['need'].public_id}")
    links = [url for text, url in page.links if text == "回答する"]
    second = visit(town["owner"], links[1])
    target = next(one for one in second.form(button="この内容で決定する").choices["other"] if one)
    send(town["owner"], second, {"decision": "merge", "other": target}, button="この内容で決定する")
    assert "ほかの質問にまとめました" in visit(town["officer"], pages(town)["officer"]).text
    visit(town["owner"], links[0])


def test_who_comes_late_is_told_so_and_keeps_what_was_typed(town):
    ask(town)
    page = visit(town["owner"], visit(town["owner"], pages(town)["owner"]).href("回答する"))
    typed = {"decision": "answer", "shown_text": "いつですか。", "answer": "3時です。"}
    answer(town, **typed)
    late = send(town["owner"], page, typed | {"answer": "4時です。"}, button="この内容で決定する", status=409)
    assert "ほかの方が先に対応しました" in late.text
    assert "4時です。" in late.html


def test_a_closed_need_takes_no_questions(town, records):
    with records.write() as session:
        found = session.get(type(town["need"]), town["need"].id)
        found.state = "paused"
    visit(town["officer"], f"/company/needs/{town['need'].public_id}/ask", 404)


def test_the_city_has_a_list_of_questions_with_who_asked(town):
    ask(town)
    page = visit(town["city"], "/desk/questions?state=asked")
    assert "㈱みおフーズ" in page.text
    assert "何時ごろに届けるとよいですか。" in page.text
    assert "条件に合う質問はありません" in visit(town["city"], "/desk/questions?late=yes").text
