"""The picture of a repair is a display like all others."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from scipy.integrate import trapezoid

import gmmscape as gs
from gmmscape import plot
from gmmscape.diagnosis.result import KINDS
from gmmscape.plot.style import Display

BAD = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")


@pytest.fixture(scope="module")
def repaired():
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 60)).reshape(-1, 1)
    return gs.repair(BAD, X, covariance_type="spherical", rng=0)


def test_every_display_is_one():
    displays = [getattr(plot, name) for name in plot.__all__ if name.endswith("Display")]
    assert {plot.RepairDisplay, plot.OptimaDisplay, plot.FitDisplay} <= set(displays)
    assert all(issubclass(one, Display) for one in displays)


def test_pyplot_does_not_know_the_figure(repaired):
    before = pyplot.get_fignums()
    picture = repaired.plot()
    assert pyplot.get_fignums() == before
    assert isinstance(picture, Display)
    assert picture.axes_.shape == (2,)
    assert picture.ax_ is picture.axes_[0]
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_one_column_is_a_histogram_with_the_densities_of_both_fits(repaired):
    picture = repaired.plot()
    assert [len(panel.curves) for panel in picture.panels_] == [3, 3]
    assert [panel.ellipses for panel in picture.panels_] == [[], []]
    for panel in picture.panels_:
        assert sum(bar.get_width() * bar.get_height() for bar in panel.rows) == pytest.approx(1.0)
        x, y = panel.density.get_data()
        assert trapezoid(y, x) == pytest.approx(1.0, abs=0.02)
    assert picture.ax_.get_title(loc="left") == "before: bad optimum"
    assert picture.axes_[0].get_ylim() == picture.axes_[1].get_ylim()


def test_own_axes_are_used(repaired):
    axes = Figure().subplots(1, 2)
    assert list(repaired.plot(ax=axes).axes_) == list(axes)


def test_plain_numbers_are_drawn():
    points = np.random.default_rng(0).normal(size=(50, 3))
    means = points[:2]
    fits = [(None, means, None), ([0.5, 0.5], means, np.stack([np.eye(3)] * 2))]
    picture = plot.RepairDisplay(points, fits, [None, ["nested"] * 2], names=["a", "b", "c"]).plot()
    assert [len(panel.ellipses) for panel in picture.panels_] == [0, 2]
    assert {"a", "b", "c"} <= set(picture.ax_.get_xlabel().split())
    assert picture.axes_[0].get_xlim() == picture.axes_[1].get_xlim()
    assert "farthest apart" in picture.legend_.get_title().get_text()


@pytest.mark.parametrize("kind", ["mixed", "not examined", "background", "collapsed"])
def test_every_kind_of_component_is_drawn_and_named(kind):
    assert kind in KINDS
    fits = [(None, [[0.0, 0.0], [4.0, 4.0]], [np.eye(2)] * 2)] * 2
    picture = plot.RepairDisplay(None, fits, [[kind, "exact"], None]).plot()
    assert any(text.get_text().startswith(f"{kind}: ") for text in picture.legend_.get_texts())


def test_a_repair_that_was_read_is_drawn_with_the_rows_or_without(repaired, tmp_path):
    repaired.to_json(tmp_path / "repair.json")
    again = gs.Repair.from_json(tmp_path / "repair.json")
    assert [panel.rows for panel in again.plot().panels_] == [None, None]
    assert all(panel.rows is not None for panel in again.plot(repaired.data).panels_)


def test_centers_are_drawn():
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2)) + rng.choice([0.0, 9.0], (200, 1))
    picture = gs.repair(KMeans(2, n_init=1, random_state=0).fit(X), X, rng=0).plot()
    assert [len(panel.marks) for panel in picture.panels_] == [2, 2]
    assert "centers" in picture.legend_.get_title().get_text()


@pytest.mark.parametrize("widths", [[1], [1, 2], [1, 1, 1]])
def test_two_fits_of_the_same_columns(widths):
    with pytest.raises(gs.InvalidParameterError, match="two, of the same columns"):
        plot.RepairDisplay(None, [(None, np.zeros((1, d)), None) for d in widths])


def test_two_columns_at_most():
    fits = [(None, np.zeros((1, 4)), None)] * 2
    with pytest.raises(gs.InvalidParameterError, match="one column or two"):
        plot.RepairDisplay(None, fits, columns=[0, 1, 2])
