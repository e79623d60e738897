"""What others made is here exactly as they published it, with its licence."""

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("webapp/static/vendor", "tests/browser/vendor")


def _packages(folder: Path) -> list[dict[str, object]]:
    return list(json.loads((folder / "manifest.json").read_text())["packages"])


def _faults(folder: Path) -> list[str]:
    """Files that differ from the manifest, are missing, or that no package names."""
    named: dict[str, str] = {}
    for package in _packages(folder):
        named.update(package["files"])  # type: ignore[call-overload]
    present = {path.name for path in folder.iterdir()} - {"manifest.json"}
    faults = [f"not in the manifest: {name}" for name in sorted(present - named.keys())]
    for name, digest in named.items():
        if name not in present:
            faults.append(f"missing: {name}")
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            faults.append(f"changed: {name}")
    return faults


@pytest.mark.parametrize("folder", FOLDERS)
def test_vendored_files_are_the_published_ones(folder: str) -> None:
    assert _faults(ROOT / folder) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_vendored_package_names_version_licence_and_its_text(folder: str) -> None:
    for package in _packages(ROOT / folder):
        assert package["name"]
        assert package["version"]
        assert package["licence"]
        files = package["files"]
        assert isinstance(files, dict)
        assert any("LICENSE" in name for name in files)


def test_a_changed_or_unknown_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("changed")
    (tmp_path / "b.js").write_text("unknown")
    manifest = {"packages": [{"name": "a", "files": {"a.js": "0" * 64, "c.js": "0" * 64}}]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert _faults(tmp_path) == ["not in the manifest: b.js", "changed: a.js", "missing: c.js"]
