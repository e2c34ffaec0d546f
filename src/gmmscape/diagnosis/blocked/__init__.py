"""Rows in blocks: a coreset in their place, and what is judged on it."""

from gmmscape.diagnosis.blocked.coresets import SearchedOn, StandIn, searched_on
from gmmscape.diagnosis.blocked.judging import diagnose_blocks, repaired_blocks

__all__ = ["SearchedOn", "StandIn", "diagnose_blocks", "repaired_blocks", "searched_on"]
