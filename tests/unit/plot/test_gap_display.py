"""GapDisplay: log(1 + D) on a line and in the plane, the proved end, a star only where one is needed."""

from __future__ import annotations

import numpy as np
import pytest

from gmmscape import lab
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.plot import GapDisplay

pytest.importorskip("matplotlib")
pytest.importorskip("flint")

X = np.array([[-2.0], [-1.5], [0.0], [2.0], [2.5]])


def test_the_curve_stays_below_the_proved_line_and_touches_it():
    bound = lab.global_bound([-1.0, 2.0], X, 1.0)
    picture = bound.plot()
    theta, values = picture.curve_.get_data()
    assert theta[0] < X.min() < X.max() < theta[-1]
    shown = values[np.isfinite(values)]
    assert shown.max() <= bound.gain[1]
    assert shown.max() == pytest.approx(bound.gain[1], abs=1e-3)
    assert list(picture.upper_.get_ydata()) == [bound.gain[1]] * 2
    assert picture.argmax_.get_data()[0] == [bound.argmax[0]]
    assert list(picture.means_.get_data()[0]) == [-1.0, 2.0]
    np.testing.assert_allclose(values, np.where(np.isfinite(values), bound.log_ratio(theta), np.nan))


def test_the_best_of_all_has_no_star():
    picture = lab.nonparametric(X, 1.0).bound.plot()
    assert picture.argmax_ is None
    names = [text.get_text() for text in picture.figure_.legends[0].get_texts()]
    assert "where another one should go" not in names
    assert "components" in names


def test_in_the_plane_colours():
    rows = np.concatenate([X, X[::-1] ** 2], axis=1)
    bound = lab.global_bound(rows[:2], rows, 1.0)
    picture = bound.plot()
    assert picture.upper_ is None
    assert float(np.max(picture.curve_.get_array())) <= bound.gain[1]
    assert picture.argmax_.get_data() == ([bound.argmax[0]], [bound.argmax[1]])
    assert picture.ax_.get_xlabel() == "column 0 of theta"


def test_what_cannot_be_drawn():
    rows = np.random.default_rng(0).normal(size=(5, 3))
    with pytest.raises(NotAvailableError, match="plane"):
        lab.global_bound(rows[:1], rows, 1.0).plot()
    with pytest.raises(InvalidParameterError, match="values"):
        GapDisplay([[0.0, 1.0]], [0.0], [0.0], [0.0], 1.0)
    with pytest.raises(InvalidParameterError, match="axes"):
        GapDisplay([], 0.0, [0.0], [0.0], 1.0)
