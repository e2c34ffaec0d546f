"""The kinds by their names, which are scikit-learn's."""

from __future__ import annotations

from gmmscape.covariances.kind import CovarianceKind
from gmmscape.covariances.matrices import FULL, TIED
from gmmscape.covariances.variances import DIAG, SPHERICAL
from gmmscape.validation import choice

KINDS: dict[str, CovarianceKind] = {kind.name: kind for kind in (FULL, TIED, DIAG, SPHERICAL)}
#: Covariances are of shape (k, d, d), (d, d), (k, d), (k,).
COVARIANCE_TYPES = tuple(KINDS)


def kind_named(name: str) -> CovarianceKind:
    """Return the kind of that name, or raise InvalidParameterError that lists the names."""
    return KINDS[choice("covariance_type", name, COVARIANCE_TYPES)]
