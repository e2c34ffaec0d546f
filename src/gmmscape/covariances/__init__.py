"""How covariances are stored: the four kinds as objects, found by name."""

from gmmscape.covariances.kind import CovarianceKind
from gmmscape.covariances.matrices import FULL, TIED
from gmmscape.covariances.names import COVARIANCE_TYPES, KINDS, SAME_AS, kind_named
from gmmscape.covariances.scores import SCORES, CovarianceScores, hessian_passes
from gmmscape.covariances.variances import DIAG, SPHERICAL

__all__ = [
    "COVARIANCE_TYPES",
    "DIAG",
    "FULL",
    "KINDS",
    "SAME_AS",
    "SCORES",
    "SPHERICAL",
    "TIED",
    "CovarianceKind",
    "CovarianceScores",
    "hessian_passes",
    "kind_named",
]
