"""Pictures: classes with `plot`, in the manner of scikit-learn's displays.

They take plain numbers, so that anything found elsewhere can be drawn too. Matplotlib is imported when a
picture is drawn; figures are not registered with pyplot.
"""

from gmmscape.plot.fits.convergence import ConvergenceDisplay
from gmmscape.plot.fits.fit import FitDisplay
from gmmscape.plot.fits.intervals import Bar, IntervalsDisplay
from gmmscape.plot.fits.optima import OptimaDisplay
from gmmscape.plot.fits.overlap import OverlapDisplay
from gmmscape.plot.fits.repair import RepairDisplay
from gmmscape.plot.fits.selection import SelectionDisplay
from gmmscape.plot.gap import GapDisplay
from gmmscape.plot.landscapes.atlas import AtlasDisplay
from gmmscape.plot.landscapes.basins import BasinsDisplay
from gmmscape.plot.landscapes.birth import BirthDisplay
from gmmscape.plot.landscapes.comparison import ComparisonDisplay
from gmmscape.plot.landscapes.disconnectivity import DisconnectivityDisplay
from gmmscape.plot.landscapes.disconnectivity_tree import Join
from gmmscape.plot.landscapes.falsification import FalsificationDisplay
from gmmscape.plot.landscapes.minima import MinimaDisplay
from gmmscape.plot.landscapes.phase import PhaseDisplay
from gmmscape.plot.landscapes.profile import ProfileDisplay
from gmmscape.plot.landscapes.separation import SeparationDisplay
from gmmscape.plot.landscapes.shares import ShareDisplay
from gmmscape.plot.landscapes.sizes import SizeDisplay
from gmmscape.plot.landscapes.theorem import BlockError, TheoremDisplay
from gmmscape.plot.landscapes.threshold import FollowedLine, ThresholdDisplay
from gmmscape.plot.landscapes.trajectory import TrajectoryDisplay

__all__ = [
    "AtlasDisplay",
    "Bar",
    "BasinsDisplay",
    "BirthDisplay",
    "BlockError",
    "ComparisonDisplay",
    "ConvergenceDisplay",
    "DisconnectivityDisplay",
    "FalsificationDisplay",
    "FitDisplay",
    "FollowedLine",
    "GapDisplay",
    "IntervalsDisplay",
    "Join",
    "MinimaDisplay",
    "OptimaDisplay",
    "OverlapDisplay",
    "PhaseDisplay",
    "ProfileDisplay",
    "RepairDisplay",
    "SelectionDisplay",
    "SeparationDisplay",
    "ShareDisplay",
    "SizeDisplay",
    "TheoremDisplay",
    "ThresholdDisplay",
    "TrajectoryDisplay",
]
