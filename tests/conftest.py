"""Fixtures and settings of the whole suite."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# A loaded machine must not fail a property by being slow. On CI the examples are the same in every
# run; elsewhere each run tries new ones.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def folder_from(variable: str) -> Path:
    """Return the folder that an environment variable names; skip the test if it is unset."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set")
    folder = Path(value)
    # Set but wrong is a mistake; skipping would hide it.
    assert folder.is_dir(), f"{variable}={value} is not a folder"
    return folder


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
def rng() -> np.random.Generator:
    """Return a random generator with a fixed seed."""
    return np.random.default_rng(20240601)
