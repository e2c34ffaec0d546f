"""Samples against their population: which minima a sample's landscape shares, lacks and adds."""

from gmmscape.landscape.comparison.against_size import agreement_against_size
from gmmscape.landscape.comparison.compare import compare
from gmmscape.landscape.comparison.result import Comparison, Match
from gmmscape.landscape.comparison.size_curve import SizeCurve, Smallest

__all__ = ["Comparison", "Match", "SizeCurve", "Smallest", "agreement_against_size", "compare"]
