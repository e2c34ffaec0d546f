"""Results as records: written to JSON files, read back, compared, shown as text."""

from gmmscape.results.records import Record, read

__all__ = ["Record", "read"]
