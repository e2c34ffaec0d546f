"""Rows of files in blocks: files that need not fit into memory."""

from gmmscape.tables.blocks.open_rows import open_rows

__all__ = ["open_rows"]
