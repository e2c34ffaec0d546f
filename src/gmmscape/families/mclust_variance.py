"""What R's mclust looks for in the variance of each of its models: volumes, shapes and orientations."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.families.common_axes import shared_axes
from gmmscape.families.decomposition import ALL, WHOLE, Decomposition


def named_for_mclust(found: dict[str, Any], family: str) -> dict[str, Any]:
    """Return a mixture's parameters as mclust holds them under the name of its family.

    Parameters
    ----------
    found : dict
        As `Mixture.to_mclust` returns them, under the name of how the covariances are stored.
    family : str
        What was free.

    Returns
    -------
    dict
        The same under mclust's name of the family, where components share some of their covariances, with
        what mclust's own functions look for: `scale`, `shape`, `orientation`, `sigmasq`, `Sigma`.
    """
    shared = next((one for one in ALL if one.name == family and family not in WHOLE), None)
    if shared is None or found["d"] == 1 or found["G"] == 1:
        return found
    matrices = np.moveaxis(found["parameters"]["variance"]["sigma"], -1, 0)
    size = {"modelName": shared.name, "d": found["d"], "G": found["G"]}
    parameters = found["parameters"] | {"variance": {**size, **_variance(shared, matrices)}}
    return {**size, "parameters": parameters}


def _variance(shared: Decomposition, matrices: FloatArray) -> dict[str, Any]:
    """What mclust's help page `mclustVariance` lists; axes are columns, the widest first."""
    d = matrices.shape[-1]
    scale = np.exp(np.linalg.slogdet(matrices)[1] / d)
    axes = _axes(shared, matrices)
    shape = np.diagonal(np.swapaxes(axes, 1, 2) @ matrices @ axes, axis1=1, axis2=2) / scale[:, None]
    found: dict[str, Any] = {"sigma": np.moveaxis(matrices, 0, -1).copy()}
    if "V" not in shared.name:
        found["Sigma"] = matrices[0].copy()
    found["scale"] = scale if shared.volume == "V" else float(scale[0])
    if shared.shape == "I":
        return found | {"sigmasq": found["scale"]}
    found["shape"] = shape.T.copy() if shared.shape == "V" else shape[0].copy()
    if shared.orientation != "I":
        found["orientation"] = np.moveaxis(axes, 0, -1).copy() if shared.orientation == "V" else axes[0]
    return found


def _axes(shared: Decomposition, matrices: FloatArray) -> FloatArray:
    """Orthonormal columns along which each matrix is diagonal, shape (k, d, d)."""
    k, d, _ = matrices.shape
    if shared.orientation == "I":
        return np.repeat(np.eye(d)[None], k, axis=0)
    if shared.orientation == "V":
        return np.linalg.eigh(matrices)[1][:, :, ::-1]
    axes = shared_axes(matrices)
    widest_first = np.argsort(-np.diagonal(axes.T @ matrices[0] @ axes))
    return np.repeat(axes[None, :, widest_first], k, axis=0)
