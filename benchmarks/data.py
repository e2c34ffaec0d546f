"""The data sets of the benchmark suite, from the folder that GMMSCAPE_DATA names."""

from __future__ import annotations

import csv
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]


def folder(variable: str) -> Path:
    """Return the folder that an environment variable names, or say that it is needed."""
    value = os.environ.get(variable)
    if not value or not Path(value).is_dir():
        raise SystemExit(f"{variable}={value!r}: set it to the folder with the data")
    return Path(value)


@cache
def labelled(name: str) -> tuple[Array, NDArray[np.int64]]:
    """Return the rows of a set, and their labels from 1; 0 is noise."""
    base = folder("GMMSCAPE_DATA") / "suite"
    labels = np.loadtxt(base / f"{name}.labels0.gz").astype(np.int64)
    return np.loadtxt(base / f"{name}.data.gz", ndmin=2), labels


@cache
def suite(name: str) -> tuple[Array, Array]:
    """Return the rows of a set, and the means of its reference clusters."""
    X, labels = labelled(name)
    return X, np.stack([X[labels == s].mean(axis=0) for s in range(1, labels.max() + 1)])


def best_known(name: str, k: int, covariance_type: str) -> float:
    """Return the best known total log-likelihood of a set."""
    with (folder("GMMSCAPE_REFERENCE") / "loglik.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            same = row["dataset"] == name and row["cov_type"] == covariance_type and int(row["k"]) == k
            if same and not row["cols_or_scale"]:
                return float(row["best_known_total_loglik"])
    raise SystemExit(f"loglik.csv has no {covariance_type} fit of {name} with {k} components")


def column(name: str, title: str) -> Array:
    """Return one column of a set of real data, shape (n,), as a new array."""
    path = folder("GMMSCAPE_DATA") / "real" / f"{name}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return np.array([float(row[title]) for row in csv.DictReader(file)])


class KnownValues(NamedTuple):
    """Best known total log-likelihoods by number of components, and the data's corrected value."""

    totals: dict[int, float]
    corrected: float


def best_known_of_one_sigma(name: str, scale: str, sigma: float) -> KnownValues:
    """Return the best known values of a set for one known sigma and free weights, and its corrected value.

    The degrees of freedom of each row, k means and k - 1 weights, are checked.
    """
    totals, corrected = {}, set()
    with (folder("GMMSCAPE_REFERENCE") / "loglik.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            title, _, value = row["dataset"].partition(" ")
            if title != name or row["cols_or_scale"] != scale or not row["fixed_sigma"]:
                continue
            k = int(row["k"])
            if float(row["fixed_sigma"]) != sigma or int(row["df"]) != 2 * k - 1:
                continue
            totals[k] = float(row["best_known_total_loglik"])
            corrected.add(float(value))
    if len(corrected) != 1:
        raise SystemExit(f"loglik.csv has no fits of {name} with sigma {sigma:g} to one version of the data")
    return KnownValues(totals, corrected.pop())


def centroid_index(means: Array, centers: Array) -> int:
    """Return the centroid index (Franti, Rezaei and Zhao, 2014): 0 when every cluster is found."""
    distance = cdist(means, centers)
    orphans = (
        len(means) - len(np.unique(distance.argmin(axis=0))),
        len(centers) - len(np.unique(distance.argmin(axis=1))),
    )
    return max(orphans)
