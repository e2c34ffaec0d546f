"""Log densities under ill-conditioned covariances, against sixty digits."""

from __future__ import annotations

import mpmath
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import gmmscape as gs
from gmmscape.arrays import FloatArray


def exact(X: FloatArray, mean: FloatArray, covariance: FloatArray) -> list[mpmath.mpf]:
    """The log density of one Gaussian whose parameters are these doubles."""
    root = mpmath.cholesky(mpmath.matrix(covariance.tolist()))
    constant = len(mean) * mpmath.log(2 * mpmath.pi) / 2 + sum(
        mpmath.log(root[i, i]) for i in range(root.rows)
    )
    found = []
    for row in X.tolist():
        away = mpmath.matrix([mpmath.mpf(a) - mpmath.mpf(b) for a, b in zip(row, mean.tolist(), strict=True)])
        whitened = mpmath.lu_solve(root, away)
        found.append(-constant - sum(value**2 for value in whitened) / 2)
    return found


@given(seed=st.integers(0, 2**31), d=st.integers(1, 4), digits=st.floats(0.0, 9.0))
@settings(max_examples=40)
def test_errors_grow_with_the_condition_and_no_faster(seed: int, d: int, digits: float):
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(d, d)))[0]
    variances = 10.0 ** np.linspace(0.0, -digits, d)
    covariance = (axes * variances) @ axes.T
    covariance = (covariance + covariance.T) / 2
    mean = rng.normal(size=d)
    X = mean + (rng.normal(size=(6, d)) * np.sqrt(variances)) @ axes.T
    ours = gs.Mixture([1.0], [mean], [covariance]).log_density(X)
    condition = variances.max() / variances.min()
    with mpmath.workdps(60):
        for value, true in zip(ours.tolist(), exact(X, mean, covariance), strict=True):
            allowed = 50 * np.finfo(np.float64).eps * condition * max(1.0, abs(value))
            assert abs(mpmath.mpf(value) - true) <= allowed
