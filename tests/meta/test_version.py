"""There is one version number, in pyproject.toml; all other places agree with it."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import gmmscape

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def test_installed_package_has_the_version():
    assert importlib.metadata.version("gmmscape") == VERSION, "installed from another tree: install again"
    assert gmmscape.__version__ == VERSION


def test_citation_has_the_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: *\"?([^\"\s]+)", text, flags=re.MULTILINE) == [VERSION]


def test_changelog_leads_up_to_the_version():
    """The newest release is this version, or an older one with unreleased changes above it."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", text, flags=re.MULTILINE)
    assert headings, "no headings '## [...]'"
    released = [tuple(map(int, name.split("."))) for name in headings if name != "Unreleased"]
    current = tuple(map(int, VERSION.split(".")))
    assert released == sorted(set(released), reverse=True)
    if released[:1] != [current]:
        assert headings[0] == "Unreleased"
        assert re.search(r"^## \[Unreleased\]\n(?:(?!## ).*\n)*?- ", text, flags=re.MULTILINE)
        assert all(release < current for release in released)
