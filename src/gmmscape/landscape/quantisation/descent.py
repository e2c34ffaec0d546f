"""Descents in landscapes of k-means: Lloyd's method, and Newton's in a trust region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.exceptions import NotAvailableError
from gmmscape.landscape.quantisation.cells import Cells
from gmmscape.landscape.quantisation.gaussian_cells import gaussian_cells
from gmmscape.landscape.quantisation.line_cells import Line, line_cells
from gmmscape.landscape.quantisation.plane_cells import Plane, plane_cells
from gmmscape.landscape.quantisation.point import KMeansPoint, width
from gmmscape.landscape.quantisation.row_cells import nearest_means, row_cells, ties_broken
from gmmscape.measure import Density, Measure, Population, Sample
from gmmscape.measure.sobol import SobolRule
from gmmscape.mixture import Mixture
from gmmscape.solve import different_row_means
from gmmscape.solve.newton import trust_region_step
from gmmscape.structure.structure import Decoding, decoding_of
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES

#: Says whether to go on, given the number of steps done and where the descent stands.
GoOn = Callable[[int, Cells], bool]


@dataclass(frozen=True)
class Ended:
    """Where a descent ended, and why."""

    at: Cells
    stop_reason: str
    n_iter: int


@dataclass(frozen=True)
class KMeansDescent:
    """How descents are done for k means against a measure; all means are in its local coordinates.

    Attributes
    ----------
    measure : Population or Sample
        What the distortion is averaged over.
    k : int
        Number of means.
    given : Mixture or None
        What means of a sample are decoded against.
    """

    measure: Measure
    k: int
    given: Mixture | None = None

    @property
    def reference(self) -> Mixture | None:
        """What means are decoded against: the truth, or what was given for a sample."""
        return self.given if self.measure.truth is None else self.measure.truth

    @property
    def of_rows(self) -> bool:
        """Whether the measure is a sum over rows, whose distortion is piecewise quadratic."""
        return isinstance(self.measure, Sample) and not isinstance(self.measure, Density)

    @cached_property
    def line(self) -> Line | None:
        """The density on a line, where the measure is one."""
        density = self.measure
        return Line.of(density) if isinstance(density, Density) and density.n_features == 1 else None

    @cached_property
    def plane(self) -> Plane | None:
        """The density in a plane, where the measure is one."""
        density = self.measure
        return Plane.of(density) if isinstance(density, Density) and density.n_features == 2 else None

    @cached_property
    def _local_reference(self) -> Mixture | None:
        return None if self.reference is None else self.measure.local_mixture(self.reference)

    def cells(self, means: FloatArray) -> Cells:
        """Return the moments of the cells of some means.

        Raises
        ------
        NotAvailableError
            If they are not computed: for a mixture whose means span three dimensions.
        """
        if isinstance(self.measure, Population):
            assert self._local_reference is not None
            return gaussian_cells(self._local_reference, means)
        if self.line is not None:
            return line_cells(self.line, means)
        if self.plane is not None:
            return plane_cells(self.plane, means)
        return row_cells(self.measure, means)

    def random_start(self, rng: np.random.Generator) -> FloatArray:
        """Return k draws from the truth, or k different rows."""
        if isinstance(self.measure, Population):
            return self.measure.truth.sample(self.k, rng)[0] - self.measure.origin
        return different_row_means(self.measure, self.k, rng)

    def lloyd(
        self,
        means: FloatArray,
        tol: float,
        max_iter: int,
        go_on: GoOn = lambda *_: True,
        cells: Callable[[FloatArray], Cells] | None = None,
    ) -> Ended:
        """Move means to the centroids of their cells until no step is longer than `tol`; ties are broken."""
        cells = cells or self.cells
        at = cells(means)
        for n in range(max_iter):
            if not go_on(n, at):
                return Ended(at, "interrupted", n)
            if at.gradient_norm <= tol:
                handed = self._ties_broken(at.means)
                if handed is not None:
                    trial = cells(handed)
                    if trial.distortion < at.distortion - trial.noise - at.noise:
                        at = trial
                        continue
                return Ended(at, self._ending(at), n)
            at = cells(at.centroids)
        return Ended(at, "max_iter", max_iter)

    def newton(self, means: FloatArray, tol: float, max_iter: int, go_on: GoOn = lambda *_: True) -> Ended:
        """Descend by Newton's method in a trust region to where no curvature is clearly negative."""
        at, refused = self.cells(means), 0
        radius = TOLERANCES.quantisation.first_radius * at.unit
        for n in range(max_iter):
            slope, bend = scaled(at)
            if at.mass.min() <= TOLERANCES.quantisation.vanished:
                return Ended(at, "plateau", n)
            falls = bool(np.linalg.eigvalsh(bend)[0] < -TOLERANCES.quantisation.flat)
            stuck = refused > TOLERANCES.quantisation.patience or (
                radius <= TOLERANCES.quantisation.least_radius * at.unit
            )
            if not falls and (at.gradient_norm <= tol or stuck):
                near = at.gradient_norm <= TOLERANCES.quantisation.drowned * tol
                return Ended(at, "converged" if near else "max_iter", n)
            if stuck or not go_on(n, at):
                return Ended(at, "max_iter" if stuck else "interrupted", n)
            step, predicted = trust_region_step(slope, bend, radius)
            moved = at.means + (step / _roots(at)).reshape(at.means.shape)
            trial = self._back_in_valley(self.cells(moved), bend)
            length = float(np.linalg.norm(step))
            ratio = _gain(at, trial, predicted)
            if ratio <= TOLERANCES.quantisation.refused:
                radius, refused = 0.25 * length, refused + 1
                continue
            if ratio > TOLERANCES.quantisation.good and length > 0.8 * radius:
                radius *= 2.0
            at, refused = trial, 0
        return Ended(at, "max_iter", max_iter)

    def _back_in_valley(self, at: Cells, before: FloatArray) -> Cells:
        """Return where Newton's method leads across a valley, where a step went along a bent one.

        Several means on one round cluster, all others far, can be turned at next to no change: a straight
        step climbs the sides of this ring, and would have to be as short as the little that is gained on it.
        """
        if np.linalg.eigvalsh(before)[0] > TOLERANCES.quantisation.valley:
            return at
        for _ in range(EFFORT.quantisation.across_valley):
            slope, bend = scaled(at)
            values, vectors = np.linalg.eigh(bend)
            steep = values > TOLERANCES.quantisation.valley
            across = vectors[:, steep] @ ((vectors[:, steep].T @ slope) / values[steep])
            if np.linalg.norm(across) <= TOLERANCES.quantisation.polished * at.unit:
                break
            at = self.cells(at.means - (across / _roots(at)).reshape(at.means.shape))
        return at

    def rough(self, means: FloatArray) -> FloatArray:
        """Return where Lloyd's method leads from some means, to a step that Newton's can go on from."""
        rough, measure, cells = TOLERANCES.quantisation.rough, self.measure, self.cells
        if self.plane is not None and isinstance(measure, Density):
            # Sums over the nodes are cheaper; walls jump from node to node, and steps end a little early.
            cells = partial(row_cells, measure)
        return self.lloyd(means, rough, EFFORT.quantisation.rough_steps, cells=cells).at.means

    def full(
        self,
        means: FloatArray,
        *,
        method: str = "newton",
        tol: float | None = None,
        max_iter: int | None = None,
        go_on: GoOn = lambda *_: True,
    ) -> KMeansPoint:
        """Descend to a stationary point and describe it; for rows Lloyd's method ends exactly."""
        wanted = TOLERANCES.quantisation.polished if tol is None else tol
        if method == "lloyd" or self.of_rows:
            most = EFFORT.quantisation.lloyd_steps if max_iter is None else max_iter
            return self.described(self.lloyd(means, wanted, most, go_on))
        most = EFFORT.quantisation.newton_steps if max_iter is None else max_iter
        return self.described(self.newton(means, wanted, most, go_on))

    def described(self, found: Ended) -> KMeansPoint:
        """Return the point with curvatures and structure."""
        at = found.at
        return KMeansPoint(
            means=at.means + self.measure.origin,
            distortion=at.distortion,
            error=at.error,
            masses=at.mass,
            gradient_norm=at.gradient_norm,
            eigenvalues=np.linalg.eigvalsh(scaled(at)[1]),
            stop_reason=found.stop_reason,
            n_iter=found.n_iter,
            decoding=self._decoding(at),
        )

    def _ties_broken(self, means: FloatArray) -> FloatArray | None:
        measure = self.measure
        if isinstance(measure, Population) or not self.of_rows:
            return None
        return ties_broken(measure, means)

    def _ending(self, at: Cells) -> str:
        return "plateau" if at.mass.min() <= TOLERANCES.quantisation.vanished else "converged"

    def _decoding(self, at: Cells) -> Decoding | None:
        reference = self._local_reference
        if reference is None:
            return None
        error = TOLERANCES.quantisation.rounding
        if at.by_component is not None:
            table = at.by_component.T
        else:
            table, error = _association(reference, at.means)
        return decoding_of(table, error, at.means, reference, width(reference))


def scaled(at: Cells) -> tuple[FloatArray, FloatArray]:
    """Gradient and Hessian in own units, sqrt(2 mass) times the means: the Hessian is I less Lloyd's."""
    roots = _roots(at)
    bend = at.hessian / roots[:, None] / roots
    return at.gradient.ravel() / roots, 0.5 * (bend + bend.T)


def _roots(at: Cells) -> FloatArray:
    least = TOLERANCES.quantisation.vanished
    return np.repeat(np.sqrt(2.0 * np.maximum(at.mass, least)), at.means.shape[1])


def _gain(at: Cells, trial: Cells, predicted: float) -> float:
    """Gain as a share of what was predicted; by the slopes where values differ by rounding only."""
    noise = at.noise + trial.noise
    gain = at.distortion - trial.distortion
    if predicted > noise:
        return gain / predicted
    if gain < -noise:
        return -1.0
    return 1.0 if trial.gradient_norm < at.gradient_norm else -1.0


def _association(reference: Mixture, means: FloatArray) -> tuple[FloatArray, float]:
    """Share of each component's draws in each cell, (k, k_star): exact, or by Sobol points with an error."""
    try:
        exact = gaussian_cells(reference, means).by_component
        assert exact is not None
        return exact.T, TOLERANCES.quantisation.rounding
    except NotAvailableError:
        pass
    rule = SobolRule.of_accuracy(reference.n_features, TOLERANCES.structure.association_rtol)
    roots = np.linalg.cholesky(reference.full_covariances())
    table, error = np.empty((len(means), reference.n_components)), 0.0
    for s, (center, root) in enumerate(zip(reference.means, roots, strict=True)):

        def shares(z: FloatArray, w: FloatArray, c: FloatArray = center, r: FloatArray = root) -> FloatArray:
            nearest = nearest_means(c + z @ r.T, means)
            return np.bincount(nearest, w, minlength=len(means)).astype(np.float64)

        table[:, s] = shares(*rule.nodes())
        error = max(error, *rule.measured(lambda z, w, of=shares: (of(z, w),)))
    return table, error
