"""Descents in landscapes of fits with free weights, widths or covariances: rough, coarse, polished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial, prod

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.effort import EFFORT
from gmmscape.landscape.freedom.features import coincident, made_equal
from gmmscape.landscape.freedom.freedom import Freedom
from gmmscape.landscape.freedom.local import FreeGround, Groups, Local
from gmmscape.landscape.freedom.newton import Ended, newton
from gmmscape.landscape.freedom.point import FreePoint
from gmmscape.landscape.points.eigenvector_following import polished
from gmmscape.landscape.points.flow import Arrived, Side, flowed, sides
from gmmscape.measure import Measure, Population
from gmmscape.mixture import Mixture
from gmmscape.objective import Objective
from gmmscape.solve import EM, different_row_means, ends_of_all
from gmmscape.structure.structure import decode
from gmmscape.threads import cached_property
from gmmscape.tolerances import TOLERANCES

#: EM that random starts run first: plain EM, whose basins users of EM meet.
ROUGH = EM(tol=1e-3, max_iter=1000, accelerate=False)


@dataclass(frozen=True)
class FreeDescent:
    """How descents are done with a given freedom against a measure.

    Attributes
    ----------
    measure : Population or Sample
        What the NLL is averaged over.
    freedom : Freedom
        What is free.
    given : Mixture or None
        What fits to a sample are decoded against.
    """

    measure: Measure
    freedom: Freedom
    given: Mixture | None = None

    @property
    def reference(self) -> Mixture | None:
        """What fits are decoded against: the truth, or what was given for a sample."""
        return self.given if self.measure.truth is None else self.measure.truth

    def objective(self, local: Mixture, rtol: float) -> Objective:
        """Return the objective with a rule of that accuracy for the neighbourhood of a local mixture."""
        if isinstance(self.measure, Population):
            rows = self.measure.roomy_rows(local, rtol)
        else:
            rows = self.measure.rows(local)
        return Objective(self.measure, self.freedom.family, rows)

    @cached_property
    def common(self) -> Objective:
        """The objective with coarse rows that serve all fits alike, for rough descents."""
        k = self.freedom.n_components
        if not isinstance(self.measure, Population):
            return self.objective(self.start(np.zeros((k, self.measure.n_features)), 1.0), 1.0)
        truth = self.measure.local_mixture(self.measure.truth)
        at = np.arange(k) % truth.n_components
        typical = self.freedom.moment_matched(
            np.full(k, 1.0 / k), truth.means[at], truth.full_covariances()[at]
        )
        return self.objective(typical, TOLERANCES.freedom.coarse_rtol)

    def start(self, means: FloatArray, share: float) -> Mixture:
        """Return the fit with local means, equal weights, and a share of the measure's covariance each."""
        k = len(means)
        covariances = np.repeat(share * self.measure.covariance[None], k, axis=0)
        return self.freedom.moment_matched(np.full(k, 1.0 / k), means, covariances)

    def random_start(self, rng: np.random.Generator) -> Mixture:
        """Return means drawn from the truth, or different rows, with widths from a cluster's to all's."""
        k, d = self.freedom.n_components, self.measure.n_features
        if isinstance(self.measure, Population):
            means = self.measure.truth.sample(k, rng)[0] - self.measure.origin
        else:
            means = different_row_means(self.measure, k, rng)
        return self.start(means, float(np.exp(rng.uniform(-2.0 * np.log(max(k, 2)), 0.0))) ** (1.0 / d))

    def rough(self, starts: list[Mixture]) -> list[Mixture]:
        """Return where plain EM leads from local starts; Ctrl-C is passed on."""
        ends, interrupted = ends_of_all(ROUGH, self.common, starts)
        if interrupted:
            raise KeyboardInterrupt
        return ends

    def coarse(self, local: Mixture) -> Ended:
        """Descend by Newton with a coarse rule made for the start."""
        objective = self.objective(local, TOLERANCES.freedom.coarse_rtol)
        return newton(
            objective,
            self.freedom,
            local,
            tol=TOLERANCES.freedom.coarse,
            max_iter=EFFORT.freedom.newton_steps,
        )

    def full(
        self,
        local: Mixture,
        *,
        tol: float | None = None,
        max_iter: int = EFFORT.freedom.newton_steps,
        go_on: Callable[[int, Local], bool] = lambda *_: True,
    ) -> FreePoint:
        """Descend and polish: rules are made for where the descent stands, until the last one agrees."""
        found, history, done = None, list[float](), 0
        wanted = TOLERANCES.freedom.polished if tol is None else tol
        for rtol in (
            TOLERANCES.freedom.coarse_rtol,
            TOLERANCES.freedom.fine_rtol,
            TOLERANCES.freedom.fine_rtol,
        ):
            objective = self.objective(local, rtol)
            found = newton(objective, self.freedom, local, tol=wanted, max_iter=max_iter - done, go_on=go_on)
            history += found.history[1:] if history else found.history
            local, done = found.at.mixture, done + found.n_iter
            if found.stop_reason != "converged":
                break
        assert found is not None
        return self.described(found, tuple(history), done)

    def ground(self, local: Mixture, force: float = 1.0, groups: Groups = ()) -> FreeGround:
        """Return a rule that resolves a slope of this length at a local mixture; `groups` are kept equal."""
        least, most = TOLERANCES.freedom.fine_rtol, TOLERANCES.freedom.coarse_rtol
        rtol = min(max(TOLERANCES.points.resolved * force, least), most)
        return FreeGround(self.objective(local, rtol), self.freedom, tuple(map(tuple, groups)))

    def everywhere(self, groups: Groups = ()) -> FreeGround:
        """Return the coarse rule that serves all fits alike; `groups` are kept equal."""
        return FreeGround(self.common, self.freedom, tuple(map(tuple, groups)))

    def critical(self, local: Mixture) -> FreePoint | str:
        """Return the critical point of any index next to a fit; components that coincide are kept equal.

        Where curvatures vanish followings only come near to such points: if some components nearly coincide
        they are put together, and that point is taken if it is one of the same value. A key of
        `gmmscape.solve.STOP_REASONS` where there is none.
        """
        near = coincident(local, TOLERANCES.points.near_continuum)
        at, fine, reason = self._critical(local, near)
        if reason != "converged":
            return reason
        soft = np.abs(np.linalg.eigvalsh(at.bend)).min() <= TOLERANCES.points.degree_soft
        groups = coincident(at.mixture, TOLERANCES.points.touching) if soft else near
        if groups != near:
            closer, its, reason = self._critical(at.mixture, groups)
            alike = abs(its.value(at.mixture) - closer.value) <= TOLERANCES.freedom.same_nll
            if reason == "converged" and alike:
                at, fine = closer, its
        finer = self.objective(at.mixture, TOLERANCES.freedom.finer_rtol)
        if Local.at(finer, self.freedom, at.mixture).gradient_norm > TOLERANCES.freedom.held_to:
            return "max_iter"
        return self.described(Ended(at, "converged", 0, ()), (), 0, fine, finer)

    def _critical(self, local: Mixture, groups: Groups) -> tuple[Local, Objective, str]:
        """The critical point next to a fit with components made equal, the rule, and why it ended there."""
        start = made_equal(local, groups, shared=self.freedom.held_weights is None)
        near = polished(self.ground(start, 0.0, groups), start).mixture
        ground = self.ground(near, 0.0, groups)
        at = polished(ground, near)
        reason = "converged" if at.gradient_norm <= TOLERANCES.freedom.polished else "max_iter"
        whole = Local.at(ground.objective, self.freedom, at.mixture)
        return whole, ground.objective, at.gone or reason

    def both_ways_down(self, saddle: FreePoint, accuracy: float) -> list[Arrived]:
        """Return where steepest descents from both sides of a saddle end; see `flowed`.

        Of one of index 1 along its unstable direction; of a flat one without an unstable direction along a
        flat one that leads down.
        """
        if saddle.index == 1:
            starts = sides(self.ground, saddle.local, float(saddle.eigenvalues[0]))
        else:
            starts = self.flat_sides(saddle)
        return [flowed(self.ground, side, accuracy) for side in starts or ()]

    def flat_sides(self, point: FreePoint) -> tuple[Side, Side] | None:
        """Return fits that lie lower to both sides of a flat critical point, which is then no minimum."""
        ground = self.ground(point.local, 0.0)
        at = ground.at(point.local)
        values, vectors = np.linalg.eigh(at.bend)
        least = TOLERANCES.atlas.lower * point.error
        flat = np.abs(values) <= TOLERANCES.solve.flat
        for direction in vectors[:, flat].T:
            aside = [
                _relaxed(ground, ground.stepped(at, side * direction), vectors[:, ~flat])
                for side in (-TOLERANCES.points.continuum_stride, TOLERANCES.points.continuum_stride)
            ]
            lower = [to for to in aside if to is not None and to.value < at.value - least]
            if len(lower) == len(aside):
                one, other = (Side(to.mixture, to.gradient_norm) for to in lower)
                return one, other
        return None

    def described(
        self,
        found: Ended,
        history: tuple[float, ...],
        n_iter: int,
        fine: Objective | None = None,
        finer: Objective | None = None,
    ) -> FreePoint:
        """Return the point with value, error, curvatures and structure, on rules made for it."""
        local = found.at.mixture
        fine = fine or self.objective(local, TOLERANCES.freedom.fine_rtol)
        at = Local.at(fine, self.freedom, local)
        error = fine.rows.errors(local).nll
        if isinstance(self.measure, Population):
            finer = finer or self.objective(local, TOLERANCES.freedom.finer_rtol)
            error = abs(finer.value(local) - fine.value(local)) + TOLERANCES.freedom.rounding
        mixture = self.measure.callers_mixture(local)
        penalty = fine.family.penalty(local)
        nll = at.value - penalty + fine.rows.log_unit
        kl = float(self.measure.kl(local)) if isinstance(self.measure, Population) else None
        truth = self.reference
        decoding = None if truth is None else decode(mixture, truth, sigma=_unit(mixture, truth))
        return FreePoint(
            local=local,
            origin=self.measure.origin,
            nll=nll,
            penalty=penalty,
            error=error,
            gradient_norm=float(np.linalg.norm(at.slope)),
            stop_reason=found.stop_reason,
            n_iter=n_iter,
            history=tuple(value + fine.rows.log_unit for value in history),
            family=self.freedom.name,
            kl=kl,
            eigenvalues=np.linalg.eigvalsh(at.bend),
            decoding=decoding,
            orbit_size=self._orbit_size(local),
        )

    def _orbit_size(self, local: Mixture) -> int:
        groups = [set(group) for group in coincident(local, TOLERANCES.points.shown_coincident)]
        exchanged = (len(group & set(kind)) for group in groups for kind in self.freedom.alike)
        return self.freedom.n_relabellings // prod(map(factorial, exchanged))


def _unit(mixture: Mixture, truth: Mixture) -> float:
    """The unit of errors: the truth's standard deviation, averaged where there are several."""
    return truth.sigma or float(np.sqrt(truth.weights @ truth.column_variances().mean(axis=1)))


def _relaxed(ground: FreeGround, start: Local | None, stiff: FloatArray) -> Local | None:
    """The fit after Newton's steps in stiff directions: next to a flat point these decide what leads down."""
    at = start
    for _ in range(EFFORT.points.relaxing_steps):
        if at is None or at.gone:
            return None
        step = np.linalg.lstsq(stiff.T @ at.bend @ stiff, -stiff.T @ at.slope, rcond=None)[0]
        at = ground.stepped(at, stiff @ step)
    return at
