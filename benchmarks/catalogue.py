"""Which benchmarks there are, by the folder that holds them, in the order of the page."""

from __future__ import annotations

from importlib import import_module

from benchmarks.harness import Benchmark

FOLDERS = {
    "computing": (
        "engine",
        "gpu",
        "second_order",
        "speed",
        "fits",
        "memory",
        "integrals",
        "reading",
    ),
    "fitting": (
        "recovery",
        "race",
        "many",
        "defaults",
        "overlap",
        "hostile",
        "nested",
        "repair_sklearn",
        "optima",
        "select",
        "messy",
        "missing",
        "extremes",
        "background",
        "mclust_families",
    ),
    "hardening": ("fuzzing", "tampering", "forks"),
    "judging": (
        "number",
        "generalise",
        "planted",
        "verdicts",
        "calibration",
        "intervals",
        "suggestion",
        "ranking",
    ),
    "landscapes": (
        "laws",
        "candidates",
        "count_law",
        "graph",
        "searches",
        "unseen",
        "births",
        "thresholds",
        "falsify",
        "phase",
        "basins",
        "sample_landscapes",
        "freedom",
        "published",
        "compare",
    ),
    "proving": ("bounds", "certificates", "mutations"),
    "scaling": ("streaming", "components", "coreset", "dask", "spark", "kills", "reach"),
}
NAMES = tuple(name for names in FOLDERS.values() for name in names)


def benchmark(name: str) -> Benchmark:
    """Return the benchmark of a name."""
    return import_module(f"benchmarks.{folder_of(name)}.{name}").BENCHMARK


def folder_of(name: str) -> str:
    """Return the folder that holds a benchmark, and its results below `results`."""
    return next(folder for folder, names in FOLDERS.items() if name in names)
