"""NLL and Hessian of a location fit against a truth in any few dimensions, by Gauss-Hermite products."""

import itertools

import numpy as np


def nll_and_hessian(weights, centers, tau, means, sigma, order=24):
    """The NLL of means (k, d), weights 1/k, and its Hessian (k d, k d), in the means."""
    centers, means = np.asarray(centers, float), np.asarray(means, float)
    (k, d), weights = means.shape, np.asarray(weights, float) / np.sum(weights)
    nodes, masses = np.polynomial.hermite_e.hermegauss(order)
    z = np.array(list(itertools.product(nodes, repeat=d)))
    w = np.prod(list(itertools.product(masses / masses.sum(), repeat=d)), axis=1)
    value, hessian = 0.0, np.zeros((k, d, k, d))
    for share, center in zip(weights, centers, strict=True):
        y = (center + tau * z)[:, None] - means
        log_terms = -(y**2).sum(axis=2) / (2 * sigma**2) - d / 2 * np.log(2 * np.pi * sigma**2) - np.log(k)
        log_q = np.logaddexp.reduce(log_terms, axis=1)
        psi = np.exp(log_terms - log_q[:, None])
        value -= share * w @ log_q
        g = psi[:, :, None] * y / sigma**2
        hessian += share * np.einsum("n,nia,njb->iajb", w, g, g, optimize=True)
        for i in range(k):
            own = np.einsum("n,na,nb->ab", w, g[:, i], y[:, i]) / sigma**2
            hessian[i, :, i] -= share * (own - w @ psi[:, i] / sigma**2 * np.eye(d))
    return value, hessian.reshape(k * d, k * d)
