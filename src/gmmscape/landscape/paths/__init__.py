"""Paths of truths: minima followed along them to where they are born."""
