"""Growth: a fit with one component more, where a bound says that one is missing."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.proof.bound.problem import BoundProblem
from gmmscape.validation import real_number


def grown(problem: BoundProblem, fit: Mixture, place: FloatArray, weight: float | None) -> Mixture:
    """Return a fit with a component at a place, of a weight or of the best one."""
    share = real_number("weight", best_weight(problem, fit, place) if weight is None else weight)
    if share >= 1:
        raise InvalidParameterError.of("weight", weight, "pass a number between 0 and 1, or None")
    return Mixture.location(
        np.vstack([fit.means, place]), problem.sigma, np.append(fit.weights * (1 - share), share)
    )


def best_weight(problem: BoundProblem, fit: Mixture, place: FloatArray) -> float:
    """Return the weight of a new component with the highest likelihood, the others in proportion."""
    from scipy.optimize import minimize_scalar

    new = Mixture.location(place[None], problem.sigma)
    logs = new.log_density(problem.rows) - fit.log_density(problem.rows)

    def loss(share: float) -> float:
        return -float(problem.row_weights @ np.logaddexp(np.log1p(-share), np.log(share) + logs))

    smallest = float(np.finfo(np.float64).eps)
    return float(minimize_scalar(loss, bounds=(smallest, 1 - smallest), method="bounded").x)
