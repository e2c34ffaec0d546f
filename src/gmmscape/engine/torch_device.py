"""PyTorch and its devices: which one computes, how exactly it multiplies, how much it works on at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.exceptions import InvalidParameterError, NotAvailableError

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
        raise NotAvailableError(f"GMMSCAPE_DEVICE={name!r}: PyTorch sees {cards} CUDA device(s) here")
    return device


@contextmanager
def exact_products() -> Iterator[None]:
    """Let products of float32 matrices be in float32, whatever the process has allowed (TF32, bfloat16).

    No gradients are recorded meanwhile.
    """
    places = [torch.backends.cuda.matmul, torch.backends.mkldnn.matmul]
    if not all(hasattr(place, "fp32_precision") for place in places):  # before PyTorch 2.9
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            with torch.inference_mode():
                yield
        finally:
            torch.set_float32_matmul_precision(before)
        return
    each = [place.fp32_precision for place in places]
    try:
        for place in places:
            place.fp32_precision = "ieee"
        with torch.inference_mode():
            yield
    finally:
        for place, precision in zip(places, each, strict=True):
            place.fp32_precision = precision


def on_device(array: FloatArray, device: Tensor) -> Tensor:
    """Return a copy of a small array on a device, float64."""
    return torch.tensor(np.asarray(array, dtype=np.float64), dtype=torch.float64, device=device)


def on_host(tensor: Tensor) -> FloatArray:
    """Return a tensor as a NumPy array, float64; what is under way on its device ends first."""
    return tensor.double().cpu().numpy()
