"""Sufficient statistics: a pass over the rows on a device, a second one where the first lost digits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.torch_data import DeviceData
from gmmscape.engine.torch_densities import DeviceMixture, posterior
from gmmscape.engine.torch_device import Tensor, on_device, on_host, torch
from gmmscape.engine.torch_features import FEATURE_LIMIT, FeaturePlan, FeatureSums
from gmmscape.engine.torch_sums import Moments, moments_of, summed
from gmmscape.statistics import SufficientStatistics

#: Times the limit of the feature form: how much smaller a scatter may be than what was subtracted from it.
SLACK = 10.0


class _Passed(NamedTuple):
    """Sums over all rows: mass (k,), first (k, d) and second moments about some places.

    `missed` counts the rows without a density. `center` is where the feature form took its sums, if it did;
    `limit` is how far from there, squared and in variances, a mean may lie.
    """

    log_likelihood: float
    missed: float
    mass: FloatArray
    first: FloatArray
    second: FloatArray
    center: FloatArray | None
    limit: float


def statistics(data: DeviceData, parameters: Parameters, scatter: str) -> SufficientStatistics | None:
    """Return the sufficient statistics at a mixture; None where some row has no density."""
    plan = FeaturePlan(parameters, scatter, data)
    passed = _pass(data, parameters, scatter, parameters.means, plan)
    if passed.missed:
        return None
    mean, second = _about_mean(passed, parameters.means, scatter)
    if scatter != "none" and _lost_digits(passed, parameters.means, mean, second, scatter):
        places = mean
        passed = _pass(data, parameters, scatter, places, None)
        mean, second = _about_mean(passed, places, scatter)
    unit = data.weight_unit
    return SufficientStatistics(
        mass=unit * passed.mass,
        mean=mean,
        scatter=None if scatter == "none" else unit * second,
        kind=scatter,
        log_likelihood=unit * passed.log_likelihood,
        weight=data.total_weight,
    )


def _pass(
    data: DeviceData, parameters: Parameters, scatter: str, places: FloatArray, plan: FeaturePlan | None
) -> _Passed:
    """Sums about `places`; in the feature form where a plan allows it."""
    mixture = DeviceMixture(parameters, data.device)
    about = None if places is parameters.means else on_device(places[:, :, None], data.device)
    value = torch.zeros((), dtype=torch.float64, device=data.device)
    missed = torch.zeros((), dtype=torch.float64, device=data.device)
    near: Moments | None = None
    wide: FeatureSums | None = None
    limit = FEATURE_LIMIT[torch.float64]
    for block in data.blocks(mixture.width if plan is None else plan.width):
        dtype = None if plan is None else plan.precision(block)
        if plan is not None and dtype is not None:
            found, density = plan.sums(block, dtype)
            wide = found if wide is None else FeatureSums(*(a + b for a, b in zip(wide, found, strict=True)))
            limit = min(limit, FEATURE_LIMIT[dtype])
            value = value + _weighted_sum(density, data.weights(block))
            continue
        for part in data.small_blocks(3 * mixture.width, block):
            moments, density = _centred(data, mixture, part, scatter, about)
            near = moments if near is None else near.plus(moments)
            value = value + _weighted_sum(density, data.weights(part))
            missed = missed + torch.isinf(density).sum()
    sums = _sums_about(near, wide, plan, places, scatter)
    center = plan.center if plan is not None and wide is not None else None
    return _Passed(float(value), float(missed), *sums, center, SLACK * limit)


def _weighted_sum(density: Tensor, weights: Tensor | None) -> Tensor:
    return summed(density if weights is None else density * weights)


def _centred(
    data: DeviceData, mixture: DeviceMixture, rows: slice, scatter: str, about: Tensor | None
) -> tuple[Moments, Tensor]:
    """Moments of deviations from `about`, or from the means, and log densities, of a block."""
    x = data.local(rows)
    gaps = x - mixture.means
    at = posterior(mixture.joint(mixture.scaled(gaps)))
    weights = data.weights(rows)
    share = at.psi if weights is None else at.psi * weights
    return moments_of(share, gaps if about is None else x - about, scatter), at.density


def _sums_about(
    near: Moments | None, wide: FeatureSums | None, plan: FeaturePlan | None, places: FloatArray, scatter: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mass, first and second moments about the places, from sums in both forms."""
    parts: list[tuple[FloatArray, ...]] = []
    if near is not None:
        parts.append(tuple(on_host(part) for part in near))
    if wide is not None and plan is not None:
        parts.append(_moved(on_host(wide.by_component), on_host(wide.pooled), plan, places, scatter))
    mass, first, second = (sum(part) for part in zip(*parts, strict=True))
    return np.asarray(mass), np.asarray(first), np.asarray(second)


def _moved(
    sums: FloatArray, pooled: FloatArray, plan: FeaturePlan, places: FloatArray, scatter: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sums of features as moments about places."""
    k, d = places.shape
    mass, first, inner = sums[:, 0], plan.unit * sums[:, 1 : 1 + d], plan.unit**2 * sums[:, 1 + d :]
    gap = places - plan.center
    moved = first - mass[:, None] * gap
    if scatter == "none":
        return mass, moved, np.zeros(0)
    if scatter in ("spherical", "diag"):
        change = gap * (moved + first)
        return mass, moved, inner - change if scatter == "diag" else inner[:, 0] - change.sum(axis=1)
    # With M the mass: sum (v - g)(v - g)' = sum v v' - first g' - g moved'.
    change = first[:, :, None] * gap[:, None, :] + gap[:, :, None] * moved[:, None, :]
    if scatter == "tied":
        return mass, moved, plan.unit**2 * pooled - change.sum(axis=0)
    whole = np.empty((k, d, d))
    row, column = np.tril_indices(d)
    whole[:, row, column] = whole[:, column, row] = inner
    return mass, moved, whole - change


def _about_mean(passed: _Passed, places: FloatArray, scatter: str) -> tuple[FloatArray, FloatArray]:
    """New means, and the scatter about them."""
    mass, first, second = passed.mass, passed.first, passed.second
    shift = np.divide(first, mass[:, None], out=np.zeros_like(first), where=mass[:, None] > 0)
    mean = places + shift
    if scatter == "none":
        return mean, second
    if scatter in ("spherical", "diag"):
        between = first * shift
        rest = second - (between.sum(axis=1) if scatter == "spherical" else between)
        return mean, np.maximum(rest, 0.0)
    between = first[:, :, None] * shift[:, None, :]
    rest = second - (between.sum(axis=0) if scatter == "tied" else between)
    return mean, 0.5 * (rest + np.swapaxes(rest, -1, -2))


def _lost_digits(
    passed: _Passed, places: FloatArray, mean: FloatArray, second: FloatArray, scatter: str
) -> bool:
    """Whether some scatter is so much smaller than what was subtracted that digits are gone."""
    away = np.square(mean - places)
    if passed.center is not None:
        away = np.maximum(away, np.square(mean - passed.center))
    lost = passed.mass[:, None] * away
    own: Any = second
    if scatter == "spherical":
        lost = lost.sum(axis=1)
    elif scatter == "tied":
        lost, own = lost.sum(axis=0), np.diagonal(second)
    elif scatter == "full":
        own = np.diagonal(second, axis1=1, axis2=2)
    return not bool(np.all(lost <= passed.limit * own))
