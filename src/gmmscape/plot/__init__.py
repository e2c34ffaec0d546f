"""Pictures: classes with `plot`, in the manner of scikit-learn's displays.

They take plain numbers, so that anything found elsewhere can be drawn too. Matplotlib is imported when a
picture is drawn; figures are not registered with pyplot.
"""

from gmmscape.plot.atlas import AtlasDisplay
from gmmscape.plot.basins import BasinsDisplay
from gmmscape.plot.birth import BirthDisplay
from gmmscape.plot.disconnectivity import DisconnectivityDisplay
from gmmscape.plot.disconnectivity_tree import Join
from gmmscape.plot.falsification import FalsificationDisplay
from gmmscape.plot.minima import MinimaDisplay
from gmmscape.plot.optima import OptimaDisplay
from gmmscape.plot.phase import PhaseDisplay
from gmmscape.plot.profile import ProfileDisplay
from gmmscape.plot.repair import RepairDisplay
from gmmscape.plot.selection import SelectionDisplay
from gmmscape.plot.separation import SeparationDisplay
from gmmscape.plot.shares import ShareDisplay
from gmmscape.plot.threshold import FollowedLine, ThresholdDisplay

__all__ = [
    "AtlasDisplay",
    "BasinsDisplay",
    "BirthDisplay",
    "DisconnectivityDisplay",
    "FalsificationDisplay",
    "FollowedLine",
    "Join",
    "MinimaDisplay",
    "OptimaDisplay",
    "PhaseDisplay",
    "ProfileDisplay",
    "RepairDisplay",
    "SelectionDisplay",
    "SeparationDisplay",
    "ShareDisplay",
    "ThresholdDisplay",
]
