"""gmmscape: Gaussian mixtures that are not stuck, and the landscape of their likelihood.

The laboratory is `gmmscape.lab`, pictures are in `gmmscape.plot`. Public names load on first use, so that
``import gmmscape`` costs next to nothing; ``__init__.pyi`` tells checkers of types what they are.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "diagnosis": ("Diagnosis", "Finding", "Repair", "diagnose", "repair"),
    "estimator": ("GaussianMixture",),
    "exceptions": (
        "DataError",
        "FormatError",
        "GmmscapeError",
        "InvalidParameterError",
        "NoResultError",
        "NotAvailableError",
    ),
    "inference": ("standard_errors",),
    "mixture": ("Mixture", "divergence", "from_mclust"),
    "modelfiles": ("load",),
    "models": ("NotFittedError",),
    "optima": ("LocalOptima", "local_optima"),
    "papers": ("citation",),
    "selection": ("Selection", "select"),
    "tables.blocks": ("open_rows",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value = import_module("gmmscape.version").VERSION
    elif name in _HOME_OF:
        value = getattr(import_module(f"gmmscape.{_HOME_OF[name]}"), name)
    elif name in ("lab", "plot"):
        value = import_module(f"gmmscape.{name}")
    else:
        raise AttributeError(f"module 'gmmscape' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "lab", "plot"])
