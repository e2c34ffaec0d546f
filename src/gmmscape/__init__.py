"""gmmscape: the loss landscape of Gaussian mixture models.

Public names load on first use, so that ``import gmmscape`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gmmscape.escape import (
        ComponentReport,
        Diagnosis,
        Event,
        Finding,
        Repair,
        TriedMove,
        diagnose,
        repair,
    )
    from gmmscape.estimator import GaussianMixture
    from gmmscape.exceptions import (
        DataError,
        FormatError,
        GmmscapeError,
        InvalidParameterError,
        NoResultError,
        NotAvailableError,
    )
    from gmmscape.landscape import (
        Atlas,
        Birth,
        CriticalPoint,
        Landscape,
        Structure,
        birth,
        candidates,
        decode,
    )
    from gmmscape.measure import Population, Sample
    from gmmscape.mixture import Mixture
    from gmmscape.models import NotFittedError
    from gmmscape.solve import Solution

_HOMES = {
    "Atlas": "landscape",
    "Birth": "landscape",
    "ComponentReport": "escape",
    "CriticalPoint": "landscape",
    "DataError": "exceptions",
    "Diagnosis": "escape",
    "Event": "escape",
    "Finding": "escape",
    "FormatError": "exceptions",
    "GaussianMixture": "estimator",
    "GmmscapeError": "exceptions",
    "InvalidParameterError": "exceptions",
    "Landscape": "landscape",
    "Mixture": "mixture",
    "NoResultError": "exceptions",
    "NotAvailableError": "exceptions",
    "NotFittedError": "models",
    "Population": "measure",
    "Repair": "escape",
    "Sample": "measure",
    "Solution": "solve",
    "Structure": "landscape",
    "TriedMove": "escape",
    "birth": "landscape",
    "candidates": "landscape",
    "decode": "landscape",
    "diagnose": "escape",
    "repair": "escape",
}

__all__ = [
    "Atlas",
    "Birth",
    "ComponentReport",
    "CriticalPoint",
    "DataError",
    "Diagnosis",
    "Event",
    "Finding",
    "FormatError",
    "GaussianMixture",
    "GmmscapeError",
    "InvalidParameterError",
    "Landscape",
    "Mixture",
    "NoResultError",
    "NotAvailableError",
    "NotFittedError",
    "Population",
    "Repair",
    "Sample",
    "Solution",
    "Structure",
    "TriedMove",
    "birth",
    "candidates",
    "decode",
    "diagnose",
    "repair",
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
