"""Seeds that turn: another one each day, or the one that GMMSCAPE_SEED names, told in the head of the run."""

from __future__ import annotations

import datetime
import os

import numpy as np
import pytest

SEED = int(os.environ.get("GMMSCAPE_SEED") or datetime.datetime.now(datetime.UTC).date().toordinal())


def pytest_report_header() -> str:
    """Say which seed makes the run again."""
    return f"GMMSCAPE_SEED={SEED}"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Return a generator of the day's seed, another one for each test."""
    return np.random.default_rng([SEED, *request.node.name.encode()])
