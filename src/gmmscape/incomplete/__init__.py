"""Rows with missing values: held by pattern of observed columns, completed exactly, imputed."""

from gmmscape.incomplete.completion import drawn, expected
from gmmscape.incomplete.held import IncompleteRows, hold, hold_with
from gmmscape.incomplete.information import row_scores
from gmmscape.incomplete.one_gaussian import OneGaussian, one_gaussian
from gmmscape.incomplete.patterns import Patterns

__all__ = [
    "IncompleteRows",
    "OneGaussian",
    "Patterns",
    "drawn",
    "expected",
    "hold",
    "hold_with",
    "one_gaussian",
    "row_scores",
]
