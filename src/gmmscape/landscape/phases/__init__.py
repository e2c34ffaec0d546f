"""Phase diagrams: the minima over two parameters of the truth, and the curves on which they are born."""

from gmmscape.landscape.phases.cells import PhaseMinimum
from gmmscape.landscape.phases.crossings import Crossing
from gmmscape.landscape.phases.diagram import phase
from gmmscape.landscape.phases.result import PhaseDiagram

__all__ = ["Crossing", "PhaseDiagram", "PhaseMinimum", "phase"]
