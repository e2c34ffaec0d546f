"""Every word that the program prints is in docs/glossary.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.diagnosis.result import INPUT_STATES, VERDICTS
from gmmscape.families import family_names
from gmmscape.results.words import ENDINGS, KINDS_OF_COMPONENT, STOP_REASONS
from gmmscape.structure.structure import KINDS

ROOT = Path(__file__).resolve().parents[2]
SOURCE, PAGE = ROOT / "src" / "gmmscape", ROOT / "docs" / "glossary.md"
if not (PAGE.is_file() and SOURCE.is_dir()):
    pytest.skip("pages and sources are in the repository only", allow_module_level=True)

#: How a line of an output begins that says what it is about.
LABEL = re.compile(r"^([a-z][a-z ]*):", re.MULTILINE)


def glossary(text: str) -> set[str]:
    """Return the words in the first column of the tables of a page, without their marks."""
    cells = re.findall(r"^\| (.+?) \|", text, re.MULTILINE)
    return {word.strip("` ") for cell in cells for word in cell.split(";")}


def trees(name: str) -> Iterator[ast.Module]:
    """Yield the modules that name something, parsed."""
    for file in sorted(SOURCE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if name in text:
            yield ast.parse(text)


def is_call(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in names


def strings(node: ast.List | ast.Tuple) -> list[str]:
    """Return the elements of a display that holds nothing but strings, and what others unpack there."""
    plain = [one.value for one in node.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    unpacked = sum(isinstance(one, ast.Starred) for one in node.elts)
    return plain if len(plain) + unpacked == len(node.elts) else []


def headings(tree: ast.Module) -> set[str]:
    """Return the words that stand above tables: displays of strings where rows are aligned."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {
        word
        for function in functions
        if any(is_call(node, "aligned") for node in ast.walk(function))
        for node in ast.walk(function)
        if isinstance(node, ast.List | ast.Tuple)
        for word in strings(node)
    } - {"", *family_names()}


def finding_names(tree: ast.Module) -> set[str]:
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if is_call(node, "Finding", "Finding.of")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def move_outcomes() -> set[str]:
    """Return what the search says of a move: all that `outcome` returns."""
    tree = ast.parse((SOURCE / "moves" / "mixture_problem.py").read_text(encoding="utf-8"))
    return {
        node.value.value
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "outcome"
        for node in ast.walk(function)
        if isinstance(node, ast.Return)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


@pytest.fixture(scope="module")
def outputs() -> list[str]:
    """What the results of some calls print."""
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 60)).reshape(-1, 1)
    bad = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")
    land = gs.lab.Landscape(gs.lab.Population(gs.Mixture.location([-3, 3, 12], sigma=1.0)), n_components=3)
    return [
        result.to_text(verbose=verbose)
        for verbose in (False, True)
        for result in (
            gs.diagnose(bad, X, covariance_type="spherical", rng=0, n_starts=2),
            gs.local_optima(X, 3, "tied", n_starts=5, rng=0),
            gs.standard_errors(bad, X, covariance_type="spherical"),
            gs.select(X, range(2, 4), rng=0),
            land.explore(0, saddles=True, n_starts=8),
        )
    ]


def missing(words: set[str]) -> list[str]:
    return sorted(words - glossary(PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "words",
    [VERDICTS, INPUT_STATES, KINDS_OF_COMPONENT, STOP_REASONS, ENDINGS, KINDS],
    ids=["verdicts", "input states", "kinds of component", "stop reasons", "endings", "kinds of block"],
)
def test_the_vocabulary_is_there(words):
    assert missing(set(words)) == []


def test_headings_of_tables_are_there():
    found = {word for tree in trees("aligned") for word in headings(tree)}
    assert {"shared with", "behind", "found by"} <= found
    assert missing(found) == []


def test_findings_and_outcomes_of_moves_are_there():
    names = {name for tree in trees("Finding") for name in finding_names(tree)}
    assert len(names) >= 8
    assert "not told apart" in move_outcomes()
    assert missing(names | move_outcomes()) == []


def test_labels_of_lines_are_there(outputs: list[str]):
    labels = {label for text in outputs for label in LABEL.findall(text)}
    assert {"verdict", "next", "gain"} <= labels
    assert missing(labels) == []


def test_the_check_tells_what_is_missing():
    assert missing({"verdict", "a word that is nowhere"}) == ["a word that is nowhere"]
    assert glossary("| a; `b` | c |\n") == {"a", "b"}
    assert headings(ast.parse("def f(x):\n    return aligned([('a', *x, 'b c'), (x, 'd')])")) == {"a", "b c"}
