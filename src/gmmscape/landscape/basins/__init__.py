"""Basins of attraction: which minimum a start falls into."""

from gmmscape.landscape.basins.basins import basins
from gmmscape.landscape.basins.result import BasinShares

__all__ = ["BasinShares", "basins"]
