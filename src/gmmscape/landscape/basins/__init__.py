"""Basins of attraction: which minimum a start falls into."""

from gmmscape.landscape.basins.basins import BasinsEvent, basins
from gmmscape.landscape.basins.result import Basins

__all__ = ["Basins", "BasinsEvent", "basins"]
