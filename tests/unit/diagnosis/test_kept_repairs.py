"""Repairs kept in a checkpoint: one that was ended goes on to the same bits, and nothing is done twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.measure.blocked import ArrayBlocks, LocalBlocks
from gmmscape.moves import mixture_problem
from gmmscape.progress import Event

RNG = np.random.default_rng(3)
CENTERS = RNG.uniform(0.0, 40.0, (12, 2))
X = np.concatenate([RNG.normal(center, 1.0, (80, 2)) for center in CENTERS])
#: All twelve on two of the clusters.
BAD = gs.Mixture([1 / 12] * 12, X[RNG.integers(0, 100, 12)], [1.0] * 12, "spherical")


def repaired(file: Path | None, rows: Any = X, model: Any = BAD, **options: Any) -> gs.Repair:
    return gs.repair(model, rows, covariance_type="spherical", checkpoint=file, **{"rng": 0, **options})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> gs.Repair:
    return repaired(tmp_path_factory.mktemp("whole") / "repair.json")


def assert_same_bits(one: gs.Repair, other: gs.Repair) -> None:
    assert one == other
    for name in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(one.model, name), getattr(other.model, name))


def test_a_checkpoint_changes_nothing(whole: gs.Repair):
    assert len(whole.moves) > 3
    assert_same_bits(repaired(None), whole)


@pytest.mark.parametrize("events", [1, 4, 9, 14])
def test_it_goes_on_to_the_same_bits(events: int, whole: gs.Repair, tmp_path: Path):
    seen: list[Event] = []

    def stop(event: Event) -> bool:
        seen.append(event)
        return len(seen) > events

    part = repaired(tmp_path / "repair.json", callback=stop)
    assert part.diagnosis.stop_reason == "interrupted"
    assert_same_bits(repaired(tmp_path / "repair.json"), whole)


def test_what_is_kept_is_not_done_again(whole: gs.Repair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repaired(tmp_path / "repair.json")

    def again(*_: Any, **__: Any) -> None:
        raise AssertionError("a descent was run")

    monkeypatch.setattr(mixture_problem, "descend_all", again)
    monkeypatch.setattr(mixture_problem, "descend", again)
    assert_same_bits(repaired(tmp_path / "repair.json"), whole)


def test_what_a_descent_cost_is_kept_with_it(tmp_path: Path):
    """The effort of a search, which decides on what it tries, counts what the run before did."""
    first = repaired(tmp_path / "repair.json")
    file = tmp_path / "repair.json"
    costs = [piece["cost"] for piece in json.loads(file.read_text())["done"].values()]
    assert min(costs) > 0
    assert repaired(file).diagnosis.passes == first.diagnosis.passes


def test_without_a_seed_it_is_that_of_the_file(tmp_path: Path):
    one = repaired(tmp_path / "repair.json", rng=None)
    assert_same_bits(repaired(tmp_path / "repair.json", rng=None), one)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"rng": 1}, "rng"),
        ({"rows": X[1:]}, "data"),
        ({"model": gs.Mixture(BAD.weights, BAD.means + 1e-9, BAD.covariances, "spherical")}, "model"),
        ({"nested": "take"}, "nested"),
        ({"pursue": "likelihood"}, "pursue"),
        ({"covariance_floor": 1e-3}, "covariance_floor"),
        ({"covariance_prior": 2.0}, "prior"),
    ],
)
def test_that_of_another_repair_is_refused(change: dict[str, Any], named: str, tmp_path: Path):
    repaired(tmp_path / "repair.json")
    before = (tmp_path / "repair.json").read_bytes()
    with pytest.raises(InvalidParameterError, match=f"another {named}"):
        repaired(tmp_path / "repair.json", **change)
    assert (tmp_path / "repair.json").read_bytes() == before


def test_what_keeps_none_says_so(tmp_path: Path):
    with pytest.raises(NotAvailableError, match="centers"):
        gs.repair(CENTERS, X, checkpoint=tmp_path / "repair.json")
    with pytest.raises(NotAvailableError, match="rows in blocks"):
        repaired(tmp_path / "repair.json", rows=LocalBlocks(ArrayBlocks([X])))
    assert not list(tmp_path.iterdir())
