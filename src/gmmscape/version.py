"""The version, as installed: its one home is pyproject.toml."""

from importlib.metadata import version

VERSION = version("gmmscape")
