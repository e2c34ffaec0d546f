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
        LocalOptima,
        LocalOptimum,
        Repair,
        TriedMove,
        diagnose,
        local_optima,
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
        Basins,
        BasinsEvent,
        Birth,
        CriticalPoint,
        Falsification,
        FalsifyEvent,
        Landscape,
        PathProfile,
        Phase,
        PhaseEvent,
        SeparationCurve,
        ShareCurve,
        Structure,
        StructureThreshold,
        Suspect,
        ThresholdEvent,
        basins,
        birth,
        candidates,
        decode,
        error_against_separation,
        falsify,
        phase,
        structure_threshold,
        unstructured_against_separation,
    )
    from gmmscape.landscape.pictures import (
        AtlasDisplay,
        BasinsDisplay,
        BirthDisplay,
        DisconnectivityDisplay,
        FalsificationDisplay,
        MinimaDisplay,
        PhaseDisplay,
        ProfileDisplay,
        SeparationDisplay,
        ShareDisplay,
        ThresholdDisplay,
    )
    from gmmscape.measure import Population, Sample
    from gmmscape.mixture import Mixture
    from gmmscape.models import NotFittedError
    from gmmscape.selection import Chosen, Selection, SelectionDisplay, SelectionEvent, select
    from gmmscape.solve import Solution

_HOMES = {
    "Atlas": "landscape",
    "AtlasDisplay": "landscape.pictures",
    "Basins": "landscape",
    "BasinsDisplay": "landscape.pictures",
    "BasinsEvent": "landscape",
    "Birth": "landscape",
    "BirthDisplay": "landscape.pictures",
    "Chosen": "selection",
    "ComponentReport": "escape",
    "CriticalPoint": "landscape",
    "DataError": "exceptions",
    "Diagnosis": "escape",
    "DisconnectivityDisplay": "landscape.pictures",
    "Event": "escape",
    "Falsification": "landscape",
    "FalsificationDisplay": "landscape.pictures",
    "FalsifyEvent": "landscape",
    "Finding": "escape",
    "FormatError": "exceptions",
    "GaussianMixture": "estimator",
    "GmmscapeError": "exceptions",
    "InvalidParameterError": "exceptions",
    "Landscape": "landscape",
    "LocalOptima": "escape",
    "LocalOptimum": "escape",
    "MinimaDisplay": "landscape.pictures",
    "Mixture": "mixture",
    "NoResultError": "exceptions",
    "NotAvailableError": "exceptions",
    "NotFittedError": "models",
    "PathProfile": "landscape",
    "Phase": "landscape",
    "PhaseDisplay": "landscape.pictures",
    "PhaseEvent": "landscape",
    "Population": "measure",
    "ProfileDisplay": "landscape.pictures",
    "Repair": "escape",
    "Sample": "measure",
    "Selection": "selection",
    "SelectionDisplay": "selection",
    "SelectionEvent": "selection",
    "SeparationCurve": "landscape",
    "SeparationDisplay": "landscape.pictures",
    "ShareCurve": "landscape",
    "ShareDisplay": "landscape.pictures",
    "Solution": "solve",
    "Structure": "landscape",
    "StructureThreshold": "landscape",
    "ThresholdDisplay": "landscape.pictures",
    "ThresholdEvent": "landscape",
    "Suspect": "landscape",
    "TriedMove": "escape",
    "basins": "landscape",
    "birth": "landscape",
    "candidates": "landscape",
    "decode": "landscape",
    "diagnose": "escape",
    "error_against_separation": "landscape",
    "falsify": "landscape",
    "local_optima": "escape",
    "phase": "landscape",
    "repair": "escape",
    "select": "selection",
    "structure_threshold": "landscape",
    "unstructured_against_separation": "landscape",
}

__all__ = [
    "Atlas",
    "AtlasDisplay",
    "Basins",
    "BasinsDisplay",
    "BasinsEvent",
    "Birth",
    "BirthDisplay",
    "Chosen",
    "ComponentReport",
    "CriticalPoint",
    "DataError",
    "Diagnosis",
    "DisconnectivityDisplay",
    "Event",
    "Falsification",
    "FalsificationDisplay",
    "FalsifyEvent",
    "Finding",
    "FormatError",
    "GaussianMixture",
    "GmmscapeError",
    "InvalidParameterError",
    "Landscape",
    "LocalOptima",
    "LocalOptimum",
    "MinimaDisplay",
    "Mixture",
    "NoResultError",
    "NotAvailableError",
    "NotFittedError",
    "PathProfile",
    "Phase",
    "PhaseDisplay",
    "PhaseEvent",
    "Population",
    "ProfileDisplay",
    "Repair",
    "Sample",
    "Selection",
    "SelectionDisplay",
    "SelectionEvent",
    "SeparationCurve",
    "SeparationDisplay",
    "ShareCurve",
    "ShareDisplay",
    "Solution",
    "Structure",
    "StructureThreshold",
    "Suspect",
    "ThresholdDisplay",
    "ThresholdEvent",
    "TriedMove",
    "basins",
    "birth",
    "candidates",
    "decode",
    "diagnose",
    "error_against_separation",
    "falsify",
    "local_optima",
    "phase",
    "repair",
    "select",
    "structure_threshold",
    "unstructured_against_separation",
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
