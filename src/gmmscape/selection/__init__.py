"""Number of components and family, by criteria whose likelihoods are no bad optima."""

from gmmscape.selection.events import SelectionEvent
from gmmscape.selection.picture import SelectionDisplay
from gmmscape.selection.select import select
from gmmscape.selection.selection import Chosen, Selection

__all__ = ["Chosen", "Selection", "SelectionDisplay", "SelectionEvent", "select"]
