"""``enmusubi match`` as an operator meets it: what cannot be read is one line."""

from pathlib import Path

import pytest

from matcher import migrations
from matcher.ground.db import Database
from matcher.suggestions.judging import measures
from tests.web.test_cli import environment, run
from webapp import cli_files

__all__ = ["environment"]  # the fixture


@pytest.mark.parametrize(
    ("command", "content", "said"),
    [
        ("judge", b"query,candidate,grade,reason\nc1,n1,3,\nc1,n2,good,\n", "row 3 of"),
        ("judge", b"query,candidate,grade,reason\nc1,n1,3," + b"x" * 200_000, "row 2 of"),
        ("quotes", b"company\tneed\tcompany_sentences\tnpo_sentences\nc1\tn1\tc1.x\tn1.0\n", "row 2 of"),
        ("quotes", "会社".encode("cp932"), "UTF-8"),
    ],
)
def test_labels_that_cannot_be_read_are_named_in_one_line(
    environment: dict[str, str], tmp_path: Path, command: str, content: bytes, said: str
) -> None:
    migrations.upgrade(Database(environment["DATABASE_URL"]))
    for name in ("companies.jsonl", "needs.jsonl", "offers.jsonl"):
        (tmp_path / name).touch()
    file = tmp_path / "labels"
    file.write_bytes(content)
    refused = run(environment, "match", command, str(file), status=1)
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_mark_at_the_head_of_a_file_is_no_part_of_its_first_heading(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("query,candidate,grade,reason\nc1,n1,3,meets it\n", encoding="utf-8-sig")
    assert measures.read_judgements(cli_files.text_of(file)) == [
        measures.Judgement("c1", "n1", 3, "meets it")
    ]
