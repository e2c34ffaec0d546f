"""The picture of a repair is a display like all others."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

import gmmscape as gs
from gmmscape import plot
from gmmscape.plot.style import Display

BAD = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")


@pytest.fixture(scope="module")
def repaired():
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 60)).reshape(-1, 1)
    return gs.repair(BAD, X, covariance_type="spherical", rng=0)


def test_every_display_is_one():
    displays = [getattr(plot, name) for name in plot.__all__ if name.endswith("Display")]
    assert {plot.RepairDisplay, plot.OptimaDisplay} <= set(displays)
    assert all(issubclass(one, Display) for one in displays)


def test_pyplot_does_not_know_the_figure(repaired):
    before = pyplot.get_fignums()
    picture = repaired.plot()
    assert pyplot.get_fignums() == before
    assert isinstance(picture, Display)
    assert picture.axes_.shape == (2,)
    assert picture.ax_ is picture.axes_[0]
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_it_draws_rows_and_components_of_both_fits(repaired):
    picture = repaired.plot()
    assert [len(some) for some in picture.centers_] == [3, 3]
    assert [len(some) for some in picture.ellipses_] == [3, 3]
    assert [len(rows.get_offsets()) for rows in picture.rows_] == [180, 180]
    assert picture.ax_.get_title() == "before: bad optimum"


def test_own_axes_are_used(repaired):
    axes = Figure().subplots(1, 2)
    assert list(repaired.plot(axes).axes_) == list(axes)


def test_plain_numbers_are_drawn():
    points = np.random.default_rng(0).normal(size=(50, 3))
    means = points[:2]
    fits = [(means, None), (means, np.stack([np.eye(3)] * 2))]
    picture = plot.RepairDisplay(points, fits, [None, ["nested"] * 2]).plot()
    assert [len(some) for some in picture.ellipses_] == [0, 2]
    assert "first principal direction" in picture.ax_.get_xlabel()


def test_a_repair_that_was_read_needs_the_rows(repaired, tmp_path):
    repaired.to_json(tmp_path / "repair.json")
    again = gs.Repair.from_json(tmp_path / "repair.json")
    with pytest.raises(gs.InvalidParameterError, match="data=None"):
        again.plot()
    assert len(again.plot(data=repaired.data).rows_) == 2
