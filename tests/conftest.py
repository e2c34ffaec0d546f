"""Fixtures and settings of the whole suite."""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Iterator
from pathlib import Path

# As many workers as cores leave nothing to the threads of BLAS, whose waiting for work costs a worker's time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import settings

from ctrl_c import interruptible

# A loaded machine must not fail a property by being slow. On CI the examples are the same in every
# run; elsewhere each run tries new ones.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


# What is printed does not depend on how wide the terminal of the tests is.
os.environ.pop("COLUMNS", None)


def folder_from(variable: str) -> Path:
    """Return the folder that an environment variable names; skip the test if it is unset."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set")
    folder = Path(value)
    # Set but wrong is a mistake; skipping would hide it.
    assert folder.is_dir(), f"{variable}={value} is not a folder"
    return folder


#: Seconds that a slow test may take on a busy machine; pyproject.toml has what the others may.
SLOW_TIMEOUT = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that are slow by their mark a time limit of their own."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT))


def pytest_collection_finish() -> None:
    """Leave what was collected out of the search for garbage, a fifth of whose time it took."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the larger data sets, GMMSCAPE_DATA."""
    return folder_from("GMMSCAPE_DATA")


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Folder of the reference tables, GMMSCAPE_REFERENCE."""
    return folder_from("GMMSCAPE_REFERENCE")


@pytest.fixture(autouse=True)
def fixed_global_seeds() -> None:
    """Start each test from the same global random state, for code that falls back on it."""
    random.seed(0)
    np.random.seed(0)


@pytest.fixture
def ctrl_c_works() -> Iterator[None]:
    """Let the test be interrupted as from a terminal, however the suite was started."""
    with interruptible():
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a random generator with a fixed seed."""
    return np.random.default_rng(20240601)
