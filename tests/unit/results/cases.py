"""A small instance of every public result, by names that say what they are."""

from __future__ import annotations

from typing import Any

import numpy as np

import gmmscape as gs
from gmmscape import lab
from gmmscape.estimator.scaling import Scaling
from gmmscape.landscape.falsification.one_truth import Searched
from gmmscape.prediction.labels import row_labels
from gmmscape.prediction.score import score_of
from gmmscape.results import Record

TRUTH = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
BAD = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")
STRUCTURE = [((0,), (0, 1)), ((1, 2), (2,))]


def rows() -> Any:
    """Three clusters of 60 rows, two identical rows among them."""
    X = np.random.default_rng(0).normal([[0.0], [9.0], [30.0]], 1.0, (3, 60)).reshape(-1, 1)
    X[1] = X[0]
    return X


def equal(distance: float) -> gs.Mixture:
    return gs.Mixture.location([-distance, 0.0, distance], 1.0)


def stretched(x: float, y: float) -> gs.Mixture:
    return gs.Mixture.location([-x, 0.0, y], 1.0)


def of_data() -> dict[str, Record]:
    X = rows()
    repair = gs.repair(BAD, X, covariance_type="spherical", rng=0)
    diagnosis = gs.diagnose(BAD, X, covariance_type="spherical", rng=0, false_alarm=0.5, n_starts=2)
    centers = gs.repair(np.array([[4.5], [29.0], [31.0]]), X, rng=0)
    optima = gs.local_optima(X, 2, "spherical", n_starts=4, rng=0)
    selection = gs.select(X, (1, 3), ("spherical", "tied"), rng=0)
    model = gs.GaussianMixture(3, random_state=0).fit(X)
    assert repair.solution is not None
    assert diagnosis.evidence.calibration is not None
    return {
        "mixture": TRUTH,
        "divergence": gs.divergence(TRUTH, BAD, rng=0),
        "solution": repair.solution,
        "diagnosis": diagnosis,
        "evidence": diagnosis.evidence,
        "calibration": diagnosis.evidence.calibration,
        "component": repair.diagnosis.components[0],
        "tried move": repair.moves[0],
        "finding": gs.Finding("outliers", "far out", columns=(0,), rows=(3, 5)),
        "repair": repair,
        "repair of centers": centers,
        "diagnosis of centers": centers.diagnosis,
        "standard errors": gs.standard_errors(model, X),
        "local optima": optima,
        "local optimum": optima.best,
        "selection": selection,
        "chosen": selection.best,
        "fit of a selection": selection.best.fit,
        "fit": model.document(),
        "fit of standardised columns": Scaling.of(X).told(model.document(), X, None),
        "labels": row_labels(TRUTH, X, lines=range(2, len(X) + 2)),
        "labels without lines": row_labels(TRUTH, X[:1]),
        "score": score_of(TRUTH, [[0.0], [1e200]]),
        "plain EM": gs.GaussianMixture(2, escape=False, random_state=0).fit(X).document(),
    }


def of_landscapes() -> dict[str, Record]:
    land = lab.Landscape(lab.Population(TRUTH), n_components=3)
    free = lab.Landscape(lab.Population(TRUTH), n_components=2, weights="free")
    sample = lab.Landscape(lab.Sample(rows()), n_components=2, sigma=1.0)
    atlas = land.explore(0, n_starts=2, saddles=True)
    point = atlas.minima[-1]
    wide = lab.Landscape(lab.Population(TRUTH), 2, "common", family="spherical")
    free_atlas = wide.explore(0, n_starts=2)
    kmeans = lab.KMeansLandscape(lab.Population(TRUTH), 3).explore(0, n_starts=2)
    return {
        "k-means atlas": kmeans,
        "k-means point": kmeans.minima[-1],
        "free atlas": free_atlas,
        "free point": free_atlas.minima[0],
        "atlas": atlas,
        "atlas with free weights": free.explore(0, n_starts=2),
        "atlas of a sample": sample.explore(0, n_starts=2),
        "critical point": point,
        "plateau": land.descend([-3.0, 3.0, 1e5]),
        "point with free weights": free.descend([0.0, 12.0]),
        "decoding": point.decoding,
        "structure": point.decoding.structure,
        "realisation": land.realise(STRUCTURE),
        "profile": land.profile(atlas.minima[0], atlas.minima[1], n=5),
        "basins": lab.basins(land, start="truth", n_starts=40, rng=0),
        "basins of own starts": lab.basins(land, start=[[-3.0, 11.0, 13.0], [0.0, 0.5, 12.0]]),
        "trajectory": lab.trajectory(land, [0.0, 11.0, 13.0], max_iter=60),
        "trajectory of a flow": lab.trajectory(free, [0.0, 12.0], "gradient_flow", max_time=2.0),
        "trajectory with free widths": lab.trajectory(wide, [0.0, 12.0], "newton"),
        "comparison": lab.compare(TRUTH.sample(12, rng=123)[0], land, atlas=atlas, n_starts=4, rng=0),
        "size curve": lab.agreement_against_size(land, [12, 100], n_draws=2, atlas=atlas, n_starts=2, rng=0),
    }


def of_paths() -> dict[str, Record]:
    threshold = lab.structure_threshold(equal, 2, (5.0, 6.0), n_starts=2)
    return {
        "birth": lab.birth(equal, STRUCTURE, (9.0, 12.0)),
        "separation curve": lab.error_against_separation(equal, STRUCTURE, [9.0, 12.0]),
        "threshold": threshold,
        "followed minimum": threshold.followed[0],
        "phase diagram": lab.phase(stretched, [4.0, 6.0], [6.0, 10.0], 3, n_starts=2, rng=0),
    }


def of_proofs() -> dict[str, Record]:
    pair = gs.Mixture.location([-2.0, 2.0], 1.0)
    report = lab.structure_report(pair, 2, bounds=lambda q: 0.5, n_starts=2, rng=0)
    curve = lab.proved_error_against_separation([9.0, 11.0])
    birth = lab.birth(lambda D: gs.Mixture.location([-0.5, 0.5, D], 1.0), STRUCTURE, (3.0, 9.0))
    return {
        "certificate": report.certificates[0],
        "structure report": report,
        "proved minimum": report.minima[0],
        "minimum that is not proved": lab.ProvedMinimum(((0.0,), (1.0,)), None, "flat", (None, 0.5)),
        "proved separation curve": curve,
        "proved separation": curve.points[1],
        "birth certificate": lab.certify_birth(birth),
        "global bound": lab.global_bound([-2.0, 2.5], rows()[:60] - 1.0, 1.0, [0.3, 0.7]),
        "global bound that ended early": lab.global_bound([0.0], rows()[::9], 1.0, max_seconds=0.0),
        "census": lab.census(gs.Mixture.location([-2.0, 2.0], 1.0), 2, rng=0),
        "census that ended early": lab.census(gs.Mixture.location([0.0], 1.0), 1, rng=0, max_seconds=0.0),
        "nonparametric fit": lab.nonparametric(rows()[::9], 1.0),
    }


def of_truths() -> dict[str, Record]:
    settings = {"n_components": 2, "k_star": 3, "d": 1, "n_truths": 2, "n_starts": 6}
    falsification = lab.falsify(**settings, separation=4.0, rng=2, confirm=False)
    nothing = Searched(0, 2, 3, 1, 4.0, 0.25, (), (), {"plateau": 6}, np.zeros((0, 1)))
    return {
        "falsification": falsification,
        "searched truth": falsification.searched[0],
        "truth without minima": nothing,
        "suspect": falsification.suspects[0],
        "theorem table": lab.theorem_table(
            [TRUTH, gs.Mixture.location([0.0, 24.0], 1.0)],
            3,
            condition=lambda q: q.separation - 9.0,
            bounds={"exact": lambda q: 1.0, "one-fits-many": lambda q: 0.001},
            n_starts=2,
            rng=0,
        ),
        "share curve": lab.unstructured_against_separation([4.0, 8.0], **settings),
    }
