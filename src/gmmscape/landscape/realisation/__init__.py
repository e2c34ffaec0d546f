"""Realisation: which candidate structures are minima, where float64 cannot see it too."""
