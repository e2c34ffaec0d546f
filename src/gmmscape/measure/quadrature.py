"""Tensor trapezoid rules for expectations under standard Gaussians, with measured errors.

The trapezoid sum of step h over the whole line errs, for a smooth integrand, by a Fourier series in the
place of its nodes: a term of period h, one of period h/2, and so on, each far smaller than the one before
(Poisson summation). Four sums over nodes shifted by quarters of h measure the first term, phase included:
half the difference of opposite sums. That is the error of each, up to the terms that follow. In more
dimensions nodes are shifted along one axis after the other, and the errors of the axes are added.

A rule is refined by halving the step of the axis that errs most, until value, first and second derivative are
all resolved: a kink that the value hardly sees is a jump in the first derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.tolerances import TOLERANCES

HALF_AND_QUARTERS = (0.5, 0.25, 0.75)

#: Sums of some quantities over nodes and weights; each array is judged by its largest error.
Sums = tuple[FloatArray, ...]
#: Takes nodes in standard coordinates, shape (n, r), and their weights.
Integrand = Callable[[FloatArray, FloatArray], Sums]


class Rule(NamedTuple):
    """A tensor trapezoid rule for the standard Gaussian, with nodes steps apart along the axes.

    Without axes it is a single node.
    """

    steps: tuple[float, ...]

    def nodes(self, axis: int = 0, shift: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """Return nodes (n, r), moved `shift` steps along one axis, and their weights; shared, read-only."""
        small = self.size <= EFFORT.measure.small_rule
        return (_small_nodes if small else _nodes)(self.steps, axis, shift)

    def finer(self) -> Rule:
        """Return the rule with half the steps."""
        return Rule(tuple(0.5 * step for step in self.steps))

    @property
    def size(self) -> float:
        """About the number of nodes."""
        r = len(self.steps)
        ball = (1.0, 2.0, np.pi, 4 / 3 * np.pi)[r]
        return ball * TOLERANCES.measure.tails[r] ** r / math.prod(self.steps)

    def measured(self, integrand: Integrand) -> tuple[float, ...]:
        """Return the measured error of each of the integrand's sums."""
        whole = integrand(*self.nodes())
        found = np.zeros(len(whole))
        for axis in range(len(self.steps)):
            found += _errors([whole, *_shifted(self, integrand, axis)])
        return tuple(found.tolist())


@lru_cache(maxsize=16)
def _nodes(steps: tuple[float, ...], axis: int, shift: float) -> tuple[FloatArray, FloatArray]:
    tail = TOLERANCES.measure.tails[len(steps)]
    z: FloatArray = np.zeros((1, 0))
    w: FloatArray = np.ones(1)
    squares: FloatArray = np.zeros(1)
    for place, step in enumerate(steps):
        n = int(np.ceil(tail / step))
        offsets = step * (np.arange(-n, n + 1) + (shift if place == axis else 0.0))
        along: FloatArray = step / np.sqrt(2 * np.pi) * np.exp(-0.5 * offsets**2)
        squares = np.add.outer(squares, offsets**2).ravel()
        # The corners of the box hold nothing.
        inside = np.flatnonzero(squares <= tail**2) if place else np.arange(len(squares))
        before, last = np.divmod(inside, len(offsets))
        z = np.concatenate([z[before], offsets[last, None]], axis=1)
        w, squares = w[before] * along[last], squares[inside]
    z.setflags(write=False)
    w.setflags(write=False)
    return z, w


@lru_cache(maxsize=EFFORT.measure.small_rules)
def _small_nodes(steps: tuple[float, ...], axis: int, shift: float) -> tuple[FloatArray, FloatArray]:
    return _nodes.__wrapped__(steps, axis, shift)


def fitted_rule(dimension: int, integrand: Integrand, tolerance: float, noise: tuple[float, ...]) -> Rule:
    """Return the coarsest rule whose measured errors are within tolerance, or within the noise of rounding.

    Steps are never below `finest_step`, and there are no more than `most_nodes` nodes. Cost: the integrand
    at about eight times the nodes of the rule, and that again for each further axis.
    """
    # With this step the Gaussian itself is resolved to the tolerance: nothing coarser can pass.
    gaussian = 2 * np.pi / np.sqrt(2 * np.log(2 / min(tolerance, 1e-2)))
    rule = Rule((float(min(TOLERANCES.measure.coarsest_step, gaussian)),) * dimension)
    enough = np.maximum(tolerance, noise)
    whole = integrand(*rule.nodes())
    sums = [[whole, *_shifted(rule, integrand, axis)] for axis in range(dimension)]
    while dimension:
        errors = np.array([_errors(four) for four in sums])
        if np.all(errors.sum(axis=0) <= enough):
            break
        axis = int(np.argmax((errors / enough).max(axis=1)))
        finer = Rule((*rule.steps[:axis], 0.5 * rule.steps[axis], *rule.steps[axis + 1 :]))
        if (
            finer.steps[axis] <= TOLERANCES.measure.finest_step
            or finer.size > EFFORT.measure.most_nodes[dimension]
        ):
            break
        rule, sums = finer, _halved(finer, integrand, axis, sums)
    return rule


def _halved(rule: Rule, integrand: Integrand, axis: int, sums: list[list[Sums]]) -> list[list[Sums]]:
    """Sums of a rule whose step along one axis has just been halved."""
    # The sums of two opposite quarters together are one with half the step.
    old = sums[axis]
    whole, half = (
        tuple(0.5 * (a + b) for a, b in zip(old[i], old[j], strict=True)) for i, j in ((0, 1), (2, 3))
    )
    result = []
    for other in range(len(rule.steps)):
        if other == axis:
            quarters = [integrand(*rule.nodes(axis, shift)) for shift in HALF_AND_QUARTERS[1:]]
            result.append([whole, half, *quarters])
        else:
            result.append([whole, *_shifted(rule, integrand, other)])
    return result


def _shifted(rule: Rule, integrand: Integrand, axis: int) -> list[Sums]:
    return [integrand(*rule.nodes(axis, shift)) for shift in HALF_AND_QUARTERS]


def _errors(sums: list[Sums]) -> list[float]:
    """Errors from the sums at shifts 0, 1/2, 1/4 and 3/4."""
    return [
        0.5
        * TOLERANCES.measure.safety
        * max(float(np.abs(a - c).max(initial=0.0)), float(np.abs(b - d).max(initial=0.0)))
        for a, c, b, d in zip(*sums, strict=True)
    ]
