"""The engine: statistics, densities and derivatives of blocks of rows, from plain arrays.

`info` tells what computes: compiled kernels, or the reference engine in NumPy that they are tested against.
The environment variables GMMSCAPE_ENGINE (native, reference) and GMMSCAPE_ISA (baseline, avx2, avx512)
choose.
"""

from gmmscape.engine.choice import Info, info
from gmmscape.engine.coverage import Coverage, coverage
from gmmscape.engine.derivatives import (
    joint_derivatives,
    location_derivatives,
    location_hessian_product,
    rounding,
    with_constant,
)
from gmmscape.engine.em import EmProblem, EmRun, em_from_all
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.passes import log_density, responsibilities, statistics
from gmmscape.engine.reference import BLOCK_ROWS
from gmmscape.engine.rounding import Rounding, largest_coordinate
from gmmscape.engine.threads import limited

__all__ = [
    "BLOCK_ROWS",
    "Coverage",
    "EmProblem",
    "EmRun",
    "Info",
    "Parameters",
    "Rounding",
    "coverage",
    "em_from_all",
    "info",
    "joint_derivatives",
    "largest_coordinate",
    "limited",
    "location_derivatives",
    "location_hessian_product",
    "log_density",
    "responsibilities",
    "rounding",
    "statistics",
    "with_constant",
]
