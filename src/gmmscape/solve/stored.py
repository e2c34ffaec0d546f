"""Solutions and states of EM in values of JSON, bit for bit, for checkpoints; results write files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.families import HeldParts
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background
from gmmscape.objective import Objective
from gmmscape.results.fields import restored
from gmmscape.solve.em import EMState, state_at
from gmmscape.solve.result import Solution
from gmmscape.solve.second_order.quadratic_model import QuadraticModel, Try

#: Types of what is stored of a solution as it is; of those that may be infinite null stands for that.
OF_SOLUTION = {
    "nll": float,
    "penalty": float,
    "error": float,
    "gradient_norm": float,
    "stop_reason": str,
    "n_iter": int,
    "history": tuple[float, ...],
    "floor_active": bool,
    "family": str,
}


def stored(solution: Solution) -> dict[str, Any]:
    """Return a solution in values of JSON, which has no infinite numbers; local coordinates."""
    numbers = {"error": solution.error, "gradient_norm": solution.gradient_norm}
    return {
        "local": solution.local.to_dict(),
        "nll": solution.nll,
        "penalty": solution.penalty,
        **{name: value if np.isfinite(value) else None for name, value in numbers.items()},
        "stop_reason": solution.stop_reason,
        "n_iter": solution.n_iter,
        "history": list(solution.history),
        "floor_active": solution.floor_active,
        "family": solution.family,
        "moves_at": list(solution.moves_at),
        "held": None if solution.held is None else solution.held.content(),
        "background": None if solution.background is None else solution.background.content(),
    }


def solution_of(content: dict[str, Any], origin: FloatArray) -> Solution:
    """Return the solution that `stored` has written, of a measure with this origin."""
    told = {name: restored(kind, content[name]) for name, kind in OF_SOLUTION.items()}
    local = Mixture.from_dict(content["local"])
    if local.n_features != len(origin):
        raise ValueError(f"a solution of {local.n_features} columns, and the data have {len(origin)}")
    return Solution(
        local=local,
        origin=origin,
        **told,
        moves_at=restored(tuple[int, ...], content.get("moves_at", [])),
        held=None if content.get("held") is None else HeldParts.from_content(content["held"]),
        background=Background.from_content(content.get("background")),
    )


def stored_state(state: EMState) -> dict[str, Any] | None:
    """Return what it takes to make a state of EM again, in local coordinates.

    None of one from which EM would not go on to the last bit: before a step is judged, at the end, and where
    some mixture is not exactly what its parameters make.
    """
    if not is_kept(state) or not all(map(_is_of_its_parameters, (state.mixture, *state.trail))):
        return None
    return {
        "mixture": state.mixture.to_dict(),
        "trail": [mixture.to_dict() for mixture in state.trail],
        "steps": list(state.steps),
        "values": list(state.values),
        "costs": list(state.costs),
        "resting": state.resting,
        "radius": state.radius,
        "model": None if state.model is None else _stored_model(state.model),
    }


def is_kept(state: EMState) -> bool:
    """Say whether a state is one that `stored_state` keeps, as far as that is seen without work."""
    model = state.model
    if state.ahead is not None or state.ended is not None:
        return False
    # Products with the Hessian at a point, of the next step there, are not kept. And the order of the entries
    # in memory decides on the order in which they are added.
    return model is None or (
        model.space is None and (model.matrix is None or model.matrix.flags.c_contiguous)
    )


def _stored_model(model: QuadraticModel) -> dict[str, Any]:
    return {
        "radius": model.radius,
        "matrix": None if model.matrix is None else model.matrix.tolist(),
        "secants": model.secants,
        "moved": model.moved,
        "tried": None if model.tried is None else [model.tried.cost, model.tried.value, model.tried.pace],
    }


def _model_of(content: dict[str, Any]) -> QuadraticModel:
    matrix, tried = content["matrix"], content["tried"]
    return QuadraticModel(
        content["radius"],
        None if matrix is None else np.array(matrix),
        content["secants"],
        content["moved"],
        tried=None if tried is None else Try(*tried),
    )


def state_of(content: dict[str, Any], objective: Objective[Any]) -> EMState:
    """Return the state that `stored_state` has written, on the same rows: one pass over them."""
    return replace(
        state_at(objective, Mixture.from_dict(content["mixture"])),
        trail=tuple(map(Mixture.from_dict, content["trail"])),
        **{name: tuple(content[name]) for name in ("steps", "values", "costs")},
        resting=content["resting"],
        radius=content["radius"],
        model=None if content["model"] is None else _model_of(content["model"]),
    )


def _is_of_its_parameters(mixture: Mixture) -> bool:
    again, own = Mixture.from_dict(mixture.to_dict()), mixture.parameters
    return again == mixture and np.array_equal(again.parameters.factors, own.factors)
