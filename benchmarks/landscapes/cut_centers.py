"""Cut centers: law 9's two examples, and random cases around its border."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import brentq
from scipy.special import ndtri

import gmmscape as gs
from gmmscape import lab
from gmmscape.landscape import laws
from gmmscape.landscape.falsification.cuts import cut_centers
from gmmscape.landscape.falsification.second_opinion_mpmath import multiprecision
from gmmscape.landscape.paths.bifurcation import singular_point
from gmmscape.landscape.paths.truth_path import TruthPath
from gmmscape.landscape.points.descent import Descent
from gmmscape.matching import match_means

#: Sideways distance of the whole centers of a random case from each other, in sigma.
SIDEWAYS = (40.0, 80.0)
#: Least distance of a whole center from the border, in sigma; rounds of moving them until means are critical.
WHOLE, BALANCING = 5.0, 4


def spatial(height: float) -> gs.Mixture:
    """Return the example in three dimensions: a center between two pairs."""
    centers = [[0, 0, 0], [-6, height, 0], [-6, -height, 0], [6, 0, height], [6, 0, -height]]
    return gs.Mixture.location(centers, 1.0)


def planar(D: float) -> gs.Mixture:
    """Return the example in the plane: two equilateral triangles that share a corner."""
    half = np.sqrt(3.0) / 2
    return gs.Mixture.location(
        D * np.array([[0, 0], [0.5, half], [0.5, -half], [-0.5, half], [-0.5, -half]]), 1.0
    )


def control(truth: gs.Mixture, n_starts: int, seed: int) -> dict[str, Any]:
    """Return what the search finds for a truth with a cut center, eigenvalues by mpmath beside it."""
    found = lab.falsify(n_components=2, truths=[truth], n_starts=n_starts, rng=seed)
    rows = []
    for suspect in found.suspects:
        exact = multiprecision(suspect.means, truth, 1.0)
        rows.append(
            {
                **suspect.to_dict(),
                "mpmath": None if exact is None else [float(exact.eigenvalues[0]), exact.error],
            }
        )
    return {
        "separation": truth.separation,
        "minima": found.n_minima,
        "confirmed": len(found.confirmed),
        "suspects": rows,
    }


def planar_end() -> dict[str, Any]:
    """Return where the plane's symmetric minimum ends, and from where on what follows is structured."""
    bracket = (15.0, 17.0)
    landscapes = TruthPath.over(planar, 2, None, bracket)
    start = lab.Landscape(lab.Population(planar(15.2)), 2).descend([[-6.2, 0.0], [6.2, 0.0]]).means.ravel()
    vector = np.linalg.eigh(landscapes.slope(start, 15.2).hessian)[1][:, 0]
    found = singular_point(landscapes, start, vector, 15.2, 1.0)
    assert found is not None

    def excess(D: float) -> float:
        # Beyond the end two mirror images lean to either side.
        point = lab.Landscape(lab.Population(planar(D)), 2).descend([[-6.0, 0.0], [7.0, 0.0]])
        assert point.is_minimum
        assert point.decoding is not None
        return point.decoding.defect - 0.25

    return {
        "kind": found.kind,
        "parameter": found.parameter,
        "error": found.error,
        "means": found.point.tolist(),
        "leaning_minimum_structured_from": float(brentq(excess, 16.0, 17.0, xtol=1e-8)),
    }


def random_case(seed: int) -> dict[str, Any]:
    """Return prediction and eigenvalue for one random cut center near the border of stability."""
    truth, means, aimed = random_cut(np.random.default_rng([9, seed]))
    point = Descent(lab.Population(truth), 2, 1.0).critical(means)
    assert point is not None
    assert point.decoding is not None
    (cut,) = (
        cut
        for cut in cut_centers(point.means, point.decoding.association, truth, 1.0, 0.02)
        if not cut.center
    )
    plain = laws.cut_stability(cut.share, cut.gap, *cut.masses)
    stable = bool(point.eigenvalues[0] > 0)
    # What the law says to leading order: one minus the smallest curvature relative to the masses.
    land = lab.Landscape(lab.Population(truth), 2)
    masses = np.repeat(point.decoding.association @ truth.weights, truth.n_features)
    measured = 1.0 - float(eigh(land.hessian(point.means), np.diag(masses), eigvals_only=True)[0])
    return {
        "d": truth.n_features,
        "whole": list(cut.masses),
        "aimed": aimed,
        "converged": point.converged,
        "moved": float(np.abs(point.means - means).max()),
        "eigenvalue": float(point.eigenvalues[0]),
        "means_error": point.means_error if np.isfinite(point.means_error) else None,
        "stable": stable,
        "share": cut.share,
        "gap": cut.gap,
        "offset": cut.offset,
        "law": cut.stability,
        "measured": measured,
        "law_on_the_line": plain,
        "agrees": (cut.stability < 1) == stable,
        "agrees_on_the_line": (plain < 1) == stable,
    }


def recall(cases: int, n_starts: int) -> dict[str, Any]:
    """Return how many of the random cut centers that are minima without structure the search finds."""
    wanted, found, confirmed = 0, 0, 0
    for seed in range(cases):
        truth, means, _ = random_cut(np.random.default_rng([9, seed]))
        point = lab.Landscape(lab.Population(truth), 2).descend(means)
        assert point.decoding is not None
        there = match_means(point.means, means)[1] < 1e-4
        if not (point.is_minimum and there) or point.decoding.is_structured:
            continue
        wanted += 1
        search = lab.falsify(n_components=2, truths=[truth], n_starts=n_starts, rng=seed)
        hits = [one for one in search.suspects if match_means(one.means, means)[1] < 1e-4]
        found += len(hits) > 0
        confirmed += any(one.outcome == "confirmed" for one in hits)
    return {"wanted": wanted, "found": found, "confirmed": confirmed}


def random_cut(rng: np.random.Generator) -> tuple[gs.Mixture, np.ndarray, float]:
    """Return a truth, two means that are critical and cut a center, and the value of the law aimed at.

    The law supposes that all other centers belong wholly to one mean: drawn again until they are `WHOLE`
    sigma from the border.
    """
    while True:
        d, first, second = int(rng.integers(2, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
        share, offset = rng.uniform(0.15, 0.85), rng.choice([0.0, rng.uniform(0.0, 3.0)])
        aimed = rng.uniform(0.6, 1.4)
        # Solved for the gap: unit gap (1 + 4 offset^2/gap^2) = aimed.
        unit = laws.cut_stability(share, 1.0, first, second)
        inside = (aimed / unit) ** 2 - 16.0 * offset**2
        if inside <= 0.0:
            continue
        gap = 0.5 * (aimed / unit + np.sqrt(inside))
        truth, means = configuration(rng, d, (first, second), share, gap, offset)
        truth = balanced(truth, means, (first, second))
        if np.abs(truth.means[1:, 0]).min() >= WHOLE:
            return truth, means, aimed


def balanced(truth: gs.Mixture, means: np.ndarray, whole: tuple[int, int]) -> gs.Mixture:
    """Return the truth with the whole centers of each mean moved until the means are critical."""
    for _ in range(BALANCING):
        land = lab.Landscape(lab.Population(truth), 2)
        # Minus the gradient is E[psi (x - mean)]; whole centers add their weight times their move to it.
        pull = -land.gradient(means) / truth.weights[0]
        centers = truth.means.copy()
        centers[1 : 1 + whole[0]] -= pull[0] / whole[0]
        centers[1 + whole[0] :] -= pull[1] / whole[1]
        truth = gs.Mixture.location(centers, 1.0)
    return truth


def configuration(
    rng: np.random.Generator, d: int, whole: tuple[int, int], share: float, gap: float, offset: float
) -> tuple[gs.Mixture, np.ndarray]:
    """Return a truth whose first center two means cut in these shares, to leading order, and these means."""
    line = np.eye(d)[0]
    z = ndtri(1.0 - share)
    # The border is the plane x_0 = 0; the cut center has `share` of its draws on the negative side.
    center = z * line
    center[1] = offset
    flux = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi) * line
    centers, means = [center[None]], []
    for side, count, part in ((-1.0, whole[0], share), (1.0, whole[1], 1.0 - share)):
        mean = side * 0.5 * gap * line
        average = ((count + part) * mean - part * center - side * flux) / count
        centers.append(average + spread(rng, d, count))
        means.append(mean)
    return gs.Mixture.location(np.concatenate(centers), 1.0), np.stack(means)


def spread(rng: np.random.Generator, d: int, count: int) -> np.ndarray:
    """Return displacements that add up to zero, far apart across the first axis."""
    far = rng.uniform(*SIDEWAYS)
    if count == 1:
        return np.zeros((1, d))
    moves = np.zeros((count, d))
    if d == 2:
        moves[:, 1] = far * (np.arange(count) - 0.5 * (count - 1))
    else:
        angle = rng.uniform(0.0, 2 * np.pi) + 2 * np.pi * np.arange(count) / count
        moves[:, 1:] = far * np.column_stack([np.cos(angle), np.sin(angle)])
    jitter = rng.uniform(-0.5, 0.5, size=count)
    moves[:, 0] = jitter - jitter.mean()
    return moves
