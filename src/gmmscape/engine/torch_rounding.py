"""Estimated rounding errors on a device: the sums that `engine.rounding` states in NumPy."""

from __future__ import annotations

import numpy as np

from gmmscape.engine.parameters import Parameters
from gmmscape.engine.protocol import Rounding
from gmmscape.engine.rounding import EPS, SAFETY
from gmmscape.engine.torch_data import DeviceData
from gmmscape.engine.torch_densities import DeviceMixture, posterior
from gmmscape.engine.torch_device import on_host, torch
from gmmscape.engine.torch_sums import summed


def rounding(data: DeviceData, parameters: Parameters, largest: float) -> Rounding | None:
    """Return the errors, for rows whose largest coordinate is given; None where some row has no density."""
    mixture = DeviceMixture(parameters, data.device)
    precision = float(np.abs(parameters.factors).max())
    constants = parameters.log_constants
    constant = float(np.abs(constants[np.isfinite(constants)]).max(initial=0.0))
    with np.errstate(over="ignore"):
        shift = EPS * max(largest, float(np.abs(parameters.means).max())) * precision
    value = torch.zeros((), dtype=torch.float64, device=data.device)
    slope, bend = torch.zeros((2, mixture.k), dtype=torch.float64, device=data.device)
    missed = torch.zeros((), dtype=torch.float64, device=data.device)
    for rows in data.small_blocks(3 * mixture.width, slice(0, data.n)):
        y = mixture.deviations(data.local(rows))
        psi, density = posterior(mixture.joint(y))
        weights = data.weights(rows)
        weights = torch.ones_like(density) if weights is None else weights
        squares = torch.where(psi > 0, y.square().sum(dim=1), 0.0)
        m = squares.sqrt()
        error = EPS * (1.0 + constant + squares) + shift * m
        doubt = psi * (1.0 - psi) * error
        value = value + summed(weights * ((psi * error).sum(dim=0) + EPS * density.abs()))
        slope = slope + summed(weights * (doubt * m + psi * (EPS * m + shift)))
        bend = bend + summed(weights * (doubt * squares + psi * (EPS * (1.0 + squares) + shift * m)))
        missed = missed + torch.isinf(density).sum()
    if float(missed):
        return None
    unit = data.weight_unit
    found = unit * float(value), unit * on_host(slope).max(), unit * on_host(bend).max()
    return Rounding(
        SAFETY * found[0],
        SAFETY * precision * float(found[1]),
        SAFETY * (precision * (precision * float(found[2]))),
    )
