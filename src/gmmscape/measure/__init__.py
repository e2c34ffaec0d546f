"""Measures: what a negative log-likelihood is averaged over."""

from gmmscape.measure.duplicates import row_keys
from gmmscape.measure.estimate import Errors, Estimate
from gmmscape.measure.population import Population
from gmmscape.measure.rows import EVERY, Coverage, WeightedRows
from gmmscape.measure.sample import Sample

Measure = Population | Sample

__all__ = [
    "EVERY",
    "Coverage",
    "Errors",
    "Estimate",
    "Measure",
    "Population",
    "Sample",
    "WeightedRows",
    "row_keys",
]
