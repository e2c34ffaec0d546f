"""Diagnosis and repair: is a fit a bad optimum, what is wrong with it, and the way out."""

from gmmscape.diagnosis.diagnose import diagnose
from gmmscape.diagnosis.findings import Finding
from gmmscape.diagnosis.repair import Repair, repair
from gmmscape.diagnosis.result import ComponentReport, Diagnosis

__all__ = ["ComponentReport", "Diagnosis", "Finding", "Repair", "diagnose", "repair"]
