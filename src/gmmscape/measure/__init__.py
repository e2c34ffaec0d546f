"""Measures: what a negative log-likelihood is averaged over."""

from gmmscape.measure.density import Density, density_nodes
from gmmscape.measure.duplicates import row_keys
from gmmscape.measure.estimate import Errors, Estimate
from gmmscape.measure.population import Population
from gmmscape.measure.resolution import repetition, rounding_step
from gmmscape.measure.rows import EVERY, Coverage, WeightedRows
from gmmscape.measure.sample import Sample, check_complete
from gmmscape.measure.source import ArraySource, Block, RowSource
from gmmscape.measure.summary import RowSummary, middle_of

Measure = Population | Sample

__all__ = [
    "EVERY",
    "ArraySource",
    "Block",
    "Coverage",
    "Density",
    "Errors",
    "Estimate",
    "Measure",
    "Population",
    "RowSource",
    "RowSummary",
    "Sample",
    "WeightedRows",
    "check_complete",
    "density_nodes",
    "middle_of",
    "repetition",
    "rounding_step",
    "row_keys",
]
