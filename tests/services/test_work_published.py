"""The public page and its comments, and the bundle for disclosure."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from matcher.agreements import plans
from matcher.cases import answering, documents, talks, turns
from matcher.desk import disclosure
from matcher.ground import calendar, vocabulary
from matcher.ground.errors import NotFound, Refused, TooMany
from matcher.records import (
    AuditEvent,
    Partnership,
    PeriodReport,
    User,
)
from matcher.register import snapshots
from matcher.results import (
    closing,
    comments,
    drafted,
    publication,
)
from matcher.work import contributions, reports
from matcher.work import reads as work_reads
from tests.partners import Partners
from tests.services.results import (
    _disclosed,
    approved,
    close,
    comment,
    confirm_gift,
    draft_page,
    give,
    lesson,
    published,
    quarter_over,
    quarter_submitted,
    review,
    review_report,
    stale_figures,
    submit,
    third,
    treat,
    unpublish,
    voice,
    write,
)

_FRAME = {"title", "summary", "company", "npo", "support_type", "fields", "areas", "fiscal_year"}


_FIELD_KEYS = {
    "purpose": {"purpose", "milestones"}, "agreement": {"agreement"}, "changes": {"changes"}, "logic": {"logic"},
    "interim": {"interim"},
    "indicators": {"indicators"}, "contributions": {"contributions"}, "money": {"payments"}, "report": {"report"},
    "setbacks": {"setbacks"}, "evaluation": {"evaluation"}, "lessons": {"lessons"}, "voices": {"voices"},
}  # fmt: skip


@pytest.mark.parametrize("field", vocabulary.PUBLIC_FIELDS)
def test_a_page_holds_the_chosen_field_and_nothing_else(partners, session, field):
    partners.bring("evaluated")
    view = publication.compose(session, partners.case, "題", "紹介", [field])
    assert set(view) - _FRAME == _FIELD_KEYS[field]


def test_a_page_needs_all_three_and_may_be_taken_off_by_any(partners, session):
    partners.bring("running")
    draft_page()(partners)
    partners.accept("publication", *partners.sides)
    with pytest.raises(NotFound):
        publication.get_published(session, partners.case.public_id)
    partners.accept("publication", partners.coordinator)
    assert publication.get_published(session, partners.case.public_id)[1].content["view"]["title"] == "題"
    unpublish("company_actor")(partners)
    with pytest.raises(NotFound):
        publication.get_published(session, partners.case.public_id)
    assert publication.published(session) == []


def _parts_to_renew(p: Partners) -> list[str]:
    """The parts of the page, as the step names them."""
    steps = turns.steps(p.session, p.case, p.at)
    codes = [step.about for step in steps if step.kind == "publication_outdated"]
    return ["、".join(vocabulary.PAGE_PARTS[code] for code in about.split(",")) for about in codes]


def test_a_page_of_the_plan_alone_does_not_stand_for_the_end(partners, session):
    partners.bring("agreed")
    partners.publish("purpose")
    partners.start()
    partners.end()
    assert publication.outdated(session, partners.case) == ()
    partners.later(days=1)
    partners.report()
    assert publication.outdated(session, partners.case) == ("outcome",)
    assert _parts_to_renew(partners) == ["成果報告のあとの、公表する項目の見直し"]
    partners.later(days=1)
    partners.publish("purpose")
    assert publication.outdated(session, partners.case) == (), "the three chose again, and chose the same"


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        (("evaluation",), "evaluation"), (("lessons",), "lessons"), (("voices",), "voices"),
        (("purpose",), "frame"),
    ],
)  # fmt: skip
def test_what_changed_since_makes_that_part_of_the_page_outdated(partners, session, fields, part):
    partners.bring("reported")
    partners.publish(*fields)
    assert publication.outdated(session, partners.case) == ()
    voice()(partners)
    partners.evaluate()
    lesson()(partners)
    if part == "frame":
        partners.company.name = "新しい社名"
    assert publication.outdated(session, partners.case) == (part,)


def test_figures_that_came_later_close_only_with_a_new_page_or_a_reason(partners, session):
    stale_figures(partners)
    assert closing.obstacle(session, partners.case) == "publication_outdated"
    assert _parts_to_renew(partners) == ["相互評価と第三者評価の点数"]
    unpublish()(partners)
    assert closing.obstacle(session, partners.case) is None
    partners.publish("report", "evaluation")
    close()(partners)
    view = publication.get_published(session, partners.case.public_id)[1].content["view"]
    assert len(view["evaluation"]["scores"]) == 9


def test_a_gift_alone_does_not_ask_for_a_new_page_while_the_partnership_runs(partners, session):
    partners.bring("running")
    partners.publish("contributions", "indicators")
    give()(partners)
    confirm_gift()(partners)
    assert publication.outdated(session, partners.case) == ("contributions",)
    assert _parts_to_renew(partners) == []
    partners.later(days=partners.days)
    submit()(partners)
    review()(partners)
    assert _parts_to_renew(partners) == ["指標の目標と実績"]
    draft_page("npo_actor", fields=("indicators",))(partners)
    assert _parts_to_renew(partners) == [], "a new page lies on the table"
    partners.accept("publication", *partners.sides, partners.coordinator)
    partners.end()
    partners.publish("contributions")
    entry = give()(partners)
    contributions.confirm_contribution(
        session, partners.npo_actor, partners.case, entry, partners.at, version=None
    )
    assert _parts_to_renew(partners) == ["双方が出し合ったもの"], "once it is over, they are"


def test_a_closed_case_may_still_be_published(partners, session):
    partners.bring("closed")
    partners.publish("lessons", "evaluation")
    view = publication.get_published(session, partners.case.public_id)[1].content["view"]
    assert view["lessons"] == ["前の週に決める。"]
    assert partners.case.state == "closed"


def test_the_list_is_narrowed_by_state_field_area_and_year(partners, session):
    partners.bring("running")
    partners.publish("agreement")
    rows = publication.published(session)
    year = str(calendar.fiscal_year(partners.starts_on))
    for conditions, count in (
        ({}, 1), ({"state": "running"}, 1), ({"state": "finished"}, 0), ({"field": "13"}, 1), ({"field": "2"}, 0),
        ({"area": "nowhere"}, 0), ({"year": year}, 1), ({"year": "1999"}, 0),
    ):  # fmt: skip
        assert len(publication.matching(rows, conditions)) == count, conditions


@pytest.mark.parametrize(
    ("field", "put"),
    [
        ("purpose", lambda p: _rewrite(p, "plan", purpose="連絡は 090-1234-5678 へ")),
        ("purpose", lambda p: _rewrite(p, "plan", milestones=[{"on": "2026-12-01", "text": "a@b.example"}])),
        ("logic", lambda p: _rewrite(p, "plan", links=[{"assumption": "０９０－１２３４－５６７８"}])),
        ("report", lambda p: _rewrite(p, "outcome_report", narrative="a@b.example に聞いた")),
        ("report", lambda p: _rewrite(p, "outcome_report", next_step="090-1234-5678")),
        ("setbacks", lambda p: _rewrite(p, "outcome_report", setbacks="090-1234-5678")),
        ("indicators", lambda p: setattr(p.only_indicator(), "definition", "090-1234-5678 で聞く")),
        ("interim", lambda p: _interim_report(p, npo_text="090-1234-5678")),
        ("interim", lambda p: _interim_report(p, company_text="a@b.example")),
        ("interim", lambda p: _interim_report(p, setbacks="090-1234-5678")),
        ("interim", lambda p: _interim_report(p, company_setbacks="090-1234-5678")),
    ],
)  # fmt: skip
def test_a_telephone_number_in_any_text_keeps_its_field_from_the_page(partners, session, field, put):
    partners.bring("evaluated")
    put(partners)
    session.flush()
    label = vocabulary.PAGE_PARTS[field]
    with pytest.raises(Refused, match="personal_data_published") as caught:
        draft_page(fields=vocabulary.PUBLIC_FIELDS)(partners)
    assert caught.value.facts["parts"] == label
    draft_page(fields=[one for one in vocabulary.PUBLIC_FIELDS if one != field])(partners)


def _rewrite(p: Partners, kind: str, **facts: Any) -> None:
    document = documents.find_agreed(p.session, p.case, kind)
    document.content = {**document.content, **facts}


def _interim_report(p: Partners, **texts: str) -> None:
    p.session.add(
        PeriodReport(
            partnership_id=p.case.id, period_from=p.today, period_to=p.today, due_on=p.today, state="accepted",
            **{"npo_text": "届けた", "company_text": "集めた", "setbacks": "雪", **texts},
        )
    )  # fmt: skip
    p.session.flush()


def test_a_page_tells_what_was_changed_when_and_why(partners, session):
    partners.bring("running")
    assert publication.compose(session, partners.case, "題", "紹介", ["changes"])["changes"] == []
    partners.later(days=3)
    plans.write_purpose(
        session, partners.npo_actor, partners.case, "昼食を囲む", partners.at,
        version=None, why_changed="夜は来られないため。",
    )  # fmt: skip
    view = publication.compose(session, partners.case, "題", "紹介", ["changes"])
    assert view["changes"] == [], "a draft is nobody's business"
    partners.accept("plan")
    view = publication.compose(session, partners.case, "題", "紹介", ["changes"])
    day = calendar.tokyo_date(partners.at).isoformat()
    number = documents.find_agreed(session, partners.case, "plan").number
    assert view["changes"] == [{"kind": "plan", "number": number, "on": day, "why": "夜は来られないため。"}]


def test_a_page_tells_the_reports_that_were_accepted_and_no_others(partners, session):
    quarter_submitted(partners)
    compose = lambda: publication.compose(session, partners.case, "題", "紹介", ["interim"])["interim"]  # noqa: E731
    assert compose() == []
    review_report()(partners)
    (found,) = compose()
    assert (found["npo"], found["company"], found["setbacks"]) == ("届けた", "届けた", "雪")


def test_what_did_not_work_is_kept_and_told_of_both_sides(partners, session):
    quarter_over(partners)
    write(setbacks="雪で休んだ")(partners)
    write("company_actor", setbacks="車が足りない")(partners)
    report = work_reads.reports(session, partners.case)[0]
    assert (report.setbacks, report.company_setbacks) == ("雪で休んだ", "車が足りない")
    review_report(accepted=False, text="もう少し詳しく")(partners)
    (earlier,) = reports.earlier_reports(session, partners.case)[report.id]
    assert (earlier.texts["setbacks"], earlier.texts["company_setbacks"]) == ("雪で休んだ", "車が足りない")
    write("company_actor", setbacks="車を借りた", submit=False)(partners)
    assert (report.setbacks, report.company_setbacks) == ("雪で休んだ", "車を借りた")
    write()(partners)
    write("company_actor", setbacks=" ")(partners)  # the company need not say any
    review_report()(partners)
    said = [row.text for row in drafted.compose(session, partners.case) if row.source == "report"]
    assert [("「雪」" in text, "（企業）" in text) for text in said] == [(True, False)]
    report.company_setbacks = "車が足りない"
    said = [row.text for row in drafted.compose(session, partners.case) if row.source == "report"]
    assert "「うまくいかなかったこと（企業）」には、「車が足りない」" in said[1]
    (found,) = publication.compose(session, partners.case, "題", "紹介", ["interim"])["interim"]
    assert (found["setbacks"], found["company_setbacks"]) == ("雪", "車が足りない")


def test_what_an_outsider_said_of_the_whole_is_on_the_page_with_its_name(partners, session):
    partners.bring("reported")
    third(outcome=2)(partners)
    partners.evaluate()
    view = publication.compose(session, partners.case, "題", "紹介", ["evaluation"])
    (found,) = [row for row in view["evaluation"]["scores"] if row["rater"] == "third_party"]
    assert (found["about"], found["evaluator"], found["scores"]["outcome"]) == ("whole", "大学", 2)


def test_a_comment_is_seen_once_the_city_has_answered_it_with_a_reason(partners, session):
    published(partners)
    comment()(partners)
    assert comments.shown_comments(session, partners.case).rows == []
    treat()(partners)
    (shown,) = comments.shown_comments(session, partners.case).rows
    assert (shown.answer, shown.answer_reason) == ("ありがとう", "記録のため")
    treat(decision="hide", hide_reason="abuse")(partners)
    assert comments.shown_comments(session, partners.case).rows == []


def test_one_network_says_so_much_and_no_more(partners):
    published(partners)
    for number in range(5):
        comment(f"声{number}")(partners)
    with pytest.raises(TooMany):
        comment("もう一つ")(partners)
    comment("別の人", network="other")(partners)


def test_a_few_cannot_use_up_the_comments_of_all(partners):
    published(partners)
    for number in range(60):
        comment(f"声{number}", network=f"bot{number // 4}")(partners)
    with pytest.raises(TooMany):
        comment("もう一つ", network="bot0")(partners)
    comment("はじめての人", network="resident")(partners)


def test_what_is_not_shown_is_counted_by_its_reason(partners, session):
    published(partners)
    for number, reason_code in enumerate(("abuse", "personal", "abuse")):
        found = comment(f"声{number}", network=f"n{number}")(partners)
        comments.treat_comment(
            session, partners.coordinator, found, partners.case,
            {"decision": "hide", "hide_reason": reason_code}, partners.at, version=None,
        )  # fmt: skip
    comment("まだ", network="n9")(partners)
    assert comments.hidden_comments(session, partners.case) == [("personal", 1), ("abuse", 2)]


def test_what_is_asked_to_be_blackened_is_black_everywhere(partners, session):
    partners.npo.contact_name = partners.npo.representative = "三沢 花代"
    partners.bring("introduced")
    answering.send_message(session, partners.npo_actor, partners.case, "三沢です。090-1234-5678", partners.at)
    plain = _disclosed(partners)
    assert "三沢" in str(plain)
    black = _disclosed(partners, "people", "contacts")
    assert "三沢" not in str(black)
    assert "090-1234" not in str(black)
    nothing = _disclosed(partners, "messages")
    assert nothing["messages"] == nothing["meetings"] == "■■■"
    assert session.scalars(select(AuditEvent.action)).all().count("export_case") == 3


def test_people_are_black_also_where_no_account_knows_them(partners, session):
    partners.contracted()
    partners.case.message, partners.case.answer = "お手伝いします。", "ありがとうございます。"
    meeting = talks.Meeting(calendar.tokyo_date(partners.at), "田中花子、外部の山田", "数を決めた。")
    talks.record_meeting(session, partners.npo_actor, partners.case, meeting, partners.at)
    partners.file("代表取締役 佐藤一郎の報告.csv")
    partners.end()
    partners.measure(
        partners.only_indicator(), 31, partners.ends_on, breakdown={"佐藤 さん": 20.0, "鈴木 さん": 11.0}
    )
    for name in ("signer_company", "signer_npo"):
        agreement = documents.find_agreed(session, partners.case, "agreement")
        assert agreement.content[name].split()[0] in {"代表取締役", "理事長"}
    black = _disclosed(partners, "people")
    for name in ("田中", "山田", "佐藤", "鈴木"):
        assert name not in str(black), name
    # The numbers of both cells are still there, and a title is no name.
    (measured,) = black["measurements"]
    assert sorted(measured["breakdown"].values()) == [11.0, 20.0]
    assert "代表取締役" in str(black["files"])
    silent = _disclosed(partners, "messages")
    for words in ("お手伝いします", "ありがとうございます", "数を決めた"):
        assert words not in str(silent), words


def test_people_are_black_by_whatever_title_and_by_the_name_they_had(partners, session):
    partners.company.contact_name = "室長 五百部 千景"
    partners.company.representative = "代表取締役社長 四方田 律（創業者）"
    partners.bring("introduced")
    member = session.scalars(select(User).where(User.public_id == partners.npo_actor.user_public_id)).one()
    member.name = "髙橋 渚"
    text = "室長の五百部さん、五百部千景、五百部 千景、四方田さん、髙橋さんと話した。"
    answering.send_message(session, partners.npo_actor, partners.case, text, partners.at)
    member.name = "海野 渚"
    session.flush()
    black = str(_disclosed(partners, "people"))
    for name in ("五百部", "千景", "四方田", "髙橋"):
        assert name not in black, name
    assert "室長の" in black


def test_the_representatives_of_the_parties_are_the_one_name_that_leaves_unless_it_is_masked(partners):
    partners.contracted()
    named = [row["parties"]["npo"]["representative"] for row in _disclosed(partners)["documents"]]
    assert set(named) == {partners.npo.representative}
    black = [row["parties"]["npo"]["representative"] for row in _disclosed(partners, "people")["documents"]]
    assert set(black) == {"■■■"}


def test_whoever_takes_a_bundle_is_recorded_with_its_hash(partners, session):
    partners.bring("introduced")
    content = _disclosed(partners, "people")
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "export_case")).one()
    made = {**disclosure.details(content), "request": "of the job"}
    note = disclosure.taken_note(partners.manager, partners.case, made, partners.at)
    assert note.details == event.details == {"masks": ["people"], "sha256": snapshots.sha256(content)}


def test_money_is_blackened_where_it_is_asked(partners, session):
    approved(partners)
    give(support_type="cash_donation", quantity=54321, unit="円", yen=54321, estimate_method="actual")(
        partners
    )
    partners.npo.mission = "年に765,400円ほど足りない。"
    black = _disclosed(partners, "money")
    assert "765,400" not in str(black)
    # Alone: among the digits of a hash it may stand by chance.
    assert not re.search(r"(?<![0-9a-f])54321(?![0-9a-f])", str(black))
    assert "300000" not in str(black)
    assert session.scalars(select(Partnership)).one().number in str(black)
