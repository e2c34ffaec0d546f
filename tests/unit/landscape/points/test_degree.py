"""The degree of degenerate critical points: of polynomials, whose index is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.landscape.points.degree import measured_degree


class Polynomial:
    """A sum of monomials in the means, as an objective of unit sigma: {powers: coefficient}."""

    family = SimpleNamespace(coordinates=SimpleNamespace(sigma=1.0))

    def __init__(self, terms):
        self.terms = terms

    def derivatives(self, fit, hessian=False):
        x = fit.means.ravel()
        m = len(x)
        axes = np.eye(m, dtype=int)

        def derivative(*along):
            total = 0.0
            for powers, coefficient in self.terms.items():
                left = np.array(powers)
                for axis in along:
                    coefficient = coefficient * left[axis]
                    left = left - axes[axis]
                total += coefficient * np.prod(x ** np.maximum(left, 0))
            return total

        return SimpleNamespace(
            gradient=np.array([derivative(i) for i in range(m)]),
            hessian=np.array([[derivative(i, j) for j in range(m)] for i in range(m)]),
        )


@pytest.mark.parametrize(
    ("terms", "degree"),
    [
        ({(2, 0): 0.5, (0, 4): 1.0}, 1),  # a minimum
        ({(2, 0): 0.5, (0, 4): -1.0}, -1),  # a saddle, as every point from which one direction leads down
        ({(2, 0): -0.5, (0, 4): 1.0}, -1),
        ({(2, 0): -0.5, (0, 4): -1.0}, 1),  # a maximum in the plane
        ({(2, 0): 0.5, (0, 3): 1.0}, 0),  # a fold
        # x^2/2 - x y^2 + c y^4: along the valley x = y^2 it is (c - 1/2) y^4.
        ({(2, 0): 0.5, (1, 2): -1.0, (0, 4): 0.6}, 1),
        ({(2, 0): 0.5, (1, 2): -1.0, (0, 4): 0.4}, -1),
        ({(2, 0, 0): 0.5, (0, 4, 0): 1.0, (0, 0, 4): 1.0}, 1),
        ({(2, 0, 0): 0.5, (0, 4, 0): -1.0, (0, 0, 4): -1.0}, 1),  # both lead down
        ({(2, 0, 0): -0.5, (0, 4, 0): -1.0, (0, 0, 4): -1.0}, -1),
        ({(2, 0, 0): 0.5, (0, 4, 0): 1.0, (0, 0, 4): -2.0}, None),  # slopes of either sign tell nothing
        ({(2, 0, 0): 0.5, (0, 3, 0): 1.0, (0, 1, 2): -3.0}, None),  # a monkey's saddle, of degree -2
        ({(0, 0, 0, 2): 0.5, (4, 0, 0, 0): -1.0, (0, 4, 0, 0): -1.0, (0, 0, 4, 0): -1.0}, -1),
        ({(2, 0): 0.5, (0, 8): 1.0}, None),  # slopes too small to have a sign
        ({(2, 0): 0.5, (0, 2): 0.5}, None),  # nothing is soft
        (
            {(4, 0, 0, 0): 1.0, (0, 4, 0, 0): 1.0, (0, 0, 4, 0): 1.0, (0, 0, 0, 4): 1.0},
            None,
        ),  # all too much is
    ],
)
def test_degrees_of_polynomials(terms, degree):
    m = len(next(iter(terms)))
    assert measured_degree(Polynomial(terms), gs.Mixture.location(np.zeros(m), 1.0)) == degree
