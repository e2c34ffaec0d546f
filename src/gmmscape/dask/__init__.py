"""Dask: mixtures of rows in a `dask.array` or `dask.dataframe`, computed where the partitions are.

Needs ``pip install "gmmscape[dask]"``; how to start: docs/howto/on_a_cluster.md.
"""

from gmmscape.dask.blocks import DaskBlocks
from gmmscape.dask.estimator import GaussianMixture

__all__ = ["DaskBlocks", "GaussianMixture"]
