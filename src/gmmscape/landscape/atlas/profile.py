"""PathProfile: the objective along a path between two critical points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.landscape.points.descent import Descent
from gmmscape.matching import match_means
from gmmscape.results.records import Record
from gmmscape.structure.structure import decode
from gmmscape.tolerances import TOLERANCES

if TYPE_CHECKING:
    from gmmscape.plot import ProfileDisplay


@dataclass(frozen=True, eq=False)
class PathProfile(Record):
    """Value of the objective along a path between two critical points.

    Attributes
    ----------
    means : ndarray of shape (n, k, d)
        Points of the path; mean i keeps its label.
    weights : ndarray of shape (n, k)
        Weights along it.
    length : ndarray of shape (n,)
        Distance travelled from the first point, the length of a path in all k*d coordinates (and the k log
        weights, where they are free), sigma.
    nll : ndarray of shape (n,)
        Nats per unit mass.
    kl : ndarray of shape (n,) or None
        Against a population, `nll` less that of the truth.
    kind : str
        "descent": from a saddle down both sides by steepest descent. "straight": a straight line between
        matched means.
    top : int
        Place of the saddle, or of the highest point of a straight line.
    names : tuple of two str
        The structures of the ends where they are known; else "a" and "b".
    heights : tuple of two float
        NLL of the top above the two ends, nats. On a straight line these bound from above, to the fineness
        of the path, what the lowest path has to climb.
    """

    format: ClassVar[str] = "gmmscape-path-profile"
    told_in_files: ClassVar[tuple[str, ...]] = ("heights",)

    means: FloatArray
    weights: FloatArray
    length: FloatArray
    nll: FloatArray
    kl: FloatArray | None
    kind: str
    top: int
    names: tuple[str, str]

    @property
    def heights(self) -> tuple[float, float]:
        """NLL of the top above the first and above the last point."""
        return float(self.nll[self.top] - self.nll[0]), float(self.nll[self.top] - self.nll[-1])

    def __str__(self) -> str:
        way = "over a saddle" if self.kind == "descent" else "along a straight line"
        above = " and ".join(
            f"{height:.6g} above {name}" for height, name in zip(self.heights, self.names, strict=True)
        )
        return f"from {self.names[0]} to {self.names[1]} {way}, {self.length[-1]:.4g} sigma: {above} (nats)"

    def plot(self, ax: Any = None) -> ProfileDisplay:
        """Draw the profile with its heights; a small barrier is enlarged in an inset.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        ProfileDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import ProfileDisplay

        values, quantity = (self.nll, "NLL") if self.kl is None else (self.kl, "KL")
        at_saddle = self.kind == "descent"
        display = ProfileDisplay(
            self.length, values, self.top, quantity=quantity, names=self.names, at_saddle=at_saddle
        )
        return display.plot(ax)


def straight_profile(descent: Descent, a: FloatArray, b: FloatArray, n: int) -> PathProfile:
    """Return the profile of the straight line from places a to b, which are matched to those of a."""
    order, _ = match_means(b, a)
    shares = np.linspace(0.0, 1.0, n)[:, None, None]
    path = (1 - shares) * a + shares * b[order]
    values = _values(descent, path)
    return _profile(descent, path, values, "straight", int(np.argmax(values)))


def descent_profile(
    descent: Descent, a: FloatArray, b: FloatArray, saddle: CriticalPoint, n: int
) -> PathProfile:
    """Return the profile from a over a saddle to b, by gradient flow down both sides.

    Raises
    ------
    InvalidParameterError
        If the saddle is not of index 1, or the flow leads elsewhere.
    """
    values, vectors = np.linalg.eigh(_hessian(descent, saddle.places))
    if not values[0] * descent.sigma**2 < -TOLERANCES.solve.flat or (
        len(values) > 1 and values[1] * descent.sigma**2 < -TOLERANCES.solve.flat
    ):
        raise InvalidParameterError.of("saddle", saddle, "pass a critical point of index 1")
    off = TOLERANCES.atlas.step_off * descent.sigma * vectors[:, 0]
    sides = [_flow(descent, descent.stepped(saddle.places, sign * off), (a, b)) for sign in (1, -1)]
    ends = [side[-1] for side in sides]
    straight = [_apart(ends[0], a) + _apart(ends[1], b), _apart(ends[0], b) + _apart(ends[1], a)]
    if not min(straight) <= 2 * TOLERANCES.atlas.arrived * descent.sigma:
        raise InvalidParameterError("saddle leads down to other minima than a and b: pass its own two ends")
    first, last = sides if straight[0] <= straight[1] else sides[::-1]
    # The minima themselves, in the labelling that the flow arrived at, end the path.
    first = np.concatenate([first, _relabelled(a, first[-1])])
    last = np.concatenate([last, _relabelled(b, last[-1])])
    half = n // 2
    path = np.concatenate(
        [
            _spaced(first, saddle.places, half)[::-1],
            saddle.places[None],
            _spaced(last, saddle.places, n - 1 - half),
        ]
    )
    return _profile(descent, path, _values(descent, path), "descent", half)


def _flow(descent: Descent, start: FloatArray, minima: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Follow the negative gradient until some minimum is near; return the points passed, (m, k, d).

    An implicit method with the exact Hessian, because the flow is stiff: curvatures differ by orders.
    """
    from scipy.integrate import solve_ivp

    def reached(step: FloatArray) -> FloatArray:
        return descent.stepped(start, step)

    def slope(_: float, step: FloatArray) -> FloatArray:
        return -_gradient(descent, reached(step)).ravel()

    def jacobian(_: float, step: FloatArray) -> FloatArray:
        return -_hessian(descent, reached(step))

    def arrival(_: float, step: FloatArray) -> float:
        return min(_apart(reached(step), m) for m in minima) - 0.5 * TOLERANCES.atlas.arrived * descent.sigma

    setattr(arrival, "terminal", True)  # noqa: B010  (how solve_ivp is told to stop there)
    found = solve_ivp(
        slope,
        (0.0, TOLERANCES.atlas.longest_profile * descent.sigma**2),
        np.zeros(len(_gradient(descent, start).ravel())),
        method="LSODA",
        jac=jacobian,
        events=arrival,
        rtol=1e-5,
        atol=1e-7 * descent.sigma,
    )
    return np.stack([reached(step) for step in found.y.T])


def _gradient(descent: Descent, places: FloatArray) -> FloatArray:
    local = descent.local(places)
    return descent.objective(local).derivatives(local).gradient


def _hessian(descent: Descent, places: FloatArray) -> FloatArray:
    local = descent.local(places)
    hessian = descent.objective(local).derivatives(local, hessian=True).hessian
    assert hessian is not None
    return hessian


def _values(descent: Descent, path: FloatArray) -> FloatArray:
    values = []
    for places in path:
        local = descent.local(places)
        objective = descent.objective(local)
        values.append(objective.rows.log_unit - objective.statistics(local).log_likelihood)
    return np.array(values)


def _apart(places: FloatArray, other: FloatArray) -> float:
    return match_means(places, other)[1]


def _relabelled(places: FloatArray, like: FloatArray) -> FloatArray:
    return places[match_means(places, like)[0]][None]


def _lengths(path: FloatArray) -> FloatArray:
    steps = np.linalg.norm(np.diff(path, axis=0).reshape(len(path) - 1, -1), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _spaced(side: FloatArray, saddle: FloatArray, n: int) -> FloatArray:
    """Return n points of a side, from beside the saddle to its end, equally far apart along it."""
    path = np.concatenate([saddle[None], side])
    length = _lengths(path)
    wanted = np.linspace(0.0, length[-1], n + 1)[1:]
    flat = path.reshape(len(path), -1)
    columns = [np.interp(wanted, length, column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(n, *saddle.shape)


def _profile(descent: Descent, path: FloatArray, values: FloatArray, kind: str, top: int) -> PathProfile:
    entropy = getattr(descent.measure, "entropy", None)  # a sample has no truth to compare with
    kl = None if entropy is None else values - float(entropy)
    fits = [descent.local(places) for places in path]
    means = np.stack([fit.means + descent.measure.origin for fit in fits])
    weights = np.stack([fit.weights for fit in fits])
    length = _lengths(path) / descent.sigma
    return PathProfile(means, weights, length, values, kl, kind, top, _names(descent, path))


def _names(descent: Descent, path: FloatArray) -> tuple[str, str]:
    """Structures of both ends, in the labelling of the path; of a sample only letters."""
    if descent.measure.truth is None:
        return "a", "b"
    a, b = (
        str(decode(descent.mixture(places), descent.measure.truth).structure)
        for places in (path[0], path[-1])
    )
    return a, b
