"""One small instance of every public result, made once."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from gmmscape.results import Record
from unit.results.cases import of_data, of_landscapes, of_paths, of_proofs, of_truths


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    """By names that say what they are; several of one class where it holds different things.

    Of two workers of one run the second reads what the first has made, which takes seconds.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return made()
    kept = tmp_path_factory.getbasetemp().parent / f"results-{run}.pickle"
    if not kept.exists():
        own = Path(f"{kept}.{os.getpid()}")
        own.write_bytes(pickle.dumps(made()))
        own.replace(kept)
    return pickle.loads(kept.read_bytes())


def made() -> dict[str, Record]:
    """Make all of them."""
    return {**of_data(), **of_landscapes(), **of_paths(), **of_truths(), **of_proofs()}
