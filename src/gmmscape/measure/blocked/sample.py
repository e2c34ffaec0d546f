"""BlockedSample: rows in blocks as a measure."""

from __future__ import annotations

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.measure.blocked.facts import RowFacts
from gmmscape.measure.blocked.row_blocks import RowBlocks
from gmmscape.measure.blocked.rows import BlockedRows
from gmmscape.measure.blocked.tasks import Place
from gmmscape.measure.coordinates import Centred
from gmmscape.measure.resolution import grid_step, in_one
from gmmscape.mixture import Mixture
from gmmscape.threads import cached_property


class BlockedSample(Centred):
    """Rows in blocks, whose weights are brought to the sum one.

    Parameters
    ----------
    blocks : RowBlocks
        The rows.
    facts : RowFacts
        What a walk over them has found.

    Attributes
    ----------
    origin : ndarray of shape (d,)
        What local coordinates count from, a value of the data.

    Raises
    ------
    DataError
        If the variance of a column is not representable.
    """

    truth = None

    def __init__(self, blocks: RowBlocks, facts: RowFacts) -> None:
        self.facts = facts
        summary = facts.summary
        self.origin, self.n_samples, self.n_features = summary.origin, summary.n, len(summary.origin)
        self._rows = BlockedRows(blocks, summary.n, Place(self.origin, 1.0 / summary.mass), summary.unit())

    def __len__(self) -> int:
        return self.n_samples

    def rows(self, mixture: Mixture, rtol: float | None = None) -> BlockedRows:
        """Return the rows; they are the same for every mixture.

        Parameters
        ----------
        mixture : Mixture
            Not used: a population adapts its rule to it.
        rtol : float, optional
            Not used: data have no quadrature error.

        Returns
        -------
        BlockedRows
            Shared, not to be modified.
        """
        return self._rows

    @property
    def counted_rows(self) -> float:
        """How many rows the data are, whatever the unit of their weights: see `Weights.counted`."""
        return self.facts.counted_rows

    @property
    def effective_rows(self) -> float:
        """How many rows the data are worth: all that are counted, since nobody looks for equal ones."""
        return self.facts.counted_rows

    @cached_property
    def steps(self) -> FloatArray:
        """Steps of the grids that rounded columns lie on, as random rows tell, 0 for others, shape (d,)."""
        local = self.facts.pilot - self.origin
        return np.array([grid_step(in_one(column), len(local)) for column in local.T])

    @property
    def covariance(self) -> FloatArray:
        """Weighted covariance matrix of the data, shape (d, d)."""
        return self.facts.summary.covariance

    @property
    def variance(self) -> FloatArray:
        """Weighted variance of each column, shape (d,)."""
        return np.diagonal(self.covariance)

    def __repr__(self) -> str:
        return f"BlockedSample(n_samples={self.n_samples}, n_features={self.n_features})"
