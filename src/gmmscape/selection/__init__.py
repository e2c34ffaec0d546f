"""Number of components and family, by criteria whose likelihoods are no bad optima."""

from gmmscape.selection.result import Chosen, Selection
from gmmscape.selection.select import select

__all__ = ["Chosen", "Selection", "select"]
