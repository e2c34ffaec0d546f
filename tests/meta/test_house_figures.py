"""What docs/house.md promises of the source, in figures."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "gmmscape"

Modules = list[tuple[str, ast.Module]]
pytestmark = pytest.mark.skipif(not SOURCE.is_dir(), reason="the source tree is in the repository only")

LONGEST_FUNCTION = 60
LONGEST_FILE = 500
LARGEST_FOLDER = 20
#: Where the caller's coordinates become local ones, and back.
#: Batches have an origin of their own, because their rows are not kept.
DOORS = {"estimator/online.py", "landscape/paths/truth_path.py", "measure/coordinates.py", "solve/result.py"}


@pytest.fixture(scope="module")
def modules() -> Modules:
    """Every module of the package by its path below it, parsed."""
    return [
        (path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(SOURCE.rglob("*.py"))
    ]


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    body = function.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = body[0].end_lineno if documented else function.lineno
    assert first is not None
    assert function.end_lineno is not None
    return function.end_lineno - first


def files_of(folder: Path) -> list[Path]:
    return [
        path for path in folder.iterdir() if path.is_file() and path.suffix not in (".so", ".typed", ".pyi")
    ]


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (getattr(node.func, "attr", None) == name or getattr(node.func, "id", None) == name)
    ]


def test_functions_are_short(modules: Modules):
    long = {
        f"{path}:{node.name}": code_lines(node)
        for path, tree in modules
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_lines(node) > LONGEST_FUNCTION
    }
    assert long == {}


def test_files_are_short():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for top in ("src", "tests", "benchmarks")
        for path in (ROOT / top).rglob("*")
        if path.suffix in (".py", ".cpp", ".hpp")
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


@pytest.mark.parametrize("top", ["src", "tests", "benchmarks", "docs"])
def test_folders_are_small(top: str):
    folders = [ROOT / top, *(path for path in (ROOT / top).rglob("*") if path.is_dir())]
    large = {
        folder.relative_to(ROOT).as_posix(): count
        for folder in folders
        if "__pycache__" not in folder.parts and (count := len(files_of(folder))) > LARGEST_FOLDER
    }
    assert large == {}


def test_counting_sees_what_it_counts(tmp_path: Path):
    lines = "\n".join(f"    x = {i}" for i in range(LONGEST_FUNCTION + 5))
    (function,) = ast.parse(f'def long():\n    """Say."""\n{lines}\n').body
    assert isinstance(function, ast.FunctionDef)
    assert code_lines(function) == LONGEST_FUNCTION + 5
    for i in range(LARGEST_FOLDER + 1):
        (tmp_path / f"m{i}.py").touch()
    assert len(files_of(tmp_path)) == LARGEST_FOLDER + 1


def test_mixtures_are_shifted_at_the_doors_only(modules: Modules):
    assert {path for path, tree in modules if calls(tree, "shifted")} <= DOORS


def test_families_are_told_apart_in_their_own_package(modules: Modules):
    asked = re.compile(r"\b(Family|Location|FreeCovariance|TiedSpherical)\b")
    found = [
        f"{path}:{call.lineno}"
        for path, tree in modules
        if not path.startswith("families/")
        for call in calls(tree, "isinstance")
        if asked.search(ast.unparse(call.args[1]))
    ]
    assert found == []


def test_there_is_one_event_one_budget_one_stop_and_one_printer(modules: Modules):
    names = Counter(
        word
        for _, tree in modules
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for word in ("Event", "Budget", "Stop", "Printer", "Watch")
        if node.name.endswith((word, word + "ped"))
    )
    assert names["Event"] == names["Budget"] == names["Printer"] == 1
    assert names["Stop"] <= 1
