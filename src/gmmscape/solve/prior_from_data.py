"""The prior of the covariances, from the data: around what they scatter, and how many rows that is worth.

It depends on the data, the family and the number of components alone, not on a user's seed or starts: fits
that are to be compared have the same objective.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.families import CovariancePrior, Family, Floor, family_named
from gmmscape.measure import Sample
from gmmscape.measure.blocked import BlockedSample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve.batch import descend, descend_all
from gmmscape.solve.em import EM
from gmmscape.solve.left_out import left_out_log_densities
from gmmscape.solve.spread_starts import spread_means
from gmmscape.solve.starts import mixture_around
from gmmscape.tolerances import TOLERANCES

#: Finds what components have in common; nothing else is made of that fit.
PRELIMINARY = EM(tol=1e-3, max_iter=60)
#: Goes on from there.
BRIEF = EM(tol=1e-3, max_iter=5)


def prior_from_data(
    sample: Sample,
    family: str,
    k: int,
    floor: Floor,
    rows: float | None = None,
    seconds: float | None = None,
) -> CovariancePrior | None:
    """Return the prior that a sample suggests (docs/mathematics.md#prior).

    Its scale is what the components of a preliminary fit scatter, which was made under a weak prior around
    the data's own covariance over k^(2/d) (Fraley and Raftery, J. Classif. 24, 2007). What it is worth is
    chosen so that each row is expected best by the fit without it.

    Parameters
    ----------
    sample : Sample
        The data.
    family : str
        Name of the family.
    k : int
        Number of components.
    floor : Floor
        Of the covariances.
    rows : float, optional
        What the prior is worth, in rows; by default the data say.
    seconds : float, optional
        What there is for the whole work: where a closer look would take much of it, none is taken.

    Returns
    -------
    CovariancePrior or None
        None where the family knows of no prior, or where all rows are equal. Cost: two EM runs on at most
        `EFFORT.solve.prior_rows` rows, and a few passes.
    """
    if not family_named(family).penalised or not sample.variance.any():
        return None
    if not (sample.variance > 0).all():
        return _beside_constants(sample, family, k, floor, rows, seconds)
    n, d = sample.effective_rows, sample.n_features
    scarce = _scarce(family_named(family), k, d)
    part = _part(sample, k, scarce)
    told = bool((part.variance > 0).all())  # the rare values of a column may not be among a part of the rows
    kept = _weak(part if told else sample, k)
    dearest = EFFORT.solve.prior_pass if seconds is None else seconds * EFFORT.solve.prior_pass_rate
    dear = len(part) * k * family_named(family).kind.work(d) > min(dearest, EFFORT.solve.prior_pass)
    if dear or not told:
        return CovariancePrior(TOLERANCES.solve.prior_of_many if rows is None else rows, kept, n)
    asked, few = n < scarce, n < EFFORT.solve.scarce_rows * k * (family_named(family).fewest_rows(d) + 1)
    fit = _fitted(part, family, k, floor, CovariancePrior(TOLERANCES.solve.weak_prior, kept, n), few)
    if fit is None:
        return CovariancePrior(TOLERANCES.solve.prior_of_many if rows is None else rows, kept, n)
    if fit.kind.shared:  # what is shared is its own prior, but for the directions
        scales = [np.diag(np.diagonal(fit.covariances)) if asked else fit.covariances]
    else:
        pooled, narrow = _within(fit)
        scales = [pooled, narrow] if asked else [narrow]
    rounding = np.diag(_rounding(part))
    scales = [scale + rounding for scale in scales]
    if rows is not None:
        return CovariancePrior(rows, scales[0], n)
    if not asked:
        scale = scales[0] if fit.kind.shared else _refined(part, fit, family, floor, scales[0], rounding)
        return CovariancePrior(TOLERANCES.solve.prior_of_many, scale, n)
    return _best_expected(part, fit, family_named(family, floor), scales).beside(n)


def _beside_constants(
    sample: Sample, family: str, k: int, floor: Floor, rows: float | None, seconds: float | None
) -> CovariancePrior | None:
    """The prior of the columns that vary; those of one value have the variance that is given to them."""
    varying = sample.variance > 0
    weights = None if sample.equal_weights else sample.weights
    least = floor.variances if len(floor.variances) else np.zeros(sample.n_features)
    varied = Sample(sample.points[:, varying], weights, copy=False)
    found = prior_from_data(varied, family, k, Floor(least[varying]), rows, seconds)
    if found is None:
        return None
    given = np.where(least > 0, least, sample.variance.mean() / sample.effective_rows)
    scale = np.diag(np.where(varying, 0.0, given))
    scale[np.ix_(varying, varying)] = found.scale
    return CovariancePrior(found.rows, scale, sample.effective_rows)


def _scarce(family: Family, k: int, d: int) -> int:
    """Rows from which on the data are not asked: estimated covariances then cost next to nothing on new rows.

    A covariance of p free numbers costs about p / (2 n) nats a row where it was estimated from n.
    """
    own = family.kind.n_parameters(1, d)
    if family.kind.shared:
        return EFFORT.solve.scarce_rows * own
    return EFFORT.solve.scarce_rows * k * max(family.fewest_rows(d) + 1, own)


def _within(fit: Mixture, counted: BoolArray | None = None) -> tuple[FloatArray, FloatArray]:
    """What the components scatter: their average covariance, and the inverse of their average inverse.

    The second is no wider than the narrowest component over its weight: where components differ much in
    size, it bends none of them by more than the first bends the narrow ones. Only the components that
    are `counted`, all by default.
    """
    d = fit.n_features
    weights = fit.weights if counted is None else fit.weights * counted
    weights = weights / weights.sum()
    pooled = np.tensordot(weights, fit.covariances, 1)
    precision = np.tensordot(weights, fit.kind.precisions(fit.parameters.factors), 1)
    if precision.ndim < 2:
        return np.diag(np.broadcast_to(pooled, (d,))), np.diag(np.broadcast_to(1.0 / precision, (d,)))
    narrow = np.linalg.inv(precision)
    return pooled, 0.5 * (narrow + narrow.T)


def _bent(fit: Mixture, prior: CovariancePrior) -> float:
    """By how many rows the scatter of a component is changed, at most, of those that many rows tell."""
    mass = prior.n * (np.ones(1) if fit.kind.shared else fit.weights)
    told = mass >= TOLERANCES.solve.many_rows
    if not told.any():
        return 0.0
    variances = fit.column_variances()[: len(mass)]
    change = prior.rows / (mass + prior.rows) * np.abs(np.diagonal(prior.scale) / variances - 1.0).max(axis=1)
    return float((change * mass)[told].max())


def _all_prior(fit: Mixture, prior: CovariancePrior) -> BoolArray:
    """Which components have some direction in which most of their scatter is the prior's."""
    given = fit.kind.column_variances(fit.covariances, *fit.means.shape)
    own = prior.rows * np.diagonal(prior.scale) / (prior.n * fit.weights + prior.rows)[:, None]
    return np.asarray((own > TOLERANCES.solve.mostly * given).any(axis=1))


def _refined(
    sample: Sample, fit: Mixture, family: str, floor: Floor, scale: FloatArray, rounding: FloatArray
) -> FloatArray:
    """The scale once the preliminary prior no longer widens components that are narrow for the data.

    A component whose scatter is mostly the prior's, such as one on a value that many rows have, says nothing.
    """
    for _ in range(EFFORT.solve.prior_rounds):
        prior = CovariancePrior(TOLERANCES.solve.prior_of_many, scale, sample.effective_rows)
        penalised = family_named(family, floor, prior)
        fit = descend(BRIEF, Objective.near(sample, penalised, fit), fit).local
        alone = _all_prior(fit, prior)
        scale = _within(fit, ~alone if not alone.all() else None)[1] + rounding
    return scale


def _part(sample: Sample, k: int, scarce: int) -> Sample:
    """The sample, or evenly spaced rows of a large one: not more than tell that rows are plenty.

    Of weights that are counts, as of the rows that they count.
    """
    most = max(min(EFFORT.solve.prior_rows, max(2 * scarce, EFFORT.solve.least_prior_rows)), 20 * k)
    counts = None if sample.equal_weights else sample.counts
    n = len(sample) if counts is None else int(counts.sum())
    if n <= most:
        return sample
    at = np.linspace(0, n - 1, most).astype(np.int64)
    weights = None
    if counts is not None:
        places = np.minimum(np.searchsorted(np.cumsum(counts), at, side="right"), len(counts) - 1)
        at, often = np.unique(places, return_counts=True)
        weights = None if often.max() == 1 else often
    elif not sample.equal_weights:
        weights = sample.weights[at]
    return Sample(sample.local(at), weights, copy=False, background=sample.local_background)


def _weak(sample: Sample, k: int) -> FloatArray:
    """The data's covariance, as k components that fill its volume would have it."""
    d = sample.n_features
    covariance = sample.covariance
    variance = np.where(sample.variance > 0, sample.variance, sample.variance.mean())
    if sample.effective_rows < TOLERANCES.solve.rows_for_directions * d or collinear(sample):
        covariance = np.diag(variance)
    return covariance / k ** (2.0 / d)


def collinear(sample: Sample | BlockedSample) -> bool:
    """Say whether some direction has no variance beyond rounding."""
    variance = sample.variance
    if len(sample) <= len(variance) or not (variance > 0).all():
        return True
    deviations = np.sqrt(variance)
    correlations = sample.covariance / deviations / deviations[:, None]
    try:  # of most data a factorisation tells that there is none, at a fraction of the eigenvalues' price
        np.linalg.cholesky(correlations - TOLERANCES.solve.some_variance * np.diag(np.diagonal(correlations)))
    except np.linalg.LinAlgError:
        values = np.linalg.eigvalsh(correlations)
    else:
        return False
    return bool(values[0] <= TOLERANCES.solve.no_variance * values[-1])


def _rounding(sample: Sample) -> FloatArray:
    """Variances that columns of repeated values have by their rounding: the smallest step squared over 12."""
    found = np.zeros(sample.n_features)
    points = sample.points
    rows = max(float(len(points)), sample.counted_rows)
    for j in range(sample.n_features):
        values = np.unique(points[~np.isnan(points[:, j]), j])
        if 1 < len(values) < TOLERANCES.solve.repeated_share * rows:
            found[j] = np.diff(values).min() ** 2 / 12.0
    return found


def _fitted(
    sample: Sample, family: str, k: int, floor: Floor, prior: CovariancePrior, carefully: bool
) -> Mixture | None:
    """The best of a few EM runs, or the first, in local coordinates; None where none ends well."""
    penalised = family_named(family, floor, prior)
    rngs = [np.random.default_rng([k, i]) for i in range(EFFORT.solve.prior_starts if carefully else 1)]
    starts = [mixture_around(sample, penalised, means) for means in spread_means(sample, k, rngs)]
    objective = Objective.near(sample, penalised, starts[0])
    # What large covariances are refined with is held once, not by each start beside the others.
    large = starts[0].covariances.nbytes * EFFORT.solve.matrices_of_full > EFFORT.solve.bytes_always_there
    together = [[start] for start in starts] if large else [starts]
    ends = [end for some in together for end in descend_all(PRELIMINARY, objective, some)]
    sound = [end for end in ends if end.stop_reason != "degenerate"]
    return min(sound, key=lambda end: end.value).local if sound else None


def _best_expected(
    sample: Sample, fit: Mixture, family: Family, scales: Sequence[FloatArray]
) -> CovariancePrior:
    """The prior under which each row is expected best by the others, of one of the scales.

    One that changes the scatter of a component that many rows tell, by more than a few of them, has to stand
    out among the others: of narrow Gaussians it does not, of columns that are nearly constant it does.
    """
    points, n = sample.points, sample.effective_rows
    rows, beside = sample.rows(fit), sample.background_beside(fit)
    posterior, statistics = rows.responsibilities(fit), rows.statistics(fit, family.scatter)
    most = TOLERANCES.solve.prior_share * n / (1 if fit.kind.shared else fit.n_components)
    least = TOLERANCES.solve.prior_worths[0]
    worths = [worth for worth in TOLERANCES.solve.prior_worths if worth <= max(least, most)]
    mild = list[tuple[CovariancePrior, FloatArray]]()
    bending = list[tuple[CovariancePrior, FloatArray]]()
    for prior in (CovariancePrior(worth, scale, n) for scale in scales for worth in worths):
        try:
            end = family.under(prior).update(statistics, fit)
        except InvalidParameterError:  # singular
            continue
        left_out = left_out_log_densities(end, points, posterior, n, prior.rows, beside)
        bends = prior.rows > least and _bent(fit, prior) > TOLERANCES.solve.bent
        (bending if bends else mild).append((prior, left_out))
    if not mild:
        return CovariancePrior(least, scales[0], n)
    best, expected = max(mild, key=lambda one: sample.weights @ one[1])
    standing_out = [
        one for one in bending if _standard_errors(one[1] - expected, sample) >= TOLERANCES.solve.bent_errors
    ]
    return max([(best, expected), *standing_out], key=lambda one: sample.weights @ one[1])[0]


def _standard_errors(gain: FloatArray, sample: Sample) -> float:
    """By how many of its standard errors the average of row-wise gains differs from zero."""
    weights = sample.weights / sample.weights.sum()
    mean = float(weights @ gain)
    spread = float(np.sqrt(weights @ (gain - mean) ** 2))
    return mean / spread * np.sqrt(sample.effective_rows) if spread > 0.0 else 0.0
