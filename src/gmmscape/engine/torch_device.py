"""PyTorch and its devices: which one computes, how exactly it multiplies, how much it works on at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError, NotAvailableError
from gmmscape.threads import ForkLock

#: The library. Not imported by a statement, so that types are checked alike where it is not installed.
torch: Any = import_module("torch")

#: An array on a device.
Tensor: TypeAlias = Any

#: Numbers in the largest intermediate array of a pass: a card wants long blocks, a processor its caches.
LARGEST_ARRAY = {"cuda": 1 << 26, "cpu": 1 << 19}


def device_named(name: str) -> Tensor:
    """Return the device of a name, as GMMSCAPE_DEVICE has it; the first card, or else the CPU, for "".

    Raises
    ------
    InvalidParameterError
        If it is no such name.
    NotAvailableError
        If this machine has no such device.
    """
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not name:
        return torch.device("cuda" if cards else "cpu")
    remedy = "choose cpu, cuda, or cuda:N for the card of number N"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InvalidParameterError.of("GMMSCAPE_DEVICE", name, remedy) from None
    if device.type not in LARGEST_ARRAY or (device.type == "cpu" and device.index):
        raise InvalidParameterError.of("GMMSCAPE_DEVICE", name, remedy)
    if device.type == "cuda" and (device.index or 0) >= cards:
        raise NotAvailableError(
            f"GMMSCAPE_DEVICE={name!r}: the number of CUDA devices that PyTorch sees here is {cards}"
        )
    return device


@contextmanager
def exact_products() -> Iterator[None]:
    """Let products of float32 matrices be in float32, whatever the process has allowed (TF32, bfloat16).

    What it has allowed holds for all its threads: the last one to leave restores it. No gradients are
    recorded meanwhile.
    """
    _EXACT.enter()
    try:
        with torch.inference_mode():
            yield
    finally:
        _EXACT.leave()


class _Exactness:
    """How many threads need exact products, and what is to be restored after them."""

    def __init__(self) -> None:
        self._lock, self._inside = ForkLock(), 0
        self._before: _Allowed | None = None

    def enter(self) -> None:
        with self._lock.held():
            if self._inside == 0:
                self._before = _Allowed.now()
                if self._before is not None:
                    # This sets the names of all versions; products on cards refuse a mixture of them.
                    torch.set_float32_matmul_precision("highest")
            self._inside += 1

    def leave(self) -> None:
        with self._lock.held():
            self._inside -= 1
            if self._inside == 0 and self._before is not None:
                self._before.restore()


_EXACT = _Exactness()


class _Allowed(NamedTuple):
    """What products of float32 may be, by the one name there was before PyTorch 2.9 and by those since."""

    overall: str | None
    on_cards: str | None
    on_cpus: str | None

    @classmethod
    def now(cls) -> _Allowed | None:
        """Return what is allowed, or None where that is nothing but float32."""
        places = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul
        if not all(hasattr(place, "fp32_precision") for place in places):
            overall = torch.get_float32_matmul_precision()
            return None if overall == "highest" else cls(overall, None, None)
        each = [place.fp32_precision for place in places]
        if all(precision in ("ieee", "none") for precision in each):
            return None
        try:
            overall = torch.get_float32_matmul_precision()
        except RuntimeError:  # the newer names said something else
            overall = None
        return cls(overall, *each)

    def restore(self) -> None:
        """Allow it again."""
        if self.overall is not None:
            torch.set_float32_matmul_precision(self.overall)
        if self.on_cards is not None:
            torch.backends.cuda.matmul.fp32_precision = self.on_cards
            torch.backends.mkldnn.matmul.fp32_precision = self.on_cpus


def on_device(array: FloatArray, device: Tensor) -> Tensor:
    """Return a copy of a small array on a device, float64."""
    return torch.tensor(np.asarray(array, dtype=np.float64), dtype=torch.float64, device=device)


def on_host(tensor: Tensor) -> FloatArray:
    """Return a tensor as a NumPy array, float64; what is under way on its device ends first."""
    return tensor.double().cpu().numpy()
