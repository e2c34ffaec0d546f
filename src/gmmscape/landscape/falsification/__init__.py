"""Falsification: random separated truths searched for minima that are no union of blocks."""

from gmmscape.landscape.falsification.falsify import falsify
from gmmscape.landscape.falsification.one_truth import Searched
from gmmscape.landscape.falsification.result import Falsification
from gmmscape.landscape.falsification.share_curve import (
    ShareCurve,
    SharePoint,
    unstructured_against_separation,
)
from gmmscape.landscape.falsification.suspect import Suspect

__all__ = [
    "Falsification",
    "Searched",
    "ShareCurve",
    "SharePoint",
    "Suspect",
    "falsify",
    "unstructured_against_separation",
]
