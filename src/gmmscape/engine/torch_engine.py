"""TorchEngine: passes over rows that a card holds, or a processor, by PyTorch. Needs the [gpu] extra.

Statistics are computed in the rows' own precision where a block allows it, everything else in float64; sums
are float64 always. What only the reference engine can do is left to it: rows that no component reaches.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray, IntArray
from gmmscape.covariances import kind_named
from gmmscape.engine.extension import instruction_sets
from gmmscape.engine.held import HeldRows
from gmmscape.engine.native import NativeRows
from gmmscape.engine.parameters import Parameters
from gmmscape.engine.protocol import EmRuns, EmTask, Rounding, Rows
from gmmscape.engine.torch_data import DeviceData
from gmmscape.engine.torch_densities import DeviceMixture, posterior, remainders
from gmmscape.engine.torch_device import Tensor, device_named, exact_products, on_host, torch
from gmmscape.engine.torch_information import information, missing_product
from gmmscape.engine.torch_rounding import rounding
from gmmscape.engine.torch_statistics import statistics
from gmmscape.statistics import Information, LocationDerivatives, ScoreMoments, SufficientStatistics
from gmmscape.threads import cached_property
from gmmscape.weights import Weights

#: Rows times components times columns, or their square for matrices, up to which EM's loop runs natively.
SMALL_PASS = 1 << 24


class TorchEngine:
    """PyTorch on one device.

    Parameters
    ----------
    device : str, default=""
        Name of the device as PyTorch has it; "" for the first card, or the CPU where there is none.
    """

    name = "torch"
    isa = None

    def __init__(self, device: str = "") -> None:
        self._device = device_named(device)

    @property
    def device(self) -> str:
        """Name of the device."""
        return str(self._device)

    def hold(self, X: Rows, weights: Weights, origin: FloatArray | None = None) -> TorchRows:
        """Return rows, sent to the device when they are first computed with."""
        return TorchRows(self._device, X, weights, origin)


class TorchRows(HeldRows):
    """Rows of the engine; see `protocol.Held`."""

    def __init__(self, device: Tensor, X: Rows, weights: Weights, origin: FloatArray | None = None) -> None:
        super().__init__(X, weights, origin)
        self._device = device

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what the device holds: another process sends the rows itself."""
        return {name: kept for name, kept in self.__dict__.items() if name not in ("_data", "_natively")}

    @cached_property
    def _data(self) -> DeviceData:
        return DeviceData.sent(self.X, self.weights, self.origin, self._device)

    def statistics(self, parameters: Parameters, scatter: str) -> SufficientStatistics:
        """Return the sufficient statistics at a mixture."""
        with exact_products():
            found = statistics(self._data, parameters, scatter)
        return super().statistics(parameters, scatter) if found is None else found

    def log_density(self, parameters: Parameters) -> FloatArray:
        """Return the log density of the mixture at each row, shape (n,)."""
        with exact_products():
            mixture, data = DeviceMixture(parameters, self._device), self._data
            out = torch.empty(data.n, dtype=torch.float64, device=self._device)
            for rows in data.small_blocks(3 * mixture.width, slice(0, data.n)):
                out[rows] = posterior(mixture.joint(mixture.deviations(data.local(rows)))).density
            return on_host(out)

    def responsibilities(self, parameters: Parameters) -> FloatArray:
        """Return the posterior probability of each component at each row, shape (n, k)."""
        with exact_products():
            mixture, data = DeviceMixture(parameters, self._device), self._data
            out = np.empty((data.n, mixture.k))
            for rows in data.small_blocks(3 * mixture.width, slice(0, data.n)):
                at = posterior(mixture.joint(mixture.deviations(data.local(rows))))
                out[rows] = on_host(at.psi.T)
        lost = np.flatnonzero(~out.any(axis=1))
        if len(lost):
            out[lost] = self.taken(lost)._by_reference(parameters)
        return out

    def _by_reference(self, parameters: Parameters) -> FloatArray:
        return super().responsibilities(parameters)

    def covered(
        self, parameters: Parameters, threshold: float
    ) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """Return component, row, responsibility and one less it, row after row."""
        parts: list[tuple[Any, ...]] = []
        with exact_products():
            mixture, data = DeviceMixture(parameters, self._device), self._data
            for rows in data.small_blocks(3 * mixture.width, slice(0, data.n)):
                psi, density = posterior(mixture.joint(mixture.deviations(data.local(rows))))
                if bool(torch.isinf(density).any()):
                    return super().covered(parameters, threshold)
                row, component = torch.nonzero(threshold <= psi.T, as_tuple=True)
                rest = remainders(psi)
                found = (component, row + rows.start, psi[component, row], rest[component, row])
                parts.append(tuple(part.cpu().numpy() for part in found))
        component, row, share, rest = (np.concatenate(part) for part in zip(*parts, strict=True))
        return component, row, share, rest

    def nearest(self, parameters: Parameters) -> IntArray:
        """Return the component of largest joint density at each row, shape (n,)."""
        return self._natively.nearest(parameters) if instruction_sets() else super().nearest(parameters)

    def derivatives(self, parameters: Parameters, *, hessian: bool) -> LocationDerivatives:
        """Return value, gradient and Hessian in the means, equal spherical covariances.

        They are those of the information where nothing but means and weights is free.
        """
        with exact_products():
            found = information(self._data, parameters, "none", missing=hessian)
        if found is None:
            return super().derivatives(parameters, hessian=hessian)
        k, d = parameters.means.shape
        factor, moments = float(parameters.factors[0]), found.moments
        second = None
        if found.missing is not None:
            means = np.arange(k * (1 + d)).reshape(k, 1 + d)[:, 1:].ravel()
            second = np.diag(np.repeat(moments.mass, d)) - found.missing[np.ix_(means, means)]
            # sigma is the unit of length up to here: its fourth power may not be representable.
            second = factor * (factor * second)
        return LocationDerivatives(-moments.log_likelihood, -factor * moments.first, second, moments.mass)

    def information(self, parameters: Parameters, scatter: str, *, missing: bool) -> Information:
        """Return moments of scores and, where asked for, the missing information."""
        with exact_products():
            found = information(self._data, parameters, scatter, missing=missing)
        return super().information(parameters, scatter, missing=missing) if found is None else found

    def missing_product(self, parameters: Parameters, scatter: str, direction: FloatArray) -> ScoreMoments:
        """Return the missing information times a direction, as moments of y."""
        with exact_products():
            found = missing_product(self._data, parameters, scatter, direction)
        return super().missing_product(parameters, scatter, direction) if found is None else found

    def rounding(self, parameters: Parameters, *, joint: bool = False) -> Rounding:
        """Return estimated rounding errors of the value and of its derivatives in the means."""
        if joint:
            return super().rounding(parameters, joint=True)
        with exact_products():
            found = rounding(self._data, parameters, self.largest)
        return super().rounding(parameters) if found is None else found

    def em(self, task: EmTask) -> EmRuns | None:
        """Return where EM leads from each start; None where Python has to drive passes on the device.

        Passes that take a card no longer than starting its kernels, and starts on ranges of the rows, are
        left to the native engine's loops, where there is one.
        """
        _, k, d = task.means.shape
        size = len(self.X) * k * kind_named(task.kind).work(d)
        if not instruction_sets() or (task.ranges is None and size > SMALL_PASS):
            return None
        return self._natively.em(task)

    @cached_property
    def _natively(self) -> NativeRows:
        return NativeRows(instruction_sets()[-1], self.X, self.weights, self.origin)

    def taken(self, rows: Any, weights: FloatArray | None = None) -> TorchRows:
        """Return some rows with their own weights or others; a range stays where it is on the device."""
        own = self.weights.taken(rows) if weights is None else Weights.of(weights)
        taken = TorchRows(self._device, self.X[rows], own, self.origin)
        sent = self.__dict__.get("_data")
        if sent is not None and isinstance(rows, slice) and rows.step in (None, 1):
            taken.__dict__["_data"] = sent.taken(rows, own)
        return taken

    def _of_this_kind(self, X: Rows) -> TorchRows:
        return TorchRows(self._device, X, self.weights)
