"""Mixtures given as arrays, or stored in another way: what a family makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.covariances import CovarianceKind
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import family_named
from gmmscape.mixture import Mixture
from gmmscape.tolerances import TOLERANCES


def mixture_of_arrays(model: tuple[Any, ...], covariance_type: str) -> Mixture:
    """Return the mixture of a tuple (weights, means, covariances), stored as the family needs it.

    Covariances are in the shape that the family stores, or a matrix for each component. Raises
    InvalidParameterError where they are no mixture of the family.
    """
    if len(model) != 3:
        raise InvalidParameterError(
            f"model is a tuple of {len(model)} arrays: pass (weights, means, covariances), or an array "
            f"of centers"
        )
    stored = "full" if as_matrices(model) else family_named(covariance_type).kind.name
    return of_family(Mixture(*model, stored), covariance_type)


def as_matrices(model: tuple[Any, ...]) -> bool:
    """Say whether covariances are a matrix for each component, as other programs keep them always."""
    return np.asarray(model[2], dtype=object).ndim == 3


def of_family(mixture: Mixture, name: str) -> Mixture:
    """Return a mixture stored as a family needs it; raises where the family does not contain it."""
    family = family_named(name)
    same = mixture if mixture.kind == family.kind else _stored(mixture, family.kind)
    near = None if same is None else family.admissible(same)
    if near is None or same is None or _differ(near, same):
        raise InvalidParameterError.of(
            "covariance_type",
            name,
            f"the covariances of this mixture ({mixture.n_features} dimensions) are not of that kind",
        )
    return near


def _differ(near: Mixture, given: Mixture) -> bool:
    """Whether covariances differ by more than what printing them leaves out, in their own units."""
    if near is given:
        return False
    change, factors = near.covariances - given.covariances, given.parameters.factors
    sizes = given.kind.relative_changes(change, factors, given.n_features)
    return bool(sizes.max() > TOLERANCES.solve.printed_covariance)


def _stored(mixture: Mixture, kind: CovarianceKind) -> Mixture | None:
    """The same mixture of another kind, or None where that cannot be."""
    matrices = mixture.full_covariances()
    same = Mixture(
        mixture.weights, mixture.means, kind.stored(matrices), kind.name, background=mixture.background
    )
    return same if np.allclose(same.full_covariances(), matrices, rtol=1e-12, atol=0.0) else None
