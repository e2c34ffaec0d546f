"""A fitted estimator as a file, and as other programs hold it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np

from gmmscape.estimator.document import FitDocument
from gmmscape.estimator.fitting import seed_of_model, set_parameters
from gmmscape.estimator.of_columns import OfColumns
from gmmscape.exceptions import FormatError, InvalidParameterError
from gmmscape.families import known_family, prior_in
from gmmscape.families.mclust_variance import named_for_mclust
from gmmscape.mixture import Mixture
from gmmscape.modelfiles.load import save
from gmmscape.models import read_model
from gmmscape.results.fields import plain, restored
from gmmscape.validation import choice, real_number

#: Parameters that mean the same in scikit-learn's estimator.
SHARED = (
    "max_iter",
    "n_init",
    "init_params",
    "weights_init",
    "means_init",
    "precisions_init",
    "random_state",
    "warm_start",
    "verbose",
    "verbose_interval",
)
#: What a fit of another program says of itself, and the types of it in files.
OF_FIT = {"converged_": bool, "n_iter_": int, "lower_bound_": float, "lower_bounds_": list[float | None]}
#: What batches go on from, beside the parameters.
OF_BATCHES = ("n_samples_", "covariance_prior_")


class Saved(OfColumns):
    """Files and exchange of a fitted `GaussianMixture`, whose attributes it reads."""

    covariance_type: str
    random_state: Any
    means_: Any
    rng: Any

    @classmethod
    def of_document(cls, document: FitDocument) -> Self:
        """Return the fitted estimator that a document describes."""
        raise NotImplementedError

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the fitted model to one file, whole or not at all; `gmmscape.load` reads it.

        Parameters
        ----------
        path : str or Path
            Name of the file, usually ending in ``.gmm``. A model file that is there is replaced.
        force : bool, default=False
            Whether a file of another kind is replaced too.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        InvalidParameterError
            If the path cannot be that of a file, a file of another kind is there, weights, means or
            covariances were changed after the fit, or a parameter is neither numbers nor text.
        OSError
            If the file cannot be written.

        Notes
        -----
        The file holds all parameters, the fit with its diagnosis, prior and floors, and the names of columns,
        but no rows; a fit by batches goes on as one that counts as its rows.
        A `random_state` or `rng` that is a generator is kept as the seed that it leads to; a function that
        chooses starts is left out, and so is the name of a checkpoint.
        """
        mixture = self.mixture_  # says so if there is no fit
        kept: dict[str, Any] = self.get_params(deep=False)  # type: ignore[attr-defined]
        kept = {name: value for name, value in kept.items() if not callable(value)}
        kept.pop("checkpoint")  # where this fit was kept is no part of it
        for name in ("random_state", "rng"):
            if not isinstance(kept[name], int | np.integer | None):
                drawn_from = SimpleNamespace(random_state=copy.deepcopy(kept[name]), rng=None)
                kept[name] = seed_of_model(drawn_from)
        if hasattr(self, "solution_"):
            document = self.document().to_dict()  # type: ignore[attr-defined]
        else:
            told = {
                name: plain(getattr(self, name)) for name in (*OF_FIT, *OF_BATCHES) if hasattr(self, name)
            }
            known = {name: value for name, value in told.items() if value is not None}
            document = {"mixture": mixture.to_dict(), **known}
        document["dtype"] = self.means_.dtype.name
        save(path, "GaussianMixture", document, kept, force=force)

    @classmethod
    def from_saved(cls, document: Mapping[str, Any], parameters: Mapping[str, Any]) -> Self:
        """Return the estimator that a model file holds; called by `gmmscape.load`.

        Parameters
        ----------
        document : mapping
            As the fit was described.
        parameters : mapping
            Of the estimator, by name.

        Returns
        -------
        GaussianMixture
            Predicts the same to the last bit.

        Raises
        ------
        FormatError
            If something is missing or damaged.
        ValueError
            If a parameter is not known.
        """
        if "mixture" in document:
            mixture, found = Mixture.from_dict(document["mixture"]), cls()
            _set_columns(found, mixture)
            for name, kind in {**OF_FIT, "n_samples_": int}.items():
                if name in document:
                    setattr(found, name, _finite(name, restored(kind, document[name])))
            prior = prior_in({"covariance_prior": document.get("covariance_prior_")}, mixture.n_features)
            found.covariance_prior_ = prior  # type: ignore[attr-defined]
        else:
            told = {name: value for name, value in document.items() if name != "dtype"}
            found = cls.of_document(FitDocument.from_dict(told))
            mixture = found.solution_.mixture  # type: ignore[attr-defined]
        dtype = choice("dtype", document.get("dtype", "float64"), ("float64", "float32"))
        set_parameters(found, mixture, np.dtype(dtype))
        # What tells of a fit reads these, before another fit would look at them.
        real_number("reg_covar", parameters.get("reg_covar", 0.0), strict=False)
        if parameters.get("covariance_floor") is not None:
            real_number("covariance_floor", parameters["covariance_floor"], strict=False)
        return found.set_params(**parameters)  # type: ignore[attr-defined]

    def to_sklearn(self) -> Any:
        """Return scikit-learn's estimator with this fit.

        Returns
        -------
        sklearn.mixture.GaussianMixture
            Fitted: it predicts the same, up to rounding. Parameters that mean the same are taken over; `tol`
            and `reg_covar`, which mean something else there, are its defaults.

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        """
        model = self.mixture_.to_sklearn()
        model.set_params(**{name: getattr(self, name) for name in SHARED})
        for name in OF_FIT:
            if hasattr(self, name):
                setattr(model, name, getattr(self, name))
        return model

    @classmethod
    def from_sklearn(cls, model: Any) -> Self:
        """Return this estimator with a fit of scikit-learn's.

        Parameters
        ----------
        model : sklearn.mixture.GaussianMixture
            Fitted; it stays as it is.

        Returns
        -------
        GaussianMixture
            Predicts the same, up to rounding. It has no diagnosis, because there are no rows: `diagnose`
            with rows makes one, and ``warm_start=True`` goes on from here. `covariance_prior` is 0.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        InvalidParameterError
            If it is no Gaussian mixture.
        """
        read = read_model(model)
        if read.mixture is None or read.family is None:
            raise InvalidParameterError.of("model", model, "pass a fitted GaussianMixture of scikit-learn")
        given = {name: getattr(model, name) for name in SHARED if hasattr(model, name)}
        found = cls().set_params(  # type: ignore[attr-defined]
            n_components=read.mixture.n_components,
            covariance_type=read.family,
            reg_covar=read.reg_covar,
            covariance_prior=0.0,
            **given,
        )
        set_parameters(found, read.mixture)
        _set_columns(found, read.mixture.with_names(read.feature_names))
        found.covariance_prior_ = None
        for name in OF_FIT:
            if hasattr(model, name):
                setattr(found, name, copy.deepcopy(getattr(model, name)))
        return found

    def to_mclust(self) -> dict[str, Any]:
        """Return the parameters as R's mclust holds them; see `Mixture.to_mclust`.

        Returns
        -------
        dict
            `modelName`, which is the family's, `d`, `G` and `parameters`; their `variance` has what mclust
            looks for in that model (`scale`, `shape`, `orientation`).

        Raises
        ------
        NotFittedError
            If there is no fit yet.
        """
        return named_for_mclust(
            self.mixture_.to_mclust(), known_family("covariance_type", self.covariance_type)
        )


def _finite(name: str, value: Any) -> Any:
    """A number or a list of numbers from a file; FormatError where one is infinite, as 1e400 is."""
    numbers = value if isinstance(value, list) else [value]
    if any(isinstance(one, float) and not np.isfinite(one) for one in numbers):
        raise FormatError(f"{name} holds what is not finite")
    return value


def _set_columns(model: Any, mixture: Mixture) -> None:
    model.n_features_in_ = mixture.n_features
    if mixture.feature_names is not None:
        model.feature_names_in_ = np.array(mixture.feature_names, dtype=object)
