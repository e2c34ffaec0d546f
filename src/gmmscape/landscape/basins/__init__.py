"""Basins of attraction: which minimum a start falls into."""

from gmmscape.landscape.basins.basins import basins
from gmmscape.landscape.basins.result import Basins

__all__ = ["Basins", "basins"]
