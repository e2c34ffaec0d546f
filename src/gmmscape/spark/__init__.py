"""Spark: mixtures of the rows of a DataFrame, computed where its partitions are.

Needs ``pip install "gmmscape[spark]"`` and a Java runtime; how to start: docs/howto/on_a_cluster.md.
"""

from gmmscape.spark.blocks import SparkBlocks
from gmmscape.spark.estimator import GaussianMixture

__all__ = ["GaussianMixture", "SparkBlocks"]
