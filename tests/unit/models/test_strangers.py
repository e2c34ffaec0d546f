"""Models are known by their attributes, not by their class."""

from __future__ import annotations

import sys

import numpy as np

import gmmscape as gs
from gmmscape.models import read_model
from unit.models.cases import X, bad, mixture_of, repaired


def test_no_model_library_is_imported_for_reading():
    """Models are known by their attributes: these are of no class that gmmscape could know."""
    assert "pandas" not in sys.modules
    source = bad("tied")
    stranger = type("Stranger", (), {})()
    for name in ("weights_", "means_", "covariances_", "covariance_type", "reg_covar"):
        setattr(stranger, name, getattr(source, name))
    assert read_model(stranger).mixture == mixture_of(source)
    result = gs.repair(stranger, X, rng=0)
    assert type(result.model) is type(stranger)
    np.testing.assert_array_equal(result.model.means_, repaired("tied").model.means_)
