"""Centers as expressions in x and y: arithmetic and square roots, and nothing else."""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture

LONGEST = 200
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


class Family(NamedTuple):
    """Truths over x and y, which processes can be sent.

    Attributes
    ----------
    centers : tuple of tuple of str
        Expressions of the coordinates of each center.
    sigma : float
        Standard deviation of each component.
    """

    centers: tuple[tuple[str, ...], ...]
    sigma: float

    def __call__(self, x: float, y: float) -> Mixture:
        """Return the truth of two parameters."""
        return Mixture.location([[value_of(text, x, y) for text in row] for row in self.centers], self.sigma)


def centers_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the expressions of centers on a line, separated by commas, or of points separated by semicolons.

    Raises
    ------
    InvalidParameterError
        If one is no expression, or points differ in the number of coordinates.
    """
    if ";" in text:
        rows = [tuple(part.strip() for part in row.split(",")) for row in text.split(";")]
    else:
        rows = [(part.strip(),) for part in text.split(",")]
    if len({len(row) for row in rows}) > 1:
        raise InvalidParameterError.of(
            "centers", text, "give all points the same number of coordinates, as in -x/2,0;x/2,0;0,y"
        )
    for row in rows:
        for part in row:
            _parsed(part)
    return tuple(rows)


def value_of(text: str, x: float, y: float) -> float:
    """Return the value of an expression; raises InvalidParameterError where it is no finite real number."""
    try:
        value = _value(_parsed(text), {"x": x, "y": y})
    except (ArithmeticError, ValueError) as error:
        raise InvalidParameterError(f"centers: {text!r} has no value at x={x:g}, y={y:g}: {error}") from error
    if not (isinstance(value, float) and math.isfinite(value)):
        raise InvalidParameterError(f"centers: {text!r} is no finite real number at x={x:g}, y={y:g}")
    return value


@lru_cache(maxsize=256)
def _parsed(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # as of 1(2), which is refused below
            tree = ast.parse(text, mode="eval").body if len(text) <= LONGEST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is None or not _is_arithmetic(tree):
        raise InvalidParameterError.of(
            "centers", text, "use x, y, numbers, + - * / **, brackets and sqrt(...), as in -x,x,y"
        )
    return tree


def _is_arithmetic(node: Any) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    if isinstance(node, ast.Name):
        return node.id in ("x", "y")
    if isinstance(node, ast.BinOp):
        return type(node.op) in OPERATORS and _is_arithmetic(node.left) and _is_arithmetic(node.right)
    if isinstance(node, ast.UnaryOp):
        return type(node.op) in OPERATORS and _is_arithmetic(node.operand)
    root = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sqrt"
    return root and len(node.args) == 1 and not node.keywords and _is_arithmetic(node.args[0])


def _value(node: Any, names: dict[str, float]) -> float:
    if isinstance(node, ast.Constant):
        value: Any = node.value
        return float(value)  # powers of integers could grow without end
    if isinstance(node, ast.Name):
        return float(names[node.id])
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.UnaryOp):
        return OPERATORS[type(node.op)](_value(node.operand, names))
    return math.sqrt(_value(node.args[0], names))
