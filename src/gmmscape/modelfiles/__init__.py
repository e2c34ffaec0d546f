"""Model files: one file that holds all of a model, checked before it is believed."""

from gmmscape.modelfiles.load import load

__all__ = ["load"]
