"""The README's configuration table names exactly the settings that the code reads."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from webapp.config import ConfigurationError, Settings
from webapp.db import connect

README = Path("README.md").read_text(encoding="utf-8")


def _documented(text: str) -> set[str]:
    table = text.split("| Key |")[1].split("\n\n", maxsplit=1)[0]
    return {
        key
        for line in table.splitlines()
        for key in re.findall(r"`([A-Z_]+)`", line.split("|")[1] if "|" in line else "")
    }


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_every_setting_is_documented_and_no_other(name):
    text = Path(name).read_text(encoding="utf-8").replace("| キー |", "| Key |")
    assert _documented(text) == {field.name.upper() for field in fields(Settings)}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SECRET_KEY", "short"),
        ("AUDIT_KEY", "short"),
        ("AUDIT_KEY", "k" * 40 + ",short"),
        ("AUDIT_KEY", " ,"),
        ("AUDIT_HEADS_TO", "the manager"),
        ("PORT", "eighty"),
        ("DEMO_MODE", "perhaps"),
        ("WORKER", "sometimes"),
        ("MAIL_BACKEND", "pigeon"),
        ("MAIL_BACKEND", "smtp"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path, key, value):
    environment = {"VAR_FOLDER": str(tmp_path), key: value}
    with pytest.raises(ConfigurationError, match="SMTP_HOST" if value == "smtp" else key):
        Settings.from_environment(environment)


def test_a_first_run_makes_its_secret_once_and_keeps_it(tmp_path):
    first = Settings.from_environment({"VAR_FOLDER": str(tmp_path)})
    second = Settings.from_environment({"VAR_FOLDER": str(tmp_path)})
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_the_audit_key_is_another_one_and_may_be_followed_by_earlier_ones(tmp_path):
    assert (
        Settings.from_environment({"VAR_FOLDER": str(tmp_path)}).audit_keys == ()
    )  # none before it is needed
    connect(Settings.from_environment({"VAR_FOLDER": str(tmp_path)}))
    first = Settings.from_environment({"VAR_FOLDER": str(tmp_path)})
    assert first.audit_keys == ((tmp_path / "audit_key").read_text(),)
    assert first.audit_key != first.secret_key
    assert (tmp_path / "audit_key").stat().st_mode & 0o077 == 0
    newer, older = "n" * 40, "o" * 40
    (tmp_path / "audit_key").write_text(f"{newer}\n{older}\n")
    assert Settings.from_environment({"VAR_FOLDER": str(tmp_path)}).audit_keys == (newer, older)
    given = {"VAR_FOLDER": str(tmp_path), "AUDIT_KEY": f"{older}, {newer}"}
    assert Settings.from_environment(given).audit_keys == (older, newer)
    (tmp_path / "audit_key").write_text("")
    with pytest.raises(ConfigurationError, match="AUDIT_KEY"):
        Settings.from_environment({"VAR_FOLDER": str(tmp_path)})
