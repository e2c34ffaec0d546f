"""Mixtures: weights, means and covariances, what they say of rows, and what can be made of them."""

from gmmscape.mixture.mixture import Mixture

__all__ = ["Mixture"]
