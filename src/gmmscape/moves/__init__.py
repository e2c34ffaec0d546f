"""Moves: components split, merged and deleted, and the search that tries them."""

from gmmscape.moves.search import Event, TriedMove

__all__ = ["Event", "TriedMove"]
