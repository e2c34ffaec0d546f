"""Diagnosis, repair and local optima: is a fit a bad optimum, what is wrong, and the way out."""

from gmmscape.escape.diagnose import diagnose
from gmmscape.escape.diagnosis import ComponentReport, Diagnosis
from gmmscape.escape.findings import Finding
from gmmscape.escape.optima import local_optima
from gmmscape.escape.optimum import LocalOptima, LocalOptimum
from gmmscape.escape.repair import Repair, repair
from gmmscape.escape.search import Event, TriedMove

__all__ = [
    "ComponentReport",
    "Diagnosis",
    "Event",
    "Finding",
    "LocalOptima",
    "LocalOptimum",
    "Repair",
    "TriedMove",
    "diagnose",
    "local_optima",
    "repair",
]
