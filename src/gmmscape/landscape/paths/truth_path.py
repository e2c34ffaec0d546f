"""A landscape along a path of truths: derivatives in the means and in the path's parameter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.points.descent import Descent
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.tolerances import TOLERANCES


class Slope(NamedTuple):
    """Gradient, shape (m,), and Hessian, shape (m, m), in the means in units of sigma."""

    gradient: FloatArray
    hessian: FloatArray


class Wrong(NamedTuple):
    """Estimated errors of a `Slope`: of any entry of the gradient, and of the Hessian."""

    gradient: float
    hessian: float


class AlongPath(ABC):
    """Landscapes along a path of truths, in coordinates of their own: what continuation asks of them.

    Attributes
    ----------
    path : callable
        From the parameter to the truth, a `Mixture`.
    bracket : tuple of float
        Where the path is evaluated.
    origin : ndarray of shape (d,)
        What local coordinates count from: the origin of the population at the upper end.
    grain : float
        How well the caller's path can say where a center is, in units of the coordinates.
    width : float
        Half-width of differences in the parameter, as a share of the bracket.
    """

    path: Callable[[float], Mixture]
    bracket: tuple[float, float]
    origin: FloatArray
    grain: float
    width: float

    @property
    @abstractmethod
    def size(self) -> int:
        """Number m of coordinates."""

    @abstractmethod
    def slope(self, point: FloatArray, parameter: float, *, fine: bool = False) -> Slope:
        """Return gradient and Hessian at a point."""

    @abstractmethod
    def wrong(self, point: FloatArray, parameter: float) -> Wrong:
        """Return the errors of the fine slope at a point."""

    @abstractmethod
    def gap(self, point: FloatArray) -> float:
        """Return the smallest distance between components that do not coincide."""

    def truth(self, parameter: float) -> Mixture:
        """Return the truth of a parameter in local coordinates."""
        return truth_at(self.path, parameter).shifted(-self.origin)

    def callers(self, means: FloatArray) -> FloatArray:
        """Return local means, of one fit or several, in the caller's coordinates; each sum rounds once."""
        return means + self.origin

    def resolved(self, enough: float) -> float:
        """Return how short steps can become that are to be as short as `enough`: centers are rounded."""
        return max(enough, TOLERANCES.paths.grains * self.grain)

    def along_parameter(self, point: FloatArray, parameter: float, *, fine: bool = False) -> Slope:
        """Return the derivatives of gradient and Hessian in the parameter, by central differences."""
        parts = [(weight, self.slope(point, at, fine=fine)) for at, weight in self._differences(parameter)]
        gradient = sum((weight * at.gradient for weight, at in parts), np.zeros_like(point))
        hessian = sum((weight * at.hessian for weight, at in parts), np.zeros((len(point), len(point))))
        return Slope(gradient, hessian)

    def _differences(self, parameter: float) -> list[tuple[float, float]]:
        """Parameters and weights of the difference quotient of second order there."""
        low, high = self.bracket
        width = self.width * (high - low)
        # The path need not exist beyond the bracket: a difference at its end is one-sided. Where a curvature
        # is small, one of first order would be too far off.
        if parameter - width < low or parameter + width > high:
            width = width if parameter - width < low else -width
            return [(parameter + i * width, weight / width) for i, weight in enumerate((-1.5, 2.0, -0.5))]
        return [(parameter - width, -0.5 / width), (parameter + width, 0.5 / width)]

    def bend(
        self, point: FloatArray, parameter: float, direction: FloatArray, middle: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivative of the Hessian along a unit direction of the means.

        `middle` is the Hessian at the point itself.
        """
        a, b = (
            self.slope(point + sign * TOLERANCES.paths.means_width * direction, parameter, fine=True).hessian
            for sign in (-1, 1)
        )
        return (b - a) / (2 * TOLERANCES.paths.means_width), (
            a - 2 * middle + b
        ) / TOLERANCES.paths.means_width**2

    def apart(self, places: FloatArray) -> float:
        """Return the smallest distance between rows that differ; infinite where none do."""
        distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
        away = distances[distances > TOLERANCES.points.shown_coincident]
        return float(away.min()) if len(away) else np.inf


def resolution(
    path: Callable[[float], Mixture], bracket: tuple[float, float], unit: float
) -> tuple[float, float]:
    """Return the grain of the centers of a path, in units, and the half-width of differences."""
    ends = (path(parameter) for parameter in bracket)
    centers = [end.means for end in ends if isinstance(end, Mixture)]
    grain = max(float(np.spacing(np.abs(means).max())) for means in centers) / unit
    far = max(float(np.ptp(means)) for means in centers) / unit
    width = TOLERANCES.paths.parameter_width
    if grain > np.spacing(far):
        # Rounding of centers far from zero over the width, against the square of the width.
        width = min(max(width, float(np.cbrt(grain))), TOLERANCES.paths.widest)
    return grain, width


@dataclass(frozen=True)
class TruthPath(AlongPath):
    """The landscapes of k means against the truths of a path.

    Points are means relative to `origin` in units of `unit`, flattened to shape (k*d,). All inside runs in
    these coordinates, the truths included; `callers` converts at the door.

    Attributes
    ----------
    path : callable
        From the parameter to the truth, a `Mixture`.
    k : int
        Number of fitted means.
    sigma : float or None
        Standard deviation of the fit; None for that of each truth.
    bracket : tuple of float
        Where the path is evaluated.
    unit : float
        Standard deviation of the fit at the upper end.
    n_features : int
        Dimension d.
    origin : ndarray of shape (d,)
        What local coordinates count from: the origin of the population at the upper end.
    grain : float
        How well the caller's path can say where a center is, in `unit`: the spacing of its numbers there.
    width : float
        Half-width of differences in the parameter, as a share of the bracket.
    """

    path: Callable[[float], Mixture]
    k: int
    sigma: float | None
    bracket: tuple[float, float]
    unit: float
    n_features: int
    origin: FloatArray
    grain: float
    width: float

    @classmethod
    def over(
        cls, path: Callable[[float], Mixture], k: int, sigma: float | None, bracket: tuple[float, float]
    ) -> TruthPath:
        """Return the landscapes along a path, checked at its upper end."""
        truth = truth_at(path, bracket[1])
        unit, origin = fitted_sigma(truth, sigma), Population(truth).origin
        grain, width = resolution(path, bracket, unit)
        return cls(path, k, sigma, bracket, unit, truth.n_features, origin, grain, width)

    def reversed(self) -> TruthPath:
        """Return the landscapes walked the other way: minus the parameter takes its place."""
        low, high = self.bracket
        return replace(self, path=lambda parameter: self.path(-parameter), bracket=(-high, -low))

    def descent(self, parameter: float) -> Descent:
        """Return how descents are done against the truth of a parameter, in local coordinates."""
        truth = truth_at(self.path, parameter)
        if truth.n_features != self.n_features:
            raise InvalidParameterError(
                f"path gives {truth.n_features} dimensions at {parameter:g} and {self.n_features} at "
                f"{self.bracket[1]:g}: return truths of one dimension"
            )
        return Descent(Population(truth.shifted(-self.origin)), self.k, fitted_sigma(truth, self.sigma))

    def means(self, point: FloatArray) -> FloatArray:
        """Return the means of a point, shape (k, d), in the caller's units and local coordinates."""
        return self.unit * point.reshape(self.k, self.n_features)

    def local(self, means: FloatArray) -> FloatArray:
        """Return the caller's means in local coordinates."""
        return means - self.origin

    def objective(self, point: FloatArray, parameter: float, *, fine: bool) -> tuple[Objective, Mixture]:
        """Return the objective with a rule made for a point, and the fit in local coordinates."""
        descent = self.descent(parameter)
        local = descent.local(self.means(point))
        assert isinstance(descent.measure, Population)
        return descent.objective(
            local, TOLERANCES.points.finer * descent.measure.rtol if fine else None
        ), local

    @property
    def size(self) -> int:
        """Number of coordinates of the means."""
        return self.k * self.n_features

    def wrong(self, point: FloatArray, parameter: float) -> Wrong:
        """Return the errors of the fine slope at a point."""
        objective, local = self.objective(point, parameter, fine=True)
        errors = objective.errors(local)
        return Wrong(self.unit * errors.gradient, self.unit**2 * errors.hessian)

    def gap(self, point: FloatArray) -> float:
        """Return the smallest distance, in sigma, between means that do not coincide."""
        return self.apart(self.means(point) / self.unit)

    def slope(self, point: FloatArray, parameter: float, *, fine: bool = False) -> Slope:
        """Return gradient and Hessian at a point."""
        objective, local = self.objective(point, parameter, fine=fine)
        at = objective.derivatives(local, hessian=True)
        assert at.hessian is not None
        return Slope(self.unit * at.gradient.ravel(), self.unit**2 * at.hessian)

    def drift(self, parameter: float) -> FloatArray:
        """Return the derivative of the truth's mean in the parameter, shape (d,), by central differences."""
        truths = [(weight, self.truth(at)) for at, weight in self._differences(parameter)]
        moved = (weight * (truth.weights @ truth.means) for weight, truth in truths)
        return sum(moved, np.zeros(self.n_features))


def truth_at(path: Callable[[float], Mixture], parameter: float) -> Mixture:
    """Return the truth of a parameter; raises InvalidParameterError where the path gives no Mixture."""
    truth = path(parameter)
    if not isinstance(truth, Mixture):
        raise InvalidParameterError(
            f"path({parameter:g}) returned {type(truth).__name__}: pass a function from a number to a "
            "gmmscape.Mixture, as in lambda D: gs.Mixture.location([-D, 0, D], 1.0)"
        )
    return truth


def fitted_sigma(truth: Mixture, sigma: float | None) -> float:
    """Return the standard deviation of the fit: `sigma`, or the common one of the truth."""
    if sigma is not None:
        return sigma
    if truth.sigma is None:
        raise InvalidParameterError.of(
            "sigma", None, "pass the standard deviation of the fit: the components of the truth differ in it"
        )
    return truth.sigma


def ordered_bracket(bracket: Any, meaning: str) -> tuple[float, float]:
    """Return the two ends of a bracket; raises InvalidParameterError where they are no finite lo < hi."""
    try:
        low, high = bracket
        if isinstance(low, str) or isinstance(high, str):
            raise TypeError
        low, high = float(low), float(high)
    except (TypeError, ValueError, OverflowError):
        raise InvalidParameterError.of("bracket", bracket, "pass two numbers (lo, hi)") from None
    if not (isfinite(low) and isfinite(high) and low < high):
        raise InvalidParameterError.of("bracket", bracket, f"pass finite (lo, hi) with lo < hi: {meaning}")
    return low, high
