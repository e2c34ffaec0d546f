"""Descents in the location family: coarse, polished, and with coincident means."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.families import Location, softmax
from gmmscape.landscape.points.critical_point import CriticalPoint, places_of
from gmmscape.landscape.points.degree import measured_degree
from gmmscape.landscape.points.eigenvector_following import polished
from gmmscape.landscape.points.flow import flowed, sides
from gmmscape.landscape.points.ground import LocationGround
from gmmscape.landscape.points.orbits import touching
from gmmscape.measure import Estimate, Measure, Population, Sample
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.progress import Callback
from gmmscape.solve import (
    EM,
    Newton,
    Solution,
    Solver,
    different_row_means,
    ends_of_all,
    run,
    stop_reason,
)
from gmmscape.structure.structure import decode
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES

#: Accuracy of one rule in all dimensions for following, by dimension; beyond, each start has its own.
ROOMY_RTOL = {2: 1e-6, 3: 1e-4}
#: EM that random starts run first: plain EM, whose basins users of EM meet. Newton goes on from there.
ROUGH = EM(tol=1e-3, max_iter=1000, accelerate=False)


@dataclass(frozen=True)
class Descent:
    """How descents are done in one landscape: k means of one sigma, weights equal or free, against a measure.

    A point is an array of *places*, one row a component: its mean, of d numbers, and with free weights sigma
    times its log weight, whose constant does not matter. Mixtures and places are in the caller's coordinates,
    except where a name says local. Ctrl-C ends `full` with the last point and ``stop_reason="interrupted"``;
    the other methods pass it on.

    Attributes
    ----------
    measure : Population or Sample
        What the NLL is averaged over.
    k : int
        Number of fitted means.
    sigma : float
        Standard deviation of the fit.
    given : Mixture or None
        What fits to a sample are decoded against.
    free_weights : bool
        Whether weights are free; equal ones otherwise.
    """

    measure: Measure
    k: int
    sigma: float
    given: Mixture | None = None
    free_weights: bool = False

    @property
    def family(self) -> Location:
        """What is free."""
        return Location(self.sigma, self.free_weights)

    @property
    def weights(self) -> str:
        """What users call the weights: "equal" or "free"."""
        return "free" if self.free_weights else "equal"

    @property
    def reference(self) -> Mixture | None:
        """What fits are decoded against: the truth, or what was given for a sample."""
        return self.given if self.measure.truth is None else self.measure.truth

    def places(self, mixture: Mixture) -> FloatArray:
        """Return the places of a fit."""
        return places_of(mixture, self.sigma) if self.free_weights else mixture.means

    def begun(self, means: FloatArray, weights: FloatArray | None = None) -> FloatArray:
        """Return the places of means with their weights, equal ones by default."""
        return self.places(Mixture.location(means, self.sigma, weights)) if self.free_weights else means

    def stepped(self, places: FloatArray, change: FloatArray) -> FloatArray:
        """Return places after a change, of shape (m,), of the family's coordinates."""
        return self.places(self.family.moved(self.mixture(places), change / self.sigma))

    def mixture(self, places: FloatArray) -> Mixture:
        """Return the fit with these places."""
        d = self.measure.n_features
        return Mixture.location(places[:, :d], self.sigma, self._weights(places))

    def local(self, places: FloatArray) -> Mixture:
        """Return the fit with these places, in the measure's local coordinates."""
        d = self.measure.n_features
        return Mixture.location(places[:, :d] - self.measure.origin, self.sigma, self._weights(places))

    def _weights(self, places: FloatArray) -> FloatArray | None:
        return softmax(places[:, -1] / self.sigma) if self.free_weights else None

    def places_of_local(self, local: Mixture) -> FloatArray:
        """Return the places of a fit in the measure's local coordinates."""
        return self.places(self.measure.callers_mixture(local))

    def local_of(self, found: Solution) -> Mixture:
        """Return a fit in the measure's local coordinates; one from a file counts from zero."""
        same = np.array_equal(found.origin, self.measure.origin)
        return found.local if same else self.measure.local_mixture(found.mixture)

    def objective(self, local: Mixture, rtol: float | None = None) -> Objective:
        """Return the objective with a rule for the neighbourhood of a local mixture."""
        return Objective.near(self.measure, self.family, local, rtol)

    def coarse(self, places: FloatArray, finest: float = TOLERANCES.points.coarse_rtol) -> Solution:
        """Descend by Newton with the exploration's cheap rule, or one of accuracy `finest`, and tolerance."""
        start = self.local(places)
        solver = Newton(tol=TOLERANCES.points.coarse_tol)
        rtol = min(self._coarse_rtol, finest)
        shared = (
            self._roomy if self.measure.n_features == 2 and finest >= TOLERANCES.points.coarse_rtol else None
        )
        found = _uninterrupted(run(solver, shared or self.objective(start, rtol), start))
        if found.error <= 10 * rtol:
            return found
        # The fit has spread since the rule was chosen, and its log density turns faster than the rule sees.
        end = found.local
        return _continued(found, _uninterrupted(run(solver, self.objective(end, rtol), end)))

    def rough(self, starts: list[FloatArray]) -> list[FloatArray]:
        """Return where EM leads from each start, to `ROUGH`; its basins are those that users of EM meet.

        The rows are the same for all starts, whichever are asked for together.
        """
        locals_ = [self.local(places) for places in starts]
        ends, interrupted = ends_of_all(ROUGH, self._fixed, locals_)
        if interrupted:
            raise KeyboardInterrupt
        return [self.places_of_local(end) for end in ends]

    @cached_property
    def _fixed(self) -> Objective:
        """The objective with coarse rows that serve all fits alike."""
        if isinstance(self.measure, Population) and self.measure.n_features > 1:
            # A rule in the span of one start's means would not serve the others.
            fixed = self.measure.fixed_rows(TOLERANCES.points.coarse_rtol)
            return Objective(self.measure, self.family, fixed)
        truth = self.measure.truth
        # A sample's rows are the same whatever the means.
        typical = self.measure.origin[None] if truth is None else truth.means
        return self.objective(self.local(self._typical(typical)), TOLERANCES.points.coarse_rtol)

    @cached_property
    def anywhere(self) -> Objective:
        """The objective with plain coarse rows for means anywhere: what very many starts run on.

        On a line the rule of means spread over all centers; in the plane a tensor rule in all dimensions;
        Sobol points beyond.
        """
        measure = self.measure
        if not isinstance(measure, Population) or measure.n_features > 2:
            return self._fixed
        if measure.n_features == 2 and self._roomy is not None:
            return self._roomy
        centers = np.sort(measure.truth.means, axis=0)
        spread = np.linspace(0, len(centers) - 1, self.k).round().astype(int)
        return self.objective(self.local(self.begun(centers[spread])), TOLERANCES.points.coarse_rtol)

    def _typical(self, centers: FloatArray) -> FloatArray:
        """Places at the centers, in turn."""
        return self.begun(centers[np.arange(self.k) % len(centers)])

    def common(self, start: Mixture) -> Objective:
        """Return a coarse objective for following from a local start: where one rule serves all, that one."""
        return self.objective(start, self._coarse_rtol) if self._roomy is None else self._roomy

    @cached_property
    def _roomy(self) -> Objective | None:
        """The objective with one rule for all means, or None where it would have too many nodes."""
        if not isinstance(self.measure, Population):
            return self._fixed
        if self.measure.n_features == 1:
            rows = self.measure.rows_on_line(self.sigma, TOLERANCES.points.coarse_rtol)
            return Objective(self.measure, self.family, rows)
        if self.measure.n_features not in ROOMY_RTOL:
            return None
        typical = self.local(self._typical(self.measure.truth.means))
        rows = self.measure.roomy_rows(typical, ROOMY_RTOL[self.measure.n_features])
        return Objective(self.measure, self.family, rows)

    def values(self, *points: FloatArray) -> list[float]:
        """Return the NLL at places next to each other, on the coarse rule of the first."""
        objective = self.objective(self.local(points[0]), self._coarse_rtol)
        return [objective.derivatives(self.local(places)).nll for places in points]

    def values_between(self, path: FloatArray) -> list[float]:
        """Return the NLL, roughly, at places that need not be next to each other."""
        fits = [self.local(places) for places in path]
        objective = self.common(fits[len(fits) // 2])
        return [objective.derivatives(fit).nll for fit in fits]

    def hessian(self, places: FloatArray) -> FloatArray:
        """Return the Hessian in the family's coordinates, by the fine rule; that of known places is kept."""
        key = places.tobytes()
        if key not in self._hessians:
            local = self.local(places)
            found = self._fine(local).derivatives(local, hessian=True).hessian
            assert found is not None
            self._hessians[key] = found
        return self._hessians[key]

    @cached_property
    def _hessians(self) -> dict[bytes, FloatArray]:
        return {}

    def random_means(self, m: int, rng: np.random.Generator) -> FloatArray:
        """Return m points drawn from the truth or, of a sample, m different rows, shape (m, d)."""
        if isinstance(self.measure, Sample):
            return different_row_means(self.measure, m, rng) + self.measure.origin
        return self.measure.truth.sample(m, rng)[0]

    def critical(
        self, places: FloatArray, known: Callable[[FloatArray], bool] = lambda _: False
    ) -> CriticalPoint | None:
        """Return the critical point of any index next to some places, polished; coincident means stay so.

        None where `known` says so of the polished places, which saves describing the point.
        """
        local = self.local(places)
        # With free weights what coincides does so along a continuum, and followings end somewhere near it.
        groups = touching(
            local.means,
            (TOLERANCES.points.near_continuum if self.free_weights else TOLERANCES.points.coincident)
            * self.sigma,
        )
        merged = self._merged(local, groups)
        at = polished(LocationGround(self._fine(merged)), merged)
        ended = self._parted(at.mixture, groups)
        # In the order in which it will be listed, so that it need not be described twice.
        ended = ended.permuted(np.lexsort(self.places_of_local(ended).T[::-1]))
        if known(self.places_of_local(ended)):
            return None
        reason = "converged" if at.gradient_norm <= TOLERANCES.points.polished else "max_iter"
        end = Solution(
            local=ended,
            origin=self.measure.origin,
            nll=at.value,
            error=0.0,
            gradient_norm=at.gradient_norm,
            stop_reason=stop_reason(reason, starved=at.starved),
            n_iter=0,
            history=(),
            family=self.family.name,
        )
        point = self._described(end, self._fine(ended))
        return self._together(point, places, groups, known) if point.flat and point.converged else point

    def _together(
        self,
        point: CriticalPoint,
        places: FloatArray,
        groups: list[list[int]],
        known: Callable[[FloatArray], bool],
    ) -> CriticalPoint | None:
        """A flat point, or the one with means that nearly coincide put together, if that is alike."""
        close = touching(self.local(places).means, TOLERANCES.points.touching * self.sigma)
        if self.free_weights or len(close) == len(groups):
            return point
        merged = np.array(places)
        for group in close:
            merged[group] = places[group].mean(axis=0)
        found = self.critical(merged, known)
        if found is None:
            return None
        alike = abs(found.nll - point.nll) <= 4 * (found.error + point.error)
        return found if found.converged and found.index == point.index and alike else point

    def both_ways_down(self, saddle: CriticalPoint, accuracy: float) -> list[FloatArray | None]:
        """Return where steepest descents from both sides of a saddle of index 1 end, as places.

        None for one that reaches no minimum. `accuracy`: see `flowed`.
        """
        lowest = float(saddle.eigenvalues[0]) * self.sigma**2
        starts = sides(self._resolving, self._critical_here(saddle), lowest)
        if starts is None:
            return [None, None]
        ends = [flowed(self._resolving, side, accuracy).mixture for side in starts]
        return [None if end is None else self.places_of_local(end) for end in ends]

    def _resolving(self, local: Mixture, force: float) -> LocationGround:
        """The ground with a rule that resolves a slope of this length."""
        if self._by_points:
            return LocationGround(self.objective(local, self._coarse_rtol))
        rtol = min(TOLERANCES.points.resolved * force, self._coarse_rtol)
        in_space = min(self.measure.n_features, self.k - 1) > 2
        least = TOLERANCES.points.resolved_in_space if in_space else self._fine_rtol or 0.0
        return LocationGround(self.objective(local, max(rtol, least)))

    def _critical_here(self, saddle: CriticalPoint) -> Mixture:
        """A saddle in local coordinates; of Sobol points, the one of the rule that descents run on."""
        local = self.local_of(saddle)
        return polished(self._resolving(local, 0.0), local).mixture if self._by_points else local

    @property
    def _by_points(self) -> bool:
        """Whether rules are of Sobol points, whose errors are larger than slopes near a saddle."""
        measure = self.measure
        if not isinstance(measure, Population):
            return False
        few = min(measure.n_features, self.k - 1) <= EFFORT.measure.most_axes
        return measure.rule == "sobol" or not few

    def full(
        self,
        solver: Solver,
        places: FloatArray,
        max_seconds: float | None,
        callback: Callback | None,
    ) -> CriticalPoint:
        """Descend by any solver; where Newton converged, polish."""
        began = time.monotonic()
        start = self.local(places)
        found = run(solver, self.objective(start), start, max_seconds=max_seconds, callback=callback)
        left = None if max_seconds is None else max(0.0, max_seconds - (time.monotonic() - began))
        if isinstance(solver, Newton) and found.converged:
            try:
                rest = replace(solver, max_iter=solver.max_iter - found.n_iter)
                return self.polish(found, rest, left, callback)
            except KeyboardInterrupt:
                found = replace(found, stop_reason="interrupted")
        end = found.local
        fine = self._fine(end)
        if found.converged:
            # The rule was chosen at the start; what it let pass as critical is held to a rule made for here.
            found = _continued(found, run(solver, fine, end, max_seconds=left, callback=callback))
        return self._described(found, fine)

    def polish(
        self,
        found: Solution,
        solver: Newton | None = None,
        max_seconds: float | None = None,
        callback: Callback | None = None,
    ) -> CriticalPoint:
        """Return a point that Newton has reached, polished with a fine rule; soft ones are tidied up.

        The means of a point with a small curvature that nearly coincide are put together where that
        configuration is critical and no curvature there is clearly negative.
        """
        start = self.local_of(found)
        objective = self._fine(start)
        polished = run(solver or Newton(), objective, start, max_seconds=max_seconds, callback=callback)
        point = self._described(_continued(found, _uninterrupted(polished)), objective)
        groups = touching(point.means, TOLERANCES.points.touching * self.sigma)
        soft = point.eigenvalues[0] * self.sigma**2 < TOLERANCES.points.polish_soft
        if not point.converged or not soft or len(groups) == len(point.means):
            return point
        together = self.coincident(point.places, groups)
        better = together.is_minimum and together.nll <= point.nll + 4 * (point.error + together.error)
        return replace(together, n_iter=point.n_iter, history=point.history) if better else point

    def canonical(self, point: CriticalPoint) -> CriticalPoint:
        """Return the representative of a point's orbit whose places are in lexicographic order."""
        order = np.lexsort(point.places.T[::-1])
        if np.array_equal(order, np.arange(len(order))):
            return point
        return self.renamed(point, self.local_of(point).permuted(order))

    def renamed(self, point: CriticalPoint, local: Mixture) -> CriticalPoint:
        """Return a point with the fit of a point that is alike: in another order, or its image."""
        moved = replace(point, local=local, origin=self.measure.origin)
        truth = self.reference
        if truth is None:
            return moved
        return replace(moved, decoding=decode(moved.mixture, truth, sigma=self.sigma))

    def coincident(self, places: FloatArray, groups: list[list[int]]) -> CriticalPoint:
        """Return the critical point in which the means of each group coincide, by Newton from some places.

        Coincidence is preserved by the gradient: a group moves as one mean of its added weight.
        """
        merged = self._merged(self.local(places), groups)
        objective = self._fine(merged)
        found = _uninterrupted(run(Newton(), objective, merged))
        return self._described(replace(found, local=self._parted(found.local, groups)), objective)

    def _merged(self, local: Mixture, groups: list[list[int]]) -> Mixture:
        """The mixture with one mean, of the added weight, in the middle of each group."""
        centres = np.stack([local.means[group].mean(axis=0) for group in groups])
        shares = np.array([len(group) / self.k for group in groups])
        if self.free_weights:
            shares = np.array([local.weights[group].sum() for group in groups])
        return Mixture.location(centres, self.sigma, shares)

    def _parted(self, merged: Mixture, groups: list[list[int]]) -> Mixture:
        """The mixture with all means of a group in one place, sharing its weight equally."""
        means, shares = np.empty((self.k, merged.n_features)), np.empty(self.k)
        for group, place, weight in zip(groups, merged.means, merged.weights, strict=True):
            means[group], shares[group] = place, weight / len(group)
        return Mixture.location(means, self.sigma, shares if self.free_weights else None)

    def _described(self, found: Solution, objective: Objective) -> CriticalPoint:
        # Its values are those at the means that it states, which are rounded in the caller's coordinates.
        local = self.measure.local_mixture(found.mixture)
        at = objective.derivatives(local, hessian=True)
        assert at.hessian is not None
        errors = objective.errors(local)
        kl, value = None, at.nll + objective.rows.log_unit
        if isinstance(self.measure, Population):
            kl = self.measure.kl(local, self._fine_rtol, lambda: Estimate(value, errors.nll))
        eigenvalues = np.linalg.eigvalsh(at.hessian)
        smallest = float(np.abs(eigenvalues).min())
        resolved = smallest * self.sigma**2 > TOLERANCES.solve.flat
        truth = self.reference
        # With free weights there is no count that a degree would enter.
        critical = (
            smallest * self.sigma**2 <= TOLERANCES.points.degree_soft
            and found.converged
            and not self.free_weights
        )
        return CriticalPoint(
            local=found.local,
            origin=found.origin,
            nll=value,
            error=max(errors.nll, kl.error if kl is not None else 0.0),
            gradient_norm=found.gradient_norm,
            stop_reason=found.stop_reason,
            n_iter=found.n_iter,
            history=found.history,
            kl=None if kl is None else float(kl),
            eigenvalues=eigenvalues,
            means_error=(errors.gradient + float(np.abs(at.gradient).max())) / smallest
            if resolved
            else float("inf"),
            decoding=None if truth is None else decode(found.mixture, truth, sigma=self.sigma),
            free_weights=self.free_weights,
            degree=measured_degree(objective, local) if critical else None,
        )

    def _fine(self, mixture: Mixture) -> Objective:
        return self.objective(mixture, self._fine_rtol)

    @property
    def _coarse_rtol(self) -> float:
        turning = isinstance(self.measure, Population) and 1 < self.k <= min(4, self.measure.n_features)
        return TOLERANCES.points.turning_rtol if turning else TOLERANCES.points.coarse_rtol

    @property
    def _fine_rtol(self) -> float | None:
        return TOLERANCES.points.finer * self.measure.rtol if isinstance(self.measure, Population) else None


def _uninterrupted(solution: Solution) -> Solution:
    """Pass a solution on; a Ctrl-C that ended its loop goes on to whoever runs the whole search."""
    if solution.stop_reason == "interrupted":
        raise KeyboardInterrupt
    return solution


def _continued(first: Solution, second: Solution) -> Solution:
    """Return the second of two descents, with the history of both."""
    history = (*first.history, *second.history[1:])
    return replace(second, n_iter=first.n_iter + second.n_iter, history=history)
