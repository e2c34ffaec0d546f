"""Stratified draws from two mixtures: every component by itself, more where values scatter more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmscape import engine
from gmmscape.arrays import FloatArray, IntArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import InvalidParameterError
from gmmscape.mixture.mixture import Mixture


class Strata:
    """The average of a function of log p - log q under ``(p + q) / 2``, from draws that go on.

    Parameters
    ----------
    p, q : Mixture
        Of the same columns.
    integrand : callable
        Takes log p - log q of rows, returns what they add.
    rng : numpy.random.Generator
        Source of the draws.
    """

    def __init__(
        self, p: Mixture, q: Mixture, integrand: Callable[[FloatArray], FloatArray], rng: np.random.Generator
    ) -> None:
        self._pair, self._integrand, self._rng = (p, q), integrand, rng
        self._of = [(one, i) for one in (p, q) for i in np.flatnonzero(one.weights > 0)]
        self._shares = 0.5 * np.array([one.weights[i] for one, i in self._of])
        self._shares /= self._shares.sum()
        self._roots = {id(one): one.kind.roots(one.covariances) for one in (p, q)}
        k = len(self._of)
        self._counts, self._means, self._squares = np.zeros(k), np.zeros(k), np.zeros(k)

    @property
    def n_draws(self) -> int:
        """Number of draws so far."""
        return int(self._counts.sum())

    def estimate(self) -> tuple[float, float]:
        """Return the average and its standard error."""
        variances = self._squares / np.maximum(self._counts - 1.0, 1.0)
        error = np.square(self._shares) * variances / np.maximum(self._counts, 1.0)
        return float(self._shares @ self._means), float(np.sqrt(error.sum()))

    def wanted(self, times: float) -> int:
        """Return how many more draws bring the error down by this factor, or as many again at most."""
        return int(np.ceil(self.n_draws * min(1.0, max(0.1, times * times - 1.0))))

    def draw(self, n: int) -> None:
        """Draw about n more rows; from each component a few at least."""
        for at, count in enumerate(self._allotted(n)):
            mixture, i = self._of[at]
            left = int(count)
            while left > 0:
                block = min(left, EFFORT.measure.draws_together)
                noise = self._rng.standard_normal((block, mixture.n_features))
                rows = mixture.means[i] + mixture.kind.coloured(noise, self._roots[id(mixture)], int(i))
                held = engine.hold(np.ascontiguousarray(rows))
                ahead, behind = (held.log_density(one.parameters) for one in self._pair)
                self._add(at, self._checked(self._integrand(ahead - behind)))
                left -= block

    @staticmethod
    def _checked(values: FloatArray) -> FloatArray:
        if not np.isfinite(values).all():
            raise InvalidParameterError(
                "p and q are so far apart that the divergence leaves float64: ask for kind='js', 'tv' or "
                "'hellinger', which are bounded"
            )
        return values

    def _allotted(self, n: int) -> IntArray:
        """Half by weight, half by what each component adds to the error."""
        shares = self._shares
        if self.n_draws:
            scatter = shares * np.sqrt(self._squares / np.maximum(self._counts - 1.0, 1.0))
            if scatter.sum() > 0 and np.isfinite(scatter).all():
                shares = 0.5 * (shares + scatter / scatter.sum())
        fewest = EFFORT.measure.fewest_draws if not self.n_draws else 1
        return np.maximum(fewest, np.floor(n * shares)).astype(np.intp)

    def _add(self, at: int, values: FloatArray) -> None:
        """Merge values into the running mean and sum of squares of a component."""
        before, n = self._counts[at], len(values)
        mean = float(values.mean())
        gap = mean - self._means[at]
        total = before + n
        self._squares[at] += float(np.square(values - mean).sum()) + gap * gap * before * n / total
        self._means[at] += gap * n / total
        self._counts[at] = total
