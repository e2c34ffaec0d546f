"""Which floor and prior a user's words lead to."""

from __future__ import annotations

import numpy as np

from gmmscape import lab
from gmmscape.covariances import DIAG
from gmmscape.families import Family, Floor, FreeCovariance, register, unregister
from gmmscape.solve import Regularity


class WithoutPrior(FreeCovariance):
    """A family that knows of no prior."""

    penalised = False

    @property
    def name(self) -> str:
        return "without prior"

    def __init__(self, floor: Floor) -> None:
        super().__init__(DIAG, floor)


def family_of(name: str, covariance_prior: float | str = "auto") -> Family:
    sample = lab.Sample(np.random.default_rng(0).standard_normal((40, 2)))
    return Regularity.of(covariance_prior, 0.0, None).family(sample, name, 2)


def test_what_bounds_the_likelihood_is_the_prior_or_else_a_floor():
    with_prior, without = family_of("diag"), family_of("diag", 0.0)
    assert isinstance(with_prior, FreeCovariance)
    assert isinstance(without, FreeCovariance)
    assert with_prior.prior is not None
    assert not with_prior.floor.variances.any()
    assert without.prior is None
    assert without.floor.variances.min() > 0


def test_a_family_without_a_prior_keeps_its_floor():
    register("without prior", WithoutPrior)
    try:
        family = family_of("without prior")
    finally:
        unregister("without prior")
    assert isinstance(family, FreeCovariance)
    assert family.prior is None
    assert family.floor.variances.min() > 0
