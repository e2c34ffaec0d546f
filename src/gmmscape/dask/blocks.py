"""DaskBlocks: the partitions of a `dask.array` or `dask.dataframe` as rows in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from gmmscape.dask.partitions import partitions_of
from gmmscape.dask.passes import PassesHere, PassesOnCluster, current_client
from gmmscape.effort import EFFORT
from gmmscape.measure.blocked import BlockTask, RowBlocks
from gmmscape.threads import cached_property
from gmmscape.validation import real_number

Result = TypeVar("Result")


class DaskBlocks(RowBlocks):
    """Rows that Dask has, a block for each partition, for all that takes rows in blocks.

    With a client, partitions are loaded onto the workers at the first pass and kept there; each pass sends
    one task a partition to them, and what comes back is small. Results are taken in the order of the
    partitions: a fit has the bits of one in this process, on machines that compute alike.

    Parameters
    ----------
    X : dask.array.Array of shape (n, d) or dask.dataframe.DataFrame
        Rows of finite numbers. The parts of an array are made to have all columns; some may be empty.
    weights : str, or collection or array_like of shape (n,), optional
        Non-negative, in partitions as the rows; of a table also the name of a column. Equal by default.
    client : distributed.Client, optional
        Of the cluster; by default the one that was opened last. Without any, Dask computes here, partition
        after partition, which are read again for each pass.
    timeout : float, default=60
        Seconds that the cluster may be without a worker before an error ends the work.

    Raises
    ------
    DataError
        If there are columns of other things than numbers, or weights in other partitions.
    InvalidParameterError
        If X is no collection of Dask.
    NotAvailableError
        If Dask is not installed.

    Examples
    --------
    >>> import dask.array as da, gmmscape as gs
    >>> from gmmscape.dask import DaskBlocks
    >>> X = da.random.default_rng(0).normal(size=(20_000, 2), chunks=(5_000, 2))
    >>> gs.GaussianMixture(1).fit(DaskBlocks(X)).n_samples_
    20000
    """

    def __init__(
        self,
        X: Any,
        weights: Any = None,
        *,
        client: Any = None,
        timeout: float = EFFORT.blocked.cluster_seconds,
    ) -> None:
        self._partitions = partitions_of(X, weights)
        self._client, self._timeout = client, real_number("timeout", timeout)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self._partitions.n_features

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of the columns of a table."""
        return self._partitions.names

    @cached_property
    def _passes(self) -> PassesHere | PassesOnCluster:
        client = self._client or current_client()
        if client is None:
            return PassesHere(self._partitions.blocks)
        return PassesOnCluster(client, self._partitions.blocks, self._timeout)

    def results(self, task: BlockTask[Result]) -> Iterator[tuple[int, Result]]:
        """Yield the number of rows of each partition and what a task makes of it, in their order.

        Parameters
        ----------
        task : BlockTask
            Sent to the workers.

        Yields
        ------
        tuple of (int, object)
            One for each partition.

        Raises
        ------
        NoResultError
            If the cluster is gone, or has no worker for too long.
        """
        yield from self._passes.results(task)

    def __repr__(self) -> str:
        return f"DaskBlocks({len(self._partitions.blocks)} partitions, {self.n_features} columns)"
