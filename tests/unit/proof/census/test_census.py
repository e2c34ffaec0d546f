"""Censuses: complete where they say so, and not where a point is missing."""

from __future__ import annotations

from dataclasses import replace
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab
from gmmscape.effort import EFFORT
from gmmscape.exceptions import FormatError, InvalidParameterError, NotAvailableError
from gmmscape.landscape.landscape import Landscape
from gmmscape.proof.census import census as module
from gmmscape.proof.census.subdivision import Subdivision, finest, region
from gmmscape.proof.certify import problem_of_landscape

TWO = gs.Mixture.location([-2.0, 2.0], sigma=1.0)


@pytest.fixture(scope="module")
def two() -> lab.Census:
    return lab.census(TWO, 2, rng=0)


def signed_count(found: lab.Census) -> int:
    """The count law's sum over relabellings, from certificates alone."""
    total = 0
    for certificate in found.certificates:
        x = sorted(certificate.point)
        groups, last = [0], None
        for value in x:
            if last is not None and value - last > 2 * certificate.tight_radius:
                groups.append(0)
            groups[-1] += 1
            last = value
        labelled = factorial(len(x))
        for n in groups:
            labelled //= factorial(n)
        total += (-1) ** certificate.index * labelled
    return total


def test_a_small_census_is_complete(two: lab.Census):
    assert two.complete
    assert two.stop_reason == "completed"
    assert two.undecided == ()
    assert [certificate.index for certificate in two.certificates] == [0, 1]
    assert [len(two.minima), len(two.saddles)] == [1, 1]
    assert signed_count(two) == 1
    assert [point.certificate for point in (*two.minima, *two.saddles)] == list(two.certificates)
    assert "exactly 2 critical points" in two.proved[-1]
    assert str(two).startswith("proved: exactly 2 critical points up to relabelling, and no others")


@pytest.mark.parametrize(
    ("centers", "weights", "sigma", "k"),
    [
        ([10.0, 12.0], [0.4, 0.6], 0.5, 2),
        ([-3.0, 0.0, 4.0], None, 2.0, 2),
    ],
)
def test_signed_counts_of_complete_censuses_are_one(centers: Any, weights: Any, sigma: float, k: int):
    truth = gs.Mixture.location(centers, sigma, weights)
    found = lab.census(truth, k, rng=1)
    assert found.complete
    assert signed_count(found) == 1
    assert found.count_law in (None, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("centers", "minima", "saddles"), [((-3, 3, 12), 2, 4), ((-1, 1), 1, 3)])
def test_three_means(centers: tuple[float, ...], minima: int, saddles: int, tmp_path: Path):
    found = lab.census(gs.Mixture.location([float(c) for c in centers], 1.0), 3, rng=0)
    assert found.complete
    assert (len(found.minima), len(found.saddles)) == (minima, saddles)
    assert signed_count(found) == 1
    found.to_json(tmp_path / "census.json")
    assert lab.verify(tmp_path / "census.json")


def without_saddles(monkeypatch: pytest.MonkeyPatch) -> None:
    explore = Landscape.explore

    def poorer(self: Landscape, *args: Any, **kwargs: Any) -> Any:
        return replace(explore(self, *args, **kwargs), saddles=(), edges=())

    monkeypatch.setattr(Landscape, "explore", poorer)


def test_what_the_exploration_missed_is_found(two: lab.Census, monkeypatch: pytest.MonkeyPatch):
    without_saddles(monkeypatch)
    found = lab.census(TWO, 2, rng=0)
    assert found.complete
    assert len(found.saddles) == 1
    assert [one.index for one in found.certificates] == [one.index for one in two.certificates]


def test_without_a_point_a_census_is_not_complete(two: lab.Census, monkeypatch: pytest.MonkeyPatch):
    without_saddles(monkeypatch)
    monkeypatch.setattr(module._Work, "_look_for_others", lambda self, side: None)
    found = lab.census(TWO, 2, rng=0)
    assert not found.complete
    (box,) = found.undecided
    saddle = two.saddles[0].means.ravel()
    assert all(low <= x <= high for (low, high), x in zip(box, saddle, strict=True))
    assert str(found).startswith("not proved to be complete: 1 critical point proved, 1 box undecided")
    assert "1 undecided box" in found.proved[-1]


@pytest.mark.slow
def test_a_flat_point_stays_undecided(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "EFFORT", replace(EFFORT, census=replace(EFFORT.census, most=500)))
    # Two means on the center of a single Gaussian: a curvature is exactly zero.
    found = lab.census(gs.Mixture.location([1.0], sigma=1.0), 2, rng=0, max_seconds=60)
    assert not found.complete
    assert found.certificates == ()
    assert any(all(low <= 1.0 <= high for low, high in box) for box in found.undecided)


def test_an_interrupted_census_goes_on_from_its_checkpoint(two: lab.Census, tmp_path: Path):
    path = tmp_path / "checkpoint.json"
    stages = []

    def stop(event: Any) -> bool:
        stages.append(event.stage)
        return event.stage == "boxes"

    first = lab.census(TWO, 2, path, rng=0, callback=stop)
    assert first.stop_reason == "interrupted"
    assert not first.complete
    assert first.undecided
    assert 0 < first.boxes < two.boxes
    seen: list[str] = []
    second = lab.census(TWO, 2, path, callback=lambda event: seen.append(event.stage))
    assert {"points", "certificates"} <= set(stages)
    assert set(seen) == {"boxes"}
    assert second == two
    with pytest.raises(InvalidParameterError, match="made with another"):
        lab.census(TWO, 3, path)


def test_nothing_is_claimed_where_time_runs_out():
    found = lab.census(TWO, 2, rng=0, max_seconds=0.0)
    assert found.stop_reason == "time_limit"
    assert not found.complete
    assert found.certificates == ()
    (box,) = found.undecided
    assert all(low < -3 and high > 3 for low, high in box)


def test_a_census_comes_back_from_its_file(two: lab.Census, tmp_path: Path):
    path = tmp_path / "census.json"
    two.to_json(path)
    assert lab.Census.from_json(path) == two
    path.write_text(path.read_text().replace('"boxes": ', '"boxes": 1'))
    with pytest.raises(FormatError, match="digest"):
        lab.Census.from_json(path)


def test_regions_hold_the_centers_and_rules_grow_with_gaps():
    def problem(centers: list[float], sigma: float) -> Any:
        truth = gs.Mixture.location(centers, sigma)
        return problem_of_landscape(lab.Landscape(lab.Population(truth), 3))

    low, high = region(problem([0.0, 10.0], 2.0))
    assert low <= -2 * 1.5
    assert high >= 10 + 2 * 1.5
    assert finest(problem([0.0, 30.0], 1.0)) > finest(problem([0.0, 30.0], 3.0)) + 100
    division = Subdivision(problem([0.0, 10.0], 2.0))
    assert np.isclose(division.state.left.volumes.sum(), division.volume)


def test_what_cannot_be_proved_is_refused():
    with pytest.raises(InvalidParameterError, match="Mixture"):
        lab.census([[0.0]], 2)  # type: ignore[arg-type]
    with pytest.raises(NotAvailableError, match="on a line"):
        lab.census(gs.Mixture.location([[0.0, 1.0]], 1.0), 2)
    with pytest.raises(NotAvailableError, match="one standard deviation"):
        lab.census(gs.Mixture([0.5, 0.5], [0.0, 9.0], [1.0, 4.0], "spherical"), 2)
    for name, value in (("n_components", 0), ("n_jobs", 0), ("max_seconds", -1)):
        with pytest.raises(InvalidParameterError, match=name):
            lab.census(TWO, **{"n_components": 2, name: value})
