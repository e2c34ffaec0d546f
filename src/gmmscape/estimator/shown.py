"""What a fitted estimator draws, writes and reports of itself."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.estimator.document import FitDocument
from gmmscape.estimator.starting import GIVEN
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture import Mixture
from gmmscape.plot.fits.fit import FitDisplay


class Shown:
    """Pictures, files and reports of a fitted `GaussianMixture`, whose attributes it reads."""

    solution_: Any
    diagnosis_: Any
    em_diagnosis_: Any
    n_samples_: int
    covariance_prior_: Any
    random_state: Any
    rng: Any
    reg_covar: Any
    covariance_floor: Any
    init_params: Any

    def _mixture(self) -> Mixture:
        """Return the fit, or raise NotFittedError."""
        raise NotImplementedError

    def _checked(self, X: Any) -> FloatArray:
        """Return rows of the columns that were fitted."""
        raise NotImplementedError

    def plot(self, X: Any = None, *, columns: Any = None, level: float = 0.9, ax: Any = None) -> FitDisplay:
        """Draw the fit over its rows, components by kind.

        More than two columns are drawn in the plane in which the components lie farthest apart.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features), optional
            Rows, which the estimator does not keep; without them the components alone are drawn.
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
        NotFittedError
            If there is no fit yet.
        DataError
            If the rows cannot be used.
        InvalidParameterError
            If a column is not known, or the level is not between 0 and 1.
        NotAvailableError
            If matplotlib is not installed.
        """
        mixture = self._mixture()
        # Parameters may have been changed since, or come from batches or another program.
        ours = hasattr(self, "solution_") and mixture == self.solution_.mixture
        rows = None if X is None else self._checked(X)
        names = getattr(self, "feature_names_in_", None)
        options = {
            "names": None if names is None else list(map(str, names)),
            "columns": columns,
            "level": level,
        }
        if ours:
            return FitDisplay.from_diagnosed(mixture, rows, self.diagnosis_, **options).plot(ax)
        return FitDisplay.from_fit(mixture, rows, **options).plot(ax)

    def document(self) -> FitDocument:
        """Return the fit with its data's facts, its criteria and its verdict, as files hold it.

        Returns
        -------
        FitDocument
            With `bic` and `aic`, `to_json` and a text.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        InvalidParameterError
            If parameters were changed after the fit, or it is one of another program.
        """
        mixture = self._mixture()
        if not hasattr(self, "solution_"):
            raise InvalidParameterError(
                "this model was fitted by batches or elsewhere, and has no verdict: pass it to `diagnose` "
                "with rows; `save` writes it, and its mixture_ has JSON"
            )
        if mixture != self.solution_.mixture:
            raise InvalidParameterError(
                "weights_, means_ or covariances_ were changed after the fit: pass them as a Mixture, which "
                "can be written too"
            )
        names = getattr(self, "feature_names_in_", None)
        seed = self.random_state if self.rng is None else self.rng
        return FitDocument(
            solution=self.solution_,
            diagnosis=self.diagnosis_,
            before=self.em_diagnosis_,
            n_samples=self.n_samples_,
            feature_names=None if names is None else tuple(map(str, names)),
            total=self.diagnosis_.total,
            reg_covar=float(self.reg_covar),
            covariance_floor=None if self.covariance_floor is None else float(self.covariance_floor),
            covariance_prior=self.covariance_prior_,
            seed=int(seed) if isinstance(seed, int | np.integer) else None,
            init_params=self.init_params if isinstance(self.init_params, str) else GIVEN,
        )

    def to_json(self, path: str | Path) -> None:
        """Write the fit to a JSON file: the one that ``gmmscape fit --json`` writes, which `diagnose` reads.

        Parameters
        ----------
        path : str or Path
            An existing file is replaced once the new one is complete.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        InvalidParameterError
            If the path cannot be that of a file, or parameters were changed after the fit.
        OSError
            If the file cannot be written.
        """
        self.document().to_json(path)

    def to_html(self, data: Any = None, *, columns: Sequence[str] | None = None) -> str:
        """Return a report: one self-contained HTML page with the verdict, what is wrong, and pictures.

        Parameters
        ----------
        data : array_like of shape (n_samples, n_features), optional
            The rows, which the estimator does not keep: drawn in the pictures, many of them thinned.
        columns : sequence of str, optional
            Names of the columns; those of `data` or of the fit by default.

        Returns
        -------
        str
            A whole HTML document, the fit as JSON inside. It loads nothing.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        DataError
            If `data` is no finite matrix of the fit's columns.
        InvalidParameterError
            If `columns` are not as many as the data have, or parameters were changed after the fit.
        """
        if data is not None and not hasattr(data, "columns") and not isinstance(data, str | PathLike):
            data = self._checked(data)
        return self.document().to_html(data, columns=columns)
