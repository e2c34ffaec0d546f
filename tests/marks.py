"""Marks that several tests give."""

from __future__ import annotations

from collections.abc import Sequence

import pytest


def rest_slow(values: Sequence[object], now: int) -> list[object]:
    """Return the values as cases of a test; all after the first `now` are slow."""
    return [*values[:now], *(pytest.param(value, marks=pytest.mark.slow) for value in values[now:])]
