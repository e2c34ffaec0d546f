"""Tables and fits that the tests of fit, diagnose and repair share."""

from __future__ import annotations

import numpy as np
import pytest

from doors.fits.cases import X, best, fitted, write_table


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fits")


@pytest.fixture(scope="session")
def clusters(folder):
    """Four clusters far from each other."""
    return write_table(folder / "clusters.csv", X)


@pytest.fixture(scope="session")
def one_cluster(folder):
    """Rows in which four components overlap so much that EM takes long."""
    return write_table(folder / "one.csv", np.random.default_rng(1).normal(size=(3000, 2)))


@pytest.fixture(scope="session")
def many_in_one_cluster(folder):
    """So many of them that even the second order takes a while."""
    return write_table(folder / "many_in_one.csv", np.random.default_rng(1).normal(size=(300_000, 2)))


@pytest.fixture(scope="session")
def good(clusters, folder):
    """File of a good fit."""
    fitted(clusters, folder / "good.json", "-k", 4)
    return folder / "good.json"


@pytest.fixture(scope="session")
def stuck(clusters, folder):
    """File of a fit that plain EM has converged to far below the best one, and the options that led there."""
    out = folder / "stuck.json"
    for seed in range(30):
        options = ["-k", 4, "--init-params", "random_from_data", "--seed", seed]
        content = fitted(clusters, out, *options, "--no-escape")
        if content["log_likelihood"] < best() - 100:
            assert content["converged"] is True
            assert content["gradient_norm"] <= 1e-6
            return out, options
    pytest.fail("plain EM never got stuck")
