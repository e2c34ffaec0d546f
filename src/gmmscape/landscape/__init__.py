"""Landscapes: critical points of an objective, found, polished, decoded and followed."""
