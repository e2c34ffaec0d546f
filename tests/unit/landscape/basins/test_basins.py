"""basins: shares that add up, one's own starts, and the same numbers however the work is done."""

from __future__ import annotations

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import lab

STARTS = 1200


@pytest.fixture(scope="module")
def land():
    return lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)), 3)


@pytest.fixture(scope="module")
def found(land):
    return lab.basins(land, start="truth", n_starts=STARTS, rng=5)


def test_hits_and_what_ended_elsewhere_add_up(found):
    assert found.hits.sum() + sum(found.unresolved.values()) == STARTS == len(found.labels)
    assert np.array_equal(np.bincount(found.labels[found.labels >= 0]), found.hits)
    assert np.all(found.intervals[:, 0] < found.shares)
    assert np.all(found.shares < found.intervals[:, 1])


def test_labels_are_where_each_start_leads(land):
    starts = np.array([[[-3.0], [11.0], [13.0]], [[0.0], [0.5], [12.0]], [[-4.0], [3.0], [10.0]]])
    found = lab.basins(land, start=starts)
    for start, label in zip(starts, found.labels, strict=True):
        assert land.descend(start, method="em").nll == pytest.approx(found.minima[label].nll, abs=1e-9)


@pytest.mark.parametrize("method", ["em", "gd"])
def test_processes_do_not_change_it(land, method):
    one, two = (
        lab.basins(land, start="uniform", n_starts=700, method=method, rng=1, n_jobs=j) for j in (1, 2)
    )
    assert one.to_dict() == two.to_dict()
    assert np.array_equal(one.labels, two.labels)


def test_it_can_be_stopped_and_gone_on_with(land, found, tmp_path):
    file = tmp_path / "ends.json"
    part = lab.basins(
        land, start="truth", n_starts=STARTS, rng=5, checkpoint=file, callback=lambda event: event.done >= 500
    )
    assert (part.stop_reason, part.n_starts) == ("interrupted", 500)
    whole = lab.basins(land, start="truth", n_starts=STARTS, rng=5, checkpoint=file)
    assert whole.to_dict() == found.to_dict()
    with pytest.raises(gs.InvalidParameterError, match="another rng"):
        lab.basins(land, start="truth", n_starts=STARTS, rng=6, checkpoint=file)
    assert lab.basins(land, start="truth", n_starts=STARTS, checkpoint=file).to_dict() == found.to_dict()


def test_starts_that_nobody_settled_may_belong_to_any_minimum():
    land = lab.Landscape(lab.Population(gs.Mixture.location([-3.0, 3.0, 12.0, 57.0, 63.0, 72.0], 1.0)), 6)
    whole = lab.basins(land, start="truth", n_starts=300, rng=0)
    part = lab.basins(
        land,
        start="truth",
        n_starts=300,
        rng=0,
        callback=lambda event: event.stage == "settling" and event.done > 100,
    )
    assert part.stop_reason == "interrupted"
    assert 0 < part.unresolved["interrupted"] < 300
    for point, (low, high) in zip(part.minima, part.intervals, strict=True):
        of_all = [
            share
            for other, share in zip(whole.minima, whole.shares, strict=True)
            if np.allclose(np.sort(other.means, axis=0), np.sort(point.means, axis=0), atol=1e-6)
        ]
        assert len(of_all) == 1
        assert low <= of_all[0] <= high
        assert high >= (point.hits + part.unresolved["interrupted"]) / 300


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "rows"}, "population"),
        ({"start": "nowhere"}, "choose one of"),
        ({"start": [[1.0, 2.0]]}, "shape"),
        ({"start": "truth", "method": "newton"}, "'em', 'gd'"),
        ({"start": "truth", "n_starts": 0}, "n_starts=0"),
        ({"start": "truth", "n_starts": 10**12}, "at most 100000000"),
    ],
)
def test_bad_input_is_named(land, options, message):
    with pytest.raises(gs.InvalidParameterError, match=message):
        lab.basins(land, **options)
