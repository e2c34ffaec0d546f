"""Theorem tables: a user's condition and error bounds beside the minima that a search finds."""

from gmmscape.landscape.theorems.quantities import BlockQuantities, TruthQuantities
from gmmscape.landscape.theorems.result import TheoremTable
from gmmscape.landscape.theorems.table import theorem_table

__all__ = ["BlockQuantities", "TheoremTable", "TruthQuantities", "theorem_table"]
