"""Thresholds of structure: where along a path of truths the minima without structure end."""

from gmmscape.landscape.threshold.result import FollowedMinimum, StructureThreshold
from gmmscape.landscape.threshold.threshold import structure_threshold

__all__ = ["FollowedMinimum", "StructureThreshold", "structure_threshold"]
