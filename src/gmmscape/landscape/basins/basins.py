"""basins: very many starts, and the minima they fall into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.landscape.atlas.builder import digest_of
from gmmscape.landscape.basins.assignment import Assignment, Fallen, descended
from gmmscape.landscape.basins.result import METHODS, BasinShares
from gmmscape.landscape.basins.starts import Starts
from gmmscape.landscape.freedom.landscape import FreeLandscape
from gmmscape.landscape.landscape import Landscape
from gmmscape.progress import Budget, Callback, Stopped
from gmmscape.solve import Crowd, joined
from gmmscape.threads import limited
from gmmscape.validation import choice, positive_integer, random_state_too
from gmmscape.work.journal import Journal, seed_for
from gmmscape.work.kept_file import as_kept
from gmmscape.work.tasks import Task, Tasks


@random_state_too
def basins(
    land: Landscape,
    *,
    start: Any,
    n_starts: int | None = None,
    method: str = "em",
    rng: Any = None,
    most: int = 200,
    n_jobs: int = 1,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    checkpoint: str | Path | None = None,
    verbose: int = 0,
) -> BasinShares:
    """Say which share of the starts falls into each minimum of a landscape.

    Each start is run to its end by the method itself; ends that are one up to relabelling are put together,
    Newton polishes one of each, and an end counts for a minimum only where that is next to it. What lies
    elsewhere is followed on by itself. Weights begin equal.

    Parameters
    ----------
    land : Landscape
        Of a population, or of a sample.
    start : str, array_like or callable
        "truth": k independent draws from the truth. "k-means++": scikit-learn's, on the rows of a sample or
        on 100 k draws of the truth, new ones for each start. "uniform": over the box of the centers or rows.
        "rows": k different rows of a sample, drawn by their weights. An array of shape (k, d) or (m, k, d):
        your own starts, whose minima `labels` tells. A function from a generator and a number n to an array
        of shape (n, k, d).
    n_starts : int, optional
        Number of starts, up to 100,000,000; your own ones are all run by default, and 10,000 of the others.
    method : {"em", "gd", "gradient_flow", "newton"}, default="em"
        Plain EM. Gradient descent with step sigma^2, the largest that descends in every landscape, in
        which a mean goes its mass times the step of EM. The flow of steepest descent, in the means (and sigma
        times the log weights, where they are free): by Runge and Kutta's steps of sigma^2 and of half of it;
        a start that these lead to different ends is counted as "step sizes differ". Newton's method in a
        trust region, which jumps.
    rng : None, int or numpy.random.Generator, default=None
        Seed of the starts. Start i depends on it and on i alone.
    most : int, default=200
        Different minima that are polished: the best end, then those that most starts share. Starts of the
        rest are counted as "not polished".
    n_jobs : int, default=1
        Processes; -1 for all cores. No number depends on it.
    max_seconds : float, optional
        Time budget.
    callback : callable, optional
        Called with an `Event` after each block of 500 starts (stage "descending"), and while ends are given
        to minima ("settling"); returning True stops.
    checkpoint : str or Path, optional
        JSON file that ends are kept in; if it exists, the work goes on from it, without `rng` with its seed.
    verbose : int, default=0
        1 prints every two seconds how far it has come.

    Returns
    -------
    BasinShares
        Minima with hits, shares and their intervals; what ended elsewhere. Ctrl-C, the budget and the
        callback end the work with the blocks of starts that were done, in their order; Ctrl-C before the
        first is passed on. Cost: some tens of passes a start (hundreds for gradient descent, thousands for
        its flow; some ten with Hessian, in Python, for Newton's method), and a Newton descent for each
        different end.

    Raises
    ------
    InvalidParameterError
        If a parameter is not usable, or the checkpoint is one of other starts.
    NotAvailableError
        If widths or covariances are free, or weights are held that are not equal: `FreeLandscape.explore`
        counts hits of EM there.

    Examples
    --------
    >>> import gmmscape as gs
    >>> from gmmscape import lab
    >>> land = lab.Landscape(lab.Population(gs.Mixture.location([-3, 3, 12], sigma=1.0)), n_components=3)
    >>> found = lab.basins(land, start="truth", n_starts=2000, rng=0)
    >>> [str(point.decoding.structure) for point in found.minima]
    ['0>0  1>1  2>2', '0>0,1  1,2>2']
    >>> bool(0.74 < found.shares[0] < 0.82)
    True
    >>> lab.basins(land, start=[[-3.0, 11.0, 13.0], [0.0, 0.5, 12.0]]).labels.tolist()
    [1, 0]
    """
    if isinstance(land, FreeLandscape):
        raise NotAvailableError(
            "basins are counted where one sigma is known: here land.explore(rng, n_starts=n, "
            "candidates=False) runs EM from n starts, and says by `hits` how many ended in each minimum"
        )
    if not isinstance(land, Landscape):
        raise InvalidParameterError.of("land", land, "pass a gmmscape.lab.Landscape")
    choice("method", method, tuple(METHODS))
    starts = Starts.of(land.measure, land.n_components, start, seed_for(checkpoint, rng))
    if starts.own is not None:
        own = len(starts.own)
        n_starts = own if n_starts is None else min(positive_integer("n_starts", n_starts), own)
    n = 10_000 if n_starts is None else positive_integer("n_starts", n_starts)
    if n > EFFORT.basins.most_starts:
        raise InvalidParameterError.of(
            "n_starts", n, f"pass at most {EFFORT.basins.most_starts}: the end of each start is kept"
        )
    if n_jobs != -1:
        n_jobs = positive_integer("n_jobs", n_jobs)
    budget = Budget.of("basins", max_seconds, callback, verbose)
    journal = Journal(checkpoint, "basins", {} if checkpoint is None else _facts(land, starts, method))
    tasks = Tasks(journal, n_jobs, budget, size=EFFORT.basins.block_starts, total=n)
    work = _Work(land, starts, n, method, tasks, budget)
    fallen, stop_reason = work.done(positive_integer("most", most), n_jobs)
    return _summed_up(land, starts, method, fallen, stop_reason)


class _Work(NamedTuple):
    """All starts, run to their ends in blocks and given to minima."""

    land: Landscape
    starts: Starts
    n: int
    method: str
    tasks: Tasks
    budget: Budget

    def done(self, most: int, n_jobs: int) -> tuple[Fallen, str]:
        """Return where the starts have fallen, those that were done, and why the work ended."""
        stop_reason = "completed"
        parts: list[Crowd] = []
        try:
            for part in self._ends():
                parts.append(part)  # not extend: what was done before an interruption counts
        except Stopped as stop:
            if str(stop) == "interrupted" or sum(map(len, parts)) < self.n:
                stop_reason = str(stop)
        except KeyboardInterrupt:
            stop_reason = "interrupted"
            if not parts:
                raise
        finally:
            self.tasks.close()
        # What is done is settled, whatever the clock says.
        tell = self._settled if stop_reason == "completed" else lambda done: None
        assignment = Assignment(self.land._descent, joined(parts), most, tell)
        try:
            with limited(n_jobs):
                return assignment.run(), stop_reason
        except (Stopped, KeyboardInterrupt) as stop:
            return assignment.so_far("interrupted"), str(stop) or "interrupted"

    def _settled(self, done: int) -> None:
        self.budget.report("settling", done, self.n, last=done == self.n)

    def _ends(self) -> Iterator[Crowd]:
        """The ends of each block of starts, in order."""
        sizes = [
            min(EFFORT.basins.block_starts, self.n - first)
            for first in range(0, self.n, EFFORT.basins.block_starts)
        ]
        blocks = [
            Task(f"{number}: {size}", _block, (self.land._descent, self.starts, number, size, self.method))
            for number, size in enumerate(sizes)
        ]
        return map(_crowd_of, self.tasks.run("descending", blocks))


def _block(descent: Any, starts: Starts, number: int, size: int, method: str) -> dict[str, Any]:
    with limited(1):
        return _plain(descended(descent, starts.block(number, size), method))


def _plain(crowd: Crowd) -> dict[str, Any]:
    """Return a crowd in values of JSON, which has no infinite numbers."""
    step = [value if np.isfinite(value) else None for value in crowd.step.tolist()]
    return {
        "means": crowd.means.tolist(),
        "weights": crowd.weights.tolist(),
        "nll": crowd.nll.tolist(),
        "step": step,
        "reasons": list(crowd.reasons),
    }


def _crowd_of(content: dict[str, Any]) -> Crowd:
    """Return the crowd that `_plain` has written."""
    with as_kept():
        step = np.array([np.inf if value is None else value for value in content["step"]])
        means, weights, nll = (np.array(content[name], np.float64) for name in ("means", "weights", "nll"))
        return Crowd(means, weights, nll, step, tuple(map(str, content["reasons"])))


def _summed_up(land: Landscape, starts: Starts, method: str, fallen: Fallen, stop_reason: str) -> BasinShares:
    hits = np.bincount(fallen.labels[fallen.labels >= 0], minlength=len(fallen.minima))
    order = sorted(range(len(fallen.minima)), key=lambda place: fallen.minima[place].nll)
    listed = [place for place in order if hits[place]]
    renamed = np.full(len(fallen.minima) + 1, -1)
    renamed[listed] = np.arange(len(listed))
    return BasinShares(
        minima=tuple(replace(fallen.minima[place], hits=int(hits[place])) for place in listed),
        labels=renamed[fallen.labels],
        unresolved=dict(Counter(fallen.reasons.values())),
        n_starts=len(fallen.labels),
        start=starts.name,
        method=method,
        seed=starts.seed,
        n_components=land.n_components,
        sigma=land.sigma,
        truth=land.measure.truth,
        stop_reason=stop_reason,
        weights=land.weights,
    )


def _facts(land: Landscape, starts: Starts, method: str) -> dict[str, Any]:
    """What must be the same for ends to be of use: all that they depend on."""
    truth, block = land.measure.truth, EFFORT.basins.block_starts
    start = starts.name
    if starts.own is not None:
        start = sha256(starts.own.tobytes()).hexdigest()
    elif starts.function is not None:  # known by the first starts that it gives
        start = sha256(starts.block(0, block).tobytes()).hexdigest()
    return {
        "truth": None if truth is None else truth.to_dict(),
        "data": digest_of(land._descent),
        "k": land.n_components,
        "sigma": land.sigma,
        "weights": land.weights,
        "method": method,
        "start": start,
        "rng": starts.seed if starts.own is None else 0,
        "block": block,
    }
