"""Fits kept in a checkpoint: what they depend on, and how far they have come."""
