"""Every kind of model file and of checkpoint, small: what writes it, and what reading it gives."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import gmmscape as gs
from gmmscape import lab
from gmmscape.effort import EFFORT
from gmmscape.models import FittedModel, read_model

STRUCTURE = [((0,), (0, 1)), ((1, 2), (2,))]
TRUTH = gs.Mixture.location([-3.0, 3.0, 12.0], 1.0)
#: Of a fit.
ARRAYS = ("weights", "means", "covariances", "precisions_cholesky")
BAD = gs.Mixture([1 / 3] * 3, [4.5, 29.0, 31.0], [20.0, 1.0, 1.0], "spherical")


def rows(seed: int = 0, n: int = 40) -> Any:
    """Three clusters in a line, shape (3 n, 1)."""
    return np.random.default_rng(seed).normal([[0.0], [9.0], [30.0]], 1.0, (3, n)).reshape(-1, 1)


def plane(seed: int = 0, n: int = 40) -> Any:
    """Two clusters in the plane, shape (2 n, 2)."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(at, 1.0, (n, 2)) for at in (0.0, 8.0)])


def _fit(**options: Any) -> Any:
    return gs.GaussianMixture(2, random_state=0, **options).fit(plane())


def _by_batches() -> Any:
    model = gs.GaussianMixture(2, random_state=0)
    for part in np.array_split(plane(), 2):
        model.partial_fit(part)
    return model


def _with_background() -> Any:
    X = np.concatenate([plane(), np.random.default_rng(1).uniform(-20.0, 30.0, (20, 2))])
    return gs.GaussianMixture(2, random_state=0, background="box").fit(X)


#: What writes each kind of model file to a path.
MODELS: dict[str, Callable[[Path], Any]] = {
    "mixture.gmm": TRUTH.save,
    "fit.gmm": lambda path: _fit().save(path),
    "fit of given starts.gmm": lambda path: _fit(means_init=np.zeros((2, 2)), covariance_type="diag").save(
        path
    ),
    "fit by batches.gmm": lambda path: _by_batches().save(path),
    "fit with a background.gmm": lambda path: _with_background().save(path),
    "mixture.json": TRUTH.to_json,
    "fit.json": lambda path: _fit().to_json(path),
    "fit with a background.json": lambda path: _with_background().to_json(path),
    "repair.json": lambda path: gs.repair(BAD, rows(), covariance_type="spherical", rng=0).to_json(path),
    "selection.json": lambda path: gs.select(rows(), (1, 3), ("spherical",), rng=0).to_json(path),
    "local optima.json": lambda path: gs.local_optima(rows(), 2, "spherical", n_starts=4, rng=0).to_json(
        path
    ),
}


def read_file(path: Path) -> Any:
    """Return what reading a model file gives, in values that can be compared to the last bit."""
    if path.suffix == ".gmm" or path.name.startswith(("mixture", "fit")):
        return bits_of(gs.load(path)), bits_of(read_model(path))
    return bits_of(read_model(path))


def bits_of(model: Any) -> Any:
    """Return all numbers and words of a model that was read."""
    if isinstance(model, gs.Mixture):
        return json.dumps(model.to_dict())
    if isinstance(model, FittedModel):
        told = (model.feature_names, model.reg_covar, model.covariance_floor, model.has_prior, model.family)
        held = (model.was_fitted, model.standardised, repr(model.prior), repr(model.held))
        centers = None if model.centers is None else model.centers.tobytes()
        return None if model.mixture is None else bits_of(model.mixture), centers, *told, *held
    arrays = [getattr(model, f"{name}_") for name in ARRAYS]
    whole = json.dumps(model.document().to_dict()) if hasattr(model, "solution_") else None
    told = [
        getattr(model, name, None) for name in ("n_iter_", "lower_bound_", "n_samples_", "covariance_prior_")
    ]
    parameters = {name: _plain(value) for name, value in model.get_params(deep=False).items()}
    return [(one.dtype.str, one.tobytes()) for one in arrays], whole, repr(told), repr(parameters)


def _plain(value: Any) -> Any:
    return (value.dtype.str, value.tolist()) if isinstance(value, np.ndarray) else value


def stretched(x: float, y: float) -> gs.Mixture:
    """Three centers in a line at two distances."""
    return gs.Mixture.location([-x, 0.0, y], 1.0)


def equal(distance: float) -> gs.Mixture:
    """Three centers at one distance."""
    return stretched(distance, distance)


def _land() -> lab.Landscape:
    return lab.Landscape(lab.Population(TRUTH), 3)


def _of_blocks(checkpoint: Path) -> Any:
    object.__setattr__(EFFORT.blocked, "coreset_rows", 40)
    object.__setattr__(EFFORT.blocked, "coreset_rows_each", 1)
    model = gs.GaussianMixture(2, random_state=0, checkpoint=checkpoint).fit(plane(n=60))
    return model.document()


@cache
def _atlas() -> lab.Atlas:
    return _land().explore(0, n_starts=2)


def _against_size(checkpoint: Path) -> Any:
    return lab.agreement_against_size(
        _land(), [12, 100], n_draws=2, atlas=_atlas(), n_starts=2, rng=0, checkpoint=checkpoint
    )


@cache
def _fitted() -> gs.GaussianMixture:
    return _fit()


def _standard_errors(checkpoint: Path) -> Any:
    return gs.standard_errors(
        _fitted(), plane(), method="bootstrap", n_bootstrap=20, rng=0, checkpoint=checkpoint
    )


def _theorems(checkpoint: Path) -> Any:
    truths = [TRUTH, gs.Mixture.location([0.0, 24.0], 1.0)]
    bounds = {"exact": lambda q: 1.0, "one-fits-many": lambda q: 0.001}
    return lab.theorem_table(
        truths, 3, condition=lambda q: q.separation - 9.0, bounds=bounds, n_starts=2, rng=0,
        checkpoint=checkpoint,
    )  # fmt: skip


TRUTHS: dict[str, Any] = {"n_components": 2, "k_star": 3, "d": 1, "n_truths": 2, "n_starts": 6}
#: Work that keeps each kind of checkpoint; its result is that of a record.
CHECKPOINTS: dict[str, Callable[[Path], Any]] = {
    "fit": _of_blocks,
    "repair": lambda kept: gs.repair(BAD, rows(), covariance_type="spherical", rng=0, checkpoint=kept),
    "select": lambda kept: gs.select(rows(), (1, 3), ("spherical",), rng=0, checkpoint=kept),
    "local_optima": lambda kept: gs.local_optima(
        rows(), 2, "spherical", n_starts=4, rng=0, escape=False, checkpoint=kept
    ),
    "standard_errors": _standard_errors,
    "explore": lambda kept: _land().explore(0, n_starts=2, saddles=True, checkpoint=kept),
    "basins": lambda kept: lab.basins(_land(), start="truth", n_starts=40, rng=0, checkpoint=kept),
    "phase": lambda kept: lab.phase(
        stretched, [4.0, 6.0], [6.0, 10.0], 3, n_starts=2, rng=0, checkpoint=kept
    ),
    "structure_threshold": lambda kept: lab.structure_threshold(
        equal, 2, (5.0, 6.0), n_starts=2, checkpoint=kept
    ),
    "theorem_table": _theorems,
    "agreement_against_size": _against_size,
    "falsify": lambda kept: lab.falsify(**TRUTHS, separation=4.0, rng=2, confirm=False, checkpoint=kept),
    "unstructured_against_separation": lambda kept: lab.unstructured_against_separation(
        [4.0, 8.0], **TRUTHS, checkpoint=kept
    ),
    "census": lambda kept: lab.census(gs.Mixture.location([-2.0, 2.0], 1.0), 2, rng=0, checkpoint=kept),
}


def result_of(kind: str, checkpoint: Path) -> str:
    """Return all numbers of the result of work that keeps a checkpoint, or goes on from one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return json.dumps(CHECKPOINTS[kind](checkpoint).to_dict())
