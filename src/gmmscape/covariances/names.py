"""The kinds by their names, which are scikit-learn's."""

from __future__ import annotations

from gmmscape.covariances.kind import CovarianceKind
from gmmscape.covariances.matrices import FULL, TIED
from gmmscape.covariances.variances import DIAG, SPHERICAL
from gmmscape.validation import choice

KINDS: dict[str, CovarianceKind] = {kind.name: kind for kind in (FULL, TIED, DIAG, SPHERICAL)}
#: Covariances are of shape (k, d, d), (d, d), (k, d), (k,).
COVARIANCE_TYPES = tuple(KINDS)
#: mclust's names of what scikit-learn has names for; E and V are of one column.
SAME_AS = {"VVV": "full", "EEE": "tied", "VVI": "diag", "VII": "spherical", "E": "tied", "V": "full"}


def kind_named(name: str) -> CovarianceKind:
    """Return the kind of that name, or raise InvalidParameterError that lists the names."""
    known = SAME_AS.get(name, name) if isinstance(name, str) else name
    return KINDS[choice("covariance_type", known, COVARIANCE_TYPES)]
