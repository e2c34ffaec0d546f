"""Scaling: a fit to standardised columns, told in the columns' own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.preprocessing import StandardScaler

from gmmscape.arrays import FloatArray
from gmmscape.covariances import kind_named
from gmmscape.diagnosis.findings import findings
from gmmscape.diagnosis.result import Diagnosis
from gmmscape.exceptions import DataError
from gmmscape.families import family_named
from gmmscape.given_rows import called
from gmmscape.measure import Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import Solution

#: Families that columns of other units leave: of equal variances, or of axes that are no columns.
OF_ONE_UNIT = frozenset({"spherical", "EII", "EVE", "VVE", "EEV", "VEV"})


class Scaling(NamedTuple):
    """What columns were shifted and divided by before a fit.

    Attributes
    ----------
    center : tuple of float
        Their averages, in their units.
    scale : tuple of float
        Their standard deviations, in their units; 1 for a column of one value.
    """

    center: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def of(
        cls, X: FloatArray, weights: FloatArray | None = None, names: Sequence[str] | None = None
    ) -> Scaling:
        """Return the scaling that gives each column average 0 and variance 1; NaN are left out.

        Raises
        ------
        DataError
            If values are too large for their variance to be a number.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            scaler = StandardScaler().fit(X, sample_weight=weights)
        center, scale = np.asarray(scaler.mean_), np.asarray(scaler.scale_)
        # A column without any value is another's business.
        # Of an infinite variance the scale is said to be one.
        told = np.isfinite(scale) & np.isfinite(scaler.var_)
        bad = np.flatnonzero(~told & np.isfinite(X).any(axis=0))
        if len(bad):
            raise DataError(
                f"column {called(bad[0], names)} has values too large to be standardised: correct them"
            )
        center, scale = np.nan_to_num(center), np.nan_to_num(scale, nan=1.0)
        return cls(tuple(center.tolist()), tuple(scale.tolist()))

    def apply(self, X: FloatArray) -> FloatArray:
        """Return rows in standardised columns, shape (n, d)."""
        return (X - np.array(self.center)) / np.array(self.scale)

    def undone(self, mixture: Mixture) -> Mixture:
        """Return a mixture of standardised columns as one of the columns in their units.

        One variance for all columns becomes one for each: what is stored is of another type then.
        """
        if mixture.kind.name == "spherical":
            variances = kind_named("diag").stored(mixture.full_covariances())
            mixture = Mixture(mixture.weights, mixture.means, variances, "diag")
        return mixture.transformed(np.diag(self.scale), np.array(self.center))

    @property
    def log_volume(self) -> float:
        """What the negative log-likelihood per row is larger by in the columns' units, in nats."""
        return float(np.log(self.scale).sum())

    def told(self, document: Any, X: FloatArray, weights: FloatArray | None) -> Any:
        """Return the document of a fit to standardised columns as one of the columns in their units.

        Parameters
        ----------
        document : FitDocument
            Of the fit to `apply(X)`.
        X : ndarray of shape (n, d)
            Rows in their units.
        weights : ndarray of shape (n,) or None
            Of the rows.

        Returns
        -------
        FitDocument
            With this scaling. Gains are as they were.
        """
        solution, prior = self._solution(document.solution), document.covariance_prior
        sample = Sample(X, weights, copy=False, wild="aside")
        unit = np.array(self.scale)
        return replace(
            document,
            solution=solution,
            diagnosis=self._diagnosis(document.diagnosis, sample, solution.mixture),
            before=None
            if document.before is None
            else self._diagnosis(document.before, sample, self.undone(document.before.model)),
            covariance_prior=None
            if prior is None
            else replace(prior, scale=prior.scale * np.outer(unit, unit)),
            scaling=self,
        )

    def _solution(self, solution: Solution) -> Solution:
        mixture = self.undone(solution.mixture)
        return replace(
            solution,
            local=mixture,
            origin=np.zeros(mixture.n_features),
            nll=solution.nll + self.log_volume,
            history=tuple(value + self.log_volume for value in solution.history),
        )

    def _diagnosis(self, diagnosis: Diagnosis, sample: Sample, mixture: Mixture) -> Diagnosis:
        """The same verdict; what is said of values is looked at again in their units."""
        family = family_named(mixture.covariance_type)
        local = sample.local_mixture(mixture)
        objective = Objective.near(sample, family, local)
        behind = [one.index for one in diagnosis.components if one.kind == "background"]
        return replace(
            diagnosis,
            value_before=diagnosis.value_before + self.log_volume,
            value_after=diagnosis.value_after + self.log_volume,
            findings=findings(objective, local, np.array(behind, dtype=np.intp))
            if diagnosis.findings
            else (),
            rival=None if diagnosis.rival is None else self.undone(diagnosis.rival),
            model=mixture,
        )


def in_words(scaling: Scaling, names: Sequence[str]) -> str:
    """Return what was done to the columns that are named, and to how many more."""
    parts = [
        f"{name} less {center:.5g} over {scale:.5g}"
        for name, center, scale in zip(names, scaling.center, scaling.scale, strict=False)
    ]
    more = len(scaling.scale) - len(parts)
    return "standardised for the fit: " + ", ".join(parts) + (f" and {more} more" if more else "")
