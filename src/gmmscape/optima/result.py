"""The local optima of a data set: what `local_optima` returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.diagnosis.result import ComponentReport
from gmmscape.diagnosis.text import meanings
from gmmscape.families import CovariancePrior
from gmmscape.mixture import Mixture
from gmmscape.plot.fits.optima import OptimaDisplay
from gmmscape.results.records import Record
from gmmscape.results.text import aligned, counted, left_out
from gmmscape.results.words import ENDINGS, INSTEAD_OF_OPTIMA
from gmmscape.structure.intervals import share_interval
from gmmscape.structure.structure import Block, Decoding
from gmmscape.validation import positive_integer, whole_number

#: Optima that the printed table shows, and blocks of each.
MOST_OPTIMA, MOST_BLOCKS = 25, 6


@dataclass(frozen=True, eq=False)
class LocalOptimum(Record):
    """One local optimum of the likelihood, up to the order of its components.

    Attributes
    ----------
    mixture : Mixture
        In the caller's coordinates; components in the order of those of the best optimum that they lie
        closest to.
    nll : float
        Nats per unit mass.
    gap : float
        Nats in total by which it is worse than the best one.
    hits : int
        Starts that ended in it; 0 for one that moves led to.
    share : float
        Hits by starts: an estimate of the mass of its basin under EM and this kind of start.
    share_interval : tuple of float
        95 % interval of the share, by Clopper and Pearson.
    decoding : Decoding
        Its blocks when it is decoded against the clusters of the best optimum as if these were true: by
        association on the data (docs/mathematics.md#readings). Centers are components of the best optimum;
        where one of these sits on several clusters, further numbers are its parts. Errors are in standard
        deviations of the cluster that should be met, or of those that are covered, averaged.
    components : tuple of ComponentReport
        What each component is, in the words of `diagnose`.
    state : str
        "converged"; where no start ended in an optimum, "not converged", "saddle" or "degenerate".
    """

    format: ClassVar[str] = "gmmscape-local-optimum"
    names_in_files: ClassVar[Mapping[str, str]] = {"decoding": "structure"}

    mixture: Mixture
    nll: float
    gap: float
    hits: int
    share: float
    share_interval: tuple[float, float]
    decoding: Decoding
    components: tuple[ComponentReport, ...] = ()
    state: str = "converged"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Blocks that are not exact."""
        return tuple(block for block in self.decoding.blocks if block.kind != "exact")

    @property
    def fitted_part(self) -> LocalOptimum:
        """The optimum: its `mixture` is a model."""
        return self

    def __str__(self) -> str:
        low, high = self.share_interval
        return (
            f"{self.state}: nll {self.nll:.10g}, {self.gap:.4g} nats behind the best, "
            f"{counted(self.hits, 'hit')}, share {self.share:.3f} ({low:.3f} to {high:.3f})\n{self.decoding}"
        )


@dataclass(frozen=True, eq=False)
class LocalOptima(Record):
    """The local optima that random starts found.

    Attributes
    ----------
    optima : tuple of LocalOptimum
        Best first.
    n_starts : int
        Starts that were run to their ends.
    degenerate : int
        Starts that ended with a collapsed component; no optima, because such likelihoods do not compare.
    unsettled : int
        Starts that ended on a plateau or saddle, or had not converged and lie near no optimum.
    n_components : int
        Number of components.
    covariance_type : str
        What was free.
    init_params : str
        Where starting means came from.
    total : float
        Number of rows; of weighted ones see `Diagnosis`.
    seed : int
        Of the starts.
    stop_reason : str
        "completed", "time_limit" or "interrupted".
    reg_covar : float
        Least variance that was asked for.
    covariance_floor : float or None
        The same as a share of the data's.
    covariance_prior : CovariancePrior or None
        What each covariance was given beside its rows; None for maximum likelihood.
    """

    format: ClassVar[str] = "gmmscape-optima"
    told_in_files: ClassVar[tuple[str, ...]] = ("replicated", "unseen")

    optima: tuple[LocalOptimum, ...]
    n_starts: int
    degenerate: int
    unsettled: int
    n_components: int
    covariance_type: str
    init_params: str
    total: float
    seed: int
    stop_reason: str
    reg_covar: float = 0.0
    covariance_floor: float | None = None
    covariance_prior: CovariancePrior | None = field(default=None, repr=False)

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the optima that `content` described, whose starts are no more than there were."""
        found = cls(**cls._fields_in(content))
        hits = [one.hits for one in found.optima]
        ended = [whole_number("hits", n) for n in (*hits, found.degenerate, found.unsettled)]
        if sum(ended) > positive_integer("n_starts", found.n_starts):
            raise ValueError(f"{sum(ended)} starts ended, of {found.n_starts}")
        for one in found.optima:
            low, high = one.share_interval
            if not 0.0 <= low <= one.hits / found.n_starts <= high <= 1.0 or (low == 0.0) != (one.hits == 0):
                raise ValueError(f"a share of {one.hits} of {found.n_starts} between {low} and {high}")
        return found

    @property
    def best(self) -> LocalOptimum:
        """The one of highest likelihood."""
        return self.optima[0]

    @property
    def replicated(self) -> tuple[int, int]:
        """How many starts ended in the best optimum, of how many."""
        return self.best.hits, self.n_starts

    @property
    def unseen(self) -> float:
        """Probability that one more start ends in an optimum that is not listed.

        By Good and Turing (Good, Biometrika 40, 1953): the share of starts that are alone in their optimum.
        """
        return sum(one.hits == 1 for one in self.optima if one.state == "converged") / self.n_starts

    @property
    def mixture(self) -> Mixture:
        """The best optimum's."""
        return self.best.mixture

    @property
    def family(self) -> str:
        """Name of the family that the optima are of."""
        return self.covariance_type

    @property
    def fitted_part(self) -> LocalOptima:
        """The best optimum and the limits it was found under: its `mixture` is a model."""
        return self

    def plot(self, ax: Any = None) -> OptimaDisplay:
        """Draw the optima as dots over their NLL, their shares as bars, their blocks beside them.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, two axes inside it; a new figure, unknown to pyplot, by default.

        Returns
        -------
        OptimaDisplay
            With `figure_`, `axes_` (NLL, shares) and the artists.

        Raises
        ------
        NotAvailableError
            If matplotlib is not installed.
        """
        return OptimaDisplay(
            [one.gap for one in self.optima],
            [one.share for one in self.optima],
            [one.share_interval for one in self.optima],
            [one.decoding.blocks for one in self.optima],
        ).plot(ax)

    def __str__(self) -> str:
        hits, starts = self.replicated
        lines = [
            f"{counted(len(self.optima), 'local optimum', 'local optima')} of "
            f"{counted(self.n_components, 'component')}, {self.covariance_type} covariances, by "
            f"{counted(starts, 'start')} ({self.init_params})",
            f"next: {self._next()}",
            f"best replicated by {hits} of {starts}; probability that a new start ends in another optimum: "
            f"{self._unseen()}",
        ]
        rows = [("#", "log-likelihood", "behind", "hits", "share", "95 %", "blocks")]
        rows += [_row(i, one, self.total) for i, one in enumerate(self.optima[:MOST_OPTIMA])]
        lines += ["", *aligned(rows)]
        lines += [*left_out(len(self.optima), MOST_OPTIMA), *self._notes()]
        return "\n".join(lines)

    def _unseen(self) -> str:
        """The estimate, with what so few starts leave open."""
        alone = round(self.unseen * self.n_starts)
        return f"{self.unseen:.2g}, at most {share_interval(alone, self.n_starts)[1]:.2g} (95 %)"

    def _next(self) -> str:
        """What to do, for somebody who knows no theory."""
        hits = self.best.hits
        if self.best.state == "degenerate":
            return "fewer components, or a larger covariance_prior"
        if self.best.state != "converged" or self.stop_reason != "completed":
            return "run it again to the end, or with more starts"
        if hits == 0:
            return "do not rely on starts: `fit` tries moves, which led to the best"
        # By the lower end of the share's interval: few starts are no evidence of a large share.
        wanted = np.log(0.01) / np.log1p(-self.best.share_interval[0])
        return (
            f"`fit` tries moves; of starts alone it takes up to {counted(int(np.ceil(wanted)), 'start')} to "
            "find the best with a probability of 99%"
        )

    @property
    def _maximised(self) -> str:
        """What the best has most of."""
        return (
            "of log-likelihood" if self.covariance_prior is None else "of log-likelihood and prior together"
        )

    def _notes(self) -> list[str]:
        notes = [
            f"behind: nats {self._maximised} less than the best; hits: starts that ended there",
            "blocks: components > clusters of the best optimum that they stand for; the others are counted",
            *meanings(kind for one in self.optima[:MOST_OPTIMA] for kind in _alone(one)),
        ]
        if self.best.hits == 0:
            notes.append("the best was found by moves from the best end of the starts: no start ended there")
        if self.degenerate:
            notes.append(f"{counted(self.degenerate, 'start')} ended with a collapsed component")
        if self.unsettled:
            notes.append(
                f"{counted(self.unsettled, 'start')} ended on a plateau or saddle, or had not converged"
            )
        if self.best.state != "converged":
            notes.append(INSTEAD_OF_OPTIMA[self.best.state])
        if self.stop_reason != "completed":
            notes.append(f"only the starts that were done count: {ENDINGS[self.stop_reason]}")
        return notes


def _alone(one: LocalOptimum) -> Counter[str]:
    """Kinds of the components that are a block of their own, with their numbers."""
    alone = {block.means[0] for block in one.decoding.blocks if block.kind == "exact"}
    return Counter(component.kind for component in one.components if component.index in alone)


def _row(i: int, one: LocalOptimum, total: float) -> tuple[str, ...]:
    low, high = one.share_interval
    return (
        str(i),
        f"{-one.nll * total:.8g}",
        f"{one.gap:.4g}",
        str(one.hits),
        f"{one.share:.3f}",
        f"{low:.3f}-{high:.3f}",
        blocks_text(one),
    )


def blocks_text(one: LocalOptimum) -> str:
    """Return the blocks of several components or clusters as one line; the others are counted by kind."""
    parts = [str(block) for block in one.blocks[:MOST_BLOCKS]]
    if len(one.blocks) > MOST_BLOCKS:
        parts.append(f"{len(one.blocks) - MOST_BLOCKS} more")
    kinds = sorted(_alone(one).items(), key=lambda item: item[0] != "exact")
    parts += [f"{number} {kind}" for kind, number in kinds]
    return "  ".join(parts)
