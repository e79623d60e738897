"""Static files under addresses that change with their content, so that a browser need never ask again."""

import hashlib
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from werkzeug.security import safe_join


def init(app: Flask) -> None:
    """Let ``url_for("static", …)`` add the file's version."""
    app.extensions["asset_versions"] = {}
    app.url_defaults(_add_version)


def is_current(arguments: Mapping[str, Any] | None, version: str | None) -> bool:
    """Whether ``version`` is that of the file asked for; an old page may still name an older one."""
    return version is not None and version == _version(str((arguments or {}).get("filename", "")))


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "v" not in values and (version := _version(values["filename"])):
        values["v"] = version


def _version(filename: str) -> str:
    """The beginning of the content's hash, read once a process; "" if there is no such file."""
    known: dict[str, str] = current_app.extensions["asset_versions"]
    filename = posixpath.normpath(filename)  # anybody may ask, and one file has endlessly many spellings
    if filename not in known:
        path = safe_join(str(current_app.static_folder), filename)
        if path is None or not Path(path).is_file():
            return ""
        known[filename] = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
    return known[filename]
