"""A coreset in the place of rows in blocks: what a search works on, and how well it stands for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmscape.measure.blocked import BlockedSample, Coreset, RowBlocks, coreset_of, coreset_size, facts_of
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


@dataclass(frozen=True)
class SearchedOn:
    """The rows that a search worked on, and how well they stand for all.

    Attributes
    ----------
    n_rows, n_samples : int
        Their number, and that of all.
    nll : float
        Of the fit, per row of all rows.
    nll_there : float
        The same on these.
    standard_error : float
        Of the difference, as it would be of rows that are drawn independently; they are drawn more evenly.
    """

    n_rows: int
    n_samples: int
    nll: float
    nll_there: float
    standard_error: float

    @property
    def difference(self) -> float:
        """NLL on these rows less that on all."""
        return self.nll_there - self.nll

    @property
    def stands_for_all(self) -> bool:
        """Whether the difference is no more than drawing rows explains."""
        return abs(self.difference) <= TOLERANCES.diagnosis.coreset_errors * self.standard_error

    @property
    def told(self) -> tuple[str, ...]:
        """What to say of it: nothing where these are all rows."""
        if self.n_rows == self.n_samples:
            return ()
        said = (
            f"fits were sought and judged on {self.n_rows} weighted rows that stand for {self.n_samples}; "
            f"their log-likelihood per row differs by {-self.difference:+.2g} (standard error "
            f"{self.standard_error:.2g})"
        )
        if self.stands_for_all:
            return (said,)
        return (said + ": they do not stand for all, look at the fit on other rows",)


def searched_on(coreset: Coreset, n: int, mixture: Mixture, nll: float) -> SearchedOn:
    """Return how well a coreset stands for all n rows, by a fit and its NLL on these."""
    density = mixture.log_density(coreset.points)
    shares = coreset.weights / coreset.weights.sum()
    there = -float(shares @ density)
    error = 0.0 if coreset.whole else float(np.sqrt(shares**2 @ (density + there) ** 2))
    return SearchedOn(len(coreset.points), n, nll, there, error)


@dataclass(frozen=True, eq=False)
class StandIn:
    """Rows in blocks with a coreset of them.

    Attributes
    ----------
    sample : BlockedSample
        All rows.
    coreset : Coreset
        Those that stand for them.
    names : tuple of str or None
        Of the columns.
    """

    sample: BlockedSample
    coreset: Coreset
    names: tuple[str, ...] | None

    @classmethod
    def of(cls, rows: RowBlocks, n_components: int, seed: int) -> StandIn:
        """Return rows with a coreset of so many as fits of so many components are sought on; two walks."""
        sample = BlockedSample(rows, facts_of(rows, seed))
        coreset = coreset_of(rows, sample.facts, coreset_size(n_components), seed)
        return cls(sample, coreset, rows.names)

    def compared(self, mixture: Mixture) -> SearchedOn:
        """Return how well the coreset stands for all, by a mixture in the caller's coordinates; one pass."""
        local = self.sample.local_mixture(mixture)
        return searched_on(self.coreset, self.sample.n_samples, mixture, self.sample.rows(local).nll(local))
