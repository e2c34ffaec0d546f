"""Solutions in values of JSON, bit for bit, for checkpoints; files for users are written by their results."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmscape.arrays import FloatArray
from gmmscape.families import HeldParts
from gmmscape.mixture import Mixture
from gmmscape.mixture.background import Background
from gmmscape.solve.result import Solution


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
    error, norm = (np.inf if content[name] is None else content[name] for name in ("error", "gradient_norm"))
    return Solution(
        local=Mixture.from_dict(content["local"]),
        origin=origin,
        nll=content["nll"],
        penalty=content["penalty"],
        error=error,
        gradient_norm=norm,
        stop_reason=content["stop_reason"],
        n_iter=content["n_iter"],
        history=tuple(content["history"]),
        floor_active=content["floor_active"],
        family=content["family"],
        moves_at=tuple(content.get("moves_at", ())),
        held=None if content.get("held") is None else HeldParts.from_content(content["held"]),
        background=Background.from_content(content.get("background")),
    )
