"""The pages of faults and promises have all their rows, and the tests that they name are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "docs" / "project"
if not PROJECT.is_dir():
    pytest.skip("the pages are in the repository only", allow_module_level=True)

#: The rows of each page, by what they begin with.
WANTED = {
    "faults.md": [f"F{i}" for i in range(1, 32)],
    "promises.md": [str(i) for i in range(1, 43)],
    "promises_running.md": [str(i) for i in range(43, 67)],
}
PAGES = [name for name in WANTED if (PROJECT / name).is_file()]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)(?:\[[^`]*\])?`")


def rows_of(text: str) -> dict[str, list[str]]:
    """Return the other cells of each row of a table that begins with a number, by it."""
    lines = [
        line.rstrip().removesuffix("|").removeprefix("|") for line in text.splitlines() if line[:1] == "|"
    ]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return {first: rest for first, *rest in cells if re.fullmatch(r"F?\d+", first)}


@cache
def functions_in(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


def missing_tests(text: str) -> list[str]:
    return [f"{path}::{test}" for path, test in NAMED.findall(text) if test not in functions_in(path)]


def test_there_is_a_page():
    assert "faults.md" in PAGES


@pytest.mark.parametrize("page", PAGES)
def test_every_row_is_there_and_says_something(page: str):
    rows = rows_of((PROJECT / page).read_text(encoding="utf-8"))
    assert list(rows) == WANTED[page]
    for number, cells in rows.items():
        assert all(cells[:2]), number
        said = " ".join(cells).lower()
        assert NAMED.search(said) or "decision" in said or "open" in said, number


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_is_there(page: str):
    text = (PROJECT / page).read_text(encoding="utf-8")
    assert missing_tests(text) == []
    assert text.count("::") == len(NAMED.findall(text))


def test_a_test_that_is_not_there_and_a_row_that_is_missing_are_noticed():
    here = "tests/meta/test_faults_and_promises.py"
    assert missing_tests(f"| F1 | a | b | `{here}::test_there_is_a_page` |") == []
    wrong = f"`{here}::test_nothing`, `tests/meta/test_no_file.py::test_there_is_a_page`"
    assert len(missing_tests(wrong)) == 2
    assert rows_of("| F1 | a | b |\n|---|---|---|\n| F3 | a | |") == {"F1": ["a", "b"], "F3": ["a", ""]}
