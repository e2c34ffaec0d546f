"""gmmscape: the loss landscape of Gaussian mixture models.

Public names load on first use, so that ``import gmmscape`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gmmscape.exceptions import (
        DataError,
        FormatError,
        GmmscapeError,
        InvalidParameterError,
        NotAvailableError,
    )
    from gmmscape.landscape import Atlas, CriticalPoint, Landscape, Structure, candidates, decode
    from gmmscape.measure import Population, Sample
    from gmmscape.mixture import Mixture
    from gmmscape.solve import Solution

_HOMES = {
    "Atlas": "landscape",
    "CriticalPoint": "landscape",
    "DataError": "exceptions",
    "FormatError": "exceptions",
    "GmmscapeError": "exceptions",
    "InvalidParameterError": "exceptions",
    "Landscape": "landscape",
    "Mixture": "mixture",
    "NotAvailableError": "exceptions",
    "Population": "measure",
    "Sample": "measure",
    "Solution": "solve",
    "Structure": "landscape",
    "candidates": "landscape",
    "decode": "landscape",
}

__all__ = [
    "Atlas",
    "CriticalPoint",
    "DataError",
    "FormatError",
    "GmmscapeError",
    "InvalidParameterError",
    "Landscape",
    "Mixture",
    "NotAvailableError",
    "Population",
    "Sample",
    "Solution",
    "Structure",
    "candidates",
    "decode",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value = import_module("gmmscape.version").VERSION
    elif name in _HOMES:
        value = getattr(import_module(f"gmmscape.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'gmmscape' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
