"""Notices and mails are kept as codes and facts, and read as sentences."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from matcher import migrations
from matcher.records import Mail, Notice
from matcher.register import notices, outbox, sentences, wording, wording_registration, wording_work
from tests import told
from tests.factories import make_company, make_need, make_npo, make_user

#: A fact of each name that any words use.
FACTS = {
    "question": "何時ごろがよいですか。", "answer": "3時です。", "asked": "何時ですか。", "refuse_code": "said",
    "number": "E-2026-0001", "company": "みどり商店", "npo": "浜のごはん会", "need_title": "お米", "need_number": "N-2026-0001",
    "support_type": "food", "quantity": 1200.5, "unit": "kg", "asker": "みどり商店", "origin": "company",
    "message": "よろしく。", "reason": "理由の文。", "until": "2026-11-30", "who": "浜のごはん会", "days": 3,
    "posting": "need", "title": "お米", "became": "filled", "reason_code": "mistake", "kind": "npo",
    "city": "澪原市", "section": "市民協働推進課", "phone": "0000-00-0000", "organization": "浜のごはん会",
    "link": "https://x.example/activate/1", "until_at": "2026-11-30T14:05+09:00", "login": "https://x.example/login",
    "forgot": "https://x.example/reset", "on": "2026-11-30", "line": "12 ab cd",
    "from_who": "佐藤", "to_who": "鈴木", "note": "", "count": 2, "cases": [["E-2026-0001", "みどり商店", "浜のごはん会"]],
    "organization_name": "みどり商店", "bar": "middle", "searches": [{"name": "資金"}], "shown": 9, "opened": 3,
    "causes": ["timing", "no_return"],
    "listed": [
        {
            "title": "お米", "organization": "浜のごはん会", "areas": ["中央"], "from": "2026-12-01", "to": "",
            "level": "high", "own_need": "",
        }
    ],
}  # fmt: skip


@pytest.mark.parametrize("code", [*wording.WORDS, *wording_registration.WORDS, *wording_work.WORDS])
def test_every_code_is_said_of_facts_that_a_database_keeps(code):
    subject, body = sentences.say(code, json.loads(json.dumps(FACTS)))
    assert subject.startswith("【縁むすび】")
    for part in (subject, body):
        assert "{" not in part
        assert "None" not in part


@pytest.mark.parametrize("code", list(wording_work.EVENTS))
def test_every_event_of_a_case_is_said_even_where_a_fact_is_missing(code):
    facts = {"number": "E-2026-0001", "company": "みどり商店", "npo": "浜のごはん会", "facts": {}}
    subject, body = sentences.say(code, facts)
    assert subject.endswith("（E-2026-0001）")
    assert "企業：みどり商店\n団体：浜のごはん会" in body
    assert "{" not in subject + body


@pytest.mark.parametrize(
    ("code", "facts", "said"),
    [
        ("case_message", {"who": wording.CITY}, "市の担当からの連絡"),
        ("case_message", {"who": "市の担当会"}, "市の担当会さまからの連絡"),
        ("case_reminder", {"days": 3}, "期限は11月30日です"),
        ("case_started", {"quantity": 1200.5}, "支援の内容：食品　1,200.5kg"),
        ("case_started", {"quantity": None}, "支援の内容：食品\n"),
        ("case_started", {"need_number": ""}, "団体：浜のごはん会\n支援の内容"),
        ("posting_withdrawn_by_city", {"reason": ""}, "理由：間違えて送った\n"),
        ("question_refused", {"reason": ""}, "理由：ニーズの本文に書いてあるため\n"),
        ("password_link", {}, "11月30日14時05分まで"),
        ("audit_head", {}, "（2026年11月30日）"),
        ("fits_digest", {}, "1. お米\n   浜のごはん会／中央／2026年12月1日から／適合度 高\n\nほか1件"),
        (
            "fits_digest",
            {},
            "お知らせの条件：登録の内容に合うもの（適合度が「中」以上）、保存した条件「資金」",
        ),
        ("need_unanswered", {}, "・企業へのお返しが書かれていません。活動の報告や見学など、"),
        ("handover_received", {"count": 3}, "浜のごはん会\nほか2件"),
        ("handover_received", {"deputy_is_unable": True}, "なし（予定していた人は、いま担当できません）"),
        ("handover_received", {"deputy": "高橋"}, "代理：高橋さん"),
    ],
)
def test_facts_are_put_into_words(code, facts, said):
    assert said in "\n".join(sentences.say(code, FACTS | facts))


@pytest.mark.parametrize(
    ("event", "facts", "said"),
    [
        ("amended", {"document": "agreement", "number": 2}, "協定の変更（第2版）が決まりました。"),
        ("amended", {"document": "plan", "number": 3}, "協働計画の変更（第3版）が決まりました。"),
        (
            "incident",
            {"who": "みどり商店", "happened_on": "2026-11-03"},
            "みどり商店が、11月3日に起きたトラブルを",
        ),
        (
            "measured_other",
            {"who": "A", "what": "plan", "checker": wording.CITY},
            "市の担当が根拠を確かめます。",
        ),
        # As they were kept before: in words.
        ("amended", {"what": "協定", "number": 2}, "協定の変更（第2版）が決まりました。"),
        ("incident", {"who": "みどり商店", "what": "11月3日"}, "みどり商店が、11月3日に起きたトラブルを"),
    ],
)
def test_facts_of_an_event_are_put_into_words(event, facts, said):
    case = {"number": "E-2026-0001", "company": "みどり商店", "npo": "浜のごはん会"}
    assert said in sentences.say(event, case | {"facts": facts})[1]


def test_the_city_is_named_in_the_readers_language():
    case = {"number": "E-2026-0001", "company": "みどり商店", "npo": "浜のごはん会"}
    facts = {"who": wording.CITY, "what": "A", "checker": wording.CITY}
    said = sentences.say(
        "measured_other", case | {"facts": facts}, lambda text: "the city" if text == wording.CITY else text
    )
    assert "the cityが「A」の測定の結果を提出しました。\n" in said[1]
    assert "the cityが根拠を確かめます。" in said[1]


def test_words_are_looked_up_in_the_readers_language():
    asked = []

    def translate(text):
        asked.append(text)
        return text.replace("ご利用を再開しました", "Welcome back")

    assert sentences.say("organization_reinstated", {"who": "A"}, translate)[0] == "【縁むすび】Welcome back"
    assert all("A" not in text for text in asked), "what is looked up holds no facts"


def test_braces_and_line_breaks_in_what_people_typed_stay_text():
    subject, body = sentences.say("organization_suspended", {"who": "A", "reason": "{who} {0} %(x)s"})
    assert "{who} {0} %(x)s" in body
    subject, _body = sentences.say("organization_submitted", {"kind": "npo", "who": "里山\r\nBcc: x"})
    assert "\n" not in subject
    assert "\r" not in subject


def test_what_is_kept_names_no_sentence_and_stays_as_it_was(session, now):
    company, npo = make_company(session), make_npo(session)
    need = make_need(session, npo)
    user = make_user(session, npo)
    notices.tell_users(session, [user], *wording.posting_submitted(need, npo.name), now)
    (row,) = session.scalars(select(Notice))
    assert (row.code, row.subject, row.body) == ("posting_submitted", "", "")
    before = told.of(row)
    npo.name, need.title = "新しい名の会", "新しい件名"
    session.flush()
    assert told.of(row) == before
    assert company.name not in before.body


def test_what_was_written_before_keeps_its_sentence(session, now):
    user = make_user(session, make_npo(session), notify="daily")
    session.add(Notice(user_id=user.id, created_at=now, subject="昔の件名", body="昔の本文"))
    notices.tell_users(session, [user], *told.letter("今の本文"), now + timedelta(minutes=1))
    assert told.notices(session)[0].subject == "昔の件名"
    notices.make_digests(session, now + timedelta(days=1))
    (mail,) = told.mails(session)
    assert mail.subject == "【縁むすび】お知らせのまとめ（2件）"
    assert "■ 昔の件名\n昔の本文\n\n■ 【縁むすび】登録の内容" in mail.body


def test_a_link_that_was_sent_is_in_no_fact_any_more(session, now):
    office = wording_registration.Office("澪原市", "市民協働推進課", "0000")
    said = wording_registration.password_link(office, "佐藤", "https://x.example/reset/secret", now)
    notices.send_mail(session, "a@x.example", *said, now, key="link-1")
    (mail,) = session.scalars(select(Mail))
    assert "secret" in told.of(mail).body
    assert outbox.has_text(mail)
    outbox.note_sent(session, mail.id, now)
    assert "secret" not in json.dumps(mail.facts)
    assert told.of(mail).subject == "【縁むすび】パスワードの再設定（澪原市）"
    assert not outbox.has_text(mail)


def test_going_back_writes_the_sentences_and_coming_again_keeps_them(database, now):
    with database.write() as session:
        user = make_user(session, make_npo(session))
        notices.tell_users(session, [user], *told.letter("会則をお送りください。"), now)
        before = [tuple(one[1:]) for one in (*told.notices(session), *told.mails(session))]
    migrations.downgrade(database, "0008")
    with database.read() as session:
        rows = [*session.execute(text("select subject, body from notice"))]
        rows += session.execute(text("select subject, body from mail"))
        assert [tuple(row) for row in rows] == before
    migrations.upgrade(database)
    with database.read() as session:
        assert [tuple(one[1:]) for one in (*told.notices(session), *told.mails(session))] == before
