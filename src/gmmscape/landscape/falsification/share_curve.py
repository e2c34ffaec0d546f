"""How the share of minima without structure falls with the separation of random truths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from gmmscape.exceptions import InvalidParameterError
from gmmscape.landscape.falsification.falsify import carried_out, plan_of, settings_of
from gmmscape.landscape.falsification.result import Falsification
from gmmscape.progress import Budget, Callback
from gmmscape.results.records import Record
from gmmscape.structure.intervals import Share
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import finite_array, positive_integer, random_state_too, real_number
from gmmscape.work.journal import Journal, seed_for
from gmmscape.work.tasks import Tasks

if TYPE_CHECKING:
    from gmmscape.plot import ShareDisplay


class SharePoint(NamedTuple):
    """What random truths of one separation have.

    Attributes
    ----------
    separation : float
        Smallest distance of two centers, sigma.
    by_association : Share
        Minima with a defect above tau, of all.
    by_position : Share
        Minima farther than the reach from every structure, of all whose structures can be listed.
    truths_with : Share
        Truths that have a minimum with a defect above tau, of all.
    largest_defect : float
        Of all minima.
    largest_position_error : float
        Of those minima, sigma.
    """

    separation: float
    by_association: Share
    by_position: Share
    truths_with: Share
    largest_defect: float
    largest_position_error: float


@dataclass(frozen=True, eq=False)
class ShareCurve(Record):
    """Shares of unstructured minima against the separation of random truths.

    Attributes
    ----------
    points : tuple of SharePoint
        By ascending separation.
    reach : float
        By position, a minimum has no structure farther than this from one, in sigma.
    settings : dict
        k, k_star, d, n_truths (for each separation), n_starts, tau and seed.
    stop_reason : str
        "completed", or "interrupted": then the last separations are missing.
    """

    format: ClassVar[str] = "gmmscape-share-curve"

    points: tuple[SharePoint, ...]
    reach: float
    settings: dict[str, Any]
    stop_reason: str

    def plot(self, ax: Any = None) -> ShareDisplay:
        """Draw both shares against the separation, with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        ShareDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        InvalidParameterError
            If there is no point.
        NotAvailableError
            If matplotlib is not installed.
        """
        from gmmscape.plot import ShareDisplay

        return ShareDisplay(
            [point.separation for point in self.points],
            {
                "by association": [point.by_association for point in self.points],
                f"by position, {self.reach:g} sigma": [point.by_position for point in self.points],
            },
        ).plot(ax)

    def __str__(self) -> str:
        lines = [f"share of unstructured minima, {self.settings['n_truths']} truths for each separation"]
        for point in self.points:
            lines.append(
                f"{point.separation:8g} sigma: by association {point.by_association}, "
                f"by position {point.by_position}"
            )
        return "\n".join(lines)


@random_state_too
def unstructured_against_separation(
    separations: Sequence[float],
    *,
    n_components: int | Sequence[int],
    k_star: int | Sequence[int],
    d: int | Sequence[int],
    n_truths: int,
    rng: Any = None,
    reach: float = TOLERANCES.falsification.position_reach,
    n_starts: int = 40,
    rtol: float = 1e-6,
    tau: float | None = None,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
    verbose: int = 0,
) -> ShareCurve:
    """Measure the share of minima without structure, by association and by position, at each separation.

    Parameters
    ----------
    separations : sequence of float
        Smallest distance of two centers, sigma.
    n_components, k_star, d : int or sequence of int
        As in `falsify`; the truths of one separation are, up to their scale, those of the others.
    n_truths : int
        Truths for each separation.
    rng : None, int or numpy.random.Generator, default=None
        Seed; None stands for 0 here, so that curves can be compared.
    reach : float, default=1.0
        By position, a minimum has no structure farther than this from one, in sigma.
    n_starts : int, default=40
        Starts for each truth.
    rtol : float, default=1e-6
        Accuracy of the integrals; minima are counted as exploration finds them.
    tau : float, optional
        Largest defect of a structured fit; 0.5/k by default.
    n_jobs : int, default=1
        Processes; -1 for all cores.
    max_seconds : float, optional
        Time budget, checked after each truth.
    callback : callable, optional
        Called with an `Event` after each truth; returning True stops.
    checkpoint : str or Path, optional
        JSON file that truths searched are kept in; if it exists, the work goes on from it.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    ShareCurve
        With `points`, `to_json` and `plot`. Cost: that of `falsify` for each separation.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or a checkpoint is that of another search.

    Examples
    --------
    >>> from gmmscape import lab
    >>> truths = {"k_star": 4, "d": 1, "n_truths": 5}
    >>> curve = lab.unstructured_against_separation([4.0, 12.0], n_components=3, **truths, rng=0)
    >>> [point.by_association.n > 0 for point in curve.points]
    [True, False]
    """
    values = sorted(
        {real_number("separations", x) for x in finite_array("separations", separations, ndim=(1,)).tolist()}
    )
    if not values:
        raise InvalidParameterError.of("separations", separations, "pass one number at least")
    reach, n_truths = real_number("reach", reach), positive_integer("n_truths", n_truths)
    budget = Budget.of("unstructured_against_separation", max_seconds, callback, verbose)
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    plan = plan_of(n_starts, rtol, tau, confirm=False)
    settings_each = [
        settings_of(n_components, k_star, d, value, n_truths, None, 1.0) | plan._asdict() for value in values
    ]
    seed = seed_for(checkpoint, 0 if rng is None else rng)
    facts = {**settings_each[0], "separation": values, "rng": seed}
    work = Tasks(Journal(checkpoint, budget.task, facts), n_jobs, budget)
    points: list[SharePoint] = []
    stop_reason = "completed"
    try:
        for value, settings in zip(values, settings_each, strict=True):
            found = carried_out(work, settings, plan, seed, name=f"separation {value:.17g}, truth")
            if found.stop_reason != "completed":
                stop_reason = found.stop_reason
                break
            points.append(share_point(value, found, reach))
    finally:
        work.close()
    names = ("k", "k_star", "d", "n_truths", "n_starts", "tau")
    told = {**{name: settings_each[0][name] for name in names}, "seed": seed}
    return ShareCurve(tuple(points), reach, told, stop_reason)


def share_point(separation: float, found: Falsification, reach: float) -> SharePoint:
    """Return the point of a curve that a search at one separation gives."""
    return SharePoint(
        separation,
        found.unstructured,
        found.beyond(reach),
        found.truths_with,
        max((m.defect for one in found.searched for m in one.minima), default=0.0),
        found.largest_position_error,
    )
