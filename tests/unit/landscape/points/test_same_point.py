"""Whether two points of a landscape are the same."""

import numpy as np
import pytest

from gmmscape.landscape.points.same_point import Accuracy, same_point

SIGMA = 2.0
ACCURACY = Accuracy(close=1e-3, soft=0.1, nll=1e-9)
LINE = np.array([[0.0], [3.0], [7.0], [7.5]])
PLANE = np.array([[0.0, 1.0], [3.0, -2.0], [7.0, 0.5], [7.5, 0.5]])
BOTH = pytest.mark.parametrize("means", [LINE, PLANE], ids=["line", "plane"])


def moved(means, distance):
    """The same means in another order, one of them moved by so many sigma."""
    other = means.copy()
    other[1, 0] += distance * SIGMA
    return other[[2, 0, 3, 1]]


def never(*_):
    raise AssertionError("is not to be asked")


@BOTH
def test_the_order_of_the_means_does_not_count(means):
    assert not np.allclose(moved(means, 0.0), means)
    assert same_point(moved(means, 0.0), means, SIGMA, Accuracy(0.0))


@BOTH
def test_close_is_measured_in_sigma(means):
    assert same_point(moved(means, 0.999e-3), means, SIGMA, ACCURACY)
    assert not same_point(moved(means, 1.001e-3), means, SIGMA, ACCURACY)
    # Twice the unit, half the distance.
    assert same_point(moved(means, 1.001e-3), means, 2 * SIGMA, ACCURACY)


@BOTH
def test_soft_points_are_one_farther_apart_where_their_values_agree(means):
    near, far = moved(means, 0.0999), moved(means, 0.1001)
    assert same_point(near, means, SIGMA, ACCURACY, soft=True, gap=0.9e-9)
    assert not same_point(near, means, SIGMA, ACCURACY, soft=True, gap=1.1e-9)
    assert not same_point(far, means, SIGMA, ACCURACY, soft=True, gap=0.0)
    assert not same_point(near, means, SIGMA, ACCURACY, soft=False, gap=0.0)


def test_values_that_nobody_knows_do_not_agree():
    assert not same_point(moved(LINE, 0.05), LINE, SIGMA, ACCURACY, soft=True)
    assert not same_point(moved(LINE, 0.05), LINE, SIGMA, ACCURACY, soft=True, gap=float("nan"))


def test_close_points_are_one_whatever_their_values():
    assert same_point(moved(LINE, 1e-4), LINE, SIGMA, ACCURACY, soft=True, gap=1.0)


def test_the_gap_is_asked_with_the_order_and_only_where_it_decides():
    orders = []

    def gap(order):
        orders.append(order)
        return 0.0

    near = moved(PLANE, 0.05)
    assert same_point(near, PLANE, SIGMA, ACCURACY, soft=True, gap=gap)
    assert np.abs(near[orders[0]] - PLANE).max() == pytest.approx(0.05 * SIGMA)
    assert same_point(moved(PLANE, 1e-4), PLANE, SIGMA, ACCURACY, soft=True, gap=never)
    assert not same_point(moved(PLANE, 0.2), PLANE, SIGMA, ACCURACY, soft=True, gap=never)
    assert not same_point(near, PLANE, SIGMA, ACCURACY, soft=False, gap=never)


def test_what_else_has_to_hold_is_asked_of_soft_points_of_one_value_only():
    near = moved(LINE, 0.05)
    assert same_point(near, LINE, SIGMA, ACCURACY, soft=True, gap=0.0, also=lambda: True)
    assert not same_point(near, LINE, SIGMA, ACCURACY, soft=True, gap=0.0, also=lambda: False)
    assert not same_point(near, LINE, SIGMA, ACCURACY, soft=True, gap=1.0, also=never)
    assert same_point(moved(LINE, 1e-4), LINE, SIGMA, ACCURACY, soft=True, gap=0.0, also=never)
