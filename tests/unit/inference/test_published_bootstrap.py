"""Bootstrap standard errors and intervals that mclust prints, on the same rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gmmscape as gs

#: summary(MclustBootstrap(densityMclust(acidity), nboot = 999, type = "bs")), model E of two components, in
#: the vignette "A quick tour of mclust": standard errors, 2.5 and 97.5 % points of pro, mean and variance.
ERRORS = (0.04130937, 0.04669993, 0.06719883, 0.02376885)
ENDS = ((0.5364895, 0.6995869), (4.279055, 4.461108), (6.184439, 6.449465), (0.1395796, 0.2317769))


def test_acidity(data_dir: Path):
    X = np.loadtxt(data_dir / "real" / "acidity.csv", skiprows=1)[:, None]
    model = gs.GaussianMixture(2, covariance_type="tied", covariance_prior=0.0, random_state=0, tol=1e-8)
    found = gs.standard_errors(model.fit(X), X, method="bootstrap", rng=0)
    lower = int(np.argmin(model.means_[:, 0]))
    told = [found.of(kind, i)[0] for kind, i in (
        ("weight", lower), ("mean", lower), ("mean", 1 - lower), ("variance", lower)
    )]  # fmt: skip
    for one, error, ends in zip(told, ERRORS, ENDS, strict=True):
        # Chance of 999 refits each: 3 % of a ratio of standard errors, 0.13 of them in a difference of ends.
        assert one.standard_error == pytest.approx(error, rel=0.12)
        assert (one.low, one.high) == pytest.approx(ends, abs=0.4 * error)
