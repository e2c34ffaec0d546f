"""The estimator: scikit-learn's interface to fits that leave bad optima."""

from gmmscape.estimator.gaussian_mixture import GaussianMixture

__all__ = ["GaussianMixture"]
