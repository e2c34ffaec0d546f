"""The version, as installed: its one home is pyproject.toml."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("gmmscape")
except PackageNotFoundError:  # imported from a source tree that was never installed
    VERSION = "unknown"
