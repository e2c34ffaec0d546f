"""Laws of the landscape of k equally weighted means: what can be said before anything is computed.

They concern means with weights 1/k and a known sigma, fitted to a population. The derivations are in
docs/derivations/laws.md; the numbers of the laws are those of docs/laws.md. Predictions to leading order
say so.
"""

from gmmscape.landscape.laws.count import signed_count
from gmmscape.landscape.laws.crowding import Competitor, em_half_gap, pair_curvature, splitting_eigenvalues
from gmmscape.landscape.laws.cuts import cut_stability
from gmmscape.landscape.laws.separation import Errors5, equal_spacing_birth, error_orders
from gmmscape.landscape.laws.structures import (
    StructurePrediction,
    embedding_eigenvalues,
    leading_kl,
    limiting_spectrum,
    structure_prediction,
)

__all__ = [
    "Competitor",
    "Errors5",
    "StructurePrediction",
    "cut_stability",
    "em_half_gap",
    "embedding_eigenvalues",
    "equal_spacing_birth",
    "error_orders",
    "leading_kl",
    "limiting_spectrum",
    "pair_curvature",
    "signed_count",
    "splitting_eigenvalues",
    "structure_prediction",
]
