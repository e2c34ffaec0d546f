"""How much has been computed on rows, and until when there is time: what bounds a search."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from gmmscape.covariances import hessian_passes, kind_named
from gmmscape.engine import EmTask, Work
from gmmscape.mixture import Mixture

#: What moments in own units, and a product with the Hessian, cost in passes.
MOMENTS = 2.0
PRODUCT = 1.5


class Tally:
    """Counts passes, in rows times components times columns (their square, for matrices).

    It is the same on every machine, for any number of threads.

    Attributes
    ----------
    done : float
        What was computed since it began.
    until : float or None
        Time of the monotonic clock at which native loops over the rows give up.
    """

    def __init__(self) -> None:
        self.done = 0.0
        self.until: float | None = None

    @property
    def left(self) -> float | None:
        """Seconds left for loops over the rows, or None where there is no limit."""
        return None if self.until is None else max(0.0, self.until - time.monotonic())

    def count(self, n: int, mixture: Mixture, passes: float = 1.0) -> None:
        """Count a pass of a mixture over n rows, or what costs as much as several."""
        k, d = mixture.means.shape
        # Whole numbers: their differences do not depend on what was counted before.
        self.done += round(passes * pass_over(n, k, mixture.kind.work(d), d))

    def passes(self, n: int, mixture: Mixture, since: float = 0.0) -> float:
        """Return how many passes of a mixture over n rows cost as much as what was done since then."""
        k, d = mixture.means.shape
        return (self.done - since) / pass_over(n, k, mixture.kind.work(d), d)

    def count_runs(self, n: int, task: EmTask, runs: Sequence[Work]) -> None:
        """Count what EM from each start of a task took over all n rows, or over its own."""
        _, k, d = task.means.shape
        sizes = np.full(len(runs), n) if task.ranges is None else np.diff(task.ranges, axis=1)[:, 0]
        work = kind_named(task.kind).work(d)
        hessian = information_passes("none" if task.means_only else task.kind, k, d)
        for size, run in zip(sizes.tolist(), runs, strict=True):
            passes = run.passes + hessian * run.hessians + PRODUCT * run.products
            self.done += round(passes * pass_over(size, k, work, d))


def information_passes(scatter: str, k: int, d: int) -> float:
    """Return what moments in own units and the missing information cost, in passes."""
    return MOMENTS + hessian_passes(scatter, k, d)


def pass_over(n: int, k: int, work: int, d: int) -> float:
    """Return what a pass costs; each component's M-step costs about as much as d rows."""
    return float((n + d) * k * work)
