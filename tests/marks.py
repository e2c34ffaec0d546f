"""Marks that several tests give."""

from __future__ import annotations

from collections.abc import Sequence

import pytest


def rest_slow(values: Sequence[object], now: int) -> list[object]:
    """Return the values of one argument as cases of a test; all after the first `now` are slow."""
    return tuples_rest_slow([(value,) for value in values], now)


def tuples_rest_slow(values: Sequence[tuple[object, ...]], now: int) -> list[object]:
    """Return tuples of the values of several arguments as cases; all after the first `now` are slow."""
    return [
        pytest.param(*value, marks=[pytest.mark.slow] * (place >= now)) for place, value in enumerate(values)
    ]
