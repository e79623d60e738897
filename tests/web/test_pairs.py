"""「名前：数字」: what could be read in two ways is refused, and what was typed stays."""

import pytest
import wtforms
from flask import Flask
from werkzeug.datastructures import MultiDict

from webapp.forms import fields


class Asked(wtforms.Form):
    """A breakdown and what is paid by values."""

    parts = fields.PairsField("内訳")
    points = fields.YenPairsField("支払表")


def asked(app: Flask, **typed: str) -> Asked:
    with app.test_request_context():
        form = Asked(MultiDict(typed))
        form.validate()
    return form


@pytest.mark.parametrize("line", ["男子 3:2", "月曜10:30", "小学6：12", "男子：3：2", "男子１：2"])
def test_a_name_that_ends_in_a_figure_or_a_second_colon_is_refused(app: Flask, line: str) -> None:
    form = asked(app, parts=f"女子：5\n{line}", points="")
    assert len(form.parts.errors) == 1
    assert line in form.parts()


@pytest.mark.parametrize(
    ("line", "found"), [("小学6年生：12", ("小学6年生", 12.0)), ("男子: 3", ("男子", 3.0))]
)
def test_a_name_and_its_number_are_taken_in_any_width(
    app: Flask, line: str, found: tuple[str, float]
) -> None:
    form = asked(app, parts=line, points="")
    assert (form.parts.errors, form.parts.data) == ([], [found])


def test_what_is_paid_by_values_has_figures_before_the_colon(app: Flask) -> None:
    form = asked(app, parts="", points="50：10万\n60：20万円")
    assert (form.points.errors, form.points.data) == ([], [("50", 100_000), ("60", 200_000)])
    assert asked(app, parts="", points="50:60：10万").points.errors
