"""Data, and ways to fit them, of the tests of fit, diagnose and repair."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from doors.commandline import inside

CENTERS = np.array([[0.0, 0.0], [12.0, 3.0], [3.0, 14.0], [30.0, 33.0]])
ROWS = 60  # of each cluster
X = np.repeat(CENTERS, ROWS, axis=0) + np.random.default_rng(3).normal(size=(4 * ROWS, 2))
#: Number of free parameters beyond 4 weights and 4 means in the plane, and shape of the covariances.
KINDS = {"full": (12, (4, 2, 2)), "tied": (3, (2, 2)), "diag": (8, (4, 2)), "spherical": (4, (4,))}
FIELDS = {
    *("format", "format_version", "gmmscape_version", "seed", "init_params"),
    *("n_samples", "n_features", "feature_names", "n_components", "covariance_type"),
    *("reg_covar", "covariance_floor", "floor_active", "log_likelihood", "nll", "bic", "aic"),
    *("converged", "n_iter", "stop_reason", "gradient_norm", "verdict", "polish_gain", "escape_gain"),
    *("components", "moves", "alternatives", "warnings", "weights", "means", "covariances"),
}


def write_table(path, values, header="x,y", delimiter=","):
    """Write numbers so that they are read back bit for bit; no header if that is None."""
    lines = [] if header is None else [header]
    lines += [delimiter.join(repr(float(value)) for value in row) for row in values]
    path.write_text("\n".join(lines) + "\n")
    return path


def content_of(path):
    return json.loads(path.read_text())


#: The tests of files and commands are of maximum likelihood, whose numbers other programs have too.
ML = ("--covariance-prior", 0)


def fitted(file, out, *options, code=0):
    """Fit in this process; return what the JSON file holds."""
    result = inside("fit", file, "--json", out, *ML, *options)
    assert result.returncode == code, result.stderr
    assert result.stderr == ""
    return content_of(out)


both = pytest.mark.parametrize("command", ["diagnose", "repair"])


def judged(command, model, file, out, *options):
    """Diagnose or repair in this process, writing to a file."""
    return inside(command, model, file, {"diagnose": "--json", "repair": "--model"}[command], out, *options)


@cache
def best(kind="full"):
    """Log-likelihood of the four clusters where scikit-learn's EM ends that starts at the truth."""
    model = GaussianMixture(4, covariance_type=kind, means_init=CENTERS, reg_covar=0, tol=1e-12, max_iter=999)
    return model.fit(X).score(X) * len(X)


def as_sklearn(content):
    """scikit-learn's mixture with the parameters of a JSON file."""
    model = GaussianMixture(content["n_components"], covariance_type=content["covariance_type"])
    model.weights_, model.means_ = np.array(content["weights"]), np.array(content["means"])
    model.covariances_ = np.array(content["covariances"])
    if content["covariance_type"] in ("diag", "spherical"):
        model.precisions_cholesky_ = 1 / np.sqrt(model.covariances_)
    else:
        roots = np.linalg.cholesky(model.covariances_)
        model.precisions_cholesky_ = np.swapaxes(np.linalg.inv(roots), -1, -2)
    return model
