"""Landscapes of fits with more freedom than means: weights, widths, covariances."""
