"""Local optima of a data set: where EM ends, how often, and what each optimum gets wrong."""

from gmmscape.optima.local_optima import local_optima
from gmmscape.optima.result import LocalOptima, LocalOptimum

__all__ = ["LocalOptima", "LocalOptimum", "local_optima"]
