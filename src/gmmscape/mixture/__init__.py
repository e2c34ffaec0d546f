"""Mixtures: weights, means and covariances, what they say of rows, and what can be made of them."""

from gmmscape.mixture.divergences import Divergence, divergence
from gmmscape.mixture.mclust import from_mclust
from gmmscape.mixture.mixture import Mixture
from gmmscape.mixture.regression import Regression

__all__ = ["Divergence", "Mixture", "Regression", "divergence", "from_mclust"]
