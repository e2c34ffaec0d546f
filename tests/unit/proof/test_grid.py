"""Sums over grids, line by line, are those over nodes one by one, and boxes of the plane get rules enough."""

import pytest

from gmmscape.proof.balls import around, exact, precision
from gmmscape.proof.enclosure import boxes
from gmmscape.proof.grid import Grid, grid_moments
from gmmscape.proof.population import PopulationEncloser, node_masses, points_of
from gmmscape.proof.problem import PopulationProblem
from gmmscape.proof.sums import Posteriors, moments
from gmmscape.proof.trapezoid import Rule

#: The second center has no node in common with the others along the first axis.
CENTERS = ((0.0, 0.5), (9.0, -1.0), (1.0, 3.0))
PROBLEM = PopulationProblem((0.5, 0.3, 0.2), CENTERS, 1.25, 1.0, 2)
RULE = Rule(0.75, 0.5, 3.0)
MEANS = (0.25, 0.0, 6.5, 0.75)


def entries(value):
    if hasattr(value, "entries"):
        return value.entries()
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("radius", [0.0, 2.0**-40])
def test_line_by_line_is_node_by_node(radius):
    with precision(100):
        shown = boxes([around(exact(x), exact(radius)) for x in MEANS], 2)
        shares, sigma, tau = PROBLEM.shares(), exact(1.0), exact(1.25)
        places, masses = node_masses(RULE, shares, PROBLEM.places(), tau)
        one = moments(places, masses, shown, sigma, second=True, across=True)
        grid = Grid(RULE, shares, PROBLEM.places(), tau)
        other = grid_moments(grid, shown, [exact(1) / 2] * 2, sigma, second=True)
        for name in ("log_density", "shares", "first", "pair", "both", "own"):
            ours, theirs = entries(getattr(other, name)), entries(getattr(one, name))
            if name == "own":  # blocks on the diagonal only
                ours, theirs = ([x[4 * a + b] for a in range(4) for b in range(4) if a // 2 == b // 2]
                                for x in (ours, theirs))  # fmt: skip
            assert len(ours) == len(theirs)
            for x, y in zip(ours, theirs, strict=True):
                assert x.overlaps(y)
                assert abs(x.mid() - y.mid()) < (1e-24 if not radius else 1e-17)
                assert x.rad() < (1e-24 if not radius else 1e-8)


def test_weights_of_the_truth():
    """As for the entropy, whose terms have the truth's weights."""
    with precision(100):
        shares, tau = PROBLEM.shares(), exact(1.25)
        grid = Grid(RULE, shares, PROBLEM.places(), tau)
        found = grid_moments(grid, PROBLEM.places(), shares, tau, second=False)
        places, masses = points_of(PROBLEM, RULE, 100)
        logs = exact(0)
        posteriors = Posteriors(PROBLEM.places(), tau)
        for place, row in zip(places, masses, strict=True):
            psi, log = posteriors.at(place)
            weighted = sum(w * p for w, p in zip(shares, psi, strict=True))
            logs += sum(row) * (log + weighted.log() - (2 * exact(1).pi() * tau * tau).log())
        assert found.log_density.overlaps(logs)
        assert found.log_density.rad() < 1e-24
        assert found.pair is None


@pytest.mark.parametrize("radius", [2.0**-4, 2.0**-12])
def test_rules_for_boxes_hold_hessians(radius):
    """Fewer nodes for a wide box; what they enclose holds the Hessian at points of it, and little more."""
    problem = PopulationProblem((0.5, 0.5), ((0.0, 0.0), (1.0, 1.5)), 1.0, 1.0, 2)
    places = [0.0, 0.0, 1.0, 1.5]
    with precision(72):
        fine = PopulationEncloser.near(problem, places, 20, 72)
        rough = fine.for_box(places, radius)
        assert rough.rule.step > 1.2 * fine.rule.step
        box = [around(exact(x), exact(radius)) for x in places]
        over = rough.at(box, hessian=True).hessian
        for by in (-0.75, 0.0, 0.75):
            at = fine.at([exact(x + by * radius) for x in places], hessian=True).hessian
            for x, y in zip(over.entries(), at.entries(), strict=True):
                assert x.contains(y)
                assert x.rad() < 8 * radius + 1e-3
        assert fine.for_box(places, 2.0**-60) is fine
