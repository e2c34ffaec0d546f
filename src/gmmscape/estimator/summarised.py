"""The summary of a fitted estimator: its parameters, and how sure they are."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.estimator.kept_rows import KeptRows
from gmmscape.exceptions import InvalidParameterError
from gmmscape.inference.bootstrap import Plan
from gmmscape.inference.result import StandardErrors
from gmmscape.inference.standard_errors import METHODS, checked_level, of_sample, standard_errors
from gmmscape.mixture import Mixture
from gmmscape.models import read_model
from gmmscape.progress import Budget
from gmmscape.threads import limited
from gmmscape.tolerances import TOLERANCES
from gmmscape.validation import choice


class Summarised:
    """Standard errors of a fitted `GaussianMixture`, whose attributes it reads."""

    solution_: Any
    diagnosis_: Any
    random_state: Any
    n_jobs: Any
    _kept_rows: KeptRows

    def _mixture(self) -> Mixture:
        """Return the fit, or raise NotFittedError."""
        raise NotImplementedError

    def _checked(self, X: Any) -> FloatArray:
        """Return rows of the columns that were fitted."""
        raise NotImplementedError

    def summary(
        self,
        X: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        method: str = "auto",
        level: float = TOLERANCES.inference.level,
        max_seconds: float | None = None,
    ) -> StandardErrors:
        """Return the parameters with standard errors and intervals, in the names of the columns.

        `gmmscape.standard_errors` has more options.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features), optional
            The rows that were fitted. By default those that the estimator has kept: it keeps up to 4 million
            values until it is pickled or copied, none where `max_seconds` was set.
        sample_weight : array_like of shape (n_samples,), optional
            Weights of X, as the fit had them.
        method : str, default="auto"
            How standard errors and intervals are found; see `gmmscape.standard_errors`.
        level : float, default=0.95
            Of the intervals.
        max_seconds : float, optional
            Time budget.

        Returns
        -------
        StandardErrors
            Prints as a table; `to_json`, `to_html`, `to_frame`, `plot`.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        InvalidParameterError
            If no rows were kept and X is not passed, or an option cannot be used.
        DataError
            If the rows cannot be used.
        NotAvailableError
            If the method needs second derivatives that there are not.
        """
        mixture = self._mixture()
        choice("method", method, METHODS)
        found = self._inferred(X, sample_weight, method, checked_level(level), max_seconds)
        names = getattr(self, "feature_names_in_", None)
        ours = mixture == self.solution_.mixture  # parameters may have been changed since
        return found.told(names, self.diagnosis_.verdict if ours else None)

    def _inferred(
        self, X: Any, sample_weight: Any, method: str, level: float, max_seconds: float | None
    ) -> StandardErrors:
        seed = self.random_state if isinstance(self.random_state, int) else 0
        with limited(self.n_jobs):
            if X is not None:
                rows = self._checked(X)
                return standard_errors(
                    self, rows, sample_weight, method=method, level=level, rng=seed, max_seconds=max_seconds
                )
            kept = getattr(self, "_kept_rows", KeptRows())
            if kept.sample is None or kept.family is None:
                raise InvalidParameterError(
                    "X: the rows were not kept (they are many, the fit had max_seconds, or it was copied or "
                    "read): pass those that were fitted"
                )
            plan = Plan(method, EFFORT.inference.refits, seed, 1, None)
            budget = Budget.of("standard_errors", max_seconds, None)
            return of_sample(
                read_model(self), kept.family, kept.sample, kept.sample_weight, level, plan, budget
            )
