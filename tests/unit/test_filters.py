"""The wording of dates, amounts and typed text."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from webapp import clock, filters


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 11, 23), "令和8年11月23日（月）"),
        (date(2019, 5, 1), "令和元年5月1日（水）"),
        (date(2019, 4, 30), "平成31年4月30日（火）"),
        (date(1989, 1, 8), "平成元年1月8日（日）"),
        (date(1989, 1, 7), "昭和64年1月7日（土）"),
        (date(1926, 12, 24), "大正15年12月24日（金）"),
        (date(1867, 12, 31), "1867年12月31日（火）"),
        (date(2024, 2, 29), "令和6年2月29日（木）"),
    ],
)
def test_days_are_shown_with_their_era(day: date, shown: str) -> None:
    assert filters.jdate(day) == shown


def test_moments_are_shown_in_tokyo() -> None:
    last_utc_second = datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC)
    first_of_monday = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    assert filters.jdatetime(last_utc_second) == "令和8年11月22日（日）23時59分"
    assert filters.jdatetime(first_of_monday) == "令和8年11月23日（月）0時00分"
    assert filters.isodate(first_of_monday) == "2026-11-23T00:00+09:00"
    assert filters.isodate(date(2026, 11, 23)) == "2026-11-23"


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "11月23日（月）"),
        (datetime(2026, 12, 31, 14, 59, tzinfo=UTC), "11月23日（月）"),
        (datetime(2026, 12, 31, 15, 0, tzinfo=UTC), "令和8年11月23日（月）"),
        (datetime(2025, 12, 31, 14, 59, tzinfo=UTC), "令和8年11月23日（月）"),
    ],
)
def test_the_year_stands_beside_days_of_another_year(
    monkeypatch: pytest.MonkeyPatch, now: datetime, shown: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
    assert filters.jmonthday(datetime(2026, 11, 22, 15, 0, tzinfo=UTC)) == shown
    assert filters.jmonthday(None) == ""


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 11, 23), "11月23日"), (date(2027, 11, 22), "11月22日"), (date(2027, 11, 23), "令和9年11月23日"),
        (date(2026, 11, 22), "令和8年11月22日"), (None, ""),
    ],
)  # fmt: skip
def test_a_day_stands_without_its_year_where_no_other_can_be_meant(
    monkeypatch: pytest.MonkeyPatch, day: date | None, shown: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 22, 15, 0, tzinfo=UTC))
    assert filters.jday_ahead(day) == shown


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        filters.jdate(datetime(2026, 11, 23))  # noqa: DTZ001


def test_nothing_is_shown_for_nothing() -> None:
    shown = [f(None) for f in (filters.jdate, filters.jmonthday, filters.jdatetime, filters.isodate)]
    shown += [filters.yen(None), filters.number(None), filters.quantity(None, "食"), filters.nendo(None)]
    assert set(shown) == {""}
    assert filters.label_of(None, {}) == ""
    assert filters.nl2p(None) == ""


@pytest.mark.parametrize(
    ("day", "year", "shown"),
    [
        (date(2027, 3, 31), 2026, "令和8年度"),
        (date(2027, 4, 1), 2027, "令和9年度"),
        (date(2019, 4, 1), 2019, "令和元年度"),
        (date(2019, 3, 31), 2018, "平成30年度"),
        (datetime(2027, 3, 31, 14, 59, tzinfo=UTC), 2026, "令和8年度"),
        (datetime(2027, 3, 31, 15, 0, tzinfo=UTC), 2027, "令和9年度"),
    ],
)
def test_the_fiscal_year_turns_on_the_first_of_april_in_tokyo(
    day: date | datetime, year: int, shown: str
) -> None:
    assert filters.fiscal_year(day) == year
    assert filters.nendo(day) == shown


def test_ages_and_deadlines_count_calendar_days_in_tokyo() -> None:
    now = datetime(2026, 11, 22, 15, 5, tzinfo=UTC)  # 23 November, 00:05 in Tokyo
    ten_minutes_ago = datetime(2026, 11, 22, 14, 55, tzinfo=UTC)
    assert filters.ago_days(ten_minutes_ago, now) == 1
    assert filters.days_left(date(2026, 11, 23), now) == 0
    assert filters.days_left(date(2026, 11, 30), now) == 7
    assert filters.days_left(date(2026, 11, 20), now) == -3


def test_amounts_are_grouped_and_carry_their_unit() -> None:
    assert filters.yen(1234) == "1,234円"
    assert filters.quantity(Decimal("1200.00"), "食") == "1,200食"
    assert filters.quantity(2.5, "時間") == "2.5時間"
    assert filters.quantity(100, None) == "100"


def test_an_unknown_code_is_shown_rather_than_lost() -> None:
    assert filters.label_of("open", {"open": "公開中"}) == "公開中"
    assert filters.label_of("gone", {"open": "公開中"}) == "gone"
    assert filters.labels_of(["a", "b"], {"a": "港", "b": "浜"}) == "港、浜"


def test_typed_text_becomes_paragraphs_and_nothing_in_it_becomes_markup() -> None:
    typed = '一行目\r\n二行目\n\u3000\n<script>alert(1)</script> & "引用"'
    assert filters.nl2p(typed) == (
        "<p>一行目<br>二行目</p><p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;引用&#34;</p>"
    )


def test_quotes_are_marked_word_for_word_and_stay_escaped() -> None:
    text = "米が<b>足りません</b>。野菜も足りません。"
    marked = filters.mark_quotes(text, ["野菜も足りません。", "米が<b>足りません</b>。", ""])
    assert marked == (
        '<p><mark class="quote">米が&lt;b&gt;足りません&lt;/b&gt;。</mark>'
        '<mark class="quote">野菜も足りません。</mark></p>'
    )


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_no_typed_text_ever_adds_an_element(text: str, quotes: list[str]) -> None:
    html = str(filters.mark_quotes(text, quotes))
    for ours in ("<p>", "</p>", "<br>", '<mark class="quote">', "</mark>"):
        html = html.replace(ours, "")
    assert "<" not in html
    assert ">" not in html


def test_headings_break_between_phrases_and_are_escaped() -> None:
    html = filters.budoux("<i>団体と企業を結びます")
    assert "<wbr>" in html
    assert "<i>" not in html
    assert Markup(html).striptags() == "<i>団体と企業を結びます"
    assert filters.budoux("") == ""


@pytest.mark.parametrize(
    "form",
    [
        "特定非営利活動法人", "認定特定非営利活動法人", "特例認定特定非営利活動法人", "一般社団法人", "一般財団法人",
        "公益社団法人", "公益財団法人", "社会福祉法人", "株式会社", "有限責任事業組合",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", ["{}ひだまりの会のホーム", "潮香フーズと{}みお学習室の案件", "{}浜の灯", "浜の灯{}"]
)
def test_a_legal_form_is_never_broken(form: str, name: str) -> None:
    html = filters.budoux(name.format(form))
    assert form in html
    assert html.replace("<wbr>", "") == f'<span class="phrases">{name.format(form)}</span>'


def test_a_translated_heading_with_an_escaped_name_is_not_escaped_twice() -> None:
    assert "&amp;amp;" not in filters.budoux(Markup("A &amp; B"))


def test_links_of_a_list_keep_the_other_values_and_go_back_to_the_first_page() -> None:
    app = Flask(__name__)
    filters.register(app)
    app.add_url_rule("/needs/<area>", "needs", lambda area: area)
    with app.test_request_context("/needs/minato?q=food&page=3&field=1&field=2"):
        assert filters.url_with(sort="-age") == "/needs/minato?q=food&field=1&field=2&sort=-age"
        assert filters.url_with(page=4) == "/needs/minato?q=food&page=4&field=1&field=2"
        assert filters.url_with(q=None) == "/needs/minato?field=1&field=2"
        assert filters.has_endpoint("needs")
        assert not filters.has_endpoint("elsewhere")
