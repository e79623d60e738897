"""What one chooses on, in a real browser: cards that are compared, a card's page, an answer to a question."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import WIDTHS, Demo, Visitor

BAR = "選んだ相手を並べて比べる"


def first_need(person: Visitor) -> str:
    """The page of an open need of the NPO that one entered as."""
    person.go("/npo/needs")
    for path in person.page.eval_on_selector_all(
        "main a[href^='/npo/needs/']", "links => links.map(link => link.getAttribute('href'))"
    ):
        person.go(path)
        if person.page.get_by_role("link", name="おすすめの企業を見る").count():
            return path
    pytest.fail("expected an open need")


def lists(person: Visitor, role: str) -> str:
    """Where candidates stand for this role."""
    if role == "company":
        return "/company/suggestions"
    return f"{first_need(person)}/suggestions" if role == "npo" else "/desk/unseen"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("role", ["company", "npo", "coordinator"])
def test_three_candidates_are_chosen_and_read_side_by_side(
    visitor: Callable[..., Visitor], role: str, width: int
) -> None:
    person = visitor(role, width=width)
    person.go(lists(person, role))
    boxes = person.page.locator(".comparable").first.locator("[name=one]")
    for place in range(3):
        boxes.nth(place).check()
    bar = person.page.get_by_role("button", name=BAR).first
    assert bar.is_visible()
    # At its own place: in sight at the foot of the screen it lies over whatever one scrolls past.
    person.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert person.faults() == []
    person.press(bar)
    assert person.page.locator("tbody tr").first.locator("td").count() == 3
    assert person.faults() == []
    person.press(person.page.get_by_role("link", name="一覧に戻る"))
    assert person.page.locator("[name=one]").count()


def test_candidates_are_compared_without_scripts(visitor: Callable[..., Visitor]) -> None:
    person = visitor("company", width=375, javascript=False)
    person.go("/company/suggestions")
    boxes = person.page.locator("[name=one]")
    for place in (0, 1):
        boxes.nth(place).check()
    bar = person.page.get_by_role("button", name=BAR)
    box = bar.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900  # at the foot of the screen, wherever one is
    person.press(bar)
    assert person.page.locator("tbody tr").first.locator("td").count() == 2


def test_a_card_is_whole_and_its_page_short_on_a_phone(visitor: Callable[..., Visitor]) -> None:
    person = visitor("company", width=375)
    person.go("/company/suggestions")
    cut = person.page.eval_on_selector_all(
        ".suggestion-remark", "all => all.filter(e => e.scrollHeight > e.clientHeight + 1).length"
    )
    assert cut == 0
    person.press(person.page.locator(".suggestion h2 a").first)
    assert person.page.evaluate("document.documentElement.scrollHeight") <= 3_500
    act = person.page.get_by_role("link", name="話を聞いてみたい").bounding_box()
    assert act is not None
    assert act["y"] + act["height"] <= 900
    assert person.faults() == []
    folded = person.page.locator("details.details > div")
    seen = "all => all.map(one => one.checkVisibility())"
    assert not any(folded.evaluate_all(seen))
    person.page.emulate_media(media="print")
    assert folded.count() == 4
    assert all(folded.evaluate_all(seen))


@pytest.mark.parametrize("javascript", [True, False])
def test_an_answer_asks_for_what_was_chosen_alone(
    visitor: Callable[..., Visitor], demo: Demo, javascript: bool
) -> None:
    owner = visitor("npo", width=375, javascript=javascript)
    path = first_need(owner)
    officer = visitor("company")
    officer.go(path.replace("/npo/", "/company/") + "/ask")
    officer.page.fill("[name=text]", f"受け取りは何曜日ですか。{javascript}")
    officer.press(officer.page.get_by_role("button", name="質問を送る"))
    owner.go(path)
    owner.press(owner.page.get_by_role("link", name="回答する").last)
    answer, refuse = (owner.page.locator(f"[name={name}]").first for name in ("answer", "refuse_reason"))
    assert answer.is_visible()
    assert not refuse.is_visible()
    owner.page.get_by_label("回答しない", exact=True).check()
    assert refuse.is_visible()
    assert not answer.is_visible()
    owner.press(owner.page.get_by_role("button", name="この内容で決定する"))
    assert owner.page.get_by_text("回答しない理由を選んでください。").last.is_visible()
    if javascript:
        assert owner.faults() == []
