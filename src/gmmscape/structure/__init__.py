"""Structure: which means of a fit stand for which centers of a truth, and the candidates that there are."""

from gmmscape.structure.candidates import candidates
from gmmscape.structure.structure import Block, Decoding, Structure, decode

__all__ = ["Block", "Decoding", "Structure", "candidates", "decode"]
