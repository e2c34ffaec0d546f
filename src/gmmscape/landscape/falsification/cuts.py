"""Centers that a fit cuts: shared by means which have other centers as well."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.landscape.laws import cut_stability
from gmmscape.mixture import Mixture


class CutCenter(NamedTuple):
    """A center whose draws two means share, one of which has other centers besides.

    Attributes
    ----------
    center : int
        Which.
    means : tuple of int
        The two means that have most of it.
    share : float
        Share of the first of them, of what both have.
    gap : float
        Distance of the two means, sigma.
    offset : float
        Distance of the center from the line through them, sigma.
    masses : tuple of float
        What else the two means have, in units of the cut center's weight: with equal weights the number of
        their whole centers.
    stability : float
        Law 9: stable, to leading order, where below one.
    """

    center: int
    means: tuple[int, int]
    share: float
    gap: float
    offset: float
    masses: tuple[float, float]
    stability: float

    def __str__(self) -> str:
        i, j = self.means
        return (
            f"center {self.center} cut {self.share:.3g} : {1 - self.share:.3g} between means {i} and {j}, "
            f"{self.gap:.4g} sigma apart; law 9 {self.stability:.3g}"
        )


def cut_centers(
    means: FloatArray, association: FloatArray, truth: Mixture, sigma: float, tau: float
) -> tuple[CutCenter, ...]:
    """Return the centers that a fit cuts, with what law 9 says of each.

    Parameters
    ----------
    means : ndarray of shape (k, d)
        Fitted means.
    association : ndarray of shape (k, k_star)
        Responsibility of each mean over each center.
    truth : Mixture
        What is true.
    sigma : float
        Standard deviation of the fit.
    tau : float
        Associations up to this do not count.

    Returns
    -------
    tuple of CutCenter
        In the order of the centers; none where all centers that are shared have their means to themselves.
    """
    held = association > tau
    found = []
    for s in range(truth.n_components):
        if held[:, s].sum() < 2 or (held[held[:, s]].sum(axis=1) == 1).all():
            continue
        i, j = np.sort(np.argsort(-association[:, s], kind="stable")[:2]).tolist()
        found.append(_cut(s, (i, j), means, association, truth, sigma))
    return tuple(found)


def _cut(
    s: int, pair: tuple[int, int], means: FloatArray, association: FloatArray, truth: Mixture, sigma: float
) -> CutCenter:
    i, j = pair
    line = means[j] - means[i]
    gap = float(np.linalg.norm(line))
    there = truth.means[s] - means[i]
    # Two means in one place share whatever they share equally; no line goes through them.
    offset = float(np.linalg.norm(there - (there @ line) * line / gap**2)) if gap > 0.0 else 0.0
    share = float(association[i, s] / (association[i, s] + association[j, s]))
    weight = float(truth.weights[s])
    others = association @ truth.weights - association[:, s] * weight
    masses = (float(others[i] / weight), float(others[j] / weight))
    stability = 0.0
    if gap > 0.0:
        stability = cut_stability(share, gap, *masses, offset=offset, sigma=sigma)
    return CutCenter(s, (i, j), share, gap / sigma, offset / sigma, masses, stability)
