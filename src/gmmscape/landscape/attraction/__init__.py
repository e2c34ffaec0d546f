"""Basins of attraction: which minimum a start falls into."""

from gmmscape.landscape.attraction.basins import BasinsEvent, basins
from gmmscape.landscape.attraction.result import Basins

__all__ = ["Basins", "BasinsEvent", "basins"]
