"""What is wrong with data, or with Gaussians as their model, that no better optimum would mend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.diagnosis.goodness_of_fit import misfit
from gmmscape.diagnosis.not_observed import NotObserved
from gmmscape.effort import EFFORT
from gmmscape.measure import Sample, repetition, rounding_step, row_keys
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import GIVEN
from gmmscape.objective import SampleObjective
from gmmscape.results.records import Record
from gmmscape.results.text import counted
from gmmscape.tolerances import TOLERANCES

#: Columns and rows that are listed; `columns` and `rows` have all.
SHOWN = 10


@dataclass(frozen=True)
class Finding(Record):
    """One thing that is wrong with the data, or with Gaussians as their model.

    Attributes
    ----------
    name : str
        "rows set aside", "rows without values", "missing values", "not observed", "never together", "constant
        column", "rank deficiency", "duplicates", "rounding", "equal values", "outliers", "noise" or "not
        Gaussian".
    message : str
        What was seen, and what to do.
    columns : tuple of int
        Which columns, where that can be said.
    rows : tuple of int
        Which rows of the data, for outliers and rows set aside.
    template : str
        What the message is made from; not in files.
    """

    format: ClassVar[str] = "gmmscape-finding"
    left_out_of_files: ClassVar[tuple[str, ...]] = ("template",)

    name: str
    message: str
    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    template: str = field(default="", repr=False, compare=False)

    @classmethod
    def of(cls, name: str, template: str, columns: Any = (), rows: Any = ()) -> Finding:
        """Return a finding whose template says where columns and rows are to be listed.

        Parameters
        ----------
        name : str
            Of its kind.
        template : str
            The message, with {columns} and {rows} in place of them.
        columns, rows : sequence of int, default=()
            Which they are.

        Returns
        -------
        Finding
            Columns and rows are called by number.
        """
        message = template.format(columns=_columns_named(columns, None), rows=_rows_named(rows, None))
        return cls(name, message, tuple(map(int, columns)), tuple(map(int, rows)), template)

    def told(self, names: Sequence[str] | None, lines: Sequence[int] | None = None) -> Finding:
        """Return the finding in the user's own terms.

        Parameters
        ----------
        names : sequence of str or None
            Of the columns.
        lines : sequence of int, optional
            Of a file, in which the rows stand.

        Returns
        -------
        Finding
            The same, in other words.
        """
        if not self.template:
            return self
        message = self.template.format(
            columns=_columns_named(self.columns, names), rows=_rows_named(self.rows, lines)
        )
        return replace(self, message=message)

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


def findings(objective: SampleObjective, fit: Mixture, background: IntArray) -> tuple[Finding, ...]:
    """Return what is wrong beside the optimum.

    Parameters
    ----------
    objective : SampleObjective
        Of a sample.
    fit : Mixture
        The best fit in hand, local coordinates.
    background : ndarray of int
        Its components that lie behind others.

    Returns
    -------
    tuple of Finding
        By kind; empty where nothing is wrong. Cost O(m k d^2 + m log m) for at most 50,000 rows m.
    """
    sample = objective.measure
    step = -(-len(sample) // EFFORT.diagnosis.findings_rows)
    rows = np.arange(0, len(sample), step)
    seen, rng = sample.local(rows), np.random.default_rng(EFFORT.diagnosis.own_seed)
    points = objective.rows.completed(fit, rng, rows)
    posterior = objective.rows.responsibilities(fit, rows)
    found = [*set_aside(sample), *missing_values(sample), *_not_observed(sample, seen, rows, posterior, fit)]
    found += _columns(sample)
    varying = sample.variance > 0
    rounded, jitter = _rounded(seen, fit, varying)
    if len(rounded):
        found.append(_rounding(seen, rounded))
    found += _piles(seen, np.setdiff1d(np.flatnonzero(varying), rounded).tolist())
    kept = _first_of_equal(seen)
    repeated = 1.0 - np.count_nonzero(kept) / len(points)
    if jitter[:, varying].any(axis=0).all():  # rounding made rows equal, and the jitter takes it off
        repeated = 1.0 - 1.0 / repetition(seen, np.ones(len(points)))
        kept |= repeated < TOLERANCES.diagnosis.repeated_share
    if repeated >= TOLERANCES.diagnosis.repeated_share:
        found.append(
            Finding(
                "duplicates",
                f"{repeated:.0%} of the rows are equal to an earlier one: they count as often as they occur; "
                "drop them, or give each a sample weight",
            )
        )
    # What the background has is told by its weight, and is no outlier.
    ours = posterior.sum(axis=1) > 0.5
    found += _outliers(sample, points[ours], rows[ours], fit)
    found += _alone(sample, points, rows, fit)
    if len(background):
        found.append(
            Finding(
                "noise",
                f"component {_listed(background.tolist())} lies behind several others: rows of no cluster",
            )
        )
    different = (points[kept] + jitter[kept])[:, varying]
    weights = _weights_of_kept(seen, sample.weights[rows], kept)
    far_off = _misfit(objective, fit, different, weights, varying)
    if far_off is not None:
        found.append(Finding("not Gaussian", far_off))
    return tuple(found)


def _weights_of_kept(rows: FloatArray, weights: FloatArray, kept: BoolArray) -> FloatArray:
    """Weights of the rows that are kept, with a share in those of equal rows that are not."""
    if kept.all():
        return weights
    _, place = np.unique(row_keys(rows), return_inverse=True)
    return (np.bincount(place, weights) / np.bincount(place, kept))[place[kept]]


def _misfit(
    objective: SampleObjective, fit: Mixture, seen: FloatArray, weights: FloatArray, varying: BoolArray
) -> str | None:
    """Whether rows lie as the fit says, in the columns that vary: those of one value put rows on a plane.

    Not known beside a background of which only the volume is: no rows can be drawn from it.
    """
    beside = objective.background_beside(fit)
    if not varying.any() or (beside is not None and (beside.region == GIVEN or not varying.all())):
        return None
    there = fit.kind.in_columns(fit.covariances, varying)
    density = Mixture(fit.weights, fit.means[:, varying], there, fit.covariance_type)
    if beside is not None:
        density = density.beside(beside.moved(-objective.measure.origin))
    return misfit(objective.rows.alike(seen, weights), density)


def set_aside(sample: Sample) -> Iterator[Finding]:
    """Yield what is to be said of rows that were not looked at."""
    blank = sample.without_value
    wild = np.setdiff1d(sample.set_aside, blank)
    if len(wild):
        yield Finding.of(
            "rows set aside",
            f"{counted(len(wild), 'row lies', 'rows lie')} a hundred times as far off as the "
            "others, left out: {rows}; correct or drop " + ("it" if len(wild) == 1 else "them"),
            rows=wild,
        )
    if len(blank):
        yield Finding.of(
            "rows without values",
            f"{counted(len(blank), 'row has', 'rows have')} no value in any column, left out: {{rows}}; drop "
            + ("it" if len(blank) == 1 else "them"),
            rows=blank,
        )


def missing_values(sample: Sample) -> Iterator[Finding]:
    """Yield how many values are missing, and in which columns."""
    if not sample.incomplete:
        return
    missing = np.isnan(sample.points)
    each, of_rows = missing.sum(axis=0), missing.any(axis=1)
    columns = np.flatnonzero(each)
    n_patterns = len(np.unique(np.packbits(missing, axis=1), axis=0))
    values = "1 value" if each.sum() == 1 else f"{each.sum():,} values"
    share, counts = 100.0 * missing.mean(), _listed(each[columns].tolist())
    yield Finding.of(
        "missing values",
        f"{values} ({share:.2g} %) in {int(of_rows.sum()):,} of {len(sample):,} rows, "
        f"{counted(n_patterns, 'pattern')} of gaps: {counts} in {{columns}}; rows count by what was "
        "observed, which is right where gaps do not depend on the missing values themselves",
        columns,
    )


def _not_observed(
    sample: Sample, seen: FloatArray, rows: IntArray, posterior: FloatArray, fit: Mixture
) -> Iterator[Finding]:
    """Yield what the fit says of columns that no row has said."""
    if not sample.incomplete:
        return
    weights = sample.weights[rows]
    counts = weights * (sample.counted_rows / weights.sum())
    found = NotObserved.of(~np.isnan(seen), posterior, counts, fit)
    if len(found.components):
        who = "component " if len(found.components) == 1 else "components "
        where = "{columns}" if len(found.columns) == 1 else "some of {columns}"
        yield Finding.of(
            "not observed",
            f"fewer than two values in {where} are of {who}{_listed(found.components.tolist())}, whose "
            "means, covariances and imputed values there come from where the fit began and from the other "
            "components, not from rows; do not read them",
            found.columns,
        )
    if len(found.apart):
        yield Finding.of(
            "never together",
            "no row has values in both of some two of {columns}: covariances between these come from where "
            "the fit began, not from rows; do not read them",
            found.apart,
        )


def _columns(sample: Sample) -> Iterator[Finding]:
    variance = sample.variance
    constant = np.flatnonzero(variance == 0)
    if len(constant):
        yield Finding.of(
            "constant column",
            "{columns}: every value is the same, which tells nothing; drop it",
            constant,
        )
    varying = np.flatnonzero(variance > 0)
    if len(varying) < 2:
        return
    scale = np.sqrt(variance[varying])
    values, vectors = np.linalg.eigh(sample.covariance[np.ix_(varying, varying)] / scale / scale[:, None])
    lost = values < TOLERANCES.diagnosis.collinear * len(varying)
    if lost.any() and sample.n_samples <= len(varying):  # so many rows always do
        yield Finding.of(
            "rank deficiency",
            f"{sample.n_samples} rows are too few for covariances of "
            "{columns}, which rest on the floor or the prior in the directions that no row differs in; use "
            "fewer columns, or a family that estimates less, such as diag",
            varying,
        )
    elif lost.any():
        involved = varying[(np.abs(vectors[:, lost]) > 0.1).any(axis=1)]
        yield Finding.of(
            "rank deficiency",
            f"{counted(int(np.count_nonzero(lost)), 'linear relation holds', 'linear relations hold')} "
            "exactly between "
            "{columns}: covariances rest on the floor there; drop one column for each",
            involved,
        )


def _rounded(points: FloatArray, fit: Mixture, varying: Any) -> tuple[IntArray, FloatArray]:
    """Columns of few values, and a jitter that takes the rounding off, (m, d)."""
    alive = fit.weights > 0.2 / fit.n_components
    narrowest = np.sqrt(fit.column_variances()[alive].min(axis=0))
    rng = np.random.default_rng(EFFORT.diagnosis.own_seed)
    jitter = np.zeros_like(points)
    found = []
    for column in np.flatnonzero(varying).tolist():
        own = _observed(points, column)
        values = np.unique(own)
        gap = 0.0 if len(values) == len(own) else rounding_step(values)
        if 1 < len(values) <= TOLERANCES.diagnosis.few_values_share * len(own):
            gap = float(np.median(np.diff(values)))
        jitter[:, column] = gap * (rng.random(len(points)) - 0.5) * ~np.isnan(points[:, column])
        if gap > TOLERANCES.diagnosis.coarse_rounding * narrowest[column]:
            found.append(column)
    return np.array(found, dtype=np.int64), jitter


def _rounding(points: FloatArray, columns: IntArray) -> Finding:
    counts = ", ".join(str(len(np.unique(_observed(points, column)))) for column in columns[:SHOWN])
    return Finding.of(
        "rounding",
        f"{{columns}}: {counts} different values in {len(points)} rows, farther apart than "
        f"{TOLERANCES.diagnosis.coarse_rounding:g} standard deviations of the "
        "narrowest component: read components as groups of rows, and their densities with care, or leave out "
        "what has few values",
        columns,
    )


def _piles(points: FloatArray, columns: Sequence[int]) -> Iterator[Finding]:
    """Yield columns in which far more rows have one value than any other."""
    shares = dict[int, float]()
    for column in columns:
        own = _observed(points, column)
        counts = np.sort(np.unique(own, return_counts=True)[1])
        share = counts[-1] / len(own)
        often = len(counts) > 1 and counts[-1] >= TOLERANCES.diagnosis.pile * counts[-2]
        if share >= TOLERANCES.diagnosis.pile_share and often:
            shares[column] = share
    if shares:
        listed = ", ".join(f"{share:.1%}" for share in list(shares.values())[:SHOWN])
        yield Finding.of(
            "equal values",
            f"{{columns}}: {listed} of the rows have one and the same value, far more than have any other: a "
            "component that sits on them is no cluster; leave these rows out, or the column",
            list(shares),
        )


def _observed(points: FloatArray, column: int) -> FloatArray:
    """The values of a column that are not missing; at least one."""
    values = points[:, column]
    values = values[~np.isnan(values)]
    return values if len(values) else np.zeros(1)


def _first_of_equal(points: FloatArray) -> Any:
    """Which rows are not equal to an earlier one."""
    first = np.zeros(len(points), dtype=bool)
    first[np.unique(row_keys(points), return_index=True)[1]] = True
    return first


def _outliers(sample: Sample, points: FloatArray, rows: IntArray, fit: Mixture) -> Iterator[Finding]:
    """Rows that lie farther from every component, in its own metric, than a Gaussian lets expect.

    How much mass a Gaussian has as far out is held against the row's own: cells of a histogram have little.
    """
    from scipy.stats import chi2

    least = np.full(len(points), np.inf)
    for i in np.flatnonzero(fit.weights > 0):
        least = np.minimum(least, _squared(points, fit, int(i)))
    share = sample.weights_of_one[rows] / sample.weights.sum()
    limit = chi2.isf(TOLERANCES.diagnosis.outlier_probability * share, fit.n_features)
    far = np.flatnonzero(least > limit)
    if len(far):
        places = sample.places(rows[far])
        yield Finding.of(
            "outliers",
            f"{counted(len(far), 'row lies', 'rows lie')} farther than "
            f"{np.sqrt(limit[far].min()):.1f} standard deviations from every component: {{rows}}",
            rows=places,
        )


def _alone(sample: Sample, points: FloatArray, rows: IntArray, fit: Mixture) -> Iterator[Finding]:
    """Components on one or two rows far from all other components."""
    few = np.flatnonzero(
        (fit.weights > 0) & (fit.weights * sample.effective_rows < TOLERANCES.diagnosis.alone_rows)
    )
    for j in few.tolist():
        others = [i for i in np.flatnonzero(fit.weights > 0).tolist() if i not in few]
        if not others:
            return
        away = np.min([_squared(points, fit, i) for i in others], axis=0)
        own = np.flatnonzero(
            _squared(points, fit, j) < np.minimum(away, TOLERANCES.diagnosis.alone_distance**2)
        )
        own = own[away[own] > TOLERANCES.diagnosis.alone_distance**2]
        if len(own):
            yield Finding.of(
                "outliers",
                f"component {j} rests on {counted(len(own), 'row')} far from all others, {{rows}}: "
                "it is no cluster, and the clusters have one component less; correct or drop them, or allow "
                "one component more",
                rows=sample.places(rows[own]),
            )


def _squared(points: FloatArray, fit: Mixture, i: int) -> FloatArray:
    """Squared Mahalanobis distances from one component."""
    scaled = fit.kind.scaled(points - fit.means[i], fit.parameters.factors, i)
    with np.errstate(over="ignore"):
        return (scaled**2).sum(axis=1)


def _columns_named(columns: Sequence[int], names: Sequence[str] | None) -> str:
    """Columns by name, or by number from 0."""
    noun = "columns" if len(columns) > 1 else "column"
    return f"{noun} {_listed(columns if names is None else [repr(names[i]) for i in columns])}"


def _rows_named(rows: Sequence[int], lines: Sequence[int] | None) -> str:
    """Rows by line of a file, or by number from 0."""
    noun = ("row" if lines is None else "line") + "s" * (len(rows) > 1)
    return f"{noun} {_listed(rows if lines is None else [lines[i] for i in rows])}"


def _listed(items: Sequence[Any]) -> str:
    shown = ", ".join(str(item) for item in items[:SHOWN])
    return shown if len(items) <= SHOWN else f"{shown} and {len(items) - SHOWN} more"
