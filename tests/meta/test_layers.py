"""Imports run one way, and the contract that says so notices when they do not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = ROOT / "pyproject.toml"

pytestmark = pytest.mark.skipif(not PYPROJECT.is_file(), reason="the contract is in the repository only")


# The tree that is named is checked, whichever copy is installed: it comes first on the path, and
# the path comes before the finder of an editable install.
LINT = """
import sys
from importlib.machinery import PathFinder
from importlinter.cli import lint_imports_command

sys.path.insert(0, sys.argv.pop(1))
sys.meta_path.insert(0, PathFinder)
sys.exit(lint_imports_command())
"""


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the repository against the package below `source`."""
    return subprocess.run(
        [sys.executable, "-c", LINT, str(source), "--config", str(PYPROJECT), "--no-cache"],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def source_copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src" / "gmmscape", tmp_path / "gmmscape")
    return tmp_path


def test_imports_run_one_way():
    result = lint(ROOT / "src")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def test_an_upward_import_is_noticed(source_copy: Path):
    with (source_copy / "gmmscape" / "statistics.py").open("a", encoding="utf-8") as file:
        file.write("\nimport gmmscape.mixture\n")
    result = lint(source_copy)
    assert result.returncode != 0
    assert "gmmscape.statistics is not allowed to import gmmscape.mixture" in result.stdout


def test_a_module_without_a_place_is_noticed(source_copy: Path):
    (source_copy / "gmmscape" / "newcomer.py").write_text("", encoding="utf-8")
    result = lint(source_copy)
    assert result.returncode != 0
    assert "newcomer" in result.stdout
