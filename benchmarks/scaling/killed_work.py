"""The work that is killed: small enough to be done some hundred times, long enough to be killed."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.cluster  # loaded once, before processes are forked  # noqa: F401

import gmmscape as gs
from gmmscape import lab
from gmmscape.effort import EFFORT

TRUTH = gs.Mixture.location([-7.0, -3.0, 3.0, 5.0, 12.0], 1.0)
ROWS, COMPONENTS = 12_000, 6


def write_rows(folder: Path, seed: int) -> None:
    """Write rows of clusters that overlap, on which EM takes many iterations."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(0.0, 2.5, (COMPONENTS, 3))
    np.save(folder / "rows.npy", centers[rng.integers(COMPONENTS, size=ROWS)] + rng.normal(size=(ROWS, 3)))


def fit(folder: Path, checkpoint: Path) -> Any:
    """A fit of a file in blocks, by plain EM on all rows, which takes many iterations."""
    object.__setattr__(EFFORT.blocked, "coreset_rows", 1_500)
    object.__setattr__(EFFORT.blocked, "coreset_rows_each", 1)
    model = gs.GaussianMixture(
        COMPONENTS, random_state=0, tol=1e-9, accelerate=False, max_iter=1_000, checkpoint=checkpoint
    )
    model.fit(gs.open_rows(folder / "rows.npy", memory="5MB"))
    return [model.document().to_dict(), model.history_, model.n_iter_, model.searched_on_.nll]


def select(folder: Path, checkpoint: Path) -> Any:
    """A selection among five numbers of components."""
    return gs.select(
        np.load(folder / "rows.npy")[:1_500], range(1, 6), rng=0, checkpoint=checkpoint
    ).to_dict()


def explore(folder: Path, checkpoint: Path) -> Any:
    """An exploration of a landscape, with its saddles."""
    land = lab.Landscape(lab.Population(TRUTH), 3)
    return land.explore(0, n_starts=60, saddles=True, checkpoint=checkpoint).to_dict()


def basins(folder: Path, checkpoint: Path) -> Any:
    """A count of the starts that fall into each minimum."""
    land = lab.Landscape(lab.Population(TRUTH), 3)
    return lab.basins(land, start="truth", n_starts=10_000, rng=0, checkpoint=checkpoint).to_dict()


def repair(folder: Path, checkpoint: Path) -> Any:
    """A repair of components that all lie on a few of the rows."""
    X = np.load(folder / "rows.npy")
    stuck = gs.Mixture(None, X[:COMPONENTS], np.tile(np.eye(X.shape[1]), (COMPONENTS, 1, 1)), "full")
    return gs.repair(stuck, X, covariance_type="full", rng=0, checkpoint=checkpoint).to_dict()


WORK = {"fit": fit, "repair": repair, "select": select, "explore": explore, "basins": basins}


def work(what: str, folder: Path, checkpoint: Path, out: Path) -> None:
    """Do it, from the checkpoint if there is one, and write all numbers of the result."""
    warnings.simplefilter("ignore")
    out.write_text(json.dumps(WORK[what](folder, checkpoint)))
