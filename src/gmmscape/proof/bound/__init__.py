"""Bound: how far any mixture of one sigma can be above a fit, proved, and the best of them all."""
