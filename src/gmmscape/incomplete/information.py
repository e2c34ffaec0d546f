"""Second derivatives of the likelihood of rows with missing values, by NumPy.

Given what is observed of a row, its deviations y in a component's own standard deviations are Gaussian, with
mean e and covariance R = r r'. Scores are linear and quadratic in y. Those of the row are their expectations;
and what is missing beside the labels, the variance of the scores about these, adds to the missing information
(Louis, J. R. Stat. Soc. B 44, 1982).
"""

from __future__ import annotations

import numpy as np

from gmmscape import engine
from gmmscape.arrays import BoolArray, FloatArray, IntArray
from gmmscape.covariances import SCORES, CovarianceScores, kind_named
from gmmscape.incomplete.patterns import Patterns
from gmmscape.statistics import Information, ScoreMoments


def information(
    X: FloatArray, weights: FloatArray, parameters: engine.Parameters, scatter: str, *, missing: bool
) -> Information:
    """Return moments of scores and missing information of local rows; see `engine.Held.information`."""
    total = _Sums(parameters, SCORES[scatter], missing=missing)
    for observed, rows in zip(*Patterns.of(X), strict=True):
        own = _OfPattern(parameters, total.scores, observed)
        for first in range(0, len(rows), engine.BLOCK_ROWS):
            some = rows[first : first + engine.BLOCK_ROWS]
            total.add(own, X[some], weights[some])
    lost = total.lost
    return Information(total.moments(), None if lost is None else 0.5 * (lost + lost.T))


def row_scores(X: FloatArray, parameters: engine.Parameters, scatter: str) -> FloatArray:
    """Return the scores of each row expected given what is observed, (n, m): sums over the components.

    Coordinates are log weight, mean and covariance of component after component; a covariance that all share
    comes last. Cost O(n m).
    """
    sums = _Sums(parameters, SCORES[scatter], missing=False)
    found = np.zeros((len(X), sums.size))
    if not np.isnan(X).any():
        posterior = engine.hold(X).responsibilities(parameters)
        for i in range(sums.k):
            y = kind_named(parameters.kind).scaled(X - parameters.means[i], parameters.factors, i)
            found[:, sums.places(i)] += posterior[:, [i]] * sums.scores_at(y)
        return found
    for observed, rows in zip(*Patterns.of(X), strict=True):
        own = _OfPattern(parameters, sums.scores, observed)
        _, posterior = own.density_and_posterior(X[rows])
        for i in range(sums.k):
            scores = sums.scores_at(own.expected(X[rows], i), own.shift[i])
            found[np.ix_(rows, sums.places(i))] += posterior[:, [i]] * scores
    return found


class _OfPattern:
    """What a pattern of observed columns leaves open: expectations, and roots r of R, (k, d, d)."""

    def __init__(self, parameters: engine.Parameters, scores: CovarianceScores, observed: BoolArray) -> None:
        k, d = parameters.means.shape
        self.parameters, self.observed = parameters, observed
        self.kind = kind_named(parameters.kind)
        self.given = self.kind.conditioned(parameters.factors, observed[None])
        self.columns = np.flatnonzero(observed)
        #: Lines of each are the directions in which y is not known.
        self.open = np.stack(
            [self.kind.scaled(self.given.rest(0, i, np.eye(d)), parameters.factors, i) for i in range(k)]
        )
        self.shift = np.stack(
            [(scores.at(own) - scores.at(np.zeros((d, d)))).sum(axis=0) for own in self.open]
        )

    def density_and_posterior(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log densities of what is observed (n,) and responsibilities (n, k)."""
        parameters, columns = self.parameters, self.columns
        if len(columns) == 0:
            return np.zeros(len(X)), np.tile(np.exp(parameters.log_weights), (len(X), 1))
        marginal = parameters._replace(
            means=np.ascontiguousarray(parameters.means[:, columns]), factors=self.given.factors(0)
        )
        held = engine.hold(np.ascontiguousarray(X[:, columns]))
        return held.log_density(marginal), held.responsibilities(marginal)

    def expected(self, X: FloatArray, i: int) -> FloatArray:
        """Expected y of rows, (n, d)."""
        gaps = np.where(self.observed, X - self.parameters.means[i], 0.0)
        return self.kind.scaled(self.given.of_rows(0, i, gaps), self.parameters.factors, i)


class _Sums:
    """Moments of y and missing information that are being added up."""

    def __init__(self, parameters: engine.Parameters, scores: CovarianceScores, *, missing: bool) -> None:
        self.scores, (self.k, self.d) = scores, parameters.means.shape
        self.q = scores.size(self.d)
        self.own = 1 + self.d + (0 if scores.shared else self.q)
        self.size = self.k * self.own + (self.q if scores.shared else 0)
        self.lost = np.zeros((self.size, self.size)) if missing else None
        self.log_likelihood = self.weight = 0.0
        self.mass, self.first = np.zeros(self.k), np.zeros((self.k, self.d))
        self.second: list[FloatArray] = [np.zeros(())] * self.k

    def places(self, i: int) -> IntArray:
        """Coordinates of component i: weight, mean, covariance."""
        start = self.k * self.own if self.scores.shared else i * self.own + 1 + self.d
        return np.concatenate([i * self.own + np.arange(1 + self.d), start + np.arange(self.q)])

    def scores_at(self, y: FloatArray, shift: FloatArray | float = 0.0) -> FloatArray:
        """Expected scores of a component at rows of expected y, (n, 1 + d + q).

        The shift is what those of its covariance have because y is not known.
        """
        return np.concatenate([np.ones((len(y), 1)), y, self.scores.at(y) + shift], axis=1)

    def add(self, own: _OfPattern, X: FloatArray, weights: FloatArray) -> None:
        """Add rows of a pattern."""
        density, posterior = own.density_and_posterior(X)
        share = weights[:, None] * posterior
        self.log_likelihood += float(weights @ density)
        self.weight += float(weights.sum())
        y = [own.expected(X, i) for i in range(self.k)]
        for i in range(self.k):
            mass = float(share[:, i].sum())
            self.mass[i] += mass
            self.first[i] += share[:, i] @ y[i]
            left = self.scores.squares(np.full(self.d, mass), own.open[i])
            self.second[i] = self.second[i] + self.scores.squares(share[:, i], y[i]) + left
        if self.lost is not None:
            self._add_labels(own, y, posterior, share)
            for i in range(self.k):
                self._add_values(own.open[i], y[i], share[:, i], i)

    def _add_labels(
        self, own: _OfPattern, y: list[FloatArray], posterior: FloatArray, share: FloatArray
    ) -> None:
        """What not knowing the component takes: the spread of the rows' scores among the components."""
        assert self.lost is not None
        each, mean = [], np.zeros((len(share), len(self.lost)))
        for i in range(self.k):
            full = np.zeros_like(mean)
            full[:, self.places(i)] = self.scores_at(y[i], own.shift[i])
            each.append(full)
            mean += posterior[:, [i]] * full
        for i, full in enumerate(each):
            off = full - mean
            self.lost += (off * share[:, [i]]).T @ off

    def _add_values(self, lines: FloatArray, y: FloatArray, share: FloatArray, i: int) -> None:
        """What not knowing the values takes: the variance of a component's scores given what is observed.

        With y = e + sum_a z_a r_a, z standard normal, and B the form of the quadratic scores, these change by
        -2 B(e, r_a) z_a and by -B(r_a, r_b) (z_a z_b - [a = b]), which are uncorrelated.
        """
        assert self.lost is not None
        lines = lines[np.abs(lines).max(axis=1) > 0.0]
        places, variance = self.places(i), np.zeros((1 + self.d + self.q,) * 2)
        inner = variance[1 + self.d :, 1 + self.d :]
        for line in lines:
            change = np.zeros((len(y), 1 + self.d + self.q))
            change[:, 1 : 1 + self.d] = line
            change[:, 1 + self.d :] = -2.0 * self._form(y, line)
            variance += (change * share[:, None]).T @ change
            pairs = self._form(lines, line)
            inner += 2.0 * float(share.sum()) * pairs.T @ pairs
        self.lost[places[:, None], places] += variance

    def _form(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """The form B(u, v) of lines u (n, d) with one v, (n, q); scores are constants less B(y, y)."""
        at = self.scores.at
        none = np.zeros((1, self.d))
        return 0.5 * (at(u) + at(v[None]) - at(u + v) - at(none))

    def moments(self) -> ScoreMoments:
        """Return the moments of y."""
        second = np.stack(self.second) if self.second[0].size else np.empty(0)
        if self.scores.shared:
            second = second.sum(axis=0)
        return ScoreMoments(self.log_likelihood, self.weight, self.mass, self.first, second)
