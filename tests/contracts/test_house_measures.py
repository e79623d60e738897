"""The house keeps its measures (``make house`` prints them), and what measures finds what is out of measure."""

from pathlib import Path

import pytest

from tests.contracts import house
from tests.contracts.house import SO_FAR, House, Measure


def test_the_house_keeps_its_measures() -> None:
    found = house.measured()
    assert [f"{one} {one.where[:20]}" for one in found if not one.holds] == []
    assert set(SO_FAR) <= {one.name for one in found}


def test_what_has_reached_its_goal_is_no_longer_excused() -> None:
    assert [one.name for one in house.measured() if one.name in SO_FAR and _is_there(one)] == []


def _is_there(measure: Measure) -> bool:
    return measure.found >= measure.goal if measure.at_least else measure.found <= measure.goal


@pytest.fixture
def bad(tmp_path: Path) -> House:
    """A house in which everything is out of measure."""
    files = {
        "matcher/acts.py": "import zzz_unknown\n" + "A = 'seal'\n" * 460,
        "matcher/two.py": 'def f():\n    """説明"""\n    return act("seal", Words("押す"), text="押しました")\n',
        "matcher/three.py": "A = 'seal'\n",
        "webapp/views/seal.py": "def f(a):\n    a.on + timedelta(days=1)\n    return a.state in ('seal', 'x')\n",
        "webapp/templates/seal.html": '{% if case.state == "sealed" %}{{ now - case.at }}{% endif %}{{ items | length // 2 }}{% if actor.firm_state != 1 %}{% endif %}\n'
        + "x" * 161,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["Flask>=3"]\n', encoding="utf-8")
    return House(tmp_path)


def test_every_measure_sees_what_is_out_of_measure(bad: House) -> None:
    found = {
        one.name: (one.found, one.where)
        for measure in (house.lengths, house.rules, house.words, house.dependencies)
        for one in measure(bad)
    } | {one.name: (one.found, one.where) for one in house.acts(bad, {"seal"})}
    assert found["modules over 450 lines"] == (1, ("matcher/acts.py 461",))
    assert found["longest module, in lines"][0] == 461
    assert found["modules under 350 lines, in %"][0] == 75
    assert found["lines of templates over 160 characters"][1] == ("webapp/templates/seal.html:2",)
    assert found["files an act stands in, most"] == (
        4, ("seal: matcher/acts.py, matcher/three.py, matcher/two.py, webapp/views/seal.py",)
    )  # fmt: skip
    assert found["rules in views"][1] == ("webapp/views/seal.py:2", "webapp/views/seal.py:3")
    assert found["rules in templates"][0] == 4
    assert found["Japanese literals in matcher outside words"][1] == ("matcher/two.py:3",)
    assert found["imports that are not declared"][1] == ("matcher/acts.py: zzz_unknown",)


def test_a_figure_of_today_may_only_get_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SO_FAR, "modules over 450 lines", 3)
    assert Measure("modules over 450 lines", 3, 0).holds
    assert not Measure("modules over 450 lines", 4, 0).holds
    assert Measure("modules over 450 lines", 2, 0).is_better
    assert not Measure("share", 94, 95, at_least=True).holds
