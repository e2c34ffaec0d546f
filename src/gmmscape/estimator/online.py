"""Stepwise EM: a mixture of rows that come in batches and are not kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.estimator.fitting import checked_parameters, seed_of_model, set_parameters
from gmmscape.estimator.inputs import checked_data
from gmmscape.estimator.starting import begun
from gmmscape.exceptions import DataError, InvalidParameterError, NotAvailableError
from gmmscape.families import Family, check_room, known_family
from gmmscape.measure import ArraySource, Sample, WeightedRows
from gmmscape.mixture import Mixture
from gmmscape.models import parameters_of
from gmmscape.solve import Regularity, start_around
from gmmscape.statistics import SufficientStatistics

#: Attributes of a fit to rows that were all there, which say nothing of one by batches.
OF_A_FIT = (
    "solution_",
    "diagnosis_",
    "em_diagnosis_",
    "history_",
    "stop_reason_",
    "floor_active_",
    "_paused",
)


@dataclass(frozen=True, eq=False)
class Online:
    """Where a fit by batches stands; statistics and parameters count from the origin of the first one.

    Attributes
    ----------
    statistics : SufficientStatistics or None
        The weighted average of those of the batches; None before the first.
    local : Mixture
        The fit.
    origin : ndarray of shape (d,)
        What it counts from.
    family : Family
        With the floor, and the prior, that the first batch led to.
    mass : float
        Of all batches.
    n_samples, n_batches : int
        Rows and batches so far.
    """

    statistics: SufficientStatistics | None
    local: Mixture
    origin: FloatArray
    family: Family
    mass: float
    n_samples: int
    n_batches: int

    @property
    def mixture(self) -> Mixture:
        """The fit in the caller's coordinates."""
        return self.local.shifted(self.origin)


def partial_fit_estimator(model: Any, X: Any, sample_weight: ArrayLike | None = None) -> None:
    """Take a batch: one EM step from the average of its statistics and of those before it.

    Parameters
    ----------
    model : GaussianMixture
        Whose attributes are set anew.
    X : array_like of shape (n_samples, n_features)
        The batch; the first has a row for each component at least.
    sample_weight : array_like of shape (n_samples,), optional
        Equal by default.
    """
    checked_parameters(model)
    _check_nothing_stays(model)
    first = not hasattr(model, "means_")
    rows = checked_data(model, X, reset=first)
    online: Online | None = getattr(model, "_online", None)
    if online is None:
        check_room(model.covariance_type, model.n_components, rows.shape[1], search=False)
        online = _begin(model, Sample(rows, sample_weight, copy=False), rows)
    elif _changed(model, online):
        raise InvalidParameterError(
            f"n_components={model.n_components}, covariance_type={model.covariance_type!r}: the batches "
            f"before were of {online.local.n_components} and {online.family.name!r}; clone the estimator to "
            "begin anew"
        )
    online, bound = _step(model, online, _batch(rows, sample_weight, online.origin))
    set_parameters(model, online.mixture, rows.dtype)  # refused before anything else of the model changes
    for name in OF_A_FIT:
        model.__dict__.pop(name, None)
    model._online = online
    model.converged_, model.n_iter_ = False, online.n_batches
    model.lower_bound_ = bound
    model.lower_bounds_ = [*(getattr(model, "lower_bounds_", []) if online.n_batches > 1 else []), bound]
    model.n_samples_, model.covariance_prior_ = online.n_samples, online.family.prior


def _check_nothing_stays(model: Any) -> None:
    """Raise where there is a background, or something held: batches know of neither."""
    for name in ("background", "weights_fixed", "means_fixed", "covariances_fixed", "background_", "held_"):
        if getattr(model, name, None) is not None:
            raise NotAvailableError(f"partial_fit knows nothing of {name}: leave it out, or use fit")


def _changed(model: Any, online: Online) -> bool:
    """Whether the estimator is to be another model than its batches before."""
    family = known_family("covariance_type", model.covariance_type)
    return family != online.family.name or model.n_components != online.local.n_components


def _begin(model: Any, sample: Sample, rows: FloatArray) -> Online:
    """Before the first batch: the start, or the fit that there is, which counts as its rows."""
    if len(sample) < model.n_components:
        raise DataError(
            f"Expected n_samples >= n_components but got n_components = {model.n_components}, n_samples = "
            f"{len(sample)} (of positive weight): pass a larger first batch"
        )
    regularity = Regularity.of(model.covariance_prior, model.reg_covar, model.covariance_floor)
    if hasattr(model, "means_"):
        return _after_fit(model, sample, regularity)
    family = regularity.family(sample, model.covariance_type, model.n_components)
    seed = seed_of_model(model)
    start = begun(model, sample, family, seed, None, rows).start
    if start is None:
        rng = np.random.default_rng([seed, 0])
        start = start_around(sample, family, model.n_components, model.init_params, rng)
    return Online(None, family.admissible(start), sample.origin, family, 0.0, 0, 0)


def _after_fit(model: Any, sample: Sample, regularity: Regularity) -> Online:
    """A fit as batches that have been: as many rows of weight one, whose moments are its parameters."""
    family = regularity.family(sample, model.covariance_type, model.n_components)
    if model.covariance_prior_ is not None:
        family = family.under(model.covariance_prior_)
    fit = parameters_of(model, family.kind.name)
    local = sample.local_mixture(fit)
    rows = model.n_samples_
    return Online(_moments(local, family), local, sample.origin, family, float(rows), rows, 0)


def _moments(mixture: Mixture, family: Family) -> SufficientStatistics:
    """What rows would say whose components had just these weights, means and covariances."""
    kind, d = mixture.kind, mixture.n_features
    roots = np.swapaxes(np.linalg.cholesky(mixture.full_covariances()), 1, 2)
    each = [kind.scatter(root, np.full(d, w)) for root, w in zip(roots, mixture.weights, strict=True)]
    return SufficientStatistics(mixture.weights, mixture.means, kind.joined(each), family.scatter, 0.0, 1.0)


class Batch(NamedTuple):
    """Rows of a batch that count, how many came and what they weigh."""

    rows: WeightedRows
    n_given: int
    mass: float


def _batch(X: FloatArray, sample_weight: ArrayLike | None, origin: FloatArray) -> Batch:
    """A batch, in which columns may be without any value and rows without one are left out."""
    source = ArraySource.of(X, sample_weight, copy=False, every_column=False)
    points, weights = source.in_memory()
    farthest = float(np.nanmax(np.abs(points - origin)))
    if not np.isfinite(farthest * farthest * len(points)):
        raise DataError(
            f"X: a value lies {farthest:.3g} from the first batch, whose square is not representable in "
            "float64: rescale the columns, or correct the value"
        )
    mass = float(len(points))
    if sample_weight is not None:
        each = np.asarray(sample_weight, dtype=np.float64)
        mass = float(each[source.places(np.arange(len(points)))].sum())
    rows = WeightedRows(points, weights, 1.0, origin=origin, incomplete=source.incomplete)
    return Batch(rows, source.n_given, mass)


def _step(model: Any, online: Online, batch: Batch) -> tuple[Online, float]:
    """One EM step with what a batch says, and the bound on the batch before it."""
    total = online.mass + batch.mass
    family, prior = online.family, online.family.prior
    if prior is not None and online.mass > 0.0:  # it is worth the same rows beside all that have come
        family = family.under(prior.beside(prior.n * total / online.mass))
    at = online.local
    if hasattr(model, "means_") and parameters_of(model, family.kind.name) != online.mixture:
        at = parameters_of(model, family.kind.name).shifted(-online.origin)  # changed by the user since
    statistics = batch.rows.statistics(at, family.scatter)
    bound = statistics.log_likelihood - batch.rows.log_unit - family.penalty(at)
    if online.statistics is not None:
        share = (batch.mass / total) ** EFFORT.solve.stepwise_exponent
        statistics = online.statistics.scaled(1.0 - share).merge(statistics.scaled(share))
    try:
        local = family.update(statistics, at)
    except InvalidParameterError as error:
        raise DataError(
            "the batches so far leave some component without scatter, and no floor lifts it: pass larger "
            f"batches, fewer components or a covariance_floor ({error})"
        ) from error
    number = online.n_samples + batch.n_given, online.n_batches + 1
    return Online(statistics, local, online.origin, family, total, *number), bound
