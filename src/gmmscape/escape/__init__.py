"""Diagnosis and repair: is a fit a bad optimum, which components are wrong, and the way out."""

from gmmscape.escape.diagnose import diagnose
from gmmscape.escape.diagnosis import ComponentReport, Diagnosis
from gmmscape.escape.findings import Finding
from gmmscape.escape.repair import Repair, repair
from gmmscape.escape.search import Event, TriedMove

__all__ = ["ComponentReport", "Diagnosis", "Event", "Finding", "Repair", "TriedMove", "diagnose", "repair"]
