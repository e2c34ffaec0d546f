"""Numbers that tune the library stand in two records, `TOLERANCES` and `EFFORT`, not all over it."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gmmscape.effort import EFFORT
from gmmscape.tolerances import TOLERANCES

SOURCE = Path(__file__).resolve().parents[2] / "src" / "gmmscape"
#: The records themselves, block sizes and the like of the kernels, and the verifier, which shares nothing.
ELSEWHERE = ("effort/", "tolerances/", "engine/", "verifier/")
MOST = 60


def is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.UnaryOp):
        return is_number(node.operand)
    if isinstance(node, ast.BinOp):
        return is_number(node.left) and is_number(node.right)
    return isinstance(node, ast.Tuple) and bool(node.elts) and all(map(is_number, node.elts))


def constants(source: str) -> Iterator[str]:
    """Names in capitals that a module binds to numbers, or to tuples of them."""
    for node in ast.parse(source).body:
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = list(zip(target.elts, value.elts, strict=True)) if both else [(target, value)]
        for target, value in pairs:
            if not isinstance(target, ast.Name) or not re.fullmatch(r"_?[A-Z][A-Z0-9_]*", target.id):
                continue
            if is_number(value):
                yield target.id


def test_counting_sees_what_it_counts():
    source = (
        "A = 1\nB, C = 2.5, (1, 2)\nD: float = -1e-9\n_E = 1 << 20\nF = 'text'\nG = [1]\nlow = 3\nH = True"
    )
    assert list(constants(source)) == ["A", "B", "C", "D", "_E"]


@pytest.mark.skipif(not SOURCE.is_dir(), reason="the source tree is in the repository only")
def test_few_numbers_stand_in_modules():
    found = [
        f"{path.relative_to(SOURCE)}:{name}"
        for path in sorted(SOURCE.rglob("*.py"))
        if not path.relative_to(SOURCE).as_posix().startswith(ELSEWHERE)
        for name in constants(path.read_text(encoding="utf-8"))
    ]
    assert 0 < len(found) < MOST, found


@pytest.mark.parametrize("record", [EFFORT, TOLERANCES])
def test_records_cannot_be_changed(record):
    for section in dataclasses.fields(record):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, section.name, None)
        inner = getattr(record, section.name)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(inner, dataclasses.fields(inner)[0].name, 0)
