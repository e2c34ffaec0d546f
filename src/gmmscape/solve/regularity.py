"""What keeps covariances from collapsing, as a user asks for it: a prior, and floors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import Family, Floor, family_named
from gmmscape.measure import Sample
from gmmscape.measure.blocked import BlockedSample
from gmmscape.solve.prior_from_data import collinear, prior_from_data
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import real_number

#: The prior that the data choose.
AUTO = "auto"


@dataclass(frozen=True)
class Regularity:
    """Limits of covariances.

    Attributes
    ----------
    prior_rows : float or None
        How many rows the prior is worth; zero for none, None where the data say.
    reg_covar : float
        Least variance, in squared units of the data.
    covariance_floor : float or None
        Least variance as a share of the data's; None for what the prior needs.
    """

    prior_rows: float | None
    reg_covar: float
    covariance_floor: float | None

    @classmethod
    def of(cls, covariance_prior: Any, reg_covar: Any, covariance_floor: Any) -> Self:
        """Return what a user asks for; InvalidParameterError names what cannot be used."""
        rows = None
        if not (isinstance(covariance_prior, str) and covariance_prior == AUTO):
            try:
                rows = real_number("covariance_prior", covariance_prior, strict=False)
            except InvalidParameterError as error:
                raise InvalidParameterError.of(
                    "covariance_prior",
                    covariance_prior,
                    'pass "auto", or the number of rows that it is worth: 0 for maximum likelihood',
                ) from error
        if covariance_floor is not None:
            covariance_floor = real_number("covariance_floor", covariance_floor, strict=False)
        return cls(rows, real_number("reg_covar", reg_covar, strict=False), covariance_floor)

    def floor(self, sample: Sample | BlockedSample) -> Floor:
        """Return the floor for a sample; by default none beside a prior, but for what columns cannot tell.

        Directions without variance, such as columns of one value, leave a prior nothing to keep: where there
        are some, the floor is that of maximum likelihood. Of rounded columns it is the variance v at which a
        component gains less than a nat on all rows by sitting on the grid: over values one step apart a
        Gaussian's density sums to 1 + 2 exp(-2 pi^2 v / step^2) at most (Poisson's summation formula).
        """
        share, steps = self.covariance_floor, sample.steps if self.prior_rows != 0.0 else None
        if share is None:
            needed = self.prior_rows == 0.0 or collinear(sample)
            share = TOLERANCES.diagnosis.covariance_floor if needed else 0.0
            if share == 0.0 and steps is not None and steps.any():
                # Floors are of all columns, or of none, and none so low that rounding hides the others.
                share = TOLERANCES.diagnosis.covariance_floor
        floor = Floor.of(sample.variance, reg_covar=self.reg_covar, covariance_floor=share)
        if steps is None:
            return floor
        # Nobody knows how far a new row would be off: as one of these rows, were it as wide as other columns.
        wide = sample.variance.mean() / sample.effective_rows
        on_grid = steps**2 * np.log(2.0 * sample.effective_rows) / (2.0 * np.pi**2)
        least = np.where(sample.variance == 0, wide, np.minimum(on_grid, sample.variance))
        coarse = on_grid > TOLERANCES.solve.coarse_floor * sample.variance
        return replace(floor, variances=np.maximum(least, floor.variances), coarse=coarse)

    def family(self, sample: Sample, name: str, k: int, seconds: float | None = None) -> Family:
        """Return the family of that name for k components of a sample, under floor and prior.

        `seconds` is what there is for the whole work, where it has an end. A family that knows of no prior
        has the floor of maximum likelihood. Cost: that of `prior_from_data`, unless there is to be no prior.
        """
        if self.prior_rows == 0.0 or not family_named(name).penalised:
            return family_named(name, replace(self, prior_rows=0.0).floor(sample))
        floor = self.floor(sample)
        return family_named(name, floor, prior_from_data(sample, name, k, floor, self.prior_rows, seconds))
