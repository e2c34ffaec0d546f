"""The laboratory: critical points of an objective, found, polished, decoded and followed."""

from gmmscape.landscape.atlas import Atlas
from gmmscape.landscape.attraction import Basins, BasinsEvent, basins
from gmmscape.landscape.births import Birth
from gmmscape.landscape.candidates import candidates
from gmmscape.landscape.continuation import birth
from gmmscape.landscape.critical_point import CriticalPoint
from gmmscape.landscape.falsification import (
    Falsification,
    FalsifyEvent,
    ShareCurve,
    Suspect,
    falsify,
    unstructured_against_separation,
)
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.phases import Phase, PhaseEvent, phase
from gmmscape.landscape.profile import PathProfile
from gmmscape.landscape.separation import SeparationCurve, error_against_separation
from gmmscape.landscape.structure import Block, Decoding, Structure, decode
from gmmscape.landscape.threshold import (
    FollowedMinimum,
    StructureThreshold,
    ThresholdEvent,
    structure_threshold,
)

__all__ = [
    "Atlas",
    "Basins",
    "BasinsEvent",
    "Birth",
    "Block",
    "CriticalPoint",
    "Decoding",
    "Falsification",
    "FalsifyEvent",
    "FollowedMinimum",
    "Landscape",
    "PathProfile",
    "Phase",
    "PhaseEvent",
    "SeparationCurve",
    "ShareCurve",
    "Structure",
    "StructureThreshold",
    "Suspect",
    "ThresholdEvent",
    "basins",
    "birth",
    "candidates",
    "decode",
    "error_against_separation",
    "falsify",
    "phase",
    "structure_threshold",
    "unstructured_against_separation",
]
