"""The engine: statistics, densities and derivatives of blocks of rows, from plain arrays."""

from gmmscape.engine.parameters import Parameters
from gmmscape.engine.reference import (
    BLOCK_ROWS,
    LocationDerivatives,
    location_derivatives,
    log_density,
    responsibilities,
    statistics,
)
from gmmscape.engine.rounding import Rounding, rounding

__all__ = [
    "BLOCK_ROWS",
    "LocationDerivatives",
    "Parameters",
    "Rounding",
    "location_derivatives",
    "log_density",
    "responsibilities",
    "rounding",
    "statistics",
]
