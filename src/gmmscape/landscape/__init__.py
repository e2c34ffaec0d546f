"""The laboratory: critical points of an objective, found, polished, decoded and followed."""

from gmmscape.landscape.atlas import Atlas
from gmmscape.landscape.births import Birth
from gmmscape.landscape.candidates import candidates
from gmmscape.landscape.catchment import Basins
from gmmscape.landscape.continuation import birth
from gmmscape.landscape.critical_point import CriticalPoint
from gmmscape.landscape.diagram import PhaseEvent, phase
from gmmscape.landscape.landscape import Landscape
from gmmscape.landscape.phases import Phase
from gmmscape.landscape.profile import PathProfile
from gmmscape.landscape.separation import SeparationCurve, error_against_separation
from gmmscape.landscape.sowing import BasinsEvent, basins
from gmmscape.landscape.structure import Block, Decoding, Structure, decode

__all__ = [
    "Atlas",
    "Basins",
    "BasinsEvent",
    "Birth",
    "Block",
    "CriticalPoint",
    "Decoding",
    "Landscape",
    "PathProfile",
    "Phase",
    "PhaseEvent",
    "SeparationCurve",
    "Structure",
    "basins",
    "birth",
    "candidates",
    "decode",
    "error_against_separation",
    "phase",
]
