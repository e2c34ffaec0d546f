"""error_against_separation: a structured minimum followed along a path of truths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.laws import error_orders
from gmmscape.landscape.points.critical_point import CriticalPoint
from gmmscape.measure import Population
from gmmscape.mixture import Mixture
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.results.records import Record
from gmmscape.results.text import aligned
from gmmscape.structure.candidates import starting_means
from gmmscape.structure.structure import Structure, structure_of
from gmmscape.validation import finite_array

if TYPE_CHECKING:
    from gmmscape.plot import SeparationDisplay


class SeparationPoint(NamedTuple):
    """The structured minimum at one parameter.

    Attributes
    ----------
    parameter : float
        Of the path.
    separation : float
        Smallest distance between two centers, sigma.
    errors : dict of str to float
        "one-fits-many error" and "exact error" (largest distance of a mean from its target),
        "many-fit-one half-gap" (half the largest distance between two means of one center), all in sigma;
        only those of kinds that the structure has.
    defect : float
        See `decode`.
    kl : float
        Nats.
    means : tuple of tuple of float
        The minimum, shape (k, d).
    """

    parameter: float
    separation: float
    errors: dict[str, float]
    defect: float
    kl: float
    means: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class SeparationCurve(Record):
    """Approximation errors of a structure along a path of truths.

    Attributes
    ----------
    structure : Structure
        What was followed.
    points : tuple of SeparationPoint
        Where a minimum of this structure was found, by ascending parameter.
    missing : tuple of float
        Parameters at which none was found.
    laws : dict of str to tuple of float
        Shapes predicted by law 5 at `points`, scaled to agree with the last of them, by the names of errors;
        empty unless the structure is one mean on two neighbouring centers of three on a line and two means
        on the third.
    stop_reason : str
        "completed", "time_limit" or "interrupted": parameters below the last of them are neither among the
        points nor missing then.
    """

    format: ClassVar[str] = "gmmscape-separation-curve"
    left_out_of_files: ClassVar[tuple[str, ...]] = ("structure",)

    structure: Structure
    points: tuple[SeparationPoint, ...]
    missing: tuple[float, ...]
    laws: dict[str, tuple[float, ...]]
    stop_reason: str = "completed"

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            Keys blocks, points, missing, laws, stop_reason.
        """
        return {"blocks": self.structure.pairs, **super().content()}

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the curve that `content` described."""
        return cls(structure=Structure.of_pairs(content["blocks"]), **cls._fields_in(content))

    def __str__(self) -> str:
        stopped = "" if self.stop_reason == "completed" else f"; stopped early: {self.stop_reason}"
        gone = ", ".join(f"{parameter:g}" for parameter in self.missing)
        lines = [f"{self.structure}{f'; not found at {gone}' if gone else ''}{stopped}"]
        if self.points:
            names = tuple(self.points[0].errors)
            rows: list[tuple[str, ...]] = [("parameter", "separation", *names, "defect", "kl")]
            for point in self.points:
                numbers = (*(point.errors[name] for name in names), point.defect, point.kl)
                start = (f"{point.parameter:.6g}", f"{point.separation:.4g}")
                rows.append((*start, *(f"{x:.4g}" for x in numbers)))
            lines += ["", *aligned(rows)]
        return "\n".join(lines)

    def plot(self, ax: Any = None, *, law: bool = False) -> SeparationDisplay:
        """Draw errors, half-gap and defect against the separation, on a logarithmic axis.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.
        law : bool, default=False
            Whether to draw the shapes of law 5 beside them.

        Returns
        -------
        SeparationDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        InvalidParameterError
            If the structure was found nowhere.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import SeparationDisplay

        if not self.points:
            raise InvalidParameterError(
                f"no minimum with the structure {self.structure} was found at any parameter: pass larger ones"
            )
        names = self.points[0].errors
        quantities = {name: [point.errors[name] for point in self.points] for name in names}
        quantities["defect"] = [point.defect for point in self.points]
        separation = [point.separation for point in self.points]
        return SeparationDisplay(separation, quantities, laws=self.laws if law else None).plot(ax)


def error_against_separation(
    path: Callable[[float], Mixture],
    structure: Structure | Iterable[tuple[Sequence[int], Sequence[int]]],
    parameters: ArrayLike,
    *,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    verbose: int = 0,
) -> SeparationCurve:
    """Follow a structured minimum along a path of truths and record how well it approximates its blocks.

    It starts at the largest parameter; each minimum is the start of the next, moved with its blocks. Where
    that does not lead to a minimum of the structure, the structure's own start is tried.

    Parameters
    ----------
    path : callable
        From a parameter to a Mixture whose components share one standard deviation, that of the fit.
    structure : Structure or iterable of (means, centers)
        What to follow: a candidate, or index tuples.
    parameters : array_like of shape (n,)
        In any order.
    max_seconds : float, optional
        Time budget, checked after each parameter.
    callback : callable, optional
        Called with an `Event` after each parameter, which is in its detail; returning True stops.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    SeparationCurve
        With `points`, `missing`, `to_json` and `plot`. Cost: one or two descents for each parameter.

    Raises
    ------
    InvalidParameterError
        If parameters are empty or not finite, or the path gives no Mixture that fits the structure.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> equal = lambda D: gs.Mixture.location([-D, 0, D], sigma=1.0)
    >>> curve = lab.error_against_separation(equal, [((0,), (0, 1)), ((1, 2), (2,))], [9, 12])
    >>> curve.missing
    (9.0,)
    >>> {name: round(value, 6) for name, value in curve.points[0].errors.items()}
    {'one-fits-many error': 0.010744, 'many-fit-one half-gap': 0.285171}
    """
    if not callable(path):
        raise InvalidParameterError.of("path", path, "pass a function from a number to a Mixture")
    wanted = structure if isinstance(structure, Structure) else Structure.of(structure)
    values = finite_array("parameters", parameters, ndim=(1,))
    if not len(values):
        raise InvalidParameterError.of("parameters", parameters, "pass one number at least")
    found: list[SeparationPoint] = []
    missing: list[float] = []
    truths: list[Mixture] = []
    shift = None  # of the last minimum, from the structure's own start
    budget = Budget.of("error_against_separation", max_seconds, callback, verbose)
    stop_reason = "completed"
    wanted_values = np.unique(values)[::-1].tolist()
    for done, value in enumerate(wanted_values, 1):
        truth = _truth(path, value, wanted)
        sigma = truth.sigma
        assert sigma is not None
        own = starting_means(wanted, truth, sigma)
        starts = [own] if shift is None else [own + sigma * shift, own]
        point = _descend(truth, starts, wanted)
        if point is None:
            missing.append(value)
        else:
            shift = (point.means - own) / sigma
            truths.append(truth)
            found.append(_record(value, truth, point, wanted))
        try:
            budget.report(
                "follow", done, len(wanted_values), last=done == len(wanted_values), parameter=value
            )
        except Stopped as stop:
            stop_reason = str(stop)
            break
    found, truths = found[::-1], truths[::-1]
    laws = _law_5(found, truths, wanted)
    return SeparationCurve(wanted, tuple(found), tuple(missing[::-1]), laws, stop_reason)


def _truth(path: Callable[[float], Mixture], value: float, structure: Structure) -> Mixture:
    truth = path(value)
    if not isinstance(truth, Mixture) or truth.sigma is None:
        raise InvalidParameterError.of("path", truth, "return a gmmscape.Mixture of one standard deviation")
    structure_of(structure, truth.n_components)
    return truth


def _descend(truth: Mixture, starts: list[FloatArray], structure: Structure) -> CriticalPoint | None:
    land = Landscape(Population(truth), n_components=len(starts[0]))
    for means in starts:
        point = land.descend(means)
        decoding = point.decoding
        assert decoding is not None
        if point.is_minimum and decoding.is_structured and decoding.structure == structure:
            return point
    return None


def _record(value: float, truth: Mixture, point: CriticalPoint, structure: Structure) -> SeparationPoint:
    decoding = point.decoding
    assert decoding is not None
    assert point.kl is not None
    errors: dict[str, float] = {}
    for block in structure.blocks:
        members = list(block.means)
        if block.kind == "many-fit-one":
            means = point.means[members]
            gaps = np.linalg.norm(means[:, None] - means[None], axis=2)
            name, size = "many-fit-one half-gap", float(gaps.max()) / (2 * point.sigma)
        else:
            name, size = f"{block.kind} error", float(decoding.errors[members].max())
        errors[name] = max(size, errors.get(name, 0.0))
    means = tuple(tuple(mean) for mean in point.means.tolist())
    return SeparationPoint(value, truth.separation, errors, decoding.defect, point.kl, means)


def _law_5(
    points: list[SeparationPoint], truths: list[Mixture], structure: Structure
) -> dict[str, tuple[float, ...]]:
    """Shapes of law 5, scaled to the last point; empty where it does not apply."""
    sizes = sorted((len(block.centers), len(block.means)) for block in structure.blocks)
    if sizes != [(1, 2), (2, 1)] or not points or truths[0].n_features != 1:
        return {}
    pair = next(block.centers for block in structure.blocks if len(block.centers) == 2)
    alone = next(block.centers[0] for block in structure.blocks if len(block.centers) == 1)
    orders = []
    for truth in truths:
        centers = truth.means[:, 0]
        a = abs(float(centers[pair[0]] - centers[pair[1]]))
        b = min(abs(float(centers[alone] - centers[s])) for s in pair)
        far = max(abs(float(centers[alone] - centers[s])) for s in pair)
        if 2 * b <= a or far < a:
            return {}
        orders.append(error_orders(a, b, truth.sigma or 1.0))
    laws = {}
    for name, column in zip(
        ("one-fits-many error", "many-fit-one half-gap"), np.array(orders).T, strict=True
    ):
        laws[name] = tuple((points[-1].errors[name] * column / column[-1]).tolist())
    return laws
