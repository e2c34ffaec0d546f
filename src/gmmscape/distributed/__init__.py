"""What Dask and Spark share: partitions as blocks of rows, and what a fit says of each row."""

from gmmscape.distributed.answers import ANSWERS, Answer
from gmmscape.distributed.partition import complete, computed, package

__all__ = ["ANSWERS", "Answer", "complete", "computed", "package"]
