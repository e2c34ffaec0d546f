"""FitDocument: a fit with its data's facts and its verdict, as it is written to a file and printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from gmmscape.diagnosis.result import Diagnosis
from gmmscape.estimator.document_text import fit_table
from gmmscape.estimator.scaling import Scaling
from gmmscape.exceptions import FormatError
from gmmscape.families import CovariancePrior, free_parameters, prior_in
from gmmscape.given_rows import columns_in_order
from gmmscape.mixture import Mixture
from gmmscape.models import FittedModel
from gmmscape.plot.fits.fit import FitDisplay
from gmmscape.results.fields import arguments, plain
from gmmscape.results.records import Record
from gmmscape.solve import Solution
from gmmscape.validation import positive_integer, real_number

#: What the file says of the solution, and of the diagnosis, at its top level; the rest is in "diagnosis".
OF_SOLUTION = (
    "nll",
    "penalty",
    "error",
    "gradient_norm",
    "stop_reason",
    "n_iter",
    "history",
    "moves_at",
    "floor_active",
    "family",
    "held",
)
OF_DIAGNOSIS = (
    "verdict",
    "reasons",
    "polish_gain",
    "escape_gain",
    "components",
    "moves",
    "alternatives",
    "findings",
    "warnings",
)
OF_MIXTURE = ("covariance_type", "weights", "means", "covariances", "background")
#: What the file says beside the fields of `FitDocument`: what begins all files, what follows from the rest.
OF_FILE = ("format", "format_version", "gmmscape_version", "before")
FOLLOWS = ("n_features", "n_components", "log_likelihood", "bic", "aic", "converged")


@dataclass(frozen=True, eq=False)
class FitDocument(Record):
    """A fit and all that is said about it.

    Attributes
    ----------
    solution : Solution
        The fit.
    diagnosis : Diagnosis
        Verdict on it.
    before : Diagnosis or None
        Verdict on what it began with: what EM alone found, or the model that was repaired.
    n_samples : int
        Number of rows.
    feature_names : tuple of str or None
        Names of the columns; None where they have none.
    total : float
        Number of rows; of weighted ones see `Diagnosis`.
    reg_covar : float
        Least variance, in squared units of the data.
    covariance_floor : float or None
        Least variance as a share of the data's; None for what the prior needs.
    covariance_prior : CovariancePrior or None
        What each covariance was given beside its own rows.
    seed : int or None
        Of all that was random; None where that was no number.
    init_params : str or None
        Where starts came from; None for a repair or a selection.
    scaling : Scaling or None
        What columns were standardised by for the fit, whose parameters are in the columns' own units.
    """

    format: ClassVar[str] = "gmmscape-fit"
    version: ClassVar[int] = 2

    solution: Solution
    diagnosis: Diagnosis
    before: Diagnosis | None
    n_samples: int
    feature_names: tuple[str, ...] | None
    total: float
    reg_covar: float
    covariance_floor: float | None
    seed: int | None
    init_params: str | None
    covariance_prior: CovariancePrior | None = None
    scaling: Scaling | None = None

    @property
    def degenerate(self) -> bool:
        """Whether the likelihood of the fit means nothing."""
        return self.diagnosis.input_state == "degenerate"

    @property
    def log_likelihood(self) -> float:
        """Total, in nats."""
        return -self.solution.nll * self.total

    @property
    def bic(self) -> float | None:
        """Bayesian information criterion, smaller is better; None where the likelihood means nothing."""
        return self._criterion(float(np.log(self.total)))

    @property
    def aic(self) -> float | None:
        """Akaike's information criterion, smaller is better; None where the likelihood means nothing."""
        return self._criterion(2.0)

    def _criterion(self, penalty: float) -> float | None:
        if self.degenerate:
            return None
        mixture = self.solution.mixture
        parameters = free_parameters(self.solution.family, mixture, self.solution.held)
        return -2.0 * self.log_likelihood + penalty * parameters

    def check_own_units(self) -> None:
        """Raise NotAvailableError where the family holds the fit in standardised columns only."""
        standardised = self.scaling is not None
        FittedModel(
            self, self.mixture, None, family=self.solution.family, standardised=standardised
        ).check_own_units()

    def content(self) -> dict[str, Any]:
        """Return plain numbers, lists and strings.

        Returns
        -------
        dict
            The facts of the data and the fit, its parameters, and the diagnosis: its verdict, components,
            moves and findings beside them, the rest under "diagnosis".
        """
        mixture = self.solution.mixture
        solution, diagnosis = self.solution.content(), self.diagnosis.content()
        return {
            "seed": self.seed,
            "init_params": self.init_params,
            "n_samples": self.n_samples,
            "n_features": mixture.n_features,
            "feature_names": plain(self.feature_names),
            "n_components": mixture.n_components,
            "total": self.total,
            "reg_covar": self.reg_covar,
            "covariance_floor": self.covariance_floor,
            "covariance_prior": plain(self.covariance_prior),
            "scaling": plain(self.scaling),
            "log_likelihood": plain(self.log_likelihood),
            "bic": plain(self.bic),
            "aic": plain(self.aic),
            "converged": self.solution.converged,
            **{name: solution[name] for name in OF_SOLUTION},
            **{name: diagnosis.pop(name) for name in OF_DIAGNOSIS},
            "diagnosis": diagnosis,
            "before": plain(self.before),
            **{name: solution["mixture"][name] for name in OF_MIXTURE if name in solution["mixture"]},
        }

    @classmethod
    def check_content(cls, content: Mapping[str, Any], mixture: Mixture) -> None:
        """Raise FormatError where a file has unknown fields, or sizes that are not those of its mixture."""
        own = {field.name for field in fields(cls)} - {"solution"}
        known = own.union(OF_SOLUTION, OF_DIAGNOSIS, OF_MIXTURE, OF_FILE, FOLLOWS)
        unknown = sorted(set(content) - known)
        if unknown and content.get("format_version") == cls.version:
            raise FormatError(f"unknown fields {unknown}: remove them, or name the file that gmmscape wrote")
        if content["weights"] is None:
            raise FormatError("weights=None: write the weight of each component")
        for name in ("n_components", "n_features"):
            size = getattr(mixture, name)
            if content.get(name, size) != size:
                raise FormatError(f"{name}={content[name]!r}, and the means have {size}: correct one of them")
        if "n_samples" in content:
            positive_integer("n_samples", content["n_samples"])
        if "total" in content:
            real_number("total", content["total"])

    @classmethod
    def _restored(cls, content: Mapping[str, Any]) -> Self:
        """Return the document that `content` described."""
        solution = {name: content[name] for name in OF_SOLUTION if name in content}
        solution["mixture"] = {name: content[name] for name in OF_MIXTURE if name in content}
        diagnosis = {**content["diagnosis"], **{name: content[name] for name in OF_DIAGNOSIS}}
        found = cls(**arguments(cls, {**content, "solution": solution, "diagnosis": diagnosis}))
        cls.check_content(content, found.mixture)
        prior_in(content, found.mixture.n_features)  # a covariance, or it is damaged
        # None, which is infinite elsewhere, is no number of these.
        for name in ("nll", "penalty"):
            real_number(name, getattr(found.solution, name), minimum=-np.inf)
        real_number("reg_covar", found.reg_covar, strict=False)
        if found.covariance_floor is not None:
            real_number("covariance_floor", found.covariance_floor, strict=False)
        for told in (found.diagnosis, found.before):
            if told is not None:
                real_number("total", told.total)
        found.mixture.with_names(found.feature_names)  # as many as columns, or it is damaged
        return found

    @property
    def mixture(self) -> Mixture:
        """The fit."""
        return self.solution.mixture

    def plot(
        self, data: Any = None, *, columns: Any = None, level: float = 0.9, ax: Any = None
    ) -> FitDisplay:
        """Draw the fit over its rows, components by kind; see `GaussianMixture.plot`.

        Parameters
        ----------
        data : array_like of shape (n, d), optional
            The rows, which a document does not hold; without them the components alone are drawn.
        columns : str, int or sequence of these, optional
            What is drawn: names or numbers of columns, or "pairs" for a matrix of pairs.
        level : float, default=0.9
            Share of a component's mass that its ellipse holds.
        ax : matplotlib Axes, optional
            Where to draw; a new figure, unknown to pyplot, by default.

        Returns
        -------
        FitDisplay
            With `figure_`, `ax_` and the artists.

        Raises
        ------
        DataError
            If the rows cannot be used.
        InvalidParameterError
            If a column is not known, or the level is not between 0 and 1.
        NotAvailableError
            If matplotlib is not installed.
        """
        rows = columns_in_order(data, self.feature_names)
        return FitDisplay.from_diagnosed(
            self.mixture, rows, self.diagnosis, names=self.feature_names, columns=columns, level=level
        ).plot(ax)

    def __str__(self) -> str:
        return fit_table(self)
