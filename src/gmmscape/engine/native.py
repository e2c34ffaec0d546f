"""NativeEngine: compiled kernels, for one instruction set.

They hand back what only the reference engine can do: rows so far from every component that all densities
underflow beyond what exponents hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.engine.extension import native
from gmmscape.engine.held import HeldRows
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.protocol import EmRun, EmRuns, EmTask, Rounding, Rows, Truncation, Work
from gmmscape.engine.rounding import EPS, SAFETY
from gmmscape.statistics import Information, LocationDerivatives, ScoreMoments, SufficientStatistics
from gmmscape.threads import thread_count
from gmmscape.weights import Weights

#: Why a start has ended, in the order of the native enumeration.
ENDS = (
    "converged",
    "max_iter",
    "time_limit",
    "degenerate",
    "interrupted",
    "given_up",
    "not_begun",
    "out_of_reach",
)


class NativeEngine:
    """Compiled kernels for one instruction set.

    Parameters
    ----------
    isa : {"baseline", "avx2", "avx512"}
        Of those that the build holds and the machine can run.
    """

    name = "native"

    def __init__(self, isa: str) -> None:
        self.isa = isa

    def hold(self, X: Rows, weights: Weights, origin: FloatArray | None = None) -> NativeRows:
        """Return rows, laid out once as the kernels take them; copied only where need be."""
        return NativeRows(self.isa, X, weights, origin)


class NativeRows(HeldRows):
    """Rows of the native engine; see `protocol.Held`."""

    def __init__(self, isa: str, X: Rows, weights: Weights, origin: FloatArray | None = None) -> None:
        laid_out = np.ascontiguousarray(X, dtype=X.dtype if X.dtype == np.float32 else np.float64)
        super().__init__(laid_out, weights, origin)
        self._isa = isa
        self._weighted = (weights.own, weights.common or 0.0)

    def statistics(self, parameters: Parameters, scatter: str) -> SufficientStatistics:
        """Return the sufficient statistics at a mixture."""
        found = native().statistics(*self._pass(parameters), scatter, thread_count())
        return super().statistics(parameters, scatter) if found is None else _statistics(found, scatter)

    def order(self, parameters: Parameters, scatter: str, truncation: Truncation) -> Any | None:
        """Return an order of the rows in which passes at mixtures like this one are truncated, or None."""
        if self.X.dtype != np.float64:
            return None
        return native().order(*self._pass(parameters), scatter, truncation, thread_count())

    def ordered_statistics(self, parameters: Parameters, scatter: str, order: Any) -> SufficientStatistics:
        """Return the sufficient statistics at a mixture by a pass in an `order` of these rows."""
        found = native().ordered_statistics(*self._pass(parameters), scatter, order, thread_count())
        return self.statistics(parameters, scatter) if found is None else _statistics(found, scatter)

    def log_density(self, parameters: Parameters) -> FloatArray:
        """Return the log density of the mixture at each row, shape (n,)."""
        found = self._posterior(parameters, responsibilities=False)
        return super().log_density(parameters) if found is None else found

    def responsibilities(self, parameters: Parameters) -> FloatArray:
        """Return the posterior probability of each component at each row, shape (n, k)."""
        found = self._posterior(parameters, responsibilities=True)
        return super().responsibilities(parameters) if found is None else found

    def covered(
        self, parameters: Parameters, threshold: float
    ) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """Return component, row, responsibility and one less it, row after row."""
        found = native().coverage(
            self._isa, *_model(parameters), self._doubles, self.origin, threshold, thread_count()
        )
        return super().covered(parameters, threshold) if found is None else found

    def nearest(self, parameters: Parameters) -> IntArray:
        """Return the component of largest joint density at each row, shape (n,)."""
        return native().nearest(self._isa, *_model(parameters), self._doubles, self.origin, thread_count())

    def derivatives(self, parameters: Parameters, *, hessian: bool) -> LocationDerivatives:
        """Return value, gradient and Hessian in the means, equal spherical covariances."""
        _, constants, means, factors = _model(parameters)
        found = native().derivatives(
            self._isa,
            constants,
            means,
            factors,
            self._doubles,
            self.origin,
            *self._weighted,
            hessian,
            thread_count(),
        )
        if found is None:
            return super().derivatives(parameters, hessian=hessian)
        log_likelihood, mass, deviations, second = found
        factor = float(parameters.factors[0])
        # sigma is the unit of length up to here: its fourth power may not be representable.
        second = None if second is None else factor * (factor * second)
        return LocationDerivatives(-log_likelihood, -factor * deviations, second, mass)

    def information(self, parameters: Parameters, scatter: str, *, missing: bool) -> Information:
        """Return moments of scores and, where asked for, the missing information."""
        found = native().information(
            self._isa,
            *_model(parameters),
            self._doubles,
            self.origin,
            *self._weighted,
            scatter,
            missing,
            thread_count(),
        )
        if found is None:
            return super().information(parameters, scatter, missing=missing)
        return Information(ScoreMoments(*found[0]), found[1])

    def missing_product(self, parameters: Parameters, scatter: str, direction: FloatArray) -> ScoreMoments:
        """Return the missing information times a direction, as moments of y."""
        found = native().missing_product(
            self._isa,
            *_model(parameters),
            self._doubles,
            self.origin,
            *self._weighted,
            scatter,
            np.ascontiguousarray(direction),
            thread_count(),
        )
        if found is None:
            return super().missing_product(parameters, scatter, direction)
        return ScoreMoments(*found)

    def rounding(self, parameters: Parameters, *, joint: bool = False) -> Rounding:
        """Return estimated rounding errors of the value and of its derivatives in the means."""
        if joint or self.X.dtype != np.float64:
            return super().rounding(parameters, joint=joint)
        precision = float(np.abs(parameters.factors).max())  # inverse of the smallest standard deviation
        model = _model(parameters)
        _, constants, means, _ = model
        constant = float(np.abs(constants[np.isfinite(constants)]).max(initial=0.0))
        shift = EPS * max(self.largest, float(np.abs(means).max())) * precision
        sums = None
        if np.isfinite(shift):
            sums = native().rounding(
                self._isa, *model, self.X, self.origin, *self._weighted, constant, shift, thread_count()
            )
        if sums is None:
            return super().rounding(parameters)
        k = len(constants)
        value, gradient, second = sums[0], sums[1 : 1 + k].max(), sums[1 + k :].max()
        return Rounding(
            SAFETY * float(value),
            SAFETY * precision * float(gradient),
            SAFETY * (precision * (precision * float(second))),
        )

    def em(self, task: EmTask) -> EmRuns | None:
        """Return where EM leads from each start."""
        return self._em(self._doubles, task, [])

    def em_of_patterns(
        self, X: Rows, parts: Sequence[tuple[IntArray, HeldRows]], task: EmTask
    ) -> EmRuns | None:
        """Return where EM leads on rows with missing values; see `HeldRows.em_of_patterns`."""
        patterns = []
        for columns, held in parts:
            if not isinstance(held, NativeRows):
                return None
            patterns.append((columns, held._doubles, held.origin, *held._weighted))
        whole = np.ascontiguousarray(X, dtype=np.float64)
        return self._em(whole, replace(task, second_order=None), patterns)

    def _em(self, X: Any, task: EmTask, patterns: list[Any]) -> EmRuns:
        origin = None if patterns else self.origin
        weights = (None, 0.0) if patterns else self._weighted
        *arrays, ends, interrupted = native().em(
            self._isa, X, origin, *weights, task, thread_count(), patterns
        )
        runs = [
            EmRun(w, m, c, ENDS[end], value, step, starved, history, Work(*work), memory)
            for w, m, c, (end, value, step, starved, history, work, memory) in zip(*arrays, ends, strict=True)
        ]
        return EmRuns(runs, interrupted)

    def taken(self, rows: Any, weights: FloatArray | None = None) -> NativeRows:
        """Return some rows with their own weights or others."""
        own = self.weights.taken(rows) if weights is None else Weights.of(weights)
        return NativeRows(self._isa, self.X[rows], own, self.origin)

    def _pass(self, parameters: Parameters) -> tuple[Any, ...]:
        """What the kernels need of a mixture and of the rows as they are held."""
        return (self._isa, *_model(parameters), self.X, self.origin, *self._weighted)

    @property
    def _doubles(self) -> Any:
        return self.X if self.X.dtype == np.float64 else self.X.astype(np.float64)

    def _posterior(self, parameters: Parameters, *, responsibilities: bool) -> FloatArray | None:
        return native().posterior(
            self._isa, *_model(parameters), self.X, self.origin, thread_count(), responsibilities
        )

    def _of_this_kind(self, X: Rows) -> NativeRows:
        return NativeRows(self._isa, X, self.weights)


def _model(parameters: Parameters) -> tuple[str, FloatArray, FloatArray, FloatArray]:
    """A mixture as the kernels take it: kind, log constants, means, factors."""
    return (
        parameters.kind,
        parameters.log_constants,
        np.ascontiguousarray(parameters.means),
        np.ascontiguousarray(parameters.factors),
    )


def _statistics(found: Any, scatter: str) -> SufficientStatistics:
    """What the kernels return of a pass."""
    log_likelihood, total, mass, mean, second = found
    return SufficientStatistics(
        mass=mass,
        mean=mean,
        scatter=None if scatter == "none" else second,
        kind=scatter,
        log_likelihood=log_likelihood,
        weight=total,
    )
