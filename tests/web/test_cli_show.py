"""``enmusubi match show`` and ``match pool``, as an operator and a script meet them."""

import json

import pytest

from matcher import migrations
from matcher.ground.db import Database
from matcher.suggestions.judging import fitting, measures, pools
from tests.web.test_cli import environment, run

__all__ = ["environment"]  # the fixture


@pytest.fixture
def city(environment: dict[str, str]) -> dict[str, str]:
    """The invented city, loaded and encoded."""
    settings = environment | {"DEMO_MODE": "true"}
    run(settings, "db", "upgrade")
    run(settings, "seed")
    return settings


def test_reasons_come_as_one_object_a_line_and_the_coordinator_reads_them(city: dict[str, str]) -> None:
    title = "冷凍・冷蔵品の引き取り便（週1回）"
    lines = run(city, "match", "show", "--need", title, "--top", "5", "--json").stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert [one["rank"] for one in found] == [1, 2, 3, 4, 5]
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    for one in found:
        assert set(one) == {"asker", "rank", "score", "level", "company", "npo", "need", "offer", "reasons"}
        assert (one["asker"], one["need"]) == (title, title)
        assert {"code", "mark", "text"} <= set(one["reasons"][0])
        quoted = [reason for reason in one["reasons"] if reason["code"] == "quote" and reason["mark"] == "○"]
        for reason in quoted:
            assert {"company", "npo"} <= set(reason)
            assert not any(word in reason["company"] for word in ("不可", "積めません", "のみ"))
        if one["level"] != "high":
            assert any(reason["code"] == "improve" for reason in one["reasons"])
    # 「冷蔵・冷凍は不可」 is set against what is asked for, and quoted for nothing.
    against = [
        r["text"]
        for one in found
        for r in one["reasons"]
        if r["code"] == "check" and "冷凍は不可" in r["text"]
    ]
    assert against
    assert all("冷凍・冷蔵品の引き取り便" in text for text in against)

    company = found[0]["company"]
    shown = run(city, "match", "show", "--company", company, "--top", "2").stdout
    assert shown.startswith(f"■ {company}\n  1 ")
    everything = run(city, "match", "show", "--all", "--json", "--top", "1").stdout.splitlines()
    assert len({json.loads(line)["asker"] for line in everything}) > 200

    judged = run(city, "match", "pool", "judge").stdout
    assert "all         48 lists" in judged


def test_what_is_asked_for_wrongly_is_said_in_one_line(environment: dict[str, str]) -> None:
    migrations.upgrade(Database(environment["DATABASE_URL"]))
    for words, said, status in (
        ((), "expected one of --company NAME, --need TITLE or --all", 2),
        (("--all", "--need", "お米"), "expected one of", 2),
        (("--company", "どこにもない会社"), "nothing is encoded yet", 1),
    ):
        refused = run(environment, "match", "show", *words, status=status)
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr


def graded(asker: str, candidate: str, grade: int, judge: str) -> measures.Judgement:
    return measures.Judgement(asker, candidate, grade, "", judge)


def test_grades_of_several_judges_count_who_gave_none_as_well() -> None:
    rows = [graded("c1", "d1", 3, "a"), graded("c1", "d1", 2, "b"), graded("c1", "d2", 1, "a"),
            graded("c2", "d1", 2, "a")]  # fmt: skip
    assert pools.grades_of(rows) == {"c1": {"d1": 2, "d2": 0}, "c2": {"d1": 2}}


def test_what_was_missed_counts_against_a_list() -> None:
    shown = (("d1", 0.8, 3), ("d2", 0.6, 0))
    whole = pools.Read("c1", shown, (), (3,))
    missing = pools.Read("c1", shown, (("d3", 3),), (3, 3))
    assert whole.ndcg == 1.0
    assert missing.ndcg < 0.7
    assert (whole.places_missed, missing.places_missed) == (0, 1)
    assert pools.calibration([whole]) == [(0.6, 0.0, 1), (0.8, 1.0, 1)]
    assert fitting.GOOD == 2
