"""What verdicts rest on: curvature, overlap, bootstrap, suggested numbers of components."""

from __future__ import annotations

import json

import numpy as np
import pytest

import gmmscape as gs
from gmmscape import InvalidParameterError, lab
from gmmscape.diagnosis.evidence import Calibration
from gmmscape.diagnosis.false_alarms import bootstrapped_gains
from gmmscape.diagnosis.measured_evidence import bayes_error
from gmmscape.diagnosis.suggested_number import suggested_n_components
from gmmscape.diagnosis.verdict import calibrated
from gmmscape.families import Floor, family_named
from gmmscape.objective import Objective
from gmmscape.progress import Budget
from gmmscape.solve import EM, curvature, descend
from gmmscape.threads import limited
from marks import rest_slow

KINDS = ("full", "tied", "diag", "spherical")


def setting(X, fit):
    """The objective of a sample, and the fit in its local coordinates, run to convergence."""
    sample = lab.Sample(X)
    family = family_named(
        fit.covariance_type, Floor.of(sample.variance, reg_covar=0.0, covariance_floor=1e-6)
    )
    local = fit.shifted(-sample.origin)
    objective = Objective.near(sample, family, local)
    end = descend(EM(tol=1e-11, max_iter=20_000), objective, local)
    return objective, end.local


def clusters(k, distance, rows=150, d=2, seed=0):
    """Rows of unit Gaussians on a line, their labels, and the truth in a kind."""
    rng = np.random.default_rng(seed)
    centers = distance * np.arange(k)[:, None] * np.eye(d)[0]
    labels = np.repeat(np.arange(k), rows)
    return centers[labels] + rng.standard_normal((len(labels), d)), centers


def mixture(centers, kind, weights=None):
    k, d = np.shape(centers)
    covariances = {
        "full": np.tile(np.eye(d), (k, 1, 1)),
        "tied": np.eye(d),
        "diag": np.ones((k, d)),
        "spherical": np.ones(k),
    }[kind]
    return gs.Mixture(np.full(k, 1 / k) if weights is None else weights, centers, covariances, kind)


def em_rate(objective, fit):
    """Largest eigenvalue of the Jacobian of EM in plain parameters, by central differences."""
    k, d = fit.means.shape
    upper = np.triu_indices(d)

    def vector(m):
        C = m.covariances if m.covariance_type in ("diag", "spherical") else m.covariances[..., *upper]
        return np.concatenate([m.weights[:-1], m.means.ravel(), np.ravel(C)])

    def back(v):
        weights = np.append(v[: k - 1], 1 - v[: k - 1].sum())
        means, rest = v[k - 1 : k - 1 + k * d].reshape(k, d), v[k - 1 + k * d :]
        if fit.covariance_type in ("diag", "spherical"):
            return gs.Mixture(weights, means, rest.reshape(fit.covariances.shape), fit.covariance_type)
        flat = rest.reshape(-1, len(upper[0]))
        C = np.zeros((len(flat), d, d))
        C[:, *upper] = flat
        C = C + np.swapaxes(C, 1, 2) - np.einsum("kdd->kd", C)[:, :, None] * np.eye(d)
        return gs.Mixture(weights, means, C[0] if fit.covariance_type == "tied" else C, fit.covariance_type)

    def step(v):
        m = back(v)
        return vector(objective.update(objective.statistics(m), m))

    at, h = vector(fit), 1e-5
    columns = [(step(at + h * e) - step(at - h * e)) / (2 * h) for e in np.eye(len(at))]
    return np.abs(np.linalg.eigvals(np.stack(columns, axis=1))).max()


@pytest.mark.parametrize("kind", KINDS)
def test_smallest_curvature_is_one_less_the_rate_of_em(kind):
    X, centers = clusters(3, 3.0)
    objective, fit = setting(X, mixture(centers, kind))
    found = curvature(objective, fit)
    assert found.smallest == pytest.approx(1 - em_rate(objective, fit), abs=1e-6)
    assert 0 < found.smallest < 1
    assert (found.falling, found.error) == (0, 0.0)
    scaled = gs.Mixture(fit.weights, 1e3 * fit.means, 1e6 * fit.covariances, kind)  # the same in other units
    other, _ = setting(1e3 * X, scaled.shifted(lab.Sample(1e3 * X).origin))
    assert curvature(other, scaled).smallest == pytest.approx(found.smallest, rel=1e-6)


def test_saddles_have_a_negative_curvature_and_plateaus_none():
    X, _ = clusters(2, 8.0)
    objective, fit = setting(X, mixture([X.mean(axis=0)] * 2, "spherical"))
    assert curvature(objective, fit).smallest < -0.5
    one, _ = clusters(1, 0.0, rows=4000)
    objective, fit = setting(one, mixture([[-0.3, 0.0], [0.3, 0.0]], "tied"))
    assert abs(curvature(objective, fit).smallest) < 0.05
    far, centers = clusters(2, 30.0)
    objective, fit = setting(far, mixture(centers, "spherical"))
    assert curvature(objective, fit).smallest == pytest.approx(1.0, abs=1e-6)


def test_overlap_is_the_bayes_error():
    """Two unit Gaussians two apart: Phi(-1)."""
    rng = np.random.default_rng(0)
    X = rng.choice([-1.0, 1.0], 40_000)[:, None] + rng.standard_normal((40_000, 1))
    fit = mixture([[-1.0], [1.0]], "spherical")
    sample = lab.Sample(X)
    family = family_named("spherical", Floor.of(sample.variance, reg_covar=0.0, covariance_floor=1e-6))
    objective = Objective.near(sample, family, fit)
    assert bayes_error(objective, fit.shifted(-sample.origin)) == pytest.approx(0.158655, abs=0.004)


def bad_fit(rows=120):
    """One mean on two clusters and two on the third."""
    X, centers = clusters(3, 12.0, rows=rows)
    start = mixture([centers[:2].mean(axis=0), centers[2] - 0.5, centers[2] + 0.5], "spherical")
    objective, fit = setting(X, start)
    return X, fit.shifted(objective.measure.origin)


def test_a_bad_optimum_with_its_evidence():
    X, fit = bad_fit()
    diagnosis = gs.diagnose(fit, X, covariance_type="spherical", rng=0, false_alarm=0.1)
    evidence = diagnosis.evidence
    assert diagnosis.verdict == "bad optimum"
    assert evidence.gain == pytest.approx(diagnosis.escape_gain * len(X))
    assert evidence.bic_gain == pytest.approx(2 * evidence.gain)
    assert evidence.held_out_gain > 0.5 * evidence.gain
    assert evidence.gradient_norm == diagnosis.gradient_norm < 1e-6
    assert 0 < evidence.smallest_curvature < 1
    assert evidence.falling_directions == 0
    assert 0 <= evidence.distance < 1e-6
    assert evidence.overlap < 1e-3
    assert evidence.calibration.p_value == pytest.approx(0.1)
    assert len(evidence.calibration.gains) == 9
    assert evidence.calibration.threshold < evidence.gain
    assert json.loads(json.dumps(diagnosis.to_dict()))["evidence"]["calibration"]["false_alarm"] == 0.1
    assert "9 samples drawn from the fit" in str(diagnosis)


def test_gains_of_bootstrap_samples_do_not_depend_on_threads():
    """Three overlapping components, one of which nobody needs: the search finds gains on their samples."""
    X, centers = clusters(3, 2.0, rows=40)
    objective, local = setting(X, mixture(centers, "full"))

    def gains(seed, threads):
        with limited(threads):
            return bootstrapped_gains(objective, local, 6, seed, take_nested=True, budget=Budget("diagnose"))

    (one, ended), (two, _), (other, _) = gains(0, 1), gains(0, 2), gains(1, 2)
    assert ended == "completed"
    assert one.max() > 0
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_gain_that_samples_of_the_fit_bring_too_is_no_evidence():
    words = ("a fit better by 3 nats is in hand",)
    usual = calibrated("bad optimum", words, Calibration(0.05, (1.0, 2.0, 3.5), 3.5, 0.5))
    rare = calibrated("bad optimum", words, Calibration(0.05, (0.0,) * 19, 0.0, 0.05))
    assert (usual[0], rare[0]) == ("cannot tell", "bad optimum")
    assert "where the fit is the truth, too" in usual[1][-1]


def test_a_bootstrap_that_was_stopped_is_no_evidence():
    X, fit = bad_fit()
    seen = []

    def stop(event):
        seen.append(event.stage)
        return event.stage == "bootstrap"

    diagnosis = gs.diagnose(fit, X, covariance_type="spherical", rng=0, false_alarm=0.01, callback=stop)
    assert seen[-1] == "bootstrap"
    assert diagnosis.stop_reason == "interrupted"
    assert diagnosis.verdict == "cannot tell"
    assert gs.diagnose(fit, X, covariance_type="spherical", rng=0).verdict == "bad optimum"


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1e-9, "often", True])
def test_rates_that_make_no_sense_are_refused(rate):
    X, fit = bad_fit(30)
    with pytest.raises(InvalidParameterError, match="false_alarm"):
        gs.diagnose(fit, X, covariance_type="spherical", false_alarm=rate)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", rest_slow([-1, 1, 3], 2))
def test_the_true_number_is_suggested(kind, wrong):
    X, _ = clusters(5, 7.0, rows=200)
    model = gs.GaussianMixture(5 + wrong, covariance_type=kind, random_state=0).fit(X)
    assert gs.diagnose(model, X, rng=0).suggested_n_components == 5


def test_nothing_is_suggested_where_nothing_is_wrong_or_known():
    X, centers = clusters(4, 7.0)
    objective, fit = setting(X, mixture(centers, "diag"))
    assert suggested_n_components(objective, fit, 0) == 4
    assert gs.diagnose(centers, X, rng=0).suggested_n_components is None
    one, _ = clusters(1, 0.0)
    objective, fit = setting(one, mixture([[0.0, 0.0]], "full"))
    assert suggested_n_components(objective, fit, 0) == 1
