"""One small instance of every public result, made once."""

from __future__ import annotations

import pytest

from gmmscape.results import Record
from unit.results.cases import of_data, of_landscapes, of_paths, of_proofs, of_truths


@pytest.fixture(scope="session")
def results() -> dict[str, Record]:
    """By names that say what they are; several of one class where it holds different things."""
    return {**of_data(), **of_landscapes(), **of_paths(), **of_truths(), **of_proofs()}
