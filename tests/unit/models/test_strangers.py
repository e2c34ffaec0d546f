"""Models are known by their attributes, not by their class."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import gmmscape as gs
from gmmscape.models import read_model
from unit.models.cases import X, bad, mixture_of, repaired

#: Libraries whose models and tables are read.
LIBRARIES = {"pandas", "sklearn.cluster", "sklearn.mixture"}

# scikit-learn's errors come first: what they load is scikit-learn's affair.
READING = """
import sys
import sklearn.exceptions
before = set(sys.modules)
from gmmscape.models import read_model
class Stranger:
    weights_, means_, covariances_ = [1.0], [[0.0]], [1.0]
    covariance_type, reg_covar = "spherical", 0.0
class ScikitLearns:
    def __new__(cls):
        from sklearn.mixture import GaussianMixture
        return GaussianMixture(covariance_type="spherical").fit([[0.0], [1.0]])
assert read_model(globals()[sys.argv[1]]()).mixture.n_components == 1
print(*set(sys.modules) - before)
"""


def test_a_model_of_no_known_class_is_read_and_repaired():
    source = bad("tied")
    stranger = type("Stranger", (), {})()
    for name in ("weights_", "means_", "covariances_", "covariance_type", "reg_covar"):
        setattr(stranger, name, getattr(source, name))
    assert read_model(stranger).mixture == mixture_of(source)
    result = gs.repair(stranger, X, rng=0)
    assert type(result.model) is type(stranger)
    np.testing.assert_array_equal(result.model.means_, repaired("tied").model.means_)


def test_a_model_that_says_nothing_of_a_floor_has_none():
    source = bad("tied")
    stranger = type("Stranger", (), {})()
    for name in ("weights_", "means_", "covariances_", "covariance_type"):
        setattr(stranger, name, getattr(source, name))
    assert read_model(stranger).reg_covar == 0.0


@pytest.mark.parametrize(("model", "loaded"), [("Stranger", False), ("ScikitLearns", True)])
def test_no_model_library_is_imported_for_reading(model: str, loaded: bool):
    """The second model is the control: there the caller imports one."""
    done = subprocess.run([sys.executable, "-c", READING, model], capture_output=True, text=True, check=True)
    assert bool(LIBRARIES & set(done.stdout.split())) == loaded
