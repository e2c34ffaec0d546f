"""Moves: components split, merged and deleted, and the search that tries them."""

from gmmscape.moves.search import TriedMove

__all__ = ["TriedMove"]
