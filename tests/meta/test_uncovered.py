"""What the fast suite does not run is listed with a reason, under names that are there."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if not (ROOT / "tools").is_dir():
    pytest.skip("the tools are in the repository only", allow_module_level=True)
sys.path.insert(0, str(ROOT / "tools"))

import uncovered  # noqa: E402


def functions(path: Path) -> set[str]:
    """The names of all functions of a file, as coverage calls them."""
    found = {uncovered.MODULE}

    def look(body: list[ast.stmt], around: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if not isinstance(node, ast.ClassDef):
                    found.add(around + node.name)
                look(node.body, f"{around}{node.name}.")
            else:
                for part in ("body", "orelse", "finalbody", "handlers"):
                    look(getattr(node, part, []), around)

    look(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return found


def test_reasons_are_of_functions_that_there_are():
    for file, of_file in uncovered.reasons().items():
        path = ROOT / uncovered.PACKAGE / file
        assert path.is_file(), file
        assert of_file.keys() <= functions(path), file


def test_each_reason_is_of_a_kind():
    for file, of_file in uncovered.reasons().items():
        for function, reason in of_file.items():
            kind, _, words = reason.partition(": ")
            assert kind in uncovered.KINDS, f"{file}: {function}"
            assert words, f"{file}: {function}"


def test_the_page_counts_them():
    reasons = [one for of_file in uncovered.reasons().values() for one in of_file.values()]
    page = (ROOT / "docs" / "project" / "coverage.md").read_text(encoding="utf-8")
    for kind in uncovered.KINDS:
        assert f"| {kind} | {sum(one.startswith(f'{kind}: ') for one in reasons)} |" in page


def test_what_has_no_reason_and_reasons_that_nothing_needs_are_told():
    def region(*lines: int) -> dict[str, list[int]]:
        return {"missing_lines": list(lines)}

    report = {
        "files": {
            "src/gmmscape/a.py": {"functions": {"": region(1), "C.f": region(4, 5), "g": region()}},
            "src/gmmscape/b.py": {"functions": {"h": region(7)}},
        }
    }
    missing = uncovered.not_run(report)
    assert missing == {"a.py": {uncovered.MODULE: [1], "C.f": [4, 5]}, "b.py": {"h": [7]}}
    known = {"a.py": {"C.f": "rare: never", "g": "rare: once"}, "b.py": {"h": ""}}
    without, unneeded = uncovered.compared(missing, known)
    assert without == [f"a.py: {uncovered.MODULE}, lines 1", "b.py: h, lines 7"]
    assert unneeded == ["a.py: g"]
