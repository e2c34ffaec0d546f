"""Proved errors of the spurious minimum of three equally spaced centers, over their separation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError, NoResultError, NotAvailableError
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.laws import error_orders
from gmmscape.landscape.paths.error_curve import error_against_separation
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Event, Stopped
from gmmscape.proof.balls import flint, float_ends
from gmmscape.proof.certificate import Certificate
from gmmscape.proof.certify import certify
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted
from gmmscape.structure.structure import Structure
from gmmscape.validation import finite_array, probability_weights

if TYPE_CHECKING:
    import pandas as pd

    from gmmscape.plot import SeparationDisplay

#: One mean on the first two centers, two means on the last.
SPURIOUS = Structure.of([((0,), (0, 1)), ((1, 2), (2,))])
#: What is told of each separation.
STATES = ("proved", "not proved", "no minimum found")
Ends = tuple[float, float]


@dataclass(frozen=True, eq=False)
class ProvedSeparation(Record):
    """The spurious minimum of centers -D, 0, D at one separation D, with its proof.

    Attributes
    ----------
    separation : float
        D, in sigma.
    found : bool
        Whether the search found a minimum of this structure; where it did not, nothing is proved.
    certificate : Certificate or None
        What is proved of the minimum.
    reason : str
        Why nothing is, of one that was found.
    """

    format: ClassVar[str] = "gmmscape-proved-separation"

    separation: float
    found: bool
    certificate: Certificate | None
    reason: str

    @property
    def state(self) -> str:
        """What there is, one of `STATES`: below its birth there is no minimum."""
        if self.certificate is not None:
            return STATES[0]
        return STATES[1] if self.found else STATES[2]

    @property
    def error(self) -> Ends | None:
        """Ends of the error of the one-fits-many mean, in sigma; None where nothing is proved."""
        return None if self.certificate is None else self.certificate.errors[0]

    @property
    def half_gap(self) -> Ends | None:
        """Ends of half the distance of the two means on the last center, in sigma; None likewise."""
        if self.certificate is None:
            return None
        _, one, other = self.certificate.point
        middle, radius = abs(other - one) / 2, self.certificate.tight_radius
        return float_ends(max(middle - radius, Fraction(0)), middle + radius)

    @property
    def defect(self) -> Ends | None:
        """Ends of the largest association outside the blocks; None where nothing is proved."""
        return None if self.certificate is None else self.certificate.defect

    def __str__(self) -> str:
        head = f"separation {self.separation:.6g}: {self.state}"
        return f"{head}: {self.reason}" if self.reason else head


@dataclass(frozen=True, eq=False)
class ProvedSeparationCurve(Record):
    """Proved errors of the spurious minimum of centers -D, 0, D over D, beside law 5.

    Attributes
    ----------
    weights : tuple of float
        Of the three true components.
    points : tuple of ProvedSeparation
        By ascending separation.
    stop_reason : str
        "completed", "time_limit" or "interrupted": separations that were not reached are left out then.
    """

    format: ClassVar[str] = "gmmscape-proved-separation-curve"

    weights: tuple[float, ...]
    points: tuple[ProvedSeparation, ...]
    stop_reason: str

    @property
    def certificates(self) -> list[Certificate]:
        """Those of the minima that are proved, by ascending separation."""
        return [point.certificate for point in self.points if point.certificate is not None]

    @property
    def missing(self) -> list[float]:
        """Separations at which no minimum was found."""
        return [point.separation for point in self.points if not point.found]

    @property
    def laws(self) -> dict[str, FloatArray]:
        """Orders by law 5 at the points, by the names of quantities; empty but for equal weights."""
        if len(set(self.weights)) > 1:
            return {}
        orders = [error_orders(point.separation, point.separation) for point in self.points]
        return dict(zip(_NAMES, np.array(orders).reshape(-1, 2).T, strict=True))

    def __str__(self) -> str:
        proved, missing = len(self.certificates), self.missing
        head = f"{proved} of {counted(len(self.points) - len(missing), 'minimum', 'minima')} proved"
        if missing:
            head += f"; none found at {', '.join(f'{value:g}' for value in missing)}"
        if self.stop_reason != "completed":
            head += f"; stopped early: {self.stop_reason}"
        laws = self.laws
        over = ["over law 5"] if laws else []
        rows = [["separation", "error", *over, "half-gap", *over, "defect", "state"]]
        for i, point in enumerate(self.points):
            row = [f"{point.separation:.6g}"]
            for name, ends in zip(_NAMES, (point.error, point.half_gap), strict=True):
                row.append(_told(ends))
                row += ["" if ends is None else f"{ends[1] / laws[name][i]:.3g}"] if laws else []
            rows.append([*row, _told(point.defect), point.state])
        foot = "error: of the one-fits-many mean, in sigma as the half-gap is; digits that both ends have"
        return "\n".join([head, "", *aligned(rows), "", foot])

    def to_frame(self) -> pd.DataFrame:
        """Return the curve as a table of pandas.

        Returns
        -------
        pandas.DataFrame
            A row a separation, which are the index. Columns: state, and the ends error_low, error_high,
            half_gap_low, half_gap_high (sigma), defect_low and defect_high, NaN where nothing is proved.

        Raises
        ------
        NotAvailableError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise NotAvailableError("to_frame needs pandas: install gmmscape[frame]") from error
        columns: dict[str, Any] = {"state": [point.state for point in self.points]}
        for name in ("error", "half_gap", "defect"):
            ends = [getattr(point, name) or (np.nan, np.nan) for point in self.points]
            columns[f"{name}_low"], columns[f"{name}_high"] = zip(*ends, strict=True) if ends else ((), ())
        index = pd.Index([point.separation for point in self.points], name="separation")
        return pd.DataFrame(columns, index=index)

    def plot(self, ax: Any = None, *, law: bool = True) -> SeparationDisplay:
        """Draw proved errors, half-gaps and defects against the separation, on a logarithmic axis.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.
        law : bool, default=True
            Whether to draw the orders of law 5, scaled to agree with the last point, beside them.

        Returns
        -------
        SeparationDisplay
            With `figure_`, `ax_` and the artists. Upper ends are drawn: lower ones are no wider apart than
            a line. Where no minimum was found, the axis is marked.

        Raises
        ------
        InvalidParameterError
            If nothing is proved at any separation.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import SeparationDisplay

        proved = [i for i, point in enumerate(self.points) if point.certificate is not None]
        if not proved:
            raise InvalidParameterError(
                "no minimum is proved at any separation, and nothing can be drawn: pass larger separations"
            )
        points = [self.points[i] for i in proved]
        ends = [(point.error, point.half_gap, point.defect) for point in points]
        quantities: dict[str, Any] = dict(zip((*_NAMES, "defect"), np.array(ends)[:, :, 1].T, strict=True))
        laws = {name: order[proved] for name, order in self.laws.items()} if law else {}
        scaled = {name: order * quantities[name][-1] / order[-1] for name, order in laws.items()}
        separation = [point.separation for point in points]
        return SeparationDisplay(separation, quantities, laws=scaled, missing=self.missing).plot(ax)


_NAMES: tuple[str, ...] = ("one-fits-many error", "many-fit-one half-gap")


def _told(ends: Ends | None) -> str:
    """Return the digits that both ends of an interval have, rounded."""
    if ends is None:
        return ""
    for digits in range(6, 0, -1):
        low, high = (f"{end:.{digits}g}" for end in ends)
        if low == high:
            return low
    return f"{ends[0]:.2g} to {ends[1]:.2g}"


def proved_error_against_separation(
    separations: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> ProvedSeparationCurve:
    """Prove how far the spurious minimum of three equally spaced centers is off, over their separation.

    The truth has centers -D, 0, D and sigma 1; of three means with weights 1/3 one is on the first two
    centers and two are on the last. `error_against_separation` finds the minimum at each D, and `certify`
    proves it, with ends of its errors: a check of law 5 in which no rounding counts.

    Parameters
    ----------
    separations : array_like of shape (n,)
        Distances D of neighbouring centers, in sigma; in any order, each counts once.
    weights : array_like of shape (3,), optional
        Of the true components; equal by default.
    max_seconds : float, optional
        Time budget, checked after each separation; what was proved until then is returned.
    callback : callable, optional
        Called with an `Event` after each minimum is followed (stage "follow") and proved ("prove", its detail
        the `separation`); returning True stops.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    ProvedSeparationCurve
        With `points`, `certificates`, `missing`, `to_frame` and `plot`. Below its birth (10.05 sigma where
        weights are equal) there is no minimum; that none was found is told and not proved. Cost: a second
        each, more beyond 20 sigma, where half a minute of arithmetic tells what float64 cannot. Ctrl-C
        ends the work with what is proved.

    Raises
    ------
    InvalidParameterError
        If separations are empty, not finite or not positive, or weights are not usable.
    NotAvailableError
        If python-flint is not installed.

    Examples
    --------
    >>> from gmmscape import lab
    >>> curve = lab.proved_error_against_separation([9.0, 11.0])
    >>> [point.state for point in curve.points]
    ['no minimum found', 'proved']
    >>> low, high = curve.points[1].error
    >>> round(low, 9), high - low < 1e-12
    (0.026500524, True)
    """
    flint()
    wanted = np.unique(finite_array("separations", separations, ndim=(1,)))
    if not len(wanted) or not wanted[0] > 0:
        raise InvalidParameterError.of("separations", separations, "pass one positive number at least")
    shares = probability_weights("weights", weights, 3)
    budget = Budget.of("proved_error_against_separation", max_seconds, callback, verbose)
    return _curve(wanted.tolist(), shares, budget)


def _curve(separations: list[float], shares: FloatArray, budget: Budget) -> ProvedSeparationCurve:
    def truth(separation: float) -> Mixture:
        return Mixture.location([-separation, 0.0, separation], 1.0, shares)

    points: list[ProvedSeparation] = []
    reason = "completed"
    try:
        followed = error_against_separation(
            truth, SPURIOUS, separations, max_seconds=budget.left, callback=_watch(budget)
        )
        if followed.stop_reason != "completed":
            raise Stopped(followed.stop_reason)
        means = {point.parameter: point.means for point in followed.points}
        for done, separation in enumerate(separations, 1):
            points.append(_proved(separation, truth(separation), means.get(separation)))
            last = done == len(separations)
            budget.report("prove", done, len(separations), last=last, separation=separation)
    except Stopped as stop:
        reason = str(stop)
    except KeyboardInterrupt:
        reason = "interrupted"
    return ProvedSeparationCurve(tuple(shares.tolist()), tuple(points), reason)


def _watch(budget: Budget) -> Callable[[Event], bool]:
    return lambda event: budget.asks_to_stop("follow", event.done, event.total)


def _proved(separation: float, truth: Mixture, means: Any) -> ProvedSeparation:
    """Return what is proved of the minimum near some means; None of them where none was found."""
    if means is None:
        return ProvedSeparation(separation, False, None, "")
    try:
        certificate = certify(means, Landscape(Population(truth), 3))
    except NoResultError as error:
        return ProvedSeparation(separation, True, None, str(error))
    if not (certificate.is_minimum and certificate.is_structured):
        return ProvedSeparation(separation, True, None, "it is not proved to be a minimum of this structure")
    return ProvedSeparation(separation, True, certificate, "")
