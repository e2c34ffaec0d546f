"""The laboratory: critical points of an objective, found, polished, decoded and followed."""

from gmmscape.landscape.atlas import Atlas
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
from gmmscape.landscape.profile import PathProfile
from gmmscape.landscape.separation import SeparationCurve, error_against_separation
from gmmscape.landscape.structure import Block, Decoding, Structure, decode

__all__ = [
    "Atlas",
    "Birth",
    "Block",
    "CriticalPoint",
    "Decoding",
    "Falsification",
    "FalsifyEvent",
    "Landscape",
    "PathProfile",
    "SeparationCurve",
    "ShareCurve",
    "Structure",
    "Suspect",
    "birth",
    "candidates",
    "decode",
    "error_against_separation",
    "falsify",
    "unstructured_against_separation",
]
