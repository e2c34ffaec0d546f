"""Pictures of landscapes: classes with `plot`, in the manner of scikit-learn's displays.

They take plain numbers, so that anything found elsewhere can be drawn too. Matplotlib is imported when a
picture is drawn; figures are not registered with pyplot.
"""

from gmmscape.landscape.pictures.atlas import AtlasDisplay
from gmmscape.landscape.pictures.basins import BasinsDisplay
from gmmscape.landscape.pictures.birth import BirthDisplay
from gmmscape.landscape.pictures.disconnectivity import DisconnectivityDisplay
from gmmscape.landscape.pictures.falsification import FalsificationDisplay
from gmmscape.landscape.pictures.merging import Join
from gmmscape.landscape.pictures.minima import MinimaDisplay
from gmmscape.landscape.pictures.phase import PhaseDisplay
from gmmscape.landscape.pictures.profile import ProfileDisplay
from gmmscape.landscape.pictures.separation import SeparationDisplay
from gmmscape.landscape.pictures.shares import ShareDisplay
from gmmscape.landscape.pictures.threshold import FollowedLine, ThresholdDisplay

__all__ = [
    "AtlasDisplay",
    "BasinsDisplay",
    "BirthDisplay",
    "DisconnectivityDisplay",
    "FalsificationDisplay",
    "FollowedLine",
    "Join",
    "MinimaDisplay",
    "PhaseDisplay",
    "ProfileDisplay",
    "SeparationDisplay",
    "ShareDisplay",
    "ThresholdDisplay",
]
